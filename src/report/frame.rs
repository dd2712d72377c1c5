//! Code frames: the lines a finding stands on, cut to a width that can be read.

use std::ops::Range;

use crate::span::{LineIndex, Position};

/// The most characters of a line that are shown.
pub(super) const WIDTH: usize = 120;

/// The most lines a frame spans; a longer finding is shown by its first line.
const LINES: u32 = 30;

/// A piece of a file to show, and the part of it to point at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Number of the first line.
    pub(super) first_line: usize,
    /// The lines, without the last line end.
    pub(super) text: String,
    /// Byte range in `text`.
    pub(super) span: Range<usize>,
}

impl Frame {
    /// Number of the last line.
    pub(super) fn last_line(&self) -> usize {
        self.first_line + self.text.matches('\n').count()
    }
}

/// The frame from `start` to `end`; `None` when the text has no such line, as when the file changed meanwhile.
pub(super) fn cut(text: &str, lines: &LineIndex, start: Position, end: Position) -> Option<Frame> {
    if start.line == 0 || start.line > lines.line_count() {
        return None;
    }
    let mut end = end.max(start);
    if end.line > lines.line_count() || end.line - start.line >= LINES {
        end = Position {
            line: start.line,
            column: u32::MAX,
        };
    }
    let mut frame = Frame {
        first_line: start.line as usize,
        text: String::new(),
        span: 0..0,
    };
    for number in start.line..=end.line {
        if number > start.line {
            frame.text.push('\n');
        }
        let line = line(text, lines, number);
        let first = (number == start.line).then_some(start.column);
        let last = (number == end.line).then_some(end.column);
        let window = Window::around(line, first.or(last).unwrap_or(1));
        let offset = frame.text.len();
        if let Some(column) = first {
            frame.span.start = offset + window.offset(column);
        }
        if let Some(column) = last {
            frame.span.end = offset + window.offset(column);
        }
        window.push_to(&mut frame.text);
    }
    frame.span.end = frame.span.end.max(frame.span.start);
    Some(frame)
}

/// A line without its end, and without a byte-order mark.
fn line<'a>(text: &'a str, lines: &LineIndex, number: u32) -> &'a str {
    let range = lines.line_start(number) as usize..lines.line_start(number + 1) as usize;
    let line = text.get(range).unwrap_or_default();
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    line.trim_end_matches(['\r', '\n'])
}

/// The part of a line that is shown.
struct Window<'a> {
    text: &'a str,
    /// Characters cut off before.
    skipped: usize,
    cut_after: bool,
}

const ELLIPSIS: char = '…';

impl<'a> Window<'a> {
    /// The part of `line` around a column; all of it if it is short enough.
    fn around(line: &'a str, column: u32) -> Self {
        let at = (column as usize).saturating_sub(1);
        let length = line.chars().count();
        let skipped = if length <= WIDTH || at < WIDTH * 3 / 4 {
            0
        } else {
            (at - WIDTH / 4).min(length - WIDTH)
        };
        let text = &line[byte_of(line, skipped)..byte_of(line, skipped + WIDTH)];
        Self {
            text,
            skipped,
            cut_after: length > skipped + WIDTH,
        }
    }

    /// Byte offset of a column in what [`Self::push_to`] writes.
    fn offset(&self, column: u32) -> usize {
        let mark = if self.skipped > 0 {
            ELLIPSIS.len_utf8()
        } else {
            0
        };
        let at = (column as usize).saturating_sub(1 + self.skipped);
        mark + byte_of(self.text, at)
    }

    fn push_to(&self, out: &mut String) {
        if self.skipped > 0 {
            out.push(ELLIPSIS);
        }
        out.push_str(self.text);
        if self.cut_after {
            out.push(ELLIPSIS);
        }
    }
}

/// Byte offset of the character at `at`, or the length.
fn byte_of(text: &str, at: usize) -> usize {
    text.char_indices()
        .nth(at)
        .map_or(text.len(), |(byte, _)| byte)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(line: u32, column: u32) -> Position {
        Position { line, column }
    }

    fn pointed(text: &str, start: Position, end: Position) -> Option<(String, String)> {
        let frame = cut(text, &LineIndex::new(text), start, end)?;
        let pointed = frame.text[frame.span.clone()].to_owned();
        Some((frame.text, pointed))
    }

    #[test]
    fn columns_are_characters() {
        let (text, pointed) = pointed("x\r\né = 'ü'\r\n", at(2, 5), at(2, 8)).unwrap();
        assert_eq!((text.as_str(), pointed.as_str()), ("é = 'ü'", "'ü'"));
    }

    #[test]
    fn spans_over_lines_are_whole() {
        let (text, pointed) = pointed("f(\n  1,\n)\n", at(1, 1), at(3, 2)).unwrap();
        assert_eq!(text, "f(\n  1,\n)");
        assert_eq!(pointed, text);
    }

    #[test]
    fn long_lines_are_cut_around_the_span() {
        let line = format!("{}HERE{}", "é".repeat(500), "b".repeat(500));
        let (text, pointed) = pointed(&line, at(1, 501), at(1, 505)).unwrap();
        assert_eq!(pointed, "HERE");
        assert!(text.starts_with('…') && text.ends_with('…'));
        assert_eq!(text.chars().count(), WIDTH + 2);
    }

    #[test]
    fn a_long_finding_is_shown_by_its_first_line() {
        let text = "line\n".repeat(100);
        let (text, pointed) = pointed(&text, at(2, 3), at(90, 2)).unwrap();
        assert_eq!((text.as_str(), pointed.as_str()), ("line", "ne"));
    }

    #[test]
    fn a_place_that_is_gone_has_no_frame() {
        assert_eq!(pointed("", at(1, 1), at(1, 1)), None);
        assert_eq!(pointed("a\n", at(2, 1), at(2, 4)), None);
        assert_eq!(pointed("a\n", at(0, 0), at(0, 0)), None);
    }

    proptest! {
        #[test]
        fn any_place_in_any_text_is_safe(
            text in "[a\té\r\n\u{feff}𝄞]{0,300}",
            start in (0_u32..9, 0_u32..400),
            end in (0_u32..9, any::<u32>()),
        ) {
            let lines = LineIndex::new(&text);
            if let Some(frame) = cut(&text, &lines, at(start.0, start.1), at(end.0, end.1)) {
                prop_assert!(frame.text.get(frame.span).is_some());
            }
        }
    }
}
