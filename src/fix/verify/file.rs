//! One rewritten file: its imports, uses and attribute chains.

use rustc_hash::FxHashMap;

use super::meaning::Key;
use super::{Change, Proof, Violation, blame};
use crate::diagnostic::Site;
use crate::facts::{
    BindingValue, Import, ImportId, ImportTarget, Reference, Scope, ScopeId, ScopeKind,
};
use crate::fix::edit::TextEdit;
use crate::fix::moves::Move;
use crate::fix::plan::present;
use crate::fix::target::Target;
use crate::fix::through::{self, Place};
use crate::index::{FileId, Index, ModuleRef, SymbolId};

impl Proof<'_> {
    /// Every imported name of a changed file: those that move reach what was meant, the others stay what they are.
    pub(super) fn bindings(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        let file = change.file;
        let moved: FxHashMap<u32, (usize, &Move)> = change
            .moves
            .iter()
            .filter_map(|(at, one)| match one.relocation.site {
                Site::Import(id) => Some((id.0, (*at, *one))),
                _ => None,
            })
            .collect();
        let new = by_name(self.new, file);
        let scopes = kept_scopes(self.old, change);
        for (at, import) in self.old.facts(file).imports.iter().enumerate() {
            let Some((scope, name)) = local(self.old, file, import) else {
                continue;
            };
            let Some(&scope) = scopes.get(&scope) else {
                continue;
            };
            let now = new.get(&(scope, name));
            if let Some((at, one)) = moved.get(&(at as u32)) {
                // The uses may have taken the new name along.
                let renamed = || new.get(&(scope, one.relocation.to.name.as_str()));
                let now = now.or_else(renamed);
                if let Err(reason) = self.reaches(one, Some(import), now.map_or(&[], Vec::as_slice))
                {
                    found.push((*at, reason));
                }
                continue;
            }
            let Some(before) = self.meaning(self.old, file, import) else {
                continue;
            };
            let wrong = match now {
                // A module whose every use has moved may go with them; whoever else reads it is looked for below.
                None if is_used_up(change, at) => None,
                None => Some("would no longer be bound"),
                Some(now) => {
                    let fits = now
                        .iter()
                        .filter_map(|one| self.meaning(self.new, file, one));
                    let verdicts: Vec<_> = fits.map(|now| self.worse(&before, &now)).collect();
                    // One name may be imported in several branches, each with its own object.
                    if is_used_up(change, at) || verdicts.iter().any(Option::is_none) {
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
            if let Site::Star(_) | Site::Definition(_) = one.relocation.site {
                let import = one.import(self.old);
                let scope = import.map_or(ScopeId::MODULE, |import| import.scope);
                let now = new.get(&(scope, one.relocation.local.as_str()));
                if let Err(reason) = self.reaches(one, import, now.map_or(&[], Vec::as_slice)) {
                    found.push((*at, reason));
                }
            }
        }
    }

    /// Whether one of the imports `now`, all of one name, is what a move meant.
    pub(super) fn reaches(
        &self,
        one: &Move,
        old: Option<&Import>,
        now: &[&Import],
    ) -> Result<(), String> {
        let file = one.relocation.file;
        let target = Target::of(self.old, one);
        if let Some(old) = old
            && old.target == ImportTarget::Module
        {
            let facts = self.new.facts(file);
            let is_there = facts.imports.iter().enumerate().any(|(at, import)| {
                let id = ImportId(at as u32);
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
            .filter(|import| import.when == one.when(self.old))
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
    pub(super) fn uses(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
        for (at, one) in change.moves {
            let Site::Use(span, _) = one.relocation.site else {
                continue;
            };
            let target = Target::of(self.old, one);
            let place = match target.module {
                ModuleRef::Known(module) => Place::Module(module),
                ModuleRef::External => Place::External(target.path.clone()),
                ModuleRef::Missing | ModuleRef::Unknown(_) => continue,
            };
            let start = shifted(change.edits, span.start);
            let goes_there = through::starting_at(self.new, change.file, start)
                .flat_map(|reference| through::steps(self.new, change.file, reference))
                .any(|(through, name)| through == place && name == one.relocation.to.name)
                || self.is_written_out(change.file, start, &target);
            if !goes_there {
                let reason = format!("the use would not reach `{}`", one.relocation.to);
                found.push((*at, reason));
            } else if let Some(package) = self.unfinished(change.file, start) {
                let reason = format!(
                    "`{package}` is no attribute of its package yet when this runs, as a part of it"
                );
                found.push((*at, reason));
            }
        }
    }

    /// Whether a path that starts here spells out where a use was to go.
    fn is_written_out(&self, file: FileId, start: u32, target: &Target) -> bool {
        let facts = self.new.facts(file);
        facts.imports.iter().enumerate().any(|(at, import)| {
            let name = match import.target {
                ImportTarget::Name(name) => Some(facts.name(name)),
                _ => None,
            };
            import.statement == import.alias
                && import.alias.start == start
                && self.new.imported_module(file, ImportId(at as u32)) == target.module
                && name == target.name.as_deref()
        })
    }

    /// The package around a file that an attribute chain at `start` steps into while the file is imported: it may be
    /// being imported itself, and becomes an attribute only afterwards.
    fn unfinished(&self, file: FileId, start: u32) -> Option<&str> {
        let (index, own) = (self.new, self.new.module_of(file)?);
        let facts = index.facts(file);
        let is_early = |reference: &&Reference| {
            let mut scope = reference.scope;
            while scope != ScopeId::MODULE
                && facts.scopes[scope.index()].kind != ScopeKind::Function
            {
                scope = facts.scopes[scope.index()].parent;
            }
            scope == ScopeId::MODULE
        };
        through::starting_at(index, file, start)
            .filter(is_early)
            .flat_map(|reference| through::steps(index, file, reference))
            .find_map(|(place, name)| {
                let Place::Module(package) = place else {
                    return None;
                };
                let below = index.modules.submodule(package, name)?;
                let is_around = index.modules.is_below(own, below);
                let is_implicit = index.member(package, name).bindings.is_empty();
                (is_around && is_implicit).then(|| &*index.module(below).name)
            })
    }

    /// Every attribute chain that led somewhere still does.
    pub(super) fn chains(&self, change: &Change<'_>, found: &mut Vec<Violation>) {
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
}

/// The new numbers of a file's scopes; those of replaced definitions are gone.
fn kept_scopes(index: &Index, change: &Change<'_>) -> FxHashMap<ScopeId, ScopeId> {
    let facts = index.facts(change.file);
    let replaced: Vec<_> = change
        .moves
        .iter()
        .filter_map(|(_, one)| match one.relocation.site {
            Site::Definition(binding) | Site::Removal(binding) => Some(binding),
            _ => None,
        })
        .filter_map(|binding| match facts.bindings[binding.index()].value {
            BindingValue::Definition(id) => Some(facts.definitions[id.index()].span),
            _ => None,
        })
        .collect();
    let is_kept = |scope: &Scope| {
        scope.definition.is_none_or(|id| {
            let start = facts.definitions[id.index()].span.start;
            !replaced.iter().any(|span| span.contains(start))
        })
    };
    (0..)
        .map(ScopeId)
        .zip(&facts.scopes)
        .filter(|(_, scope)| is_kept(scope))
        .zip((0..).map(ScopeId))
        .map(|((old, _), new)| (old, new))
        .collect()
}

/// Whether uses through this import moved, so that it may have been retargeted.
fn is_used_up(change: &Change<'_>, import: usize) -> bool {
    change
        .moves
        .iter()
        .any(|(_, one)| matches!(one.relocation.site, Site::Use(_, id) if id.index() == import))
}

fn by_name(index: &Index, file: FileId) -> FxHashMap<(ScopeId, &str), Vec<&Import>> {
    let mut all: FxHashMap<_, Vec<&Import>> = FxHashMap::default();
    for import in &index.facts(file).imports {
        if let Some(key) = local(index, file, import) {
            all.entry(key).or_default().push(import);
        }
    }
    all
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
    let (mut added, mut removed) = (0, 0);
    for edit in edits.iter().take_while(|edit| edit.span.end <= offset) {
        added += edit.content.len() as u32;
        removed += edit.span.end - edit.span.start;
    }
    (offset + added).saturating_sub(removed)
}
