//! The command line in front of an engine that only pretends: arguments, streams, exit statuses.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use globset::GlobSet;
use ssot::cli::{CallQuery, Console, Engine, Environment, FixMode, Request, Setup, Status, run};
use ssot::config::{Canonical, Config, Factories, Gate, Project, RuleMeta, SymbolPath};
use ssot::diagnostic::{Finding, Location, Severity};
use ssot::fingerprint::identify;
use ssot::fix::transaction::{About, Listed, Undo, Undone};
use ssot::report::graph::{Answer, CallGraph, Hop, ImportGraph};
use ssot::report::{Fixes, Located, Place, Refusals, Report, Symbol, Unresolved};
use ssot::score::{Area, Score, Tally};
use ssot::span::Position;

/// Remembers the last request and answers with a report of one finding in one file.
struct Fake {
    severity: Severity,
    files: Vec<Arc<str>>,
    broken: bool,
    diff: &'static [u8],
    notes: Vec<String>,
    undo: RefCell<Option<Undo>>,
    request: RefCell<Option<Request>>,
}

fn fake(severity: Severity) -> Fake {
    Fake {
        severity,
        files: vec!["a.py".into()],
        broken: false,
        diff: b"--- a.py\n+++ a.py\n\xe9\n",
        notes: vec![],
        undo: RefCell::default(),
        request: RefCell::default(),
    }
}

fn location(path: &str, line: u32) -> Location {
    let at = |column| Position { line, column };
    Location {
        path: path.into(),
        start: at(1),
        end: at(7),
    }
}

fn refused() -> Refusals {
    let mut refused = Refusals::default();
    for (reason, line) in [("it is `a`", 1), ("it is `b`", 2), ("it is `c`", 2)] {
        refused.add(reason, format!("a.py:{line}"));
    }
    refused
}

impl Engine for Fake {
    fn checks(&self) -> &[(&'static str, &'static str)] {
        &[("gateway", "# gateway\n"), ("contract", "# contract\n")]
    }

    fn config(&self, _: &Setup) -> Result<Config> {
        Ok(config())
    }

    fn analyse(&self, request: &Request) -> Result<Report> {
        *self.request.borrow_mut() = Some(request.clone());
        if self.broken {
            return Err(anyhow::anyhow!("no such file")).context("cannot read ssot.toml");
        }
        let finding = Finding::new(
            "gateway",
            self.severity,
            location("a.py", 1),
            "bad".to_owned(),
        );
        let fixes = Fixes {
            fixed: 1,
            sites: 2,
            files: 1,
            run: (request.fix == FixMode::Apply).then_some(7),
            refused: refused(),
            diff: (request.fix == FixMode::Diff).then(|| self.diff.to_vec()),
        };
        let tally = Tally::new(9, 10);
        Ok(Report {
            files: self.files.clone(),
            lines: 3,
            score: Score::new([(Area::Imports, tally)], &BTreeMap::new()),
            gate: config().gate,
            findings: identify(vec![finding]),
            baselined: 0,
            suppressed: 0,
            unresolved: Unresolved::default(),
            victims: 0,
            fixes: (request.fix != FixMode::Report).then_some(fixes),
            notes: self.notes.clone(),
        })
    }

    fn runs(&self, _: &Setup) -> Result<Vec<Listed>> {
        Ok(vec![
            listed(12, &["a.py", "b.py"], true),
            listed(9, &["a.py"], false),
        ])
    }

    fn undo(&self, _: &Setup, request: Undo) -> Result<Undone> {
        *self.undo.borrow_mut() = Some(request);
        Ok(Undone {
            recovered: vec![],
            run: Some(12),
            files: vec!["a.py".into(), "b.py".into()],
        })
    }

    fn source(&self, _: &str) -> Option<Arc<str>> {
        Some("import os\n".into())
    }

    fn import_graph(&self, _: &Setup, _: bool) -> Result<ImportGraph> {
        Ok(ImportGraph::default())
    }

    fn call_graph(&self, _: &Setup, query: &CallQuery) -> Result<CallGraph> {
        let mut graph = CallGraph::default();
        if query.adjacency {
            graph.adjacency.entry("main".into()).or_default();
        }
        Ok(graph)
    }

