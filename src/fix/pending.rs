//! Contents that are decided and not yet written: what one pass of fixing leaves for the next.
//!
//! Owns how the changes of several passes become one. Later stages see the tree through it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustc_hash::FxHasher;

use super::apply::NewContents;

/// The files that will change, by path.
#[derive(Clone, Debug, Default)]
pub struct Pending(BTreeMap<PathBuf, NewContents>);

impl Pending {
    /// Adds what another pass changes.
    pub fn take_in(&mut self, contents: Vec<NewContents>) {
        for new in contents {
            let original = match self.0.remove(&new.path) {
                Some(earlier) => earlier.original,
                None => new.original,
            };
            // What comes back to what it was is no change.
            if original != new.bytes {
                let whole = NewContents { original, ..new };
                self.0.insert(whole.path.clone(), whole);
            }
        }
    }

    /// All changes, in path order.
    #[must_use]
    pub fn into_contents(self) -> Vec<NewContents> {
        self.0.into_values().collect()
    }

    /// The bytes that the file at `path` below `root` has, or will have.
    pub(super) fn read(&self, root: &Path, path: &Path) -> io::Result<Cow<'_, [u8]>> {
        match self.0.get(path).map(|new| new.bytes.as_deref()) {
            Some(Some(bytes)) => Ok(Cow::Borrowed(bytes)),
            Some(None) => Err(io::ErrorKind::NotFound.into()),
            None => fs::read(root.join(path)).map(Cow::Owned),
        }
    }

    /// A number that two equal sets of changes share.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut hasher = FxHasher::default();
        for new in self.0.values() {
            (&new.path, &new.bytes).hash(&mut hasher);
        }
        hasher.finish()
    }
}
