//! Places in a source text: byte spans, and how they become lines and columns.
//!
//! Owns the arithmetic only; which text a span belongs to is for its holder to know.

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
struct WideRun {
    /// Offset of the run's first byte.
    start: u32,
    /// Characters in the run.
    chars: u32,
    /// Bytes per character, 2 to 4.
    width: u8,
    /// Bytes minus characters of all earlier runs.
    excess_before: u32,
}

/// Turns byte offsets of one text into lines and columns without the text.
///
/// Lines end at `\n`, `\r\n` or a lone `\r`, as Python and editors count them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineIndex {
    /// Offsets at which lines start; the first is 0.
    starts: Vec<u32>,
    wide: Vec<WideRun>,
    len: u32,
}

impl LineIndex {
    /// Indexes `text`, which holds no byte-order mark: that belongs to the file, not to its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let newlines = memchr::memchr_iter(b'\n', bytes);
        // Lines of code are 35 bytes long on average; what is spare is given back below.
        let mut starts = Vec::with_capacity(bytes.len() / 32 + 1);
        starts.push(0);
        if memchr::memchr(b'\r', bytes).is_none() {
            starts.extend(newlines.map(|at| at as u32 + 1));
        } else {
            let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
            let ends = ends.filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
            starts.extend(ends.map(|at| at as u32 + 1));
        }
        starts.shrink_to_fit();
        let wide = if text.is_ascii() {
            Vec::new()
        } else {
            wide_runs(text)
        };
        Self {
            starts,
            wide,
            len: bytes.len() as u32,
        }
    }

    /// Number of lines; a last line without line end counts, an empty one after the last line end does not.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        let lines = self.starts.len() as u32;
        match self.starts.last() {
            Some(&last) if last == self.len => lines - 1,
            _ => lines,
        }
    }

    /// The line (from 1) that holds `offset`.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&start| start <= offset) as u32
    }

    /// The line and column of `offset`.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line(offset);
        let start = self.starts[line as usize - 1];
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
        self.starts
            .get(line.saturating_sub(1) as usize)
            .copied()
            .unwrap_or(self.len)
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

/// The multi-byte runs of `text`.
fn wide_runs(text: &str) -> Vec<WideRun> {
    let mut runs: Vec<WideRun> = Vec::new();
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
    runs.shrink_to_fit();
    runs
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
    fn columns_count_characters() {
        let text = "x = 'é→𝄞é'; y\nz = 1";
        for (at, _) in text.char_indices() {
            let line = text[..at].matches('\n').count() as u32 + 1;
            let column = text[..at].rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
            assert_eq!(position(text, at), (line, column), "offset {at}");
        }
    }
}
