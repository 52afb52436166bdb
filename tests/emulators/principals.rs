//! Who sends a request: the accounts that a server begins with, and those that a scenario makes on its way.
//!
//! `replay.py` knows the first, the tokens that exchanges give, and passwords that a file names. This goes further, by
//! what the guides say of the names in `as`, so that fewer exchanges are skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use formulary::provider::emulator::Credentials;
use indexmap::IndexMap;
use regex::Regex;
use serde_json::Value;

use super::client::Call;
use super::mapping::Map;
use super::recording::{Exchange, Recording};

/// The fields in which services hand out a token, the likeliest first.
const TOKEN_FIELDS: [&str; 5] = ["sha1", "key", "session_token", "access_token", "token"];

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("<(token|password):([^>]+)>").expect("a valid pattern"));

/// Headers by principal, for one scenario.
pub struct Principals<'a> {
    service: &'a str,
    base: &'a str,
    known: Credentials,
    /// What a file says each of its principals sends, with placeholders for what is made on the way.
    descriptions: BTreeMap<String, String>,
    /// The token of the last sign-in.
    signed_in: Option<String>,
    /// The names that turned out to be people's: each time they send the token of the last sign-in.
    people: BTreeSet<String>,
}

impl<'a> Principals<'a> {
    /// The principals of a scenario that begins with `known`.
    pub fn new(recording: &'a Recording, base: &'a str, known: Credentials) -> Self {
        let descriptions = recording.credentials.iter().flatten();
        let descriptions = descriptions.filter_map(|(name, how)| Some((name.clone(), how.clone()?))).collect();
        Principals { service: &recording.service, base, known, descriptions, signed_in: None, people: BTreeSet::new() }
    }

    /// The headers that `name` sends, in lower case; `None` where nobody knows how it proves itself.
    pub async fn headers(&mut self, name: &str, map: &Map) -> Option<IndexMap<String, String>> {
        // A browser's cookies are no credentials of the API.
        if ["anonymous", "a browser", "browser", "rubbish"].contains(&name) && !self.known.contains_key(name) {
            return Some(IndexMap::new());
        }
        if self.service == "mattermost" && !self.known.contains_key(name) {
            // An answer may give the same principal a second token.
            let token = map.get(&format!("<token:{}>", name.strip_suffix(" token")?))?;
            return Some([("authorization".to_owned(), format!("Bearer {token}"))].into());
        }
        if self.service == "github"
            && let Some(token) = map.get("<token:installation>").filter(|_| name == "installation token")
        {
            let who = [("authorization", format!("token {token}")), ("user-agent", "sandbox".to_owned())];
            return Some(who.map(|(name, value)| (name.to_owned(), value)).into());
        }
        if !self.known.contains_key(name) {
            let value = match self.described(name, map) {
                Some(value) => value,
                None if self.service == "keycloak" => self.of_keycloak(name).await?,
                None => return None,
            };
            if self.people.contains(name) {
                return Some([("authorization".to_owned(), value)].into());
            }
            self.note(name, [("authorization".to_owned(), value)].into());
        }
        let headers = self.known.get(name)?;
        Some(headers.iter().map(|(header, value)| (header.to_lowercase(), value.clone())).collect())
    }

    /// Forgets everybody for those of another beginning.
    pub fn begin_with(&mut self, known: Credentials) {
        self.known = known;
    }

    /// Notes the token that an answer gives to a principal, and who signed in last.
    pub fn learn(&mut self, gives: Option<&str>, path: &str, body: &Value) {
        let token = TOKEN_FIELDS.iter().find_map(|field| body.get(field)?.as_str());
        if let (Some(name), Some(token)) = (gives, token) {
            let (header, value) = match self.service {
                "coder" => ("coder-session-token", token.to_owned()),
                "gitea" => ("authorization", format!("token {token}")),
                _ => ("authorization", format!("Bearer {token}")),
            };
            self.note(name, [(header.to_owned(), value)].into());
        }
        if path.contains("/protocol/openid-connect/token")
            && let Some(token) = body.get("access_token").and_then(Value::as_str)
        {
            self.signed_in = Some(token.to_owned());
        }
    }

