//! From an address to an operation, and the refusals that come before any operation.

use super::answer::{Answer, Outcome, Refusal, error, not_modelled, plain};
use super::call::Call;
use super::jwt::Signer;
use super::request::Request;
use super::rights::{self, Caller, MASTER, Rejected};
use super::tokens::Oidc;
use super::world::World;

/// Finds and runs the operation that a request asks for.
pub(super) fn handle(world: &mut World, signer: &Signer, request: &Request, now: i64) -> Answer {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let outcome = match path.as_slice() {
        ["admin", rest @ ..] => admin(world, signer, request, now, rest),
        ["realms", realm, rest @ ..] => public(world, signer, request, now, realm, rest),
        _ => Err(error(404, "Unable to find matching target resource method")),
    };
    outcome.unwrap_or_else(|Refusal(answer)| *answer)
}

fn admin(world: &mut World, signer: &Signer, request: &Request, now: i64, path: &[&str]) -> Outcome {
    let method = method(request);
    if method == "OPTIONS" {
        return Ok(Answer::nothing(200));
    }
    match path {
        ["serverinfo"] | ["realms", ..] => {}
        _ => return Err(error(404, "Unable to find matching target resource method")),
    }
    let bearer = rights::bearer(world, signer, request, now).map_err(|_| plain(401))?;
    match (path, method) {
        (["serverinfo"], "GET") => return produced(request, world.server_info(&bearer)),
        (["realms"], "GET") => return produced(request, world.list_realms(request, &bearer)),
        (["realms"], "POST") => return world.create_realm(request, &bearer),
        (["serverinfo"] | ["realms"], _) => return Err(plain(405)),
        _ => {}
    }
    let [_, name, rest @ ..] = path else {
        return Err(plain(404));
    };
    let realm = world.realms.get(*name).ok_or_else(|| error(404, "Realm not found."))?;
    if bearer.realm != MASTER && bearer.realm != *name {
        return Err(plain(403));
    }
    let caller = Caller::of(world, &bearer, realm);
    let names: Vec<String> = world.realms.keys().cloned().collect();
    let Some(realm) = world.realms.get_mut(*name) else {
        return Err(plain(404));
    };
    let mut call = Call { realm, caller, request, now };
    match (rest, method) {
        ([], "PUT") => {
            let renamed = call.put_realm(|name| names.iter().any(|known| known == name))?;
            if let Some(to) = renamed {
                world.rename_realm(name, &to);
            }
            Ok(Answer::nothing(204))
        }
        ([], "DELETE") => {
            call.may_delete_realm()?;
            world.remove_realm(name);
            Ok(Answer::nothing(204))
        }
        _ => produced(request, call.route(rest, method)),
    }
}

fn public(world: &mut World, signer: &Signer, request: &Request, now: i64, realm: &str, path: &[&str]) -> Outcome {
    if !world.realms.contains_key(realm) {
        return Err(error(404, "Realm does not exist"));
    }
    let method = method(request);
    if let (["protocol", "openid-connect", "auth"], "GET") = (path, method) {
        return world.browser_sign_in(realm, request, now);
    }
    if let ["webhooks", rest @ ..] = path {
        let bearer = rights::bearer(world, signer, request, now).map_err(|_| plain(401))?;
        let target = &world.realms[realm];
        let caller = Caller::of(world, &bearer, target);
        let Some(realm) = world.realms.get_mut(realm) else {
            return Err(plain(404));
        };
        return Call { realm, caller, request, now }.webhook_route(rest, method);
    }
    let accepted = match path {
        ["protocol", "openid-connect", "userinfo"] => rights::bearer(world, signer, request, now),
        _ => Err(Rejected::Missing),
    };
    let introspected = match path {
        ["protocol", "openid-connect", "token", "introspect"] => {
            let token = request.form().into_iter().find(|(key, _)| key == "token").map(|(_, token)| token);
            token.is_some_and(|token| rights::accept(world, signer, &token, now).is_ok())
        }
        _ => false,
    };
    let Some(realm) = world.realms.get_mut(realm) else {
        return Err(plain(404));
    };
    let mut oidc = Oidc { realm, signer, request, now };
    match (path, method) {
        ([], "GET") => oidc.page(),
        ([".well-known", "openid-configuration"], "GET") => oidc.discovery(),
        (["protocol", "openid-connect", "certs"], "GET") => oidc.keys(),
        (["protocol", "openid-connect", "token"], "POST") => oidc.token(),
        (["protocol", "openid-connect", "token", "introspect"], "POST") => oidc.introspect(|_| introspected),
        (["protocol", "openid-connect", "userinfo"], "GET" | "POST") => oidc.user_info(accepted),
        (["protocol", "openid-connect", "logout"], "POST") => oidc.logout(),
        (["protocol", "openid-connect", "revoke"], "POST") => oidc.revoke(),
        (["protocol", "openid-connect", "registrations"], "GET") => oidc.registration_page(),
        (["login-actions", "registration"], "POST") => oidc.register(),
        (["protocol", "openid-connect", "token" | "revoke"], _) => Err(plain(405)),
        (["protocol", "openid-connect" | "saml", ..] | ["login-actions" | "broker" | "account", ..], _) => {
            Err(not_modelled())
        }
        _ => Err(plain(404)),
    }
}

/// HEAD is a GET whose body is not sent.
fn method(request: &Request) -> &str {
    if request.method == "HEAD" { "GET" } else { &request.method }
}

/// Refuses to answer in JSON whoever does not take it.
fn produced(request: &Request, outcome: Outcome) -> Outcome {
    let answer = outcome?;
    let reads = method(request) == "GET" && answer.status == 200;
    if reads && !request.takes_json() { Err(plain(406)) } else { Ok(answer) }
}
