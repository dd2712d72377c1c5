//! Modules that exist on disk but are not indexed.
//!
//! An import of one is neither unresolved nor third-party. Later stages do no input or output, so what they need
//! to know is collected here: one listing per folder around indexed files, and a bounded look into the folders
//! beside them.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{Discovery, child, exclude, is_identifier};

/// Entries looked at below one folder before it is taken to hold modules.
const PROBE_ENTRIES: usize = 2_000;

/// What is indexed, in the shapes that this needs.
struct Indexed<'a> {
    /// Paths of files.
    files: FxHashSet<&'a str>,
    /// Folders with files in them or below.
    folders: FxHashSet<&'a str>,
    /// Folders that are regular packages.
    packages: FxHashSet<&'a str>,
}

impl Indexed<'_> {
    fn has_module(&self, module: &str) -> bool {
        [".py", ".pyi"]
            .iter()
            .any(|extension| self.files.contains(&*format!("{module}{extension}")))
    }
}

/// The root-relative paths, without extension, of modules and packages that are not indexed.
pub(super) fn opaque_modules(root: &Path, discovery: &Discovery) -> BTreeSet<String> {
    let indexed = Indexed {
        files: discovery.python_paths().collect(),
        folders: discovery.python_folders(),
        packages: discovery.package_folders(),
    };
    let folders: Vec<&str> = indexed.folders.iter().copied().collect();
    folders
        .par_iter()
        .flat_map_iter(|folder| opaque_in(root, folder, &indexed))
        .collect::<Vec<_>>()
        .into_iter()
        .collect()
}

fn opaque_in(root: &Path, folder: &str, indexed: &Indexed) -> Vec<String> {
    // A folder that cannot be listed is among the problems already: its files came from the same listing.
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten();
    entries
        .flatten()
        .filter_map(|entry| opaque_entry(&entry, folder, indexed))
        .collect()
}

fn opaque_entry(entry: &DirEntry, folder: &str, indexed: &Indexed) -> Option<String> {
    let name = entry.file_name();
    let name = name.to_str()?;
    if is_dir(entry) {
        let module = child(folder, name);
        if !is_identifier(name) || indexed.folders.contains(&*module) {
            return None;
        }
        let hidden_package = exclude::is_package(&entry.path());
        let found =
            hidden_package || !indexed.has_module(&module) && holds_modules(&entry.path(), name);
        return found.then_some(module);
    }
    let stem = module_stem(name)?;
    let module = child(folder, stem);
    let known = indexed.has_module(&module) || indexed.packages.contains(&*module);
    (!known).then_some(module)
}

/// Whether an entry is a folder or a symbolic link to one.
fn is_dir(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| {
        kind.is_dir() || kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|to| to.is_dir())
    })
}

/// The module name that a file can be imported by.
fn module_stem(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    let stem = match extension {
        "py" | "pyi" | "pyc" | "pyx" | "pxd" => stem,
        // `name.cpython-311-x86_64-linux-gnu.so`, `name.cp311-win_amd64.pyd`, `name.abi3.so`
        "so" | "pyd" => stem.split('.').next()?,
        _ => return None,
    };
    is_identifier(stem).then_some(stem)
}

/// Whether a folder that is not indexed holds modules at any depth. Symbolic links below it are not followed; a
/// folder too large to look through is taken to hold some.
fn holds_modules(folder: &Path, name: &str) -> bool {
    if exclude::is_foreign(folder, name) {
        return false;
    }
    // What a build wrote lies deeper, under paths that no import spells.
    let shallow = exclude::is_build_output(folder, name);
    let mut pending: Vec<PathBuf> = vec![folder.to_path_buf()];
    let mut budget = PROBE_ENTRIES;
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let Some(left) = budget.checked_sub(1) else {
                return true;
            };
            budget = left;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if module_stem(name).is_some() {
                    return true;
                }
            } else if !shallow && is_identifier(name) && !exclude::is_foreign(&entry.path(), name) {
                pending.push(entry.path());
            }
        }
    }
    false
}
