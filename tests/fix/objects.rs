//! Names that tests replace through an object, `patch.object(m, "N")`: which move with those that read them, and which
//! hold them back. Python runs each test before and after.

use std::process::Command;

use ssot::diagnostic::Applicability::{Safe, Unsafe};

use super::support::Repo;

const CANONICAL: &str = "[[canonical]]\nsymbol = \"pkg.core.manager:get_x\"\n";
const MOVED: &str = "[[retired]]\nmodule = \"pkg.legacy\"\nuse = \"pkg.modern\"\n";
const LATE: &str = "def f():\n    from pkg.core import get_x\n    return get_x()\n";
/// As much of pytest's as is needed here.
const MONKEYPATCH: &str = "class monkeypatch:\n    @staticmethod\n    def setattr(target, name, value):\n        setattr(target, name, value)\n";

/// A facade, its home, a reader of the facade, and a test.
fn repo(reader: &str, test: &str, more: &[(&str, &str)]) -> Repo {
    let mut files = vec![
        ("pkg/__init__.py", ""),
        ("pkg/core/__init__.py", "from .manager import get_x\n"),
        ("pkg/core/manager.py", "def get_x(): return 'real'\n"),
        ("app.py", reader),
        ("tests/test_app.py", test),
    ];
    files.extend_from_slice(more);
    Repo::new(&files)
}

/// Whether the test passes; none where there is no interpreter.
fn passes(repo: &Repo) -> Option<bool> {
    let run = "import sys; sys.path[:0] = ['.', 'tests']; import test_app; test_app.test_f()";
    let done = Command::new("python3")
        .args(["-B", "-c", run])
        .current_dir(repo.dir.path())
        .output();
    Some(done.ok()?.status.success())
}

#[test]
fn an_object_moves_with_all_who_read_the_name() {
    let with = |import: &str, call: &str| {
        format!(
            "from unittest import mock\n{import}\nimport app\n\ndef test_f():\n    with {call}:\n        assert app.f() == 'fake'\n    assert app.f() == 'real'\n"
        )
    };
    let cases = [
        (
            with("from pkg import core", "mock.patch.object(core, 'get_x', lambda: 'fake')"),
            with(
                "from pkg import core\nimport pkg.core.manager",
                "mock.patch.object(pkg.core.manager, 'get_x', lambda: 'fake')",
            ),
        ),
        (
            with("import pkg.core", "mock.patch.object(pkg.core, \"get_x\", new=lambda: 'fake')"),
            with(
                "import pkg.core\nimport pkg.core.manager",
                "mock.patch.object(pkg.core.manager, \"get_x\", new=lambda: 'fake')",
            ),
        ),
        (
            with("import pkg.core as c", "mock.patch.object(attribute='get_x', target=c, new=lambda: 'fake')"),
            with(
                "import pkg.core as c\nimport pkg.core.manager",
                "mock.patch.object(attribute='get_x', target=pkg.core.manager, new=lambda: 'fake')",
            ),
        ),
        (
            "from unittest.mock import patch\nfrom pkg import core\nimport app\n\n@patch.object(core, 'get_x', lambda: 'fake')  # why\ndef test_f():\n    assert app.f() == 'fake'\n".to_owned(),
            "from unittest.mock import patch\nfrom pkg import core\nimport pkg.core.manager\nimport app\n\n@patch.object(pkg.core.manager, 'get_x', lambda: 'fake')  # why\ndef test_f():\n    assert app.f() == 'fake'\n".to_owned(),
        ),
        (
            "from unittest import mock\nimport app\n\ndef test_f():\n    from pkg import core; r = 1\n    with mock.patch.object(core, 'get_x', lambda: 'fake'):\n        assert app.f() == 'fake'\n".to_owned(),
            "from unittest import mock\nimport app\n\ndef test_f():\n    from pkg import core; import pkg.core.manager; r = 1\n    with mock.patch.object(pkg.core.manager, 'get_x', lambda: 'fake'):\n        assert app.f() == 'fake'\n".to_owned(),
        ),
        (
            format!("import app\nfrom pkg import core\n\n{MONKEYPATCH}\ndef test_f():\n    monkeypatch.setattr(core, 'get_x', lambda: 'fake')\n    assert app.f() == 'fake'\n"),
            format!("import app\nimport pkg.core.manager\nfrom pkg import core\n\n{MONKEYPATCH}\ndef test_f():\n    monkeypatch.setattr(pkg.core.manager, 'get_x', lambda: 'fake')\n    assert app.f() == 'fake'\n"),
        ),
        // A string and an object replace one name.
        (
            with("from pkg import core", "mock.patch.object(core, 'get_x'), mock.patch('pkg.core.get_x', lambda: 'fake')"),
            with(
                "from pkg import core\nimport pkg.core.manager",
                "mock.patch.object(pkg.core.manager, 'get_x'), mock.patch('pkg.core.manager.get_x', lambda: 'fake')",
            ),
        ),
    ];
    for (before, after) in cases {
        let repo = repo(LATE, &before, &[]);
        assert_ne!(passes(&repo), Some(false), "{before}");
        let fixed = repo.apply_check(CANONICAL, Safe);
        assert_eq!(
            fixed.text("app.py"),
            Some(LATE.replace("pkg.core", "pkg.core.manager")),
            "{before}: {:?}",
            fixed.findings
        );
        assert_eq!(fixed.text("tests/test_app.py"), Some(after.clone()));
        assert_ne!(passes(&repo), Some(false), "{after}");
        let again = repo.check(CANONICAL, Unsafe);
        assert!(again.run.contents.is_empty(), "{:?}", again.run.contents);
    }
}

