//! Accounts. Never deleted, but for one that nobody ever entered and that would never be found.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{Hand, doing, done, gone, same, text};
use crate::engine::model::{Failure, FailureClass, Fields, Value};
use crate::engine::plan::Step;
use crate::provider::coder::options::SignIn;
use crate::provider::coder::wire::User;
use crate::provider::coder::{api, convert};
use crate::provider::contract::Performed;
use crate::provider::http::Call;

impl Hand {
    pub(super) async fn make_user(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
        let organization = self.api.organization().await?;
        let login = text(fields, "login_type").unwrap_or_else(|| self.options.sign_in.login_type());
        let mut body = json!({
            "username": step.address.key,
            "email": text(fields, "initial_email"),
            "name": text(fields, "initial_name").unwrap_or_default(),
            "login_type": login,
            "organization_ids": [organization.id],
            "user_status": if self.options.active_accounts { "active" } else { "dormant" },
        });
        if login == SignIn::Password.login_type() {
            // Nobody knows it: the person sets another.
            body["password"] = format!("Aa1!{}", Uuid::new_v4().simple()).into();
        }
        self.send(Call::new(Method::POST, api::USERS, &[], doing(step)).json(body)).await?;
        if fields.get("active") == Some(&Value::Bool(false)) {
            self.set_status(step, &self.user(step).await?, false).await?;
        }
        self.shown_user(step).await
    }

    pub(super) async fn switch_user(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
        let found = self.user(step).await?;
        let home = self.api.organization().await?.id;
        same(step, &convert::user(&step.address.instance, &home, &found))?;
        if let Some(email) = text(fields, "initial_email")
            && !found.email.eq_ignore_ascii_case(email)
        {
            return self.make_user_anew(step, &found, email).await;
        }
        // The order in which access stays the narrower one on the way.
        if fields.get("active") == Some(&Value::Bool(false)) && found.is_active() {
            self.set_status(step, &found, false).await?;
        }
        if fields.get("member") == Some(&Value::Bool(true)) && !found.organization_ids.contains(&home) {
            self.send(Call::new(Method::POST, api::MEMBER, &[&home, &found.id], doing(step))).await?;
        }
        if fields.get("active") == Some(&Value::Bool(true)) && !found.is_active() {
            self.set_status(step, &found, true).await?;
        }
        self.shown_user(step).await
    }

    async fn make_user_anew(&self, step: &Step, found: &User, email: &str) -> Result<Performed, Failure> {
        if found.status != "dormant" || found.is_owner() {
            let said = "somebody signed in with it since the plan was made";
            return Err(Failure::new(FailureClass::Conflict, doing(step), said).help("plan again"));
        }
        let organization = self.api.organization().await?;
        self.send(Call::new(Method::DELETE, api::USER, &[&found.id], doing(step))).await?;
        let body = json!({
            "username": found.username, "email": email, "name": found.name, "login_type": found.login_type,
            "organization_ids": [organization.id], "user_status": "dormant",
        });
        self.send(Call::new(Method::POST, api::USERS, &[], doing(step)).json(body)).await?;
        self.shown_user(step).await
    }

    async fn set_status(&self, step: &Step, found: &User, active: bool) -> Result<(), Failure> {
        if !active && found.is_owner() {
            // Coder refuses that, too; but it would let us delete one (trap 46), so the rule is ours.
            return Err(Failure::new(FailureClass::Refused, doing(step), "the account is an owner of Coder")
                .help("another owner takes the role away first"));
        }
        let status = if active { "activate" } else { "suspend" };
        self.send(Call::new(Method::PUT, api::USER_STATUS, &[&found.id, status], doing(step))).await?;
        Ok(())
    }

    /// What is there now.
    async fn shown_user(&self, step: &Step) -> Result<Performed, Failure> {
        let home = self.api.organization().await?.id;
        Ok(done(convert::user(&step.address.instance, &home, &self.user(step).await?)))
    }

    async fn user(&self, step: &Step) -> Result<User, Failure> {
        self.api.user(&step.address.key).await?.ok_or_else(|| gone(step, "the account"))
    }
}
