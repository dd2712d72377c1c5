//! The rules file: found, parsed, checked, merged with what it extends.
//!
//! A file goes through four hands: `shape` holds the TOML tree against the schema, `raw` is what is left as types,
//! `layer`, `rules`, `selectors` and `contracts` judge its values, `endorsed` adds what
//! the import registry says, `conflicts` judges what all rules say together. Each tells of every mistake it
//! finds; [`load`] gives the rules only when there is none.

mod conflicts;
mod contracts;
mod endorsed;
mod globs;
mod import_style;
mod layer;
mod load;
mod model;
mod names;
mod packs;
mod paths;
mod problem;
mod python_version;
mod raw;
mod rules;
mod schema;
mod selectors;
mod shape;
mod since;

pub use load::{LoadOptions, Loaded, load, parse, root};
pub use model::*;
pub use names::{AREAS, CHECKS};
pub use packs::{pack, pack_names};
pub use problem::{ConfigError, Problem, Related, RulesFile};
pub use schema::schema;
