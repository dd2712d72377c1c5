//! `shadowed-module`: files that are never loaded, because a package of their name wins.

use super::{Check, Context, Outcome};
use crate::diagnostic::{Finding, Severity};
use crate::index::{FileId, Module};

pub(super) const CHECK: Check = Check {
    name: "shadowed-module",
    page: include_str!("../../docs/checks/shadowed-module.md"),
    severity: Severity::Warning,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    for module in context.index.modules.all() {
        for &dead in &module.shadowed {
            outcome.findings.extend(report(context, module, dead));
        }
    }
    outcome
}

fn report(context: &Context<'_>, module: &Module, dead: FileId) -> Option<Finding> {
    let winner = module.file?;
    let paths = [dead, winner].map(|file| &context.index.file(file).path);
    let message = format!(
        "`{}` never runs: Python loads the package `{}`",
        paths[0], paths[1]
    );
    let mut finding = context.finding(&CHECK, None, context.start_of(dead), message)?;
    finding.symbol = Some(module.name.to_string());
    finding.evidence.push(context.evidence(
        winner,
        crate::span::Span::at(0),
        format!("`{}` is this file", module.name),
    ));
    finding.help =
        Some("move what is still needed into the package and delete the file".to_owned());
    Some(finding)
}
