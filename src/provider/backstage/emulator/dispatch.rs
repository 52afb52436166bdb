//! From a request's bytes to an operation and back.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Backstage;
use super::access;
use super::problem::Problem;
use super::query::{self, Asked, Filters, Found};
use super::reference::Reference;
use super::settings::Token;
use super::world::{self, Loop, ORIGIN, World};
use crate::provider::emulator::{json_answer, not_modelled};

/// The largest body that is read.
const MOST_BYTES: usize = 10 << 20;
/// What is refused as a type of Location.
const ALLOWED_TYPES: &str = "Registered locations must be of an allowed type [\"url\"]";

/// What an operation answers.
enum Answer {
    Json(u16, Value),
    /// A page of a plain list, with the way to the next.
    Linked(Value, Option<String>),
    Empty(u16),
    /// Errors in the form of `validate-entity`.
    Errors(Vec<Problem>),
    NotModelled,
    /// No such operation: not even an error of the catalogue's.
    Unknown,
}

/// One call whose caller is known.
struct Call<'c> {
    method: &'c str,
    /// Decoded, below the plugin.
    parts: Vec<&'c str>,
    query: Vec<(String, String)>,
    body: Value,
    token: &'c Token,
}

impl Call<'_> {
    fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.query.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn ask(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Problem> {
        let parse =
            |text: &str| text.parse::<usize>().map_err(|_| Problem::input(format!("Invalid {name}, not a number")));
        self.ask(name).map(parse).transpose()
    }

    fn fields(&self) -> Vec<String> {
        let parts = self.all("fields").flat_map(|it| it.split(','));
        parts.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
    }

    /// A text that the body must have.
    fn must(&self, name: &str) -> Result<&str, Problem> {
        match self.body.get(name) {
            None => Err(Problem::input(format!("request/body must have required property '{name}'"))),
            Some(value) => value.as_str().ok_or_else(|| Problem::input(format!("request/body/{name} must be string"))),
        }
    }
}

/// Answers one request.
pub(super) async fn serve(backstage: Arc<Backstage>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let method = head.method.as_str().to_owned();
    if let ("GET", "/.backstage/health/v1/readiness" | "/.backstage/health/v1/liveness") =
        (method.as_str(), path.as_str())
    {
        return json_answer(StatusCode::OK, &json!({ "status": "ok" }));
    }
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    let (Some("api"), Some(plugin)) = (parts.next(), parts.next()) else { return bare(404) };
    let rest = parts.next().unwrap_or_default();
    // Errors name the address below the plugin.
    let below = match head.uri.query() {
        Some(query) => format!("/{rest}?{query}"),
        None => format!("/{rest}"),
    };
    let refuse = |problem: &Problem| refusal(problem, &method, &below);
    // How people sign in is not imitated.
    let asks_who = (method.as_str(), rest) == ("GET", "v1/userinfo");
    if plugin == "auth" && !asks_who {
        return not_modelled();
    }
    let lapsed = backstage.world().are_tokens_lapsed;
    let known = access::identify(&backstage.settings, lapsed, &head.headers);
    let token = match known.and_then(|token| token.enters(plugin).map(|()| token)) {
        Ok(token) => token,
        Err(problem) => return refuse(&problem),
    };
    if asks_who && plugin == "auth" {
        return refuse(&Problem::input(
            "Userinfo endpoint must be called with a token that represents a user principal",
        ));
    }
    if plugin != "catalog" {
        return not_modelled();
    }
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else { return bare(413) };
    let sent = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
    let Ok(body) = sent else { return refuse(&Problem::input("request body is not JSON")) };
    let decoded: Vec<String> =
        rest.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let call = Call {
        method: &method,
        parts: decoded.iter().map(String::as_str).collect(),
        query: form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        body,
        token,
    };
    let mut world = backstage.world();
    let going = Loop { settings: &backstage.settings, files: &*backstage.files, now: backstage.clock.now() };
    world.catch_up(&going);
    match answer(&mut world, &going, &call) {
        Ok(Answer::Json(status, body)) => json_body(status, &body),
        Ok(Answer::Linked(body, link)) => {
            let mut answer = json_body(200, &body);
            if let Some(link) = link.and_then(|it| HeaderValue::from_str(&it).ok()) {
                answer.headers_mut().insert(header::LINK, link);
            }
            answer
        }
        Ok(Answer::Empty(status)) => bare(status),
        Ok(Answer::Errors(problems)) => {
            json_body(400, &json!({ "errors": problems.iter().map(Problem::json).collect::<Vec<_>>() }))
        }
        Ok(Answer::NotModelled) => not_modelled(),
        Ok(Answer::Unknown) => bare(404),
        Err(problem) => refuse(&problem),
    }
}

