//! Who may do what: roles of the site and of the organisation, what is one's own, and the scopes of a token.

use super::call::{Call, Caller};
use super::world::World;

/// What an action is done to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'a> {
    /// The kind, as `authcheck` names it.
    pub(super) kind: &'a str,
    /// Whether it lies within the organisation.
    pub(super) in_organization: bool,
    /// Whose it is.
    pub(super) owner: Option<&'a str>,
}

/// The kinds of objects that the server knows. Of others nobody may do anything.
const KINDS: [&str; 36] = [
    "api_key",
    "assign_org_role",
    "assign_role",
    "audit_log",
    "connection_log",
    "crypto_key",
    "debug_info",
    "deployment_config",
    "deployment_stats",
    "file",
    "group",
    "group_member",
    "idpsync_settings",
    "inbox_notification",
    "license",
    "notification_message",
    "notification_preference",
    "notification_template",
    "oauth2_app",
    "oauth2_app_secret",
    "organization",
    "organization_member",
    "prebuilt_workspace",
    "provisioner_daemon",
    "provisioner_jobs",
    "replicas",
    "system",
    "task",
    "template",
    "user",
    "user_secret",
    "user_skill",
    "webpush_subscription",
    "workspace",
    "workspace_dormant",
    "workspace_proxy",
];

const ALL: &str = "*";

