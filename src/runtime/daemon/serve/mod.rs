//! Health and metrics over HTTP: three addresses, nothing to send, nothing secret.

mod routes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::metrics::Metrics;

/// Connections at once: a few probes and a few scrapers. Others wait in the system's queue.
const CONNECTIONS: usize = 32;
/// How long the head of a request may take to arrive, and a connection stay idle.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection may last.
const LIFE: Duration = Duration::from_secs(120);
/// The longest head of a request.
const HEAD_BYTES: usize = 16 * 1024;
/// How long answers under way may take when it is stopped.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait when no connection can be accepted (no descriptor left, for instance).
const PAUSE: Duration = Duration::from_millis(500);

/// What is served.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) health: Arc<Health>,
    pub(super) metrics: Arc<Metrics>,
}

/// Serves until stopped, and finishes the answers under way.
pub(super) async fn serve(listener: TcpListener, served: Served, stop: CancellationToken) {
    let router = routes::router(served);
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _slot = slot;
            // A client that goes away, or is slow, is its own affair.
            let _ = tokio::time::timeout(LIFE, connection).await;
        });
    }
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

/// Takes the address.
///
/// # Errors
/// When it is taken, or is not one of this machine.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn served() -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let health = Arc::new(Health::new(Duration::from_secs(60)));
        let served = Served { health, metrics: Arc::new(Metrics::new()) };
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, served, stop.clone()));
        (address, stop, task)
    }

    async fn ask(address: SocketAddr, head: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(head.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers in text");
        answer
    }

    fn get(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    }

    #[tokio::test]
    async fn there_are_three_addresses_and_they_take_nothing() {
        let (address, stop, task) = served().await;
        assert!(ask(address, &get("/healthz")).await.starts_with("HTTP/1.1 200"));
        let ready = ask(address, &get("/readyz")).await;
        assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("no cycle was completed yet"), "{ready}");
        let metrics = ask(address, &get("/metrics")).await;
        assert!(metrics.contains("text/plain; version=0.0.4") && metrics.contains("formulary_build_info"), "{metrics}");
        assert!(ask(address, &get("/")).await.starts_with("HTTP/1.1 404"));
        let post = get("/metrics").replace("GET", "POST");
        assert!(ask(address, &post).await.starts_with("HTTP/1.1 405"));
        let long = get(&format!("/{}", "x".repeat(HEAD_BYTES * 2)));
        assert!(!ask(address, &long).await.starts_with("HTTP/1.1 200"));
        stop.cancel();
        task.await.expect("it ends");
        assert!(TcpStream::connect(address).await.is_err(), "it listens still");
    }
}
