#!/usr/bin/env python3
"""Hold `ssot graph calls --format adjacency` against the micro-benchmark that PyCG publishes.

usage: call_graph_benchmark.py [--ssot BINARY] [--cache FOLDER] [--min-exact N] [-v] [--against-cpython] [CASE ...]

The cases come with the source distribution of pycg 0.0.8, which pip fetches into the cache folder (`target/benchmarks`
unless given). Each is unpacked into a temporary folder and analysed there, as a project of its own. CASE is a part
of a name such as `dicts/update`; without any, all cases are run.

Edges count, as pairs of names. A call graph is *complete* when no edge is spurious, *sound* when none is missing
(the words of the PyCG paper), *exact* when it is both. Nodes are compared too, but only shown.

The published truth of some cases is not what CPython does. `CORRECTED` has what it should be, and the table ends with
both rows. `--against-cpython` runs every case under `sys.setprofile` (Python 3.11 or later) and shows where the
published truth differs.

Exit status: 0 all is well, 1 fewer than N corrected cases are exact, 2 there was nothing to compare.
"""

import builtins
import collections
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from call_common import TARGET, download, exit_with, parser_of, unpack

DISTRIBUTION = "pycg==0.0.8"
ARCHIVE = "pycg-0.0.8.tar.gz"
SNIPPETS = "pycg-0.0.8/micro-benchmark/snippets"

# Edges that the published truth lacks or has too many, by CPython's own word: `--against-cpython`. A truth that is only
# coarser than one run (a default that every call overrides) or whose code ends in a TypeError stays as it is.
CORRECTED = {
    # `eval("func()")` in module code: the module calls `eval`, which runs `func` in the module's name. `func` itself
    # has the body `pass` and calls nothing.
    "dynamic/eval": {
        "add": [("main", "<builtin>.eval")],
        "remove": [("main.func", "<builtin>.eval")],
    },
    # The name `func` is `dec1.inner` once both decorators have run; only `dec2.inner` calls the function itself.
    "decorators/nested_decorators": {
        "add": [],
        "remove": [("main", "main.func")],
    },
}

Result = collections.namedtuple("Result", "case missing spurious missing_nodes spurious_nodes")


# --- cases ------------------------------------------------------------------------------------------------------


def archive(cache):
    """The path of the source distribution, fetched unless it is there."""
    path = os.path.join(cache, ARCHIVE)
    if not os.path.isfile(path):
        os.makedirs(cache, exist_ok=True)
        download(DISTRIBUTION, cache)
    return path


def unpack_cases(path, folder):
    """Unpacks the cases into `folder`; their names, sorted."""
    unpack(path, folder, lambda member: member.name.startswith(SNIPPETS + "/"))
    root = os.path.join(folder, SNIPPETS)
    found = glob.glob(os.path.join(root, "*", "*", "callgraph.json"))
    return root, sorted(os.path.relpath(os.path.dirname(path), root).replace(os.sep, "/") for path in found)


def edges_of(adjacency):
    return {(caller, callee) for caller, callees in adjacency.items() for callee in callees}


def nodes_of(adjacency):
    return set(adjacency).union(*adjacency.values())


def corrected(case, edges):
    change = CORRECTED.get(case, {"add": [], "remove": []})
    return edges.union(change["add"]).difference(change["remove"])


# --- comparison -------------------------------------------------------------------------------------------------


def analyse(binary, folder):
    command = [binary, "--isolated", "--quiet", "graph", "calls", "--format", "adjacency"]
    result = subprocess.run(command, cwd=folder, capture_output=True)
    try:
        graph = json.loads(result.stdout)
        return {caller: list(callees) for caller, callees in graph.items()}
    except (ValueError, AttributeError, TypeError) as error:
        sys.stderr.write(result.stderr.decode(errors="replace"))
        raise SystemExit("error: no call graph of {}: {!r}".format(folder, error)) from error


def compare(case, actual, published):
    """The results against the published truth and against the corrected one."""
    wanted, seen = edges_of(published), edges_of(actual)
    nodes = (sorted(nodes_of(published) - nodes_of(actual)), sorted(nodes_of(actual) - nodes_of(published)))
    return [
        Result(case, sorted(truth - seen), sorted(seen - truth), *nodes) for truth in (wanted, corrected(case, wanted))
    ]


def run(binary, root, case):
    folder = os.path.join(root, case)
    with open(os.path.join(folder, "callgraph.json"), encoding="utf-8") as file:
        published = json.load(file)
    return compare(case, analyse(binary, folder), published)


# --- CPython ----------------------------------------------------------------------------------------------------

