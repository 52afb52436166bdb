//! A whole list, page by page, with a proof that it is whole.
//!
//! Mattermost cuts pages at 200 rows in silence, sorts by the database's collation, shows no order at all in some lists,
//! moves rows while one reads, and answers 200 with nothing for what is gone (guide, sections 2.3 and 4). So pages are
//! collected into a map by id, and the map must be as long as a total that the server counts by another way; otherwise
//! the list is read again, and if it does not settle it is incomplete.

use std::collections::BTreeMap;
use std::future::Future;

use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::read::{Api, not_one_value, odd};
use super::wire::Identified;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::Call;

/// The largest page: what is asked beyond it is cut without a word.
pub(super) const PAGE: usize = 200;
/// How often a list that moves is read before it counts as incomplete.
const ROUNDS: usize = 3;
/// Pages of one list that are under way at once; the door bounds all of them together.
const PAGES_AT_ONCE: usize = 4;

/// What was read of a list.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    /// What was read, by id.
    pub items: BTreeMap<String, T>,
    /// What proves that this is all, or why it may not be.
    pub whole: Result<String, Failure>,
}

impl<T> Listing<T> {
    /// Nothing, for a reason.
    pub fn failed(failure: Failure) -> Self {
        Self { items: BTreeMap::new(), whole: Err(failure) }
    }

    /// Everything.
    ///
    /// # Errors
    /// Why the list may not be whole.
    pub fn into_whole(self) -> Result<BTreeMap<String, T>, Failure> {
        self.whole.map(|_| self.items)
    }
}

impl Api {
    /// Reads a list whose length `total` tells: counted again for each round, because the list may move.
    pub(super) async fn list<T, F>(&self, call: &Call, total: impl Fn() -> F) -> Listing<T>
    where
        T: Identified + DeserializeOwned + Send,
        F: Future<Output = Result<usize, Failure>>,
    {
        let mut listing = Listing { items: BTreeMap::new(), whole: Ok(String::new()) };
        for _ in 0..ROUNDS {
            listing.items.clear();
            let read = match total().await {
                Ok(total) => self.pages(call, 0, total.div_ceil(PAGE).max(1), &mut listing.items).await.map(|()| total),
                Err(failure) => Err(failure),
            };
            if self.judge(call, read, &mut listing) {
                break;
            }
        }
        listing
    }

    /// Reads a list that tells its length beside the first page, under `rows`.
    pub(super) async fn counted<T>(&self, call: &Call, rows: &str) -> Listing<T>
    where
        T: Identified + DeserializeOwned + Send,
    {
        let mut listing = Listing { items: BTreeMap::new(), whole: Ok(String::new()) };
        for _ in 0..ROUNDS {
            listing.items.clear();
            let read = match self.first(call, rows, &mut listing.items).await {
                Ok(total) => {
                    let pages = total.div_ceil(PAGE).max(1);
                    self.pages(call, 1, pages, &mut listing.items).await.map(|()| total)
                }
                Err(failure) => Err(failure),
            };
            if self.judge(call, read, &mut listing) {
                break;
            }
        }
        listing
    }

    /// Whether a round settles the list: it is as long as the total, or it cannot be read.
    fn judge<T>(&self, call: &Call, read: Result<usize, Failure>, listing: &mut Listing<T>) -> bool {
        match read {
            Ok(total) if listing.items.len() == total => {
                listing.whole = Ok(format!("{total} of {total}, by the server's own count"));
                true
            }
            Ok(total) => {
                let said = format!(
                    "the list does not settle: {} were read and the server counts {total}",
                    listing.items.len()
                );
                let failure = Failure::new(FailureClass::Later, &call.doing, said);
                listing.whole = Err(failure.help("nothing in it is deleted; the next cycle reads it again"));
                false
            }
            Err(failure) => {
                listing.whole = Err(failure);
                true
            }
        }
    }

    async fn first<T>(&self, call: &Call, rows: &str, items: &mut BTreeMap<String, T>) -> Result<usize, Failure>
    where
        T: Identified + DeserializeOwned,
    {
        let call = call.clone().query("include_total_count", "true").query("page", 0).query("per_page", PAGE);
        let body = self.one::<Json>(&call).await?;
        let total = body.get("total_count").and_then(Json::as_u64).and_then(|total| usize::try_from(total).ok());
        let (Some(total), Some(Json::Array(found))) = (total, body.get(rows)) else {
            return Err(not_one_value(&call, "the answer holds no total"));
        };
        for row in found {
            let item: T = serde_json::from_value(row.clone()).map_err(|error| odd(&call, &error))?;
            items.insert(item.id().to_owned(), item);
        }
        Ok(total)
    }

    /// Pages from one to before another.
    async fn pages<T>(
        &self,
        call: &Call,
        from: usize,
        to: usize,
        items: &mut BTreeMap<String, T>,
    ) -> Result<(), Failure>
    where
        T: Identified + DeserializeOwned + Send,
    {
        let mut pages = futures::stream::iter(from..to)
            .map(|page| {
                let call = call.clone().query("page", page).query("per_page", PAGE);
                async move { self.one::<Vec<T>>(&call).await }
            })
            .buffer_unordered(PAGES_AT_ONCE);
        while let Some(page) = pages.next().await {
            items.extend(page?.into_iter().map(|item| (item.id().to_owned(), item)));
        }
        Ok(())
    }
}
