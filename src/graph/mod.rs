//! Graphs over the index: who imports whom, who calls whom.
//!
//! Owns edges and the algorithms on them. Says nothing about rules.

pub mod calls;
pub mod flow;
pub mod imports;
pub mod paths;
pub mod recursion;
pub mod scc;
