//! What the imitated service begins with, as data: accounts, Apps, installations, repositories, tokens.
//!
//! Much of it cannot be made by the API: Apps are registered and installed in a browser. A scene can be added at any time
//! through the hook `scene` of the control address.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::RepoRole;
use super::accounts::{Account, Kind};
use super::apps::{App, Installation};
use super::branches::Ruleset;
use super::git::{File, Files, Signature};
use super::hooks::{Delivery, Target};
use super::issues::Issue;
use super::keys;
use super::members::{Membership, Role, State};
use super::permissions::{Level, Permissions};
use super::pulls::Pull;
use super::repos::Repo;
use super::teams::{Team, slug};
use super::tokens::Grant;
use super::world::World;

/// Things to be there, in the order of the fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scene {
    /// People and organisations.
    pub accounts: Vec<AccountScene>,
    /// Apps.
    pub apps: Vec<AppScene>,
    /// Repositories.
    pub repositories: Vec<RepositoryScene>,
    /// Where Apps are installed.
    pub installations: Vec<InstallationScene>,
    /// Tokens, by the name that tests know their holders by.
    pub tokens: Vec<TokenScene>,
    /// What was delivered to Apps.
    pub deliveries: Vec<DeliveryScene>,
}

/// A person or an organisation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountScene {
    /// Its login.
    pub login: String,
    /// Its number, where that matters.
    pub id: Option<i64>,
    /// Whether it is an organisation.
    pub organization: bool,
    /// What it calls itself.
    pub name: Option<String>,
    /// Its address.
    pub email: Option<String>,
    /// Whether it is of GitHub's staff.
    pub site_admin: bool,
    /// Its members by login: `member`, `admin`, or `pending`.
    pub members: BTreeMap<String, String>,
    /// Its teams.
    pub teams: Vec<TeamScene>,
}

/// A team.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TeamScene {
    /// Its name.
    pub name: String,
    /// Its number, where that matters.
    pub id: Option<i64>,
    /// What it is for.
    pub description: Option<String>,
    /// `closed` or `secret`.
    pub privacy: Option<String>,
    /// Logins.
    pub members: Vec<String>,
}

/// An App.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppScene {
    /// Its name in addresses.
    pub slug: String,
    /// Its number, where that matters.
    pub id: Option<i64>,
    /// Its client id; made of its number where none is given.
    pub client_id: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: String,
    /// Its home page.
    pub external_url: String,
    /// The login of its owner.
    pub owner: String,
    /// What it asks for.
    pub permissions: Permissions,
    /// The events that it wants.
    pub events: Vec<String>,
    /// Where it wants them.
    pub hook: Map<String, Value>,
    /// Whether its tokens have the older, short form.
    pub opaque_tokens: bool,
}

/// An App at an account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InstallationScene {
    /// The App's name in addresses.
    pub app: String,
    /// The account's login.
    pub account: String,
    /// Its number, where that matters.
    pub id: Option<i64>,
    /// What the owner accepted; what the App asks for where nothing is said.
    pub permissions: Option<Permissions>,
    /// Names of repositories; all where there are none.
    pub repositories: Option<BTreeSet<String>>,
    /// The login of who suspended it.
    pub suspended_by: Option<String>,
}

