//! Locations. Backstage registers an address without reading it, and keeps one that cannot be read: so it is read first (guide,
//! trap 13).

use super::{Hand, failure};
use crate::engine::model::{Failure, FailureClass, Live, Value};
use crate::engine::plan::Step;
use crate::provider::backstage::api::{decode, register, remove};
use crate::provider::backstage::convert::{Location, Made};
use crate::provider::backstage::errors;
use crate::provider::contract::{Inputs, Performed};

impl Hand {
    /// Registers a location whose files can be read.
    pub(super) async fn register(&self, step: &Step) -> Result<Performed, Failure> {
        let url = self.api.options().catalog.url.url(&step.address.key);
        match self.api.found_at(&url).await {
            // One bad document among many is left out by Backstage, and the rest gets in.
            Err(failure) if !errors::is_about_one_entity(&failure) => return Err(failure),
            _ => {}
        }
        let location = self.send_registration(step, &url).await?;
        Ok(self.done(step, &location))
    }

    async fn send_registration(&self, step: &Step, url: &str) -> Result<Location, Failure> {
        let call = register(url);
        let answer: serde_json::Value = decode(&call, &self.door.send(&call).await?)?;
        let location = Location::read(&answer["location"]);
        location.ok_or_else(|| failure(FailureClass::Unclear, step, "the answer names no location"))
    }

    /// What was just registered: nothing was read yet, so that nothing keeps it.
    fn done(&self, step: &Step, location: &Location) -> Performed {
        let place = &self.api.options().catalog.url;
        let live = location.live(&step.address.instance, place, Some(Made::default()));
        Performed::Done(Some(Box::new(Live { address: step.address.clone(), ..live })))
    }

    /// Has it read again; or, where the mono-repo has another address by now, registers that one first and takes the old one
    /// away after, so that a refusal costs nobody their entities.
    pub(super) async fn put_right(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        if !inputs.fields.contains_key("target") {
            let id = step.external_id.as_deref().unwrap_or_default();
            let Some(location) = self.api.location(id).await? else {
                return Err(failure(FailureClass::Gone, step, "it is not there any more").help("plan again"));
            };
            self.read_again(&step.address.key, location.entity.as_deref()).await?;
            return Ok(self.waits(step, inputs, &step.address.key));
        }
        let Some(old) = &step.external_id else { return Err(failure(FailureClass::Gone, step, "it has no id")) };
        let url = self.api.options().catalog.url.url(&step.address.key);
        self.api.found_at(&url).await?;
        let new = self.send_registration(step, &url).await?;
        self.door.send(&remove(old)).await?;
        // The catalogue gave the entities to the old one for as long as that was there.
        if let Some(stands_for) = &new.entity {
            self.door.send(&super::refresh(stands_for)).await?;
        }
        Ok(self.done(step, &new))
    }

    /// Takes a location away, with all that comes from it.
    pub(super) async fn take_away(&self, step: &Step) -> Result<Performed, Failure> {
        let Some(id) = &step.external_id else { return Err(failure(FailureClass::Gone, step, "it has no id")) };
        // The id alone is not enough: what is removed is what the plan saw.
        let seen = step.before.get("target").and_then(Value::as_text);
        match self.api.location(id).await? {
            None => return Ok(Performed::Done(None)),
            Some(found) if seen.is_some_and(|seen| seen != found.target) => {
                let said = format!("the location {id} is '{}' by now", found.target);
                return Err(failure(FailureClass::Conflict, step, said).help("plan again"));
            }
            Some(_) => {}
        }
        match self.door.send(&remove(id)).await {
            Ok(_) => Ok(Performed::Done(None)),
            Err(failure) if failure.class == FailureClass::Gone => Ok(Performed::Done(None)),
            Err(failure) => Err(failure),
        }
    }
}
