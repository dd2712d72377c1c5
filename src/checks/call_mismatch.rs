//! `call-mismatch`: calls that cannot work.
//!
//! What a call reaches is worked out in [`target`], whether its arguments fit a signature in [`bind`]. This file decides
//! which calls are looked at, and words what is wrong.

mod bind;
mod target;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use bind::{Mismatch, bind};
use target::{Callable, Target, reached};

use super::{Check, Context, Outcome};
use crate::config::Canonical;
use crate::diagnostic::{Evidence, Finding, Severity};
use crate::facts::{Call, CallMode, DefinitionFlags};
use crate::graph::calls::FunctionId;
use crate::index::{Entity, FileId, SymbolId};
use crate::signatures::{CallArguments, Returns};
use crate::span::Span;

pub(super) const CHECK: Check = Check {
    name: "call-mismatch",
    page: include_str!("../../docs/checks/call-mismatch.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let mut governed: FxHashMap<SymbolId, &Canonical> = FxHashMap::default();
    for symbol in &context.governed.symbols {
        for entity in &symbol.origin {
            if let Entity::Symbol(origin) = entity {
                governed.entry(*origin).or_insert(symbol.rule);
            }
        }
    }
    if governed.is_empty() && !context.config.all_calls {
        return Outcome::default();
    }
    let files: Vec<FileId> = context.index.file_ids().collect();
    let signatures = files
        .iter()
        .filter_map(|&file| context.index.facts(file).signatures.as_ref());
    let handed = signatures.flat_map(|all| all.handed.iter().map(|name| &**name));
    let handed: FxHashSet<&str> = handed.collect();
    let findings = files
        .into_par_iter()
        .flat_map_iter(|file| in_file(context, &governed, &handed, file))
        .collect();
    Outcome {
        findings,
        tallies: Vec::new(),
    }
}

/// A call with what it hands over and what it reaches.
struct Site<'a> {
    file: FileId,
    call: &'a Call,
    arguments: &'a CallArguments,
    target: Target,
    rule: Option<&'a Canonical>,
}

/// What is wrong with a call.
struct Wrong {
    message: String,
    evidence: Vec<Evidence>,
}

fn in_file(
    context: &Context<'_>,
    governed: &FxHashMap<SymbolId, &Canonical>,
    handed: &FxHashSet<&str>,
    file: FileId,
) -> Vec<Finding> {
    let facts = context.index.facts(file);
    let Some(signatures) = &facts.signatures else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for call in &facts.calls {
        let Some(arguments) = signatures.arguments(call.callee.span) else {
            continue;
        };
        if arguments.may_fail {
            continue;
        }
        let Some(target) = reached(context, file, call) else {
            continue;
        };
        if target.is_bare && handed.contains(context.index.symbol_name(target.symbol)) {
            continue;
        }
        let rule = governed.get(&target.symbol).copied();
        if rule.is_none() && !context.config.all_calls {
            continue;
        }
        if rule.is_some_and(|rule| !context.speaks_of(&rule.meta, file)) {
            continue;
        }
        let site = Site {
            file,
            call,
            arguments,
            target,
            rule,
        };
        findings.extend(wrong_with(context, &site).and_then(|wrong| report(context, &site, wrong)));
    }
    findings
}

fn report(context: &Context<'_>, site: &Site<'_>, wrong: Wrong) -> Option<Finding> {
    let meta = site.rule.map(|rule| &rule.meta);
    let location = context.location(site.file, site.arguments.span);
    let mut finding = context.finding(&CHECK, meta, location, wrong.message)?;
    finding.symbol = Some(context.index.symbol_path(site.target.symbol));
    finding.evidence = wrong.evidence;
    finding.help = meta.and_then(|meta| meta.reason.clone());
    Some(finding)
}

fn wrong_with(context: &Context<'_>, site: &Site<'_>) -> Option<Wrong> {
    refused(context, site)
        .or_else(|| left_out(context, site))
        .or_else(|| raises(context, site))
        .or_else(|| awaited(context, site))
        .or_else(|| never_awaited(context, site))
}

/// The name that people know the callee by.
fn name<'a>(context: &Context<'a>, site: &Site<'_>) -> &'a str {
    context.index.symbol_name(site.target.symbol)
}

/// Arguments that the signature refuses.
fn refused(context: &Context<'_>, site: &Site<'_>) -> Option<Wrong> {
    for signature in &site.target.signatures {
        let Err(mismatch) = bind(&signature.parameters, site.arguments) else {
            continue;
        };
        let name = name(context, site);
        let what = match mismatch {
            Mismatch::TooMany { given, most } => {
                let plural = if most == 1 { "" } else { "s" };
                format!("takes {most} positional argument{plural}, and {given} are given")
            }
            Mismatch::Missing(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                format!(
                    "requires {}, which this call leaves out",
                    names.join(" and ")
                )
            }
            Mismatch::Unexpected(keyword) => format!("has no parameter `{keyword}`"),
            Mismatch::Twice(keyword) => {
                format!("gets `{keyword}` twice, by position and by keyword")
            }
            Mismatch::PositionalOnly(keyword) => {
                format!("takes `{keyword}` by position only")
            }
        };
        return Some(Wrong {
            message: format!("`{name}` {what}: the call raises a `TypeError`"),
            evidence: vec![defined_here(context, signature.place, name)],
        });
    }
    None
}