/// A repository.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepositoryScene {
    /// `owner/name`.
    pub name: String,
    /// Its number, where that matters.
    pub id: Option<i64>,
    /// Whether strangers see it.
    pub private: bool,
    /// What it is for.
    pub description: Option<String>,
    /// Its home page.
    pub homepage: Option<String>,
    /// The language of most of it.
    pub language: Option<String>,
    /// The key of its licence.
    pub license: Option<String>,
    /// Its size in kilobytes.
    pub size: i64,
    /// Whether issues are switched off.
    pub without_issues: bool,
    /// Whether it was made of another one that is not here.
    pub fork: bool,
    /// `owner/name` of the one here that it was made of.
    pub fork_of: Option<String>,
    /// Words for searches.
    pub topics: Vec<String>,
    /// `main` where nothing is said.
    pub default_branch: Option<String>,
    /// Commits, each after those before it.
    pub commits: Vec<CommitScene>,
    /// Branches that are no commit's own, by the branch whose head they share.
    pub branches: BTreeMap<String, String>,
    /// What people may do beside what follows from where they are, by login.
    pub collaborators: BTreeMap<String, RepoRole>,
    /// What teams of its organisation may do in it, by slug.
    pub teams: BTreeMap<String, RepoRole>,
    /// The last number that an issue or a pull request had which is not here.
    pub last_number: i64,
    /// Titles of issues, numbered from there on.
    pub issues: Vec<String>,
    /// Who wrote them.
    pub issues_by: String,
    /// Pull requests.
    pub pulls: Vec<PullScene>,
    /// Rules for branches.
    pub rulesets: Vec<Ruleset>,
}

/// A commit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommitScene {
    /// The branch that it stands on; the default one where nothing is said. A new one begins at the default one.
    pub branch: Option<String>,
    /// The login of its author; the repository's owner where nothing is said.
    pub by: Option<String>,
    /// What it says.
    pub message: String,
    /// Files by path; `null` takes away.
    pub files: BTreeMap<String, Option<String>>,
}

/// A pull request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PullScene {
    /// Its number, where that matters.
    pub number: Option<i64>,
    /// `branch`, or `owner:branch` of a fork.
    pub head: String,
    /// The branch that it goes to; the default one where nothing is said.
    pub base: Option<String>,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: Option<String>,
    /// The login of its author.
    pub user: String,
}

/// A token.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenScene {
    /// Whom tests know as its holder.
    pub holder: String,
    /// The text itself, where that matters.
    pub text: Option<String>,
    /// What it is of.
    pub of: TokenOf,
    /// Days that it lives; for ever where nothing is said.
    pub days: Option<i64>,
}

/// What a token is of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum TokenOf {
    /// Nobody: it is none.
    #[default]
    Nobody,
    /// A person's, by scopes.
    Classic {
        /// The login.
        user: String,
        /// `repo`, `admin:org`, …
        scopes: Vec<String>,
    },
    /// A person's, for one owner's repositories.
    FineGrained {
        /// The login.
        user: String,
        /// The owner of the repositories.
        owner: String,
        /// Names of repositories; all where there are none.
        #[serde(default)]
        repositories: Option<BTreeSet<String>>,
        /// What it allows.
        permissions: Permissions,
    },
    /// A person's, made for an App.
    AppUser {
        /// The login.
        user: String,
        /// The App's name in addresses.
        app: String,
    },
    /// An App's at an account.
    Installation {
        /// The App's name in addresses.
        app: String,
        /// The account's login.
        account: String,
    },
    /// One that an App signs itself, moved in time by so many seconds.
    App {
        /// The App's name in addresses.
        app: String,
        /// Seconds by which its clock is ahead.
        #[serde(default)]
        ahead: i64,
    },
}

/// Something that was delivered to an App's webhook.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryScene {
    /// Its number.
    pub id: i64,
    /// The App's name in addresses.
    pub app: String,
    /// What happened.
    pub event: String,
    /// What was sent.
    pub payload: Value,
    /// Where to.
    pub url: String,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// How long that took.
    pub seconds: f64,
}

