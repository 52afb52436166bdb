//! Making repositories: for oneself, for another, for an organisation.

use serde_json::{Value, json};

use super::call::Call;
use super::forms::{Form, Kind, Rule, Values, plain, ruled};
use super::gates::Gate;
use super::git::{Blob, Files, Signature};
use super::names;
use super::reply::{Answer, Reply, failure, forbidden, invalid, not_found, refuse};
use super::repos::Repo;
use super::routes::{Route, route};
use super::scopes::Category;
use super::templates;
use super::world::{Account, Level, World};

const OWN: &[Gate] = &[Gate::Scope(&[Category::User]), Gate::Scope(&[Category::Repository]), Gate::SignedIn];
const ORG: &[Gate] = &[Gate::Scope(&[Category::Organization]), Gate::Org, Gate::SignedIn];
const ORG_BY_OLD_ROUTE: &[Gate] =
    &[Gate::Scope(&[Category::Organization, Category::Repository]), Gate::SignedIn, Gate::Org];
const ADMIN_USER: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin, Gate::User];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/user/repos", OWN, create_own),
    route("POST", "/orgs/{org}/repos", ORG, create_in_org),
    route("POST", "/org/{org}/repos", ORG_BY_OLD_ROUTE, create_in_org),
    route("POST", "/admin/users/{username}/repos", ADMIN_USER, create_for),
];

static CREATE: Form = Form {
    name: "CreateRepoOption",
    fields: &[
        ruled("name", "Name", Kind::Text, &[Rule::Required, Rule::AlphaDashDot, Rule::MaxSize(100)]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(2048)]),
        plain("private", "Private", Kind::Flag),
        ruled("issue_labels", "IssueLabels", Kind::Text, &[Rule::MaxSize(255)]),
        plain("auto_init", "AutoInit", Kind::Flag),
        plain("template", "Template", Kind::Flag),
        plain("gitignores", "Gitignores", Kind::Text),
        ruled("license", "License", Kind::Text, &[Rule::MaxSize(100)]),
        ruled("readme", "Readme", Kind::Text, &[Rule::MaxSize(255)]),
        ruled("default_branch", "DefaultBranch", Kind::Text, &[Rule::GitRefName, Rule::MaxSize(100)]),
        // Any word is taken as a trust model.
        plain("trust_model", "TrustModel", Kind::Text),
        ruled("object_format_name", "ObjectFormatName", Kind::Text, &[Rule::MaxSize(6)]),
    ],
};

fn create_own(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    refuse_organisation(world, call)?;
    create(world, call, &form, call.doer.unwrap_or_default())
}

fn create_in_org(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    refuse_without_right_in_org(world, call, call.org)?;
    create(world, call, &form, call.org)
}

/// Takes organisations as well.
fn create_for(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    create(world, call, &form, call.user)
}

/// By `Sudo` one can act as an organisation.
pub(super) fn refuse_organisation(world: &World, call: &Call) -> Result<(), Box<Reply>> {
    if world.accounts.at(call.doer.unwrap_or_default()).is_org {
        return Err(invalid("not allowed creating repository for organization"));
    }
    Ok(())
}

fn refuse_without_right_in_org(world: &World, call: &Call, org: i64) -> Result<(), Box<Reply>> {
    if !world.can_see(world.accounts.at(org), call.doer) {
        return Err(not_found());
    }
    let doer = call.doer.unwrap_or_default();
    let may = world.owns_org(org, call.doer) || world.orgs.teams_with(org, doer).any(|team| team.may_create_repos);
    if may { Ok(()) } else { Err(forbidden("User is not allowed to create repositories in this organization.")) }
}

fn create(world: &mut World, call: &Call, form: &Values, owner: i64) -> Answer {
    let readme = form.text("readme");
    let inits = form.flag("auto_init");
    if inits && !matches!(readme.as_str(), "" | "Default") {
        return Err(refuse(400, "readme template does not exist, available templates: [Default]"));
    }
    let name = form.text("name");
    check_place(world, call, owner, &name)?;
    match form.text("object_format_name").as_str() {
        "" | "sha1" => {}
        "sha256" => {
            return Err(failure("initRepository: git.InitRepository: invalid object format: sha256"));
        }
        other => return Err(failure(format!("unsupported object format: {other}"))),
    }
    let mut repo = Repo::new(owner, &name, call.now);
    repo.description = form.text("description");
    repo.is_private = form.flag("private");
    repo.is_template = form.flag("template");
    let branch = form.text("default_branch");
    if !branch.is_empty() {
        repo.default_branch = branch;
    }
    if inits {
        let files = first_files(form, &name).inspect_err(|_| world.repos.waste_id())?;
        repo.licenses = form.sent_text("license").filter(|license| !license.is_empty()).into_iter().collect();
        commit_first(&mut repo, files, world.signature(call));
    }
    let id = world.add_repository(repo, call.doer);
    Ok(Reply::json(201, show_to_maker(world, call, id)))
}

