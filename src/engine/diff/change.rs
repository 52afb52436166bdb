//! A difference between what is wanted, what we did last, and what is there.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::diag::Span;
use crate::engine::model::{
    Address, Extent, Field, FieldSpec, KindClass, KindSpec, Live, Mode, OutputRef, Owner, Tells, Value,
};

/// What kind of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftClass {
    /// None.
    InSync,
    /// We changed our mind: the mono-repo differs from what was last applied, the service does not.
    Pending,
    /// The service changed: live differs from what was last applied, the mono-repo does not.
    Drifted,
    /// Both changed, or identities disagree. Identities that disagree wait for a person.
    Conflict,
    /// Declared, owned or not, and proven absent.
    Missing,
    /// Exists, was never recorded, and both name and identity agree.
    Adoptable,
    /// Exists, and nobody declared it: a shadow account, a foreign member.
    Unowned,
    /// Ours, and declared no more.
    Removed,
    /// Cannot be told: the scope was not read whole, or a value is not known yet.
    Unknown,
}

impl DriftClass {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            DriftClass::InSync => "in-sync",
            DriftClass::Pending => "pending",
            DriftClass::Drifted => "drifted",
            DriftClass::Conflict => "conflict",
            DriftClass::Missing => "missing",
            DriftClass::Adoptable => "adoptable",
            DriftClass::Unowned => "unowned",
            DriftClass::Removed => "removed",
            DriftClass::Unknown => "unknown",
        }
    }
}

impl fmt::Display for DriftClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A value as a reader may see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Not there.
    Absent,
    /// This value.
    Known(Value),
    /// Known after apply: what it will be is the output of another resource.
    Unknown(OutputRef),
    /// There, and not to be shown.
    Sensitive,
}

/// Whether a change of access opens or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Neither.
    Neutral,
    /// Access that is closed would be open.
    Opens,
    /// Access that is open would be closed.
    Closes,
    /// Some opens and some closes.
    Both,
    /// How the account signs in changes.
    SignIn,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name.
    pub field: Field,
    /// What kind of difference.
    pub class: DriftClass,
    /// What is there.
    pub before: Shown,
    /// What is wanted.
    pub after: Shown,
    /// What the change would do to access.
    pub effect: Effect,
    /// Where the wanted value is said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span: Option<Span>,
    /// Why nothing is done about it, if nothing is: an ignore rule's reason, or a rule of ours.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left: Option<String>,
    /// Who changed it at the service, and when, where the service tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
}

/// One resource that differs, or that is worth a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name.
    pub address: Address,
    /// What kind of difference, for the whole resource.
    pub class: DriftClass,
    /// What the resource is about.
    pub about: KindClass,
    /// Who declares it, or declared it last; `None` for what nobody ever declared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<Owner>,
    /// Where it is declared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<Span>,
    /// The service's own id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_id: Option<String>,
    /// The fields that differ.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fields: Vec<FieldChange>,
    /// The mode that applies.
    pub mode: Mode,
    /// How far the declaration lets us go.
    pub extent: Extent,
    /// Why, for people.
    pub why: String,
    /// Why nothing is done about the whole resource, if nothing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left: Option<String>,
    /// What is known of an object that nobody declared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shadow: Option<Shadow>,
    /// Who made the difference at the service, where it keeps a trail and was asked. Never part of what is planned: a report
    /// fills it in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
}

/// Who last changed something at a service, by its own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Who, for people: `'root'`, `the client 'helpdesk'`.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What they did, and where: "updated it by the admin API".
    pub how: String,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, {}", self.who, self.how, self.at.format("%F %T UTC"))
    }
}

/// What is known of an account, or something else, that nobody declared: whom to ask about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shadow {
    /// Whose it is by the service's word: a name, an address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub whose: Option<String>,
    /// The day on which it was made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<NaiveDate>,
}

impl Shadow {
    /// What a live object tells of itself; `None` where that is nothing.
    pub fn of(spec: &KindSpec, live: &Live) -> Option<Self> {
        let shown = |field: &&FieldSpec| !field.sensitive;
        let texts = |tells| spec.that_tell(tells).filter(shown).filter_map(|field| live.text(field.name));
        let mut whose: Vec<String> = texts(Tells::Called).map(str::to_owned).collect();
        let is_called = !whose.is_empty();
        let address = |address: &str| if is_called { format!("<{address}>") } else { address.to_owned() };
        whose.extend(texts(Tells::Reached).map(address));
        let shadow = Self {
            whose: (!whose.is_empty()).then(|| whose.join(" ")),
            since: texts(Tells::Since).next().and_then(|day| day.parse().ok()),
        };
        (shadow != Self::default()).then_some(shadow)
    }
}
