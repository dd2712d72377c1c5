//! Retired modules that nothing uses: which are deleted, and what keeps them.

use ssot::diagnostic::Applicability::{self, Safe, Unsafe};

use super::support::{Fixed, Repo};

const RULES: &str = "[[retired]]\nmodule = \"pkg.legacy\"\n";
const LEGACY: (&str, &str) = (
    "pkg/legacy.py",
    "\"\"\"Old.\"\"\"\nfrom .modern import g\nLIMIT = 3\ndef f(x=LIMIT): return g(x)\nclass C(dict): pass\n",
);

fn repo(more: &[(&str, &str)]) -> Repo {
    let mut files = vec![
        ("pkg/__init__.py", ""),
        ("pkg/modern.py", "def g(x): return x\n"),
        LEGACY,
    ];
    files.extend_from_slice(more);
    Repo::new(&files)
}

fn deleted(fixed: &Fixed) -> Vec<&str> {
    let contents = fixed.run.contents.iter();
    contents
        .filter(|one| one.bytes.is_none())
        .map(|one| one.path.to_str().unwrap())
        .collect()
}

/// Why `pkg.legacy` stays.
fn reason(more: &[(&str, &str)]) -> String {
    let fixed = repo(more).check(RULES, Unsafe);
    assert_eq!(deleted(&fixed), [""; 0], "{more:?}");
    let found = fixed
        .findings
        .iter()
        .find(|one| one.check == "retired-module");
    found.unwrap().refusal.clone().unwrap()
}

fn applicability(more: &[(&str, &str)]) -> Applicability {
    let repo = repo(more);
    let fixed = repo.check(RULES, Unsafe);
    assert_eq!(deleted(&fixed), ["pkg/legacy.py"], "{:?}", fixed.findings);
    let fix = fixed.findings[0].fix.as_ref().unwrap();
    assert_eq!(fix.message, "delete `pkg.legacy`, which nothing uses");
    assert_eq!(fix.deletes.len(), 1);
    let is_safe = !deleted(&repo.check(RULES, Safe)).is_empty();
    assert_eq!(is_safe, fix.applicability == Safe);
    fix.applicability
}

#[test]
fn a_module_that_only_defines_names_goes() {
    assert_eq!(applicability(&[]), Safe);
    // Names that only begin like it, and its own mention of itself, are no use.
    let near = [
        ("pkg/legacy_tools.py", "X = 'pkg.legacy_tools'\n"),
        ("pkg/other.py", "legacy = 1\nprint(legacy)\n"),
        ("README.md", "`pkg.legacy` is gone.\n"),
        (
            "load.py",
            "import importlib\nimportlib.import_module('pkg.modern')\n",
        ),
    ];
    assert_eq!(applicability(&near), Safe);
}

#[test]
fn a_module_that_may_be_missed_unseen_goes_only_when_asked() {
    let effects = [
        "print('loaded')\n",
        "import os\nos.sep = '/'\n",
        "from .modern import g\n@g\ndef f(): pass\n",
        "class C:\n    x = print('loaded')\n",
        "if __name__ == '__main__':\n    from . import modern\n",
        "def __getattr__(name): pass\n",
    ];
    for text in effects {
        assert_eq!(applicability(&[("pkg/legacy.py", text)]), Unsafe, "{text}");
    }
    let loaders = [
        "import importlib\ndef load(name): return importlib.import_module(name)\n",
        "from importlib import import_module as load\nload('pkg.' + input())\n",
        "def load(name): return __import__(f'pkg.{name}')\n",
        "import pkgutil, pkg\nnames = list(pkgutil.iter_modules(pkg.__path__))\n",
    ];
    for text in loaders {
        assert_eq!(applicability(&[("load.py", text)]), Unsafe, "{text}");
    }
}

#[test]
fn a_module_that_a_text_names_stays() {
    for (path, text, why) in [
        ("app.py", "X = 'pkg.legacy:f'\n", "app.py:1 names it"),
        (
            "app.py",
            "x = 1\n# see pkg/legacy.py\n",
            "app.py:2 names it",
        ),
        (
            "app.py",
            "import importlib\nimportlib.import_module('.legacy', 'pkg')\n",
            "app.py:2 names it",
        ),
        (
            "broken.py",
            "x = (\nfrom pkg.legacy import f\n",
            "broken.py:2 names it",
        ),
        (
            "pyproject.toml",
            "[project.scripts]\nrun = 'pkg.legacy:f'\n",
            "pyproject.toml:2 names it",
        ),
        (
            "sub/setup.cfg",
            "[options.entry_points]\nconsole_scripts =\n  run = pkg.legacy:f\n",
            "",
        ),
        (
            "setup.cfg",
            "[x]\ny = pkg/legacy.py\n",
            "setup.cfg:2 names it",
        ),
        (
            "Procfile",
            "web: python -m pkg.legacy\n",
            "Procfile:1 names it",
        ),
        (
            "pkg/__init__.py",
            "__all__ = ['legacy', 'modern']\n",
            "`pkg` lists it in `__all__`",
        ),
    ] {
        if !why.is_empty() {
            assert_eq!(reason(&[(path, text)]), why);
        }
    }
    let sub = [
        ("sub/x.py", ""),
        (
            "sub/setup.cfg",
            "[options.entry_points]\nx =\n  run = pkg.legacy:f\n",
        ),
    ];
    assert_eq!(reason(&sub), "sub/setup.cfg:3 names it");
}

