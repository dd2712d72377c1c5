#!/usr/bin/env python3
"""Let `ssot --fix` loose on real packages and hold it to their own tests.

For each package: fetch its source distribution, derive the rule "the defining module is canonical" for every symbol
that its code or tests import through a re-export, run its tests, fix, and show that

    every file parses and every module can be imported as before,
    the same tests pass and fail,
    a second run changes nothing,
    `ssot undo` brings every byte back.

Needs pip and the package index; all else happens in a folder of its own, with a virtual environment of its own.

Usage: scripts/fix_real_packages.py [--ssot PATH] [--work FOLDER] [--unsafe-fixes] [PACKAGE...]
"""

import ast
import collections
import re
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree
import zipfile

from fix_common import Broken, again_and_back, fix, options, run, table

# name: (source distribution, folder of the code, packages, folders of tests, what the tests need, arguments)
PACKAGES = {
    "flask": ("flask==3.0.3", "src", ["flask"], ["tests"], "asgiref python-dotenv werkzeug<3.1", ""),
    "werkzeug": ("werkzeug==3.0.6", "src", ["werkzeug"], ["tests"], "watchdog cryptography ephemeral-port-reserve pytest-timeout pytest-xprocess", "-k not(serving)"),
    "click": ("click==8.1.7", "src", ["click"], ["tests"], "", ""),
    "jinja2": ("jinja2==3.1.4", "src", ["jinja2"], ["tests"], "trio", ""),
    "networkx": ("networkx==3.2.1", ".", ["networkx"], ["networkx"], "", "-k not(slow)"),
    "marshmallow": ("marshmallow==3.21.3", "src", ["marshmallow"], ["tests"], "simplejson pytz", ""),
    "markdown": ("markdown==3.6", ".", ["markdown"], ["tests"], "pyyaml", "--continue-on-collection-errors"),
    "toolz": ("toolz==0.12.1", ".", ["toolz", "tlz"], ["toolz"], "", ""),
    "jsonschema": ("jsonschema==4.23.0", ".", ["jsonschema"], ["jsonschema/tests"], "", ""),
    "wtforms": ("wtforms==3.1.2", "src", ["wtforms"], ["tests"], "email-validator babel", ""),
    "httpx": ("httpx==0.27.2", ".", ["httpx"], ["tests"], "anyio<4.5 trio trustme uvicorn chardet brotli zstandard h2 socksio rich click pygments", ""),
    "packaging": ("packaging==24.1", "src", ["packaging"], ["tests"], "pretend", ""),
    "sqlalchemy": ("sqlalchemy==2.0.36", "lib", ["sqlalchemy"], ["test/base", "test/ext"], "", "--maxfail 100000"),
    "attrs": ("attrs==24.2.0", "src", ["attr", "attrs"], ["tests"], "hypothesis cloudpickle", "-k not(mypy)"),
}


