//! Holds the repository to the invariants that `ARCHITECTURE.md` states, as far as reading the sources can tell.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ssot::checks::ALL;
use ssot::suppress::UNUSED_SUPPRESSION;
use walkdir::WalkDir;

/// A file of the repository: its path from the root, with `/`, and its text.
struct Text {
    path: String,
    text: String,
}

impl Text {
    /// The lines that are not comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn below(folder: &str, extension: &str) -> Vec<Text> {
    let files = WalkDir::new(root().join(folder)).sort_by_file_name();
    let texts: Vec<Text> = files
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == extension))
        .map(|path| Text {
            text: fs::read_to_string(&path).unwrap(),
            path: path
                .strip_prefix(root())
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/"),
        })
        .collect();
    assert!(!texts.is_empty(), "no .{extension} below {folder}");
    texts
}

/// Asserts that no line of code outside `allowed` (paths or folders) holds one of `words`.
fn only_in(allowed: &[&str], words: &[&str]) {
    let sources = below("src", "rs");
    let offences: Vec<String> = sources
        .iter()
        .filter(|source| !allowed.iter().any(|start| source.path.starts_with(start)))
        .flat_map(|source| {
            source
                .code()
                .filter(|(_, line)| words.iter().any(|word| holds(line, word)))
                .map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim()))
        })
        .collect();
    assert!(
        offences.is_empty(),
        "{words:?} outside {allowed:?}:\n{}",
        offences.join("\n")
    );
}

/// Whether `word` stands in `line` and no longer word ends with it.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
    })
}

#[test]
fn words_are_told_from_parts_of_words() {
    assert!(holds("    println!(\"x\");", "println!"));
    assert!(!holds("    eprintln!(\"x\");", "println!"));
    assert!(holds("eprintln!(); println!();", "println!"));
}

#[test]
fn only_the_python_front_end_names_the_parser() {
    only_in(
        &["src/lang/python/"],
        &["ruff_python_", "ruff_text_size", "ruff_source_file"],
    );
}

#[test]
fn only_a_rust_front_end_may_name_its_parser() {
    only_in(&["src/lang/rust/"], &["syn::", "proc_macro2::"]);
}

#[test]
fn only_the_edges_print() {
    let macros = ["println!", "print!", "eprintln!", "eprint!", "dbg!"];
    only_in(&["src/cli/", "src/report/", "src/main.rs"], &macros);
}

#[test]
fn only_main_exits() {
    only_in(&["src/main.rs"], &["process::exit", "process::abort"]);
}

#[test]
fn nothing_between_facts_and_report_reads_or_writes() {
    let outside = [
        "src/cli/",
        "src/config/",
        "src/discover/",
        "src/fix/",
        "src/source",
        "src/main.rs",
    ];
    let words = [
        "std::fs",
        "fs::",
        "File::open",
        "File::create",
        "OpenOptions",
        "std::net",
        "process::Command",
    ];
    only_in(&outside, &words);
}

#[test]
fn only_one_file_changes_what_a_fix_writes() {
    let allowed = [
        "src/fix/transaction/disk.rs",
        // The lock's own file, and the folder of journals.
        "src/fix/transaction/lock.rs",
        "src/fix/transaction/mod.rs",
    ];
    let words = [
        "fs::write",
        "fs::rename",
        "fs::remove",
        "fs::create",
        "fs::copy",
        "fs::hard_link",
    ];
    let types = ["File::create", "OpenOptions", "sync_all", "DirBuilder"];
    for source in below("src/fix", "rs") {
        if allowed.contains(&&*source.path) {
            continue;
        }
        let code = source.text.split("#[cfg(test)]").next().unwrap();
        for word in words.iter().chain(&types) {
            assert!(!holds(code, word), "{} uses `{word}`", source.path);
        }
    }
}

