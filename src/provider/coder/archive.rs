//! The archive of a template: a tar that is the same, byte for byte, for equal files, whoever makes it and when.
//!
//! Coder keeps files by their bytes and never deletes one, and its provisioner unpacks strictly (guide, section 5.3): old
//! `ustar` headers, a folder before what lies in it, no times, no owners.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::engine::source::FileEntry;

/// The largest archive: Coder's own tools stop here, and a job takes no more than four times that.
pub const MOST: usize = 1024 * 1024;

const BLOCK: usize = 512;

/// What a template's folder holds that no archive is made of, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The path.
    pub path: String,
    /// Why.
    pub why: &'static str,
    /// Whether the template would not be what was meant without it.
    pub matters: bool,
}

/// Why there is no archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoArchive {
    /// No Terraform file lies at its root.
    #[error("no '.tf' file lies directly in it")]
    NoTerraform,
    /// A path is longer than the format takes.
    #[error("the path '{0}' is longer than an archive takes")]
    Path(String),
    /// It is larger than a template may be.
    #[error("its archive has {0} bytes, and a template may have {MOST}")]
    Size(usize),
}

/// The files of a template that go into its archive, by path, and those that do not.
pub fn select<'f>(
    files: impl Iterator<Item = (&'f str, &'f FileEntry)>,
) -> (BTreeMap<String, &'f FileEntry>, Vec<LeftOut>) {
    let (mut taken, mut left) = (BTreeMap::new(), Vec::new());
    for (path, entry) in files {
        match unwanted(path, entry) {
            None => drop(taken.insert(path.to_owned(), entry)),
            Some((why, matters)) => left.push(LeftOut { path: path.to_owned(), why, matters }),
        }
    }
    (taken, left)
}

fn unwanted(path: &str, entry: &FileEntry) -> Option<(&'static str, bool)> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let hidden = |folder: &str| path.split('/').any(|part| part == folder);
    if entry.bytes().is_none() {
        return Some(("it is no plain file that could be read", true));
    }
    if hidden(".git") || hidden(".terraform") || name.contains(".tfstate") {
        return Some(("it is what Terraform or Git leaves behind", false));
    }
    if name.ends_with(".tfvars") || name.ends_with(".tfvars.json") {
        return Some(("Coder states every variable itself; values stand in the options of the instance", true));
    }
    None
}

/// Makes the archive.
///
/// # Errors
/// Why there is none.
pub fn tar(files: &BTreeMap<String, &FileEntry>) -> Result<Vec<u8>, NoArchive> {
    let is_terraform = |path: &String| !path.contains('/') && (path.ends_with(".tf") || path.ends_with(".tf.json"));
    if !files.keys().any(is_terraform) {
        return Err(NoArchive::NoTerraform);
    }
    let mut entries: BTreeMap<String, Option<&FileEntry>> = BTreeMap::new();
    for (path, entry) in files {
        for (at, _) in path.match_indices('/') {
            entries.insert(format!("{}/", &path[..at]), None);
        }
        entries.insert(path.clone(), Some(entry));
    }
    let mut tar = Vec::new();
    for (path, entry) in entries {
        let bytes = entry.and_then(FileEntry::bytes).map(|bytes| &**bytes).unwrap_or_default();
        let (mode, kind) = match entry {
            None => (0o755, b'5'),
            Some(FileEntry::Executable(_)) => (0o755, b'0'),
            Some(_) => (0o644, b'0'),
        };
        tar.extend(header(&path, mode, kind, bytes.len())?);
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
        if tar.len() > MOST {
            let whole: usize = files.values().filter_map(|entry| entry.bytes()).map(|bytes| bytes.len()).sum();
            return Err(NoArchive::Size(whole.max(tar.len())));
        }
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    Ok(tar)
}

fn header(path: &str, mode: u32, kind: u8, size: usize) -> Result<[u8; BLOCK], NoArchive> {
    let (prefix, name) = split(path).ok_or_else(|| NoArchive::Path(path.to_owned()))?;
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\0");
    put(263, b"00");
    put(345, prefix.as_bytes());
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}

/// A path as the two parts that a header has room for: 155 and 100 bytes.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= 100 {
        return Some(("", path));
    }
    let fits = |at: &usize| *at <= 155 && path.len() - at - 1 <= 100 && at + 1 < path.len();
    let at = path.match_indices('/').map(|(at, _)| at).find(fits)?;
    Some((&path[..at], &path[at + 1..]))
}

