//! The proof itself, and Python's own opinion.

use std::process::Command;

use ssot::diagnostic::Applicability::{Safe, Unsafe};
use ssot::fix::edit::TextEdit;
use ssot::fix::verify::{Change, violations};
use ssot::fix::{fix, plan};
use ssot::graph::imports::ImportGraph;

use super::support::{Repo, canonical, span_of};
use super::{HOME, repo};

/// What the proof says of an edit of `app/a.py` that should do what its only finding asks for.
fn proof(more: &[(&str, &str)], part: &str, content: &str) -> Vec<String> {
    let repo = repo(more);
    let read = repo.read();
    let findings = canonical(HOME).findings(&read.index);
    let finding = findings
        .iter()
        .position(|finding| &*finding.location.path == "app/a.py")
        .unwrap();
    let relocation = findings[finding].relocation.clone().unwrap();
    let text = repo.text("app/a.py");
    let edits = [TextEdit {
        span: span_of(&text, part),
        content: content.to_owned(),
    }];
    let file = relocation.file;
    let one = ssot::fix::moves::Move {
        relocation,
        findings: vec![finding],
    };
    let new_text = ssot::fix::edit::apply_edits(&text, &edits);
    let facts = read.index.file(file).language.extract(&new_text, None);
    let new = read.index.with_facts([(file, facts)]);
    let imports = ImportGraph::build(&new);
    let change = Change {
        file,
        edits: &edits,
        moves: &[(0, &one)],
    };
    violations((&read.index, &read.imports), (&new, &imports), &[change])
        .into_iter()
        .map(|(_, reason)| reason)
        .collect()
}

#[test]
fn the_proof_sees_edits_that_do_something_else() {
    let a = "from pkg.core import get_x, other\nget_x()\n";
    let more = [
        ("app/a.py", a),
        ("app/b.py", "from app.a import other\n"),
        ("pkg/rival.py", "def get_x(): pass\ndef other(): pass\n"),
    ];
    let statement = "from pkg.core import get_x, other";
    let good = "from pkg.core.manager import get_x, other";
    assert_eq!(proof(&more, statement, good), Vec::<String>::new());
    for (bad, reason) in [
        ("from pkg.rival import get_x, other", "would not reach"),
        (
            "from pkg.core.manager import get_x as y, other",
            "would not reach",
        ),
        ("from pkg.core.manager import get_x", "no longer"),
        (
            "from pkg.core.manager import get_x; from pkg.rival import other",
            "another object",
        ),
        (
            "from pkg.core.manager import get_x, missing as other",
            "no longer exist",
        ),
        ("from pkg.core.manager import (get_x, other", "not parse"),
        (
            "from app.a import get_x; from pkg.core import other",
            "itself",
        ),
    ] {
        let found = proof(&more, statement, bad);
        assert!(
            found.iter().any(|one| one.contains(reason)),
            "{bad}: {found:?}"
        );
    }
    let use_ = [
        ("app/a.py", "import pkg.core\npkg.core.get_x()\n"),
        ("pkg/rival.py", "def get_x(): pass\n"),
    ];
    let good = "import pkg.core.manager\npkg.core.manager.get_x()";
    assert_eq!(
        proof(&use_, "import pkg.core\npkg.core.get_x()", good).len(),
        1,
        "one edit hides where the use is"
    );
    assert!(!proof(&use_, "pkg.core.get_x", "pkg.rival.get_x").is_empty());
    assert!(proof(&use_, "pkg.core.get_x", "pkg.core.manager.get_x").is_empty());
}

#[test]
fn python_agrees() {
    let files = [
        (
            "pkg/__init__.py",
            "from .core import get_x\nfrom . import late\n",
        ),
        (
            "pkg/late.py",
            "def f():\n    from pkg import get_x\n    return get_x\n",
        ),
        (
            "app/a.py",
            "from pkg import get_x\nimport pkg.core as c\ndef f():\n    return c.get_x\n",
        ),
        (
            "app/b.py",
            "from app.a import *\nfrom pkg.core import (\n    get_x as g,  # keep\n    other,\n)\n",
        ),
        (
            "main.py",
            "import app.a, app.b, pkg.late\n\
             all_x = [app.a.get_x, app.a.f(), app.b.get_x, app.b.g, pkg.late.f(), pkg.get_x]\n\
             assert all(x is all_x[0] for x in all_x), all_x\n\
             print(len(all_x), app.b.other.__name__)\n",
        ),
    ];
    let repo = repo(&files);
    let run = |repo: &Repo| {
        let out = Command::new("python3")
            .args(["-B", "main.py"])
            .current_dir(repo.dir.path())
            .output();
        out.ok().map(|out| {
            (
                out.status.success(),
                String::from_utf8(out.stdout).unwrap(),
                String::from_utf8(out.stderr).unwrap(),
            )
        })
    };
    let Some(before) = run(&repo) else { return };
    assert!(before.0, "{before:?}");
    let fixed = repo.apply(&canonical(HOME), Safe);
    assert!(fixed.run.applied >= 5, "{:?}", fixed.findings);
    assert_eq!(run(&repo), Some(before));
}

#[test]
fn what_other_fixes_make_possible_is_done_in_the_same_run() {
    let repo = Repo::new(&[
        ("home.py", "import x\ndef get_x(): pass\n"),
        ("x.py", "from facade import z\n"),
        ("facade.py", "from zhome import z\nimport m\n"),
        ("zhome.py", "def z(): pass\n"),
        ("m.py", "from old import get_x\n"),
        ("old.py", "def get_x(): pass\n"),
    ]);
    let read = repo.read();
    let mut findings = canonical("home:get_x").findings(&read.index);
    findings.extend(canonical("zhome:z").findings(&read.index));
    plan(&read.project(), &mut findings);
    // `home` → `x` → `facade` → `m`, until `x` no longer needs `facade`.
    let fixes: Vec<bool> = findings.iter().map(|one| one.fix.is_some()).collect();
    assert_eq!(fixes, [false, true]);
    let run = fix(&read.project(), &findings, Unsafe);
    assert_eq!((run.applied, run.contents.len()), (2, 2), "{run:?}");
    // Alone, it stays refused.
    let run = fix(&read.project(), &findings[..1], Unsafe);
    assert_eq!(run.applied, 0);
}
