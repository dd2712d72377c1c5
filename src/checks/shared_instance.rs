//! `shared-instance`: objects that belong to one request, held where all requests meet.
//!
//! [`providers`] knows which calls give such an object.

mod providers;

use providers::{Providers, called};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::retired::externals;
use super::{Check, Context, Outcome};
use crate::diagnostic::{Evidence, Severity};
use crate::facts::{
    BindingValue, CallId, Definition, DefinitionKind, FileFacts, Keep, Keeper, Root, ScopeId,
    ScopeKind,
};
use crate::index::{Ancestor, Entity, FileId, Index, SymbolId};
use crate::score::{Area, Tally};
use crate::span::Span;

pub(super) const CHECK: Check = Check {
    name: "shared-instance",
    page: include_str!("../../docs/checks/shared-instance.md"),
    severity: Severity::Error,
    run,
};

/// An object of one request where all meet.
struct Shared {
    /// The rule.
    rule: usize,
    file: FileId,
    span: Span,
    /// What holds it, in words.
    holder: String,
    /// The call that makes it; none where the class itself or a named factory does.
    call: Option<CallId>,
}

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let rules = context.config.per_request.iter();
    let rules: Vec<_> = rules
        .filter(|rule| context.severity(&CHECK, Some(&rule.meta)).is_some())
        .collect();
    if rules.is_empty() {
        return outcome;
    }
    let providers = Providers::new(context, &rules);
    let files: Vec<FileId> = context.index.file_ids().collect();
    let shared: Vec<Shared> = files
        .into_par_iter()
        .filter(|&file| !context.index.file(file).is_test)
        .flat_map_iter(|file| in_file(context, &providers, file))
        .filter(|shared| context.speaks_of(&rules[shared.rule].meta, shared.file))
        .collect();
    let mut broken = FxHashSet::default();
    for shared in &shared {
        broken.insert(shared.rule);
        let rule = rules[shared.rule];
        let message = format!(
            "an object of `{}` belongs to one request, but {}",
            rule.symbol, shared.holder
        );
        let location = context.location(shared.file, shared.span);
        let Some(mut finding) = context.finding(&CHECK, Some(&rule.meta), location, message) else {
            continue;
        };
        finding.symbol = Some(rule.symbol.to_string());
        finding.evidence = evidence(context, &providers, shared);
        finding.evidence.push(Evidence {
            location: rule.meta.location.clone(),
            message: "the rule".to_owned(),
        });
        finding.help = Some(match &rule.meta.reason {
            Some(reason) => reason.clone(),
            None => "make one for each request and hand it on as an argument".to_owned(),
        });
        outcome.findings.push(finding);
    }
    let tally = Tally::all_but(broken.len() as u64, rules.len() as u64);
    outcome.tallies.push((Area::Isolation, tally));
    outcome
}

/// How the call at hand leads to the class or factory.
fn evidence(context: &Context<'_>, providers: &Providers, shared: &Shared) -> Vec<Evidence> {
    let index = context.index;
    let mut hops = Vec::new();
    let mut at = shared.call.map(|call| (shared.file, call));
    if let Some((file, call)) = at {
        let span = index.facts(file).calls[call.index()].callee.span;
        if span != shared.span {
            hops.push(context.evidence(file, span, "made here"));
        }
    }
    while let Some((file, call)) = at.take() {
        for symbol in called(index, file, call) {
            let name = index.symbol_path(symbol);
            let span = context.symbol_span(symbol);
            let returned = providers.returns(index, symbol);
            hops.push(context.evidence(
                symbol.file,
                span,
                match returned {
                    Some(_) => format!("`{name}` returns what it makes"),
                    None => format!("`{name}` is governed"),
                },
            ));
            if at.is_none() && hops.len() < 8 {
                at = returned.map(|call| (symbol.file, call));
            }
        }
    }
    hops
}

fn in_file(context: &Context<'_>, providers: &Providers, file: FileId) -> Vec<Shared> {
    let facts = context.index.facts(file);
    let mut all = Vec::new();
    // Few files speak of such objects at all.
    let makes: Vec<Option<usize>> = (0..facts.calls.len() as u32)
        .map(|call| providers.made_by(context.index, file, CallId(call)))
        .collect();
    if makes.iter().any(Option::is_some) {
        bound(facts, file, &makes, &mut all);
        for keep in &facts.keeps {
            if let Some(rule) = makes[keep.call.index()] {
                all.push(kept(facts, file, keep, rule));
            }
        }
    }
    singletons(context, providers, file, &mut all);
    cached(context, providers, file, &mut all);
    all.sort_by_key(|shared| (shared.span, shared.rule));
    all.dedup_by_key(|shared| (shared.span, shared.rule));
    all
}

/// Names of modules and classes that are bound to what a call gives.
fn bound(facts: &FileFacts, file: FileId, makes: &[Option<usize>], all: &mut Vec<Shared>) {
    for binding in &facts.bindings {
        let BindingValue::Result(call) = binding.value else {
            continue;
        };
        let Some(rule) = makes[call.index()] else {
            continue;
        };
        let name = facts.name(binding.name);
        let scope = facts.scopes[binding.scope.index()];
        let holder = match scope.kind {
            ScopeKind::Module => global(facts, name, call),
            ScopeKind::Class => class_attribute(
                facts,
                scope.definition.map(|id| facts.definitions[id.index()]),
                name,
            ),
            ScopeKind::Function => continue,
        };
        all.push(Shared {
            rule,
            file,
            span: binding.span,
            holder,
            call: Some(call),
        });
    }
}

