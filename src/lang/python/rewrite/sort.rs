//! Keeps imports sorted that were sorted: statements within a section, and names within a statement.
//!
//! A section is a run of imports on lines of their own, with neither a blank line nor a comment between them. It counts
//! as sorted under the usual orders of isort and ruff; one that was in no order is left as the edits make it. A
//! statement alone counts as sorted where no run of the file says otherwise.

use std::cmp::Reverse;

use ruff_python_ast::{Alias, Stmt, StmtImportFrom};
use ruff_python_parser::parse_unchecked_source;
use rustc_hash::FxHashSet;

use super::Context;
use super::arrange::{self, Freedom};
use super::from_import::local;
use super::merge::{MEMBER_ORDERS, natural};
use super::names::{MODULE, Names, Site};
use super::source::{Source, Spot, span_of};
use super::visit;
use crate::fix::edit::{Rewritten, TextEdit, apply_edits};
use crate::span::Span;

/// What statements are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    /// Whether `import` and `from` statements are mixed: `force-sort-within-sections`.
    mixed: bool,
    /// Which of the orders of names; in the last one capitals come first, in modules as well.
    members: usize,
}

const ORDERS: [Order; 6] = [
    Order::new(false, 0),
    Order::new(true, 0),
    Order::new(false, 1),
    Order::new(true, 1),
    Order::new(false, 2),
    Order::new(true, 2),
];

/// What of a statement counts when it is sorted.
#[derive(Clone, Debug)]
pub(super) struct Head {
    is_from: bool,
    level: u32,
    module: String,
    /// The first name, of a `from` statement.
    name: Option<String>,
    /// What that name, or the module, is called.
    asname: Option<String>,
}

impl Head {
    /// The head of an import statement.
    pub(super) fn of(statement: &Stmt) -> Self {
        if let Stmt::ImportFrom(import) = statement {
            return Self::from_import(import, import.names.first());
        }
        let first = match statement {
            Stmt::Import(import) => import.names.first(),
            _ => None,
        };
        Self {
            is_from: false,
            level: 0,
            module: first.map_or_else(String::new, |alias| alias.name.to_string()),
            name: None,
            asname: first.and_then(asname),
        }
    }

    /// The head of a `from` statement with these names, of which the first one counts.
    pub(super) fn from_import(import: &StmtImportFrom, first: Option<&Alias>) -> Self {
        Self {
            is_from: true,
            level: import.level,
            module: import.module.as_deref().unwrap_or_default().to_owned(),
            name: first.map(|alias| alias.name.to_string()),
            asname: first.and_then(asname),
        }
    }
}

fn asname(alias: &Alias) -> Option<String> {
    alias.asname.as_ref().map(ToString::to_string)
}

/// Whether it is a `from` statement, unless mixed; the distance of a relative module, the farthest first; the module;
/// what tells equal ones apart.
type Key = (
    bool,
    Reverse<u32>,
    String,
    bool,
    Option<(u8, String)>,
    Option<String>,
);

impl Order {
    const fn new(mixed: bool, members: usize) -> Self {
        Self { mixed, members }
    }

    fn key(self, head: &Head) -> Key {
        let module = if self.members == 2 {
            natural(&head.module)
        } else {
            natural(&head.module.to_lowercase())
        };
        let member = MEMBER_ORDERS[self.members];
        (
            head.is_from && !self.mixed,
            Reverse(head.level),
            module,
            head.is_from,
            head.name.as_deref().map(member),
            head.asname.as_deref().map(natural),
        )
    }

    fn holds(self, section: &Section<'_>) -> bool {
        let statements = section.statements.iter();
        statements.is_sorted_by_key(|statement| self.key(&Head::of(statement)))
    }
}

/// Imports without blank lines between them.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) statements: Vec<&'a Stmt>,
    /// The lines of each; the comments above it, too, if they go along.
    pub(super) lines: Vec<Span>,
    scope: usize,
}

