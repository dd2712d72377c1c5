//! Files on their way from one content to another.
//!
//! Owns putting new contents beside their targets, telling whether a target is still what it should be, and the
//! rename.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use super::attributes::Attributes;
use super::disk::Disk;
use super::hash::hash;
use super::{Result, TransactionError, failed};

/// One file on its way.
#[derive(Debug)]
pub(super) struct Item {
    /// Its name for people, from the root.
    pub(super) shown: PathBuf,
    /// Where it is.
    pub(super) file: PathBuf,
    /// Where its new contents are put first.
    pub(super) staged: PathBuf,
    /// The hash of what it is; nothing if it is not there.
    pub(super) from: Option<String>,
    /// What it becomes; nothing if it is deleted.
    pub(super) to: Option<Content>,
}

/// What a file becomes.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Nothing: those of any new file.
    pub(super) attributes: Option<Attributes>,
}

/// What is at a path now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    File(Vec<u8>),
    /// A folder, a link, a device: nothing that was there before.
    Odd,
}

impl Found {
    pub(super) fn at(file: &Path) -> io::Result<Self> {
        match file.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => Ok(Self::File(fs::read(file)?)),
            Ok(_) => Ok(Self::Odd),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(Self::Nothing)
            }
            Err(error) => Err(error),
        }
    }

    /// The hash of its bytes, if it is a file.
    pub(super) fn hash(&self) -> Option<String> {
        match self {
            Self::File(bytes) => Some(hash(bytes)),
            Self::Nothing | Self::Odd => None,
        }
    }

    /// Whether it is the content with this hash, or as absent.
    pub(super) fn is(&self, expected: Option<&str>) -> bool {
        match (self, expected) {
            (Self::Nothing, None) => true,
            (Self::File(bytes), Some(expected)) => hash(bytes) == expected,
            _ => false,
        }
    }
}

/// How many files are open at a time. Everywhere a process may have some 250.
const OPEN_TOGETHER: usize = 64;
/// How many files a thread syncs. Many threads wait for the disk at once: a file system writes many files down hardly
/// slower than one.
const SYNCED_BY_ONE: usize = 4;

/// Puts all new contents beside their targets, synced.
pub(super) fn stage(disk: &Disk, items: &[Item]) -> Result<()> {
    for items in items.chunks(OPEN_TOGETHER) {
        let mut files = Vec::with_capacity(items.len());
        for item in items {
            if let Some(Content { bytes, attributes }) = &item.to {
                let file = disk
                    .create(&item.staged, bytes, attributes.as_ref())
                    .map_err(failed("stage a copy of", &item.shown))?;
                files.push((file, item));
            }
        }
        sync(disk, &files)?;
    }
    Ok(())
}

/// Makes files durable, all at once.
fn sync(disk: &Disk, files: &[(File, &Item)]) -> Result<()> {
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for part in files.chunks(SYNCED_BY_ONE) {
            let work = || {
                part.iter().try_for_each(|(file, item)| {
                    disk.sync(file, &item.staged)
                        .map_err(failed("stage a copy of", &item.shown))
                })
            };
            match std::thread::Builder::new().spawn_scoped(scope, work) {
                Ok(thread) => threads.push(thread),
                // Where no more threads are to be had, this one has to do.
                Err(_) => work()?,
            }
        }
        for thread in threads {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        }
        Ok(())
    })
}

/// Fails unless every file is still what it should be.
pub(super) fn unchanged<'a>(items: impl IntoIterator<Item = &'a Item>) -> Result<()> {
    for item in items {
        let found = Found::at(&item.file).map_err(failed("read", &item.shown))?;
        if !found.is(item.from.as_deref()) {
            return Err(TransactionError::Changed(item.shown.clone()));
        }
    }
    Ok(())
}

/// Replaces all files by what is staged, and makes that durable.
pub(super) fn swap(disk: &Disk, items: &[Item]) -> Result<()> {
    for item in items {
        unchanged([item])?;
        match (&item.from, &item.to) {
            (Some(_), Some(_)) => disk.rename(&item.staged, &item.file),
            (None, Some(_)) => disk.rename_new(&item.staged, &item.file),
            (_, None) => disk.remove(&item.file),
        }
        .map_err(failed("replace", &item.shown))?;
    }
    let folders: BTreeSet<&Path> = items.iter().filter_map(|item| item.file.parent()).collect();
    sync_folders(disk, folders)
}

/// Makes durable what was done to the names in folders.
pub(super) fn sync_folders<'a>(
    disk: &Disk,
    folders: impl IntoIterator<Item = &'a Path>,
) -> Result<()> {
    for folder in folders {
        disk.sync_folder(folder)
            .map_err(failed("make durable what is in", folder))?;
    }
    Ok(())
}
