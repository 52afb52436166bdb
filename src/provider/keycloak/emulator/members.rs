//! Members of organisations, their groups inside it, and the identity providers that belong to it.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, message, plain};
use super::call::Call;
use super::organizations::not_found;
use super::shapes;
use super::users::{Detail, detail};
use super::world::{Group, Organization, Realm, User};

impl Realm {
    /// Makes somebody a member; `managed` people belong to the organisation and go with their membership.
    pub fn add_member(&mut self, organization: &str, user: &str, managed: bool) -> bool {
        let Some(organization) = self.organizations.get_mut(organization) else {
            return false;
        };
        if organization.members.contains_key(user) {
            return false;
        }
        organization.members.insert(user.to_owned(), managed);
        true
    }
}

impl Call<'_> {
    pub fn members(&self, id: &str) -> Outcome {
        let organization = self.organization_with_people(id, false)?;
        let kind = match self.request.query("membershipType") {
            None => None,
            Some("MANAGED") => Some(true),
            Some("UNMANAGED") => Some(false),
            Some(_) => return Err(broken()),
        };
        let page = self.request.page(Some(10))?;
        let detail = detail(self.request, Detail::Brief);
        let exact = self.request.flag("exact").unwrap_or(false);
        let search = self.request.filled("search").map(|search| search.trim().to_lowercase());
        let mut found: Vec<(&User, bool)> = organization
            .members
            .iter()
            .filter(|(_, managed)| kind.is_none_or(|kind| kind == **managed))
            .filter_map(|(user, managed)| Some((self.realm.users.get(user)?, *managed)))
            .filter(|(user, _)| search.as_ref().is_none_or(|search| matches(user, search, exact)))
            .collect();
        found.sort_by(|(a, _), (b, _)| a.username.cmp(&b.username));
        Ok(Answer::json(
            page.of(found).map(|(user, managed)| self.show_member(user, managed, detail)).collect::<Vec<_>>(),
        ))
    }

    pub fn count_members(&self, id: &str) -> Outcome {
        Ok(Answer::json(self.organization_with_people(id, false)?.members.len()))
    }

    pub fn member(&self, id: &str, user: &str) -> Outcome {
        let (user, managed) = self.found_member(id, user, false)?;
        Ok(Answer::json(self.show_member(user, managed, Detail::Full)))
    }

    /// The body is the bare id of a person; quotes around it are taken, anything else is not found.
    pub fn create_member(&mut self, id: &str) -> Outcome {
        self.request.demand_json()?;
        self.organization_with_people(id, true)?;
        let user = String::from_utf8_lossy(&self.request.body).trim().trim_matches('"').to_owned();
        if !self.realm.users.contains_key(&user) {
            return Err(plain(404));
        }
        if !self.realm.add_member(id, &user, false) {
            return Err(message(409, "User is already a member of the organization."));
        }
        self.record_membership("CREATE", id, &user, format!("organizations/{id}/members"));
        Ok(Answer::created(self.place(&format!("organizations/{id}/members/{user}"))))
    }

    /// Ends a membership. Whoever the organisation manages is deleted.
    pub fn delete_member(&mut self, id: &str, user: &str) -> Outcome {
        let (_, managed) = self.found_member(id, user, true)?;
        self.record_membership("DELETE", id, user, format!("organizations/{id}/members/{user}"));
        let groups: Vec<String> = self
            .realm
            .groups
            .values()
            .filter(|group| group.organization.as_deref() == Some(id))
            .map(|group| group.id.clone())
            .collect();
        if managed {
            self.realm.remove_user(user);
        } else if let Some(person) = self.realm.users.get_mut(user) {
            person.groups.retain(|group| !groups.contains(group));
        }
        if let Some(organization) = self.realm.organizations.get_mut(id) {
            organization.members.remove(user);
        }
        done()
    }

    /// The organisations of a person, by either path.
    pub fn organizations_of(&self, user: &str) -> Outcome {
        self.demand_organization_view()?;
        self.caller.demand(&["view-users", "manage-users"])?;
        if !self.realm.users.contains_key(user) {
            return Err(plain(404));
        }
        let full = self.request.flag("briefRepresentation") == Some(false);
        let all = self.realm.organizations_in_order().into_iter();
        let held = all.filter(|org| org.members.contains_key(user));
        Ok(Answer::json(held.map(|org| Value::Object(org.show(full))).collect::<Vec<_>>()))
    }

    pub fn organization_groups(&self, id: &str) -> Outcome {
        let organization = self.visible_organization(id)?;
        let page = self.request.page(None)?;
        let children = self.realm.children_of(Some(&organization.root_group));
        Ok(Answer::json(
            page.of(children)
                .map(|group| Value::Object(self.realm.show_group(group, false, false)))
                .collect::<Vec<_>>(),
        ))
    }

    pub fn create_organization_group(&mut self, id: &str, parent: Option<&str>) -> Outcome {
        let body = self.request.bean(&shapes::GROUP)?;
        let organization = self.managed_organization(id)?;
        let parent = match parent {
            Some(parent) => self.organization_group(id, parent)?.id.clone(),
            None => organization.root_group.clone(),
        };
        let made = self.realm.add_group(&body, Some(&parent), Some(id));
        let made = made.map_err(|refusal| {
            if refusal.0.status == 409 { message(409, "Group with the given name already exists.") } else { refusal }
        })?;
        let shown = Value::Object(self.realm.show_group(&self.realm.groups[&made], false, false));
        let path = format!("organizations/{id}/groups/{made}");
        self.record("CREATE", "ORGANIZATION_GROUP", Some(path.clone()), Some(shown.clone()));
        Ok(Answer::created(self.place(&path)).with_body(shown))
    }

    pub fn show_organization_group(&self, id: &str, group: &str) -> Outcome {
        self.visible_organization(id)?;
        let group = self.organization_group(id, group)?;
        Ok(Answer::json(self.realm.show_group(group, true, true)))
    }

    pub fn organization_group_children(&self, id: &str, group: &str) -> Outcome {
        self.visible_organization(id)?;
        let group = self.organization_group(id, group)?;
        let page = self.request.page(Some(10))?;
        let children = self.realm.children_of(Some(&group.id));
        Ok(Answer::json(
            page.of(children).map(|group| Value::Object(self.realm.show_group(group, false, true))).collect::<Vec<_>>(),
        ))
    }

    pub fn delete_organization_group(&mut self, id: &str, group: &str) -> Outcome {
        self.managed_organization(id)?;
        self.organization_group(id, group)?;
        self.realm.remove_group(group);
        self.record("DELETE", "ORGANIZATION_GROUP", Some(format!("organizations/{id}/groups/{group}")), None);
        done()
    }

    pub fn organization_group_members(&self, id: &str, group: &str) -> Outcome {
        let organization = self.organization_with_people(id, false)?;
        let group = self.organization_group(id, group)?;
        let page = self.request.page(Some(100))?;
        let detail = detail(self.request, Detail::Brief);
        let members = self.realm.members_of(&group.id);
        let shown = page.of(members).map(|user| {
            let managed = organization.members.get(&user.id).copied().unwrap_or(false);
            self.show_member(user, managed, detail)
        });
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn set_organization_group_member(&mut self, id: &str, group: &str, user: &str, member: bool) -> Outcome {
        let organization = self.organization_with_people(id, true)?;
        let is_member = organization.members.contains_key(user);
        self.organization_group(id, group)?;
        if !is_member {
            return Err(message(400, "User is not member of the organization"));
        }
        let details = self.person_details(user);
        if let Some(person) = self.realm.users.get_mut(user) {
            if member {
                person.groups.insert(group.to_owned())
            } else {
                person.groups.remove(group)
            };
        }
        let operation = if member { "CREATE" } else { "DELETE" };
        let path = Some(format!("organizations/{id}/groups/{group}/members/{user}"));
        self.record_with(operation, "ORGANIZATION_GROUP_MEMBERSHIP", path, None, Some(details));
        done()
    }

    pub fn organization_providers(&self, id: &str) -> Outcome {
        let organization = self.visible_organization(id)?;
        let linked = organization.providers.iter().filter_map(|alias| self.realm.providers.get(alias));
        let shown = linked.map(|provider| Value::Object(super::providers::show(self.realm, provider)));
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn link_provider(&mut self, id: &str) -> Outcome {
        self.request.demand_json()?;
        self.managed_organization(id)?;
        let alias = String::from_utf8_lossy(&self.request.body).trim().trim_matches('"').to_owned();
        if !self.realm.providers.contains_key(&alias) {
            return Err(message(400, "Identity provider not found with the given alias"));
        }
        if self.realm.organizations.values().any(|org| org.providers.contains(&alias)) {
            return Err(message(409, "Identity provider already associated to the organization"));
        }
        if let Some(organization) = self.realm.organizations.get_mut(id) {
            organization.providers.insert(alias);
        }
        done()
    }

    /// Unlinks a provider; people who came through it stay managed.
    pub fn unlink_provider(&mut self, id: &str, alias: &str) -> Outcome {
        self.managed_organization(id)?;
        let Some(organization) = self.realm.organizations.get_mut(id) else {
            return Err(not_found());
        };
        if !organization.providers.remove(alias) {
            return Err(message(404, "Identity provider not found with the given alias"));
        }
        done()
    }

    /// An organisation for one who may see (or change) people beside organisations.
    fn organization_with_people(&self, id: &str, manage: bool) -> Result<&Organization, Refusal> {
        let organization = if manage { self.managed_organization(id)? } else { self.visible_organization(id)? };
        self.caller.demand(if manage { &["manage-users"] } else { &["view-users", "manage-users"] })?;
        Ok(organization)
    }

    fn found_member(&self, id: &str, user: &str, manage: bool) -> Result<(&User, bool), Refusal> {
        let organization = self.organization_with_people(id, manage)?;
        let managed = organization.members.get(user).ok_or_else(|| plain(404))?;
        Ok((self.realm.users.get(user).ok_or_else(|| plain(404))?, *managed))
    }

    fn organization_group(&self, id: &str, group: &str) -> Result<&Group, Refusal> {
        let found = self.realm.groups.get(group);
        let found = found.filter(|group| group.organization.as_deref() == Some(id) && group.parent.is_some());
        found.ok_or_else(|| message(404, "Group does not exist"))
    }

    fn show_member(&self, user: &User, managed: bool, detail: Detail) -> Value {
        let mut shown = self.realm.show_user(user, detail);
        shown.insert("membershipType".into(), json!(if managed { "MANAGED" } else { "UNMANAGED" }));
        Value::Object(shown)
    }

    fn record_membership(&mut self, operation: &str, id: &str, user: &str, path: String) {
        let shown = self.realm.organizations.get(id).map(|org| Value::Object(org.show(false)));
        let details = self.person_details(user);
        self.record_with(operation, "ORGANIZATION_MEMBERSHIP", Some(path), shown, Some(details));
    }
}

fn matches(user: &User, search: &str, exact: bool) -> bool {
    let fields = [Some(&user.username), user.email.as_ref(), user.first_name.as_ref(), user.last_name.as_ref()];
    fields
        .into_iter()
        .flatten()
        .map(|field| field.to_lowercase())
        .any(|field| if exact { field == search } else { field.contains(search) })
}
