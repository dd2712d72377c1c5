#!/usr/bin/env python3
"""Hold the licences of all dependencies against the allow list of deny.toml.

What `cargo deny check licenses` does, for machines that lack it: every dependency must declare an expression of which
some choice is allowed.

Usage: scripts/check_licences.py
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOKEN = re.compile(r"\(|\)|[^\s()]+")


def allowed_licences():
    """Read `allow` of `[licenses]`; tomllib is too young to rely on."""
    text = (ROOT / "deny.toml").read_text(encoding="utf-8")
    listed = re.search(r"^allow = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL).group(1)
    lines = (line.strip() for line in listed.splitlines())
    return {line.strip('",') for line in lines if not line.startswith("#")}


class Expression:
    """Evaluate an SPDX expression; `/` is the old way to write OR."""

    def __init__(self, text, allowed):
        self.tokens = TOKEN.findall(text.replace("/", " OR "))
        self.allowed = allowed

    def either(self):
        result = self.both()
        while self.tokens[:1] == ["OR"]:
            self.tokens.pop(0)
            result = self.both() or result
        return result

    def both(self):
        result = self.one()
        while self.tokens[:1] == ["AND"]:
            self.tokens.pop(0)
            result = self.one() and result
        return result

    def one(self):
        token = self.tokens.pop(0)
        if token == "(":
            result = self.either()
            self.tokens.pop(0)
            return result
        if self.tokens[:1] == ["WITH"]:
            token = f"{token} WITH {self.tokens[1]}"
            del self.tokens[:2]
        return token in self.allowed


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    allowed = allowed_licences()
    refused = [
        f"{package['name']} {package['version']}: {package['license']}"
        for package in metadata["packages"]
        if not (package["license"] and Expression(package["license"], allowed).either())
    ]
    for line in refused:
        print(line)
    print(f"{len(metadata['packages'])} packages, {len(refused)} with a licence that deny.toml does not allow")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
