//! What can go wrong with a ledger, and what to do about it.

use chrono::{DateTime, Utc};

/// A ledger that cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The place cannot be opened or reached.
    #[error("cannot open the ledger '{place}'")]
    Open {
        /// Path, or address without its password.
        place: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// The file cannot be made or locked.
    #[error("cannot use the ledger file '{place}'")]
    File {
        /// Path.
        place: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is there and empty.
    #[error("the ledger '{place}' is an empty file")]
    Empty {
        /// Path.
        place: String,
    },
    /// The file is damaged, or no database at all.
    #[error("the ledger '{place}' is damaged, or not a ledger")]
    Corrupt {
        /// Path.
        place: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// A database that holds something else.
    #[error("the database '{place}' holds tables, and they are not a ledger's")]
    NotALedger {
        /// Path, or address without its password.
        place: String,
    },
    /// A later version of this program has written it.
    #[error("the ledger '{place}' has schema version {found}; this program knows versions up to {known}")]
    NewerSchema {
        /// Path, or address without its password.
        place: String,
        /// The version that it has.
        found: i64,
        /// The latest version that we know.
        known: i64,
    },
    /// It belongs to another platform.
    #[error("the ledger '{place}' belongs to platform '{found}', the config names '{wanted}'")]
    OtherPlatform {
        /// Path, or address without its password.
        place: String,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// It can be read but not written: a read-only place, or no space left.
    #[error("cannot write to the ledger: {doing}")]
    Unwritable {
        /// What we were doing.
        doing: &'static str,
        /// What the database says.
        source: sqlx::Error,
    },
    /// Somebody else was writing for longer than we wait.
    #[error("the ledger is busy: {doing}")]
    Busy {
        /// What we were doing.
        doing: &'static str,
        /// What the database says.
        source: sqlx::Error,
    },
    /// The lease was taken over by somebody else; nothing was written.
    #[error("the lease '{lease}' was taken over; nothing was written")]
    Overtaken {
        /// The lease.
        lease: String,
    },
    /// An intent that is not open was to be finished.
    #[error("journal entry {0} is not open")]
    NotOpen(i64),
    /// A statement failed.
    #[error("cannot {doing}")]
    Query {
        /// What we were doing.
        doing: &'static str,
        /// What the database says.
        source: sqlx::Error,
    },
    /// Something stored does not read back.
    #[error("cannot read what the ledger holds as {what}: {why}")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        why: String,
    },
}

impl LedgerError {
    /// What to do next; empty where the cause says it.
    pub fn hint(&self) -> &'static str {
        match self {
            LedgerError::Open { .. } | LedgerError::File { .. } => {
                "check that the place exists and that this user may read and write it"
            }
            LedgerError::Empty { .. } => {
                "restore the ledger from a backup; or, if this platform was never applied, remove the empty file"
            }
            LedgerError::Corrupt { .. } => {
                "restore the ledger from a backup; without one, move the file away and start anew: what is declared \
                 is found again by matching and adoption"
            }
            LedgerError::NotALedger { .. } => "name a place of its own for the ledger in the config",
            LedgerError::NewerSchema { .. } => "use the newer program, or the backup made before it ran",
            LedgerError::OtherPlatform { .. } => {
                "each platform has a ledger of its own; check 'platform' and 'ledger' in the config"
            }
            LedgerError::Unwritable { .. } => {
                "make the file, and those beside it, writable and free space there; no service was called"
            }
            LedgerError::Busy { .. } => "wait for the other process, or stop it",
            LedgerError::Overtaken { .. } => "another process leads now; nothing is to be done here",
            LedgerError::NotOpen(_) | LedgerError::Query { .. } | LedgerError::Unreadable { .. } => "",
        }
    }

    /// Sorts an error of the database by what it means for us.
    pub(super) fn from_database(doing: &'static str, source: sqlx::Error) -> Self {
        match Trouble::of(&source) {
            Trouble::Unwritable => Self::Unwritable { doing, source },
            Trouble::Busy => Self::Busy { doing, source },
            Trouble::Corrupt => Self::Corrupt { place: "in use".to_owned(), source },
            Trouble::Other => Self::Query { doing, source },
        }
    }

    /// The same for what happens while it is opened.
    pub(super) fn at_opening(place: &str, source: sqlx::Error) -> Self {
        match Trouble::of(&source) {
            Trouble::Corrupt => Self::Corrupt { place: place.to_owned(), source },
            _ => Self::Open { place: place.to_owned(), source },
        }
    }
}

/// Why a lease could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody holds it.
    #[error("'{holder}' is at work until {}", until.format("%F %T UTC"))]
    Held {
        /// Who.
        holder: String,
        /// Until when, if it is not renewed.
        until: DateTime<Utc>,
    },
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// SQLite's extended result codes for reads that failed.
const IOERR_READ: u32 = 266;
const IOERR_SHORT_READ: u32 = 522;

enum Trouble {
    Unwritable,
    Busy,
    Corrupt,
    Other,
}

impl Trouble {
    /// SQLite's primary result codes (https://www.sqlite.org/rescode.html) and PostgreSQL's SQLSTATE.
    fn of(error: &sqlx::Error) -> Self {
        let Some(code) = error.as_database_error().and_then(|it| it.code()) else {
            return Self::Other;
        };
        match code.parse::<u32>().map(|code| code & 0xff) {
            // Five digits are PostgreSQL's.
            Ok(_) if code.len() == 5 => match &*code {
                "25006" | "53100" => Self::Unwritable,
                "55P03" | "57014" => Self::Busy,
                _ => Self::Other,
            },
            // Input and output: a read that fails is damage or a defect of the machine, the others are what a disk says
            // that is full, over its quota or gone.
            Ok(10) => match code.parse::<u32>() {
                Ok(IOERR_READ | IOERR_SHORT_READ) => Self::Other,
                _ => Self::Unwritable,
            },
            // read-only, full, cannot open
            Ok(8 | 13 | 14) => Self::Unwritable,
            Ok(5 | 6) => Self::Busy,
            Ok(11 | 26) => Self::Corrupt,
            _ => Self::Other,
        }
    }
}
