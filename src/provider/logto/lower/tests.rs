//! What a small mono-repo means in a Logto.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::lower;
use crate::engine::desired::placed;
use crate::engine::documents::{Options, load};
use crate::engine::model::{Allotments, Capabilities, EntityRef, Extent, Instance, Term};
use crate::engine::source::{Revision, Snapshot};
use crate::provider::contract::{Claim, Holds, LowerInput, Lowered, Wish};

const ACME: &str = "\
kind: Group
metadata:
  name: acme-corp
  description: Makes anvils.
  annotations: {formulary.dev/previously: acme}
spec: {type: organization, profile: {displayName: Acme Corp}, children: []}
";
const PLATFORM: &str = "\
kind: Group
metadata: {name: platform, annotations: {formulary.dev/previously: infra}}
spec: {type: team, parent: acme-corp, profile: {displayName: The platform}, children: []}
";
const SRE: &str = "\
kind: Group
metadata: {name: sre}
spec: {type: team, parent: platform, children: []}
";

fn person(name: &str, display_name: &str, email: &str) -> String {
    format!(
        "kind: User\nmetadata: {{name: {name}}}\n\
         spec: {{profile: {{displayName: '{display_name}', email: {email}}}, memberOf: [acme-corp, platform]}}\n"
    )
}

fn lowered(files: &[(&str, &str)], options: &Json, claims: &[Wish]) -> Lowered {
    let texts =
        files.iter().map(|(path, text)| ((*path).to_owned(), format!("apiVersion: backstage.io/v1alpha1\n{text}")));
    let loaded = load(&Snapshot::from_texts(Revision::default(), texts), &Options::default());
    assert!(loaded.is_sound(), "{:?}", loaded.diagnostics);
    let instance = Instance::new("logto");
    let placed = placed(&loaded.catalogue, &instance, &["logto".to_owned()].into());
    let roles = BTreeMap::from([("identity".to_owned(), instance.clone())]);
    let input = LowerInput {
        instance: &instance,
        platform: "acme",
        catalogue: &loaded.catalogue,
        placed: &placed,
        options,
        capabilities: &Capabilities::default(),
        allotments: &Allotments::default(),
        roles: &roles,
        identity_offers: &["identity"],
        claims,
    };
    let lowered = lower(&input);
    assert_eq!(format!("{lowered:?}"), format!("{:?}", lower(&input)), "equal inputs give equal output");
    lowered
}

/// One line an object, one a field, with the place that says so.
fn shown(lowered: &Lowered) -> String {
    let mut text = String::new();
    for desired in &lowered.desired {
        let address = desired.address.to_string();
        let extent = if desired.extent == Extent::Full { String::new() } else { format!(" ({:?})", desired.extent) };
        let former: String = desired.previously.iter().map(|it| format!(" was '{it}'")).collect();
        let known: String = desired.known_as.iter().map(|it| format!(" or '{it}'")).collect();
        writeln!(text, "{}{extent}{former}{known}", address.trim_start_matches("logto:")).unwrap();
        for (name, wanted) in &desired.fields {
            let Term::Known(value) = &wanted.term else { panic!("{:?}", wanted.term) };
            let place = wanted.span.as_ref().map_or(String::new(), |span| format!("  [{span}]"));
            writeln!(text, "  {name}: {value}{place}").unwrap();
        }
    }
    for set in &lowered.sets {
        writeln!(text, "set {} {:?}", set.edges.to_string().trim_start_matches("logto:"), set.mode).unwrap();
    }
    for entity in &lowered.held {
        writeln!(text, "held {entity}").unwrap();
    }
    for diagnostic in &lowered.diagnostics {
        writeln!(text, "{diagnostic}").unwrap();
    }
    text
}

fn vouching() -> Json {
    json!({"vouch_for_email": true})
}

