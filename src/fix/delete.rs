//! Deleting retired modules that nothing uses any more.
//!
//! Owns which files go with a module, what speaks against it, and the proof that nothing in the project misses them.
//! That nothing imports the module is for the check to say; here texts are searched for its name as well.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::apply::NewContents;
use super::entry_points;
use super::links::{Links, is_link};
use super::mentions::mentions;
use super::moves::Move;
use super::plan::Project;
use super::through;
use crate::diagnostic::{Edit, Site};
use crate::facts::{ImportId, hash_name};
use crate::index::{FileId, Index, ModuleRef, SymbolId};

/// The files of a module and of everything below it, shadowed ones and stubs included.
pub(super) fn files(index: &Index, module: &str) -> Vec<FileId> {
    let Some(id) = index.modules.by_name(module) else {
        return Vec::new();
    };
    let modules = index.modules.all();
    let mut files: Vec<FileId> = modules[id.index()..]
        .iter()
        .take_while(|one| one.name.starts_with(module))
        .filter(|one| {
            let rest = &one.name[module.len()..];
            rest.is_empty() || rest.starts_with('.')
        })
        .flat_map(|one| {
            let files = one.file.into_iter().chain(one.stub);
            files.chain(one.shadowed.iter().copied())
        })
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}

/// What is to be done about a module that nothing imports.
pub(super) enum Work {
    /// Its files go.
    Delete(Vec<NewContents>),
    /// Entry points name its successor first.
    Rename(Vec<NewContents>),
}

impl Work {
    /// What shows of it as edits of texts.
    pub(super) fn edits(&self) -> Vec<Edit> {
        match self {
            Self::Delete(_) => Vec::new(),
            Self::Rename(contents) => contents.iter().filter_map(edit).collect(),
        }
    }
}

/// The one edit that makes a file's new bytes of its old ones.
fn edit(new: &NewContents) -> Option<Edit> {
    let old = std::str::from_utf8(new.original.as_deref()?).ok()?;
    let now = std::str::from_utf8(new.bytes.as_deref()?).ok()?;
    let same = |(a, b): &(char, char)| a == b;
    let common = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        pairs.take_while(same).map(|(ch, _)| ch.len_utf8()).sum()
    };
    let head = common(&mut old.chars().zip(now.chars()));
    let mut behind = old[head..].chars().rev().zip(now[head..].chars().rev());
    let tail = common(&mut behind);
    Some(Edit {
        path: new.path.to_string_lossy().replace('\\', "/").into(),
        start: head as u32,
        end: (old.len() - tail) as u32,
        content: now[head..now.len() - tail].to_owned(),
    })
}

/// Whether a deletion with these edits only changes entry points yet.
pub(super) fn renames(one: &Move, edits: &[Edit]) -> bool {
    is_deletion(one) && !edits.is_empty()
}

/// What is to be done, in words.
pub(super) fn message(one: &Move, edits: &[Edit]) -> String {
    let to = &one.relocation.to;
    match edits {
        [] => format!("delete `{}`, which nothing uses", to.module),
        [first, ..] => format!(
            "name `{}` in place of `{}` in `{}`",
            to.name, to.module, first.path
        ),
    }
}

/// What is to be done about each of `moves`, all of them deletions, or why the module must stay.
pub(super) fn judge(project: &Project<'_>, moves: &[&Move]) -> Vec<Result<Work, String>> {
    let modules: Vec<(&str, Vec<FileId>)> = moves
        .iter()
        .map(|one| one.relocation.to.module.as_str())
        .map(|module| (module, files(project.index, module)))
        .collect();
    let mentions = mentions(project, &modules);
    let links = match moves {
        [] => Links::default(),
        _ => Links::of(project),
    };
    moves
        .iter()
        .zip(modules)
        .zip(mentions)
        .map(|((one, (_, files)), place)| judge_one(project, &links, one, &files, place))
        .collect()
}

fn judge_one(
    project: &Project<'_>,
    links: &Links,
    one: &Move,
    files: &[FileId],
    mention: Option<String>,
) -> Result<Work, String> {
    let index = project.index;
    let module = one.relocation.to.module.as_str();
    if let Some(reason) = exported(index, module) {
        return Err(reason);
    }
    if let Some(reason) = company(project, module, files) {
        return Err(reason);
    }
    let successor = one.relocation.to.name.as_str();
    if !successor.is_empty() {
        let renamed = entry_points::moved(project, module, successor)?;
        if !renamed.is_empty() {
            return Ok(Work::Rename(renamed));
        }
    }
    if let Some(place) = mention {
        return Err(format!("{place} names it"));
    }
    let gone: Result<Vec<NewContents>, String> = files
        .iter()
        .map(|&file| {
            let path = PathBuf::from(&*index.file(file).path);
            if is_link(project.root, &path) {
                return Err("it is a symbolic link".to_owned());
            }
            if let Some(link) = links.other(file) {
                return Err(format!("`{}` leads to it", index.file(link).path));
            }
            Ok(NewContents {
                original: Some(project.raw(file)?),
                path,
                bytes: None,
            })
        })
        .collect();
    gone.map(Work::Delete)
}

