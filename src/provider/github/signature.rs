//! How an App signs: a token of its own making for questions about itself, and for anything else the token of an
//! installation, which it gets by the first (guide, section 2).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use tokio::sync::{Mutex, OnceCell};

use super::api;
use super::errors::classify;
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Authorize, Call, Connection, Door, Repeat};

/// Seconds that a signature is dated back, for clocks that are ahead of GitHub's.
const BACK: i64 = 60;
/// Seconds that it lives; GitHub takes ten minutes by its own clock, and not one second more.
const LIFE: i64 = 540;
/// Before its end a token is taken for ended.
const MARGIN: Duration = Duration::seconds(60);
/// So long a new token may be refused although it is good.
const YOUNG: Duration = Duration::seconds(5);

/// Our App, able to sign. One serves both doors.
pub struct App {
    connection: Connection,
    key: OnceCell<KeyPair>,
    /// Seconds by which GitHub's clock is ahead of ours, once that was found to matter.
    skew: AtomicI64,
    /// Whether a signature was refused, so that the clocks are to be compared.
    doubted: AtomicBool,
}

impl App {
    /// The App whose id and key the connection's secrets hold; they are read at the first signature.
    pub fn new(connection: Connection) -> Arc<Self> {
        let (skew, doubted) = (AtomicI64::new(0), AtomicBool::new(false));
        Arc::new(Self { connection, key: OnceCell::new(), skew, doubted })
    }

    /// Seconds by which GitHub's clock is ahead of ours, as far as that was found to matter.
    pub fn skew(&self) -> i64 {
        self.skew.load(Ordering::SeqCst)
    }

    /// The present moment by GitHub's clock.
    fn now(&self) -> DateTime<Utc> {
        self.connection.clock.now() + Duration::seconds(self.skew())
    }

    async fn key(&self) -> Result<&KeyPair, Failure> {
        self.key
            .get_or_try_init(|| async {
                let pem = self.connection.required("private_key").await?;
                key_of(pem.expose_secret()).ok_or_else(|| {
                    let said = "'private_key' is no RSA key in PEM";
                    Failure::new(FailureClass::MissingRights, "sign as our App", said)
                        .help("download a private key from the App's page, and name that file")
                })
            })
            .await
    }

    /// Whom the signature is of: the client id where the config names one, else the App's number.
    async fn issuer(&self) -> Result<String, Failure> {
        let secrets = &self.connection.secrets;
        match secrets.secret("client_id").await? {
            Some(id) => Ok(id.expose_secret().to_owned()),
            None => Ok(self.connection.required("app_id").await?.expose_secret().to_owned()),
        }
    }

    async fn signature(&self) -> Result<SecretString, Failure> {
        let (key, issuer, now) = (self.key().await?, self.issuer().await?, self.now().timestamp());
        let part = |value: &Json| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "iat": now - BACK, "exp": now + LIFE, "iss": issuer });
        let text = format!("{}.{}", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(&claims));
        let mut signed = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signed)
            .map_err(|_| Failure::new(FailureClass::Refused, "sign as our App", "the key signs nothing"))?;
        Ok(SecretString::from(format!("Bearer {text}.{}", URL_SAFE_NO_PAD.encode(signed))))
    }

    /// A value that only whoever has the App's key can have made: what binds a visit in a browser to what we asked for.
    ///
    /// # Errors
    /// When the key cannot be had.
    pub async fn seal(&self, text: &str) -> Result<String, Failure> {
        let pem = self.connection.required("private_key").await?;
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, pem.expose_secret().as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(&tag.as_ref()[..16]))
    }

    /// Signs, after comparing clocks where a signature was refused.
    async fn sign(&self, door: &Door) -> Result<SecretString, Failure> {
        if self.doubted.swap(false, Ordering::SeqCst) {
            let call = Call::get(api::ROOT, &[], "compare clocks");
            self.compare(&door.send_once(&call, None).await?);
        }
        self.signature().await
    }

    /// Learns from an answer how far the clocks are apart.
    fn compare(&self, answer: &Answer) {
        let theirs = answer.header("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        if let Some(theirs) = theirs {
            let ahead = (theirs.with_timezone(&Utc) - self.connection.clock.now()).num_seconds();
            self.skew.store(ahead, Ordering::SeqCst);
        }
    }
}

/// An RSA key of PEM: PKCS #1, as GitHub hands it out, or PKCS #8, as others keep it.
fn key_of(pem: &str) -> Option<KeyPair> {
    let of = |label: &str| {
        let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
        let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
        STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
    };
    match of("RSA PRIVATE KEY") {
        Some(der) => KeyPair::from_der(&der).ok(),
        None => KeyPair::from_pkcs8(&of("PRIVATE KEY")?).ok(),
    }
}

/// Signs calls about the App itself.
pub struct AsApp(pub Arc<App>);

#[async_trait]
impl Authorize for AsApp {
    async fn authorization(&self, door: &Door) -> Result<Option<SecretString>, Failure> {
        self.0.sign(door).await.map(Some)
    }

    async fn refused(&self, _: &SecretString) -> bool {
        self.0.doubted.store(true, Ordering::SeqCst);
        true
    }
}

/// Where an App is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// By the number of the installation.
    Number(String),
    /// By a repository that it was given.
    Repository(String, String),
}

/// What a token is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrow {
    /// GitHub's names with the level that is asked for; all that was accepted where there are none.
    pub permissions: &'static [(&'static str, &'static str)],
    /// The name of the one repository; all that were given where there is none.
    pub repository: Option<String>,
}

/// A token, and until when it is good.
#[derive(Clone)]
struct Minted {
    header: SecretString,
    token: SecretString,
    made: DateTime<Utc>,
    ends: DateTime<Utc>,
}

