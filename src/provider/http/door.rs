//! The door itself.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::auth::{Unsigned, sensitive};
use super::retry::Waits;
use super::under_way;
use super::{Answer, Authorize, Body, Call, Carrier, Connection, Lost, Outgoing};
use crate::engine::model::{Failure, FailureClass};

/// The longest piece of a service's words that is kept.
const SAID: usize = 400;

/// What an answer means: `None` for success. One table a provider, written to its guide, tested on recordings.
pub type Classify = fn(&Call, &Answer) -> Option<Failure>;

/// A route that changes nothing, by the guide.
pub type ReadRoute = (Method, &'static str);

/// Where every call goes through.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    client: Client,
    /// What calls travel by instead of the client.
    carrier: Option<Box<dyn Carrier>>,
    connection: Connection,
    authorize: Box<dyn Authorize>,
    classify: Classify,
    /// What every call says beside what is its own.
    headers: &'static [(&'static str, &'static str)],
    slots: Semaphore,
    rate: Option<RateLimiter<NotKeyed, InMemoryState, DefaultClock>>,
}

impl Door {
    /// Opens a door to one installation.
    ///
    /// # Errors
    /// When the HTTP client cannot be made (no root certificates, for instance).
    pub fn new(connection: Connection, authorize: Box<dyn Authorize>, classify: Classify) -> Result<Self, Failure> {
        Self::open(connection, authorize, classify, None)
    }

    /// Opens a door through which calls are carried by somebody else, who signs them too.
    ///
    /// # Errors
    /// As [`Door::new`].
    pub fn carried(connection: Connection, carrier: Box<dyn Carrier>, classify: Classify) -> Result<Self, Failure> {
        Self::open(connection, Box::new(Unsigned), classify, Some(carrier))
    }

