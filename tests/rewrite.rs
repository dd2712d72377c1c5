//! Claims about the rewriting of imports: cases in `tests/rewrite/*.txt`, random files, and the real interpreter as the judge.
//!
//! In a case `⟨…⟩` marks the places of the changes in the text, in the order of `ops`: `M m:n` moves the import that
//! covers the mark, `R` the same and lets its uses take the new name, `A` is an import that binds a module, `U m:n` a use through the last `A`, `S m:n [as l]` a star
//! statement (`⟨⟨…⟩⟩` carries two). `␍` is a carriage return, `␌` a form feed, `␄` at the end takes the last line end. `style` is how
//! the project lays out imports.

#![allow(clippy::unwrap_used)]

#[path = "rewrite/support.rs"]
mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use ssot::fix::edit::{FileChanges, MoveImport, Rewritten, apply_edits};
use ssot::lang::python::rewrite::rewrite;
use support::{Case, aliases, comments, import_spans, parses, read_cases};

fn check(case: &Case) -> Result<(), String> {
    let changes = case.changes();
    let got = rewrite(&case.before, &changes);
    let text = apply_edits(&case.before, &got.edits);
    let reasons: Vec<&str> = got.refused.iter().map(|one| one.reason.as_str()).collect();
    if let Some(reason) = &case.refused {
        if reasons.is_empty() || !reasons.iter().all(|got| got.contains(reason.as_str())) {
            return Err(format!(
                "refusals {reasons:?}, not {reason:?}, with\n{text}"
            ));
        }
    } else if !reasons.is_empty() {
        return Err(format!("refused: {reasons:?}"));
    }
    let wanted = case.after.as_ref().unwrap_or(&case.before);
    if text != *wanted {
        return Err(format!("got\n{text}\nnot\n{wanted}"));
    }
    each_change_is_accounted_for(&changes, &got)
}

fn each_change_is_accounted_for(changes: &FileChanges, got: &Rewritten) -> Result<(), String> {
    let wanted = changes.moves.len() + changes.uses.len() + changes.additions.len();
    if got.by_change.len() + got.refused.len() != wanted {
        return Err(format!("{got:?} does not answer {wanted} changes"));
    }
    let served = |index: &usize| got.by_change.iter().any(|(_, edits)| edits.contains(index));
    if !(0..got.edits.len()).all(|index| served(&index)) {
        return Err(format!("an edit of {got:?} serves no change"));
    }
    let disjoint = got
        .edits
        .windows(2)
        .all(|pair| pair[0].span.end <= pair[1].span.start);
    if disjoint {
        Ok(())
    } else {
        Err(format!("overlap in {:?}", got.edits))
    }
}

#[test]
fn cases() {
    let mut failures = String::new();
    let mut count = 0;
    for case in all_cases() {
        count += 1;
        if let Err(error) = check(&case) {
            failures.extend(["=== ", &case.name, "\n", &error, "\n"]);
        }
    }
    assert!(count >= 200, "only {count} cases were read");
    assert!(failures.is_empty(), "{failures}");
}

fn all_cases() -> Vec<Case> {
    [
        include_str!("rewrite/from.txt"),
        include_str!("rewrite/merge.txt"),
        include_str!("rewrite/rename.txt"),
        include_str!("rewrite/sort.txt"),
        include_str!("rewrite/uses.txt"),
    ]
    .into_iter()
    .flat_map(read_cases)
    .collect()
}

/// Every case that Python can run, before and after, in a world where old and new paths lead to the same objects.
#[test]
fn cpython_sees_no_difference() {
    let cases = all_cases();
    let requests: Vec<_> = cases
        .iter()
        .map(|case| executable(&case.name, &case.before, &case.changes()))
        .collect();
    if let Some(ran) = judge(&requests) {
        assert!(ran >= 180, "only {ran} cases ran");
    }
}

