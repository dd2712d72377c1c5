//! Which moves must not be made, by what the whole project says of them.
//!
//! Owns the refusals and their words. What one file's syntax forbids is for its language to say, and what only shows
//! once everything has moved is for [`super::verify`].

use rustc_hash::{FxHashMap, FxHashSet};

use super::differ;
use super::loading::Loading;
use super::moves::Move;
use super::order::{self, Order};
use super::patched::{self, Groups};
use super::plan::{Project, present};
use super::replace;
use super::target::Target;
use super::through::{self, Patches};
use crate::diagnostic::Site;
use crate::facts::{BindingValue, Dynamic, ImportTarget, Root, ScopeId, SyntaxErrorKind, When};
use crate::graph::imports::ImportGraph;
use crate::index::{Index, ModuleId, ModuleRef, SymbolId};

/// Judges moves one by one, and those that make a module's last importers go.
pub(super) struct Judge<'p> {
    project: &'p Project<'p>,
    loading: Loading,
    order: Order,
    patches: Patches,
    groups: &'p Groups,
}

impl<'p> Judge<'p> {
    pub(super) fn new(project: &'p Project<'p>, groups: &'p Groups) -> Self {
        let loading = Loading::new(project.index, project.imports);
        Self {
            project,
            order: Order::new(project.index, project.imports, &loading),
            loading,
            patches: Patches::collect(project.index),
            groups,
        }
    }

    /// Takes import times from another state of the project.
    pub(super) fn reload(&mut self, index: &Index, imports: &ImportGraph) {
        self.loading = Loading::new(index, imports);
        self.order = Order::new(index, imports, &self.loading);
    }

    /// Why a move must not be made, whatever else moves.
    pub(super) fn refusal(&mut self, one: &Move, target: &Target) -> Option<String> {
        if let Site::Removal(binding) = one.relocation.site {
            let refusal = self.unreadable(one);
            return refusal.or_else(|| replace::removal_refusal(self.project, one, binding));
        }
        if one.relocation.site == Site::Module {
            return None;
        }
        if let Site::Text(span) = one.relocation.site {
            let targets = &self.index().facts(one.relocation.file).string_targets;
            let mut of_object = targets.iter().filter(|one| through::is_of_object(one));
            let is_imported = of_object.any(|target| target.span == span);
            return self
                .unreadable(one)
                .or_else(|| self.missing(one, target))
                .or_else(|| is_imported.then(|| self.untimely(one, target))?);
        }
        self.unreadable(one)
            .or_else(|| self.missing(one, target))
            .or_else(|| self.itself(one, target))
            .or_else(|| self.hidden(one, target))
            .or_else(|| self.unreachable(one, target))
            .or_else(|| self.lacking(one, target))
            .or_else(|| self.unlike(one, target))
            .or_else(|| replace::refusal(self.index(), one, target))
            .or_else(|| self.untimely(one, target))
            .or_else(|| self.patched(one))
    }

