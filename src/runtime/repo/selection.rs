//! Which files of the mono-repo are read: those that can declare something, up to a size.

/// Decides by path alone, so that a directory and a commit give the same files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Folders from the root of the mono-repo of which every file is read, such as `formulas`.
    pub roots: Vec<String>,
    /// Endings (without the dot) of the files that are read wherever they are.
    pub endings: Vec<String>,
    /// The largest file that is read, in bytes; of a larger one only the size is told.
    pub size_limit: u64,
    /// The largest number of entries; a tree with more is refused.
    pub count_limit: usize,
}

/// Folders that hold no declarations, by their whole path: what builds leave behind. Deeper down the same name may be
/// an organisation's.
const SKIPPED: [&str; 3] = ["target", "node_modules", "vendor"];

/// Hidden folders that are no part of a formula: what tools leave behind. All others are, below a root: the Claude Code
/// files of its Coder template, a devcontainer.
const HIDDEN: [&str; 2] = [".git", ".terraform"];

impl Default for Selection {
    fn default() -> Self {
        Self {
            roots: vec!["enterprise".into(), "formulas".into()],
            endings: vec!["json".into(), "yaml".into(), "yml".into()],
            // The largest honest file is a Coder template's archive member or a lock file; 4 MiB is far above both.
            size_limit: 4 * 1024 * 1024,
            count_limit: 500_000,
        }
    }
}

impl Selection {
    /// Whether the folder `path` may hold anything that is read.
    pub fn enters(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let under_root = self.roots.iter().any(|root| is_within(path, root));
        if name.starts_with('.') {
            return under_root && !HIDDEN.contains(&name);
        }
        !SKIPPED.contains(&path)
    }

    /// Whether the file `path` is read, given that its folder was entered.
    pub fn takes(&self, path: &str) -> bool {
        if self.roots.iter().any(|root| is_within(path, root)) {
            return true;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        !name.starts_with('.')
            && name
                .rsplit_once('.')
                .is_some_and(|(_, ending)| self.endings.iter().any(|it| it.eq_ignore_ascii_case(ending)))
    }
}

/// What is wrong with the name of an entry, if something is: nothing may lead out of the tree, into Git's own folder, or
/// to another place on another system.
pub(super) fn fault_of_name(name: &[u8]) -> Option<&'static str> {
    let Ok(name) = std::str::from_utf8(name) else {
        return Some("its name is not UTF-8");
    };
    match name {
        "" | "." | ".." => Some("its name leads out of the tree"),
        _ if name.eq_ignore_ascii_case(".git") => Some("its name is that of Git's own folder"),
        _ if name.contains(['/', '\\']) => Some("its name holds a separator of paths"),
        _ if name.chars().any(char::is_control) => Some("its name holds a control character"),
        _ => None,
    }
}

fn is_within(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_faults() {
        for name in [&b".."[..], b".", b"", b".GIT", b"a/b", b"a\\b", b"a\nb", b"a\0b", b"\xff"] {
            assert!(fault_of_name(name).is_some(), "{name:?}");
        }
        for name in ["...", ".gitignore", "a b", "ü", "-"] {
            assert_eq!(fault_of_name(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn what_can_declare_something_is_read_and_what_builds_leave_is_not() {
        let selection = Selection::default();
        let enters = |path: &str| selection.enters(path);
        assert!(enters("users") && enters("users/target") && enters("formulas/ml/coder-template/.claude"));
        assert!(enters("formulas/ml/coder-template/.devcontainer"));
        assert!(!enters("target") && !enters(".git") && !enters("docs/.vuepress") && !enters("formulas/ml/.terraform"));
        let takes = |path: &str| selection.takes(path);
        assert!(
            takes("users/acme/alice.yaml")
                && takes("catalog-info.YML")
                && takes("enterprise/claude-code/managed-mcp.json")
        );
        assert!(takes("formulas/ml/coder-template/main.tf") && takes("formulas/ml/coder-template/.mcp.json"));
        assert!(
            !takes("README.md") && !takes(".pre-commit-config.yaml") && !takes("formulasx/main.tf") && !takes("yaml")
        );
    }
}