#[test]
fn nothing_is_unsafe() {
    only_in(&[], &["unsafe {", "unsafe fn", "unsafe impl"]);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

/// What each part of the crate may build on, besides itself and the plain data that all share.
const LAYERS: &[(&str, &[&str])] = &[
    ("src/run.rs", &[]),
    ("src/span.rs", &[]),
    ("src/suggest.rs", &[]),
    ("src/registry.rs", &[]),
    ("src/facts", &[]),
    ("src/values", &[]),
    ("src/emissions", &[]),
    ("src/signatures", &[]),
    ("src/source", &["lang"]),
    ("src/discover", &["lang"]),
    // The request for a rewrite and its answer are plain data; the version is the language's own.
    ("src/lang", &["config", "fix"]),
    ("src/index", &["lang"]),
    ("src/graph", &["index"]),
    ("src/config", &["diagnostic", "registry"]),
    (
        "src/checks",
        &[
            "config",
            "diagnostic",
            "discover",
            "graph",
            "index",
            "lang",
            "registry",
            "score",
        ],
    ),
    ("src/suppress", &["config", "diagnostic"]),
    ("src/score", &["config", "diagnostic"]),
    (
        "src/report",
        &["config", "diagnostic", "fingerprint", "score"],
    ),
    (
        "src/fix",
        &["config", "diagnostic", "graph", "index", "lang", "source"],
    ),
];

#[test]
fn parts_build_only_on_what_comes_before_them() {
    let shared = [
        "emissions",
        "facts",
        "run",
        "signatures",
        "span",
        "suggest",
        "values",
    ];
    let modules: BTreeSet<String> = fs::read_to_string(root().join("src/lib.rs"))
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    let mut offences = Vec::new();
    for source in below("src", "rs") {
        let Some((layer, allowed)) = LAYERS
            .iter()
            .find(|(layer, _)| source.path.starts_with(layer))
        else {
            continue;
        };
        let own = layer
            .trim_start_matches("src/")
            .trim_end_matches(".rs")
            .to_owned();
        for (number, line) in source.code() {
            for used in line.split("crate::").skip(1) {
                let used: String = used
                    .chars()
                    .take_while(|at| at.is_alphanumeric() || *at == '_')
                    .collect();
                let known = modules.contains(&used);
                let fine = used == own
                    || shared.contains(&used.as_str())
                    || allowed.contains(&used.as_str());
                if known && !fine {
                    offences.push(format!("{}:{number}: {own} builds on {used}", source.path));
                }
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn a_front_end_takes_no_more_from_rules_and_fixes_than_plain_data() {
    let plain = ["config::PythonVersion", "fix::edit"];
    for source in below("src/lang", "rs") {
        let code: Vec<(usize, &str)> = source.code().collect();
        let tests = code.iter().position(|(_, line)| line.contains("mod tests"));
        // Tests hold texts in which `crate::` stands for itself.
        for (number, line) in &code[..tests.unwrap_or(code.len())] {
            for used in line.split("crate::").skip(1) {
                let neutral = ["emissions", "facts", "signatures", "span", "values"];
                let language_neutral = neutral.iter().any(|start| used.starts_with(start));
                assert!(
                    language_neutral
                        || used.starts_with("lang")
                        || plain.iter().any(|start| used.starts_with(start)),
                    "{}:{number}: a front end builds on `{used}`",
                    source.path
                );
            }
        }
    }
}

#[test]
fn every_source_says_what_it_owns() {
    let silent: Vec<String> = ["src", "tests", "examples"]
        .iter()
        .flat_map(|folder| below(folder, "rs"))
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "without `//!` at the top: {silent:?}");
}

fn check_names() -> BTreeSet<String> {
    ALL.iter()
        .map(|check| check.name)
        .chain([UNUSED_SUPPRESSION])
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_check_has_its_page_and_every_page_its_check() {
    let pages = below("docs/checks", "md");
    let names: BTreeSet<String> = pages
        .iter()
        .map(|page| {
            let name = page.path.trim_start_matches("docs/checks/");
            name.trim_end_matches(".md").to_owned()
        })
        .collect();
    assert_eq!(names, check_names());
    for (page, name) in pages.iter().zip(&names) {
        assert_eq!(page.text.lines().next(), Some(&*format!("# {name}")));
        for section in [
            "What it does",
            "Why is this bad",
            "Example",
            "Use instead",
            "Options",
        ] {
            assert!(
                page.text.contains(&format!("\n## {section}\n")),
                "{} has no section `{section}`",
                page.path
            );
        }
    }
}

#[test]
fn every_check_has_its_fixtures_and_every_folder_of_fixtures_its_check() {
    let entries = fs::read_dir(root().join("fixtures")).unwrap();
    let folders: BTreeSet<String> = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        // Whole repositories, in which several checks meet.
        .filter(|name| !name.starts_with("incident"))
        .collect();
    assert_eq!(folders, check_names());
}

#[test]
fn every_check_is_a_file_and_one_line() {
    let registry = fs::read_to_string(root().join("src/checks/mod.rs")).unwrap();
    for check in ALL {
        let module = check.name.replace('-', "_");
        let path = format!("src/checks/{module}.rs");
        assert!(root().join(&path).is_file(), "there is no {path}");
        let uses = registry.matches(&format!("{module}::")).count();
        assert_eq!(uses, 1, "{path} is registered {uses} times");
    }
    assert!(ALL.is_sorted_by_key(|check| check.name));
}

#[test]
fn checks_are_known_to_the_rules_file() {
    for name in check_names() {
        assert!(ssot::config::CHECKS.iter().any(|(known, _)| *known == name));
    }
}

#[test]
fn documents_hold_on_any_machine() {
    let mut documents = below("docs", "md");
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "Cargo.toml",
    ] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        let path = name.to_owned();
        documents.push(Text { path, text });
    }
    for document in documents {
        for place in ["/work/", "/tmp/", "/root/", "/home/", "/Users/"] {
            assert!(
                !document.text.contains(place),
                "{} mentions {place}",
                document.path
            );
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        for found in link.captures_iter(&text) {
            assert!(
                root().join(&found[1]).exists(),
                "{name} links to {}",
                &found[1]
            );
        }
    }
}

#[test]
fn the_code_map_names_every_part() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for module in library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
    {
        let (file, folder) = (format!("`src/{module}.rs`"), format!("`src/{module}/`"));
        assert!(
            map.contains(&file) || map.contains(&folder),
            "ARCHITECTURE.md leaves out `{module}`"
        );
    }
}
