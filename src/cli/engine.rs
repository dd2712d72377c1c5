//! What the command line asks of the pipeline, and nothing about how it is done.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use super::slice::Slice;
use crate::config::Config;
use crate::fix::transaction::{Listed, Undo, Undone};
use crate::graph::flow::Reason;
use crate::report::graph::{Answer, CallGraph, ImportGraph};
use crate::report::{Located, Report};

/// Where rules come from, and how hard to work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--isolated`.
    pub isolated: bool,
    /// `--jobs`; all cores when `None`.
    pub jobs: Option<NonZeroUsize>,
}

/// What is to be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Request {
    /// Where rules come from, and how hard to work.
    pub setup: Setup,
    /// What the report is limited to; empty means everything.
    pub paths: Vec<PathBuf>,
    /// The checks to run; empty means all. Every name is known.
    pub select: Vec<String>,
    /// The checks to leave out. Every name is known.
    pub ignore: Vec<String>,
    /// Whether calls of what no rule governs are looked at, too.
    pub all_calls: bool,
    /// Whether guarded recursion is kept.
    pub show_guarded: bool,
    /// Whether to fix.
    pub fix: FixMode,
    /// Whether fixes that may change behaviour are among them.
    pub unsafe_fixes: bool,
    /// Whether only [`Report::files`] matters, as for `--show-files`.
    pub files_only: bool,
}

/// Which call graph is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallQuery {
    /// Whether functions from outside the project are in it.
    pub external: bool,
    /// Whether [`CallGraph::adjacency`] is filled in.
    pub adjacency: bool,
    /// The weakest reason for which a call is in it.
    pub weakest: Reason,
    /// The part that is wanted. A function in it that is unknown is an error.
    pub slice: Slice,
}

/// What becomes of fixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FixMode {
    /// They are only reported.
    #[default]
    Report,
    /// They are written.
    Apply,
    /// They are turned into a diff.
    Diff,
}

/// The pipeline, as the command line sees it. Separate from it so that the command line is tested without files.
pub trait Engine {
    /// Every check's name and page.
    fn checks(&self) -> &[(&'static str, &'static str)];
    /// The rules in effect.
    fn config(&self, setup: &Setup) -> Result<Config>;
    /// Checks, and fixes if asked to. The gate in the report is the rules file's.
    fn analyse(&self, request: &Request) -> Result<Report>;
    /// The runs of `--fix` that can be undone, the last one first.
    fn runs(&self, setup: &Setup) -> Result<Vec<Listed>>;
    /// Takes a run of `--fix` back.
    fn undo(&self, setup: &Setup, request: Undo) -> Result<Undone>;
    /// The text of a file by its path from the project root, for code frames; as it was when it was checked.
    fn source(&self, path: &str) -> Option<Arc<str>>;
    /// Which modules import which.
    fn import_graph(&self, setup: &Setup, external: bool) -> Result<ImportGraph>;
    /// Which functions call which.
    fn call_graph(&self, setup: &Setup, query: &CallQuery) -> Result<CallGraph>;
    /// A rules file proposed from the code.
    fn propose(&self, setup: &Setup) -> Result<String>;
    /// Writes the generated section of the import registry; gives the document's path and whether it changed.
    fn write_registry(&self, setup: &Setup) -> Result<(String, bool)>;
    /// Where the symbols are that a name may mean.
    fn locate(&self, setup: &Setup, name: &str) -> Result<Located>;
    /// A shortest path between two modules or functions. A name that is unknown is an error.
    fn why(&self, setup: &Setup, from: &str, to: &str) -> Result<Answer>;
}
