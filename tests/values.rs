//! How values move: what single pieces of syntax are lowered to (`values/cases.txt`), and what holds of all files.
//!
//! `UPDATE_CASES=1 cargo test --test values` writes the cases anew; read the diff.

#![allow(clippy::unwrap_used)]

#[path = "values/dump.rs"]
mod dump;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use dump::dump;
use ssot::facts::Slice;
use ssot::lang::Language;
use ssot::values::{Op, Owner, Values};
use walkdir::WalkDir;

fn lowered(text: &str) -> Values {
    let facts = Language::Python.extract_with_values(text, None);
    *facts.values.unwrap()
}

/// Cases of a source and its dump: `### title`, source, `---`, dump.
#[test]
fn each_construct_is_lowered_as_written_down() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/values/cases.txt");
    let text = fs::read_to_string(&path).unwrap();
    let mut written = String::new();
    for case in text.split("### ").skip(1) {
        let (title, rest) = case.split_once('\n').unwrap();
        let source = rest.split_once("---\n").map_or(rest, |(source, _)| source);
        let dump = dump(&lowered(source));
        let _ = write!(written, "### {title}\n{source}---\n{dump}\n");
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(&path, written).unwrap();
        return;
    }
    similar_asserts(&text, &written);
}

fn similar_asserts(expected: &str, found: &str) {
    let diff = similar::TextDiff::from_lines(expected, found);
    assert!(
        expected == found,
        "{}",
        diff.unified_diff().context_radius(8)
    );
}

/// Asserts what the solver may rely on in all values.
fn assert_sound(values: &Values, imports: &[u32]) {
    let mut covered = 0;
    for (at, code) in values.codes.iter().enumerate() {
        covered += code.ops.len;
        assert!(code.ops.range().end <= values.ops.len());
        if let Owner::Code(owner) = code.owner {
            assert!(owner.index() <= at, "a parent stands before its children");
        }
    }
    assert_eq!(covered as usize, values.ops.len(), "each op is in one code");
    let inside = |run: Slice, len: usize| run.range().end <= len;
    for class in &values.classes {
        assert!(inside(class.members, values.members.len()));
        assert!(inside(class.fields, values.members.len()));
        assert!(inside(class.bases, values.bases.len()));
    }
    for member in &values.members {
        assert!(member.var.0 < values.vars);
    }
    for op in &values.ops {
        match *op {
            Op::Import { alias, to } => {
                assert!(imports.contains(&alias), "an import of the facts");
                assert!(to.0 < values.vars);
            }
            Op::Copy { from, to } => {
                assert!(from.0 < values.vars && to.0 < values.vars && from != to);
            }
            Op::Call { arguments, to, .. } | Op::CallMethod { arguments, to, .. } => {
                assert!(inside(arguments, values.arguments.len()) && to.0 < values.vars);
            }
            Op::Display { items, to, .. } => {
                assert!(inside(items, values.items.len()) && to.0 < values.vars);
            }
            _ => {}
        }
    }
}

fn check_file(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let facts = Language::Python.extract_with_values(&text, None);
    let imports: Vec<u32> = facts
        .imports
        .iter()
        .map(|import| import.alias.start)
        .collect();
    let values = facts.values.unwrap();
    assert_sound(&values, &imports);
    assert_eq!(
        values.codes.len() - 1 + values.classes.len(),
        facts.definitions.len()
    );
}

#[test]
fn all_fixtures_are_lowered() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = WalkDir::new(root).into_iter().map(Result::unwrap);
    let files = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "py"));
    assert!(files.map(|file| check_file(file.path())).count() > 100);
}

/// `CORPUS=/folder cargo test --profile quick --test values -- --ignored`.
#[test]
#[ignore = "takes a folder with much code"]
fn a_corpus_is_lowered() {
    let root = std::env::var_os("CORPUS").unwrap();
    for file in WalkDir::new(root).into_iter().filter_map(Result::ok) {
        if file.path().extension().is_some_and(|kind| kind == "py") && file.path().is_file() {
            check_file(file.path());
        }
    }
}

