//! Places in a source text: byte spans, and how they become lines and columns.
//!
//! Owns the arithmetic only; which text a span belongs to is for its holder to know.

use crate::run::{Run, Tail};

/// A half-open range of byte offsets into one decoded source text (UTF-8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from `start` up to, not including, `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// An empty span at `offset`.
    #[must_use]
    pub const fn at(offset: u32) -> Self {
        Self {
            start: offset,
            end: offset,
        }
    }

    /// Whether `offset` lies inside.
    #[must_use]
    pub const fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }

    /// The span as a `usize` range, to slice text with.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A place people can find: both numbers count from 1, the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A run of consecutive characters that take more than one byte each, all the same number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WideRun {
    /// Offset of the run's first byte.
    start: u32,
    /// Characters in the run.
    chars: u32,
    /// Bytes per character, 2 to 4.
    width: u8,
    /// Bytes minus characters of all earlier runs.
    excess_before: u32,
}

/// Lines between two [`Mark`]s.
const MARKED: u32 = 64;

/// Where every [`MARKED`]th line starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Offset in the text.
    offset: u32,
    /// Where the line's length is in the steps.
    step: u32,
}

/// Turns byte offsets of one text into lines and columns without the text.
///
/// Lines end at `\n`, `\r\n` or a lone `\r`, as Python and editors count them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineIndex {
    /// The length of each line, line end included: 255 for every 255 bytes, then one byte for the rest. An index takes
    /// little more than a byte a line, a quarter of what offsets would take.
    pub(crate) steps: Run<u8>,
    pub(crate) marks: Run<Mark>,
    pub(crate) wide: Run<WideRun>,
    pub(crate) shape: LineShape,
}

/// The size of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineShape {
    /// Number of places where a line starts: one more than there are line ends.
    starts: u32,
    /// Bytes in the text.
    len: u32,
}

/// A [`LineIndex`] while it is made; it keeps its memory from text to text.
#[derive(Debug, Default)]
pub struct LineBuffer {
    pub(crate) steps: Tail<u8>,
    pub(crate) marks: Tail<Mark>,
    pub(crate) wide: Tail<WideRun>,
    pub(crate) shape: LineShape,
}

impl LineBuffer {
    /// Indexes `text` in place of what was indexed before.
    pub fn fill(&mut self, text: &str) {
        self.steps.clear();
        self.marks.clear();
        self.wide.clear();
        self.shape = LineShape {
            starts: 0,
            len: text.len() as u32,
        };
        if !text.is_ascii() {
            wide_runs(text, &mut self.wide);
        }
        let bytes = text.as_bytes();
        let start = if memchr::memchr(b'\r', bytes).is_none() {
            self.line_feeds(bytes)
        } else {
            let mut start = 0;
            for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
                if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                    self.line(start, at + 1);
                    start = at + 1;
                }
            }
            start
        };
        self.line(start, bytes.len());
    }

    /// Adds all lines that a line feed ends; gives the start of what is left. 64 bytes at a time, a bit for each: lines
    /// of code are so short that calling a search for each costs more than the search.
    fn line_feeds(&mut self, bytes: &[u8]) -> usize {
        let mut start = 0;
        let (blocks, rest) = bytes.as_chunks::<64>();
        for (at, block) in blocks.iter().enumerate() {
            let mut found = feeds(block);
            while found != 0 {
                let end = at * 64 + found.trailing_zeros() as usize + 1;
                self.line(start, end);
                start = end;
                found &= found - 1;
            }
        }
        for (at, byte) in rest.iter().enumerate() {
            if *byte == b'\n' {
                let end = blocks.len() * 64 + at + 1;
                self.line(start, end);
                start = end;
            }
        }
        start
    }

    fn line(&mut self, start: usize, end: usize) {
        if self.shape.starts.is_multiple_of(MARKED) {
            self.marks.push(Mark {
                offset: start as u32,
                step: self.steps.len() as u32,
            });
        }
        self.shape.starts += 1;
        let mut len = end - start;
        while len >= 255 {
            self.steps.push(255);
            len -= 255;
        }
        self.steps.push(len as u8);
    }
}

