//! `ssot` keeps a codebase to a single source of truth.

pub mod config;
pub mod diagnostic;
pub mod discover;
pub mod facts;
pub mod source;
pub mod span;
