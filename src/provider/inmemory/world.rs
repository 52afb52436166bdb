//! What is there, what was done to it, and what goes wrong next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::engine::model::kind::NUMBER;
use crate::engine::model::{Address, Failure, Field, Instance, Live, Scope, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Follow;

/// A world that is shared by whoever holds it.
#[derive(Debug, Clone, Default)]
pub struct World(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Whether calls pass. While it is shut, writes wait before they touch anything.
    gate: watch::Sender<bool>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { state: Mutex::default(), gate: watch::Sender::new(true) }
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) objects: BTreeMap<Address, Live>,
    pub(super) unreadable: BTreeMap<Scope, Failure>,
    jobs: BTreeMap<String, Follow>,
    most_together: usize,
    faults: Vec<Fault>,
    ids: u64,
    calls: Vec<(Verb, Address)>,
    /// How many writes came in each call.
    rounds: Vec<usize>,
    under_way: BTreeMap<Instance, usize>,
    peak: BTreeMap<Instance, usize>,
}

/// Something that goes wrong once, with the next write that it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The resource; `None` fits every one.
    pub address: Option<Address>,
    /// The verb; `None` fits every one.
    pub verb: Option<Verb>,
    /// What goes wrong.
    pub effect: Effect,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing happens, and the service says so.
    Fails(Failure),
    /// Nothing happens, and nobody knows.
    LosesRequest,
    /// It happens, and nobody knows.
    LosesAnswer,
    /// It happens but for this field, which stays as it is, and nobody knows.
    LosesAnswerAndField(Field),
    /// It happens, but this field is given another value.
    Alters(Field, Value),
    /// It goes on under this handle, and nothing is there yet: see [`World::job`].
    GoesOn(String),
}

impl World {
    /// Every object, in order of address.
    pub fn objects(&self) -> Vec<Live> {
        self.state().objects.values().cloned().collect()
    }

    /// One object.
    pub fn get(&self, address: &Address) -> Option<Live> {
        self.state().objects.get(address).cloned()
    }

    /// Gives ids from this number on. Worlds whose people meet in one service must not give two of them one subject.
    pub fn ids_from(&self, number: u64) {
        self.state().ids = number;
    }

    /// Puts an object there behind everybody's back. One without an id is given one.
    pub fn put(&self, mut live: Live) -> Live {
        let mut state = self.state();
        let id = live.external_id.take().unwrap_or_else(|| state.next_id(&live.address));
        State::identify(&mut live, id);
        state.objects.insert(live.address.clone(), live.clone());
        live
    }

    /// Changes a field behind everybody's back; gives whether the object is there.
    pub fn edit(&self, address: &Address, field: impl Into<Field>, value: impl Into<Value>) -> bool {
        self.state().objects.get_mut(address).map(|live| live.fields.insert(field.into(), value.into())).is_some()
    }

    /// Removes an object, with all that lies in it, behind everybody's back.
    pub fn remove(&self, address: &Address) -> Option<Live> {
        self.state().remove(address)
    }

    /// Lets something go wrong. Faults that fit the same write take effect one a write, in the order given.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Makes a scope unreadable from now on; `None` makes it readable again.
    pub fn unreadable(&self, scope: Scope, failure: Option<Failure>) {
        let mut state = self.state();
        match failure {
            Some(failure) => drop(state.unreadable.insert(scope, failure)),
            None => drop(state.unreadable.remove(&scope)),
        }
    }

    /// How work stands that goes on under a handle. Until it is said, it is pending.
    pub fn job(&self, handle: &str, stands: Follow) {
        self.state().jobs.insert(handle.to_owned(), stands);
    }

    /// How many writes of one sort are taken in one go; one until it is said.
    pub fn takes_together(&self, most: usize) {
        self.state().most_together = most;
    }

    /// Every write that reached the service, in order.
    pub fn calls(&self) -> Vec<(Verb, Address)> {
        self.state().calls.clone()
    }

    /// How many writes came in each call, in order.
    pub fn rounds(&self) -> Vec<usize> {
        self.state().rounds.clone()
    }

    /// The most calls that were under way at once in an installation.
    pub fn peak(&self, instance: &Instance) -> usize {
        self.state().peak.get(instance).copied().unwrap_or_default()
    }

