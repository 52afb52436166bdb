//! Values by field name, kept small: a platform holds several of these for each of its objects.

use std::borrow::Cow;
use std::fmt;
use std::iter::Map;
use std::marker::PhantomData;
use std::ops::Index;
use std::{slice, vec};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field's name. Borrowed from the [`KindSpec`](super::KindSpec) in memory, owned when read back from a file.
pub type Field = Cow<'static, str>;

/// Values by field name, in order of the names: an ordered map that takes the room of what it holds and no more. Made
/// for a handful of fields; a name is found by bisection.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByField<V>(Vec<(Field, V)>);

impl<V> ByField<V> {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// The value of a field, to be changed in place.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.find(name).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether there is such a field.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Sets a field; gives the value that it had.
    pub fn insert(&mut self, name: Field, value: V) -> Option<V> {
        match self.find(&name) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (name, value));
                None
            }
        }
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        self.find(name).ok().map(|at| self.0.remove(at).1)
    }

    /// Keeps the fields for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Field, &mut V) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    /// The fields in order.
    pub fn iter(&self) -> Iter<'_, V> {
        self.into_iter()
    }

    /// The names in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Field> + ExactSizeIterator {
        self.0.iter().map(|(name, _)| name)
    }

    /// The values in order of their names.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(it, _)| (**it).cmp(name))
    }
}

/// The fields in order.
pub type Iter<'a, V> = Map<slice::Iter<'a, (Field, V)>, fn(&'a (Field, V)) -> (&'a Field, &'a V)>;

impl<'a, V> IntoIterator for &'a ByField<V> {
    type Item = (&'a Field, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl<V> IntoIterator for ByField<V> {
    type Item = (Field, V);
    type IntoIter = vec::IntoIter<(Field, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Of a field that comes twice, the later value.
impl<V> FromIterator<(Field, V)> for ByField<V> {
    fn from_iter<I: IntoIterator<Item = (Field, V)>>(fields: I) -> Self {
        let mut all = Self(fields.into_iter().collect());
        if !all.0.is_sorted_by(|(a, _), (b, _)| a < b) {
            let mut sorted = Self::new();
            sorted.extend(all.0);
            all = sorted;
        }
        all.0.shrink_to_fit();
        all
    }
}

impl<V> Extend<(Field, V)> for ByField<V> {
    fn extend<I: IntoIterator<Item = (Field, V)>>(&mut self, fields: I) {
        for (name, value) in fields {
            self.insert(name, value);
        }
    }
}

impl<V, const N: usize> From<[(Field, V); N]> for ByField<V> {
    fn from(fields: [(Field, V); N]) -> Self {
        fields.into_iter().collect()
    }
}

impl<V> Default for ByField<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Index<&str> for ByField<V> {
    type Output = V;

    fn index(&self, name: &str) -> &V {
        self.get(name).unwrap_or_else(|| panic!("there is no field '{name}'"))
    }
}

impl<V: fmt::Debug> fmt::Debug for ByField<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<V: Serialize> Serialize for ByField<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for ByField<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// Reads a map entry by entry.
struct Entries<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = ByField<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by field name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut fields = ByField::new();
        while let Some((name, value)) = entries.next_entry()? {
            fields.insert(name, value);
        }
        fields.0.shrink_to_fit();
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// It is the ordered map that it stands for.
        #[test]
        fn it_behaves_as_an_ordered_map(entries in prop::collection::vec(("[a-d]{1,2}", 0..9i32), 0..12), gone in "[a-d]{1,2}") {
            let entries: Vec<(Field, i32)> = entries.into_iter().map(|(name, value)| (name.into(), value)).collect();
            let mut expected: BTreeMap<Field, i32> = entries.iter().cloned().collect();
            let mut fields: ByField<i32> = entries.iter().cloned().collect();
            let mut inserted = ByField::new();
            inserted.extend(entries);
            prop_assert_eq!(&fields, &inserted);
            prop_assert!(fields.iter().eq(expected.iter()));
            let text = serde_json::to_string(&fields).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&expected).unwrap());
            prop_assert_eq!(&serde_json::from_str::<ByField<i32>>(&text).unwrap(), &fields);
            prop_assert_eq!(fields.get(&gone), expected.get(&*gone));
            prop_assert_eq!(fields.remove(&gone), expected.remove(&*gone));
            prop_assert!(fields.keys().eq(expected.keys()) && fields.values().eq(expected.values()));
        }
    }
}