    fn propose(&self, _: &Setup) -> Result<String> {
        Ok("[[canonical]]\n".to_owned())
    }

    fn write_registry(&self, _: &Setup) -> Result<(String, bool)> {
        Ok(("docs/R.md".to_owned(), true))
    }

    fn locate(&self, _: &Setup, name: &str) -> Result<Located> {
        if name == "unknown" {
            return Ok(Located::Unknown("there is no symbol `unknown`".to_owned()));
        }
        Ok(Located::Found(vec![Symbol {
            symbol: format!("a.b:{name}"),
            import: format!("from a.b import {name}"),
            rule: Some("ws".to_owned()),
            priority: None,
            reason: None,
            origin: vec![Place {
                path: "a/b.py".to_owned(),
                line: 3,
                kind: "class".to_owned(),
            }],
            definitions: vec![],
            importers: vec![],
            recursion: None,
        }]))
    }

    fn why(&self, _: &Setup, from: &str, to: &str) -> Result<Answer> {
        match to {
            "unknown" => bail!("there is no module or function `unknown`"),
            "far" => Ok(Answer::None(format!("{from} does not reach {to}."))),
            _ => Ok(Answer::Path(vec![Hop {
                from: from.to_owned(),
                verb: "imports",
                to: to.to_owned(),
                path: "a.py".to_owned(),
                line: 1,
            }])),
        }
    }
}

fn listed(run: u64, files: &[&str], interrupted: bool) -> Listed {
    Listed {
        run,
        time: 951_782_400,
        files: files.iter().map(|&file| file.to_owned()).collect(),
        about: About {
            findings: 3,
            checks: vec!["noncanonical-import".to_owned()],
            rules: vec!["ws".to_owned()],
        },
        interrupted,
    }
}

fn config() -> Config {
    let meta = RuleMeta {
        lang: None,
        pack: None,
        from_registry: false,
        id: "ws".into(),
        reason: Some("Issue 824".to_owned()),
        priority: Some("P0".into()),
        severity: None,
        location: location("ssot.toml", 12),
    };
    let symbol = SymbolPath {
        module: "a.b".to_owned(),
        name: "get".to_owned(),
    };
    Config {
        root: PathBuf::new(),
        file: None,
        project: Project {
            registry_as_rules: false,
            roots: vec![],
            exclude: GlobSet::empty(),
            tests: GlobSet::empty(),
            registry: None,
            target_version: None,
            import_style: ssot::config::ImportStyle::default(),
        },
        gate: Gate {
            min_score: None,
            fail_on: Some(Severity::Error),
        },
        checks: BTreeMap::new(),
        factories: Factories {
            pattern: regex::Regex::new("^get").unwrap(),
            rust_pattern: regex::Regex::new("^get").unwrap(),
            allow: GlobSet::empty(),
        },
        weights: BTreeMap::new(),
        selectors: Vec::new(),
        canonical: vec![Canonical {
            meta,
            symbol,
            replaces: vec![],
            tombstones: vec![],
            requires: vec![],
        }],
        retired: vec![],
        per_request: vec![],
        events: vec![],
        gateways: vec![],
        contracts: vec![],
        allow: vec![],
        waiting: BTreeMap::new(),
        all_calls: false,
    }
}

/// Runs a command line; gives the status and what went to the two streams.
fn ssot(engine: &Fake, line: &str) -> (Status, String, String) {
    let args = std::iter::once("ssot").chain(line.split_whitespace());
    ssot_args(engine, args.map(OsString::from).collect())
}

fn ssot_args(engine: &Fake, args: Vec<OsString>) -> (Status, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        env: Environment::default(),
    };
    let status = run(args, engine, &mut console);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status, text(out), text(err))
}

#[test]
fn the_gate_decides_the_status() {
    let error = fake(Severity::Error);
    assert_eq!(ssot(&error, "check").0, Status::Failed);
    assert_eq!(ssot(&error, "check --exit-zero").0, Status::Passed);
    assert_eq!(ssot(&error, "check --fail-on never").0, Status::Passed);
    let warning = fake(Severity::Warning);
    assert_eq!(ssot(&warning, "check").0, Status::Passed);
    assert_eq!(ssot(&warning, "check --fail-on warning").0, Status::Failed);
    assert_eq!(ssot(&warning, "check --min-score 90").0, Status::Passed);
    assert_eq!(ssot(&warning, "check --min-score 90.1").0, Status::Failed);
    assert_eq!(ssot(&warning, "score --min-score 90.1").0, Status::Failed);
}

