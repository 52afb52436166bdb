//! SSH keys: of people, as a site admin or they themselves add them, and of repositories.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Call, stamp};
use super::forms::{Form, Kind, Rule, plain, ruled};
use super::gates::Gate;
use super::paging::unlinked_list;
use super::reply::{Answer, Reply, invalid, not_found};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{World, next};

const ADMIN_USER: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin, Gate::User];
const OWN: &[Gate] = &[Gate::Scope(&[Category::User]), Gate::SignedIn];
const REPO_ADMIN: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoAdmin];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/admin/users/{username}/keys", ADMIN_USER, add_for),
    route("DELETE", "/admin/users/{username}/keys/{key}", ADMIN_USER, delete_of),
    route("GET", "/user/keys", OWN, list_own),
    route("POST", "/user/keys", OWN, add_own),
    route("GET", "/users/{username}/keys", &[Gate::Scope(&[Category::User]), Gate::VisibleUser], list_of),
    route("GET", "/repos/{owner}/{repo}/keys", REPO_ADMIN, list_deploy),
    route("POST", "/repos/{owner}/{repo}/keys", REPO_ADMIN, add_deploy),
    route("GET", "/repos/{owner}/{repo}/keys/{key}", REPO_ADMIN, read_deploy),
    route("DELETE", "/repos/{owner}/{repo}/keys/{key}", REPO_ADMIN, delete_deploy),
];

/// A person's key.
#[derive(Debug, Clone)]
pub(super) struct UserKey {
    owner: i64,
    title: String,
    key: String,
    created: DateTime<Utc>,
}

/// The keys of people by id.
#[derive(Debug, Default)]
pub(super) struct UserKeys(BTreeMap<i64, UserKey>);

impl UserKeys {
    pub(super) fn remove_of(&mut self, owner: i64) {
        self.0.retain(|_, key| key.owner != owner);
    }
}

/// A repository's key.
#[derive(Debug, Clone)]
pub(super) struct DeployKey {
    id: i64,
    key_id: i64,
    title: String,
    key: String,
    is_read_only: bool,
    created: DateTime<Utc>,
}

static KEY: Form = Form {
    name: "CreateKeyOption",
    fields: &[
        ruled("title", "Title", Kind::Text, &[Rule::Required]),
        ruled("key", "Key", Kind::Text, &[Rule::Required]),
        plain("read_only", "ReadOnly", Kind::Flag),
    ],
};

/// The key without its comment, or the server's complaint.
fn content(key: &str) -> Result<String, Box<Reply>> {
    let bad = |problem: &str| invalid(format!("Invalid key content: {problem}"));
    let mut words = key.split_whitespace();
    let (kind, blob) = match (words.next(), words.next()) {
        (Some(kind), Some(blob)) => (kind, blob),
        (Some(only), None) => ("", only),
        _ => return Err(bad("unable to check key: empty")),
    };
    let bytes = STANDARD
        .decode(blob)
        .or_else(|_| STANDARD_NO_PAD.decode(blob))
        .map_err(|_| bad("extractTypeFromBase64Key: illegal base64 data"))?;
    let Some(length) = bytes.first_chunk::<4>().map(|head| u32::from_be_bytes(*head)) else {
        return Err(bad("extractTypeFromBase64Key: invalid key format: not enough length 0"));
    };
    let end = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(4);
    let Some(name) = bytes.get(4..end) else {
        return Err(bad(&format!("extractTypeFromBase64Key: invalid key format: not enough length {length}")));
    };
    if !kind.is_empty() && kind.as_bytes() != name {
        return Err(bad("unable to parse key: types differ"));
    }
    Ok(format!("{} {blob}", String::from_utf8_lossy(name)))
}

fn fingerprint(key: &str) -> String {
    let blob = key.split_whitespace().nth(1).unwrap_or("");
    let bytes = STANDARD.decode(blob).unwrap_or_default();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest.as_ref()))
}

fn add_for(world: &mut World, call: &Call) -> Answer {
    add(world, call, call.user)
}

fn add_own(world: &mut World, call: &Call) -> Answer {
    add(world, call, call.doer.unwrap_or_default())
}

