//! Real servers: where they are, and what happens when they are not there.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;

use formulary::runtime::sys::{Environment, Machine};

/// A variable of the environment, if it says something.
pub fn variable(name: &str) -> Option<String> {
    Machine.variable(name)?.into_string().ok().filter(|value| !value.is_empty())
}

/// A variable without which a real server is not toured; without it that is told loudly.
pub fn needed(service: &str, name: &str) -> Option<String> {
    let value = variable(name);
    if value.is_none() {
        skipped(service, name);
    }
    value
}

/// Tells loudly that a real server is not there; fails where it must be.
fn skipped(service: &str, missing: &str) {
    let required = format!("FORMULARY_REQUIRE_REAL_{}", service.to_uppercase());
    let demanded = variable(&required).as_deref() == Some("1");
    assert!(!demanded, "{required} is 1, and {missing} is not set: there is no real {service} to be toured");
    // Once, and past the harness, which hides what a test prints that passes.
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if !TOLD.lock().unwrap().insert(service.to_owned()) {
        return;
    }
    let told =
        format!("SKIPPED: the tour of a real {service}, because {missing} is not set (see tests/tour/main.rs)\n");
    std::io::stderr().write_all(told.as_bytes()).unwrap();
}
