//! What a Backstage is and what our token may do there, and how to put right what is wrong.
//!
//! Nothing tells a token's restrictions, so that rights are found by doing what changes nothing (guide, section 4).

use serde_json::json;

use super::api::{Api, Principal};
use super::convert::Location;
use super::errors::{self, RULES};
use super::{place, told};
use crate::engine::model::{Capabilities, Failure, FailureClass};
use crate::provider::contract::{Finding, Held, Probe, Right};

/// The file whose absence shows that a place can be read.
const NOWHERE: &str = "formulary-doctor-asks-for-no-file.yaml";

/// Finds out what there is to know.
///
/// # Errors
/// When Backstage cannot be reached or does not know our token.
pub async fn probe(api: &Api) -> Result<Probe, Failure> {
    let principal = api.principal().await?;
    let read = api.count().await;
    let locations = api.locations().await;
    let place = &api.options().catalog.url;
    // Backstage follows what an index file lists: that would be a whole folder, each time that somebody plans.
    let one_file = |it: &&Location| place.path(&it.target).is_some_and(|path| place::lists(path).is_none());
    let ours = locations.as_ref().ok().and_then(|all| all.iter().find(one_file));
    let target = ours.map_or_else(|| place.url(NOWHERE), |it| it.target.clone());
    let found = api.found_at(&target).await;
    let entity = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": { "name": "formulary-doctor" },
        "spec": { "type": "team", "children": [] },
    });
    let judged = api.judge(&entity, &place.url(NOWHERE)).await;
    let answers: [Result<(), &Failure>; 4] =
        [read.as_ref().map(drop), locations.as_ref().map(drop), found.as_ref().map(drop), judged.as_ref().map(drop)];
    if let Some(failure) = answers.iter().find_map(|it| it.err()).filter(|it| is_shut_out(it)) {
        return Err(failure.clone());
    }
    let [read, seen, create, judge] = answers.map(held);
    let mut probe = Probe { capabilities: Capabilities::default(), ..Probe::default() };
    probe.rights = vec![
        right("catalog.entity.read", "to compare what the catalogue shows", read),
        right("catalog.location.read", "to know which files it reads", seen),
        right("catalog.location.create", "to have it read ours", create),
        right(
            "catalog.location.delete",
            "to take away those of formulas and organisations that are gone",
            Held::Unproven,
        ),
        right("catalog.entity.refresh", "to have it read what was merged", Held::Unproven),
        right("catalog.entity.validate", "to tell in a plan what it would not take", judge),
    ];
    probe.findings.push(token(principal));
    probe.findings.push(reading(api, ours, &found));
    probe.findings.push(unprocessed(api).await);
    let what = "Backstage does not tell its release; 1.55 is the one that we know".to_owned();
    probe.findings.push(Finding { ok: true, what, help: String::new() });
    Ok(probe)
}

/// Whether a failure is about the backend as a whole, and not about one right.
fn is_shut_out(failure: &Failure) -> bool {
    match failure.class {
        FailureClass::MissingRights => !failure.help.contains("accessRestrictions"),
        FailureClass::Refused => failure.said.contains("Backstage's are JSON"),
        _ => true,
    }
}

fn held(answer: Result<(), &Failure>) -> Held {
    match answer {
        Err(failure) if failure.class == FailureClass::MissingRights => Held::No,
        // That a file cannot be read is not about our rights.
        _ => Held::Yes,
    }
}

fn right(name: &str, needed_for: &str, held: Held) -> Right {
    let grant = format!(
        "in Backstage's config, the 'accessRestrictions' of our token under 'backend.auth.externalAccess' hold \
         '{{ plugin: catalog, permission: [{name}] }}', or 'plugin: catalog' alone"
    );
    Right { name: name.to_owned(), needed_for: needed_for.to_owned(), held, grant }
}

fn token(principal: Principal) -> Finding {
    let finding = |ok, what: &str, help: &str| Finding { ok, what: what.to_owned(), help: help.to_owned() };
    match principal {
        Principal::Restricted => finding(true, "our token is a service's, and restricted to what it needs", ""),
        Principal::Service => finding(
            true,
            "our token is a service's, and may do everything in every plugin",
            "restrict it: 'accessRestrictions: [{ plugin: catalog }]'",
        ),
        Principal::Person => finding(
            false,
            "our token is a person's, and ends within the hour",
            "make one under 'backend.auth.externalAccess', of type 'static' or 'jwks'",
        ),
        Principal::Unknown => finding(true, "Backstage does not tell whose token ours is", ""),
    }
}

/// Whether Backstage can read the mono-repo, and takes the kinds in it.
fn reading(api: &Api, ours: Option<&Location>, found: &Result<Vec<serde_json::Value>, Failure>) -> Finding {
    let place = &api.options().catalog.url;
    let finding = |ok, what: String, help: &str| Finding { ok, what, help: help.to_owned() };
    match (found, ours) {
        (Ok(entities), Some(ours)) => {
            let what = format!("Backstage reads '{}', with {} entities", ours.key(place), entities.len());
            finding(true, what, "")
        }
        (Ok(_), None) => finding(true, format!("Backstage reads below {place}"), ""),
        // It looked, and did not find what is not there.
        (Err(failure), None) if errors::is_unserved(failure) => {
            let what = format!(
                "Backstage looks for files below {place}; no formula is registered that shows whether it may read them"
            );
            finding(true, what, &format!("{RULES}; that shows with the first files"))
        }
        (Err(failure), _) => {
            let what = format!("Backstage cannot read below {place}: {}", told::line(place, &failure.said));
            finding(false, what, &failure.help)
        }
    }
}

async fn unprocessed(api: &Api) -> Finding {
    let is_there = matches!(api.pending().await, Ok(Some(_)));
    let what = match is_there {
        true => "Backstage tells why something did not get into the catalogue",
        false => "Backstage tells of nothing that did not get into the catalogue",
    };
    let help = match is_there {
        true => "",
        false => "install '@backstage/plugin-catalog-backend-module-unprocessed', and we pass the reason on",
    };
    Finding { ok: true, what: what.to_owned(), help: help.to_owned() }
}
