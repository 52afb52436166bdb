//! Records by REST: what a path means, and what is answered.

use serde_json::{Value, json};

use super::call::Call;
use super::filter::Filter;
use super::ids::is_uuid;
use super::keys::Deed;
use super::model::Object;
use super::pages::{self, Wish};
use super::refusal::{Refusal, bad, named, no_record, unimitated};
use super::rest_filter::{self, Meaning};
use super::store::{bare, no_filter};
use super::view;
use super::world::{World, is_deleted};
use super::writes;

/// The most records of a page; a greater wish is cut without a word.
const MOST: usize = 200;
const USUAL: usize = 60;

/// The most records that one filter may change.
const MOST_UPDATED: usize = 200;

/// Answers a call on records: a status and a body.
pub(super) fn answer(world: &mut World, call: &Call) -> Result<(u16, Value), Refusal> {
    let rest =
        call.path.strip_prefix("/rest/restore/").filter(|_| call.method == "PATCH" && !call.path[14..].contains('/'));
    if let Some(plural) = rest {
        let object = find(world, plural)?;
        return restore(world, call, &object);
    }
    // The server cuts its prefix out wherever it stands.
    let path = call.path.replace("/rest", "");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["batch", plural] => {
            let object = find(world, plural)?;
            match call.method.as_str() {
                "POST" => create_many(world, call, &object),
                _ => Err(unimitated()),
            }
        }
        [plural] => many(world, call, plural),
        [plural, "duplicates" | "merge" | "groupBy"] => {
            find(world, plural)?;
            Err(unimitated())
        }
        [plural, id] => {
            let object = find(world, plural)?;
            if !is_uuid(id) {
                return Err(bad(format!("'{id}' is not a valid UUID")));
            }
            one(world, call, &object, &id.to_lowercase())
        }
        _ => Err(bad(format!(
            "Query path '{}' invalid. Valid examples: /rest/companies/id or /rest/companies or /rest/batch/companies",
            call.path
        ))),
    }
}

fn find(world: &World, plural: &str) -> Result<Object, Refusal> {
    let object = world.objects.iter().find(|object| object.plural == plural).ok_or_else(|| {
        match world.objects.iter().find(|object| object.singular == plural) {
            Some(object) => bad(format!("object '{plural}' not found. Did you mean '{}'?", object.plural)),
            None => bad(format!("object '{plural}' not found. eg: companies")),
        }
    })?;
    if object.is_imitated { Ok(object.clone()) } else { Err(unimitated()) }
}

fn many(world: &mut World, call: &Call, plural: &str) -> Result<(u16, Value), Refusal> {
    let object = find(world, plural)?;
    match call.method.as_str() {
        "GET" | "HEAD" => list(world, call, &object),
        "POST" => create(world, call, &object),
        "PATCH" | "PUT" => update_many(world, call, &object),
        "DELETE" => delete_many(world, call, &object),
        _ => Err(unimitated()),
    }
}

fn one(world: &mut World, call: &Call, object: &Object, id: &str) -> Result<(u16, Value), Refusal> {
    match call.method.as_str() {
        "GET" | "HEAD" => get(world, call, object, id),
        // Another record is made: the identifier of the path is not looked at.
        "POST" => create(world, call, object),
        "PATCH" | "PUT" => update(world, call, object, id),
        "DELETE" => delete(world, call, object, id),
        _ => Err(unimitated()),
    }
}

/// Charges a key's call, then asks its role.
pub(super) fn admit(world: &mut World, call: &Call, deed: Deed) -> Result<(), Refusal> {
    if matches!(call.caller, super::keys::Caller::Key { .. }) {
        world.charge(call.now)?;
    }
    call.caller.may(deed)
}

fn depth(call: &Call) -> Result<bool, Refusal> {
    match call.ask("depth") {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(depth) => Err(bad(format!("'depth={depth}' parameter invalid. Allowed values are 0, 1"))),
    }
}

/// The filter of the query, or `None` where it finds nothing by itself.
fn filter(world: &World, call: &Call, object: &Object) -> Result<Option<Filter>, Refusal> {
    match call.ask("filter").map(rest_filter::read).transpose()? {
        None => Ok(Some(Filter::And(Vec::new()))),
        Some(Meaning::Nothing) => Ok(None),
        Some(Meaning::Filter(filter)) => Filter::read(world, object, &filter).map(Some),
    }
}

