//! Origins: what a name really is once imports, re-exports, stars, aliases and submodules are followed.
//!
//! Every import and alias binding is resolved once, in file order, with a memo; afterwards look-ups only read. An
//! unknown stays unknown and carries its reason.

use rustc_hash::FxHashMap;

use super::classes;
use super::modules::{ModuleRef, Modules, UnknownImport};
use super::{File, FileId, ModuleId};
use crate::facts::{
    BindingId, BindingValue, DefinitionId, Dynamic, Import, ImportId, ImportTarget, NameId,
    Reference, Root, ScopeId, Slice,
};

/// A binding of a file: where a name is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId {
    /// The file.
    pub file: FileId,
    /// The binding in it.
    pub binding: BindingId,
}

crate::facts::index_type! {
    /// A name outside the project, `module.name`.
    ExternalId;
}

/// What a name may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entity {
    /// A module of the project.
    Module(ModuleId),
    /// A definition of the project.
    Symbol(SymbolId),
    /// Something outside the project.
    External(ExternalId),
}

/// Why a name cannot be told in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unknown {
    /// The module part cannot be followed.
    Import(UnknownImport),
    /// The module makes names at run time.
    DynamicModule,
    /// The name may come from a star import that cannot be followed.
    Star,
    /// It is an attribute of a value that is not known.
    Value,
    /// The class has bases that are not known.
    Base,
    /// The module part does not exist.
    MissingModule,
}

/// What a name may be: every possibility that is known, and what stands in the way of knowing all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    entities: Slice,
    /// Set when there may be other possibilities.
    pub unknown: Option<Unknown>,
    /// Whether on some way the name does not exist.
    pub missing: bool,
}

/// The resolved names of the project.
#[derive(Debug, Default)]
pub struct Origins {
    arena: Vec<Entity>,
    /// For each file, the resolution of each binding; only imports and aliases have one.
    bindings: Vec<Vec<Option<Resolution>>>,
    externals: Vec<Box<str>>,
    /// For each module that stars others: the star imports in source order.
    stars: FxHashMap<FileId, Vec<ImportId>>,
}

impl Origins {
    pub(super) fn build(files: &[File], modules: &Modules) -> Self {
        let stars = files
            .iter()
            .enumerate()
            .filter_map(|(at, file)| {
                let stars: Vec<ImportId> = (0..file.facts.imports.len() as u32)
                    .map(ImportId)
                    .filter(|id| {
                        let import = &file.facts.imports[id.index()];
                        import.target == ImportTarget::Star && import.scope == ScopeId::MODULE
                    })
                    .collect();
                (!stars.is_empty()).then_some((FileId(at as u32), stars))
            })
            .collect();
        let mut resolver = Resolver {
            names: Names {
                files,
                modules,
                origins: Origins {
                    arena: Vec::new(),
                    bindings: files
                        .iter()
                        .map(|file| vec![None; file.facts.bindings.len()])
                        .collect(),
                    externals: Vec::new(),
                    stars,
                },
            },
            external_ids: FxHashMap::default(),
            active: Vec::new(),
        };
        for at in 0..files.len() as u32 {
            for (binding, what) in files[at as usize].facts.bindings.iter().enumerate() {
                if matches!(what.value, BindingValue::Import(_) | BindingValue::Alias(_)) {
                    resolver.binding(SymbolId {
                        file: FileId(at),
                        binding: BindingId(binding as u32),
                    });
                }
            }
        }
        let mut origins = resolver.names.origins;
        origins.arena.shrink_to_fit();
        origins
    }

    /// The possibilities of a resolution.
    #[must_use]
    pub fn entities(&self, resolution: Resolution) -> &[Entity] {
        &self.arena[resolution.entities.range()]
    }

    /// The dotted path of an external name.
    #[must_use]
    pub fn external(&self, id: ExternalId) -> &str {
        &self.externals[id.index()]
    }

