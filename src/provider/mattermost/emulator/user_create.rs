//! Making an account: by an administrator, by the first person of all, by anybody on an open server.

use serde_json::json;

use super::call::Call;
use super::mail::MailAbout;
use super::reply::{Answer, Refusal, Reply, invalid_body, not_modelled, refuse};
use super::routes::{Route, open};
use super::user_form::UserForm;
use super::user_view::View;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[open("POST", "/api/v4/users", create)];

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?.ok_or_else(|| invalid_body("user"))?;
    let form = UserForm::read(&fields).map_err(|_| invalid_body("user"))?;
    if !call.ask("t").is_empty() || !call.ask("iid").is_empty() {
        return Err(not_modelled()); // Sign-up by invitation.
    }
    let is_admin = world.may(call.caller(), "manage_system");
    let mut user = form.user;
    if !is_admin {
        // Dropped without a word.
        (user.auth_data, user.auth_service, user.email_verified) = (None, String::new(), false);
    }
    (user.delete_at, user.last_picture_update) = (0, 0);
    user.remote_id = Some(String::new());
    user.email = user.email.trim().to_owned();
    if !is_admin {
        may_sign_up(world)?;
    }
    let id = world.create_user(user, &form.password, call.now)?;
    let user = world.account(&id)?.clone();
    if user.email_verified {
        // The mark is written second, and the answer is from before that.
        let now = world.moment_later();
        if let Some(stored) = world.users.get_mut(&id) {
            stored.update_at = now;
        }
    }
    if !form.disable_welcome_email {
        world.send(&user.email, MailAbout::Welcome);
    }
    let mut shown = world.show_user(&user, View::Whole);
    if form.is_bot {
        shown["is_bot"] = json!(true);
    }
    shown["disable_welcome_email"] = json!(form.disable_welcome_email);
    Ok(Reply::json(201, shown))
}

/// Whether somebody who is no administrator may make an account: the first one of all always may.
fn may_sign_up(world: &World) -> Result<(), Refusal> {
    let is_on = |section, setting| world.config.is_on(section, setting);
    if !is_on("EmailSettings", "EnableSignUpWithEmail") || !is_on("TeamSettings", "EnableUserCreation") {
        let message = "User sign-up with email is disabled.";
        return Err(refuse(501, "api.user.create_user.signup_email_disabled.app_error", message));
    }
    if !world.users.is_empty() && !is_on("TeamSettings", "EnableOpenServer") {
        let message =
            "This server does not allow open signups.  Please speak with your Administrator to receive an invitation.";
        return Err(refuse(403, "api.user.create_user.no_open_server", message));
    }
    Ok(())
}
