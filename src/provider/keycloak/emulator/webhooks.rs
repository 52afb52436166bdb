//! The webhook extension `p2-inc/keycloak-events`: subscriptions, and what is sent to them.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, done, error};
use super::call::Call;
use super::json::{Bean, Shape};
use super::jwt::{hex_hmac, random_secret};
use super::realms::text;
use super::rights::Caller;
use super::world::{Object, Realm, new_id};

/// Nothing is sent until the realm's listeners name this.
pub(super) const LISTENER: &str = "ext-event-webhook";

static WEBHOOK: Bean = Bean::new(
    "WebhookRepresentation",
    &[
        ("id", Shape::Text),
        ("enabled", Shape::PlainFlag),
        ("url", Shape::Text),
        ("secret", Shape::Text),
        ("algorithm", Shape::Text),
        ("authType", Shape::Text),
        ("audience", Shape::Text),
        ("createdBy", Shape::Text),
        ("createdAt", Shape::Any),
        ("realm", Shape::Text),
        ("eventTypes", Shape::List(&Shape::Text)),
    ],
);

/// A request that the server makes to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where it goes.
    pub url: String,
    /// The body, as it is signed.
    pub body: String,
    /// Lower-case hexadecimal HMAC-SHA256 of the body, when the subscription has a secret.
    pub signature: Option<String>,
}

impl Realm {
    pub fn deliver_admin_event(&mut self, event: &Object, caller: &Caller) {
        let kind = event["resourceType"].as_str().unwrap_or_default().to_owned();
        let operation = event["operationType"].as_str().unwrap_or_default().to_owned();
        let path = event.get("resourcePath").and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut details = event.get("details").and_then(Value::as_object).cloned().unwrap_or_default();
        if kind == "USER"
            && let Some(user) = self.users.get(&id)
        {
            details.insert("userId".into(), json!(user.id));
            details.insert("username".into(), json!(user.username));
        }
        let mut body = self.payload(event);
        for name in ["operationType", "resourcePath", "representation"] {
            if let Some(value) = event.get(name) {
                body.insert(name.into(), value.clone());
            }
        }
        body.insert("uid".into(), json!(new_id()));
        body.insert(
            "authDetails".into(),
            json!({"realmId": caller.realm, "clientId": caller.client, "userId": caller.user, "ipAddress": "127.0.0.1",
                   "username": caller.username, "sessionId": caller.session}),
        );
        body.insert("details".into(), Value::Object(details));
        let name = format!("admin.{kind}-{operation}");
        body.insert("type".into(), json!(name));
        body.insert("resourceId".into(), json!(id));
        body.insert("resourceType".into(), json!(kind));
        self.send(&name, body);
    }

    pub fn deliver_user_event(&mut self, event: &Object) {
        let name = format!("access.{}", event["type"].as_str().unwrap_or_default());
        let user = event.get("userId").and_then(Value::as_str).and_then(|id| self.users.get(id));
        let username = user.map(|user| user.username.clone());
        let details = event.get("details").cloned().unwrap_or_else(|| json!({}));
        let session = event.get("sessionId").or_else(|| details.get("code_id")).cloned().unwrap_or(Value::Null);
        let mut body = self.payload(event);
        body.insert("uid".into(), json!(new_id()));
        body.insert(
            "authDetails".into(),
            json!({"realmId": self.name, "clientId": event["clientId"], "userId": event.get("userId"),
                   "ipAddress": "127.0.0.1", "username": username, "sessionId": session}),
        );
        body.insert("details".into(), details);
        body.insert("type".into(), json!(name));
        if let Some(error) = event.get("error") {
            body.insert("error".into(), error.clone());
        }
        self.send(&name, body);
    }

    fn payload(&self, event: &Object) -> Object {
        let mut body = Object::new();
        for name in ["id", "time", "realmId"] {
            body.insert(name.into(), event[name].clone());
        }
        body.insert("realmName".into(), json!(self.name));
        body
    }

