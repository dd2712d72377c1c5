//! Fixes on small repositories: what moves, what is refused and why, and that nothing else happens.

#![allow(clippy::unwrap_used)]

#[path = "fix/definitions.rs"]
mod definitions;
#[path = "fix/deletions.rs"]
mod deletions;
#[path = "fix/effects.rs"]
mod effects;
#[cfg(unix)]
#[path = "fix/links.rs"]
mod links;
#[path = "fix/moves.rs"]
mod moves;
#[path = "fix/objects.rs"]
mod objects;
#[path = "fix/order.rs"]
mod order;
#[path = "fix/proof.rs"]
mod proof;
#[path = "fix/property.rs"]
mod property;
#[path = "fix/strings.rs"]
mod strings;
#[path = "fix/support.rs"]
mod support;

use ssot::diagnostic::Applicability::{Safe, Unsafe};
use ssot::fix::{fix, plan};
use support::{Fixed, Repo, Rules, canonical, spliced};

const HOME: &str = "pkg.core.manager:get_x";

/// A package whose `core` re-exports `get_x` from its home, and more files.
fn repo(more: &[(&str, &str)]) -> Repo {
    let mut files = vec![
        ("pkg/__init__.py", ""),
        (
            "pkg/core/__init__.py",
            "from .manager import get_x, other\n",
        ),
        (
            "pkg/core/manager.py",
            "def get_x(user):\n    return user\n\ndef other():\n    pass\n",
        ),
        ("app/__init__.py", ""),
    ];
    files.extend_from_slice(more);
    Repo::new(&files)
}

fn fixed(more: &[(&str, &str)]) -> Fixed {
    repo(more).fix(&canonical(HOME), Safe)
}

#[test]
fn a_name_moves_past_its_facade() {
    let fixed = fixed(&[(
        "app/a.py",
        "import os\nfrom pkg.core import get_x  # why\n\nget_x(1)\n",
    )]);
    assert_eq!(
        fixed.text("app/a.py").unwrap(),
        "import os\nfrom pkg.core.manager import get_x  # why\n\nget_x(1)\n"
    );
    let fix = fixed.of("app/a.py")[0].fix.as_ref().unwrap();
    assert_eq!(fix.applicability, Safe);
    assert_eq!(fix.message, "import `get_x` from `pkg.core.manager`");
    assert_eq!((fixed.run.applied, fixed.run.contents.len()), (1, 1));
    assert!(fixed.run.refused.is_empty());
    assert_eq!(
        String::from_utf8(fixed.run.diff()).unwrap(),
        "--- a/app/a.py\n+++ b/app/a.py\n@@ -1,4 +1,4 @@\n import os\n-from pkg.core import get_x  # why\n\
         +from pkg.core.manager import get_x  # why\n \n get_x(1)\n"
    );
}

#[test]
fn the_facade_itself_is_left_alone_and_a_statement_is_split() {
    let fixed = fixed(&[("app/a.py", "from pkg.core import get_x as g, other\n")]);
    assert_eq!(fixed.findings.len(), 1);
    assert_eq!(
        fixed.text("app/a.py").unwrap(),
        "from pkg.core import other\nfrom pkg.core.manager import get_x as g\n"
    );
}

#[test]
fn stars_uses_and_type_checking_imports_move() {
    let fixed = fixed(&[
        ("app/star.py", "from pkg.core import *\nget_x(1)\nother()\n"),
        ("app/use.py", "import pkg.core\nprint(pkg.core.get_x(1))\n"),
        (
            "app/stub.pyi",
            "from pkg.core import get_x\ndef f(x: get_x): ...\n",
        ),
        (
            "app/types.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.core import get_x\n",
        ),
    ]);
    assert_eq!(
        fixed.text("app/star.py").unwrap(),
        "from pkg.core import *\nfrom pkg.core.manager import get_x\nget_x(1)\nother()\n"
    );
    assert_eq!(
        fixed.text("app/use.py").unwrap(),
        "import pkg.core.manager\nprint(pkg.core.manager.get_x(1))\n"
    );
    assert!(
        fixed
            .text("app/stub.pyi")
            .unwrap()
            .contains("pkg.core.manager")
    );
    assert!(
        fixed
            .text("app/types.py")
            .unwrap()
            .contains("    from pkg.core.manager import get_x")
    );
    assert_eq!(fixed.run.applied, 4);
}

