//! Origins: what a name really is once imports, re-exports, stars, aliases and submodules are followed.
//!
//! Every import and alias binding is resolved once, in file order, with a memo; afterwards look-ups only read. An
//! unknown stays unknown and carries its reason.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::classes;
use super::lookup::{Meaning, RED_ZONE, SEGMENT, Tables};
use super::modules::{ModuleRef, Modules, UnknownImport};
use super::stars::Stars;
use super::{File, FileId, ModuleId};
use crate::facts::{
    BindingId, BindingValue, DefinitionFlags, Import, ImportId, ImportTarget, MOST_BINDINGS,
    NameId, Reference, Root, ScopeId, Slice,
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
    pub ExternalId;
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
    pub(super) stars: Stars,
}

impl Origins {
    /// Resolves all names. Also gives what import paths lead to that only names could tell.
    pub(super) fn build(
        files: &[File],
        modules: &Modules,
    ) -> (Self, FxHashMap<(FileId, ImportId), ModuleRef>) {
        let stars = Stars::build(files, modules);
        let mut resolver = Resolver {
            tables: Tables {
                files,
                modules,
                stars: &stars,
            },
            origins: Origins {
                bindings: files
                    .iter()
                    .map(|file| vec![None; file.facts.bindings.len()])
                    .collect(),
                ..Origins::default()
            },
            external_ids: FxHashMap::default(),
            open: FxHashMap::default(),
            met: Vec::new(),
            lowest: usize::MAX,
            entered: FxHashSet::default(),
            viewer: None,
            settled: FxHashMap::default(),
            walking: FxHashSet::default(),
            path: String::new(),
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
        let declaring = |at: &u32| files[*at as usize].language.declares_modules();
        for at in (0..files.len() as u32).filter(declaring) {
            for import in 0..files[at as usize].facts.imports.len() as u32 {
                resolver.imported(FileId(at), ImportId(import));
            }
        }
        let mut origins = resolver.origins;
        origins.arena.shrink_to_fit();
        let settled = resolver.settled;
        origins.stars = stars;
        (origins, settled)
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

    /// The star imports at the top of a file, in source order.
    #[must_use]
    pub fn stars(&self, file: FileId) -> &[ImportId] {
        self.stars_in(file, ScopeId::MODULE)
    }

    /// The star imports of a module scope, in source order.
    #[must_use]
    pub fn stars_in(&self, file: FileId, scope: ScopeId) -> &[ImportId] {
        self.stars.within(file, scope)
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

/// Everything collected about one look-up: nearly always one thing, for which nothing is allocated.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) entities: SmallVec<[Entity; 2]>,
    /// The bindings of the name where it was found, before imports and aliases are followed.
    pub(super) bindings: SmallVec<[SymbolId; 2]>,
    pub(super) unknown: Option<Unknown>,
    pub(super) missing: bool,
}

impl Found {
    /// One certain entity.
    pub(super) fn of(entity: Entity) -> Self {
        Self {
            entities: SmallVec::from_slice(&[entity]),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, entity: Entity) {
        if self.entities.contains(&entity) {
            return;
        }
        if self.entities.len() >= MOST_BINDINGS {
            self.unknown(Unknown::Value);
        } else {
            self.entities.push(entity);
        }
    }

    pub(super) fn unknown(&mut self, why: Unknown) {
        self.unknown = self.unknown.or(Some(why));
    }

    /// Whether all that is known is that another part of a namespace package may have it: its path is what it is by.
    fn is_elsewhere(&self) -> bool {
        self.entities.is_empty() && self.unknown == Some(Unknown::Import(UnknownImport::Namespace))
    }

    pub(super) fn merge(&mut self, other: Found) {
        if self.entities.is_empty() {
            self.entities = other.entities;
        } else {
            for entity in other.entities {
                self.add(entity);
            }
        }
        self.unknown = self.unknown.or(other.unknown);
        self.missing |= other.missing;
    }
}

struct Resolver<'a> {
    tables: Tables<'a>,
    /// The origins known so far.
    origins: Origins,
    external_ids: FxHashMap<Box<str>, ExternalId>,
    /// Bindings being resolved, and those whose answer waits for one of them.
    open: FxHashMap<SymbolId, Open>,
    /// The same, in the order they were met.
    met: Vec<SymbolId>,
    /// The earliest of `met` that what is being resolved depends on.
    lowest: usize,
    /// Modules that stars led the current look-up to, and who was to take from them.
    entered: FxHashSet<(ModuleId, Option<ModuleId>)>,
    /// The module whose code names what is looked up; none where all may be seen.
    viewer: Option<ModuleId>,
    /// What import paths lead to that go through names, not modules alone.
    settled: FxHashMap<(FileId, ImportId), ModuleRef>,
    /// Those being followed.
    walking: FxHashSet<(FileId, ImportId)>,
    /// The path of the external name at hand; kept for its memory.
    path: String,
}

/// A binding in a cycle whose answer is not final.
struct Open {
    /// Its place in [`Resolver::met`].
    at: usize,
    /// What was found without the bindings met before it; none while it is being resolved.
    found: Option<Found>,
}

impl Meaning for Resolver<'_> {
    fn of_binding(&mut self, symbol: SymbolId) -> Found {
        self.binding(symbol)
    }

    fn enter(&mut self, module: ModuleId, viewer: Option<ModuleId>) -> bool {
        self.entered.insert((module, viewer))
    }

    fn imported(&mut self, file: FileId, import: ImportId) -> ModuleRef {
        let known = self.tables.modules.imported(file, import);
        if known != ModuleRef::Unknown(UnknownImport::Indirect) {
            return known;
        }
        if let Some(&settled) = self.settled.get(&(file, import)) {
            return settled;
        }
        if self.walking.contains(&(file, import)) {
            return known;
        }
        let what = self.tables.files[file.index()].facts.imports[import.index()];
        let found = self.module_part(file, &what, import);
        let settled = Self::module_ref(&found);
        self.settled.insert((file, import), settled);
        settled
    }
}

impl Resolver<'_> {
    fn external(&mut self, path: &str) -> Entity {
        if let Some(&id) = self.external_ids.get(path) {
            return Entity::External(id);
        }
        let id = ExternalId(self.origins.externals.len() as u32);
        self.origins.externals.push(path.into());
        self.external_ids.insert(path.into(), id);
        Entity::External(id)
    }

    /// The name `name` in something external.
    fn external_member(&mut self, of: &str, name: &str) -> Entity {
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        path.push_str(of);
        path.push('.');
        path.push_str(name);
        let entity = self.external(&path);
        self.path = path;
        entity
    }

    fn store(&mut self, found: &Found) -> Resolution {
        let arena = &mut self.origins.arena;
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
            entities: self.origins.entities(resolution).into(),
            bindings: SmallVec::new(),
            unknown: resolution.unknown,
            missing: resolution.missing,
        }
    }

