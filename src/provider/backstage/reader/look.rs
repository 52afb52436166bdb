//! One object by itself: what settles an unclear write, and what proves an absence.

use crate::engine::model::{Address, Failure, FailureClass};
use crate::provider::backstage::api::Api;
use crate::provider::backstage::{convert, kinds, place};
use crate::provider::contract::Look;

/// A location by its id, or by its address in the list that holds all; an entity by its name.
pub(super) async fn look(api: &Api, address: &Address, id: Option<&str>) -> Result<Look, Failure> {
    let place = &api.options().catalog.url;
    let found = match address.kind.as_str() {
        kinds::LOCATION => {
            let location = match id {
                Some(id) => api.location(id).await?,
                None => api.locations().await?.into_iter().find(|it| it.key(place) == *address.key),
            };
            match location {
                Some(location) => {
                    let made = api.made_of(&location.target).await?;
                    Some(location.live(&address.instance, place, Some(made)))
                }
                None => None,
            }
        }
        kinds::ENTITY => match place::entity(&address.key) {
            Some(reference) => {
                let stored = api.entity(&reference).await?;
                stored.and_then(|it| convert::entity(&address.instance, place, &it))
            }
            None => None,
        },
        other => {
            let said = format!("Backstage has nothing called '{other}'");
            return Err(Failure::new(FailureClass::Refused, format!("look at '{address}'"), said));
        }
    };
    Ok(found.map_or(Look::Absent, |live| Look::Present(Box::new(live))))
}
