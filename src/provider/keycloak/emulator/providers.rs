//! Identity providers, and people who come through one.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, done, error, message};
use super::call::Call;
use super::realms::text;
use super::shapes;
use super::world::{Identity, Object, Realm, User, new_id};

const VIEW: &[&str] = &["view-identity-providers", "manage-identity-providers"];
const MANAGE: &[&str] = &["manage-identity-providers"];
const MASK: &str = "**********";

/// Settings that hold addresses, and what refusals call them.
const ADDRESSES: &[(&str, &str)] = &[
    ("authorizationUrl", "authorization_url"),
    ("tokenUrl", "token_url"),
    ("jwksUrl", "jwks_url"),
    ("logoutUrl", "logout_url"),
    ("userInfoUrl", "userinfo_url"),
];

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

/// A provider as answers show it.
pub(super) fn show(realm: &Realm, provider: &Object) -> Object {
    let mut shown = provider.clone();
    if let Some(Value::Object(config)) = shown.get_mut("config")
        && config.contains_key("clientSecret")
    {
        config.insert("clientSecret".into(), json!(MASK));
    }
    let alias = text(provider, "alias").unwrap_or_default();
    if let Some(organization) = realm
        .organizations
        .values()
        .find(|org| org.providers.contains(alias))
    {
        shown.insert("organizationId".into(), json!(organization.id));
    }
    shown
}

impl Realm {
    /// Signs a person in through a provider for the first time: the account is made and linked, and when an organisation
    /// owns the provider the person becomes a member that it manages. Who was there before keeps the account.
    pub fn sign_in_through(
        &mut self,
        alias: &str,
        person: &UpstreamPerson,
        client: &str,
        now: i64,
    ) -> Option<String> {
        let provider = self.providers.get(alias)?;
        let trusted = provider
            .get("trustEmail")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let known = self.users.values().find(|user| {
            user.identities
                .iter()
                .any(|link| link.provider == alias && link.user_id == person.id)
        });
        let details = |more: &[(&str, Value)]| {
            let mut all: Vec<(String, Value)> = vec![
                ("identity_provider".into(), json!(alias)),
                ("identity_provider_identity".into(), json!(person.username)),
            ];
            all.extend(
                more.iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone())),
            );
            all
        };
        let code = super::jwt::random_text(24);
        let broker_session = format!("{alias}.{}", super::jwt::random_text(24));
        let id = match known {
            Some(user) => user.id.clone(),
            None => {
                let user = User {
                    id: new_id(),
                    username: person.username.to_lowercase(),
                    email: person.email.as_ref().map(|email| email.to_lowercase()),
                    first_name: person.first_name.clone(),
                    last_name: person.last_name.clone(),
                    email_verified: trusted && person.email.is_some(),
                    enabled: true,
                    created: now,
                    roles: std::iter::once(self.default_role.clone()).collect(),
                    identities: vec![Identity {
                        provider: alias.to_owned(),
                        user_id: person.id.clone(),
                        user_name: person.username.clone(),
                    }],
                    ..User::default()
                };
                let (id, email, username) =
                    (user.id.clone(), user.email.clone(), user.username.clone());
                self.put_user(user);
                let owner = self
                    .organizations
                    .values()
                    .find(|org| org.providers.contains(alias))
                    .map(|org| org.id.clone());
                if let Some(owner) = owner {
                    self.add_member(&owner, &id, true);
                }
                let event = |user: &str| (user.to_owned(), client.to_owned());
                let (user_id, client_id) = event(&id);
                self.user_event(
                    now,
                    "IDENTITY_PROVIDER_FIRST_LOGIN",
                    super::events::UserEvent {
                        client: &client_id,
                        details: details(&[
                            ("auth_method", json!("openid-connect")),
                            ("identity_provider_broker_session_id", json!(broker_session)),
                            ("redirect_uri", json!("https://portal.example/cb")),
                            ("code_id", json!(code)),
                        ]),
                        ..Default::default()
                    },
                );
                self.user_event(
                    now,
                    "REGISTER",
                    super::events::UserEvent {
                        client: &client_id,
                        user: Some(&user_id),
                        details: details(&[
                            ("register_method", json!("broker")),
                            ("code_id", json!(code)),
                            ("email", json!(email)),
                            ("username", json!(username)),
                        ]),
                        ..Default::default()
                    },
                );
                id
            }
        };
        let username = self
            .users
            .get(&id)
            .map(|user| user.username.clone())
            .unwrap_or_default();
        self.user_event(
            now,
            "LOGIN",
            super::events::UserEvent {
                client,
                user: Some(&id),
                details: details(&[
                    ("identity_provider_broker_session_id", json!(broker_session)),
                    ("response_type", json!("code")),
                    ("consent", json!("no_consent_required")),
                    ("code_id", json!(code)),
                    ("username", json!(username)),
                    ("response_mode", json!("query")),
                ]),
                ..Default::default()
            },
        );
        Some(id)
    }
}

