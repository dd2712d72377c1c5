//! Definitions that the rules map to the canonical one: an import takes their place, or the finding says why not.

use ssot::diagnostic::Applicability::{Safe, Unsafe};

use super::support::{Fixed, Repo};

const RULES: &str =
    "[[canonical]]\nsymbol = \"home:get_x\"\nreplaces = [\"pkg.old:get_x\", \"pkg.older:get_x\"]\n";

fn repo(home: &str, old: &str, more: &[(&str, &str)]) -> Repo {
    let mut files = vec![
        ("home.py", home),
        ("pkg/__init__.py", ""),
        ("pkg/old.py", old),
        (
            "app.py",
            "import pkg.old\n\nprint(pkg.old.other(pkg.old.get_x(1)))\n",
        ),
    ];
    files.extend_from_slice(more);
    Repo::new(&files)
}

/// Why the finding about competitors has no fix.
fn refusal(fixed: &Fixed) -> &str {
    let mut findings = fixed.findings.iter();
    let finding = findings
        .find(|one| one.check == "duplicate-definition")
        .unwrap();
    assert!(finding.fix.is_none(), "{finding:?}");
    finding.refusal.as_deref().unwrap()
}

const HOME: &str = "def get_x(user, *, deep=False):\n    return user\n";

#[test]
fn an_import_takes_the_place_of_a_competitor() {
    let old = "import os\n\n__all__ = ['get_x', 'other']\n\n# The factory.\ndef get_x(user, *, deep=True):\n    # not nice\n    \
               from os import path\n    return os, path  # why\n\n\ndef other(x):\n    return get_x(x)\n";
    let repo = repo(
        HOME,
        old,
        &[(
            "pkg/older.py",
            "class A:\n    pass\ndef get_x(user, *, deep=1): return 1\nb = 2\n",
        )],
    );
    assert!(repo.check(RULES, Safe).text("pkg/old.py").is_none());
    let fixed = repo.apply_check(RULES, Unsafe);
    assert_eq!(
        fixed.text("pkg/old.py").unwrap(),
        "import os\n\n__all__ = ['get_x', 'other']\n\n# The factory.\nfrom home import get_x  # why\n\n\n\
         def other(x):\n    return get_x(x)\n"
    );
    assert_eq!(
        fixed.text("pkg/older.py").unwrap(),
        "class A:\n    pass\nfrom home import get_x\nb = 2\n"
    );
    assert!(fixed.text("app.py").unwrap().contains("home.get_x(1)"));
    let again = repo.check(RULES, Unsafe);
    assert!(again.run.contents.is_empty(), "{:?}", again.findings);
}

#[test]
fn a_definition_that_callers_can_tell_apart_stays() {
    for (old, reason) in [
        (
            "async def get_x(user, *, deep=True): pass\n",
            "the canonical one is not async, this one is; called in app.py:3",
        ),
        (
            "def get_x(user): pass\n",
            "the canonical one takes (user, *, deep=…), this one (user); called in app.py:3",
        ),
        (
            "class get_x:\n    pass\n",
            "the canonical one is no class; called in app.py:3",
        ),
        (
            "def register(f): return f\n@register\ndef get_x(user, *, deep=True): pass\n",
            "its decorators may do more than make it",
        ),
        (
            "def get_x(user, *, deep=True): pass\ndef get_x(user, *, deep=True): return 1\n",
            "`get_x` is also bound elsewhere in its scope",
        ),
        (
            "if 1 > 0:\n    def get_x(user, *, deep=True): pass\n",
            "the definition is not the only one of its name, or stands in a branch",
        ),
    ] {
        let fixed = repo(HOME, old, &[]).check(RULES, Unsafe);
        assert_eq!(refusal(&fixed), reason, "{old}");
        assert!(fixed.text("pkg/old.py").is_none());
    }
}

