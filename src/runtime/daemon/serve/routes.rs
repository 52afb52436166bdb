//! What is answered.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use prometheus_client::encoding::prometheus_text::CONTENT_TYPE as PROMETHEUS;

use super::Served;

pub(super) fn router(served: Served) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(served)
}

/// Whether the process should be left alone (200) or started anew (503).
async fn healthz(State(served): State<Served>) -> impl IntoResponse {
    let alive = served.health.is_alive();
    let (status, word) = if alive { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "stuck\n") };
    (status, [(CACHE_CONTROL, "no-store")], word)
}

/// Whether it does its work (200), or why not (503).
async fn readyz(State(served): State<Served>) -> impl IntoResponse {
    let readiness = served.health.readiness();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(CACHE_CONTROL, "no-store")], Json(readiness))
}

async fn metrics(State(served): State<Served>) -> impl IntoResponse {
    ([(CONTENT_TYPE, PROMETHEUS)], served.metrics.text())
}
