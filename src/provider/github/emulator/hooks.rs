//! Webhooks of repositories and of Apps: what is sent, how it is signed, and the log of it (guide, section 5).

use std::sync::Arc;

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::GitHub;
use super::access::RepoRole;
use super::accounts::simple;
use super::call::{Call, stamp, text};
use super::paging::{Page, list};
use super::permissions::Level;
use super::reply::{Answer, Reply, invalid, malformed, not_found};
use super::routes::{Route, route};
use super::world::World;

const READ: &[(&str, Level)] = &[("repository_hooks", Level::Read)];
const WRITE: &[(&str, Level)] = &[("repository_hooks", Level::Write)];
const ALL: &str = "/repos/{owner}/{repo}/hooks";
const ONE: &str = "/repos/{owner}/{repo}/hooks/{hook_id}";

pub(super) const ROUTES: &[Route] = &[
    route("GET", ALL, "repos/webhooks#list-repository-webhooks", index).needs(READ).by(RepoRole::Admin),
    route("POST", ALL, "repos/webhooks#create-a-repository-webhook", create).needs(WRITE).by(RepoRole::Admin),
    route("GET", ONE, "reference/repos#get-a-repository-webhook", read).needs(READ).by(RepoRole::Admin),
    route("PATCH", ONE, "repos/webhooks#update-a-repository-webhook", update).needs(WRITE).by(RepoRole::Admin),
    route("DELETE", ONE, "repos/webhooks#delete-a-repository-webhook", delete).needs(WRITE).by(RepoRole::Admin),
    route("POST", "/repos/{owner}/{repo}/hooks/{hook_id}/pings", PING, ping).needs(READ).by(RepoRole::Admin),
    route("GET", "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries", DELIVERIES, deliveries)
        .needs(READ)
        .by(RepoRole::Admin),
    route("GET", "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}", DELIVERY, delivery)
        .needs(READ)
        .by(RepoRole::Admin),
    route("POST", "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts", AGAIN, redeliver)
        .needs(WRITE)
        .by(RepoRole::Admin),
    route("GET", "/app/hook/config", "apps/webhooks#get-a-webhook-configuration-for-an-app", app_config).app(),
    route("GET", "/app/hook/deliveries", "apps/webhooks#list-deliveries-for-an-app-webhook", deliveries).app(),
    route("GET", "/app/hook/deliveries/{delivery_id}", APP_DELIVERY, delivery).app(),
    route("POST", "/app/hook/deliveries/{delivery_id}/attempts", APP_AGAIN, redeliver).app(),
];

const PING: &str = "repos/webhooks#ping-a-repository-webhook";
const DELIVERIES: &str = "repos/webhooks#list-deliveries-for-a-repository-webhook";
const DELIVERY: &str = "repos/webhooks#get-a-delivery-for-a-repository-webhook";
const AGAIN: &str = "repos/webhooks#redeliver-a-delivery-for-a-repository-webhook";
const APP_DELIVERY: &str = "apps/webhooks#get-a-delivery-for-an-app-webhook";
const APP_AGAIN: &str = "apps/webhooks#redeliver-a-delivery-for-an-app-webhook";
/// What stands for a secret that is read.
const MASK: &str = "********";
/// For how many days something can be sent again.
const KEPT_DAYS: i64 = 3;

/// A repository's webhook.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) id: i64,
    pub(super) active: bool,
    pub(super) events: Vec<String>,
    pub(super) config: Map<String, Value>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    pub(super) last: Option<u16>,
}

/// Whose webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    App(i64),
    /// A repository's, and the hook in it.
    Repo(i64, i64),
}

/// Something that was sent, or that an attempt was made to send.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) id: i64,
    pub(super) guid: String,
    pub(super) target: Target,
    pub(super) event: String,
    pub(super) payload: Value,
    pub(super) headers: Vec<(String, String)>,
    pub(super) url: String,
    pub(super) at: DateTime<Utc>,
    pub(super) redelivery: bool,
    pub(super) seconds: f64,
    /// What the receiver answered; 502 where nobody did.
    pub(super) status: Option<u16>,
}

