//! People who come through an identity provider.
//!
//! What a browser does over several pages happens here at once: the upstream's word is taken, an account is made and
//! linked, and the organisation that owns the provider gets a member that it manages.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, error, not_modelled};
use super::events::UserEvent;
use super::jwt::random_text;
use super::request::Request;
use super::tokens::issuer;
use super::world::{Id, Identity, Realm, User, World, new_id};

/// A person as the upstream provider knows them.
#[derive(Debug, Clone, Default)]
pub struct UpstreamPerson {
    /// The upstream's id.
    pub id: String,
    /// Becomes the username, folded.
    pub username: String,
    /// Becomes the e-mail, folded; verified when the provider is trusted with that.
    pub email: Option<String>,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
}

/// Which client a person signs in to, and where that client wants them back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit<'a> {
    pub client: &'a str,
    pub redirect: &'a str,
}

impl World {
    /// `GET …/auth?…&kc_idp_hint={provider}&login_hint={username}`: the browser of that person, signed in upstream. It works
    /// when the provider's authorization address is a realm of this installation that knows the person. Everything else
    /// that the authorization endpoint does needs a browser and is not modelled.
    pub fn browser_sign_in(&mut self, realm: &str, request: &Request, now: i64) -> Outcome {
        let (Some(alias), Some(username)) = (request.filled("kc_idp_hint"), request.filled("login_hint")) else {
            return Err(not_modelled());
        };
        let provider = self.realms.get(realm).and_then(|realm| realm.providers.get(alias)).ok_or_else(not_modelled)?;
        let upstream = provider.get("config").and_then(|config| upstream_realm(config["authorizationUrl"].as_str()?));
        let upstream = upstream.and_then(|name| self.realms.get(&name)).ok_or_else(not_modelled)?;
        let known = upstream.user_named(&username.to_lowercase()).filter(|user| user.enabled);
        let known = known.ok_or_else(|| error(400, "Invalid user credentials"))?;
        let person = UpstreamPerson {
            id: known.id.clone(),
            username: known.username.clone(),
            email: known.email.clone(),
            first_name: known.first_name.clone(),
            last_name: known.last_name.clone(),
        };
        let client = request.query("client_id").unwrap_or_default();
        let redirect = request.query("redirect_uri").unwrap_or_default();
        let Some(realm) = self.realms.get_mut(realm) else {
            return Err(not_modelled());
        };
        realm.sign_in_through(alias, &person, Visit { client, redirect }, now);
        let issuer =
            percent_encoding::utf8_percent_encode(&issuer(request, &realm.name), percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        let place = format!("{redirect}?session_state={}&iss={issuer}&code={}", random_text(24), new_id());
        Ok(Answer::nothing(302).with_header("location", place))
    }
}

impl Realm {
    /// Signs a person in through the provider `alias`. On the first time the account is made, or the one with the same
    /// e-mail or name is taken over, and linked. Nothing happens without such a provider.
    pub fn sign_in_through(&mut self, alias: &str, person: &UpstreamPerson, visit: Visit<'_>, now: i64) -> Option<Id> {
        let provider = self.providers.get(alias)?;
        let trusted = provider.get("trustEmail").and_then(Value::as_bool).unwrap_or(false);
        let linked = self
            .users
            .values()
            .find(|user| user.identities.iter().any(|link| link.provider == alias && link.user_id == person.id))
            .map(|user| user.id.clone());
        let code = random_text(24);
        let broker_session = format!("{alias}.{}", random_text(24));
        let id = match linked {
            Some(id) => id,
            None => {
                self.broker_event(
                    now,
                    "IDENTITY_PROVIDER_FIRST_LOGIN",
                    visit,
                    None,
                    alias,
                    person,
                    &[
                        ("auth_method", json!("openid-connect")),
                        ("identity_provider_broker_session_id", json!(broker_session)),
                        ("redirect_uri", json!(visit.redirect)),
                        ("code_id", json!(code)),
                    ],
                );
                self.first_sign_in(alias, person, trusted, visit, &code, now)
            }
        };
        let username = self.users.get(&id).map(|user| user.username.clone());
        self.broker_event(
            now,
            "LOGIN",
            visit,
            Some(&id),
            alias,
            person,
            &[
                ("identity_provider_broker_session_id", json!(broker_session)),
                ("response_type", json!("code")),
                ("consent", json!("no_consent_required")),
                ("code_id", json!(code)),
                ("username", json!(username)),
                ("response_mode", json!("query")),
            ],
        );
        Some(id)
    }

    fn first_sign_in(
        &mut self,
        alias: &str,
        person: &UpstreamPerson,
        trusted: bool,
        visit: Visit<'_>,
        code: &str,
        now: i64,
    ) -> Id {
        let username = person.username.to_lowercase();
        let email = person.email.as_ref().map(|email| email.to_lowercase());
        let known = email.as_ref().and_then(|email| self.user_with_email(email)).or_else(|| self.user_named(&username));
        let is_new = known.is_none();
        let mut user = known.cloned().unwrap_or_else(|| User {
            id: new_id(),
            username,
            email,
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            email_verified: trusted && person.email.is_some(),
            enabled: true,
            created: now,
            roles: std::iter::once(self.default_role.clone()).collect(),
            ..User::default()
        });
        user.identities.push(Identity {
            provider: alias.to_owned(),
            user_id: person.id.clone(),
            user_name: person.username.clone(),
        });
        let (id, email, username) = (user.id.clone(), user.email.clone(), user.username.clone());
        self.put_user(user);
        let owner = self.organizations.values().find(|org| org.providers.contains(alias)).map(|org| org.id.clone());
        if let Some(owner) = owner {
            self.add_member(&owner, &id, true);
        }
        let kind = if is_new { "REGISTER" } else { "FEDERATED_IDENTITY_LINK" };
        self.broker_event(
            now,
            kind,
            visit,
            Some(&id),
            alias,
            person,
            &[
                ("register_method", json!("broker")),
                ("code_id", json!(code)),
                ("email", json!(email)),
                ("username", json!(username)),
            ],
        );
        id
    }

    #[expect(clippy::too_many_arguments, reason = "what an event says")]
    fn broker_event(
        &mut self,
        now: i64,
        kind: &str,
        visit: Visit<'_>,
        user: Option<&str>,
        alias: &str,
        person: &UpstreamPerson,
        more: &[(&str, Value)],
    ) {
        let mut details: Vec<(String, Value)> = vec![
            ("identity_provider".into(), json!(alias)),
            ("identity_provider_identity".into(), json!(person.username)),
        ];
        details.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self.user_event(now, kind, UserEvent { client: visit.client, user, details, ..UserEvent::default() });
    }
}

/// The realm of this installation that an authorization address belongs to.
fn upstream_realm(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("/realms/")?;
    rest.split('/').next().map(str::to_owned)
}
