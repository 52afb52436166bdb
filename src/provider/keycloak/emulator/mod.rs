//! Keycloak in miniature.
