//! The data model of a workspace: objects and fields are data, since administrators add to them.

use serde_json::{Value, json};

/// What a field holds, and with that how it is checked, stored and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Uuid,
    Text,
    Number,
    Boolean,
    DateTime,
    Select,
    FullName,
    Emails,
    Links,
    Phones,
    Currency,
    Address,
    Actor,
    Position,
    Files,
    SearchVector,
    /// A link to one record of the named object, kept in a column of its own.
    ManyToOne(&'static str),
    /// The other side of such a link; never written.
    OneToMany {
        object: &'static str,
        column: &'static str,
    },
}

/// A field of an object.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) description: Value,
    pub(super) icon: Value,
    pub(super) kind: Kind,
    pub(super) is_unique: bool,
    pub(super) is_nullable: bool,
    pub(super) is_active: bool,
    /// Made by an administrator, so that it may be deleted.
    pub(super) is_custom: bool,
    /// Of a select: the options as the API shows them. Null otherwise.
    pub(super) options: Value,
    /// As the API shows it: texts in single quotes.
    pub(super) default: Value,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

/// An object of the data model.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) id: String,
    pub(super) singular: String,
    pub(super) plural: String,
    pub(super) is_system: bool,
    /// Whether its records can be worked with here. Of the others only the names are known.
    pub(super) is_imitated: bool,
    pub(super) fields: Vec<Field>,
}

impl Kind {
    /// The type's name in the metadata API.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Kind::Uuid => "UUID",
            Kind::Text => "TEXT",
            Kind::Number => "NUMBER",
            Kind::Boolean => "BOOLEAN",
            Kind::DateTime => "DATE_TIME",
            Kind::Select => "SELECT",
            Kind::FullName => "FULL_NAME",
            Kind::Emails => "EMAILS",
            Kind::Links => "LINKS",
            Kind::Phones => "PHONES",
            Kind::Currency => "CURRENCY",
            Kind::Address => "ADDRESS",
            Kind::Actor => "ACTOR",
            Kind::Position => "POSITION",
            Kind::Files => "FILES",
            Kind::SearchVector => "TS_VECTOR",
            Kind::ManyToOne(_) | Kind::OneToMany { .. } => "RELATION",
        }
    }

    /// The parts of a composite field, each with what it holds. Lists within composites are raw JSON and have no kind.
    pub(super) fn parts(self) -> &'static [(&'static str, Option<Kind>)] {
        match self {
            Kind::FullName => &[("firstName", Some(Kind::Text)), ("lastName", Some(Kind::Text))],
            Kind::Emails => &[("primaryEmail", Some(Kind::Text)), ("additionalEmails", None)],
            Kind::Links => &[
                ("primaryLinkLabel", Some(Kind::Text)),
                ("primaryLinkUrl", Some(Kind::Text)),
                ("secondaryLinks", None),
            ],
            Kind::Phones => &[
                ("primaryPhoneNumber", Some(Kind::Text)),
                ("primaryPhoneCountryCode", Some(Kind::Text)),
                ("primaryPhoneCallingCode", Some(Kind::Text)),
                ("additionalPhones", None),
            ],
            Kind::Currency => &[("amountMicros", Some(Kind::Number)), ("currencyCode", Some(Kind::Select))],
            Kind::Address => &[
                ("addressStreet1", Some(Kind::Text)),
                ("addressStreet2", Some(Kind::Text)),
                ("addressCity", Some(Kind::Text)),
                ("addressPostcode", Some(Kind::Text)),
                ("addressState", Some(Kind::Text)),
                ("addressCountry", Some(Kind::Text)),
                ("addressLat", Some(Kind::Number)),
                ("addressLng", Some(Kind::Number)),
            ],
            Kind::Actor => &[
                ("source", Some(Kind::Select)),
                ("workspaceMemberId", Some(Kind::Uuid)),
                ("name", Some(Kind::Text)),
                ("context", None),
            ],
            _ => &[],
        }
    }

    /// What a record that never got a value shows.
    pub(super) fn empty(self) -> Value {
        let part = |(name, kind): &(&str, Option<Kind>)| {
            let value = match kind {
                Some(Kind::Text) => json!(""),
                Some(_) => Value::Null,
                None if self == Kind::Actor => Value::Null,
                None => json!([]),
            };
            ((*name).to_owned(), value)
        };
        match self {
            Kind::Text => json!(""),
            kind if !kind.parts().is_empty() => Value::Object(kind.parts().iter().map(part).collect()),
            _ => Value::Null,
        }
    }

    /// Whether records hold a value of the field itself.
    pub(super) fn is_stored(self) -> bool {
        !matches!(self, Kind::ManyToOne(_) | Kind::OneToMany { .. } | Kind::SearchVector)
    }
}

impl Field {
    /// The column of a link to one record.
    pub(super) fn column(&self) -> Option<String> {
        matches!(self.kind, Kind::ManyToOne(_)).then(|| format!("{}Id", self.name))
    }

    /// The values that a select takes, in order.
    pub(super) fn option_values(&self) -> Vec<&str> {
        self.options.as_array().into_iter().flatten().filter_map(|option| option["value"].as_str()).collect()
    }

    /// The part of a unique composite that must not occur twice; the empty text for a plain field.
    pub(super) fn unique_part(&self) -> &'static str {
        match self.kind {
            Kind::Emails => "primaryEmail",
            Kind::Links => "primaryLinkUrl",
            Kind::Phones => "primaryPhoneNumber",
            _ => "",
        }
    }
}

impl Object {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The link whose column this is.
    pub(super) fn link_of_column(&self, column: &str) -> Option<(&Field, &'static str)> {
        self.fields.iter().find_map(|field| match field.kind {
            Kind::ManyToOne(target) if field.column().as_deref() == Some(column) => Some((field, target)),
            _ => None,
        })
    }

    /// The name as types and operations are built from it: `Person`, `People`.
    pub(super) fn title(&self) -> String {
        capitalised(&self.singular)
    }

    pub(super) fn plural_title(&self) -> String {
        capitalised(&self.plural)
    }
}

pub(super) fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
