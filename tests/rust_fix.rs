//! Fixes of `use` declarations and paths in Rust: each case compiles before and after, what rustfmt left as it was it
//! still does, and a second run changes nothing.
//!
//! `tests/rust_fix/cases.txt` holds them: `=== name`, the module as it is, `---`, the module as it should be. The
//! edition is 2021, unless the name ends with another, in brackets. Code around it is in `CRATE`. Cargo checks all cases as one
//! workspace. `UPDATE_CASES=1 cargo test --test rust_fix` writes the results anew; read the diff.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CRATE: &[(&str, &str)] = &[
    (
        "ssot.toml",
        "[[canonical]]\nsymbol = \"shop::engine::price::PriceEngine\"\n\
         [[canonical]]\nsymbol = \"shop::engine::price::compute\"\n\
         [[canonical]]\nsymbol = \"shop::engine::price::Priced\"\n\
         [[canonical]]\nsymbol = \"shop::engine::price::scaled\"\n\
         [[canonical]]\nsymbol = \"shop::faults::kind::Fault\"\n\
         [[canonical]]\nsymbol = \"shop::store::hidden::Store\"\n\
         [[canonical]]\nsymbol = \"shop::store::hidden::Shelf\"\n\
         [[canonical]]\nsymbol = \"shop::store::shown::Depot\"\n\
         [[canonical]]\nsymbol = \"shop::store::shown::Cellar\"\n\
         [[canonical]]\nsymbol = \"shop::parse::parse\"\nreplaces = [\"shop::legacy::parse_old\"]\n",
    ),
    (
        "src/lib.rs",
        "pub mod engine;\npub mod faults;\npub mod legacy;\npub mod parse;\npub mod prelude;\npub mod store;\nmod user;\n\
         pub use engine::price::PriceEngine;\npub use parse::parse;\n",
    ),
    (
        "src/engine/mod.rs",
        "pub mod price;\npub mod tax;\npub use self::price::{compute, scaled, PriceEngine, Priced, Rate, Tax};\n",
    ),
    (
        "src/engine/tax.rs",
        "pub use super::price::{compute, PriceEngine};\npub struct Duty;\n",
    ),
    (
        "src/engine/price.rs",
        "pub struct PriceEngine;\npub struct Rate;\npub struct Tax;\n\
         impl PriceEngine {\n    pub fn new() -> Self {\n        PriceEngine\n    }\n}\n\
         pub trait Priced {\n    fn price(&self) -> u8 {\n        1\n    }\n}\nimpl Priced for PriceEngine {}\n\
         pub fn compute() -> PriceEngine {\n    PriceEngine\n}\n\
         pub fn scaled(_by: &str) -> PriceEngine {\n    PriceEngine\n}\n\
         pub struct AVeryLongNameThatMakesLinesLong;\npub struct AnotherVeryLongNameThatMakesLinesLong;\n",
    ),
    (
        "src/faults/mod.rs",
        "pub mod kind;\npub use self::kind::Fault;\nuse crate::Fault;\nFault!();\n",
    ),
    (
        "src/faults/kind.rs",
        "#[macro_export]\nmacro_rules! Fault {\n    () => {};\n}\npub struct Fault;\n",
    ),
    (
        "src/store/mod.rs",
        "mod hidden;\npub(crate) mod shown;\npub use self::hidden::{Shelf, Store};\npub(crate) use self::shown::*;\n\
         pub(crate) mod inner {\n    pub use super::shown::Cellar;\n}\n",
    ),
    (
        "src/store/hidden.rs",
        "pub struct Store;\npub struct Shelf;\n",
    ),
    (
        "src/store/shown.rs",
        "pub(crate) struct Depot;\npub(in crate::store) struct Attic;\npub(super) fn attic() -> Attic {\n    Attic\n}\n\
         pub struct Cellar;\n",
    ),
    ("src/parse.rs", "pub fn parse() {}\npub fn other() {}\n"),
    ("src/legacy.rs", "pub fn parse_old() {}\n"),
    (
        "src/prelude.rs",
        "pub use crate::engine::price::{compute, PriceEngine, Priced};\npub use crate::engine::{Rate, Tax};\n",
    ),
];

const EDITIONS: [&str; 4] = ["2015", "2018", "2021", "2024"];

struct Case {
    name: String,
    before: String,
    after: String,
}

impl Case {
    fn edition(&self) -> &'static str {
        let mut all = EDITIONS.into_iter();
        all.find(|edition| self.name.ends_with(&format!("({edition})")))
            .unwrap_or("2021")
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rust_fix/cases.txt")
}

fn cases() -> Vec<Case> {
    let text = unix(&fs::read_to_string(path()).unwrap());
    let all = text.split("=== ").skip(1);
    all.map(|case| {
        let (name, rest) = case.split_once('\n').unwrap();
        let (before, after) = rest.split_once("---\n").unwrap();
        let is_windows = name.contains("windows");
        let ended = |text: &str| {
            let end = if is_windows { "\r\n" } else { "\n" };
            text.replace('\n', end)
        };
        Case {
            name: name.to_owned(),
            before: ended(before),
            after: ended(after),
        }
    })
    .collect()
}

/// The folder of the case `at`.
fn folder(root: &Path, at: usize) -> PathBuf {
    root.join(format!("case{at:03}"))
}

