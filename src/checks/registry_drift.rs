//! `registry-drift`: the import registry document held against the code and the rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::governed::GovernedSymbol;
use super::{Check, Context, Outcome};
use crate::config::{Replacement, Retired, RetiredTarget, RuleMeta};
use crate::diagnostic::{Evidence, Finding, Location, Severity};
use crate::facts::Shape;
use crate::index::{Entity, ModuleRef};
use crate::registry::{Entry, Registry, Status};
use crate::span::Position;
use crate::suggest::did_you_mean;

pub(super) const CHECK: Check = Check {
    name: "registry-drift",
    page: include_str!("../../docs/checks/registry-drift.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(registry) = context.registry else {
        return outcome;
    };
    let start = Position { line: 1, column: 1 };
    let top = Location {
        path: Arc::clone(&registry.path),
        start,
        end: start,
    };
    let entries = match &registry.entries {
        Ok(entries) => entries,
        Err(why) => {
            let message = format!("the import registry {why}");
            outcome
                .findings
                .extend(context.finding(&CHECK, None, top, message));
            return outcome;
        }
    };
    let mut told = Vec::new();
    for entry in entries {
        let finding = match entry.status {
            Status::Endorsed => endorsed(context, registry, entry, &mut told),
            Status::Broken => broken(context, registry, entry),
            Status::Deprecated => None,
        };
        outcome.findings.extend(finding);
    }
    outcome
        .findings
        .extend(missing(context, entries, &told, &top));
    outcome
        .findings
        .extend(two_paths(context, registry, entries));
    outcome
}

/// What stands behind an entry.
enum Meaning {
    /// Something of the project.
    Here(Vec<Entity>),
    /// Nothing: why.
    Nowhere(String),
    /// Another's, or it cannot be told.
    Unknown,
}

fn meaning(context: &Context<'_>, entry: &Entry) -> Meaning {
    let index = context.index;
    let Some(module) = index.modules.by_name(&entry.module) else {
        let missing = index
            .file_ids()
            .next()
            .is_some_and(|file| index.absolute_module(file, &entry.module) == ModuleRef::Missing);
        if !missing {
            return Meaning::Unknown;
        }
        let names = index.modules.all().iter().map(|module| &*module.name);
        return Meaning::Nowhere(format!(
            "there is no module `{}`{}",
            entry.module,
            did_you_mean(&entry.module, names)
        ));
    };
    let Some(name) = &entry.name else {
        return Meaning::Here(vec![Entity::Module(module)]);
    };
    let lookup = index.member(module, name);
    if !lookup.entities.is_empty() {
        Meaning::Here(lookup.entities)
    } else if lookup.unknown.is_some() {
        Meaning::Unknown
    } else {
        Meaning::Nowhere(format!("`{}` has no `{name}`", entry.module))
    }
}

fn location(registry: &Registry, entry: &Entry) -> Location {
    let at = |column| Position {
        line: entry.line,
        column,
    };
    Location {
        path: Arc::clone(&registry.path),
        start: at(entry.column),
        end: at(entry.end_column),
    }
}

fn path(entry: &Entry) -> String {
    match &entry.name {
        Some(name) => format!("{}:{name}", entry.module),
        None => entry.module.clone(),
    }
}

fn finding(
    context: &Context<'_>,
    registry: &Registry,
    entry: &Entry,
    rule: Option<&RuleMeta>,
    message: String,
) -> Option<Finding> {
    let mut finding = context.finding(&CHECK, None, location(registry, entry), message)?;
    finding.symbol = Some(path(entry));
    if let Some(rule) = rule {
        finding.rule = Some(Arc::clone(&rule.id));
        finding.priority.clone_from(&rule.priority);
        finding.evidence.push(Evidence {
            location: rule.location.clone(),
            message: "the rule".to_owned(),
        });
    }
    Some(finding)
}

/// An endorsed line must work, and be what the rules say. Notes the rules whose symbols it was told to name otherwise.
fn endorsed(
    context: &Context<'_>,
    registry: &Registry,
    entry: &Entry,
    told: &mut Vec<Arc<str>>,
) -> Option<Finding> {
    if let Some(rule) = retired(context, entry) {
        let message = format!("`{}` is endorsed, and retired by the rules", path(entry));
        let mut finding = finding(context, registry, entry, Some(&rule.meta), message)?;
        finding.help = rule.replacement.as_ref().map(|to| match to {
            Replacement::Module(module) => format!("name `{module}` instead"),
            Replacement::Symbol(symbol) => format!("name `{symbol}` instead"),
        });
        return Some(finding);
    }
    let meaning = meaning(context, entry);
    if let Some(symbol) = forbidden(context, entry, &meaning) {
        let rule = symbol.rule;
        told.push(Arc::clone(&rule.meta.id));
        let message = format!(
            "`{}` is endorsed, and the rules say `{}`",
            path(entry),
            rule.symbol
        );
        let mut finding = finding(context, registry, entry, Some(&rule.meta), message)?;
        finding.help = Some(format!(
            "write `from {} import {}`",
            rule.symbol.module, rule.symbol.name
        ));
        return Some(finding);
    }
    match meaning {
        Meaning::Nowhere(why) => {
            let message = format!("`{}` is endorsed, and {why}", path(entry));
            finding(context, registry, entry, None, message)
        }
        _ => None,
    }
}

