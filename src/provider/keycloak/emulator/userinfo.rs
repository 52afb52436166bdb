//! What is done with tokens: asking whose one is, ending sessions, and seeing what one would say.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, described, error};
use super::call::Call;
use super::claims::session_id;
use super::events::UserEvent;
use super::rights::{Bearer, Rejected};
use super::tokens::{Form, Oidc, grant};

impl Oidc<'_> {
    /// `GET …/userinfo`.
    pub fn user_info(&self, world_check: Result<Bearer, Rejected>) -> Outcome {
        let realm = &self.realm.name;
        let refuse = |status: u16, error: &str, words: &str| -> Refusal {
            let header = format!("Bearer realm=\"{realm}\", error=\"{error}\", error_description=\"{words}\"");
            Answer::text(status, "text/plain;charset=utf-8", String::new())
                .with_header("www-authenticate", header)
                .into()
        };
        let bearer = match world_check {
            Ok(bearer) if bearer.realm == *realm => bearer,
            Err(Rejected::Missing) => {
                let header = format!("Bearer realm=\"{realm}\"");
                return Err(Answer::text(401, "text/plain;charset=utf-8", String::new())
                    .with_header("www-authenticate", header)
                    .into());
            }
            Err(Rejected::UserDisabled) => {
                return Err(refuse(401, "invalid_token", "User disabled"));
            }
            Err(Rejected::NoSession) => {
                return Err(refuse(401, "invalid_token", "user_session_not_found"));
            }
            Err(Rejected::ClientGone) => {
                return Err(refuse(401, "invalid_token", "Client disabled"));
            }
            _ => return Err(refuse(401, "invalid_token", "Token verification failed")),
        };
        let (Some(client), Some(user)) = (self.realm.clients.get(&bearer.client), self.realm.users.get(&bearer.user))
        else {
            return Err(refuse(401, "invalid_token", "Token verification failed"));
        };
        if bearer.claims.get("sub").is_none() {
            return Err(refuse(401, "invalid_token", "Lightweight access token not allowed for userinfo endpoint"));
        }
        let scope = bearer.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        if !scope.split(' ').any(|word| word == "openid") {
            return Err(refuse(403, "insufficient_scope", "Missing openid scope"));
        }
        Ok(Answer::json(self.grant(client, user, scope, None, "").user_info()))
    }

    /// `POST …/logout` with a refresh token: ends the session.
    pub fn logout(&mut self) -> Outcome {
        let form = Form(self.request.form());
        let client = self.authenticated_client(&form)?;
        let claims = form.get("refresh_token").and_then(|token| self.signer.verify(token));
        let claims = claims.filter(|claims| claims["azp"] == client.client_id.as_str());
        let claims = claims.ok_or_else(|| described(400, "invalid_grant", "Invalid refresh token"))?;
        let session = claims["sid"].as_str().unwrap_or_default().to_owned();
        if let Some(session) = self.realm.sessions.remove(&session) {
            let event = UserEvent {
                client: &client.client_id,
                user: Some(&session.user),
                session: Some(&session.id),
                ..UserEvent::default()
            };
            self.realm.user_event(self.now, "LOGOUT", event);
        }
        Ok(Answer::nothing(204))
    }

    /// `POST …/revoke`: ends what the token belongs to; unknown tokens are taken too.
    pub fn revoke(&mut self) -> Outcome {
        let form = Form(self.request.form());
        let client = self.authenticated_client(&form)?;
        let Some(token) = form.get("token") else {
            return Err(described(400, "invalid_request", "Token not provided"));
        };
        if let Some(claims) = self.signer.verify(token).filter(|claims| claims["azp"] == client.client_id.as_str()) {
            self.realm.sessions.remove(claims["sid"].as_str().unwrap_or_default());
        }
        Ok(Answer::nothing(200))
    }

    /// `POST …/token/introspect`.
    pub fn introspect(&self, check: impl Fn(&str) -> bool) -> Outcome {
        let form = Form(self.request.form());
        let client = self.authenticated_client(&form)?;
        if client.is("publicClient") {
            return Err(described(403, "invalid_request", "Client not allowed."));
        }
        let token = form.get("token").unwrap_or_default();
        match self.signer.verify(token).filter(|_| check(token)) {
            Some(mut claims) => {
                claims.insert("active".into(), json!(true));
                Ok(Answer::json(claims))
            }
            None => Ok(Answer::json(json!({"active": false}))),
        }
    }
}

/// `GET /clients/{id}/evaluate-scopes/generate-example-…`.
impl Call<'_> {
    pub fn example_token(&self, client: &str, what: &str) -> Outcome {
        let client = self.visible_client(client)?;
        let id = self.request.filled("userId").ok_or_else(|| error(404, "No userId provided"))?;
        let user = self.realm.users.get(id).ok_or_else(|| error(404, "No user found"))?;
        let scope = self.request.query("scope").unwrap_or_default();
        let grant = grant(self.realm, self.request, client, user, scope, Some(session_id()), "onrtna", self.now);
        Ok(Answer::json(match what {
            "generate-example-access-token" => grant.access_token(),
            "generate-example-id-token" => grant.id_token(None),
            _ => grant.user_info(),
        }))
    }
}
