//! What a document says it is, before anything else is believed of it.

use serde_json::Value;

use crate::engine::diag::{Diagnostic, Severity, Span, codes, nearest};
use crate::engine::model::entity::{DEFAULT_NAMESPACE, EntityRef, is_name, is_namespace};
use crate::engine::schema::Format;
use crate::engine::source::Tree;

/// What a document turned out to be.
pub(super) enum Identity {
    /// Nothing of ours: no entity of Backstage.
    Foreign,
    /// Meant to be an entity, but it cannot be known which.
    Unknown(Diagnostic),
    /// This entity.
    Known { reference: EntityRef, role: Role, problem: Option<Diagnostic> },
}

/// What an entity is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Organisation,
    Team,
    Person,
    Component,
    Template,
    Workspace,
    /// An entity that nothing is provisioned for.
    Other,
}

impl Role {
    /// The format that its documents are held to.
    pub(super) fn format(self, kind: &str) -> Format {
        match self {
            Self::Organisation | Self::Team => Format::Group,
            Self::Person => Format::User,
            Self::Component => Format::Component,
            Self::Template => Format::Template,
            Self::Workspace => Format::Workspace,
            Self::Other if kind == "group" => Format::Group,
            Self::Other => Format::Entity,
        }
    }

    /// What annotations call it (`x-for` in their schema).
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organization",
            Self::Team => "team",
            Self::Person => "user",
            Self::Component => "component",
            Self::Template => "template",
            Self::Workspace => "workspace",
            Self::Other => "entity",
        }
    }
}

/// The kinds of Backstage 1.55, each with the versions it accepts.
const KINDS: [(&str, &[&str]); 9] = [
    ("API", CORE),
    ("Component", CORE),
    ("Domain", CORE),
    ("Group", CORE),
    ("Location", CORE),
    ("Resource", CORE),
    ("System", CORE),
    ("Template", &["scaffolder.backstage.io/v1beta3"]),
    ("User", CORE),
];
const CORE: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];

/// What a document is.
pub(super) fn identify(tree: &Tree, document: &Span) -> Identity {
    let value = &tree.value;
    if let Some(items) = value.as_array() {
        return if items.iter().any(claims_to_be_an_entity) { unknown(in_a_list(document)) } else { Identity::Foreign };
    }
    let at = |pointer: &str| tree.spans.value(pointer).unwrap_or_else(|| document.clone());
    let version = value["apiVersion"].as_str();
    if !claims_to_be_an_entity(value) {
        // Kubernetes and others use the same two fields; a slip in ours is worth noticing.
        let likely = version.and_then(|version| nearest(version, known_versions()));
        return match likely.filter(|_| known_kind(&value["kind"]).is_some()) {
            Some(likely) => unknown(
                Diagnostic::error(codes::NOT_IDENTIFIED, "the version of a document's format is unknown")
                    .at(at("/apiVersion"))
                    .help(format!("did you mean '{likely}'?")),
            ),
            None => Identity::Foreign,
        };
    }
    let Some(version) = version else {
        return unknown(
            Diagnostic::error(codes::NOT_IDENTIFIED, "the document looks like an entity and has no 'apiVersion'")
                .at(at("/kind"))
                .help("add 'apiVersion: backstage.io/v1alpha1'"),
        );
    };
    if let Some(pointer) = tree.ambiguous.iter().find(|pointer| IDENTIFYING.contains(&pointer.as_str())) {
        let message = format!("the document cannot be identified, because '{}' appears twice", &pointer[1..]);
        return unknown(Diagnostic::error(codes::NOT_IDENTIFIED, message).at(at(pointer)).help("keep one of them"));
    }
    let Some(written) = value["kind"].as_str() else {
        let message = "the document has an 'apiVersion' of Backstage and no 'kind'";
        return unknown(Diagnostic::error(codes::NOT_IDENTIFIED, message).at(at("/apiVersion")).help("add the 'kind'"));
    };
    let Some((kind, versions)) = KINDS.iter().find(|(kind, _)| kind.eq_ignore_ascii_case(written)) else {
        let problem =
            Diagnostic::error(codes::UNKNOWN_KIND, format!("kind '{written}' does not exist")).at(at("/kind"));
        let kinds = KINDS.iter().map(|(kind, _)| *kind);
        let help = nearest(written, kinds.clone()).map_or_else(
            || format!("kinds are {}", kinds.collect::<Vec<_>>().join(", ")),
            |likely| format!("did you mean '{likely}'?"),
        );
        return unknown(problem.help(help));
    };
    let reference = match reference(kind, value) {
        Ok(reference) => reference,
        Err((pointer, message)) => {
            let place = tree.spans.nearest(pointer);
            let help = "names have 1 to 63 letters and digits, with '-', '_' and '.' inside";
            return unknown(Diagnostic::error(codes::NOT_IDENTIFIED, message).at(place).help(help));
        }
    };
    let problem = if *kind != written {
        let problem = Diagnostic::error(codes::UNKNOWN_KIND, format!("kind '{written}' does not exist"));
        Some(problem.at(at("/kind")).help(format!("write '{kind}'")))
    } else if !versions.contains(&version) {
        let problem = Diagnostic::error(codes::UNKNOWN_KIND, format!("kind '{kind}' does not exist in '{version}'"));
        Some(problem.at(at("/apiVersion")).help(format!("write '{}'", versions[0])))
    } else {
        None
    };
    Identity::Known { reference, role: role(kind, value), problem }
}

