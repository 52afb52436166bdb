//! What is asked of Coder: routes, single reads and whole lists. Only reads are here; the writing half has its own calls.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use tokio::sync::OnceCell;

use super::wire::{
    Build, BuildInfo, Group, GroupSync, LogLine, Organization, Parameter, QueuedJob, Template, User, Users, Value,
    Version, Workspace, Workspaces,
};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call, ReadDoor, ReadRoute, Repeat};

pub const ME: &str = "/api/v2/users/me";
pub const MY_KEY: &str = "/api/v2/users/me/keys/{id}";
pub const BUILD_INFO: &str = "/api/v2/buildinfo";
pub const ENTITLEMENTS: &str = "/api/v2/entitlements";
pub const AUTH_METHODS: &str = "/api/v2/users/authmethods";
pub const AUTH_CHECK: &str = "/api/v2/authcheck";
pub const ORGANIZATION: &str = "/api/v2/organizations/{o}";
pub const ORGANIZATION_GROUPS: &str = "/api/v2/organizations/{o}/groups";
pub const MEMBER: &str = "/api/v2/organizations/{o}/members/{u}";
pub const GROUP_NAMED: &str = "/api/v2/organizations/{o}/groups/{name}";
pub const GROUP: &str = "/api/v2/groups/{g}";
pub const GROUP_SYNC: &str = "/api/v2/organizations/{o}/settings/idpsync/groups";
pub const DAEMONS: &str = "/api/v2/organizations/{o}/provisionerdaemons";
pub const JOBS: &str = "/api/v2/organizations/{o}/provisionerjobs";
pub const USERS: &str = "/api/v2/users";
pub const USER: &str = "/api/v2/users/{user}";
pub const USER_STATUS: &str = "/api/v2/users/{user}/status/{status}";
pub const USER_WORKSPACES: &str = "/api/v2/users/{user}/workspaces";
pub const USER_WORKSPACE: &str = "/api/v2/users/{user}/workspace/{name}";
pub const FILES: &str = "/api/v2/files";
pub const TEMPLATES: &str = "/api/v2/templates";
pub const TEMPLATE: &str = "/api/v2/templates/{t}";
pub const ORGANIZATION_TEMPLATES: &str = "/api/v2/organizations/{o}/templates";
pub const TEMPLATE_NAMED: &str = "/api/v2/organizations/{o}/templates/{name}";
pub const TEMPLATE_VERSIONS: &str = "/api/v2/templates/{t}/versions";
pub const VERSION_NAMED: &str = "/api/v2/templates/{t}/versions/{name}";
pub const ORGANIZATION_VERSIONS: &str = "/api/v2/organizations/{o}/templateversions";
pub const VERSION: &str = "/api/v2/templateversions/{v}";
pub const VERSION_CANCEL: &str = "/api/v2/templateversions/{v}/cancel";
pub const VERSION_LOGS: &str = "/api/v2/templateversions/{v}/logs";
pub const VERSION_PARAMETERS: &str = "/api/v2/templateversions/{v}/rich-parameters";
pub const WORKSPACES: &str = "/api/v2/workspaces";
pub const WORKSPACE_BUILDS: &str = "/api/v2/workspaces/{w}/builds";
pub const BUILD: &str = "/api/v2/workspacebuilds/{b}";
pub const BUILD_LOGS: &str = "/api/v2/workspacebuilds/{b}/logs";
pub const BUILD_PARAMETERS: &str = "/api/v2/workspacebuilds/{b}/parameters";

/// What a reading half may send: reads, and the question what our account may do.
pub const READ_ROUTES: &[ReadRoute] = &[
    (Method::GET, ME),
    (Method::GET, MY_KEY),
    (Method::GET, BUILD_INFO),
    (Method::GET, ENTITLEMENTS),
    (Method::GET, AUTH_METHODS),
    (Method::POST, AUTH_CHECK),
    (Method::GET, ORGANIZATION),
    (Method::GET, ORGANIZATION_GROUPS),
    (Method::GET, GROUP_NAMED),
    (Method::GET, GROUP),
    (Method::GET, GROUP_SYNC),
    (Method::GET, DAEMONS),
    (Method::GET, JOBS),
    (Method::GET, USERS),
    (Method::GET, USER),
    (Method::GET, USER_WORKSPACE),
    (Method::GET, TEMPLATES),
    (Method::GET, TEMPLATE),
    (Method::GET, TEMPLATE_NAMED),
    (Method::GET, TEMPLATE_VERSIONS),
    (Method::GET, VERSION_NAMED),
    (Method::GET, VERSION),
    (Method::GET, VERSION_LOGS),
    (Method::GET, VERSION_PARAMETERS),
    (Method::GET, WORKSPACES),
    (Method::GET, BUILD),
    (Method::GET, BUILD_LOGS),
    (Method::GET, BUILD_PARAMETERS),
];