    /// What an import or alias binding is; none for any other binding, which is what it is.
    #[must_use]
    pub fn of_binding(&self, symbol: SymbolId) -> Option<Resolution> {
        self.bindings[symbol.file.index()][symbol.binding.index()]
    }

    /// The star imports of a module, in source order.
    #[must_use]
    pub fn stars(&self, file: FileId) -> &[ImportId] {
        self.stars.get(&file).map_or(&[], Vec::as_slice)
    }
}

/// Whether `import *` takes `name` from a module without `__all__`.
#[must_use]
pub(super) fn is_public(name: &str) -> bool {
    !name.starts_with('_')
}

/// Whether every module has an attribute of this name without binding it.
#[must_use]
pub fn is_implicit(name: &str) -> bool {
    matches!(
        name,
        "__name__"
            | "__file__"
            | "__doc__"
            | "__path__"
            | "__package__"
            | "__spec__"
            | "__loader__"
            | "__dict__"
            | "__builtins__"
            | "__cached__"
            | "__annotations__"
    )
}

/// Everything collected about one look-up.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entities: Vec<Entity>,
    pub(super) unknown: Option<Unknown>,
    pub(super) missing: bool,
}

impl Found {
    fn add(&mut self, entity: Entity) {
        if !self.entities.contains(&entity) {
            self.entities.push(entity);
        }
    }

    fn unknown(&mut self, why: Unknown) {
        self.unknown = self.unknown.or(Some(why));
    }

    fn merge(&mut self, other: Found) {
        for entity in other.entities {
            self.add(entity);
        }
        self.unknown = self.unknown.or(other.unknown);
        self.missing |= other.missing;
    }
}

/// Facts and modules together with the origins known so far.
pub(super) struct Names<'a> {
    pub(super) files: &'a [File],
    pub(super) modules: &'a Modules,
    origins: Origins,
}

pub(super) struct Resolver<'a> {
    pub(super) names: Names<'a>,
    external_ids: FxHashMap<Box<str>, ExternalId>,
    /// Bindings being resolved: meeting one again means a cycle, which adds nothing.
    active: Vec<SymbolId>,
}

