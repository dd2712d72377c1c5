#!/usr/bin/env python3
"""Hold `ssot graph imports` against an import graph that is built without it.

usage: compare_import_graph.py --ssot BINARY [--config FILE] ROOT [ROOT ...]
       compare_import_graph.py --dump ROOT

Each ROOT is the one source root of its tree: it directly contains the packages. The graph is built from the file
system and the `ast` module by these rules, and both graphs must have the same modules and, line by line, the same
edges. Only first-party modules count.

* `import a.b` is an edge to `a.b`, without a name. `from a import b` is an edge to `a.b` where that is a module,
  else to `a`, with the name `b`; a star has the name `*`. There are no extra edges to ancestors. What does not
  exist has no edge: `import a.b.c` is nothing when only `a.b` is there.
* A package beats a module, a module beats a folder without `__init__.py`, a source beats its stub.
* Relative imports resolve as in CPython; one that leads beyond the top-level package is nothing.
* `when` is `type-checking` in a stub or in a suite that only a type checker enters, else `deferred` in a function
  body, else `import`.

Left out on both sides, because there is no saying what is right: files that this Python cannot parse (as
importers), files that no import can reach by their path, and imports of folders without `__init__.py`.

Exit status: 0 the graphs are equal, 1 they differ, 2 there was nothing to compare.
"""

import argparse
import ast
import collections
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings

SHOWN = 20
FOREIGN = {"node_modules", "site-packages", "__pycache__", "__pypackages__"}
BUILT = {"build", "dist", "buck-out", "venv"}

Edge = collections.namedtuple("Edge", "importer imported name line when")
Statement = collections.namedtuple("Statement", "module level names line when")
Graph = collections.namedtuple("Graph", "modules edges unclear skipped unreachable")


# --- files ------------------------------------------------------------------------------------------------------


def source_files(root):
    """Paths of the Python files below `root`, relative and with slashes."""
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if is_entered(os.path.join(folder, name), name)]
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith((".py", ".pyi")) and not name.startswith(".") and os.path.isfile(path):
                found.append(os.path.relpath(path, root).replace(os.sep, "/"))
    return sorted(set(found) - ignored_by_git(root, found))


def is_entered(path, name):
    if name.startswith(".") or os.path.islink(path) or name in FOREIGN:
        return False
    if name.endswith((".egg-info", ".dist-info")) or os.path.isfile(os.path.join(path, "pyvenv.cfg")):
        return False
    return name not in BUILT or is_package(path)


def is_package(path):
    return any(os.path.isfile(os.path.join(path, "__init__" + extension)) for extension in (".py", ".pyi"))


