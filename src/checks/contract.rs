//! `contract`: imports that break the import contracts of the rules file, directly or through other modules.
//!
//! What each type of contract keeps apart is worked out in [`barriers`], the imports that get across in [`routes`].

mod barriers;
mod routes;

use barriers::{Barrier, barriers, left_out};
use routes::{Crossing, Imports, Step};

use super::{Check, Context, Outcome};
use crate::config::{Contract, ContractKind, ModulePattern};
use crate::diagnostic::{Evidence, Finding, Severity};
use crate::score::{Area, Tally};

pub(super) const CHECK: Check = Check {
    name: "contract",
    page: include_str!("../../docs/checks/contract.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut kept = 0;
    let mut contracts = 0;
    for contract in &context.config.contracts {
        if context.severity(&CHECK, Some(&contract.meta)).is_none() {
            continue;
        }
        contracts += 1;
        let findings = broken(context, contract);
        kept += u64::from(findings.is_empty());
        outcome.findings.extend(findings);
    }
    if contracts > 0 {
        outcome
            .tallies
            .push((Area::Structure, Tally::all_but(contracts - kept, contracts)));
    }
    outcome
}

/// Every import that breaks a contract.
fn broken(context: &Context<'_>, contract: &Contract) -> Vec<Finding> {
    let imports = Imports::new(context, contract);
    let mut findings = Vec::new();
    for barrier in barriers(context.index, contract) {
        for crossing in imports.crossings(context, &barrier) {
            findings.extend(report(context, contract, &barrier, &crossing));
        }
    }
    findings.extend(not_in_a_layer(context, contract));
    findings
}

fn report(
    context: &Context<'_>,
    contract: &Contract,
    barrier: &Barrier,
    crossing: &Crossing,
) -> Option<Finding> {
    let first = crossing.steps.first()?;
    let last = crossing.steps.last()?;
    let importer = &context.index.module(first.importer).name;
    let through: Vec<String> = crossing
        .steps
        .iter()
        .skip(1)
        .map(|step| format!("`{}`", context.index.module(step.importer).name))
        .collect();
    let through = match &through[..] {
        [] => String::new(),
        through => format!(" through {}", through.join(" → ")),
    };
    let message = format!(
        "`{importer}` imports `{}`{through}, but {}",
        last.imported,
        barrier.law(importer, &last.imported)
    );
    let location = context.location(first.file, first.span(context));
    let mut finding = context.finding(&CHECK, Some(&contract.meta), location, message)?;
    finding.symbol = Some(last.imported.clone());
    let hop = |step: &Step| {
        let importer = &context.index.module(step.importer).name;
        let message = format!("`{importer}` imports `{}` here", step.imported);
        context.evidence(step.file, step.span(context), message)
    };
    if crossing.steps.len() > 1 {
        finding.evidence = crossing.steps.iter().map(hop).collect();
    }
    finding.evidence.push(Evidence {
        location: contract.meta.location.clone(),
        message: "the contract".to_owned(),
    });
    finding.help.clone_from(&contract.meta.reason);
    Some(finding)
}

/// The modules and patterns of a contract that no module answers to.
pub(super) fn missing(context: &Context<'_>, contract: &Contract) -> Vec<String> {
    let modules = &context.index.modules;
    // A selector that selects nothing is told of by itself.
    let is_there = |pattern: &ModulePattern| {
        let mut names = modules.all().iter().map(|module| &module.name);
        pattern.is_selector() || names.any(|name| pattern.covers(name))
    };
    let patterns = |lists: &[&Vec<ModulePattern>]| -> Vec<String> {
        let all = lists.iter().flat_map(|list| list.iter());
        let missing = all.filter(|pattern| !is_there(pattern));
        missing.map(|pattern| pattern.text.clone()).collect()
    };
    match &contract.kind {
        ContractKind::Layers(layers) => barriers::layer_names(layers)
            .into_iter()
            .filter(|name| modules.by_name(name).is_none())
            .collect(),
        ContractKind::Forbidden {
            modules, forbidden, ..
        } => {
            let mut missing = patterns(&[modules]);
            let forbidden = patterns(&[forbidden]).into_iter();
            missing.extend(forbidden.filter(|text| is_ours(context, text)));
            missing
        }
        ContractKind::Independence(modules) => patterns(&[modules]),
        ContractKind::Protected { modules, importers } => patterns(&[modules, importers]),
    }
}

/// Whether a pattern speaks of the project: what has no module of it at its root is a library.
pub(super) fn is_ours(context: &Context<'_>, pattern: &str) -> bool {
    let root = pattern.split(['.', ':']).next().unwrap_or(pattern);
    context.index.modules.by_name(root).is_some()
}

/// What lies in a container of an exhaustive contract but in none of its layers.
fn not_in_a_layer(context: &Context<'_>, contract: &Contract) -> Vec<Finding> {
    let ContractKind::Layers(layers) = &contract.kind else {
        return Vec::new();
    };
    let findings = left_out(context.index, layers)
        .into_iter()
        .filter_map(|(module, container)| {
            let name = &context.index.module(module).name;
            let message = format!("`{name}` is in no layer of `{container}`");
            let file = context.index.module(module).file?;
            let mut finding = context.finding(
                &CHECK,
                Some(&contract.meta),
                context.start_of(file),
                message,
            )?;
            finding.symbol = Some(name.to_string());
            finding.evidence.push(Evidence {
                location: contract.meta.location.clone(),
                message: "the contract is exhaustive".to_owned(),
            });
            finding.help = contract
                .meta
                .reason
                .clone()
                .or_else(|| Some("add it to a layer, or to `exhaustive-ignores`".to_owned()));
            Some(finding)
        });
    findings.collect()
}