#[test]
fn an_object_that_is_not_certain_stays_and_so_do_the_readers() {
    let head = "from unittest import mock\nfrom pkg import core\nimport app\n";
    let fake = "        assert app.f() == 'fake'\n";
    for (test, more) in [
        // Not the import alone.
        (
            format!(
                "{head}if mock is None:\n    core = None\ndef test_f():\n    with mock.patch.object(core, 'get_x', lambda: 'fake'):\n{fake}"
            ),
            &[][..],
        ),
        // An assignment, which may be made while modules are being imported.
        (
            format!(
                "{head}def test_f():\n    setattr(core, 'get_x', lambda: 'fake')\n    assert app.f() == 'fake'\n"
            ),
            &[],
        ),
        // The name is worked out.
        (
            format!(
                "{head}def test_f(name='get_x'):\n    with mock.patch.object(core, name, lambda: 'fake'):\n{fake}"
            ),
            &[],
        ),
        // The module is handed on besides.
        (
            format!(
                "{head}def test_f():\n    m = (core,)\n    with mock.patch.object(core, 'get_x', lambda: 'fake'):\n        assert m[0].get_x() == app.f() == 'fake'\n"
            ),
            &[],
        ),
        // Under another name in the file.
        (
            format!(
                "{head}c = core\ndef test_f():\n    with mock.patch.object(c, 'get_x', lambda: 'fake'):\n{fake}"
            ),
            &[],
        ),
        // The home's own function would be given the fake as well.
        (
            format!(
                "{head}def test_f():\n    with mock.patch.object(core, 'get_x', lambda: 'fake'):\n{fake}        assert core.manager.g() == 'real'\n"
            ),
            &[(
                "pkg/core/manager.py",
                "def get_x(): return 'real'\ndef g(): return get_x()\n",
            )],
        ),
        // The new path would mean something else there.
        (
            format!(
                "{head}def test_f(pkg=1):\n    with mock.patch.object(core, 'get_x', lambda: 'fake'):\n{fake}"
            ),
            &[],
        ),
    ] {
        let repo = repo(LATE, &test, more);
        assert_ne!(passes(&repo), Some(false), "{test}");
        let fixed = repo.apply_check(CANONICAL, Safe);
        assert_eq!(fixed.text("app.py"), None, "{test}: {:?}", fixed.findings);
        assert_eq!(fixed.text("tests/test_app.py"), None, "{test}");
        let why = fixed.of("app.py")[0].refusal.clone().unwrap_or_default();
        assert!(why.contains("replaces it by its old path"), "{test}: {why}");
    }
}

#[test]
fn an_object_on_the_consumer_stays() {
    let reader = "from pkg.core import get_x\ndef f():\n    return get_x()\n";
    let test = "from unittest import mock\nimport app\ndef test_f():\n    with mock.patch.object(app, 'get_x', lambda: 'fake'):\n        assert app.f() == 'fake'\n";
    let repo = repo(reader, test, &[]);
    let fixed = repo.apply_check(CANONICAL, Safe);
    assert_eq!(
        fixed.text("app.py"),
        Some(reader.replace("pkg.core", "pkg.core.manager"))
    );
    assert_eq!(fixed.text("tests/test_app.py"), None);
    assert_ne!(passes(&repo), Some(false));
}

#[test]
fn an_object_whose_import_moves_goes_along_with_the_readers_or_stays_with_them() {
    let reader = "from pkg import legacy\ndef f(): return legacy.get_x()\n";
    let test = "from unittest import mock\nfrom pkg import legacy\nimport app\ndef test_f():\n    with mock.patch.object(legacy, 'get_x', lambda: 'fake'):\n        assert app.f() == 'fake'\n";
    let modern = ("pkg/modern.py", "def get_x(): return 'real'\n");
    for (legacy, moves) in [
        ("from pkg.modern import get_x\n", true),
        (
            "from pkg.modern import get_x\ndef g(): return get_x()\n",
            false,
        ),
    ] {
        let repo = repo(reader, test, &[modern, ("pkg/legacy.py", legacy)]);
        assert_ne!(passes(&repo), Some(false));
        let fixed = repo.apply_check(MOVED, Safe);
        let of = |path| {
            fixed
                .text(path)
                .is_some_and(|text| text.contains("from pkg import modern"))
        };
        assert_eq!(of("app.py"), moves, "{:?}", fixed.findings);
        assert_eq!(of("tests/test_app.py"), moves, "{:?}", fixed.findings);
        assert_ne!(passes(&repo), Some(false), "{legacy}");
    }
}
