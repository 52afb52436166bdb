//! Git over ssh, the reading half: an `ssh` process that runs `git-upload-pack` on the server, and its two pipes.
//!
//! The program itself, as Git does it, and no library: so keys, agents, jump hosts, hardware tokens and known hosts are
//! those that the user's ssh has. It is never asked to ask: an unknown host or a locked key is an error, not a prompt.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use url::Url;

use super::session::{Bounds, Fault};

/// What [`Fault::Denied`] holds instead of a status.
pub(super) const SSH: &str = "ssh";
/// How much of what ssh and the server complain is kept.
const COMPLAINTS: u64 = 8 * 1024;
/// How long the last of it is waited for once the process has ended.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// What ssh needs of our environment. Not the rest: secrets are in it.
const ENVIRONMENT: [&str; 6] = ["HOME", "PATH", "USER", "LOGNAME", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"];

/// How ssh is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// The program.
    pub program: PathBuf,
    /// The private key; without it those that ssh finds by itself, or its agent's.
    pub key: Option<PathBuf>,
    /// The file of known hosts; without it the user's own.
    pub known_hosts: Option<PathBuf>,
}

impl Default for Ssh {
    fn default() -> Self {
        Self { program: PathBuf::from("ssh"), key: None, known_hosts: None }
    }
}

impl Ssh {
    fn command(&self, url: &Url, left: Duration) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear();
        command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        // Messages are told apart by their words.
        command.env("LC_ALL", "C");
        command.args(["-T", "-x", "-o", "BatchMode=yes", "-o", "ForwardAgent=no", "-o", "PermitLocalCommand=no"]);
        command.arg("-o").arg(format!("ConnectTimeout={}", left.as_secs().clamp(1, 30)));
        if let Some(key) = &self.key {
            command.args(["-o", "IdentitiesOnly=yes", "-i"]).arg(key);
        }
        if let Some(known_hosts) = &self.known_hosts {
            let mut option = std::ffi::OsString::from("UserKnownHostsFile=");
            option.push(known_hosts);
            command.args(["-o", "StrictHostKeyChecking=yes", "-o"]).arg(option);
        }
        if let Some(port) = url.port() {
            command.arg("-p").arg(port.to_string());
        }
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let who = if url.username().is_empty() { host.to_owned() } else { format!("{}@{host}", url.username()) };
        // What follows is no option, whatever it begins with.
        command.arg("--").arg(who).arg(format!("git-upload-pack {}", quoted(&path_of(url))));
        command
    }
}

/// Why an ssh address cannot be used, if so.
pub(super) fn refused(url: &Url) -> Option<&'static str> {
    let begins_an_option = |text: &str| text.starts_with('-');
    match url.host_str() {
        None | Some("") => Some("it names no host"),
        Some(host) if begins_an_option(host) => Some("its host begins with a dash"),
        Some(_) if begins_an_option(url.username()) => Some("its user begins with a dash"),
        Some(_) if path_of(url).is_empty() || begins_an_option(&path_of(url)) => Some("it names no repository"),
        Some(_) => None,
    }
}

/// Whether a text is an address of the short form, `user@host:path`. As with Git, a path with a colon in its first part
/// begins with `./`.
pub(super) fn is_short(text: &str) -> bool {
    !text.contains("://") && text.split('/').next().is_some_and(|first| first.contains(':'))
}

/// `git@host:path` as an address. Its path starts at the user's home on the server, which `/~/` says in one.
pub(super) fn from_scp(text: &str) -> Option<Url> {
    let (who, path) = text.split_once(':')?;
    let from = if path.starts_with('/') { path.to_owned() } else { format!("/~/{path}") };
    Url::parse(&format!("ssh://{who}{from}")).ok()
}

/// The path on the server; `/~/` in front means the user's home, where a session begins.
fn path_of(url: &Url) -> String {
    let path = percent_encoding::percent_decode_str(url.path()).decode_utf8_lossy().into_owned();
    path.strip_prefix("/~/").map_or(path.clone(), str::to_owned).trim_end_matches('/').to_owned()
}

/// One word for the shell on the other side, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''").replace('!', r"'\!'"))
}