impl Call<'_> {
    pub fn providers(&self) -> Outcome {
        self.caller.demand(VIEW)?;
        let shown = self
            .realm
            .providers
            .values()
            .map(|provider| Value::Object(show(self.realm, provider)));
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn create_provider(&mut self) -> Outcome {
        let body = self.request.bean(&shapes::IDENTITY_PROVIDER)?;
        self.caller.demand(MANAGE)?;
        let alias = text(&body, "alias").unwrap_or_default().to_owned();
        if self.realm.providers.contains_key(&alias) {
            return Err(message(
                409,
                format!("Identity Provider {alias} already exists"),
            ));
        }
        self.check_addresses(&body)?;
        let mut provider = Object::new();
        provider.insert("alias".into(), json!(alias));
        provider.insert("internalId".into(), json!(new_id()));
        provider.insert("enabled".into(), json!(true));
        for flag in [
            "trustEmail",
            "storeToken",
            "addReadTokenRoleOnCreate",
            "authenticateByDefault",
            "linkOnly",
        ] {
            provider.insert(flag.into(), json!(false));
        }
        provider.insert("config".into(), json!({}));
        provider.extend(body.clone());
        self.realm.providers.insert(alias.clone(), provider);
        let path = format!("identity-provider/instances/{alias}");
        self.record(
            "CREATE",
            "IDENTITY_PROVIDER",
            Some(path.clone()),
            Some(masked(body)),
        );
        Ok(Answer::created(self.place(&path)))
    }

    pub fn provider(&self, alias: &str) -> Outcome {
        self.caller.demand(VIEW)?;
        Ok(Answer::json(show(self.realm, self.found_provider(alias)?)))
    }

    pub fn put_provider(&mut self, alias: &str) -> Outcome {
        let body = self.request.bean(&shapes::IDENTITY_PROVIDER)?;
        self.caller.demand(MANAGE)?;
        self.found_provider(alias)?;
        self.check_addresses(&body)?;
        if let Some(provider) = self.realm.providers.get_mut(alias) {
            for (name, value) in &body {
                if name != "alias" && name != "internalId" {
                    provider.insert(name.clone(), value.clone());
                }
            }
        }
        let path = Some(format!("identity-provider/instances/{alias}"));
        self.record("UPDATE", "IDENTITY_PROVIDER", path, Some(masked(body)));
        done()
    }

    pub fn delete_provider(&mut self, alias: &str) -> Outcome {
        self.caller.demand(MANAGE)?;
        self.found_provider(alias)?;
        self.realm.providers.remove(alias);
        for organization in self.realm.organizations.values_mut() {
            organization.providers.remove(alias);
        }
        for user in self.realm.users.values_mut() {
            user.identities.retain(|link| link.provider != alias);
        }
        self.record(
            "DELETE",
            "IDENTITY_PROVIDER",
            Some(format!("identity-provider/instances/{alias}")),
            None,
        );
        done()
    }

    fn found_provider(&self, alias: &str) -> Result<&Object, Refusal> {
        self.realm
            .providers
            .get(alias)
            .ok_or_else(|| error(404, "HTTP 404 Not Found"))
    }

    /// Plain http is for realms that demand no encryption.
    fn check_addresses(&self, body: &Object) -> Result<(), Refusal> {
        if self
            .realm
            .setting("sslRequired")
            .as_str()
            .is_some_and(|demand| demand.eq_ignore_ascii_case("none"))
        {
            return Ok(());
        }
        let config = body.get("config").unwrap_or(&Value::Null);
        for (name, words) in ADDRESSES {
            if config[*name]
                .as_str()
                .is_some_and(|url| url.starts_with("http://"))
            {
                return Err(message(
                    400,
                    format!("The url [{words}] requires secure connections"),
                ));
            }
        }
        Ok(())
    }
}

fn masked(mut body: Object) -> Value {
    if let Some(Value::Object(config)) = body.get_mut("config")
        && config.contains_key("clientSecret")
    {
        config.insert("clientSecret".into(), json!(MASK));
    }
    Value::Object(shapes::IDENTITY_PROVIDER.in_order(body))
}
