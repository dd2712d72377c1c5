//! Modules: their names, and which module an import statement reaches.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::declared::{self, Declared, Tree};
use super::origins::SymbolId;
use super::{DeclaredModule, File, FileId, Module, ModuleId};
use crate::facts::{Import, ImportId, ImportTarget, ScopeId};
use crate::lang::{Language, ModuleFile, Unit};

/// What the module part of an import statement leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModuleRef {
    /// A module of the project.
    Known(ModuleId),
    /// Not of this project.
    External,
    /// It would be of this project, but is not there.
    Missing,
    /// Cannot be told.
    Unknown(UnknownImport),
}

/// Why an import cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnknownImport {
    /// The folder is a namespace package: the rest may be installed elsewhere.
    Namespace,
    /// Something of that name exists but is no source that was read: an extension module, a generated file.
    NotIndexed,
    /// The package changes its search path.
    DynamicPath,
    /// A relative import in a file that is in no package.
    BeyondTop,
    /// Its path leads through names that are more than modules, or not known.
    Indirect,
}

impl UnknownImport {
    /// The reason as counted in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::NotIndexed => "not-indexed",
            Self::DynamicPath => "dynamic-path",
            Self::BeyondTop => "beyond-top-level",
            Self::Indirect => "indirect",
        }
    }
}

/// What an absolute import asks for: its language, the root of its file and the module.
type Wanted<'a> = (Language, &'a str, &'a str);

/// All modules and the means to find them.
#[derive(Debug, Default)]
pub struct Modules {
    #[expect(clippy::struct_field_names, reason = "the others are ways to them")]
    modules: Vec<Module>,
    by_stem: FxHashMap<Box<str>, ModuleId>,
    by_file: Vec<Option<ModuleId>>,
    roots: Vec<String>,
    opaque: FxHashSet<String>,
    /// The folders that the opaque modules are in.
    opaque_folders: FxHashSet<String>,
    /// Folders that are no regular packages but whose dotted names absolute imports spell.
    spelled: FxHashSet<ModuleId>,
    /// For each file, what each of its imports names.
    imported: Vec<Box<[ModuleRef]>>,
    /// The modules whose text stands inside that of others.
    inline: FxHashMap<(FileId, ScopeId), ModuleId>,
    units: Vec<Unit>,
    /// The first module of each unit.
    tops: Vec<ModuleId>,
    /// For modules that conditions choose, the others of the same name.
    variants: FxHashMap<ModuleId, Vec<ModuleId>>,
    /// Names known at the top of a unit wherever they are made.
    unit_names: FxHashMap<(u32, Box<str>), Vec<SymbolId>>,
}

impl Modules {
    pub(super) fn build(
        files: &[File],
        places: &[ModuleFile],
        roots: Vec<String>,
        spelled: &FxHashSet<&str>,
        opaque: BTreeSet<String>,
        units: &[Unit],
    ) -> Self {
        let (modules, by_file) = name_modules(files, places, &roots);
        let mut modules: Vec<Module> = modules.into_iter().map(|(module, _)| module).collect();
        let taken = modules.iter().map(|module| module.name.to_string());
        let tree = declared::build(files, units, taken.collect());
        modules.extend(tree.modules.iter().map(declared_module));
        modules.sort_by(|a, b| a.name.cmp(&b.name));
        let mut file_modules = vec![None; files.len()];
        let mut by_stem = FxHashMap::default();
        for (at, module) in modules.iter().enumerate() {
            by_stem.insert(module.stem.clone(), ModuleId(at as u32));
        }
        for (file, stem) in by_file {
            file_modules[file.index()] = by_stem.get(stem).copied();
        }
        let mut this = Self {
            modules,
            by_stem,
            by_file: file_modules,
            roots,
            opaque_folders: opaque.iter().map(|stem| parent(stem).to_owned()).collect(),
            opaque: opaque.into_iter().collect(),
            spelled: FxHashSet::default(),
            imported: Vec::new(),
            inline: FxHashMap::default(),
            units: Vec::new(),
            tops: Vec::new(),
            variants: FxHashMap::default(),
            unit_names: FxHashMap::default(),
        };
        this.hang(files, tree);
        this.spelled = this
            .ids()
            .filter(|&id| {
                let module = this.get(id);
                module.file.is_none() && spelled.contains(&*module.name)
            })
            .collect();
        this.imported = (0..files.len() as u32)
            .into_par_iter()
            .map_init(FxHashMap::default, |known, at| {
                this.resolve_file(files, FileId(at), known)
            })
            .collect();
        this
    }

