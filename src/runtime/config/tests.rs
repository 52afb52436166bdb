//! Configs as people write them, and what is said about them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use insta::assert_snapshot;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::engine::model::{Budget, Budgets, EntityRef, KindName, Mode};
use crate::runtime::sys::FixedEnvironment;

/// Two types of service as providers describe themselves.
fn types() -> Vec<ServiceType> {
    vec![
        ServiceType {
            name: "gitea",
            roles: &[],
            kinds: vec!["organization", "team", "user"],
            credentials: &[&["token"]],
            options: json!({
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "source_id": {"type": "integer", "minimum": 1},
                    "webhook_secret": {"type": "string", "pattern": SecretRef::PATTERN}
                }
            }),
        },
        ServiceType {
            name: "keycloak",
            roles: &["identity"],
            kinds: vec!["group", "user"],
            credentials: &[&["client_id", "client_secret"], &["username", "password"]],
            options: json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["realm"],
                "properties": {"realm": {"type": "string"}}
            }),
        },
    ]
}

const WHOLE: &str = "\
platform: acme
repository:
  url: https://git.acme.example/acme/platform-formulas.git
  branch: main
  credentials: {username: formulary, token: file:token}
ledger: {path: state/ledger.db}
defaults:
  services: [keycloak]
services:
  keycloak:
    url: https://id.acme.example/auth
    credentials: {client_id: formulary, client_secret: env:KEYCLOAK_SECRET}
    mode: enforce
    options: {realm: acme}
    budgets:
      people: {percent: 10}
      window_hours: 48
    retention_days: 90
  forge:
    type: gitea
    url: http://localhost:3000
    credentials:
      token: exec:pass show gitea
    kinds:
      team: {mode: ignore}
    ignore:
      - address: user/legacy-*
        field: full_name
        reason: renamed by hand until the migration
        until: 2027-03-31
    limits: {concurrency: 2, requests_per_second: 5, requests_per_minute: 90, timeout_seconds: 10, patience_minutes: 5}
    options: {source_id: 1}
protected:
  - user:default/root-anna
  - forge:user/formulary-bot
  - identity:user/root-anna
approvals: {expire_hours: 24}
plans: {expire_hours: 2}
";

fn parse(text: &str) -> Result<Config, Vec<Diagnostic>> {
    parse_in(text, &FixedEnvironment::default())
}

fn parse_in(text: &str, environment: &FixedEnvironment) -> Result<Config, Vec<Diagnostic>> {
    Config::parse(
        "formulary.yaml",
        PathBuf::from("/etc/formulary/formulary.yaml"),
        text.as_bytes(),
        &types(),
        environment,
    )
}

/// What is wrong with a config, each problem with its help.
fn problems(text: &str) -> String {
    listed(&parse(text).expect_err("something is wrong with it"))
}

fn listed(problems: &[Diagnostic]) -> String {
    let line = |it: &Diagnostic| match &it.help {
        Some(help) => format!("{it}\n    {help}\n"),
        None => format!("{it}\n"),
    };
    problems.iter().map(line).collect()
}

/// A config with one Gitea that has `lines` in its section.
fn gitea(lines: &str) -> String {
    format!(
        "platform: acme\nservices:\n  gitea:\n    url: https://git.acme.example\n    credentials: {{token: env:TOKEN}}\n{lines}"
    )
}