#[test]
fn what_the_canonical_module_needs_keeps_its_definition() {
    let home = "from pkg.old import other\ndef get_x(user, *, deep=False):\n    return user\n";
    let old = "def get_x(user, *, deep=True): pass\ndef other(x): pass\n";
    let fixed = repo(home, old, &[]).check(RULES, Unsafe);
    let reason = refusal(&fixed);
    assert!(reason.contains("needs this module"), "{reason}");
}

#[test]
fn a_class_needs_the_members_of_the_one_it_replaces() {
    let rules = "[[canonical]]\nsymbol = \"home:Box\"\nreplaces = [\"pkg.old:Box\"]\n";
    let old = "class Box:\n    def get(self): pass\n    def _own(self): pass\n";
    let base = "class Base:\n    def get(self): pass\nclass Box(Base):\n    pass\n";
    let repo = |home: &str| {
        Repo::new(&[
            ("home.py", home),
            ("pkg/__init__.py", ""),
            ("pkg/old.py", old),
        ])
    };
    let fixed = repo(base).check(rules, Unsafe);
    assert_eq!(fixed.text("pkg/old.py").unwrap(), "from home import Box\n");
    let fixed = repo("class Box:\n    pass\n").check(rules, Unsafe);
    assert_eq!(
        refusal(&fixed),
        "the canonical class is not known to have `get`"
    );
}

#[test]
fn a_retired_definition_that_nothing_uses_goes() {
    let rules = "[[retired]]\nsymbol = \"**:Adapter\"\n";
    let fixed =
        |shim: &str, more: (&str, &str)| Repo::new(&[("shim.py", shim), more]).check(rules, Unsafe);
    let nothing = ("other.py", "x = 1\n");
    for (before, after) in [
        (
            "import os\n\n\nclass Adapter:\n    # old\n    def m(self): return Adapter\n\n\ndef f(): return os\n",
            "import os\n\n\ndef f(): return os\n",
        ),
        (
            "__all__ = ['a', 'Adapter', 'b']\na = b = 1\ndef Adapter(): pass\n",
            "__all__ = ['a', 'b']\na = b = 1\n",
        ),
        (
            "__all__ = ['b', 'Adapter']\nb = 1\ndef Adapter(): pass\n",
            "__all__ = ['b']\nb = 1\n",
        ),
        (
            "__all__ = ('Adapter',)\ndef Adapter(): pass\n",
            "__all__ = ()\n",
        ),
    ] {
        let fixed = fixed(before, nothing);
        assert_eq!(
            fixed.text("shim.py").as_deref(),
            Some(after),
            "{:?}",
            fixed.findings
        );
        let fix = fixed.of("shim.py")[0].fix.as_ref().unwrap();
        assert_eq!(fix.applicability, Unsafe);
        assert_eq!(fix.message, "remove `Adapter`, which nothing uses");
    }
    for (shim, more, reason) in [
        (
            "class Adapter: pass\nx = Adapter\n",
            nothing,
            Some("its own module uses it"),
        ),
        (
            "class Adapter: pass\nx: 'Adapter' = 1\n",
            nothing,
            Some("its own module uses it"),
        ),
        (
            "import a\n@a.b\nclass Adapter: pass\n",
            nothing,
            Some("its decorators may do more than make it"),
        ),
        (
            "class Adapter: pass\n",
            ("other.py", "NAMES = ['shim.Adapter']\n"),
            Some("a text names `shim.Adapter`"),
        ),
        (
            "class Adapter: pass\n",
            ("pyproject.toml", "[project.scripts]\na = 'shim:Adapter'\n"),
            Some("a text names `shim.Adapter`"),
        ),
        (
            "class Adapter: pass\n",
            ("other.py", "from shim import Adapter\n"),
            None,
        ),
        (
            "class Adapter: pass\n",
            ("other.py", "from shim import *\n"),
            None,
        ),
    ] {
        let fixed = fixed(shim, more);
        assert!(fixed.text("shim.py").is_none(), "{shim} {more:?}");
        assert_eq!(
            fixed.of("shim.py")[0].refusal.as_deref(),
            reason,
            "{shim} {more:?}"
        );
    }
}
