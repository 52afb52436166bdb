//! The closure against an evaluator that tries everything until nothing is new, on random platforms; and who gains what.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::change::{between, touched};
use super::{Standing, State};
use crate::engine::diff::Kinds;
use crate::engine::model::{Address, Fields, Instance, Live, Value};
use crate::engine::plan::{Step, Verb};
use crate::engine::report::{Look, Page, access as report};
use crate::provider::gitea::kinds::KINDS as GITEA;
use crate::provider::keycloak::kinds::KINDS as KEYCLOAK;

const ORGANISATIONS: usize = 2;
const TEAMS: usize = 3;
const REPOSITORIES: usize = 2;
const PEOPLE: usize = 4;
const LEVELS: [&str; 3] = ["none", "admin", "owner"];

/// A platform of one forge: teams of organisations with a level and a reach, repositories, people who are on or off and
/// in teams. Everything may be missing.
#[derive(Debug, Clone)]
struct Forge {
    organisations: Vec<bool>,
    /// By organisation: for each team, whether it is there, its level, and whether it is on every repository.
    teams: Vec<Vec<(bool, usize, bool)>>,
    repositories: Vec<Vec<bool>>,
    /// `None` is not there; otherwise whether sign-in is closed, and whether it administers the whole.
    people: Vec<Option<(bool, bool)>>,
    /// By person, organisation and team.
    members: Vec<Vec<Vec<bool>>>,
}

fn forge() -> impl Strategy<Value = Forge> {
    use prop::collection::vec;
    (
        vec(any::<bool>(), ORGANISATIONS),
        vec(vec((any::<bool>(), 0..LEVELS.len(), any::<bool>()), TEAMS), ORGANISATIONS),
        vec(vec(any::<bool>(), REPOSITORIES), ORGANISATIONS),
        vec(prop::option::of((any::<bool>(), prop::bool::weighted(0.2))), PEOPLE),
        vec(vec(vec(any::<bool>(), TEAMS), ORGANISATIONS), PEOPLE),
    )
        .prop_map(|(organisations, teams, repositories, people, members)| Forge {
            organisations,
            teams,
            repositories,
            people,
            members,
        })
}

fn at(kind: &str, key: &str) -> Address {
    Address::new(&Instance::new("gitea"), kind, key)
}

