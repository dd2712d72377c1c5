//! Writing as a transaction: all files or none, whatever stops it, and back again.

#![allow(clippy::unwrap_used)]

#[path = "transaction/faults.rs"]
mod faults;
#[path = "transaction/files.rs"]
mod files;
#[path = "transaction/properties.rs"]
mod properties;
#[path = "transaction/support.rs"]
mod support;
#[path = "transaction/undoing.rs"]
mod undoing;
