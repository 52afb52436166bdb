//! A service's own API description (Swagger 2.0 or OpenAPI 3), and whether an answer fits it.
//!
//! Held to it: the operation exists, a success has a status that is described, and every field of a described body
//! exists there with the right JSON type. The descriptions say nothing of fields that may be `null`, so `null` fits
//! everywhere; they leave out redirects and many refusals, so one of an undescribed status fits.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map as Fields, Value};
use url::Url;

use super::compare::Met;

/// An API description.
pub struct Description {
    document: Value,
    /// What stands before every path of the description.
    prefix: String,
    /// Whether it describes all that stands behind that.
    is_whole: bool,
    operations: Vec<Operation>,
}

struct Operation {
    /// In capitals.
    method: String,
    template: String,
    responses: Value,
}

/// Where an answer departs from the description: a place in it, and what is wrong there.
pub type Departures = BTreeMap<String, String>;

impl Description {
    /// Reads a description from a file.
    pub fn read(path: &Path) -> Result<Description> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Description::new(serde_json::from_str(&text)?)
    }

    fn new(document: Value) -> Result<Description> {
        // Swagger says it by itself, OpenAPI in the address of the server. A slash alone stands before everything.
        let server = document.pointer("/servers/0/url").and_then(Value::as_str).and_then(|it| it.parse::<Url>().ok());
        let prefix = document.get("basePath").and_then(Value::as_str).map(str::to_owned);
        let is_whole = prefix.is_some();
        let prefix = prefix.or(server.map(|it| it.path().to_owned())).unwrap_or_default();
        let prefix = prefix.trim_end_matches('/').to_owned();
        let paths = document.get("paths").and_then(Value::as_object).context("no paths")?;
        let mut operations = Vec::new();
        for (template, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if let Some(responses) = operation.get("responses") {
                    let (method, template) = (method.to_uppercase(), template.clone());
                    operations.push(Operation { method, template, responses: responses.clone() });
                }
            }
        }
        // Where two templates match, the one with more literal text is meant.
        operations.sort_by_key(|operation| operation.template.matches('{').count());
        Ok(Description { document, prefix, is_whole, operations })
    }

    /// Whether it speaks of paths like this one at all.
    pub fn covers(&self, path: &str) -> bool {
        let first = |path: &str| path.split('/').nth(1).map(str::to_owned);
        let rest = path.strip_prefix(&self.prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let described = |rest| self.operations.iter().any(|operation| first(&operation.template) == first(rest));
        rest.is_some_and(|rest| self.is_whole && !self.prefix.is_empty() || described(rest))
    }

    /// Where an answer to `method` and `path` (with query) departs from the description.
    pub fn check(&self, method: &str, path: &str, met: &Met) -> Departures {
        let mut found = Departures::new();
        let path = path.split('?').next().unwrap_or(path);
        let path = path.strip_prefix(&self.prefix).unwrap_or(path);
        // A server answers HEAD where it answers GET.
        let described_method = if method == "HEAD" { "GET" } else { method };
        let Some(operation) =
            self.operations.iter().find(|op| op.method == described_method && matches(&op.template, path))
        else {
            if met.status < 300 {
                found.insert(format!("{method} {}", shape(path)), "no such operation".to_owned());
            }
            return found;
        };
        let name = format!("{} {}", operation.method, operation.template);
        let response = operation.responses.get(met.status.to_string()).or_else(|| operation.responses.get("default"));
        let Some(response) = response.map(|response| self.resolve(response).1) else {
            if met.status < 300 {
                found.insert(
                    format!("{name}: {}", met.status),
                    "a success of a status that is not described".to_owned(),
                );
            }
            return found;
        };
        if method == "HEAD" {
            return found;
        }
        let media = met.header("content-type").unwrap_or_default();
        match schema_of(response) {
            Some(schema) if media.contains("json") => {
                Check { description: self, found: &mut found }.value(schema, &met.body(), &name)
            }
            Some(_) if !met.data.is_empty() && met.status < 400 => {
                found.insert(format!("{name}: {}", met.status), format!("JSON is described, got \"{media}\""));
            }
            None if met.status < 400 && media.contains("json") && !met.data.is_empty() => {
                found.insert(format!("{name}: {}", met.status), "a body where none is described".to_owned());
            }
            _ => {}
        }
        found
    }

    /// Follows a reference; answers the name of what it leads to, too.
    fn resolve<'v>(&'v self, value: &'v Value) -> (Option<&'v str>, &'v Value) {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return (None, value);
        };
        let target = reference.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer));
        (reference.rsplit('/').next(), target.unwrap_or(&Value::Null))
    }
}

