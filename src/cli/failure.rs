//! Errors of commands: what was attempted, why it failed below, and what to do.

use std::error::Error;

use super::exit::Exit;
use crate::engine::diag::{Diagnostic, with_causes};

/// Why a command ended early.
#[derive(Debug)]
pub struct CommandError {
    /// How it exits.
    pub exit: Exit,
    /// What was attempted and why it failed, cause by cause.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Problems at places of files, where those are the reason.
    pub diagnostics: Vec<Diagnostic>,
}

impl CommandError {
    /// An error with a message alone.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, diagnostics: Vec::new() }
    }

    /// An error with its causes.
    pub fn of(exit: Exit, error: &(dyn Error + 'static)) -> Self {
        Self::new(exit, with_causes(error))
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Vec<Diagnostic>> for CommandError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::Error, message: String::new(), hint: None, diagnostics }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::of(Exit::Error, &error)
    }
}
