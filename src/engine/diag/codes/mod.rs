//! The one table of all codes, each with a page that `formulary explain CODE` prints.
//!
//! The first two digits tell the part that finds the problem: `01` files and syntax, `02` the form of an entity, `03`
//! what entities say about each other, `04` what is held back because something else is broken, `05` Claude Code's files; `06` what a service
//! refuses, `07` plans; `80` reaching the mono-repo, `90` the config. A code that is no longer used is never given to another problem.
//!
//! To add one: a line in the file of its part. Parts that are new get a file here and a line in [`TABLES`].

mod claude;
mod config;
mod entity;
mod held;
mod reference;
mod repository;
mod service;
mod source;

pub use claude::*;
pub use config::*;
pub use entity::*;
pub use held::*;
pub use reference::*;
pub use repository::*;
pub use service::*;
pub use source::*;

use super::Code;

/// What there is to say about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// The kind of problem in a few words, lower case.
    pub title: &'static str,
    /// Markdown: what it means, an example, what to do.
    pub text: &'static str,
}

/// The pages of each part, in the order of codes.
pub const TABLES: &[&[Page]] = &[
    source::PAGES,
    entity::PAGES,
    reference::PAGES,
    held::PAGES,
    claude::PAGES,
    service::PAGES,
    repository::PAGES,
    config::PAGES,
];

/// All pages, in the order of codes.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The page of a code; case does not matter.
pub fn page(code: &str) -> Option<&'static Page> {
    pages().find(|page| page.code.0.eq_ignore_ascii_case(code.trim()))
}

/// The help for a code that does not exist.
pub fn did_you_mean(code: &str) -> Option<String> {
    super::did_you_mean(code, pages().map(|page| page.code.0))
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}\n\n{}\n", self.code, self.title, self.text.trim())
    }
}

/// Defines the codes of a part and its table of pages.
#[macro_export]
#[doc(hidden)]
macro_rules! codes {
    ($($code:literal $name:ident $title:literal $text:literal)*) => {
        $(
            #[doc = $title]
            pub const $name: $crate::engine::diag::Code = $crate::engine::diag::Code($code);
        )*
        pub(super) const PAGES: &[$crate::engine::diag::codes::Page] = &[
            $($crate::engine::diag::codes::Page { code: $name, title: $title, text: $text },)*
        ];
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn codes_are_well_formed_unique_and_in_order() {
        let codes: Vec<&str> = pages().map(|page| page.code.0).collect();
        let sorted: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(codes, sorted.into_iter().collect::<Vec<_>>());
        assert!(codes.iter().all(|code| code.len() == 7 && code.starts_with("FML")));
    }

    #[test]
    fn every_page_has_an_example_and_says_what_to_do() {
        for page in pages() {
            assert!(page.text.contains("Example:"), "{} has no example", page.code);
            assert!(page.text.contains("What to do:"), "{} does not say what to do", page.code);
            assert!(page.title.chars().next().is_some_and(|c| !c.is_uppercase()), "{}", page.code);
        }
    }

    #[test]
    fn every_code_in_the_source_stands_in_the_table_and_every_code_of_the_table_is_used() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let table = root.join("engine/diag/codes");
        let (mut definitions, mut uses) = (String::new(), String::new());
        let schemas = crate::engine::schema::FILES.iter().map(|(_, text)| *text).collect::<String>();
        for file in rust_files(&root) {
            let text = std::fs::read_to_string(&file).unwrap();
            if file.starts_with(&table) { definitions += &text } else { uses += &text }
        }
        for (at, _) in uses.match_indices("\"FML") {
            let code: String = uses[at + 1..].chars().take(7).collect();
            let written = code[3..].chars().all(|c| c.is_ascii_digit());
            assert!(!written || page(&code).is_some(), "{code} is used and stands in no table");
        }
        for page in pages() {
            let defined = format!("\"{}\" ", page.code);
            let at = definitions.find(&defined).expect("the table is made by the macro") + defined.len();
            let name = definitions[at..].split_whitespace().next().unwrap();
            let used = uses.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
            let named = schemas.contains(&format!("\"x-code\": \"{}\"", page.code));
            assert!(used || named, "{} ({name}) stands in the table and nothing reports it", page.code);
        }
    }

    #[test]
    fn a_page_is_found_whatever_the_case() {
        assert_eq!(page("fml0110").map(|page| page.code), Some(DUPLICATE_KEY));
        assert_eq!(page("FML9999"), None);
        assert_eq!(did_you_mean("FML011O"), Some("did you mean 'FML0110'?".to_owned()));
    }

    fn rust_files(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(rust_files(&path));
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
        found.sort();
        found
    }
}
