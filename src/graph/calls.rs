//! The call graph: every nameable call with the functions it may run.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::facts::{
    Call, CallId, CallMode, DefinitionFlags, DefinitionId, DefinitionKind, FileFacts, NameId,
    Reference, Root, ScopeId, ScopeKind, Slice,
};
use crate::index::{Ancestor, ClassId, Entity, FileId, Index, SymbolId};

/// A function of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId {
    /// Its file.
    pub file: FileId,
    /// Its definition.
    pub definition: DefinitionId,
}

/// What a call may run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Targets {
    functions: Slice,
    /// Whether it may also run something that is not known.
    pub uncertain: bool,
}

/// All calls of the project, resolved.
#[derive(Debug, Default)]
pub struct CallGraph {
    files: Vec<FileCalls>,
}

#[derive(Debug, Default)]
struct FileCalls {
    targets: Vec<Targets>,
    arena: Vec<FunctionId>,
    /// For each scope, the function whose code runs in it.
    frames: Vec<Option<DefinitionId>>,
}

impl CallGraph {
    /// Resolves all calls.
    #[must_use]
    pub fn build(index: &Index) -> Self {
        let files = (0..index.files.len() as u32)
            .into_par_iter()
            .map(|at| resolve_file(index, FileId(at)))
            .collect();
        Self { files }
    }

    /// What a call may run.
    #[must_use]
    pub fn targets(&self, file: FileId, call: CallId) -> Targets {
        self.files[file.index()].targets[call.index()]
    }

    /// The functions among a call's targets.
    #[must_use]
    pub fn functions(&self, file: FileId, targets: Targets) -> &[FunctionId] {
        &self.files[file.index()].arena[targets.functions.range()]
    }

    /// The function whose code makes a call; none for module level.
    #[must_use]
    pub fn caller(&self, file: FileId, call: &Call) -> Option<DefinitionId> {
        self.files[file.index()].frames[call.callee.scope.index()]
    }
}

fn resolve_file(index: &Index, file: FileId) -> FileCalls {
    let facts = index.facts(file);
    let declares = index.file(file).language.declares_modules();
    let mut calls = FileCalls {
        targets: Vec::with_capacity(facts.calls.len()),
        arena: Vec::new(),
        frames: frames(index, file),
    };
    let mut known: FxHashMap<CalleeKey, Targets> = FxHashMap::default();
    let has_stars = !index.origins.stars(file).is_empty();
    for call in &facts.calls {
        let targets = match call.callee.root {
            Root::Literal(_) => UNKNOWN,
            Root::Free(_) if !has_stars => UNKNOWN,
            // What may hide the methods of a trait depends on who asks.
            _ if declares => calls.add(&resolve_declared(index, file, call, &calls.frames)),
            _ => match CalleeKey::new(facts, call) {
                Some(key) => *known
                    .entry(key)
                    .or_insert_with(|| calls.add(&resolve(index, file, call))),
                None => calls.add(&resolve(index, file, call)),
            },
        };
        let filled = call.mode == CallMode::PropertyGet
            && may_be_filled(index, call, calls.functions(targets), facts);
        calls.targets.push(if filled { UNKNOWN } else { targets });
    }
    calls.arena.shrink_to_fit();
    calls
}

/// What a call that cannot be named may run.
const UNKNOWN: Targets = Targets {
    functions: Slice { start: 0, len: 0 },
    uncertain: true,
};

/// Calls of one file that are alike have the same targets: most files call a few names many times.
#[derive(PartialEq, Eq, Hash)]
struct CalleeKey {
    root: Root,
    mode: CallMode,
    path: [Option<NameId>; 2],
}

impl CalleeKey {
    /// The key of a call; none when its path is too long to be one.
    fn new(facts: &FileFacts, call: &Call) -> Option<Self> {
        let path = match facts.path(call.callee.path) {
            [] => [None, None],
            [first] => [Some(*first), None],
            [first, second] => [Some(*first), Some(*second)],
            _ => return None,
        };
        Some(Self {
            root: call.callee.root,
            mode: call.mode,
            path,
        })
    }
}

/// Whether a cached property that is read may have its value already: a call before the read may have put it there.
fn may_be_filled(index: &Index, read: &Call, targets: &[FunctionId], facts: &FileFacts) -> bool {
    let is_cached = |target: &FunctionId| {
        let definition = &index.facts(target.file).definitions[target.definition.index()];
        definition.flags.contains(DefinitionFlags::CACHED)
    };
    targets.iter().any(is_cached)
        && facts.calls.iter().any(|other| {
            other.mode != CallMode::PropertyGet
                && other.callee.scope == read.callee.scope
                && other.callee.span.start < read.callee.span.start
        })
}