/// Carries out those of `moves`, all of them deletions, that nothing in the project would miss: what goes, and what
/// became of each.
pub(super) fn carry_out(
    project: &Project<'_>,
    moves: &[Move],
) -> (Vec<NewContents>, Vec<Result<(), String>>) {
    let index = project.index;
    let mut contents: Vec<NewContents> = Vec::new();
    let mut gone: FxHashSet<FileId> = FxHashSet::default();
    let mut answers = Vec::with_capacity(moves.len());
    let all: Vec<&Move> = moves.iter().collect();
    for (one, work) in moves.iter().zip(judge(project, &all)) {
        let answer = work.and_then(|work| {
            let new = match work {
                Work::Delete(new) => new,
                Work::Rename(new) => {
                    contents.extend(new);
                    return Ok(());
                }
            };
            let mut with = gone.clone();
            with.extend(files(index, &one.relocation.to.module));
            if let Some(reason) = missed(index, &with) {
                return Err(reason);
            }
            gone = with;
            contents.extend(new);
            Ok(())
        });
        answers.push(answer);
    }
    contents.sort_by(|a, b| a.path.cmp(&b.path));
    contents.dedup();
    (contents, answers)
}

/// A package that lists the module in `__all__`: a star import loads it.
fn exported(index: &Index, module: &str) -> Option<String> {
    let (parent, last) = module.rsplit_once('.')?;
    let package = index.modules.by_name(parent)?;
    let facts = index.facts(index.module(package).file?);
    let exports = facts.exports.as_ref()?;
    let lists = exports.contains(&facts.names, last, hash_name(last));
    lists.then(|| format!("`{parent}` lists it in `__all__`"))
}

/// Other files in the folder of a package, which would be left without it.
fn company(project: &Project<'_>, module: &str, files: &[FileId]) -> Option<String> {
    let index = project.index;
    let id = index.modules.by_name(module)?;
    let entry = index.module(id);
    if !entry.is_package {
        return None;
    }
    let own: FxHashSet<&Path> = files
        .iter()
        .map(|&file| Path::new(&*index.file(file).path))
        .collect();
    let mut open = vec![PathBuf::from(&*entry.stem)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(project.root.join(&folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            if entry.file_name() == "__pycache__" || own.contains(&*path) {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path);
            } else {
                let path = path.to_string_lossy().replace('\\', "/");
                return Some(format!("`{path}` stands beside it"));
            }
        }
    }
    None
}

/// What would no longer resolve without the files `gone`.
fn missed(old: &Index, gone: &FxHashSet<FileId>) -> Option<String> {
    let new = old.without(gone);
    let kept = old.file_ids().filter(|file| !gone.contains(file));
    for (before, now) in kept.zip(new.file_ids()) {
        let facts = old.facts(before);
        let place = |at: u32| format!("{}:{}", old.file(before).path, facts.lines.line(at));
        for (at, import) in facts.imports.iter().enumerate() {
            let is_lost = |index: &Index, file: FileId| {
                let module = index.imported_module(file, ImportId(at as u32));
                let name = import.binding.map(|binding| {
                    let (entities, unknown, is_missing) =
                        index.binding_entities(SymbolId { file, binding });
                    is_missing || (entities.is_empty() && unknown.is_none())
                });
                module == ModuleRef::Missing || name == Some(true)
            };
            if is_lost(&new, now) && !is_lost(old, before) {
                return Some(format!("{} imports it", place(import.alias.start)));
            }
        }
        let references = through::references(old, before).zip(through::references(&new, now));
        for (one, same) in references {
            let leads = |index: &Index, file: FileId, reference| {
                let found = index.reference(file, reference);
                !found.entities.is_empty() || !found.externals.is_empty() || found.unknown.is_some()
            };
            if leads(old, before, one) && !leads(&new, now, same) {
                return Some(format!("{} reads it", place(one.span.start)));
            }
        }
    }
    None
}

/// Whether a move deletes a module.
pub(super) fn is_deletion(one: &Move) -> bool {
    one.relocation.site == Site::Module
}
