//! What is asked of Twenty: routes, whole lists, what changed since, single records, the data model. Only reads are here;
//! the writing half has its own calls.
//!
//! REST, because it refuses unknown fields, leaves out what our role may not read, and tells how many records there are;
//! the data model by GraphQL, because REST keeps that from most roles (guide, sections 2 and 10).

use std::collections::BTreeMap;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::kinds;
use super::options::Options;
use super::wire::{Model, Object, Page, Row};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call, ReadDoor, ReadRoute, Repeat};

pub const CLIENT_CONFIG: &str = "/client-config";
pub const METADATA: &str = "/metadata";
pub const GRAPHQL: &str = "/graphql";
pub const RECORDS: &str = "/rest/{plural}";
pub const BATCH: &str = "/rest/batch/{plural}";
pub const RECORD: &str = "/rest/{plural}/{id}";

/// What a reading half may send.
pub const READ_ROUTES: &[ReadRoute] = &[(Method::GET, CLIENT_CONFIG), (Method::GET, RECORDS), (Method::POST, METADATA)];

/// The questions that a reading half may ask where one also writes.
pub const DOCUMENTS: &[&str] = &[DATA_MODEL];

/// Objects with their fields. Pages are of ten where nothing is said, and the list of fields in a page does not tell
/// which are unique (guide, section 11).
const DATA_MODEL: &str = "query { objects(paging: {first: 1000}) { edges { node { nameSingular \
                          fieldsList { name type isActive isUnique options } } } } }";

/// A filter that finds live and deleted records: without a word about `deletedAt` the deleted ones are hidden.
const WITH_DELETED: &str = "or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)";

/// One of the objects that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sort {
    /// The kind that its records are.
    pub kind: &'static str,
    /// The API's name of one.
    pub singular: &'static str,
    /// The API's name of many.
    pub plural: &'static str,
    /// The fields that we read, beside those of the options.
    fields: &'static [&'static str],
}

/// Companies.
pub const COMPANIES: Sort =
    Sort { kind: kinds::COMPANY, singular: "company", plural: "companies", fields: &["name", "domainName"] };
/// Contacts.
pub const PEOPLE: Sort =
    Sort { kind: kinds::PERSON, singular: "person", plural: "people", fields: &["name", "emails", "companyId"] };
/// Deals.
pub const OPPORTUNITIES: Sort = Sort {
    kind: kinds::OPPORTUNITY,
    singular: "opportunity",
    plural: "opportunities",
    fields: &["name", "stage", "companyId", "pointOfContactId"],
};
/// Members of the workspace, who can sign in.
pub const MEMBERS: Sort = Sort {
    kind: kinds::LOGIN,
    singular: "workspaceMember",
    plural: "workspaceMembers",
    fields: &["name", "userEmail"],
};

/// Everything that is read.
pub const SORTS: &[Sort] = &[COMPANIES, PEOPLE, OPPORTUNITIES, MEMBERS];

/// Fields of every record that we read.
const COMMON: &[&str] = &["id", "createdAt", "updatedAt", "deletedAt"];

impl Sort {
    /// The sort of a kind.
    pub fn of(kind: &str) -> Option<Self> {
        SORTS.iter().find(|sort| sort.kind == kind).copied()
    }
}

/// Everything that is read. Cannot write: it holds a door that lets only reading routes pass.
pub struct Api {
    door: ReadDoor,
    options: Options,
}

impl Api {
    /// Reads a workspace through a door to it.
    pub fn new(door: ReadDoor, options: Options) -> Self {
        Self { door, options }
    }

