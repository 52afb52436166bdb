//! The calls: reads on one side, writes on the other. A reading half is built from [`Reads`] alone.

mod reads;
pub mod routes;
pub mod wire;
mod writes;

pub use reads::Reads;
pub use writes::Writes;

use crate::provider::http::{Connection, Door};

use super::errors::classify;
use super::options::Options;
use super::tokens::{Realm, Tokens};
use crate::engine::model::Failure;

/// A way into one realm, with what is known about it from the config.
pub struct Access {
    /// The door that everything goes through.
    pub door: Door,
    /// The tokens that it signs with.
    pub tokens: Tokens,
    /// The installation's options.
    pub options: Options,
}

impl Access {
    /// Opens the way.
    ///
    /// # Errors
    /// When the options cannot be read or no HTTP client can be made.
    pub fn open(connection: Connection) -> Result<Self, Failure> {
        let options: Options = connection.read_options()?;
        let tokens = Tokens::new(connection.clone(), Realm(options.realm.clone()));
        let door = Door::new(connection, Box::new(tokens.clone()), classify)?;
        Ok(Self { door, tokens, options })
    }

    /// The reading calls.
    pub fn reads(&self) -> Reads {
        Reads::new(self.door.read_only(routes::READS), &self.options.realm)
    }

    /// The writing calls.
    pub fn writes(&self) -> Writes {
        Writes::new(self.door.clone(), &self.options.realm)
    }
}
