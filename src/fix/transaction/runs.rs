//! The folders of runs, and what their names say of how far they got.
//!
//! Owns names and order: `12.staging` becomes `12.committing` becomes `12.done`. A rename of the folder is one atomic
//! step, so at any moment each run is in one phase.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::Disk;

/// How far a run got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Files are being put beside their targets; no target has changed.
    Staging,
    /// Targets are being replaced.
    Committing,
    /// It is complete and can be taken back.
    Done,
    /// It took another run back, and neither is of any more use.
    Undone,
    /// It is of no more use.
    Gone,
}

const PHASES: [(Phase, &str); 5] = [
    (Phase::Staging, "staging"),
    (Phase::Committing, "committing"),
    (Phase::Done, "done"),
    (Phase::Undone, "undone"),
    (Phase::Gone, "gone"),
];

/// A run's folder.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) phase: Phase,
    pub(super) folder: PathBuf,
}

impl Run {
    fn at(parent: &Path, id: u64, phase: Phase) -> Self {
        let word = PHASES.iter().find(|(one, _)| *one == phase);
        let word = word.map_or("", |(_, word)| word);
        Self {
            id,
            phase,
            folder: parent.join(format!("{id}.{word}")),
        }
    }

    /// Makes the folder of a new run.
    pub(super) fn begin(disk: &Disk, parent: &Path, id: u64) -> io::Result<Self> {
        let run = Self::at(parent, id, Phase::Staging);
        disk.make_folder(&run.folder)?;
        Ok(run)
    }

    /// Goes on to `phase`, for good.
    pub(super) fn enter(&mut self, disk: &Disk, phase: Phase) -> io::Result<()> {
        let parent = self.parent().to_path_buf();
        let next = Self::at(&parent, self.id, phase);
        disk.rename(&self.folder, &next.folder)?;
        *self = next;
        disk.sync_folder(&parent)
    }

    /// Forgets the run.
    pub(super) fn discard(mut self, disk: &Disk) -> io::Result<()> {
        if self.phase != Phase::Gone {
            self.enter(disk, Phase::Gone)?;
        }
        disk.remove_all(&self.folder)
    }

    fn parent(&self) -> &Path {
        self.folder.parent().unwrap_or(Path::new("."))
    }
}

/// All runs below `parent`, oldest first; none where there is no such folder.
pub(super) fn list(parent: &Path) -> io::Result<Vec<Run>> {
    let entries = match fs::read_dir(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut runs = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let parsed = name.to_str().and_then(|name| {
            let (id, word) = name.split_once('.')?;
            let (phase, _) = PHASES.iter().find(|(_, known)| *known == word)?;
            Some((id.parse().ok()?, *phase))
        });
        if let Some((id, phase)) = parsed {
            runs.push(Run::at(parent, id, phase));
        }
    }
    runs.sort_by_key(|run| run.id);
    Ok(runs)
}
