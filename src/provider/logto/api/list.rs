//! A paged list read whole: collected by id, and held against the total that every page tells.
//!
//! Logto's lists have no fixed order, or none among equals: rows move between pages while one reads, some come twice and
//! some never. A list is whole when as many different ids came as `Total-Number` says, the same number on every page;
//! else it is swept again. The addresses in `Link` lead to a page for people and are never followed.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use super::wire::{Application, Hook, Organization, OrganizationRole, User};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call, ReadDoor};

/// The most that a page holds.
const PAGE: usize = 100;
/// Pages under way at once; the door's own limit may be lower.
const AT_ONCE: usize = 8;
/// How often a list is swept until it agrees with its total: things come and go while we read.
const SWEEPS: usize = 3;

/// A list, by id, that is known to be whole.
pub type Listed<T> = BTreeMap<String, T>;

/// What has an id.
pub trait Item {
    /// The id.
    fn id(&self) -> &str;
}

macro_rules! item {
    ($($name:ty),*) => { $(impl Item for $name { fn id(&self) -> &str { &self.id } })* };
}
item!(User, Organization, OrganizationRole, Application, Hook);

/// All items of a list, as many as it says that there are.
///
/// # Errors
/// As every call, and when the list does not agree with its total.
pub async fn whole<T: Item + DeserializeOwned>(door: &ReadDoor, call: &Call) -> Result<Listed<T>, Failure> {
    let (mut seen, mut told) = (0, 0);
    for _ in 0..SWEEPS {
        let (first, total) = page(door, call, 1).await?;
        let rest: Vec<(Vec<T>, usize)> = stream::iter(2..=total.div_ceil(PAGE))
            .map(|number| page(door, call, number))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let steady = rest.iter().all(|(_, again)| *again == total);
        let items: Listed<T> = std::iter::once(first)
            .chain(rest.into_iter().map(|(items, _)| items))
            .flatten()
            .map(|item| (item.id().to_owned(), item))
            .collect();
        if steady && items.len() == total {
            return Ok(items);
        }
        (seen, told) = (items.len(), total);
    }
    let said = format!("{seen} different ones came, and 'Total-Number' says {told}");
    Err(Failure::new(FailureClass::Retry, &call.doing, said)
        .help("either somebody changes them while we read, or something between Formulary and Logto changes answers"))
}

async fn page<T: DeserializeOwned>(door: &ReadDoor, call: &Call, number: usize) -> Result<(Vec<T>, usize), Failure> {
    let call = call.clone().query("page", number).query("page_size", PAGE);
    let answer = door.send(&call).await?;
    let total = answer.header("total-number").and_then(|it| it.parse().ok());
    let total = total.ok_or_else(|| not_understood(&call, "it does not tell how many there are ('Total-Number')"))?;
    Ok((parsed(&call, &answer)?, total))
}

/// Reads a body, or says that it cannot be what it should be.
///
/// # Errors
/// When it is not.
pub fn parsed<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| not_understood(call, &error.to_string()))
}

/// A body cut short or not Logto's: nothing was learnt, so asking again later is right.
fn not_understood(call: &Call, why: &str) -> Failure {
    Failure::new(FailureClass::Later, &call.doing, format!("the answer cannot be read: {why}"))
        .help("if it stays so, something between Formulary and Logto changes answers")
}
