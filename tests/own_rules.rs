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
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .current_dir(root())
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
