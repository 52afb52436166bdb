//! One contract, held by every database; and what only a file can do wrong.

mod contract;
mod file;
mod place;
