//! What happens in a world, drawn by a seed: what the mono-repo declares from phase to phase, and what people do at the
//! services by hand. Nothing here knows what comes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::random::Random;

const PEOPLE: [&str; 8] = ["alice", "bob", "carol", "dan", "erin", "frank", "grace", "heidi"];
/// Organisations, and the teams in each.
const GROUPS: [(&str, &[&str]); 2] = [("acme", &["core", "ml"]), ("labs", &["bench"])];

/// The whole story.
pub struct Story {
    pub phases: Vec<Phase>,
}

/// One state of the mono-repo, and what was done at the services just before it.
#[derive(Clone)]
pub struct Phase {
    pub files: BTreeMap<String, String>,
    pub hands: Vec<Hand>,
    /// Whoever is declared, with their groups; of somebody whose file cannot be read, as it was last read.
    pub declared: BTreeMap<String, BTreeSet<String>>,
    /// More people leave than a budget lets go: nothing is expected of them but that few do.
    pub mass_leave: bool,
    /// A file cannot be read, so that all removals around it wait.
    pub broken: bool,
}

/// Something that somebody does at a service without us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Makes an account that nobody declares, at every service.
    Account { name: String, email: String },
    /// Puts somebody into a team of an organisation, at every service.
    Join { name: String, organisation: String, team: String },
    /// Takes somebody out of a team.
    Leave { name: String, organisation: String, team: String },
    /// Switches an account off.
    Close { name: String },
    /// Changes the name that people see.
    Rename { name: String },
}

impl Story {
    pub fn of(seed: u64) -> Self {
        let mut teller = Teller {
            random: Random::new(seed, "story"),
            people: BTreeMap::new(),
            known: BTreeSet::new(),
            strangers: Vec::new(),
        };
        let mut phases = vec![teller.beginning()];
        for _ in 0..2 + teller.random.below(2) {
            let before = phases.last().cloned();
            phases.push(teller.next(before.as_ref()));
        }
        Self { phases }
    }

    /// Names of accounts that somebody makes by hand, up to this phase.
    pub fn strangers(&self, phase: usize) -> BTreeMap<&str, &str> {
        let hands = self.phases[..=phase].iter().flat_map(|phase| &phase.hands);
        let accounts = hands.filter_map(|hand| match hand {
            Hand::Account { name, email } => Some((name.as_str(), email.as_str())),
            _ => None,
        });
        accounts.collect()
    }

    /// Names of accounts that somebody switched off by hand, up to this phase.
    pub fn closed(&self, phase: usize) -> BTreeSet<&str> {
        let hands = self.phases[..=phase].iter().flat_map(|phase| &phase.hands);
        hands.filter_map(|hand| if let Hand::Close { name } = hand { Some(name.as_str()) } else { None }).collect()
    }
}

#[derive(Clone)]
struct Person {
    called: String,
    groups: BTreeSet<String>,
}

struct Teller {
    random: Random,
    people: BTreeMap<String, Person>,
    /// Whoever was declared at some time, and so has an account.
    known: BTreeSet<String>,
    strangers: Vec<String>,
}

impl Teller {
    fn beginning(&mut self) -> Phase {
        let many = 3 + self.random.below(3);
        for name in &PEOPLE[..many] {
            self.join(name);
        }
        let mut hands = Vec::new();
        for _ in 0..1 + self.random.below(3) {
            hands.extend(self.stranger());
        }
        Phase { files: self.files(), hands, declared: self.declared(), mass_leave: false, broken: false }
    }

    fn next(&mut self, before: Option<&Phase>) -> Phase {
        let mut hands = Vec::new();
        let before_now = self.people.clone();
        let mass_leave = self.random.percent(6) && self.people.len() > 4;
        if mass_leave {
            let keep: BTreeSet<String> = self.people.keys().take(1).cloned().collect();
            self.people.retain(|name, _| keep.contains(name));
            self.keep_organisations(&before_now);
        }
        for _ in 0..1 + self.random.below(4) {
            match self.random.below(if mass_leave { 3 } else { 10 }) {
                0 => hands.extend(self.stranger()),
                1 => hands.extend(self.hand(Self::foreign)),
                2 => hands.extend(self.hand(|_, name, _| Some(Hand::Rename { name: name.to_owned() }))),
                3 => hands.extend(self.hand(Self::close)),
                4 => hands.extend(self.hand(Self::taken_out)),
                5 | 6 => {
                    let gone: Vec<String> = self.people.keys().cloned().collect();
                    let leavers = before_now.len().saturating_sub(self.people.len());
                    if let Some(name) = self.random.pick(&gone).filter(|_| leavers < 3).cloned() {
                        self.people.remove(&name);
                        self.keep_organisations(&before_now);
                    }
                }
                7 | 8 => {
                    let absent: Vec<&str> = PEOPLE.into_iter().filter(|it| !self.people.contains_key(*it)).collect();
                    if let Some(name) = self.random.pick(&absent) {
                        self.join(name);
                    }
                }
                _ => self.moves(),
            }
        }
        let mut phase = Phase { files: self.files(), hands, declared: self.declared(), mass_leave, broken: false };
        if self.random.percent(20) && !mass_leave {
            self.breaks(&mut phase, before);
        }
        phase
    }

