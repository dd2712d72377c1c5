//! Star imports: which files have them, and which names they can bring at all.
//!
//! What a name that comes through a star really is, [`super::lookup`] finds out; this only tells it where not to look.

use rustc_hash::{FxHashMap, FxHashSet};

use super::lookup::{RED_ZONE, SEGMENT};
use super::modules::{ModuleRef, Modules};
use super::{File, FileId, ModuleId};
use crate::facts::{ImportId, ImportTarget, ScopeId, hash_name};

/// The star imports of the project.
#[derive(Debug, Default)]
pub(super) struct Stars {
    /// For each file that stars modules: those imports, in source order.
    imports: FxHashMap<FileId, Vec<ImportId>>,
    /// For each of these files, the hashes of all names that its stars may bring; none when they may bring any.
    brought: FxHashMap<FileId, Option<FxHashSet<u32>>>,
}

impl Stars {
    pub(super) fn build(files: &[File], modules: &Modules) -> Self {
        let imports = collect(files);
        let mut order: Vec<FileId> = imports.keys().copied().collect();
        order.sort_unstable();
        let members: usize = files.iter().map(|file| file.facts.members.len()).sum();
        let mut collector = Collector {
            files,
            modules,
            imports: &imports,
            brought: FxHashMap::default(),
            budget: members,
        };
        for file in order {
            collector.brought_by(file);
        }
        Self {
            brought: collector.brought,
            imports,
        }
    }

    /// The star imports of a file, in source order.
    pub(super) fn of(&self, file: FileId) -> &[ImportId] {
        self.imports.get(&file).map_or(&[], Vec::as_slice)
    }

    /// Whether the stars of a file may bring a name with this hash: false only if none of them does, for certain.
    pub(super) fn may_bring(&self, file: FileId, hash: u32) -> bool {
        match self.brought.get(&file) {
            Some(Some(names)) => names.contains(&hash),
            Some(None) => true,
            None => false,
        }
    }
}

fn collect(files: &[File]) -> FxHashMap<FileId, Vec<ImportId>> {
    let with_stars = files.iter().enumerate().filter_map(|(at, file)| {
        let stars: Vec<ImportId> = (0..file.facts.imports.len() as u32)
            .map(ImportId)
            .filter(|id| {
                let import = &file.facts.imports[id.index()];
                import.target == ImportTarget::Star && import.scope == ScopeId::MODULE
            })
            .collect();
        (!stars.is_empty()).then_some((FileId(at as u32), stars))
    });
    with_stars.collect()
}

struct Collector<'a> {
    files: &'a [File],
    modules: &'a Modules,
    imports: &'a FxHashMap<FileId, Vec<ImportId>>,
    brought: FxHashMap<FileId, Option<FxHashSet<u32>>>,
    /// How many more names may be kept: packages that star each other in a long chain would keep theirs at every step.
    budget: usize,
}

impl Collector<'_> {
    /// Works out what the stars of a file may bring.
    fn brought_by(&mut self, file: FileId) {
        if self.brought.contains_key(&file) {
            return;
        }
        // Whoever comes back here while it is worked out may bring anything.
        self.brought.insert(file, None);
        let names = stacker::maybe_grow(RED_ZONE, SEGMENT, || self.names_of(file));
        let names = names.filter(|names| {
            let fits = names.len() <= self.budget;
            self.budget -= if fits { names.len() } else { 0 };
            fits
        });
        self.brought.insert(file, names);
    }

    fn names_of(&mut self, file: FileId) -> Option<FxHashSet<u32>> {
        let mut names = FxHashSet::default();
        let imports = self.imports;
        for &import in imports.get(&file).map_or(&[][..], Vec::as_slice) {
            match self.modules.imported(file, import) {
                ModuleRef::Known(module) => self.add_exports(module, &mut names)?,
                ModuleRef::Missing => {}
                ModuleRef::External | ModuleRef::Unknown(_) => return None,
            }
        }
        Some(names)
    }

    /// Adds what a star import of a module may bring; none when that may be anything.
    fn add_exports(&mut self, module: ModuleId, names: &mut FxHashSet<u32>) -> Option<()> {
        let Some(file) = self.modules.get(module).file else {
            return Some(());
        };
        let files = self.files;
        let facts = &files[file.index()].facts;
        if let Some(exports) = &facts.exports {
            names.extend(exports.hashes()?);
            return Some(());
        }
        if facts.dynamic.is_some() || self.modules.has_opaque_submodules(module) {
            return None;
        }
        if self.imports.contains_key(&file) {
            self.brought_by(file);
            names.extend(self.brought.get(&file)?.as_ref()?);
        }
        names.extend(facts.members_of(ScopeId::MODULE).map(|member| member.hash));
        let submodules = self.modules.submodules(module);
        names.extend(submodules.map(|(_, name)| hash_name(name)));
        Some(())
    }
}
