//! What an installation is and what our account may do there, right by right, and how to grant what is missing.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::api::wire::User;
use super::api::{Api, SourceProof, routes, source_probe_call};
use super::kinds;
use super::names::fold;
use super::options::Options;
use crate::engine::model::{Address, Capabilities, Failure, FailureClass, Instance, Value};
use crate::provider::contract::{Finding, Held, Probe, Right};
use crate::provider::http::Call;

/// The fact that teams have a visibility (from 1.27).
pub const TEAM_VISIBILITY: &str = "team_visibility";
/// The scopes that our token needs, and for what.
const SCOPES: &[(&str, &str)] = &[
    ("write:admin", "accounts: list, create, edit, rename; organisations: list; repositories for others"),
    ("write:organization", "organisations, teams and their people"),
    ("write:repository", "repositories, protected branches, hooks and topics"),
    ("read:user", "looking at one account by name or by number"),
];
/// Releases that the whole provider was tried on.
const TRIED: &[(u32, u32)] = &[(1, 27)];

/// Finds out what there is to know.
///
/// # Errors
/// When the installation cannot be reached or refuses our credentials altogether.
pub async fn probe(api: &Api, instance: &Instance, options: &Options) -> Result<Probe, Failure> {
    let version = version(api).await?;
    let token = api.token().await?;
    let me = optional(api.one::<User>(&Call::get(routes::ME, &[], "read our own account")).await)?;
    let listing = api.rights().await;
    if let Err(failure) = &listing
        && failure.class != FailureClass::MissingRights
    {
        return Err(failure.clone());
    }
    let refusal = listing.as_ref().err().map(|failure| failure.said.as_str());
    let scopes = token.as_ref().map(|token| token.scopes.clone()).or_else(|| refusal.and_then(scopes_of_refusal));
    let login = me.as_ref().map(|me| &me.login).or(token.as_ref().map(|token| &token.user.login));
    let site_admin = match (&me, refusal) {
        (Some(me), _) => Held::from(me.is_admin),
        (None, Some("user should be the site admin")) => Held::No,
        (None, Some(_)) => Held::Unproven,
        (None, None) => Held::Yes,
    };

    let mut capabilities = Capabilities { version: Some(version.clone()), ..Capabilities::default() };
    let release = release(&version);
    let at_least = |minor| release.is_some_and(|release| release >= (1, minor));
    capabilities.facts.insert(TEAM_VISIBILITY.to_owned(), Value::Bool(at_least(27)));
    capabilities.facts.insert("rename_organization".to_owned(), Value::Bool(at_least(24)));
    let page = i64::try_from(api.page_size().await).unwrap_or(i64::MAX);
    capabilities.facts.insert("max_response_items".to_owned(), Value::Int(page));
    capabilities.facts.insert("site_admin".to_owned(), Value::Bool(site_admin == Held::Yes));
    capabilities.own_accounts.extend(login.map(|login| Address::new(instance, kinds::USER, &fold(login))));

    let mut findings = vec![release_finding(&version, release)];
    findings.extend(scope_findings(scopes.as_deref()));
    findings.push(source(api, options, listing.is_ok()).await?);
    let mut rights = scope_rights(scopes.as_deref(), listing.is_ok(), me.is_some(), login.map(String::as_str));
    rights.push(Right {
        name: "site administrator".to_owned(),
        needed_for: "seeing everything: to others Gitea leaves out what they may not see, and says 200".to_owned(),
        held: site_admin,
        grant: format!(
            "Site Administration, User Accounts, '{}', tick 'Is Administrator'",
            login.map_or("the account that owns the token", String::as_str)
        ),
    });
    Ok(Probe { capabilities, rights, findings })
}

