//! The call graph by value flow, case by case: which calls are there, and which must not be.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

/// Writes `source` as `main.py` and gives the calls as `caller -> callee reason`, without the module's name.
fn calls(source: &str, options: &[&str]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.py"), source).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .args(["--isolated", "graph", "calls"])
        .args(options)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let graph: Value = serde_json::from_slice(&output.stdout).unwrap();
    let calls = graph["calls"].as_array().unwrap().iter();
    calls
        .map(|call| {
            let name = |key: &str| call[key].as_str().unwrap().replace("main:", "");
            format!(
                "{} -> {} {}",
                name("caller"),
                name("callee"),
                name("reason")
            )
        })
        .collect()
}

fn expect(source: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|&line| line.to_owned()).collect();
    assert_eq!(calls(source, &[]), expected, "\n{source}");
}

#[test]
fn the_last_binding_counts_where_flow_is_straight() {
    expect(
        "def a(): pass\ndef b(): pass\nf = a\nf = b\nf()\n",
        &["<module> -> b direct"],
    );
    expect(
        "def a(): pass\ndef b(): pass\nf = a\nif f:\n    f = b\nf()\n",
        &["<module> -> a direct", "<module> -> b direct"],
    );
}

#[test]
fn keys_are_kept_apart() {
    expect(
        "def a(): pass\ndef b(): pass\nd = {'a': a, 'b': b}\nd['a']()\n",
        &["<module> -> a flow"],
    );
    expect(
        "def a(): pass\ndef b(): pass\ndef run(key, d):\n    d[key]()\nrun(input(), {'a': a, 'b': b})\n",
        &["<module> -> run direct", "run -> a flow", "run -> b flow"],
    );
}

#[test]
fn slices_keep_places() {
    expect(
        "def a(): pass\ndef b(): pass\ndef c(): pass\nl = [a, b, c][1:2]\nl[0]()\nfor f in l:\n    f()\n",
        &["<module> -> b flow"],
    );
}

#[test]
fn a_wrapper_stands_between_caller_and_function() {
    expect(
        "def deco(f):\n    def wrapper(*args):\n        return f(*args)\n    return wrapper\n@deco\ndef g(): pass\ng()\n",
        &[
            "<module> -> deco direct",
            "<module> -> deco.<locals>.wrapper flow",
            "deco.<locals>.wrapper -> g flow",
        ],
    );
}

#[test]
fn decorated_functions_do_not_mix() {
    let source = "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\n\
        def deco(f):\n    def wrapper(*args):\n        return f(*args)\n    return wrapper\n\
        @deco\ndef a(x): return x\n@deco\ndef b(x): return x\ndef use():\n    a(A()).m()\n    b(B()).m()\n";
    let found = calls(source, &[]);
    assert!(found.contains("use -> A.m flow"), "{found:?}");
    assert!(found.contains("use -> B.m flow"), "{found:?}");
}

#[test]
fn methods_are_found_where_the_order_says() {
    expect(
        "class A:\n    def m(self): pass\nclass B(A):\n    def m(self):\n        super().m()\nclass C(A): pass\nB().m()\nC().m()\n",
        &[
            "<module> -> A.m flow",
            "<module> -> B.m flow",
            "B.m -> A.m direct",
        ],
    );
}

#[test]
fn an_override_is_told_as_one() {
    expect(
        "class A:\n    def run(self):\n        self.step()\n    def step(self): pass\nclass B(A):\n    def step(self): pass\n",
        &["A.run -> A.step direct", "A.run -> B.step override"],
    );
}

#[test]
fn computed_names_are_followed_by_their_prefix() {
    expect(
        "class V:\n    def visit(self, node):\n        getattr(self, 'visit_' + node)()\n    def visit_a(self): pass\n    def other(self): pass\n",
        &["V.visit -> V.visit_a name-prefix"],
    );
}

#[test]
fn annotations_say_what_a_receiver_is() {
    expect(
        "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef f(x: 'A | None'):\n    x.m()\n",
        &["f -> A.m annotation"],
    );
}

#[test]
fn a_receiver_of_unknown_kind_is_guessed_only_by_telling_names() {
    let source = "class A:\n    def unmistakable(self): pass\n    def get(self): pass\ndef f(x):\n    x.unmistakable()\ndef g(x):\n    x.get()\n";
    expect(source, &["f -> A.unmistakable duck"]);
    assert!(calls(source, &["--min-confidence", "name-prefix"]).is_empty());
}

#[test]
fn operators_properties_and_managers_are_calls() {
    expect(
        "class A:\n    def __add__(self, o): pass\n    def __enter__(self): return self\n    def __exit__(self, *a): pass\n    @property\n    def p(self): pass\n    def q(self): pass\na = A()\na + 1\nwith a as b:\n    b.p\n",
        &[
            "<module> -> A.__add__ flow",
            "<module> -> A.__enter__ flow",
            "<module> -> A.__exit__ flow",
            "<module> -> A.p flow",
        ],
    );
}

#[test]
fn getattr_is_asked_for_what_is_not_there() {
    expect(
        "class A:\n    def __init__(self):\n        self.x = 1\n    def __getattr__(self, name): pass\n    def there(self):\n        self.x\n    def missing(self):\n        self.y\n",
        &["A.missing -> A.__getattr__ flow"],
    );
}

#[test]
fn a_callback_of_a_builtin_is_called_by_its_caller() {
    expect(
        "def key(x): pass\ndef other(x): pass\nsorted([1], key=key)\nprint(other)\n",
        &["<module> -> key flow"],
    );
}

#[test]
fn partials_coroutines_and_generators_hand_their_values_on() {
    expect(
        "import functools\ndef f(a, b):\n    b()\ndef g(): pass\nfunctools.partial(f, 1)(g)\n",
        &["<module> -> f flow", "f -> g flow"],
    );
    expect(
        "class A:\n    def m(self): pass\nasync def make():\n    return A()\nasync def use():\n    (await make()).m()\n",
        &["use -> A.m flow", "use -> make direct"],
    );
    expect(
        "def a(): pass\ndef gen():\n    yield a\nfor f in gen():\n    f()\n",
        &["<module> -> a flow", "<module> -> gen direct"],
    );
}

#[test]
fn what_feeds_on_itself_comes_to_an_end() {
    let source = "import functools, ext\nnode = ext.node()\nwhile node:\n    node = node.parent.parent\n\
        f = print\nfor i in range(9):\n    f = functools.partial(f, f)\nf()\n\
        class N:\n    def up(self):\n        x = self\n        while x:\n            x = [x, {'x': x}][0]\n        return x.up()\n\
        def d(g):\n    @d\n    def h(*a):\n        return g(*a, h)\n    return h\n@d\ndef k(): pass\nk()\n";
    assert!(calls(source, &[]).contains("<module> -> d direct"));
}
