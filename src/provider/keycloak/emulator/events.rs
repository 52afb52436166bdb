//! User events and admin events: what is recorded, how it is configured, read and cleared.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, error};
use super::call::Call;
use super::hash_order;
use super::request::Request;
use super::shapes;
use super::world::{Object, Realm, new_id};

/// The types of user events that are saved unless told otherwise.
pub(super) const SAVED_TYPES: &[&str] = &[
    "LOGIN",
    "REGISTER",
    "LOGOUT",
    "CODE_TO_TOKEN",
    "CLIENT_LOGIN",
    "FEDERATED_IDENTITY_LINK",
    "REMOVE_FEDERATED_IDENTITY",
    "UPDATE_EMAIL",
    "UPDATE_PROFILE",
    "UPDATE_PASSWORD",
    "UPDATE_TOTP",
    "VERIFY_EMAIL",
    "VERIFY_PROFILE",
    "REMOVE_TOTP",
    "GRANT_CONSENT",
    "UPDATE_CONSENT",
    "REVOKE_GRANT",
    "SEND_VERIFY_EMAIL",
    "SEND_RESET_PASSWORD",
    "SEND_IDENTITY_PROVIDER_LINK",
    "RESET_PASSWORD",
    "RESTART_AUTHENTICATION",
    "IDENTITY_PROVIDER_LINK_ACCOUNT",
    "IDENTITY_PROVIDER_LOGIN",
    "IDENTITY_PROVIDER_FIRST_LOGIN",
    "IDENTITY_PROVIDER_POST_LOGIN",
    "IMPERSONATE",
    "CUSTOM_REQUIRED_ACTION",
    "EXECUTE_ACTIONS",
    "EXECUTE_ACTION_TOKEN",
    "CLIENT_REGISTER",
    "CLIENT_UPDATE",
    "CLIENT_DELETE",
    "CLIENT_INITIATED_ACCOUNT_LINKING",
    "TOKEN_EXCHANGE",
    "OAUTH2_DEVICE_AUTH",
    "OAUTH2_DEVICE_VERIFY_USER_CODE",
    "OAUTH2_DEVICE_CODE_TO_TOKEN",
    "AUTHREQID_TO_TOKEN",
    "DELETE_ACCOUNT",
    "OAUTH2_EXTENSION_GRANT",
    "FEDERATED_IDENTITY_OVERRIDE_LINK",
    "UPDATE_CREDENTIAL",
    "REMOVE_CREDENTIAL",
    "INVITE_ORG",
    "VERIFIABLE_CREDENTIAL_REQUEST",
    "VERIFIABLE_CREDENTIAL_OFFER_REQUEST",
    "VERIFIABLE_CREDENTIAL_CREATE_OFFER",
    "VERIFIABLE_CREDENTIAL_PRE_AUTHORIZED_GRANT",
    "JWT_AUTHORIZATION_GRANT",
];

/// Saved types that have no error beside them.
const SAVED_ALONE: &[&str] =
    &["PERMISSION_TOKEN", "USER_DISABLED_BY_PERMANENT_LOCKOUT", "USER_DISABLED_BY_TEMPORARY_LOCKOUT"];

/// Types that exist and are not saved by default.
const UNSAVED_TYPES: &[&str] = &[
    "REFRESH_TOKEN",
    "VALIDATE_ACCESS_TOKEN",
    "INTROSPECT_TOKEN",
    "UNREGISTER_NODE",
    "REGISTER_NODE",
    "USER_INFO_REQUEST",
    "CLIENT_INFO",
    "IDENTITY_PROVIDER_RETRIEVE_TOKEN",
    "IDENTITY_PROVIDER_RESPONSE",
    "PUSHED_AUTHORIZATION_REQUEST",
    "USER_SESSION_DELETED",
];

