//! The index: every file's facts put together into modules, names and what they really are.
//!
//! Built once from facts, then only read. Owns module naming, import resolution, origins and class members; knows
//! no language and no rules.

mod classes;
mod declared;
mod lookup;
mod modules;
mod origins;
mod queries;
mod roots;
mod stars;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

pub use classes::{Ancestor, ClassId, Hierarchy};
pub use modules::{ModuleRef, Modules, UnknownImport};
pub use origins::{Entity, ExternalId, Origins, Resolution, SymbolId, Unknown, is_implicit};
pub use queries::Lookup;

use crate::facts::{
    Binding, BindingValue, Definition, DefinitionFlags, DefinitionId, FileFacts, ImportId, ScopeId,
    ScopeKind, Visibility,
};
use crate::lang::{Language, ModuleFile, Unit};

crate::facts::index_type! {
    /// A file of the project, in path order.
    pub FileId;
    /// A module of the project, in name order.
    pub ModuleId;
}

/// One source file with its facts.
#[derive(Debug)]
pub struct File {
    /// Path from the project root, with `/`.
    pub path: Arc<str>,
    /// Its language.
    pub language: Language,
    /// Whether it is test code.
    pub is_test: bool,
    /// What it says; shared with the index as it would be after a change elsewhere.
    pub facts: Arc<FileFacts>,
}

/// A module.
#[derive(Debug)]
pub struct Module {
    /// Its name, `a.b.c`; unique in the project.
    pub name: Box<str>,
    /// Its path without extension, or its folder when it is a package.
    pub stem: Box<str>,
    /// The file that is loaded for it; none for a namespace package.
    pub file: Option<FileId>,
    /// Whether it may have submodules.
    pub is_package: bool,
    /// The stub beside the file, when there are both.
    pub stub: Option<FileId>,
    /// Files of the same name that are never loaded because this one wins.
    pub shadowed: Vec<FileId>,
    /// The scope of that file that its names are in.
    pub scope: ScopeId,
    /// For a declared module, how it hangs together with others.
    pub declared: Option<DeclaredModule>,
    /// Whether it is there for tests only, apart from what its file is.
    pub is_test: bool,
}

/// What is known of a module that another one declares.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredModule {
    /// The module that declares it; none for the first of a unit.
    pub parent: Option<ModuleId>,
    /// Its unit of compilation.
    pub unit: u32,
    /// Who may name it.
    pub visibility: Visibility,
    /// The first of the modules that it may stand for, where conditions choose between several.
    pub variant_of: Option<ModuleId>,
}

/// Everything known about the project.
#[derive(Debug)]
pub struct Index {
    /// Files in path order.
    pub files: Vec<File>,
    /// Modules and how import paths lead to them.
    pub modules: Modules,
    /// What every imported or aliased name really is.
    pub origins: Origins,
    hierarchy: Hierarchy,
}

impl Index {
    /// Builds the index. `declared_roots` and `candidate_roots` are folders (`""` is the project root); candidates
    /// become roots when imports show that they are. `opaque` holds stems that exist but were not read.
    #[must_use]
    pub fn build(
        files: Vec<File>,
        declared_roots: &[String],
        candidate_roots: &[String],
        opaque: std::collections::BTreeSet<String>,
        units: &[Unit],
    ) -> Self {
        let places: Vec<ModuleFile> = files
            .iter()
            .map(|file| file.language.module_file(&file.path))
            .collect();
        let spelled = roots::spelled_paths(&files);
        let roots = roots::choose(&files, &places, declared_roots, candidate_roots, &spelled);
        let mut modules = Modules::build(&files, &places, roots, &spelled, opaque, units);
        drop(spelled);
        let (origins, settled) = Origins::build(&files, &modules);
        modules.settle(settled);
        let mut index = Self {
            files,
            modules,
            origins,
            hierarchy: Hierarchy::default(),
        };
        index.hierarchy = Hierarchy::build(&index);
        index
    }

    /// The index as it would be if some files said something else; roots and what was not read stay as they are.
    #[must_use]
    pub fn with_facts(&self, changed: impl IntoIterator<Item = (FileId, FileFacts)>) -> Self {
        let mut changed: FxHashMap<FileId, FileFacts> = changed.into_iter().collect();
        let files = self
            .file_ids()
            .zip(&self.files)
            .map(|(id, file)| File {
                path: Arc::clone(&file.path),
                language: file.language,
                is_test: file.is_test,
                facts: changed
                    .remove(&id)
                    .map_or_else(|| Arc::clone(&file.facts), Arc::new),
            })
            .collect();
        let opaque = self.modules.opaque().map(str::to_owned).collect();
        Self::build(
            files,
            self.modules.roots(),
            &[],
            opaque,
            self.modules.units(),
        )
    }

    /// The index as it would be without some files; those that are left keep their order.
    #[must_use]
    pub fn without(&self, gone: &FxHashSet<FileId>) -> Self {
        let files = self
            .file_ids()
            .zip(&self.files)
            .filter(|(id, _)| !gone.contains(id))
            .map(|(_, file)| File {
                path: Arc::clone(&file.path),
                language: file.language,
                is_test: file.is_test,
                facts: file.facts.clone(),
            })
            .collect();
        let opaque = self.modules.opaque().map(str::to_owned).collect();
        Self::build(
            files,
            self.modules.roots(),
            &[],
            opaque,
            self.modules.units(),
        )
    }

