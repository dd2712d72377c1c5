//! From what was visited to facts: names are resolved within the file, what nothing needs is dropped.

use rustc_hash::{FxHashMap, FxHashSet};

use super::extract::{Extractor, TempReference, TempRoot, TempShape, TempString};
use super::flow::Step;
use super::interner::Interner;
use super::keeping::TempKept;
use super::scope::{Place, TempScopeKind, TempValue};
use super::variants::outermost;
use crate::facts::{
    Binding, BindingId, BindingValue, Call, CallId, CallMode, Definition, DefinitionFlags,
    DefinitionId, DefinitionKind, Draft, Dynamic, Ending, FlowNode, FlowStep, Import, ImportTarget,
    Keep, Keeper, MOST_BINDINGS, Member, NameId, Parameter, Reference, ReferenceId, Root, Scope,
    ScopeId, ScopeKind, Shape, Slice, StringTarget, Usage, Visibility, hash_name,
};

/// A root as resolved, before ids are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolved {
    /// A run of `Finisher::sets`.
    Bound(Slice),
    Free(NameId),
    Instance(DefinitionId),
    Class(DefinitionId),
    Super(DefinitionId),
    Literal(NameId),
    /// A parameter or local value.
    Local,
}

const UNUSED: u32 = u32::MAX;

/// What each visited reference or call is, and its id where facts keep it.
#[derive(Default)]
struct Chosen {
    resolved: Vec<Resolved>,
    ids: Vec<u32>,
}

impl Chosen {
    /// `count` of what is not resolved yet, in the memory of `self`.
    fn fresh(self, count: usize) -> Self {
        Self {
            resolved: filled(self.resolved, count, Resolved::Local),
            ids: filled(self.ids, count, UNUSED),
        }
    }
}

/// What finishing a file fills, kept from file to file.
#[derive(Default)]
pub(super) struct Memory {
    names: Vec<u32>,
    scopes: Vec<u32>,
    bindings: Vec<u32>,
    kept_alias: Vec<bool>,
    sets: Vec<u32>,
    single_sets: Vec<u32>,
    emitted_sets: Vec<u32>,
    found: Vec<u32>,
    globals: Vec<Option<Resolved>>,
    references: Chosen,
    calls: Chosen,
    blocks: Vec<bool>,
    walks: super::ending::Memory,
}

/// `len` times `value`, in the memory of `values`.
pub(super) fn filled<T: Copy>(mut values: Vec<T>, len: usize, value: T) -> Vec<T> {
    values.clear();
    values.resize(len, value);
    values
}

pub(super) struct Finisher<'e, 'a> {
    from: &'e Extractor<'a>,
    /// The visited names; those of attributes come to them here.
    interner: &'e mut Interner,
    facts: &'e mut Draft,
    /// Ids of the names that facts use, by visited id.
    names: Vec<u32>,
    /// Ids of the scopes in the facts, by visited id.
    scopes: Vec<u32>,
    /// Ids of the bindings in the facts, by visited id.
    bindings: Vec<u32>,
    /// Whether each visited reference that is an alias leads to something that can be named.
    kept_alias: Vec<bool>,
    /// Visited binding ids behind [`Resolved::Bound`].
    sets: Vec<u32>,
    /// Runs of `sets` already made of one binding, by that binding.
    single_sets: Vec<u32>,
    /// Where the run of `sets` that starts there begins in the facts.
    emitted_sets: Vec<u32>,
    /// Runs of `sets` already made of several bindings.
    known_sets: FxHashMap<Vec<u32>, Slice>,
    found: Vec<u32>,
    /// What each visited name is wherever only the module binds it, once it was asked for. Empty until all aliases are
    /// resolved: names lead through them.
    globals: Vec<Option<Resolved>>,
    /// What is left of the memory: the rest is in the fields above.
    memory: Memory,
}

impl<'e, 'a> Finisher<'e, 'a> {
    pub(super) fn new(
        from: &'e Extractor<'a>,
        interner: &'e mut Interner,
        facts: &'e mut Draft,
        mut memory: Memory,
    ) -> Self {
        let take = std::mem::take::<Vec<u32>>;
        let bindings = from.scopes.bindings.len();
        Self {
            names: filled(take(&mut memory.names), interner.len(), UNUSED),
            scopes: filled(take(&mut memory.scopes), from.scopes.scopes.len(), UNUSED),
            bindings: filled(take(&mut memory.bindings), bindings, UNUSED),
            kept_alias: filled(
                std::mem::take(&mut memory.kept_alias),
                from.references.len(),
                false,
            ),
            sets: filled(take(&mut memory.sets), 0, 0),
            single_sets: filled(take(&mut memory.single_sets), bindings, UNUSED),
            emitted_sets: take(&mut memory.emitted_sets),
            known_sets: FxHashMap::default(),
            found: take(&mut memory.found),
            globals: filled(std::mem::take(&mut memory.globals), 0, None),
            memory,
            from,
            interner,
            facts,
        }
    }

