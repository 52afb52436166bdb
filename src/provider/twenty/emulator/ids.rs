//! Identifiers: those that the server makes up, and which ones it takes.

use uuid::{Builder, Uuid, Variant};

/// A source of version 4 identifiers that always gives the same sequence, so that a sandbox can be told about.
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
        let bits = (u128::from(self.number()) << 64) | u128::from(self.number());
        Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
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

/// Whether a text has the form of an identifier: what paths, links and filters ask for.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// Whether a record may be given this identifier: versions 1 to 5 of the usual variant. Version 7 is refused.
pub(super) fn may_be_chosen(text: &str) -> bool {
    is_uuid(text)
        && Uuid::try_parse(text)
            .is_ok_and(|id| (1..=5).contains(&id.get_version_num()) && id.get_variant() == Variant::RFC4122)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_chosen() {
        assert!(may_be_chosen("5f0c0001-7a11-4c0d-8e55-000000000001"));
        assert!(may_be_chosen("2ed6657d-e927-568b-95e1-2665a8aea6a2"));
        assert!(!may_be_chosen("01900000-0000-7000-8000-000000000001"));
        assert!(!may_be_chosen("00000000-0000-0000-0000-000000000000"));
        assert!(!may_be_chosen("alice"));
        assert!(may_be_chosen(&Ids::seeded(7).next()));
    }
}
