//! The token endpoint and what belongs to it: who gets a token, for how long, and each refusal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::answer::{Answer, Outcome, Refusal, described};
use super::claims::{Grant, session_id};
use super::events::UserEvent;
use super::jwt::Signer;
use super::request::Request;
use super::world::{Client, Object, Realm, Session, User, new_id};

const BAD_CLIENT: &str = "Invalid client or Invalid client credentials";
const BAD_USER: &str = "Invalid user credentials";

const GRANTS: &[&str] = &[
    "authorization_code",
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:uma-ticket",
    "urn:openid:params:grant-type:ciba",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
];

/// A call of one of a realm's OpenID endpoints.
pub(super) struct Oidc<'a> {
    pub realm: &'a mut Realm,
    pub signer: &'a Signer,
    pub request: &'a Request,
    /// Milliseconds.
    pub now: i64,
}

impl Oidc<'_> {
    /// `POST …/token`.
    pub fn token(&mut self) -> Outcome {
        if !self.realm.is("enabled") {
            return Err(described(403, "access_denied", "Realm not enabled"));
        }
        let form = Form(self.request.form());
        let Some(grant) = form.get("grant_type") else {
            return Err(described(400, "invalid_request", "Missing form parameter: grant_type"));
        };
        if !GRANTS.contains(&grant) {
            return Err(described(400, "unsupported_grant_type", "Unsupported grant_type"));
        }
        let client = self.authenticated_client(&form)?;
        match grant {
            "client_credentials" => self.client_credentials(&client, &form),
            "password" => self.password(&client, &form),
            "refresh_token" => self.refresh(&client, &form),
            _ => Err(super::answer::not_modelled()),
        }
    }

    fn client_credentials(&mut self, client: &Client, form: &Form) -> Outcome {
        let refuse = |words: &str| described(401, "unauthorized_client", words);
        if client.is("bearerOnly") {
            return Err(described(401, "invalid_client", "Bearer-only not allowed"));
        }
        if client.is("publicClient") {
            return Err(refuse("Public client not allowed to retrieve service account"));
        }
        let account = client.service_account.as_ref().and_then(|id| self.realm.users.get(id));
        let Some(user) = account.cloned() else {
            return Err(refuse("Client not enabled to retrieve service account"));
        };
        if !user.enabled {
            return Err(described(401, "invalid_request", format!("User '{}' disabled", user.username)));
        }
        let refreshable = client.attribute("client_credentials.use_refresh_token") == Some("true");
        let session = refreshable.then(|| self.open_session(&user, client));
        self.answer(client, &user, form.get("scope").unwrap_or_default(), session, "trrtcc", "CLIENT_LOGIN")
    }

    fn password(&mut self, client: &Client, form: &Form) -> Outcome {
        if !client.is("directAccessGrantsEnabled") {
            return Err(described(400, "unauthorized_client", "Client not allowed for direct access grants"));
        }
        let scope = form.get("scope").unwrap_or_default();
        let Some(username) = form.get("username") else {
            return Err(described(401, "invalid_request", "Missing parameter: username"));
        };
        let refused = || described(400, "invalid_grant", BAD_USER);
        let Some(user) = self.person(username) else {
            self.login_error(client, None, username, "user_not_found");
            return Err(refused());
        };
        if self.is_locked(&user) {
            self.login_error(client, Some(&user.id), &user.username, "user_temporarily_disabled");
            return Err(refused());
        }
        if !user.has_password(form.get("password").unwrap_or_default()) {
            self.count_failure(&user);
            self.login_error(client, Some(&user.id), &user.username, "invalid_user_credentials");
            return Err(refused());
        }
        if !user.enabled || self.realm.is_locked_by_organization(&user.id) {
            self.login_error(client, Some(&user.id), &user.username, "user_disabled");
            return Err(described(400, "invalid_grant", "Account disabled"));
        }
        let unverified = self.realm.is("verifyEmail") && user.email.is_some() && !user.email_verified;
        if !user.required_actions.is_empty() || unverified || !self.realm.is_complete(&user) {
            self.login_error(client, Some(&user.id), &user.username, "resolve_required_actions");
            return Err(described(400, "invalid_grant", "Account is not fully set up"));
        }
        self.demand_scope(client, &user, scope)?;
        self.realm.failures.remove(&user.id);
        let session = self.open_session(&user, client);
        let prefix = if client.attribute("client.use.lightweight.access.token.enabled") == Some("true") {
            "onltro"
        } else {
            "onrtro"
        };
        self.answer(client, &user, scope, Some(session), prefix, "LOGIN")
    }

    fn refresh(&mut self, client: &Client, form: &Form) -> Outcome {
        let refuse = |words: &str| described(400, "invalid_grant", words);
        let Some(token) = form.get("refresh_token") else {
            return Err(described(400, "invalid_request", "No refresh token"));
        };
        let claims = self.signer.verify(token).filter(|claims| claims["typ"] == "Refresh");
        let claims = claims.ok_or_else(|| refuse("Invalid refresh token"))?;
        if claims["azp"] != client.client_id.as_str() {
            return Err(refuse("Invalid refresh token. Token client and authorized client don't match"));
        }
        if claims["exp"].as_i64().unwrap_or(0) * 1000 <= self.now {
            return Err(refuse("Token is not active"));
        }
        let session = claims["sid"].as_str().unwrap_or_default().to_owned();
        let Some(user) =
            self.realm.sessions.get(&session).and_then(|session| self.realm.users.get(&session.user)).cloned()
        else {
            return Err(refuse("Session not active"));
        };
        if !user.enabled || self.realm.is_locked_by_organization(&user.id) {
            return Err(refuse("User disabled"));
        }
        if user.not_before > claims["iat"].as_i64().unwrap_or(0) {
            return Err(refuse("Stale token"));
        }
        let last_access = self.now / 1000 * 1000;
        if let Some(session) = self.realm.sessions.get_mut(&session) {
            session.last_access = last_access;
        }
        let scope = claims["asked"].as_str().unwrap_or_default().to_owned();
        let prefix = if client.attribute("client.use.lightweight.access.token.enabled") == Some("true") {
            "onltrt"
        } else {
            "onrtrt"
        };
        self.answer(client, &user, &scope, Some(session), prefix, "REFRESH_TOKEN")
    }

    /// Makes the tokens and the answer that carries them.
    fn answer(
        &mut self,
        client: &Client,
        user: &User,
        scope: &str,
        session: Option<String>,
        prefix: &str,
        event: &str,
    ) -> Outcome {
        let grant = self.grant(client, user, scope, session.clone(), prefix);
        if grant.unknown_scope() {
            return Err(described(400, "invalid_scope", format!("Invalid scopes: {scope}")));
        }
        let access_claims = grant.access_token();
        let access = self.signer.sign(&access_claims);
        let granted = grant.scope_text();
        let mut answer = Object::new();
        answer.insert("access_token".into(), json!(access));
        answer.insert("expires_in".into(), json!(grant.lifespan));
        let refresh_id = new_id();
        let idle = self.realm.count_setting("ssoSessionIdleTimeout");
        match &session {
            Some(session) => {
                let mut claims = Object::new();
                claims.insert("exp".into(), json!(grant.now + idle));
                claims.insert("iat".into(), json!(grant.now));
                claims.insert("jti".into(), json!(refresh_id));
                claims.insert("iss".into(), json!(grant.issuer));
                claims.insert("aud".into(), json!(grant.issuer));
                claims.insert("sub".into(), json!(user.id));
                claims.insert("typ".into(), json!("Refresh"));
                claims.insert("azp".into(), json!(client.client_id));
                claims.insert("sid".into(), json!(session));
                claims.insert("scope".into(), json!(granted));
                claims.insert("asked".into(), json!(scope));
                answer.insert("refresh_expires_in".into(), json!(idle));
                answer.insert("refresh_token".into(), json!(self.signer.sign(&claims)));
            }
            None => {
                answer.insert("refresh_expires_in".into(), json!(0));
            }
        }
        answer.insert("token_type".into(), json!("Bearer"));
        if granted.split(' ').any(|word| word == "openid") {
            answer.insert("id_token".into(), json!(self.signer.sign(&grant.id_token(Some(&access)))));
        }
        answer.insert("not-before-policy".into(), json!(user.not_before.max(self.realm.count_setting("notBefore"))));
        if let Some(session) = &session {
            answer.insert("session_state".into(), json!(session));
        }
        answer.insert("scope".into(), json!(granted));
        let mut details = vec![("token_id".to_owned(), access_claims["jti"].clone())];
        if event == "CLIENT_LOGIN" {
            details.push(("grant_type".into(), json!("client_credentials")));
        } else {
            details.push(("auth_method".into(), json!("openid-connect")));
            details.push(("grant_type".into(), json!("password")));
            details.push(("refresh_token_type".into(), json!("Refresh")));
            details.push(("refresh_token_id".into(), json!(refresh_id)));
        }
        details.push(("scope".into(), json!(granted)));
        details.push(("client_auth_method".into(), json!("client-secret")));
        details.push(("username".into(), json!(user.username)));
        self.realm.user_event(
            self.now,
            event,
            UserEvent {
                client: &client.client_id,
                user: Some(&user.id),
                session: session.as_deref(),
                error: None,
                details,
            },
        );
        Ok(Answer::json(answer))
    }

    pub fn grant<'a>(
        &'a self,
        client: &'a Client,
        user: &'a User,
        asked: &'a str,
        session: Option<String>,
        prefix: &'a str,
    ) -> Grant<'a> {
        grant(self.realm, self.request, client, user, asked, session, prefix, self.now)
    }

    fn demand_scope(&self, client: &Client, user: &User, scope: &str) -> Result<(), Refusal> {
        if self.grant(client, user, scope, None, "").unknown_scope() {
            return Err(described(400, "invalid_scope", format!("Invalid scopes: {scope}")));
        }
        Ok(())
    }

    /// The client that a form or a Basic header names, with the right secret.
    pub fn authenticated_client(&self, form: &Form) -> Result<Client, Refusal> {
        let basic = self
            .request
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok())
            .and_then(|pair| String::from_utf8(pair).ok())
            .and_then(|pair| pair.split_once(':').map(|(id, secret)| (unescape(id), unescape(secret))));
        let (id, secret) = match basic {
            Some((id, secret)) => (id, Some(secret)),
            None => {
                let id = form.get("client_id").unwrap_or_default().to_owned();
                (id, form.get("client_secret").map(str::to_owned))
            }
        };
        let client = self.realm.client_named(&id).filter(|client| client.is("enabled"));
        let client = client.ok_or_else(|| described(401, "invalid_client", BAD_CLIENT))?;
        if !client.is("publicClient") && (client.secret.is_none() || client.secret != secret) {
            return Err(described(401, "unauthorized_client", BAD_CLIENT));
        }
        Ok(client.clone())
    }

    fn person(&self, name: &str) -> Option<User> {
        let name = name.to_lowercase();
        let by_email = || {
            let allowed = self.realm.is("loginWithEmailAllowed") && name.contains('@');
            if allowed { self.realm.user_with_email(&name) } else { None }
        };
        by_email().or_else(|| self.realm.user_named(&name)).cloned()
    }

    fn open_session(&mut self, user: &User, client: &Client) -> String {
        let id = session_id();
        let start = self.now / 1000 * 1000;
        let session = Session {
            id: id.clone(),
            user: user.id.clone(),
            start,
            last_access: start,
            clients: [(client.id.clone(), client.client_id.clone())].into(),
        };
        self.realm.sessions.insert(id.clone(), session);
        id
    }

    fn login_error(&mut self, client: &Client, user: Option<&str>, username: &str, error: &str) {
        let details = vec![
            ("auth_method".to_owned(), json!("openid-connect")),
            ("grant_type".to_owned(), json!("password")),
            ("client_auth_method".to_owned(), json!("client-secret")),
            ("username".to_owned(), json!(username)),
        ];
        let event = UserEvent { client: &client.client_id, user, error: Some(error), details, session: None };
        self.realm.user_event(self.now, "LOGIN_ERROR", event);
    }
}

#[expect(clippy::too_many_arguments, reason = "what a token is made of")]
pub(super) fn grant<'a>(
    realm: &'a Realm,
    request: &Request,
    client: &'a Client,
    user: &'a User,
    asked: &'a str,
    session: Option<String>,
    prefix: &'a str,
    now: i64,
) -> Grant<'a> {
    let own = client.attribute("access.token.lifespan").and_then(|text| text.parse().ok());
    Grant {
        realm,
        client,
        user,
        asked,
        issuer: issuer(request, &realm.name),
        session,
        now: now / 1000,
        lifespan: own.unwrap_or_else(|| realm.count_setting("accessTokenLifespan")),
        prefix,
    }
}

/// The issuer of a realm at the address that the caller used.
pub(super) fn issuer(request: &Request, realm: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(realm, super::realms::PATH_SEGMENT);
    format!("{}/realms/{name}", request.origin())
}

/// The fields of a form; empty ones count as absent.
pub(super) struct Form(pub Vec<(String, String)>);

impl Form {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Basic credentials are form-encoded before they are joined.
fn unescape(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
