//! SHA-256 over canonical JSON: names in order, no time, no place in a list.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A digest that takes values one after another.
#[derive(Default)]
pub(super) struct Digester {
    hash: Sha256,
    /// JSON that is not hashed yet: a hash takes one long text sooner than many short ones.
    text: Vec<u8>,
}

/// How much JSON is gathered before it is hashed.
const GATHERED: usize = 16 * 1024;

impl Digester {
    /// Adds a value. Maps of our types are ordered, so equal values give equal bytes.
    pub(super) fn add(&mut self, value: &impl Serialize) {
        // Writing into memory cannot fail, and our values hold nothing that JSON cannot say.
        serde_json::to_writer(&mut self.text, value).expect("a value of ours is JSON");
        self.text.push(b'\n');
        if self.text.len() >= GATHERED {
            self.hash.update(&self.text);
            self.text.clear();
        }
    }

    /// The digest in lower-case hexadecimal.
    pub(super) fn hex(mut self) -> String {
        self.hash.update(&self.text);
        self.hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The digest of one value.
pub(super) fn of(value: &impl Serialize) -> String {
    let mut digester = Digester::default();
    digester.add(value);
    digester.hex()
}