    /// Fills the draft; gives the memory back.
    pub(super) fn finish(mut self) -> Memory {
        self.scopes_and_parameters();
        let references = self.resolve_references();
        let flags = self.decorator_flags(&references.resolved);
        let calls = self.resolve_calls(&flags);
        self.choose_bindings();
        let emitted = std::mem::take(&mut self.emitted_sets);
        self.emitted_sets = filled(emitted, self.sets.len(), UNUSED);
        self.emit_bindings(&references.ids, &calls.ids);
        self.emit_references(&references);
        self.emit_calls(&calls);
        self.emit_imports();
        self.emit_definitions(&flags, &references.ids, &calls);
        self.emit_members();
        self.emit_rest(&references);
        self.emit_keeps(&calls.ids);
        Memory {
            names: self.names,
            scopes: self.scopes,
            bindings: self.bindings,
            kept_alias: self.kept_alias,
            sets: self.sets,
            single_sets: self.single_sets,
            emitted_sets: self.emitted_sets,
            found: self.found,
            globals: self.globals,
            references,
            calls,
            ..self.memory
        }
    }

    fn name(&mut self, id: NameId) -> NameId {
        let known = &mut self.names[id.index()];
        if *known == UNUSED {
            *known = self.facts.names.push(self.interner.get(id)).0;
        }
        NameId(*known)
    }

    /// The name of an attribute.
    fn attribute(&mut self, name: &str) -> NameId {
        let id = self.interner.intern(name);
        if id.index() == self.names.len() {
            self.names.push(UNUSED);
        }
        self.name(id)
    }

    fn scope(&self, temp: u32) -> ScopeId {
        let kept = self.from.scopes.scopes[temp as usize].kept;
        ScopeId(self.scopes[kept as usize])
    }

    fn scopes_and_parameters(&mut self) {
        for (at, scope) in self.from.scopes.scopes.iter().enumerate() {
            let kind = match scope.kind {
                TempScopeKind::Module => ScopeKind::Module,
                TempScopeKind::Class => ScopeKind::Class,
                TempScopeKind::Function => ScopeKind::Function,
                TempScopeKind::Inner => continue,
            };
            let parent = if at == 0 {
                ScopeId::MODULE
            } else {
                self.scope(scope.parent)
            };
            self.scopes[at] = self.facts.scopes.len() as u32;
            self.facts.scopes.push(Scope {
                kind,
                parent,
                definition: scope.definition,
            });
        }
        for parameter in &self.from.parameters {
            let name = self.name(parameter.name);
            self.facts.parameters.push(Parameter {
                name,
                kind: parameter.kind,
                has_default: parameter.has_default,
            });
        }
    }

    /// Resolves all references, aliases first, since other names lead through them, and gives ids to those that facts
    /// keep.
    fn resolve_references(&mut self) -> Chosen {
        let count = self.from.references.len();
        let Chosen {
            mut resolved,
            mut ids,
        } = std::mem::take(&mut self.memory.references).fresh(count);
        for at in 0..self.from.scopes.bindings.len() {
            let binding = &self.from.scopes.bindings[at];
            if let TempValue::Alias(reference) = binding.value {
                let root = self.resolve(&self.from.references[reference as usize]);
                resolved[reference as usize] = root;
                let outside =
                    self.from.scopes.scopes[binding.scope as usize].kind != TempScopeKind::Function;
                self.kept_alias[reference as usize] = match root {
                    Resolved::Local => false,
                    Resolved::Free(_) | Resolved::Literal(_) => outside,
                    _ => true,
                };
            }
        }
        let globals = std::mem::take(&mut self.globals);
        self.globals = filled(globals, self.names.len(), None);
        let mut next = 0;
        let mut free_seen: FxHashSet<NameId> = FxHashSet::default();
        for (at, reference) in self.from.references.iter().enumerate() {
            if resolved[at] == Resolved::Local {
                resolved[at] = self.resolve(reference);
            }
            let keep = match resolved[at] {
                Resolved::Local => false,
                _ if reference.always => true,
                Resolved::Bound(set) => reference.path().len > 0 && self.leads_out(set),
                Resolved::Free(name) => self.from.has_star && free_seen.insert(name),
                _ => false,
            };
            if keep {
                ids[at] = next;
                next += 1;
                self.need_bindings(resolved[at]);
            } else if reference.usage == Usage::Store {
                self.note_assignment(resolved[at], reference);
            }
        }
        for reference in &self.from.attributes_set {
            let root = self.resolve(reference);
            self.note_assignment(root, reference);
        }
        Chosen { resolved, ids }
    }

