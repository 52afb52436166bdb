//! Replays a scenario against an emulator and says where its answers depart from the recorded ones.

use std::io;

use anyhow::Result;
use formulary::provider::emulator::serve::Served;
use indexmap::IndexMap;
use serde_json::Value;

use super::archive;
use super::browser::{Browser, Performed};
use super::client::Call;
use super::compare::{Difference, Met, Weight, compare, hard};
use super::github;
use super::mapping::Map;
use super::meanwhile;
use super::principals::Principals;
use super::recording::{Exchange, Recording, Request};

/// What became of one exchange.
#[derive(Debug)]
pub struct Outcome {
    /// From 1; set-up requests have numbers up to 0.
    pub number: i64,
    pub label: String,
    /// Method and path as they were sent.
    pub request: String,
    pub verdict: Verdict,
    pub differences: Vec<Difference>,
    /// What the emulator answered, unless the exchange was skipped.
    pub met: Option<Met>,
}

impl Outcome {
    /// Compares what was met with what was recorded.
    fn judge(&mut self, exchange: &Exchange, met: Met, map: &mut Map) {
        if let Some(expected) = &exchange.response {
            self.differences = compare(expected, &met, exchange.label.contains("trimmed"), map);
            let differs = self.differences.iter().any(|difference| difference.weight == Weight::Hard);
            self.verdict = if differs { Verdict::Differs } else { Verdict::Same };
        }
        self.met = Some(met);
    }

    fn skipped(number: i64, exchange: &Exchange, why: &str) -> Self {
        Outcome {
            number,
            label: exchange.label.clone(),
            request: String::new(),
            verdict: Verdict::Skipped(why.to_owned()),
            differences: Vec::new(),
            met: None,
        }
    }
}

/// How an exchange counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Same,
    Differs,
    /// The emulator does not model the operation.
    NotModelled,
    /// It is no plain request, or nobody knows how its principal proves itself.
    Skipped(String),
    /// A set-up request without a recorded answer.
    NotCompared,
}

/// Resets the emulator and replays a scenario from its beginning.
///
/// `name` is that of the scenario, for what its recording tells in words. `browser` does what people did by browser, where it can.
pub async fn replay(name: &str, recording: &Recording, served: &Served, browser: &Browser) -> Result<Vec<Outcome>> {
    served.reset();
    let mut map = Map::default();
    let mut principals = Principals::new(recording, served.base(), served.credentials());
    if recording.service == "coder" {
        for (name, headers) in served.credentials() {
            // Requests name the tokens of those who are there from the beginning.
            headers.values().for_each(|token| map.note_token(&name, token));
        }
    }
    let mut outcomes = Vec::new();
    for (number, mut exchange) in recording.numbered()? {
        if let Some(emulator) = &browser.github {
            github::begins(name, number, &mut exchange, emulator, served, &mut principals, &mut map).await;
        }
        if exchange.request.as_ref().is_some_and(|request| request.principal() == "short-lived") {
            served.clock().advance(chrono::Duration::seconds(5)); // Longer than what was asked for.
        }
        if let Some(seconds) = pause_before(&exchange) {
            served.clock().advance(chrono::Duration::seconds(seconds));
        }
        wait(&exchange, served, &map, &mut principals).await;
        if recording.service == "kubernetes" {
            meanwhile::happens(served, name, number, &mut map).await;
        }
        match browser.perform(recording, &exchange, &map) {
            Performed::Nothing => {}
            Performed::Unseen => {
                outcomes.push(Outcome::skipped(number, &exchange, "as a browser, done by hand"));
                continue;
            }
            Performed::Seen(met) => {
                let mut outcome = Outcome::skipped(number, &exchange, "");
                let token = met.header("set-cookie").and_then(|cookie| cookie.strip_prefix("coder_session_token="));
                let body = serde_json::json!({ "session_token": token });
                principals.learn(exchange.gives.as_deref(), "", &body);
                principals.introduce(&exchange, token);
                outcome.judge(&exchange, met, &mut map);
                outcomes.push(outcome);
                continue;
            }
        }
        outcomes.push(one(number, &exchange, served.base(), &mut map, &mut principals).await);
    }
    Ok(outcomes)
}

