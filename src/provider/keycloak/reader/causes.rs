//! Who changed something in the realm: admin events, and what people do to their own accounts (guide, section 7).

use chrono::DateTime;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::OnceCell;

use super::Parts;
use crate::engine::diff::Cause;
use crate::engine::model::{Address, Failure, FailureClass};
use crate::provider::contract::{Changed, Trail};
use crate::provider::keycloak::api::wire::{AdminEvent, User};
use crate::provider::keycloak::kinds;
use crate::provider::keycloak::names::SERVICE_ACCOUNT;

/// Questions under way at once.
const AT_ONCE: usize = 8;

impl Parts {
    /// Asks the events of each that was changed.
    pub async fn causes(&self, changed: &[Changed]) -> Result<Trail, Failure> {
        let realm = self.reads.realm();
        let config = match self.reads.events_config().await {
            Ok(config) => config,
            Err(failure) if failure.class == FailureClass::MissingRights => {
                return Ok(Trail::None(format!(
                    "our client may not read the events of realm '{realm}': give it the role 'view-events'"
                )));
            }
            Err(failure) => return Err(failure),
        };
        if !config.admin_events_enabled {
            return Ok(Trail::None(format!(
                "admin events are switched off in realm '{realm}': switch them on under 'Realm settings', 'Events'"
            )));
        }
        let ours = OnceCell::new();
        let asked: Vec<_> = changed.iter().map(|it| self.cause(it, config.events_enabled, &ours)).collect();
        let told: Vec<Option<(Address, Cause)>> = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(Trail::Kept(told.into_iter().flatten().collect()))
    }

    async fn cause(
        &self,
        changed: &Changed,
        own_changes_kept: bool,
        ours: &OnceCell<Option<String>>,
    ) -> Result<Option<(Address, Cause)>, Failure> {
        let Some(path) = path(changed) else { return Ok(None) };
        let ours = ours.get_or_try_init(|| self.own_account()).await?;
        let events = self.reads.admin_events(&path).await?;
        let by_others = events.iter().find(|it| it.auth_details.user_id != *ours && is_about(it, &changed.address));
        let own_id =
            changed.external_id.as_deref().filter(|_| own_changes_kept && changed.address.kind.as_str() == kinds::USER);
        let own = match own_id {
            Some(id) => self.reads.own_changes(id).await?.into_iter().next(),
            None => None,
        };
        let cause = match (by_others, own) {
            (event, Some(own)) if event.is_none_or(|it| it.time < own.time) => Cause {
                who: "the person".to_owned(),
                at: DateTime::from_timestamp_millis(own.time).unwrap_or_default(),
                how: format!("changed it on the account page ({})", own.kind),
            },
            (Some(event), _) => Cause {
                who: self.who(event).await?,
                at: DateTime::from_timestamp_millis(event.time).unwrap_or_default(),
                how: format!("{} it by the admin console or API", did(&event.operation_type)),
            },
            (None, _) => return Ok(None),
        };
        Ok(Some((changed.address.clone(), cause)))
    }

    /// The id of our own service account.
    async fn own_account(&self) -> Result<Option<String>, Failure> {
        let own = format!("{SERVICE_ACCOUNT}{}", self.client_id().await?.to_lowercase());
        Ok(self.reads.users_where("username", &own).await?.first().map(|it: &User| it.id.clone()))
    }

    /// An administrator by name. One of another realm, such as `master`, is not among the people of this one.
    async fn who(&self, event: &AdminEvent) -> Result<String, Failure> {
        let Some(id) = &event.auth_details.user_id else {
            return Ok("somebody whom the event does not name".to_owned());
        };
        let Some(user) = self.reads.user(id).await? else {
            return Ok(format!("an administrator of another realm (id {id})"));
        };
        let name = user.get("username").and_then(serde_json::Value::as_str).unwrap_or(id);
        Ok(match name.strip_prefix(SERVICE_ACCOUNT) {
            Some(client) => format!("the client '{client}'"),
            None => format!("'{name}'"),
        })
    }
}

/// Where events of something lie; `None` for what has none, or whose ids are not known.
fn path(changed: &Changed) -> Option<String> {
    let address = &changed.address;
    let id = changed.external_id.as_deref();
    let related = |kind: &str, key: &str| changed.related.id(&Address::new(&address.instance, kind, key));
    Some(match address.kind.as_str() {
        kinds::USER => format!("users/{}", id?),
        kinds::GROUP => format!("groups/{}", id?),
        kinds::ORGANIZATION => format!("organizations/{}", id?),
        kinds::CLIENT => format!("clients/{}", id?),
        kinds::CLIENT_SCOPE => format!("client-scopes/{}", id?),
        kinds::MEMBERSHIP => {
            let (user, group) = (related(kinds::USER, address.leaf())?, related(kinds::GROUP, address.parent_key()?)?);
            format!("users/{user}/groups/{group}")
        }
        // Who joins is named in the event, and not in its path.
        kinds::ORGANIZATION_MEMBER => {
            format!("organizations/{}/members*", related(kinds::ORGANIZATION, address.parent_key()?)?)
        }
        _ => return None,
    })
}

/// Whether an event of an organisation's members is about this one.
fn is_about(event: &AdminEvent, address: &Address) -> bool {
    let is_member = address.kind.as_str() == kinds::ORGANIZATION_MEMBER;
    !is_member || event.details.get("username").is_some_and(|it| it == address.leaf())
}

fn did(operation: &str) -> &'static str {
    match operation {
        "CREATE" => "made",
        "DELETE" => "removed",
        _ => "changed",
    }
}
