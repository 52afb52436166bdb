//! The rules by which two answers agree, as the recordings' own `README.md` states them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map as Fields, Value};

use super::mapping::{Map, NAMES, is_id_key, is_made, is_time_key, origin_free, sorted, whole};
use super::recording::Expected;

/// The headers that count beside the media type.
const COMPARED_HEADERS: [&str; 8] =
    ["location", "link", "x-total-count", "total-number", "x-total", "retry-after", "www-authenticate", "allow"];

/// How much a difference matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// A client would notice.
    Hard,
    /// A field that the server in miniature leaves out, or adds to an error.
    Soft,
}

/// One place at which an answer departs from the recorded one.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub weight: Weight,
    /// `status`, `header NAME`, `transport`, or a JSON pointer into the body.
    pub at: String,
    pub what: String,
}

/// An answer as it was met.
#[derive(Debug, Clone)]
pub struct Met {
    pub status: u16,
    /// Names in lower case, in order of arrival; repeated ones are joined.
    pub headers: Vec<(String, String)>,
    pub data: Vec<u8>,
}

impl Met {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body: JSON where it is that, else text; `Null` where there is none.
    pub fn body(&self) -> Value {
        if self.data.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.data)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&self.data).into_owned()))
    }
}

/// Compares an answer with the recorded one, learning the server-made values in it first.
///
/// `trimmed` says that the recording cut long bodies short.
pub fn compare(expected: &Expected, met: &Met, trimmed: bool, map: &mut Map) -> Vec<Difference> {
    let mut found = Vec::new();
    if met.status != expected.status {
        let begin = String::from_utf8_lossy(&met.data[..met.data.len().min(160)]).into_owned();
        found.push(hard("status", format!("{} recorded, got {}: {begin}", expected.status, met.status)));
    }
    compare_headers(expected, met, map, &mut found);
    let Some(recorded) = expected.body.as_ref().filter(|_| met.status == expected.status) else {
        return found;
    };
    let mut body = met.body();
    if let (Value::Array(_), Some(events)) = (recorded, events(met)) {
        body = events;
    }
    if let (Some(field), Value::Array(items)) = (&expected.each, &body) {
        body = items
            .iter()
            .filter_map(|item| item.as_object().map(|item| item.get(field).cloned().unwrap_or_default()))
            .collect();
    }
    if let (Value::Array(recorded), Some(posts)) = (recorded, posts_in_order(&body)) {
        let is_cut = !recorded.is_empty() && recorded.iter().all(Value::is_string);
        body = posts.into_iter().map(|mut post| if is_cut { post["type"].take() } else { post }).collect();
    }
    let summary = summed_up(recorded, &body);
    let (recorded, body) = match &summary {
        Some((recorded, body)) => (recorded, body.clone()),
        None => (recorded, body),
    };
    map.learn(recorded, &body, expected);
    if recorded.as_str().is_some_and(|text| text.starts_with('<') || text.chars().count() > 2000) {
        return found; // Described, not quoted.
    }
    let mut comparison =
        Comparison { map, loose: expected, trimmed, strict: expected.status >= 400, found: &mut found };
    comparison.values(recorded, &body, "", "");
    found
}

/// The events of a watch, one a line, which the recordings hold as a list. There may be none.
fn events(met: &Met) -> Option<Value> {
    let text = std::str::from_utf8(&met.data).ok()?;
    let events: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>().ok()?;
    events.iter().all(|it| it.get("type").is_some() && it.get("object").is_some()).then_some(Value::Array(events))
}

/// The posts of a list of posts, which the recordings hold without the object around them, or by their types alone.
fn posts_in_order(met: &Value) -> Option<Vec<Value>> {
    let order = met.get("order")?.as_array()?;
    order.iter().map(|id| met.get("posts")?.get(id.as_str()?).cloned()).collect()
}