    /// Notes that facts keep something that leads to these bindings.
    fn need_bindings(&mut self, resolved: Resolved) {
        if let Resolved::Bound(set) = resolved {
            for &at in &self.sets[set.range()] {
                self.bindings[at as usize] = 0;
            }
        }
    }

    /// Whether references to a binding are worth keeping.
    fn can_be_named(&self, binding: u32) -> bool {
        match self.from.scopes.bindings[binding as usize].value {
            TempValue::Import(_) | TempValue::Definition(_) => true,
            TempValue::Alias(reference) => self.kept_alias[reference as usize],
            _ => false,
        }
    }

    fn resolve(&mut self, reference: &TempReference) -> Resolved {
        let name = match reference.root() {
            TempRoot::Name(name) | TempRoot::TypeOf(name) => name,
            TempRoot::Literal(name) => return Resolved::Literal(name),
            TempRoot::Super => {
                return self
                    .class_around(reference.place.scope)
                    .map_or(Resolved::Local, Resolved::Super);
            }
        };
        let type_of = matches!(reference.root(), TempRoot::TypeOf(_));
        let scope = reference.place.scope;
        if !type_of
            && let Some(&known) = self.globals.get(name.index())
            && self.from.scopes.is_global(scope, name)
        {
            if let Some(known) = known {
                return known;
            }
            let resolved = self.resolve_name(name, false, reference.place);
            // Which class a method's `__class__` is depends on the method.
            if !matches!(resolved, Resolved::Class(_)) {
                self.globals[name.index()] = Some(resolved);
            }
            return resolved;
        }
        if self.from.scopes.is_plain_local(scope, name) {
            return Resolved::Local;
        }
        self.resolve_name(name, type_of, reference.place)
    }

    /// What a name is, or its type, at a place.
    fn resolve_name(&mut self, name: NameId, type_of: bool, place: Place) -> Resolved {
        let mut found = std::mem::take(&mut self.found);
        let bound = self.from.scopes.look_up(place, name, &mut found);
        let resolved = if found.len() >= MOST_BINDINGS {
            Resolved::Local
        } else if bound {
            self.resolve_bound(&found, type_of)
        } else if type_of {
            Resolved::Local
        } else if self.interner.get(name) == "__class__" {
            // The compiler gives every method this name for the class around it.
            let class = self.class_around(place.scope);
            class.map_or(Resolved::Local, Resolved::Class)
        } else {
            Resolved::Free(name)
        };
        self.found = found;
        resolved
    }

    fn resolve_bound(&mut self, found: &[u32], type_of: bool) -> Resolved {
        if let [only] = found {
            match (self.from.scopes.bindings[*only as usize].value, type_of) {
                (TempValue::Instance(class), false) => return Resolved::Instance(class),
                (TempValue::Instance(class), true) | (TempValue::Class(class), false) => {
                    return Resolved::Class(class);
                }
                _ => {}
            }
        }
        if type_of || !found.iter().any(|&at| self.can_be_named(at)) {
            return Resolved::Local;
        }
        if let [only] = found {
            let known = &mut self.single_sets[*only as usize];
            if *known == UNUSED {
                *known = self.sets.len() as u32;
                self.sets.push(*only);
            }
            return Resolved::Bound(Slice {
                start: *known,
                len: 1,
            });
        }
        if let Some(&known) = self.known_sets.get(found) {
            return Resolved::Bound(known);
        }
        let set = Slice {
            start: self.sets.len() as u32,
            len: found.len() as u32,
        };
        self.sets.extend(found.iter().rev());
        self.known_sets.insert(found.to_vec(), set);
        Resolved::Bound(set)
    }

    /// The class whose method encloses `scope`.
    fn class_around(&self, scope: u32) -> Option<DefinitionId> {
        let mut at = scope;
        loop {
            let here = self.from.scopes.scopes[at as usize];
            if here.kind == TempScopeKind::Module {
                return None;
            }
            if here.kind == TempScopeKind::Function {
                let mut parent = self.from.scopes.scopes[here.parent as usize];
                if parent.kind == TempScopeKind::Inner {
                    parent = self.from.scopes.scopes[parent.parent as usize];
                }
                if parent.kind == TempScopeKind::Class {
                    return parent.definition;
                }
            }
            at = here.parent;
        }
    }

