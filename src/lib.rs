//! `ssot` keeps a codebase to a single source of truth.

pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod facts;
pub mod fingerprint;
pub mod report;
pub mod score;
pub mod span;
pub mod suggest;
pub mod suppress;
