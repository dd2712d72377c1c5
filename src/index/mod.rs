//! The index: every file's facts put together into modules, names and what they really are.
//!
//! Built once from facts, then only read. Owns module naming, import resolution, origins and class members; knows
//! no language and no rules.

mod classes;
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
    Binding, BindingValue, Definition, DefinitionId, FileFacts, ImportId, ScopeId, ScopeKind,
};
use crate::lang::{Language, ModuleFile};

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
    ) -> Self {
        let places: Vec<ModuleFile> = files
            .iter()
            .map(|file| file.language.module_file(&file.path))
            .collect();
        let spelled = roots::spelled_paths(&files);
        let roots = roots::choose(&files, &places, declared_roots, candidate_roots, &spelled);
        let modules = Modules::build(&files, &places, roots, &spelled, opaque);
        drop(spelled);
        let origins = Origins::build(&files, &modules);
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
        Self::build(files, self.modules.roots(), &[], opaque)
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
        Self::build(files, self.modules.roots(), &[], opaque)
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

    /// `module:` followed by the names of the scopes around, each with its separator.
    fn qualified_scope(&self, file: FileId, scope: ScopeId) -> String {
        let facts = self.facts(file);
        let mut parts: Vec<&str> = Vec::new();
        let mut at = scope;
        while at != ScopeId::MODULE {
            let here = facts.scopes[at.index()];
            let name = here
                .definition
                .map_or("", |id| facts.name(facts.definitions[id.index()].name));
            parts.push(match here.kind {
                ScopeKind::Function => ".<locals>.",
                _ => ".",
            });
            parts.push(name);
            at = here.parent;
        }
        let mut path = self.module_name(file).to_owned();
        path.push(':');
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