#[test]
fn an_organisation_teams_and_a_person() {
    let alice = person("alice-beta", "Alice van Anvil", "Alice@Acme.test");
    let files = [("o.yaml", ACME), ("t.yaml", PLATFORM), ("s.yaml", SRE), ("a.yaml", alice.as_str())];
    insta::assert_snapshot!(shown(&lowered(&files, &vouching(), &[])), @r#"
    organization/acme-corp was 'acme' or 'Acme Corp'
      description: "Makes anvils."  [o.yaml:5:16]
      name: "Acme Corp"  [o.yaml:7:51]
      slug: "acme-corp"  [o.yaml:4:9]
    organization-member/acme-corp/alice-beta
    organization-role/acme-corp/platform was 'acme-corp/infra' was 'acme/platform' was 'acme/infra'
      description: "The platform"  [t.yaml:4:62]
    organization-role/acme-corp/sre was 'acme/sre'
    organization-role-member/acme-corp/platform/alice-beta
    user/alice-beta or 'alice@acme.test' or 'alice_beta'
      email: "alice@acme.test"  [a.yaml:4:57]
      handle: "alice-beta"  [a.yaml:3:18]
      name: "Alice van Anvil"  [a.yaml:4:31]
      preferred_username: "alice-beta"  [a.yaml:3:18]
      suspended: false  [a.yaml:3:18]
      username: "alice_beta"  [a.yaml:3:18]
    set organization-member/acme-corp Additive
    set organization-role-member/acme-corp/platform Authoritative
    set organization-role-member/acme-corp/sre Authoritative
    "#);
}

#[test]
fn an_address_that_nobody_vouches_for_is_not_written() {
    let (alice, bob) = (person("alice", "Alice", "alice@acme.test"), person("bob", "Bob", "bob@acme.test"));
    let files = [("o.yaml", ACME), ("t.yaml", PLATFORM), ("a.yaml", alice.as_str()), ("b.yaml", bob.as_str())];
    let lowered = lowered(&files, &json!({}), &[]);
    assert!(lowered.desired.iter().all(|it| it.known("email").is_none()));
    let told: Vec<String> = lowered.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("the addresses of 2 people ('alice' is the first) are not written"), "{told:?}");
    // All the same an account with that address is theirs to take over, and nobody else's.
    assert!(lowered.desired.iter().any(|it| it.known_as == ["bob@acme.test"]));
}

#[test]
fn what_logto_would_refuse_or_mix_up_is_told_at_its_place() {
    let files = [
        ("o.yaml", ACME.to_owned()),
        ("t.yaml", PLATFORM.to_owned()),
        ("1.yaml", person("al-ice", "One", "one@acme.test")),
        ("2.yaml", person("al.ice", "Two", "two@acme.test")),
        ("3.yaml", person("eve", "Eve", &format!("e@{0}.{0}.acme.test", "d".repeat(60)))),
        ("4.yaml", person("joe", &"J".repeat(129), "joe@acme.test")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let mut lowered = lowered(&files, &vouching(), &[]);
    lowered.desired.retain(|it| it.address.kind.as_str() == "user");
    lowered.sets.clear();
    insta::assert_snapshot!(shown(&lowered), @r#"
    user/al-ice or 'one@acme.test' or 'al_ice'
      email: "one@acme.test"  [1.yaml:4:45]
      handle: "al-ice"  [1.yaml:3:18]
      name: "One"  [1.yaml:4:31]
      preferred_username: "al-ice"  [1.yaml:3:18]
      suspended: false  [1.yaml:3:18]
      username: "al_ice"  [1.yaml:3:18]
    user/eve (Observe)
      handle: "eve"  [3.yaml:3:18]
      name: "Eve"  [3.yaml:4:31]
      preferred_username: "eve"  [3.yaml:3:18]
      suspended: false  [3.yaml:3:18]
      username: "eve"  [3.yaml:3:18]
    user/joe (Observe) or 'joe@acme.test'
      email: "joe@acme.test"  [4.yaml:4:171]
      handle: "joe"  [4.yaml:3:18]
      preferred_username: "joe"  [4.yaml:3:18]
      suspended: false  [4.yaml:3:18]
      username: "joe"  [4.yaml:3:18]
    held user:default/al.ice
    held user:default/eve
    held user:default/joe
    2.yaml:3:18: error[FML0602]: 'user:default/al-ice' and 'user:default/al.ice' would both have the username 'al_ice' in 'logto'
    3.yaml:4:45: error[FML0603]: 'logto' refuses the address 'e@dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.acme.test': it has 133 characters; at most 128 are allowed
    4.yaml:4:31: error[FML0603]: 'logto' refuses the name 'JJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJ': it has 129 characters; at most 128 are allowed
    "#);
}

#[test]
fn without_usernames_and_addresses_nobody_could_sign_in() {
    let alice = person("alice", "Alice", "alice@acme.test");
    let files = [("o.yaml", ACME), ("t.yaml", PLATFORM), ("a.yaml", alice.as_str())];
    let lowered = lowered(&files, &json!({"usernames": false}), &[]);
    let told: Vec<String> = lowered.diagnostics.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|it| it.contains("neither a username nor an address")), "{told:?}");
    assert_eq!(lowered.held.len(), 1);
}

#[test]
fn a_letter_that_is_asked_for_is_told_not_to_come() {
    let alice = person("alice", "Alice", "alice@acme.test")
        .replace("name: alice", "name: alice, annotations: {formulary.dev/first-sign-in: invitation}");
    let files = [("o.yaml", ACME), ("t.yaml", PLATFORM), ("a.yaml", alice.as_str())];
    let told: Vec<String> = lowered(&files, &vouching(), &[]).diagnostics.iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("invites nobody by a letter"), "{told:?}");
}

