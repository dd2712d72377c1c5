//! What a call is certain to reach, with the signatures that its arguments must fit.

use super::bind::Parameter;
use crate::checks::Context;
use crate::checks::retired::externals;
use crate::facts::{
    BindingId, BindingValue, Call, Definition, DefinitionFlags, DefinitionKind, ImportTarget,
    ParameterKind, Reference, Root, ScopeKind,
};
use crate::graph::calls::FunctionId;
use crate::index::{Ancestor, ClassId, Entity, FileId, Index, SymbolId};
use crate::span::Span;

/// The one thing that a call reaches.
pub(super) struct Target {
    /// The function or class.
    pub(super) symbol: SymbolId,
    pub(super) callable: Callable,
    /// What the arguments must fit, all of it.
    pub(super) signatures: Vec<Signature>,
    /// Whether it is a class without a constructor of its own: whoever is handed the class may give it one.
    pub(super) is_bare: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Callable {
    Function(FunctionId),
    Class(ClassId),
}

/// A parameter list as callers see it.
pub(super) struct Signature {
    pub(super) parameters: Vec<Parameter>,
    /// Where it is written: the name of the function or class.
    pub(super) place: (FileId, Span),
}

/// What a call reaches; none unless it is certain, and no decorator hides the signature.
pub(super) fn reached(context: &Context<'_>, file: FileId, call: &Call) -> Option<Target> {
    let index = context.index;
    if !matches!(call.callee.root, Root::Bound(_) | Root::Free(_)) {
        return None;
    }
    let lookup = index.reference(file, &call.callee);
    let ([Entity::Symbol(symbol)], None, []) =
        (&lookup.entities[..], lookup.unknown, &lookup.externals[..])
    else {
        return None;
    };
    if holds_arguments(index, file, &call.callee, *symbol) {
        return None;
    }
    let (id, definition) = index.definition(*symbol)?;
    if index.file(symbol.file).language.is_stub() {
        return None;
    }
    let hidden = DefinitionFlags::UNKNOWN_DECORATOR;
    if definition.flags.contains(hidden) || definition.flags.contains(DefinitionFlags::OVERLOAD) {
        return None;
    }
    let (callable, signatures) = match definition.kind {
        DefinitionKind::Class => {
            let class = ClassId {
                file: symbol.file,
                definition: id,
            };
            (Callable::Class(class), constructor(index, class)?)
        }
        DefinitionKind::Function => {
            let function = FunctionId {
                file: symbol.file,
                definition: id,
            };
            let bound = binds_receiver(index, function, &call.callee)?;
            (
                Callable::Function(function),
                vec![signature(index, function, bound)],
            )
        }
        DefinitionKind::Lambda => return None,
    };
    let is_bare = matches!(callable, Callable::Class(_)) && signatures.is_empty();
    Some(Target {
        symbol: *symbol,
        callable,
        signatures: if is_bare {
            vec![without_parameters(*symbol, definition)]
        } else {
            signatures
        },
        is_bare,
    })
}

/// Whether a callee may be a partial that holds arguments already: it leads through a name bound to one.
fn holds_arguments(index: &Index, file: FileId, callee: &Reference, symbol: SymbolId) -> bool {
    let facts = index.facts(file);
    if let Root::Bound(set) = callee.root {
        let mut bindings = facts.binding_set(set).iter();
        if bindings.any(|&binding| is_partial(index, SymbolId { file, binding })) {
            return true;
        }
    }
    // Elsewhere partials go by names of their own, or take the place of what they are made of.
    let wanted = index.symbol_name(symbol);
    let called = match (facts.path(callee.path).last(), callee.root) {
        (Some(&last), _) => Some(facts.name(last)),
        (None, Root::Bound(set)) => facts
            .binding_set(set)
            .first()
            .and_then(|&binding| match facts.bindings[binding.index()].value {
                BindingValue::Import(id) => match facts.imports[id.index()].target {
                    ImportTarget::Name(name) => Some(facts.name(name)),
                    _ => None,
                },
                BindingValue::Alias(_) => None,
                _ => Some(wanted),
            }),
        (None, Root::Free(name)) => Some(facts.name(name)),
        _ => None,
    };
    let own = index.facts(symbol.file);
    let mut same = (0..own.bindings.len() as u32).map(BindingId);
    called.is_some_and(|called| called != wanted)
        || same.any(|binding| {
            let file = symbol.file;
            own.name(own.bindings[binding.index()].name) == wanted
                && is_partial(index, SymbolId { file, binding })
        })
}

/// Whether a name is bound to a partial.
fn is_partial(index: &Index, symbol: SymbolId) -> bool {
    let facts = index.facts(symbol.file);
    let BindingValue::Alias(reference) = index.binding(symbol).value else {
        return false;
    };
    let span = facts.references[reference.index()].span;
    let signatures = facts.signatures.as_ref();
    signatures.is_none_or(|all| all.partials.contains(&span))
}

/// Whether a function, reached by a path of names, gets its first argument from where it is looked up; none when that is
/// not certain.
fn binds_receiver(index: &Index, function: FunctionId, callee: &Reference) -> Option<bool> {
    let facts = index.facts(function.file);
    let definition = &facts.definitions[function.definition.index()];
    let flags = definition.flags;
    if facts.scopes[definition.parent.index()].kind != ScopeKind::Class {
        return Some(false);
    }
    let special = flags.contains(DefinitionFlags::PROPERTY)
        || flags.contains(DefinitionFlags::SETTER)
        || callee.path.is_empty();
    if special {
        return None;
    }
    Some(flags.contains(DefinitionFlags::CLASS_METHOD))
}

fn signature(index: &Index, function: FunctionId, bound: bool) -> Signature {
    let facts = index.facts(function.file);
    let definition = &facts.definitions[function.definition.index()];
    let mut parameters: Vec<Parameter> = facts.parameters[definition.parameters.range()]
        .iter()
        .map(|parameter| Parameter {
            name: facts.name(parameter.name).into(),
            kind: parameter.kind,
            has_default: parameter.has_default,
        })
        .collect();
    if bound && parameters.first().is_some_and(Parameter::is_positional) {
        parameters.remove(0);
    }
    Signature {
        parameters,
        place: (function.file, definition.name_span),
    }
}

/// What constructing an instance must fit, empty where nothing but `object` has a say; none where it is not certain what
/// runs.
fn constructor(index: &Index, class: ClassId) -> Option<Vec<Signature>> {
    let mut order = Vec::new();
    let mut alone = true;
    for ancestor in index.mro(class) {
        let Ancestor::Class(above) = ancestor else {
            return None;
        };
        let facts = index.facts(above.file);
        let flags = facts.definitions[above.definition.index()].flags;
        if flags.contains(DefinitionFlags::METACLASS)
            || flags.contains(DefinitionFlags::UNKNOWN_DECORATOR)
            || flags.contains(DefinitionFlags::OPAQUE_BASE)
            || flags.contains(DefinitionFlags::PROTOCOL)
        {
            return None;
        }
        order.push(*above);
        // Nothing above a named tuple takes part, unless another base brings it.
        let bases = facts.definitions[above.definition.index()].bases;
        if is_named_tuple(index, *above) {
            break;
        }
        alone &= bases.len < 2;
    }
    if !alone
        && order
            .last()
            .is_some_and(|&last| is_named_tuple(index, last))
    {
        return None;
    }
    let mut found = Vec::new();
    for name in ["__new__", "__init__"] {
        match first_with(index, &order, name)? {
            Maker::None => {}
            Maker::Function(function) => found.push(signature(index, function, true)),
            Maker::Fields(signature) => found.push(signature),
        }
    }
    Some(found)
}

/// What `object` makes instances with.
fn without_parameters(symbol: SymbolId, class: &Definition) -> Signature {
    Signature {
        parameters: Vec::new(),
        place: (symbol.file, class.name_span),
    }
}

/// What stands behind `__new__` or `__init__`.
enum Maker {
    None,
    Function(FunctionId),
    /// The constructor that is made from fields.
    Fields(Signature),
}

/// The first class in an order that has `name`, and what it is there; none when that is not certain.
fn first_with(index: &Index, order: &[ClassId], name: &str) -> Option<Maker> {
    for (at, &class) in order.iter().enumerate() {
        let facts = index.facts(class.file);
        let body = facts.definitions[class.definition.index()].body;
        if let Some(member) = facts.member(body, name) {
            let [only] = facts.binding_set(member.bindings) else {
                return None;
            };
            let symbol = SymbolId {
                file: class.file,
                binding: *only,
            };
            let (id, definition) = index.definition(symbol)?;
            let plain = definition.kind == DefinitionKind::Function
                && !member.maybe_unbound
                && !definition
                    .flags
                    .contains(DefinitionFlags::UNKNOWN_DECORATOR)
                && !definition.flags.contains(DefinitionFlags::OVERLOAD);
            return plain.then_some(Maker::Function(FunctionId {
                file: class.file,
                definition: id,
            }));
        }
        if is_named_tuple(index, class) {
            let made = (name == "__new__").then(|| from_named_fields(index, class));
            return made.map_or(Some(Maker::None), |made| made.map(Maker::Fields));
        }
        if name == "__init__"
            && let Some(made) = from_fields(index, &order[at..])
        {
            return made.map(Maker::Fields);
        }
    }
    Some(Maker::None)
}

/// Whether a class is a dataclass, by its decorators.
fn is_dataclass(index: &Index, class: ClassId) -> bool {
    let facts = index.facts(class.file);
    let definition = &facts.definitions[class.definition.index()];
    let decorators = &facts.references[definition.decorators.range()];
    decorators
        .iter()
        .any(|decorator| is_external(index, class.file, decorator, &["dataclasses.dataclass"]))
}

/// Whether a class has `NamedTuple` for its only base, or one beside it that adds nothing.
fn is_named_tuple(index: &Index, class: ClassId) -> bool {
    let facts = index.facts(class.file);
    let definition = &facts.definitions[class.definition.index()];
    let bases = &facts.references[definition.bases.range()];
    let is = |base: &Reference, paths: &[&str]| is_external(index, class.file, base, paths);
    let tuple = ["typing.NamedTuple", "typing_extensions.NamedTuple"];
    bases.iter().any(|base| is(base, &tuple))
        && bases
            .iter()
            .all(|base| is(base, &tuple) || is(base, &["typing.Generic"]))
}

/// Whether a reference leads to one of these paths outside the project.
fn is_external(index: &Index, file: FileId, reference: &Reference, paths: &[&str]) -> bool {
    let lookup = index.reference(file, reference);
    externals(index, &lookup).any(|path| paths.contains(&path))
}

/// The constructor of a named tuple; none when it cannot be told.
fn from_named_fields(index: &Index, class: ClassId) -> Option<Signature> {
    let facts = index.facts(class.file);
    let place = facts.definitions[class.definition.index()].name_span;
    let written = facts.signatures.as_ref()?.fields(place.start);
    if written.is_some_and(|fields| fields.uncertain) {
        return None;
    }
    let fields = written.iter().flat_map(|all| &all.fields);
    let parameters = fields.map(|field| Parameter {
        name: field.name.clone(),
        kind: ParameterKind::Positional,
        has_default: field.has_default,
    });
    Some(Signature {
        parameters: parameters.collect(),
        place: (class.file, place),
    })
}

/// The constructor of a dataclass, the first of `order`: none when the class is none, or makes no constructor; nothing
/// inside when it cannot be told.
#[expect(
    clippy::option_option,
    reason = "no constructor is not the same as one that is not known"
)]
fn from_fields(index: &Index, order: &[ClassId]) -> Option<Option<Signature>> {
    let &class = order.first()?;
    if !is_dataclass(index, class) {
        return None;
    }
    let facts_of = |class: ClassId| {
        let facts = index.facts(class.file);
        let name = facts.definitions[class.definition.index()].name_span;
        let fields = facts
            .signatures
            .as_ref()
            .and_then(|all| all.fields(name.start));
        (fields, name)
    };
    let (own, name) = facts_of(class);
    let Some(own) = own else { return Some(None) };
    let option = |fields: &crate::signatures::ClassFields, wanted: &str| {
        let mut options = fields.options.iter();
        options
            .find(|(name, _)| &**name == wanted)
            .map(|(_, set)| *set)
    };
    if option(own, "init") == Some(false) {
        return None;
    }
    let mut parameters: Vec<(Parameter, bool)> = Vec::new();
    // Fields of the classes above come first, each at the place where it was first made.
    for &above in order.iter().rev() {
        let (fields, _) = facts_of(above);
        if !is_dataclass(index, above) {
            continue;
        }
        let Some(fields) = fields else { continue };
        if fields.uncertain {
            return Some(None);
        }
        let all_by_keyword = option(fields, "kw_only") == Some(true);
        for field in &fields.fields {
            let parameter = Parameter {
                name: field.name.clone(),
                kind: if field.keyword_only || all_by_keyword {
                    ParameterKind::KeywordOnly
                } else {
                    ParameterKind::Positional
                },
                has_default: field.has_default,
            };
            let known = parameters
                .iter_mut()
                .find(|(one, _)| one.name == field.name);
            match known {
                Some(one) => *one = (parameter, field.in_constructor),
                None => parameters.push((parameter, field.in_constructor)),
            }
        }
    }
    Some(Some(Signature {
        parameters: parameters
            .into_iter()
            .filter_map(|(parameter, taken)| taken.then_some(parameter))
            .collect(),
        place: (class.file, name),
    }))
}

/// Whether instances of a class are certain not to be awaitable.
pub(super) fn is_never_awaitable(index: &Index, class: ClassId) -> bool {
    let order = index.mro(class);
    !order.is_empty()
        && order.iter().all(|ancestor| match ancestor {
            Ancestor::Unknown => false,
            Ancestor::Class(class) => {
                let facts = index.facts(class.file);
                let definition = &facts.definitions[class.definition.index()];
                let flags = definition.flags;
                !flags.contains(DefinitionFlags::METACLASS)
                    && !flags.contains(DefinitionFlags::UNKNOWN_DECORATOR)
                    && !flags.contains(DefinitionFlags::OPAQUE_BASE)
                    && facts.member(definition.body, "__await__").is_none()
                    && facts.member(definition.body, "__new__").is_none()
            }
        })
}
