//! `unused-rule`: canonical rules that match nothing, and contracts that name what is not there.
//!
//! A `[[retired]]` rule whose target is gone does what it is for: it keeps it gone. It is never reported.

use super::governed::GovernedSymbol;
use super::{Check, Context, Outcome};
use crate::diagnostic::Severity;
use crate::facts::ScopeId;
use crate::suggest::did_you_mean;

pub(super) const CHECK: Check = Check {
    name: "unused-rule",
    page: include_str!("../../docs/checks/unused-rule.md"),
    severity: Severity::Warning,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let governed = &context.governed;
    let mut used = vec![false; governed.symbols.len()];
    for hit in &context.hits {
        used[hit.symbol] = true;
    }
    let mut outcome = Outcome::default();
    for (symbol, used) in governed.symbols.iter().zip(used) {
        // A pack speaks of much more than one project uses.
        if used || !symbol.origin.is_empty() || symbol.rule.meta.pack.is_some() {
            continue;
        }
        let location = symbol.rule.meta.location.clone();
        let finding = context.finding(&CHECK, None, location, message(context, symbol));
        outcome.findings.extend(finding.map(|mut finding| {
            finding.rule = Some(symbol.rule.meta.id.clone());
            finding.priority.clone_from(&symbol.rule.meta.priority);
            finding.symbol = Some(symbol.rule.symbol.to_string());
            finding.help = Some("correct the path, or delete the rule".to_owned());
            finding
        }));
    }
    for contract in &context.config.contracts {
        let missing = super::contract::missing(context, contract);
        outcome
            .findings
            .extend(missing.into_iter().filter_map(|path| {
                let names = context.index.modules.all().iter();
                let names = names.map(|module| &*module.name);
                let message = format!(
                    "no module `{path}`{}: the contract guards nothing there",
                    did_you_mean(&path, names)
                );
                let location = contract.meta.location.clone();
                let mut finding = context.finding(&CHECK, None, location, message)?;
                finding.rule = Some(contract.meta.id.clone());
                finding.priority.clone_from(&contract.meta.priority);
                finding.symbol = Some(path);
                finding.help = Some("correct the path, or take it out".to_owned());
                Some(finding)
            }));
    }
    outcome
}

fn message(context: &Context<'_>, symbol: &GovernedSymbol<'_>) -> String {
    let path = &symbol.rule.symbol;
    let modules = &context.index.modules;
    match symbol.home {
        Some(home) => {
            let names: Vec<&str> = context
                .index
                .module(home)
                .file
                .map(|file| {
                    let facts = context.index.facts(file);
                    let members = facts.members.iter();
                    let own = members.take_while(|member| member.scope == ScopeId::MODULE);
                    own.map(|member| facts.name(member.name)).collect()
                })
                .unwrap_or_default();
            format!(
                "`{}` has no `{}`{}, and nothing imports it: the rule matches nothing",
                path.module,
                path.name,
                did_you_mean(&path.name, names.into_iter()),
            )
        }
        None => format!(
            "no module `{}`{}, and nothing imports `{}` from it: the rule matches nothing",
            path.module,
            did_you_mean(
                &path.module,
                modules.all().iter().map(|module| &*module.name)
            ),
            path.name,
        ),
    }
}
