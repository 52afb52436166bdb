//! The values of a request, held against what its template asks for. Coder drops unknown names without a word (trap 8),
//! and finds the other faults only when the workspace is made.

use crate::engine::diag::did_you_mean;
use crate::provider::coder::terraform::formula::Parameter;

/// What is wrong with a value, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub what: String,
    pub help: String,
}

/// A value as Coder takes it: always a text. `None` for what no parameter can hold.
pub fn text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Some(value.to_string()),
        serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_string) => Some(value.to_string()),
        _ => None,
    }
}

/// Why a name is none of a template's.
pub fn unknown(name: &str, parameters: &[Parameter]) -> Fault {
    let known: Vec<&str> = parameters.iter().map(|it| it.name.as_str()).collect();
    let help = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
        [] => "it has no parameters".to_owned(),
        known => format!("its parameters are {}", known.join(", ")),
    });
    Fault { what: format!("the template has no parameter '{name}'"), help }
}

/// What is wrong with the value of a parameter, as far as it can be told without the server.
pub fn fault(parameter: &Parameter, value: &str) -> Option<Fault> {
    let name = &parameter.name;
    if parameter.is_ephemeral {
        return Some(Fault {
            what: format!("'{name}' holds for one start only, so that no request can declare it"),
            help: "give it when the workspace is started".to_owned(),
        });
    }
    if !parameter.options.is_empty() && parameter.kind != "list(string)" {
        let offered: Vec<&str> = parameter.options.iter().map(|[_, value, ..]| value.as_str()).collect();
        if !offered.contains(&value) {
            let help = did_you_mean(value, offered.iter().copied());
            return Some(Fault {
                what: format!("'{value}' is no option of '{name}'"),
                help: help.unwrap_or_else(|| format!("the options are {}", offered.join(", "))),
            });
        }
    }
    let is_of_type = match parameter.kind.as_str() {
        "number" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "bool" => matches!(value, "true" | "false"),
        "list(string)" => serde_json::from_str::<Vec<String>>(value).is_ok(),
        _ => true,
    };
    if !is_of_type {
        let what = format!("'{value}' is no {} for '{name}'", parameter.kind.replace("(string)", " of texts"));
        return Some(Fault { what, help: format!("'{name}' is of the type {}", parameter.kind) });
    }
    out_of_range(parameter, value).or_else(|| does_not_match(parameter, value))
}

fn out_of_range(parameter: &Parameter, value: &str) -> Option<Fault> {
    let number: f64 = value.parse().ok().filter(|_| parameter.kind == "number")?;
    let below = parameter.min.is_some_and(|min| number < min as f64);
    let above = parameter.max.is_some_and(|max| number > max as f64);
    let bound = |bound: Option<i64>| bound.map_or("anything".to_owned(), |it| it.to_string());
    (below || above).then(|| Fault {
        what: format!("{value} is out of the range of '{}'", parameter.name),
        help: format!("it goes from {} to {}", bound(parameter.min), bound(parameter.max)),
    })
}

fn does_not_match(parameter: &Parameter, value: &str) -> Option<Fault> {
    let pattern = parameter.regex.as_deref()?;
    // A pattern of another dialect is the server's to judge.
    let matches = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build().ok()?.is_match(value);
    (!matches).then(|| Fault {
        what: format!("'{value}' does not fit '{}'", parameter.name),
        help: if parameter.error.is_empty() { format!("it must match {pattern}") } else { parameter.error.clone() },
    })
}
