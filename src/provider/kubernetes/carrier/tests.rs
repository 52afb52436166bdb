//! Against a server that says what reached it: with which token, and at which path.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use reqwest::Method;
use serde_json::{Value as Json, json};

use super::*;
use crate::engine::model::Instance;
use crate::provider::http::{Call, Door, Limits, NamedSecrets, Pace};
use crate::provider::kubernetes::errors::classify;
use crate::runtime::sys::SystemClock;

/// A server to which the token `old` is none any more.
async fn server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(|request: Request| async move {
        let header = request.headers().get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default();
        let status = if header == "Bearer old" { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
        (status, json!({ "token": header, "path": request.uri().to_string() }).to_string())
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

fn door(base: &str, options: Options, limits: Limits) -> Door {
    let connection = Connection {
        platform: "acme".to_owned(),
        instance: Instance::new("kubernetes"),
        base: base.parse().unwrap(),
        options: Json::Null,
        secrets: Arc::new(NamedSecrets::new([("token", "ours")])),
        limits,
        clock: Arc::new(SystemClock),
        pace: Pace::default(),
        meter: None,
    };
    Door::carried(connection.clone(), Box::new(Kube::new(connection, options)), classify).unwrap()
}

async fn ask(door: &Door) -> Result<Json, Failure> {
    let call = Call::new(Method::GET, "/api/v1/namespaces/{namespace}", &["coder"], "read").query("a", "b");
    Ok(door.send(&call).await?.json().unwrap())
}

fn kubeconfig(path: &Path, token: &str, cluster: &str) -> Options {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts:\n- {{name: x, context: {{cluster: c, user: u}}}}\n\
         clusters:\n- {{name: c, cluster: {{server: 'https://elsewhere.test:6443'{cluster}}}}}\n\
         users:\n- {{name: u, user: {{token: {token}}}}}\n"
    );
    std::fs::write(path, text).unwrap();
    Options { kubeconfig: Some(path.to_str().unwrap().to_owned()), ..Options::default() }
}

/// As behind a proxy for many clusters, or `kubectl proxy --api-prefix`.
#[tokio::test]
async fn a_path_before_the_api_is_sent_once() {
    let base = server().await;
    for (prefix, path) in [("", ""), ("/", ""), ("/k8s/clusters/c1", "/k8s/clusters/c1"), ("/k8s/", "/k8s")] {
        let met = ask(&door(&format!("{base}{prefix}"), Options::default(), Limits::default())).await.unwrap();
        assert_eq!(met, json!({ "token": "Bearer ours", "path": format!("{path}/api/v1/namespaces/coder?a=b") }));
    }
}

#[tokio::test]
async fn a_kubeconfig_signs_in_and_does_not_say_where_to() {
    let (base, folder) = (server().await, tempfile::tempdir().unwrap());
    let options = kubeconfig(&folder.path().join("config"), "theirs", "");
    let met = ask(&door(&base, options, Limits::default())).await.unwrap();
    assert_eq!(met["token"], "Bearer theirs");
}

#[tokio::test]
async fn a_token_that_was_rotated_is_read_anew_and_one_that_is_wrong_is_told() {
    let (base, folder) = (server().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("config");
    let door = door(&base, kubeconfig(&file, "old", ""), Limits::default());
    let failure = ask(&door).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::MissingRights, "{failure:?}");
    kubeconfig(&file, "new", "");
    assert_eq!(ask(&door).await.unwrap()["token"], "Bearer new");
}

#[tokio::test]
async fn a_kubeconfig_that_trusts_anybody_or_is_none_is_refused() {
    let (base, folder) = (server().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("config");
    let open = kubeconfig(&file, "theirs", ", insecure-skip-tls-verify: true");
    let failure = ask(&door(&base, open, Limits::default())).await.unwrap_err();
    assert!(failure.said.contains("insecure-skip-tls-verify"), "{failure:?}");
    let context = Options { context: Some("y".to_owned()), ..kubeconfig(&file, "theirs", "") };
    let failure = ask(&door(&base, context, Limits::default())).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Refused, "{failure:?}");
    let nowhere = Options { kubeconfig: Some("/nowhere/config".to_owned()), ..Options::default() };
    let failure = ask(&door(&base, nowhere, Limits::default())).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Refused, "{failure:?}");
}

#[tokio::test]
async fn a_long_answer_is_refused_and_nobody_there_is_told_so() {
    let base = server().await;
    let few = Limits { max_answer: 10, ..Limits::default() };
    let failure = ask(&door(&base, Options::default(), few)).await.unwrap_err();
    assert_eq!((failure.class, failure.said.as_str()), (FailureClass::Refused, "the answer is longer than 10 bytes"));
    let once = Limits { attempts: 1, ..Limits::default() };
    let failure = ask(&door("http://127.0.0.1:1", Options::default(), once)).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Later, "{failure:?}");
}
