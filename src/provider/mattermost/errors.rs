//! The one table from (call, status, id) to what a failure means. Its tests are the recordings.
//!
//! Mattermost's errors have an id, which is not translated; the message is. What is taken is a 400, never a 409; a 500
//! may be a refusal for good; some 401 and 403 have nothing to do with rights (guide, section 10). Rows are tried in
//! order; the first that fits counts.

use serde_json::Value as Json;

use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call};

use FailureClass::{Conflict, Gone, Later, MissingRights, Refused, Unclear};

/// One row: the status, how the id begins (empty: any), what it means, what to do.
struct Row(u16, &'static str, FailureClass, &'static str);

const TAKEN: &str = "archived ones keep their names for ever and count too; plan again: one that is found is restored";
const FULL: &str = "raise TeamSettings.MaxUsersPerTeam; bots and our own account count";
const DOMAINS: &str = "the address is outside the domains that the server or the team allows (RestrictCreationToDomains, \
                       allowed_domains)";
const CONSTRAINED: &str = "directory groups alone decide who is in it; switch 'group constrained' off at the server, or take \
                           it out of the mono-repo";
const SEATS: &str = "the free edition takes 250 active people; deactivate some, or license the server";
const FORBIDDEN: &str = "the account that owns the token must be a system administrator";
const OWNED_BY_SIGN_IN: &str = "its sign-in owns names and address; with another 'sign_in' in the options the account has to be \
                                bound first";

const ROWS: &[Row] = &[
    Row(400, "app.user.save.email_exists", Conflict, "another account has the address, be it a deactivated one"),
    Row(
        400,
        "app.user.save.username_exists",
        Conflict,
        "another account has the name, be it a deactivated one or a bot",
    ),
    Row(400, "app.user.update_auth_data.email_exists", Conflict, "another account is bound to the same sign-in"),
    Row(400, "store.sql_team.save_team.existing", Conflict, TAKEN),
    Row(400, "store.sql_channel.save_channel.exists", Conflict, TAKEN),
    Row(400, "api.user.create_user.user_limits", Refused, SEATS),
    Row(400, "api.user.create_user.license_user_limits", Refused, "the licence has no seat left"),
    Row(400, "app.user.update_active.user_limit", Refused, SEATS),
    Row(400, "app.user.update_active.license_user_limit", Refused, "the licence has no seat left"),
    Row(400, "app.team.join_user_to_team.save_member.max_accounts", Refused, FULL),
    Row(400, "app.team.join_user_to_team.max_accounts", Refused, FULL),
    // Of several that add the same person at once all but one may hear this; the person is in.
    Row(400, "app.team.join_user_to_team.save_member.conflict", Unclear, "what is there is read"),
    Row(400, "api.team.join_user_to_team.allowed_domains", Refused, DOMAINS),
    Row(400, "api.user.create_user.accepted_domain", Refused, DOMAINS),
    Row(400, "api.user.update_user.accepted_domain", Refused, DOMAINS),
    Row(400, "api.team.add_members.user_denied", Refused, CONSTRAINED),
    Row(400, "api.channel.add_members.user_denied", Refused, CONSTRAINED),
    Row(400, "api.team.remove_member.group_constrained", Refused, CONSTRAINED),
    // Never in it. Somebody who left before is answered 200.
    Row(400, "api.team.remove_user_from_team.missing", Gone, ""),
    Row(
        400,
        "api.channel.add_user.to.channel.failed.deleted",
        Refused,
        "the person has left the team; they are added to it first",
    ),
    Row(400, "api.channel.remove.default", Refused, "nobody leaves the channel that holds everybody of the team"),
    Row(400, "app.user.update.lastAdmin", Refused, "the server must keep an administrator who is a person"),
    // These two routes say 400 where others say 404.
    Row(400, "app.user.missing_account", Gone, ""),
    Row(400, "", Refused, ""),
    // A refusal that has nothing to do with the token.
    Row(401, "api.user.update_active.not_enable", Refused, "our own account cannot deactivate itself"),
    Row(401, "api.user.delete_user.not_enabled", Refused, "the server allows no permanent deletion"),
    Row(401, "api.user.delete_team.not_enabled", Refused, "the server allows no permanent deletion"),
    Row(401, "api.user.delete_channel.not_enabled", Refused, "the server allows no permanent deletion"),
    Row(
        401,
        "",
        MissingRights,
        "the token is unknown, revoked or disabled, or its owner is deactivated; Mattermost does not tell which. A bot dies \
         with its owner: POST /api/v4/bots/{id}/enable brings it back, with the old token",
    ),
    Row(403, "app.channel.add_member.deleted_user", Refused, "the account is deactivated; it is activated first"),
    Row(
        403,
        "api.user.update_active.cannot_modify_status_when_user_is_managed_by_ldap",
        Refused,
        "the directory decides",
    ),
    Row(403, "", MissingRights, FORBIDDEN),
    Row(409, "api.user.patch_user.login_provider_attribute_set", Refused, OWNED_BY_SIGN_IN),
    Row(409, "api.user.update_user.login_provider_attribute_set", Refused, OWNED_BY_SIGN_IN),
    Row(409, "", Conflict, ""),
    Row(413, "", Refused, "raise ServiceSettings.MaximumPayloadSizeBytes"),
    Row(429, "", Later, ""),
    // Another account is bound to the same sign-in, or a column is too short, or the database failed: looked up by the writer.
    Row(500, "app.user.save.app_error", Unclear, "what is there is read before anything is tried again"),
    Row(
        500,
        "app.channel.create_channel.internal_error",
        Refused,
        "a name of more than 64 characters, or a database that failed",
    ),
    // Of several that add the same person at once all but one may hear this; the person is in.
    Row(500, "api.channel.add_user.to.channel.failed", Unclear, "what is there is read"),
    Row(500, "", Unclear, "the server failed; what is there is read before anything is tried again"),
    Row(501, "app.user_access_token.disabled", Refused, "switch ServiceSettings.EnableUserAccessTokens on"),
    Row(501, "", Refused, "the server needs a licence for it, or has it switched off"),
    Row(502, "", Unclear, "a proxy in front of Mattermost got no answer; the call may have happened"),
    Row(503, "", Later, "Mattermost is starting, busy or in maintenance"),
    Row(504, "", Unclear, "a proxy in front of Mattermost got no answer in time; the call may have happened"),
];

