//! A repository of Python and Rust, as extension modules have: one run, one score, one graph.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const FILES: &[(&str, &str)] = &[
    (
        "ssot.toml",
        r#"
[[canonical]]
symbol = "fast.engine:Engine"

[[canonical]]
symbol = "fast::engine::Engine"

[[retired]]
symbol = "fast.engine:get_old"
lang   = "python"
"#,
    ),
    ("pyproject.toml", "[project]\nname = 'fast'\n"),
    (
        "Cargo.toml",
        "[package]\nname = 'fast'\nedition = '2021'\n[lib]\ncrate-type = ['cdylib']\npath = 'rust/lib.rs'\n",
    ),
    (
        "python/fast/__init__.py",
        "from fast.engine import Engine\nfrom . import _native\n",
    ),
    (
        "python/fast/engine.py",
        "class Engine:\n    pass\n\ndef get_old():\n    return None\n\ndef make_part():\n    return make_part()\n",
    ),
    ("python/fast/_native.pyi", "def run() -> int: ...\n"),
    (
        "python/app.py",
        "from fast import Engine\nfrom fast.engine import Engine as Fine\n",
    ),
    (
        "rust/lib.rs",
        "mod engine;\nmod user;\npub use engine::Engine;\n\npub fn make_part() -> u8 {\n    1\n}\n",
    ),
    (
        "rust/engine.rs",
        "pub struct Engine;\nimpl Engine {\n    pub fn new() -> Self {\n        helper();\n        Engine\n    }\n}\nfn helper() {}\nfn get_old() {}\n",
    ),
    (
        "rust/user.rs",
        "use crate::Engine;\nuse crate::engine::Engine as Fine;\n\nfn user() -> (Engine, Fine) {\n    (Fine::new(), user().1)\n}\n",
    ),
];

fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn ssot(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code().unwrap() < 2, "{error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn both_languages_are_checked_in_one_run() {
    let folder = repository();
    let text = ssot(folder.path(), &["check", "--output-format", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let found: Vec<String> = findings
        .map(|finding| {
            format!(
                "{}:{} {} {}",
                finding["path"].as_str().unwrap(),
                finding["line"],
                finding["check"].as_str().unwrap(),
                finding["symbol"].as_str().unwrap_or("")
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "python/app.py:1 noncanonical-import fast.engine:Engine",
            "python/fast/engine.py:4 retired-symbol fast.engine:get_old",
            "python/fast/engine.py:8 self-recursion fast.engine:make_part",
            "rust/user.rs:1 noncanonical-import fast::engine::Engine",
            "rust/user.rs:5 self-recursion fast::user::user",
        ]
    );
    let areas = report["score"]["areas"].as_array().unwrap();
    let imports = areas.iter().find(|area| area["area"] == "imports").unwrap();
    assert_eq!(
        (&imports["compliant"], &imports["governed"]),
        (&4.into(), &6.into())
    );
}

#[test]
fn both_languages_are_in_one_graph() {
    let folder = repository();
    let text = ssot(folder.path(), &["graph", "imports", "--format", "json"]);
    let graph: Value = serde_json::from_str(&text).unwrap();
    let imports = graph["imports"].as_array().unwrap().iter();
    let edges: Vec<String> = imports
        .map(|edge| {
            format!(
                "{} {}",
                edge["importer"].as_str().unwrap(),
                edge["imported"].as_str().unwrap()
            )
        })
        .collect();
    assert!(edges.contains(&"app fast".to_owned()), "{edges:?}");
    assert!(
        edges.contains(&"fast::user fast::engine".to_owned()),
        "{edges:?}"
    );
    let text = ssot(folder.path(), &["graph", "calls", "--format", "json"]);
    let graph: Value = serde_json::from_str(&text).unwrap();
    let calls = graph["calls"].as_array().unwrap().iter();
    let calls: Vec<String> = calls
        .map(|call| {
            format!(
                "{} {}",
                call["caller"].as_str().unwrap(),
                call["callee"].as_str().unwrap()
            )
        })
        .collect();
    for call in [
        "fast.engine:make_part fast.engine:make_part",
        "fast::user::user fast::engine::Engine::new",
        "fast::engine::Engine::new fast::engine::helper",
    ] {
        assert!(calls.contains(&call.to_owned()), "{call}: {calls:?}");
    }
    assert!(graph["functions"]["fast::user::user"]["line"] == 4);
}

#[test]
fn why_tells_ways_in_both() {
    let folder = repository();
    let way = ssot(
        folder.path(),
        &["why", "fast::user::user", "fast::engine::helper"],
    );
    assert!(way.contains("fast::engine::Engine::new"), "{way}");
    let way = ssot(folder.path(), &["why", "fast::user", "fast::engine"]);
    assert!(way.contains("rust/user.rs:2"), "{way}");
    let way = ssot(folder.path(), &["why", "app", "fast.engine"]);
    assert!(way.contains("python/app.py"), "{way}");
}
