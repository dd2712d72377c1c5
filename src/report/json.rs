//! `json`: schema version 1. Keys are only ever added; anything else makes a new version.

use std::collections::BTreeMap;

use serde::Serialize;

use super::score::Wire as Score;
use super::{Options, Report, VERSION};
use crate::diagnostic::{Edit, Evidence, Fix};
use crate::fingerprint::Identified;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: Tool,
    root: &'static str,
    files: usize,
    lines: u64,
    score: Score,
    summary: Summary,
    unresolved: Unresolved<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixes: Option<FixesWire<'a>>,
    findings: Vec<FindingWire<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    error: u64,
    warning: u64,
    info: u64,
    fixable: u64,
    baselined: u64,
    suppressed: u64,
}

#[derive(Serialize)]
struct Unresolved<'a> {
    imports: &'a BTreeMap<String, u64>,
    calls: &'a BTreeMap<String, u64>,
}

/// What `--fix` did.
#[derive(Serialize)]
struct FixesWire<'a> {
    findings: u64,
    sites: u64,
    files: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<u64>,
    refused: BTreeMap<&'a str, u64>,
}

#[derive(Serialize)]
struct FindingWire<'a> {
    check: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'a str>,
    path: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_object: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cycle: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a [&'static str]>,
    fingerprint: String,
    evidence: Vec<EvidenceWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
}

#[derive(Serialize)]
struct EvidenceWire<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    message: &'a str,
}

#[derive(Serialize)]
struct FixWire<'a> {
    applicability: &'static str,
    message: &'a str,
    edits: Vec<EditWire<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deletes: Vec<&'a str>,
}

#[derive(Serialize)]
struct EditWire<'a> {
    path: &'a str,
    start: u32,
    end: u32,
    content: &'a str,
}

impl<'a> From<&'a Identified> for FindingWire<'a> {
    fn from(identified: &'a Identified) -> Self {
        let finding = &identified.finding;
        let location = &finding.location;
        Self {
            check: finding.check,
            severity: finding.severity.as_str(),
            rule: finding.rule.as_deref(),
            priority: finding.priority.as_deref(),
            path: &location.path,
            line: location.start.line,
            column: location.start.column,
            end_line: location.end.line,
            end_column: location.end.column,
            message: &finding.message,
            symbol: finding.symbol.as_deref(),
            local: finding.local.as_deref(),
            same_object: finding.same_object,
            cycle: &finding.cycle,
            class: finding.class,
            tags: finding.class.map(|_| finding.tags.as_slice()),
            fingerprint: identified.fingerprint.to_string(),
            evidence: finding.evidence.iter().map(EvidenceWire::from).collect(),
            help: finding.help.as_deref(),
            fix: finding.fix.as_ref().map(FixWire::from),
            refusal: finding.refusal.as_deref(),
        }
    }
}

impl<'a> From<&'a Evidence> for EvidenceWire<'a> {
    fn from(evidence: &'a Evidence) -> Self {
        Self {
            path: &evidence.location.path,
            line: evidence.location.start.line,
            column: evidence.location.start.column,
            message: &evidence.message,
        }
    }
}

impl<'a> From<&'a Fix> for FixWire<'a> {
    fn from(fix: &'a Fix) -> Self {
        Self {
            applicability: fix.applicability.as_str(),
            message: &fix.message,
            edits: fix.edits.iter().map(EditWire::from).collect(),
            deletes: fix.deletes.iter().map(|path| &**path).collect(),
        }
    }
}

impl<'a> From<&'a Edit> for EditWire<'a> {
    fn from(edit: &'a Edit) -> Self {
        Self {
            path: &edit.path,
            start: edit.start,
            end: edit.end,
            content: &edit.content,
        }
    }
}

/// The whole report as one JSON document.
pub(super) fn render(report: &Report, _: &Options<'_>) -> String {
    let counts = report.counts();
    to_json(&Document {
        schema_version: 1,
        tool: Tool {
            name: "ssot",
            version: VERSION,
        },
        root: ".",
        files: report.files.len(),
        lines: report.lines,
        score: Score::of(report),
        summary: Summary {
            error: counts.error,
            warning: counts.warning,
            info: counts.info,
            fixable: counts.safe + counts.risky,
            baselined: report.baselined,
            suppressed: report.suppressed,
        },
        unresolved: Unresolved {
            imports: &report.unresolved.imports,
            calls: &report.unresolved.calls,
        },
        fixes: report.fixes.as_ref().map(|fixes| FixesWire {
            findings: fixes.fixed,
            sites: fixes.sites,
            files: fixes.files,
            run: fixes.run,
            refused: fixes.refused.counts(),
        }),
        findings: report.findings.iter().map(FindingWire::from).collect(),
    })
}

/// `document` as indented JSON with a line end.
#[allow(clippy::expect_used)]
pub(super) fn to_json(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("plain structs with string keys always serialise");
    text.push('\n');
    text
}
