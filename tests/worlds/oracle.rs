//! Looks at every write that a service takes, and says which of them no undisturbed world would have seen.
//!
//! The measure is what an undisturbed world holds at the end of the same phase: whatever a disturbed one takes away,
//! closes, opens, gives or binds on its way must be so there. What the undisturbed world does is measured by the story
//! alone (see [`is_right`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use formulary::provider::emulator::{Credentials, Emulator};

use super::desk::Desk;
use super::holdings::{Account, Holdings, Service};
use super::story::Story;

/// Ids at the identity provider by name.
pub type Subjects = Arc<Mutex<BTreeMap<String, String>>>;

/// An emulator that is looked at after every write.
pub struct Watched {
    inner: Arc<dyn Emulator>,
    watch: Arc<Watch>,
}

/// What was seen at one service.
pub struct Watch {
    service: Service,
    pub desk: Desk,
    subjects: Subjects,
    /// One write at a time, so that each is seen by itself.
    turn: tokio::sync::Mutex<()>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    before: Holdings,
    /// What the undisturbed world holds at the end of the phase; nothing while it is being found out.
    measure: Option<Holdings>,
    wrong: Vec<String>,
}

impl Watched {
    pub fn new(service: Service, inner: Arc<dyn Emulator>, subjects: &Subjects) -> (Arc<Self>, Arc<Watch>) {
        let watch = Arc::new(Watch {
            service,
            desk: Desk::new(Arc::clone(&inner)),
            subjects: Arc::clone(subjects),
            turn: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
        });
        (Arc::new(Self { inner, watch: Arc::clone(&watch) }), watch)
    }
}

impl Emulator for Watched {
    fn service(&self) -> &'static str {
        self.inner.service()
    }

    fn router(self: Arc<Self>) -> Router {
        Arc::clone(&self.inner).router().layer(from_fn_with_state(Arc::clone(&self.watch), look_after))
    }

    fn reset(&self) {
        self.inner.reset();
    }

    fn credentials(&self) -> Credentials {
        self.inner.credentials()
    }

    fn expire_tokens(&self) {
        self.inner.expire_tokens();
    }

    fn restore_tokens(&self) {
        self.inner.restore_tokens();
    }

    fn error_answer(&self, status: StatusCode, base: &str) -> Response<Body> {
        self.inner.error_answer(status, base)
    }
}

async fn look_after(State(watch): State<Arc<Watch>>, request: Request, next: Next) -> Response<Body> {
    let asks_for_a_token = request.uri().path().ends_with("/token");
    if request.method() == Method::GET || asks_for_a_token {
        return next.run(request).await;
    }
    let _turn = watch.turn.lock().await;
    let doing = format!("{} {}", request.method(), request.uri().path());
    let answer = next.run(request).await;
    if answer.status().is_success() {
        watch.look(&doing).await;
    }
    answer
}

impl Watch {
    /// A new phase begins: what is there now is the beginning, and this is the end.
    pub async fn begin(&self, measure: Option<Holdings>) {
        let now = self.holdings().await;
        let mut seen = self.seen();
        seen.before = now;
        seen.measure = measure;
    }

    /// What is there.
    pub async fn holdings(&self) -> Holdings {
        let holdings = (self.service.count)(&self.desk).await.unwrap_or_else(|refused| panic!("{refused:?}"));
        self.learn(&holdings);
        holdings
    }

    /// What was seen and is wrong.
    pub fn wrong(&self) -> Vec<String> {
        self.seen().wrong.clone()
    }

    /// Looks at what a call has changed. While an injected fault has all tokens expired, nothing is seen: the next look
    /// sees it.
    pub async fn look(&self, doing: &str) {
        let Ok(now) = (self.service.count)(&self.desk).await else { return };
        self.learn(&now);
        let subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut seen = self.seen();
        if let Some(measure) = &seen.measure {
            let wrong = differences(&seen.before, &now, measure, &subjects);
            let wrong = wrong.into_iter().map(|what| format!("{}: {what} (by {doing})", self.service.name));
            let wrong: Vec<String> = wrong.collect();
            seen.wrong.extend(wrong);
        }
        seen.before = now;
    }

