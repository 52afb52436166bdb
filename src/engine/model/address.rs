//! How a resource is named: `gitea:user/alice`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! short_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text that is already in canonical form.
            pub fn new(text: &str) -> Self {
                Self(Arc::from(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// By text. Most that meet are one and the same, which is seen without reading it.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self(Arc::from(String::deserialize(deserializer)?)))
            }
        }
    };
}

short_name! {
    /// One configured installation of a service: `gitea`, `gitea-eu`. By default named as its type.
    Instance
}

short_name! {
    /// A kind of resource within a service: `user`, `team-member`. Names are unique within one provider.
    KindName
}

/// The name of one resource: instance, kind, and its natural key in the service's own canonical form
/// (case folded as that service folds). The key of a thing within another is `parent/child`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Which installation.
    pub instance: Instance,
    /// Which kind of resource there.
    pub kind: KindName,
    /// The natural key, canonical; may contain `/`.
    pub key: Arc<str>,
}

impl Address {
    /// Puts an address together from parts that are already canonical.
    pub fn new(instance: &Instance, kind: &str, key: &str) -> Self {
        Self { instance: instance.clone(), kind: KindName::new(kind), key: Arc::from(key) }
    }

    /// The key of what this resource lies in: everything before the last `/`; `None` at the top.
    pub fn parent_key(&self) -> Option<&str> {
        self.key.rsplit_once('/').map(|(parent, _)| parent)
    }

    /// The last part of the key.
    pub fn leaf(&self) -> &str {
        self.key.rsplit_once('/').map_or(&*self.key, |(_, leaf)| leaf)
    }
}

/// Makes addresses hold the names of instance and kind in common with the one before them, where they are equal: a list
/// of a million addresses in order then holds each of these names once.
pub fn share_names<'a>(addresses: impl IntoIterator<Item = &'a mut Address>) {
    let mut last: Option<&Address> = None;
    for address in addresses {
        if let Some(last) = last {
            if address.instance == last.instance {
                address.instance = last.instance.clone();
            }
            if address.kind == last.kind {
                address.kind = last.kind.clone();
            }
        }
        last = Some(address);
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.instance, self.kind, self.key)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an address; an address is 'instance:kind/key', such as 'gitea:user/alice'")]
pub struct NotAnAddress(pub String);

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':').and_then(|(instance, rest)| {
            let (kind, key) = rest.split_once('/')?;
            (!instance.is_empty() && !kind.is_empty() && !key.is_empty()).then_some((instance, kind, key))
        });
        let (instance, kind, key) = parts.ok_or_else(|| NotAnAddress(text.to_owned()))?;
        Ok(Self::new(&Instance::new(instance), kind, key))
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_own_text() {
        let address = Address::new(&Instance::new("keycloak"), "membership", "acme-corp/platform/alice");
        assert_eq!(address.to_string(), "keycloak:membership/acme-corp/platform/alice");
        assert_eq!(address.to_string().parse::<Address>(), Ok(address.clone()));
        assert_eq!(address.parent_key(), Some("acme-corp/platform"));
        assert_eq!(address.leaf(), "alice");
    }

    #[test]
    fn half_an_address_is_refused() {
        for text in ["", "gitea", "gitea:", "gitea:user", "gitea:user/", ":user/alice", "gitea:/alice"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
