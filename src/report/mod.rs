//! Reports: what a run found, in the formats people and machines read.
//!
//! Owns wording around findings and wire types, one file a format. Builds strings; writing them is `cli`'s job.

mod concise;
mod frame;
mod full;
mod github;
pub mod graph;
mod json;
mod plan;
mod rank;
mod refused;
mod score;
mod style;
mod summary;
mod whereabouts;

pub use refused::{Refusals, Refused};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::config::Gate;
use crate::diagnostic::{Applicability, Severity};
use crate::fingerprint::Identified;
use crate::score::{Score, Verdict, judge};

pub use plan::{plan_json, plan_markdown};
pub use score::{score_json, score_text};
pub use style::Style;
pub use whereabouts::{Importer, Located, Place, Symbol, whereabouts_json, whereabouts_text};

/// The version every report names.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// All that a run has to say, from which every format is made.
#[derive(Clone, Debug)]
pub struct Report {
    /// The files reported on, sorted, from the project root with `/`.
    pub files: Vec<Arc<str>>,
    /// Lines in them.
    pub lines: u64,
    /// The score.
    pub score: Score,
    /// What the score and the findings must live up to.
    pub gate: Gate,
    /// The findings, as [`crate::fingerprint::identify`] sorts them, without those a baseline or suppression took away.
    pub findings: Vec<Identified>,
    /// Findings that the baseline holds.
    pub baselined: u64,
    /// Findings that comments and `[[allow]]` entries hide.
    pub suppressed: u64,
    /// What could not be resolved, by reason.
    pub unresolved: Unresolved,
    /// Functions that only lead into an unconditional call cycle.
    pub victims: u64,
    /// What `--fix` or `--diff` did, when one was given.
    pub fixes: Option<Fixes>,
    /// What else people should know; no part of any format.
    pub notes: Vec<String>,
}

/// What could not be resolved, counted by reason.
#[derive(Clone, Debug, Default)]
pub struct Unresolved {
    /// Imports.
    pub imports: BTreeMap<String, u64>,
    /// Calls.
    pub calls: BTreeMap<String, u64>,
}

/// What fixing did.
#[derive(Clone, Debug, Default)]
pub struct Fixes {
    /// Findings fixed, which are no longer in the report; under `--diff`, that would be.
    pub fixed: u64,
    /// Imports and uses that moved.
    pub sites: u64,
    /// Files changed.
    pub files: u64,
    /// The run to undo, when files were changed.
    pub run: Option<u64>,
    /// Fixes that were refused, by reason.
    pub refused: Refusals,
    /// The unified diff, under `--diff`. Each file's part is in that file's encoding.
    pub diff: Option<Vec<u8>>,
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors.
    pub error: u64,
    /// Warnings.
    pub warning: u64,
    /// Infos.
    pub info: u64,
    /// Those that `--fix` repairs.
    pub safe: u64,
    /// Those that `--fix --unsafe-fixes` repairs besides.
    pub risky: u64,
}

impl Report {
    /// What the gate says.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let severities = self.findings.iter().map(|it| it.finding.severity);
        judge(&self.gate, self.score.overall(), severities)
    }

    /// Counts the findings.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for Identified { finding, .. } in &self.findings {
            match finding.severity {
                Severity::Error => counts.error += 1,
                Severity::Warning => counts.warning += 1,
                Severity::Info => counts.info += 1,
            }
            match finding.fix.as_ref().map(|fix| fix.applicability) {
                Some(Applicability::Safe) => counts.safe += 1,
                Some(Applicability::Unsafe) => counts.risky += 1,
                Some(Applicability::Display) | None => {}
            }
        }
        counts
    }
}

/// Gives the text of a file by its path from the project root.
pub type Sources<'a> = &'a dyn Fn(&str) -> Option<Arc<str>>;

/// How a report is rendered.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Where code frames get their text from.
    pub sources: Sources<'a>,
    /// Whether escape codes may be used.
    pub style: Style,
    /// Text formats: whether the summary follows.
    pub summary: bool,
    /// Text formats: whether the summary also says what could not be resolved.
    pub verbose: bool,
    /// Text formats: counts per check in place of the findings.
    pub statistics: bool,
}

/// An output format.
pub struct Format {
    /// As `--output-format` names it.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Whether it is text for people, which [`Options`] about text apply to.
    pub text: bool,
    render: fn(&Report, &Options<'_>) -> String,
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Every format; the first is the default.
#[rustfmt::skip]
pub const FORMATS: &[Format] = &[
    Format { name: "full", about: "Code frames with the evidence", text: true, render: full::render },
    Format { name: "concise", about: "One line a finding", text: true, render: concise::render },
    Format { name: "json", about: "Everything, for programs", text: false, render: json::render },
    Format { name: "github", about: "Annotations for GitHub Actions", text: false, render: github::render },
];

/// Renders `report` in `format`.
#[must_use]
pub fn render(format: &Format, report: &Report, options: &Options<'_>) -> String {
    (format.render)(report, options)
}

/// The files reported on, a line each, as `--show-files` lists them.
#[must_use]
pub fn file_list(report: &Report) -> String {
    report.files.iter().fold(String::new(), |mut text, file| {
        text.push_str(file);
        text.push('\n');
        text
    })
}

/// The lines that end a text report: counts, score, gate.
#[must_use]
pub fn summary(report: &Report, options: &Options<'_>) -> String {
    summary::render(report, options)
}

/// `text` on one line: what breaks lines or drives a terminal becomes visible or a space.
fn one_line(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    text.chars()
        .map(|ch| match ch {
            '\n' | '\r' | '\t' => ' ',
            ch if ch.is_control() => char::REPLACEMENT_CHARACTER,
            ch => ch,
        })
        .collect::<String>()
        .into()
}