    /// What the decorators of each definition make of it.
    fn decorator_flags(&self, references: &[Resolved]) -> Vec<DefinitionFlags> {
        let flags_of = |definition: &super::extract::TempDefinition| {
            let mut flags = definition.flags;
            for at in definition.decorators.range() {
                let path = self.decorator_path(references[at], &self.from.references[at]);
                super::decorators::apply(path.as_deref(), definition.kind, &mut flags);
            }
            if flags.contains(DefinitionFlags::OPAQUE_DECORATOR) {
                flags.insert(DefinitionFlags::UNKNOWN_DECORATOR);
            }
            flags
        };
        self.from.definitions.iter().map(flags_of).collect()
    }

    /// The dotted path of a decorator: `functools.lru_cache`, `property`, `.setter` for one of this file.
    fn decorator_path(&self, resolved: Resolved, reference: &TempReference) -> Option<String> {
        let table = &*self.interner;
        let mut path = match resolved {
            Resolved::Free(name) => table.get(name).to_owned(),
            Resolved::Bound(set) => {
                let only = match &self.sets[set.range()] {
                    [only] => *only,
                    // `try: from typing import override` / `except: from typing_extensions import override`.
                    [first, ..] => *first,
                    [] => return None,
                };
                match self.from.scopes.bindings[only as usize].value {
                    TempValue::Import(import) => {
                        let import = &self.from.imports[import.index()];
                        let module = table.get(import.module);
                        match import.target {
                            ImportTarget::Name(name) => format!("{module}.{}", table.get(name)),
                            ImportTarget::Module => super::syntax::first_segment(module).to_owned(),
                            ImportTarget::ModuleAs => module.to_owned(),
                            ImportTarget::Star => return None,
                        }
                    }
                    TempValue::Definition(_) => String::new(),
                    _ => return None,
                }
            }
            _ => return None,
        };
        for name in &self.from.paths[reference.path().range()] {
            path.push('.');
            path.push_str(name);
        }
        Some(path)
    }

    /// Whether some binding of the set is an import or leads to one.
    fn leads_out(&self, set: Slice) -> bool {
        self.sets[set.range()].iter().any(|&at| {
            matches!(
                self.from.scopes.bindings[at as usize].value,
                TempValue::Import(_) | TempValue::Alias(_)
            )
        })
    }

    fn note_assignment(&mut self, root: Resolved, reference: &TempReference) {
        if reference.path().len != 1 {
            return;
        }
        let class = match root {
            Resolved::Instance(class) | Resolved::Class(class) => class,
            Resolved::Bound(set) => match self.sets[set.range()] {
                [only] => match self.from.scopes.bindings[only as usize].value {
                    TempValue::Definition(id) => id,
                    _ => return,
                },
                _ => return,
            },
            _ => return,
        };
        let name = self.attribute(self.from.paths[reference.path().start as usize]);
        self.facts.assigned_attributes.push((class, name));
    }

    /// Resolves all calls, gives ids to those that facts keep and counts the others.
    fn resolve_calls(&mut self, flags: &[DefinitionFlags]) -> Chosen {
        let count = self.from.calls.len();
        let fresh = std::mem::take(&mut self.memory.calls).fresh(count);
        if self.from.read.values {
            return fresh;
        }
        let Chosen {
            mut resolved,
            mut ids,
        } = fresh;
        let mut next = 0;
        let mut unresolved = self.from.unresolved;
        for (at, call) in self.from.calls.iter().enumerate() {
            let root = self.resolve(&call.callee);
            resolved[at] = root;
            let keep = match (root, call.mode) {
                (Resolved::Instance(class), CallMode::PropertyGet) => {
                    self.has_property(class, call.callee.path(), flags, DefinitionFlags::PROPERTY)
                }
                (Resolved::Instance(class), CallMode::PropertySet) => {
                    self.has_property(class, call.callee.path(), flags, DefinitionFlags::SETTER)
                }
                (Resolved::Instance(class), CallMode::Operator) => {
                    let body = self.from.definitions[class.index()].body;
                    let name = self.from.paths[call.callee.path().start as usize];
                    let name = self.interner.find(name);
                    name.is_some_and(|name| !self.from.scopes.run(body, name).is_empty())
                }
                (_, CallMode::PropertyGet | CallMode::PropertySet | CallMode::Operator) => false,
                (Resolved::Local, _) => {
                    unresolved.local_value += 1;
                    false
                }
                _ => true,
            };
            if keep {
                ids[at] = next;
                next += 1;
                self.need_bindings(root);
            }
        }
        self.facts.unresolved_calls = unresolved;
        Chosen { resolved, ids }
    }

    fn has_property(
        &self,
        class: DefinitionId,
        path: Slice,
        flags: &[DefinitionFlags],
        kind: DefinitionFlags,
    ) -> bool {
        let Some(name) = self.interner.find(self.from.paths[path.start as usize]) else {
            return false;
        };
        let body = self.from.definitions[class.index()].body;
        self.from.scopes.run(body, name).iter().any(|&at| {
            matches!(self.from.scopes.bindings[at as usize].value,
                TempValue::Definition(id) if flags[id.index()].contains(kind))
        })
    }

