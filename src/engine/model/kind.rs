//! A kind of resource described once, as data. The engine compares, guards and explains by this description;
//! providers do not diff. Documentation tables are made from it.

use serde::{Deserialize, Serialize};

/// What a kind is about. Budgets and rules that hold in every service go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KindClass {
    /// A person's account.
    Person,
    /// What holds teams and people: a top-level group, an organisation.
    Organisation,
    /// What holds people within an organisation.
    Team,
    /// Where people talk, within an organisation. People make such places as they please, so one that nobody declared is
    /// not worth a word.
    Channel,
    /// One person in one organisation, team, group or channel.
    Membership,
    /// A number that one person was given and nobody else ever gets. Its resources have one field, [`NUMBER`], which
    /// is not declared but allotted; the key is the pool and the person (`mattermost_id/alice`).
    Number,
    /// Code.
    Repository,
    /// A right on something, given to a team or a person.
    Grant,
    /// An application that signs people in.
    Client,
    /// A piece of an installation's set-up.
    Setting,
    /// Where somebody works, with their data in it.
    Workspace,
    /// What is noted about somebody or something and gives no access: a contact, a customer, a deal. A service holds many
    /// that are nobody's business here, so one that nobody declared is not worth a word.
    Record,
}

impl KindClass {
    /// Whether a resource of it is about one person, who is the last part of its key.
    pub const fn is_of_person(self) -> bool {
        matches!(self, Self::Membership | Self::Number)
    }

    /// Whether a resource of it is declared as a group, and people are in it.
    pub const fn is_group(self) -> bool {
        matches!(self, Self::Organisation | Self::Team)
    }
}

/// The field, and the output, of a kind of the class [`KindClass::Number`].
pub const NUMBER: &str = "number";

/// How a field's desired and live values are held against each other. Both sides are canonical already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Equal or not.
    Plain,
    /// Equal when case is folded (e-mail addresses, names in services that fold).
    Folded,
    /// As sets: order and doubles mean nothing.
    Set,
    /// Text of several lines; a difference is shown line by line.
    Text,
    /// Named values of which only the named ones are ours; other keys stay.
    Keys,
    /// Sent when the resource is created, afterwards the service's (or the person's) own; never drift.
    CreateOnly,
    /// Named values that are chosen when the resource is made, of which only the named ones are ours, and which the service
    /// never changes afterwards: a difference is told, and left.
    Once,
    /// Ours as long as that live field has this text, the service's own afterwards: an address until the first sign-in.
    /// Equal when case is folded.
    While(&'static str, &'static str),
    /// Ours as long as nobody else changed it at the service, theirs afterwards; an empty one is nobody's.
    UntilTaken,
    /// The service never shows it; what was last sent is remembered as a keyed digest.
    WriteOnly,
    /// Only the service writes it; read for rules and reports.
    ServerOwned,
}

/// Whether a change of the field opens or closes access. Access only ever closes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Neither.
    None,
    /// The field says whether access is open; it is open when the field has this value.
    OpenWhen(bool),
    /// One level, or a map of levels, in rising order; a missing one is the first.
    Levels(&'static [&'static str]),
    /// A set in which every item opens something (redirect addresses).
    Grants,
    /// How an account signs in: any change on an existing account waits for approval.
    SignIn,
    /// A promise about a person (a verified address) that is never made true on an account we did not make.
    Vouches,
}

/// One field of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// Its name in plans and in the ledger.
    pub name: &'static str,
    /// What it is, for documentation and `explain`.
    pub about: &'static str,
    /// How it is compared.
    pub compare: Compare,
    /// Whether it opens or closes access.
    pub access: Access,
    /// Its value must not be shown.
    pub sensitive: bool,
    /// What its value in a live object means to the engine.
    pub tells: Tells,
    /// The live field that names, by key (of a map) or by this field's name, who else holds the value; what somebody else
    /// holds is told, and left.
    pub held_by: Option<&'static str>,
    /// The live field that names, in the same way, who wrote the value last: the author of drift, where the service tells.
    pub told_by: Option<&'static str>,
}

/// What the value of a live field means beyond the field itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// Nothing.
    Nothing,
    /// Where it has a text, the object is not what its name says and nothing can be made under it: the text says why.
    Bars,
    /// Where it is true, the member owns what they are in: it should not be left without one.
    Owns,
    /// What the person is called whose it is, or a part of that.
    Called,
    /// Where that person can be written to.
    Reached,
    /// The day on which it was made, as `2026-11-26`.
    Since,
    /// Where it is true, the account may do everything in the whole installation.
    Administers,
    /// Where it has a text, the object is worth a word although nobody declared it and nobody's access hangs on it: the text
    /// says why.
    Stray,
}

impl FieldSpec {
    /// A field compared plainly that opens nothing and may be shown.
    pub const fn new(name: &'static str, about: &'static str, compare: Compare) -> Self {
        Self {
            name,
            about,
            compare,
            access: Access::None,
            sensitive: false,
            tells: Tells::Nothing,
            held_by: None,
            told_by: None,
        }
    }

    /// The same field, whose author that live field names.
    pub const fn told_by(mut self, field: &'static str) -> Self {
        self.told_by = Some(field);
        self
    }

    /// The same field, left where that live field names somebody else who holds it.
    pub const fn held_by(mut self, field: &'static str) -> Self {
        self.held_by = Some(field);
        self
    }

    /// The same field, opening or closing access.
    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The same field, whose live value means something to the engine.
    pub const fn tells(mut self, tells: Tells) -> Self {
        self.tells = tells;
        self
    }

    /// The same field, never shown.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }
}

