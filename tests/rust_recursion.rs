//! Holds recursion in Rust against the compiler: what it warns of is found, in code that it takes.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ssot::config::{self, LoadOptions};
use ssot::{Graphs, Project};

/// The functions that are said never to end, as path and line of their names.
fn found(case: &Path) -> BTreeSet<(String, u32)> {
    let options = LoadOptions {
        start: case.to_owned(),
        file: None,
        isolated: true,
    };
    let project = Project::read(config::load(&options).unwrap().config);
    let index = &project.index;
    let graphs = Graphs::build(index);
    let recursion = ssot::graph::recursion::find(index, &graphs.calls, false);
    let unconditional = recursion.cycles.iter().filter(|cycle| cycle.unconditional);
    unconditional
        .flat_map(|cycle| &cycle.functions)
        .map(|function| {
            let facts = index.facts(function.file);
            let definition = &facts.definitions[function.definition.index()];
            let line = facts.lines.line(definition.name_span.start);
            (index.file(function.file).path.to_string(), line)
        })
        .collect()
}

/// What the compiler warns of; none where there is no compiler.
fn warned(case: &Path) -> Option<BTreeSet<(String, u32)>> {
    let out = tempfile::tempdir().unwrap();
    let output = Command::new(option_env!("RUSTC").unwrap_or("rustc"))
        .current_dir(case)
        .args([
            "--edition",
            "2021",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ])
        .args(["-A", "unused", "-W", "unconditional_recursion"])
        .args(["--error-format", "short", "--out-dir"])
        .arg(out.path())
        .arg("src/lib.rs")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    let lines = text
        .lines()
        .filter(|line| line.contains("without recursing"));
    let places = lines.map(|line| {
        let mut parts = line.split(':');
        let path = parts.next().unwrap().to_owned();
        (path, parts.next().unwrap().parse().unwrap())
    });
    Some(places.collect())
}

#[test]
fn all_that_the_compiler_warns_of_is_found() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for (name, least) in [("self-recursion", 30), ("mutual-recursion", 0)] {
        let case = fixtures.join(name).join("rust");
        let Some(warned) = warned(&case) else { return };
        let found = found(&case);
        let missed: Vec<_> = warned.difference(&found).collect();
        assert!(missed.is_empty(), "{missed:?}");
        assert!(warned.len() >= least, "{}", warned.len());
        assert!(found.len() > warned.len());
    }
}
