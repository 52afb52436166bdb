//! Recorded exchanges with real servers, where they are at hand: what tests hold tables and conversions to.

use std::path::PathBuf;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::provider::http::{Answer, Call};

/// One recorded exchange.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The file, what was tried, and the request.
    pub label: String,
    pub method: String,
    /// Without the query.
    pub path: String,
    pub body: Value,
    pub status: u16,
    pub headers: Value,
    pub answer: Value,
}

impl Exchange {
    /// The exchange as the door sees one on one of these routes; `None` where it is on none of them.
    pub fn on<'r>(&self, routes: impl IntoIterator<Item = &'r (Method, &'static str)>) -> Option<(Call, Answer)> {
        let method: Method = self.method.parse().ok()?;
        let (_, route) = routes.into_iter().find(|(of, route)| *of == method && fits(route, &self.path))?;
        Some((Call::new(method, route, &[], self.label.clone()), self.answered()?))
    }

    /// What came back, as the door sees it.
    pub fn answered(&self) -> Option<Answer> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.as_object().into_iter().flatten() {
            let name: HeaderName = name.parse().ok()?;
            headers.insert(name, HeaderValue::from_str(value.as_str()?).ok()?);
        }
        let body = match &self.answer {
            Value::Null => Bytes::new(),
            Value::String(text) => Bytes::from(text.clone()),
            body => {
                // Some recordings keep no headers.
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
                Bytes::from(body.to_string())
            }
        };
        Some(Answer { status: self.status, headers, body })
    }
}

/// Every recorded exchange with a service; none, said aloud, where there are no recordings.
pub fn all(service: &str) -> Vec<Exchange> {
    scenarios(service).iter().flat_map(|scenario| exchanges(service, scenario)).collect()
}

/// All exchanges of one scenario; none, said aloud, where there are no recordings.
pub fn exchanges(service: &str, scenario: &str) -> Vec<Exchange> {
    let Some(folder) = folder(service) else { return Vec::new() };
    let text = std::fs::read_to_string(folder.join(format!("{scenario}.json"))).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let all = file["exchanges"].as_array().unwrap().iter();
    all.filter_map(|exchange| {
        let (request, response) = (exchange.get("request")?, exchange.get("response")?);
        let (method, path) = (request.get("method")?.as_str()?, request.get("path")?.as_str()?);
        let label = exchange["label"].as_str().unwrap_or_default();
        Some(Exchange {
            label: format!("{scenario}: {label} ({method} {path})"),
            method: method.to_owned(),
            path: path.split('?').next()?.to_owned(),
            body: request.get("body").cloned().unwrap_or_default(),
            status: u16::try_from(response.get("status")?.as_u64()?).ok()?,
            headers: response.get("headers").cloned().unwrap_or_default(),
            answer: response.get("body").cloned().unwrap_or_default(),
        })
    })
    .collect()
}

/// The names of all scenarios of a service, sorted.
fn scenarios(service: &str) -> Vec<String> {
    let Some(folder) = folder(service) else { return Vec::new() };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.to_owned()))
        .collect();
    names.sort();
    names
}

fn folder(service: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FORMULARY_RECORDINGS").map(|it| PathBuf::from(it).join(service));
    if folder.is_none() {
        eprintln!(
            "\n*** SKIPPED: FORMULARY_RECORDINGS is not set, so nothing of {service} was held to recordings ***\n"
        );
    }
    folder
}

fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(&path).all(|(of, part)| of.starts_with('{') || of == part)
}
