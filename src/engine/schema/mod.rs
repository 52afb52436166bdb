//! The formats of documents: JSON Schemas, compiled once, and their errors turned into problems at the right place.
//!
//! The files in `schema/` are the single source: editors read them, [`FILES`] carries them in the program, [`check`]
//! holds documents to them, and [`annotations`] is the table of options that documentation is made from. Two keywords
//! of our own stand beside those of JSON Schema: `x-expects` says in words what a pattern demands, and `x-code`
//! names the code of the problem.

mod violation;

pub use violation::{Place, Rule, Violation, escape};

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::{Registry, Validator};
use serde_json::Value;

use crate::engine::diag::{Diagnostic, codes, nearest};
use crate::engine::source::SpanTable;

/// What the schemas are called on the web; a file's `$id` is this and its name.
pub const BASE: &str = "https://formulary.dev/schema/";

/// Every schema of documents, by file name, as it stands in `schema/`.
pub const FILES: &[(&str, &str)] = &[
    ("annotations.schema.json", include_str!("../../../schema/annotations.schema.json")),
    ("claude-mcp.schema.json", include_str!("../../../schema/claude-mcp.schema.json")),
    ("claude-settings.schema.json", include_str!("../../../schema/claude-settings.schema.json")),
    ("entity.schema.json", include_str!("../../../schema/entity.schema.json")),
    ("entity-component.schema.json", include_str!("../../../schema/entity-component.schema.json")),
    ("entity-group.schema.json", include_str!("../../../schema/entity-group.schema.json")),
    ("entity-resource-workspace.schema.json", include_str!("../../../schema/entity-resource-workspace.schema.json")),
    ("entity-template.schema.json", include_str!("../../../schema/entity-template.schema.json")),
    ("entity-user.schema.json", include_str!("../../../schema/entity-user.schema.json")),
];

/// The formats of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The envelope alone, for kinds that nothing is provisioned for.
    Entity,
    /// A component.
    Component,
    /// An organisation, a team, or another group.
    Group,
    /// A template.
    Template,
    /// A user.
    User,
    /// A workspace request.
    Workspace,
    /// MCP servers of Claude Code.
    ClaudeMcp,
    /// Settings of Claude Code.
    ClaudeSettings,
}

/// An annotation of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The whole key, such as `formulary.dev/services`.
    pub key: String,
    /// A few words.
    pub title: String,
    /// What it means.
    pub description: String,
    /// What it may stand on: `organization`, `team`, `user`, `component`, `template`, `workspace`.
    pub applies_to: Vec<String>,
    /// The words allowed, where they can be listed.
    pub words: Vec<String>,
    /// Some values.
    pub examples: Vec<String>,
}

/// Before the name of each annotation of ours.
pub const PREFIX: &str = "formulary.dev/";

/// Holds a document to its format. Errors are what the format forbids; warnings are own fields that look like slips.
pub fn check(format: Format, value: &Value, spans: &SpanTable) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = violations(format, value).iter().map(|it| problem(it, spans)).collect();
    near_misses(format, value, spans, &mut found);
    found
}

/// What a document breaks of its format, for those who have words of their own for it.
pub fn violations(format: Format, value: &Value) -> Vec<Violation> {
    let compiled = &COMPILED.formats[&format];
    if compiled.is_valid(value) {
        return Vec::new();
    }
    let all: Vec<Violation> = compiled.iter_errors(value).flat_map(|error| violation::read(&error, value)).collect();
    // Of a value of the wrong type nothing else is worth saying.
    let mistyped = |it: &Violation| all.iter().any(|other| other.rule == Rule::Type && other.pointer == it.pointer);
    all.iter().filter(|it| it.rule != Rule::Value || !mistyped(it)).cloned().collect()
}

/// Every annotation of ours, by key.
pub fn annotations() -> &'static BTreeMap<String, Annotation> {
    &COMPILED.annotations
}

/// A schema of documents as a JSON value, by file name.
pub fn document(name: &str) -> Option<&'static Value> {
    COMPILED.documents.get(name)
}

