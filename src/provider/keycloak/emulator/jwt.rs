//! Tokens that look like the service's: three base64url parts, signed with a key that only this process knows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::world::Object;

/// The two keys of an emulator. Changing the first makes every token that was handed out worthless; the second signs
/// the credential that a test or a demo starts with, which outlives that.
#[derive(Debug)]
pub(super) struct Signer {
    issued: Vec<u8>,
    operator: Vec<u8>,
}

impl Signer {
    pub fn new() -> Self {
        Self { issued: random_key(), operator: random_key() }
    }

    /// Makes every token that was signed with [`Signer::sign`] invalid.
    pub fn rotate(&mut self) {
        self.issued = random_key();
    }

    pub fn sign(&self, claims: &Object) -> String {
        sign(&self.issued, claims)
    }

    pub fn sign_for_operator(&self, claims: &Object) -> String {
        sign(&self.operator, claims)
    }

    /// The claims of a token that one of the keys signed.
    pub fn verify(&self, token: &str) -> Option<Object> {
        let (head, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let known = [&self.issued, &self.operator].into_iter().any(|key| {
            let mut mac = mac(key);
            mac.update(head.as_bytes());
            mac.verify_slice(&signature).is_ok()
        });
        if !known {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(head.split_once('.')?.1).ok()?;
        match serde_json::from_slice(&claims).ok()? {
            Value::Object(claims) => Some(claims),
            _ => None,
        }
    }

    /// The name that the key set gives the signing key.
    pub fn key_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.issued))
    }
}

/// The `at_hash` of an ID token: the left half of the access token's digest.
pub(super) fn half_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(token.as_bytes())[..16])
}

/// Random text of the base64url alphabet, as sessions are named and secrets are made.
pub(super) fn random_text(length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&URL_SAFE_NO_PAD.encode(uuid::Uuid::new_v4().as_bytes()));
    }
    text.truncate(length);
    text
}

/// Random letters and digits.
pub(super) fn random_secret() -> String {
    random_text(160).chars().filter(char::is_ascii_alphanumeric).take(86).collect()
}

/// The lower-case hexadecimal HMAC-SHA256 that webhook deliveries carry.
pub(super) fn hex_hmac(secret: &str, body: &[u8]) -> String {
    let mut mac = mac(secret.as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sign(key: &[u8], claims: &Object) -> String {
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": URL_SAFE_NO_PAD.encode(Sha256::digest(key))});
    let head = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(Value::Object(claims.clone()).to_string())
    );
    let mut mac = mac(key);
    mac.update(head.as_bytes());
    format!("{head}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn random_key() -> Vec<u8> {
    [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].iter().flat_map(|id| *id.as_bytes()).collect()
}
