//! Whether a sign-in source exists. No route of Gitea lists its sources; an attempt to create an account that cannot
//! be created tells (guide, section 3.3): the source is looked up before the name, and the name `api` is reserved.
//!
//! Nothing can come of it: the name is refused in every release, and were it not, the address (which begins with `-`)
//! would be. The route is written so that the reading half's list lets nothing else through, and it stands in this
//! file alone.

use serde_json::json;

use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::Call;

/// The route of the probe: the address is that of creating an account, the template is not.
pub(super) const SOURCE_PROBE: &str = "/api/v1/admin/{users}";

/// What the probe told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceProof {
    /// There is a source of that number. Neither its type nor its name is told.
    Exists,
    /// There is none.
    Missing,
    /// Our account may not ask, or the answer was another.
    Untold(String),
}

/// The call that asks.
pub fn probe_call(source_id: i64) -> Call {
    let body = json!({
        "username": "api", "email": "-formulary@probe.invalid", "source_id": source_id, "login_name": "formulary-probe",
        "must_change_password": false, "send_notify": false,
    });
    Call::new(reqwest::Method::POST, SOURCE_PROBE, &["users"], format!("ask whether sign-in source {source_id} exists"))
        .json(body)
}

impl SourceProof {
    /// What the refusal of the probe tells.
    pub fn of(refusal: &Failure) -> Self {
        if refusal.said.starts_with("login source does not exist") {
            SourceProof::Missing
        } else if refusal.said.starts_with("name is reserved") && refusal.class == FailureClass::Refused {
            SourceProof::Exists
        } else {
            SourceProof::Untold(refusal.said.clone())
        }
    }
}
