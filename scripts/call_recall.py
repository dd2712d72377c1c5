#!/usr/bin/env python3
"""Hold `ssot graph calls` against the calls that CPython makes while test suites of real packages run.

usage: call_recall.py record [--scratch FOLDER] [--python PYTHON] [PACKAGE ...]
       call_recall.py compare [--scratch FOLDER] [--ssot BINARY] [-v] [--misses N] [PACKAGE ...]

`record` fetches the source distributions with pip, runs each test suite under `sys.monitoring` in a virtual environment
and writes `<package>.calls.json`. It needs Python 3.12 or later, and is done once. `compare` analyses the package
alone, without its tests, and prints how many of the recorded edges the static graph has. All is kept in the scratch
folder (`target/calls` unless given).

An edge is a pair of functions, both written in the package and neither in its tests. Comprehensions and class bodies
are part of the function (or module) they stand in; a module is a caller, never a callee. Calls that Python makes itself
count (operators, properties, iteration, `__set_name__`), save `__del__`, whose caller is chance. A callable that C code
calls is called by the Python frame below. A generator or coroutine is called where it is created; where it is only
driven is shown apart.

In the table, `best` is the highest recall that a published tool reaches and `union` that of all of them together, in
per cent; `+driven` is our recall when the edges that only drive a generator count too; `static` counts our edges.

Exit status: 0, or 2 when there was nothing to compare.
"""

import ast
import builtins
import collections
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from call_common import TARGET, download, exit_with, parser_of, unpack

RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "call_recorder.py")
SUSPENDS = 0x20 | 0x80 | 0x200
OPTIMIZED = 0x1
FOLDED = re.compile(r"<(listcomp|setcomp|dictcomp|genexpr|generic parameters of .*)>$")
TESTS = re.compile(r"(^|/)(tests?/|conftest\.py$|test_[^/]*\.py$|[^/]*_test\.py$)")

# folders: the package, in its source distribution. needs: what its tests import. best, union: as in the table.
Package = collections.namedtuple("Package", "folders tests needs best union", defaults=["tests", "", None, None])
PACKAGES = {
    "click": Package(["src/click"], best=76.5, union=87.5),
    "jinja2": Package(["src/jinja2"], needs="markupsafe trio", best=67.6, union=79.4),
    "sqlparse": Package(["sqlparse"], best=51.0, union=77.8),
    "attrs": Package(["src/attr", "src/attrs"], needs="hypothesis cloudpickle", best=69.2, union=79.3),
    "networkx": Package(["networkx"], "networkx", needs="numpy scipy", best=38.7, union=42.5),
    "werkzeug": Package(
        ["src/werkzeug"],
        # Servers run in processes of their own, which are not watched.
        tests="tests -m 'not dev_server'",
        needs="markupsafe cryptography watchdog pytest-timeout pytest-xprocess ephemeral-port-reserve",
    ),
    "flask": Package(["src/flask"], needs="werkzeug jinja2 itsdangerous click blinker asgiref python-dotenv"),
    "httpx": Package(
        ["httpx"],
        needs="httpcore certifi idna anyio chardet cryptography h2 socksio trio trustme uvicorn brotli zstandard click "
        "rich pygments",
    ),
    "packaging": Package(["src/packaging"], needs="pretend tomli_w hypothesis"),
}

# kind: module, def or lambda. `line` is that of the `def`, `first` that of the first decorator.
Function = collections.namedtuple("Function", "symbol path line first end column kind decorators")
Edge = collections.namedtuple("Edge", "caller callee hows place")


# --- recording --------------------------------------------------------------------------------------------------


def fetch(package, scratch):
    """The folder of the unpacked source distribution."""
    stem = re.compile(re.escape(package) + r"-[0-9][^/]*$", re.IGNORECASE)
    found = lambda suffix: sorted(
        name for name in os.listdir(scratch) if name.endswith(suffix) and stem.match(name[: len(name) - len(suffix)])
    )
    if not found(".tar.gz"):
        download(package, scratch)
    archive = found(".tar.gz")[-1]
    folder = os.path.join(scratch, archive[: -len(".tar.gz")])
    if not os.path.isdir(folder):
        unpack(os.path.join(scratch, archive), scratch)
    return folder


