//! The installations that scenarios begin with: new ones, with other settings where a scenario's `about` says so.

use std::sync::Arc;

use formulary::provider::coder::emulator::{self as coder, Coder};
use formulary::provider::emulator::Emulator;
use formulary::provider::gitea::emulator::{Gitea, Settings};
use formulary::provider::github::emulator::GitHub;
use formulary::provider::keycloak::emulator::Keycloak;
use formulary::provider::kubernetes::emulator::{self as kubernetes, Kubernetes};
use formulary::provider::mattermost::emulator::{self as mattermost, Mattermost};
use formulary::provider::twenty::emulator::{self as twenty, Twenty};
use formulary::runtime::sys::MovableClock;
use serde_json::json;

use super::browser::Browser;

/// The name of the settings that a scenario wants.
pub fn settings(service: &str, scenario: &str) -> &'static str {
    match (service, scenario) {
        ("backstage", scenario) => super::backstage::settings(scenario),
        ("coder", "external-auth") => "with Gitea for templates",
        ("coder", "first-user") => "empty",
        ("coder", "oidc-first-user") => "empty, with an identity provider",
        ("coder", "oidc-sign-in") => "with an identity provider",
        ("coder", "rate-limits") => "eight calls a minute",
        ("coder", "workspace-failures") => "one provisioner",
        ("gitea", "visibility-modes") => "ALLOWED_USER_VISIBILITY_MODES = public,limited",
        // Directories that lie on the server's disk and belong to no repository.
        ("gitea", "sudo-and-admin") => "stray directories",
        ("mattermost", "bootstrap") => "empty",
        ("mattermost", "rate-limit") => "limited by address",
        ("mattermost", "rate-limit-user") => "limited by user",
        ("mattermost", "sso-limit") => "nearly full of GitLab's people",
        ("mattermost", "sso-login") => "with GitLab",
        ("mattermost", "sso-scope") => "with GitLab and a scope of OpenID Connect",
        ("mattermost", "stale-ids") => "with deletion for good",
        ("mattermost", "user-limit") => "nearly full",
        ("mattermost", "user-paging") => "with 204 people, for an hour",
        ("twenty", "metadata-rest" | "metadata-objects" | "roles") => "with keys of ours",
        ("twenty", "paging-rest" | "paging-graphql" | "long-filters") => "with 250 people",
        ("twenty", "rate-limit") => "limited",
        // Each begins in a namespace that is empty.
        ("kubernetes", scenario) => Box::leak(scenario.to_owned().into_boxed_str()),
        _ => "defaults",
    }
}

/// Whether a scenario is to be read only, as the recordings themselves say: servers are stopped in it, or agents run.
pub fn is_to_be_read(service: &str, scenario: &str) -> bool {
    match service {
        // Observations in words, vectors of expressions, and runs of the scaffolder, which is not imitated.
        "backstage" => !["auth", "catalog-read", "locations", "unprocessed", "validate-entity"].contains(&scenario),
        "coder" => ["restart", "workspace-agent"].contains(&scenario),
        // Written by hand by its publisher; and what GitHub sends to us, which its receiver has to bear.
        "github" => ["rate-limits", "webhooks"].contains(&scenario),
        // Other programs run beside the server in it.
        "kubernetes" => scenario == "controllers",
        _ => false,
    }
}

