//! What people read of a lowered catalogue.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::lower;
use crate::engine::desired::placed;
use crate::engine::documents::{Options, load};
use crate::engine::model::{Allotments, Capabilities, Instance, Term, Value};
use crate::engine::source::{Revision, Snapshot};
use crate::provider::contract::{LowerInput, Lowered};
use crate::provider::gitea::doctor::TEAM_VISIBILITY;

const ACME: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: acme
  description: Makes things
  annotations: {formulary.dev/gitea-visibility: limited, formulary.dev/previously: acme-corp}
spec:
  type: organization
  profile: {displayName: ACME Corporation}
  children: []
";
const PLATFORM: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: platform
  annotations: {formulary.dev/gitea-team-permission: 'code:write, issues:read', formulary.dev/gitea-all-repositories: 'true'}
spec:
  type: team
  parent: acme
  children: []
";
const SRE: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: sre, description: On call}
spec:
  type: team
  parent: platform
  children: []
  members: [bob]
";
const ALICE: &str = "\
apiVersion: backstage.io/v1alpha1
kind: User
metadata:
  name: Alice
  annotations: {formulary.dev/previously: alicia, formulary.dev/gitea-restricted: 'true'}
spec:
  profile: {displayName: Alice Chen, email: Alice@ACME.example}
  memberOf: [acme, platform]
";
const BOB: &str = "\
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: bob}
spec:
  profile: {email: bob@acme.example}
  memberOf: [acme]
";

fn lowered(files: &[(&str, &str)], options: Json) -> Lowered {
    let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let loaded = load(&Snapshot::from_texts(Revision::default(), texts), &Options::default());
    assert!(loaded.is_sound(), "{:?}", loaded.diagnostics);
    let instance = Instance::new("gitea");
    let placed = placed(&loaded.catalogue, &instance, &["gitea".to_owned()].into());
    let mut capabilities = Capabilities::default();
    capabilities.facts.insert(TEAM_VISIBILITY.to_owned(), Value::Bool(true));
    let roles = BTreeMap::from([("identity".to_owned(), Instance::new("keycloak"))]);
    let input = LowerInput {
        instance: &instance,
        platform: "acme",
        catalogue: &loaded.catalogue,
        placed: &placed,
        options: &options,
        capabilities: &capabilities,
        allotments: &Allotments::default(),
        roles: &roles,
        identity_offers: &[],
        claims: &[],
    };
    let lowered = lower(&input);
    assert_eq!(format!("{lowered:?}"), format!("{:?}", lower(&input)), "equal inputs give equal output");
    lowered
}

/// One line a resource, field and set: where a field is said stands behind it.
fn shown(lowered: &Lowered) -> String {
    let mut text = String::new();
    for desired in &lowered.desired {
        write!(text, "{} by {} at {}", desired.address, desired.owner, desired.origin).expect("strings take text");
        if !desired.previously.is_empty() {
            write!(text, " before {}", desired.previously.join(", ")).expect("strings take text");
        }
        text.push('\n');
        for (name, wanted) in &desired.fields {
            let term = match &wanted.term {
                Term::Known(value) => value.to_string(),
                Term::Output(output) => format!("{} of {}", output.output, output.address),
                Term::Secret(reference) => format!("secret {reference}"),
            };
            let span = wanted.span.as_ref().map(|span| format!("  <- {span}")).unwrap_or_default();
            writeln!(text, "  {name}: {term}{span}").expect("strings take text");
        }
        let needs: Vec<String> = desired.needs.iter().map(ToString::to_string).collect();
        if !needs.is_empty() {
            writeln!(text, "  after {}", needs.join(", ")).expect("strings take text");
        }
    }
    for set in &lowered.sets {
        writeln!(text, "set {} is {:?}", set.edges, set.mode).expect("strings take text");
    }
    for diagnostic in &lowered.diagnostics {
        writeln!(text, "{diagnostic}").expect("strings take text");
    }
    for held in &lowered.held {
        writeln!(text, "held {held}").expect("strings take text");
    }
    text
}