fn object(kind: &str, key: &str, fields: &[(&'static str, Value)]) -> Live {
    let fields: Fields = fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    Live { address: at(kind, key), external_id: None, fields, outputs: Fields::new(), mark: None }
}

impl Forge {
    fn live(&self) -> Vec<Live> {
        let mut live = Vec::new();
        for (org, there) in self.organisations.iter().enumerate() {
            live.extend(there.then(|| object("organization", &format!("o{org}"), &[])));
            for (team, (there, level, reach)) in self.teams[org].iter().enumerate() {
                let fields = [("permission", LEVELS[*level].into()), ("all_repositories", (*reach).into())];
                live.extend(there.then(|| object("team", &format!("o{org}/t{team}"), &fields)));
            }
            for (repository, there) in self.repositories[org].iter().enumerate() {
                live.extend(there.then(|| object("repository", &format!("o{org}/r{repository}"), &[])));
            }
        }
        for (person, standing) in self.people.iter().enumerate() {
            live.extend(standing.map(|(off, rules)| {
                object("user", &format!("p{person}"), &[("prohibit_login", off.into()), ("is_admin", rules.into())])
            }));
            for (org, teams) in self.members[person].iter().enumerate() {
                let of = |team: usize| object("team-member", &format!("o{org}/t{team}/p{person}"), &[]);
                live.extend(teams.iter().enumerate().filter(|(_, is_in)| **is_in).map(|(team, _)| of(team)));
            }
        }
        live
    }

    /// Every pair of a person and a thing, asked one by one in the words of the service.
    fn has(&self, person: usize) -> BTreeSet<(Address, Option<String>)> {
        let mut has = BTreeSet::new();
        let Some((false, rules)) = self.people[person] else {
            return has;
        };
        let itself = at("user", &format!("p{person}"));
        has.extend(rules.then(|| (itself.clone(), Some("administrator".to_owned()))));
        has.insert((itself, None));
        for org in 0..ORGANISATIONS {
            for team in 0..TEAMS {
                let (there, level, reach) = self.teams[org][team];
                if !there || !self.members[person][org][team] {
                    continue;
                }
                has.insert((at("team", &format!("o{org}/t{team}")), None));
                if self.organisations[org] {
                    has.insert((at("organization", &format!("o{org}")), None));
                }
                for repository in 0..REPOSITORIES {
                    if self.repositories[org][repository] && reach && level > 0 {
                        let on = at("repository", &format!("o{org}/r{repository}"));
                        has.insert((on, Some(LEVELS[level].to_owned())));
                    }
                }
            }
        }
        has
    }
}

fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    kinds.insert(Instance::new("gitea"), GITEA);
    kinds.insert(Instance::new("keycloak"), KEYCLOAK);
    kinds
}

fn things(state: &State<'_>, account: &Address) -> BTreeSet<(Address, Option<String>)> {
    state.effective(account).into_iter().map(|it| (it.on, it.level)).collect()
}

/// The steps that lead from one world to another, as bare as they can be.
fn steps(kinds: &Kinds, from: &[Live], to: &[Live]) -> Vec<Step> {
    let by_name = |of: &[Live]| -> BTreeMap<Address, Fields> {
        of.iter().map(|it| (it.address.clone(), it.fields.clone())).collect()
    };
    let (from, to) = (by_name(from), by_name(to));
    let step = |verb, address: &Address, fields: Option<&Fields>| {
        let after: BTreeMap<String, serde_json::Value> = fields
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.to_string(), serde_json::json!({ "known": value })))
            .collect();
        let class = kinds.spec(address).unwrap().class;
        let step = serde_json::json!({
            "id": 0, "address": address, "verb": verb, "class": class, "owner": "user:default/p0", "before": {},
            "after": after, "uses": [], "needs": [], "why": "", "calls": 1, "digest": "",
        });
        serde_json::from_value::<Step>(step).unwrap()
    };
    let gone = from.keys().filter(|it| !to.contains_key(it)).map(|it| step(Verb::Delete, it, None));
    let made =
        to.iter().filter(|(it, _)| !from.contains_key(it)).map(|(it, fields)| step(Verb::Create, it, Some(fields)));
    let changed = to.iter().filter(|(it, fields)| from.get(it).is_some_and(|before| before != *fields));
    let changed = changed.map(|(it, fields)| step(Verb::Update, it, Some(fields)));
    gone.chain(made).chain(changed).collect()
}

