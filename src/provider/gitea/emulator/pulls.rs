//! Pull requests: opened, listed, edited and merged, within a repository or from a fork.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::unit;

use super::call::Call;
use super::commit_views::{show_commit, with_counts};
use super::diffs::{self, Change};
use super::forms::{Form, Kind, Rule, plain, ruled};
use super::gates::Gate;
use super::issues::{Issue, apply_edit, found};
use super::paging::{Page, escape_path, list};
use super::pull_views::{show, view};
use super::reply::{Answer, Reply, invalid, not_found, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{World, next};

pub(super) const READER: &[Gate] =
    &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::Pulls, Gate::Reader(unit::CODE)];
pub(super) const WRITABLE: &[Gate] = &[
    Gate::Scope(&[Category::Repository]),
    Gate::Repo,
    Gate::Pulls,
    Gate::Reader(unit::CODE),
    Gate::SignedIn,
    Gate::NotArchived,
];
const EDITABLE: &[Gate] =
    &[Gate::Scope(&[Category::Repository]), Gate::Repo, Gate::Pulls, Gate::Reader(unit::CODE), Gate::SignedIn];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/repos/{owner}/{repo}/pulls", READER, list_all),
    route("POST", "/repos/{owner}/{repo}/pulls", WRITABLE, open),
    route("GET", "/repos/{owner}/{repo}/pulls/{index}", READER, read),
    route("PATCH", "/repos/{owner}/{repo}/pulls/{index}", EDITABLE, edit),
    route("GET", "/repos/{owner}/{repo}/pulls/{index}/files", READER, files),
    route("GET", "/repos/{owner}/{repo}/pulls/{index}/commits", READER, commits),
    route("GET", "/repos/{owner}/{repo}/pulls/{base}/{*head}", READER, by_branches),
];

/// What makes an issue a pull request.
#[derive(Debug, Clone)]
pub(super) struct Pull {
    pub(super) id: i64,
    pub(super) base: String,
    pub(super) head: String,
    pub(super) head_repo: i64,
    /// The head as it was last seen: it stays when the branch or the fork is gone.
    pub(super) head_sha: String,
    pub(super) merge_base: String,
    pub(super) may_maintainers_edit: bool,
    /// Whether its mergeability is being worked out: shown as false until it has been looked at once.
    pub(super) is_being_checked: bool,
    pub(super) merged: Option<Merge>,
}

/// How a pull request ended.
#[derive(Debug, Clone)]
pub(super) struct Merge {
    pub(super) when: DateTime<Utc>,
    pub(super) by: i64,
    pub(super) sha: String,
}

impl World {
    /// Tells open pull requests that a branch has moved: those from it follow, those into it are to be checked anew.
    pub(super) fn branch_moved(&mut self, repo: i64, branch: &str, now: DateTime<Utc>) {
        for issue in self.repos.at_mut(repo).issues.values_mut().filter(|issue| issue.is_open()) {
            if let Some(pull) = issue.pull.as_mut().filter(|pull| pull.base == branch) {
                pull.is_being_checked = true;
            }
        }
        let comes_from = |issue: &Issue| {
            let is_same = |pull: &Pull| pull.head_repo == repo && pull.head == branch;
            issue.is_open() && issue.pull.as_ref().is_some_and(is_same)
        };
        let targets = self.repos.all().filter(|repo| repo.issues.values().any(comes_from));
        let targets: Vec<i64> = targets.map(|repo| repo.id).collect();
        if targets.is_empty() {
            return;
        }
        let git = self.repos.at(repo).git.clone();
        let Some(head) = git.branch(branch) else {
            return;
        };
        for target in targets {
            let target = self.repos.at_mut(target);
            target.git.absorb(&git);
            for issue in target.issues.values_mut().filter(|issue| comes_from(issue)) {
                issue.updated = now;
                next(&mut self.last.comment);
                if let Some(pull) = issue.pull.as_mut() {
                    pull.head_sha.clone_from(&head.sha);
                }
            }
        }
    }

    /// A look at a pull request ends its being checked: the second one sees the result.
    fn finish_check(&mut self, repo: i64, index: i64) {
        let issue = self.repos.at_mut(repo).issues.get_mut(&index);
        if let Some(pull) = issue.and_then(|issue| issue.pull.as_mut()) {
            pull.is_being_checked = false;
        }
    }
}

