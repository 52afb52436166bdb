//! An error with what is behind it.

use std::error::Error;

/// An error and its causes, in one line. What an error repeats of its cause, as some libraries do, is said once.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !said.ends_with(&text) {
            said = format!("{said}: {text}");
        }
        cause = next.source();
    }
    said
}
