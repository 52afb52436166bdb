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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;
    use crate::provider::keycloak::api::routes::*;
    use crate::provider::recorded;

    /// Every route that we call, the more exact ones first.
    const ROUTES: [&str; 30] = [
        USERS_COUNT,
        PROFILE,
        USER_GROUP,
        USER_GROUPS,
        LOGOUT,
        ACTIONS_EMAIL,
        USER,
        USERS,
        GROUPS_COUNT,
        CHILDREN,
        GROUP_MEMBERS,
        GROUP,
        GROUPS,
        ORGANIZATIONS_COUNT,
        ORGANIZATION_MEMBERS_COUNT,
        ORGANIZATION_MEMBER,
        ORGANIZATION_MEMBERS,
        ORGANIZATION,
        ORGANIZATIONS,
        CLIENT_DEFAULT_SCOPE,
        CLIENT_OPTIONAL_SCOPE,
        CLIENT,
        CLIENTS,
        MAPPER,
        MAPPERS,
        CLIENT_SCOPE,
        CLIENT_SCOPES,
        ROLE,
        ROLES,
        REALM,
    ];

    fn answer(status: u16, body: &Value) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let body = match body {
            Value::Null => Bytes::new(),
            Value::String(page) if page.starts_with('<') => Bytes::from(page.clone()),
            other => Bytes::from(other.to_string()),
        };
        Answer { status, headers, body }
    }

    fn route_of(path: &str) -> Option<&'static str> {
        let path: Vec<&str> = path.split('/').collect();
        ROUTES.into_iter().find(|route| {
            let route: Vec<&str> = route.split('/').collect();
            route.len() == path.len() && route.iter().zip(&path).all(|(a, b)| a.starts_with('{') || a == b)
        })
    }

    fn verdict_of(method: &str, route: &'static str, status: u16, body: &Value) -> Option<Failure> {
        classify(&Call::new(method.parse().unwrap(), route, &[], "x"), &answer(status, body))
    }

    /// The whole table, as people can read it: what was ever refused, and what we take it for.
    #[test]
    fn everything_that_was_ever_refused_has_its_class() {
        let mut table: BTreeMap<String, usize> = BTreeMap::new();
        for exchange in recorded::all("keycloak").into_iter().filter(|it| it.status >= 400) {
            let Some(route) = route_of(&exchange.path) else { continue };
            if !["GET", "POST", "PUT", "DELETE"].contains(&exchange.method.as_str()) {
                continue;
            }
            let failure = verdict_of(&exchange.method, route, exchange.status, &exchange.answer).unwrap();
            let words: String = failure.said.chars().take(60).collect();
            let route = route.trim_start_matches("/admin/realms/{realm}");
            let row = format!("{} {} {route} {:?}: {words}", exchange.status, exchange.method, failure.class);
            *table.entry(row).or_default() += 1;
        }
        if table.is_empty() {
            return;
        }
        let rows: Vec<String> = table.into_keys().collect();
        insta::assert_snapshot!(rows.join("\n"), @r#"
        400 DELETE /roles/{role} Refused: default-roles-acme is default role of the realm and cannot b
        400 GET /clients Refused: invalid_request: Attributes [pkce.code.challenge.method] not
        400 GET /users Refused: status 400 without a word of Keycloak's
        400 POST /clients Refused: Invalid json representation for ClientRepresentation. Unreco
        400 POST /clients Refused: invalid_input: A redirect URI is not a valid URI
        400 POST /clients Refused: invalid_input: A redirect URI must not contain an URL fragme
        400 POST /clients Refused: invalid_input: A redirect URI uses an illegal scheme
        400 POST /clients Refused: invalid_input: Client ID cannot be blank
        400 POST /clients Refused: invalid_input: Invalid protocol: nope
        400 POST /clients Refused: invalid_input: Root URL is not a valid URL
        400 POST /clients Refused: invalid_input: Root URL uses an illegal scheme
        400 POST /clients Refused: invalid_input: Root URL uses an illegal scheme; A redirect U
        400 POST /groups Refused: Group name is missing
        400 POST /groups Refused: Invalid json representation for GroupRepresentation. Unrecog
        400 POST /organizations Conflict: Domain acme.test is already linked to organization Acme Corp
        400 POST /organizations Refused: Character '!' not allowed.
        400 POST /organizations Refused: Character '#' not allowed.
        400 POST /organizations Refused: Character '$' not allowed.
        400 POST /organizations Refused: Character '&' not allowed.
        400 POST /organizations Refused: Character '(' not allowed.
        400 POST /organizations Refused: Character ')' not allowed.
        400 POST /organizations Refused: Character '*' not allowed.
        400 POST /organizations Refused: Character '+' not allowed.
        400 POST /organizations Refused: Character ',' not allowed.
        400 POST /organizations Refused: Character '/' not allowed.
        400 POST /organizations Refused: Character ':' not allowed.
        400 POST /organizations Refused: Character ';' not allowed.
        400 POST /organizations Refused: Character '=' not allowed.
        400 POST /organizations Refused: Character '?' not allowed.
        400 POST /organizations Refused: Character '@' not allowed.
        400 POST /organizations Refused: Character '[' not allowed.
        400 POST /organizations Refused: Character '\' not allowed.
        400 POST /organizations Refused: Character ']' not allowed.
        400 POST /organizations Refused: Empty Space not allowed.
        400 POST /organizations Refused: Invalid domain format: not a domain
        400 POST /organizations Refused: Invalid json representation for OrganizationRepresentation. 
        400 POST /organizations Refused: Name can not be null
        400 POST /organizations Refused: Name cannot be used as alias: Empty Space not allowed.
        400 POST /organizations/{organization}/members/{user} Refused: Email is required to invite a member
        400 POST /organizations/{organization}/members/{user} Refused: Invalid email format
        400 POST /organizations/{organization}/members/{user} Refused: User does not exist
        400 POST /roles Refused: Invalid json representation for RoleRepresentation. Unrecogn
        400 POST /roles Refused: role has no name
        400 POST /users Refused: Invalid json representation for UserRepresentation. Unrecogn
        400 POST /users Refused: User name is missing
        400 POST /users Refused: email: error-invalid-email ( s@c.test )
        400 POST /users Refused: email: error-invalid-email (.a@c.test)
        400 POST /users Refused: email: error-invalid-email (a b@c.test)
        400 POST /users Refused: email: error-invalid-email (a..b@c.test)
        400 POST /users Refused: email: error-invalid-email (a@b@c.test)
        400 POST /users Refused: email: error-invalid-email (a@b_c.test)
        400 POST /users Refused: email: error-invalid-email (ab.test)
        400 POST /users Refused: email: error-invalid-email (xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        400 POST /users Refused: email: error-invalid-length-too-long (255); email: error-inv
        400 POST /users Refused: email: error-user-attribute-required
        400 POST /users Refused: firstName: error-invalid-length-too-long (255)
        400 POST /users Refused: firstName: error-person-name-invalid-character
        400 POST /users Refused: invalid_request: Cannot parse the JSON
        400 POST /users Refused: number: error-invalid-number
        400 POST /users Refused: team: error-invalid-value
        400 POST /users Refused: team: error-invalid-value; number: error-number-out-of-range
        400 POST /users Refused: team: error-user-attribute-required
        400 POST /users Refused: unknown_error: Cannot parse the JSON
        400 POST /users Refused: username: error-invalid-length (3, 255)
        400 POST /users Refused: username: error-invalid-length (3, 255); email: error-invali
        400 POST /users Refused: username: error-username-invalid-character
        400 PUT  Refused: Invalid json representation for RealmRepresentation. Unrecog
        400 PUT  Refused: Password policy not found
        400 PUT  Refused: unknown_error: Cannot parse the JSON
        400 PUT /clients/{client} Refused: invalid_input: A redirect URI must not contain an URL fragme
        400 PUT /groups/{group} Refused: Group name is missing
        400 PUT /organizations/{organization} Conflict: Domain beta.test is already linked to organization beta in r
        400 PUT /organizations/{organization} Refused: Cannot change the alias
        400 PUT /organizations/{organization} Refused: Invalid json representation for OrganizationRepresentation. 
        400 PUT /users/profile Refused: Invalid json representation for UPConfig. Unrecognized field
        400 PUT /users/profile Refused: [The attribute 'username' can not be removed]
        400 PUT /users/profile Refused: [Validator 'nope' defined for attribute 'x' doesn't exist]
        400 PUT /users/profile Refused: unknown_error: Cannot parse the JSON
        400 PUT /users/{user} Refused: Invalid json representation for UserRepresentation. Unrecogn
        400 PUT /users/{user} Refused: The user is read-only. Not possible to write 'attribute(firs
        400 PUT /users/{user} Refused: email: error-invalid-email (nope)
        400 PUT /users/{user} Refused: long: error-invalid-length (0, 2048)
        400 PUT /users/{user} Refused: phone: error-invalid-multivalued-size (0, 1)
        400 PUT /users/{user} Refused: team: error-user-attribute-required
        400 PUT /users/{user} Refused: username: error-user-attribute-read-only
        400 PUT /users/{user}/execute-actions-email Refused: Client doesn't exist
        400 PUT /users/{user}/execute-actions-email Refused: Invalid redirect uri.
        400 PUT /users/{user}/execute-actions-email Refused: Provided invalid required actions
        400 PUT /users/{user}/execute-actions-email Refused: User email missing
        400 PUT /users/{user}/execute-actions-email Refused: User is disabled
        400 PUT /users/{user}/groups/{group} Refused: Cannot access organization related group via non Organizatio
        401 GET /users MissingRights: HTTP 401 Unauthorized
        403 GET  MissingRights: HTTP 403 Forbidden
        403 GET /clients MissingRights: HTTP 403 Forbidden
        403 GET /clients/{client} MissingRights: HTTP 403 Forbidden
        403 GET /groups MissingRights: HTTP 403 Forbidden
        403 GET /organizations MissingRights: HTTP 403 Forbidden
        403 GET /organizations/{organization}/members MissingRights: HTTP 403 Forbidden
        403 GET /organizations/{organization}/members/count MissingRights: HTTP 403 Forbidden
        403 GET /roles MissingRights: HTTP 403 Forbidden
        403 GET /users MissingRights: HTTP 403 Forbidden
        403 GET /users/{user} MissingRights: HTTP 403 Forbidden
        403 POST /clients MissingRights: HTTP 403 Forbidden
        403 POST /organizations/{organization}/members MissingRights: HTTP 403 Forbidden
        403 POST /users MissingRights: HTTP 403 Forbidden
        403 PUT /users/profile MissingRights: HTTP 403 Forbidden
        403 PUT /users/{user} MissingRights: HTTP 403 Forbidden
        404 DELETE  Refused: Realm not found.
        404 DELETE /clients/{client} Gone: Could not find client
        404 DELETE /groups/{group} Gone: Could not find group by id
        404 DELETE /organizations/{organization} Gone: Organization not found.
        404 DELETE /organizations/{organization}/members/{user} Gone: HTTP 404 Not Found
        404 DELETE /roles/{role} Gone: Could not find role
        404 DELETE /users/{user} Gone: User not found
        404 DELETE /users/{user}/groups/{group} Gone: Group not found
        404 GET  Refused: Realm not found.
        404 GET /clients/{client} Gone: Could not find client
        404 GET /groups/{group} Gone: Could not find group by id
        404 GET /groups/{group}/members Gone: Could not find group by id
        404 GET /organizations Refused: Organizations not enabled for this realm.
        404 GET /organizations/count Refused: Organizations not enabled for this realm.
        404 GET /organizations/{organization} Gone: Organization not found.
        404 GET /organizations/{organization} Refused: Organizations not enabled for this realm.
        404 GET /organizations/{organization}/members Gone: Organization not found.
        404 GET /organizations/{organization}/members/{user} Gone: HTTP 404 Not Found
        404 GET /roles/{role} Gone: Could not find role
        404 GET /users Refused: HTTP 404 Not Found
        404 GET /users Refused: Realm not found.
        404 GET /users/{user} Gone: User not found
        404 GET /users/{user} Later: status 404 without a word of Keycloak's
        404 GET /users/{user}/groups Gone: User not found
        404 POST /groups/{group}/children Gone: Could not find group by id
        404 POST /organizations Refused: Organizations not enabled for this realm.
        404 POST /organizations/{organization}/members Gone: HTTP 404 Not Found
        404 POST /users/{user} Gone: User not found
        404 PUT  Refused: Realm not found.
        404 PUT /clients/{client}/default-client-scopes/{scope} Gone: Client scope not found
        404 PUT /groups/{group} Gone: Could not find group by id
        404 PUT /organizations/{organization} Gone: Organization not found.
        404 PUT /users/{user} Gone: User not found
        404 PUT /users/{user}/groups/{group} Gone: Group not found
        404 PUT /users/{user}/groups/{group} Gone: User not found
        405 DELETE /users Refused: HTTP 405 Method Not Allowed
        405 PUT /users Refused: HTTP 405 Method Not Allowed
        406 GET /users Refused: HTTP 406 Not Acceptable
        409 POST /clients Conflict: Client gitea already exists
        409 POST /clients Conflict: Client race already exists
        409 POST /groups Conflict: Top level group named 'acme-corp' already exists.
        409 POST /groups Conflict: Top level group named 'race' already exists.
        409 POST /groups/{group}/children Conflict: Sibling group named 'devs' already exists.
        409 POST /organizations Conflict: A organization with the same alias already exists
        409 POST /organizations Conflict: A organization with the same name already exists.
        409 POST /organizations Conflict: conflict: Duplicate resource error
        409 POST /organizations/{organization}/members Conflict: User is already a member of the organization.
        409 POST /organizations/{organization}/members/{user} Conflict: User already a member of the organization
        409 POST /organizations/{organization}/members/{user} Conflict: User already has a pending invitation
        409 POST /organizations/{organization}/members/{user} Conflict: conflict: Duplicate resource error
        409 POST /roles Conflict: Role with name developer already exists
        409 POST /roles Conflict: Role with name race already exists
        409 POST /users Conflict: User exists with same email
        409 POST /users Conflict: User exists with same username
        409 POST /users Conflict: User exists with same username or email
        409 POST /users Conflict: conflict: Duplicate resource error
        409 PUT /clients/{client} Conflict: conflict: Duplicate resource error
        409 PUT /groups/{group} Conflict: Sibling group named 'developers' already exists.
        409 PUT /organizations/{organization} Conflict: A organization with the same name already exists.
        409 PUT /roles/{role} Conflict: conflict: Duplicate resource error
        409 PUT /users/{user} Conflict: User exists with same email
        409 PUT /users/{user} Conflict: User exists with same username
        409 PUT /users/{user}/groups/{group} Conflict: conflict: Duplicate resource error
        415 POST /organizations/{organization}/members Refused: The content-type header value did not match the value in @Co
        415 POST /users Refused: The content-type header value did not match the value in @Co
        500 DELETE /users/{user} Unclear: unknown_error: For more on this error consult the server log
        500 GET /organizations/{organization}/members Later: unknown_error: For more on this error consult the server log
        500 POST /clients Unclear: unknown_error: For more on this error consult the server log
        500 POST /groups Unclear: unknown_error: For more on this error consult the server log
        500 POST /organizations Unclear: unknown_error: For more on this error consult the server log
        500 POST /organizations/{organization}/members/{user} Refused: Failed to send invite email
        500 POST /roles Unclear: unknown_error: For more on this error consult the server log
        500 POST /users Unclear: unknown_error: For more on this error consult the server log
        500 PUT /users/{user}/execute-actions-email Refused: Failed to send execute actions email: Invalid sender address
        "#);
    }

    /// No success is taken for a failure.
    #[test]
    fn everything_that_ever_succeeded_still_does() {
        for exchange in recorded::all("keycloak").into_iter().filter(|it| (200..300).contains(&it.status)) {
            let Some(route) = route_of(&exchange.path) else { continue };
            let failure = verdict_of(&exchange.method, route, exchange.status, &exchange.answer);
            assert_eq!(failure, None, "{}", exchange.label);
        }
    }

    #[test]
    fn what_is_not_keycloak_is_waited_for_and_proves_nothing() {
        let page = Value::String("<html>busy</html>".to_owned());
        for (method, status, class) in [
            ("GET", 200, FailureClass::Later),
            ("GET", 404, FailureClass::Later),
            ("DELETE", 404, FailureClass::Later),
            ("GET", 502, FailureClass::Later),
            ("PUT", 502, FailureClass::Unclear),
            ("POST", 503, FailureClass::Later),
            ("GET", 302, FailureClass::Refused),
        ] {
            assert_eq!(verdict_of(method, USER, status, &page).unwrap().class, class, "{method} {status}");
        }
    }
}
