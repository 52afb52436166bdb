//! Limits: whoever has no room is told before anything is done.

use super::Tour;
use crate::documents::{organisation, person};

pub async fn a_full_team_is_told_before_anything_is_done(tour: &mut Tour) {
    tour.write("acme", organisation("~acme"));
    tour.write("p000", person("~p000", "Person 0", &["~acme"]));
    tour.any_leg("as declared").await;
    let most = tour.api("/config").await["TeamSettings"]["MaxUsersPerTeam"].as_u64().unwrap();
    if most > 60 {
        // A real server may have been given more room than a test fills.
        return;
    }
    // Our own account is in it too.
    for at in 1..most + 1 {
        tour.write(&format!("p{at:03}"), person(&format!("~p{at:03}"), "A Person", &["~acme"]));
    }
    let reading = tour.reading().await;
    let told: Vec<String> = reading.world.diagnostics.iter().map(ToString::to_string).collect();
    let full = tour.named(&format!("the team '~acme' takes {most} accounts, and 2 are in it; no room for"));
    assert!(told.iter().any(|it| it.contains(&full)), "{told:#?}");
    let last = tour.named(&format!("create mattermost:team-member/~acme/~p{most:03}"));
    assert!(!reading.steps().contains(&last));
    tour.any_leg("everybody else gets in").await;
    assert_eq!(tour.members("~acme").await.len() as u64, most - 1);
}