impl Scene {
    /// An organisation with an owner and a member, our App installed on it, and the mono-repo.
    pub fn acme() -> Self {
        let member = |login: &str| AccountScene { login: login.to_owned(), ..AccountScene::default() };
        let read = Level::Read;
        Scene {
            accounts: vec![
                member("alice"),
                member("bob"),
                AccountScene {
                    login: "acme-corp".to_owned(),
                    organization: true,
                    members: [("alice", "admin"), ("bob", "member")]
                        .map(|(login, role)| (login.to_owned(), role.to_owned()))
                        .into(),
                    ..AccountScene::default()
                },
            ],
            apps: vec![AppScene {
                slug: "formulary".to_owned(),
                id: Some(1001),
                client_id: Some("Iv23liFormularySandbox".to_owned()),
                name: Some("Formulary".to_owned()),
                owner: "acme-corp".to_owned(),
                external_url: "https://formulary.dev".to_owned(),
                permissions: Permissions::of(&[("contents", read), ("metadata", read), ("repository_hooks", read)]),
                events: vec!["push".to_owned()],
                ..AppScene::default()
            }],
            repositories: vec![RepositoryScene {
                name: "acme-corp/platform".to_owned(),
                private: true,
                description: Some("People, organisations and workspaces of Acme".to_owned()),
                commits: vec![CommitScene {
                    message: "Begin".to_owned(),
                    files: [("README.md".to_owned(), Some("# Platform\n".to_owned()))].into(),
                    ..CommitScene::default()
                }],
                ..RepositoryScene::default()
            }],
            installations: vec![InstallationScene {
                app: "formulary".to_owned(),
                account: "acme-corp".to_owned(),
                ..InstallationScene::default()
            }],
            tokens: vec![
                TokenScene {
                    holder: "admin".to_owned(),
                    of: TokenOf::Classic {
                        user: "alice".to_owned(),
                        scopes: ["repo", "admin:org", "admin:repo_hook", "workflow"].map(str::to_owned).to_vec(),
                    },
                    ..TokenScene::default()
                },
                TokenScene {
                    holder: "app".to_owned(),
                    of: TokenOf::App { app: "formulary".to_owned(), ahead: 0 },
                    ..TokenScene::default()
                },
            ],
            deliveries: Vec::new(),
        }
    }
}

impl World {
    /// Adds what a scene holds.
    ///
    /// # Errors
    ///
    /// The name of something that is not there.
    pub(super) fn add(&mut self, scene: &Scene, now: DateTime<Utc>) -> Result<(), String> {
        for account in &scene.accounts {
            self.add_account(account, now)?;
        }
        for app in &scene.apps {
            self.add_app(app, now)?;
        }
        for repository in &scene.repositories {
            self.add_repository(repository, now)?;
        }
        for installation in &scene.installations {
            self.add_installation(installation, now)?;
        }
        for token in &scene.tokens {
            self.add_token(token, now)?;
        }
        for delivery in &scene.deliveries {
            let target = Target::App(self.app_named(&delivery.app)?.id);
            self.deliveries.push(Delivery {
                id: delivery.id,
                guid: uuid::Uuid::new_v4().to_string(),
                target,
                event: delivery.event.clone(),
                payload: delivery.payload.clone(),
                headers: Vec::new(),
                url: delivery.url.clone(),
                at: now,
                redelivery: false,
                seconds: delivery.seconds,
                status: delivery.status,
            });
        }
        self.deliveries.sort_by_key(|delivery| delivery.id);
        Ok(())
    }

    fn login(&self, login: &str) -> Result<i64, String> {
        self.account(login).map(|account| account.id).ok_or_else(|| format!("there is no account '{login}'"))
    }

    fn app_named(&self, slug: &str) -> Result<&App, String> {
        self.apps.values().find(|app| app.slug == slug).ok_or_else(|| format!("there is no App '{slug}'"))
    }

    fn new_account(&mut self, login: &str, kind: Kind, id: Option<i64>, now: DateTime<Utc>) -> i64 {
        let id = id.unwrap_or_else(|| self.next_id());
        let login = login.to_owned();
        let account = Account { id, login, kind, name: None, email: None, site_admin: false, created: now };
        self.accounts.insert(id, account);
        id
    }

