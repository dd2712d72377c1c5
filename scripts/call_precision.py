#!/usr/bin/env python3
"""Draw edges of `ssot graph calls` at random, to be read: could this call ever reach that function?

usage: call_precision.py [--scratch FOLDER] [--ssot BINARY] [--edges N] [--seed N] [--verdicts FILE] [PACKAGE ...]

The packages and the scratch folder are those of call_recall.py. Edges that a test suite was recorded to run are right,
and are not shown. The others are shown with the lines around the call and the head of the callee, unless the verdicts
file knows them. It has lines of four fields, separated by tabs, and everything else in it is a comment:

    possible|impossible  caller  callee  why

The last lines of each package say how many of the drawn edges are seen, possible, impossible and not yet judged.
The same seed draws the same edges of the same graph.
"""

import collections
import os
import random
import sys

sys.dont_write_bytecode = True

import call_recall
from call_common import TARGET, exit_with, parser_of

AROUND = 3


def verdicts_of(path):
    """Verdict and reason by (caller, callee)."""
    if not path or not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return {(row[1], row[2]): row[0] for row in rows if len(row) >= 3 and row[0] in ("possible", "impossible")}


def seen_pairs(package, scratch, graph, folder):
    """The pairs of static names that were recorded; none where nothing was recorded."""
    if not os.path.isfile(os.path.join(scratch, package + ".calls.json")):
        return set()
    _, edges = call_recall.truth_of(package, scratch)
    name = call_recall.StaticNames(graph, folder)
    return {(name(edge.caller), name(edge.callee)) for edge in edges}


def lines_of(folder, path):
    with open(os.path.join(folder, path), encoding="utf-8") as file:
        return file.read().split("\n")


def excerpt(folder, path, line):
    text = lines_of(folder, path)
    numbers = range(max(1, line - AROUND), min(len(text), line + AROUND) + 1)
    return ["{} {:>5} | {}".format(">" if number == line else " ", number, text[number - 1]) for number in numbers]


def head(folder, path, line):
    """The `def` with its decorators and the lines up to the end of its parameters."""
    text = lines_of(folder, path)
    first = line
    while first > 1 and text[first - 2].lstrip().startswith("@"):
        first -= 1
    last = line
    while last < min(len(text), line + 12) and not text[last - 1].rstrip().endswith(":"):
        last += 1
    return ["  {:>5} | {}".format(number, text[number - 1]) for number in range(first, last + 1)]


def path_of(graph, symbol):
    """The file of a function, or of the module whose top level is meant."""
    function = graph["functions"].get(symbol)
    if function:
        return function["path"]
    module = symbol.split(":")[0]
    paths = {other["path"] for name, other in graph["functions"].items() if name.split(":")[0] == module}
    stem = module.replace(".", "/")
    return min(paths, default=stem + ".py")


def show(number, call, graph, folder):
    path = path_of(graph, call["caller"])
    note = "".join(" {}={}".format(key, call[key]) for key in sorted(call) if key not in ("caller", "callee", "line"))
    print("\n[{}] {} -> {}{}".format(number, call["caller"], call["callee"], note))
    print("  {}:{}".format(path, call["line"]))
    try:
        print("\n".join(excerpt(folder, path, call["line"])))
    except OSError:
        print("  (its source is not there)")
    callee = graph["functions"].get(call["callee"])
    if callee:
        print("  {}:{}".format(callee["path"], callee["line"]))
        print("\n".join(head(folder, callee["path"], callee["line"])))


def draw(package, arguments):
    graph, folder = call_recall.static_graph(package, arguments.scratch, arguments.ssot, arguments.option)
    calls = {}
    for call in graph["calls"]:
        calls.setdefault((call["caller"], call["callee"]), call)
    pairs = sorted(calls)
    drawn = sorted(random.Random(arguments.seed).sample(pairs, min(arguments.edges, len(pairs))))
    seen = seen_pairs(package, arguments.scratch, graph, folder)
    verdicts = verdicts_of(arguments.verdicts)
    judged = collections.Counter("seen" if pair in seen else verdicts.get(pair, "not judged") for pair in drawn)
    print("\n== {}: {} of {} edges".format(package, len(drawn), len(pairs)))
    for number, pair in enumerate(drawn, 1):
        if pair not in seen and pair not in verdicts:
            show(number, calls[pair], graph, folder)
    print("\n{}: {}".format(package, ", ".join("{} {}".format(count, what) for what, count in sorted(judged.items()))))


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--scratch", metavar="FOLDER", default=os.path.join(TARGET, "calls"))
    parser.add_argument("--option", action="append", default=[], help="handed on to `ssot graph calls`")
    parser.add_argument("--edges", metavar="N", type=int, default=200)
    parser.add_argument("--seed", metavar="N", type=int, default=1)
    parser.add_argument("--verdicts", metavar="FILE", help="what was judged before")
    parser.add_argument("packages", metavar="PACKAGE", nargs="*", default=[])
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.packages) - set(call_recall.PACKAGES))
    if unknown:
        parser.error("no such package: " + " ".join(unknown))
    for package in arguments.packages or call_recall.PACKAGES:
        draw(package, arguments)
    return 0


if __name__ == "__main__":
    exit_with(main)
