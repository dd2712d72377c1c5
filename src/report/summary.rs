//! What follows the findings in text formats: counts, score, gate; and the table of `--statistics`.

use std::collections::BTreeMap;
use std::fmt::Write;

use colored::Color;

use super::rank::Rank;
use super::{Fixes, Options, Refused, Report, Style, one_line};
use crate::diagnostic::{Applicability, Severity};
use crate::score::{Failure, rounded_against};

/// The colour of a severity.
pub(super) const fn color(severity: Severity) -> Color {
    match severity {
        Severity::Error => Color::BrightRed,
        Severity::Warning => Color::Yellow,
        Severity::Info => Color::BrightBlue,
    }
}

/// The lines that end a text report.
pub(super) fn render(report: &Report, options: &Options<'_>) -> String {
    let mut text = String::new();
    if options.verbose {
        text.push_str(&unresolved(report));
    }
    if report.victims > 0 {
        let _ = writeln!(
            text,
            "{} only lead{} into a call cycle that never ends.",
            counted(report.victims, "function"),
            if report.victims == 1 { "s" } else { "" },
        );
    }
    if let Some(fixes) = &report.fixes {
        text.push_str(&fixed(fixes));
    }
    text.push_str(&found(report));
    text.push_str(&gate_line(report, options.style));
    text
}

/// How often each check found something, most often first; where rules have priorities, the most urgent before.
pub(super) fn statistics(report: &Report, style: Style) -> String {
    let mut counts: BTreeMap<(Rank<'_>, &str, Severity), (u64, u64)> = BTreeMap::new();
    for it in &report.findings {
        let (all, fixable) = counts
            .entry((Rank::of(&it.finding), it.finding.check, it.finding.severity))
            .or_default();
        *all += 1;
        *fixable += u64::from(
            it.finding
                .fix
                .as_ref()
                .is_some_and(|fix| fix.applicability > Applicability::Display),
        );
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|&((rank, check, severity), (all, _))| {
        (
            rank,
            std::cmp::Reverse(all),
            check,
            std::cmp::Reverse(severity),
        )
    });
    let digits = rows.iter().map(|(_, (all, _))| all.to_string().len());
    let digits = digits.max().unwrap_or(1);
    let titles = rows.iter().filter_map(|((rank, ..), _)| rank.known());
    let widest = titles.map(|title| title.chars().count()).max();
    let mut text = String::new();
    for ((rank, check, severity), (all, fixable)) in rows {
        if let Some(widest) = widest {
            let _ = write!(text, "{:<widest$}  ", rank.known().unwrap_or_default());
        }
        let padded = format!("{:<7}", severity.as_str());
        let severity = style.paint(color(severity), &padded);
        let _ = write!(text, "{all:>digits$}  {severity}  {check}");
        if fixable > 0 {
            let _ = write!(text, " ({fixable} fixable)");
        }
        text.push('\n');
    }
    text
}

/// The overall score and what the gate says, on one line.
pub(super) fn gate_line(report: &Report, style: Style) -> String {
    let verdict = report.verdict();
    let min = report.gate.min_score;
    let mut text = match report.score.overall() {
        Some(score) => {
            let shown = format!("{:.1}", rounded_against(score, min));
            format!("Score {}", style.bold(&shown))
        }
        None => "No score: nothing is governed".to_owned(),
    };
    if let Some(min) = min {
        let _ = write!(text, " (at least {min} asked for)");
    }
    let word = if verdict.passed() {
        style.strong(Color::Green, "passed")
    } else {
        style.strong(Color::BrightRed, "failed")
    };
    let _ = write!(text, "; gate {word}");
    let reasons: Vec<String> = verdict.failures.iter().map(reason).collect();
    if !reasons.is_empty() {
        let _ = write!(text, ": {}", reasons.join(", "));
    }
    text.push_str(".\n");
    text
}

fn reason(failure: &Failure) -> String {
    match *failure {
        Failure::Score { .. } => "the score is too low".to_owned(),
        Failure::Findings { count, from } => {
            let count = count as u64;
            match from {
                Severity::Error => counted(count, "error"),
                Severity::Warning => format!("{} of warning or above", counted(count, "finding")),
                Severity::Info => counted(count, "finding"),
            }
        }
    }
}

fn found(report: &Report) -> String {
    let counts = report.counts();
    let by_severity: Vec<String> = [
        (counts.error, "error"),
        (counts.warning, "warning"),
        (counts.info, "info"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| counted(count, word))
    .collect();
    let mut text = if by_severity.is_empty() {
        "No findings".to_owned()
    } else {
        format!("Found {}", by_severity.join(", "))
    };
    let files = counted(report.files.len() as u64, "file");
    let _ = write!(text, " in {files}, {}", counted(report.lines, "line"));
    for (count, word) in [
        (report.suppressed, "suppressed"),
        (report.baselined, "in the baseline"),
    ] {
        if count > 0 {
            let _ = write!(text, "; {count} {word}");
        }
    }
    match (counts.safe, counts.risky) {
        (0, 0) => {}
        (safe, 0) => drop(write!(text, "; {safe} fixable with `--fix`")),
        (0, risky) => drop(write!(
            text,
            "; {risky} fixable with `--fix --unsafe-fixes`"
        )),
        (safe, risky) => drop(write!(
            text,
            "; {safe} fixable with `--fix`, {risky} more with `--unsafe-fixes`"
        )),
    }
    text.push_str(".\n");
    text
}

fn fixed(fixes: &Fixes) -> String {
    let verb = if fixes.diff.is_some() {
        "Would fix"
    } else {
        "Fixed"
    };
    let mut text = if fixes.fixed == 0 {
        format!("{verb} nothing")
    } else {
        format!(
            "{verb} {} at {} in {}",
            counted(fixes.fixed, "finding"),
            counted(fixes.sites, "site"),
            counted(fixes.files, "file")
        )
    };
    if fixes.run.is_some() {
        text.push_str("; `ssot undo` takes it back");
    }
    text.push_str(".\n");
    let refused = fixes.refused.count();
    if refused > 0 {
        let word = if refused == 1 { "fix" } else { "fixes" };
        let _ = writeln!(text, "Refused {refused} {word}:");
    }
    for (reason, Refused { count, places }) in fixes.refused.sorted() {
        let _ = write!(text, "{count:>4}  {}", one_line(reason));
        if !places.is_empty() {
            let _ = write!(text, ": {}", one_line(&places.join(", ")));
        }
        match count.saturating_sub(places.len() as u64) {
            0 => text.push('\n'),
            more => drop(writeln!(text, " and {more} more")),
        }
    }
    text
}

fn unresolved(report: &Report) -> String {
    let mut text = String::new();
    for (what, reasons) in [
        ("imports", &report.unresolved.imports),
        ("calls", &report.unresolved.calls),
    ] {
        if reasons.is_empty() {
            continue;
        }
        let listed: Vec<String> = reasons
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        let _ = writeln!(text, "Unresolved {what}: {}.", listed.join(", "));
    }
    text
}

/// `1 file`, `2 files`; `info` has no plural.
pub(super) fn counted(count: u64, word: &str) -> String {
    let plural = if count == 1 || word == "info" {
        ""
    } else {
        "s"
    };
    format!("{count} {word}{plural}")
}
