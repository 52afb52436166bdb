//! Accounts. Never updated as a whole, never deleted. Deactivating is simulated first, because the server itself stops
//! nobody from switching off its last administrator, or whoever owns our bot; afterwards personal access tokens are
//! revoked one by one, since they would only sleep.

use serde_json::json;
use uuid::Uuid;

use super::team::changed;
use super::{Hand, doing, done, gone, is_there, not_offered, unchanged};
use crate::engine::model::{Failure, FailureClass, Field, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::http::{Call, Repeat};
use crate::provider::mattermost::api::wire::{ADMINISTRATOR, User};
use crate::provider::mattermost::api::{self, routes};
use crate::provider::mattermost::convert;

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    match step.verb {
        Verb::Create => create(hand, step, &inputs.fields).await,
        Verb::Update | Verb::Restore => edit(hand, step, &inputs.fields).await,
        Verb::Disable => disable(hand, step).await,
        Verb::Adopt => Ok(done(convert::user(&step.address.instance, &find(hand, step).await?))),
        Verb::Rename | Verb::Delete | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => {
            Err(not_offered(step))
        }
    }
}

async fn create(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let name = step.address.leaf();
    let (service, data) = (text(fields, "auth_service"), text(fields, "auth_data"));
    if name.is_empty() || service.is_some() != data.is_some() {
        // The server would invent a name, or make an account that nobody can enter.
        return Err(Failure::new(FailureClass::Refused, doing(step), "an account needs a name and all of its sign-in")
            .help("this is a defect of Formulary; please report it"));
    }
    let password = service.is_none().then(password);
    let mut body = convert::user_create(name, fields, password.as_deref());
    body["disable_welcome_email"] = json!(!hand.options.welcome_mail);
    let sent = Sent { data, email: body["email"].as_str().unwrap_or_default().to_owned() };
    match hand.post(routes::USERS, &[], body, &doing(step)).await {
        Ok(_) => {}
        Err(failure) if failure.class == FailureClass::Unclear => {
            made_all_the_same(hand, step, &sent, failure).await?;
        }
        Err(failure) => return Err(failure),
    }
    let mut made = hand.api.user_named(name).await?.ok_or_else(|| gone(step, "the account that was just made"))?;
    if fields.get("active") == Some(&Value::Bool(false)) {
        // A new account is always active.
        activate(hand, step, &made.id, false).await?;
        made = hand.api.user(&made.id).await?.ok_or_else(|| gone(step, "the account"))?;
    }
    Ok(done(convert::user(&step.address.instance, &made)))
}

/// What tells an account that we sent from somebody else's of the same name.
struct Sent<'a> {
    data: Option<&'a str>,
    email: String,
}

/// The server answers 500 when another account, of whatever service, is bound to the same sign-in. So the account is
/// looked for: there as it was sent, or somebody else's, or not made at all.
async fn made_all_the_same(hand: &Hand, step: &Step, sent: &Sent<'_>, failure: Failure) -> Result<(), Failure> {
    let Ok(found) = hand.api.user_named(step.address.leaf()).await else { return Err(failure) };
    match found {
        Some(found) if found.auth_data.as_deref() == sent.data && found.email.eq_ignore_ascii_case(&sent.email) => {
            Ok(())
        }
        Some(_) => Err(Failure { class: FailureClass::Conflict, ..failure }),
        None if sent.data.is_some() && failure.said.contains("app.user.save.app_error") => {
            let help = "most likely another account, be it a deactivated one, is bound to the same sign-in: search the accounts \
                        for this 'auth_data'";
            Err(Failure { class: FailureClass::Conflict, ..failure }.help(help))
        }
        None => Err(failure),
    }
}

/// A password that nobody knows: the person sets another by "Forgot your password?". It fits every rule that the server
/// may be set to, and its limit of 72 bytes.
fn password() -> String {
    format!("Aa1!{}", Uuid::new_v4().simple())
}

