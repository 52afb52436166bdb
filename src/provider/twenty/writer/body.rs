//! What is sent: our fields in the API's form.
//!
//! Addresses and links are sent whole, because a part of them that is not sent is emptied; of a name it is kept (guide,
//! section 3).

use serde_json::{Map, Value as Json, json};

use crate::engine::model::{Fields, Value};
use crate::provider::twenty::options::Options;
use crate::provider::twenty::wire::Row;
use crate::provider::twenty::{kinds, names};

/// The body of fields of a kind; what stands there already where that is known. `None` where the options do not tell
/// what a stage is.
pub(super) fn body(kind: &str, fields: &Fields, options: &Options, row: Option<&Row>) -> Option<Map<String, Json>> {
    let mut body = Map::new();
    let mut name = Map::new();
    for (field, value) in fields.iter() {
        let (key, sent) = match (kind, &**field) {
            (_, "present" | "mark") => continue,
            (kinds::PERSON, "first_name") => {
                name.insert("firstName".to_owned(), text(value));
                continue;
            }
            (kinds::PERSON, "last_name") => {
                name.insert("lastName".to_owned(), text(value));
                continue;
            }
            (kinds::PERSON, "email") => ("emails", emails(text(value), row)),
            (kinds::COMPANY, "domain") => ("domainName", domain(value, row)),
            (kinds::OPPORTUNITY, "open") => ("stage", stage(value, options)?.into()),
            (kinds::OPPORTUNITY, "contact") => ("pointOfContactId", id(value)),
            (kinds::OPPORTUNITY, "workspace_url") => (options.workspace_url_field.as_str(), link(text(value))),
            (_, "company") => ("companyId", id(value)),
            (_, "name") => ("name", text(value)),
            _ => continue,
        };
        body.insert(key.to_owned(), sent);
    }
    if !name.is_empty() {
        body.insert("name".to_owned(), Json::Object(name));
    }
    Some(body)
}

fn stage<'a>(open: &Value, options: &'a Options) -> Option<&'a str> {
    let stages = options.stages.as_ref()?;
    Some(if open.as_bool() == Some(true) { &stages.open } else { &stages.ended })
}

/// The first address, with the others as they are.
fn emails(first: Json, row: Option<&Row>) -> Json {
    let others = row.map_or(Json::Null, |row| row.get("emails")["additionalEmails"].clone());
    json!({ "primaryEmail": first, "additionalEmails": if others.is_array() { others } else { json!([]) } })
}

/// A domain as a link, with its label and further links as they are.
fn domain(domain: &Value, row: Option<&Row>) -> Json {
    let url = domain.as_text().map(|domain| names::links(domain)[0].clone()).unwrap_or_default();
    let mut sent = link(url.into());
    if let Some(Json::Object(stands)) = row.map(|row| row.get("domainName")) {
        for part in ["primaryLinkLabel", "secondaryLinks"] {
            if let Some(value) = stands.get(part).filter(|value| !value.is_null()) {
                sent[part] = value.clone();
            }
        }
    }
    sent
}

fn link(url: Json) -> Json {
    json!({ "primaryLinkUrl": url, "primaryLinkLabel": "", "secondaryLinks": [] })
}

/// A text; nothing is sent as the empty one, because null changes nothing in a composite.
fn text(value: &Value) -> Json {
    value.as_text().unwrap_or_default().into()
}

/// An id of another record, or none.
fn id(value: &Value) -> Json {
    value.as_text().map_or(Json::Null, Json::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::Field;

    fn fields(fields: &[(&'static str, Value)]) -> Fields {
        fields.iter().map(|(name, value)| (Field::Borrowed(*name), value.clone())).collect()
    }

    #[test]
    fn links_and_addresses_go_whole_and_names_in_parts() {
        let options = Options::default();
        let row = json!({
            "domainName": { "primaryLinkUrl": "https://old.example", "primaryLinkLabel": "Acme",
                            "secondaryLinks": [{ "label": "", "url": "https://acme.shop" }] },
            "emails": { "primaryEmail": "a@old.example", "additionalEmails": ["a@older.example"] },
        });
        let Json::Object(row) = row else { unreachable!() };
        let row = Row::keep(row, &["domainName", "emails"]);
        let sent = body(kinds::COMPANY, &fields(&[("domain", "acme.example".into())]), &options, Some(&row)).unwrap();
        let kept = json!({ "primaryLinkUrl": "https://acme.example", "primaryLinkLabel": "Acme",
                           "secondaryLinks": [{ "label": "", "url": "https://acme.shop" }] });
        assert_eq!(sent["domainName"], kept);
        let wanted =
            fields(&[("email", "a@acme.example".into()), ("last_name", "Chen".into()), ("present", true.into())]);
        let sent = body(kinds::PERSON, &wanted, &options, Some(&row)).unwrap();
        let emails = json!({ "primaryEmail": "a@acme.example", "additionalEmails": ["a@older.example"] });
        assert_eq!((&sent["emails"], &sent["name"]), (&emails, &json!({ "lastName": "Chen" })));
        assert_eq!(sent.len(), 2);
    }

    #[test]
    fn a_stage_that_nobody_named_is_not_sent() {
        let open = fields(&[("open", true.into())]);
        assert_eq!(body(kinds::OPPORTUNITY, &open, &Options::default(), None), None);
    }
}