/// What an answer of Mattermost means; `None` for success.
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        return not_mattermost(call, answer);
    }
    let (id, message) = told(answer);
    if answer.status == 404 {
        return Some(not_found(call, answer, &id, message));
    }
    if (300..400).contains(&answer.status) {
        let to = answer.header("location").unwrap_or("another place");
        return Some(
            Failure::new(Refused, &call.doing, format!("the call was sent on to '{to}'"))
                .help("check the URL: it must be that of Mattermost itself; no redirect is followed"),
        );
    }
    let row = ROWS.iter().find(|Row(status, begins, ..)| *status == answer.status && id.starts_with(begins));
    let (class, help) = match row {
        Some(Row(_, _, class, help)) => (*class, *help),
        None if answer.status >= 500 => (Unclear, ""),
        None => (Refused, ""),
    };
    Some(Failure::new(class, &call.doing, said(answer, &id, message)).help(help))
}

/// A 404 proves absence only with the id of an error that says so: an unknown route has one too, and a proxy's page none.
fn not_found(call: &Call, answer: &Answer, id: &str, message: String) -> Failure {
    let said = said(answer, id, message);
    if id.is_empty() || id.starts_with("api.context.404") {
        return Failure::new(Refused, &call.doing, said)
            .help("check the URL: this is no answer of Mattermost's API, or an old release does not offer the call");
    }
    Failure::new(Gone, &call.doing, said)
}

/// A success that Mattermost would not give: a sign-in page, a portal, another service.
fn not_mattermost(call: &Call, answer: &Answer) -> Option<Failure> {
    let is_json = answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if answer.body.is_empty() || is_json {
        return None;
    }
    let kind = answer.header("content-type").unwrap_or("no type").to_owned();
    Some(
        Failure::new(Refused, &call.doing, format!("the answer is '{kind}', and Mattermost's are JSON"))
            .help("check the URL: a proxy, a sign-in page or another service may answer there"),
    )
}

/// The id and the message of an error; both empty where it has another form.
fn told(answer: &Answer) -> (String, String) {
    let body = answer.json();
    let of = |name: &str| {
        let body = body.as_ref().filter(|body| body.get("status_code").is_some());
        body.and_then(|body| body.get(name)).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    (of("id"), of("message"))
}

/// What the service said: its message with the id, or the beginning of what came instead.
fn said(answer: &Answer, id: &str, message: String) -> String {
    if !id.is_empty() {
        return format!("{message} ({id})");
    }
    let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
    if text.is_empty() { format!("status {} without a word", answer.status) } else { text }
}
