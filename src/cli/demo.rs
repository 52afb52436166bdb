//! `formulary demo`: the whole of it on emulators, in half a minute.
//!
//! Every line that it prints comes from the commands that it names; the demo itself only plays the people around them:
//! somebody who edits a service behind our back, and somebody who commits to the mono-repo.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{ColorChoice, Format, Global, SourceArgs};
use super::sandbox::{addresses, sandbox_error, stopped};
use super::shell::Shell;
use super::{apply, approve, drift, plan};
use crate::engine::report::text::short;
use crate::engine::report::{Page, Tone};
use crate::runtime::sandbox::sample::{Client, MonoRepo, REALM, SampleError, push, seed, write_config};
use crate::runtime::sandbox::{Sandbox, SandboxOptions};

/// Options of `demo`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary demo\n  formulary demo --keep      then try the commands yourself, with the config that it names\n\nEverything happens on 127.0.0.1 and in a temporary folder, and is gone afterwards."
)]
pub struct DemoArgs {
    /// Leave the sandbox running at the end, and print its URLs and credentials.
    #[arg(long)]
    keep: bool,
}

pub(super) async fn run(args: &DemoArgs, shell: &Shell) -> Result<Exit, CommandError> {
    let folder = tempfile::Builder::new().prefix("formulary-demo-").tempdir()?;
    let options = SandboxOptions::default();
    let sandbox = Sandbox::start(options, seed).await.map_err(|error| sandbox_error(&error))?;
    let mono_repo = MonoRepo::create(&folder.path().join("platform-formulas")).map_err(|error| git_error(&error))?;
    let config = folder.path().join("formulary.yaml");
    write_config(&sandbox, &config, Some(mono_repo.folder()))?;
    let demo = Demo { shell, sandbox: &sandbox, mono_repo: &mono_repo, config: config.clone() };
    demo.play().await?;
    if args.keep {
        demo.tell("The sandbox stays", "until you stop it (Ctrl-C). The config is enough for every command:");
        shell.print(&addresses(&sandbox, shell))?;
        for line in [
            format!("config      {}", config.display()),
            format!("mono-repo   {}", mono_repo.folder().display()),
            format!("try         formulary --config {} drift", config.display()),
        ] {
            shell.print(&format!("{line}\n"))?;
        }
        let credentials = folder.path().join("credentials.json");
        sandbox.write_credentials(&credentials).map_err(|error| sandbox_error(&error))?;
        shell.print(&format!("credentials {}\n", credentials.display()))?;
        stopped().await;
    }
    sandbox.stop().await;
    Ok(Exit::Done)
}

struct Demo<'a> {
    shell: &'a Shell,
    sandbox: &'a Sandbox,
    mono_repo: &'a MonoRepo,
    config: PathBuf,
}

