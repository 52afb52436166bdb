//! Archives that recordings tell the files of, built again.

use std::collections::BTreeSet;

use serde_json::Value;

const BLOCK: usize = 512;

/// The tar that an exchange uploads; `None` for zips, links, and files that are shown by their length alone.
pub fn tar(archive: &Value) -> Option<Vec<u8>> {
    let files = archive.get("tar")?.as_object()?;
    let mtime = archive.get("mtime").and_then(Value::as_u64).unwrap_or(0);
    let has_directories = archive.get("directory_entries") != Some(&Value::Bool(false));
    let mut tar = Vec::new();
    let mut made = BTreeSet::new();
    for (path, text) in files {
        let text = text.as_str().filter(|text| !text.starts_with("-> "))?;
        let length = text.strip_prefix('<').and_then(|text| text.strip_suffix(" bytes>")?.parse::<usize>().ok());
        let data = length.map_or_else(|| text.as_bytes().to_vec(), |length| vec![7; length]);
        for (at, _) in path.match_indices('/').filter(|_| has_directories) {
            let directory = &path[..=at];
            if !directory.starts_with("..") && made.insert(directory) {
                entry(&mut tar, directory, b'5', mtime, &[]);
            }
        }
        entry(&mut tar, path, b'0', mtime, &data);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    tar.resize(tar.len().div_ceil(20 * BLOCK) * 20 * BLOCK, 0);
    Some(tar)
}

fn entry(tar: &mut Vec<u8>, path: &str, kind: u8, mtime: u64, data: &[u8]) {
    let mut header = [0_u8; BLOCK];
    let size = format!("{:011o}", data.len());
    let mtime = format!("{mtime:011o}");
    let mode = if kind == b'5' { "0000755" } else { "0000644" };
    let fields =
        [(0, path), (100, mode), (108, "0000000"), (116, "0000000"), (124, &size), (136, &mtime), (148, "        ")];
    for (at, text) in fields.into_iter().chain([(257, "ustar\x0000")]) {
        header[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    header[156] = kind;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar.extend_from_slice(&header);
    tar.extend_from_slice(data);
    tar.resize(tar.len().div_ceil(BLOCK) * BLOCK, 0);
}
