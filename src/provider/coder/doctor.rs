//! What an installation is and what our account may do there, and how to put right what is wrong.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde_json::Value as Json;

use super::api::{self, Api, GROUP_RIGHTS, RIGHTS};
use super::kinds;
use super::options::{Options, SignIn};
use super::wire::User;
use crate::engine::model::{Address, Capabilities, Failure, FailureClass, Instance};
use crate::provider::contract::{Finding, Held, Probe, Right};
use crate::provider::http::{Call, Connection};

/// The oldest release that keeps what a change of a template does not name.
const OLDEST: (u32, u32) = (2, 34);
/// Days before its end that a token is complained of.
const SOON: i64 = 14;

/// Finds out what there is to know.
///
/// # Errors
/// When the installation cannot be reached or refuses our credentials altogether.
pub async fn probe(
    api: &Api,
    instance: &Instance,
    options: &Options,
    connection: &Connection,
) -> Result<Probe, Failure> {
    let me = api.me().await?;
    let info = api.build_info().await?;
    let organization = api.organization().await?;
    let rights = api.rights_before(&organization.id).await?;
    let mut capabilities = Capabilities { version: Some(info.version.clone()), ..Capabilities::default() };
    capabilities.own_accounts.push(Address::new(instance, kinds::USER, &me.username.to_lowercase()));
    if rights.get("read every account") == Some(&true) {
        // Whoever may do everything is never touched: nobody at the server guards them (trap 46).
        let owners = api.users().await?.into_iter().filter(User::is_owner);
        capabilities
            .own_accounts
            .extend(owners.map(|it| Address::new(instance, kinds::USER, &it.username.to_lowercase())));
    }
    let right = |(name, resource, action): &(&str, &str, &str)| Right {
        name: format!("{resource}:{action}"),
        needed_for: (*name).to_owned(),
        held: if rights.get(*name) == Some(&true) { Held::Yes } else { Held::No },
        grant: grant(resource).to_owned(),
    };
    let asked = RIGHTS.iter().chain(if options.groups { GROUP_RIGHTS } else { &[] });
    let mut probe = Probe { capabilities, rights: asked.map(right).collect(), findings: Vec::new() };
    probe.findings.push(release(&info.version));
    probe.findings.push(role(&me));
    probe.findings.extend(sign_in(api, options).await?);
    probe.findings.extend(licence(api, options).await?);
    probe.findings.extend(provisioners(api, &organization.id).await?);
    probe.findings.extend(token(api, connection).await?);
    Ok(probe)
}

fn grant(resource: &str) -> &'static str {
    match resource {
        "user" => "an owner runs 'coder users edit-roles <account> --roles user-admin,template-admin'",
        "workspace" => "an owner makes the account organization-admin in the organisation",
        _ => "an owner gives the account the role template-admin",
    }
}

fn release(version: &str) -> Finding {
    let mut numbers = version.trim_start_matches('v').split(['.', '-']).map(|part| part.parse::<u32>().ok());
    let found = (numbers.next().flatten().unwrap_or(0), numbers.next().flatten().unwrap_or(0));
    let ok = found >= OLDEST;
    Finding {
        ok,
        what: format!("Coder {version}"),
        help: if ok {
            String::new()
        } else {
            format!(
                "update to {}.{} or later: older ones empty what a change of a template does not name",
                OLDEST.0, OLDEST.1
            )
        },
    }
}

fn role(me: &User) -> Finding {
    let what = format!("our account is '{}'", me.username);
    if me.is_owner() {
        let help = "give the token's account user-admin, template-admin and organization-admin instead of owner: tokens of \
                    owners end after seven days";
        return Finding { ok: false, what: format!("{what}, an owner"), help: help.to_owned() };
    }
    Finding { ok: true, what, help: String::new() }
}

