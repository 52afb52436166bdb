//! Groups of a licensed Coder, which the emulator knows from its source alone.

use formulary::engine::model::Instance;
use formulary::provider::coder::emulator::Settings;
use serde_json::json;

use super::Tour;
use crate::documents::{organisation, person, team};
use crate::hand::text;

async fn licensed(settings: Settings) -> Tour {
    let mut tour = Tour::of(settings).await;
    tour.with_groups();
    tour.write("acme", organisation("~acme"));
    tour.write("core", team("~core", "~acme").called("Core"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("zoe", person("~zoe", "Zoe Lang", &["~acme"]));
    tour
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_kept_true() {
    let mut tour = licensed(Settings::licensed()).await;
    tour.any_leg("as declared").await;
    let core = tour.api("/organizations/default/groups/~core").await;
    assert_eq!((text(&core["display_name"]), &core["total_member_count"]), ("Core", &json!(1)), "{core}");
    let acme = tour.api("/organizations/default/groups/~acme").await;
    assert_eq!(acme["total_member_count"], json!(2));

    // Somebody puts a stranger in, takes one of ours out, and calls it otherwise.
    let (bob, alice) = (tour.api("/users/bob").await, tour.api("/users/~alice").await);
    let change = json!({ "add_users": [bob["id"]], "remove_users": [alice["id"]], "display_name": "Kernel" });
    tour.hand.patch(&format!("/api/v2/groups/{}", text(&core["id"])), change).await;
    tour.leg(
        "put right",
        &[
            "create coder:group-member/~core/~alice (opens access)",
            "delete coder:group-member/~core/bob",
            "update coder:group/~core",
        ],
    )
    .await;

    // Another name is the same group, with everybody in it.
    tour.write("core", team("~kernel", "~acme").called("Core").with("previously", "~core"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~kernel"]));
    tour.any_leg("renamed").await;
    let kernel = tour.api("/organizations/default/groups/~kernel").await;
    assert_eq!((&kernel["id"], &kernel["total_member_count"]), (&core["id"], &json!(1)), "{kernel}");

    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.remove("core");
    let steps = tour.steps().await;
    assert!(steps.contains(&tour.named("delete coder:group/~kernel (deletions)")), "{steps:#?}");
    tour.any_leg("the team is gone").await;
    assert!(!tour.sees("/organizations/default/groups/~kernel").await);
    assert!(tour.sees("/organizations/default/groups/~acme").await);
}

/// Trap 6, and the rule of section 3.2: what the installation does not have, or leaves to the identity provider, is told,
/// and everything else goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_licence_and_where_a_claim_sets_groups() {
    let claimed = Settings { group_claim: "groups".to_owned(), ..Settings::licensed() };
    for (settings, told, complaint) in [
        (
            Settings::default(),
            "Template RBAC is a Premium feature. Contact sales! (it takes a licence that has it",
            Some("without a licence everybody lives in one organisation, and groups do not exist"),
        ),
        (claimed, "the identity provider sets groups at every sign-in, by the claim 'groups'", None),
    ] {
        let tour = licensed(settings).await;
        tour.try_all().await;
        assert!(tour.sees("/users/~alice").await && tour.sees("/users/~zoe").await);
        let reading = tour.reading().await;
        assert!(reading.steps().is_empty(), "{}", reading.shown());
        let shown = reading.shown().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(told), "{shown}");
        let probe = reading.world.probes[&Instance::new("coder")].as_ref().unwrap();
        let complaints = probe.findings.iter().filter(|it| !it.ok && it.help.contains("'groups'"));
        assert_eq!(complaints.map(|it| it.what.as_str()).next(), complaint, "{:#?}", probe.findings);
        assert!(probe.rights.iter().any(|it| it.needed_for == "read everybody in groups"), "{:#?}", probe.rights);
    }
}

/// A list that shows fewer than it counts takes nobody out, and an account that may not read groups makes none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_rights_on_groups() {
    let mut tour = licensed(Settings::licensed()).await;
    tour.any_leg("as declared").await;
    tour.write("alice", person("~alice", "Alice Chen", &["~acme"]));
    tour.remove("core");
    let token = tour.served.as_ref().unwrap().0.credentials()["alice"]["Coder-Session-Token"].clone();
    let ours = tour.secrets.insert("CODER_TOKEN", token).unwrap();
    assert!(tour.steps().await.is_empty(), "{}", tour.reading().await.shown());
    tour.secrets.insert("CODER_TOKEN", ours);
    tour.any_leg("with its rights again").await;
}
