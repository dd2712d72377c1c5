//! Suppressions, read from real comments only: a mark inside a string is text.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::Ranged;

use super::extract::span;
use crate::facts::Suppression;
use crate::lang::suppressions::{Mark, mark, of_marks};
use crate::span::LineIndex;

/// The suppressions of a file. `statements` are its statements (for compound ones the header) as start and end.
pub(super) fn suppressions(
    text: &str,
    tokens: &Tokens,
    mut statements: Vec<(u32, u32)>,
) -> Vec<Suppression> {
    statements.sort_unstable();
    let marks = tokens
        .iter()
        .filter(|token| token.kind() == TokenKind::Comment)
        .filter_map(|token| {
            let at = span(token.range());
            Some((at, parse(&text[at.range()])?))
        });
    of_marks(marks, &statements, &LineIndex::new(text))
}

/// Reads `# ssot: ignore[a, b] reason`; other comments may stand before it in the same comment (`# noqa # ssot: …`).
fn parse(comment: &str) -> Option<Mark> {
    mark(comment, |before| before.ends_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_begins_a_comment() {
        assert!(parse("# ssot: ignore[a, b] frozen").is_some());
        assert!(parse("# noqa  # ssot:ignore").is_some());
        assert!(parse("# see ssot: ignore[a]").is_none());
    }
}
