//! Who may see and change accounts, organisations and teams.

use super::world::{Account, World};

impl World {
    pub(super) fn is_site_admin(&self, doer: Option<i64>) -> bool {
        doer.and_then(|id| self.accounts.get(id)).is_some_and(|account| account.is_admin)
    }

    /// Whether `doer` may know that `account` exists.
    pub(super) fn can_see(&self, account: &Account, doer: Option<i64>) -> bool {
        let Some(viewer) = doer.and_then(|id| self.accounts.get(id)) else {
            return account.visibility == "public";
        };
        if viewer.is_admin || viewer.id == account.id {
            return true;
        }
        match account.visibility.as_str() {
            "private" if account.is_org => self.orgs.is_member(account.id, viewer.id),
            "private" => self.orgs.orgs_of(viewer.id).iter().any(|org| self.orgs.is_member(*org, account.id)),
            _ => !viewer.is_restricted || account.visibility == "public" || self.orgs.is_member(account.id, viewer.id),
        }
    }

    /// Whether `doer` counts as an owner of the organisation: site admins do.
    pub(super) fn owns_org(&self, org: i64, doer: Option<i64>) -> bool {
        self.is_site_admin(doer) || doer.is_some_and(|id| self.orgs.is_owner(org, id))
    }

    pub(super) fn belongs_to(&self, org: i64, doer: Option<i64>) -> bool {
        self.is_site_admin(doer) || doer.is_some_and(|id| self.orgs.is_member(org, id))
    }
}
