//! Invitations into organisations. No mail is sent; whether one could be is what the realm's settings say.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, duplicate, message};
use super::call::Call;
use super::organizations::not_found;
use super::validators::is_email;
use super::world::{Invitation, Object, new_id};

impl Call<'_> {
    pub fn invite(&mut self, id: &str) -> Outcome {
        self.managed_organization(id)?;
        let form = self.request.form();
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let email = field("email").filter(|email| !email.trim().is_empty());
        let email = email.ok_or_else(|| message(400, "Email is required to invite a member"))?.to_lowercase();
        if !is_email(&email) {
            return Err(message(400, "Invalid email format"));
        }
        let person = self.realm.user_with_email(&email).map(|user| user.id.clone());
        if person.is_some_and(|person| self.is_member(id, &person)) {
            return Err(message(409, "User already a member of the organization"));
        }
        if self.is_invited(id, &email) {
            return Err(message(409, "User already has a pending invitation"));
        }
        let given = |name: &str| field(name).filter(|value| !value.is_empty());
        self.add_invitation(id, email, given("firstName"), given("lastName"))
    }

    pub fn invite_existing(&mut self, id: &str) -> Outcome {
        self.managed_organization(id)?;
        let form = self.request.form();
        let user = form.iter().find(|(key, _)| key == "id").and_then(|(_, user)| self.realm.users.get(user));
        let user = user.ok_or_else(|| message(400, "User does not exist"))?;
        let (person, first, last) = (user.id.clone(), user.first_name.clone(), user.last_name.clone());
        let Some(email) = user.email.clone() else {
            return Err(message(400, "User email missing"));
        };
        if self.is_member(id, &person) {
            return Err(message(409, "User already a member of the organization"));
        }
        if self.is_invited(id, &email) {
            return Err(duplicate());
        }
        self.add_invitation(id, email, first, last)
    }

    pub fn invitations(&self, id: &str) -> Outcome {
        let organization = self.visible_organization(id)?;
        let wanted = match self.request.query("status") {
            None => None,
            Some(status @ ("PENDING" | "EXPIRED")) => Some(status),
            Some(_) => return Err(broken()),
        };
        let page = self.request.page(None)?;
        let fits = |name: &str, field: Option<&String>| {
            self.request.filled(name).is_none_or(|wanted| field.is_some_and(|field| field.contains(wanted)))
        };
        let found = organization.invitations.values().filter(|invitation| {
            wanted.is_none_or(|wanted| self.status(invitation) == wanted)
                && fits("email", Some(&invitation.email))
                && fits("firstName", invitation.first_name.as_ref())
                && fits("lastName", invitation.last_name.as_ref())
                && fits("search", Some(&invitation.email))
        });
        Ok(Answer::json(page.of(found).map(|invitation| self.show_invitation(id, invitation)).collect::<Vec<_>>()))
    }

    pub fn invitation(&self, id: &str, invitation: &str) -> Outcome {
        let organization = self.visible_organization(id)?;
        let found = organization.invitations.get(invitation).ok_or_else(invitation_not_found)?;
        Ok(Answer::json(self.show_invitation(id, found)))
    }

    pub fn delete_invitation(&mut self, id: &str, invitation: &str) -> Outcome {
        self.managed_organization(id)?;
        let Some(organization) = self.realm.organizations.get_mut(id) else {
            return Err(not_found());
        };
        organization.invitations.shift_remove(invitation).ok_or_else(invitation_not_found)?;
        done()
    }

    /// Sends an invitation again: the old one is gone, a new one takes its place under a new id.
    pub fn resend_invitation(&mut self, id: &str, invitation: &str) -> Outcome {
        self.managed_organization(id)?;
        let Some(organization) = self.realm.organizations.get_mut(id) else {
            return Err(not_found());
        };
        let old = organization.invitations.shift_remove(invitation).ok_or_else(invitation_not_found)?;
        self.add_invitation(id, old.email, old.first_name, old.last_name)
    }

    fn add_invitation(&mut self, id: &str, email: String, first: Option<String>, last: Option<String>) -> Outcome {
        if !self.realm.has_mail_server() {
            return Err(message(500, "Failed to send invite email"));
        }
        let sent = self.now / 1000;
        let expires = sent + self.realm.count_setting("actionTokenGeneratedByAdminLifespan");
        let Some(organization) = self.realm.organizations.get_mut(id) else {
            return Err(not_found());
        };
        let invitation = Invitation { id: new_id(), email, first_name: first, last_name: last, sent, expires };
        organization.invitations.insert(invitation.id.clone(), invitation);
        done()
    }

    fn is_member(&self, id: &str, user: &str) -> bool {
        self.realm.organizations.get(id).is_some_and(|org| org.members.contains_key(user))
    }

    fn is_invited(&self, id: &str, email: &str) -> bool {
        self.realm.organizations.get(id).is_some_and(|org| {
            org.invitations.values().any(|invitation| invitation.email == email && self.status(invitation) == "PENDING")
        })
    }

    fn status(&self, invitation: &Invitation) -> &'static str {
        if invitation.expires * 1000 > self.now { "PENDING" } else { "EXPIRED" }
    }

    fn show_invitation(&self, organization: &str, invitation: &Invitation) -> Value {
        let mut shown = Object::new();
        shown.insert("id".into(), json!(invitation.id));
        shown.insert("organizationId".into(), json!(organization));
        shown.insert("email".into(), json!(invitation.email));
        for (name, value) in [("firstName", &invitation.first_name), ("lastName", &invitation.last_name)] {
            if let Some(value) = value {
                shown.insert(name.into(), json!(value));
            }
        }
        shown.insert("sentDate".into(), json!(invitation.sent));
        shown.insert("expiresAt".into(), json!(invitation.expires));
        shown.insert("status".into(), json!(self.status(invitation)));
        Value::Object(shown)
    }
}

fn invitation_not_found() -> Refusal {
    message(404, "Invitation not found")
}
