//! The settings of `app.ini` that change what the API answers.

/// What the operator of the imitated server has set. The default is a fresh installation's.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `[service] DEFAULT_USER_VISIBILITY`.
    pub default_user_visibility: String,
    /// `[service] ALLOWED_USER_VISIBILITY_MODES`. Organisations are not bound by it.
    pub allowed_user_visibility: Vec<String>,
    /// Identifiers of the authentication sources that exist, all of type OAuth2.
    pub login_sources: Vec<i64>,
    /// Bare repositories that lie on disk without being known, as `owner/name`: what `/admin/unadopted` lists.
    pub stray_directories: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let modes = ["public", "limited", "private"];
        Self {
            default_user_visibility: "public".to_owned(),
            allowed_user_visibility: modes.map(str::to_owned).to_vec(),
            login_sources: vec![1],
            stray_directories: Vec::new(),
        }
    }
}