def environment(package, scratch, python):
    """The interpreter of a virtual environment that has what the tests of the package need."""
    folder = os.path.join(scratch, "venv")
    interpreter = os.path.join(folder, "bin", "python")
    if not os.path.isfile(interpreter):
        subprocess.run([python, "-m", "venv", folder], check=True)
    pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The package itself is installed for its metadata only: PYTHONPATH comes first.
    subprocess.run(pip + ["pytest<9", package, *PACKAGES[package].needs.split()], check=True)
    return interpreter


def record(package, scratch, python):
    source = fetch(package, scratch)
    interpreter = environment(package, scratch, python)
    folders = [os.path.join(source, folder) for folder in PACKAGES[package].folders]
    root = os.path.dirname(folders[0])
    raw = os.path.join(scratch, package + ".raw.json")
    command = [interpreter, RECORDER, raw, os.pathsep.join(folders)]
    command += ["-q", "-p", "no:cacheprovider", *shlex.split(PACKAGES[package].tests)]
    subprocess.run(command, cwd=source, env={**os.environ, "PYTHONPATH": root})
    with open(raw, encoding="utf-8") as file:
        recorded = json.load(file)
    functions, edges = resolve(recorded, os.path.realpath(root))
    numbers = {function: number for number, function in enumerate(functions)}
    truth = {
        "package": os.path.basename(source),
        "python": recorded["python"],
        "functions": [function._asdict() for function in functions],
        "edges": [[numbers[edge.caller], numbers[edge.callee], edge.hows, edge.place] for edge in edges],
    }
    with open(os.path.join(scratch, package + ".calls.json"), "w", encoding="utf-8") as file:
        json.dump(truth, file, indent=1)
    print("{}: {} functions, {} edges".format(truth["package"], len(functions), len(edges)))


# --- what code objects are ----------------------------------------------------------------------------------------


