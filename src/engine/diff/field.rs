//! Two values of one field: are they the same, and would the change open or close access?

use std::collections::BTreeSet;

use super::Effect;
use crate::engine::model::{Access, Compare, FieldSpec, Value};

/// Whether two canonical values are the same in the sense of the field.
pub fn same(spec: &FieldSpec, wanted: &Value, live: &Value) -> bool {
    // What is equal is the same in every sense, and most of what is compared is equal.
    if wanted == live {
        return true;
    }
    match spec.compare {
        Compare::Folded | Compare::While(..) => folded(wanted) == folded(live),
        Compare::Set => as_set(wanted) == as_set(live),
        Compare::Keys | Compare::Once => match (wanted, live) {
            (Value::Map(wanted), Value::Map(live)) => {
                wanted.iter().all(|(key, value)| live.get(key).unwrap_or(&Value::Null) == value)
            }
            (Value::Map(wanted), Value::Null) => wanted.values().all(|value| *value == Value::Null),
            _ => false,
        },
        Compare::Plain
        | Compare::Text
        | Compare::UntilTaken
        | Compare::CreateOnly
        | Compare::WriteOnly
        | Compare::ServerOwned => false,
    }
}

/// Whether a field is held against live state at all.
pub fn is_compared(spec: &FieldSpec) -> bool {
    !matches!(spec.compare, Compare::CreateOnly | Compare::ServerOwned | Compare::WriteOnly)
}

/// What setting `after` where `before` stands does to access.
pub fn effect(spec: &FieldSpec, before: &Value, after: &Value) -> Effect {
    match spec.access {
        Access::None | Access::Vouches => Effect::Neutral,
        Access::SignIn => Effect::SignIn,
        Access::OpenWhen(open) => match (before.as_bool() == Some(open), after.as_bool() == Some(open)) {
            (false, true) => Effect::Opens,
            (true, false) => Effect::Closes,
            _ => Effect::Neutral,
        },
        Access::Levels(levels) => {
            let (before, after) = (levels_of(levels, before), levels_of(levels, after));
            let keys: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
            let rank = |of: &std::collections::BTreeMap<&str, usize>, key| of.get(key).copied().unwrap_or(0);
            sum(keys.into_iter().map(|key| rank(&after, key).cmp(&rank(&before, key))))
        }
        Access::Grants => {
            let (before, after) = (as_set(before), as_set(after));
            let opens = after.difference(&before).next().is_some();
            let closes = before.difference(&after).next().is_some();
            either(opens, closes)
        }
    }
}

/// What stands between `before` and `after` when first everything is closed that is to be closed, and nothing is
/// opened yet. `None` for fields that have no such middle.
pub fn closing_part(spec: &FieldSpec, before: &Value, after: &Value) -> Option<Value> {
    match (spec.access, before, after) {
        (Access::Levels(levels), Value::Map(before), Value::Map(after)) => {
            let rank = |map: &std::collections::BTreeMap<String, Value>, key: &String| {
                let level = map.get(key).and_then(Value::as_text);
                level.map_or(0, |text| levels.iter().position(|it| *it == text).unwrap_or(levels.len()))
            };
            let keys = before.keys().chain(after.keys());
            let lower = keys.filter_map(|key| {
                let source = if rank(before, key) <= rank(after, key) { before } else { after };
                Some((key.clone(), source.get(key)?.clone()))
            });
            Some(Value::Map(lower.collect()))
        }
        (Access::Grants, _, _) => {
            Some(Value::List(as_set(before).intersection(&as_set(after)).map(|item| (*item).clone()).collect()))
        }
        _ => None,
    }
}

fn folded(value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(text.to_lowercase()),
        other => other.clone(),
    }
}

fn as_set(value: &Value) -> BTreeSet<&Value> {
    match value {
        Value::List(items) => items.iter().collect(),
        Value::Null => BTreeSet::new(),
        other => BTreeSet::from([other]),
    }
}

/// Ranks by name; a level that stands alone has the empty name. An unknown level counts as the highest, so that
/// taking it away is seen as closing.
fn levels_of<'a>(levels: &[&str], value: &'a Value) -> std::collections::BTreeMap<&'a str, usize> {
    let rank = |value: &Value| {
        value.as_text().map_or(0, |text| levels.iter().position(|level| *level == text).unwrap_or(levels.len()))
    };
    match value {
        Value::Map(map) => map.iter().map(|(key, value)| (key.as_str(), rank(value))).collect(),
        Value::Null => Default::default(),
        single => [("", rank(single))].into(),
    }
}

fn sum(orders: impl Iterator<Item = std::cmp::Ordering>) -> Effect {
    let (mut opens, mut closes) = (false, false);
    for order in orders {
        opens |= order.is_gt();
        closes |= order.is_lt();
    }
    either(opens, closes)
}

fn either(opens: bool, closes: bool) -> Effect {
    match (opens, closes) {
        (true, true) => Effect::Both,
        (true, false) => Effect::Opens,
        (false, true) => Effect::Closes,
        (false, false) => Effect::Neutral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Value {
        Value::Map(pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect())
    }

    #[test]
    fn folded_sets_and_keys_forgive_what_means_nothing() {
        let field = |compare| FieldSpec::new("f", "", compare);
        assert!(same(&field(Compare::Folded), &"Alice@Acme.test".into(), &"alice@acme.test".into()));
        assert!(!same(&field(Compare::Plain), &"Alice".into(), &"alice".into()));
        let doubled = Value::List(vec!["b".into(), "a".into(), "b".into()]);
        assert!(same(&field(Compare::Set), &Value::set(["a", "b"]), &doubled));
        assert!(same(&field(Compare::Set), &Value::set::<_, String>([]), &Value::Null));
        assert!(same(&field(Compare::Keys), &map(&[("ours", "1")]), &map(&[("ours", "1"), ("theirs", "2")])));
        assert!(!same(&field(Compare::Keys), &map(&[("ours", "1")]), &map(&[("theirs", "2")])));
    }

    #[test]
    fn opening_and_closing_are_told_apart() {
        const LEVELS: Access = Access::Levels(&["none", "read", "write", "admin"]);
        let units = FieldSpec::new("units", "", Compare::Plain).access(LEVELS);
        let widened = map(&[("code", "admin"), ("issues", "read")]);
        let wanted = map(&[("code", "write"), ("issues", "read")]);
        assert_eq!(effect(&units, &widened, &wanted), Effect::Closes);
        assert_eq!(effect(&units, &wanted, &widened), Effect::Opens);
        assert_eq!(effect(&units, &map(&[("wiki", "read")]), &map(&[("code", "read")])), Effect::Both);
        assert_eq!(effect(&units, &map(&[("wiki", "root")]), &map(&[("wiki", "admin")])), Effect::Closes);

        let enabled = FieldSpec::new("enabled", "", Compare::Plain).access(Access::OpenWhen(true));
        assert_eq!(effect(&enabled, &false.into(), &true.into()), Effect::Opens);
        assert_eq!(effect(&enabled, &true.into(), &false.into()), Effect::Closes);
        let redirects = FieldSpec::new("redirects", "", Compare::Set).access(Access::Grants);
        assert_eq!(effect(&redirects, &Value::set(["a"]), &Value::set(["a", "b"])), Effect::Opens);
    }
}
