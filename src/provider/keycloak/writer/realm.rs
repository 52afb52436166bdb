//! What many steps ask of the realm, read once a minute and not once a step.

use chrono::{DateTime, Duration, Utc};
use tokio::sync::Mutex;

use crate::engine::model::{Failure, FailureClass};
use crate::provider::keycloak::reader::Parts;

/// How long an answer is good for.
const GOOD_FOR: Duration = Duration::seconds(60);

/// What the realm is like, as far as steps ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traits {
    /// Whether the user profile declares the attribute of our mark.
    pub mark_declared: bool,
    /// Whether the realm can send mail; taken for so when we may not see that.
    pub mail: bool,
}

/// The last answer.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<Option<(DateTime<Utc>, Traits)>>);

impl Remembered {
    /// What the realm is like now.
    pub(super) async fn traits(&self, parts: &Parts) -> Result<Traits, Failure> {
        let mut last = self.0.lock().await;
        let now = parts.connection.clock.now();
        if let Some((at, traits)) = *last
            && now - at < GOOD_FOR
        {
            return Ok(traits);
        }
        let profile = parts.profile().await?;
        let mark_declared = profile.attributes.iter().any(|it| it.name == parts.options.mark_attribute);
        let mail = match parts.reads.realm_settings().await {
            Ok(realm) => realm.smtp_server.is_none_or(|mail| mail.contains_key("host")),
            Err(failure) if failure.class == FailureClass::MissingRights => true,
            Err(failure) => return Err(failure),
        };
        let traits = Traits { mark_declared, mail };
        *last = Some((now, traits));
        Ok(traits)
    }

    /// Forgets the answer: we just changed what it was about.
    pub(super) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}
