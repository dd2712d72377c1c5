//! Looking a name up in a module: what is bound there, what a star brings, submodules.
//!
//! One set of rules, whether origins are still being worked out ([`super::origins`]) or only read
//! ([`super::queries`]): they differ in what a binding stands for, which [`Meaning`] tells.

use super::modules::{ModuleRef, Modules, UnknownImport};
use super::origins::{Entity, Found, SymbolId, Unknown, is_implicit, is_public};
use super::stars::Stars;
use super::{File, FileId, Module, ModuleId};
use crate::facts::{BindingId, ImportId, MOST_BINDINGS, ScopeId, Visibility, hash_name};

/// Stack left before a chain of names continues on a fresh segment, and the size of that segment, in bytes.
pub(super) const RED_ZONE: usize = 64 * 1024;
pub(super) const SEGMENT: usize = 1024 * 1024;

/// What a binding stands for.
pub(super) trait Meaning {
    fn of_binding(&mut self, symbol: SymbolId) -> Found;

    /// Notes that a star led this look-up to a module, for `viewer` to take from; false when one did already. Stars may
    /// star each other, and what a module brings does not depend on the way there.
    fn enter(&mut self, module: ModuleId, viewer: Option<ModuleId>) -> bool;

    /// What the module part of an import leads to.
    fn imported(&mut self, file: FileId, import: ImportId) -> ModuleRef;
}

/// What look-ups read.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) files: &'a [File],
    pub(super) modules: &'a Modules,
    pub(super) stars: &'a Stars,
}