def module_of(path):
    parts = path[: -len(".py")].split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class FunctionsOf(ast.NodeVisitor):
    """All functions of a file, with the spans of their bodies, in the names that CPython gives them."""

    def __init__(self, path, tree):
        self.path = path
        self.found = []
        self.scope = module_of(path) + ":"
        self.visit(tree)

    def inside(self, scope, nodes):
        outer, self.scope = self.scope, scope
        for node in nodes:
            self.visit(node)
        self.scope = outer

    def visit_ClassDef(self, node):
        self.inside(self.scope, [*node.decorator_list, *node.bases, *node.keywords])
        self.inside(self.scope + node.name + ".", node.body)

    def visit_FunctionDef(self, node):
        self.inside(self.scope, [*node.decorator_list, node.args])
        first = min(each.lineno for each in [node, *node.decorator_list])
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        self.add(self.scope + node.name, node, first, "def", decorators, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.inside(self.scope, [node.args])
        self.add(self.scope + "<lambda>", node, node.lineno, "lambda", [], [node.body])

    def add(self, symbol, node, first, kind, decorators, body):
        place = (node.lineno, first, node.end_lineno, node.col_offset)
        function = Function(symbol, self.path, *place, kind, tuple(decorators))
        start = (body[0].lineno, body[0].col_offset)
        if getattr(body[0], "decorator_list", None):
            start = (body[0].decorator_list[0].lineno, 0)
        self.found.append((start, (body[-1].end_lineno, body[-1].end_col_offset), function))
        self.inside(symbol + ".<locals>.", body)


@functools.lru_cache(maxsize=None)
def functions_of(root, path):
    with open(os.path.join(root, path), "rb") as file:
        return FunctionsOf(path, ast.parse(file.read())).found


def module_node(path):
    return Function(module_of(path) + ":<module>", path, 1, 1, 1, 0, "module", ())


def owner(root, path, place):
    """The innermost function whose body has the place, else the module."""
    around = [found for found in functions_of(root, path) if found[0] <= place < found[1]]
    return max(around, key=lambda found: found[0])[2] if around else module_node(path)


def function_of(root, code):
    """The function of a code object, and whether it is that itself, not a comprehension or class body in it."""
    path, qualname, first, flags, *body = code
    path = os.path.relpath(path, root).replace(os.sep, "/")
    if qualname == "<module>":
        return module_node(path), False
    if FOLDED.search(qualname) or not flags & OPTIMIZED:
        return owner(root, path, (first, 0) if not flags & OPTIMIZED else tuple(body)), False
    if qualname.endswith("<lambda>"):
        found = owner(root, path, tuple(body))
        return found, found.kind == "lambda"
    name = qualname.split(".")[-1]
    same = [found[2] for found in functions_of(root, path) if found[2].first == first]
    for function in same:
        if re.split(r"[.:]", function.symbol)[-1] == name and function.kind == "def":
            return function, True
    raise LookupError("no definition of {} at {}:{}".format(qualname, path, first))


def resolve(recorded, root):
    """The functions and the edges between them."""
    known = [function_of(root, code) for code in recorded["codes"]]
    suspends = {function for (function, itself), code in zip(known, recorded["codes"]) if itself and code[3] & SUSPENDS}
    edges = {}
    for caller, callee, how, *place in recorded["edges"]:
        (caller, _), (callee, is_function) = known[caller], known[callee]
        is_test = TESTS.search(caller.path) or TESTS.search(callee.path)
        if not is_function or is_test or callee.symbol.endswith(".__del__"):
            continue
        hows, _ = edges.setdefault((caller, callee), (set(), place))
        hows.add("drive" if how == "frame" and callee in suspends else "call")
    created = {callee for (_, callee), (hows, _) in edges.items() if "call" in hows}
    for (_, callee), (hows, _) in edges.items():
        # Nobody in the package made it by name, so who drives it is the best there is to know.
        if callee not in created:
            hows.add("call")
    found = [Edge(caller, callee, sorted(hows), place) for (caller, callee), (hows, place) in edges.items()]
    found.sort(key=lambda edge: (edge.caller.symbol, edge.caller.line, edge.callee.symbol, edge.callee.line))
    functions = sorted({end for edge in found for end in (edge.caller, edge.callee)})
    return functions, found


def truth_of(package, scratch):
    path = os.path.join(scratch, package + ".calls.json")
    if not os.path.isfile(path):
        raise SystemExit("error: {} is not there: run `call_recall.py record {}` first".format(path, package))
    with open(path, encoding="utf-8") as file:
        truth = json.load(file)
    functions = [Function(**{**each, "decorators": tuple(each["decorators"])}) for each in truth["functions"]]
    edges = [
        Edge(functions[caller], functions[callee], tuple(hows), tuple(place))
        for caller, callee, hows, place in truth["edges"]
    ]
    return truth, edges


# --- the static graph ---------------------------------------------------------------------------------------------


def is_analysed(folder, names):
    """What to leave out when a package is copied: its tests."""
    return [name for name in names if TESTS.search(name + "/") or TESTS.search(name) or name == "__pycache__"]


def static_graph(package, scratch, binary, options=()):
    """The call graph of the package without its tests, and the folder that its paths start from."""
    source = fetch(package, scratch)
    folders = [os.path.join(source, folder) for folder in PACKAGES[package].folders]
    with tempfile.TemporaryDirectory() as root:
        for folder in folders:
            shutil.copytree(folder, os.path.join(root, os.path.basename(folder)), ignore=is_analysed)
        command = [os.path.abspath(binary), "--isolated", "--quiet", "graph", "calls", "--format", "json", *options]
        result = subprocess.run(command, cwd=root, capture_output=True)
    try:
        return json.loads(result.stdout), os.path.dirname(folders[0])
    except ValueError as error:
        sys.stderr.write(result.stderr.decode(errors="replace"))
        raise SystemExit("error: no call graph of {}: {!r}".format(package, error)) from error


class StaticNames:
    """Which function of the static graph a recorded one is: by place, else by name."""

    def __init__(self, graph, folder):
        self.folder = os.path.realpath(folder)
        self.by_place = collections.defaultdict(list)
        for name, each in graph["functions"].items():
            self.by_place[each["path"], each["line"], "<lambda" in name.split(".")[-1]].append(name)

    def __call__(self, function):
        names = self.by_place[function.path, function.line, function.kind == "lambda"]
        if function.kind == "lambda" and len(names) > 1:
            lines = (found[2] for found in functions_of(self.folder, function.path))
            here = sorted(each.column for each in lines if (each.kind, each.line) == ("lambda", function.line))
            # They are numbered in source order.
            names = sorted(names, key=lambda name: (len(name), name))[here.index(function.column) :]
        # Two definitions of one name (a getter and its setter) may be one function of the static graph.
        return names[0] if names else function.symbol


def static_pairs(graph):
    return {(call["caller"], call["callee"]) for call in graph["calls"]}


# --- why an edge is missed ----------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def text_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return ast.parse(text), text


def expression_at(path, place):
    """The expression that has just this place, or None. Of a chain of calls over lines CPython keeps only the end."""
    line, column, end_line, end_column = place
    ends = []
    for node in ast.walk(text_of(path)[0]):
        if isinstance(node, ast.Expr) or getattr(node, "end_lineno", None) != end_line:
            continue
        if node.end_col_offset == end_column:
            if (node.lineno, node.col_offset) == (line, column):
                return node
            ends.append(node)
    calls = [node for node in ends if isinstance(node, ast.Call)]
    return calls[0] if calls else None


def reason(edge, folder):
    """Guesses from the expression that made the call what a static analysis would have to know."""
    name = re.split(r"[.:]", edge.callee.symbol)[-1]
    path = os.path.join(folder, edge.caller.path)
    node = expression_at(path, edge.place)
    if isinstance(node, ast.Await):
        node = node.value
    shape = Shape(path, edge.caller)
    if "call" not in edge.hows:
        return "generator: only driven here"
    if isinstance(node, ast.Call):
        return reason_of_call(edge, node, name, shape)
    if isinstance(node, ast.Attribute):
        if name in ("__getattr__", "__getattribute__", "__get__"):
            return "attribute: " + name
        return "property of " + shape.of(node.value)
    if isinstance(node, ast.Name) and "drive" not in edge.hows and not name.startswith("__"):
        return "decorator: called where a function is defined"
    if name.startswith("__") and name.endswith("__"):
        return "implicit: " + name
    if "drive" in edge.hows:
        return "generator: driven by iteration"
    return "other: {} at {}".format(name if name == "<lambda>" else edge.callee.kind, type(node).__name__)


def reason_of_call(edge, node, name, shape):
    called = node.func
    if name in ("__init__", "__new__", "__call__", "__post_init__"):
        return "{} of {}".format(name, shape.of(called))
    if isinstance(called, ast.Attribute) and called.attr == name:
        return "method of " + shape.of(called.value)
    if isinstance(called, ast.Call) and isinstance(called.func, ast.Name) and called.func.id == "getattr":
        return "getattr(): computed attribute"
    if name.startswith("__") and name.endswith("__"):
        return "implicit: " + name
    if isinstance(called, ast.Name) and hasattr(builtins, called.id):
        return "value: called by a builtin"
    kind = "closure or lambda" if "<locals>" in edge.callee.symbol or name == "<lambda>" else "function"
    return "value: {} called as {}".format(kind, shape.of(called))


class Shape:
    """Says in words what kind of expression one is, in a function."""

    def __init__(self, path, caller):
        spans = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        nodes = ast.walk(text_of(path)[0])
        self.scope = next((node for node in nodes if isinstance(node, spans) and node.lineno == caller.line), None)

    def of(self, node):
        if isinstance(node, ast.Name):
            return self.of_name(node.id)
        if isinstance(node, ast.Attribute):
            return "an attribute of self" if self.of(node.value) == "self" else "an attribute"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super":
            return "super()"
        shapes = {ast.Call: "a call's result", ast.Subscript: "an item", ast.Await: "an awaited result"}
        return shapes.get(type(node), "another expression")

    def of_name(self, name):
        if name in ("self", "cls") or self.scope is None:
            return name if name in ("self", "cls") else "a global"
        arguments = self.scope.args
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            if argument.arg == name:
                return "an annotated parameter" if argument.annotation else "a parameter"
        for node in ast.walk(self.scope):
            if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)) and binds(node.target, name):
                return "a loop variable"
            if isinstance(node, ast.withitem) and node.optional_vars and binds(node.optional_vars, name):
                return "a with variable"
            if isinstance(node, ast.Assign) and any(binds(target, name) for target in node.targets):
                return "a local that is {}".format(self.of(node.value) if not binds(node.value, name) else "itself")
            if isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and binds(node.target, name):
                return "a local"
        return "a name from outside"