/// What a version is: the hash over everything that makes its import another one.
pub fn identity(tar: &[u8], import: &serde_json::Value) -> String {
    let mut hash = Sha256::new();
    hash.update((tar.len() as u64).to_be_bytes());
    hash.update(tar);
    hash.update(import.to_string().as_bytes());
    hex(&hash.finalize())
}

/// The hash by which bytes are known.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, FileEntry)]) -> BTreeMap<String, FileEntry> {
        list.iter().map(|(path, entry)| ((*path).to_owned(), entry.clone())).collect()
    }

    fn made(list: &[(&str, FileEntry)]) -> Result<Vec<u8>, NoArchive> {
        let files = files(list);
        let (taken, _) = select(files.iter().map(|(path, entry)| (path.as_str(), entry)));
        tar(&taken)
    }

    /// Traps 11 and 32 of the guide: dotfiles travel, folders come before what lies in them, equal trees are equal bytes.
    #[test]
    fn an_archive_is_its_files_and_nothing_else() {
        let script = FileEntry::Executable((*b"#!/bin/sh\n").into());
        let tree = [
            ("main.tf", FileEntry::from("# a")),
            (".claude/settings.json", FileEntry::from("{}")),
            ("bin/start.sh", script),
            (".terraform/x", FileEntry::from("left behind")),
            ("terraform.tfstate", FileEntry::from("left behind")),
        ];
        let tar = made(&tree).expect("an archive");
        let names: Vec<(String, u8)> = tar
            .chunks(BLOCK)
            .filter(|block| &block[257..262] == b"ustar")
            .map(|block| (String::from_utf8_lossy(&block[..100]).trim_end_matches('\0').to_owned(), block[156]))
            .collect();
        let expected = [
            (".claude/", b'5'),
            (".claude/settings.json", b'0'),
            ("bin/", b'5'),
            ("bin/start.sh", b'0'),
            ("main.tf", b'0'),
        ];
        assert_eq!(names, expected.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!((tar.len() % BLOCK, made(&tree)), (0, Ok(tar.clone())));
        let mut other = tree.clone();
        other[2].1 = FileEntry::Blob((*b"#!/bin/sh\n").into());
        assert_ne!(made(&other), Ok(tar), "whether a file may be executed is part of it");
    }

    #[test]
    fn what_is_no_template_is_told() {
        let text = |text: &str| FileEntry::from(text);
        assert_eq!(made(&[("sub/main.tf", text("#"))]), Err(NoArchive::NoTerraform));
        let large = FileEntry::Blob(vec![b'#'; MOST].into());
        assert!(matches!(made(&[("main.tf", text("#")), ("data", large)]), Err(NoArchive::Size(_))));
        let long = format!("{}/x", "d".repeat(200));
        assert_eq!(
            made(&[("main.tf", text("#")), (&long, text("#"))]),
            Err(NoArchive::Path(format!("{}/", "d".repeat(200))))
        );
        let link = files(&[("main.tf", FileEntry::Symlink("x".into())), ("a.tfvars", text("x"))]);
        let (taken, left) = select(link.iter().map(|(path, entry)| (path.as_str(), entry)));
        assert!(taken.is_empty() && left.iter().all(|it| it.matters));
    }

    #[test]
    fn long_paths_are_cut_at_a_folder() {
        let path = format!("{}/{}", "a".repeat(120), "b".repeat(90));
        let tree = [("main.tf".to_owned(), FileEntry::from("#")), (path, FileEntry::from("x"))];
        let tree: Vec<(&str, FileEntry)> = tree.iter().map(|(path, entry)| (path.as_str(), entry.clone())).collect();
        // The folder itself has no name that would fit beside a prefix.
        assert!(made(&tree).is_err());
        let path = format!("{}/{}/{}", "a".repeat(60), "b".repeat(60), "c".repeat(90));
        let tree = [("main.tf", FileEntry::from("#")), (path.as_str(), FileEntry::from("x"))];
        assert!(made(&tree).is_ok());
    }
}
