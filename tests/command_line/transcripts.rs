//! What a new user would try, and what they are told.

mod beginning;
mod changes;
mod commands;
mod config;
mod import;
mod mono_repo;
mod plans;
mod services;
