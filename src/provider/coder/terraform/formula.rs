//! What a template holds, as the import of a version reads it: variables, parameters, presets, external
//! authentication, resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::evaluate::{Names, as_text, evaluate, references};
use super::hcl::{Block, Expression, SyntaxError, parse};

/// The Terraform files of an archive, read.
#[derive(Debug, Clone, Default)]
pub(in crate::provider::coder) struct Formula {
    /// The blocks of all files, with the file of each.
    pub(in crate::provider::coder) blocks: Vec<(String, Block)>,
}

/// A `variable`.
#[derive(Debug, Clone)]
pub(in crate::provider::coder) struct Variable {
    pub(in crate::provider::coder) name: String,
    pub(in crate::provider::coder) description: String,
    pub(in crate::provider::coder) kind: String,
    pub(in crate::provider::coder) default: Option<String>,
    pub(in crate::provider::coder) is_sensitive: bool,
}

/// A `coder_parameter`.
#[derive(Debug, Clone, Default)]
pub(in crate::provider::coder) struct Parameter {
    pub(in crate::provider::coder) label: String,
    pub(in crate::provider::coder) name: String,
    pub(in crate::provider::coder) display_name: String,
    pub(in crate::provider::coder) description: String,
    pub(in crate::provider::coder) kind: String,
    pub(in crate::provider::coder) form_type: String,
    pub(in crate::provider::coder) icon: String,
    pub(in crate::provider::coder) is_mutable: bool,
    pub(in crate::provider::coder) is_ephemeral: bool,
    pub(in crate::provider::coder) default: Option<String>,
    pub(in crate::provider::coder) order: i64,
    /// Name, value, description, icon.
    pub(in crate::provider::coder) options: Vec<[String; 4]>,
    pub(in crate::provider::coder) has_validation: bool,
    pub(in crate::provider::coder) regex: Option<String>,
    pub(in crate::provider::coder) error: String,
    pub(in crate::provider::coder) min: Option<i64>,
    pub(in crate::provider::coder) max: Option<i64>,
    pub(in crate::provider::coder) monotonic: String,
    /// Where it stands: file and line.
    pub(in crate::provider::coder) place: (String, usize),
}

/// A `coder_workspace_preset`.
#[derive(Debug, Clone)]
pub(in crate::provider::coder) struct Preset {
    pub(in crate::provider::coder) id: String,
    pub(in crate::provider::coder) name: String,
    pub(in crate::provider::coder) is_default: bool,
    pub(in crate::provider::coder) values: Vec<(String, String)>,
}

impl Formula {
    /// Reads the Terraform files that lie at the root of an archive.
    pub(in crate::provider::coder) fn read(files: &BTreeMap<String, Vec<u8>>) -> Result<Self, (String, SyntaxError)> {
        let mut blocks = Vec::new();
        for (path, data) in files.iter().filter(|(path, _)| path.ends_with(".tf") && !path.contains('/')) {
            let file = parse(&String::from_utf8_lossy(data)).map_err(|fault| (path.clone(), fault))?;
            blocks.extend(file.blocks.into_iter().map(|block| (path.clone(), block)));
        }
        Ok(Formula { blocks })
    }

