//! `noncanonical-import`: governed symbols reached by another path than the canonical one.

use super::governed::{GovernedSymbol, Hit, Object};
use super::trail::trail_evidence;
use super::{Check, Context, Outcome};
use crate::diagnostic::{Evidence, Finding, Relocation, Severity, Site};
use crate::index::Entity;
use crate::score::{Area, Tally};

pub(super) const CHECK: Check = Check {
    name: "noncanonical-import",
    page: include_str!("../../docs/checks/noncanonical-import.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let hits = &context.hits;
    let total = hits.len() as u64;
    let compliant = hits.iter().filter(|hit| hit.canonical).count() as u64;
    let findings = hits
        .iter()
        .filter(|hit| !hit.canonical)
        .filter_map(|hit| finding(context, &context.governed.symbols[hit.symbol], hit))
        .collect();
    Outcome {
        findings,
        tallies: vec![(Area::Imports, Tally::new(compliant, total))],
    }
}

fn finding(context: &Context<'_>, symbol: &GovernedSymbol<'_>, hit: &Hit) -> Option<Finding> {
    let rule = symbol.rule;
    let location = context.location(hit.file, hit.span);
    let mut finding = context.finding(&CHECK, Some(&rule.meta), location, message(symbol, hit))?;
    finding.symbol = Some(rule.symbol.to_string());
    finding.same_object = Some(hit.is_same());
    finding.local = Some(hit.local.clone());
    finding.evidence = evidence(context, symbol, hit);
    finding.help = Some(match &rule.meta.reason {
        Some(reason) => format!("import it from `{}` ({reason})", rule.symbol.module),
        None => format!("import it from `{}`", rule.symbol.module),
    });
    finding.relocation = Some(Relocation {
        file: hit.file,
        site: hit.site,
        to: rule.symbol.clone(),
        local: hit.local.clone(),
        same_object: hit.is_same(),
        vouched: hit.vouched,
    });
    Some(finding)
}

fn message(symbol: &GovernedSymbol<'_>, hit: &Hit) -> String {
    let canonical = &symbol.rule.symbol;
    let verb = match hit.site {
        Site::Import(_) | Site::Definition(_) | Site::Removal(_) | Site::Module | Site::Text(_) => {
            "is imported from"
        }
        Site::Use(..) => "is used through",
        Site::Star(_) => "comes with the star import from",
    };
    let what = match hit.object {
        Object::Same => "the same object as",
        _ if hit.vouched => "an old path of",
        Object::PerhapsSame => "perhaps the same object as",
        Object::Other => "another object than",
    };
    format!(
        "`{}` {verb} `{}`: {what} `{canonical}`",
        hit.name, hit.module
    )
}

fn evidence(context: &Context<'_>, symbol: &GovernedSymbol<'_>, hit: &Hit) -> Vec<Evidence> {
    let mut evidence = hit
        .through
        .map(|module| trail_evidence(context, module, &hit.name))
        .unwrap_or_default();
    if !hit.is_same() {
        for entity in &symbol.origin {
            if let Entity::Symbol(origin) = entity {
                let span = context.symbol_span(*origin);
                evidence.push(context.evidence(origin.file, span, "the canonical definition"));
            }
        }
    }
    evidence
}
