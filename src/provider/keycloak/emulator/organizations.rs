//! Organisations: create, change, domains, deletion and what goes with it.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, error, message, plain};
use super::call::Call;
use super::groups::has_attributes;
use super::json::Shape;
use super::profile::attributes;
use super::realms::{demand_plain_name, text};
use super::request::terms;
use super::shapes;
use super::validators::is_domain;
use super::world::{Group, Id, Object, Organization, Realm, new_id};

/// Rights over organisations; those over their members want one over users beside.
const VIEW: &[&str] = &["view-organizations", "manage-organizations", "manage-realm"];
const MANAGE: &[&str] = &["manage-organizations", "manage-realm"];
const QUERY: &[&str] = &["query-organizations", "view-organizations", "manage-organizations", "manage-realm"];

impl Organization {
    pub fn show(&self, full: bool) -> Object {
        let mut shown = Object::new();
        shown.insert("id".into(), json!(self.id));
        shown.insert("name".into(), json!(self.name));
        shown.insert("alias".into(), json!(self.alias));
        shown.insert("enabled".into(), json!(self.enabled));
        for (name, value) in [("description", &self.description), ("redirectUrl", &self.redirect_url)] {
            if let Some(value) = value {
                shown.insert(name.into(), json!(value));
            }
        }
        if full {
            shown.insert("attributes".into(), json!(self.attributes));
        }
        if !self.domains.is_empty() {
            let domains = self.domains.iter().map(|(name, verified)| json!({"name": name, "verified": verified}));
            shown.insert("domains".into(), domains.collect());
        }
        shown
    }
}

impl Realm {
    pub fn organizations_in_order(&self) -> Vec<&Organization> {
        let mut all: Vec<&Organization> = self.organizations.values().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn domains_of(&self, body: &Object, own: Option<&str>) -> Result<Vec<(String, bool)>, Refusal> {
        let mut domains: Vec<(String, bool)> = Vec::new();
        for domain in body.get("domains").and_then(Value::as_array).into_iter().flatten() {
            let given = domain["name"].as_str().unwrap_or_default();
            let name = given.to_lowercase();
            if !is_domain(name.strip_prefix("*.").unwrap_or(&name)) {
                return Err(message(400, format!("Invalid domain format: {given}")));
            }
            let taken = self
                .organizations
                .values()
                .find(|other| Some(other.id.as_str()) != own && other.domains.iter().any(|(known, _)| *known == name));
            if let Some(other) = taken {
                return Err(message(
                    400,
                    format!("Domain {name} is already linked to organization {} in realm {}", other.name, self.name),
                ));
            }
            if !domains.iter().any(|(known, _)| *known == name) {
                domains.push((name, domain["verified"].as_bool().unwrap_or(false)));
            }
        }
        Ok(domains)
    }
}

impl Call<'_> {
    pub fn organizations(&self) -> Outcome {
        let found = self.filtered_organizations()?;
        let page = self.request.page(Some(10))?;
        let full = self.request.flag("briefRepresentation") == Some(false);
        Ok(Answer::json(page.of(found).map(|org| Value::Object(org.show(full))).collect::<Vec<_>>()))
    }

    /// What the caller may see; to one who may only query that is nothing.
    pub fn count_organizations(&self) -> Outcome {
        Ok(Answer::json(self.filtered_organizations()?.len()))
    }