/// One fetch through one process.
#[derive(Debug)]
pub(super) struct SshSession {
    ssh: Ssh,
    url: Url,
    pub(super) bounds: Bounds,
}

impl SshSession {
    pub(super) fn new(ssh: Ssh, url: Url, bounds: Bounds) -> Self {
        Self { ssh, url, bounds }
    }

    fn start(&self) -> io::Result<Process> {
        let left = self.bounds.left();
        let mut command = self.ssh.command(&self.url, left);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            let program = self.ssh.program.display();
            self.bounds.fail(Fault::Unreachable(format!("the program '{program}' cannot be run: {error}")))
        })?;
        let taken = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(complaints)) = taken else {
            return Err(io::Error::other("the process has no pipes"));
        };
        let complaints = Complaints::of(complaints);
        let child = Arc::new(Mutex::new(child));
        let alive = watch(&child, left);
        Ok(Process { child, input, output, complaints, _alive: alive })
    }
}

/// Kills the process when the time is over: a read from a pipe has no deadline of its own. Ends when its handle goes.
fn watch(child: &Arc<Mutex<Child>>, left: Duration) -> Sender<()> {
    let (alive, gone) = mpsc::channel();
    let child = Arc::clone(child);
    std::thread::spawn(move || {
        if gone.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            stop(&child);
        }
    });
    alive
}

/// Ends a process that may have ended already.
fn stop(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // An error means that it is gone.
    let _ = child.kill();
    let _ = child.wait();
}

/// What ssh and the server complain, read as it comes.
struct Complaints {
    text: Arc<Mutex<Vec<u8>>>,
    ended: mpsc::Receiver<()>,
}

