//! Names that tests replace by a dotted string, and the moves that take such strings along.
//!
//! `mock.patch("a.b.f")` replaces the global `f` of `a.b`: for whoever reads it there when it is called. Where all of
//! those move to one place, and nobody else reads the name at that place, the string can move with them; all of these
//! moves are made, or none. Owns finding such strings; their rewriting is the language's.

use rustc_hash::{FxHashMap, FxHashSet};

use super::moves::Move;
use super::plan::Project;
use super::through::{self, By, Patch, Patches, Place};
use crate::config::SymbolPath;
use crate::diagnostic::{Relocation, Site};
use crate::facts::{ImportId, ImportTarget, Root, When};
use crate::index::{Entity, FileId, Index, ModuleId, ModuleRef, SymbolId};

/// A name that is read from a module.
type Name = (Place, String);

/// A place that reads a name when functions run: a file, and where in it.
type Reader = (FileId, u32);

/// Moves that are made together or not at all.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The names that are replaced by strings that move.
    names: FxHashSet<Name>,
    /// Moves by number, strings included.
    members: Vec<Vec<usize>>,
    of: FxHashMap<usize, usize>,
}

impl Groups {
    /// Adds to `moves` those of strings that can go with them.
    pub(super) fn form(project: &Project<'_>, moves: &mut Vec<Move>) -> Self {
        let index = project.index;
        let mut groups = Self::default();
        if moves.is_empty() {
            return groups;
        }
        let patches = Patches::collect(index);
        if !patches.any_string() {
            return groups;
        }
        let mut wanted: FxHashMap<Name, Vec<usize>> = FxHashMap::default();
        for (at, one) in moves.iter().enumerate() {
            for read in reads(index, one).into_iter().filter(|read| read.is_late) {
                let name = read.name;
                if patches.find(&name.0, &name.1, true, true).is_some() {
                    let members: &mut Vec<usize> = wanted.entry(name).or_default();
                    if members.last() != Some(&at) {
                        members.push(at);
                    }
                }
            }
        }
        let mut wanted: Vec<(Name, Vec<usize>)> = wanted.into_iter().collect();
        wanted.sort_by(|a, b| a.1.cmp(&b.1));
        if wanted.is_empty() {
            return groups;
        }
        let readers = Readers::collect(index, &names_at_stake(index, &wanted, moves));
        for (name, members) in wanted {
            // A move through several patched names is for people to sort out.
            if members.iter().any(|at| groups.of.contains_key(at)) {
                continue;
            }
            if let Some(strings) = movable(project, &readers, &patches, &name, &members, moves) {
                groups.add(name, members, strings, moves);
            }
        }
        groups
    }

    fn add(
        &mut self,
        name: Name,
        mut members: Vec<usize>,
        strings: Vec<Relocation>,
        moves: &mut Vec<Move>,
    ) {
        let mut findings: Vec<usize> = members
            .iter()
            .flat_map(|&at| moves[at].findings.iter().copied())
            .collect();
        findings.sort_unstable();
        findings.dedup();
        for relocation in strings {
            members.push(moves.len());
            moves.push(Move {
                relocation,
                findings: findings.clone(),
            });
        }
        for &at in &members {
            self.of.insert(at, self.members.len());
        }
        self.members.push(members);
        self.names.insert(name);
    }

    /// Whether all that replaces a name moves with its readers.
    pub(super) fn covers(&self, name: &Name) -> bool {
        self.names.contains(name)
    }

    /// The moves that stand and fall with one.
    pub(super) fn mates(&self, at: usize) -> &[usize] {
        self.of.get(&at).map_or(&[], |&group| &self.members[group])
    }

    /// Each group's moves.
    pub(super) fn all(&self) -> &[Vec<usize>] {
        &self.members
    }

    /// Whether a move is a string's, which repairs nothing by itself.
    pub(super) fn is_string(&self, at: usize, one: &Move) -> bool {
        matches!(one.relocation.site, Site::Text(_)) && self.of.contains_key(&at)
    }
}

/// Why a move must stay while the text at a place stays.
pub(super) fn replaced_by(index: &Index, file: FileId, at: u32) -> String {
    let file = index.file(file);
    let line = file.facts.lines.line(at);
    format!("{}:{line} replaces it by its old path", file.path)
}

/// Why the moves of a group must stay when `failed`, one of them, must.
pub(super) fn left<'m>(
    index: &Index,
    mut group: impl Iterator<Item = &'m Move>,
    failed: &Move,
    reason: &str,
) -> String {
    let place = |one: &Move| match one.relocation.site {
        Site::Text(span) => Some(replaced_by(index, one.relocation.file, span.start)),
        _ => None,
    };
    match place(failed) {
        Some(words) => format!("{words}: {reason}"),
        None => group.find_map(place).unwrap_or_default(),
    }
}

