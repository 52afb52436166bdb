//! A secret by reference: where it is kept, never what it is. Only [`SecretRef::resolve`] reads it, and only where a call is made.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::{Serialize, Serializer};

use super::environment::{CommandError, Environment};

/// How long a command may take to hand out a secret. A person may have to touch a key; a machine needs far less.
pub const COMMAND_DEADLINE: Duration = Duration::from_secs(30);

/// The longest secret, in bytes: a private key in PEM has about 3,000, a chain of certificates stays below this.
pub const LENGTH_LIMIT: u64 = 64 * 1024;

/// Where a secret is kept: `env:NAME`, `file:PATH` or `exec:PROGRAM ARGUMENTS`.
///
/// It shows as that text everywhere (`Display`, `Debug`, `Serialize`); the text is not secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretRef {
    text: String,
    place: Place,
}

/// The three places that a secret can be kept in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Variable(String),
    File(PathBuf),
    Command { program: String, arguments: Vec<String> },
}

/// A secret in a file that every account of the machine may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The file.
    pub file: PathBuf,
    /// Its permission bits.
    pub mode: u32,
}

/// Why a text is no reference. The text itself is left out, because it may be the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefError {
    /// It begins with none of `env:`, `file:`, `exec:`.
    #[error("this is not a reference to a secret; a reference begins with 'env:', 'file:' or 'exec:'")]
    Literal,
    /// Nothing stands after `env:`, or something that no variable is called.
    #[error("after 'env:' stands the name of an environment variable: letters, digits and '_'")]
    Variable,
    /// Nothing stands after `file:`.
    #[error("after 'file:' stands a path")]
    File,
    /// Nothing stands after `exec:`, or a quotation mark is not closed.
    #[error("after 'exec:' stands a program and its arguments; a quotation mark that opens must close")]
    Command,
}

/// Why a secret cannot be had. Names the reference, never a value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set.
    #[error("environment variable '{0}' is not set")]
    NotSet(String),
    /// The file cannot be read.
    #[error("cannot read the secret '{reference}'")]
    Unreadable {
        /// The reference as written.
        reference: SecretRef,
        /// What the system says.
        source: io::Error,
    },
    /// The command gave none.
    #[error("cannot get the secret '{reference}'")]
    Command {
        /// The reference as written.
        reference: SecretRef,
        /// What went wrong.
        source: CommandError,
    },
    /// There is something, but nothing in it.
    #[error("the secret '{0}' is empty")]
    Empty(SecretRef),
    /// It has several lines, is not UTF-8, or holds control characters: no header or form can carry it.
    #[error("the secret '{0}' is not one line of text")]
    NotText(SecretRef),
}

impl SecretRef {
    /// What every reference looks like, as a pattern for JSON Schemas. A schema that demands exactly this pattern marks
    /// its value as a secret: what does not fit is never repeated.
    pub const PATTERN: &'static str = "^(env|file|exec):";

    /// Reads a reference.
    ///
    /// # Errors
    /// [`SecretRefError`], which never repeats the text.
    pub fn parse(text: &str) -> Result<Self, SecretRefError> {
        let (scheme, rest) = text.split_once(':').ok_or(SecretRefError::Literal)?;
        let place = match scheme {
            "env" => Place::Variable(variable_name(rest).ok_or(SecretRefError::Variable)?.to_owned()),
            "file" if rest.trim().is_empty() => return Err(SecretRefError::File),
            "file" => Place::File(PathBuf::from(rest)),
            "exec" => {
                let mut words = words(rest).ok_or(SecretRefError::Command)?.into_iter();
                let program = words.next().filter(|it| !it.is_empty()).ok_or(SecretRefError::Command)?;
                Place::Command { program, arguments: words.collect() }
            }
            _ => return Err(SecretRefError::Literal),
        };
        Ok(Self { text: text.to_owned(), place })
    }

    /// The same reference with a relative `file:` path taken from `folder`: the folder of the config that names it.
    /// It goes on showing as it was written.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        if let Place::File(path) = &mut self.place {
            *path = folder.join(&*path);
        }
        self
    }

    /// Reads the secret. Blocks: a command may take up to [`COMMAND_DEADLINE`].
    ///
    /// One newline at the end of a file or of what a command writes is not part of the secret.
    ///
    /// # Errors
    /// [`SecretError`], which names the reference and the cause, never what was read.
    pub fn resolve(&self, environment: &dyn Environment) -> Result<SecretString, SecretError> {
        let bytes = Zeroizing::new(self.read(environment)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotText(self.clone()))?;
        let text = match &self.place {
            Place::Variable(_) => text,
            Place::File(_) | Place::Command { .. } => {
                text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text)
            }
        };
        if text.is_empty() {
            return Err(SecretError::Empty(self.clone()));
        }
        if text.chars().any(char::is_control) {
            return Err(SecretError::NotText(self.clone()));
        }
        Ok(SecretString::from(text))
    }

    /// As [`resolve`](Self::resolve), for what is kept on several lines and never goes into a header: a key in PEM.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve); text of any number of lines is taken.
    pub fn resolve_lines(&self, environment: &dyn Environment) -> Result<SecretString, SecretError> {
        let bytes = Zeroizing::new(self.read(environment)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotText(self.clone()))?;
        if text.trim().is_empty() {
            return Err(SecretError::Empty(self.clone()));
        }
        Ok(SecretString::from(text))
    }

    /// Whether the secret is kept carelessly: in a file that every account of the machine may read.
    pub fn exposure(&self, environment: &dyn Environment) -> Option<Exposure> {
        let Place::File(path) = &self.place else {
            return None;
        };
        let mode = environment.permissions(path)?;
        (mode & 0o004 != 0).then(|| Exposure { file: path.clone(), mode })
    }

    fn read(&self, environment: &dyn Environment) -> Result<Vec<u8>, SecretError> {
        match &self.place {
            Place::Variable(name) => environment
                .variable(name)
                .map(std::ffi::OsString::into_encoded_bytes)
                .ok_or_else(|| SecretError::NotSet(name.clone())),
            Place::File(path) => environment
                .read_file(path, LENGTH_LIMIT)
                .map_err(|source| SecretError::Unreadable { reference: self.clone(), source }),
            Place::Command { program, arguments } => environment
                .run(program, arguments, COMMAND_DEADLINE)
                .map_err(|source| SecretError::Command { reference: self.clone(), source }),
        }
    }
}

