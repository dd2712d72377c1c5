//! What other files read of a module: names that must stay although nothing in their own file needs them.
//!
//! Owns the collection; errs on the side of more readers.

use rustc_hash::FxHashSet;

use super::moves::Move;
use super::through::{self, Patches, Place};
use crate::diagnostic::Site;
use crate::facts::{ImportId, ImportTarget, ScopeKind};
use crate::index::{Entity, FileId, Index, ModuleId, ModuleRef};

/// Names of modules that are read from outside.
#[derive(Debug, Default)]
pub(super) struct Outside {
    read: FxHashSet<(ModuleId, String)>,
    /// Modules of which anything may be read: starred, or handed on as an object.
    open: FxHashSet<ModuleId>,
    patches: Patches,
}

impl Outside {
    /// What is read of the modules in which `moves` could take new names; nothing when none could.
    pub(super) fn of(index: &Index, moves: &[Move]) -> Self {
        let own: FxHashSet<ModuleId> = moves
            .iter()
            .filter(|one| is_rename(index, one))
            .filter_map(|one| index.module_of(one.relocation.file))
            .collect();
        let mut outside = Self::default();
        if own.is_empty() {
            return outside;
        }
        outside.patches = Patches::collect(index);
        for file in index.file_ids() {
            outside.imports(index, file, &own);
            for reference in through::references(index, file) {
                for (place, name) in through::steps(index, file, reference) {
                    if let Place::Module(module) = place
                        && own.contains(&module)
                        && index.module_of(file) != Some(module)
                    {
                        outside.read.insert((module, name.to_owned()));
                    }
                }
                if !reference.path.is_empty() {
                    let found = index.reference(file, reference).entities;
                    outside.hand_on(&found, &own);
                }
            }
        }
        outside
    }

    fn imports(&mut self, index: &Index, file: FileId, own: &FxHashSet<ModuleId>) {
        let facts = index.facts(file);
        for (at, import) in facts.imports.iter().enumerate() {
            let from = match index.imported_module(file, ImportId(at as u32)) {
                ModuleRef::Known(module) => Some(module),
                _ => None,
            };
            match (import.target, from) {
                (ImportTarget::Name(name), Some(module)) if own.contains(&module) => {
                    self.read.insert((module, facts.name(name).to_owned()));
                }
                (ImportTarget::Star | ImportTarget::ModuleAs, Some(module)) => {
                    self.open.insert(module);
                }
                _ => {}
            }
            if let (ImportTarget::Name(_), Some(binding)) = (import.target, import.binding) {
                let symbol = crate::index::SymbolId { file, binding };
                let (entities, ..) = index.binding_entities(symbol);
                self.hand_on(&entities, own);
            }
        }
    }

    fn hand_on(&mut self, entities: &[Entity], own: &FxHashSet<ModuleId>) {
        let modules = entities.iter().filter_map(|one| match one {
            Entity::Module(module) => Some(*module),
            _ => None,
        });
        self.open
            .extend(modules.filter(|module| own.contains(module)));
    }

    /// Whether the name that a move binds may change, as far as other files go.
    pub(super) fn may_rename(&self, index: &Index, one: &Move) -> bool {
        if !is_rename(index, one) {
            return false;
        }
        let import = one.import(index);
        let facts = index.facts(one.relocation.file);
        match facts.scopes[import.scope.index()].kind {
            ScopeKind::Function => true,
            ScopeKind::Class => false,
            ScopeKind::Module => {
                let name = &one.relocation.local;
                let path = &index.file(one.relocation.file).path;
                // Test runners look fixtures up by name.
                let is_looked_up = path.ends_with("conftest.py");
                let free = |module: ModuleId| {
                    !self.open.contains(&module)
                        && !self.read.contains(&(module, name.clone()))
                        && self
                            .patches
                            .find(&Place::Module(module), name, true, true)
                            .is_none()
                };
                !is_looked_up && index.module_of(one.relocation.file).is_none_or(free)
            }
        }
    }
}

/// Whether a move leads to another name than the one it binds.
fn is_rename(index: &Index, one: &Move) -> bool {
    let import = one.import(index);
    matches!(one.relocation.site, Site::Import(_))
        && matches!(import.target, ImportTarget::Name(_))
        && one.relocation.local != one.relocation.to.name
}
