//! What an object of a service would be declared as.

use crate::engine::model::Live;

/// What a live object would be declared as. Names are those of entities.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Described {
    /// An organisation.
    Organisation {
        /// Its name.
        name: String,
        /// What people call it.
        display_name: Option<String>,
        /// What it is.
        description: Option<String>,
    },
    /// A team of an organisation, or of another team.
    Team {
        /// Its name.
        name: String,
        /// What it is part of.
        parent: String,
        /// What people call it.
        display_name: Option<String>,
        /// What it is for.
        description: Option<String>,
    },
    /// A person.
    Person {
        /// The name of the account.
        name: String,
        /// The whole name.
        display_name: Option<String>,
        /// The address.
        email: Option<String>,
    },
    /// A person in an organisation or team.
    Member {
        /// The person.
        person: String,
        /// The organisation or team.
        group: String,
    },
    /// A repository of an organisation.
    Repository {
        /// Its name.
        name: String,
        /// The organisation.
        organisation: String,
        /// What it is.
        description: Option<String>,
        /// The annotation, without the prefix, that names it as `organisation/name` where the entity has another name.
        named_by: &'static str,
    },
    /// A place where the people of an organisation, or of one of its teams, talk.
    Channel {
        /// Its name.
        name: String,
        /// The organisation.
        organisation: String,
        /// Whether only those who were added see it.
        private: bool,
        /// The annotation, without the prefix, by which a group asks for its channels.
        asked_by: &'static str,
    },
    /// A person in a channel.
    Listener {
        /// The person.
        person: String,
        /// The organisation of the channel.
        organisation: String,
        /// The channel.
        channel: String,
    },
}

impl Described {
    /// An account as a person; `whole_name` are the fields that hold the name, in order.
    pub fn person(live: &Live, whole_name: &[&str]) -> Self {
        let words: Vec<&str> = whole_name.iter().filter_map(|field| live.text(field)).collect();
        let display_name = (!words.is_empty()).then(|| words.join(" "));
        let email = live.text("email").map(str::to_owned);
        Self::Person { name: live.address.leaf().to_owned(), display_name, email }
    }
}
