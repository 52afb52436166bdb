//! One cycle's reading: four lists, each with its proof.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use futures::future::join_all;

use super::base;
use crate::engine::model::{Completeness, Failure, KindName, Observation, Scope};
use crate::provider::contract::ObserveRequest;
use crate::provider::http::Connection;
use crate::provider::twenty::api::{Api, MEMBERS, SORTS, Sort};
use crate::provider::twenty::convert::Shape;
use crate::provider::twenty::memory::{self, Remembered};
use crate::provider::twenty::options::Options;

/// One reading.
pub(super) struct Cycle<'a> {
    pub(super) connection: &'a Connection,
    pub(super) at: DateTime<Utc>,
    pub(super) request: &'a ObserveRequest,
}

impl Cycle<'_> {
    pub(super) async fn read(&self, api: &Api, options: &Options) -> Vec<Observation> {
        let shape = Shape {
            instance: &self.connection.instance,
            options,
            base: base(self.connection),
            platform: &self.connection.platform,
            ledger: self.request.ledger.as_deref(),
        };
        join_all(self.wanted().map(|sort| async move {
            match self.list(api, options, sort).await {
                Ok((list, completeness)) => Observation {
                    scope: Scope::whole(shape.instance, sort.kind),
                    at: self.at,
                    completeness,
                    objects: shape.all(sort, list.rows.values()),
                },
                Err(failure) => self.unread(sort, &failure),
            }
        }))
        .await
    }

    pub(super) fn unseen(&self, failure: &Failure) -> Vec<Observation> {
        self.wanted().map(|sort| self.unread(sort, failure)).collect()
    }

    fn wanted(&self) -> impl Iterator<Item = Sort> {
        SORTS.iter().copied().filter(|sort| self.request.kinds.contains(&KindName::new(sort.kind)))
    }

    fn unread(&self, sort: Sort, failure: &Failure) -> Observation {
        Observation {
            scope: Scope::whole(&self.connection.instance, sort.kind),
            at: self.at,
            completeness: Completeness::Incomplete(failure.clone()),
            objects: Vec::new(),
        }
    }

    /// A list, whole or brought up to date.
    async fn list(&self, api: &Api, options: &Options, sort: Sort) -> Result<(Remembered, Completeness), Failure> {
        let place = self.connection.base.as_str();
        let of_old = memory::recall(place, sort.plural).filter(|it| self.may_go_on(options, sort, it));
        if let Some(of_old) = of_old
            && let Some(watermark) = of_old.watermark()
        {
            let list = of_old.with(api.since(sort, &watermark).await?);
            memory::keep(place, sort.plural, list.clone());
            let completeness = Completeness::Cached(list.whole_at);
            return Ok((list, completeness));
        }
        let list = Remembered { rows: Arc::new(api.all(sort).await?), whole_at: self.at };
        memory::keep(place, sort.plural, list.clone());
        let proof = format!("{} records, those in the bin too, as many as the server counts", list.rows.len());
        Ok((list, Completeness::Complete(proof)))
    }

    /// Whether it is enough to ask what changed. A list of one page is read whole by the same one call.
    fn may_go_on(&self, options: &Options, sort: Sort, list: &Remembered) -> bool {
        let fresh = self.at - list.whole_at < Duration::minutes(options.full_read_minutes) && self.at >= list.whole_at;
        fresh && !self.request.afresh && sort != MEMBERS && list.rows.len() > options.page_size
    }
}
