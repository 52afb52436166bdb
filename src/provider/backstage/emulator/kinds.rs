//! What each built-in kind demands of its `spec`, and which relations come of it.

use serde_json::Value;

use super::problem::Problem;
use super::reference::Reference;

/// What a part must be.
enum Form {
    Filled,
    Texts,
    Object,
    OneOf(&'static [&'static str]),
    Any,
}
use Form::{Any, Filled, Object, OneOf, Texts};

/// A part of `spec`: its name, whether it must be there, and its form.
type Part = (&'static str, bool, Form);

/// Which relation a part makes: the kind that is meant where none is written, the relation, and the one back.
type Edge = (&'static str, Option<&'static str>, &'static str, &'static str);

/// What is known of a kind.
struct Kind {
    name: &'static str,
    processor: &'static str,
    versions: &'static [&'static str],
    parts: &'static [Part],
    edges: &'static [Edge],
}

const BUILTIN: &str = "BuiltinKindsEntityProcessor";
const V1: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];
const OWNER: Edge = ("owner", Some("Group"), "ownedBy", "ownerOf");
const SYSTEM: Edge = ("system", Some("System"), "partOf", "hasPart");
const DEPENDS_ON: Edge = ("dependsOn", None, "dependsOn", "dependencyOf");
const DEPENDENCY_OF: Edge = ("dependencyOf", None, "dependencyOf", "dependsOn");

static KINDS: &[Kind] = &[
    Kind {
        name: "API",
        processor: BUILTIN,
        versions: V1,
        parts: &[
            ("type", true, Filled),
            ("lifecycle", true, Filled),
            ("owner", true, Filled),
            ("definition", true, Filled),
            ("system", false, Filled),
        ],
        edges: &[OWNER, SYSTEM],
    },
    Kind {
        name: "Component",
        processor: BUILTIN,
        versions: V1,
        parts: &[
            ("type", true, Filled),
            ("lifecycle", true, Filled),
            ("owner", true, Filled),
            ("system", false, Filled),
            ("subcomponentOf", false, Filled),
            ("providesApis", false, Texts),
            ("consumesApis", false, Texts),
            ("dependsOn", false, Texts),
            ("dependencyOf", false, Texts),
        ],
        edges: &[
            OWNER,
            ("subcomponentOf", Some("Component"), "partOf", "hasPart"),
            ("providesApis", Some("API"), "providesApi", "apiProvidedBy"),
            ("consumesApis", Some("API"), "consumesApi", "apiConsumedBy"),
            DEPENDS_ON,
            DEPENDENCY_OF,
            SYSTEM,
        ],
    },
    Kind {
        name: "Resource",
        processor: BUILTIN,
        versions: V1,
        parts: &[
            ("type", true, Filled),
            ("owner", true, Filled),
            ("dependsOn", false, Texts),
            ("dependencyOf", false, Texts),
            ("system", false, Filled),
        ],
        edges: &[OWNER, DEPENDS_ON, DEPENDENCY_OF, SYSTEM],
    },
    Kind {
        name: "User",
        processor: BUILTIN,
        versions: V1,
        parts: &[("memberOf", true, Texts), ("profile", false, Object)],
        edges: &[("memberOf", Some("Group"), "memberOf", "hasMember")],
    },
    Kind {
        name: "Group",
        processor: BUILTIN,
        versions: V1,
        parts: &[
            ("type", true, Filled),
            ("children", true, Texts),
            ("profile", false, Object),
            ("parent", false, Filled),
            ("members", false, Texts),
        ],
        edges: &[
            ("parent", Some("Group"), "childOf", "parentOf"),
            ("children", Some("Group"), "parentOf", "childOf"),
            ("members", Some("User"), "hasMember", "memberOf"),
        ],
    },
    Kind {
        name: "Location",
        processor: BUILTIN,
        versions: V1,
        parts: &[
            ("type", false, Filled),
            ("target", false, Filled),
            ("targets", false, Texts),
            ("presence", false, OneOf(&["required", "optional"])),
        ],
        edges: &[],
    },
    Kind {
        name: "System",
        processor: BUILTIN,
        versions: V1,
        parts: &[("owner", true, Filled), ("domain", false, Filled), ("type", false, Filled)],
        edges: &[OWNER, ("domain", Some("Domain"), "partOf", "hasPart")],
    },
    Kind {
        name: "Domain",
        processor: BUILTIN,
        versions: V1,
        parts: &[("owner", true, Filled), ("subdomainOf", false, Filled), ("type", false, Filled)],
        edges: &[OWNER, ("subdomainOf", Some("Domain"), "partOf", "hasPart")],
    },
    Kind {
        name: "Template",
        processor: "ScaffolderEntitiesProcessor",
        versions: &["scaffolder.backstage.io/v1beta3"],
        parts: &[
            ("type", true, Filled),
            ("steps", true, Any),
            ("owner", false, Filled),
            ("lifecycle", false, Filled),
            ("parameters", false, Any),
        ],
        edges: &[OWNER],
    },
];

fn kind_of(entity: &Value) -> Option<&'static Kind> {
    let (kind, version) = (entity["kind"].as_str()?, entity["apiVersion"].as_str()?);
    KINDS.iter().find(|it| it.name == kind && it.versions.contains(&version))
}

