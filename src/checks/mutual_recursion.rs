//! `mutual-recursion`: functions that call each other in a circle.

use super::{Check, Context, Outcome, recursion_report};
use crate::diagnostic::Severity;

pub(super) const CHECK: Check = Check {
    name: "mutual-recursion",
    page: include_str!("../../docs/checks/mutual-recursion.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    recursion_report::run(context, &CHECK, |cycle| cycle.functions.len() > 1)
}