async fn one(number: i64, exchange: &Exchange, base: &str, map: &mut Map, principals: &mut Principals<'_>) -> Outcome {
    let mut outcome = Outcome::skipped(number, exchange, "");
    outcome.verdict = Verdict::NotCompared;
    let Some((request, method)) = plain_request(exchange) else {
        let kind = exchange.kind.as_ref().and_then(Value::as_str).unwrap_or("not a plain request");
        return Outcome::skipped(number, exchange, kind);
    };
    let principal = request.principal();
    let Some(headers) = principals.headers(&principal, map).await else {
        return Outcome::skipped(number, exchange, &format!("as {principal}"));
    };
    let call = call(request, method, headers, map);
    outcome.request = format!("{} {}", call.method, call.path);
    let met = match call.send(base).await {
        Ok(met) => met,
        Err(error) => {
            outcome.verdict = Verdict::Differs;
            outcome.differences = vec![hard("transport", format!("{error:#}"))];
            return outcome;
        }
    };
    if met.status == 501 && met.header("x-sandbox").is_some() {
        outcome.verdict = Verdict::NotModelled;
        return outcome;
    }
    principals.learn(exchange.gives.as_deref(), &call.path, &met.body());
    if let (Some(name), Some(token)) = (&exchange.gives, met.body().get("key").and_then(Value::as_str)) {
        map.note_token(name, token);
    }
    if let (Some(name), Some(token)) = (&exchange.gives, met.body().get("session_token").and_then(Value::as_str)) {
        map.note_token(name, token);
    }
    outcome.judge(exchange, met, map);
    outcome
}

/// Lets the clock run until the jobs are where the exchange wants them. Whoever sends the exchange asks.
async fn wait(exchange: &Exchange, served: &Served, map: &Map, principals: &mut Principals<'_>) {
    let who = exchange.request.as_ref().map(Request::principal).unwrap_or_default();
    let who = if ["anonymous", "admin"].contains(&who.as_str()) { "admin".to_owned() } else { who };
    for wait in &exchange.wait_for {
        for _ in 0..40 {
            let Some(headers) = principals.headers(&who, map).await else {
                break;
            };
            let call = Call { method: "GET".to_owned(), path: map.put_path(&wait.path), headers, body: None };
            let Ok(met) = call.send(served.base()).await else {
                break;
            };
            let body = met.body();
            let job = body.get("job").unwrap_or(&body);
            if job.get("status").and_then(Value::as_str) == Some(&wait.job) {
                break;
            }
            served.clock().advance(chrono::Duration::milliseconds(400));
        }
    }
}

/// How long the recorder waited, where a label says so, in seconds.
fn pause_before(exchange: &Exchange) -> Option<i64> {
    match exchange.label.as_str() {
        "after the pause of Retry-After" => Some(1),
        "after three quiet seconds" => Some(3),
        _ => None,
    }
}

/// The request of an exchange that is one: not a webhook delivery, a sign-in in a browser, a git command or an archive.
fn plain_request(exchange: &Exchange) -> Option<(&Request, &str)> {
    let request = exchange.request.as_ref()?;
    let is_plain = exchange.kind.is_none() && exchange.outgoing.is_none();
    let is_rebuilt = request.archive.as_ref().is_none_or(|archive| archive::bytes(archive).is_some());
    (is_plain && is_rebuilt).then_some((request, request.method.as_deref()?))
}

/// The request as it is sent: recorded values replaced by those of this replay.
fn call(request: &Request, method: &str, mut headers: IndexMap<String, String>, map: &Map) -> Call {
    for (name, value) in request.headers.iter().flatten() {
        let name = name.to_lowercase();
        // Credentials are the principal's, unless the exchange is about how nobody in particular writes them.
        let is_taken = name == "authorization" && !["anonymous", "rubbish"].contains(&request.principal().as_str());
        if !is_taken && !["host", "content-length", "connection"].contains(&name.as_str()) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            headers.insert(name, map.put(&value));
        }
    }
    let media = headers.get("content-type").cloned().unwrap_or_default();
    let archive = request.archive.as_ref().and_then(archive::bytes);
    let body = match (&request.raw, &request.body_text, &request.body) {
        _ if archive.is_some() => archive,
        (Some(text), _, _) | (None, Some(text), _) => Some(map.put(text).into_bytes()),
        (None, None, Some(body)) => Some(match map.put_json(body, "") {
            Value::String(text) => text.into_bytes(),
            Value::Object(fields) if media.contains("x-www-form-urlencoded") => form(&fields).into_bytes(),
            value => python_json(&value).into_bytes(),
        }),
        (None, None, None) => None,
    };
    if body.is_some() && !headers.contains_key("content-type") {
        headers.insert("content-type".to_owned(), "application/json".to_owned());
    }
    Call { method: method.to_owned(), path: map.put_path(&request.path), headers, body }
}

/// JSON with the spaces and escapes that the recordings were sent with: some errors name a column of the body.
fn python_json(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, PythonFormatter);
    serde::Serialize::serialize(value, &mut serializer).expect("a value is serialisable");
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    text.chars().fold(String::with_capacity(text.len()), |mut ascii, c| {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
        ascii
    })
}

struct PythonFormatter;

impl serde_json::ser::Formatter for PythonFormatter {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

fn form(fields: &serde_json::Map<String, Value>) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = fields.iter().map(|(name, value)| (name, text(value)));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
