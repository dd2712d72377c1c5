//! What a name means before and after a rewrite, in terms that can be compared.

use rustc_hash::FxHashSet;

use super::{Change, Proof};
use crate::diagnostic::Site;
use crate::facts::{BindingValue, Import, ScopeId};
use crate::fix::plan::present;
use crate::index::{Entity, FileId, Index, ModuleId, SymbolId};

/// A name's possible meaning, the same before and after.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Module(ModuleId),
    External(String),
    Symbol(SymbolId),
    /// In a changed file bindings have new numbers: the how-manieth of that name in the scope.
    Moved(FileId, ScopeId, String, usize),
}

/// The objects that moves replace by others.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    entities: FxHashSet<Entity>,
    /// Whether some of them are not known.
    has_unknown: bool,
}

impl Replaced {
    pub(super) fn of(index: &Index, changes: &[Change<'_>]) -> Self {
        let mut replaced = Self::default();
        let moves = changes.iter().flat_map(|change| change.moves);
        let others = moves.filter(|(_, one)| {
            !one.relocation.same_object && !matches!(one.relocation.site, Site::Text(_))
        });
        for (_, one) in others {
            let entities = present(index, one);
            replaced.has_unknown |= entities.is_empty();
            replaced.entities.extend(entities);
        }
        replaced
    }
}

/// What a name is, as far as it is known, and whether it may not exist.
pub(super) struct Meaning {
    pub(super) keys: FxHashSet<Key>,
    pub(super) is_missing: bool,
}

impl Proof<'_> {
    pub(super) fn key(&self, index: &Index, entity: Entity) -> Key {
        match entity {
            Entity::Module(module) => Key::Module(module),
            Entity::External(id) => Key::External(index.origins.external(id).to_owned()),
            Entity::Symbol(symbol) if self.changed.contains(&symbol.file) => {
                let facts = index.facts(symbol.file);
                let own = index.binding(symbol);
                let name = facts.name(own.name);
                let before = facts.bindings[..symbol.binding.index()]
                    .iter()
                    .filter(|other| other.scope == own.scope && facts.name(other.name) == name)
                    .filter(|other| !matches!(other.value, BindingValue::Import(_)));
                Key::Moved(symbol.file, own.scope, name.to_owned(), before.count())
            }
            Entity::Symbol(symbol) => Key::Symbol(symbol),
        }
    }

    pub(super) fn keys(&self, index: &Index, entities: &[Entity]) -> FxHashSet<Key> {
        entities.iter().map(|&one| self.key(index, one)).collect()
    }

    pub(super) fn meaning(&self, index: &Index, file: FileId, import: &Import) -> Option<Meaning> {
        let binding = import.binding?;
        let (entities, _, is_missing) = index.binding_entities(SymbolId { file, binding });
        Some(Meaning {
            keys: self.keys(index, &entities),
            is_missing,
        })
    }

    /// What is wrong with `new` in the place of `old`, where no move was meant.
    pub(super) fn worse(&self, old: &Meaning, new: &Meaning) -> Option<&'static str> {
        if !old.is_missing && new.is_missing {
            return Some("would no longer exist");
        }
        if old.keys == new.keys || (self.replaced.has_unknown && !new.keys.is_empty()) {
            return None;
        }
        let mut lost = old.keys.difference(&new.keys);
        let replaced: FxHashSet<Key> = self
            .replaced
            .entities
            .iter()
            .map(|&one| self.key(self.old, one))
            .collect();
        let is_same = !replaced.is_empty() && lost.all(|key| replaced.contains(key));
        (!is_same).then_some("would be another object")
    }
}
