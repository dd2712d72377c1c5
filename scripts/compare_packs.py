#!/usr/bin/env python3
"""Holds the rule packs against ruff's rules for the same moves (UP035, NPY201, AIR3xx), on the same inputs.

Two kinds of input. *Named*: a file with one line for every name that either side may know: the public names of the old
packages, and all old paths of the pack. So ruff's list is found by asking it, not by reading it. *Real*: released packages that
use the old paths. ruff reports an imported name where it is used, we where it is imported: so what is compared is which files
use which names.

    compare_packs.py --ssot target/release/ssot [--ruff RUFF] [--cache target/packs] [-v] [PACK ...]

What is fetched (ruff, the old packages, the packages to check) comes from the package index by pip, and stays in the cache.
NumPy 1.26 needs a Python up to 3.12: `--python` names one, if this one is newer.
"""

import argparse
import ast
import collections
import json
import keyword
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = "noncanonical-import,retired-symbol,retired-module"

PACKS = {
    "python-stdlib": {
        "ruff": ["UP035"],
        "target": "3.13",
        "real": ["typing_extensions==4.5.0", "attrs==22.1.0", "setuptools==65.0.0", "pandas==1.5.3", "apache-airflow==2.5.0"],
    },
    "numpy-2": {
        "ruff": ["NPY201"],
        "target": "3.9",
        "real": ["pandas==1.5.3", "scipy==1.9.3", "scikit-image==0.20.0", "networkx==2.6.3", "statsmodels==0.13.5"],
    },
    "airflow-3": {
        "ruff": ["AIR3"],
        "target": "3.9",
        "real": [
            "apache-airflow-providers-google==10.1.0",
            "apache-airflow-providers-amazon==8.0.0",
            "apache-airflow-providers-cncf-kubernetes==7.0.0",
            "apache-airflow-providers-apache-hive==6.0.0",
            "astronomer-cosmos==1.3.0",
            "dag-factory==0.19.0",
        ],
    },
}


def pip(*arguments: str, python: str = sys.executable) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