/// Newest first. Unknown words for `state` and `sort` are passed over.
fn list_all(world: &mut World, call: &Call) -> Answer {
    let (base, poster) = (call.ask("base_branch"), call.ask("poster"));
    let repo = world.repos.at(call.repo);
    let mut pulls: Vec<&Issue> = repo
        .issues
        .values()
        .filter(|issue| issue.pull.as_ref().is_some_and(|pull| base.is_empty() || pull.base == base))
        .filter(|issue| match call.ask("state") {
            "closed" => !issue.is_open(),
            "all" => true,
            _ => issue.is_open(),
        })
        .filter(|issue| {
            poster.is_empty() || world.accounts.named(poster).is_some_and(|account| account.id == issue.poster)
        })
        .collect();
    match call.ask("sort") {
        "oldest" => {}
        "recentupdate" => pulls.sort_by_key(|issue| std::cmp::Reverse((issue.updated, issue.id))),
        "leastupdate" => pulls.sort_by_key(|issue| (issue.updated, issue.id)),
        "mostcomment" => pulls.sort_by_key(|issue| std::cmp::Reverse((issue.comments.len(), issue.id))),
        "leastcomment" => pulls.sort_by_key(|issue| (issue.comments.len(), issue.id)),
        _ => pulls.reverse(),
    }
    Ok(list(call, &pulls, |issue| show(world, call, issue, false)))
}

static OPEN: Form = Form {
    name: "CreatePullRequestOption",
    fields: &[
        ruled("head", "Head", Kind::Text, &[Rule::Required]),
        ruled("base", "Base", Kind::Text, &[Rule::Required]),
        ruled("title", "Title", Kind::Text, &[Rule::Required]),
        plain("body", "Body", Kind::Text),
        plain("allow_maintainer_edit", "AllowMaintainerEdit", Kind::Flag),
    ],
};

/// A head without changes is taken, a head that is the base is not.
fn open(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&OPEN)?;
    let (base, head) = (form.text("base"), form.text("head"));
    if head == base {
        return Err(invalid("Invalid PullRequest: There are no changes between the head and the base"));
    }
    let (head_repo, head) = source(world, call, &head)?;
    let repo = world.repos.at(call.repo);
    let unknown = |name: &str| refuse(404, format!("ref \"{name}\" does not exist"));
    let base_sha = repo.git.branch(&base).ok_or_else(|| unknown(&base))?.sha.clone();
    let origin = world.repos.at(head_repo);
    let head_sha = origin.git.branch(&head).ok_or_else(|| unknown(&head))?.sha.clone();
    if head_repo == call.repo && head == base {
        return Err(invalid("Invalid PullRequest: There are no changes between the head and the base"));
    }
    let is_same = |pull: &Pull| pull.head_repo == head_repo && pull.head == head && pull.base == base;
    let known = repo
        .issues
        .values()
        .filter(|issue| issue.is_open())
        .find_map(|issue| Some((issue, issue.pull.as_ref()?)).filter(|(_, pull)| is_same(pull)));
    if let Some((issue, pull)) = known {
        return Err(refuse(
            409,
            format!(
                "pull request already exists for these targets [id: {}, issue_id: {}, head_repo_id: {head_repo}, base_repo_id: {}, head_branch: {head}, base_branch: {base}]",
                pull.id, issue.index, repo.id
            ),
        ));
    }
    let git = origin.git.clone();
    world.repos.at_mut(call.repo).git.absorb(&git);
    let git = &world.repos.at(call.repo).git;
    let merge_base = git.merge_base(&base_sha, &head_sha).unwrap_or_else(|| base_sha.clone());
    // Opening with commits leaves an entry in the sequence of comments.
    let has_commits = merge_base != head_sha;
    let pull = Pull {
        id: next(&mut world.last.pull),
        base,
        head,
        head_repo,
        head_sha,
        merge_base,
        may_maintainers_edit: form.sent_flag("allow_maintainer_edit").unwrap_or(true),
        is_being_checked: false,
        merged: None,
    };
    let index = world.add_issue(call, form.text("title"), form.text("body"), Some(pull));
    world.last.comment += i64::from(has_commits);
    let mut shown = show(world, call, found(world, call, index)?, true);
    // The answer holds the base as it was before: this pull request is not counted in it yet.
    let open = shown["base"]["repo"]["open_pr_counter"].as_i64().unwrap_or(1);
    shown["base"]["repo"]["open_pr_counter"] = (open - 1).into();
    Ok(Reply::json(201, shown))
}