impl Resolver<'_> {
    fn external(&mut self, path: &str) -> Entity {
        if let Some(&id) = self.external_ids.get(path) {
            return Entity::External(id);
        }
        let id = ExternalId(self.names.origins.externals.len() as u32);
        self.names.origins.externals.push(path.into());
        self.external_ids.insert(path.into(), id);
        Entity::External(id)
    }

    fn store(&mut self, found: &Found) -> Resolution {
        let arena = &mut self.names.origins.arena;
        let start = arena.len() as u32;
        arena.extend_from_slice(&found.entities);
        Resolution {
            entities: Slice {
                start,
                len: found.entities.len() as u32,
            },
            unknown: found.unknown,
            missing: found.missing,
        }
    }

    fn load(&self, resolution: Resolution) -> Found {
        Found {
            entities: self.names.origins.entities(resolution).to_vec(),
            unknown: resolution.unknown,
            missing: resolution.missing,
        }
    }

    /// What one binding stands for.
    fn binding(&mut self, symbol: SymbolId) -> Found {
        let files = self.names.files;
        let facts = &files[symbol.file.index()].facts;
        let value = facts.bindings[symbol.binding.index()].value;
        if !matches!(value, BindingValue::Import(_) | BindingValue::Alias(_)) {
            let mut found = Found::default();
            match value {
                BindingValue::Deleted => found.missing = true,
                BindingValue::Declared => found.unknown(Unknown::Value),
                _ => found.add(Entity::Symbol(symbol)),
            }
            return found;
        }
        if let Some(known) = self.names.origins.of_binding(symbol) {
            return self.load(known);
        }
        if self.active.contains(&symbol) {
            return Found {
                missing: true,
                ..Found::default()
            };
        }
        self.active.push(symbol);
        let found = stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
            BindingValue::Import(id) => self.import(symbol.file, &facts.imports[id.index()], id),
            BindingValue::Alias(id) => {
                let found = self.reference(symbol.file, &facts.references[id.index()]);
                alias_of(symbol, found)
            }
            _ => Found::default(),
        });
        self.active.pop();
        // Inside a cycle the answer depends on where it was entered: only the outermost question is remembered.
        if !found.missing || self.active.is_empty() {
            let resolution = self.store(&found);
            self.names.origins.bindings[symbol.file.index()][symbol.binding.index()] =
                Some(resolution);
        }
        found
    }

    fn import(&mut self, file: FileId, import: &Import, id: ImportId) -> Found {
        let facts = &self.names.files[file.index()].facts;
        let module = self.names.modules.imported(file, id);
        let text = facts.name(import.module);
        match import.target {
            ImportTarget::Name(name) => self.name_of_module(module, text, facts.name(name)),
            ImportTarget::ModuleAs => self.whole_module(module, text),
            ImportTarget::Module => {
                let first = text.split('.').next().unwrap_or(text);
                let known = match module {
                    ModuleRef::Known(id) => self.ancestor(id, text.matches('.').count()),
                    _ => None,
                };
                match known {
                    Some(id) => Found {
                        entities: vec![Entity::Module(id)],
                        ..Found::default()
                    },
                    None => self.whole_module(module, first),
                }
            }
            ImportTarget::Star => Found::default(),
        }
    }

    /// The package `levels` above a module.
    fn ancestor(&self, module: ModuleId, levels: usize) -> Option<ModuleId> {
        let mut stem = &*self.names.modules.get(module).stem;
        for _ in 0..levels {
            stem = super::modules::parent(stem);
        }
        self.names.modules.by_stem(stem)
    }

    fn whole_module(&mut self, module: ModuleRef, text: &str) -> Found {
        let mut found = Found::default();
        match module {
            ModuleRef::Known(id) => found.add(Entity::Module(id)),
            ModuleRef::External => {
                let entity = self.external(text);
                found.add(entity);
            }
            ModuleRef::Missing => {
                found.missing = true;
                found.unknown(Unknown::MissingModule);
            }
            ModuleRef::Unknown(why) => found.unknown(Unknown::Import(why)),
        }
        found
    }

    fn name_of_module(&mut self, module: ModuleRef, text: &str, name: &str) -> Found {
        match module {
            ModuleRef::Known(id) => self.member(id, name),
            ModuleRef::External => {
                let entity = self.external(&format!("{text}.{name}"));
                Found {
                    entities: vec![entity],
                    ..Found::default()
                }
            }
            other => self.whole_module(other, text),
        }
    }

    /// What `name` is in a module: a name bound there, one that a star brings, or a submodule.
    fn member(&mut self, module: ModuleId, name: &str) -> Found {
        let mut found = Found::default();
        let file = self.names.modules.get(module).file;
        let mut maybe_unbound = true;
        if let Some(file) = file {
            let source = &self.names.files[file.index()];
            if let Some(member) = source.facts.member(ScopeId::MODULE, name) {
                maybe_unbound = member.maybe_unbound;
                let bindings = source.facts.binding_set(member.bindings).to_vec();
                for binding in bindings {
                    let one = self.binding(SymbolId { file, binding });
                    found.merge(one);
                }
                // `from . import x` in `__init__` reaches the submodule through itself.
                if !found.entities.is_empty() && !maybe_unbound {
                    found.missing = false;
                    return found;
                }
            }
        }
        if found.entities.is_empty() || maybe_unbound {
            let rest = self.member_elsewhere(module, file, name);
            if found.entities.is_empty() {
                found.missing &= rest.missing;
                if found.unknown.is_none() || !rest.entities.is_empty() {
                    found.unknown = rest.unknown;
                }
                found.entities = rest.entities;
                found.missing = rest.missing;
            } else if !rest.missing {
                found.merge(rest);
                found.missing = false;
            } else {
                // Bound in some branches only: it exists, though perhaps not on every way.
                found.missing = false;
            }
        }
        found
    }

    /// A name that the module itself does not bind.
    fn member_elsewhere(&mut self, module: ModuleId, file: Option<FileId>, name: &str) -> Found {
        let mut found = Found::default();
        if let Some(file) = file {
            let stars = self.names.origins.stars(file).to_vec();
            for id in stars.into_iter().rev() {
                let from = self.names.modules.imported(file, id);
                let through = self.through_star(from, file, id, name);
                if !through.entities.is_empty() {
                    return through;
                }
                found.unknown = found.unknown.or(through.unknown);
            }
        }
        if let Some(submodule) = self.names.modules.submodule(module, name) {
            found.add(Entity::Module(submodule));
            found.unknown = None;
            return found;
        }
        match file {
            None => found.unknown(Unknown::Import(UnknownImport::Namespace)),
            Some(file) => {
                if self.names.files[file.index()].facts.dynamic.is_some() {
                    found.unknown(Unknown::DynamicModule);
                }
                if is_implicit(name) {
                    found.unknown(Unknown::Value);
                }
            }
        }
        if self.names.modules.has_opaque(module, name) {
            found.unknown(Unknown::Import(UnknownImport::NotIndexed));
        }
        found.missing = found.unknown.is_none();
        found
    }

    /// What `from module import *` brings under `name`.
    fn through_star(
        &mut self,
        module: ModuleRef,
        importer: FileId,
        import: ImportId,
        name: &str,
    ) -> Found {
        let mut found = Found::default();
        match module {
            ModuleRef::Known(id) => match self.names.star_exports(id, name) {
                Some(true) => {
                    let mark = SymbolId {
                        file: importer,
                        binding: BindingId(u32::MAX - import.0),
                    };
                    // Stars that star each other: the way back adds nothing.
                    if self.active.contains(&mark) {
                        return found;
                    }
                    self.active.push(mark);
                    found = self.member(id, name);
                    self.active.pop();
                }
                Some(false) => {}
                None => found.unknown(Unknown::Star),
            },
            ModuleRef::External | ModuleRef::Unknown(_) => found.unknown(Unknown::Star),
            ModuleRef::Missing => {}
        }
        found
    }

    /// What a reference stands for.
    pub(super) fn reference(&mut self, file: FileId, reference: &Reference) -> Found {
        let facts = &self.names.files[file.index()].facts;
        let mut found = match reference.root {
            Root::Bound(set) => {
                let mut found = Found::default();
                for &binding in facts.binding_set(set) {
                    let one = self.binding(SymbolId { file, binding });
                    found.merge(one);
                }
                found
            }
            Root::Free(name) => self.free(file, name),
            _ => Found {
                unknown: Some(Unknown::Value),
                ..Found::default()
            },
        };
        for &name in facts.path(reference.path) {
            found = self.attribute(found, facts.name(name));
        }
        found
    }

    /// A name that the file does not bind: from a star, or builtin.
    fn free(&mut self, file: FileId, name: NameId) -> Found {
        let text = self.names.files[file.index()].facts.name(name);
        let stars = self.names.origins.stars(file).to_vec();
        let mut unknown = None;
        for id in stars.into_iter().rev() {
            let from = self.names.modules.imported(file, id);
            let found = self.through_star(from, file, id, text);
            if !found.entities.is_empty() {
                return found;
            }
            unknown = unknown.or(found.unknown);
        }
        Found {
            unknown: unknown.or(Some(Unknown::Value)),
            ..Found::default()
        }
    }

    /// What `.name` of each possibility is.
    fn attribute(&mut self, of: Found, name: &str) -> Found {
        let mut found = Found {
            unknown: of.unknown,
            missing: of.missing,
            ..Found::default()
        };
        for entity in of.entities {
            let one = match entity {
                Entity::Module(module) => self.member(module, name),
                Entity::External(id) => {
                    let path = format!("{}.{name}", self.names.origins.external(id));
                    let entity = self.external(&path);
                    Found {
                        entities: vec![entity],
                        ..Found::default()
                    }
                }
                Entity::Symbol(symbol) => self.class_attribute(symbol, name),
            };
            found.merge(one);
        }
        found
    }

    fn class_attribute(&mut self, symbol: SymbolId, name: &str) -> Found {
        let unknown = Found {
            unknown: Some(Unknown::Value),
            ..Found::default()
        };
        let facts = &self.names.files[symbol.file.index()].facts;
        let BindingValue::Definition(id) = facts.bindings[symbol.binding.index()].value else {
            return unknown;
        };
        if !classes::is_class(facts, id) {
            return unknown;
        }
        let body = facts.definitions[id.index()].body;
        match facts.member(body, name) {
            // Aliases through class bodies of other files are followed by the class queries, not here.
            Some(member) => {
                let mut found = Found::default();
                for &binding in facts.binding_set(member.bindings) {
                    let one = self.binding(SymbolId {
                        file: symbol.file,
                        binding,
                    });
                    found.merge(one);
                }
                found
            }
            None => unknown,
        }
    }
}

