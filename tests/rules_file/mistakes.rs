//! What is said about every kind of mistake in a rules file.

use std::fmt::Write as _;
use std::fs;

use super::support::{load_file, load_from, tree};

/// Compares with the snapshot, which need not repeat the cases.
macro_rules! check {
    ($($argument:expr),*) => {
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!($($argument),*);
        })
    };
}

/// What is said about each of these files, which all must be refused.
fn mistakes(cases: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, text) in cases {
        let said = mistake_of(name, &[("ssot.toml", text)]);
        writeln!(out, "--- {name}\n{said}\n").unwrap();
    }
    out
}

fn mistake_of(name: &str, files: &[(&str, &str)]) -> String {
    let dir = tree(files);
    match load_from(dir.path()) {
        Ok(_) => panic!("{name}: accepted"),
        Err(error) => error.render(false),
    }
}

#[test]
fn byte_order_marks_and_windows_lines_move_no_place() {
    let dir = tree(&[("ssot.toml", "\u{feff}[gate]\r\nmin-scor = 1\r\n")]);
    let error = load_from(dir.path()).unwrap_err();
    let problem = &error.problems[0];
    let position = problem.position.unwrap();
    assert_eq!((position.line, position.column), (2, 1), "{error}");
    assert_eq!(problem.span.unwrap().range(), 11..19);
    assert!(error.render(true).contains("min-scor"));
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let files = [
        (
            "ssot.toml",
            "\
extend = ['base.toml', 'absent.toml']
[gat]
[gate]
min-score = 101
[project]
exclude = ['[a', 'b']
[[canonical]]
symbol = 'a.b'
prio = 'P0'
",
        ),
        (
            "base.toml",
            "[checks]\nimport-cycles = 'error'\ncontract = 'fatal'\n",
        ),
    ];
    check!("all_at_once", mistake_of("all at once", &files));
    let dir = tree(&files);
    check!("all_at_once_concise", load_from(dir.path()).unwrap_err());
}

#[test]
fn of_form() {
    check!(mistakes(&[
        ("syntax", "[gate\nmin-score = 1\n"),
        ("duplicate key", "[gate]\nmin-score = 1\nmin-score = 2\n"),
        ("unfinished string", "extend = ['a\n"),
        ("unknown table", "[projects]\n"),
        ("unknown table, nothing near", "[dependencies]\nx = 1\n"),
        (
            "tool.ssot in ssot.toml",
            "[tool.ssot.gate]\nmin-score = 1\n"
        ),
        ("unknown key", "[project]\ntarget_version = '3.11'\n"),
        (
            "unknown key in a rule",
            "[[canonical]]\nsymbol = 'a:B'\nreplace = ['c:B']\n"
        ),
        (
            "unknown key, nothing near",
            "[[canonical]]\nsymbol = 'a:B'\nname = 'x'\n"
        ),
        ("misspelt required key", "[[canonical]]\nsymbl = 'a:B'\n"),
        ("missing key", "[[canonical]]\nid = 'x'\n"),
        ("missing keys", "[[gateway]]\n"),
        ("string for array", "extend = 'python-stdlib'\n"),
        ("number for string", "[project]\ntarget-version = 3.11\n"),
        ("string for number", "[gate]\nmin-score = '90'\n"),
        (
            "string for boolean",
            "[project]\nregistry-as-rules = 'yes'\n"
        ),
        ("number in array", "[project]\nroots = ['.', 3]\n"),
        (
            "priority is a number",
            "[[canonical]]\nsymbol = 'a:B'\npriority = 0\n"
        ),
        ("table for array of tables", "[canonical]\nsymbol = 'a:B'\n"),
        ("array of tables for table", "[[gate]]\nmin-score = 1\n"),
        ("value for table", "gate = 3\n"),
    ]));
}

