//! Groups: the tree, its names, who is in it.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, error, message, plain};
use super::call::Call;
use super::profile::attributes;
use super::realms::text;
use super::request::terms;
use super::shapes;
use super::wildcard::like;
use super::world::{Attributes, Group, Id, Object, Realm, new_id};

impl Realm {
    /// A group as answers show it.
    pub fn show_group(&self, group: &Group, full: bool, counts: bool) -> Object {
        let mut shown = Object::new();
        shown.insert("id".into(), json!(group.id));
        shown.insert("name".into(), json!(group.name));
        if let Some(description) = &group.description {
            shown.insert("description".into(), json!(description));
        }
        shown.insert("path".into(), json!(self.path_of(group)));
        if let Some(parent) = &group.parent {
            shown.insert("parentId".into(), json!(parent));
        }
        if counts {
            shown.insert("subGroupCount".into(), json!(self.children_of(Some(&group.id)).len()));
        }
        shown.insert("subGroups".into(), json!([]));
        if full {
            shown.insert("attributes".into(), json!(group.attributes));
            let names = |client: Option<&str>| -> Vec<&str> {
                let held = group.roles.iter().filter_map(|id| self.roles.get(id));
                held.filter(|role| role.client.as_deref() == client).map(|role| role.name.as_str()).collect()
            };
            shown.insert("realmRoles".into(), json!(names(None)));
            let by_client: Object = self
                .clients
                .values()
                .map(|client| (client.client_id.clone(), names(Some(&client.id))))
                .filter(|(_, names)| !names.is_empty())
                .map(|(client, names)| (client, json!(names)))
                .collect();
            shown.insert("clientRoles".into(), Value::Object(by_client));
        }
        shown
    }

    /// A new group below `parent`, unless a sibling has the name.
    pub fn add_group(
        &mut self,
        body: &Object,
        parent: Option<&str>,
        organization: Option<&str>,
    ) -> Result<Id, Refusal> {
        let name = text(body, "name").filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| message(400, "Group name is missing"))?;
        if self.children_of(parent).iter().any(|sibling| sibling.name == name) {
            return Err(name_taken(parent, name));
        }
        if name.chars().count() > 255 {
            return Err(broken());
        }
        let id = new_id();
        let group = Group {
            id: id.clone(),
            name: name.to_owned(),
            description: text(body, "description").map(str::to_owned),
            parent: parent.map(str::to_owned),
            organization: organization.map(str::to_owned),
            attributes: attributes(body.get("attributes").unwrap_or(&Value::Null)),
            roles: Default::default(),
        };
        self.groups.insert(id.clone(), group);
        Ok(id)
    }

    fn is_below(&self, group: &str, ancestor: &str) -> bool {
        let mut next = Some(group);
        while let Some(id) = next {
            if id == ancestor {
                return true;
            }
            next = self.groups.get(id).and_then(|group| group.parent.as_deref());
        }
        false
    }
}