proptest! {
    #[test]
    fn the_closure_is_what_asking_for_every_pair_gives(forge in forge()) {
        let (kinds, live) = (kinds(), forge.live());
        let state = State::seen(&kinds, &live, &BTreeMap::new());
        for person in 0..PEOPLE {
            prop_assert_eq!(things(&state, &at("user", &format!("p{person}"))), forge.has(person));
        }
    }

    /// Who gains or loses what is the difference of what everybody had and has, and nobody is overlooked.
    #[test]
    fn a_change_is_the_difference_for_everybody(before in forge(), after in forge()) {
        let (kinds, from, to) = (kinds(), before.live(), after.live());
        let steps = steps(&kinds, &from, &to);
        let now = State::seen(&kinds, &from, &BTreeMap::new());
        let then = now.after(&steps);
        let changes = between(&now, &then, &touched([&now, &then], &steps));
        for person in 0..PEOPLE {
            let account = at("user", &format!("p{person}"));
            let change = changes.iter().find(|it| it.account == account);
            let told = |of: fn(&super::change::AccessChange) -> &Vec<super::Holding>| -> BTreeSet<_> {
                change.into_iter().flat_map(of).map(|it| (it.on.clone(), it.level.clone())).collect()
            };
            let (had, has) = (before.has(person), after.has(person));
            prop_assert_eq!(told(|it| &it.gains), has.difference(&had).cloned().collect::<BTreeSet<_>>());
            prop_assert_eq!(told(|it| &it.loses), had.difference(&has).cloned().collect::<BTreeSet<_>>());
        }
    }

    /// A group of groups: whoever is in one is in all that it lies in, however deep, and in nothing beside them.
    #[test]
    fn groups_lie_in_groups(depth in 1..6usize, at_level in 0..6usize) {
        let key = |depth: usize| (0..=depth).map(|it| format!("g{it}")).collect::<Vec<_>>().join("/");
        let keycloak = Instance::new("keycloak");
        let bare = |kind: &str, key: &str| Live { address: Address::new(&keycloak, kind, key), ..object(kind, key, &[]) };
        let at_level = at_level.min(depth);
        let mut live: Vec<Live> = (0..=depth).map(|it| bare("group", &key(it))).collect();
        live.push(bare("group", "g0/beside"));
        live.push(bare("user", "p0"));
        live.push(bare("membership", &format!("{}/p0", key(at_level))));
        let kinds = kinds();
        let state = State::seen(&kinds, &live, &BTreeMap::new());
        let account = Address::new(&keycloak, "user", "p0");
        let expected: BTreeSet<Address> =
            (0..=at_level).map(|it| Address::new(&keycloak, "group", &key(it))).chain([account.clone()]).collect();
        let held: BTreeSet<Address> = state.effective(&account).into_iter().map(|it| it.on).collect();
        prop_assert_eq!(held, expected);
    }
}

/// An administrator who is switched off loses both: that they may sign in, and what they were above everybody.
#[test]
fn an_administrator_is_told_as_one() {
    let kinds = kinds();
    let live = [object("user", "root", &[("prohibit_login", false.into()), ("is_admin", true.into())])];
    let off = [object("user", "root", &[("prohibit_login", true.into()), ("is_admin", true.into())])];
    let account = at("user", "root");
    let now = State::seen(&kinds, &live, &BTreeMap::new());
    let then = now.after(&steps(&kinds, &live, &off));
    let mut page = Page::new(Look::default());
    report::account(&mut page, &account, now.standing(&account), &now.effective(&account));
    report::account(&mut page, &account, then.standing(&account), &then.effective(&account));
    report::changes(&mut page, "changes:", &between(&now, &then, &[account].into()));
    insta::assert_snapshot!(page.finish(), @r"
    gitea:user/root may sign in
      administrator of the whole installation

    gitea:user/root switched off: what it is in gives nothing

    changes:
      gitea:user/root
        - may sign in
        - administrator of the whole installation
    ");
}

#[test]
fn the_shortest_way_is_told_and_units_are_said_by_level() {
    let units = Value::Map(BTreeMap::from([
        ("repo.code".to_owned(), "write".into()),
        ("repo.wiki".to_owned(), "write".into()),
        ("repo.issues".to_owned(), "read".into()),
    ]));
    let team = [("permission", "none".into()), ("units", units), ("all_repositories", true.into())];
    let live = [
        object("organization", "acme", &[]),
        object("team", "acme/web", &team),
        object("repository", "acme/site", &[]),
        object("user", "alice", &[]),
        object("team-member", "acme/web/alice", &[]),
    ];
    let kinds = kinds();
    let state = State::seen(&kinds, &live, &BTreeMap::new());
    let account = at("user", "alice");
    let told = |on: &Address| state.effective(&account).into_iter().find(|it| it.on == *on).unwrap();
    let repository = told(&at("repository", "acme/site"));
    assert_eq!(repository.level.as_deref(), Some("write: code, wiki; read: issues"));
    assert_eq!(repository.through, [at("team", "acme/web")]);
    assert!(told(&at("team", "acme/web")).through.is_empty());
    assert_eq!(state.standing(&at("user", "nobody")), Standing::Absent);
}