impl FileCalls {
    fn functions(&self, targets: Targets) -> &[FunctionId] {
        &self.arena[targets.functions.range()]
    }

    fn add(&mut self, found: &Found) -> Targets {
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(&found.functions);
        Targets {
            functions: Slice {
                start,
                len: found.functions.len() as u32,
            },
            uncertain: found.uncertain,
        }
    }
}

/// For each scope of a file, the function whose code runs in it.
fn frames(index: &Index, file: FileId) -> Vec<Option<DefinitionId>> {
    let facts = index.facts(file);
    let mut frames: Vec<Option<DefinitionId>> = Vec::with_capacity(facts.scopes.len());
    for (at, scope) in facts.scopes.iter().enumerate() {
        frames.push(match scope.kind {
            ScopeKind::Function => scope.definition,
            ScopeKind::Module => None,
            // A class body runs where it stands.
            ScopeKind::Class if at == scope.parent.index() => None,
            ScopeKind::Class => frames[scope.parent.index()],
        });
    }
    frames
}

/// The functions a call may run, as found.
#[derive(Debug, Default)]
struct Found {
    functions: Vec<FunctionId>,
    uncertain: bool,
}

impl Found {
    fn unknown() -> Self {
        Self {
            functions: Vec::new(),
            uncertain: true,
        }
    }

    fn add(&mut self, function: FunctionId) {
        if !self.functions.contains(&function) {
            self.functions.push(function);
        }
    }
}

fn resolve(index: &Index, file: FileId, call: &Call) -> Found {
    let facts = index.facts(file);
    let callee = &call.callee;
    match callee.root {
        Root::Literal(_) => Found::unknown(),
        Root::Bound(_) | Root::Free(_) => named(index, file, callee),
        Root::Instance(class) | Root::Class(class) => {
            let class = ClassId {
                file,
                definition: class,
            };
            match (callee.root, facts.path(callee.path)) {
                (Root::Instance(_), []) => own_method(index, class, "__call__", call.mode),
                (_, []) => construct(index, class),
                (_, [name]) => own_method(index, class, facts.name(*name), call.mode),
                _ => Found::unknown(),
            }
        }
        Root::Super(class) => {
            let class = ClassId {
                file,
                definition: class,
            };
            match facts.path(callee.path) {
                [name] => {
                    let name = facts.name(*name);
                    let members = index.member_of_class(class, name, true);
                    method(index, class, name, members, false, call.mode)
                }
                _ => Found::unknown(),
            }
        }
    }
}

/// As [`resolve`], in a language with traits: whose methods a call means takes more than a name.
fn resolve_declared(
    index: &Index,
    file: FileId,
    call: &Call,
    frames: &[Option<DefinitionId>],
) -> Found {
    let mut found = resolve(index, file, call);
    prefer_inherent(index, &mut found);
    let facts = index.facts(file);
    let caller = frames[call.callee.scope.index()];
    let through_self = matches!(call.callee.root, Root::Instance(_) | Root::Class(_));
    let by_value = |function: &FunctionId| {
        let definition = &index.facts(function.file).definitions[function.definition.index()];
        definition.flags.contains(DefinitionFlags::BY_VALUE)
    };
    let own = caller.map(|definition| FunctionId { file, definition });
    for function in &found.functions {
        let target = index.facts(function.file);
        let definition = &target.definitions[function.definition.index()];
        let class = target.scopes[definition.parent.index()].definition;
        let of_trait = class.is_some_and(|class| {
            target.definitions[class.index()]
                .flags
                .contains(DefinitionFlags::TRAIT)
        });
        // Who implements a trait decides what its methods run; only the default that is running did not give way.
        let is_own = Some(*function) == own;
        let keeps_type = through_self || call.mode == CallMode::Operator;
        found.uncertain |= of_trait && !(keeps_type && is_own);
        found.uncertain |= call.mode != CallMode::Operator && may_be_hidden(index, *function);
        // A receiver behind a reference cannot be handed over: another type's method is meant.
        let borrowed = matches!(call.callee.root, Root::Instance(_))
            && by_value(function)
            && !own.as_ref().is_some_and(by_value);
        found.uncertain |= borrowed || definition.flags.contains(DefinitionFlags::ABSTRACT);
    }
    // Something of that name may be hidden in what a macro makes of the type.
    found.uncertain |= match call.callee.root {
        Root::Instance(class) | Root::Class(class) => {
            let flags = facts.definitions[class.index()].flags;
            flags.contains(DefinitionFlags::DYNAMIC_MEMBERS)
                || flags.contains(DefinitionFlags::UNKNOWN_DECORATOR)
        }
        _ => false,
    };
    found
}

