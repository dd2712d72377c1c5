//! Suppressions as every language has them: a mark in a comment, and the lines it speaks for.
//!
//! What a comment is, and where statements stand, each language knows.

use crate::facts::Suppression;
use crate::span::{LineIndex, Span};

const MARK: &str = "ssot:";

/// What a comment asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    is_file: bool,
    checks: Vec<String>,
    reason: String,
}

/// Whether the text may hold suppressions at all.
pub(super) fn has_marks(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_some()
}

/// Reads `ssot: ignore[a, b] reason` in a comment, where what stands before it lets it count.
pub(super) fn mark(comment: &str, counts_after: impl FnOnce(&str) -> bool) -> Option<Mark> {
    let at = comment.find(MARK)?;
    if !counts_after(comment[..at].trim()) {
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
    Some(Mark {
        is_file,
        checks,
        reason: reason.trim().to_owned(),
    })
}

/// The suppressions that marks make. `statements` are the file's (for compound ones the headers): where each starts, and
/// a place in its last line; in the order of their starts.
pub(super) fn of_marks(
    marks: impl Iterator<Item = (Span, Mark)>,
    statements: &[(u32, u32)],
    lines: &LineIndex,
) -> Vec<Suppression> {
    marks
        .map(|(span, mark)| Suppression {
            span,
            lines: (!mark.is_file).then(|| covered(lines.line(span.start), statements, lines)),
            checks: mark.checks,
            reason: mark.reason,
        })
        .collect()
}

/// The lines of the statements that start in `line`, or that line alone.
fn covered(line: u32, statements: &[(u32, u32)], lines: &LineIndex) -> (u32, u32) {
    let first = statements.partition_point(|(start, _)| lines.line(*start) < line);
    let end = statements[first..]
        .iter()
        .take_while(|(start, _)| lines.line(*start) == line)
        .map(|(_, end)| lines.line(*end))
        .max();
    (line, end.unwrap_or(line).max(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_marks_and_nothing_else() {
        let read = |comment| mark(comment, |before| before.is_empty() || before.ends_with('#'));
        let marked = |is_file, checks: &[&str], reason: &str| {
            Some(Mark {
                is_file,
                checks: checks.iter().map(ToString::to_string).collect(),
                reason: reason.to_owned(),
            })
        };
        assert_eq!(
            read("ssot: ignore[a, b] frozen"),
            marked(false, &["a", "b"], "frozen")
        );
        assert_eq!(read(" noqa # ssot:ignore"), marked(false, &[], ""));
        assert_eq!(read(" ssot: file-ignore[a]"), marked(true, &["a"], ""));
        assert_eq!(read(" see ssot: ignore[a]"), None);
        assert_eq!(read(" ssot: ignored"), None);
        assert_eq!(read(" ssot: ignore-all"), None);
    }
}
