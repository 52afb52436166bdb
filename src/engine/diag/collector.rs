//! Gathers problems from everywhere and hands them out in one order.

use super::{Diagnostic, Severity};

/// A sink for problems. Nothing stops at the first: every check runs, and the list is judged once at the end.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    diagnostics: Vec<Diagnostic>,
}

impl Collector {
    /// An empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one problem.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// How many have been taken so far, repeats included.
    pub fn len(&self) -> usize {
        self.diagnostics.len()
    }

    /// Whether nothing has been taken.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Whether an error is among them.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|it| it.severity == Severity::Error)
    }

    /// All problems ordered by file and place (those without a place first), each once.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort();
        self.diagnostics.dedup();
        self.diagnostics
    }
}

impl Extend<Diagnostic> for Collector {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: T) {
        self.diagnostics.extend(diagnostics);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::diag::{Mark, codes};

    #[test]
    fn problems_come_out_by_file_and_place_and_once() {
        let at = |file: &str, line| Mark { line, column: 1, start: 0, end: 0 }.in_file(&file.into());
        let problem = |file, line| Diagnostic::warning(codes::LOOKALIKE, "x").at(at(file, line));
        let mut collector = Collector::new();
        collector.extend([problem("b", 1), problem("a", 20), problem("a", 3), problem("b", 1)]);
        collector.push(Diagnostic::error(codes::FILE_UNREADABLE, "y"));
        let order: Vec<String> = collector.finish().iter().map(ToString::to_string).collect();
        insta::assert_debug_snapshot!(order, @r#"
        [
            "error[FML0101]: y",
            "a:3:1: warning[FML0116]: x",
            "a:20:1: warning[FML0116]: x",
            "b:1:1: warning[FML0116]: x",
        ]
        "#);
    }
}