/// Whether a function is a type's own, or none of a type at all: not brought by a trait.
fn is_inherent(index: &Index, function: FunctionId) -> bool {
    let facts = index.facts(function.file);
    let definition = &facts.definitions[function.definition.index()];
    let Some(part) = facts.scopes[definition.parent.index()].definition else {
        return true;
    };
    let part = &facts.definitions[part.index()];
    !part.flags.contains(DefinitionFlags::PART)
        || part.bases.len == 1 && !part.flags.contains(DefinitionFlags::OPAQUE_BASE)
}

/// Of methods that share a name, those of the type itself go before those of its traits.
fn prefer_inherent(index: &Index, found: &mut Found) {
    let by_value = |function: &FunctionId| {
        let definition = &index.facts(function.file).definitions[function.definition.index()];
        definition.flags.contains(DefinitionFlags::BY_VALUE)
    };
    if found.functions.len() < 2 {
        return;
    }
    let same_kind = found
        .functions
        .iter()
        .all(|function| by_value(function) == by_value(&found.functions[0]));
    let inherent = |function: &FunctionId| is_inherent(index, *function);
    if same_kind && found.functions.iter().any(inherent) {
        found.functions.retain(inherent);
    } else {
        found.uncertain = true;
    }
}

/// Whether a method of a trait may be hidden by one that a macro makes for the type.
fn may_be_hidden(index: &Index, function: FunctionId) -> bool {
    let facts = index.facts(function.file);
    let definition = &facts.definitions[function.definition.index()];
    let Some(part) = facts.scopes[definition.parent.index()].definition else {
        return false;
    };
    if is_inherent(index, function) {
        return false;
    }
    let part = ClassId {
        file: function.file,
        definition: part,
    };
    let Some(whole) = index.whole_class(part) else {
        return true;
    };
    let of_whole = index.facts(whole.file);
    let flags = of_whole.definitions[whole.definition.index()].flags;
    let made = |part: &ClassId| {
        let of_part = &index.facts(part.file).definitions[part.definition.index()];
        of_part.flags.contains(DefinitionFlags::DYNAMIC_MEMBERS)
    };
    flags.contains(DefinitionFlags::UNKNOWN_DECORATOR)
        || index.parts(whole).iter().any(made)
        || of_whole.dynamic.is_some()
        || facts.dynamic.is_some()
}

/// What a call through `self`, `cls` or `super()` runs on an instance of `receiver`, and whether it may run something
/// else; none when the call is no such one, or not in a method that `receiver` inherits.
pub(super) fn on_receiver(
    index: &Index,
    file: FileId,
    call: CallId,
    receiver: ClassId,
) -> Option<(Vec<FunctionId>, bool)> {
    let facts = index.facts(file);
    let call = &facts.calls[call.index()];
    let (Root::Instance(lexical) | Root::Class(lexical) | Root::Super(lexical)) = call.callee.root
    else {
        return None;
    };
    let lexical = ClassId {
        file,
        definition: lexical,
    };
    let [name] = facts.path(call.callee.path) else {
        return None;
    };
    let lexical = index.whole_class(lexical)?;
    if !index.mro(receiver).contains(&Ancestor::Class(lexical)) {
        return None;
    }
    let name = facts.name(*name);
    let found = if matches!(call.callee.root, Root::Super(_)) {
        let members = index.member_behind(receiver, lexical, name);
        method(index, receiver, name, members, false, call.mode)
    } else {
        let members = index.member_of_class(receiver, name, false);
        method(index, receiver, name, members, true, call.mode)
    };
    let cached = |function: &FunctionId| {
        let definition = &index.facts(function.file).definitions[function.definition.index()];
        definition.flags.contains(DefinitionFlags::CACHED)
    };
    let uncertain = found.uncertain || found.functions.iter().any(cached);
    Some((found.functions, uncertain))
}

