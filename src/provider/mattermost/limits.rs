//! Who still has room, before any call is made. Pure.
//!
//! The free edition takes 250 active people, and every server so many in a team (50 where nobody raised it), bots and our
//! own account included. The server refuses the next one in the middle of an apply; counted here, the same people are
//! left out in every run, by name, and everybody hears of it first.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::model::{Capabilities, Value};

/// The fact: active people at which the server refuses the next; 0 for no limit.
pub const PEOPLE_LIMIT: &str = "people_limit";
/// The fact: active people now.
pub const PEOPLE_ACTIVE: &str = "people_active";
/// The fact: the names of active people, where there is a limit.
pub const PEOPLE: &str = "people";
/// The fact: accounts that a team takes.
pub const TEAM_LIMIT: &str = "team_limit";
/// The fact: the names of active accounts in each team, where a team could be full.
pub const TEAMS: &str = "teams";
/// The fact: the name of our own account, which joins every team that it makes.
pub const SELF: &str = "self";

/// The limits of an installation, as probing found them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    people: Option<Room>,
    team: Option<usize>,
    teams: BTreeMap<String, BTreeSet<String>>,
    own: Option<String>,
}

/// What a limit leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Room {
    most: usize,
    taken: usize,
    names: BTreeSet<String>,
}

/// A limit that is too low for what is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// How many it takes.
    pub most: usize,
    /// How many are there already.
    pub taken: usize,
    /// Those for whom there is no room, in order of name.
    pub names: BTreeSet<String>,
}

impl Limits {
    /// The limits that these facts tell; what nobody found out limits nothing.
    pub fn of(capabilities: &Capabilities) -> Self {
        let number = |fact: &str| {
            let found = capabilities.facts.get(fact).and_then(Value::as_int);
            found.and_then(|found| usize::try_from(found).ok()).filter(|found| *found > 0)
        };
        let people = number(PEOPLE_LIMIT).map(|most| Room {
            most,
            taken: number(PEOPLE_ACTIVE).unwrap_or_default(),
            names: names(capabilities.facts.get(PEOPLE)),
        });
        let teams = capabilities.facts.get(TEAMS).and_then(Value::as_map).into_iter().flatten();
        Self {
            people,
            team: number(TEAM_LIMIT),
            teams: teams.map(|(team, members)| (team.clone(), names(Some(members)))).collect(),
            own: capabilities.facts.get(SELF).and_then(Value::as_text).map(str::to_owned),
        }
    }

    /// Those who would be one active person too many. A person is given with all names that their account may have.
    pub fn people<'a>(&self, wanted: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>) -> Option<Over> {
        let room = self.people.as_ref()?;
        over(room, wanted)
    }

    /// Those who would be one too many in a team.
    pub fn team<'a>(&self, team: &[&str], wanted: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>) -> Option<Over> {
        let most = self.team?;
        let found = team.iter().find_map(|name| self.teams.get(*name)).cloned();
        // Whoever makes a team is its first member.
        let names = found.unwrap_or_else(|| self.own.iter().cloned().collect());
        over(&Room { most, taken: names.len(), names }, wanted)
    }
}

fn over<'a>(room: &Room, wanted: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>) -> Option<Over> {
    let is_there = |known: &[&str]| known.iter().any(|name| room.names.contains(*name));
    let new: BTreeSet<&str> = wanted.into_iter().filter(|(_, known)| !is_there(known)).map(|(name, _)| name).collect();
    let free = room.most.saturating_sub(room.taken);
    let names: BTreeSet<String> = new.into_iter().skip(free).map(str::to_owned).collect();
    (!names.is_empty()).then_some(Over { most: room.most, taken: room.taken, names })
}

fn names(list: Option<&Value>) -> BTreeSet<String> {
    let items = list.and_then(Value::as_list).into_iter().flatten();
    items.filter_map(|item| item.as_text().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(facts: &[(&str, Value)]) -> Limits {
        let mut capabilities = Capabilities::default();
        capabilities.facts.extend(facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Limits::of(&capabilities)
    }

    fn wanted(names: &'static [&'static str]) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
        names.iter().map(|name| (*name, vec![*name]))
    }

    #[test]
    fn the_same_people_are_left_out_whatever_the_order() {
        let limits = found(&[
            (PEOPLE_LIMIT, Value::Int(4)),
            (PEOPLE_ACTIVE, Value::Int(3)),
            (PEOPLE, Value::set(["root", "alice", "bob"])),
        ]);
        assert_eq!(limits.people(wanted(&["alice", "bob", "carol"])), None, "those who are there take no more room");
        let over = limits.people(wanted(&["erin", "carol", "alice", "dora"])).expect("two are too many");
        assert_eq!((over.most, over.taken), (4, 3));
        assert_eq!(over.names, ["dora".to_owned(), "erin".to_owned()].into());
    }

    #[test]
    fn somebody_under_a_former_name_takes_no_more_room() {
        let limits =
            found(&[(PEOPLE_LIMIT, Value::Int(1)), (PEOPLE_ACTIVE, Value::Int(1)), (PEOPLE, Value::set(["bob"]))]);
        assert_eq!(limits.people([("robert", vec!["robert", "bob"])]), None);
    }

    #[test]
    fn a_team_counts_strangers_bots_and_whoever_makes_it() {
        let limits = found(&[
            (TEAM_LIMIT, Value::Int(3)),
            (SELF, "formulary".into()),
            (TEAMS, Value::Map(BTreeMap::from([("acme".to_owned(), Value::set(["formulary", "stranger"]))]))),
        ]);
        let over = limits.team(&["acme"], wanted(&["alice", "bob"])).expect("one is too many");
        assert_eq!((over.taken, over.names), (2, ["bob".to_owned()].into()));
        assert_eq!(limits.team(&["labs"], wanted(&["alice", "bob"])), None, "we are its first member");
        assert!(limits.team(&["labs"], wanted(&["alice", "bob", "carol"])).is_some());
    }

    #[test]
    fn what_nobody_found_out_limits_nothing() {
        let limits = found(&[(PEOPLE_LIMIT, Value::Int(0))]);
        assert_eq!(limits.people(wanted(&["alice"])), None);
        assert_eq!(limits.team(&["acme"], wanted(&["alice"])), None);
    }
}
