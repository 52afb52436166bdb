//! The table of people and organisations, and that of their addresses of mail.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::digests::md5_hex;

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
