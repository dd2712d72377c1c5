//! Where the numbers of each file start, and which file a number belongs to.

use crate::index::FileId;

/// How many numbers share an entry of the table, as a power of two.
const SHIFT: u32 = 6;

/// Consecutive numbers, a run for each file.
#[derive(Default)]
pub(super) struct Starts {
    /// The first number of each file.
    firsts: Vec<u32>,
    total: u32,
    /// For each block of numbers, the file of its first one.
    files: Vec<u32>,
}

impl Starts {
    /// The next file has so many numbers.
    pub(super) fn push(&mut self, count: u32) {
        let file = self.firsts.len() as u32;
        self.firsts.push(self.total);
        self.total += count;
        while ((self.files.len() as u32) << SHIFT) < self.total {
            self.files.push(file);
        }
    }

    pub(super) fn total(&self) -> u32 {
        self.total
    }

    /// The first number of a file.
    pub(super) fn of(&self, file: FileId) -> u32 {
        self.firsts[file.index()]
    }

    /// The file that a number below the total belongs to.
    pub(super) fn file(&self, number: u32) -> FileId {
        let mut file = self.files[(number >> SHIFT) as usize] as usize;
        while self
            .firsts
            .get(file + 1)
            .is_some_and(|&next| next <= number)
        {
            file += 1;
        }
        FileId(file as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_belongs_to_the_file_that_counts_it() {
        let counts = [0, 3, 0, 0, 1, 200, 0, 64, 1];
        let mut starts = Starts::default();
        for count in counts {
            starts.push(count);
        }
        let mut number = 0;
        for (file, count) in counts.into_iter().enumerate() {
            assert_eq!(starts.of(FileId(file as u32)), number);
            for _ in 0..count {
                assert_eq!(starts.file(number).index(), file);
                number += 1;
            }
        }
        assert_eq!(starts.total(), number);
    }
}
