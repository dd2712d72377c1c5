//! What moves and what does not: successors of retired things, facades in the way, partials, deleted submodules.

use ssot::diagnostic::Applicability::{Safe, Unsafe};

use super::support::{Repo, canonical};

/// What `--fix` makes of a file under a rules file, and why its findings have no fix.
fn checked(rules: &str, files: &[(&str, &str)], path: &str) -> (String, Vec<String>) {
    let repo = Repo::new(files);
    let fixed = repo.check(rules, Unsafe);
    let text = fixed.text(path).unwrap_or_else(|| repo.text(path));
    let findings = fixed.of(path).into_iter();
    let refusals = findings.filter_map(|one| one.refusal.clone()).collect();
    (text, refusals)
}

const MODERN: &str = "[[retired]]\nmodule = \"pkg.legacy\"\nuse = \"pkg.modern\"\n";

fn modern(user: &str) -> (String, Vec<String>) {
    let files = [
        ("pkg/__init__.py", ""),
        (
            "pkg/legacy/__init__.py",
            "def f(): pass\ndef gone(): pass\n",
        ),
        ("pkg/legacy/sub.py", "def g(): pass\n"),
        ("pkg/modern/__init__.py", "def f(): pass\n"),
        ("pkg/modern/sub.py", "def g(): pass\n"),
        ("app.py", user),
    ];
    checked(MODERN, &files, "app.py")
}

#[test]
fn every_name_of_a_retired_module_moves_to_its_successor() {
    for (before, after) in [
        (
            "from pkg.legacy import f\nf()\n",
            "from pkg.modern import f\nf()\n",
        ),
        (
            "def h():\n    from pkg.legacy import f as g\n    g()\n",
            "def h():\n    from pkg.modern import f as g\n    g()\n",
        ),
        (
            "from pkg.legacy.sub import g\ng()\n",
            "from pkg.modern.sub import g\ng()\n",
        ),
        (
            "import pkg.legacy as old\nold.f()\n",
            "import pkg.modern as old\nold.f()\n",
        ),
        (
            "from pkg import legacy\nlegacy.f()\n",
            "from pkg import modern\nmodern.f()\n",
        ),
        (
            "from pkg.legacy import sub\nsub.g()\n",
            "from pkg.modern import sub\nsub.g()\n",
        ),
        (
            "import pkg.legacy\npkg.legacy.f()\ndef h(x=pkg.legacy.f): return pkg.legacy.f\n",
            "import pkg.modern\npkg.modern.f()\ndef h(x=pkg.modern.f): return pkg.modern.f\n",
        ),
        (
            "import os, pkg.legacy  # why\n@pkg.legacy.f\nclass C(pkg.legacy.f): x: pkg.legacy.f = os\n",
            "import os, pkg.modern  # why\n@pkg.modern.f\nclass C(pkg.modern.f): x: pkg.modern.f = os\n",
        ),
        (
            "import pkg.legacy, pkg.legacy.sub\npkg.legacy.f(pkg.legacy.sub.g)\n",
            "import pkg.modern, pkg.modern.sub\npkg.modern.f(pkg.modern.sub.g)\n",
        ),
        (
            "import pkg.legacy\nimport pkg.legacy\npkg.legacy.f\n",
            "import pkg.modern\nimport pkg.modern\npkg.modern.f\n",
        ),
        (
            "def h():\n    import pkg.legacy.sub\n    return [pkg.legacy.sub.g for _ in pkg.__path__]\n",
            "def h():\n    import pkg.modern.sub\n    return [pkg.modern.sub.g for _ in pkg.__path__]\n",
        ),
    ] {
        let (text, refusals) = modern(before);
        assert_eq!(text, after, "{refusals:?}");
    }
    for (stays, reason) in [
        (
            "import pkg.legacy\npkg.legacy.f = 1\n",
            "app.py:2 replaces it by its old path",
        ),
        (
            "import pkg.legacy\nx = 'pkg.legacy.f'\n",
            "a string spells `pkg.legacy`",
        ),
        (
            "import pkg.legacy\npkg.legacy.gone()\n",
            "`pkg.modern` has no `gone`, which is read from it here",
        ),
        (
            "import pkg.legacy\npkg.legacy.f()\npkg = 1\n",
            "`pkg` is also bound elsewhere in its scope",
        ),
        (
            "import pkg.legacy\n(pkg.  # why\n  legacy.f)()\n",
            "a comment stands inside the expression",
        ),
    ] {
        let (text, refusals) = modern(stays);
        assert_eq!((text.as_str(), refusals), (stays, vec![reason.to_owned()]));
    }
    let (text, refusals) = modern("from pkg.legacy import gone\n");
    assert_eq!(text, "from pkg.legacy import gone\n");
    assert_eq!(refusals, ["`pkg.modern` has no `gone`"]);
}

