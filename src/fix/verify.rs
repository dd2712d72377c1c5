//! The proof of a rewrite: the project as it would be, held against the project as it is and against what was meant.
//!
//! Owns the comparison. Trusts neither the plan nor the rewriter: it sees only facts read from the new texts.

mod file;
mod meaning;
mod strings;

use rustc_hash::FxHashSet;

use super::edit::TextEdit;
use super::judge::last_importer;
use super::loading::Loading;
use super::moves::Move;
use super::order::{Order, is_loaded_by_then};
use super::target::Target;
use super::through::{self, Patches, Place};
use crate::diagnostic::Site;
use crate::facts::{ImportId, ScopeId, When};
use crate::graph::imports::{ImportGraph, reached};
use crate::index::{FileId, Index, ModuleId, ModuleRef};
use meaning::Replaced;

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
        proof.texts(change, &mut found);
        proof.chains(change, &mut found);
        proof.self_imports(change, &mut found);
        proof.vanished(change, &mut found);
    }
    proof.importers(&mut found);
    let mut loadings = [
        Loading::new(before.0, before.1),
        Loading::new(after.0, after.1),
    ];
    proof.cycles(&loadings, &mut found);
    proof.order(&mut loadings, &mut found);
    proof.unpublished(&mut found);
    proof.patches(&mut found);
    found
}

/// Blames every move of a file.
fn blame(change: &Change<'_>, reason: &str, found: &mut Vec<Violation>) {
    found.extend(change.moves.iter().map(|(at, _)| (*at, reason.to_owned())));
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
    fn self_imports(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        let count = |index: &Index| {
            let own = index.module_of(change.file);
            (0..index.facts(change.file).imports.len() as u32)
                .map(ImportId)
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
            patches.find(&place, name, true, true).is_some()
                || self.is_read(module, change.file, name)
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
        let facts = self.new.facts(own);
        let exported = facts.exports.as_ref().is_some_and(|exports| {
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
                let from = self.old.imported_module(file, ImportId(at as u32));
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
    fn cycles(&self, [before, after]: &[Loading; 2], found: &mut Vec<Violation>) {
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
                    let is_early = one.when(self.old) == When::Import;
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

    /// What a module in a cycle imports anew is complete before it begins, where it was to be.
    fn order(&self, [before, after]: &mut [Loading; 2], found: &mut Vec<Violation>) {
        let order = Order::new(self.new, self.new_imports, after);
        for (at, one) in self.changes.iter().flat_map(|change| change.moves) {
            let site = self.old.module_of(one.relocation.file);
            let target = Target::of(self.old, one).loaded;
            let (Some(site), Some(target)) = (site, target) else {
                continue;
            };
            let is_removal = matches!(one.relocation.site, Site::Removal(_));
            let relies_on_order = !is_removal
                && one.when(self.old) == When::Import
                && !is_loaded_by_then(self.old, one, target)
                && before.chain(target, site).is_some()
                && after.chain(target, site).is_some();
            if relies_on_order && !order.is_complete(target, site, after) {
                let target = &self.old.module(target).name;
                found.push((
                    *at,
                    format!("`{target}` would no longer be complete before this module begins"),
                ));
            }
        }
    }

    /// Every module that was loaded for those who read it as an attribute still is.
    fn unpublished(&self, found: &mut Vec<Violation>) {
        let before = through::served(self.old, self.old_imports, |_| true);
        let after = through::served(self.new, self.new_imports, |_| true);
        let lost: FxHashSet<ModuleId> = before.difference(&after).copied().collect();
        let dependents = through::dependents(self.new, self.new_imports, &lost, |_, _| false);
        for (at, one) in self.changes.iter().flat_map(|change| change.moves) {
            let reason =
                last_importer(self.old, one, &dependents).or_else(|| self.unloaded(one, &lost));
            found.extend(reason.map(|reason| (*at, reason)));
        }
    }

    /// A module that nothing imports any more, although that did something; unless a rule calls it an old path, or the
    /// fix is unsafe and says so.
    fn unloaded(&self, one: &Move, lost: &FxHashSet<ModuleId>) -> Option<String> {
        let is_proven = one.relocation.same_object && !one.relocation.vouched;
        if !is_proven || lost.is_empty() {
            return None;
        }
        let loads = through::loads(self.old, one.relocation.file, one.import_id()?);
        let does_something = |module: &ModuleId| {
            let file = self.old.module(*module).file;
            file.is_some_and(|file| self.old.facts(file).runs_more_than_definitions())
        };
        let gone = loads
            .into_iter()
            .filter(|module| lost.contains(module))
            .find(does_something)?;
        let name = &self.old.module(gone).name;
        Some(format!(
            "nothing else imports `{name}`, which runs code when it is imported"
        ))
    }
}
