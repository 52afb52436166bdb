//! What answers of Backstage mean: one table for the whole provider, by route, status, the name of the error, and what its
//! message says (guide, sections 3 and 4).

use serde_json::Value as Json;

use super::api::{ENTITIES, LOCATIONS, PENDING, REFRESH, VALIDATE};
use crate::engine::model::Failure;
use crate::engine::model::FailureClass::{self, Conflict, Gone, Later, MissingRights, Refused, Unclear};
use crate::provider::http::{Answer, Call};

/// A route (any where empty), a status, the error's name, what its message holds (any where empty), what that means, what to
/// do. The first row that fits counts.
struct Row(&'static str, u16, &'static str, &'static str, FailureClass, &'static str);

const TOKEN: &str = "the token is not among 'backend.auth.externalAccess' of Backstage's config";
const PLUGIN: &str = "add '{ plugin: catalog }' to the 'accessRestrictions' of our token";
const REREAD: &str = "let our token 'catalog.entity.refresh': its 'accessRestrictions' leave that out";
const REGISTER: &str = "let our token 'catalog.location.create', 'catalog.location.delete' and 'catalog.location.read': its \
     'accessRestrictions' leave that out";
const JUDGE: &str = "let our token 'catalog.entity.validate': its 'accessRestrictions' leave that out";
const READ: &str = "let our token 'catalog.entity.read': its 'accessRestrictions' leave that out";
const NOT_HERE: &str = "check the URL: this is not the backend of a Backstage, or it lacks that plugin";
const HOST: &str = "give Backstage an integration for that host, or name it under 'backend.reading.allow'";

const ROWS: &[Row] = &[
    Row("", 400, "", "Malformed cursor", Later, "the next cycle reads it again"),
    Row("", 400, "", "no matching files found", Refused, UNSERVED),
    Row("", 400, "", "is not allowed. You may need to configure an integration", Refused, HOST),
    Row("", 400, "", "Unsupported search pattern", Refused, "name the file: Backstage finds none by a pattern there"),
    Row("", 400, "", "not of an allowed kind", Refused, RULES),
    Row("", 400, "", "", Refused, ""),
    Row("", 401, "", "", MissingRights, TOKEN),
    Row("", 403, "", "restricted to plugin", MissingRights, PLUGIN),
    // A restriction to other permissions is told without a word.
    Row(REFRESH, 403, "", "", MissingRights, REREAD),
    Row(LOCATIONS, 403, "", "", MissingRights, REGISTER),
    Row(VALIDATE, 403, "", "", MissingRights, JUDGE),
    Row(ENTITIES, 403, "", "", MissingRights, READ),
    Row("", 403, "", "", MissingRights, "let our token read the catalogue"),
    // A module that is not installed has no such route, and then the entity that is called so is not there.
    Row(PENDING, 404, "", "", Refused, NOT_HERE),
    Row("", 404, "NotFoundError", "", Gone, ""),
    Row("", 404, "", "", Refused, NOT_HERE),
    Row("", 405, "", "", Refused, NOT_HERE),
    Row("", 409, "ConflictError", "already exists", Conflict, "plan again: it is shown there"),
    Row("", 409, "", "", Conflict, ""),
    Row("", 413, "", "", Refused, ""),
    Row("", 429, "", "", Later, "Backstage, or something in front of it, asks us to wait"),
    Row("", 500, "", "", Unclear, "Backstage failed; what is there is read before anything is tried again"),
    Row("", 502, "", "", Unclear, "something in front of Backstage got no answer; the call may have happened"),
    Row("", 503, "", "", Later, "Backstage is starting"),
    Row("", 504, "", "", Unclear, "Backstage did not finish in time; the call may have happened"),
];

/// What to do about a file that Backstage does not find.
pub const UNSERVED: &str = "Backstage does not find the file: push the revision to the branch that 'options.catalog.url' names, and see \
                            that its integration may read the repository";

/// What to do about a kind that Backstage does not take.
pub const RULES: &str = "allow the kinds User, Group, Template, Resource, Component and Location under 'catalog.rules' of Backstage's config";

/// What an answer means; `None` for success.
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        // What changes something is answered without a word, and everything else in JSON.
        let silent = answer.body.is_empty();
        return (!silent && answer.json().is_none()).then(|| not_backstage(call, answer));
    }
    if (300..400).contains(&answer.status) {
        let to = answer.header("location").unwrap_or("another place");
        let said = format!("the call was sent on to '{to}'");
        return Some(Failure::new(Refused, &call.doing, said).help("check the URL: no redirect is followed"));
    }
    let told = answer.json().and_then(|body| told(&body));
    let (name, message) = told.clone().unwrap_or_default();
    let row = ROWS.iter().find(|Row(route, status, of, part, ..)| {
        (route.is_empty() || call.route.starts_with(route))
            && *status == answer.status
            && (of.is_empty() || *of == name)
            && message.contains(part)
    });
    let (class, help) = match row {
        Some(Row(.., class, help)) => (*class, *help),
        None if answer.status >= 500 => (Unclear, ""),
        None => (Refused, ""),
    };
    // A refusal that is not in Backstage's words comes from something in front of it.
    if told.is_none() && matches!(class, Gone | Refused | Conflict) {
        return Some(not_backstage(call, answer));
    }
    let said = match (message.is_empty(), name.is_empty()) {
        (false, _) => message,
        (true, false) => format!("{name} without a word"),
        (true, true) => format!("status {}", answer.status),
    };
    Some(Failure::new(class, &call.doing, said).help(help))
}

