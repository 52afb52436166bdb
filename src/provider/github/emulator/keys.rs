//! The keys of Apps: what the owner of an App downloads once, and what the service keeps of it.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// One pair serves all Apps of all emulators of a process: making one takes a moment.
static PAIR: LazyLock<KeyPair> =
    LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).expect("the system gives random bytes"));

/// A private key as GitHub hands it out: PEM of PKCS #1.
pub(super) fn private_key() -> String {
    let whole: Pkcs8V1Der<'static> = PAIR.as_der().expect("a key can be written");
    let text = STANDARD.encode(inner(whole.as_ref()));
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", lines.join("\n"))
}

/// The PKCS #1 key within a PKCS #8 one: what the last of its three parts holds.
fn inner(whole: &[u8]) -> &[u8] {
    let (_, body) = part(whole);
    let (version, _) = part(body);
    let rest = &body[version..];
    let (algorithm, _) = part(rest);
    part(&rest[algorithm..]).1
}

/// How long a part of DER is with its head, and what is in it.
fn part(der: &[u8]) -> (usize, &[u8]) {
    let first = usize::from(der[1]);
    let (head, length) = if first < 0x80 {
        (2, first)
    } else {
        let bytes = first & 0x7f;
        (2 + bytes, der[2..2 + bytes].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    };
    (head + length, &der[head..head + length])
}

/// Signs claims as an App does.
pub(super) fn sign(claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = serde_json::json!({ "alg": "RS256", "typ": "JWT" });
    let text = format!("{}.{}", encode(&head), encode(claims));
    let mut signature = vec![0; PAIR.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    PAIR.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).expect("the key signs");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Whether a text was signed with the private key.
pub(super) fn is_signed(text: &str, signature: &[u8]) -> bool {
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PAIR.public_key().as_ref());
    public.verify(text.as_bytes(), signature).is_ok()
}
