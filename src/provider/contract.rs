//! The contract on one page: what a service's folder offers.
//!
//! A provider is a description and two halves. The description is pure: kinds, name rules, and [`Provider::lower`].
//! The reading half ([`Reader`]) looks; the writing half ([`Writer`]) performs one step at a time. `plan`, `drift`
//! and `validate` are built from the first alone: they never hold a [`Writer`].
//!
//! Providers do not diff, order, retry in a loop, or decide: the engine does, from [`KindSpec`]s.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::engine::claude::OWNER;
use crate::engine::desired::Placed;
use crate::engine::diag::Diagnostic;
use crate::engine::diag::codes::SET_UP_INCOMPLETE;
use crate::engine::diff::Cause;
use crate::engine::documents::Catalogue;
use crate::engine::import::Described;
use crate::engine::model::kind::NUMBER;
use crate::engine::model::{
    Address, Allotments, Capabilities, Desired, EntityRef, Failure, FailureClass, Fields, Instance, KindName, KindSpec,
    Live, MembershipSet, Observation,
};
use crate::engine::plan::Step;
use crate::engine::plan::price::Cost;
use crate::provider::http::Connection;

/// What an identity provider offers that keeps numbers of people.
pub const NUMBERS: &str = "numbers";

/// What a service offers that makes workspaces: its kind `workspace` has the output `url`.
pub const WORKSPACES: &str = "workspaces";

/// A service as the rest of the program knows it before any call is made.
pub trait Provider: Send + Sync {
    /// The type's name in the config: `keycloak`.
    fn service(&self) -> &'static str;

    /// What one calls it: "Keycloak".
    fn title(&self) -> &'static str;

    /// The kinds it keeps true, each described once; containers before what lies in them.
    fn kinds(&self) -> &'static [KindSpec];

    /// What it offers to others: `identity` means that its kind `user` has the output `sub`, [`NUMBERS`] that it keeps
    /// a number for a person (see [`Holds::Number`]).
    fn offers(&self) -> &'static [&'static str];

    /// The JSON Schema (2020-12) of `services.<instance>.options` in the config.
    fn options_schema(&self) -> &'static str;

    /// An entry of `services` in a config, with comments, for the domain `acme.example`: what one begins with.
    fn config_example(&self) -> &'static str;

    /// The sets of credentials it can sign in with, by the names they have in the config; each is enough by itself:
    /// `[["token"]]`. Where there is none, whatever is given is taken.
    fn credentials(&self) -> &'static [&'static [&'static str]] {
        &[]
    }

    /// How many calls a minute we make there at most, both halves together, where the service counts minutes and the config
    /// says nothing else.
    fn requests_per_minute(&self) -> Option<u32> {
        None
    }

    /// Steps that cost something else than one call and the reading around it, and those that go together in one call.
    fn costs(&self) -> &'static [Cost] {
        &[]
    }

    /// Whether its reading half can ask the service what it would make of a step: [`Reader::rehearse`].
    fn rehearses(&self) -> bool {
        false
    }

    /// Whether it shows the documents themselves, and reads each folder of them by its index file. Nothing there is a thing of
    /// its own, so that nothing of it is imported or held back.
    fn shows_documents(&self) -> bool {
        false
    }

    /// What it wants of the identity provider, given its options: claims, and the client that signs people in.
    fn claims(&self, options: &serde_json::Value) -> Vec<Claim>;

    /// Lowers the catalogue to the resources of one installation. Pure: equal inputs give equal output.
    /// What the service would refuse (names, lengths, collisions after its folding) becomes a diagnostic here, and
    /// the resource is left out.
    fn lower(&self, input: &LowerInput<'_>) -> Lowered;

    /// What an object would be declared as, so that a company with accounts can begin: the way back from
    /// [`Provider::lower`]. `None` for what the mono-repo has no noun for, and for what the service, or lowering, has of
    /// its own. Whether there is a noun for a kind does not depend on the object's fields.
    fn describe(&self, options: &serde_json::Value, live: &Live) -> Option<Described>;

    /// The annotation, without the prefix, by which a document says what a field of this object holds now; `None` where no
    /// annotation says it.
    fn says(&self, live: &Live, field: &str) -> Option<(&'static str, String)> {
        let _ = (live, field);
        None
    }

    /// The annotation, without the prefix, by which a document says that there is to be no such object; `None` where no
    /// annotation says it.
    fn without(&self, options: &serde_json::Value, address: &Address) -> Option<(&'static str, String)> {
        let _ = (options, address);
        None
    }

    /// The reading half. Can send only what the service's guide says changes nothing.
    fn reader(&self, connection: Connection) -> Box<dyn Reader>;

    /// The writing half.
    fn writer(&self, connection: Connection) -> Box<dyn Writer>;
}

