//! What journals there are, for people.
//!
//! Owns reading them without the lock: whoever only asks keeps nobody from writing.

use std::path::Path;

use super::lock::Lock;
use super::manifest::{About, Manifest};
use super::runs::{self, Phase};
use super::{Result, failed, place};

/// A run that can be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub run: u64,
    /// When it was, in seconds since 1970-01-01, UTC.
    pub time: u64,
    /// The files it changed, from the root.
    pub files: Vec<String>,
    /// What it was for.
    pub about: About,
    /// Whether it was interrupted.
    pub interrupted: bool,
}

/// The runs that can be undone in the project at `root`, the last one first.
pub fn list(root: &Path) -> Result<Vec<Listed>> {
    let (_, folder) = place(root)?;
    let held = Lock::is_held(&folder);
    let mut listed = Vec::new();
    for run in runs::list(&folder).map_err(failed("read", &folder))? {
        let interrupted = match run.phase {
            Phase::Done => false,
            Phase::Staging | Phase::Committing if !held => true,
            _ => continue,
        };
        // A journal that is incomplete or damaged is for undoing to speak of.
        if let Ok(manifest) = Manifest::read(&run.folder) {
            if manifest.undoes.is_some() {
                continue;
            }
            listed.push(Listed {
                run: run.id,
                time: manifest.time,
                files: manifest.files.into_iter().map(|file| file.path).collect(),
                about: manifest.about,
                interrupted,
            });
        }
    }
    listed.reverse();
    Ok(listed)
}

/// Whether a run in the project at `root` was interrupted while it changed files, and has not been taken back.
#[must_use]
pub fn interrupted(root: &Path) -> bool {
    let Ok((_, folder)) = place(root) else {
        return false;
    };
    let pending = runs::list(&folder).is_ok_and(|runs| {
        let mut phases = runs.iter().map(|run| run.phase);
        phases.any(|phase| matches!(phase, Phase::Staging | Phase::Committing))
    });
    pending && !Lock::is_held(&folder)
}
