//! Fixing for real: new contents of files, proven before anyone writes them.
//!
//! Owns the loop of rewriting, reading again and dropping what does not hold. Writing is [`super::apply`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::apply::NewContents;
use super::delete;
use super::diff::patch;
use super::edit::{TextEdit, apply_edits};
use super::judge::Judge;
use super::links::Links;
use super::moves::{self, Move};
use super::outside::Outside;
use super::patched::{self, Groups};
use super::plan::{OnDisk, Project};
use super::target::Target;
use super::verify::{Change, violations};
use crate::diagnostic::{Applicability, Finding, Fix};
use crate::facts::FileFacts;
use crate::graph::imports::ImportGraph;
use crate::index::{FileId, Index};

/// The outcome of fixing.
#[derive(Clone, Debug, Default)]
pub struct FixRun {
    /// The files that change, in path order.
    pub contents: Vec<NewContents>,
    /// How many findings this repairs.
    pub applied: usize,
    /// Which findings, by their place, sorted.
    pub fixed: Vec<usize>,
    /// How many imports and uses move.
    pub sites: usize,
    /// Findings whose planned fix does not hold, by their place, with the reason.
    pub refused: Vec<(usize, String)>,
}

impl FixRun {
    /// All changes as a unified diff.
    #[must_use]
    pub fn diff(&self) -> Vec<u8> {
        patch(&self.contents)
    }

    /// Deletes modules.
    fn delete(&mut self, project: &Project<'_>, moves: &[Move]) {
        let (contents, answers) = delete::carry_out(project, moves);
        for (one, answer) in moves.iter().zip(answers) {
            match answer {
                Ok(()) => {
                    self.applied += one.findings.len();
                    self.fixed.extend(&one.findings);
                    self.sites += 1;
                }
                Err(reason) => {
                    let all = one.findings.iter();
                    self.refused.extend(all.map(|&at| (at, reason.clone())));
                }
            }
        }
        self.fixed.sort_unstable();
        self.refused.sort_unstable();
        self.contents = contents;
    }
}

/// Carries out the planned fixes of `findings` that are at least as applicable as `wanted`, in memory.
///
/// Every changed file is read again and the whole project resolved anew: a fix that does not do what it should is
/// refused, and the others stand. What only stood in the way of a fix before the others were made is made too, so
/// that nothing is left for a second run.
#[must_use]
pub fn fix(project: &Project<'_>, findings: &[Finding], wanted: Applicability) -> FixRun {
    let (mut moves, _) = moves::collect(project.index, findings);
    moves.retain(|one| one.is_safe() || wanted < Applicability::Safe);
    // A finding on several definitions may have a fix for some of them.
    let is_planned = |one: &Move| {
        let path = &project.index.file(one.relocation.file).path;
        let touches = |fix: &Fix| fix.edits.iter().any(|edit| edit.path == *path);
        let is_import = one.import_id().is_some();
        let fixes = one
            .findings
            .iter()
            .filter_map(|&at| findings[at].fix.as_ref());
        fixes.into_iter().any(|fix| is_import || touches(fix))
    };
    // Modules go once nothing else is left to do: until then, what uses them may be on the move.
    let mut deletions = moves.clone();
    deletions.retain(|one| {
        let mut fixes = one.findings.iter().map(|&at| findings[at].fix.as_ref());
        delete::is_deletion(one)
            && fixes.all(|fix| fix.is_some_and(|fix| fix.applicability >= wanted))
    });
    moves.retain(|one| !delete::is_deletion(one));
    let groups = Groups::form(project, &mut moves);
    let planned: BTreeSet<usize> = (0..moves.len())
        .filter(|&at| is_planned(&moves[at]))
        .collect();
    let mut job = Job {
        project,
        refused: vec![None; moves.len()],
        hopeless: BTreeSet::new(),
        outside: Outside::of(project, &moves),
        groups: &groups,
        moves: &moves,
        links: match moves[..] {
            [] => Links::default(),
            _ => Links::of(project),
        },
        files: BTreeMap::new(),
    };
    job.make(&planned);
    let mut run = job.finish(&planned);
    if run.contents.is_empty() {
        run.delete(project, &deletions);
    }
    run
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

impl Rewriting {
    fn of(disk: OnDisk) -> Self {
        Self {
            disk,
            members: Vec::new(),
            is_current: false,
            edits: Vec::new(),
            text: String::new(),
            bytes: Vec::new(),
            facts: FileFacts::default(),
        }
    }
}

struct Job<'a> {
    project: &'a Project<'a>,
    moves: &'a [Move],
    outside: Outside,
    groups: &'a Groups,
    refused: Vec<Option<String>>,
    /// Moves that are refused whatever else is made.
    hopeless: BTreeSet<usize>,
    links: Links,
    files: BTreeMap<FileId, Rewriting>,
}

