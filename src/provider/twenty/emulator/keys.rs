//! API keys and sessions: signed tokens, the rows behind keys, and what their roles allow.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::refusal::{Refusal, bad, denied};

/// The workspace that every token belongs to.
pub(super) const WORKSPACE: &str = "88209fbd-ed05-46fd-ae00-fd55aecba4fc";

/// The member that signs in, and her account.
pub(super) const MEMBER: &str = "7b73d53f-6df5-4463-8099-d861c62f02a7";
pub(super) const USER: &str = "f9f34da3-269f-48ea-a1d4-f8a53865749d";

const SECRET: &[u8] = b"the sandbox's own secret";
const OTHER_SECRET: &[u8] = b"somebody else's secret";
const DAY: i64 = 24 * 3600;

/// What a role allows with records of every object, and with the workspace itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) read: bool,
    pub(super) update: bool,
    pub(super) soft_delete: bool,
    pub(super) destroy: bool,
    pub(super) settings: bool,
}

const ALL: Rights = Rights { read: true, update: true, soft_delete: true, destroy: true, settings: true };
const WRITER: Rights = Rights { destroy: false, settings: false, ..ALL };
const READER: Rights = Rights { update: false, soft_delete: false, ..WRITER };
const NONE: Rights = Rights { read: false, ..READER };

/// A key as it is stored. Its token says less: both must hold.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: &'static str,
    /// As records show who made them.
    pub(super) name: &'static str,
    pub(super) rights: Rights,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
    pub(super) is_revoked: bool,
    /// What the recordings call the principal.
    principal: &'static str,
    token_expires_at: i64,
}

/// Who calls.
#[derive(Debug, Clone)]
pub(super) enum Caller {
    Key { name: &'static str, rights: Rights },
    Member,
}

/// What is done with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Read,
    Write,
    SoftDelete,
    Destroy,
}

impl Caller {
    pub(super) fn rights(&self) -> Rights {
        match self {
            Caller::Key { rights, .. } => *rights,
            Caller::Member => ALL,
        }
    }

    /// Refuses what the caller's role does not allow.
    pub(super) fn may(&self, deed: Deed) -> Result<(), Refusal> {
        let rights = self.rights();
        let is_allowed = match deed {
            Deed::Read => rights.read,
            Deed::Write => rights.update,
            Deed::SoftDelete => rights.soft_delete,
            Deed::Destroy => rights.destroy,
        };
        if is_allowed { Ok(()) } else { Err(denied(400)) }
    }

    /// Who a record says made it.
    pub(super) fn actor(&self) -> Value {
        match self {
            Caller::Key { name, .. } => {
                json!({ "source": "API", "workspaceMemberId": null, "name": name, "context": {} })
            }
            Caller::Member => json!({ "source": "MANUAL", "workspaceMemberId": MEMBER, "name": "", "context": {} }),
        }
    }
}

/// The keys of a new installation that was made at `now` (seconds): one of each sort that the recordings know.
pub(super) fn installed(now: i64) -> Vec<Key> {
    let key = |id, principal, name, rights| Key {
        id,
        name,
        rights,
        expires_at: now + 365 * DAY,
        is_revoked: false,
        principal,
        token_expires_at: now + 365 * DAY,
    };
    let mut keys = vec![
        key("2c7b421f-d0d3-4e0b-92c1-8ba3d72decf3", "api key (admin role)", "formulary", ALL),
        key("c2f0c9a4-5d3c-4a51-8d0a-61f2b4e0a7d2", "second api key", "second", ALL),
        key("50260740-8cf9-46ad-8e1f-d5fc113ba891", "revoked key", "to be revoked", ALL),
        key("ada13984-2423-40a8-957f-31bd1ca05491", "expired key", "short", ALL),
        key("ddfdb4f7-d754-481a-aaea-d1f1f12883f2", "key whose row expired", "row expired", ALL),
        key("0b7e6f3c-8a54-4c1d-9f7e-2d5a1c3b4e60", "reader key", "reader key", READER),
        key("1c8f705d-9b65-4d2e-8a8f-3e6b2d4c5f71", "writer key", "writer key", WRITER),
        key("2d90816e-ac76-4e3f-9b90-4f7c3e5d6082", "no-rights key", "no-rights key", NONE),
    ];
    (keys[3].expires_at, keys[3].token_expires_at) = (now - 1, now - 1);
    keys[4].expires_at = now - 1;
    keys
}