    fn open(
        connection: Connection,
        authorize: Box<dyn Authorize>,
        classify: Classify,
        carrier: Option<Box<dyn Carrier>>,
    ) -> Result<Self, Failure> {
        let mut client = Client::builder();
        if connection.base.scheme() == "http" {
            // No redirect is followed, so no certificate will ever be looked at: loading the system's takes longer than
            // many a call.
            client = client.tls_certs_only([]);
        }
        let client = client
            .redirect(Policy::none())
            .timeout(connection.limits.timeout)
            .connect_timeout(connection.limits.timeout.min(std::time::Duration::from_secs(10)))
            .user_agent(concat!("formulary/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                Failure::new(
                    FailureClass::Refused,
                    format!("open a client for '{}'", connection.instance),
                    error.to_string(),
                )
            })?;
        let rate = connection
            .limits
            .per_second
            .and_then(std::num::NonZeroU32::new)
            .map(|per_second| RateLimiter::direct(Quota::per_second(per_second)));
        let slots = Semaphore::new(connection.limits.concurrency.max(1));
        Ok(Self(Arc::new(Inner { client, carrier, connection, authorize, classify, headers: &[], slots, rate })))
    }

    /// The same door, each call of which carries these headers too. To be said before anybody else holds the door.
    #[must_use]
    pub fn saying(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.headers = headers;
        }
        self
    }

    /// The installation behind it.
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// A door that lets only `routes` pass.
    pub fn read_only(&self, routes: &'static [ReadRoute]) -> ReadDoor {
        ReadDoor { door: self.clone(), routes, documents: &[], rehearsals: &[] }
    }

    /// Makes a call and repeats it as far as that is safe and useful.
    ///
    /// # Errors
    /// What the provider's table made of the last answer, or why there was none.
    pub async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        let limits = &self.0.connection.limits;
        let mut waits = Waits::new(limits.attempts, limits.first_wait);
        let mut renewed = false;
        loop {
            // A signature that cannot be had now (the service is busy) is waited for as the call itself would be.
            let signed = self.0.authorize.authorization(self).await;
            let signature = signed.as_ref().ok().cloned().flatten();
            let answered = match signed {
                Ok(_) => self.attempt(call, signature.as_ref()).await,
                Err(failure) => Err(failure),
            };
            let failure = match answered {
                Ok(answer) => {
                    if let Some(signature) = signature.as_ref().filter(|_| answer.status == 401 && !renewed)
                        && self.0.authorize.refused(signature).await
                    {
                        renewed = true;
                        continue;
                    }
                    match (self.0.classify)(call, &answer) {
                        None => {
                            under_way::note(call, &answer);
                            return Ok(answer);
                        }
                        Some(failure) => {
                            Failure { retry_after: failure.retry_after.or_else(|| retry_after(&answer)), ..failure }
                        }
                    }
                }
                Err(failure) => failure,
            };
            under_way::note_failure(call, &failure);
            let Some(wait) = waits.next(&failure, call.repeat) else {
                return Err(self.redacted(failure, signature.as_ref()));
            };
            tracing::debug!(
                instance = %self.0.connection.instance, route = call.route,
                wait_ms = wait.as_millis() as u64, failure = %failure, "trying again"
            );
            if let Some(meter) = &self.0.connection.meter {
                meter.retried(&self.0.connection.instance);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Makes a call once, with this signature or none, unclassified: what asking for a token needs.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send_once(&self, call: &Call, signature: Option<&SecretString>) -> Result<Answer, Failure> {
        self.attempt(call, signature).await
    }

    async fn attempt(&self, call: &Call, signature: Option<&SecretString>) -> Result<Answer, Failure> {
        let inner = &*self.0;
        let _slot = inner.slots.acquire().await.expect("the semaphore is never closed");
        if let Some(rate) = &inner.rate {
            rate.until_ready().await;
        }
        inner.connection.pace.until_ready().await;
        // Here and no earlier: a process may be paused while it waits for its turn.
        if !under_way::may_send(call) {
            let said = "this process was paused for longer than its lease lasts; it was not sent";
            return Err(Failure::new(FailureClass::Refused, &call.doing, said)
                .help("another process may be at work by now; the next run reads what is there"));
        }
        let request_id = Uuid::new_v4();
        let url = inner.connection.url(&call.path()).map_err(|error| {
            Failure::new(FailureClass::Refused, &call.doing, format!("the address is no URL: {error}"))
        })?;
        let mut request = inner
            .client
            .request(call.method.clone(), url)
            .header(ACCEPT, "application/json")
            .header("x-request-id", request_id.to_string());
        for (name, value) in inner.headers {
            request = request.header(*name, *value);
        }
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some((name, value)) = call.header {
            request = request.header(name, value);
        }
        if let Some(signature) = signature {
            request = request.header(AUTHORIZATION, sensitive(signature, &call.doing)?);
        }
        request = match &call.body {
            Body::None => request,
            Body::Json(body) => request.json(body),
            Body::Form(fields) => request.form(fields),
            Body::Raw(bytes, content_type) => request.header(CONTENT_TYPE, *content_type).body(bytes.clone()),
        };
        let began = std::time::Instant::now();
        let answer = self.receive(call, request).await;
        if let Some(meter) = &inner.connection.meter {
            let status = answer.as_ref().ok().map(|answer| answer.status);
            meter.called(&inner.connection.instance, status, began.elapsed());
        }
        tracing::debug!(
            instance = %inner.connection.instance, %request_id, method = %call.method, route = call.route,
            status = answer.as_ref().map_or(0, |answer| answer.status),
            elapsed_ms = began.elapsed().as_millis() as u64, "call"
        );
        answer
    }

    async fn receive(&self, call: &Call, request: reqwest::RequestBuilder) -> Result<Answer, Failure> {
        if let Some(carrier) = &self.0.carrier {
            return self.carried_answer(call, request, &**carrier).await;
        }
        let response = request.send().await.map_err(|error| self.no_answer(call, &error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = BytesMut::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk: Bytes = chunk.map_err(|error| self.no_answer(call, &error))?;
            if body.len() + chunk.len() > self.0.connection.limits.max_answer {
                return Err(self.too_long(call));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }

    async fn carried_answer(
        &self,
        call: &Call,
        request: reqwest::RequestBuilder,
        carrier: &dyn Carrier,
    ) -> Result<Answer, Failure> {
        let limits = &self.0.connection.limits;
        let request = request.build().map_err(|error| self.no_answer(call, &error))?;
        let outgoing = Outgoing {
            method: request.method().clone(),
            url: request.url().clone(),
            headers: request.headers().clone(),
            body: request.body().and_then(reqwest::Body::as_bytes).map(Bytes::copy_from_slice).unwrap_or_default(),
        };
        let carried = tokio::time::timeout(limits.timeout, carrier.carry(outgoing, limits.max_answer, &call.doing));
        match carried.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Lost::Refused(failure))) => Err(failure),
            Ok(Err(Lost::NotSent(cause))) => Err(self.not_sent(call, &cause)),
            Ok(Err(Lost::Broken(cause))) => Err(maybe(call, &format!("the connection broke: {cause}"))),
            Ok(Err(Lost::TooLong)) => Err(self.too_long(call)),
            Err(_) => Err(self.too_late(call)),
        }
    }

    /// Why no answer came, and whether the call may have happened: not when the connection was never made.
    fn no_answer(&self, call: &Call, error: &reqwest::Error) -> Failure {
        let cause = innermost(error);
        if error.is_connect() {
            return self.not_sent(call, &cause);
        }
        if error.is_timeout() { self.too_late(call) } else { maybe(call, &format!("the connection broke: {cause}")) }
    }

    fn not_sent(&self, call: &Call, cause: &str) -> Failure {
        let said = format!("cannot connect to {}: {cause}", self.0.connection.base);
        Failure::new(FailureClass::Later, &call.doing, said)
            .help("check that the service runs and that the URL, the port and the certificates are right")
    }

    fn too_long(&self, call: &Call) -> Failure {
        let said = format!("the answer is longer than {} bytes", self.0.connection.limits.max_answer);
        Failure::new(FailureClass::Refused, &call.doing, said)
    }

    fn too_late(&self, call: &Call) -> Failure {
        maybe(call, &format!("no answer within {} s", self.0.connection.limits.timeout.as_secs()))
    }

    /// A failure without our credentials and cut to a readable length.
    fn redacted(&self, failure: Failure, signature: Option<&SecretString>) -> Failure {
        let mut said = failure.said;
        if let Some(secret) = signature.map(ExposeSecret::expose_secret) {
            let bare = secret.split_once(' ').map_or(secret, |(_, bare)| bare);
            if !bare.is_empty() {
                said = said.replace(bare, "***");
            }
        }
        if said.len() > SAID {
            let cut = (0..=SAID).rev().find(|at| said.is_char_boundary(*at)).unwrap_or(0);
            said.truncate(cut);
            said.push('…');
        }
        Failure { said, ..failure }
    }
}

/// A door through which only listed routes pass: what a reading half is given.
#[derive(Clone)]
pub struct ReadDoor {
    door: Door,
    routes: &'static [ReadRoute],
    documents: &'static [&'static str],
    /// Routes that change something, unless this parameter of the query has this value.
    rehearsals: &'static [(ReadRoute, (&'static str, &'static str))],
}

