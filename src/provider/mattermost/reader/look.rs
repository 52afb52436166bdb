//! One object looked at by itself: what settles an unclear write and proves an absence.
//!
//! What a caller may not see is a 404 in places, so an absence counts only while our account is a system administrator.
//! For somebody who has left a team the server still shows a row, with the time of leaving.

use crate::engine::model::{Address, Failure, FailureClass, Live};
use crate::provider::contract::{Look, Related};
use crate::provider::mattermost::api::Api;
use crate::provider::mattermost::api::wire::{Channel, Team, User};
use crate::provider::mattermost::{api, convert, kinds};

/// Looks at one object.
///
/// # Errors
/// When the answer proves neither presence nor absence.
pub async fn look(api: &Api, address: &Address, external_id: Option<&str>, related: &Related) -> Result<Look, Failure> {
    let it = Place { api, address, related };
    let found = match address.kind.as_str() {
        kinds::TEAM => it.team(&address.key, external_id).await?.map(|team| convert::team(&address.instance, &team)),
        kinds::USER => it.user(&address.key, external_id).await?.map(|user| convert::user(&address.instance, &user)),
        kinds::CHANNEL => it.channel(external_id).await?,
        kinds::TEAM_MEMBER => it.team_member().await?,
        kinds::CHANNEL_MEMBER => it.channel_member().await?,
        other => {
            return Err(Failure::new(
                FailureClass::Refused,
                format!("look at '{address}'"),
                format!("Mattermost has no kind '{other}'"),
            ));
        }
    };
    match found {
        Some(live) => Ok(Look::Present(Box::new(live))),
        None => {
            api.rights().await?;
            Ok(Look::Absent)
        }
    }
}

struct Place<'a> {
    api: &'a Api,
    address: &'a Address,
    related: &'a Related,
}

impl Place<'_> {
    /// An account: by its id, whatever its name is now, else by its name.
    async fn user(&self, name: &str, id: Option<&str>) -> Result<Option<User>, Failure> {
        let found = match id {
            Some(id) => self.api.user(id).await?,
            None => self.api.user_named(name).await?,
        };
        match found {
            Some(user) if user.is_masked() => Err(api::masked(&format!("read account '{name}'"))),
            found => Ok(found),
        }
    }

    async fn team(&self, name: &str, id: Option<&str>) -> Result<Option<Team>, Failure> {
        match id {
            Some(id) => self.api.team(id).await,
            None => self.api.team_named(name).await,
        }
    }

    async fn channel(&self, id: Option<&str>) -> Result<Option<Live>, Failure> {
        let team = self.address.parent_key().unwrap_or_default();
        let found = self.channel_of(team, self.address.leaf(), id).await?;
        Ok(found.map(|channel| convert::channel(&self.address.instance, team, &channel)))
    }

    async fn channel_of(&self, team: &str, name: &str, id: Option<&str>) -> Result<Option<Channel>, Failure> {
        if let Some(id) = id {
            return self.api.channel(id).await;
        }
        let Some(team) = self.team(team, self.known(kinds::TEAM, team)).await? else { return Ok(None) };
        self.api.channel_named(&team.id, name).await
    }

    async fn team_member(&self) -> Result<Option<Live>, Failure> {
        let (team_key, name) = (self.address.parent_key().unwrap_or_default(), self.address.leaf());
        let Some(team) = self.team(team_key, self.known(kinds::TEAM, team_key)).await? else { return Ok(None) };
        if team.group_constrained {
            return Err(super::constrained("team", team_key));
        }
        let Some(user) = self.user(name, self.known(kinds::USER, name)).await? else { return Ok(None) };
        let found = self.api.team_member(&team.id, &user.id).await?;
        Ok(found.map(|it| convert::team_member(&self.address.instance, team_key, name, &it)))
    }

    async fn channel_member(&self) -> Result<Option<Live>, Failure> {
        let (key, name) = (self.address.parent_key().unwrap_or_default(), self.address.leaf());
        let (team, channel) = key.rsplit_once('/').unwrap_or((key, ""));
        let Some(channel) = self.channel_of(team, channel, self.known(kinds::CHANNEL, key)).await? else {
            return Ok(None);
        };
        if channel.group_constrained {
            return Err(super::constrained("channel", key));
        }
        let Some(user) = self.user(name, self.known(kinds::USER, name)).await? else { return Ok(None) };
        let found = self.api.channel_member(&channel.id, &user.id).await?;
        Ok(found.map(|_| convert::channel_member(&self.address.instance, key, name)))
    }

    /// The id of something around it, if it is known.
    fn known(&self, kind: &str, key: &str) -> Option<&str> {
        self.related.id(&Address::new(&self.address.instance, kind, key))
    }
}
