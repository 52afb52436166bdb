//! What an answer of Twenty means: one table, from status and words, tested on recordings (guide, sections 8 and 9).
//!
//! REST says 400 for nearly everything, a missing right among it; GraphQL says 200 for everything. So the words decide,
//! in English, which is the language of `messages` whatever the user's.

use serde_json::Value as Json;

use crate::engine::model::Failure;
use crate::engine::model::FailureClass::{self, Conflict, Gone, Later, MissingRights, Refused, Retry, Unclear};
use crate::provider::http::{Answer, Call};

/// Seconds that the limit of calls asks for, where it does not say what it is.
const REST: u64 = 5;

/// Status (0 for any), words that the answer holds in any case, what it means, what to do.
struct Row(u16, &'static str, FailureClass, &'static str);

const ROWS: &[Row] = &[
    Row(
        0,
        "limit reached",
        Later,
        "other programs use the calls of this minute; lower 'limits.requests_per_minute' if it stays so",
    ),
    Row(
        429,
        "",
        Later,
        "other programs use the calls of this minute; lower 'limits.requests_per_minute' if it stays so",
    ),
    Row(0, "too_many_requests", Later, ""),
    Row(
        401,
        "",
        MissingRights,
        "make another API key, under Settings, APIs: this one ended or is of another workspace",
    ),
    Row(
        403,
        "",
        MissingRights,
        "make another API key, under Settings, APIs: this one was revoked, or its role may not",
    ),
    Row(
        0,
        "permission_denied",
        MissingRights,
        "give the key's role the right to read and change companies, people and opportunities",
    ),
    Row(
        0,
        "this api key is",
        MissingRights,
        "make another API key, under Settings, APIs: this one ended or was revoked",
    ),
    Row(0, "unauthenticated", MissingRights, "make another API key, under Settings, APIs"),
    Row(0, "forbidden", MissingRights, "give the key a role, or another one"),
    // Without a token the schema lacks the workspace (guide, section 2).
    Row(0, "cannot query field", MissingRights, "the call was not signed in: check the token"),
    Row(
        0,
        "duplicate entry",
        Conflict,
        "another record has the same address, domain or mark: plan again, it is shown there",
    ),
    Row(0, "cannot determine which record", Conflict, "two records hold what one was to have: join them by hand"),
    Row(0, "upsert_multiple_matching", Conflict, "two records hold what one was to have: join them by hand"),
    Row(0, "violates foreign key", Gone, "what it is linked to was destroyed: plan again"),
    Row(0, "query_read_timeout", Retry, ""),
    Row(0, "query read timeout", Retry, ""),
    Row(0, "invalid value", Refused, "the options of the field are others by now: run 'formulary doctor'"),
    Row(0, "object doesn't have any", Refused, "the workspace lacks a field: run 'formulary doctor'"),
    Row(0, "field_not_found", Refused, "the workspace lacks a field: run 'formulary doctor'"),
    Row(404, "", Gone, ""),
    Row(0, "record_not_found", Gone, ""),
    Row(0, "not_found", Gone, ""),
    Row(500, "data validation error", Refused, "a value holds a character that Twenty cannot store"),
    Row(503, "", Later, "Twenty is starting or in maintenance"),
];

/// What an answer of Twenty means; `None` for success.
pub fn classify(call: &Call, answer: &Answer) -> Option<Failure> {
    let body = answer.json();
    if answer.is_success() {
        return match &body {
            Some(body) => graphql(call, answer, body),
            None => Some(not_twenty(call, answer)),
        };
    }
    if (300..400).contains(&answer.status) {
        let to = answer.header("location").unwrap_or("another place");
        let said = format!("the call was sent on to '{to}'");
        return Some(Failure::new(Refused, &call.doing, said).help("check the URL: no redirect is followed"));
    }
    let told = body.as_ref().and_then(rest_words);
    // Absence is proven by Twenty's own words alone: a proxy has a 404 of its own.
    if matches!(answer.status, 404 | 410) && told.is_none() {
        return Some(not_twenty(call, answer));
    }
    let said = told.unwrap_or_else(|| {
        let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
        if text.is_empty() { format!("status {} without a word", answer.status) } else { text }
    });
    let code = body.as_ref().and_then(|body| body["code"].as_str()).unwrap_or_default();
    Some(meaning(call, answer.status, said, code))
}

/// An error in an answer of GraphQL; `None` where there is none.
fn graphql(call: &Call, answer: &Answer, body: &Json) -> Option<Failure> {
    let error = body.get("errors")?.as_array()?.first()?;
    let of = |name: &str| error["extensions"][name].as_str().unwrap_or_default();
    let said = error["message"].as_str().unwrap_or("an error without a word").to_owned();
    let codes = format!("{} {}", of("code"), of("subCode"));
    Some(meaning(call, answer.status, said, &codes))
}

fn meaning(call: &Call, status: u16, said: String, codes: &str) -> Failure {
    let words = format!("{said} {codes}").to_lowercase();
    let row = ROWS.iter().find(|Row(of, holds, ..)| (*of == 0 || *of == status) && words.contains(holds));
    let (class, help) = match row {
        Some(Row(_, _, class, help)) => (*class, *help),
        None if status >= 500 => (Unclear, ""),
        None => (Refused, ""),
    };
    let retry_after = (class == Later).then(|| wait(&words)).flatten();
    Failure { retry_after, ..Failure::new(class, &call.doing, said).help(help) }
}

/// Seconds until a few calls are back, from "Limit reached (100 tokens per 60000 ms)": no header tells it. A refused call
/// does not put the moment off, so that waiting is all it takes.
fn wait(words: &str) -> Option<u64> {
    let told = words.split_once("limit reached (")?.1;
    let mut numbers = told.split(|c: char| !c.is_ascii_digit()).filter_map(|it| it.parse::<u64>().ok());
    let (Some(tokens), Some(window)) = (numbers.next(), numbers.next()) else { return Some(REST) };
    Some((4 * window).div_ceil(1000 * tokens.max(1)).clamp(1, 20))
}

/// An answer that Twenty would not give: a sign-in page, another service.
fn not_twenty(call: &Call, answer: &Answer) -> Failure {
    let kind = answer.header("content-type").unwrap_or("no type").to_owned();
    let said = format!("the answer ({}) is '{kind}', and Twenty's are JSON", answer.status);
    Failure::new(Refused, &call.doing, said)
        .help("check the URL: a proxy, a sign-in page or another service may answer there")
}

/// The words of a refusal of REST: `messages`, or `message` where another layer refused.
fn rest_words(body: &Json) -> Option<String> {
    let list = |words: &Json| -> Option<String> {
        let words: Vec<&str> = words.as_array()?.iter().filter_map(Json::as_str).collect();
        (!words.is_empty()).then(|| words.join("; "))
    };
    let text = |words: &Json| words.as_str().map(str::to_owned);
    ["messages", "message"].iter().find_map(|name| list(&body[*name]).or_else(|| text(&body[*name])))
}