/// Checks an entity by its kind.
pub(super) fn check(entity: &Value) -> Result<(), Problem> {
    let reference = Reference::of(entity);
    let Some(kind) = kind_of(entity) else {
        let message = format!(
            "No processor recognized the entity {reference} as valid, possibly caused by a foreign kind or apiVersion"
        );
        return Err(Problem::input(message));
    };
    spec(kind, entity).map_err(|cause| {
        let message = format!("Processor {} threw an error while validating the entity {reference}", kind.processor);
        Problem::caused(&message, "TypeError", cause)
    })
}

/// The first thing that is wrong, as the schemas' validator words it: what is missing comes first.
fn spec(kind: &Kind, entity: &Value) -> Result<(), String> {
    let Some(spec) = entity.get("spec") else {
        return Err("<root> must have required property 'spec' - missingProperty: spec".to_owned());
    };
    if let Some((name, _, _)) = kind.parts.iter().find(|(name, required, _)| *required && spec.get(name).is_none()) {
        return Err(format!("/spec must have required property '{name}' - missingProperty: {name}"));
    }
    for (name, _, form) in kind.parts {
        let Some(value) = spec.get(*name) else { continue };
        check_form(value, form, &format!("/spec/{name}"))?;
    }
    match kind.name {
        "User" | "Group" => profile(spec.get("profile")),
        "Template" => template(spec),
        _ => Ok(()),
    }
}

fn check_form(value: &Value, form: &Form, at: &str) -> Result<(), String> {
    let filled = |value: &Value, at: &str| match value.as_str() {
        None => Err(format!("{at} must be string - type: string")),
        Some("") => Err(format!("{at} must NOT have fewer than 1 characters - limit: 1")),
        Some(_) => Ok(()),
    };
    match form {
        Any => Ok(()),
        Filled => filled(value, at),
        Texts => match value.as_array() {
            None => Err(format!("{at} must be array - type: array")),
            Some(items) => {
                items.iter().enumerate().try_for_each(|(number, item)| filled(item, &format!("{at}/{number}")))
            }
        },
        Object if !value.is_object() => Err(format!("{at} must be object - type: object")),
        OneOf(allowed) if !value.as_str().is_some_and(|it| allowed.contains(&it)) => {
            Err(format!("{at} must be equal to one of the allowed values - allowedValues: {}", allowed.join(",")))
        }
        Object | OneOf(_) => Ok(()),
    }
}

fn profile(profile: Option<&Value>) -> Result<(), String> {
    for key in ["displayName", "email", "picture"] {
        if let Some(value) = profile.and_then(|it| it.get(key)) {
            check_form(value, &Filled, &format!("/spec/profile/{key}"))?;
        }
    }
    Ok(())
}

fn template(spec: &Value) -> Result<(), String> {
    match &spec["parameters"] {
        Value::Null if spec.get("parameters").is_none() => {}
        Value::Object(_) => {}
        Value::Array(pages) => {
            for (at, page) in pages.iter().enumerate() {
                check_form(page, &Object, &format!("/spec/parameters/{at}"))?;
            }
        }
        _ => return Err("/spec/parameters must be object - type: object".to_owned()),
    }
    let Some(steps) = spec["steps"].as_array() else {
        return Err("/spec/steps must be array - type: array".to_owned());
    };
    for (number, step) in steps.iter().enumerate() {
        let at = format!("/spec/steps/{number}");
        if !step.is_object() {
            return Err(format!("{at} must be object - type: object"));
        }
        let Some(action) = step.get("action") else {
            return Err(format!("{at} must have required property 'action' - missingProperty: action"));
        };
        if !action.is_string() {
            return Err(format!("{at}/action must be string - type: string"));
        }
        for key in ["id", "name"] {
            if step.get(key).is_some_and(|it| !it.is_string()) {
                return Err(format!("{at}/{key} must be string - type: string"));
            }
        }
        if let Some(input) = step.get("input") {
            check_form(input, &Object, &format!("{at}/input"))?;
        }
    }
    Ok(())
}

/// A relation of one entity to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Relation {
    pub(super) source: Reference,
    pub(super) kind: &'static str,
    pub(super) target: Reference,
}

/// The relations that an entity makes, in both directions. What they lead to need not exist.
pub(super) fn relations(entity: &Value) -> Result<Vec<Relation>, Problem> {
    let here = Reference::of(entity);
    let mut found = Vec::new();
    let Some(kind) = kind_of(entity) else { return Ok(found) };
    for (part, default_kind, relation, back) in kind.edges {
        let value = &entity["spec"][*part];
        let one = value.as_str().into_iter();
        let several = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        for text in one.chain(several) {
            let target = Reference::parse(text, *default_kind, &here.namespace).map_err(|why| {
                let message = format!("Processor {} threw an error while postprocessing", kind.processor);
                Problem::caused(&message, "Error", why)
            })?;
            found.push(Relation { source: here.clone(), kind: relation, target: target.clone() });
            found.push(Relation { source: target, kind: back, target: here.clone() });
        }
    }
    Ok(found)
}