impl Names<'_> {
    /// Whether `import *` from a module brings `name`; none when that cannot be told.
    fn star_exports(&self, module: ModuleId, name: &str) -> Option<bool> {
        let Some(file) = self.modules.get(module).file else {
            return Some(false);
        };
        let facts = &self.files[file.index()].facts;
        match &facts.exports {
            Some(exports) => {
                if exports
                    .names
                    .iter()
                    .any(|(exported, _)| facts.name(*exported) == name)
                {
                    Some(true)
                } else if exports.open || !exports.extends.is_empty() {
                    // The list is built at run time: a public name may well be in it.
                    if facts.member(ScopeId::MODULE, name).is_some() && is_public(name) {
                        Some(true)
                    } else if exports.extends.is_empty() && !exports.open {
                        Some(false)
                    } else {
                        self.has_stars(file).then_some(true)
                    }
                } else {
                    Some(false)
                }
            }
            None => Some(is_public(name)),
        }
    }

    fn has_stars(&self, file: FileId) -> bool {
        !self.origins.stars(file).is_empty()
    }
}

/// An alias of something that is no more than a value is a definition of its own.
fn alias_of(symbol: SymbolId, found: Found) -> Found {
    if found.entities.is_empty() {
        return Found {
            entities: vec![Entity::Symbol(symbol)],
            unknown: None,
            missing: false,
        };
    }
    found
}