#[test]
fn in_values() {
    check!(mistakes(&[
        ("severity", "[checks]\nimport-cycle = 'warn'\n"),
        (
            "severity, nothing near",
            "[checks]\nimport-cycle = 'fatal'\n"
        ),
        ("check", "[checks]\nnoncanonical-imports = 'error'\n"),
        ("fail-on", "[gate]\nfail-on = 'info'\n"),
        ("since", "[[retired]]\nmodule = 'a'\nsince = '3.12.1'\n"),
        (
            "since, misspelt",
            "[[retired]]\nmodule = 'a'\nsinze = '3.12'\n"
        ),
        ("area", "[score]\nimport = 2\n"),
        ("negative weight", "[score]\nimports = -1\n"),
        ("weight that is no number", "[score]\nimports = nan\n"),
        ("min-score too high", "[gate]\nmin-score = 100.5\n"),
        ("min-score below zero", "[gate]\nmin-score = -1\n"),
        ("min-score is no number", "[gate]\nmin-score = nan\n"),
        ("glob", "[project]\nexclude = ['a/**', 'b/[c']\n"),
        ("negated glob", "[project]\nexclude = ['!a']\n"),
        ("glob outside", "[project]\ntests = ['../tests/**']\n"),
        ("glob over names", "[factories]\nallow = ['get_{a']\n"),
        ("pattern", "[factories]\npattern = '^(get|make_\\w+$'\n"),
        ("version", "[project]\ntarget-version = 'py311'\n"),
        ("version too old", "[project]\ntarget-version = '2.7'\n"),
        ("root outside", "[project]\nroots = ['../x']\n"),
        ("root absent", "[project]\nroots = ['absent']\n"),
        (
            "registry-as-rules without registry",
            "[project]\nregistry-as-rules = true\n"
        ),
        (
            "date",
            "[[allow]]\ncheck = 'contract'\nreason = 'x'\nuntil = '30.06.2027'\n"
        ),
        (
            "date that does not exist",
            "[[allow]]\ncheck = 'contract'\nreason = 'x'\nuntil = '2027-02-30'\n"
        ),
        (
            "date with time",
            "[[allow]]\ncheck = 'contract'\nreason = 'x'\nuntil = 2027-06-30T10:00:00\n"
        ),
        (
            "date is a number",
            "[[allow]]\ncheck = 'contract'\nreason = 'x'\nuntil = 2027\n"
        ),
        ("language", "[[canonical]]\nsymbol = 'a:B'\nlang = 'go'\n"),
    ]));
}

#[test]
fn in_paths() {
    check!(mistakes(&[
        (
            "symbol without colon",
            "[[canonical]]\nsymbol = 'a.b.Name'\n"
        ),
        ("symbol without module", "[[canonical]]\nsymbol = 'Name'\n"),
        (
            "symbol with two colons",
            "[[canonical]]\nsymbol = 'a:b:Name'\n"
        ),
        (
            "file for a module",
            "[[canonical]]\nsymbol = 'a/b.py:Name'\n"
        ),
        (
            "pattern for a symbol",
            "[[per-request]]\nsymbol = '**:Name'\n"
        ),
        ("no identifier", "[[per-request]]\nsymbol = 'a.b-c:Name'\n"),
        ("pattern in a name", "[[retired]]\nsymbol = 'a:*Manager'\n"),
        ("symbol for a module", "[[retired]]\nmodule = 'a.b:Name'\n"),
        ("relative module", "[[retired]]\nmodule = '.a'\n"),
        ("empty module", "[[retired]]\nmodule = ''\n"),
        (
            "half a wildcard",
            "[[gateway]]\nsymbol = 'os:environ'\nonly-in = ['a.b**']\n"
        ),
        (
            "broken wildcard",
            "[[gateway]]\nsymbol = 'os:environ'\nonly-in = ['a.[b']\n"
        ),
        (
            "replaces",
            "[[canonical]]\nsymbol = 'a:B'\nreplaces = ['c:B', 'd.B']\n"
        ),
        (
            "tombstones",
            "[[canonical]]\nsymbol = 'a:B'\ntombstones = ['c:B']\n"
        ),
        (
            "requires",
            "[[canonical]]\nsymbol = 'a:B'\nrequires = ['user context']\n"
        ),
    ]));
}

