//! Planning: from the moves that findings ask for to the edits they are shown with, or to why there are none.
//!
//! Owns what a finding says of its repair. Files are read again here; nothing is written.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::apply::replaceable;
use super::edit::{TextEdit, apply_edits};
use super::judge::Judge;
use super::moves::{self, Move};
use super::outside::Outside;
use super::patched::{self, Groups};
use super::pending::Pending;
use super::target::Target;
use super::{delete, differ, through};
use crate::config::Config;
use crate::diagnostic::{Applicability, Edit, Finding, Fix, Site};
use crate::facts::{ScopeId, ScopeKind};
use crate::graph::imports::ImportGraph;
use crate::index::{Entity, FileId, Index, ModuleRef, SymbolId};
use crate::source::{self, SourceText};

/// What planning and fixing look at.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// The folder that paths are relative to.
    pub root: &'a Path,
    /// Files, modules, names.
    pub index: &'a Index,
    /// Who imports whom.
    pub imports: &'a ImportGraph,
    /// The rules.
    pub config: &'a Config,
    /// What earlier passes have made of the tree: the facts are those of these contents.
    pub pending: &'a Pending,
}

/// A file as it lies on disk, or will after earlier passes.
#[derive(Debug)]
pub(super) struct OnDisk {
    pub(super) bytes: Vec<u8>,
    pub(super) source: SourceText,
}

impl Project<'_> {
    /// The bytes of a file; refuses one that could not be written back.
    pub(super) fn raw(&self, file: FileId) -> Result<Vec<u8>, String> {
        let path = Path::new(&*self.index.file(file).path);
        let root = self.root.canonicalize();
        let root = root.as_deref().unwrap_or(self.root);
        replaceable(root, path).map_err(|obstacle| format!("the file {obstacle}"))?;
        let bytes = self
            .pending
            .read(self.root, path)
            .map_err(|error| format!("the file cannot be read: {error}"))?;
        Ok(bytes.into_owned())
    }

    /// The same as text; refuses what is not what was analysed, too.
    pub(super) fn read(&self, file: FileId) -> Result<OnDisk, String> {
        let entry = self.index.file(file);
        let bytes = self.raw(file)?;
        let source = source::decode(bytes.clone(), entry.language);
        if source.problem.is_some() {
            return Err("the file cannot be decoded".to_owned());
        }
        if !moves::is_analysed(&entry.facts, &source.text) {
            return Err("the file changed since it was analysed".to_owned());
        }
        Ok(OnDisk { bytes, source })
    }
}

/// Gives each finding that a move would repair its fix, or says why it has none.
///
/// The edits of safe fixes fit together, and so do those of all unsafe ones with what is safe beside them; where
/// imports are sorted again, one edit does all of that for each.
pub fn plan(project: &Project<'_>, findings: &mut [Finding]) {
    let (mut moves, contradictory) = moves::collect(project.index, findings);
    let groups = Groups::form(project, &mut moves);
    let targets: Vec<Target> = moves
        .iter()
        .map(|one| Target::of(project.index, one))
        .collect();
    let mut answers = judge(project, &groups, &moves, &targets);
    let mut files: FxHashMap<FileId, Vec<usize>> = FxHashMap::default();
    for (at, one) in moves.iter().enumerate() {
        if answers[at].is_none() {
            files.entry(one.relocation.file).or_default().push(at);
        }
    }
    let outside = Outside::of(project, &moves);
    let planned: Vec<_> = files
        .into_par_iter()
        .flat_map_iter(|(file, members)| plan_file(project, &outside, file, &moves, &members))
        .collect();
    for (at, answer) in planned {
        answers[at] = Some(answer);
    }
    for group in groups.all() {
        let failed = group.iter().find_map(|&at| match &answers[at] {
            Some(Err(reason)) => Some((at, reason.clone())),
            _ => None,
        });
        let Some((failed, reason)) = failed else {
            continue;
        };
        let mates = group.iter().map(|&at| &moves[at]);
        let reason = patched::left(project.index, mates, &moves[failed], &reason);
        for &at in group {
            if matches!(answers[at], Some(Ok(_))) {
                answers[at] = Some(Err(reason.clone()));
            }
        }
    }
    for (at, reason) in contradictory {
        findings[at].refusal = Some(reason);
    }
    for (at, ((one, target), answer)) in moves.iter().zip(&targets).zip(answers).enumerate() {
        let answer = answer.unwrap_or_else(|| Err("it could not be planned".to_owned()));
        let answer = answer.map(|(edits, is_renamed)| Fix {
            applicability: if one.is_safe() && !delete::renames(one, &edits) {
                Applicability::Safe
            } else {
                Applicability::Unsafe
            },
            message: if delete::is_deletion(one) {
                delete::message(one, &edits)
            } else {
                message(project.index, one, target, is_renamed)
            },
            deletes: if delete::is_deletion(one) && edits.is_empty() {
                deleted(project.index, one)
            } else {
                Vec::new()
            },
            edits,
        });
        for &finding in &one.findings {
            match &answer {
                Ok(fix) => match &mut findings[finding].fix {
                    Some(known) => known.add(fix),
                    none => *none = Some(fix.clone()),
                },
                // Those that it goes with say why.
                Err(_) if groups.is_string(at, one) => {}
                Err(reason) => findings[finding].refusal = Some(reason.clone()),
            }
        }
    }
}