/// A request that is to be made to a receiver.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    delivery: i64,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn show(world: &World, call: &Call, hook: &Hook) -> Value {
    let url = format!("{}/hooks/{}", world.api_of(call, world.repo(call)), hook.id);
    let mut config = hook.config.clone();
    if config.contains_key("secret") {
        config.insert("secret".to_owned(), json!(MASK));
    }
    let last = match hook.last {
        None => json!({ "code": null, "status": "unused", "message": null }),
        Some(code) if (200..300).contains(&code) => json!({ "code": code, "status": "active", "message": "OK" }),
        Some(code) => json!({ "code": code, "status": null, "message": format!("Invalid HTTP Response: {code}") }),
    };
    json!({
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": config,
        "updated_at": stamp(hook.updated),
        "created_at": stamp(hook.created),
        "url": url,
        "test_url": format!("{url}/test"),
        "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
        "last_response": last,
    })
}

fn index(world: &mut World, call: &Call) -> Answer {
    let all: Vec<&Hook> = world.repo(call).hooks.values().collect();
    Ok(list(world, call, &all, |hook| show(world, call, hook)))
}

fn found<'a>(world: &'a World, call: &Call) -> Result<&'a Hook, Box<Reply>> {
    world.repo(call).hooks.get(&call.id("hook_id")).ok_or_else(not_found)
}

fn read(world: &mut World, call: &Call) -> Answer {
    let hook = found(world, call)?;
    Ok(Reply::json(200, show(world, call, hook)).modified(hook.updated))
}

fn custom(message: &str) -> Box<Reply> {
    invalid(vec![json!({ "resource": "Hook", "code": "custom", "message": message })])
}

/// The settings of a hook with what the service fills in: a form, and a certificate that is looked at.
fn config(sent: &Map<String, Value>) -> Result<Map<String, Value>, Box<Reply>> {
    let url = text(sent, "url").filter(|url| !url.is_empty()).ok_or_else(|| custom("url cannot be blank"))?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(custom("url is not supported because it isn't reachable over the public Internet"));
    }
    let content_type = text(sent, "content_type").unwrap_or("form");
    if !["form", "json"].contains(&content_type) {
        return Err(malformed(&format!("{content_type} is not a member of [\"json\", \"form\"].")));
    }
    let insecure = sent
        .get("insecure_ssl")
        .map_or_else(|| "0".to_owned(), |it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
    let mut kept = Map::new();
    kept.insert("url".to_owned(), json!(url));
    kept.insert("insecure_ssl".to_owned(), json!(insecure));
    kept.insert("content_type".to_owned(), json!(content_type));
    if let Some(secret) = text(sent, "secret").filter(|secret| !secret.is_empty()) {
        kept.insert("secret".to_owned(), json!(secret));
    }
    Ok(kept)
}

fn events(fields: &Map<String, Value>) -> Option<Vec<String>> {
    let sent = fields.get("events")?.as_array()?;
    Some(sent.iter().filter_map(|event| event.as_str().map(str::to_owned)).collect())
}

/// Whether another hook sends the same to the same place.
fn is_taken(world: &World, call: &Call, hook: &Hook) -> bool {
    world.repo(call).hooks.values().any(|other| {
        let overlaps = other.events.iter().any(|event| hook.events.contains(event));
        other.id != hook.id && other.config == hook.config && overlaps
    })
}

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    if text(&fields, "name").is_some_and(|name| name != "web") {
        return Err(custom("name must be \"web\""));
    }
    let empty = Map::new();
    let config = config(fields.get("config").and_then(Value::as_object).unwrap_or(&empty))?;
    let events = events(&fields).filter(|events| !events.is_empty()).unwrap_or_else(|| vec!["push".to_owned()]);
    let active = fields.get("active").and_then(Value::as_bool).unwrap_or(true);
    let (now, mut hook) =
        (call.now, Hook { id: 0, active, events, config, created: call.now, updated: call.now, last: None });
    if is_taken(world, call, &hook) {
        return Err(custom("Hook already exists on this repository"));
    }
    hook.id = world.next_id();
    hook.updated = now;
    let shown = show(world, call, &hook);
    world.repo_mut(call).hooks.insert(hook.id, hook.clone());
    if hook.active {
        world.send_ping(call, hook.id);
    }
    let place = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Reply::json(201, shown).header("location", place))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?;
    let mut hook = found(world, call)?.clone();
    if let Some(sent) = fields.get("config").and_then(Value::as_object) {
        // What is sent replaces the settings, the secret with them.
        hook.config = config(sent)?;
    }
    if let Some(events) = events(&fields) {
        hook.events = events;
    }
    hook.events.extend(list_of(&fields, "add_events"));
    let removed = list_of(&fields, "remove_events");
    hook.events.retain(|event| !removed.contains(event));
    if let Some(active) = fields.get("active").and_then(Value::as_bool) {
        hook.active = active;
    }
    hook.updated = call.now;
    if is_taken(world, call, &hook) {
        return Err(custom("Hook already exists on this repository"));
    }
    let shown = show(world, call, &hook);
    world.repo_mut(call).hooks.insert(hook.id, hook);
    Ok(Reply::json(200, shown))
}

