//! Imports within a cycle: which may move because their target is complete by then. Python imports each before and after.

use std::process::Command;

use ssot::diagnostic::Applicability::{Safe, Unsafe};

use super::support::Repo;

const RULES: &str = "[[canonical]]\nsymbol = \"pkg.util:helper\"\n";

/// A package whose parts import it while it imports them.
fn repo(package: &str, more: &[(&str, &str)]) -> Repo {
    let mut files = vec![
        ("pkg/__init__.py", package),
        ("pkg/util.py", "import pkg\ndef helper(): return 1\n"),
        ("pkg/algo.py", "import pkg\ndef f(): return pkg.helper()\n"),
    ];
    files.extend_from_slice(more);
    Repo::new(&files)
}

/// Whether each module can be imported first and the function works; none where there is no interpreter.
fn works(repo: &Repo) -> Option<bool> {
    let mut all = true;
    for first in ["pkg", "pkg.util", "pkg.algo"] {
        let run = format!("import {first}; import pkg.algo; assert pkg.algo.f() == 1");
        let done = Command::new("python3")
            .args(["-B", "-c", &run])
            .current_dir(repo.dir.path())
            .output();
        all &= done.ok()?.status.success();
    }
    Some(all)
}

#[test]
fn what_is_complete_before_a_module_begins_may_be_imported_by_it() {
    for (package, more) in [
        (
            "from pkg.util import helper\nfrom pkg import algo\n",
            &[][..],
        ),
        // Through another module that must run.
        (
            "from pkg import first\nfrom pkg.util import helper\nimport pkg.algo\n",
            &[("pkg/first.py", "import pkg.util\n")],
        ),
        // In a package below, and what functions import later is no hindrance.
        (
            "from pkg.util import helper\nfrom pkg import late\nfrom pkg import algo\n",
            &[("pkg/late.py", "def g():\n    import pkg.algo\n")],
        ),
    ] {
        let repo = repo(package, more);
        assert_ne!(works(&repo), Some(false), "{package}");
        let fixed = repo.apply_check(RULES, Safe);
        assert_eq!(
            fixed.text("pkg/algo.py").as_deref(),
            Some("import pkg.util\ndef f(): return pkg.util.helper()\n"),
            "{package}: {:?}",
            fixed.findings
        );
        assert_ne!(works(&repo), Some(false), "{package}");
        assert!(repo.check(RULES, Unsafe).run.contents.is_empty());
    }
}

#[test]
fn what_may_not_be_complete_by_then_is_not_imported() {
    for (package, more) in [
        // The other way round.
        (
            "from pkg import algo\nfrom pkg.util import helper\n",
            &[][..],
        ),
        // Perhaps not loaded at all.
        (
            "import sys\nif sys.version_info > (3, 0):\n    from pkg.util import helper\nfrom pkg import algo\n",
            &[],
        ),
        (
            "try:\n    from pkg.util import helper\nexcept ImportError:\n    pass\nfrom pkg import algo\n",
            &[],
        ),
        // A function may have loaded the module before.
        (
            "from pkg import early\nfrom pkg.util import helper\nfrom pkg import algo\n",
            &[("pkg/early.py", "def g():\n    from pkg import algo\n")],
        ),
        // So may a condition.
        (
            "from pkg import early\nfrom pkg.util import helper\nfrom pkg import algo\n",
            &[("pkg/early.py", "if not __name__:\n    import pkg.algo\n")],
        ),
        // It is still running itself.
        (
            "from pkg.util import helper\n",
            &[("pkg/util.py", "def helper(): return 1\nimport pkg.algo\n")],
        ),
    ] {
        let repo = repo(package, more);
        assert_ne!(works(&repo), Some(false), "{package}");
        let fixed = repo.check(RULES, Unsafe);
        assert_eq!(fixed.text("pkg/algo.py"), None, "{package}");
        let why = fixed.of("pkg/algo.py")[0]
            .refusal
            .clone()
            .unwrap_or_default();
        assert!(
            why.contains("needs this module while it is imported"),
            "{package}: {why}"
        );
    }
}

#[test]
fn what_a_star_brings_may_be_imported_behind_it() {
    let repo = repo(
        "from pkg.sub import *\nfrom pkg import algo\ndef g(): return helper()\n",
        &[
            ("pkg/util.py", "helper = None\n"),
            ("pkg/sub/__init__.py", "from .home import helper\n"),
            ("pkg/sub/home.py", "import pkg\ndef helper(): return 1\n"),
        ],
    );
    let rules = "[[canonical]]\nsymbol = \"pkg.sub.home:helper\"\n";
    assert_ne!(works(&repo), Some(false));
    let fixed = repo.apply_check(rules, Safe);
    let text = fixed.text("pkg/__init__.py").unwrap_or_default();
    assert!(
        text.starts_with("from pkg.sub import *\nfrom pkg.sub.home import helper\n"),
        "{text}: {:?}",
        fixed.findings
    );
    assert_ne!(works(&repo), Some(false));
}
