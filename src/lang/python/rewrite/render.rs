//! New import statements as text.

use super::source::{Source, Spot, span_of};
use crate::span::Span;
use ruff_python_ast::StmtImportFrom;
use ruff_python_ast::token::TokenKind;

/// Longest line that is not broken, in bytes, where the old statement was broken too.
const WIDTH: usize = 88;

/// A name that leaves its statement, with the comments that go along.
#[derive(Clone, Debug, Default)]
pub(super) struct Member<'a> {
    /// `X`, `X as Y`.
    pub(super) text: String,
    /// Comment lines above it.
    pub(super) above: Vec<&'a str>,
    /// The comment behind it.
    pub(super) trailing: Option<&'a str>,
}

impl Member<'_> {
    pub(super) fn has_comment(&self) -> bool {
        !self.above.is_empty() || self.trailing.is_some()
    }
}

/// What a new statement takes over from the old one.
#[derive(Clone, Debug)]
pub(super) struct Style<'a> {
    /// `lazy ` or nothing.
    pub(super) prefix: &'static str,
    /// Comments for tools that hold for every part of the statement.
    pub(super) pragmas: Vec<&'a str>,
    /// Whether the names stood on several lines.
    pub(super) broken: bool,
    /// One step of indentation.
    pub(super) unit: &'a str,
}

impl<'a> Style<'a> {
    pub(super) fn of(source: &Source<'a>, statement: &StmtImportFrom) -> Self {
        let whole = span_of(statement);
        let indent = source.indent(whole.start);
        let first = statement
            .names
            .first()
            .map_or(whole.start, |alias| span_of(alias).start);
        let unit = source
            .indent(first)
            .strip_prefix(indent)
            .filter(|unit| !unit.is_empty())
            .unwrap_or(if indent.contains('\t') { "\t" } else { "    " });
        let mut pragmas: Vec<&str> = opening_comment(source, statement)
            .into_iter()
            .chain(source.trailing_comment(whole))
            .filter(|comment| is_pragma(comment))
            .collect();
        pragmas.dedup();
        Self {
            prefix: if statement.is_lazy { "lazy " } else { "" },
            pragmas,
            broken: source.slice(whole).contains(['\n', '\r']),
            unit,
        }
    }
}

/// The comment on the line of the opening parenthesis, before any name.
pub(super) fn opening_comment<'a>(
    source: &Source<'a>,
    statement: &StmtImportFrom,
) -> Option<&'a str> {
    let whole = span_of(statement);
    let first = statement
        .names
        .first()
        .map_or(whole.end, |alias| span_of(alias).start);
    let mut tokens = source
        .tokens_in(Span::new(whole.start, first))
        .iter()
        .skip_while(|token| token.kind() != TokenKind::Lpar)
        .skip(1);
    let next = tokens.next()?;
    (next.kind() == TokenKind::Comment).then(|| source.slice(span_of(next)))
}

/// Whether a comment speaks to a tool about its line, so that it must stand on both halves of a split statement.
pub(super) fn is_pragma(comment: &str) -> bool {
    const STARTS: [&str; 12] = [
        "type:", "pyright:", "pylint:", "mypy:", "ty:", "pyre-", "nosec", "isort:", "fmt:",
        "pragma:", "ruff:", "flake8",
    ];
    let body = comment
        .trim_start_matches('#')
        .trim_start()
        .to_ascii_lowercase();
    body.contains("noqa")
        || body.contains("type: ignore")
        || STARTS.iter().any(|start| body.starts_with(start))
}

/// Text and place of a new `from` statement behind another; an error when its comments have no room there.
pub(super) fn new_from(
    spot: &Spot<'_>,
    style: &Style<'_>,
    module: &str,
    members: &[Member<'_>],
) -> Result<(Span, String), String> {
    let head = format!("{}from {module} import ", style.prefix);
    let names: Vec<&str> = members.iter().map(|member| member.text.as_str()).collect();
    let names = names.join(", ");
    match *spot {
        Spot::Inline { at } => {
            if members.iter().any(Member::has_comment) {
                return Err(
                    "a comment belongs to the name and the statement shares its line".into(),
                );
            }
            Ok((Span::at(at), format!("; {head}{names}")))
        }
        Spot::Line { indent, eol, .. } => {
            let commented = members.iter().any(Member::has_comment);
            let wide = indent.len() + head.len() + names.len() > WIDTH;
            let text = match members {
                [one] => single(indent, eol, &head, style, one),
                _ if commented || (wide && style.broken) => {
                    broken(indent, eol, &head, style, members)
                }
                _ => format!("{indent}{head}{names}{}", comments(&style.pragmas)),
            };
            Ok(own_line(spot, &text))
        }
    }
}

/// Text and place of a new `import` statement behind another.
pub(super) fn new_import(spot: &Spot<'_>, module: &str) -> (Span, String) {
    match *spot {
        Spot::Inline { at } => (Span::at(at), format!("; import {module}")),
        Spot::Line { indent, .. } => own_line(spot, &format!("{indent}import {module}")),
    }
}

/// `text` as lines of their own at `spot`.
fn own_line(spot: &Spot<'_>, text: &str) -> (Span, String) {
    match *spot {
        Spot::Inline { at } => (Span::at(at), text.to_owned()),
        Spot::Line {
            at,
            eol,
            unfinished,
            ..
        } if unfinished => (Span::at(at), format!("{eol}{text}")),
        Spot::Line { at, eol, .. } => (Span::at(at), format!("{text}{eol}")),
    }
}

/// One name on one line, its comments above and behind.
fn single(indent: &str, eol: &str, head: &str, style: &Style<'_>, member: &Member<'_>) -> String {
    let mut out = String::new();
    for comment in &member.above {
        out.extend([indent, comment, eol]);
    }
    out.extend([indent, head, &member.text]);
    let mut behind = style.pragmas.clone();
    behind.extend(
        member
            .trailing
            .filter(|comment| !style.pragmas.contains(comment)),
    );
    out.push_str(&comments(&behind));
    out
}

/// Each name on a line of its own, in parentheses.
pub(super) fn broken(
    indent: &str,
    eol: &str,
    head: &str,
    style: &Style<'_>,
    members: &[Member<'_>],
) -> String {
    let mut out = format!("{indent}{head}({}{eol}", comments(&style.pragmas));
    for member in members {
        for comment in &member.above {
            out.extend([indent, style.unit, comment, eol]);
        }
        out.extend([indent, style.unit, &member.text, ","]);
        out.push_str(&comments(member.trailing.as_slice()));
        out.push_str(eol);
    }
    out.extend([indent, ")"]);
    out
}

/// Comments behind code, each after two spaces.
fn comments(comments: &[&str]) -> String {
    comments
        .iter()
        .flat_map(|comment| ["  ", comment])
        .collect()
}
