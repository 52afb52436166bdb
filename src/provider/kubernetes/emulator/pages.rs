//! Tokens by which a list goes on: the moment of the first page, and the last name of this one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::status::{Reply, bad_request};

/// Where a list goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// The moment of the first page; `None` where the rest is shown as it is now.
    pub(super) version: Option<u64>,
    /// The last name that was shown, with its namespace in a list of all.
    pub(super) after: String,
}

impl Page {
    pub(super) fn read(token: &str) -> Result<Self, Reply> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Reply::NotModelled)?;
        let Ok(content) = serde_json::from_slice::<Value>(&bytes) else { return Err(no_json(&bytes)) };
        let start = content["start"].as_str().and_then(|it| it.strip_suffix('\0'));
        let (Some("meta.k8s.io/v1"), Some(version), Some(start)) =
            (content["v"].as_str(), content["rv"].as_i64(), start)
        else {
            return Err(Reply::NotModelled);
        };
        Ok(Self { version: u64::try_from(version).ok(), after: start.trim_start_matches('/').to_owned() })
    }
}

/// Only what is no JSON from its first character on is refused in words that are known.
fn no_json(bytes: &[u8]) -> Reply {
    match bytes.first() {
        Some(first) if first.is_ascii_graphic() && !b"{[\"tfn-0123456789'\\".contains(first) => bad_request(format!(
            "invalid continue token: continue key is not valid: invalid character '{}' looking for beginning of value",
            char::from(*first)
        )),
        _ => Reply::NotModelled,
    }
}

/// A token for what comes after a name, at a moment or as it is then.
pub(super) fn write(version: Option<u64>, after: &str) -> String {
    let content = match version {
        Some(version) => json!({ "v": "meta.k8s.io/v1", "rv": version, "start": format!("/{after}\0") }),
        None => json!({ "v": "meta.k8s.io/v1", "rv": -1, "start": format!("{after}\0") }),
    };
    URL_SAFE_NO_PAD.encode(content.to_string())
}
