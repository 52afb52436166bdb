//! Records as they are shown, with what they are linked to where that is asked for.

use serde_json::Value;

use super::model::{Kind, Object};
use super::store::shown;
use super::world::{Row, World, is_deleted};

/// The most records of a list within a record. Nothing tells that there are more.
pub(super) const MOST_NESTED: usize = 60;

/// A record. `is_deep` adds what it is linked to, and hides the identifiers of links to deleted records.
pub(super) fn record(world: &World, object: &Object, row: &Row, is_deep: bool) -> Value {
    let mut record = shown(object, row);
    if is_deep {
        for field in &object.fields {
            match field.kind {
                Kind::ManyToOne(target) => {
                    let linked = field.column().and_then(|column| {
                        let linked = live(world, target, row.get(&column));
                        if linked.is_none() {
                            record.insert(column, Value::Null);
                        }
                        linked
                    });
                    let linked = linked.zip(world.object(target)).map(|(row, object)| shown(object, row));
                    record.insert(field.name.clone(), linked.map_or(Value::Null, Value::Object));
                }
                Kind::OneToMany { object: other, column } => {
                    let rows = linking(world, other, column, &row["id"]).take(MOST_NESTED);
                    let list =
                        world.object(other).map(|object| rows.map(|row| Value::Object(shown(object, row))).collect());
                    record.insert(field.name.clone(), list.unwrap_or_default());
                }
                _ => {}
            }
        }
    }
    Value::Object(record)
}

/// The live record that a column leads to.
pub(super) fn live<'w>(world: &'w World, target: &str, id: Option<&Value>) -> Option<&'w Row> {
    world.row(target, id?.as_str()?).filter(|row| !is_deleted(row))
}

/// The live records that lead to one by a column.
pub(super) fn linking<'w>(
    world: &'w World,
    object: &str,
    column: &'w str,
    id: &'w Value,
) -> impl Iterator<Item = &'w Row> {
    world.table(object).filter(move |row| !is_deleted(row) && row.get(column) == Some(id))
}
