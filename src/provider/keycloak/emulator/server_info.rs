//! What the server says of itself: all of it to administrators of master, without the machine to everybody else.

use serde_json::json;

use super::answer::{Answer, Outcome, plain};
use super::events::SAVED_TYPES;
use super::rights::{Bearer, Caller, MASTER};
use super::world::World;

/// The release that is imitated.
pub(super) const VERSION: &str = "26.7.3";

impl World {
    pub fn server_info(&self, bearer: &Bearer) -> Outcome {
        let Some(home) = self.realms.get(&bearer.realm) else {
            return Err(plain(401));
        };
        let caller = Caller::of(self, bearer, home);
        if !caller.is_administrator() {
            return Err(plain(403));
        }
        let mut info = json!({
            "profileInfo": {"name": "default", "disabledFeatures": [], "previewFeatures": [], "experimentalFeatures": []},
            "features": [{"name": "ORGANIZATION", "label": "Organization support within realms", "type": "DEFAULT", "enabled": true}],
            "cryptoInfo": {"cryptoProvider": "DefaultCryptoProvider", "supportedKeystoreTypes": ["JKS", "PKCS12", "BCFKS"]},
            "themes": {}, "socialProviders": [], "identityProviders": [], "providers": {}, "protocolMapperTypes": {},
            "builtinProtocolMappers": {}, "clientInstallations": {}, "componentTypes": {}, "passwordPolicies": [],
            "enums": {
                "operationType": ["CREATE", "UPDATE", "DELETE", "ACTION"],
                "eventType": SAVED_TYPES.iter().flat_map(|kind| [(*kind).to_owned(), format!("{kind}_ERROR")]).collect::<Vec<_>>(),
            },
            "parameterizedScopeTypes": [],
        });
        if bearer.realm == MASTER {
            info["systemInfo"] = json!({"version": VERSION, "javaVersion": "25.0.3", "osName": "Linux"});
            info["cpuInfo"] = json!({"processorCount": 2});
            info["memoryInfo"] =
                json!({"total": 536_870_912, "used": 268_435_456, "free": 268_435_456, "freePercentage": 50});
        }
        Ok(Answer::json(info))
    }
}
