//! What an installation is and what our account may do there: edition, limits and their use, how people sign in, who owns
//! our bot, and how to put right what is wrong.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::api::wire::{ADMINISTRATOR, Bot, ServerLimits, Team, User};
use super::api::{Api, routes};
use super::options::{Options, SignIn};
use super::{kinds, limits};
use crate::engine::model::{Address, Capabilities, Failure, FailureClass, Instance, Value};
use crate::provider::contract::{Finding, Held, Probe, Right};
use crate::provider::http::Call;

/// The fact that the server has a licence.
pub const LICENSED: &str = "licensed";
/// Releases that the whole provider was tried on.
const TRIED: &[&str] = &["11.6"];
/// Limits of a team above this are not counted against its live members: that many do not come by accident, and each
/// team would have to be read for it.
const COUNTED_TEAM_LIMIT: i64 = 250;

/// Finds out what there is to know.
///
/// # Errors
/// When the installation cannot be reached or refuses our credentials altogether.
pub async fn probe(api: &Api, instance: &Instance, options: &Options) -> Result<Probe, Failure> {
    let me = api.me().await?;
    let version = version(api).await?;
    let licensed = licensed(api).await?;
    let mut probe = Probe::default();
    probe.capabilities.version = Some(version.clone());
    probe.capabilities.facts.insert(LICENSED.to_owned(), Value::Bool(licensed));
    probe.capabilities.facts.insert(limits::SELF.to_owned(), Value::from(me.username.as_str()));
    probe.capabilities.own_accounts.push(Address::new(instance, kinds::USER, &me.username));
    probe.rights.push(administrator(&me));
    probe.findings.push(release(&version, licensed));
    if !me.is_administrator() {
        // To others the rest is refused, or shown as zeros.
        return Ok(probe);
    }
    Administered { api, instance, options, licensed, me }.probe(&mut probe).await?;
    Ok(probe)
}

/// What only an administrator finds out.
struct Administered<'a> {
    api: &'a Api,
    instance: &'a Instance,
    options: &'a Options,
    licensed: bool,
    me: User,
}

