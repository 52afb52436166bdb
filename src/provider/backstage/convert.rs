//! Both forms of what is kept true: a document of the mono-repo, and what the catalogue shows of it.
//!
//! The two are brought into one form, so that they can be compared: what the catalogue adds (its own annotations, ids, relations)
//! is left out, keys are sorted, and numbers are what JavaScript makes of them.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json};

use super::place::{self, Place};
use super::{kinds, told};
use crate::engine::model::{Address, EntityRef, Field, Fields, Instance, Live, Value};

/// The kinds of entities that documents declare and that are compared. A Location is what the other kind is about.
pub const KINDS: &[&str] = &["user", "group", "template", "resource", "component", "api", "system", "domain"];

/// The annotation with the file that an entity comes from.
pub const FROM: &str = "backstage.io/managed-by-location";
/// The annotation with the location that it was found from.
pub const FOUND_FROM: &str = "backstage.io/managed-by-origin-location";

/// The action by which a catalogue module of ours replaces the steps of a formula, so that Backstage's button asks us.
const DELEGATE: &str = "formulary:step";

/// The keys of an object that Backstage replaces by a file's content.
const PLACEHOLDERS: [&str; 3] = ["$text", "$json", "$yaml"];

/// The metadata that has fields of its own, and what the catalogue gives out itself.
const APART: [&str; 10] =
    ["name", "namespace", "title", "description", "labels", "annotations", "tags", "links", "uid", "etag"];

/// What a document, or an entity of the catalogue, says. `spec` is missing where a file's content belongs into it.
pub fn said(document: &Json) -> Vec<(&'static str, Value)> {
    let metadata = &document["metadata"];
    let text = |value: &Json| value.as_str().map_or(Value::Null, Value::from);
    let others = metadata.as_object().into_iter().flatten().filter(|(key, _)| !APART.contains(&key.as_str()));
    let others: Map<String, Json> = others.map(|(key, value)| (key.clone(), value.clone())).collect();
    let tags = metadata["tags"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let mut said = vec![
        ("name", text(&metadata["name"])),
        ("title", text(&metadata["title"])),
        ("description", text(&metadata["description"])),
        ("tags", Value::set(tags)),
        ("labels", texts(&metadata["labels"])),
        ("annotations", texts(&metadata["annotations"])),
        ("links", yaml(&metadata["links"])),
        ("metadata", yaml(&Json::Object(others))),
        ("api_version", text(&document["apiVersion"])),
    ];
    if !has_placeholder(&document["spec"]) {
        said.push(("spec", yaml(&ordered(with_its_steps(&document["spec"])))));
    }
    said
}

/// The entity that the catalogue shows; `None` for what is no entity.
pub fn entity(instance: &Instance, place: &Place, stored: &Json) -> Option<Live> {
    let reference = reference(stored)?;
    let mut fields: Fields = said(stored).into_iter().map(|(name, value)| (Field::Borrowed(name), value)).collect();
    fields.insert(kinds::FILE.into(), from(place, stored).map_or(Value::Null, Value::from));
    fields.insert(kinds::ERRORS.into(), Value::set(told::errors(place, stored)));
    let address = Address::new(instance, kinds::ENTITY, &place::key(&reference));
    Some(Live { address, external_id: None, fields, outputs: Fields::new(), mark: None })
}

/// Which entity something is.
pub fn reference(stored: &Json) -> Option<EntityRef> {
    let metadata = &stored["metadata"];
    let namespace = metadata["namespace"].as_str().unwrap_or("default");
    Some(EntityRef::new(stored["kind"].as_str()?, namespace, metadata["name"].as_str()?))
}

/// The file that an entity comes from: its path, or its address where it is none of the mono-repo's.
pub fn from(place: &Place, stored: &Json) -> Option<String> {
    let location = stored["metadata"]["annotations"][FROM].as_str()?;
    Some(location.strip_prefix("url:").map_or_else(|| location.to_owned(), |url| place.named(url)))
}

/// A location as the list of locations shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its id.
    pub id: String,
    /// The address that is read.
    pub target: String,
    /// The entity that stands for it; releases before 1.51 do not tell.
    pub entity: Option<String>,
}

impl Location {
    /// Reads one, wrapped or not; `None` for what is none, and for those that are no address: only files of the server's own
    /// config are.
    pub fn read(wire: &Json) -> Option<Self> {
        let data = wire.get("data").unwrap_or(wire);
        let text = |name: &str| data[name].as_str().map(str::to_owned);
        (data["type"] == "url").then_some(())?;
        Some(Self { id: text("id")?, target: text("target")?, entity: text("entityRef") })
    }

    /// Its key: the path of the file, or the address of somebody else's.
    pub fn key(&self, place: &Place) -> String {
        place.named(&self.target)
    }

