//! The built-in rule packs: each rule finds what it is about, and nothing else; what `--fix` leaves runs.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use ssot::config::{self, Config, Replacement, RetiredTarget, SymbolPath};
use tempfile::TempDir;

/// The newest Python that rules can name: with it as target every rule is in effect.
const NEWEST: &str = "3.15";

fn rules(pack: &str, target: Option<&str>) -> String {
    let project = target.map_or_else(String::new, |target| {
        format!("[project]\ntarget-version = '{target}'\n")
    });
    format!("extend = ['{pack}']\n{project}")
}

fn load(pack: &str, target: Option<&str>) -> Config {
    let loaded = config::parse(Path::new("."), &rules(pack, target));
    loaded
        .unwrap_or_else(|error| panic!("{pack}: {error:?}"))
        .config
}

/// What `ssot` prints in `folder`, and its exit status.
fn ssot(folder: &Path, args: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (text + &errors, output.status.code().unwrap())
}

fn findings(folder: &Path) -> Vec<Value> {
    let (out, _) = ssot(folder, &["check", "--output-format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}"));
    report["findings"].as_array().unwrap().clone()
}

fn project(rules: &str, files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("ssot.toml"), rules).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A line that takes a symbol from its module, under a name of its own.
fn import(symbol: &SymbolPath, number: usize) -> String {
    let SymbolPath { module, name } = symbol;
    match name.split_once('.') {
        Some((first, rest)) => {
            format!("from {module} import {first} as n{number}; n{number}.{rest}\n")
        }
        None => format!("from {module} import {name} as n{number}\n"),
    }
}

/// Lines that each use one old path of a pack, with the id of the rule that must say so.
fn old_paths(config: &Config) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for rule in &config.canonical {
        for old in &rule.replaces {
            lines.push((rule.meta.id.to_string(), import(old, lines.len())));
        }
    }
    for rule in &config.retired {
        let line = match &rule.target {
            RetiredTarget::Module(module) => format!("import {module}\n"),
            RetiredTarget::Symbol { module, name, .. } => {
                let old = SymbolPath {
                    module: module.text.clone(),
                    name: name.clone(),
                };
                import(&old, lines.len())
            }
        };
        lines.push((rule.meta.id.to_string(), line));
    }
    lines
}

#[test]
fn every_rule_says_why() {
    for pack in config::pack_names() {
        let config = load(pack, Some(NEWEST));
        let canonical = config.canonical.iter().map(|rule| &rule.meta);
        let metas: Vec<_> = canonical
            .chain(config.retired.iter().map(|rule| &rule.meta))
            .collect();
        assert!(metas.len() > 50, "{pack}");
        for meta in metas {
            assert!(meta.reason.is_some(), "{pack}: {}", meta.id);
            assert_eq!(meta.pack.as_deref(), Some(pack));
        }
    }
}

#[test]
fn all_packs_go_together() {
    let packs: Vec<String> = config::pack_names()
        .map(|pack| format!("'{pack}'"))
        .collect();
    let text = format!("extend = [{}]\n", packs.join(", "));
    assert!(config::parse(Path::new("."), &text).is_ok());
}