async fn edit(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    let live = convert::user(&step.address.instance, &found);
    if is_there(&live, fields) {
        return Ok(done(live));
    }
    unchanged(step, &live, fields)?;
    let fields = changed(fields, &live);
    let doing = doing(step);
    if fields.contains_key("auth_service") || fields.contains_key("auth_data") {
        // Both are sent, or neither is taken.
        let service = text(&fields, "auth_service").unwrap_or(&found.auth_service);
        let data = text(&fields, "auth_data").or(found.auth_data.as_deref()).unwrap_or_default();
        if service.is_empty() || data.is_empty() {
            return Err(Failure::new(FailureClass::Refused, doing, "Formulary gives no account a password again")
                .help(
                    "let the person switch in their own settings, set one as an administrator, or set 'sign_in' back",
                ));
        }
        let body = json!({ "auth_service": service, "auth_data": data });
        hand.put(routes::USER_AUTH, &[&found.id], body, &doing).await?;
    }
    if let Some(body) = convert::user_patch(&fields) {
        hand.put(routes::USER_PATCH, &[&found.id], body, &doing).await?;
    }
    match fields.get("active").and_then(Value::as_bool) {
        Some(true) => activate(hand, step, &found.id, true).await?,
        Some(false) => return disable(hand, step).await,
        None => {}
    }
    let now = hand.api.user(&found.id).await?.ok_or_else(|| gone(step, "the account"))?;
    let now = convert::user(&step.address.instance, &now);
    if fields.contains_key("email") && now.fields.get("email") != fields.get("email") {
        return Err(Failure::new(
            FailureClass::Refused,
            doing,
            "Mattermost said yes, and the address is the old one until the person confirms the new one",
        )
        .help("EmailSettings.RequireEmailVerification is on; the person finds a message at the new address"));
    }
    Ok(done(now))
}

/// Deactivates, then takes what would sleep: sessions end by themselves, personal access tokens do not.
async fn disable(hand: &Hand, step: &Step) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    let live = convert::user(&step.address.instance, &found);
    let off = Fields::from([(Field::Borrowed("active"), Value::Bool(false))]);
    if found.is_active() {
        unchanged(step, &live, &off)?;
        simulate(hand, step, &found).await?;
        activate(hand, step, &found.id, false).await?;
    }
    for token in hand.api.tokens(&found).await? {
        let call = Call::new(reqwest::Method::POST, routes::TOKEN_REVOKE, &[], doing(step));
        match hand.send(call.json(json!({ "token_id": token.id })).repeat(Repeat::Safe)).await {
            Err(failure) if failure.class != FailureClass::Gone => return Err(failure),
            _ => {}
        }
    }
    hand.post_again(routes::SESSIONS_REVOKE, &[&found.id], &doing(step)).await?;
    let now = hand.api.user(&found.id).await?.ok_or_else(|| gone(step, "the account"))?;
    Ok(done(convert::user(&step.address.instance, &now)))
}

/// What the server would not stop: our own account, whoever owns our bot, the last person who administers everything.
async fn simulate(hand: &Hand, step: &Step, found: &User) -> Result<(), Failure> {
    let refuse = |said: &str, help: &str| Err(Failure::new(FailureClass::Refused, doing(step), said).help(help));
    let me = hand.api.me().await?;
    if me.id == found.id {
        return refuse("this is our own account", "it is never deactivated");
    }
    if found.is_bot || !found.remote_id.is_empty() {
        return refuse("it is a bot's or another server's account", "it is never deactivated by us");
    }
    if me.is_bot {
        let bots = hand.api.bots().await?;
        if bots.iter().any(|bot| bot.user_id == me.id && bot.owner_id == found.id) {
            return refuse(
                "our own bot belongs to this account and would die with it",
                "assign the bot to a service account first: POST /api/v4/bots/{bot}/assign/{account}",
            );
        }
    }
    if found.is_administrator() {
        let administrators = hand.api.active_users("list administrators", &[("role", ADMINISTRATOR)]).await?;
        if !administrators.iter().any(|other| other.id != found.id && other.is_active() && other.is_person()) {
            return refuse(
                "this is the last person who administers the server",
                "make somebody else a system administrator first",
            );
        }
    }
    Ok(())
}

async fn activate(hand: &Hand, step: &Step, id: &str, active: bool) -> Result<(), Failure> {
    hand.put(routes::USER_ACTIVE, &[id], json!({ "active": active }), &doing(step)).await.map(|_| ())
}

/// The account that is meant: by its id, whatever its name is now, else by its name.
async fn find(hand: &Hand, step: &Step) -> Result<User, Failure> {
    let found = match &step.external_id {
        Some(id) => hand.api.user(id).await?,
        None => hand.api.user_named(&step.address.key).await?,
    };
    let found = found.ok_or_else(|| gone(step, "the account"))?;
    if found.is_masked() { Err(api::masked(&doing(step))) } else { Ok(found) }
}

fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_text).filter(|text| !text.is_empty())
}
