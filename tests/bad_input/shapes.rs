//! Shapes that only generators write: deep, long, wide and circular. The debug build has the larger stack frames.

use super::support::{CYCLE, Said, Tree};

const DEEP: usize = 100_000;

/// Checks `text` beside a file that must still be analysed.
fn check(what: &str, text: &str) -> Said {
    let tree = Tree::new(&[("m.py", text.as_bytes()), ("good.py", CYCLE.as_bytes())]);
    let said = tree.check();
    assert!(
        said.tells("good.py:2:12: error[self-recursion]"),
        "{what}: {:.500}",
        said.out
    );
    said
}

fn around(open: &str, inner: &str, close: &str, levels: usize) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

#[test]
fn deep_expressions() {
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("{", "1", "}"),
        ("f(", "1", ")"),
        ("", "a", ".b"),
        ("", "f", "()"),
        ("", "a", ".b()"),
        ("", "a", "[0]"),
        ("", "1", " + 1"),
        ("", "1", " ** 1"),
        ("", "a", " and f()"),
        ("", "1", " < 1"),
        ("not ", "1", ""),
        ("-", "1", ""),
        ("1 if f() else ", "1", ""),
        ("lambda a: ", "1", ""),
        ("[", "1", " for a in b]"),
        ("f\"{", "1", "}\""),
        ("(a := ", "1", ")"),
        ("*[", "", "]"),
        ("\"a\" ", "\"\"", ""),
    ] {
        let text = format!("x = [{}]\n", around(open, inner, close, DEEP));
        check(&format!("{open}…{close}"), &text);
    }
    check("unclosed", &"(".repeat(DEEP));
    check(
        "await",
        &format!("async def g():\n    {}g()\n", "await ".repeat(20_000)),
    );
    check(
        "annotation",
        &format!("x: {}\n", around("A[", "int", "]", DEEP)),
    );
    check(
        "partial",
        &format!(
            "from functools import partial\nx = {}\n",
            around("partial(f, ", "1", ")", 20_000)
        ),
    );
}

#[test]
fn deep_targets_and_patterns() {
    for levels in [5_000, 50_000] {
        check(
            "target",
            &format!("{} = b\n", around("(", "a", ",)", levels)),
        );
        check(
            "list target",
            &format!("for {} in b: pass\n", around("[", "a", "]", levels)),
        );
        check(
            "starred",
            &format!("{} = b\n", around("[*", "a", "]", levels)),
        );
        check("del", &format!("del {}\n", around("(", "a", ",)", levels)));
        check(
            "with",
            &format!("with b as {}: pass\n", around("(", "a", ",)", levels)),
        );
        check(
            "pattern",
            &format!("match x:\n  case {}: pass\n", around("[", "a", "]", levels)),
        );
        check(
            "class pattern",
            &format!(
                "match x:\n  case {}: pass\n",
                around("A(b=", "a", ")", levels)
            ),
        );
    }
}

#[test]
fn deep_statements() {
    for header in [
        "def f():",
        "class C:",
        "if a:",
        "while a:",
        "for a in b:",
        "with a:",
        "async def f():",
        "match a:\n{}case 1:",
    ] {
        let levels = 1_000;
        let mut text = String::new();
        for level in 0..levels {
            let indent = " ".repeat(2 * level);
            let inner = " ".repeat(2 * level + 1);
            text.push_str(&format!("{indent}{}\n", header.replace("{}", &inner)));
        }
        text.push_str(&format!("{}f()\n", " ".repeat(2 * levels)));
        check(header, &text);
    }
    let opened: String = (0..1_000)
        .map(|at| format!("{}try:\n", " ".repeat(at)))
        .collect();
    let closed: String = (0..1_000)
        .rev()
        .map(|at| format!("{}finally: h()\n", " ".repeat(at)))
        .collect();
    check(
        "try",
        &format!("{opened}{}f()\n{closed}", " ".repeat(1_000)),
    );
}

