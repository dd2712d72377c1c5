//! The proof of a rewrite: the project as it would be, held against the project as it is and against what was meant.
//!
//! Owns the comparison. Trusts neither the plan nor the rewriter: it sees only facts read from the new texts.

use rustc_hash::{FxHashMap, FxHashSet};

use super::edit::TextEdit;
use super::judge::last_importer;
use super::loading::Loading;
use super::moves::Move;
use super::plan::present;
use super::target::Target;
use super::through::{self, Patches, Place};
use crate::diagnostic::Site;
use crate::facts::{Import, ImportTarget, Reference, ScopeId, When};
use crate::graph::imports::{ImportGraph, reached};
use crate::index::{Entity, FileId, Index, ModuleId, ModuleRef, SymbolId};

/// One rewritten file.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The file.
    pub file: FileId,
    /// What was done to its text, sorted and disjoint.
    pub edits: &'a [TextEdit],
    /// The moves that this makes, with the numbers that a violation names them by.
    pub moves: &'a [(usize, &'a Move)],
}

/// Where something went wrong: the number of the move to blame, and what is wrong.
pub type Violation = (usize, String);

/// Compares the project `after` with the one `before` the changes; the answer is empty when all is well.
#[must_use]
pub fn violations(
    before: (&Index, &ImportGraph),
    after: (&Index, &ImportGraph),
    changes: &[Change<'_>],
) -> Vec<Violation> {
    let proof = Proof {
        old: before.0,
        old_imports: before.1,
        new: after.0,
        new_imports: after.1,
        changes,
        changed: changes.iter().map(|change| change.file).collect(),
        replaced: Replaced::of(before.0, changes),
    };
    let mut found = Vec::new();
    for change in changes {
        if proof.new.facts(change.file).errors.len() > proof.old.facts(change.file).errors.len() {
            blame(change, "the rewritten file would not parse", &mut found);
            continue;
        }
        proof.bindings(change, &mut found);
        proof.uses(change, &mut found);
        proof.chains(change, &mut found);
        proof.self_imports(change, &mut found);
        proof.vanished(change, &mut found);
    }
    proof.importers(&mut found);
    proof.cycles(&mut found);
    proof.unpublished(&mut found);
    found
}

/// Blames every move of a file.
fn blame(change: &Change<'_>, reason: &str, found: &mut Vec<Violation>) {
    found.extend(change.moves.iter().map(|(at, _)| (*at, reason.to_owned())));
}

/// A name's possible meaning, the same before and after.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Module(ModuleId),
    External(String),
    Symbol(SymbolId),
    /// In a changed file bindings have new numbers: the how-manieth of that name in the scope.
    Moved(FileId, ScopeId, String, usize),
}

/// The objects that moves replace by others.
#[derive(Debug, Default)]
struct Replaced {
    entities: FxHashSet<Entity>,
    /// Whether some of them are not known.
    has_unknown: bool,
}

impl Replaced {
    fn of(index: &Index, changes: &[Change<'_>]) -> Self {
        let mut replaced = Self::default();
        let moves = changes.iter().flat_map(|change| change.moves);
        for (_, one) in moves.filter(|(_, one)| !one.relocation.same_object) {
            let entities = present(index, one);
            replaced.has_unknown |= entities.is_empty();
            replaced.entities.extend(entities);
        }
        replaced
    }
}

/// What a name is, as far as it is known, and whether it may not exist.
struct Meaning {
    keys: FxHashSet<Key>,
    is_missing: bool,
}

struct Proof<'a> {
    old: &'a Index,
    old_imports: &'a ImportGraph,
    new: &'a Index,
    new_imports: &'a ImportGraph,
    changes: &'a [Change<'a>],
    changed: FxHashSet<FileId>,
    replaced: Replaced,
}