#[test]
fn what_cannot_be_done_is_two_even_with_exit_zero() {
    let mut engine = fake(Severity::Error);
    engine.broken = true;
    let (status, out, err) = ssot(&engine, "check --exit-zero");
    assert_eq!((status, out.as_str()), (Status::Broken, ""));
    assert_eq!(
        err,
        "error: cannot read ssot.toml\n  caused by: no such file\n"
    );
}

#[test]
fn nothing_to_check_is_an_error() {
    let mut engine = fake(Severity::Error);
    engine.files.clear();
    for line in ["check", "check --exit-zero", "check --show-files", "score"] {
        let (status, _, err) = ssot(&engine, line);
        assert_eq!(status, Status::Broken, "{line}");
        assert!(err.contains("nothing to check"), "{err}");
    }
}

#[test]
fn wrong_usage_is_two_and_says_so() {
    let engine = fake(Severity::Error);
    for (line, words) in [
        ("", "Usage"),
        ("chekc", "check"),
        ("check --output-format yaml", "json"),
        ("check --min-score 101", "0 to 100"),
        ("check --min-score NaN", "0 to 100"),
        ("check -j 0", "0"),
        ("check --select gatway", "did you mean `gateway`?"),
        (
            "check --ignore nothing-like-it",
            "no check `nothing-like-it`",
        ),
        ("check --statistics --output-format json", "--statistics"),
        ("check --unsafe-fixes", "needs --fix or --diff"),
        ("check --config a.toml --isolated", "--isolated"),
        ("explain gatway", "did you mean `gateway`?"),
        ("explain numpi-2", "did you mean `numpy-2`?"),
        ("graph imports --format adjacency", "adjacency"),
        ("why a unknown", "unknown"),
    ] {
        let (status, out, err) = ssot(&engine, line);
        assert_eq!(status, Status::Broken, "{line}");
        assert_eq!(out, "", "{line}");
        assert!(err.contains(words), "{line}: {err}");
        assert!(engine.request.borrow().is_none(), "{line}");
    }
}

#[test]
fn options_reach_the_engine() {
    let engine = fake(Severity::Error);
    ssot(
        &engine,
        "check src a.py -j 3 --config x.toml --select gateway,contract --ignore contract --show-guarded --fix --unsafe-fixes",
    );
    let request = engine.request.take().unwrap();
    assert_eq!(
        request,
        Request {
            all_calls: false,
            setup: Setup {
                config: Some("x.toml".into()),
                isolated: false,
                jobs: std::num::NonZeroUsize::new(3),
            },
            paths: vec!["src".into(), "a.py".into()],
            select: vec!["gateway".to_owned(), "contract".to_owned()],
            ignore: vec!["contract".to_owned()],
            show_guarded: true,
            fix: FixMode::Apply,
            unsafe_fixes: true,
            files_only: false,
        }
    );
}

#[test]
fn fix_is_check_that_fixes() {
    let engine = fake(Severity::Error);
    let (status, out, _) = ssot(&engine, "fix a.py");
    assert_eq!(status, Status::Failed);
    assert!(
        out.contains("Fixed 1 finding at 2 sites in 1 file; `ssot undo` takes it back."),
        "{out}"
    );
    assert_eq!(engine.request.take().unwrap().fix, FixMode::Apply);
    ssot(&engine, "fix --unsafe-fixes --diff");
    let request = engine.request.take().unwrap();
    assert_eq!((request.fix, request.unsafe_fixes), (FixMode::Diff, true));
}

#[test]
fn a_diff_is_all_that_is_printed() {
    let engine = fake(Severity::Error);
    let (_, out, err) = ssot(&engine, "check --diff");
    assert_eq!(out, "--- a.py\n+++ a.py\n\u{fffd}\n");
    assert!(
        err.starts_with("Would fix 1 finding at 2 sites in 1 file."),
        "{err}"
    );
    let words = "Refused 3 fixes:\n   3  it is `…`: a.py:1, a.py:2 and 1 more\n";
    assert!(err.contains(words), "{err}");
    assert_eq!(ssot(&engine, "check --diff -q").2, "");
}