#[test]
fn the_canonical_module_never_imports_from_itself() {
    let accident = "from pkg.core import get_x as _get\ndef get_x(user):\n    return _get(user)\n";
    let late = "def get_x(user):\n    from pkg.core import get_x as _get\n    return _get(user)\n";
    for manager in [accident, late] {
        let fixed = repo(&[
            ("pkg/core/manager.py", manager),
            ("pkg/core/__init__.py", "from .manager import get_x\n"),
        ])
        .fix(&canonical(HOME), Unsafe);
        let reason = fixed.refusal("pkg/core/manager.py");
        assert!(reason.contains("from itself"), "{reason}");
    }
}

#[test]
fn what_the_canonical_module_needs_is_not_touched() {
    let more = [
        (
            "pkg/core/manager.py",
            "from app.helper import h\ndef get_x(user):\n    return h\n",
        ),
        ("pkg/old.py", "def get_x():\n    pass\n"),
        ("pkg/core/__init__.py", ""),
        ("app/helper.py", "from app.deep import d\nh = d\n"),
        ("app/deep.py", "from pkg.old import get_x\nd = 1\n"),
        (
            "app/late.py",
            "def f():\n    from pkg.old import get_x\n    return get_x\n",
        ),
    ];
    let fixed = repo(&more).fix(&canonical(HOME), Unsafe);
    let reason = fixed.refusal("app/deep.py");
    assert!(
        reason.contains("`pkg.core.manager` → `app.helper` → `app.deep`"),
        "{reason}"
    );
    assert!(fixed.text("app/late.py").is_some());
}

#[test]
fn a_late_import_in_what_the_canonical_module_needs_may_move() {
    let fixed = fixed(&[
        (
            "pkg/core/manager.py",
            "from app.helper import h\ndef get_x(user):\n    return h\ndef other(): pass\n",
        ),
        (
            "app/helper.py",
            "def h():\n    from pkg.core import get_x\n    return get_x\n",
        ),
    ]);
    assert!(
        fixed
            .text("app/helper.py")
            .unwrap()
            .contains("\n    from pkg.core.manager import get_x\n")
    );
}

#[test]
fn a_package_around_the_target_counts_but_not_one_around_the_site() {
    // Loading the target runs `pkg`, which imports the site.
    let outside = repo(&[
        ("pkg/__init__.py", "import app.site\n"),
        ("app/site.py", "from legacy import get_x\n"),
        ("legacy.py", "def get_x(user): pass\n"),
    ])
    .fix(&canonical(HOME), Unsafe);
    let reason = outside.refusal("app/site.py");
    assert!(reason.contains("`pkg` → `app.site`"), "{reason}");
    // `pkg` has begun to run by the time its own module does.
    let inside = repo(&[
        ("pkg/__init__.py", "from .routes import r\n"),
        ("pkg/routes.py", "from pkg.core import get_x\nr = 1\n"),
    ])
    .fix(&canonical(HOME), Safe);
    assert!(inside.text("pkg/routes.py").is_some());
}

#[test]
fn a_cycle_that_only_two_moves_close_is_caught_afterwards() {
    let repo = Repo::new(&[
        ("home.py", "import b\ndef get_x(): pass\n"),
        ("old.py", "def get_x(): pass\n"),
        ("b.py", "import c\n"),
        ("c.py", "from old import get_x\n"),
        ("d.py", "from old import get_x\n"),
    ]);
    let fixed = repo.fix(&canonical("home:get_x"), Unsafe);
    assert!(fixed.refusal("c.py").contains("needs this module"));
    assert_eq!(fixed.text("d.py").unwrap(), "from home import get_x\n");
    // Two symbols, each harmless alone: `m` to `n`'s home and the other way round.
    let repo = Repo::new(&[
        ("m.py", "from old import a\ndef b(): pass\n"),
        ("n.py", "from old import b\ndef a(): pass\n"),
        ("old.py", "def a(): pass\ndef b(): pass\n"),
    ]);
    let read = repo.read();
    let mut findings = canonical("n:a").findings(&read.index);
    findings.extend(canonical("m:b").findings(&read.index));
    plan(&read.project(), &mut findings);
    assert!(findings.iter().all(|finding| finding.fix.is_some()));
    let run = fix(&read.project(), &findings, Unsafe);
    assert!(run.contents.is_empty());
    assert_eq!((run.refused.len(), run.applied), (2, 0));
    assert!(run.refused[0].1.contains("cycle"), "{:?}", run.refused);
}

