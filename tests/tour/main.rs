//! The conformance tour: a service is led from one state to the next. Each time the documents are loaded, everything is
//! read and planned, all that waits is approved, the plan is applied, **and planned again: nothing may be left**.
//!
//! Newcomers: read [`stage`] first. A leg says what the mono-repo becomes (or what somebody does behind our back), then
//! which steps it takes. Adding a provider is a folder like `gitea/`.
//!
//! Against the emulators it always runs. Against real servers it runs where these variables say how to reach them, with
//! `cargo test --test tour -- keycloak`, `… -- logto`, `… -- gitea`, `… -- mattermost`, `… -- coder`, `… -- twenty`,
//! `… -- kubernetes` and `… -- backstage`:
//!
//! | variable | what |
//! |---|---|
//! | `FORMULARY_KEYCLOAK_URL` | where Keycloak answers, such as `http://127.0.0.1:8080` |
//! | `FORMULARY_KEYCLOAK_ADMIN_CLIENT_ID`, `FORMULARY_KEYCLOAK_ADMIN_CLIENT_SECRET` | a client of realm `master` that administers everything, such as the bootstrap client. Each test makes a realm `formulary-tour-…` with it and removes it afterwards; no other realm is touched |
//! | `FORMULARY_KEYCLOAK_VERSION` | the release, which Keycloak does not tell to a realm's client; `26.7.3` when not set (tried: 26.3.0, 26.7.3) |
//! | `FORMULARY_REQUIRE_REAL_KEYCLOAK` | `1` in CI: a Keycloak that is not there is a failure |
//! | `FORMULARY_LOGTO_URL` | where the default tenant of Logto answers, such as `http://127.0.0.1:3001` |
//! | `FORMULARY_LOGTO_CLIENT_ID`, `FORMULARY_LOGTO_CLIENT_SECRET` | a machine-to-machine application there with the role `Logto Management API access`. Everything that a test makes has a name of its own (`t…-`) and is removed afterwards |
//! | `FORMULARY_GITEA_URL` | where Gitea answers, such as `http://127.0.0.1:3000` |
//! | `FORMULARY_GITEA_TOKEN` | a site administrator's token with the scope `all`. Everything that a test makes has a name of its own (`t…-`) and is removed afterwards |
//! | `FORMULARY_GITEA_SOURCE_ID` | the number of an OAuth2 sign-in source there; `1` when not set |
//! | `FORMULARY_MATTERMOST_URL` | where Mattermost answers, such as `http://127.0.0.1:8065` |
//! | `FORMULARY_MATTERMOST_TOKEN` | a system administrator's token. Personal access tokens and bots must be allowed there. What a test makes has a name of its own (`t…-`); it is archived and deactivated afterwards, because nothing there can be deleted: use a server that may be thrown away |
//! | `FORMULARY_CODER_URL` | where Coder answers, such as `http://127.0.0.1:7080`, with an identity provider set up and Terraform at hand |
//! | `FORMULARY_CODER_TOKEN` | a token of an account that is owner of Coder. Everything that a test makes has a name of its own (`t…-`) and is removed afterwards |
//! | `FORMULARY_TWENTY_URL` | where a workspace of Twenty answers, such as `http://127.0.0.1:3000`, with the unique field `formularyKey` on companies, people and opportunities. A workspace of few records: a list of more than one page is read whole once an hour, and what was destroyed meanwhile is seen then. Its limit must be raised (`API_RATE_LIMITING_SHORT_LIMIT`, `API_RATE_LIMITING_LONG_LIMIT`): the tour makes hundreds of calls (tried: 2.20) |
//! | `FORMULARY_TWENTY_TOKEN` | an API key there whose role may do everything with records. Everything that a test makes has a name of its own (`t…-`) and is destroyed afterwards |
//! | `FORMULARY_KUBERNETES_URL` | where an API server answers with a certificate that the system trusts, or without one, such as `http://127.0.0.1:8001` (`kubectl proxy`) |
//! | `FORMULARY_KUBERNETES_TOKEN` | a token of somebody who may do everything with ConfigMaps in the namespace `FORMULARY_KUBERNETES_NAMESPACE` (`default` when not set). The one that a test makes has a name of its own (`t…-`) and is removed afterwards |
//! | `FORMULARY_BACKSTAGE_URL` | where a Backstage backend answers, such as `http://127.0.0.1:7007`, with the catalogue, `catalog-backend-module-scaffolder-entity-model` and `catalog-backend-module-unprocessed`; every kind is allowed under `catalog.rules`, and `catalog.processingInterval` is a few seconds (tried: catalog-backend 4.0.0). `backstage/server/` beside this file starts one |
//! | `FORMULARY_BACKSTAGE_TOKEN` | a static token there that may do everything in the plugin `catalog`. What a test makes has a name of its own (`t…-`), and its locations are removed afterwards |
//! | `FORMULARY_BACKSTAGE_FILES` | an address of this machine, such as `127.0.0.1:7010`, at which the tour serves files: named under `backend.reading.allow` |
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]
#![allow(missing_docs, reason = "nobody calls a test")]

#[macro_use]
mod legs;

mod backstage;
mod coder;
mod documents;
mod everybody;
mod gitea;
mod github;
mod hand;
mod keycloak;
mod kubernetes;
mod logto;
mod mattermost;
mod real;
mod stage;
mod twenty;
