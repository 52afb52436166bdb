//! What is asked of GitHub: routes, whole lists, and a repository by its name or its number. Only reads are here.

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::errors::classify;
use super::options::Options;
use super::signature::{App, AsApp, AsInstallation, Narrow, Place};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call, Connection, Door, ReadDoor, ReadRoute};

pub const ROOT: &str = "/";
pub const APP: &str = "/app";
pub const INSTALLATIONS: &str = "/app/installations";
pub const TOKENS: &str = "/app/installations/{id}/access_tokens";
pub const OF_REPOSITORY: &str = "/repos/{owner}/{name}/installation";
pub const OF_NUMBER: &str = "/repositories/{id}/installation";
pub const OF_ACCOUNT: &str = "/users/{login}/installation";
pub const REACHED: &str = "/installation/repositories";
pub const REPOSITORY: &str = "/repos/{owner}/{name}";
pub const BY_NUMBER: &str = "/repositories/{id}";
pub const HOOKS: &str = "/repos/{owner}/{name}/hooks";

/// What a reading half may send as the App.
pub const APP_ROUTES: &[ReadRoute] = &[(Method::GET, APP), (Method::GET, INSTALLATIONS), (Method::GET, OF_ACCOUNT)];
/// What it may send with the token of an installation.
pub const INSTALLATION_ROUTES: &[ReadRoute] =
    &[(Method::GET, REACHED), (Method::GET, REPOSITORY), (Method::GET, BY_NUMBER), (Method::GET, HOOKS)];

/// The version of the API that this was written to (guide, section 1).
pub const HEADERS: &[(&str, &str)] = &[("x-github-api-version", "2022-11-28")];
/// The most that a page holds.
const PAGE: usize = 100;

/// Our App.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AppShown {
    pub slug: String,
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
}

/// Our App at an account.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Installation {
    pub id: i64,
    pub account: Account,
    #[serde(default)]
    pub repository_selection: String,
    #[serde(default)]
    pub html_url: String,
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    #[serde(default)]
    pub created_at: String,
    pub suspended_at: Option<String>,
    pub suspended_by: Option<Account>,
}

/// An organisation or a person.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Account {
    pub login: String,
    pub id: i64,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Repository {
    pub id: i64,
    pub full_name: String,
}

/// A webhook of a repository.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Hook {
    pub id: i64,
    pub active: bool,
    pub events: Vec<String>,
    #[serde(default)]
    pub config: BTreeMap<String, Json>,
    #[serde(default)]
    pub created_at: String,
    #[serde(default)]
    pub last_response: Json,
}

/// Everything that is read. It cannot write: its doors let only reading routes pass.
pub struct Api {
    app: Arc<App>,
    as_app: ReadDoor,
    as_installation: Option<ReadDoor>,
    options: Options,
}

impl Api {
    /// Reads through a connection.
    ///
    /// # Errors
    /// When no door can be opened.
    pub fn new(connection: &Connection, options: Options) -> Result<Self, Failure> {
        let app = App::new(connection.clone());
        let door = |authorize| Ok::<_, Failure>(Door::new(connection.clone(), authorize, classify)?.saying(HEADERS));
        let as_app = door(Box::new(AsApp(Arc::clone(&app))))?.read_only(APP_ROUTES);
        let as_installation = match options.repository() {
            Some((owner, name)) => {
                let place = Place::Repository(owner.to_owned(), name.to_owned());
                let narrow = Narrow { permissions: &[], repository: None };
                let signature = AsInstallation::new(Arc::clone(&app), place, narrow);
                Some(door(Box::new(signature))?.read_only(INSTALLATION_ROUTES))
            }
            None => None,
        };
        Ok(Self { app, as_app, as_installation, options })
    }

    /// The App as it signs.
    pub fn signer(&self) -> &App {
        &self.app
    }

