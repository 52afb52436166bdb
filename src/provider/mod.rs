//! One folder a service, and the contract that all of them meet ([`contract`]).

pub mod backstage;
pub mod coder;
pub mod contract;
mod days;
pub mod emulator;
pub mod gitea;
pub mod github;
pub mod http;
pub mod inmemory;
pub mod keycloak;
pub mod kubernetes;
pub mod logto;
pub mod mattermost;
pub mod twenty;

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

use contract::Provider;

/// Every provider. Adding a service is one folder and one line here.
pub const ALL: &[&dyn Provider] = &[
    &keycloak::Keycloak,
    &logto::Logto,
    &gitea::GiteaProvider,
    &mattermost::MattermostProvider,
    &coder::CoderProvider,
    &twenty::TwentyProvider,
    &kubernetes::KubernetesProvider,
    &backstage::BackstageProvider,
    &github::GitHubProvider,
];
