//! The moves that findings ask for: one for each site, and how a file's moves are put to its language.
//!
//! Owns the grouping only; whether a move is wise is judged elsewhere.

use std::collections::BTreeMap;

use crate::diagnostic::{Finding, Relocation, Site};
use crate::facts::{FileFacts, Import, ImportId, ImportTarget, When};
use crate::fix::edit::{
    AddImport, FileChanges, ImportStyle, MoveImport, MoveUse, RemoveDefinition, RenameText,
    ReplaceDefinition, Rewritten,
};
use crate::fix::outside::Outside;
use crate::fix::through;
use crate::index::{FileId, Index};

/// One move of one site.
#[derive(Clone, Debug)]
pub struct Move {
    /// What is to be done.
    pub relocation: Relocation,
    /// The findings that ask for it, by their place.
    pub findings: Vec<usize>,
}

impl Move {
    /// Whether the file may be sure of its object: it is proven the same, or a rule vouches for it.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        let is_definition = matches!(self.relocation.site, Site::Definition(_) | Site::Removal(_));
        !is_definition && (self.relocation.same_object || self.relocation.vouched)
    }

    /// The new path with dots alone.
    #[must_use]
    pub fn dotted(&self) -> String {
        let to = &self.relocation.to;
        match to.module.as_str() {
            "" => to.name.clone(),
            module => format!("{module}.{}", to.name),
        }
    }

    /// The import that the site is, or goes through; none for a definition.
    #[must_use]
    pub fn import_id(&self) -> Option<ImportId> {
        match self.relocation.site {
            Site::Import(id) | Site::Use(_, id) | Site::Star(id) => Some(id),
            Site::Definition(_) | Site::Removal(_) | Site::Module | Site::Text(_) => None,
        }
    }

    /// The same in the facts.
    #[must_use]
    pub fn import<'a>(&self, index: &'a Index) -> Option<&'a Import> {
        let imports = &index.facts(self.relocation.file).imports;
        self.import_id().map(|id| &imports[id.index()])
    }

    /// When the site runs; only definitions of modules are replaced.
    #[must_use]
    pub fn when(&self, index: &Index) -> When {
        self.import(index)
            .map_or(When::Import, |import| import.when)
    }
}

fn relocations(finding: &Finding) -> impl Iterator<Item = &Relocation> {
    finding.relocation.iter().chain(&finding.replacements)
}

/// The moves that `findings` ask for, by file and site, and the findings whose wishes contradict each other.
pub(super) fn collect(index: &Index, findings: &[Finding]) -> (Vec<Move>, Vec<(usize, String)>) {
    let mut sites: BTreeMap<(FileId, Site, &str), Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        for relocation in relocations(finding) {
            let key = (relocation.file, relocation.site, relocation.local.as_str());
            sites.entry(key).or_default().push(at);
        }
    }
    let mut moves = Vec::with_capacity(sites.len());
    let mut contradictory = Vec::new();
    for ((file, site, local), asking) in sites {
        let same =
            |one: &&Relocation| (one.file, one.site, one.local.as_str()) == (file, site, local);
        let relocations = || {
            let all = asking.iter().flat_map(|&at| relocations(&findings[at]));
            all.filter(same)
        };
        let Some(first) = relocations().next() else {
            continue;
        };
        let by_name = namesake(index, &relocations().collect::<Vec<_>>());
        let other = relocations().find(|other| other.to != first.to);
        if let (Some(other), None) = (other, by_name) {
            let reason = format!(
                "two rules move it to different places: `{}` and `{}`",
                first.to, other.to
            );
            contradictory.extend(asking.iter().map(|&at| (at, reason.clone())));
            continue;
        }
        let relocation = Relocation {
            same_object: relocations().any(|one| one.same_object),
            vouched: relocations().any(|one| one.vouched),
            ..by_name.unwrap_or(first).clone()
        };
        moves.push(Move {
            relocation,
            findings: asking,
        });
    }
    (moves, contradictory)
}

