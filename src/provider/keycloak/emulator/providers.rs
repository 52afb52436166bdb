//! Identity providers: create, read, change, delete.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, done, error, message};
use super::call::Call;
use super::realms::text;
use super::shapes;
use super::world::{Object, Realm, new_id};

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

/// A provider as answers show it.
pub(super) fn show(realm: &Realm, provider: &Object) -> Object {
    let mut shown = provider.clone();
    if let Some(Value::Object(config)) = shown.get_mut("config")
        && config.contains_key("clientSecret")
    {
        config.insert("clientSecret".into(), json!(MASK));
    }
    let alias = text(provider, "alias").unwrap_or_default();
    if let Some(organization) = realm.organizations.values().find(|org| org.providers.contains(alias)) {
        shown.insert("organizationId".into(), json!(organization.id));
    }
    shown
}

impl Call<'_> {
    pub fn providers(&self) -> Outcome {
        self.caller.demand(VIEW)?;
        let shown = self.realm.providers.values().map(|provider| Value::Object(show(self.realm, provider)));
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn create_provider(&mut self) -> Outcome {
        let body = self.request.bean(&shapes::IDENTITY_PROVIDER)?;
        self.caller.demand(MANAGE)?;
        let alias = text(&body, "alias").unwrap_or_default().to_owned();
        if self.realm.providers.contains_key(&alias) {
            return Err(message(409, format!("Identity Provider {alias} already exists")));
        }
        self.check_addresses(&body)?;
        let mut provider = Object::new();
        provider.insert("alias".into(), json!(alias));
        provider.insert("internalId".into(), json!(new_id()));
        provider.insert("enabled".into(), json!(true));
        for flag in ["trustEmail", "storeToken", "addReadTokenRoleOnCreate", "authenticateByDefault", "linkOnly"] {
            provider.insert(flag.into(), json!(false));
        }
        provider.insert("config".into(), json!({}));
        provider.extend(body.clone());
        self.realm.providers.insert(alias.clone(), provider);
        let path = format!("identity-provider/instances/{alias}");
        self.record("CREATE", "IDENTITY_PROVIDER", Some(path.clone()), Some(masked(body)));
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
        self.record("DELETE", "IDENTITY_PROVIDER", Some(format!("identity-provider/instances/{alias}")), None);
        done()
    }

    fn found_provider(&self, alias: &str) -> Result<&Object, Refusal> {
        self.realm.providers.get(alias).ok_or_else(|| error(404, "HTTP 404 Not Found"))
    }

    /// Plain http is for realms that demand no encryption.
    fn check_addresses(&self, body: &Object) -> Result<(), Refusal> {
        if self.realm.setting("sslRequired").as_str().is_some_and(|demand| demand.eq_ignore_ascii_case("none")) {
            return Ok(());
        }
        let config = body.get("config").unwrap_or(&Value::Null);
        for (name, words) in ADDRESSES {
            if config[*name].as_str().is_some_and(|url| url.starts_with("http://")) {
                return Err(message(400, format!("The url [{words}] requires secure connections")));
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