/// Rights without which a list is shorter than it is, or a write is refused: name, type of resource, action.
pub const RIGHTS: &[(&str, &str, &str)] = &[
    ("read every account", "user", "read"),
    ("make accounts", "user", "create"),
    ("suspend accounts", "user", "update"),
    ("read every template", "template", "read"),
    ("make templates", "template", "create"),
    ("change templates", "template", "update"),
    ("upload files", "file", "create"),
    ("read every workspace", "workspace", "read"),
    ("make workspaces for others", "workspace", "create"),
    ("start and stop workspaces", "workspace", "update"),
    ("delete workspaces", "workspace", "delete"),
];

/// The same of groups, where the options ask for them.
pub const GROUP_RIGHTS: &[(&str, &str, &str)] = &[
    ("read every group", "group", "read"),
    ("read everybody in groups", "group_member", "read"),
    ("make groups", "group", "create"),
    ("change groups", "group", "update"),
    ("delete groups", "group", "delete"),
];

/// Values of builds that are over, by the installation's address and the build's id. They never change, and reading them
/// takes a call a workspace.
static VALUES: LazyLock<Mutex<Remembered>> = LazyLock::new(Mutex::default);

type Remembered = BTreeMap<(String, String), Vec<Value>>;

/// Builds that are remembered at most; beyond that all are read anew.
const REMEMBERED: usize = 50_000;

/// Everything that is read. Cannot write: it holds a door that lets only reading routes pass.
pub struct Api {
    door: ReadDoor,
    organization: String,
    /// The installation's address.
    place: String,
    /// What does not change while one cycle reads, asked for once.
    info: OnceCell<BuildInfo>,
    home: OnceCell<Organization>,
    /// What our account might do when it was asked first.
    before: OnceCell<BTreeMap<String, bool>>,
}

impl Api {
    /// Reads one organisation through a door to an installation.
    pub fn new(door: ReadDoor, place: &reqwest::Url, organization: &str) -> Self {
        Self {
            door,
            organization: organization.to_owned(),
            place: place.to_string(),
            info: OnceCell::new(),
            home: OnceCell::new(),
            before: OnceCell::new(),
        }
    }

