//! What a small mono-repo means in a realm.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::engine::model::Instance;
use crate::engine::model::{Capabilities, Extent, Term};
use crate::provider::contract::{Claim, Holds, Lowered, Wish};
use crate::provider::keycloak::doctor;
use crate::provider::keycloak::tests::world::{catalogue, lower};

const ACME: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: acme-corp
  description: Makes anvils.
  annotations:
    formulary.dev/email-domains: acme.test
    formulary.dev/keycloak-organization: 'true'
    formulary.dev/email-verified: 'true'
spec: {type: organization, profile: {displayName: Acme Corp}, children: [platform]}
";
const PLATFORM: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: platform, annotations: {formulary.dev/previously: infra}}
spec: {type: team, parent: acme-corp, children: []}
";

fn person(name: &str, display_name: &str, email: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\n\
         spec: {{profile: {{displayName: '{display_name}', email: {email}}}, memberOf: [acme-corp, platform]}}\n"
    )
}

fn lowered(files: &[(&str, &str)], options: Json, facts: &[(&str, bool)], claims: &[Wish]) -> Lowered {
    let facts: BTreeMap<_, _> = facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    lower(&catalogue(files), &options, &Capabilities { facts, ..Capabilities::default() }, claims)
}

/// One line an object, one a field, with the place that says so.
fn shown(lowered: &Lowered) -> String {
    let mut text = String::new();
    for desired in &lowered.desired {
        let address = desired.address.to_string();
        let extent = if desired.extent == Extent::Full { String::new() } else { format!(" ({:?})", desired.extent) };
        let former: String = desired.previously.iter().map(|it| format!(" was '{it}'")).collect();
        writeln!(text, "{}{extent}{former}", address.trim_start_matches("keycloak:")).unwrap();
        for (name, wanted) in &desired.fields {
            let value = match &wanted.term {
                Term::Known(value) => value.to_string(),
                other => format!("{other:?}"),
            };
            let place = wanted.span.as_ref().map_or(String::new(), |span| format!("  [{span}]"));
            writeln!(text, "  {name}: {value}{place}").unwrap();
        }
    }
    for set in &lowered.sets {
        writeln!(text, "set {} {:?}", set.edges.to_string().trim_start_matches("keycloak:"), set.mode).unwrap();
    }
    for entity in &lowered.held {
        writeln!(text, "held {entity}").unwrap();
    }
    for diagnostic in &lowered.diagnostics {
        writeln!(text, "{diagnostic}").unwrap();
    }
    text
}

