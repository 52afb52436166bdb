//! One object by itself: what settles an unclear write, and what proves an absence.

use super::missing;
use crate::engine::model::{Address, Failure, FailureClass, Instance, Live};
use crate::provider::coder::api::Api;
use crate::provider::coder::wire::Job;
use crate::provider::coder::{convert, kinds};
use crate::provider::contract::Look;

/// One object by itself. A 404 proves nothing before our rights do.
pub(super) async fn look(api: &Api, instance: &Instance, address: &Address, id: Option<&str>) -> Result<Look, Failure> {
    let key = &*address.key;
    let (found, right) = match address.kind.as_str() {
        kinds::USER => (look_at_user(api, instance, key).await?, "read every account"),
        kinds::TEMPLATE => (look_at_template(api, instance, key).await?, "read every template"),
        kinds::GROUP => (api.group(key).await?.map(|it| convert::group(instance, &it)), "read every group"),
        kinds::GROUP_MEMBER => (look_at_member(api, instance, key).await?, "read everybody in groups"),
        kinds::TEMPLATE_VERSION => (look_at_version(api, instance, key, id).await?, "read every template"),
        kinds::WORKSPACE => (look_at_workspace(api, instance, key).await?, "read every workspace"),
        other => {
            let doing = format!("look at '{address}'");
            return Err(Failure::new(FailureClass::Refused, doing, format!("Coder has nothing called '{other}'")));
        }
    };
    if let Some(found) = found {
        return Ok(Look::Present(Box::new(found)));
    }
    let organization = api.organization().await?;
    match missing(right, &api.rights(&organization.id).await?) {
        Some(failure) => Err(failure),
        None => Ok(Look::Absent),
    }
}

async fn look_at_user(api: &Api, instance: &Instance, name: &str) -> Result<Option<Live>, Failure> {
    let Some(user) = api.user(name).await? else { return Ok(None) };
    Ok(Some(convert::user(instance, &api.organization().await?.id, &user)))
}

async fn look_at_member(api: &Api, instance: &Instance, key: &str) -> Result<Option<Live>, Failure> {
    let (name, person) = key.split_once('/').unwrap_or((key, ""));
    let group = api.group(name).await?.filter(|it| it.holds(person));
    Ok(group.map(|it| convert::group_member(instance, &it.name, person)))
}

async fn look_at_template(api: &Api, instance: &Instance, name: &str) -> Result<Option<Live>, Failure> {
    let Some(template) = api.template(name).await? else { return Ok(None) };
    let active = api.version(&template.active_version_id).await?;
    Ok(Some(convert::template(instance, &template, active.as_ref().map(|it| it.name.as_str()))))
}

async fn look_at_version(api: &Api, instance: &Instance, key: &str, id: Option<&str>) -> Result<Option<Live>, Failure> {
    let (template, name) = key.split_once('/').unwrap_or((key, ""));
    let found = match id {
        Some(id) => api.version(id).await?,
        None => match api.template(template).await? {
            Some(it) => api.version_named(&it.id, name).await?,
            None => api.orphan(name).await?,
        },
    };
    if let Some(it) = found.as_ref().filter(|it| !it.job.is_over()) {
        return Err(goes_on(&format!("look at version '{key}'"), &it.job));
    }
    Ok(found.map(|it| convert::version(instance, template, &it)))
}

async fn look_at_workspace(api: &Api, instance: &Instance, key: &str) -> Result<Option<Live>, Failure> {
    let (owner, name) = key.split_once('/').unwrap_or((key, ""));
    let Some(workspace) = api.workspace(owner, name).await? else { return Ok(None) };
    let build = &workspace.latest_build;
    if !build.job.is_over() {
        return Err(goes_on(&format!("look at workspace '{key}'"), &build.job));
    }
    let values = api.values(build).await?;
    let dashboard = api.build_info().await?.dashboard_url;
    Ok(Some(convert::workspace(instance, &workspace, Some(&values), &dashboard)))
}

/// What is still being made is neither there nor absent.
fn goes_on(doing: &str, job: &Job) -> Failure {
    Failure::new(FailureClass::Later, doing, format!("its job goes on ({})", job.what()))
        .help("the next run looks again")
}
