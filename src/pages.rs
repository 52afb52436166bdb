//! What the pages in `docs/` say of the code is true.

use std::path::{Path, PathBuf};

/// All Rust sources of the project.
fn sources() -> String {
    fn collect(folder: &Path, text: &mut String) {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                collect(&path, text);
            } else if path.extension().is_some_and(|it| it == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    collect(&root.join("src"), &mut text);
    collect(&root.join("tests"), &mut text);
    text
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/threat-model.md");
    let page = std::fs::read_to_string(page).unwrap();
    let sources = sources();
    let is_name = |word: &&str| {
        word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        let written = [format!("fn {name}("), format!("!({name},")];
        assert!(written.iter().any(|it| sources.contains(it)), "there is no test '{name}'");
    }
}