/// A new installation with these settings, told the time by `clock`, and what people can do in it by browser.
pub fn install(service: &str, settings: &str, clock: Arc<MovableClock>) -> (Arc<dyn Emulator>, Browser) {
    match (service, settings) {
        ("backstage", settings) => (super::backstage::install(settings, clock), Browser::default()),
        ("coder", settings) => {
            let coder = Coder::with_settings(clock, coder_settings(settings));
            (coder.clone(), Browser { coder: Some(coder), ..Browser::default() })
        }
        ("gitea", "defaults") => (Gitea::new(clock), Browser::default()),
        ("gitea", "stray directories") => {
            let settings = Settings {
                stray_directories: ["alice/stray", "alice/other", "alice/kept"].map(str::to_owned).to_vec(),
                ..Settings::default()
            };
            (Gitea::with_settings(clock, settings), Browser::default())
        }
        ("gitea", _) => {
            let settings = Settings {
                default_user_visibility: "limited".to_owned(),
                allowed_user_visibility: ["public", "limited"].map(str::to_owned).to_vec(),
                ..Settings::default()
            };
            (Gitea::with_settings(clock, settings), Browser::default())
        }
        ("github", _) => {
            let github = GitHub::new(clock);
            (github.clone(), Browser { github: Some(github), ..Browser::default() })
        }
        ("keycloak", _) => {
            let keycloak = Keycloak::new(clock);
            (keycloak.clone(), Browser { keycloak: Some(keycloak), ..Browser::default() })
        }
        ("mattermost", settings) => {
            let mattermost = Mattermost::with_settings(clock, mattermost_settings(settings));
            (mattermost.clone(), Browser { mattermost: Some(mattermost), ..Browser::default() })
        }
        ("twenty", settings) => (Twenty::with_settings(clock, twenty_settings(settings)), Browser::default()),
        ("kubernetes", scenario) => {
            (Kubernetes::with_settings(clock, kubernetes_settings(scenario)), Browser::default())
        }
        _ => panic!("no emulator of {service}"),
    }
}

fn coder_settings(name: &str) -> coder::Settings {
    let defaults = coder::Settings::default();
    let oidc = || {
        let (issuer, sign_in_text) = ("http://127.0.0.1:13150".to_owned(), "Acme".to_owned());
        Some(coder::Oidc { issuer, sign_in_text, allow_signups: true })
    };
    match name {
        "empty" => coder::Settings::empty(),
        "empty, with an identity provider" => coder::Settings { oidc: oidc(), ..coder::Settings::empty() },
        "with an identity provider" => coder::Settings { oidc: oidc(), ..defaults },
        "eight calls a minute" => coder::Settings { rate_limit: 8, ..defaults },
        "one provisioner" => coder::Settings { provisioners: 1, ..defaults },
        "with Gitea for templates" => {
            let (id, kind, display_name) = ("gitea".to_owned(), "gitea".to_owned(), "Gitea".to_owned());
            coder::Settings { external_auth: vec![coder::ExternalAuth { id, kind, display_name }], ..defaults }
        }
        _ => defaults,
    }
}

fn twenty_settings(name: &str) -> twenty::Settings {
    // Recorded at the pace of the limit; here the clock stands still.
    let defaults = twenty::Settings::default().unlimited();
    match name {
        "limited" => twenty::Settings::default(),
        "with keys of ours" => ["person", "company", "opportunity"]
            .into_iter()
            .fold(defaults, |settings, object| settings.with_text_field(object, "formularyKey", true)),
        "with 250 people" => {
            let person = |n: usize| {
                json!({ "id": format!("5f0d{n:04x}-7a11-4c0d-8e55-{n:012x}"),
                    "name": { "firstName": format!("P{n:03}") }, "emails": { "primaryEmail": format!("p{n:03}@acme.com") } })
            };
            twenty::Settings { people: (0..250).map(person).collect(), ..defaults }
        }
        _ => defaults,
    }
}