/// `count` lines made by `line`.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[test]
fn long_constructs() {
    let recursive = check(
        "elif",
        &format!(
            "def g(x):\n    if x: pass\n{}",
            lines(70_000, |at| format!("    elif x == {at}: g({at})\n"))
        ),
    );
    assert!(
        recursive.tells("m.py:3:18: info[self-recursion]"),
        "{}",
        recursive.out
    );
    check(
        "match",
        &format!(
            "match x:\n{}",
            lines(70_000, |at| format!("  case {at}: v = 1\n"))
        ),
    );
    check(
        "except",
        &format!(
            "try: g()\n{}",
            lines(10_000, |at| format!("except E{at}: v = 1\n"))
        ),
    );
    check(
        "decorators",
        &format!("{}def h(): pass\n", "@d\n".repeat(50_000)),
    );
    check(
        "with items",
        &format!("with {}: pass\n", vec!["o() as n"; 10_000].join(", ")),
    );
    check(
        "parameters",
        &format!("def h({}): h()\n", lines(20_000, |at| format!("a{at}=1, "))),
    );
    check("semicolons", &"a = 1; ".repeat(50_000));
    check("errors", &"x = ) (\n".repeat(5_000));
    let said = check(
        "import",
        &format!(
            "from good import {}\n",
            (0..20_000)
                .map(|at| format!("n{at}"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    );
    assert_eq!(said.out.lines().count(), 20_001);
}

#[test]
fn one_name_with_many_meanings() {
    for line in [
        "if x: v = 1\n",
        "if x:\n  def v(): v()\n",
        "if x: from good import f as v\n",
        "if x: v = v\n",
        "v = v\n",
        "def g():\n  global v\n  v = v\n",
        "def g():\n  global v\n  def v(): v()\n",
        "def v(): v()\nv()\n",
        "v = v()\n",
        "for v in v: v()\n",
        "try: v = v\nexcept E: v = w\n",
    ] {
        check(line, &format!("{}v()\n", line.repeat(3_000)));
    }
}

#[test]
fn the_arms_past_the_sixty_fourth_count() {
    let arms = lines(70, |at| {
        format!("elif x == {at}: from good import f as v\n")
    });
    let text = format!(
        "def v(): pass\nif x: from good import f as v\n{arms}elif y: pass\nelse: from good import f as v\ndef g(): v(); g()\n"
    );
    let tree = Tree::new(&[("m.py", text.as_bytes()), ("good.py", CYCLE.as_bytes())]);
    let graph = tree.run("graph calls --isolated").out;
    assert!(
        graph.contains("\"callee\": \"m:v\""),
        "the arm that leaves `v` alone was forgotten:\n{graph}"
    );
}

#[test]
fn hierarchies_of_classes() {
    let chain = lines(5_000, |at| {
        format!("class C{}(C{at}):\n  def f(self): self.g()\n", at + 1)
    });
    check("deep", &format!("class C0: pass\n{chain}"));
    let diamonds = lines(200, |at| {
        let next = at + 1;
        format!(
            "class L{at}(A{at}): pass\nclass R{at}(A{at}): pass\nclass A{next}(L{at}, R{at}): pass\n"
        )
    });
    check(
        "diamonds",
        &format!("class A0:\n  def f(self): self.f()\n{diamonds}A200().f()\n"),
    );
    check(
        "ring",
        &lines(2_000, |at| {
            format!(
                "class C{at}(C{}):\n  def f(self): self.f()\n",
                (at + 1) % 2_000
            )
        }),
    );
    let bases: String = lines(1_000, |at| format!("C{at}, "));
    check(
        "wide",
        &format!(
            "{}class Z({bases}): pass\n",
            lines(1_000, |at| format!("class C{at}: pass\n"))
        ),
    );
}

#[test]
fn chains_and_rings_of_aliases() {
    let count = 10_000;
    let said = check(
        "chain",
        &format!(
            "def a0(): a{count}()\n{}",
            lines(count, |at| format!("a{} = a{at}\n", at + 1))
        ),
    );
    assert!(
        said.tells("m.py:1:11: error[self-recursion]"),
        "{}",
        said.out
    );
    check(
        "backwards",
        &lines(count, |at| format!("a{at} = a{}\n", at + 1)),
    );
    check(
        "ring",
        &lines(count, |at| format!("a{at} = a{}\n", (at + 1) % count)),
    );
    let names: String = (0..count)
        .map(|at| format!("a{at}"))
        .collect::<Vec<_>>()
        .join(", ");
    check(
        "late ring",
        &format!(
            "def g():\n  global {names}\n{}",
            lines(count, |at| format!("  a{at} = a{}\n", (at + 1) % count))
        ),
    );
}

/// `count` modules, the text of each made by `text`, and one file that must still be analysed.
fn modules(count: usize, text: impl Fn(usize) -> String) -> Tree {
    let tree = Tree::new(&[("good.py", CYCLE.as_bytes())]);
    for at in 0..count {
        tree.write(&format!("m{at}.py"), text(at));
    }
    tree
}

#[test]
fn chains_of_re_exports() {
    let count = 5_000;
    for star in [false, true] {
        let tree = modules(count, |at| match (star, at + 1 == count) {
            (_, true) => "def X(): pass\n".to_owned(),
            (true, _) => format!("from m{} import *\n", at + 1),
            (false, _) => format!("from m{} import X\n", at + 1),
        });
        tree.write("user.py", "from m0 import X, Y\n");
        let said = tree.check();
        assert!(
            said.tells("user.py:1:19: error[unresolved-import]"),
            "{}",
            said.out
        );
        assert_eq!(said.out.lines().count(), 2, "{}", said.out);
    }
}

#[test]
fn rings_of_re_exports() {
    let count = 1_000;
    let next = |at: usize| (at + 1) % count;
    let other = |at: usize| (at * 7 + 3) % count;
    for tree in [
        modules(count, |at| format!("from m{} import X\n", next(at))),
        modules(count, |at| {
            format!(
                "try:\n  from m{} import X\nexcept ImportError:\n  from m{} import X\n",
                next(at),
                other(at)
            )
        }),
        modules(count, |at| {
            format!(
                "from m{} import X\nfrom m{} import *\n",
                next(at),
                other(at)
            )
        }),
        modules(count, |at| format!("import m{0}\na = m{0}.a\n", next(at))),
        modules(count, |at| {
            format!("from m{} import *\ny{at} = 1\nprint(y3, nope)\n", next(at))
        }),
        modules(count, |at| {
            format!(
                "class C(m{0}.C): pass\nfrom m{0} import C as D\nimport m{0}\n",
                next(at)
            )
        }),
    ] {
        tree.write("user.py", "from m0 import nope\n");
        let said = tree.check();
        assert!(
            said.tells("user.py:1:16: error[unresolved-import]"),
            "{:.500}",
            said.out
        );
        assert!(
            said.tells("good.py:2:12: error[self-recursion]"),
            "{:.500}",
            said.out
        );
    }
}

#[test]
fn a_ring_with_a_way_out_finds_it_from_everywhere() {
    let tree = modules(50, |at| match at {
        25 => "try:\n  from m26 import X\nexcept ImportError:\n  def X(): pass\n".to_owned(),
        _ => format!("from m{} import X\n", (at + 1) % 50),
    });
    let said = tree.check();
    assert!(!said.out.contains("unresolved-import"), "{}", said.out);
}

#[test]
fn modules_that_all_star_each_other() {
    let count = 100;
    let stars = lines(count, |at| format!("from m{at} import *\n"));
    let tree = modules(count, |at| {
        format!("{stars}def y{at}(): y{at}()\ny3(); nope()\n")
    });
    tree.write("user.py", "from m0 import y99, nope\n");
    let said = tree.check();
    assert!(
        said.tells("user.py:1:21: error[unresolved-import]"),
        "{:.500}",
        said.out
    );
    assert!(
        !said.out.contains("`y99`") || !said.tells("user.py:1:16"),
        "{:.500}",
        said.out
    );
}

#[test]
fn many_small_files() {
    let tree = modules(20_000, |at| {
        format!(
            "import os\nfrom m{} import x\nx = {at}\n",
            at.saturating_sub(1)
        )
    });
    let said = tree.check();
    assert!(said.tells("good.py:2:12"), "{:.500}", said.out);
}

#[test]
fn deep_folders() {
    let tree = Tree::new(&[("good.py", CYCLE.as_bytes())]);
    tree.write(&format!("{}m.py", "d/".repeat(300)), CYCLE);
    assert_eq!(tree.check().out.lines().count(), 2);
}

/// A file as a generator writes it. Slow unless built for release.
#[test]
#[ignore = "50 MB"]
fn a_huge_file() {
    let text = lines(900_000, |at| {
        format!("def f{at}(x):\n    return f{}(x) + {at}\n", at + 1)
    });
    assert!(text.len() > 40 << 20);
    check("huge", &text);
}
