//! Every write. Each is one call; what surrounds it (reading before, reading back) is the writing half's business.

use reqwest::Method;
use serde_json::Value;

use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Call, Door, Repeat};

/// The writing calls of one Logto.
#[derive(Clone)]
pub struct Writes {
    door: Door,
}

impl Writes {
    /// Writes through `door`.
    pub fn new(door: Door) -> Self {
        Self { door }
    }

    /// Makes an object and tells its id, which the server chooses. Some routes answer 200 and some 201.
    ///
    /// # Errors
    /// As every call; [`Unclear`](FailureClass::Unclear) when it may have been made.
    pub async fn create(&self, route: &'static str, body: Value, doing: &str) -> Result<String, Failure> {
        let call = Call::new(Method::POST, route, &[], doing).json(body);
        let answer = self.door.send(&call).await?;
        let id = answer.json().and_then(|it| Some(it.get("id")?.as_str()?.to_owned()));
        id.ok_or_else(|| {
            Failure::new(FailureClass::Unclear, doing, "the answer does not tell the new id")
                .help("the next cycle looks for it")
        })
    }

    /// Changes what is sent and leaves the rest, column by column: a column that holds JSON is replaced whole, unless the
    /// route is one that merges.
    ///
    /// # Errors
    /// As every call.
    pub async fn change(
        &self,
        route: &'static str,
        segments: &[&str],
        body: Value,
        doing: &str,
    ) -> Result<(), Failure> {
        self.door.send(&Call::new(Method::PATCH, route, segments, doing).json(body)).await.map(drop)
    }

    /// Adds to a list of edges. Adding what is in it already changes nothing, so that it may be repeated.
    ///
    /// # Errors
    /// As every call.
    pub async fn link(&self, route: &'static str, segments: &[&str], body: Value, doing: &str) -> Result<(), Failure> {
        let call = Call::new(Method::POST, route, segments, doing).json(body).repeat(Repeat::Safe);
        self.door.send(&call).await.map(drop)
    }

    /// Removes an object or an edge; that it is not there is success.
    ///
    /// # Errors
    /// As every call.
    pub async fn remove(&self, route: &'static str, segments: &[&str], doing: &str) -> Result<(), Failure> {
        match self.door.send(&Call::new(Method::DELETE, route, segments, doing)).await {
            Err(failure) if failure.class == FailureClass::Gone => Ok(()),
            other => other.map(drop),
        }
    }
}
