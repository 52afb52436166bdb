//! Archives: tars as the provisioner extracts them, and zips turned into tars on arrival.

use std::collections::{BTreeMap, BTreeSet};

const BLOCK: usize = 512;

/// Files by path, or why the extraction fails.
pub(super) fn extract(tar: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut files = BTreeMap::new();
    let mut directories = BTreeSet::new();
    let mut rest = tar;
    loop {
        if rest.len() < BLOCK {
            return if rest.is_empty() && !tar.is_empty() { Ok(files) } else { Err("unexpected EOF".to_owned()) };
        }
        let (header, behind) = rest.split_at(BLOCK);
        if header.iter().all(|byte| *byte == 0) {
            return Ok(files);
        }
        let sum: u64 = header
            .iter()
            .enumerate()
            .map(|(n, byte)| if (148..156).contains(&n) { 32 } else { u64::from(*byte) })
            .sum();
        if octal(&header[148..156]) != Some(sum) {
            return Err("archive/tar: invalid tar header".to_owned());
        }
        let size = octal(&header[124..136]).and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let Some(data) = behind.get(..size) else {
            return Err("unexpected EOF".to_owned());
        };
        rest = behind.get(size.div_ceil(BLOCK) * BLOCK..).unwrap_or_default();
        let path = name(header);
        if !is_local(&path) {
            return Err("refusing to extract to non-local path".to_owned());
        }
        let path = path.trim_start_matches("./").trim_end_matches('/').to_owned();
        match header[156] {
            b'5' => drop(directories.insert(path)),
            b'0' | 0 => {
                let parent = path.rsplit_once('/').map(|(parent, _)| parent);
                if parent.is_some_and(|parent| !directories.contains(parent)) {
                    return Err(format!(
                        "create file \"/home/coder/work/{path}\" (mode -rw-r--r--): open /home/coder/work/{path}: no such \
                         file or directory"
                    ));
                }
                files.insert(path, data.to_vec());
            }
            // Links and the like are not materialised.
            _ => {}
        }
    }
}

fn name(header: &[u8]) -> String {
    let text =
        |range: &[u8]| String::from_utf8_lossy(range.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned();
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    if prefix.is_empty() || &header[257..262] != b"ustar" { name } else { format!("{prefix}/{name}") }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(field);
    u64::from_str_radix(text.trim_matches(|c: char| c == '\0' || c == ' '), 8).ok()
}

fn is_local(path: &str) -> bool {
    let mut depth = 0_i32;
    for part in path.split('/') {
        depth += match part {
            "" | "." => 0,
            ".." => -1,
            _ => 1,
        };
        if depth < 0 {
            return false;
        }
    }
    !path.starts_with('/') && !path.is_empty()
}

/// A tar of these files, with every directory before what lies in it.
pub(super) fn pack(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Vec::new();
    let mut directories = BTreeSet::new();
    for (path, data) in files {
        for (at, _) in path.match_indices('/') {
            let directory = format!("{}/", &path[..at]);
            if directories.insert(directory.clone()) {
                entry(&mut tar, &directory, b'5', &[]);
            }
        }
        if !path.ends_with('/') {
            entry(&mut tar, path, b'0', data);
        }
    }
    tar.extend_from_slice(&[0; 2 * BLOCK]);
    tar
}

fn entry(tar: &mut Vec<u8>, path: &str, kind: u8, data: &[u8]) {
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &path[..path.len().min(100)]);
    put(100, if kind == b'5' { "0000755" } else { "0000644" });
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{:011o}", data.len()));
    put(136, "00000000000");
    put(148, "        ");
    put(257, "ustar\x0000");
    header[156] = kind;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar.extend_from_slice(&header);
    tar.extend_from_slice(data);
    tar.resize(tar.len().div_ceil(BLOCK) * BLOCK, 0);
}

/// What a zip holds.
pub(super) enum Zip {
    Files(Vec<(String, Vec<u8>)>),
    /// Compressed entries, which are not read.
    Compressed,
    Broken,
}

/// Reads a zip whose entries are stored as they are.
pub(super) fn unzip(bytes: &[u8]) -> Zip {
    let number = |at: usize, length: usize| {
        let field = bytes.get(at..at + length)?;
        Some(field.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
    };
    let Some(end) = bytes.windows(4).rposition(|window| window == b"PK\x05\x06") else {
        return Zip::Broken;
    };
    let (Some(count), Some(mut at)) = (number(end + 10, 2), number(end + 16, 4)) else {
        return Zip::Broken;
    };
    let mut files = Vec::new();
    for _ in 0..count {
        let row = (|| {
            let (method, size) = (number(at + 10, 2)?, number(at + 20, 4)?);
            let (name, extra, comment) = (number(at + 28, 2)?, number(at + 30, 2)?, number(at + 32, 2)?);
            let local = number(at + 42, 4)?;
            let path = String::from_utf8_lossy(bytes.get(at + 46..at + 46 + name)?).into_owned();
            let start = local + 30 + number(local + 26, 2)? + number(local + 28, 2)?;
            let data = bytes.get(start..start + size)?.to_vec();
            Some((method, path, data, at + 46 + name + extra + comment))
        })();
        match row {
            None => return Zip::Broken,
            Some((0, path, data, next)) => {
                files.push((path, data));
                at = next;
            }
            Some(_) => return Zip::Compressed,
        }
    }
    Zip::Files(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_extracted() {
        let files = vec![("main.tf".to_owned(), b"x".to_vec()), ("a/b/c".to_owned(), vec![7; 600])];
        let extracted = extract(&pack(&files)).expect("an archive");
        assert_eq!(extracted.into_iter().collect::<BTreeMap<_, _>>(), files.into_iter().collect());
    }

    #[test]
    fn what_the_provisioner_refuses() {
        assert_eq!(extract(b"hello"), Err("unexpected EOF".to_owned()));
        let mut tar = Vec::new();
        entry(&mut tar, "sub/x.sh", b'0', b"x");
        assert!(extract(&tar).is_err_and(|fault| fault.contains("no such file or directory")));
        let mut tar = Vec::new();
        entry(&mut tar, "../x", b'0', b"x");
        assert_eq!(extract(&tar), Err("refusing to extract to non-local path".to_owned()));
    }
}