impl Administered<'_> {
    async fn probe(&self, probe: &mut Probe) -> Result<(), Failure> {
        let config = self.api.config().await?;
        let server = self.api.limits().await?;
        let administrators = self.api.active_users("list administrators", &[("role", ADMINISTRATOR)]).await?;
        let bots = self.api.bots().await?;
        self.people(probe, &server).await?;
        self.teams(&mut probe.capabilities, &config).await?;
        self.accounts(probe, &administrators, &bots, &config).await?;
        probe.findings.extend(self.settings(&config));
        probe.findings.extend(self.sign_in(&config));
        Ok(())
    }

    /// Active people, where the server takes no more than so many.
    async fn people(&self, probe: &mut Probe, server: &ServerLimits) -> Result<(), Failure> {
        let facts = &mut probe.capabilities.facts;
        facts.insert(limits::PEOPLE_LIMIT.to_owned(), Value::Int(server.most_people));
        facts.insert(limits::PEOPLE_ACTIVE.to_owned(), Value::Int(server.active_people));
        if server.most_people == 0 {
            return Ok(());
        }
        let active = self.api.active_users("list active people", &[]).await?;
        let names = active.iter().filter(|user| user.is_person()).map(|user| user.username.as_str());
        facts.insert(limits::PEOPLE.to_owned(), Value::set(names));
        let left = server.most_people - server.active_people;
        probe.findings.push(Finding {
            ok: left > 0,
            what: format!("{} of {} people are active", server.active_people, server.most_people),
            help: if left > 0 {
                String::new()
            } else {
                "nobody can be added; deactivate some, or license it".to_owned()
            },
        });
        Ok(())
    }

    /// Who is in each team, where a team could be full.
    async fn teams(&self, capabilities: &mut Capabilities, config: &Json) -> Result<(), Failure> {
        let Some(most) = config["TeamSettings"]["MaxUsersPerTeam"].as_i64() else { return Ok(()) };
        capabilities.facts.insert(limits::TEAM_LIMIT.to_owned(), Value::Int(most));
        if most > COUNTED_TEAM_LIMIT {
            return Ok(());
        }
        let teams = self.api.teams().await.into_whole()?;
        let mut members = BTreeMap::new();
        for Team { id, name, .. } in teams.into_values().filter(|team| team.delete_at == 0) {
            let doing = format!("list active accounts of team '{name}'");
            let active = self.api.active_users(&doing, &[("in_team", &id)]).await?;
            members.insert(name, Value::set(active.into_iter().map(|user| user.username)));
        }
        capabilities.facts.insert(limits::TEAMS.to_owned(), Value::Map(members));
        Ok(())
    }

    /// Accounts that no plan may touch: ours, bots, who owns our bot, the last person who administers everything.
    async fn accounts(
        &self,
        probe: &mut Probe,
        administrators: &[User],
        bots: &[Bot],
        config: &Json,
    ) -> Result<(), Failure> {
        let account = |name: &str| Address::new(self.instance, kinds::USER, name);
        let own = &mut probe.capabilities.own_accounts;
        own.extend(bots.iter().map(|bot| account(&bot.username)));
        own.push(account("system-bot"));
        let people: Vec<&User> =
            administrators.iter().filter(|user| user.is_person() && user.id != self.me.id).collect();
        if let [last] = people.as_slice() {
            own.push(account(&last.username));
        }
        probe.findings.push(Finding {
            ok: !people.is_empty(),
            what: match people.as_slice() {
                [] => "no person beside our own account is system administrator".to_owned(),
                [last] => {
                    format!("'{}' is the only person who is system administrator, and is protected", last.username)
                }
                people => format!("{} people are system administrators", people.len()),
            },
            help: if people.len() > 1 { String::new() } else { "make a second person system administrator".to_owned() },
        });
        let owner = bots.iter().find(|bot| bot.user_id == self.me.id).map(|bot| bot.owner_id.as_str());
        let owner = match owner {
            Some(id) => self.api.user(id).await?,
            None => None,
        };
        let dies = config["ServiceSettings"]["DisableBotsWhenOwnerIsDeactivated"].as_bool() != Some(false);
        if let Some(owner) = &owner
            && dies
        {
            own.push(account(&owner.username));
        }
        own.sort();
        own.dedup();
        probe.findings.push(ownership(&self.me, owner.as_ref(), dies));
        Ok(())
    }

    /// Settings that change what our calls do.
    fn settings(&self, config: &Json) -> Vec<Finding> {
        let service = &config["ServiceSettings"];
        let on = |value: &Json| value.as_bool() == Some(true);
        let mut findings = Vec::new();
        let mut tell = |ok: bool, what: &str, help: &str| {
            findings.push(Finding { ok, what: what.to_owned(), help: help.to_owned() });
        };
        if !self.me.is_bot && !on(&service["EnableUserAccessTokens"]) {
            tell(
                false,
                "EnableUserAccessTokens is off: a person's token does not work",
                "switch it on, or use a bot's token",
            );
        }
        if on(&config["EmailSettings"]["RequireEmailVerification"]) {
            let help = "a changed address counts only once the person has confirmed it";
            tell(true, "RequireEmailVerification is on", help);
        }
        if let Some(domains) = config["TeamSettings"]["RestrictCreationToDomains"].as_str().filter(|it| !it.is_empty())
        {
            let what = format!("only addresses of {domains} are taken (RestrictCreationToDomains)");
            tell(true, &what, "it binds administrators too; sub-domains do not count");
        }
        if on(&service["ExperimentalEnableHardenedMode"]) {
            tell(true, "hardened mode is on", "the server's own failures tell no cause then");
        }
        if on(&config["RateLimitSettings"]["Enable"]) {
            let per_second = config["RateLimitSettings"]["PerSec"].as_i64().unwrap_or_default();
            let what = format!("calls are limited to {per_second} a second");
            tell(true, &what, "set 'limits.per_second' of this service to half of it, so that people are not starved");
        }
        if let Some(most) = config["TeamSettings"]["MaxUsersPerTeam"].as_i64() {
            let help = "bots and our own account count; raise TeamSettings.MaxUsersPerTeam before a team is full";
            tell(true, &format!("a team takes {most} accounts"), help);
        }
        findings
    }

    /// Whether the server signs people in as the options say.
    fn sign_in(&self, config: &Json) -> Vec<Finding> {
        match self.options.sign_in {
            None => vec![Finding {
                ok: false,
                what: "the config does not say how people sign in; no accounts are made".to_owned(),
                help: "set 'options.sign_in' to gitlab, openid, saml or password".to_owned(),
            }],
            Some(SignIn::GitLab) => gitlab(&config["GitLabSettings"], self.licensed),
            Some(SignIn::OpenId) => {
                vec![switched("OpenIdSettings", &config["OpenIdSettings"]["Enable"], self.licensed)]
            }
            Some(SignIn::Saml) => vec![switched("SamlSettings", &config["SamlSettings"]["Enable"], self.licensed)],
            Some(SignIn::Password) => {
                let on = config["EmailSettings"]["EnableSignInWithEmail"].as_bool() != Some(false);
                let help = if on { "" } else { "switch EmailSettings.EnableSignInWithEmail on" };
                let what = format!("people sign in by a password, which is switched {}", if on { "on" } else { "off" });
                vec![Finding { ok: on, what, help: help.to_owned() }]
            }
        }
    }
}

