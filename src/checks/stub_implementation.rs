//! `stub-implementation`: fallbacks that cannot do what they stand in for.
//!
//! A fallback is a class that an `except` clause uses or defines where its `try` makes or imports a governed one.

use rustc_hash::FxHashSet;

use super::governed::GovernedSymbol;
use super::{Check, Context, Outcome};
use crate::config::Canonical;
use crate::diagnostic::{Finding, Severity};
use crate::facts::{
    BindingValue, CallId, DefinitionFlags, DefinitionId, DefinitionKind, FileFacts,
};
use crate::graph::calls::FunctionId;
use crate::index::{Ancestor, ClassId, Entity, FileId, Index, SymbolId};
use crate::signatures::{Fallback, Returns};
use crate::span::Span;

pub(super) const CHECK: Check = Check {
    name: "stub-implementation",
    page: include_str!("../../docs/checks/stub-implementation.md"),
    severity: Severity::Warning,
    run,
};

/// How many methods a message names.
const NAMED: usize = 6;

fn run(context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut seen = FxHashSet::default();
    for file in context.index.file_ids() {
        let facts = context.index.facts(file);
        if context.index.file(file).is_test {
            continue;
        }
        let fallbacks = facts
            .signatures
            .as_ref()
            .map_or(&[][..], |all| &all.fallbacks);
        for fallback in fallbacks {
            let Some((rule, class)) = governed_class(context, file, fallback) else {
                continue;
            };
            for stub in stubs(context, file, fallback) {
                if stub != class && seen.insert((stub, class)) {
                    outcome.findings.extend(report(context, rule, class, stub));
                }
            }
        }
    }
    outcome
}

/// The governed class that a `try` makes or imports.
fn governed_class<'a>(
    context: &Context<'a>,
    file: FileId,
    fallback: &Fallback,
) -> Option<(&'a Canonical, ClassId)> {
    let index = context.index;
    let facts = index.facts(file);
    let called = fallback
        .tried
        .iter()
        .filter_map(|&callee| called(index, file, callee));
    let imports = facts.imports.iter();
    let imported = imports
        .filter(|import| fallback.imported.contains(&import.alias))
        .filter_map(|import| {
            only(
                &index
                    .binding_entities(SymbolId {
                        file,
                        binding: import.binding?,
                    })
                    .0,
            )
        });
    called.chain(imported).find_map(|symbol| {
        context.governed.symbols.iter().find_map(|governed| {
            if !stands_for(index, governed, symbol) || !context.speaks_of(&governed.rule.meta, file)
            {
                return None;
            }
            let origin = only(&governed.origin)?;
            let class = index.class(origin).or_else(|| product(context, origin))?;
            Some((governed.rule, class))
        })
    })
}

/// Whether a symbol is what a rule governs, or what goes by its name elsewhere.
fn stands_for(index: &Index, governed: &GovernedSymbol<'_>, symbol: SymbolId) -> bool {
    let entity = Entity::Symbol(symbol);
    let mut places = governed.places.iter();
    let mut replaced = governed.rule.replaces.iter();
    governed.origin.contains(&entity)
        || places.any(|place| place.symbol == symbol && place.kind.competes())
        || replaced.any(|old| {
            let module = index.modules.by_name(&old.module);
            module.is_some_and(|module| index.member(module, &old.name).entities.contains(&entity))
        })
}

fn only(entities: &[Entity]) -> Option<SymbolId> {
    match entities {
        [Entity::Symbol(symbol)] => Some(*symbol),
        _ => None,
    }
}

/// What a call reaches, if that is one thing.
fn called(index: &Index, file: FileId, callee: Span) -> Option<SymbolId> {
    let calls = index.facts(file).calls.iter();
    let call = calls.into_iter().find(|call| call.callee.span == callee)?;
    let lookup = index.reference(file, &call.callee);
    if lookup.unknown.is_some() {
        return None;
    }
    only(&lookup.entities)
}