#[test]
fn every_old_path_is_found_once_and_by_its_rule() {
    for pack in config::pack_names() {
        let lines = old_paths(&load(pack, Some(NEWEST)));
        let text: String = lines.iter().map(|(_, line)| line.as_str()).collect();
        let folder = project(&rules(pack, Some(NEWEST)), &[("old.py", &text)]);
        let mut wrong = String::new();
        let findings = findings(folder.path());
        for (number, (id, line)) in (1..).zip(&lines) {
            let found: Vec<&str> = findings
                .iter()
                .filter(|finding| finding["line"] == number)
                .map(|finding| finding["rule"].as_str().unwrap())
                .collect();
            if found != [id.as_str()] {
                let _ = writeln!(wrong, "{pack}: {}: {found:?}", line.trim());
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}

#[test]
fn no_new_path_is_found() {
    for pack in config::pack_names() {
        let config = load(pack, Some(NEWEST));
        let mut new: BTreeSet<String> = BTreeSet::new();
        new.extend(config.canonical.iter().map(|rule| import(&rule.symbol, 0)));
        for rule in &config.retired {
            match &rule.replacement {
                Some(Replacement::Symbol(symbol)) => new.insert(import(symbol, 0)),
                Some(Replacement::Module(module)) => new.insert(format!("import {module}\n")),
                None => continue,
            };
        }
        let text: String = new.into_iter().collect();
        let folder = project(&rules(pack, Some(NEWEST)), &[("new.py", &text)]);
        let found: Vec<Value> = findings(folder.path());
        assert!(found.is_empty(), "{pack}: {found:#?}");
    }
}

#[test]
fn no_old_path_is_found_where_the_code_copes() {
    for pack in config::pack_names() {
        let mut text = String::new();
        for (_, line) in old_paths(&load(pack, Some(NEWEST))) {
            let _ = write!(
                text,
                "try:\n    {}\nexcept (ImportError, AttributeError):\n    pass\n",
                line.trim().replace("; ", "\n    ")
            );
        }
        let folder = project(&rules(pack, Some(NEWEST)), &[("both.py", &text)]);
        let found: Vec<Value> = findings(folder.path());
        assert!(found.is_empty(), "{pack}: {found:#?}");
    }
}

#[test]
fn a_fix_leaves_nothing_that_moves_safely() {
    for pack in config::pack_names() {
        let config = load(pack, Some(NEWEST));
        let text: String = config
            .canonical
            .iter()
            .flat_map(|rule| &rule.replaces)
            .enumerate()
            .map(|(number, old)| import(old, number))
            .collect();
        let folder = project(&rules(pack, Some(NEWEST)), &[("old.py", &text)]);
        let (out, status) = ssot(folder.path(), &["check", "--fix"]);
        assert_eq!(status, 0, "{pack}: {out}");
        assert!(findings(folder.path()).is_empty(), "{pack}");
        let fixed = fs::read_to_string(folder.path().join("old.py")).unwrap();
        for (number, _) in text.lines().enumerate() {
            let name = format!(" as n{number}");
            let kept = fixed.matches(&format!("{name}\n")).count()
                + fixed.matches(&format!("{name},")).count();
            assert_eq!(kept, 1, "{pack}: n{number}\n{fixed}");
        }
    }
}

/// The version of `python3`, where there is one.
fn python() -> Option<String> {
    let code = "import sys; print('%d.%d' % sys.version_info[:2])";
    let output = Command::new("python3").args(["-c", code]).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}

#[test]
fn what_a_fix_writes_for_this_python_runs() {
    let Some(version) = python() else { return };
    let config = load("python-stdlib", Some(&version));
    let text: String = config
        .canonical
        .iter()
        .flat_map(|rule| &rule.replaces)
        .enumerate()
        .map(|(number, old)| import(old, number))
        .collect();
    let rules = rules("python-stdlib", Some(&version));
    let folder = project(&rules, &[("old.py", &text)]);
    let (out, status) = ssot(folder.path(), &["check", "--fix"]);
    assert_eq!(status, 0, "{out}");
    let run = Command::new("python3")
        .arg("old.py")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

#[test]
fn attributes_move_with_their_imports() {
    let folder = project(
        &rules("numpy-2", None),
        &[(
            "a.py",
            "import numpy as np\n\n\ndef f(a):\n    return np.float_(a) + np.NaN + np.trapz(a)\n",
        )],
    );
    ssot(folder.path(), &["check", "--fix"]);
    let fixed = fs::read_to_string(folder.path().join("a.py")).unwrap();
    assert!(
        fixed.contains("np.float64(a) + np.nan + np.trapz(a)"),
        "{fixed}"
    );
    ssot(folder.path(), &["check", "--fix", "--unsafe-fixes"]);
    let fixed = fs::read_to_string(folder.path().join("a.py")).unwrap();
    assert!(fixed.contains("+ np.trapezoid(a)"), "{fixed}");
}

#[test]
fn rules_wait_for_their_python() {
    let text = "from typing import List\nfrom typing_extensions import Self\n";
    for (target, expected) in [
        (None, 0),
        (Some("3.8"), 0),
        (Some("3.9"), 1),
        (Some("3.10"), 1),
        (Some("3.11"), 2),
    ] {
        let folder = project(&rules("python-stdlib", target), &[("a.py", text)]);
        assert_eq!(findings(folder.path()).len(), expected, "{target:?}");
    }
}

#[test]
fn rules_say_what_they_wait_for() {
    let rule = "[[retired]]\nsymbol = 'a:b'\nsince = '3.12'\n";
    let target = "[project]\ntarget-version = '3.9'\n";
    for (rules, expected) in [
        (
            rule.to_owned(),
            "There are no rules.\n1 more rule waits for a later Python (`target-version` is not known): 1 for 3.12.\n",
        ),
        (
            format!(
                "{target}{rule}{}",
                rule.replace("a:b", "a:c").replace("3.12", "3.10")
            ),
            "There are no rules.\n2 more rules wait for a later Python (`target-version` is 3.9): 1 for 3.10, 1 for 3.12.\n",
        ),
    ] {
        let folder = project(&rules, &[]);
        assert_eq!(ssot(folder.path(), &["rules"]), (expected.to_owned(), 0));
    }
}

#[test]
fn the_commands_know_the_packs() {
    let folder = project(&rules("numpy-2", None), &[("a.py", "import numpy\n")]);
    let (out, status) = ssot(folder.path(), &["rules"]);
    assert_eq!(status, 0);
    assert!(
        out.contains("canonical:numpy:float64  <pack numpy-2>:"),
        "{out}"
    );
    let (out, status) = ssot(folder.path(), &["where", "numpy:float64"]);
    assert_eq!(status, 0, "{out}");
}
