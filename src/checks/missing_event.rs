//! `missing-event`: events of a required set that nothing in the named modules emits.

use rustc_hash::FxHashSet;

use super::{Check, Context, Outcome};
use crate::config::Events;
use crate::diagnostic::{Evidence, Finding, Severity};
use crate::emissions::{Emissions, Part, Text};
use crate::index::{Entity, FileId, Index, SymbolId};
use crate::score::{Area, Tally};
use crate::suggest::did_you_mean;

pub(super) const CHECK: Check = Check {
    name: "missing-event",
    page: include_str!("../../docs/checks/missing-event.md"),
    severity: Severity::Error,
    run,
};

/// How many constants that are made of each other are followed.
const MOST_STEPS: usize = 8;

/// How many texts one expression may stand for.
const MOST_TEXTS: usize = 64;

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let rules: Vec<&Events> = (context.config.events.iter())
        .filter(|rule| context.severity(&CHECK, Some(&rule.meta)).is_some())
        .collect();
    let (mut missing, mut total) = (0, 0);
    for rule in rules {
        let Some(emitted) = Emitted::by(context, rule) else {
            // Who does not parse may emit anything.
            continue;
        };
        for name in &rule.names {
            total += 1;
            if emitted.has(name) {
                continue;
            }
            missing += 1;
            outcome
                .findings
                .extend(report(context, rule, name, &emitted));
        }
    }
    if total > 0 {
        let tally = Tally::all_but(missing, total);
        outcome.tallies.push((Area::Isolation, tally));
    }
    outcome
}

fn report(context: &Context<'_>, rule: &Events, name: &str, emitted: &Emitted) -> Option<Finding> {
    let modules: Vec<String> = (rule.modules.iter())
        .map(|pattern| format!("`{}`", pattern.text))
        .collect();
    let hint = did_you_mean(name, emitted.likely());
    let message = format!("nothing in {} emits `{name}`{hint}", modules.join(", "));
    let location = rule.meta.location.clone();
    let mut finding = context.finding(&CHECK, Some(&rule.meta), location, message)?;
    finding.symbol = Some(name.to_owned());
    finding.evidence = named(context, name);
    finding.help = Some(match &rule.meta.reason {
        Some(reason) => reason.clone(),
        None => "hand it to the call that emits, or take it out of the rule".to_owned(),
    });
    Some(finding)
}

/// Where constants stand for the event, though nobody hands them on.
fn named(context: &Context<'_>, name: &str) -> Vec<Evidence> {
    let index = context.index;
    let mut found = Vec::new();
    for file in index.file_ids() {
        for constant in index
            .facts(file)
            .emissions
            .iter()
            .flat_map(|all| &all.constants)
        {
            if matches!(&constant.value[..], [Part::Literal(text)] if **text == *name) {
                let message = "only a name for it, never handed to a call there";
                found.push(context.evidence(file, constant.span, message));
            }
        }
    }
    found.truncate(4);
    found
}

/// What the modules of a rule emit.
struct Emitted {
    texts: FxHashSet<String>,
    /// Texts with unknown parts.
    open: Vec<Text>,
}

impl Emitted {
    /// None when some module cannot be read to its end.
    fn by(context: &Context<'_>, rule: &Events) -> Option<Self> {
        let index = context.index;
        let mut this = Self {
            texts: FxHashSet::default(),
            open: Vec::new(),
        };
        for file in index.file_ids() {
            let module = index.module_name(file);
            if index.file(file).is_test || !rule.modules.iter().any(|at| at.matches(module)) {
                continue;
            }
            let facts = index.facts(file);
            if facts.is_recovered() {
                return None;
            }
            for handed in facts.emissions.iter().flat_map(|all| &all.handed) {
                for text in expand(index, file, &handed.value, MOST_STEPS) {
                    match &text[..] {
                        [Part::Literal(text)] => {
                            this.texts.insert(text.to_string());
                        }
                        parts if parts.iter().any(|part| matches!(part, Part::Literal(_))) => {
                            this.open.push(text);
                        }
                        _ => {}
                    }
                }
            }
        }
        Some(this)
    }

