//! The config as a value: everything in it was checked, everything left out has its default.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::engine::diag::{Diagnostic, Span};
use crate::engine::model::EntityRef;
use crate::engine::source::SpanTable;

use super::services::{Credentials, Service};
use super::times::Cron;

/// The folder for our own state, beside the config, where the config says nothing else.
pub(super) const STATE_FOLDER: &str = ".formulary";

/// How often the daemon asks the mono-repo whether it moved, where the config says nothing.
pub const POLL: Duration = Duration::from_secs(60);

/// Where health and metrics are served, where the config says nothing: on this machine alone.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// The settings of one environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from; relative paths in it start from the folder of this file.
    pub path: PathBuf,
    /// The name of the platform, such as `acme`: marks and plans carry it.
    pub platform: String,
    /// The mono-repo, if the config names one; the command line can name another.
    pub repository: Option<Repository>,
    /// Where it is recorded what we did and own.
    pub ledger: LedgerPlace,
    /// What holds for people and organisations that say nothing themselves.
    pub defaults: Defaults,
    /// Which instance plays which role, such as `identity`. Every role that some type offers exactly once is bound here.
    pub roles: BTreeMap<String, String>,
    /// The service instances, by name.
    pub services: BTreeMap<String, Service>,
    /// What no plan may remove, disable or weaken: break-glass accounts and our own.
    pub protected: Vec<Protected>,
    /// How approvals are treated.
    pub approvals: Approvals,
    /// How saved plans are treated.
    pub plans: Plans,
    /// When the daemon compares everything.
    pub schedule: Schedule,
    /// Where the daemon serves health and metrics; `None` where it shall not.
    pub listen: Option<SocketAddr>,
    /// What was found odd but not wrong while the file was read.
    pub warnings: Vec<Diagnostic>,
    /// The place of every value in the file, by JSON pointer.
    pub spans: SpanTable,
}

/// Where the mono-repo is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// `https://…`, `ssh://…` or `user@host:path`, `file://…`, or a path, made absolute.
    pub url: String,
    /// The branch that is kept true; the remote's own default when it is left out.
    pub branch: Option<String>,
    /// How ssh signs in there, for addresses that need it.
    pub ssh: SshFiles,
    /// How to sign in there, if one must.
    pub credentials: Credentials,
    /// Where the API of the forge answers, for credentials that are those of an App.
    pub api: Option<url::Url>,
    /// How often the daemon asks whether it moved; [`POLL`] by default.
    pub poll: Duration,
}

/// What ssh does not find by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SshFiles {
    /// The private key.
    pub key: Option<PathBuf>,
    /// The file of known hosts.
    pub known_hosts: Option<PathBuf>,
}

/// Where the ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerPlace {
    /// An SQLite file, made when it is missing.
    Path(PathBuf),
    /// A PostgreSQL database, without user and password in the address.
    Url {
        /// `postgres://host:port/database`.
        url: url::Url,
        /// The account that may write there.
        credentials: Box<Credentials>,
    },
}

/// What holds where an organisation, a team or a person says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The instances that a person gets. All instances when the config says nothing.
    pub services: BTreeSet<String>,
}

/// Something that no plan may remove, disable or weaken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protected {
    /// A person or group, in every service.
    Entity(EntityRef),
    /// One object of one service, as `instance:kind/key`.
    Address(String),
}

/// How approvals are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approvals {
    /// How long an approval can be used after it was given.
    pub expire: Duration,
}

/// When the daemon compares everything, whether the mono-repo moved or not.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// At least this often.
    pub every: Duration,
    /// And at these moments.
    pub drift: Option<Cron>,
}

/// How saved plans are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plans {
    /// How long a plan can be applied after it was saved.
    pub expire: Duration,
}

impl Config {
    /// The place of an option of an instance, for what a provider finds wrong with it later. `pointer` begins below
    /// `options` (`/source_id`).
    pub fn place_of_option(&self, instance: &str, pointer: &str) -> Span {
        self.spans.nearest(&format!("/services/{instance}/options{pointer}"))
    }

    /// The instance in a role, such as `identity`.
    pub fn in_role(&self, role: &str) -> Option<&Service> {
        self.services.get(self.roles.get(role)?)
    }

    /// The folder in which clones of the mono-repo are kept.
    pub fn clones(&self) -> PathBuf {
        self.state("clones")
    }

    /// The folder in which the daemon leaves its reports.
    pub fn reports(&self) -> PathBuf {
        self.state("reports")
    }

    /// A folder of our own, beside the ledger's file.
    fn state(&self, name: &str) -> PathBuf {
        match &self.ledger {
            LedgerPlace::Path(path) => path.with_file_name(name),
            LedgerPlace::Url { .. } => self.folder().join(STATE_FOLDER).join(name),
        }
    }

    /// Whether the config lies in `folder`. One that lies in the folder that is planned can be changed by the very
    /// change that is planned, and must not be trusted with secrets where that change is not trusted.
    pub fn lies_within(&self, folder: &Path) -> bool {
        self.path.starts_with(folder)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

impl Default for Schedule {
    fn default() -> Self {
        // Ten minutes: what was changed behind our back does not stand for long, and the services hardly notice.
        Self { every: Duration::from_secs(600), drift: None }
    }
}

impl Default for Approvals {
    fn default() -> Self {
        // Three days: what was approved on a Friday can still be applied on the Monday.
        Self { expire: Duration::from_secs(72 * 60 * 60) }
    }
}

impl Default for Plans {
    fn default() -> Self {
        // What was planned today is reviewed and applied today; tomorrow's world is another one.
        Self { expire: Duration::from_secs(24 * 60 * 60) }
    }
}
