//! Another way for calls to travel than the usual client: where signing in takes certificates, plugins and rotated tokens
//! that a library of the service keeps right. Everything else the door does is done all the same.

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use super::Answer;
use crate::engine::model::Failure;

/// A request as it leaves the door: every header but those of the signature.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Why no answer came.
#[derive(Debug)]
pub enum Lost {
    /// No connection was made: nothing happened.
    NotSent(String),
    /// It may have happened.
    Broken(String),
    /// An answer came, and is longer than is read.
    TooLong,
    /// We could not sign in, or the answer was refused by us; nothing is gained by trying again.
    Refused(Failure),
}

/// Carries requests to one service and brings answers back.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Sends a request once. An answer longer than `longest` bytes is refused.
    ///
    /// # Errors
    /// When no answer came; `doing` is for messages.
    async fn carry(&self, request: Outgoing, longest: usize, doing: &str) -> Result<Answer, Lost>;
}
