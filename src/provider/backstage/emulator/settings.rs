//! What an operator sets: who may call, what may be read, which kinds are allowed, how often things are looked at again.

use chrono::Duration;

/// The set-up of an installation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `backend.auth.externalAccess`, each with the name that tests know its holder by.
    pub tokens: Vec<Token>,
    /// `integrations.gitea[].host`.
    pub gitea_hosts: Vec<String>,
    /// `backend.reading.allow[].host`.
    pub allowed_hosts: Vec<String>,
    /// `catalog.rules`: the kinds that files may hold.
    pub allowed_kinds: Vec<String>,
    /// `catalog.locations`, type and target, which no API removes.
    pub locations: Vec<(String, String)>,
    /// `catalog.processingInterval`: after so long everything is looked at again.
    pub processing_interval: Duration,
    /// How long it takes until what is due is done.
    pub delay: Duration,
    /// How often what no Location lists any more is swept away.
    pub orphan_sweep: Duration,
    /// Whether the module for entities that never got through is installed.
    pub unprocessed_module: bool,
}

/// A static external token.
#[derive(Debug, Clone)]
pub struct Token {
    /// What tests call its holder.
    pub holder: &'static str,
    /// What is sent.
    pub token: &'static str,
    /// `accessRestrictions`; empty where everything is allowed.
    pub restrictions: Vec<Restriction>,
}

/// What a restricted token may use.
#[derive(Debug, Clone)]
pub struct Restriction {
    /// The plugin.
    pub plugin: &'static str,
    /// Its permissions; empty where all of them.
    pub permissions: Vec<&'static str>,
}

impl Default for Settings {
    fn default() -> Self {
        let catalog = |permissions: &[&'static str]| Restriction { plugin: "catalog", permissions: permissions.into() };
        let token = |holder, token, restrictions| Token { holder, token, restrictions };
        Self {
            tokens: vec![
                token("static", "static-token-of-the-sandbox", Vec::new()),
                token("daemon", "daemon-token-of-the-sandbox", vec![catalog(&[])]),
                token("restricted static", "restricted-token-of-the-sandbox", vec![catalog(&["catalog.entity.read"])]),
            ],
            gitea_hosts: vec!["gitea.example.test".to_owned()],
            allowed_hosts: Vec::new(),
            allowed_kinds: ["Component", "API", "Location", "User", "Group", "Template", "Resource", "System", "Domain"]
                .map(str::to_owned)
                .to_vec(),
            locations: Vec::new(),
            processing_interval: Duration::seconds(100),
            delay: Duration::zero(),
            orphan_sweep: Duration::seconds(30),
            unprocessed_module: true,
        }
    }
}
