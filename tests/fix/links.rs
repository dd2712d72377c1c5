//! Files that are one, by symbolic links: a fix must be right under each of their names.

use std::os::unix::fs::symlink;

use ssot::diagnostic::Applicability::Safe;
use ssot::fix::links::without_links;

use super::support::{Fixed, Repo};

const RULES: &str = "[[canonical]]\nsymbol = \"one.home:get_x\"\n";

/// Two packages; `two/m.py` is a link to `one/m.py`.
fn repo(more: &[(&str, &str)]) -> Repo {
    let mut files = vec![
        ("one/__init__.py", ""),
        ("one/home.py", "def get_x(): return 1\n"),
        ("one/core.py", "from one.home import get_x\n"),
        ("two/__init__.py", ""),
    ];
    files.extend_from_slice(more);
    let repo = Repo::new(&files);
    symlink("../one/m.py", repo.dir.path().join("two/m.py")).unwrap();
    repo
}

fn changed(fixed: &Fixed) -> Vec<&str> {
    let contents = fixed.run.contents.iter();
    contents.map(|one| one.path.to_str().unwrap()).collect()
}

#[test]
fn what_is_right_under_both_names_is_done_once() {
    let repo = repo(&[("one/m.py", "from one.core import get_x\nx = get_x()\n")]);
    let fixed = repo.check(RULES, Safe);
    assert_eq!(changed(&fixed), ["one/m.py", "two/m.py"]);
    let once = without_links(repo.dir.path(), fixed.run.contents);
    let paths: Vec<_> = once.iter().map(|one| one.path.to_str()).collect();
    assert_eq!(paths, [Some("one/m.py")]);
    let text = String::from_utf8(once[0].bytes.clone().unwrap()).unwrap();
    assert_eq!(text, "from one.home import get_x\nx = get_x()\n");
}

#[test]
fn what_is_wrong_under_one_name_is_refused_under_the_other() {
    let text = "from .core import get_x\nx = get_x()\n";
    let other = "def get_x(): return 2\n";
    let repo = repo(&[("one/m.py", text), ("two/core.py", other)]);
    let fixed = repo.check(RULES, Safe);
    assert_eq!(changed(&fixed), [""; 0]);
    let reasons: Vec<&str> = fixed.run.refused.iter().map(|(_, why)| &**why).collect();
    assert_eq!(
        reasons,
        ["the same file is `two/m.py`, where this would be wrong"]
    );
}

#[test]
fn a_module_that_a_link_leads_to_stays() {
    let rules = "[[retired]]\nmodule = \"one.m\"\n";
    let repo = repo(&[("one/m.py", "X = 1\n")]);
    let fixed = repo.check(rules, Safe);
    assert_eq!(changed(&fixed), [""; 0]);
    let found = fixed
        .findings
        .iter()
        .find(|one| one.check == "retired-module");
    let reason = found.unwrap().refusal.as_deref();
    assert_eq!(reason, Some("`two/m.py` leads to it"));
}
