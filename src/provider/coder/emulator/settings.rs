//! How an imitated installation is set up.

use chrono::Duration;

/// The server's configuration, and how its jobs behave.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether nobody has an account yet. Otherwise the people of the recordings have theirs.
    pub is_empty: bool,
    /// Calls a minute that one caller may send to one path (`CODER_API_RATE_LIMIT`).
    pub rate_limit: u32,
    /// Whether an identity provider is configured (`CODER_OIDC_ISSUER_URL`).
    pub oidc: Option<Oidc>,
    /// Providers of external authentication that templates may ask for.
    pub external_auth: Vec<ExternalAuth>,
    /// How many built-in provisioners there are; with none of them every job stays pending.
    pub provisioners: usize,
    /// How long a job runs that nothing in its template makes longer.
    pub job_time: Duration,
    /// Whether there is a licence with groups (`template_rbac`).
    pub has_groups: bool,
    /// The claim by which the identity provider sets everybody's groups at sign-in; empty where it does not.
    pub group_claim: String,
    /// Whether workspaces may be renamed (`CODER_ALLOW_WORKSPACE_RENAMES`).
    pub allow_workspace_renames: bool,
}

/// The identity provider.
#[derive(Debug, Clone)]
pub struct Oidc {
    /// The issuer's address.
    pub issuer: String,
    /// What stands on the button.
    pub sign_in_text: String,
    /// Whether somebody who has no account gets one (`CODER_OIDC_ALLOW_SIGNUPS`).
    pub allow_signups: bool,
}

/// A provider of external authentication.
#[derive(Debug, Clone)]
pub struct ExternalAuth {
    /// The identifier that templates name.
    pub id: String,
    /// Its type, such as `gitea`.
    pub kind: String,
    /// What people see.
    pub display_name: String,
}

impl Default for Settings {
    /// What the recordings begin with: no licence, no identity provider, three provisioners, jobs of half a second.
    fn default() -> Self {
        Settings {
            is_empty: false,
            rate_limit: 512,
            oidc: None,
            external_auth: Vec::new(),
            provisioners: 3,
            job_time: Duration::milliseconds(500),
            has_groups: false,
            group_claim: String::new(),
            allow_workspace_renames: false,
        }
    }
}

impl Settings {
    /// A server that nobody has entered.
    pub fn empty() -> Self {
        Settings { is_empty: true, ..Settings::default() }
    }

    /// A server with a licence that has groups.
    pub fn licensed() -> Self {
        Settings { has_groups: true, ..Settings::default() }
    }
}
