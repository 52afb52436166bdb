//! What an answer means: one table from (call, status, body) to a class of failure. The recordings are its tests.
//!
//! Keycloak speaks of errors in three shapes, says 404 for things that are not absence, and 500 for mistakes of the
//! caller; so neither the status nor the text alone decides.

use reqwest::Method;
use serde_json::Value;

use super::api::routes;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call};

/// What Keycloak says of an object that is not there, whatever the route.
const GONE: [&str; 11] = [
    "User not found",
    "Could not find user",
    "Could not find client",
    "Could not find client scope",
    "Client scope not found",
    "Could not find group by id",
    "Group not found",
    "Group path does not exist",
    "Could not find role",
    "Model not found",
    "Organization not found.",
];

/// What the routes of an organisation's members say of absence; elsewhere it means a wrong address.
const BARE_NOT_FOUND: &str = "HTTP 404 Not Found";

/// What an answer means; `None` for success.
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    let said = said(answer);
    if answer.is_success() {
        return looks_like_a_page(answer)
            .then(|| Failure::new(FailureClass::Later, &call.doing, "a page came where JSON belongs").help(PROXY));
    }
    let (class, help) = verdict(call, answer.status, said.as_deref());
    let said = said.unwrap_or_else(|| format!("status {} without a word of Keycloak's", answer.status));
    Some(Failure::new(class, &call.doing, said).help(help))
}

/// What Keycloak said, as one text for people, whichever of its shapes it came in; `None` when it was not Keycloak
/// that spoke.
pub fn said(answer: &Answer) -> Option<String> {
    let body = answer.json()?;
    let body = body.as_object()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    if let Some(errors) = body.get("errors").and_then(Value::as_array) {
        let all: Vec<String> = errors.iter().filter_map(violation).collect();
        return Some(all.join("; "));
    }
    if body.contains_key("field") {
        return violation(&Value::Object(body.clone()));
    }
    match (text("errorMessage"), text("error"), text("error_description")) {
        (Some(message), ..) => Some(message.to_owned()),
        (None, Some(error), Some(description)) => Some(format!("{error}: {description}")),
        (None, Some(error), None) => Some(error.to_owned()),
        (None, None, description) => description.map(str::to_owned),
    }
}

/// The rights that a call needs, by the names that Keycloak gives them.
pub fn rights_for(method: &Method, route: &str) -> &'static str {
    let reads = method == Method::GET;
    match route {
        _ if route == routes::PROFILE && !reads => "manage-realm",
        _ if route.starts_with(routes::ORGANIZATIONS) => {
            if reads {
                "view-organizations and view-users (view-realm before 26.7)"
            } else {
                "manage-organizations and manage-users (manage-realm before 26.7)"
            }
        }
        _ if route.starts_with(routes::CLIENTS) || route.starts_with(routes::CLIENT_SCOPES) => {
            if reads {
                "view-clients"
            } else {
                "manage-clients"
            }
        }
        _ if route.starts_with(routes::ROLES) => {
            if reads {
                "view-realm"
            } else {
                "manage-realm"
            }
        }
        _ if route.starts_with(routes::USERS) || route.starts_with(routes::GROUPS) => {
            if reads {
                "view-users"
            } else {
                "manage-users"
            }
        }
        _ => "view-realm",
    }
}

const PROXY: &str = "something in front of Keycloak answered; check the URL and try again when Keycloak is up";

fn verdict(call: &Call, status: u16, said: Option<&str>) -> (FailureClass, String) {
    use FailureClass::{Conflict, Gone, Later, MissingRights, Refused, Unclear};
    let text = said.unwrap_or_default();
    let reads = call.method == Method::GET;
    let members = matches!(call.route, routes::ORGANIZATION_MEMBERS | routes::ORGANIZATION_MEMBER);
    match status {
        300..=399 => (Refused, "Keycloak redirects; the URL in the config must be the one that it redirects to".into()),
        401 => {
            (MissingRights, "the credentials were refused; check the client, its secret, and that it is enabled".into())
        }
        403 => (
            MissingRights,
            format!(
                "give our client's service account the role {} of 'realm-management', and keep its 'full scope' on; \
                 'formulary doctor' lists every right",
                rights_for(&call.method, call.route)
            ),
        ),
        404 if text.starts_with("Organizations not enabled") => {
            (Refused, "switch organisations on in the realm's settings, or declare none".into())
        }
        404 if text == "Realm not found." || text == "Realm does not exist" => {
            (Refused, "there is no such realm; check 'options.realm', which is case-sensitive".into())
        }
        404 if GONE.contains(&text) || (members && text == BARE_NOT_FOUND) => (Gone, String::new()),
        404 if said.is_none() => (Later, PROXY.into()),
        404 => (Refused, "Keycloak does not know this address; check its release and the URL in the config".into()),
        400 if text.contains("is already linked to organization") => {
            (Conflict, "a mail domain belongs to one organisation only; take it from the other first".into())
        }
        400 if text.starts_with("The user is read-only") => {
            (Refused, "the organisation that manages this person is disabled; enable it first".into())
        }
        400 if text.contains("error-user-attribute-required") => (
            Refused,
            "the realm's user profile demands an attribute that this account lacks, and refuses every change until it \
             has one; make it optional for administrators"
                .into(),
        ),
        400 if text.contains("error-user-attribute-read-only") => {
            (Refused, "the realm forbids new usernames; 'Edit username' is among its login settings".into())
        }
        400 if text.contains("Unrecognized field") => {
            (Refused, "this release of Keycloak is older than the ones that Formulary was tried on".into())
        }
        408 | 429 | 503 => (Later, String::new()),
        409 => (Conflict, String::new()),
        500 if text.starts_with("Failed to send") => {
            (Refused, "the realm cannot send mail; set up its mail server, or choose another 'first_sign_in'".into())
        }
        // Reading changes nothing, and nothing that we send in a read is among what Keycloak answers 500 to.
        500..=599 if reads => (Later, if said.is_none() { PROXY.into() } else { String::new() }),
        // Keycloak undoes the whole of a failed call, but what stands in front of it does not know.
        500..=599 => (Unclear, "the next cycle reads what is there; Keycloak's log says why".into()),
        _ => (Refused, String::new()),
    }
}

/// `email: error-invalid-email (nope)`.
fn violation(error: &Value) -> Option<String> {
    let message = error.get("errorMessage")?.as_str()?;
    let Some(field) = error.get("field").and_then(Value::as_str) else { return Some(message.to_owned()) };
    let params: Vec<String> = error
        .get("params")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|it| it.as_str() != Some(field) && !it.is_null())
        .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
        .collect();
    let params = if params.is_empty() { String::new() } else { format!(" ({})", params.join(", ")) };
    Some(format!("{field}: {message}{params}"))
}

fn looks_like_a_page(answer: &Answer) -> bool {
    answer.header("content-type").is_some_and(|it| it.starts_with("text/html"))
        || answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}