impl super::Index {
    /// What a binding stands for: itself, or what its import or alias leads to.
    #[must_use]
    pub fn binding_entities(&self, symbol: SymbolId) -> (Vec<Entity>, Option<Unknown>, bool) {
        let mut entities = Vec::new();
        let (unknown, missing) = self.each_entity(symbol, |entity| entities.push(entity));
        (entities, unknown, missing)
    }

    /// Hands everything a binding may stand for to `take`.
    fn each_entity(
        &self,
        symbol: SymbolId,
        mut take: impl FnMut(Entity),
    ) -> (Option<Unknown>, bool) {
        match self.origins.of_binding(symbol) {
            Some(resolution) => {
                self.origins
                    .entities(resolution)
                    .iter()
                    .copied()
                    .for_each(take);
                (resolution.unknown, resolution.missing)
            }
            None => match self.binding(symbol).value {
                BindingValue::Declared => (Some(Unknown::Value), false),
                // Imports and aliases end up here when they lead in a circle that no definition ends.
                BindingValue::Deleted | BindingValue::Import(_) | BindingValue::Alias(_) => {
                    (None, true)
                }
                _ => {
                    take(Entity::Symbol(symbol));
                    (None, false)
                }
            },
        }
    }

    /// What `name` is in a module.
    #[must_use]
    pub fn member(&self, module: ModuleId, name: &str) -> Lookup {
        let mut lookup = Lookup::default();
        self.member_into(module, name, &mut lookup, 0);
        lookup
    }

