//! What a sorter of imports would make of the statements of a section that was sorted: one statement a module, names
//! in order, long lines broken.
//!
//! Owns how the statements are cut, joined and written; only those that the edits made or changed are touched. Their
//! order is [`super::sort`]'s.

use ruff_python_ast::{Alias, Stmt, StmtImportFrom};
use rustc_hash::FxHashSet;

use super::Context;
use super::from_import::local;
use super::merge::{MEMBER_ORDERS, MemberOrder};
use super::render::{Member, Style, broken};
use super::sort::{Head, Section};
use super::source::{Source, span_of};
use crate::span::Span;

/// A statement with its lines.
pub(super) struct Piece<'a> {
    pub(super) head: Head,
    pub(super) text: String,
    names: Option<List<'a>>,
}

/// The names of a `from` statement without comments.
#[derive(Clone)]
struct List<'a> {
    statement: &'a StmtImportFrom,
    names: Vec<&'a Alias>,
    /// Whether the edits made or changed the statement.
    is_new: bool,
    /// Whether its text no longer holds.
    is_stale: bool,
}

impl List<'_> {
    fn module(&self) -> (u32, Option<&str>) {
        (self.statement.level, self.statement.module.as_deref())
    }

    fn has_alias(&self) -> bool {
        self.names.iter().any(|alias| alias.asname.is_some())
    }
}

/// How the statements of a section are laid out.
struct Layout<'c> {
    /// What names are sorted by, if they are.
    order: Option<MemberOrder>,
    single_line: bool,
    parts_aliases: bool,
    /// Whether statements of one module become one.
    joins: bool,
    /// The longest line; none where lines are as long as they are.
    width: Option<usize>,
    /// The texts of the statements before the edits.
    old: FxHashSet<&'c str>,
}

/// How much of a section was in order, and may be changed to stay so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freedom {
    /// Only names within statements.
    Names,
    /// The form of each statement, too.
    Statements,
    /// All: statements may become one, and change places.
    All,
}

/// The statements of `now`, which the edits made of `old`.
pub(super) fn pieces<'a>(
    context: &Context<'_, '_>,
    old: &Section<'_>,
    source: &Source<'a>,
    now: &Section<'a>,
    freedom: Freedom,
) -> Vec<Piece<'a>> {
    let layout = Layout::of(context, old, freedom);
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    for (statement, &lines) in now.statements.iter().zip(&now.lines) {
        let list = layout.list(source, statement, lines);
        let text = match &list {
            None => layout.in_order(source, statement, lines),
            Some(_) => source.slice(lines).to_owned(),
        };
        let head = Head::of(statement);
        for list in layout.parts(list) {
            pieces.push(Piece {
                head: list.as_ref().map_or_else(|| head.clone(), Head::of_list),
                text: text.clone(),
                names: list,
            });
        }
    }
    if layout.joins {
        pieces = layout.joined(pieces);
    }
    for piece in &mut pieces {
        layout.write(source, piece);
    }
    pieces
}

impl Head {
    fn of_list(list: &List<'_>) -> Self {
        Self::from_import(list.statement, list.names.first().copied())
    }
}

impl<'c> Layout<'c> {
    fn of(context: &Context<'c, '_>, old: &Section<'c>, freedom: Freedom) -> Self {
        let source = &context.source;
        let froms: Vec<&StmtImportFrom> = old
            .statements
            .iter()
            .filter_map(|statement| match statement {
                Stmt::ImportFrom(import) => Some(import),
                _ => None,
            })
            .collect();
        let names = |import: &StmtImportFrom| -> Vec<String> {
            let names = import.names.iter();
            names.map(|alias| alias.name.as_str().to_owned()).collect()
        };
        let lists: Vec<Vec<String>> = froms.iter().map(|import| names(import)).collect();
        let order = MEMBER_ORDERS.into_iter().find(|order| {
            let sorted = |names: &Vec<String>| names.is_sorted_by_key(|name| order(name));
            lists.iter().all(sorted)
        });
        // Who has two statements of one module has no sorter that would join them.
        let mut seen = FxHashSet::default();
        let repeats = froms.iter().any(|import| {
            let has_alias = import.names.iter().any(|alias| alias.asname.is_some());
            !has_alias && !seen.insert((import.level, import.module.as_deref()))
        });
        let width = context.style.width as usize;
        let old_texts = old.lines.iter().map(|&lines| source.slice(lines));
        let fits = old_texts.clone().all(|text| is_within(text, width));
        let single_line = context.is_single_line();
        let is_formed = freedom != Freedom::Names;
        Self {
            order,
            single_line: is_formed && single_line,
            parts_aliases: is_formed && context.style.combine_as == Some(false),
            joins: freedom == Freedom::All && !single_line && !repeats,
            width: (is_formed && fits).then_some(width),
            old: old_texts.collect(),
        }
    }

    /// The names of a statement that may be written anew: without comments, on lines of its own.
    fn list<'a>(&self, source: &Source<'a>, statement: &'a Stmt, lines: Span) -> Option<List<'a>> {
        let Stmt::ImportFrom(import) = statement else {
            return None;
        };
        let text = source.slice(lines);
        let is_plain = !import.is_lazy
            && !source.has_comment(lines)
            && !text.contains(['\\', '\u{c}'])
            && import.names.iter().all(|alias| alias.name.as_str() != "*");
        is_plain.then(|| List {
            statement: import,
            names: import.names.iter().collect(),
            is_new: !self.old.contains(text),
            is_stale: false,
        })
    }