impl Proof<'_> {
    fn key(&self, index: &Index, entity: Entity) -> Key {
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
                    .filter(|other| !matches!(other.value, crate::facts::BindingValue::Import(_)));
                Key::Moved(symbol.file, own.scope, name.to_owned(), before.count())
            }
            Entity::Symbol(symbol) => Key::Symbol(symbol),
        }
    }

    fn keys(&self, index: &Index, entities: &[Entity]) -> FxHashSet<Key> {
        entities.iter().map(|&one| self.key(index, one)).collect()
    }

    fn meaning(&self, index: &Index, file: FileId, import: &Import) -> Option<Meaning> {
        let binding = import.binding?;
        let (entities, _, is_missing) = index.binding_entities(SymbolId { file, binding });
        Some(Meaning {
            keys: self.keys(index, &entities),
            is_missing,
        })
    }

    /// What is wrong with `new` in the place of `old`, where no move was meant.
    fn worse(&self, old: &Meaning, new: &Meaning) -> Option<&'static str> {
        if !old.is_missing && new.is_missing {
            return Some("would no longer exist");
        }
        let mut lost = old.keys.difference(&new.keys);
        let replaced: FxHashSet<Key> = self
            .replaced
            .entities
            .iter()
            .map(|&one| self.key(self.old, one))
            .collect();
        let is_same = old.keys == new.keys
            || (self.replaced.has_unknown && !new.keys.is_empty())
            || (!replaced.is_empty() && lost.all(|key| replaced.contains(key)));
        (!is_same).then_some("would be another object")
    }

    /// Every imported name of a changed file: those that move reach what was meant, the others stay what they are.
    fn bindings(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        let file = change.file;
        let moved: FxHashMap<u32, (usize, &Move)> = change
            .moves
            .iter()
            .filter_map(|(at, one)| match one.relocation.site {
                Site::Import(id) => Some((id.0, (*at, *one))),
                _ => None,
            })
            .collect();
        let new = self.by_name(self.new, file);
        for (at, import) in self.old.facts(file).imports.iter().enumerate() {
            let Some((scope, name)) = local(self.old, file, import) else {
                continue;
            };
            let now = new.get(&(scope, name));
            if let Some((at, one)) = moved.get(&(at as u32)) {
                if let Err(reason) = self.reaches(one, import, now.map_or(&[], Vec::as_slice)) {
                    found.push((*at, reason));
                }
                continue;
            }
            let Some(before) = self.meaning(self.old, file, import) else {
                continue;
            };
            let wrong = match now {
                // A module whose every use has moved may go with them; whoever else reads it is looked for below.
                None if self.is_used_up(change, at) => None,
                None => Some("would no longer be bound"),
                Some(now) => {
                    let fits = now
                        .iter()
                        .filter_map(|one| self.meaning(self.new, file, one));
                    let verdicts: Vec<_> = fits.map(|now| self.worse(&before, &now)).collect();
                    // One name may be imported in several branches, each with its own object.
                    if self.is_used_up(change, at) || verdicts.iter().any(Option::is_none) {
                        None
                    } else {
                        verdicts.into_iter().flatten().next()
                    }
                }
            };
            if let Some(wrong) = wrong {
                blame(change, &format!("`{name}` {wrong}"), found);
            }
        }
        for (at, one) in change.moves {
            if let Site::Star(_) = one.relocation.site {
                let scope = one.import(self.old).scope;
                let now = new.get(&(scope, one.relocation.local.as_str()));
                let import = one.import(self.old);
                if let Err(reason) = self.reaches(one, import, now.map_or(&[], Vec::as_slice)) {
                    found.push((*at, reason));
                }
            }
        }
    }

    /// Whether uses through this import moved, so that it may have been retargeted.
    fn is_used_up(&self, change: &Change<'_>, import: usize) -> bool {
        change
            .moves
            .iter()
            .any(|(_, one)| matches!(one.relocation.site, Site::Use(_, id) if id.index() == import))
    }

    fn by_name<'i>(
        &self,
        index: &'i Index,
        file: FileId,
    ) -> FxHashMap<(ScopeId, &'i str), Vec<&'i Import>> {
        let mut all: FxHashMap<_, Vec<&Import>> = FxHashMap::default();
        for import in &index.facts(file).imports {
            if let Some(key) = local(index, file, import) {
                all.entry(key).or_default().push(import);
            }
        }
        all
    }

    /// Whether one of the imports `now`, all of one name, is what a move meant.
    fn reaches(&self, one: &Move, old: &Import, now: &[&Import]) -> Result<(), String> {
        let file = one.relocation.file;
        let target = Target::of(self.old, one);
        if old.target == ImportTarget::Module {
            let facts = self.new.facts(file);
            let is_there = facts.imports.iter().enumerate().any(|(at, import)| {
                let id = crate::facts::ImportId(at as u32);
                import.target == ImportTarget::Module
                    && import.scope == old.scope
                    && facts.name(import.module) == target.path
                    && self.new.imported_module(file, id) == target.module
            });
            return if is_there {
                Ok(())
            } else {
                Err(format!("`{}` would not be imported", target.path))
            };
        }
        let bound = target.bound(self.new);
        let mut wanted = self.keys(self.new, &bound.entities);
        wanted.extend(bound.external.clone().map(Key::External));
        if one.relocation.same_object && !one.relocation.vouched {
            let before = self.keys(self.old, &present(self.old, one));
            if !before.is_empty() && before != wanted {
                return Err(format!(
                    "`{}` is not the object that `{}` is here",
                    one.relocation.to, one.relocation.local
                ));
            }
        }
        let reached = now
            .iter()
            .filter(|import| import.when == old.when)
            .filter_map(|import| self.meaning(self.new, file, import))
            .any(|now| now.keys == wanted && (!now.is_missing || bound.is_open));
        if reached {
            Ok(())
        } else {
            Err(format!(
                "`{}` would not reach `{}`",
                one.relocation.local, one.relocation.to
            ))
        }
    }

    /// Every use that moves goes through the module that was meant.
    fn uses(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        for (at, one) in change.moves {
            let Site::Use(span, _) = one.relocation.site else {
                continue;
            };
            let target = Target::of(self.old, one);
            let place = match target.module {
                ModuleRef::Known(module) => Place::Module(module),
                ModuleRef::External => Place::External(target.path),
                ModuleRef::Missing | ModuleRef::Unknown(_) => continue,
            };
            let start = shifted(change.edits, span.start);
            let goes_there = through::starting_at(self.new, change.file, start)
                .flat_map(|reference| through::steps(self.new, change.file, reference))
                .any(|(through, name)| through == place && name == one.relocation.to.name);
            if !goes_there {
                let reason = format!("the use would not reach `{}`", one.relocation.to);
                found.push((*at, reason));
            }
        }
    }

    /// Every attribute chain that led somewhere still does.
    fn chains(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        let file = change.file;
        let mut now: FxHashMap<u32, Vec<&Reference>> = FxHashMap::default();
        for reference in through::references(self.new, file) {
            now.entry(reference.span.start).or_default().push(reference);
        }
        let leads = |index: &Index, reference: &Reference| {
            let found = index.reference(file, reference);
            !found.entities.is_empty() || !found.externals.is_empty() || found.unknown.is_some()
        };
        for reference in through::references(self.old, file) {
            if !leads(self.old, reference) {
                continue;
            }
            let start = shifted(change.edits, reference.span.start);
            let still = now
                .get(&start)
                .is_none_or(|now| now.iter().any(|one| leads(self.new, one)));
            if !still {
                let line = self.old.facts(file).lines.line(reference.span.start);
                blame(
                    change,
                    &format!("line {line} would read a name that does not exist"),
                    found,
                );
                return;
            }
        }
    }

    fn self_imports(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        let count = |index: &Index| {
            let own = index.module_of(change.file);
            (0..index.facts(change.file).imports.len() as u32)
                .map(crate::facts::ImportId)
                .filter(|&import| own.is_some() && reached(index, change.file, import) == own)
                .count()
        };
        if count(self.new) > count(self.old) {
            blame(change, "the module would import from itself", found);
        }
    }

    /// Names that a module no longer binds although others read them.
    fn vanished(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        let names = |index: &Index| -> FxHashSet<String> {
            let facts = index.facts(change.file);
            facts
                .members
                .iter()
                .filter(|member| member.scope == ScopeId::MODULE)
                .map(|member| facts.name(member.name).to_owned())
                .collect()
        };
        let now = names(self.new);
        let mut gone: Vec<String> = names(self.old)
            .into_iter()
            .filter(|name| !now.contains(name))
            .collect();
        gone.sort_unstable();
        let Some(module) = self.old.module_of(change.file).filter(|_| !gone.is_empty()) else {
            return;
        };
        let patches = Patches::collect(self.old);
        let place = Place::Module(module);
        let wanted = gone.iter().find(|name| {
            patches.find(&place, name, true).is_some() || self.is_read(module, change.file, name)
        });
        if let Some(name) = wanted {
            blame(
                change,
                &format!("`{name}` is read from this module elsewhere"),
                found,
            );
        }
    }

    fn is_read(&self, module: ModuleId, own: FileId, name: &str) -> bool {
        let place = Place::Module(module);
        let exported = self.old.facts(own).exports.as_ref().is_some_and(|exports| {
            let facts = self.old.facts(own);
            exports
                .names
                .iter()
                .any(|(one, _)| facts.name(*one) == name)
        });
        exported
            || self.old.file_ids().filter(|file| *file != own).any(|file| {
                let stars = self.old.origins.stars(file).iter();
                let mut starred = stars.map(|&star| self.old.imported_module(file, star));
                starred.any(|from| from == ModuleRef::Known(module))
                    || (self.old.facts(file).names.iter().any(|one| one == name)
                        && through::references(self.old, file).any(|reference| {
                            through::steps(self.old, file, reference)
                                .iter()
                                .any(|(through, read)| *through == place && *read == name)
                        }))
            })
    }

    /// Every import of an unchanged file that resolved still does.
    fn importers(&self, found: &mut Vec<Violation>) {
        for file in self
            .old
            .file_ids()
            .filter(|file| !self.changed.contains(file))
        {
            for (at, import) in self.old.facts(file).imports.iter().enumerate() {
                let before = self.meaning(self.old, file, import);
                let now = self.meaning(self.new, file, &self.new.facts(file).imports[at]);
                let (Some(before), Some(now)) = (before, now) else {
                    continue;
                };
                let Some(wrong) = self.worse(&before, &now) else {
                    continue;
                };
                let entry = self.old.file(file);
                let reason = format!(
                    "what {}:{} imports {wrong}",
                    entry.path,
                    entry.facts.lines.line(import.alias.start)
                );
                let from = self
                    .old
                    .imported_module(file, crate::facts::ImportId(at as u32));
                let culprit = self.changes.iter().find(|change| {
                    let module = self.old.module_of(change.file);
                    module.is_some_and(|module| from == ModuleRef::Known(module))
                });
                match culprit {
                    Some(change) => blame(change, &reason, found),
                    None => self
                        .changes
                        .iter()
                        .for_each(|change| blame(change, &reason, found)),
                }
            }
        }
    }

    /// No two modules that were in no common import cycle are in one now.
    fn cycles(&self, found: &mut Vec<Violation>) {
        let before = Loading::new(self.old, self.old_imports);
        let after = Loading::new(self.new, self.new_imports);
        for cycle in after.cycles() {
            let Some(&first) = cycle.first() else {
                continue;
            };
            let is_old = cycle
                .iter()
                .all(|&module| before.share_cycle(ModuleId(first), ModuleId(module)));
            if is_old {
                continue;
            }
            let names: Vec<String> = cycle
                .iter()
                .take(5)
                .map(|&module| format!("`{}`", self.new.module(ModuleId(module)).name))
                .collect();
            let reason = format!(
                "together the moves would close an import cycle: {}",
                names.join(", ")
            );
            let in_cycle = |module: ModuleId| cycle.binary_search(&module.0).is_ok();
            for change in self.changes {
                if !self.old.module_of(change.file).is_some_and(in_cycle) {
                    continue;
                }
                for (at, one) in change.moves {
                    let is_early = one.import(self.old).when == When::Import;
                    let target = Target::of(self.old, one).loaded;
                    let leads_there = target.is_some_and(|target| {
                        in_cycle(target) || after.around(target).any(in_cycle)
                    });
                    if is_early && leads_there {
                        found.push((*at, reason.clone()));
                    }
                }
            }
        }
    }

    /// Every module that was loaded for those who read it as an attribute still is.
    fn unpublished(&self, found: &mut Vec<Violation>) {
        let before = through::served(self.old, self.old_imports, |_| true);
        let after = through::served(self.new, self.new_imports, |_| true);
        let lost: FxHashSet<ModuleId> = before.difference(&after).copied().collect();
        let dependents = through::dependents(self.new, self.new_imports, &lost, |_, _| false);
        if dependents.is_empty() {
            return;
        }
        for (at, one) in self.changes.iter().flat_map(|change| change.moves) {
            if let Some(reason) = last_importer(self.old, one, &dependents) {
                found.push((*at, reason));
            }
        }
    }
}

/// The scope and name that an import binds.
fn local<'a>(index: &'a Index, file: FileId, import: &Import) -> Option<(ScopeId, &'a str)> {
    let symbol = SymbolId {
        file,
        binding: import.binding?,
    };
    Some((index.binding(symbol).scope, index.symbol_name(symbol)))
}

/// Where an offset of the old text is in the new one; the start of a replaced part is the start of what replaces it.
fn shifted(edits: &[TextEdit], offset: u32) -> u32 {
    let mut at = i64::from(offset);
    for edit in edits.iter().take_while(|edit| edit.span.end <= offset) {
        at += edit.content.len() as i64 - i64::from(edit.span.end - edit.span.start);
    }
    u32::try_from(at).unwrap_or(offset)
}
