#!/usr/bin/env python3
"""Let `ssot --fix` loose on real crates and hold it to the compiler.

For each crate: fetch its source, derive the rule "the defining module is canonical" for every public name that is
defined in one place only, let cargo check it, fix, and show that

    cargo still takes it,
    files that rustfmt left as they were it still does,
    a second run changes nothing,
    `ssot undo` brings every byte back.

Needs cargo, rustfmt and the crate index; all else happens in a folder of its own.

Usage: scripts/fix_real_crates.py [--ssot PATH] [--work FOLDER] [--unsafe-fixes] [--reasons] [CRATE...]
"""

import collections
import json
import pathlib
import re
import shutil
import sys

from fix_common import Broken, again_and_back, fix, options, run, table

# name: (version, arguments of `cargo check`)
CRATES = {
    "regex-automata": ("0.4.9", "--lib --examples"),
    "clap_builder": ("4.5.40", "--lib --features cargo,env,unicode,string"),
    "tokio": ("1.45.1", "--lib --features full"),
    "rayon": ("1.10.0", "--lib --tests"),
    "syn": ("2.0.103", "--lib --features full,visit,visit-mut,fold,extra-traits"),
    "bevy_ecs": ("0.16.1", "--lib"),
    "cranelift-codegen": ("0.120.0", "--lib --features all-arch"),
    "naga": ("25.0.1", "--lib --features wgsl-in,glsl-in,spv-in,wgsl-out,glsl-out,spv-out,hlsl-out,msl-out"),
}

DEFINITION = re.compile(
    r"^pub(?:\((?:crate|super)\))? (?:unsafe |async |const )*(?:struct|enum|union|trait|fn|type|const|static) (\w+)", re.M
)


class Crate:
    def __init__(self, name, work, ssot, flags):
        self.name, self.work, self.ssot, self.flags = name, work, ssot, flags
        self.version, self.arguments = CRATES[name]
        self.root = work / "tree" / name
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.fetch(), self.root)
        # Its lock file names what others have on their disks by now.
        self.cargo("generate-lockfile")

    def cargo(self, *arguments):
        got = run(["cargo", *arguments], self.root, CARGO_TARGET_DIR=str(self.work / "target"), CARGO_INCREMENTAL="0")
        if got.returncode:
            raise Broken(got.stderr[-2000:])
        return got.stdout

    def fetch(self):
        """The folder of the crate's source in cargo's own store."""
        asking = self.work / "asking" / self.name
        (asking / "src").mkdir(parents=True, exist_ok=True)
        (asking / "src" / "lib.rs").write_text("")
        (asking / "Cargo.toml").write_text(
            f'[package]\nname = "asking"\nedition = "2021"\n[workspace]\n[dependencies]\n{self.name} = "={self.version}"\n'
        )
        got = run(["cargo", "metadata", "--format-version", "1"], asking)
        if got.returncode:
            raise Broken(f"cannot fetch {self.name}: {got.stderr[-500:]}")
        packages = json.loads(got.stdout)["packages"]
        own = next(one for one in packages if one["name"] == self.name and one["version"] == self.version)
        return pathlib.Path(own["manifest_path"]).parent

    def symbols(self):
        """Public names that one module of the library alone defines at its top level, by the names of its files."""
        places = collections.defaultdict(set)
        source = self.root / "src"
        for path in sorted(source.rglob("*.rs")):
            below = list(path.relative_to(source).with_suffix("").parts)
            if below[-1] in ("mod", "lib"):
                below.pop()
            if below[:1] in (["bin"], ["main"]):
                continue
            for name in DEFINITION.findall(path.read_text(errors="replace")):
                places[name].add("::".join([self.name.replace("-", "_"), *below, name]))
        return sorted(place for found in places.values() if len(found) == 1 for place in found)

    def compiles(self):
        try:
            self.cargo("check", "--quiet", *self.arguments.split())
        except Broken as error:
            return str(error)
        return None

    def untidy(self):
        """The files that rustfmt would change."""
        got = run(["cargo", "fmt", "--check", "--", "-l"], self.root)
        return {line for line in got.stdout.splitlines() if line.endswith(".rs")}

    def judge(self):
        symbols = self.symbols()
        rules = [f'[[canonical]]\nsymbol = "{symbol}"\n' for symbol in symbols]
        (self.root / "ssot.toml").write_text("\n".join(rules))
        if wrong := self.compiles():
            raise Broken(f"it does not compile: {wrong}")
        problems, untidy = [], self.untidy()
        before, _, counts = fix(self.ssot, self.root, self.flags)
        wrong = self.compiles()
        if wrong:
            problems.append(f"it no longer compiles: {wrong}")
        if more := sorted(self.untidy() - untidy):
            problems.append(f"rustfmt would now change {len(more)} files: {more[:6]}")
        undo, more = again_and_back(self.ssot, self.root, before, self.flags)
        return {
            **counts, "rules": len(symbols), "before": "compiles", "after": "fails" if wrong else "compiles", "undo": undo,
            "problems": problems + more,
        }


def main():
    asked = options(__doc__, "target/real-crates", "crates", CRATES)
    row = "{:<18} {:>5} {:>6} {:>9} {:>7} {:>5}  {:<9} {:<9} {}"
    print(row.format("crate", "rules", "sites", "rewritten", "refused", "files", "before", "after", "undo"), flush=True)
    sys.exit(table(row, asked.names, lambda name: Crate(name, asked.work, asked.ssot, asked.flags).judge(), asked.reasons))


if __name__ == "__main__":
    main()
