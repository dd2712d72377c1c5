//! Writing new file contents: all of them or none.
//!
//! Owns the phases check, stage, commit, clean up, in [`write_all`]; a journal that survives a crash would hook in
//! between staging and committing. What is written is for the caller to know.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// New contents of one file.
#[derive(Clone, Debug)]
pub struct NewContents {
    /// The file, from the root.
    pub path: PathBuf,
    /// The bytes it had when it was analysed.
    pub original: Vec<u8>,
    /// The bytes it gets.
    pub bytes: Vec<u8>,
}

/// Why nothing was written, or what could not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The file is not what was analysed.
    #[error("{0} changed since it was analysed")]
    Changed(PathBuf),
    /// Another name for the same file exists; a rename would part them.
    #[error("{0} has more than one hard link")]
    HardLinked(PathBuf),
    /// The file may not be written.
    #[error("{0} is read-only")]
    ReadOnly(PathBuf),
    /// Not a file.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// A symbolic link leads out of the project.
    #[error("{0} lies outside the project")]
    Outside(PathBuf),
    /// Two paths lead to one file.
    #[error("{0} is to be written twice")]
    Twice(PathBuf),
    /// The operating system refused; the tree is as it was.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A rename failed, and so did taking back the ones before it.
    #[error("cannot replace {path}: {source}; these files could not be restored: {lost:?}")]
    Torn {
        /// The file whose replacement failed first.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
        /// Files that have their new contents still.
        lost: Vec<PathBuf>,
    },
}

/// A checked target: where the bytes really go.
struct Target<'a> {
    contents: &'a NewContents,
    file: PathBuf,
    metadata: Metadata,
}

/// A target with its new contents beside it, synced.
struct Staged<'a> {
    target: Target<'a>,
    new: NamedTempFile,
}

/// Replaces the contents of all `files` under `root`, or of none.
///
/// Each file is compared with its original first. Symbolic links are written through.
pub fn write_all(root: &Path, files: &[NewContents]) -> Result<(), ApplyError> {
    let targets = check(root, files)?;
    let staged = targets
        .into_iter()
        .map(stage)
        .collect::<Result<Vec<_>, _>>()?;
    for one in &staged {
        unchanged(&one.target)?;
    }
    let folders = folders(&staged);
    commit(staged)?;
    sync_folders(&folders);
    Ok(())
}

/// Finds the real files and refuses those that must not be replaced.
fn check<'a>(root: &Path, files: &'a [NewContents]) -> Result<Vec<Target<'a>>, ApplyError> {
    let root = root.canonicalize().map_err(failed("resolve", root))?;
    let mut targets: Vec<Target<'a>> = Vec::with_capacity(files.len());
    for contents in files {
        let path = &contents.path;
        let file = root
            .join(path)
            .canonicalize()
            .map_err(failed("resolve", path))?;
        if !file.starts_with(&root) {
            return Err(ApplyError::Outside(path.clone()));
        }
        let metadata = fs::metadata(&file).map_err(failed("read", path))?;
        if !metadata.is_file() {
            return Err(ApplyError::NotAFile(path.clone()));
        }
        if metadata.permissions().readonly() {
            return Err(ApplyError::ReadOnly(path.clone()));
        }
        if hard_links(&metadata) > 1 {
            return Err(ApplyError::HardLinked(path.clone()));
        }
        let target = Target {
            contents,
            file,
            metadata,
        };
        unchanged(&target)?;
        targets.push(target);
    }
    let mut seen: Vec<&Path> = targets.iter().map(|target| target.file.as_path()).collect();
    seen.sort_unstable();
    match seen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(ApplyError::Twice(pair[0].to_path_buf())),
        None => Ok(targets),
    }
}

/// Fails unless the file still holds the bytes that were analysed.
fn unchanged(target: &Target<'_>) -> Result<(), ApplyError> {
    let path = &target.contents.path;
    let now = fs::read(&target.file).map_err(failed("read", path))?;
    if now == target.contents.original {
        Ok(())
    } else {
        Err(ApplyError::Changed(path.clone()))
    }
}

