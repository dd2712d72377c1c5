//! `ssot plan`: the findings as a work list, in an order in which nothing breaks on the way.
//!
//! Phases follow the priorities of rules. In a phase come definitions first, then those who import them, then what is to
//! go, and last what only keeps the books.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;

use super::json::to_json;
use super::rank::Rank;
use super::summary::counted;
use super::{Report, one_line};
use crate::diagnostic::{Applicability, Finding, Severity};
use crate::score::{rounded, rounded_against};

/// What a step works on; the order within a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Definitions,
    Imports,
    Removal,
    Books,
}

impl Stage {
    fn of(finding: &Finding) -> Self {
        match finding.check {
            _ if finding.removal => Self::Removal,
            "syntax-error"
            | "shadowed-module"
            | "duplicate-definition"
            | "self-recursion"
            | "mutual-recursion"
            | "stub-implementation" => Self::Definitions,
            "registry-drift" | "unused-rule" | "unused-suppression" => Self::Books,
            _ => Self::Imports,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Definitions => "Settle definitions",
            Self::Imports => "Mend imports and uses",
            Self::Removal => "Remove what is retired",
            Self::Books => "Bring the books up to date",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Definitions => "definitions",
            Self::Imports => "imports",
            Self::Removal => "removal",
            Self::Books => "books",
        }
    }
}

/// A rule's findings of one check and stage, in one phase.
struct Step<'a> {
    stage: Stage,
    rule: Option<&'a str>,
    check: &'static str,
    findings: Vec<(&'a Finding, bool)>,
}

/// The phases with their steps, in order.
fn phases(report: &Report) -> Vec<(Rank<'_>, Vec<Step<'_>>)> {
    let findings = || report.findings.iter().map(|it| &it.finding);
    let last_use = last_uses(findings());
    let mut all: BTreeMap<Rank<'_>, BTreeMap<_, Vec<(&Finding, bool)>>> = BTreeMap::new();
    for finding in findings() {
        let own = Rank::of(finding);
        // Of a module, all names go; the users of a retired symbol have its own rule.
        let used = last_use.get(&*finding.location.path).copied();
        let rank = used
            .filter(|_| finding.removal)
            .map_or(own, |it| it.max(own));
        let rule = finding.rule.as_deref();
        let step = (Stage::of(finding), rule.is_none(), rule, finding.check);
        let steps = all.entry(rank).or_default();
        steps.entry(step).or_default().push((finding, rank != own));
    }
    let mut phases = Vec::new();
    for (rank, steps) in all {
        let steps = steps.into_iter();
        let steps = steps.map(|((stage, _, rule, check), findings)| Step {
            stage,
            rule,
            check,
            findings,
        });
        phases.push((rank, steps.collect()));
    }
    phases
}

/// By file, the last phase in which something still gets its name from there.
fn last_uses<'a>(findings: impl Iterator<Item = &'a Finding>) -> BTreeMap<&'a str, Rank<'a>> {
    let mut last: BTreeMap<&str, Rank<'_>> = BTreeMap::new();
    let reaches = |it: &&Finding| {
        let checks = ["noncanonical-import", "retired-module", "retired-symbol"];
        Stage::of(it) == Stage::Imports && checks.contains(&it.check)
    };
    for finding in findings.filter(reaches) {
        for hop in &finding.evidence {
            if hop.location.path != finding.location.path {
                let rank = last.entry(&hop.location.path).or_insert(Rank::Number(0));
                *rank = (*rank).max(Rank::of(finding));
            }
        }
    }
    last
}

/// How many findings fixing takes care of, and who has to do the rest.
#[derive(Clone, Copy, Default, Serialize)]
struct Shares {
    findings: usize,
    files: usize,
    safe: usize,
    #[serde(rename = "unsafe")]
    risky: usize,
    refused: usize,
    people: usize,
}

impl Shares {
    fn of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Self {
        let mut shares = Self::default();
        let mut files = BTreeSet::new();
        for finding in findings {
            shares.findings += 1;
            files.insert(&finding.location.path);
            match does(finding) {
                Does::Safe => shares.safe += 1,
                Does::Unsafe => shares.risky += 1,
                Does::Refused => {
                    shares.refused += 1;
                    shares.people += 1;
                }
                Does::Nothing => shares.people += 1,
            }
        }
        shares.files = files.len();
        shares
    }

    fn text(self) -> String {
        let mut parts = Vec::new();
        if self.safe > 0 {
            parts.push(format!("`--fix` does {}", self.safe));
        }
        if self.risky > 0 {
            parts.push(format!("`--fix --unsafe-fixes` does {}", self.risky));
        }
        if self.people > 0 {
            parts.push(match self.refused {
                0 => format!("{} left to people", self.people),
                refused => format!("{} left to people ({refused} refused)", self.people),
            });
        }
        format!(
            "{} in {}: {}.",
            counted(self.findings as u64, "finding"),
            counted(self.files as u64, "file"),
            parts.join(", ")
        )
    }
}

/// What fixing does about a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Safe,
    Unsafe,
    Refused,
    Nothing,
}

impl Does {
    const fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Refused => "refused",
            Self::Nothing => "none",
        }
    }
}

fn does(finding: &Finding) -> Does {
    match finding.fix.as_ref().map(|fix| fix.applicability) {
        Some(Applicability::Safe) => Does::Safe,
        Some(Applicability::Unsafe) => Does::Unsafe,
        _ if finding.refusal.is_some() => Does::Refused,
        _ => Does::Nothing,
    }
}