fn answer(world: &mut World, going: &Loop<'_>, call: &Call<'_>) -> Result<Answer, Problem> {
    match (call.method, call.parts.as_slice()) {
        ("GET", ["entities"]) => list(world, call),
        ("GET" | "POST", ["entities", "by-query"]) => by_query(world, call),
        ("POST", ["entities", "by-refs"]) => by_refs(world, call),
        ("GET", ["entities", "by-name", kind, namespace, name]) => {
            let reference = Reference::new(kind, namespace, name);
            let found = readable(world, call).into_iter().find(|(it, _)| *it == reference);
            let missing = || format!("No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'");
            found.map(|(_, it)| Answer::Json(200, it)).ok_or_else(|| Problem::not_found(missing()))
        }
        ("GET", ["entities", "by-name", kind, namespace, name, "ancestry"]) => {
            ancestry(world, call, &Reference::new(kind, namespace, name))
        }
        ("GET", ["entities", "by-uid", uid]) => {
            let found = readable(world, call).into_iter().find(|(_, it)| it["metadata"]["uid"] == **uid);
            found
                .map(|(_, it)| Answer::Json(200, it))
                .ok_or_else(|| Problem::not_found(format!("No entity with uid {uid}")))
        }
        ("DELETE", ["entities", "by-uid", uid]) => {
            call.token.demand("catalog.entity.delete")?;
            let found = world.entries.iter().find(|(_, it)| it.uid == **uid).map(|(reference, _)| reference.clone());
            if let Some(reference) = found {
                world.delete(&reference, going);
            }
            Ok(Answer::Empty(204))
        }
        ("GET", ["entity-facets"]) => {
            let found: Vec<Found> = found(world, call);
            let filters = Filters::parse(call.all("filter"));
            let found: Vec<Found> = found.into_iter().filter(|it| filters.hold(it)).collect();
            Ok(Answer::Json(200, query::facets(&found, call.all("facet").flat_map(|it| it.split(',')))))
        }
        ("GET", ["entities", "unprocessed", which @ ("pending" | "failed")]) if going.settings.unprocessed_module => {
            Ok(Answer::Json(200, unprocessed(world, which)))
        }
        ("POST", ["refresh"]) => refresh(world, going, call),
        ("POST", ["validate-entity"]) => validate(going, call),
        ("GET", ["locations"]) => {
            let may = call.token.has("catalog", "catalog.location.read");
            let all = world.registered.iter().filter(|_| may).map(|it| json!({ "data": it.json() }));
            Ok(Answer::Json(200, all.collect::<Vec<_>>().into()))
        }
        ("POST", ["locations"]) => register(world, going, call),
        ("POST", ["locations", "by-query"]) => locations_by_query(world, call),
        ("GET", ["locations", "by-entity", kind, namespace, name]) => {
            location_of(world, call, &Reference::new(kind, namespace, name))
        }
        ("GET", ["locations", id]) => {
            let may = call.token.has("catalog", "catalog.location.read");
            let found = world.registered.iter().find(|it| may && it.id == **id);
            found
                .map(|it| Answer::Json(200, it.json()))
                .ok_or_else(|| Problem::not_found(format!("Found no location with ID {id}")))
        }
        ("DELETE", ["locations", id]) => {
            call.token.demand("catalog.location.delete")?;
            match world.unregister(id) {
                true => Ok(Answer::Empty(204)),
                false => Err(Problem::not_found(format!("Found no location with ID {id}"))),
            }
        }
        ("POST", ["analyze-location"]) => Ok(Answer::NotModelled),
        _ => Ok(Answer::Unknown),
    }
}