def binds(target, name):
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(target))


def describe(edge, folder):
    line, column, end_line, end_column = edge.place
    source = text_of(os.path.join(folder, edge.caller.path))[1].split("\n")
    shown = source[line - 1].strip() if 0 < line <= len(source) else ""
    return "{}:{} {} -> {} ({}:{})\n        {}".format(
        edge.caller.path, line, edge.caller.symbol, edge.callee.symbol, edge.callee.path, edge.callee.line, shown[:110]
    )


# --- report -----------------------------------------------------------------------------------------------------


def compare(package, scratch, binary, options, misses):
    """Prints a row, and the misses by reason where these are wanted."""
    truth, edges = truth_of(package, scratch)
    graph, folder = static_graph(package, scratch, binary, options)
    name, static = StaticNames(graph, folder), static_pairs(graph)
    is_found = {edge: (name(edge.caller), name(edge.callee)) in static for edge in edges}
    called = [edge for edge in is_found if "call" in edge.hows]
    percent = lambda of: 100.0 * sum(is_found[edge] for edge in of) / len(of) if of else float("nan")
    mark = lambda value: "" if value is None else "{:.1f}".format(value)
    print(
        "{:<20}{:>8}{:>8}{:>8.1f}{:>8}{:>8}{:>10.1f}{:>10}".format(
            truth["package"],
            len(called),
            sum(is_found[edge] for edge in called),
            percent(called),
            mark(PACKAGES[package].best),
            mark(PACKAGES[package].union),
            percent(list(is_found)),
            len(static),
        )
    )
    if misses:
        by_reason = collections.defaultdict(list)
        for edge in called:
            if not is_found[edge]:
                by_reason[reason(edge, folder)].append(edge)
        for why, missed in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
            print("  {:>4}  {}".format(len(missed), why))
            # Spread over the package, not the first ones.
            for edge in missed[:: max(1, len(missed) // misses)][:misses]:
                print("      " + describe(edge, folder))


def main():
    parser = parser_of(__doc__)
    parser.add_argument("command", choices=["record", "compare"])
    parser.add_argument("--scratch", metavar="FOLDER", default=os.path.join(TARGET, "calls"))
    parser.add_argument("--python", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--option", action="append", default=[], help="handed on to `ssot graph calls`")
    parser.add_argument("-v", "--verbose", action="store_true", help="misses by reason, with three examples each")
    parser.add_argument("--misses", metavar="N", type=int, default=0, help="misses by reason, with N examples each")
    parser.add_argument("packages", metavar="PACKAGE", nargs="*")
    arguments = parser.parse_intermixed_args()
    unknown = sorted(set(arguments.packages) - set(PACKAGES))
    if unknown:
        parser.error("no such package: {} (there are {})".format(" ".join(unknown), " ".join(PACKAGES)))
    packages = arguments.packages or list(PACKAGES)
    os.makedirs(arguments.scratch, exist_ok=True)
    if arguments.command == "record":
        for package in packages:
            record(package, os.path.abspath(arguments.scratch), arguments.python)
        return 0
    row = "{:<20}{:>8}{:>8}{:>8}{:>8}{:>8}{:>10}{:>10}"
    print(row.format("package", "edges", "found", "recall", "best", "union", "+driven", "static"))
    for package in packages:
        misses = arguments.misses or (3 if arguments.verbose else 0)
        compare(package, arguments.scratch, arguments.ssot, arguments.option, misses)
    return 0


if __name__ == "__main__":
    exit_with(main)
