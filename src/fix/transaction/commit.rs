//! Writing changes.
//!
//! Owns the order of the steps; see the parent module.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::attributes::Attributes;
use super::hash::hash;
use super::manifest::{About, MANIFEST, Manifest, ORIGINALS};
use super::runs::{self, Phase, Run};
use super::swap::{Content, Item, stage, swap, unchanged};
use super::{Result, TransactionError, Transactions, failed};
use crate::fix::apply::{NewContents, Obstacle, creatable, replaceable};

/// How many runs can be undone at most.
const KEPT_RUNS: usize = 10;
/// How many bytes their journals have at most. The last run is kept whatever its size.
const KEPT_BYTES: u64 = 256 * 1024 * 1024;

/// A change that may be made.
pub(super) struct Planned {
    /// The file's name for people, from the root.
    pub(super) shown: PathBuf,
    /// Where it is.
    pub(super) file: PathBuf,
    /// Folders to make for it, outermost first.
    pub(super) folders: Vec<PathBuf>,
    /// What it is.
    pub(super) before: Option<(Vec<u8>, Attributes)>,
    /// What it becomes.
    pub(super) after: Option<Content>,
}

impl Transactions {
    /// Makes all `changes`, or none; gives the number of the run, unless there is nothing to change.
    ///
    /// What an interrupted run left is taken back first.
    pub fn write(&self, changes: &[NewContents], about: About) -> Result<Option<u64>> {
        self.recover(false)?;
        let mut planned = Vec::with_capacity(changes.len());
        for change in changes.iter().filter(|one| one.original != one.bytes) {
            planned.push(self.plan(change)?);
        }
        let planned = once(planned)?;
        if planned.is_empty() {
            return Ok(None);
        }
        self.run(planned, about, None).map(Some)
    }

    /// Looks whether a change may be made.
    fn plan(&self, change: &NewContents) -> Result<Planned> {
        let path = &change.path;
        let Some(original) = &change.original else {
            let bytes = change.bytes.clone();
            return self.plan_new(path, bytes.map(|bytes| (bytes, None)));
        };
        let mut planned = self.plan_old(path)?;
        if planned.before.as_ref().map(|(bytes, _)| bytes) != Some(original) {
            return Err(TransactionError::Changed(path.clone()));
        }
        let attributes = planned.before.as_ref().map(|(_, attributes)| attributes);
        planned.after = change.bytes.clone().map(|bytes| Content {
            bytes,
            attributes: attributes.cloned(),
        });
        Ok(planned)
    }

    /// A plan for a file that is there; it would be deleted.
    pub(super) fn plan_old(&self, path: &Path) -> Result<Planned> {
        let file = replaceable(&self.root, path).map_err(obstacle(path))?;
        let bytes = std::fs::read(&file).map_err(failed("read", path))?;
        let attributes = Attributes::of(&file).map_err(failed("read the attributes of", path))?;
        Ok(Planned {
            shown: path.to_path_buf(),
            file,
            folders: Vec::new(),
            before: Some((bytes, attributes)),
            after: None,
        })
    }

    /// A plan for a file that is not there.
    pub(super) fn plan_new(
        &self,
        path: &Path,
        content: Option<(Vec<u8>, Option<Attributes>)>,
    ) -> Result<Planned> {
        let (file, folders) = creatable(&self.root, path).map_err(obstacle(path))?;
        Ok(Planned {
            shown: path.to_path_buf(),
            file,
            folders,
            before: None,
            after: content.map(|(bytes, attributes)| Content { bytes, attributes }),
        })
    }

    /// Carries out what is planned, as a run of its own.
    pub(super) fn run(
        &self,
        planned: Vec<Planned>,
        about: About,
        undoes: Option<u64>,
    ) -> Result<u64> {
        let existing = runs::list(&self.folder).map_err(failed("read", &self.folder))?;
        let id = existing.last().map_or(1, |run| run.id + 1);
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = time.unwrap_or_default();
        let token = format!("{:x}", time.as_nanos());
        let manifest = Manifest::new(time.as_secs(), token, about, undoes);
        let (manifest, originals, items) = self.journal(manifest, planned)?;
        let mut run = Run::begin(&self.disk, &self.folder, id)
            .map_err(failed("begin a journal in", &self.folder))?;
        if let Err(cause) = self.carry_out(&mut run, &manifest, &originals, &items) {
            return Err(match self.take_back(run, &manifest, false) {
                Ok(_) => cause,
                Err(failure) => TransactionError::Torn {
                    cause: Box::new(cause),
                    failure: Box::new(failure),
                },
            });
        }
        // What follows is only tidying up: the next run does it if this one cannot.
        if run.phase == Phase::Undone {
            let _ = self.forget_undone(run);
        } else {
            let _ = self.prune();
        }
        Ok(id)
    }

