//! What files, honest and hostile, are read as.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// What a file is read as, for people: problems, and places of every value.
fn show(path: &str, bytes: &[u8]) -> String {
    let mut out = String::new();
    for document in read(path, bytes, &Limits::default()) {
        for it in &document.diagnostics {
            let _ = writeln!(out, "{it}");
        }
        match document.tree {
            Some(tree) => writeln!(out, "{}", tree.value).unwrap(),
            None => writeln!(out, "unreadable").unwrap(),
        }
    }
    out
}

fn yaml(text: &str) -> String {
    show("a.yaml", text.as_bytes())
}

fn value(text: &str) -> Value {
    let document = read("a.yaml", text.as_bytes(), &Limits::default()).remove(0);
    assert!(!document.is_broken(), "{:?}", document.diagnostics);
    document.tree.unwrap().value
}

#[test]
fn every_value_knows_its_place() {
    let text = "kind: User\nspec:\n  profile: {email: a@b.c}\n  memberOf:\n    - acme\n    - 'ümlaut' # x\n";
    let tree = read("a.yaml", text.as_bytes(), &Limits::default()).remove(0).tree.unwrap();
    let mut out = String::new();
    for pointer in tree.spans.pointers() {
        let value = tree.spans.value(pointer).unwrap();
        let key = tree.spans.key(pointer).map_or_else(|| "-".to_owned(), |it| it.to_string());
        let slice = &text[value.start as usize..value.end as usize];
        let _ = writeln!(out, "{pointer:20} {value} key {key} {slice:?}");
    }
    insta::assert_snapshot!(out, @r#"
                         a.yaml:1:1 key - "kind: User\nspec:\n  profile: {email: a@b.c}\n  memberOf:\n    - acme\n    - 'ümlaut'"
    /kind                a.yaml:1:7 key a.yaml:1:1 "User"
    /spec                a.yaml:3:3 key a.yaml:2:1 "profile: {email: a@b.c}\n  memberOf:\n    - acme\n    - 'ümlaut'"
    /spec/memberOf       a.yaml:5:5 key a.yaml:4:3 "- acme\n    - 'ümlaut'"
    /spec/memberOf/0     a.yaml:5:7 key - "acme"
    /spec/memberOf/1     a.yaml:6:7 key - "'ümlaut'"
    /spec/profile        a.yaml:3:12 key a.yaml:3:3 "{email: a@b.c}"
    /spec/profile/email  a.yaml:3:20 key a.yaml:3:13 "a@b.c"
    "#);
}

#[test]
fn a_place_is_found_even_where_nothing_was_written() {
    let tree = read("a.yaml", b"spec:\n  memberOf: []\n", &Limits::default()).remove(0).tree.unwrap();
    assert_eq!(tree.spans.nearest("/spec/profile/email").to_string(), "a.yaml:2:3");
    assert_eq!(tree.spans.nearest("/nothing").to_string(), "a.yaml:1:1");
}

#[test]
fn a_file_holds_several_documents_and_one_broken_leaves_the_others() {
    insta::assert_snapshot!(yaml("a: 1\n---\nb: [1, 2\n---\n\n---\nc: 3\n...\n---\nd: \"x\n"), @r#"
    {"a":1}
    a.yaml:3:4: error[FML0108]: the text is not YAML: unclosed bracket '['
    unreadable
    {"c":3}
    a.yaml:10:4: error[FML0108]: the text is not YAML: unclosed quote
    unreadable
    "#);
}

#[test]
fn a_key_that_appears_twice_is_an_error_at_both_places() {
    let documents = read("a.yaml", b"a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", &Limits::default());
    let found: Vec<String> =
        documents[0].diagnostics.iter().map(|it| format!("{it}, {}: {}", it.related[0].0, it.related[0].1)).collect();
    insta::assert_debug_snapshot!(found, @r#"
    [
        "a.yaml:5:1: error[FML0110]: key 'a' appears twice, a.yaml:1:1: first written here",
        "a.yaml:4:3: error[FML0110]: key 'c' appears twice, a.yaml:3:3: first written here",
    ]
    "#);
    assert_eq!(documents[0].tree.as_ref().unwrap().ambiguous, ["/a", "/b/c"]);
}

#[test]
fn aliases_stand_for_what_they_name() {
    assert_eq!(value("a: &x [1, {b: 2}]\nc: *x\n"), json!({"a": [1, {"b": 2}], "c": [1, {"b": 2}]}));
    insta::assert_snapshot!(yaml("a: &x [1, *x]\nb: *y\n"), @r#"
    a.yaml:1:11: error[FML0113]: an alias stands inside what it names
    a.yaml:2:4: error[FML0113]: alias 'y' names no anchor before it
    {"a":[1,null],"b":null}
    "#);
}

#[test]
fn merge_keys_bring_what_is_not_written() {
    let text =
        "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\none: {<<: *b, x: 9}\ntwo: {<<: [*m, *b]}\nquoted: {'<<': 1}\n";
    let document = read("a.yaml", text.as_bytes(), &Limits::default()).remove(0);
    let value = document.tree.as_ref().unwrap().value.clone();
    assert_eq!(value["one"], json!({"x": 9, "y": 2}));
    assert_eq!(value["two"], json!({"y": 3, "z": 4, "x": 1}));
    assert_eq!(value["quoted"], json!({"<<": 1}));
    assert!(!document.is_broken());
    insta::assert_snapshot!(yaml("a: {<<: 3}\n"), @r#"
    a.yaml:1:5: warning[FML0121]: merge key '<<' is expanded here and not by Backstage
    a.yaml:1:9: error[FML0114]: merge key '<<' has a value that is no mapping
    {"a":{}}
    "#);
}

#[test]
fn look_alikes_are_pointed_out_and_tags_must_fit() {
    insta::assert_snapshot!(
        yaml("a: no\nb: 'no'\nc: 0755\nd: !!str 12\ne: !!int x\nf: !env USER\ng: .inf\nh: ! 12\non: 1\n"),
        @r#"
    a.yaml:1:4: warning[FML0116]: 'no' is read differently by different tools
    a.yaml:3:4: warning[FML0116]: '0755' is read differently by different tools
    a.yaml:5:10: error[FML0119]: 'x' does not fit its tag
    a.yaml:6:9: error[FML0119]: tag '!env' means nothing here
    a.yaml:7:4: error[FML0120]: number '.inf' cannot be kept
    {"a":"no","b":"no","c":755,"d":"12","e":"x","f":"USER","g":".inf","h":"12","on":1}
    "#
    );
}

#[test]
fn keys_are_text() {
    insta::assert_snapshot!(yaml("1: a\ntrue: b\n"), @r#"{"1":"a","true":"b"}"#);
    insta::assert_snapshot!(yaml("name: {{ user }}\n"), @r#"
    a.yaml:1:8: error[FML0115]: a list or mapping stands as a key
    unreadable
    "#);
    insta::assert_snapshot!(yaml("~: a\n: b\n"), @r#"
    a.yaml:1:1: error[FML0115]: a key is empty
    a.yaml:2:1: error[FML0115]: a key is empty
    a.yaml:2:1: error[FML0110]: key '~' appears twice
    {"~":"a"}
    "#);
}

#[test]
fn tabs_line_ends_and_marks_of_byte_order() {
    insta::assert_snapshot!(yaml("a:\n\tb: 1\n"), @r#"
    a.yaml:2:2: error[FML0108]: the text is not YAML: tabs disallowed within this context (block indentation)
    unreadable
    "#);
    assert_eq!(value("a: 1\r\nb:\r\n  - x\r\n"), json!({"a": 1, "b": ["x"]}));
    assert_eq!(value("\u{feff}a: 1\n"), json!({"a": 1}));
    let tree = read("a.yaml", "\u{feff}a: 1\n".as_bytes(), &Limits::default()).remove(0).tree.unwrap();
    let span = tree.spans.value("/a").unwrap();
    assert_eq!((span.column, span.start, span.end), (4, 6, 7));
}

#[test]
fn what_is_no_text_is_refused_as_a_whole() {
    insta::assert_snapshot!(show("a.yaml", b"a: 1\nb: \xe9\n"), @r#"
    a.yaml:2:4: error[FML0103]: file 'a.yaml' is not UTF-8 (byte 0xe9 is out of place)
    unreadable
    "#);
    insta::assert_snapshot!(show("a.yaml", b"\xff\xfea\0"), @r#"
    a.yaml:1:1: error[FML0103]: file 'a.yaml' is UTF-16, not UTF-8
    unreadable
    "#);
    insta::assert_snapshot!(show("a.yaml", b"a: 1\nb: x\0y\n"), @r#"
    a.yaml:2:5: error[FML0117]: file 'a.yaml' holds the control character U+0000
    unreadable
    "#);
    insta::assert_snapshot!(show("a.yaml", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n"), @r#"
    a.yaml:1:1: error[FML0104]: file 'a.yaml' is a pointer of Git LFS, not the document
    unreadable
    "#);
    let large = vec![b'#'; (1 << 20) + 1];
    insta::assert_snapshot!(show("a.yaml", &large), @r#"
    a.yaml:1:1: error[FML0102]: file 'a.yaml' has 1048577 bytes, more than the 1048576 that are read
    unreadable
    "#);
}

#[test]
fn json_is_read_strictly_and_through_the_same_tree() {
    insta::assert_snapshot!(show("a.json", b"{\"a\": [1, 2,]}"), @r#"
    a.json:1:13: error[FML0109]: file 'a.json' is not JSON: expected value
    unreadable
    "#);
    insta::assert_snapshot!(show("a.json", b"a: 1\n"), @r#"
    a.json:1:1: error[FML0109]: file 'a.json' is not JSON: expected value
    unreadable
    "#);
    insta::assert_snapshot!(show("a.json", b"{\n\t\"a\": \"no\",\n\t\"b\"\n: {\"c\\/d\": \"\\ud83d\\ude00\"}, \"a\": null}"), @r#"
    a.json:4:29: error[FML0110]: key 'a' appears twice
    {"a":"no","b":{"c/d":"😀"}}
    "#);
    assert!(read("a.json", b"", &Limits::default()).is_empty());
}

#[test]
fn bombs_are_defused() {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let name = format!("*a{}", level - 1);
        let _ = writeln!(aliases, "a{level}: &a{level} [{}]", vec![name; 10].join(", "));
    }
    insta::assert_snapshot!(yaml(&aliases), @r#"
    a.yaml:6:25: error[FML0112]: the file grows too large when its aliases are expanded
    unreadable
    "#);
    insta::assert_snapshot!(yaml(&"[".repeat(10_000)), @r#"
    a.yaml:1:66: error[FML0111]: the document is nested more than 64 levels deep
    unreadable
    "#);
    insta::assert_snapshot!(show("a.json", "[".repeat(10_000).as_bytes()), @r#"
    a.json:1:10000: error[FML0109]: file 'a.json' is not JSON: EOF while parsing a list
    unreadable
    "#);
    let nested: String = (0..100).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    insta::assert_snapshot!(yaml(&nested), @r#"
    a.yaml:65:65: error[FML0111]: the document is nested more than 64 levels deep
    unreadable
    "#);
    let merges = format!("a: &a {{b: 1}}\nc: {{<<: [{}]}}\n", vec!["*a"; 1001].join(", "));
    insta::assert_snapshot!(yaml(&merges), @r#"
    a.yaml:2:4010: error[FML0112]: the document uses more than 1000 aliases
    unreadable
    "#);
    let documents = read("a.yaml", "---\na\n".repeat(1002).as_bytes(), &Limits::default());
    assert_eq!(documents.len(), 1001);
    insta::assert_snapshot!(documents.last().unwrap().diagnostics[0], @"a.yaml:1:1: error[FML0118]: file 'a.yaml' holds more than 1000 documents; the others are not read");
}

#[test]
fn an_alias_below_the_bottom_is_too_deep() {
    let mut text = "a: &a0 x\n".to_owned();
    for level in 1..70 {
        let _ = writeln!(text, "b{level}: &a{level} [*a{}]", level - 1);
    }
    insta::assert_snapshot!(yaml(&text), @r#"
    a.yaml:65:12: error[FML0111]: the document is nested more than 64 levels deep
    unreadable
    "#);
}

proptest! {
    #[test]
    fn reading_arbitrary_bytes_ends_and_every_place_lies_in_the_file(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_places("a.yaml", &bytes)?;
        check_places("a.json", &bytes)?;
    }

    #[test]
    fn reading_text_that_is_nearly_yaml_ends_too(text in "([a-c:\\-\\[\\]{}&*<?|>'\"!%#,. \t\r\n]|---\n|: |- |é|\u{feff}){0,60}") {
        check_places("a.yaml", text.as_bytes())?;
    }

    #[test]
    fn what_serde_writes_is_read_as_the_same(value in tree_of_json()) {
        let json = serde_json::to_string_pretty(&value).unwrap();
        let read_json = read("a.json", json.as_bytes(), &Limits::default());
        prop_assert_eq!(read_json.first().and_then(|it| it.tree.as_ref()).map(|it| &it.value), Some(&value));
        let yaml = serde_yaml::to_string(&value).unwrap();
        let read_yaml = read("a.yaml", yaml.as_bytes(), &Limits::default());
        prop_assert_eq!(read_yaml.first().and_then(|it| it.tree.as_ref()).map(|it| &it.value), Some(&value));
    }
}

fn check_places(path: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    let length = bytes.len() as u32;
    for document in read(path, bytes, &Limits::default()) {
        let tables = document.tree.iter().map(|it| &it.spans);
        let values = tables.flat_map(|it| it.pointers().flat_map(|pointer| [it.value(pointer), it.key(pointer)]));
        let problems = document.diagnostics.iter().map(|it| it.span.clone());
        for span in values.flatten().chain(problems.flatten()).chain([document.span.clone()]) {
            prop_assert!(span.start <= span.end && span.end <= length, "{span:?}");
            prop_assert!(span.line >= 1 && span.column >= 1, "{span:?}");
            if let Ok(text) = std::str::from_utf8(bytes) {
                prop_assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
            }
        }
    }
    Ok(())
}

fn tree_of_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-zA-Z0-9 :#'\"~\\-é]{0,12}".prop_map(Value::from),
    ];
    let list = |inner: BoxedStrategy<Value>| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z/~]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    };
    let tree = leaf.prop_recursive(4, 24, 4, move |inner| list(inner.boxed()));
    // A document that is nothing at all is left out by design.
    tree.prop_filter("an empty document", |value| !value.is_null())
}
