//! The emulators held to what real servers did: to recorded exchanges, and to the services' own API descriptions.
//!
//! The data are not part of this repository. `FORMULARY_RECORDINGS` names the folder of recordings,
//! `FORMULARY_API_SPECS` that of API descriptions; without them the tests say loudly that they compared nothing, and in
//! CI they fail. `FORMULARY_SOFT=1` prints soft differences too (fields that an emulator leaves out);
//! `FORMULARY_SCENARIO=users-create,teams` replays only these. The tables are seen with `-- --nocapture`.
//!
//! Reading order: [`recording`] (files), [`mapping`] and [`compare`] (rules), [`principals`] and [`client`] (who calls,
//! how), [`replay`], [`report`]; then [`description`].

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod archive;
mod backstage;
mod browser;
mod client;
mod compare;
mod departures;
mod description;
mod exceptions;
mod faults;
mod github;
mod installations;
mod mapping;
mod meanwhile;
mod mirror;
mod principals;
mod recording;
mod replay;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use formulary::provider::emulator::serve::{ServeOptions, Served, serve};

use browser::Browser;
use departures::{DEPARTURES, Departure};
use description::Description;
use recording::{Recording, data_folder, scenarios};
use report::Report;

/// The scenarios that somebody wants to look at; all of them when there is no wish.
fn only() -> Option<String> {
    std::env::var("FORMULARY_SCENARIO").ok()
}

/// Replays all scenarios of a service, each on a new installation as its `about` describes it.
async fn replay_all(service: &str) -> Option<Report> {
    let folder = data_folder("FORMULARY_RECORDINGS")?;
    let mut report = Report::new(service);
    let only = only();
    let mut installed: BTreeMap<&str, (Served, Browser)> = BTreeMap::new();
    for (name, path) in scenarios(&folder, service).unwrap() {
        if only.as_ref().is_some_and(|only| only.split(',').all(|wanted| wanted != name)) {
            continue;
        }
        if installations::is_to_be_read(service, &name) {
            println!("{service}/{name} is to be read, not replayed");
            continue;
        }
        let recording = Recording::read(&path).unwrap();
        let settings = installations::settings(service, &name);
        if !installed.contains_key(settings) {
            let options = ServeOptions::default();
            let (emulator, browser) = installations::install(service, settings, options.clock.clone());
            installed.insert(settings, (serve(emulator, options).await.unwrap(), browser));
        }
        let (served, browser) = &installed[settings];
        report.add(&name, replay::replay(&name, &recording, served, browser).await.unwrap());
    }
    for (served, _) in installed.into_values() {
        served.stop().await;
    }
    Some(report)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backstage_answers_as_recorded() {
    if let Some(report) = replay_all("backstage").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coder_answers_as_recorded() {
    if let Some(report) = replay_all("coder").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gitea_answers_as_recorded() {
    if let Some(report) = replay_all("gitea").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn github_answers_as_recorded() {
    if let Some(report) = replay_all("github").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keycloak_answers_as_recorded() {
    if let Some(report) = replay_all("keycloak").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubernetes_answers_as_recorded() {
    if let Some(report) = replay_all("kubernetes").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mattermost_answers_as_recorded() {
    if let Some(report) = replay_all("mattermost").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_answers_as_recorded() {
    if let Some(report) = replay_all("twenty").await {
        report.assert_agrees(exceptions::EXCEPTIONS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coder_answers_as_described() {
    answers_fit("coder", "coder.swagger.json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gitea_answers_as_described() {
    answers_fit("gitea", "gitea.swagger.json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn github_answers_as_described() {
    answers_fit("github", "github.openapi.json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keycloak_answers_as_described() {
    answers_fit("keycloak", "keycloak.openapi.json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubernetes_answers_as_described() {
    answers_fit("kubernetes", "kubernetes.openapi.json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mattermost_answers_as_described() {
    answers_fit("mattermost", "mattermost.openapi.json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_answers_as_described() {
    answers_fit("twenty", "twenty.core.openapi.json").await;
}

/// Holds every answer that an emulator gives during the replay to the service's API description.
///
/// It may depart where a recorded answer of the real server departs too, and where [`DEPARTURES`] gives a reason.
async fn answers_fit(service: &str, file: &str) {
    let Some(folder) = data_folder("FORMULARY_API_SPECS") else {
        return;
    };
    let Some(report) = replay_all(service).await else {
        return;
    };
    let description = Description::read(&folder.join(file)).unwrap();
    let real = really_departs(service, &description);

    let mut checked = 0;
    let mut found = Found::new();
    for (scenario, outcomes) in &report.scenarios {
        for outcome in outcomes {
            let (Some((method, path)), Some(met)) = (outcome.request.split_once(' '), &outcome.met) else {
                continue;
            };
            if description.covers(path) {
                checked += 1;
                found.add(description.check(method, path, met), &format!("{service}/{scenario} · {}", outcome.number));
            }
        }
    }
    let mine: Vec<&Departure> = DEPARTURES.iter().filter(|departure| departure.service == service).collect();
    println!("{service}: {checked} answers held to {file}");
    for (place, what) in found.0.iter().filter(|(place, _)| real.0.contains_key(*place)) {
        println!("departs as the real server does: {place}: {what}");
    }
    for departure in &mine {
        println!("departs: {}: {}", departure.place, departure.reason);
    }
    let known: BTreeSet<&str> = mine.iter().map(|departure| departure.place).collect();
    let is_known = |place: &str| known.contains(place) || real.0.contains_key(place);
    let mut findings: Vec<_> =
        found.0.iter().filter(|(place, _)| !is_known(place)).map(|(place, what)| format!("{place}: {what}")).collect();
    // Of a part of the scenarios it is not known.
    let stale = known
        .iter()
        .filter(|_| only().is_none())
        .filter(|place| !found.0.contains_key(**place) || real.0.contains_key(**place));
    findings.extend(stale.map(|place| format!("stale departure: {place}")));
    assert!(findings.is_empty(), "\n{}\n{} findings against {service}", findings.join("\n"), findings.len());
    assert!(checked > 0, "no answer of {service} was checked");
}

/// The departures of the recorded answers: there the description is wrong, not the emulator.
fn really_departs(service: &str, description: &Description) -> Found {
    let mut found = Found::new();
    let Some(folder) = data_folder("FORMULARY_RECORDINGS") else {
        return found;
    };
    for (scenario, path) in scenarios(&folder, service).unwrap() {
        for (number, exchange) in Recording::read(&path).unwrap().numbered().unwrap() {
            let Some((method, path, met)) = exchange.as_recorded() else {
                continue;
            };
            if description.covers(&path) {
                found.add(description.check(&method, &path, &met), &format!("{service}/{scenario} · {number}"));
            }
        }
    }
    found
}

/// Each place with what is wrong there and the first exchange that shows it.
struct Found(BTreeMap<String, String>);

impl Found {
    fn new() -> Self {
        Found(BTreeMap::new())
    }

    fn add(&mut self, departures: description::Departures, exchange: &str) {
        for (place, what) in departures {
            self.0.entry(place).or_insert_with(|| format!("{what} ({exchange})"));
        }
    }
}