#[test]
fn a_diff_keeps_its_bytes() {
    let engine = fake(Severity::Error);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.patch");
    let mut args: Vec<OsString> = ["ssot", "fix", "--diff", "--output-file"]
        .map(Into::into)
        .to_vec();
    args.push(file.clone().into());
    ssot_args(&engine, args);
    assert_eq!(std::fs::read(file).unwrap(), engine.diff);
}

#[test]
fn a_diff_fails_by_what_is_in_it_and_fixing_by_what_is_left() {
    let (error, warning) = (fake(Severity::Error), fake(Severity::Warning));
    assert_eq!(ssot(&error, "check --fix").0, Status::Failed);
    assert_eq!(ssot(&error, "check --fix --exit-zero").0, Status::Passed);
    assert_eq!(ssot(&warning, "check --fix").0, Status::Passed);
    let on_fix = "check --fix --exit-non-zero-on-fix";
    assert_eq!(ssot(&warning, on_fix).0, Status::Failed);
    assert_eq!(
        ssot(&warning, &format!("{on_fix} --exit-zero")).0,
        Status::Passed
    );
    assert_eq!(
        ssot(&warning, "check --exit-non-zero-on-fix").0,
        Status::Passed
    );
    assert_eq!(ssot(&warning, "check --diff").0, Status::Failed);
    assert_eq!(ssot(&warning, "check --diff --exit-zero").0, Status::Passed);
    let mut nothing = fake(Severity::Error);
    nothing.diff = b"";
    assert_eq!(ssot(&nothing, "check --diff").0, Status::Passed);
}

#[test]
fn undoing_says_what_it_did() {
    let engine = fake(Severity::Error);
    let (status, out, _) = ssot(&engine, "undo");
    assert_eq!(status, Status::Passed);
    assert_eq!(out, "Undid run 12: 2 files are as they were before it.\n");
    assert_eq!(engine.undo.take(), Some(Undo::default()));
    let (_, out, _) = ssot(&engine, "undo 9 --force -v");
    assert!(out.ends_with("  a.py\n  b.py\n"), "{out}");
    let asked = Undo {
        run: Some(9),
        force: true,
    };
    assert_eq!(engine.undo.take(), Some(asked));
    let (_, out, _) = ssot(&engine, "undo --list");
    assert_eq!(
        out,
        "12  2000-02-29 00:00:00 UTC  3 findings in 2 files  noncanonical-import (ws)  interrupted\n \
         9  2000-02-29 00:00:00 UTC  3 findings in 1 file  noncanonical-import (ws)\n"
    );
    assert_eq!(engine.undo.take(), None);
    assert_eq!(ssot(&engine, "undo --list 9").0, Status::Broken);
}

#[test]
fn notes_go_to_standard_error() {
    let mut engine = fake(Severity::Error);
    engine.notes = vec!["Mind this.".to_owned()];
    for line in ["check -q", "score", "check --output-format json"] {
        let (_, out, err) = ssot(&engine, line);
        assert!(
            !out.contains("Mind") && err == "Mind this.\n",
            "{line}: {err}"
        );
    }
}

#[test]
fn formats_and_verbosity() {
    let engine = fake(Severity::Error);
    let (_, out, err) = ssot(&engine, "check --output-format concise -q");
    assert_eq!(
        (out.as_str(), err.as_str()),
        ("a.py:1:1: error[gateway] bad\n", "")
    );
    let (_, out, _) = ssot(&engine, "check --output-format json");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["score"]["passed"], false);
    let (_, out, _) = ssot(&engine, "check --statistics -q");
    assert_eq!(out, "1  error    gateway\n");
    let (_, out, _) = ssot(&engine, "check --color always");
    assert!(out.contains('\x1b'));
    let (_, out, _) = ssot(&engine, "check");
    assert!(
        out.contains("1 | import os") && !out.contains('\x1b'),
        "{out}"
    );
}

#[test]
fn files_are_listed() {
    let engine = fake(Severity::Error);
    let (status, out, _) = ssot(&engine, "check --show-files");
    assert_eq!((status, out.as_str()), (Status::Passed, "a.py\n"));
    assert!(engine.request.take().unwrap().files_only);
}

