//! Values of parameters: which ones a build gets, and what is said of one that breaks its rule.

use regex::Regex;
use serde_json::{Value, json};

use super::reply::{Refusal, refuse};
use crate::provider::coder::terraform::formula::{Parameter, Preset};

/// A fault of a value: in short, and in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) summary: String,
    pub(super) detail: String,
}

const BY_VALIDATION: &str = "Invalid parameter value according to 'validation' block";

impl Parameter {
    /// What is wrong with a value, in the words of the dynamic flow.
    pub(super) fn fault(&self, value: &str) -> Option<Fault> {
        let fault = |summary: &str, detail: String| Some(Fault { summary: summary.to_owned(), detail });
        let not_of_type = |detail: String| fault(&format!("Parameter value is not of type \"{}\"", self.kind), detail);
        match self.kind.as_str() {
            "bool" if !matches!(value, "true" | "false") => return not_of_type(format!("\"{value}\" is not a bool")),
            "list(string)" if list(value).is_none() => {
                return not_of_type(format!("value \"{value}\" is not a valid list of strings"));
            }
            "number" if !self.has_validation && value.parse::<f64>().is_err() => {
                return not_of_type(format!("\"{value}\" is not a number"));
            }
            _ => {}
        }
        if let Some(detail) = self.outside_validation(value) {
            return fault(BY_VALIDATION, detail);
        }
        let missing = self.missing_option(value)?;
        fault("Value must be a valid option", format!("the value \"{missing}\" must be defined as one of options"))
    }

    /// What is wrong with a value, in the words of the classic flow.
    fn classic_fault(&self, value: &str) -> Option<String> {
        match self.kind.as_str() {
            "bool" if !matches!(value, "true" | "false") => {
                return Some("boolean value can be either \"true\" or \"false\"".to_owned());
            }
            "list(string)" if list(value).is_none() => {
                return Some(format!("value \"{value}\" is not valid list of strings"));
            }
            "number" if value.parse::<f64>().is_err() => return Some(format!("value \"{value}\" is not a number")),
            _ => {}
        }
        if self.missing_option(value).is_some() {
            let options: Vec<&str> = self.options.iter().map(|option| option[1].as_str()).collect();
            return Some(format!("parameter value must match one of options: [{}]", options.join(" ")));
        }
        self.outside_validation(value)
    }

    /// Numbers that are validated are whole; texts are matched anywhere.
    pub(super) fn outside_validation(&self, value: &str) -> Option<String> {
        if !self.has_validation {
            return None;
        }
        if self.kind == "number" {
            let Ok(number) = value.parse::<i64>() else {
                return Some(format!("value \"{value}\" is not a number"));
            };
            return match (self.min, self.max) {
                (Some(min), _) if number < min => Some(format!("value {number} is less than the minimum {min}")),
                (_, Some(max)) if number > max => Some(format!("value {number} is more than the maximum {max}")),
                _ => None,
            };
        }
        let pattern = self.regex.as_deref()?;
        let matches = Regex::new(pattern).is_ok_and(|regex| regex.is_match(value));
        (!matches).then(|| format!("{} (value \"{value}\" does not match \"{pattern}\")", self.error))
    }

    fn missing_option(&self, value: &str) -> Option<String> {
        if self.options.is_empty() {
            return None;
        }
        let values = if self.form_type == "multi-select" { list(value)? } else { vec![value.to_owned()] };
        values.into_iter().find(|value| !self.options.iter().any(|option| option[1] == *value))
    }

    /// Whether a value goes the wrong way from the one before.
    fn against_order(&self, value: &str, before: &str) -> Option<String> {
        let (new, old) = (value.parse::<i64>().ok()?, before.parse::<i64>().ok()?);
        let words = match self.monotonic.as_str() {
            "increasing" if new < old => "greater",
            "decreasing" if new > old => "lower",
            _ => return None,
        };
        Some(format!("parameter value '{value}' must be equal or {words} than previous value: {before}"))
    }

