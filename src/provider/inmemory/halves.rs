//! Reading and writing the world, by the contract.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::world::{Effect, State};
use super::{KINDS, World};
use crate::engine::model::kind::NUMBER;
use crate::engine::model::{
    Address, Capabilities, Compare, Completeness, Failure, FailureClass, Fields, Instance, Live, Mark, Observation,
    Scope, ScopeRule, Value,
};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{
    Follow, Held, Inputs, Look, ObserveRequest, Performed, Probe, Reader, Related, Right, Writer,
};
use crate::runtime::sys::SharedClock;

/// One installation's view of the world. As a [`Reader`] it only looks.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) instance: Instance,
    pub(super) world: World,
    pub(super) clock: SharedClock,
}

#[async_trait]
impl Reader for Half {
    async fn probe(&self) -> Result<Probe, Failure> {
        let right = Right {
            name: "everything".to_owned(),
            needed_for: "all of it".to_owned(),
            held: Held::Yes,
            grant: String::new(),
        };
        let capabilities = Capabilities { version: Some("1".to_owned()), ..Capabilities::default() };
        Ok(Probe { capabilities, rights: vec![right], findings: Vec::new() })
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let state = self.world.state();
        let kinds = KINDS.iter().filter(|kind| request.kinds.iter().any(|wanted| wanted.as_str() == kind.name));
        let scopes = kinds.flat_map(|kind| match kind.scope {
            ScopeRule::Whole => vec![Scope::whole(&self.instance, kind.name)],
            ScopeRule::PerParent => {
                let parents = request.parents.iter().filter(|(of, _)| of.as_str() == kind.name);
                let parents = parents.flat_map(|(_, parents)| parents);
                parents.map(|parent| Scope::within(&self.instance, kind.name, parent)).collect()
            }
        });
        let now = self.clock.now();
        scopes.map(|scope| observe(&state, scope, now)).collect()
    }

    async fn look(&self, address: &Address, external_id: Option<&str>, _: &Related) -> Result<Look, Failure> {
        let state = self.world.state();
        let scope = KINDS.iter().find(|kind| kind.name == address.kind.as_str()).map(|kind| Scope::of(address, kind));
        if let Some(failure) = scope.and_then(|scope| state.unreadable.get(&scope)) {
            return Err(failure.clone());
        }
        Ok(match state.find(address, external_id) {
            Some(live) => Look::Present(Box::new(shown(live))),
            None => Look::Absent,
        })
    }

    async fn follow(&self, _: &Address, handle: &str, _: &Related) -> Result<Follow, Failure> {
        Ok(self.world.state().job(handle))
    }
}

#[async_trait]
impl Writer for Half {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        self.world.arrive(&[step]).await;
        let performed = self.write(step, inputs);
        self.world.leave(&step.address);
        performed
    }

    fn together(&self, _: &Step) -> usize {
        self.world.state().together()
    }

    async fn perform_together(&self, steps: &[(&Step, &Inputs)]) -> Vec<Result<Performed, Failure>> {
        let all: Vec<&Step> = steps.iter().map(|(step, _)| *step).collect();
        self.world.arrive(&all).await;
        let performed = steps.iter().map(|(step, inputs)| self.write(step, inputs)).collect();
        all.first().into_iter().for_each(|first| self.world.leave(&first.address));
        performed
    }
}

impl Half {
    /// One write, with what goes wrong with it.
    fn write(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let mut state = self.world.state();
        let fault = state.next_fault(step.verb, &step.address);
        let lost = || failure(FailureClass::Unclear, step, "the connection was lost before an answer came");
        match fault {
            None => write(&mut state, step, inputs, &inputs.fields),
            Some(Effect::Fails(failure)) => Err(failure),
            Some(Effect::LosesRequest) => Err(lost()),
            Some(Effect::LosesAnswer) => write(&mut state, step, inputs, &inputs.fields).and(Err(lost())),
            Some(Effect::LosesAnswerAndField(field)) => {
                let mut fields = inputs.fields.clone();
                fields.remove(&field);
                write(&mut state, step, inputs, &fields).and(Err(lost()))
            }
            Some(Effect::Alters(field, value)) => {
                let mut fields = inputs.fields.clone();
                fields.insert(field, value);
                write(&mut state, step, inputs, &fields)
            }
            Some(Effect::GoesOn(handle)) => Ok(Performed::Pending(handle)),
        }
    }
}

fn observe(state: &State, scope: Scope, at: DateTime<Utc>) -> Observation {
    let in_scope = |address: &Address| {
        address.instance == scope.instance
            && address.kind == scope.kind
            && scope.parent.as_deref().is_none_or(|parent| address.parent_key() == Some(parent))
    };
    let in_group = scope.parent.as_deref().filter(|_| scope.kind.as_str() != NUMBER);
    let parent_is_there =
        in_group.is_none_or(|parent| state.objects.contains_key(&Address::new(&scope.instance, "group", parent)));
    let completeness = match state.unreadable.get(&scope) {
        Some(failure) => Completeness::Incomplete(failure.clone()),
        None if !parent_is_there => Completeness::Incomplete(Failure::new(
            FailureClass::Gone,
            format!("list {scope}"),
            "the group is not there",
        )),
        None => Completeness::Complete("read under one lock".to_owned()),
    };
    let objects = match &completeness {
        Completeness::Complete(_) => state.objects.values().filter(|live| in_scope(&live.address)).map(shown).collect(),
        _ => Vec::new(),
    };
    Observation { scope, at, completeness, objects }
}