#[test]
fn the_config_and_the_claims_of_services() {
    let options = json!({
        "applications": [
            {"key": "gitea", "name": "Gitea", "redirect_uris": ["https://git.test/cb"]},
            {"key": "open", "redirect_uris": ["https://*.test/cb"]},
        ],
        "webhooks": [
            {"name": "formulary", "url": "https://formulary.test/hooks", "events": ["User.Created", "PostRegister"]},
            {"name": "typo", "url": "https://formulary.test/hooks", "events": ["user.created"]},
        ],
    });
    let wish = |name: &str, holds: Holds| Wish {
        claim: Claim { name: name.into(), holds, client: None, scope: None, why: "teams follow it".into() },
        by: Instance::new("service"),
        people: ["alice".to_owned()].into(),
    };
    let claims = [
        wish("groups", Holds::Groups),
        wish("email_verified", Holds::Standard("email_verified")),
        wish("grade", Holds::Standard("grade")),
        wish("id", Holds::Number("mattermost_id".into())),
    ];
    insta::assert_snapshot!(shown(&lowered(&[], &options, &claims)), @r#"
    application/gitea or 'Gitea'
      always_issue_refresh_token: false
      cors_allowed_origins: []
      key: "gitea"
      name: "Gitea"
      post_logout_redirect_uris: []
      redirect_uris: ["https://git.test/cb"]
      type: "Traditional"
    application/open (Observe)
      always_issue_refresh_token: false
      cors_allowed_origins: []
      key: "open"
      name: "open"
      post_logout_redirect_uris: []
      redirect_uris: ["https://*.test/cb"]
      type: "Traditional"
    webhook/formulary
      enabled: true
      events: ["PostRegister","User.Created"]
      url: "https://formulary.test/hooks"
    webhook/typo (Observe)
      enabled: true
      events: ["user.created"]
      url: "https://formulary.test/hooks"
    warning[FML0605]: 'service' wants a claim, and 'logto' has no claim 'grade' that holds grade
    warning[FML0605]: 'service' wants a claim, and 'logto' has no claim 'groups' that names groups
    error[FML0608]: 'logto' refuses the event 'user.created': there is no such event; they are called as in 'User.Created', and case matters
    error[FML0608]: 'logto' refuses the redirect address 'https://*.test/cb': a '*' lets others collect codes; name each address
    "#);
}

#[test]
fn options_that_cannot_be_read_change_nothing() {
    let lowered = lowered(&[("o.yaml", ACME)], &json!({"realm": "acme"}), &[]);
    let is_held = lowered.held.contains(&EntityRef::group("acme-corp"));
    assert!(lowered.desired.is_empty() && is_held, "{}", shown(&lowered));
}
