//! The rules file: found, parsed, checked, merged with what it extends.

mod model;

pub use model::*;