/// A body that the recorder summed up under the mark `"trimmed": true`, and the same summary of the one that was met:
/// of a list its length, its names and its last item; of sections their names; of an object some of its fields.
fn summed_up(recorded: &Value, met: &Value) -> Option<(Value, Value)> {
    let mut summary = recorded.as_object().filter(|fields| fields.get("trimmed") == Some(&Value::Bool(true)))?.clone();
    summary.remove("trimmed");
    let met = match met {
        Value::Array(items) => {
            let names: Vec<&Value> = items.iter().filter_map(|item| item.get("username")).collect();
            serde_json::json!({ "count": items.len(), "usernames": names, "last": items.last() })
        }
        Value::Object(fields) if summary.contains_key("sections") && !fields.contains_key("sections") => {
            serde_json::json!({ "sections": fields.keys().collect::<Vec<_>>() })
        }
        met => met.clone(),
    };
    Some((Value::Object(summary), met))
}

fn compare_headers(expected: &Expected, met: &Met, map: &mut Map, found: &mut Vec<Difference>) {
    for (name, recorded) in expected.headers.iter().flatten() {
        let name = name.to_lowercase();
        let recorded = recorded.as_str().map_or_else(|| recorded.to_string(), str::to_owned);
        let got = met.header(&name);
        if let Some(got) = got {
            match name.as_str() {
                "location" => map.learn_location(&recorded, got),
                "etag" => map.note(&recorded, got),
                _ if recorded.starts_with("<token:") => map.note(&recorded, got),
                _ => {}
            }
        }
        let at = format!("header {name}");
        let media = |value: &str| value.split(';').next().unwrap_or_default().to_owned();
        let is_compared = COMPARED_HEADERS.contains(&name.as_str());
        let agrees = match got {
            None => !is_compared,
            Some(got) if is_compared => origin_free(&map.put_path(&recorded)) == origin_free(got),
            Some(got) if name == "content-type" => media(&recorded) == media(got),
            Some(_) => true,
        };
        if !agrees {
            let met = got.map_or_else(|| "missing".to_owned(), |got| format!("{recorded} recorded, got {got}"));
            found.push(hard(&at, met));
        }
    }
}

struct Comparison<'a> {
    map: &'a Map,
    loose: &'a Expected,
    trimmed: bool,
    /// Whether every recorded field must be there: it must in the body of an error.
    strict: bool,
    found: &'a mut Vec<Difference>,
}

