//! What Coder makes up: UUIDs, API keys, names of versions.

use uuid::Uuid;

/// The UUID that counts as none wherever one is sent.
pub(super) const NIL: &str = "00000000-0000-0000-0000-000000000000";

const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ADJECTIVES: [&str; 8] = ["brave", "calm", "eager", "gentle", "keen", "lucid", "quick", "sunny"];
const NAMES: [&str; 8] = ["curie", "euler", "gauss", "hopper", "lovelace", "noether", "turing", "wiles"];

/// A source of values that never repeats and always gives the same sequence, so that a sandbox can be told about.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A random UUID by its form.
    pub(super) fn uuid(&mut self) -> String {
        let number = u128::from(self.number()) << 64 | u128::from(self.number());
        uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid().to_string()
    }

    /// Letters and digits, so many of them.
    pub(super) fn text(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(LETTERS[(self.number() % 62) as usize])).collect()
    }

    /// Two words and two digits, as the server names a version that came without a name.
    pub(super) fn version_name(&mut self) -> String {
        let (first, second) = self.words();
        format!("{first}_{second}{:02}", self.number() % 100)
    }

    /// What the server puts behind a username that is taken.
    pub(super) fn suffix(&mut self) -> String {
        let (first, second) = self.words();
        format!("{first}{second}{}", self.number() % 100)
    }

    fn words(&mut self) -> (&'static str, &'static str) {
        (ADJECTIVES[(self.number() % 8) as usize], NAMES[(self.number() % 8) as usize])
    }

    /// The next number of SplitMix64.
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// A text as a UUID in its usual form, or what the server says of it.
pub(super) fn parse_uuid(text: &str) -> Result<String, String> {
    let is_plain = text.len() == 36;
    match Uuid::try_parse(text) {
        Ok(id) => Ok(id.to_string()),
        Err(_) if is_plain => Err("invalid UUID format".to_owned()),
        Err(_) => Err(format!("invalid UUID length: {}", text.len())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_made_up_is_well_formed_and_differs() {
        let mut ids = Ids::seeded(7);
        let made: BTreeSet<String> = (0..10_000).map(|_| ids.uuid()).collect();
        assert_eq!(made.len(), 10_000);
        assert!(made.iter().all(|id| parse_uuid(id).as_ref() == Ok(id)));
        assert_eq!(ids.text(22).len(), 22);
    }

    #[test]
    fn what_is_said_of_other_texts() {
        assert_eq!(parse_uuid("abc"), Err("invalid UUID length: 3".to_owned()));
        let upper = "54561422-862F-4D9E-93C6-7B2BE86BFADE";
        assert_eq!(parse_uuid(upper), Ok(upper.to_lowercase()));
    }
}
