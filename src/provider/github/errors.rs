//! What an answer of GitHub means: one table, from status, headers and words, tested on recordings (guide, section 1).
//!
//! 403 means many things: first it is asked whether a limit was reached, then what the words say, and at last it is a
//! missing right. 404 is no absence by itself: it also hides what we may not see.

use crate::engine::model::Failure;
use crate::engine::model::FailureClass::{self, Conflict, Gone, Later, MissingRights, Refused, Unclear};
use crate::provider::http::{Answer, Call};

/// The least that a secondary limit asks for where it does not say what (guide, section 3).
const REST: u64 = 60;

/// Status, words that the answer holds in any case, what it means, what to do.
struct Row(u16, &'static str, FailureClass, &'static str);

const CLOCK: &str = "the clock of this machine and GitHub's differ by more than a minute: set it by NTP";

/// The first row that fits counts; what has none is refused, and a failure of the server's is unclear.
const ROWS: &[Row] = &[
    Row(
        401,
        "could not be decoded",
        MissingRights,
        "'private_key' is not a key of this App, or the key was deleted there",
    ),
    Row(401, "'issued at' claim", MissingRights, CLOCK),
    Row(401, "'expiration time' claim", MissingRights, CLOCK),
    Row(401, "", MissingRights, "make another token, or check the App's id and key: this one ended or was revoked"),
    Row(404, "integration not found", MissingRights, "'app_id' (or 'client_id') names no App there"),
    Row(
        403,
        "installation has been suspended",
        MissingRights,
        "by hand: an owner of the account lets the App work again",
    ),
    Row(
        403,
        "saml enforcement",
        MissingRights,
        "by hand: authorise the token for single sign-on, under Settings, Developer settings",
    ),
    Row(403, "login attempts", Later, "too many refused sign-ins: correct the credentials before anything else"),
    Row(403, "must authenticate via a github app", MissingRights, "only an App may do that"),
    Row(403, "user-agent header", Refused, ""),
    Row(403, "", MissingRights, ""),
    Row(404, "", Gone, ""),
    Row(409, "repository is empty", Refused, "push a first commit"),
    Row(409, "", Conflict, "somebody else was faster: plan again"),
    Row(
        422,
        "permissions requested are not granted",
        MissingRights,
        "by hand: an owner accepts the App's new permissions",
    ),
    Row(
        422,
        "not accessible to the parent installation",
        MissingRights,
        "by hand: an owner gives the App the repository",
    ),
    Row(422, "already exists", Conflict, ""),
    Row(422, "already_exists", Conflict, ""),
    Row(422, "reference does not exist", Gone, ""),
    Row(503, "", Later, "GitHub is in maintenance"),
];

/// What an answer of GitHub means; `None` for success. A repository's own route may answer with where it is now, which is
/// an answer (see `api`).
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    if answer.is_success() {
        return (!answer.body.is_empty() && answer.json().is_none()).then(|| not_github(call, answer));
    }
    let is_moved = matches!(answer.status, 301 | 302 | 307 | 308);
    if is_moved && call.route == super::api::REPOSITORY {
        return None;
    }
    if (300..400).contains(&answer.status) {
        let to = answer.header("location").unwrap_or("another place");
        let said = format!("the call was sent on to '{to}'");
        let help = "no redirect is followed: the account or repository may be called otherwise by now";
        return Some(Failure::new(Refused, &call.doing, said).help(help));
    }
    if let Some(limited) = limited(call, answer) {
        return Some(limited);
    }
    let told = answer.json().and_then(|body| body["message"].as_str().map(str::to_owned));
    let Some(told) = told else {
        return Some(match answer.status {
            500.. => Failure::new(Unclear, &call.doing, format!("status {} without a word", answer.status)),
            _ => not_github(call, answer),
        });
    };
    let words = told.to_lowercase();
    let details = answer.json().map(|body| body["errors"].to_string()).unwrap_or_default();
    let holds = format!("{words} {}", details.to_lowercase());
    let row = ROWS.iter().find(|Row(of, text, ..)| *of == answer.status && holds.contains(text));
    let (class, help) = match row {
        Some(Row(_, _, class, help)) => (*class, (*help).to_owned()),
        None if answer.status >= 500 => (Unclear, String::new()),
        None => (Refused, String::new()),
    };
    let help = match answer.header("x-accepted-github-permissions") {
        Some(needed) if help.is_empty() && class == MissingRights => {
            format!("give the App (or token) one of '{needed}', and have an owner accept it")
        }
        _ => help,
    };
    let said = if details.is_empty() || details == "null" { told } else { format!("{told}: {details}") };
    Some(Failure::new(class, &call.doing, said).help(help))
}

/// A limit that was reached: the hour's, known by nothing being left, or that of writes, known by its words.
fn limited(call: &Call, answer: &Answer) -> Option<Failure> {
    if !matches!(answer.status, 403 | 429) {
        return None;
    }
    let number = |name: &str| answer.header(name).and_then(|text| text.trim().parse::<i64>().ok());
    let said = answer.json().and_then(|body| body["message"].as_str().map(str::to_owned)).unwrap_or_default();
    let is_empty = number("x-ratelimit-remaining") == Some(0);
    let is_secondary = said.to_lowercase().contains("secondary rate");
    if !is_empty && !is_secondary && answer.status != 429 {
        return None;
    }
    let until = number("x-ratelimit-reset").filter(|_| is_empty);
    let now = answer.header("date").and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok());
    let until = until.zip(now).map(|(reset, now)| (reset - now.timestamp()).max(1).unsigned_abs());
    let asked = number("retry-after").map(i64::unsigned_abs);
    let wait = asked.or(until).unwrap_or(REST);
    let said = if said.is_empty() { "a limit of calls was reached".to_owned() } else { said };
    let help = "others use the same budget, or 'limits' in the config are too high";
    Some(Failure { retry_after: Some(wait), ..Failure::new(Later, &call.doing, said).help(help) })
}

/// An answer that GitHub would not give: a sign-in page, a proxy, another service.
fn not_github(call: &Call, answer: &Answer) -> Failure {
    let kind = answer.header("content-type").unwrap_or("no type").to_owned();
    let said = format!("the answer ({}) is '{kind}', and GitHub's are JSON", answer.status);
    Failure::new(Refused, &call.doing, said)
        .help("check the URL: https://api.github.com, or https://HOST/api/v3 on an Enterprise Server")
}
