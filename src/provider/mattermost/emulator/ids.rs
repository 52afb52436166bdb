//! The identifiers that Mattermost makes up: 26 lower-case letters and digits.

/// The characters of an identifier: base 32 without the ones that are easily misread.
const LETTERS: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

/// How long every identifier is.
pub(super) const LENGTH: usize = 26;

/// A source of identifiers that never repeats and always gives the same sequence, so that a sandbox can be told about.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next identifier.
    pub(super) fn next(&mut self) -> String {
        let mut text = String::with_capacity(LENGTH);
        while text.len() < LENGTH {
            // Twelve times five bits of each number: the lowest four are left.
            let mut bits = self.number() >> 4;
            for _ in 0..12.min(LENGTH - text.len()) {
                text.push(char::from(LETTERS[(bits & 31) as usize]));
                bits >>= 5;
            }
        }
        text
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

/// Whether a text has the form of an identifier. The server looks at length and letters only, and takes upper case.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identifiers_are_well_formed_and_differ() {
        let mut ids = Ids::seeded(7);
        let made: BTreeSet<String> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 10_000);
        assert!(made.iter().all(|id| is_id(id) && id.bytes().all(|byte| LETTERS.contains(&byte))));
    }

    #[test]
    fn form_of_an_identifier() {
        assert!(is_id("zzzzzzzzzzzzzzzzzzzzzzzzzz"));
        assert!(!is_id("zzzzzzzzzzzzzzzzzzzzzzzzz"));
        assert!(!is_id("zzzzzzzzzzzzzzzzzzzzzzzzz-"));
    }
}