/// The class of what a factory returns: the only one, or the only one that is governed.
fn product(context: &Context<'_>, factory: SymbolId) -> Option<ClassId> {
    let (definition, _) = context.index.definition(factory)?;
    let function = FunctionId {
        file: factory.file,
        definition,
    };
    let mut classes = returned(context, function)?;
    if classes.len() > 1 {
        let governed = |class: &ClassId| {
            let mut symbols = context.governed.symbols.iter();
            symbols.any(|one| {
                only(&one.origin).and_then(|origin| context.index.class(origin)) == Some(*class)
            })
        };
        classes.retain(governed);
    }
    match classes[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The classes whose instances a function returns, if it returns nothing else.
fn returned(context: &Context<'_>, function: FunctionId) -> Option<Vec<ClassId>> {
    let facts = context.index.facts(function.file);
    let definition = &facts.definitions[function.definition.index()];
    let signatures = facts.signatures.as_ref()?;
    let Returns::Known(callees) = &signatures.demands(definition.name_span.start)?.returns else {
        return None;
    };
    let classes = callees.iter().map(|&callee| {
        context
            .index
            .class(called(context.index, function.file, callee)?)
    });
    let mut classes = classes.collect::<Option<Vec<ClassId>>>()?;
    classes.sort_unstable();
    classes.dedup();
    Some(classes)
}

/// The class that a call makes an instance of, at once or in the one function that it runs.
fn made(context: &Context<'_>, file: FileId, callee: Span) -> Option<ClassId> {
    if let Some(symbol) = called(context.index, file, callee)
        && let Some(class) = context.index.class(symbol)
    {
        return Some(class);
    }
    let calls = &context.index.facts(file).calls;
    let at = calls.iter().position(|call| call.callee.span == callee)?;
    let targets = context.calls.targets(file, CallId(at as u32));
    let &[function] = context.calls.functions(file, targets) else {
        return None;
    };
    match returned(context, function)?[..] {
        [only] if !targets.uncertain => Some(only),
        _ => None,
    }
}

/// The classes that the handlers use or define.
fn stubs(context: &Context<'_>, file: FileId, fallback: &Fallback) -> Vec<ClassId> {
    let facts = context.index.facts(file);
    let used = fallback
        .instead
        .iter()
        .filter_map(|&callee| made(context, file, callee));
    let defined = (0..)
        .zip(facts.definitions.iter())
        .filter_map(|(at, definition)| {
            let here = fallback.defined.contains(&definition.name_span.start);
            here.then_some(ClassId {
                file,
                definition: DefinitionId(at),
            })
        });
    let mut all: Vec<ClassId> = used.chain(defined).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A method of a class body.
struct Method<'a> {
    name: &'a str,
    span: Span,
    is_hollow: bool,
}

/// The public methods that a class body defines.
fn methods(facts: &FileFacts, class: ClassId) -> Vec<Method<'_>> {
    let body = facts.definitions[class.definition.index()].body;
    let definitions = facts.definitions.iter();
    let own = definitions.filter(|one| {
        one.parent == body
            && one.kind == DefinitionKind::Function
            && !one.flags.contains(DefinitionFlags::OVERLOAD)
            && !facts.name(one.name).starts_with('_')
    });
    let signatures = facts.signatures.as_ref();
    own.map(|one| Method {
        name: facts.name(one.name),
        span: one.name_span,
        is_hollow: signatures
            .and_then(|all| all.demands(one.name_span.start))
            .is_some_and(|demands| demands.is_hollow),
    })
    .collect()
}

/// All public methods of a class and those above it, by name; none when some class above is unknown.
fn all_methods(index: &Index, class: ClassId) -> Option<Vec<(ClassId, Method<'_>)>> {
    let mut found: Vec<(ClassId, Method<'_>)> = Vec::new();
    for ancestor in index.mro(class) {
        let Ancestor::Class(class) = *ancestor else {
            return None;
        };
        for method in methods(index.facts(class.file), class) {
            if !found.iter().any(|(_, known)| known.name == method.name) {
                found.push((class, method));
            }
        }
    }
    Some(found)
}

fn report(
    context: &Context<'_>,
    rule: &Canonical,
    class: ClassId,
    stub: ClassId,
) -> Option<Finding> {
    let index = context.index;
    let is_special = index.mro(stub).contains(&Ancestor::Class(class));
    // What `__getattr__` answers for, or an unknown base, nobody can list.
    let answers_all = index.member_of_class(stub, "__getattr__", false).is_some();
    let own = all_methods(index, stub)?;
    let wanted: Vec<Method<'_>> = methods(index.facts(class.file), class);
    if answers_all || wanted.is_empty() || is_dynamic(index, stub) {
        return None;
    }
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|method| !is_special && !own.iter().any(|(_, known)| known.name == method.name))
        .map(|method| method.name)
        .collect();
    let hollow: Vec<&(ClassId, Method<'_>)> = own
        .iter()
        .filter(|(_, method)| {
            let original = wanted.iter().find(|one| one.name == method.name);
            method.is_hollow && original.is_some_and(|original| !original.is_hollow)
        })
        .collect();
    if missing.is_empty() && hollow.is_empty() {
        return None;
    }
    let name_of = |class: ClassId| {
        let facts = index.facts(class.file);
        let definition = &facts.definitions[class.definition.index()];
        (facts.name(definition.name), definition.name_span)
    };
    let ((stub_name, place), (name, canonical)) = (name_of(stub), name_of(class));
    let mut wrong = Vec::new();
    if !missing.is_empty() {
        wrong.push(format!("lacks {}", listed(&missing)));
    }
    if !hollow.is_empty() {
        let names: Vec<&str> = hollow.iter().map(|(_, method)| method.name).collect();
        wrong.push(format!("does nothing in {}", listed(&names)));
    }
    let message = format!(
        "`{stub_name}` stands in for `{name}`, but {}",
        wrong.join(" and ")
    );
    let location = context.location(stub.file, place);
    let mut finding = context.finding(&CHECK, Some(&rule.meta), location, message)?;
    finding.symbol = Some(index.definition_path(stub.file, stub.definition));
    finding.evidence.push(context.evidence(
        class.file,
        canonical,
        format!("`{name}` is defined here"),
    ));
    for (class, method) in hollow.iter().take(NAMED) {
        let message = format!("`{}` has no effect", method.name);
        finding
            .evidence
            .push(context.evidence(class.file, method.span, message));
    }
    finding.help.clone_from(&rule.meta.reason);
    Some(finding)
}

/// Whether a class has members that its body does not show.
fn is_dynamic(index: &Index, class: ClassId) -> bool {
    let facts = index.facts(class.file);
    let definition = &facts.definitions[class.definition.index()];
    let flags = definition.flags;
    let aliased = facts.members_of(definition.body).any(|member| {
        facts.binding_set(member.bindings).iter().any(|binding| {
            matches!(
                facts.bindings[binding.index()].value,
                BindingValue::Alias(_) | BindingValue::Import(_)
            )
        })
    });
    aliased
        || flags.contains(DefinitionFlags::UNKNOWN_DECORATOR)
        || flags.contains(DefinitionFlags::METACLASS)
        || flags.contains(DefinitionFlags::DYNAMIC_MEMBERS)
}

fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(NAMED);
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
