//! What the recordings show in single steps, in longer stories; and the readers by themselves.

mod ownership;
mod readers;
