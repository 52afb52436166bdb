//! From a sound document to a typed value whose references are still names.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::diag::{Diagnostic, Span, codes, did_you_mean};
use crate::engine::model::entity::EntityRef;
use crate::engine::schema::{self, PREFIX};
use crate::engine::source::Tree;

use super::Options;
use super::catalogue::{Entity, Manage, MembersMode, Placement, Spanned};
use super::identity::Role;

/// An entity by itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub(super) entity: Entity,
    pub(super) body: Body,
}

/// What it says, by what it is. The references in it are written out in full and not yet looked up.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// An organisation or a team, as the role says.
    Group(GroupBody),
    Person(PersonBody),
    Component {
        component_type: Spanned<String>,
        lifecycle: Spanned<String>,
        owner: Spanned<EntityRef>,
    },
    Template {
        version: Option<Spanned<String>>,
        owner: Option<Spanned<EntityRef>>,
        spec: Value,
    },
    Workspace {
        owner: Spanned<EntityRef>,
        template: Spanned<EntityRef>,
        pinned: Option<Spanned<String>>,
        parameters: Value,
    },
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct GroupBody {
    pub(super) display_name: Option<Spanned<String>>,
    pub(super) email: Option<Spanned<String>>,
    pub(super) email_domains: Vec<Spanned<String>>,
    pub(super) parent: Option<Spanned<EntityRef>>,
    pub(super) children: Vec<Spanned<EntityRef>>,
    pub(super) members: Vec<Spanned<EntityRef>>,
    pub(super) mode: Option<Spanned<MembersMode>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct PersonBody {
    pub(super) display_name: Option<Spanned<String>>,
    pub(super) email: Option<Spanned<String>>,
    pub(super) picture: Option<Spanned<String>>,
    pub(super) member_of: Vec<Spanned<EntityRef>>,
}

impl Entity {
    /// Writes installations where roles are named.
    pub(super) fn name_installations(&mut self, options: &Options) {
        let meant = |name: &str| options.meant(name);
        self.placement = self.placement.take().map(|it| it.map(|it| it.renamed(meant)));
        self.manage = self.manage.take().map(|it| it.map(|it| it.renamed(meant)));
    }
}

/// The typed value of a document that keeps to its format; what its format cannot say is reported.
pub(super) fn draft(
    reference: &EntityRef,
    role: Role,
    tree: &Tree,
    span: &Span,
    problems: &mut Vec<Diagnostic>,
) -> Option<Draft> {
    let mut reader = Reader { reference, tree, problems };
    let body = match role {
        Role::Organisation | Role::Team => Body::Group(reader.group()),
        Role::Person => Body::Person(reader.person()),
        Role::Component => Body::Component {
            component_type: reader.text("/spec/type")?,
            lifecycle: reader.text("/spec/lifecycle")?,
            owner: reader.reference("/spec/owner", "group")?,
        },
        Role::Template => Body::Template {
            version: reader.text("/metadata/annotations/backstage.io~1formula-version"),
            owner: reader.reference("/spec/owner", "group"),
            spec: tree.value["spec"].clone(),
        },
        Role::Workspace => {
            reader.placeholders(&tree.value["spec"]["parameters"], &mut "/spec/parameters".to_owned());
            Body::Workspace {
                owner: reader.reference("/spec/owner", "group")?,
                template: reader.reference("/spec/scaffoldedFrom", "template")?,
                pinned: reader.text("/metadata/annotations/backstage.io~1template-version"),
                parameters: tree.value["spec"]["parameters"].clone(),
            }
        }
        Role::Other => {
            reader.unmanaged();
            Body::Other
        }
    };
    let entity = reader.entity(role, span)?;
    Some(Draft { entity, body })
}

/// Reads values with their places out of a document.
struct Reader<'a> {
    reference: &'a EntityRef,
    tree: &'a Tree,
    problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn entity(&mut self, role: Role, span: &Span) -> Option<Entity> {
        let (mut previously, mut manage, mut placement, mut options) = (Vec::new(), None, None, BTreeMap::new());
        for (key, value) in self.annotations() {
            self.elsewhere(&key, role, &value.span);
            match key.strip_prefix(PREFIX).unwrap_or_default() {
                "manage" => match Manage::parse(&value.value) {
                    Ok(parsed) => manage = Some(Spanned::new(parsed, value.span)),
                    Err(error) => self.problems.push(
                        Diagnostic::error(codes::BAD_ANNOTATION, format!("annotation '{key}': {error}"))
                            .at(value.span)
                            .help("write 'observe', or 'gitea=observe' for one service; several separated by commas"),
                    ),
                },
                "previously" => previously = listed(&value),
                "services" => match Placement::parse(&value.value) {
                    Ok(placed) => placement = Some(Spanned::new(placed, value.span)),
                    Err(error) => self.problems.push(
                        Diagnostic::error(codes::BAD_ANNOTATION, format!("annotation '{key}': {error}"))
                            .at(value.span)
                            .help("write 'none', names separated by commas, or each with '+' or '-'"),
                    ),
                },
                "members" | "email-domains" if matches!(role, Role::Organisation | Role::Team) => {}
                name => {
                    options.insert(name.to_owned(), value);
                }
            }
        }
        Some(Entity {
            reference: self.reference.clone(),
            name: self.text("/metadata/name")?,
            title: self.text("/metadata/title"),
            description: self.text("/metadata/description"),
            previously,
            manage,
            placement,
            options,
            span: span.clone(),
            spans: self.tree.spans.clone(),
            document: self.tree.value.to_string().into(),
        })
    }

    fn group(&self) -> GroupBody {
        let option = |name: &str| self.text(&format!("/metadata/annotations/{}", PREFIX.replace('/', "~1") + name));
        let domains = option("email-domains").map(|text| listed(&text)).unwrap_or_default();
        let mode = option("members").map(|text| {
            text.map(|text| if text == "additive" { MembersMode::Additive } else { MembersMode::Authoritative })
        });
        GroupBody {
            display_name: self.text("/spec/profile/displayName"),
            email: self.text("/spec/profile/email"),
            email_domains: domains.into_iter().map(|domain| domain.map(|it| it.to_lowercase())).collect(),
            parent: self.reference("/spec/parent", "group"),
            children: self.references("/spec/children", "group"),
            members: self.references("/spec/members", "user"),
            mode,
        }
    }

    fn person(&self) -> PersonBody {
        PersonBody {
            display_name: self.text("/spec/profile/displayName"),
            email: self.text("/spec/profile/email"),
            picture: self.text("/spec/profile/picture"),
            member_of: self.references("/spec/memberOf", "group"),
        }
    }

    fn text(&self, pointer: &str) -> Option<Spanned<String>> {
        let value = self.tree.value.pointer(pointer)?.as_str()?;
        Some(Spanned::new(value.to_owned(), self.tree.spans.nearest(pointer)))
    }

    /// A reference; the format has already refused what cannot be read.
    fn reference(&self, pointer: &str, kind: &str) -> Option<Spanned<EntityRef>> {
        let text = self.text(pointer)?;
        let reference = EntityRef::parse(&text.value, kind, self.reference.namespace()).ok()?;
        Some(Spanned::new(reference, text.span))
    }

    fn references(&self, pointer: &str, kind: &str) -> Vec<Spanned<EntityRef>> {
        let count = self.tree.value.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).filter_map(|index| self.reference(&format!("{pointer}/{index}"), kind)).collect()
    }

    /// All annotations of ours.
    fn annotations(&self) -> Vec<(String, Spanned<String>)> {
        let annotations = self.tree.value["metadata"]["annotations"].as_object();
        let ours = annotations.into_iter().flatten().filter(|(key, _)| key.starts_with(PREFIX));
        ours.filter_map(|(key, _)| {
            let pointer = format!("/metadata/annotations/{}", key.replace('~', "~0").replace('/', "~1"));
            Some((key.clone(), self.text(&pointer)?))
        })
        .collect()
    }

    /// Warns of an annotation that has no effect on what this is.
    fn elsewhere(&mut self, key: &str, role: Role, span: &Span) {
        let Some(annotation) = schema::annotations().get(key) else {
            return;
        };
        if annotation.applies_to.iter().any(|it| it == role.name()) {
            return;
        }
        let message = format!("annotation '{key}' has no effect on '{}'", self.reference);
        let help = format!("it is for {}", annotation.applies_to.join(", "));
        self.problems.push(Diagnostic::warning(codes::ANNOTATION_ELSEWHERE, message).at(span.clone()).help(help));
    }

    /// Warns of a group that is neither an organisation nor a team.
    fn unmanaged(&mut self) {
        if self.reference.kind() != "group" {
            return;
        }
        let Some(kind) = self.text("/spec/type") else {
            return;
        };
        let message = format!("group type '{}' is provisioned nowhere", kind.value);
        let help = did_you_mean(&kind.value, ["organization", "team"])
            .unwrap_or_else(|| "'organization' and 'team' are provisioned".to_owned());
        self.problems.push(Diagnostic::warning(codes::UNMANAGED_GROUP, message).at(kind.span).help(help));
    }

    /// Refuses what Backstage would replace by the contents of a file. As deep as the document, which is bounded.
    fn placeholders(&mut self, value: &Value, pointer: &mut String) {
        let parts: Vec<(String, &Value)> = match value {
            Value::Array(items) => items.iter().enumerate().map(|(index, it)| (index.to_string(), it)).collect(),
            Value::Object(map) => {
                if let (1, Some(key @ ("$text" | "$json" | "$yaml"))) =
                    (map.len(), map.keys().next().map(String::as_str))
                {
                    let message = format!("Backstage would replace '{key}' in parameters by a file");
                    let problem = Diagnostic::error(codes::PLACEHOLDER, message).help("write the value itself");
                    self.problems.push(problem.at(self.tree.spans.nearest(pointer)));
                }
                map.iter().map(|(key, it)| (key.replace('~', "~0").replace('/', "~1"), it)).collect()
            }
            _ => return,
        };
        for (token, part) in parts {
            let length = pointer.len();
            pointer.push('/');
            *pointer += &token;
            self.placeholders(part, pointer);
            pointer.truncate(length);
        }
    }
}

/// The parts of a list that is written with commas; each has the place of the whole.
fn listed(text: &Spanned<String>) -> Vec<Spanned<String>> {
    let parts = text.value.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Spanned::new(part.to_owned(), text.span.clone())).collect()
}