impl Exposure {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        format!("run `chmod 600 {}` (its mode is {:04o})", self.file.display(), self.mode)
    }
}

impl SecretError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            SecretError::NotSet(_) => "set the variable for this process, or refer to another place in the config",
            SecretError::Unreadable { .. } => "check that the file exists and that this user may read it",
            SecretError::Command { .. } => "run the command by hand as this user to see what it says",
            SecretError::Empty(_) => "put the secret there; an empty one is never sent",
            SecretError::NotText(_) => "keep exactly one line of UTF-8 there, with at most one newline after it",
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretRef({})", self.text)
    }
}

impl Serialize for SecretRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

fn variable_name(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    let well_formed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!first.is_ascii_digit() && text.chars().all(well_formed)).then_some(text)
}

/// Splits a command line at blanks. Single and double quotation marks keep blanks inside and mean nothing else:
/// no variables, no backslashes, because there is no shell that would agree on them.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::super::environment::FixedEnvironment;
    use super::*;

    fn resolve(text: &str, environment: &FixedEnvironment) -> Result<String, String> {
        let reference = SecretRef::parse(text).expect("a reference");
        match reference.resolve(environment) {
            Ok(secret) => Ok(secret.expose_secret().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_secret_comes_from_a_variable_a_file_or_a_command() {
        let environment = FixedEnvironment::default()
            .with_variable("TOKEN", "from-env")
            .with_file("/run/token", "from-file\n")
            .with_command("pass show git/token", "from-exec\r\n");
        assert_eq!(resolve("env:TOKEN", &environment), Ok("from-env".into()));
        assert_eq!(resolve("file:/run/token", &environment), Ok("from-file".into()));
        assert_eq!(resolve("exec:pass 'show' \"git/token\"", &environment), Ok("from-exec".into()));
    }

    #[test]
    fn only_one_newline_belongs_to_the_file_and_not_to_the_secret() {
        let environment = FixedEnvironment::default().with_file("/two", "x\n\n").with_file("/none", "\n");
        assert_eq!(resolve("file:/two", &environment), Err("the secret 'file:/two' is not one line of text".into()));
        assert_eq!(resolve("file:/none", &environment), Err("the secret 'file:/none' is empty".into()));
    }

    #[test]
    fn a_key_may_have_several_lines() {
        let environment = FixedEnvironment::default().with_file("/key", "a\nb\n").with_file("/none", "\n");
        let lines = |text: &str| {
            let reference = SecretRef::parse(text).expect("a reference");
            reference.resolve_lines(&environment).map(|it| it.expose_secret().to_owned()).map_err(|it| it.to_string())
        };
        assert_eq!(lines("file:/key"), Ok("a\nb\n".into()));
        assert_eq!(lines("file:/none"), Err("the secret 'file:/none' is empty".into()));
    }

    #[test]
    fn a_missing_secret_is_named_by_its_reference() {
        let environment = FixedEnvironment::default();
        assert_eq!(resolve("env:NOPE", &environment), Err("environment variable 'NOPE' is not set".into()));
        assert_eq!(resolve("file:/nope", &environment), Err("cannot read the secret 'file:/nope'".into()));
        assert_eq!(resolve("exec:nope -v", &environment), Err("cannot get the secret 'exec:nope -v'".into()));
    }

    #[test]
    fn a_literal_is_refused_without_being_repeated() {
        for text in ["hunter2", "https://hunter2", "env:", "env:1A", "env:hunter-2", "file:", "exec:", "exec:'hunter2"]
        {
            let error = SecretRef::parse(text).expect_err("it is no reference");
            assert!(!error.to_string().contains("hunter"), "{error}");
        }
    }

    #[test]
    fn a_relative_file_is_taken_from_the_folder_of_the_config_and_shows_as_written() {
        let environment = FixedEnvironment::default().with_file("/etc/formulary/token", "t");
        let reference = SecretRef::parse("file:token").expect("a reference").relative_to(Path::new("/etc/formulary"));
        assert_eq!(reference.to_string(), "file:token");
        assert_eq!(reference.resolve(&environment).expect("it is there").expose_secret(), "t");
    }

    #[test]
    fn a_file_that_everyone_may_read_is_told() {
        let environment = FixedEnvironment::default().with_file_mode("/open", "t", 0o644).with_file("/closed", "t");
        let exposure = |text: &str| {
            let reference = SecretRef::parse(text).expect("a reference");
            reference.exposure(&environment).map(|it| it.remedy())
        };
        assert_eq!(exposure("file:/open").as_deref(), Some("run `chmod 600 /open` (its mode is 0644)"));
        assert_eq!(exposure("file:/closed"), None);
        assert_eq!(exposure("env:HOME"), None);
    }
}
