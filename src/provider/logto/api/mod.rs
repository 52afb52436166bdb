//! The calls: reads on one side, writes on the other. A reading half is built from [`Reads`] alone.

mod list;
mod reads;
pub mod routes;
pub mod wire;
mod writes;

pub use list::Listed;
pub use reads::{Reads, Searched};
pub use writes::Writes;

use crate::provider::http::{Connection, Door};

use super::errors::classify;
use super::options::Options;
use super::tokens::{Resource, Tokens};
use crate::engine::model::Failure;

/// A way into one Logto, with what is known about it from the config.
pub struct Access {
    /// The door that everything goes through.
    pub door: Door,
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
        let tokens = Tokens::new(connection.clone(), Resource(options.resource.clone()));
        let door = Door::new(connection, Box::new(tokens), classify)?;
        Ok(Self { door, options })
    }

    /// The reading calls.
    pub fn reads(&self) -> Reads {
        Reads::new(self.door.read_only(routes::READS))
    }

    /// The writing calls.
    pub fn writes(&self) -> Writes {
        Writes::new(self.door.clone())
    }
}
