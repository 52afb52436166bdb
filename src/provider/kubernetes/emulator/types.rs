//! What objects are made of, as far as the server compares and owns them piece by piece.

use serde_json::{Map, Value};

/// The type of a value.
#[derive(Debug, PartialEq)]
pub(super) enum Type {
    Text,
    /// Text that stays where it was said, though it be empty.
    Said,
    /// Text that is always there, though it be empty.
    Always,
    Bool,
    Int,
    /// A moment in whole seconds.
    Time,
    /// A moment with six digits of a second.
    MicroTime,
    /// Text in base64.
    Bytes,
    /// A text or a number, kept in one canonical way; not looked into.
    Quantity,
    /// Owned and compared as a whole.
    Atomic,
    /// Fields, owned and compared as a whole.
    Whole(&'static [(&'static str, Type)]),
    /// A list of texts, owned and compared as a whole.
    Texts,
    /// Named values.
    Map(&'static Type),
    /// Fields; with `true` one that is always there, though it be empty.
    Struct(&'static [(&'static str, Type)]),
    /// The same, always there: nobody owns it for itself.
    Inlined(&'static [(&'static str, Type)]),
    /// Items that are told apart by these fields; the second says what a field is where it is left out.
    Items(&'static [(&'static str, Option<&'static str>)], &'static Type),
    /// A set of texts.
    Set,
    /// There is such a field in the real thing, and nothing of it is imitated.
    Elsewhere,
}

const TEXT: Type = Type::Text;
const TEXTS: Type = Type::Map(&TEXT);

const OWNER: Type = Type::Whole(&[
    ("apiVersion", Type::Text),
    ("blockOwnerDeletion", Type::Bool),
    ("controller", Type::Bool),
    ("kind", Type::Text),
    ("name", Type::Text),
    ("uid", Type::Text),
]);

const OBJECT: Type = Type::Whole(&[
    ("apiVersion", Type::Text),
    ("fieldPath", Type::Text),
    ("kind", Type::Text),
    ("name", Type::Text),
    ("namespace", Type::Text),
    ("resourceVersion", Type::Text),
    ("uid", Type::Text),
]);

const METADATA: Type = Type::Inlined(&[
    ("annotations", TEXTS),
    ("creationTimestamp", Type::Text),
    ("deletionGracePeriodSeconds", Type::Int),
    ("deletionTimestamp", Type::Text),
    ("finalizers", Type::Set),
    ("generateName", Type::Text),
    ("generation", Type::Int),
    ("labels", TEXTS),
    ("managedFields", Type::Atomic),
    ("name", Type::Text),
    ("namespace", Type::Text),
    ("ownerReferences", Type::Items(&[("uid", None)], &OWNER)),
    ("resourceVersion", Type::Text),
    ("selfLink", Type::Text),
    ("uid", Type::Text),
]);

pub(super) static CONFIG_MAP: Type = Type::Inlined(&[
    ("apiVersion", Type::Text),
    ("binaryData", Type::Map(&Type::Bytes)),
    ("data", TEXTS),
    ("immutable", Type::Bool),
    ("kind", Type::Text),
    ("metadata", METADATA),
]);

pub(super) static NAMESPACE: Type = Type::Inlined(&[
    ("apiVersion", Type::Text),
    ("kind", Type::Text),
    ("metadata", METADATA),
    ("spec", Type::Inlined(&[("finalizers", Type::Texts)])),
    ("status", Type::Inlined(&[("conditions", Type::Elsewhere), ("phase", Type::Text)])),
]);

pub(super) static LEASE: Type = Type::Inlined(&[
    ("apiVersion", Type::Text),
    ("kind", Type::Text),
    ("metadata", METADATA),
    (
        "spec",
        Type::Inlined(&[
            ("acquireTime", Type::MicroTime),
            ("holderIdentity", Type::Said),
            ("leaseDurationSeconds", Type::Int),
            ("leaseTransitions", Type::Int),
            ("preferredHolder", Type::Elsewhere),
            ("renewTime", Type::MicroTime),
            ("strategy", Type::Elsewhere),
        ]),
    ),
]);

pub(super) static EVENT: Type = Type::Inlined(&[
    ("action", Type::Text),
    ("apiVersion", Type::Text),
    ("count", Type::Int),
    ("eventTime", Type::MicroTime),
    ("firstTimestamp", Type::Time),
    ("involvedObject", OBJECT),
    ("kind", Type::Text),
    ("lastTimestamp", Type::Time),
    ("message", Type::Text),
    ("metadata", METADATA),
    ("reason", Type::Text),
    ("related", Type::Elsewhere),
    ("reportingComponent", Type::Always),
    ("reportingInstance", Type::Always),
    ("series", Type::Elsewhere),
    ("source", Type::Inlined(&[("component", Type::Text), ("host", Type::Text)])),
    ("type", Type::Text),
]);

