//! In which form an answer is wanted: whole objects or their metadata alone, as JSON or as YAML.

use serde_json::{Value, json};

use super::status::{Reply, failure};
use super::yaml_text;

/// What of an object is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Whole,
    /// Its metadata alone.
    Partial,
    /// The metadata of a list's items.
    Partials,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) view: View,
    pub(super) yaml: bool,
}

const KNOWN: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

impl Form {
    /// The plain one.
    pub(super) const JSON: Self = Self { view: View::Whole, yaml: false };

    /// The first form that is wanted and that the server has.
    pub(super) fn read(accept: Option<&str>) -> Result<Self, Reply> {
        let accept = accept.map(str::trim).filter(|it| !it.is_empty()).unwrap_or("*/*");
        let mut clauses: Vec<(f64, Vec<&str>)> = accept.split(',').map(clause).collect();
        clauses.sort_by(|(one, _), (two, _)| two.total_cmp(one));
        let mut odd = false;
        for (_, parts) in &clauses {
            let yaml = match parts[0] {
                "application/json" | "*/*" | "application/*" => false,
                "application/yaml" => true,
                "application/vnd.kubernetes.protobuf" => return Err(Reply::NotModelled),
                _ => continue,
            };
            let said = |name: &str| parts.iter().find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
            let view = match said("as") {
                None => View::Whole,
                // Versions and groups of views are of one sort alone.
                Some(_) if said("v").is_some_and(|it| it != "v1") || said("g") != Some("meta.k8s.io") => {
                    return Err(Reply::NotModelled);
                }
                Some("PartialObjectMetadata") => View::Partial,
                Some("PartialObjectMetadataList") => View::Partials,
                Some("Table") => return Err(Reply::NotModelled),
                Some(_) => {
                    odd = true;
                    continue;
                }
            };
            return Ok(Self { view, yaml });
        }
        // A form that is known, of a view that is not, is refused further in.
        Err(if odd {
            failure(406, format!("only the following media types are accepted: {KNOWN}"), "NotAcceptable", None)
        } else {
            let message = format!("406: Not Acceptable\n\nAvailable representations: {KNOWN}");
            failure(406, message, "NotAcceptable", Some(json!({})))
        })
    }

    /// An answer in this form.
    pub(super) fn of(self, reply: Reply) -> Reply {
        match reply {
            Reply::Json(status, body, warnings) => {
                let body = if status < 400 && body["kind"] != "Status" { self.view.object(body) } else { Some(body) };
                let Some(body) = body else { return Reply::NotModelled };
                if !self.yaml {
                    return Reply::Json(status, body, warnings);
                }
                yaml_text::write(&body).map_or(Reply::NotModelled, |text| Reply::Yaml(status, text, warnings))
            }
            Reply::Watch(_) if self.yaml => Reply::NotModelled,
            Reply::Watch(mut watch) => {
                watch.view = self.view;
                Reply::Watch(watch)
            }
            other => other,
        }
    }
}

/// A part of `Accept`: how much it is wanted, and its words.
fn clause(text: &str) -> (f64, Vec<&str>) {
    let parts: Vec<&str> = text.split(';').map(str::trim).collect();
    let wanted = parts.iter().find_map(|it| it.strip_prefix("q=")?.parse().ok());
    (wanted.unwrap_or(1.0), parts)
}

impl View {
    /// An object, or a list; `None` where the view does not fit it.
    fn object(self, mut body: Value) -> Option<Value> {
        let is_list = body["items"].is_array();
        match self {
            Self::Whole => Some(body),
            Self::Partial if !is_list => Some(partial("PartialObjectMetadata", body["metadata"].take())),
            Self::Partials if is_list => {
                let items = body["items"].as_array_mut().into_iter().flatten();
                let items: Vec<Value> =
                    items.map(|it| partial("PartialObjectMetadata", it["metadata"].take())).collect();
                let mut list = partial("PartialObjectMetadataList", body["metadata"].take());
                list["items"] = items.into();
                Some(list)
            }
            Self::Partial | Self::Partials => None,
        }
    }

    /// An event of a watch.
    pub(super) fn event(self, mut event: Value) -> Value {
        if self != Self::Whole && event["type"] != "ERROR" {
            event["object"] = partial("PartialObjectMetadata", event["object"]["metadata"].take());
        }
        event
    }
}

fn partial(kind: &str, metadata: Value) -> Value {
    json!({ "kind": kind, "apiVersion": "meta.k8s.io/v1", "metadata": metadata })
}