fn list_of(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let sent = fields.get(name).and_then(Value::as_array).into_iter().flatten();
    sent.filter_map(|event| event.as_str().map(str::to_owned)).collect()
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = found(world, call)?.id;
    world.repo_mut(call).hooks.remove(&id);
    Ok(Reply::empty(204))
}

fn ping(world: &mut World, call: &Call) -> Answer {
    let id = found(world, call)?.id;
    world.send_ping(call, id);
    Ok(Reply::empty(204))
}

fn app_config(world: &mut World, call: &Call) -> Answer {
    let super::call::Who::App(id) = call.who else { return Err(not_found()) };
    let mut shown = world.apps[&id].hook.clone();
    if shown.contains_key("secret") {
        shown.insert("secret".to_owned(), json!(MASK));
    }
    Ok(Reply::json(200, Value::Object(shown)))
}

/// Whose deliveries a call is about.
fn target(world: &World, call: &Call) -> Result<Target, Box<Reply>> {
    match call.who {
        super::call::Who::App(id) => Ok(Target::App(id)),
        _ => Ok(Target::Repo(call.repo, found(world, call)?.id)),
    }
}

fn show_delivery(delivery: &Delivery) -> Value {
    let status = match delivery.status {
        None => "pending".to_owned(),
        Some(code) if (200..300).contains(&code) => "OK".to_owned(),
        Some(code) => format!("Invalid HTTP Response: {code}"),
    };
    json!({
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": stamp(delivery.at),
        "redelivery": delivery.redelivery,
        "duration": delivery.seconds,
        "status": status,
        "status_code": delivery.status.unwrap_or(0),
        "event": delivery.event,
        "action": delivery.payload["action"],
        "installation_id": delivery.payload["installation"]["id"],
        "repository_id": delivery.payload["repository"]["id"],
        "url": "",
    })
}

/// The newest first, and no payloads; the next page by a cursor.
fn deliveries(world: &mut World, call: &Call) -> Answer {
    let target = target(world, call)?;
    let size = Page::of(call).size;
    let cursor = call.ask("cursor").parse::<i64>().unwrap_or(i64::MAX);
    let all = world.deliveries.iter().rev().filter(|it| it.target == target && it.id < cursor);
    let mut all: Vec<&Delivery> = all.take(size + 1).collect();
    let is_more = all.len() > size;
    all.truncate(size);
    let reply = Reply::json(200, all.iter().map(|delivery| show_delivery(delivery)).collect());
    match all.last().filter(|_| is_more) {
        Some(last) => {
            let next = format!("{}{}?per_page={size}&cursor={}", call.base, call.path, last.id);
            Ok(reply.header("link", format!("<{next}>; rel=\"next\"")))
        }
        None => Ok(reply),
    }
}

fn found_delivery<'a>(world: &'a World, call: &Call) -> Result<&'a Delivery, Box<Reply>> {
    let target = target(world, call)?;
    let id = call.id("delivery_id");
    world.deliveries.iter().find(|it| it.target == target && it.id == id).ok_or_else(not_found)
}

fn delivery(world: &mut World, call: &Call) -> Answer {
    let found = found_delivery(world, call)?;
    let mut shown = show_delivery(found);
    let headers: Map<String, Value> = found.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    shown["url"] = json!(found.url);
    shown["request"] = json!({ "headers": headers, "payload": found.payload });
    shown["response"] = json!({ "headers": {}, "payload": "" });
    Ok(Reply::json(200, shown))
}

/// Sends it again under the same id, so that the receiver can tell.
fn redeliver(world: &mut World, call: &Call) -> Answer {
    let old = found_delivery(world, call)?.clone();
    if (call.now - old.at).num_days() >= KEPT_DAYS {
        return Err(super::reply::refuse(422, "This delivery is too old to be redelivered."));
    }
    let id = world.next_id();
    let body = body(&old);
    world.outbox.push(Outgoing { delivery: id, url: old.url.clone(), headers: old.headers.clone(), body });
    world.deliveries.push(Delivery { id, redelivery: true, at: call.now, status: None, ..old });
    Ok(Reply::json(202, json!({})))
}

