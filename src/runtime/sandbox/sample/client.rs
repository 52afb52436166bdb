//! A client of a service's API with an administrator's credentials: for filling it, and for what somebody does behind
//! our back.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::provider::emulator::serve::Served;

/// The administrator's names in the services' recordings, most able first.
const ADMINISTRATORS: [&str; 4] = ["admin token", "admin", "api key (admin role)", "static"];

/// A client of one service.
#[derive(Clone)]
pub struct Client {
    base: String,
    headers: BTreeMap<String, String>,
    http: reqwest::Client,
}

/// Why a service could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The client cannot be made, or no answer came.
    #[error("no answer to {doing}")]
    Http {
        /// What we were doing.
        doing: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The service refused.
    #[error("{doing} was answered {status}: {body}")]
    Refused {
        /// What we were doing.
        doing: String,
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// The emulator names no administrator.
    #[error("the {0} emulator names no administrator")]
    NoAdministrator(&'static str),
}

impl Client {
    /// The administrator of a running emulator.
    ///
    /// # Errors
    /// When it names none.
    pub fn administrator(served: &Served) -> Result<Self, SampleError> {
        let credentials = served.credentials();
        let headers = ADMINISTRATORS.iter().find_map(|name| credentials.get(*name));
        let headers = headers.cloned().ok_or(SampleError::NoAdministrator(served.service()))?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|source| SampleError::Http { doing: "making a client".to_owned(), source })?;
        Ok(Self { base: served.base().to_owned(), headers, http })
    }

    /// Reads.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn get(&self, path: &str) -> Result<Value, SampleError> {
        self.call(Method::GET, path, None).await.map(|(body, _)| body)
    }

    /// Makes something; the id at the end of `Location`, where there is one.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn post(&self, path: &str, body: Value) -> Result<(Value, String), SampleError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Sets something.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn put(&self, path: &str, body: Value) -> Result<(), SampleError> {
        self.call(Method::PUT, path, Some(body)).await.map(drop)
    }

    /// Changes something.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn patch(&self, path: &str, body: Value) -> Result<(), SampleError> {
        self.call(Method::PATCH, path, Some(body)).await.map(drop)
    }

    /// Removes something.
    ///
    /// # Errors
    /// When no answer comes, or it is no success.
    pub async fn delete(&self, path: &str) -> Result<(), SampleError> {
        self.call(Method::DELETE, path, None).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<(Value, String), SampleError> {
        let doing = format!("{method} {path}");
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let failed = |source| SampleError::Http { doing: doing.clone(), source };
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let location = answer.headers().get("location").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        let text = answer.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(SampleError::Refused { doing, status: status.as_u16(), body: text });
        }
        let id = location.rsplit('/').next().unwrap_or_default().to_owned();
        Ok((serde_json::from_str(&text).unwrap_or(Value::Null), id))
    }
}
