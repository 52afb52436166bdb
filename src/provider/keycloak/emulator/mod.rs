//! Keycloak in miniature: release 26.7.3 as it was seen to behave.
//!
//! Requests are taken apart by [`request`] and [`json`], led to an operation by [`routes`], and answered from a
//! [`world`] behind one lock. The operations are plain functions on that state; nothing below this module waits.

mod admin_routes;
mod answer;
mod authorization;
mod broker;
mod call;
mod claims;
mod client_rules;
mod clients;
mod credentials;
mod defaults;
mod discovery;
mod events;
mod groups;
mod hash_order;
mod invitations;
mod json;
mod jwt;
mod lockout;
mod mappers;
mod mappings;
mod members;
mod memberships;
mod new_realm;
mod organizations;
mod partial_import;
mod permissions;
mod profile;
mod profile_document;
mod providers;
mod realms;
mod registration;
mod request;
mod rights;
mod roles;
mod routes;
mod scopes;
mod search;
mod server_info;
mod service_accounts;
mod shapes;
#[cfg(test)]
mod tests;
mod tokens;
mod userinfo;
mod users;
mod validators;
mod webhooks;
mod wildcard;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{Response, StatusCode};
use serde_json::json;

use crate::provider::emulator::{Credentials, Emulator};
use crate::runtime::sys::SharedClock;

pub use broker::UpstreamPerson;

use jwt::Signer;
use request::Request;
use rights::MASTER;
use world::{Id, Object, Realm, World, new_id};

/// The client that administers a new installation, and its secret.
pub const BOOTSTRAP_CLIENT: (&str, &str) = ("boot", "boot-secret");

/// Bodies larger than this are refused; an import of some thousand people is far smaller.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// A Keycloak to serve over HTTP.
#[derive(Debug)]
pub struct Keycloak {
    clock: SharedClock,
    state: Mutex<State_>,
    /// Sends webhook deliveries.
    sender: reqwest::Client,
}

#[derive(Debug)]
struct State_ {
    world: World,
    signer: Signer,
    /// Kept over a reset, so that the credential that a test holds stays good.
    bootstrap_user: Id,
    bootstrap_client: Id,
}

impl Keycloak {
    /// A new installation: realm `master` with the bootstrap client as its one administrator. Tokens expire by `clock`.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        let (user, client) = (new_id(), new_id());
        let world = installed(&user, &client, clock.now().timestamp_millis());
        let state = State_ { world, signer: Signer::new(), bootstrap_user: user, bootstrap_client: client };
        Arc::new(Self { clock, state: Mutex::new(state), sender: reqwest::Client::new() })
    }

    /// Signs a person in through the identity provider `alias` of `realm`, as a browser would: on the first time the
    /// account is made and linked, and it becomes a **managed** member of the organisation that owns the provider. Answers
    /// the id of the account, or nothing when there is no such realm or provider.
    pub fn sign_in_through(&self, realm: &str, alias: &str, person: &UpstreamPerson) -> Option<String> {
        let now = self.now();
        let mut state = self.lock();
        let visit = broker::Visit { client: "account-console", redirect: "" };
        state.world.realms.get_mut(realm)?.sign_in_through(alias, person, visit, now)
    }

    fn lock(&self) -> MutexGuard<'_, State_> {
        // A panic in one request must not take the others down: the state is consistent between operations.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp_millis()
    }

    fn answer(&self, request: Result<Request, answer::Refusal>) -> Response<Body> {
        let request = match request {
            Ok(request) => request,
            Err(refusal) => return refusal.0.into_response(false),
        };
        let now = self.now();
        let (answer, deliveries) = {
            let mut state = self.lock();
            let State_ { world, signer, .. } = &mut *state;
            let answer = routes::handle(world, signer, &request, now);
            let waiting = world.realms.values_mut().flat_map(|realm| realm.outbox.drain(..));
            (answer, waiting.collect::<Vec<_>>())
        };
        webhooks::post(&self.sender, deliveries);
        answer.into_response(request.wants_html())
    }
}

impl Emulator for Keycloak {
    fn service(&self) -> &'static str {
        "keycloak"
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(serve).with_state(self)
    }

    fn reset(&self) {
        let now = self.now();
        let mut state = self.lock();
        state.world = installed(&state.bootstrap_user, &state.bootstrap_client, now);
        state.signer.rotate();
    }

    /// `admin`: a token of a master administrator that neither time nor [`Emulator::expire_tokens`] ends.
    fn credentials(&self) -> Credentials {
        let state = self.lock();
        let mut claims = Object::new();
        claims.insert("iat".into(), json!(self.now() / 1000));
        claims.insert("exp".into(), json!(self.now() / 1000 + 10 * 365 * 86_400));
        claims.insert("iss".into(), json!(format!("http://localhost/realms/{MASTER}")));
        claims.insert("typ".into(), json!("Bearer"));
        claims.insert("azp".into(), json!(BOOTSTRAP_CLIENT.0));
        claims.insert("sub".into(), json!(state.bootstrap_user));
        let header = format!("Bearer {}", state.signer.sign_for_operator(&claims));
        BTreeMap::from([("admin".to_owned(), BTreeMap::from([("Authorization".to_owned(), header)]))])
    }

    fn expire_tokens(&self) {
        self.lock().signer.rotate();
    }

    fn error_answer(&self, status: StatusCode, _base: &str) -> Response<Body> {
        let refusal = match status {
            StatusCode::INTERNAL_SERVER_ERROR => answer::broken(),
            status => answer::plain(status.as_u16()),
        };
        refusal.0.into_response(false)
    }
}

async fn serve(State(keycloak): State<Arc<Keycloak>>, request: HttpRequest) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return answer::Answer::nothing(413).into_response(false);
    };
    let query = parts.uri.query().unwrap_or_default();
    let request = Request::new(parts.method.as_str(), parts.uri.path(), query, parts.headers, body.to_vec());
    keycloak.answer(request)
}

/// Realm `master` as a first start makes it.
fn installed(user: &str, client: &str, now: i64) -> World {
    let mut master = Realm::new(MASTER, new_id());
    for (name, value) in [
        ("enabled", json!(true)),
        ("accessTokenLifespan", json!(60)),
        ("displayName", json!("Keycloak")),
        ("displayNameHtml", json!("<div class=\"kc-logo-text\"><span>Keycloak</span></div>")),
    ] {
        master.settings.insert(name.into(), value);
    }
    let own = master.built_in_client(&rights::admin_client_in_master(MASTER), true, false);
    let rights = master.admin_roles(&own, false);
    let create = master.add_role(None, "create-realm", Some("${role_create-realm}"));
    let admin = master.add_role(None, "admin", Some("${role_admin}"));
    if let Some(role) = master.roles.get_mut(&admin) {
        role.composites.extend(rights);
        role.composites.insert(create);
    }
    let mut boot = clients::bare(&master, BOOTSTRAP_CLIENT.0);
    boot.id = client.to_owned();
    boot.secret = Some(BOOTSTRAP_CLIENT.1.to_owned());
    boot.fields.insert("serviceAccountsEnabled".into(), json!(true));
    boot.fields.insert("standardFlowEnabled".into(), json!(false));
    boot.attributes.insert("client.use.lightweight.access.token.enabled".into(), "true".into());
    boot.service_account = Some(user.to_owned());
    let mut account = service_accounts::service_account(&boot, user.to_owned(), now, &master.default_role);
    account.roles.insert(admin);
    master.clients.insert(client.to_owned(), boot);
    master.put_user(account);
    World { realms: BTreeMap::from([(MASTER.to_owned(), master)]) }
}
