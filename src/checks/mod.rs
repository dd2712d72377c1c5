//! The checks: each a file with one [`Check`], registered by one line in [`ALL`].
//!
//! A check reads the index, the graphs and the rules, and says what breaks them. It neither prints nor decides what
//! is hidden.

pub mod context;
pub mod whereabouts;

mod call_mismatch;
mod contract;
mod disused;
mod duplicate_definition;
mod gateway;
mod governed;
mod import_cycle;
mod missing_event;
mod mutual_recursion;
mod noncanonical_import;
mod places;
mod recursion_report;
mod registry_drift;
mod retired;
mod retired_module;
mod retired_symbol;
mod self_recursion;
mod shadowed_module;
mod shared_instance;
mod spelled;
mod stub_implementation;
mod successor;
mod syntax_error;
mod trail;
mod unresolved_import;
mod unused_rule;
mod uses;
mod versions;

pub use context::{Context, Outcome};

use crate::diagnostic::Severity;

/// A check.
#[derive(Debug)]
pub struct Check {
    /// Its kebab-case name.
    pub name: &'static str,
    /// Its page.
    pub page: &'static str,
    /// Its severity unless the rules file says otherwise.
    pub severity: Severity,
    /// Finds what breaks it.
    pub run: fn(&Context<'_>) -> Outcome,
}

/// All checks, by name.
pub const ALL: &[&Check] = &[
    &call_mismatch::CHECK,
    &contract::CHECK,
    &duplicate_definition::CHECK,
    &gateway::CHECK,
    &import_cycle::CHECK,
    &missing_event::CHECK,
    &mutual_recursion::CHECK,
    &noncanonical_import::CHECK,
    &registry_drift::CHECK,
    &retired_module::CHECK,
    &retired_symbol::CHECK,
    &self_recursion::CHECK,
    &shadowed_module::CHECK,
    &shared_instance::CHECK,
    &stub_implementation::CHECK,
    &syntax_error::CHECK,
    &unresolved_import::CHECK,
    &unused_rule::CHECK,
];

/// The check of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Check> {
    ALL.iter().find(|check| check.name == name).copied()
}
