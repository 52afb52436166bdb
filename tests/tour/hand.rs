//! Somebody else's hand: an administrator who works on a service by its API, behind our back or before we came.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// How the hand proves itself.
#[derive(Clone)]
pub enum Proof {
    /// A header that is sent as it is.
    Header(String),
    /// A name and a password.
    Basic(String, String),
    /// A client of a realm of Keycloak. Tokens of `master` live for a minute, so each call asks for a new one.
    Client { realm: String, id: String, secret: String },
    /// An application of Logto's that may do everything.
    Machine { id: String, secret: String },
}

/// An administrator's client of a service.
#[derive(Clone)]
pub struct Hand {
    base: String,
    proof: Proof,
    http: reqwest::Client,
}

impl Hand {
    /// A client of what answers at `base`.
    pub fn new(base: &str, proof: Proof) -> Self {
        let http =
            reqwest::Client::builder().no_proxy().user_agent("tour").timeout(Duration::from_secs(60)).build().unwrap();
        Self { base: base.trim_end_matches('/').to_owned(), proof, http }
    }

    /// Where the service is.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn get(&self, path: &str) -> Value {
        self.must(Method::GET, path, None).await.0
    }

    /// Makes something; the answer, and the id at the end of its `Location`.
    pub async fn post(&self, path: &str, body: Value) -> (Value, String) {
        self.must(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) {
        self.must(Method::PUT, path, Some(body)).await;
    }

    pub async fn patch(&self, path: &str, body: Value) {
        self.must(Method::PATCH, path, Some(body)).await;
    }

    pub async fn delete(&self, path: &str) {
        self.must(Method::DELETE, path, None).await;
    }

    /// Removes something by what the body says of it.
    pub async fn delete_of(&self, path: &str, body: Value) {
        self.must(Method::DELETE, path, Some(body)).await;
    }

    /// Whether something is there.
    pub async fn sees(&self, path: &str) -> bool {
        self.call(Method::GET, path, None).await.0.is_success()
    }

    /// Removes something if it is there.
    pub async fn clear(&self, path: &str) {
        let (status, body, _) = self.call(Method::DELETE, path, None).await;
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "DELETE {path}: {status} {body}");
    }

    async fn must(&self, method: Method, path: &str, body: Option<Value>) -> (Value, String) {
        let (status, answer, id) = self.call(method.clone(), path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        (answer, id)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value, String) {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        request = match &self.proof {
            Proof::Header(header) => request.header("authorization", header),
            Proof::Basic(name, password) => request.basic_auth(name, Some(password)),
            Proof::Client { realm, id, secret } => {
                let path = format!("/realms/{realm}/protocol/openid-connect/token");
                request.bearer_auth(self.token(&path, &[], (id, secret)).await)
            }
            Proof::Machine { id, secret } => {
                let more = [("resource", "https://default.logto.app/api"), ("scope", "all")];
                request.bearer_auth(self.token("/oidc/token", &more, (id, secret)).await)
            }
        };
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let location = answer.headers().get("location").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(json!(text));
        (status, body, location.rsplit('/').next().unwrap_or_default().to_owned())
    }

    async fn token(&self, path: &str, more: &[(&str, &str)], (id, secret): (&str, &str)) -> String {
        let form: Vec<(&str, &str)> = more.iter().copied().chain([("grant_type", "client_credentials")]).collect();
        let request = self.http.post(format!("{}{path}", self.base)).basic_auth(id, Some(secret)).form(&form);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }
}

/// The text of a JSON value.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// The item of a list whose `field` is `value`.
pub fn item<'v>(list: &'v Value, field: &str, value: &str) -> &'v Value {
    let found = list.as_array().into_iter().flatten().find(|item| item[field] == value);
    found.unwrap_or_else(|| panic!("no item with {field} '{value}' in {list}"))
}