/// What each principal of a new installation sends. A member's session lasts half an hour from `now`.
pub(super) fn credentials(keys: &[Key], now: i64) -> Vec<(&'static str, String)> {
    let token = |key: &Key| {
        let claims = json!({ "sub": WORKSPACE, "type": "API_KEY", "workspaceId": WORKSPACE, "jti": key.id,
            "iat": key.token_expires_at - 365 * DAY, "exp": key.token_expires_at });
        (key.principal, signed(&claims, SECRET))
    };
    let mut all: Vec<_> = keys.iter().map(token).collect();
    let session = json!({ "sub": USER, "type": "ACCESS", "workspaceId": WORKSPACE, "workspaceMemberId": MEMBER,
        "iat": now, "exp": now + 1800 });
    all.push(("user (admin)", signed(&session, SECRET)));
    let forged = json!({ "sub": WORKSPACE, "type": "API_KEY", "workspaceId": WORKSPACE, "jti": keys[0].id,
        "iat": now, "exp": now + DAY });
    all.push(("forged", signed(&forged, OTHER_SECRET)));
    all
}

/// Revokes a key, at once.
pub(super) fn revoke(keys: &mut [Key], id: &str) -> Option<()> {
    keys.iter_mut().find(|key| key.id == id).map(|key| key.is_revoked = true)
}

/// Whose token this is, or why it is refused. `is_lapsed` makes every key count as expired.
pub(super) fn identify(keys: &[Key], token: &str, now: i64, is_lapsed: bool) -> Result<Caller, Refusal> {
    let claims = verified(token).ok_or_else(|| unauthenticated("Token invalid."))?;
    if is_lapsed || claims["exp"].as_i64().is_none_or(|end| end <= now) {
        return Err(unauthenticated("Token has expired."));
    }
    if claims["type"] == "ACCESS" {
        return Ok(Caller::Member);
    }
    let key = keys.iter().find(|key| claims["jti"] == key.id).ok_or_else(|| forbidden("This API Key is revoked"))?;
    if key.is_revoked {
        return Err(forbidden("This API Key is revoked"));
    }
    if key.expires_at <= now {
        return Err(forbidden("This API Key is expired"));
    }
    Ok(Caller::Key { name: key.name, rights: key.rights })
}

/// 401: the token itself does not count.
pub(super) fn unauthenticated(message: &str) -> Refusal {
    at_the_door(401, "UNAUTHENTICATED", message)
}

/// 403: no token, or one whose row does not count.
pub(super) fn forbidden(message: &str) -> Refusal {
    at_the_door(403, "FORBIDDEN_EXCEPTION", message)
}

/// The refusal of a token as GraphQL tells it.
pub(super) fn entry(refusal: &Refusal) -> Value {
    let (id, message, code) = match refusal.status {
        401 => ("z+7x/s", "You must be authenticated to perform this action.", "UNAUTHENTICATED"),
        _ => ("q5OVn+", "You do not have permission to perform this action.", "FORBIDDEN"),
    };
    let extensions =
        json!({ "subCode": refusal.error, "userFriendlyMessage": { "id": id, "message": message }, "code": code });
    json!({ "message": refusal.message, "extensions": extensions })
}

fn at_the_door(status: u16, code: &'static str, message: &str) -> Refusal {
    let body = json!({ "statusCode": status, "messages": [message], "error": code });
    Refusal { status, error: code, sub_code: Some(code), body: Some(Box::new(body)), ..bad(message) }
}

fn signature(text: &str, secret: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length of secret will do");
    mac.update(text.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

fn signed(claims: &Value, secret: &[u8]) -> String {
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "5b0e7a52-3f0e-4f0a-8a35-9b0f4a0f7b6d" });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(&header), encode(claims));
    format!("{text}.{}", signature(&text, secret))
}

/// The claims of a token that we signed.
fn verified(token: &str) -> Option<Value> {
    let (text, sign) = token.rsplit_once('.')?;
    let (_, claims) = text.split_once('.')?;
    if signature(text, SECRET) != sign {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}
