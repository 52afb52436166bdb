//! The direction of imports, read from the `use` lines: a breach fails here, with the line.

use std::fs;
use std::path::{Path, PathBuf};

/// The order inside `engine`: each may use only those before it.
const ENGINE: [&str; 12] = [
    "diag",
    "model",
    "source",
    "schema",
    "claude",
    "documents",
    "desired",
    "diff",
    "plan",
    "access",
    "import",
    "report",
];

/// What `engine`, and the pure files of a provider, never name.
const EFFECTS: [&str; 12] = [
    "tokio",
    "reqwest",
    "sqlx",
    "git2",
    "axum",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Utc::now",
];

/// Files of a provider that obey the engine's rules although they live at the edge.
const PURE: [&str; 3] = ["lower", "convert", "kinds"];

#[test]
fn imports_run_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut breaches = Vec::new();
    for path in sources(&root) {
        let place = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path).expect("a source file is text");
        // Tests may reach further: they put parts together.
        let is_test = place.contains("/tests/") || place.ends_with("tests.rs") || place == "zones.rs";
        for (number, line) in text.split("#[cfg(test)]").next().unwrap_or_default().lines().enumerate() {
            if let Some(why) = (!is_test).then(|| breach(&place, line)).flatten() {
                breaches.push(format!("src/{place}:{}: {why}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_rule_sees_a_breach() {
    for (place, line) in [
        ("engine/diff/mod.rs", "use crate::provider::http::Door;"),
        ("engine/diff/mod.rs", "use crate::engine::plan::Step;"),
        ("engine/plan/build.rs", "use tokio::time::sleep;"),
        ("provider/gitea/lower.rs", "use reqwest::Method;"),
        ("provider/gitea/mod.rs", "use crate::provider::keycloak::Keycloak;"),
        ("provider/kubernetes/reader/mod.rs", "use crate::provider::coder::options::Options;"),
        ("provider/gitea/mod.rs", "use crate::runtime::ledger::Ledger;"),
        ("runtime/repo/mod.rs", "use crate::cli::shell::Shell;"),
        ("runtime/repo/mod.rs", "use crate::runtime::ledger::Ledger;"),
    ] {
        assert!(breach(place, line).is_some(), "{place}: {line}");
    }
    for (place, line) in [
        ("engine/plan/build.rs", "use crate::engine::diff::Change;"),
        ("provider/gitea/reader.rs", "use crate::runtime::sys::SharedClock;"),
        ("runtime/reconcile/turn.rs", "use crate::runtime::ledger::Ledger;"),
        ("cli/plan.rs", "use crate::runtime::repo::Source;"),
    ] {
        assert_eq!(breach(place, line), None, "{place}: {line}");
    }
}

fn breach(place: &str, line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    let code = line.split("//").next().unwrap_or_default();
    let parts: Vec<&str> = place.split('/').collect();
    let stem = parts.get(2).map(|part| part.trim_end_matches(".rs"));
    let pure = parts[0] == "engine" || (parts[0] == "provider" && stem.is_some_and(|stem| PURE.contains(&stem)));
    if pure && EFFECTS.iter().any(|effect| code.contains(effect)) {
        return Some("names an effect");
    }
    let uses = |prefix: &str| code.contains(&format!("crate::{prefix}"));
    match parts[0] {
        "engine" => {
            if uses("provider") || uses("runtime") || uses("cli") {
                return Some("the engine uses another zone");
            }
            let here =
                ENGINE.iter().position(|it| parts.get(1).is_some_and(|part| part.trim_end_matches(".rs") == *it))?;
            let later = ENGINE.iter().skip(here + 1).any(|later| uses(&format!("engine::{later}")));
            // A place in a file is a part of what is wanted: `diag` and `model` may use each other's plain data.
            (later && !(here == 0 && uses("engine::model"))).then_some("imports run against the order in the engine")
        }
        "provider" => {
            if uses("cli") || (uses("runtime") && !uses("runtime::sys")) {
                return Some("a provider uses the runtime or the command line");
            }
            let services = [
                "backstage",
                "coder",
                "gitea",
                "github",
                "inmemory",
                "keycloak",
                "kubernetes",
                "logto",
                "mattermost",
                "twenty",
            ];
            let here = *parts.get(1)?;
            let other = services.iter().any(|service| *service != here && uses(&format!("provider::{service}")));
            (services.contains(&here) && other).then_some("a provider uses another service")
        }
        "runtime" => {
            if uses("cli") {
                return Some("the runtime uses the command line");
            }
            let apart = ["repo", "ledger", "config"];
            let here = *parts.get(1)?;
            let other = apart.iter().any(|part| *part != here && uses(&format!("runtime::{part}")));
            (apart.contains(&here) && other).then_some("repo, ledger and config do not know each other")
        }
        _ => None,
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
