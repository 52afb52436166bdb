//! What comes of importing a template: success, or the failure that its content asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::extract;
use super::jobs::Failure;
use super::settings::Settings;
use crate::provider::coder::terraform::evaluate::{Names, cannot_convert, references};
use crate::provider::coder::terraform::formula::{Formula, Parameter};
use crate::provider::coder::terraform::hcl::{Block, Expression};

/// The largest message to a provisioner, in bytes, and what surrounds an archive in it.
const MOST_BYTES: usize = 4 << 20;
const AROUND: usize = 149;

/// Providers that can be had, with their newest release. Others are in none of the places that Terraform looks at.
const PROVIDERS: [(&str, [u64; 3]); 9] = [
    ("coder/coder", [2, 18, 0]),
    ("hashicorp/aws", [6, 20, 0]),
    ("hashicorp/helm", [3, 1, 0]),
    ("hashicorp/kubernetes", [2, 38, 0]),
    ("hashicorp/local", [2, 6, 0]),
    ("hashicorp/null", [3, 2, 4]),
    ("hashicorp/random", [3, 7, 2]),
    ("hashicorp/time", [0, 13, 1]),
    ("kreuzwerker/docker", [3, 6, 2]),
];

/// Attributes of `coder_workspace` that release 2 of the provider took away.
const REMOVED: [&str; 7] = [
    "owner",
    "owner_id",
    "owner_name",
    "owner_email",
    "owner_groups",
    "owner_oidc_access_token",
    "owner_session_token",
];

const INIT: &str = "Initializing Terraform Directory";
const PLAN: &str = "Detecting persistent resources";

/// An archive, read as the provisioner reads it.
pub(super) struct Import {
    pub(super) formula: Formula,
    pub(super) readme: String,
    pub(super) failure: Option<Failure>,
}

/// Imports an archive with the values that its variables have.
pub(super) fn import(tar: &[u8], values: &BTreeMap<String, String>, settings: &Settings) -> Import {
    let mut import = Import { formula: Formula::default(), readme: String::new(), failure: None };
    import.failure = (|| {
        if tar.len() + AROUND > MOST_BYTES {
            return Err(Failure::new(format!("payload was too big: {} > {MOST_BYTES}", tar.len() + AROUND), "", &[]));
        }
        let files = extract(tar).map_err(|fault| {
            let error = format!(
                "template import init error: extract template archive: extract template source archive: {fault}"
            );
            Failure::new(error, "", &[])
        })?;
        import.readme =
            files.get("README.md").map(|data| String::from_utf8_lossy(data).into_owned()).unwrap_or_default();
        let formula = Formula::read(&files).map_err(|(file, fault)| {
            init_error(&[&format!("Error: {}", fault.text), &format!("on {file} line {}:", fault.line)])
        })?;
        import.formula = formula;
        check(&import.formula, values, settings)
    })()
    .err();
    import
}

fn init_error(lines: &[&str]) -> Failure {
    Failure::new("template import init error: initialize terraform: exit status 1".to_owned(), INIT, lines)
}

fn plan_error(lines: &[&str]) -> Failure {
    let error = "template import provision for start: plan during template import provision error: terraform plan: exit status 1";
    Failure::new(error.to_owned(), PLAN, lines)
}

fn check(formula: &Formula, values: &BTreeMap<String, String>, settings: &Settings) -> Result<(), Failure> {
    providers(formula)?;
    let missing: Vec<String> = formula
        .variables()
        .into_iter()
        .filter(|variable| variable.default.is_none() && values.get(&variable.name).is_none_or(String::is_empty))
        .map(|variable| variable.name)
        .collect();
    if !missing.is_empty() {
        let error = format!("update job: required template variables need values: {}", missing.join(", "));
        return Err(Failure { code: "REQUIRED_TEMPLATE_VARIABLES", ..Failure::new(error, "", &[]) });
    }
    if formula.blocks.is_empty() {
        return Err(plan_error(&["Error: No configuration files", "Plan requires configuration to be present."]));
    }
    let names = formula.names(values, &[]);
    if let Some((id, _)) =
        formula.external_auth(&names).iter().find(|(id, _)| !settings.external_auth.iter().any(|known| known.id == *id))
    {
        return Err(Failure::new(format!("external auth provider \"{id}\" is not configured"), "", &[]));
    }
    undeclared(formula, &names)?;
    for parameter in formula.parameters(&names) {
        if let Some((summary, detail)) = parameter_fault(&parameter) {
            let (file, line) = &parameter.place;
            let place = format!("on {file} line {line}, in data \"coder_parameter\" \"{}\":", parameter.label);
            return Err(plan_error(&[&format!("Error: {summary}"), &place, "", &detail]));
        }
    }
    Ok(())
}

