//! Accounts as a site admin makes, edits, renames and deletes them.

use serde_json::Value;

use super::call::Call;
use super::forms::{Form, Kind, Rule, Values, plain, ruled};
use super::gates::Gate;
use super::json_text;
use super::names;
use super::reply::{Answer, Reply, failure, invalid, refuse};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Account, World};

const ADMIN: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin];
const ADMIN_USER: &[Gate] = &[Gate::Scope(&[Category::Admin]), Gate::SignedIn, Gate::SiteAdmin, Gate::User];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/admin/users", ADMIN, create),
    route("PATCH", "/admin/users/{username}", ADMIN_USER, edit),
    route("DELETE", "/admin/users/{username}", ADMIN_USER, delete),
    route("POST", "/admin/users/{username}/rename", ADMIN_USER, rename),
    route("GET", "/admin/users/{username}/badges", ADMIN_USER, badges),
];

/// The words for how visible an account is; the empty one means the default.
pub(super) const VISIBILITIES: &[&str] = &["public", "limited", "private"];

/// `[service] MIN_PASSWORD_LENGTH`.
const SHORTEST_PASSWORD: usize = 8;

static CREATE: Form = Form {
    name: "CreateUserOption",
    fields: &[
        plain("source_id", "SourceID", Kind::Number),
        plain("login_name", "LoginName", Kind::Text),
        ruled("username", "Username", Kind::Text, &[Rule::Required, Rule::Username, Rule::MaxSize(40)]),
        ruled("full_name", "FullName", Kind::Text, &[Rule::MaxSize(100)]),
        ruled("email", "Email", Kind::Text, &[Rule::Required, Rule::Email, Rule::MaxSize(254)]),
        ruled("password", "Password", Kind::Text, &[Rule::MaxSize(255)]),
        plain("must_change_password", "MustChangePassword", Kind::Flag),
        plain("send_notify", "SendNotify", Kind::Flag),
        plain("restricted", "Restricted", Kind::Flag),
        ruled("visibility", "Visibility", Kind::Text, &[Rule::In(VISIBILITIES)]),
        plain("created_at", "Created", Kind::Moment),
    ],
};

/// Order of checks: form, source, password, name, visibility, address, then what is taken.
fn create(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&CREATE)?;
    let source_id = form.number("source_id");
    if source_id != 0 && !world.settings.login_sources.contains(&source_id) {
        return Err(invalid(format!("login source does not exist [id: {source_id}]")));
    }
    let password = form.text("password");
    if source_id == 0 && password.chars().count() < SHORTEST_PASSWORD {
        return Err(refuse(400, "PasswordIsRequired"));
    }
    let (name, email) = (form.text("username"), form.text("email"));
    names::check_account(&name)?;
    let visibility = match form.text("visibility") {
        default if default.is_empty() => world.settings.default_user_visibility.clone(),
        visibility => visibility,
    };
    if !world.settings.allowed_user_visibility.contains(&visibility) {
        return Err(failure(format!("visibility Mode not allowed: {visibility}")));
    }
    if let Some(problem) = names::email_problem(&email) {
        return Err(invalid(problem));
    }
    if world.accounts.named(&name).is_some() {
        return Err(invalid(format!("user already exists [name: {name}]")));
    }
    if world.emails.is_used(&email) {
        return Err(invalid(format!("e-mail already in use [email: {email}]")));
    }
    let mut account = Account::new(&name, call.now);
    account.full_name = form.text("full_name");
    account.email = email.clone();
    account.login_name = form.text("login_name");
    account.source_id = source_id;
    let hashes = !password.is_empty();
    account.password = hashes.then_some(password);
    account.must_change_password = form.sent_flag("must_change_password").unwrap_or(true);
    account.is_restricted = form.flag("restricted");
    account.visibility = visibility;
    if let Some(created) = form.raw("created_at").and_then(|value| json_text::moment(value).ok()) {
        account.created = created;
    }
    let id = world.accounts.insert(account);
    world.accounts.tick(id, call.now, hashes);
    world.emails.insert(id, &email, true);
    // The answer shows the address folded although it is kept as it was sent.
    let mut shown = world.accounts.at(id).clone();
    shown.email = shown.email.to_lowercase();
    Ok(Reply::json(201, world.show(call, &shown, call.doer)))
}