/// What a service wants to find in the tokens of the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Name of the claim.
    pub name: String,
    /// What it must hold.
    pub holds: Holds,
    /// The client whose tokens alone carry it; `None` where every client's may.
    pub client: Option<String>,
    /// The scope that must carry it, where the service insists on one.
    pub scope: Option<String>,
    /// Why, for people.
    pub why: String,
}

/// What a claim holds, in words of the identity provider's contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// What the claim of this name holds by the standard: `email_verified`, `name`.
    Standard(&'static str),
    /// The groups that the person is in.
    Groups,
    /// A whole number of this pool, given to each person once. An identity provider that offers `numbers` keeps it as
    /// the resource `number/<pool>/<person>`, with the output `number`: its decimal text.
    Number(String),
}

/// A claim, and for whom it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The claim.
    pub claim: Claim,
    /// The installation that wants it.
    pub by: Instance,
    /// The people who are placed there, by entity name.
    pub people: BTreeSet<String>,
}

/// Everything lowering may look at.
#[derive(Debug)]
pub struct LowerInput<'a> {
    /// The installation to lower for.
    pub instance: &'a Instance,
    /// The platform's name, from the config.
    pub platform: &'a str,
    /// What the mono-repo declares.
    pub catalogue: &'a Catalogue,
    /// Which people, teams and organisations are placed in this installation.
    pub placed: &'a Placed,
    /// The installation's options from the config, already valid against [`Provider::options_schema`].
    pub options: &'a serde_json::Value,
    /// What probing found (or what was recorded).
    pub capabilities: &'a Capabilities,
    /// Numbers given out so far.
    pub allotments: &'a Allotments,
    /// Which installation plays which role: `identity` → `keycloak`.
    pub roles: &'a BTreeMap<String, Instance>,
    /// What the installation in the role `identity` offers beyond people: see [`Provider::offers`].
    pub identity_offers: &'static [&'static str],
    /// What all services together want of the identity provider, for the one that plays that role.
    pub claims: &'a [Wish],
}

impl LowerInput<'_> {
    /// The address of a person's account at the identity provider; `None` if nothing plays that role, or this does.
    pub fn identity_user(&self, name: &str) -> Option<Address> {
        let identity = self.roles.get("identity")?;
        (identity != self.instance).then(|| Address::new(identity, "user", name))
    }

    /// The address of a workspace where people work, if something plays the role `workspaces`; its output `url` tells where
    /// it is opened. Whether somebody wants it there is not known here.
    pub fn workspace(&self, owner: &str, name: &str) -> Option<Address> {
        Some(Address::new(self.roles.get(WORKSPACES)?, "workspace", &format!("{owner}/{name}")))
    }

    /// The address of a person's number of a pool at the identity provider; `None` if nothing plays that role, or what
    /// does cannot keep numbers.
    pub fn identity_number(&self, pool: &str, name: &str) -> Option<Address> {
        let identity = self.roles.get("identity").filter(|_| self.identity_offers.contains(&NUMBERS))?;
        Some(Address::new(identity, NUMBER, &format!("{pool}/{name}")))
    }
}

/// Bytes by their SHA-256 in hex.
pub type Payloads = BTreeMap<String, Arc<[u8]>>;

