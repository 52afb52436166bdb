//! The kinds that are kept true in Coder, each described once as data.
//!
//! Names, keys and fields are contract: plans, the ledger and the mono-repo's ignore rules hold them. What a rule is
//! taken from stands beside it; the rest of the provider obeys this file.

use crate::engine::model::{
    Access, Compare, Evidence, FieldSpec, GoesWith, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule, Tells,
};

/// A person's account.
pub const USER: &str = "user";
/// A group of people, with a licence.
pub const GROUP: &str = "group";
/// Somebody in a group.
pub const GROUP_MEMBER: &str = "group-member";
/// One version of a template: an archive of Terraform files, imported by the server.
pub const TEMPLATE_VERSION: &str = "template-version";
/// A template: what workspaces are made of.
pub const TEMPLATE: &str = "template";
/// Somebody's workspace.
pub const WORKSPACE: &str = "workspace";

/// All kinds, in the order in which one needs the other.
pub static KINDS: &[KindSpec] =
    &[USER_SPEC, GROUP_SPEC, GROUP_MEMBER_SPEC, TEMPLATE_VERSION_SPEC, TEMPLATE_SPEC, WORKSPACE_SPEC];

const USER_SPEC: KindSpec = KindSpec {
    name: USER,
    title: "person",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new(
            "initial_email",
            "the address by which the first sign-in finds it; afterwards it follows at next sign-in",
            // An account that was never entered keeps it, and whoever comes with another finds a closed door.
            Compare::While("status", "dormant"),
        )
        .access(Access::SignIn)
        .tells(Tells::Reached),
        FieldSpec::new(
            "initial_name",
            "the name that it is made with; it follows at next sign-in",
            Compare::CreateOnly,
        )
        .tells(Tells::Called),
        FieldSpec::new(
            "login_type",
            "how it signs in, which Coder never changes: oidc or password",
            Compare::CreateOnly,
        ),
        FieldSpec::new("active", "whether it may sign in; a dormant account may", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new(
            "member",
            "whether it is in the organisation of the options; nobody else uses its templates",
            Compare::Plain,
        )
        .access(Access::OpenWhen(true)),
        FieldSpec::new("status", "active, dormant (never signed in, no seat) or suspended", Compare::ServerOwned),
        FieldSpec::new("roles", "its roles in the whole installation; never written by us", Compare::ServerOwned),
        SINCE,
    ],
    key: "the username; unique whatever its case",
    // An account that signs in otherwise is refused for ever at the identity provider's door, so it is nobody of ours.
    identity: &[&[Evidence::Same("initial_email"), Evidence::Same("login_type")]],
    mark: None,
    outputs: &[("username", "the username, as links hold it")],
    scope: ScopeRule::Whole,
    absence: "the list of accounts without a limit, as long as its own count, while we may read every account before and \
              after",
    removal: Removal::Disable { field: "active", off: false },
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("resources in people's workspaces are named after it"),
    creation_opens: true,
    wakes: "sessions and tokens from before work again, because only an owner of Coder could have ended them",
    cannot_be_undone: "nothing is deleted",
};

const GROUP_SPEC: KindSpec = KindSpec {
    name: GROUP,
    title: "group",
    class: KindClass::Team,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("display_name", "the name that people see, at most 64 characters", Compare::Plain),
        FieldSpec::new(
            "source",
            "whether somebody made it (user) or the identity provider (oidc)",
            Compare::ServerOwned,
        ),
    ],
    key: "its name, in the organisation of the options",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[("name", "its name")],
    scope: ScopeRule::Whole,
    absence: "the organisation's list of groups, while we may read every group before and after",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "everybody's place in it, and the templates that are open to it alone",
        counts: None,
    }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "a deleted group does not come back; its name is free again",
};

