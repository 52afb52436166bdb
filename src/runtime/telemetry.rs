//! Where log lines go: to the standard error, as text for people or as JSON for machines.
//!
//! Only our own lines are ever shown in detail. The libraries below us speak from `warn` upwards, whatever is asked for:
//! at finer levels they print headers, and headers hold tokens.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logging {
    /// How much is said: 0 as it is by default (warnings), one more for each `-v`, one less for each `-q`.
    pub verbosity: i8,
    /// For whom.
    pub format: LogFormat,
    /// Whether text has colour.
    pub colour: bool,
}

/// For whom log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One line an event, for people.
    #[default]
    Text,
    /// One JSON object an event, with its fields at the top.
    Json,
}

/// Logging was set up already in this process.
#[derive(Debug, thiserror::Error)]
#[error("logging is set up already")]
pub struct LoggingError(#[source] tracing_subscriber::util::TryInitError);

impl Logging {
    /// Text to a person or a log collector: colour on a terminal, unless `NO_COLOR` says otherwise.
    pub fn new(verbosity: i8, no_colour: bool) -> Self {
        Self { verbosity, format: LogFormat::Text, colour: !no_colour && std::io::stderr().is_terminal() }
    }

    /// The finest level of our own lines that is shown.
    pub fn level(self) -> LevelFilter {
        match self.verbosity {
            i8::MIN..=-2 => LevelFilter::OFF,
            -1 => LevelFilter::ERROR,
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            2 => LevelFilter::DEBUG,
            3.. => LevelFilter::TRACE,
        }
    }

    /// Starts logging to the standard error, for the whole process and once.
    ///
    /// # Errors
    /// When it was started before.
    pub fn start(self) -> Result<(), LoggingError> {
        self.subscriber(std::io::stderr).try_init().map_err(LoggingError)
    }

    fn subscriber<W>(self, writer: W) -> Box<dyn tracing::Subscriber + Send + Sync>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let others = self.level().min(LevelFilter::WARN);
        let filter = EnvFilter::new(format!("{others},formulary={}", self.level()));
        let lines = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(writer)
            .with_ansi(self.colour)
            .with_target(false);
        match self.format {
            LogFormat::Text => Box::new(lines.compact().finish()),
            LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Collects what is written.
    #[derive(Debug, Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panicked with it").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(verbosity: i8, format: LogFormat) -> String {
        let page = Page::default();
        let logging = Logging { verbosity, format, colour: false };
        let writer = page.clone();
        tracing::subscriber::with_default(logging.subscriber(move || writer.clone()), || {
            tracing::error!(instance = "gitea", "lost");
            tracing::info!(instance = "gitea", "read");
            tracing::info!(target: "hyper", authorization = "hunter2", "sent");
        });
        let bytes = page.0.lock().expect("nobody panicked with it").clone();
        String::from_utf8(bytes).expect("it is text")
    }

    #[test]
    fn more_is_said_with_each_v_and_less_with_each_q() {
        assert_eq!(written(-2, LogFormat::Text), "");
        assert_eq!(written(-1, LogFormat::Text).lines().count(), 1);
        assert_eq!(written(0, LogFormat::Text).lines().count(), 1);
        assert_eq!(written(1, LogFormat::Text).lines().count(), 2);
    }

    #[test]
    fn what_libraries_say_about_a_request_is_never_shown() {
        assert!(!written(100, LogFormat::Text).contains("hunter2"));
    }

    #[test]
    fn json_has_one_object_a_line_with_its_fields_at_the_top() {
        let text = written(1, LogFormat::Json);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["level"], &lines[0]["message"], &lines[0]["instance"]),
            (&"ERROR".into(), &"lost".into(), &"gitea".into())
        );
    }
}
