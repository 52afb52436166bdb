//! Missing rights, one by one, and credentials that are not ours: nothing is taken for gone.

use formulary::engine::model::FailureClass;

use super::Tour;
use crate::documents::{organisation, person, team};

const ROLES: &str = "
      roles:
        - { name: developer, description: Writes code. }
      clients:
        - client_id: wiki
          name: Wiki
          redirect_uris: [\"https://wiki.tour.example/callback\"]
";

async fn as_declared(tour: &mut Tour) {
    tour.configure(ROLES);
    let acme = organisation("acme").called("Acme").with("keycloak-organization", "true");
    tour.write("acme", acme.with("email-domains", "tour.example"));
    tour.write("core", team("core", "acme"));
    tour.write("alice", person("alice", "Alice Chen", &["acme", "core"]));
    tour.write("bob", person("bob", "Bob Okafor", &["acme", "core"]));
    tour.any_leg("as declared").await;
}

/// Without each right in turn: what it shows is unread or what it allows fails, the right is named, and nothing is
/// removed; with it again everything is done.
pub async fn one_by_one(tour: &mut Tour) {
    as_declared(tour).await;
    // Each right with a change that takes it. 'manage-realm' holds 'view-realm' and does for organisations.
    let cases: [(&str, &[&str]); 5] = [
        ("manage-users", &["manage-users"]),
        ("manage-organizations", &["manage-organizations", "manage-realm"]),
        ("manage-clients", &["manage-clients"]),
        ("view-realm", &["view-realm", "manage-realm"]),
        ("manage-realm", &["manage-realm"]),
    ];
    for (at, (right, taken)) in cases.into_iter().enumerate() {
        if !tour.knows(right).await {
            continue;
        }
        for taken in taken {
            tour.revoke(taken).await;
        }
        tour.nothing_left(&format!("as declared, without '{right}'")).await;
        if right == "manage-users" {
            tour.remove("bob");
        }
        let acme = organisation("acme").called(&format!("Acme {at}")).with("keycloak-organization", "true");
        tour.write("acme", acme.with("email-domains", "tour.example"));
        let describe = |config: &str, of: &str, text: &str| {
            let now = config.lines().map(|line| match line.trim_start().starts_with(of) {
                true => format!("{}{of}{text}", &line[..line.len() - line.trim_start().len()]),
                false => line.to_owned(),
            });
            now.collect::<Vec<_>>().join("\n") + "\n"
        };
        tour.config = describe(&tour.config, "- { name: developer, description: ", &format!("Number {at}. }}"));
        tour.config = describe(&tour.config, "name: Wiki", &format!(" {at}"));

        let attempt = tour.attempt().await;
        let unread = attempt.reading.unread();
        let unread = unread.iter().map(|(_, failure)| *failure);
        let refused = attempt.outcome.failures().map(|(_, failure)| failure);
        let failures: Vec<_> = unread.chain(refused).collect();
        assert!(!failures.is_empty(), "without '{right}' all goes well\n{}", attempt.reading.shown());
        for failure in &failures {
            assert_eq!(failure.class, FailureClass::MissingRights, "without '{right}': {failure:#?}");
        }
        // What reads is named by the right that reads.
        let reads = right.replace("manage-", "view-");
        let named = failures.iter().any(|it| it.help.contains(right) || it.help.contains(&reads));
        assert!(named, "'{right}' is not named: {failures:#?}");
        let removals = attempt.reading.removals();
        assert!(removals.is_empty(), "without '{right}': {removals:?}");

        for taken in taken {
            tour.grant(taken).await;
        }
        tour.any_leg(&format!("with '{right}' again")).await;
    }
}

pub async fn wrong_credentials(tour: &mut Tour) {
    as_declared(tour).await;
    tour.remove("bob");
    let right = tour.secrets.insert("KEYCLOAK_SECRET", "wrong".to_owned()).unwrap();
    let attempt = tour.attempt().await;
    assert!(attempt.reading.steps().is_empty(), "{}", attempt.reading.shown());
    let unread = attempt.reading.unread();
    assert!(!unread.is_empty());
    for (scope, failure) in unread {
        assert_eq!(failure.class, FailureClass::MissingRights, "{scope}: {failure:#?}");
        assert!(failure.help.contains("client_secret"), "{scope}: {failure:#?}");
    }
    tour.secrets.insert("KEYCLOAK_SECRET", right);
    tour.leg("the right ones", &["disable keycloak:user/bob"]).await;
}
