//! What a replay found: differences for a person to read, and a table of counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::compare::Weight;
use super::exceptions::Exception;
use super::replay::{Outcome, Verdict};

/// The outcomes of all scenarios of a service.
pub struct Report {
    service: String,
    pub scenarios: BTreeMap<String, Vec<Outcome>>,
}

/// Counts of one scenario.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    same: usize,
    excepted: usize,
    differs: usize,
    not_modelled: usize,
    skipped: usize,
    soft: usize,
}

impl Report {
    pub fn new(service: &str) -> Self {
        Report { service: service.to_owned(), scenarios: BTreeMap::new() }
    }

    pub fn add(&mut self, scenario: &str, outcomes: Vec<Outcome>) {
        self.scenarios.insert(scenario.to_owned(), outcomes);
    }

    /// Prints the table, and panics with every difference that is not excepted, and every exception that is stale.
    pub fn assert_agrees(&self, exceptions: &[Exception]) {
        println!("{}", self.table(exceptions));
        println!("{}", self.left_out());
        for exception in exceptions.iter().filter(|e| e.scenario.starts_with(&format!("{}/", self.service))) {
            println!("excepted: {} {:?}: {}", exception.scenario, exception.exchanges, exception.reason);
        }
        let findings = self.findings(exceptions);
        assert!(findings.is_empty(), "\n{}\n{} findings against {}", findings.join("\n"), findings.len(), self.service);
    }

    /// What must be repaired: differences without an exception, and exceptions without a difference.
    pub fn findings(&self, exceptions: &[Exception]) -> Vec<String> {
        let prefix = format!("{}/", self.service);
        let mine = exceptions.iter().filter_map(|e| Some((e.scenario.strip_prefix(&prefix)?, e)));
        let excepted: BTreeSet<(&str, i64)> =
            mine.flat_map(|(scenario, e)| e.exchanges.iter().map(move |&number| (scenario, number))).collect();
        let mut met = BTreeSet::new();
        let mut findings = Vec::new();
        for (scenario, outcomes) in &self.scenarios {
            for outcome in outcomes {
                let key = (scenario.as_str(), outcome.number);
                if outcome.verdict == Verdict::Differs {
                    met.insert(key);
                    if !excepted.contains(&key) {
                        findings.push(self.describe(scenario, outcome));
                    }
                } else if std::env::var_os("FORMULARY_SOFT").is_some() && !outcome.differences.is_empty() {
                    println!("{}", self.describe(scenario, outcome));
                }
            }
        }
        // Of a scenario that was not replayed nothing is known.
        let stale = excepted.difference(&met).filter(|(scenario, _)| self.scenarios.contains_key(*scenario));
        for (scenario, number) in stale {
            findings.push(format!("stale exception: {prefix}{scenario} · {number} differs no more"));
        }
        findings
    }

    /// Counts of each scenario and of all.
    fn table(&self, exceptions: &[Exception]) -> String {
        let mut table = format!(
            "{:<36}{:>7}{:>10}{:>9}{:>14}{:>9}{:>7}\n",
            self.service, "same", "excepted", "differs", "not modelled", "skipped", "soft"
        );
        let mut total = Counts::default();
        for (scenario, outcomes) in &self.scenarios {
            let counts = self.counts(scenario, outcomes, exceptions);
            total = total.plus(counts);
            table.push_str(&counts.row(scenario));
        }
        table.push_str(&total.row("all"));
        table
    }

    /// The operations that no emulator models and the exchanges that were skipped, counted.
    fn left_out(&self) -> String {
        let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
        for outcome in self.scenarios.values().flatten() {
            match &outcome.verdict {
                Verdict::NotModelled => {
                    *left_out.entry(format!("not modelled: {}", operation(&outcome.request))).or_default() += 1
                }
                Verdict::Skipped(why) => *left_out.entry(format!("skipped: {why}")).or_default() += 1,
                _ => {}
            }
        }
        left_out.iter().fold(String::new(), |mut text, (what, count)| {
            let _ = writeln!(text, "{count:>6} {what}");
            text
        })
    }

    fn counts(&self, scenario: &str, outcomes: &[Outcome], exceptions: &[Exception]) -> Counts {
        let path = format!("{}/{scenario}", self.service);
        let is_excepted = |number| exceptions.iter().any(|e| e.scenario == path && e.exchanges.contains(&number));
        let mut counts = Counts::default();
        for outcome in outcomes {
            match &outcome.verdict {
                Verdict::Same => counts.same += 1,
                Verdict::Differs if is_excepted(outcome.number) => counts.excepted += 1,
                Verdict::Differs => counts.differs += 1,
                Verdict::NotModelled => counts.not_modelled += 1,
                Verdict::Skipped(_) => counts.skipped += 1,
                Verdict::NotCompared => {}
            }
            counts.soft += outcome.differences.iter().filter(|difference| difference.weight == Weight::Soft).count();
        }
        counts
    }

    fn describe(&self, scenario: &str, outcome: &Outcome) -> String {
        let Outcome { number, label, request, .. } = outcome;
        let mut text = format!("{}/{scenario} · {number} {label}\n    {request}", self.service);
        for difference in &outcome.differences {
            let weight = if difference.weight == Weight::Hard { "hard" } else { "soft" };
            let _ = write!(text, "\n    {weight} {}: {}", difference.at, difference.what);
        }
        text
    }
}

impl Counts {
    fn plus(self, other: Counts) -> Counts {
        Counts {
            same: self.same + other.same,
            excepted: self.excepted + other.excepted,
            differs: self.differs + other.differs,
            not_modelled: self.not_modelled + other.not_modelled,
            skipped: self.skipped + other.skipped,
            soft: self.soft + other.soft,
        }
    }

    fn row(self, name: &str) -> String {
        let Counts { same, excepted, differs, not_modelled, skipped, soft } = self;
        format!("{name:<36}{same:>7}{excepted:>10}{differs:>9}{not_modelled:>14}{skipped:>9}{soft:>7}\n")
    }
}

/// Method and path with ids and names below the second segment left out, so that calls of one operation count together.
fn operation(request: &str) -> String {
    let path = request.split('?').next().unwrap_or(request);
    let is_name = |segment: &str| segment.bytes().any(|byte| byte.is_ascii_digit()) || segment.len() > 24;
    let shape: Vec<_> = path.split('/').enumerate().map(|(n, s)| if n > 2 && is_name(s) { "*" } else { s }).collect();
    shape.join("/")
}
