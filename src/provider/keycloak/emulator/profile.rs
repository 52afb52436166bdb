//! The user profile: which attributes exist, what they may hold, and what a write makes of those that do not.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{Refusal, message, refuse};
use super::hash_order;
use super::realms::text;
use super::validators;
use super::world::{Attributes, Object, Realm, User};

/// What the profile keeps in fields of their own.
pub(super) const ROOT: [&str; 4] = ["username", "email", "firstName", "lastName"];

/// The attribute in which a permanent lockout says why; it shows without being declared.
pub(super) const DISABLED_REASON: &str = "disabledReason";

/// Longest value of an attribute that is not declared.
const UNMANAGED_LENGTH: usize = 2048;

/// How the realm treats attributes that its profile does not declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmanaged {
    Hidden,
    AdminView,
    Editable,
}

impl Realm {
    pub fn unmanaged(&self) -> Unmanaged {
        match self.profile["unmanagedAttributePolicy"].as_str() {
            Some("ENABLED" | "ADMIN_EDIT") => Unmanaged::Editable,
            Some("ADMIN_VIEW") => Unmanaged::AdminView,
            _ => Unmanaged::Hidden,
        }
    }

    pub fn declared(&self) -> &[Value] {
        self.profile["attributes"].as_array().map_or(&[], Vec::as_slice)
    }

    fn declaration(&self, name: &str) -> Option<&Value> {
        self.declared().iter().find(|attribute| attribute["name"] == name)
    }

    /// The attributes of a user that an administrator sees.
    pub fn shown_attributes(&self, user: &User) -> Attributes {
        let unmanaged = self.unmanaged();
        user.attributes
            .iter()
            .filter(|(name, _)| match self.declaration(name) {
                Some(declaration) => permits(declaration, "view", "admin") || permits(declaration, "edit", "admin"),
                None => unmanaged != Unmanaged::Hidden || name.as_str() == DISABLED_REASON,
            })
            .map(|(name, values)| (name.clone(), values.clone()))
            .collect()
    }

    /// The attributes of a user that the profile does not declare, as far as the policy shows them.
    pub fn unmanaged_attributes(&self, user: &User) -> Attributes {
        if self.unmanaged() == Unmanaged::Hidden {
            return Attributes::new();
        }
        user.attributes
            .iter()
            .filter(|(name, _)| self.declaration(name).is_none())
            .map(|(name, values)| (name.clone(), values.clone()))
            .collect()
    }

    /// Whether a person may sign in as far as their profile goes: all that is demanded of users is there.
    pub fn is_complete(&self, user: &User) -> bool {
        self.declared().iter().all(|declaration| {
            let name = text_of(declaration, "name");
            !is_required(declaration, "user") || !current(user, name).is_empty()
        })
    }

    /// Applies `body` to `user` as the admin API does: what is declared is checked and written, what is not follows the
    /// policy. Without `attributes` in the body what it leaves out stays; with them it is cleared.
    pub fn apply_profile(&self, body: &Object, user: &User, is_new: bool) -> Result<User, Refusal> {
        let given = self.given(body, user, is_new);
        let violations = self.violations(&given, user, is_new);
        raise(violations)?;
        Ok(self.written(&given, body.contains_key("attributes"), user))
    }

    /// Everything that the write speaks of, names folded.
    fn given(&self, body: &Object, user: &User, is_new: bool) -> Attributes {
        let mut given: Attributes = match body.get("attributes") {
            Some(Value::Object(map)) => map.iter().map(|(name, values)| (name.clone(), strings(values))).collect(),
            _ => Attributes::new(),
        };
        for name in ROOT {
            match text(body, name) {
                Some(value) => {
                    given.insert(name.into(), vec![value.to_owned()]);
                }
                // The names may come with the attributes; username and e-mail may not.
                None if name == "username" || name == "email" => {
                    given.remove(name);
                }
                None => {}
            }
        }
        if !body.contains_key("attributes") && !is_new {
            for (name, values) in &user.attributes {
                given.entry(name.clone()).or_insert_with(|| values.clone());
            }
            for name in ROOT {
                given.entry(name.into()).or_insert_with(|| current(user, name));
            }
        }
        for declaration in self.declared() {
            let name = text_of(declaration, "name");
            let kept = if permits(declaration, "edit", "admin") { Vec::new() } else { current(user, name) };
            given.entry(name.to_owned()).or_insert(kept);
        }
        if !is_new && given.get("username").is_none_or(|values| values.iter().all(String::is_empty)) {
            given.insert("username".into(), vec![user.username.clone()]);
        }
        for name in ["username", "email"] {
            if let Some(values) = given.get_mut(name) {
                for value in values {
                    *value = value.to_lowercase();
                }
            }
        }
        if self.is("registrationEmailAsUsername")
            && let Some(email) = given.get("email").and_then(|values| values.first()).filter(|email| !email.is_empty())
        {
            given.insert("username".into(), vec![email.clone()]);
        }
        for values in given.values_mut() {
            values.retain(|value| !value.is_empty());
        }
        given
    }