/// The name and the message of an error, or of the first of several.
fn told(body: &Json) -> Option<(String, String)> {
    let error = body.get("error").or_else(|| body.get("errors")?.get(0))?;
    let text = |name: &str| error[name].as_str().map(str::to_owned);
    Some((text("name")?, text("message").unwrap_or_default()))
}

fn not_backstage(call: &Call, answer: &Answer) -> Failure {
    let kind = answer.header("content-type").unwrap_or("no type").to_owned();
    let said = format!("the answer ({}) is '{kind}', and Backstage's are JSON", answer.status);
    Failure::new(Refused, &call.doing, said).help(NOT_HERE)
}

/// Whether a file was refused because Backstage does not find it, which the next moment may change.
pub fn is_unserved(failure: &Failure) -> bool {
    failure.class == Refused && failure.said.contains("no matching files found")
}

/// Whether a refusal is about one entity, and not about the reading of a file: registered all the same, everything else in the
/// location gets into the catalogue.
pub fn is_about_one_entity(failure: &Failure) -> bool {
    ["Processor ", "Policy check failed"].iter().any(|word| failure.said.contains(word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use reqwest::Method;

    use super::*;
    use crate::provider::backstage::api::{BY_NAME, BY_QUERY, LOCATION, USERINFO};
    use crate::provider::recorded;

    const ROUTES: &[(Method, &str)] = &[
        (Method::GET, PENDING),
        (Method::GET, BY_QUERY),
        (Method::GET, ENTITIES),
        (Method::GET, BY_NAME),
        (Method::GET, LOCATIONS),
        (Method::GET, LOCATION),
        (Method::POST, LOCATIONS),
        (Method::DELETE, LOCATION),
        (Method::POST, REFRESH),
        (Method::POST, VALIDATE),
        (Method::GET, USERINFO),
    ];

    /// Every answer on a route of ours means what the guide says it does.
    #[test]
    fn recorded_answers_are_understood() {
        let mut seen = BTreeSet::new();
        let scenarios = ["auth", "catalog-read", "locations", "unprocessed", "validate-entity"];
        for exchange in scenarios.iter().flat_map(|scenario| recorded::exchanges("backstage", scenario)) {
            let Some((call, answer)) = exchange.on(ROUTES) else { continue };
            let failure = classify(&call, &answer);
            let expected = match exchange.status {
                200..300 => None,
                401 | 403 => Some(MissingRights),
                404 => Some(Gone),
                409 => Some(Conflict),
                400 if exchange.label.contains("cursor") => Some(Later),
                400 => Some(Refused),
                _ => continue,
            };
            assert_eq!(failure.as_ref().map(|it| it.class), expected, "{}: {failure:?}", exchange.label);
            seen.extend(failure.map(|it| (exchange.status, it.class)));
        }
        assert!(seen.is_empty() || seen.len() >= 6, "{seen:?}");
    }

    fn answered(method: Method, route: &'static str, status: u16, body: &str) -> Option<Failure> {
        let answer = Answer { status, headers: Default::default(), body: body.to_owned().into() };
        classify(&Call::new(method, route, &[], "x"), &answer)
    }

    #[test]
    fn a_404_of_somebody_else_proves_nothing() {
        let body = r#"{"error":{"name":"NotFoundError","message":"No entity"},"response":{"statusCode":404}}"#;
        assert_eq!(answered(Method::GET, BY_NAME, 404, body).unwrap().class, Gone);
        for other in ["", "<html>", r#"{"message":"no"}"#] {
            assert_eq!(answered(Method::GET, BY_NAME, 404, other).unwrap().class, Refused, "{other}");
        }
        assert_eq!(answered(Method::GET, LOCATIONS, 200, "<html>").unwrap().class, Refused);
    }

    #[test]
    fn a_missing_right_is_told_by_its_route() {
        let body = r#"{"error":{"name":"NotAllowedError","message":""}}"#;
        let failure = answered(Method::POST, REFRESH, 403, body).unwrap();
        assert_eq!((failure.class, failure.said.as_str()), (MissingRights, "NotAllowedError without a word"));
        assert!(failure.help.contains("catalog.entity.refresh"), "{}", failure.help);
    }
}
