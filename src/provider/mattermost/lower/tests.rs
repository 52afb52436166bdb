//! What people read of a lowered catalogue.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::lower;
use crate::engine::desired::placed;
use crate::engine::documents::{Options, load};
use crate::engine::model::{Allotments, Capabilities, Desired, Instance, MembershipMode, Term, Value};
use crate::engine::source::{Revision, Snapshot};
use crate::provider::contract::{LowerInput, Lowered, NUMBERS};
use crate::provider::mattermost::{doctor, limits};

const ACME: &str = "\
kind: Group
metadata: {name: acme, description: Makes things, annotations: {formulary.dev/previously: acme-corp}}
spec: {type: organization, profile: {displayName: ACME Corporation}, children: []}
";
const PLATFORM: &str = "\
kind: Group
metadata:
  name: platform
  annotations:
    formulary.dev/mattermost-channels: 'platform, platform-news:public'
    formulary.dev/mattermost-purpose: Where we talk
spec: {type: team, parent: acme, profile: {displayName: The platform}, children: []}
";
const ALICE: &str = "\
kind: User
metadata: {name: Alice, annotations: {formulary.dev/previously: alicia}}
spec: {profile: {displayName: Alice Mary Chen, email: Alice@ACME.example}, memberOf: [acme, platform]}
";
const BOB: &str = "\
kind: User
metadata: {name: bob}
spec: {profile: {email: bob@acme.example}, memberOf: [acme]}
";

fn with(files: &[(&str, &str)], options: &Json, facts: &[(&str, Value)], offers: &'static [&'static str]) -> Lowered {
    let texts =
        files.iter().map(|(path, text)| ((*path).to_owned(), format!("apiVersion: backstage.io/v1alpha1\n{text}")));
    let loaded = load(&Snapshot::from_texts(Revision::default(), texts), &Options::default());
    assert!(loaded.is_sound(), "{:?}", loaded.diagnostics);
    let instance = Instance::new("mattermost");
    let placed = placed(&loaded.catalogue, &instance, &["mattermost".to_owned()].into());
    let mut capabilities = Capabilities::default();
    capabilities.facts.extend(facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let roles = BTreeMap::from([("identity".to_owned(), Instance::new("keycloak"))]);
    let input = LowerInput {
        instance: &instance,
        platform: "acme",
        catalogue: &loaded.catalogue,
        placed: &placed,
        options,
        capabilities: &capabilities,
        allotments: &Allotments::default(),
        roles: &roles,
        identity_offers: offers,
        claims: &[],
    };
    let lowered = lower(&input);
    assert_eq!(format!("{lowered:?}"), format!("{:?}", lower(&input)), "equal inputs give equal output");
    lowered
}

fn lowered(files: &[(&str, &str)], options: Json) -> Lowered {
    with(files, &options, &[], &[NUMBERS])
}

fn all() -> [(&'static str, &'static str); 4] {
    [("acme.yaml", ACME), ("platform.yaml", PLATFORM), ("alice.yaml", ALICE), ("bob.yaml", BOB)]
}

fn addresses(lowered: &Lowered) -> Vec<String> {
    lowered.desired.iter().map(|it| it.address.to_string()).collect()
}

fn one<'l>(lowered: &'l Lowered, address: &str) -> &'l Desired {
    let found = lowered.desired.iter().find(|it| it.address.to_string() == address);
    found.unwrap_or_else(|| panic!("no {address} in {:?}", addresses(lowered)))
}

/// Fields as "name: value", an output as "name: output of address".
fn fields(desired: &Desired) -> Vec<String> {
    let shown = |term: &Term| match term {
        Term::Known(value) => value.to_string(),
        Term::Output(output) => format!("{} of {}", output.output, output.address),
        Term::Secret(reference) => reference.clone(),
    };
    desired.fields.iter().map(|(name, wanted)| format!("{name}: {}", shown(&wanted.term))).collect()
}

fn told(lowered: &Lowered) -> Vec<String> {
    lowered.diagnostics.iter().map(ToString::to_string).collect()
}

fn held(lowered: &Lowered) -> Vec<String> {
    lowered.held.iter().map(ToString::to_string).collect()
}

#[test]
fn an_organisation_is_a_team_and_a_team_asks_for_channels() {
    let lowered = lowered(&all(), json!({"sign_in": "gitlab"}));
    assert_eq!(
        addresses(&lowered),
        [
            "mattermost:channel/acme/platform",
            "mattermost:channel/acme/platform-news",
            "mattermost:channel-member/acme/platform-news/alice",
            "mattermost:channel-member/acme/platform/alice",
            "mattermost:team/acme",
            "mattermost:team-member/acme/alice",
            "mattermost:team-member/acme/bob",
            "mattermost:user/alice",
            "mattermost:user/bob",
        ]
    );
    let team = one(&lowered, "mattermost:team/acme");
    assert_eq!(
        fields(team),
        ["archived: false", "description: \"Makes things\"", "display_name: \"ACME Corporation\""]
    );
    assert_eq!(team.previously, ["acme-corp"]);
    assert_eq!(
        fields(one(&lowered, "mattermost:channel/acme/platform")),
        ["archived: false", "display_name: \"The platform\"", "private: true", "purpose: \"Where we talk\""]
    );
    assert_eq!(
        fields(one(&lowered, "mattermost:channel/acme/platform-news")),
        ["archived: false", "private: false", "purpose: \"Where we talk\""]
    );
    let edge = one(&lowered, "mattermost:channel-member/acme/platform/alice");
    let needs: Vec<String> = edge.needs.iter().map(ToString::to_string).collect();
    assert_eq!(
        needs,
        ["mattermost:channel/acme/platform", "mattermost:team-member/acme/alice", "mattermost:user/alice"],
        "nobody is in a channel who is not in its team"
    );
    let modes: Vec<String> = lowered.sets.iter().map(|set| format!("{} {:?}", set.edges.key, set.mode)).collect();
    assert_eq!(modes, ["acme/platform Authoritative", "acme/platform-news Additive", "acme Additive"]);
    assert!(told(&lowered).is_empty());
}