/// The GitLab settings, which any provider can be put into: the button needs a licence, the link does not.
fn gitlab(settings: &Json, licensed: bool) -> Vec<Finding> {
    let text = |name: &str| settings[name].as_str().unwrap_or_default();
    let mut findings = Vec::new();
    let mut tell = |ok: bool, what: &str, help: &str| {
        findings.push(Finding { ok, what: what.to_owned(), help: help.to_owned() });
    };
    if settings["Enable"].as_bool() != Some(true) || text("UserAPIEndpoint").is_empty() {
        let help = "set GitLabSettings: Enable, Id, Secret, AuthEndpoint, TokenEndpoint and UserAPIEndpoint (the identity \
                    provider's user-info address)";
        tell(false, "the GitLab settings are not made, so nobody can sign in", help);
        return findings;
    }
    if text("Scope").split_whitespace().any(|scope| scope == "openid") {
        let help = "take 'openid' out of GitLabSettings.Scope: with it the server looks for a licensed provider and answers 501; \
                    the identity provider must give that scope unasked";
        tell(false, "GitLabSettings.Scope holds 'openid'", help);
    }
    if settings["UsePreferredUsername"].as_bool() != Some(true) {
        let help =
            "switch GitLabSettings.UsePreferredUsername on, or let the identity provider send a claim 'username'";
        let what = "names are read from the claim 'username' at sign-in, and Keycloak sends 'preferred_username' alone";
        tell(false, what, help);
    }
    let help = if licensed {
        ""
    } else {
        "without a licence the sign-in page has no button: give people the link /oauth/gitlab/login"
    };
    tell(true, "people sign in through the GitLab settings", help);
    findings
}

fn switched(section: &str, enable: &Json, licensed: bool) -> Finding {
    let on = enable.as_bool() == Some(true);
    let (ok, what) = match (licensed, on) {
        (false, _) => (false, format!("{section} need a licence, and there is none")),
        (true, false) => (false, format!("{section} are switched off")),
        (true, true) => (true, format!("people sign in by {section}")),
    };
    let help = if ok { "" } else { "use 'sign_in: gitlab', which needs no licence, or make the settings" };
    Finding { ok, what, help: help.to_owned() }
}

fn administrator(me: &User) -> Right {
    Right {
        name: ADMINISTRATOR.to_owned(),
        needed_for: "accounts, private teams and channels; to others Mattermost answers 200 and shows less".to_owned(),
        held: if me.is_administrator() { Held::Yes } else { Held::No },
        grant: format!("on the server: mmctl roles system-admin {}", me.username),
    }
}

/// Who owns our bot: a bot dies with its owner, and his return does not bring it back.
fn ownership(me: &User, owner: Option<&User>, dies: bool) -> Finding {
    match owner {
        _ if !me.is_bot => Finding {
            ok: true,
            what: format!("our account '{}' is a person's", me.username),
            help: "a bot that a service account owns takes no seat and outlives whoever set it up".to_owned(),
        },
        Some(owner) if dies => Finding {
            ok: true,
            what: format!(
                "our bot '{}' belongs to '{}', who is protected: the bot would die with them",
                me.username, owner.username
            ),
            help: "let a service account own it: POST /api/v4/bots/{bot}/assign/{account}".to_owned(),
        },
        Some(owner) => Finding {
            ok: true,
            what: format!("our bot '{}' belongs to '{}' and outlives them", me.username, owner.username),
            help: String::new(),
        },
        None => {
            Finding { ok: true, what: format!("our bot '{}' belongs to no account", me.username), help: String::new() }
        }
    }
}

fn release(version: &str, licensed: bool) -> Finding {
    let edition = if licensed { "licensed" } else { "without a licence" };
    let tried = TRIED.iter().any(|tried| version.starts_with(&format!("{tried}.")));
    let help =
        if tried { String::new() } else { format!("tried: {}; this one should do, by the guide", TRIED.join(", ")) };
    Finding { ok: true, what: format!("Mattermost {version}, {edition}"), help }
}

async fn version(api: &Api) -> Result<String, Failure> {
    let call = Call::get(routes::CLIENT_CONFIG, &[], "read Mattermost's version").query("format", "old");
    let told = api.one::<Json>(&call).await?;
    told.get("Version").and_then(Json::as_str).map(str::to_owned).ok_or_else(|| {
        Failure::new(FailureClass::Refused, call.doing, "the answer tells no version")
            .help("check the URL: another service may answer there")
    })
}

async fn licensed(api: &Api) -> Result<bool, Failure> {
    let call = Call::get(routes::LICENSE, &[], "read the licence").query("format", "old");
    Ok(api.one::<Json>(&call).await?.get("IsLicensed").and_then(Json::as_str) == Some("true"))
}
