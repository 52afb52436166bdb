//! People: create, read, change, delete, and what an answer shows of one.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, error, message, plain};
use super::call::Call;
use super::credentials;
use super::profile::{DISABLED_REASON, attributes};
use super::realms::text;
use super::request::Request;
use super::search;
use super::shapes;
use super::world::{Id, Identity, Object, Realm, User, new_id};

/// How much of a user an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Brief,
    Full,
}

impl Realm {
    /// A user as lists show it; rights are added by whoever lists.
    pub fn show_user(&self, user: &User, detail: Detail) -> Object {
        let mut shown = Object::new();
        shown.insert("id".into(), json!(user.id));
        shown.insert("username".into(), json!(user.username));
        for (name, value) in [("firstName", &user.first_name), ("lastName", &user.last_name), ("email", &user.email)] {
            if let Some(value) = value {
                shown.insert(name.into(), json!(value));
            }
        }
        shown.insert("emailVerified".into(), json!(user.email_verified));
        if detail == Detail::Full {
            let attributes = self.shown_attributes(user);
            if !attributes.is_empty() {
                shown.insert("attributes".into(), json!(attributes));
            }
        }
        shown.insert("enabled".into(), json!(user.enabled && !self.is_locked_by_organization(&user.id)));
        shown.insert("createdTimestamp".into(), json!(user.created));
        if let Some(link) = &user.federation_link {
            shown.insert("federationLink".into(), json!(link));
        }
        if detail == Detail::Full {
            let totp = user.credentials.iter().any(|credential| credential.kind == "otp");
            shown.insert("totp".into(), json!(totp));
            shown.insert("disableableCredentialTypes".into(), json!([]));
            shown.insert("requiredActions".into(), json!(user.required_actions));
            shown.insert("notBefore".into(), json!(user.not_before));
        }
        shown
    }
}