/// The retired thing that an entry names.
fn retired<'a>(context: &Context<'a>, entry: &Entry) -> Option<&'a Retired> {
    context
        .config
        .retired
        .iter()
        .find(|rule| match &rule.target {
            RetiredTarget::Module(module) => {
                let below = entry.module.strip_prefix(module.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
            RetiredTarget::Symbol { module, name, kind } => {
                kind.is_none() && entry.name.as_ref() == Some(name) && module.matches(&entry.module)
            }
        })
}

/// The governed symbol that an entry reaches by another path than its own.
fn forbidden<'c, 'a>(
    context: &'c Context<'a>,
    entry: &Entry,
    meaning: &Meaning,
) -> Option<&'c GovernedSymbol<'a>> {
    let name = entry.name.as_ref()?;
    let is = |at: &crate::config::SymbolPath| at.module == entry.module && at.name == *name;
    let symbols = &context.governed.symbols;
    if symbols.iter().any(|symbol| is(&symbol.rule.symbol)) {
        return None;
    }
    // What the registry says itself is no rule against it.
    let mut others = symbols
        .iter()
        .filter(|symbol| !symbol.rule.meta.from_registry);
    others.find(|symbol| {
        let replaced = symbol.rule.replaces.iter().any(is);
        let reached = matches!(meaning, Meaning::Here(entities) if entities.iter().any(|entity| {
            let competes = |entity: &Entity| symbol.places.iter().any(|place| {
                place.kind.competes() && Entity::Symbol(place.symbol) == *entity
            });
            symbol.origin.contains(entity) || competes(entity)
        }));
        replaced || reached
    })
}

/// A broken line must not work. What only raises when called is as broken as it says.
fn broken(context: &Context<'_>, registry: &Registry, entry: &Entry) -> Option<Finding> {
    let Meaning::Here(entities) = meaning(context, entry) else {
        return None;
    };
    let index = context.index;
    let works = |entity: &Entity| match entity {
        Entity::Symbol(symbol) => index
            .definition(*symbol)
            .is_none_or(|(_, definition)| definition.shape != Shape::Raises),
        Entity::Module(_) => true,
        Entity::External(_) => false,
    };
    if !entities.iter().all(works) {
        return None;
    }
    let message = format!("`{}` is said to be broken, and is there", path(entry));
    finding(context, registry, entry, None, message)
}

/// Governed symbols that no line names, save those whose line was told to name another path.
fn missing(
    context: &Context<'_>,
    entries: &[Entry],
    told: &[Arc<str>],
    top: &Location,
) -> Vec<Finding> {
    let named = |symbol: &GovernedSymbol<'_>| {
        let rule = symbol.rule;
        told.contains(&rule.meta.id)
            || entries.iter().any(|entry| {
                entry.status == Status::Endorsed
                    && entry.module == rule.symbol.module
                    && entry.name.as_deref() == Some(&*rule.symbol.name)
            })
    };
    let symbols = context.governed.symbols.iter();
    // A rule that matches nothing is another check's, and a pack speaks of much more than one project has.
    let symbols = symbols.filter(|it| !it.origin.is_empty() && it.rule.meta.pack.is_none());
    symbols
        .filter(|symbol| !named(symbol))
        .filter_map(|symbol| {
            let rule = symbol.rule;
            let message = format!("the import registry does not name `{}`", rule.symbol);
            let mut finding = context.finding(&CHECK, None, top.clone(), message)?;
            finding.symbol = Some(rule.symbol.to_string());
            finding.rule = Some(Arc::clone(&rule.meta.id));
            finding.priority.clone_from(&rule.meta.priority);
            finding.help = Some(format!(
                "add `from {} import {}`, or let `ssot registry write` do it",
                rule.symbol.module, rule.symbol.name
            ));
            Some(finding)
        })
        .collect()
}

/// Two endorsed paths of one name that lead to one object, where no rule says which counts.
fn two_paths(context: &Context<'_>, registry: &Registry, entries: &[Entry]) -> Vec<Finding> {
    let mut seen: BTreeMap<(&str, Entity), &Entry> = BTreeMap::new();
    let mut findings = Vec::new();
    for entry in entries.iter().filter(|it| it.status == Status::Endorsed) {
        let (Some(name), Meaning::Here(entities)) = (&entry.name, meaning(context, entry)) else {
            continue;
        };
        let [entity] = entities[..] else { continue };
        let mut symbols = context.governed.symbols.iter();
        let is_ruled = |symbol: &GovernedSymbol<'_>| {
            symbol.origin.contains(&entity) && !symbol.rule.meta.from_registry
        };
        if symbols.any(is_ruled) || retired(context, entry).is_some() {
            continue;
        }
        let first = *seen.entry((name, entity)).or_insert(entry);
        if first.module == entry.module {
            continue;
        }
        let message = format!(
            "`{name}` is endorsed by two paths, `{}` and `{}`, that lead to one object",
            path(first),
            path(entry)
        );
        findings.extend(
            finding(context, registry, entry, None, message).map(|mut it| {
                it.evidence.push(Evidence {
                    location: location(registry, first),
                    message: "the other path is endorsed here".to_owned(),
                });
                it
            }),
        );
    }
    findings
}
