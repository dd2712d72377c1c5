//! `self-recursion`: functions that call themselves.

use super::{Check, Context, Outcome, recursion_report};
use crate::diagnostic::Severity;
use crate::score::{Area, Tally};

pub(super) const CHECK: Check = Check {
    name: "self-recursion",
    page: include_str!("../../docs/checks/self-recursion.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = recursion_report::run(context, &CHECK, |cycle| cycle.functions.len() == 1);
    // Functions are one population for both recursion checks; it is counted here.
    let endless = context
        .recursion
        .cycles
        .iter()
        .filter(|cycle| cycle.unconditional)
        .map(|cycle| cycle.functions.len() as u64)
        .sum();
    let tally = Tally::all_but(endless, context.recursion.functions);
    outcome.tallies.push((Area::Recursion, tally));
    outcome
}
