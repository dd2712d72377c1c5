//! A tree with journals beside it, and ways to look at all that is in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ssot::fix::apply::NewContents;
use ssot::fix::transaction::{About, Probe, Step, TransactionError, Transactions, Undo, Undone};

pub(crate) struct Tree {
    dir: tempfile::TempDir,
}

/// Everything below a folder: hidden files, folders and links too. Files with their bytes and permissions.
pub(crate) type Snapshot = BTreeMap<PathBuf, (String, Vec<u8>)>;

impl Tree {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        // In memory where that is to be had: syncing is what takes the time here.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let tree = Self { dir: dir.unwrap() };
        fs::create_dir(tree.root()).unwrap();
        for (path, text) in files {
            tree.put(path, text.as_bytes());
        }
        tree
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("tree")
    }

    pub(crate) fn journals(&self) -> PathBuf {
        self.dir.path().join("journals")
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let file = self.at(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.at(path)).unwrap()).into_owned()
    }

    pub(crate) fn open(&self) -> Transactions {
        Transactions::open_in(&self.root(), &self.journals()).unwrap()
    }

    pub(crate) fn write(&self, changes: &[NewContents]) -> Result<Option<u64>, TransactionError> {
        self.open().write(changes, About::default())
    }

    pub(crate) fn undo(&self) -> Result<Undone, TransactionError> {
        self.open().undo(Undo::default())
    }

    pub(crate) fn force(&self) -> Result<Undone, TransactionError> {
        self.open().undo(Undo {
            run: None,
            force: true,
        })
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut all = Snapshot::new();
        for entry in walkdir::WalkDir::new(self.root()) {
            let entry = entry.unwrap();
            let path = entry.path();
            let below = path.strip_prefix(self.root()).unwrap().to_path_buf();
            let kind = entry.file_type();
            let (mode, bytes) = if kind.is_symlink() {
                let target = fs::read_link(path).unwrap();
                ("link".to_owned(), target.to_str().unwrap().into())
            } else if kind.is_dir() {
                ("folder".to_owned(), Vec::new())
            } else {
                (mode(path), fs::read(path).unwrap())
            };
            all.insert(below, (mode, bytes));
        }
        all
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = path.metadata().unwrap();
    format!(
        "{:o} {}:{}",
        metadata.mode(),
        metadata.uid(),
        metadata.gid()
    )
}

#[cfg(not(unix))]
fn mode(path: &Path) -> String {
    path.metadata()
        .unwrap()
        .permissions()
        .readonly()
        .to_string()
}

#[cfg(unix)]
pub(crate) fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn change(path: &str, original: &str, bytes: &str) -> NewContents {
    NewContents {
        path: path.into(),
        original: Some(original.into()),
        bytes: Some(bytes.into()),
    }
}

pub(crate) fn creation(path: &str, bytes: &str) -> NewContents {
    NewContents {
        path: path.into(),
        original: None,
        bytes: Some(bytes.into()),
    }
}

pub(crate) fn deletion(path: &str, original: &str) -> NewContents {
    NewContents {
        path: path.into(),
        original: Some(original.into()),
        bytes: None,
    }
}

/// Counts steps.
pub(crate) fn counter() -> (Probe, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let probe: Probe = Arc::new(move |_: &Step| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    (probe, count)
}

/// Lets `steps` steps be made and refuses all that `refused` picks from then on.
pub(crate) fn failing_after(
    steps: usize,
    kind: std::io::ErrorKind,
    refused: impl Fn(&Step) -> bool + Send + Sync + 'static,
) -> Probe {
    let made = AtomicUsize::new(0);
    Arc::new(move |step: &Step| {
        if made.fetch_add(1, Ordering::Relaxed) >= steps && refused(step) {
            Err(kind.into())
        } else {
            Ok(())
        }
    })
}

/// A process that ends after so many steps: nothing it would do then is done, no tidying up either.
pub(crate) fn crash_after(steps: usize) -> Probe {
    failing_after(steps, std::io::ErrorKind::Interrupted, |_| true)
}