impl Call<'_> {
    pub fn groups(&self) -> Outcome {
        self.demand_group_query()?;
        let request = self.request;
        let page = request.page(None)?;
        let full = request.flag("briefRepresentation") == Some(false);
        let counts = request.flag("subGroupsCount").unwrap_or(true);
        let hierarchy = request.flag("populateHierarchy").unwrap_or(true);
        let wanted = self.group_filter();
        let visible = |group: &&Group| self.may_view_group(group);
        let Some(wanted) = wanted else {
            let top = self.realm.children_of(None).into_iter().filter(visible);
            let shown = page.of(top).map(|group| self.accessible(group, full, counts));
            return Ok(Answer::json(shown.collect::<Vec<_>>()));
        };
        let mut hits: Vec<&Group> = self
            .realm
            .groups
            .values()
            .filter(|group| group.organization.is_none() && wanted(group))
            .filter(visible)
            .collect();
        hits.sort_by(|a, b| a.name.cmp(&b.name));
        let hits: Vec<&Group> = page.of(hits).collect();
        if !hierarchy {
            let shown = hits.into_iter().map(|group| self.accessible(group, full, counts));
            return Ok(Answer::json(shown.collect::<Vec<_>>()));
        }
        Ok(Answer::json(self.hierarchy(&hits, full, counts)))
    }

    /// Counts all levels, or the top one.
    pub fn count_groups(&self) -> Outcome {
        self.demand_group_query()?;
        let top = self.request.flag("top").unwrap_or(false);
        let wanted = self.group_filter();
        let count = self
            .realm
            .groups
            .values()
            .filter(|group| group.organization.is_none() && (!top || group.parent.is_none()))
            .filter(|group| wanted.as_ref().is_none_or(|wanted| wanted(group)))
            .count();
        Ok(Answer::json(json!({"count": count})))
    }

    /// Makes a group at the top, or moves one there when the body has the id of a group.
    pub fn create_group(&mut self) -> Outcome {
        let body = self.request.bean(&shapes::GROUP)?;
        self.caller.demand(&["manage-users"])?;
        if let Some(id) = text(&body, "id").map(str::to_owned) {
            return self.move_group(&id, None, body);
        }
        let id = self.realm.add_group(&body, None, None)?;
        self.record("CREATE", "GROUP", Some(format!("groups/{id}")), Some(made(&id, body)));
        Ok(Answer::created(self.place(&format!("groups/{id}"))))
    }

    pub fn create_child(&mut self, parent: &str) -> Outcome {
        let body = self.request.bean(&shapes::GROUP)?;
        self.managed_group(parent)?;
        if let Some(id) = text(&body, "id").map(str::to_owned) {
            return self.move_group(&id, Some(parent), body);
        }
        let id = self.realm.add_group(&body, Some(parent), None)?;
        self.record("CREATE", "GROUP", Some(format!("groups/{parent}/children")), Some(made(&id, body)));
        let shown = self.accessible(self.found_group(&id)?, true, false);
        Ok(Answer::created(self.place(&format!("groups/{id}"))).with_body(shown))
    }

    fn move_group(&mut self, id: &str, parent: Option<&str>, body: Object) -> Outcome {
        if text(&body, "name").is_none_or(|name| name.trim().is_empty()) {
            return Err(message(400, "Group name is missing"));
        }
        let Some(group) = self.realm.groups.get(id) else {
            return Err(error(404, "Could not find child by id"));
        };
        let name = group.name.clone();
        let siblings = self.realm.children_of(parent);
        if siblings.iter().any(|sibling| sibling.name == name && sibling.id != id) {
            return Err(name_taken(parent, &name));
        }
        // Moving a group below itself is taken and changes nothing.
        if parent.is_none_or(|parent| !self.realm.is_below(parent, id))
            && let Some(group) = self.realm.groups.get_mut(id)
        {
            group.parent = parent.map(str::to_owned);
        }
        self.record("UPDATE", "GROUP", Some(format!("groups/{id}")), Some(kept(body)));
        done()
    }

    pub fn group(&self, id: &str) -> Outcome {
        let group = self.visible_group(id)?;
        Ok(Answer::json(self.accessible(group, true, true)))
    }

    pub fn group_by_path(&self, path: &[String]) -> Outcome {
        let path = path.join("/");
        let group = self.realm.group_at(&path).ok_or_else(|| error(404, "Group path does not exist"))?;
        if !self.may_view_group(group) {
            return Err(plain(403));
        }
        Ok(Answer::json(self.realm.show_group(group, true, true)))
    }

    pub fn put_group(&mut self, id: &str) -> Outcome {
        let body = self.request.bean(&shapes::GROUP)?;
        let group = self.managed_group(id)?;
        let name = text(&body, "name").filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| message(400, "Group name is missing"))?.to_owned();
        if text(&body, "id").is_some_and(|given| given != id) {
            return Err(message(400, "Invalid group id"));
        }
        let parent = group.parent.clone();
        let siblings = self.realm.children_of(parent.as_deref());
        if siblings.iter().any(|sibling| sibling.name == name && sibling.id != id) {
            return Err(name_taken(Some(""), &name));
        }
        if name.chars().count() > 255 {
            return Err(broken());
        }
        if let Some(group) = self.realm.groups.get_mut(id) {
            group.name = name;
            // A description that is left out is gone; attributes stay.
            group.description = text(&body, "description").map(str::to_owned);
            if let Some(given) = body.get("attributes") {
                group.attributes = attributes(given);
            }
        }
        self.record("UPDATE", "GROUP", Some(format!("groups/{id}")), Some(kept(body)));
        done()
    }

    pub fn delete_group(&mut self, id: &str) -> Outcome {
        self.managed_group(id)?;
        self.realm.remove_group(id);
        self.record("DELETE", "GROUP", Some(format!("groups/{id}")), None);
        done()
    }

    /// Ten at a time; `search` is a prefix in any case, with asterisks anything.
    pub fn children(&self, id: &str) -> Outcome {
        self.visible_group(id)?;
        let page = self.request.page(Some(10))?;
        let full = self.request.flag("briefRepresentation").is_none_or(|brief| !brief);
        let counts = self.request.flag("subGroupsCount").unwrap_or(true);
        let exact = self.request.flag("exact").unwrap_or(false);
        let wanted = self.request.filled("search").map(str::to_lowercase);
        let children = self.realm.children_of(Some(id)).into_iter().filter(|child| {
            let name = child.name.to_lowercase();
            self.may_view_group(child)
                && wanted.as_ref().is_none_or(|wanted| match (exact, wanted.contains('*')) {
                    (true, _) => name == *wanted,
                    (false, true) => like(&name, &wanted.replace('*', "%")),
                    (false, false) => name.starts_with(wanted.as_str()),
                })
        });
        let shown = page.of(children).map(|child| self.accessible(child, full, counts));
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn found_group(&self, id: &str) -> Result<&Group, Refusal> {
        self.realm.groups.get(id).filter(|group| group.organization.is_none()).ok_or_else(|| {
            if self.caller.has(&["view-users", "manage-users", "query-groups", "query-users"]) {
                error(404, "Could not find group by id")
            } else {
                plain(403)
            }
        })
    }

    fn visible_group(&self, id: &str) -> Result<&Group, Refusal> {
        let group = self.found_group(id)?;
        if self.may_view_group(group) { Ok(group) } else { Err(plain(403)) }
    }

    pub fn managed_group(&self, id: &str) -> Result<&Group, Refusal> {
        let group = self.found_group(id)?;
        if self.may_manage_group(group) { Ok(group) } else { Err(plain(403)) }
    }

    fn demand_group_query(&self) -> Result<(), Refusal> {
        self.caller.demand(&["view-users", "manage-users", "query-groups"])
    }

    fn may_view_group(&self, group: &Group) -> bool {
        self.caller.has(&["view-users", "manage-users"])
            || self.granted("Groups", "view", &group.id, false)
            || self.granted("Groups", "manage", &group.id, false)
    }

    fn may_manage_group(&self, group: &Group) -> bool {
        self.caller.has(&["manage-users"]) || self.granted("Groups", "manage", &group.id, false)
    }

    /// A group with what the caller may do to it.
    fn accessible(&self, group: &Group, full: bool, counts: bool) -> Value {
        let mut shown = self.realm.show_group(group, full, counts);
        let manage = self.may_manage_group(group);
        let view_members = self.caller.has(&["view-users", "manage-users"])
            || self.granted("Groups", "view-members", &group.id, false);
        let over = |scope: &str| self.caller.has(&["manage-users"]) || self.granted("Groups", scope, &group.id, false);
        shown.insert(
            "access".into(),
            json!({"view": self.may_view_group(group), "viewMembers": view_members, "manageMembers": over("manage-members"),
                   "manage": manage, "manageMembership": over("manage-membership")}),
        );
        Value::Object(shown)
    }

    /// What `search` and `q` ask for; nothing when neither is given.
    fn group_filter(&self) -> Option<impl Fn(&Group) -> bool + use<>> {
        let exact = self.request.flag("exact").unwrap_or(false);
        let search = self.request.filled("search").map(|search| search.trim().to_owned());
        let wanted: Vec<(String, String)> = terms(self.request.query("q").unwrap_or_default());
        if search.is_none() && wanted.is_empty() {
            return None;
        }
        Some(move |group: &Group| {
            search.as_ref().is_none_or(|search| {
                if exact { group.name == *search } else { group.name.to_lowercase().contains(&search.to_lowercase()) }
            }) && has_attributes(&group.attributes, &wanted)
        })
    }

    /// The top groups above the hits, with nothing in them but the way to the hits.
    fn hierarchy(&self, hits: &[&Group], full: bool, counts: bool) -> Vec<Value> {
        let mut wanted: std::collections::BTreeSet<&str> = Default::default();
        for hit in hits {
            let mut next = Some(*hit);
            while let Some(group) = next {
                wanted.insert(&group.id);
                next = group.parent.as_ref().and_then(|id| self.realm.groups.get(id));
            }
        }
        self.branch(None, &wanted, full, counts)
    }

    fn branch(
        &self,
        parent: Option<&str>,
        wanted: &std::collections::BTreeSet<&str>,
        full: bool,
        counts: bool,
    ) -> Vec<Value> {
        let children = self.realm.children_of(parent);
        let on_the_way = children.into_iter().filter(|child| wanted.contains(child.id.as_str()));
        on_the_way
            .map(|child| {
                let mut shown = self.accessible(child, full, counts);
                shown["subGroups"] = Value::Array(self.branch(Some(&child.id), wanted, full, counts));
                shown
            })
            .collect()
    }
}

/// Whether attributes hold all the values asked for.
pub(super) fn has_attributes(held: &Attributes, wanted: &[(String, String)]) -> bool {
    wanted.iter().all(|(key, value)| held.get(key).is_some_and(|values| values.contains(value)))
}

fn name_taken(parent: Option<&str>, name: &str) -> Refusal {
    let place = if parent.is_some() { "Sibling" } else { "Top level" };
    message(409, format!("{place} group named '{name}' already exists."))
}

/// The body of a creation as its event keeps it.
fn made(id: &str, mut body: Object) -> Value {
    body.insert("id".into(), json!(id));
    kept(body)
}

/// A body as events keep it, with what the class fills in by itself.
fn kept(mut body: Object) -> Value {
    body.entry("subGroups").or_insert(json!([]));
    Value::Object(shapes::GROUP.in_order(body))
}
