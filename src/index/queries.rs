//! What the finished index answers about names.

use rustc_hash::FxHashSet;

use super::lookup::{Meaning, Tables};
use super::modules::UnknownImport;
use super::origins::{Entity, Found, SymbolId, Unknown};
use super::{FileId, Index, ModuleId, ModuleRef};
use crate::facts::{
    BindingId, BindingValue, DefinitionId, DefinitionKind, Dynamic, ImportId, MOST_BINDINGS,
    Reference, Root, ScopeId,
};

/// Bindings as resolved for good.
struct Settled<'a> {
    index: &'a Index,
    entered: FxHashSet<(ModuleId, Option<ModuleId>)>,
}

impl<'a> Settled<'a> {
    fn new(index: &'a Index) -> Self {
        Self {
            index,
            entered: FxHashSet::default(),
        }
    }
}

impl Meaning for Settled<'_> {
    fn of_binding(&mut self, symbol: SymbolId) -> Found {
        let mut found = Found::default();
        let (unknown, missing) = self
            .index
            .each_entity(symbol, |entity| found.entities.push(entity));
        Found {
            unknown,
            missing,
            ..found
        }
    }

    fn enter(&mut self, module: ModuleId, viewer: Option<ModuleId>) -> bool {
        self.entered.insert((module, viewer))
    }

    fn imported(&mut self, file: FileId, import: ImportId) -> ModuleRef {
        self.index.modules.imported(file, import)
    }
}

impl Index {
    /// What a binding stands for: itself, or what its import or alias leads to.
    #[must_use]
    pub fn binding_entities(&self, symbol: SymbolId) -> (Vec<Entity>, Option<Unknown>, bool) {
        let mut entities = Vec::new();
        let (unknown, missing) = self.each_entity(symbol, |entity| entities.push(entity));
        (entities, unknown, missing)
    }

    /// Whether an import or alias binding leads to anything that is known.
    #[must_use]
    pub fn leads_somewhere(&self, symbol: SymbolId) -> bool {
        self.origins
            .of_binding(symbol)
            .is_some_and(|resolution| !self.origins.entities(resolution).is_empty())
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

    /// Whether code of `importer` is certain to be allowed to name a declared module and, by itself, its `name`, by
    /// their path.
    #[must_use]
    pub fn surely_shows(&self, module: ModuleId, name: &str, importer: ModuleId) -> bool {
        self.tables().surely_shows(module, name, importer)
    }

    fn tables(&self) -> Tables<'_> {
        Tables {
            files: &self.files,
            modules: &self.modules,
            stars: &self.origins.stars,
        }
    }

    /// What `name` is in a module.
    #[must_use]
    pub fn member(&self, module: ModuleId, name: &str) -> Lookup {
        let found = self
            .tables()
            .member(&mut Settled::new(self), module, name, None);
        Lookup::of(found)
    }

    /// Whether `import *` from a module brings `name`; none when that cannot be told.
    #[must_use]
    pub fn star_exports(&self, module: ModuleId, name: &str) -> Option<bool> {
        self.tables().star_exports(module, name, None)
    }

    /// What a star import of `file` takes under `name` from the module that it leads to; none where it is not known to
    /// bring that name.
    #[must_use]
    pub fn star_member(
        &self,
        file: FileId,
        star: ImportId,
        from: ModuleId,
        name: &str,
    ) -> Option<Lookup> {
        let scope = self.facts(file).imports[star.index()].scope;
        let declares = self.file(file).language.declares_modules();
        let here = self.module_at(file, scope).filter(|_| declares);
        let tables = self.tables();
        if tables.star_exports(from, name, here) != Some(true) {
            return None;
        }
        Some(Lookup::of(tables.member(
            &mut Settled::new(self),
            from,
            name,
            here,
        )))
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
            Root::Free(name) => {
                let scope = facts.module_scope(reference.scope);
                lookup = self.free_name_in(file, scope, facts.name(name));
            }
            Root::Class(class) => {
                if let Some(symbol) = self.symbol_of_definition(file, class) {
                    lookup.add(Entity::Symbol(symbol));
                }
            }
            Root::Instance(_) | Root::Super(_) | Root::Literal(_) => {
                lookup.unknown = Some(Unknown::Value);
            }
        }
        let separator = self.file(file).language.separator();
        for &name in facts.path(reference.path) {
            lookup = self.attribute(&lookup, facts.name(name), separator);
        }
        lookup
    }

    /// What a name is that its file does not bind: what a star import brings; empty and unknown for a builtin.
    #[must_use]
    pub fn free_name(&self, file: FileId, name: &str) -> Lookup {
        self.free_name_in(file, ScopeId::MODULE, name)
    }

    /// As [`Index::free_name`], for a module scope of the file.
    #[must_use]
    pub fn free_name_in(&self, file: FileId, scope: ScopeId, name: &str) -> Lookup {
        let place = (file, scope);
        let found = self
            .tables()
            .starred(&mut Settled::new(self), place, name, None);
        let mut lookup = Lookup::of(found);
        if lookup.entities.is_empty() {
            lookup.unknown = lookup.unknown.or(Some(Unknown::Value));
        }
        lookup
    }

    fn attribute(&self, of: &Lookup, name: &str, separator: &str) -> Lookup {
        let mut lookup = Lookup {
            unknown: of.unknown,
            ..Lookup::default()
        };
        let is_function = |entity: Entity| match entity {
            Entity::Symbol(symbol) => self
                .definition(symbol)
                .is_some_and(|(_, definition)| definition.kind == DefinitionKind::Function),
            _ => false,
        };
        let shared = separator == "::" && of.entities.len() > 1;
        let types = shared && of.entities.iter().any(|entity| !is_function(*entity));
        for &entity in &of.entities {
            if types && is_function(entity) {
                continue;
            }
            match entity {
                Entity::Module(module) => {
                    let one = self.member(module, name);
                    lookup.unknown = lookup.unknown.or(one.unknown);
                    if one.entities.is_empty()
                        && one.unknown == Some(Unknown::Import(UnknownImport::Namespace))
                    {
                        let of = &self.module(module).name;
                        lookup.externals.push(format!("{of}{separator}{name}"));
                    }
                    for entity in one.entities {
                        lookup.add(entity);
                    }
                }
                Entity::External(id) => {
                    lookup
                        .externals
                        .push(format!("{}{separator}{name}", self.origins.external(id)));
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
            lookup.externals.push(format!("{path}{separator}{name}"));
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
    /// The bindings in the module asked first, before imports and aliases are followed.
    pub bindings: Vec<SymbolId>,
    /// External paths reached by attributes of external names.
    pub externals: Vec<String>,
    /// Set when there may be other possibilities.
    pub unknown: Option<Unknown>,
}

impl Lookup {
    fn of(found: Found) -> Self {
        Self {
            entities: found.entities.into_vec(),
            bindings: found.bindings.into_vec(),
            externals: Vec::new(),
            unknown: found.unknown,
        }
    }

    fn add(&mut self, entity: Entity) {
        if self.entities.contains(&entity) {
            return;
        }
        if self.entities.len() >= MOST_BINDINGS {
            self.unknown = self.unknown.or(Some(Unknown::Value));
        } else {
            self.entities.push(entity);
        }
    }
}
