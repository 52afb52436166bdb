//! What a person did in a browser between two recorded requests, done by hand where an emulator offers that to tests.

use std::sync::Arc;

use formulary::provider::keycloak::emulator::{Keycloak, UpstreamPerson};
use serde_json::Value;

use super::mapping::Map;
use super::recording::{Exchange, Recording};

/// The hands: an emulator by its own type.
#[derive(Default)]
pub struct Browser {
    pub keycloak: Option<Arc<Keycloak>>,
}

impl Browser {
    /// Does what the exchange tells of. Whether it could.
    pub fn perform(&self, recording: &Recording, exchange: &Exchange, map: &Map) -> bool {
        self.sign_in_through(recording, exchange, map).is_some()
    }

    /// "pat signs in through the partner": the person was made in the upstream realm earlier in the file.
    fn sign_in_through(&self, recording: &Recording, exchange: &Exchange, map: &Map) -> Option<String> {
        let keycloak = self.keycloak.as_ref()?;
        let path = &exchange.request.as_ref()?.path;
        let realm = path.strip_prefix("/realms/")?.split('/').next()?;
        let alias = path.split("kc_idp_hint=").nth(1)?.split('&').next()?;
        let name = exchange.label.split(' ').next()?;
        let person = upstream_person(recording, map, &format!("/admin/realms/{alias}/users"), name)?;
        keycloak.sign_in_through(realm, alias, &person)
    }
}

fn upstream_person(recording: &Recording, map: &Map, path: &str, name: &str) -> Option<UpstreamPerson> {
    recording.exchanges().iter().find_map(|exchange| {
        let (request, response) = (exchange.request.as_ref()?, exchange.response.as_ref()?);
        let body = request.body.as_ref()?;
        if request.path != path || body.get("username")?.as_str()? != name {
            return None;
        }
        let recorded = response.headers.as_ref()?.get("location")?.as_str()?.rsplit('/').next()?;
        let field = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(UpstreamPerson {
            id: map.get(recorded)?.to_owned(),
            username: name.to_owned(),
            email: field("email"),
            first_name: field("firstName"),
            last_name: field("lastName"),
        })
    })
}
