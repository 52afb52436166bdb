//! The operations of release 1.27 that exist and are not imitated: known, so that they are told from paths that are no routes.

use super::call::Call;
use super::gates::Gate;
use super::reply::{Answer, not_modelled};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::World;

/// The rows of these operations. They ask for the scope that the real ones ask for, and then answer 501.
pub(super) fn routes() -> impl Iterator<Item = Route> {
    OPERATIONS.lines().filter_map(|line| line.rsplit_once(' ')).flat_map(|(methods, path)| {
        let gates = gates(path);
        methods.split(' ').map(move |method| route(method, path, gates, answer))
    })
}

fn answer(_: &mut World, _: &Call) -> Answer {
    Err(not_modelled())
}

/// The scope by the first words of the path.
fn gates(path: &str) -> &'static [Gate] {
    let issues = ["/issues", "/labels", "/milestones", "/stopwatches", "/times"];
    let mut parts = path.split('/').skip(1);
    match parts.next() {
        Some("admin") => &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin],
        Some("notifications") => &[Gate::Scope(&[Category::Notification]), Gate::SignedIn],
        Some("orgs" | "teams") => &[Gate::Scope(&[Category::Organization])],
        Some("packages") => &[Gate::Scope(&[Category::Package])],
        Some("repos") if issues.iter().any(|word| path.contains(word)) => &[Gate::Scope(&[Category::Issue])],
        Some("repos" | "topics") => &[Gate::Scope(&[Category::Repository])],
        Some("user") => &[Gate::Scope(&[Category::User]), Gate::SignedIn],
        Some("users") => &[Gate::Scope(&[Category::User])],
        _ => &[],
    }
}

