//! Real repositories in temporary folders, and a real Git server over HTTP.

mod directory;
mod http;
mod local;
mod server;
mod world;
