//! `ssot` keeps a codebase to a single source of truth.

pub mod checks;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod discover;
pub mod facts;
pub mod fingerprint;
pub mod fix;
pub mod graph;
pub mod index;
pub mod lang;
pub mod report;
pub mod score;
pub mod source;
pub mod span;
pub mod suggest;
pub mod suppress;