#[test]
fn definitions_and_codes_stand_at_the_same_places() {
    let text = "@dec(lambda: 1)\ndef f(a=lambda: 2):\n    class C:\n        def m(self): pass\n    return lambda: C\n";
    let facts = Language::Python.extract_with_values(text, None);
    let values = facts.values.unwrap();
    let mut places: Vec<u32> = facts
        .definitions
        .iter()
        .map(|found| found.name_span.start)
        .collect();
    let codes = values.codes.iter().skip(1).map(|code| code.offset);
    let mut offsets: Vec<u32> = codes
        .chain(values.classes.iter().map(|class| class.offset))
        .collect();
    places.sort_unstable();
    offsets.sort_unstable();
    assert_eq!(places, offsets);
}

#[test]
fn many_names_and_branches_cost_no_more_than_they_are() {
    let mut text = String::new();
    for at in 0..50_000 {
        let _ = writeln!(text, "n{at} = f{at}");
    }
    for at in 0..10_000 {
        let _ = writeln!(text, "if c{at}:\n    n{at} = g\nelse:\n    n{} = h", at + 1);
    }
    let values = lowered(&text);
    assert!(values.ops.len() < 300_000);
}

#[test]
fn piles_of_branches_end() {
    let pile = |open: &str, close: &str| {
        let mut text = String::new();
        for at in 0..500 {
            text.push_str(&" ".repeat(at));
            text.push_str(&open.replace('#', &at.to_string()));
        }
        text.push_str(&" ".repeat(500));
        text.push_str("pass\n");
        for at in (0..500).rev() {
            text.push_str(
                &close
                    .replace('#', &at.to_string())
                    .replace('\t', &" ".repeat(at)),
            );
        }
        text
    };
    for (open, close) in [
        ("if x#:\n", "\telse:\n\t y# = 1\n"),
        ("for x# in y:\n", "\t z# = x#\n"),
        ("while (x# := y):\n", "\t if x#: break\n"),
        (
            "try:\n",
            "\t z# = 1\n\texcept E as x#:\n\t z# = 2\n\tfinally:\n\t z#()\n",
        ),
        ("def f#():\n", "\t x# = f0\n\t def g#(): return x#\n"),
        ("class C#:\n", "\t x# = C0\n"),
    ] {
        lowered(&pile(open, close));
    }
    for deep in [
        "-",
        "not ",
        "(",
        "[",
        "lambda: ",
        "a[",
        "f(",
        "x if y else ",
        "await ",
    ] {
        lowered(&deep.repeat(3_000));
    }
    lowered(&format!(
        "x: {}int{}",
        "List[".repeat(2_000),
        "]".repeat(2_000)
    ));
    lowered(&format!("x = {}", vec!["a"; 5_000].join(" + ")));
    lowered(&format!("x = a{}", ".b".repeat(5_000)));
    lowered(&format!("@a{}\ndef f(): pass", ".b".repeat(5_000)));
}

#[test]
fn what_does_not_parse_is_lowered_as_far_as_it_was_read() {
    for text in [
        "def f(:\n  return g()\nf()",
        "class\nx = 1",
        "for in y: z",
        "a, = = b",
        "global x\nnonlocal y\nx = y",
        "def f():\n    nonlocal q\n    q = 1",
        "[x := 1 for x in y]",
        "(a.b := c)",
        "import\nfrom . import\nfrom x import (",
        "match x:\n case",
        "break\ncontinue\nreturn 1\nyield 2\nawait 3",
        "class C:\n    global g\n    g = 1\n    return g",
        "f'{x",
        "x: 'List['",
        "del f(), 1",
        "with a as b(): c",
    ] {
        let values = lowered(text);
        assert!(!values.codes.is_empty(), "{text}");
    }
}
