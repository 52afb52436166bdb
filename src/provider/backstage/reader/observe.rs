//! One cycle's reading: the list of locations, and the pages of all entities that a document may declare.

use crate::engine::model::{Completeness, Failure, KindName, Live, Observation, Scope};
use crate::provider::backstage::api::Api;
use crate::provider::backstage::convert::Made;
use crate::provider::backstage::{convert, kinds};
use crate::provider::contract::ObserveRequest;
use crate::provider::http::Connection;

/// Reads what is asked for. The entities are read for both kinds: they tell what keeps a location from being read.
pub(super) async fn observe(
    open: &Result<Api, Failure>,
    connection: &Connection,
    request: &ObserveRequest,
) -> Vec<Observation> {
    let wants = |kind: &str| request.kinds.contains(&KindName::new(kind));
    let (instance, at) = (&connection.instance, connection.clock.now());
    let observation = |kind: &str, completeness, mut objects: Vec<Live>| {
        objects.sort_by(|a, b| a.address.cmp(&b.address));
        Observation { scope: Scope::whole(instance, kind), at, completeness, objects }
    };
    let unread = |kind: &str, failure: Failure| observation(kind, Completeness::Incomplete(failure), Vec::new());
    let mut observations = Vec::new();
    let api = match open {
        Ok(api) => api,
        Err(failure) => {
            let kinds = [kinds::ENTITY, kinds::LOCATION].into_iter().filter(|kind| wants(kind));
            return kinds.map(|kind| unread(kind, failure.clone())).collect();
        }
    };
    let place = &api.options().catalog.url;
    let (entities, locations) =
        tokio::join!(api.entities(), async { if wants(kinds::LOCATION) { Some(api.locations().await) } else { None } });
    if wants(kinds::ENTITY) {
        observations.push(match &entities {
            Ok(entities) => {
                let compared = entities.values().filter(|it| it["kind"] != "Location");
                let live: Vec<Live> = compared.filter_map(|it| convert::entity(instance, place, it)).collect();
                let proof = format!("{} entities, as many as Backstage counts", entities.len());
                observation(kinds::ENTITY, Completeness::Complete(proof), live)
            }
            Err(failure) => unread(kinds::ENTITY, failure.clone()),
        });
    }
    match locations {
        Some(Ok(locations)) => {
            let mut made = entities.as_ref().ok().map(|entities| Made::of_all(place, entities.values()));
            let mut made_of =
                |target: &str| made.as_mut().map(|all| all.remove(&format!("url:{target}")).unwrap_or_default());
            let live = locations.iter().map(|it| it.live(instance, place, made_of(&it.target))).collect();
            let proof = format!("{} locations in one answer that holds all", locations.len());
            observations.push(observation(kinds::LOCATION, Completeness::Complete(proof), live));
        }
        Some(Err(failure)) => observations.push(unread(kinds::LOCATION, failure)),
        None => {}
    }
    observations.sort_by(|a, b| a.scope.cmp(&b.scope));
    observations
}
