//! Taking back what an interrupted run left.
//!
//! Owns the way from any state that a crash can leave to the state before the run. It needs nothing but the journal,
//! and may itself be interrupted anywhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::attributes::Attributes;
use super::manifest::{Damage, Manifest};
use super::runs::{self, Phase, Run};
use super::swap::{Content, Found, Item, stage, swap, sync_folders};
use super::{Result, TransactionError, Transactions, failed};

/// An interrupted run that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Its number.
    pub run: u64,
    /// The run that it was undoing, if it was.
    pub undoes: Option<u64>,
    /// The files that have their former contents again. None if it had not come to change any.
    pub files: Vec<PathBuf>,
}

impl Transactions {
    /// Takes back what interrupted runs left, and says what that was. `force` overwrites what changed since.
    pub fn recover(&self, force: bool) -> Result<Vec<Recovered>> {
        let mut recovered = Vec::new();
        for run in runs::list(&self.folder).map_err(failed("read", &self.folder))? {
            let id = run.id;
            match run.phase {
                Phase::Done => {}
                Phase::Gone => self.discard(run)?,
                Phase::Undone => self.forget_undone(run)?,
                Phase::Staging => match Manifest::read(&run.folder) {
                    Ok(manifest) => {
                        let undoes = manifest.undoes;
                        let files = self.take_back(run, &manifest, force)?;
                        recovered.push(Recovered {
                            run: id,
                            undoes,
                            files,
                        });
                    }
                    // The journal comes first: while it is incomplete there is nothing else.
                    Err(_) => self.discard(run)?,
                },
                Phase::Committing => {
                    let manifest =
                        Manifest::read(&run.folder).map_err(|damage| self.damaged(&run, damage))?;
                    let undoes = manifest.undoes;
                    let files = self.take_back(run, &manifest, force)?;
                    recovered.push(Recovered {
                        run: id,
                        undoes,
                        files,
                    });
                }
            }
        }
        Ok(recovered)
    }

    /// Brings all files of an unfinished run to what they were and forgets it; gives the files that had changed.
    pub(super) fn take_back(
        &self,
        run: Run,
        manifest: &Manifest,
        force: bool,
    ) -> Result<Vec<PathBuf>> {
        let mut restored = Vec::new();
        if run.phase == Phase::Committing {
            let items = self.changed(&run, manifest, force)?;
            self.clear(manifest, 1)?;
            self.make_parents(&items)?;
            stage(&self.disk, &items)
                .and_then(|()| swap(&self.disk, &items))
                .inspect_err(|_| drop(self.clear(manifest, 1)))?;
            restored.extend(items.into_iter().map(|item| item.shown));
        }
        // Only now: a file that lies staged still was never replaced.
        self.clear(manifest, 0)?;
        self.clear(manifest, 1)?;
        self.remove_folders(manifest)?;
        self.discard(run)?;
        Ok(restored)
    }

    /// The files that the run has replaced, on their way back.
    fn changed(&self, run: &Run, manifest: &Manifest, force: bool) -> Result<Vec<Item>> {
        let originals = manifest
            .originals(&run.folder)
            .map_err(|damage| self.damaged(run, damage))?;
        let mut items = Vec::new();
        let mut edited = Vec::new();
        for (at, (entry, original)) in manifest.files.iter().zip(originals).enumerate() {
            let shown = PathBuf::from(&entry.path);
            let file = self.root.join(&shown);
            let [new, old] = manifest.staged(at, &file);
            let found = Found::at(&file).map_err(failed("read", &shown))?;
            let before = entry.before.as_ref();
            if found.is(before.map(|before| &*before.hash)) {
                continue;
            }
            if !found.is(entry.after.as_deref()) {
                if new.symlink_metadata().is_ok() {
                    // It was changed before its turn came, and stays as it is.
                    continue;
                }
                if found == Found::Odd || !force {
                    edited.push(shown);
                    continue;
                }
            }
            let to = match (original, before) {
                (Some(bytes), Some(before)) => Some(Content {
                    bytes,
                    attributes: Some(
                        present(&file, &found, &before.attributes)
                            .map_err(failed("read the attributes of", &shown))?,
                    ),
                }),
                _ => None,
            };
            items.push(Item {
                shown,
                file,
                staged: old,
                from: found.hash(),
                to,
            });
        }
        if edited.is_empty() {
            Ok(items)
        } else {
            Err(TransactionError::Stuck {
                run: run.id,
                files: edited,
            })
        }
    }

    /// Makes the folders of files that are gone with their folders.
    fn make_parents(&self, items: &[Item]) -> Result<()> {
        for item in items.iter().filter(|item| item.to.is_some()) {
            let missing = |folder: &&Path| folder.symlink_metadata().is_err();
            let folders: Vec<&Path> = item.file.ancestors().skip(1).take_while(missing).collect();
            for folder in folders.into_iter().rev() {
                self.disk
                    .make_folder(folder)
                    .map_err(failed("make the folder", folder))?;
            }
        }
        Ok(())
    }

    /// Removes for good what lies staged: new contents (0) or former ones (1).
    fn clear(&self, manifest: &Manifest, kind: usize) -> Result<()> {
        let mut folders = BTreeSet::new();
        for (at, entry) in manifest.files.iter().enumerate() {
            let file = self.root.join(&entry.path);
            let staged = &manifest.staged(at, &file)[kind];
            if staged.symlink_metadata().is_ok() {
                self.disk.remove(staged).map_err(failed("remove", staged))?;
                folders.extend(file.parent().map(Path::to_path_buf));
            }
        }
        sync_folders(&self.disk, folders.iter().map(PathBuf::as_path))
    }

    /// Removes the folders that a run made, unless somebody uses them.
    fn remove_folders(&self, manifest: &Manifest) -> Result<()> {
        for folder in manifest.folders.iter().rev() {
            let folder = self.root.join(folder);
            if folder.is_dir() {
                self.disk
                    .remove_folder(&folder)
                    .map_err(failed("remove", &folder))?;
            }
        }
        Ok(())
    }

    /// Forgets a run that has taken back another one, and that other one.
    pub(super) fn forget_undone(&self, run: Run) -> Result<()> {
        let manifest = Manifest::read(&run.folder).map_err(|damage| self.damaged(&run, damage))?;
        let all = runs::list(&self.folder).map_err(failed("read", &self.folder))?;
        let undone = all.into_iter().find(|one| Some(one.id) == manifest.undoes);
        if let Some(undone) = undone {
            if let Ok(manifest) = Manifest::read(&undone.folder) {
                self.remove_folders(&manifest)?;
            }
            self.discard(undone)?;
        }
        self.discard(run)
    }

    pub(super) fn discard(&self, run: Run) -> Result<()> {
        let folder = run.folder.clone();
        run.discard(&self.disk).map_err(failed("remove", &folder))
    }

    pub(super) fn damaged(&self, run: &Run, damage: Damage) -> TransactionError {
        TransactionError::Damaged {
            run: run.id,
            folder: self.folder.clone(),
            damage,
        }
    }
}

/// The attributes for the former contents of a file: those it has now, if it is there, since permissions may have
/// been changed since.
pub(super) fn present(
    file: &Path,
    found: &Found,
    former: &Attributes,
) -> std::io::Result<Attributes> {
    match found {
        Found::File(_) => Attributes::of(file),
        Found::Nothing | Found::Odd => Ok(former.clone()),
    }
}
