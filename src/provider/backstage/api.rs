//! What is asked of Backstage: routes, whole lists, single objects. Only what changes nothing is here; the writing half has its
//! own calls.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::convert::{self, Location, Made};
use super::options::Options;
use crate::engine::model::{EntityRef, Failure, FailureClass};
use crate::provider::http::{Answer, Call, ReadDoor, ReadRoute, Repeat};

/// What every route of entities begins with.
pub const ENTITIES: &str = "/api/catalog/entities";
pub const BY_QUERY: &str = "/api/catalog/entities/by-query";
pub const BY_NAME: &str = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}";
/// Of a module that a Backstage may lack.
pub const PENDING: &str = "/api/catalog/entities/unprocessed/pending";
pub const LOCATIONS: &str = "/api/catalog/locations";
pub const LOCATION: &str = "/api/catalog/locations/{id}";
pub const REFRESH: &str = "/api/catalog/refresh";
pub const VALIDATE: &str = "/api/catalog/validate-entity";
pub const USERINFO: &str = "/api/auth/v1/userinfo";

/// What a reading half may send.
pub const READ_ROUTES: &[ReadRoute] = &[
    (Method::GET, BY_QUERY),
    (Method::GET, BY_NAME),
    (Method::GET, PENDING),
    (Method::GET, LOCATIONS),
    (Method::GET, LOCATION),
    (Method::GET, USERINFO),
    (Method::POST, VALIDATE),
];

/// The word by which a location is read and not registered.
pub const DRY_RUN: (&str, &str) = ("dryRun", "true");

/// What a reading half may send with that word alone.
pub const REHEARSALS: &[(ReadRoute, (&str, &str))] = &[((Method::POST, LOCATIONS), DRY_RUN)];

/// What is read of an entity.
const FIELDS: &str = "kind,apiVersion,metadata,spec,status";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Json>,
    total_items: usize,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    next_cursor: Option<String>,
}

/// Whose token ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// A service's, for the whole backend.
    Service,
    /// A service's, restricted to plugins or permissions.
    Restricted,
    /// A person's, which ends within the hour.
    Person,
    /// Backstage does not tell.
    Unknown,
}

/// Everything that is read. Cannot write: it holds a door that lets only such calls pass as change nothing.
pub struct Api {
    door: ReadDoor,
    options: Options,
}

impl Api {
    /// Reads a catalogue through a door to it.
    pub fn new(door: ReadDoor, options: Options) -> Self {
        Self { door: door.rehearsing(REHEARSALS), options }
    }

    /// The options of the instance.
    pub fn options(&self) -> &Options {
        &self.options
    }

