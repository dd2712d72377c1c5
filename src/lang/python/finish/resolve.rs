//! What the names of references and calls are within the file, and which of them facts keep.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Chosen, Finisher, Resolved, UNUSED, filled};
use crate::facts::{
    CallMode, DefinitionFlags, DefinitionId, ImportTarget, MOST_BINDINGS, NameId, Slice, Usage,
};
use crate::lang::python::decorators;
use crate::lang::python::extract::{TempCall, TempDefinition, TempReference, TempRoot};
use crate::lang::python::scope::{Place, TempScopeKind, TempValue};
use crate::lang::python::{is_builtin, syntax};

/// Tells calls of builtins that say nothing of the project: a seventh of all calls.
struct MuteCalls {
    applies: bool,
    /// Whether each visited name is such a builtin, once it was asked for.
    known: FxHashMap<NameId, bool>,
}

impl MuteCalls {
    fn new(applies: bool) -> Self {
        Self {
            applies,
            known: FxHashMap::default(),
        }
    }

    /// Whether a call of the free `name` or of something on it is one. What a module does when it is imported is told
    /// by its calls, whatever they call.
    fn is_one(&mut self, finisher: &Finisher<'_, '_>, call: &TempCall, name: NameId) -> bool {
        let scopes = &finisher.from.scopes.scopes;
        let runs_late = || {
            let frame = scopes[call.callee.place.scope as usize].frame;
            scopes[frame as usize].kind == TempScopeKind::Function
        };
        self.applies
            && call.callee.path().len == 0
            && *self
                .known
                .entry(name)
                .or_insert_with(|| is_mute(finisher.interner.get(name)))
            && runs_late()
    }
}

/// Whether a name is a builtin that neither loads nor runs code that it is handed.
fn is_mute(name: &str) -> bool {
    is_builtin(name) && !matches!(name, "__import__" | "compile" | "eval" | "exec")
}

impl Finisher<'_, '_> {
    /// Resolves all references, aliases first, since other names lead through them, and gives ids to those that facts
    /// keep.
    pub(super) fn resolve_references(&mut self) -> Chosen {
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

    pub(super) fn resolve(&mut self, reference: &TempReference) -> Resolved {
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
    pub(super) fn decorator_flags(&self, references: &[Resolved]) -> Vec<DefinitionFlags> {
        let flags_of = |definition: &TempDefinition| {
            let mut flags = definition.flags;
            for at in definition.decorators.range() {
                let path = self.decorator_path(references[at], &self.from.references[at]);
                decorators::apply(path.as_deref(), definition.kind, &mut flags);
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
                            ImportTarget::Module => syntax::first_segment(module).to_owned(),
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
    pub(super) fn resolve_calls(&mut self, flags: &[DefinitionFlags]) -> Chosen {
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
        // A call of anything may fill what a cached property keeps.
        let cached = |flags: &DefinitionFlags| flags.contains(DefinitionFlags::CACHED);
        let mut mute = MuteCalls::new(!self.from.has_star && !flags.iter().any(cached));
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
                (Resolved::Free(name), _) if mute.is_one(self, call, name) => {
                    unresolved.builtin += 1;
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
}
