//! `rules`: the rules in effect, each with its place.

use std::fmt::Write;

use crate::config::{
    Config, ContractKind, ModulePattern, Retired, RetiredTarget, RuleMeta, Selector, SymbolPath,
    Tier,
};
use crate::report::Style;

/// The rules of `config`, a block each.
pub(super) fn list(config: &Config, style: Style) -> String {
    let mut text = String::new();
    for declared in &config.selectors {
        text.push_str(&selector(&declared.selector, style));
    }
    for rule in &config.canonical {
        push(
            &mut text,
            "canonical",
            &rule.symbol.to_string(),
            &rule.meta,
            style,
        );
    }
    for rule in &config.retired {
        push(&mut text, "retired", &retired(rule), &rule.meta, style);
    }
    for rule in &config.per_request {
        push(
            &mut text,
            "per-request",
            &rule.symbol.to_string(),
            &rule.meta,
            style,
        );
    }
    for rule in &config.events {
        let what = format!("{} in {}", rule.names.join(", "), patterns(&rule.modules));
        push(&mut text, "events", &what, &rule.meta, style);
    }
    for rule in &config.gateways {
        push(
            &mut text,
            "gateway",
            &gateway(&rule.symbol, &rule.only_in),
            &rule.meta,
            style,
        );
    }
    for rule in &config.contracts {
        push(
            &mut text,
            "contract",
            &contract(&rule.kind),
            &rule.meta,
            style,
        );
    }
    if text.is_empty() {
        text.push_str("There are no rules.\n");
    }
    text.push_str(&waiting(config));
    text
}

fn selector(selector: &Selector, style: Style) -> String {
    let but = match &selector.except[..] {
        [] => String::new(),
        except => format!(" but {}", patterns(except)),
    };
    let (name, at) = (style.bold(&selector.name), &selector.location);
    let place = format!("{}:{}", at.path, at.start.line);
    format!(
        "selector {name}  {place}\n    {}{but}\n",
        patterns(&selector.modules)
    )
}

/// How many rules are not in effect, and what they wait for.
fn waiting(config: &Config) -> String {
    let total: usize = config.waiting.values().sum();
    let parts: Vec<String> = config
        .waiting
        .iter()
        .map(|(since, rules)| format!("{rules} for {since}"))
        .collect();
    let verb = match total {
        0 => return String::new(),
        1 => "1 more rule waits",
        _ => &format!("{total} more rules wait"),
    };
    let target = match config.project.target_version {
        Some(target) => format!("`target-version` is {target}"),
        None => "`target-version` is not known".to_owned(),
    };
    format!(
        "{verb} for a later Python ({target}): {}.\n",
        parts.join(", ")
    )
}

fn push(text: &mut String, kind: &str, what: &str, meta: &RuleMeta, style: Style) {
    let priority = meta
        .priority
        .as_ref()
        .map_or_else(String::new, |priority| format!(" {priority}"));
    let severity = match meta.severity {
        Some(Some(severity)) => format!(" {}", severity.as_str()),
        Some(None) => " off".to_owned(),
        None => String::new(),
    };
    let id = style.bold(&meta.id);
    let place = format!("{}:{}", meta.location.path, meta.location.start.line);
    let _ = writeln!(text, "{kind} {id}{priority}{severity}  {place}\n    {what}");
    if let Some(reason) = &meta.reason {
        let _ = writeln!(text, "    {reason}");
    }
}

fn retired(rule: &Retired) -> String {
    match &rule.target {
        RetiredTarget::Module(module) => module.clone(),
        RetiredTarget::Symbol { module, name, .. } => format!("{}:{name}", module.text),
    }
}

fn gateway(symbol: &SymbolPath, only_in: &[ModulePattern]) -> String {
    format!("{symbol} only in {}", patterns(only_in))
}

fn contract(kind: &ContractKind) -> String {
    match kind {
        ContractKind::Layers(contract) => {
            let tiers: Vec<String> = contract.layers.iter().map(tier).collect();
            let containers = match &contract.containers[..] {
                [] => String::new(),
                containers => format!(" in {}", containers.join(", ")),
            };
            format!("layers: {}{containers}", tiers.join(" > "))
        }
        ContractKind::Forbidden {
            modules, forbidden, ..
        } => {
            format!(
                "forbidden: {} must not import {}",
                patterns(modules),
                patterns(forbidden)
            )
        }
        ContractKind::Independence(modules) => format!("independence: {}", patterns(modules)),
        ContractKind::Protected { modules, importers } => {
            format!(
                "protected: {} only by {}",
                patterns(modules),
                patterns(importers)
            )
        }
    }
}

/// A layer as it is written in the rules file.
fn tier(tier: &Tier) -> String {
    let members: Vec<String> = tier
        .members
        .iter()
        .map(|member| {
            if member.optional {
                format!("({})", member.module)
            } else {
                member.module.clone()
            }
        })
        .collect();
    members.join(if tier.independent { " | " } else { " : " })
}

fn patterns(patterns: &[ModulePattern]) -> String {
    let texts: Vec<&str> = patterns
        .iter()
        .map(|pattern| pattern.text.as_str())
        .collect();
    texts.join(", ")
}