const RESOURCE_TYPES: &[&str] = &[
    "REALM",
    "REALM_ROLE",
    "REALM_ROLE_MAPPING",
    "REALM_SCOPE_MAPPING",
    "AUTH_FLOW",
    "AUTH_EXECUTION_FLOW",
    "AUTH_EXECUTION",
    "AUTHENTICATOR_CONFIG",
    "REQUIRED_ACTION",
    "REQUIRED_ACTION_CONFIG",
    "IDENTITY_PROVIDER",
    "IDENTITY_PROVIDER_MAPPER",
    "PROTOCOL_MAPPER",
    "USER",
    "USER_LOGIN_FAILURE",
    "USER_SESSION",
    "USER_FEDERATION_PROVIDER",
    "USER_FEDERATION_MAPPER",
    "GROUP",
    "GROUP_MEMBERSHIP",
    "CLIENT",
    "CLIENT_INITIAL_ACCESS_MODEL",
    "CLIENT_ROLE",
    "CLIENT_ROLE_MAPPING",
    "CLIENT_SCOPE",
    "CLIENT_SCOPE_MAPPING",
    "CLIENT_SCOPE_CLIENT_MAPPING",
    "CLUSTER_NODE",
    "COMPONENT",
    "AUTHORIZATION_RESOURCE_SERVER",
    "AUTHORIZATION_RESOURCE",
    "AUTHORIZATION_SCOPE",
    "AUTHORIZATION_POLICY",
    "CUSTOM",
    "USER_PROFILE",
    "ORGANIZATION",
    "ORGANIZATION_MEMBERSHIP",
    "ORGANIZATION_GROUP",
    "ORGANIZATION_GROUP_MEMBERSHIP",
    "WORKFLOW",
];

/// The listeners that an installation has; the second comes with the webhook extension.
const LISTENERS: &[&str] = &["jboss-logging", "email", super::webhooks::LISTENER];

impl Realm {
    /// Records a user event, when the realm records that type.
    pub fn user_event(&mut self, now: i64, kind: &str, event: UserEvent<'_>) {
        let details: Object = event.details.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let mut entry = Object::new();
        entry.insert("id".into(), json!(new_id()));
        entry.insert("time".into(), json!(now));
        entry.insert("type".into(), json!(kind));
        entry.insert("realmId".into(), json!(self.id));
        entry.insert("clientId".into(), json!(event.client));
        for (name, value) in [("userId", event.user), ("sessionId", event.session)] {
            if let Some(value) = value {
                entry.insert(name.into(), json!(value));
            }
        }
        entry.insert("ipAddress".into(), json!("127.0.0.1"));
        if let Some(error) = event.error {
            entry.insert("error".into(), json!(error));
        }
        entry.insert("details".into(), Value::Object(details));
        self.deliver_user_event(&entry);
        let listed = self.setting("enabledEventTypes").as_array().filter(|types| !types.is_empty());
        let wanted = match listed {
            Some(types) => types.iter().any(|name| name == kind),
            None => is_saved(kind),
        };
        if self.is("eventsEnabled") && wanted {
            self.events.push(Value::Object(entry));
        }
    }
}

/// What a user event says beside its type.
#[derive(Debug, Default)]
pub(super) struct UserEvent<'a> {
    pub client: &'a str,
    pub user: Option<&'a str>,
    pub session: Option<&'a str>,
    pub error: Option<&'a str>,
    pub details: Vec<(String, Value)>,
}

