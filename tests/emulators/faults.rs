//! Injected faults on the real emulators: in each service's own words, and the same again for the same seed.

use formulary::provider::emulator::faults::{Defect, Fault};
use formulary::provider::emulator::requests::Request;
use formulary::provider::emulator::serve::{ServeOptions, Served, serve};
use serde_json::{Value, json};

use super::installations::install;

/// A service being served, and somebody who may do everything there.
struct Subject {
    served: Served,
    client: reqwest::Client,
    authorization: String,
}

impl Subject {
    async fn new(service: &str, principal: &str) -> Subject {
        let options = ServeOptions::default();
        let (emulator, _) = install(service, "defaults", options.clock.clone());
        let served = serve(emulator, options).await.unwrap();
        let authorization = served.credentials()[principal]["Authorization"].clone();
        Subject { served, client: reqwest::Client::builder().no_proxy().build().unwrap(), authorization }
    }

    async fn gitea() -> Subject {
        Subject::new("gitea", "admin token").await
    }

    async fn keycloak() -> Subject {
        Subject::new("keycloak", "admin").await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.client.get(format!("{}{path}", self.served.base()));
        let answer = request.header("authorization", &self.authorization).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> reqwest::Result<u16> {
        let request = self.client.post(format!("{}{path}", self.served.base())).json(&body);
        Ok(request.header("authorization", &self.authorization).send().await?.status().as_u16())
    }

    fn arm(&self, fault: Fault) {
        self.served.arm(fault).unwrap();
    }
}

const INTERNAL: Defect = Defect::Status { status: 500, body: None, applied: false };

#[tokio::test]
async fn gitea_fails_in_its_own_words() {
    let gitea = Subject::gitea().await;
    let url = format!("{}/api/swagger", gitea.served.base());
    gitea.arm(Fault::new(Defect::MissingRights).nth(1));
    let (status, body) = gitea.get("/api/v1/admin/users").await;
    assert_eq!((status, &body["url"]), (403, &json!(url)));
    assert!(body["message"].as_str().unwrap().starts_with("token does not have at least one of required scope(s)"));
    gitea.arm(Fault::new(INTERNAL).times(1));
    assert_eq!(gitea.get("/api/v1/admin/users").await, (500, json!({"message": "", "url": url})));
    assert_eq!(gitea.get("/api/v1/admin/users").await.0, 200);
}

#[tokio::test]
async fn keycloak_fails_in_its_own_words() {
    let keycloak = Subject::keycloak().await;
    keycloak.arm(Fault::new(Defect::MissingRights).nth(1));
    assert_eq!(keycloak.get("/admin/realms").await, (403, json!({"error": "HTTP 403 Forbidden"})));
    keycloak.arm(Fault::new(INTERNAL).times(1));
    let words = "For more on this error consult the server log.";
    let broken = json!({"error": "unknown_error", "error_description": words});
    assert_eq!(keycloak.get("/admin/realms").await, (500, broken));
    assert_eq!(keycloak.get("/admin/realms").await.0, 200);
}

#[tokio::test]
async fn giteas_tokens_are_refused_until_the_fault_is_lifted() {
    let gitea = Subject::gitea().await;
    gitea.arm(Fault::new(Defect::ExpiredToken).nth(2));
    assert_eq!(gitea.get("/api/v1/user").await.0, 200);
    assert_eq!(gitea.get("/api/v1/user").await.0, 401);
    assert_eq!(gitea.get("/api/v1/user").await.0, 401);
    gitea.served.lift_all();
    assert_eq!(gitea.get("/api/v1/user").await.0, 200);
}

#[tokio::test]
async fn keycloaks_tokens_are_renewed_by_asking_again() {
    let mut keycloak = Subject::keycloak().await;
    let token = async |keycloak: &Subject| {
        let url = format!("{}/realms/master/protocol/openid-connect/token", keycloak.served.base());
        let form = [("grant_type", "client_credentials"), ("client_id", "boot"), ("client_secret", "boot-secret")];
        let answer: Value = keycloak.client.post(url).form(&form).send().await.unwrap().json().await.unwrap();
        format!("Bearer {}", answer["access_token"].as_str().unwrap())
    };
    keycloak.authorization = token(&keycloak).await;
    keycloak.arm(Fault::new(Defect::ExpiredToken).on("GET", "/admin/**").nth(2));
    assert_eq!(keycloak.get("/admin/realms").await.0, 200);
    assert_eq!(keycloak.get("/admin/realms").await.0, 401);
    keycloak.authorization = token(&keycloak).await;
    assert_eq!(keycloak.get("/admin/realms").await.0, 200);
    // They end by the clock, too, without anybody waiting.
    keycloak.served.clock().advance(chrono::Duration::seconds(61));
    assert_eq!(keycloak.get("/admin/realms").await.0, 401);
}

#[tokio::test]
async fn an_account_whose_answer_was_lost_exists() {
    let gitea = Subject::gitea().await;
    gitea.arm(Fault::new(Defect::LostAnswer).on("POST", "/api/v1/admin/users").nth(1));
    let alice = json!({"username": "alice", "email": "alice@example.com", "source_id": 1, "login_name": "sub"});
    assert!(gitea.post("/api/v1/admin/users", alice.clone()).await.is_err());
    assert_eq!(gitea.get("/api/v1/users/alice").await.0, 200);
    assert_eq!(gitea.post("/api/v1/admin/users", alice).await.unwrap(), 422);

    let keycloak = Subject::keycloak().await;
    keycloak.arm(Fault::new(Defect::LostAnswer).on("POST", "/admin/realms/*/users").nth(1));
    let bob = json!({"username": "bob"});
    assert!(keycloak.post("/admin/realms/master/users", bob.clone()).await.is_err());
    assert_eq!(keycloak.post("/admin/realms/master/users", bob).await.unwrap(), 409);
}

#[tokio::test]
async fn a_tenth_of_the_calls_fails_the_same_way_again() {
    let keycloak = Subject::keycloak().await;
    let mut runs: Vec<Vec<(String, bool)>> = Vec::new();
    for seed in [7, 7, 8] {
        keycloak.served.reset();
        keycloak.arm(Fault::new(INTERNAL).chance(0.1, seed));
        for n in 0..100 {
            keycloak.post("/admin/realms/master/groups", json!({"name": format!("g{n}")})).await.unwrap();
            keycloak.get("/admin/realms/master/groups").await;
        }
        let failed = |request: Request| (request.method, request.status == Some(500));
        runs.push(keycloak.served.requests().list().into_iter().map(failed).collect());
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let failed = runs[0].iter().filter(|(_, failed)| *failed).count();
    assert!((5..40).contains(&failed), "{failed} of 200 failed");
}
