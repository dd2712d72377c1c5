//! Takes names out of a `from` statement and says which comments go with them.
//!
//! A comment is never lost: it moves with its name, stays where it is, or the removal is refused.

use ruff_python_ast::StmtImportFrom;
use ruff_python_ast::token::{Token, TokenKind};

use super::render::{Member, opening_comment};
use super::source::{Source, span_of};
use crate::span::Span;

/// The text to delete for leaving names (each with the names it is deleted for), and their comments.
pub(super) struct Removal<'a> {
    pub(super) deleted: Vec<(Span, Vec<usize>)>,
    /// One for each name of the statement; the texts are left empty.
    pub(super) carried: Vec<Member<'a>>,
}

/// Takes out the names marked in `leaving`; at least one must stay.
pub(super) fn remove<'a>(
    source: &Source<'a>,
    statement: &StmtImportFrom,
    leaving: &[bool],
) -> Result<Removal<'a>, String> {
    let inside = between_parentheses(source, statement);
    let opening = usize::from(opening_comment(source, statement).is_some());
    let comments = inside
        .iter()
        .filter(|token| token.kind() == TokenKind::Comment)
        .count();
    if comments > opening {
        by_rows(source, statement, leaving, inside)
    } else {
        Ok(Removal {
            deleted: by_runs(statement, leaving),
            carried: vec![Member::default(); leaving.len()],
        })
    }
}

/// Tokens between the parentheses; none without them.
fn between_parentheses<'a>(source: &Source<'a>, statement: &StmtImportFrom) -> &'a [Token] {
    let tokens = source.tokens_in(span_of(statement));
    let Some(open) = tokens
        .iter()
        .position(|token| token.kind() == TokenKind::Lpar)
    else {
        return &[];
    };
    let close = tokens
        .iter()
        .rposition(|token| token.kind() == TokenKind::Rpar)
        .unwrap_or(tokens.len());
    &tokens[(open + 1).min(close)..close]
}

/// Without comments among the names: each run goes with the comma behind it, the last one with the comma before.
fn by_runs(statement: &StmtImportFrom, leaving: &[bool]) -> Vec<(Span, Vec<usize>)> {
    let spans: Vec<Span> = statement.names.iter().map(span_of).collect();
    let Some(last_kept) = leaving.iter().rposition(|leaves| !leaves) else {
        return Vec::new();
    };
    let mut deleted: Vec<(Span, Vec<usize>)> = (0..last_kept)
        .filter(|&index| leaving[index])
        .map(|index| {
            (
                Span::new(spans[index].start, spans[index + 1].start),
                vec![index],
            )
        })
        .collect();
    if last_kept + 1 < spans.len() {
        let tail = Span::new(spans[last_kept].end, spans[spans.len() - 1].end);
        deleted.push((tail, (last_kept + 1..spans.len()).collect()));
    }
    deleted
}

/// A physical line between the parentheses.
struct Row<'a> {
    tokens: &'a [Token],
    /// Names that start here.
    names: Vec<usize>,
}

impl Row<'_> {
    fn comment(&self) -> Option<Span> {
        self.tokens
            .iter()
            .find(|token| token.kind() == TokenKind::Comment)
            .map(span_of)
    }

    fn is_blank(&self) -> bool {
        self.names.is_empty() && self.comment().is_none()
    }

    /// From the start of the line to behind its line end.
    fn span(&self, source: &Source<'_>) -> Span {
        let first = self.tokens.first().map_or(0, |token| span_of(token).start);
        let last = self.tokens.last().map_or(first, |token| span_of(token).end);
        Span::new(source.line_start(first), last)
    }

    fn ends_with_newline(&self) -> bool {
        self.tokens
            .last()
            .is_some_and(|token| token.kind() == TokenKind::NonLogicalNewline)
    }

    fn has_comma(&self) -> bool {
        self.tokens
            .iter()
            .any(|token| token.kind() == TokenKind::Comma)
    }
}

/// Comment lines and the lines of names they head.
#[derive(Default)]
struct Section {
    header: Vec<usize>,
    members: Vec<usize>,
}