    /// Notes the session of somebody new who came back from the identity provider, by her name there.
    pub fn introduce(&mut self, exchange: &Exchange, token: Option<&str>) {
        let claims = exchange.request.as_ref().and_then(|request| request.claims.as_ref());
        let name = claims.and_then(|claims| claims.get("preferred_username")?.as_str()?.split('.').next());
        if let (Some(name), Some(token)) = (name, token)
            && !self.known.contains_key(name)
        {
            self.note(name, [("coder-session-token".to_owned(), token.to_owned())].into());
        }
    }

    fn note(&mut self, name: &str, headers: BTreeMap<String, String>) {
        self.known.insert(name.to_owned(), headers);
    }

    /// What the file itself says: `Basic of alice:secret`, `token <token:alice>`, `Basic of alice:<token:alice>`.
    fn described(&self, name: &str, map: &Map) -> Option<String> {
        let how = self.descriptions.get(name)?;
        let mut unknown = false;
        let how = PLACEHOLDER.replace_all(how, |found: &regex::Captures<'_>| {
            let made = map.get(&found[0]).map(str::to_owned);
            made.or_else(|| self.secret_of(&found[1], &found[2])).unwrap_or_else(|| {
                unknown = true;
                String::new()
            })
        });
        if unknown {
            return None;
        }
        match how.strip_prefix("Basic of ") {
            Some(pair) => Some(basic(pair)),
            None => Some(how.into_owned()),
        }
    }

    /// The bare token or password of a principal that the server begins with.
    fn secret_of(&self, kind: &str, name: &str) -> Option<String> {
        let of = |principal: String| {
            let headers = self.known.get(&principal)?;
            headers.values().next()?.split_once(' ').map(|(_, value)| value.to_owned())
        };
        match kind {
            "token" => of(format!("{name} token")),
            _ => {
                let pair = String::from_utf8(STANDARD.decode(of(format!("{name} basic"))?).ok()?).ok()?;
                pair.split_once(':').map(|(_, password)| password.to_owned())
            }
        }
    }

    /// Keycloak's names: HTTP Basic, a spoilt token, the service account of a client of that name, or the sign-in just made.
    async fn of_keycloak(&mut self, name: &str) -> Option<String> {
        if let Some(pair) = name.strip_prefix("basic ") {
            return Some(basic(pair));
        }
        if let Some(client) = name.strip_suffix(", last character changed") {
            let mut token = self.service_account("acme", client).await?;
            let last = token.pop()?;
            token.push(if last == 'A' { 'Q' } else { 'A' });
            return Some(format!("Bearer {token}"));
        }
        let token = match name {
            "empty bearer" => String::new(),
            "rubbish bearer" => "rubbish".to_owned(),
            "short-lived" => self.signed_in.clone()?,
            "service account of realm beta" => self.service_account("beta", "b").await?,
            "keycloak" => return None,
            name if self.people.contains(name) => self.signed_in.clone()?,
            name => match self.service_account("acme", name).await {
                Some(token) => token,
                None => {
                    self.people.insert(name.to_owned());
                    self.signed_in.clone()?
                }
            },
        };
        Some(format!("Bearer {token}"))
    }

    /// A token of a client's service account, whose secret is its name and `-secret`.
    async fn service_account(&self, realm: &str, client: &str) -> Option<String> {
        let call = Call {
            method: "POST".to_owned(),
            path: format!("/realms/{realm}/protocol/openid-connect/token"),
            headers: [
                ("authorization".to_owned(), basic(&format!("{client}:{client}-secret"))),
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ]
            .into(),
            body: Some(b"grant_type=client_credentials".to_vec()),
        };
        let answer = call.send(self.base).await.ok()?;
        answer.body().get("access_token")?.as_str().map(str::to_owned)
    }
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}