/// A planned move: its edits and whether uses take a new name, or why there are none.
type Answer = Result<(Vec<Edit>, bool), String>;

/// What the project as a whole has against moves.
fn judge(
    project: &Project<'_>,
    groups: &Groups,
    moves: &[Move],
    targets: &[Target],
) -> Vec<Option<Answer>> {
    let mut answers: Vec<Option<Answer>> = vec![None; moves.len()];
    if moves.is_empty() {
        return answers;
    }
    let mut judge = Judge::new(project, groups);
    for ((one, target), answer) in moves.iter().zip(targets).zip(&mut answers) {
        *answer = judge.refusal(one, target).map(Err);
    }
    let deletions: Vec<(usize, &Move)> = moves
        .iter()
        .enumerate()
        .filter(|(_, one)| delete::is_deletion(one))
        .collect();
    let modules: Vec<&Move> = deletions.iter().map(|(_, one)| *one).collect();
    for (&(at, _), work) in deletions.iter().zip(delete::judge(project, &modules)) {
        answers[at] = Some(work.map(|work| (work.edits(), false)));
    }
    for safe_only in [true, false] {
        let together: Vec<(usize, &Move, &Target)> = moves
            .iter()
            .zip(targets)
            .enumerate()
            .filter(|(at, (one, _))| answers[*at].is_none() && (one.is_safe() || !safe_only))
            .map(|(at, (one, target))| (at, one, target))
            .collect();
        for (at, reason) in judge.unpublished(&together) {
            if moves[at].is_safe() == safe_only {
                answers[at] = Some(Err(reason));
            }
        }
    }
    answers
}

/// Plans the moves `members` of one file: the safe ones by themselves, the unsafe ones with them.
fn plan_file(
    project: &Project<'_>,
    outside: &Outside,
    file: FileId,
    moves: &[Move],
    members: &[usize],
) -> Vec<(usize, Answer)> {
    let disk = match project.read(file) {
        Ok(disk) => disk,
        Err(reason) => {
            return members
                .iter()
                .map(|&at| (at, Err(reason.clone())))
                .collect();
        }
    };
    let (safe, other): (Vec<usize>, Vec<usize>) =
        members.iter().partition(|&&at| moves[at].is_safe());
    let mut answers = plan_together(project, outside, file, &disk, moves, &safe);
    if !other.is_empty() {
        let all = plan_together(project, outside, file, &disk, moves, members);
        answers.extend(all.into_iter().filter(|(at, _)| !moves[*at].is_safe()));
    }
    answers
}

fn plan_together(
    project: &Project<'_>,
    outside: &Outside,
    file: FileId,
    disk: &OnDisk,
    moves: &[Move],
    members: &[usize],
) -> Vec<(usize, Answer)> {
    if members.is_empty() {
        return Vec::new();
    }
    let chosen: Vec<&Move> = members.iter().map(|&at| &moves[at]).collect();
    let style = project.config.project.import_style;
    let (changes, order) = moves::changes(project.index, outside, file, style, &chosen);
    let entry = project.index.file(file);
    let rewritten = entry.language.rewrite(&disk.source.text, &changes);
    let new_text = apply_edits(&disk.source.text, &rewritten.edits);
    let unwritable = disk.source.encode(&new_text).err();
    let answers = moves::answers(&rewritten, &order);
    let renamed: Vec<usize> = rewritten
        .renamed
        .iter()
        .map(|&change| members[order[change]])
        .collect();
    members
        .iter()
        .zip(answers)
        .map(|(&at, answer)| {
            let answer = answer.and_then(|edits| match &unwritable {
                Some(error) => Err(error.to_string()),
                None if edits.is_empty() => Err("the file has this import already".to_owned()),
                None => {
                    let edits = edits
                        .iter()
                        .map(|&edit| on_disk(&entry.path, &disk.source, &rewritten.edits[edit]));
                    Ok((edits.collect(), renamed.contains(&at)))
                }
            });
            (at, answer)
        })
        .collect()
}

