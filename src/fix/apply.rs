//! What is to be written, and what forbids it.
//!
//! Owns the change of one file, and the reasons why a file must not be replaced. Writing is [`super::transaction`]'s.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContents {
    /// The file, from the root.
    pub path: PathBuf,
    /// The bytes it had when it was analysed; nothing when it is to be created.
    pub original: Option<Vec<u8>>,
    /// The bytes it gets; nothing when it is to be deleted.
    pub bytes: Option<Vec<u8>>,
}

/// Why a file must not be replaced. Reads on after the file's name.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// Another name for the same file exists; a rename would part them.
    #[error("has more than one hard link, which a rewrite would part")]
    HardLinked,
    /// The file may not be written.
    #[error("is read-only")]
    ReadOnly,
    /// No file may be put beside it.
    #[error("lies in a folder that may not be written")]
    ReadOnlyFolder,
    /// The new file would be somebody else's.
    #[error("belongs to another user, who would lose it")]
    Foreign,
    /// Not a file.
    #[error("is not a regular file")]
    NotAFile,
    /// A symbolic link, or `..`, leads out of the project.
    #[error("lies outside the project")]
    Outside,
    /// It was to be created.
    #[error("exists already")]
    Exists,
    /// The journal is JSON.
    #[error("lies in a folder whose name is not valid UTF-8")]
    NotUtf8,
    /// It cannot be looked at.
    #[error("cannot be found: {0}")]
    Unreachable(#[from] io::Error),
}

/// Where the bytes of the file at `path` below `root` (canonical) really are, when they may be replaced.
///
/// Symbolic links are followed, so that a link stays one.
pub fn replaceable(root: &Path, path: &Path) -> Result<PathBuf, Obstacle> {
    let file = root.join(path).canonicalize()?;
    if !file.starts_with(root) {
        return Err(Obstacle::Outside);
    }
    let metadata = fs::metadata(&file)?;
    if !metadata.is_file() {
        return Err(Obstacle::NotAFile);
    }
    if hard_links(&metadata) > 1 {
        return Err(Obstacle::HardLinked);
    }
    if metadata.permissions().readonly() || !writable(&file) {
        return Err(Obstacle::ReadOnly);
    }
    if !writable(file.parent().unwrap_or(root)) {
        return Err(Obstacle::ReadOnlyFolder);
    }
    if is_foreign(&metadata) {
        return Err(Obstacle::Foreign);
    }
    Ok(file)
}

/// Where the file at `path` below `root` (canonical) would be created, and the folders to make for it, outermost
/// first.
pub fn creatable(root: &Path, path: &Path) -> Result<(PathBuf, Vec<PathBuf>), Obstacle> {
    let file = root.join(path);
    if file.symlink_metadata().is_ok() {
        return Err(Obstacle::Exists);
    }
    let name = file.file_name().ok_or(Obstacle::NotAFile)?.to_owned();
    let mut missing = Vec::new();
    let mut folder = file.parent().unwrap_or(root);
    while folder.symlink_metadata().is_err() {
        missing.push(folder.file_name().ok_or(Obstacle::Outside)?.to_owned());
        folder = folder.parent().ok_or(Obstacle::Outside)?;
    }
    let mut folder = folder.canonicalize()?;
    if !folder.starts_with(root) {
        return Err(Obstacle::Outside);
    }
    if !folder.is_dir() {
        return Err(Obstacle::NotAFile);
    }
    if !writable(&folder) {
        return Err(Obstacle::ReadOnlyFolder);
    }
    let mut new = Vec::new();
    for name in missing.into_iter().rev() {
        folder.push(name);
        new.push(folder.clone());
    }
    Ok((folder.join(name), new))
}

#[cfg(unix)]
fn hard_links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn hard_links(_metadata: &Metadata) -> u64 {
    1
}

/// Whether this process may write there, as far as the system says beforehand.
#[cfg(unix)]
fn writable(path: &Path) -> bool {
    use rustix::io::Errno;
    let answer = rustix::fs::access(path, rustix::fs::Access::WRITE_OK);
    !matches!(answer, Err(Errno::ACCESS | Errno::ROFS | Errno::PERM))
}

#[cfg(not(unix))]
fn writable(_path: &Path) -> bool {
    true
}

/// Whether a new file could not be given the owner of this one. Only a privileged user may give files away.
#[cfg(unix)]
fn is_foreign(metadata: &Metadata) -> bool {
    let owner = std::os::unix::fs::MetadataExt::uid(metadata);
    let user = rustix::process::geteuid();
    !user.is_root() && user.as_raw() != owner
}

#[cfg(not(unix))]
fn is_foreign(_metadata: &Metadata) -> bool {
    false
}
