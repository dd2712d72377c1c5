//! One writer at a time.
//!
//! Owns the lock file. The system gives the lock back when its holder ends, however it ends; the file itself stays.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

const LOCK: &str = "lock";

/// The lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum Denied {
    /// Another process has it; this one, if it could say so.
    Held(Option<u32>),
    /// The file system refused.
    Io(io::Error),
}

impl From<io::Error> for Denied {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Lock {
    /// Takes the lock in `folder`, at once or not at all.
    pub(super) fn take(folder: &Path) -> Result<Self, Denied> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(folder.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                return Err(Denied::Held(text.trim().parse().ok()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Only a help for whoever is denied: on a full disk it may stay empty.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }

    /// Whether some process holds the lock in `folder`.
    pub(super) fn is_held(folder: &Path) -> bool {
        let Ok(file) = File::open(folder.join(LOCK)) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}
