//! The beginnings of GitHub's scenarios, which their `about` tells in words, and what their publishers made of the answers.
//!
//! Nobody could run the service, so most of a beginning cannot be made by requests: Apps are registered and installed in
//! a browser, and accounts were there before. "Recorded in groups" means that a state begins at those exchanges.

use chrono::Duration;
use formulary::provider::emulator::serve::Served;
use formulary::provider::github::emulator::{GitHub, Scene};
use serde_json::{Value, json};

use super::client::Call;
use super::mapping::Map;
use super::principals::Principals;
use super::recording::Exchange;

const USER: &str = "user token (classic, repo scope)";
const ORG: &str = "hub4j-test-org";
/// What the package's own placeholders stand for here.
const PLACEHOLDERS: [(&str, &str); 3] = [
    ("<GITHUB_LOGIN>", "octokit-test-login"),
    ("<GITHUB_TEST_REPOSITORY>", "octokit-test-repository"),
    ("<GITHUB_TEST_ORGANIZATION>", "octokit-test-organization"),
];

/// Begins the state that an exchange wants, and does what happened between it and the one before.
pub async fn begins(
    scenario: &str,
    number: i64,
    exchange: &mut Exchange,
    github: &GitHub,
    served: &Served,
    principals: &mut Principals<'_>,
    map: &mut Map,
) {
    as_published(exchange);
    if let Some((scene, heads)) = scene(scenario, number) {
        let scene: Scene = serde_json::from_value(scene).unwrap();
        github.begin_with(scene).unwrap();
        *map = Map::default();
        for (placeholder, name) in PLACEHOLDERS {
            map.note(placeholder, name);
        }
        principals.begin_with(served.credentials());
        for (repository, branch, recorded) in heads {
            let history = github.history(repository, branch);
            for ((commit, tree), (recorded, recorded_tree)) in history.iter().zip(recorded) {
                map.note(recorded, commit);
                map.note(recorded_tree, tree);
            }
        }
    }
    between(scenario, number, served, principals, map).await;
}

/// What happened before an exchange that no exchange tells of.
async fn between(scenario: &str, number: i64, served: &Served, principals: &mut Principals<'_>, map: &mut Map) {
    let mut send = async |who: &str, method: &str, path: &str, body: Value, map: &Map| {
        let headers = principals.headers(who, map).await.unwrap();
        let body = Some(body.to_string().into_bytes()).filter(|_| method != "GET");
        let call = Call { method: method.to_owned(), path: map.put_path(path), headers, body };
        call.send(served.base()).await.unwrap()
    };
    match (scenario, number) {
        ("check-runs-read", 1) => {
            let body = json!({ "name": "octokit-test-check", "head_sha": map.put(CHECKED) });
            let run = send("installation token", "POST", RUNS, body, map).await.body();
            map.note("51295429", &run["id"].to_string());
        }
        ("check-runs-read", 5) => {
            let annotation = json!({
                "path": "README.md", "start_line": 1, "end_line": 1, "annotation_level": "notice",
                "title": "README.md#L1", "message": "Looks good!",
            });
            let body = json!({ "output": { "title": "a", "summary": "b", "annotations": [annotation] } });
            send("installation token", "PATCH", &format!("{RUNS}/51295429"), body, map).await;
        }
        // A second lies between the two comments, which the recorded moments tell apart.
        ("comments", 5) => {
            let path = "/repos/hub4j-test-org/github-api/issues/461/comments";
            let first =
                send(USER, "GET", path, Value::Null, map).await.body()[0]["created_at"].as_str().unwrap().to_owned();
            let later = chrono::DateTime::parse_from_rfc3339(&first).unwrap() + Duration::seconds(1);
            let escaped = |moment: &str| moment.replace(':', "%3A");
            map.note("2022-09-22T10%3A48%3A31Z", &escaped(&first));
            map.note("2022-09-22T10%3A48%3A32Z", &escaped(&later.format("%Y-%m-%dT%H:%M:%SZ").to_string()));
        }
        ("conditional-requests", 7) => {
            let path = "/repos/hub4j-test-org/github-api/git/refs/heads/test/content_ref_cache";
            let before = send(USER, "GET", path, Value::Null, map).await;
            map.note("<last-modified of the answer before>", before.header("last-modified").unwrap());
        }
        ("comments", 7) => served.clock().advance(Duration::seconds(4)),
        // So long the service takes to try a merge.
        ("pull-requests", 3 | 8) => served.clock().advance(Duration::seconds(2)),
        _ => {}
    }
}

