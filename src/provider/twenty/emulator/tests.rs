//! What the recordings describe without showing it whole, and what they hold apart.

use chrono::DateTime;
use serde_json::{Value, json};

use super::call::Call;
use super::keys::{self, Caller};
use super::refusal::Refusal;
use super::settings::Settings;
use super::world::World;
use super::{graphql, rest};

const COMPANY: &str = "5f0c0001-7a11-4c0d-8e55-000000000001";

/// A workspace and its administrator's key.
struct Client {
    world: World,
    caller: Caller,
    now: i64,
}

impl Client {
    fn new(settings: &Settings) -> Self {
        let start = DateTime::from_timestamp_millis(1_800_000_000_000).unwrap();
        let world = World::installed(start, settings);
        let token = keys::credentials(&world.keys, start.timestamp()).swap_remove(0).1;
        let caller = keys::identify(&world.keys, &token, start.timestamp(), false).unwrap();
        Client { world, caller, now: start.timestamp_millis() }
    }

    fn call(&mut self, method: &str, path: &str, query: &[(&str, &str)], body: Option<Value>) -> Call {
        self.now += 1;
        Call {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body,
            caller: self.caller.clone(),
            now: self.now,
        }
    }

    fn rest(
        &mut self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Value, Refusal> {
        let call = self.call(method, path, query, body);
        rest::answer(&mut self.world, &call).map(|(_, body)| body)
    }

    fn graphql(&mut self, query: &str) -> Value {
        let call = self.call("POST", "/graphql", &[], Some(json!({ "query": query })));
        let document = graphql::document(&call).unwrap().unwrap();
        graphql::answer(&mut self.world, &call, &document).unwrap()
    }

    /// Makes people with an address each.
    fn people(&mut self, count: usize) -> Result<Value, Refusal> {
        let person = |n: usize| json!({ "emails": { "primaryEmail": format!("p{n}@acme.com") }, "companyId": COMPANY });
        self.rest("POST", "/rest/batch/people", &[("upsert", "true")], Some((0..count).map(person).collect()))
    }
}

fn with_company() -> Client {
    let mut client = Client::new(&Settings::default().unlimited());
    client.rest("POST", "/rest/companies", &[], Some(json!({ "id": COMPANY, "name": "Acme" }))).unwrap();
    client
}

#[test]
fn a_call_writes_200_records_at_most() {
    let mut client = with_company();
    assert_eq!(&*client.people(201).unwrap_err().message, "Maximum number of records to upsert is 200.");
    assert_eq!(client.people(200).unwrap()["data"]["createPeople"].as_array().unwrap().len(), 200);
}

#[test]
fn a_list_within_a_record_is_cut_and_claims_to_be_whole() {
    let mut client = with_company();
    client.people(70).unwrap();
    let path = format!("/rest/companies/{COMPANY}");
    let company = client.rest("GET", &path, &[("depth", "1")], None).unwrap();
    assert_eq!(company["data"]["company"]["people"].as_array().unwrap().len(), 60);
    let found = client
        .graphql("{ companies { edges { node { people(first: 100) { totalCount pageInfo { hasNextPage } } } } } }");
    let people = json!({ "totalCount": 60, "pageInfo": { "hasNextPage": false } });
    assert_eq!(found["data"]["companies"]["edges"][0]["node"]["people"], people);
    let filter = format!("companyId[eq]:{COMPANY}");
    assert_eq!(client.rest("GET", "/rest/people", &[("filter", &filter)], None).unwrap()["totalCount"], 70);
}

#[test]
fn the_limit_comes_before_the_data_and_tells_both_ways() {
    let mut client = Client::new(&Settings { calls_per_minute: Some(3), ..Settings::default() });
    let unknown = Some(json!({ "nope": 1 }));
    for _ in 0..3 {
        assert_eq!(client.rest("POST", "/rest/people", &[], unknown.clone()).unwrap_err().status, 400);
    }
    let refusal = client.rest("POST", "/rest/people", &[], unknown).unwrap_err();
    assert_eq!((refusal.status, &*refusal.message), (429, "Limit reached (3 tokens per 60000 ms)"));
    // An object that is none costs nothing and is refused by itself.
    assert_eq!(client.rest("GET", "/rest/customers", &[], None).unwrap_err().status, 400);
    let answer = client.graphql("{ people { totalCount } }");
    assert_eq!(answer["data"], json!({ "people": null }));
    assert_eq!(answer["errors"][0]["extensions"]["subCode"], "LIMIT_REACHED");
}

#[test]
fn a_root_field_occurs_once() {
    let mut client = with_company();
    let twice = client.graphql("{ a: people { totalCount } b: people { totalCount } }");
    assert_eq!(twice["errors"][0]["message"], "Duplicate root resolver: \"people\"");
}

#[test]
fn a_record_that_is_refused_by_the_database_leaves_the_updates() {
    let mut client = with_company();
    client.people(1).unwrap();
    let nobody = "5f0c0063-7a11-4c0d-8e55-000000000063";
    let data = json!([{ "emails": { "primaryEmail": "p0@acme.com" }, "jobTitle": "Ops" }, { "companyId": nobody }]);
    let refusal = client.rest("POST", "/rest/batch/people", &[("upsert", "true")], Some(data)).unwrap_err();
    assert!(refusal.message.contains("violates foreign key constraint"), "{}", refusal.message);
    let people = client.rest("GET", "/rest/people", &[], None).unwrap();
    assert_eq!((&people["totalCount"], &people["data"]["people"][0]["jobTitle"]), (&json!(1), &json!("Ops")));
}
