//! Places in a source text: byte spans, and how they become lines and columns.
//!
//! Owns the arithmetic only; which text a span belongs to is for its holder to know.

use wide::u8x16;

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

/// Words between two entries of [`LineIndex::before`].
const BLOCK: usize = 64;

/// Turns byte offsets of one text into lines and columns without the text.
///
/// Lines end at `\n`, `\r\n` or a lone `\r`, as Python and editors count them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineIndex {
    /// A bit for each byte of the text, set where the byte ends a line: made without a branch, whatever the lines are.
    pub(crate) ends: Run<u64>,
    /// For every [`BLOCK`] words, how many line ends there are before them.
    pub(crate) before: Run<u32>,
    pub(crate) wide: Run<WideRun>,
    pub(crate) shape: LineShape,
}

/// The size of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineShape {
    /// Number of line ends.
    ends: u32,
    /// Bytes in the text.
    len: u32,
}

/// A [`LineIndex`] while it is made; it keeps its memory from text to text.
#[derive(Debug, Default)]
pub struct LineBuffer {
    pub(crate) ends: Tail<u64>,
    pub(crate) before: Tail<u32>,
    pub(crate) wide: Tail<WideRun>,
    pub(crate) shape: LineShape,
}

impl LineBuffer {
    /// Indexes `text` in place of what was indexed before.
    pub fn fill(&mut self, text: &str) {
        self.ends.clear();
        self.before.clear();
        self.wide.clear();
        let bytes = text.as_bytes();
        let (blocks, rest) = bytes.as_chunks::<64>();
        let mut seen = Seen::default();
        self.ends
            .extend(blocks.iter().map(|block| seen.feeds(block)));
        if !rest.is_empty() {
            let mut last = [0; 64];
            last[..rest.len()].copy_from_slice(rest);
            self.ends.extend([seen.feeds(&last)]);
        }
        if !seen.is_ascii() {
            wide_runs(text, &mut self.wide);
        }
        if seen.has_returns() {
            for at in memchr::memchr_iter(b'\r', bytes) {
                if bytes.get(at + 1) != Some(&b'\n') {
                    self.ends[at / 64] |= 1 << (at % 64);
                }
            }
        }
        let mut ends = 0;
        for block in self.ends.chunks(BLOCK) {
            self.before.push(ends);
            ends += block.iter().map(|word| word.count_ones()).sum::<u32>();
        }
        self.shape = LineShape {
            ends,
            len: text.len() as u32,
        };
    }

    /// Whether the text holds nothing but ASCII.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.wide.is_empty()
    }
}

impl LineIndex {
    /// Indexes `text`, which holds no byte-order mark: that belongs to the file, not to its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut buffer = LineBuffer::default();
        buffer.fill(text);
        Self {
            ends: buffer.ends.into(),
            before: buffer.before.into(),
            wide: buffer.wide.into(),
            shape: buffer.shape,
        }
    }

    /// Number of lines; a last line without line end counts, an empty one after the last line end does not.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        let open = self
            .shape
            .len
            .checked_sub(1)
            .is_some_and(|last| self.ends[last as usize / 64] & (1 << (last % 64)) == 0);
        self.shape.ends + u32::from(open)
    }

    /// The line (from 1) that holds `offset`.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        let offset = offset.min(self.shape.len);
        let word = offset as usize / 64;
        let block = word / BLOCK;
        let Some(&before) = self.before.get(block) else {
            return self.shape.ends + 1;
        };
        let whole = self.ends[block * BLOCK..word].iter();
        let part = self.ends.get(word).copied().unwrap_or(0) & ((1 << (offset % 64)) - 1);
        before + whole.map(|word| word.count_ones()).sum::<u32>() + part.count_ones() + 1
    }

    /// The line and column of `offset`.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line(offset);
        let start = self.line_start(line);
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
        if line <= 1 {
            return 0;
        }
        if line > self.shape.ends + 1 {
            return self.shape.len;
        }
        // The line end before it, counted from 0.
        let end = line - 2;
        let block = self.before.partition_point(|&before| before <= end) - 1;
        let mut left = end - self.before[block];
        for (at, &word) in self.ends.iter().enumerate().skip(block * BLOCK) {
            let here = word.count_ones();
            if left < here {
                return at as u32 * 64 + nth_bit(word, left) + 1;
            }
            left -= here;
        }
        self.shape.len
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

/// The place of the bit that is set with `n` set bits below it.
fn nth_bit(mut word: u64, n: u32) -> u32 {
    for _ in 0..n {
        word &= word - 1;
    }
    word.trailing_zeros()
}

/// What the blocks of a text hold besides line feeds, found in the same pass.
#[derive(Default)]
struct Seen {
    /// The bits that some byte in each place has.
    bits: u8x16,
    /// Where a carriage return was.
    returns: u8x16,
}

impl Seen {
    /// A bit for each byte of the block that is a line feed.
    fn feeds(&mut self, block: &[u8; 64]) -> u64 {
        let (parts, _) = block.as_chunks::<16>();
        parts.iter().rev().fold(0, |feeds, part| {
            let part = u8x16::new(*part);
            self.bits |= part;
            self.returns |= part.simd_eq(u8x16::splat(b'\r'));
            let here = part.simd_eq(u8x16::splat(b'\n')).to_bitmask();
            feeds << 16 | u64::from(here)
        })
    }

    fn is_ascii(&self) -> bool {
        self.bits.to_bitmask() == 0
    }

    fn has_returns(&self) -> bool {
        self.returns.to_bitmask() != 0
    }
}

/// Adds the multi-byte runs of `text` to `runs`, which is empty.
fn wide_runs(text: &str, runs: &mut Tail<WideRun>) {
    let mut excess = 0;
    let mut rest = text;
    while let Some(ascii) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let start = text.len() - rest.len() + ascii;
        let mut chars = rest[ascii..].chars();
        let width = chars.next().map_or(1, char::len_utf8);
        let others = chars.take_while(|ch| ch.len_utf8() == width).count();
        let bytes = (1 + others) * width;
        runs.push(WideRun {
            start: start as u32,
            chars: 1 + others as u32,
            width: width as u8,
            excess_before: excess,
        });
        excess += ((1 + others) * (width - 1)) as u32;
        rest = &rest[ascii + bytes..];
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
            for at in 0..=text.len() {
                let line = starts.partition_point(|&start| start as usize <= at);
                assert_eq!(index.line(at as u32) as usize, line);
            }
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
