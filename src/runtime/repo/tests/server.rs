//! A Git server over HTTP: Git's own CGI behind a small front that can also misbehave.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use axum::response::IntoResponse;
use base64::Engine;
use tokio::io::AsyncWriteExt;

/// The user and password that `/private/…` wants.
pub(super) const USER: &str = "formulary";
pub(super) const PASSWORD: &str = "hunter2";

/// A running server; it stops when this is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    state: Arc<Served>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Served {
    root: PathBuf,
    address: SocketAddr,
    requests: AtomicUsize,
    leaked: AtomicUsize,
}

impl Server {
    /// Serves the repositories in `root`: plainly under `/git/`, and with one defect each under the other names.
    pub(super) fn start(root: &Path) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("tokio wants it so");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(Served {
            root: root.to_owned(),
            address,
            requests: AtomicUsize::new(0),
            leaked: AtomicUsize::new(0),
        });
        let app = Router::new().fallback(answer).with_state(state.clone());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let server = axum::serve(listener, app).into_future();
                tokio::select! {
                    _ = server => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, state, stop: Some(stop), thread: Some(thread) }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many requests came so far.
    pub(super) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// How many requests came to a host name that credentials were not meant for.
    pub(super) fn leaked(&self) -> usize {
        self.state.leaked.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response<Body> {
    served.requests.fetch_add(1, Ordering::SeqCst);
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (mode, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let rest = rest.to_owned();
    let moved = |to: String| (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response();
    match mode {
        "git" => git(&served.root, &rest, &query, request).await,
        "private" => {
            let wanted = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
            let given = request.headers().get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
            if given == Some(&format!("Basic {wanted}")) {
                git(&served.root, &rest, &query, request).await
            } else {
                (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=x")], "who are you?")
                    .into_response()
            }
        }
        "dotless" if !rest.contains(".git/") => {
            moved(format!("{}?{query}", path.replace("/info/refs", ".git/info/refs")))
        }
        "dotless" => git(&served.root, &rest, &query, request).await,
        "renamed" => moved(format!("/git/{rest}?{query}")),
        "stolen" => moved(format!("http://localhost:{}/trap/{rest}?{query}", served.address.port())),
        "trap" => {
            served.leaked.fetch_add(1, Ordering::SeqCst);
            StatusCode::OK.into_response()
        }
        "circle" => moved(format!("{}?{query}", path.replace("/info/refs", ".git/info/refs"))),
        "html" => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], "<h1>Sign in</h1>").into_response(),
        "broken" => StatusCode::BAD_GATEWAY.into_response(),
        "silent" => std::future::pending().await,
        "cut" => cut(git(&served.root, &rest, &query, request).await).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Sends the first half of an answer's body and then breaks the connection.
async fn cut(answer: Response<Body>) -> Response<Body> {
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("the CGI's own answer");
    let half: Result<Bytes, std::io::Error> = Ok(body.slice(..body.len() / 2));
    let end = Err(std::io::Error::other("cut"));
    Response::from_parts(parts, Body::from_stream(futures::stream::iter([half, end])))
}

/// Runs `git http-backend` for one request.
async fn git(root: &Path, path: &str, query: &str, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let of = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
    };
    let body = to_bytes(body, usize::MAX).await.expect("the request's body");
    let mut child = tokio::process::Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", format!("/{path}"))
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("CONTENT_TYPE", of(header::CONTENT_TYPE))
        .env("CONTENT_LENGTH", body.len().to_string())
        // The repositories belong to whoever runs the test, whatever the machine's settings say.
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("these tests need the program `git`: install it");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&body).await.expect("the CGI reads its input");
    drop(stdin);
    let output = child.wait_with_output().await.expect("the CGI ends");
    let end = output.stdout.windows(4).position(|it| it == b"\r\n\r\n").expect("a CGI answer has a head");
    let head = String::from_utf8_lossy(&output.stdout[..end]).into_owned();
    let mut answer = Response::builder();
    for line in head.lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        answer = if name.eq_ignore_ascii_case("status") {
            answer.status(value.split(' ').next().unwrap_or("500"))
        } else {
            answer.header(name, value)
        };
    }
    answer.body(Body::from(output.stdout[end + 4..].to_vec())).expect("a well-formed answer")
}
