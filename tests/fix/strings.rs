//! Strings that name modules and what is in them: which move, and which hold back those that read by them.

use std::process::Command;

use ssot::diagnostic::Applicability::{Safe, Unsafe};

use super::support::{Fixed, Repo};

const MOVED: &str = "[[retired]]\nmodule = \"pkg.legacy\"\nuse = \"pkg.modern\"\n";
const CANONICAL: &str = "[[canonical]]\nsymbol = \"pkg.core.manager:get_x\"\n";

#[test]
fn a_retired_module_loaded_by_its_name_is_loaded_by_the_new_one() {
    for (before, after) in [
        (
            "import importlib\nm = importlib.import_module('pkg.legacy')\n",
            "import importlib\nm = importlib.import_module('pkg.modern')\n",
        ),
        (
            "m = __import__(\"pkg.legacy.deep\", fromlist=['x'])  # why\n",
            "m = __import__(\"pkg.modern.deep\", fromlist=['x'])  # why\n",
        ),
        (
            "from importlib import import_module as load, import_module\nimport_module(r'''pkg.legacy''')\n",
            "from importlib import import_module as load, import_module\nimport_module(r'''pkg.modern''')\n",
        ),
    ] {
        let repo = Repo::new(&[
            ("pkg/__init__.py", ""),
            ("pkg/legacy/__init__.py", ""),
            ("pkg/legacy/deep.py", ""),
            ("pkg/modern/__init__.py", ""),
            ("pkg/modern/deep.py", ""),
            ("app.py", before),
        ]);
        let fixed = repo.check(MOVED, Safe);
        assert_eq!(
            fixed.text("app.py").as_deref(),
            Some(after),
            "{:?}",
            fixed.findings
        );
        let fix = fixed.of("app.py")[0].fix.as_ref().unwrap();
        assert!(fix.message.starts_with("name `"), "{}", fix.message);
    }
}

#[test]
fn a_name_that_is_not_there_or_not_spelled_plainly_is_not_loaded() {
    for (text, reason) in [
        (
            "import importlib\nimportlib.import_module('pkg.legacy.gone')\n",
            "`pkg.modern` has no `gone`",
        ),
        (
            "import importlib\nimportlib.import_module('pkg\\x2elegacy')\n",
            "the string does not spell the path plainly",
        ),
    ] {
        let repo = Repo::new(&[
            ("pkg/__init__.py", ""),
            ("pkg/legacy.py", ""),
            ("pkg/modern/__init__.py", ""),
            ("app.py", text),
        ]);
        let fixed = repo.check(MOVED, Unsafe);
        let of: Vec<_> = fixed
            .of("app.py")
            .into_iter()
            .filter(|one| one.check == "retired-module")
            .collect();
        assert_eq!(of.len(), 1, "{:?}", fixed.findings);
        assert_eq!(of[0].refusal.as_deref(), Some(reason));
        assert!(fixed.text("app.py").is_none());
    }
}

/// A facade, its home, a reader that looks the name up late, and a test that replaces it.
fn patched(more: &[(&str, &str)]) -> Repo {
    let mut files = vec![
        ("pkg/__init__.py", ""),
        ("pkg/core/__init__.py", "from .manager import get_x\n"),
        ("pkg/core/manager.py", "def get_x(): return 'real'\n"),
        (
            "app.py",
            "def f():\n    from pkg.core import get_x\n    return get_x()\n",
        ),
        (
            "tests/test_app.py",
            "from unittest import mock\nimport app\n\n\n\
             @mock.patch(\"pkg.core.get_x\", lambda: 'fake')  # the facade\ndef test_f():\n    assert app.f() == 'fake'\n\n\n\
             def test_g():\n    with mock.patch('pkg.core.get_x') as get_x:\n        get_x.return_value = 'mine'\n        assert app.f() == 'mine'\n\n\n\
             def test_real():\n    assert app.f() == 'real'\n",
        ),
    ];
    files.extend_from_slice(more);
    Repo::new(&files)
}

fn test(repo: &Repo) -> Option<bool> {
    let run = "import sys; sys.path[:0] = ['.', 'tests']; import test_app as t; t.test_f(); t.test_g(); t.test_real()";
    let done = Command::new("python3")
        .args(["-B", "-c", run])
        .current_dir(repo.dir.path())
        .output();
    Some(done.ok()?.status.success())
}

fn refusals(fixed: &Fixed) -> Vec<&str> {
    let all = fixed.findings.iter();
    all.filter_map(|one| one.refusal.as_deref()).collect()
}

#[test]
fn a_string_that_replaces_a_name_moves_with_all_who_read_it() {
    for reader in [
        "def f():\n    from pkg.core import get_x\n    return get_x()\n",
        "import pkg.core\ndef f():\n    return pkg.core.get_x()\n",
        "import pkg.core as c\ndef f():\n    return c.get_x()\n",
        "from pkg import core\ndef f():\n    return core.get_x()\n",
    ] {
        let repo = patched(&[("app.py", reader)]);
        assert_ne!(test(&repo), Some(false), "{reader}");
        let fixed = repo.apply_check(CANONICAL, Safe);
        assert_eq!(fixed.run.applied, 1, "{reader}: {:?}", fixed.findings);
        let tests = fixed.text("tests/test_app.py").unwrap();
        assert!(
            tests.contains("@mock.patch(\"pkg.core.manager.get_x\", lambda"),
            "{tests}"
        );
        assert!(
            tests.contains("mock.patch('pkg.core.manager.get_x') as"),
            "{tests}"
        );
        assert!(
            fixed.text("app.py").unwrap().contains("pkg.core.manager")
                || reader.starts_with("from pkg")
        );
        let fix = fixed.of("app.py")[0].fix.as_ref().unwrap();
        let paths: Vec<&str> = fix.edits.iter().map(|edit| &*edit.path).collect();
        assert!(paths.contains(&"tests/test_app.py"), "{paths:?}");
        assert_ne!(test(&repo), Some(false), "{reader}");
        assert!(repo.check(CANONICAL, Unsafe).run.contents.is_empty());
    }
}