    /// A statement's lines, its names in order where they stand on one line without comments.
    fn in_order(&self, source: &Source<'_>, statement: &Stmt, lines: Span) -> String {
        let text = source.slice(lines);
        let (Some(order), Stmt::ImportFrom(import)) = (self.order, statement) else {
            return text.to_owned();
        };
        let (Some(first), Some(last)) = (import.names.first(), import.names.last()) else {
            return text.to_owned();
        };
        let names = Span::new(span_of(first).start, span_of(last).end);
        let is_old = self.old.contains(text);
        if is_old || source.slice(names).contains(['\n', '\r', '#']) {
            return text.to_owned();
        }
        let mut aliases: Vec<&Alias> = import.names.iter().collect();
        aliases.sort_by_key(|alias| order(alias.name.as_str()));
        let written: Vec<&str> = aliases
            .iter()
            .map(|alias| source.slice(span_of(*alias)))
            .collect();
        let (head, tail) = (names.start - lines.start, names.end - lines.start);
        format!(
            "{}{}{}",
            &text[..head as usize],
            written.join(", "),
            &text[tail as usize..]
        )
    }

    /// The statements that one is cut into.
    fn parts<'a>(&self, list: Option<List<'a>>) -> Vec<Option<List<'a>>> {
        let Some(list) = list else {
            return vec![None];
        };
        let is_many = list.is_new && list.names.len() > 1;
        let (apart, together): (Vec<&Alias>, Vec<&Alias>) = match (is_many, self.single_line) {
            (true, true) => (list.names.clone(), Vec::new()),
            (true, false) if self.parts_aliases => {
                let names = list.names.iter();
                names.partition(|alias| alias.asname.is_some())
            }
            _ => (Vec::new(), list.names.clone()),
        };
        let is_stale = !apart.is_empty();
        let groups = std::iter::once(together).chain(apart.into_iter().map(|alias| vec![alias]));
        groups
            .filter(|names| !names.is_empty())
            .map(|names| {
                Some(List {
                    names,
                    is_stale,
                    ..list.clone()
                })
            })
            .collect()
    }

    /// The same statements, those of one module as one where an edit made one of them.
    fn joined<'a>(&self, pieces: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        let mut joined: Vec<Piece<'a>> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let host = piece.names.as_ref().and_then(|list| {
                joined.iter_mut().find(|host| {
                    host.names.as_ref().is_some_and(|other| {
                        other.module() == list.module()
                            && (other.is_new || list.is_new)
                            && !(self.parts_aliases && (other.has_alias() || list.has_alias()))
                    })
                })
            });
            match (host, piece.names) {
                (
                    Some(Piece {
                        names: Some(host), ..
                    }),
                    Some(list),
                ) => {
                    host.names.extend(list.names);
                    host.is_new = true;
                    host.is_stale = true;
                }
                (_, names) => joined.push(Piece { names, ..piece }),
            }
        }
        joined
    }

    /// Writes a piece anew, where its text no longer holds or breaks the rules of the section.
    fn write(&self, source: &Source<'_>, piece: &mut Piece<'_>) {
        let Some(list) = piece.names.as_mut().filter(|list| list.is_new) else {
            return;
        };
        if let Some(order) = self.order {
            let sorted = list
                .names
                .is_sorted_by_key(|alias| order(alias.name.as_str()));
            if !sorted {
                list.names.sort_by_key(|alias| order(alias.name.as_str()));
                list.is_stale = true;
            }
            piece.head = Head::of_list(list);
        }
        let fits = self.width.is_none_or(|width| is_within(&piece.text, width));
        if list.is_stale || !fits {
            piece.text = self.written(source, list);
        }
    }

    fn written(&self, source: &Source<'_>, list: &List<'_>) -> String {
        let style = Style::of(source, list.statement);
        let start = span_of(list.statement).start;
        let (indent, eol) = (source.indent(start), source.eol());
        let dots = ".".repeat(list.statement.level as usize);
        let module = list.statement.module.as_deref().unwrap_or_default();
        let head = format!("from {dots}{module} import ");
        let members: Vec<Member<'_>> = list
            .names
            .iter()
            .map(|alias| Member {
                text: match &alias.asname {
                    Some(_) => format!("{} as {}", alias.name.as_str(), local(alias)),
                    None => alias.name.as_str().to_owned(),
                },
                ..Member::default()
            })
            .collect();
        let names: Vec<&str> = members.iter().map(|member| member.text.as_str()).collect();
        let line = format!("{indent}{head}{}", names.join(", "));
        let is_wide = self.width.is_some_and(|width| !is_within(&line, width));
        let was_broken = style.broken && list.names.len() > 1;
        if is_wide || was_broken {
            broken(indent, eol, &head, &style, &members) + eol
        } else {
            line + eol
        }
    }
}

fn is_within(text: &str, width: usize) -> bool {
    text.lines().all(|line| line.chars().count() <= width)
}