/// One read of a name from a module, by a site that moves.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) name: Name,
    /// Where it stands in the file.
    at: u32,
    /// Whether it may happen when functions run.
    pub(super) is_late: bool,
    /// Whether the site is the import of the whole module that it is read from.
    is_through: bool,
    /// Whether it is not read, but replaced, through the module that the site imports.
    is_replaced: bool,
}

/// What a site reads of modules: itself, or those who read through the module that it imports.
pub(super) fn reads(index: &Index, one: &Move) -> Vec<Read> {
    let file = one.relocation.file;
    let late = |at: u32, name: (Place, &str), is_through| Read {
        name: (name.0, name.1.to_owned()),
        at,
        is_late: true,
        is_through,
        is_replaced: false,
    };
    match one.relocation.site {
        Site::Use(span, _) => through::starting_at(index, file, span.start)
            .flat_map(|reference| through::steps(index, file, reference))
            .map(|name| late(span.start, name, false))
            .collect(),
        Site::Import(id) => {
            let facts = index.facts(file);
            let import = &facts.imports[id.index()];
            let own = imported(index, file, id).map(|name| Read {
                name,
                at: import.alias.start,
                is_late: import.when == When::Deferred,
                is_through: false,
                is_replaced: false,
            });
            let mut reads: Vec<Read> = own.into_iter().collect();
            let (Some(module), Some(binding)) = (module_of(index, file, id), import.binding) else {
                return reads;
            };
            for reference in through::references(index, file) {
                let Root::Bound(set) = reference.root else {
                    continue;
                };
                if facts.binding_set(set).contains(&binding) {
                    let steps = through::steps(index, file, reference).into_iter();
                    let below = steps.filter(|(place, _)| match place {
                        Place::Module(one) => index.modules.is_below(*one, module),
                        Place::External(_) => false,
                    });
                    reads.extend(below.map(|name| {
                        let is_through = name.0 == Place::Module(module);
                        late(reference.span.start, name, is_through)
                    }));
                }
            }
            let replaced = through::replaced_through(index, file, id).into_iter();
            reads.extend(replaced.map(|(place, name, at)| Read {
                is_through: place == Place::Module(module),
                name: (place, name),
                at,
                is_late: true,
                is_replaced: true,
            }));
            reads
        }
        Site::Star(_) | Site::Definition(_) | Site::Removal(_) | Site::Module | Site::Text(_) => {
            Vec::new()
        }
    }
}

/// The module of the project that an import imports as a whole.
fn module_of(index: &Index, file: FileId, id: ImportId) -> Option<ModuleId> {
    let import = &index.facts(file).imports[id.index()];
    let entity = match import.target {
        ImportTarget::Star => return None,
        ImportTarget::Module => match index.imported_module(file, id) {
            ModuleRef::Known(module) => return Some(module),
            _ => return None,
        },
        ImportTarget::ModuleAs | ImportTarget::Name(_) => {
            let binding = import.binding?;
            index.binding_entities(SymbolId { file, binding }).0
        }
    };
    match entity[..] {
        [Entity::Module(module)] => Some(module),
        _ => None,
    }
}

/// The name that a `from` import reads.
fn imported(index: &Index, file: FileId, id: ImportId) -> Option<Name> {
    let facts = index.facts(file);
    let import = &facts.imports[id.index()];
    let ImportTarget::Name(name) = import.target else {
        return None;
    };
    let place = match index.imported_module(file, id) {
        ModuleRef::Known(module) => Place::Module(module),
        _ => Place::External(facts.name(import.module).to_owned()),
    };
    Some((place, facts.name(name).to_owned()))
}

/// Where the moves that read a name lead, if all lead to one place of the project.
fn goal(
    index: &Index,
    name: &Name,
    members: &[usize],
    moves: &[Move],
) -> Option<(ModuleId, SymbolPath)> {
    let mut goals = members.iter().map(|&at| {
        let one = &moves[at];
        let mut reads = reads(index, one).into_iter();
        let read = reads.find(|read| read.name == *name)?;
        Some(if read.is_through {
            SymbolPath {
                module: one.dotted(),
                name: name.1.clone(),
            }
        } else {
            one.relocation.to.clone()
        })
    });
    let first = goals.next()??;
    let module = index.modules.by_name(&first.module)?;
    let same = goals.all(|other| other.as_ref() == Some(&first));
    same.then_some((module, first))
}

/// The patched names, and those that they would become.
fn names_at_stake(index: &Index, wanted: &[(Name, Vec<usize>)], moves: &[Move]) -> FxHashSet<Name> {
    let mut names: FxHashSet<Name> = wanted.iter().map(|(name, _)| name.clone()).collect();
    let goals = wanted
        .iter()
        .filter_map(|(name, at)| goal(index, name, at, moves));
    names.extend(goals.map(|(module, to)| (Place::Module(module), to.name)));
    names
}

/// Who reads names of modules late.
#[derive(Debug, Default)]
pub(super) struct Readers(FxHashMap<Name, FxHashSet<Reader>>);