# Runs `main.py` of the current folder, and prints the calls between its functions in the names of the benchmark.
RUNNER = r"""
import builtins, inspect, json, os, re, sys
root = os.getcwd() + os.sep
sys.path.insert(0, os.getcwd())
edges = set()
def is_class_body(code):
    return not code.co_flags & inspect.CO_OPTIMIZED and code.co_name != "<module>"
def name(frame):
    path = os.path.abspath(frame.f_code.co_filename)
    if frame.f_code.co_filename.startswith("<") or not path.startswith(root) or is_class_body(frame.f_code):
        return None
    module = path[len(root):-len(".py")].replace(os.sep, ".")
    module = re.sub(r"(^|\.)__init__$", "", module)
    scope = re.sub(r"\.?(<locals>|<module>|<listcomp>|<setcomp>|<dictcomp>|<genexpr>)", "", frame.f_code.co_qualname)
    return module + "." + scope if scope else module
def profile(frame, event, function):
    if event == "c_call":
        if name(frame) and function is not __build_class__ and function is getattr(builtins, function.__name__, None):
            edges.add((name(frame), "<builtin>." + function.__name__))
    elif event == "call" and name(frame) and frame.f_code.co_name in (frame.f_code.co_name.strip("<>"), "<lambda>"):
        caller = frame.f_back
        while caller is not None and name(caller) is None:
            caller = caller.f_back
        if caller is not None:
            edges.add((name(caller), name(frame)))
code = compile(open("main.py").read(), os.path.abspath("main.py"), "exec")
error = None
sys.setprofile(profile)
try:
    exec(code, {"__name__": "main"})
except BaseException as raised:
    error = repr(raised)
sys.setprofile(None)
print(json.dumps([sorted(edges), error]))
"""


def is_class(name):
    return name.startswith("<builtin>.") and isinstance(getattr(builtins, name.split(".")[1]), type)


def hold_against_cpython(root, case):
    """Says where the published edges between functions of the case are not those that CPython runs."""
    folder = os.path.join(root, case)
    with open(os.path.join(folder, "callgraph.json"), encoding="utf-8") as file:
        published = edges_of(json.load(file))
    result = subprocess.run([sys.executable, "-c", RUNNER], cwd=folder, capture_output=True, check=True)
    ran, error = json.loads(result.stdout)
    # CPython does not number lambdas, and does not tell of calls of built-in classes.
    plain = lambda edge: tuple(re.sub(r"<lambda\d*>", "<lambda>", end) for end in edge)
    ours = lambda edge: not any(end.startswith(("<**", "ext.")) or is_class(end) for end in edge)
    ran = {plain(edge) for edge in ran}
    published_runs = {plain(edge) for edge in filter(ours, published)}
    corrected_runs = {plain(edge) for edge in filter(ours, corrected(case, published))}
    for edge in sorted(published_runs - ran):
        note = "corrected" if edge not in corrected_runs else "ends in " + error if error else "never runs"
        print("  {}: published, not run: {} -> {} ({})".format(case, *edge, note))
    for edge in sorted(ran - published_runs):
        note = "corrected" if edge in corrected_runs else "not corrected"
        print("  {}: run, not published: {} -> {} ({})".format(case, *edge, note))


# --- report -----------------------------------------------------------------------------------------------------


def counts(results):
    complete = sum(not result.spurious for result in results)
    sound = sum(not result.missing for result in results)
    exact = sum(not result.missing and not result.spurious for result in results)
    return len(results), complete, sound, exact


def print_table(published, fixed):
    by_category = collections.defaultdict(list)
    for result in published:
        by_category[result.case.split("/")[0]].append(result)
    row = "{:<24}{:>7}{:>10}{:>8}{:>8}"
    print(row.format("category", "cases", "complete", "sound", "exact"))
    for category in sorted(by_category):
        print(row.format(category, *counts(by_category[category])))
    print(row.format("all, as published", *counts(published)))
    print(row.format("all, corrected", *counts(fixed)))


def print_failures(published, fixed):
    for result, mended in zip(published, fixed):
        if result.missing or result.spurious or result.missing_nodes:
            is_mended = not (mended.missing or mended.spurious)
            print("{}{}".format(result.case, " (exact by the corrected truth)" if is_mended else ""))
        for title, edges in (("missing", result.missing), ("spurious", result.spurious)):
            for edge in edges:
                print("  {} {} -> {}".format(title, *edge))
        for node in result.missing_nodes:
            print("  missing node {}".format(node))


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--cache", metavar="FOLDER", default=os.path.join(TARGET, "benchmarks"))
    parser.add_argument("--min-exact", metavar="N", type=int, default=0)
    parser.add_argument("-v", "--verbose", action="store_true", help="list the edges that are missing or spurious")
    parser.add_argument("--against-cpython", action="store_true", help="hold the published truth against CPython")
    parser.add_argument("cases", metavar="CASE", nargs="*")
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.ssot)
    if not arguments.against_cpython and not os.path.isfile(binary):
        parser.error("no such program: " + binary)
    path = archive(arguments.cache)
    with tempfile.TemporaryDirectory() as folder:
        root, cases = unpack_cases(path, os.path.realpath(folder))
        if arguments.cases:
            cases = [case for case in cases if any(part in case for part in arguments.cases)]
        if not cases:
            raise SystemExit("error: no such case")
        if arguments.against_cpython:
            for case in cases:
                hold_against_cpython(root, case)
            return 0
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            pairs = list(pool.map(lambda case: run(binary, root, case), cases))
    published, fixed = zip(*pairs)
    if arguments.verbose:
        print_failures(published, fixed)
    print_table(published, fixed)
    exact = counts(fixed)[3]
    if exact < arguments.min_exact:
        print("error: {} cases are exact, {} were expected".format(exact, arguments.min_exact), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    exit_with(main)