    /// Gives ids to the bindings that facts keep: module and class members, and those needed.
    fn choose_bindings(&mut self) {
        let mut next = 0;
        for (at, binding) in self.from.scopes.bindings.iter().enumerate() {
            let kind = self.from.scopes.scopes[binding.scope as usize].kind;
            let member = matches!(kind, TempScopeKind::Module | TempScopeKind::Class);
            let import = matches!(binding.value, TempValue::Import(_));
            if member || import || self.bindings[at] != UNUSED {
                self.bindings[at] = next;
                next += 1;
            }
        }
    }

    fn emit_bindings(&mut self, reference_ids: &[u32], call_ids: &[u32]) {
        for (at, binding) in self.from.scopes.bindings.iter().enumerate() {
            if self.bindings[at] == UNUSED {
                continue;
            }
            let value = match binding.value {
                TempValue::Import(id) => BindingValue::Import(id),
                TempValue::Definition(id) => BindingValue::Definition(id),
                TempValue::Alias(reference) => match reference_ids[reference as usize] {
                    UNUSED => BindingValue::Value,
                    id => BindingValue::Alias(ReferenceId(id)),
                },
                TempValue::Result(call) => match call_ids[call as usize] {
                    UNUSED => BindingValue::Value,
                    id => BindingValue::Result(CallId(id)),
                },
                TempValue::Value | TempValue::Instance(_) | TempValue::Class(_) => {
                    BindingValue::Value
                }
                TempValue::Declared => BindingValue::Declared,
                TempValue::Deleted => BindingValue::Deleted,
            };
            let name = self.name(binding.name);
            let scope = self.scope(binding.scope);
            self.facts.bindings.push(Binding {
                name,
                scope,
                span: binding.span,
                value,
                visibility: Visibility::Public,
                conditional: self.from.scopes.is_foreign(binding)
                    || self
                        .from
                        .scopes
                        .is_conditional(binding.scope, binding.branch),
            });
        }
    }

    fn root(&mut self, resolved: Resolved) -> Option<Root> {
        Some(match resolved {
            Resolved::Local => return None,
            Resolved::Free(name) => Root::Free(self.name(name)),
            Resolved::Literal(name) => Root::Literal(self.name(name)),
            Resolved::Instance(class) => Root::Instance(class),
            Resolved::Class(class) => Root::Class(class),
            Resolved::Super(class) => Root::Super(class),
            Resolved::Bound(set) => Root::Bound(self.binding_set(set)),
        })
    }

    /// The run of binding ids in the facts for a run of visited bindings; made once.
    fn binding_set(&mut self, set: Slice) -> Slice {
        let start = &mut self.emitted_sets[set.start as usize];
        if *start == UNUSED {
            *start = self.facts.binding_sets.len() as u32;
            let bindings = self.sets[set.range()].iter();
            let ids = bindings.map(|&at| BindingId(self.bindings[at as usize]));
            self.facts.binding_sets.extend(ids);
        }
        Slice {
            start: *start,
            len: set.len,
        }
    }

    fn emit_reference(&mut self, resolved: Resolved, from: &TempReference) -> Option<Reference> {
        let root = self.root(resolved)?;
        let start = self.facts.paths.len() as u32;
        for at in from.path().range() {
            let name = self.attribute(self.from.paths[at]);
            self.facts.paths.push(name);
        }
        Some(Reference {
            root,
            path: Slice {
                start,
                len: from.path().len,
            },
            span: from.span,
            scope: self.scope(from.place.scope),
            usage: from.usage,
        })
    }

    fn emit_references(&mut self, references: &Chosen) {
        for (at, id) in references.ids.iter().enumerate() {
            let reference = &self.from.references[at];
            if *id != UNUSED
                && let Some(reference) = self.emit_reference(references.resolved[at], reference)
            {
                self.facts.references.push(reference);
            }
        }
    }

    fn emit_calls(&mut self, calls: &Chosen) {
        let mut steady: FxHashMap<u32, bool> = FxHashMap::default();
        for (at, id) in calls.ids.iter().enumerate() {
            if *id == UNUSED {
                continue;
            }
            let call = &self.from.calls[at];
            let frame = self.from.scopes.scopes[call.callee.place.scope as usize].frame;
            let same_arguments = call.same_arguments
                && *steady
                    .entry(frame)
                    .or_insert_with(|| self.parameters_are_steady(frame))
                && !self.hides_parameters(call.callee.place.scope, frame);
            if let Some(callee) = self.emit_reference(calls.resolved[at], &call.callee) {
                self.facts.calls.push(Call {
                    callee,
                    mode: call.mode,
                    same_arguments,
                    swallowed_by: call.swallowed_by,
                });
            }
        }
    }

