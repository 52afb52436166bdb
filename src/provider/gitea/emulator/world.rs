//! The state of the imitated server: accounts, addresses, tokens, organisations and teams.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::digests::md5_hex;
use super::hooks::Hooks;
use super::keys::UserKeys;
use super::repos::Repos;
use super::scopes::Scope;
use super::settings::Settings;

/// Everything the server knows.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) accounts: Accounts,
    pub(super) emails: Emails,
    pub(super) tokens: Tokens,
    pub(super) orgs: Orgs,
    pub(super) repos: Repos,
    pub(super) hooks: Hooks,
    pub(super) keys: UserKeys,
    /// Counters of what is numbered across all repositories.
    pub(super) last: Sequences,
}

/// The last id given out of each kind.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    pub(super) status: i64,
    pub(super) issue: i64,
    pub(super) pull: i64,
    pub(super) comment: i64,
    pub(super) public_key: i64,
    pub(super) deploy_key: i64,
}

/// The next number of a sequence.
pub(super) fn next(last: &mut i64) -> i64 {
    *last += 1;
    *last
}

/// A person or an organisation: both share one table, one sequence of ids and one space of names.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) full_name: String,
    /// The address as this row holds it; the table of addresses may hold it in another case.
    pub(super) email: String,
    pub(super) avatar: String,
    pub(super) is_org: bool,
    pub(super) is_active: bool,
    pub(super) is_admin: bool,
    pub(super) is_restricted: bool,
    pub(super) prohibit_login: bool,
    pub(super) must_change_password: bool,
    pub(super) hide_email: bool,
    pub(super) hide_activity: bool,
    pub(super) login_name: String,
    /// The authentication source, 0 for a local account.
    pub(super) source_id: i64,
    pub(super) password: Option<String>,
    pub(super) location: String,
    pub(super) website: String,
    pub(super) description: String,
    pub(super) language: String,
    pub(super) theme: String,
    pub(super) diff_view_style: String,
    pub(super) visibility: String,
    /// -1 is no limit.
    pub(super) max_repo_creation: i64,
    pub(super) may_create_orgs: bool,
    /// Organisations only.
    pub(super) repo_admin_change_team_access: bool,
    pub(super) created: DateTime<Utc>,
    /// When it was last written, in the seconds of [`Accounts::tick`].
    pub(super) updated: i64,
}

impl Account {
    pub(super) fn new(name: &str, created: DateTime<Utc>) -> Self {
        Self {
            id: 0,
            name: name.to_owned(),
            full_name: String::new(),
            email: String::new(),
            avatar: String::new(),
            is_org: false,
            is_active: true,
            is_admin: false,
            is_restricted: false,
            prohibit_login: false,
            must_change_password: false,
            hide_email: false,
            hide_activity: false,
            login_name: String::new(),
            source_id: 0,
            password: None,
            location: String::new(),
            website: String::new(),
            description: String::new(),
            language: String::new(),
            theme: "gitea-auto".to_owned(),
            diff_view_style: String::new(),
            visibility: "public".to_owned(),
            max_repo_creation: -1,
            may_create_orgs: true,
            repo_admin_change_team_access: false,
            created,
            updated: 0,
        }
    }
}

/// The accounts and the names they bore before.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    last_id: i64,
    rows: BTreeMap<i64, Account>,
    by_name: BTreeMap<String, i64>,
    /// Former names, folded.
    redirects: BTreeMap<String, i64>,
    /// How many passwords were stored so far.
    hashings: i64,
}

impl Accounts {
    pub(super) fn get(&self, id: i64) -> Option<&Account> {
        self.rows.get(&id)
    }

    /// An account that is known to exist: ids are taken from rows or resolved by gates just before.
    pub(super) fn at(&self, id: i64) -> &Account {
        self.rows.get(&id).expect("the id was resolved under the same lock")
    }

    pub(super) fn at_mut(&mut self, id: i64) -> &mut Account {
        self.rows.get_mut(&id).expect("the id was resolved under the same lock")
    }

    /// By name in any case.
    pub(super) fn named(&self, name: &str) -> Option<&Account> {
        self.by_name.get(&name.to_lowercase()).and_then(|id| self.rows.get(id))
    }