fn kubernetes_settings(scenario: &str) -> kubernetes::Settings {
    let defaults = kubernetes::Settings::default();
    let map = |name: &str, labels: serde_json::Value| {
        let data = match name.strip_prefix('c').filter(|it| it.len() == 1) {
            Some(number) => json!({ "a": number }),
            None => json!({ "a": "1", "b": "2" }),
        };
        json!({ "namespace": "coder", "name": name, "labels": labels, "data": data })
    };
    match scenario {
        "list-paging" | "list-expired" => {
            let parity = |n: usize| json!({ "parity": if n.is_multiple_of(2) { "even" } else { "odd" } });
            let count = if scenario == "list-paging" { 7 } else { 4 };
            let maps = (0..count).map(|n| map(&format!("c{n}"), parity(n))).collect();
            kubernetes::Settings { config_maps: maps, ..defaults }
        }
        "selectors" => {
            let labels = [
                json!({ "app": "a", "tier": "x" }),
                json!({ "app": "b", "tier": "x" }),
                json!({ "app": "a" }),
                serde_json::Value::Null,
            ];
            let maps = labels.into_iter().enumerate().map(|(n, labels)| map(&format!("s{n}"), labels)).collect();
            kubernetes::Settings { config_maps: maps, ..defaults }
        }
        "auth" => kubernetes::Settings { grants: Vec::new(), ..defaults },
        "content-types" => {
            let mut policy = map("claude-code-enterprise-config", serde_json::Value::Null);
            policy["applied_by"] = "formulary".into();
            kubernetes::Settings { config_maps: vec![policy], ..defaults }
        }
        "rbac-own-namespace" => kubernetes::Settings {
            grants: vec![
                kubernetes::Grant::of(
                    "formulary",
                    "coordination.k8s.io",
                    "leases",
                    "formulary",
                    &["get", "update", "patch"],
                ),
                kubernetes::Grant::of("formulary", "coordination.k8s.io", "leases", "", &["create"]),
                kubernetes::Grant::of("formulary", "", "events", "", &["create", "patch"]),
            ],
            ..defaults
        },
        "watch" => {
            let name = "claude-code-enterprise-config";
            let grants = vec![kubernetes::Grant::of("coder", "", "configmaps", name, &["list", "watch"])];
            kubernetes::Settings { grants, ..defaults }
        }
        _ => defaults,
    }
}

fn mattermost_settings(name: &str) -> mattermost::Settings {
    let defaults = mattermost::Settings::default();
    let limited = |vary: bool| {
        let limits =
            [("Enable", json!(true)), ("PerSec", json!(2)), ("MaxBurst", json!(3)), ("VaryByUser", json!(vary))];
        limits.into_iter().fold(mattermost::Settings::default(), |settings, (setting, value)| {
            settings.with("RateLimitSettings", setting, value)
        })
    };
    let with_gitlab = |scope: &str| {
        let provider = "http://127.0.0.1:9000";
        let gitlab = [
            ("Enable", json!(true)),
            ("Id", json!("mm")),
            ("Secret", json!("a secret")),
            ("Scope", json!(scope)),
            ("AuthEndpoint", json!(format!("{provider}/authorize"))),
            ("TokenEndpoint", json!(format!("{provider}/token"))),
            ("UserAPIEndpoint", json!(format!("{provider}/user"))),
        ];
        gitlab.into_iter().fold(mattermost::Settings::default(), |settings, (setting, value)| {
            settings.with("GitLabSettings", setting, value)
        })
    };
    let people = |letter: char, count: usize, is_sso: bool| {
        let person = |n: usize| mattermost::Person {
            id: (!is_sso && n == 0).then(|| "ucoseyyw578czj7c1rpwqky7ch".to_owned()),
            username: format!("{letter}{n:03}"),
            auth: is_sso.then(|| ("gitlab".to_owned(), (100_000 + n).to_string())),
        };
        (0..count).map(person).collect()
    };
    match name {
        "empty" => mattermost::Settings::empty(),
        "limited by address" => limited(false),
        "limited by user" => limited(true),
        "with GitLab" => with_gitlab(""),
        "with GitLab and a scope of OpenID Connect" => with_gitlab("openid profile email"),
        "with deletion for good" => defaults.with("ServiceSettings", "EnableAPITeamDeletion", true).with(
            "ServiceSettings",
            "EnableAPIChannelDeletion",
            true,
        ),
        "nearly full of GitLab's people" => mattermost::Settings { people: people('s', 247, true), ..with_gitlab("") },
        "nearly full" => mattermost::Settings { people: people('u', 248, false), ..defaults },
        "with 204 people, for an hour" => mattermost::Settings {
            people: people('u', 204, false),
            running_for: chrono::Duration::hours(1),
            ..defaults
        },
        _ => defaults,
    }
}
