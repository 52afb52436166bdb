//! The user profile as a document: read, replaced, and told beside a user.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, message};
use super::call::Call;
use super::profile::{is_required, permits, text_of};
use super::shapes;
use super::validators;
use super::world::{Object, Realm};

impl Realm {
    /// What `userProfileMetadata=true` adds to a user.
    pub fn profile_metadata(&self) -> Value {
        let attributes: Vec<Value> = self
            .declared()
            .iter()
            .map(|declaration| {
                let name = text_of(declaration, "name");
                let multivalued = declaration["multivalued"].as_bool().unwrap_or(false);
                let mut rules = Object::new();
                for (rule, config) in declaration["validations"].as_object().into_iter().flatten() {
                    let mut config = config.as_object().cloned().unwrap_or_default();
                    config.insert("ignore.empty.value".into(), json!(true));
                    rules.insert(rule.clone(), Value::Object(config));
                }
                if !multivalued {
                    rules.insert("multivalued".into(), json!({"max": "1"}));
                }
                let read_only = if name == "username" {
                    !self.is("editUsernameAllowed")
                } else {
                    !permits(declaration, "edit", "admin")
                };
                let mut shown = Object::new();
                shown.insert("name".into(), json!(name));
                shown.insert("displayName".into(), json!(text_or(declaration, "displayName", name)));
                shown.insert("required".into(), json!(name == "username" || is_required(declaration, "admin")));
                shown.insert("readOnly".into(), json!(read_only));
                for key in ["annotations", "group", "defaultValue"] {
                    if !declaration[key].is_null() {
                        shown.insert(key.into(), declaration[key].clone());
                    }
                }
                shown.insert("validators".into(), Value::Object(rules));
                shown.insert("multivalued".into(), json!(multivalued));
                Value::Object(shown)
            })
            .collect();
        json!({"attributes": attributes, "groups": self.profile["groups"].clone()})
    }
}

impl Call<'_> {
    pub fn profile(&self) -> Outcome {
        self.caller.demand(&["view-users", "manage-users", "view-realm", "manage-realm"])?;
        Ok(Answer::json(self.realm.profile.clone()))
    }

    /// Replaces the whole document. Without `attributes` every rule of names is gone; that is what the service does.
    pub fn put_profile(&mut self) -> Outcome {
        let body = self.request.bean(&shapes::PROFILE)?;
        self.caller.demand(&["manage-realm"])?;
        let mut profile = Object::new();
        if let Some(Value::Array(attributes)) = body.get("attributes") {
            check_attributes(attributes)?;
            let ordered = attributes.iter().filter_map(Value::as_object).map(|attribute| {
                let mut attribute = shapes::PROFILE_ATTRIBUTE.in_order(attribute.clone());
                attribute.entry("multivalued").or_insert(json!(false));
                Value::Object(attribute)
            });
            profile.insert("attributes".into(), ordered.collect());
        }
        profile.insert("groups".into(), body.get("groups").cloned().unwrap_or_else(|| json!([])));
        if let Some(policy) = body.get("unmanagedAttributePolicy") {
            profile.insert("unmanagedAttributePolicy".into(), policy.clone());
        }
        self.realm.profile = Value::Object(profile);
        let shown = self.realm.profile.clone();
        self.record("UPDATE", "USER_PROFILE", Some("users/profile".into()), Some(shown.clone()));
        Ok(Answer::json(shown))
    }
}

fn check_attributes(attributes: &[Value]) -> Result<(), Refusal> {
    let mut errors: Vec<String> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for attribute in attributes {
        let name = text_of(attribute, "name");
        if name.is_empty() {
            errors.push("Attribute configuration without 'name' is not allowed".into());
            continue;
        }
        if seen.contains(&name) {
            errors.push(format!("Duplicate attribute configuration with 'name':'{name}'"));
        }
        seen.push(name);
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            errors.push(format!(
                "Invalid attribute name (only letters, numbers and '.' '_' '-' special characters allowed): {name}"
            ));
        }
        for rule in attribute["validations"].as_object().into_iter().flatten().map(|(rule, _)| rule) {
            if !validators::KNOWN.contains(&rule.as_str()) {
                errors.push(format!("Validator '{rule}' defined for attribute '{name}' doesn't exist"));
            }
        }
    }
    for name in ["username", "email"] {
        if !seen.contains(&name) {
            errors.push(format!("The attribute '{name}' can not be removed"));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(message(400, format!("[{}]", errors.join(", ")))) }
}

fn text_or<'a>(value: &'a Value, name: &str, default: &'a str) -> &'a str {
    value[name].as_str().unwrap_or(default)
}