fn named(index: &Index, file: FileId, callee: &Reference) -> Found {
    let lookup = index.reference(file, callee);
    let mut found = Found {
        functions: Vec::new(),
        uncertain: lookup.unknown.is_some() || lookup.entities.is_empty(),
    };
    // A module may share its name with the function that is called.
    let shared = index.file(file).language.declares_modules() && lookup.entities.len() > 1;
    for entity in lookup.entities {
        match entity {
            Entity::Symbol(symbol) => add_symbol(index, symbol, &mut found),
            Entity::Module(_) if shared => {}
            Entity::Module(_) | Entity::External(_) => found.uncertain = true,
        }
    }
    found
}

fn add_symbol(index: &Index, symbol: SymbolId, found: &mut Found) {
    let Some((id, definition)) = index.definition(symbol) else {
        found.uncertain = true;
        return;
    };
    if definition.kind == DefinitionKind::Class {
        let class = ClassId {
            file: symbol.file,
            definition: id,
        };
        let made = construct(index, class);
        found.uncertain |= made.uncertain;
        made.functions
            .into_iter()
            .for_each(|function| found.add(function));
        return;
    }
    // Called through a decorator that is not known, something else may run instead.
    found.uncertain |= definition
        .flags
        .contains(DefinitionFlags::UNKNOWN_DECORATOR);
    found.add(FunctionId {
        file: symbol.file,
        definition: id,
    });
}

/// What constructing an instance runs: the `__new__` and `__init__` that the class has.
fn construct(index: &Index, class: ClassId) -> Found {
    let facts = index.facts(class.file);
    let flags = facts.definitions[class.definition.index()].flags;
    let mut found = Found {
        functions: Vec::new(),
        uncertain: flags.contains(DefinitionFlags::METACLASS)
            || flags.contains(DefinitionFlags::UNKNOWN_DECORATOR),
    };
    let mut any = false;
    for name in ["__new__", "__init__"] {
        if let Some(members) = index.member_of_class(class, name, false) {
            any = true;
            for member in members {
                add_symbol(index, member, &mut found);
            }
        }
    }
    found.uncertain |= !any;
    found
}

fn own_method(index: &Index, class: ClassId, name: &str, mode: CallMode) -> Found {
    let members = index.member_of_class(class, name, false);
    method(index, class, name, members, true, mode)
}

/// What a call of the method `name` runs, which the class has from `members`. What is assigned to an instance hides them
/// where the look-up starts `at_instance`.
fn method(
    index: &Index,
    class: ClassId,
    name: &str,
    members: Option<Vec<SymbolId>>,
    at_instance: bool,
    mode: CallMode,
) -> Found {
    let Some(members) = members else {
        return Found::unknown();
    };
    if at_instance
        && index.is_assigned(class, name)
        && matches!(mode, CallMode::Plain | CallMode::Awaited | CallMode::Driven)
    {
        return Found::unknown();
    }
    let mut found = Found::default();
    for member in members {
        match index.definition(member) {
            Some((_, definition)) if definition.kind == DefinitionKind::Function => {
                let accessor = match mode {
                    CallMode::PropertySet => DefinitionFlags::SETTER,
                    CallMode::PropertyGet => DefinitionFlags::PROPERTY,
                    _ => {
                        // Calling what a property returns, or what a subclass has to provide.
                        found.uncertain |= definition.flags.contains(DefinitionFlags::PROPERTY)
                            || definition.flags.contains(DefinitionFlags::ABSTRACT);
                        if definition.flags.contains(DefinitionFlags::PROPERTY) {
                            continue;
                        }
                        DefinitionFlags::default()
                    }
                };
                if definition.flags.contains(accessor) {
                    add_symbol(index, member, &mut found);
                } else {
                    found.uncertain = true;
                }
            }
            _ => add_symbol(index, member, &mut found),
        }
    }
    if matches!(mode, CallMode::PropertyGet) && found.functions.is_empty() {
        // The setter's `def` is the last binding of the name; the getter stands before it.
        accessor(index, class, name, DefinitionFlags::PROPERTY, &mut found);
    }
    found
}

/// The getter behind a property whose setter was defined last.
fn accessor(index: &Index, class: ClassId, name: &str, kind: DefinitionFlags, found: &mut Found) {
    let facts = index.facts(class.file);
    let body: ScopeId = facts.definitions[class.definition.index()].body;
    let getter = facts
        .definitions
        .iter()
        .enumerate()
        .rev()
        .find(|(_, definition)| {
            definition.parent == body
                && facts.name(definition.name) == name
                && definition.flags.contains(kind)
        });
    if let Some((at, _)) = getter {
        found.uncertain = false;
        found.add(FunctionId {
            file: class.file,
            definition: DefinitionId(at as u32),
        });
    }
}
