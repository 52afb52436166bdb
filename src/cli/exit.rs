//! Exit codes. Of several that hold, the first in [`Exit::ORDER`] counts.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// 0: done, or nothing to do.
    Done,
    /// 1: an error, or a wrong command line.
    Error,
    /// 2: changes are present (`plan --detailed-exitcode`).
    Changes,
    /// 3: only drift (`drift --detailed-exitcode`).
    Drift,
    /// 4: something is blocked by a guard or waits for approval.
    Waiting,
    /// 5: the desired state is invalid.
    Invalid,
    /// 6: the plan is stale.
    Stale,
    /// 7: a service is unreachable, or was not read whole.
    Unreachable,
    /// 8: applied in part.
    Partial,
    /// 9: the deadline passed, or it was cancelled.
    Cancelled,
}

impl Exit {
    /// What counts first.
    pub const ORDER: [Exit; 10] = [
        Exit::Cancelled,
        Exit::Partial,
        Exit::Error,
        Exit::Unreachable,
        Exit::Stale,
        Exit::Invalid,
        Exit::Waiting,
        Exit::Changes,
        Exit::Drift,
        Exit::Done,
    ];

    /// The one of several that counts.
    pub fn first(of: impl IntoIterator<Item = Exit>) -> Exit {
        let of: Vec<Exit> = of.into_iter().collect();
        Self::ORDER.into_iter().find(|exit| of.contains(exit)).unwrap_or(Exit::Done)
    }

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_numbers_are_those_of_the_documentation_and_the_gravest_counts() {
        assert_eq!(Exit::ORDER.map(Exit::code), [9, 8, 1, 7, 6, 5, 4, 2, 3, 0]);
        assert_eq!(Exit::first([Exit::Done, Exit::Drift, Exit::Waiting, Exit::Invalid]), Exit::Invalid);
        assert_eq!(Exit::first([]), Exit::Done);
    }
}