impl Call<'_> {
    pub fn users(&self) -> Outcome {
        self.caller.demand(&["view-users", "manage-users", "query-users"])?;
        let found = search::users(self.realm, self.request)?;
        let page = self.request.page(Some(100))?;
        let detail = detail(self.request, Detail::Full);
        let shown = page.of(found.into_iter().filter(|user| self.may_list_user(user))).map(|user| {
            let mut shown = self.realm.show_user(user, detail);
            shown.insert("access".into(), json!({"manage": self.may_manage_user(user)}));
            Value::Object(shown)
        });
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    /// The true number for whoever may query, unless fine-grained permissions cut it.
    pub fn count_users(&self) -> Outcome {
        self.caller.demand(&["view-users", "manage-users", "query-users"])?;
        let found = search::users(self.realm, self.request)?;
        let count = if self.realm.is("adminPermissionsEnabled") {
            found.into_iter().filter(|user| self.may_list_user(user)).count()
        } else {
            found.len()
        };
        Ok(Answer::json(count))
    }

    pub fn create_user(&mut self) -> Outcome {
        let body = self.request.bean(&shapes::USER)?;
        let groups = self.groups_named(&body);
        if !self.caller.has(&["manage-users"]) && !self.may_create_in(&groups) {
            return Err(plain(403));
        }
        if !self.realm.is("registrationEmailAsUsername") && text(&body, "username").unwrap_or_default().is_empty() {
            return Err(message(400, "User name is missing"));
        }
        let mut user = self.realm.apply_profile(&body, &User { id: new_id(), ..User::default() }, true)?;
        let groups = groups.ok_or_else(broken)?;
        user.enabled = body.get("enabled").and_then(Value::as_bool).unwrap_or(false);
        user.email_verified = body.get("emailVerified").and_then(Value::as_bool).unwrap_or(false);
        user.created = body.get("createdTimestamp").and_then(Value::as_i64).unwrap_or(self.now);
        user.federation_link = text(&body, "federationLink").map(str::to_owned);
        user.roles.insert(self.realm.default_role.clone());
        user.groups.extend(groups);
        user.groups.extend(self.realm.default_groups.iter().cloned());
        user.identities = identities(&body);
        require_actions(&mut user, &body, false);
        credentials::import(self.realm, &mut user, &body, self.now)?;
        let id = user.id.clone();
        self.realm.put_user(user);
        self.record("CREATE", "USER", Some(format!("users/{id}")), Some(stripped(body)));
        Ok(Answer::created(self.place(&format!("users/{id}"))))
    }

    pub fn user(&self, id: &str) -> Outcome {
        let user = self.visible_user(id)?;
        let mut shown = self.realm.show_user(user, Detail::Full);
        if self.request.flag("userProfileMetadata").unwrap_or(false) {
            shown.insert("userProfileMetadata".into(), self.realm.profile_metadata());
        }
        let links = self.links_of(user);
        if !links.is_empty() {
            let at = shown.keys().position(|key| key == "notBefore").unwrap_or(shown.len());
            shown.shift_insert(at, "federatedIdentities".into(), Value::Array(links));
        }
        shown.insert("access".into(), self.access_to(user));
        Ok(Answer::json(shown))
    }

    pub fn put_user(&mut self, id: &str) -> Outcome {
        let body = self.request.bean(&shapes::USER)?;
        let old = self.managed_user(id)?.clone();
        if self.realm.is_locked_by_organization(id) {
            let name = ["firstName", "lastName", "email", "username"].into_iter().find(|name| body.contains_key(*name));
            let what = name.map_or_else(|| "enabled".to_owned(), |name| format!("attribute({name})"));
            return Err(message(
                400,
                format!("The user is read-only. Not possible to write '{what}' when updating user '{}'.", old.username),
            ));
        }
        let mut user = self.realm.apply_profile(&body, &old, false)?;
        if let Some(enabled) = body.get("enabled").and_then(Value::as_bool) {
            user.enabled = enabled;
            if enabled {
                self.realm.failures.remove(id);
                user.attributes.remove(DISABLED_REASON);
            }
        }
        if let Some(verified) = body.get("emailVerified").and_then(Value::as_bool) {
            user.email_verified = verified;
        }
        if let Some(link) = text(&body, "federationLink") {
            user.federation_link = Some(link.to_owned());
        }
        require_actions(&mut user, &body, true);
        credentials::import(self.realm, &mut user, &body, self.now)?;
        self.realm.put_user(user);
        self.record("UPDATE", "USER", Some(format!("users/{id}")), Some(stripped(body)));
        done()
    }

    pub fn delete_user(&mut self, id: &str) -> Outcome {
        let user = self.managed_user(id)?;
        let body = json!({"id": user.id, "username": user.username});
        self.realm.remove_user(id);
        self.record("DELETE", "USER", Some(format!("users/{id}")), Some(body));
        done()
    }

    pub fn unmanaged_attributes(&self, id: &str) -> Outcome {
        let user = self.visible_user(id)?;
        Ok(Answer::json(json!(self.realm.unmanaged_attributes(user))))
    }

    pub fn identities(&self, id: &str) -> Outcome {
        let user = self.visible_user(id)?;
        Ok(Answer::json(self.links_of(user)))
    }

    /// Links to providers that do not exist (any more) are kept and not shown.
    fn links_of(&self, user: &User) -> Vec<Value> {
        let known = user.identities.iter().filter(|link| self.realm.providers.contains_key(&link.provider));
        known.map(show_identity).collect()
    }

    /// Links an account. Neither the provider nor the account is looked at; a second link to the provider is refused.
    pub fn add_identity(&mut self, id: &str, provider: &str) -> Outcome {
        let body = self.request.bean(&shapes::IDENTITY)?;
        let user = self.managed_user(id)?;
        if user.identities.iter().any(|link| link.provider == provider) {
            return Err(message(409, "User is already linked with provider"));
        }
        let link = Identity {
            provider: provider.to_owned(),
            user_id: text(&body, "userId").unwrap_or_default().to_owned(),
            user_name: text(&body, "userName").unwrap_or_default().to_owned(),
        };
        if let Some(user) = self.realm.users.get_mut(id) {
            user.identities.push(link);
        }
        let path = format!("users/{id}/federated-identity/{provider}");
        self.record("CREATE", "USER", Some(path), Some(Value::Object(shapes::IDENTITY.in_order(body))));
        done()
    }

    pub fn remove_identity(&mut self, id: &str, provider: &str) -> Outcome {
        self.managed_user(id)?;
        let user = self.realm.users.get_mut(id).ok_or_else(user_not_found)?;
        let before = user.identities.len();
        user.identities.retain(|link| link.provider != provider);
        if user.identities.len() == before {
            return Err(error(404, "Link not found"));
        }
        self.record("DELETE", "USER", Some(format!("users/{id}/federated-identity/{provider}")), None);
        done()
    }

    /// The user, or 404 for whoever has a right in this area and 403 for whoever has none.
    pub fn found_user(&self, id: &str) -> Result<&User, Refusal> {
        match self.realm.users.get(id) {
            Some(user) => Ok(user),
            None if self.caller.has(&["view-users", "manage-users", "query-users"]) => Err(user_not_found()),
            None => Err(plain(403)),
        }
    }

    pub fn visible_user(&self, id: &str) -> Result<&User, Refusal> {
        let user = self.found_user(id)?;
        if self.may_view_user(user) { Ok(user) } else { Err(plain(403)) }
    }

    pub fn managed_user(&self, id: &str) -> Result<&User, Refusal> {
        let user = self.found_user(id)?;
        if self.may_manage_user(user) { Ok(user) } else { Err(plain(403)) }
    }

    pub fn may_list_user(&self, user: &User) -> bool {
        self.caller.has(&["view-users", "manage-users"]) || self.granted_over(user, &["view"], &["view-members"], true)
    }

    pub fn may_view_user(&self, user: &User) -> bool {
        self.caller.has(&["view-users", "manage-users"])
            || self.granted_over(user, &["view", "manage"], &["view-members", "manage-members"], false)
    }

    pub fn may_manage_user(&self, user: &User) -> bool {
        self.caller.has(&["manage-users"]) || self.granted_over(user, &["manage"], &["manage-members"], false)
    }

    /// Whether fine-grained permissions give a scope over this user, or over the members of a group of theirs.
    pub fn granted_over(&self, user: &User, scopes: &[&str], of_groups: &[&str], in_list: bool) -> bool {
        let granted = |kind: &str, scope: &str, id: &str| self.granted(kind, scope, id, in_list);
        self.realm.is("adminPermissionsEnabled")
            && (scopes.iter().any(|scope| granted("Users", scope, &user.id))
                || user.groups.iter().any(|group| of_groups.iter().any(|scope| granted("Groups", scope, group))))
    }

    fn may_create_in(&self, groups: &Option<Vec<Id>>) -> bool {
        groups.as_ref().is_some_and(|groups| {
            !groups.is_empty() && groups.iter().all(|group| self.granted("Groups", "manage-members", group, false))
        }) || self.granted("Users", "manage", "", false)
    }

    fn access_to(&self, user: &User) -> Value {
        let manage = self.may_manage_user(user);
        let all = self.caller.has(&["manage-users"]);
        let over = |scope: &str| all || self.granted_over(user, &[scope], &[], false);
        json!({
            "manageGroupMembership": over("manage-group-membership"),
            "resetPassword": manage || over("reset-password"),
            "view": self.may_view_user(user),
            "mapRoles": over("map-roles"),
            "impersonate": self.caller.has(&["impersonation"]) || self.granted_over(user, &["impersonate"], &[], false),
            "manage": manage,
        })
    }

    /// The groups that a body names by path; nothing when one of them does not exist.
    fn groups_named(&self, body: &Object) -> Option<Vec<Id>> {
        let paths = body.get("groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        paths
            .iter()
            .map(|path| self.realm.group_at(path.as_str().unwrap_or_default()).map(|group| group.id.clone()))
            .collect()
    }
}

pub(super) fn user_not_found() -> Refusal {
    error(404, "User not found")
}

/// What `briefRepresentation` asks for.
pub(super) fn detail(request: &Request, default: Detail) -> Detail {
    match request.flag("briefRepresentation") {
        None => default,
        Some(true) => Detail::Brief,
        Some(false) => Detail::Full,
    }
}

pub(super) fn show_identity(link: &Identity) -> Value {
    json!({"identityProvider": link.provider, "userId": link.user_id, "userName": link.user_name})
}

/// The links that a body brings along.
pub(super) fn identities(body: &Object) -> Vec<Identity> {
    let links = body.get("federatedIdentities").and_then(Value::as_array).into_iter().flatten();
    links
        .map(|link| Identity {
            provider: link["identityProvider"].as_str().unwrap_or_default().to_owned(),
            user_id: link["userId"].as_str().unwrap_or_default().to_owned(),
            user_name: link["userName"].as_str().unwrap_or_default().to_owned(),
        })
        .collect()
}

/// Takes over the required actions that the server knows; `replaces` removes the others.
pub(super) fn require_actions(user: &mut User, body: &Object, replaces: bool) {
    let Some(Value::Array(wanted)) = body.get("requiredActions") else {
        return;
    };
    for (alias, ..) in super::defaults::REQUIRED_ACTIONS {
        let is_wanted = wanted.iter().any(|action| action == alias);
        let has = user.required_actions.iter().any(|action| action == alias);
        if is_wanted && !has {
            user.required_actions.push((*alias).to_owned());
        } else if replaces && has && !is_wanted {
            user.required_actions.retain(|action| action != alias);
        }
    }
}

/// A user out of an import: nothing is checked, names are folded.
pub(super) fn imported(realm: &Realm, body: &Object, now: i64) -> Option<User> {
    let folded = |name: &str| text(body, name).filter(|value| !value.is_empty()).map(str::to_lowercase);
    let filled = |name: &str| text(body, name).filter(|value| !value.is_empty()).map(str::to_owned);
    let mut user = User {
        id: text(body, "id").map_or_else(new_id, str::to_owned),
        username: folded("username")?,
        email: folded("email"),
        first_name: filled("firstName"),
        last_name: filled("lastName"),
        email_verified: body.get("emailVerified").and_then(Value::as_bool).unwrap_or(false),
        enabled: body.get("enabled").and_then(Value::as_bool).unwrap_or(false),
        created: body.get("createdTimestamp").and_then(Value::as_i64).unwrap_or(now),
        attributes: attributes(body.get("attributes").unwrap_or(&Value::Null)),
        identities: identities(body),
        not_before: body.get("notBefore").and_then(Value::as_i64).unwrap_or(0),
        ..User::default()
    };
    require_actions(&mut user, body, false);
    credentials::import(realm, &mut user, body, now).ok()?;
    Some(user)
}

/// The body as admin events keep it: in the order of the class, without credentials.
fn stripped(mut body: Object) -> Value {
    body.shift_remove("credentials");
    Value::Object(shapes::USER.in_order(body))
}