/// The paths of the files that a move deletes.
fn deleted(index: &Index, one: &Move) -> Vec<Arc<str>> {
    let files = delete::files(index, &one.relocation.to.module);
    let paths = files.into_iter().map(|file| &index.file(file).path);
    paths.map(Arc::clone).collect()
}

/// An edit of the text as one of the file's bytes.
fn on_disk(path: &Arc<str>, source: &SourceText, edit: &TextEdit) -> Edit {
    Edit {
        path: Arc::clone(path),
        start: source.to_disk_offset(edit.span.start),
        end: source.to_disk_offset(edit.span.end),
        content: edit.content.clone(),
    }
}

/// What a fix does, and what it may change.
fn message(index: &Index, one: &Move, target: &Target, is_renamed: bool) -> String {
    let relocation = &one.relocation;
    let mut message = match &target.name {
        None => format!("import `{}`", target.path),
        Some(name) => {
            let verb = match relocation.site {
                Site::Use(..) => "use",
                Site::Import(_) | Site::Star(_) => "import",
                Site::Removal(_) => return format!("remove `{name}`, which nothing uses"),
                Site::Text(_) => "name",
                Site::Definition(_) | Site::Module => "replace the definition by an import of",
            };
            format!("{verb} `{name}` from `{}`", target.path)
        }
    };
    if is_renamed {
        message.push_str(" and call it by that name");
    }
    if one.is_safe() {
        return message;
    }
    let (now, then) = (present(index, one), target.bound(index).entities);
    message.push_str(if now == then {
        ", perhaps another object"
    } else {
        ", another object"
    });
    if let Some(difference) = differ::difference(index, &now, &then) {
        message.push_str(": ");
        message.push_str(&difference);
    }
    if let Some(module) = left_behind(index, one, target) {
        message.push_str("; `");
        message.push_str(&module);
        message.push_str("` runs code when it is imported, and this would not import it");
    }
    message
}

/// What the site is now.
pub(super) fn present(index: &Index, one: &Move) -> Vec<Entity> {
    let file = one.relocation.file;
    match one.relocation.site {
        Site::Import(_) => one
            .import(index)
            .and_then(|import| import.binding)
            .map_or_else(Vec::new, |binding| {
                index.binding_entities(SymbolId { file, binding }).0
            }),
        Site::Use(span, _) => through::starting_at(index, file, span.start)
            .find_map(|reference| through::steps(index, file, reference).pop())
            .and_then(|(place, name)| match place {
                through::Place::Module(module) => Some(index.member(module, name).entities),
                through::Place::External(_) => None,
            })
            .unwrap_or_default(),
        Site::Star(_) => index.free_name(file, &one.relocation.local).entities,
        Site::Module | Site::Text(_) => Vec::new(),
        Site::Definition(binding) | Site::Removal(binding) => {
            vec![Entity::Symbol(SymbolId { file, binding })]
        }
    }
}

/// The module that the site imports now, where that runs more than definitions and the target does not import it.
fn left_behind(index: &Index, one: &Move, target: &Target) -> Option<String> {
    let ModuleRef::Known(old) = index.imported_module(one.relocation.file, one.import_id()?) else {
        return None;
    };
    if target
        .loaded
        .is_some_and(|loaded| index.modules.is_below(loaded, old))
    {
        return None;
    }
    let facts = index.facts(index.module(old).file?);
    let at_import = |scope: ScopeId| facts.scopes[scope.index()].kind != ScopeKind::Function;
    facts
        .calls
        .iter()
        .any(|call| at_import(call.callee.scope))
        .then(|| index.module(old).name.to_string())
}