const VARIABLE: Type = Type::Struct(&[("name", Type::Text), ("value", Type::Text), ("valueFrom", Type::Elsewhere)]);

const PORT: Type = Type::Struct(&[
    ("containerPort", Type::Int),
    ("hostIP", Type::Text),
    ("hostPort", Type::Int),
    ("name", Type::Text),
    ("protocol", Type::Text),
]);

const CONTAINER: Type = Type::Struct(&[
    ("args", Type::Texts),
    ("command", Type::Texts),
    ("env", Type::Items(&[("name", None)], &VARIABLE)),
    ("envFrom", Type::Elsewhere),
    ("image", Type::Text),
    ("imagePullPolicy", Type::Text),
    ("lifecycle", Type::Elsewhere),
    ("livenessProbe", Type::Elsewhere),
    ("name", Type::Text),
    ("ports", Type::Items(&[("containerPort", None), ("protocol", Some("TCP"))], &PORT)),
    ("readinessProbe", Type::Elsewhere),
    (
        "resources",
        Type::Inlined(&[
            ("claims", Type::Elsewhere),
            ("limits", Type::Map(&Type::Quantity)),
            ("requests", Type::Map(&Type::Quantity)),
        ]),
    ),
    ("securityContext", Type::Elsewhere),
    ("startupProbe", Type::Elsewhere),
    ("stdin", Type::Bool),
    ("terminationMessagePath", Type::Text),
    ("terminationMessagePolicy", Type::Text),
    ("tty", Type::Bool),
    ("volumeDevices", Type::Elsewhere),
    ("volumeMounts", Type::Elsewhere),
    ("workingDir", Type::Text),
]);

const POD: Type = Type::Inlined(&[
    ("affinity", Type::Elsewhere),
    ("containers", Type::Items(&[("name", None)], &CONTAINER)),
    ("dnsPolicy", Type::Text),
    ("hostNetwork", Type::Elsewhere),
    ("imagePullSecrets", Type::Elsewhere),
    ("initContainers", Type::Elsewhere),
    ("nodeSelector", Type::Elsewhere),
    ("restartPolicy", Type::Text),
    ("schedulerName", Type::Text),
    ("securityContext", Type::Struct(&[])),
    ("serviceAccount", Type::Elsewhere),
    ("serviceAccountName", Type::Elsewhere),
    ("terminationGracePeriodSeconds", Type::Int),
    ("tolerations", Type::Elsewhere),
    ("topologySpreadConstraints", Type::Elsewhere),
    ("volumes", Type::Elsewhere),
]);

pub(super) static DEPLOYMENT: Type = Type::Inlined(&[
    ("apiVersion", Type::Text),
    ("kind", Type::Text),
    ("metadata", METADATA),
    (
        "spec",
        Type::Inlined(&[
            ("minReadySeconds", Type::Int),
            ("paused", Type::Bool),
            ("progressDeadlineSeconds", Type::Int),
            ("replicas", Type::Int),
            ("revisionHistoryLimit", Type::Int),
            ("selector", Type::Whole(&[("matchExpressions", Type::Elsewhere), ("matchLabels", TEXTS)])),
            (
                "strategy",
                Type::Inlined(&[
                    ("rollingUpdate", Type::Struct(&[("maxSurge", Type::Atomic), ("maxUnavailable", Type::Atomic)])),
                    ("type", Type::Text),
                ]),
            ),
            ("template", Type::Inlined(&[("metadata", METADATA), ("spec", POD)])),
        ]),
    ),
    ("status", Type::Atomic),
]);

/// The type of a field.
pub(super) fn field<'t>(of: &'t Type, name: &str) -> Option<&'t Type> {
    match of {
        Type::Struct(fields) | Type::Inlined(fields) | Type::Whole(fields) => {
            fields.iter().find(|(known, _)| *known == name).map(|(_, inner)| inner)
        }
        _ => None,
    }
}

/// What tells an item apart, as JSON.
pub(super) fn key_of(keys: &[(&str, Option<&str>)], item: &Value) -> String {
    let mut key = Map::new();
    for (name, default) in keys {
        let value = item.get(*name).filter(|it| !it.is_null()).cloned();
        if let Some(value) = value.or_else(|| default.map(Value::from)) {
            key.insert((*name).to_owned(), value);
        }
    }
    Value::Object(key).to_string()
}