    fn add_account(&mut self, scene: &AccountScene, now: DateTime<Utc>) -> Result<(), String> {
        let kind = if scene.organization { Kind::Organization } else { Kind::User };
        let id = self.new_account(&scene.login, kind, scene.id, now);
        if let Some(account) = self.accounts.get_mut(&id) {
            (account.name, account.email) = (scene.name.clone(), scene.email.clone());
            account.site_admin = scene.site_admin;
        }
        for (login, role) in &scene.members {
            let state = if role == "pending" { State::Pending } else { State::Active };
            let role = if role == "admin" { Role::Admin } else { Role::Member };
            self.members.insert((id, self.login(login)?), Membership { role, state, public: false });
        }
        for team in &scene.teams {
            let members: Result<Vec<i64>, String> = team.members.iter().map(|login| self.login(login)).collect();
            let number = team.id.unwrap_or_else(|| self.next_id());
            let made = Team {
                id: number,
                org: id,
                name: team.name.clone(),
                slug: slug(&team.name),
                description: team.description.clone(),
                privacy: team.privacy.clone().unwrap_or_else(|| "closed".to_owned()),
                members: members?.into_iter().map(|user| (user, false)).collect(),
                repos: BTreeMap::new(),
                created: now,
                updated: now,
            };
            self.teams.insert(number, made);
        }
        Ok(())
    }

    fn add_app(&mut self, scene: &AppScene, now: DateTime<Utc>) -> Result<(), String> {
        let owner = self.login(&scene.owner)?;
        let bot = self.new_account(&format!("{}[bot]", scene.slug), Kind::Bot, None, now);
        let id = scene.id.unwrap_or_else(|| self.next_id());
        let app = App {
            id,
            slug: scene.slug.clone(),
            name: scene.name.clone().unwrap_or_else(|| scene.slug.clone()),
            client_id: scene.client_id.clone().unwrap_or_else(|| format!("Iv23li{id:014}")),
            description: scene.description.clone(),
            external_url: scene.external_url.clone(),
            owner,
            bot,
            permissions: scene.permissions.clone(),
            events: scene.events.clone(),
            hook: scene.hook.clone(),
            created: now,
            stateless_tokens: !scene.opaque_tokens,
        };
        self.apps.insert(id, app);
        Ok(())
    }

    fn add_installation(&mut self, scene: &InstallationScene, now: DateTime<Utc>) -> Result<(), String> {
        let app = self.app_named(&scene.app)?.clone();
        let account = self.login(&scene.account)?;
        let repositories = match &scene.repositories {
            None => None,
            Some(names) => {
                let find = |name: &String| {
                    let found = self.repo_named(&scene.account, name).map(|repo| repo.id);
                    found.ok_or_else(|| format!("there is no repository '{}/{name}'", scene.account))
                };
                Some(names.iter().map(find).collect::<Result<BTreeSet<i64>, String>>()?)
            }
        };
        let suspended = match &scene.suspended_by {
            None => None,
            Some(login) => Some((now, self.login(login)?)),
        };
        let id = scene.id.unwrap_or_else(|| self.next_id());
        let installation = Installation {
            id,
            app: app.id,
            account,
            permissions: scene.permissions.clone().unwrap_or(app.permissions),
            events: app.events,
            repositories,
            suspended,
            created: now,
            updated: now,
        };
        self.installations.insert(id, installation);
        Ok(())
    }

