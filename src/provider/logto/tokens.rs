//! How Logto gives tokens of the management API to our application, and what a refusal means.

use reqwest::Method;
use serde_json::Value;

use super::api::routes;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Body, Call, ClientGrant, ClientTokens};

/// The one scope of the management API.
pub const SCOPE: &str = "all";
/// What there is to say of a token without it. The server gives one all the same, and refuses whatever is asked with it.
pub const NO_SCOPE: &str = "the token came without the scope 'all'";
/// How our application gets its right.
pub const GRANT: &str = "give our application a machine-to-machine role that holds the permission 'all' of the Logto \
                         Management API, such as 'Logto Management API access' (Console: Applications, Roles)";

/// The tokens of our application.
pub type Tokens = ClientTokens<Resource>;

/// The identifier of the management API.
pub struct Resource(pub String);

impl Resource {
    fn doing(&self) -> String {
        format!("ask for a token for '{}'", self.0)
    }
}

impl ClientGrant for Resource {
    type Kept = ();

    const ADDRESS: &'static str =
        "check that the URL in the config leads to Logto, without '/api' or '/oidc' at its end";

    fn call(&self) -> Call {
        let form = [("grant_type", "client_credentials"), ("resource", self.0.as_str()), ("scope", SCOPE)];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Call::new(Method::POST, routes::TOKEN, &[], self.doing()).body(Body::Form(form))
    }

    fn refusal(&self, doing: &str, answer: &Answer) -> Failure {
        refusal(doing, answer)
    }

    fn keep(&self, _token: &str, answer: &Value) -> Result<(), Failure> {
        let scopes = answer.get("scope").and_then(Value::as_str).unwrap_or_default();
        if scopes.split(' ').any(|scope| scope == SCOPE) {
            return Ok(());
        }
        Err(Failure::new(FailureClass::MissingRights, self.doing(), NO_SCOPE).help(GRANT))
    }
}

/// What a refusal of the token endpoint means.
fn refusal(doing: &str, answer: &Answer) -> Failure {
    let body = answer.json().unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let (error, described) = (text("error"), text("error_description").unwrap_or_default());
    let said = match error {
        Some(error) => format!("{error}: {described}"),
        None => format!("status {}", answer.status),
    };
    let (class, help) = match (answer.status, error) {
        (401, Some("invalid_client")) => {
            (FailureClass::MissingRights, "the secret is wrong; check 'credentials.client_secret'")
        }
        (400, Some("invalid_client")) => (
            FailureClass::MissingRights,
            "there is no such application, or it was deleted; 'credentials.client_id' is the id that Logto gave it",
        ),
        (400, Some("invalid_request")) if described.contains("secret has expired") => {
            (FailureClass::MissingRights, "the secret has expired: add another one to our application and name that")
        }
        (400, Some("invalid_target")) => (
            FailureClass::Refused,
            "check 'options.resource': it is a fixed identifier, 'https://default.logto.app/api' on every Logto of one's \
             own, whatever its address, without a slash at the end",
        ),
        (400, Some("unauthorized_client")) => {
            (FailureClass::MissingRights, "our application must be of the type machine-to-machine")
        }
        (400 | 401 | 403, Some(_)) => (FailureClass::MissingRights, "check the credentials in the config"),
        (300..=399, _) => {
            (FailureClass::Refused, "it redirects; the URL in the config must be the one that it redirects to")
        }
        (429 | 500..=599, _) => (FailureClass::Later, ""),
        _ => (FailureClass::Later, "this is not Logto's address; check the URL and its path"),
    };
    Failure::new(class, doing, said).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::recorded::all;

    /// What the token endpoint of a running server ever refused to machines, and what we take it for.
    #[test]
    fn every_refusal_has_its_class() {
        let mut rows = std::collections::BTreeSet::new();
        for exchange in all("logto") {
            let machine = exchange.body["grant_type"] == "client_credentials";
            if exchange.path != routes::TOKEN || exchange.method != "POST" || exchange.status < 400 || !machine {
                continue;
            }
            let failure = refusal("x", &exchange.answered().unwrap());
            rows.insert(format!("{} {:?}: {}", exchange.status, failure.class, failure.said));
        }
        if rows.is_empty() {
            return;
        }
        let rows: Vec<String> = rows.into_iter().collect();
        insta::assert_snapshot!(rows.join("\n"), @r#"
        400 MissingRights: invalid_client: invalid client nobody
        400 MissingRights: invalid_client: invalid client r2e531cqcufogphwstfcz
        400 MissingRights: invalid_request: client authentication must only be provided using one mechanism
        400 MissingRights: invalid_request: client secret has expired
        400 MissingRights: invalid_request: no client authentication mechanism provided
        400 Refused: invalid_target: both `resource` and `organization_id` are not provided
        400 Refused: invalid_target: resource indicator is missing, or unknown
        400 Refused: invalid_target: resource indicator must be an absolute URI
        401 MissingRights: invalid_client: client authentication failed
        403 MissingRights: access_denied: app has not associated with the organization
        "#);
    }
}