    fn violations(&self, given: &Attributes, user: &User, is_new: bool) -> Vec<Broken> {
        let mut broken = Vec::new();
        for declaration in self.declared() {
            let name = text_of(declaration, "name");
            let values = given.get(name).map(Vec::as_slice).unwrap_or_default();
            self.check_declared(declaration, name, values, user, is_new, &mut broken);
        }
        if self.unmanaged() == Unmanaged::Editable {
            for (name, values) in given.iter().filter(|(name, _)| self.is_unmanaged(name)) {
                if values.iter().any(|value| value.encode_utf16().count() > UNMANAGED_LENGTH) {
                    broken.push(Broken::new(name, "error-invalid-length", vec![json!(0), json!(UNMANAGED_LENGTH)]));
                }
            }
        }
        self.check_taken(given, user, is_new, &mut broken);
        broken
    }

    fn check_declared(
        &self,
        declaration: &Value,
        name: &str,
        values: &[String],
        user: &User,
        is_new: bool,
        broken: &mut Vec<Broken>,
    ) {
        let required = is_required(declaration, "admin") || (name == "email" && self.is("registrationEmailAsUsername"));
        if required && values.iter().all(|value| value.trim().is_empty()) {
            broken.push(Broken::new(name, "error-user-attribute-required", Vec::new()));
        }
        let renames_by_hand = name == "username"
            && !is_new
            && !self.is("editUsernameAllowed")
            && !self.is("registrationEmailAsUsername")
            && values.first().is_some_and(|value| *value != user.username);
        let locked =
            name != "username" && !is_new && !permits(declaration, "edit", "admin") && *values != current(user, name);
        if renames_by_hand || locked {
            broken.push(Broken::new(name, "error-user-attribute-read-only", Vec::new()));
        }
        let single = !declaration["multivalued"].as_bool().unwrap_or(false);
        if single && values.len() > 1 {
            broken.push(Broken::new(name, "error-invalid-multivalued-size", vec![json!(0), json!(1)]));
        }
        let Some(rules) = declaration["validations"].as_object() else {
            return;
        };
        for (rule, config) in rules {
            if let Some(found) = values.iter().find_map(|value| validators::check(rule, config, value)) {
                broken.push(Broken::new(name, found.message, found.params));
            }
        }
    }

    fn check_taken(&self, given: &Attributes, user: &User, is_new: bool, broken: &mut Vec<Broken>) {
        let other = |found: Option<&User>| found.is_some_and(|found| is_new || found.id != user.id);
        if let Some(username) = given.get("username").and_then(|values| values.first())
            && (is_new || *username != user.username)
        {
            let as_email = self.is("loginWithEmailAllowed") && other(self.user_with_email(username));
            let by_email = self.is("registrationEmailAsUsername")
                && given.get("email").is_some_and(|e| e.first() == Some(username));
            if other(self.user_named(username)) || (as_email && !by_email) {
                broken.push(Broken::new("username", USERNAME_EXISTS, Vec::new()));
            }
        }
        if let Some(email) = given.get("email").and_then(|values| values.first())
            && !self.is("duplicateEmailsAllowed")
            && (is_new || user.email.as_ref() != Some(email))
            && other(self.user_with_email(email))
        {
            broken.push(Broken::new("email", EMAIL_EXISTS, Vec::new()));
        }
    }

    fn is_unmanaged(&self, name: &str) -> bool {
        !ROOT.contains(&name) && self.declaration(name).is_none()
    }