/// Methods and path, one path a line. `{_}` is any part, `{*_}` any rest.
const OPERATIONS: &str = "\
GET /admin/actions/jobs
GET /admin/actions/runners
POST /admin/actions/runners/registration-token
GET PATCH DELETE /admin/actions/runners/{_}
GET /admin/actions/runs
POST DELETE /admin/users/{_}/badges
GET /gitignore/templates/{_}
GET /label/templates
GET /label/templates/{_}
GET /licenses/{_}
POST /markdown
POST /markdown/raw
POST /markup
GET PUT /notifications
GET /notifications/new
GET PATCH /notifications/threads/{_}
GET /orgs/{_}/actions/jobs
GET /orgs/{_}/actions/runners
POST /orgs/{_}/actions/runners/registration-token
GET PATCH DELETE /orgs/{_}/actions/runners/{_}
GET /orgs/{_}/actions/runs
GET /orgs/{_}/actions/secrets
PUT DELETE /orgs/{_}/actions/secrets/{_}
GET /orgs/{_}/actions/variables
GET POST PUT DELETE /orgs/{_}/actions/variables/{_}
GET /orgs/{_}/activities/feeds
POST DELETE /orgs/{_}/avatar
GET /orgs/{_}/blocks
GET PUT DELETE /orgs/{_}/blocks/{_}
GET POST /orgs/{_}/labels
GET PATCH DELETE /orgs/{_}/labels/{_}
GET /packages/{_}
GET DELETE /packages/{_}/{_}/{_}
GET /packages/{_}/{_}/{_}/-/latest
POST /packages/{_}/{_}/{_}/-/link/{_}
POST /packages/{_}/{_}/{_}/-/unlink
GET DELETE /packages/{_}/{_}/{_}/{_}
GET /packages/{_}/{_}/{_}/{_}/files
GET /repos/issues/search
POST /repos/migrate
GET /repos/{_}/{_}/actions/artifacts
GET DELETE /repos/{_}/{_}/actions/artifacts/{_}
GET /repos/{_}/{_}/actions/artifacts/{_}/zip
GET /repos/{_}/{_}/actions/jobs
GET /repos/{_}/{_}/actions/jobs/{_}
GET /repos/{_}/{_}/actions/jobs/{_}/logs
GET /repos/{_}/{_}/actions/runners
POST /repos/{_}/{_}/actions/runners/registration-token
GET PATCH DELETE /repos/{_}/{_}/actions/runners/{_}
GET /repos/{_}/{_}/actions/runs
GET DELETE /repos/{_}/{_}/actions/runs/{_}
GET /repos/{_}/{_}/actions/runs/{_}/artifacts
GET /repos/{_}/{_}/actions/runs/{_}/attempts/{_}
GET /repos/{_}/{_}/actions/runs/{_}/attempts/{_}/jobs
GET /repos/{_}/{_}/actions/runs/{_}/jobs
POST /repos/{_}/{_}/actions/runs/{_}/jobs/{_}/rerun
POST /repos/{_}/{_}/actions/runs/{_}/rerun
POST /repos/{_}/{_}/actions/runs/{_}/rerun-failed-jobs
GET /repos/{_}/{_}/actions/secrets
PUT DELETE /repos/{_}/{_}/actions/secrets/{_}
GET /repos/{_}/{_}/actions/tasks
GET /repos/{_}/{_}/actions/variables
GET POST PUT DELETE /repos/{_}/{_}/actions/variables/{_}
GET /repos/{_}/{_}/actions/workflows
GET /repos/{_}/{_}/actions/workflows/{_}
PUT /repos/{_}/{_}/actions/workflows/{_}/disable
POST /repos/{_}/{_}/actions/workflows/{_}/dispatches
PUT /repos/{_}/{_}/actions/workflows/{_}/enable
GET /repos/{_}/{_}/actions/workflows/{_}/runs
GET /repos/{_}/{_}/activities/feeds
GET /repos/{_}/{_}/archive/{*_}
GET /repos/{_}/{_}/assignees
GET /repos/{_}/{_}/assignees/{_}
POST DELETE /repos/{_}/{_}/avatar
PUT /repos/{_}/{_}/branches/{*_}
GET /repos/{_}/{_}/compare/{*_}
POST /repos/{_}/{_}/diffpatch
GET /repos/{_}/{_}/editorconfig/{*_}
GET /repos/{_}/{_}/forks
GET /repos/{_}/{_}/git/commits/{_}
GET /repos/{_}/{_}/git/notes/{_}
GET /repos/{_}/{_}/git/refs
GET /repos/{_}/{_}/git/refs/{*_}
GET /repos/{_}/{_}/git/tags/{_}
GET /repos/{_}/{_}/hooks/git
GET PATCH DELETE /repos/{_}/{_}/hooks/git/{_}
GET /repos/{_}/{_}/issue_config
GET /repos/{_}/{_}/issue_config/validate
GET /repos/{_}/{_}/issue_templates
GET POST /repos/{_}/{_}/issues/comments/{_}/assets
GET PATCH DELETE /repos/{_}/{_}/issues/comments/{_}/assets/{_}
GET POST DELETE /repos/{_}/{_}/issues/comments/{_}/reactions
GET /repos/{_}/{_}/issues/pinned
DELETE /repos/{_}/{_}/issues/{_}
GET POST /repos/{_}/{_}/issues/{_}/assets
GET PATCH DELETE /repos/{_}/{_}/issues/{_}/assets/{_}
POST DELETE /repos/{_}/{_}/issues/{_}/assignees
GET /repos/{_}/{_}/issues/{_}/assignees/{_}
GET POST DELETE /repos/{_}/{_}/issues/{_}/blocks
PATCH DELETE /repos/{_}/{_}/issues/{_}/comments/{_}
POST /repos/{_}/{_}/issues/{_}/deadline
GET POST DELETE /repos/{_}/{_}/issues/{_}/dependencies
GET POST PUT DELETE /repos/{_}/{_}/issues/{_}/labels
DELETE /repos/{_}/{_}/issues/{_}/labels/{_}
POST DELETE /repos/{_}/{_}/issues/{_}/pin
PATCH /repos/{_}/{_}/issues/{_}/pin/{_}
GET POST DELETE /repos/{_}/{_}/issues/{_}/reactions
DELETE /repos/{_}/{_}/issues/{_}/stopwatch/delete
POST /repos/{_}/{_}/issues/{_}/stopwatch/start
POST /repos/{_}/{_}/issues/{_}/stopwatch/stop
GET /repos/{_}/{_}/issues/{_}/subscriptions
GET /repos/{_}/{_}/issues/{_}/subscriptions/check
PUT DELETE /repos/{_}/{_}/issues/{_}/subscriptions/{_}
GET /repos/{_}/{_}/issues/{_}/timeline
GET POST DELETE /repos/{_}/{_}/issues/{_}/times
DELETE /repos/{_}/{_}/issues/{_}/times/{_}
GET POST /repos/{_}/{_}/labels
GET PATCH DELETE /repos/{_}/{_}/labels/{_}
GET /repos/{_}/{_}/languages
GET /repos/{_}/{_}/licenses
GET /repos/{_}/{_}/media/{*_}
POST /repos/{_}/{_}/merge-upstream
GET POST /repos/{_}/{_}/milestones
GET PATCH DELETE /repos/{_}/{_}/milestones/{_}
POST /repos/{_}/{_}/mirror-sync
GET /repos/{_}/{_}/new_pin_allowed
GET PUT /repos/{_}/{_}/notifications
POST /repos/{_}/{_}/pulls/comments/{_}/resolve
POST /repos/{_}/{_}/pulls/comments/{_}/unresolve
GET /repos/{_}/{_}/pulls/pinned
POST /repos/{_}/{_}/pulls/{_}/comments/{_}/replies
DELETE /repos/{_}/{_}/pulls/{_}/merge
POST DELETE /repos/{_}/{_}/pulls/{_}/requested_reviewers
GET POST /repos/{_}/{_}/pulls/{_}/reviews
GET POST DELETE /repos/{_}/{_}/pulls/{_}/reviews/{_}
GET /repos/{_}/{_}/pulls/{_}/reviews/{_}/comments
POST /repos/{_}/{_}/pulls/{_}/reviews/{_}/dismissals
POST /repos/{_}/{_}/pulls/{_}/reviews/{_}/undismissals
POST /repos/{_}/{_}/pulls/{_}/update
GET POST /repos/{_}/{_}/push_mirrors
POST /repos/{_}/{_}/push_mirrors-sync
GET DELETE /repos/{_}/{_}/push_mirrors/{_}
GET POST /repos/{_}/{_}/releases
GET /repos/{_}/{_}/releases/latest
GET DELETE /repos/{_}/{_}/releases/tags/{_}
GET PATCH DELETE /repos/{_}/{_}/releases/{_}
GET POST /repos/{_}/{_}/releases/{_}/assets
GET PATCH DELETE /repos/{_}/{_}/releases/{_}/assets/{_}
GET /repos/{_}/{_}/reviewers
GET /repos/{_}/{_}/signing-key.gpg
GET /repos/{_}/{_}/signing-key.pub
GET /repos/{_}/{_}/stargazers
GET /repos/{_}/{_}/subscribers
GET PUT DELETE /repos/{_}/{_}/subscription
GET POST /repos/{_}/{_}/tag_protections
GET PATCH DELETE /repos/{_}/{_}/tag_protections/{_}
GET POST /repos/{_}/{_}/tags
GET DELETE /repos/{_}/{_}/tags/{_}
GET /repos/{_}/{_}/times
GET /repos/{_}/{_}/times/{_}
POST /repos/{_}/{_}/wiki/new
GET PATCH DELETE /repos/{_}/{_}/wiki/page/{_}
GET /repos/{_}/{_}/wiki/pages
GET /repos/{_}/{_}/wiki/revisions/{_}
GET /settings/attachment
GET /settings/repository
GET /settings/ui
GET /signing-key.gpg
GET /signing-key.pub
GET /teams/{_}/activities/feeds
GET /topics/search
GET /user/actions/jobs
GET /user/actions/runners
POST /user/actions/runners/registration-token
GET PATCH DELETE /user/actions/runners/{_}
GET /user/actions/runs
PUT DELETE /user/actions/secrets/{_}
GET /user/actions/variables
GET POST PUT DELETE /user/actions/variables/{_}
GET POST /user/applications/oauth2
GET PATCH DELETE /user/applications/oauth2/{_}
POST DELETE /user/avatar
GET /user/blocks
GET PUT DELETE /user/blocks/{_}
GET /user/followers
GET /user/following
GET PUT DELETE /user/following/{_}
GET /user/gpg_key_token
POST /user/gpg_key_verify
GET POST /user/gpg_keys
GET DELETE /user/gpg_keys/{_}
GET DELETE /user/keys/{_}
GET /user/starred
GET PUT DELETE /user/starred/{_}/{_}
GET /user/stopwatches
GET /user/subscriptions
GET /user/times
GET /users/{_}/activities/feeds
GET /users/{_}/followers
GET /users/{_}/following
GET /users/{_}/following/{_}
GET /users/{_}/gpg_keys
GET /users/{_}/heatmap
GET /users/{_}/starred
GET /users/{_}/subscriptions
";
