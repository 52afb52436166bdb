//! What an answer means: one table from (call, status, body) to a class of failure. The recordings are its tests.
//!
//! Logto names each refusal by a `code`; its `message` is translated and tells nothing. Duplicates are 422. A 404 counts
//! only with a code of its own: an unknown address, and a body that is too long, are 404 as well, in plain text. Every
//! address outside the API answers the page for people, with 200.

use reqwest::Method;
use serde_json::Value;

use super::tokens::GRANT;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call};

const PROXY: &str = "this is not Logto's API; check the URL in the config (without '/api' at its end), and what stands in \
                     front of Logto";

/// What an answer means; `None` for success.
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    let reads = call.method == Method::GET;
    if answer.is_success() {
        return (answer.status != 204 && !is_json(answer)).then(|| {
            // A page came: nothing was learnt. Whether a write went through, only reading tells.
            let class = if reads { FailureClass::Later } else { FailureClass::Unclear };
            Failure::new(class, &call.doing, "something else than JSON came").help(PROXY)
        });
    }
    let code = code(answer);
    let (class, help) = verdict(reads, answer.status, code.as_deref());
    let said = said(answer, code).unwrap_or_else(|| format!("status {} without a word of Logto's", answer.status));
    Some(Failure::new(class, &call.doing, said).help(help))
}

/// The name that Logto gives a refusal; `None` when it was not Logto that spoke.
fn code(answer: &Answer) -> Option<String> {
    Some(answer.json()?.get("code")?.as_str()?.to_owned())
}

/// What Logto said, for people. `data` is left out: in a refused token it repeats what the token claims.
fn said(answer: &Answer, code: Option<String>) -> Option<String> {
    let body = answer.json()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let words = text("details").or_else(|| text("message"))?;
    Some(match code {
        Some(code) => format!("{code}: {words}"),
        None => words.to_owned(),
    })
}

fn verdict(reads: bool, status: u16, code: Option<&str>) -> (FailureClass, &'static str) {
    use FailureClass::{Conflict, Gone, Later, MissingRights, Refused, Unclear};
    let name = code.unwrap_or_default();
    match (status, name) {
        (300..=399, _) => (Refused, "Logto redirects; the URL in the config must be the one that it redirects to"),
        (401, _) => {
            (MissingRights, "the token was refused, and so was a new one; check our application and 'options.resource'")
        }
        (403, "auth.forbidden") => (MissingRights, GRANT),
        (403, _) => (Refused, ""),
        (404, name) if is_absence(name) => (Gone, ""),
        (404, "") => (Later, PROXY),
        (404, _) => (Refused, ""),
        (405, _) => (Refused, "Logto does not know this call; check its release and the URL in the config"),
        (409, _) => (Conflict, ""),
        (422, name) if is_taken(name) => (Conflict, ""),
        // An object that is named in the call is not there any more.
        (422, "entity.relation_foreign_key_not_found" | "organization.require_membership") => {
            (Gone, "what it joins is not there; the next cycle reads again what is")
        }
        (408 | 429 | 503, _) => (Later, ""),
        (501, "connector.not_found") => (Refused, "Logto has no connector that sends mail"),
        // Reading changes nothing.
        (500..=599, _) if reads => (Later, if code.is_none() { "Logto's log says why" } else { "" }),
        (500..=599, _) => (Unclear, "the next cycle reads what is there; Logto's log says why"),
        _ => (Refused, ""),
    }
}

/// What Logto says of an object that is not there.
fn is_absence(code: &str) -> bool {
    matches!(code, "entity.not_found" | "entity.not_exists" | "entity.not_exists_with_id")
}

/// What Logto says where somebody else has the name.
fn is_taken(code: &str) -> bool {
    code.ends_with("_in_use") || code.ends_with("_exists") || code == "entity.unique_integrity_violation"
}

