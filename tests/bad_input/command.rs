//! Command lines and rules files with mistakes.

use std::process::Stdio;

use super::support::{CYCLE, Tree};

fn tree() -> Tree {
    Tree::new(&[("m.py", CYCLE.as_bytes())])
}

#[test]
fn what_cannot_be_done_is_two_and_says_why() {
    for (line, words) in [
        ("check --config none.toml", "there is no such file"),
        ("check --config .", "cannot read the rules file"),
        (
            "check --select mutual-recursoin",
            "did you mean `mutual-recursion`?",
        ),
        (
            "check --ignore mutual-recursoin",
            "did you mean `mutual-recursion`?",
        ),
        ("check --min-score 200", "0 to 100"),
        ("check --output-format yaml", "json"),
        (
            "check --output-file no/such/folder.txt",
            "cannot write no/such/folder.txt",
        ),
        ("check --output-file .", "cannot write ."),
        ("check -j 0", "--jobs"),
        ("check nowhere", "cannot check nowhere"),
        ("check m.py/x", "cannot check m.py/x"),
        ("check ..", "not below the project root"),
        ("why m:f m:g", "m:g"),
    ] {
        let said = tree().run(line);
        assert_eq!(said.status, Some(2), "{line}");
        assert!(said.err.contains(words), "{line}: {}", said.err);
        assert!(!said.err.contains("error: error"), "{line}: {}", said.err);
        assert_eq!(said.out, "", "{line}");
    }
}

#[test]
fn more_threads_than_there_can_be_are_no_problem() {
    assert_eq!(tree().run("check --isolated -j 1000000").status, Some(1));
}

#[test]
fn mistakes_in_the_rules_are_underlined() {
    for (rules, place, words) in [
        ("x", "ssot.toml:1:2", "expected"),
        ("canonicl = 1", "ssot.toml:1:1", "did you mean `canonical`?"),
        (
            "[checks]\nself-recursoin = 'off'",
            "ssot.toml:2:1",
            "did you mean `self-recursion`?",
        ),
        (
            "[checks]\nself-recursion = 'of'",
            "ssot.toml:2:18",
            "did you mean `off`?",
        ),
        ("[gate]\nmin-score = 200", "ssot.toml:2:13", "100"),
        ("[gate]\nmin-score = 'a'", "ssot.toml:2:13", "number"),
        ("[factories]\npattern = '('", "ssot.toml:2:11", "("),
        ("[project]\nexclude = ['[']", "ssot.toml:2:12", "["),
        ("[[canonical]]\nsymbol = 'a.b'", "ssot.toml:2:10", "colon"),
        (
            "[[canonical]]\nsymbl = 'a:b'",
            "ssot.toml:2:1",
            "did you mean `symbol`?",
        ),
        ("[[canonical]]\nreason = 'x'", "ssot.toml:1", "symbol"),
        ("[[retired]]\nmodule = 3", "ssot.toml:2:10", "string"),
        ("[[contract]]\ntype = 'layer'", "ssot.toml:2:8", "layers"),
        (
            "[[allow]]\ncheck = 'nope'\nreason = 'x'",
            "ssot.toml:2:9",
            "nope",
        ),
        (
            "extend = ['nowhere.toml']",
            "ssot.toml:1:11",
            "nowhere.toml",
        ),
        ("extend = ['ssot.toml']", "ssot.toml:1:11", "ssot.toml"),
    ] {
        let tree = tree();
        tree.write("ssot.toml", rules);
        let said = tree.run("check");
        assert_eq!(said.status, Some(2), "{rules}: {}{}", said.out, said.err);
        assert!(
            said.err.contains(place) && said.err.contains('^'),
            "{rules}: {}",
            said.err
        );
        assert!(said.err.contains(words), "{rules}: {}", said.err);
    }
}

#[test]
fn a_broken_pyproject_counts_when_it_seems_to_hold_rules() {
    let tree = tree();
    tree.write("pyproject.toml", "[tool.ssot\n");
    let said = tree.run("check");
    assert_eq!(said.status, Some(2));
    assert!(said.err.contains("pyproject.toml:1:11"), "{}", said.err);
    tree.write("pyproject.toml", "[tool.other\n");
    assert_eq!(tree.run("check").status, Some(1));
    tree.write("pyproject.toml", b"\xff[tool.ssot]");
    assert_eq!(tree.run("check").status, Some(1));
}

#[test]
fn rules_that_are_no_text_are_an_error() {
    let tree = tree();
    tree.write("ssot.toml", b"\xff");
    let said = tree.run("check");
    assert_eq!(said.status, Some(2));
    assert!(said.err.contains("not UTF-8"), "{}", said.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure_of_the_tool() {
    let tree = Tree::new(&[("m.py", CYCLE.repeat(3).as_bytes())]);
    for at in 0..200 {
        let text = format!("def f{at}(x):\n    return f{at}(x)\n").repeat(20);
        tree.write(&format!("m{at}.py"), text);
    }
    let mut child = tree
        .command("check --isolated")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
