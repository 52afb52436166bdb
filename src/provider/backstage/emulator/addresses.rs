//! Which addresses may be read and how (guide, section 2.4): by integration, by allowed host, and in the forms of each.

use sha_one::hex_of;
use url::Url;

use super::files::{Files, Read};
use super::problem::Problem;
use super::settings::Settings;

/// Reads a file as the catalogue's reader does. `None` where a file that may be missing is.
pub(super) fn read(
    settings: &Settings,
    files: &dyn Files,
    address: &str,
    may_be_missing: bool,
) -> Result<Option<String>, Problem> {
    let failed = |why: String| Problem::new("Error", format!("Unable to read url, {why}"));
    let not_allowed = || {
        failed(format!(
            "Reading from '{address}' is not allowed. You may need to configure an integration for the target host, or add \
             it to the configured list of allowed hosts at 'backend.reading.allow'"
        ))
    };
    let url = Url::parse(address).map_err(|_| failed(format!("TypeError: Invalid URL: {address}")))?;
    let host = host_of(&url);
    let is_gitea = settings.gitea_hosts.contains(&host);
    if !is_gitea && !settings.allowed_hosts.contains(&host) {
        return Err(not_allowed());
    }
    if is_gitea {
        if url.path().contains(['*', '?']) || url.query().is_some() {
            return Err(failed("Unsupported search pattern URL".to_owned()));
        }
        if gitea_parts(&url).is_none() {
            return Err(failed(format!("Error: Incorrect Gitea URL: {address}")));
        }
    }
    match files.read(address) {
        Read::Text(text) => Ok(Some(text)),
        Read::NotFound if may_be_missing => Ok(None),
        Read::NotFound => Err(Problem::not_found(format!("Unable to read url, no matching files found for {address}"))),
        Read::Failed(why) => Err(failed(why)),
    }
}

/// The host with its port, as configs write it.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// `owner/repository/src/branch/ref/path`; split at `/`, so that a branch with one in its name is cut.
fn gitea_parts(url: &Url) -> Option<[&str; 3]> {
    let mut parts = url.path().trim_start_matches('/').split('/');
    let (owner, repository) = (parts.next()?, parts.next()?);
    (parts.next()? == "src" && parts.next()? == "branch").then_some(())?;
    let branch = parts.next()?;
    (![owner, repository, branch].contains(&"") && parts.next().is_some()).then_some([owner, repository, branch])
}

/// Where a target leads that is written beside a file.
pub(super) fn resolve(target: &str, base: &str) -> String {
    if Url::parse(target).is_ok() {
        return target.to_owned();
    }
    Url::parse(base).and_then(|base| base.join(target)).map_or_else(|_| target.to_owned(), |it| it.to_string())
}

/// Where a file is edited: a page of the forge's, or the file itself where no integration knows better.
pub(super) fn edit(settings: &Settings, address: &str) -> String {
    let is_gitea = Url::parse(address).is_ok_and(|url| settings.gitea_hosts.contains(&host_of(&url)));
    if is_gitea { address.replacen("/src/branch/", "/_edit/", 1) } else { address.to_owned() }
}

/// The folder of a file.
pub(super) fn folder(address: &str) -> String {
    resolve("./", address)
}

/// The name of the Location entity of a registered target.
pub(super) fn generated_name(kind: &str, target: &str) -> String {
    format!("generated-{}", hex_of(&format!("{kind}:{target}")))
}

/// SHA-1, which names things here and protects nothing.
pub(super) mod sha_one {
    use std::fmt::Write;

    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

    /// The digest of a text in hex.
    pub(in super::super) fn hex_of(text: &str) -> String {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a text cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}