fn workspace(root: &Path, cases: &[Case]) {
    fs::write(
        root.join("Cargo.toml"),
        "[workspace]\nresolver = \"2\"\nmembers = [\"case*\"]\n",
    )
    .unwrap();
    for (at, case) in cases.iter().enumerate() {
        let manifest = format!(
            "[package]\nname = \"case{at:03}\"\nedition = \"{}\"\n[lib]\nname = \"shop\"\n",
            case.edition()
        );
        let own = [
            ("Cargo.toml", manifest.as_str()),
            ("src/user.rs", &case.before),
        ];
        for (path, text) in CRATE.iter().chain(&own) {
            let path = folder(root, at).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
}

/// What the compiler has against the workspace; nothing where there is no cargo.
fn complaints(root: &Path) -> Option<String> {
    let output = Command::new("cargo")
        .current_dir(root)
        .args([
            "check",
            "--offline",
            "--quiet",
            "--keep-going",
            "--workspace",
        ])
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTFLAGS", "--cap-lints allow")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then_some(text)
}

/// The cases that rustfmt would change; nothing where there is no rustfmt.
fn unformatted(root: &Path, cases: &[Case]) -> Option<BTreeSet<usize>> {
    let mut found = BTreeSet::new();
    for edition in EDITIONS {
        let mut own = cases.iter().enumerate();
        let own: Vec<PathBuf> = own
            .by_ref()
            .filter(|(_, case)| case.edition() == edition)
            .map(|(at, _)| folder(root, at).join("src/user.rs"))
            .collect();
        if own.is_empty() {
            continue;
        }
        let mut command = Command::new("rustfmt");
        command.args(["--check", "-l", "--edition", edition]);
        let output = command.args(own).current_dir(root).output().ok()?;
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in listed.lines() {
            let at = line.split("case").last().unwrap();
            found.insert(at.get(..3).unwrap().parse().unwrap());
        }
    }
    Some(found)
}

/// Fixes a repository and gives what one of its files is then.
fn fix(folder: &Path, path: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .current_dir(folder)
        .args(["check", "--fix"])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().unwrap() < 2, "{error}");
    fs::read_to_string(folder.join(path)).unwrap()
}

#[test]
fn what_compiled_compiles_and_stays_as_it_was() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    let root = tempfile::tempdir().unwrap();
    let root = root.path().canonicalize().unwrap();
    workspace(&root, &cases);
    let mut text = String::new();
    let mut wrong = String::new();
    if let Some(complaint) = complaints(&root) {
        let _ = writeln!(wrong, "what does not compile: {complaint}");
    }
    let untidy = unformatted(&root, &cases);
    for (at, case) in cases.iter().enumerate() {
        let folder = folder(&root, at);
        let after = fix(&folder, "src/user.rs");
        if fix(&folder, "src/user.rs") != after {
            let _ = writeln!(wrong, "{}: a second run changes more", case.name);
        }
        if after != case.after {
            let _ = writeln!(wrong, "{} (case {at}):\n{after}", case.name);
        }
        let (before, after) = (unix(&case.before), unix(&after));
        let _ = write!(text, "=== {}\n{before}---\n{after}", case.name);
    }
    if let Some(complaint) = complaints(&root) {
        let _ = writeln!(wrong, "what does not compile any more: {complaint}");
    }
    if let (Some(before), Some(after)) = (untidy, unformatted(&root, &cases)) {
        assert!(cases.len() - before.len() >= 40, "{before:?}");
        for at in after.difference(&before) {
            let _ = writeln!(wrong, "{}: rustfmt would change it now", cases[*at].name);
        }
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(path(), text).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_renamed_dependency_goes_by_its_new_name() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().canonicalize().unwrap();
    let app = "use engine::Engine;\n\npub fn run() -> Engine {\n    engine::build()\n}\n";
    let files = [
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"2\"\nmembers = [\"base\", \"app\"]\n\
             [workspace.dependencies]\nengine = { path = \"base\", package = \"base\" }\n",
        ),
        (
            "ssot.toml",
            "[[canonical]]\nsymbol = \"base::parts::Engine\"\n\
             [[canonical]]\nsymbol = \"base::parts::build\"\n",
        ),
        (
            "base/Cargo.toml",
            "[package]\nname = \"base\"\nedition = \"2021\"\n",
        ),
        (
            "base/src/lib.rs",
            "pub mod parts;\npub use parts::{build, Engine};\n",
        ),
        (
            "base/src/parts.rs",
            "pub struct Engine;\npub fn build() -> Engine {\n    Engine\n}\n",
        ),
        (
            "app/Cargo.toml",
            "[package]\nname = \"app\"\nedition = \"2021\"\n[dependencies]\nengine.workspace = true\n",
        ),
        ("app/src/lib.rs", app),
        (
            "app/tests/whole.rs",
            "use engine::Engine;\n\n#[test]\nfn runs() {\n    let _: Engine = app::run();\n}\n",
        ),
    ];
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    assert_eq!(complaints(&root), None);
    fix(&root, "app/src/lib.rs");
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let expected = app.replace("engine::", "engine::parts::");
    assert_eq!(read("app/src/lib.rs"), expected);
    assert!(read("app/tests/whole.rs").starts_with("use engine::parts::Engine;\n"));
    assert_eq!(complaints(&root), None);
}

fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}