    /// Who bore the name before, while nobody else has taken it.
    pub(super) fn formerly(&self, name: &str) -> Option<&Account> {
        self.redirects.get(&name.to_lowercase()).and_then(|id| self.rows.get(id))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Account> {
        self.rows.values()
    }

    /// Organisations, by name as the database compares it: byte by byte.
    pub(super) fn organisations(&self) -> Vec<&Account> {
        let mut orgs: Vec<&Account> = self.rows.values().filter(|account| account.is_org).collect();
        orgs.sort_by(|one, other| one.name.cmp(&other.name));
        orgs
    }

    /// Notes a write to an account. On the real server the hashing of passwords is what takes time, and lists by `updated`
    /// show it: here a hashing counts as a second of its own.
    pub(super) fn tick(&mut self, id: i64, now: DateTime<Utc>, hashes: bool) {
        self.at_mut(id).updated = now.timestamp() + self.hashings;
        self.hashings += i64::from(hashes);
    }

    pub(super) fn insert(&mut self, mut account: Account) -> i64 {
        self.last_id += 1;
        account.id = self.last_id;
        let seed = if account.email.is_empty() { account.name.clone() } else { account.email.clone() };
        account.avatar = md5_hex(&seed.to_lowercase());
        self.redirects.remove(&account.name.to_lowercase());
        self.by_name.insert(account.name.to_lowercase(), account.id);
        self.rows.insert(account.id, account);
        self.last_id
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Some(account) = self.rows.remove(&id) {
            self.by_name.remove(&account.name.to_lowercase());
            self.redirects.retain(|_, target| *target != id);
        }
    }

    /// Gives a new name and leaves a redirect under the old one, unless only the case differs.
    pub(super) fn rename(&mut self, id: i64, name: &str) {
        let account = self.at_mut(id);
        let old = std::mem::replace(&mut account.name, name.to_owned()).to_lowercase();
        let new = name.to_lowercase();
        if old != new {
            self.by_name.remove(&old);
            self.by_name.insert(new.clone(), id);
            self.redirects.remove(&new);
            self.redirects.insert(old, id);
        }
    }
}

/// An address of mail and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Email {
    pub(super) id: i64,
    pub(super) owner: i64,
    /// As it was sent.
    pub(super) address: String,
    pub(super) is_primary: bool,
}

/// The addresses, unique without regard to case.
#[derive(Debug, Default)]
pub(super) struct Emails {
    last_id: i64,
    rows: BTreeMap<String, Email>,
}

impl Emails {
    pub(super) fn is_used(&self, address: &str) -> bool {
        self.rows.contains_key(&address.to_lowercase())
    }

    pub(super) fn insert(&mut self, owner: i64, address: &str, is_primary: bool) {
        self.last_id += 1;
        let email = Email { id: self.last_id, owner, address: address.to_owned(), is_primary };
        self.rows.insert(address.to_lowercase(), email);
    }

    pub(super) fn remove(&mut self, address: &str) {
        self.rows.remove(&address.to_lowercase());
    }

    pub(super) fn remove_all_of(&mut self, owner: i64) {
        self.rows.retain(|_, email| email.owner != owner);
    }

    pub(super) fn owner_of(&self, address: &str) -> Option<i64> {
        self.rows.get(&address.to_lowercase()).map(|email| email.owner)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Email> {
        self.rows.values()
    }

    /// One person's addresses, oldest first.
    pub(super) fn of(&self, owner: i64) -> Vec<&Email> {
        let mut emails: Vec<&Email> = self.rows.values().filter(|email| email.owner == owner).collect();
        emails.sort_by_key(|email| email.id);
        emails
    }
}

/// An access token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) id: i64,
    pub(super) owner: i64,
    pub(super) name: String,
    pub(super) secret: String,
    pub(super) scope: Scope,
    pub(super) created: DateTime<Utc>,
    pub(super) used: DateTime<Utc>,
    is_expired: bool,
}

/// The access tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    last_id: i64,
    rows: BTreeMap<i64, Token>,
    by_secret: BTreeMap<String, i64>,
}