def ignored_by_git(root, paths):
    """Those of `paths` that ignore files name, tracked or not, in a repository or not."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = ["git", "-c", "core.excludesFile=" + os.devnull]
        try:
            inside = subprocess.run(
                [*settings, "check-ignore", "-q", "--no-index", os.path.abspath(root)], cwd=root, capture_output=True
            )
            command = [*settings, "check-ignore", "--no-index", "-z", "--stdin"]
            if inside.returncode != 1:
                # No repository, or one that ignores all of the root: only the ignore files below count.
                subprocess.run(["git", "init", "-q", "--bare", scratch], check=True, capture_output=True)
                command[1:1] = ["--git-dir=" + scratch, "--work-tree=" + os.path.abspath(root)]
            text = "\0".join(paths)
            result = subprocess.run(command, cwd=root, input=os.fsencode(text), capture_output=True)
        except FileNotFoundError:
            return set()
    if result.returncode not in (0, 1):
        print("warning: git check-ignore: " + result.stderr.decode(errors="replace").strip(), file=sys.stderr)
    return {os.fsdecode(path) for path in result.stdout.split(b"\0") if path}


# --- modules ----------------------------------------------------------------------------------------------------


def split_module(path):
    """The dotted name of a path, and how it ranks among the files of that name (lower wins)."""
    stem, extension = os.path.splitext(path)
    parts = stem.split("/")
    package = parts[-1] == "__init__" and len(parts) > 1
    if package:
        parts.pop()
    return ".".join(parts), (not package, extension == ".pyi")


def modules_of(paths):
    """Name to path of every module, the paths that no import reaches, and the folders that only hold modules."""
    ranked = collections.defaultdict(list)
    unreachable = set()
    for path in paths:
        if any("." in part for part in os.path.splitext(path)[0].split("/")) or path.startswith("__init__."):
            unreachable.add(path)
            continue
        name, rank = split_module(path)
        ranked[name].append((rank, path))
    modules = {}
    for name, candidates in ranked.items():
        candidates.sort()
        modules[name] = candidates[0][1]
        unreachable.update(path for _, path in candidates[1:])
    # Below a folder that a plain module hides, nothing can be imported.
    for name in sorted(modules):
        if any(not is_init(modules[above]) for above in ancestors(name) if above in modules):
            unreachable.add(modules[name])
    modules = {name: path for name, path in modules.items() if path not in unreachable}
    folders = {above for name in modules for above in ancestors(name)} - set(modules)
    return modules, unreachable, folders


def ancestors(name):
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def is_init(path):
    return os.path.splitext(path.rsplit("/", 1)[-1])[0] == "__init__"


# --- imports ----------------------------------------------------------------------------------------------------


def statements_of(path):
    """The import statements of a file, or None when it does not parse."""
    try:
        with open(path, "rb") as file:
            source = file.read()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, filename=path)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return None
    found = []
    pending = [(tree.body, "type-checking" if path.endswith(".pyi") else "import")]
    while pending:
        suite, when = pending.pop()
        for node in suite:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found.append(Statement(alias.name, 0, None, node.lineno, when))
            elif isinstance(node, ast.ImportFrom):
                names = [alias.name for alias in node.names]
                found.append(Statement(node.module or "", node.level, names, node.lineno, when))
            else:
                pending.extend(suites(node, when))
    return found


def suites(node, when):
    """The suites of a statement, each with when it runs."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield node.body, "deferred" if when == "import" else when
    elif isinstance(node, ast.If):
        positive = only_type_checking(node.test)
        negative = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        negative = negative and only_type_checking(node.test.operand)
        yield node.body, "type-checking" if positive else when
        yield node.orelse, "type-checking" if negative else when
    else:
        for field in ("body", "orelse", "finalbody"):
            suite = getattr(node, field, None)
            if isinstance(suite, list):
                yield suite, when
        for part in [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]:
            yield part.body, when