impl Call<'_> {
    /// Records an admin event. `path` is relative to the realm; a realm's own settings have none.
    pub fn record(&mut self, operation: &str, kind: &str, path: Option<String>, representation: Option<Value>) {
        self.record_with(operation, kind, path, representation, None);
    }

    /// As [`Call::record`], with details.
    pub fn record_with(
        &mut self,
        operation: &str,
        kind: &str,
        path: Option<String>,
        representation: Option<Value>,
        details: Option<Value>,
    ) {
        let mut entry = Object::new();
        entry.insert("id".into(), json!(new_id()));
        entry.insert("time".into(), json!(self.now));
        entry.insert("realmId".into(), json!(self.realm.id));
        entry.insert(
            "authDetails".into(),
            json!({"realmId": self.caller.realm_id, "clientId": self.caller.client, "userId": self.caller.user,
                   "ipAddress": "127.0.0.1"}),
        );
        entry.insert("operationType".into(), json!(operation));
        entry.insert("resourceType".into(), json!(kind));
        if let Some(path) = path {
            entry.insert("resourcePath".into(), json!(path));
        }
        if let Some(representation) = representation {
            entry.insert("representation".into(), json!(representation.to_string()));
        }
        if let Some(details) = details {
            entry.insert("details".into(), details);
        }
        self.realm.deliver_admin_event(&entry, &self.caller);
        if self.realm.is("adminEventsEnabled") {
            if !self.realm.is("adminEventsDetailsEnabled") {
                entry.shift_remove("representation");
            }
            self.realm.admin_events.push(Value::Object(entry));
        }
    }

    pub fn events(&self) -> Outcome {
        self.caller.demand(&["view-events", "manage-events"])?;
        let request = self.request;
        let types: Vec<&str> = request.all("type").collect();
        if types.iter().any(|kind| !is_known(kind)) {
            return Err(broken());
        }
        let window = Window::of(request)?;
        let found = select(&self.realm.events, request, &window, |event| {
            let is = |name: &str, field: &str| request.query(name).is_none_or(|wanted| event[field] == wanted);
            (types.is_empty() || types.iter().any(|kind| event["type"] == *kind))
                && is("client", "clientId")
                && is("user", "userId")
                && is("ipAddress", "ipAddress")
        })?;
        Ok(Answer::json(found))
    }

    pub fn clear_events(&mut self) -> Outcome {
        self.caller.demand(&["manage-events"])?;
        self.realm.events.clear();
        done()
    }

    pub fn admin_events(&self) -> Outcome {
        self.caller.demand(&["view-events", "manage-events"])?;
        let request = self.request;
        let operations: Vec<&str> = request.all("operationTypes").collect();
        let kinds: Vec<&str> = request.all("resourceTypes").collect();
        if operations.iter().any(|name| !matches!(*name, "CREATE" | "UPDATE" | "DELETE" | "ACTION"))
            || kinds.iter().any(|name| !RESOURCE_TYPES.contains(name))
        {
            return Err(broken());
        }
        let window = Window::of(request)?;
        let found = select(&self.realm.admin_events, request, &window, |event| {
            let auth = |name: &str, field: &str| {
                request.query(name).is_none_or(|wanted| event["authDetails"][field] == wanted)
            };
            let path = event["resourcePath"].as_str().unwrap_or_default();
            (operations.is_empty() || operations.iter().any(|name| event["operationType"] == *name))
                && (kinds.is_empty() || kinds.iter().any(|name| event["resourceType"] == *name))
                && auth("authUser", "userId")
                && auth("authClient", "clientId")
                && auth("authRealm", "realmId")
                && auth("authIpAddress", "ipAddress")
                && request
                    .query("resourcePath")
                    .is_none_or(|wanted| super::wildcard::like(path, &wanted.replace('*', "%")))
        })?;
        Ok(Answer::json(found))
    }

    pub fn clear_admin_events(&mut self) -> Outcome {
        self.caller.demand(&["manage-events"])?;
        self.realm.admin_events.clear();
        done()
    }

    pub fn events_config(&self) -> Outcome {
        self.caller.demand(&["view-events", "manage-events"])?;
        let mut config = Object::new();
        config.insert("eventsEnabled".into(), json!(self.realm.is("eventsEnabled")));
        let expiration = self.realm.count_setting("eventsExpiration");
        if expiration != 0 {
            config.insert("eventsExpiration".into(), json!(expiration));
        }
        config.insert("eventsListeners".into(), hash_order::of_value(self.realm.setting("eventsListeners")));
        let types = match self.realm.setting("enabledEventTypes").as_array().filter(|types| !types.is_empty()) {
            Some(types) => hash_order::of_value(&json!(types)),
            None => json!(hash_order::of(saved_types())),
        };
        config.insert("enabledEventTypes".into(), types);
        config.insert("adminEventsEnabled".into(), json!(self.realm.is("adminEventsEnabled")));
        config.insert("adminEventsDetailsEnabled".into(), json!(self.realm.is("adminEventsDetailsEnabled")));
        Ok(Answer::json(config))
    }

    /// What is left out: `eventsEnabled` is false then, `eventsExpiration` is nothing; the others stay.
    pub fn put_events_config(&mut self) -> Outcome {
        let body = self.request.bean(&shapes::EVENTS_CONFIG)?;
        self.caller.demand(&["manage-events"])?;
        let listeners = body.get("eventsListeners").and_then(Value::as_array);
        if listeners.is_some_and(|names| names.iter().any(|name| !LISTENERS.iter().any(|known| name == known))) {
            return Err(error(400, "Unknown event listener"));
        }
        let settings = &mut self.realm.settings;
        settings.insert("eventsEnabled".into(), body.get("eventsEnabled").cloned().unwrap_or(json!(false)));
        settings.insert("eventsExpiration".into(), body.get("eventsExpiration").cloned().unwrap_or(json!(0)));
        for name in ["eventsListeners", "enabledEventTypes", "adminEventsEnabled", "adminEventsDetailsEnabled"] {
            if let Some(value) = body.get(name) {
                settings.insert(name.into(), value.clone());
            }
        }
        let body = shapes::EVENTS_CONFIG.in_order(body);
        self.record("UPDATE", "REALM", Some("events/config".into()), Some(Value::Object(body)));
        done()
    }
}

