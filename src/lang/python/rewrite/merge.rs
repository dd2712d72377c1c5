//! Lets names join an import of their new module that is already there.
//!
//! Only within one run of imports in one suite, only where no other binding of the name lies between, and never
//! later than before: names join an earlier statement, or the very next one.

use std::fmt::Write as _;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Stmt, StmtImportFrom};
use rustc_hash::FxHashMap;

use super::Context;
use super::from_import::local;
use super::names::Site;
use super::plan::{ChangeId, Draft};
use super::render::{is_pragma, opening_comment};
use super::source::span_of;
use crate::span::Span;

/// A name that wants to join.
#[derive(Clone, Debug)]
pub(super) struct Newcomer<'n> {
    /// Its name in the module.
    pub(super) name: &'n str,
    pub(super) local: &'n str,
    /// The alias as written.
    pub(super) text: String,
    pub(super) serves: &'n [ChangeId],
}

/// Names that have already joined: by statement and local name, the imported name.
#[derive(Debug, Default)]
pub(super) struct Merges {
    joined: FxHashMap<(u32, String), String>,
}

/// Which statements may take names in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Earlier ones of the block, or the very next.
    Block,
    /// Only the very next.
    Next,
}

/// Where in a statement a name goes, and how it is set off.
struct Gap {
    at: u32,
    before: String,
    after: String,
}

impl Merges {
    /// The edits that let `newcomers` from `site` join an import of `module`; none when there is no fit.
    pub(super) fn join<'a>(
        &mut self,
        context: &Context<'a, '_>,
        site: &Site<'a>,
        module: &str,
        newcomers: &[Newcomer<'_>],
        reach: Reach,
    ) -> Option<Vec<Draft>> {
        if site.guarded || context.is_single_line() {
            return None;
        }
        // A sorter would part what is imported under another name.
        let parts_aliases = context.style.combine_as == Some(false);
        if parts_aliases && newcomers.iter().any(|one| one.name != one.local) {
            return None;
        }
        let sites = &context.names.sites;
        sites
            .iter()
            .filter(|host| host.suite == site.suite && host.block == site.block)
            .filter(|host| match reach {
                Reach::Block => host.index < site.index || host.index == site.index + 1,
                Reach::Next => host.index == site.index + 1,
            })
            .find_map(|host| {
                let Stmt::ImportFrom(import) = host.statement else {
                    return None;
                };
                let has_alias = import.names.iter().any(|alias| alias.asname.is_some());
                let fits = imports_from(context, import, module)
                    && !(parts_aliases && has_alias)
                    && !context.busy.contains(&span_of(import).start)
                    && import.is_lazy == is_lazy(site.statement)
                    && same_pragmas(context, import, site.statement)
                    && !rebound_between(context, host, site, newcomers);
                if fits {
                    self.enter(context, import, newcomers)
                } else {
                    None
                }
            })
    }

    fn enter(
        &mut self,
        context: &Context<'_, '_>,
        host: &StmtImportFrom,
        newcomers: &[Newcomer<'_>],
    ) -> Option<Vec<Draft>> {
        let key = |one: &Newcomer<'_>| (span_of(host).start, one.local.to_owned());
        let present = |merges: &Self, one: &Newcomer<'_>| {
            // The last of several aliases with one local name wins.
            let written = host.names.iter().rfind(|alias| local(alias) == one.local);
            let written = written.map(|alias| alias.name.as_str());
            written
                .or_else(|| merges.joined.get(&key(one)).map(String::as_str))
                .map(|name| name == one.name)
        };
        if newcomers
            .iter()
            .any(|one| present(self, one) == Some(false))
        {
            return None;
        }
        let mut drafts = Vec::new();
        for one in newcomers {
            if present(self, one).is_some() {
                continue;
            }
            let gap = gap(context, host, one)?;
            let written = format!("{}{}{}", gap.before, one.text, gap.after);
            drafts.push(Draft::new(Span::at(gap.at), written, one.serves));
        }
        for one in newcomers {
            self.joined.insert(key(one), one.name.to_owned());
        }
        Some(drafts)
    }
}

/// Whether `import` takes names (no star) from `module`.
pub(super) fn imports_from(
    context: &Context<'_, '_>,
    import: &StmtImportFrom,
    module: &str,
) -> bool {
    let written = import.module.as_ref().map_or("", |module| module.as_str());
    context.home.absolute(import.level, written).as_deref() == Some(module)
        && import.names.iter().all(|alias| alias.name.as_str() != "*")
}

fn is_lazy(statement: &Stmt) -> bool {
    match statement {
        Stmt::Import(import) => import.is_lazy,
        Stmt::ImportFrom(import) => import.is_lazy,
        _ => false,
    }
}

/// Whether both statements have the same comments for tools: a name must neither gain nor lose one.
fn same_pragmas(context: &Context<'_, '_>, host: &StmtImportFrom, guest: &Stmt) -> bool {
    let pragmas = |statement: &StmtImportFrom| {
        let mut all: Vec<&str> = opening_comment(&context.source, statement)
            .into_iter()
            .chain(context.source.trailing_comment(span_of(statement)))
            .filter(|comment| is_pragma(comment))
            .collect();
        all.sort_unstable();
        all
    };
    match guest {
        Stmt::ImportFrom(guest) => pragmas(host) == pragmas(guest),
        _ => pragmas(host).is_empty(),
    }
}