    fn learn(&self, holdings: &Holdings) {
        if self.service.is_identity() {
            let subjects = holdings.people.iter().map(|(name, account)| (name.clone(), account.id.clone()));
            *self.subjects.lock().unwrap_or_else(PoisonError::into_inner) = subjects.collect();
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one write did that the measure does not hold.
fn differences(
    before: &Holdings,
    now: &Holdings,
    measure: &Holdings,
    subjects: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, account) in &before.people {
        match now.people.get(name) {
            Some(same) if same.id == account.id => {
                wrong.extend(changes(name, account, same, measure.people.get(name)));
            }
            _ => wrong.push(format!("the account of {name} was deleted")),
        }
    }
    for (name, account) in now.people.iter().filter(|(name, _)| !before.people.contains_key(*name)) {
        match measure.people.get(name) {
            None => wrong.push(format!("an account was made for {name}, whom nobody declares")),
            Some(measure) if measure.email != account.email => {
                wrong.push(format!("the account of {name} was made with the address {}", account.email));
            }
            Some(_) => {}
        }
        if !account.subject.is_empty() && subjects.get(name) != Some(&account.subject) {
            wrong.push(format!("the account of {name} was given to somebody else"));
        }
    }
    for (path, id) in &before.containers {
        if now.containers.get(path) != Some(id) {
            wrong.push(format!("the {path} was deleted"));
        }
    }
    for path in now.containers.keys().filter(|path| !before.containers.contains_key(*path)) {
        if !measure.containers.contains_key(path) {
            wrong.push(format!("the {path} was made, which nobody declares"));
        }
    }
    for edge @ (path, name) in before.edges.difference(&now.edges) {
        if measure.edges.contains(edge) {
            wrong.push(format!("{name} was taken out of the {path}"));
        }
    }
    for edge @ (path, name) in now.edges.difference(&before.edges) {
        if !measure.edges.contains(edge) {
            wrong.push(format!("{name} was put into the {path}"));
        }
    }
    wrong
}

/// What was done to one account that the measure does not hold.
fn changes(name: &str, before: &Account, now: &Account, measure: Option<&Account>) -> Vec<String> {
    let mut wrong = Vec::new();
    let open = measure.map(|it| it.open);
    if before.open && !now.open && open != Some(false) {
        wrong.push(format!("the account of {name} was closed"));
    }
    if !before.open && now.open && open != Some(true) {
        wrong.push(format!("the account of {name} was opened"));
    }
    if before.email != now.email && measure.map(|it| &it.email) != Some(&now.email) {
        wrong.push(format!("the account of {name} was given the address {}", now.email));
    }
    if before.called != now.called && measure.map(|it| &it.called) != Some(&now.called) {
        wrong.push(format!("the account of {name} was called '{}'", now.called));
    }
    if before.subject != now.subject {
        wrong.push(format!("the account of {name} was bound to somebody else"));
    }
    wrong
}

/// What an undisturbed world holds at the end of a phase and should not, by the story alone.
pub fn is_right(story: &Story, phase: usize, service: &str, holdings: &Holdings) -> Vec<String> {
    let mut wrong = Vec::new();
    let (strangers, closed, now) = (story.strangers(phase), story.closed(phase), &story.phases[phase]);
    let mut tell = |what: String| wrong.push(format!("phase {phase}, {service}: {what}"));
    for (name, email) in &strangers {
        match holdings.people.get(*name) {
            Some(account) if account.open != closed.contains(name) && account.email == *email => {}
            other => tell(format!("the stranger {name} is no more as they were: {other:?}")),
        }
    }
    for name in now.declared.keys().filter(|it| !strangers.contains_key(it.as_str())) {
        match holdings.people.get(name) {
            Some(account) if account.open || closed.contains(name.as_str()) => {}
            other => tell(format!("{name} is declared and cannot sign in: {other:?}")),
        }
    }
    if now.broken {
        return wrong;
    }
    let mut left_open = 0;
    for earlier in &story.phases[..phase] {
        for name in earlier.declared.keys() {
            let ours = !now.declared.contains_key(name) && !strangers.contains_key(name.as_str());
            left_open += usize::from(ours && holdings.people.get(name).is_some_and(|it| it.open));
        }
    }
    let lingers = story.phases[..=phase].iter().any(|it| it.mass_leave);
    if left_open > 0 && !lingers {
        tell(format!("{left_open} accounts of people who left are open"));
    }
    for (path, name) in &holdings.edges {
        let team = path.rsplit('/').next().unwrap_or_default();
        let inside = now.declared.get(name);
        let is_team = ["core", "ml", "bench"].contains(&team);
        // Memberships of a leaver stay: returning restores.
        if is_team && inside.is_some_and(|groups| !groups.contains(team)) {
            tell(format!("{name} is in the {path}, undeclared"));
        }
        if is_team && strangers.contains_key(name.as_str()) && inside.is_none() {
            tell(format!("the stranger {name} is in the {path}"));
        }
    }
    wrong
}
