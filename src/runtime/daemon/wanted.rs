//! What is wanted: the last revision of the mono-repo that can be acted on.

use crate::engine::diag::with_causes;
use crate::engine::documents::{Loaded, Quarantine};
use crate::engine::source::Snapshot;
use crate::runtime::reconcile::{OpenError, Site};
use crate::runtime::repo::Source;

/// The last good revision, and what is wrong with the mono-repo since.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    last: Option<Snapshot>,
    trouble: Option<Trouble>,
}

/// Why the newest revision is not acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It cannot be read.
    Unreadable(String),
    /// It declares nobody. A wrong branch, a botched merge: no one asks for everybody's offboarding like that.
    Empty(String),
}

impl Wanted {
    /// Asks the mono-repo, and says whether what is wanted moved.
    pub(super) async fn ask(&mut self, site: &Site, named: Option<&Source>) -> bool {
        let sign_in = site.config.repository.as_ref().filter(|_| named.is_none());
        let source = named.cloned().or_else(|| site.mono_repo());
        // The command line makes sure of one; a config that was read again may have lost it.
        let Some(source) = source else { return self.keep(Trouble::Unreadable("no mono-repo is named".to_owned())) };
        let known = self.last.as_ref().map(|it| it.revision.id.clone());
        let read = site.moved(source, sign_in, known).await;
        self.take(read, |snapshot| {
            let Loaded { catalogue, quarantine, .. } = site.load(snapshot);
            // What is there and cannot be read has rules of its own.
            catalogue.organisations.is_empty() && catalogue.people.is_empty() && quarantine == Quarantine::default()
        })
    }

    /// Takes a reading: `None` where nothing moved.
    fn take(&mut self, read: Result<Option<Snapshot>, OpenError>, is_empty: impl Fn(&Snapshot) -> bool) -> bool {
        match read {
            Ok(Some(snapshot)) if is_empty(&snapshot) => self.keep(Trouble::Empty(snapshot.revision.label)),
            Ok(Some(snapshot)) => {
                tracing::info!(revision = snapshot.revision.id, label = snapshot.revision.label, "the mono-repo moved");
                self.trouble = None;
                self.last = Some(snapshot);
                true
            }
            Ok(None) => {
                if self.trouble.take().is_some() {
                    tracing::info!("the mono-repo can be read again");
                }
                false
            }
            Err(error) => self.keep(Trouble::Unreadable(with_causes(&error))),
        }
    }

    /// Keeps what was wanted last.
    fn keep(&mut self, trouble: Trouble) -> bool {
        if self.trouble.as_ref() != Some(&trouble) {
            let kept = self.last.as_ref().map_or("nothing yet", |it| it.revision.label.as_str());
            tracing::warn!(%trouble, kept, "what was wanted last is wanted still");
        }
        self.trouble = Some(trouble);
        false
    }

    /// The last good revision.
    pub(super) fn last(&self) -> Option<&Snapshot> {
        self.last.as_ref()
    }

    /// What is wrong with the mono-repo since.
    pub(super) fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }
}

impl Trouble {
    /// The same for everybody's eyes: without addresses.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Trouble::Unreadable(_) => "the mono-repo cannot be read",
            Trouble::Empty(_) => "the mono-repo declares nobody",
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Unreadable(why) => f.write_str(why),
            Trouble::Empty(revision) => write!(f, "revision {revision} declares nobody"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::source::Revision;
    use crate::runtime::repo::RepoError;

    fn revision(id: &str) -> Result<Option<Snapshot>, OpenError> {
        let revision = Revision { id: id.to_owned(), label: id.to_owned() };
        Ok(Some(Snapshot::from_texts(revision, [("users/alice.yaml", "kind: User")])))
    }

    fn is_empty(snapshot: &Snapshot) -> bool {
        snapshot.revision.id.starts_with("empty")
    }

    fn unreachable() -> Result<Option<Snapshot>, OpenError> {
        let (url, reason) = ("https://git.acme.example".to_owned(), "no answer".to_owned());
        Err(RepoError::Unreachable { url, reason }.into())
    }

    fn last(wanted: &Wanted) -> &str {
        wanted.last().map_or("", |it| it.revision.id.as_str())
    }

    #[test]
    fn a_mono_repo_that_is_gone_or_empty_changes_nothing() {
        let mut wanted = Wanted::default();
        assert!(!wanted.take(revision("empty 0"), is_empty), "an empty one is not acted on at the start either");
        assert!(wanted.last().is_none() && matches!(wanted.trouble(), Some(Trouble::Empty(_))));
        assert!(wanted.take(revision("one"), is_empty));
        assert!(!wanted.take(unreachable(), is_empty));
        assert_eq!((last(&wanted), wanted.trouble().is_some()), ("one", true));
        assert!(!wanted.take(revision("empty 1"), is_empty));
        assert_eq!((last(&wanted), wanted.trouble().is_some()), ("one", true));
    }

    #[test]
    fn one_that_comes_back_is_taken_up_and_moves_only_when_it_moved() {
        let mut wanted = Wanted::default();
        wanted.take(revision("one"), is_empty);
        wanted.take(unreachable(), is_empty);
        assert!(!wanted.take(Ok(None), is_empty));
        assert!(wanted.trouble().is_none());
        wanted.take(unreachable(), is_empty);
        assert!(wanted.take(revision("two"), is_empty));
        assert_eq!((last(&wanted), wanted.trouble().is_some()), ("two", false));
    }
}
