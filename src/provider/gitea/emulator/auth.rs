//! Who calls: every accepted form of credentials, the states of an account that shut it out, and `Sudo`.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::call::Credential;
use super::reply::{Reply, not_found, refuse};
use super::scopes::Scope;
use super::settings::Settings;
use super::world::{Account, World};

const ADMIN: &str = "gitea-admin";
const ADMIN_PASSWORD: &str = "Sandbox-pass-1";
const ADMIN_TOKEN: &str = "5a1d0b0c5e7e4f3f8f6d2c9b1a7e3d4c5b6a7980";
const ALL_TOKEN: &str = "6b2e1c1d6f8f5040907e3dac2b8f4e5d6c7b8a91";

/// What the recordings call their first principals, and what each sends as `Authorization`.
pub(super) fn initial_credentials() -> Vec<(&'static str, String)> {
    let basic = |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    vec![
        ("admin", format!("token {ADMIN_TOKEN}")),
        ("admin token", format!("token {ADMIN_TOKEN}")),
        ("admin token, Bearer", format!("Bearer {ADMIN_TOKEN}")),
        ("admin token, scheme TOKEN upper case", format!("TOKEN {ADMIN_TOKEN}")),
        ("admin-all", format!("token {ALL_TOKEN}")),
        ("admin-all token", format!("token {ALL_TOKEN}")),
        ("gitea-admin basic", basic(ADMIN, ADMIN_PASSWORD)),
        ("gitea-admin basic, wrong password", basic(ADMIN, "wrong-password")),
        ("admin token as basic password of its owner", basic(ADMIN, ADMIN_TOKEN)),
        ("admin token as basic password of another name", basic("nobody", ADMIN_TOKEN)),
        ("admin token as basic user, empty password", basic(ADMIN_TOKEN, "")),
        ("admin token as basic user, x-oauth-basic", basic(ADMIN_TOKEN, "x-oauth-basic")),
        ("bad token", "token 0123456789abcdef0123456789abcdef01234567".to_owned()),
        ("wrong scheme", format!("Digest {ADMIN_TOKEN}")),
    ]
}

impl World {
    /// A fresh server: one site admin with two tokens.
    pub(super) fn installed(now: DateTime<Utc>, settings: Settings) -> Self {
        let mut world = Self { settings, ..Self::default() };
        let mut admin = Account::new(ADMIN, now);
        admin.email = format!("{ADMIN}@example.com");
        admin.is_admin = true;
        admin.password = Some(ADMIN_PASSWORD.to_owned());
        let email = admin.email.clone();
        let id = world.accounts.insert(admin);
        world.accounts.tick(id, now, true);
        world.emails.insert(id, &email, true);
        let parse = |words: &[&str]| Scope::parse(words.iter().copied()).expect("the words are scopes");
        let working = parse(&["write:admin", "write:organization", "write:repository", "write:issue", "write:user"]);
        world.tokens.mint(id, "formulary", ADMIN_TOKEN.to_owned(), working, now);
        world.tokens.mint(id, "everything", ALL_TOKEN.to_owned(), parse(&["all"]), now);
        world
    }

    /// Who sends these headers. Credentials are checked even where none are needed.
    pub(super) fn identify(
        &mut self,
        headers: &HeaderMap,
        query_token: &str,
        base: &str,
        now: DateTime<Utc>,
    ) -> Result<(Option<i64>, Credential), Box<Reply>> {
        let (user, credential) = self.credential(headers, query_token)?;
        if let Credential::Token { id, .. } = credential {
            self.tokens.touch(id, now);
        }
        let Some(account) = user.and_then(|id| self.accounts.get(id)) else {
            return Ok((None, Credential::Nothing));
        };
        if !account.is_active || account.prohibit_login {
            let text = "This account is prohibited from signing in, please contact your site administrator.";
            return Err(bare(403, text));
        }
        if account.must_change_password {
            let text = format!("You must change your password. Change it at: {base}//user/change_password");
            return Err(bare(403, &text));
        }
        Ok((user, credential))
    }

    fn credential(&self, headers: &HeaderMap, query_token: &str) -> Result<(Option<i64>, Credential), Box<Reply>> {
        let sent = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("");
        let (scheme, rest) = sent.split_once(' ').unwrap_or((sent, ""));
        let denied = || refuse(401, "invalid username, password or token");
        match scheme.to_ascii_lowercase().as_str() {
            "token" | "bearer" => self.by_token(rest.trim()).ok_or_else(denied),
            "basic" => {
                let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let Some((user, password)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
                    return Ok((None, Credential::Nothing));
                };
                self.by_basic(user, password).ok_or_else(denied)
            }
            _ if !query_token.is_empty() => self.by_token(query_token).ok_or_else(denied),
            _ => Ok((None, Credential::Nothing)),
        }
    }

    fn by_token(&self, secret: &str) -> Option<(Option<i64>, Credential)> {
        let token = self.tokens.with_secret(secret)?;
        Some((Some(token.owner), Credential::Token { id: token.id, scope: token.scope.clone() }))
    }

    /// A token may stand in either place; where it does, the other one is not looked at.
    fn by_basic(&self, user: &str, password: &str) -> Option<(Option<i64>, Credential)> {
        let secret = if password.is_empty() || password == "x-oauth-basic" { user } else { password };
        if let Some(found) = self.by_token(secret) {
            return Some(found);
        }
        let account = self.accounts.named(user).or_else(|| {
            let owner = self.emails.owner_of(user)?;
            self.accounts.get(owner)
        })?;
        let is_right = account.password.as_deref() == Some(password) && !password.is_empty() && !account.is_org;
        // A prohibited account is refused like a wrong password; an inactive one is told why later.
        (is_right && !account.prohibit_login).then_some((Some(account.id), Credential::Password))
    }

    /// Who is acted for. Only a site admin may ask, even for themselves.
    pub(super) fn act_for(&self, doer: Option<i64>, sudo: &str) -> Result<Option<i64>, Box<Reply>> {
        if sudo.is_empty() {
            return Ok(doer);
        }
        if !doer.is_some_and(|id| self.accounts.at(id).is_admin) {
            return Err(bare(403, "Only administrators allowed to sudo."));
        }
        match self.accounts.named(sudo) {
            Some(account) => Ok(Some(account.id)),
            None => Err(not_found()),
        }
    }
}

/// A refusal without the address of the documentation.
fn bare(status: u16, message: &str) -> Box<Reply> {
    Box::new(Reply::json(status, json!({"message": message})))
}
