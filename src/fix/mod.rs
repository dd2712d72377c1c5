//! Fixing: what a change of bindings asks of a file, how edits become new contents, and how those reach the disk.
//!
//! Owns neither the choice of what to fix nor any language's syntax.

pub mod apply;
pub mod diff;
pub mod edit;
