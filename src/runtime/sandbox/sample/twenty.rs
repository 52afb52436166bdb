//! Twenty as it was: the fields that carry our mark, what sales knows of the company already, and another customer.

use serde_json::{Value, json};

use super::{Client, SampleError};

/// A custom field: object, name, type, whether it is unique.
const FIELDS: [(&str, &str, &str, bool); 4] = [
    ("company", "formularyKey", "TEXT", true),
    ("person", "formularyKey", "TEXT", true),
    ("opportunity", "formularyKey", "TEXT", true),
    ("opportunity", "workspaceUrl", "LINKS", false),
];

const OBJECTS: &str = "query { objects(paging: {first: 1000}) { edges { node { id nameSingular } } } }";
const ADD_FIELD: &str = "mutation($input: CreateOneFieldMetadataInput!) { createOneField(input: $input) { id name } }";

pub(super) async fn seed(client: &Client) -> Result<(), SampleError> {
    let model = ask(client, OBJECTS, json!({})).await?;
    let objects = model["data"]["objects"]["edges"].as_array().cloned().unwrap_or_default();
    for (object, name, field_type, is_unique) in FIELDS {
        let id = objects.iter().find(|edge| edge["node"]["nameSingular"] == object).map(|edge| &edge["node"]["id"]);
        let label = if field_type == "TEXT" { "Formulary key" } else { "Workspace URL" };
        let field = json!({
            "objectMetadataId": id, "type": field_type, "name": name, "label": label, "isUnique": is_unique,
        });
        ask(client, ADD_FIELD, json!({ "input": { "field": field } })).await?;
    }
    let acme = company(client, "Acme", "https://acme.example").await?;
    person(client, &acme, "Alice", "Chen", "alice@acme.example").await?;
    let globex = company(client, "Globex", "https://globex.example").await?;
    person(client, &globex, "Hank", "Scorpio", "hank@globex.example").await
}

async fn ask(client: &Client, query: &str, variables: Value) -> Result<Value, SampleError> {
    let (answer, _) = client.post("/metadata", json!({ "query": query, "variables": variables })).await?;
    Ok(answer)
}

async fn company(client: &Client, name: &str, domain: &str) -> Result<Value, SampleError> {
    let company = json!({ "name": name, "domainName": { "primaryLinkUrl": domain } });
    let (answer, _) = client.post("/rest/companies", company).await?;
    Ok(answer["data"]["createCompany"]["id"].clone())
}

async fn person(client: &Client, company: &Value, first: &str, last: &str, email: &str) -> Result<(), SampleError> {
    let person = json!({
        "name": { "firstName": first, "lastName": last }, "emails": { "primaryEmail": email }, "companyId": company,
    });
    client.post("/rest/people", person).await.map(drop)
}
