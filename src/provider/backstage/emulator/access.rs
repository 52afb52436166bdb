//! Who calls, and what their token lets them do (guide, section 4).

use axum::http::HeaderMap;

use super::problem::Problem;
use super::settings::{Settings, Token};

/// Whose token it is.
pub(super) fn identify<'s>(settings: &'s Settings, lapsed: bool, headers: &HeaderMap) -> Result<&'s Token, Problem> {
    let sent = headers.get("authorization").and_then(|it| it.to_str().ok());
    let bearer = sent.and_then(|it| it.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = bearer else {
        return Err(Problem::new("AuthenticationError", "Missing credentials"));
    };
    let known = settings.tokens.iter().find(|it| it.token == token.trim()).filter(|_| !lapsed);
    known.ok_or_else(|| Problem::new("AuthenticationError", "Illegal token"))
}

impl Token {
    /// Whether it may use a plugin at all.
    pub(super) fn enters(&self, plugin: &str) -> Result<(), Problem> {
        if self.restrictions.is_empty() || self.restrictions.iter().any(|it| it.plugin == plugin) {
            return Ok(());
        }
        let plugins: Vec<String> = self.restrictions.iter().map(|it| format!("'{}'", it.plugin)).collect();
        let message = format!("This token's access is restricted to plugin(s) {}", plugins.join(", "));
        Err(Problem::new("NotAllowedError", message))
    }

    /// Whether it has a permission of a plugin.
    pub(super) fn has(&self, plugin: &str, permission: &str) -> bool {
        let here = |it: &&super::settings::Restriction| it.plugin == plugin;
        self.restrictions.is_empty()
            || self
                .restrictions
                .iter()
                .filter(here)
                .any(|it| it.permissions.is_empty() || it.permissions.contains(&permission))
    }

    /// Demands a permission. The refusal says nothing.
    pub(super) fn demand(&self, permission: &str) -> Result<(), Problem> {
        if self.has("catalog", permission) { Ok(()) } else { Err(Problem::new("NotAllowedError", "")) }
    }
}