    fn index(&self) -> &'p Index {
        self.project.index
    }

    fn unreadable(&self, one: &Move) -> Option<String> {
        let facts = self.index().facts(one.relocation.file);
        let undecodable = facts
            .errors
            .iter()
            .any(|error| error.kind == SyntaxErrorKind::Undecodable);
        if undecodable {
            Some("the file cannot be decoded".to_owned())
        } else if facts.is_recovered() || facts.dynamic == Some(Dynamic::Recovered) {
            Some("the file does not parse".to_owned())
        } else {
            None
        }
    }

    /// A path of the project that leads nowhere.
    fn missing(&self, one: &Move, target: &Target) -> Option<String> {
        if target.module == ModuleRef::Missing {
            return Some(format!("there is no module `{}`", target.path));
        }
        target
            .bound(self.index())
            .is_missing()
            .then(|| format!("`{}` has no `{}`", target.path, one.relocation.to.name))
    }

    fn itself(&self, one: &Move, target: &Target) -> Option<String> {
        let own = self.index().module_of(one.relocation.file)?;
        let is_own = target.loaded == Some(own) || *target.path == *self.index().module(own).name;
        // `from . import x` in a package names the package, but reaches `x`.
        let reaches_below = target.loaded.is_some_and(|loaded| loaded != own);
        (is_own && !reaches_below).then(|| {
            format!(
                "`{}` would import `{}` from itself",
                self.index().module(own).name,
                one.relocation.to.name
            )
        })
    }

    /// A declared module, or a name of it, that the code of the site must not name.
    fn hidden(&self, one: &Move, target: &Target) -> Option<String> {
        let index = self.index();
        let file = one.relocation.file;
        if !index.file(file).language.declares_modules() {
            return None;
        }
        let ModuleRef::Known(module) = target.module else {
            return None;
        };
        let scope = one
            .import(index)
            .map_or(ScopeId::MODULE, |import| import.scope);
        let here = index.module_at(file, scope)?;
        let name = target.name.as_deref().unwrap_or_default();
        let is_seen = index.surely_shows(module, name, here);
        (!is_seen).then(|| format!("`{}` is not visible here", one.relocation.to))
    }

    /// A chain of attributes to a module that one of its packages gives another meaning, or deletes.
    fn unreachable(&self, one: &Move, target: &Target) -> Option<String> {
        if !matches!(one.relocation.site, Site::Use(..)) {
            return None;
        }
        let index = self.index();
        let mut path = target.path.as_str();
        while let Some((parent, last)) = path.rsplit_once('.') {
            path = parent;
            let (Some(package), Some(module)) = (
                index.modules.by_name(parent),
                index.modules.by_name(&format!("{parent}.{last}")),
            ) else {
                continue;
            };
            let Some(file) = index.module(package).file else {
                continue;
            };
            // A star may bring another object by the module's name.
            let found = index.member(package, last).entities;
            if found
                .iter()
                .any(|one| *one != crate::index::Entity::Module(module))
            {
                return Some(format!(
                    "`{parent}` does not keep its submodule `{last}` as an attribute"
                ));
            }
            let facts = index.facts(file);
            let Some(member) = facts.member(ScopeId::MODULE, last) else {
                continue;
            };
            let bindings = facts.binding_set(member.bindings);
            let is_module = bindings.iter().all(|&binding| {
                let (entities, ..) = index.binding_entities(SymbolId { file, binding });
                entities == [crate::index::Entity::Module(module)]
            });
            let is_gone = facts.bindings.iter().any(|binding| {
                binding.scope == ScopeId::MODULE
                    && binding.value == BindingValue::Deleted
                    && binding.name == member.name
            });
            if !is_module || is_gone {
                return Some(format!(
                    "`{parent}` does not keep its submodule `{last}` as an attribute"
                ));
            }
        }
        None
    }

    /// A module that takes another one's place must have what is read from it.
    fn lacking(&self, one: &Move, target: &Target) -> Option<String> {
        let Site::Import(id) = one.relocation.site else {
            return None;
        };
        let index = self.index();
        let facts = index.facts(one.relocation.file);
        let import = &facts.imports[id.index()];
        let (Some(binding), Some(module)) = (import.binding, target.loaded) else {
            return None;
        };
        if target.bound(index).entities != [crate::index::Entity::Module(module)] {
            return None;
        }
        // In `a.b.c` the names before the last one lead to the module.
        let rest: Vec<&str> = match import.target {
            ImportTarget::Module => facts.name(import.module).split('.').skip(1).collect(),
            _ => Vec::new(),
        };
        through::references(index, one.relocation.file)
            .filter(|reference| match reference.root {
                Root::Bound(set) => facts.binding_set(set).contains(&binding),
                _ => false,
            })
            .filter_map(|reference| {
                let mut path = facts.path(reference.path).iter();
                let leads = rest.iter().all(|part| {
                    let next = path.next().map(|name| facts.name(*name));
                    next == Some(part)
                });
                path.next().filter(|_| leads)
            })
            .map(|name| facts.name(*name))
            .find(|name| {
                let found = index.member(module, name);
                found.entities.is_empty() && found.bindings.is_empty() && found.unknown.is_none()
            })
            .map(|name| {
                let module = &index.module(module).name;
                format!("`{module}` has no `{name}`, which is read from it here")
            })
    }

    /// What a rule vouches for, although no call of the one would work with the other.
    fn unlike(&self, one: &Move, target: &Target) -> Option<String> {
        let is_use = matches!(
            one.relocation.site,
            Site::Import(_) | Site::Use(..) | Site::Star(_)
        );
        let is_judged = is_use && one.relocation.vouched && !one.relocation.same_object;
        is_judged
            .then(|| present(self.index(), one))
            .and_then(|now| differ::apart(self.index(), &now, &target.bound(self.index()).entities))
    }

    /// An import-time import in what the target needs, or one that would close a cycle.
    fn untimely(&mut self, one: &Move, target: &Target) -> Option<String> {
        if one.when(self.index()) != When::Import {
            return None;
        }
        let site = self.index().module_of(one.relocation.file)?;
        let target = target.loaded?;
        if order::is_loaded_by_then(self.index(), one, target)
            || (self.loading.share_cycle(target, site)
                && self.order.is_complete(target, site, &self.loading))
        {
            return None;
        }
        if let Some(chain) = self.loading.chain(target, site) {
            return Some(format!(
                "`{}` needs this module while it is imported: {}",
                self.index().module(target).name,
                self.spelled(&chain)
            ));
        }
        let mut chain = self.loading.closing(target, site)?;
        chain.insert(0, site);
        Some(format!(
            "it would close an import cycle: {}",
            self.spelled(&chain)
        ))
    }

    fn spelled(&self, chain: &[ModuleId]) -> String {
        let names: Vec<String> = chain
            .iter()
            .map(|module| format!("`{}`", self.index().module(*module).name))
            .collect();
        names.join(" → ")
    }

    /// A path that other code replaces before this code reads it: the replacement would no longer reach it, unless it
    /// moves as well.
    fn patched(&self, one: &Move) -> Option<String> {
        let index = self.index();
        let deep = !one.relocation.same_object;
        let patch = patched::reads(index, one)
            .iter()
            .filter(|read| !self.groups.covers(&read.name))
            .find_map(|read| {
                let (place, name) = &read.name;
                self.patches.find(place, name, deep, read.is_late)
            })?;
        Some(patched::replaced_by(index, patch.file, patch.span.start))
    }

    /// The moves that would leave a module without an importer although others read it as an attribute of its
    /// package: moves by their place in `moves`, with the reason.
    pub(super) fn unpublished(&self, moves: &[(usize, &Move, &Target)]) -> Vec<(usize, String)> {
        let (index, imports) = (self.project.index, self.project.imports);
        let mut leaving = FxHashSet::default();
        let mut skipped = FxHashSet::default();
        for (_, one, _) in moves {
            match one.relocation.site {
                Site::Import(id) => {
                    leaving.insert((one.relocation.file, id));
                }
                Site::Use(span, _) => {
                    skipped.insert((one.relocation.file, span.start));
                }
                Site::Star(_)
                | Site::Definition(_)
                | Site::Removal(_)
                | Site::Module
                | Site::Text(_) => {}
            }
        }
        let before = through::served(index, imports, |_| true);
        let mut after = through::served(index, imports, |edge| {
            !leaving.contains(&(edge.file, edge.import))
        });
        for (_, one, target) in moves {
            let is_removal = matches!(one.relocation.site, Site::Removal(_) | Site::Text(_));
            if let Some(loaded) = target.loaded.filter(|_| !is_removal)
                && one.when(index) == When::Import
            {
                through::serve(index, loaded, &mut after);
            }
        }
        let lost: FxHashSet<ModuleId> = before.difference(&after).copied().collect();
        let dependents = through::dependents(index, imports, &lost, |file, start| {
            skipped.contains(&(file, start))
        });
        moves
            .iter()
            .filter(|(_, one, _)| one.when(index) == When::Import)
            .filter_map(|(at, one, _)| Some((*at, last_importer(index, one, &dependents)?)))
            .collect()
    }
}

/// Why a move may not take away a module that others read as an attribute.
pub(super) fn last_importer(
    index: &Index,
    one: &Move,
    dependents: &FxHashMap<ModuleId, (crate::index::FileId, crate::span::Span)>,
) -> Option<String> {
    let import = one.import_id()?;
    let gone = through::loads(index, one.relocation.file, import)
        .into_iter()
        .flat_map(|loaded| {
            let mut all = FxHashSet::default();
            through::serve(index, loaded, &mut all);
            let mut all: Vec<ModuleId> = all.into_iter().collect();
            all.sort_unstable();
            all
        })
        .find(|module| dependents.contains_key(module))?;
    let (file, span) = dependents[&gone];
    let reader = index.file(file);
    Some(format!(
        "nothing else imports `{}`, which {}:{} reads as an attribute of its package",
        index.module(gone).name,
        reader.path,
        reader.facts.lines.line(span.start)
    ))
}