#[test]
fn an_organisation_a_team_and_a_person() {
    let alice = person("alice", "Alice van Anvil", "Alice@Acme.test");
    let files = [("o.yaml", ACME), ("t.yaml", PLATFORM), ("a.yaml", alice.as_str())];
    let lowered = lowered(&files, json!({"realm": "acme"}), &[], &[]);
    insta::assert_snapshot!(shown(&lowered), @r#"
    group/acme-corp
      description: "Makes anvils."  [o.yaml:5:16]
      display_name: "Acme Corp"  [o.yaml:10:51]
    group/acme-corp/platform was 'acme-corp/infra'
    membership/acme-corp/alice
    membership/acme-corp/platform/alice
    organization/acme-corp
      description: "Makes anvils."  [o.yaml:5:16]
      domains: ["acme.test"]  [o.yaml:7:34]
      enabled: true  [o.yaml:8:42]
      name: "Acme Corp"  [o.yaml:10:51]
    organization-member/acme-corp/alice
    user/alice
      email: "alice@acme.test"  [a.yaml:4:57]
      email_verified: true  [o.yaml:9:35]
      enabled: true  [a.yaml:3:18]
      first_name: "Alice"  [a.yaml:4:31]
      first_sign_in: "invitation"
      last_name: "van Anvil"  [a.yaml:4:31]
    set membership/acme-corp Additive
    set membership/acme-corp/platform Authoritative
    set organization-member/acme-corp Additive
    "#);
}

#[test]
fn what_keycloak_would_refuse_is_looked_at_only() {
    let (al, bob, eve) = (
        person("al", "Al Anvil", "al@acme.test"),
        person("bob", "Bob (the Builder)", "bob@acme.test"),
        person("eve", "Eve", "eve..eve@acme.test"),
    );
    let files = [("o.yaml", ACME), ("t.yaml", PLATFORM), ("1.yaml", &al), ("2.yaml", &bob), ("3.yaml", &eve)];
    let mut lowered = lowered(&files, json!({"realm": "acme"}), &[(doctor::ORGANIZATIONS, false)], &[]);
    lowered.desired.retain(|it| it.address.kind.as_str() == "user");
    lowered.sets.clear();
    insta::assert_snapshot!(shown(&lowered), @r#"
    user/bob (Observe)
      email: "bob@acme.test"  [2.yaml:4:59]
      email_verified: true  [o.yaml:9:35]
      enabled: true  [2.yaml:3:18]
      first_sign_in: "invitation"
    user/eve (Observe)
      enabled: true  [3.yaml:3:18]
      first_name: "Eve"  [3.yaml:4:31]
      first_sign_in: "invitation"
    held group:default/acme-corp
    held user:default/al
    held user:default/bob
    held user:default/eve
    1.yaml:3:18: error[FML0601]: 'keycloak' refuses the username 'al': it has 2 characters; 3 to 255 are allowed
    2.yaml:4:31: error[FML0603]: 'keycloak' refuses the name 'Bob (the Builder)': '(' is not allowed in it
    3.yaml:4:31: note[FML0607]: 'Eve' has no last name; 'keycloak' asks for one at the first sign-in
    3.yaml:4:45: error[FML0603]: 'keycloak' refuses the address 'eve..eve@acme.test': it is no e-mail address: a dot stands at an end, or two in a row
    o.yaml:8:42: error[FML0605]: 'keycloak' has organisations switched off, and 'group:default/acme-corp' asks for one
    "#);
}

fn wish(name: &str, holds: Holds) -> Wish {
    let claim = Claim { name: name.into(), holds, client: None, scope: None, why: "teams follow it".into() };
    Wish { claim, by: Instance::new("service"), people: ["alice".to_owned()].into() }
}

#[test]
fn a_number_is_carried_by_one_clients_tokens_alone() {
    let mut number = wish("id", Holds::Number("mattermost_id".into()));
    number.claim.client = Some("mattermost".into());
    number.claim.scope = Some("openid".into());
    let options = json!({
        "realm": "acme",
        "clients": [
            {"client_id": "gitea", "redirect_uris": ["https://git.test/cb"]},
            {"client_id": "mattermost", "redirect_uris": ["https://chat.test/cb"]},
        ],
    });
    let (alice, bob) = (person("alice", "Alice Anvil", "alice@acme.test"), person("bob", "Bob Bolt", "bob@acme.test"));
    let files = [("o.yaml", ACME), ("t.yaml", PLATFORM), ("a.yaml", alice.as_str()), ("b.yaml", bob.as_str())];
    let lowered = lowered(&files, options, &[], &[number.clone()]);
    let scopes = |client: &str| {
        let client = lowered.desired.iter().find(|it| it.address.to_string() == format!("keycloak:client/{client}"));
        client.unwrap().known("default_scopes").unwrap().to_string()
    };
    assert!(!scopes("gitea").contains("openid"), "{}", scopes("gitea"));
    assert!(scopes("mattermost").contains(r#""openid""#), "{}", scopes("mattermost"));
    let of_kind = |kind: &str| -> Vec<String> {
        let of_kind = lowered.desired.iter().filter(|it| it.address.kind.as_str() == kind);
        of_kind.map(|it| it.address.key.to_string()).collect()
    };
    assert_eq!(of_kind("number"), ["mattermost_id/alice"]);
    assert_eq!(of_kind("mapper"), ["openid/id"]);
    assert_eq!(of_kind("profile-attribute"), ["mattermost_id"]);

    let open = json!({"realm": "acme", "profile_attributes": [{"name": "mattermost_id", "edit": ["admin", "user"]}]});
    let problems: Vec<String> =
        self::lowered(&[], open, &[], &[number]).diagnostics.iter().map(|it| it.message.clone()).collect();
    assert!(problems.iter().any(|it| it.contains("sign in as somebody else")), "{problems:?}");
    assert!(problems.iter().any(|it| it.contains("no client 'mattermost'")), "{problems:?}");
}

#[test]
fn the_config_and_the_claims_of_services() {
    let options = json!({
        "realm": "acme",
        "clients": [
            {"client_id": "gitea", "redirect_uris": ["https://git.test/cb"], "pkce": "S256", "secret": "env:S"},
            {"client_id": "account", "redirect_uris": ["https://git.test/cb"]},
            {"client_id": "open", "redirect_uris": ["*"]},
        ],
        "client_scopes": [{"name": "profile", "mappers": [{"name": "home", "type": "oidc-usermodel-attribute-mapper"}]}],
        "profile_attributes": [{"name": "formulary.ledger"}, {"name": "email"}],
    });
    let claims = [
        wish("groups", Holds::Groups),
        wish("email", Holds::Standard("email")),
        wish("grade", Holds::Standard("grade")),
    ];
    insta::assert_snapshot!(shown(&lowered(&[], options, &[], &claims)), @r#"
    client/gitea
      default_scopes: ["acr","basic","email","groups","profile","roles","web-origins"]
      direct_access: false
      enabled: true
      implicit_flow: false
      pkce: "S256"
      post_logout_redirect_uris: []
      public: false
      redirect_uris: ["https://git.test/cb"]
      secret: Secret("env:S")
      service_account: false
      standard_flow: true
      web_origins: ["https://git.test"]
    client/open (Observe)
      default_scopes: ["acr","basic","email","groups","profile","roles","web-origins"]
      direct_access: false
      enabled: true
      implicit_flow: false
      pkce: null
      post_logout_redirect_uris: []
      public: false
      redirect_uris: ["*"]
      service_account: false
      standard_flow: true
      web_origins: []
    client-scope/groups
      description: "The groups that a person is in, for the services of the platform."
      include_in_token_scope: false
    mapper/groups/groups
      config: {"access.token.claim":"true","claim.name":"groups","full.path":"false","id.token.claim":"true","userinfo.token.claim":"true"}
      type: "oidc-group-membership-mapper"
    mapper/profile/home
      config: {}
      type: "oidc-usermodel-attribute-mapper"
    profile-attribute/formulary.ledger
      edit: ["admin"]
      multivalued: false
      view: ["admin"]
    warning[FML0605]: 'keycloak' has no mapper for the claim 'grade' that holds grade
    error[FML0608]: 'keycloak' refuses the client 'account': every realm has it of its own, and Keycloak needs it as it is
    error[FML0608]: 'keycloak' refuses the profile attribute 'email': every realm has it of its own, and Keycloak needs it as it is
    error[FML0608]: 'keycloak' refuses the redirect address '*': it is no absolute address
    "#);
}

#[test]
fn a_realm_that_renames_people_gets_none_from_us() {
    let alice = person("alice", "Alice Anvil", "alice@acme.test");
    let files = [("o.yaml", ACME), ("t.yaml", PLATFORM), ("a.yaml", alice.as_str())];
    let lowered = lowered(&files, json!({"realm": "acme"}), &[(doctor::EMAIL_AS_USERNAME, true)], &[]);
    assert!(lowered.diagnostics.iter().any(|it| it.is_error()));
    let person = lowered.desired.iter().find(|it| it.address.kind.as_str() == "user").unwrap();
    assert_eq!(person.extent, Extent::Observe);
    assert!(
        lowered
            .desired
            .iter()
            .filter(|it| it.address.kind.as_str() == "membership")
            .all(|it| it.extent == Extent::Observe)
    );
}
