//! Why something does not get into the catalogue, told with its place in the mono-repo; and what others do there.

use formulary::runtime::reconcile::StepOutcome;

use super::Tour;
use crate::stage::Attempt;

/// The reason and the advice of each step that failed, by its address.
fn failures(attempt: &Attempt) -> Vec<String> {
    let told = attempt.outcome.steps.iter().filter_map(|it| match &it.outcome {
        StepOutcome::Failed { failure } => Some(format!("{}: {} ({})", it.address, failure.said, failure.help)),
        _ => None,
    });
    told.collect()
}

/// Section 2.2: a file that cannot be read holds up what is read together with it, and nothing else.
pub async fn a_broken_file_holds_up_its_shard_alone(tour: &mut Tour) {
    tour.people("~acme", &["~alice", "~bob"]);
    tour.people("~labs", &["~luca"]);
    tour.formula("~lab", "The lab");
    tour.publish();
    tour.any_leg("as declared").await;

    tour.person("~acme", "~alice", "Alice Chen");
    tour.person("~labs", "~luca", "Luca Rossi");
    tour.formula("~lab", "The laboratory");
    tour.publish();
    // Somebody pushes past the checks.
    tour.pushed_by_hand("users/~acme/~bob.yaml", "kind: User\nmetadata: { name: ~bob\nspec: : :\n");
    let attempt = tour.attempt().await;
    let told = failures(&attempt);
    assert_eq!(told.len(), 1, "{told:#?}");
    let place = tour.named("users/~acme/~bob.yaml:");
    assert!(told[0].starts_with(&tour.named("backstage:entity/user/default/~alice: ")), "{told:#?}");
    assert!(told[0].contains(&place) && told[0].contains("held up"), "{told:#?}");
    assert_eq!(tour.entity("user:default/~luca").await["spec"]["profile"]["displayName"], "Luca Rossi");
    assert_eq!(tour.entity("template:default/~lab").await["metadata"]["title"], "The laboratory");

    // The plan says so, too; and what is put right comes by itself.
    let reading = tour.reading().await;
    assert!(reading.shown().contains(&place), "{}", reading.shown());
    tour.push();
    tour.any_leg("somebody puts it right").await;
}

/// The daemon acts on a revision that the forge does not serve yet.
pub async fn what_is_not_pushed_yet_is_told(tour: &mut Tour) {
    tour.people("~acme", &["~alice"]);
    tour.render();
    let attempt = tour.attempt().await;
    let told = failures(&attempt);
    assert!(
        told.iter().any(|it| it.contains("no matching files found") && it.contains("push the revision")),
        "{told:#?}"
    );
    assert!(tour.locations().await.is_empty(), "what cannot be read is not registered");
    tour.push();
    tour.any_leg("it is pushed").await;
    tour.person("~acme", "~alice", "Alice Chen");
    tour.render();
    let told = failures(&tour.attempt().await);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("says something else than the revision"), "{told:#?}");
    assert!(told[0].contains(&tour.named("(declared at users/~acme/~alice.yaml:1:1)")), "{told:#?}");
    tour.push();
    tour.any_leg("it is pushed").await;
}

/// A document that Backstage refuses keeps what was there; one that was never right is in no list at all.
pub async fn a_document_that_is_refused_is_told_with_its_place(tour: &mut Tour) {
    tour.people("~acme", &["~alice"]);
    tour.publish();
    tour.any_leg("as declared").await;
    tour.person("~acme", "~alice", "Alice Chen");
    tour.person("~acme", "~zoe", "Zoe");
    tour.publish();
    let refused = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: NAME}\n\
                   spec: {memberOf: [], profile: {email: ''}}\n";
    for name in ["~alice", "~zoe"] {
        tour.pushed_by_hand(&format!("users/~acme/{name}.yaml"), &refused.replace("NAME", name));
    }
    let told = failures(&tour.attempt().await);
    assert_eq!(told.len(), 2, "{told:#?}");
    for (name, told) in ["~alice", "~zoe"].iter().zip(&told) {
        let place = tour
            .named(&format!("users/~acme/{name}.yaml:1:1: /spec/profile/email must NOT have fewer than 1 characters"));
        assert!(told.contains(&place), "{told}");
    }
    assert_eq!(tour.entity("user:default/~alice").await["spec"]["profile"]["displayName"], tour.named("~alice"));
    tour.push();
    tour.any_leg("somebody puts it right").await;
}

/// Section 2.3: of two files that declare one entity, the first to be read keeps it.
pub async fn whoever_was_first_keeps_it(tour: &mut Tour) {
    let theirs = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: ~alice}\nspec: {memberOf: []}\n";
    tour.people("~acme", &["~alice"]);
    tour.publish();
    tour.pushed_by_hand("theirs/alice.yaml", theirs);
    let id = tour.register(&format!("{}/theirs/alice.yaml", tour.root)).await;
    tour.until("user:default/~alice", |it| !it.is_null()).await;
    let told = failures(&tour.attempt().await);
    assert!(told.iter().any(|it| it.contains("comes from 'theirs/alice.yaml'")), "{told:#?}");
    tour.hand.delete(&format!("/api/catalog/locations/{id}")).await;
    tour.any_leg("they give it up").await;
    assert_eq!(tour.entity("user:default/~alice").await["spec"]["memberOf"][0], tour.named("~acme"));
}

/// Trap 13: a location that was registered and cannot be read stays behind. It is somebody else's.
pub async fn what_others_left_behind_is_reported_and_stays(tour: &mut Tour) {
    tour.people("~acme", &["~alice"]);
    tour.publish();
    tour.any_leg("as declared").await;
    tour.register(&format!("{}/scaffolded/catalog-info.yaml", tour.root)).await;
    tour.nothing_left("it is nobody's").await;
    let changes = tour.own(&tour.reading().await);
    assert_eq!(changes, ["unowned backstage:location/scaffolded/catalog-info.yaml"]);
    assert_eq!(tour.locations().await.len(), 2);
}
