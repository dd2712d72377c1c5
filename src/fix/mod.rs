//! Fixing: what a change of bindings asks of a file, how edits become new contents, and how those reach the disk.
//!
//! Owns which moves are refused, the edits of those that are not, and the proof that they do what they should.
//! Owns neither the choice of what to fix nor any language's syntax.

pub mod apply;
mod delete;
pub mod diff;
mod differ;
pub mod edit;
mod entry_points;
mod judge;
pub mod links;
mod loading;
mod mentions;
pub mod moves;
mod order;
mod outside;
mod patched;
pub mod pending;
mod plan;
mod replace;
mod run;
mod target;
mod through;
pub mod transaction;
pub mod verify;

pub use plan::{Project, plan};
pub use run::{FixRun, fix};
