//! What other files read of a module: names that must stay although nothing in their own file needs them.
//!
//! Owns the collection; errs on the side of more readers. Files are read again, for texts that name `module.name`.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use regex::bytes::Regex;
use rustc_hash::FxHashSet;

use super::moves::Move;
use super::plan::Project;
use super::through::{self, Patches, Place};
use crate::diagnostic::Site;
use crate::facts::{Import, ImportId, ImportTarget, ScopeKind};
use crate::index::{Entity, FileId, Index, ModuleId, ModuleRef};

/// Files that name entry points.
pub(super) const CONFIGURATION: [&str; 4] = [
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "entry_points.txt",
];

/// Names of modules that are read from outside.
#[derive(Debug, Default)]
pub(super) struct Outside {
    read: FxHashSet<(ModuleId, String)>,
    /// Modules of which anything may be read: starred, or handed on as an object.
    open: FxHashSet<ModuleId>,
    /// Names that some text spells with their module: `a.b.X`, `a.b:X`.
    spelled: BTreeSet<String>,
    patches: Patches,
}

impl Outside {
    /// What is read of the modules in which `moves` could take new names; nothing when none could.
    pub(super) fn of(project: &Project<'_>, moves: &[Move]) -> Self {
        let index = project.index;
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
        outside.spelled = spelled(project, &renamed(index, moves), None);
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
        let Some(import) = one.import(index) else {
            return false;
        };
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
                        && !self.spelled.contains(&path_of(index, module, name))
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
    let is_name = |import: &Import| matches!(import.target, ImportTarget::Name(_));
    matches!(one.relocation.site, Site::Import(_))
        && one.import(index).is_some_and(is_name)
        && one.relocation.local != one.relocation.to.name
}

fn path_of(index: &Index, module: ModuleId, name: &str) -> String {
    format!("{}.{name}", index.module(module).name)
}

/// The paths of names of modules that moves could change.
fn renamed(index: &Index, moves: &[Move]) -> BTreeSet<String> {
    let of = |one: &Move| {
        let facts = index.facts(one.relocation.file);
        let scope = one.import(index)?.scope;
        let is_module = facts.scopes[scope.index()].kind == ScopeKind::Module;
        let module = index.module_of(one.relocation.file)?;
        is_module.then(|| path_of(index, module, &one.relocation.local))
    };
    moves
        .iter()
        .filter(|one| is_rename(index, one))
        .filter_map(of)
        .collect()
}

/// The folders of all files, and those around them.
pub(super) fn folders(index: &Index) -> BTreeSet<&Path> {
    let mut folders = BTreeSet::new();
    for file in index.file_ids() {
        for folder in Path::new(&*index.file(file).path).ancestors().skip(1) {
            if !folders.insert(folder) {
                break;
            }
        }
    }
    folders
}

/// Those of `paths` that a file of the project, other than `own`, or a configuration file spells.
pub(super) fn spelled(
    project: &Project<'_>,
    paths: &BTreeSet<String>,
    own: Option<FileId>,
) -> BTreeSet<String> {
    let index = project.index;
    if paths.is_empty() {
        return BTreeSet::new();
    }
    let patterns: Vec<String> = paths
        .iter()
        .filter_map(|path| path.rsplit_once('.'))
        .map(|(module, name)| format!("{}[.:]{}", regex::escape(module), regex::escape(name)))
        .collect();
    // A pattern too large to compile would be one for thousands of names: then none of them changes.
    let Ok(pattern) = Regex::new(&format!(r"\b(?:{})\b", patterns.join("|"))) else {
        return paths.clone();
    };
    let sources = index
        .file_ids()
        .filter(|file| Some(*file) != own)
        .map(|file| Path::new(&*index.file(file).path).to_path_buf());
    let configuration = folders(index)
        .into_iter()
        .flat_map(|folder| CONFIGURATION.iter().map(|name| folder.join(name)));
    let all: BTreeSet<_> = sources.chain(configuration).collect();
    all.into_par_iter()
        .map(|path| {
            let bytes = project
                .pending
                .read(project.root, &path)
                .unwrap_or_default();
            let found = pattern.find_iter(&bytes);
            found
                .map(|one| String::from_utf8_lossy(one.as_bytes()).replace(':', "."))
                .collect::<BTreeSet<String>>()
        })
        .reduce(BTreeSet::new, |mut all, more| {
            all.extend(more);
            all
        })
}
