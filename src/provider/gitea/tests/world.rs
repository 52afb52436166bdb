//! One installation to test on: the emulator over real HTTP, or a real server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::engine::model::{
    Address, Completeness, Failure, Field, Fields, Instance, KindClass, KindName, Live, Observation, Owner, Scope,
    Term, Value,
};
use crate::engine::plan::{Step, StepId, Verb};
use crate::provider::contract::{Inputs, Look, ObserveRequest, Performed, Provider, Reader, Related, Writer};
use crate::provider::emulator::serve::{Served, serve_for_test};
use crate::provider::gitea::emulator::{Gitea, Settings};
use crate::provider::gitea::{GiteaProvider, kinds};
use crate::provider::http::{Connection, Limits, NamedSecrets, Pace};
use crate::runtime::sys::SystemClock;

/// The identity of the ledger in tests.
pub const LEDGER: &str = "3f2a91c4-0b7d-4e55-9a10-5d7c2b1e8f60";

/// An installation and both halves of the provider.
pub struct World {
    /// The emulator, unless the server is a real one.
    pub served: Option<Served>,
    /// Where it answers.
    pub base: String,
    /// The token that we use.
    pub token: String,
    /// The sign-in source.
    pub source: i64,
    /// The reading half.
    pub reader: Box<dyn Reader>,
    /// The writing half.
    pub writer: Box<dyn Writer>,
}

impl World {
    /// A fresh emulator with its site administrator's token.
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// A fresh emulator with other settings.
    pub async fn with(settings: Settings) -> Self {
        let served = serve_for_test(Gitea::with_settings(Arc::new(SystemClock), settings)).await;
        let token = served.credentials()["admin token"]["Authorization"].trim_start_matches("token ").to_owned();
        let (base, source) = (served.base().to_owned(), 1);
        Self::at(base, token, source, Some(served))
    }

    /// The real server that the environment names.
    pub fn real() -> Option<Self> {
        let of = |name: &str| std::env::var(name).ok();
        let source = of("FORMULARY_GITEA_SOURCE_ID")?.parse().expect("FORMULARY_GITEA_SOURCE_ID is a number");
        Some(Self::at(of("FORMULARY_GITEA_URL")?, of("FORMULARY_GITEA_TOKEN")?, source, None))
    }

    fn at(base: String, token: String, source: i64, served: Option<Served>) -> Self {
        let connection = connection(&base, &token, json!({"source_id": source, "source_name": "corp-sso"}));
        let reader = GiteaProvider.reader(connection.clone());
        let writer = GiteaProvider.writer(connection);
        Self { served, base, token, source, reader, writer }
    }

    /// A reading half with another token.
    pub fn reader_with(&self, token: &str) -> Box<dyn Reader> {
        GiteaProvider.reader(connection(&self.base, token, json!({"source_id": self.source})))
    }

    /// The emulator.
    pub fn emulator(&self) -> &Served {
        self.served.as_ref().expect("this test runs on the emulator")
    }

    /// A call behind our back, or as another tool would make it.
    pub async fn raw(&self, method: &str, path: &str, body: Option<Json>) -> (u16, Json) {
        let method = method.parse().expect("a method");
        let mut request = reqwest::Client::new()
            .request(method, format!("{}/api/v1{path}", self.base))
            .header("authorization", format!("token {}", self.token));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the server answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Json::Null))
    }

    /// Performs a step that must succeed, and gives what is there afterwards.
    pub async fn done(&self, step: Step) -> Option<Live> {
        match self.perform(step).await {
            Ok(Performed::Done(live)) => live.map(|live| *live),
            other => panic!("expected a step to be done, got {other:?}"),
        }
    }

    /// Performs a step that must fail.
    pub async fn fails(&self, step: Step) -> Failure {
        self.perform(step).await.expect_err("the step is refused")
    }

    /// Performs a step with what it needs, all values known.
    pub async fn perform(&self, step: Step) -> Result<Performed, Failure> {
        let fields: Fields =
            step.after.iter().filter_map(|(name, term)| Some((name.clone(), term.known()?.clone()))).collect();
        let secrets = step
            .after
            .iter()
            .filter_map(|(name, term)| match term {
                Term::Secret(text) => Some((name.to_string(), secrecy::SecretString::from(text.clone()))),
                _ => None,
            })
            .collect();
        let inputs =
            Inputs { fields, secrets, related: Related::default(), ledger: LEDGER.to_owned(), ..Inputs::default() };
        self.writer.perform(&step, &inputs).await
    }

    /// Looks at one object.
    pub async fn look(&self, kind: &str, key: &str) -> Result<Look, Failure> {
        self.reader.look(&address(kind, key), None, &Related::default()).await
    }

    /// Reads some kinds, those within parents by the parents' keys.
    pub async fn observe(&self, whole: &[&str], within: &[(&str, &[&str])]) -> Seen {
        Seen(self.reader.observe(&request(whole, within)).await)
    }
}