/// The one relocation that keeps the name that the site takes, where all lead to the object that it is: an object may
/// have several names, each with a home, and one home is enough.
fn namesake<'r>(index: &Index, relocations: &[&'r Relocation]) -> Option<&'r Relocation> {
    if !relocations.iter().all(|one| one.same_object) {
        return None;
    }
    let first = relocations.first()?;
    let facts = index.facts(first.file);
    let name = match first.site {
        Site::Import(id) => match facts.imports[id.index()].target {
            ImportTarget::Name(name) => facts.name(name),
            _ => return None,
        },
        Site::Use(span, _) => through::starting_at(index, first.file, span.start)
            .find_map(|reference| through::steps(index, first.file, reference).pop())
            .map(|(_, name)| name)?,
        Site::Star(_) => &first.local,
        _ => return None,
    };
    let mut namesakes = relocations.iter().filter(|one| one.to.name == name);
    let found = *namesakes.next()?;
    namesakes.all(|one| one.to == found.to).then_some(found)
}

/// A file's moves as its language takes them, and for each change, in the order they are numbered, its place in
/// `moves`.
pub(super) fn changes(
    index: &Index,
    outside: &Outside,
    file: FileId,
    style: ImportStyle,
    moves: &[&Move],
) -> (FileChanges, Vec<usize>) {
    let source = index.file(file);
    let mut changes = FileChanges {
        module: index
            .module_of(file)
            .map_or_else(String::new, |module| index.module(module).name.to_string()),
        is_package: source.language.module_file(&source.path).is_package,
        edition: index.edition(file).unwrap_or_default(),
        style,
        ..FileChanges::default()
    };
    let mut order: [Vec<usize>; 6] = Default::default();
    for (at, one) in moves.iter().enumerate() {
        let to = &one.relocation.to;
        let to_module = match index.module_of(file) {
            Some(here) => index.modules.spelled_from(here, &to.module),
            None => to.module.clone(),
        };
        let to_name = to.name.clone();
        match (one.relocation.site, one.import(index)) {
            (Site::Import(_), Some(import)) => {
                order[0].push(at);
                changes.moves.push(MoveImport {
                    alias: import.alias,
                    statement: import.statement,
                    to_module,
                    to_name,
                    may_rename: outside.may_rename(index, one),
                });
            }
            (Site::Use(use_span, _), Some(import)) => {
                order[1].push(at);
                changes.uses.push(MoveUse {
                    use_span,
                    import_alias: import.alias,
                    to_module,
                    to_name,
                });
            }
            (Site::Star(_), Some(import)) => {
                order[2].push(at);
                changes.additions.push(AddImport {
                    after_statement: import.statement,
                    to_module,
                    to_name,
                    local: one.relocation.local.clone(),
                });
            }
            (Site::Definition(binding), _) => {
                order[3].push(at);
                changes.replacements.push(ReplaceDefinition {
                    name: source.facts.bindings[binding.index()].span,
                    to_module,
                    to_name,
                    local: one.relocation.local.clone(),
                });
            }
            (Site::Removal(binding), _) => {
                order[4].push(at);
                changes.removals.push(RemoveDefinition {
                    name: source.facts.bindings[binding.index()].span,
                    local: one.relocation.local.clone(),
                });
            }
            (Site::Text(literal), _) => {
                order[5].push(at);
                changes.texts.push(RenameText {
                    literal,
                    from: one.relocation.local.clone(),
                    to: one.dotted(),
                });
            }
            (Site::Module, _) | (_, None) => {}
        }
    }
    (changes, order.concat())
}

/// Whether `facts` are those of `text`, as far as the layout of its lines tells.
pub(super) fn is_analysed(facts: &FileFacts, text: &str) -> bool {
    facts.lines == crate::span::LineIndex::new(text)
}

/// What became of each move of a request: the edits it needs, or why it was refused.
pub(super) fn answers(rewritten: &Rewritten, order: &[usize]) -> Vec<Result<Vec<usize>, String>> {
    let mut answers = vec![Ok(Vec::new()); order.len()];
    let mut made = rewritten.by_change.iter();
    let mut refused = rewritten.refused.iter().peekable();
    for (change, &at) in order.iter().enumerate() {
        if let Some(refusal) = refused.next_if(|refusal| refusal.change == change) {
            answers[at] = Err(refusal.reason.clone());
        } else if let Some((_, edits)) = made.next() {
            answers[at] = Ok(edits.clone());
        }
    }
    answers
}
