//! What Logto's webhooks tell of, and whether a delivery comes from Logto. Pure: whoever receives one hands in the raw
//! body, before anything parses it.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header that carries the signature.
pub const SIGNATURE: &str = "logto-signature-sha-256";

/// Everything that a webhook may be told of (1.42).
pub const EVENTS: [&str; 29] = [
    "PostRegister",
    "PostSignIn",
    "PostSignInAdaptiveMfaTriggered",
    "PostResetPassword",
    "User.Created",
    "User.Deleted",
    "User.Data.Updated",
    "User.SuspensionStatus.Updated",
    "Role.Created",
    "Role.Deleted",
    "Role.Data.Updated",
    "Role.Scopes.Updated",
    "Scope.Created",
    "Scope.Deleted",
    "Scope.Data.Updated",
    "Organization.Created",
    "Organization.Deleted",
    "Organization.Data.Updated",
    "Organization.Membership.Updated",
    "OrganizationRole.Created",
    "OrganizationRole.Deleted",
    "OrganizationRole.Data.Updated",
    "OrganizationRole.Scopes.Updated",
    "OrganizationScope.Created",
    "OrganizationScope.Deleted",
    "OrganizationScope.Data.Updated",
    "Identifier.Lockout",
    "Message.RateLimited",
    "Grant.LimitExceeded",
];

/// Whether a delivery was signed with this key: the header [`SIGNATURE`] holds the HMAC-SHA256 of the raw body in hex,
/// without a prefix. The time of the comparison tells nothing of the key. A good signature does not say that the
/// delivery is new: the moment in the body (`createdAt`) does, and must be looked at as well.
pub fn is_signed(signing_key: &SecretString, body: &[u8], header: &str) -> bool {
    let Some(told) = from_hex(header) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(signing_key.expose_secret().as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&told).is_ok()
}

/// Bytes from lower-case hex, the one form that Logto writes.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::recorded::exchanges;

    const BODY: &str = r#"{"event":"User.Created","createdAt":"2026-01-02T03:04:05.000Z","data":{"id":"abc123def456","primaryEmail":"alice@acme.example"},"hookId":"hook1"}"#;
    const SIGNED: &str = "29ba6d922bf76a352f575b30e74d7bd97df77d2facacae6109bbea03ba14c920";

    #[test]
    fn a_delivery_of_logto_is_told_from_any_other() {
        let key = SecretString::from("test-signing-key");
        assert!(is_signed(&key, BODY.as_bytes(), SIGNED));
        assert!(!is_signed(&SecretString::from("another key"), BODY.as_bytes(), SIGNED));
        assert!(!is_signed(&key, BODY.replace("alice", "mallory").as_bytes(), SIGNED));
        for header in ["", "29ba", &SIGNED.to_uppercase(), &format!("sha256={SIGNED}"), &SIGNED[..63], "zz"] {
            assert!(!is_signed(&key, BODY.as_bytes(), header), "{header}");
        }
    }

    /// The server lists them where it refuses one.
    #[test]
    fn the_events_are_those_that_the_server_knows() {
        for exchange in exchanges("logto", "hooks") {
            let Some(known) = exchange.answer.pointer("/data/issues/0/options").and_then(|it| it.as_array()) else {
                continue;
            };
            let known: Vec<&str> = known.iter().filter_map(|it| it.as_str()).collect();
            assert_eq!(known, EVENTS);
        }
    }
}
