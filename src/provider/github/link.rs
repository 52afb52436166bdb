//! The page on which an owner installs our App, with a state by which a visit can be told to be ours (guide, section 9).
//!
//! `installation_id` in what GitHub sends back can be forged; the state cannot, because it takes the App's key to make
//! one. It is the same for the same account, so that plans stay the same.

use super::api::Api;
use super::options::Options;
use crate::engine::model::Failure;
use crate::provider::http::Connection;

/// Where an owner of an account installs our App.
///
/// # Errors
/// When the App's key cannot be had.
pub async fn to_install(api: &Api, options: &Options, connection: &Connection, login: &str) -> Result<String, Failure> {
    let state = state(api, connection, login).await?;
    Ok(format!("{}/installations/new?state={state}", options.app_page()))
}

/// The state of the visit for an account: the login in clear, and a seal over it, the platform and the installation.
async fn state(api: &Api, connection: &Connection, login: &str) -> Result<String, Failure> {
    let sealed = format!("{}\n{}\n{login}", connection.platform, connection.instance);
    Ok(format!("{login}.{}", api.signer().seal(&sealed).await?))
}
