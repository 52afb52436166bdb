//! A config that points at a sandbox, with its secrets in files beside it.

use std::io;
use std::path::Path;

use super::backstage::ROOT;
use super::gitea::SOURCE_ID;
use super::{CLIENT_ID, CLIENT_SECRET, ORGANISATION, REALM};
use crate::provider::emulator::serve::Served;
use crate::runtime::sandbox::Sandbox;

/// Writes a config for the services of a running sandbox, in mode `enforce`. `repository` is the mono-repo, if it is
/// known; secrets go into files of mode 0600 beside the config, and are referred to.
///
/// # Errors
/// When a file cannot be written.
pub fn write_config(sandbox: &Sandbox, path: &Path, repository: Option<&Path>) -> io::Result<()> {
    let stem = path.file_stem().map_or("sandbox".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let folder = path.parent().unwrap_or(Path::new(""));
    let secret = |service: &str, secret: &str| -> io::Result<String> {
        let name = format!("{stem}.{service}.secret");
        write_private(&folder.join(&name), secret)?;
        Ok(format!("file:{name}"))
    };
    let mut text =
        "# Made by 'formulary sandbox': points at emulators on this machine, which forget all when they stop.\n\
                    platform: acme\n"
            .to_owned();
    if let Some(repository) = repository {
        text.push_str(&format!("repository:\n  url: \"{}\"\n  branch: main\n", repository.display()));
    }
    text.push_str(&format!("ledger:\n  path: .{stem}/ledger.db\nservices:\n"));
    if let Some(served) = sandbox.service("keycloak") {
        let reference = secret("keycloak", CLIENT_SECRET)?;
        let gitea = sandbox.service("gitea").map_or("http://127.0.0.1", |served| served.base());
        text.push_str(&format!(
            "  keycloak:\n    url: {}\n    credentials:\n      client_id: {CLIENT_ID}\n      client_secret: {reference}\n\
             \x20   # Nothing is written in mode 'report', which every new instance starts with.\n    mode: enforce\n\
             \x20   options:\n      realm: {REALM}\n      version: 26.7.3\n      vouch_for_email: true\n\
             \x20     first_sign_in: none\n      clients:\n        - client_id: gitea\n          name: Gitea\n\
             \x20         root_url: {gitea}\n          redirect_uris: [\"{gitea}/user/oauth2/keycloak/callback\"]\n",
            served.base()
        ));
        if let Some(mattermost) = sandbox.service("mattermost").map(Served::base) {
            text.push_str(&format!(
                "        - client_id: mattermost\n          name: Mattermost\n          root_url: {mattermost}\n\
                 \x20         redirect_uris: [\"{mattermost}/signup/gitlab/complete\"]\n"
            ));
        }
    }
    if let Some(served) = sandbox.service("gitea") {
        let reference = secret("gitea", &token_of(served, "admin token"))?;
        text.push_str(&format!(
            "  gitea:\n    url: {}\n    credentials:\n      token: {reference}\n    mode: enforce\n    options:\n\
             \x20     source_id: {SOURCE_ID}\n      user_visibility: limited\n      repositories:\n\
             \x20       - owner: {ORGANISATION}\n          name: platform-formulas\n\
             \x20         description: What the platform holds\n          protection:\n            rule: main\n\
             \x20           required_approvals: 1\n",
            served.base()
        ));
    }
    if let Some(served) = sandbox.service("mattermost") {
        let reference = secret("mattermost", &token_of(served, "admin token"))?;
        // Without Keycloak there are no numbers to sign in by.
        let options = match sandbox.service("keycloak") {
            Some(_) => "    options:\n      sign_in: gitlab\n      sign_in_client: mattermost\n",
            None => "",
        };
        text.push_str(&format!(
            "  mattermost:\n    url: {}\n    credentials:\n      token: {reference}\n    mode: enforce\n{options}",
            served.base()
        ));
    }
    if let Some(served) = sandbox.service("coder") {
        let token = served.credentials().get("daemon").and_then(|headers| headers.get("Coder-Session-Token")).cloned();
        let reference = secret("coder", &token.unwrap_or_default())?;
        text.push_str(&format!(
            "  coder:\n    url: {}\n    credentials:\n      token: {reference}\n    mode: enforce\n    options:\n\
             \x20     # People have had passwords there so far.\n      sign_in: password\n      templates:\n        ml-research:\n\
             \x20         variables: {{ data_mount: /mnt/data }}\n",
            served.base()
        ));
    }
    if let Some(served) = sandbox.service("twenty") {
        let reference = secret("twenty", &token_of(served, "writer key"))?;
        text.push_str(&format!(
            "  twenty:\n    url: {}\n    credentials:\n      token: {reference}\n    mode: enforce\n\
             \x20   # Its API takes 100 calls a minute from everybody together, unless an operator says otherwise, as here.\n\
             \x20   limits: {{ requests_per_minute: 1000 }}\n    options:\n\
             \x20     opportunities: workspaces\n      stages: {{ open: NEW, ended: CUSTOMER }}\n",
            served.base()
        ));
    }
    if let Some(served) = sandbox.service("kubernetes") {
        let reference = secret("kubernetes", &token_of(served, "daemon"))?;
        text.push_str(&format!(
            "  kubernetes:\n    url: {}\n    credentials:\n      token: {reference}\n    mode: enforce\n    options:\n\
             \x20     # What Claude Code may do in workspaces: a ConfigMap that their pods mount.\n\
             \x20     targets: [{{ namespace: coder }}]\n      conflicts: take-over\n",
            served.base()
        ));
    }
    if let Some(served) = sandbox.service("backstage") {
        let reference = secret("backstage", &token_of(served, "daemon"))?;
        text.push_str(&format!(
            "  backstage:\n    url: {}\n    credentials:\n      token: {reference}\n    mode: enforce\n    options:\n\
             \x20     # Where Backstage reads the mono-repo's files.\n      catalog: {{ url: \"{ROOT}\" }}\n",
            served.base()
        ));
    }
    std::fs::write(path, text)
}

/// The token of somebody whom an emulator knows.
fn token_of(served: &Served, principal: &str) -> String {
    let credentials = served.credentials();
    let header = credentials.get(principal).and_then(|headers| headers.get("Authorization"));
    header.and_then(|header| header.split_once(' ')).map(|(_, token)| token.to_owned()).unwrap_or_default()
}

/// A file that its owner alone can read.
fn write_private(path: &Path, content: &str) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content.as_bytes())
}