/// Whether the name is free for this owner. A directory that lies there already is removed by the refusal itself.
pub(super) fn check_place(world: &mut World, call: &Call, owner: i64, name: &str) -> Result<(), Box<Reply>> {
    let account = world.accounts.at(owner);
    let owned = i64::try_from(world.repos.of(owner).count()).unwrap_or(i64::MAX);
    if !world.is_site_admin(call.doer) && account.max_repo_creation >= 0 && owned >= account.max_repo_creation {
        return Err(forbidden(format!(
            "user has reached maximum limit of repositories [limit: {}]",
            account.max_repo_creation
        )));
    }
    names::check_repository(name)?;
    if world.repos.named(owner, name).is_some() {
        return Err(refuse(409, "The repository with the same name already exists."));
    }
    let owner_name = account.name.clone();
    let path = format!("{owner_name}/{name}").to_lowercase();
    let strays = &mut world.settings.stray_directories;
    if let Some(at) = strays.iter().position(|stray| stray.to_lowercase() == path) {
        strays.remove(at);
        world.repos.waste_id();
        return Err(failure(format!("repository files already exist [uname: {owner_name}, name: {name}]")));
    }
    Ok(())
}

fn first_files(form: &Values, name: &str) -> Result<Files, Box<Reply>> {
    let readme = format!("# {name}\n\n{}", form.text("description"));
    let mut files = Files::from([("README.md".to_owned(), Blob::new(readme.into_bytes()))]);
    let ignores = form.text("gitignores");
    let ignores: Vec<&str> = ignores.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = ignores.iter().find(|name| !templates::GITIGNORES.contains(name)) {
        return Err(failure(format!(
            "initRepository: prepareRepoCommit: GetRepoInitFile[{unknown}]: open {unknown}: file does not exist"
        )));
    }
    if !ignores.is_empty() {
        let content: String = ignores.iter().map(|name| format!("# ---> {name}\n")).collect();
        files.insert(".gitignore".to_owned(), Blob::new(content.into_bytes()));
    }
    let license = form.text("license");
    if !license.is_empty() {
        if !templates::LICENSES.contains(&license.as_str()) {
            return Err(failure(format!(
                "initRepository: prepareRepoCommit: getLicense[{license}]: GetLicense[{license}]: file does not exist"
            )));
        }
        files.insert("LICENSE".to_owned(), Blob::new(format!("{license}\n").into_bytes()));
    }
    Ok(files)
}

pub(super) fn commit_first(repo: &mut Repo, files: Files, who: Signature) {
    let commit = repo.git.record(Vec::new(), files, "Initial commit", who.clone(), who);
    repo.git.point(&repo.default_branch, &commit.sha);
}

/// The answer to a creation shows every right, whoever made the repository.
pub(super) fn show_to_maker(world: &World, call: &Call, id: i64) -> Value {
    let mut shown = world.show_repo(call, world.repos.at(id), call.doer);
    shown["permissions"] = json!({"admin": true, "push": true, "pull": true});
    shown
}

impl World {
    /// How the caller signs commits.
    pub(super) fn signature(&self, call: &Call) -> Signature {
        let account = self.accounts.at(call.doer.unwrap_or_default());
        let name = if account.full_name.trim().is_empty() { &account.name } else { &account.full_name };
        Signature { name: name.clone(), email: public_address(call, account), when: call.now }
    }

    /// Adds a repository. Its maker watches it, and so do the members of teams that get it at once.
    pub(super) fn add_repository(&mut self, mut repo: Repo, maker: Option<i64>) -> i64 {
        let owner = repo.owner;
        repo.watchers.extend(maker);
        let id = self.repos.insert(repo);
        let teams = self.orgs.teams_of(owner).into_iter().filter(|team| team.includes_all);
        let teams: Vec<i64> = teams.map(|team| team.id).collect();
        teams.into_iter().for_each(|team| self.attach(team, id));
        // Who makes a repository in an organisation without any right over it becomes a collaborator.
        let repo = self.repos.at(id);
        let lacks_right = maker.is_some() && self.rights(repo, maker).base < Level::Admin;
        if let Some(maker) = maker.filter(|_| lacks_right && self.accounts.at(owner).is_org) {
            self.repos.at_mut(id).collaborators.push((maker, Level::Admin));
        }
        id
    }

    /// Gives a team a repository, which its members begin to watch.
    pub(super) fn attach(&mut self, team: i64, repo: i64) {
        let team = self.orgs.team_mut(team);
        team.repos.insert(repo);
        self.repos.at_mut(repo).watchers.extend(&team.members);
    }
}

/// The address that commits show.
pub(super) fn public_address(call: &Call, account: &Account) -> String {
    if account.hide_email {
        format!("{}+{}@noreply.{}", account.id, account.name.to_lowercase(), call.domain())
    } else {
        account.email.clone()
    }
}