    /// What one binding stands for.
    fn binding(&mut self, symbol: SymbolId) -> Found {
        let files = self.tables.files;
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
        if let Some(known) = self.origins.of_binding(symbol) {
            return self.load(known);
        }
        if let BindingValue::Import(id) = value
            && !matches!(
                self.tables.modules.imported(symbol.file, id),
                ModuleRef::Known(_)
            )
        {
            // Nothing of the project comes in: there is no circle to mind.
            let found = self.import(symbol.file, &facts.imports[id.index()], id);
            self.settle(symbol, &found);
            return found;
        }
        if let Some(open) = self.open.get(&symbol) {
            self.lowest = self.lowest.min(open.at);
            // Meeting a binding on the way from itself adds nothing.
            return open.found.clone().unwrap_or_else(|| Found {
                missing: true,
                ..Found::default()
            });
        }
        let at = self.met.len();
        self.met.push(symbol);
        self.open.insert(symbol, Open { at, found: None });
        let around = std::mem::replace(&mut self.lowest, usize::MAX);
        let found = stacker::maybe_grow(RED_ZONE, SEGMENT, || match value {
            BindingValue::Import(id) => self.import(symbol.file, &facts.imports[id.index()], id),
            BindingValue::Alias(id) => {
                let found = self.reference(symbol.file, &facts.references[id.index()]);
                Self::alias(symbol, found)
            }
            _ => Found::default(),
        });
        if self.lowest < at {
            self.lowest = self.lowest.min(around);
            if let Some(open) = self.open.get_mut(&symbol) {
                open.found = Some(found.clone());
            }
        } else {
            self.lowest = around;
            self.close(at, &found);
        }
        found
    }

    /// Ends a cycle, or what never was one: `found` is the answer of the binding met first. The others of the cycle
    /// are asked anew, unless there is nothing to be found.
    fn close(&mut self, first: usize, found: &Found) {
        for at in (first..self.met.len()).rev() {
            let Some(symbol) = self.met.pop() else { return };
            let open = self.open.remove(&symbol).and_then(|open| open.found);
            let answer = match &open {
                _ if at == first => found,
                Some(open) if found.entities.is_empty() && open.entities.is_empty() => open,
                _ => continue,
            };
            self.settle(symbol, answer);
        }
    }

