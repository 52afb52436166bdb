//! Tags of answers, and the answer to who has seen one already (guide, section 1).

use chrono::{DateTime, Utc};

use super::call::{Call, Who};
use super::reply::Reply;
use super::world::World;

/// A reply with its tag; nothing but the tag where the caller knows it.
pub(super) fn applied(world: &World, call: &Call, reply: Reply, docs: &str) -> Reply {
    if !(200..300).contains(&reply.status) || reply.status == 204 || reply.status == 202 {
        return reply;
    }
    let tag = reply.etag.clone().unwrap_or_else(|| {
        let whose = match call.who {
            Who::Nobody => "",
            Who::App(_) => "app",
            Who::Token(at) => &world.tokens.get(at).text,
        };
        digest(&[whose.as_bytes(), call.path.as_bytes(), &reply.body(docs).1])
    });
    let modified = reply.modified;
    let reply = match modified {
        Some(moment) => reply.header("last-modified", moment.format(HTTP_DATE).to_string()),
        None => reply,
    };
    if !call.is_read() {
        return reply.header("etag", format!("\"{tag}\""));
    }
    let sent = call.header("if-none-match");
    let is_known = if sent.is_empty() {
        let since = DateTime::parse_from_rfc2822(call.header("if-modified-since")).ok();
        since.zip(modified).is_some_and(|(since, moment)| moment.timestamp() <= since.timestamp())
    } else {
        sent.split(',').any(|one| one.trim().trim_start_matches("W/").trim_matches('"') == tag)
    };
    if is_known {
        return Reply::empty(304).header("etag", format!("\"{tag}\""));
    }
    reply.header("etag", format!("W/\"{tag}\""))
}

const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

fn digest(parts: &[&[u8]]) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The later of two moments, for lists.
pub(super) fn latest(moments: impl IntoIterator<Item = DateTime<Utc>>) -> Option<DateTime<Utc>> {
    moments.into_iter().max()
}
