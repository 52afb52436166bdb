//! The hard parts, each by itself: readers of words, selectors, moments, tokens, answers in YAML.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::history::{Change, History};
use super::super::pages::{self, Page};
use super::super::resources::find;
use super::super::selectors::{Selector, exact_name};
use super::super::status::Reply;
use super::super::world::{Kept, Key};
use super::super::yaml_scalar::resolved;
use super::super::{moments, yaml, yaml_text};

fn selector(labels: &str) -> Result<Selector, Reply> {
    Selector::read(find("", "v1", "configmaps").unwrap(), Some(labels), None)
}

fn refusal(reply: Reply) -> String {
    match reply {
        Reply::Json(400, body, _) => body["message"].as_str().unwrap().to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_selector_of_labels_takes_what_it_says() {
    let object = |labels: Value| json!({ "metadata": { "name": "a", "labels": labels } });
    let (x, y, none) = (object(json!({ "app": "x", "n": "5" })), object(json!({ "app": "y" })), object(Value::Null));
    let takes = |text: &str| [&x, &y, &none].map(|it| selector(text).unwrap().takes(it));
    assert_eq!(takes("app in (x, z)"), [true, false, false]);
    assert_eq!(takes("app notin (x)"), [false, true, true], "what has no such label is not in it either");
    assert_eq!(takes("app!=x,app"), [false, true, false]);
    assert_eq!(takes(" !app "), [false, false, true]);
    assert_eq!(takes("n>4"), [true, false, false]);
    assert_eq!(takes("n<4"), [false; 3]);
    assert_eq!(takes("in=x"), [false; 3], "a word of the language is a name where a name is wanted");
}

#[test]
fn a_broken_selector_is_refused_at_its_first_odd_word() {
    let why = |text: &str| refusal(selector(text).unwrap_err());
    assert_eq!(why("a,"), "found '', expected: identifier after ','");
    assert_eq!(why("a b"), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
    assert_eq!(why("a in (b c)"), "unable to parse requirement: found 'c', expected: ',' or ')'");
    assert_eq!(why("!a=b"), "found '=', expected: ',' or 'end of string'");
    assert!(matches!(selector("a in ()").unwrap_err(), Reply::NotModelled));
}

#[test]
fn a_rule_for_a_name_covers_a_list_of_that_name_alone() {
    assert_eq!(exact_name("metadata.namespace=b,metadata.name==a").as_deref(), Some("a"));
    assert_eq!(exact_name("metadata.name!=a"), None);
}

#[test]
fn words_are_what_yaml_1_1_takes_them_for() {
    for (word, value) in [
        ("yes", json!(true)),
        ("Off", json!(false)),
        ("~", Value::Null),
        ("007", json!(7)),
        ("08", json!(8)),
        ("0x1F", json!(31)),
        ("1_000", json!(1000)),
        ("-0b11", json!(-3)),
        ("1e3", json!(1000)),
        ("1.50", json!(1.5)),
        ("12:30", json!("12:30")),
        ("2001-01-01", json!("2001-01-01")),
        ("yEs", json!("yEs")),
        (".", json!(".")),
        ("1.2.3", json!("1.2.3")),
    ] {
        assert_eq!(resolved(word), value, "{word}");
    }
}

#[test]
fn yaml_is_read_to_the_end_of_its_first_document() {
    let read = |text: &str| yaml::read(text).map(|it| (it.value, it.twice));
    let text = "base: &b {x: '1', z: no}\nown:\n  <<: *b\n  z: \"2\"\n---\nother: 1\n";
    let expected = json!({ "base": { "x": "1", "z": false }, "own": { "x": "1", "z": "2" } });
    assert_eq!(read(text), Some((expected, Vec::new())));
    assert_eq!(read("a: 1\nb: 2\na: 3\n"), Some((json!({ "a": 3, "b": 2 }), vec![(3, "a".to_owned())])));
    assert_eq!(read("on: x\n0x10: z\n"), Some((json!({ "true": "x", "16": "z" }), Vec::new())));
    for odd in ["a: [1", "a: !!str 1", "? [a]\n: b", "a: x\u{85}y", "~: a"] {
        assert_eq!(read(odd), None, "{odd}");
    }
}

#[test]
fn moments_of_a_lease_have_six_digits() {
    assert_eq!(moments::micro("2026-11-23T02:00:31.000001+01:00").unwrap(), "2026-11-23T01:00:31.000001Z");
    let why = |text: &str| moments::micro(text).unwrap_err().0;
    assert!(why("2026-11-23T01:00:31.1234567Z").unwrap().ends_with("cannot parse \"7Z\" as \"Z07:00\""));
    assert!(why("2026-11-23T01:00:31+01:00").unwrap().ends_with("cannot parse \"+01:00\" as \".000000\""));
    assert_eq!(why("yesterday"), None);
    assert_eq!(why("2026-13-23T01:00:31.000000Z"), None);
}

#[test]
fn a_page_goes_on_where_the_last_one_ended() {
    let page = Page::read(&pages::write(Some(7), "coder/a")).unwrap();
    assert_eq!(page, Page { version: Some(7), after: "coder/a".to_owned() });
    assert_eq!(Page::read(&pages::write(None, "a")).unwrap(), Page { version: None, after: "a".to_owned() });
    assert!(matches!(Page::read("e30").unwrap_err(), Reply::NotModelled));
}

#[test]
fn an_earlier_moment_is_what_changes_are_taken_back_to() {
    let key = |name: &str| -> Key { ("configmaps", "coder".to_owned(), name.to_owned()) };
    let kept =
        |value: u64| Kept { object: json!({ "data": value }), managers: super::super::managers::Managers::default() };
    let now = [(key("a"), kept(2)), (key("c"), kept(1))].into();
    let mut history = History::default();
    let changes =
        [(11, "b", Some(kept(1)), None), (12, "a", Some(kept(1)), Some(kept(2))), (13, "c", None, Some(kept(1)))];
    for (version, name, before, after) in changes {
        history.note(Change { version, key: key(name), before, after });
    }
    let at = |history: &History, version| -> Option<Vec<(String, Value)>> {
        let objects = history.at(version, &now)?.into_iter();
        Some(objects.map(|((.., name), kept)| (name, kept.object["data"].clone())).collect())
    };
    let all = |list: &[(&str, u64)]| Some(list.iter().map(|(name, data)| ((*name).to_owned(), json!(data))).collect());
    assert_eq!(at(&history, 13), all(&[("a", 2), ("c", 1)]));
    assert_eq!(at(&history, 11), all(&[("a", 1)]));
    assert_eq!(at(&history, 10), all(&[("a", 1), ("b", 1)]));
    history.forget(12);
    assert_eq!(at(&history, 11), None);
}

#[test]
fn answers_in_yaml_are_sorted_and_quote_what_is_no_text() {
    let value = json!({ "b": { "z": [], "a": [{ "m": 1, "k": "x y" }] }, "a": "yes", "t": "2026-11-23T01:00:31Z" });
    let text = "a: \"yes\"\nb:\n  a:\n  - k: x y\n    m: 1\n  z: []\nt: \"2026-11-23T01:00:31Z\"\n";
    assert_eq!(yaml_text::write(&value).unwrap(), text);
    assert_eq!(yaml_text::write(&json!({ "a": "two\nlines" })), None);
}