impl Complaints {
    fn of(pipe: ChildStderr) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let (ends, ended) = mpsc::channel();
        let heard = Arc::clone(&text);
        std::thread::spawn(move || {
            let mut part = [0; 512];
            let mut pipe = pipe.take(COMPLAINTS);
            while let Ok(count @ 1..) = pipe.read(&mut part) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&part[..count]);
            }
            drop(ends);
        });
        Self { text, ended }
    }

    /// All that was said. What ssh itself started may hold the pipe open after ssh has ended, so the end is not waited
    /// for long.
    fn heard(&self) -> String {
        let _ = self.ended.recv_timeout(LAST_WORDS);
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// A running ssh with its pipes; it ends with this value.
struct Process {
    child: Arc<Mutex<Child>>,
    input: ChildStdin,
    output: ChildStdout,
    complaints: Complaints,
    _alive: Sender<()>,
}

impl Process {
    /// What went wrong, once the process said nothing more.
    fn fault(&self) -> Fault {
        stop(&self.child);
        fault_of(&self.complaints.heard())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        stop(&self.child);
    }
}

/// What ssh and servers say, sorted. The words are those of OpenSSH, Git, and the forges.
fn fault_of(complaints: &str) -> Fault {
    let said = |words: &[&str]| words.iter().any(|word| complaints.to_lowercase().contains(word));
    if said(&["host key verification failed", "remote host identification has changed"]) {
        let what = "its host key is not the known one; see ~/.ssh/known_hosts, or 'repository.ssh.known_hosts'";
        return Fault::Unreachable(what.to_owned());
    }
    if said(&["permission denied", "too many authentication failures", "access denied", "unauthorized"]) {
        return Fault::Denied(SSH.to_owned());
    }
    if said(&["does not appear to be a git repository", "repository not found", "not found", "does not exist"]) {
        return Fault::Missing;
    }
    Fault::Unreachable(last_line(complaints))
}

/// The last line in which something is said, printable and short: a server can write anything there.
fn last_line(text: &str) -> String {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    let line: String = line.unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    if line.is_empty() { "ssh ended without a word".to_owned() } else { line }
}

/// What libgit2 talks to. One process serves the whole exchange.
pub(super) struct SshConnection(Arc<SshSession>);

impl SshConnection {
    pub(super) fn new(session: Arc<SshSession>) -> Self {
        Self(session)
    }
}

impl SmartSubtransport for SshConnection {
    fn action(&self, _url: &str, action: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        match action {
            Service::UploadPackLs | Service::UploadPack => {
                let process = self.0.start().map_err(|error| git2::Error::from_str(&error.to_string()))?;
                Ok(Box::new(Exchange { session: Arc::clone(&self.0), process }))
            }
            Service::ReceivePackLs | Service::ReceivePack => Err(git2::Error::from_str("this connection only reads")),
        }
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}

struct Exchange {
    session: Arc<SshSession>,
    process: Process,
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bounds = &self.session.bounds;
        if let Ok(count @ 1..) = self.process.output.read(buffer) {
            return bounds.receive(count);
        }
        // libgit2 reads no further than the server has to say, so that an end is an end too early.
        Err(bounds.fail(if bounds.is_over() { Fault::Deadline } else { self.process.fault() }))
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.process.input.write(bytes).map_err(|_| self.session.bounds.fail(self.process.fault()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.process.input.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, ssh: &Ssh) -> Vec<String> {
        let command = ssh.command(&Url::parse(text).unwrap(), Duration::from_secs(300));
        command.get_args().map(|it| it.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_command_names_host_and_repository_and_nothing_else_of_ours() {
        let plain = words("ssh://git@git.acme.test:2222/platform/it's.git", &Ssh::default());
        assert_eq!(
            plain[plain.len() - 5..],
            ["-p", "2222", "--", "git@git.acme.test", r"git-upload-pack '/platform/it'\''s.git'"]
        );
        assert!(plain.windows(2).any(|it| it == ["-o", "BatchMode=yes"]));
        let ssh = Ssh { key: Some("/keys/id".into()), known_hosts: Some("/keys/hosts".into()), ..Ssh::default() };
        let named = words("ssh://git.acme.test/~/formulas.git", &ssh);
        assert!(named.windows(2).any(|it| it == ["-i", "/keys/id"]), "{named:?}");
        assert!(named.contains(&"UserKnownHostsFile=/keys/hosts".to_owned()), "{named:?}");
        assert_eq!(named.last().unwrap(), "git-upload-pack 'formulas.git'");
        let command = Ssh::default().command(&Url::parse("ssh://a/b").unwrap(), Duration::from_secs(1));
        let passed: Vec<String> = command.get_envs().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
        assert!(passed.iter().all(|it| ENVIRONMENT.contains(&it.as_str()) || it == "LC_ALL"), "{passed:?}");
    }

    #[test]
    fn an_address_cannot_be_an_option() {
        let refused = |text: &str| Url::parse(text).ok().is_none_or(|url| super::refused(&url).is_some());
        assert!(refused("ssh://-oProxyCommand=evil/repository"));
        assert!(refused("ssh://-oProxyCommand=evil@host/repository"));
        assert!(refused("ssh://host/~/-u"));
        assert!(refused("ssh://host/"));
        assert!(!refused("ssh://git@host/a"));
    }

    #[test]
    fn the_short_form_starts_at_home() {
        let path = |text: &str| path_of(&from_scp(text).unwrap());
        assert_eq!(path("git@host:acme/formulas.git"), "acme/formulas.git");
        assert_eq!(path("git@host:/srv/formulas.git"), "/srv/formulas.git");
        assert_eq!(from_scp("git@host:a").unwrap().username(), "git");
    }

    #[test]
    fn complaints_are_told_apart() {
        let missing = "ERROR: Repository not found.\nfatal: Could not read from remote repository.";
        assert_eq!(fault_of(missing), Fault::Missing);
        assert_eq!(fault_of("git@host: Permission denied (publickey)."), Fault::Denied(SSH.into()));
        assert!(
            matches!(fault_of("Host key verification failed."), Fault::Unreachable(why) if why.contains("host key"))
        );
        let down = "ssh: connect to host h port 22: Connection refused\r\n";
        assert_eq!(fault_of(down), Fault::Unreachable("ssh: connect to host h port 22: Connection refused".into()));
        assert_eq!(fault_of("\u{1b}[31mred\u{7}"), Fault::Unreachable("[31mred".into()));
        assert_eq!(fault_of(""), Fault::Unreachable("ssh ended without a word".into()));
    }
}