def fetch(requirement, folder):
    """The unpacked source distribution."""
    folder.mkdir(parents=True, exist_ok=True)
    done = [one for one in folder.iterdir() if one.is_dir()]
    if not done:
        got = run([sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", requirement], folder)
        archives = [one for one in folder.iterdir() if one.suffix in (".gz", ".zip")]
        if not archives:
            raise Broken(f"cannot fetch {requirement}: {got.stderr[-500:]}")
        opener = zipfile.ZipFile if archives[0].suffix == ".zip" else tarfile.open
        with opener(archives[0]) as archive:
            archive.extractall(folder)
        done = [one for one in folder.iterdir() if one.is_dir()]
    return done[0]


def sources(root):
    return sorted(path for path in root.rglob("*.py") if not any(part.startswith(".") for part in path.relative_to(root).parts))


class Derived:
    """Where the names of a source tree are defined, as far as plain statements tell."""

    def __init__(self, root, code, packages):
        self.trees, self.modules, self.bound = {}, {}, {}
        for path in sources(root):
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError):
                continue
            try:
                below = path.relative_to(root / code).with_suffix("")
            except ValueError:
                below = None
            module = None
            if below and below.parts[0] in packages:
                parts = below.parts[:-1] if below.name == "__init__" else below.parts
                module = ".".join(parts)
                self.modules[module] = (tree, path.name == "__init__.py")
            self.trees[path] = (tree, module, path.name == "__init__.py")

    @staticmethod
    def base(node, module, is_package):
        if not node.level:
            return node.module
        if module is None:
            return None
        parts = module.split(".")
        parts = parts[: len(parts) + int(is_package) - node.level]
        return ".".join(parts + ([node.module] if node.module else []))

    def bindings(self, module):
        """name -> what binds it at module level, into `if` and `try`."""
        if module in self.bound:
            return self.bound[module]
        out = self.bound[module] = collections.defaultdict(set)
        tree, is_package = self.modules[module]
        open_ = list(tree.body)
        while open_:
            node = open_.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                out[node.name].add(("def",))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    source = self.base(node, module, is_package)
                    if alias.name == "*":
                        out["*"].add(("star", source))
                    else:
                        out[alias.asname or alias.name].add(("from", source, alias.name))
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    out[alias.asname or alias.name.split(".")[0]].add(("import",))
            elif isinstance(node, ast.Assign) and isinstance(node.value, (ast.Name, ast.Attribute)):
                # Another name for something: which of the two is meant to stay is not for a script to say.
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        out[target.id].add(("alias",))
            else:
                for target in ast.walk(node):
                    if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                        out[target.id].add(("def",))
                for field in ("body", "orelse", "finalbody"):
                    open_ += [one for one in getattr(node, field, []) if isinstance(one, ast.stmt)]
                for handler in getattr(node, "handlers", []):
                    open_ += handler.body
        return out

    def origin(self, module, name, seen=()):
        if module not in self.modules or (module, name) in seen:
            return None
        bound = self.bindings(module)
        if name in bound:
            if len(bound[name]) != 1:
                return None
            (kind, *rest), = bound[name]
            if kind == "def":
                return module, name
            if kind == "from" and f"{rest[0]}.{rest[1]}" not in self.modules:
                return self.origin(rest[0], rest[1], seen + ((module, name),))
            return None
        found = {self.origin(source, name, seen + ((module, name),)) for _, source in bound.get("*", ())}
        found.discard(None)
        return found.pop() if len(found) == 1 and not name.startswith("_") else None

    def symbols(self):
        """Every symbol that somebody reaches through a module that does not define it."""
        found = set()
        for tree, module, is_package in self.trees.values():
            aliases = {}
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom):
                    source = self.base(node, module, is_package)
                    for alias in node.names:
                        if alias.name != "*" and f"{source}.{alias.name}" not in self.modules:
                            origin = self.origin(source, alias.name)
                            if origin and origin[0] != source:
                                found.add(origin)
                elif isinstance(node, ast.Import):
                    for alias in node.names:
                        if alias.asname or "." not in alias.name:
                            aliases[alias.asname or alias.name] = alias.name
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
                    source = aliases[node.value.id]
                    if f"{source}.{node.attr}" not in self.modules:
                        origin = self.origin(source, node.attr)
                        if origin and origin[0] != source:
                            found.add(origin)
        return sorted(found)


# Each module in a process of its own, in which only the top-level package has run: it would run first anyway.
IMPORTER = """
import importlib, os, sys
def attempt(module, then=lambda: None):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        out, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1); os.dup2(null, 2)
        try:
            importlib.import_module(module)
        except BaseException:
            os._exit(1)
        os.dup2(out, 1)
        then()
        sys.stdout.flush()
        os._exit(0)
    print(module, os.waitpid(child, 0)[1])
for top in sorted({module.split('.')[0] for module in sys.argv[1:]}):
    below = [module for module in sys.argv[1:] if module.startswith(top + '.')]
    attempt(top, lambda: [attempt(module) for module in below])
"""