#[test]
fn a_competitor_is_unsafe_and_the_message_says_how_it_differs() {
    let more = [
        (
            "pkg/core/manager.py",
            "async def get_x(user, *, timeout=3):\n    return user\n",
        ),
        ("pkg/core/__init__.py", ""),
        (
            "pkg/rival.py",
            "print('hi')\ndef get_x(user):\n    return user\n",
        ),
        ("app/a.py", "from pkg.rival import get_x\n"),
        ("app/__init__.py", "from app.a import get_x\n"),
    ];
    let repo = repo(&more);
    let safe = repo.fix(&canonical(HOME), Safe);
    assert!(safe.run.contents.is_empty() && safe.run.applied == 0);
    let fixed = repo.fix(&canonical(HOME), Unsafe);
    let fix = fixed.of("app/a.py")[0].fix.as_ref().unwrap();
    assert_eq!(fix.applicability, Unsafe);
    assert_eq!(
        fix.message,
        "import `get_x` from `pkg.core.manager`, another object: the canonical one is async, this one is not; \
         the canonical one takes (user, *, timeout=…), this one (user); `pkg.rival` runs code when it is imported, \
         and this would not import it"
    );
    assert_eq!(
        fixed.text("app/a.py").unwrap(),
        "from pkg.core.manager import get_x\n"
    );
}

#[test]
fn uses_take_the_new_name_unless_others_read_the_old_one() {
    let rules = Rules {
        canonical: HOME,
        replaces: &["pkg.legacy:make_x", "third.party:fetch_x"],
    };
    let module = "from pkg.legacy import make_x\nmake_x()\n";
    let fixed = repo(&[
        ("pkg/legacy.py", "def make_x(): pass\n"),
        ("app/free.py", module),
        (
            "app/third.py",
            "from third.party import fetch_x\nfetch_x()\n",
        ),
        ("app/imported.py", module),
        (
            "app/reads1.py",
            "from app.imported import make_x as m\nm()\n",
        ),
        ("app/used.py", module),
        ("app/reads2.py", "import app.used\napp.used.make_x()\n"),
        ("app/starred.py", module),
        ("app/reads3.py", "from .starred import *\n"),
        ("app/handed.py", module),
        ("app/reads4.py", "from app import handed\nvars(handed)\n"),
        ("app/patched.py", module),
        (
            "app/reads5.py",
            "from unittest.mock import patch\n@patch('app.patched.make_x')\ndef f(m): pass\n",
        ),
        ("app/conftest.py", module),
        ("app/sub/__init__.py", module),
        (
            "app/late.py",
            "def f():\n    from pkg.legacy import make_x\n    return make_x()\n",
        ),
    ])
    .fix(&rules, Safe);
    let new = "from pkg.core.manager import get_x\nget_x()\n";
    assert_eq!(fixed.text("app/free.py").unwrap(), new);
    assert_eq!(fixed.text("app/third.py").unwrap(), new);
    assert_eq!(
        fixed.text("app/late.py").unwrap(),
        "def f():\n    from pkg.core.manager import get_x\n    return get_x()\n"
    );
    for kept in [
        "imported",
        "used",
        "starred",
        "handed",
        "patched",
        "conftest",
        "sub/__init__",
    ] {
        let text = fixed.text(&format!("app/{kept}.py")).unwrap();
        assert_eq!(
            text, "from pkg.core.manager import get_x as make_x\nmake_x()\n",
            "{kept}"
        );
    }
    let message = |path: &str| fixed.of(path)[0].fix.as_ref().unwrap().message.clone();
    assert_eq!(
        message("app/free.py"),
        "import `get_x` from `pkg.core.manager` and call it by that name"
    );
    assert_eq!(
        message("app/sub/__init__.py"),
        "import `get_x` from `pkg.core.manager`"
    );
}

