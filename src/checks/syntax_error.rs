//! `syntax-error`: files that do not parse, or not under the target version.

use super::{Check, Context, Outcome};
use crate::diagnostic::{Location, Severity};
use crate::score::{Area, Tally};
use crate::span::Position;

pub(super) const CHECK: Check = Check {
    name: "syntax-error",
    page: include_str!("../../docs/checks/syntax-error.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut broken = 0;
    for file in context.index.file_ids() {
        let errors = &context.index.facts(file).errors;
        broken += u64::from(!errors.is_empty());
        for error in errors {
            let location = context.location(file, error.span);
            outcome
                .findings
                .extend(context.finding(&CHECK, None, location, error.message.clone()));
        }
    }
    for problem in context.problems {
        let start = Position { line: 1, column: 1 };
        let location = Location {
            path: problem.path.as_str().into(),
            start,
            end: start,
        };
        let message = format!("cannot be read: {}", problem.message);
        outcome
            .findings
            .extend(context.finding(&CHECK, None, location, message));
    }
    let files = context.index.files.len() as u64;
    outcome
        .tallies
        .push((Area::Integrity, Tally::all_but(broken, files)));
    outcome
}