fn defined_here(context: &Context<'_>, (file, span): (FileId, Span), name: &str) -> Evidence {
    context.evidence(file, span, format!("the signature of `{name}`"))
}

/// Keywords that the rule requires and the call leaves out.
fn left_out(context: &Context<'_>, site: &Site<'_>) -> Option<Wrong> {
    let rule = site.rule?;
    if site.arguments.unpacked || site.arguments.starred {
        return None;
    }
    let by_position = |wanted: &str| {
        site.target.signatures.iter().any(|signature| {
            let mut positional = signature
                .parameters
                .iter()
                .filter(|one| one.is_positional());
            let at = positional.position(|one| &*one.name == wanted);
            at.is_some_and(|at| at < site.arguments.positional as usize)
        })
    };
    let missing = rule.requires.iter().find(|wanted| {
        let given = site.arguments.keywords.iter().any(|one| **one == ***wanted);
        !given && !by_position(wanted)
    })?;
    Some(Wrong {
        message: format!(
            "`{}` is called without `{missing}`, which the rule requires",
            name(context, site)
        ),
        evidence: vec![Evidence {
            location: rule.meta.location.clone(),
            message: "the rule".to_owned(),
        }],
    })
}

/// A parameter left out whose default makes the function raise at once.
fn raises(context: &Context<'_>, site: &Site<'_>) -> Option<Wrong> {
    if site.arguments.unpacked || site.arguments.starred {
        return None;
    }
    for signature in &site.target.signatures {
        let (file, place) = signature.place;
        let signatures = context.index.facts(file).signatures.as_ref();
        let demands = signatures.and_then(|all| all.demands(place.start));
        for needed in demands.map_or(&[][..], |demands| &demands.needed) {
            let mut positional = signature
                .parameters
                .iter()
                .filter(|one| one.is_positional());
            let at = positional.position(|one| one.name == needed.name);
            let given = at.is_some_and(|at| at < site.arguments.positional as usize)
                || site.arguments.keywords.contains(&needed.name);
            let own = signature
                .parameters
                .iter()
                .any(|one| one.name == needed.name);
            if own && !given {
                let name = name(context, site);
                return Some(Wrong {
                    message: format!(
                        "`{name}` raises unless it is given `{}`, which this call leaves out",
                        needed.name
                    ),
                    evidence: vec![
                        defined_here(context, signature.place, name),
                        context.evidence(file, needed.raise, "it raises here"),
                    ],
                });
            }
        }
    }
    None
}

/// `await` on something that cannot be awaited.
fn awaited(context: &Context<'_>, site: &Site<'_>) -> Option<Wrong> {
    if site.call.mode != CallMode::Awaited {
        return None;
    }
    let name = name(context, site);
    let (why, place) = match site.target.callable {
        Callable::Class(class) => {
            if !target::is_never_awaitable(context.index, class) {
                return None;
            }
            let facts = context.index.facts(class.file);
            let span = facts.definitions[class.definition.index()].name_span;
            (
                format!("`{name}` is a class whose instances cannot be awaited"),
                (class.file, span),
            )
        }
        Callable::Function(function) => {
            let facts = context.index.facts(function.file);
            let definition = &facts.definitions[function.definition.index()];
            let place = (function.file, definition.name_span);
            if definition.flags.contains(DefinitionFlags::GENERATOR) {
                (format!("`{name}` is a generator"), place)
            } else if definition.flags.contains(DefinitionFlags::ASYNC)
                || !returns_no_awaitable(context, function)
            {
                return None;
            } else {
                (
                    format!("`{name}` is not async and returns nothing that can be awaited"),
                    place,
                )
            }
        }
    };
    Some(Wrong {
        message: format!("{why}: `await` raises a `TypeError`"),
        evidence: vec![defined_here(context, place, name)],
    })
}

/// Whether a plain function is certain to return nothing that can be awaited.
fn returns_no_awaitable(context: &Context<'_>, function: FunctionId) -> bool {
    let facts = context.index.facts(function.file);
    let definition = &facts.definitions[function.definition.index()];
    let Some(signatures) = &facts.signatures else {
        return false;
    };
    let Some(demands) = signatures.demands(definition.name_span.start) else {
        return false;
    };
    let Returns::Known(calls) = &demands.returns else {
        return false;
    };
    calls.iter().all(|callee| {
        let mut calls = facts.calls.iter();
        let same = calls.find(|call| call.callee.span == *callee);
        same.is_some_and(|call| {
            let target = reached(context, function.file, call);
            target.is_some_and(|target| match target.callable {
                Callable::Class(class) => target::is_never_awaitable(context.index, class),
                Callable::Function(_) => false,
            })
        })
    })
}

/// A coroutine that nothing is done with.
fn never_awaited(context: &Context<'_>, site: &Site<'_>) -> Option<Wrong> {
    let Callable::Function(function) = site.target.callable else {
        return None;
    };
    if site.call.mode != CallMode::Plain || !site.arguments.discarded {
        return None;
    }
    let facts = context.index.facts(function.file);
    let definition = &facts.definitions[function.definition.index()];
    let flags = definition.flags;
    if !flags.contains(DefinitionFlags::ASYNC) || flags.contains(DefinitionFlags::GENERATOR) {
        return None;
    }
    let name = name(context, site);
    Some(Wrong {
        message: format!(
            "`{name}` is async and its coroutine is never awaited: nothing of it runs"
        ),
        evidence: vec![defined_here(
            context,
            (function.file, definition.name_span),
            name,
        )],
    })
}