    pub fn create_organization(&mut self) -> Outcome {
        let body = match self.request.read(&Shape::Bean(&shapes::ORGANIZATION))? {
            Value::Object(body) => body,
            _ => return Err(message(400, "Organization cannot be null.")),
        };
        self.caller.demand(MANAGE)?;
        self.demand_organizations()?;
        let name = text(&body, "name").filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| message(400, "Name can not be null"))?.to_owned();
        let alias = match text(&body, "alias").filter(|alias| !alias.trim().is_empty()) {
            Some(alias) => {
                demand_plain_name(alias)?;
                if alias.contains(' ') {
                    return Err(error(400, "Empty Space not allowed."));
                }
                alias.to_owned()
            }
            None => {
                if let Some(why) = why_no_alias(&name) {
                    return Err(message(400, format!("Name cannot be used as alias: {why}")));
                }
                name.clone()
            }
        };
        if self.realm.organizations.values().any(|org| org.name == name) {
            return Err(name_taken());
        }
        if self.realm.organizations.values().any(|org| org.alias == alias) {
            return Err(message(409, "A organization with the same alias already exists"));
        }
        if name.chars().count() > 255 || alias.chars().count() > 255 {
            return Err(broken());
        }
        let domains = self.realm.domains_of(&body, None)?;
        let id = new_id();
        let root = self.add_root_group(&id);
        let organization = Organization {
            id: id.clone(),
            name,
            alias,
            enabled: body.get("enabled").and_then(Value::as_bool).unwrap_or(true),
            description: text(&body, "description").map(str::to_owned),
            redirect_url: text(&body, "redirectUrl").map(str::to_owned),
            attributes: attributes(body.get("attributes").unwrap_or(&Value::Null)),
            domains,
            members: BTreeMap::new(),
            providers: BTreeSet::new(),
            invitations: IndexMap::new(),
            root_group: root,
        };
        self.realm.organizations.insert(id.clone(), organization);
        let mut made = kept(body);
        made.insert("id".into(), json!(id));
        let made = Value::Object(shapes::ORGANIZATION.in_order(made));
        self.record("CREATE", "ORGANIZATION", Some(format!("organizations/{id}")), Some(made));
        Ok(Answer::created(self.place(&format!("organizations/{id}"))))
    }

    pub fn organization(&self, id: &str) -> Outcome {
        Ok(Answer::json(self.visible_organization(id)?.show(true)))
    }

    /// Replaces everything but the attributes, which stay when they are left out. The alias cannot change.
    pub fn put_organization(&mut self, id: &str) -> Outcome {
        let body = self.request.bean(&shapes::ORGANIZATION)?;
        let old = self.managed_organization(id)?;
        let name = text(&body, "name").filter(|name| !name.trim().is_empty()).ok_or_else(name_taken)?.to_owned();
        let old_alias = old.alias.clone();
        if self.realm.organizations.values().any(|org| org.name == name && org.id != id) {
            return Err(name_taken());
        }
        if text(&body, "alias").unwrap_or(&name) != old_alias {
            return Err(message(400, "Cannot change the alias"));
        }
        if name.chars().count() > 255 {
            return Err(broken());
        }
        let domains = self.realm.domains_of(&body, Some(id))?;
        let Some(organization) = self.realm.organizations.get_mut(id) else {
            return Err(not_found());
        };
        organization.name = name;
        organization.enabled = body.get("enabled").and_then(Value::as_bool).unwrap_or(true);
        organization.description = text(&body, "description").map(str::to_owned);
        organization.redirect_url = text(&body, "redirectUrl").map(str::to_owned);
        if let Some(given) = body.get("attributes") {
            organization.attributes = attributes(given);
        }
        organization.domains = domains;
        let body = Value::Object(shapes::ORGANIZATION.in_order(kept(body)));
        self.record("UPDATE", "ORGANIZATION", Some(format!("organizations/{id}")), Some(body));
        done()
    }

    /// Deletes the organisation, and with it the people that it manages.
    pub fn delete_organization(&mut self, id: &str) -> Outcome {
        let organization = self.managed_organization(id)?;
        let managed: Vec<Id> =
            organization.members.iter().filter(|(_, managed)| **managed).map(|(user, _)| user.clone()).collect();
        let groups: Vec<Id> = self
            .realm
            .groups
            .values()
            .filter(|group| group.organization.as_deref() == Some(id))
            .map(|group| group.id.clone())
            .collect();
        for user in managed {
            self.realm.remove_user(&user);
        }
        for group in groups {
            self.realm.remove_group(&group);
        }
        self.realm.organizations.remove(id);
        self.record("DELETE", "ORGANIZATION", Some(format!("organizations/{id}")), None);
        done()
    }

    pub fn visible_organization(&self, id: &str) -> Result<&Organization, Refusal> {
        self.organization_for(id, VIEW, "view")
    }

    pub fn managed_organization(&self, id: &str) -> Result<&Organization, Refusal> {
        self.organization_for(id, MANAGE, "manage")
    }

    fn organization_for(&self, id: &str, roles: &[&str], scope: &str) -> Result<&Organization, Refusal> {
        let granted = self.granted("Organizations", scope, id, false);
        if !self.caller.has(QUERY) && !granted {
            return Err(plain(403));
        }
        self.demand_organizations()?;
        let organization = self.realm.organizations.get(id).ok_or_else(not_found)?;
        if self.caller.has(roles) || granted { Ok(organization) } else { Err(plain(403)) }
    }

    pub fn demand_organizations(&self) -> Result<(), Refusal> {
        if self.realm.is("organizationsEnabled") {
            Ok(())
        } else {
            Err(message(404, "Organizations not enabled for this realm."))
        }
    }

    pub fn demand_organization_view(&self) -> Result<(), Refusal> {
        self.caller.demand(VIEW)?;
        self.demand_organizations()
    }

    fn filtered_organizations(&self) -> Result<Vec<&Organization>, Refusal> {
        self.caller.demand(QUERY)?;
        self.demand_organizations()?;
        let exact = self.request.flag("exact").unwrap_or(false);
        let search = self.request.filled("search").map(|search| search.trim().to_owned());
        let mut wanted = terms(self.request.query("q").unwrap_or_default());
        let alias = wanted.iter().position(|(key, _)| key == "alias").map(|at| wanted.remove(at).1);
        let fits = |text: &str, search: &str| {
            if exact { text == search } else { text.to_lowercase().contains(&search.to_lowercase()) }
        };
        let all = self.caller.has(VIEW);
        Ok(self
            .realm
            .organizations_in_order()
            .into_iter()
            .filter(|org| all || self.granted("Organizations", "view", &org.id, true))
            .filter(|org| match &search {
                Some(search) => fits(&org.name, search) || org.domains.iter().any(|(name, _)| fits(name, search)),
                None => {
                    alias.as_ref().is_none_or(|alias| org.alias == *alias) && has_attributes(&org.attributes, &wanted)
                }
            })
            .collect())
    }

    fn add_root_group(&mut self, organization: &str) -> Id {
        let id = new_id();
        let root = Group {
            id: id.clone(),
            name: organization.to_owned(),
            description: None,
            parent: None,
            organization: Some(organization.to_owned()),
            attributes: Default::default(),
            roles: Default::default(),
        };
        self.realm.groups.insert(id.clone(), root);
        id
    }
}

pub(super) fn not_found() -> Refusal {
    message(404, "Organization not found.")
}

fn name_taken() -> Refusal {
    message(409, "A organization with the same name already exists.")
}

/// What the service says to a name that has to serve as an alias.
fn why_no_alias(name: &str) -> Option<String> {
    if name.contains(' ') {
        return Some("Empty Space not allowed.".into());
    }
    const RESERVED: &str = ":/?#@!$&()*+,;=[]\\";
    name.chars().find(|c| RESERVED.contains(*c)).map(|c| format!("Character '{c}' not allowed."))
}

/// The body as events keep it, with what the class fills in by itself.
fn kept(mut body: Object) -> Object {
    body.entry("enabled").or_insert(json!(true));
    for domain in body.get_mut("domains").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(domain) = domain.as_object_mut() {
            domain.entry("verified").or_insert(json!(false));
        }
    }
    body
}
