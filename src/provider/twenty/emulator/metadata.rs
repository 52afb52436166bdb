//! The data model as it is shown, and how fields are added, changed and removed.

use serde_json::{Map, Value, json};

use super::keys::WORKSPACE;
use super::model::{Field, Kind, Object};
use super::refusal::{Refusal, bad, coded, framework};
use super::store::unknown_model;
use super::values::written;
use super::world::World;

/// The types that an administrator can ask for here; the others are answered as not imitated.
const TYPES: &[(&str, Kind)] = &[
    ("TEXT", Kind::Text),
    ("NUMBER", Kind::Number),
    ("BOOLEAN", Kind::Boolean),
    ("DATE_TIME", Kind::DateTime),
    ("SELECT", Kind::Select),
    ("LINKS", Kind::Links),
    ("UUID", Kind::Uuid),
];

/// Every type that the server knows, as its refusal lists them.
const KNOWN_TYPES: &str = "ACTOR, ADDRESS, ARRAY, BOOLEAN, CURRENCY, DATE, DATE_TIME, EMAILS, FILES, FULL_NAME, LINKS, MORPH_RELATION, MULTI_SELECT, NUMBER, NUMERIC, PHONES, POSITION, RATING, RAW_JSON, RELATION, RICH_TEXT, SELECT, TEXT, TS_VECTOR, UUID";

/// Names that the server keeps for itself, as far as they are known.
const RESERVED: &[&str] = &[
    "type",
    "link",
    "links",
    "workspace",
    "workspaces",
    "user",
    "users",
    "role",
    "roles",
    "event",
    "events",
    "plan",
    "plans",
    "job",
    "jobs",
    "field",
    "fields",
    "object",
    "objects",
    "index",
    "relation",
    "relations",
    "address",
    "addresses",
    "currency",
    "search",
];
const SCALARS: &[&str] = &["not", "or", "and", "Int", "Float", "Boolean", "String", "ID"];
/// What a person is told of refusals that list what is wrong.
const FRIENDLY: &str = "Many validation errors";
const LONGEST: usize = 63;

pub(super) fn object(object: &Object) -> Value {
    let fields: Vec<Value> = object.fields.iter().map(|one| field(object, one)).collect();
    json!({
        "id": object.id, "nameSingular": object.singular, "namePlural": object.plural,
        "labelSingular": super::model::capitalised(&object.singular),
        "labelPlural": super::model::capitalised(&object.plural),
        "isActive": true, "isSystem": object.is_system, "workspaceId": WORKSPACE, "fields": fields,
    })
}

pub(super) fn field(object: &Object, field: &Field) -> Value {
    json!({
        "id": field.id, "type": field.kind.type_name(), "name": field.name, "label": field.label,
        "description": field.description, "icon": field.icon, "isActive": field.is_active, "isSystem": false, "isUIEditable": true,
        "isUIReadOnly": false, "isNullable": field.is_nullable, "isUnique": field.is_unique,
        "defaultValue": field.default, "options": field.options, "workspaceId": WORKSPACE,
        "objectMetadataId": object.id, "isLabelSyncedWithName": false,
        "createdAt": field.created_at, "updatedAt": field.updated_at,
    })
}

pub(super) fn find_field<'w>(world: &'w World, id: &str) -> Option<(&'w Object, &'w Field)> {
    world
        .objects
        .iter()
        .find_map(|object| object.fields.iter().find(|field| field.id == id).map(|field| (object, field)))
}

/// What is refused before the data model is looked at.
pub(super) fn check_arguments(input: &Value) -> Result<(), Refusal> {
    let mut messages: Vec<String> = Vec::new();
    let text = |key: &str| input.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("type").is_empty() {
        messages.push("type should not be empty".to_owned());
    }
    if !KNOWN_TYPES.split(", ").any(|known| known == text("type")) {
        messages.push(format!("type must be one of the following values: {KNOWN_TYPES}"));
    }
    if text("name").is_empty() {
        messages.push("name should not be empty".to_owned());
    }
    if text("name").is_empty() || SCALARS.contains(&text("name")) {
        messages.push("name has failed the name validation check".to_owned());
    }
    if text("label").is_empty() {
        messages.push("label should not be empty".to_owned());
    }
    if !input.get("label").is_some_and(Value::is_string) {
        messages.push("label must be a string".to_owned());
    }
    if messages.is_empty() { Ok(()) } else { Err(framework(400, "Bad Request", json!(messages))) }
}