    /// A file.
    #[must_use]
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.index()]
    }

    /// A module.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> &Module {
        self.modules.get(id)
    }

    /// The module that `file` is, if it is ever loaded.
    #[must_use]
    pub fn module_of(&self, file: FileId) -> Option<ModuleId> {
        self.modules.of_file(file)
    }

    /// The module that code in a scope of `file` belongs to.
    #[must_use]
    pub fn module_at(&self, file: FileId, scope: ScopeId) -> Option<ModuleId> {
        let scope = self.facts(file).module_scope(scope);
        self.modules.at(file, scope)
    }

    /// Whether it is only a guess what a file belongs to: what its paths lead to is not certain.
    #[must_use]
    pub fn is_guess(&self, file: FileId) -> bool {
        self.unit_of(file).is_some_and(|unit| unit.is_guess)
    }

    /// The edition that a file is written in, where its language has editions.
    #[must_use]
    pub fn edition(&self, file: FileId) -> Option<u16> {
        self.unit_of(file).map(|unit| unit.edition)
    }

    fn unit_of(&self, file: FileId) -> Option<&Unit> {
        let module = self.module(self.module_of(file)?);
        let unit = module.declared?.unit;
        self.modules.units().get(unit as usize)
    }

    /// Whether a symbol is there for tests only.
    #[must_use]
    pub fn is_test(&self, symbol: SymbolId) -> bool {
        if self.file(symbol.file).is_test {
            return true;
        }
        if self
            .definition(symbol)
            .is_some_and(|(_, definition)| definition.flags.contains(DefinitionFlags::TEST))
        {
            return true;
        }
        let module = self.module_at(symbol.file, self.binding(symbol).scope);
        module.is_some_and(|module| self.module(module).is_test)
    }

    /// The facts of a file.
    #[must_use]
    pub fn facts(&self, file: FileId) -> &FileFacts {
        &self.files[file.index()].facts
    }

    /// File ids in path order.
    pub fn file_ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// A binding.
    #[must_use]
    pub fn binding(&self, symbol: SymbolId) -> &Binding {
        &self.facts(symbol.file).bindings[symbol.binding.index()]
    }

    /// The definition behind a symbol, when it is a function or class.
    #[must_use]
    pub fn definition(&self, symbol: SymbolId) -> Option<(DefinitionId, &Definition)> {
        match self.binding(symbol).value {
            BindingValue::Definition(id) => {
                Some((id, &self.facts(symbol.file).definitions[id.index()]))
            }
            _ => None,
        }
    }

    /// The name a binding has.
    #[must_use]
    pub fn symbol_name(&self, symbol: SymbolId) -> &str {
        self.facts(symbol.file).name(self.binding(symbol).name)
    }

    /// Where a module stands for people: its name, or the path of a file that is no module.
    #[must_use]
    pub fn module_name(&self, file: FileId) -> &str {
        match self.module_of(file) {
            Some(module) => &self.module(module).name,
            None => &self.file(file).path,
        }
    }

    /// The full name of a symbol, `a.b:C.m`.
    #[must_use]
    pub fn symbol_path(&self, symbol: SymbolId) -> String {
        let binding = self.binding(symbol);
        let mut path = self.qualified_scope(symbol.file, binding.scope);
        path.push_str(self.facts(symbol.file).name(binding.name));
        path
    }

    /// The full name of a definition, `a.b:f.<locals>.g`.
    #[must_use]
    pub fn definition_path(&self, file: FileId, id: DefinitionId) -> String {
        let definition = &self.facts(file).definitions[id.index()];
        let mut path = self.qualified_scope(file, definition.parent);
        path.push_str(self.facts(file).name(definition.name));
        path
    }

    /// The name of a definition in its module, `f.<locals>.g`.
    #[must_use]
    pub fn name_in_module(&self, file: FileId, id: DefinitionId) -> String {
        let path = self.definition_path(file, id);
        let parent = self.facts(file).definitions[id.index()].parent;
        let module = self.module_at(file, parent);
        let module = module.map_or(&*self.file(file).path, |id| &self.module(id).name);
        let name = path.strip_prefix(module).unwrap_or(&path);
        name.trim_start_matches(':').to_owned()
    }

    /// The module followed by the names of the scopes around, each with its separator.
    fn qualified_scope(&self, file: FileId, scope: ScopeId) -> String {
        let facts = self.facts(file);
        let declares = self.file(file).language.declares_modules();
        let mut parts: Vec<&str> = Vec::new();
        let mut at = scope;
        while facts.scopes[at.index()].kind != ScopeKind::Module {
            let here = facts.scopes[at.index()];
            let name = here
                .definition
                .map_or("", |id| facts.name(facts.definitions[id.index()].name));
            parts.push(match here.kind {
                _ if declares => "::",
                ScopeKind::Function => ".<locals>.",
                _ => ".",
            });
            parts.push(name);
            at = here.parent;
        }
        let mut path = match self.modules.at(file, at) {
            Some(module) => self.module(module).name.to_string(),
            None => self.file(file).path.to_string(),
        };
        path.push_str(if declares { "::" } else { ":" });
        path.extend(parts.into_iter().rev());
        path
    }

    /// What `import module`, written in a file, would lead to.
    #[must_use]
    pub fn absolute_module(&self, file: FileId, module: &str) -> ModuleRef {
        self.modules.absolute(&self.files, file, module)
    }

    /// The module that an import statement names.
    #[must_use]
    pub fn imported_module(&self, file: FileId, import: ImportId) -> ModuleRef {
        self.modules.imported(file, import)
    }
}
