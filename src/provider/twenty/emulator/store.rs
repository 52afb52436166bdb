//! Writing: what the database refuses, and what becomes of a record.

use serde_json::{Map, Value, json};

use super::filter::at;
use super::keys::{Caller, MEMBER};
use super::model::{Field, Kind, Object};
use super::refusal::{Refusal, bad, coded, duplicate, foreign_key, no_record};
use super::standard::constraint;
use super::values::written;
use super::world::{Row, World, is_deleted};
use super::writes::{Change, first_place};

/// When and by whom something is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke<'a> {
    pub(super) caller: &'a Caller,
    /// Milliseconds since 1970.
    pub(super) now: i64,
}

impl Stroke<'_> {
    fn time(self) -> Value {
        let time = chrono::DateTime::from_timestamp_millis(self.now).unwrap_or_default();
        written(time).into()
    }
}

/// The value of a unique field in a record, where it has one.
fn unique_value<'r>(field: &Field, row: &'r Row) -> Option<&'r str> {
    let part = field.unique_part();
    let path: Vec<String> =
        [field.name.as_str(), part].into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect();
    at(row, &path).as_str().filter(|text| !text.is_empty())
}

impl World {
    /// Makes records. All of them are made or none.
    pub(super) fn create(
        &mut self,
        object: &Object,
        changes: Vec<Change>,
        by: Stroke<'_>,
    ) -> Result<Vec<String>, Refusal> {
        self.check_new(object, &changes)?;
        let mut made: Vec<Row> = Vec::new();
        let mut place = first_place(self, &object.singular).as_i64().unwrap_or(0);
        for change in changes {
            let mut row = Row::new();
            for field in object.fields.iter() {
                match field.column() {
                    Some(column) => row.insert(column, Value::Null),
                    None if field.kind.is_stored() => row.insert(field.name.clone(), initial(field)),
                    None => None,
                };
            }
            let actor = by.caller.actor();
            let creator = if change.contains_key("createdBy") { Kind::Actor.empty() } else { actor.clone() };
            for (name, value) in
                [("createdAt", by.time()), ("updatedAt", by.time()), ("createdBy", creator), ("updatedBy", actor)]
            {
                row.insert(name.to_owned(), value);
            }
            row.insert("id".to_owned(), self.ids.next().into());
            row.insert("position".to_owned(), place.into());
            if !change.contains_key("position") {
                place -= 1;
            }
            apply(&mut row, change);
            self.check_links(object, &row)?;
            self.check_unique(object, &row, &made)?;
            made.push(row);
        }
        let table = self.rows.entry(object.singular.clone()).or_default();
        let mut ids = Vec::new();
        for row in made {
            let id = row["id"].as_str().unwrap_or_default().to_owned();
            ids.push(id.clone());
            table.insert(id, row);
        }
        Ok(ids)
    }

    /// Changes a record, deleted or not.
    pub(super) fn update(
        &mut self,
        object: &Object,
        id: &str,
        mut change: Change,
        by: Stroke<'_>,
    ) -> Result<(), Refusal> {
        let mut row = self.row(&object.singular, id).cloned().ok_or_else(no_record)?;
        if change.remove("id").is_some_and(|wanted| wanted.as_str() != Some(id)) {
            let message = format!(
                "update or delete on table \"{}\" violates foreign key constraint \"FK_875809b410c253073b5aa812c9a\" on table \"timelineActivity\"",
                object.singular
            );
            let friendly = foreign_key("", "").friendly;
            return Err(bad(message).friendly(friendly));
        }
        change.remove("createdBy");
        row.insert("updatedAt".to_owned(), by.time());
        row.insert("updatedBy".to_owned(), by.caller.actor());
        apply(&mut row, change);
        self.check_links(object, &row)?;
        self.check_unique(object, &row, &[])?;
        self.put(object, id, row);
        Ok(())
    }