#[test]
fn a_successor_is_another_object_unless_proven_the_same() {
    let rules = "[[retired]]\nsymbol = \"pkg.old:make_x\"\nuse = \"pkg.new:get_x\"\n";
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/old.py", "def make_x(): pass\n"),
        ("pkg/new.py", "def get_x(): pass\n"),
        ("app.py", "from pkg.old import make_x\nmake_x()\n"),
    ];
    let repo = Repo::new(&files);
    assert!(repo.check(rules, Safe).run.contents.is_empty());
    let fixed = repo.check(rules, Unsafe);
    assert_eq!(
        fixed.text("app.py").unwrap(),
        "from pkg.new import get_x\nget_x()\n"
    );
    let mut same = files;
    same[1].1 = "from pkg.new import get_x as make_x\n";
    let fixed = Repo::new(&same).check(rules, Safe);
    assert_eq!(
        fixed.text("app.py").unwrap(),
        "from pkg.new import get_x\nget_x()\n"
    );
}

#[test]
fn a_package_that_has_the_name_from_the_target_may_be_passed_in_a_cycle() {
    let files = |init: &'static str| {
        [
            ("pkg/__init__.py", init),
            (
                "pkg/core.py",
                "def get_x(): pass\nfrom pkg.helper import h\n",
            ),
            ("pkg/helper.py", "from pkg import get_x\ndef h(): pass\n"),
            ("pkg/other.py", "def get_x(): pass\n"),
        ]
    };
    // Whenever the package has the name, its home has it too.
    let fixed =
        Repo::new(&files("from .core import get_x\n")).fix(&canonical("pkg.core:get_x"), Safe);
    assert_eq!(
        fixed.text("pkg/helper.py").unwrap(),
        "from pkg.core import get_x\ndef h(): pass\n"
    );
    // Another object may be there earlier.
    let fixed = Repo::new(&files("from .other import get_x\nimport pkg.core\n"))
        .fix(&canonical("pkg.core:get_x"), Unsafe);
    let reason = fixed.refusal("pkg/helper.py");
    assert!(reason.contains("needs this module"), "{reason}");
}

#[test]
fn a_partial_is_not_what_it_holds() {
    let files = [
        (
            "tools.py",
            "from functools import partial\ndef drop(n, seq): pass\nrest = partial(drop, 1)\nsame = drop\n",
        ),
        ("a.py", "from tools import rest\nrest([])\n"),
        ("b.py", "import tools\ntools.rest([])\n"),
        ("c.py", "from tools import same\nsame(1, [])\n"),
    ];
    let rules = "[[canonical]]\nsymbol = \"tools:drop\"\n[[canonical]]\nsymbol = \"tools:rest\"\n";
    let fixed = Repo::new(&files).check(rules, Unsafe);
    assert_eq!(fixed.text("a.py"), None);
    assert_eq!(fixed.text("b.py"), None);
    assert_eq!(
        fixed.text("c.py").unwrap(),
        "from tools import drop\ndrop(1, [])\n"
    );
}

#[test]
fn a_use_does_not_go_through_a_submodule_that_its_package_deletes() {
    for (init, moves) in [
        ("from .sub import get_x\n", true),
        ("from .sub import get_x\nfrom . import sub\n", true),
        ("from .sub import get_x\ndel sub\n", false),
        ("from .sub import get_x\nsub = 1\n", false),
    ] {
        let fixed = Repo::new(&[
            ("pkg/__init__.py", init),
            ("pkg/sub.py", "def get_x(): pass\n"),
            ("a.py", "import pkg\npkg.get_x()\n"),
            ("b.py", "from pkg import get_x\nget_x()\n"),
        ])
        .fix(&canonical("pkg.sub:get_x"), Safe);
        assert_eq!(fixed.text("a.py").is_some(), moves, "{init}");
        assert!(fixed.text("b.py").is_some());
        if !moves {
            let reason = fixed.refusal("a.py");
            assert!(reason.contains("does not keep its submodule"), "{reason}");
        }
    }
}