#[test]
fn everything_that_is_written_is_read() {
    let config = parse(WHOLE).expect("it is right");
    assert_eq!(config.platform, "acme");
    let repository = config.repository.as_ref().expect("there is one");
    assert_eq!(repository.branch.as_deref(), Some("main"));
    assert_eq!(config.ledger, LedgerPlace::Path("/etc/formulary/state/ledger.db".into()));
    assert_eq!(config.clones(), Path::new("/etc/formulary/state/clones"));
    assert_eq!(config.defaults.services.iter().collect::<Vec<_>>(), ["keycloak"]);
    assert_eq!(config.in_role("identity").map(|it| it.name.as_str()), Some("keycloak"));
    assert_eq!(config.approvals.expire, Duration::from_secs(24 * 3600));
    assert_eq!(config.plans.expire, Duration::from_secs(2 * 3600));
    assert_eq!(
        config.protected,
        [
            Protected::Entity(EntityRef::user("root-anna")),
            Protected::Address("forge:user/formulary-bot".into()),
            Protected::Address("keycloak:user/root-anna".into()),
        ]
    );

    let keycloak = &config.services["keycloak"];
    assert_eq!((keycloak.rules.mode, keycloak.url.path()), (Mode::Enforce, "/auth"));
    assert_eq!(keycloak.rules.budgets.people, Budget { percent: 10, at_least: 3 });
    assert_eq!(keycloak.rules.budgets.other, Budget { percent: 10, at_least: 3 });
    assert_eq!(keycloak.rules.budgets.window_hours, 48);
    assert_eq!(keycloak.rules.retention_days, 90);

    let forge = &config.services["forge"];
    assert_eq!((forge.service_type.as_str(), forge.rules.mode), ("gitea", Mode::Report));
    let mode_of = |kind| forge.rules.mode_of(&KindName::new(kind));
    assert_eq!((mode_of("team"), mode_of("user")), (Mode::Ignore, Mode::Report));
    assert_eq!(forge.policy(&["root-anna".into()]).protected, ["root-anna"]);
    assert_eq!(forge.options, json!({"source_id": 1}));
    let (timeout, patience) = (Duration::from_secs(10), Duration::from_secs(300));
    assert_eq!(
        forge.limits,
        Limits { concurrency: 2, requests_per_second: Some(5), requests_per_minute: Some(90), timeout, patience }
    );
    let rule = &forge.rules.ignore[0];
    assert_eq!((rule.address.as_str(), rule.field.as_deref()), ("forge:user/legacy-*", Some("full_name")));
    assert_eq!(rule.until, "2027-04-01T00:00:00Z".parse().ok(), "it holds through its last day");
    assert_eq!(config.warnings, []);
    assert_eq!(config.place_of_option("forge", "/source_id").to_string(), "formulary.yaml:32:26");
    assert!(config.lies_within(Path::new("/etc")) && !config.lies_within(Path::new("/srv/platform-formulas")));
}

#[test]
fn what_is_left_out_has_its_default_and_a_new_instance_only_reports() {
    let config = parse(SMALLEST).expect("the smallest config of the help is right");
    let gitea = &config.services["gitea"];
    assert_eq!(
        (gitea.rules.mode, gitea.limits.concurrency, gitea.limits.timeout),
        (Mode::Report, 8, Duration::from_secs(30))
    );
    assert_eq!((&gitea.rules.budgets, &gitea.options), (&Budgets::default(), &json!({})));
    assert_eq!(gitea.rules.retention_days, 30);
    assert_eq!(config.defaults.services.iter().collect::<Vec<_>>(), ["gitea"]);
    assert_eq!(config.ledger, LedgerPlace::Path("/etc/formulary/.formulary/ledger.db".into()));
    assert!(config.in_role("identity").is_none());
}

#[test]
fn secrets_are_read_only_where_a_call_is_made_and_relative_to_the_config() {
    let environment = FixedEnvironment::default().with_file("/etc/formulary/token", "hunter2\n");
    let config = parse_in(WHOLE, &environment).expect("it is right");
    assert!(!format!("{config:?}").contains("hunter2"));
    let credentials = &config.repository.as_ref().expect("there is one").credentials;
    let (username, secret) = credentials.basic(&environment).expect("it is there").expect("it is given");
    assert_eq!((username.as_str(), secret.expose_secret()), ("formulary", "hunter2"));
    assert!(
        config.services["keycloak"].credentials.client_secret.as_ref().expect("given").resolve(&environment).is_err()
    );
}

