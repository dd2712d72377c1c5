//! Runs the examples of `README.md` and holds what they print against what it says.
//!
//! A `console` block is one example: a line `$ ssot …` and its output, both streams in the order they are printed to a
//! terminal that shows standard output first. The comment in front says where it runs and how it exits:
//! `<!-- runs in fixtures/NAME, exits N -->`. Examples of one folder share one copy of it, so that each sees what those
//! before it changed.
//!
//! `UPDATE_README=1 cargo test --test readme` writes the outputs anew.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use walkdir::WalkDir;

/// An example of the page.
struct Example<'a> {
    folder: &'a str,
    status: i32,
    command: &'a str,
    output: &'a str,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn examples(page: &str) -> Vec<Example<'_>> {
    let mut examples = Vec::new();
    let blocks = page.match_indices("```console\n");
    for (at, fence) in blocks {
        let about = page[..at].trim_end().lines().next_back().unwrap();
        let (folder, status) = about
            .strip_prefix("<!-- runs in ")
            .and_then(|about| about.strip_suffix(" -->"))
            .and_then(|about| about.split_once(", exits "))
            .unwrap_or_else(|| panic!("a console block must say where it runs, not `{about}`"));
        let body = &page[at + fence.len()..];
        let body = &body[..body.find("```").unwrap()];
        let (command, output) = body.split_once('\n').unwrap();
        examples.push(Example {
            folder,
            status: status.parse().unwrap(),
            command: command.strip_prefix("$ ").unwrap(),
            output,
        });
    }
    examples
}

fn copy(from: &Path, to: &Path) {
    for entry in WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What a command prints, and its exit status.
fn run(command: &str, folder: &Path) -> (String, i32) {
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("ssot"), "`{command}`");
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .args(words)
        .current_dir(folder)
        .env_remove("FORCE_COLOR")
        .env("NO_COLOR", "1")
        .env("XDG_STATE_HOME", folder.join(".state"))
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    (text, output.status.code().unwrap())
}

#[test]
fn the_examples_print_what_the_page_says() {
    let path = root().join("README.md");
    let page = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let examples = examples(&page);
    assert!(examples.len() > 3);
    let mut updated = page.clone();
    let mut differences = String::new();
    let mut copies: BTreeMap<&str, TempDir> = BTreeMap::new();
    for example in &examples {
        let copied = copies.entry(example.folder).or_insert_with(|| {
            let dir = TempDir::new().unwrap();
            copy(&root().join(example.folder), dir.path());
            dir
        });
        let (output, status) = run(example.command, copied.path());
        if output != example.output || status != example.status {
            let _ = writeln!(
                differences,
                "$ {}\n{output}exits {status}; the page says\n{}exits {}\n",
                example.command, example.output, example.status
            );
        }
        let block = |output: &str| format!("```console\n$ {}\n{output}```", example.command);
        updated = updated.replacen(&block(example.output), &block(&output), 1);
    }
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, updated).unwrap();
        return;
    }
    assert!(differences.is_empty(), "\n{differences}");
}

#[test]
fn the_rules_shown_are_read_and_understood() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (rules, _) = rest.split_once("```").unwrap();
    let dir = TempDir::new().unwrap();
    if let Err(error) = ssot::config::parse(dir.path(), rules) {
        panic!("{}", error.render(false));
    }
}

#[test]
fn the_table_names_every_check_that_runs_with_its_severity() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    for check in ssot::checks::ALL {
        let link = format!("| [`{0}`](docs/checks/{0}.md) |", check.name);
        let row = page.lines().find(|line| line.starts_with(&link));
        let row = row.unwrap_or_else(|| panic!("no row for `{}`", check.name));
        let severity = format!("| {} |", check.severity.as_str());
        assert!(row.ends_with(&severity), "`{row}` should end `{severity}`");
    }
}