    /// Creates or changes records. Changes are written before any is created, and stay if creating fails.
    pub(super) fn upsert(
        &mut self,
        object: &Object,
        changes: Vec<Change>,
        by: Stroke<'_>,
    ) -> Result<Vec<String>, Refusal> {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for change in changes {
            match self.holder_for_upsert(object, &change)? {
                Some(id) => old.push((id, change)),
                None => new.push(change),
            }
        }
        let mut ids: Vec<String> = Vec::new();
        for (id, mut change) in old {
            change.remove("id");
            change.insert("deletedAt".to_owned(), Value::Null);
            self.update(object, &id, change, by)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.extend(self.create(object, new, by)?);
        Ok(ids)
    }

    /// The one record that holds the identifier or a unique value, deleted or not.
    fn holder_for_upsert(&self, object: &Object, change: &Change) -> Result<Option<String>, Refusal> {
        let mut keys: Vec<(String, String)> = Vec::new();
        let mut found: Vec<String> = Vec::new();
        if let Some(id) = change.get("id").and_then(Value::as_str) {
            keys.push(("id".to_owned(), id.to_owned()));
            found.extend(self.row(&object.singular, id).map(|_| id.to_owned()));
        }
        for field in object.fields.iter().filter(|field| field.is_unique) {
            let Some(value) = unique_value(field, change) else { continue };
            let part = field.unique_part();
            let name = if part.is_empty() { field.name.clone() } else { format!("{}.{part}", field.name) };
            keys.push((name, value.to_owned()));
            let holders = self.table(&object.singular).filter(|row| unique_value(field, row) == Some(value));
            found.extend(holders.filter_map(|row| row["id"].as_str()).map(str::to_owned));
        }
        found.sort();
        found.dedup();
        if found.len() > 1 {
            let told = keys.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ");
            let message = format!(
                "Multiple records found with the same unique field values for {told}. Cannot determine which record to update."
            );
            return Err(bad(message.clone()).sub("UPSERT_MULTIPLE_MATCHING_RECORDS_CONFLICT", message));
        }
        Ok(found.pop())
    }

    /// Hides a record. One that is hidden already is hidden again, later.
    pub(super) fn soft_delete(&mut self, object: &Object, id: &str, by: Stroke<'_>) -> Result<(), Refusal> {
        if object.singular == "workspaceMember" {
            return Err(bad("Please use /deleteUserFromWorkspace to remove a workspace member."));
        }
        let mut row = self.row(&object.singular, id).cloned().ok_or_else(no_record)?;
        row.insert("deletedAt".to_owned(), by.time());
        row.insert("updatedAt".to_owned(), by.time());
        row.insert("updatedBy".to_owned(), by.caller.actor());
        self.put(object, id, row);
        Ok(())
    }

    /// Shows a hidden record again. One that is not hidden is touched all the same.
    pub(super) fn restore(&mut self, object: &Object, id: &str, by: Stroke<'_>) -> Result<(), Refusal> {
        let mut row = self.row(&object.singular, id).cloned().ok_or_else(no_record)?;
        row.insert("deletedAt".to_owned(), Value::Null);
        row.insert("updatedAt".to_owned(), by.time());
        row.insert("updatedBy".to_owned(), by.caller.actor());
        self.put(object, id, row);
        Ok(())
    }

    /// Removes a record for good. Links to it become empty without their records being touched.
    pub(super) fn destroy(&mut self, object: &Object, id: &str) -> Result<(), Refusal> {
        if object.singular == "workspaceMember" && id == MEMBER {
            return Err(bad("Please use /deleteUserFromWorkspace to remove a workspace member."));
        }
        let table = self.rows.get_mut(&object.singular).ok_or_else(no_record)?;
        table.shift_remove(id).ok_or_else(no_record)?;
        let columns: Vec<(String, String)> = self
            .objects
            .iter()
            .flat_map(|other| {
                let links = other
                    .fields
                    .iter()
                    .filter(|field| matches!(field.kind, Kind::ManyToOne(to) if to == object.singular));
                links.filter_map(|field| Some((other.singular.clone(), field.column()?)))
            })
            .collect();
        for (other, column) in columns {
            for row in self.rows.get_mut(&other).into_iter().flat_map(|table| table.values_mut()) {
                if row.get(&column).and_then(Value::as_str) == Some(id) {
                    row.insert(column.clone(), Value::Null);
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, object: &Object, id: &str, row: Row) {
        self.rows.entry(object.singular.clone()).or_default().insert(id.to_owned(), row);
    }

    /// Links must lead to records; whether these are deleted does not matter.
    fn check_links(&self, object: &Object, row: &Row) -> Result<(), Refusal> {
        for field in &object.fields {
            let Kind::ManyToOne(target) = field.kind else { continue };
            let Some(column) = field.column() else { continue };
            if let Some(id) = row.get(&column).and_then(Value::as_str)
                && self.row(target, id).is_none()
            {
                return Err(foreign_key(&object.singular, constraint(&object.singular, &column)));
            }
        }
        Ok(())
    }

    /// Unique values, over deleted records too and over those that are about to be made.
    fn check_unique(&self, object: &Object, row: &Row, beside: &[Row]) -> Result<(), Refusal> {
        let id = &row["id"];
        let others = || self.table(&object.singular).filter(|other| other["id"] != *id);
        let is_made_twice = beside.iter().any(|other| other["id"] == *id);
        if is_made_twice {
            return Err(duplicate(None));
        }
        for field in object.fields.iter().filter(|field| field.is_unique) {
            let Some(value) = unique_value(field, row) else { continue };
            if let Some(other) = others().find(|other| unique_value(field, other) == Some(value)) {
                let holder = other["id"].as_str().unwrap_or_default().to_owned();
                let told = (field.label.clone(), holder, object.singular.clone());
                return Err(duplicate((!is_deleted(other)).then_some(told)));
            }
            if beside.iter().any(|other| unique_value(field, other) == Some(value)) {
                return Err(duplicate(None));
            }
        }
        Ok(())
    }

    /// Refuses identifiers that records have already: what a plain creation meets.
    fn check_new(&self, object: &Object, changes: &[Change]) -> Result<(), Refusal> {
        let taken = |change: &Change| {
            change.get("id").and_then(Value::as_str).is_some_and(|id| self.row(&object.singular, id).is_some())
        };
        if changes.iter().any(taken) { Err(duplicate(None)) } else { Ok(()) }
    }

    /// Puts a field out of the records of an object, with its values.
    pub(super) fn drop_values(&mut self, object: &str, field: &str) {
        for row in self.rows.get_mut(object).into_iter().flat_map(|table| table.values_mut()) {
            row.remove(field);
        }
    }

    /// Gives every record of an object the first value of a new field.
    pub(super) fn fill_values(&mut self, object: &str, field: &Field) {
        for row in self.rows.get_mut(object).into_iter().flat_map(|table| table.values_mut()) {
            row.insert(field.name.clone(), initial(field));
        }
    }
}

/// What a new record holds in a field: its default, or nothing.
fn initial(field: &Field) -> Value {
    match field.default.as_str() {
        Some(text) => text.trim_matches('\'').into(),
        None if field.default.is_null() => field.kind.empty(),
        None => field.default.clone(),
    }
}

/// Overwrites fields, and of composites the parts that were sent.
fn apply(row: &mut Row, change: Change) {
    for (name, value) in change {
        match (row.get_mut(&name), value) {
            (Some(Value::Object(stored)), Value::Object(parts)) => stored.extend(parts),
            (_, value) => drop(row.insert(name, value)),
        }
    }
}

/// The filter that a bulk deletion must have.
pub(super) fn no_filter() -> Refusal {
    bad(
        "Filters are mandatory for bulk delete operations. Please provide at least one filter to prevent accidental deletion of all records.",
    )
}

/// A record as it is shown.
pub(super) fn shown(object: &Object, row: &Row) -> Map<String, Value> {
    let mut shown = Map::new();
    for field in &object.fields {
        let name = field.column().unwrap_or_else(|| field.name.clone());
        if let Some(value) = row.get(&name) {
            shown.insert(name, value.clone());
        }
    }
    shown
}

/// An identifier of the data model that nothing has.
pub(super) fn unknown_model(code: &'static str, message: &str) -> Refusal {
    Refusal { status: 404, graphql: "NOT_FOUND", ..coded(code, message) }
}

/// A list of identifiers as destroyed records are shown.
pub(super) fn bare(id: &str) -> Value {
    json!({ "id": id })
}
