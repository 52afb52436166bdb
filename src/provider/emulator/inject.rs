//! The layer between the wire and the emulator: records each call, and does to it what the armed faults say.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::Value;

use super::faults::{Defect, Verdict};
use super::json_answer;
use super::requests::Ticket;
use super::serve::Host;
use super::wire::Cut;

/// How many bytes of answers to GETs are remembered for [`Defect::StaleRead`]; the oldest are forgotten first.
const REMEMBERED_BYTES: usize = 32 << 20;

/// Records a call, lets the armed faults have their way with it, and passes it on to the emulator.
pub(super) async fn inject(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let path_and_query = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let verdict = host.faults.judge(request.method().as_str(), request.uri().path());
    let ticket = host.requests.arrived(request.method().as_str(), &path_and_query);
    for name in &verdict.names {
        host.requests.failing(ticket, name);
    }
    let cut = request.extensions().get::<ConnectInfo<Cut>>().map(|info| info.0.clone());
    let authority = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let base = format!("http://{authority}");
    let call = Call { host, ticket, path_and_query, base, cut };
    call.run(request, next, verdict).await
}

/// The last answers to GETs.
#[derive(Debug, Default)]
pub(super) struct Reads {
    state: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    /// By path with query.
    answers: BTreeMap<String, Answer>,
    /// In the order in which they were first asked for.
    order: VecDeque<String>,
    bytes: usize,
}

/// An answer whose body has been read whole.
#[derive(Debug, Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// One call on its way.
struct Call {
    host: Arc<Host>,
    ticket: Ticket,
    path_and_query: String,
    /// Where the caller reached us.
    base: String,
    cut: Option<Cut>,
}

impl Call {
    async fn run(self, request: Request, next: Next, verdict: Verdict) -> Response {
        if !verdict.delay.is_zero() {
            self.unless_lifted(&verdict, tokio::time::sleep(verdict.delay)).await;
        }
        match verdict.defect.clone() {
            None | Some(Defect::Latency { .. }) => {
                let answer = self.pass(request, next).await;
                self.send(answer)
            }
            Some(Defect::RateLimited { retry_after }) => {
                let mut answer = self.error_answer(StatusCode::TOO_MANY_REQUESTS);
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
                self.send_response(answer)
            }
            Some(Defect::Status { status, body, applied }) => {
                if applied {
                    self.pass(request, next).await;
                }
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                self.send_response(match body {
                    Some(Value::String(text)) => (status, text).into_response(),
                    Some(body) => json_answer(status, &body),
                    None => self.error_answer(status),
                })
            }
            Some(Defect::MissingRights) => self.send_response(self.error_answer(StatusCode::FORBIDDEN)),
            Some(Defect::Hang) => {
                self.unless_lifted(&verdict, std::future::pending()).await;
                self.break_off()
            }
            Some(Defect::LostAnswer) => {
                self.pass(request, next).await;
                self.break_off()
            }
            Some(Defect::ResetInBody) => {
                let answer = self.pass(request, next).await;
                self.break_in_body(answer)
            }
            Some(Defect::TruncatedPage { keep }) => {
                let mut answer = self.pass(request, next).await;
                if let Some(shorter) = truncate(&answer.body, keep) {
                    answer.body = shorter;
                }
                self.send(answer)
            }
            Some(Defect::MovedRow) => {
                let mut answer = self.pass(request, next).await;
                let before = page_before(&self.path_and_query).and_then(|path| self.host.reads.recall(&path));
                if let Some(moved) = before.and_then(|before| row_moved(&before.body, &answer.body)) {
                    answer.body = moved;
                }
                self.send(answer)
            }
            Some(Defect::EmptyBody) => self.send_response(StatusCode::OK.into_response()),
            Some(Defect::EmptyList) => self.send_response(json_answer(StatusCode::OK, &Value::Array(Vec::new()))),
            Some(Defect::NullList) => self.send_response(json_answer(StatusCode::OK, &Value::Null)),
            Some(Defect::Html { status }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                let page =
                    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n";
                self.send_response((status, axum::response::Html(page)).into_response())
            }
            Some(Defect::ExpiredToken) => {
                self.host.emulator.expire_tokens();
                let answer = self.pass(request, next).await;
                self.send(answer)
            }
            Some(Defect::StaleRead) => {
                let earlier = Some(&self.path_and_query).filter(|_| request.method() == Method::GET);
                match earlier.and_then(|path| self.host.reads.recall(path)) {
                    Some(answer) => self.send(answer),
                    None => {
                        let answer = self.pass(request, next).await;
                        self.send(answer)
                    }
                }
            }
        }
    }