#[test]
fn an_unknown_key_is_an_error_with_the_likely_one() {
    assert_snapshot!(problems(&gitea("    mod: enforce\n    token: env:X\n    budgets: {poeple: {percent: 1}}\nplatfrom: x\nfoo: 1\n")), @r"
    formulary.yaml:6:5: error[FML9003]: 'gitea' has no key 'mod'
        did you mean 'mode'?
    formulary.yaml:7:5: error[FML9003]: 'gitea' has no key 'token'
        it belongs inside 'credentials'
    formulary.yaml:8:15: error[FML9003]: 'budgets' has no key 'poeple'
        did you mean 'people'?
    formulary.yaml:9:1: error[FML9003]: the config has no key 'platfrom'
        did you mean 'platform'?
    formulary.yaml:10:1: error[FML9003]: the config has no key 'foo'
        known here: platform, repository, ledger, defaults, roles, services, protected, approvals, plans, schedule, serve
    ");
}

#[test]
fn a_literal_secret_is_an_error_that_does_not_repeat_it() {
    let text = "\
platform: acme
services:
  gitea:
    url: https://git.acme.example
    credentials: {token: hunter2}
    options: {webhook_secret: hunter2}
  keycloak:
    url: https://id.acme.example
    credentials: {client_id: x, client_secret: 'env:hunter-2'}
    options: {realm: acme}
  forge:
    type: gitea
    url: https://bot:hunter2@git.acme.example
    credentials: hunter2
  other:
    type: gitea
    url: https://git.acme.example
    credentials: {hunter2: }
  number:
    type: gitea
    url: https://git.acme.example
    credentials: {token: 4242}
";
    let said = problems(text);
    assert!(!said.contains("hunter") && !said.contains("4242"), "{said}");
    assert_snapshot!(said, @r"
    formulary.yaml:5:26: error[FML9007]: 'token' holds a secret itself instead of a reference to one
        write where it is kept: 'env:NAME', 'file:PATH' or 'exec:PROGRAM ARGUMENTS'
    formulary.yaml:6:31: error[FML9007]: 'webhook_secret' holds a secret itself instead of a reference to one
        write where it is kept: 'env:NAME', 'file:PATH' or 'exec:PROGRAM ARGUMENTS'
    formulary.yaml:9:48: error[FML9008]: 'client_secret' is a reference that cannot be read
        after 'env:' stands the name of an environment variable: letters, digits and '_'
    formulary.yaml:13:10: error[FML9010]: 'url' holds credentials
        take them out, and name them by reference under 'credentials'
    formulary.yaml:14:18: error[FML9005]: 'credentials' must be a mapping, not a text
    formulary.yaml:18:5: error[FML9016]: 'other' cannot sign in without 'token'
        'gitea' takes 'token'
    formulary.yaml:18:19: error[FML9003]: 'credentials' has a key that does not exist
        known here: app_id, private_key, installation_id, client_id, client_secret, username, password, token
    formulary.yaml:22:26: error[FML9005]: 'token' must be a text, not a number
    ");
}

#[test]
fn types_and_words_and_numbers_are_checked() {
    assert_snapshot!(problems(&gitea("    mode: enforced\n    kinds: [team]\n    limits: {concurrency: 0, timeout_seconds: 30s, requests_per_second: 1.5}\n    ignore:\n      - {address: user/x, until: 2027-02-31}\n      - {address: user/x, reason: y, until: soon}\n      - {address: 'keycloak:user/x', reason: y, until: 2027-02-28}\n")), @r"
    formulary.yaml:6:11: error[FML9006]: 'mode' must be one of 'enforce', 'report', 'ignore'
        did you mean 'enforce'?
    formulary.yaml:7:12: error[FML9005]: 'kinds' must be a mapping, not a list
    formulary.yaml:8:27: error[FML9006]: 'concurrency' must be at least 1
    formulary.yaml:8:47: error[FML9005]: 'timeout_seconds' must be a whole number, not a text
    formulary.yaml:8:73: error[FML9005]: 'requests_per_second' must be a whole number, not a number with decimals
    formulary.yaml:10:9: error[FML9004]: 'reason' is missing in item 1 of 'ignore'
    formulary.yaml:10:34: error[FML9006]: 'until' is no day of the calendar
    formulary.yaml:11:35: warning[FML0116]: 'y' is read differently by different tools
        write 'true', or 'y' in quotes
    formulary.yaml:11:45: error[FML9006]: 'until' does not have the right form
        expected is a day such as '2027-03-31'
    formulary.yaml:12:19: error[FML9006]: 'address' leads to another instance
        a rule under 'gitea' is for objects of 'gitea': write kind and key, such as 'user/alice'
    formulary.yaml:12:46: warning[FML0116]: 'y' is read differently by different tools
        write 'true', or 'y' in quotes
    ");
    assert_snapshot!(problems("platform: Acme Corp\nservices: {}\n"), @r"
    formulary.yaml:1:11: error[FML9006]: 'platform' does not have the right form
        expected is lower-case letters, digits and hyphens, a letter first
    formulary.yaml:2:11: error[FML9006]: 'services' must be more than an empty mapping
    ");
    assert_snapshot!(problems("platform: 1\nservices: {Gitea: {}}\nledger: {path: a, url: 'postgres://x'}\napprovals: 3\n"), @r"
    formulary.yaml:1:11: error[FML9005]: 'platform' must be a text, not a number
    formulary.yaml:2:12: error[FML9006]: 'Gitea' cannot be a name here
        expected is lower-case letters, digits and hyphens, a letter first
    formulary.yaml:2:12: error[FML9012]: there is no type of service 'Gitea'
        say which service it is with 'type'; known: gitea, keycloak
    formulary.yaml:2:19: error[FML9004]: 'credentials' is missing in 'Gitea'
    formulary.yaml:2:19: error[FML9004]: 'url' is missing in 'Gitea'
    formulary.yaml:3:24: error[FML9006]: 'ledger' has both 'path' and 'url'
        keep one of them
    formulary.yaml:4:12: error[FML9005]: 'approvals' must be a mapping, not a number
    ");
    assert_snapshot!(problems("- a\n"), @"formulary.yaml:1:1: error[FML9005]: the config must be a mapping, not a list");
}

#[test]
fn addresses_are_http_and_hold_nothing_else() {
    for (url, expected) in [
        ("git.acme.example", "FML9009"),
        ("ssh://git.acme.example", "FML9009"),
        ("localhost:3000", "FML9009"),
        ("https://git.acme.example/?token=x", "FML9009"),
        ("https://git.acme.example/#x", "FML9009"),
        ("https://token@git.acme.example", "FML9010"),
    ] {
        let text = format!("platform: acme\nservices: {{gitea: {{url: '{url}', credentials: {{token: env:T}}}}}}\n");
        let found = parse(&text).expect_err(url);
        assert_eq!(found.iter().map(|it| it.code.0).collect::<Vec<_>>(), [expected], "{url}");
    }
}

#[test]
fn parts_that_refer_to_each_other_agree() {
    let text = "\
platform: acme
defaults: {services: [gitae]}
roles: {identity: gitea, idp: keycloak}
services:
  gitea:
    url: https://git.acme.example
    credentials: {client_id: formulary}
    kinds: {organisation: {mode: enforce}}
    ignore: [{address: channel/x, reason: y, until: 2027-01-01}]
    options: {source: 1}
  identity:
    type: keycloack
    url: https://id.acme.example
    credentials: {client_id: formulary, client_secret: env:S}
  keycloak:
    url: https://id.acme.example
    credentials: {username: a, password: env:P, token: env:T}
  mattermost:
    url: https://chat.acme.example
    credentials: {token: env:T}
protected: [anna, gitea:user, gitae:user/x, 'user:default/-x']
";
    assert_snapshot!(problems(text), @r"
    formulary.yaml:2:23: error[FML9013]: there is no instance 'gitae'
        did you mean 'gitea'?
    formulary.yaml:3:19: error[FML9015]: 'gitea' cannot play the role 'identity'
        it is played by keycloak
    formulary.yaml:3:26: error[FML9015]: there is no role 'idp'
        known: identity
    formulary.yaml:7:5: error[FML9016]: 'gitea' cannot sign in without 'token'
        'gitea' takes 'token'
    formulary.yaml:8:13: error[FML9014]: 'gitea' has no kind 'organisation'
        did you mean 'organization'?
    formulary.yaml:9:24: error[FML9014]: 'gitea' has no kind 'channel'
        known: organization, team, user
    formulary.yaml:9:43: warning[FML0116]: 'y' is read differently by different tools
        write 'true', or 'y' in quotes
    formulary.yaml:10:15: error[FML9017]: 'options' has no key 'source'
        known here: source_id, webhook_secret
    formulary.yaml:11:3: error[FML9018]: an instance cannot be called 'identity', which is a role
        choose another name, such as the type's
    formulary.yaml:12:11: error[FML9012]: there is no type of service 'keycloack'
        did you mean 'keycloak'?
    formulary.yaml:16:5: error[FML9017]: 'realm' is missing in 'options'
    formulary.yaml:17:49: error[FML9016]: 'keycloak' has no use for 'token'
        'keycloak' takes 'client_id' and 'client_secret', or 'username' and 'password'
    formulary.yaml:18:3: error[FML9012]: there is no type of service 'mattermost'
        say which service it is with 'type'; known: gitea, keycloak
    formulary.yaml:21:13: error[FML9020]: 'anna' does not say what it is
        write 'user:default/anna' for a person, or 'gitea:user/anna' for an object of one service
    formulary.yaml:21:19: error[FML9020]: 'gitea:user' is no address
        an address is 'instance:kind/key'
    formulary.yaml:21:31: error[FML9020]: 'gitae' is neither an instance nor a kind of entity
        did you mean 'gitea'?
    formulary.yaml:21:45: error[FML9020]: '-x' is not a name (letters and digits, with '-', '_' and '.' inside, at most 63)
    ");
}

#[test]
fn two_that_could_play_a_role_need_a_word() {
    let instance =
        "url: https://id.acme.example, credentials: {client_id: f, client_secret: env:S}, options: {realm: r}";
    let text = format!(
        "platform: acme\nservices:\n  one: {{type: keycloak, {instance}}}\n  two: {{type: keycloak, {instance}}}\n"
    );
    assert_snapshot!(problems(&text), @r"
    formulary.yaml:2:1: error[FML9015]: 'one' and 'two' could each play the role 'identity'
        say which one does: `roles: {identity: one}`
    ");
    let config = parse(&format!("{text}roles: {{identity: two}}\n")).expect("it is right now");
    assert_eq!(config.in_role("identity").map(|it| it.name.as_str()), Some("two"));
}

#[test]
fn what_is_risky_is_a_warning() {
    let text = gitea("").replace("https://", "http://").replace("env:TOKEN", "file:token");
    let environment = FixedEnvironment::default().with_file_mode("/etc/formulary/token", "x", 0o644);
    let config = parse_in(&text, &environment).expect("it is not wrong");
    assert_snapshot!(listed(&config.warnings), @r"
    formulary.yaml:4:10: warning[FML9011]: the credentials of 'gitea' travel unencrypted
        use https, unless something below encrypts
    formulary.yaml:5:26: warning[FML9019]: '/etc/formulary/token' may be read by everyone on this machine
        run `chmod 600 /etc/formulary/token` (its mode is 0644)
    ");
}

#[test]
fn a_file_that_is_no_config_says_so() {
    assert_snapshot!(problems(""), @r"
    formulary.yaml:1:1: error[FML9002]: the config is empty
        a config is one document; the smallest is

    platform: acme
    services:
      gitea:
        url: https://git.acme.example
        credentials: {token: env:GITEA_TOKEN}
    ");
    assert_snapshot!(problems("platform: a\nservices: {}\n---\nplatform: b\n"), @r"
    formulary.yaml:4:1: error[FML9002]: the config has more than one document
        a config is one document; the smallest is

    platform: acme
    services:
      gitea:
        url: https://git.acme.example
        credentials: {token: env:GITEA_TOKEN}
    ");
    assert_snapshot!(problems("platform: [a\n"), @r"
    formulary.yaml:1:11: error[FML0108]: the text is not YAML: unclosed bracket '['
        close the bracket, or put a comma between the values
    ");
    assert_snapshot!(problems(&gitea("    url: https://x.example\n")), @r"
    formulary.yaml:6:5: error[FML0110]: key 'url' appears twice
        keep one of them
    ");
}

#[test]
fn the_config_is_looked_for_in_four_places() {
    let load = |explicit: Option<&str>, environment: &FixedEnvironment| {
        Config::load(explicit.map(Path::new), &types(), environment).map(|it| it.path.display().to_string())
    };
    let nowhere = FixedEnvironment::default().with_variable("HOME", "/home/anna");
    assert_snapshot!(listed(&load(None, &nowhere).expect_err("it is nowhere")), @r"
    error[FML9001]: no config was found: --config and FORMULARY_CONFIG are not given, and there is no file 'formulary.yaml' or '/home/anna/.config/formulary/formulary.yaml' or '/etc/formulary/formulary.yaml'
        write one, or let `formulary sandbox --write-config formulary.yaml` write one that points at a sandbox; the smallest is

    platform: acme
    services:
      gitea:
        url: https://git.acme.example
        credentials: {token: env:GITEA_TOKEN}
    ");

    let machine = nowhere.with_file("/etc/formulary/formulary.yaml", SMALLEST);
    assert_eq!(load(None, &machine), Ok("/etc/formulary/formulary.yaml".into()));
    let own = machine.with_file("/home/anna/.config/formulary/formulary.yaml", SMALLEST);
    assert_eq!(load(None, &own), Ok("/home/anna/.config/formulary/formulary.yaml".into()));
    let here = own.with_file("/work-folder/formulary.yaml", SMALLEST);
    assert_eq!(load(None, &here), Ok("/work-folder/formulary.yaml".into()));
    let variable = here.with_file("/prod.yaml", SMALLEST).with_variable("FORMULARY_CONFIG", "/prod.yaml");
    assert_eq!(load(None, &variable), Ok("/prod.yaml".into()));
    let argument = variable.with_file("/work-folder/mine.yaml", SMALLEST);
    assert_eq!(load(Some("mine.yaml"), &argument), Ok("/work-folder/mine.yaml".into()));

    // One that was named is never replaced by another.
    assert_snapshot!(listed(&load(Some("mein.yaml"), &argument).expect_err("it is not there")), @r"
    error[FML9002]: there is no config 'mein.yaml'
        correct the path that --config gives
    ");
    let gone = argument.with_variable("FORMULARY_CONFIG", "/gone.yaml");
    assert_snapshot!(listed(&load(None, &gone).expect_err("it is not there")), @r"
    error[FML9002]: there is no config '/gone.yaml'
        correct the path that FORMULARY_CONFIG gives
    ");
}

#[test]
fn the_schema_is_valid_and_its_examples_are_too() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("it is JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    let mut examined = 0;
    examples(&schema, &schema, &mut examined);
    assert!(examined > 20, "{examined}");
}

#[test]
fn the_schema_for_editors_knows_the_options_of_each_type() {
    let schema = schema(&types());
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::draft202012::new(&schema).expect("it is a schema");
    let config = |name: &str, section: &str| {
        let text = format!(
            "{{\"platform\": \"acme\", \"services\": {{\"{name}\": {{\"url\": \"https://x.example\", \"credentials\": {{}}, {section}}}}}}}"
        );
        validator.is_valid(&serde_json::from_str(&text).expect("it is JSON"))
    };
    assert!(config("gitea", r#""options": {"source_id": 1}"#));
    assert!(!config("gitea", r#""options": {"source": 1}"#));
    assert!(config("forge", r#""type": "gitea", "options": {"source_id": 1}"#));
    assert!(!config("forge", r#""type": "gitea", "options": {"realm": "acme"}"#));
    assert!(config("gitea", r#""type": "keycloak", "options": {"realm": "acme"}"#));
}

#[test]
fn a_syntax_error_beside_a_secret_does_not_repeat_it() {
    for token in [
        "'hunter2",
        "\"hunter2",
        "@hunter2",
        "hunter2: x",
        "!!int hunter2",
        "*hunter2",
        "{hunter2",
        "&a hunter2\n  - x",
        "%hunter2",
        "|hunter2",
    ] {
        let text = gitea("").replace("{token: env:TOKEN}", &format!("\n      token: {token}"));
        let said = problems(&text);
        assert!(!said.contains("hunter2"), "{token}: {said}");
    }
}

#[test]
fn the_daemon_has_its_times_and_its_address() {
    let lines = "schedule: {every: 30m, drift: 0 3 * * 1-5}\nserve: {listen: none}\n";
    let config = parse(&format!("{WHOLE}{lines}")).expect("it is right");
    assert_eq!(config.schedule.every, Duration::from_secs(1800));
    assert!(config.schedule.drift.is_some());
    assert_eq!(config.listen, None);
    assert_eq!(config.reports(), Path::new("/etc/formulary/state/reports"));
    let config = parse(WHOLE).expect("it is right");
    assert_eq!(config.repository.expect("it is named").poll, POLL);
    assert_eq!((config.schedule.every, config.listen), (Duration::from_secs(600), Some(LISTEN)));
}

#[test]
fn times_and_addresses_that_cannot_be_read_say_how_to_write_them() {
    let said = problems(&gitea("schedule: {every: 1 day, drft: x}\nserve: {listen: here}\n"));
    assert!(said.contains("such as '90s', '10m' or '1h'"), "{said}");
    assert!(said.contains("did you mean 'drift'?"), "{said}");
    assert!(said.contains("an address with a port, such as '127.0.0.1:9464', or 'none'"), "{said}");
    let said = problems(&gitea("schedule: {drift: hunter2 hunter2}\n"));
    assert!(said.contains("as in a crontab") && !said.contains("hunter2"), "{said}");
}

/// Holds every example in a schema to the schema that it stands in.
fn examples(root: &Value, node: &Value, examined: &mut usize) {
    if let Some(found) = node.get("examples").and_then(Value::as_array) {
        let mut schema = node.clone();
        schema["$defs"] = root["$defs"].clone();
        let validator = jsonschema::draft202012::new(&schema).expect("it is a schema");
        for example in found {
            assert!(validator.is_valid(example), "{example} in {}", node["title"]);
            *examined += 1;
        }
    }
    for child in node.as_object().into_iter().flat_map(|it| it.values()) {
        examples(root, child, examined);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "([a-z]{1,12}|services|platform|gitea|url|credentials|[:{}\\[\\]\n, \"'&*!-]|  ){0,60}") {
        let _ = parse(&text);
    }
}