/// What this caller may read. Whoever may read nothing is told that there is nothing.
fn readable(world: &World, call: &Call<'_>) -> Vec<(Reference, Value)> {
    if call.token.has("catalog", "catalog.entity.read") { world.shown() } else { Vec::new() }
}

fn found(world: &World, call: &Call<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = readable(world, call).into_iter().map(|(_, it)| Found::new(it)).collect();
    found.sort_by(|a, b| a.uid.cmp(&b.uid));
    found
}

/// The plain list: by uid, with an offset, and a link to the next page where a limit was asked for.
fn list(world: &World, call: &Call<'_>) -> Result<Answer, Problem> {
    let filters = Filters::parse(call.all("filter"));
    let found: Vec<Found> = found(world, call).into_iter().filter(|it| filters.hold(it)).collect();
    let (mut limit, mut offset) = (call.number("limit")?, call.number("offset")?.unwrap_or(0));
    if let Some(after) = call.ask("after") {
        let cursor = STANDARD.decode(after).ok().and_then(|it| serde_json::from_slice::<Value>(&it).ok());
        let cursor = cursor
            .filter(Value::is_object)
            .ok_or_else(|| Problem::input("Malformed after cursor, could not be parsed"))?;
        let number = |name: &str| cursor[name].as_u64().map(|it| it as usize);
        limit = number("limit").or(limit);
        offset = number("offset").unwrap_or(offset);
    }
    let end = limit.map_or(found.len(), |limit| (offset + limit).min(found.len()));
    let fields = call.fields();
    let page = found.get(offset.min(end)..end).unwrap_or_default();
    let page: Vec<Value> = page.iter().map(|it| query::selected(&it.entity, &fields)).collect();
    let link = limit.filter(|_| end < found.len()).map(|limit| {
        let after = STANDARD.encode(json!({ "limit": limit, "offset": end }).to_string());
        let mut next = form_urlencoded::Serializer::new(String::new());
        let kept = call.query.iter().filter(|(name, _)| !["after", "offset"].contains(&name.as_str()));
        kept.for_each(|(name, value)| {
            next.append_pair(name, value);
        });
        next.append_pair("after", &after);
        format!("</entities?{}>; rel=\"next\"", next.finish())
    });
    Ok(Answer::Linked(page.into(), link))
}

fn by_query(world: &World, call: &Call<'_>) -> Result<Answer, Problem> {
    let order = |text: &str| {
        let (field, way) = text.split_once(',').unwrap_or((text, "asc"));
        (field.to_owned(), way == "desc")
    };
    let words = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (asked, cursor) = if call.method == "POST" {
        let body = &call.body;
        let orders = body["orderBy"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| Some((it["field"].as_str()?.to_owned(), it["order"] == "desc")));
        let asked = Asked {
            query: body.get("query").cloned(),
            order: orders.collect(),
            term: body["fullTextFilter"]["term"].as_str().unwrap_or_default().to_owned(),
            term_fields: words(&body["fullTextFilter"]["fields"]),
            fields: words(&body["fields"]),
            limit: body["limit"].as_u64().map(|it| it as usize),
            offset: body["offset"].as_u64().unwrap_or_default() as usize,
            ..Asked::default()
        };
        (asked, body["cursor"].as_str())
    } else {
        let asked = Asked {
            filters: call.all("filter").map(str::to_owned).collect(),
            order: call.all("orderField").map(order).collect(),
            term: call.ask("fullTextFilterTerm").unwrap_or_default().to_owned(),
            term_fields: call.all("fullTextFilterFields").flat_map(|it| it.split(',')).map(str::to_owned).collect(),
            fields: call.fields(),
            limit: call.number("limit")?,
            offset: call.number("offset")?.unwrap_or(0),
            no_total: call.ask("totalItems") == Some("exclude"),
            query: None,
        };
        (asked, call.ask("cursor"))
    };
    Ok(Answer::Json(200, query::page(found(world, call), asked, cursor)?))
}