impl Comparison<'_> {
    fn values(&mut self, recorded: &Value, met: &Value, at: &str, key: &str) {
        let pointer = without_indexes(at);
        if self.loose.varies.contains(&pointer) {
            return;
        }
        match (recorded, met) {
            (Value::String(text), _) if is_described(text) => {}
            (Value::String(text), Value::Null) if text.is_empty() && at.is_empty() => {} // No body.
            (Value::String(name), Value::Object(fields)) => self.name_for_item(name, fields, recorded, met, at),
            (Value::Object(_), Value::Array(_)) if self.trimmed => {} // A list that was summed up.
            (Value::Object(recorded), Value::Object(fields)) => self.objects(recorded, fields, at),
            (Value::Object(_), _) => self.hard(at, format!("object expected, got {}", short(met))),
            (Value::Array(words), Value::Object(fields)) if words.iter().all(Value::is_string) => {
                self.words_for_item(words, fields, recorded, met, at);
            }
            (Value::Array(recorded), Value::Array(items)) => self.lists(recorded, items, at, key, &pointer),
            (Value::Array(_), _) => self.hard(at, format!("list expected, got {}", short(met))),
            (Value::String(recorded), Value::String(met)) => self.texts(recorded, met, at, key),
            (Value::Number(recorded), Value::Number(met)) => self.numbers(recorded, met, at, key),
            _ if recorded != met => self.hard(at, format!("{} recorded, got {}", short(recorded), short(met))),
            _ => {}
        }
    }

    /// A trimmed list holds names where the server sends whole items.
    fn name_for_item(&mut self, name: &str, fields: &Fields<String, Value>, recorded: &Value, met: &Value, at: &str) {
        let name = Value::String(self.map.put(name));
        if !NAMES.iter().chain(&["user_id"]).any(|key| fields.get(*key) == Some(&name)) {
            self.hard(at, format!("{} recorded, got {}", short(recorded), short(met)));
        }
    }

    /// A list cut to a few words of each item holds them where the server sends whole items.
    fn words_for_item(
        &mut self,
        words: &[Value],
        fields: &Fields<String, Value>,
        recorded: &Value,
        met: &Value,
        at: &str,
    ) {
        let is_there = |word: &Value| fields.values().any(|value| value.as_str() == word.as_str());
        if !words.iter().all(is_there) {
            self.hard(at, format!("{} recorded, got {}", short(recorded), short(met)));
        }
    }

    fn objects(&mut self, recorded: &Fields<String, Value>, met: &Fields<String, Value>, at: &str) {
        for (key, value) in recorded {
            let at = format!("{at}/{key}");
            match met.get(&self.map.put(key)) {
                Some(met) => self.values(value, met, &at, key),
                None if self.strict => self.hard(&at, "missing".to_owned()),
                None => self.soft(&at, "missing"),
            }
        }
        if self.strict {
            let known: Vec<_> = recorded.keys().map(|key| self.map.put(key)).collect();
            let mut more: Vec<_> = met.keys().filter(|key| !known.contains(key)).collect();
            more.sort();
            for key in more {
                self.soft(&format!("{at}/{key}"), "not in the recording");
            }
        }
    }

    fn lists(&mut self, recorded: &[Value], met: &[Value], at: &str, key: &str, pointer: &String) {
        if let Some((at, left_out)) = elided(recorded) {
            // "<57 more ids>": the items around are compared, and how many there are.
            let (begin, end) = (&recorded[..at], &recorded[at + 1..]);
            if begin.len() + left_out + end.len() != met.len() {
                return self.hard(key, format!("{left_out} more items recorded, got {} in all", met.len()));
            }
            let (first, last) = (&met[..begin.len()], &met[met.len() - end.len()..]);
            for (recorded, met) in begin.iter().zip(first).chain(end.iter().zip(last)) {
                self.values(recorded, met, pointer, key);
            }
            return;
        }
        if recorded.len() != met.len() {
            return self.hard(at, format!("{} items recorded, got {}", recorded.len(), met.len()));
        }
        let (recorded, met) = if self.loose.unordered.contains(pointer) {
            (sorted(recorded, Some(self.map)), sorted(met, None))
        } else {
            (recorded.iter().collect(), met.iter().collect())
        };
        for (n, (recorded, met)) in recorded.into_iter().zip(met).enumerate() {
            self.values(recorded, met, &format!("{at}/{n}"), key);
        }
    }

    fn texts(&mut self, recorded: &str, met: &str, at: &str, key: &str) {
        if is_made(recorded) || is_time_key(key) {
            return;
        }
        if key.to_lowercase().ends_with("cursor")
            && let (Some(recorded), Some(met)) = (cursor(recorded), cursor(met))
        {
            return self.values(&recorded, &met, at, "");
        }
        let recorded = whole(recorded);
        let recorded = recorded.as_str();
        let put = self.map.put(recorded);
        let put = if key == "message" || at.is_empty() { self.map.put_versions(&put) } else { put };
        let (wanted, got) = (origin_free(&put), origin_free(met));
        if wanted != got && !(self.trimmed && got.starts_with(&wanted)) {
            self.hard(at, format!("{} recorded, got {}", short(&recorded.into()), short(&met.into())));
        }
    }

    fn numbers(&mut self, recorded: &serde_json::Number, met: &serde_json::Number, at: &str, key: &str) {
        // Whole and broken numbers are one type to most clients; their values are compared within each kind alone.
        let (Some(wanted), Some(got)) = (recorded.as_f64(), met.as_f64()) else {
            return;
        };
        if recorded.is_f64() != met.is_f64() || is_time_key(key) || wanted.abs() > 1e9 || is_id_key(key) {
            return;
        }
        if wanted != got {
            self.hard(at, format!("{recorded} recorded, got {met}"));
        }
    }

    fn hard(&mut self, at: &str, what: String) {
        self.found.push(hard(at, what));
    }

    fn soft(&mut self, at: &str, what: &str) {
        self.found.push(Difference { weight: Weight::Soft, at: at.to_owned(), what: what.to_owned() });
    }
}

/// A hard difference.
pub fn hard(at: &str, what: String) -> Difference {
    Difference { weight: Weight::Hard, at: at.to_owned(), what }
}

/// A recorded `<…>` or `(trimmed: …)` describes what stood there.
fn is_described(text: &str) -> bool {
    text.len() > 1 && text.starts_with('<') && text.ends_with('>') || text.starts_with("(trimmed: ")
}

