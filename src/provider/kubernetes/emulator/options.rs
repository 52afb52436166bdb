//! What a query says of a write: whether it is meant, who writes, and what unknown fields lead to.

use super::dispatch::Call;
use super::status::{Cause, Reply, invalid};

/// What a query says of a write.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) dry: bool,
    /// Whether others lose what they hold.
    pub(super) force: bool,
    /// Whether `force` was said at all.
    pub(super) forced: bool,
    pub(super) manager: Option<String>,
    pub(super) validation: String,
}

impl Options {
    pub(super) fn read(call: &Call, kind: &str) -> Result<Self, Reply> {
        let mut causes = Vec::new();
        let dry: Vec<&str> = call.queries("dryRun").collect();
        if dry.iter().any(|it| *it != "All") {
            let said: Vec<String> = dry.iter().map(|it| format!("\"{it}\"")).collect();
            causes.push(Cause::unsupported("dryRun", &format!("[{}]", said.join(",")), "\"All\""));
        }
        let manager = call.query("fieldManager").map(str::to_owned);
        if let Some(name) = &manager {
            if name.len() > 128 {
                causes.push(Cause::too_long("fieldManager", 128));
            }
            if let Some((at, c)) = name.char_indices().find(|(_, c)| c.is_control()) {
                let shown = name.replace(c, &format!("\\x{:02x}", c as u32));
                causes.push(Cause {
                    reason: "FieldValueInvalid",
                    message: format!(
                        "Invalid value: \"{shown}\": invalid character U+{:04X} (at position {at})",
                        c as u32
                    ),
                    field: "fieldManager".to_owned(),
                });
            }
        }
        let validation = call.query("fieldValidation").unwrap_or_default().to_owned();
        if !["", "Ignore", "Strict", "Warn"].contains(&validation.as_str()) {
            let known = "\"\", \"Ignore\", \"Strict\", \"Warn\"";
            causes.push(Cause::unsupported("fieldValidation", &format!("\"{validation}\""), known));
        }
        if !causes.is_empty() {
            return Err(invalid(kind, "meta.k8s.io", "", &causes));
        }
        let said = call.query("force");
        let force = said.is_some_and(|it| !["false", "0"].contains(&it));
        Ok(Self { dry: !dry.is_empty(), force, forced: said.is_some(), manager, validation })
    }

    pub(super) fn manager(&self) -> Option<&str> {
        self.manager.as_deref().filter(|it| !it.is_empty())
    }
}
