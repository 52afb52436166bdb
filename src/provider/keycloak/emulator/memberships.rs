//! Who is in which group.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, done, error, message, plain};
use super::call::Call;
use super::users::{Detail, detail, user_not_found};
use super::world::{Group, Object};

impl Call<'_> {
    /// The groups that new people join.
    pub fn default_groups(&self) -> Outcome {
        self.caller.demand(&["view-realm", "manage-realm"])?;
        let groups = self.realm.default_groups.iter().filter_map(|id| self.realm.groups.get(id));
        let shown = groups.map(|group| Value::Object(self.realm.show_group(group, false, false)));
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn set_default_group(&mut self, id: &str, add: bool) -> Outcome {
        self.caller.demand(&["manage-realm"])?;
        if !self.realm.groups.contains_key(id) {
            return Err(error(404, "Group not found"));
        }
        self.realm.default_groups.retain(|known| known != id);
        if add {
            self.realm.default_groups.push(id.to_owned());
        }
        let operation = if add { "CREATE" } else { "DELETE" };
        self.record(operation, "GROUP", Some(format!("default-groups/{id}")), None);
        done()
    }

    pub fn group_members(&self, id: &str) -> Outcome {
        let group = self.found_group(id)?;
        let all = self.caller.has(&["view-users", "manage-users"]);
        if !all && !self.granted("Groups", "view-members", &group.id, false) {
            return Err(plain(403));
        }
        let page = self.request.page(Some(100))?;
        let detail = detail(self.request, Detail::Full);
        let members = self.realm.members_of(id).filter(|user| self.may_list_user(user));
        let shown = page.of(members).map(|user| Value::Object(self.realm.show_user(user, detail)));
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn groups_of(&self, id: &str) -> Outcome {
        let user = self.visible_user(id)?;
        let page = self.request.page(None)?;
        let full = self.request.flag("briefRepresentation") == Some(false);
        let groups = self.sorted_groups(&user.id);
        Ok(Answer::json(
            page.of(groups)
                .map(|group| self.realm.show_group(group, full, false))
                .map(Value::Object)
                .collect::<Vec<_>>(),
        ))
    }

    pub fn count_groups_of(&self, id: &str) -> Outcome {
        let user = self.visible_user(id)?;
        Ok(Answer::json(json!({"count": self.sorted_groups(&user.id).len()})))
    }

    fn sorted_groups(&self, user: &str) -> Vec<&Group> {
        let wanted = self.request.filled("search").map(str::to_lowercase);
        let held = self.realm.users.get(user).map(|user| &user.groups);
        let mut groups: Vec<&Group> = held
            .into_iter()
            .flatten()
            .filter_map(|group| self.realm.groups.get(group))
            .filter(|group| group.organization.is_none())
            .filter(|group| wanted.as_ref().is_none_or(|wanted| group.name.to_lowercase().contains(wanted.as_str())))
            .collect();
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        groups
    }

    /// Joins or leaves. Joining twice and leaving what one is not in are taken, and leave no event.
    pub fn set_membership(&mut self, id: &str, group: &str, member: bool) -> Outcome {
        let user = self.found_user(id)?;
        let allowed = self.caller.has(&["manage-users"])
            || (self.granted_over(user, &["manage-group-membership"], &["manage-membership-of-members"], false)
                && self.granted("Groups", "manage-membership", group, false));
        if !allowed {
            return Err(plain(403));
        }
        let target = self.realm.groups.get(group).ok_or_else(|| error(404, "Group not found"))?;
        if target.organization.is_some() {
            return Err(message(400, "Cannot access organization related group via non Organization API."));
        }
        let details = self.person_details(id);
        let shown = Value::Object(self.realm.show_group(target, true, false));
        let Some(user) = self.realm.users.get_mut(id) else {
            return Err(user_not_found());
        };
        let changed = if member { user.groups.insert(group.to_owned()) } else { user.groups.remove(group) };
        if changed {
            let operation = if member { "CREATE" } else { "DELETE" };
            let path = Some(format!("users/{id}/groups/{group}"));
            self.record_with(operation, "GROUP_MEMBERSHIP", path, Some(shown), Some(details));
        }
        done()
    }

    /// What events of memberships say of the person.
    pub fn person_details(&self, id: &str) -> Value {
        let mut details = Object::new();
        if let Some(user) = self.realm.users.get(id) {
            if let Some(email) = &user.email {
                details.insert("email".into(), json!(email));
            }
            details.insert("username".into(), json!(user.username));
        }
        Value::Object(details)
    }
}