    /// Waits, but no longer than the fault stands and the server runs.
    async fn unless_lifted(&self, verdict: &Verdict, wait: impl Future<Output = ()>) {
        let lifted = async {
            match &verdict.lifted {
                Some(lifted) => lifted.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => {}
            () = lifted => {}
            () = self.host.stop.cancelled() => {}
        }
    }

    /// Hands the call to the emulator and reads its answer whole.
    async fn pass(&self, request: Request, next: Next) -> Answer {
        let (head, body) = request.into_parts();
        let remember = head.method == Method::GET;
        let Ok(body) = to_bytes(body, self.host.body_limit).await else {
            return Answer::read(self.error_answer(StatusCode::PAYLOAD_TOO_LARGE)).await;
        };
        let answer = Answer::read(next.run(Request::from_parts(head, Body::from(body))).await).await;
        if remember {
            self.host.reads.remember(&self.path_and_query, &answer);
        }
        answer
    }

    fn error_answer(&self, status: StatusCode) -> Response {
        self.host.emulator.error_answer(status, &self.base)
    }

    fn send(&self, answer: Answer) -> Response {
        self.send_response(answer.into_response())
    }

    fn send_response(&self, response: Response) -> Response {
        self.host.requests.answered(self.ticket, response.status().as_u16());
        response
    }

    /// Ends the connection without an answer.
    fn break_off(&self) -> Response {
        if let Some(cut) = &self.cut {
            cut.now();
        }
        // Without a connection (called in the process) the caller gets a body that fails at once.
        Response::new(Body::from_stream(stream::once(async { Err::<Bytes, _>(broken()) })))
    }

    /// Sends the head and half of the body, then resets the connection.
    fn break_in_body(&self, answer: Answer) -> Response {
        let half = answer.body.slice(..answer.body.len() / 2);
        let cut = self.cut.clone();
        let body = stream::unfold(Some(half), move |half| {
            let cut = cut.clone();
            async move {
                match half {
                    Some(half) => Some((Ok(half), None)),
                    None => {
                        // A pause in the body lets the first half out before the connection goes.
                        tokio::task::yield_now().await;
                        if let Some(cut) = cut {
                            cut.now();
                        }
                        Some((Err(broken()), None))
                    }
                }
            }
        });
        let mut response = Response::new(Body::from_stream(body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        // At least one byte more than is sent, so that even an empty answer is seen to be cut.
        let promised = answer.body.len().max(1);
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(promised));
        self.send_response(response)
    }
}

impl Answer {
    async fn read(response: Response) -> Answer {
        let (head, body) = response.into_parts();
        // Emulators answer from memory; their own bodies do not fail.
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        Answer { status: head.status, headers: head.headers, body }
    }

    fn into_response(mut self) -> Response {
        // The length is set anew from the body, which a fault may have changed.
        self.headers.remove(header::CONTENT_LENGTH);
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl Reads {
    /// Forgets all answers.
    pub(super) fn reset(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }

    fn remember(&self, path: &str, answer: &Answer) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bytes += answer.body.len();
        match state.answers.insert(path.to_owned(), answer.clone()) {
            Some(earlier) => state.bytes -= earlier.body.len(),
            None => state.order.push_back(path.to_owned()),
        }
        while state.bytes > REMEMBERED_BYTES
            && let Some(oldest) = state.order.pop_front()
        {
            state.bytes -= state.answers.remove(&oldest).map_or(0, |answer| answer.body.len());
        }
    }

    fn recall(&self, path: &str) -> Option<Answer> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).answers.get(path).cloned()
    }
}

/// The list of an answer cut short. `None` where there is no list.
fn truncate(body: &[u8], keep: Option<usize>) -> Option<Bytes> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let list = list_of(&mut value)?;
    list.truncate(keep.unwrap_or(list.len() / 2));
    serde_json::to_vec(&value).ok().map(Bytes::from)
}

/// A page that begins with the last row of the one before it. `None` where one of the two is no list or has no row.
fn row_moved(before: &[u8], page: &[u8]) -> Option<Bytes> {
    let mut before: Value = serde_json::from_slice(before).ok()?;
    let mut page: Value = serde_json::from_slice(page).ok()?;
    *list_of(&mut page)?.first_mut()? = list_of(&mut before)?.pop()?;
    serde_json::to_vec(&page).ok().map(Bytes::from)
}

/// The list of an answer: the body itself, or the first list that it holds.
fn list_of(body: &mut Value) -> Option<&mut Vec<Value>> {
    match body {
        Value::Array(list) => Some(list),
        Value::Object(fields) => fields.values_mut().find_map(Value::as_array_mut),
        _ => None,
    }
}

/// The path of the page before this one, for the two ways of counting that services have: pages from 1 (`page`), and
/// rows from 0 (`first` with `max`). `None` for what is a first page, or no page.
fn page_before(path_and_query: &str) -> Option<String> {
    let (path, query) = path_and_query.split_once('?')?;
    let mut pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let number = |pairs: &[(&str, &str)], wanted: &str| {
        pairs.iter().find(|(name, _)| *name == wanted).and_then(|(_, value)| value.parse::<u64>().ok())
    };
    let (counted_by, before) = match (number(&pairs, "page"), number(&pairs, "first"), number(&pairs, "max")) {
        (Some(page), ..) if page > 1 => ("page", page - 1),
        (None, Some(first), Some(max)) if first > 0 => ("first", first.saturating_sub(max)),
        _ => return None,
    };
    let before = before.to_string();
    pairs.iter_mut().filter(|(name, _)| *name == counted_by).for_each(|(_, value)| *value = &before);
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Some(format!("{path}?{}", query.join("&")))
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "connection cut by an injected fault")
}
