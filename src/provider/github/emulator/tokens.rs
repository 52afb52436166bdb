//! Tokens: their kinds, whom they stand for, what they reach, and how long they live (guide, section 2).

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};

use super::call::Who;
use super::jwt;
use super::permissions::Permissions;
use super::reply::{DOCS, Reply, refuse};
use super::world::World;

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grant {
    /// An App where it is installed; narrowed to repositories where they were named.
    Installation { id: i64, repositories: Option<BTreeSet<i64>>, permissions: Permissions },
    /// Somebody's, by scopes.
    Classic { account: i64, scopes: Vec<String> },
    /// Somebody's for the repositories of one owner.
    Fine { account: i64, owner: i64, repositories: Option<BTreeSet<i64>>, permissions: Permissions },
    /// Somebody's, made for an App.
    AppUser { account: i64, app: i64 },
}

impl Grant {
    /// The person whose token it is.
    pub(super) fn account(&self) -> Option<i64> {
        match self {
            Self::Installation { .. } => None,
            Self::Classic { account, .. } | Self::Fine { account, .. } | Self::AppUser { account, .. } => {
                Some(*account)
            }
        }
    }
}

/// One token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) grant: Grant,
    pub(super) made: DateTime<Utc>,
    pub(super) expires: Option<DateTime<Utc>>,
    pub(super) revoked: bool,
    /// Whether a fault took it for expired.
    pub(super) spoilt: bool,
}

/// All tokens ever made.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    all: Vec<Token>,
    /// When somebody came with a token that is none, lately.
    failed: Vec<DateTime<Utc>>,
}

/// So many bad tokens within five minutes, and nobody is let in for a while.
const BAD_LOGINS: usize = 20;

impl Tokens {
    pub(super) fn grant(&self, at: usize) -> &Grant {
        &self.all[at].grant
    }

    pub(super) fn get(&self, at: usize) -> &Token {
        &self.all[at]
    }

    pub(super) fn add(&mut self, text: String, grant: Grant, made: DateTime<Utc>, expires: Option<DateTime<Utc>>) {
        self.all.push(Token { text, grant, made, expires, revoked: false, spoilt: false });
    }

    pub(super) fn revoke(&mut self, at: usize) {
        self.all[at].revoked = true;
    }

    pub(super) fn spoil(&mut self) {
        self.all.iter_mut().for_each(|token| token.spoilt = true);
    }

    pub(super) fn restore(&mut self) {
        self.all.iter_mut().for_each(|token| token.spoilt = false);
    }
}

impl World {
    /// Who calls, by the token of a call. Nobody is somebody too, where things are public.
    pub(super) fn identify(&mut self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<Who, Box<Reply>> {
        let Some(header) = headers.get("authorization").and_then(|value| value.to_str().ok()) else {
            return Ok(Who::Nobody);
        };
        self.tokens.failed.retain(|moment| *moment > now - Duration::minutes(5));
        if self.tokens.failed.len() >= BAD_LOGINS {
            let words = "Maximum number of login attempts exceeded. Please try again later.";
            return Err(refuse(403, words).page(DOCS));
        }
        let found = presented(header).and_then(|text| self.living(&text, now));
        let Some(at) = found else {
            self.tokens.failed.push(now);
            return Err(refuse(401, "Bad credentials").page(DOCS));
        };
        if let Grant::Installation { id, .. } = &self.tokens.all[at].grant
            && self.installations.get(id).is_some_and(|installation| installation.suspended.is_some())
        {
            return Err(refuse(403, "This installation has been suspended"));
        }
        Ok(Who::Token(at))
    }

    /// The place of a token that is still good.
    fn living(&self, text: &str, now: DateTime<Utc>) -> Option<usize> {
        if jwt::looks_signed(text) {
            return None;
        }
        let early = Duration::seconds(self.settings.early_refusal);
        self.tokens.all.iter().position(|token| {
            let is_early = matches!(token.grant, Grant::Installation { .. }) && now < token.made + early;
            let is_installed = match &token.grant {
                Grant::Installation { id, .. } => self.installations.contains_key(id),
                _ => true,
            };
            token.text == text
                && is_installed
                && !is_early
                && !token.revoked
                && !token.spoilt
                && token.expires.is_none_or(|ends| ends > now)
        })
    }

    /// A new token of an installation: opaque, or longer and with dots since 2026-04-27.
    pub(super) fn installation_token(&mut self, app: i64, is_stateless: bool) -> String {
        let id = self.next_id();
        let random = |length: usize| {
            let mut bytes = vec![0; length];
            aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
            URL_SAFE_NO_PAD.encode(bytes)
        };
        if is_stateless {
            format!("ghs_{app}_{}.{}.{}", random(60), random(180), random(96))
        } else {
            let plain: String = random(64).chars().filter(char::is_ascii_alphanumeric).take(36).collect();
            format!("ghs_{plain:0<36}", plain = if plain.is_empty() { id.to_string() } else { plain })
        }
    }
}

/// The token of `Authorization`: after `Bearer` or `token`, or as the password of `Basic`.
fn presented(header: &str) -> Option<String> {
    let (scheme, value) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
        return pair.split_once(':').map(|(_, password)| password.to_owned());
    }
    let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    is_known.then(|| value.trim().to_owned())
}