async fn sign_in(api: &Api, options: &Options) -> Result<Option<Finding>, Failure> {
    if options.sign_in != SignIn::Oidc {
        return Ok(None);
    }
    let methods: Json = api.one(&Call::get(api::AUTH_METHODS, &[], "read how people sign in")).await?;
    let ok = methods["oidc"]["enabled"].as_bool() == Some(true);
    Ok(Some(Finding {
        ok,
        what: if ok {
            "people sign in by the identity provider".to_owned()
        } else {
            "no identity provider is set up".to_owned()
        },
        help: if ok {
            "CODER_OIDC_ALLOW_SIGNUPS=false keeps whoever has another address from getting a second account".to_owned()
        } else {
            "set CODER_OIDC_ISSUER_URL and its client, or 'sign_in: password' in the options; until then no account is made".to_owned()
        },
    }))
}

async fn licence(api: &Api, options: &Options) -> Result<Option<Finding>, Failure> {
    let call = Call::get(api::ENTITLEMENTS, &[], "read the licence");
    let entitlements = match api.maybe::<Json>(&call).await {
        Ok(Some(entitlements)) => entitlements,
        Ok(None) => return Ok(None),
        // A build of the free sources alone knows nothing of licences; our own account was read before.
        Err(failure) if failure.class == FailureClass::Refused => Json::Null,
        Err(failure) => return Err(failure),
    };
    let is_on = |name: &str| entitlements["features"][name]["enabled"].as_bool() == Some(true);
    let (several, groups) = (is_on("multiple_organizations"), is_on("template_rbac"));
    let what = match (several, groups) {
        (false, false) => "without a licence everybody lives in one organisation, and groups do not exist",
        (false, true) => "the licence has groups",
        (true, false) => "the licence has several organisations, and no groups",
        (true, true) => "the licence has several organisations, and groups",
    };
    let ok = groups || !options.groups;
    let help = match (options.groups, groups, several) {
        (true, false, _) => "take 'groups' out of the options, or add a licence with 'template_rbac'",
        (false, true, _) => "'groups: true' in the options makes groups of organisations and teams",
        (_, _, true) => "Formulary keeps the organisation of its options; only an owner of Coder makes others",
        _ => "",
    };
    Ok(Some(Finding { ok, what: what.to_owned(), help: help.to_owned() }))
}

async fn provisioners(api: &Api, organization: &str) -> Result<Option<Finding>, Failure> {
    let call = Call::get(api::DAEMONS, &[organization], "list provisioners");
    let daemons: Json = match api.one(&call).await {
        Ok(daemons) => daemons,
        // Told to an organization-admin alone; that right is complained of by itself.
        Err(failure) if failure.class == crate::engine::model::FailureClass::MissingRights => return Ok(None),
        Err(failure) if failure.class == crate::engine::model::FailureClass::Gone => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let at_work = daemons.as_array().into_iter().flatten().filter(|it| it["status"] != "offline").count();
    Ok(Some(Finding {
        ok: at_work > 0,
        what: format!("{at_work} provisioners are at work"),
        help: if at_work > 0 { String::new() } else { "start one: nothing is imported or built without".to_owned() },
    }))
}

/// When the token ends. The part before its dash is no secret: it is the token's id.
async fn token(api: &Api, connection: &Connection) -> Result<Option<Finding>, Failure> {
    let token = connection.required("token").await?;
    let Some((id, _)) = token.expose_secret().split_once('-') else { return Ok(None) };
    let Some(key) = api.maybe::<Json>(&Call::get(api::MY_KEY, &[id], "read when our token ends")).await? else {
        return Ok(None);
    };
    let Some(ends) = key["expires_at"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok()) else {
        return Ok(None);
    };
    let days = (ends - connection.clock.now()).num_days();
    let ok = days >= SOON;
    let what = format!("our token ends on {}", ends.format("%F"));
    let help = if ok { String::new() } else { "mint another: 'coder tokens create --lifetime 8760h'".to_owned() };
    Ok(Some(Finding { ok, what, help }))
}
