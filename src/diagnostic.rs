//! Findings: what a check says, where, with which proof and perhaps which fix.
//!
//! Plain data between checks and reports; owns neither the wording of checks nor any output format.

use std::sync::Arc;

use crate::config::SymbolPath;
use crate::facts::{BindingId, ImportId};
use crate::index::FileId;
use crate::span::{Position, Span};

/// How grave a finding is. Ordered: an error is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never fails the gate.
    Info,
    /// Fails the gate under `fail-on = "warning"`.
    Warning,
    /// Fails the gate by default.
    Error,
}

impl Severity {
    /// The word used in every format and in the rules file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a file, for people and machines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Path from the project root, with `/`.
    pub path: Arc<str>,
    /// Where it starts.
    pub start: Position,
    /// Where it ends (exclusive column).
    pub end: Position,
}

/// One hop of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where the hop stands.
    pub location: Location,
    /// What it shows.
    pub message: String,
}

/// How far a fix may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// Shown, never applied.
    Display,
    /// Behaviour may change; applied on request.
    Unsafe,
    /// The same object stays bound, proven or vouched for by a rule.
    Safe,
}

impl Applicability {
    /// The word used in every format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Display => "display",
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        }
    }
}

/// One replacement in one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// Path from the project root, with `/`.
    pub path: Arc<str>,
    /// First byte replaced, counted in the file as it lies on disk.
    pub start: u32,
    /// One past the last byte replaced.
    pub end: u32,
    /// What stands there afterwards.
    pub content: String,
}

/// A proposed repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// What it does, in a few words.
    pub message: String,
    /// The replacements, sorted, none overlapping.
    pub edits: Vec<Edit>,
    /// Files that are deleted, from the project root, sorted.
    pub deletes: Vec<Arc<str>>,
}

impl Fix {
    /// Takes in what another place needs; the two share no edits.
    pub fn add(&mut self, other: &Self) {
        self.edits.extend(other.edits.iter().cloned());
        self.edits.sort_unstable();
        self.edits.dedup();
        self.deletes.extend(other.deletes.iter().cloned());
        self.deletes.sort_unstable();
        self.deletes.dedup();
        self.applicability = self.applicability.min(other.applicability);
    }
}

/// The part of a file that reaches a symbol by the wrong path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Site {
    /// An imported name.
    Import(ImportId),
    /// `root.attr.N`: the span of the chain up to the name, and the import that binds its root.
    Use(Span, ImportId),
    /// A star import that brings the name.
    Star(ImportId),
    /// A definition of the name, which an import is to take the place of.
    Definition(BindingId),
    /// A definition that is to go.
    Removal(BindingId),
    /// The module of the relocation's path, which is to be deleted with everything below it; the name there is not
    /// of the module but the module that takes its place, or nothing.
    Module,
    /// A string that spells a dotted path: the literal.
    Text(Span),
}

/// What a fix would have to do: make a site reach the symbol by another path. The fix stage turns it into edits, or
/// says why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// The file of the site.
    pub file: FileId,
    /// The site.
    pub site: Site,
    /// The path it should use.
    pub to: SymbolPath,
    /// The name in the file.
    pub local: String,
    /// Whether both paths give the same object, proven.
    pub same_object: bool,
    /// Whether a rule vouches for the move.
    pub vouched: bool,
}

/// One violation.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The check's kebab-case name.
    pub check: &'static str,
    /// How grave.
    pub severity: Severity,
    /// The rule's id, where a rule is behind it.
    pub rule: Option<Arc<str>>,
    /// The rule's priority.
    pub priority: Option<Arc<str>>,
    /// Where.
    pub location: Location,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The symbol at stake, `a.b:Name`.
    pub symbol: Option<String>,
    /// `noncanonical-import`: whether the path gives the canonical object.
    pub same_object: Option<bool>,
    /// `noncanonical-import`: the name in the file.
    pub local: Option<String>,
    /// Recursion: the functions of the cycle, in call order.
    pub cycle: Vec<String>,
    /// Recursion: `unconditional` or `guarded`.
    pub class: Option<&'static str>,
    /// Recursion: `same_args`, `swallowed`, `uncertain`; sorted. Present (perhaps empty) where `class` is.
    pub tags: Vec<&'static str>,
    /// The proof, hop by hop.
    pub evidence: Vec<Evidence>,
    /// Whether what it is about is itself to go, once nobody uses it any more.
    pub removal: bool,
    /// What to do, where there is advice beyond the fix.
    pub help: Option<String>,
    /// What a repair would have to do; the fix stage reads it.
    pub relocation: Option<Relocation>,
    /// Definitions that a repair would replace; the fix stage reads them.
    pub replacements: Vec<Relocation>,
    /// The repair, if there is one.
    pub fix: Option<Fix>,
    /// Why there is no fix, or none that may be applied, where people would expect one.
    pub refusal: Option<String>,
}

impl Finding {
    /// A bare finding; the rest is filled in by its check.
    #[must_use]
    pub fn new(
        check: &'static str,
        severity: Severity,
        location: Location,
        message: String,
    ) -> Self {
        Self {
            check,
            severity,
            rule: None,
            priority: None,
            location,
            message,
            symbol: None,
            same_object: None,
            local: None,
            cycle: Vec::new(),
            class: None,
            tags: Vec::new(),
            evidence: Vec::new(),
            removal: false,
            help: None,
            relocation: None,
            replacements: Vec::new(),
            fix: None,
            refusal: None,
        }
    }

    /// The order of every report.
    #[must_use]
    pub fn sort_key(&self) -> (&str, Position, &str, &str) {
        (
            &self.location.path,
            self.location.start,
            self.check,
            &self.message,
        )
    }
}
