//! Pages: counted from 0, of 60 items unless asked otherwise, of 200 at most.

use super::call::Call;

const DEFAULT_SIZE: i64 = 60;
const LARGEST: i64 = 200;

/// The part of a list that a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) number: i64,
    /// 0 is a page without items, not a page of any size.
    pub(super) size: i64,
}

impl Page {
    /// What is no number, or negative, counts as not said; too large a size is cut without a word.
    pub(super) fn of(call: &Call) -> Self {
        let number = call.ask("page").parse::<i64>().ok().filter(|number| *number >= 0).unwrap_or(0);
        let size = call.ask("per_page").parse::<i64>().ok().filter(|size| *size >= 0).unwrap_or(DEFAULT_SIZE);
        Self { number, size: size.min(LARGEST) }
    }

    /// The items of this page.
    pub(super) fn cut<T>(self, items: &[T]) -> &[T] {
        let start = usize::try_from(self.number.saturating_mul(self.size)).unwrap_or(usize::MAX).min(items.len());
        let size = usize::try_from(self.size).unwrap_or(0);
        &items[start..start.saturating_add(size).min(items.len())]
    }
}
