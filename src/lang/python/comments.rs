//! Suppressions, read from real comments only: a mark inside a string is text.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::Ranged;

use super::extract::span;
use crate::facts::Suppression;
use crate::span::LineIndex;

const MARK: &str = "ssot:";

/// Whether the text may hold suppressions at all.
pub(super) fn has_marks(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_some()
}

/// The suppressions of a file. `statements` are its statements (for compound ones the header) as start and end.
pub(super) fn suppressions(
    text: &str,
    tokens: &Tokens,
    statements: &[(u32, u32)],
    lines: &LineIndex,
) -> Vec<Suppression> {
    let mut found = Vec::new();
    let mut statements = statements.to_vec();
    statements.sort_unstable();
    for token in tokens
        .iter()
        .filter(|token| token.kind() == TokenKind::Comment)
    {
        let at = span(token.range());
        let Some((is_file, checks, reason)) = parse(&text[at.range()]) else {
            continue;
        };
        let line = lines.line(at.start);
        let covered = if is_file {
            None
        } else {
            let first = statements.partition_point(|(start, _)| lines.line(*start) < line);
            let end = statements[first..]
                .iter()
                .take_while(|(start, _)| lines.line(*start) == line)
                .map(|(_, end)| lines.line(*end))
                .max();
            Some((line, end.unwrap_or(line).max(line)))
        };
        found.push(Suppression {
            span: at,
            lines: covered,
            checks,
            reason,
        });
    }
    found
}

/// Reads `# ssot: ignore[a, b] reason`; other comments may stand before it in the same comment (`# noqa # ssot: …`).
fn parse(comment: &str) -> Option<(bool, Vec<String>, String)> {
    let at = comment.find(MARK)?;
    if !comment[..at].trim_end().ends_with('#') {
        return None;
    }
    let rest = comment[at + MARK.len()..].trim_start();
    let (is_file, rest) = match rest.strip_prefix("file-ignore") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("ignore")?),
    };
    if rest.starts_with(|ch: char| ch.is_alphanumeric() || ch == '-' || ch == '_') {
        return None;
    }
    let (checks, reason) = match rest.trim_start().strip_prefix('[') {
        Some(inner) => {
            let (checks, reason) = inner.split_once(']').unwrap_or((inner, ""));
            let checks = checks
                .split(',')
                .map(str::trim)
                .filter(|check| !check.is_empty())
                .map(str::to_owned);
            (checks.collect(), reason)
        }
        None => (Vec::new(), rest),
    };
    Some((is_file, checks, reason.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(comment: &str) -> Option<(bool, Vec<String>, String)> {
        parse(comment)
    }

    #[test]
    fn reads_marks_and_nothing_else() {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            checks("# ssot: ignore[a, b] frozen"),
            Some((false, names(&["a", "b"]), "frozen".into()))
        );
        assert_eq!(
            checks("# noqa  # ssot:ignore"),
            Some((false, vec![], String::new()))
        );
        assert_eq!(
            checks("# ssot: file-ignore[a]"),
            Some((true, names(&["a"]), String::new()))
        );
        assert_eq!(checks("# see ssot: ignore[a]"), None);
        assert_eq!(checks("# ssot: ignored"), None);
    }
}
