//! Archives that recordings tell the files of, built again.

use std::collections::BTreeSet;

use serde_json::Value;

const BLOCK: usize = 512;

/// The longest body that is sent: the kit that serves emulators takes none that is longer.
const MOST_BYTES: usize = 8 << 20;

/// The archive that an exchange uploads; `None` for one of which nothing but the length is told, and for long ones.
pub fn bytes(archive: &Value) -> Option<Vec<u8>> {
    let bytes = match archive.get("zip") {
        Some(files) => zip(files),
        None => tar(archive),
    };
    bytes.filter(|bytes| bytes.len() <= MOST_BYTES)
}

fn tar(archive: &Value) -> Option<Vec<u8>> {
    let files = archive.get("tar")?.as_object()?;
    let mtime = archive.get("mtime").and_then(Value::as_u64).unwrap_or(0);
    let has_directories = archive.get("directory_entries") != Some(&Value::Bool(false));
    let mut tar = Vec::new();
    let mut made = BTreeSet::new();
    for (path, text) in files {
        let text = text.as_str()?;
        if text.starts_with("-> ") {
            entry(&mut tar, path, b'2', mtime, &[]);
            continue;
        }
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

/// A zip whose entries are stored as they are.
fn zip(files: &Value) -> Option<Vec<u8>> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    let files = files.as_object()?;
    for (path, text) in files {
        let data = text.as_str()?.as_bytes();
        let at = u32::try_from(zip.len()).ok()?.to_le_bytes();
        let size = u32::try_from(data.len()).ok()?.to_le_bytes();
        let name = u16::try_from(path.len()).ok()?.to_le_bytes();
        // Flags, method, time, date; checksum; both sizes; lengths of name and of what there is not.
        let shared = [&[0; 8][..], &crc32(data).to_le_bytes(), &size, &size, &name, &[0; 2]].concat();
        zip.extend([b"PK\x03\x04\x14\0".as_slice(), &shared, path.as_bytes(), data].concat());
        let row = [b"PK\x01\x02\x14\0\x14\0".as_slice(), &shared, &[0; 10], &at, path.as_bytes()];
        directory.extend(row.concat());
    }
    let count = u16::try_from(files.len()).ok()?.to_le_bytes();
    let (at, size) = (u32::try_from(zip.len()).ok()?.to_le_bytes(), u32::try_from(directory.len()).ok()?.to_le_bytes());
    zip.extend([&directory, b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &at, &[0; 2]].concat());
    Some(zip)
}

fn crc32(data: &[u8]) -> u32 {
    let step = |sum: u32| (0..8).fold(sum, |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 });
    !data.iter().fold(!0, |sum, byte| step(sum ^ u32::from(*byte)))
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
