//! A whole list, page by page, with a proof that it is whole.
//!
//! Gitea clamps page sizes in silence, moves rows while one reads, and answers past the end with an empty page and the
//! true total (guide, section 1). So pages are collected into a map by id, every page's total must agree, and the map
//! must be as long as the total; otherwise the list is read again, and if it does not settle it is incomplete.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::read::{Api, missing};
use super::wire::Identified;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call};

/// How often a list that moves is read before it counts as incomplete.
const ROUNDS: usize = 3;
/// Pages of one list that are under way at once; the door bounds all of them together.
const PAGES_AT_ONCE: usize = 4;

/// How a list's answer is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paged {
    /// A bare array.
    Bare,
    /// `{"ok": true, "data": […]}`, as searches answer.
    Data,
}

/// What was read of a list.
#[derive(Debug)]
pub struct Listing<T> {
    /// What was read, by number.
    pub items: BTreeMap<i64, T>,
    /// What proves that this is all, or why it may not be.
    pub whole: Result<String, Failure>,
}

struct Page<T> {
    items: Vec<T>,
    total: usize,
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
    pub fn into_whole(self) -> Result<BTreeMap<i64, T>, Failure> {
        self.whole.map(|_| self.items)
    }
}

impl Api {
    /// Reads a list that tells its total on every page.
    pub async fn list<T: Identified + DeserializeOwned + Send>(&self, call: Call, paged: Paged) -> Listing<T> {
        let limit = self.page_size().await;
        let mut items = BTreeMap::new();
        let mut moved = String::new();
        for _ in 0..ROUNDS {
            items.clear();
            let first = match self.page::<T>(&call, paged, limit, 1).await {
                Ok(page) => page,
                Err(failure) => return Listing { items, whole: Err(failure) },
            };
            let total = first.total;
            items.extend(first.items.into_iter().map(|item| (item.id(), item)));
            let pages = total.div_ceil(limit);
            let mut rest = futures::stream::iter(2..=pages)
                .map(|number| self.page::<T>(&call, paged, limit, number))
                .buffer_unordered(PAGES_AT_ONCE);
            let mut steady = true;
            while let Some(page) = rest.next().await {
                match page {
                    Ok(page) => {
                        steady &= page.total == total;
                        items.extend(page.items.into_iter().map(|item| (item.id(), item)));
                    }
                    Err(failure) => return Listing { items, whole: Err(failure) },
                }
            }
            if steady && items.len() == total {
                let proof = format!("{total} of {total}, by the total on each of {} pages", pages.max(1));
                return Listing { items, whole: Ok(proof) };
            }
            moved = format!("{} objects were read and the server tells {total}", items.len());
        }
        let failure = Failure::new(FailureClass::Later, &call.doing, format!("the list does not settle: {moved}"))
            .help("nothing in it is deleted; the next cycle reads it again");
        Listing { items, whole: Err(failure) }
    }

    async fn page<T: DeserializeOwned>(
        &self,
        call: &Call,
        paged: Paged,
        limit: usize,
        number: usize,
    ) -> Result<Page<T>, Failure> {
        let call = call.clone().query("limit", limit).query("page", number);
        let answer = self.send(&call).await?;
        let total = total(&call, &answer)?;
        let body = answer.json().unwrap_or(Json::Null);
        let rows = match paged {
            Paged::Bare => body,
            Paged::Data => body.get("data").cloned().unwrap_or(Json::Null),
        };
        let Json::Array(rows) = rows else {
            return Err(missing(&call));
        };
        let items = rows
            .into_iter()
            .map(|row| serde_json::from_value(row).map_err(|error| super::read::odd(&call, &error)))
            .collect::<Result<_, _>>()?;
        Ok(Page { items, total })
    }
}

fn total(call: &Call, answer: &Answer) -> Result<usize, Failure> {
    answer.header("x-total-count").and_then(|total| total.trim().parse().ok()).ok_or_else(|| {
        Failure::new(
            FailureClass::Refused,
            &call.doing,
            "the server tells no total, so the list cannot be proven whole",
        )
        .help("check that no proxy in front of Gitea takes the header X-Total-Count away")
    })
}
