//! Runs of an array that several owners share, and the end of one that is being made.
//!
//! Owns sharing only; who packs what into one array is for its maker to know.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A run of entries of a shared array: to all intents a slice that is cheap to clone.
pub struct Run<T> {
    /// None when the run is empty.
    all: Option<Arc<[T]>>,
    start: u32,
    len: u32,
}

impl<T> Run<T> {
    /// The run of `len` entries of `all` from `start`; both fit `u32` as long as facts are packed by
    /// [`crate::facts::Pack`].
    pub(crate) fn new(all: &Arc<[T]>, start: usize, len: usize) -> Self {
        Self {
            all: (len > 0).then(|| Arc::clone(all)),
            start: start as u32,
            len: len as u32,
        }
    }
}

impl<T> Deref for Run<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.all {
            Some(all) => &all[self.start as usize..self.start as usize + self.len as usize],
            None => &[],
        }
    }
}

impl<T> Default for Run<T> {
    fn default() -> Self {
        Self {
            all: None,
            start: 0,
            len: 0,
        }
    }
}

impl<T> Clone for Run<T> {
    fn clone(&self) -> Self {
        Self {
            all: self.all.clone(),
            ..*self
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Run<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Run<T> {}

impl<T> From<Vec<T>> for Run<T> {
    fn from(all: Vec<T>) -> Self {
        let len = all.len();
        Self::new(&all.into(), 0, len)
    }
}

impl<'a, T> IntoIterator for &'a Run<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The entries of one file at the end of an array that holds those of others before it. To all intents it is a vector
/// of the file's entries alone.
#[derive(Debug)]
pub struct Tail<T> {
    all: Vec<T>,
    start: usize,
}

impl<T> Default for Tail<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            start: 0,
        }
    }
}

impl<T> Tail<T> {
    /// Appends an entry.
    pub fn push(&mut self, entry: T) {
        self.all.push(entry);
    }

    /// Removes entries that are like the one before them.
    pub fn dedup(&mut self)
    where
        T: PartialEq + Copy,
    {
        let mut kept = self.start;
        for at in self.start..self.all.len() {
            if at == self.start || self.all[at] != self.all[kept - 1] {
                self.all[kept] = self.all[at];
                kept += 1;
            }
        }
        self.all.truncate(kept);
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.all.truncate(self.start);
    }

    /// Number of entries of others.
    pub(crate) fn sealed(&self) -> usize {
        self.start
    }

    /// Leaves the entries to the array and starts anew behind them. Gives their number.
    pub(crate) fn seal(&mut self) -> usize {
        let len = self.all.len() - self.start;
        self.start = self.all.len();
        len
    }

    /// Copies the whole array into a block of exactly its size and empties it.
    pub(crate) fn share(&mut self) -> Arc<[T]>
    where
        T: Copy,
    {
        let all = self.all.as_slice().into();
        self.all.clear();
        self.start = 0;
        all
    }
}

impl<T> Deref for Tail<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.all[self.start..]
    }
}

impl<T> DerefMut for Tail<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.all[self.start..]
    }
}

impl<T> Extend<T> for Tail<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, entries: I) {
        self.all.extend(entries);
    }
}

impl<T: Copy> From<Tail<T>> for Run<T> {
    fn from(mut tail: Tail<T>) -> Self {
        let len = tail.all.len();
        Self::new(&tail.share(), 0, len)
    }
}
