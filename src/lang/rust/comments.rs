//! Suppressions, read from real comments only: a mark inside a string is text.

use crate::facts::Suppression;
use crate::span::{LineIndex, Span};

const MARK: &str = "ssot:";

/// Whether the text may hold suppressions at all.
pub(super) fn has_marks(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_some()
}

/// The suppressions of a file.
pub(super) fn suppressions(text: &str) -> Vec<Suppression> {
    let statements = super::depth::statements(text);
    let lines = LineIndex::new(text);
    let mut found = Vec::new();
    for at in super::depth::comments(text) {
        let Some((is_file, checks, reason)) = parse(&text[at.clone()]) else {
            continue;
        };
        let span = Span::new(at.start as u32, at.end as u32);
        let line = lines.line(span.start);
        let covered = if is_file {
            None
        } else {
            let first = statements.partition_point(|(start, _)| lines.line(*start) < line);
            let end = statements[first..]
                .iter()
                .take_while(|(start, _)| lines.line(*start) == line)
                .map(|(_, end)| lines.line(end.saturating_sub(1)))
                .max();
            Some((line, end.unwrap_or(line).max(line)))
        };
        found.push(Suppression {
            span,
            lines: covered,
            checks,
            reason,
        });
    }
    found
}

/// Reads `// ssot: ignore[a, b] reason`; documentation says nothing to tools.
fn parse(comment: &str) -> Option<(bool, Vec<String>, String)> {
    let inner = match comment.strip_prefix("//") {
        Some(line) if !line.starts_with(['/', '!']) || line.starts_with("//") => line,
        Some(_) => return None,
        None => {
            let block = comment.strip_prefix("/*")?.strip_suffix("*/")?;
            if block.starts_with(['*', '!']) {
                return None;
            }
            block
        }
    };
    let at = inner.find(MARK)?;
    let before = inner[..at].trim();
    if !before.is_empty() && !before.ends_with("//") {
        return None;
    }
    let rest = inner[at + MARK.len()..].trim_start();
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

    #[test]
    fn reads_marks_and_nothing_else() {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            parse("// ssot: ignore[a, b] frozen"),
            Some((false, names(&["a", "b"]), "frozen".into()))
        );
        assert_eq!(
            parse("// clippy says no // ssot:ignore"),
            Some((false, vec![], String::new()))
        );
        assert_eq!(
            parse("/* ssot: file-ignore[a] */"),
            Some((true, names(&["a"]), String::new()))
        );
        assert_eq!(parse("/// ssot: ignore[a]"), None);
        assert_eq!(parse("// see ssot: ignore[a]"), None);
        assert_eq!(parse("// ssot: ignored"), None);
    }
}