/// The repository and branch behind `branch` or `owner:branch`.
fn source(world: &World, call: &Call, head: &str) -> Result<(i64, String), Box<Reply>> {
    let Some((owner, branch)) = head.split_once(':') else {
        return Ok((call.repo, head.to_owned()));
    };
    let Some(account) = world.accounts.named(owner) else {
        return Err(not_found());
    };
    let repo = world.repos.at(call.repo);
    if repo.owner == account.id {
        return Ok((call.repo, branch.to_owned()));
    }
    let mut forks = world.repos.forks_of(repo.id).chain(repo.fork_of.and_then(|id| world.repos.get(id)));
    match forks.find(|fork| fork.owner == account.id) {
        Some(fork) => Ok((fork.id, branch.to_owned())),
        None => Err(refuse(400, format!("the user {} does not have a fork of the base repository", account.name))),
    }
}

pub(super) fn pull_of<'a>(world: &'a World, call: &Call, index: i64) -> Result<&'a Issue, Box<Reply>> {
    found(world, call, index).and_then(|issue| if issue.is_pull() { Ok(issue) } else { Err(not_found()) })
}

fn read(world: &mut World, call: &Call) -> Answer {
    let wanted = call.param("index");
    if let Some(index) = wanted.strip_suffix(".diff") {
        let issue = pull_of(world, call, index.parse().unwrap_or(0))?;
        let repo = world.repos.at(call.repo);
        let changes = view(repo, issue).map(|view| view.changes(repo)).unwrap_or_default();
        return Ok(Reply::text(200, "text/plain; charset=utf-8", diffs::unified(&changes)));
    }
    if wanted.ends_with(".patch") {
        return Err(super::reply::not_modelled());
    }
    let shown = show(world, call, pull_of(world, call, call.id("index"))?, true);
    world.finish_check(call.repo, call.id("index"));
    Ok(Reply::json(200, shown))
}

fn by_branches(world: &mut World, call: &Call) -> Answer {
    let (head_repo, head) = source(world, call, call.param("head"))?;
    let fits = |pull: &Pull| pull.base == call.param("base") && pull.head == head && pull.head_repo == head_repo;
    let issues = world.repos.at(call.repo).issues.values().rev();
    let mut fitting: Vec<&Issue> = issues.filter(|issue| issue.pull.as_ref().is_some_and(fits)).collect();
    fitting.sort_by_key(|issue| !issue.is_open());
    let issue = fitting.first().ok_or_else(not_found)?;
    Ok(Reply::json(200, show(world, call, issue, true)))
}

/// 201, as the real service answers edits.
fn edit(world: &mut World, call: &Call) -> Answer {
    pull_of(world, call, call.id("index"))?;
    apply_edit(world, call)?;
    let shown = show(world, call, found(world, call, call.id("index"))?, true);
    world.finish_check(call.repo, call.id("index"));
    Ok(Reply::json(201, shown))
}

fn files(world: &mut World, call: &Call) -> Answer {
    let issue = pull_of(world, call, call.id("index"))?;
    let repo = world.repos.at(call.repo);
    let Some(view) = view(repo, issue) else {
        return Err(not_found());
    };
    let changes = view.changes(repo);
    let (base, full_name, sha) = (&call.base, world.full_name(repo), &view.pull.head_sha);
    let page = Page::of(call);
    let show = |change: &Change| {
        let path = escape_path(&change.path);
        json!({
            "filename": change.path,
            "status": change.status(),
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "html_url": format!("{base}/{full_name}/src/commit/{sha}/{path}"),
            "contents_url": format!("{base}/api/v1/repos/{full_name}/contents/{path}?ref={sha}"),
            "raw_url": format!("{base}/{full_name}/raw/commit/{sha}/{path}"),
        })
    };
    let shown: Vec<Value> = page.cut(&changes).iter().map(show).collect();
    Ok(with_counts(Reply::json(200, Value::Array(shown)), page, changes.len()).paged(call, page, changes.len()))
}

fn commits(world: &mut World, call: &Call) -> Answer {
    let issue = pull_of(world, call, call.id("index"))?;
    let repo = world.repos.at(call.repo);
    let Some(view) = view(repo, issue) else {
        return Err(not_found());
    };
    let commits = view.head.map(|head| repo.git.since(&view.pull.merge_base, head)).unwrap_or_default();
    let page = Page::of(call);
    let shown: Vec<Value> = page.cut(&commits).iter().map(|commit| show_commit(world, call, commit)).collect();
    Ok(with_counts(Reply::json(200, Value::Array(shown)), page, commits.len()).paged(call, page, commits.len()))
}
