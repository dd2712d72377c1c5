#!/usr/bin/env python3
"""Holds `ssot check --all-calls` against CPython: random signatures, random calls.

Writes a module of functions, methods, classes and dataclasses with calls of them, one on each line, makes every call and
compares: a `TypeError` must be a `call-mismatch` on that line, and nothing else may be one.

    compare_calls.py --ssot target/release/ssot [--definitions 400] [--seed 1]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ["a", "b", "c", "d", "e"]


def signature(rng: random.Random, receiver: str) -> tuple[str, list[str]]:
    """A parameter list and the names in it."""
    names = rng.sample(NAMES, rng.randint(0, 4))
    only, plain, keyword = [], [], []
    for name in names:
        rng.choice([only, plain, plain, keyword]).append(name)
    parts: list[str] = []
    defaulted = False

    def positional(name: str) -> str:
        nonlocal defaulted
        defaulted = defaulted or rng.random() < 0.35
        return f"{name}=1" if defaulted else name

    if only:
        parts += [receiver] * bool(receiver) + [positional(name) for name in only] + ["/"]
    else:
        parts += [receiver] * bool(receiver)
    parts += [positional(name) for name in plain]
    if rng.random() < 0.2:
        parts.append("*args")
    elif keyword:
        parts.append("*")
    parts += [f"{name}=1" if rng.random() < 0.4 else name for name in keyword]
    if rng.random() < 0.2:
        parts.append("**rest")
    return ", ".join(parts), names


def fields(rng: random.Random, taken: list[str]) -> tuple[list[str], list[str]]:
    """Lines of a dataclass body and the names in them."""
    names = rng.sample(NAMES, rng.randint(0, 4))
    lines, defaulted = [], bool(taken)
    for name in names:
        defaulted = defaulted or rng.random() < 0.3
        shape = rng.random()
        if shape < 0.1:
            lines.append(f"    {name}: ClassVar[int] = 1")
        elif shape < 0.2:
            lines.append(f"    {name}: int = field(default=1, init=False)")
        elif shape < 0.3:
            lines.append(f"    {name}: int = field(kw_only=True)")
        elif defaulted:
            lines.append(f"    {name}: int = {rng.choice(['1', 'field(default=1)', 'field(default_factory=int)'])}")
        else:
            lines.append(f"    {name}: int")
    return lines or ["    pass"], names


def items(rng: random.Random) -> tuple[list[str], list[str]]:
    """Lines of the body of a named tuple and the names in them."""
    names = rng.sample(NAMES, rng.randint(0, 4))
    lines, defaulted = [], False
    for name in names:
        defaulted = defaulted or rng.random() < 0.3
        lines.append(f"    {name}: int = 1" if defaulted else f"    {name}: int")
    return lines or ["    pass"], names


def define(rng: random.Random, number: int) -> tuple[list[str], str, list[str]]:
    """A definition, how it is called, and the names it may know."""
    kind = rng.choice(["function", "async", "init", "new", "both", "inherited", "static", "class", "plain", "data", "derived", "tuple", "subtuple"])
    text, names = signature(rng, "")
    own, own_names = signature(rng, "self")
    if kind == "function":
        return [f"def f{number}({text}): ..."], f"f{number}", names
    if kind == "async":
        return [f"async def f{number}({text}): ..."], f"f{number}", names
    if kind == "init":
        return [f"class C{number}:", f"    def __init__({own}): ..."], f"C{number}", own_names
    new, new_names = signature(rng, "cls")
    body = f"    def __new__({new}): return object.__new__(cls)"
    if kind == "new":
        return [f"class C{number}:", body], f"C{number}", new_names
    if kind == "both":
        return [f"class C{number}:", body, f"    def __init__({own}): ..."], f"C{number}", own_names + new_names
    if kind == "inherited":
        lines = [f"class B{number}:", f"    def __init__({own}): ...", f"class C{number}(B{number}): ..."]
        return lines, f"C{number}", own_names
    if kind == "static":
        return [f"class C{number}:", "    @staticmethod", f"    def m({text}): ..."], f"C{number}.m", names
    if kind == "class":
        own, own_names = signature(rng, "cls")
        return [f"class C{number}:", "    @classmethod", f"    def m({own}): ..."], f"C{number}.m", own_names
    if kind == "plain":
        return [f"class C{number}: ..."], f"C{number}", []
    if kind in ("tuple", "subtuple"):
        lines, field_names = items(rng)
        tuple_class = [f"class {'C' if kind == 'tuple' else 'B'}{number}(NamedTuple):", *lines]
        if kind == "tuple":
            return tuple_class, f"C{number}", field_names
        return [*tuple_class, f"class C{number}(B{number}): ..."], f"C{number}", field_names
    lines, field_names = fields(rng, [])
    option = rng.choice(["", "(kw_only=True)", "(init=False)", "()", "(frozen=True)"])
    if kind == "data":
        return [f"@dataclass{option}", f"class C{number}:", *lines], f"C{number}", field_names
    more, more_names = fields(rng, field_names)
    base = [f"@dataclass", f"class B{number}:", *lines, f"@dataclass{option}", f"class C{number}(B{number}):", *more]
    return base, f"C{number}", field_names + more_names


def call(rng: random.Random, callee: str, names: list[str]) -> str:
    arguments = ["0"] * rng.choice([0, 0, 1, 1, 2, 3, 4])
    if rng.random() < 0.1:
        arguments.append("*ANY")
    keywords = rng.sample(sorted({*names, "z"}), rng.randint(0, min(3, len(set(names)) + 1)))
    if rng.random() < 0.8 and "z" in keywords:
        keywords.remove("z")
    arguments += [f"{name}=0" for name in keywords]
    if rng.random() < 0.1:
        arguments.append("**MORE")
    return f"{callee}({', '.join(arguments)})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ssot", required=True)
    parser.add_argument("--definitions", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    text = ["from dataclasses import dataclass, field", "from typing import ClassVar, NamedTuple", "ANY, MORE = (), {}"]
    calls: dict[int, str] = {}
    for number in range(options.definitions):
        lines, callee, names = define(rng, number)
        scope: dict = {}
        try:
            exec("\n".join(text[:3] + lines), scope)
        except (TypeError, SyntaxError):
            # Python refuses the definition itself.
            continue
        text += lines
        for _ in range(3):
            text.append(f"_ = {call(rng, callee, names)}")
            calls[len(text)] = text[-1][4:]
    # Every line is run by itself: what fails must not stop the others.
    scope = {}
    definitions = [line for number, line in enumerate(text, 1) if number not in calls]
    exec("\n".join(definitions), scope)
    refused, unsure = {}, set()
    for line, expression in calls.items():
        try:
            result = eval(expression, scope)
            if hasattr(result, "close"):
                result.close()
        except TypeError as error:
            refused[line] = str(error)
        if "*" in expression:
            unsure.add(line)
    with tempfile.TemporaryDirectory() as work:
        Path(work, "calls.py").write_text("\n".join(text) + "\n")
        run = subprocess.run(
            [os.path.abspath(options.ssot), "check", "--isolated", "--all-calls", "--select", "call-mismatch"]
            + ["--output-format", "json", "--exit-zero"],
            cwd=work,
            capture_output=True,
            text=True,
        )
    found = {one["line"]: one["message"] for one in json.loads(run.stdout)["findings"]}
    wrong = 0
    for line, expression in calls.items():
        missed = line in refused and line not in found and line not in unsure
        false = line in found and line not in refused
        if missed or false:
            wrong += 1
            print(f"{'missed' if missed else 'false'}: {expression}: {refused.get(line, 'works')}")
            print(f"    said: {found.get(line)}")
            callee = expression.split("(")[0].split(".")[0]
            shown = [at for at, one in enumerate(text) if callee + "(" in one or callee + ":" in one][:1]
            for at in shown:
                print("    " + "\n    ".join(text[max(0, at - 2) : at + 3]))
    print(f"{len(calls)} calls, {len(refused)} refused by Python, {len(found)} found, {wrong} judged wrongly")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