#[test]
fn the_rules_themselves_are_no_mention() {
    let repo = repo(&[(
        "pyproject.toml",
        "[tool.ssot]\n[[tool.ssot.retired]]\nmodule = 'pkg.legacy'\n",
    )]);
    assert_eq!(deleted(&repo.check(RULES, Safe)), ["pkg/legacy.py"]);
}

#[test]
fn the_registry_keeps_what_it_names() {
    let repo = repo(&[(
        "docs/registry.md",
        "# Imports\n\n`from pkg.legacy import f`\n",
    )]);
    let rules = format!("[project]\nregistry = \"docs/registry.md\"\n{RULES}");
    let fixed = repo.check(&rules, Unsafe);
    assert_eq!(deleted(&fixed), [""; 0]);
    let refusals: Vec<_> = fixed
        .findings
        .iter()
        .filter_map(|one| one.refusal.as_deref())
        .collect();
    assert_eq!(refusals, ["docs/registry.md:3 names it"]);
}

#[test]
fn a_package_goes_whole_or_not_at_all() {
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/legacy/__init__.py", "from .a import f\n"),
        ("pkg/legacy/a.py", "from .b.c import f\n"),
        ("pkg/legacy/b/c.py", "def f(): pass\n"),
        ("pkg/legacy/b/c.pyi", "def f(): ...\n"),
        ("pkg/legacy2.py", ""),
    ];
    let repo = Repo::new(&files);
    let all = [
        "pkg/legacy/__init__.py",
        "pkg/legacy/a.py",
        "pkg/legacy/b/c.py",
        "pkg/legacy/b/c.pyi",
    ];
    assert_eq!(deleted(&repo.check(RULES, Safe)), all);
    repo.write("pkg/legacy/b/data.json", b"{}");
    let fixed = repo.check(RULES, Unsafe);
    assert_eq!(deleted(&fixed), [""; 0]);
    assert_eq!(
        fixed.findings[0].refusal.as_deref(),
        Some("`pkg/legacy/b/data.json` stands beside it")
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_written_may_not_be_deleted() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = repo(&[]);
    let mode = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(repo.dir.path().join("pkg/legacy.py"), mode).unwrap();
    let fixed = repo.check(RULES, Unsafe);
    assert_eq!(deleted(&fixed), [""; 0]);
    assert_eq!(
        fixed.findings[0].refusal.as_deref(),
        Some("the file is read-only")
    );
}

#[test]
fn entry_points_name_the_successor_first() {
    let rules = "[[retired]]\nmodule = \"pkg.legacy\"\nuse = \"pkg.modern\"\n";
    let files = [
        (
            "pyproject.toml",
            "[project.scripts]\nrun = \"pkg.legacy:g\"  # é\nrun2 = 'pkg.legacy_tools:g'\n",
        ),
        (
            "setup.cfg",
            "[options.entry_points]\nconsole_scripts =\n  run = pkg.legacy : g [extra]\n",
        ),
    ];
    let repo = repo(&files);
    assert!(repo.check(rules, Safe).run.contents.is_empty());
    let fixed = repo.apply_check(rules, Unsafe);
    let fix = fixed.findings[0].fix.as_ref().unwrap();
    assert_eq!(fix.applicability, Unsafe);
    assert_eq!(
        fix.message,
        "name `pkg.modern` in place of `pkg.legacy` in `pyproject.toml`"
    );
    let edit = &fix.edits[0];
    assert_eq!((edit.start, edit.end, &*edit.content), (29, 35, "modern"));
    assert_eq!(
        repo.text("pyproject.toml"),
        "[project.scripts]\nrun = \"pkg.modern:g\"  # é\nrun2 = 'pkg.legacy_tools:g'\n"
    );
    assert_eq!(
        repo.text("setup.cfg"),
        "[options.entry_points]\nconsole_scripts =\n  run = pkg.modern : g [extra]\n"
    );
    // Then nothing names it any more.
    assert_eq!(deleted(&repo.check(rules, Safe)), ["pkg/legacy.py"]);
}

#[test]
fn an_entry_point_that_the_successor_lacks_stays() {
    let rules = "[[retired]]\nmodule = \"pkg.legacy\"\nuse = \"pkg.modern\"\n";
    let repo = repo(&[(
        "pyproject.toml",
        "[project.scripts]\nrun = 'pkg.legacy:f'\n",
    )]);
    let fixed = repo.check(rules, Unsafe);
    assert!(fixed.run.contents.is_empty());
    assert_eq!(
        fixed.findings[0].refusal.as_deref(),
        Some("pyproject.toml:2 names `f`, which `pkg.modern` is not known to have")
    );
}