/// Signs calls with the token of an installation, which is made again before it ends.
pub struct AsInstallation {
    app: Arc<App>,
    place: Place,
    narrow: Narrow,
    /// One call for a new one at a time.
    minted: Mutex<Option<Minted>>,
}

impl AsInstallation {
    /// Signs as an App where it is installed.
    pub fn new(app: Arc<App>, place: Place, narrow: Narrow) -> Self {
        Self { app, place, narrow, minted: Mutex::new(None) }
    }

    /// A token that is good for at least so long, and until when.
    ///
    /// # Errors
    /// When GitHub gives none.
    pub async fn token(&self, door: &Door, least: Duration) -> Result<(SecretString, DateTime<Utc>), Failure> {
        let minted = self.good_for(door, least.max(MARGIN)).await?;
        Ok((minted.token, minted.ends))
    }

    async fn good_for(&self, door: &Door, least: Duration) -> Result<Minted, Failure> {
        let mut held = self.minted.lock().await;
        if let Some(minted) = held.as_ref().filter(|it| it.ends > self.app.now() + least) {
            return Ok(minted.clone());
        }
        let minted = self.mint(door).await?;
        *held = Some(minted.clone());
        Ok(minted)
    }

    /// Asks for a token: for the installation's number first, where it is not known.
    async fn mint(&self, door: &Door) -> Result<Minted, Failure> {
        let number = match &self.place {
            Place::Number(number) => number.clone(),
            Place::Repository(owner, name) => self.find(door, owner, name).await?,
        };
        let permissions: serde_json::Map<String, Json> =
            self.narrow.permissions.iter().map(|(name, level)| ((*name).to_owned(), json!(level))).collect();
        let mut body = json!({});
        if !permissions.is_empty() {
            body["permissions"] = Json::Object(permissions);
        }
        if let Some(name) = &self.narrow.repository {
            body["repositories"] = json!([name]);
        }
        // Two tokens are no worse than one.
        let call = Call::new(Method::POST, api::TOKENS, &[&number], DOING);
        let made = self.ask(door, &call.json(body).repeat(Repeat::Safe)).await?;
        let token = made["token"].as_str().unwrap_or_default();
        let ends = made["expires_at"].as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let Some(ends) = ends.filter(|_| !token.is_empty()) else {
            return Err(Failure::new(FailureClass::Later, DOING, "the answer holds no token"));
        };
        Ok(Minted {
            header: SecretString::from(format!("Bearer {token}")),
            token: SecretString::from(token.to_owned()),
            made: self.app.now(),
            ends: ends.with_timezone(&Utc),
        })
    }

    /// The number of the installation that a repository was given to.
    async fn find(&self, door: &Door, owner: &str, name: &str) -> Result<String, Failure> {
        let doing = format!("find the installation of our App at '{owner}/{name}'");
        let mut call = Call::get(api::OF_REPOSITORY, &[owner, name], doing.as_str());
        let mut answer = self.answered(door, &call).await?;
        if let Some(number) = api::moved_to(&answer) {
            if self.narrow.repository.is_some() {
                let said = format!("it is called otherwise now (number {number})");
                let help = "correct the name: whoever takes the old one takes its place";
                return Err(Failure::new(FailureClass::Refused, doing, said).help(help));
            }
            call = Call::get(api::OF_NUMBER, &[&number], doing.as_str());
            answer = self.answered(door, &call).await?;
        }
        match classify(&call, &answer) {
            None => Ok(answer.json().unwrap_or_default()["id"].to_string()),
            Some(failure) if failure.class == FailureClass::Gone => {
                let help = "by hand: an owner installs the App there, or gives it the repository; or the name is wrong";
                Err(Failure { class: FailureClass::MissingRights, ..failure }.help(help))
            }
            Some(failure) => Err(failure),
        }
    }

    async fn ask(&self, door: &Door, call: &Call) -> Result<Json, Failure> {
        let answer = self.answered(door, call).await?;
        match classify(call, &answer) {
            Some(failure) => Err(failure),
            None => Ok(answer.json().unwrap_or_default()),
        }
    }

    /// Asks as the App; once more after the clocks were compared, where the signature is not taken.
    async fn answered(&self, door: &Door, call: &Call) -> Result<Answer, Failure> {
        let mut again = true;
        loop {
            let signature = self.app.sign(door).await?;
            let answer = door.send_once(call, Some(&signature)).await?;
            if answer.status == 401 && again {
                again = false;
                self.app.compare(&answer);
                continue;
            }
            return Ok(answer);
        }
    }
}

const DOING: &str = "get a token of our App's installation";

#[async_trait]
impl Authorize for AsInstallation {
    async fn authorization(&self, door: &Door) -> Result<Option<SecretString>, Failure> {
        Ok(Some(self.good_for(door, MARGIN).await?.header))
    }

    /// A young token is given the seconds that it needs to be known everywhere; an older one is replaced.
    async fn refused(&self, signature: &SecretString) -> bool {
        let mut held = self.minted.lock().await;
        let Some(minted) = held.clone().filter(|it| it.header.expose_secret() == signature.expose_secret()) else {
            return true;
        };
        let age = self.app.now() - minted.made;
        if age < YOUNG {
            tokio::time::sleep((YOUNG - age).to_std().unwrap_or_default()).await;
        } else {
            *held = None;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_key_are_read_and_nothing_else() {
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
        use aws_lc_rs::rsa::KeySize;
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let whole: Pkcs8V1Der<'static> = pair.as_der().expect("it can be written");
        let pem =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(whole.as_ref()));
        assert!(key_of(&pem).is_some());
        assert!(key_of(&super::super::emulator::GitHub::private_key()).is_some());
        assert!(key_of(&pem.replace("PRIVATE", "PUBLIC")).is_none() && key_of("rubbish").is_none());
    }
}
