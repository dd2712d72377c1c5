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

/// What a run on `source` prints.
fn printed(source: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.py"), source).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .arg("--isolated")
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn why_tells_the_calls_on_the_way() {
    let source = "def a():\n    b()\ndef b():\n    return c()\ndef c(): pass\n";
    assert_eq!(
        printed(source, &["why", "main:a", "main:c"]),
        "main.py:2: main:a calls main:b\nmain.py:4: main:b calls main:c\n"
    );
    assert!(printed(source, &["why", "main:c", "main:a"]).contains("No path leads"));
}

#[test]
fn what_was_left_out_is_counted() {
    let source = "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\nclass C:\n    def m(self): pass\nclass D:\n    def m(self): pass\nfor x in [A(), B(), C(), D()]:\n    x.m()\n";
    let graph: Value = serde_json::from_str(&printed(source, &["graph", "calls"])).unwrap();
    assert_eq!(graph["omitted"]["calls"], 4);
    assert_eq!(graph["omitted"]["values"], 0);
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

#[test]
fn what_goes_through_a_wrapper_stays_apart() {
    let source = "def deco(f):\n    def wrapper(*args):\n        return f(*args)\n    return wrapper\n\
        @deco\ndef a(x):\n    x()\n@deco\ndef b(x):\n    x()\n\
        def p(): pass\ndef q(): pass\ndef use():\n    a(p)\n    b(q)\n";
    let found = calls(source, &[]);
    for (edge, is_there) in [
        ("a -> p flow", true),
        ("b -> q flow", true),
        ("a -> q flow", false),
        ("b -> p flow", false),
        ("use -> a flow", false),
    ] {
        assert_eq!(found.contains(edge), is_there, "{edge}: {found:?}");
    }
}

#[test]
fn what_wrapped_functions_return_stays_apart() {
    let source = "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\n\
        class deco:\n    def __init__(self, f):\n        self.f = f\n    def __call__(self, *args):\n        return self.f(*args)\n\
        @deco\ndef a():\n    return A()\n@deco\ndef b():\n    return B()\n\
        def use_a():\n    a().m()\ndef use_b():\n    b().m()\n";
    let found = calls(source, &[]);
    assert!(found.contains("use_a -> A.m flow"), "{found:?}");
    assert!(found.contains("use_b -> B.m flow"), "{found:?}");
    assert!(!found.contains("use_a -> B.m flow"), "{found:?}");
    assert!(!found.contains("use_b -> A.m flow"), "{found:?}");
}

#[test]
fn a_wrapper_may_put_arguments_in_front() {
    expect(
        "def deco(f):\n    def wrapper(*args):\n        return f(len, *args)\n    return wrapper\n\
         @deco\ndef g(size, x):\n    x()\ndef p(): pass\ng(p)\n",
        &[
            "<module> -> deco direct",
            "<module> -> deco.<locals>.wrapper flow",
            "deco.<locals>.wrapper -> g flow",
            "g -> p flow",
        ],
    );
}

#[test]
fn a_decorator_with_options_is_another_decorator() {
    expect(
        "from functools import partial\ndef deco(f=None, **options):\n    if f is None:\n        return partial(deco, **options)\n    return f\n\
         @deco(x=1)\ndef g(): pass\ndef use():\n    g()\n",
        &["<module> -> deco direct", "use -> g flow"],
    );
}

#[test]
fn a_class_gives_what_its_new_gives() {
    expect(
        "class A:\n    def m(self): pass\nclass B:\n    def __new__(cls):\n        return A()\n    def __init__(self): pass\n    def m(self): pass\nB().m()\n",
        &["<module> -> A.m flow", "<module> -> B.__new__ direct"],
    );
    expect(
        "class B:\n    def __new__(cls):\n        return super().__new__(cls)\n    def __init__(self): pass\n    def m(self): pass\nB().m()\n",
        &[
            "<module> -> B.__init__ direct",
            "<module> -> B.__new__ direct",
            "<module> -> B.m flow",
        ],
    );
}

#[test]
fn annotations_rule_out_what_they_do_not_name() {
    let source = "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\nclass C(A):\n    def m(self): pass\n\
        def f(x: A):\n    x.m()\ndef g(x: str):\n    x.m()\nfor each in [A(), B(), C()]:\n    f(each)\n    g(each)\n";
    let found = calls(source, &[]);
    assert!(found.contains("f -> A.m flow"), "{found:?}");
    assert!(found.contains("f -> C.m flow"), "{found:?}");
    assert!(!found.contains("f -> B.m flow"), "{found:?}");
    assert!(
        !found.iter().any(|edge| edge.starts_with("g -> ")),
        "{found:?}"
    );
}

#[test]
fn a_protocol_or_an_open_annotation_rules_nothing_out() {
    let source = "from typing import Any, Protocol\nclass P(Protocol):\n    def m(self): ...\nclass B:\n    def m(self): pass\n\
        def f(x: P):\n    x.m()\ndef g(x: Any):\n    x.m()\nf(B())\ng(B())\n";
    let found = calls(source, &[]);
    assert!(found.contains("f -> B.m flow"), "{found:?}");
    assert!(found.contains("g -> B.m flow"), "{found:?}");
    assert!(!found.iter().any(|edge| edge.contains("P.m")), "{found:?}");
}

#[test]
fn no_instance_has_an_abstract_method() {
    expect(
        "from abc import abstractmethod\nclass A:\n    def run(self):\n        self.step()\n    @abstractmethod\n    def step(self): pass\n\
         class B(A):\n    def step(self):\n        super().step()\n",
        &["A.run -> B.step override", "B.step -> A.step direct"],
    );
}

#[test]
fn a_call_that_a_function_would_refuse_does_not_reach_it() {
    expect(
        "class V:\n    def visit(self, name):\n        getattr(self, 'visit_' + name)()\n    def visit_a(self): pass\n    def visit_b(self, x): pass\n    def visit_c(self, x=1): pass\n",
        &[
            "V.visit -> V.visit_a name-prefix",
            "V.visit -> V.visit_c name-prefix",
        ],
    );
    // Where nothing else is called, it is what was meant.
    expect("def f(x): pass\nf()\n", &["<module> -> f direct"]);
}

#[test]
fn a_visited_node_is_of_the_class_that_the_method_is_named_for() {
    let source = "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\n\
        class V:\n    def visit(self, node):\n        getattr(self, 'visit_' + type(node).__name__)(node)\n    def visit_A(self, node):\n        node.m()\n    def visit_B(self, node):\n        node.m()\n\
        for each in [A(), B()]:\n    V().visit(each)\n";
    let found = calls(source, &[]);
    assert!(found.contains("V.visit_A -> A.m flow"), "{found:?}");
    assert!(found.contains("V.visit_B -> B.m flow"), "{found:?}");
    assert!(!found.contains("V.visit_A -> B.m flow"), "{found:?}");
}

#[test]
fn a_dispatching_base_makes_no_visitor_another() {
    let source = "class V:\n    def visit(self, name):\n        getattr(self, 'visit_' + name)()\n    def generic(self): pass\n\
        class A(V):\n    def visit_x(self):\n        self.generic()\n    def generic(self): pass\n\
        class B(V):\n    def visit_x(self):\n        self.generic()\n    def generic(self): pass\n";
    let found = calls(source, &[]);
    assert!(found.contains("A.visit_x -> A.generic direct"), "{found:?}");
    assert!(
        !found
            .iter()
            .any(|edge| edge.starts_with("A.visit_x -> B.generic")),
        "{found:?}"
    );
}

#[test]
fn what_is_given_back_as_it_was_passed_goes_to_its_caller() {
    let source = "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef same(x):\n    return x\n\
        def use_a():\n    same(A()).m()\ndef use_b():\n    same(x=B()).m()\n";
    let found = calls(source, &[]);
    assert!(found.contains("use_a -> A.m flow"), "{found:?}");
    assert!(found.contains("use_b -> B.m flow"), "{found:?}");
    assert!(!found.contains("use_a -> B.m flow"), "{found:?}");
}

#[test]
fn what_a_test_for_a_class_leaves_is_none_of_it() {
    let source = "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\ndef f(x):\n    if isinstance(x, A):\n        return\n    x.m()\nf(A())\nf(B())\n";
    let found = calls(source, &[]);
    assert!(found.contains("f -> B.m flow"), "{found:?}");
    assert!(!found.contains("f -> A.m flow"), "{found:?}");
}

#[test]
fn where_everything_meets_no_method_is_called() {
    let classes = |count: usize| -> String {
        let classes = (0..count).map(|at| format!("class C{at}:\n    def m(self): pass\n"));
        let made: Vec<String> = (0..count).map(|at| format!("C{at}()")).collect();
        format!(
            "{}for x in [{}]:\n    x.m()\n",
            classes.collect::<String>(),
            made.join(", ")
        )
    };
    assert_eq!(calls(&classes(3), &[]).len(), 3);
    assert_eq!(calls(&classes(4), &[]).len(), 0);
}

#[test]
fn constant_text_is_evaluated_where_it_stands() {
    expect(
        "def f(): pass\nclass A:\n    def m(self): pass\na = A()\neval('f()')\nexec('a.m()')\neval('not python')\neval('f()', {})\n",
        &["<module> -> A.m flow", "<module> -> f direct"],
    );
}

/// Holds that calls are there and others are not; each is written without its reason.
fn holds(source: &str, there: &[&str], missing: &[&str]) {
    let found = calls(source, &[]);
    let has = |edge: &str| {
        found
            .iter()
            .any(|found| found.rsplit_once(' ').unwrap().0 == edge)
    };
    for edge in there {
        assert!(has(edge), "{edge} is missing: {found:?}\n{source}");
    }
    for edge in missing {
        assert!(!has(edge), "{edge} is too much: {found:?}\n{source}");
    }
}

#[test]
fn a_decorator_is_always_put_on_something() {
    holds(
        "from functools import partial\n\
         def outer(f):\n    def wrapper(*args):\n        return f(*args)\n    return wrapper\n\
         class Tracked:\n    def __new__(cls, f=None, *, name=None):\n        if f is None:\n            return partial(Tracked, name=name)\n        return outer(f)\n\
         @Tracked(name='a')\n@outer\ndef g(): pass\n\
         def use():\n    g()\n",
        &[
            "<module> -> Tracked.__new__",
            "use -> outer.<locals>.wrapper",
        ],
        &["use -> Tracked.__new__"],
    );
}

#[test]
fn a_method_replaced_on_one_instance_is_not_replaced_on_others() {
    let source = "class Graph:\n    def add(self): pass\n    def add_all(self):\n        self.add()\n\
        def refuse(*args): raise TypeError\n\
        def freeze(graph):\n    graph.add = refuse\n    return graph\n\
        def fresh():\n    graph = Graph()\n    graph.add()\n\
        def here():\n    graph = Graph()\n    graph.add = refuse\n    graph.add()\n\
        freeze(Graph())\n";
    holds(
        source,
        &[
            "fresh -> Graph.add",
            "here -> refuse",
            "Graph.add_all -> refuse",
        ],
        &["fresh -> refuse"],
    );
}

#[test]
fn data_that_a_function_is_mapped_over_is_not_called() {
    holds(
        "import re\ndef f(x): pass\ndef g(x): pass\nclass C:\n    def __init__(self): pass\n\
         list(map(f, [g, C]))\nlist(map(f, g))\nre.sub('a', f, C)\nre.sub('a', string=C, repl=g)\n",
        &["<module> -> f", "<module> -> g"],
        &["<module> -> C.__init__"],
    );
    holds(
        "def f(x): pass\ndef g(x): pass\nmap(f, g)\n",
        &["<module> -> f"],
        &["<module> -> g"],
    );
}

#[test]
fn members_of_enumerations_hold_nothing() {
    let source = |base: &str| {
        format!(
            "import enum\nclass E({base}):\n    A = 1\nclass C:\n    def close(self): pass\n\
             def put(x):\n    x[0] = C()\ndef get(x):\n    x[0].close()\nput(E.A)\nget(E.A)\nput(E())\nget(E())\n"
        )
    };
    holds(&source("list"), &["get -> C.close"], &[]);
    holds(&source("enum.Enum"), &[], &["get -> C.close"]);
}

#[test]
fn what_many_functions_put_under_their_own_keys_is_no_table() {
    let parts = ["a", "b", "c", "d"].map(|name| {
        format!(
            "class {0}:\n    def m(self): pass\ndef {name}():\n    shared['{name}'] = {0}()\n    shared['{name}'].m()\n    table['{name}'] = 1\n",
            name.to_uppercase()
        )
    });
    let source = format!(
        "shared = {{}}\ntable = {{}}\n{}few = {{}}\nfew['a'] = A()\nfew['b'] = B()\ndef read(key):\n    shared[key].m()\ndef read_few(key):\n    few[key].m()\n",
        parts.concat()
    );
    holds(
        &source,
        &["a -> A.m", "d -> D.m", "read_few -> A.m", "read_few -> B.m"],
        &["read -> A.m", "read -> D.m", "a -> B.m", "read_few -> C.m"],
    );
}

#[test]
fn a_record_stays_one_when_it_is_handed_on_by_name() {
    let source = |writers: &str| {
        format!(
            "class A:\n    def get(self): pass\nclass B:\n    def get(self): pass\nshared = {{}}\n\
             def a():\n    shared['a'] = A()\n{writers}\
             def show(first=None, **rest):\n    rest['a'].get()\n    first.get()\n    show_all(rest)\n\
             def show_all(rest):\n    for each in rest.values():\n        each.get()\n\
             def use():\n    show(**shared)\n    show(**{{'first': B()}})\n"
        )
    };
    let writers = ["b", "c", "d"].map(|name| format!("def {name}():\n    shared['{name}'] = 1\n"));
    let always = ["show -> A.get", "show -> B.get"];
    holds(&source(&writers.concat()), &always, &["show_all -> A.get"]);
    holds(
        &source(&writers[0]),
        &[always[0], always[1], "show_all -> A.get"],
        &[],
    );
}

#[test]
fn what_is_returned_hangs_on_the_arguments_that_are_tested() {
    let source = "class Rows:\n    def __iter__(self): return iter([])\nclass Keys:\n    def __iter__(self): return iter([])\n\
        class View:\n    def __iter__(self): return iter([])\n\
        \x20   def __call__(self, nodes=None, data=False, *, keys=False):\n\
        \x20       if nodes is None and data is False:\n            return self\n        return Rows()\n\
        \x20   def keyed(self, nodes=None, *, keys=False):\n\
        \x20       if nodes is not None or keys is not True:\n            return Rows()\n        return Keys()\n\
        \x20   def named(self, name='x', more=None):\n\
        \x20       if name and more == 1:\n            return Rows()\n        return Keys()\n\
        view = View()\n\
        def plain():\n    for each in view(): pass\n\
        def said_so():\n    for each in view(None, data=False): pass\n\
        def other():\n    for each in view(keys=True): pass\n\
        def data():\n    for each in view(data=True): pass\n\
        def column():\n    for each in view(None, 'weight'): pass\n\
        def maybe(x):\n    for each in view(x): pass\n\
        def spread(options):\n    for each in view(**options): pass\n\
        def unkeyed():\n    for each in view.keyed(): pass\n\
        def keyed():\n    for each in view.keyed(keys=True): pass\n\
        def of_some():\n    for each in view.keyed('a', keys=True): pass\n\
        def by_default():\n    for each in view.named(): pass\n\
        def unnamed():\n    for each in view.named(None): pass\n";
    let [own, rows, keys] = ["View.__iter__", "Rows.__iter__", "Keys.__iter__"];
    for (caller, there, missing) in [
        ("plain", vec![own], vec![rows]),
        ("said_so", vec![own], vec![rows]),
        ("other", vec![own], vec![rows]),
        ("data", vec![rows], vec![own]),
        ("column", vec![rows], vec![own]),
        ("maybe", vec![own, rows], vec![]),
        ("spread", vec![own, rows], vec![]),
        ("unkeyed", vec![rows], vec![keys]),
        ("keyed", vec![keys], vec![rows]),
        ("of_some", vec![rows], vec![keys]),
        ("by_default", vec![rows, keys], vec![]),
        ("unnamed", vec![keys], vec![rows]),
    ] {
        let edges = |callees: Vec<&str>| -> Vec<String> {
            let callees = callees.iter();
            callees
                .map(|callee| format!("{caller} -> {callee}"))
                .collect()
        };
        let (there, missing) = (edges(there), edges(missing));
        holds(
            source,
            &there.iter().map(String::as_str).collect::<Vec<_>>(),
            &missing.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn a_receiver_makes_what_its_own_class_names() {
    let source = "class Rows:\n    def __iter__(self): return iter([])\nclass Pairs:\n    def __iter__(self): return iter([])\n\
        class View:\n    part = Rows\n    def __call__(self):\n        return self.part()\n\
        class PairView(View):\n    part = Pairs\n\
        def rows():\n    for each in View()(): pass\n\
        def pairs():\n    for each in PairView()(): pass\n\
        def either(view: View):\n    for each in view(): pass\n";
    holds(
        source,
        &[
            "rows -> Rows.__iter__",
            "pairs -> Pairs.__iter__",
            "either -> Rows.__iter__",
            "either -> Pairs.__iter__",
        ],
        &["rows -> Pairs.__iter__", "pairs -> Rows.__iter__"],
    );
}

#[test]
fn what_is_passed_or_made_goes_to_its_own_caller() {
    let source = "class A:\n    def m(self): pass\nclass B:\n    def m(self): pass\nclass C:\n    def m(self): pass\n\
        def ready(x, how):\n    if how:\n        y = C()\n    elif how is None:\n        y = x\n    else:\n        y = x\n    y.m()\n    return y\n\
        def looped(x):\n    for _ in x:\n        x = C()\n    return x\n\
        def use_a():\n    ready(A(), 1).m()\n    looped(A()).m()\ndef use_b():\n    ready(how=2, x=B()).m()\n";
    holds(
        source,
        &[
            "ready -> A.m",
            "ready -> B.m",
            "use_a -> A.m",
            "use_a -> C.m",
            "use_b -> B.m",
            "use_b -> C.m",
        ],
        &["use_a -> B.m", "use_b -> A.m"],
    );
}

#[test]
fn a_method_that_only_raises_is_called_where_there_is_no_other() {
    let source = "class Open:
    def put(self, x):
        self.x = x
    def take(self):
        raise LookupError
class Closed(Open):
    def put(self, x):
        raise NotImplementedError
def pick(c):
    return Open() if c else Closed()
def use(c):
    pick(c).put(1)
def closed():
    Closed().put(1)
def both(c):
    pick(c).take()
";
    holds(
        source,
        &[
            "use -> Open.put",
            "closed -> Closed.put",
            "both -> Open.take",
        ],
        &["use -> Closed.put"],
    );
}

#[test]
fn a_module_with_getattr_is_asked_by_from_imports() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).unwrap();
    write(
        "lazy.py",
        "def __getattr__(name):\n    raise AttributeError(name)\nthere = 1\n",
    );
    write("plain.py", "there = 1\n");
    write(
        "main.py",
        "import lazy\nfrom plain import there\ndef use():\n    from lazy import there\n",
    );
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .args(["--isolated", "graph", "calls"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let graph: Value = serde_json::from_slice(&output.stdout).unwrap();
    let calls: Vec<_> = graph["calls"].as_array().unwrap().iter().collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0]["caller"], "main:use");
    assert_eq!(calls[0]["callee"], "lazy:__getattr__");
    assert_eq!(calls[0]["line"], 4);
}