fn add(world: &mut World, call: &Call, owner: i64) -> Answer {
    let form = call.form(&KEY)?;
    let (title, key) = (form.text("title"), form.text("key"));
    let wanted = content(&key)?;
    if world.keys.0.values().any(|known| content(&known.key).is_ok_and(|known| known == wanted)) {
        return Err(invalid("Key content has been used as non-deploy key"));
    }
    if world.keys.0.values().any(|known| known.owner == owner && known.title == title) {
        return Err(invalid("Key title has been used"));
    }
    let id = next(&mut world.last.public_key);
    world.keys.0.insert(id, UserKey { owner, title, key, created: call.now });
    Ok(Reply::json(201, show(world, call, id)))
}

fn show(world: &World, call: &Call, id: i64) -> Value {
    let Some(key) = world.keys.0.get(&id) else {
        return Value::Null;
    };
    json!({
        "id": id,
        "key": key.key,
        "url": format!("{}/api/v1/user/keys/{id}", call.base),
        "title": key.title,
        "fingerprint": fingerprint(&key.key),
        "created_at": stamp(key.created),
        "last_used_at": stamp(key.created),
        "user": world.accounts.get(key.owner).map(|owner| world.show(call, owner, call.doer)),
        "key_type": "user",
    })
}

fn delete_of(world: &mut World, call: &Call) -> Answer {
    let id = call.id("key");
    match world.keys.0.get(&id) {
        Some(key) if key.owner == call.user => {
            world.keys.0.remove(&id);
            Ok(Reply::empty(204))
        }
        _ => Err(not_found()),
    }
}

fn list_own(world: &mut World, call: &Call) -> Answer {
    list_keys(world, call, call.doer.unwrap_or_default())
}

fn list_of(world: &mut World, call: &Call) -> Answer {
    list_keys(world, call, call.user)
}

fn list_keys(world: &World, call: &Call, owner: i64) -> Answer {
    let ids: Vec<i64> = world.keys.0.iter().filter(|(_, key)| key.owner == owner).map(|(id, _)| *id).collect();
    Ok(unlinked_list(call, &ids, |id| show(world, call, *id)))
}

fn add_deploy(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&KEY)?;
    let (title, key) = (form.text("title"), form.text("key"));
    let wanted = content(&key)?;
    let repo = world.repos.at(call.repo);
    let is_same = |known: &DeployKey| content(&known.key).is_ok_and(|known| known == wanted);
    if repo.keys.iter().any(is_same) {
        return Err(invalid("This key has already been added to this repository"));
    }
    if world.keys.0.values().any(|known| content(&known.key).is_ok_and(|known| known == wanted)) {
        return Err(invalid("Key content has been used as non-deploy key"));
    }
    if repo.keys.iter().any(|known| known.title == title) {
        return Err(invalid("A key with the same name already exists"));
    }
    let shared = world.repos.all().flat_map(|repo| &repo.keys).find(|known| is_same(known)).map(|known| known.key_id);
    let key_id = shared.unwrap_or_else(|| next(&mut world.last.public_key));
    let id = next(&mut world.last.deploy_key);
    let added = DeployKey { id, key_id, title, key, is_read_only: form.flag("read_only"), created: call.now };
    let shown = show_deploy(world, call, &added);
    world.repos.at_mut(call.repo).keys.push(added);
    Ok(Reply::json(201, shown))
}

fn show_deploy(world: &World, call: &Call, key: &DeployKey) -> Value {
    let full_name = world.full_name(world.repos.at(call.repo));
    json!({
        "id": key.id,
        "key_id": key.key_id,
        "key": key.key,
        "url": format!("{}/api/v1/repos/{full_name}/keys/{}", call.base, key.id),
        "title": key.title,
        "fingerprint": fingerprint(&key.key),
        "created_at": stamp(key.created),
        "read_only": key.is_read_only,
    })
}

fn list_deploy(world: &mut World, call: &Call) -> Answer {
    Ok(unlinked_list(call, &world.repos.at(call.repo).keys, |key| show_deploy(world, call, key)))
}

fn read_deploy(world: &mut World, call: &Call) -> Answer {
    let id = call.id("key");
    let key = world.repos.at(call.repo).keys.iter().find(|key| key.id == id).ok_or_else(not_found)?;
    Ok(Reply::json(200, show_deploy(world, call, key)))
}

fn delete_deploy(world: &mut World, call: &Call) -> Answer {
    let id = call.id("key");
    let keys = &mut world.repos.at_mut(call.repo).keys;
    let before = keys.len();
    keys.retain(|key| key.id != id);
    if keys.len() < before { Ok(Reply::empty(204)) } else { Err(not_found()) }
}
