//! The last words of a job. Why it failed stands in its log alone (trap 41).

use std::sync::LazyLock;

use regex::Regex;

use super::wire::{Job, LogLine};
use crate::engine::model::{Failure, FailureClass};

/// Lines that are told.
const LINES: usize = 12;
/// Characters of a line that are told.
const WIDTH: usize = 200;

/// What may be a secret: whatever stands behind such a word, and long words of letters and digits mixed.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)((?:password|passwd|secret|token|api_?key|credential)[a-z_]*["']?\s*[:=]\s*["']?)[^\s"',;]+"#)
        .expect("the pattern is one")
});
static LONG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9+_=-]{32,}").expect("the pattern is one"));

/// The failure of a job that ended badly.
pub fn failure(doing: &str, job: &Job, log: &[LogLine]) -> Failure {
    let errors: Vec<&LogLine> =
        log.iter().filter(|line| line.log_level == "error" && !line.output.trim().is_empty()).collect();
    let all: Vec<&LogLine> = log.iter().filter(|line| !line.output.trim().is_empty()).collect();
    let told = if errors.is_empty() { all } else { errors };
    let lines: Vec<String> =
        told.iter().skip(told.len().saturating_sub(LINES)).map(|line| shown(&line.output)).collect();
    let why = if job.error.is_empty() { job.status.clone() } else { shown(&job.error) };
    let said = if lines.is_empty() { why } else { format!("{why}\n  {}", lines.join("\n  ")) };
    Failure::new(FailureClass::Refused, doing, said).help("the whole log is on the dashboard")
}

/// A line without what may be a secret.
fn shown(line: &str) -> String {
    let line = SECRET.replace_all(line.trim_end(), "$1…");
    let line = LONG.replace_all(&line, |found: &regex::Captures<'_>| {
        let word = &found[0];
        let mixed = word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(|c| c.is_ascii_alphabetic());
        if mixed { "…".to_owned() } else { word.to_owned() }
    });
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: &str, output: &str) -> LogLine {
        LogLine { log_level: level.to_owned(), output: output.to_owned() }
    }

    #[test]
    fn the_reason_is_told_and_secrets_are_not() {
        let job = Job {
            status: "failed".into(),
            error: "terraform plan: exit status 1".into(),
            queue_position: 0,
            queue_size: 0,
        };
        let log = [
            line("info", "Planning"),
            line("error", "Error: no such image \"ml:9\""),
            line("error", "  password = \"hunter2\", token: abc"),
            line("error", "sent ghp0123456789abcdefghij0123456789xyz to the registry"),
        ];
        let failure = failure("import 'coder:template-version/ml/1'", &job, &log);
        insta::assert_snapshot!(failure.said, @r#"
        terraform plan: exit status 1
          Error: no such image "ml:9"
            password = "…", token: …
          sent … to the registry
        "#);
    }
}