#[test]
fn sign_in_by_the_identity_provider_binds_by_a_number() {
    let lowered = lowered(&all(), json!({"sign_in": "gitlab"}));
    assert_eq!(
        fields(one(&lowered, "mattermost:user/alice")),
        [
            "active: true",
            "auth_data: number of keycloak:number/mattermost_id/alice",
            "auth_service: \"gitlab\"",
            "initial_email: \"alice@acme.example\"",
            "initial_first_name: \"Alice\"",
            "initial_last_name: \"Mary Chen\"",
        ]
    );
    let licensed = with(&all(), &json!({"sign_in": "openid"}), &[(doctor::LICENSED, Value::Bool(true))], &[NUMBERS]);
    assert!(fields(one(&licensed, "mattermost:user/bob")).contains(&"auth_data: sub of keycloak:user/bob".to_owned()));
}

#[test]
fn an_account_with_a_password_is_kept_true() {
    let lowered = lowered(&all(), json!({"sign_in": "password", "vouch_for_email": true}));
    assert_eq!(
        fields(one(&lowered, "mattermost:user/alice")),
        [
            "active: true",
            "email: \"alice@acme.example\"",
            "email_verified: true",
            "first_name: \"Alice\"",
            "last_name: \"Mary Chen\"",
            "username: \"alice\"",
        ]
    );
}

/// No account is made that nobody could enter, and nobody is lost by it.
#[test]
fn without_a_way_to_sign_in_nobody_is_made_and_nobody_is_lost() {
    let nobody = |lowered: &Lowered, words: &str| {
        assert!(!addresses(lowered).iter().any(|it| it.contains(":user/")), "{:?}", addresses(lowered));
        assert_eq!(held(lowered), ["user:default/alice", "user:default/bob"]);
        assert!(told(lowered).iter().any(|it| it.contains(words)), "{:?}", told(lowered));
        assert!(lowered.sets.iter().all(|set| set.mode == MembershipMode::Additive));
    };
    nobody(&lowered(&all(), json!({})), "do not say how they sign in");
    let free = [(doctor::LICENSED, Value::Bool(false))];
    nobody(&with(&all(), &json!({"sign_in": "openid"}), &free, &[NUMBERS]), "has no licence");
    nobody(
        &with(&all(), &json!({"sign_in": "gitlab"}), &[], &[]),
        "by a number of their own, and 'keycloak' cannot keep one",
    );
}

#[test]
fn what_mattermost_would_refuse_is_told_and_held() {
    let helpdesk = ACME.replace("name: acme,", "name: helpdesk,").replace("acme-corp", "support");
    let odd = BOB.replace("name: bob", "name: carl").replace("memberOf: [acme]", "memberOf: [helpdesk]");
    // Longer than an address may be there.
    let long = format!("carl@{}.example", ["d".repeat(60), "e".repeat(60)].join("."));
    let odd = odd.replace("bob@acme.example", &long);
    let town = PLATFORM.replace("platform-news:public", "town-square");
    let twice = PLATFORM.replace("name: platform", "name: another").replace("platform-news:public", "others");
    let files = [
        ("acme.yaml", ACME),
        ("helpdesk.yaml", &helpdesk),
        ("carl.yaml", &odd),
        ("town.yaml", &town),
        ("twice.yaml", &twice),
        ("alice.yaml", ALICE),
    ];
    let lowered = lowered(&files, json!({"sign_in": "gitlab"}));
    let told = told(&lowered);
    for words in [
        "refuses the team name 'helpdesk': Mattermost keeps 'help' for itself",
        "refuses the e-mail address 'carl@ddd",
        "refuses the channel name 'town-square'",
        "there would be two channels 'acme/platform'",
    ] {
        assert!(told.iter().any(|it| it.contains(words)), "{words} in {told:#?}");
    }
    assert_eq!(held(&lowered), ["group:default/helpdesk", "group:default/platform", "user:default/carl"]);
}

#[test]
fn whoever_has_no_room_is_left_out_with_all_that_hangs_on_it() {
    let full = [
        (limits::PEOPLE_LIMIT, Value::Int(250)),
        (limits::PEOPLE_ACTIVE, Value::Int(249)),
        (limits::PEOPLE, Value::set(["root"])),
    ];
    let lowered = with(&all(), &json!({"sign_in": "gitlab"}), &full, &[NUMBERS]);
    assert!(
        told(&lowered)[0].contains("takes 250 active people without a licence, and 249 are active; no room for bob")
    );
    assert_eq!(held(&lowered), ["user:default/bob"]);
    assert!(addresses(&lowered).iter().all(|it| !it.ends_with("/bob")), "{:?}", addresses(&lowered));

    let crowded = [
        (limits::TEAM_LIMIT, Value::Int(2)),
        (limits::TEAMS, Value::Map(BTreeMap::from([("acme-corp".to_owned(), Value::set(["formulary", "bob"]))]))),
    ];
    let lowered = with(&all(), &json!({"sign_in": "gitlab"}), &crowded, &[NUMBERS]);
    assert!(told(&lowered)[0].contains("the team 'acme' takes 2 accounts, and 2 are in it; no room for alice"));
    let edges: Vec<String> = addresses(&lowered).into_iter().filter(|it| it.contains("member")).collect();
    assert_eq!(
        edges,
        ["mattermost:team-member/acme/bob"],
        "known by the former name; and alice is in no channel either"
    );
}
