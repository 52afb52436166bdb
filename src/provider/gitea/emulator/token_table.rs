//! The table of access tokens.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::scopes::Scope;

/// An access token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) id: i64,
    pub(super) owner: i64,
    pub(super) name: String,
    pub(super) secret: String,
    pub(super) scope: Scope,
    pub(super) created: DateTime<Utc>,
    pub(super) used: DateTime<Utc>,
    is_expired: bool,
}

/// The access tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    last_id: i64,
    rows: BTreeMap<i64, Token>,
    by_secret: BTreeMap<String, i64>,
}

impl Tokens {
    /// The token with this secret, unless it counts as expired.
    pub(super) fn with_secret(&self, secret: &str) -> Option<&Token> {
        self.by_secret.get(secret).and_then(|id| self.rows.get(id)).filter(|token| !token.is_expired)
    }

    pub(super) fn get(&self, id: i64) -> Option<&Token> {
        self.rows.get(&id)
    }

    pub(super) fn touch(&mut self, id: i64, now: DateTime<Utc>) {
        if let Some(token) = self.rows.get_mut(&id) {
            token.used = now;
        }
    }

    pub(super) fn of(&self, owner: i64) -> Vec<&Token> {
        self.rows.values().filter(|token| token.owner == owner).collect()
    }

    /// The id that the next token will have: its secret is derived from it.
    pub(super) fn next_id(&self) -> i64 {
        self.last_id + 1
    }

    pub(super) fn mint(&mut self, owner: i64, name: &str, secret: String, scope: Scope, now: DateTime<Utc>) -> &Token {
        self.last_id += 1;
        let id = self.last_id;
        self.by_secret.insert(secret.clone(), id);
        let name = name.to_owned();
        self.rows.entry(id).or_insert(Token {
            id,
            owner,
            name,
            secret,
            scope,
            created: now,
            used: now,
            is_expired: false,
        })
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Some(token) = self.rows.remove(&id) {
            self.by_secret.remove(&token.secret);
        }
    }

    pub(super) fn remove_all_of(&mut self, owner: i64) {
        let ids: Vec<i64> = self.of(owner).iter().map(|token| token.id).collect();
        ids.into_iter().for_each(|id| self.remove(id));
    }

    pub(super) fn expire_all(&mut self) {
        self.rows.values_mut().for_each(|token| token.is_expired = true);
    }

    pub(super) fn restore_all(&mut self) {
        self.rows.values_mut().for_each(|token| token.is_expired = false);
    }
}