#[test]
fn in_single_rules() {
    check!(mistakes(&[
        (
            "replaced by itself",
            "[[canonical]]\nsymbol = 'a:B'\nreplaces = ['a:B']\n"
        ),
        (
            "replaced twice",
            "[[canonical]]\nsymbol = 'a:B'\nreplaces = ['c:B', 'c:B']\n"
        ),
        (
            "tombstone at home",
            "[[canonical]]\nsymbol = 'a:B'\ntombstones = ['a']\n"
        ),
        (
            "retired: both",
            "[[retired]]\nmodule = 'a'\nsymbol = 'a:B'\n"
        ),
        ("retired: neither", "[[retired]]\nreason = 'x'\n"),
        (
            "retired: misspelt is told once",
            "[[retired]]\nmodul = 'a'\n"
        ),
        (
            "retired: kind of a module",
            "[[retired]]\nmodule = 'a'\nkind = 'class'\n"
        ),
        (
            "retired: module for a symbol",
            "[[retired]]\nsymbol = 'a:B'\nuse = 'c.B'\n"
        ),
        (
            "retired: use of itself",
            "[[retired]]\nsymbol = '**:B'\nuse = 'c:B'\n"
        ),
        (
            "retired: use below itself",
            "[[retired]]\nmodule = 'a'\nuse = 'a.b:C'\n"
        ),
        ("events: empty", "[[events]]\nnames = []\nin = []\n"),
        (
            "gateway: nowhere",
            "[[gateway]]\nsymbol = 'os:environ'\nonly-in = []\n"
        ),
        (
            "contract: type",
            "[[contract]]\ntype = 'layer'\nlayers = ['a', 'b']\n"
        ),
        (
            "contract: lacks a list",
            "[[contract]]\ntype = 'forbidden'\nmodules = ['a']\n"
        ),
        (
            "contract: foreign list",
            "[[contract]]\ntype = 'layers'\nlayers = ['a', 'b']\nmodules = ['c']\n"
        ),
        (
            "contract: one layer",
            "[[contract]]\ntype = 'layers'\nlayers = ['a']\n"
        ),
        (
            "contract: overlap",
            "[[contract]]\ntype = 'independence'\nmodules = ['a', 'b', 'a.c']\n"
        ),
        (
            "contract: twice",
            "[[contract]]\ntype = 'layers'\nlayers = ['a', 'b', 'a']\n"
        ),
        (
            "contract: forbids itself",
            "[[contract]]\ntype = 'forbidden'\nmodules = ['a']\nforbidden = ['a']\n"
        ),
        (
            "contract: exhaustive without containers",
            "[[contract]]\ntype = 'layers'\nlayers = ['a', 'b']\nexhaustive = true\n"
        ),
        (
            "contract: ignored import",
            "[[contract]]\ntype = 'independence'\nmodules = ['a', 'b']\nignore-imports = ['a => b']\n"
        ),
        (
            "contract: foreign switch",
            "[[contract]]\ntype = 'independence'\nmodules = ['a', 'b']\nallow-indirect-imports = true\n"
        ),
        (
            "contract: bad layer",
            "[[contract]]\ntype = 'layers'\nlayers = ['a | ', 'b']\n"
        ),
        ("allow: no reason", "[[allow]]\ncheck = 'contract'\n"),
        (
            "allow: empty reason",
            "[[allow]]\ncheck = 'contract'\nreason = ' '\n"
        ),
        ("allow: everything", "[[allow]]\nreason = 'x'\n"),
        (
            "allow: check",
            "[[allow]]\ncheck = 'gatway'\nreason = 'x'\n"
        ),
        (
            "allow: no path",
            "[[allow]]\ncheck = 'gateway'\npath = []\nreason = 'x'\n"
        ),
        ("allow: glob", "[[allow]]\npath = 'a/{b'\nreason = 'x'\n"),
        ("empty id", "[[per-request]]\nsymbol = 'a:B'\nid = ''\n"),
    ]));
}