/// A later state of the project.
type State = (Index, ImportGraph);

impl Job<'_> {
    /// Makes the planned moves, then those that they make possible.
    fn make(&mut self, planned: &BTreeSet<usize>) {
        let Some(mut state) = self.add(planned) else {
            return;
        };
        let mut judge = Judge::new(self.project, self.groups);
        let targets: Vec<Target> = self
            .moves
            .iter()
            .map(|one| Target::of(self.project.index, one))
            .collect();
        loop {
            judge.reload(&state.0, &state.1);
            let mut waiting: BTreeSet<usize> = (0..self.moves.len())
                .filter(|at| !self.hopeless.contains(at) && !self.is_made(*at))
                .filter(|&at| judge.refusal(&self.moves[at], &targets[at]).is_none())
                .collect();
            let alone: Vec<usize> = waiting
                .iter()
                .copied()
                .filter(|&at| {
                    let mut mates = self.groups.mates(at).iter();
                    mates.any(|mate| !waiting.contains(mate) && !self.is_made(*mate))
                })
                .collect();
            waiting.retain(|at| !alone.contains(at));
            match self.add(&waiting) {
                Some(next) => state = next,
                None => return,
            }
        }
    }

    /// Makes what holds of `new` moves besides those already made; answers with the state they lead to, unless
    /// none of them holds.
    fn add(&mut self, new: &BTreeSet<usize>) -> Option<State> {
        self.admit(new);
        self.part(new);
        loop {
            self.rewrite(new);
            if !new.iter().any(|&at| self.is_made(at)) {
                return None;
            }
            let (state, mut wrong) = self.verify();
            wrong.extend(self.parted());
            if wrong.is_empty() {
                return Some(state);
            }
            self.drop_wrong(wrong, new);
        }
    }

    fn is_made(&self, at: usize) -> bool {
        self.files
            .get(&self.moves[at].relocation.file)
            .is_some_and(|file| file.members.contains(&at))
    }

    /// Refuses a move, and those that must not be made without it.
    fn refuse(&mut self, at: usize, reason: String) {
        let mates = self.groups.mates(at);
        if mates.iter().any(|&mate| mate != at) {
            let moves = mates.iter().map(|&at| &self.moves[at]);
            let left = patched::left(self.project.index, moves, &self.moves[at], &reason);
            for &mate in mates.iter().filter(|&&mate| mate != at) {
                self.refuse_one(mate, left.clone());
            }
        }
        self.refuse_one(at, reason);
    }

    fn refuse_one(&mut self, at: usize, reason: String) {
        self.refused[at] = Some(reason);
        if let Some(file) = self.files.get_mut(&self.moves[at].relocation.file) {
            file.members.retain(|&member| member != at);
            file.is_current = false;
        }
    }

    /// Refuses the new ones among the moves to blame. The others did hold before the new ones came.
    fn drop_wrong(&mut self, wrong: Vec<(usize, String)>, new: &BTreeSet<usize>) {
        let (fresh, old): (Vec<_>, Vec<_>) =
            wrong.into_iter().partition(|(at, _)| new.contains(at));
        if let (true, Some((_, reason))) = (fresh.is_empty(), old.first()) {
            for &at in new
                .iter()
                .filter(|&&at| self.is_made(at))
                .collect::<Vec<_>>()
            {
                self.refuse(at, reason.clone());
            }
        }
        for (at, reason) in fresh {
            self.refuse(at, reason);
        }
    }

    /// Adds moves to their files, which are read when they are met first.
    fn admit(&mut self, new: &BTreeSet<usize>) {
        for &at in new {
            let id = self.moves[at].relocation.file;
            if !self.files.contains_key(&id) {
                match self.project.read(id) {
                    Ok(disk) => {
                        self.files.insert(id, Rewriting::of(disk));
                    }
                    Err(reason) => {
                        self.hopeless.insert(at);
                        self.refuse(at, reason);
                        continue;
                    }
                }
            }
            if let Some(file) = self.files.get_mut(&id) {
                self.refused[at] = None;
                file.members.push(at);
                file.members.sort_unstable();
                file.is_current = false;
            }
        }
    }

    /// Takes out again what was added after one of its group had been refused.
    fn part(&mut self, new: &BTreeSet<usize>) {
        for &at in new {
            if let Some(reason) = self.refused[at].clone() {
                self.refuse(at, reason);
            }
        }
    }

    /// Brings the new texts up to date with the moves that are left.
    fn rewrite(&mut self, new: &BTreeSet<usize>) {
        let stale: Vec<FileId> = self
            .files
            .iter()
            .filter(|(_, file)| !file.is_current)
            .map(|(id, _)| *id)
            .collect();
        for id in stale {
            while let Err(refused) = self.rewrite_file(id) {
                let fresh = refused.iter().any(|(at, _)| new.contains(at));
                let mut others = Vec::new();
                if let (false, Some((_, reason)), Some(file)) =
                    (fresh, refused.first(), self.files.get(&id))
                {
                    let newcomers = file.members.iter().filter(|at| new.contains(at));
                    others.extend(newcomers.map(|&at| (at, reason.clone())));
                }
                let blamed: Vec<(usize, String)> = match (fresh, others.is_empty()) {
                    (true, _) => refused
                        .into_iter()
                        .filter(|(at, _)| new.contains(at))
                        .collect(),
                    (false, false) => others,
                    (false, true) => refused,
                };
                for (at, reason) in blamed {
                    self.hopeless.insert(at);
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
        let style = self.project.config.project.import_style;
        let (changes, order) =
            moves::changes(self.project.index, &self.outside, id, style, &chosen);
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

    /// The project as it would be, and the moves that do not do what they should.
    fn verify(&self) -> (State, Vec<(usize, String)>) {
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
        let wrong = violations((index, self.project.imports), (&new, &imports), &changes);
        ((new, imports), wrong)
    }

    /// The moves that would change a file by one name and not, or not in the same way, by another.
    fn parted(&self) -> Vec<(usize, String)> {
        let index = self.project.index;
        let mut wrong = Vec::new();
        for names in self.links.iter() {
            let new = |name: &FileId| self.files.get(name).map(|file| file.bytes.as_slice());
            for &name in names {
                let Some(file) = self.files.get(&name) else {
                    continue;
                };
                let old = file.disk.bytes.as_slice();
                let parts = |other: &&FileId| new(other).unwrap_or(old) != file.bytes;
                if let Some(&other) = names.iter().find(parts) {
                    let other = &index.file(other).path;
                    let reason = format!("the same file is `{other}`, where this would be wrong");
                    wrong.extend(file.members.iter().map(|&at| (at, reason.clone())));
                }
            }
        }
        wrong
    }

    fn finish(self, planned: &BTreeSet<usize>) -> FixRun {
        let mut run = FixRun::default();
        let mut refused = BTreeSet::new();
        for (at, one) in self.moves.iter().enumerate() {
            if self.is_made(at) && self.groups.is_string(at, one) {
                run.sites += 1;
            } else if self.is_made(at) {
                run.applied += one.findings.len();
                run.fixed.extend(&one.findings);
                run.sites += 1;
            } else if let (true, Some(reason)) = (planned.contains(&at), &self.refused[at])
                && !self.groups.is_string(at, one)
            {
                refused.extend(one.findings.iter().map(|&at| (at, reason.clone())));
            }
        }
        run.fixed.sort_unstable();
        run.refused = refused.into_iter().collect();
        for (id, file) in self.files {
            if file.bytes == file.disk.bytes {
                continue;
            }
            let path = &self.project.index.file(id).path;
            run.contents.push(NewContents {
                path: PathBuf::from(&**path),
                original: Some(file.disk.bytes),
                bytes: Some(file.bytes),
            });
        }
        run
    }
}
