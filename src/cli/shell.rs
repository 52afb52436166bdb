//! The one place that prints: results to the standard output, everything else to the standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::failure::CommandError;
use super::options::{ColorChoice, Format};
use crate::engine::diag::render::visible;
use crate::engine::diag::{Diagnostic, render};
use crate::engine::model::Instance;
use crate::engine::report::Look;
use crate::runtime::reconcile::Progress;

/// Columns when the output goes to no terminal and nobody says otherwise.
const WIDTH: usize = 100;

/// Where a command prints, and how.
#[derive(Clone)]
pub struct Shell {
    look: Look,
    /// The format that was asked for.
    pub format: Format,
    quiet: bool,
    live: bool,
    errors: Look,
}

impl Shell {
    /// A shell for this process. `NO_COLOR` and `--color` decide on colours, `COLUMNS` or the terminal on the width.
    pub fn new(color: ColorChoice, format: Format, quiet: bool, verbose: bool) -> Self {
        let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let coloured = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !no_color && variable("TERM").as_deref() != Some("dumb"),
        };
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let width = variable("COLUMNS")
            .and_then(|columns| columns.parse().ok())
            .or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
            .filter(|width| *width >= 20)
            .unwrap_or(WIDTH);
        Self {
            look: Look { colour: coloured(out), width, verbose },
            errors: Look { colour: coloured(err), width, verbose },
            format,
            quiet,
            live: err && !quiet,
        }
    }

    /// How results are drawn.
    pub fn look(&self) -> Look {
        self.look
    }

    /// Prints a result.
    ///
    /// # Errors
    /// When the output cannot be written. A reader that went away (`| head`) is no error.
    pub fn print(&self, text: &str) -> Result<(), CommandError> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// Prints a JSON document.
    ///
    /// # Errors
    /// As [`Shell::print`].
    pub fn json(&self, document: &serde_json::Value) -> Result<(), CommandError> {
        self.print(&format!("{document:#}\n"))
    }

    /// Whether nothing but results and errors is wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Says something beside the result; not with `-q`.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.err(text);
        }
    }

    /// Says what went wrong.
    pub fn error(&self, error: &CommandError) {
        if !error.diagnostics.is_empty() {
            self.err(&self.diagnostics_text(&error.diagnostics, |_| None));
        }
        if !error.message.is_empty() {
            self.err(&format!("error: {}", visible(&error.message)));
        }
        if let Some(hint) = &error.hint {
            self.err(&format!("hint: {}", hint.lines().map(visible).collect::<Vec<_>>().join("\n      ")));
        }
    }

    /// Problems as text for the standard error.
    pub fn diagnostics_text<'a>(&self, problems: &[Diagnostic], source: impl Fn(&str) -> Option<&'a str>) -> String {
        render::text(problems, source, render::Look { colour: self.errors.colour, width: self.errors.width })
    }

    /// Prints to the standard error, with a line end if there is none.
    pub fn err(&self, text: &str) {
        let mut err = io::stderr().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        // Nothing can be said about a standard error that is gone.
        let _ = write!(err, "{text}{end}");
    }

    /// Shows that something goes on: a spinner on a terminal, lines elsewhere.
    pub fn activity(&self, what: &str) -> Activity {
        let bar = self.live.then(|| {
            let style = ProgressStyle::with_template("{spinner} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = ProgressBar::new_spinner().with_style(style).with_message(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Activity { bar: bar.map(Arc::new), shell: self.clone() }
    }
}

/// Something that goes on. Dropping it clears its line.
#[derive(Clone)]
pub struct Activity {
    bar: Option<Arc<ProgressBar>>,
    shell: Shell,
}

impl Activity {
    /// Says where it is now; on a terminal in its place, elsewhere not at all.
    pub fn now(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(visible(what));
        }
    }

    /// Says that a part is done: a line that stays.
    pub fn done(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.println(what),
            None => self.shell.say(what),
        }
    }

    /// Whether everything is told.
    pub fn is_verbose(&self) -> bool {
        self.shell.look.verbose
    }

    /// Ends it.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        if self.bar.as_ref().is_some_and(|bar| Arc::strong_count(bar) == 1) {
            self.finish();
        }
    }
}

impl Progress for Activity {
    fn reading(&self, instance: &Instance, what: &str) {
        self.now(&format!("reading {instance}: {what}"));
    }

    fn was_read(&self, instance: &Instance, objects: usize) {
        self.now(&format!("read {instance}: {objects} objects"));
    }
}

/// How to print is the terminal's business, which is told by the environment.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