    /// The location with what the catalogue made of it; nothing where that could not be read.
    pub fn live(&self, instance: &Instance, place: &Place, made: Option<Made>) -> Live {
        let mut fields = Fields::new();
        fields.insert("target".into(), self.target.as_str().into());
        // What is not known must not be taken for empty: people hang on it.
        let people = made.as_ref().is_none_or(|made| made.people);
        fields.insert(kinds::PEOPLE.into(), Value::from(if people { kinds::SOME } else { kinds::NONE }));
        let errors = made.map(|made| made.errors);
        let stray = match (place.path(&self.target), errors.as_deref().and_then(<[String]>::first)) {
            (_, Some(error)) => Value::from(format!("it cannot be read: {error}")),
            (Some(_), None) => "it reads a file of the mono-repo".into(),
            (None, None) => Value::Null,
        };
        fields.insert(kinds::STRAY.into(), stray);
        if let Some(errors) = errors {
            fields.insert(kinds::ERRORS.into(), Value::set(errors));
        }
        let mut outputs = Fields::new();
        if let Some(entity) = &self.entity {
            outputs.insert(kinds::STANDS_FOR.into(), entity.as_str().into());
        }
        let address = Address::new(instance, kinds::LOCATION, &self.key(place));
        Live { address, external_id: Some(self.id.clone()), fields, outputs, mark: None }
    }
}

/// What the catalogue made of a location.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// What keeps it from being read.
    pub errors: Vec<String>,
    /// Whether people come from it.
    pub people: bool,
}

impl Made {
    /// What the catalogue made of each address, by the `url:` in front of it, out of all its entities.
    pub fn of_all<'e>(place: &Place, entities: impl Iterator<Item = &'e Json>) -> BTreeMap<String, Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for entity in entities {
            let annotated = |name: &str| entity["metadata"]["annotations"][name].as_str();
            let errors = if entity["kind"] == "Location" { told::errors(place, entity) } else { Vec::new() };
            if let Some(from) = annotated(FROM).filter(|_| !errors.is_empty()) {
                all.entry(from.to_owned()).or_default().errors.extend(errors);
            }
            if let Some(found_from) = annotated(FOUND_FROM).filter(|_| entity["kind"] == "User") {
                all.entry(found_from.to_owned()).or_default().people = true;
            }
        }
        all
    }
}

/// Named texts.
fn texts(map: &Json) -> Value {
    let map = map.as_object().into_iter().flatten();
    Value::Map(map.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.into()))).collect())
}

/// A value as YAML with sorted keys; nothing for nothing.
fn yaml(value: &Json) -> Value {
    let empty = match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        _ => false,
    };
    if empty {
        return Value::Null;
    }
    serde_yaml::to_string(&sorted(value)).map_or(Value::Null, Value::from)
}

/// The same with sorted keys, and numbers as JavaScript keeps them.
pub fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        Json::Object(map) => {
            let ordered: BTreeMap<&String, &Json> = map.iter().collect();
            Json::Object(ordered.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Json::Number(number) => Json::Number(as_double(number)),
        other => other.clone(),
    }
}

/// References whose order says nothing: the catalogue stores them sorted.
const UNORDERED: [&str; 7] =
    ["providesApis", "consumesApis", "dependsOn", "dependencyOf", "memberOf", "children", "members"];

fn ordered(mut spec: Json) -> Json {
    for name in UNORDERED {
        if let Some(list) = spec.get_mut(name).and_then(Json::as_array_mut) {
            list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        }
    }
    spec
}

/// Whole numbers up to which a double tells all of them apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn as_double(number: &Number) -> Number {
    match number.as_f64() {
        #[allow(clippy::cast_possible_truncation, reason = "it is whole, and within what both types hold")]
        Some(double) if double.fract() == 0.0 && double.abs() < EXACT => Number::from(double as i64),
        Some(double) => Number::from_f64(double).unwrap_or_else(|| number.clone()),
        None => number.clone(),
    }
}

/// Whether a file's content belongs into a value: what is stored is then not what is written. As deep as documents, which are
/// bounded.
fn has_placeholder(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().any(has_placeholder),
        Json::Object(map) => {
            let only = map.keys().next().filter(|_| map.len() == 1);
            only.is_some_and(|key| PLACEHOLDERS.contains(&key.as_str())) || map.values().any(has_placeholder)
        }
        _ => false,
    }
}