impl LineIndex {
    /// Indexes `text`, which holds no byte-order mark: that belongs to the file, not to its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut buffer = LineBuffer::default();
        buffer.fill(text);
        Self {
            steps: buffer.steps.into(),
            marks: buffer.marks.into(),
            wide: buffer.wide.into(),
            shape: buffer.shape,
        }
    }

    /// Number of lines; a last line without line end counts, an empty one after the last line end does not.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        // The last length is 0 only if the last line is empty: after 255 bytes there is a byte for the rest.
        let open = match self.steps[..] {
            [] | [0] => true,
            [.., before, 0] => before != 255,
            _ => false,
        };
        self.shape.starts - u32::from(open && self.shape.starts > 0)
    }

    /// The line (from 1) that holds `offset`.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        self.find(|_, start| start <= offset).0
    }

    /// The line and column of `offset`.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let (line, start) = self.find(|_, start| start <= offset);
        let bytes = offset - start;
        let excess = self.excess(offset) - self.excess(start);
        Position {
            line,
            column: bytes - excess + 1,
        }
    }

    /// Offset at which `line` (from 1) starts, or the end of the text when there is no such line.
    #[must_use]
    pub fn line_start(&self, line: u32) -> u32 {
        if line > self.shape.starts {
            return self.shape.len;
        }
        self.find(|number, _| number <= line.max(1)).1
    }

    /// The last line, with the offset of its start, for which `holds`; it holds for the first line and for none after
    /// one for which it does not.
    fn find(&self, holds: impl Fn(u32, u32) -> bool) -> (u32, u32) {
        let number = |block: usize| block as u32 * MARKED + 1;
        let (mut low, mut high) = (0, self.marks.len());
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            if holds(number(middle), self.marks[middle].offset) {
                low = middle;
            } else {
                high = middle;
            }
        }
        let Some(mark) = self.marks.get(low) else {
            return (0, 0);
        };
        let (mut line, mut start) = (number(low), mark.offset);
        let mut next = start;
        for &step in &self.steps[mark.step as usize..] {
            next += u32::from(step);
            if step == 255 {
                continue;
            }
            if line == self.shape.starts || !holds(line + 1, next) {
                break;
            }
            line += 1;
            start = next;
        }
        (line, start)
    }

    /// Bytes minus characters in the text before `offset`.
    fn excess(&self, offset: u32) -> u32 {
        let after = self.wide.partition_point(|run| run.start < offset);
        let Some(run) = after.checked_sub(1).map(|at| self.wide[at]) else {
            return 0;
        };
        let width = u32::from(run.width);
        let chars = ((offset - run.start) / width).min(run.chars);
        run.excess_before + chars * (width - 1)
    }
}

/// A bit for each byte that is a line feed.
fn feeds(block: &[u8; 64]) -> u64 {
    const FEEDS: u64 = u64::from_ne_bytes([b'\n'; 8]);
    const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
    /// Brings the top bit of every byte into the top byte.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let (words, _) = block.as_chunks::<8>();
    let mut bits = 0;
    for (at, word) in words.iter().enumerate() {
        let differs = u64::from_le_bytes(*word) ^ FEEDS;
        // The top bit of every byte that is 0, and nothing else.
        let found = !(((differs & LOW) + LOW) | differs | LOW);
        bits |= (found.wrapping_mul(GATHER) >> 56) << (at * 8);
    }
    bits
}

/// Adds the multi-byte runs of `text` to `runs`, which is empty.
fn wide_runs(text: &str, runs: &mut Tail<WideRun>) {
    let mut excess = 0;
    for (at, ch) in text.char_indices() {
        let width = ch.len_utf8() as u8;
        if width == 1 {
            continue;
        }
        let at = at as u32;
        match runs.last_mut() {
            Some(run) if run.width == width && run.start + run.chars * u32::from(width) == at => {
                run.chars += 1;
            }
            _ => runs.push(WideRun {
                start: at,
                chars: 1,
                width,
                excess_before: excess,
            }),
        }
        excess += u32::from(width) - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str, offset: usize) -> (u32, u32) {
        let at = LineIndex::new(text).position(offset as u32);
        (at.line, at.column)
    }

    #[test]
    fn lines_end_as_python_ends_them() {
        let text = "a\nb\r\nc\rd";
        assert_eq!(LineIndex::new(text).line_count(), 4);
        assert_eq!(position(text, text.len() - 1), (4, 1));
        assert_eq!(position(text, 5), (3, 1));
        assert_eq!(LineIndex::new("a\n").line_count(), 1);
        assert_eq!(LineIndex::new("").line_count(), 0);
    }

    #[test]
    fn lines_of_any_length_and_number_are_found() {
        let mut text = String::new();
        for len in (0..300).chain([509, 510, 511, 254, 255, 256]) {
            text.push_str(&"x".repeat(len));
            text.push('\n');
            let mut starts = vec![0];
            starts.extend(text.match_indices('\n').map(|(at, _)| at as u32 + 1));
            let index = LineIndex::new(&text);
            assert_eq!(index.line_count() as usize, starts.len() - 1);
            for (at, &start) in starts.iter().enumerate() {
                let line = at as u32 + 1;
                assert_eq!(index.line_start(line), start);
                assert_eq!(index.line(start), line);
                assert_eq!(
                    index.line(start + 1),
                    line + u32::from(starts.get(at + 1) == Some(&(start + 1)))
                );
            }
            assert_eq!(index.line_start(starts.len() as u32 + 1), text.len() as u32);
            assert_eq!(index.line_start(0), 0);
            if len > 0 {
                let open = LineIndex::new(&text[..text.len() - 1]);
                assert_eq!(open.line_count(), index.line_count());
            }
        }
    }

    #[test]
    fn columns_count_characters() {
        let text = "x = 'é→𝄞é'; y\nz = 1";
        for (at, _) in text.char_indices() {
            let line = text[..at].matches('\n').count() as u32 + 1;
            let column = text[..at].rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
            assert_eq!(position(text, at), (line, column), "offset {at}");
        }
    }
}