    /// Whether no parameter of the function is ever bound again in it.
    fn parameters_are_steady(&self, scope: u32) -> bool {
        let Some(id) = self.from.scopes.scopes[scope as usize].definition else {
            return false;
        };
        self.from.parameters[self.from.definitions[id.index()].parameters.range()]
            .iter()
            .all(|parameter| self.from.scopes.run(scope, parameter.name).len() == 1)
    }

    /// Whether a comprehension around binds the name of a parameter of the function `frame` to something else.
    fn hides_parameters(&self, scope: u32, frame: u32) -> bool {
        let Some(id) = self.from.scopes.scopes[frame as usize].definition else {
            return false;
        };
        let parameters =
            &self.from.parameters[self.from.definitions[id.index()].parameters.range()];
        let mut at = scope;
        while at != frame {
            let binds = |name| !self.from.scopes.run(at, name).is_empty();
            if parameters.iter().any(|parameter| binds(parameter.name)) {
                return true;
            }
            at = self.from.scopes.scopes[at as usize].parent;
        }
        false
    }

    fn emit_imports(&mut self) {
        for import in &self.from.imports {
            let module = self.name(import.module);
            let target = match import.target {
                ImportTarget::Name(name) => ImportTarget::Name(self.name(name)),
                other => other,
            };
            let scope = self.scope(import.scope);
            self.facts.imports.push(Import {
                statement: import.statement,
                alias: import.alias,
                module,
                level: import.level,
                target,
                binding: import
                    .binding
                    .map(|at| BindingId(self.bindings[at as usize])),
                scope,
                when: import.when,
                as_script: import.as_script,
                guarded: import.guarded,
                visibility: Visibility::Public,
            });
        }
    }

    fn emit_definitions(
        &mut self,
        flags: &[DefinitionFlags],
        reference_ids: &[u32],
        calls: &Chosen,
    ) {
        let call_ids = &calls.ids[..];
        let mut blocks = std::mem::take(&mut self.memory.blocks);
        blocks.clear();
        blocks.extend(calls.resolved.iter().zip(call_ids).map(|(call, id)| {
            *id != UNUSED && !matches!(call, Resolved::Free(_) | Resolved::Literal(_))
        }));
        let walks = std::mem::take(&mut self.memory.walks);
        let mut walker =
            super::ending::Walker::new(&self.from.flow, &self.from.calls, &blocks, walks);
        for (at, definition) in self.from.definitions.iter().enumerate() {
            let mut own_flags = flags[at];
            let decorators = kept_run(definition.decorators, reference_ids);
            let mut bases = kept_run(definition.bases, reference_ids);
            if decorators.len < definition.decorators.len {
                own_flags.insert(DefinitionFlags::OPAQUE_DECORATOR);
                own_flags.insert(DefinitionFlags::UNKNOWN_DECORATOR);
            }
            if bases.len < definition.bases.len {
                own_flags.insert(DefinitionFlags::OPAQUE_BASE);
            }
            if own_flags.contains(DefinitionFlags::NAMED_METACLASS) {
                match reference_ids[definition.bases.range().end] {
                    UNUSED => own_flags.0 &= !DefinitionFlags::NAMED_METACLASS.0,
                    id => bases.start = id - bases.len,
                }
            }
            let ending = match definition.entry {
                Some(entry) if definition.kind != DefinitionKind::Class => {
                    let ending = walker.ending(entry);
                    own_flags.insert(DefinitionFlags::raising(walker.operations));
                    self.ending(ending, &walker, call_ids)
                }
                _ => Ending::Never,
            };
            let shape = match definition.shape {
                TempShape::Ordinary => Shape::Ordinary,
                TempShape::Raises => Shape::Raises,
                TempShape::Empty => Shape::Empty,
                TempShape::Forwards(call) => match call_ids[call as usize] {
                    UNUSED => Shape::Ordinary,
                    id => Shape::Forwards(CallId(id)),
                },
            };
            let name = self.name(definition.name);
            let parent = self.scope(definition.parent);
            let body = self.scope(definition.body);
            self.facts.definitions.push(Definition {
                kind: definition.kind,
                name,
                parent,
                body,
                span: definition.span,
                name_span: definition.name_span,
                decorators,
                bases,
                parameters: definition.parameters,
                flags: own_flags,
                shape,
                ending,
            });
        }
        self.memory.walks = walker.into_memory();
        self.memory.blocks = blocks;
    }

