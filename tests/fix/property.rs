//! Generated projects: Python sees the same objects after a fix, and a second one finds nothing to do.

use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use ssot::diagnostic::Applicability::Safe;

use super::support::{Fixed, Repo};

const RULES: &str = "[[canonical]]\nsymbol = \"pkg.core.home:get_x\"\n[[canonical]]\nsymbol = \"pkg.core.home:Base\"\n\
                     [[canonical]]\nsymbol = \"pkg.side:new\"\nreplaces = [\"pkg:old\"]\n\
                     [[retired]]\nmodule = \"pkg.legacy\"\nuse = \"pkg.side\"\n";

/// Statements of a module in `app`; `@` is a number.
const PARTS: [&str; 25] = [
    "from pkg import get_x\nr@ = get_x\n",
    "from pkg import get_x as g@, other  # why\nr@ = g@, other\n",
    "from pkg.core import (\n    Base,  # noqa\n    get_x,\n)\nr@ = Base, get_x\n",
    "from pkg.core.home import get_x\nr@ = get_x\n",
    "from pkg import old\nr@ = old\n",
    "from pkg import old\ndef f@(): return old\nr@ = f@()\n",
    "def f@():\n    from pkg import old, other\n    return [old for _ in (1,)], other\nr@ = f@()\n",
    "import pkg\nr@ = pkg.get_x, pkg.core.Base\n",
    "import pkg.core\nr@ = pkg.core.get_x\n",
    "import pkg.core as c@\nr@ = c@.get_x, c@.Base\n",
    "import pkg.core as c@, pkg.side\nr@ = c@.get_x, c@.plain, pkg.side.new\n",
    "from pkg import core\nr@ = core.get_x\n",
    "from pkg import core as k@\nr@ = [k@.Base for k in (1,)]\n",
    "from pkg import *\nr@ = get_x, other\n",
    "try:\n    from pkg import Base\nexcept ImportError:\n    Base = None\nr@ = Base\n",
    "if len('x') == @:\n    from pkg import get_x\nelse:\n    from pkg.core import get_x\nr@ = get_x\n",
    "x@ = 1; from pkg import get_x; r@ = get_x\n",
    "class C@:\n    from pkg import get_x\n    r = get_x\nr@ = C@.r, C@.__dict__['get_x']\n",
    "class D@(__import__('pkg').Base):\n    pass\nr@ = D@.__mro__[1]\n",
    "from pkg.legacy import new\nr@ = new\n",
    "import pkg.legacy as l@\nr@ = l@.new\n",
    "from pkg import legacy\nr@ = legacy.new\n",
    "from . import app0\n",
    "from .app0 import *\n",
    "get_x = @\n",
];

const JUDGE: &str = "
import importlib, json, sys
def show(value):
    if isinstance(value, (tuple, list)):
        return [show(one) for one in value]
    return str(getattr(value, '__module__', '')) + ':' + str(getattr(value, '__qualname__', value))
found = {}
for name in ('app0', 'app1', 'app2'):
    try:
        module = importlib.import_module('app.' + name)
    except Exception as error:
        found[name] = type(error).__name__
    else:
        found[name] = {k: show(v) for k, v in vars(module).items() if k[0] == 'r' and k[1:].isdigit()}
print(json.dumps(found, sort_keys=True))
";

fn seen(repo: &Repo) -> Option<String> {
    let output = Command::new("python3")
        .args(["-B", "-c", JUDGE])
        .current_dir(repo.dir.path())
        .output()
        .ok()?;
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The new texts.
fn changes(fixed: &Fixed) -> Vec<(String, String)> {
    let paths = fixed
        .run
        .contents
        .iter()
        .map(|new| new.path.to_str().unwrap());
    paths
        .map(|path| (path.to_owned(), fixed.text(path).unwrap()))
        .collect()
}

#[test]
fn generated_projects_keep_their_objects_and_are_fixed_at_once() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let module = prop::collection::vec(0..PARTS.len(), 1..6);
    let modules = prop::collection::vec(module, 3..=3);
    let mut changed = 0;
    for _ in 0..20 {
        let chosen = modules.new_tree(&mut runner).unwrap().current();
        let texts: Vec<String> = chosen
            .iter()
            .map(|parts| {
                let parts = parts.iter().enumerate();
                parts
                    .map(|(at, part)| PARTS[*part].replace('@', &at.to_string()))
                    .collect()
            })
            .collect();
        let repo = Repo::new(&[
            (
                "pkg/__init__.py",
                "from .core import get_x, Base, other\nfrom .side import new as old\nfrom . import legacy\n",
            ),
            (
                "pkg/core/__init__.py",
                "from .home import get_x, Base, other\nplain = 1\n",
            ),
            (
                "pkg/core/home.py",
                "def get_x(): pass\nclass Base: pass\ndef other(): pass\n",
            ),
            ("pkg/side.py", "def new(): pass\n"),
            ("pkg/legacy.py", "from .side import new\n"),
            ("app/__init__.py", ""),
            ("app/app0.py", &texts[0]),
            ("app/app1.py", &texts[1]),
            ("app/app2.py", &texts[2]),
        ]);
        let before = seen(&repo);
        let planned = repo.check(RULES, Safe);
        let fixed = repo.apply_check(RULES, Safe);
        assert_eq!(changes(&planned), changes(&fixed));
        changed += fixed.run.contents.len();
        let report = || format!("{}\n{:?}", texts.join("----\n"), changes(&fixed));
        assert_eq!(before, seen(&repo), "{}", report());
        let again = repo.check(RULES, Safe);
        assert!(
            again.run.contents.is_empty(),
            "{}\nthen\n{:?}",
            report(),
            changes(&again)
        );
    }
    assert!(changed > 20, "only {changed} files changed");
}