    /// Shuts or opens the gate that every write passes.
    pub fn gate(&self, open: bool) {
        self.0.gate.send_replace(open);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that one call arrived with all its writes, and waits until it may pass.
    pub(super) async fn arrive(&self, steps: &[&Step]) {
        if let Some(first) = steps.first() {
            let mut state = self.state();
            state.rounds.push(steps.len());
            state.calls.extend(steps.iter().map(|step| (step.verb, step.address.clone())));
            let instance = first.address.instance.clone();
            let now = state.under_way.entry(instance.clone()).or_default();
            *now += 1;
            let now = *now;
            let peak = state.peak.entry(instance).or_default();
            *peak = now.max(*peak);
        }
        let mut gate = self.0.gate.subscribe();
        // The sender lives in the world that we hold, so waiting ends only by the gate.
        let _ = gate.wait_for(|open| *open).await;
        // Others get their turn, as they would during a real call.
        tokio::task::yield_now().await;
    }

    pub(super) fn leave(&self, address: &Address) {
        if let Some(now) = self.state().under_way.get_mut(&address.instance) {
            *now = now.saturating_sub(1);
        }
    }
}

impl State {
    /// How work stands that goes on under a handle.
    pub(super) fn job(&self, handle: &str) -> Follow {
        self.jobs.get(handle).cloned().unwrap_or_else(|| Follow::GoesOn("pending".to_owned()))
    }

    /// How many writes of one sort are taken in one go.
    pub(super) fn together(&self) -> usize {
        self.most_together.max(1)
    }

    /// Takes the next fault that fits.
    pub(super) fn next_fault(&mut self, verb: Verb, address: &Address) -> Option<Effect> {
        let fits = |fault: &Fault| {
            fault.address.as_ref().is_none_or(|it| it == address) && fault.verb.is_none_or(|it| it == verb)
        };
        let at = self.faults.iter().position(fits)?;
        Some(self.faults.remove(at).effect)
    }

    pub(super) fn next_id(&mut self, address: &Address) -> String {
        self.ids += 1;
        format!("{}-{}", address.kind, self.ids)
    }

    /// Gives an object its id and the output that follows from it. A membership has none: its ends are its identity.
    pub(super) fn identify(live: &mut Live, id: String) {
        match live.address.kind.as_str() {
            "user" => drop(live.outputs.insert("sub".into(), id.as_str().into())),
            "group" => drop(live.outputs.insert("id".into(), id.as_str().into())),
            _ => return,
        }
        live.external_id = Some(id);
    }

    /// The object with this id, or else with this name.
    pub(super) fn find(&self, address: &Address, id: Option<&str>) -> Option<&Live> {
        match id {
            Some(id) => self.objects.values().find(|it| {
                it.address.instance == address.instance
                    && it.address.kind == address.kind
                    && it.external_id.as_deref() == Some(id)
            }),
            None => self.objects.get(address),
        }
    }

    pub(super) fn remove(&mut self, address: &Address) -> Option<Live> {
        let removed = self.objects.remove(address)?;
        let inside = |it: &Address| depends_on(it, address);
        self.objects.retain(|it, _| !inside(it));
        Some(removed)
    }

    /// Gives an object, and all that has its name in its own, another name.
    pub(super) fn rename(&mut self, old: &Address, new: &Address) {
        let all = std::mem::take(&mut self.objects);
        self.objects = all
            .into_iter()
            .map(|(address, mut live)| {
                if address == *old {
                    live.address = new.clone();
                } else if depends_on(&address, old) {
                    let key = match old.kind.as_str() {
                        "user" => format!("{}/{}", address.parent_key().unwrap_or_default(), new.key),
                        _ => format!("{}{}", new.key, &address.key[old.key.len()..]),
                    };
                    live.address.key = key.as_str().into();
                }
                (live.address.clone(), live)
            })
            .collect();
    }
}

/// Whether `it` lies in a group, or is a membership or a number of a user.
fn depends_on(it: &Address, on: &Address) -> bool {
    if it.instance != on.instance {
        return false;
    }
    match on.kind.as_str() {
        "group" => {
            matches!(it.kind.as_str(), "group" | "membership")
                && it.key.strip_prefix(&*on.key).is_some_and(|rest| rest.starts_with('/'))
        }
        "user" => matches!(it.kind.as_str(), "membership" | NUMBER) && it.leaf() == &*on.key,
        _ => false,
    }
}