    /// The journal, the bytes that files had, and the files on their way.
    fn journal(
        &self,
        mut manifest: Manifest,
        planned: Vec<Planned>,
    ) -> Result<(Manifest, Vec<u8>, Vec<Item>)> {
        let mut originals = Vec::new();
        let mut items = Vec::with_capacity(planned.len());
        for (at, one) in planned.into_iter().enumerate() {
            let named = |path: &Path| {
                self.below_root(path)
                    .ok_or_else(|| obstacle(&one.shown)(Obstacle::NotUtf8))
            };
            for folder in &one.folders {
                let folder = named(folder)?;
                if !manifest.folders.contains(&folder) {
                    manifest.folders.push(folder);
                }
            }
            let path = named(&one.file)?;
            let from = one.before.as_ref().map(|(bytes, _)| hash(bytes));
            let before = one
                .before
                .as_ref()
                .map(|(bytes, attributes)| (&**bytes, attributes.clone()));
            let after = one.after.as_ref().map(|content| &*content.bytes);
            manifest.add(path, before, after, &mut originals);
            let [staged, _] = manifest.staged(at, &one.file);
            items.push(Item {
                shown: one.shown,
                file: one.file,
                staged,
                from,
                to: one.after,
            });
        }
        Ok((manifest, originals, items))
    }

    fn carry_out(
        &self,
        run: &mut Run,
        manifest: &Manifest,
        originals: &[u8],
        items: &[Item],
    ) -> Result<()> {
        let disk = &self.disk;
        let folder = run.folder.clone();
        let bytes = manifest
            .bytes()
            .map_err(|damage| self.damaged(run, damage))?;
        let keep = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            let file = disk.create(&path, bytes, None)?;
            disk.sync(&file, &path)
        };
        keep(ORIGINALS, originals)
            .and_then(|()| keep(MANIFEST, &bytes))
            .and_then(|()| disk.sync_folder(&folder))
            .and_then(|()| disk.sync_folder(&self.folder))
            .map_err(failed("keep a journal in", &folder))?;
        for folder in &manifest.folders {
            let folder = self.root.join(folder);
            disk.make_folder(&folder)
                .map_err(failed("make the folder", &folder))?;
        }
        stage(disk, items)?;
        unchanged(items)?;
        run.enter(disk, Phase::Committing)
            .map_err(failed("keep a journal in", &self.folder))?;
        swap(disk, items)?;
        let last = if manifest.undoes.is_some() {
            Phase::Undone
        } else {
            Phase::Done
        };
        match run.enter(disk, last) {
            // It is complete, even if that may be forgotten: then it is taken back, and still all or nothing.
            Err(_) if run.phase == last => Ok(()),
            other => other.map_err(failed("keep a journal in", &self.folder)),
        }
    }

    /// Forgets the oldest runs when there are too many or too large ones.
    fn prune(&self) -> std::io::Result<()> {
        let mut bytes = 0;
        let all = runs::list(&self.folder)?;
        let done = all.into_iter().filter(|run| run.phase == Phase::Done);
        for (at, run) in done.rev().enumerate() {
            for name in [MANIFEST, ORIGINALS] {
                bytes += run.folder.join(name).metadata().map_or(0, |it| it.len());
            }
            if at > 0 && (at >= KEPT_RUNS || bytes > KEPT_BYTES) {
                run.discard(&self.disk)?;
            }
        }
        Ok(())
    }

    /// A path below the root, from there, with `/`.
    fn below_root(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(&self.root).ok()?.to_str()?;
        Some(if cfg!(windows) {
            below.replace('\\', "/")
        } else {
            below.to_owned()
        })
    }
}

/// Each file once. Two names for one file may ask for the same thing.
fn once(planned: Vec<Planned>) -> Result<Vec<Planned>> {
    let mut files: BTreeMap<PathBuf, Planned> = BTreeMap::new();
    for one in planned {
        let content = |planned: &Planned| planned.after.as_ref().map(|it| it.bytes.clone());
        match files.get(&one.file) {
            Some(other) if content(other) != content(&one) => {
                return Err(TransactionError::Twice(one.shown));
            }
            Some(_) => {}
            None => drop(files.insert(one.file.clone(), one)),
        }
    }
    Ok(files.into_values().collect())
}

pub(super) fn obstacle(path: &Path) -> impl FnOnce(Obstacle) -> TransactionError {
    let path = path.to_path_buf();
    move |obstacle| TransactionError::Obstacle { path, obstacle }
}
