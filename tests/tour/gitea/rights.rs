//! A token with one scope less, and one that is not ours: nothing is taken for gone.

use formulary::engine::model::FailureClass;

use super::{SCOPES, Tour};
use crate::documents::{organisation, person, team};

const REPOSITORY: &str = "
      repositories:
        - { owner: ~acme, name: ~formulas, description: Number 0 }
";

async fn as_declared(tour: &mut Tour) {
    tour.configure(REPOSITORY);
    tour.write("acme", organisation("~acme").about("Number 0"));
    tour.write("core", team("~core", "~acme"));
    tour.write("alice", person("~alice", "Alice Chen", &["~acme", "~core"]));
    tour.write("bob", person("~bob", "Bob Okafor", &["~acme", "~core"]));
    tour.any_leg("as declared").await;
}

/// With one scope less in turn: what it shows is unread or what it allows fails, the scope is named, and nothing is
/// removed; with it again everything is done. `read:user` alone is needed only to look at one account.
pub async fn scopes_one_by_one(tour: &mut Tour) {
    as_declared(tour).await;
    let least = tour.secrets["GITEA_TOKEN"].clone();
    for (at, missing) in SCOPES.into_iter().take(3).enumerate() {
        let kept: Vec<&str> = SCOPES.into_iter().filter(|it| *it != missing).collect();
        let token = tour.token(&format!("without {missing}"), &kept).await;
        tour.secrets.insert("GITEA_TOKEN", token);
        tour.nothing_left(&format!("as declared, without '{missing}'")).await;

        if at == 0 {
            tour.remove("bob");
        }
        tour.write("acme", organisation("~acme").about(&format!("Number {}", at + 1)));
        tour.write("alice", person("~alice", &format!("Alice {at}"), &["~acme", "~core"]));
        tour.config = tour.config.replace(&format!("Number {at}"), &format!("Number {}", at + 1));
        let attempt = tour.attempt().await;
        let unread = attempt.reading.unread();
        let unread = unread.iter().map(|(_, failure)| *failure);
        let refused = attempt.outcome.failures().map(|(_, failure)| failure);
        let failures: Vec<_> = unread.chain(refused).collect();
        assert!(!failures.is_empty(), "without '{missing}' all goes well\n{}", attempt.reading.shown());
        for failure in &failures {
            assert_eq!(failure.class, FailureClass::MissingRights, "without '{missing}': {failure:#?}");
        }
        let named = |it: &&&formulary::engine::model::Failure| {
            let category = missing.split(':').next_back().unwrap();
            it.help.contains(missing) || it.help.contains(&format!("read:{category}"))
        };
        assert!(failures.iter().any(|it| named(&it)), "'{missing}' is not named: {failures:#?}");
        let here = attempt.reading.removals().into_iter().filter(|it| it.contains(" gitea:"));
        assert_eq!(here.collect::<Vec<_>>(), Vec::<String>::new(), "without '{missing}'");

        tour.secrets.insert("GITEA_TOKEN", least.clone());
        tour.any_leg(&format!("with '{missing}' again")).await;
    }
}

pub async fn wrong_credentials(tour: &mut Tour) {
    as_declared(tour).await;
    tour.remove("bob");
    let right = tour.secrets.insert("GITEA_TOKEN", "0123456789012345678901234567890123456789".to_owned()).unwrap();
    let reading = tour.reading().await;
    let here: Vec<String> = reading.steps().into_iter().filter(|it| it.contains(" gitea:")).collect();
    assert!(here.is_empty(), "{}", reading.shown());
    let unread = reading.unread();
    assert!(!unread.is_empty());
    for (scope, failure) in unread {
        assert_eq!(failure.class, FailureClass::MissingRights, "{scope}: {failure:#?}");
        assert!(failure.help.contains("token"), "{scope}: {failure:#?}");
    }
    tour.secrets.insert("GITEA_TOKEN", right);
    tour.leg("the right one", &["disable gitea:user/~bob", "disable idp:user/~bob"]).await;
}
