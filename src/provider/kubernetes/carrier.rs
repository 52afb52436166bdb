//! How calls travel to the API server: by `kube`, which keeps kubeconfigs, certificates, plugins and rotated tokens right.
//! What is sent, how often it is tried and what an answer means stays with the door.

use std::error::Error as _;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::Client;
use kube::client::{Body, ClientBuilder};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::sync::Mutex;

use super::options::Options;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Carrier, Connection, Lost, Outgoing};

/// The shortest that a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

const DOING: &str = "sign in to the cluster";

/// Calls by `kube`. The client is made at the first call, and anew when the server no longer takes its credentials.
pub struct Kube {
    connection: Connection,
    options: Options,
    client: Mutex<Option<Client>>,
}

impl Kube {
    pub fn new(connection: Connection, options: Options) -> Self {
        Self { connection, options, client: Mutex::new(None) }
    }

    async fn client(&self) -> Result<Client, Failure> {
        let mut client = self.client.lock().await;
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let made = self.sign_in().await?;
        *client = Some(made.clone());
        Ok(made)
    }

    async fn sign_in(&self) -> Result<Client, Failure> {
        let mut config = match &self.options.kubeconfig {
            Some(file) => of_kubeconfig(file, self.options.context.clone()).await?,
            None => self.of_token().await?,
        };
        // The address in our own config counts: whoever can change a kubeconfig must not receive our calls by that.
        config.cluster_url = self.server()?;
        if let Some(file) = &self.options.certificate_authority {
            config.root_cert_file = Some(file.into());
        }
        let limit = self.connection.limits.timeout;
        config.connect_timeout = Some(limit.min(CONNECT));
        config.read_timeout = Some(limit);
        config.write_timeout = Some(limit);
        let builder = ClientBuilder::try_from(config).map_err(|error| refused(&error))?;
        Ok(builder.build())
    }

    /// Where the server is. A path before those of the API stands in every request already, and `kube` would add it again.
    fn server(&self) -> Result<http::Uri, Failure> {
        let server = &self.connection.base[..url::Position::BeforePath];
        server.parse().map_err(|error| refused(&error))
    }

    async fn of_token(&self) -> Result<Config, Failure> {
        let token = self.connection.required("token").await?;
        let mut config = Config::new(self.server()?);
        config.auth_info.token = Some(token);
        Ok(config)
    }
}

async fn of_kubeconfig(file: &str, context: Option<String>) -> Result<Config, Failure> {
    let kubeconfig = Kubeconfig::read_from(file).map_err(|error| refused(&error))?;
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config.map_err(|error| refused(&error))?;
    if config.accept_invalid_certs {
        return Err(refused(&"the kubeconfig says 'insecure-skip-tls-verify'")
            .help("give it 'certificate-authority-data' instead: anybody on the way could take our token"));
    }
    Ok(config)
}

#[async_trait]
impl Carrier for Kube {
    async fn carry(&self, request: Outgoing, longest: usize, doing: &str) -> Result<Answer, Lost> {
        let client = self.client().await.map_err(Lost::Refused)?;
        let answer = send(&client, &request, longest, doing).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        // A token may have been rotated since: once more with what is there now.
        *self.client.lock().await = None;
        let client = self.client().await.map_err(Lost::Refused)?;
        send(&client, &request, longest, doing).await
    }
}

async fn send(client: &Client, request: &Outgoing, longest: usize, doing: &str) -> Result<Answer, Lost> {
    let mut sent = http::Request::new(Body::from(request.body.to_vec()));
    *sent.method_mut() = request.method.clone();
    // Where the server is, `kube` knows; it wants the path alone.
    let path = &request.url[url::Position::BeforePath..];
    *sent.uri_mut() = path.parse().map_err(|error| Lost::Refused(failed(doing, &error)))?;
    *sent.headers_mut() = request.headers.clone();
    let response = client.send(sent).await.map_err(|error| lost(&error, doing))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, longest).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { Lost::TooLong } else { Lost::Broken(error.to_string()) }
    })?;
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.to_bytes() })
}

/// Why there was no answer: not when the connection was never made.
fn lost(error: &kube::Error, doing: &str) -> Lost {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    let (mut connecting, mut signing_in) = (false, false);
    while let Some(next) = cause {
        let client = next.downcast_ref::<hyper_util::client::legacy::Error>();
        connecting = connecting || client.is_some_and(hyper_util::client::legacy::Error::is_connect);
        signing_in = signing_in || next.downcast_ref::<kube::client::AuthError>().is_some();
        causes.push(next.to_string());
        cause = next.source();
    }
    let said = causes.pop().unwrap_or_default();
    if signing_in {
        return Lost::Refused(Failure::new(FailureClass::MissingRights, doing, said).help("check the credentials"));
    }
    if connecting { Lost::NotSent(said) } else { Lost::Broken(said) }
}

fn refused(error: &dyn std::fmt::Display) -> Failure {
    failed(DOING, error)
}

fn failed(doing: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureClass::Refused, doing, error.to_string())
        .help("check 'credentials' and 'options' of the instance in the config")
}

#[cfg(test)]
mod tests;
