"""What the scripts share that let `ssot --fix` loose on real code."""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

KEYS = ("rules", "sites", "rewritten", "refused", "files")


class Broken(Exception):
    """Code that cannot be judged, and why."""


def run(command, folder, timeout=1800, **environment):
    env = {**os.environ, "PYTHONHASHSEED": "0", **environment}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=timeout)


def hashes(root):
    """Every file's bytes and mode."""
    found = {}
    for path in sorted(root.rglob("*")):
        below = path.relative_to(root)
        if path.is_file() and not below.parts[0].startswith((".ssot", ".hypothesis")) and "__pycache__" not in below.parts:
            found[str(below)] = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
    return found


def copied(root, name):
    """A copy beside a tree, to look at later."""
    copy = root.parent / name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy, symlinks=True)


def check(ssot, root, *flags):
    """The report of a run that may fix."""
    command = [ssot, "check", "--exit-zero", "--select", "noncanonical-import", "--output-format", "json"]
    got = run([*command, *flags], root)
    if got.returncode:
        raise Broken(got.stderr[-2000:])
    return json.loads(got.stdout)


def fix(ssot, root, flags):
    """Fixes a tree; gives every file's hash before and after, and the counts for its row."""
    before = hashes(root)
    copied(root, f"{root.name}.before")
    found = check(ssot, root)["findings"]
    check(ssot, root, "--fix", *flags)
    left = check(ssot, root)["findings"]
    after = hashes(root)
    counts = {
        "sites": len(found), "rewritten": len(found) - len(left), "refused": len(left),
        "files": sum(after.get(path) != before[path] for path in before),
        "reasons": collections.Counter(reason(one) for one in left),
    }
    return before, after, counts


def again_and_back(ssot, root, before, flags):
    """Fixes a second time and takes it back; says how that went, and what went wrong."""
    problems = []
    after = hashes(root)
    check(ssot, root, "--fix", *flags)
    if hashes(root) != after:
        problems.append("a second run changed files")
    copied(root, f"{root.name}.after")
    undone = run([ssot, "undo"], root)
    if hashes(root) == before:
        return "restores", problems
    problems.append(f"undo does not restore every byte: {undone.stderr[-300:]}")
    return "differs", problems


def reason(finding):
    """Why a finding has no fix, without the names."""
    text = finding.get("refusal") or (finding.get("fix") or {}).get("message") or "none"
    return " ".join("…" if "`" in word or ":" in word else word for word in text.split())[:90]


def options(description, work, what, names):
    """The command line of a script that judges the `names` of a kind of thing."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--ssot", default="target/release/ssot", type=pathlib.Path)
    parser.add_argument("--work", default=work, type=pathlib.Path)
    parser.add_argument("--unsafe-fixes", action="store_true")
    parser.add_argument("--reasons", action="store_true", help="say why sites were refused")
    parser.add_argument(what, nargs="*", choices=[*names, []])
    asked = parser.parse_args()
    asked.work, asked.ssot = asked.work.resolve(), str(asked.ssot.resolve())
    asked.flags = ["--unsafe-fixes"] if asked.unsafe_fixes else []
    asked.names = getattr(asked, what) or list(names)
    return asked


def table(row, names, judge, reasons):
    """Judges all, prints a line for each, and says whether anything went wrong."""
    total, bad = collections.Counter(), False
    for name in names:
        try:
            got = judge(name)
        except Broken as error:
            bad = True
            print(f"{name}: {error}", flush=True)
            continue
        print(row.format(name, *(got[key] for key in KEYS), got["before"], got["after"], got["undo"]), flush=True)
        for problem in got["problems"]:
            bad = True
            print(f"    {problem}", flush=True)
        if reasons:
            for text, count in got["reasons"].most_common():
                print(f"    {count:>5}  {text}", flush=True)
        total.update({key: got[key] for key in KEYS})
    print(row.format("all", *(total[key] for key in KEYS), "", "", ""))
    return bad
