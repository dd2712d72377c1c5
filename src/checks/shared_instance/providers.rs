//! Which calls give an object that a rule says belongs to one request.
//!
//! A class that a rule names gives one when called, a function that it names too, and so does a function that does
//! nothing but return what one of these gives.

use rustc_hash::FxHashMap;

use crate::checks::Context;
use crate::checks::retired::externals;
use crate::checks::uses::origin;
use crate::config::PerRequest;
use crate::facts::{CallId, CallMode, DefinitionFlags, Ending, FileFacts, FlowStep, Root, Shape};
use crate::index::{Entity, FileId, Index, SymbolId};

/// How many functions that hand on each other's results are looked through.
const MOST_STEPS: usize = 8;

/// What the rules name.
pub(super) struct Providers {
    /// Classes and functions, with the rule that names them.
    symbols: FxHashMap<SymbolId, usize>,
    /// Those outside the project, by path.
    paths: FxHashMap<String, usize>,
}

impl Providers {
    pub(super) fn new(context: &Context<'_>, rules: &[&PerRequest]) -> Self {
        let index = context.index;
        let mut this = Self {
            symbols: FxHashMap::default(),
            paths: FxHashMap::default(),
        };
        for (at, rule) in rules.iter().enumerate() {
            let origin = origin(index, &rule.symbol);
            for path in externals(index, &origin) {
                this.paths.entry(path.to_owned()).or_insert(at);
            }
            for &entity in &origin.entities {
                if let Entity::Symbol(symbol) = entity {
                    this.symbols.entry(symbol).or_insert(at);
                }
            }
            if index.modules.by_name(&rule.symbol.module).is_none() {
                let path = format!("{}.{}", rule.symbol.module, rule.symbol.name);
                this.paths.entry(path).or_insert(at);
            }
        }
        this
    }

    /// The classes that rules name, in order.
    pub(super) fn classes(&self) -> impl Iterator<Item = (SymbolId, usize)> {
        let mut all: Vec<_> = self.symbols.iter().map(|(&at, &rule)| (at, rule)).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// The rule about what a call gives, where that is certain.
    pub(super) fn made_by(&self, index: &Index, file: FileId, call: CallId) -> Option<usize> {
        let mut at = (file, call);
        for _ in 0..MOST_STEPS {
            let (file, call) = at;
            let facts = index.facts(file);
            let call = &facts.calls[call.index()];
            if !matches!(call.mode, CallMode::Plain | CallMode::Awaited)
                || !matches!(
                    call.callee.root,
                    Root::Bound(_) | Root::Free(_) | Root::Class(_)
                )
            {
                return None;
            }
            let lookup = index.reference(file, &call.callee);
            if let Some(&rule) = externals(index, &lookup).find_map(|path| self.paths.get(path)) {
                return (lookup.entities.len() + lookup.externals.len() == 1).then_some(rule);
            }
            let &[Entity::Symbol(symbol)] = &lookup.entities[..] else {
                return None;
            };
            if lookup.unknown.is_some() || !gives_its_result(index, symbol, call.mode) {
                return None;
            }
            if let Some(&rule) = self.symbols.get(&symbol) {
                return Some(rule);
            }
            at = (symbol.file, returned(index, symbol)?);
        }
        None
    }

    /// The rule about what a function returns, or the class makes.
    pub(super) fn rule_of(&self, index: &Index, symbol: SymbolId) -> Option<usize> {
        let named = self.symbols.get(&symbol).copied();
        named.or_else(|| self.made_by(index, symbol.file, returned(index, symbol)?))
    }

    /// The call whose result a function returns, unless a rule names the function itself.
    pub(super) fn returns(&self, index: &Index, symbol: SymbolId) -> Option<CallId> {
        let named = self.symbols.contains_key(&symbol);
        returned(index, symbol).filter(|_| !named)
    }
}

/// What a call calls, in the project.
pub(super) fn called(index: &Index, file: FileId, call: CallId) -> Vec<SymbolId> {
    let callee = &index.facts(file).calls[call.index()].callee;
    let entities = index.reference(file, callee).entities.into_iter();
    entities
        .filter_map(|entity| match entity {
            Entity::Symbol(symbol) => Some(symbol),
            _ => None,
        })
        .collect()
}

/// Whether calling a symbol gives what its body returns: no coroutine, no iterator, nothing that a decorator makes.
fn gives_its_result(index: &Index, symbol: SymbolId, mode: CallMode) -> bool {
    index.definition(symbol).is_none_or(|(_, definition)| {
        let flags = definition.flags;
        let is_async = flags.contains(DefinitionFlags::ASYNC);
        let is_class = definition.kind == crate::facts::DefinitionKind::Class;
        is_class
            || (is_async == (mode == CallMode::Awaited)
                && !flags.contains(DefinitionFlags::GENERATOR)
                && !flags.contains(DefinitionFlags::UNKNOWN_DECORATOR)
                && !flags.contains(DefinitionFlags::OPAQUE_DECORATOR))
    })
}

/// The call that is all a function does, where its value is returned.
fn returned(index: &Index, symbol: SymbolId) -> Option<CallId> {
    let (_, definition) = index.definition(symbol)?;
    let Shape::Forwards(id) = definition.shape else {
        return None;
    };
    let facts = index.facts(symbol.file);
    let call = facts.calls[id.index()].callee.span.start;
    let exits = exits(facts, definition.ending);
    (!exits.is_empty() && exits.iter().all(|&exit| exit < call)).then_some(id)
}

/// Where the statements start that end a function; the end of the function where it just ends.
fn exits(facts: &FileFacts, ending: Ending) -> Vec<u32> {
    match ending {
        Ending::Always(exit) => vec![exit],
        Ending::Depends(nodes) => facts.flow.nodes[nodes.range()]
            .iter()
            .filter_map(|node| match node.step {
                FlowStep::Exit(exit) => Some(exit),
                _ => None,
            })
            .collect(),
        Ending::Never => Vec::new(),
    }
}
