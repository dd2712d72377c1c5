//! The tool on itself: its sources keep the rules that `ARCHITECTURE.md` states, and README.md shows the score.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn report() -> Value {
    report_on(root())
}

fn report_on(folder: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .current_dir(folder)
        .args([
            "check",
            "--config",
            "rules/self.toml",
            "--output-format",
            "json",
        ])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn the_sources_keep_their_own_rules() {
    let report = report();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.is_empty(), "{findings:#?}");
    assert_eq!(report["score"]["passed"], true);
    let areas = report["score"]["areas"].as_array().unwrap();
    let imports = areas.iter().find(|area| area["area"] == "imports").unwrap();
    // The rules are about names that are in use all over the sources.
    assert!(imports["governed"].as_u64().unwrap() > 200, "{imports}");
}

#[test]
fn the_badge_shows_the_score() {
    let overall = report()["score"]["overall"].as_f64().unwrap();
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let badge = format!("single_source_of_truth-{overall:.1}-");
    assert!(
        page.contains(&badge),
        "README.md does not show {overall:.1}"
    );
}

/// What breaks each invariant, in a file that must keep it.
const BREACHES: &[(&str, &str, &str)] = &[
    (
        "src/graph/imports.rs",
        "contract",
        "use ruff_python_ast::Expr;",
    ),
    ("src/facts.rs", "contract", "use syn::Ident;"),
    ("src/checks/trail.rs", "contract", "use std::fs::read;"),
    (
        "src/index/modules.rs",
        "contract",
        "use crate::config::Config;",
    ),
    (
        "src/graph/imports.rs",
        "contract",
        "fn breach() { crate::checks::analyze(); }",
    ),
    (
        "src/checks/trail.rs",
        "contract",
        "use crate::report::Report;",
    ),
    (
        "src/report/json.rs",
        "contract",
        "use crate::index::FileId;",
    ),
    ("src/fix/diff.rs", "contract", "use crate::report::Report;"),
    ("src/span.rs", "contract", "use crate::index::FileId;"),
    (
        "src/index/modules.rs",
        "gateway",
        "fn breach() { std::io::stdout(); }",
    ),
    (
        "src/main.rs",
        "retired-symbol",
        "fn breach() { std::process::exit(1); }",
    ),
    (
        "src/lang/rust/names.rs",
        "noncanonical-import",
        "use crate::facts::Span;",
    ),
    (
        "src/span.rs",
        "duplicate-definition",
        "pub fn make_breach() {}",
    ),
    (
        "src/index/modules.rs",
        "duplicate-definition",
        "pub fn make_breach() {}",
    ),
];

#[test]
fn what_breaks_them_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for entry in walkdir::WalkDir::new(root().join("src")) {
        let entry = entry.unwrap();
        let below = entry.path().strip_prefix(root()).unwrap();
        if entry.file_type().is_dir() {
            fs::create_dir_all(folder.path().join(below)).unwrap();
        } else {
            fs::copy(entry.path(), folder.path().join(below)).unwrap();
        }
    }
    for name in ["Cargo.toml", "rules/self.toml"] {
        fs::create_dir_all(folder.path().join("rules")).unwrap();
        fs::copy(root().join(name), folder.path().join(name)).unwrap();
    }
    let mut expected = Vec::new();
    for (path, _, code) in BREACHES {
        let path = folder.path().join(path);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}{code}\n")).unwrap();
    }
    for (path, check, code) in BREACHES {
        let text = fs::read_to_string(folder.path().join(path)).unwrap();
        let line = 1 + text.lines().position(|line| line == *code).unwrap();
        expected.push(((*path).to_owned(), line as u64, (*check).to_owned()));
    }
    let report = report_on(folder.path());
    let mut found = Vec::new();
    for finding in report["findings"].as_array().unwrap() {
        let place = |finding: &Value| {
            let path = finding["path"].as_str().unwrap().to_owned();
            (path, finding["line"].as_u64().unwrap())
        };
        let check = finding["check"].as_str().unwrap().to_owned();
        let evidence = finding["evidence"].as_array().unwrap();
        for one in std::iter::once(finding).chain(evidence) {
            let (path, line) = place(one);
            found.push((path, line, check.clone()));
        }
    }
    for one in expected {
        assert!(found.contains(&one), "{one:?} is missing in {found:#?}");
    }
}

#[test]
fn every_part_is_named_by_the_rules_about_parsers() {
    let rules = fs::read_to_string(root().join("rules/self.toml")).unwrap();
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let parsers = ["ruff_python_ast", "\"syn\""];
    for parser in parsers {
        let rule = rules
            .split("[[contract]]")
            .find(|rule| rule.contains(parser))
            .unwrap();
        for line in library.lines() {
            let Some(name) = line.strip_prefix("pub mod ") else {
                continue;
            };
            let name = name.trim_end_matches(';');
            let is_named = rule.contains(&format!("\"ssot::{name}\""));
            assert!(
                is_named || name == "lang",
                "{name} is in no rule on {parser}"
            );
        }
    }
}
