//! Topics: replaced as a whole or one at a time, folded to lower case, shown sorted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::call::Call;
use super::forms::{Form, Kind, plain};
use super::gates::Gate;
use super::paging::Page;
use super::reply::{Answer, Reply, not_found};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

const REPO: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo];
const REPO_ADMIN: &[Gate] = &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::SignedIn, Gate::RepoAdmin];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/topics", REPO, list),
    route("PUT", "/repos/{owner}/{repo}/topics", REPO_ADMIN, replace),
    route("PUT", "/repos/{owner}/{repo}/topics/{topic}", REPO_ADMIN, add),
    route("DELETE", "/repos/{owner}/{repo}/topics/{topic}", REPO_ADMIN, remove),
];

/// Most topics of one repository.
const MOST: usize = 25;

/// Most characters of one topic.
const LONGEST: usize = 35;

fn list(world: &mut World, call: &Call) -> Answer {
    let topics: Vec<&String> = world.repos.at(call.repo).topics.iter().collect();
    let shown = Page::of(call).cut(&topics);
    Ok(Reply::json(200, json!({"topics": shown})).total(topics.len()))
}

static REPLACE: Form = Form { name: "RepoTopicOptions", fields: &[plain("topics", "Topics", Kind::Texts)] };

/// One bad name, and nothing changes.
fn replace(world: &mut World, call: &Call) -> Answer {
    let sent = call.form(&REPLACE)?.texts("topics");
    let folded: Vec<String> = sent.iter().map(|topic| fold(topic)).filter(|topic| !topic.is_empty()).collect();
    let topics: BTreeSet<String> = folded.iter().filter(|topic| is_topic(topic)).cloned().collect();
    if topics.len() > MOST {
        return Err(refuse_topics(Value::Null, "Exceeding maximum number of topics per repo"));
    }
    let bad: Vec<&String> = folded.iter().filter(|topic| !is_topic(topic)).collect();
    if !bad.is_empty() {
        return Err(refuse_topics(json!(bad), "Topic names are invalid"));
    }
    world.repos.at_mut(call.repo).topics = topics;
    Ok(Reply::empty(204))
}

fn add(world: &mut World, call: &Call) -> Answer {
    let topic = fold(call.param("topic"));
    if !is_topic(&topic) {
        return Err(refuse_topics(Value::from(topic), "Topic name is invalid"));
    }
    let topics = &mut world.repos.at_mut(call.repo).topics;
    if topics.len() >= MOST && !topics.contains(&topic) {
        return Err(Box::new(Reply::json(422, json!({"message": "Exceeding maximum allowed topics per repo."}))));
    }
    topics.insert(topic);
    Ok(Reply::empty(204))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let topic = fold(call.param("topic"));
    if !is_topic(&topic) {
        return Err(refuse_topics(Value::from(topic), "Topic name is invalid"));
    }
    if world.repos.at_mut(call.repo).topics.remove(&topic) { Ok(Reply::empty(204)) } else { Err(not_found()) }
}

fn fold(topic: &str) -> String {
    topic.trim().to_lowercase()
}

fn is_topic(topic: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    topic.len() <= LONGEST
        && topic.bytes().next().is_some_and(is_plain)
        && topic.bytes().all(|byte| is_plain(byte) || byte == b'-' || byte == b'.')
}

fn refuse_topics(bad: Value, message: &str) -> Box<Reply> {
    Box::new(Reply::json(422, json!({"invalidTopics": bad, "message": message})))
}