/// Every provider that is used can be had in a release that is asked for.
fn providers(formula: &Formula) -> Result<(), Failure> {
    let mut wanted: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (_, block) in formula.of("terraform", "") {
        for required in block.inner("required_providers") {
            for (name, (value, _)) in &required.arguments {
                let field = |key: &str| match value {
                    Expression::Object(items) => items.iter().find_map(|(known, value)| match value {
                        Expression::Text(text) if known == key => Some(text.clone()),
                        _ => None,
                    }),
                    _ => None,
                };
                let source = field("source").unwrap_or_else(|| format!("hashicorp/{name}"));
                wanted.insert(name.clone(), (source, field("version").unwrap_or_default()));
            }
        }
    }
    for (_, block) in formula.blocks.iter().filter(|(_, block)| matches!(block.kind.as_str(), "data" | "resource")) {
        let name = block.label(0).split('_').next().unwrap_or_default().to_owned();
        if name != "terraform" {
            wanted.entry(name.clone()).or_insert_with(|| (format!("hashicorp/{name}"), String::new()));
        }
    }
    for (source, constraint) in wanted.into_values() {
        let source = source.strip_prefix("registry.terraform.io/").unwrap_or(&source).to_owned();
        let about = format!("Could not retrieve the list of available versions for provider {source}: ");
        let error = "Error: Failed to query available provider packages";
        let Some((_, newest)) = PROVIDERS.iter().find(|(known, _)| *known == source) else {
            let reason =
                format!("provider registry.terraform.io/{source} was not found in any of the search locations");
            return Err(init_error(&[error, &(about + &reason)]));
        };
        if !constraint.split(',').all(|part| admits(part.trim(), *newest)) {
            let reason = format!("no available releases match the given constraints {constraint}");
            return Err(init_error(&[error, &(about + &reason)]));
        }
    }
    Ok(())
}

/// Whether a constraint admits a release.
fn admits(constraint: &str, release: [u64; 3]) -> bool {
    let digits = constraint.find(|c: char| c.is_ascii_digit()).unwrap_or(constraint.len());
    let (operator, version) = constraint.split_at(digits);
    let parts: Vec<u64> = version.trim().split('.').map_while(|part| part.parse().ok()).collect();
    if parts.is_empty() {
        return constraint.is_empty();
    }
    let mut full = [0; 3];
    full.iter_mut().zip(&parts).for_each(|(slot, part)| *slot = *part);
    match operator.trim() {
        ">=" => release >= full,
        ">" => release > full,
        "<=" => release <= full,
        "<" => release < full,
        "!=" => release != full,
        "~>" => release >= full && release[..parts.len().min(3) - 1] == full[..parts.len().min(3) - 1],
        _ => release == full,
    }
}

/// References that lead nowhere, and conversions that cannot work.
fn undeclared(formula: &Formula, names: &Names) -> Result<(), Failure> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (_, block) in &formula.blocks {
        match block.kind.as_str() {
            "variable" => drop(known.insert(format!("var.{}", block.label(0)))),
            "module" => drop(known.insert(format!("module.{}", block.label(0)))),
            "data" => drop(known.insert(format!("data.{}.{}", block.label(0), block.label(1)))),
            "resource" => drop(known.insert(format!("{}.{}", block.label(0), block.label(1)))),
            "locals" => known.extend(block.arguments.keys().map(|name| format!("local.{name}"))),
            _ => {}
        }
    }
    for (file, block) in formula
        .blocks
        .iter()
        .filter(|(_, block)| matches!(block.kind.as_str(), "data" | "resource" | "locals" | "module" | "output"))
    {
        for (expression, line) in expressions(block) {
            let fault = references(expression).into_iter().find_map(|parts| reference_fault(parts, &known));
            let fault = fault.or_else(|| {
                cannot_convert(expression, names).then(|| ("Invalid function argument".to_owned(), String::new()))
            });
            if let Some((summary, detail)) = fault {
                return Err(plan_error(&[
                    &format!("Error: {summary}"),
                    &format!("on {file} line {line}:"),
                    "",
                    &detail,
                ]));
            }
        }
    }
    Ok(())
}