/// A place other than a plain name that keeps what a call gives.
fn kept(facts: &FileFacts, file: FileId, keep: &Keep, rule: usize) -> Shared {
    let holder = match keep.keeper {
        Keeper::Default => "a default argument holds it for all calls".to_owned(),
        Keeper::Module(name) if keep.item => {
            format!("the module's `{}` collects it for all", facts.name(name))
        }
        Keeper::Module(name) => global(facts, facts.name(name), keep.call),
        Keeper::Class(class, name) => class_attribute(
            facts,
            Some(facts.definitions[class.index()]),
            facts.name(name),
        ),
    };
    Shared {
        rule,
        file,
        span: keep.span,
        holder,
        call: Some(keep.call),
    }
}

fn global(facts: &FileFacts, name: &str, call: CallId) -> String {
    let scope = facts.calls[call.index()].callee.scope;
    match function_around(facts, scope) {
        Some(function) => {
            let function = facts.name(function.name);
            format!("`{function}` keeps it in the global `{name}` for all")
        }
        None => format!("the global `{name}` holds it for all"),
    }
}

fn class_attribute(facts: &FileFacts, class: Option<Definition>, name: &str) -> String {
    let class = class.map_or("", |class| facts.name(class.name));
    format!("the class attribute `{class}.{name}` holds it for all")
}

/// The function that a scope belongs to.
fn function_around(facts: &FileFacts, mut scope: ScopeId) -> Option<Definition> {
    while scope != ScopeId::MODULE {
        let here = facts.scopes[scope.index()];
        if here.kind == ScopeKind::Function {
            return here.definition.map(|id| facts.definitions[id.index()]);
        }
        scope = here.parent;
    }
    None
}

/// Governed classes of which only one object is made: `__new__`, or `__call__` of the metaclass, keeps it.
fn singletons(context: &Context<'_>, providers: &Providers, file: FileId, all: &mut Vec<Shared>) {
    let index = context.index;
    for (class, rule) in providers.classes().filter(|(class, _)| class.file == file) {
        let own = index.class_member(class, "__new__").unwrap_or_default();
        let metaclass = metaclass(index, class);
        let of_metaclass =
            metaclass.and_then(|metaclass| index.class_member(metaclass, "__call__"));
        let makers = own.into_iter().map(|maker| (maker, "__new__"));
        let calls = of_metaclass.into_iter().flatten();
        for (maker, name) in makers.chain(calls.map(|maker| (maker, "__call__"))) {
            if let Some((keep, by)) = keeps_what_it_makes(index, maker, name) {
                let owner = match metaclass.filter(|_| name == "__call__") {
                    Some(metaclass) => format!("`{}.__call__`", index.symbol_name(metaclass)),
                    None => "`__new__`".to_owned(),
                };
                all.push(Shared {
                    rule,
                    file: maker.file,
                    span: keep.span,
                    holder: format!("{owner} keeps the only one in {by}"),
                    call: None,
                });
            }
        }
    }
}

/// The metaclass that a class, or the first of its bases that has one, names.
fn metaclass(index: &Index, symbol: SymbolId) -> Option<SymbolId> {
    let classes = index.mro(index.class(symbol)?).iter();
    let mut classes = classes.map_while(|ancestor| match ancestor {
        Ancestor::Class(class) => Some(*class),
        Ancestor::Unknown => None,
    });
    classes.find_map(|class| {
        let facts = index.facts(class.file);
        let named = facts.metaclass(&facts.definitions[class.definition.index()])?;
        match index.reference(class.file, named).entities[..] {
            [Entity::Symbol(metaclass)] => Some(metaclass),
            _ => None,
        }
    })
}

/// Where a method puts what the method of the same `name` that it overrides makes, and in words.
fn keeps_what_it_makes<'i>(
    index: &'i Index,
    maker: SymbolId,
    name: &str,
) -> Option<(&'i Keep, String)> {
    let (_, method) = index.definition(maker)?;
    let facts = index.facts(maker.file);
    facts.keeps.iter().find_map(|keep| {
        let callee = facts.calls[keep.call.index()].callee;
        let path = facts.path(callee.path);
        let makes = matches!(callee.root, Root::Super(_) | Root::Free(_))
            && path.len() == 1
            && facts.name(path[0]) == name;
        let by = match keep.keeper {
            Keeper::Class(_, by) => format!("the class attribute `{}`", facts.name(by)),
            Keeper::Module(by) => format!("the global `{}`", facts.name(by)),
            Keeper::Default => return None,
        };
        (makes && callee.scope == method.body).then_some((keep, by))
    })
}

/// Factories of such objects whose results a decorator keeps.
fn cached(context: &Context<'_>, providers: &Providers, file: FileId, all: &mut Vec<Shared>) {
    let index = context.index;
    let facts = index.facts(file);
    for definition in &facts.definitions {
        if definition.kind != DefinitionKind::Function {
            continue;
        }
        for decorator in &facts.references[definition.decorators.range()] {
            let lookup = index.reference(file, decorator);
            let cache = externals(index, &lookup)
                .find(|path| matches!(*path, "functools.lru_cache" | "functools.cache"))
                .map(str::to_owned);
            let Some(cache) = cache else { continue };
            let symbol = facts.bindings.iter().position(|binding| {
                binding.span == definition.name_span
                    && matches!(binding.value, BindingValue::Definition(_))
            });
            let Some(at) = symbol else { continue };
            let symbol = SymbolId {
                file,
                binding: crate::facts::BindingId(at as u32),
            };
            if let Some(rule) = providers.rule_of(index, symbol) {
                let name = facts.name(definition.name);
                all.push(Shared {
                    rule,
                    file,
                    span: decorator.span,
                    holder: format!("`{cache}` keeps what `{name}` returns for all"),
                    call: providers.returns(index, symbol),
                });
            }
        }
    }
}