#[test]
fn targets_of_the_project_must_exist_and_others_need_not() {
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/old.py", "def f(): pass\n"),
        ("a.py", "from pkg.old import f\n"),
    ];
    for (to, refusal) in [
        ("pkg.nowhere:f", Some("there is no module `pkg.nowhere`")),
        ("pkg:f", Some("`pkg` has no `f`")),
        ("third.party:f", None),
    ] {
        let rules = Rules {
            canonical: to,
            replaces: &["pkg.old:f"],
        };
        let fixed = Repo::new(&files).fix(&rules, Safe);
        match refusal {
            Some(reason) => assert_eq!(fixed.refusal("a.py"), reason),
            None => assert_eq!(fixed.text("a.py").unwrap(), "from third.party import f\n"),
        }
    }
}

#[test]
fn a_patched_path_that_is_read_late_stays() {
    let test = "from unittest import mock\n@mock.patch('pkg.core.get_x')\ndef test_it(m): pass\n";
    // The facade's own function reads its name: the string cannot go with the others.
    let facade = "from .manager import get_x, other\ndef own(): return get_x(1)\n";
    let more = [
        ("tests/test_it.py", test),
        ("pkg/core/__init__.py", facade),
        (
            "app/use.py",
            "from pkg import core\ndef f():\n    return core.get_x(1)\n",
        ),
        (
            "app/late.py",
            "def f():\n    from pkg.core import get_x\n    return get_x(1)\n",
        ),
        ("app/early.py", "from pkg.core import get_x\nget_x(1)\n"),
    ];
    let fixed = fixed(&more);
    for path in ["app/use.py", "app/late.py"] {
        let reason = fixed.refusal(path);
        assert!(reason.contains("tests/test_it.py:2"), "{reason}");
    }
    assert!(fixed.text("app/early.py").is_some());
    // Assigning the attribute is the same without a string.
    let mut assigned = more;
    assigned[0].1 = "import pkg.core\ndef test_it():\n    pkg.core.get_x = None\n";
    let stored = self::fixed(&assigned);
    let reason = stored.refusal("app/late.py");
    assert!(reason.contains("tests/test_it.py:3"), "{reason}");
    // A name patched where it is used stays there.
    let test = test.replace("pkg.core.get_x", "app.early.get_x");
    let mut more = more;
    more[0].1 = &test;
    assert_eq!(self::fixed(&more).run.applied, 3);
}

#[test]
fn the_last_import_of_a_submodule_that_others_read_stays() {
    let old = "from pkg.core.manager import get_x\n";
    let more = [
        ("pkg/old.py", old),
        ("pkg/__init__.py", "from .old import get_x\n"),
        ("app/a.py", "import pkg\nprint(pkg.old.__name__)\n"),
    ];
    let reason = fixed(&more).refusal("pkg/__init__.py").to_owned();
    assert!(
        reason.contains("`pkg.old`") && reason.contains("app/a.py:2"),
        "{reason}"
    );
    // Near misses: nobody reads it; the reader imports it; somebody else does.
    assert!(fixed(&more[..2]).text("pkg/__init__.py").is_some());
    let mut own = more;
    own[2].1 = "import pkg.old\nprint(pkg.old.__name__)\n";
    assert!(fixed(&own).text("pkg/__init__.py").is_some());
    let mut other = more.to_vec();
    other.push(("app/b.py", "import pkg.old\n"));
    assert!(fixed(&other).text("pkg/__init__.py").is_some());
}