#[test]
fn a_string_stays_where_somebody_else_would_notice_and_so_do_its_readers() {
    for more in [
        // The facade's own function reads its own global.
        &[(
            "pkg/core/__init__.py",
            "from .manager import get_x\ndef g(): return get_x()\n",
        )][..],
        // The home's own function would be given the fake as well.
        &[(
            "pkg/core/manager.py",
            "def get_x(): return 'real'\ndef g(): return get_x()\n",
        )],
        // So would a late reader of the new path.
        &[(
            "other.py",
            "import pkg.core.manager as m\ndef g(): return m.get_x()\n",
        )],
        // Another reader cannot move.
        &[(
            "other.py",
            "def g():\n    import pkg.core as c\n    del c.get_x\n    return c.get_x()\n",
        )],
        // The facade is handed on; anything may be read from it.
        &[(
            "other.py",
            "import pkg.core as c\ndef g(name): return getattr(c, name)\n",
        )],
        // One replacement is by an object that may be another.
        &[(
            "tests/test_b.py",
            "from unittest import mock\nimport pkg.core\nif mock: import pkg.other as pkg\nmock.patch.object(pkg.core, 'get_x')\n",
        )],
        // One is an assignment.
        &[(
            "tests/test_b.py",
            "import pkg.core\nsetattr(pkg.core, 'get_x', 1)\n",
        )],
        // One string is not plain.
        &[(
            "tests/test_b.py",
            "from unittest import mock\nmock.patch('pkg.core' '.get_x')\nmock.patch('pkg\\x2ecore.get_x')\n",
        )],
    ] {
        let repo = patched(more);
        let fixed = repo.check(CANONICAL, Unsafe);
        assert_eq!(fixed.text("tests/test_app.py"), None, "{more:?}");
        assert_eq!(fixed.text("app.py"), None, "{more:?}");
        let why = refusals(&fixed);
        assert!(
            why.iter()
                .any(|one| one.contains("replaces it by its old path")),
            "{more:?}: {why:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_string_in_a_file_that_may_not_be_written_holds_its_readers_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = patched(&[("free.py", "from pkg.core import get_x\n")]);
    let mode = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(repo.dir.path().join("tests/test_app.py"), mode).unwrap();
    let fixed = repo.check(CANONICAL, Safe);
    assert_eq!(fixed.text("app.py"), None);
    assert!(fixed.text("free.py").is_some());
    let why = fixed.of("app.py")[0].refusal.as_deref().unwrap();
    assert!(why.contains("replaces it by its old path"), "{why}");
}

#[test]
fn a_string_on_the_consumer_stays() {
    let repo = patched(&[
        (
            "app.py",
            "from pkg.core import get_x\ndef f():\n    return get_x()\n",
        ),
        (
            "tests/test_app.py",
            "from unittest import mock\nmock.patch('app.get_x')\n",
        ),
    ]);
    let fixed = repo.check(CANONICAL, Safe);
    assert!(
        fixed
            .text("app.py")
            .unwrap()
            .starts_with("from pkg.core.manager import get_x\n")
    );
    assert_eq!(fixed.text("tests/test_app.py"), None);
}

#[test]
fn a_string_moves_with_those_who_read_through_a_retired_module() {
    let test = "from unittest import mock\n@mock.patch('pkg.legacy.f')\ndef test_f(f): pass\n";
    for (before, after) in [
        (
            "import pkg.legacy as old\ndef g(): return old.f() + old.h()\n",
            "import pkg.modern as old\ndef g(): return old.f() + old.h()\n",
        ),
        (
            "import pkg.legacy\ndef g(): return pkg.legacy.f()\n",
            "import pkg.modern\ndef g(): return pkg.modern.f()\n",
        ),
        (
            "from pkg import legacy\ndef g(): return legacy.f()\n",
            "from pkg import modern\ndef g(): return modern.f()\n",
        ),
        (
            "def g():\n    from pkg.legacy import f\n    return f()\n",
            "def g():\n    from pkg.modern import f\n    return f()\n",
        ),
    ] {
        let files = |facade| {
            [
                ("pkg/__init__.py", ""),
                ("pkg/legacy.py", facade),
                ("pkg/modern.py", "def f(): return 1\ndef h(): return 2\n"),
                ("tests/test_app.py", test),
                ("app.py", before),
            ]
        };
        let repo = Repo::new(&files("def f(): return 1\ndef h(): return 2\n"));
        let fixed = repo.check(MOVED, Safe);
        let moved = test.replace("legacy", "modern");
        assert_eq!(
            fixed.text("app.py").as_deref(),
            Some(after),
            "{:?}",
            fixed.findings
        );
        assert_eq!(fixed.text("tests/test_app.py"), Some(moved));
        // Its own functions read the name as well: neither moves.
        let repo = Repo::new(&files("def f(): return 1\ndef h(): return f()\n"));
        let fixed = repo.check(MOVED, Safe);
        assert_eq!(fixed.text("app.py"), None);
        let why = fixed.of("app.py")[0].refusal.as_deref();
        assert_eq!(why, Some("tests/test_app.py:2 replaces it by its old path"));
    }
}