class Package:
    def __init__(self, name, work, python, ssot, flags):
        self.name, self.python, self.ssot, self.flags = name, python, ssot, flags
        requirement, self.code, self.packages, self.tests, self.needs, self.arguments = PACKAGES[name]
        self.requirement = requirement
        original = fetch(requirement, work / "sdist" / name)
        self.root = work / "tree" / name
        for old in self.root.parent.glob(f"{name}.*.pyc"):
            shutil.rmtree(old)
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(original, self.root, symlinks=True)

    def install(self):
        got = run([self.python, "-m", "pip", "install", "-q", self.requirement, *self.needs.split()], self.root)
        if got.returncode:
            print(f"{self.name}: {got.stderr[-300:]}", file=sys.stderr)

    def path(self, stage):
        # Compiled files go elsewhere, and those from before the fix are none of those after it.
        compiled = self.root.parent / f"{self.name}.{stage}.pyc"
        return {"PYTHONPATH": str(self.root / self.code), "PYTHONPYCACHEPREFIX": str(compiled)}

    def run_tests(self, stage):
        report = self.root.parent / f"{self.name}.xml"
        report.unlink(missing_ok=True)
        command = [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={report}"]
        got = run([*command, *self.arguments.split(), *self.tests], self.root, **self.path(stage))
        if not report.exists():
            raise Broken(f"the tests do not run: {got.stdout[-800:]}{got.stderr[-800:]}")
        outcomes = collections.Counter()
        for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
            kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
            # Names of generated cases may hold the time, or addresses.
            name = re.sub(r"0x[0-9a-f]+|[0-9]+", "0", case.get("name"))
            outcomes[case.get("classname"), name, ",".join(sorted(kinds)) or "passed"] += 1
        for junk in self.root.rglob("__pycache__"):
            shutil.rmtree(junk, ignore_errors=True)
        return outcomes

    def imports(self, stage, modules):
        got = run([self.python, "-c", IMPORTER, *modules], self.root, **self.path(stage))
        return got.stdout

    def judge(self):
        self.install()
        derived = Derived(self.root, self.code, self.packages)
        modules, symbols = sorted(derived.modules), derived.symbols()
        rules = ["[project]", f'roots = ["{self.code}"]' if self.code == "." else f'roots = ["{self.code}", "."]']
        for module, name in symbols:
            rules += ["", "[[canonical]]", f'symbol = "{module}:{name}"']
        (self.root / "ssot.toml").write_text("\n".join(rules) + "\n")
        problems = []
        unparsable = {str(path) for path in sources(self.root) if not parses(path)}
        importable = self.imports("before", modules)
        tests = self.run_tests("before")
        before, after, counts = fix(self.ssot, self.root, self.flags)
        if set(after) != set(before):
            problems.append("files came or went")
        if {str(path) for path in sources(self.root) if not parses(path)} != unparsable:
            problems.append("a file no longer parses")
        if (now := self.imports("after", modules)) != importable:
            broken = set(now.splitlines()) ^ set(importable.splitlines())
            problems.append(f"imports differ: {sorted(broken)[:6]}")
        tests_after = self.run_tests("after")
        different = sorted(key for key in {*tests, *tests_after} if tests[key] != tests_after[key])
        if different:
            problems.append(f"{len(different)} outcomes of tests differ: {different[:6]}")
        undo, more = again_and_back(self.ssot, self.root, before, self.flags)
        return {
            **counts, "rules": len(symbols), "before": outcome(tests), "after": outcome(tests_after), "undo": undo,
            "problems": problems + more,
        }


def outcome(tests):
    count = collections.Counter()
    for (*_, kind), times in tests.items():
        count[kind] += times
    failed = count["failure"] + count["error"]
    return f"{count['passed']} passed, {failed} failed"


def parses(path):
    try:
        ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return True


def main():
    asked = options(__doc__, "target/real-packages", "packages", PACKAGES)
    work = asked.work
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(work / "venv")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "pytest==8.2.2"], check=True)
    row = "{:<12} {:>5} {:>6} {:>9} {:>7} {:>5}  {:<26} {:<26} {}"
    print(row.format("package", "rules", "sites", "rewritten", "refused", "files", "tests before", "tests after", "undo"), flush=True)
    def judge(name):
        return Package(name, work, str(python), asked.ssot, asked.flags).judge()

    sys.exit(table(row, asked.names, judge, asked.reasons))


if __name__ == "__main__":
    main()