    fn add_repository(&mut self, scene: &RepositoryScene, now: DateTime<Utc>) -> Result<(), String> {
        let (owner, name) = scene.name.split_once('/').ok_or_else(|| format!("'{}' is no owner/name", scene.name))?;
        let owner = self.login(owner)?;
        let id = scene.id.unwrap_or_else(|| self.next_id());
        let origin = match &scene.fork_of {
            None => None,
            Some(full) => {
                let (owner, name) = full.split_once('/').unwrap_or((full, ""));
                Some(self.repo_named(owner, name).ok_or_else(|| format!("there is no repository '{full}'"))?.clone())
            }
        };
        let network = origin.as_ref().map_or(id, |origin| origin.network);
        let heads = origin.map(|origin| origin.refs).unwrap_or_default();
        self.networks.entry(network).or_default();
        let mut repo = Repo {
            id,
            owner,
            name: name.to_owned(),
            private: scene.private,
            description: scene.description.clone(),
            homepage: scene.homepage.clone(),
            language: scene.language.clone(),
            license: scene.license.clone(),
            size: scene.size,
            is_fork: scene.fork || scene.fork_of.is_some(),
            without_issues: scene.without_issues,
            topics: scene.topics.clone(),
            network,
            default_branch: scene.default_branch.clone().unwrap_or_else(|| "main".to_owned()),
            refs: heads.into_iter().filter(|(name, _)| name.starts_with("refs/heads/")).collect(),
            rulesets: scene.rulesets.clone(),
            last_number: scene.last_number,
            created: now,
            updated: now,
            pushed: now,
            ..Repo::default()
        };
        for (login, role) in &scene.collaborators {
            repo.collaborators.insert(self.login(login)?, *role);
        }
        for (slug, role) in &scene.teams {
            let team = self.teams.values_mut().find(|team| team.org == owner && team.slug == *slug);
            team.ok_or_else(|| format!("there is no team '{slug}'"))?.repos.insert(id, *role);
        }
        let who = self.accounts[&owner].clone();
        for (at, commit) in scene.commits.iter().enumerate() {
            // Each a second after the one before, so that no two have one name.
            let when = now + Duration::seconds(at as i64 - scene.commits.len() as i64);
            let author = commit.by.as_deref().map(|login| self.login(login)).transpose()?;
            let author = author.map_or_else(|| who.clone(), |id| self.accounts[&id].clone());
            self.add_commit(&mut repo, commit, &author, when);
        }
        for (branch, of) in &scene.branches {
            let sha = repo.branch(of).ok_or_else(|| format!("there is no branch '{of}'"))?.to_owned();
            repo.refs.insert(format!("refs/heads/{branch}"), sha);
        }
        for title in &scene.issues {
            let (number, user) = (repo.next_number(), self.login(&scene.issues_by)?);
            let issue = self.new_issue(number, title, None, user, now);
            repo.issues.insert(number, issue);
        }
        for pull in &scene.pulls {
            self.add_pull(&mut repo, pull, now)?;
        }
        self.repos.insert(id, repo);
        Ok(())
    }

    fn add_commit(&mut self, repo: &mut Repo, scene: &CommitScene, who: &Account, when: DateTime<Utc>) {
        let branch = scene.branch.clone().unwrap_or_else(|| repo.default_branch.clone());
        let parent = repo.branch(&branch).or_else(|| repo.branch(&repo.default_branch)).map(str::to_owned);
        let objects = self.networks.entry(repo.network).or_default();
        let mut files: Files = parent.as_ref().map(|sha| (*objects.files(sha)).clone()).unwrap_or_default();
        for (path, content) in &scene.files {
            match content {
                Some(content) => {
                    let sha = objects.add_blob(content.clone().into_bytes());
                    files.insert(path.clone(), File { sha, mode: "100644".to_owned() });
                }
                None => drop(files.remove(path)),
            }
        }
        let signature = Signature { name: who.git_name().to_owned(), email: who.git_email(), when };
        let tree = objects.add_tree(files);
        let parents = parent.into_iter().collect();
        let commit = objects.add_commit(tree, parents, &scene.message, signature.clone(), signature, false);
        repo.refs.insert(format!("refs/heads/{branch}"), commit.sha.clone());
    }

    fn new_issue(&mut self, number: i64, title: &str, body: Option<String>, user: i64, now: DateTime<Utc>) -> Issue {
        let (id, title) = (self.next_id(), title.to_owned());
        let (created, updated) = (now, now);
        Issue { id, number, title, body, user, open: true, locked: false, created, updated, closed: None, pull: None }
    }