    async fn get<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        decode(call, &self.door.send(call).await?)
    }

    /// Every entity of the kinds that are declared, and every Location, by reference; as many as the catalogue counts.
    ///
    /// # Errors
    /// As the table of errors says, and when the list is shorter than its own count, or longer.
    pub async fn entities(&self) -> Result<BTreeMap<String, Json>, Failure> {
        let filters: Vec<String> = kinds().map(|kind| format!("kind={kind}")).collect();
        self.list("list the catalogue's entities", &filters).await
    }

    /// What the catalogue made of a location.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn made_of(&self, target: &str) -> Result<Made, Failure> {
        let that = |kind: &str, annotation: &str| format!("kind={kind},metadata.annotations.{annotation}=url:{target}");
        let filters = [that("location", convert::FROM), that("user", convert::FOUND_FROM)];
        let entities = self.list("read what comes from a location", &filters).await?;
        let made = Made::of_all(&self.options.catalog.url, entities.values()).remove(&format!("url:{target}"));
        Ok(made.unwrap_or_default())
    }

    /// What keeps a location from being read.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn errors_of(&self, target: &str) -> Result<Vec<String>, Failure> {
        let filter = format!("kind=location,metadata.annotations.{}=url:{target}", convert::FROM);
        let entities = self.list("read what keeps a location", &[filter]).await?;
        let made = Made::of_all(&self.options.catalog.url, entities.values()).remove(&format!("url:{target}"));
        Ok(made.unwrap_or_default().errors)
    }

    /// All pages of what any of these filters lets pass.
    async fn list(&self, doing: &str, filters: &[String]) -> Result<BTreeMap<String, Json>, Failure> {
        let (mut entities, mut read, mut after) = (BTreeMap::new(), 0, None::<String>);
        loop {
            let mut call = Call::get(BY_QUERY, &[], doing).query("limit", self.options.catalog.page_size);
            call = match &after {
                // The cursor carries the filter, and neither the limit nor the fields.
                Some(cursor) => call.query("cursor", cursor),
                None => filters.iter().fold(call, |call, filter| call.query("filter", filter)),
            };
            let page: Page = self.get(&call.query("fields", FIELDS)).await?;
            let on_page = page.items.len();
            read += on_page;
            for entity in page.items {
                let Some(reference) = convert::reference(&entity) else {
                    let said = "the list holds something that is no entity";
                    return Err(Failure::new(FailureClass::Later, doing, said));
                };
                entities.insert(reference.to_string(), entity);
            }
            match page.page_info.next_cursor {
                Some(cursor) if on_page > 0 => after = Some(cursor),
                _ if entities.len() == page.total_items && read == page.total_items => return Ok(entities),
                _ => {
                    let said = format!(
                        "{read} were read, {} of them different, and Backstage counts {}",
                        entities.len(),
                        page.total_items
                    );
                    return Err(Failure::new(FailureClass::Later, doing, said)
                        .help("nothing in it is taken for absent; the next cycle reads it again"));
                }
            }
        }
    }

    /// One entity; `None` where Backstage says that there is none.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn entity(&self, reference: &EntityRef) -> Result<Option<Json>, Failure> {
        let segments = [reference.kind(), reference.namespace(), reference.name()];
        let entity: Option<Json> =
            absent(self.get(&Call::get(BY_NAME, &segments, format!("read '{reference}'"))).await)?;
        let is_it = |it: &Json| convert::reference(it).as_ref() == Some(reference);
        match entity {
            Some(other) if !is_it(&other) => {
                let said = "the answer is another entity, or none";
                Err(Failure::new(FailureClass::Later, format!("read '{reference}'"), said))
            }
            found => Ok(found),
        }
    }

    /// Every registered location, in one answer.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn locations(&self) -> Result<Vec<Location>, Failure> {
        let call = Call::get(LOCATIONS, &[], "list the catalogue's locations");
        let all: Vec<Json> = self.get(&call).await?;
        let sound = |it: &Json| it["data"]["id"].is_string() && it["data"]["type"].is_string();
        if !all.iter().all(sound) {
            return Err(Failure::new(FailureClass::Later, call.doing, "the list holds something that is no location"));
        }
        Ok(all.iter().filter_map(Location::read).collect())
    }

    /// One location by its id; `None` where Backstage says that there is none.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn location(&self, id: &str) -> Result<Option<Location>, Failure> {
        let call = Call::get(LOCATION, &[id], format!("read the location {id}"));
        let Some(found) = absent(self.get::<Json>(&call).await)? else { return Ok(None) };
        let location = Location::read(&found).filter(|it| it.id == id);
        location.map(Some).ok_or_else(|| Failure::new(FailureClass::Later, call.doing, "the answer is no location"))
    }

    /// What Backstage finds at an address now, entities with what they lead to, without registering it.
    ///
    /// # Errors
    /// As the table of errors says: [`Refused`](FailureClass::Refused) with the reader's reason where it cannot be read.
    pub async fn found_at(&self, url: &str) -> Result<Vec<Json>, Failure> {
        #[derive(Deserialize)]
        struct Found {
            entities: Vec<Json>,
        }
        let (name, value) = DRY_RUN;
        let doing = format!("have Backstage read {}", self.options.catalog.url.named(url));
        let call = Call::new(Method::POST, LOCATIONS, &[], doing).query(name, value).repeat(Repeat::Safe);
        let found: Found = self.get(&call.json(json!({ "type": "url", "target": url }))).await?;
        Ok(found.entities)
    }

    /// Whether Backstage would take an entity from a file.
    ///
    /// # Errors
    /// As the table of errors says: [`Refused`](FailureClass::Refused) with the reason where it would not.
    pub async fn judge(&self, entity: &Json, url: &str) -> Result<(), Failure> {
        let reference = convert::reference(entity).map(|it| it.to_string()).unwrap_or_default();
        let call = Call::new(Method::POST, VALIDATE, &[], format!("have Backstage check '{reference}'"));
        let body = json!({ "entity": entity, "location": format!("url:{url}") });
        self.door.send(&call.json(body).repeat(Repeat::Safe)).await.map(drop)
    }

    /// Entities that were found in files and never got into the catalogue, with their errors; `None` where Backstage lacks the
    /// module that tells.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn pending(&self) -> Result<Option<Vec<Json>>, Failure> {
        #[derive(Deserialize)]
        struct Pending {
            entities: Vec<Json>,
        }
        match self.get::<Pending>(&Call::get(PENDING, &[], "list entities that were not processed")).await {
            Ok(pending) => Ok(Some(pending.entities)),
            Err(failure) if failure.class == FailureClass::Refused => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// How many entities there are: whether we may read them at all.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn count(&self) -> Result<usize, Failure> {
        let call = Call::get(BY_QUERY, &[], "count the catalogue's entities").query("limit", 0);
        Ok(self.get::<Page>(&call).await?.total_items)
    }

    /// Whose token ours is.
    ///
    /// # Errors
    /// When it is nobody's, or nothing answers.
    pub async fn principal(&self) -> Result<Principal, Failure> {
        match self.get::<Json>(&Call::get(USERINFO, &[], "ask whose token ours is")).await {
            Ok(_) => Ok(Principal::Person),
            Err(failure) if failure.said.contains("represents a user principal") => Ok(Principal::Service),
            Err(failure) if failure.said.contains("restricted to plugin") => Ok(Principal::Restricted),
            Err(failure) if failure.class == FailureClass::MissingRights && failure.said.contains("without a word") => {
                Ok(Principal::Restricted)
            }
            Err(failure) if matches!(failure.class, FailureClass::Refused | FailureClass::Gone) => {
                Ok(Principal::Unknown)
            }
            Err(failure) => Err(failure),
        }
    }
}

/// The kinds that are listed.
fn kinds() -> impl Iterator<Item = &'static str> {
    convert::KINDS.iter().copied().chain(std::iter::once("location"))
}

/// Nothing where Backstage says itself that something is not there.
fn absent<T>(read: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.class == FailureClass::Gone => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// An answer as a type.
///
/// # Errors
/// When the body is not of this form.
pub fn decode<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        Failure::new(FailureClass::Later, &call.doing, format!("the answer cannot be read: {error}"))
            .help("if it stays so, something between Formulary and Backstage changes answers")
    })
}

/// A call that asks for an entity to be read again, with everything that leads to it.
pub fn refresh(reference: &str) -> Call {
    let call = Call::new(Method::POST, REFRESH, &[], format!("have '{reference}' read again"));
    call.json(json!({ "entityRef": reference })).repeat(Repeat::Safe)
}

/// A call that registers a location.
pub fn register(url: &str) -> Call {
    let call = Call::new(Method::POST, LOCATIONS, &[], format!("register {url}"));
    call.json(json!({ "type": "url", "target": url }))
}

/// A call that takes a location away, with all that comes from it.
pub fn remove(id: &str) -> Call {
    Call::new(Method::DELETE, LOCATION, &[id], format!("remove the location {id}"))
}