#[test]
fn an_organisation_its_teams_and_people() {
    let files =
        [("org.yaml", ACME), ("platform.yaml", PLATFORM), ("sre.yaml", SRE), ("alice.yaml", ALICE), ("bob.yaml", BOB)];
    insta::assert_snapshot!(shown(&lowered(&files, json!({"source_id": 3}))), @r#"
    gitea:organization/acme by group:default/acme at org.yaml:1:1 before acme-corp
      description: "Makes things"  <- org.yaml:5:16
      full_name: "ACME Corporation"  <- org.yaml:9:26
      visibility: "limited"  <- org.yaml:6:49
    gitea:team/acme/members by group:default/acme at org.yaml:1:1 before acme-corp/members
      all_repositories: false
      can_create_repositories: false
      description: "Everybody of acme"
      permission: "none"
      units: {}
      visibility: "private"
      after gitea:organization/acme
    gitea:team/acme/platform by group:default/platform at platform.yaml:1:1 before acme-corp/platform
      all_repositories: true  <- platform.yaml:5:119
      can_create_repositories: false
      permission: "none"  <- platform.yaml:5:54
      units: {"repo.code":"write","repo.issues":"read"}  <- platform.yaml:5:54
      visibility: "private"
      after gitea:organization/acme
    gitea:team/acme/platform-sre by group:default/sre at sre.yaml:1:1 before acme-corp/platform-sre
      all_repositories: false
      can_create_repositories: false
      description: "On call"  <- sre.yaml:3:36
      permission: "none"
      units: {"repo.actions":"read","repo.code":"read","repo.ext_issues":"read","repo.ext_wiki":"read","repo.issues":"read","repo.packages":"read","repo.projects":"read","repo.pulls":"read","repo.releases":"read","repo.wiki":"read"}
      visibility: "private"
      after gitea:organization/acme
    gitea:team-member/acme/members/alice by group:default/acme at alice.yaml:8:14 before acme/members/alicia, acme-corp/members/alice, acme-corp/members/alicia
      after gitea:team/acme/members, gitea:user/alice
    gitea:team-member/acme/members/bob by group:default/acme at bob.yaml:6:14 before acme-corp/members/bob
      after gitea:team/acme/members, gitea:user/bob
    gitea:team-member/acme/platform-sre/bob by group:default/sre at sre.yaml:8:13 before acme-corp/platform-sre/bob
      after gitea:team/acme/platform-sre, gitea:user/bob
    gitea:team-member/acme/platform/alice by group:default/platform at alice.yaml:8:20 before acme/platform/alicia, acme-corp/platform/alice, acme-corp/platform/alicia
      after gitea:team/acme/platform, gitea:user/alice
    gitea:user/alice by user:default/alice at alice.yaml:1:1 before alicia
      email: "alice@acme.example"  <- alice.yaml:7:45
      full_name: "Alice Chen"  <- alice.yaml:7:26
      login_name: sub of keycloak:user/alice
      prohibit_login: false
      restricted: true  <- alice.yaml:5:83
      source_id: 3
      after keycloak:user/alice
    gitea:user/bob by user:default/bob at bob.yaml:1:1
      email: "bob@acme.example"  <- bob.yaml:5:20
      login_name: sub of keycloak:user/bob
      prohibit_login: false
      source_id: 3
      after keycloak:user/bob
    set gitea:team-member/acme/members is Additive
    set gitea:team-member/acme/platform is Authoritative
    set gitea:team-member/acme/platform-sre is Authoritative
    "#);
}

#[test]
fn the_mono_repo_with_its_protection_and_hook() {
    let options = json!({"source_id": 3, "members_team": "none", "repositories": [{
        "owner": "acme", "name": "Platform-Formulas", "default_branch": "main", "topics": ["gitops"],
        "protection": {"push_users": ["Bob"], "push_teams": [], "required_approvals": 1, "status_checks": ["formulary/plan"]},
        "webhook": {"url": "https://formulary.acme.example/hooks/gitea", "secret": "env:HOOK", "events": ["push", "pull_request"]}
    }]});
    insta::assert_snapshot!(shown(&lowered(&[("org.yaml", ACME), ("bob.yaml", BOB)], options)), @r#"
    gitea:branch-protection/acme/platform-formulas/main by config at config:1:1
      push: "listed"
      push_teams: []
      push_users: ["bob"]
      required_approvals: 1
      status_checks: ["formulary/plan"]
      after gitea:repository/acme/platform-formulas, gitea:user/bob
    gitea:organization/acme by group:default/acme at org.yaml:1:1 before acme-corp
      description: "Makes things"  <- org.yaml:5:16
      full_name: "ACME Corporation"  <- org.yaml:9:26
      visibility: "limited"  <- org.yaml:6:49
    gitea:repository/acme/platform-formulas by config at config:1:1
      default_branch: "main"
      private: true
      topics: ["gitops"]
      after gitea:organization/acme
    gitea:user/bob by user:default/bob at bob.yaml:1:1
      email: "bob@acme.example"  <- bob.yaml:5:20
      login_name: sub of keycloak:user/bob
      prohibit_login: false
      source_id: 3
      after keycloak:user/bob
    gitea:webhook/acme/platform-formulas/https:%2F%2Fformulary.acme.example%2Fhooks%2Fgitea by config at config:1:1
      active: true
      branch_filter: null
      content_type: "json"
      events: ["pull_request","pull_request_assign","pull_request_comment","pull_request_label","pull_request_milestone","pull_request_review","pull_request_review_request","pull_request_sync","push"]
      secret: secret env:HOOK
      after gitea:repository/acme/platform-formulas
    "#);
}

const COMPONENT: &str = "apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: billing
  description: Who owes what.
  annotations: {}
spec:
  type: service
  lifecycle: production
  owner: acme
";

#[test]
fn components_are_repositories_of_their_organisation_or_where_they_say() {
    let shop = COMPONENT
        .replace("name: billing", "name: shop")
        .replace("{}", "{formulary.dev/gitea-repository: labs/Shop, formulary.dev/gitea-private: 'false'}");
    let none = COMPONENT.replace("name: billing", "name: idea").replace("{}", "{formulary.dev/gitea-repository: none}");
    let bad = COMPONENT.replace("name: billing", "name: x.git");
    let files = [
        ("org.yaml", ACME),
        ("a.yaml", COMPONENT),
        ("b.yaml", shop.as_str()),
        ("c.yaml", none.as_str()),
        ("d.yaml", bad.as_str()),
    ];
    let lowered = lowered(&files, json!({"members_team": "none"}));
    let refused: Vec<&str> = lowered.diagnostics.iter().map(|it| it.message.as_str()).collect();
    assert!(refused.len() == 1 && refused[0].contains("'acme/x.git'"), "{refused:?}");
    let repositories: Vec<_> =
        lowered.desired.into_iter().filter(|it| it.address.kind.as_str() == "repository").collect();
    insta::assert_snapshot!(shown(&Lowered { desired: repositories, ..Lowered::default() }), @r#"
    gitea:repository/acme/billing by component:default/billing at a.yaml:1:1
      description: "Who owes what."  <- a.yaml:5:16
      private: true
      after gitea:organization/acme
    gitea:repository/labs/shop by component:default/shop at b.yaml:1:1
      description: "Who owes what."  <- b.yaml:5:16
      private: false  <- b.yaml:6:89
    "#);
}

#[test]
fn an_organisation_can_do_without_the_team_of_everybody_and_a_team_can_be_seen() {
    let acme = ACME.replace("gitea-visibility: limited", "gitea-members-team: none");
    let team =
        PLATFORM.replace("formulary.dev/gitea-all-repositories: 'true'", "formulary.dev/gitea-team-visibility: public");
    let lowered = lowered(
        &[("org.yaml", acme.as_str()), ("platform.yaml", team.as_str()), ("bob.yaml", BOB)],
        json!({"source_id": 3}),
    );
    let teams: Vec<_> = lowered.desired.iter().filter(|it| it.address.kind.as_str().starts_with("team")).collect();
    let [team] = teams[..] else { panic!("{teams:?}") };
    assert_eq!(team.address.to_string(), "gitea:team/acme/platform");
    assert!(shown(&Lowered { desired: vec![team.clone()], ..Lowered::default() }).contains("visibility: \"public\""));
}

#[test]
fn what_gitea_would_refuse_is_told_and_held() {
    let api = BOB.replace("name: bob", "name: api").replace("bob@acme.example", "api@acme.example");
    let odd = BOB.replace("name: bob", "name: carl").replace("bob@acme.example", "-carl@acme.example");
    let clash = SRE.replace("name: sre", "name: platform-sre").replace("parent: platform", "parent: acme");
    let members = PLATFORM.replace("name: platform", "name: members");
    let person = BOB.replace("name: bob", "name: acme").replace("bob@acme.example", "x@acme.example");
    let files = [
        ("org.yaml", ACME),
        ("platform.yaml", PLATFORM),
        ("sre.yaml", SRE),
        ("clash.yaml", &clash),
        ("members.yaml", &members),
        ("api.yaml", &api),
        ("odd.yaml", &odd),
        ("person.yaml", &person),
        ("bob.yaml", BOB),
    ];
    let lowered = lowered(&files, json!({"source_id": 3}));
    let told: Vec<String> = lowered.diagnostics.iter().map(ToString::to_string).collect();
    let held: Vec<String> = lowered.held.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(format!("{}\nheld {}", told.join("\n"), held.join(", ")), @r"
    api.yaml:3:18: error[FML0601]: Gitea refuses the name 'api': Gitea keeps the name 'api' for itself
    members.yaml:4:9: error[FML0602]: there would be two teams 'members' in 'acme'
    odd.yaml:5:20: error[FML0603]: Gitea refuses the e-mail address '-carl@acme.example'
    person.yaml:3:18: error[FML0602]: 'acme' would be both a person and an organisation in gitea
    sre.yaml:3:18: error[FML0602]: there would be two teams 'platform-sre' in 'acme'
    held group:default/members, group:default/sre, user:default/acme, user:default/api, user:default/carl
    ");
    let set = lowered.sets.iter().find(|set| &*set.edges.key == "acme/members").expect("the team of everybody");
    assert_eq!(format!("{:?}", set.mode), "Additive");
}

#[test]
fn without_a_source_nobody_is_made_and_nobody_is_lost() {
    let lowered =
        lowered(&[("org.yaml", ACME), ("alice.yaml", &ALICE.replace(", platform", "")), ("bob.yaml", BOB)], json!({}));
    assert!(lowered.desired.iter().all(|desired| desired.address.kind.as_str() != "user"));
    assert_eq!(
        lowered.held.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["user:default/alice", "user:default/bob"]
    );
    insta::assert_snapshot!(lowered.diagnostics[0], @r"error[FML0604]: 2 people are placed in 'gitea', and its options name no 'source_id'");
    assert!(lowered.diagnostics[0].help.as_ref().is_some_and(|help| help.contains("gitea admin auth list")));
}