/// What was read.
pub struct Seen(pub Vec<Observation>);

impl Seen {
    /// The reading of one scope.
    pub fn scope(&self, kind: &str, parent: Option<&str>) -> &Observation {
        let scope = match parent {
            Some(parent) => Scope::within(&instance(), kind, parent),
            None => Scope::whole(&instance(), kind),
        };
        self.0.iter().find(|it| it.scope == scope).unwrap_or_else(|| panic!("{scope} was not read"))
    }

    /// The keys in one scope, which must be whole.
    pub fn keys(&self, kind: &str, parent: Option<&str>) -> Vec<String> {
        let observation = self.scope(kind, parent);
        assert!(matches!(observation.completeness, Completeness::Complete(_)), "{:?}", observation.completeness);
        observation.objects.iter().map(|live| live.address.key.to_string()).collect()
    }

    /// One object.
    pub fn live(&self, kind: &str, key: &str) -> &Live {
        let address = address(kind, key);
        let all = self.0.iter().flat_map(|it| &it.objects);
        all.into_iter().find(|live| live.address == address).unwrap_or_else(|| panic!("'{address}' was not seen"))
    }

    /// Why one scope is not whole.
    pub fn incomplete(&self, kind: &str, parent: Option<&str>) -> &Failure {
        match &self.scope(kind, parent).completeness {
            Completeness::Incomplete(failure) => failure,
            other => panic!("{kind} counts as {other:?}"),
        }
    }
}

/// What to read.
pub fn request(whole: &[&str], within: &[(&str, &[&str])]) -> ObserveRequest {
    let kinds: BTreeSet<KindName> =
        whole.iter().copied().chain(within.iter().map(|(kind, _)| *kind)).map(KindName::new).collect();
    let parents: BTreeMap<KindName, BTreeSet<String>> = within
        .iter()
        .map(|(kind, parents)| (KindName::new(kind), parents.iter().map(|it| (*it).to_owned()).collect()))
        .collect();
    ObserveRequest { kinds, parents, ledger: Some(LEDGER.to_owned()), afresh: false }
}

/// The installation.
pub fn instance() -> Instance {
    Instance::new("gitea")
}

/// An address in it.
pub fn address(kind: &str, key: &str) -> Address {
    Address::new(&instance(), kind, key)
}

/// A step with known values.
pub fn step(verb: Verb, kind: &str, key: &str, after: &[(&'static str, Value)]) -> Step {
    let class = kinds::KINDS.iter().find(|spec| spec.name == kind).map_or(KindClass::Setting, |spec| spec.class);
    Step {
        id: StepId(1),
        address: address(kind, key),
        verb,
        class,
        owner: Owner::config(),
        origin: None,
        external_id: None,
        before: Fields::new(),
        after: after.iter().map(|(name, value)| (Field::Borrowed(*name), Term::Known(value.clone()))).collect(),
        uses: BTreeSet::new(),
        needs: BTreeSet::new(),
        relied_on: None,
        goes_with: Vec::new(),
        waits: Vec::new(),
        why: "a test".to_owned(),
        undo: None,
        partly: Default::default(),
        begun: false,
        calls: 1,
        digest: String::new(),
    }
}

/// The fields of an account that is bound to the sign-in source.
pub fn account(source: i64, email: &str, sub: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("email", email.into()),
        ("full_name", "Somebody".into()),
        ("login_name", sub.into()),
        ("source_id", Value::Int(source)),
        ("prohibit_login", false.into()),
    ]
}

/// The fields of a team with one right.
pub fn team(unit: &str, level: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("description", "a team".into()),
        ("permission", "none".into()),
        ("units", Value::Map(BTreeMap::from([(unit.to_owned(), level.into())]))),
        ("all_repositories", false.into()),
        ("can_create_repositories", false.into()),
    ]
}

fn connection(base: &str, token: &str, options: Json) -> Connection {
    Connection {
        platform: "acme".to_owned(),
        instance: instance(),
        base: base.parse().expect("a URL"),
        options,
        secrets: Arc::new(NamedSecrets::new([("token", token)])),
        limits: Limits { attempts: 2, ..Limits::default() },
        clock: Arc::new(SystemClock),
        pace: Pace::default(),
        meter: None,
    }
}