/// Site roles: kind and actions.
type Grant = (&'static str, &'static [&'static str]);

const USER_ADMIN: &[Grant] = &[
    ("assign_org_role", &["read", "assign", "unassign"]),
    ("assign_role", &["read", "assign", "unassign"]),
    ("group", &["create", "read", "update", "delete"]),
    ("group_member", &["read"]),
    ("idpsync_settings", &["read", "update"]),
    ("organization", &["read"]),
    ("organization_member", &["create", "read", "update", "delete"]),
    ("user", &["create", "read", "update", "delete", "read_personal", "update_personal"]),
];

const TEMPLATE_ADMIN: &[Grant] = &[
    ("assign_org_role", &["read"]),
    ("file", &["create", "read"]),
    ("group", &["read"]),
    ("group_member", &["read"]),
    ("organization", &["read"]),
    ("organization_member", &["read"]),
    ("prebuilt_workspace", &["update", "delete"]),
    ("provisioner_daemon", &[ALL]),
    ("template", &[ALL]),
    ("user", &["read"]),
    ("workspace", &["read"]),
];

const AUDITOR: &[Grant] = &[
    ("assign_org_role", &["read"]),
    ("audit_log", &["read"]),
    ("connection_log", &["read"]),
    ("deployment_config", &["read"]),
    ("deployment_stats", &["read"]),
    ("group", &["read"]),
    ("group_member", &["read"]),
    ("organization", &["read"]),
    ("organization_member", &["read"]),
    ("template", &["read", "view_insights"]),
    ("user", &["read"]),
];

/// What everybody may do with what is her own.
const OWN: &[Grant] = &[
    ("api_key", &[ALL]),
    ("file", &["create", "read"]),
    ("user", &["read", "read_personal", "update_personal"]),
    ("user_secret", &[ALL]),
    ("user_skill", &[ALL]),
];

/// What a member of the organisation may do with what is her own within it.
const OWN_IN_ORGANIZATION: &[Grant] = &[("task", &[ALL]), ("workspace", &[ALL]), ("workspace_dormant", &[ALL])];

/// What a member of the organisation may read of it.
const MEMBER: &[Grant] =
    &[("assign_org_role", &["read"]), ("organization", &["read"]), ("organization_member", &["read"])];

const ORGANIZATION_USER_ADMIN: &[Grant] = &[
    ("assign_org_role", &["read", "assign", "unassign"]),
    ("group", &["create", "read", "update", "delete"]),
    ("group_member", &["read"]),
    ("idpsync_settings", &["read", "update"]),
    ("organization_member", &["create", "read", "update", "delete"]),
];

const ORGANIZATION_TEMPLATE_ADMIN: &[Grant] = &[
    ("file", &["create", "read"]),
    ("provisioner_daemon", &["create", "read", "update", "delete"]),
    ("provisioner_jobs", &["read", "update"]),
    ("template", &[ALL]),
    ("workspace", &["read"]),
];

const ORGANIZATION_AUDITOR: &[Grant] = &[
    ("audit_log", &["read"]),
    ("group", &["read"]),
    ("group_member", &["read"]),
    ("template", &["read", "view_insights"]),
];

/// Kinds of the site that an organisation's admin has no power over.
const NOT_OF_ORGANIZATION: [&str; 10] = [
    "api_key",
    "assign_role",
    "crypto_key",
    "debug_info",
    "deployment_config",
    "license",
    "replicas",
    "system",
    "user",
    "workspace_proxy",
];

impl<'a> Object<'a> {
    /// An object of the site.
    pub(super) fn site(kind: &'a str) -> Self {
        Object { kind, in_organization: false, owner: None }
    }

    /// An object of the organisation.
    pub(super) fn organization(kind: &'a str) -> Self {
        Object { kind, in_organization: true, owner: None }
    }

    /// The same with an owner.
    pub(super) fn of(self, owner: &'a str) -> Self {
        Object { owner: Some(owner), ..self }
    }
}

impl World {
    /// Whether the caller may do this.
    pub(super) fn may(&self, call: &Call, action: &str, object: Object<'_>) -> bool {
        call.caller.as_ref().is_some_and(|caller| self.allows(caller, action, object))
    }

    /// Whether somebody may do this with the key that she presented.
    pub(super) fn allows(&self, caller: &Caller, action: &str, object: Object<'_>) -> bool {
        if !KINDS.contains(&object.kind) || !scoped(&caller.scopes, object.kind, action) {
            return false;
        }
        let Some(user) = self.users.get(&caller.user_id) else {
            return false;
        };
        let grants = |table: &[Grant]| granted(table, object.kind, action);
        let by_site = user.roles.iter().any(|role| match role.as_str() {
            "owner" => true,
            "user-admin" => grants(USER_ADMIN),
            "template-admin" => grants(TEMPLATE_ADMIN),
            "auditor" => grants(AUDITOR),
            _ => false,
        });
        let is_own = object.owner == Some(caller.user_id.as_str());
        if by_site || is_own && grants(OWN) {
            return true;
        }
        let Some(row) = self.organization.members.get(&caller.user_id) else {
            return false;
        };
        let has = |role: &str| row.roles.iter().any(|known| known == role);
        // Whoever administers the organisation sees the accounts that may be in it.
        if object.kind == "user" && action == "read" && (has("organization-admin") || has("organization-user-admin")) {
            return true;
        }
        if !object.in_organization {
            return false;
        }
        let is_banned = object.kind == "workspace" && matches!(action, "create" | "delete");
        if is_banned && has("organization-workspace-creation-ban") {
            return false;
        }
        let by_role = row.roles.iter().any(|role| match role.as_str() {
            "organization-admin" => {
                !(NOT_OF_ORGANIZATION.contains(&object.kind) || object.kind == "organization" && action == "create")
            }
            "organization-user-admin" => grants(ORGANIZATION_USER_ADMIN),
            "organization-template-admin" => grants(ORGANIZATION_TEMPLATE_ADMIN),
            "organization-auditor" => grants(ORGANIZATION_AUDITOR),
            _ => false,
        });
        by_role || grants(MEMBER) || is_own && grants(OWN_IN_ORGANIZATION)
    }
}

fn granted(table: &[Grant], kind: &str, action: &str) -> bool {
    let row = table.iter().find(|(known, _)| *known == kind);
    row.is_some_and(|(_, actions)| actions.iter().any(|known| *known == action || *known == ALL))
}

/// The bundles that a token may ask for, taken apart.
const BUNDLES: &[(&str, &[&str])] = &[
    (
        "coder:workspaces.create",
        &["template:read", "template:use", "workspace:create", "workspace:update", "workspace:read"],
    ),
    (
        "coder:workspaces.operate",
        &["template:read", "workspace:read", "workspace:update", "workspace:start", "workspace:stop"],
    ),
    ("coder:workspaces.delete", &["template:read", "template:use", "workspace:read", "workspace:delete"]),
    ("coder:workspaces.access", &["template:read", "workspace:read", "workspace:ssh", "workspace:application_connect"]),
    ("coder:templates.build", &["template:read", "file:create", "file:read"]),
    ("coder:templates.author", &["template:*", "file:create", "file:read"]),
    ("coder:apikeys.manage_self", &["api_key:*"]),
    ("coder:application_connect", &["workspace:application_connect"]),
];

/// Whether one of a key's scopes covers this.
fn scoped(scopes: &[String], kind: &str, action: &str) -> bool {
    let covers = |scope: &str| scope.split_once(':').is_some_and(|(k, a)| k == kind && (a == action || a == ALL));
    scopes.iter().any(|scope| {
        let bundle = BUNDLES.iter().find(|(name, _)| name == scope);
        scope == "coder:all" || covers(scope) || bundle.is_some_and(|(_, parts)| parts.iter().any(|part| covers(part)))
    })
}