    fn written(&self, given: &Attributes, replaces: bool, user: &User) -> User {
        let mut written = user.clone();
        let editable = self.unmanaged() == Unmanaged::Editable;
        let first = |name: &str| given.get(name).and_then(|values| values.first()).cloned();
        if let Some(username) = first("username") {
            written.username = username;
        }
        if given.contains_key("email") {
            written.email = first("email");
        } else if replaces {
            written.email = None;
        }
        for (name, field) in [("firstName", &mut written.first_name), ("lastName", &mut written.last_name)] {
            if given.contains_key(name) && (self.declaration(name).is_some() || editable) {
                *field = first(name);
            }
        }
        if replaces && editable {
            written.attributes.retain(|name, _| given.contains_key(name) || !self.is_unmanaged(name));
        }
        for (name, values) in given {
            if ROOT.contains(&name.as_str()) {
                continue;
            }
            let writable = match self.declaration(name) {
                Some(declaration) => permits(declaration, "edit", "admin"),
                None => editable,
            };
            if !writable {
                continue;
            }
            if values.is_empty() {
                written.attributes.remove(name);
            } else {
                written.attributes.insert(name.clone(), values.clone());
            }
        }
        written
    }
}

const USERNAME_EXISTS: &str = "usernameExistsMessage";
const EMAIL_EXISTS: &str = "emailExistsMessage";

struct Broken {
    field: String,
    message: &'static str,
    params: Vec<Value>,
}

impl Broken {
    fn new(field: &str, message: &'static str, params: Vec<Value>) -> Self {
        Self { field: field.to_owned(), message, params }
    }
}

/// Turns broken rules into the service's answer. It keeps them in a hash map by message, and so does its order of telling
/// them: that decides which of two collisions is named.
fn raise(broken: Vec<Broken>) -> Result<(), Refusal> {
    let mut by_message: BTreeMap<(u32, usize), Vec<Broken>> = BTreeMap::new();
    let mut order: Vec<&'static str> = Vec::new();
    for entry in broken {
        let place = order.iter().position(|known| *known == entry.message).unwrap_or_else(|| {
            order.push(entry.message);
            order.len() - 1
        });
        by_message.entry((hash_order::bucket(entry.message, 16), place)).or_default().push(entry);
    }
    let mut errors = Vec::new();
    for entry in by_message.into_values().flatten() {
        match entry.message {
            USERNAME_EXISTS => return Err(message(409, "User exists with same username")),
            EMAIL_EXISTS => return Err(message(409, "User exists with same email")),
            _ => {}
        }
        let params: Vec<Value> = std::iter::once(json!(entry.field)).chain(entry.params).collect();
        errors.push(json!({"field": entry.field, "errorMessage": entry.message, "params": params}));
    }
    match errors.len() {
        0 => Ok(()),
        1 => Err(refuse(400, errors.remove(0))),
        _ => Err(refuse(400, json!({"errors": errors}))),
    }
}

/// Whether a role may see or change an attribute.
pub(super) fn permits(declaration: &Value, what: &str, role: &str) -> bool {
    let name = text_of(declaration, "name");
    let listed =
        declaration["permissions"][what].as_array().is_some_and(|roles| roles.iter().any(|known| known == role));
    // Whoever manages users can always see and set what people are told apart by.
    listed || (role == "admin" && (name == "username" || name == "email"))
}

/// Whether an attribute is demanded of a role.
pub(super) fn is_required(declaration: &Value, role: &str) -> bool {
    let Some(required) = declaration["required"].as_object() else {
        return false;
    };
    let list = |name: &str| required.get(name).and_then(Value::as_array).filter(|list| !list.is_empty());
    match (list("roles"), list("scopes")) {
        (Some(roles), _) => roles.iter().any(|known| known == role),
        (None, Some(_)) => false,
        (None, None) => true,
    }
}

/// The values that a user has under a name, whether it is a field or an attribute.
pub(super) fn current(user: &User, name: &str) -> Vec<String> {
    let field = match name {
        "username" => Some(user.username.clone()),
        "email" => user.email.clone(),
        "firstName" => user.first_name.clone(),
        "lastName" => user.last_name.clone(),
        _ => return user.attributes.get(name).cloned().unwrap_or_default(),
    };
    field.into_iter().collect()
}

/// A list of strings out of JSON.
pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Lists of strings by name out of JSON.
pub(super) fn attributes(value: &Value) -> Attributes {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, values)| (name.clone(), strings(values)))
        .filter(|(_, values)| !values.is_empty())
        .collect()
}

/// A text in JSON, or nothing.
pub(super) fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
