//! Finds the source files of a tree, and what lies beside them.
//!
//! Owns which files belong to the index, which modules exist on disk without being indexed, and which folders
//! may be source roots. Does not read source files; which root an import uses is for the index to decide.

mod crates;
mod exclude;
mod opaque;
mod roots;
mod walk;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use globset::GlobSet;
use rustc_hash::FxHashSet;

use crate::lang::Language;

pub use crates::units;
pub use roots::{declared_roots, package_parents};

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct DiscoverOptions {
    /// Files and folders to leave out, matched on paths relative to the root; a folder that matches, or whose
    /// whole content does, is not entered.
    pub exclude: GlobSet,
    /// Threads for the walk; 0 lets it choose.
    pub jobs: usize,
}

/// A file to index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceFile {
    /// Path relative to the root, `/`-separated.
    pub path: Arc<str>,
    /// Its language.
    pub language: Language,
    /// Its size in bytes.
    pub len: u64,
}

/// A file or folder that could not be listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiscoverProblem {
    /// Path relative to the root, `/`-separated; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// What went wrong.
    pub message: String,
}

/// What a tree holds. Every list is sorted by the bytes of its paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Files to index.
    pub files: Vec<SourceFile>,
    /// The `pyproject.toml`, `setup.cfg`, `setup.py` and `Cargo.toml` files.
    pub project_files: Vec<Arc<str>>,
    /// Modules and packages that exist beside indexed files but are not indexed: compiled, generated and
    /// ignored, or excluded. Root-relative paths without extension: `pkg/_version`. For a folder, nothing is
    /// known of what it holds.
    pub opaque: BTreeSet<String>,
    /// What could not be listed.
    pub problems: Vec<DiscoverProblem>,
}

impl Discovery {
    /// Every folder with an indexed Python file in it or below; the root is `""`.
    pub(crate) fn python_folders(&self) -> FxHashSet<&str> {
        let mut folders = FxHashSet::default();
        for file in self.python_paths() {
            let mut folder = parent(file);
            while folders.insert(folder) && !folder.is_empty() {
                folder = parent(folder);
            }
        }
        folders
    }

    /// Paths of the indexed Python files.
    pub(crate) fn python_paths(&self) -> impl Iterator<Item = &str> {
        let files = self.files.iter().filter(|file| file.language.is_python());
        files.map(|file| &*file.path)
    }

    /// Folders that hold an indexed `__init__` file.
    pub(crate) fn package_folders(&self) -> FxHashSet<&str> {
        self.python_paths()
            .filter(|path| is_init(path))
            .map(parent)
            .collect()
    }
}

/// Walks `root` and lists what it holds. Never fails: what cannot be listed is among the problems.
#[must_use]
pub fn discover(root: &Path, options: &DiscoverOptions) -> Discovery {
    let mut discovery = walk::walk(root, options);
    discovery.opaque = opaque::opaque_modules(root, &discovery);
    discovery
}

/// The folder of a root-relative path; `""` for the root and what lies in it.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a root-relative path.
fn base_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A root-relative path: `name` in `folder`.
fn child(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Whether a path is that of a package's `__init__` file.
fn is_init(path: &str) -> bool {
    matches!(base_name(path), "__init__.py" | "__init__.pyi")
}

/// Whether an import statement could spell `name`.
fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|ch| ch == '_' || ch.is_alphanumeric())
}