/// Whether a statement between the two might bind one of the names.
fn rebound_between(
    context: &Context<'_, '_>,
    host: &Site<'_>,
    guest: &Site<'_>,
    newcomers: &[Newcomer<'_>],
) -> bool {
    let between = |site: &&Site<'_>| {
        site.suite == host.suite && site.index > host.index && site.index < guest.index
    };
    let taken = |name: &str| newcomers.iter().any(|one| one.local == name);
    context
        .names
        .sites
        .iter()
        .filter(between)
        .any(|site| match site.statement {
            Stmt::Import(import) => import.names.iter().any(|alias| {
                let name = local(alias);
                taken(name.split('.').next().unwrap_or(name))
            }),
            Stmt::ImportFrom(import) => import
                .names
                .iter()
                .any(|alias| alias.name.as_str() == "*" || taken(local(alias))),
            _ => true,
        })
}

/// Where `one` goes among the names of `host`: in order if they are in order, else at the end.
fn gap(context: &Context<'_, '_>, host: &StmtImportFrom, one: &Newcomer<'_>) -> Option<Gap> {
    let names: Vec<&str> = host.names.iter().map(|alias| alias.name.as_str()).collect();
    match sorted_place(&names, one.name) {
        Some(index) if index < names.len() => {
            before(context, host, index).or_else(|| at_end(context, host))
        }
        _ => at_end(context, host),
    }
}

/// What a list of names is sorted by.
pub(super) type MemberOrder = fn(&str) -> (u8, String);

/// The usual orders: constants, classes, the rest, as isort and ruff order by default; then with and without case.
pub(super) const MEMBER_ORDERS: [MemberOrder; 3] = [
    |name| {
        let is_constant = name.len() > 1
            && name.contains(char::is_uppercase)
            && !name.contains(char::is_lowercase);
        let kind = if is_constant {
            0
        } else {
            1 + u8::from(!name.starts_with(char::is_uppercase))
        };
        (kind, natural(&name.to_lowercase()))
    },
    |name| (0, natural(&name.to_lowercase())),
    |name| (0, name.to_owned()),
];

/// A text that compares as people count: `v9` before `v10`.
pub(super) fn natural(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|ch: char| ch.is_ascii_digit()) {
        let behind = &rest[at..];
        let end = behind
            .find(|ch: char| !ch.is_ascii_digit())
            .unwrap_or(behind.len());
        out.push_str(&rest[..at]);
        let _ = write!(out, "{:0>20}", &behind[..end]);
        rest = &behind[end..];
    }
    out.push_str(rest);
    out
}

/// The index at which `name` keeps `names` sorted, under the first usual order that they have.
fn sorted_place(names: &[&str], name: &str) -> Option<usize> {
    MEMBER_ORDERS.into_iter().find_map(|order| {
        let sorted = names.is_sorted_by_key(|name| order(name));
        sorted.then(|| names.partition_point(|have| order(have) <= order(name)))
    })
}

/// Right before name `index`, unless a comment stands above it.
fn before(context: &Context<'_, '_>, host: &StmtImportFrom, index: usize) -> Option<Gap> {
    let source = &context.source;
    let start = span_of(&host.names[index]).start;
    let line = source.line_start(start);
    let first_on_line =
        line > span_of(host).start && source.indent(start).len() as u32 == start - line;
    if !first_on_line {
        return Some(Gap {
            at: start,
            before: String::new(),
            after: ", ".into(),
        });
    }
    if source.comment_above(start) || !in_parentheses(context, host) {
        return None;
    }
    let after = format!(",{}{}", source.eol(), source.indent(start));
    Some(Gap {
        at: start,
        before: String::new(),
        after,
    })
}

fn in_parentheses(context: &Context<'_, '_>, host: &StmtImportFrom) -> bool {
    let tokens = context.source.tokens_in(span_of(host));
    tokens
        .last()
        .is_some_and(|token| token.kind() == TokenKind::Rpar)
}

/// Behind the last name.
fn at_end(context: &Context<'_, '_>, host: &StmtImportFrom) -> Option<Gap> {
    let source = &context.source;
    let whole = span_of(host);
    let last = span_of(host.names.last()?);
    let rest = source.tokens_in(Span::new(last.end, whole.end));
    let line = source.line_start(last.start);
    let own_line =
        line > whole.start && source.indent(last.start).len() as u32 == last.start - line;
    let breaks = own_line && in_parentheses(context, host);
    let new_line = format!("{}{}", source.eol(), source.indent(last.start));
    let comma = rest
        .first()
        .filter(|token| token.kind() == TokenKind::Comma);
    let Some(comma) = comma else {
        if source.has_comment(Span::new(last.end, whole.end)) {
            return None;
        }
        let before = if breaks {
            format!(",{new_line}")
        } else {
            ", ".into()
        };
        return Some(Gap {
            at: last.end,
            before,
            after: String::new(),
        });
    };
    if !breaks {
        return Some(Gap {
            at: span_of(comma).end,
            before: " ".into(),
            after: ",".into(),
        });
    }
    // Behind a comment on the last name's line, which stays with that name.
    let comment = rest
        .get(1)
        .filter(|token| token.kind() == TokenKind::Comment);
    let at = comment.map_or(span_of(comma).end, |comment| span_of(comment).end);
    Some(Gap {
        at,
        before: new_line,
        after: ",".into(),
    })
}
