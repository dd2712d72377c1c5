//! What a move must not lose or change besides the object: code that an import runs, how calls work, what a star puts
//! in the place of a name.

use ssot::diagnostic::Applicability::Safe;

use super::support::Repo;

const RULES: &str = "[[canonical]]\nsymbol = \"home:get_x\"\n";
const VOUCHED: &str = "[[canonical]]\nsymbol = \"home:get_x\"\nreplaces = [\"old:get_x\"]\n";
const HOME: &str = "def get_x(): return 1\n";

/// What becomes of `from old import get_x` in `app.py`, or why nothing does.
fn moved(rules: &str, more: &[(&str, &str)]) -> Result<(), String> {
    let mut files = vec![("home.py", HOME), ("app.py", "from old import get_x\n")];
    files.extend_from_slice(more);
    let fixed = Repo::new(&files).check(rules, Safe);
    let found = fixed.of("app.py")[0];
    match fixed.text("app.py").as_deref() {
        Some("from home import get_x\n") => Ok(()),
        Some(other) => panic!("{other}"),
        None => {
            let of_app = |at: &usize| fixed.findings[*at].location == found.location;
            let mut refused = fixed.run.refused.iter();
            let dropped = refused.find(|(at, _)| of_app(at));
            let reason = found.refusal.as_ref().or(dropped.map(|(_, why)| why));
            Err(reason.cloned().unwrap_or_default())
        }
    }
}

#[test]
fn the_last_import_of_a_module_that_does_something_stays() {
    let register = "from home import get_x\nimport plugins\nplugins.add(get_x)\n";
    let plugins = ("plugins.py", "def add(one): pass\n");
    let why = "nothing else imports `old`, which runs code when it is imported";
    let files = [("old.py", register), plugins];
    assert_eq!(moved(RULES, &files), Err(why.to_owned()));
    let decorated = "from home import get_x\nimport plugins\n@plugins.add\ndef one(): pass\n";
    let files = [("old.py", decorated), plugins];
    assert_eq!(moved(RULES, &files), Err(why.to_owned()));
    // Another module loads it, it does nothing, or a rule calls it an old path.
    let files = [("old.py", register), plugins, ("more.py", "import old\n")];
    assert_eq!(moved(RULES, &files), Ok(()));
    let quiet = "from home import get_x\ndef late(): get_x()\n";
    assert_eq!(moved(RULES, &[("old.py", quiet)]), Ok(()));
    let files = [("old.py", register), plugins];
    assert_eq!(moved(VOUCHED, &files), Ok(()));
}

#[test]
fn no_rule_vouches_for_what_must_be_called_otherwise() {
    for (old, why) in [
        (
            "async def get_x(): return 1\n",
            "the canonical one is not async, this one is",
        ),
        (
            "def get_x(): yield 1\n",
            "the canonical one is not a generator, this one is",
        ),
    ] {
        assert_eq!(moved(VOUCHED, &[("old.py", old)]), Err(why.to_owned()));
    }
    // Whether other arguments will do is for the rule to say.
    let old = "def get_x(user=None): return 1\n";
    assert_eq!(moved(VOUCHED, &[("old.py", old)]), Ok(()));
}

#[test]
fn a_star_behind_a_name_may_put_another_object_in_its_place() {
    let other = ("other.py", "def get_x(): return 2\n");
    let files = [
        ("old.py", "from home import get_x\nfrom other import *\n"),
        other,
    ];
    assert!(moved(RULES, &files).is_err());
    // The star stands before it, brings nothing of that name, or the same.
    let files = [
        ("old.py", "from other import *\nfrom home import get_x\n"),
        other,
    ];
    assert_eq!(moved(RULES, &files), Ok(()));
    let files = [
        ("old.py", "from home import get_x\nfrom other import *\n"),
        (
            "other.py",
            "__all__ = ['y']\ny = 1\ndef get_x(): return 2\n",
        ),
    ];
    assert_eq!(moved(RULES, &files), Ok(()));
    let files = [
        ("old.py", "from home import get_x\nfrom other import *\n"),
        ("other.py", "from home import get_x\n"),
    ];
    assert_eq!(moved(RULES, &files), Ok(()));
}
