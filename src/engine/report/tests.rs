//! Plans as files and comments: what was edited is refused, and a comment stays within a forge's limit.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value as Json;

use super::{json, markdown};
use crate::engine::diff::Cause;
use crate::engine::model::{Instance, MembershipMode, Value};
use crate::engine::plan::difference::{Difference, Problems};
use crate::engine::plan::saved::{Saved, seen};
use crate::engine::plan::tests::{World, at, kinds, now};

fn saved() -> Saved {
    let mut world = World::settled(&["alice", "bob"]).user("carol").member("dev", "carol").without("bob");
    world.set(&at("user", "alice"), "about", "by hand");
    let plan = world.plan().plan;
    let seen = seen(&plan, &kinds(), |address| world.live.get(address));
    Saved { plan, expires: now() + chrono::Duration::hours(24), seen }
}

/// Every scalar of a document, by pointer.
fn scalars(value: &Json, pointer: &str, into: &mut Vec<String>) {
    match value {
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| scalars(item, &format!("{pointer}/{at}"), into));
        }
        Json::Object(map) => map.iter().for_each(|(key, value)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            scalars(value, &format!("{pointer}/{key}"), into);
        }),
        _ => into.push(pointer.to_owned()),
    }
}

#[test]
fn whatever_is_edited_in_a_saved_plan_it_is_refused() {
    let saved = saved();
    let document = json::saved(&saved);
    let read = |document: &Json| json::read_saved(document.to_string().as_bytes());
    assert_eq!(read(&document).expect("untouched"), saved);
    let mut pointers = Vec::new();
    scalars(&document, "", &mut pointers);
    assert!(pointers.len() > 100, "the plan is too small to show anything");
    for pointer in pointers {
        let mut edited = document.clone();
        let value = edited.pointer_mut(&pointer).expect("it is there");
        *value = match value.take() {
            Json::String(text) => Json::String(format!("{text}x")),
            Json::Bool(value) => Json::Bool(!value),
            Json::Number(number) => Json::from(number.as_i64().unwrap_or_default() + 1),
            _ => Json::from("x"),
        };
        assert!(read(&edited).is_err(), "an edit of {pointer} is not seen");
    }
    // Another moment that is as well-formed as the first.
    let mut longer = document.clone();
    longer["formulary"]["saved"]["expires"] = Json::from("2030-01-01T00:00:00Z");
    assert!(read(&longer).expect_err("it holds longer").is_edited());
    let mut more = document.clone();
    more["formulary"]["note"] = Json::from("trust me");
    assert!(read(&more).expect_err("something was added").is_edited());
}

#[test]
fn only_a_saved_plan_is_taken_and_others_are_told_apart() {
    let saved = saved();
    let said =
        |document: Json| json::read_saved(document.to_string().as_bytes()).expect_err("no saved plan").to_string();
    assert!(said(json::plan(&saved.plan)).contains("printed for reading"));
    let difference = Difference::between(&saved.plan, &saved.plan, Problems::default());
    assert!(said(json::difference(&difference)).contains("difference of two plans"));
    assert!(said(serde_json::json!({})).contains("its format is"));
}

#[test]
fn a_comment_has_room_for_any_change_and_no_name_breaks_out_of_it() {
    let base = World::new().team("dev", MembershipMode::Authoritative);
    let mut head = base.clone();
    for n in 0..3000 {
        head = head.user(&format!("p{n}")).member("dev", &format!("p{n}"));
    }
    let hostile = "<script>@all|`x`\n# [a](http://evil.example)";
    head = head.user(hostile);
    let difference = Difference::between(&base.plan().plan, &head.plan().plan, Problems::default());
    for text in [markdown::difference(&difference), markdown::plan(&head.plan().plan)] {
        assert!(text.len() <= markdown::LIMIT, "{} bytes", text.len());
        assert!(!text.contains("<script>") || text.contains("`svc:user/<script>"), "outside of code");
    }
    let mut small = World::settled(&["alice"]);
    small.set(&at("user", "alice"), "about", Value::from(hostile));
    let text = markdown::plan(&small.plan().plan);
    let row = text.lines().find(|line| line.contains("about")).expect("a row of the table");
    assert_eq!(row.replace("\\|", "").matches('|').count(), 4, "{row}");
}

#[test]
fn a_comment_says_who_made_a_difference_or_why_nobody_can_be_named() {
    let mut world = World::settled(&["alice"]);
    world.set(&at("user", "alice"), "about", Value::from("x"));
    let mut plan = world.plan().plan;
    assert!(!plan.changes.is_empty());
    let at = DateTime::UNIX_EPOCH;
    for change in &mut plan.changes {
        change.cause = Some(Cause { who: "'a|<b>'".into(), at, how: "updated it by the admin API".into() });
    }
    let untold = BTreeMap::from([(Instance::new("svc"), "its trail could not be read".to_owned())]);
    let text = markdown::drift(&plan, &untold);
    let row = text.lines().find(|line| line.contains("by the admin API")).expect("a row of the table");
    assert_eq!(row.replace("\\|", "").matches('|').count(), 4, "{row}");
    assert!(row.contains("1970-01-01 00:00:00 UTC") && !row.contains("<b>"), "{row}");
    assert!(text.contains("who changed svc is not known: its trail could not be read"), "{text}");
}