impl Section<'_> {
    fn span(&self) -> Span {
        let start = self.lines.first().map_or(0, |line| line.start);
        Span::new(start, self.lines.last().map_or(start, |line| line.end))
    }

    fn is_sorted(&self) -> bool {
        ORDERS.into_iter().any(|order| order.holds(self))
    }

    /// Whether its statements may change places: they bind each name once, and none says that it must stay.
    fn is_free(&self, source: &Source<'_>) -> bool {
        let mut seen = FxHashSet::default();
        let mut binds_once = self.statements.iter().all(|statement| {
            let names = match statement {
                Stmt::Import(import) => &import.names,
                Stmt::ImportFrom(import) => &import.names,
                _ => return false,
            };
            names.iter().all(|alias| {
                let name = local(alias);
                let is_plain = matches!(statement, Stmt::Import(_)) && alias.asname.is_none();
                name != "*" && (is_plain || seen.insert(name))
            })
        });
        binds_once &= !self.statements.iter().any(|statement| {
            matches!(statement, Stmt::ImportFrom(import) if import.module.as_deref().is_some_and(|module| module == "__future__"))
        });
        let text = source.slice(self.span());
        binds_once
            && !["isort:", "ruff:", "fmt:", "yapf:", "\u{c}"]
                .iter()
                .any(|mark| text.contains(mark))
    }
}

/// The sections of a text, in source order. With `wide`, comments between statements part nothing, and go along with
/// those below them.
fn sections<'a>(source: &Source<'a>, names: &Names<'a>, wide: bool) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut last: Option<(&Site<'a>, u32)> = None;
    for site in &names.sites {
        let whole = span_of(site.statement);
        let Spot::Line {
            at,
            unfinished: false,
            ..
        } = source.spot_after(whole)
        else {
            last = None;
            continue;
        };
        let mut lines = Span::new(source.line_start(whole.start), at);
        let comments = if wide {
            source.comments_start(lines.start)
        } else {
            lines.start
        };
        let follows = last.is_some_and(|(before, end)| {
            (before.suite, before.block) == (site.suite, site.block) && end == comments
        });
        match sections.last_mut().filter(|_| follows) {
            Some(section) => {
                lines.start = comments;
                section.statements.push(site.statement);
                section.lines.push(lines);
            }
            None => sections.push(Section {
                statements: vec![site.statement],
                lines: vec![lines],
                scope: site.scope,
            }),
        }
        last = Some((site, at));
    }
    sections
}

/// The widest sections that are in order, else those without comments between statements.
fn sorted_sections<'a>(source: &Source<'a>, names: &Names<'a>) -> Vec<Section<'a>> {
    let mut narrow = sections(source, names, false);
    let mut all = Vec::new();
    for wide in sections(source, names, true) {
        let span = wide.span();
        let inside: Vec<Section<'a>> = narrow
            .extract_if(.., |one| span.contains(one.span().start))
            .collect();
        if wide.is_sorted() {
            all.push(wide);
        } else {
            all.extend(inside);
        }
    }
    all
}

