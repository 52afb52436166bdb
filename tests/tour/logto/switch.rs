//! A running platform takes Logto in the place of Keycloak. Accounts elsewhere carry the subjects of the one that was there:
//! nothing is made twice, and how somebody signs in changes by approval alone.

use std::collections::BTreeMap;

use formulary::runtime::sandbox::sample::{CLIENT_ID, CLIENT_SECRET, Client, REALM, seed};
use formulary::runtime::sandbox::{Sandbox, SandboxOptions};
use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::hand::text;

/// What the accounts of these people in Gitea are bound to.
async fn bound_to(gitea: &Client, people: &[String]) -> BTreeMap<String, String> {
    let mut bound = BTreeMap::new();
    for name in people {
        let account = gitea.get(&format!("/api/v1/users/{name}")).await.unwrap();
        bound.insert(name.clone(), text(&account["login_name"]).to_owned());
    }
    bound
}

pub async fn a_running_platform_changes_its_identity_provider(tour: &mut Tour) {
    let only = ["keycloak", "gitea"].map(str::to_owned);
    let options = SandboxOptions { only: only.into(), ..SandboxOptions::default() };
    let sandbox = Sandbox::start(options, seed).await.unwrap();
    let base = |service: &str| sandbox.service(service).unwrap().base().to_owned();
    let gitea = Client::administrator(sandbox.service("gitea").unwrap()).unwrap();
    let token = sandbox.service("gitea").unwrap().credentials()["admin token"]["Authorization"].clone();
    tour.secrets.insert("GITEA", token.trim_start_matches("token ").to_owned());
    tour.secrets.insert("KEYCLOAK", CLIENT_SECRET.to_owned());
    let gitea_entry = format!(
        "  gitea:\n    url: {}\n    mode: enforce\n    credentials: {{ token: \"env:GITEA\" }}\n    options: {{ source_id: 1 }}\n",
        base("gitea")
    );
    let keycloak = format!(
        "platform: tour\nservices:\n  keycloak:\n    url: {}\n    mode: enforce\n    credentials: {{ client_id: {CLIENT_ID}, \
         client_secret: \"env:KEYCLOAK\" }}\n    options: {{ realm: {REALM}, version: 26.7.3, vouch_for_email: true, \
         first_sign_in: none }}\n{gitea_entry}",
        base("keycloak")
    );
    let logto = std::mem::replace(&mut tour.config, keycloak) + &gitea_entry;

    tour.write("acme", organisation("~acme").called("~Acme"));
    tour.write("core", team("~core", "~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme"]));
    tour.any_leg("with Keycloak").await;
    let people = tour.names(&["~alice", "~bob"]);
    let before = bound_to(&gitea, &people).await;
    let accounts = gitea.get("/api/v1/admin/users?limit=50").await.unwrap().as_array().unwrap().len();

    tour.config = logto;
    let first = tour.reading().await;
    let steps = first.steps();
    let elsewhere: Vec<&String> = steps.iter().filter(|step| !step.contains("logto:")).collect();
    let waits = tour.names(&["update gitea:user/~alice (sign-in)", "update gitea:user/~bob (sign-in)"]);
    assert_eq!(
        elsewhere,
        waits.iter().collect::<Vec<_>>(),
        "nothing is made or removed anywhere else\n{}",
        first.shown()
    );
    let shown = first.shown().split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "login_name",
        "sub of logto:user/",
        "people sign in through 'logto' now, and the config names 'keycloak' no more",
        "2 accounts of gitea are bound to what the former one calls their owners",
    ] {
        assert!(shown.contains(said), "the plan does not say '{said}':\n{}", first.shown());
    }

    // Whatever nobody has to agree to is done: people get their accounts, and go on signing in as before.
    let attempt = tour.attempt().await;
    assert_eq!(attempt.outcome.failures().count(), 0, "{}", attempt.reading.shown());
    assert_eq!(bound_to(&gitea, &people).await, before, "it waits");
    let second = tour.reading().await;
    assert_eq!(second.steps(), waits, "{}", second.shown());

    tour.leg("agreed to", &["update gitea:user/~alice (sign-in)", "update gitea:user/~bob (sign-in)"]).await;
    let subjects: BTreeMap<String, String> = {
        let (alice, bob) = (tour.user("~alice").await, tour.user("~bob").await);
        let id = |user: &serde_json::Value| text(&user["id"]).to_owned();
        people.iter().cloned().zip([id(&alice), id(&bob)]).collect()
    };
    assert_eq!(bound_to(&gitea, &people).await, subjects);
    let now = gitea.get("/api/v1/admin/users?limit=50").await.unwrap().as_array().unwrap().len();
    assert_eq!(now, accounts, "nobody was made twice");
    // Nobody is told to touch what the former provider holds: it is not in the config any more.
    let keycloak = Client::administrator(sandbox.service("keycloak").unwrap()).unwrap();
    let path = format!("/admin/realms/{REALM}/users?username={}&exact=true", people[0]);
    assert_eq!(keycloak.get(&path).await.unwrap()[0]["enabled"], json!(true));
}

/// Mattermost's free edition signs people in by a number that Logto cannot keep: nobody is made there, and the ways out are
/// told where the config is checked.
pub async fn mattermosts_free_sign_in_is_refused(tour: &mut Tour) {
    let options = SandboxOptions { only: vec!["mattermost".to_owned()], ..SandboxOptions::default() };
    let sandbox = Sandbox::start(options, seed).await.unwrap();
    let served = sandbox.service("mattermost").unwrap();
    let token = served.credentials()["admin token"]["Authorization"].clone();
    tour.secrets.insert("MATTERMOST", token.rsplit_once(' ').unwrap().1.to_owned());
    let entry = format!(
        "  mattermost:\n    url: {}\n    mode: enforce\n    credentials: {{ token: \"env:MATTERMOST\" }}\n    options: {{ sign_in: \
         gitlab, sign_in_client: mattermost }}\n",
        served.base()
    );
    tour.config.push_str(&entry);
    tour.write("acme", organisation("~acme").called("~Acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    let reading = tour.reading().await;
    let told: Vec<String> = reading.world.diagnostics.iter().map(|it| format!("{it} {:?}", it.help)).collect();
    let refused = told.iter().find(|it| it.contains("'logto' cannot keep one"));
    let refused = refused.unwrap_or_else(|| panic!("{told:#?}"));
    for way_out in ["sign_in: openid", "sign_in: password", "an identity provider that keeps numbers"] {
        assert!(refused.contains(way_out), "{refused}");
    }
    assert!(reading.steps().iter().all(|it| !it.contains("mattermost:user")), "{}", reading.shown());

    tour.config = tour.config.replace("sign_in: gitlab, sign_in_client: mattermost", "sign_in: password");
    let steps = tour.reading().await.steps();
    assert!(steps.contains(&tour.named("create mattermost:user/~alice")), "{steps:#?}");
}
