//! `formulary doctor`: the config, the services, and exactly which rights our accounts have and lack.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global};
use super::shell::Shell;
use crate::engine::model::Failure;
use crate::engine::report::{Page, Tone};
use crate::provider::contract::{Held, Probe};
use crate::runtime::reconcile::{Member, probe};

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary doctor\n  formulary doctor keycloak\n  formulary doctor --format json\n\nChanges nothing. What a service does not tell is 'unproven' until the first write."
)]
pub struct DoctorArgs {
    /// Only these instances.
    #[arg(value_name = "INSTANCE")]
    instances: Vec<String>,
}

pub(super) async fn run(args: &DoctorArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    let known: Vec<&str> = context.platform.members.keys().map(|it| it.as_str()).collect();
    if let Some(unknown) = args.instances.iter().find(|it| !known.contains(&it.as_str())) {
        let near = crate::engine::diag::did_you_mean(unknown, known.iter().copied());
        let hint = near.unwrap_or_else(|| format!("the config has: {}", known.join(", ")));
        return Err(CommandError::new(Exit::Error, format!("the config has no instance '{unknown}'")).hint(hint));
    }
    let activity = shell.activity("asking the services");
    let asked =
        |member: &&Member| args.instances.is_empty() || args.instances.iter().any(|it| it == member.instance.as_str());
    let members: Vec<&Member> = context.platform.members.values().filter(asked).collect();
    let probes = futures::future::join_all(
        members.iter().map(|member| async { probe(&*member.reader(), member.provider.title()).await }),
    )
    .await;
    let ledger = context.existing_ledger().await.map_err(CommandError::from);
    activity.finish();
    let results: Vec<(&Member, Result<Probe, Failure>)> = members.into_iter().zip(probes).collect();
    match shell.format {
        Format::Json => shell.json(&document(&context, &results))?,
        Format::Text | Format::Markdown => {
            let mut page = Page::new(shell.look());
            page.pieces(0, &[(Tone::Strong, "config"), (Tone::Plain, &context.config.path.display().to_string())]);
            match &ledger {
                Ok(Some(ledger)) => ok(&mut page, &format!("ledger {}", ledger.identity().id)),
                Ok(None) => ok(&mut page, "no ledger yet: the first apply, approve or plan -o makes it"),
                Err(error) => bad(&mut page, &error.message, error.hint.as_deref().unwrap_or_default()),
            }
            for (member, probe) in &results {
                page.gap();
                let title = format!("{} ({})", member.connection.base, member.provider.title());
                page.pieces(0, &[(Tone::Strong, member.instance.as_str()), (Tone::Plain, &title)]);
                match probe {
                    Ok(probe) => checked(&mut page, probe),
                    Err(failure) => bad(&mut page, &failure.to_string(), &failure.help),
                }
            }
            shell.print(&page.finish())?;
        }
    }
    let unreachable = results.iter().any(|(_, probe)| probe.is_err());
    let lacking = results.iter().filter_map(|(_, probe)| probe.as_ref().ok()).any(|probe| {
        probe.rights.iter().any(|right| right.held == Held::No) || probe.findings.iter().any(|finding| !finding.ok)
    });
    ledger?;
    Ok(match (unreachable, lacking) {
        (true, _) => Exit::Unreachable,
        (false, true) => Exit::Waiting,
        (false, false) => Exit::Done,
    })
}

fn checked(page: &mut Page, probe: &Probe) {
    let version = probe.capabilities.version.as_deref().map_or("version not told", |version| version);
    ok(page, &format!("reachable, {version}"));
    for right in &probe.rights {
        let what = format!("{}: {}", right.name, right.needed_for);
        match right.held {
            Held::Yes => ok(page, &what),
            Held::No => bad(page, &what, &right.grant),
            Held::Unproven => page.pieces(2, &[(Tone::Wait, "?"), (Tone::Plain, &format!("{what} (unproven)"))]),
        }
    }
    for finding in &probe.findings {
        if finding.ok {
            ok(page, &finding.what);
        } else {
            bad(page, &finding.what, &finding.help);
        }
    }
}

fn ok(page: &mut Page, what: &str) {
    page.pieces(2, &[(Tone::Good, "✓"), (Tone::Plain, what)]);
}

fn bad(page: &mut Page, what: &str, help: &str) {
    page.pieces(2, &[(Tone::Bad, "✗"), (Tone::Plain, what)]);
    for line in help.lines().filter(|line| !line.is_empty()) {
        page.line(4, Tone::Plain, line);
    }
}

fn document(context: &Context, results: &[(&Member, Result<Probe, Failure>)]) -> serde_json::Value {
    let services: Vec<serde_json::Value> = results
        .iter()
        .map(|(member, probe)| {
            let mut row = json!({
                "instance": member.instance,
                "type": member.provider.service(),
                "url": member.connection.base.as_str(),
                "reachable": probe.is_ok(),
            });
            match probe {
                Ok(probe) => {
                    row["version"] = json!(probe.capabilities.version);
                    row["rights"] = probe
                        .rights
                        .iter()
                        .map(|right| {
                            let held = match right.held {
                                Held::Yes => "yes",
                                Held::No => "no",
                                Held::Unproven => "unproven",
                            };
                            json!({ "name": right.name, "needed_for": right.needed_for, "held": held, "grant": right.grant })
                        })
                        .collect();
                    row["findings"] = probe
                        .findings
                        .iter()
                        .map(|it| json!({ "ok": it.ok, "what": it.what, "help": it.help }))
                        .collect();
                }
                Err(failure) => row["failure"] = json!(failure),
            }
            row
        })
        .collect();
    json!({ "config": context.config.path, "platform": context.platform.name, "services": services })
}