    /// The blocks of a kind; of `data` and `resource` those of a type.
    pub(in crate::provider::coder) fn of<'a>(
        &'a self,
        kind: &'a str,
        class: &'a str,
    ) -> impl Iterator<Item = &'a (String, Block)> {
        let is = move |block: &Block| block.kind == kind && (class.is_empty() || block.label(0) == class);
        self.blocks.iter().filter(move |(_, block)| is(block))
    }

    /// Values that are known from the variables and from parameters.
    pub(in crate::provider::coder) fn names(
        &self,
        variables: &BTreeMap<String, String>,
        parameters: &[(String, String)],
    ) -> Names {
        let mut names = Names::new();
        for variable in self.variables() {
            let value = variables.get(&variable.name).or(variable.default.as_ref());
            if let Some(value) = value {
                let typed = match variable.kind.as_str() {
                    "number" | "bool" => serde_json::from_str(value).unwrap_or_else(|_| value.as_str().into()),
                    _ => Value::from(value.as_str()),
                };
                names.insert(format!("var.{}", variable.name), typed);
            }
        }
        for (_, block) in self.of("locals", "") {
            for (name, (expression, _)) in &block.arguments {
                if let Some(value) = evaluate(expression, &names) {
                    names.insert(format!("local.{name}"), value);
                }
            }
        }
        for (_, block) in self.of("data", "coder_parameter") {
            let name = block.argument("name").and_then(|name| evaluate(name, &names));
            let value =
                parameters.iter().find(|(known, _)| Some(known.as_str()) == name.as_ref().and_then(Value::as_str));
            if let Some((_, value)) = value {
                names.insert(format!("data.coder_parameter.{}.value", block.label(1)), value.as_str().into());
            }
        }
        names
    }

    /// The variables by name.
    pub(in crate::provider::coder) fn variables(&self) -> Vec<Variable> {
        let known = Names::new();
        let read = |(_, block): &(String, Block)| {
            let text = |name: &str| block.argument(name).and_then(|value| as_text(&evaluate(value, &known)?));
            let kind = match block.argument("type") {
                Some(Expression::Reference(parts)) if matches!(parts[0].as_str(), "string" | "number" | "bool") => {
                    parts[0].clone()
                }
                _ => "string".to_owned(),
            };
            // Lists and maps are handed on as JSON.
            let default = block.argument("default").and_then(|value| {
                let value = evaluate(value, &known)?;
                Some(as_text(&value).unwrap_or_else(|| if value.is_null() { String::new() } else { value.to_string() }))
            });
            Variable {
                name: block.label(0).to_owned(),
                description: text("description").unwrap_or_default(),
                kind,
                default,
                is_sensitive: block.argument("sensitive") == Some(&Expression::Bool(true)),
            }
        };
        let mut variables: Vec<Variable> = self.of("variable", "").map(read).collect();
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        variables
    }

    /// The parameters in the order in which they are shown: by `order`, then by name.
    pub(in crate::provider::coder) fn parameters(&self, names: &Names) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> =
            self.of("data", "coder_parameter").map(|(file, block)| parameter(file, block, names)).collect();
        parameters.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        parameters
    }

    /// The presets, the identifiers of which are made by `new_id`.
    pub(in crate::provider::coder) fn presets(&self, names: &Names, mut new_id: impl FnMut() -> String) -> Vec<Preset> {
        let mut presets = Vec::new();
        for (_, block) in self.of("data", "coder_workspace_preset") {
            let value = |name: &str| block.argument(name).and_then(|value| evaluate(value, names));
            let values = value("parameters");
            let values = values.as_ref().and_then(Value::as_object).into_iter().flatten();
            presets.push(Preset {
                id: new_id(),
                name: value("name").as_ref().and_then(as_text).unwrap_or_default(),
                is_default: value("default") == Some(Value::Bool(true)),
                values: values.filter_map(|(name, value)| Some((name.clone(), as_text(value)?))).collect(),
            });
        }
        presets
    }

    /// The providers of external authentication that the template asks for, and whether each may be missing.
    pub(in crate::provider::coder) fn external_auth(&self, names: &Names) -> Vec<(String, bool)> {
        let read = |(_, block): &(String, Block)| {
            let id = block.argument("id").and_then(|id| as_text(&evaluate(id, names)?))?;
            Some((id, block.argument("optional") == Some(&Expression::Bool(true))))
        };
        self.of("data", "coder_external_auth").filter_map(read).collect()
    }

    /// The resources that exist after this transition, as the API shows them without their identifiers.
    pub(in crate::provider::coder) fn resources(&self, names: &Names, transition: &str) -> Vec<Value> {
        let is_there = |block: &Block| {
            let counts_starts = |expression: &Expression| {
                references(expression).iter().any(|parts| parts.last().is_some_and(|last| last == "start_count"))
            };
            transition == "start" || !block.argument("count").is_some_and(counts_starts)
        };
        let shown =
            self.of("resource", "").filter(|(_, block)| !block.label(0).starts_with("coder_") && is_there(block));
        let rows = shown.map(|(_, block)| {
            let (class, name) = (block.label(0), block.label(1));
            let mut row = json!({
                "workspace_transition": transition,
                "type": class,
                "name": name,
                "hide": false,
                "icon": "",
                "daily_cost": 0,
            });
            let metadata = self.metadata(names, class, name);
            if !metadata.is_empty() {
                row["metadata"] = metadata.into();
            }
            row
        });
        rows.collect()
    }

    fn metadata(&self, names: &Names, class: &str, name: &str) -> Vec<Value> {
        let about = |block: &Block| {
            let target = block.argument("resource_id").map(references).unwrap_or_default();
            target.iter().any(|parts| parts.len() > 1 && parts[0] == class && parts[1] == name)
        };
        let blocks = self.of("resource", "coder_metadata").filter(|(_, block)| about(block));
        let items = blocks.flat_map(|(_, block)| block.inner("item"));
        let item = |item: &Block| {
            let text = |name: &str| item.argument(name).and_then(|value| as_text(&evaluate(value, names)?));
            let is_sensitive = item.argument("sensitive") == Some(&Expression::Bool(true));
            json!({
                "key": text("key").unwrap_or_default(),
                "value": text("value").unwrap_or_default(),
                "sensitive": is_sensitive,
            })
        };
        items.map(item).collect()
    }
}

