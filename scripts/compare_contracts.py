#!/usr/bin/env python3
"""Holds `ssot check` and import-linter against each other: the same import contracts on the same package.

Makes random contracts of each type from the modules of an installed package, some of which the package keeps and some of
which it breaks, runs both tools and compares the verdicts. Prints every contract that they judge differently.

    compare_contracts.py --ssot target/release/ssot --lint-imports lint-imports [--each 20] [--seed 1] FOLDER PACKAGE...

FOLDER holds the packages. What import-linter does not see is left out of the contracts: folders without `__init__.py`.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path


# What we call layers in containers is of type `layers` for both tools.
TYPES = {"containers": "layers"}


def modules_of(root: Path, package: str) -> list[str]:
    """The modules that import-linter sees, dotted, without the package itself."""
    found = []
    for folder, folders, files in os.walk(root / package):
        if "__init__.py" not in files:
            folders.clear()
            continue
        folders.sort()
        base = Path(folder).relative_to(root)
        for file in sorted(files):
            stem, extension = os.path.splitext(file)
            if extension == ".py" and stem.isidentifier():
                parts = base.parts if stem == "__init__" else (*base.parts, stem)
                found.append(".".join(parts))
    found.remove(package)
    # Python loads the package, not the module beside it.
    return sorted(set(found))


def apart(rng: random.Random, modules: list[str], count: int) -> list[str]:
    """Some modules, none below another."""
    chosen: list[str] = []
    for module in rng.sample(modules, min(len(modules), count * 8)):
        if all(not f"{module}.".startswith(f"{one}.") and not f"{one}.".startswith(f"{module}.") for one in chosen):
            chosen.append(module)
        if len(chosen) == count:
            break
    return chosen


def contained(rng: random.Random, modules: list[str]) -> dict | None:
    """Layers named below a container; some may be missing, and all in it may have to be in one."""
    children: dict[str, list[str]] = {}
    for module in modules:
        above, _, name = module.rpartition(".")
        children.setdefault(above, []).append(name)
    containers = [above for above, names in children.items() if len(names) > 1 and "." in above]
    if not containers:
        return None
    container = rng.choice(containers)
    names = children[container]
    rng.shuffle(names)
    # All of them, or few enough that an exhaustive contract is broken by the rest.
    exhaustive = rng.random() < 0.3
    whole = exhaustive and len(names) < 12 and rng.random() < 0.7
    names = names if whole else names[: rng.randint(2, 4)]
    if rng.random() < 0.4:
        names.insert(rng.randint(0, len(names)), "(not_there)")
    contract = {"layers": names, "containers": [container]}
    if exhaustive:
        contract["exhaustive"] = True
    return contract


def make(rng: random.Random, modules: list[str], kind: str) -> dict:
    """A random contract."""
    shallow = [module for module in modules if module.count(".") <= 2]
    pool = shallow if rng.random() < 0.7 else modules
    if kind == "containers":
        return contained(rng, modules) or make(rng, modules, "layers")
    if kind == "layers":
        chosen = apart(rng, pool, rng.randint(2, 4))
        layers, at = [], 0
        while at < len(chosen):
            width = 2 if at + 1 < len(chosen) and rng.random() < 0.3 else 1
            layers.append(rng.choice([" | ", " : "]).join(chosen[at : at + width]))
            at += width
        if len(layers) == 1:
            layers = chosen
        return {"layers": layers}
    if kind == "independence":
        return {"modules": apart(rng, pool, rng.randint(2, 4))}
    if kind == "forbidden":
        chosen = apart(rng, pool, rng.randint(2, 4))
        cut = rng.randint(1, len(chosen) - 1)
        contract = {"modules": chosen[:cut], "forbidden": chosen[cut:]}
        if rng.random() < 0.4:
            contract["indirect"] = True
        return contract
    chosen = apart(rng, pool, rng.randint(2, 5))
    return {"modules": chosen[:1], "importers": chosen[1:]}


def as_rules(contracts: list[tuple[str, dict]]) -> str:
    text = '[checks]\nunused-rule = "off"\n'
    for number, (kind, contract) in enumerate(contracts):
        text += f'\n[[contract]]\nid = "c{number:03}"\ntype = "{TYPES.get(kind, kind)}"\n'
        for key, value in contract.items():
            text += "allow-indirect-imports = true\n" if key == "indirect" else f"{key} = {json.dumps(value)}\n"
    return text


def as_linter(package: str, contracts: list[tuple[str, dict]]) -> str:
    text = f"[importlinter]\nroot_package = {package}\n"
    names = {
        "modules": {"forbidden": "source_modules", "independence": "modules", "protected": "protected_modules"},
        "layers": {"layers": "layers", "containers": "layers"},
        "containers": {"containers": "containers"},
        "forbidden": {"forbidden": "forbidden_modules"},
        "importers": {"protected": "allowed_importers"},
    }
    for number, (kind, contract) in enumerate(contracts):
        text += f"\n[importlinter:contract:c{number:03}]\nname = c{number:03}\ntype = {TYPES.get(kind, kind)}\n"
        for key, value in contract.items():
            if key == "indirect":
                text += "allow_indirect_imports = True\n"
            elif key == "exhaustive":
                text += "exhaustive = True\n"
            else:
                text += f"{names[key][kind]} =\n" + "".join(f"    {one}\n" for one in value)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ssot", required=True)
    parser.add_argument("--lint-imports", required=True)
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folder", type=Path)
    parser.add_argument("packages", nargs="+")
    options = parser.parse_args()
    differ = 0
    for package in options.packages:
        rng = random.Random(f"{options.seed} {package}")
        modules = modules_of(options.folder, package)
        kinds = ["layers", "containers", "forbidden", "independence", "protected"]
        contracts = [(kind, make(rng, modules, kind)) for kind in kinds for _ in range(options.each)]
        with tempfile.TemporaryDirectory() as scratch:
            work = Path(scratch)
            (work / package).symlink_to((options.folder / package).resolve())
            (work / "ssot.toml").write_text(as_rules(contracts))
            (work / ".importlinter").write_text(as_linter(package, contracts))
            ours = subprocess.run(
                [os.path.abspath(options.ssot), "check", "--config", str(work / "ssot.toml"), "--select", "contract"]
                + ["--output-format", "json", "--exit-zero"],
                cwd=options.folder / package / "..",
                capture_output=True,
                text=True,
            )
            theirs = subprocess.run(
                [options.lint_imports, "--config", str(work / ".importlinter"), "--no-cache"],
                cwd=work,
                env={**os.environ, "PYTHONPATH": str(options.folder), "COLUMNS": "200"},
                capture_output=True,
                text=True,
            )
        report = json.loads(ours.stdout)
        broken = {finding["rule"] for finding in report["findings"] if finding["path"].startswith(f"{package}/")}
        verdicts = dict(re.findall(r"^(c\d{3}) (KEPT|BROKEN)", theirs.stdout, re.MULTILINE))
        if len(verdicts) != len(contracts):
            print(theirs.stdout[-3000:], theirs.stderr[-2000:], file=sys.stderr)
            return 2
        for kind in kinds:
            numbers = [number for number, (one, _) in enumerate(contracts) if one == kind]
            names = [f"c{number:03}" for number in numbers]
            same = sum((name in broken) == (verdicts[name] == "BROKEN") for name in names)
            bad = sum(verdicts[name] == "BROKEN" for name in names)
            print(f"{package:<14} {kind:<13} {len(names):>3} contracts, {bad:>3} broken, {same:>3} judged alike")
        for number, (kind, contract) in enumerate(contracts):
            name = f"c{number:03}"
            if (name in broken) != (verdicts[name] == "BROKEN"):
                differ += 1
                print(f"  differs: {package} {kind} {json.dumps(contract)}: import-linter {verdicts[name]}")
                for finding in [one for one in report["findings"] if one["rule"] == name][:3]:
                    print(f"    {finding['path']}:{finding['line']}: {finding['message']}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
