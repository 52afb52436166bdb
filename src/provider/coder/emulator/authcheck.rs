//! What a caller may do, asked without doing it.

use serde_json::{Map, Value};

use super::bodies::{Kind, Shape};
use super::call::Call;
use super::reply::{Answer, Reply, refuse};
use super::rights::Object;
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[route("POST", "/api/v2/authcheck", check)];

const CHECK: Shape = Shape { name: "AuthorizationRequest", prefix: "", fields: &[("checks", Kind::Any)] };

fn check(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields(&CHECK)?;
    let mut answers = Map::new();
    for (name, check) in fields.get("checks").and_then(Value::as_object).into_iter().flatten() {
        let text = |pointer: &str| check.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        let kind = text("/object/resource_type");
        if kind.is_empty() {
            return Err(refuse(400, format!("Object's \"resource_type\" field must be defined for key \"{name}\".")));
        }
        let owner = match text("/object/owner_id") {
            "me" => call.caller_id(),
            owner => owner,
        };
        let in_organization = text("/object/organization_id") == world.organization.id;
        let object = Object { kind, in_organization, owner: Some(owner).filter(|owner| !owner.is_empty()) };
        answers.insert(name.clone(), world.may(call, text("/action"), object).into());
    }
    answers.sort_keys();
    Ok(Reply::ok(Value::Object(answers)))
}