/// Sorts again what the edits of `rewritten` leave unsorted in sections of the text that were sorted.
///
/// In a package's own file statements keep their places: what it imports first may need it half-made.
pub(super) fn keep_sorted(context: &Context<'_, '_>, rewritten: Rewritten) -> Rewritten {
    let (source, names) = (&context.source, context.names);
    let text = source.text;
    if rewritten.edits.is_empty() {
        return rewritten;
    }
    let before = sorted_sections(source, names);
    let touched: Vec<&Section<'_>> = before
        .iter()
        .filter(|section| !inside(&rewritten.edits, section.span()).is_empty())
        .collect();
    if touched.is_empty() {
        return rewritten;
    }
    let many: Vec<&Section<'_>> = before
        .iter()
        .filter(|section| section.statements.len() > 1)
        .collect();
    let common = ORDERS
        .into_iter()
        .find(|order| many.iter().all(|one| order.holds(one)));
    let new_text = apply_edits(text, &rewritten.edits);
    let parsed = parse_unchecked_source(&new_text, ruff_python_ast::PySourceType::Python);
    if !parsed.has_valid_syntax() {
        return rewritten;
    }
    let new_names = visit::read(&new_text, &parsed.syntax().body);
    let new_source = Source::new(&new_text, parsed.tokens());
    let mut after = sections(&new_source, &new_names, true);
    after.extend(sections(&new_source, &new_names, false));
    let mut replaced: Vec<TextEdit> = Vec::new();
    for section in touched {
        let old = section.span();
        let new = Span::new(
            shifted(&rewritten.edits, old.start, false),
            shifted(&rewritten.edits, old.end, true),
        );
        // A statement alone is in any order: the others of the file have to tell.
        let alone = section.statements.len() == 1;
        let others = ORDERS.into_iter().filter(|_| !alone);
        let order = common
            .into_iter()
            .chain(others)
            .find(|order| order.holds(section));
        let Some(now) = after.iter().find(|one| one.span() == new) else {
            continue;
        };
        let stays = context.home.is_package && section.scope == MODULE;
        let is_free = section.is_free(source) && now.is_free(&new_source);
        let freedom = match order {
            None => Freedom::Names,
            Some(_) if stays || !is_free => Freedom::Statements,
            Some(_) => Freedom::All,
        };
        let mut pieces = arrange::pieces(context, section, &new_source, now, freedom);
        if let Some(order) = order.filter(|_| freedom == Freedom::All) {
            pieces.sort_by_cached_key(|piece| order.key(&piece.head));
        }
        let content: String = pieces.into_iter().map(|piece| piece.text).collect();
        if content != new_source.slice(new) {
            replaced.push(TextEdit { span: old, content });
        }
    }
    merge(rewritten, replaced)
}

/// The places, among `edits`, of those within `span`.
fn inside(edits: &[TextEdit], span: Span) -> Vec<usize> {
    (0..edits.len())
        .filter(|&at| {
            let edit = edits[at].span;
            span.start <= edit.start && edit.end <= span.end
        })
        .collect()
}

/// Where an offset is after `edits`: before what is inserted right there, or `behind` it.
fn shifted(edits: &[TextEdit], offset: u32, behind: bool) -> u32 {
    let (mut added, mut removed) = (0, 0);
    for edit in edits {
        let is_before = edit.span.end < offset
            || (edit.span.end == offset && (behind || edit.span.start < edit.span.end));
        if is_before {
            added += edit.content.len() as u32;
            removed += edit.span.end - edit.span.start;
        }
    }
    (offset + added).saturating_sub(removed)
}

/// Puts `replaced`, each for a section, in the place of the edits within it.
fn merge(rewritten: Rewritten, replaced: Vec<TextEdit>) -> Rewritten {
    if replaced.is_empty() {
        return rewritten;
    }
    let owner: Vec<Option<usize>> = rewritten
        .edits
        .iter()
        .map(|edit| {
            replaced.iter().position(|whole| {
                whole.span.start <= edit.span.start && edit.span.end <= whole.span.end
            })
        })
        .collect();
    let mut all: Vec<(TextEdit, Result<usize, usize>)> = replaced
        .into_iter()
        .enumerate()
        .map(|(at, edit)| (edit, Err(at)))
        .collect();
    for (at, edit) in rewritten.edits.into_iter().enumerate() {
        if owner[at].is_none() {
            all.push((edit, Ok(at)));
        }
    }
    all.sort_by_key(|(edit, _)| (edit.span.start, edit.span.end));
    let place = |wanted: Result<usize, usize>| all.iter().position(|(_, from)| *from == wanted);
    let by_change = rewritten
        .by_change
        .into_iter()
        .map(|(at, needs)| {
            let mut needs: Vec<usize> = needs
                .into_iter()
                .filter_map(|need| place(owner[need].map_or(Ok(need), Err)))
                .collect();
            needs.sort_unstable();
            needs.dedup();
            (at, needs)
        })
        .collect();
    Rewritten {
        by_change,
        edits: all.into_iter().map(|(edit, _)| edit).collect(),
        ..rewritten
    }
}