#[test]
fn a_module_takes_anothers_place_only_with_what_is_read_from_it() {
    let files = [
        ("pkg/__init__.py", ""),
        ("pkg/legacy.py", "def f(): pass\ndef g(): pass\n"),
        ("pkg/modern.py", "def f(): pass\n"),
        ("a.py", "from pkg import legacy\nlegacy.f()\n"),
        ("b.py", "from pkg import legacy\nlegacy.g()\n"),
    ];
    let rules = Rules {
        canonical: "pkg:modern",
        replaces: &["pkg:legacy"],
    };
    let fixed = Repo::new(&files).fix(&rules, Safe);
    assert_eq!(
        fixed.text("a.py").unwrap(),
        "from pkg import modern\nmodern.f()\n"
    );
    assert!(fixed.refusal("b.py").contains("has no `g`"));
}

#[test]
fn broken_and_changed_files_are_left_alone() {
    let broken = fixed(&[("app/a.py", "from pkg.core import get_x\ndef (:\n")]);
    assert_eq!(broken.refusal("app/a.py"), "the file does not parse");
    let repo = repo(&[("app/a.py", "from pkg.core import get_x\n")]);
    let read = repo.read();
    let mut findings = canonical(HOME).findings(&read.index);
    plan(&read.project(), &mut findings);
    repo.write("app/a.py", b"\n\nfrom pkg.core import get_x\n");
    let run = fix(&read.project(), &findings, Safe);
    assert!(run.contents.is_empty());
    assert!(run.refused[0].1.contains("changed"), "{:?}", run.refused);
    let mut again = canonical(HOME).findings(&read.index);
    plan(&read.project(), &mut again);
    assert!(again[0].refusal.as_deref().unwrap().contains("changed"));
}

#[test]
fn rules_that_disagree_move_nothing() {
    let repo = repo(&[
        ("app/a.py", "from pkg.core import get_x\n"),
        ("b.py", "from pkg.core.manager import get_x\n"),
    ]);
    let read = repo.read();
    let mut findings = canonical(HOME).findings(&read.index);
    findings.retain(|finding| &*finding.location.path == "app/a.py");
    let mut second = findings.clone();
    plan(&read.project(), &mut second);
    assert!(second[0].fix.is_some());
    let mut other = findings[0].clone();
    other.relocation.as_mut().unwrap().to.module = "b".to_owned();
    findings.push(other);
    plan(&read.project(), &mut findings);
    for finding in &findings {
        assert!(finding.fix.is_none());
        assert!(finding.refusal.as_deref().unwrap().contains("two rules"));
    }
    // Two findings that agree share one fix.
    second.extend(second.clone());
    plan(&read.project(), &mut second);
    let run = fix(&read.project(), &second, Safe);
    assert_eq!((run.applied, run.contents.len()), (2, 1));
}

#[test]
fn a_chain_does_not_step_into_the_package_that_is_being_imported() {
    // `pkg.core` becomes an attribute of `pkg` only once its own file has run, and that imports `pkg.core.user`.
    let user =
        |body: &str| format!("from . import facade as f\nimport pkg.core.other as o\n{body}");
    let more = |text: &str| -> Repo {
        Repo::new(&[
            ("pkg/__init__.py", ""),
            ("pkg/core/__init__.py", "from . import user\n"),
            ("pkg/core/facade.py", "from .manager import get_x, other\n"),
            ("pkg/core/other.py", ""),
            (
                "pkg/core/manager.py",
                "class get_x: pass\ndef other(): pass\n",
            ),
            ("pkg/core/user.py", &user(text)),
        ])
    };
    let early = more("class C(f.get_x): pass\nr = f.other\n").fix(&canonical(HOME), Safe);
    assert_eq!(early.text("pkg/core/user.py"), None);
    assert_eq!(
        early.run.refused[0].1,
        "`pkg.core` is no attribute of its package yet when this runs, as a part of it"
    );
    let late = more("def g(): return f.get_x()\nr = f.other\n").fix(&canonical(HOME), Safe);
    assert!(
        late.text("pkg/core/user.py")
            .unwrap()
            .contains("pkg.core.manager.get_x()")
    );
}

