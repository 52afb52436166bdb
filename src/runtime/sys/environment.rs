//! The machine as config and secrets see it: variables, files, and short commands, behind one trait so that tests hand in their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What the surroundings of the process offer. Every method may block; call it off the async threads.
pub trait Environment: Send + Sync + fmt::Debug {
    /// The environment variable `name`, if it is set.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// The folder that relative paths start from.
    ///
    /// # Errors
    /// When the working folder was removed or may not be read.
    fn working_folder(&self) -> io::Result<PathBuf>;

    /// The content of a file of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`std::fs::read`]; [`io::ErrorKind::FileTooLarge`] when there is more than `limit`.
    fn read_file(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// The permission bits of a file (`0o640`), or `None` where the system has none or the file cannot be asked.
    fn permissions(&self, path: &Path) -> Option<u32>;

    /// Runs `program` without a shell and without input, and returns what it wrote to its standard output.
    ///
    /// # Errors
    /// [`CommandError`]; a program that outlives `deadline` is killed.
    fn run(&self, program: &str, arguments: &[String], deadline: Duration) -> Result<Vec<u8>, CommandError>;
}

/// Why a command gave no answer. What it wrote is left out: it may be the secret that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The program was not found, or may not be run.
    #[error("cannot start the command")]
    Start(#[source] io::Error),
    /// Its output could not be read.
    #[error("cannot read what the command says")]
    Read(#[source] io::Error),
    /// It ended, but not well.
    #[error("the command ended with {0}")]
    Status(String),
    /// It did not end in time.
    #[error("the command did not end within {} s", .0.as_secs())]
    Deadline(Duration),
    /// It wrote more than a secret can be.
    #[error("the command wrote more than {0} bytes")]
    TooMuch(u64),
}

/// The machine that the process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

/// A command answers with a secret, so 64 KiB is far more than any honest one writes.
const OUTPUT_LIMIT: u64 = 64 * 1024;

/// How often a command that closed its output, but still runs, is looked at.
const POLL: Duration = Duration::from_millis(5);

impl Environment for Machine {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn working_folder(&self) -> io::Result<PathBuf> {
        std::env::current_dir()
    }

    fn read_file(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        // One byte more than allowed is asked for, so that a pipe or a file that grows is noticed as well.
        std::fs::File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut content)?;
        if content.len() as u64 > limit {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(content)
    }

    #[cfg(unix)]
    fn permissions(&self, path: &Path) -> Option<u32> {
        use std::os::unix::fs::PermissionsExt;
        Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777)
    }

    #[cfg(not(unix))]
    fn permissions(&self, _path: &Path) -> Option<u32> {
        None
    }

    fn run(&self, program: &str, arguments: &[String], deadline: Duration) -> Result<Vec<u8>, CommandError> {
        let end = Instant::now() + deadline;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(CommandError::Start)?;
        let output = child.stdout.take().expect("the standard output was asked to be a pipe");
        let (sender, receiver) = mpsc::channel();
        // A grandchild can hold the pipe open for ever; the reader then stays behind while the caller goes on.
        std::thread::spawn(move || {
            let mut written = Vec::new();
            let read = output.take(OUTPUT_LIMIT + 1).read_to_end(&mut written);
            // The receiver is gone when the deadline has passed; nobody wants the answer then.
            let _ = sender.send(read.map(|_| written));
        });
        let answer = receiver.recv_timeout(deadline);
        let written = match answer {
            Ok(Ok(written)) => written,
            Ok(Err(cause)) => {
                stop(&mut child);
                return Err(CommandError::Read(cause));
            }
            Err(_) => {
                stop(&mut child);
                return Err(CommandError::Deadline(deadline));
            }
        };
        if written.len() as u64 > OUTPUT_LIMIT {
            stop(&mut child);
            return Err(CommandError::TooMuch(OUTPUT_LIMIT));
        }
        loop {
            match child.try_wait().map_err(CommandError::Read)? {
                Some(status) if status.success() => return Ok(written),
                Some(status) => return Err(CommandError::Status(status.to_string())),
                None if Instant::now() >= end => {
                    stop(&mut child);
                    return Err(CommandError::Deadline(deadline));
                }
                None => std::thread::sleep(POLL),
            }
        }
    }
}

/// Surroundings that are given, not found: what a test or the sandbox hands in. Nothing of the machine is reached.
#[derive(Debug, Clone, Default)]
pub struct FixedEnvironment {
    variables: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, (Vec<u8>, u32)>,
    commands: BTreeMap<String, String>,
}

impl FixedEnvironment {
    /// Sets a variable.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Puts a file that only its owner may read; the working folder is `/work-folder`.
    #[must_use]
    pub fn with_file(self, path: impl Into<PathBuf>, content: &str) -> Self {
        self.with_file_mode(path, content, 0o600)
    }

