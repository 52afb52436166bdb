//! Groups and who is in them. Only differences are sent: a person who is in it already, or not in the organisation, is
//! refused (guide, section 4).

use reqwest::Method;
use serde_json::json;

use super::{Hand, doing, done, gone, parts, same, text};
use crate::engine::model::{Failure, Fields};
use crate::engine::plan::Step;
use crate::provider::coder::wire::Group;
use crate::provider::coder::{api, convert};
use crate::provider::contract::Performed;
use crate::provider::http::Call;

impl Hand {
    pub(super) async fn make_group(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
        let organization = self.api.organization().await?.id;
        let body =
            json!({ "name": step.address.key, "display_name": text(fields, "display_name").unwrap_or_default() });
        self.send(Call::new(Method::POST, api::ORGANIZATION_GROUPS, &[&organization], doing(step)).json(body)).await?;
        self.shown(step, &step.address.key).await
    }

    /// Gives a group the name of its step and what people see of it.
    pub(super) async fn change_group(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
        // One that is to be renamed is not there under the name of its step.
        let found = match &step.external_id {
            Some(id) => self.api.group_by_id(id).await?.ok_or_else(|| gone(step, "the group"))?,
            None => self.group(step, &step.address.key).await?,
        };
        same(step, &convert::group(&step.address.instance, &found))?;
        let mut body = json!({});
        if *found.name != *step.address.key {
            body["name"] = (&*step.address.key).into();
        }
        if let Some(shown) = text(fields, "display_name") {
            body["display_name"] = shown.into();
        }
        self.patch_group(step, &found, body).await?;
        self.shown(step, &step.address.key).await
    }

    pub(super) async fn delete_group(&self, step: &Step) -> Result<Performed, Failure> {
        let found = self.group(step, &step.address.key).await?;
        same(step, &convert::group(&step.address.instance, &found))?;
        self.send(Call::new(Method::DELETE, api::GROUP, &[&found.id], doing(step))).await?;
        Ok(Performed::Done(None))
    }

    /// Puts somebody into a group, or takes them out.
    pub(super) async fn place(&self, step: &Step, inside: bool) -> Result<Performed, Failure> {
        let (name, person) = parts(step);
        let group = match self.api.group(name).await? {
            None if !inside => return Ok(Performed::Done(None)),
            found => found.ok_or_else(|| gone(step, "the group"))?,
        };
        if group.holds(person) != inside {
            let user = self.api.user(person).await?.ok_or_else(|| gone(step, "the account"))?;
            let change = if inside { "add_users" } else { "remove_users" };
            self.patch_group(step, &group, json!({ (change): [user.id] })).await?;
        }
        let now = self.group(step, name).await?;
        let live = || convert::group_member(&step.address.instance, name, person);
        Ok(Performed::Done(now.holds(person).then(|| Box::new(live()))))
    }

    async fn patch_group(&self, step: &Step, group: &Group, body: serde_json::Value) -> Result<(), Failure> {
        self.send(Call::new(Method::PATCH, api::GROUP, &[&group.id], doing(step)).json(body)).await?;
        Ok(())
    }

    async fn shown(&self, step: &Step, name: &str) -> Result<Performed, Failure> {
        Ok(done(convert::group(&step.address.instance, &self.group(step, name).await?)))
    }

    async fn group(&self, step: &Step, name: &str) -> Result<Group, Failure> {
        self.api.group(name).await?.ok_or_else(|| gone(step, "the group"))
    }
}