/// What a catalogue means in one installation.
#[derive(Debug, Clone, Default)]
pub struct Lowered {
    /// The resources that are wanted.
    pub desired: Vec<Desired>,
    /// The parents whose edges we declare.
    pub sets: Vec<MembershipSet>,
    /// What the service would refuse, and what cannot be expressed there.
    pub diagnostics: Vec<Diagnostic>,
    /// Bytes that steps send and no plan shows, such as an archive. A field holds the SHA-256 in hex that they have here.
    pub payloads: Payloads,
    /// Entities of which some resource was left out because of an error: all that they own here stands as it is.
    /// Whoever reports an error of an entity adds it here, or its account would be taken for declared no more.
    pub held: BTreeSet<EntityRef>,
}

impl Lowered {
    /// What options mean that cannot be used: nothing is wanted, and all that anybody declares stands as it is.
    pub fn unusable(input: &LowerInput<'_>, error: &dyn fmt::Display) -> Self {
        let entities = input.catalogue.entities().map(|entity| entity.reference.clone());
        // The files of the mono-repo as such: what they are listed by, and the enterprise's.
        let others = input.catalogue.files.shards().into_iter().map(|it| it.reference());
        let held = entities.chain(others).chain(OWNER.parse().ok()).collect();
        let message = format!("the options of '{}' cannot be used: {error}", input.instance);
        Self { diagnostics: vec![Diagnostic::error(SET_UP_INCOMPLETE, message)], held, ..Self::default() }
    }
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObserveRequest {
    /// The kinds that are wanted, owned, or reported on.
    pub kinds: BTreeSet<KindName>,
    /// For kinds listed per parent: the keys of the parents.
    pub parents: BTreeMap<KindName, BTreeSet<String>>,
    /// The identity of the ledger, so that marks can be read.
    pub ledger: Option<String>,
    /// Whether a list that could be brought up to date shall be read whole all the same: so much is missing from it that
    /// looking at each by itself would cost more.
    pub afresh: bool,
}

/// What probing an installation found, for planning and for `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Probe {
    /// What planning relies on.
    pub capabilities: Capabilities,
    /// Each right our account needs.
    pub rights: Vec<Right>,
    /// Other things that were checked: set-up of the installation, versions known to work.
    pub findings: Vec<Finding>,
}

/// One right that our account needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// The service's own name of it: `manage-users`, `write:admin`.
    pub name: String,
    /// What we need it for.
    pub needed_for: String,
    /// Whether we have it.
    pub held: Held,
    /// How to grant it, as one would type or click it.
    pub grant: String,
}

/// Whether a right is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Yes; the service says so, or it was used.
    Yes,
    /// No.
    No,
    /// The service does not tell; unproven until the first write.
    Unproven,
}

/// Something that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub what: String,
    /// What to do; empty when nothing.
    pub help: String,
}

/// One object looked at by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It is there.
    Present(Box<Live>),
    /// It is not, by the service's own word for it.
    Absent,
}

/// The reading half of a provider: it cannot change anything.
#[async_trait]
pub trait Reader: Send + Sync {
    /// Finds out what the installation is and what our account may do.
    ///
    /// # Errors
    /// When the installation cannot be reached or our credentials are refused.
    async fn probe(&self) -> Result<Probe, Failure>;

    /// Reads what is asked for, in bulk, concurrently, page by page, and proves for each scope that it is whole.
    /// Never fails as a whole: what could not be read comes back as an incomplete scope with its reason.
    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation>;

    /// Reads one object by its id or name: what settles an unclear write, and what proves an absence when the list
    /// that should hold the object was incomplete.
    ///
    /// # Errors
    /// When the answer proves neither presence nor absence.
    async fn look(&self, address: &Address, external_id: Option<&str>, related: &Related) -> Result<Look, Failure>;

    /// Asks the service what it would make of a step, without doing it: what a preview can know beyond comparing. `fields`
    /// are those of the step that are known.
    ///
    /// # Errors
    /// What the service would answer to the step.
    async fn rehearse(&self, step: &Step, fields: &Fields, ledger: &str) -> Result<(), Failure> {
        let _ = (step, fields, ledger);
        Ok(())
    }

