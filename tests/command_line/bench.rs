//! A folder with a config and a mono-repo, a sandbox, and the binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use formulary::runtime::sandbox::sample::{Client, seed, write_config};
use formulary::runtime::sandbox::{Sandbox, SandboxOptions};
use regex::Regex;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The sandbox's realm, where a test fills it by itself.
pub const REALM: &str = "small";
/// What our client in it may do.
const RIGHTS: [&str; 5] = ["manage-users", "manage-organizations", "manage-clients", "view-realm", "manage-realm"];

/// Where the binary runs.
pub struct Bench {
    pub folder: TempDir,
    pub sandbox: Sandbox,
}

/// What it said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// What people read is told of two services; a third one would double it and say nothing new.
fn two_services() -> SandboxOptions {
    SandboxOptions { only: vec!["keycloak".into(), "gitea".into()], ..SandboxOptions::default() }
}

impl Bench {
    /// A sandbox with the sample platform's state, and `formulary.yaml` that points at it.
    pub async fn sample() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(two_services(), seed).await.unwrap();
        write_config(&sandbox, &folder.path().join("formulary.yaml"), None).unwrap();
        Self { folder, sandbox }
    }

    /// As [`Bench::sample`], with every service that there is.
    pub async fn everything() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(SandboxOptions::default(), seed).await.unwrap();
        write_config(&sandbox, &folder.path().join("formulary.yaml"), None).unwrap();
        Self { folder, sandbox }
    }

    /// New installations with a small realm, and a config for them.
    pub async fn small() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start_fresh(two_services()).await.unwrap();
        let bench = Self { folder, sandbox };
        bench.fill().await;
        let token = bench.sandbox.service("gitea").unwrap().credentials()["admin token"]["Authorization"].clone();
        let (_, token) = token.split_once(' ').unwrap();
        bench.secret("keycloak.secret", "the-secret");
        bench.secret("gitea.secret", token);
        bench.write("formulary.yaml", &bench.config("enforce"));
        bench
    }

    /// A config for the small realm.
    pub fn config(&self, mode: &str) -> String {
        let (keycloak, gitea) = (self.base("keycloak"), self.base("gitea"));
        format!(
            "platform: small
ledger:
  path: state/ledger.db
services:
  keycloak:
    url: {keycloak}
    mode: {mode}
    credentials: {{ client_id: formulary, client_secret: \"file:keycloak.secret\" }}
    options: {{ realm: {REALM}, version: 26.7.3, vouch_for_email: true, first_sign_in: none }}
  gitea:
    url: {gitea}
    mode: {mode}
    credentials: {{ token: \"file:gitea.secret\" }}
    options: {{ source_id: 1 }}
"
        )
    }

    /// Makes the small realm with our client in it.
    pub async fn fill(&self) {
        let keycloak = self.administrator("keycloak");
        keycloak.post("/admin/realms", json!({ "realm": REALM, "enabled": true })).await.unwrap();
        let realm = format!("/admin/realms/{REALM}");
        let ours = json!({
            "clientId": "formulary", "secret": "the-secret", "serviceAccountsEnabled": true,
            "standardFlowEnabled": false, "publicClient": false,
        });
        let (_, id) = keycloak.post(&format!("{realm}/clients"), ours).await.unwrap();
        let account = keycloak.get(&format!("{realm}/clients/{id}/service-account-user")).await.unwrap();
        let management = keycloak.get(&format!("{realm}/clients?clientId=realm-management")).await.unwrap();
        let management = management[0]["id"].as_str().unwrap().to_owned();
        let mut roles = Vec::new();
        for right in RIGHTS {
            let role = keycloak.get(&format!("{realm}/clients/{management}/roles/{right}")).await.unwrap();
            roles.push(json!({ "id": role["id"], "name": role["name"] }));
        }
        let account = account["id"].as_str().unwrap();
        let path = format!("{realm}/users/{account}/role-mappings/clients/{management}");
        keycloak.post(&path, Value::Array(roles)).await.unwrap();
    }

    /// Somebody else's hand.
    pub fn administrator(&self, service: &str) -> Client {
        Client::administrator(self.sandbox.service(service).unwrap()).unwrap()
    }

    pub fn base(&self, service: &str) -> String {
        self.sandbox.service(service).unwrap().base().to_owned()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file below the folder.
    pub fn write(&self, path: &str, text: &str) {
        write(self.folder.path(), path, text);
    }

    /// Writes a file that its owner alone may read.
    pub fn secret(&self, path: &str, secret: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(path, secret);
        std::fs::set_permissions(self.path(path), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Two people, one team.
    pub fn mono_repo(&self) {
        self.write("repo/users/acme/organisation.yaml", &organisation("acme"));
        self.write("repo/users/acme/core.yaml", &team("core", "acme"));
        self.write("repo/users/acme/alice.yaml", &person("alice", &["acme", "core"]));
        self.write("repo/users/acme/bob.yaml", &person("bob", &["acme"]));
    }

    /// Runs a command line in the folder.
    pub fn run(&self, line: &str) -> Said {
        self.run_with(line, &[])
    }

    /// Runs a command line with variables of the environment.
    pub fn run_with(&self, line: &str, variables: &[(&str, &str)]) -> Said {
        run_in(self.folder.path(), line, variables)
    }
}

/// Runs a command line in a folder, in an environment that is empty but for what a terminal has.
pub fn run_in(folder: &Path, line: &str, variables: &[(&str, &str)]) -> Said {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("formulary"));
    command.current_dir(folder).env_clear().env("NO_COLOR", "1").env("COLUMNS", "100").env("USER", "grace");
    command.env("HOME", folder).envs(variables.iter().copied()).args(line.split_whitespace());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| filtered(&String::from_utf8(bytes).unwrap(), folder);
    // A process that was killed has no code.
    Said { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}

/// What differs from run to run, replaced.
fn filtered(text: &str, folder: &Path) -> String {
    let mut text = text.replace(folder.canonicalize().unwrap().to_str().unwrap(), "[folder]");
    text = text.replace(folder.to_str().unwrap(), "[folder]");
    let filters = [
        (r"127\.0\.0\.1:\d+", "[host]"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
        (r"sha256:[0-9a-f]+", "[revision]"),
        (r"\b[0-9a-f]{12,64}\b", "[digest]"),
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", "[time]"),
        (r"\d{4}-\d\d-\d\d( \((today|1 day)\))?", "[day]"),
        (r"there, id \d+", "there, id [id]"),
    ];
    for (pattern, replacement) in filters {
        text = Regex::new(pattern).unwrap().replace_all(&text, replacement).into_owned();
    }
    text
}

pub fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub fn organisation(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n  type: organization\n  children: []\n"
    )
}

pub fn team(name: &str, parent: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n  type: team\n  parent: {parent}\n  \
         children: []\n"
    )
}

pub fn person(name: &str, groups: &[&str]) -> String {
    let mut called = name.to_owned();
    called[..1].make_ascii_uppercase();
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: {name}\nspec:\n  profile:\n    displayName: {called} \
         Jones\n    email: {name}@acme.example\n  memberOf: [{}]\n",
        groups.join(", ")
    )
}

impl Said {
    /// Both outputs and the code, as a transcript shows them.
    pub fn transcript(&self) -> String {
        let mut text = String::new();
        for (name, said) in [("", &self.out), ("--- stderr\n", &self.err)] {
            if !said.is_empty() {
                text.push_str(name);
                text.push_str(said);
            }
        }
        format!("{text}--- exit {}", self.code)
    }

    /// Fails with all that was said unless it exited so.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.transcript());
        self
    }

    /// Fails with all that was said unless each of these was said.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        let all = self.transcript();
        for text in texts {
            assert!(all.contains(text), "it does not say {text:?}:\n{all}");
        }
        self
    }
}
