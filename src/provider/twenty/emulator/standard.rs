//! What a stock workspace's data model holds. Records of people, companies, opportunities and workspace members are
//! imitated; of the other objects only the names are known, so that they are told from objects that are none.

use serde_json::{Value, json};

use super::ids::Ids;
use super::model::{Field, Kind, Object};
use super::settings::Settings;

/// Singular, plural and identifier of an imitated object; the identifiers are those that the recordings name.
const IMITATED: &[(&str, &str, &str)] = &[
    ("person", "people", "32e95365-6286-4a1b-a5a1-fa84d188d5e4"),
    ("company", "companies", "1c1704c3-0f4d-4b64-a95d-8888f75f7dd3"),
    ("opportunity", "opportunities", "1500c658-5ba1-4b13-af3d-05599150c615"),
    ("workspaceMember", "workspaceMembers", "842a4e0c-6b6d-4b8e-9c5e-3f3a6c0f7b11"),
];

/// Singular and identifier of the objects whose records are not imitated. Lists come by descending identifier.
const NAMED: &[(&str, &str)] = &[
    ("messageChannelMessageAssociation", "face9b3b-1285-4910-9b0a-874f855b697a"),
    ("messageParticipant", "f4bea484-4dd4-4941-a1db-a43568deee49"),
    ("messageCampaign", "d5274462-6adc-4b8f-906f-29e2a4e9ff01"),
    ("messageList", "ced7a93b-dd9d-4ee4-8beb-5847943339cc"),
    ("taskTarget", "c2a15478-1752-412d-ac90-c6e1c275dbf8"),
    ("messageChannelMessageAssociationMessageFolder", "b7a8e954-9f12-4396-ac20-04cf9cb5e2e9"),
    ("calendarChannelEventAssociation", "b11d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("blocklist", "ac1d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("calendarEventParticipant", "a71d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("messageThread", "a21d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("note", "9d1d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("message", "981d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("noteTarget", "931d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("task", "8e1d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("dashboard", "891d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("workflowAutomatedTrigger", "7f1d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("callRecording", "7a1d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("workflowVersion", "751d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("calendarEvent", "701d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("attachment", "2f1d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("messageListMember", "2a1d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("timelineActivity", "251d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("workflowRun", "181d0c2e-5f3b-4a67-8c9d-0e1f2a3b4c5d"),
    ("workflow", "08ea6e35-a943-4025-b7a5-62fb758cb706"),
];

/// Of these, the ones that people work with by themselves.
const OPEN: &[&str] = &["note", "task", "dashboard", "workflow"];

const PERSON: &[(&str, &str, Kind)] = &[
    ("name", "Name", Kind::FullName),
    ("emails", "Emails", Kind::Emails),
    ("linkedinLink", "Linkedin", Kind::Links),
    ("jobTitle", "Job Title", Kind::Text),
    ("phones", "Phones", Kind::Phones),
    ("avatarUrl", "Avatar", Kind::Text),
    ("avatarFile", "Avatar File", Kind::Files),
    ("company", "Company", Kind::ManyToOne("company")),
    (
        "pointOfContactForOpportunities",
        "Opportunities",
        Kind::OneToMany { object: "opportunity", column: "pointOfContactId" },
    ),
];

const COMPANY: &[(&str, &str, Kind)] = &[
    ("name", "Name", Kind::Text),
    ("domainName", "Domain Name", Kind::Links),
    ("address", "Address", Kind::Address),
    ("linkedinLink", "Linkedin", Kind::Links),
    ("annualRevenue", "Annual Revenue", Kind::Currency),
    ("accountOwner", "Account Owner", Kind::ManyToOne("workspaceMember")),
    ("people", "People", Kind::OneToMany { object: "person", column: "companyId" }),
    ("opportunities", "Opportunities", Kind::OneToMany { object: "opportunity", column: "companyId" }),
];

const OPPORTUNITY: &[(&str, &str, Kind)] = &[
    ("name", "Name", Kind::Text),
    ("amount", "Amount", Kind::Currency),
    ("closeDate", "Close date", Kind::DateTime),
    ("stage", "Stage", Kind::Select),
    ("company", "Company", Kind::ManyToOne("company")),
    ("pointOfContact", "Point of Contact", Kind::ManyToOne("person")),
    ("owner", "Owner", Kind::ManyToOne("workspaceMember")),
];

const MEMBER: &[(&str, &str, Kind)] = &[
    ("name", "Name", Kind::FullName),
    ("avatarUrl", "Avatar Url", Kind::Text),
    ("userEmail", "User Email", Kind::Text),
    ("userId", "User Id", Kind::Uuid),
    ("jobTitle", "Job Title", Kind::Text),
    ("colorScheme", "Color Scheme", Kind::Text),
    ("locale", "Language", Kind::Text),
    ("timeZone", "Time zone", Kind::Text),
];

/// The fields of every object.
const COMMON: &[(&str, &str, Kind)] = &[
    ("id", "Id", Kind::Uuid),
    ("createdAt", "Creation date", Kind::DateTime),
    ("updatedAt", "Last update", Kind::DateTime),
    ("deletedAt", "Deleted at", Kind::DateTime),
    ("position", "Position", Kind::Position),
    ("createdBy", "Created by", Kind::Actor),
    ("updatedBy", "Updated by", Kind::Actor),
    ("searchVector", "Search vector", Kind::SearchVector),
];

const COLOURS: [&str; 5] = ["red", "purple", "sky", "turquoise", "yellow"];

/// The data model that `settings` describe.
pub(super) fn objects(settings: &Settings, ids: &mut Ids, now: &str) -> Vec<Object> {
    let mut objects = Vec::new();
    for (singular, plural, id) in IMITATED {
        let own = match *singular {
            "person" => PERSON,
            "company" => COMPANY,
            "opportunity" => OPPORTUNITY,
            _ => MEMBER,
        };
        let missing = |name: &str| settings.missing_fields.iter().any(|(of, gone)| of == singular && gone == name);
        let mut fields: Vec<Field> = COMMON
            .iter()
            .chain(own)
            .filter(|(name, ..)| !missing(name))
            .map(|(name, label, kind)| field(singular, name, label, *kind, settings, ids, now))
            .collect();
        for (_, name, is_unique) in settings.text_fields.iter().filter(|(of, ..)| of == singular) {
            let mut custom = field(singular, name, &label(name), Kind::Text, settings, ids, now);
            (custom.is_unique, custom.is_custom) = (*is_unique, true);
            fields.push(custom);
        }
        objects.push(object(id, singular, plural, fields));
    }
    objects.extend(NAMED.iter().map(|(singular, id)| {
        let plural = match singular.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{singular}s"),
        };
        let named = object(id, singular, &plural, Vec::new());
        Object { is_imitated: false, is_system: !OPEN.contains(singular), ..named }
    }));
    objects
}

fn object(id: &str, singular: &str, plural: &str, fields: Vec<Field>) -> Object {
    Object {
        id: id.to_owned(),
        singular: singular.to_owned(),
        plural: plural.to_owned(),
        is_system: singular == "workspaceMember",
        is_imitated: true,
        fields,
    }
}

fn field(object: &str, name: &str, label: &str, kind: Kind, settings: &Settings, ids: &mut Ids, now: &str) -> Field {
    let is_stage = object == "opportunity" && name == "stage";
    let (options, default) = if is_stage { stages(settings, ids) } else { (Value::Null, Value::Null) };
    let is_key = (object == "person" && name == "emails") || (object == "company" && name == "domainName");
    Field {
        id: known_id(object, name).map_or_else(|| ids.next(), str::to_owned),
        name: name.to_owned(),
        label: label.to_owned(),
        description: json!(""),
        icon: json!(""),
        kind,
        is_unique: is_key,
        is_nullable: !(is_stage || matches!(name, "id" | "createdAt" | "updatedAt" | "position")),
        is_active: true,
        is_custom: false,
        options,
        default,
        created_at: now.to_owned(),
        updated_at: now.to_owned(),
    }
}

/// A name in words: `formularyKey` is labelled "Formulary key".
fn label(name: &str) -> String {
    let words = name.chars().flat_map(|letter| {
        let space = letter.is_ascii_uppercase().then_some(' ');
        space.into_iter().chain([letter.to_ascii_lowercase()])
    });
    super::model::capitalised(&words.collect::<String>())
}

/// The identifiers of fields that the recordings name.
fn known_id(object: &str, name: &str) -> Option<&'static str> {
    match (object, name) {
        ("opportunity", "closeDate") => Some("19175865-8453-4f9a-8f6d-462c6aaab2e2"),
        ("opportunity", "name") => Some("f7f85576-ba56-48c1-a205-f8165507bab1"),
        ("opportunity", "formularyKey") => Some("20b922d3-b2cd-4055-b98c-8475b8d1f04d"),
        _ => None,
    }
}

fn stages(settings: &Settings, ids: &mut Ids) -> (Value, Value) {
    let option = |(n, value): (usize, &String)| {
        let label = value.to_lowercase();
        json!({ "id": ids.next(), "color": COLOURS[n % COLOURS.len()], "label": super::model::capitalised(&label),
                "value": value, "position": n })
    };
    let options = settings.stages.iter().enumerate().map(option).collect();
    let default = settings.stages.first().map_or(Value::Null, |first| format!("'{first}'").into());
    (options, default)
}

/// The name of the constraint that keeps a column to records that exist. Each server makes up its own; these are the
/// recorded ones, and one more of the same form.
pub(super) fn constraint(table: &str, column: &str) -> &'static str {
    match (table, column) {
        ("person", "companyId") => "FK_ee066ddacfce46c9a7cb90edd1a",
        ("opportunity", "companyId") => "FK_5a104112b21bbebb37fca93a548",
        ("opportunity", "pointOfContactId") => "FK_ce5aa294b17fe23a0b19267f1e1",
        ("opportunity", "ownerId") => "FK_67371a1e3fd5bac524f7e914bad",
        _ => "FK_2c9e4a7b1d0f4e8c9a6b5d3f7e1",
    }
}
