//! Plans and differences as people and programs read them: text, JSON, Markdown. Values in, text out.

pub mod access;
pub mod change;
pub mod json;
pub mod markdown;
mod named;
pub mod page;
mod shadow;
pub mod summary;
#[cfg(test)]
mod tests;
pub mod text;

pub use page::{Look, Page, Tone};
pub use summary::Summary;