impl Demo<'_> {
    async fn play(&self) -> Result<(), CommandError> {
        self.tell(
            "1. A company brings its platform under Git",
            "Keycloak, Gitea, Mattermost, Coder, Twenty, Kubernetes and Backstage are running (emulators, real HTTP). Some people have accounts \
             already; the mono-repo declares them all. Nothing is taken over unseen: adoptions wait for a word.",
        );
        self.plan().await?;
        self.approve("adoptions", "these are our people").await?;
        self.apply().await?;
        self.settle().await?;
        self.tell("2. Once more", "Apply, then plan again, then expect nothing.");
        self.plan().await?;
        self.tell(
            "3. Somebody edits the services behind our back",
            "In Gitea the rights of a team are widened and an organisation gets another description; in Keycloak \
             somebody joins a group, and an account is switched off; in Mattermost somebody is let into a private \
             channel; in Coder a template gets another name; in Twenty a salesperson throws a contact away and writes another \
             one's company; \
             in Kubernetes the policy of Claude Code is edited with kubectl.",
        );
        self.behind_our_back().await.map_err(|error| CommandError::of(Exit::Error, &error))?;
        self.drift().await?;
        self.tell("", "What only closes access is repaired at once; what opens access waits for a word.");
        self.apply().await?;
        self.approve("opens access", "checked with Grace: it was a mistake").await?;
        self.apply().await?;
        self.tell(
            "4. A commit: Nadia joins, Henry leaves",
            "A leaver is blocked everywhere and loses nothing yet: returning restores.",
        );
        self.joiner_and_leaver().map_err(|error| git_error(&error))?;
        self.push().await?;
        self.plan().await?;
        self.apply().await?;
        self.tell(
            "5. A commit that would remove half of the people",
            "Beyond the budget the plan stops there, and says so.",
        );
        self.half_of_the_people().map_err(|error| git_error(&error))?;
        self.push().await?;
        self.apply().await?;
        self.tell(
            "That was all of it",
            "Each line came from the commands above. Next: formulary demo --keep, or the README.",
        );
        Ok(())
    }

    /// Plans, and prints the command that did.
    async fn plan(&self) -> Result<(), CommandError> {
        self.command("plan");
        plan::run(&plan::PlanArgs::default(), &self.global(), self.shell).await.map(drop)
    }

    async fn apply(&self) -> Result<(), CommandError> {
        self.command("apply");
        apply::run(&apply::ApplyArgs::default(), &self.global(), self.shell).await.map(drop)
    }

    async fn drift(&self) -> Result<(), CommandError> {
        self.command("drift");
        drift::run(&drift::DriftArgs::default(), &self.global(), self.shell).await.map(drop)
    }

    /// Approves every waiting group whose name ends so, in each installation.
    async fn approve(&self, group: &str, reason: &str) -> Result<(), CommandError> {
        for (name, digest) in self.waiting().await? {
            if name.ends_with(group) {
                self.command(&format!("approve {} --reason '{reason}'", short(&digest)));
                let args = approve::ApproveArgs::new(short(&digest), reason, "dana");
                approve::run(&args, &self.global(), self.shell).await?;
            }
        }
        Ok(())
    }

    /// Approves and applies until nothing waits: what is taken over may then show what else waits for a word.
    async fn settle(&self) -> Result<(), CommandError> {
        // An account is known by its subject, which the first apply brings: Gitea's adoptions can follow in a second.
        for _ in 0..3 {
            if self.waiting().await?.is_empty() {
                return Ok(());
            }
            self.approve("", "seen in the plan").await?;
            self.apply().await?;
        }
        Ok(())
    }

    async fn waiting(&self) -> Result<Vec<(String, String)>, CommandError> {
        let context = Context::open(&self.global(), self.shell)?;
        let ledger = context.ledger().await?;
        let activity = self.shell.activity("planning");
        let (world, _) = context.world(&SourceArgs::default(), Some(&ledger), &activity).await?;
        let plan = world.plan(&context.approvals(&ledger).await?).planned.plan;
        Ok(plan.waiting.into_iter().map(|group| (group.name, group.digest)).collect())
    }

    /// What an administrator does by hand, through the services' own APIs.
    async fn behind_our_back(&self) -> Result<(), SampleError> {
        if let Some(served) = self.sandbox.service("gitea") {
            let gitea = Client::administrator(served)?;
            let teams = gitea.get("/api/v1/orgs/acme-corp/teams?limit=50").await?;
            let team = named(&teams, "ml-research");
            let mut units = team["units_map"].clone();
            for unit in ["repo.code", "repo.issues", "repo.pulls"] {
                units[unit] = json!("admin");
            }
            let widened = json!({ "name": "ml-research", "permission": "write", "units_map": units });
            gitea.patch(&format!("/api/v1/teams/{}", team["id"]), widened).await?;
            gitea.patch("/api/v1/orgs/acme-corp", json!({ "description": "Edited by hand" })).await?;
        }
        if let Some(served) = self.sandbox.service("keycloak") {
            let keycloak = Client::administrator(served)?;
            let realm = format!("/admin/realms/{REALM}");
            let intern = keycloak.get(&format!("{realm}/users?username=old-intern&exact=true")).await?;
            let found = keycloak.get(&format!("{realm}/group-by-path/acme-corp/platform-core")).await?;
            let join = format!("{realm}/users/{}/groups/{}", text(&intern[0]["id"]), text(&found["id"]));
            keycloak.put(&join, Value::Null).await?;
            let grace = keycloak.get(&format!("{realm}/users?username=grace&exact=true")).await?;
            let mut account = keycloak.get(&format!("{realm}/users/{}", text(&grace[0]["id"]))).await?;
            account["enabled"] = json!(false);
            keycloak.put(&format!("{realm}/users/{}", text(&grace[0]["id"])), account).await?;
        }
        if let Some(served) = self.sandbox.service("mattermost") {
            let mattermost = Client::administrator(served)?;
            let intern = mattermost.get("/api/v4/users/username/old-intern").await?;
            let channel = mattermost.get("/api/v4/teams/name/acme-corp/channels/name/ml-research").await?;
            let join = format!("/api/v4/channels/{}/members", text(&channel["id"]));
            mattermost.post(&join, json!({ "user_id": intern["id"] })).await?;
        }
        if let Some(served) = self.sandbox.service("coder") {
            let coder = Client::administrator(served)?;
            let template = coder.get("/api/v2/organizations/default/templates/ml-research").await?;
            let path = format!("/api/v2/templates/{}", text(&template["id"]));
            coder.patch(&path, json!({ "display_name": "Grace's experiment" })).await?;
        }
        if let Some(served) = self.sandbox.service("twenty") {
            let twenty = Client::administrator(served)?;
            let contact = async |address: &str| -> Result<String, SampleError> {
                let found = twenty.get(&format!("/rest/people?filter=emails.primaryEmail[eq]:%22{address}%22")).await?;
                Ok(text(&found["data"]["people"][0]["id"]).to_owned())
            };
            let farid = contact("farid@acme.example").await?;
            twenty.delete(&format!("/rest/people/{farid}?soft_delete=true")).await?;
            let dmitri = contact("dmitri@acme.example").await?;
            twenty.patch(&format!("/rest/people/{dmitri}"), json!({ "companyId": null })).await?;
        }
        if let Some(served) = self.sandbox.service("kubernetes") {
            let cluster = Client::administrator(served)?;
            let path = "/api/v1/namespaces/coder/configmaps/claude-code-enterprise-config";
            let mut map = cluster.get(path).await?;
            let policy = text(&map["data"]["managed-settings.json"]).replace("\"Bash(sudo *)\",", "");
            map["data"]["managed-settings.json"] = policy.into();
            cluster.put(&format!("{path}?fieldManager=kubectl-edit"), map).await?;
        }
        Ok(())
    }

    fn joiner_and_leaver(&self) -> Result<(), git2::Error> {
        self.mono_repo.write(
            "users/acme-corp/nadia.yaml",
            "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: nadia\nspec:\n  profile:\n    \
             displayName: Nadia Haddad\n    email: nadia@acme.example\n  memberOf:\n    - acme-corp\n    - platform-core\n",
        )?;
        self.mono_repo.remove("users/acme-corp/henry.yaml")?;
        self.mono_repo.commit("Nadia joins platform-core, Henry leaves")
    }

    fn half_of_the_people(&self) -> Result<(), git2::Error> {
        for name in ["alice", "dmitri", "elena", "farid", "grace", "nadia"] {
            self.mono_repo.remove(&format!("users/acme-corp/{name}.yaml"))?;
        }
        self.mono_repo.remove("users/acme-corp/workspaces/alice-ml.yaml")?;
        self.mono_repo.commit("Tidy up users/")
    }

    /// What is committed is where Backstage reads it.
    async fn push(&self) -> Result<(), CommandError> {
        let files = self.mono_repo.files().map_err(|error| git_error(&error))?;
        push(self.sandbox, &files).await.map_err(|error| CommandError::of(Exit::Error, &error))
    }

    fn global(&self) -> Global {
        Global {
            config: Some(self.config.clone()),
            color: ColorChoice::Auto,
            format: Format::Text,
            verbose: 0,
            quiet: false,
        }
    }

    fn tell(&self, title: &str, text: &str) {
        let mut page = Page::new(self.shell.look());
        page.line(0, Tone::Plain, "");
        if !title.is_empty() {
            page.line(0, Tone::Strong, &format!("── {title} ──"));
        }
        page.line(0, Tone::Plain, text);
        // The story goes where the results go, so that both stand in order in a file, too.
        let _ = self.shell.print(&page.finish());
    }

    fn command(&self, command: &str) {
        let mut page = Page::new(self.shell.look());
        page.line(0, Tone::Plain, "");
        page.raw(0, Tone::Strong, &format!("$ formulary {command}"));
        let _ = self.shell.print(&page.finish());
    }
}

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    list.as_array().into_iter().flatten().find(|item| item["name"] == name).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn git_error(error: &git2::Error) -> CommandError {
    CommandError::of(Exit::Error, error)
}
