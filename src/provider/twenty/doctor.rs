//! What a workspace is and what our key may do there, and how to put right what is wrong.
//!
//! A key cannot ask for its own role, so that rights are found by doing: by reading one record of each sort. What may be
//! written is unproven until it is (guide, section 2).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Map, Value as Json};

use super::api::{Api, COMPANIES, MEMBERS, OPPORTUNITIES, PEOPLE, Sort};
use super::options::{Opportunities, Options};
use super::wire::Object;
use crate::engine::diag::nearest;
use crate::engine::model::{Capabilities, Failure, FailureClass, Value};
use crate::provider::contract::{Finding, Held, Probe, Right};
use crate::provider::http::Connection;

/// The fact that holds the values of an opportunity's stage.
pub const STAGES: &str = "stages";
/// The fact whether opportunities have the field of a workspace's address.
pub const WORKSPACE_URL: &str = "workspace_url";

/// Days before its end that a key is complained of.
const SOON: i64 = 30;

/// The fields without which a record of ours cannot be told (API names).
const NEEDED: &[(Sort, &[&str])] = &[
    (COMPANIES, &["name", "domainName", "deletedAt"]),
    (PEOPLE, &["name", "emails", "companyId", "deletedAt"]),
    (OPPORTUNITIES, &["name", "stage", "companyId", "pointOfContactId", "deletedAt"]),
];

/// Finds out what there is to know.
///
/// # Errors
/// When the workspace cannot be reached or refuses our key altogether.
pub async fn probe(api: &Api, options: &Options, connection: &Connection) -> Result<Probe, Failure> {
    let config = api.client_config().await?;
    let model = api.data_model().await?;
    let wanted = [COMPANIES, PEOPLE, OPPORTUNITIES, MEMBERS];
    let wanted: Vec<Sort> = wanted.into_iter().filter(|sort| *sort != OPPORTUNITIES || makes_deals(options)).collect();
    let read = join_all(wanted.iter().map(|sort| api.one_of(*sort))).await;
    // A key that may read nothing at all is no key of this workspace, whatever its words for it.
    if let Some(failure) = read.iter().find_map(|it| it.as_ref().err()).filter(|it| is_shut_out(it)) {
        return Err(failure.clone());
    }
    let version = config["appVersion"].as_str().filter(|it| !it.is_empty()).map(str::to_owned);
    let mut probe = Probe {
        capabilities: Capabilities { version: version.clone(), ..Capabilities::default() },
        ..Probe::default()
    };
    let facts = &mut probe.capabilities.facts;
    let deals = model.get(OPPORTUNITIES.singular);
    facts.insert(STAGES.to_owned(), Value::set(stages(deals)));
    let has_url =
        deals.is_some_and(|it| it.field(&options.workspace_url_field).is_some_and(|it| it.field_type == "LINKS"));
    facts.insert(WORKSPACE_URL.to_owned(), Value::Bool(has_url));

    probe.findings.push(release(version.as_deref()));
    for (sort, read) in wanted.iter().zip(&read) {
        probe.rights.extend(rights(*sort, read));
        if let Ok(Some(record)) = read {
            probe.findings.extend(hidden(*sort, record));
        }
    }
    for sort in wanted.iter().filter(|sort| **sort != MEMBERS) {
        probe.findings.push(key_field(*sort, model.get(sort.singular), options));
    }
    if makes_deals(options) {
        probe.findings.push(url_field(has_url, options));
        probe.findings.extend(stage_findings(deals, options));
    }
    probe.findings.extend(key_ends(connection).await?);
    Ok(probe)
}

fn makes_deals(options: &Options) -> bool {
    options.opportunities != Opportunities::None
}

/// Whether a failure is about the workspace as a whole, and not about the rights on one object.
fn is_shut_out(failure: &Failure) -> bool {
    failure.class != FailureClass::MissingRights || !failure.said.to_lowercase().contains("permission")
}

fn stages(deals: Option<&Object>) -> Vec<String> {
    let options = deals.and_then(|it| it.field("stage")).and_then(|field| field.options.clone());
    options.into_iter().flatten().map(|option| option.value).collect()
}

fn release(version: Option<&str>) -> Finding {
    let what = match version {
        Some(version) => format!("Twenty {version}"),
        None => "Twenty does not tell its version".to_owned(),
    };
    let major = version.and_then(|it| it.trim_start_matches('v').split('.').next()?.parse::<u32>().ok());
    let ok = major.is_none_or(|major| major >= 2);
    let help = match (ok, version) {
        (false, _) => "update to 2.19: older ones lose rows between pages, and have other fields",
        (true, None) => "the operator sets APP_VERSION; 2.19 is the release that we know",
        (true, Some(_)) => "",
    };
    Finding { ok, what, help: help.to_owned() }
}

