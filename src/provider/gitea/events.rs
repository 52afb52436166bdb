//! What a webhook tells of. Gitea takes short forms, answers them written out in random order, and drops a word that
//! it does not know without a sound (guide, section 7); here is one canonical form of it.

use std::collections::BTreeSet;

/// Everything that comes with the short form `pull_request`.
const PULL_REQUEST: &[&str] = &[
    "pull_request",
    "pull_request_assign",
    "pull_request_comment",
    "pull_request_label",
    "pull_request_milestone",
    "pull_request_review",
    "pull_request_review_request",
    "pull_request_sync",
];
/// Everything that comes with the short form `issues`.
const ISSUES: &[&str] = &["issues", "issue_assign", "issue_comment", "issue_label", "issue_milestone"];
/// Events that stand for themselves.
const PLAIN: &[&str] = &[
    "create",
    "delete",
    "fork",
    "package",
    "push",
    "release",
    "repository",
    "status",
    "wiki",
    "workflow_job",
    "workflow_run",
];

/// The events that some words mean, written out: `pull_request` and `issues` are short forms, `pull_request_only` and
/// `issues_only` the narrow ones.
///
/// # Errors
/// The first word that Gitea does not know.
pub fn expand<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<BTreeSet<String>, String> {
    let mut events = BTreeSet::new();
    for word in words {
        let meant: &[&str] = match word {
            "pull_request" => PULL_REQUEST,
            "pull_request_only" => &["pull_request"],
            "issues" => ISSUES,
            "issues_only" => &["issues"],
            other if is_event(other) => &[other],
            other => return Err(other.to_owned()),
        };
        events.extend(meant.iter().map(|event| (*event).to_owned()));
    }
    Ok(events)
}

/// The words that make Gitea store exactly these events.
pub fn words(events: &BTreeSet<String>) -> Vec<String> {
    let narrow = |word: &str, all: &[&str], only: &str| {
        let whole = all.iter().all(|event| events.contains(*event));
        if whole { word.to_owned() } else { only.to_owned() }
    };
    events
        .iter()
        .map(|event| match event.as_str() {
            "pull_request" => narrow("pull_request", PULL_REQUEST, "pull_request_only"),
            "issues" => narrow("issues", ISSUES, "issues_only"),
            other => other.to_owned(),
        })
        .collect()
}

fn is_event(word: &str) -> bool {
    [PLAIN, PULL_REQUEST, ISSUES].iter().any(|known| known.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_written_out() {
        let events = expand(["push", "pull_request"]).unwrap();
        assert_eq!(events.len(), 9);
        assert!(events.contains("pull_request_sync"));
        assert_eq!(expand(["pull_request_only"]).unwrap().into_iter().collect::<Vec<_>>(), ["pull_request"]);
        assert_eq!(expand(["push", "odd"]), Err("odd".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn what_is_sent_means_what_was_wanted(picked in proptest::collection::btree_set(0..24_usize, 0..24)) {
            let all: Vec<&str> = [PLAIN, PULL_REQUEST, ISSUES].concat();
            let wanted: BTreeSet<String> = picked.into_iter().filter_map(|at| all.get(at)).map(|it| (*it).to_owned()).collect();
            let sent = words(&wanted);
            proptest::prop_assert_eq!(expand(sent.iter().map(String::as_str)).unwrap(), wanted);
        }
    }
}
