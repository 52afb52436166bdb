//! Protocol mappers, in clients and in client scopes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, done, duplicate, error, message};
use super::call::Call;
use super::json::Shape;
use super::realms::text;
use super::shapes;
use super::world::{Client, Mapper, Object, Scope, new_id};

/// The kinds of mappers that an installation has.
const MAPPER_KINDS: &[&str] = &[
    "oidc-acr-mapper",
    "oidc-address-mapper",
    "oidc-allowed-origins-mapper",
    "oidc-amr-mapper",
    "oidc-audience-mapper",
    "oidc-audience-resolve-mapper",
    "oidc-claims-param-token-mapper",
    "oidc-claims-param-value-idtoken-mapper",
    "oidc-full-name-mapper",
    "oidc-group-membership-mapper",
    "oidc-hardcoded-claim-mapper",
    "oidc-hardcoded-role-mapper",
    "oidc-nonce-backwards-compatible-mapper",
    "oidc-organization-membership-mapper",
    "oidc-role-name-mapper",
    "oidc-session-state-mapper",
    "oidc-sha256-pairwise-sub-mapper",
    "oidc-sub-mapper",
    "oidc-usermodel-attribute-mapper",
    "oidc-usermodel-client-role-mapper",
    "oidc-usermodel-property-mapper",
    "oidc-usermodel-realm-role-mapper",
    "oidc-usersessionmodel-note-mapper",
    "saml-organization-membership-mapper",
    "saml-role-list-mapper",
    "saml-user-attribute-mapper",
    "saml-user-property-mapper",
];