impl ReadDoor {
    /// Lets these GraphQL documents pass too, on the routes that it has. Such a route takes reads and writes alike, so
    /// that it is the document which tells them apart.
    #[must_use]
    pub fn asking(mut self, documents: &'static [&'static str]) -> Self {
        self.documents = documents;
        self
    }

    /// Lets calls of these routes pass that ask for nothing to be done, as that parameter of the query says.
    #[must_use]
    pub fn rehearsing(mut self, rehearsals: &'static [(ReadRoute, (&'static str, &'static str))]) -> Self {
        self.rehearsals = rehearsals;
        self
    }

    /// Whether a call may pass: on a listed route and, where documents are listed, with one of them or without a body.
    fn lets_pass(&self, call: &Call) -> bool {
        let listed = self.routes.iter().any(|(method, route)| *method == call.method && *route == call.route);
        let document = match &call.body {
            Body::Json(body) => body.get("query").and_then(serde_json::Value::as_str),
            _ => None,
        };
        let rehearsed = self.rehearsals.iter().any(|((method, route), (name, value))| {
            let mut given = call.query.iter().filter(|(it, _)| it == name);
            // A parameter that is given twice is read by the server as it likes.
            let only = given.next().is_some_and(|(_, it)| it == value) && given.next().is_none();
            *method == call.method && *route == call.route && only
        });
        if rehearsed {
            return true;
        }
        let asks = self.documents.is_empty() || matches!(call.body, Body::None);
        listed && (asks || document.is_some_and(|document| self.documents.contains(&document)))
    }

    /// Makes a call on a listed route.
    ///
    /// # Errors
    /// As [`Door::send`]; a route that is not listed is refused before anything is sent.
    pub async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        self.pass(call)?;
        self.door.send(call).await
    }

    /// Makes a call on a listed route once, without a signature, and gives its answer unclassified: how one
    /// finds out whether a server lets anybody in.
    ///
    /// # Errors
    /// When no answer came; a route that is not listed is refused before anything is sent.
    pub async fn send_unsigned(&self, call: &Call) -> Result<Answer, Failure> {
        self.pass(call)?;
        self.door.send_once(call, None).await
    }

    fn pass(&self, call: &Call) -> Result<(), Failure> {
        if self.lets_pass(call) {
            return Ok(());
        }
        let said = format!("{} {} is not among the routes that a reading half may use", call.method, call.route);
        Err(Failure::new(FailureClass::Refused, &call.doing, said)
            .help("this is a defect of Formulary; please report it"))
    }

    /// The installation behind it.
    pub fn connection(&self) -> &Connection {
        self.door.connection()
    }
}