const RENAME: &str = "[[canonical]]\nsymbol = \"home:get_x\"\nreplaces = [\"old:make_x\"]\n";

#[test]
fn a_name_that_a_text_spells_with_its_module_stays() {
    let kept = "from home import get_x as make_x\nmake_x()\n";
    for (path, text, is_kept) in [
        ("tasks.py", "TASKS = ['app.make_x']\n", true),
        (
            "pyproject.toml",
            "[project.scripts]\nrun = \"app:make_x\"\n",
            true,
        ),
        (
            "setup.cfg",
            "[options.entry_points]\nx =\n  run = app:make_x\n",
            true,
        ),
        (
            "pyproject.toml",
            "[project.scripts]\nrun = \"app:make_xy\"\n",
            false,
        ),
        ("notes.py", "'myapp.make_x and app.make_xs'\n", false),
    ] {
        let repo = Repo::new(&[
            ("home.py", "def get_x(): pass\n"),
            ("old.py", "def make_x(): pass\n"),
            ("app.py", "from old import make_x\nmake_x()\n"),
            (path, text),
        ]);
        let now = repo.check(RENAME, Safe).text("app.py").unwrap();
        assert_eq!(now == kept, is_kept, "{path}: {text}");
    }
}

#[test]
fn an_attribute_replaced_by_its_name_is_replaced_for_late_readers() {
    let late = "def f():\n    from pkg import get_x\n    return get_x()\n";
    for (test, is_refused) in [
        (
            "import pkg\ndef test(monkeypatch):\n    monkeypatch.setattr(pkg, 'get_x', None)\n",
            false,
        ),
        (
            "import pkg as p\nfrom unittest import mock\n@mock.patch.object(p, 'get_x')\ndef test(m): pass\n",
            false,
        ),
        ("import pkg\nsetattr(pkg, 'get_x', None)\n", true),
        (
            "def test(mocker):\n    import pkg\n    mocker.patch.object(pkg, 'get_' + 'x')\n",
            true,
        ),
        (
            "import pkg\ndef test(monkeypatch):\n    monkeypatch.setattr(pkg, 'other', None)\n",
            false,
        ),
        (
            "import app\ndef test(monkeypatch):\n    monkeypatch.setattr(app, 'get_x', None)\n",
            false,
        ),
        (
            "class T:\n    def test(self):\n        setattr(self, 'get_x', None)\n",
            false,
        ),
    ] {
        let fixed = Repo::new(&[
            ("pkg/__init__.py", "from .core import get_x\n"),
            ("pkg/core.py", "def get_x(): pass\n"),
            ("app.py", late),
            ("tests/test_it.py", test),
        ])
        .check("[[canonical]]\nsymbol = \"pkg.core:get_x\"\n", Safe);
        assert_eq!(fixed.text("app.py").is_none(), is_refused, "{test}");
    }
}

#[test]
fn a_top_level_module_moves_with_its_uses() {
    let rules = "[[retired]]\nmodule = \"legacy\"\nuse = \"pkg.modern\"\n";
    let files = |user| {
        [
            ("legacy.py", "def f(): pass\nprint('loaded')\n"),
            ("pkg/__init__.py", ""),
            ("pkg/modern.py", "def f(): pass\n"),
            ("app.py", user),
        ]
    };
    let (text, refusals) = checked(
        rules,
        &files("import legacy\nlegacy.f()\ndef g(): return legacy.f\n"),
        "app.py",
    );
    let after = "import pkg.modern\npkg.modern.f()\ndef g(): return pkg.modern.f\n";
    assert_eq!(text, after, "{refusals:?}");
    let captured = "import legacy\ndef g(pkg): return legacy.f\n";
    let (text, refusals) = checked(rules, &files(captured), "app.py");
    assert_eq!(text, captured);
    assert_eq!(refusals, ["`pkg` would mean something else here"]);
}