/// What a cursor of JSON in base 64 holds: values of records, with the server's own identifiers and times.
fn cursor(text: &str) -> Option<Value> {
    serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
}

/// Where a recorded list says that it was cut in the middle, and by how many items.
fn elided(recorded: &[Value]) -> Option<(usize, usize)> {
    let count = |text: &str| text.strip_prefix('<')?.split_once(" more")?.0.parse().ok();
    recorded.iter().enumerate().find_map(|(n, item)| Some((n, count(item.as_str()?)?)))
}

/// The pointer with `*` for every index.
fn without_indexes(pointer: &str) -> String {
    let is_index = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    pointer.split('/').map(|segment| if is_index(segment) { "*" } else { segment }).collect::<Vec<_>>().join("/")
}

/// The value as JSON, cut to what fits a line.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(100) {
        None => text,
        Some(_) => text.chars().take(97).chain("...".chars()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The hard differences between a recorded and a met body with status 200, as `at: what`.
    fn differences(recorded: Value, met: Value, loose: Expected) -> Vec<String> {
        answer(200, recorded, met, loose, "", &mut Map::default())
    }

    fn answer(status: u16, recorded: Value, met: Value, loose: Expected, label: &str, map: &mut Map) -> Vec<String> {
        let expected = Expected { status, body: Some(recorded), ..loose };
        let met = Met { status, headers: Vec::new(), data: serde_json::to_vec(&met).unwrap() };
        let found = compare(&expected, &met, label.contains("trimmed"), map);
        found.iter().filter(|d| d.weight == Weight::Hard).map(|d| format!("{}: {}", d.at, d.what)).collect()
    }

    fn plain() -> Expected {
        Expected::default()
    }

    #[test]
    fn a_wrong_answer_is_seen() {
        let recorded = json!({"login": "alice", "active": true, "teams": ["a", "b"], "size": 3, "note": null});
        assert_eq!(differences(recorded.clone(), recorded.clone(), plain()), [""; 0]);
        let wrong = |at: &str, value: Value| {
            let mut met = recorded.clone();
            *met.pointer_mut(at).unwrap() = value;
            differences(recorded.clone(), met, plain())
        };
        assert_eq!(wrong("/login", json!("bob")), [r#"/login: "alice" recorded, got "bob""#]);
        assert_eq!(wrong("/active", json!(false)), ["/active: true recorded, got false"]);
        assert_eq!(wrong("/active", json!(1)), ["/active: true recorded, got 1"]);
        assert_eq!(wrong("/size", json!(4)), ["/size: 3 recorded, got 4"]);
        assert_eq!(wrong("/size", json!("3")), [r#"/size: 3 recorded, got "3""#]);
        assert_eq!(wrong("/note", json!("")), [r#"/note: null recorded, got """#]);
        assert_eq!(wrong("/teams", json!(["b", "a"])).len(), 2);
        assert_eq!(wrong("/teams", json!(["a"])), ["/teams: 2 items recorded, got 1"]);
        assert_eq!(wrong("/teams", json!(null)), ["/teams: list expected, got null"]);
        assert_eq!(wrong("", json!([])), [": object expected, got []"]);
    }

    #[test]
    fn status_and_headers_count() {
        let headers = |pairs: &[(&str, &str)]| Some(pairs.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect());
        let expected = Expected {
            status: 201,
            headers: headers(&[
                ("Location", "http://a.example/users/17"),
                ("X-Total-Count", "2"),
                ("content-type", "application/json;charset=utf-8"),
                ("date", "yesterday"),
            ]),
            ..plain()
        };
        let met = |status, location: &str, media: &str| Met {
            status,
            headers: vec![("location".into(), location.into()), ("content-type".into(), media.into())],
            data: Vec::new(),
        };
        let mut map = Map::default();
        let found = compare(&expected, &met(200, "http://b:1/groups/9", "text/html"), false, &mut map);
        let at: Vec<_> = found.iter().map(|d| d.at.as_str()).collect();
        assert_eq!(at, ["status", "header location", "header x-total-count", "header content-type"]);
        assert_eq!(map.put_path("/users/17/keys?id=17&n=171"), "/users/9/keys?id=9&n=171");
        let found = compare(&expected, &met(201, "http://b:1/users/9", "application/json"), false, &mut Map::default());
        assert_eq!(found, [hard("header x-total-count", "missing".into())]);
    }

    #[test]
    fn what_a_server_makes_is_mapped_by_position() {
        let mut map = Map::default();
        let (a, b) = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222");
        assert_eq!(
            answer(
                200,
                json!({"id": a, "n": {"team_id": 5}}),
                json!({"id": b, "n": {"team_id": 6}}),
                plain(),
                "",
                &mut map
            ),
            [""; 0]
        );
        assert_eq!(
            map.put_json(&json!({"user": a, "team_id": 5, "size": 5}), ""),
            json!({"user": b, "team_id": 6, "size": 5})
        );
        let gone = |text: &str| json!({"message": format!("no user {text}")});
        assert_eq!(answer(404, gone(a), gone(b), plain(), "", &mut map), [""; 0]);
        assert_eq!(answer(404, gone("alice"), gone("bob"), plain(), "", &mut map).len(), 1);
    }

    #[test]
    fn an_error_body_must_be_whole() {
        let recorded = json!({"message": "not found", "url": "http://a/api"});
        let met = json!({"message": "not found"});
        assert_eq!(answer(404, recorded.clone(), met.clone(), plain(), "", &mut Map::default()), ["/url: missing"]);
        assert_eq!(differences(recorded.clone(), met, plain()), [""; 0], "a success may leave fields out");
        assert_eq!(differences(recorded, json!({"message": "not found", "url": "http://b:9/api"}), plain()), [""; 0]);
    }

    #[test]
    fn looseness_is_only_where_it_is_said() {
        let loose = |key: &str, pointer: &str| match key {
            "unordered" => Expected { unordered: vec![pointer.into()], ..plain() },
            "varies" => Expected { varies: vec![pointer.into()], ..plain() },
            _ => Expected { each: Some(pointer.into()), ..plain() },
        };
        let (list, turned) = (
            json!({"l": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]}),
            json!({"l": [{"name": "b", "x": 2}, {"name": "a", "x": 1}]}),
        );
        assert_eq!(differences(list.clone(), turned.clone(), loose("unordered", "/l")), [""; 0]);
        assert_eq!(differences(list.clone(), turned.clone(), plain()).len(), 4);
        let mut wrong = turned;
        wrong["l"][0]["x"] = json!(3);
        assert_eq!(differences(list.clone(), wrong.clone(), loose("unordered", "/l")), ["/l/1/x: 2 recorded, got 3"]);
        assert_eq!(
            differences(list, wrong, Expected { unordered: vec!["/l".into()], ..loose("varies", "/l/*/x") }),
            [""; 0]
        );
        assert_eq!(
            differences(json!(["a", "b"]), json!([{"n": "a"}, {"n": "b", "more": 1}]), loose("each", "n")),
            [""; 0]
        );
        assert_eq!(differences(json!(["a", "b"]), json!([{"n": "a"}, {"n": "c"}]), loose("each", "n")).len(), 1);
    }

    #[test]
    fn trimmed_bodies_hold_names_and_beginnings() {
        let trimmed = |recorded, met| answer(200, recorded, met, plain(), "list (body trimmed)", &mut Map::default());
        assert_eq!(trimmed(json!(["a"]), json!([{"username": "a", "id": 7}])), [""; 0]);
        assert_eq!(trimmed(json!(["a"]), json!([{"username": "b", "id": 7}])).len(), 1);
        assert_eq!(trimmed(json!("diff --git"), json!("diff --git a/x b/x")), [""; 0]);
        assert_eq!(differences(json!("diff --git"), json!("diff --git a/x b/x"), plain()).len(), 1);
        assert_eq!(trimmed(json!({"count": 3}), json!([1, 2, 3])), [""; 0]);
        assert_eq!(trimmed(json!({"a": "<a long text>"}), json!({"a": [1]})), [""; 0]);
    }

    #[test]
    fn times_are_not_compared() {
        let pair = |key: &str| differences(json!({key: "yesterday"}), json!({key: "today"}), plain()).len();
        assert_eq!(
            [pair("created_at"), pair("lastLoginTime"), pair("createdTimestamp"), pair("description")],
            [0, 0, 0, 1]
        );
        assert_eq!(differences(json!({"start": 1_795_397_962_000_i64}), json!({"start": 1}), plain()), [""; 0]);
    }
}