/// When an account was made: nobody writes it, and whoever asks whose a shadow account is wants to know.
pub const SINCE: FieldSpec =
    FieldSpec::new("since", "the day on which the account was made", Compare::ServerOwned).tells(Tells::Since);

/// One thing that must hold for a live object to be the declared one, beyond having its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Desired and live agree on this field, and it is not empty.
    Same(&'static str),
    /// This live field is true.
    IsTrue(&'static str),
    /// The name is the identity: there is nothing of anybody's own behind it (an edge between two known
    /// objects, a protocol mapper, a profile attribute).
    NameIsIdentity,
    /// The name names the container that is meant, but people's rights hang on it: adopting always waits for approval.
    NameByApproval,
}

/// What removing the declaration means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The account is switched off by setting this field; nothing is deleted. Returning restores.
    Disable {
        /// The switch.
        field: &'static str,
        /// Its value when off.
        off: bool,
    },
    /// Put away by setting this field, and only by approval: it is out of everybody's reach, nothing is deleted, and
    /// returning restores.
    Archive {
        /// The switch.
        field: &'static str,
        /// Its value when put away.
        off: bool,
    },
    /// Deleted, within the budgets.
    Delete,
    /// Deleted, and only by approval.
    DeleteByApproval,
    /// Left as it is and forgotten.
    Forget,
    /// Left as it is and remembered for as long as it is there, so that it is known to be ours when it is declared again.
    Keep,
    /// Ended by the service itself, as the text says, once what it was made from is gone; nothing is done by us. Until it is
    /// gone it is an open item.
    Swept(&'static str),
    /// Neither made nor ended by us, because the service offers no way: people do, as the text says. One that is declared
    /// and not there is no difference; one that is declared no more stays an open item until it is gone.
    ByHand(&'static str),
}

impl Removal {
    /// The field that switches the object off, and its value then, where removing it means that.
    pub const fn switch(self) -> Option<(&'static str, bool)> {
        match self {
            Removal::Disable { field, off } | Removal::Archive { field, off } => Some((field, off)),
            Removal::Delete
            | Removal::DeleteByApproval
            | Removal::Forget
            | Removal::Keep
            | Removal::Swept(_)
            | Removal::ByHand(_) => None,
        }
    }
}

/// What the service removes together with the object, so that plans name it and budgets count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoesWith {
    /// Only when this live field has this text; `None` always.
    pub when: Option<(&'static str, &'static str)>,
    /// What goes, for a person.
    pub what: &'static str,
    /// Counted in the budget of this class, and waiting for approval, if it is somebody's account or data.
    pub counts: Option<KindClass>,
}

/// What people who are in an object have through it, beyond being in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// Being in what this one lies in: the object of that kind that has this one's parent as its key.
    Above(&'static str),
    /// A right on everything of that kind that lies beside it, in the same parent.
    Beside {
        /// The kind.
        kind: &'static str,
        /// Only while this field of the giving object is true.
        when: &'static str,
        /// The fields of the giving object that say how far: the first one that says anything.
        level: &'static [&'static str],
    },
}

/// What the service can do when the declared name changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rename {
    /// It renames in place; identity, sign-in and memberships stay.
    InPlace,
    /// It cannot, or not without breaking sign-in: the object keeps its old name there. The reason is for people.
    KeepsOldName(&'static str),
    /// Nothing there is a name: what has the recorded id or our mark is it, whatever else it is known as.
    Nameless,
}

/// Which list proves that an object is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeRule {
    /// One list holds all objects of the kind.
    Whole,
    /// Each parent (the key before the last `/`) has a list of its own.
    PerParent,
}

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindSpec {
    /// Its name in addresses.
    pub name: &'static str,
    /// What one is called, for people: "team", "team member".
    pub title: &'static str,
    /// What it is about.
    pub class: KindClass,
    /// Of a membership: the kind of what the person is in, which has the key before the last `/`.
    pub member_of: Option<&'static str>,
    /// What people who are in it have through it.
    pub gives: &'static [Gives],
    /// Its fields, in the order in which people want to read them.
    pub fields: &'static [FieldSpec],
    /// How the natural key is made, and how the service folds it.
    pub key: &'static str,
    /// What proves that a live object is the declared one: any of these groups, all of its members.
    pub identity: &'static [&'static [Evidence]],
    /// Where a mark of ownership lives, if the service can carry one.
    pub mark: Option<&'static str>,
    /// What others may use once it is there: name and meaning.
    pub outputs: &'static [(&'static str, &'static str)],
    /// Which list proves absence.
    pub scope: ScopeRule,
    /// How that list is known to be whole, for documentation.
    pub absence: &'static str,
    /// What removing the declaration means.
    pub removal: Removal,
    /// What was switched off or put away and is declared no more is deleted at last, and only by approval: once the
    /// installation's [retention](crate::engine::model::InstancePolicy::retention_days) is over.
    pub after_retention: bool,
    /// What goes with a deletion.
    pub goes_with: &'static [GoesWith],
    /// What a changed name means.
    pub rename: Rename,
    /// Making one again after it vanished opens access, so it waits for approval.
    pub creation_opens: bool,
    /// What sleeps while the account is switched off and works again when it is restored; empty where nothing does.
    pub wakes: &'static str,
    /// What cannot be undone, for documentation and plans.
    pub cannot_be_undone: &'static str,
}

impl KindSpec {
    /// The fields whose live values tell this.
    pub fn that_tell(&self, tells: Tells) -> impl Iterator<Item = &FieldSpec> {
        self.fields.iter().filter(move |field| field.tells == tells)
    }

    /// The description of a field.
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}
