//! One object by itself.

use crate::engine::model::{Address, Failure, FailureClass, Instance, Live};
use crate::provider::contract::Look;
use crate::provider::kubernetes::api::Api;
use crate::provider::kubernetes::intent::parts;
use crate::provider::kubernetes::options::Options;
use crate::provider::kubernetes::{convert, kinds};

pub(super) async fn look(
    api: &Api,
    options: &Options,
    instance: &Instance,
    address: &Address,
) -> Result<Look, Failure> {
    let found = read(api, options, instance, address).await?;
    Ok(found.map_or(Look::Absent, |live| Look::Present(Box::new(live))))
}

/// An object; `None` where the server says that it is not there.
pub(super) async fn read(
    api: &Api,
    options: &Options,
    instance: &Instance,
    address: &Address,
) -> Result<Option<Live>, Failure> {
    let (namespace, name) = parts(address);
    Ok(match address.kind.as_str() {
        kinds::NAMESPACE => api.namespace(namespace).await?.map(|it| convert::namespace(instance, &it)),
        kinds::CONFIG_MAP => {
            let found = api.config_map(namespace, name).await?;
            found.map(|it| convert::config_map(instance, options.conflicts, &it))
        }
        kinds::ROLLOUT => {
            let found = api.deployment(namespace, name).await?;
            found.map(|it| convert::rollout(instance, options.conflicts, &it))
        }
        other => {
            let said = format!("a cluster has nothing called '{other}'");
            return Err(Failure::new(FailureClass::Refused, format!("look at '{address}'"), said));
        }
    })
}