#[test]
fn between_rules() {
    check!(mistakes(&[
        (
            "same id",
            "[[canonical]]\nid = 'x'\nsymbol = 'a:B'\n[[retired]]\nid = 'x'\nmodule = 'c'\n"
        ),
        (
            "two homes",
            "[[canonical]]\nsymbol = 'a:B'\n[[canonical]]\nsymbol = 'a:B'\nreplaces = ['c:B']\n"
        ),
        (
            "two targets",
            "[[canonical]]\nsymbol = 'a:B'\nreplaces = ['old:B']\n[[canonical]]\nsymbol = 'c:B'\nreplaces = ['old:B']\n",
        ),
        (
            "circle of canonical rules",
            "[[canonical]]\nsymbol = 'a:B'\nreplaces = ['c:B']\n[[canonical]]\nsymbol = 'c:B'\nreplaces = ['a:B']\n",
        ),
        (
            "circle of retired modules",
            "[[retired]]\nmodule = 'a'\nuse = 'b.x'\n[[retired]]\nmodule = 'b'\nuse = 'a.y'\n",
        ),
        (
            "circle of retired symbols",
            "[[retired]]\nsymbol = 'a:X'\nuse = 'b:X'\n[[retired]]\nsymbol = 'b:X'\nuse = 'a:X'\n",
        ),
        (
            "retired and replaced differently",
            "[[canonical]]\nsymbol = 'a:B'\nreplaces = ['old:B']\n[[retired]]\nsymbol = 'old:B'\nuse = 'c:B'\n",
        ),
        (
            "canonical and replaced",
            "[[canonical]]\nsymbol = 'a:B'\nreplaces = ['c:B']\n[[canonical]]\nsymbol = 'c:B'\n",
        ),
        (
            "canonical in a retired module",
            "[[canonical]]\nsymbol = 'a.b:C'\n[[retired]]\nmodule = 'a'\n"
        ),
        (
            "canonical and retired",
            "[[canonical]]\nsymbol = 'a.b:C'\n[[retired]]\nsymbol = '**:C'\n"
        ),
        (
            "retired twice",
            "[[retired]]\nmodule = 'a'\n[[retired]]\nmodule = 'a'\nuse = 'b'\n"
        ),
        (
            "leads to something retired",
            "[[retired]]\nmodule = 'a'\nuse = 'b.c'\n[[retired]]\nmodule = 'b'\n"
        ),
        (
            "gateway twice",
            "[[gateway]]\nsymbol = 'os:environ'\nonly-in = ['a']\n[[gateway]]\nsymbol = 'os:environ'\nonly-in = ['b']\n",
        ),
        (
            "per-request twice",
            "[[per-request]]\nsymbol = 'a:B'\n[[per-request]]\nsymbol = 'a:B'\n"
        ),
    ]));
}