const CHECKED: &str = "e1db7418a77db065d1900e579c82ef0aad1da2b1";
const RUNS: &str = "/repos/<GITHUB_LOGIN>/<GITHUB_TEST_REPOSITORY>/check-runs";

/// Takes out of an answer what its publisher put there: 42 for every count that moves, numbers from 1000 and one name for
/// things of every sort, the repository of the day; and pictures' addresses in their older forms.
fn as_published(exchange: &mut Exchange) {
    if let Some(body) = exchange.response.as_mut().and_then(|response| response.body.as_mut()) {
        clean(body);
    }
}

fn clean(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                let is_elsewhere = value.as_str().is_some_and(|text| text.contains("/tmp-scenario-"));
                let is_counted = name == "id" && value.as_i64().is_some_and(|id| (1000..1100).contains(&id))
                    || value.as_str().is_some_and(|text| text.contains("/u/1000?"));
                *value != 42 && !is_elsewhere && !is_counted && name != "node_id"
            });
            fields.values_mut().for_each(clean);
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::String(text) if text.contains("githubusercontent.com/u/") => {
            *text = format!("{}?v=4", text.split('?').next().unwrap_or_default());
        }
        _ => {}
    }
}

/// Commits as recorded, each with its tree, the newest first.
type Heads = Vec<(&'static str, &'static str, &'static [(&'static str, &'static str)])>;

/// The state that begins at an exchange, if one does.
fn scene(scenario: &str, number: i64) -> Option<(Value, Heads)> {
    let heads: Heads = match scenario {
        "check-runs-read" => vec![(READ, "master", &[(CHECKED, "")])],
        "check-runs" => {
            vec![("hub4j-test-org/test-checks", "main", &[("89a9ae301e35e667756034fdc933b1fc94f63fc1", "")])]
        }
        "commit-statuses" => {
            vec![("octokit-fixture-org/create-status", "main", &[("0000000000000000000000000000000000000001", "")])]
        }
        "conditional-requests" => {
            vec![("hub4j-test-org/github-api", "main", &[("d4080cf9e2fa0959966d201f3dd60105fdf5bd97", "")])]
        }
        "git-data-commit" if number < 9 => {
            vec![(TREES, "main", &[("2acb295eef8d5eaf34d8915fad20db132745e9a0", "")])]
        }
        "git-data-commit" => vec![(
            TREES,
            "main",
            &[("7e888a1cd95c3caf31a16ff21751a06a7feb039f", "0efbfcf79def8e437d825e0116def4be6be56026")],
        )],
        "git-refs" if number == 1 => vec![(
            "octokit-fixture-org/git-refs",
            "main",
            &[("0000000000000000000000000000000000000001", ""), ("0000000000000000000000000000000000000002", "")],
        )],
        "git-refs" => vec![(READ, "master", &[("28c379c6f2bbf446d2b641cdb276ccbd8d63c698", "")])],
        "pull-requests" if number == 11 => {
            vec![("hub4j-test-org/listPrsListHeads", "pr2", &[("6b9956fe8c3d030dbc49c9d4c4166b0ceb4198fc", "")])]
        }
        "errors" => vec![("hub4j-test-org/test-checks", "main", &[("89a9ae301e35e667756034fdc933b1fc94f63fc1", "")])],
        _ => Vec::new(),
    };
    let scene = match (scenario, number) {
        ("app-authentication", 1) => {
            let app = app(1, 82994, json!({ "contents": "read", "metadata": "read" }));
            let repositories = json!([
                { "name": "hub4j-test-org/empty", "id": 60391080, "description": "Repository that has no contributor" },
                { "name": "hub4j-test-org/test-readme", "id": 30829547, "description": "Checks the readme of content",
                  "size": 132, "commits": [{ "message": "a", "files": { "README.md": "" } }] },
            ]);
            installed(app, 12129901, json!(["empty", "test-readme"]), repositories)
        }
        ("app-authentication", 5) => installed(app(2, 83009, json!({})), 12131496, json!([]), json!([])),
        ("app-authentication", 7) => masked(
            json!({ "contents": "write", "metadata": "read", "pull_requests": "read", "statuses": "write" }),
            json!({ "name": "bogus/bogus", "id": 11111111, "private": true, "language": "Groovy", "size": 36, "default_branch": "master" }),
            false,
        ),
        ("app-authentication", 8) => masked(
            json!({ "checks": "write", "pull_requests": "write", "contents": "read", "metadata": "read" }),
            json!({ "name": "bogus/bogus", "id": 111111111, "private": true, "language": "Java", "size": 618,
                    "issues": ["a", "b", "c", "d", "e"], "issues_by": "bogus" }),
            true,
        ),
        ("app-authentication", 9) => json!({
            "accounts": [{ "login": "octokit-test-organization", "id": 2988541, "organization": true }],
            "apps": [{ "slug": "octokit", "owner": "octokit-test-organization", "events": ["push"],
                       "permissions": { "administration": "write", "metadata": "read", "contents": "read" } }],
            "installations": [{ "app": "octokit", "account": "octokit-test-organization", "repositories": [] }],
            "tokens": [signed("octokit", 0)],
        }),
        ("app-authentication", 10) => json!({
            "accounts": [{ "login": "alone" }],
            "apps": [{ "slug": "octokit", "owner": "alone" }],
            "tokens": [{ "holder": "user access token of the app", "of": { "app-user": { "user": "alone", "app": "octokit" } } }],
        }),
        ("app-suspended", 1) => {
            let mut scene = installed(app(2, 83009, json!({})), 12131496, json!([]), json!([]));
            scene["installations"][0]["suspended_by"] = json!("gilday");
            scene
        }
        ("app-suspended", 2) => installed(app(1, 82994, json!({})), 11111111, json!([]), json!([])),
        ("branch-protection", 1) => {
            let motto = "If you have a problem, if no one else can help you, then if you can find them, maybe you can hire the A-Team!";
            fixture(
                1000,
                31898100,
                json!([{ "name": "A-Team", "id": 2527061, "description": motto }]),
                json!({ "name": "octokit-fixture-org/branch-protection", "commits": [{ "message": "a" }] }),
            )
        }
        ("branch-protection", 5) => hub4j(json!([repository("temp-testChecksWithAppIds", json!({}))])),
        ("check-runs-read", 1) => octokit(json!({
            "apps": [{ "slug": "octokit-test-app", "name": "Octokit Test App", "owner": "octokit-test-login",
                       "external_url": "https://github.com/octokit/octokit.rb", "permissions": { "checks": "write", "metadata": "read" } }],
            "installations": [{ "app": "octokit-test-app", "account": "octokit-test-login" }],
            "tokens": [{ "holder": "installation token", "of": { "installation": { "app": "octokit-test-app", "account": "octokit-test-login" } } }],
        })),
        ("check-runs", 1) => checks(json!([signed("ghapi-test-app-3", 0)])),
        ("collaborator-invitation", 1) => fixture(
            31898046,
            31898100,
            json!([]),
            json!({ "name": "octokit-fixture-org/add-and-remove-repository-collaborator", "commits": [{ "message": "a" }] }),
        ),
        ("comments", 1) => github_api(460, json!([])),
        ("comments", 10) => octokit(json!({})),
        ("commit-statuses", 1) => fixture(
            31898046,
            31898100,
            json!([]),
            json!({ "name": "octokit-fixture-org/create-status", "commits": [{ "message": "a" }] }),
        ),
        ("conditional-requests", 1) => github_api(0, json!([])),
        ("contents-basic", 1) => {
            let mut scene =
                fixture(31898046, 31898100, json!([]), json!({ "name": "octokit-fixture-org/create-file" }));
            let hello = json!({ "name": "octokit-fixture-org/hello-world", "default_branch": "master",
                                "commits": [{ "message": "a", "files": { "README.md": "# hello-world" } }] });
            scene["repositories"].as_array_mut().unwrap().push(hello);
            scene
        }
        ("contents-crud", 1) => hub4j(json!([repository("GHContentIntegrationTest", json!({ "id": 40763577 }))])),
        ("errors", 1) => {
            let mut scene = github_api(380, json!([{ "head": "test/stable", "title": "a", "user": "bitwiseman" }]));
            let more = checks(json!([signed("ghapi-test-app-3", 0)]));
            for part in ["apps", "installations"] {
                scene[part] = more[part].clone();
            }
            let tokens = scene["tokens"].as_array_mut().unwrap();
            tokens.push(signed("ghapi-test-app-3", 0));
            tokens.push(json!({ "holder": "installation token", "of": { "installation": { "app": "ghapi-test-app-3", "account": ORG } } }));
            let repositories = scene["repositories"].as_array_mut().unwrap();
            repositories.push(more["repositories"][0].clone());
            repositories.push(repository("GHTreeBuilderTest", json!({})));
            scene
        }
        ("errors", 9) => checks(json!([{ "holder": "app JWT", "text": "no.signed.token" }])),
        ("errors", 10) => checks(json!([signed("ghapi-test-app-3", 3600)])),
        ("errors", 11) => hub4j(json!([repository("GHTreeBuilderTest", json!({}))])),
        ("git-data-commit", 1) => {
            hub4j(json!([repository("GHTreeBuilderTest", json!({ "id": 232714595, "commits": trees(false) }))]))
        }
        ("git-data-commit", 9) => {
            hub4j(json!([repository("GHTreeBuilderTest", json!({ "id": 654900107, "commits": trees(true) }))]))
        }
        ("git-refs", 1) => fixture(
            1000,
            31898100,
            json!([]),
            json!({ "name": "octokit-fixture-org/git-refs", "commits": [{ "message": "a" }, { "message": "b" }] }),
        ),
        ("git-refs", 6) => octokit(json!({})),
        ("git-refs", 9) => github_api(0, json!([])),
        ("membership", 1) => {
            hub4j(json!([{ "name": "hub4j-test-org/of-the-team", "teams": { "dummy-team": "read" } }]))
        }
        ("objects-whole", 1) => fixture(
            31898046,
            1000,
            json!([]),
            json!({ "name": "octokit-fixture-org/hello-world", "id": 1000, "default_branch": "master",
                    "topics": ["fixtures", "hello", "hello-world"], "commits": [{ "message": "a" }] }),
        ),
        ("paging-link", 1) => {
            let titles: Vec<String> = (1..=13).map(|n| format!("Test issue {n}")).collect();
            fixture(
                1000,
                31898100,
                json!([]),
                json!({ "name": "octokit-fixture-org/paginate-issues", "id": 1000, "issues": titles, "issues_by": "octokit-fixture-user-a" }),
            )
        }
        ("pull-requests", 1) => github_api(258, json!([])),
        ("pull-requests", 6) => github_api(308, json!([])),
        ("pull-requests", 9) => github_api(0, json!([{ "head": "test/stable", "title": "a", "user": "bitwiseman" }])),
        ("pull-requests", 11) => hub4j(json!([repository(
            "listPrsListHeads",
            json!({
                "id": 292666372, "private": true,
                "commits": [{ "message": "a", "by": "tginiotis-at-work" }, { "branch": "pr1", "message": "b" }, { "branch": "pr2", "message": "c" }],
                "pulls": [{ "head": "pr1", "title": "Pr1", "body": "", "user": "tginiotis-at-work" },
                          { "head": "pr2", "title": "Pr2", "body": "", "user": "tginiotis-at-work" }],
            })
        )])),
        ("repository-hooks", 1) => github_api(0, json!([])),
        ("repository-rename", 1) => fixture(
            31898046,
            1000,
            json!([]),
            json!({ "name": "octokit-fixture-org/rename-repository", "id": 1000, "commits": [{ "message": "a" }] }),
        ),
        ("webhook-deliveries", 1 | 3) => delivered(json!([
            { "id": 55148726666_i64, "app": "octokit", "event": "installation", "payload": { "action": "created" }, "status": 403, "seconds": 0.02 },
            { "id": 55148717893_i64, "app": "octokit", "event": "ping", "status": 403, "seconds": 0.02 },
        ])),
        ("webhook-deliveries", 2) => delivered(json!([
            { "id": 73209766136_i64, "app": "octokit", "event": "push", "status": 200, "seconds": 0.23, "url": "https://example.com/github/hooks",
              "payload": { "installation": { "id": 45800517 }, "repository": { "id": 439386909 } } },
        ])),
        _ => return None,
    };
    Some((scene, heads))
}

const READ: &str = "octokit-test-login/octokit-test-repository";
const TREES: &str = "hub4j-test-org/GHTreeBuilderTest";

fn signed(app: &str, ahead: i64) -> Value {
    json!({ "holder": "app JWT", "of": { "app": { "app": app, "ahead": ahead } } })
}

/// The tests of hub4j/github-api: one organisation, and whoever ran them as its owner.
fn hub4j(repositories: Value) -> Value {
    let person = |login: &str, id: i64| json!({ "login": login, "id": id });
    json!({
        "accounts": [
            { "login": "bitwiseman", "id": 1958953, "name": "Liam Newman", "email": "person2@example.com" },
            person("yrodiere", 412878), person("gsmet", 1279749), person("fv316", 34072742), person("gilday", 1431609),
            person("martinvanzijl2", 56241446), person("tginiotis-at-work", 61763026),
            { "login": "hub4j", "id": 54909825, "organization": true },
            { "login": ORG, "id": 7544739, "organization": true,
              "members": { "bitwiseman": "admin", "yrodiere": "admin", "gsmet": "member", "fv316": "admin" },
              "teams": [{ "name": "dummy-team", "id": 3451996, "description": "Updated by API TestModified", "members": ["bitwiseman"] }] },
        ],
        "repositories": repositories,
        "tokens": [classic("bitwiseman")],
    })
}

fn classic(user: &str) -> Value {
    json!({ "holder": USER, "of": { "classic": { "user": user, "scopes": ["admin:org", "admin:repo_hook", "repo", "user"] } } })
}

fn repository(name: &str, more: Value) -> Value {
    let mut made = json!({ "name": format!("{ORG}/{name}"), "commits": [{ "message": "a", "files": { "README.md": format!("# {name}") } }] });
    made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    made
}

/// The repository that most of those tests use, after so many numbers.
fn github_api(last_number: i64, pulls: Value) -> Value {
    let is_first = last_number == 258;
    let branch = |name: &str| match is_first {
        true => json!({ "branch": name, "message": name, "files": { "README.md": name } }),
        false => json!({ "branch": name, "message": name, "files": { name: "1\n2\n3\n4\n" } }),
    };
    let more = json!({
        "id": 206888201, "description": if is_first { "Java API for GitHub" } else { "Tricky" }, "homepage": "http://github-api.kohsuke.org/", "language": "Java",
        "license": "mit", "size": if is_first { 11386 } else { 11391 }, "without_issues": is_first, "fork": true, "last_number": last_number, "pulls": pulls,
        "commits": [
            { "message": "a", "files": { "README.md": "a" } }, branch("test/stable"), branch("test/rc"),
            branch("test/mergeable_branch"), branch("gh-pages"),
        ],
    });
    let mut scene = hub4j(json!([repository("github-api", more)]));
    if last_number == 460 {
        scene["tokens"] = json!([classic("yrodiere")]);
    }
    scene
}

/// Two files below directories, and whether they are there yet.
fn trees(is_later: bool) -> Value {
    let readme = "# GHTreeBuilderTest";
    let (note, first) = ("Thanks for using our application!\n", "\u{1}\u{2}\u{3}");
    if is_later {
        return json!([{ "message": "a", "files": { "README.md": readme, "doc/readme.txt": note, "data/val1.dat": first } }]);
    }
    // Blobs that an earlier commit left behind.
    let second = "\u{4}\u{5}\u{6}\u{7}";
    json!([
        { "branch": "earlier", "message": "a", "files": { "a": note, "b": first, "c": second } },
        { "message": "b", "files": { "README.md": readme } },
    ])
}

fn app(number: i64, id: i64, permissions: Value) -> Value {
    json!({ "slug": format!("ghapi-test-app-{number}"), "id": id, "name": format!("GHApi Test app {number}"), "owner": ORG,
            "external_url": "http://localhost", "permissions": permissions, "opaque_tokens": true })
}

fn installed(app: Value, id: i64, names: Value, repositories: Value) -> Value {
    let mut scene = hub4j(repositories);
    scene["installations"] = json!([{ "app": app["slug"], "account": ORG, "id": id, "repositories": names }]);
    scene["tokens"] = json!([signed(app["slug"].as_str().unwrap(), 0)]);
    scene["apps"] = json!([app]);
    scene
}

fn checks(tokens: Value) -> Value {
    let mut app = app(3, 89368, json!({ "checks": "write", "metadata": "read" }));
    app["description"] = json!("Test app for checks api testing");
    let repositories = json!([repository("test-checks", json!({ "private": true }))]);
    let mut scene = installed(app, 13064215, json!(["test-checks"]), repositories);
    scene["tokens"] = tokens;
    scene
}

/// What a publisher masked: all names are one.
fn masked(permissions: Value, repository: Value, is_organization: bool) -> Value {
    json!({
        "accounts": [{ "login": "bogus", "id": 11111111, "organization": is_organization }],
        "apps": [{ "slug": "masked", "owner": "bogus", "permissions": permissions }],
        "repositories": [repository],
        "installations": [{ "app": "masked", "account": "bogus", "id": 11111111, "repositories": ["bogus"] }],
        "tokens": [signed("masked", 0)],
    })
}

/// The fixtures of octokit: one organisation, one person who owns it.
fn fixture(user: i64, org: i64, teams: Value, repository: Value) -> Value {
    json!({
        "accounts": [
            { "login": "octokit-fixture-user-a", "id": user },
            { "login": "octokit-fixture-org", "id": org, "organization": true, "email": "person1@example.com",
              "members": { "octokit-fixture-user-a": "admin" }, "teams": teams },
        ],
        "repositories": [repository],
        "tokens": [classic("octokit-fixture-user-a")],
    })
}

/// The tests of octokit.rb: somebody's own repositories.
fn octokit(more: Value) -> Value {
    let issues = json!({ "issues": ["a"], "issues_by": "octokit-test-login" });
    let mine = |name: &str, more: Value| {
        let mut made = json!({ "name": format!("octokit-test-login/{name}"), "default_branch": "master", "commits": [{ "message": "a", "files": { "README.md": "a" } }] });
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        made
    };
    let is_older = more.as_object().is_some_and(|more| more.is_empty());
    let mut scene = json!({
        "accounts": [{ "login": "octokit-test-login", "id": if is_older { 16271136 } else { 34264 }, "site_admin": !is_older }],
        "repositories": [
            mine("octokit-test-repository", json!({})),
            mine("octokit-test-repository_1477178642.807532", issues.clone()),
            mine("octokit-test-repository_1477178647.014946", issues),
        ],
        "tokens": [classic("octokit-test-login")],
    });
    scene.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    scene
}

fn delivered(deliveries: Value) -> Value {
    json!({
        "accounts": [{ "login": "octokit-test-login" }],
        "apps": [{ "slug": "octokit", "owner": "octokit-test-login" }],
        "tokens": [signed("octokit", 0)],
        "deliveries": deliveries,
    })
}
