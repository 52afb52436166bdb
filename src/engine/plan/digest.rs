//! SHA-256 over canonical JSON: names in order, no time, no place in a list.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A digest that takes values one after another.
#[derive(Default)]
pub(super) struct Digester(Sha256);

impl Digester {
    /// Adds a value. Maps of our types are ordered, so equal values give equal bytes.
    pub(super) fn add(&mut self, value: &impl Serialize) {
        // Writing into a hasher cannot fail, and our values hold nothing that JSON cannot say.
        serde_json::to_writer(&mut *self, value).expect("a value of ours is JSON");
        self.0.update(b"\n");
    }

    /// The digest in lower-case hexadecimal.
    pub(super) fn hex(self) -> String {
        self.0.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl io::Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The digest of one value.
pub(super) fn of(value: &impl Serialize) -> String {
    let mut digester = Digester::default();
    digester.add(value);
    digester.hex()
}
