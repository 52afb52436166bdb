//! From bytes to text: size, encoding, pointers of Git LFS, characters that no text holds.

use std::sync::Arc;

use crate::engine::diag::{Diagnostic, Mark, Span, codes};

use super::Limits;

/// The text of a file, and how many bytes of a byte-order mark were cut off before it.
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) skipped: u32,
}

impl Text<'_> {
    /// The place of a byte of the text, for readers that tell offsets alone.
    pub(super) fn mark_at(&self, offset: usize) -> Mark {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let start = narrow(offset).saturating_add(self.skipped);
        Mark {
            line: narrow(before.matches('\n').count()).saturating_add(1),
            column: narrow(before[line_start..].chars().count()).saturating_add(1),
            start,
            end: start,
        }
    }
}

/// A count or an offset that limits keep far below four billion.
pub(super) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

pub(super) fn decode<'a>(file: &Arc<str>, bytes: &'a [u8], limits: &Limits) -> Result<Text<'a>, Box<Diagnostic>> {
    if bytes.len() > limits.file_bytes.min(u32::MAX as usize) {
        return Err(too_large(file, bytes.len() as u64, limits).into());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let message = format!("file '{file}' is UTF-16, not UTF-8");
        return Err(Diagnostic::error(codes::NOT_UTF8, message)
            .at(Span::start_of(file.clone()))
            .help("save it as UTF-8")
            .into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        let mark = Text { text: valid, skipped: 0 }.mark_at(valid.len());
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        Diagnostic::error(codes::NOT_UTF8, format!("file '{file}' is not UTF-8 (byte 0x{byte:02x} is out of place)"))
            .at(mark.in_file(file))
            .help("save it as UTF-8")
    })?;
    let (text, skipped) = text.strip_prefix('\u{feff}').map_or((text, 0), |rest| (rest, 3));
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        return Err(Diagnostic::error(
            codes::LFS_POINTER,
            format!("file '{file}' is a pointer of Git LFS, not the document"),
        )
        .at(Span::start_of(file.clone()))
        .help("keep documents out of LFS: 'git lfs untrack', then 'git add --renormalize'")
        .into());
    }
    let text = Text { text, skipped };
    let forbidden =
        |c: char| (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')) || c == '\u{fffe}' || c == '\u{ffff}';
    if let Some((at, c)) = text.text.char_indices().find(|(_, c)| forbidden(*c)) {
        let message = format!("file '{file}' holds the control character U+{:04X}", u32::from(c));
        return Err(Diagnostic::error(codes::CONTROL_CHARACTER, message)
            .at(text.mark_at(at).in_file(file))
            .help("the file is binary or damaged; restore it")
            .into());
    }
    Ok(text)
}

/// What to say of a file beyond the limit.
pub(super) fn too_large(file: &Arc<str>, bytes: u64, limits: &Limits) -> Diagnostic {
    let limit = limits.file_bytes;
    Diagnostic::error(
        codes::FILE_TOO_LARGE,
        format!("file '{file}' has {bytes} bytes, more than the {limit} that are read"),
    )
    .at(Span::start_of(file.clone()))
    .help("split it into several files")
}
