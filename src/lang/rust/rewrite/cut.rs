//! What goes when names of `use` go: elements with their commas, declarations with their lines.

use super::declarations::{Declaration, Group};
use super::holds_comment;
use crate::span::Span;

/// What goes with the element `at` of a group in which `is_gone` says what goes; some element stays.
pub(super) fn element(
    text: &str,
    group: &Group,
    at: usize,
    is_gone: impl Fn(Span) -> bool,
) -> Result<Span, String> {
    let (Some(&own), Some(last)) = (group.elements.get(at), group.elements.last()) else {
        return Err("it is no part of a group".to_owned());
    };
    let behind = &text[last.end as usize..group.inner.end as usize];
    let staying = group.elements.iter().rposition(|one| !is_gone(*one));
    match staying.and_then(|at| group.elements.get(at)) {
        // Nothing stays behind it, so the comma before it goes, and all between.
        Some(kept) if kept.end <= own.start && !behind.trim_start().starts_with(',') => {
            let between = Span::new(kept.end, last.end);
            if holds_comment(&text[between.range()]) || holds_comment(behind) {
                return Err("a comment beside it would lose what it is about".to_owned());
            }
            Ok(between)
        }
        _ => with_comma(text, own, group.inner),
    }
}

/// An element of a group with the comma behind it, and the space behind that.
fn with_comma(text: &str, element: Span, group: Span) -> Result<Span, String> {
    let behind = &text[element.end as usize..group.end as usize];
    let spaces = behind.len() - behind.trim_start().len();
    let after = behind[spaces..].strip_prefix(',');
    let after = after.ok_or("a comment beside it would lose what it is about")?;
    let line = after.find('\n').unwrap_or(after.len());
    if holds_comment(&after[..line]) {
        return Err("a comment behind it would lose what it is about".to_owned());
    }
    let mut end = element.end as usize + spaces + 1;
    let mut start = element.start as usize;
    if opens_line(text, element.start) && after[..line].trim().is_empty() && line < after.len() {
        // Its own line goes with it.
        end += line + 1;
        start = line_start(text, element.start);
    } else {
        end += after.len() - after.trim_start_matches(' ').len();
    }
    Ok(Span::new(start as u32, end as u32))
}

/// A declaration with the lines that it alone stands on, and an empty line that would be one too many.
pub(super) fn declaration(text: &str, one: &Declaration) -> Span {
    let mut start = line_start(text, one.start);
    let end = one.span.end as usize;
    let Some(line) = line_end(text, end) else {
        return Span::new(one.start, one.span.end);
    };
    if !text[end..line].trim().is_empty() || !opens_line(text, one.start) {
        return Span::new(one.start, one.span.end);
    }
    let mut end = line;
    let above = text[..start].trim_end_matches([' ', '\t', '\r', '\n']);
    let is_empty_above = text[above.len()..start].matches('\n').count() > 1;
    let opens = above.is_empty() || above.ends_with('{');
    let below = &text[end..];
    let next = below.find('\n').map_or(below.len(), |at| at + 1);
    if (is_empty_above || opens) && below[..next].trim().is_empty() {
        end += next;
    } else if is_empty_above && below.trim_start().starts_with('}') {
        start =
            text[..above.len()].len() + text[above.len()..start].find('\n').map_or(0, |at| at + 1);
    }
    Span::new(start as u32, end as u32)
}

/// Whether a comment belongs to a declaration: right above it, or behind it.
pub(super) fn is_commented(text: &str, one: &Declaration) -> bool {
    let start = line_start(text, one.start);
    let above = text[..start].lines().next_back().unwrap_or_default().trim();
    let end = one.span.end as usize;
    let behind = &text[end..line_end(text, end).unwrap_or(text.len())];
    holds_comment(behind) || above.starts_with("//") || above.ends_with("*/")
}

/// Where the line of `at` starts.
pub(super) fn line_start(text: &str, at: u32) -> usize {
    text[..at as usize].rfind('\n').map_or(0, |at| at + 1)
}

/// Where the line of `at` ends, behind its end; none in the last line.
fn line_end(text: &str, at: usize) -> Option<usize> {
    text[at..].find('\n').map(|found| at + found + 1)
}

/// Whether only space stands before `at` in its line.
pub(super) fn opens_line(text: &str, at: u32) -> bool {
    text[line_start(text, at)..at as usize].trim().is_empty()
}