impl Tables<'_> {
    /// What `name` is in a module, for `viewer` to take; without one, whoever may see it.
    pub(super) fn member(
        self,
        meaning: &mut impl Meaning,
        module: ModuleId,
        name: &str,
        viewer: Option<ModuleId>,
    ) -> Found {
        let mut found = self.member_of(meaning, module, name, viewer);
        for &variant in self.modules.variants(module) {
            let other = self.member_of(meaning, variant, name, viewer);
            found.bindings.extend_from_slice(&other.bindings);
            let missing = found.missing && other.missing;
            found.merge(other);
            found.missing = missing;
        }
        if self.modules.get(module).declared.is_some()
            && let Some(submodule) = self.modules.submodule(module, name)
        {
            // A module may share its name with a function.
            found.missing = false;
            found.merge(Found::of(Entity::Module(submodule)));
        }
        found
    }

    fn member_of(
        self,
        meaning: &mut impl Meaning,
        module: ModuleId,
        name: &str,
        viewer: Option<ModuleId>,
    ) -> Found {
        let mut found = Found::default();
        let Module { file, scope, .. } = *self.modules.get(module);
        let own = file.and_then(|file| {
            let facts = &self.files[file.index()].facts;
            Some((file, facts, facts.member(scope, name)?))
        });
        if let Some((file, facts, member)) = own {
            let all = facts.binding_set(member.bindings);
            // A type, a function and a macro may share a name; those that are hidden are not meant.
            let sees = |binding: &BindingId| {
                let visibility = facts.bindings[binding.index()].visibility;
                viewer.is_none_or(|viewer| self.sees(module, visibility, Some(viewer)))
            };
            let is_mixed = all.len() > 1 && all.iter().any(sees);
            for &binding in all {
                if is_mixed && !sees(&binding) {
                    continue;
                }
                let symbol = SymbolId { file, binding };
                found.merge(meaning.of_binding(symbol));
                found.bindings.push(symbol);
            }
            if found.bindings.len() >= MOST_BINDINGS {
                found.unknown(Unknown::Value);
            }
            if !found.entities.is_empty() && !member.maybe_unbound {
                found.missing = false;
                self.starred_over(meaning, (file, scope), name, viewer, &mut found);
                return found;
            }
        }
        let rest = self.member_elsewhere(meaning, (module, file), name, viewer);
        found.bindings.extend_from_slice(&rest.bindings);
        if found.entities.is_empty() {
            if found.unknown.is_none() || !rest.entities.is_empty() {
                found.unknown = rest.unknown;
            }
            found.entities = rest.entities;
            found.missing = rest.missing;
        } else {
            // Bound in some branches only: the name exists, though perhaps not on every way.
            if !rest.missing {
                found.merge(rest);
            }
            found.missing = false;
        }
        found
    }

    /// A name that the module itself does not bind.
    fn member_elsewhere(
        self,
        meaning: &mut impl Meaning,
        (module, file): (ModuleId, Option<FileId>),
        name: &str,
        viewer: Option<ModuleId>,
    ) -> Found {
        let mut found = Found::default();
        let Module {
            scope, declared, ..
        } = *self.modules.get(module);
        if let Some(declared) = declared
            && let Some(submodule) = self.modules.submodule(module, name)
        {
            let mut found = Found::of(Entity::Module(submodule));
            if declared.parent.is_none() {
                for &symbol in self.modules.unit_names(declared.unit, name) {
                    found.merge(Found::of(Entity::Symbol(symbol)));
                    found.bindings.push(symbol);
                }
            }
            return found;
        }
        if let Some(file) = file {
            found = self.starred(meaning, (file, scope), name, viewer);
            if !found.entities.is_empty() {
                return found;
            }
        }
        if let Some(declared) = declared
            && declared.parent.is_none()
        {
            for &symbol in self.modules.unit_names(declared.unit, name) {
                found.merge(Found::of(Entity::Symbol(symbol)));
                found.bindings.push(symbol);
            }
            if !found.entities.is_empty() {
                return found;
            }
        }
        if let Some(submodule) = self.modules.submodule(module, name) {
            return Found::of(Entity::Module(submodule));
        }
        match file {
            None => found.unknown(Unknown::Import(UnknownImport::Namespace)),
            Some(file) => {
                if self.files[file.index()].facts.dynamic.is_some() {
                    found.unknown(Unknown::DynamicModule);
                }
                if declared.is_none() && is_implicit(name) {
                    found.unknown(Unknown::Value);
                }
            }
        }
        if self.modules.has_opaque(module, name) {
            found.unknown(Unknown::Import(UnknownImport::NotIndexed));
        }
        found.missing = found.unknown.is_none();
        found
    }

    /// Adds what a star behind all `found` bindings of a name puts in their place.
    fn starred_over(
        self,
        meaning: &mut impl Meaning,
        (file, scope): (FileId, ScopeId),
        name: &str,
        viewer: Option<ModuleId>,
        found: &mut Found,
    ) {
        let stars = self.stars.within(file, scope);
        let Some(last_star) = stars.last() else {
            return;
        };
        let facts = &self.files[file.index()].facts;
        let starts = found.bindings.iter();
        let starts = starts.map(|symbol| facts.bindings[symbol.binding.index()].span.start);
        let last = starts.max().unwrap_or_default();
        let place = |star: &ImportId| facts.imports[star.index()].statement.start;
        if self.files[file.index()].language.declares_modules() || place(last_star) < last {
            return;
        }
        let later = &stars[stars.partition_point(|star| place(star) < last)..];
        let brought = self.brought(meaning, (file, scope), name, viewer, later);
        for entity in brought.entities {
            found.add(entity);
        }
    }

    /// What the star imports of a file bring under `name` and pass on to `viewer`: the last one that has it.
    pub(super) fn starred(
        self,
        meaning: &mut impl Meaning,
        (file, scope): (FileId, ScopeId),
        name: &str,
        viewer: Option<ModuleId>,
    ) -> Found {
        let stars = self.stars.within(file, scope);
        self.brought(meaning, (file, scope), name, viewer, stars)
    }

    /// What some star imports of a file bring under `name`.
    fn brought(
        self,
        meaning: &mut impl Meaning,
        (file, scope): (FileId, ScopeId),
        name: &str,
        viewer: Option<ModuleId>,
        stars: &[ImportId],
    ) -> Found {
        let mut unknown = None;
        if stars.is_empty() {
            return Found::default();
        }
        let hash = hash_name(name);
        if !self.stars.may_bring(file, hash) {
            return Found::default();
        }
        let importer = self.modules.at(file, scope);
        let File {
            language, facts, ..
        } = &self.files[file.index()];
        let declares = language.declares_modules();
        let taker = importer.filter(|_| declares);
        let mut all = Found::default();
        for &id in stars.iter().rev() {
            if let (Some(own), Some(_)) = (taker, viewer)
                && !self.sees(own, facts.imports[id.index()].visibility, viewer)
            {
                continue;
            }
            match meaning.imported(file, id) {
                ModuleRef::Known(module) => match self.exports(module, name, hash, importer) {
                    Some(true) => {
                        if !meaning.enter(module, taker) {
                            continue;
                        }
                        let found = stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                            self.member(meaning, module, name, taker)
                        });
                        if !found.entities.is_empty() {
                            if !declares {
                                return found;
                            }
                            // Conditions may choose between stars; none of them goes before another.
                            all.bindings.extend_from_slice(&found.bindings);
                            all.merge(found);
                            all.missing = false;
                            continue;
                        }
                        unknown = unknown.or(found.unknown);
                    }
                    Some(false) => {}
                    None => unknown = unknown.or(Some(Unknown::Star)),
                },
                ModuleRef::External | ModuleRef::Unknown(_) => {
                    unknown = unknown.or(Some(Unknown::Star));
                }
                ModuleRef::Missing => {}
            }
        }
        if !all.entities.is_empty() {
            return all;
        }
        Found {
            unknown,
            ..Found::default()
        }
    }

    /// Whether `import *` from a module brings `name` to `importer`; none when that cannot be told.
    pub(super) fn star_exports(
        self,
        module: ModuleId,
        name: &str,
        importer: Option<ModuleId>,
    ) -> Option<bool> {
        self.exports(module, name, hash_name(name), importer)
    }

    fn exports(
        self,
        module: ModuleId,
        name: &str,
        hash: u32,
        importer: Option<ModuleId>,
    ) -> Option<bool> {
        let Module {
            file,
            scope,
            declared,
            ..
        } = *self.modules.get(module);
        let Some(file) = file else {
            return Some(false);
        };
        let facts = &self.files[file.index()].facts;
        if declared.is_some() {
            return Some(self.shows(module, name, importer));
        }
        let Some(exports) = &facts.exports else {
            return Some(is_public(name));
        };
        if exports.contains(&facts.names, name, hash) {
            return Some(true);
        }
        if !exports.open && exports.extends.is_empty() {
            return Some(false);
        }
        // The list is built at run time: a public name that is there may well be in it.
        let bound = is_public(name) && facts.member(scope, name).is_some();
        (bound || !self.stars.of(file).is_empty()).then_some(true)
    }

    /// Whether `importer` may take `name` from a declared module.
    fn shows(self, module: ModuleId, name: &str, importer: Option<ModuleId>) -> bool {
        let all = [module];
        let all = all.iter().chain(self.modules.variants(module));
        all.copied().any(|module| {
            let Module { file, scope, .. } = *self.modules.get(module);
            let Some(file) = file else { return false };
            let facts = &self.files[file.index()].facts;
            let sees = |visibility: Visibility| self.sees(module, visibility, importer);
            let member = facts.member(scope, name);
            if let Some(member) = member {
                let mut bindings = facts.binding_set(member.bindings).iter();
                if bindings.any(|binding| sees(facts.bindings[binding.index()].visibility)) {
                    return true;
                }
            }
            let mut stars = self.stars.within(file, scope).iter();
            self.modules.submodule(module, name).is_some()
                || (facts.dynamic.is_some() && member.is_none())
                || stars.any(|id| sees(facts.imports[id.index()].visibility))
        })
    }

    /// Whether `importer` is certain to see what is declared in `module` so.
    fn surely_sees(self, module: ModuleId, visibility: Visibility, importer: ModuleId) -> bool {
        match (visibility, self.modules.parent_of(module)) {
            (Visibility::Part, Some(parent)) => self.modules.is_below(importer, parent),
            _ => self.sees(module, visibility, Some(importer)),
        }
    }

    /// Whether code of `importer` is certain to see a declared module and, by itself, its `name`, by their path.
    pub(super) fn surely_shows(self, module: ModuleId, name: &str, importer: ModuleId) -> bool {
        let mut at = module;
        while let Some((declared, parent)) = self
            .modules
            .get(at)
            .declared
            .and_then(|declared| Some((declared, declared.parent?)))
        {
            if !self.surely_sees(parent, declared.visibility, importer) {
                return false;
            }
            at = parent;
        }
        let Module { file, scope, .. } = *self.modules.get(module);
        let facts = file.map(|file| &self.files[file.index()].facts);
        let Some((facts, member)) =
            facts.and_then(|facts| Some((facts, facts.member(scope, name)?)))
        else {
            return true;
        };
        facts.binding_set(member.bindings).iter().any(|binding| {
            let visibility = facts.bindings[binding.index()].visibility;
            self.surely_sees(module, visibility, importer)
        })
    }

    pub(super) fn sees(
        self,
        module: ModuleId,
        visibility: Visibility,
        importer: Option<ModuleId>,
    ) -> bool {
        let unit = |module: ModuleId| {
            let declared = self.modules.get(module).declared;
            declared.map(|declared| declared.unit)
        };
        match (visibility, importer) {
            (Visibility::Public, _) | (Visibility::Unit | Visibility::Part, None) => true,
            (Visibility::Unit | Visibility::Part, Some(importer)) => unit(importer) == unit(module),
            (Visibility::Private, Some(importer)) => self.modules.is_below(importer, module),
            (Visibility::Private, None) => false,
        }
    }
}
