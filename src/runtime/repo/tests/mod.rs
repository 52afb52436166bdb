//! Real repositories in temporary folders, and real Git servers over HTTP and through a process.

mod directory;
mod http;
mod local;
mod server;
mod ssh;
mod world;
