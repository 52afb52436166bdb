//! Recorded exchanges with real servers, where they are at hand.

use std::path::PathBuf;

use serde_json::Value;

/// One recorded exchange.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub label: String,
    pub method: String,
    /// Without the query.
    pub path: String,
    pub body: Value,
    pub status: u16,
    pub answer: Value,
}

/// All exchanges of one scenario; none, said aloud, where there are no recordings.
pub fn exchanges(scenario: &str) -> Vec<Exchange> {
    let Some(folder) = folder() else { return Vec::new() };
    let text = std::fs::read_to_string(folder.join(format!("{scenario}.json"))).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let all = file["exchanges"].as_array().unwrap().iter();
    all.filter_map(|exchange| {
        let (request, response) = (exchange.get("request")?, exchange.get("response")?);
        let path = request.get("path")?.as_str()?;
        Some(Exchange {
            label: exchange["label"].as_str().unwrap_or_default().to_owned(),
            method: request.get("method")?.as_str()?.to_owned(),
            path: path.split('?').next()?.to_owned(),
            body: request.get("body").cloned().unwrap_or(Value::Null),
            status: u16::try_from(response.get("status")?.as_u64()?).ok()?,
            answer: response.get("body").cloned().unwrap_or(Value::Null),
        })
    })
    .collect()
}

/// The names of all scenarios.
pub fn scenarios() -> Vec<String> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.to_owned()))
        .collect();
    names.sort();
    names
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("FORMULARY_RECORDINGS").map(|it| PathBuf::from(it).join("keycloak"));
    if folder.is_none() {
        eprintln!("SKIPPED: FORMULARY_RECORDINGS is not set, so nothing is held to the recordings");
    }
    folder
}