#[test]
fn an_object_of_several_names_goes_by_the_one_that_it_is_asked_for() {
    let rules = "[[canonical]]\nsymbol = \"home:f\"\n[[canonical]]\nsymbol = \"home:g\"\n";
    let repo = Repo::new(&[
        ("home.py", "def f(): pass\ng = f\n"),
        ("facade.py", "from home import f, g\n"),
        ("a.py", "from facade import g as x, f\n"),
        ("b.py", "import facade\nfacade.g()\n"),
    ]);
    let fixed = repo.apply_check(rules, Safe);
    assert_eq!(
        fixed.text("a.py").as_deref(),
        Some("from home import g as x, f\n")
    );
    assert_eq!(
        fixed.text("b.py").as_deref(),
        Some("import home\nhome.g()\n")
    );
    let again = repo.check(rules, Unsafe);
    assert!(again.run.contents.is_empty(), "{:?}", again.findings);
    let left = again
        .findings
        .iter()
        .filter(|one| one.check == "noncanonical-import");
    assert_eq!(left.count(), 0);
}

#[test]
fn edits_count_bytes_as_they_lie_on_disk() {
    let text = [
        "# -*- coding: {} -*-",
        "x = 'é'",
        "from pkg.core import (",
        "    get_x,",
        "    other,  # ü",
        ")",
        "y = 'é'",
        "",
    ]
    .join("\r\n");
    let utf8 = text.replace("{}", "utf-8");
    let latin: Vec<u8> = text
        .replace("{}", "latin-1")
        .chars()
        .map(|ch| ch as u8)
        .collect();
    let repo = repo(&[("app/utf8.py", &utf8)]);
    repo.write("app/bom.py", format!("\u{feff}{utf8}").as_bytes());
    repo.write("app/latin.py", &latin);
    let fixed = repo.fix(&canonical(HOME), Safe);
    assert_eq!(fixed.run.contents.len(), 3, "{:?}", fixed.findings);
    let spliced = spliced(&repo, &fixed.findings);
    for contents in &fixed.run.contents {
        let path = contents.path.to_str().unwrap();
        let bytes = contents.bytes.as_ref().unwrap();
        assert_eq!(&spliced[path], bytes, "{path}");
        assert_ne!(contents.original.as_ref(), Some(bytes));
        let bare = bytes
            .iter()
            .enumerate()
            .any(|(at, byte)| *byte == b'\n' && (at == 0 || bytes[at - 1] != b'\r'));
        assert!(!bare, "{path} mixes line ends");
    }
    assert!(
        fixed.run.contents[0]
            .bytes
            .as_ref()
            .unwrap()
            .starts_with("\u{feff}#".as_bytes())
    );
}

#[test]
fn a_second_run_finds_nothing_to_do() {
    let test = "from unittest.mock import patch\np = patch('pkg.core.get_x')\n";
    let repo = repo(&[
        ("tests/test_it.py", test),
        (
            "app/a.py",
            "from pkg.core import get_x, other\nfrom pkg.core.manager import other as o\n",
        ),
        (
            "app/b.py",
            "import pkg.core as c\ndef f():\n    return c.get_x(c.other())\n",
        ),
        ("app/c.py", "from pkg.core import *\nget_x()\n"),
        ("app/d.py", "def f():\n    from pkg.core import get_x\n"),
        ("app/e.py", "from app.a import get_x\n"),
        ("app/rival.py", "def get_x(): pass\n"),
        ("app/g.py", "from app.rival import get_x\n"),
    ]);
    for wanted in [Safe, Unsafe] {
        let first = repo.apply(&canonical(HOME), wanted);
        assert!(first.run.applied > 0);
        assert!(first.run.refused.is_empty(), "{:?}", first.run.refused);
        let second = repo.apply(&canonical(HOME), wanted);
        assert_eq!(
            (second.run.applied, second.run.contents.len()),
            (0, 0),
            "{}",
            String::from_utf8_lossy(&second.run.diff())
        );
    }
    assert_eq!(
        repo.text("app/e.py"),
        "from pkg.core.manager import get_x\n"
    );
}