fn rights(sort: Sort, read: &Result<Option<Map<String, Json>>, Failure>) -> Vec<Right> {
    let grant = |what: &str| format!("an administrator lets the key's role {what} {} (Settings, Roles)", sort.plural);
    let read = Right {
        name: format!("read {}", sort.plural),
        needed_for: if sort == MEMBERS { "to name leavers who have a login" } else { "to compare" }.to_owned(),
        held: if read.is_ok() { Held::Yes } else { Held::No },
        grant: grant("read"),
    };
    if sort == MEMBERS {
        return vec![read];
    }
    let write = |name: &str, needed_for: &str| Right {
        name: format!("{name} {}", sort.plural),
        needed_for: needed_for.to_owned(),
        held: Held::Unproven,
        grant: grant(name),
    };
    let mut all = vec![read, write("edit", "to make and change them")];
    if sort != OPPORTUNITIES {
        all.push(write("delete", "to put leavers' contacts into the bin; destroying is not needed"));
    }
    all
}

/// A field that our role may not read is missing from an answer, which looks like empty.
fn hidden(sort: Sort, record: &Map<String, Json>) -> Option<Finding> {
    let needed = NEEDED.iter().find(|(of, _)| *of == sort)?.1;
    let missing: Vec<&str> = needed.iter().copied().filter(|name| !record.contains_key(*name)).collect();
    (!missing.is_empty()).then(|| Finding {
        ok: false,
        what: format!("{} do not show us {}", sort.plural, missing.join(", ")),
        help: "give the key's role the right to read these fields, or update Twenty".to_owned(),
    })
}

fn key_field(sort: Sort, object: Option<&Object>, options: &Options) -> Finding {
    let name = options.key_field.as_str();
    let what = |how: &str| format!("{} {how} the field '{name}' for our mark", sort.plural);
    let make = format!(
        "add it under Settings, Data model: type Text, unique, API name '{name}'; without it a lost ledger is rebuilt by \
         approval alone"
    );
    let (ok, what, help) = match object.and_then(|object| object.field(name)) {
        None => (false, what("lack"), make),
        Some(field) if field.is_active == Some(false) => {
            (false, what("have, switched off,"), "switch it on again under Settings, Data model".to_owned())
        }
        Some(field) if field.field_type != "TEXT" => (false, what("have of another type"), make),
        Some(field) if field.is_unique == Some(false) => {
            (false, what("have, and not unique,"), "make it unique under Settings, Data model".to_owned())
        }
        Some(_) => (true, what("have"), String::new()),
    };
    Finding { ok, what, help }
}

fn url_field(is_there: bool, options: &Options) -> Finding {
    let name = options.workspace_url_field.as_str();
    let what = |has: &str| format!("opportunities {has} the field '{name}' for the workspace's address");
    if is_there {
        return Finding { ok: true, what: what("have"), help: String::new() };
    }
    let help = format!("if you want it there, add it under Settings, Data model: type Links, API name '{name}'");
    Finding { ok: true, what: what("lack"), help }
}

fn stage_findings(deals: Option<&Object>, options: &Options) -> Vec<Finding> {
    let known = stages(deals);
    let ours = options.stages.iter().flat_map(|stages| [("open", &stages.open), ("ended", &stages.ended)]);
    let finding = |(name, stage): (&str, &String)| {
        let ok = known.contains(stage);
        let help = match nearest(stage, known.iter().map(String::as_str)) {
            _ if ok => String::new(),
            Some(near) => format!("did you mean '{near}'? The workspace has {}", known.join(", ")),
            None => format!("the workspace has {}: name one in 'options.stages'", known.join(", ")),
        };
        let what = format!("the stage '{stage}' ('{name}') is {}", if ok { "there" } else { "not there" });
        Finding { ok, what, help }
    };
    ours.map(finding).collect()
}

/// When the key ends: it says so itself, though its row at the server may end earlier.
async fn key_ends(connection: &Connection) -> Result<Option<Finding>, Failure> {
    let token = connection.required("token").await?;
    let Some(ends) = expiry(token.expose_secret()) else { return Ok(None) };
    let ok = (ends - connection.clock.now()).num_days() >= SOON;
    let help = if ok { "" } else { "make another one under Settings, APIs: no key can renew itself" };
    Ok(Some(Finding { ok, what: format!("our key ends on {}", ends.format("%F")), help: help.to_owned() }))
}

/// The end that a signed token tells in the clear.
fn expiry(token: &str) -> Option<DateTime<Utc>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: BTreeMap<String, Json> = serde_json::from_slice(&claims).ok()?;
    DateTime::from_timestamp(claims.get("exp")?.as_i64()?, 0)
}