/// Adds a field; records have it from the next call on.
pub(super) fn create_field(world: &mut World, input: &Value, now: i64) -> Result<Value, Refusal> {
    let text = |key: &str| input.get(key).and_then(Value::as_str).unwrap_or_default();
    let (name, type_name) = (text("name"), text("type"));
    let Some((_, kind)) = TYPES.iter().find(|(known, _)| *known == type_name) else {
        return Err(super::refusal::unimitated());
    };
    let at = world.objects.iter().position(|object| object.id == text("objectMetadataId"));
    let at =
        at.ok_or_else(|| unknown_model("OBJECT_METADATA_NOT_FOUND", "Provided object metadata id does not exist"))?;
    let options = input.get("options").filter(|options| options.as_array().is_some_and(|list| !list.is_empty()));
    let mut errors = name_errors(&world.objects[at], name);
    if *kind == Kind::Select {
        errors.extend(option_errors(options));
    }
    if !errors.is_empty() {
        return Err(validation("creating fields", errors, &world.objects[at], name));
    }
    let options = options.map_or(Value::Null, |options| numbered(world, options));
    let moment = written(chrono::DateTime::from_timestamp_millis(now).unwrap_or_default());
    let made = Field {
        id: world.ids.next(),
        name: name.to_owned(),
        label: text("label").to_owned(),
        description: json!(text("description")),
        icon: json!(text("icon")),
        kind: *kind,
        is_unique: input.get("isUnique") == Some(&json!(true)),
        is_nullable: input.get("isNullable") != Some(&json!(false)),
        is_active: true,
        is_custom: true,
        options,
        default: input.get("defaultValue").cloned().unwrap_or_default(),
        created_at: moment.clone(),
        updated_at: moment,
    };
    let singular = world.objects[at].singular.clone();
    world.fill_values(&singular, &made);
    let shown = field(&world.objects[at], &made);
    world.objects[at].fields.push(made);
    Ok(shown)
}

/// Options with the identifiers and places that the server gives them.
fn numbered(world: &mut World, options: &Value) -> Value {
    let option = |(n, option): (usize, &Value)| {
        let mut option = option.clone();
        if let Value::Object(keys) = &mut option {
            keys.entry("id").or_insert_with(|| world.ids.next().into());
            keys.entry("position").or_insert_with(|| n.into());
        }
        option
    };
    options.as_array().into_iter().flatten().enumerate().map(option).collect()
}

fn error(code: &str, message: &str, value: &str) -> Value {
    json!({ "code": code, "value": value, "message": message, "userFriendlyMessage": message })
}

fn name_errors(object: &Object, name: &str) -> Vec<Value> {
    let mut errors = Vec::new();
    let mut letters = name.chars();
    let is_well_formed = letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_alphanumeric());
    if !is_well_formed {
        let message = "Name is not valid: it must start with lowercase letter and contain only alphanumeric letters";
        errors.push(error("INVALID_FIELD_INPUT", message, name));
    }
    if name.len() > LONGEST {
        errors.push(error("INVALID_FIELD_INPUT", "Name is too long", name));
    }
    if RESERVED.contains(&name) {
        let message = "This name is reserved. Use a different name or the system will add \"Custom\" suffix.";
        errors.push(error("RESERVED_KEYWORD", message, name));
    }
    for field in &object.fields {
        let parts =
            field.kind.parts().iter().map(|(part, _)| format!("{}{}", field.name, super::model::capitalised(part)));
        if field.name == name {
            let message = format!("Name \"{name}\" is not available as it is already used by another field");
            errors.push(error("NOT_AVAILABLE", &message, name));
        } else if field.column().as_deref() == Some(name) {
            let message = format!("Name \"{name}\" is not available as it is already used by another join column name");
            errors.push(error("NOT_AVAILABLE", &message, name));
        } else if parts.into_iter().any(|column| column == name) {
            errors.push(error("RESERVED_KEYWORD", &format!("Name \"{name}\" is reserved composite field name"), name));
        }
    }
    errors
}

