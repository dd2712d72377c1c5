#!/usr/bin/env python3
"""Hold the recursion fixtures against CPython.

A fixture module may end with lines of the form

    # run: EXPRESSION -> OUTCOME

The expression is evaluated in the module's namespace, in a fresh interpreter whose working directory is the case
folder. The outcome is one of

    RecursionError   the expression raises it
    swallows         the recursion limit is hit, but the expression ends without RecursionError
    runs on          the expression calls without end and never hits the limit: each call has a stack of its own
    ends             the expression ends, by value or by another exception, and never hits the limit

Coroutines are awaited, and the expression itself may use `await` and `async for`.

Every function that carries an `[unconditional]` mark must be covered by runs that hit the limit; the other
runs of a module are its guarded functions and near misses.

Usage: scripts/verify_fixtures.py [FOLDER...]      (default: every folder under fixtures/)
"""

import ast
import asyncio
import collections
import importlib
import inspect
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
RUN = re.compile(r"^# run: (?P<expression>.+) -> (?P<outcome>RecursionError|swallows|runs on|ends)$")
MARK = re.compile(r"# expect: .*\b(?:self|mutual)-recursion\[unconditional\]")
RECURSION_LIMIT = 300
# Calls of one function after which it is taken to go on for ever; no fixture that ends makes nearly as many.
MANY_CALLS = 3000
TIMEOUT_SECONDS = 5


def evaluate(module_name, expression):
    """Evaluate one expression and name its outcome. Runs in the fresh interpreter."""
    sys.path.insert(0, os.getcwd())
    module = importlib.import_module(module_name)
    code = compile(expression, "<run>", "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    calls = collections.Counter()
    folder = os.getcwd()

    async def complete(value):
        # Inside the event loop, so that its own frames do not count as the fixture's.
        sys.setprofile(hook)
        return await value

    def hook(frame, event, _argument):
        """Count calls, one frame deeper than the fixture: at the limit CPython removes a hook that raises."""
        if event == "call" and frame.f_code.co_filename.startswith(folder):
            calls[frame.f_code] += 1
            if calls[frame.f_code] > MANY_CALLS:
                # Nothing can be trusted to let an exception through.
                print("runs on", flush=True)
                os._exit(0)

    vars(module).setdefault("asyncio", asyncio)
    raised = False
    hit = False
    sys.setrecursionlimit(RECURSION_LIMIT)
    try:
        sys.setprofile(hook)
        value = eval(code, vars(module))
        hit = sys.getprofile() is None
        if inspect.iscoroutine(value):
            asyncio.run(complete(value))
    except RecursionError:
        raised = True
    except (Exception, SystemExit):
        pass
    finally:
        hit = hit or sys.getprofile() is None
        sys.setprofile(None)
        sys.setrecursionlimit(1000)
    if raised:
        return "RecursionError"
    return "swallows" if hit else "ends"


def observe(case, module_name, expression):
    """Evaluate one expression in a fresh interpreter and name its outcome."""
    command = [sys.executable, "-B", "-W", "ignore", __file__, "--evaluate", module_name, expression]
    try:
        done = subprocess.run(command, cwd=case, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return f"nothing within {TIMEOUT_SECONDS} s"
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        return "an error: " + (done.stderr.strip().splitlines() or ["?"])[-1]
    return lines[-1]


def module_name(case, path):
    """The dotted name under which `path` is imported from `case`."""
    parts = list(path.relative_to(case).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names_in(expression):
    """Every identifier of the expression, attributes and attribute strings included."""
    found = set()
    for node in ast.walk(ast.parse(expression, mode="eval")):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def owners(tree, line):
    """The names of the functions and classes around a line, innermost last; for a lambda the name it is given."""
    found = []
    for node in ast.walk(tree):
        if not (hasattr(node, "lineno") and node.lineno <= line <= node.end_lineno):
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.append(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            found.extend(target.id for target in node.targets if isinstance(target, ast.Name))
    return found


def check_module(case, path):
    """Run all lines of one module; give the failures and the number of runs."""
    text = path.read_text(encoding="utf-8")
    runs = [match for match in map(RUN.match, text.splitlines()) if match]
    marked = [number for number, line in enumerate(text.splitlines(), 1) if MARK.search(line)]
    failures = []
    crashing = set()
    for run in runs:
        seen = observe(case, module_name(case, path), run["expression"])
        if seen != run["outcome"]:
            failures.append(f"{path}: {run['expression']}: expected {run['outcome']}, saw {seen}")
        elif seen != "ends":
            crashing |= names_in(run["expression"])
    if marked:
        tree = ast.parse(text)
        for number in marked:
            if not crashing & set(owners(tree, number)):
                failures.append(f"{path}:{number}: marked unconditional, but no run hits the limit there")
    return failures, len(runs)


def main(folders):
    """Check the fixture modules under the folders; 0 when all hold."""
    modules = []
    for folder in folders or [FIXTURES]:
        for path in sorted(Path(folder).resolve().rglob("*.py")):
            text = path.read_text(encoding="utf-8", errors="replace")
            if "# run: " in text or MARK.search(text):
                relative = path.relative_to(FIXTURES).parts
                # `incident*` folders are one repository each, the others hold one per case.
                depth = 1 if relative[0].startswith("incident") else 2
                modules.append((FIXTURES.joinpath(*relative[:depth]), path))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda item: check_module(*item), modules))
    failures = [failure for found, _ in results for failure in found]
    for failure in failures:
        print(failure)
    print(f"{sum(count for _, count in results)} runs in {len(modules)} modules, {len(failures)} failures")
    return 1 if failures or not modules else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--evaluate"]:
        print(evaluate(sys.argv[2], sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