    fn add_pull(&mut self, repo: &mut Repo, scene: &PullScene, now: DateTime<Utc>) -> Result<(), String> {
        let number = scene.number.unwrap_or_else(|| repo.next_number());
        let base = scene.base.clone().unwrap_or_else(|| repo.default_branch.clone());
        let (head_owner, branch) = match scene.head.split_once(':') {
            Some((owner, branch)) => (self.login(owner)?, branch),
            None => (repo.owner, scene.head.as_str()),
        };
        let other = self.repos.values().find(|it| it.owner == head_owner && it.network == repo.network);
        let source = if head_owner == repo.owner { &*repo } else { other.ok_or("there is no such fork")? };
        let head_sha = source.branch(branch).ok_or_else(|| format!("there is no branch '{}'", scene.head))?.to_owned();
        let source = source.id;
        let base_sha = repo.branch(&base).ok_or_else(|| format!("there is no branch '{base}'"))?.to_owned();
        let user = self.login(&scene.user)?;
        let id = self.next_id();
        let pull = Pull {
            id,
            head_repo: Some(source),
            head_owner,
            head_ref: branch.to_owned(),
            head_sha: head_sha.clone(),
            base_ref: base,
            base_sha,
            draft: false,
            known_from: Some(now),
        };
        let issue = Issue { pull: Some(pull), ..self.new_issue(number, &scene.title, scene.body.clone(), user, now) };
        repo.refs.insert(format!("refs/pull/{number}/head"), head_sha);
        repo.issues.insert(number, issue);
        Ok(())
    }

    fn add_token(&mut self, scene: &TokenScene, now: DateTime<Utc>) -> Result<(), String> {
        let named = |world: &Self, owner: &str, names: &Option<BTreeSet<String>>| {
            names.as_ref().map(|names| {
                names.iter().filter_map(|name| world.repo_named(owner, name).map(|repo| repo.id)).collect()
            })
        };
        let grant = match &scene.of {
            // Those of Apps are signed whenever they are asked for, since they do not live long.
            TokenOf::Nobody | TokenOf::App { .. } => return Ok(()),
            TokenOf::Classic { user, scopes } => Grant::Classic { account: self.login(user)?, scopes: scopes.clone() },
            TokenOf::FineGrained { user, owner, repositories, permissions } => Grant::Fine {
                account: self.login(user)?,
                owner: self.login(owner)?,
                repositories: named(self, owner, repositories),
                permissions: permissions.clone().completed(),
            },
            TokenOf::AppUser { user, app } => {
                Grant::AppUser { account: self.login(user)?, app: self.app_named(app)?.id }
            }
            TokenOf::Installation { app, account } => {
                let (app, account) = (self.app_named(app)?.id, self.login(account)?);
                let found = self.installations.values().find(|it| it.app == app && it.account == account);
                let found = found.ok_or("the App is not installed there")?;
                Grant::Installation { id: found.id, repositories: None, permissions: found.permissions.clone() }
            }
        };
        let text = token_text(scene);
        self.tokens.add(text, grant, now, scene.days.map(|days| now + Duration::days(days)));
        Ok(())
    }

    /// The `Authorization` of everybody whom a scene gives a token.
    pub(super) fn authorizations(&self, scene: &Scene, now: DateTime<Utc>) -> BTreeMap<String, String> {
        let header = |token: &TokenScene| match &token.of {
            TokenOf::App { app, ahead } => {
                let issuer = self.app_named(app).map_or(0, |app| app.id);
                let now = now.timestamp() + ahead;
                let claims = json!({ "iat": now - 60, "exp": now + 540, "iss": issuer.to_string() });
                format!("Bearer {}", keys::sign(&claims))
            }
            _ => format!("token {}", token_text(token)),
        };
        scene.tokens.iter().map(|token| (token.holder.clone(), header(token))).collect()
    }
}

/// The text of a token: that of its scene, or one that is made of its holder's name.
fn token_text(scene: &TokenScene) -> String {
    let prefix = match scene.of {
        TokenOf::Installation { .. } => "ghs",
        TokenOf::AppUser { .. } => "ghu",
        TokenOf::FineGrained { .. } => "github_pat",
        _ => "ghp",
    };
    let holder: String = scene.holder.chars().filter(char::is_ascii_alphanumeric).collect();
    scene.text.clone().unwrap_or_else(|| format!("{prefix}_{holder:x<36}"))
}
