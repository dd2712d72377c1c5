//! Writing as a transaction: all files or none, whatever happens in between, and back again.
//!
//! Owns the lock, the journal and the order in which things reach the disk; `docs/fixing.md` tells it at length.
//!
//! 1. The journal: what each file is, and its bytes. Synced.
//! 2. Every new content is put beside its target. Synced.
//! 3. Every target is compared with what was analysed.
//! 4. The run's folder is renamed to say that targets change now. Synced.
//! 5. Each target is compared once more and replaced by a rename. Folders synced.
//! 6. The run's folder is renamed to say that it is done.
//!
//! Whoever stops before 6 leaves a tree that the journal alone can take back. Undoing is the same with the contents
//! exchanged, as a run of its own that vanishes together with the one it took back.
//!
//! Does not own what is written, nor any word for people but its errors'.

mod attributes;
mod commit;
mod disk;
mod hash;
mod list;
mod lock;
mod manifest;
mod place;
mod recover;
mod runs;
mod swap;
mod undo;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::apply::Obstacle;
use disk::Disk;
use lock::{Denied, Lock};

pub use disk::{Probe, Step};
pub use list::{Listed, interrupted, list};
pub use manifest::{About, Damage};
pub use recover::Recovered;
pub use undo::{Undo, Undone};

type Result<T> = std::result::Result<T, TransactionError>;

/// Why nothing was written, or what could not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// There is nowhere to keep a journal.
    #[error(
        "there is no place for a journal: the project is in no git repository, and neither XDG_STATE_HOME nor HOME is set"
    )]
    NoPlace,
    /// Another run is at work.
    #[error("another ssot is writing to this project{}", process(*.0))]
    Busy(Option<u32>),
    /// The file is not what was analysed.
    #[error("{} changed since it was analysed", .0.display())]
    Changed(PathBuf),
    /// The file must not be replaced.
    #[error("{} {obstacle}", path.display())]
    Obstacle {
        /// The file, from the root.
        path: PathBuf,
        /// What forbids it.
        obstacle: Obstacle,
    },
    /// Two paths lead to one file.
    #[error("{} is to be written twice, each time differently", .0.display())]
    Twice(PathBuf),
    /// Undoing would overwrite later work.
    #[error("run {run} cannot be undone: {} since", changed(files))]
    Edited {
        /// The run.
        run: u64,
        /// The files that are neither what the run made of them nor what they were before it.
        files: Vec<PathBuf>,
    },
    /// An interrupted run cannot be taken back without overwriting later work.
    #[error(
        "run {run} was interrupted and cannot be taken back: {} since",
        changed(files)
    )]
    Stuck {
        /// The run.
        run: u64,
        /// The files in question.
        files: Vec<PathBuf>,
    },
    /// There is no such run.
    #[error("there is no run {0} to undo")]
    NoSuchRun(u64),
    /// There is no run at all.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// A journal cannot be used.
    #[error("the journal of run {run} in {} is damaged: {damage}", folder.display())]
    Damaged {
        /// The run.
        run: u64,
        /// Where its journal is.
        folder: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
    /// Writing failed half-way, and so did taking back what was written.
    #[error("{cause}; what was written could not be taken back: {failure}")]
    Torn {
        /// What went wrong first.
        cause: Box<TransactionError>,
        /// What went wrong then.
        failure: Box<TransactionError>,
    },
}

impl TransactionError {
    /// What to do about it, where there is more to say than the error does.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Edited { .. } | Self::Stuck { .. } => {
                Some("`ssot undo --force` overwrites what was changed")
            }
            Self::Torn { .. } => Some("`ssot undo` takes it back once the cause is gone"),
            Self::Busy(_) => Some("try again when it is done"),
            _ => None,
        }
    }
}

fn process(id: Option<u32>) -> String {
    id.map_or_else(String::new, |id| format!(" (process {id})"))
}

/// `a.py and b.py have changed`
fn changed(files: &[PathBuf]) -> String {
    let mut names: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    match names.pop() {
        None => String::new(),
        Some(only) if names.is_empty() => format!("{only} has changed"),
        Some(last) => format!("{} and {last} have changed", names.join(", ")),
    }
}

/// Wraps an I/O error.
fn failed<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> TransactionError + 'a {
    move |error| TransactionError::Io {
        action,
        path: path.to_path_buf(),
        error,
    }
}

/// The right to write to a project, and its journals. Nobody else has it at the same time.
#[derive(Debug)]
pub struct Transactions {
    /// Canonical.
    root: PathBuf,
    /// Where the journals are.
    folder: PathBuf,
    disk: Disk,
    _lock: Lock,
}

impl Transactions {
    /// Takes the lock of the project at `root`. Its journals are in `.git/ssot/`, or in the user's folder for state
    /// where there is no git repository.
    pub fn open(root: &Path) -> Result<Self> {
        let (root, folder) = place(root)?;
        Self::begin(root, folder)
    }

    /// The same with the journals in `folder`.
    pub fn open_in(root: &Path, folder: &Path) -> Result<Self> {
        let root = root.canonicalize().map_err(failed("resolve", root))?;
        Self::begin(root, folder.to_path_buf())
    }

    /// Asks `probe` before each change to the disk.
    #[must_use]
    pub fn with_probe(mut self, probe: Probe) -> Self {
        self.disk.probe = Some(probe);
        self
    }

    fn begin(root: PathBuf, folder: PathBuf) -> Result<Self> {
        make_private(&folder).map_err(failed("make the journal's folder", &folder))?;
        let lock = Lock::take(&folder).map_err(|denied| match denied {
            Denied::Held(process) => TransactionError::Busy(process),
            Denied::Io(error) => failed("lock", &folder)(error),
        })?;
        Ok(Self {
            root,
            folder,
            disk: Disk::default(),
            _lock: lock,
        })
    }
}

/// The canonical root, and where its journals are.
fn place(root: &Path) -> Result<(PathBuf, PathBuf)> {
    let root = root.canonicalize().map_err(failed("resolve", root))?;
    let folder = place::locate(&root, |name| std::env::var_os(name));
    Ok((root, folder.ok_or(TransactionError::NoPlace)?))
}

/// Makes a folder, and those around it, for nobody else to look into: files in the tree may be private.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
