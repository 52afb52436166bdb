//! Who calls: where credentials are looked for, which of them count, and what a server begins with.

use axum::http::HeaderMap;

use super::accounts::{Session, SessionKind};
use super::call::{Call, Caller};
use super::reply::{Refusal, refuse, session_expired};
use super::routes::Access;
use super::world::World;

/// Where a secret was found, in the order in which the server looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Cookie,
    Header,
    Query,
}

/// What counts of a secret.
const SECRET_LENGTH: usize = 50;

/// How long a sign-in lasts: `SessionLengthWebInHours`.
const SESSION_LENGTH: i64 = 180 * 24 * 3600 * 1000;

/// What a session of a personal token lasts, in days.
const TOKEN_SESSION_LENGTH: i64 = 100 * 365 * 24 * 3600 * 1000;

impl World {
    /// Who sends a call, or why it is refused. Invalid credentials are none where none are needed.
    pub(super) fn identify(&mut self, call: &Call, access: Access) -> Result<Option<Caller>, Refusal> {
        let mut caller = None;
        if let Some((secret, place)) = presented(&call.headers, &call.query) {
            match self.session_of(&secret, call.now) {
                None if access == Access::Session => return Err(session_expired()),
                None => {}
                Some(_) if place == Place::Query => {
                    let message = "Session is not OAuth but token was provided in the query string.";
                    return Err(refuse(401, "api.context.token_provided.app_error", message));
                }
                Some(session) => {
                    if place == Place::Cookie && !passes_forgery_check(call, &session) {
                        return Err(session_expired());
                    }
                    caller = Some(Caller {
                        is_bot: self.is_bot(&session.user_id),
                        session_id: session.id,
                        user_id: session.user_id,
                        kind: session.kind,
                    });
                }
            }
        }
        if access == Access::Session {
            let may_call = caller.as_ref().is_some_and(|caller| {
                caller.kind != SessionKind::PersonalToken || caller.is_bot || self.takes_personal_tokens()
            });
            if !may_call {
                return Err(session_expired());
            }
        }
        Ok(caller)
    }

    /// Whether personal tokens of people work. Those of bots always do.
    pub(super) fn takes_personal_tokens(&self) -> bool {
        self.config.is_on("ServiceSettings", "EnableUserAccessTokens")
    }

    /// The session of a secret. A personal token opens one by its first call.
    fn session_of(&mut self, secret: &str, now: i64) -> Option<Session> {
        if self.expired_secrets.contains(secret) {
            return None;
        }
        if let Some(session) = self.sessions.iter().find(|session| session.token == secret) {
            return (session.expires_at > now).then(|| session.clone());
        }
        let token = self.tokens.iter().find(|token| token.secret == secret && token.is_active)?;
        let owner = self.users.get(&token.user_id)?;
        if !owner.is_active() || !(self.is_bot(&owner.id) || self.takes_personal_tokens()) {
            return None;
        }
        let (user_id, roles) = (owner.id.clone(), owner.roles.clone());
        Some(self.open_session(user_id, roles, SessionKind::PersonalToken, Some(secret.to_owned()), now))
    }

    /// Begins a session. Its secret is made up unless it is a personal token's.
    pub(super) fn open_session(
        &mut self,
        user_id: String,
        roles: String,
        kind: SessionKind,
        secret: Option<String>,
        now: i64,
    ) -> Session {
        let length = if kind == SessionKind::PersonalToken { TOKEN_SESSION_LENGTH } else { SESSION_LENGTH };
        let session = Session {
            id: self.new_id(),
            token: secret.unwrap_or_else(|| self.new_id()),
            csrf: self.new_id(),
            create_at: now,
            expires_at: now + length,
            user_id,
            kind,
            roles,
        };
        self.sessions.push(session.clone());
        session
    }

    /// Ends every session of somebody. Personal tokens open new ones, unless something else stops them.
    pub(super) fn end_sessions(&mut self, user_id: &str) {
        self.sessions.retain(|session| session.user_id != user_id);
    }
}

/// The secret that a call carries: a cookie wins over the header, even a bad one; the query comes last.
pub(super) fn presented(headers: &HeaderMap, query: &[(String, String)]) -> Option<(String, Place)> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let cut = |secret: &str| secret.chars().take(SECRET_LENGTH).collect::<String>();
    let cookies = header("cookie").split(';').filter_map(|cookie| cookie.trim().split_once('='));
    if let Some((_, secret)) = cookies.into_iter().find(|(name, _)| *name == "MMAUTHTOKEN") {
        return Some((cut(secret), Place::Cookie)).filter(|(secret, _)| !secret.is_empty());
    }
    let authorization = header("authorization");
    let scheme = |name: &str| {
        let begin = authorization.get(..name.len())?;
        begin.eq_ignore_ascii_case(name).then(|| authorization.get(name.len() + 1..).unwrap_or(""))
    };
    if let Some(secret) = scheme("bearer").or_else(|| scheme("token")) {
        return Some((cut(secret), Place::Header)).filter(|(secret, _)| !secret.is_empty());
    }
    let in_query = query.iter().find(|(name, _)| name == "access_token").map_or("", |(_, value)| value);
    Some((cut(in_query), Place::Query)).filter(|(secret, _)| !secret.is_empty())
}

/// A change by cookie must show that a script of ours sent it.
fn passes_forgery_check(call: &Call, session: &Session) -> bool {
    call.is_read() || call.header("x-csrf-token") == session.csrf || call.header("x-requested-with") == "XMLHttpRequest"
}