    fn send(&mut self, name: &str, body: Object) {
        let on =
            self.setting("eventsListeners").as_array().is_some_and(|names| names.iter().any(|name| name == LISTENER));
        if !on {
            return;
        }
        let body = Value::Object(body).to_string();
        for webhook in self.webhooks.values() {
            let wanted = webhook.get("eventTypes").and_then(Value::as_array).into_iter().flatten();
            let enabled = webhook.get("enabled").and_then(Value::as_bool).unwrap_or(false);
            if enabled && wanted.filter_map(Value::as_str).any(|pattern| fits(pattern, name)) {
                self.outbox.push(Delivery {
                    url: text(webhook, "url").unwrap_or_default().to_owned(),
                    signature: text(webhook, "secret").map(|secret| hex_hmac(secret, body.as_bytes())),
                    body: body.clone(),
                });
            }
        }
    }
}

impl Call<'_> {
    pub fn webhooks(&self) -> Outcome {
        self.caller.demand(&["view-events"])?;
        Ok(Answer::json(self.realm.webhooks.values().map(shown).collect::<Vec<_>>()))
    }

    pub fn create_webhook(&mut self) -> Outcome {
        let body = self.request.bean(&WEBHOOK)?;
        self.caller.demand(&["manage-events"])?;
        let url = text(&body, "url").filter(|url| !url.is_empty()).ok_or_else(|| error(400, "url cannot be empty"))?;
        let id = new_id();
        let mut webhook = Object::new();
        webhook.insert("id".into(), json!(id));
        webhook.insert("enabled".into(), body.get("enabled").cloned().unwrap_or(json!(false)));
        webhook.insert("url".into(), json!(url));
        webhook.insert("createdBy".into(), json!(self.caller.user));
        webhook.insert("createdAt".into(), json!(self.now));
        webhook.insert("realm".into(), json!(self.realm.name));
        webhook.insert("eventTypes".into(), body.get("eventTypes").cloned().unwrap_or(json!([])));
        webhook.insert("secret".into(), body.get("secret").cloned().unwrap_or_else(|| json!(random_secret())));
        self.realm.webhooks.insert(id.clone(), webhook);
        Ok(Answer::created(self.place(&format!("webhooks/{id}"))))
    }

    pub fn webhook(&self, id: &str) -> Outcome {
        self.caller.demand(&["view-events"])?;
        Ok(Answer::json(shown(self.found_webhook(id)?)))
    }

    pub fn webhook_secret(&self, id: &str) -> Outcome {
        self.caller.demand(&["view-events"])?;
        let webhook = self.found_webhook(id)?;
        Ok(Answer::json(json!({"type": "secret", "value": webhook["secret"]})))
    }

    pub fn put_webhook(&mut self, id: &str) -> Outcome {
        let body = self.request.bean(&WEBHOOK)?;
        self.caller.demand(&["manage-events"])?;
        self.found_webhook(id)?;
        if let Some(webhook) = self.realm.webhooks.get_mut(id) {
            for name in ["enabled", "url", "secret", "eventTypes"] {
                if let Some(value) = body.get(name) {
                    webhook.insert(name.into(), value.clone());
                }
            }
        }
        done()
    }

    pub fn delete_webhook(&mut self, id: &str) -> Outcome {
        self.caller.demand(&["manage-events"])?;
        self.found_webhook(id)?;
        self.realm.webhooks.shift_remove(id);
        done()
    }

    fn found_webhook(&self, id: &str) -> Result<&Object, Refusal> {
        self.realm.webhooks.get(id).ok_or_else(|| error(404, format!("no webhook with id {id}")))
    }
}

fn shown(webhook: &Object) -> Value {
    let mut shown = webhook.clone();
    shown.shift_remove("secret");
    Value::Object(shown)
}

/// Whether a subscription's pattern takes an event: `*`, `admin.*`, or the name.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

/// Sends what waits. Refusals are tried again with growing pauses, as the extension does; what cannot be reached is lost.
pub(super) fn post(client: &reqwest::Client, deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        let client = client.clone();
        tokio::spawn(async move {
            let mut pause = std::time::Duration::from_millis(500);
            for _ in 0..5 {
                let mut request = client
                    .post(&delivery.url)
                    .header("content-type", "application/json")
                    .header("user-agent", "Apache-HttpClient/4.5.14 (Java/25.0.3)")
                    .body(delivery.body.clone());
                if let Some(signature) = &delivery.signature {
                    request = request.header("x-keycloak-signature", signature);
                }
                match request.send().await {
                    Ok(answer) if !answer.status().is_success() => tokio::time::sleep(pause).await,
                    _ => return,
                }
                pause *= 5;
            }
        });
    }
}