/// An object as anybody may see it: a password is never shown, a field that was never set is empty.
fn shown(live: &Live) -> Live {
    let mut shown = live.clone();
    for field in KINDS.iter().filter(|kind| kind.name == live.address.kind.as_str()).flat_map(|kind| kind.fields) {
        match field.compare {
            Compare::WriteOnly => drop(shown.fields.remove(field.name)),
            _ if shown.fields.contains_key(field.name) => {}
            _ => drop(shown.fields.insert(field.name.into(), Value::Null)),
        }
    }
    shown
}

fn write(state: &mut State, step: &Step, inputs: &Inputs, fields: &Fields) -> Result<Performed, Failure> {
    known_fields(step, fields)?;
    let there = state.find(&step.address, step.external_id.as_deref().filter(|_| step.verb != Verb::Create));
    let there = there.map(|live| live.address.clone());
    match (step.verb, there) {
        (Verb::Create, Some(_)) => Err(failure(FailureClass::Conflict, step, "the name is taken")),
        (Verb::Create, None) => create(state, step, inputs, fields),
        (_, None) => Err(failure(FailureClass::Gone, step, "it is not there")),
        (Verb::Update | Verb::Restore | Verb::Disable | Verb::Transfer, Some(address)) => {
            set(state, &address, inputs, fields, false)
        }
        (Verb::Adopt, Some(address)) => set(state, &address, inputs, &Fields::new(), true),
        (Verb::Rename, Some(old)) => {
            let new = match (fields.get("name").and_then(Value::as_text), old.parent_key()) {
                (None, _) => return Err(failure(FailureClass::Refused, step, "no new name was sent")),
                (Some(leaf), Some(parent)) => {
                    Address { key: format!("{parent}/{leaf}").as_str().into(), ..old.clone() }
                }
                (Some(leaf), None) => Address { key: leaf.into(), ..old.clone() },
            };
            if state.objects.contains_key(&new) {
                return Err(failure(FailureClass::Conflict, step, "the name is taken"));
            }
            state.rename(&old, &new);
            Ok(Performed::Done(state.objects.get(&new).map(|live| Box::new(shown(live)))))
        }
        (Verb::Delete, Some(address)) => {
            state.remove(&address);
            Ok(Performed::Done(None))
        }
        (Verb::RunOnce | Verb::Await | Verb::Forget, Some(_)) => {
            Err(failure(FailureClass::Refused, step, "no such thing can be done here"))
        }
    }
}

fn create(state: &mut State, step: &Step, inputs: &Inputs, fields: &Fields) -> Result<Performed, Failure> {
    let address = &step.address;
    let group = address.parent_key().map(|parent| Address::new(&address.instance, "group", parent));
    let user = || Address::new(&address.instance, "user", address.leaf());
    let ends = match address.kind.as_str() {
        NUMBER => vec![user()],
        "membership" => group.into_iter().chain([user()]).collect(),
        _ => group.into_iter().collect::<Vec<_>>(),
    };
    for end in &ends {
        let Some(there) = state.objects.get(end) else {
            return Err(failure(FailureClass::Gone, step, &format!("'{end}' is not there")));
        };
        // A real service is called with ids; a writing half that was not handed them could not make the call.
        if inputs.related.id(end) != there.external_id.as_deref() {
            return Err(failure(FailureClass::Refused, step, &format!("the id of '{end}' was not handed in")));
        }
    }
    let mut live =
        Live { address: address.clone(), external_id: None, fields: Fields::new(), outputs: Fields::new(), mark: None };
    let id = state.next_id(address);
    State::identify(&mut live, id);
    state.objects.insert(address.clone(), live);
    set(state, address, inputs, fields, true)
}

fn set(state: &mut State, at: &Address, inputs: &Inputs, fields: &Fields, mark: bool) -> Result<Performed, Failure> {
    let live = state.objects.get_mut(at).map(|live| {
        live.fields.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        let markable = KINDS.iter().any(|kind| kind.name == at.kind.as_str() && kind.mark.is_some());
        if mark && markable {
            live.mark = Some(Mark { ledger: inputs.ledger.clone() });
        }
        if let Some(number) = live.fields.get(NUMBER).and_then(Value::as_int) {
            live.outputs.insert(NUMBER.into(), number.to_string().into());
        }
        Box::new(shown(live))
    });
    Ok(Performed::Done(live))
}

/// Refuses a field that its kind does not have, as a strict service would.
fn known_fields(step: &Step, fields: &Fields) -> Result<(), Failure> {
    let kind = KINDS.iter().find(|kind| kind.name == step.address.kind.as_str());
    let kind = kind.ok_or_else(|| failure(FailureClass::Refused, step, "there is no such kind"))?;
    let extra = match step.verb {
        Verb::Rename => Some("name"),
        Verb::Adopt => Some("mark"),
        _ => None,
    };
    match fields.keys().find(|name| kind.field(name).is_none() && extra != Some(&***name)) {
        Some(unknown) => Err(failure(FailureClass::Refused, step, &format!("there is no field '{unknown}'"))),
        None => Ok(()),
    }
}

fn failure(class: FailureClass, step: &Step, said: &str) -> Failure {
    Failure::new(class, format!("{} '{}'", step.verb, step.address), said)
}