/// The expressions of a block and of those within it. Blocks that are made by `dynamic` have names of their own.
fn expressions(block: &Block) -> Vec<(&Expression, usize)> {
    let own = block.arguments.iter().filter(|(name, _)| !matches!(name.as_str(), "depends_on" | "ignore_changes"));
    let own = own.map(|(_, (expression, line))| (expression, *line));
    let inner = block.blocks.iter().filter(|inner| !matches!(inner.kind.as_str(), "dynamic" | "lifecycle"));
    own.chain(inner.flat_map(expressions)).collect()
}

fn reference_fault(parts: &[String], known: &BTreeSet<String>) -> Option<(String, String)> {
    let first = parts.first()?;
    let name = parts.get(1)?;
    let length = match first.as_str() {
        "var" if !known.contains(&format!("var.{name}")) => {
            return Some((
                "Reference to undeclared input variable".to_owned(),
                format!(
                    "An input variable with the name \"{name}\" has not been declared. This variable can be declared with a \
                 variable \"{name}\" {{}} block."
                ),
            ));
        }
        "path" | "each" | "count" | "self" | "terraform" => return None,
        "data" => 3,
        _ => 2,
    };
    if parts.len() < length {
        return None;
    }
    if !known.contains(&parts[..length].join(".")) {
        return Some(("Reference to undeclared resource".to_owned(), String::new()));
    }
    let attribute = parts.get(3)?;
    let is_removed = first == "data" && name == "coder_workspace" && REMOVED.contains(&attribute.as_str());
    is_removed.then(|| {
        let detail = format!("This object has no argument, nested block, or exported attribute named \"{attribute}\".");
        ("Unsupported attribute".to_owned(), detail)
    })
}

/// What the provider refuses of a parameter. One without a default is planned with an empty text.
fn parameter_fault(parameter: &Parameter) -> Option<(String, String)> {
    const TYPES: [&str; 4] = ["string", "number", "bool", "list(string)"];
    let fault = |summary: &str, detail: &str| Some((summary.to_owned(), detail.to_owned()));
    if !TYPES.contains(&parameter.kind.as_str()) {
        return fault("Invalid parameter type", "expected type to be one of string, number, bool, list(string)");
    }
    if parameter.is_ephemeral && !parameter.is_mutable {
        return fault("parameter can't be immutable and ephemeral", "");
    }
    if parameter.is_ephemeral && parameter.default.is_none() {
        return fault("ephemeral parameter requires the default property", "");
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = parameter.options.iter().find(|option| !seen.insert(&option[1])) {
        return fault("Option values must be unique", &format!("value \"{}\" is not unique", twice[1]));
    }
    let is_number = parameter.kind == "number";
    let has_range = parameter.min.is_some() || parameter.max.is_some() || !parameter.monotonic.is_empty();
    if has_range && !is_number
        || parameter.regex.is_some() && (parameter.kind != "string" || parameter.error.is_empty())
    {
        return fault("Invalid 'validation' block", "");
    }
    if let Some(Err(error)) = parameter.regex.as_deref().map(regex::Regex::new) {
        return fault("Invalid 'validation' block", &error.to_string());
    }
    match &parameter.default {
        None => parameter
            .outside_validation("")
            .and_then(|detail| fault("Invalid parameter value according to 'validation' block", &detail)),
        Some(default) => match parameter.fault(default) {
            Some(found) if found.summary == "Value must be a valid option" => {
                fault("Default value must be a valid option", &found.detail)
            }
            Some(found) => fault("Invalid parameter default value according to 'validation' block", &found.detail),
            None => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints() {
        let newest = [2, 18, 0];
        assert!(["~> 2.13", ">= 2.5", "", "2.18.0", "~> 2.18.0", "!= 2.17.0"].iter().all(|text| admits(text, newest)));
        assert!(!["~> 1.0", "< 2.0", "= 2.17.0", "~> 2.17.0"].iter().any(|text| admits(text, newest)));
    }
}