impl Tokens {
    /// The token with this secret, unless it counts as expired.
    pub(super) fn with_secret(&self, secret: &str) -> Option<&Token> {
        self.by_secret.get(secret).and_then(|id| self.rows.get(id)).filter(|token| !token.is_expired)
    }

    pub(super) fn get(&self, id: i64) -> Option<&Token> {
        self.rows.get(&id)
    }

    pub(super) fn touch(&mut self, id: i64, now: DateTime<Utc>) {
        if let Some(token) = self.rows.get_mut(&id) {
            token.used = now;
        }
    }

    pub(super) fn of(&self, owner: i64) -> Vec<&Token> {
        self.rows.values().filter(|token| token.owner == owner).collect()
    }

    /// The id that the next token will have: its secret is derived from it.
    pub(super) fn next_id(&self) -> i64 {
        self.last_id + 1
    }

    pub(super) fn mint(&mut self, owner: i64, name: &str, secret: String, scope: Scope, now: DateTime<Utc>) -> &Token {
        self.last_id += 1;
        let id = self.last_id;
        self.by_secret.insert(secret.clone(), id);
        let name = name.to_owned();
        self.rows.entry(id).or_insert(Token {
            id,
            owner,
            name,
            secret,
            scope,
            created: now,
            used: now,
            is_expired: false,
        })
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Some(token) = self.rows.remove(&id) {
            self.by_secret.remove(&token.secret);
        }
    }

    pub(super) fn remove_all_of(&mut self, owner: i64) {
        let ids: Vec<i64> = self.of(owner).iter().map(|token| token.id).collect();
        ids.into_iter().for_each(|id| self.remove(id));
    }

    pub(super) fn expire_all(&mut self) {
        self.rows.values_mut().for_each(|token| token.is_expired = true);
    }
}

/// What somebody may do, in rising order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    #[default]
    None,
    Read,
    Write,
    Admin,
    Owner,
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The level that a word grants; `owner` and unknown words grant none.
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "read" => Self::Read,
            "write" => Self::Write,
            "admin" => Self::Admin,
            _ => Self::None,
        }
    }
}

/// A team of an organisation.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) id: i64,
    pub(super) org: i64,
    pub(super) name: String,
    pub(super) description: String,
    /// None, admin or owner: since 1.24 everything below admin is in `units` alone.
    pub(super) level: Level,
    /// By the number of the unit's type, which is also the order in which units are shown.
    pub(super) units: BTreeMap<u8, Level>,
    pub(super) includes_all: bool,
    pub(super) may_create_repos: bool,
    pub(super) visibility: String,
    pub(super) members: BTreeSet<i64>,
    pub(super) repos: BTreeSet<i64>,
}

impl Team {
    pub(super) fn is_owners(&self) -> bool {
        self.level == Level::Owner
    }

    /// What the team grants on a unit of its repositories.
    pub(super) fn unit(&self, unit: u8) -> Level {
        if self.level >= Level::Admin { self.level } else { self.units.get(&unit).copied().unwrap_or_default() }
    }
}

/// Teams and memberships of all organisations.
#[derive(Debug, Default)]
pub(super) struct Orgs {
    last_team: i64,
    pub(super) teams: BTreeMap<i64, Team>,
    teams_of: BTreeMap<i64, BTreeSet<i64>>,
    /// Organisation to its members, and whether the membership is public.
    members: BTreeMap<i64, BTreeMap<i64, bool>>,
}

impl Orgs {
    pub(super) fn team(&self, id: i64) -> &Team {
        self.teams.get(&id).expect("the id was resolved under the same lock")
    }

    pub(super) fn team_mut(&mut self, id: i64) -> &mut Team {
        self.teams.get_mut(&id).expect("the id was resolved under the same lock")
    }

    /// An organisation's teams by name.
    pub(super) fn teams_of(&self, org: i64) -> Vec<&Team> {
        let ids = self.teams_of.get(&org).into_iter().flatten();
        let mut teams: Vec<&Team> = ids.filter_map(|id| self.teams.get(id)).collect();
        teams.sort_by(|one, other| one.name.cmp(&other.name));
        teams
    }

