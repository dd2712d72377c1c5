//! Fixes of `use` declarations and paths in Rust: each case compiles before and after, and a second run changes
//! nothing.
//!
//! `tests/rust_fix/cases.txt` holds them: `=== name`, the module as it is, `---`, the module as it should be. Code
//! around it is in `CRATE`. `UPDATE_CASES=1 cargo test --test rust_fix` writes the results anew; read the diff.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const CRATE: &[(&str, &str)] = &[
    (
        "ssot.toml",
        "[[canonical]]\nsymbol = \"shop::engine::price::PriceEngine\"\n\
         [[canonical]]\nsymbol = \"shop::engine::price::compute\"\n\
         [[canonical]]\nsymbol = \"shop::engine::price::Priced\"\n\
         [[canonical]]\nsymbol = \"shop::parse::parse\"\nreplaces = [\"shop::legacy::parse_old\"]\n",
    ),
    (
        "Cargo.toml",
        "[package]\nname = \"shop\"\nedition = \"2021\"\n",
    ),
    (
        "src/lib.rs",
        "pub mod engine;\npub mod legacy;\npub mod parse;\npub mod prelude;\nmod user;\n\
         pub use engine::price::PriceEngine;\npub use parse::parse;\n",
    ),
    (
        "src/engine/mod.rs",
        "pub mod price;\npub use self::price::{compute, PriceEngine, Priced, Rate, Tax};\n",
    ),
    (
        "src/engine/price.rs",
        "pub struct PriceEngine;\npub struct Rate;\npub struct Tax;\n\
         impl PriceEngine {\n    pub fn new() -> Self {\n        PriceEngine\n    }\n}\n\
         pub trait Priced {\n    fn price(&self) -> u8 {\n        1\n    }\n}\nimpl Priced for PriceEngine {}\n\
         pub fn compute() -> PriceEngine {\n    PriceEngine\n}\n",
    ),
    ("src/parse.rs", "pub fn parse() {}\npub fn other() {}\n"),
    ("src/legacy.rs", "pub fn parse_old() {}\n"),
    (
        "src/prelude.rs",
        "pub use crate::engine::price::{compute, PriceEngine, Priced};\npub use crate::engine::{Rate, Tax};\n",
    ),
];

struct Case {
    name: String,
    before: String,
    after: String,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rust_fix/cases.txt")
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(path()).unwrap();
    let all = text.split("=== ").skip(1);
    all.map(|case| {
        let (name, rest) = case.split_once('\n').unwrap();
        let (before, after) = rest.split_once("---\n").unwrap();
        Case {
            name: name.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        }
    })
    .collect()
}

fn repository(user: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in CRATE.iter().chain(&[("src/user.rs", user)]) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What the compiler has against a crate; nothing where there is no compiler.
fn complaints(folder: &Path) -> Option<String> {
    let out = tempfile::tempdir().unwrap();
    let output = Command::new("rustc")
        .current_dir(folder)
        .args([
            "--edition",
            "2021",
            "--crate-type",
            "lib",
            "--crate-name",
            "shop",
        ])
        .args(["--emit", "metadata", "--cap-lints", "allow", "--out-dir"])
        .arg(out.path())
        .arg("src/lib.rs")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then_some(text)
}

fn fix(folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .current_dir(folder)
        .args(["check", "--fix"])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().unwrap() < 2, "{error}");
    fs::read_to_string(folder.join("src/user.rs")).unwrap()
}

#[test]
fn what_compiled_compiles_and_stays_as_it_was() {
    let mut text = String::new();
    let mut wrong = String::new();
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    for case in cases {
        let folder = repository(&case.before);
        if let Some(complaint) = complaints(folder.path()) {
            let _ = writeln!(wrong, "{} does not compile: {complaint}", case.name);
        }
        let after = fix(folder.path());
        if let Some(complaint) = complaints(folder.path()) {
            let _ = writeln!(
                wrong,
                "{} does not compile any more: {complaint}\n{after}",
                case.name
            );
        }
        if fix(folder.path()) != after {
            let _ = writeln!(wrong, "{}: a second run changes more", case.name);
        }
        if after != case.after {
            let _ = writeln!(wrong, "{}:\n{after}", case.name);
        }
        let _ = write!(text, "=== {}\n{}---\n{after}", case.name, case.before);
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(path(), text).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
}
