//! Every change that a transaction makes to the disk, one function each.
//!
//! Owns nothing but the system calls and the one place where tests can stop or fail any of them.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::attributes::Attributes;

/// A change that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What: `create`, `write`, `sync`, `attributes`, `rename`, `remove`, `make folder`, `remove folder`,
    /// `sync folder`.
    pub action: &'static str,
    /// To which file. Of a rename, the new name.
    pub path: PathBuf,
}

/// Is asked before each step; an error takes the place of the step.
pub type Probe = Arc<dyn Fn(&Step) -> io::Result<()> + Send + Sync>;

/// The disk, perhaps with a probe.
#[derive(Clone, Default)]
pub(super) struct Disk {
    pub(super) probe: Option<Probe>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").finish_non_exhaustive()
    }
}

impl Disk {
    pub(super) fn step(&self, action: &'static str, path: &Path) -> io::Result<()> {
        match &self.probe {
            Some(probe) => probe(&Step {
                action,
                path: path.to_path_buf(),
            }),
            None => Ok(()),
        }
    }

    /// Writes a new file with `attributes`, or those a new file gets. It is not synced yet.
    pub(super) fn create(
        &self,
        path: &Path,
        bytes: &[u8],
        attributes: Option<&Attributes>,
    ) -> io::Result<File> {
        self.step("create", path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if attributes.is_some() {
            // Nobody else may read it before the attributes say who may.
            private(&mut options);
        }
        let mut file = options.open(path)?;
        // In two parts: a process may be stopped in the middle of a write.
        let (first, second) = bytes.split_at(bytes.len() / 2);
        for part in [first, second] {
            self.step("write", path)?;
            file.write_all(part)?;
        }
        if let Some(attributes) = attributes {
            self.step("attributes", path)?;
            attributes.give(&file)?;
        }
        Ok(file)
    }

    /// Makes a file durable.
    pub(super) fn sync(&self, file: &File, path: &Path) -> io::Result<()> {
        self.step("sync", path)?;
        file.sync_all()
    }

    /// Renames, over whatever has the new name.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", to)?;
        fs::rename(from, to)
    }

    /// Renames unless something has the new name.
    pub(super) fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", to)?;
        let from = tempfile::TempPath::try_from_path(from)?;
        from.persist_noclobber(to).map_err(|error| {
            let mut path = error.path;
            path.disable_cleanup(true);
            error.error
        })
    }

    /// Removes a file; none is as good.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        self.step("remove", path)?;
        absent_is_fine(fs::remove_file(path))
    }

    /// Makes a folder; one that is there already is as good.
    pub(super) fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.step("make folder", path)?;
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other,
        }
    }

    /// Removes a folder with all that is in it.
    pub(super) fn remove_all(&self, path: &Path) -> io::Result<()> {
        for entry in fs::read_dir(path)? {
            self.remove(&entry?.path())?;
        }
        self.remove_folder(path)
    }

    /// Removes a folder if it is empty.
    pub(super) fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.step("remove folder", path)?;
        match absent_is_fine(fs::remove_dir(path)) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            other => other,
        }
    }

    /// Makes durable what was renamed, created or removed in a folder, where folders can be synced.
    pub(super) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step("sync folder", path)?;
        if cfg!(unix) {
            File::open(path)?.sync_all()
        } else {
            Ok(())
        }
    }
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Lets only the owner read what is created.
#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn private(_options: &mut OpenOptions) {}
