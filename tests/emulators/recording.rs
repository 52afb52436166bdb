//! Recordings as files: scenarios of exchanges with real servers, and where they lie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::compare::Met;

/// The folder that the environment variable `variable` names.
///
/// `None`, with a loud line, where it is not set: the data are not part of this repository. In CI, which must have
/// them, that is a failure.
pub fn data_folder(variable: &str) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(folder) => {
            let folder = PathBuf::from(folder);
            assert!(folder.is_dir(), "{variable} names {}, which is no folder", folder.display());
            Some(folder)
        }
        None => {
            assert!(std::env::var_os("CI").is_none(), "{variable} must be set in CI");
            eprintln!("\n*** SKIPPED: {variable} is not set, so nothing was compared ***\n");
            None
        }
    }
}

/// One scenario.
#[derive(Debug, Deserialize)]
pub struct Recording {
    pub service: String,
    #[serde(default)]
    pub credentials: Option<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    setup: Option<Vec<Value>>,
    #[serde(default)]
    exchanges: Vec<Exchange>,
}

/// A request and the answer that the real server gave.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Exchange {
    pub label: String,
    pub kind: Option<Value>,
    pub outgoing: Option<Value>,
    pub gives: Option<String>,
    pub wait_for: Vec<Wait>,
    pub request: Option<Request>,
    pub response: Option<Expected>,
}

/// A job to wait for before an exchange.
#[derive(Debug, Clone, Deserialize)]
pub struct Wait {
    pub path: String,
    /// The status that it comes to.
    pub job: String,
}

/// What was sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Request {
    pub method: Option<String>,
    pub path: String,
    #[serde(rename = "as")]
    pub who: Option<Value>,
    pub headers: Option<IndexMap<String, Value>>,
    pub body: Option<Value>,
    pub raw: Option<String>,
    pub body_text: Option<String>,
    pub archive: Option<Value>,
    /// What an identity provider says of who comes back from it.
    pub claims: Option<Value>,
}

/// What came back, and how much of it counts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Expected {
    pub status: u16,
    pub headers: Option<IndexMap<String, Value>>,
    pub body: Option<Value>,
    pub each: Option<String>,
    pub unordered: Vec<String>,
    pub varies: Vec<String>,
}

impl Exchange {
    /// Method, path and answer of the real server; without a body where the recording cut it.
    pub fn as_recorded(&self) -> Option<(String, String, Met)> {
        let (request, expected) = (self.request.as_ref()?, self.response.as_ref()?);
        if self.kind.is_some() {
            return None;
        }
        let is_cut = ["trimmed", "cut", "not shown"].iter().any(|word| self.label.contains(word));
        let body = expected.body.as_ref().filter(|_| !is_cut && expected.each.is_none());
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let headers =
            expected.headers.iter().flatten().map(|(name, value)| (name.to_lowercase(), text(value))).collect();
        let data = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        Some((request.method.clone()?, request.path.clone(), Met { status: expected.status, headers, data }))
    }
}

impl Request {
    /// The principal that sends it.
    pub fn principal(&self) -> String {
        match &self.who {
            None => "anonymous".to_owned(),
            Some(Value::String(name)) => name.clone(),
            Some(other) => other.to_string(),
        }
    }
}

impl Recording {
    /// Reads one file.
    pub fn read(path: &Path) -> Result<Recording> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))
    }

    /// The same without waiting, uploads that are not built again, and requests of the server's own: for a server that
    /// answers each request once, in order.
    pub fn one_by_one(mut self) -> Recording {
        self.exchanges.iter_mut().for_each(|exchange| exchange.wait_for.clear());
        self.exchanges.retain(|exchange| {
            let archive = exchange.request.as_ref().and_then(|request| request.archive.as_ref());
            exchange.outgoing.is_none() && archive.is_none_or(|archive| super::archive::bytes(archive).is_some())
        });
        self
    }

    /// The exchanges, without set-up.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Set-up requests first, then the exchanges, each with its number: exchanges count from 1, set-up ends at 0.
    pub fn numbered(&self) -> Result<Vec<(i64, Exchange)>> {
        let setup = self.setup.as_deref().unwrap_or_default();
        let mut all = Vec::new();
        for step in setup {
            all.push(match step.get("request") {
                Some(_) => serde_json::from_value(step.clone())?,
                // A bare request: its answer is not compared.
                None => Exchange {
                    label: "setup".to_owned(),
                    gives: step.get("gives").and_then(Value::as_str).map(str::to_owned),
                    request: Some(serde_json::from_value(step.clone())?),
                    ..Exchange::default()
                },
            });
        }
        all.extend(self.exchanges.iter().cloned());
        let first = 1 - i64::try_from(setup.len())?;
        Ok((first..).zip(all).collect())
    }
}

/// The scenarios of one service, by name without `.json`, in order.
pub fn scenarios(folder: &Path, service: &str) -> Result<BTreeMap<String, PathBuf>> {
    let folder = folder.join(service);
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            found.insert(name.to_owned(), path);
        }
    }
    Ok(found)
}
