//! JSON Patch (RFC 6902), without copying and moving.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::status::{Reply, bad_request, failure};

/// An object after a patch.
pub(super) fn patched(mut object: Value, body: &Bytes) -> Result<Value, Reply> {
    let Ok(patch) = serde_json::from_slice::<Value>(body) else { return Err(Reply::NotModelled) };
    let Value::Array(changes) = patch else {
        return Err(bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ));
    };
    for change in &changes {
        if matches!(change["op"].as_str(), Some("copy" | "move")) {
            return Err(Reply::NotModelled);
        }
        if apply(&mut object, change).is_none() {
            let message = "the server rejected our request due to an error in our request";
            return Err(failure(422, message, "Invalid", Some(json!({}))));
        }
    }
    Ok(object)
}

fn apply(object: &mut Value, change: &Value) -> Option<()> {
    let path = change["path"].as_str()?;
    let value = &change["value"];
    match change["op"].as_str()? {
        "test" => (object.pointer(path)? == value).then_some(()),
        "replace" => object.pointer_mut(path).map(|at| *at = value.clone()),
        op @ ("add" | "remove") => {
            let (above, last) = path.rsplit_once('/')?;
            let last = last.replace("~1", "/").replace("~0", "~");
            match (object.pointer_mut(above)?, op) {
                (Value::Object(map), "add") => {
                    map.insert(last, value.clone());
                    Some(())
                }
                (Value::Object(map), _) => map.remove(&last).map(drop),
                (Value::Array(items), "add") => {
                    let at = if last == "-" { items.len() } else { last.parse().ok()? };
                    (at <= items.len()).then(|| items.insert(at, value.clone()))
                }
                (Value::Array(items), _) => {
                    let at: usize = last.parse().ok()?;
                    (at < items.len()).then(|| drop(items.remove(at)))
                }
                _ => None,
            }
        }
        _ => None,
    }
}