    fn member_into(&self, module: ModuleId, name: &str, lookup: &mut Lookup, depth: u32) {
        let file = self.module(module).file;
        let mut maybe_unbound = true;
        if let Some(file) = file
            && let Some(member) = self.facts(file).member(ScopeId::MODULE, name)
        {
            maybe_unbound = member.maybe_unbound;
            for &binding in self.facts(file).binding_set(member.bindings) {
                let symbol = SymbolId { file, binding };
                lookup.bindings.push(symbol);
                let (unknown, _) = self.each_entity(symbol, |entity| lookup.add(entity));
                lookup.unknown = lookup.unknown.or(unknown);
            }
        }
        if !lookup.entities.is_empty() && !maybe_unbound {
            return;
        }
        // A star that stars a star: the bound only ends cycles.
        if let Some(file) = file
            && depth < 64
        {
            for &id in self.origins.stars(file).iter().rev() {
                match self.modules.imported(file, id) {
                    ModuleRef::Known(from) => match self.star_exports(from, name) {
                        Some(true) => {
                            let before = lookup.entities.len();
                            self.member_into(from, name, lookup, depth + 1);
                            if lookup.entities.len() > before {
                                return;
                            }
                        }
                        Some(false) => {}
                        None => lookup.unknown = lookup.unknown.or(Some(Unknown::Star)),
                    },
                    ModuleRef::External | ModuleRef::Unknown(_) => {
                        lookup.unknown = lookup.unknown.or(Some(Unknown::Star));
                    }
                    ModuleRef::Missing => {}
                }
            }
        }
        if let Some(submodule) = self.modules.submodule(module, name) {
            lookup.add(Entity::Module(submodule));
        } else if lookup.entities.is_empty() {
            let dynamic = file.is_none_or(|file| self.facts(file).dynamic.is_some());
            if dynamic || self.modules.has_opaque(module, name) {
                lookup.unknown = lookup.unknown.or(Some(Unknown::DynamicModule));
            }
        }
    }

    /// Whether `import *` from a module brings `name`; none when that cannot be told.
    #[must_use]
    pub fn star_exports(&self, module: ModuleId, name: &str) -> Option<bool> {
        let Some(file) = self.module(module).file else {
            return Some(false);
        };
        let facts = self.facts(file);
        match &facts.exports {
            Some(exports)
                if exports
                    .names
                    .iter()
                    .any(|(exported, _)| facts.name(*exported) == name) =>
            {
                Some(true)
            }
            Some(exports) if exports.open || !exports.extends.is_empty() => {
                let bound =
                    self.facts(file).member(ScopeId::MODULE, name).is_some() && is_public(name);
                (bound || !self.origins.stars(file).is_empty()).then_some(true)
            }
            Some(_) => Some(false),
            None => Some(is_public(name)),
        }
    }

    /// What a reference of `file` stands for, its attributes followed.
    #[must_use]
    pub fn reference(&self, file: FileId, reference: &Reference) -> Lookup {
        let facts = self.facts(file);
        let mut lookup = Lookup::default();
        match reference.root {
            Root::Bound(set) => {
                for &binding in facts.binding_set(set) {
                    let symbol = SymbolId { file, binding };
                    let (unknown, _) = self.each_entity(symbol, |entity| lookup.add(entity));
                    lookup.unknown = lookup.unknown.or(unknown);
                }
            }
            Root::Free(name) => lookup = self.free_name(file, facts.name(name)),
            Root::Class(class) => {
                if let Some(symbol) = self.symbol_of_definition(file, class) {
                    lookup.add(Entity::Symbol(symbol));
                }
            }
            Root::Instance(_) | Root::Super(_) | Root::Literal(_) => {
                lookup.unknown = Some(Unknown::Value);
            }
        }
        for &name in facts.path(reference.path) {
            lookup = self.attribute(&lookup, facts.name(name));
        }
        lookup
    }