const GROUP_MEMBER_SPEC: KindSpec = KindSpec {
    name: GROUP_MEMBER,
    title: "group member",
    class: KindClass::Membership,
    member_of: Some(GROUP),
    gives: &[],
    fields: &[],
    key: "group/username",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the group's members in the list of groups, as many as it counts, while we may read everybody in groups",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("a membership is named by its group and its person, and moves with them"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "nothing: whoever is put into it again is in it as before",
};

const TEMPLATE_VERSION_SPEC: KindSpec = KindSpec {
    name: TEMPLATE_VERSION,
    title: "template version",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("archive", "the SHA-256 of the archive of its files", Compare::CreateOnly),
        FieldSpec::new("identity", "the SHA-256 of that and of what it is imported with", Compare::CreateOnly),
        FieldSpec::new("variables", "the template's variables, each one stated", Compare::CreateOnly),
        FieldSpec::new("secret_variables", "variables that nobody may see", Compare::CreateOnly).sensitive(),
        FieldSpec::new("tags", "which provisioners may import and build it", Compare::CreateOnly),
        FieldSpec::new("imported", "whether the server could import it", Compare::Plain),
    ],
    key: "template/version, the version named after the formula's version and its content",
    identity: &[&[Evidence::Same("identity")]],
    mark: None,
    outputs: &[("name", "the version's name")],
    scope: ScopeRule::PerParent,
    absence: "the template's list of versions, archived ones included, of a template that was seen in the same cycle",
    removal: Removal::Keep,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("a version is named after its content"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "a version is never deleted; its name stays taken",
};

const TEMPLATE_SPEC: KindSpec = KindSpec {
    name: TEMPLATE,
    title: "template",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("display_name", "the name that people see, at most 64 characters", Compare::Plain),
        FieldSpec::new("description", "what it is, at most 127 characters", Compare::Text),
        FieldSpec::new("icon", "the address of its picture", Compare::Plain),
        FieldSpec::new("active_version", "the version that new workspaces are made of", Compare::Plain),
        FieldSpec::new(
            "allow_user_cancel_workspace_jobs",
            "whether builds may be broken off by others than owners of Coder",
            Compare::Plain,
        ),
        FieldSpec::new("deprecated", "whether it is put aside at the server", Compare::ServerOwned),
    ],
    key: "its name, in the organisation of the options",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[("name", "its name, as links hold it")],
    scope: ScopeRule::Whole,
    absence: "the lists of templates and of deprecated templates, while we may read every template before and after",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "the way to make workspaces of it; while one stands, Coder refuses",
        counts: None,
    }],
    rename: Rename::KeepsOldName("links and people's habits hold the name"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "a deleted template does not come back; its name is free again",
};

const WORKSPACE_SPEC: KindSpec = KindSpec {
    name: WORKSPACE,
    title: "workspace",
    class: KindClass::Workspace,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("template", "the template that it is made of; never changed", Compare::CreateOnly),
        FieldSpec::new(
            "version",
            "the template version that it is held at, where the request pins one",
            Compare::Plain,
        ),
        FieldSpec::new("parameters", "the values that its owner chose", Compare::Keys),
        FieldSpec::new(
            "fixed_parameters",
            "the values that its owner chose for good: for another one, ask for another workspace",
            Compare::Once,
        ),
        FieldSpec::new("running", "whether it runs; afterwards its owner's business", Compare::CreateOnly),
        FieldSpec::new("outdated", "whether its template has a newer active version", Compare::ServerOwned),
        FieldSpec::new("status", "what the server says of its last build", Compare::ServerOwned),
    ],
    key: "owner/name; unique whatever its case",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[("url", "where it is opened")],
    scope: ScopeRule::Whole,
    absence: "the list of workspaces without a limit, as long as its own count, while we may read every workspace before \
              and after",
    removal: Removal::Disable { field: "running", off: false },
    after_retention: true,
    goes_with: &[GoesWith { when: None, what: "everything in it that lies nowhere else", counts: None }],
    rename: Rename::KeepsOldName("Coder renames no workspace unless it is set up to"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "deleting a workspace deletes what lies in it",
};
