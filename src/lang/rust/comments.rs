//! Suppressions, read from real comments only: a mark inside a string is text.

use crate::facts::Suppression;
use crate::lang::suppressions::{Mark, mark, of_marks};
use crate::span::{LineIndex, Span};

/// The suppressions of a file.
pub(super) fn suppressions(text: &str) -> Vec<Suppression> {
    let mut statements = super::depth::statements(text);
    for (_, end) in &mut statements {
        *end = end.saturating_sub(1);
    }
    let marks = super::depth::comments(text).into_iter().filter_map(|at| {
        let span = Span::new(at.start as u32, at.end as u32);
        Some((span, parse(&text[at])?))
    });
    of_marks(marks, &statements, &LineIndex::new(text))
}

/// Reads `// ssot: ignore[a, b] reason`; documentation says nothing to tools.
fn parse(comment: &str) -> Option<Mark> {
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
    mark(inner, |before| before.is_empty() || before.ends_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_begins_a_comment_that_is_no_documentation() {
        assert!(parse("// ssot: ignore[a, b] frozen").is_some());
        assert!(parse("// clippy says no // ssot:ignore").is_some());
        assert!(parse("/* ssot: file-ignore[a] */").is_some());
        assert!(parse("/// ssot: ignore[a]").is_none());
        assert!(parse("// see ssot: ignore[a]").is_none());
    }
}
