//! Git's smart HTTP, the reading half: the list of branches, and packs, over one blocking client.
//!
//! TLS, proxies and deadlines are those of the client. Credentials go to the address alone. Redirects are not followed: a
//! name that a forge redirects can be taken by somebody else any day, and then means another repository. The one
//! exception is a forge that puts the missing `.git` behind the same name.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::session::{Bounds, Fault};

/// What servers look for to tell a Git client from a browser, and who we are.
const USER_AGENT: &str = concat!("git/2.0 (formulary/", env!("CARGO_PKG_VERSION"), ")");

/// One fetch from one server: where, as whom, how long, how much.
#[derive(Debug)]
pub(super) struct HttpSession {
    client: Client,
    basic: Option<(String, SecretString)>,
    /// The address of the repository, as the server has it.
    base: Mutex<Url>,
    pub(super) bounds: Bounds,
}

impl HttpSession {
    /// A session for the repository at `base`.
    pub(super) fn new(
        base: Url,
        basic: Option<(String, SecretString)>,
        bounds: Bounds,
    ) -> Result<Self, reqwest::Error> {
        // A proxy for the outside world knows nothing of this machine's own addresses.
        let builder = if is_loopback(&base) { Client::builder().no_proxy() } else { Client::builder() };
        let client = builder
            .user_agent(USER_AGENT)
            .redirect(Policy::custom(|attempt| {
                let [from] = attempt.previous() else {
                    return attempt.error("it redirects in circles");
                };
                if is_same_repository(from, attempt.url()) {
                    return attempt.follow();
                }
                let mut to = attempt.url().clone();
                to.set_query(None);
                let to = to.as_str().trim_end_matches("/info/refs").to_owned();
                attempt.error(format!("it redirects to '{to}', which is not followed"))
            }))
            .build()?;
        Ok(Self { client, basic, base: Mutex::new(base), bounds })
    }

    fn base(&self) -> MutexGuard<'_, Url> {
        // What is inside stays whole whoever panicked with it.
        self.base.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advertisement(&self) -> io::Result<Response> {
        let mut url = under(&self.base(), "info/refs");
        url.set_query(Some("service=git-upload-pack"));
        let answer = self.send(self.client.get(url), "application/x-git-upload-pack-advertisement")?;
        // Later requests go where this one ended up, or a POST would be redirected and lose its body.
        let mut base = answer.url().clone();
        base.set_query(None);
        if let Some(path) = base.path().strip_suffix("/info/refs").map(str::to_owned) {
            base.set_path(&path);
            *self.base() = base;
        }
        Ok(answer)
    }

    fn pack(&self, request: Vec<u8>) -> io::Result<Response> {
        let url = under(&self.base(), "git-upload-pack");
        let content_type = HeaderValue::from_static("application/x-git-upload-pack-request");
        self.send(
            self.client.post(url).header(CONTENT_TYPE, content_type).body(request),
            "application/x-git-upload-pack-result",
        )
    }

    fn send(&self, request: RequestBuilder, expected: &'static str) -> io::Result<Response> {
        if self.bounds.is_over() {
            return Err(self.bounds.fail(Fault::Deadline));
        }
        let mut request = request.timeout(self.bounds.left()).header(ACCEPT, expected);
        if let Some((username, password)) = &self.basic {
            request = request.basic_auth(username, Some(password.expose_secret()));
        }
        let answer = request.send().map_err(|error| self.bounds.fail(fault_of(error)))?;
        let status = answer.status();
        match status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(self.bounds.fail(Fault::Denied(status.as_u16().to_string())));
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(self.bounds.fail(Fault::Missing)),
            _ => {
                let reason = format!("it answered with status {}", status.as_u16());
                return Err(self.bounds.fail(Fault::Unreachable(reason)));
            }
        }
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        if content_type != Some(expected) {
            let reason = match content_type.map(|it| it.split(';').next().unwrap_or(it).trim()) {
                Some(other) => format!("it answered with '{other}', not as a Git server"),
                None => "it did not answer as a Git server".to_owned(),
            };
            return Err(self.bounds.fail(Fault::Unreachable(reason)));
        }
        Ok(answer)
    }
}

/// What libgit2 talks to: opens one exchange after the other in an [`HttpSession`].
pub(super) struct Connection {
    session: Arc<HttpSession>,
}

impl Connection {
    pub(super) fn new(session: Arc<HttpSession>) -> Self {
        Self { session }
    }
}

impl SmartSubtransport for Connection {
    fn action(&self, _url: &str, action: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let stage = match action {
            Service::UploadPackLs => Stage::Advertisement,
            Service::UploadPack => Stage::Request(Vec::new()),
            Service::ReceivePackLs | Service::ReceivePack => {
                return Err(git2::Error::from_str("this connection only reads"));
            }
        };
        Ok(Box::new(Exchange { session: Arc::clone(&self.session), stage }))
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

/// One request and its answer. The request is sent when the answer is first asked for, because only then it is whole.
struct Exchange {
    session: Arc<HttpSession>,
    stage: Stage,
}

enum Stage {
    Advertisement,
    Request(Vec<u8>),
    Answer(Response),
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let answer = match &mut self.stage {
            Stage::Answer(answer) => return receive(&self.session.bounds, answer, buffer),
            Stage::Advertisement => self.session.advertisement()?,
            Stage::Request(request) => self.session.pack(std::mem::take(request))?,
        };
        self.stage = Stage::Answer(answer);
        self.read(buffer)
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stage {
            Stage::Request(request) => {
                request.extend_from_slice(bytes);
                Ok(bytes.len())
            }
            Stage::Advertisement | Stage::Answer(_) => Err(io::Error::other("the request was sent already")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn receive(bounds: &Bounds, answer: &mut Response, buffer: &mut [u8]) -> io::Result<usize> {
    let count = answer.read(buffer).map_err(|_| {
        // Either the client's deadline in mid-body or the server's end of the line; the clock tells which.
        bounds.fail(if bounds.is_over() {
            Fault::Deadline
        } else {
            Fault::Unreachable("the answer broke off".to_owned())
        })
    })?;
    bounds.receive(count)
}

/// Whether an address leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a redirect only puts `.git` behind the name of a repository.
fn is_same_repository(from: &Url, to: &Url) -> bool {
    let name = |url: &Url| url.path().strip_suffix("/info/refs").map(str::to_owned);
    match (name(from), name(to)) {
        (Some(from_name), Some(to_name)) => from.origin() == to.origin() && to_name == format!("{from_name}.git"),
        _ => false,
    }
}

fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

fn fault_of(error: reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::Deadline;
    }
    // The innermost cause is the one that a person knows: "connection refused", "certificate has expired".
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Fault::Unreachable(cause.to_string())
}