impl Readers {
    /// The readers of `names`.
    pub(super) fn collect(index: &Index, names: &FxHashSet<Name>) -> Self {
        let mut all: FxHashMap<Name, FxHashSet<Reader>> = FxHashMap::default();
        let words: FxHashSet<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
        for file in index.file_ids() {
            let facts = index.facts(file);
            if !facts.names.iter().any(|name| words.contains(name)) {
                continue;
            }
            let mut note = |name: Name, at: u32| {
                if names.contains(&name) {
                    all.entry(name).or_default().insert((file, at));
                }
            };
            for reference in through::references(index, file) {
                for (place, name) in through::steps(index, file, reference) {
                    if words.contains(name) {
                        note((place, name.to_owned()), reference.span.start);
                    }
                }
            }
            for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
                if import.when == When::Deferred
                    && let Some(name) = imported(index, file, id)
                {
                    note(name, import.alias.start);
                }
            }
        }
        Self(all)
    }

    /// The files that read a name, each as often as it does; sorted.
    pub(super) fn files_of(&self, name: &Name) -> Vec<FileId> {
        let readers = self.0.get(name).into_iter().flatten();
        let mut files: Vec<FileId> = readers.map(|(file, _)| *file).collect();
        files.sort_unstable();
        files
    }
}

/// The moves of all strings that replace `name`, if they can go with `members`.
fn movable(
    project: &Project<'_>,
    readers: &Readers,
    patches: &Patches,
    name: &Name,
    members: &[usize],
    moves: &[Move],
) -> Option<Vec<Relocation>> {
    let index = project.index;
    let Place::Module(module) = name.0 else {
        return None;
    };
    let (target, to) = goal(index, name, members, moves)?;
    let new: Name = (Place::Module(target), to.name.clone());
    let own: FxHashSet<Reader> = members
        .iter()
        .flat_map(|&at| {
            let file = moves[at].relocation.file;
            let reads = reads(index, &moves[at]).into_iter();
            reads
                .filter(|read| read.name == *name && read.is_late && !read.is_replaced)
                .map(move |read| (file, read.at))
        })
        .collect();
    let all_move = readers.0.get(name) == Some(&own);
    let is_free = !readers.0.contains_key(&new) && patches.of(&new).is_empty();
    let is_known = !patches.any_of(&name.0) && !patches.any_of(&new.0);
    let patches = patches.of(name);
    let by_string = patches
        .iter()
        .all(|one| one.is_whole && one.text.is_some() && one.by != By::Doubtful);
    if target == module
        || !all_move
        || !is_free
        || !is_known
        || !by_string
        || reads_itself(project, module, &name.1)
        || reads_itself(project, target, &to.name)
        || is_handed_on(project, module)
    {
        return None;
    }
    let first = &moves[*members.first()?].relocation;
    let mut strings = Vec::new();
    for patch in patches {
        let facts = index.facts(patch.file);
        let mut with_it = (0..moves.len()).filter(|&at| brings(index, &moves[at], patch));
        match with_it.next() {
            Some(at) if !members.contains(&at) || with_it.next().is_some() => return None,
            Some(_) => continue,
            None => {}
        }
        strings.push(Relocation {
            file: patch.file,
            site: Site::Text(patch.span),
            to: to.clone(),
            local: facts.name(patch.text?).to_owned(),
            same_object: first.same_object,
            vouched: first.vouched,
        });
    }
    Some(strings)
}

/// Whether a move is that of the import whose module a call replaces a name of: the call then goes along by itself.
fn brings(index: &Index, one: &Move, patch: &Patch) -> bool {
    let Site::Import(id) = one.relocation.site else {
        return false;
    };
    patch.by == By::Object && one.relocation.file == patch.file && {
        let replaced = through::replaced_through(index, patch.file, id);
        replaced.iter().any(|(.., at)| *at == patch.span.start)
    }
}

/// Whether a module's own functions read one of its names.
fn reads_itself(project: &Project<'_>, module: ModuleId, name: &str) -> bool {
    let Some(file) = project.index.module(module).file else {
        return false;
    };
    let language = project.index.file(file).language;
    let text = project.read(file).map(|disk| disk.source.text);
    !text.is_ok_and(|text| !language.uses(&text, name).late)
}

/// Whether a module may be read as an object that somebody was given.
fn is_handed_on(project: &Project<'_>, module: ModuleId) -> bool {
    let index = project.index;
    index.file_ids().any(|file| {
        let facts = index.facts(file);
        let mut locals = facts.imports.iter().filter_map(|import| {
            let binding = import.binding?;
            let (entities, ..) = index.binding_entities(SymbolId { file, binding });
            let is_it = entities.contains(&Entity::Module(module));
            is_it.then(|| facts.name(facts.bindings[binding.index()].name))
        });
        locals.any(|local| {
            let language = index.file(file).language;
            let text = project.read(file).map(|disk| disk.source.text);
            !text.is_ok_and(|text| !language.uses(&text, local).bare)
        })
    })
}