    /// Ties declared modules to each other and to their files.
    fn hang(&mut self, files: &[File], tree: Tree) {
        let ids: Vec<ModuleId> = tree
            .modules
            .iter()
            .map(|module| self.by_stem[module.stem.as_str()])
            .collect();
        for (module, &id) in tree.modules.iter().zip(&ids) {
            let variant_of = module.variant_of.map(|at| ids[at]);
            if let Some(first) = variant_of {
                self.variants.entry(first).or_default().push(id);
            }
            self.modules[id.index()].declared = Some(DeclaredModule {
                parent: module.parent.map(|at| ids[at]),
                unit: module.unit,
                visibility: module.visibility,
                variant_of,
            });
            if module.parent.is_none() {
                self.tops.push(id);
            }
            if module.scope == ScopeId::MODULE {
                self.by_file[module.file.index()] = Some(id);
                let file = &files[module.file.index()];
                for &binding in &file.facts.unit_names {
                    let name = file.facts.name(file.facts.bindings[binding.index()].name);
                    let symbol = SymbolId {
                        file: module.file,
                        binding,
                    };
                    self.unit_names
                        .entry((module.unit, name.into()))
                        .or_default()
                        .push(symbol);
                }
            } else {
                self.inline.insert((module.file, module.scope), id);
            }
        }
        for (stem, at) in tree.aliases {
            self.by_stem.entry(stem.into()).or_insert(ids[at]);
        }
        self.opaque.extend(tree.missing);
        self.units = tree.units;
    }

    /// The units of compilation, in the order of [`DeclaredModule::unit`].
    #[must_use]
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The first module of a unit.
    #[must_use]
    pub fn top(&self, unit: u32) -> ModuleId {
        self.tops[unit as usize]
    }

    /// The module that a module scope of a file is.
    #[must_use]
    pub fn at(&self, file: FileId, scope: ScopeId) -> Option<ModuleId> {
        if scope == ScopeId::MODULE {
            self.of_file(file)
        } else {
            self.inline.get(&(file, scope)).copied()
        }
    }

    /// The other modules that a name may stand for where conditions choose.
    #[must_use]
    pub fn variants(&self, first: ModuleId) -> &[ModuleId] {
        self.variants.get(&first).map_or(&[], Vec::as_slice)
    }

    /// What goes by `name` at the top of a unit, though no module there makes it.
    pub(super) fn unit_names(&self, unit: u32, name: &str) -> &[SymbolId] {
        if self.unit_names.is_empty() {
            return &[];
        }
        let found = self.unit_names.get(&(unit, Box::from(name)));
        found.map_or(&[], Vec::as_slice)
    }

    /// Replaces what could only be told once names were followed.
    pub(super) fn settle(&mut self, settled: FxHashMap<(FileId, ImportId), ModuleRef>) {
        for ((file, import), found) in settled {
            self.imported[file.index()][import.index()] = found;
        }
    }

    /// A module.
    #[must_use]
    pub fn get(&self, id: ModuleId) -> &Module {
        &self.modules[id.index()]
    }

    /// All modules in name order.
    #[must_use]
    pub fn all(&self) -> &[Module] {
        &self.modules
    }