impl Description {
    /// One schema of several that describe an object together: a field may be described by any of them.
    fn joined(&self, parts: &[Value]) -> Option<Value> {
        if parts.len() < 2 {
            return None;
        }
        let mut properties = Fields::new();
        let mut more = false;
        for part in parts {
            let (_, part) = self.resolve(part);
            properties.extend(part.get("properties")?.as_object()?.clone());
            more |= part.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false));
        }
        let mut whole = serde_json::json!({ "type": "object", "properties": properties });
        if more {
            whole["additionalProperties"] = Value::Bool(true);
        }
        Some(whole)
    }
}

/// The JSON schema of a response, in either dialect.
fn schema_of(response: &Value) -> Option<&Value> {
    let content = || {
        let content = response.get("content")?;
        content.get("application/json").or_else(|| content.get("*/*"))?.get("schema")
    };
    response.get("schema").or_else(content)
}

/// Whether a path matches a template. A last parameter for a file's path or a reference spans slashes.
fn matches(template: &str, path: &str) -> bool {
    let mut wanted = template.split('/').peekable();
    let mut got = path.strip_suffix('/').unwrap_or(path).split('/');
    while let Some(want) = wanted.next() {
        let is_parameter = want.starts_with('{') && want.ends_with('}');
        match got.next() {
            Some(segment) if want == segment || is_parameter && !segment.is_empty() => {}
            _ => return false,
        }
        if wanted.peek().is_none() && matches!(want, "{filepath}" | "{ref}" | "{path}") {
            return true;
        }
    }
    got.next().is_none()
}

/// A path with what looks like an id left out.
fn shape(path: &str) -> String {
    let is_id = |segment: &str| segment.bytes().any(|byte| byte.is_ascii_digit());
    path.split('/').map(|segment| if is_id(segment) { "*" } else { segment }).collect::<Vec<_>>().join("/")
}

struct Check<'a> {
    description: &'a Description,
    found: &'a mut Departures,
}