/// The spec of a formula with its own steps, where the catalogue has them replaced by calls of ours.
fn with_its_steps(spec: &Json) -> Json {
    let mut spec = spec.clone();
    let steps = spec.get_mut("steps").and_then(Json::as_array_mut);
    for step in steps.into_iter().flatten().filter(|it| it["action"] == DELEGATE) {
        let Some(delegated) = step["input"].as_object().cloned() else { continue };
        let Some(step) = step.as_object_mut() else { continue };
        step.insert("action".to_owned(), delegated.get("action").cloned().unwrap_or_default());
        match delegated.get("input") {
            Some(input) => drop(step.insert("input".to_owned(), input.clone())),
            None => drop(step.remove("input")),
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place() -> Place {
        Place::new("https://git.example.test/p/f/src/branch/main").unwrap()
    }

    #[test]
    fn what_is_stored_says_what_was_written() {
        let written = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "User",
            "metadata": { "name": "Alice", "annotations": { "a.b/c": "d" }, "tags": ["b", "a"], "generation": 3 },
            "spec": { "memberOf": ["b", "a"], "profile": { "email": "a@acme.example" }, "limits": { "gpu": 1.0, "cpu": 0.5 } },
        });
        let stored = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "User",
            "metadata": {
                "namespace": "default", "name": "Alice", "uid": "u", "etag": "e", "tags": ["b", "a"], "generation": 3,
                "annotations": {
                    "a.b/c": "d",
                    FROM: "url:https://git.example.test/p/f/src/branch/main/users/alice.yaml",
                    "backstage.io/view-url": "x",
                },
            },
            "spec": { "profile": { "email": "a@acme.example" }, "memberOf": ["a", "b"], "limits": { "cpu": 0.5, "gpu": 1 } },
            "relations": [],
        });
        let live = entity(&Instance::new("backstage"), &place(), &stored).unwrap();
        assert_eq!(live.address.to_string(), "backstage:entity/user/default/alice");
        assert_eq!(live.text("file"), Some("users/alice.yaml"));
        for (name, value) in said(&written) {
            let seen = live.fields.get(name).unwrap();
            match (&value, seen) {
                (Value::Map(wanted), Value::Map(seen)) => {
                    assert!(wanted.iter().all(|(key, value)| seen.get(key) == Some(value)), "{name}");
                }
                _ => assert_eq!(*seen, value, "{name}"),
            }
        }
    }

    #[test]
    fn a_formula_whose_steps_come_to_us_is_the_one_that_was_written() {
        let step = json!({ "id": "a", "action": "publish:gitea", "if": "x", "input": { "repoUrl": "r" } });
        let delegated = json!({
            "id": "a", "action": DELEGATE, "if": "x",
            "input": { "action": "publish:gitea", "input": { "repoUrl": "r" }, "parameters": "${{ parameters }}" },
        });
        assert_eq!(with_its_steps(&json!({ "steps": [delegated] })), json!({ "steps": [step] }));
    }

    #[test]
    fn a_file_in_the_place_of_a_value_cannot_be_compared() {
        let document = json!({ "metadata": { "name": "x" }, "spec": { "definition": { "$text": "./api.yaml" } } });
        assert!(said(&document).iter().all(|(name, _)| *name != "spec"));
        let other = json!({ "metadata": { "name": "x" }, "spec": { "definition": { "$text": "./a", "more": 1 } } });
        assert!(said(&other).iter().any(|(name, _)| *name == "spec"));
    }

    #[test]
    fn numbers_are_what_javascript_keeps() {
        let same = |a: Json, b: Json| assert_eq!(sorted(&a).to_string(), sorted(&b).to_string());
        same(json!(1.0), json!(1));
        same(json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64));
        assert_eq!(sorted(&json!({ "b": 1, "a": 0.5 })).to_string(), r#"{"a":0.5,"b":1}"#);
    }

    #[test]
    fn a_location_tells_what_keeps_it() {
        let wire = json!({ "data": {
            "id": "1", "type": "url", "target": "https://git.example.test/p/f/src/branch/main/users/catalog-info.yaml",
            "entityRef": "location:default/generated-1",
        } });
        let location = Location::read(&wire).unwrap();
        let broken = json!({
            "kind": "Location",
            "metadata": { "name": "users", "annotations": { FROM: format!("url:{}", location.target) } },
            "status": { "items": [
                { "level": "error", "message": "NotFoundError: Unable to read url, no matching files found for x" },
            ] },
        });
        let made = Made::of_all(&place(), [broken].iter()).remove(&format!("url:{}", location.target));
        let live = location.live(&Instance::new("b"), &place(), made);
        assert_eq!(&*live.address.key, "users/catalog-info.yaml");
        assert_eq!(live.fields["errors"], Value::set(["Unable to read url, no matching files found for x"]));
        assert_eq!(live.text("people"), Some("none"));
        assert_eq!(location.live(&Instance::new("b"), &place(), None).text("people"), Some("some"));
        assert_eq!(Location::read(&json!({ "data": { "id": "2", "type": "bootstrap", "target": "bootstrap" } })), None);
    }
}