/// The release that a version says, as (major, minor) of Gitea; Forgejo tells the Gitea that it grew from.
pub fn release(version: &str) -> Option<(u32, u32)> {
    let of_gitea = version.split_once("+gitea-").map_or(version, |(_, gitea)| gitea);
    let mut parts = of_gitea.trim_start_matches('v').split(['.', '+', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

impl From<bool> for Held {
    fn from(held: bool) -> Self {
        if held { Held::Yes } else { Held::No }
    }
}

async fn version(api: &Api) -> Result<String, Failure> {
    let call = Call::get(routes::VERSION, &[], "read Gitea's version");
    let told = api.one::<Json>(&call).await?;
    told.get("version").and_then(Json::as_str).map(str::to_owned).ok_or_else(|| {
        Failure::new(FailureClass::Refused, call.doing, "the answer tells no version")
            .help("check the URL: another service may answer there")
    })
}

/// A read that may be beyond our rights.
fn optional<T>(read: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.class == FailureClass::MissingRights => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The scopes that a refusal names: `…, required=[read:admin], token scope=write:repository,read:user`.
fn scopes_of_refusal(said: &str) -> Option<Vec<String>> {
    let (_, scopes) = said.split_once("token scope=")?;
    Some(scopes.split(',').map(|scope| scope.trim().to_owned()).filter(|scope| !scope.is_empty()).collect())
}

/// Whether some scopes hold one: `all` holds every scope, writing holds reading.
fn holds(scopes: &[String], needed: &str) -> bool {
    let also = needed.strip_prefix("read:").map(|category| format!("write:{category}"));
    scopes.iter().any(|scope| scope == "all" || scope == needed || Some(scope) == also.as_ref())
}

fn scope_rights(scopes: Option<&[String]>, lists_people: bool, reads_self: bool, login: Option<&str>) -> Vec<Right> {
    let wanted: Vec<&str> = SCOPES.iter().map(|(scope, _)| *scope).collect();
    let grant = format!(
        "on the server: gitea admin user generate-access-token --username {} --token-name formulary --raw --scopes {}",
        login.unwrap_or("<account>"),
        wanted.join(",")
    );
    let held = |scope: &str| match scopes {
        Some(scopes) => Held::from(holds(scopes, scope)),
        None if scope == "read:user" => Held::from(reads_self),
        // A release before 1.27 tells nothing of the token; that it reads does not prove that it writes.
        None if scope == "write:admin" && !lists_people => Held::No,
        None => Held::Unproven,
    };
    SCOPES
        .iter()
        .map(|(scope, needed_for)| Right {
            name: (*scope).to_owned(),
            needed_for: (*needed_for).to_owned(),
            held: held(scope),
            grant: grant.clone(),
        })
        .collect()
}

fn scope_findings(scopes: Option<&[String]>) -> Option<Finding> {
    let scopes = scopes?;
    if scopes.iter().any(|scope| scope == "public-only") {
        return Some(Finding {
            ok: false,
            what: "the token has the scope 'public-only' and sees nothing private".to_owned(),
            help: "mint a token without it".to_owned(),
        });
    }
    let needed: BTreeSet<&str> = SCOPES.iter().map(|(scope, _)| *scope).collect();
    let beyond: Vec<&str> = scopes
        .iter()
        .map(String::as_str)
        .filter(|scope| {
            // To read what must be written is part of it.
            let part = scope.strip_prefix("read:").is_some_and(|of| needed.contains(format!("write:{of}").as_str()));
            !part && !needed.contains(scope) && !matches!(*scope, "write:user" | "write:issue")
        })
        .collect();
    (!beyond.is_empty()).then(|| Finding {
        ok: true,
        what: format!("the token may do more than is needed: {}", beyond.join(", ")),
        help: "a token with the scopes above is enough".to_owned(),
    })
}

fn release_finding(version: &str, release: Option<(u32, u32)>) -> Finding {
    let tried = TRIED.iter().map(|(major, minor)| format!("{major}.{minor}")).collect::<Vec<_>>().join(", ");
    let (ok, help) = match release {
        Some(release) if TRIED.contains(&release) => (true, String::new()),
        Some(release) if ((1, 23)..=(1, 26)).contains(&release) => (
            true,
            format!(
                "tried: {tried}. Until 1.26 a sign-in switches inactive accounts on again; we close with 'prohibit_login'"
            ),
        ),
        Some(_) => (true, format!("tried: {tried}; this one should do, by the guide")),
        None => (true, "it names no release, so what newer ones brought is not used".to_owned()),
    };
    Finding { ok, what: format!("Gitea {version}"), help }
}

async fn source(api: &Api, options: &Options, lists_people: bool) -> Result<Finding, Failure> {
    let Some(id) = options.source_id else {
        return Ok(Finding {
            ok: false,
            what: "the config names no 'source_id'; no accounts are made".to_owned(),
            help: "run 'gitea admin auth list' on the server and set 'options.source_id' to the id that it shows"
                .to_owned(),
        });
    };
    let name = options.source_name.as_ref().map(|name| format!(" ('{name}')")).unwrap_or_default();
    let proof = match (lists_people, api.send(&source_probe_call(id)).await) {
        (true, Err(refusal)) => SourceProof::of(&refusal),
        (_, Err(refusal)) => SourceProof::Untold(refusal.said),
        (_, Ok(_)) => SourceProof::Untold("the server took a name that it keeps for itself".to_owned()),
    };
    Ok(match proof {
        SourceProof::Exists => Finding {
            ok: true,
            what: format!("sign-in source {id}{name} exists"),
            help: "Gitea tells neither its type nor its name; compare with 'gitea admin auth list'".to_owned(),
        },
        SourceProof::Missing => Finding {
            ok: false,
            what: format!("there is no sign-in source {id}{name}"),
            help: "run 'gitea admin auth list' on the server and set 'options.source_id' to the id that it shows"
                .to_owned(),
        },
        SourceProof::Untold(why) => Finding {
            ok: false,
            what: format!("whether sign-in source {id}{name} exists could not be told: {why}"),
            help: "grant what is missing above, then ask again".to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_both_families() {
        assert_eq!(release("1.27.0"), Some((1, 27)));
        assert_eq!(release("1.28.0+dev-12-gabc"), Some((1, 28)));
        assert_eq!(release("10.0.0+gitea-1.22.0"), Some((1, 22)));
        assert_eq!(release("nonsense"), None);
    }

    #[test]
    fn a_refusal_tells_what_the_token_may_do() {
        let said = "token does not have at least one of required scope(s), required=[read:admin], token scope=write:repository,read:user";
        let scopes = scopes_of_refusal(said).expect("it names them");
        assert!(holds(&scopes, "write:repository") && holds(&scopes, "read:user") && !holds(&scopes, "write:admin"));
        assert!(holds(&["all".to_owned()], "write:admin"));
        assert!(holds(&["write:user".to_owned()], "read:user"));
    }
}
