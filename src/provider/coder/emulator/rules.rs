//! Rules of names, addresses and passwords, and the validations that tell of a broken one.

use super::reply::{Refusal, refuse};

/// Collects what a request gets wrong, in the order of its fields.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<(String, String)>);

impl Faults {
    /// Notes that a field breaks the rule of this tag, unless it holds.
    pub(super) fn check(&mut self, holds: bool, field: &str, tag: &str, value: &str) {
        if !holds {
            self.0.push((field.to_owned(), format!("Validation failed for tag \"{tag}\" with value: \"{value}\"")));
        }
    }

    /// A required text that must keep a rule: only the first of the two faults is told.
    pub(super) fn required(&mut self, field: &str, value: &str, tag: &str, keeps: impl Fn(&str) -> bool) {
        self.check(!value.is_empty(), field, "required", value);
        self.check(value.is_empty() || keeps(value), field, tag, value);
    }

    /// 400 with every fault, where there is one.
    pub(super) fn end(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Refusal { validations: self.0, ..refuse(400, "Validation failed.") })
    }
}

/// Whether a name of an account, template, workspace or organisation is legal: 1 to 32 ASCII letters and digits with
/// single hyphens between them, and neither `new` nor `create`, exactly so written.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= 32 && is_words(name, b"-") && !matches!(name, "new" | "create")
}

/// Whether a group's name is legal: up to 255 characters of the same form, and neither `new` nor `create`.
pub(super) fn is_group_name(name: &str) -> bool {
    name.len() <= 255 && is_words(name, b"-") && !matches!(name, "new" | "create")
}

/// Whether a version's name is legal: up to 64, with single dots, underscores and hyphens between.
pub(super) fn is_version_name(name: &str) -> bool {
    name.len() <= 64 && is_words(name, b"_.-")
}

fn is_words(name: &str, between: &[u8]) -> bool {
    name.split(|c: char| u8::try_from(c).is_ok_and(|c| between.contains(&c)))
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Whether a text that people see is legal: so many characters, no spaces at its edges.
pub(super) fn is_shown_name(name: &str, most: usize) -> bool {
    name.chars().count() <= most && name.trim() == name
}

/// Whether a text is an address, by the check of the server's validator. Quoted local parts, which it takes, are refused.
pub(super) fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else {
        return false;
    };
    let is_atom = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+/=?^_`{|}~-".contains(c);
    let is_local = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom));
    let labels: Vec<&str> = domain.split('.').collect();
    let is_edge = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    let is_label = |label: &str| {
        let inner = |c: char| is_edge(c) || "-_~".contains(c);
        label.starts_with(is_edge) && label.ends_with(is_edge) && label.chars().all(inner)
    };
    let is_letter = |c: char| c.is_ascii_alphabetic() || !c.is_ascii();
    let last = labels.last().copied().unwrap_or("");
    is_local
        && labels.len() > 1
        && labels.iter().all(|label| is_label(label))
        && last.starts_with(is_letter)
        && last.ends_with(is_letter)
}

/// Bits of entropy that a password must have.
const ENTROPY: f64 = 52.0;

/// Character classes: the characters and how many each stands for.
const SPECIAL: [&str; 3] = ["!@$&*", "_-., ", "\"#%'()+/:;<=>?[\\]^{|}~"];
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";

/// What is wrong with a password, or nothing.
pub(super) fn password_fault(password: &str) -> Option<String> {
    let has = |class: &str| password.chars().any(|c| class.contains(c));
    let (lower, upper) = (has(LOWER), password.chars().any(|c| c.is_ascii_uppercase()));
    let specials: Vec<bool> = SPECIAL.iter().map(|class| has(class)).collect();
    let is_other = |c: &char| !c.is_ascii_alphanumeric() && !SPECIAL.iter().any(|class| class.contains(*c));
    let others = password.chars().filter(is_other).collect::<std::collections::BTreeSet<_>>().len();
    let classes = [(lower, 26), (upper, 26), (has(DIGITS), 10)];
    let special = SPECIAL.iter().zip(&specials).filter(|(_, has)| **has).map(|(class, _)| class.len());
    let base: usize =
        classes.iter().filter(|(has, _)| *has).map(|(_, size)| size).sum::<usize>() + special.sum::<usize>() + others;
    let entropy = if base == 0 { 0.0 } else { effective_length(password) as f64 * (base as f64).log2() };
    if entropy < ENTROPY {
        let advice = [
            (specials.contains(&false), "including more special characters"),
            (!lower, "using lowercase letters"),
            (!upper, "using uppercase letters"),
            (!has(DIGITS), "using numbers"),
        ];
        let advice: Vec<&str> = advice.iter().filter(|(fits, _)| *fits).map(|(_, text)| *text).collect();
        let or = if advice.is_empty() { "" } else { " or " };
        return Some(format!("insecure password, try {}{or}using a longer password", advice.join(", ")));
    }
    (password.chars().count() > 64).then(|| "password must be no more than 64 characters".to_owned())
}

/// The length without what repeats or runs along a well-known sequence.
fn effective_length(password: &str) -> usize {
    const SEQUENCES: [&str; 5] = [DIGITS, "qwertyuiop", "asdfghjkl", "zxcvbnm", LOWER];
    let characters: Vec<char> = password.chars().collect();
    let step = |a: char, b: char| {
        let place =
            |sequence: &str, c: char| sequence.find(c.to_ascii_lowercase()).and_then(|at| i64::try_from(at).ok());
        let along = |sequence: &&str| Some(place(sequence, b)? - place(sequence, a)?);
        if a == b { Some(0) } else { SEQUENCES.iter().filter_map(along).find(|step| step.abs() == 1) }
    };
    // Of three that follow each other the same way only two count.
    let is_run = |w: &[char]| step(w[0], w[1]).is_some_and(|first| step(w[1], w[2]) == Some(first));
    characters.len() - characters.windows(3).filter(|window| is_run(window)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(["a", "7", "Create", "a-b", &"x".repeat(32)].iter().all(|name| is_name(name)));
        assert!(!["", "a.b", "-a", "a-", "a--b", "new", "é", &"x".repeat(33)].iter().any(|name| is_name(name)));
        assert!(["1.0.0-abc", "a_b"].iter().all(|name| is_version_name(name)));
        assert!(!["1.0.0+abc", "a..b", "a_.b", "a b", ""].iter().any(|name| is_version_name(name)));
    }

    #[test]
    fn addresses() {
        assert!(["a@acme.example", "Ä@acme.example", "jo.e_x+1@acme.example"].iter().all(|email| is_email(email)));
        assert!(
            !["", "plain", "a@b", "a b@acme.example", "a@acme..example", ".a@acme.example"].iter().any(|e| is_email(e))
        );
    }

    #[test]
    fn passwords() {
        assert_eq!(password_fault("SomeSecurePassword!23"), None);
        let words = "insecure password, try including more special characters, using uppercase letters, using numbers or using a longer password";
        assert_eq!(password_fault("password").as_deref(), Some(words));
        assert!(password_fault(&"a1!B".repeat(17)).is_some());
        assert!(password_fault("aaaaaaaaaaaaaaaaaaaaaaaaaaaa").is_some(), "repetition adds nothing");
    }
}