fn option_errors(options: Option<&Value>) -> Vec<Value> {
    let Some(options) = options.and_then(Value::as_array) else {
        return vec![error("INVALID_FIELD_INPUT", "Options are required for enum fields", "")];
    };
    let is_upper = |value: &str| {
        !value.is_empty()
            && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let values = options.iter().map(|option| option["value"].as_str().unwrap_or_default());
    let bad = values.filter(|value| !is_upper(value));
    let message = |value: &str| format!("Value must be in UPPER_CASE and follow snake_case \"{value}\"");
    bad.map(|value| error("INVALID_FIELD_INPUT", &message(value), value)).collect()
}

/// A refusal that lists what is wrong. The failures of views that the server adds are left out.
fn validation(doing: &str, errors: Vec<Value>, object: &Object, name: &str) -> Refusal {
    let message = format!("Multiple validation errors occurred while {doing}");
    let entity = json!({ "name": name, "objectMetadataUniversalIdentifier": object.id });
    let failures = json!({ "fieldMetadata": [{
        "status": "fail", "errors": errors, "flatEntityMinimalInformation": entity, "metadataName": "fieldMetadata",
        "type": "create",
    }] });
    let body = json!({ "statusCode": 400, "error": "METADATA_VALIDATION_ERROR", "message": message, "errors": failures,
        "summary": { "totalErrors": 1, "fieldMetadata": 1 }, "userFriendlyMessage": FRIENDLY });
    Refusal { graphql: "METADATA_VALIDATION_FAILED", body: Some(Box::new(body)), ..bad(message).friendly(FRIENDLY) }
}

/// Changes what may be changed of a field. Unknown keys are dropped.
pub(super) fn update_field(world: &mut World, id: &str, change: &Value, now: i64) -> Result<Value, Refusal> {
    let missing = || unknown_model("FIELD_METADATA_NOT_FOUND", "Field metadata not found");
    let empty = Map::new();
    let change = change.as_object().unwrap_or(&empty);
    for key in change.keys() {
        // A new name or other options change records too, which is not imitated.
        if ["name", "options", "settings", "defaultValue"].contains(&key.as_str()) {
            return Err(super::refusal::unimitated());
        }
    }
    let moment = written(chrono::DateTime::from_timestamp_millis(now).unwrap_or_default());
    for object in &mut world.objects {
        let Some(at) = object.fields.iter().position(|field| field.id == id) else { continue };
        let changed = &mut object.fields[at];
        for (key, value) in change {
            match (key.as_str(), value) {
                ("label", Value::String(label)) => changed.label.clone_from(label),
                ("description", value) => changed.description = value.clone(),
                ("isActive", Value::Bool(is_active)) => changed.is_active = *is_active,
                ("isUnique", Value::Bool(is_unique)) => changed.is_unique = *is_unique,
                _ => {}
            }
        }
        changed.updated_at = moment;
        return Ok(field(object, &object.fields[at]));
    }
    Err(missing())
}

/// Removes a field and its values at once. Stock fields stay.
pub(super) fn delete_field(world: &mut World, id: &str) -> Result<Value, Refusal> {
    let missing =
        || unknown_model("FIELD_METADATA_NOT_FOUND", "Field to delete not found").friendly("Field not found.");
    let (object, found) = find_field(world, id).ok_or_else(missing)?;
    if !found.is_custom {
        let refusal = coded("FIELD_MUTATION_NOT_ALLOWED", format!("Cannot delete standard field \"{}\"", found.name));
        return Err(Refusal {
            status: 403,
            graphql: "FORBIDDEN",
            ..refusal.friendly("This field cannot be modified.")
        });
    }
    let (singular, name, shown) = (object.singular.clone(), found.name.clone(), field(object, found));
    world.drop_values(&singular, &name);
    for object in world.objects.iter_mut().filter(|object| object.singular == singular) {
        object.fields.retain(|field| field.id != id);
    }
    Ok(shown)
}