    fn has(&self, name: &str) -> bool {
        self.texts.contains(name) || self.open.iter().any(|text| may_be(text, name))
    }

    /// The texts that could be meant for events, in order.
    fn likely(&self) -> impl Iterator<Item = &str> {
        let mut all: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        all.retain(|text| !text.is_empty() && !text.contains(char::is_whitespace));
        all.sort_unstable();
        all.into_iter()
    }
}

/// What a text may be once its names are followed; no two literals stand side by side.
fn expand(index: &Index, file: FileId, text: &[Part], steps: usize) -> Vec<Text> {
    let mut all: Vec<Text> = vec![Vec::new()];
    for part in text {
        let choices = match part {
            Part::Name(path) => constant(index, file, path, steps),
            other => vec![vec![other.clone()]],
        };
        let mut next = Vec::new();
        for before in &all {
            for choice in &choices {
                let mut joined = before.clone();
                for part in choice {
                    push(&mut joined, part);
                }
                next.push(joined);
            }
        }
        next.truncate(MOST_TEXTS);
        all = next;
    }
    all
}

fn push(text: &mut Text, part: &Part) {
    match (text.last_mut(), part) {
        (Some(Part::Literal(before)), Part::Literal(after)) => {
            *before = format!("{before}{after}").into();
        }
        (Some(Part::Any), Part::Any) => {}
        _ => text.push(part.clone()),
    }
}

/// What a dotted name stands for; anything where that is not known.
fn constant(index: &Index, file: FileId, path: &[Box<str>], steps: usize) -> Vec<Text> {
    let unknown = || vec![vec![Part::Any]];
    let (Some(module), Some((root, rest))) = (index.module_of(file), path.split_first()) else {
        return unknown();
    };
    if steps == 0 {
        return unknown();
    }
    let mut found = index.member(module, root).entities;
    for name in rest {
        let mut next = Vec::new();
        for entity in found {
            match entity {
                Entity::Module(module) => next.extend(index.member(module, name).entities),
                Entity::Symbol(symbol) => match index.class_member(symbol, name) {
                    Some(members) => next.extend(members.into_iter().map(Entity::Symbol)),
                    // `.value` of a member.
                    None => next.push(entity),
                },
                Entity::External(_) => {}
            }
        }
        found = next;
    }
    let symbols = found.into_iter().filter_map(|entity| match entity {
        Entity::Symbol(symbol) => Some(symbol),
        _ => None,
    });
    let texts: Vec<Text> = symbols
        .flat_map(|symbol| {
            let values = values(index, symbol);
            values.flat_map(move |value| expand(index, symbol.file, value, steps - 1))
        })
        .take(MOST_TEXTS)
        .collect();
    if texts.is_empty() { unknown() } else { texts }
}

/// The texts that a module's name or a class's attribute is bound to.
fn values(index: &Index, symbol: SymbolId) -> impl Iterator<Item = &Text> {
    let at = index.binding(symbol).span.start;
    let emissions = index.facts(symbol.file).emissions.as_deref();
    let constants = emissions.map_or(&[][..], |all: &Emissions| &all.constants);
    let first = constants.partition_point(|constant| constant.name < at);
    let own = constants[first..]
        .iter()
        .take_while(move |constant| constant.name == at);
    own.map(|constant| &constant.value)
}

/// Whether a text with unknown parts may be `name`.
fn may_be(text: &[Part], name: &str) -> bool {
    let mut rest = name;
    let mut open = false;
    let last = text.len().saturating_sub(1);
    for (at, part) in text.iter().enumerate() {
        let Part::Literal(literal) = part else {
            open = true;
            continue;
        };
        if open && at == last {
            return rest.ends_with(&**literal);
        }
        let found = if open {
            rest.find(&**literal)
        } else {
            rest.starts_with(&**literal).then_some(0)
        };
        let Some(found) = found else { return false };
        rest = &rest[found + literal.len()..];
        open = false;
    }
    open || rest.is_empty()
}
