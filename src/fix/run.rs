//! Fixing for real: new contents of files, proven before anyone writes them.
//!
//! Owns the loop of rewriting, reading again and dropping what does not hold. Writing is [`super::apply`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::apply::NewContents;
use super::diff::unified_diff;
use super::edit::{TextEdit, apply_edits};
use super::moves::{self, Move};
use super::plan::{OnDisk, Project};
use super::verify::{Change, violations};
use crate::diagnostic::{Applicability, Finding};
use crate::facts::FileFacts;
use crate::graph::imports::ImportGraph;
use crate::index::FileId;

/// The outcome of fixing.
#[derive(Clone, Debug, Default)]
pub struct FixRun {
    /// The files that change, in path order.
    pub contents: Vec<NewContents>,
    /// How many findings this repairs.
    pub applied: usize,
    /// Findings whose planned fix does not hold, by their place, with the reason.
    pub refused: Vec<(usize, String)>,
    /// All changes as a unified diff.
    pub diff: String,
}

/// Carries out the planned fixes of `findings` that are at least as applicable as `wanted`, in memory.
///
/// Every changed file is read again and the whole project resolved anew: a fix that does not do what it should is
/// refused, and the others stand.
#[must_use]
pub fn fix(project: &Project<'_>, findings: &[Finding], wanted: Applicability) -> FixRun {
    let (moves, _) = moves::collect(findings, |finding| {
        finding
            .fix
            .as_ref()
            .is_some_and(|fix| fix.applicability >= wanted)
    });
    let mut job = Job {
        project,
        refused: vec![None; moves.len()],
        moves: &moves,
        files: BTreeMap::new(),
    };
    job.read();
    loop {
        job.rewrite();
        let wrong = job.verify();
        if wrong.is_empty() {
            break;
        }
        for (at, reason) in wrong {
            job.refuse(at, reason);
        }
    }
    job.finish()
}

/// A file at work.
struct Rewriting {
    disk: OnDisk,
    /// The moves that are still to be made, by number.
    members: Vec<usize>,
    is_current: bool,
    edits: Vec<TextEdit>,
    text: String,
    bytes: Vec<u8>,
    facts: FileFacts,
}

struct Job<'a> {
    project: &'a Project<'a>,
    moves: &'a [Move],
    refused: Vec<Option<String>>,
    files: BTreeMap<FileId, Rewriting>,
}

impl Job<'_> {
    fn refuse(&mut self, at: usize, reason: String) {
        self.refused[at].get_or_insert(reason);
        if let Some(file) = self.files.get_mut(&self.moves[at].relocation.file) {
            file.members.retain(|&member| member != at);
            file.is_current = false;
        }
    }

    fn read(&mut self) {
        let mut members: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
        for (at, one) in self.moves.iter().enumerate() {
            members.entry(one.relocation.file).or_default().push(at);
        }
        for (file, members) in members {
            match self.project.read(file) {
                Ok(disk) => {
                    let rewriting = Rewriting {
                        disk,
                        members,
                        is_current: false,
                        edits: Vec::new(),
                        text: String::new(),
                        bytes: Vec::new(),
                        facts: FileFacts::default(),
                    };
                    self.files.insert(file, rewriting);
                }
                Err(reason) => members
                    .into_iter()
                    .for_each(|at| self.refuse(at, reason.clone())),
            }
        }
    }

    /// Brings the new texts up to date with the moves that are left.
    fn rewrite(&mut self) {
        let stale: Vec<FileId> = self
            .files
            .iter()
            .filter(|(_, file)| !file.is_current)
            .map(|(id, _)| *id)
            .collect();
        for id in stale {
            while let Err(refused) = self.rewrite_file(id) {
                for (at, reason) in refused {
                    self.refuse(at, reason);
                }
            }
        }
        self.files.retain(|_, file| !file.members.is_empty());
    }

    /// Rewrites one file, or names the moves that cannot be made.
    fn rewrite_file(&mut self, id: FileId) -> Result<(), Vec<(usize, String)>> {
        let entry = self.project.index.file(id);
        let Some(file) = self.files.get_mut(&id) else {
            return Ok(());
        };
        let chosen: Vec<&Move> = file.members.iter().map(|&at| &self.moves[at]).collect();
        let (changes, order) = moves::changes(self.project.index, id, &chosen);
        let rewritten = entry.language.rewrite(&file.disk.source.text, &changes);
        let refused: Vec<(usize, String)> = file
            .members
            .iter()
            .zip(moves::answers(&rewritten, &order))
            .filter_map(|(&at, answer)| Some((at, answer.err()?)))
            .collect();
        if !refused.is_empty() {
            return Err(refused);
        }
        file.text = apply_edits(&file.disk.source.text, &rewritten.edits);
        file.bytes = file.disk.source.encode(&file.text).map_err(|error| {
            let all = file.members.iter();
            all.map(|&at| (at, error.to_string())).collect::<Vec<_>>()
        })?;
        file.edits = rewritten.edits;
        let target = self.project.config.project.target_version;
        file.facts = entry.language.extract(&file.text, target);
        file.is_current = true;
        Ok(())
    }

    /// The moves that do not do what they should.
    fn verify(&self) -> Vec<(usize, String)> {
        if self.files.is_empty() {
            return Vec::new();
        }
        let index = self.project.index;
        let new = index.with_facts(
            self.files
                .iter()
                .map(|(id, file)| (*id, file.facts.clone())),
        );
        let imports = ImportGraph::build(&new);
        let members: Vec<Vec<(usize, &Move)>> = self
            .files
            .values()
            .map(|file| {
                let numbered = file.members.iter().map(|&at| (at, &self.moves[at]));
                numbered.collect()
            })
            .collect();
        let changes: Vec<Change<'_>> = self
            .files
            .iter()
            .zip(&members)
            .map(|((id, file), moves)| Change {
                file: *id,
                edits: &file.edits,
                moves,
            })
            .collect();
        violations((index, self.project.imports), (&new, &imports), &changes)
    }

    fn finish(self) -> FixRun {
        let mut run = FixRun::default();
        let mut refused = BTreeSet::new();
        for (one, reason) in self.moves.iter().zip(self.refused) {
            match reason {
                Some(reason) => {
                    refused.extend(one.findings.iter().map(|&at| (at, reason.clone())));
                }
                None => run.applied += one.findings.len(),
            }
        }
        run.refused = refused.into_iter().collect();
        for (id, file) in self.files {
            if file.bytes == file.disk.bytes {
                continue;
            }
            let path = &self.project.index.file(id).path;
            let mark = if file.disk.source.bom { "\u{feff}" } else { "" };
            run.diff.push_str(&unified_diff(
                path,
                &format!("{mark}{}", file.disk.source.text),
                &format!("{mark}{}", file.text),
            ));
            run.contents.push(NewContents {
                path: PathBuf::from(&**path),
                original: file.disk.bytes,
                bytes: file.bytes,
            });
        }
        run
    }
}