    /// Asks the trail that the service keeps who changed these, and when: what a report of drift tells beside the difference.
    /// Our own changes are no answer. What is not found in it is left out.
    ///
    /// # Errors
    /// When the trail cannot be read.
    async fn causes(&self, changed: &[Changed]) -> Result<Trail, Failure> {
        let _ = changed;
        Ok(Trail::None("it keeps no trail of who changed what".to_owned()))
    }

    /// Asks how work stands that a step began ([`Performed::Pending`]) and that goes on at the service. It is asked again
    /// and again while the run lasts, and by the next run before it plans.
    ///
    /// # Errors
    /// When it cannot be told. [`Gone`](crate::engine::model::FailureClass::Gone) says that the service knows no such
    /// work any more: then [`Reader::look`] tells what came of it.
    async fn follow(&self, address: &Address, handle: &str, related: &Related) -> Result<Follow, Failure> {
        let _ = related;
        let doing = format!("follow '{handle}' of '{address}'");
        Err(Failure::new(FailureClass::Refused, doing, "nothing of this service goes on by itself"))
    }
}

/// Something that somebody changed at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its name.
    pub address: Address,
    /// The service's own id, also of what is gone, where it was recorded.
    pub external_id: Option<String>,
    /// The ids of what it connects: of a membership the person and what they are in.
    pub related: Related,
}

/// What a service knows of who changed something there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trail {
    /// It keeps none that could be read, and why: "admin events are switched off in realm 'acme'".
    None(String),
    /// It keeps one, and tells this.
    Kept(BTreeMap<Address, Cause>),
}

/// How work stands that goes on at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follow {
    /// It goes on; what it is at, in a few words: "pending", "building".
    GoesOn(String),
    /// It ended as it should: what is there now can be looked at.
    Ended,
    /// It ended badly. The failure carries the last lines of its log, and nothing secret.
    Failed(Failure),
}

/// Ids and outputs of the resources that a step uses, by address: from the ledger, from live state, or from steps
/// that were done before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Related(pub BTreeMap<Address, Facts>);

/// What is known of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The service's own id.
    pub external_id: Option<String>,
    /// Its outputs.
    pub outputs: Fields,
}

impl Related {
    /// The service's own id of a used resource.
    pub fn id(&self, address: &Address) -> Option<&str> {
        self.0.get(address)?.external_id.as_deref()
    }
}

/// What a step is performed with.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The step's fields with every output resolved. Secrets are not here.
    pub fields: Fields,
    /// Secrets of the step, resolved for this one call.
    pub secrets: BTreeMap<String, secrecy::SecretString>,
    /// Ids and outputs of what the step uses.
    pub related: Related,
    /// The identity of our ledger, to mark what is made.
    pub ledger: String,
    /// The bytes that fields name by their hash. One that is missing belongs to another revision of the mono-repo.
    pub payloads: Arc<Payloads>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Performed {
    /// It is done. `None` when the object is gone, as it should be.
    Done(Option<Box<Live>>),
    /// It goes on at the service; the handle finds it again after a restart.
    Pending(String),
}

/// The writing half of a provider.
#[async_trait]
pub trait Writer: Send + Sync {
    /// Makes one attempt at one step, and says what is there afterwards (read back, canonical).
    ///
    /// # Errors
    /// A classified [`Failure`]; [`Unclear`](crate::engine::model::FailureClass::Unclear) when it may have happened.
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure>;

    /// How many steps of this one's kind and verb can be performed in one go, this one among them; at least 1.
    fn together(&self, step: &Step) -> usize {
        let _ = step;
        1
    }

    /// Makes one attempt at several steps of one kind and verb in one go: as many as [`Writer::together`] allows. Gives one
    /// result for each, in order, which is taken at its word: a step whose failure is not
    /// [`Unclear`](crate::engine::model::FailureClass::Unclear) changed nothing, whatever came of the others.
    async fn perform_together(&self, steps: &[(&Step, &Inputs)]) -> Vec<Result<Performed, Failure>> {
        let mut performed = Vec::with_capacity(steps.len());
        for (step, inputs) in steps {
            performed.push(self.perform(step, inputs).await);
        }
        performed
    }
}