/// With comments among the names: whole lines go, so every leaving name must have its line to itself.
fn by_rows<'a>(
    source: &Source<'a>,
    statement: &StmtImportFrom,
    leaving: &[bool],
    inside: &'a [Token],
) -> Result<Removal<'a>, String> {
    let spans: Vec<Span> = statement.names.iter().map(span_of).collect();
    let rows = rows(inside, &spans);
    let mut removal = Removal {
        deleted: Vec::new(),
        carried: vec![Member::default(); leaving.len()],
    };
    for (index, row) in rows.iter().enumerate() {
        let Some((&first, &last)) = row.names.first().zip(row.names.last()) else {
            continue;
        };
        if !row.names.iter().any(|&name| leaving[name]) {
            continue;
        }
        let is_last = last + 1 == spans.len();
        // A comma on a line of its own would be left behind.
        if is_last && rows[index + 1..].iter().any(Row::has_comma) {
            return Err("the comma behind the name stands on another line".into());
        }
        let whole = index > 0
            && row.ends_with_newline()
            && row.names.iter().all(|&name| leaving[name])
            && row
                .tokens
                .first()
                .is_some_and(|token| span_of(token).start == spans[first].start)
            && row
                .tokens
                .last()
                .is_some_and(|token| spans[last].end <= span_of(token).start)
            && (row.has_comma() || is_last);
        if !whole {
            return Err(
                "the name shares its line with other names, and comments stand among them".into(),
            );
        }
        removal.deleted.push((row.span(source), row.names.clone()));
        removal.carried[last].trailing = row.comment().map(|comment| source.slice(comment));
    }
    let names: Vec<&str> = statement
        .names
        .iter()
        .map(|alias| alias.name.as_str())
        .collect();
    for section in sections(&rows) {
        let Some(heir) = heir(source, &rows, &section, leaving, &names) else {
            continue;
        };
        for &header in &section.header {
            removal
                .deleted
                .push((rows[header].span(source), vec![heir]));
            let text = rows[header].comment().map(|comment| source.slice(comment));
            removal.carried[heir].above.extend(text);
        }
    }
    Ok(removal)
}

/// The leaving name that takes a section's header along, if it goes.
fn heir(
    source: &Source<'_>,
    rows: &[Row<'_>],
    section: &Section,
    leaving: &[bool],
    names: &[&str],
) -> Option<usize> {
    let first_row = &rows[*section.members.first()?];
    let first = *first_row.names.first()?;
    if !leaving[first] {
        return None;
    }
    let all_leave = section
        .members
        .iter()
        .flat_map(|&row| &rows[row].names)
        .all(|&name| leaving[name]);
    let mentioned = section
        .header
        .iter()
        .filter_map(|&row| rows[row].comment())
        .any(|comment| has_word(source.slice(comment), names[first]));
    (all_leave || mentioned).then_some(first)
}

/// Splits the tokens between the parentheses into lines; the first is the rest of the opening line.
fn rows<'a>(inside: &'a [Token], spans: &[Span]) -> Vec<Row<'a>> {
    inside
        .split_inclusive(|token| token.kind() == TokenKind::NonLogicalNewline)
        .map(|tokens| {
            let starts = |span: &Span| {
                tokens
                    .iter()
                    .any(|token| span_of(token).start == span.start)
            };
            let names = (0..spans.len())
                .filter(|&index| starts(&spans[index]))
                .collect();
            Row { tokens, names }
        })
        .collect()
}

/// Groups the lines behind the opening one: a blank line or a comment behind names starts a new section.
fn sections(rows: &[Row<'_>]) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    for (index, row) in rows.iter().enumerate().skip(1) {
        let begins = row.is_blank()
            || row.names.is_empty() && sections.last().is_some_and(|last| !last.members.is_empty());
        if begins {
            sections.push(Section::default());
        }
        let Some(section) = sections.last_mut() else {
            continue;
        };
        if !row.names.is_empty() {
            section.members.push(index);
        } else if !row.is_blank() {
            section.header.push(index);
        }
    }
    sections
}

/// Whether `word` stands in `text` as a whole word.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let part = |ch: char| ch == '_' || ch.is_alphanumeric();
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}
