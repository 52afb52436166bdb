//! Holds a value to a JSON Schema and says what is wrong in words.
//!
//! No message repeats a value: any could be a secret in the wrong place. That is why the config does not share this with
//! the documents of the mono-repo, whose messages quote what they are about. `x-expects` in a schema says in words what
//! a pattern demands, as it does there.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::Value;

use crate::engine::diag::{Code, Diagnostic, codes, did_you_mean};
use crate::engine::source::SpanTable;
use crate::runtime::sys::SecretRef;

/// A schema, ready to be asked.
pub(super) struct Structure<'a> {
    schema: &'a Value,
    validator: Validator,
    /// The code for what does not fit, where the schema is a part of the config that has a code of its own.
    code: Option<Code>,
}

impl<'a> Structure<'a> {
    /// Compiles a schema.
    ///
    /// # Errors
    /// When it is no valid schema: a mistake of whoever wrote it, and a test of the provider finds it.
    pub(super) fn new(schema: &'a Value, code: Option<Code>) -> Result<Self, String> {
        let validator = jsonschema::draft202012::new(schema).map_err(|error| error.to_string())?;
        Ok(Self { schema, validator, code })
    }

    /// What is wrong with `value`, which stands at `prefix` in the file.
    pub(super) fn check(&self, value: &Value, prefix: &str, spans: &SpanTable) -> Vec<Diagnostic> {
        self.validator.iter_errors(value).flat_map(|error| self.explain(&error, prefix, spans)).collect()
    }

