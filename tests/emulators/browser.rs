//! What a person did in a browser between two recorded requests, done by hand where an emulator offers that to tests.

use std::sync::Arc;

use formulary::provider::coder::emulator::{self as coder, Coder};
use formulary::provider::github::emulator::GitHub;
use formulary::provider::keycloak::emulator::{Keycloak, UpstreamPerson};
use formulary::provider::mattermost::emulator::{Mattermost, SignIn};
use serde_json::{Value, json};

use super::compare::Met;
use super::mapping::Map;
use super::recording::{Exchange, Recording};

/// The hands: an emulator by its own type.
#[derive(Default)]
pub struct Browser {
    pub coder: Option<Arc<Coder>>,
    pub github: Option<Arc<GitHub>>,
    pub keycloak: Option<Arc<Keycloak>>,
    pub mattermost: Option<Arc<Mattermost>>,
}

/// What came of an exchange that a browser did.
pub enum Performed {
    /// It is no such exchange, or nobody can do it by hand.
    Nothing,
    /// It was done, and its answer is not to be seen.
    Unseen,
    /// It was done, and this is what the browser got.
    Seen(Met),
}

impl Browser {
    /// Does what the exchange tells of, where it can.
    pub fn perform(&self, recording: &Recording, exchange: &Exchange, map: &Map) -> Performed {
        let principal = exchange.request.as_ref().map(|request| request.principal());
        match principal.as_deref() {
            Some("a browser") if self.sign_in_through(recording, exchange, map).is_some() => Performed::Unseen,
            Some(name) if name.starts_with("browser; the provider's user-info") => {
                self.sign_in_by_gitlab(exchange).map_or(Performed::Nothing, Performed::Seen)
            }
            Some("browser coming back from the identity provider") => {
                self.sign_in_by_oidc(exchange).map_or(Performed::Nothing, Performed::Seen)
            }
            _ if exchange.label == "delete, destroy will fail" => {
                if let Some(coder) = &self.coder {
                    coder.fail_next_job("terraform apply: exit status 1");
                }
                Performed::Nothing
            }
            _ if exchange.label == "after alice has signed in to it" => {
                if let Some(coder) = &self.coder {
                    coder.link_external_auth("alice", "gitea");
                }
                Performed::Nothing
            }
            _ => Performed::Nothing,
        }
    }

    /// Claims are what the identity provider says of who comes back.
    fn sign_in_by_oidc(&self, exchange: &Exchange) -> Option<Met> {
        let claims = exchange.request.as_ref()?.claims.as_ref()?;
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let html = header("content-type", "text/html; charset=utf-8");
        let met = match self.coder.as_ref()?.sign_in_by_oidc(claims) {
            coder::SignIn::Done { token, .. } => {
                let cookie = header("set-cookie", &format!("coder_session_token={token}"));
                let headers = vec![html, header("location", "/templates"), cookie];
                Met { status: 307, headers, data: b" Temporary Redirect . ".to_vec() }
            }
            coder::SignIn::Refused { status, message, detail, is_page: true } => {
                Met { status, headers: vec![html], data: format!("<HTML page> {message} | {detail}").into_bytes() }
            }
            coder::SignIn::Refused { status, message, detail, .. } => {
                let mut body = json!({ "message": message });
                if !detail.is_empty() {
                    body["detail"] = detail.into();
                }
                Met {
                    status,
                    headers: vec![header("content-type", "application/json")],
                    data: body.to_string().into_bytes(),
                }
            }
        };
        Some(met)
    }

    /// The body is what the login provider says of who comes back from it.
    fn sign_in_by_gitlab(&self, exchange: &Exchange) -> Option<Met> {
        let user_info = exchange.request.as_ref()?.body.as_ref()?;
        let (status, body) = match self.mattermost.as_ref()?.sign_in_by_gitlab(user_info) {
            SignIn::Done { .. } => (307, json!({ "location": "http://mattermost.example", "session_cookie": true })),
            SignIn::Refused { status, message, .. } => {
                let page = "redirects to /error with this message";
                (status, json!({ "location": null, "session_cookie": false, "page": page, "message": message }))
            }
        };
        Some(Met { status, headers: Vec::new(), data: body.to_string().into_bytes() })
    }

    /// "pat signs in through the partner": the person was made in the upstream realm earlier in the file.
    fn sign_in_through(&self, recording: &Recording, exchange: &Exchange, map: &Map) -> Option<String> {
        let keycloak = self.keycloak.as_ref()?;
        let path = &exchange.request.as_ref()?.path;
        let realm = path.strip_prefix("/realms/")?.split('/').next()?;
        let alias = path.split("kc_idp_hint=").nth(1)?.split('&').next()?;
        let name = exchange.label.split(' ').next()?;
        let person = upstream_person(recording, map, &format!("/admin/realms/{alias}/users"), name)?;
        keycloak.sign_in_through(realm, alias, &person)
    }
}

fn upstream_person(recording: &Recording, map: &Map, path: &str, name: &str) -> Option<UpstreamPerson> {
    recording.exchanges().iter().find_map(|exchange| {
        let (request, response) = (exchange.request.as_ref()?, exchange.response.as_ref()?);
        let body = request.body.as_ref()?;
        if request.path != path || body.get("username")?.as_str()? != name {
            return None;
        }
        let recorded = response.headers.as_ref()?.get("location")?.as_str()?.rsplit('/').next()?;
        let field = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(UpstreamPerson {
            id: map.get(recorded)?.to_owned(),
            username: name.to_owned(),
            email: field("email"),
            first_name: field("firstName"),
            last_name: field("lastName"),
        })
    })
}
