//! A file of the mono-repo, whatever is in it: no panic, bounded time and memory, every place inside the text.
#![no_main]

use formulary::engine::documents::{self, Options};
use formulary::engine::source::{FileEntry, Revision, Snapshot};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let revision = Revision { id: "fuzz".to_owned(), label: "fuzz".to_owned() };
    let files = [("users/acme/x.yaml".to_owned(), FileEntry::Blob(bytes.into()))].into();
    let loaded = documents::load(&Snapshot { revision, files }, &Options::default());
    for problem in &loaded.diagnostics {
        if let Some(span) = &problem.span {
            assert!(span.end as usize <= bytes.len().max(1), "a place outside the text: {problem:?}");
        }
    }
});
