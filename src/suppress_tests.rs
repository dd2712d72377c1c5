//! Tests of `suppress`: what hides which finding, and which suppressions hide nothing.

#![allow(clippy::unwrap_used)]

use globset::{Glob, GlobSetBuilder};

use super::*;
use crate::span::{Position, Span};

const TEXT: &str = "import a  # one\nimport b  # two\nimport c\n";

fn finding(check: &'static str, path: &str, line: u32) -> Finding {
    let at = Position { line, column: 1 };
    let location = Location {
        path: path.into(),
        start: at,
        end: at,
    };
    Finding::new(check, Severity::Error, location, "m".to_owned())
}

fn comment(lines: Option<(u32, u32)>, checks: &[&str]) -> Suppression {
    Suppression {
        span: Span::new(10, 15),
        lines,
        checks: checks.iter().map(|check| (*check).to_owned()).collect(),
        reason: String::new(),
    }
}

fn allow(check: Option<&str>, paths: &[&str], until: Option<&str>) -> Allow {
    let mut globs = GlobSetBuilder::new();
    for path in paths {
        globs.add(Glob::new(path).unwrap());
    }
    let at = Position { line: 7, column: 1 };
    Allow {
        location: Location {
            path: "ssot.toml".into(),
            start: at,
            end: at,
        },
        check: check.map(str::to_owned),
        paths: globs.build().unwrap(),
        symbol: None,
        reason: "frozen".to_owned(),
        until: until.map(str::to_owned),
    }
}

/// Applies comments in `a.py` and entries, where only `ran` ran; gives the checks kept, with lines, and the count hidden.
fn run(
    findings: Vec<Finding>,
    comments: &[Suppression],
    allow: &[Allow],
    ran: &[&str],
) -> (Vec<(&'static str, u32, String)>, u64) {
    let path: Arc<str> = "a.py".into();
    let lines = LineIndex::new(TEXT);
    let files = [FileSuppressions {
        path: &path,
        lines: &lines,
        suppressions: comments,
    }];
    let known = BTreeSet::from(["gateway", "contract", UNUSED_SUPPRESSION]);
    let ran = ran.iter().copied().collect();
    let outcome = apply(
        findings,
        &Input {
            files: &files,
            allow,
            today: "2026-05-05",
            known: &known,
            ran: &ran,
            severity: Some(Severity::Warning),
        },
    );
    let kept = outcome
        .kept
        .into_iter()
        .map(|it| (it.check, it.location.start.line, it.message))
        .collect();
    (kept, outcome.suppressed)
}

const ALL: [&str; 2] = ["gateway", "contract"];

#[test]
fn a_comment_hides_its_lines_and_its_check() {
    let findings = vec![
        finding("gateway", "a.py", 1),
        finding("gateway", "a.py", 2),
        finding("contract", "a.py", 1),
        finding("gateway", "b.py", 1),
    ];
    let (kept, hidden) = run(findings, &[comment(Some((1, 1)), &["gateway"])], &[], &ALL);
    assert_eq!(hidden, 1);
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|(check, ..)| *check != UNUSED_SUPPRESSION));
}

#[test]
fn a_file_comment_hides_everywhere_in_its_file() {
    let findings = vec![
        finding("gateway", "a.py", 1),
        finding("contract", "a.py", 3),
    ];
    let (kept, hidden) = run(findings, &[comment(None, &[])], &[], &ALL);
    assert_eq!((kept.len(), hidden), (0, 2));
}

#[test]
fn what_hides_nothing_is_reported_per_check() {
    let findings = vec![finding("gateway", "a.py", 1)];
    let both = comment(Some((1, 1)), &["gateway", "contract"]);
    let (kept, hidden) = run(findings, &[both], &[], &ALL);
    assert_eq!(hidden, 1);
    assert_eq!(kept.len(), 1);
    assert!(kept[0].2.contains("`contract`"), "{}", kept[0].2);
}

#[test]
fn what_was_not_checked_is_not_called_unused() {
    let named = comment(Some((1, 1)), &["gateway"]);
    let blanket = comment(Some((1, 1)), &[]);
    let (kept, _) = run(vec![], &[named, blanket], &[], &["contract"]);
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn an_unknown_check_is_reported_even_if_nothing_ran() {
    let (kept, _) = run(vec![], &[comment(None, &["gatway"])], &[], &[]);
    assert_eq!(kept.len(), 1);
    assert!(
        kept[0].2.contains("did you mean `gateway`"),
        "{}",
        kept[0].2
    );
}

#[test]
fn a_comment_cannot_hide_that_it_hides_nothing() {
    let (kept, hidden) = run(vec![], &[comment(None, &[])], &[], &ALL);
    assert_eq!((kept.len(), hidden), (1, 0));
    let itself = comment(None, &["gateway", UNUSED_SUPPRESSION]);
    let (kept, hidden) = run(vec![], &[itself], &[], &ALL);
    assert_eq!((kept.len(), hidden), (2, 0), "{kept:?}");
}

#[test]
fn another_comment_can_hide_it() {
    let comments = [
        comment(Some((1, 1)), &["gateway"]),
        comment(None, &[UNUSED_SUPPRESSION]),
    ];
    let (kept, hidden) = run(vec![], &comments, &[], &ALL);
    assert_eq!((kept.len(), hidden), (0, 1), "{kept:?}");
}

#[test]
fn an_entry_hides_by_path_and_symbol() {
    let mut named = finding("gateway", "old/a.py", 1);
    named.symbol = Some("m:f".to_owned());
    let findings = vec![named, finding("gateway", "new/a.py", 1)];
    let (kept, hidden) = run(
        findings.clone(),
        &[],
        &[allow(Some("gateway"), &["old/**"], None)],
        &ALL,
    );
    assert_eq!((kept.len(), hidden), (1, 1));
    let mut entry = allow(None, &[], None);
    entry.symbol = Some("m:g".to_owned());
    let (kept, hidden) = run(findings, &[], &[entry], &ALL);
    assert_eq!(hidden, 0);
    assert_eq!(kept.last().unwrap().0, UNUSED_SUPPRESSION);
}

#[test]
fn an_entry_holds_through_its_last_day() {
    let findings = vec![finding("gateway", "a.py", 1)];
    let last_day = allow(Some("gateway"), &[], Some("2026-05-05"));
    let (kept, hidden) = run(findings.clone(), &[], &[last_day], &ALL);
    assert_eq!((kept.len(), hidden), (0, 1));
    let over = allow(Some("gateway"), &[], Some("2026-05-04"));
    let (kept, hidden) = run(findings, &[], &[over], &ALL);
    assert_eq!((kept.len(), hidden), (2, 0));
    assert!(kept[1].2.contains("expired"), "{}", kept[1].2);
}

#[test]
fn off_means_off() {
    let (path, lines) = ("a.py".into(), LineIndex::new(TEXT));
    let comments = [comment(None, &["gatway"])];
    let files = [FileSuppressions {
        path: &path,
        lines: &lines,
        suppressions: &comments,
    }];
    let outcome = apply(
        vec![],
        &Input {
            files: &files,
            allow: &[],
            today: "2026-05-05",
            known: &BTreeSet::new(),
            ran: &BTreeSet::new(),
            severity: None,
        },
    );
    assert!(outcome.kept.is_empty());
}
