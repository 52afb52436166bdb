//! What anyone may read of a realm without a token: the discovery document, the key set, the realm's page.

use serde_json::json;

use super::answer::{Answer, Outcome};
use super::tokens::{Oidc, issuer};
use super::world::Object;

impl Oidc<'_> {
    /// `GET …/.well-known/openid-configuration`; it answers for a disabled realm too.
    pub fn discovery(&self) -> Outcome {
        let issuer = issuer(self.request, &self.realm.name);
        let named = self.realm.scopes.values().filter(|scope| scope.protocol == "openid-connect");
        let scopes: Vec<&str> = std::iter::once("openid").chain(named.map(|scope| scope.name.as_str())).collect();
        let text = DOCUMENT.replace("{issuer}", &issuer);
        let mut document: Object = serde_json::from_str(&text).expect("the text is an object");
        document.insert("scopes_supported".into(), json!(scopes));
        Ok(Answer::json(document))
    }

    /// `GET …/certs`. The keys are named; tokens are signed with a secret that nobody else can check.
    pub fn keys(&self) -> Outcome {
        let kid = self.signer.key_id();
        let key = |kid: &str, alg: &str, purpose: &str| {
            json!({"kid": kid, "kty": "RSA", "alg": alg, "use": purpose, "x5c": [kid], "x5t": kid, "x5t#S256": kid, "n": kid,
                   "e": "AQAB"})
        };
        let other: String = kid.chars().rev().collect();
        Ok(Answer::json(json!({"keys": [key(&kid, "RS256", "sig"), key(&other, "RSA-OAEP", "enc")]})))
    }

    /// `GET /realms/{realm}`.
    pub fn page(&self) -> Outcome {
        let issuer = issuer(self.request, &self.realm.name);
        Ok(Answer::json(json!({
            "realm": self.realm.name,
            "public_key": self.signer.key_id(),
            "token-service": format!("{issuer}/protocol/openid-connect"),
            "account-service": format!("{issuer}/account"),
            "tokens-not-before": self.realm.count_setting("notBefore"),
        })))
    }
}

/// The document, with the issuer to be filled in; the scopes are the realm's.
const DOCUMENT: &str = r#"{
  "issuer": "{issuer}",
  "authorization_endpoint": "{issuer}/protocol/openid-connect/auth",
  "token_endpoint": "{issuer}/protocol/openid-connect/token",
  "introspection_endpoint": "{issuer}/protocol/openid-connect/token/introspect",
  "userinfo_endpoint": "{issuer}/protocol/openid-connect/userinfo",
  "end_session_endpoint": "{issuer}/protocol/openid-connect/logout",
  "frontchannel_logout_session_supported": true,
  "frontchannel_logout_supported": true,
  "jwks_uri": "{issuer}/protocol/openid-connect/certs",
  "check_session_iframe": "{issuer}/protocol/openid-connect/login-status-iframe.html",
  "grant_types_supported": ["authorization_code", "client_credentials", "implicit", "password", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:uma-ticket", "urn:openid:params:grant-type:ciba"],
  "acr_values_supported": ["0", "1"],
  "response_types_supported": ["code", "none", "id_token", "token", "id_token token", "code id_token", "code token", "code id_token token"],
  "subject_types_supported": ["public", "pairwise"],
  "prompt_values_supported": ["none", "login", "consent"],
  "id_token_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"],
  "id_token_encryption_alg_values_supported": ["ECDH-ES+A256KW", "ECDH-ES+A192KW", "ECDH-ES+A128KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "ECDH-ES"],
  "id_token_encryption_enc_values_supported": ["A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"],
  "userinfo_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512", "none"],
  "userinfo_encryption_alg_values_supported": ["ECDH-ES+A256KW", "ECDH-ES+A192KW", "ECDH-ES+A128KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "ECDH-ES"],
  "userinfo_encryption_enc_values_supported": ["A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"],
  "request_object_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512", "none"],
  "request_object_encryption_alg_values_supported": ["ECDH-ES+A256KW", "ECDH-ES+A192KW", "ECDH-ES+A128KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "ECDH-ES"],
  "request_object_encryption_enc_values_supported": ["A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"],
  "response_modes_supported": ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"],
  "registration_endpoint": "{issuer}/clients-registrations/openid-connect",
  "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post", "tls_client_auth", "client_secret_jwt"],
  "token_endpoint_auth_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"],
  "introspection_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post", "tls_client_auth", "client_secret_jwt"],
  "introspection_endpoint_auth_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"],
  "authorization_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"],
  "authorization_encryption_alg_values_supported": ["ECDH-ES+A256KW", "ECDH-ES+A192KW", "ECDH-ES+A128KW", "RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "ECDH-ES"],
  "authorization_encryption_enc_values_supported": ["A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"],
  "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "name", "given_name", "family_name", "preferred_username", "email", "acr", "azp", "nonce"],
  "claim_types_supported": ["normal"],
  "claims_parameter_supported": true,
  "request_parameter_supported": true,
  "request_uri_parameter_supported": true,
  "require_request_uri_registration": true,
  "code_challenge_methods_supported": ["plain", "S256"],
  "tls_client_certificate_bound_access_tokens": true,
  "dpop_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "ES256", "RS256", "ES512", "PS256", "PS512", "RS512"],
  "revocation_endpoint": "{issuer}/protocol/openid-connect/revoke",
  "revocation_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post", "tls_client_auth", "client_secret_jwt"],
  "revocation_endpoint_auth_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"],
  "backchannel_logout_supported": true,
  "backchannel_logout_session_supported": true,
  "device_authorization_endpoint": "{issuer}/protocol/openid-connect/auth/device",
  "backchannel_token_delivery_modes_supported": ["poll", "ping"],
  "backchannel_authentication_endpoint": "{issuer}/protocol/openid-connect/ext/ciba/auth",
  "backchannel_authentication_request_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "ES256", "RS256", "ES512", "PS256", "PS512", "RS512"],
  "require_pushed_authorization_requests": false,
  "pushed_authorization_request_endpoint": "{issuer}/protocol/openid-connect/ext/par/request",
  "mtls_endpoint_aliases": {"token_endpoint": "{issuer}/protocol/openid-connect/token", "revocation_endpoint": "{issuer}/protocol/openid-connect/revoke", "introspection_endpoint": "{issuer}/protocol/openid-connect/token/introspect", "device_authorization_endpoint": "{issuer}/protocol/openid-connect/auth/device", "registration_endpoint": "{issuer}/clients-registrations/openid-connect", "userinfo_endpoint": "{issuer}/protocol/openid-connect/userinfo", "pushed_authorization_request_endpoint": "{issuer}/protocol/openid-connect/ext/par/request", "backchannel_authentication_endpoint": "{issuer}/protocol/openid-connect/ext/ciba/auth"},
  "authorization_response_iss_parameter_supported": true
}"#;