    /// All module ids in name order.
    pub fn ids(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..self.modules.len() as u32).map(ModuleId)
    }

    /// The source roots, `""` for the project root.
    #[must_use]
    pub fn roots(&self) -> &[String] {
        &self.roots
    }

    /// The module that a file is loaded for.
    #[must_use]
    pub fn of_file(&self, file: FileId) -> Option<ModuleId> {
        self.by_file[file.index()]
    }

    /// The module at this stem: a path without extension, or a folder.
    #[must_use]
    pub fn by_stem(&self, stem: &str) -> Option<ModuleId> {
        self.by_stem.get(stem).copied()
    }

    /// What the module part of an import leads to.
    #[must_use]
    pub fn imported(&self, file: FileId, import: ImportId) -> ModuleRef {
        self.imported[file.index()][import.index()]
    }

    /// What an absolute import of `module`, written in a file, would lead to.
    pub(super) fn absolute(&self, files: &[File], id: FileId, module: &str) -> ModuleRef {
        let file = &files[id.index()];
        if file.language.declares_modules() {
            let first = module.split("::").next().unwrap_or(module);
            return match (self.by_name(module), self.by_name(first)) {
                (Some(known), _) => ModuleRef::Known(known),
                (None, Some(_)) => ModuleRef::Missing,
                (None, None) => ModuleRef::External,
            };
        }
        let place = file.language.module_file(&file.path);
        let (folders, siblings) = self.search_path(&place);
        self.resolve(files, file, &place, (&folders, siblings), 0, module)
    }

    /// What exists but was not read, as stems.
    pub(super) fn opaque(&self) -> impl Iterator<Item = &str> {
        self.opaque.iter().map(String::as_str)
    }

    /// The module of this exact name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<ModuleId> {
        self.modules
            .binary_search_by(|module| (*module.name).cmp(name))
            .ok()
            .map(|at| ModuleId(at as u32))
    }

    /// The submodule `name` of `parent`.
    #[must_use]
    pub fn submodule(&self, parent: ModuleId, name: &str) -> Option<ModuleId> {
        let parent = self.get(parent);
        if !parent.is_package {
            return None;
        }
        self.by_stem.get(join(&parent.stem, name).as_str()).copied()
    }

    /// The modules directly inside a package, in name order.
    pub fn submodules(&self, parent: ModuleId) -> impl Iterator<Item = (ModuleId, &str)> {
        let name = &*self.get(parent).name;
        let first = self.modules.partition_point(|module| &*module.name <= name);
        (first as u32..)
            .map_while(move |at| {
                let below = self.modules.get(at as usize)?.name.strip_prefix(name)?;
                Some((ModuleId(at), below))
            })
            .filter_map(|(id, below)| {
                let name = below.strip_prefix('.').or_else(|| below.strip_prefix("::"));
                Some((id, name?))
            })
            .filter(|(_, below)| !below.contains('.') && !below.contains("::"))
    }

    /// Whether something of that name lies in the package but was not read.
    #[must_use]
    pub fn has_opaque(&self, parent: ModuleId, name: &str) -> bool {
        self.opaque.contains(&join(&self.get(parent).stem, name))
    }

    /// Whether anything lies directly in the package but was not read.
    #[must_use]
    pub fn has_opaque_submodules(&self, module: ModuleId) -> bool {
        self.opaque_folders.contains(&*self.get(module).stem)
    }

    /// Whether a module is `ancestor` or lies below it.
    #[must_use]
    pub fn is_below(&self, module: ModuleId, ancestor: ModuleId) -> bool {
        let (module, ancestor) = (&self.get(module).name, &self.get(ancestor).name);
        module == ancestor
            || module
                .strip_prefix(&**ancestor)
                .is_some_and(|below| below.starts_with('.') || below.starts_with("::"))
    }

    /// What each import of a file names. `known` keeps the answers that do not depend on the file.
    fn resolve_file<'a>(
        &'a self,
        files: &'a [File],
        id: FileId,
        known: &mut FxHashMap<Wanted<'a>, ModuleRef>,
    ) -> Box<[ModuleRef]> {
        let file = &files[id.index()];
        if file.language.declares_modules() {
            let imports = file.facts.imports.iter();
            return imports
                .map(|import| self.declared_import(files, id, import))
                .collect();
        }
        let place = file.language.module_file(&file.path);
        let (folders, siblings) = self.search_path(&place);
        // Imports of one statement stand together and name one module.
        let mut last: Option<(u32, u32, ModuleRef)> = None;
        file.facts
            .imports
            .iter()
            .map(|import| match last {
                Some((module, level, known))
                    if (module, level) == (import.module.0, import.level) =>
                {
                    known
                }
                _ => {
                    let module = file.facts.name(import.module);
                    let search = (&folders[..], siblings);
                    let resolve =
                        || self.resolve(files, file, &place, search, import.level, module);
                    let found = match (import.level, siblings) {
                        (0, None) => *known
                            .entry((file.language, folders[0], module))
                            .or_insert_with(resolve),
                        _ => resolve(),
                    };
                    last = Some((import.module.0, import.level, found));
                    found
                }
            })
            .collect()
    }

    /// What the module part of an import names, as far as declarations alone tell.
    fn declared_import(&self, files: &[File], id: FileId, import: &Import) -> ModuleRef {
        let facts = &files[id.index()].facts;
        let unknown = ModuleRef::Unknown(UnknownImport::Indirect);
        let Some(here) = self.at(id, facts.module_scope(import.scope)) else {
            return unknown;
        };
        let mut segments = facts.name(import.module).split("::");
        let start = match segments.next() {
            Some("") => match segments.next() {
                Some(first) => self.other_unit(here, first),
                None => return unknown,
            },
            Some(first) => match self.first_module(files, here, import, first) {
                Some(start) => start,
                None => return unknown,
            },
            None => return unknown,
        };
        let ModuleRef::Known(mut at) = start else {
            return start;
        };
        for segment in segments {
            let next = match segment {
                "super" => self.parent_of(at),
                "self" => Some(at),
                _ => self.submodule(at, segment),
            };
            match next {
                Some(next) if self.variants(next).is_empty() => at = next,
                _ => return unknown,
            }
        }
        ModuleRef::Known(at)
    }

    /// What the first name of an import's path is; none when that is for names to tell.
    fn first_module(
        &self,
        files: &[File],
        here: ModuleId,
        import: &Import,
        first: &str,
    ) -> Option<ModuleRef> {
        if let Some(start) = self.start(here, first) {
            return Some(ModuleRef::Known(start));
        }
        let from = if self.is_rootward(here, import) {
            self.top_of(here)
        } else {
            here
        };
        if let Some(found) = self.submodule(from, first) {
            let is_one = self.variants(found).is_empty();
            return is_one.then_some(ModuleRef::Known(found));
        }
        let is_bound = self.may_bind(files, from, first);
        (!is_bound).then(|| self.other_unit(here, first))
    }

    /// Where `crate`, `self` and `super` lead.
    pub(super) fn start(&self, here: ModuleId, first: &str) -> Option<ModuleId> {
        match first {
            "crate" | "$crate" => Some(self.top_of(here)),
            "self" => Some(here),
            "super" => self.parent_of(here),
            _ => None,
        }
    }

    /// Whether paths of `use` start at the top of the unit, as they did before 2018.
    pub(super) fn is_rootward(&self, here: ModuleId, import: &Import) -> bool {
        let unit = self.get(here).declared.map(|declared| declared.unit);
        let unit = unit.and_then(|unit| self.units.get(unit as usize));
        import.statement != import.alias && unit.is_some_and(|unit| unit.edition < 2018)
    }

    pub(super) fn parent_of(&self, module: ModuleId) -> Option<ModuleId> {
        self.get(module).declared?.parent
    }

    /// The first module of the unit of `module`.
    #[must_use]
    pub fn top_of(&self, module: ModuleId) -> ModuleId {
        match self.get(module).declared {
            Some(declared) => self.top(declared.unit),
            None => module,
        }
    }

    /// Whether `name` may be bound in a module by other than a declaration of a module.
    fn may_bind(&self, files: &[File], module: ModuleId, name: &str) -> bool {
        let Module { file, scope, .. } = *self.get(module);
        let Some(file) = file else { return false };
        let facts = &files[file.index()].facts;
        facts.member(scope, name).is_some()
            || !self.knows_unit(module, name)
                && facts
                    .imports
                    .iter()
                    .any(|import| import.target == ImportTarget::Star && import.scope == scope)
    }

    /// Whether code of a module can name a unit of compilation so.
    fn knows_unit(&self, module: ModuleId, name: &str) -> bool {
        let unit = self.get(module).declared.map(|declared| declared.unit);
        matches!(name, "std" | "core" | "alloc")
            || unit.is_some_and(|unit| {
                let others = &self.units[unit as usize].others;
                others.iter().any(|(other, _)| other == name)
            })
    }

    /// The unit that goes by `name` in the code of a module.
    pub(super) fn other_unit(&self, module: ModuleId, name: &str) -> ModuleRef {
        let unit = self.get(module).declared.map(|declared| declared.unit);
        let root = unit.and_then(|unit| {
            let mut others = self.units[unit as usize].others.iter();
            others.find_map(|(other, root)| (other == name).then_some(root.as_deref())?)
        });
        let known = root.and_then(|root| self.by_stem.get(root));
        known.map_or(ModuleRef::External, |&known| ModuleRef::Known(known))
    }

    /// A module's path as code of `here` spells it: another unit goes by the name that it has there.
    #[must_use]
    pub fn spelled_from(&self, here: ModuleId, path: &str) -> String {
        let (first, rest) = path.split_at(path.find("::").unwrap_or(path.len()));
        let declared = self.get(here).declared;
        let (Some(root), Some(declared)) = (self.by_name(first), declared) else {
            return path.to_owned();
        };
        let others = self.units[declared.unit as usize].others.iter();
        let names: Vec<&str> = others
            .filter(|(_, stem)| {
                let stem = stem.as_deref();
                stem.and_then(|stem| self.by_stem.get(stem)) == Some(&root)
            })
            .map(|(name, _)| &**name)
            .collect();
        match names.first() {
            Some(name) if !names.contains(&first) => format!("{name}{rest}"),
            _ => path.to_owned(),
        }
    }

    /// The folders that absolute imports of a file are looked up in, in order, and the folder of its siblings when
    /// that is none of them.
    fn search_path<'a>(&'a self, place: &ModuleFile<'a>) -> (Vec<&'a str>, Option<&'a str>) {
        let own = root_of(place.stem, &self.roots);
        let mut folders = vec![own];
        folders.extend(
            self.roots
                .iter()
                .map(String::as_str)
                .filter(|root| *root != own),
        );
        // A script or a test finds its siblings: Python puts the folder of the outermost package on the path.
        let mut base = if place.is_package {
            place.stem
        } else {
            parent(place.stem)
        };
        while !base.is_empty()
            && self
                .by_stem
                .get(base)
                .is_some_and(|id| self.get(*id).file.is_some())
        {
            base = parent(base);
        }
        let siblings = (!folders.contains(&base)).then_some(base);
        (folders, siblings)
    }

    fn resolve(
        &self,
        files: &[File],
        file: &File,
        place: &ModuleFile,
        (folders, siblings): (&[&str], Option<&str>),
        level: u32,
        module: &str,
    ) -> ModuleRef {
        if level > 0 {
            let mut base = if place.is_package {
                place.stem
            } else {
                parent(place.stem)
            };
            let mut left = level - 1;
            while left > 0 && !base.is_empty() {
                base = parent(base);
                left -= 1;
            }
            let top = root_of(place.stem, &self.roots);
            if left > 0 || base.is_empty() {
                return ModuleRef::Unknown(UnknownImport::BeyondTop);
            }
            return match self.descend(files, base, module) {
                // A root may itself lie in a namespace package, where such an import works.
                found @ ModuleRef::Known(_) => found,
                _ if base == top => ModuleRef::Unknown(UnknownImport::BeyondTop),
                found => found,
            };
        }
        let first = module.split('.').next().unwrap_or(module);
        let mut namespace = None;
        for folder in folders {
            let stem = join(folder, first);
            match self.by_stem.get(stem.as_str()) {
                Some(&id) if self.get(id).file.is_some() => {
                    return self.descend(files, folder, module);
                }
                Some(_) if file.language.is_standard(first) => return ModuleRef::External,
                Some(_) => {
                    let found = self.descend(files, folder, module);
                    if let ModuleRef::Known(_) = found {
                        return found;
                    }
                    namespace = namespace.or(Some(found));
                }
                None if self.opaque.contains(&stem) && !file.language.is_standard(first) => {
                    namespace = namespace.or(Some(ModuleRef::Unknown(UnknownImport::NotIndexed)));
                }
                None => {}
            }
        }
        let siblings = siblings.filter(|folder| !self.is_named(folder));
        if let (None, Some(folder), false) = (namespace, siblings, file.language.is_standard(first))
        {
            let stem = join(folder, first);
            let sibling = self.by_stem.get(stem.as_str()).map(|id| self.get(*id));
            if stem != place.stem && sibling.is_some_and(|sibling| sibling.file.is_some()) {
                return self.descend(files, folder, module);
            }
        }
        match namespace {
            // Nothing but folders of that name: what is not in them is most likely installed.
            Some(ModuleRef::Missing) => ModuleRef::Unknown(UnknownImport::Namespace),
            Some(found) => found,
            None => ModuleRef::External,
        }
    }

    /// Whether the modules of a folder go by longer names: it lies in a regular package, or imports spell it out. Then
    /// no program is started there, and its files do not find each other by their short names.
    fn is_named(&self, folder: &str) -> bool {
        let mut at = folder;
        while !at.is_empty() {
            let Some(&id) = self.by_stem.get(at) else {
                return false;
            };
            if self.get(id).file.is_some() || self.spelled.contains(&id) {
                return true;
            }
            at = parent(at);
        }
        false
    }

    /// Follows `module` segment by segment below `folder`.
    fn descend(&self, files: &[File], folder: &str, module: &str) -> ModuleRef {
        let mut stem = folder.to_owned();
        let mut last = self.by_stem.get(folder).copied();
        for segment in module.split('.').filter(|segment| !segment.is_empty()) {
            stem = join(&stem, segment);
            if let Some(&id) = self.by_stem.get(stem.as_str()) {
                last = Some(id);
                continue;
            }
            // An opaque folder may hold anything: what lies below it is not known either.
            if self.opaque.contains(&stem) {
                return ModuleRef::Unknown(UnknownImport::NotIndexed);
            }
            let Some(package) = last.map(|id| self.get(id)) else {
                return ModuleRef::Missing;
            };
            let Some(file) = package.file else {
                return ModuleRef::Unknown(UnknownImport::Namespace);
            };
            return match files[file.index()].facts.dynamic {
                Some(crate::facts::Dynamic::Path | crate::facts::Dynamic::Globals) => {
                    ModuleRef::Unknown(UnknownImport::DynamicPath)
                }
                _ => ModuleRef::Missing,
            };
        }
        last.map_or(ModuleRef::Missing, ModuleRef::Known)
    }
}

