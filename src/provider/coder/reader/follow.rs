//! Imports and builds: how they stand, and why they failed.

use std::collections::BTreeSet;

use crate::engine::model::{Address, Failure, FailureClass};
use crate::provider::coder::api::Api;
use crate::provider::coder::log;
use crate::provider::coder::wire::{Agent, Build};
use crate::provider::contract::Follow;

/// Asks about what a handle names: `version:<id>`, `build:<id>`.
pub(super) async fn follow(api: &Api, address: &Address, handle: &str) -> Result<Follow, Failure> {
    match handle.split_once(':') {
        Some(("version", id)) => {
            let doing = format!("import '{address}'");
            let version = api.version(id).await?;
            let version =
                version.ok_or_else(|| Failure::new(FailureClass::Gone, &doing, "the version is not there"))?;
            match (version.job.is_over(), version.job.succeeded()) {
                (false, _) => Ok(Follow::GoesOn(version.job.what())),
                (true, true) => Ok(Follow::Ended),
                (true, false) => {
                    let log = api.version_log(id).await.unwrap_or_default();
                    Ok(Follow::Failed(log::failure(&doing, &version.job, &log)))
                }
            }
        }
        // Broken off by us at once.
        Some(("unserved", _)) => {
            let doing = format!("import '{address}'");
            let failure = Failure::new(FailureClass::Refused, doing, "no provisioner could import it");
            Ok(Follow::Failed(
                failure
                    .help("start one with the tags of this template, or change 'tags' in the options of the instance"),
            ))
        }
        Some(("build", id)) => {
            let build = api.build(id).await?;
            let doing = format!("{} '{address}'", build.transition);
            match (build.job.is_over(), build.job.succeeded()) {
                (false, _) => Ok(Follow::GoesOn(build.job.what())),
                (true, true) => Ok(ready(&build, &doing)),
                (true, false) => {
                    let log = api.build_log(id).await.unwrap_or_default();
                    Ok(Follow::Failed(log::failure(&doing, &build.job, &log)))
                }
            }
        }
        _ => Err(Failure::new(FailureClass::Refused, format!("follow '{handle}'"), "that is no work of Coder's")),
    }
}

/// A workspace that was started is there once its agents are (traps 19 and 20).
fn ready(build: &Build, doing: &str) -> Follow {
    if build.transition != "start" {
        return Follow::Ended;
    }
    let agents = build.resources.iter().flat_map(|it| it.agents.iter().flatten());
    let mut waiting = BTreeSet::new();
    for agent in agents.filter(|it| it.parent_id.is_none()) {
        match state(agent) {
            State::Ready => {}
            State::Coming => drop(waiting.insert(agent.name.as_str())),
            State::Failed(why) => {
                let said = format!("the build is done, and the agent '{}' {why}", agent.name);
                return Follow::Failed(
                    Failure::new(FailureClass::Refused, doing, said).help("its own log on the dashboard tells why"),
                );
            }
        }
    }
    if waiting.is_empty() {
        return Follow::Ended;
    }
    let names: Vec<&str> = waiting.into_iter().collect();
    Follow::GoesOn(format!("the agent {} is on its way", names.join(", ")))
}

enum State {
    Ready,
    Coming,
    Failed(&'static str),
}

fn state(agent: &Agent) -> State {
    match (agent.status.as_str(), agent.lifecycle_state.as_str()) {
        ("timeout", _) => State::Failed("never connected"),
        (_, "start_error") => State::Failed("could not run its start script"),
        ("disconnected", _) => State::Failed("connected and went away"),
        // Its start script takes longer than the template allows; it can be worked in all the same.
        ("connected", "ready" | "start_timeout") => State::Ready,
        _ => State::Coming,
    }
}