/// The plan in Markdown.
#[must_use]
pub fn plan_markdown(report: &Report) -> String {
    let all = || report.findings.iter().map(|it| &it.finding);
    let mut text = "# Work plan\n\n".to_owned();
    if report.findings.is_empty() {
        text.push_str("Nothing to do.\n");
    } else {
        text.push_str(&Shares::of(all()).text());
        text.push('\n');
    }
    for (at, (rank, steps)) in phases(report).iter().enumerate() {
        let phase = at + 1;
        let _ = writeln!(text, "\n## Phase {phase}: {}", rank.title());
        for (at, step) in steps.iter().enumerate() {
            let _ = write!(text, "\n### {phase}.{} {}: ", at + 1, step.stage.title());
            let _ = match step.rule {
                Some(rule) => writeln!(text, "`{rule}` (`{}`)", step.check),
                None => writeln!(text, "`{}`", step.check),
            };
            let findings = step.findings.iter().map(|(finding, _)| *finding);
            let _ = writeln!(text, "\n{}\n", Shares::of(findings).text());
            for (finding, waits) in &step.findings {
                item(&mut text, finding, *waits);
            }
        }
    }
    text.push_str("\n## Done when\n\n");
    for goal in goals(report) {
        let _ = writeln!(text, "- [ ] {goal}");
    }
    text
}

fn item(text: &mut String, finding: &Finding, waits: bool) {
    let location = &finding.location;
    let _ = writeln!(
        text,
        "- [ ] `{}:{}`: {}{}",
        location.path,
        location.start.line,
        one_line(&finding.message),
        match finding.severity {
            Severity::Error => String::new(),
            lesser => format!(" ({})", lesser.as_str()),
        }
    );
    if waits {
        let _ = writeln!(
            text,
            "  - not before what still passes through it has moved"
        );
    }
    match does(finding) {
        Does::Safe | Does::Unsafe => {
            if let Some(fix) = &finding.fix {
                let _ = writeln!(
                    text,
                    "  - {} fix: {}",
                    fix.applicability.as_str(),
                    one_line(&fix.message)
                );
            }
        }
        Does::Refused | Does::Nothing => {
            if let Some(refusal) = &finding.refusal {
                let _ = writeln!(text, "  - no fix: {}", one_line(refusal));
            }
            if let Some(help) = &finding.help {
                let _ = writeln!(text, "  - {}", one_line(help));
            }
        }
    }
}

/// What the gate asks for, with where it stands.
fn goals(report: &Report) -> Vec<String> {
    let mut goals = vec!["`ssot check` exits with 0".to_owned()];
    if let Some(least) = report.gate.fail_on {
        let grave = report.findings.iter();
        let grave = grave.filter(|it| it.finding.severity >= least).count();
        goals.push(format!(
            "no finding of severity {}{} ({grave} now)",
            least.as_str(),
            if least == Severity::Error {
                ""
            } else {
                " or above"
            }
        ));
    }
    if let (Some(min), Some(now)) = (report.gate.min_score, report.score.overall()) {
        let now = rounded_against(now, Some(min));
        goals.push(format!("a score of at least {min} ({now:.1} now)"));
    }
    for area in report.score.areas() {
        if let Some(score) = area.score().filter(|score| *score < 100.0) {
            goals.push(format!(
                "{}: {} of {} ({:.1} of 100 now)",
                area.area.as_str(),
                area.tally.compliant(),
                area.tally.governed(),
                rounded(score)
            ));
        }
    }
    goals
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    #[serde(flatten)]
    shares: Shares,
    phases: Vec<PhaseWire<'a>>,
    done_when: Vec<String>,
}

#[derive(Serialize)]
struct PhaseWire<'a> {
    phase: usize,
    priority: Option<String>,
    steps: Vec<StepWire<'a>>,
}

#[derive(Serialize)]
struct StepWire<'a> {
    stage: &'static str,
    rule: Option<&'a str>,
    check: &'static str,
    #[serde(flatten)]
    shares: Shares,
    items: Vec<ItemWire<'a>>,
}

#[derive(Serialize)]
struct ItemWire<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    severity: &'static str,
    message: &'a str,
    fix: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// Whether its turn comes later than its priority says, because something still passes through it.
    waits: bool,
}

/// The plan as JSON.
#[must_use]
pub fn plan_json(report: &Report) -> String {
    let phases = phases(report).into_iter().enumerate();
    to_json(&Document {
        schema_version: 1,
        shares: Shares::of(report.findings.iter().map(|it| &it.finding)),
        phases: phases
            .map(|(at, (rank, steps))| PhaseWire {
                phase: at + 1,
                priority: rank.known(),
                steps: steps.iter().map(step_wire).collect(),
            })
            .collect(),
        done_when: goals(report),
    })
}

fn step_wire<'a>(step: &Step<'a>) -> StepWire<'a> {
    StepWire {
        stage: step.stage.word(),
        rule: step.rule,
        check: step.check,
        shares: Shares::of(step.findings.iter().map(|(finding, _)| *finding)),
        items: step
            .findings
            .iter()
            .map(|&(finding, waits)| ItemWire {
                path: &finding.location.path,
                line: finding.location.start.line,
                column: finding.location.start.column,
                severity: finding.severity.as_str(),
                message: &finding.message,
                fix: does(finding).word(),
                refusal: finding.refusal.as_deref(),
                help: finding.help.as_deref(),
                waits,
            })
            .collect(),
    }
}