/// A module as declared; how it hangs together with others is told when all are there.
fn declared_module(module: &Declared) -> Module {
    Module {
        name: module.name.as_str().into(),
        stem: module.stem.as_str().into(),
        file: Some(module.file),
        is_package: true,
        stub: None,
        shadowed: Vec::new(),
        scope: module.scope,
        declared: None,
        is_test: module.is_test,
    }
}

pub(super) fn parent(stem: &str) -> &str {
    stem.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        let mut stem = String::with_capacity(folder.len() + 1 + name.len());
        stem.push_str(folder);
        stem.push('/');
        stem.push_str(name);
        stem
    }
}

/// The innermost root that holds `stem`.
pub(super) fn root_of<'a>(stem: &str, roots: &'a [String]) -> &'a str {
    roots
        .iter()
        .filter(|root| {
            root.is_empty()
                || (stem.starts_with(root.as_str()) && stem[root.len()..].starts_with('/'))
        })
        .max_by_key(|root| root.len())
        .map_or("", String::as_str)
}

type Named<'a> = (Vec<(Module, &'a str)>, Vec<(FileId, &'a str)>);

/// Names the modules: one for each stem, and namespace packages for the folders between.
fn name_modules<'a>(files: &[File], places: &[ModuleFile<'a>], roots: &[String]) -> Named<'a> {
    let mut order: Vec<u32> = (0..files.len() as u32)
        .filter(|&at| !files[at as usize].language.declares_modules())
        .collect();
    order.sort_by_key(|&at| {
        let place = &places[at as usize];
        (place.stem, place.rank, at)
    });
    let mut modules: Vec<(Module, &str)> = Vec::new();
    let mut by_file = Vec::new();
    for at in order {
        let place = &places[at as usize];
        let file = FileId(at);
        match modules.last_mut() {
            Some((module, stem)) if *stem == place.stem => {
                let winner = module.file.map(|file| places[file.index()]);
                let is_same_kind =
                    winner.is_some_and(|winner| winner.is_package == place.is_package);
                if is_same_kind {
                    // A stub beside its source: the same module seen by type checkers.
                    by_file.push((file, place.stem));
                    module.stub = Some(file);
                } else if !files[at as usize].language.is_stub() {
                    module.shadowed.push(file);
                }
            }
            _ => {
                by_file.push((file, place.stem));
                modules.push((
                    Module {
                        name: Box::default(),
                        stem: place.stem.into(),
                        file: Some(file),
                        is_package: place.is_package,
                        stub: None,
                        shadowed: Vec::new(),
                        scope: ScopeId::MODULE,
                        declared: None,
                        is_test: false,
                    },
                    place.stem,
                ));
            }
        }
    }
    add_namespaces(&mut modules);
    let mut taken: FxHashSet<String> = FxHashSet::default();
    // Modules of the root that is searched first keep their plain names.
    let rank = |stem: &str| {
        let root = root_of(stem, roots);
        roots.iter().position(|known| known == root).unwrap_or(0)
    };
    modules.sort_by_key(|(module, stem)| (module.file.is_none(), rank(stem), *stem));
    for (module, stem) in &mut modules {
        let stem: &str = stem;
        let root = root_of(stem, roots);
        let below = if root.is_empty() {
            stem
        } else {
            &stem[root.len() + 1..]
        };
        let mut name = below.replace('/', ".");
        if !taken.insert(name.clone()) {
            name = stem.replace('/', ".");
            while !taken.insert(name.clone()) {
                name.insert(0, '/');
            }
        }
        module.name = name.into();
    }
    (modules, by_file)
}

fn add_namespaces(modules: &mut Vec<(Module, &str)>) {
    let mut known: FxHashSet<&str> = modules.iter().map(|(_, stem)| *stem).collect();
    let mut folders = Vec::new();
    for (_, stem) in modules.iter() {
        let mut folder = parent(stem);
        while !folder.is_empty() && known.insert(folder) {
            folders.push(folder);
            folder = parent(folder);
        }
    }
    modules.extend(folders.into_iter().map(|folder| {
        (
            Module {
                name: Box::default(),
                stem: folder.into(),
                file: None,
                is_package: true,
                stub: None,
                shadowed: Vec::new(),
                scope: ScopeId::MODULE,
                declared: None,
                is_test: false,
            },
            folder,
        )
    }));
}