    fn explain(&self, error: &ValidationError<'_>, prefix: &str, spans: &SpanTable) -> Vec<Diagnostic> {
        let pointer = format!("{prefix}{}", error.instance_path().as_str());
        let name = name_of(&pointer);
        let here = |code: Code, message: String| {
            Diagnostic::error(self.code.unwrap_or(code), message).at(spans.nearest(&pointer))
        };
        let bad_value = |expected: String| vec![here(codes::CONFIG_BAD_VALUE, format!("{name} must be {expected}"))];
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                unexpected.iter().map(|key| self.unknown_key(error, &pointer, key, spans)).collect()
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let place = if pointer.is_empty() { String::new() } else { format!(" in {name}") };
                vec![here(codes::CONFIG_MISSING_KEY, format!("'{key}' is missing{place}"))]
            }
            ValidationErrorKind::Type { kind } => {
                let expected = expected_type(kind);
                let found = match type_name(JsonType::from(&**error.instance())) {
                    // It is a number, only not one of those that are wanted.
                    "a number" if expected.contains("whole number") => "a number with decimals",
                    other => other,
                };
                let message = format!("{name} must be {expected}, not {found}");
                vec![here(codes::CONFIG_WRONG_TYPE, message)]
            }
            ValidationErrorKind::Enum { options } => {
                let options: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let shown = options.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(", ");
                let help = error.instance().as_str().and_then(|word| did_you_mean(word, options.iter().copied()));
                vec![here(codes::CONFIG_BAD_VALUE, format!("{name} must be one of {shown}")).maybe_help(help)]
            }
            ValidationErrorKind::Pattern { pattern } if pattern == SecretRef::PATTERN => {
                let message = format!("{name} holds a secret itself instead of a reference to one");
                // Whatever the schema belongs to: a secret in the file is one kind of problem.
                vec![
                    Diagnostic::error(codes::LITERAL_SECRET, message)
                        .at(spans.nearest(&pointer))
                        .help("write where it is kept: 'env:NAME', 'file:PATH' or 'exec:PROGRAM ARGUMENTS'"),
                ]
            }
            ValidationErrorKind::Pattern { .. } => {
                let expected =
                    self.schema_at(parent_of(error)).and_then(|it| it.get("x-expects")).and_then(Value::as_str);
                let message = format!("{name} does not have the right form");
                vec![here(codes::CONFIG_BAD_VALUE, message).maybe_help(expected.map(|it| format!("expected is {it}")))]
            }
            ValidationErrorKind::Minimum { limit } => bad_value(format!("at least {limit}")),
            ValidationErrorKind::Maximum { limit } => bad_value(format!("at most {limit}")),
            ValidationErrorKind::MinLength { .. } => bad_value("more than an empty text".into()),
            ValidationErrorKind::MaxLength { limit } => bad_value(format!("at most {limit} characters long")),
            ValidationErrorKind::MinProperties { .. } => bad_value("more than an empty mapping".into()),
            ValidationErrorKind::MinItems { limit } => bad_value(format!("a list of at least {limit}")),
            ValidationErrorKind::MaxItems { limit } => bad_value(format!("a list of at most {limit}")),
            ValidationErrorKind::UniqueItems => bad_value("a list without repeats".into()),
            ValidationErrorKind::PropertyNames { error: inner } => {
                let key = inner.instance().as_str().unwrap_or_default();
                let place = format!("{pointer}/{}", escaped(key));
                vec![
                    Diagnostic::error(codes::CONFIG_BAD_VALUE, format!("'{key}' cannot be a name here"))
                        .at(spans.key(&place).unwrap_or_else(|| spans.nearest(&place)))
                        .help("expected is lower-case letters, digits and hyphens, a letter first"),
                ]
            }
            other => {
                let message = format!("{name} does not fit the schema ('{}')", other.keyword());
                vec![here(codes::CONFIG_BAD_VALUE, message)]
            }
        }
    }

    fn unknown_key(&self, error: &ValidationError<'_>, pointer: &str, key: &str, spans: &SpanTable) -> Diagnostic {
        let parent = parent_of(error);
        let known: Vec<&str> = self.keys_at(parent).collect();
        let place = format!("{pointer}/{}", escaped(key));
        let within = if pointer.is_empty() { "the config".to_owned() } else { name_of(pointer) };
        let help = did_you_mean(key, known.iter().copied())
            .or_else(|| {
                // A key that is right and stands one level too high.
                let inside = known
                    .iter()
                    .find(|name| self.keys_at(&format!("{parent}/properties/{name}")).any(|it| it == key))?;
                Some(format!("it belongs inside '{inside}'"))
            })
            .or_else(|| (!known.is_empty()).then(|| format!("known here: {}", known.join(", "))));
        let message = if pointer.ends_with("/credentials") {
            // Somebody may have written the secret where its name belongs.
            format!("{within} has a key that does not exist")
        } else {
            format!("{within} has no key '{key}'")
        };
        Diagnostic::error(self.code.unwrap_or(codes::CONFIG_UNKNOWN_KEY), message)
            .at(spans.key(&place).unwrap_or_else(|| spans.nearest(&place)))
            .maybe_help(help)
    }

    fn keys_at(&self, path: &str) -> impl Iterator<Item = &str> {
        self.schema_at(path)
            .and_then(|it| it.get("properties"))
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|it| it.keys().map(String::as_str))
    }

    /// The schema at a path, with references within the document followed wherever they stand.
    fn schema_at(&self, path: &str) -> Option<&Value> {
        let mut node = self.schema;
        for part in path.split('/').skip(1) {
            if part == "$ref" {
                continue;
            }
            let part = part.replace("~1", "/").replace("~0", "~");
            node = match node {
                Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                other => other.get(&part)?,
            };
            if let Some(target) = node.get("$ref").and_then(Value::as_str) {
                node = self.schema.pointer(target.strip_prefix('#')?)?;
            }
        }
        Some(node)
    }
}

/// Where the schema stands that a value does not fit.
fn parent_of<'a>(error: &'a ValidationError<'_>) -> &'a str {
    error.schema_path().as_str().rsplit_once('/').map_or("", |it| it.0)
}

/// What a person calls the value at a pointer: its key with the key above it, or the item of a list.
pub(super) fn name_of(pointer: &str) -> String {
    let parts: Vec<String> = pointer.split('/').skip(1).map(|it| it.replace("~1", "/").replace("~0", "~")).collect();
    match parts.as_slice() {
        [] => "the config".to_owned(),
        [.., list, item] if item.chars().all(|c| c.is_ascii_digit()) => {
            let number = item.parse::<usize>().unwrap_or_default() + 1;
            format!("item {number} of '{list}'")
        }
        [.., key] => format!("'{key}'"),
    }
}

/// A key as a part of a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn expected_type(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => type_name(*one).to_owned(),
        TypeKind::Multiple(several) => several.iter().map(type_name).collect::<Vec<_>>().join(" or "),
    }
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "a text",
    }
}
