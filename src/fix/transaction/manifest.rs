//! The journal of one run: which files it changes, from what, to what.
//!
//! Owns its form on disk: `manifest.json`, and `originals`, the bytes that the files had, one after the other.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::attributes::Attributes;
use super::hash::hash;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const ORIGINALS: &str = "originals";
/// The form described here.
const VERSION: u32 = 1;

/// What a run was for; shown in lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Findings that it repaired.
    pub findings: u64,
    /// Their checks, sorted.
    pub checks: Vec<String>,
    /// The rules behind them, sorted.
    pub rules: Vec<String>,
}

/// A run's journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    /// Seconds since 1970-01-01 in UTC.
    pub(super) time: u64,
    /// In the name of every file staged for this run.
    pub(super) token: String,
    pub(super) about: About,
    /// The run that this one takes back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) undoes: Option<u64>,
    /// Folders made for new files, outermost first, from the root.
    pub(super) folders: Vec<String>,
    pub(super) files: Vec<Entry>,
}

/// One file of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Where its bytes are, from the root with `/`; no symbolic link.
    pub(super) path: String,
    /// What it was; nothing if it was not there.
    pub(super) before: Option<Original>,
    /// The hash of what it becomes; nothing if it is deleted.
    pub(super) after: Option<String>,
}

/// A file as it was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Original {
    pub(super) hash: String,
    /// Where its bytes are among the originals.
    start: usize,
    len: usize,
    pub(super) attributes: Attributes,
}

/// A journal that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// A part of it cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is no journal.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It is of another version of this tool.
    #[error("it has version {0}, which this version of ssot does not know")]
    Version(u32),
    /// What it holds of a file is not what the file was.
    #[error("the bytes kept of {0} are not those it had")]
    Bytes(String),
}

impl Manifest {
    pub(super) fn new(time: u64, token: String, about: About, undoes: Option<u64>) -> Self {
        Self {
            version: VERSION,
            time,
            token,
            about,
            undoes,
            folders: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Adds a file; its bytes so far go to the end of `originals`.
    pub(super) fn add(
        &mut self,
        path: String,
        before: Option<(&[u8], Attributes)>,
        after: Option<&[u8]>,
        originals: &mut Vec<u8>,
    ) {
        let before = before.map(|(bytes, attributes)| {
            let start = originals.len();
            originals.extend_from_slice(bytes);
            Original {
                hash: hash(bytes),
                start,
                len: bytes.len(),
                attributes,
            }
        });
        self.files.push(Entry {
            path,
            before,
            after: after.map(hash),
        });
    }

    pub(super) fn read(run: &Path) -> Result<Self, Damage> {
        let bytes = fs::read(run.join(MANIFEST))?;
        let manifest: Self = serde_json::from_slice(&bytes)?;
        if manifest.version != VERSION {
            return Err(Damage::Version(manifest.version));
        }
        Ok(manifest)
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>, Damage> {
        Ok(serde_json::to_vec(self)?)
    }

    /// The bytes that all files had, in order; checked.
    pub(super) fn originals(&self, run: &Path) -> Result<Vec<Option<Vec<u8>>>, Damage> {
        let all = fs::read(run.join(ORIGINALS))?;
        self.files
            .iter()
            .map(|entry| {
                let Some(before) = &entry.before else {
                    return Ok(None);
                };
                let end = before.start.checked_add(before.len);
                let bytes = end.and_then(|end| all.get(before.start..end));
                match bytes {
                    Some(bytes) if hash(bytes) == before.hash => Ok(Some(bytes.to_vec())),
                    _ => Err(Damage::Bytes(entry.path.clone())),
                }
            })
            .collect()
    }

    /// The names under which file number `at` (of `file`, its full path) may lie staged: its new contents, and what
    /// it had when those are taken back.
    pub(super) fn staged(&self, at: usize, file: &Path) -> [PathBuf; 2] {
        let name = |kind| file.with_file_name(format!(".ssot-{}-{at}.{kind}", self.token));
        [name("new"), name("old")]
    }
}