    /// What our App is there.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn app(&self) -> Result<(AppShown, Option<String>), Failure> {
        let call = Call::get(APP, &[], "read our App");
        let answer = self.as_app.send(&call).await?;
        let version = answer.header("x-github-enterprise-version").map(str::to_owned);
        Ok((decode(&call, &answer)?, version))
    }

    /// Where our App is installed, the suspended ones too.
    ///
    /// # Errors
    /// As the table of errors says, of any page.
    pub async fn installations(&self) -> Result<Vec<Installation>, Failure> {
        let call = |page| Call::get(INSTALLATIONS, &[], "list the installations of our App").query("page", page);
        pages(&self.as_app, call, |body| body.as_array().cloned()).await
    }

    /// Whether our App is installed at one account, asked by itself: a list that does not show what is there is not whole.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn is_installed(&self, login: &str) -> Result<bool, Failure> {
        let call = Call::get(OF_ACCOUNT, &[login], format!("look for our App at '{login}'"));
        match self.as_app.send(&call).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.class == FailureClass::Gone => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// What the token of our App reaches.
    ///
    /// # Errors
    /// As the table of errors says, of any page; and when the list is not as long as its own count.
    pub async fn reached(&self) -> Result<Vec<Repository>, Failure> {
        let doing = "list the repositories that our App was given";
        let call = |page| Call::get(REACHED, &[], doing).query("page", page);
        pages(self.installed()?, call, |body| body["repositories"].as_array().cloned()).await
    }

    /// The mono-repo, under the name of the options. Where that leads elsewhere, or to another one, it is a failure that says so.
    ///
    /// # Errors
    /// As the table of errors says, and when the name does not mean that repository any more.
    pub async fn repository(&self) -> Result<Repository, Failure> {
        let door = self.installed()?;
        let (owner, name) = self.options.repository().unwrap_or_default();
        let doing = format!("read the repository '{owner}/{name}'");
        let call = Call::get(REPOSITORY, &[owner, name], doing.as_str());
        let answer = door.send(&call).await?;
        if !answer.is_success() {
            // Where it leads is not followed: the number in it is asked for here (guide, section 1).
            let number = moved_to(&answer);
            let number = number
                .ok_or_else(|| Failure::new(FailureClass::Refused, &doing, "it was moved, and nobody says where"))?;
            let call = Call::get(BY_NUMBER, &[&number], doing.as_str());
            let moved: Repository = decode(&call, &door.send(&call).await?)?;
            return Err(self.renamed(&doing, &moved));
        }
        let found: Repository = decode(&call, &answer)?;
        match self.options.repository_id {
            Some(known) if known != found.id => {
                let said = format!("another repository has that name: number {}, where ours is {known}", found.id);
                Err(Failure::new(FailureClass::Refused, doing, said)
                    .help("correct 'options.repository': ours was renamed, and somebody took its name"))
            }
            _ => Ok(found),
        }
    }

    fn renamed(&self, doing: &str, moved: &Repository) -> Failure {
        let said = format!("it is called '{}' now (number {})", moved.full_name, moved.id);
        let help = match self.options.repository_id {
            Some(known) if known != moved.id => {
                "that is another repository than 'options.repository_id' says: find out which is ours"
            }
            _ => "correct 'options.repository' and 'repository.url': whoever takes the old name takes its place",
        };
        Failure::new(FailureClass::Refused, doing, said).help(help)
    }

    /// The webhooks of the mono-repo.
    ///
    /// # Errors
    /// As the table of errors says, of any page.
    pub async fn hooks(&self) -> Result<Vec<Hook>, Failure> {
        let (owner, name) = self.options.repository().unwrap_or_default();
        let doing = format!("list the webhooks of '{owner}/{name}'");
        let call = |page| Call::get(HOOKS, &[owner, name], doing.as_str()).query("page", page);
        pages(self.installed()?, call, |body| body.as_array().cloned()).await
    }

    fn installed(&self) -> Result<&ReadDoor, Failure> {
        self.as_installation.as_ref().ok_or_else(|| {
            Failure::new(FailureClass::Refused, "read the mono-repo", "the options name no 'repository'")
        })
    }
}

/// The number of the repository that a redirect leads to.
pub fn moved_to(answer: &Answer) -> Option<String> {
    let (_, rest) = answer.header("location")?.split_once("/repositories/")?;
    let number = rest.split(['/', '?']).next()?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| number.to_owned())
}

/// All pages of a list: the end is a page without a next one, and a page that fails makes it no list (guide, trap 2).
async fn pages<T: DeserializeOwned>(
    door: &ReadDoor,
    call: impl Fn(usize) -> Call,
    items: impl Fn(&Json) -> Option<Vec<Json>>,
) -> Result<Vec<T>, Failure> {
    let (mut all, mut page) = (Vec::new(), 1);
    loop {
        let call = call(page).query("per_page", PAGE);
        let answer = door.send(&call).await?;
        let body: Json = decode(&call, &answer)?;
        let Some(found) = items(&body) else {
            return Err(Failure::new(FailureClass::Later, &call.doing, "the answer is no list"));
        };
        for item in found {
            all.push(serde_json::from_value(item).map_err(|error| unreadable(&call, &error))?);
        }
        // The link's own address is not followed: it is never taken out of an answer (guide, section 1).
        if !answer.header("link").is_some_and(|links| links.contains("rel=\"next\"")) {
            let count = body["total_count"].as_u64();
            if count.is_some_and(|count| count != all.len() as u64) {
                let said = format!("{} were read, and GitHub counts {}", all.len(), count.unwrap_or_default());
                return Err(Failure::new(FailureClass::Later, &call.doing, said).help("the next cycle reads it again"));
            }
            return Ok(all);
        }
        page += 1;
    }
}

/// An answer as a type.
fn decode<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| unreadable(call, &error))
}

fn unreadable(call: &Call, error: &serde_json::Error) -> Failure {
    Failure::new(FailureClass::Later, &call.doing, format!("the answer cannot be read: {error}"))
        .help("if it stays so, something between Formulary and GitHub changes answers")
}
