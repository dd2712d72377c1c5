#!/usr/bin/env python3
"""Holds the rule packs against the releases that they are about.

For each pack, old and new releases are installed side by side, and every path of its rules is imported in each:

- a new path is there in the newest release;
- an old path is there in some release; it is gone from the newest one if the rule is an error, and there if it is less;
- a provider of Airflow that is not installed is not asked;
- where an old path of a `[[canonical]]` rule and its new path are both there, they give the same object. Where they do not, one
  must call the other: such pairs are listed, to be read.

With `--ssot`, a module that takes every old path of the `[[canonical]]` rules that a release has beside the new one, by `from` import and
by attribute, is fixed by that binary, and both modules are run by the release: each name must be the same object before and after.

    verify_packs.py [--cache target/packs] [--ssot BINARY] [--python 3.7=PATH ...] [PACK ...]

`--python` names interpreters; `python-stdlib` is asked of all of them, the others of the newest that can take the release.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Releases by pack, oldest first, each with the newest Python that it can be installed for.
RELEASES = {
    "airflow-3": [(["apache-airflow==2.11.*"], "3.12"), (["apache-airflow==3.1.*"], "3.12")],
    "django": [(["django==1.11.*"], "3.7"), (["django==2.2.*"], "3.7"), (["django==3.2.*"], "3.9"), (["django==4.2.*"], "3.11"), (["django==5.2.*"], "3.13")],
    "numpy-2": [(["numpy==1.23.*"], "3.11"), (["numpy==1.26.*"], "3.12"), (["numpy>=2"], "3.13")],
    "pydantic-2": [(["pydantic<2", "python-dotenv", "email-validator"], "3.12"), (["pydantic>=2", "pydantic-settings", "pydantic-extra-types"], "3.13")],
    "sqlalchemy-2": [(["sqlalchemy==1.3.*"], "3.9"), (["sqlalchemy==1.4.*"], "3.12"), (["sqlalchemy==2.0.*"], "3.13")],
}

SET_UP = """
import logging, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
try:
    import django
    from django.conf import settings
    apps = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
    settings.configure(INSTALLED_APPS=apps, SECRET_KEY="x", DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3"}})
    django.setup()
except ImportError:
    pass
"""

PROBE = SET_UP + """
import contextlib, importlib, io, json, sys

def give(path):
    module, _, name = path.partition(":")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            found = importlib.import_module(module)
            for part in name.split(".") if name else []:
                found = getattr(found, part)
        return (found,)
    except BaseException:
        return None

result = []
for old, new in json.load(sys.stdin):
    was, now = give(old), give(new) if new else None
    result.append("=" if was and now and was[0] is now[0] else "B" if was and now else "o" if was else "n" if now else ".")
print(json.dumps(result))
"""

RUN_BOTH = SET_UP + """
import contextlib, importlib, io, json, sys
sys.path.insert(0, sys.argv[1])
with contextlib.redirect_stdout(io.StringIO()):
    before, after = (vars(importlib.import_module(name)) for name in ("before", "after"))
names = [name for name in before if name[0] in "nc" and name[1:].isdigit()]
print(json.dumps([name for name in names if before[name] is not after[name]]))
"""


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def moves(pack: str) -> list[tuple[str, str | None, dict, str]]:
    """Old path, new path, rule and its kind."""
    rules = tomllib.loads((ROOT / "rules" / f"{pack}.toml").read_text())
    canonical = [(old, rule["symbol"], rule, "canonical") for rule in rules.get("canonical", []) for old in rule["replaces"]]
    retired = [(rule.get("symbol") or rule["module"], rule.get("use"), rule, "retired") for rule in rules.get("retired", [])]
    return canonical + retired


def environment(cache: Path, name: str, python: str, requirements: list[str]) -> Path:
    folder = cache / f"env-{name}"
    program = folder / "bin" / "python"
    if not program.exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        subprocess.run([program, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *requirements], check=True)
    return program


def probe(program: Path, pairs: list[tuple[str, str | None]], home: Path) -> list[str]:
    variables = dict(os.environ, AIRFLOW_HOME=str(home))
    run = subprocess.run([program, "-c", PROBE], input=json.dumps(pairs), capture_output=True, text=True, env=variables)
    if run.returncode:
        sys.exit(f"{program}: {run.stderr}")
    return json.loads(run.stdout.splitlines()[-1])


def fix(ssot: str, pack: str, target: str, program: Path, pairs: list[tuple[str, str]], folder: Path) -> str:
    """Fixes a module that takes the old paths of `pairs`, and says what became of it under one release."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = []
    for at, (old, _) in enumerate(pairs):
        module, _, name = old.partition(":")
        if "." not in name:
            lines.append(f"from {module} import {name} as n{at}")
        lines.append(f"import {module} as m{at}")
    lines += [f"c{at} = m{at}.{old.partition(':')[2]}" for at, (old, _) in enumerate(pairs)]
    (folder / "before.py").write_text("\n".join(lines) + "\n")
    (folder / "after").mkdir()
    shutil.copy(folder / "before.py", folder / "after" / "after.py")
    (folder / "after" / "ssot.toml").write_text(f'extend = ["{pack}"]\n\n[project]\ntarget-version = "{target}"\n')
    subprocess.run([ssot, "check", "--fix", "-q"], cwd=folder / "after", stdout=subprocess.DEVNULL, check=False)
    shutil.copy(folder / "after" / "after.py", folder / "after.py")
    moved = sum(old != new for old, new in zip(lines, (folder / "after.py").read_text().splitlines()))
    variables = dict(os.environ, AIRFLOW_HOME=str(folder / "home"))
    run = subprocess.run([program, "-c", RUN_BOTH, str(folder)], capture_output=True, text=True, env=variables)
    if run.returncode:
        return f"{moved} lines changed; cannot be run: {run.stderr.strip().splitlines()[-1]}"
    others = [f"{name} ({pairs[int(name[1:])][0]})" for name in json.loads(run.stdout.splitlines()[-1])]
    return f"{len(pairs)} old paths, {moved} of {len(lines)} lines changed, {len(others)} names are another object {' '.join(others)}"


def judge(rule: dict, kind: str, new: str | None, row: list[str], names: list[str]) -> list[str]:
    """What does not hold of a rule, by what each release said."""
    since = rule.get("since")
    relevant = [at for at, name in enumerate(names) if not since or not name[0].isdigit() or version(name) >= version(since)]
    last = row[-1]
    wrong = []
    if not any(one in "=Bo" for one in row):
        wrong.append("the old path is nowhere")
    if new and last not in "=Bn":
        wrong.append("the new path is not in the newest")
    if new and since and any(row[at] in "o." for at in relevant):
        wrong.append(f"the new path is not there from {since} on")
    if rule.get("severity") in ("warning", "info") and last not in "=Bo":
        wrong.append("no error, but gone")
    if rule.get("severity") is None and last in "=Bo":
        wrong.append("an error, but still there")
    if kind == "canonical" and any(row[at] == "B" for at in relevant):
        wrong.append("differs where both are there")
    return wrong


def verify(pack: str, options: argparse.Namespace) -> int:
    cache = Path(options.cache).resolve()
    cache.mkdir(parents=True, exist_ok=True)
    pythons = sorted(options.pythons.items(), key=lambda item: version(item[0]))
    rows: list[list[str]] = []
    names: list[str] = []
    programs: list[Path] = []
    pairs = [(old, new) for old, new, _, _ in moves(pack)]
    if pack == "python-stdlib":
        for name, python in pythons:
            program = environment(cache, f"python-{name}", python, ["typing_extensions", "mypy_extensions"])
            names.append(name)
            programs.append(program)
            rows.append(probe(program, pairs, cache / f"home-{name}"))
    else:
        for number, (requirements, newest) in enumerate(RELEASES[pack]):
            fitting = [python for name, python in pythons if version(name) <= version(newest)]
            program = environment(cache, f"{pack}-{number}", fitting[-1], requirements)
            names.append(requirements[0])
            programs.append(program)
            rows.append(probe(program, pairs, cache / f"home-{pack}-{number}"))
    same = told = unasked = 0
    for (old, new, rule, kind), row in zip(moves(pack), zip(*rows)):
        if (new or "").startswith("airflow.providers.") and row[-1] not in "=Bn":
            unasked += 1
            continue
        wrong = judge(rule, kind, new, list(row), names)
        same += kind == "canonical" and not wrong
        told += bool(wrong)
        if wrong:
            print(f"  {''.join(row)}  {old} -> {new or '-'}: {'; '.join(wrong)}")
    print(f"{pack}: {len(pairs)} paths in {', '.join(names)}; {unasked} not asked; {told} to be read; {same} old paths are the same object wherever both are there")
    if options.ssot:
        for name, program, row in zip(names, programs, rows):
            both = [(old, new) for (old, new, _, kind), found in zip(moves(pack), row) if kind == "canonical" and found in "=B"]
            target = name if pack == "python-stdlib" else "3.13"
            print(f"  fixed and run with {name}: {fix(options.ssot, pack, target, program, both, cache / f'fix-{pack}-{name}')}")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", default="target/packs")
    parser.add_argument("--ssot", metavar="BINARY")
    parser.add_argument("--python", action="append", default=[], metavar="VERSION=PATH")
    parser.add_argument("packs", nargs="*", metavar="PACK", help="among python-stdlib, " + ", ".join(RELEASES))
    options = parser.parse_args()
    own = "{}.{}".format(*sys.version_info)
    options.pythons = dict(item.split("=", 1) for item in options.python) or {own: sys.executable}
    for pack in options.packs or ["python-stdlib", *RELEASES]:
        verify(pack, options)


if __name__ == "__main__":
    main()