/// Whether a text says somewhere that it is for Backstage; for files that cannot be read.
pub(super) fn mentions_backstage(text: &str) -> bool {
    text.contains("backstage.io/")
}

/// The fields that tell which entity it is.
const IDENTIFYING: [&str; 5] = ["/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace"];

fn claims_to_be_an_entity(value: &Value) -> bool {
    match &value["apiVersion"] {
        Value::String(version) => {
            version.starts_with("backstage.io/") || version.starts_with("scaffolder.backstage.io/")
        }
        Value::Null => known_kind(&value["kind"]).is_some() && value["metadata"].is_object(),
        _ => false,
    }
}

fn known_kind(kind: &Value) -> Option<&'static str> {
    let kind = kind.as_str()?;
    KINDS.iter().map(|(known, _)| *known).find(|known| known.eq_ignore_ascii_case(kind))
}

fn known_versions() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|(_, versions)| versions.iter().copied())
}

fn reference(kind: &str, value: &Value) -> Result<EntityRef, (&'static str, String)> {
    let metadata = &value["metadata"];
    let name = match &metadata["name"] {
        Value::String(name) if is_name(name) => name,
        Value::String(name) => return Err(("/metadata/name", format!("'{name}' is not a name"))),
        Value::Null => {
            return Err(("/metadata", "the document has no 'metadata.name'".to_owned()));
        }
        _ => return Err(("/metadata/name", "'metadata.name' is not text".to_owned())),
    };
    let namespace = match &metadata["namespace"] {
        Value::Null => DEFAULT_NAMESPACE,
        Value::String(namespace) if is_namespace(namespace) => namespace,
        _ => {
            return Err(("/metadata/namespace", "'metadata.namespace' is not a namespace".to_owned()));
        }
    };
    Ok(EntityRef::new(kind, namespace, name))
}

fn role(kind: &str, value: &Value) -> Role {
    match (kind, value["spec"]["type"].as_str()) {
        ("User", _) => Role::Person,
        ("Component", _) => Role::Component,
        ("Template", _) => Role::Template,
        ("Group", Some("organization")) => Role::Organisation,
        ("Group", Some("team")) => Role::Team,
        ("Resource", Some("workspace")) => Role::Workspace,
        _ => Role::Other,
    }
}

fn in_a_list(document: &Span) -> Diagnostic {
    Diagnostic::new(Severity::Error, codes::NOT_IDENTIFIED, "entities stand in a list")
        .at(document.clone())
        .help("make each a document of its own, with a line '---' between them")
}

fn unknown(problem: Diagnostic) -> Identity {
    Identity::Unknown(problem)
}