#[test]
fn a_report_goes_to_a_file() {
    let engine = fake(Severity::Error);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report with space.txt");
    let args = |file: &std::path::Path| {
        let mut args: Vec<OsString> = ["ssot", "check", "--output-file"].map(Into::into).to_vec();
        args.push(file.into());
        args
    };
    let (status, out, _) = ssot_args(&engine, args(&file));
    assert_eq!((status, out.as_str()), (Status::Failed, ""));
    assert!(std::fs::read_to_string(file).unwrap().contains("gateway"));
    let (status, _, err) = ssot_args(&engine, args(&folder.path().join("no/such/folder")));
    assert_eq!(status, Status::Broken);
    assert!(err.contains("cannot write"), "{err}");
}

#[test]
fn scores_graphs_paths_pages_and_rules_are_printed() {
    let engine = fake(Severity::Warning);
    for (line, words) in [
        ("score", "imports      90.0  9 of 10"),
        ("score --format json", "\"overall\": 90.0"),
        ("graph imports", "\"modules\": {}"),
        ("graph imports --format dot", "digraph imports"),
        ("graph calls --format mermaid", "flowchart"),
        ("graph calls --format adjacency", "\"main\": []"),
        ("why a b", "a.py:1: a imports b"),
        ("why a far", "a does not reach far."),
        ("init", "[[canonical]]"),
        ("registry write", "Wrote docs/R.md"),
        ("where A", "a/b.py:3: class"),
        (
            "where A --output-format json",
            "\"import\": \"from a.b import A\"",
        ),
        ("plan", "- [ ] `a.py:1`: bad (warning)"),
        ("plan a.py --output-format json", "\"people\": 1"),
        ("explain gateway", "# gateway"),
        (
            "explain numpy-2",
            "# Names that NumPy 2 moved, deprecated or removed.",
        ),
        (
            "rules",
            "canonical ws P0  ssot.toml:12\n    a.b:get\n    Issue 824\n",
        ),
        ("completions bash", "complete -F"),
        ("--version", env!("CARGO_PKG_VERSION")),
        ("--help", "single source of truth"),
    ] {
        let (status, out, err) = ssot(&engine, line);
        assert_eq!((status, err.as_str()), (Status::Passed, ""), "{line}");
        assert!(out.contains(words), "{line}: {out}");
    }
}

#[test]
fn a_name_that_is_nowhere_fails_and_work_to_do_does_not() {
    let engine = fake(Severity::Error);
    let (status, out, err) = ssot(&engine, "where unknown");
    assert_eq!((status, out.as_str()), (Status::Failed, ""));
    assert_eq!(err, "there is no symbol `unknown`\n");
    assert_eq!(ssot(&engine, "plan").0, Status::Passed);
}

#[test]
fn every_flag_is_documented() {
    let engine = fake(Severity::Error);
    for command in [
        "check",
        "fix",
        "undo",
        "score",
        "graph imports",
        "graph calls",
        "why a b",
        "where A",
        "plan",
        "registry check",
        "init",
    ] {
        let (_, help, _) = ssot(&engine, &format!("{command} -h"));
        for line in help
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with('-'))
        {
            let words = line.split("  ").filter(|part| !part.trim().is_empty());
            // A long flag's text may stand on the next line, which then is no flag.
            let next = help.lines().skip_while(|it| it.trim_start() != line).nth(1);
            let below = next
                .map(str::trim_start)
                .is_some_and(|next| !next.is_empty() && !next.starts_with('-'));
            assert!(words.count() > 1 || below, "{command}: {line}");
        }
    }
}

/// A reader that has gone away, or a disk that is full.
struct Closed(io::ErrorKind);

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_may_go_away() {
    let engine = fake(Severity::Error);
    let status = |kind| {
        let mut console = Console {
            out: &mut Closed(kind),
            err: &mut io::sink(),
            env: Environment::default(),
        };
        run(["ssot", "check"].map(OsString::from), &engine, &mut console)
    };
    assert_eq!(status(io::ErrorKind::BrokenPipe), Status::Failed);
    assert_eq!(status(io::ErrorKind::StorageFull), Status::Broken);
}
