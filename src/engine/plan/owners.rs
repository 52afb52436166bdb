//! Who is the last owner of something, and is about to lose their account: named before anything happens, because
//! afterwards only an administrator of the service can name another.

use std::collections::{BTreeMap, BTreeSet};

use super::input::PlanInput;
use super::{Plan, Verb};
use crate::engine::model::{Address, KindClass, KindName, Live, Tells, Value};

/// Tells of each thing whose owners would all be closed out.
pub(super) fn last_owners(plan: &Plan, input: &PlanInput<'_>, note: &mut dyn FnMut(String)) {
    let leaving = plan.steps.iter().filter(|step| step.verb == Verb::Disable && step.class == KindClass::Person);
    let leaving: BTreeSet<&Address> = leaving.map(|step| &step.address).collect();
    if leaving.is_empty() {
        return;
    }
    for (place, owners) in owners(input, &leaving) {
        let stays = owners.iter().any(|owner| !leaving.contains(owner));
        let last: Vec<&str> = owners.iter().filter(|owner| leaving.contains(*owner)).map(|it| &*it.key).collect();
        if stays || last.is_empty() {
            continue;
        }
        let verb = if last.len() == 1 { "is the only one who owns" } else { "are the only ones who own" };
        note(format!(
            "{} {verb} {place}: name another owner there first, or an administrator has to later",
            last.join(" and ")
        ));
    }
}

/// People with an open account, by what they own: only the installations that somebody leaves are looked at.
fn owners<'a>(input: &'a PlanInput<'_>, leaving: &BTreeSet<&Address>) -> BTreeMap<String, BTreeSet<&'a Address>> {
    let mut owners: BTreeMap<String, BTreeSet<&Address>> = BTreeMap::new();
    let kinds: BTreeSet<(&_, &KindName)> = leaving.iter().map(|it| (&it.instance, &it.kind)).collect();
    let is_open =
        |account: &&Live| input.diff.kinds.spec(&account.address).and_then(|spec| account.is_on(spec)) != Some(false);
    for edge in input.diff.observed.live.values().filter(|edge| owns(edge, input)) {
        let place = edge.address.parent_key().unwrap_or_default();
        for (instance, kind) in kinds.iter().filter(|(instance, _)| **instance == edge.address.instance) {
            let account = Address::new(instance, kind.as_str(), edge.address.leaf());
            let account = input.diff.observed.live.get(&account).filter(is_open);
            if let Some(account) = account.filter(|account| !input.diff.own_accounts.contains(&account.address)) {
                owners.entry(format!("'{place}' in {instance}")).or_default().insert(&account.address);
            }
        }
    }
    owners
}

fn owns(edge: &Live, input: &PlanInput<'_>) -> bool {
    let spec = input.diff.kinds.spec(&edge.address).filter(|spec| spec.class == KindClass::Membership);
    let fields = spec.into_iter().flat_map(|spec| spec.that_tell(Tells::Owns));
    fields.into_iter().any(|field| edge.fields.get(field.name) == Some(&Value::Bool(true)))
}
