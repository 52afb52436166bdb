//! Sandboxes of toy services: which ones start, where, and what they hand out.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};

use super::{Sandbox, SandboxError, SandboxOptions, SandboxService};
use crate::provider::emulator::{Credentials, Emulator, not_modelled};
use crate::runtime::sys::Clock;

struct Toy(&'static str);

impl Emulator for Toy {
    fn service(&self) -> &'static str {
        self.0
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(|| async { not_modelled() })
    }

    fn reset(&self) {}

    fn credentials(&self) -> Credentials {
        let header = BTreeMap::from([("Authorization".to_owned(), format!("token of {}", self.0))]);
        BTreeMap::from([("admin token".to_owned(), header)])
    }

    fn expire_tokens(&self) {}
}

const TOYS: &[SandboxService] = &[
    SandboxService { name: "one", make: |_| Arc::new(Toy("one")) },
    SandboxService { name: "two", make: |_| Arc::new(Toy("two")) },
];

async fn start(options: SandboxOptions) -> Result<Sandbox, SandboxError> {
    Sandbox::start_of(TOYS, options, async |_: &Sandbox| Ok(())).await
}

#[tokio::test]
async fn all_start_or_only_some() {
    let all = start(SandboxOptions::default()).await.unwrap();
    assert_eq!(all.services().keys().collect::<Vec<_>>(), [&"one", &"two"]);
    let some = start(SandboxOptions { only: vec!["two".into()], ..Default::default() }).await.unwrap();
    assert!(some.service("one").is_none() && some.service("two").is_some());
    let unknown = start(SandboxOptions { only: vec!["three".into()], ..Default::default() }).await.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no emulator of \"three\"; known: one, two");
    all.clock().advance(chrono::Duration::hours(1));
    assert!(all.service("one").unwrap().clock().now() > some.clock().now());
}

#[tokio::test]
async fn ports_follow_the_list_whoever_is_started() {
    // A port that was free a moment ago, with its successor free most likely: try until both are.
    for _ in 0..200 {
        let probe = start(SandboxOptions { only: vec!["one".into()], ..Default::default() }).await.unwrap();
        let base = probe.service("one").unwrap().port();
        probe.stop().await;
        let options = SandboxOptions { only: vec!["two".into()], port_base: Some(base), ..Default::default() };
        if let Ok(sandbox) = start(options).await {
            assert_eq!(sandbox.service("two").unwrap().port(), base + 1);
            return;
        }
    }
    panic!("no two free ports in a row");
}

#[tokio::test]
async fn ports_end_at_the_last_one() {
    let options = SandboxOptions { only: vec!["two".into()], port_base: Some(u16::MAX), ..Default::default() };
    let error = start(options).await.unwrap_err();
    assert_eq!(error.to_string(), "port base 65535 leaves no port for the two emulator");
}

#[tokio::test]
async fn it_is_seeded_unless_it_shall_be_fresh() {
    let seeded = async |fresh: bool| {
        let mut bases = Vec::new();
        let seed = async |sandbox: &Sandbox| {
            bases.push(sandbox.service("one").unwrap().base().to_owned());
            Ok(())
        };
        let sandbox = Sandbox::start_of(TOYS, SandboxOptions { fresh, ..Default::default() }, seed).await.unwrap();
        sandbox.stop().await;
        bases.len()
    };
    assert_eq!((seeded(false).await, seeded(true).await), (1, 0));
    let failed = Sandbox::start_of(TOYS, SandboxOptions::default(), async |_: &Sandbox| Err("no".into())).await;
    assert!(matches!(failed, Err(SandboxError::Seed(_))));
}

#[tokio::test]
async fn credentials_are_written_for_their_owner_alone() {
    let sandbox = start(SandboxOptions::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials.json");
    std::fs::write(&path, "older and longer".repeat(1000)).unwrap();
    sandbox.write_credentials(&path).unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let base = sandbox.service("two").unwrap().base();
    assert_eq!(written["two"], json!({"base": base, "as": {"admin token": {"Authorization": "token of two"}}}));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let nowhere = sandbox.write_credentials(&folder.path().join("none/c.json")).unwrap_err();
    assert!(nowhere.to_string().starts_with("cannot write the sandbox's credentials to \""));
}