struct Compiled {
    documents: BTreeMap<&'static str, Value>,
    formats: BTreeMap<Format, Validator>,
    annotations: BTreeMap<String, Annotation>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let read = |(name, text): &(&'static str, &str)| {
        (*name, serde_json::from_str(text).expect("a schema in the program is JSON"))
    };
    let documents: BTreeMap<&str, Value> = FILES.iter().map(read).collect();
    let mut registry = Registry::new();
    for (name, document) in &documents {
        registry = registry.add(format!("{BASE}{name}"), document.clone()).expect("an id of a schema is an address");
    }
    let registry = registry.prepare().expect("schemas refer to each other only");
    let compile = |format: Format| {
        let options = jsonschema::draft202012::options().with_registry(&registry);
        let validator = options.build(&documents[format.file()]).expect("a schema in the program compiles");
        (format, validator)
    };
    Compiled { formats: Format::ALL.into_iter().map(compile).collect(), annotations: table(&documents), documents }
});

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Entity,
        Self::Component,
        Self::Group,
        Self::Template,
        Self::User,
        Self::Workspace,
        Self::ClaudeMcp,
        Self::ClaudeSettings,
    ];

    /// The name of its file in `schema/`.
    pub fn file(self) -> &'static str {
        match self {
            Self::Entity => "entity.schema.json",
            Self::Component => "entity-component.schema.json",
            Self::Group => "entity-group.schema.json",
            Self::Template => "entity-template.schema.json",
            Self::User => "entity-user.schema.json",
            Self::Workspace => "entity-resource-workspace.schema.json",
            Self::ClaudeMcp => "claude-mcp.schema.json",
            Self::ClaudeSettings => "claude-settings.schema.json",
        }
    }
}

/// A violation of a document's format as a problem, at its place.
fn problem(violation: &Violation, spans: &SpanTable) -> Diagnostic {
    let in_annotations = violation.pointer.starts_with("/metadata/annotations/");
    // A number where text belongs is a matter of types, also in an annotation of ours.
    let code = match (violation.rule, violation.code) {
        (Rule::Type, _) => codes::WRONG_TYPE,
        (_, Some(code)) => code,
        (Rule::Missing, None) => codes::MISSING_FIELD,
        (Rule::Unknown, None) if in_annotations => codes::UNKNOWN_ANNOTATION,
        (Rule::Unknown, None) => codes::UNKNOWN_FIELD,
        (Rule::Value, None) => codes::BAD_VALUE,
    };
    Diagnostic::error(code, &violation.message).at(violation.span(spans)).maybe_help(violation.help.clone())
}

/// Fields that the format leaves free and that are one slip away from one it knows.
fn near_misses(format: Format, value: &Value, spans: &SpanTable, found: &mut Vec<Diagnostic>) {
    let own = &COMPILED.documents[format.file()];
    let envelope = &COMPILED.documents[Format::Entity.file()];
    let profile = &envelope["$defs"]["profile"];
    let places = [
        ("/metadata", &envelope["$defs"]["metadata"]),
        ("/spec", &own["properties"]["spec"]),
        ("/spec/profile", profile),
    ];
    for (pointer, schema) in places {
        let Some((fields, known)) =
            value.pointer(pointer).and_then(Value::as_object).zip(schema["properties"].as_object())
        else {
            continue;
        };
        if pointer == "/spec/profile" && !own["properties"]["spec"]["properties"]["profile"].is_object() {
            continue;
        }
        for field in fields.keys().filter(|field| !known.contains_key(*field)) {
            let absent = known.keys().filter(|known| !fields.contains_key(*known));
            let Some(likely) = nearest(field, absent.map(String::as_str)) else {
                continue;
            };
            let span = spans.key(&format!("{pointer}/{}", violation::escape(field)));
            let message = format!("field '{field}' is one of your own and looks like '{likely}'");
            let problem = Diagnostic::warning(codes::NEAR_FIELD, message).help(format!("did you mean '{likely}'?"));
            found.push(problem.at(span.unwrap_or_else(|| spans.nearest(pointer))));
        }
    }
}

fn table(documents: &BTreeMap<&'static str, Value>) -> BTreeMap<String, Annotation> {
    let properties = documents["annotations.schema.json"]["properties"].as_object();
    let words = |value: &Value| -> Vec<String> {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let read = |(key, schema): (&String, &Value)| {
        let text = |name: &str| schema[name].as_str().unwrap_or_default().to_owned();
        let annotation = Annotation {
            key: key.clone(),
            title: text("title"),
            description: text("description"),
            applies_to: words(&schema["x-for"]),
            words: words(&schema["enum"]),
            examples: words(&schema["examples"]),
        };
        (key.clone(), annotation)
    };
    properties.into_iter().flatten().map(read).collect()
}

#[cfg(test)]
mod tests;
