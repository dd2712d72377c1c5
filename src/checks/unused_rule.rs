//! `unused-rule`: rules and selectors that match nothing, and those that name modules which are not there.
//!
//! A `[[retired]]` rule whose target is gone does what it is for: it keeps it gone. It is never reported. What the import
//! registry endorses is held against the code by `registry-drift`.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::uses::{Targets, origin};
use super::{Check, Context, Outcome, contract};
use crate::config::{ModulePattern, RuleMeta, SymbolPath};
use crate::diagnostic::{Finding, Location, Severity};
use crate::index::{FileId, ModuleId};
use crate::suggest::did_you_mean;

pub(super) const CHECK: Check = Check {
    name: "unused-rule",
    page: include_str!("../../docs/checks/unused-rule.md"),
    severity: Severity::Warning,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let findings = &mut outcome.findings;
    findings.extend(canonical(context));
    findings.extend(guarded(context));
    findings.extend(events(context));
    for rule in &context.config.contracts {
        let missing = contract::missing(context, rule).into_iter();
        let told = "the contract guards nothing there";
        findings.extend(missing.filter_map(|path| no_module(context, &rule.meta, &path, told)));
    }
    findings.extend(selectors(context));
    outcome
}

/// Canonical rules whose symbol is neither in the tree nor imported.
fn canonical(context: &Context<'_>) -> Vec<Finding> {
    let governed = &context.governed;
    let mut used = vec![false; governed.symbols.len()];
    for hit in &context.hits {
        used[hit.symbol] = true;
    }
    let symbols = governed.symbols.iter().zip(used);
    let unused = symbols.filter(|(symbol, used)| {
        let meta = &symbol.rule.meta;
        !used && symbol.origin.is_empty() && is_own(meta) && !meta.from_registry
    });
    unused
        .filter_map(|(symbol, _)| {
            let (meta, path) = (&symbol.rule.meta, &symbol.rule.symbol);
            unmatched(context, meta, path, symbol.home)
        })
        .collect()
}

/// A pack speaks of much more than one project uses.
fn is_own(meta: &RuleMeta) -> bool {
    meta.pack.is_none()
}

/// Gateways and per-request rules whose symbol is neither in the tree nor used, and gateways that are not there.
fn guarded(context: &Context<'_>) -> Vec<Finding> {
    let config = context.config;
    let gateways = config
        .gateways
        .iter()
        .map(|rule| (&rule.meta, &rule.symbol));
    let per_request = config.per_request.iter();
    let all = gateways.chain(per_request.map(|rule| (&rule.meta, &rule.symbol)));
    let modules = &context.index.modules;
    let mut waiting = Vec::new();
    for (meta, symbol) in all.filter(|(meta, _)| is_own(meta)) {
        let full = format!("{}.{}", symbol.module, symbol.name);
        let found = origin(context.index, symbol);
        if found.entities.is_empty()
            && found.externals.is_empty()
            && found.unknown.is_none()
            && modules.by_name(&full).is_none()
        {
            waiting.push((meta, symbol));
        }
    }
    let symbols: Vec<&SymbolPath> = waiting.iter().map(|(_, symbol)| *symbol).collect();
    let used = used_by_path(context, &symbols);
    let unused = waiting.iter().enumerate();
    let unused = unused.filter(|(at, _)| !used.contains(at));
    let mut findings: Vec<Finding> = unused
        .filter_map(|(_, (meta, symbol))| {
            let home = modules.by_name(&symbol.module);
            unmatched(context, meta, symbol, home)
        })
        .collect();
    for rule in config.gateways.iter().filter(|rule| is_own(&rule.meta)) {
        let missing = rule
            .only_in
            .iter()
            .filter(|at| matches_nothing(context, at));
        let told = "nothing there is let in";
        findings.extend(
            missing.filter_map(|pattern| no_module(context, &rule.meta, &pattern.text, told)),
        );
    }
    findings
}

