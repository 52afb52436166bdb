//! The bare clone of a remote repository: kept in the cache folder, brought up to date on each use.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use git2::{AutotagOption, Direction, FetchOptions, FetchPrune, Oid, RemoteCallbacks};
use sha2::{Digest, Sha256};
use url::Url;

use super::error::RepoError;
use super::http::HttpSession;
use super::session::{Bounds, Fault, Session};
use super::ssh::{SSH, SshSession};
use super::transport::with_session;
use super::{ReadOptions, refs::References};

/// A bare clone and what the remote said it has.
pub(super) struct Cloned {
    pub(super) repository: git2::Repository,
    pub(super) references: References,
}

/// Everything that can be asked for by name. The plus sign takes what the remote has, also after a forced push.
const REFSPECS: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/// Fetches `url` into its clone under the cache folder, and lists what the remote has.
///
/// Runs on a thread of its own: the blocking client may not be used on a thread of an async runtime.
pub(super) fn fetch(url: &Url, shown: &str, options: &ReadOptions) -> Result<Cloned, RepoError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("git-fetch".to_owned())
            .spawn_scoped(scope, || fetch_here(url, shown, options))
            .map_err(|source| RepoError::Io { path: options.cache.clone(), source })?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The clone as it is, without asking the remote.
pub(super) fn cached(url: &Url, options: &ReadOptions) -> Option<git2::Repository> {
    git2::Repository::open_bare(folder_of(url, &options.cache)).ok()
}

fn fetch_here(url: &Url, shown: &str, options: &ReadOptions) -> Result<Cloned, RepoError> {
    let folder = folder_of(url, &options.cache);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| RepoError::Io { path, source }
    };
    fs::create_dir_all(&options.cache).map_err(io(&options.cache))?;
    // Two processes that fetch into one clone would fight over its references.
    let lock_path = folder.with_extension("lock");
    let lock = File::create(&lock_path).map_err(io(&lock_path))?;
    take(&lock, &lock_path, shown, options)?;

    let repository = open_or_make(&folder)?;
    let bounds = Bounds::new(options.deadline, options.pack_limit);
    let session = if url.scheme() == "ssh" {
        Session::Ssh(Arc::new(SshSession::new(options.ssh.clone(), url.clone(), bounds)))
    } else {
        let session = HttpSession::new(url.clone(), options.basic.clone(), bounds);
        Session::Http(Arc::new(session.map_err(|error| RepoError::Unreachable {
            url: shown.to_owned(),
            reason: error.without_url().to_string(),
        })?))
    };
    let bounds = session.bounds();
    let heads =
        with_session(&session, || transfer(&repository, url, bounds)).map_err(|source| match bounds.fault() {
            Some(fault) => failure(fault, shown, options),
            None => RepoError::Git { what: "fetch the repository", source },
        })?;
    Ok(Cloned { repository, references: References::of_remote(heads.names, heads.default) })
}

/// Waits for the lock, and no longer than a fetch may take.
fn take(lock: &File, path: &Path, shown: &str, options: &ReadOptions) -> Result<(), RepoError> {
    let end = Instant::now() + options.deadline;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(POLL),
            Err(TryLockError::WouldBlock) => {
                return Err(RepoError::Deadline { url: shown.to_owned(), deadline: options.deadline });
            }
            Err(TryLockError::Error(source)) => return Err(RepoError::Io { path: path.to_owned(), source }),
        }
    }
}

/// How often a clone that another process fetches into is asked for.
const POLL: Duration = Duration::from_millis(50);

struct Heads {
    names: BTreeMap<String, Oid>,
    default: Option<String>,
}

fn transfer(repository: &git2::Repository, url: &Url, bounds: &Bounds) -> Result<Heads, git2::Error> {
    let mut remote = repository.remote_anonymous(url.as_str())?;
    remote.connect(Direction::Fetch)?;
    let names: BTreeMap<String, Oid> = remote.list()?.iter().map(|head| (head.name().to_owned(), head.oid())).collect();
    // A server too old to say which branch its HEAD is leaves it to be guessed by the commit.
    let default = remote.default_branch().ok().and_then(|name| name.as_str().ok().map(str::to_owned));
    if !names.is_empty() {
        let mut callbacks = RemoteCallbacks::new();
        callbacks.transfer_progress(|_| {
            let is_over = bounds.is_over();
            if is_over {
                bounds.fail(Fault::Deadline);
            }
            !is_over
        });
        let mut fetch = FetchOptions::new();
        fetch
            .remote_callbacks(callbacks)
            .download_tags(AutotagOption::None)
            .update_fetchhead(false)
            .prune(FetchPrune::Off);
        remote.download(&REFSPECS, Some(&mut fetch))?;
        keep(repository, &names)?;
        if let Some(default) = &default {
            // So that the clone can be read by itself, too.
            repository.set_head(default)?;
        }
    }
    remote.disconnect()?;
    Ok(Heads { names, default })
}

/// Makes the clone's references those of the remote, so that the next fetch knows what is here. Removals come first:
/// a branch `a` may have given way to `a/b`.
fn keep(repository: &git2::Repository, names: &BTreeMap<String, Oid>) -> Result<(), git2::Error> {
    let kept = |name: &str| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
    for reference in repository.references()? {
        let mut reference = reference?;
        let stale = reference.name().is_ok_and(|name| kept(name) && !names.contains_key(name));
        if stale {
            reference.delete()?;
        }
    }
    for (name, id) in names {
        // `^{}` is how a server tells the commit behind a tag.
        if kept(name) && !name.ends_with("^{}") {
            repository.reference(name, *id, true, "fetch")?;
        }
    }
    Ok(())
}

/// Opens the clone, or makes it; one that cannot be opened was left half made, and is made again.
fn open_or_make(folder: &Path) -> Result<git2::Repository, RepoError> {
    if let Ok(repository) = git2::Repository::open_bare(folder) {
        return Ok(repository);
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|source| RepoError::Io { path: folder.to_owned(), source })?;
    }
    git2::Repository::init_bare(folder)
        .map_err(|source| RepoError::Git { what: "make a clone in the cache folder", source })
}

/// One folder an address, so that a clone is never filled from two repositories.
fn folder_of(url: &Url, cache: &Path) -> PathBuf {
    let digest = Sha256::digest(url.as_str().as_bytes());
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name: String = url
        .path_segments()
        .and_then(|mut it| it.rfind(|part| !part.is_empty()))
        .unwrap_or("repository")
        .trim_end_matches(".git")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .take(40)
        .collect();
    cache.join(format!("{name}-{digits}.git"))
}

fn failure(fault: Fault, shown: &str, options: &ReadOptions) -> RepoError {
    let url = shown.to_owned();
    match fault {
        Fault::Denied(said) => {
            let signed_in = options.basic.is_some() || said == SSH;
            RepoError::Denied { url, said, signed_in }
        }
        Fault::Missing => RepoError::NoRepository { url, source: None },
        Fault::Unreachable(reason) => RepoError::Unreachable { url, reason },
        Fault::Deadline => RepoError::Deadline { url, deadline: options.deadline },
        Fault::TooMuch => RepoError::PackTooLarge { url, limit: options.pack_limit },
    }
}
