//! Runs of an array that several owners share.
//!
//! Owns sharing only; who packs what into one array is for its maker to know.

use std::fmt;
use std::ops::Deref;
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
