//! The calls that we make, as far as they read; and which of them change nothing.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call, Door, ReadDoor, ReadRoute, Repeat};

pub const NAMESPACE: &str = "/api/v1/namespaces/{namespace}";
pub const CONFIG_MAP: &str = "/api/v1/namespaces/{namespace}/configmaps/{name}";
pub const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
pub const VERSION: &str = "/version";
const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const OURSELVES: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

/// What a reading half may send: questions alone, two of which are asked by `POST` (guide, section 4).
pub const READ_ROUTES: &[ReadRoute] = &[
    (Method::GET, NAMESPACE),
    (Method::GET, CONFIG_MAP),
    (Method::GET, DEPLOYMENT),
    (Method::GET, VERSION),
    (Method::POST, ACCESS),
    (Method::POST, OURSELVES),
];

/// What a reading half may ask to be tried without being done.
pub const REHEARSALS: &[(ReadRoute, (&str, &str))] = &[
    ((Method::PATCH, CONFIG_MAP), DRY_RUN),
    ((Method::PATCH, NAMESPACE), DRY_RUN),
    ((Method::PATCH, DEPLOYMENT), DRY_RUN),
];

/// The parameter by which nothing is done.
pub const DRY_RUN: (&str, &str) = ("dryRun", "All");

/// The content type of an apply.
pub const APPLY: &str = "application/apply-patch+yaml";
/// The content type of a merge.
pub const MERGE: &str = "application/merge-patch+json";

/// Something that we may or may not do, as the server is asked about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub group: &'static str,
    pub resource: &'static str,
    pub verb: &'static str,
    pub namespace: String,
    pub name: String,
}

/// A server's release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// As its builder called it: `v1.33.2`, `v1.30.1-eks-…`, or nothing that tells.
    pub name: String,
    /// The second number, if it is told.
    pub minor: Option<u32>,
}

impl Release {
    /// What a server says of itself. The name is its builder's; the numbers are the program's own.
    pub fn of(version: &Json) -> Self {
        // Some who offer clusters write `27+`.
        let minor = version["minor"].as_str().map(|it| it.trim_end_matches('+'));
        Self {
            name: version["gitVersion"].as_str().unwrap_or("of an unknown release").to_owned(),
            minor: minor.and_then(|it| it.parse().ok()),
        }
    }
}

/// Everything that is read.
pub struct Api {
    door: ReadDoor,
}

impl Api {
    pub fn new(door: &Door) -> Self {
        Self { door: door.read_only(READ_ROUTES).rehearsing(REHEARSALS) }
    }

    /// Sends a call that asks, or that is a rehearsal.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn send(&self, call: &Call) -> Result<Json, Failure> {
        let answer = self.door.send(call).await?;
        decode(call, &answer)
    }

    /// One object by its name. What is not there is not, by the server's own word for that very object.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn get(&self, route: &'static str, segments: &[&str], what: &str) -> Result<Option<Json>, Failure> {
        let call = Call::get(route, segments, format!("read {what} '{}'", segments.join("/")));
        match self.send(&call).await {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.class == FailureClass::Gone => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    pub async fn namespace(&self, name: &str) -> Result<Option<Json>, Failure> {
        self.get(NAMESPACE, &[name], "namespace").await
    }

    pub async fn config_map(&self, namespace: &str, name: &str) -> Result<Option<Json>, Failure> {
        self.get(CONFIG_MAP, &[namespace, name], "ConfigMap").await
    }

    pub async fn deployment(&self, namespace: &str, name: &str) -> Result<Option<Json>, Failure> {
        self.get(DEPLOYMENT, &[namespace, name], "Deployment").await
    }

    /// The server's release.
    pub async fn release(&self) -> Result<Release, Failure> {
        Ok(Release::of(&self.send(&Call::get(VERSION, &[], "read the server's release")).await?))
    }

    /// Whom the server takes us for.
    pub async fn ourselves(&self) -> Result<String, Failure> {
        let body = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
        let call = Call::new(Method::POST, OURSELVES, &[], "ask whom the server takes us for").repeat(Repeat::Safe);
        let answer = self.send(&call.json(body)).await?;
        Ok(answer["status"]["userInfo"]["username"].as_str().unwrap_or_default().to_owned())
    }

    /// Whether we may do something. Asked with the very name and namespace: without them a right on one object reads as none.
    pub async fn may(&self, deed: &Deed) -> Result<bool, Failure> {
        let attributes = json!({
            "group": deed.group, "resource": deed.resource, "verb": deed.verb, "namespace": deed.namespace, "name": deed.name,
        });
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let call = Call::new(Method::POST, ACCESS, &[], "ask what our account may do").repeat(Repeat::Safe);
        let answer = self.send(&call.json(body)).await?;
        Ok(answer["status"]["allowed"] == true)
    }
}

/// An answer's body.
pub fn decode(call: &Call, answer: &Answer) -> Result<Json, Failure> {
    answer.json().ok_or_else(|| Failure::new(FailureClass::Refused, &call.doing, "the answer is no JSON"))
}