    fn ending(
        &mut self,
        ending: super::ending::TempEnding,
        walker: &super::ending::Walker,
        call_ids: &[u32],
    ) -> Ending {
        match ending {
            super::ending::TempEnding::Always(offset) => return Ending::Always(offset),
            super::ending::TempEnding::Never => return Ending::Never,
            super::ending::TempEnding::Depends => {}
        }
        let facts = &mut *self.facts;
        let start = facts.flow_nodes.len() as u32;
        for (step, next) in walker.nodes() {
            let first = facts.flow_edges.len() as u32;
            facts.flow_edges.extend(next.iter().copied());
            facts.flow_nodes.push(FlowNode {
                step: match step {
                    Step::Call(call) if call_ids[call as usize] != UNUSED => {
                        FlowStep::Call(CallId(call_ids[call as usize]))
                    }
                    Step::Exit { statement, .. } => FlowStep::Exit(statement.start),
                    Step::Raised(operations) => FlowStep::Raised(operations),
                    Step::Call(_) | Step::Join => FlowStep::Join,
                },
                next: Slice {
                    start: first,
                    len: next.len() as u32,
                },
            });
        }
        Ending::Depends(Slice {
            start,
            len: facts.flow_nodes.len() as u32 - start,
        })
    }

    fn emit_members(&mut self) {
        let table = &*self.interner;
        // Scope, hash and name in one number: that sorts without a branch. Visited names have their ids in source order,
        // so that even equal hashes have an order.
        let mut members: Vec<u128> = self
            .from
            .scopes
            .all_runs()
            .filter(|(scope, _)| {
                matches!(
                    self.from.scopes.scopes[*scope as usize].kind,
                    TempScopeKind::Module | TempScopeKind::Class
                )
            })
            .map(|(scope, name)| {
                let hash = hash_name(table.get(name));
                u128::from(scope) << 64 | u128::from(hash) << 32 | u128::from(name.0)
            })
            .collect();
        members.sort_unstable();
        for member in members {
            let (scope, hash, name) = (
                (member >> 64) as u32,
                (member >> 32) as u32,
                NameId(member as u32),
            );
            let mut found = std::mem::take(&mut self.found);
            found.clear();
            let certain = self.from.scopes.at_end(scope, name, &mut found);
            let start = self.facts.binding_sets.len() as u32;
            self.facts.binding_sets.extend(
                found
                    .iter()
                    .map(|&at| BindingId(self.bindings[at as usize])),
            );
            let member = Member {
                scope: self.scope(scope),
                name: self.name(name),
                hash,
                bindings: Slice {
                    start,
                    len: found.len() as u32,
                },
                maybe_unbound: !certain,
            };
            self.facts.members.push(member);
            self.found = found;
        }
    }

    fn emit_rest(&mut self, references: &Chosen) {
        self.facts.assigned_attributes.sort_unstable();
        self.facts.assigned_attributes.dedup();
        let getattr = self.interner.find("__getattr__");
        let has_getattr = getattr.is_some_and(|name| !self.from.scopes.run(0, name).is_empty());
        self.facts.dynamic = self
            .from
            .dynamic
            .or(has_getattr.then_some(Dynamic::ModuleGetattr));
        for string in &self.from.strings {
            let is_imported = self.is_imported(string);
            let value = self.name(string.value);
            let scope = self.scope(string.scope);
            self.facts.string_targets.push(StringTarget {
                kind: string.kind,
                value,
                span: string.span,
                scope,
                may_be_new: string.may_be_new,
                is_imported,
            });
        }
        self.facts.variants.extend(outermost(&self.from.variants));
        self.facts.fallbacks.extend(outermost(&self.from.fallbacks));
        self.emit_exports(references);
    }

    /// Whether only imports bind the first name of a string where it stands.
    fn is_imported(&self, string: &TempString) -> bool {
        let text = self.interner.get(string.value);
        let root = text.split('.').next().unwrap_or(text);
        let Some(root) = self.interner.find(root) else {
            return false;
        };
        let scopes = &self.from.scopes;
        let mut at = string.scope;
        loop {
            let scope = scopes.scopes[at as usize];
            let bindings = scopes.run(at, root);
            let is_hidden = at != string.scope && scope.kind == TempScopeKind::Class;
            if !bindings.is_empty() && !is_hidden {
                let values = bindings
                    .iter()
                    .map(|&one| scopes.bindings[one as usize].value);
                return values
                    .into_iter()
                    .all(|one| matches!(one, TempValue::Import(_)));
            }
            if at == 0 {
                return false;
            }
            at = scope.parent;
        }
    }

