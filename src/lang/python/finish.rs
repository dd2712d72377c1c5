//! From what was visited to facts: what nothing needs is dropped.
//!
//! What names are is worked out in [`resolve`]; definitions and kept results have files of their own.

mod definitions;
mod keeps;
mod resolve;

use rustc_hash::FxHashMap;

use super::extract::{Extractor, TempReference, TempString};
use super::interner::Interner;
use super::scope::{TempScopeKind, TempValue};
use super::variants::outermost;
use crate::facts::{
    Binding, BindingId, BindingValue, Call, CallId, DefinitionId, Draft, Dynamic, Import,
    ImportTarget, Member, NameId, Parameter, Reference, ReferenceId, Root, Scope, ScopeId,
    ScopeKind, Slice, StringTarget, Visibility, hash_name,
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
