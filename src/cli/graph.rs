//! `formulary graph`: what depends on what, as an indented list or for Graphviz.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::context::Context;
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::shell::Shell;
use crate::engine::model::{Address, Desired};

/// Options of `graph`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary graph                          every resource with what needs it\n  formulary graph gitea:user/alice         one resource: what it needs, and what needs it\n  formulary graph --as dot | dot -Tsvg > graph.svg\n  formulary graph --format json | jq '.resources[] | select(.needs == [])'\n\nNo service is called: the graph is made from the mono-repo."
)]
pub struct GraphArgs {
    /// Only this resource, what it needs, and what needs it.
    #[arg(value_name = "ADDRESS")]
    address: Option<Address>,
    /// How it is drawn.
    #[arg(long = "as", value_name = "FORM", default_value = "text")]
    form: Form,
    #[command(flatten)]
    source: SourceArgs,
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Indented.
    Text,
    /// For Graphviz.
    Dot,
}

pub(super) async fn run(args: &GraphArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    let snapshot = context.snapshot(&args.source).await?;
    let loaded = context.load(&snapshot);
    let wanted = context.compile(&loaded).await?;
    let graph = Graph::of(&wanted.desired);
    let shown = match &args.address {
        Some(address) if graph.needs.contains_key(address) => graph.around(address),
        Some(address) => {
            let text = address.to_string();
            let known: Vec<String> = graph.needs.keys().map(ToString::to_string).collect();
            let near = crate::engine::diag::did_you_mean(&text, known.iter().map(String::as_str));
            let error = CommandError::new(Exit::Error, format!("'{address}' is not declared"));
            return Err(error.hint(near.unwrap_or_else(|| "'formulary graph' lists every resource".to_owned())));
        }
        None => graph.needs.keys().cloned().collect(),
    };
    if shell.format == Format::Json {
        shell.json(&graph.json(&shown))?;
        return Ok(Exit::Done);
    }
    shell.print(&match args.form {
        Form::Text => graph.text(&shown, args.address.as_ref()),
        Form::Dot => graph.dot(&shown),
    })?;
    Ok(Exit::Done)
}

struct Graph {
    needs: BTreeMap<Address, BTreeSet<Address>>,
    needed_by: BTreeMap<Address, BTreeSet<Address>>,
}

impl Graph {
    fn of(desired: &[Desired]) -> Self {
        let mut graph = Self { needs: BTreeMap::new(), needed_by: BTreeMap::new() };
        for it in desired {
            graph.needs.insert(it.address.clone(), it.needs.clone());
            for need in &it.needs {
                graph.needed_by.entry(need.clone()).or_default().insert(it.address.clone());
            }
        }
        graph
    }

    /// An address, everything it needs, and everything that needs it.
    fn around(&self, address: &Address) -> BTreeSet<Address> {
        let mut shown = BTreeSet::from([address.clone()]);
        for edges in [&self.needs, &self.needed_by] {
            let mut open = vec![address.clone()];
            while let Some(at) = open.pop() {
                for next in edges.get(&at).into_iter().flatten() {
                    if shown.insert(next.clone()) {
                        open.push(next.clone());
                    }
                }
            }
        }
        shown
    }

    /// Each resource with both directions of its edges; `declared` tells needs that nobody declares.
    fn json(&self, shown: &BTreeSet<Address>) -> Value {
        let edges = |of: &BTreeMap<Address, BTreeSet<Address>>, address| of.get(address).cloned().unwrap_or_default();
        let resources = shown.iter().map(|address| {
            json!({
                "address": address,
                "declared": self.needs.contains_key(address),
                "needs": edges(&self.needs, address),
                "needed_by": edges(&self.needed_by, address),
            })
        });
        json!({ "resources": resources.collect::<Vec<_>>() })
    }

    /// Each resource with what it needs below it.
    fn text(&self, shown: &BTreeSet<Address>, about: Option<&Address>) -> String {
        let mut text = String::new();
        for address in shown {
            let mark = if Some(address) == about { "* " } else { "" };
            let _ = writeln!(text, "{mark}{address}");
            for need in self.needs.get(address).into_iter().flatten() {
                let missing = if self.needs.contains_key(need) { "" } else { "  (not declared)" };
                let _ = writeln!(text, "    needs {need}{missing}");
            }
        }
        let _ = writeln!(text, "{} resources", shown.len());
        text
    }

    fn dot(&self, shown: &BTreeSet<Address>) -> String {
        let quoted =
            |address: &Address| format!("\"{}\"", address.to_string().replace('\\', "\\\\").replace('"', "\\\""));
        let mut text = "digraph formulary {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n".to_owned();
        let mut instances: BTreeMap<&str, Vec<&Address>> = BTreeMap::new();
        for address in shown {
            instances.entry(address.instance.as_str()).or_default().push(address);
        }
        for (instance, addresses) in instances {
            let _ = writeln!(text, "  subgraph \"cluster_{instance}\" {{\n    label=\"{instance}\";");
            for address in addresses {
                let _ = writeln!(text, "    {} [label=\"{}/{}\"];", quoted(address), address.kind, address.key);
            }
            text.push_str("  }\n");
        }
        for address in shown {
            for need in self.needs.get(address).into_iter().flatten().filter(|need| shown.contains(*need)) {
                let _ = writeln!(text, "  {} -> {};", quoted(address), quoted(need));
            }
        }
        text.push_str("}\n");
        text
    }
}