fn by_refs(world: &World, call: &Call<'_>) -> Result<Answer, Problem> {
    let Some(wanted) = call.body["entityRefs"].as_array() else {
        return Err(Problem::input("request/body must have required property 'entityRefs'"));
    };
    let there = readable(world, call);
    let fields: Vec<String> =
        call.body["fields"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let items = wanted.iter().map(|wanted| {
        // What leaves its kind or namespace out is nothing.
        let reference = wanted.as_str().and_then(Reference::whole);
        let found = there.iter().find(|(it, _)| Some(it) == reference.as_ref());
        found.map_or(Value::Null, |(_, it)| query::selected(it, &fields))
    });
    Ok(Answer::Json(200, json!({ "items": items.collect::<Vec<_>>() })))
}

/// An entity and everything above it, level by level.
fn ancestry(world: &World, call: &Call<'_>, root: &Reference) -> Result<Answer, Problem> {
    let there = readable(world, call);
    let shown = |reference: &Reference| there.iter().find(|(it, _)| it == reference).map(|(_, entity)| entity);
    if shown(root).is_none() {
        return Err(Problem::not_found(format!("No such entity {root}")));
    }
    let mut open = vec![root.clone()];
    let mut seen = Vec::new();
    let mut items = Vec::new();
    while !open.is_empty() {
        let level = std::mem::take(&mut open);
        for reference in level {
            if seen.contains(&reference) {
                continue;
            }
            let (Some(entity), Some(entry)) = (shown(&reference), world.entries.get(&reference)) else { continue };
            let parents: Vec<String> = entry.parents.iter().map(ToString::to_string).collect();
            items.push(json!({ "entity": entity, "parentEntityRefs": parents }));
            open.extend(entry.parents.iter().cloned());
            seen.push(reference);
        }
    }
    Ok(Answer::Json(200, json!({ "rootEntityRef": root.to_string(), "items": items })))
}

/// Entities that never got through; they have no name yet, because names are given when they do.
fn unprocessed(world: &World, which: &str) -> Value {
    let pending = world.entries.values().filter(|it| it.stored.is_none() && which == "pending");
    let entities: Vec<Value> = pending
        .map(|it| {
            json!({
                "entity_id": null, "entity_ref": null, "unprocessed_entity": it.unprocessed, "processed_entity": null,
                "cache": {}, "errors": it.errors.iter().map(Problem::json).collect::<Vec<_>>(),
                "next_update_at": stamp(it.due), "last_discovery_at": stamp(it.discovered),
                "location_key": it.location_key, "result_hash": world::digest(&it.unprocessed),
                "unprocessed_hash": world::digest(&it.unprocessed), "hash": null, "final_entity": null,
                "last_updated_at": null,
            })
        })
        .collect();
    json!({ "type": which, "entities": entities })
}

fn stamp(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn refresh(world: &mut World, going: &Loop<'_>, call: &Call<'_>) -> Result<Answer, Problem> {
    let text = call.must("entityRef")?;
    call.token.demand("catalog.entity.refresh")?;
    let reference = Reference::parse(text, None, "default").map_err(Problem::input)?;
    if !world.entries.contains_key(&reference) {
        return Err(Problem::not_found(format!("Entity {reference} not found")));
    }
    world.refresh(&reference, going);
    Ok(Answer::Empty(200))
}

fn validate(going: &Loop<'_>, call: &Call<'_>) -> Result<Answer, Problem> {
    let Some(entity) = call.body.get("entity") else {
        return Err(Problem::input("request/body must have required property 'entity'"));
    };
    let place = call.must("location")?;
    call.token.demand("catalog.entity.validate")?;
    if place.split_once(':').is_none_or(|(kind, target)| kind.is_empty() || target.is_empty()) {
        let message =
            format!("Unable to parse location ref '{place}', expected '<type>:<target>', e.g. 'url:https://host/path'");
        return Ok(Answer::Errors(vec![Problem::new("TypeError", message)]));
    }
    let problems = world::validate(entity, place, going);
    Ok(if problems.is_empty() { Answer::Empty(200) } else { Answer::Errors(problems) })
}

fn register(world: &mut World, going: &Loop<'_>, call: &Call<'_>) -> Result<Answer, Problem> {
    let (kind, target) = (call.must("type")?, call.must("target")?);
    call.token.demand("catalog.location.create")?;
    if kind != "url" {
        return Err(Problem::input(ALLOWED_TYPES));
    }
    let there = world.registered.iter().find(|it| it.kind == kind && it.target == target).cloned();
    if call.ask("dryRun") == Some("true") {
        let entities = world::dry_run(kind, target, going)?;
        let place = format!("{kind}:{target}");
        let reference = Reference::of(&world::location_entity(kind, target));
        let location = json!({ "type": kind, "target": target, "id": place, "entityRef": reference.to_string() });
        return Ok(Answer::Json(201, json!({ "exists": there.is_some(), "location": location, "entities": entities })));
    }
    if let Some(there) = there {
        if call.ask("onConflict") != Some("refresh") {
            return Err(Problem::new("ConflictError", format!("Location {kind}:{target} already exists")));
        }
        world.refresh(&there.reference(), going);
        return Ok(Answer::Json(201, json!({ "location": there.json(), "entities": [] })));
    }
    let registered = world.register(kind, target, going.now + going.settings.delay);
    Ok(Answer::Json(201, json!({ "location": registered.json(), "entities": [] })))
}

fn locations_by_query(world: &World, call: &Call<'_>) -> Result<Answer, Problem> {
    let may = call.token.has("catalog", "catalog.location.read");
    let mut items = Vec::new();
    for it in world.registered.iter().filter(|_| may) {
        let holds = match call.body.get("query") {
            Some(query) => query::predicate(query, &Found::new(it.json()))?,
            None => true,
        };
        if holds {
            items.push(it.json());
        }
    }
    if call.body["limit"].as_u64().is_some_and(|limit| (limit as usize) < items.len())
        || call.body.get("cursor").is_some()
    {
        return Ok(Answer::NotModelled);
    }
    let total = items.len();
    Ok(Answer::Json(200, json!({ "items": items, "totalItems": total, "pageInfo": {} })))
}

/// The Location that an entity comes from in the end.
fn location_of(world: &World, call: &Call<'_>, reference: &Reference) -> Result<Answer, Problem> {
    let may = call.token.has("catalog", "catalog.location.read");
    let Some(entry) = world.entries.get(reference).filter(|it| may && it.stored.is_some()) else {
        return Err(Problem::not_found(format!("found no entity for ref {reference}")));
    };
    let origin = entry.unprocessed["metadata"]["annotations"][ORIGIN].as_str().unwrap_or_default();
    let (kind, target) = origin.split_once(':').unwrap_or_default();
    let found = world.registered.iter().find(|it| it.kind == kind && it.target == target);
    let missing = || Problem::not_found(format!("Found no location with type {kind} and target {target}"));
    found.map(|it| Answer::Json(200, it.json())).ok_or_else(missing)
}

/// A refusal in the backend's form.
pub(super) fn refusal(problem: &Problem, method: &str, below: &str) -> Response<Body> {
    let status = problem.status();
    let body = json!({
        "error": problem.json(),
        "request": { "method": method, "url": below },
        "response": { "statusCode": status },
    });
    json_body(status, &body)
}

fn json_body(status: u16, body: &Value) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = json_answer(status, body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    answer
}

/// An answer without a body.
fn bare(status: u16) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}