static EDIT: Form = Form {
    name: "EditUserOption",
    fields: &[
        plain("source_id", "SourceID", Kind::Number),
        ruled("login_name", "LoginName", Kind::Text, &[Rule::Required]),
        ruled("email", "Email", Kind::Text, &[Rule::MaxSize(254)]),
        ruled("full_name", "FullName", Kind::Text, &[Rule::MaxSize(100)]),
        ruled("password", "Password", Kind::Text, &[Rule::MaxSize(255)]),
        plain("must_change_password", "MustChangePassword", Kind::Flag),
        ruled("website", "Website", Kind::Text, &[Rule::Url, Rule::MaxSize(255)]),
        ruled("location", "Location", Kind::Text, &[Rule::MaxSize(50)]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(255)]),
        plain("active", "Active", Kind::Flag),
        plain("admin", "Admin", Kind::Flag),
        plain("allow_git_hook", "AllowGitHook", Kind::Flag),
        plain("allow_import_local", "AllowImportLocal", Kind::Flag),
        plain("max_repo_creation", "MaxRepoCreation", Kind::Number),
        plain("prohibit_login", "ProhibitLogin", Kind::Flag),
        plain("allow_create_organization", "AllowCreateOrganization", Kind::Flag),
        plain("restricted", "Restricted", Kind::Flag),
        ruled("visibility", "Visibility", Kind::Text, &[Rule::In(VISIBILITIES)]),
    ],
};

/// Three parts in a row, each applied before the next is checked: sign-in, address, profile.
fn edit(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&EDIT)?;
    edit_sign_in(world, call, &form)?;
    if let Some(email) = form.sent_text("email") {
        replace_email(world, call.user, &email)?;
    }
    edit_profile(world, call, &form)?;
    Ok(Reply::json(200, world.show(call, world.accounts.at(call.user), call.doer)))
}

fn edit_sign_in(world: &mut World, call: &Call, form: &Values) -> Result<(), Box<Reply>> {
    let source_id = form.number("source_id");
    if source_id != 0 && !world.settings.login_sources.contains(&source_id) {
        return Err(failure(format!("login source does not exist [id: {source_id}]")));
    }
    let password = form.text("password");
    if !password.is_empty() && password.chars().count() < SHORTEST_PASSWORD {
        return Err(refuse(400, format!("password must be at least {SHORTEST_PASSWORD} characters")));
    }
    let account = world.accounts.at_mut(call.user);
    if source_id != 0 {
        account.source_id = source_id;
    }
    let hashes = !password.is_empty();
    if hashes {
        account.password = Some(password);
    }
    account.login_name = form.text("login_name");
    account.must_change_password = form.sent_flag("must_change_password").unwrap_or(account.must_change_password);
    account.prohibit_login = form.sent_flag("prohibit_login").unwrap_or(account.prohibit_login);
    account.email = account.email.to_lowercase();
    world.accounts.tick(call.user, call.now, hashes);
    Ok(())
}

/// Replaces the primary address; one's own secondary address counts as used, another case of the same as no change.
fn replace_email(world: &mut World, user: i64, email: &str) -> Result<(), Box<Reply>> {
    let old = world.accounts.at(user).email.clone();
    if old.to_lowercase() == email.to_lowercase() && !email.is_empty() {
        return Ok(());
    }
    if let Some(problem) = names::email_problem(email) {
        return Err(refuse(400, problem));
    }
    if world.emails.is_used(email) {
        return Err(refuse(400, format!("e-mail already in use [email: {email}]")));
    }
    if world.emails.owner_of(&old) == Some(user) {
        world.emails.remove(&old);
    }
    world.emails.insert(user, email, true);
    world.accounts.at_mut(user).email = email.to_lowercase();
    Ok(())
}