fn found(world: &World, call: &Call, object: &Object) -> Result<Vec<String>, Refusal> {
    let filter = filter(world, call, object)?;
    let rows = filter.map_or_else(Vec::new, |filter| pages::matching(world, object, &filter));
    Ok(rows.into_iter().filter_map(|row| row["id"].as_str()).map(str::to_owned).collect())
}

/// A limit is any number that is not negative; a fraction counts as one more.
fn limit(call: &Call) -> Result<usize, Refusal> {
    let Some(text) = call.ask("limit") else {
        return Ok(USUAL);
    };
    let number = if text.trim().is_empty() { Some(0.0) } else { text.trim().parse::<f64>().ok() };
    match number.filter(|number| *number >= 0.0) {
        Some(number) => Ok((number.ceil() as usize).min(MOST)),
        None => Err(bad(format!("limit '{text}' is invalid. Should be an integer"))),
    }
}

fn list(world: &mut World, call: &Call, object: &Object) -> Result<(u16, Value), Refusal> {
    let (is_deep, limit) = (depth(call)?, limit(call)?);
    let by_text = |text: &str| pages::read_order(object, text);
    admit(world, call, Deed::Read)?;
    let order = by_text(call.ask("order_by").unwrap_or(""))?;
    let text = |name: &str| call.ask(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let wish = Wish { limit, after: text("starting_after"), before: text("ending_before"), offset: 0 };
    let filter = filter(world, call, object)?;
    let rows = filter.map_or_else(Vec::new, |filter| pages::matching(world, object, &filter));
    let page = pages::page(rows, &order, &wish)?;
    let cursor = |row: Option<&&super::world::Row>| row.map_or(Value::Null, |row| pages::cursor(row, &order).into());
    // Backwards the two cursors come swapped.
    let (mut start, mut end) = (cursor(page.rows.first()), cursor(page.rows.last()));
    if wish.before.is_some() {
        std::mem::swap(&mut start, &mut end);
    }
    let records: Vec<Value> = page.rows.iter().map(|row| view::record(world, object, row, is_deep)).collect();
    let body = json!({
        "data": { object.plural.as_str(): records },
        "totalCount": page.total,
        "pageInfo": { "startCursor": start, "endCursor": end, "hasNextPage": page.has_more, "hasPreviousPage": false },
    });
    Ok((200, body))
}

fn get(world: &mut World, call: &Call, object: &Object, id: &str) -> Result<(u16, Value), Refusal> {
    let is_deep = depth(call)?;
    admit(world, call, Deed::Read)?;
    let row = world.row(&object.singular, id).filter(|row| !is_deleted(row)).ok_or_else(no_record)?;
    Ok((200, data(&object.singular, view::record(world, object, row, is_deep))))
}

fn data(name: &str, value: Value) -> Value {
    json!({ "data": { name: value } })
}

/// Records as they are shown after a write.
fn written(world: &World, call: &Call, object: &Object, ids: &[String]) -> Result<Vec<Value>, Refusal> {
    let is_deep = depth(call)?;
    let rows = ids.iter().filter_map(|id| world.row(&object.singular, id));
    Ok(rows.map(|row| view::record(world, object, row, is_deep)).collect())
}

/// The body of a write, or the server's own stumble over one that is not there.
fn body(call: &Call) -> Result<&Value, Refusal> {
    call.body.as_ref().ok_or_else(|| named("TypeError", "Cannot read properties of undefined (reading 'position')"))
}

fn create(world: &mut World, call: &Call, object: &Object) -> Result<(u16, Value), Refusal> {
    depth(call)?;
    admit(world, call, Deed::Write)?;
    refuse_members(object)?;
    let change = writes::check(world, object, body(call)?, true)?;
    let ids = if call.asks("upsert") {
        world.upsert(object, vec![change], call.stroke())?
    } else {
        world.create(object, vec![change], call.stroke())?
    };
    let record = written(world, call, object, &ids)?.pop().unwrap_or_default();
    Ok((201, data(&format!("create{}", object.title()), record)))
}

fn create_many(world: &mut World, call: &Call, object: &Object) -> Result<(u16, Value), Refusal> {
    depth(call)?;
    admit(world, call, Deed::Write)?;
    refuse_members(object)?;
    let changes = writes::check_all(world, object, body(call)?)?;
    let ids = if call.asks("upsert") {
        world.upsert(object, changes, call.stroke())?
    } else {
        world.create(object, changes, call.stroke())?
    };
    let records = written(world, call, object, &ids)?;
    Ok((201, data(&format!("create{}", object.plural_title()), records.into())))
}

/// Members come by invitation; nobody creates them.
fn refuse_members(object: &Object) -> Result<(), Refusal> {
    if object.singular == "workspaceMember" { Err(super::refusal::denied(400)) } else { Ok(()) }
}

fn update(world: &mut World, call: &Call, object: &Object, id: &str) -> Result<(u16, Value), Refusal> {
    depth(call)?;
    admit(world, call, Deed::Write)?;
    let change = writes::check(world, object, body(call)?, false)?;
    world.update(object, id, change, call.stroke())?;
    let record = written(world, call, object, &[id.to_owned()])?.pop().unwrap_or_default();
    Ok((200, data(&format!("update{}", object.title()), record)))
}

fn update_many(world: &mut World, call: &Call, object: &Object) -> Result<(u16, Value), Refusal> {
    depth(call)?;
    if call.ask("filter").is_none() {
        // What the server does without a filter is not recorded; here nothing is changed.
        return Err(unimitated());
    }
    admit(world, call, Deed::Write)?;
    let ids = found(world, call, object)?;
    let change = writes::check(world, object, body(call)?, false)?;
    if ids.len() > MOST_UPDATED {
        let message = format!("Cannot update more than {MOST_UPDATED} records at once");
        return Err(bad(message).friendly(format!("You can only update up to {MOST_UPDATED} records at once.")));
    }
    for id in &ids {
        world.update(object, id, change.clone(), call.stroke())?;
    }
    let records = written(world, call, object, &ids)?;
    Ok((200, data(&format!("update{}", object.plural_title()), records.into())))
}

fn delete(world: &mut World, call: &Call, object: &Object, id: &str) -> Result<(u16, Value), Refusal> {
    let is_soft = call.asks("soft_delete");
    admit(world, call, if is_soft { Deed::SoftDelete } else { Deed::Destroy })?;
    let record = if is_soft {
        world.soft_delete(object, id, call.stroke())?;
        written(world, call, object, &[id.to_owned()])?.pop().unwrap_or_default()
    } else {
        world.destroy(object, id)?;
        bare(id)
    };
    Ok((200, data(&format!("delete{}", object.title()), record)))
}

fn delete_many(world: &mut World, call: &Call, object: &Object) -> Result<(u16, Value), Refusal> {
    let is_soft = call.asks("soft_delete");
    if call.ask("filter").is_none() {
        return Err(no_filter());
    }
    admit(world, call, if is_soft { Deed::SoftDelete } else { Deed::Destroy })?;
    let ids = found(world, call, object)?;
    for id in &ids {
        if is_soft {
            world.soft_delete(object, id, call.stroke())?;
        } else {
            world.destroy(object, id)?;
        }
    }
    let records = if is_soft { written(world, call, object, &ids)? } else { ids.iter().map(|id| bare(id)).collect() };
    Ok((200, data(&format!("delete{}", object.plural_title()), records.into())))
}

/// Restores by filter alone. The filter is asked of live and deleted records alike.
fn restore(world: &mut World, call: &Call, object: &Object) -> Result<(u16, Value), Refusal> {
    if call.ask("filter").is_none() {
        return Err(unimitated());
    }
    admit(world, call, Deed::SoftDelete)?;
    let ids: Vec<String> = match filter(world, call, object)? {
        None => Vec::new(),
        Some(filter) => {
            let rows = world.table(&object.singular).filter(|row| filter.holds(world, row) == Some(true));
            rows.filter_map(|row| row["id"].as_str()).map(str::to_owned).collect()
        }
    };
    for id in &ids {
        world.restore(object, id, call.stroke())?;
    }
    let records = written(world, call, object, &ids)?;
    Ok((200, data(&format!("restore{}", object.plural_title()), records.into())))
}
