//! Numbers for Prometheus. Labels are names of installations, kinds of outcome and classes: never a person, a path or a
//! word of a service.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::report::CycleReport;
use crate::engine::diff::DriftClass;
use crate::engine::model::{Address, Instance};
use crate::provider::http::CallMeter;
use crate::runtime::reconcile::Cycled;

type Labels<const N: usize> = [(&'static str, String); N];
type Whole = Gauge<i64, AtomicI64>;
type Histograms = Family<Labels<1>, Histogram, fn() -> Histogram>;

/// Seconds of a cycle: a small platform on one machine to a large one over a slow network.
const CYCLES: [f64; 9] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0];
/// Seconds of a call.
const CALLS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Everything that is counted. The registry is a value: nothing here is global.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    cycles: Family<Labels<1>, Counter>,
    duration: Histogram,
    last_good: Whole,
    revision: Family<Labels<1>, Whole>,
    resources: Family<Labels<2>, Whole>,
    steps: Family<Labels<3>, Counter>,
    waiting: Whole,
    whole: Family<Labels<1>, Whole>,
    calls: Family<Labels<2>, Counter>,
    latency: Histograms,
    retries: Family<Labels<1>, Counter>,
    mono_repo: Whole,
    leads: Whole,
    lease: Whole,
    all_calls: AtomicU64,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("formulary"),
            cycles: Family::default(),
            duration: Histogram::new(CYCLES),
            last_good: Gauge::default(),
            revision: Family::default(),
            resources: Family::default(),
            steps: Family::default(),
            waiting: Gauge::default(),
            whole: Family::default(),
            calls: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(CALLS)),
            retries: Family::default(),
            mono_repo: Gauge::default(),
            leads: Gauge::default(),
            lease: Gauge::default(),
            all_calls: AtomicU64::new(0),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let build = Family::<Labels<1>, Whole>::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
        let registry = &mut self.registry;
        registry.register("build_info", "The version that runs", build);
        registry.register("cycles", "Cycles by what they amounted to", self.cycles.clone());
        let help = "How long a cycle takes";
        registry.register_with_unit("cycle_duration", help, Unit::Seconds, self.duration.clone());
        let help = "When the last cycle ended in which nothing went wrong, in Unix time";
        registry.register_with_unit("last_good_cycle_timestamp", help, Unit::Seconds, self.last_good.clone());
        registry.register("revision_info", "The revision that was made true last", self.revision.clone());
        registry.register("resources", "Resources by class of difference, as last seen", self.resources.clone());
        registry.register("steps", "Steps by what came of them", self.steps.clone());
        registry.register("waiting_groups", "Groups of steps that wait for approval", self.waiting.clone());
        let help = "Whether the last cycle read the service whole";
        registry.register("reading_complete", help, self.whole.clone());
        let help = "Calls to services by class of the status; 'none' where no answer came";
        registry.register("calls", help, self.calls.clone());
        let help = "How long a call to a service takes";
        registry.register_with_unit("call_duration", help, Unit::Seconds, self.latency.clone());
        registry.register("call_retries", "Calls that were made once more", self.retries.clone());
        registry.register("mono_repo_readable", "Whether the newest revision can be acted on", self.mono_repo.clone());
        registry.register("leading", "Whether this daemon leads", self.leads.clone());
        registry.register("lease_held", "Whether a cycle holds the ledger's lease now", self.lease.clone());
    }

    /// The numbers in the text format of Prometheus, 0.0.4.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }

    /// Calls so far.
    pub(super) fn calls(&self) -> u64 {
        self.all_calls.load(Ordering::Relaxed)
    }

    /// Whether the newest revision of the mono-repo can be acted on.
    pub(super) fn mono_repo(&self, readable: bool) {
        self.mono_repo.set(readable.into());
    }

    /// Whether this daemon leads.
    pub(super) fn leads(&self, leads: bool) {
        self.leads.set(leads.into());
    }

    /// Whether a cycle holds the lease.
    pub(super) fn lease(&self, held: bool) {
        self.lease.set(held.into());
    }

    /// A cycle ended.
    pub(super) fn cycled(&self, report: &CycleReport, cycled: Option<&Cycled>, ended: DateTime<Utc>) {
        self.cycles.get_or_create(&[("result", report.result.word().to_owned())]).inc();
        self.duration.observe(Duration::from_millis(report.took_ms).as_secs_f64());
        if report.result.is_good() {
            self.last_good.set(ended.timestamp());
        }
        let Some(cycled) = cycled else { return };
        self.revision.clear();
        self.revision.get_or_create(&[("revision", report.revision.id.clone())]).set(1);
        self.waiting.set(report.waiting.len().try_into().unwrap_or(i64::MAX));
        self.whole.clear();
        for (instance, failure) in &report.services {
            self.whole.get_or_create(&of(instance)).set(failure.is_none().into());
        }
        self.seen(cycled);
        for step in cycled.outcome.iter().flat_map(|outcome| &outcome.steps) {
            let [instance] = of(&step.address.instance);
            let labels = [instance, ("verb", step.verb.to_string()), ("outcome", step.outcome.word().to_owned())];
            self.steps.get_or_create(&labels).inc();
        }
    }

    /// Resources by class, each installation for itself.
    fn seen(&self, cycled: &Cycled) {
        let changes = &cycled.planned.planned.plan.changes;
        let differ: BTreeSet<&Address> = changes.iter().map(|change| &change.address).collect();
        let same = cycled.world.desired.iter().map(|it| &it.address).filter(|address| !differ.contains(address));
        let differences = changes.iter().map(|change| (&change.address, change.class));
        self.resources.clear();
        for (address, class) in same.map(|address| (address, DriftClass::InSync)).chain(differences) {
            let [instance] = of(&address.instance);
            self.resources.get_or_create(&[instance, ("class", class.word().to_owned())]).inc();
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl CallMeter for Metrics {
    fn called(&self, instance: &Instance, status: Option<u16>, took: Duration) {
        self.all_calls.fetch_add(1, Ordering::Relaxed);
        let class = status.map_or("none".to_owned(), |status| format!("{}xx", status / 100));
        let [name] = of(instance);
        self.calls.get_or_create(&[name, ("status", class)]).inc();
        self.latency.get_or_create(&of(instance)).observe(took.as_secs_f64());
    }

    fn retried(&self, instance: &Instance) {
        self.retries.get_or_create(&of(instance)).inc();
    }
}

fn of(instance: &Instance) -> Labels<1> {
    [("instance", instance.as_str().to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_installation_and_class_of_status() {
        let metrics = Metrics::new();
        let gitea = Instance::new("gitea");
        for status in [Some(200), Some(201), Some(503), None] {
            metrics.called(&gitea, status, Duration::from_millis(20));
        }
        metrics.retried(&gitea);
        let text = metrics.text();
        for line in [
            "formulary_calls_total{instance=\"gitea\",status=\"2xx\"} 2",
            "formulary_calls_total{instance=\"gitea\",status=\"5xx\"} 1",
            "formulary_calls_total{instance=\"gitea\",status=\"none\"} 1",
            "formulary_call_duration_seconds_count{instance=\"gitea\"} 4",
            "formulary_call_retries_total{instance=\"gitea\"} 1",
            "formulary_leading 0",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} is not in:\n{text}");
        }
        assert_eq!(metrics.calls(), 4);
    }
}
