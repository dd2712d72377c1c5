//! Keeps imports sorted that were sorted: statements within a section, and names within a statement.
//!
//! A section is a run of imports on lines of their own, with neither a blank line nor a comment between them. It counts
//! as sorted under the usual orders of isort and ruff; one that was in no order is left as the edits make it. A
//! statement alone counts as sorted where no run of the file says otherwise.

use std::cmp::Reverse;

use ruff_python_ast::{Alias, Stmt};
use ruff_python_parser::parse_unchecked_source;
use rustc_hash::FxHashSet;

use super::Context;
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
    /// Whether capitals come first.
    exact: bool,
}

const ORDERS: [Order; 4] = [
    Order {
        mixed: false,
        exact: false,
    },
    Order {
        mixed: true,
        exact: false,
    },
    Order {
        mixed: false,
        exact: true,
    },
    Order {
        mixed: true,
        exact: true,
    },
];

/// Whether it is a `from` statement, unless mixed; the distance of a relative module, the farthest first; the module;
/// what tells equal ones apart.
type Key = (bool, Reverse<u32>, String, bool, String);

impl Order {
    fn key(self, statement: &Stmt) -> Option<Key> {
        let spelled = |text: &str| {
            if self.exact {
                natural(text)
            } else {
                natural(&text.to_lowercase())
            }
        };
        let first = |names: &[Alias]| names.first().map(|alias| spelled(alias.name.as_str()));
        match statement {
            Stmt::Import(import) => Some((
                false,
                Reverse(0),
                first(&import.names)?,
                false,
                spelled(local(import.names.first()?)),
            )),
            Stmt::ImportFrom(import) => Some((
                !self.mixed,
                Reverse(import.level),
                import
                    .module
                    .as_ref()
                    .map_or_else(String::new, |module| spelled(module.as_str())),
                true,
                first(&import.names)?,
            )),
            _ => None,
        }
    }

    fn holds(self, statements: &[&Stmt]) -> bool {
        statements.is_sorted_by_key(|statement| self.key(statement))
    }
}

/// Imports on consecutive lines.
struct Section<'a> {
    statements: Vec<&'a Stmt>,
    /// The lines of each.
    lines: Vec<Span>,
    scope: usize,
}

impl Section<'_> {
    fn span(&self) -> Span {
        let start = self.lines.first().map_or(0, |line| line.start);
        Span::new(start, self.lines.last().map_or(start, |line| line.end))
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

/// The sections of a text, in source order.
fn sections<'a>(source: &Source<'a>, names: &Names<'a>) -> Vec<Section<'a>> {
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
        let lines = Span::new(source.line_start(whole.start), at);
        let follows = last.is_some_and(|(before, end)| {
            (before.suite, before.block) == (site.suite, site.block) && end == lines.start
        });
        match sections.last_mut().filter(|_| follows) {
            Some(section) => {
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

/// Sorts again what the edits of `rewritten` leave unsorted in sections of the text that were sorted.
///
/// In a package's own file statements keep their places: what it imports first may need it half-made.
pub(super) fn keep_sorted(context: &Context<'_, '_>, rewritten: Rewritten) -> Rewritten {
    let (source, names) = (&context.source, context.names);
    let text = source.text;
    if rewritten.edits.is_empty() {
        return rewritten;
    }
    let before = sections(source, names);
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
        .find(|order| many.iter().all(|one| order.holds(&one.statements)));
    let new_text = apply_edits(text, &rewritten.edits);
    let parsed = parse_unchecked_source(&new_text, ruff_python_ast::PySourceType::Python);
    if !parsed.has_valid_syntax() {
        return rewritten;
    }
    let new_names = visit::read(&new_text, &parsed.syntax().body);
    let new_source = Source::new(&new_text, parsed.tokens());
    let after = sections(&new_source, &new_names);
    let mut replaced: Vec<TextEdit> = Vec::new();
    for section in touched {
        let old = section.span();
        let new = Span::new(
            shifted(&rewritten.edits, old.start, false),
            shifted(&rewritten.edits, old.end, true),
        );
        // A statement alone is in any order: the others of the file have to tell.
        let alone = section.statements.len() == 1;
        let orders = common.into_iter().chain(ORDERS);
        let order = orders
            .take(if alone {
                usize::from(common.is_some())
            } else {
                5
            })
            .filter(|_| !(context.home.is_package && section.scope == MODULE))
            .find(|order| order.holds(&section.statements));
        let Some(now) = after.iter().find(|one| one.span() == new) else {
            continue;
        };
        let content = sorted(&new_source, section, now, order, source);
        if content != new_source.slice(new) {
            replaced.push(TextEdit { span: old, content });
        }
    }
    merge(rewritten, replaced)
}

/// The text of a section with everything in order that was so in `old`.
fn sorted(
    source: &Source<'_>,
    old: &Section<'_>,
    now: &Section<'_>,
    order: Option<Order>,
    old_source: &Source<'_>,
) -> String {
    let mut at: Vec<usize> = (0..now.statements.len()).collect();
    if let Some(order) = order.filter(|_| old.is_free(old_source) && now.is_free(source)) {
        at.sort_by_key(|&at| order.key(now.statements[at]));
        // A comment right above speaks of the first.
        if at.first() != Some(&0) && source.comment_above(now.span().start) {
            at.sort_unstable();
        }
    }
    at.into_iter()
        .map(|at| line(source, old, now.statements[at], now.lines[at]))
        .collect()
}

/// A statement's lines, its names in order if those of all statements of `old` were.
fn line(source: &Source<'_>, old: &Section<'_>, statement: &Stmt, lines: Span) -> String {
    let text = source.slice(lines);
    let Stmt::ImportFrom(import) = statement else {
        return text.to_owned();
    };
    let list = |names: &[Alias]| -> Vec<String> {
        let names = names.iter();
        names.map(|alias| alias.name.as_str().to_owned()).collect()
    };
    let lists: Vec<Vec<String>> = old
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Stmt::ImportFrom(import) if import.names.len() > 1 => Some(list(&import.names)),
            _ => None,
        })
        .collect();
    let order = MEMBER_ORDERS.into_iter().find(|order| {
        let sorted = |names: &Vec<String>| names.is_sorted_by_key(|name| order(name));
        !lists.is_empty() && lists.iter().all(sorted)
    });
    let (Some(order), Some(first), Some(last)) = (order, import.names.first(), import.names.last())
    else {
        return text.to_owned();
    };
    let names = Span::new(span_of(first).start, span_of(last).end);
    let is_sorted = import
        .names
        .is_sorted_by_key(|alias| order(alias.name.as_str()));
    if is_sorted || source.slice(names).contains(['\n', '\r', '#']) {
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