/// Where mappers live.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner<'a> {
    Client(&'a str),
    Scope(&'a str),
}

/// A mapper out of a body. In a new client a claim of the ID token is a claim of userinfo too.
pub(super) fn mapper(body: &Object, in_new_client: bool) -> Mapper {
    let mut config: BTreeMap<String, String> = body
        .get("config")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    if in_new_client && let Some(value) = config.get("id.token.claim").cloned() {
        config.entry("userinfo.token.claim".into()).or_insert(value);
    }
    Mapper {
        id: text(body, "id").map_or_else(new_id, str::to_owned),
        name: text(body, "name").unwrap_or_default().to_owned(),
        protocol: text(body, "protocol").unwrap_or("openid-connect").to_owned(),
        kind: text(body, "protocolMapper").unwrap_or_default().to_owned(),
        config,
    }
}

pub(super) fn show_mapper(mapper: &Mapper) -> Value {
    json!({"id": mapper.id, "name": mapper.name, "protocol": mapper.protocol, "protocolMapper": mapper.kind,
           "consentRequired": false, "config": mapper.config})
}

impl Call<'_> {
    pub fn mappers(&self, owner: Owner<'_>) -> Outcome {
        Ok(Answer::json(self.mappers_of(owner)?.iter().map(show_mapper).collect::<Vec<_>>()))
    }

    pub fn mapper(&self, owner: Owner<'_>, id: &str) -> Outcome {
        let found = self.mappers_of(owner)?.iter().find(|mapper| mapper.id == id);
        Ok(Answer::json(show_mapper(found.ok_or_else(|| error(404, "Model not found"))?)))
    }

    pub fn create_mapper(&mut self, owner: Owner<'_>) -> Outcome {
        let body = self.request.bean(&shapes::MAPPER)?;
        self.demand_owner(owner)?;
        let made = self.new_mapper(owner, &body)?;
        let path = format!("{}/protocol-mappers/models/{}", owner_path(owner), made.id);
        if let Some(mappers) = self.mappers_mut(owner) {
            mappers.push(made);
        }
        self.record(
            "CREATE",
            "PROTOCOL_MAPPER",
            Some(path.clone()),
            Some(Value::Object(shapes::MAPPER.in_order(body))),
        );
        Ok(Answer::created(self.place(&path)))
    }

    pub fn add_mappers(&mut self, owner: Owner<'_>) -> Outcome {
        static LIST: Shape = Shape::List(&Shape::Bean(&shapes::MAPPER));
        let bodies = self.request.beans(&LIST)?;
        self.demand_owner(owner)?;
        for body in &bodies {
            let made = self.new_mapper(owner, body)?;
            if let Some(mappers) = self.mappers_mut(owner) {
                mappers.push(made);
            }
        }
        done()
    }

    pub fn put_mapper(&mut self, owner: Owner<'_>, id: &str) -> Outcome {
        let body = self.request.bean(&shapes::MAPPER)?;
        self.demand_owner(owner)?;
        let mut given = mapper(&body, false);
        given.id = id.to_owned();
        let found = self.mappers_mut(owner).and_then(|mappers| mappers.iter_mut().find(|mapper| mapper.id == id));
        *found.ok_or_else(|| error(404, "Model not found"))? = given;
        let path = Some(format!("{}/protocol-mappers/models/{id}", owner_path(owner)));
        self.record("UPDATE", "PROTOCOL_MAPPER", path, Some(Value::Object(shapes::MAPPER.in_order(body))));
        done()
    }

    pub fn delete_mapper(&mut self, owner: Owner<'_>, id: &str) -> Outcome {
        self.demand_owner(owner)?;
        let Some(mappers) = self.mappers_mut(owner) else {
            return Err(error(404, "Model not found"));
        };
        let before = mappers.len();
        mappers.retain(|mapper| mapper.id != id);
        if mappers.len() == before {
            return Err(error(404, "Model not found"));
        }
        let path = Some(format!("{}/protocol-mappers/models/{id}", owner_path(owner)));
        self.record("DELETE", "PROTOCOL_MAPPER", path, None);
        done()
    }

    fn new_mapper(&self, owner: Owner<'_>, body: &Object) -> Result<Mapper, Refusal> {
        let made = mapper(body, false);
        if !MAPPER_KINDS.contains(&made.kind.as_str()) {
            return Err(error(404, "ProtocolMapper provider not found"));
        }
        if text(body, "name").is_none() {
            return Err(duplicate());
        }
        let taken =
            self.mappers_of(owner)?.iter().any(|known| known.name == made.name && known.protocol == made.protocol);
        if taken { Err(message(409, "Protocol mapper exists with same name")) } else { Ok(made) }
    }

    fn mappers_of(&self, owner: Owner<'_>) -> Result<&[Mapper], Refusal> {
        match owner {
            Owner::Client(id) => self.visible_client(id).map(|client| client.mappers.as_slice()),
            Owner::Scope(id) => {
                self.caller.demand(&["view-clients", "manage-clients"])?;
                self.found_scope(id).map(|scope| scope.mappers.as_slice())
            }
        }
    }

    fn mappers_mut(&mut self, owner: Owner<'_>) -> Option<&mut Vec<Mapper>> {
        match owner {
            Owner::Client(id) => self.realm.clients.get_mut(id).map(|client| &mut client.mappers),
            Owner::Scope(id) => self.realm.scopes.get_mut(id).map(|scope| &mut scope.mappers),
        }
    }

    fn demand_owner(&self, owner: Owner<'_>) -> Result<(), Refusal> {
        match owner {
            Owner::Client(id) => self.managed_client(id).map(|_| ()),
            Owner::Scope(id) => {
                self.caller.demand(&["manage-clients"])?;
                self.found_scope(id).map(|_| ())
            }
        }
    }
}

/// All mappers that speak in a token of this client with these scopes.
pub(super) fn speaking<'a>(client: &'a Client, scopes: &[&'a Scope]) -> Vec<&'a Mapper> {
    client.mappers.iter().chain(scopes.iter().flat_map(|scope| scope.mappers.iter())).collect()
}

fn owner_path(owner: Owner<'_>) -> String {
    match owner {
        Owner::Client(id) => format!("clients/{id}"),
        Owner::Scope(id) => format!("client-scopes/{id}"),
    }
}
