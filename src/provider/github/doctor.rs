//! What `doctor` and planning find out: whether the App's signature is taken, what it may do where the mono-repo is, and
//! whether that is what it seems: an empty list is an answer too (guide, section 2).

use super::api::{Api, AppShown, Installation};
use super::options::Options;
use crate::engine::model::{Capabilities, Failure, FailureClass};
use crate::provider::contract::{Finding, Held, Probe, Right};

/// Seconds by which clocks may be apart.
const APART: i64 = 30;

/// What our App needs where the mono-repo is, and for what.
fn needed(options: &Options) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut needed = vec![("metadata", "read", "see the mono-repo"), ("contents", "read", "fetch the mono-repo")];
    if options.webhook.is_some() {
        needed.push(("repository_hooks", "read", "see whether its webhook is set up"));
    }
    needed
}

/// Finds out what there is to know.
///
/// # Errors
/// When GitHub cannot be reached or does not take the App's signature.
pub async fn probe(api: &Api, options: &Options) -> Result<Probe, Failure> {
    let (app, version) = api.app().await?;
    let installations = api.installations().await?;
    let mut findings = vec![who(&app, options), clock(api.signer().skew())];
    let mut rights = Vec::new();
    if let Some((owner, _)) = options.repository() {
        match installations.iter().find(|it| it.account.login.eq_ignore_ascii_case(owner)) {
            None => findings.push(bad(
                format!("our App is not installed at '{owner}'"),
                format!("by hand: an owner installs it at {}/installations/new", options.app_page()),
            )),
            Some(it) => {
                rights = needed(options).iter().map(|need| right(&app, it, *need)).collect();
                findings.extend(reached(api, options, it).await?);
            }
        }
    }
    let capabilities = Capabilities { version, ..Capabilities::default() };
    Ok(Probe { capabilities, rights, findings })
}

fn good(what: String) -> Finding {
    Finding { ok: true, what, help: String::new() }
}

fn bad(what: String, help: String) -> Finding {
    Finding { ok: false, what, help }
}

fn who(app: &AppShown, options: &Options) -> Finding {
    if app.slug == options.app {
        return good(format!("we are the App '{}'", app.slug));
    }
    bad(
        format!("the key is that of the App '{}', and 'options.app' names '{}'", app.slug, options.app),
        "correct one of them: links would lead to another App's page".to_owned(),
    )
}

fn clock(skew: i64) -> Finding {
    if skew.abs() <= APART {
        return good("our clock and GitHub's agree, as far as that matters".to_owned());
    }
    let how = if skew > 0 { "behind" } else { "ahead of" };
    bad(format!("our clock is {} s {how} GitHub's", skew.abs()), "set this machine's clock by NTP".to_owned())
}

/// A right: asked for by the App, and accepted by an owner, are two things.
fn right(app: &AppShown, it: &Installation, (name, level, needed_for): (&str, &str, &str)) -> Right {
    let enough = |held: Option<&String>| held.is_some_and(|held| held == level || held == "write" || held == "admin");
    let accepted = enough(it.permissions.get(name));
    let grant = if enough(app.permissions.get(name)) {
        format!("by hand: an owner of '{}' accepts the App's new permissions at {}", it.account.login, it.html_url)
    } else {
        format!(
            "under Permissions of the App's settings choose '{name}': {level}; then an owner accepts it at {}",
            it.html_url
        )
    };
    let held = if accepted { Held::Yes } else { Held::No };
    Right { name: format!("{name}:{level}"), needed_for: needed_for.to_owned(), held, grant }
}

/// Whether the token reaches the mono-repo, in the list and by itself.
async fn reached(api: &Api, options: &Options, it: &Installation) -> Result<Vec<Finding>, Failure> {
    let name = options.repository.as_deref().unwrap_or_default();
    if it.suspended_at.is_some() {
        let help = format!("by hand: an owner lets it work again at {}", it.html_url);
        return Ok(vec![bad(format!("our App is suspended at '{}'", it.account.login), help)]);
    }
    let found = match api.repository().await {
        Ok(found) => found,
        Err(failure)
            if matches!(failure.class, FailureClass::Gone | FailureClass::Refused | FailureClass::MissingRights) =>
        {
            let help = if failure.help.is_empty() {
                format!("by hand: an owner gives the App '{name}' at {}; or the name is wrong", it.html_url)
            } else {
                failure.help
            };
            return Ok(vec![bad(format!("the mono-repo '{name}' cannot be read: {}", failure.said), help)]);
        }
        Err(failure) => return Err(failure),
    };
    let all = api.reached().await?;
    if all.iter().any(|it| it.id == found.id) {
        return Ok(vec![good(format!("the mono-repo '{}' has the number {}", found.full_name, found.id))]);
    }
    // A public repository can be read without having been given.
    Ok(vec![bad(
        format!("the mono-repo '{name}' is not among the {} repositories that our App was given", all.len()),
        format!("by hand: an owner gives it at {}", it.html_url),
    )])
}
