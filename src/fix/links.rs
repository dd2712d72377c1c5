//! Symbolic links: files of the project that are one file under several names.
//!
//! Owns which they are, and where they really lie. What is written through one name changes all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::apply::NewContents;
use super::plan::Project;
use crate::index::FileId;

/// The names of one file, two or more.
type Names = Vec<FileId>;

/// Every file that has several names in the project.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Names>);

impl Links {
    pub(super) fn of(project: &Project<'_>) -> Self {
        let index = project.index;
        let path = |file: FileId| Path::new(&*index.file(file).path);
        let links: BTreeSet<FileId> = index
            .file_ids()
            .filter(|&file| is_link(project.root, path(file)))
            .collect();
        let mut all: BTreeMap<PathBuf, Names> = BTreeMap::new();
        for &link in &links {
            if let Some(real) = real(project.root, path(link)) {
                all.entry(real).or_default().push(link);
            }
        }
        if !all.is_empty() {
            for file in index.file_ids().filter(|file| !links.contains(file)) {
                if let Some(names) = all.get_mut(path(file)) {
                    names.push(file);
                }
            }
        }
        let several = all.into_values().filter(|names| names.len() > 1);
        Self(several.collect())
    }

    /// Each file with all its names.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[FileId]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// Another name of a file.
    pub(super) fn other(&self, file: FileId) -> Option<FileId> {
        let names = self.0.iter().find(|names| names.contains(&file))?;
        names.iter().copied().find(|&other| other != file)
    }
}

/// Whether the name itself, not a folder on the way, is a symbolic link.
pub(super) fn is_link(root: &Path, path: &Path) -> bool {
    let metadata = root.join(path).symlink_metadata();
    metadata.is_ok_and(|found| found.is_symlink())
}

/// Where a file below `root` really lies, from there; nothing when that is elsewhere, or nowhere.
fn real(root: &Path, path: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    let real = root.join(path).canonicalize().ok()?;
    real.strip_prefix(root).ok().map(Path::to_path_buf)
}

/// The same changes, each file once and by the name that is no link.
#[must_use]
pub fn without_links(root: &Path, changes: Vec<NewContents>) -> Vec<NewContents> {
    let mut all: BTreeMap<PathBuf, NewContents> = BTreeMap::new();
    for change in changes {
        let path = real(root, &change.path).unwrap_or_else(|| change.path.clone());
        all.insert(path.clone(), NewContents { path, ..change });
    }
    all.into_values().collect()
}