    /// Keeps the final answer for a binding.
    fn settle(&mut self, symbol: SymbolId, found: &Found) {
        let resolution = self.store(found);
        self.origins.bindings[symbol.file.index()][symbol.binding.index()] = Some(resolution);
    }

    /// An alias of something that is no more than a value is a definition of its own.
    fn alias(symbol: SymbolId, found: Found) -> Found {
        if found.entities.is_empty() {
            return Found {
                entities: SmallVec::from_slice(&[Entity::Symbol(symbol)]),
                ..Found::default()
            };
        }
        found
    }

    fn import(&mut self, file: FileId, import: &Import, id: ImportId) -> Found {
        if self.tables.files[file.index()].language.declares_modules() {
            return self.declared_import(file, import, id);
        }
        let facts = &self.tables.files[file.index()].facts;
        let module = self.tables.modules.imported(file, id);
        let text = facts.name(import.module);
        let mut found = match import.target {
            ImportTarget::Name(name)
                if self.is_itself(file, module) && import.scope == ScopeId::MODULE =>
            {
                self.above(file, import, facts.name(name))
            }
            ImportTarget::Name(name) => self.name_of_module(module, text, facts.name(name)),
            ImportTarget::ModuleAs => self.whole_module(module, text),
            ImportTarget::Module => {
                let first = text.split('.').next().unwrap_or(text);
                let known = match module {
                    ModuleRef::Known(id) => self.ancestor(id, text.matches('.').count()),
                    _ => None,
                };
                match known {
                    Some(id) => Found::of(Entity::Module(id)),
                    None => self.whole_module(module, first),
                }
            }
            ImportTarget::Star => Found::default(),
        };
        if found.is_elsewhere() && import.level == 0 {
            let spelled = match import.target {
                ImportTarget::Name(name) => self.external_member(text, facts.name(name)),
                ImportTarget::Module => self.external(text.split('.').next().unwrap_or(text)),
                ImportTarget::ModuleAs | ImportTarget::Star => self.external(text),
            };
            found.add(spelled);
        }
        found
    }

    /// What an import gives whose path leads through declared modules.
    fn declared_import(&mut self, file: FileId, import: &Import, id: ImportId) -> Found {
        let facts = &self.tables.files[file.index()].facts;
        let text = facts.name(import.module);
        let known = self.tables.modules.imported(file, id);
        let of = match known {
            ModuleRef::Unknown(UnknownImport::Indirect) => self.module_part(file, import, id),
            known => self.whole_module(known, text.trim_start_matches("::")),
        };
        match import.target {
            ImportTarget::Name(name) => {
                let here = self.place(file, import.scope);
                let name = facts.name(name);
                let mut found = self.seen_from(here, |this| this.attribute(of, name, "::"));
                if found.entities.len() > 1 {
                    found.entities.retain(|entity| self.may_name(here, *entity));
                }
                found
            }
            ImportTarget::Module | ImportTarget::ModuleAs => of,
            ImportTarget::Star => Found::default(),
        }
    }

    /// What the module part of an import is, followed name by name.
    fn module_part(&mut self, file: FileId, import: &Import, id: ImportId) -> Found {
        if !self.walking.insert((file, id)) {
            return Found {
                unknown: Some(Unknown::Import(UnknownImport::Indirect)),
                ..Found::default()
            };
        }
        let here = self.place(file, import.scope);
        let found = stacker::maybe_grow(RED_ZONE, SEGMENT, || {
            self.seen_from(here, |this| this.walk(file, import))
        });
        self.walking.remove(&(file, id));
        found
    }

    fn walk(&mut self, file: FileId, import: &Import) -> Found {
        let modules = self.tables.modules;
        let facts = &self.tables.files[file.index()].facts;
        let unknown = Found {
            unknown: Some(Unknown::Import(UnknownImport::Indirect)),
            ..Found::default()
        };
        let Some(here) = modules.at(file, facts.module_scope(import.scope)) else {
            return unknown;
        };
        let mut segments = facts.name(import.module).split("::");
        let first = match segments.next() {
            Some("") => {
                let Some(first) = segments.next() else {
                    return unknown;
                };
                let other = modules.other_unit(here, first);
                return self.descend(other, first, segments);
            }
            Some(first) => first,
            None => return unknown,
        };
        if let Some(start) = modules.start(here, first) {
            return self.descend(ModuleRef::Known(start), first, segments);
        }
        let from = if modules.is_rootward(here, import) {
            modules.top_of(here)
        } else {
            here
        };
        if modules.submodule(from, first).is_some() {
            let mut found = self.step(Found::of(Entity::Module(from)), first);
            for segment in segments {
                found = self.step(found, segment);
            }
            return found;
        }
        let mut found = self.member(from, first);
        found.entities.retain(|entity| self.has_names(*entity));
        if found.entities.is_empty() {
            let other = modules.other_unit(here, first);
            return self.descend(other, first, segments);
        }
        for segment in segments {
            found = self.step(found, segment);
        }
        found
    }

