//! What is refused, and the two forms that Twenty gives it: a REST body, and an entry of GraphQL's `errors`.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::provider::emulator::{json_answer, not_modelled};

/// A refusal, kept small since every operation may answer one. Most are REST 400: the server's REST layer has no other status for what it did not foresee.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The name of the exception, as REST shows it.
    pub(super) error: &'static str,
    pub(super) message: Box<str>,
    /// REST shows the code of some exceptions.
    pub(super) code: Option<&'static str>,
    /// `extensions.code` in GraphQL.
    pub(super) graphql: &'static str,
    pub(super) sub_code: Option<&'static str>,
    /// What a person is told; some of it is a general sentence.
    pub(super) friendly: Box<str>,
    /// The live record that holds a unique value, and its object.
    pub(super) holder: Option<Box<(String, String)>>,
    /// The whole body, where it has another form.
    pub(super) body: Option<Box<Value>>,
}

impl Refusal {
    /// Adds GraphQL's sub-code and what a person is told.
    pub(super) fn sub(mut self, sub_code: &'static str, friendly: impl Into<String>) -> Self {
        self.sub_code = Some(sub_code);
        self.friendly = friendly.into().into_boxed_str();
        self
    }

    /// Sets what a person is told.
    pub(super) fn friendly(mut self, friendly: impl Into<String>) -> Self {
        self.friendly = friendly.into().into_boxed_str();
        self
    }

    /// As REST answers.
    pub(super) fn render(&self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).expect("refusals have known status codes");
        if status == StatusCode::NOT_IMPLEMENTED {
            return not_modelled();
        }
        if let Some(body) = self.body.as_deref() {
            return json_answer(status, body);
        }
        let mut body = json!({ "statusCode": self.status, "error": self.error, "messages": [self.message] });
        if let Some(code) = self.code {
            body["code"] = code.into();
        }
        json_answer(status, &body)
    }

    /// As an entry of GraphQL's `errors`.
    pub(super) fn entry(&self) -> Value {
        let mut extensions = Map::new();
        if let Some(sub_code) = self.sub_code {
            extensions.insert("subCode".into(), sub_code.into());
        }
        extensions.insert("userFriendlyMessage".into(), self.friendly.to_string().into());
        if let Some((id, object)) = self.holder.as_deref() {
            extensions.insert("conflictingRecordId".into(), id.as_str().into());
            extensions.insert("conflictingObjectNameSingular".into(), object.as_str().into());
        }
        extensions.insert("code".into(), self.graphql.into());
        json!({ "message": self.message, "extensions": extensions })
    }
}

const GENERAL: &str = "An error occurred.";

/// 400 without a code.
pub(super) fn bad(message: impl Into<String>) -> Refusal {
    Refusal {
        status: 400,
        error: "BadRequestException",
        message: message.into().into_boxed_str(),
        code: None,
        graphql: "BAD_USER_INPUT",
        sub_code: None,
        friendly: GENERAL.into(),
        holder: None,
        body: None,
    }
}

/// 400 with the code of an exception, which is GraphQL's sub-code too.
pub(super) fn coded(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { error: "Error", code: Some(code), sub_code: Some(code), ..bad(message) }
}

/// 400 by an exception of another name.
pub(super) fn named(error: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { error, graphql: "INTERNAL_SERVER_ERROR", ..bad(message) }
}

/// A value in data that a field does not take.
pub(super) fn bad_value(message: impl Into<String>, friendly: impl Into<String>) -> Refusal {
    bad(message).sub("INVALID_ARGS_DATA", friendly)
}

/// 404: no such record.
pub(super) fn no_record() -> Refusal {
    let friendly = "This record does not exist or has been deleted.";
    let refusal = bad("Record not found").sub("RECORD_NOT_FOUND", friendly);
    Refusal { status: 404, error: "NotFoundException", graphql: "NOT_FOUND", ..refusal }
}

/// A right is missing: REST 400 for records, 403 for the data model.
pub(super) fn denied(status: u16) -> Refusal {
    let refusal = coded("PERMISSION_DENIED", "Entity performing the request does not have permission");
    Refusal { status, graphql: "FORBIDDEN", ..refusal.friendly("User does not have permission.") }
}

/// A unique value that another record holds.
pub(super) fn duplicate(holder: Option<(String, String, String)>) -> Refusal {
    let refusal = bad("A duplicate entry was detected");
    match holder {
        Some((label, id, object)) => Refusal {
            holder: Some(Box::new((id, object))),
            ..refusal.friendly(format!("This {label} value is already in use. Please check your data and try again."))
        },
        None => refusal.friendly("This record already exists. Please check your data and try again."),
    }
}

/// A link to no record.
pub(super) fn foreign_key(table: &str, constraint: &str) -> Refusal {
    let message = format!("insert or update on table \"{table}\" violates foreign key constraint \"{constraint}\"");
    bad(message).friendly(
        "This operation references a record that does not exist or cannot be modified due to existing relationships.",
    )
}

/// A body in the words of the framework below: what it refuses before Twenty sees the call.
pub(super) fn framework(status: u16, error: &'static str, message: Value) -> Refusal {
    let body = json!({ "message": message, "error": error, "statusCode": status });
    Refusal { status, body: Some(Box::new(body)), ..bad(GENERAL) }
}

/// 501 of our own: the operation exists and is not imitated.
pub(super) fn unimitated() -> Refusal {
    Refusal { status: 501, ..bad("not modelled by the sandbox") }
}