impl Check<'_> {
    /// `place` is the name of the nearest schema that has one, and the way below it.
    fn value(&mut self, schema: &Value, value: &Value, place: &str) {
        let (name, schema) = self.description.resolve(schema);
        let place = name.unwrap_or(place);
        let parts = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        match self.description.joined(parts) {
            Some(whole) => self.value(&whole, value, place),
            None => parts.iter().for_each(|part| self.value(part, value, place)),
        }
        if value.is_null() {
            return;
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            self.departs(place, format!("{value} is none of the values that are listed"));
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let kind = schema.get("type").and_then(Value::as_str).or(properties.map(|_| "object"));
        let fits = match (kind, value) {
            (Some("object"), Value::Object(fields)) => {
                self.fields(schema, properties, fields, place);
                true
            }
            (Some("array"), Value::Array(items)) => {
                for item in items {
                    self.value(schema.get("items").unwrap_or(&Value::Null), item, &format!("{place}[]"));
                }
                true
            }
            (Some("string"), Value::String(text)) => {
                let is_time = schema.get("format").and_then(Value::as_str) == Some("date-time");
                !is_time || chrono::DateTime::parse_from_rfc3339(text).is_ok()
            }
            (Some("integer"), Value::Number(number)) => !number.is_f64(),
            (Some("number"), Value::Number(_)) | (Some("boolean"), Value::Bool(_)) | (None, _) => true,
            (Some(_), _) => false,
        };
        if !fits {
            let format =
                schema.get("format").and_then(Value::as_str).map(|format| format!(" ({format})")).unwrap_or_default();
            self.departs(place, format!("{}{format} is described, got {}", kind.unwrap_or("anything"), kind_of(value)));
        }
    }

    fn fields(
        &mut self,
        schema: &Value,
        properties: Option<&Fields<String, Value>>,
        fields: &Fields<String, Value>,
        place: &str,
    ) {
        let more = schema.get("additionalProperties");
        for (key, value) in fields {
            let below = format!("{place}.{key}");
            match (properties.and_then(|properties| properties.get(key)), more) {
                (Some(schema), _) => self.value(schema, value, &below),
                (None, Some(schema @ Value::Object(_))) => self.value(schema, value, &format!("{place}.*")),
                (None, Some(Value::Bool(true))) => {}
                (None, None) if properties.is_none() => {} // An object of which nothing is said.
                (None, _) => self.departs(&below, "no such field is described".to_owned()),
            }
        }
    }

    fn departs(&mut self, place: &str, what: String) {
        self.found.insert(place.to_owned(), what);
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn swagger() -> Description {
        let user = json!({"type": "object", "properties": {
            "id": {"type": "integer"}, "login": {"type": "string"}, "created": {"type": "string", "format": "date-time"},
            "kind": {"enum": ["a", "b"], "type": "string"}, "owner": {"allOf": [{"$ref": "#/definitions/User"}]},
            "attributes": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}}});
        let list = json!({"schema": {"type": "array", "items": {"$ref": "#/definitions/User"}}});
        Description::new(json!({
            "basePath": "/api/v1",
            "paths": {
                "/users": {"get": {"responses": {"200": list}}, "post": {"responses": {"201": {"$ref": "#/responses/User"}, "422": {}}}},
                "/users/search": {"get": {"responses": {"200": {"schema": {"type": "object", "properties": {"ok": {"type": "boolean"}}}}}}},
                "/users/{name}": {"get": {"responses": {"200": {"$ref": "#/responses/User"}}}, "delete": {"responses": {"204": {}}}},
                "/raw/{filepath}": {"get": {"responses": {"200": {"description": "the file"}}}},
            },
            "responses": {"User": {"schema": {"$ref": "#/definitions/User"}}},
            "definitions": {"User": user},
        }))
        .unwrap()
    }

    fn check(method: &str, path: &str, status: u16, body: Value) -> Vec<String> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let data = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let found = swagger().check(method, path, &Met { status, headers, data });
        found.into_iter().map(|(place, what)| format!("{place}: {what}")).collect()
    }

    #[test]
    fn what_is_described_fits() {
        let user = json!({"id": 1, "login": "a", "created": "2026-01-01T00:00:00Z", "kind": null, "owner": {"id": 2},
            "attributes": {"team": ["x"]}});
        assert_eq!(check("GET", "/api/v1/users?page=1", 200, json!([user])), [""; 0]);
        assert_eq!(check("POST", "/api/v1/users", 201, user.clone()), [""; 0]);
        assert_eq!(check("POST", "/api/v1/users", 409, json!({"message": "any"})), [""; 0]);
        assert_eq!(check("GET", "/api/v1/users/search", 200, json!({"ok": true})), [""; 0]);
        assert_eq!(check("GET", "/api/v1/nowhere", 404, json!({"message": "any"})), [""; 0]);
        assert_eq!(check("HEAD", "/api/v1/users/a", 200, Value::Null), [""; 0]);
        assert_eq!(check("DELETE", "/api/v1/users/a", 204, Value::Null), [""; 0]);
        assert_eq!(check("GET", "/api/v1/raw/a/b.txt", 200, Value::Null), [""; 0]);
    }

    #[test]
    fn what_is_not_described_departs() {
        let user = |key: &str, value: Value| check("GET", "/api/v1/users/a", 200, json!({key: value}));
        assert_eq!(user("name", json!("a")), ["User.name: no such field is described"]);
        assert_eq!(user("id", json!("1")), ["User.id: integer is described, got string"]);
        assert_eq!(user("id", json!(1.5)), ["User.id: integer is described, got number"]);
        assert_eq!(user("created", json!("today")), ["User.created: string (date-time) is described, got string"]);
        assert_eq!(user("kind", json!("c")), ["User.kind: \"c\" is none of the values that are listed"]);
        assert_eq!(user("owner", json!({"x": 1})), ["User.x: no such field is described"]);
        assert_eq!(user("attributes", json!({"team": "x"})), ["User.attributes.*: array is described, got string"]);
        assert_eq!(user("attributes", json!({"team": [1]})), ["User.attributes.*[]: string is described, got integer"]);
        assert_eq!(check("GET", "/api/v1/users", 200, json!({})), ["GET /users: array is described, got object"]);
        assert_eq!(check("PUT", "/api/v1/users/7", 200, json!({})), ["PUT /users/*: no such operation"]);
        assert_eq!(
            check("POST", "/api/v1/users", 200, json!({})),
            ["POST /users: 200: a success of a status that is not described"]
        );
        assert_eq!(
            check("DELETE", "/api/v1/users/a", 204, json!({})),
            ["DELETE /users/{name}: 204: a body where none is described"]
        );
        let html =
            Met { status: 200, headers: vec![("content-type".into(), "text/html".into())], data: b"<p>".to_vec() };
        let found: Vec<_> = swagger().check("GET", "/api/v1/users", &html).into_values().collect();
        assert_eq!(found, ["JSON is described, got \"text/html\""]);
    }

    #[test]
    fn an_openapi_document_is_read_too() {
        let document = json!({
            "paths": {"/admin/{realm}": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Realm"}}}}}}}},
            "components": {"schemas": {"Realm": {"type": "object", "properties": {"realm": {"type": "string"}}}}},
        });
        let description = Description::new(document).unwrap();
        assert!(description.covers("/admin/a/b") && !description.covers("/realms/a"));
        assert!(
            swagger().covers("/api/v1/users") && !swagger().covers("/api/v10/users") && !swagger().covers("/users")
        );
        let met = Met {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            data: br#"{"name":"a"}"#.to_vec(),
        };
        let found: Vec<_> = description.check("GET", "/admin/a", &met).into_keys().collect();
        assert_eq!(found, ["Realm.name"]);
    }
}
