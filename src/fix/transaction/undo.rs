//! Taking back a complete run.
//!
//! Owns what stands against it; the way is that of any other run, with the contents exchanged.

use std::path::PathBuf;

use super::commit::Planned;
use super::manifest::Manifest;
use super::recover::{Recovered, present};
use super::runs::{self, Phase, Run};
use super::swap::{Content, Found};
use super::{Result, TransactionError, Transactions, failed};

/// What to undo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// The run; the last one unless given.
    pub run: Option<u64>,
    /// Whether files that changed since are overwritten.
    pub force: bool,
}

/// What undoing did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Interrupted runs that were taken back first. One that was fixing is the last run itself, and no other is
    /// undone then.
    pub recovered: Vec<Recovered>,
    /// The run that was undone.
    pub run: Option<u64>,
    /// The files that have their former contents again.
    pub files: Vec<PathBuf>,
}

impl Transactions {
    /// Brings the files of a run to what they were before it, all or none.
    pub fn undo(&self, request: Undo) -> Result<Undone> {
        let recovered = self.recover(request.force)?;
        let mut undone = Undone {
            recovered,
            ..Undone::default()
        };
        let was_last = undone.recovered.iter().any(|run| run.undoes.is_none());
        if was_last && request.run.is_none() {
            return Ok(undone);
        }
        let run = self.complete(request.run)?;
        let manifest = Manifest::read(&run.folder).map_err(|damage| self.damaged(&run, damage))?;
        let planned = self.plan_undo(&run, &manifest, request.force)?;
        undone.run = Some(run.id);
        undone.files = planned.iter().map(|one| one.shown.clone()).collect();
        if planned.is_empty() {
            self.discard(run)?;
        } else {
            self.run(planned, manifest.about.clone(), Some(run.id))?;
        }
        Ok(undone)
    }

    /// The run to undo.
    fn complete(&self, wanted: Option<u64>) -> Result<Run> {
        let all = runs::list(&self.folder).map_err(failed("read", &self.folder))?;
        let mut done = all.into_iter().filter(|run| run.phase == Phase::Done);
        match wanted {
            Some(id) => done
                .find(|run| run.id == id)
                .ok_or(TransactionError::NoSuchRun(id)),
            None => done.next_back().ok_or(TransactionError::NothingToUndo),
        }
    }

    /// What there is to do, unless files have changed since.
    fn plan_undo(&self, run: &Run, manifest: &Manifest, force: bool) -> Result<Vec<Planned>> {
        let originals = manifest
            .originals(&run.folder)
            .map_err(|damage| self.damaged(run, damage))?;
        let mut edited = Vec::new();
        let mut planned = Vec::new();
        for (entry, original) in manifest.files.iter().zip(originals) {
            let path = PathBuf::from(&entry.path);
            let file = self.root.join(&path);
            let found = Found::at(&file).map_err(failed("read", &path))?;
            if found.is(entry.before.as_ref().map(|before| &*before.hash)) {
                continue;
            }
            if found == Found::Odd || !found.is(entry.after.as_deref()) && !force {
                edited.push(path);
                continue;
            }
            let former = match (original, &entry.before) {
                (Some(bytes), Some(before)) => {
                    let attributes = present(&file, &found, &before.attributes)
                        .map_err(failed("read the attributes of", &path))?;
                    Some((bytes, Some(attributes)))
                }
                _ => None,
            };
            planned.push(if found == Found::Nothing {
                self.plan_new(&path, former)?
            } else {
                Planned {
                    after: former.map(|(bytes, attributes)| Content { bytes, attributes }),
                    ..self.plan_old(&path)?
                }
            });
        }
        if edited.is_empty() {
            Ok(planned)
        } else {
            Err(TransactionError::Edited {
                run: run.id,
                files: edited,
            })
        }
    }
}