    /// What a name is that its file does not bind: what a star import brings; empty and unknown for a builtin.
    #[must_use]
    pub fn free_name(&self, file: FileId, name: &str) -> Lookup {
        let mut lookup = Lookup::default();
        for &id in self.origins.stars(file).iter().rev() {
            if let ModuleRef::Known(from) = self.modules.imported(file, id)
                && self.star_exports(from, name) == Some(true)
            {
                let found = self.member(from, name);
                if !found.entities.is_empty() {
                    return found;
                }
            }
        }
        lookup.unknown = Some(Unknown::Value);
        lookup
    }

    fn attribute(&self, of: &Lookup, name: &str) -> Lookup {
        let mut lookup = Lookup {
            unknown: of.unknown,
            ..Lookup::default()
        };
        for &entity in &of.entities {
            match entity {
                Entity::Module(module) => {
                    let one = self.member(module, name);
                    lookup.unknown = lookup.unknown.or(one.unknown);
                    for entity in one.entities {
                        lookup.add(entity);
                    }
                }
                Entity::External(id) => {
                    lookup
                        .externals
                        .push(format!("{}.{name}", self.origins.external(id)));
                    lookup.unknown = lookup.unknown.or(Some(Unknown::Value));
                }
                Entity::Symbol(symbol) => match self.class_member(symbol, name) {
                    Some(members) => {
                        for member in members {
                            lookup.add(Entity::Symbol(member));
                        }
                    }
                    None => lookup.unknown = lookup.unknown.or(Some(Unknown::Value)),
                },
            }
        }
        for path in &of.externals {
            lookup.externals.push(format!("{path}.{name}"));
        }
        lookup
    }

    /// The binding that makes a definition known in its scope.
    #[must_use]
    pub fn symbol_of_definition(&self, file: FileId, id: DefinitionId) -> Option<SymbolId> {
        let facts = self.facts(file);
        let at = facts.definitions[id.index()].name_span.start;
        let found = facts.bindings.iter().position(|binding| {
            binding.span.start == at && binding.value == BindingValue::Definition(id)
        })?;
        Some(SymbolId {
            file,
            binding: BindingId(found as u32),
        })
    }

    /// Whether the module scope of a file binds `name` itself, stars and submodules aside.
    #[must_use]
    pub fn binds(&self, file: FileId, name: &str) -> bool {
        self.module_bindings(file, name).next().is_some()
    }

    /// What the module scope of a file may have bound `name` to in the end, stars and submodules aside.
    pub fn module_bindings(&self, file: FileId, name: &str) -> impl Iterator<Item = SymbolId> + '_ {
        let found = self.facts(file).member(ScopeId::MODULE, name);
        let bindings = found.map_or(&[][..], |member| {
            self.facts(file).binding_set(member.bindings)
        });
        bindings
            .iter()
            .map(move |&binding| SymbolId { file, binding })
    }

    /// Why a module's names may not all be known.
    #[must_use]
    pub fn dynamic(&self, module: ModuleId) -> Option<Dynamic> {
        self.module(module)
            .file
            .and_then(|file| self.facts(file).dynamic)
    }
}

/// The answer to a look-up.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// What the name may be.
    pub entities: Vec<Entity>,
    /// External paths reached by attributes of external names.
    pub externals: Vec<String>,
    /// The bindings in the module asked first, before imports and aliases are followed.
    pub bindings: Vec<SymbolId>,
    /// Set when there may be other possibilities.
    pub unknown: Option<Unknown>,
}

impl Lookup {
    fn add(&mut self, entity: Entity) {
        if !self.entities.contains(&entity) {
            self.entities.push(entity);
        }
    }
}
