//! One cycle's reading: each object that the options name, by its name. A Role for named objects lets nothing be listed.

use chrono::{DateTime, Utc};
use futures::future::join_all;

use super::look::read;
use crate::engine::model::{Address, Completeness, Failure, Instance, KindName, Live, Observation, Scope};
use crate::provider::contract::ObserveRequest;
use crate::provider::kubernetes::api::Api;
use crate::provider::kubernetes::kinds;
use crate::provider::kubernetes::options::Options;

/// One reading.
pub(super) struct Cycle<'a> {
    pub(super) instance: &'a Instance,
    pub(super) at: DateTime<Utc>,
    pub(super) request: &'a ObserveRequest,
}

impl Cycle<'_> {
    pub(super) async fn read(&self, api: &Api, options: &Options) -> Vec<Observation> {
        join_all(self.wanted().map(|kind| async move {
            let keys = keys(kind, options);
            let reading = keys.iter().map(|key| async {
                let address = Address::new(self.instance, kind, key);
                read(api, options, self.instance, &address).await
            });
            let read: Result<Vec<Option<Live>>, Failure> = join_all(reading).await.into_iter().collect();
            match read {
                Ok(found) => {
                    let proof = format!("{} asked for by name", keys.len());
                    self.observation(kind, Completeness::Complete(proof), found.into_iter().flatten().collect())
                }
                Err(failure) => self.observation(kind, Completeness::Incomplete(failure), Vec::new()),
            }
        }))
        .await
    }

    pub(super) fn unseen(&self, failure: &Failure) -> Vec<Observation> {
        let incomplete = |kind| self.observation(kind, Completeness::Incomplete(failure.clone()), Vec::new());
        self.wanted().map(incomplete).collect()
    }

    fn wanted(&self) -> impl Iterator<Item = &'static str> {
        let kinds = [kinds::CONFIG_MAP, kinds::NAMESPACE, kinds::ROLLOUT].into_iter();
        kinds.filter(|kind| self.request.kinds.contains(&KindName::new(kind)))
    }

    fn observation(&self, kind: &str, completeness: Completeness, objects: Vec<Live>) -> Observation {
        Observation { scope: Scope::whole(self.instance, kind), at: self.at, completeness, objects }
    }
}

/// What the options name of a kind.
fn keys(kind: &str, options: &Options) -> Vec<String> {
    let mut keys: Vec<String> = match kind {
        kinds::NAMESPACE if options.make_namespaces => options.targets.iter().map(|it| it.namespace.clone()).collect(),
        kinds::CONFIG_MAP => options.targets.iter().map(|it| format!("{}/{}", it.namespace, it.name)).collect(),
        kinds::ROLLOUT => options.restart.iter().map(|it| format!("{}/{}", it.namespace, it.deployment)).collect(),
        _ => Vec::new(),
    };
    keys.sort();
    keys.dedup();
    keys
}