    async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        self.door.send(call).await
    }

    /// Reads one object.
    ///
    /// # Errors
    /// As the table of errors says, and when the answer is not what it should be.
    pub async fn one<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        decode(call, &self.send(call).await?)
    }

    /// Reads one object that may be absent.
    ///
    /// # Errors
    /// As the table of errors says. A 404 also means that we may not see it: ask [`Api::rights`] before believing it.
    pub async fn maybe<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Failure> {
        match self.one(call).await {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.class == FailureClass::Gone => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    pub async fn me(&self) -> Result<User, Failure> {
        self.one(&Call::get(ME, &[], "read our own account")).await
    }

    pub async fn build_info(&self) -> Result<BuildInfo, Failure> {
        let read = || async { self.one(&Call::get(BUILD_INFO, &[], "read what this installation is")).await };
        self.info.get_or_try_init(read).await.cloned()
    }

    pub async fn organization(&self) -> Result<Organization, Failure> {
        let name = &self.organization;
        let call = Call::get(ORGANIZATION, &[name], format!("read the organisation '{name}'"));
        let read = || async { self.one(&call).await };
        self.home.get_or_try_init(read).await.cloned().map_err(|failure| match failure.class {
            // Coder says the same of one that is not there and of one that we may not see.
            FailureClass::Gone => failure.help(format!(
                "by hand: an owner of Coder makes it with 'coder organizations create {name}', which takes a licence, and \
                 makes our account organization-admin in it; or correct 'options.organization'"
            )),
            _ => failure,
        })
    }

    /// Which rights of [`RIGHTS`] we had when that was asked first: before anything was read.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn rights_before(&self, organization: &str) -> Result<BTreeMap<String, bool>, Failure> {
        self.before.get_or_try_init(|| self.rights(organization)).await.cloned()
    }

    /// Which rights of [`RIGHTS`] and [`GROUP_RIGHTS`] we have now, by name.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn rights(&self, organization: &str) -> Result<BTreeMap<String, bool>, Failure> {
        let check = |(name, resource, action): &(&str, &str, &str)| {
            let mut object = json!({ "resource_type": resource });
            if !matches!(*resource, "user" | "file") {
                object["organization_id"] = organization.into();
            }
            ((*name).to_owned(), json!({ "object": object, "action": action }))
        };
        let checks: serde_json::Map<String, Json> = RIGHTS.iter().chain(GROUP_RIGHTS).map(check).collect();
        let call = Call::new(Method::POST, AUTH_CHECK, &[], "ask what our account may do");
        self.one(&call.repeat(Repeat::Safe).json(json!({ "checks": checks }))).await
    }

    /// Every account; as many as the server counts.
    ///
    /// # Errors
    /// As the table of errors says, and when the list is shorter than its own count.
    pub async fn users(&self) -> Result<Vec<User>, Failure> {
        let call = Call::get(USERS, &[], "list people");
        let Users { users, count } = self.one(&call).await?;
        whole(&call, users, count, |it| &it.id)
    }

    /// Every template of the organisation. A list leaves deprecated ones out, so that it takes two.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn templates(&self, organization: &str) -> Result<Vec<Template>, Failure> {
        let plain = Call::get(TEMPLATES, &[], "list templates");
        let deprecated = Call::get(TEMPLATES, &[], "list deprecated templates").query("q", "deprecated:true");
        let (plain, deprecated) =
            futures::join!(self.one::<Vec<Template>>(&plain), self.one::<Vec<Template>>(&deprecated));
        let all: BTreeMap<String, Template> =
            plain?.into_iter().chain(deprecated?).map(|it| (it.id.clone(), it)).collect();
        Ok(all.into_values().filter(|it| it.organization_id == organization).collect())
    }

    /// Every group of the organisation but `Everyone`, each with as many members as it counts.
    ///
    /// # Errors
    /// As the table of errors says; without a licence; when the identity provider sets groups, so that what we write would
    /// be undone; and when a group shows fewer members than it counts.
    pub async fn groups(&self, organization: &str) -> Result<Vec<Group>, Failure> {
        let sync = Call::get(GROUP_SYNC, &[organization], "read who sets groups");
        let GroupSync { field } = self.one(&sync).await?;
        if !field.is_empty() {
            let said = format!("the identity provider sets groups at every sign-in, by the claim '{field}'");
            return Err(Failure::new(FailureClass::Refused, "list groups", said)
                .help("take 'groups' out of the options, or the claim out of Coder's settings"));
        }
        let call = Call::get(ORGANIZATION_GROUPS, &[organization], "list groups");
        let groups: Vec<Group> = self.one(&call).await?;
        let groups: Vec<Group> = groups.into_iter().filter(|it| it.id != it.organization_id).collect();
        match groups.iter().find(|it| it.members.len() != it.total_member_count) {
            None => Ok(groups),
            Some(it) => {
                let (shown, counted) = (it.members.len(), it.total_member_count);
                let said = format!("the group '{}' shows {shown} of {counted} people", it.name);
                Err(Failure::new(FailureClass::Later, "list groups", said)
                    .help("nobody in it is taken out; the next cycle reads it again"))
            }
        }
    }

    /// One group.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn group(&self, name: &str) -> Result<Option<Group>, Failure> {
        let organization = self.organization().await?.id;
        self.maybe(&Call::get(GROUP_NAMED, &[&organization, name], format!("read group '{name}'"))).await
    }

    /// One group, whatever it is called now.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn group_by_id(&self, id: &str) -> Result<Option<Group>, Failure> {
        self.maybe(&Call::get(GROUP, &[id], "read a group")).await
    }

    /// Every version of a template, archived ones included.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn versions(&self, template: &Template) -> Result<Vec<Version>, Failure> {
        let doing = format!("list versions of template '{}'", template.name);
        self.one(&Call::get(TEMPLATE_VERSIONS, &[&template.id], doing).query("include_archived", "true")).await
    }

    /// Every workspace; as many as the server counts.
    ///
    /// # Errors
    /// As the table of errors says, and when the list is shorter than its own count.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, Failure> {
        let call = Call::get(WORKSPACES, &[], "list workspaces");
        let Workspaces { workspaces, count } = self.one(&call).await?;
        let workspaces = whole(&call, workspaces, count, |it| &it.id)?;
        Ok(workspaces.into_iter().filter(|it| !it.is_prebuild).collect())
    }

    /// Somebody's account.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn user(&self, name: &str) -> Result<Option<User>, Failure> {
        // By name, never by id: a deleted account is still told by its id (trap 22).
        self.maybe(&Call::get(USER, &[name], format!("read account '{name}'"))).await
    }

    pub async fn template(&self, name: &str) -> Result<Option<Template>, Failure> {
        let call = Call::get(TEMPLATE_NAMED, &[&self.organization, name], format!("read template '{name}'"));
        self.maybe(&call).await
    }

    pub async fn version_named(&self, template: &str, name: &str) -> Result<Option<Version>, Failure> {
        self.maybe(&Call::get(VERSION_NAMED, &[template, name], format!("read version '{name}'"))).await
    }

    pub async fn version(&self, id: &str) -> Result<Option<Version>, Failure> {
        self.maybe(&Call::get(VERSION, &[id], "read a template version")).await
    }

    /// A version of this name that we began before its template was there: it is in no list but that of jobs.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn orphan(&self, name: &str) -> Result<Option<Version>, Failure> {
        let me = self.me().await?;
        let call = Call::get(JOBS, &[&self.organization], "list our own jobs").query("initiator", &me.id);
        let jobs: Vec<QueuedJob> = self.one(&call.query("limit", 100)).await?;
        let named = |job: &&QueuedJob| job.metadata.get("template_version_name").and_then(Json::as_str) == Some(name);
        for job in jobs.iter().filter(named) {
            let Some(id) = job.input.get("template_version_id").and_then(Json::as_str) else { continue };
            match self.version(id).await? {
                Some(version) if version.is_orphan() => return Ok(Some(version)),
                _ => {}
            }
        }
        Ok(None)
    }

    pub async fn workspace(&self, owner: &str, name: &str) -> Result<Option<Workspace>, Failure> {
        self.maybe(&Call::get(USER_WORKSPACE, &[owner, name], format!("read workspace '{owner}/{name}'"))).await
    }

    pub async fn build(&self, id: &str) -> Result<Build, Failure> {
        self.one(&Call::get(BUILD, &[id], "read a build")).await
    }

    /// The parameters of a version.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn parameters(&self, version: &str) -> Result<Vec<Parameter>, Failure> {
        self.one(&Call::get(VERSION_PARAMETERS, &[version], "read the parameters of a template version")).await
    }

    /// The values of a build.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn values(&self, build: &Build) -> Result<Vec<Value>, Failure> {
        let key = (self.place.clone(), build.id.clone());
        let known = VALUES.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let read: Vec<Value> =
            self.one(&Call::get(BUILD_PARAMETERS, &[&build.id], "read the parameters of a build")).await?;
        if build.job.is_over() {
            let mut values = VALUES.lock().unwrap_or_else(PoisonError::into_inner);
            if values.len() >= REMEMBERED {
                values.clear();
            }
            values.insert(key, read.clone());
        }
        Ok(read)
    }

    /// The log of a version's import.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn version_log(&self, version: &str) -> Result<Vec<LogLine>, Failure> {
        self.one(&Call::get(VERSION_LOGS, &[version], "read the log of an import")).await
    }

    /// The log of a build.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn build_log(&self, build: &str) -> Result<Vec<LogLine>, Failure> {
        self.one(&Call::get(BUILD_LOGS, &[build], "read the log of a build")).await
    }
}

/// An answer as a type.
///
/// # Errors
/// When the body is not of this form.
pub fn decode<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        Failure::new(FailureClass::Later, &call.doing, format!("the answer cannot be read: {error}"))
            .help("if it stays so, something between Formulary and Coder changes answers")
    })
}

/// A list that is as long as the server says, each row once.
fn whole<T>(call: &Call, rows: Vec<T>, count: usize, id: impl Fn(&T) -> &String) -> Result<Vec<T>, Failure> {
    let ids: std::collections::BTreeSet<&String> = rows.iter().map(&id).collect();
    if ids.len() == count && rows.len() == count {
        return Ok(rows);
    }
    let said = format!("{} were read and the server counts {count}", ids.len());
    Err(Failure::new(FailureClass::Later, &call.doing, said)
        .help("nothing in it is deleted; the next cycle reads it again"))
}