class Tools:
    """The two programs, and what is fetched for them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.cache = Path(options.cache).resolve()
        self.cache.mkdir(parents=True, exist_ok=True)
        self.python = options.python
        self.ssot = Path(options.ssot).resolve()
        self.ruff = options.ruff or self.fetched_ruff()

    def fetched_ruff(self) -> str:
        folder = self.cache / "ruff"
        if not folder.exists():
            pip("install", "--target", str(folder), "ruff")
        return str(folder / "bin" / "ruff")

    def installed(self, requirement: str) -> Path:
        """A package that can be imported from the folder given."""
        folder = self.cache / requirement.replace("==", "-")
        if not folder.exists():
            pip("install", "--no-deps", "--target", str(folder), requirement, python=self.python)
        return folder

    def sources(self, requirement: str) -> Path:
        """The Python files of a wheel."""
        folder = self.cache / ("src-" + requirement.replace("==", "-"))
        if not folder.exists():
            wheels = self.cache / "wheels"
            before = set(wheels.glob("*")) if wheels.exists() else set()
            pip("download", "--no-deps", "--only-binary", ":all:", "--dest", str(wheels), requirement, python=self.python)
            wheel = (set(wheels.glob("*")) - before).pop()
            with zipfile.ZipFile(wheel) as archive:
                names = [name for name in archive.namelist() if name.endswith((".py", ".pyi"))]
                archive.extractall(folder, names)
        return folder

    def ruff_findings(self, folder: Path, codes: list[str], target: str) -> list[tuple[str, int, str]]:
        """Path, line and message of each."""
        command = [self.ruff, "check", "--isolated", "--no-cache", "--ignore-noqa", "--preview", "--output-format", "json", "--exit-zero"]
        command += ["--select", ",".join(codes), "--target-version", "py" + target.replace(".", ""), "."]
        out = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
        return [
            (os.path.relpath(finding["filename"], folder), finding["location"]["row"], finding["message"].splitlines()[0])
            for finding in json.loads(out)
            if (finding["code"] or "").startswith(tuple(codes))
        ]

    def ssot_findings(self, folder: Path, pack: str, target: str) -> list[tuple[str, int, str]]:
        rules = folder.parent / f"{folder.name}.{pack}.toml"
        rules.write_text(f'extend = ["{pack}"]\n[project]\ntarget-version = "{target}"\n')
        command = [self.ssot, "check", "--config", rules, "--select", CHECKS, "--output-format", "json", "--exit-zero"]
        out = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
        return [(finding["path"], finding["line"], finding["message"]) for finding in json.loads(out)["findings"]]


def paths_of(message: str) -> list[str]:
    """The old paths that a message is about, dotted; at least their names."""
    quoted = re.findall(r"`([^`]+)`", message)
    found = quoted[1:] if message.startswith("Import from ") else quoted[:1]
    return [path.replace(":", ".") for path in found]


def by_name(findings: list[tuple[str, int, str]]) -> dict[tuple[str, str], str]:
    """The first place and message for each name of each file."""
    found: dict[tuple[str, str], str] = {}
    for file, line, message in sorted(findings):
        for path in paths_of(message):
            found.setdefault((file, path.rsplit(".", 1)[-1]), f"{line}: {message}")
    return found


def under_modules(ruff: list[tuple[str, int, str]], ssot: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    """What ssot says of modules, as often as ruff says something of a name in them."""
    modules = {(file, path) for file, _, message in ssot for path in paths_of(message)}
    return [
        (file, line, message)
        for file, line, message in ruff
        for path in paths_of(message)
        if any((file, path[:at]) in modules for at in range(len(path)) if path[at] == ".")
    ]


def old_paths(pack: str) -> list[tuple[str, str]]:
    """Every old path of a pack, as module and name; no name where a module is retired."""
    rules = tomllib.loads((ROOT / "rules" / f"{pack}.toml").read_text())
    paths = [old for rule in rules.get("canonical", []) for old in rule["replaces"]]
    paths += [rule.get("symbol") or rule["module"] + ":" for rule in rules.get("retired", [])]
    return [tuple(path.split(":")) for path in paths]


def importable(python: str, folder: Path | None, modules: list[str]) -> list[tuple[str, str]]:
    """The names that modules give, asked of the interpreter."""
    code = (
        "import importlib, json, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "names = []\n"
        "for module in json.load(sys.stdin):\n"
        "    try: found = dir(importlib.import_module(module))\n"
        "    except BaseException: continue\n"
        "    names += [(module, name) for name in found if not name.startswith('__')]\n"
        "print(json.dumps(names))\n"
    )
    environment = dict(os.environ, PYTHONPATH=str(folder) if folder else "")
    run = subprocess.run([python, "-c", code], input=json.dumps(modules), env=environment, capture_output=True, text=True, check=True)
    return [tuple(pair) for pair in json.loads(run.stdout.splitlines()[-1])]


def written(folder: Path, package: str) -> list[tuple[str, str]]:
    """The names that the modules of a package bind at their top, by their text, and those that tables of moved names hold."""
    names = []
    for path in sorted((folder / package).rglob("*.py")):
        module = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for statement in ast.parse(path.read_bytes()).body:
            names += [(module, name) for name in bound(statement)]
            names += moved(module, statement)
    return names


def bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names]
    if isinstance(statement, (ast.If, ast.Try)):
        return [name for inner in statement.body for name in bound(inner)]
    return []


def moved(module: str, statement: ast.stmt) -> list[tuple[str, str]]:
    """Names that a table of moved names makes, `{"submodule": {"Name": "new.path"}}`."""
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.Dict):
        return []
    try:
        table = ast.literal_eval(value)
    except ValueError:
        return []
    return [
        (f"{module}.{below}", name)
        for below, names in table.items()
        if isinstance(below, str) and isinstance(names, dict)
        for name in names
        if isinstance(name, str) and name.isidentifier() and below.replace(".", "").isidentifier()
    ]


def candidates(pack: str, tools: Tools) -> list[tuple[str, str]]:
    names = old_paths(pack)
    if pack == "python-stdlib":
        modules = sorted(name for name in sys.stdlib_module_names if not name.startswith("_") and name not in ("antigravity", "this"))
        modules += ["collections.abc", "importlib.abc", "importlib.resources.abc", "typing.io", "typing.re", "xml.etree.cElementTree"]
        names += importable(sys.executable, None, modules)
        names += written(tools.sources("typing_extensions==4.12.2"), ".")
        names += written(tools.sources("mypy_extensions==1.0.0"), ".")
    elif pack == "numpy-2":
        folder = tools.installed("numpy==1.26.4")
        modules = "numpy numpy.lib numpy.core numpy.linalg numpy.fft numpy.random numpy.ma numpy.testing numpy.polynomial numpy.ctypeslib numpy.exceptions numpy.compat"
        names += importable(tools.python, folder, modules.split())
    else:
        names += written(tools.sources("apache-airflow==2.11.0"), "airflow")
        names = [pair for pair in names if not pair[0].startswith(("airflow.providers.", "airflow.migrations", "airflow.example_dags"))]
    return sorted({pair for pair in names if all(part.isidentifier() and not keyword.iskeyword(part) for part in (pair[0] + "." + (pair[1] or "x")).split("."))})


def named(pack: str, tools: Tools) -> tuple[list, set, set]:
    """Candidates, and those that each side reports: two lines a candidate, an import and a use."""
    pairs = candidates(pack, tools)
    text = ""
    for number, (module, name) in enumerate(pairs):
        first, _, rest = name.partition(".")
        text += f"import {module}\n{module}\n" if not name else f"from {module} import {first} as n{number}\nn{number}{rest and '.' + rest}()\n"
    folder = tools.cache / f"named-{pack}"
    folder.mkdir(exist_ok=True)
    (folder / "named.py").write_text(text)
    settings = PACKS[pack]
    by_ruff = {pairs[(line - 1) // 2] for _, line, _ in tools.ruff_findings(folder, settings["ruff"], settings["target"])}
    by_ssot = {pairs[(line - 1) // 2] for _, line, _ in tools.ssot_findings(folder, pack, settings["target"])}
    return pairs, by_ruff, by_ssot


def compare(pack: str, tools: Tools, verbose: bool) -> None:
    pairs, by_ruff, by_ssot = named(pack, tools)
    print(f"{pack}: {len(pairs)} names; both {len(by_ruff & by_ssot)}, only ssot {len(by_ssot - by_ruff)}, only ruff {len(by_ruff - by_ssot)}")
    for title, only in (("only ssot", by_ssot - by_ruff), ("only ruff", by_ruff - by_ssot)):
        for module, count in sorted(collections.Counter(module for module, _ in only).items()):
            names = ", ".join(sorted(name or "(the module)" for its, name in only if its == module))
            print(f"  {title}: {count} of {module}" + (f": {names}" if verbose else ""))
    settings = PACKS[pack]
    total = collections.Counter()
    for requirement in settings["real"]:
        folder = tools.sources(requirement)
        asked, own = tools.ruff_findings(folder, settings["ruff"], settings["target"]), tools.ssot_findings(folder, pack, settings["target"])
        ruff, ssot = by_name(asked), by_name(own + under_modules(asked, own))
        counts = {"both": ruff.keys() & ssot.keys(), "only ssot": ssot.keys() - ruff.keys(), "only ruff": ruff.keys() - ssot.keys()}
        print(f"  {requirement}: " + ", ".join(f"{key} {len(places)}" for key, places in counts.items()))
        for key, places in counts.items():
            total[key] += len(places)
            if verbose and key != "both":
                for place in sorted(places):
                    print(f"      {key} {place[0]}:{ssot.get(place) or ruff.get(place)}")
    print(f"  all: both {total['both']}, only ssot {total['only ssot']}, only ruff {total['only ruff']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ssot", default="target/release/ssot")
    parser.add_argument("--ruff", help="a ruff to use instead of a fetched one")
    parser.add_argument("--python", default=sys.executable, help="an interpreter for the old packages")
    parser.add_argument("--cache", default="target/packs")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every difference")
    parser.add_argument("packs", nargs="*", metavar="PACK", help="among " + ", ".join(PACKS))
    options = parser.parse_args()
    tools = Tools(options)
    print(subprocess.run([tools.ruff, "--version"], capture_output=True, text=True, check=True).stdout.strip())
    for pack in options.packs or PACKS:
        compare(pack, tools, options.verbose)


if __name__ == "__main__":
    main()