    /// Puts a file with these permission bits.
    #[must_use]
    pub fn with_file_mode(mut self, path: impl Into<PathBuf>, content: &str, mode: u32) -> Self {
        self.files.insert(path.into(), (content.as_bytes().to_vec(), mode));
        self
    }

    /// Answers the command line `line` (program and arguments joined by blanks) with `output`.
    #[must_use]
    pub fn with_command(mut self, line: &str, output: &str) -> Self {
        self.commands.insert(line.to_owned(), output.to_owned());
        self
    }

    /// The folder that relative paths start from here.
    pub const WORKING_FOLDER: &'static str = "/work-folder";
}

impl Environment for FixedEnvironment {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).map(OsString::from)
    }

    fn working_folder(&self) -> io::Result<PathBuf> {
        Ok(PathBuf::from(Self::WORKING_FOLDER))
    }

    fn read_file(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let (content, _) = self.files.get(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        if content.len() as u64 > limit {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(content.clone())
    }

    fn permissions(&self, path: &Path) -> Option<u32> {
        self.files.get(path).map(|(_, mode)| *mode)
    }

    fn run(&self, program: &str, arguments: &[String], _deadline: Duration) -> Result<Vec<u8>, CommandError> {
        let line = std::iter::once(program).chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        match self.commands.get(&line) {
            Some(output) => Ok(output.as_bytes().to_vec()),
            None => Err(CommandError::Start(io::Error::from(io::ErrorKind::NotFound))),
        }
    }
}

/// Kills a command and waits for it, so that no zombie is left.
fn stop(child: &mut std::process::Child) {
    // Both fail only when it has ended already, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, deadline: Duration) -> Result<Vec<u8>, CommandError> {
        Machine.run("sh", &["-c".to_owned(), script.to_owned()], deadline)
    }

    #[test]
    fn a_command_gives_its_output() {
        assert_eq!(shell("printf hunter2", Duration::from_secs(10)).expect("it runs"), b"hunter2");
    }

    #[test]
    fn a_command_that_fails_or_hangs_or_floods_is_told_apart() {
        assert!(matches!(shell("echo x; exit 3", Duration::from_secs(10)), Err(CommandError::Status(_))));
        assert!(matches!(shell("exec sleep 30", Duration::from_millis(50)), Err(CommandError::Deadline(_))));
        assert!(matches!(shell("exec 1>&-; exec sleep 30", Duration::from_millis(50)), Err(CommandError::Deadline(_))));
        assert!(matches!(shell("exec yes", Duration::from_secs(10)), Err(CommandError::TooMuch(_))));
        assert!(matches!(
            Machine.run("formulary-no-such-program", &[], Duration::from_secs(1)),
            Err(CommandError::Start(_))
        ));
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, "12345").expect("it can be written");
        assert_eq!(Machine.read_file(&path, 5).expect("it fits"), b"12345");
        assert_eq!(Machine.read_file(&path, 4).expect_err("it does not fit").kind(), io::ErrorKind::FileTooLarge);
    }
}