    fn emit_keeps(&mut self, call_ids: &[u32]) {
        for keep in &self.from.keeps {
            let kept = match (&keep.place, keep.value) {
                (None, TempKept::Call(call)) => {
                    let span = self.from.calls[call as usize].callee.span;
                    Some((call, Keeper::Default, span))
                }
                (Some(place), TempKept::Call(call)) => {
                    let keeper = self.keeper(place);
                    keeper.map(|keeper| (call, keeper, place.span))
                }
                (Some(place), TempKept::Name(name)) => self.keeper(place).and_then(|keeper| {
                    let call = self.result_in(place, name)?;
                    Some((call, keeper, place.span))
                }),
                (None, TempKept::Name(_)) => None,
            };
            let Some((call, keeper, span)) = kept else {
                continue;
            };
            let id = call_ids[call as usize];
            if id != UNUSED {
                self.facts.keeps.push(Keep {
                    call: CallId(id),
                    keeper,
                    item: keep.item,
                    span,
                });
            }
        }
    }

    /// The call whose result a name is certain to hold where a place is written.
    fn result_in(&mut self, place: &TempReference, name: NameId) -> Option<u32> {
        let mut found = std::mem::take(&mut self.found);
        let bound = self.from.scopes.look_up(place.place, name, &mut found);
        let only = match found[..] {
            [only] if bound => Some(only),
            _ => None,
        };
        self.found = found;
        match self.from.scopes.bindings[only? as usize].value {
            TempValue::Result(call) => Some(call),
            _ => None,
        }
    }

    /// Whether a place begins with a receiver that is called as classes are: in a plain method, one of a metaclass.
    fn is_named_for_a_class(&self, place: &TempReference) -> bool {
        let TempRoot::Name(name) = place.root() else {
            return false;
        };
        matches!(self.interner.get(name), "cls" | "klass")
    }

    /// The module name or class attribute that a place is for certain.
    fn keeper(&mut self, place: &TempReference) -> Option<Keeper> {
        if let Some(at) = place.path().range().next() {
            let class = match self.resolve(place) {
                Resolved::Class(class) => class,
                // The instances of a metaclass are classes.
                Resolved::Instance(class) if self.is_named_for_a_class(place) => class,
                Resolved::Bound(set) => match self.sets[set.range()] {
                    [only] => match self.from.scopes.bindings[only as usize].value {
                        TempValue::Definition(id) => id,
                        _ => return None,
                    },
                    _ => return None,
                },
                _ => return None,
            };
            let is_class = self.from.definitions[class.index()].kind == DefinitionKind::Class;
            let name = self.attribute(self.from.paths[at]);
            return is_class.then_some(Keeper::Class(class, name));
        }
        let TempRoot::Name(name) = place.root() else {
            return None;
        };
        if self.from.scopes.is_plain_local(place.place.scope, name) {
            return None;
        }
        let mut found = std::mem::take(&mut self.found);
        let bound = self.from.scopes.look_up(place.place, name, &mut found);
        let mut scopes = found.iter().map(|&at| {
            let binding = &self.from.scopes.bindings[at as usize];
            (binding.scope, binding.value)
        });
        let first = scopes.next();
        let same = bound && scopes.all(|(scope, _)| Some(scope) == first.map(|first| first.0));
        self.found = found;
        let (scope, value) = first.filter(|_| same)?;
        let scope = self.from.scopes.scopes[scope as usize];
        // What is imported belongs to another module.
        match (scope.kind, value) {
            (_, TempValue::Import(_)) => None,
            (TempScopeKind::Module, _) => Some(Keeper::Module(self.name(name))),
            (TempScopeKind::Class, _) => {
                let name = self.name(name);
                scope.definition.map(|class| Keeper::Class(class, name))
            }
            _ => None,
        }
    }

    fn emit_exports(&mut self, references: &Chosen) {
        let Some(exports) = &self.from.exports else {
            return;
        };
        for &(visited, at) in &exports.names {
            let name = self.name(visited);
            self.facts.export_names.push((name, at));
            let hash = hash_name(self.interner.get(visited));
            self.facts.exports_by_hash.push((hash, name));
        }
        self.facts.exports_by_hash.sort_unstable();
        let extends = exports.extends.iter().map(|&at| at as usize);
        let unknown = extends
            .clone()
            .any(|at| references.resolved[at] == Resolved::Local);
        self.facts.exports = Some(exports.open || unknown);
        self.facts.export_extends.extend(
            extends
                .map(|at| references.ids[at])
                .filter(|&id| id != UNUSED)
                .map(ReferenceId),
        );
    }
}

/// The run of kept ids within a run of visited references.
fn kept_run(run: Slice, ids: &[u32]) -> Slice {
    let mut kept = ids[run.range()].iter().copied().filter(|&id| id != UNUSED);
    let Some(start) = kept.next() else {
        return Slice::default();
    };
    Slice {
        start,
        len: 1 + kept.count() as u32,
    }
}
