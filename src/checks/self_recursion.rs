//! `self-recursion`: functions that call themselves.

use rustc_hash::FxHashSet;

use super::{Check, Context, Outcome, recursion_report};
use crate::diagnostic::Severity;
use crate::graph::calls::FunctionId;
use crate::score::{Area, Tally};

pub(super) const CHECK: Check = Check {
    name: "self-recursion",
    page: include_str!("../../docs/checks/self-recursion.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = recursion_report::run(context, &CHECK, |cycle| cycle.functions.len() == 1);
    // Functions are one population for both recursion checks; it is counted here. One may be in a circle of several
    // classes.
    let cycles = context.recursion.cycles.iter();
    let endless: FxHashSet<FunctionId> = cycles
        .filter(|cycle| cycle.unconditional)
        .flat_map(|cycle| cycle.functions.iter().copied())
        .collect();
    let tally = Tally::all_but(endless.len() as u64, context.recursion.functions);
    outcome.tallies.push((Area::Recursion, tally));
    outcome
}
