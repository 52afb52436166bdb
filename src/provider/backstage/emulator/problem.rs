//! What goes wrong, by the names and words of Backstage's own errors.

use serde_json::{Value, json};

/// An error as Backstage serialises it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) name: &'static str,
    pub(super) message: String,
    pub(super) cause: Option<(&'static str, String)>,
}

impl Problem {
    pub(super) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into(), cause: None }
    }

    pub(super) fn input(message: impl Into<String>) -> Self {
        Self::new("InputError", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new("NotFoundError", message)
    }

    /// An error that another one is the cause of: its words are part of the message.
    pub(super) fn caused(message: &str, name: &'static str, cause: String) -> Self {
        let message = format!("{message}; caused by {name}: {cause}");
        Self { name: "InputError", message, cause: Some((name, cause)) }
    }

    pub(super) fn status(&self) -> u16 {
        match self.name {
            "AuthenticationError" => 401,
            "NotAllowedError" => 403,
            "NotFoundError" => 404,
            "ConflictError" => 409,
            "InputError" => 400,
            _ => 500,
        }
    }

    pub(super) fn json(&self) -> Value {
        let mut body = json!({ "name": self.name, "message": self.message });
        if let Some((name, message)) = &self.cause {
            body["cause"] = json!({ "name": name, "message": message });
        }
        body
    }

    /// As an item of an entity's status.
    pub(super) fn status_item(&self) -> Value {
        json!({
            "type": "backstage.io/catalog-processing", "level": "error",
            "message": format!("{}: {}", self.name, self.message), "error": self.json(),
        })
    }
}
