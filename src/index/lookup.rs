//! Looking a name up in a module: what is bound there, what a star brings, submodules.
//!
//! One set of rules, whether origins are still being worked out ([`super::origins`]) or only read
//! ([`super::queries`]): they differ in what a binding stands for, which [`Meaning`] tells.

use super::modules::{ModuleRef, Modules, UnknownImport};
use super::origins::{Entity, Found, SymbolId, Unknown, is_implicit, is_public};
use super::stars::Stars;
use super::{File, FileId, ModuleId};
use crate::facts::{MOST_BINDINGS, ScopeId, hash_name};

/// Stack left before a chain of names continues on a fresh segment, and the size of that segment, in bytes.
pub(super) const RED_ZONE: usize = 64 * 1024;
pub(super) const SEGMENT: usize = 1024 * 1024;

/// What a binding stands for.
pub(super) trait Meaning {
    fn of_binding(&mut self, symbol: SymbolId) -> Found;

    /// Notes that a star led this look-up to a module; false when one did already. Stars may star each other, and
    /// what a module brings does not depend on the way there.
    fn enter(&mut self, module: ModuleId) -> bool;
}

/// What look-ups read.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) files: &'a [File],
    pub(super) modules: &'a Modules,
    pub(super) stars: &'a Stars,
}

impl Tables<'_> {
    /// What `name` is in a module.
    pub(super) fn member(self, meaning: &mut impl Meaning, module: ModuleId, name: &str) -> Found {
        let mut found = Found::default();
        let file = self.modules.get(module).file;
        let own = file.and_then(|file| {
            let facts = &self.files[file.index()].facts;
            Some((file, facts, facts.member(ScopeId::MODULE, name)?))
        });
        if let Some((file, facts, member)) = own {
            for &binding in facts.binding_set(member.bindings) {
                let symbol = SymbolId { file, binding };
                found.merge(meaning.of_binding(symbol));
                found.bindings.push(symbol);
            }
            if found.bindings.len() >= MOST_BINDINGS {
                found.unknown(Unknown::Value);
            }
            if !found.entities.is_empty() && !member.maybe_unbound {
                found.missing = false;
                return found;
            }
        }
        let rest = self.member_elsewhere(meaning, module, file, name);
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
        module: ModuleId,
        file: Option<FileId>,
        name: &str,
    ) -> Found {
        let mut found = Found::default();
        if let Some(file) = file {
            found = self.starred(meaning, file, name);
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
                if is_implicit(name) {
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

    /// What the star imports of a file bring under `name`: the last one that has it.
    pub(super) fn starred(self, meaning: &mut impl Meaning, file: FileId, name: &str) -> Found {
        let mut unknown = None;
        let stars = self.stars.of(file);
        if stars.is_empty() {
            return Found::default();
        }
        let hash = hash_name(name);
        if !self.stars.may_bring(file, hash) {
            return Found::default();
        }
        for &id in stars.iter().rev() {
            match self.modules.imported(file, id) {
                ModuleRef::Known(module) => match self.exports(module, name, hash) {
                    Some(true) => {
                        if !meaning.enter(module) {
                            continue;
                        }
                        let found = stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                            self.member(meaning, module, name)
                        });
                        if !found.entities.is_empty() {
                            return found;
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
        Found {
            unknown,
            ..Found::default()
        }
    }

    /// Whether `import *` from a module brings `name`; none when that cannot be told.
    pub(super) fn star_exports(self, module: ModuleId, name: &str) -> Option<bool> {
        self.exports(module, name, hash_name(name))
    }

    fn exports(self, module: ModuleId, name: &str, hash: u32) -> Option<bool> {
        let Some(file) = self.modules.get(module).file else {
            return Some(false);
        };
        let facts = &self.files[file.index()].facts;
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
        let bound = is_public(name) && facts.member(ScopeId::MODULE, name).is_some();
        (bound || !self.stars.of(file).is_empty()).then_some(true)
    }
}