    fn descend<'s>(
        &mut self,
        start: ModuleRef,
        text: &str,
        segments: impl Iterator<Item = &'s str>,
    ) -> Found {
        let mut found = self.whole_module(start, text);
        for segment in segments {
            found = self.step(found, segment);
        }
        found
    }

    /// What a name in the middle of a path is: a module, or a type.
    fn step(&mut self, of: Found, name: &str) -> Found {
        let modules = self.tables.modules;
        let mut declared = Found::default();
        for entity in &of.entities {
            let Entity::Module(module) = *entity else {
                continue;
            };
            let below = match name {
                "super" => modules.parent_of(module),
                _ => modules.submodule(module, name),
            };
            if let Some(below) = below {
                declared.merge(Found::of(Entity::Module(below)));
                for &variant in modules.variants(below) {
                    declared.merge(Found::of(Entity::Module(variant)));
                }
            }
        }
        if !declared.entities.is_empty() {
            let is_external = |entity: &Entity| matches!(entity, Entity::External(_));
            if of.entities.iter().any(is_external) {
                // Under other conditions it leads out of the project.
                declared.unknown(Unknown::Value);
            }
            return declared;
        }
        let mut found = self.attribute(of, name, "::");
        if found
            .entities
            .iter()
            .any(|entity| self.is_rewritten(*entity))
        {
            // A macro made more of the function than was written: perhaps a type or module of its name.
            found.unknown(Unknown::Value);
        }
        found.entities.retain(|entity| !self.is_function(*entity));
        found
    }

    fn is_rewritten(&self, entity: Entity) -> bool {
        let Entity::Symbol(symbol) = entity else {
            return false;
        };
        let facts = &self.tables.files[symbol.file.index()].facts;
        match facts.bindings[symbol.binding.index()].value {
            BindingValue::Definition(id) => {
                let flags = facts.definitions[id.index()].flags;
                flags.contains(DefinitionFlags::UNKNOWN_DECORATOR)
            }
            _ => false,
        }
    }

    fn is_function(&self, entity: Entity) -> bool {
        let Entity::Symbol(symbol) = entity else {
            return false;
        };
        let facts = &self.tables.files[symbol.file.index()].facts;
        match facts.bindings[symbol.binding.index()].value {
            BindingValue::Definition(id) => !classes::is_class(facts, id),
            _ => false,
        }
    }

    /// Whether a path can go on behind an entity.
    fn has_names(&self, entity: Entity) -> bool {
        let Entity::Symbol(symbol) = entity else {
            return true;
        };
        let facts = &self.tables.files[symbol.file.index()].facts;
        match facts.bindings[symbol.binding.index()].value {
            BindingValue::Definition(id) => classes::is_class(facts, id),
            _ => false,
        }
    }

    /// Whether code of a module may name a declared module; anything else it may.
    fn may_name(&self, here: Option<ModuleId>, entity: Entity) -> bool {
        let Entity::Module(module) = entity else {
            return true;
        };
        let declared = self.tables.modules.get(module).declared;
        let Some((declared, parent)) = declared.and_then(|one| Some((one, one.parent?))) else {
            return true;
        };
        self.tables.sees(parent, declared.visibility, here)
    }

    fn module_ref(found: &Found) -> ModuleRef {
        let unknown = ModuleRef::Unknown(UnknownImport::Indirect);
        let mut modules = found.entities.iter().filter_map(|entity| match entity {
            Entity::Module(module) => Some(*module),
            _ => None,
        });
        match (&found.entities[..], found.unknown) {
            ([], None) => ModuleRef::Missing,
            ([Entity::External(_)], None) => ModuleRef::External,
            (_, None) => match (modules.next(), modules.next()) {
                (Some(only), None) => ModuleRef::Known(only),
                _ => unknown,
            },
            (_, Some(_)) => unknown,
        }
    }

    fn is_itself(&self, file: FileId, module: ModuleRef) -> bool {
        matches!(module, ModuleRef::Known(id) if self.tables.modules.get(id).file == Some(file))
    }

    /// What a module gets that imports a name from itself while it runs: what is bound above the import.
    fn above(&mut self, file: FileId, import: &Import, name: &str) -> Found {
        let facts = &self.tables.files[file.index()].facts;
        let earlier = facts
            .bindings
            .iter()
            .enumerate()
            .rev()
            .find(|(_, binding)| {
                binding.scope == ScopeId::MODULE
                    && binding.span.start < import.statement.start
                    && facts.name(binding.name) == name
            });
        if let Some((at, _)) = earlier {
            return self.binding(SymbolId {
                file,
                binding: BindingId(at as u32),
            });
        }
        let module = self.tables.modules.of_file(file);
        let submodule = module.and_then(|module| self.tables.modules.submodule(module, name));
        submodule.map_or_else(
            || Found {
                missing: true,
                ..Found::default()
            },
            |submodule| Found::of(Entity::Module(submodule)),
        )
    }

    /// The package `levels` above a module.
    fn ancestor(&self, module: ModuleId, levels: usize) -> Option<ModuleId> {
        let mut stem = &*self.tables.modules.get(module).stem;
        for _ in 0..levels {
            stem = super::modules::parent(stem);
        }
        self.tables.modules.by_stem(stem)
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
                let entity = self.external_member(text, name);
                Found::of(entity)
            }
            other => self.whole_module(other, text),
        }
    }

    fn member(&mut self, module: ModuleId, name: &str) -> Found {
        let (tables, viewer) = (self.tables, self.viewer);
        self.look_up(|this| tables.member(this, module, name, viewer))
    }

    /// The module that a scope of a file with declared modules is in.
    fn place(&self, file: FileId, scope: ScopeId) -> Option<ModuleId> {
        let facts = &self.tables.files[file.index()].facts;
        self.tables.modules.at(file, facts.module_scope(scope))
    }

    /// Asks as code of `viewer` does.
    fn seen_from<T>(&mut self, viewer: Option<ModuleId>, ask: impl FnOnce(&mut Self) -> T) -> T {
        let around = std::mem::replace(&mut self.viewer, viewer);
        let answer = ask(self);
        self.viewer = around;
        answer
    }

    /// A look-up of its own, perhaps within another.
    fn look_up(&mut self, ask: impl FnOnce(&mut Self) -> Found) -> Found {
        let around = std::mem::take(&mut self.entered);
        let found = ask(self);
        self.entered = around;
        found
    }

    /// What a reference stands for.
    fn reference(&mut self, file: FileId, reference: &Reference) -> Found {
        let facts = &self.tables.files[file.index()].facts;
        let mut found = match reference.root {
            Root::Bound(set) => {
                let mut found = Found::default();
                for &binding in facts.binding_set(set) {
                    let one = self.binding(SymbolId { file, binding });
                    found.merge(one);
                }
                found
            }
            Root::Free(name) => self.free(file, name, facts.module_scope(reference.scope)),
            _ => Found {
                unknown: Some(Unknown::Value),
                ..Found::default()
            },
        };
        let language = self.tables.files[file.index()].language;
        let declares = language.declares_modules();
        let viewer = declares.then(|| self.place(file, reference.scope));
        for &name in facts.path(reference.path) {
            found = self.seen_from(viewer.flatten(), |this| {
                this.attribute(found, facts.name(name), language.separator())
            });
        }
        found
    }

    /// A name that the file does not bind: from a star, or builtin.
    fn free(&mut self, file: FileId, name: NameId, scope: ScopeId) -> Found {
        let text = self.tables.files[file.index()].facts.name(name);
        let tables = self.tables;
        let mut found = self.look_up(|this| tables.starred(this, (file, scope), text, None));
        if found.entities.is_empty() {
            found.unknown(Unknown::Value);
        }
        found
    }

    /// What `.name` of each possibility is.
    fn attribute(&mut self, of: Found, name: &str, separator: &str) -> Found {
        let mut found = Found {
            unknown: of.unknown,
            missing: of.missing,
            ..Found::default()
        };
        let shared = separator == "::" && of.entities.len() > 1;
        let types = shared && of.entities.iter().any(|entity| !self.is_function(*entity));
        for entity in of.entities {
            // In languages where a function may share its name with a module, nothing is below the function.
            if types && self.is_function(entity) {
                continue;
            }
            let one = match entity {
                Entity::Module(module) => {
                    let mut one = self.member(module, name);
                    if one.is_elsewhere() {
                        let of = &self.tables.modules.get(module).name;
                        one.add(self.external(&format!("{of}{separator}{name}")));
                    }
                    one
                }
                Entity::External(id) => {
                    let path = format!("{}{separator}{name}", self.origins.external(id));
                    let entity = self.external(&path);
                    Found::of(entity)
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
        let facts = &self.tables.files[symbol.file.index()].facts;
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