/// The moments that a request asks for, in milliseconds, both included.
struct Window {
    from: Option<i64>,
    to: Option<i64>,
}

impl Window {
    fn of(request: &Request) -> Result<Self, Refusal> {
        Ok(Self { from: moment(request, "dateFrom", false)?, to: moment(request, "dateTo", true)? })
    }
}

fn moment(request: &Request, name: &str, end_of_day: bool) -> Result<Option<i64>, Refusal> {
    let Some(text) = request.query(name) else {
        return Ok(None);
    };
    if let Ok(number) = text.parse::<i64>() {
        return Ok(Some(number));
    }
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        error(400, format!("Invalid value for '{name}', expected format is yyyy-MM-dd or an Epoch timestamp"))
    })?;
    let start = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    Ok(Some(if end_of_day { start + 86_399_999 } else { start }))
}

fn select(
    events: &[Value],
    request: &Request,
    window: &Window,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>, Refusal> {
    let ascending = match request.query("direction") {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(_) => {
            return Err(error(400, "Invalid value for sortDirection, expected value is asc or desc"));
        }
    };
    let page = request.page(Some(100))?;
    let in_window = |event: &&Value| {
        let time = event["time"].as_i64().unwrap_or(0);
        window.from.is_none_or(|from| time >= from) && window.to.is_none_or(|to| time <= to) && wanted(event)
    };
    Ok(if ascending {
        page.of(events.iter().filter(in_window)).cloned().collect()
    } else {
        page.of(events.iter().rev().filter(in_window)).cloned().collect()
    })
}

fn is_saved(kind: &str) -> bool {
    SAVED_TYPES.contains(&kind.strip_suffix("_ERROR").unwrap_or(kind)) && kind != "PERMISSION_TOKEN_ERROR"
        || SAVED_ALONE.contains(&kind)
}

fn is_known(kind: &str) -> bool {
    let base = kind.strip_suffix("_ERROR").unwrap_or(kind);
    SAVED_TYPES.contains(&base) || SAVED_ALONE.contains(&base) || UNSAVED_TYPES.contains(&base)
}

fn saved_types() -> Vec<String> {
    let pairs = SAVED_TYPES.iter().flat_map(|kind| [(*kind).to_owned(), format!("{kind}_ERROR")]);
    pairs.chain(SAVED_ALONE.iter().map(|kind| (*kind).to_owned())).collect()
}