/// Lets Python compare, and fails on any difference; answers with the number of files that it could run.
fn judge(requests: &[serde_json::Value]) -> Option<u64> {
    let mut judge = Command::new("python3")
        .args(["-c", include_str!("rewrite/judge.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let input = serde_json::to_string(requests).unwrap();
    let mut pipe = judge.stdin.take().unwrap();
    pipe.write_all(input.as_bytes()).unwrap();
    drop(pipe);
    let output = judge.wait_with_output().unwrap();
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let wrong = verdict["wrong"].as_array().unwrap().iter();
    let wrong: Vec<&str> = wrong.filter_map(|one| one.as_str()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    verdict["ran"].as_u64()
}

/// Code around a name that gets a new one; `@` is a number.
const PARTS: [&str; 28] = [
    "from old import make_x\n",
    "from old import make_x\n",
    "from old import other, make_x  # why\n",
    "from old import make_x as mx\n",
    "from new import get_x\n",
    "from new import zz\n",
    "r@ = make_x\n",
    "r@ = make_x(make_x.a, make_x=1)\n",
    "r@ = f'{make_x!r} make_x'\n",
    "r@ = [make_x for make_x in (1,)], [make_x for _ in (1,)]\n",
    "def f@():\n    return make_x\n",
    "def f@(make_x):\n    return make_x\n",
    "def f@(get_x=1):\n    return get_x\n",
    "def f@(get_x=1):\n    return make_x, get_x\n",
    "def f@():\n    from old import make_x\n    return [make_x for _ in (1,)]\n",
    "def f@():\n    from old import make_x\n    def g():\n        nonlocal make_x\n        return make_x\n    return g()\n",
    "def f@():\n    make_x = 1\n    return make_x\n",
    "def f@():\n    global make_x\n    return make_x\n",
    "def f@(a: 'make_x', b: 'list[make_x]' = 1) -> make_x:\n    return a\n",
    "class C@(make_x):\n    a = make_x\n    def m(self): return make_x\n",
    "class D@:\n    make_x = 1\n    def m(self): return make_x\n",
    "__all__ = ['make_x']\n",
    "r@ = 'make_x is text'\n",
    "# make_x\n",
    "get_x = @\n",
    "del make_x\n",
    "try:\n    from old import make_x\nexcept ImportError:\n    pass\n",
    "if @ % 2:\n    from old import make_x\nelse:\n    from old import make_x\n",
];

/// Whatever stands around it: the name keeps its meaning, the text parses, and there is nothing left to do.
#[test]
fn renamed_files_do_what_they_did() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let files = prop::collection::vec(0..PARTS.len(), 2..7);
    let mut requests = Vec::new();
    let mut renamed = 0;
    for _ in 0..600 {
        let chosen = files.new_tree(&mut runner).unwrap().current();
        let parts = chosen.iter().enumerate();
        let text: String = parts
            .map(|(at, part)| PARTS[*part].replace('@', &at.to_string()))
            .collect();
        let wanted = |text: &str| FileChanges {
            moves: aliases(text)
                .into_iter()
                .filter(|alias| alias.module == "old" && alias.name == "make_x")
                .map(|alias| MoveImport {
                    alias: alias.span,
                    statement: alias.statement,
                    to_module: "new".into(),
                    to_name: "get_x".into(),
                    may_rename: true,
                })
                .collect(),
            ..FileChanges::default()
        };
        let changes = wanted(&text);
        let got = rewrite(&text, &changes);
        let new = apply_edits(&text, &got.edits);
        assert_eq!(got, rewrite(&text, &changes));
        assert!(parses(&new), "{text}\n{new}");
        assert!(
            got.refused.is_empty() && wanted(&new).moves.is_empty(),
            "{text}\n{new}"
        );
        renamed += got.renamed.len();
        requests.push(executable("random", &text, &changes));
    }
    assert!(renamed > 100, "only {renamed} imports were renamed");
    if let Some(ran) = judge(&requests) {
        assert!(ran > 300, "only {ran} files ran");
    }
}

/// A case as the judge reads it.
fn executable(name: &str, before: &str, changes: &FileChanges) -> serde_json::Value {
    let got = rewrite(before, changes);
    let renames: std::collections::BTreeMap<String, &str> = got
        .renamed
        .iter()
        .map(|&at| {
            let one = &changes.moves[at];
            (before[one.alias.range()].to_owned(), one.to_name.as_str())
        })
        .collect();
    let stars: Vec<&str> = changes
        .additions
        .iter()
        .map(|one| one.to_name.as_str())
        .collect();
    serde_json::json!({
        "name": name,
        "module": changes.module,
        "package": changes.is_package,
        "before": before,
        "after": apply_edits(before, &got.edits),
        "moved": support::moved(before, changes),
        "renames": renames,
        "stars": stars,
        "uses": !changes.uses.is_empty(),
    })
}

#[test]
fn a_lone_carriage_return_ends_a_line() {
    let text = "from old import a, b\rx = 1\r";
    let got = rewrite(text, &moving(text, 1));
    assert_eq!(
        apply_edits(text, &got.edits),
        "from new import b\rfrom old import a\rx = 1\r"
    );
}

#[test]
fn a_place_without_import_is_refused() {
    let text = "x = 1\n";
    let mut changes = moving("from old import a\n", 0);
    changes.moves[0].alias = ssot::span::Span::new(0, 1);
    assert_eq!(rewrite(text, &changes).refused.len(), 1);
}

#[test]
fn deep_nesting_is_survived() {
    let depth = 20_000;
    let text = format!(
        "from old import a\nx = {}1{}\n",
        "(".repeat(depth),
        ")".repeat(depth)
    );
    assert!(rewrite(&text, &moving(&text, 0)).refused.is_empty());
    let text = format!("from old import a\nx = a{}\n", ".b".repeat(depth));
    assert!(rewrite(&text, &moving(&text, 0)).refused.is_empty());
}

/// Moves alias `index` of `text` to `new`.
fn moving(text: &str, index: usize) -> FileChanges {
    let alias = &aliases(text)[index];
    FileChanges {
        moves: vec![MoveImport {
            alias: alias.span,
            statement: alias.statement,
            to_module: "new".into(),
            to_name: alias.name.clone(),
            may_rename: false,
        }],
        ..FileChanges::default()
    }
}

/// Where the names of `old` live.
fn target(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "a" => Some(("new", "a")),
        "b" => Some(("new", "b")),
        "c" => Some(("other.home", "renamed")),
        _ => None,
    }
}

/// All that must move in `text`: a planner for two modules.
fn plan(text: &str) -> FileChanges {
    let moves = aliases(text)
        .into_iter()
        .filter(|alias| alias.module == "old")
        .filter_map(|alias| {
            let (module, name) = target(&alias.name)?;
            Some(MoveImport {
                alias: alias.span,
                statement: alias.statement,
                to_module: module.into(),
                to_name: name.into(),
                may_rename: false,
            })
        })
        .collect();
    FileChanges {
        moves,
        ..FileChanges::default()
    }
}

/// What each local name is bound to after the module's own imports, in terms of where things really live.
fn bound(text: &str) -> std::collections::BTreeMap<String, (String, String)> {
    aliases(text)
        .into_iter()
        .map(|alias| {
            let real = if alias.module == "old" {
                target(&alias.name)
            } else {
                None
            };
            let real = real.map_or((alias.module, alias.name), |(module, name)| {
                (module.into(), name.into())
            });
            (alias.local, real)
        })
        .collect()
}

fn statement() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c", "d", "e", "f"]);
    let local = prop::option::of(prop::sample::select(vec!["x", "y", "z", "a"]));
    let alias = (name, local).prop_map(|(name, local)| match local {
        Some(local) => format!("{name} as {local}"),
        None => name.to_owned(),
    });
    let names = prop::collection::vec(alias, 1..5);
    let module = prop::sample::select(vec!["old", "old", "old", "new", "third"]);
    let comment = prop::sample::select(vec!["", "", "  # noqa", "  # why"]);
    (module, names, 0..6, comment).prop_map(|(module, names, layout, comment)| match layout {
        0 => format!("from {module} import {}{comment}\n", names.join(", ")),
        1 => format!(
            "from {module} import (\n    {},\n){comment}\n",
            names.join(",\n    ")
        ),
        2 => format!(
            "from {module} import (  # type: ignore\n    {}\n)\n",
            names.join(",  # each\n    # above\n    ")
        ),
        3 => format!("from {module} import {}{comment}\n", names.join(", \\\n  ")),
        4 => format!(
            "x1 = 1; from {module} import {}; x2 = 2{comment}\n",
            names.join(", ")
        ),
        _ => format!("# above\nfrom {module} import ({})\n\n", names.join(" , ")),
    })
}

fn file() -> impl Strategy<Value = String> {
    let other = prop::sample::select(vec![
        "print(a)\n",
        "import os.path\n",
        "\n",
        "# note\n",
        "s = 'from old import a'\n",
    ])
    .prop_map(str::to_owned);
    let part = prop_oneof![3 => statement(), 1 => other];
    let eol = prop::sample::select(vec!["\n", "\n", "\r\n"]);
    let suite = prop::bool::ANY;
    (
        prop::collection::vec(part, 1..8),
        eol,
        suite,
        prop::bool::ANY,
    )
        .prop_map(|(parts, eol, suite, cut)| {
            let mut text = parts.concat();
            if suite {
                let lines: Vec<String> = text.lines().map(|line| format!("\t{line}\n")).collect();
                text = format!("if True:\n\tpass\n{}", lines.concat());
            }
            if cut {
                text.truncate(text.trim_end().len());
            }
            text.replace('\n', eol)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_files(text in file()) {
        prop_assume!(parses(&text));
        let changes = plan(&text);
        let got = rewrite(&text, &changes);
        let new = apply_edits(&text, &got.edits);
        prop_assert!(each_change_is_accounted_for(&changes, &got).is_ok());
        prop_assert!(parses(&new), "{}", new);
        prop_assert_eq!(bound(&text), bound(&new), "{}", new);
        prop_assert_eq!(outside_imports(&text), outside_imports(&new));
        for comment in comments(&text) {
            prop_assert!(comments(&new).iter().any(|new| new.contains(&comment)), "{} lost in {}", comment, new);
        }
        prop_assert_eq!(new.contains("\r\n"), text.contains("\r\n") );
        prop_assert_eq!(new.replace("\r\n", "").contains('\n') && text.contains("\r\n"), false);
        prop_assert_eq!(new.ends_with('\n'), text.ends_with('\n'));
        if got.refused.is_empty() {
            prop_assert!(plan(&new).moves.is_empty());
        } else {
            let again = rewrite(&new, &plan(&new));
            prop_assert!(again.edits.is_empty(), "{:?} in {}", again, new);
        }
    }
}

/// The code that is no import, without blanks and separators.
fn outside_imports(text: &str) -> String {
    let mut rest = text.to_owned();
    for span in import_spans(text).into_iter().rev() {
        rest.replace_range(span.range(), "");
    }
    let lines = rest
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    lines
        .flat_map(str::chars)
        .filter(|ch| !ch.is_whitespace() && *ch != ';')
        .collect()
}

#[test]
fn cpython_binds_the_same_objects() {
    let sources = [
        "from old import a, b, c, d\n",
        "from old import (\n    a,  # one\n    d,\n)\nfrom new import b\n",
        "if True: from old import a as x, d\ny = x\n",
        "from old import c as renamed, c\nfrom old import d; z = d\n",
        "def f():\n    from old import b, d\n    return b, d\nr = f()\n",
        "try:\n    from old import a\nexcept ImportError:\n    a = None\n",
        "from new import a\nfrom old import b\nfrom old import d, a as q\n",
    ];
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(dir.path().join(path), text).unwrap();
    std::fs::create_dir(dir.path().join("other")).unwrap();
    write("new.py", "a = object()\nb = object()\n");
    write("other/__init__.py", "");
    write("other/home.py", "renamed = object()\n");
    write(
        "old.py",
        "from new import a, b\nfrom other.home import renamed as c\nd = object()\n",
    );
    let mut script = String::from(
        "def names(path):\n    space = {}\n    exec(compile(open(path).read(), path, 'exec'), space)\n    return {k: v for k, v in space.items() if k not in ('__builtins__', 'f')}\n",
    );
    for (index, source) in sources.iter().enumerate() {
        let got = rewrite(source, &plan(source));
        assert!(got.refused.is_empty() && !got.edits.is_empty(), "{source}");
        write(&format!("before{index}.txt"), source);
        write(
            &format!("after{index}.txt"),
            &apply_edits(source, &got.edits),
        );
        let [before, after] = ["before", "after"].map(|side| format!("names('{side}{index}.txt')"));
        script.extend(["assert ", &before, " == ", &after, "\n"]);
    }
    write("judge.py", &script);
    let output = std::process::Command::new("python3")
        .arg("judge.py")
        .current_dir(dir.path())
        .output();
    let Ok(output) = output else { return };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
