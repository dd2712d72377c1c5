//! `ssot` keeps a codebase to a single source of truth.

pub mod config;
pub mod diagnostic;
pub mod facts;
pub mod fix;
pub mod lang;
pub mod span;