/// A call that may have happened.
fn maybe(call: &Call, said: &str) -> Failure {
    Failure::new(FailureClass::Unclear, &call.doing, said)
        .help("the call may have happened; the next cycle reads what is there")
}

fn retry_after(answer: &Answer) -> Option<u64> {
    answer.header("retry-after")?.trim().parse().ok()
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::model::Instance;
    use crate::provider::http::{Limits, NamedSecrets, Pace, StaticHeader};
    use crate::runtime::sys::SystemClock;

    fn door(routes: &'static [ReadRoute]) -> ReadDoor {
        let connection = Connection {
            platform: "acme".to_owned(),
            instance: Instance::new("twenty"),
            base: "http://127.0.0.1:9".parse().unwrap(),
            options: json!({}),
            secrets: Arc::new(NamedSecrets::new([])),
            limits: Limits::default(),
            pace: Pace::default(),
            clock: Arc::new(SystemClock),
            meter: None,
        };
        let authorize = Box::new(StaticHeader::new(connection.clone(), "Bearer", "token"));
        Door::new(connection, authorize, |_, _| None).unwrap().read_only(routes)
    }

    #[test]
    fn a_reading_half_has_its_routes_and_no_other() {
        let door = door(&[(Method::GET, "/things/{id}"), (Method::POST, "/search")]);
        let passes = |method: Method, route| door.lets_pass(&Call::new(method, route, &["a"], "x"));
        assert!(passes(Method::GET, "/things/{id}") && passes(Method::POST, "/search"));
        assert!(
            !passes(Method::DELETE, "/things/{id}")
                && !passes(Method::GET, "/things")
                && !passes(Method::PUT, "/search")
        );
    }

    #[test]
    fn a_rehearsal_passes_and_the_thing_itself_does_not() {
        const ROUTES: &[(ReadRoute, (&str, &str))] = &[((Method::PATCH, "/things/{id}"), ("dryRun", "All"))];
        let door = door(&[]).rehearsing(ROUTES);
        let call = |method: Method| Call::new(method, "/things/{id}", &["a"], "x");
        assert!(door.lets_pass(&call(Method::PATCH).query("dryRun", "All").query("force", "true")));
        for other in [
            call(Method::PATCH),
            call(Method::PATCH).query("dryRun", ""),
            call(Method::PATCH).query("dryRun", "All").query("dryRun", ""),
            call(Method::PUT).query("dryRun", "All"),
        ] {
            assert!(!door.lets_pass(&other), "{other:?}");
        }
    }

    /// One address takes questions and changes alike: the document tells them apart.
    #[test]
    fn where_documents_are_listed_no_other_is_sent() {
        let door = door(&[(Method::GET, "/things"), (Method::POST, "/graphql")]).asking(&["query { things }"]);
        let passes = |body| door.lets_pass(&Call::new(Method::POST, "/graphql", &[], "x").json(body));
        assert!(passes(json!({ "query": "query { things }" })));
        assert!(door.lets_pass(&Call::get("/things", &[], "x")));
        for other in [
            json!({ "query": "mutation { deleteThings }" }),
            json!([{ "query": "mutation { deleteThings }" }]),
            json!({ "queries": ["query { things }"] }),
            json!({ "query": ["query { things }"] }),
        ] {
            assert!(!passes(other.clone()), "{other}");
        }
    }
}