    /// The parameter as `rich-parameters` shows it.
    pub(super) fn view(&self) -> Value {
        let mut view = json!({ "name": self.name });
        let mut put = |field: &str, value: Value| {
            if value != json!("") && !value.is_null() {
                view[field] = value;
            }
        };
        put("display_name", self.display_name.as_str().into());
        put("validation_error", self.error.as_str().into());
        put("validation_regex", self.regex.as_deref().unwrap_or("").into());
        put("validation_min", self.min.into());
        put("validation_max", self.max.into());
        put("validation_monotonic", self.monotonic.as_str().into());
        let option = |[name, value, description, icon]: &[String; 4]| json!({ "name": name, "description": description, "value": value, "icon": icon });
        super::accounts::extend(
            &mut view,
            json!({
                "description": self.description,
                "description_plaintext": self.description,
                "type": self.kind,
                "form_type": self.form_type,
                "mutable": self.is_mutable,
                "default_value": self.default.as_deref().unwrap_or(""),
                "icon": self.icon,
                "options": self.options.iter().map(option).collect::<Vec<_>>(),
                "required": self.default.is_none(),
                "ephemeral": self.is_ephemeral,
            }),
        );
        view
    }
}

fn list(value: &str) -> Option<Vec<String>> {
    serde_json::from_str(value).ok()
}

/// What the values of a build come from.
pub(super) struct Sources<'a> {
    pub(super) parameters: &'a [Parameter],
    /// The build before, where there is one.
    pub(super) before: Option<&'a [(String, String)]>,
    pub(super) sent: &'a [(String, String)],
    pub(super) preset: Option<&'a Preset>,
    pub(super) is_classic: bool,
}

impl Sources<'_> {
    /// The values of a build. A preset wins over the request, the request over the build before, and that over the
    /// default. Names that are no parameter's are dropped.
    pub(super) fn values(&self) -> Result<Vec<(String, String)>, Refusal> {
        let mut values = Vec::new();
        let mut faults = Vec::new();
        for parameter in self.parameters {
            let of = |pairs: &[(String, String)]| {
                pairs.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.clone())
            };
            let before = self.before.and_then(of);
            let chosen = self.preset.and_then(|preset| of(&preset.values)).or_else(|| of(self.sent));
            let kept = before.clone().filter(|_| !parameter.is_ephemeral);
            let Some(value) = chosen.or(kept).or_else(|| parameter.default.clone()) else {
                faults.push((
                    parameter,
                    Fault {
                        summary: "Required parameter not provided".to_owned(),
                        detail: "parameter value is null".to_owned(),
                    },
                    format!("Parameter \"{}\" is required but not provided", parameter.name),
                ));
                continue;
            };
            if let Some(fault) = self.fault(parameter, &value, before.as_deref()) {
                faults.push((parameter, fault.0, fault.1));
            }
            values.push((parameter.name.clone(), value));
        }
        match faults.first() {
            None => Ok(values),
            Some((parameter, _, classic)) if self.is_classic => {
                Err(refuse(400, format!("Unable to validate parameter \"{}\"", parameter.name))
                    .detail(format!("parameter validation failed\n{classic}")))
            }
            Some(_) => Err(faults.iter().fold(
                refuse(400, "Unable to validate parameters"),
                |refusal, (parameter, fault, _)| {
                    refusal.field(parameter.name.as_str(), format!("{}; {}", fault.summary, fault.detail))
                },
            )),
        }
    }

    /// What is wrong with a value, in the words of both flows.
    fn fault(&self, parameter: &Parameter, value: &str, before: Option<&str>) -> Option<(Fault, String)> {
        let name = &parameter.name;
        if let Some(before) = before {
            if !parameter.is_mutable && before != value {
                let detail =
                    format!("Parameter \"{name}\" is not mutable, so it can't be updated after creating a workspace.");
                return Some((
                    Fault { summary: "Immutable parameter changed".to_owned(), detail: detail.clone() },
                    detail,
                ));
            }
            if let Some(detail) = parameter.against_order(value, before) {
                let classic = format!("can't validate build parameter \"{}\": {detail}", parameter.shown());
                return Some((Fault { summary: format!("Parameter \"{name}\" monotonicity"), detail }, classic));
            }
        }
        let classic = parameter
            .classic_fault(value)
            .map(|text| format!("can't validate build parameter \"{}\": {text}", parameter.shown()));
        if self.is_classic {
            return classic.map(|text| (Fault { summary: String::new(), detail: String::new() }, text));
        }
        parameter.fault(value).map(|fault| (fault, String::new()))
    }

    /// The preset that the values equal, which is then chosen by itself.
    pub(super) fn implied<'p>(&self, presets: &'p [Preset], values: &[(String, String)]) -> Option<&'p Preset> {
        presets
            .iter()
            .find(|preset| !preset.values.is_empty() && preset.values.iter().all(|pair| values.contains(pair)))
    }
}

impl Parameter {
    /// What people see of it.
    fn shown(&self) -> &str {
        if self.display_name.is_empty() { &self.name } else { &self.display_name }
    }
}