fn edit_profile(world: &mut World, call: &Call, form: &Values) -> Result<(), Box<Reply>> {
    let visibility = form.text("visibility");
    if !visibility.is_empty() && !world.settings.allowed_user_visibility.contains(&visibility) {
        return Err(failure(format!("visibility mode not allowed: {visibility}")));
    }
    if form.sent_flag("admin") == Some(false) && is_last_admin(world, call.user) {
        return Err(refuse(400, format!("can not delete the last admin user [uid: {}]", call.user)));
    }
    let account = world.accounts.at_mut(call.user);
    let texts: [(&str, &mut String); 4] = [
        ("full_name", &mut account.full_name),
        ("website", &mut account.website),
        ("location", &mut account.location),
        ("description", &mut account.description),
    ];
    for (name, field) in texts {
        if let Some(text) = form.sent_text(name) {
            *field = text;
        }
    }
    let flags: [(&str, &mut bool); 4] = [
        ("active", &mut account.is_active),
        ("admin", &mut account.is_admin),
        ("restricted", &mut account.is_restricted),
        ("allow_create_organization", &mut account.may_create_orgs),
    ];
    for (name, field) in flags {
        if let Some(flag) = form.sent_flag(name) {
            *field = flag;
        }
    }
    if !visibility.is_empty() {
        account.visibility = visibility;
    }
    if let Some(most) = form.sent_number("max_repo_creation") {
        account.max_repo_creation = most;
    }
    Ok(())
}

fn is_last_admin(world: &World, user: i64) -> bool {
    let account = world.accounts.at(user);
    account.is_admin && !world.accounts.all().any(|other| other.id != user && other.is_admin && other.is_active)
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let account = world.accounts.at(call.user);
    if account.is_org {
        return Err(invalid("target is an organization but not user"));
    }
    if call.doer == Some(call.user) {
        return Err(invalid("you cannot delete yourself"));
    }
    if account.is_active && is_last_admin(world, call.user) {
        return Err(invalid(format!("can not delete the last admin user [uid: {}]", call.user)));
    }
    if super::call::is_yes(call.ask("purge")) {
        purge_belongings(world, call.user);
    }
    if world.owns_repositories(call.user) {
        return Err(invalid(format!("user still has ownership of repositories [uid: {}]", call.user)));
    }
    if !world.orgs.orgs_of(call.user).is_empty() {
        return Err(invalid(format!("user still has membership of organizations [uid: {}]", call.user)));
    }
    world.forget_account(call.user);
    Ok(Reply::empty(204))
}

/// Their repositories, and every organisation they are the last owner of with all its repositories.
fn purge_belongings(world: &mut World, user: i64) {
    world.remove_repositories_of(user);
    for org in world.orgs.orgs_of(user) {
        if world.orgs.is_last_owner(org, user) {
            world.remove_repositories_of(org);
            world.forget_account(org);
        } else {
            world.orgs.expel(org, user);
        }
    }
}

impl World {
    /// Removes an account with what hangs on it. What it wrote stays, as the works of `Ghost`.
    pub(super) fn forget_account(&mut self, id: i64) {
        self.orgs.remove_org(id);
        // An organisation may have been taken as a member of another.
        for org in self.orgs.orgs_of(id) {
            self.orgs.expel(org, id);
        }
        self.emails.remove_all_of(id);
        self.tokens.remove_all_of(id);
        self.forget_rights_of(id);
        self.accounts.remove(id);
    }
}

static RENAME: Form =
    Form { name: "RenameUserOption", fields: &[ruled("new_username", "NewName", Kind::Text, &[Rule::Required])] };

fn rename(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&RENAME)?;
    if world.accounts.at(call.user).is_org {
        return Err(invalid("target is an organization but not user"));
    }
    world.rename_account(call.user, &form.text("new_username"))?;
    Ok(Reply::empty(204))
}

impl World {
    /// Renames a person or an organisation. The present name is no change; there is no limit of length here.
    pub(super) fn rename_account(&mut self, id: i64, name: &str) -> Result<(), Box<Reply>> {
        if self.accounts.at(id).name == name {
            return Ok(());
        }
        names::check_account(name)?;
        if self.accounts.named(name).is_some_and(|holder| holder.id != id) {
            return Err(invalid(format!("user already exists [name: {name}]")));
        }
        self.accounts.rename(id, name);
        Ok(())
    }
}

fn badges(_: &mut World, _: &Call) -> Answer {
    Ok(Reply::json(200, Value::Array(Vec::new())).total(0))
}
