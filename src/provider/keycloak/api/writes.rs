//! Every write. Each is one call; what surrounds it (reading before, reading back) is the writing half's business.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::routes;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Body, Call, Door};

/// The writing calls of one realm.
#[derive(Clone)]
pub struct Writes {
    door: Door,
    realm: String,
}

impl Writes {
    /// Writes through `door`.
    pub fn new(door: Door, realm: &str) -> Self {
        Self { door, realm: realm.to_owned() }
    }

    /// Makes an object and tells its id, which the server chooses.
    ///
    /// # Errors
    /// As every call; [`Unclear`](FailureClass::Unclear) when it may have been made.
    pub async fn create(
        &self,
        route: &'static str,
        segments: &[&str],
        body: Value,
        doing: &str,
    ) -> Result<String, Failure> {
        let call = self.call(Method::POST, route, segments, doing).json(body);
        let answer = self.door.send(&call).await?;
        let shown = || Some(answer.json()?.get("id")?.as_str()?.to_owned());
        answer.location_id().or_else(shown).ok_or_else(|| {
            Failure::new(FailureClass::Unclear, &call.doing, "the answer does not tell the new id")
                .help("the next cycle finds it by its name")
        })
    }

    /// Replaces an object by what is sent.
    ///
    /// # Errors
    /// As every call.
    pub async fn replace(
        &self,
        route: &'static str,
        segments: &[&str],
        body: Value,
        doing: &str,
    ) -> Result<Answer, Failure> {
        self.door.send(&self.call(Method::PUT, route, segments, doing).json(body)).await
    }

    /// Removes an object or an edge; that it is not there is success.
    ///
    /// # Errors
    /// As every call.
    pub async fn remove(&self, route: &'static str, segments: &[&str], doing: &str) -> Result<(), Failure> {
        match self.door.send(&self.call(Method::DELETE, route, segments, doing)).await {
            Err(failure) if failure.class == FailureClass::Gone => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Sets an edge. Setting it twice is setting it once.
    ///
    /// # Errors
    /// As every call.
    pub async fn link(&self, route: &'static str, segments: &[&str], doing: &str) -> Result<(), Failure> {
        self.door.send(&self.call(Method::PUT, route, segments, doing)).await.map(|_| ())
    }

    /// Moves a group below another, or to the top.
    ///
    /// # Errors
    /// As every call.
    pub async fn move_group(&self, id: &str, name: &str, parent: Option<&str>, doing: &str) -> Result<(), Failure> {
        let body = json!({"id": id, "name": name});
        let call = match parent {
            Some(parent) => self.call(Method::POST, routes::CHILDREN, &[parent], doing),
            None => self.call(Method::POST, routes::GROUPS, &[], doing),
        };
        self.door.send(&call.json(body)).await.map(|_| ())
    }

    /// Puts a person into an organisation. The body is the bare id: the one form that every release understands.
    ///
    /// # Errors
    /// As every call.
    pub async fn add_member(&self, organization: &str, user: &str, doing: &str) -> Result<(), Failure> {
        let call = self
            .call(Method::POST, routes::ORGANIZATION_MEMBERS, &[organization], doing)
            .body(Body::Raw(Bytes::copy_from_slice(user.as_bytes()), "application/json"));
        self.door.send(&call).await.map(|_| ())
    }

    /// Ends all of a person's sessions.
    ///
    /// # Errors
    /// As every call.
    pub async fn log_out(&self, user: &str, doing: &str) -> Result<(), Failure> {
        let call = self.call(Method::POST, routes::LOGOUT, &[user], doing).repeat(crate::provider::http::Repeat::Safe);
        self.door.send(&call).await.map(|_| ())
    }

    /// Sends the letter with the link under which a person does what `actions` names. Never repeated by itself: a
    /// second letter would confuse.
    ///
    /// # Errors
    /// As every call; [`Refused`](FailureClass::Refused) when the realm cannot send mail.
    pub async fn invite(
        &self,
        user: &str,
        actions: &[String],
        query: Vec<(&'static str, String)>,
        doing: &str,
    ) -> Result<(), Failure> {
        let mut call = self
            .call(Method::PUT, routes::ACTIONS_EMAIL, &[user], doing)
            .json(json!(actions))
            .repeat(crate::provider::http::Repeat::Unsafe);
        call.query = query;
        self.door.send(&call).await.map(|_| ())
    }

    fn call(&self, method: Method, route: &'static str, segments: &[&str], doing: &str) -> Call {
        let all: Vec<&str> = std::iter::once(self.realm.as_str()).chain(segments.iter().copied()).collect();
        Call::new(method, route, &all, format!("{doing} in realm '{}'", self.realm))
    }
}