def only_type_checking(test):
    """Whether a condition holds for type checkers only."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(only_type_checking(value) for value in test.values)
    return getattr(test, "id", None) == "TYPE_CHECKING" or getattr(test, "attr", None) == "TYPE_CHECKING"


def base_of(importer, path, statement):
    """The absolute name of the module that a statement names, or None when there is no such name."""
    if statement.level == 0:
        return statement.module
    package = importer.split(".")
    if not is_init(path):
        package.pop()
    if len(package) < statement.level:
        return None
    package = package[: len(package) - statement.level + 1]
    return ".".join([*package, statement.module] if statement.module else package)


def edges_of(importer, path, statement, modules, folders):
    """The edges of a statement, and (importer, name, line) of those imports that reach a mere folder."""
    edges, unclear = [], []
    base = base_of(importer, path, statement)
    if base is None:
        return edges, unclear
    for name in [None] if statement.names is None else statement.names:
        member = None if name is None else base + "." + name
        if member in folders or (base in folders and member not in modules):
            unclear.append((importer, name, statement.line))
            continue
        imported = member if member in modules else base
        if imported in modules:
            edges.append(Edge(importer, imported, name, statement.line, statement.when))
    return edges, unclear


def expected_graph(root):
    modules, unreachable, folders = modules_of(source_files(root))
    importers = sorted(modules)
    with multiprocessing.Pool() as pool:
        files = [os.path.join(root, modules[name]) for name in importers]
        parsed = pool.map(statements_of, files, chunksize=64)
    edges, unclear, skipped = collections.Counter(), set(), set()
    for importer, statements in zip(importers, parsed):
        if statements is None:
            skipped.add(importer)
            continue
        for statement in statements:
            found, left_out = edges_of(importer, modules[importer], statement, modules, folders)
            edges.update(found)
            unclear.update(left_out)
    return Graph(modules, edges, unclear, skipped, unreachable)


# --- comparison -------------------------------------------------------------------------------------------------


def actual_graph(binary, root, config, expected):
    """The modules and edges that ssot sees, without what is left out."""
    rules = ["--config", os.path.abspath(config)] if config else ["--isolated"]
    command = [os.path.abspath(binary), "graph", "imports", "--format", "json", *rules]
    result = subprocess.run(command, cwd=root, capture_output=True)
    try:
        graph = json.loads(result.stdout)
        modules = {name: module.get("path") for name, module in graph["modules"].items()}
        records = [Edge(*(record[field] for field in Edge._fields)) for record in graph["imports"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(result.stderr.decode(errors="replace"))
        raise SystemExit("error: no import graph from {}: {!r}".format(" ".join(command), error)) from error
    hidden = {name for name, path in modules.items() if path is None or path in expected.unreachable}
    edges = collections.Counter(
        edge
        for edge in records
        if edge.importer not in expected.skipped
        and not hidden & {edge.importer, edge.imported}
        and (edge.importer, edge.name, edge.line) not in expected.unclear
    )
    return {name: path for name, path in modules.items() if name not in hidden}, edges


def without_unclear(expected):
    """The expected edges, without those that share importer, name and line with one that is left out."""
    edges = expected.edges.items()
    kept = {edge: count for edge, count in edges if (edge.importer, edge.name, edge.line) not in expected.unclear}
    return collections.Counter(kept)


def show(title, items, describe):
    if items:
        print("  {} ({}):".format(title, len(items)))
        for item in items[:SHOWN]:
            print("    " + describe(item))


def describe_edge(modules):
    def describe(edge):
        place = "{}:{}".format(modules.get(edge.importer, edge.importer), edge.line)
        return "{} {} -> {} name={} when={}".format(place, edge.importer, edge.imported, edge.name, edge.when)

    return describe


def edge_order(edge):
    return (edge.importer, edge.line, edge.imported, edge.name or "", edge.when)


def compare(binary, root, config):
    """Compares the two graphs of `root` and prints how they differ; whether they are equal."""
    expected = expected_graph(root)
    if not expected.modules:
        raise SystemExit("error: no Python modules in " + root)
    modules, edges = actual_graph(binary, root, config, expected)
    wanted = without_unclear(expected)
    print(
        "{}: {} modules, {} edges ({} by ssot); left out: {} unparsable, {} unreachable files, {} imports of "
        "folders".format(
            root,
            len(expected.modules),
            sum(wanted.values()),
            sum(edges.values()),
            len(expected.skipped),
            len(expected.unreachable),
            len(expected.unclear),
        )
    )
    missing_modules = sorted(expected.modules.items() - modules.items())
    extra_modules = sorted(modules.items() - expected.modules.items())
    missing = sorted((wanted - edges).elements(), key=edge_order)
    extra = sorted((edges - wanted).elements(), key=edge_order)
    show("modules that ssot lacks", missing_modules, " ".join)
    show("modules that only ssot has", extra_modules, " ".join)
    show("edges that ssot lacks", missing, describe_edge(expected.modules))
    show("edges that only ssot has", extra, describe_edge(modules))
    return not (missing_modules or extra_modules or missing or extra)


def dump(root):
    graph = expected_graph(root)
    imports = [edge._asdict() for edge in sorted(graph.edges.elements(), key=edge_order)]
    modules = {name: {"path": path} for name, path in sorted(graph.modules.items())}
    json.dump({"modules": modules, "imports": imports}, sys.stdout, indent=1)
    print()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS
    )
    parser.add_argument("--ssot", metavar="BINARY", help="the ssot program")
    parser.add_argument("--config", metavar="FILE", help="rules file for ssot, in place of --isolated")
    parser.add_argument("--dump", action="store_true", help="print the graph that is expected and compare nothing")
    parser.add_argument("roots", metavar="ROOT", nargs="+", help="source root to compare")
    arguments = parser.parse_args()
    for root in arguments.roots:
        if not os.path.isdir(root):
            parser.error("no such folder: " + root)
    if arguments.dump:
        for root in arguments.roots:
            dump(root)
        return 0
    if not arguments.ssot:
        parser.error("--ssot is required")
    # Every root is compared, also after one that differs.
    equal = [compare(arguments.ssot, root, arguments.config) for root in arguments.roots]
    return 0 if all(equal) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
            sys.exit(2)
        raise
