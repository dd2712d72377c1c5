//! What every check is handed, and what it gives back.

use std::sync::Arc;

use super::governed::{Governed, Hit};
use crate::config::{self, Config, RuleMeta};
use crate::diagnostic::{Evidence, Finding, Location, Severity};
use crate::discover::DiscoverProblem;
use crate::facts::ImportId;
use crate::graph::calls::CallGraph;
use crate::graph::imports::ImportGraph;
use crate::graph::recursion::Recursion;
use crate::index::{FileId, Index, SymbolId};
use crate::lang::Language;
use crate::registry::Registry;
use crate::score::{Area, Tally};
use crate::span::Span;

/// Everything a check may read.
#[derive(Debug)]
pub struct Context<'a> {
    /// Files, modules, names.
    pub index: &'a Index,
    /// Who imports whom.
    pub imports: &'a ImportGraph,
    /// Who calls whom.
    pub calls: &'a CallGraph,
    /// The recursion found.
    pub recursion: &'a Recursion,
    /// The rules.
    pub config: &'a Config,
    /// The import registry, when the rules name one.
    pub registry: Option<&'a Registry>,
    /// Files and folders that could not be read: path and reason.
    pub problems: &'a [DiscoverProblem],
    /// The symbols that rules govern.
    pub(super) governed: Governed<'a>,
    /// Every site that reaches one of them.
    pub(super) hits: Vec<Hit>,
}

impl<'a> Context<'a> {
    /// Puts together what checks read.
    #[must_use]
    pub fn new(
        project: &'a crate::Project,
        imports: &'a ImportGraph,
        calls: &'a CallGraph,
        recursion: &'a Recursion,
    ) -> Self {
        let index = &project.index;
        let governed = Governed::new(index, &project.config.canonical);
        let hits = governed.hits(index);
        Self {
            index,
            imports,
            calls,
            recursion,
            config: &project.config,
            registry: project.registry.as_ref(),
            problems: &project.problems,
            governed,
            hits,
        }
    }
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The violations.
    pub findings: Vec<Finding>,
    /// What it looked at and what of that complies, by area of the score.
    pub tallies: Vec<(Area, Tally)>,
}

impl Context<'_> {
    /// The severity of a finding of `check` under `rule`; none when it is switched off.
    #[must_use]
    pub fn severity(&self, check: &super::Check, rule: Option<&RuleMeta>) -> Option<Severity> {
        if let Some(severity) = rule.and_then(|rule| rule.severity) {
            return severity;
        }
        match self.config.checks.get(check.name) {
            Some(severity) => *severity,
            None => Some(check.severity),
        }
    }

    /// A finding of `check` under `rule`, unless that is switched off. `floor` replaces the check's severity where
    /// neither rule nor rules file names one.
    #[must_use]
    pub fn finding(
        &self,
        check: &super::Check,
        rule: Option<&RuleMeta>,
        location: Location,
        message: String,
    ) -> Option<Finding> {
        let severity = self.severity(check, rule)?;
        let mut finding = Finding::new(check.name, severity, location, message);
        if let Some(rule) = rule {
            finding.rule = Some(rule.id.clone());
            finding.priority.clone_from(&rule.priority);
        }
        Some(finding)
    }

    /// The place of a span of a file.
    #[must_use]
    pub fn location(&self, file: FileId, span: Span) -> Location {
        let file = self.index.file(file);
        Location {
            path: Arc::clone(&file.path),
            start: file.facts.lines.position(span.start),
            end: file.facts.lines.position(span.end),
        }
    }

    /// The start of a file, for findings about the file as a whole.
    #[must_use]
    pub fn start_of(&self, file: FileId) -> Location {
        self.location(file, Span::at(0))
    }

    /// A hop of a proof.
    #[must_use]
    pub fn evidence(&self, file: FileId, span: Span, message: impl Into<String>) -> Evidence {
        Evidence {
            location: self.location(file, span),
            message: message.into(),
        }
    }

    /// The line of an offset.
    #[must_use]
    pub fn line(&self, file: FileId, offset: u32) -> u32 {
        self.index.facts(file).lines.line(offset)
    }

    /// Whether a rule is about the language of a file.
    #[must_use]
    pub fn speaks_of(&self, rule: &RuleMeta, file: FileId) -> bool {
        match rule.lang {
            None => true,
            Some(config::Language::Python) => matches!(
                self.index.file(file).language,
                Language::Python | Language::PythonStub
            ),
            Some(config::Language::Rust) => self.index.file(file).language == Language::Rust,
        }
    }

    /// The absolute path of the module that an import names, there or not; none for a relative import that leads
    /// out of every package, or in a file that is no module.
    #[must_use]
    pub fn import_path(&self, file: FileId, import: ImportId) -> Option<String> {
        let facts = self.index.facts(file);
        let import = &facts.imports[import.index()];
        let written = facts.name(import.module);
        if import.level == 0 {
            return Some(written.trim_start_matches("::").to_owned());
        }
        let module = self.index.module(self.index.module_of(file)?);
        let mut package = &*module.name;
        for _ in 0..import.level - u32::from(module.is_package) {
            package = package.rsplit_once('.')?.0;
        }
        Some(match written {
            "" => package.to_owned(),
            _ => format!("{package}.{written}"),
        })
    }

    /// Where a symbol is made.
    #[must_use]
    pub fn symbol_span(&self, symbol: SymbolId) -> Span {
        self.index.binding(symbol).span
    }
}
