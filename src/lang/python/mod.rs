//! The Python front end.

pub mod rewrite;