/// Writes the new contents beside the target and syncs them.
fn stage(target: Target<'_>) -> Result<Staged<'_>, ApplyError> {
    let new = beside(&target, &target.contents.bytes)
        .map_err(failed("stage a copy beside", &target.contents.path))?;
    Ok(Staged { target, new })
}

/// A synced temporary file in the target's folder with the target's mode and, where allowed, owner.
fn beside(target: &Target<'_>, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = target.file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new()
        .prefix(".ssot-")
        .tempfile_in(folder)?;
    new.write_all(bytes)?;
    copy_owner(&target.metadata, new.path());
    fs::set_permissions(new.path(), target.metadata.permissions())?;
    new.as_file().sync_all()?;
    Ok(new)
}

/// Renames everything into place; on failure renames the originals back.
fn commit(staged: Vec<Staged<'_>>) -> Result<(), ApplyError> {
    let mut done: Vec<Target<'_>> = Vec::with_capacity(staged.len());
    for Staged { target, new } in staged {
        let Err(error) = new.persist(&target.file) else {
            done.push(target);
            continue;
        };
        let path = target.contents.path.clone();
        let lost = roll_back(&done);
        return Err(if lost.is_empty() {
            ApplyError::Io {
                action: "replace",
                path,
                source: error.error,
            }
        } else {
            ApplyError::Torn {
                path,
                source: error.error,
                lost,
            }
        });
    }
    Ok(())
}

/// Puts the originals back; gives the paths for which that failed.
fn roll_back(done: &[Target<'_>]) -> Vec<PathBuf> {
    let restore = |target: &Target<'_>| -> io::Result<()> {
        beside(target, &target.contents.original)?
            .persist(&target.file)
            .map_err(|error| error.error)?;
        Ok(())
    };
    done.iter()
        .filter(|target| restore(target).is_err())
        .map(|target| target.contents.path.clone())
        .collect()
}

/// The folders that renames happen in, each once.
fn folders(staged: &[Staged<'_>]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = staged
        .iter()
        .filter_map(|one| one.target.file.parent().map(Path::to_path_buf))
        .collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// Makes the renames durable where folders can be synced; a failure here leaves complete files all the same.
fn sync_folders(folders: &[PathBuf]) {
    for folder in folders {
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
    }
}

/// Wraps an I/O error.
fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> ApplyError + 'a {
    move |source| ApplyError::Io {
        action,
        path: path.to_path_buf(),
        source,
    }
}

#[cfg(unix)]
fn hard_links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn hard_links(_metadata: &Metadata) -> u64 {
    1
}

/// Gives the new file the old one's owner; only a privileged user may, and for others it has the right one.
#[cfg(unix)]
fn copy_owner(metadata: &Metadata, path: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    let _ = std::os::unix::fs::chown(path, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn copy_owner(_metadata: &Metadata, _path: &Path) {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn contents(path: &str, original: &str, bytes: &str) -> NewContents {
        NewContents {
            path: path.into(),
            original: original.into(),
            bytes: bytes.into(),
        }
    }

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::write(dir.path().join(path), text).unwrap();
        }
        dir
    }

    fn text(dir: &tempfile::TempDir, path: &str) -> String {
        fs::read_to_string(dir.path().join(path)).unwrap()
    }

    fn entries(dir: &tempfile::TempDir) -> usize {
        fs::read_dir(dir.path()).unwrap().count()
    }

    #[test]
    fn writes_all_files_and_leaves_nothing_else() {
        let dir = tree(&[("a.py", "a"), ("b.py", "b")]);
        let files = [contents("a.py", "a", "A"), contents("b.py", "b", "B")];
        write_all(dir.path(), &files).unwrap();
        assert_eq!(
            (text(&dir, "a.py"), text(&dir, "b.py")),
            ("A".into(), "B".into())
        );
        assert_eq!(entries(&dir), 2);
    }

    #[test]
    fn a_file_changed_meanwhile_stops_everything() {
        let dir = tree(&[("a.py", "a"), ("b.py", "other")]);
        let files = [contents("a.py", "a", "A"), contents("b.py", "b", "B")];
        let error = write_all(dir.path(), &files).unwrap_err();
        assert!(matches!(error, ApplyError::Changed(_)), "{error}");
        assert_eq!(text(&dir, "a.py"), "a");
        assert_eq!(entries(&dir), 2);
    }

    #[test]
    fn one_file_twice_is_refused() {
        let dir = tree(&[("a.py", "a")]);
        let files = [contents("a.py", "a", "A"), contents("./a.py", "a", "B")];
        let error = write_all(dir.path(), &files).unwrap_err();
        assert!(matches!(error, ApplyError::Twice(_)), "{error}");
    }

    #[test]
    fn a_failing_rename_takes_the_earlier_ones_back() {
        let dir = tree(&[("a.py", "a"), ("b.py", "b")]);
        let files = [contents("a.py", "a", "A"), contents("b.py", "b", "B")];
        let mut staged: Vec<_> = check(dir.path(), &files)
            .unwrap()
            .into_iter()
            .map(|target| stage(target).unwrap())
            .collect();
        // A folder in its place makes the second rename fail.
        fs::remove_file(dir.path().join("b.py")).unwrap();
        fs::create_dir(dir.path().join("b.py")).unwrap();
        staged.sort_by_key(|one| one.target.file.clone());
        let error = commit(staged).unwrap_err();
        assert!(matches!(error, ApplyError::Io { .. }), "{error}");
        assert_eq!(text(&dir, "a.py"), "a");
        assert_eq!(entries(&dir), 2);
    }

    #[cfg(unix)]
    #[test]
    fn modes_stay_and_links_are_minded() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tree(&[("a.py", "a"), ("locked.py", "l"), ("two.py", "t")]);
        let at = |path: &str| dir.path().join(path);
        fs::set_permissions(at("a.py"), fs::Permissions::from_mode(0o751)).unwrap();
        symlink("a.py", at("link.py")).unwrap();
        write_all(dir.path(), &[contents("link.py", "a", "A")]).unwrap();
        assert_eq!(text(&dir, "a.py"), "A");
        assert!(at("link.py").symlink_metadata().unwrap().is_symlink());
        assert_eq!(
            fs::metadata(at("a.py")).unwrap().permissions().mode() & 0o777,
            0o751
        );

        fs::set_permissions(at("locked.py"), fs::Permissions::from_mode(0o444)).unwrap();
        let files = [contents("a.py", "A", "B"), contents("locked.py", "l", "L")];
        let error = write_all(dir.path(), &files).unwrap_err();
        assert!(matches!(error, ApplyError::ReadOnly(_)), "{error}");
        assert_eq!(text(&dir, "a.py"), "A");

        fs::hard_link(at("two.py"), at("twin.py")).unwrap();
        let error = write_all(dir.path(), &[contents("two.py", "t", "T")]).unwrap_err();
        assert!(matches!(error, ApplyError::HardLinked(_)), "{error}");

        let outside = tree(&[("o.py", "o")]);
        symlink(outside.path().join("o.py"), at("out.py")).unwrap();
        let error = write_all(dir.path(), &[contents("out.py", "o", "O")]).unwrap_err();
        assert!(matches!(error, ApplyError::Outside(_)), "{error}");
    }
}
