//! The emulators held to what real servers did: to recorded exchanges, and to the services' own API descriptions.
//!
//! The data are not part of this repository. `FORMULARY_RECORDINGS` names the folder of recordings,
//! `FORMULARY_API_SPECS` that of API descriptions; without them the tests say loudly that they compared nothing, and in
//! CI they fail. `FORMULARY_SOFT=1` prints soft differences too (fields that an emulator leaves out).
//!
//! Reading order: [`recording`] (files), [`mapping`] and [`compare`] (rules), [`principals`] and [`client`] (who calls,
//! how), [`replay`], [`report`].

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod client;
mod compare;
mod exceptions;
mod installations;
mod mapping;
mod mirror;
mod principals;
mod recording;
mod replay;
mod report;

use formulary::provider::emulator::serve::serve_for_test;

use recording::{Recording, data_folder, scenarios};
use report::Report;

/// Replays all scenarios of a service, each on an installation as its `about` describes it.
async fn replay_all(service: &str) -> Option<Report> {
    let folder = data_folder("FORMULARY_RECORDINGS")?;
    let mut report = Report::new(service);
    for (name, path) in scenarios(&folder, service).unwrap() {
        let recording = Recording::read(&path).unwrap();
        let served = serve_for_test(installations::for_scenario(service, &name)).await;
        report.add(&name, replay::replay(&recording, &served).await.unwrap());
        served.stop().await;
    }
    Some(report)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gitea_answers_as_recorded() {
    if let Some(report) = replay_all("gitea").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keycloak_answers_as_recorded() {
    if let Some(report) = replay_all("keycloak").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}