fn parameter(file: &str, block: &Block, names: &Names) -> Parameter {
    let value = |block: &Block, name: &str| block.argument(name).and_then(|value| evaluate(value, names));
    let text = |block: &Block, name: &str| value(block, name).as_ref().and_then(as_text).unwrap_or_default();
    let flag = |name: &str| value(block, name) == Some(Value::Bool(true));
    let options = block.inner("option").map(|o| ["name", "value", "description", "icon"].map(|field| text(o, field)));
    let options: Vec<[String; 4]> = options.collect();
    let kind = match text(block, "type").as_str() {
        "" => "string".to_owned(),
        kind => kind.to_owned(),
    };
    let form_type = match (text(block, "form_type").as_str(), kind.as_str(), options.is_empty()) {
        ("", _, false) => "radio".to_owned(),
        ("", "bool", _) => "checkbox".to_owned(),
        ("", "list(string)", _) => "tag-select".to_owned(),
        ("", ..) => "input".to_owned(),
        (form, ..) => form.to_owned(),
    };
    let validation = block.inner("validation").next();
    let within = |name: &str| validation.and_then(|block| value(block, name));
    Parameter {
        label: block.label(1).to_owned(),
        name: text(block, "name"),
        display_name: text(block, "display_name"),
        description: text(block, "description"),
        kind,
        form_type,
        icon: text(block, "icon"),
        is_mutable: flag("mutable"),
        is_ephemeral: flag("ephemeral"),
        // A default that is not known statically is there all the same.
        default: block.argument("default").map(|_| text(block, "default")),
        order: value(block, "order").and_then(|order| order.as_i64()).unwrap_or(0),
        options,
        has_validation: validation.is_some(),
        regex: within("regex").as_ref().and_then(as_text),
        error: within("error").as_ref().and_then(as_text).unwrap_or_default(),
        min: within("min").and_then(|min| min.as_i64()),
        max: within("max").and_then(|max| max.as_i64()),
        monotonic: within("monotonic").as_ref().and_then(as_text).unwrap_or_default(),
        place: (file.to_owned(), block.line),
    }
}
