//! Holds the marks in `fixtures/` against the findings, both ways.
//!
//! `fixtures/<check>/<case>/` is a small repository; so is a folder of `fixtures/` that is named after no check. A
//! mark `# expect: check` on a line of a source or rules file says that a finding starts there; `check[word]` also
//! fixes its severity or class, and several marks are separated by commas. Where a file cannot hold marks, `EXPECT`
//! beside the rules file lists them as `path:line: check`.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ssot::checks::ALL;
use ssot::config::{self, CHECKS, LoadOptions};
use ssot::diagnostic::{Finding, Severity};
use ssot::suppress::{self, FileSuppressions, UNUSED_SUPPRESSION};
use ssot::{Graphs, Project, analyze};
use walkdir::WalkDir;

/// A day on which the fixtures' dated exceptions hold.
const TODAY: &str = "2026-01-01";

#[test]
fn findings_are_those_that_the_fixtures_expect() {
    let mut report = String::new();
    let cases = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    assert!(!cases.is_empty());
    for case in cases {
        let differences = compare(marks(&case), &run_case(&case));
        if !differences.is_empty() {
            let _ = writeln!(report, "{}\n{differences}", case.display());
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// The repositories below `fixtures`.
fn cases(fixtures: &Path) -> Vec<PathBuf> {
    folders(fixtures)
        .into_iter()
        .flat_map(|folder| {
            let name = folder.file_name().unwrap().to_str().unwrap();
            if is_check(name) {
                folders(&folder)
            } else {
                vec![folder]
            }
        })
        .collect()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// A finding that a fixture asks for.
#[derive(Debug)]
struct Mark {
    path: String,
    line: u32,
    check: String,
    /// Its severity or class.
    class: Option<String>,
}

impl Mark {
    fn new(path: &str, line: u32, text: &str) -> Self {
        let text = text.trim();
        let (check, class) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
            Some((check, class)) => (check, Some(class.to_owned())),
            None => (text, None),
        };
        assert!(is_check(check), "{path}:{line}: `{check}` is no check");
        Self {
            path: path.to_owned(),
            line,
            check: check.to_owned(),
            class,
        }
    }

    fn fits(&self, finding: &Finding) -> bool {
        let class = self.class.as_deref();
        *self.path == *finding.location.path
            && self.line == finding.location.start.line
            && self.check == finding.check
            && (class.is_none()
                || class == Some(finding.severity.as_str())
                || class == finding.class)
    }
}

/// The marks of a case that are about checks there are, the most exact first.
fn marks(case: &Path) -> Vec<Mark> {
    let mut marks = Vec::new();
    for entry in WalkDir::new(case).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        let name = path.strip_prefix(case).unwrap().to_str().unwrap();
        let is_marked = name == "EXPECT"
            || path.extension().is_some_and(|kind| {
                ["py", "pyi", "rs", "toml"]
                    .iter()
                    .any(|known| kind == *known)
            });
        if !is_marked || !path.is_file() {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).replace('\\', "/");
        for (number, line) in (1..).zip(text.lines()) {
            if name == "EXPECT" {
                let mut parts = line.splitn(3, ':');
                let (path, line) = (parts.next().unwrap(), parts.next().unwrap());
                let line = line.parse().unwrap();
                let checks = parts.next().unwrap().split(',');
                marks.extend(checks.map(|check| Mark::new(path, line, check)));
            } else if let Some((_, checks)) = line
                .split_once("# expect:")
                .or_else(|| line.split_once("// expect:"))
            {
                marks.extend(
                    checks
                        .split(',')
                        .map(|check| Mark::new(name, number, check)),
                );
            }
        }
    }
    marks.retain(|mark| is_there(&mark.check));
    marks.sort_by_key(|mark| mark.class.is_none());
    marks
}

fn is_check(name: &str) -> bool {
    CHECKS.iter().any(|(known, _)| *known == name)
}

fn is_there(check: &str) -> bool {
    check == UNUSED_SUPPRESSION || ssot::checks::find(check).is_some()
}

/// What is marked and not found, and what is found and not marked.
fn compare(marks: Vec<Mark>, findings: &[Finding]) -> String {
    let mut left: Vec<&Finding> = findings
        .iter()
        .filter(|finding| is_there(finding.check))
        .collect();
    let mut differences = String::new();
    for mark in marks {
        if let Some(at) = left.iter().position(|finding| mark.fits(finding)) {
            left.remove(at);
        } else {
            let Mark {
                path,
                line,
                check,
                class,
            } = mark;
            let class = class.map_or_else(String::new, |class| format!("[{class}]"));
            let _ = writeln!(differences, "  missing  {path}:{line}: {check}{class}");
        }
    }
    for finding in left {
        let _ = writeln!(
            differences,
            "  surplus  {}:{}: {}[{}{}] {}",
            finding.location.path,
            finding.location.start.line,
            finding.check,
            finding.severity.as_str(),
            finding
                .class
                .map_or_else(String::new, |class| format!(", {class}")),
            finding.message
        );
    }
    differences
}

/// The findings of a repository, those that it silences left out.
fn run_case(case: &Path) -> Vec<Finding> {
    // A case without rules has none, whatever lies in the folders above it.
    let has = |name: &str| case.join(name).exists();
    let config = config::load(&LoadOptions {
        start: case.to_owned(),
        file: has("ssot.toml").then(|| PathBuf::from("ssot.toml")),
        isolated: !has("ssot.toml") && !has("pyproject.toml"),
    })
    .unwrap_or_else(|error| panic!("{}: {error:?}", case.display()))
    .config;
    let project = Project::read(config);
    let graphs = Graphs::build(&project.index);
    let on = ALL.iter().filter(|check| is_on(&project, check.name));
    let checks: Vec<_> = on.copied().collect();
    let analysis = analyze(&project, &graphs, &checks, true);
    silence(analysis.findings, &project)
}

fn is_on(project: &Project, check: &str) -> bool {
    project.config.checks.get(check) != Some(&None)
}

fn silence(findings: Vec<Finding>, project: &Project) -> Vec<Finding> {
    let files: Vec<FileSuppressions> = project
        .index
        .files
        .iter()
        .filter(|file| !file.facts.suppressions.is_empty())
        .map(|file| FileSuppressions {
            path: &file.path,
            lines: &file.facts.lines,
            suppressions: &file.facts.suppressions,
        })
        .collect();
    let known: BTreeSet<&str> = CHECKS.iter().map(|(name, _)| *name).collect();
    let ran: BTreeSet<&str> = ALL
        .iter()
        .map(|check| check.name)
        .chain([UNUSED_SUPPRESSION])
        .filter(|name| is_on(project, name))
        .collect();
    let input = suppress::Input {
        files: &files,
        allow: &project.config.allow,
        today: TODAY,
        known: &known,
        ran: &ran,
        severity: match project.config.checks.get(UNUSED_SUPPRESSION) {
            Some(severity) => *severity,
            None => Some(Severity::Warning),
        },
    };
    suppress::apply(findings, &input).kept
}
