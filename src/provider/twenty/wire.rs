//! What Twenty shows of a record, as far as we read it.
//!
//! Fields of a record are data here, because each workspace has its own: one that our role may not read is not in the
//! answer at all, which is something else than an empty one (guide, section 2).

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A record: the fields that we asked to keep, by the API's names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row(Map<String, Json>);

impl Row {
    /// Keeps of a record what `names` say.
    pub fn keep(record: Map<String, Json>, names: &[&str]) -> Self {
        Self(record.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect())
    }

    /// The record's id.
    pub fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// Whether a field was shown to us.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A field as it is.
    pub fn get(&self, name: &str) -> &Json {
        self.0.get(name).unwrap_or(&Json::Null)
    }

    /// The text of a field; an empty one is nothing.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str().filter(|text| !text.is_empty())
    }

    /// The text of a part of a field; an empty one is nothing.
    pub fn part(&self, name: &str, part: &str) -> Option<&str> {
        self.get(name).get(part)?.as_str().filter(|text| !text.is_empty())
    }

    /// Whether it lies in the bin.
    pub fn is_deleted(&self) -> bool {
        self.text("deletedAt").is_some()
    }

    /// Addresses beside the first: those of contacts that were merged into this one.
    pub fn other_addresses(&self) -> impl Iterator<Item = String> {
        let others = self.get("emails").get("additionalEmails").and_then(Json::as_array);
        others.into_iter().flatten().filter_map(Json::as_str).map(str::to_lowercase)
    }
}

/// A page of a list, whatever the key of its records.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    pub data: Map<String, Json>,
    pub total_count: usize,
    pub page_info: PageInfo,
}

/// Where a page ends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    pub has_next_page: bool,
    pub end_cursor: Option<String>,
}

/// An answer of the data model.
#[derive(Debug, Deserialize)]
pub struct Model {
    pub objects: Objects,
}

/// A page of objects.
#[derive(Debug, Deserialize)]
pub struct Objects {
    pub edges: Vec<ObjectEdge>,
}

/// An edge of that page.
#[derive(Debug, Deserialize)]
pub struct ObjectEdge {
    pub node: Object,
}

/// An object of the data model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    pub name_singular: String,
    pub fields_list: Vec<ModelField>,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelField {
    pub name: String,
    #[serde(rename = "type")]
    pub field_type: String,
    pub is_active: Option<bool>,
    pub is_unique: Option<bool>,
    #[serde(default)]
    pub options: Option<Vec<SelectOption>>,
}

/// A value that a field can have.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SelectOption {
    pub value: String,
    #[serde(default)]
    pub label: String,
}

impl Object {
    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&ModelField> {
        self.fields_list.iter().find(|field| field.name == name)
    }
}