    /// By name in any case.
    pub(super) fn team_named(&self, org: i64, name: &str) -> Option<&Team> {
        let folded = name.to_lowercase();
        let mut ids = self.teams_of.get(&org).into_iter().flatten();
        ids.find_map(|id| self.teams.get(id).filter(|team| team.name.to_lowercase() == folded))
    }

    pub(super) fn add_team(&mut self, mut team: Team) -> i64 {
        self.last_team += 1;
        team.id = self.last_team;
        self.teams_of.entry(team.org).or_default().insert(team.id);
        self.teams.insert(team.id, team);
        self.last_team
    }

    pub(super) fn remove_team(&mut self, id: i64) {
        let Some(team) = self.teams.remove(&id) else {
            return;
        };
        if let Some(ids) = self.teams_of.get_mut(&team.org) {
            ids.remove(&id);
        }
        for member in team.members {
            self.forget_if_teamless(team.org, member);
        }
    }

    pub(super) fn remove_org(&mut self, org: i64) {
        for id in self.teams_of.remove(&org).into_iter().flatten() {
            self.teams.remove(&id);
        }
        self.members.remove(&org);
    }

    pub(super) fn add_member(&mut self, team: i64, user: i64) {
        let team = self.team_mut(team);
        team.members.insert(user);
        let org = team.org;
        self.members.entry(org).or_default().entry(user).or_insert(false);
    }

    pub(super) fn remove_member(&mut self, team: i64, user: i64) {
        let team = self.team_mut(team);
        if team.members.remove(&user) {
            let org = team.org;
            self.forget_if_teamless(org, user);
        }
    }

    /// Takes somebody out of an organisation and all its teams.
    pub(super) fn expel(&mut self, org: i64, user: i64) {
        for id in self.teams_of.get(&org).into_iter().flatten() {
            if let Some(team) = self.teams.get_mut(id) {
                team.members.remove(&user);
            }
        }
        if let Some(members) = self.members.get_mut(&org) {
            members.remove(&user);
        }
    }

    fn forget_if_teamless(&mut self, org: i64, user: i64) {
        let mut ids = self.teams_of.get(&org).into_iter().flatten();
        if !ids.any(|id| self.teams.get(id).is_some_and(|team| team.members.contains(&user)))
            && let Some(members) = self.members.get_mut(&org)
        {
            members.remove(&user);
        }
    }

    pub(super) fn is_member(&self, org: i64, user: i64) -> bool {
        self.members.get(&org).is_some_and(|members| members.contains_key(&user))
    }

    pub(super) fn is_owner(&self, org: i64, user: i64) -> bool {
        let mut ids = self.teams_of.get(&org).into_iter().flatten();
        ids.any(|id| self.teams.get(id).is_some_and(|team| team.is_owners() && team.members.contains(&user)))
    }

    /// Whether the organisation would be without an owner if `user` left.
    pub(super) fn is_last_owner(&self, org: i64, user: i64) -> bool {
        let ids = self.teams_of.get(&org).into_iter().flatten();
        let mut owners = ids.filter_map(|id| self.teams.get(id)).filter(|team| team.is_owners());
        owners.any(|team| team.members.len() == 1 && team.members.contains(&user))
    }

    /// Members and whether each is public.
    pub(super) fn members_of(&self, org: i64) -> impl Iterator<Item = (i64, bool)> {
        self.members.get(&org).into_iter().flatten().map(|(user, public)| (*user, *public))
    }

    pub(super) fn publish(&mut self, org: i64, user: i64, public: bool) {
        if let Some(flag) = self.members.get_mut(&org).and_then(|members| members.get_mut(&user)) {
            *flag = public;
        }
    }

    /// The organisations somebody belongs to, by id.
    pub(super) fn orgs_of(&self, user: i64) -> Vec<i64> {
        self.members.iter().filter(|(_, members)| members.contains_key(&user)).map(|(org, _)| *org).collect()
    }

    pub(super) fn teams_with(&self, org: i64, user: i64) -> impl Iterator<Item = &Team> {
        let ids = self.teams_of.get(&org).into_iter().flatten();
        ids.filter_map(|id| self.teams.get(id)).filter(move |team| team.members.contains(&user))
    }
}