#[test]
fn between_files() {
    let mut out = String::new();
    let cases: &[(&str, &[(&str, &str)])] = &[
        (
            "unknown pack",
            &[("ssot.toml", "extend = ['python-stdlb']\n")],
        ),
        (
            "unknown pack, nothing near",
            &[("ssot.toml", "extend = ['airflow']\n")],
        ),
        (
            "absent file",
            &[("ssot.toml", "extend = ['rules/absent.toml']\n")],
        ),
        (
            "circle",
            &[
                ("ssot.toml", "extend = ['rules/a.toml']\n"),
                ("rules/a.toml", "extend = ['../ssot.toml']\n"),
            ],
        ),
        ("itself", &[("ssot.toml", "extend = ['./ssot.toml']\n")]),
        (
            "contradiction between files",
            &[
                (
                    "ssot.toml",
                    "extend = ['rules/a.toml']\n[[canonical]]\nsymbol = 'a:B'\n",
                ),
                ("rules/a.toml", "[[canonical]]\nsymbol = 'a:B'\n"),
            ],
        ),
        (
            "contradiction with a pack",
            &[(
                "ssot.toml",
                "extend = ['python-stdlib']\n[[canonical]]\nsymbol = 'shlex:quote'\n",
            )],
        ),
        (
            "pyproject.toml",
            &[(
                "pyproject.toml",
                "[project]\nname = 'x'\n\n[tool.ssot.gate]\nmin_score = 3\n[[tool.ssot.canonical]]\n",
            )],
        ),
        (
            "pyproject.toml, no table",
            &[("pyproject.toml", "[tool]\nssot = 3\n")],
        ),
        (
            "pyproject.toml, broken",
            &[("pyproject.toml", "[tool.ssot]\nextend = [\n")],
        ),
    ];
    for (name, files) in cases {
        writeln!(out, "--- {name}\n{}\n", mistake_of(name, files)).unwrap();
    }
    let dir = tree(&[("pyproject.toml", "[project]\nname = 'x'\n")]);
    for file in ["pyproject.toml", "absent.toml"] {
        let error = load_file(dir.path(), file).unwrap_err();
        let said = error.render(false);
        writeln!(out, "--- given by name: {file}\n{said}\n").unwrap();
    }
    fs::write(dir.path().join("ssot.toml"), b"# \xe9\n").unwrap();
    let error = load_from(dir.path()).unwrap_err();
    writeln!(out, "--- not UTF-8\n{}\n", error.render(false)).unwrap();
    check!(out);
}

#[test]
fn of_selectors() {
    let some = "[[selector]]\nname = 'utils'\nmodules = ['**.*_utils']\n";
    let with = |rest: &str| format!("{some}{rest}");
    let cases = [
        (
            "unknown",
            with("[[gateway]]\nsymbol = 'a:B'\nonly-in = ['@utlis']\n"),
        ),
        (
            "unknown, nothing near",
            with("[[retired]]\nsymbol = '@legacy:B'\n"),
        ),
        (
            "unknown, none there",
            "[[events]]\nnames = ['a']\nin = ['@agents']\n".to_owned(),
        ),
        ("twice", with(some)),
        (
            "bad name",
            "[[selector]]\nname = '@a b'\nmodules = ['a']\n".to_owned(),
        ),
        (
            "of nothing",
            "[[selector]]\nname = 'a'\nmodules = []\n".to_owned(),
        ),
        (
            "of itself",
            "[[selector]]\nname = 'a'\nmodules = ['@a']\n".to_owned(),
        ),
        (
            "bad patterns",
            "[[selector]]\nname = 'a'\nmodules = ['a/b.py']\nexcept = ['a.**b']\n".to_owned(),
        ),
        (
            "where one module is asked for",
            with("[[retired]]\nmodule = '@utils'\n"),
        ),
    ];
    let cases: Vec<(&str, &str)> = cases
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    check!(mistakes(&cases));
}

#[test]
fn between_rules_and_the_registry() {
    let said = |rules: &str| {
        let rules =
            format!("[project]\nregistry = 'IMPORTS.md'\nregistry-as-rules = true\n{rules}");
        let registry = "```python\nfrom shop.engine import Motor, Engine\n```\n";
        mistake_of(
            "registry",
            &[("ssot.toml", &rules), ("IMPORTS.md", registry)],
        )
    };
    check!(
        [
            said("[[canonical]]\nsymbol = 'shop.core:Engine'\nreplaces = ['shop.engine:Engine']\n"),
            said("[[retired]]\nmodule = 'shop.engine'\nuse = 'shop.core'\n"),
            said("[[retired]]\nsymbol = '**:Motor'\n"),
        ]
        .join("\n\n")
    );
    let absent = "[project]\nregistry = 'GONE.md'\nregistry-as-rules = true\n";
    assert!(mistake_of("absent", &[("ssot.toml", absent)]).contains("there is no such file"));
}