    /// Somebody's file is written so that nobody can read it: all that it declared before stands.
    fn breaks(&mut self, phase: &mut Phase, before: Option<&Phase>) {
        let Some(before) = before else { return };
        let both: Vec<String> = phase.declared.keys().filter(|it| before.declared.contains_key(*it)).cloned().collect();
        if let Some(name) = self.random.pick(&both) {
            let broken = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: [";
            phase.files.insert(path_of(name), broken.to_owned());
            phase.broken = true;
            phase.declared.insert(name.clone(), before.declared[name].clone());
        }
    }

    fn join(&mut self, name: &str) {
        let mut groups = BTreeSet::new();
        for (organisation, teams) in GROUPS {
            if organisation == "acme" || self.random.percent(40) {
                groups.insert(organisation.to_owned());
                groups.extend(teams.iter().filter(|_| self.random.percent(50)).map(|team| (*team).to_owned()));
            }
        }
        self.known.insert(name.to_owned());
        self.people.insert(name.to_owned(), Person { called: format!("{name} the first"), groups });
    }

    /// Somebody changes teams, or is called otherwise.
    fn moves(&mut self) {
        let names: Vec<String> = self.people.keys().cloned().collect();
        let Some(name) = self.random.pick(&names).cloned() else { return };
        let rename = self.random.percent(30);
        let team = ["core", "ml"][self.random.below(2)];
        let Some(person) = self.people.get_mut(&name) else { return };
        if rename {
            person.called = format!("{name} the second");
        } else if !person.groups.remove(team) && person.groups.contains("acme") {
            person.groups.insert(team.to_owned());
        }
    }

    /// An organisation that would be emptied always waits; that is another test's matter.
    fn keep_organisations(&mut self, before: &BTreeMap<String, Person>) {
        for (organisation, _) in GROUPS {
            let holds = |people: &BTreeMap<String, Person>| people.values().any(|it| it.groups.contains(organisation));
            if holds(before)
                && !holds(&self.people)
                && let Some((name, person)) = before.iter().find(|(_, it)| it.groups.contains(organisation))
            {
                self.people.insert(name.clone(), person.clone());
            }
        }
    }

    /// Somebody with a name or an address like one that is declared, or will be.
    fn stranger(&mut self) -> Option<Hand> {
        let like = *self.random.pick(&PEOPLE)?;
        let (name, email) = match self.random.below(4) {
            0 => (format!("{like}-2"), format!("{like}@acme.test.example")),
            1 => (like.replace('a', "4"), format!("{like}.b@acme.test")),
            2 => (format!("{like}smith"), format!("{like}smith@acme.test")),
            // Has the very name of somebody who may come later.
            _ => (like.to_owned(), format!("{like}@elsewhere.test")),
        };
        let known = self.strangers.contains(&name) || self.known.contains(&name);
        (!known).then(|| {
            self.strangers.push(name.clone());
            Hand::Account { name, email }
        })
    }

    fn hand(&mut self, make: impl Fn(&mut Self, &str, &BTreeSet<String>) -> Option<Hand>) -> Option<Hand> {
        let people: Vec<(String, BTreeSet<String>)> =
            self.people.iter().map(|(name, person)| (name.clone(), person.groups.clone())).collect();
        let (name, groups) = self.random.pick(&people)?.clone();
        // Whoever has the name of a stranger is declared in vain; nothing is done to strangers.
        if self.strangers.contains(&name) {
            return None;
        }
        make(self, &name, &groups)
    }

    /// A stranger, or somebody of ours, is put into a team whose people we declare.
    fn foreign(&mut self, name: &str, groups: &BTreeSet<String>) -> Option<Hand> {
        let stranger = self.random.percent(60);
        let name = if stranger { self.random.pick(&self.strangers)?.clone() } else { name.to_owned() };
        let team = ["core", "ml"][self.random.below(2)];
        let there = !stranger && groups.contains(team);
        (!there).then(|| Hand::Join { name, organisation: "acme".to_owned(), team: team.to_owned() })
    }

    fn taken_out(&mut self, name: &str, groups: &BTreeSet<String>) -> Option<Hand> {
        let team = ["core", "ml"].into_iter().find(|it| groups.contains(*it))?;
        Some(Hand::Leave { name: name.to_owned(), organisation: "acme".to_owned(), team: team.to_owned() })
    }

    fn close(&mut self, name: &str, _: &BTreeSet<String>) -> Option<Hand> {
        self.random.percent(50).then(|| Hand::Close { name: name.to_owned() })
    }

    fn declared(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.people.iter().map(|(name, person)| (name.clone(), person.groups.clone())).collect()
    }

    fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for (organisation, teams) in GROUPS {
            let document = group(organisation, "organization", None);
            files.insert(format!("users/{organisation}/organisation.yaml"), document);
            for team in teams {
                files
                    .insert(format!("users/{organisation}/teams/{team}.yaml"), group(team, "team", Some(organisation)));
            }
        }
        for (name, person) in &self.people {
            let document = json!({
                "apiVersion": "backstage.io/v1alpha1", "kind": "User", "metadata": { "name": name },
                "spec": {
                    "profile": { "displayName": person.called, "email": format!("{name}@acme.test") },
                    "memberOf": person.groups,
                },
            });
            files.insert(path_of(name), format!("{document:#}\n"));
        }
        files
    }
}

fn path_of(person: &str) -> String {
    format!("users/acme/{person}.yaml")
}

fn group(name: &str, of_type: &str, parent: Option<&str>) -> String {
    let mut document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": { "name": name },
        "spec": { "type": of_type, "children": [] },
    });
    if let Some(parent) = parent {
        document["spec"]["parent"] = json!(parent);
        // Where people talk, it is a private channel of its own.
        document["metadata"]["annotations"] = json!({ "formulary.dev/mattermost-channels": name });
    }
    format!("{document:#}\n")
}