    async fn get<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        decode(call, &self.door.send(call).await?)
    }

    /// What the server tells everybody about itself.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn client_config(&self) -> Result<Json, Failure> {
        self.get(&Call::get(CLIENT_CONFIG, &[], "read what this server is")).await
    }

    /// The objects that we read, as this workspace has them, by their singular names.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn data_model(&self) -> Result<BTreeMap<String, Object>, Failure> {
        let call = Call::new(Method::POST, METADATA, &[], "read the data model").repeat(Repeat::Safe);
        let call = call.json(json!({ "query": DATA_MODEL }));
        let body: Json = self.get(&call).await?;
        let model: Model = serde_json::from_value(body["data"].clone()).map_err(|error| unreadable(&call, &error))?;
        let objects = model.objects.edges.into_iter().map(|edge| edge.node);
        let ours = objects.filter(|object| SORTS.iter().any(|sort| sort.singular == object.name_singular));
        Ok(ours.map(|object| (object.name_singular.clone(), object)).collect())
    }

    /// Every record of a sort, those in the bin too; as many as the server counts.
    ///
    /// # Errors
    /// As the table of errors says, and when the list is shorter than its own count, or longer.
    pub async fn all(&self, sort: Sort) -> Result<BTreeMap<String, Row>, Failure> {
        let (rows, count) = self.list(sort, WITH_DELETED.to_owned(), format!("list {}", sort.plural)).await?;
        if rows.len() == count {
            return Ok(rows);
        }
        let said = format!("{} were read and the server counts {count}", rows.len());
        Err(Failure::new(FailureClass::Later, format!("list {}", sort.plural), said)
            .help("nothing in it is put away; the next cycle reads it again"))
    }

    /// The records of a sort that were changed at that moment or later, by the server's clock. What was destroyed is in no
    /// such list.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn since(&self, sort: Sort, moment: &str) -> Result<BTreeMap<String, Row>, Failure> {
        let filter = format!("and(updatedAt[gte]:\"{moment}\",{WITH_DELETED})");
        Ok(self.list(sort, filter, format!("list what changed of {}", sort.plural)).await?.0)
    }

    /// The records of a sort that a condition holds for, those in the bin too.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn that(&self, sort: Sort, condition: &str) -> Result<Vec<Row>, Failure> {
        let filter = format!("and({condition},{WITH_DELETED})");
        let (rows, _) = self.list(sort, filter, format!("look for {}", sort.plural)).await?;
        Ok(rows.into_values().collect())
    }

    /// One page of a sort: whether we may read it at all.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn one_of(&self, sort: Sort) -> Result<Option<Map<String, Json>>, Failure> {
        let call = Call::get(RECORDS, &[sort.plural], format!("read one of {}", sort.plural)).query("limit", 1);
        let page: Page = self.get(&call.query("depth", 0)).await?;
        Ok(records(page.data).into_iter().next())
    }

    /// All pages of a list, forward by id, into a map, because rows may move while one reads; and the server's own count.
    async fn list(&self, sort: Sort, filter: String, doing: String) -> Result<(BTreeMap<String, Row>, usize), Failure> {
        let names = self.names(sort);
        let (mut rows, mut after) = (BTreeMap::new(), None::<String>);
        loop {
            let mut call = Call::get(RECORDS, &[sort.plural], doing.as_str())
                .query("filter", &filter)
                .query("order_by", "id[AscNullsFirst]")
                .query("limit", self.options.page_size)
                .query("depth", 0);
            if let Some(after) = &after {
                call = call.query("starting_after", after);
            }
            let page: Page = self.get(&call).await?;
            let before = rows.len();
            for record in records(page.data) {
                let row = Row::keep(record, &names);
                rows.insert(row.id().to_owned(), row);
            }
            if !page.page_info.has_next_page {
                return Ok((rows, page.total_count));
            }
            // A page that brings nothing new would be followed for ever.
            if rows.len() == before || page.page_info.end_cursor.is_none() {
                let said = "the list does not end";
                return Err(Failure::new(FailureClass::Later, doing, said).help("the next cycle reads it again"));
            }
            after = page.page_info.end_cursor;
        }
    }

    /// What is kept of a record.
    fn names(&self, sort: Sort) -> Vec<&str> {
        let own = [self.options.key_field.as_str(), self.options.workspace_url_field.as_str()];
        COMMON.iter().chain(sort.fields).copied().chain(own).collect()
    }

    /// A record of an answer, as far as we read it.
    pub fn row(&self, sort: Sort, record: Map<String, Json>) -> Row {
        Row::keep(record, &self.names(sort))
    }
}

/// A condition: a field is one of these. What the filter's language cannot hold is not asked for: no such value is ever
/// written by us (see `names`).
pub fn is_one_of<'a>(field: &str, values: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let quoted: Vec<String> =
        values.into_iter().filter(|it| super::names::fits_a_filter(it)).map(|it| format!("\"{it}\"")).collect();
    (!quoted.is_empty()).then(|| format!("{field}[in]:[{}]", quoted.join(",")))
}

/// A condition: any of these holds.
pub fn any(conditions: impl IntoIterator<Item = String>) -> Option<String> {
    let mut conditions: Vec<String> = conditions.into_iter().collect();
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(format!("or({})", conditions.join(","))),
    }
}

/// The records under the only key of `data`, whatever it is called: that name differs between releases.
pub fn records(data: Map<String, Json>) -> Vec<Map<String, Json>> {
    let record = |it: Json| match it {
        Json::Object(record) => Some(record),
        _ => None,
    };
    match data.into_iter().next() {
        Some((_, Json::Array(all))) => all.into_iter().filter_map(record).collect(),
        Some((_, one)) => record(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// An answer as a type.
///
/// # Errors
/// When the body is not of this form.
pub fn decode<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| unreadable(call, &error))
}

fn unreadable(call: &Call, error: &serde_json::Error) -> Failure {
    Failure::new(FailureClass::Later, &call.doing, format!("the answer cannot be read: {error}"))
        .help("if it stays so, something between Formulary and Twenty changes answers")
}