fn body(delivery: &Delivery) -> String {
    let json = delivery.payload.to_string();
    let is_form = delivery.headers.iter().any(|(name, value)| name == "Content-Type" && value.ends_with("urlencoded"));
    if is_form {
        return url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &json).finish();
    }
    json
}

/// The signatures of a body by a secret, the older one beside the one that counts.
fn signatures(secret: &str, body: &str) -> [(String, String); 2] {
    let hex = |algorithm, prefix: &str| {
        let tag = hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), body.as_bytes());
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{prefix}={digits}")
    };
    [
        ("X-Hub-Signature".to_owned(), hex(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, "sha1")),
        ("X-Hub-Signature-256".to_owned(), hex(hmac::HMAC_SHA256, "sha256")),
    ]
}

impl World {
    /// Puts one delivery into the log and the outbox.
    fn deliver(
        &mut self,
        call: &Call,
        target: Target,
        hook: i64,
        config: &Map<String, Value>,
        event: &str,
        payload: Value,
    ) {
        let Some(url) = text(config, "url").map(str::to_owned) else { return };
        let guid = uuid::Uuid::new_v4().to_string();
        let is_form = text(config, "content_type") != Some("json");
        let (kind, id) = match target {
            Target::App(id) => ("integration", id),
            Target::Repo(id, _) => ("repository", id),
        };
        let media = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
        let mut headers: Vec<(String, String)> = [
            ("Accept", "*/*".to_owned()),
            ("Content-Type", media.to_owned()),
            ("User-Agent", "GitHub-Hookshot/5a0d0b5".to_owned()),
            ("X-GitHub-Delivery", guid.clone()),
            ("X-GitHub-Event", event.to_owned()),
            ("X-GitHub-Hook-ID", hook.to_string()),
            ("X-GitHub-Hook-Installation-Target-ID", id.to_string()),
            ("X-GitHub-Hook-Installation-Target-Type", kind.to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        if let Some(version) = &self.settings.enterprise_version {
            headers.push(("X-GitHub-Enterprise-Version".to_owned(), version.clone()));
            headers.push(("X-GitHub-Enterprise-Host".to_owned(), call.web.trim_start_matches("http://").to_owned()));
        }
        let event = event.to_owned();
        let mut delivery = Delivery {
            id: self.next_id(),
            guid,
            target,
            event,
            payload,
            headers,
            url: url.clone(),
            at: call.now,
            redelivery: false,
            seconds: 0.0,
            status: None,
        };
        let body = body(&delivery);
        if let Some(secret) = text(config, "secret") {
            delivery.headers.extend(signatures(secret, &body));
        }
        self.outbox.push(Outgoing { delivery: delivery.id, url, headers: delivery.headers.clone(), body });
        self.deliveries.push(delivery);
    }

    fn send_ping(&mut self, call: &Call, hook: i64) {
        let Some(found) = self.repo(call).hooks.get(&hook).cloned() else { return };
        let payload = json!({
            "zen": "Keep it logically awesome.",
            "hook_id": hook,
            "hook": show(self, call, &found),
            "repository": super::repos::show(self, call, self.repo(call)),
            "sender": simple(self, call, self.actor(call)),
        });
        self.deliver(call, Target::Repo(call.repo, hook), hook, &found.config, "ping", payload);
    }

    /// Sends an event of a call's repository to its hooks and to the Apps that are installed there.
    fn announce(&mut self, call: &Call, event: &str, payload: &Value) {
        let wants = |events: &[String]| events.iter().any(|it| it == event || it == "*");
        let repo = self.repo(call);
        let hooks = repo.hooks.values().filter(|hook| hook.active && wants(&hook.events));
        let hooks: Vec<(i64, Map<String, Value>)> = hooks.map(|hook| (hook.id, hook.config.clone())).collect();
        let apps: Vec<(i64, i64)> = self
            .installations
            .values()
            .filter(|it| it.suspended.is_none() && it.covers(repo) && wants(&it.events))
            .map(|it| (it.app, it.id))
            .collect();
        for (hook, config) in hooks {
            self.deliver(call, Target::Repo(call.repo, hook), hook, &config, event, payload.clone());
        }
        for (app, installation) in apps {
            let mut payload = payload.clone();
            payload["installation"] = json!({ "id": installation });
            let config = self.apps[&app].hook.clone();
            self.deliver(call, Target::App(app), app, &config, event, payload);
        }
    }

    /// Tells of a reference that was made, moved or taken away.
    pub(super) fn announce_push(&mut self, call: &Call, name: &str, before: Option<&str>, after: Option<&str>) {
        const NONE: &str = "0000000000000000000000000000000000000000";
        let repo = self.repo(call);
        let objects = self.objects(repo);
        let commits = match (before, after) {
            (Some(before), Some(after)) => objects.since(before, after),
            _ => Vec::new(),
        };
        let is_forced = before.zip(after).is_some_and(|(before, after)| !objects.ancestors(after).contains(before));
        let html = format!("{}/{}", call.web, self.full_name(repo));
        let show = |commit: &super::git::Commit| {
            let who = |it: &super::git::Signature| json!({ "name": it.name, "email": it.email });
            json!({
                "id": commit.sha, "tree_id": commit.tree, "distinct": true, "message": commit.message,
                "timestamp": commit.committer.when.to_rfc3339(), "url": format!("{html}/commit/{}", commit.sha),
                "author": who(&commit.author), "committer": who(&commit.committer),
            })
        };
        let mut repository = super::repos::show(self, call, repo);
        // In pushes alone these are seconds.
        repository["created_at"] = json!(repo.created.timestamp());
        repository["pushed_at"] = json!(repo.pushed.timestamp());
        let sender = self.actor(call);
        let pusher = self.accounts.get(&sender).map_or("", |account| &account.login);
        let payload = json!({
            "ref": name,
            "before": before.unwrap_or(NONE),
            "after": after.unwrap_or(NONE),
            "repository": repository,
            "pusher": { "name": pusher, "email": null },
            "sender": simple(self, call, sender),
            "created": before.is_none(),
            "deleted": after.is_none(),
            "forced": is_forced,
            "base_ref": null,
            "compare": format!("{html}/compare/{}...{}", &before.unwrap_or(NONE)[..12], &after.unwrap_or(NONE)[..12]),
            "commits": commits.iter().rev().map(|commit| show(commit)).collect::<Vec<_>>(),
            "head_commit": after.and_then(|sha| objects.commit(sha)).map(|commit| show(commit)),
        });
        self.announce(call, "push", &payload);
    }

    /// Tells of what happened to a pull request.
    pub(super) fn announce_pull(&mut self, call: &Call, number: i64, action: &str) {
        let repo = self.repo(call);
        let Some(issue) = repo.issues.get(&number) else { return };
        let payload = json!({
            "action": action,
            "number": number,
            "pull_request": super::pulls::show_brief(self, call, issue),
            "repository": super::repos::show(self, call, repo),
            "sender": simple(self, call, self.actor(call)),
        });
        self.announce(call, "pull_request", &payload);
    }

    /// Tells an App of its own installation, whether it asked for that or not.
    pub(super) fn announce_installation(&mut self, call: &Call, id: i64, action: &str) {
        let Some(installation) = self.installations.get(&id) else { return };
        let (app, account) = (installation.app, installation.account);
        let payload = json!({
            "action": action,
            "installation": {
                "id": id, "app_id": app, "account": simple(self, call, account),
                "permissions": installation.permissions.show(), "events": installation.events,
                "suspended_at": installation.suspended.map(|(at, _)| stamp(at)),
            },
            "sender": simple(self, call, account),
        });
        let config = self.apps[&app].hook.clone();
        self.deliver(call, Target::App(app), app, &config, "installation", payload);
    }
}

/// Whether a receiver is on this machine: a sandbox talks to nobody else.
fn is_here(url: &str) -> bool {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str()))
}

/// Sends what waits to receivers on this machine, each once, and notes what they said.
pub(super) fn post(github: &Arc<GitHub>, outbox: Vec<Outgoing>) {
    for outgoing in outbox.into_iter().filter(|outgoing| is_here(&outgoing.url)) {
        let github = Arc::clone(github);
        tokio::spawn(async move {
            let mut request = github.sender.post(&outgoing.url).timeout(std::time::Duration::from_secs(10));
            for (name, value) in &outgoing.headers {
                request = request.header(name, value);
            }
            let answered = request.body(outgoing.body).send().await;
            let status = answered.map_or(502, |answer| answer.status().as_u16());
            let mut world = github.world();
            let Some(delivery) = world.deliveries.iter_mut().find(|it| it.id == outgoing.delivery) else { return };
            delivery.status = Some(status);
            if let Target::Repo(repo, hook) = delivery.target
                && let Some(hook) = world.repos.get_mut(&repo).and_then(|repo| repo.hooks.get_mut(&hook))
            {
                hook.last = Some(status);
            }
        });
    }
}