/// The numbers of those symbols that code reaches by their path.
fn used_by_path(context: &Context<'_>, symbols: &[&SymbolPath]) -> FxHashSet<usize> {
    if symbols.is_empty() {
        return FxHashSet::default();
    }
    let mut targets = Targets::with_modules();
    for (at, symbol) in symbols.iter().enumerate() {
        let path = format!("{}.{}", symbol.module, symbol.name);
        targets.add_path(&path, at);
        targets.names.extend(symbol.name.rsplit('.').next());
    }
    let files: Vec<FileId> = context.index.file_ids().collect();
    files
        .into_par_iter()
        .flat_map_iter(|file| targets.uses_in(context, file))
        .map(|found| targets.rule_of(found.hit))
        .collect()
}

/// Modules that rules on events name and that are not there.
fn events(context: &Context<'_>) -> Vec<Finding> {
    let rules = context.config.events.iter();
    let patterns = rules
        .filter(|rule| is_own(&rule.meta))
        .flat_map(|rule| rule.modules.iter().map(move |pattern| (rule, pattern)));
    patterns
        .filter(|(_, pattern)| matches_nothing(context, pattern))
        .filter_map(|(rule, pattern)| {
            let told = "nothing there can emit";
            no_module(context, &rule.meta, &pattern.text, told)
        })
        .collect()
}

/// Whether a pattern matches no module. A selector that matches none is told of by itself.
fn matches_nothing(context: &Context<'_>, pattern: &ModulePattern) -> bool {
    let mut modules = context.index.modules.all().iter();
    !pattern.is_selector() && !modules.any(|module| pattern.matches(&module.name))
}

/// Selectors that no rule names, or that select nothing.
fn selectors(context: &Context<'_>) -> Vec<Finding> {
    let modules = context.index.modules.all();
    let own = context.config.selectors.iter();
    let own = own.filter(|declared| declared.selector.pack.is_none());
    own.filter_map(|declared| {
        let selector = &declared.selector;
        let selected = || {
            let mut names = modules.iter().map(|module| &module.name);
            names.any(|name| selector.covers(name))
        };
        // What has no module of the project at its root is a library.
        let is_ours = || {
            let mut patterns = selector.modules.iter();
            patterns.any(|at| at.text.starts_with('*') || contract::is_ours(context, &at.text))
        };
        let (message, help) = if !declared.used {
            let message = format!("no rule names the selector `@{}`", selector.name);
            (message, "name it in a rule, or delete it")
        } else if is_ours() && !selected() {
            let message = format!("the selector `@{}` selects no module", selector.name);
            (message, "correct its patterns, or delete it")
        } else {
            return None;
        };
        let mut finding = context.finding(&CHECK, None, selector.location.clone(), message)?;
        finding.help = Some(help.to_owned());
        Some(finding)
    })
    .collect()
}

/// A rule that names a module that is not there, with what comes of it.
fn no_module(context: &Context<'_>, meta: &RuleMeta, path: &str, told: &str) -> Option<Finding> {
    let names = context.index.modules.all().iter();
    let names = names.map(|module| &*module.name);
    let message = format!("no module `{path}`{}: {told}", did_you_mean(path, names));
    let help = "correct the path, or take it out";
    finding(context, meta, path.to_owned(), message, help)
}

/// A rule whose symbol is nowhere.
fn unmatched(
    context: &Context<'_>,
    meta: &RuleMeta,
    symbol: &SymbolPath,
    home: Option<ModuleId>,
) -> Option<Finding> {
    let message = message(context, symbol, home);
    let help = "correct the path, or delete the rule";
    finding(context, meta, symbol.to_string(), message, help)
}

fn finding(
    context: &Context<'_>,
    meta: &RuleMeta,
    symbol: String,
    message: String,
    help: &str,
) -> Option<Finding> {
    let location: Location = meta.location.clone();
    let mut finding = context.finding(&CHECK, None, location, message)?;
    finding.rule = Some(meta.id.clone());
    finding.priority.clone_from(&meta.priority);
    finding.symbol = Some(symbol);
    finding.help = Some(help.to_owned());
    Some(finding)
}

fn message(context: &Context<'_>, path: &SymbolPath, home: Option<ModuleId>) -> String {
    let modules = &context.index.modules;
    match home {
        Some(home) => {
            let names: Vec<&str> = context
                .index
                .module(home)
                .file
                .map(|file| {
                    let facts = context.index.facts(file);
                    let scope = context.index.module(home).scope;
                    let members = facts.members.iter();
                    let own = members.filter(|member| member.scope == scope);
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