fn is_json(answer: &Answer) -> bool {
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;
    use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

    use super::*;
    use crate::provider::logto::api::routes::{self, READS};
    use crate::provider::recorded;

    /// Every call that we make.
    fn calls() -> Vec<(Method, &'static str)> {
        let writes = [
            (Method::POST, routes::USERS),
            (Method::PATCH, routes::USER),
            (Method::DELETE, routes::USER),
            (Method::PATCH, routes::USER_CUSTOM_DATA),
            (Method::PATCH, routes::USER_PROFILE),
            (Method::PATCH, routes::USER_SUSPENDED),
            (Method::POST, routes::ORGANIZATIONS),
            (Method::PATCH, routes::ORGANIZATION),
            (Method::DELETE, routes::ORGANIZATION),
            (Method::POST, routes::MEMBERS),
            (Method::DELETE, routes::MEMBER),
            (Method::POST, routes::MEMBER_ROLES),
            (Method::DELETE, routes::MEMBER_ROLE),
            (Method::POST, routes::ORGANIZATION_ROLES),
            (Method::PATCH, routes::ORGANIZATION_ROLE),
            (Method::DELETE, routes::ORGANIZATION_ROLE),
            (Method::POST, routes::APPLICATIONS),
            (Method::PATCH, routes::APPLICATION),
            (Method::PATCH, routes::APPLICATION_CUSTOM_DATA),
            (Method::DELETE, routes::APPLICATION),
            (Method::POST, routes::HOOKS),
            (Method::PATCH, routes::HOOK),
            (Method::DELETE, routes::HOOK),
        ];
        READS.iter().cloned().chain(writes).collect()
    }

    /// The whole table, as people can read it: what was ever refused on a route of ours, and what we take it for.
    #[test]
    fn everything_that_was_ever_refused_has_its_class() {
        let calls = calls();
        let mut table = BTreeSet::new();
        for exchange in recorded::all("logto").into_iter().filter(|it| it.status >= 400) {
            let Some((call, answer)) = exchange.on(&calls) else { continue };
            let failure = classify(&call, &answer).unwrap();
            let words: String = failure.said.split(": ").next().unwrap_or_default().chars().take(60).collect();
            table.insert(format!("{} {} {} {:?}: {words}", exchange.status, call.method, call.route, failure.class));
        }
        if table.is_empty() {
            return;
        }
        let rows: Vec<String> = table.into_iter().collect();
        insta::assert_snapshot!(rows.join("\n"), @r#"
        400 GET /api/applications Refused: guard.invalid_input
        400 GET /api/users Refused: guard.invalid_pagination
        400 GET /api/users Refused: request.invalid_input
        400 PATCH /api/applications/{application} Refused: guard.invalid_input
        400 PATCH /api/hooks/{hook} Refused: guard.invalid_input
        400 PATCH /api/organizations/{organization} Refused: guard.invalid_input
        400 PATCH /api/users/{user} Refused: guard.invalid_input
        400 PATCH /api/users/{user}/custom-data Refused: guard.invalid_input
        400 PATCH /api/users/{user}/is-suspended Refused: guard.invalid_input
        400 PATCH /api/users/{user}/profile Refused: guard.invalid_input
        400 POST /api/applications Refused: guard.invalid_input
        400 POST /api/hooks Refused: guard.invalid_input
        400 POST /api/hooks Refused: hook.missing_events
        400 POST /api/organization-roles Refused: guard.invalid_input
        400 POST /api/organizations Refused: guard.invalid_input
        400 POST /api/organizations/{organization}/users Refused: guard.invalid_input
        400 POST /api/users Refused: Unexpected end of JSON input
        400 POST /api/users Refused: guard.invalid_input
        400 POST /api/users Refused: invalid JSON, only supports object and array
        400 POST /api/users Refused: password.invalid_legacy_password_format
        400 POST /api/users Refused: user.password_algorithm_required
        400 POST /api/users Refused: user.password_and_digest
        401 GET /api/users MissingRights: auth.authorization_header_missing
        401 GET /api/users MissingRights: auth.authorization_token_type_not_supported
        401 GET /api/users MissingRights: auth.unauthorized
        403 GET /api/users MissingRights: auth.forbidden
        403 GET /api/users/{user} MissingRights: auth.forbidden
        403 POST /api/users MissingRights: auth.forbidden
        404 DELETE /api/applications/{application} Gone: entity.not_exists_with_id
        404 DELETE /api/hooks/{hook} Gone: entity.not_found
        404 DELETE /api/organization-roles/{role} Gone: entity.not_found
        404 DELETE /api/organizations/{organization} Gone: entity.not_found
        404 DELETE /api/organizations/{organization}/users/{user} Gone: entity.not_found
        404 DELETE /api/organizations/{organization}/users/{user}/roles/{role} Gone: entity.not_found
        404 DELETE /api/users/{user} Gone: entity.not_found
        404 GET /api/applications/{application} Gone: entity.not_exists_with_id
        404 GET /api/hooks/{hook} Gone: entity.not_exists_with_id
        404 GET /api/organizations/{organization} Gone: entity.not_exists_with_id
        404 GET /api/users/{user} Gone: entity.not_found
        404 GET /api/users/{user}/organizations Gone: entity.not_found
        404 PATCH /api/applications/{application} Gone: entity.not_exists_with_id
        404 PATCH /api/hooks/{hook} Gone: entity.not_exists
        404 PATCH /api/organizations/{organization} Gone: entity.not_exists
        404 PATCH /api/organizations/{organization} Later: status 404 without a word of Logto's
        404 PATCH /api/users/{user} Gone: entity.not_found
        404 PATCH /api/users/{user}/custom-data Gone: entity.not_found
        404 PATCH /api/users/{user}/is-suspended Gone: entity.not_found
        405 DELETE /api/users/{user} Refused: status 405 without a word of Logto's
        422 GET /api/users Refused: entity.invalid_input
        422 PATCH /api/hooks/{hook} Refused: entity.invalid_input
        422 PATCH /api/organization-roles/{role} Conflict: entity.unique_integrity_violation
        422 PATCH /api/organization-roles/{role} Refused: entity.invalid_input
        422 PATCH /api/organizations/{organization} Refused: entity.invalid_input
        422 PATCH /api/users/{user} Conflict: user.email_already_in_use
        422 PATCH /api/users/{user} Conflict: user.phone_already_in_use
        422 PATCH /api/users/{user} Conflict: user.username_already_in_use
        422 PATCH /api/users/{user} Refused: entity.invalid_input
        422 PATCH /api/users/{user} Refused: entity.value_too_long
        422 POST /api/organization-roles Conflict: entity.unique_integrity_violation
        422 POST /api/organizations/{organization}/users Gone: entity.relation_foreign_key_not_found
        422 POST /api/organizations/{organization}/users/{user}/roles Gone: entity.relation_foreign_key_not_found
        422 POST /api/organizations/{organization}/users/{user}/roles Gone: organization.require_membership
        422 POST /api/organizations/{organization}/users/{user}/roles Refused: entity.db_constraint_violated
        422 POST /api/organizations/{organization}/users/{user}/roles Refused: organization.role_names_not_found
        422 POST /api/users Conflict: user.email_already_in_use
        422 POST /api/users Conflict: user.phone_already_in_use
        422 POST /api/users Conflict: user.username_already_in_use
        422 POST /api/users Refused: entity.value_too_long
        422 POST /api/users Refused: user.invalid_phone
        500 GET /api/users Later: Internal server error.
        500 PATCH /api/organizations/{organization} Unclear: Internal server error.
        "#);
    }

    /// Every success of a running server is one here.
    #[test]
    fn everything_that_ever_succeeded_is_success() {
        let calls = calls();
        for exchange in recorded::all("logto").into_iter().filter(|it| (200..300).contains(&it.status)) {
            let Some((call, answer)) = exchange.on(&calls) else { continue };
            assert_eq!(classify(&call, &answer), None, "{}", exchange.label);
        }
    }

    fn answer(status: u16, content_type: &'static str, body: &'static str) -> Answer {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Answer { status, headers, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn a_page_for_people_is_no_answer() {
        let page = answer(200, "text/html", "<!DOCTYPE html>");
        let read = classify(&Call::get(routes::USERS, &[], "x"), &page).unwrap();
        assert_eq!(read.class, FailureClass::Later);
        let write = classify(&Call::new(Method::POST, routes::USERS, &[], "x"), &page).unwrap();
        assert_eq!(write.class, FailureClass::Unclear);
    }

    #[test]
    fn only_a_404_of_logtos_own_is_an_absence() {
        let class = |answer: &Answer| classify(&Call::get(routes::USER, &["a"], "x"), answer).unwrap().class;
        assert_eq!(class(&answer(404, "text/plain", "Not Found")), FailureClass::Later);
        assert_eq!(class(&answer(404, "application/json", r#"{"message":"gone"}"#)), FailureClass::Later);
        assert_eq!(
            class(&answer(404, "application/json", r#"{"code":"entity.not_found","message":""}"#)),
            FailureClass::Gone
        );
    }

    #[test]
    fn what_a_token_claims_is_not_repeated() {
        let refused = answer(
            401,
            "application/json",
            r#"{"code":"auth.unauthorized","message":"Unauthorized.","data":{"payload":{"client_id":"secret-ish"}}}"#,
        );
        let failure = classify(&Call::get(routes::USERS, &[], "x"), &refused).unwrap();
        assert_eq!(failure.said, "auth.unauthorized: Unauthorized.");
    }
}
