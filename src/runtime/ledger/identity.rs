//! Whose ledger it is, and the key that makes digests of secrets comparable here and useless elsewhere.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;
use uuid::Uuid;

/// A ledger's identity: carried in marks and plans.
#[derive(Clone)]
pub struct Identity {
    /// Its UUID, given once when it was made.
    pub id: String,
    /// The platform that it is for.
    pub platform: String,
    key: SecretSlice<u8>,
}

/// What a new ledger is born with. Random but in tests, where equal ledgers make equal plans.
#[derive(Debug, Clone, Copy)]
pub enum Birth {
    /// An identity and a key from the system's random numbers.
    Random,
    /// The same identity and key for the same number, for tests.
    Fixed(u128),
}

impl Identity {
    pub(super) fn new(id: String, platform: String, key: Vec<u8>) -> Self {
        Self { id, platform, key: key.into() }
    }

    /// HMAC-SHA256 of a write-only value, as lower-case hex: equal here exactly when the value is equal.
    ///
    /// The key lies in the ledger, beside the digests. Whoever can read the ledger can therefore test guesses of a
    /// secret against its digest, as with any password file; secrets of services are long and random, so guesses do
    /// not help, and a key kept elsewhere would make the ledger useless when that place is lost. What the key does
    /// prevent is that digests of two ledgers, or a digest in a log, can be compared with anything.
    pub fn digest(&self, secret: &SecretString) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret()).expect("HMAC takes a key of any length");
        mac.update(secret.expose_secret().as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("id", &self.id).field("platform", &self.platform).finish_non_exhaustive()
    }
}

impl Birth {
    /// The identity and the key. Only where a ledger is born: the first random number of a process takes a while.
    ///
    /// # Panics
    /// When the system gives no random numbers: nothing that needs a key may go on then.
    pub(super) fn draw(self) -> (Uuid, [u8; 32]) {
        let mut key = [0; 32];
        match self {
            Self::Random => {
                aws_lc_rs::rand::fill(&mut key).expect("the system gives random numbers");
                (Uuid::new_v4(), key)
            }
            Self::Fixed(number) => {
                key[..16].copy_from_slice(&number.to_be_bytes());
                (Uuid::from_u128(number), key)
            }
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a text that [`hex`] made.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
