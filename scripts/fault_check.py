#!/usr/bin/env python3
"""Stop and hinder `ssot check --fix` and `ssot undo`, and see what becomes of the tree.

    kill     the process is killed at a system call, over and over, each time at another one (needs strace)
    error    a system call fails, each time another one (needs strace)
    full     the disk fills up: with the journal in the tree's file system, and elsewhere (needs root, for a tmpfs)
    rights   files, folders and the journal's folder that an unprivileged user may not read or write (needs root and
             setpriv)
    odd      immutable files and access lists (needs root, chattr and setfacl)

Whatever happens, the tree must be exactly what it was before or exactly what the fix makes of it, with no file left
over: at once when the process could speak, and once `ssot undo` or another `ssot check --fix` has spoken when it was
killed. Bytes and permissions of every file are compared.

Usage: scripts/fault_check.py [--ssot BINARY] [--files N] [--points N] [PART...]     (default: all parts that can run)
"""

import argparse
import contextlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
CALLS = "openat,write,fchmod,fchown,fsync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir"


def fail(message):
    sys.exit(f"FAILED: {message}")


def expect(condition, message):
    if not condition:
        fail(message)


class Tree:
    """A project to be fixed, in a folder of its own."""

    def __init__(self, folder, files, git):
        self.root = folder / "tree"
        self.state = folder / "state"
        package = self.root / "pkg"
        package.mkdir(parents=True)
        (self.root / "ssot.toml").write_text("[[canonical]]\nsymbol = 'pkg.home:get_x'\n")
        (package / "__init__.py").write_text("from .home import get_x\n")
        (package / "home.py").write_text("def get_x(number): return number\n")
        for number in range(files):
            home = self.root / f"app{number % 20}"
            home.mkdir(exist_ok=True)
            end = "\r\n" if number % 5 == 0 else "\n"
            lines = ["# coding: latin-1", "x = '\xe9'"] * (number % 3) + ["from pkg import get_x", f"get_x({number})", ""]
            path = home / f"m{number}.py"
            path.write_bytes(end.join(lines).encode("latin-1"))
            path.chmod([0o644, 0o600, 0o755, 0o664][number % 4])
        if git:
            subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)

    def snapshot(self):
        """Path, mode, owner and bytes of all there is, save git's own."""
        found = {}
        for folder, folders, names in os.walk(self.root):
            if ".git" in folders:
                folders.remove(".git")
            for name in names:
                path = Path(folder, name)
                about = path.lstat()
                key = str(path.relative_to(self.root))
                found[key] = (stat.S_IMODE(about.st_mode), about.st_uid, about.st_gid, path.read_bytes())
        return found


def run(arguments, tree, prefix=()):
    """Run ssot in the tree; give its exit status and both streams."""
    environment = dict(os.environ, XDG_STATE_HOME=str(tree.state), NO_COLOR="1")
    done = subprocess.run(
        [*prefix, str(OPTIONS.ssot), *arguments],
        cwd=tree.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    text = (done.stdout + done.stderr).decode(errors="replace")
    expect("panicked" not in text, text)
    return done.returncode, text


def fix(tree, prefix=()):
    return run(["check", "--fix", "-q", "--output-format", "concise", "-j1"], tree, prefix)


def undo(tree, *arguments, prefix=()):
    return run(["undo", *arguments], tree, prefix)


@contextlib.contextmanager
def scratch(memory=False):
    """A folder; in memory if that will do, where syncing takes no time."""
    memory = memory and os.path.isdir("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="ssot-faults-", dir="/dev/shm" if memory else None))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def both_states(tree):
    """The tree before and after fixing. It is before again."""
    before = tree.snapshot()
    status, text = fix(tree)
    expect(status == 0, text)
    after = tree.snapshot()
    expect(before != after, "nothing was fixed")
    status, text = undo(tree)
    expect(status == 0, text)
    expect(tree.snapshot() == before, "undo does not give back what was there")
    return before, after


def counts(tree, arguments):
    """How often the busiest thread makes each system call."""
    with tempfile.NamedTemporaryFile("r") as log:
        status, text = run(arguments, tree, ["strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace={CALLS}", "-o", log.name])
        expect(status == 0, text)
        threads = {}
        for line in log:
            found = re.match(r"(\d+)\s+(\w+)\(", line)
            if found:
                thread = threads.setdefault(found[2], {})
                thread[found[1]] = thread.get(found[1], 0) + 1
    return {call: max(thread.values()) for call, thread in threads.items()}


def kill_points(found, wanted):
    """Which calls to kill at: all over, each call in proportion, first and last ones among them."""
    total = sum(found.values())
    points = []
    for call, count in sorted(found.items()):
        share = max(min(count, 6), wanted * count // total)
        points += [(call, 1 + at * (count - 1) // max(1, share - 1)) for at in range(share)]
    return sorted(set(points))


def injecting(what, call, number):
    # Without --seccomp-bpf, with which signals are not injected.
    inject = f"inject={call}:{what}:when={number}"
    return ["strace", "-f", "-qq", "-e", f"trace={call}", "-e", inject, "-o", os.devnull]


def killed_at(tree, arguments, call, number):
    status, _ = run(arguments, tree, injecting("signal=KILL", call, number))
    return status in (-9, 137)


def check_kill():
    """Kill at system calls."""
    if not shutil.which("strace"):
        return "skipped: strace is not there"
    told = []
    with scratch(memory=True) as folder:
        tree = Tree(folder, OPTIONS.files, git=True)
        before, after = both_states(tree)
        fixing = ["check", "--fix", "-q", "-j1"]
        found = counts(tree, fixing)
        expect(undo(tree)[0] == 0, "undo")
        killed = ended = 0
        for turn, (call, number) in enumerate(kill_points(found, OPTIONS.points)):
            was_killed = killed_at(tree, fixing, call, number)
            killed += was_killed
            place = f"killed at {call} {number}"
            if turn % 2 == 0:
                status, text = undo(tree)
                now = tree.snapshot()
                expect(status == 0 or "nothing to undo" in text, f"{place}: {text}")
                expect(now == before, f"{place}: undo does not give back what was there\n{text}")
            else:
                status, text = fix(tree)
                expect(status == 0, f"{place}: {text}")
                expect(tree.snapshot() == after, f"{place}: fixing again ends elsewhere\n{text}")
                status, text = undo(tree)
                # Killed after the last step, the first run was complete and the second had nothing to do.
                expect(status == 0 and tree.snapshot() == before, f"{place}: {text}")
                ended += 1
        told.append(f"{killed} kills while fixing {OPTIONS.files} files, {ended} of them followed by another fix")
        expect(killed >= min(200, OPTIONS.points), f"only {killed} kills")

        expect(fix(tree)[0] == 0, "fix")
        found = counts(tree, ["undo"])
        expect(tree.snapshot() == before, "undo")
        killed = 0
        for call, number in kill_points(found, max(20, OPTIONS.points // 5)):
            if tree.snapshot() == before:
                expect(fix(tree)[0] == 0, "fix")
            killed += killed_at(tree, ["undo"], call, number)
            undo(tree)
            now = tree.snapshot()
            expect(now == before, f"undo killed at {call} {number}: {sorted(set(now) ^ set(before))[:5]}")
        told.append(f"{killed} kills while undoing")
    return "; ".join(told)


def check_error():
    """Let system calls fail, those that only a transaction makes."""
    if not shutil.which("strace"):
        return "skipped: strace is not there"
    failed = 0
    with scratch(memory=True) as folder:
        tree = Tree(folder, OPTIONS.files, git=True)
        before, after = both_states(tree)
        fixing = ["check", "--fix", "-q", "-j1"]
        found = {call: count for call, count in counts(tree, fixing).items() if call in ("fsync", "rename", "fchmod")}
        expect(undo(tree)[0] == 0, "undo")
        for call, number in kill_points(found, OPTIONS.points // 4):
            status, text = run(fixing, tree, injecting("error=EIO", call, number))
            now = tree.snapshot()
            failed += status == 2
            expect(now == (before if status == 2 else after), f"{call} {number} failed: {status} {text}")
            if now == after:
                expect(undo(tree)[0] == 0, "undo")
    expect(failed > 10, f"only {failed} fixes failed")
    return f"{failed} fixes failed at once and changed nothing"


@contextlib.contextmanager
def small_disk(folder, size):
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "ssot-faults", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder):
    with contextlib.suppress(OSError), open(folder / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1024))


def check_full():
    """Disks of many sizes, with no room for the fix on most of them."""
    if os.geteuid() != 0:
        return "skipped: only root may mount"
    refused = made = 0
    with scratch() as folder:
        for git in (True, False):
            for extra in [0, 4, 8, 16, 32, 64, 100, 150, 200, 250, 300, 400, 600, 800, 1600]:
                with small_disk(folder / "disk", 8192) as disk:
                    tree = Tree(disk, 100, git)
                    tree.state = disk / "state" if git else folder / f"state{extra}"
                    fill(disk)
                    before = tree.snapshot()
                    filler = disk / "filler"
                    os.truncate(filler, max(0, filler.stat().st_size - extra * 1024))
                    status, text = fix(tree)
                    now = tree.snapshot()
                    if status == 2:
                        refused += 1
                        expect("No space left" in text, text)
                        expect(now == before, f"{extra} KiB: changed on a full disk: {text}")
                        continue
                    made += 1
                    expect(status == 0, text)
                    after = now
                    os.remove(filler)
                    fill(disk)
                    status, text = undo(tree)
                    if status == 2:
                        expect("No space left" in text, text)
                        expect(tree.snapshot() == after, f"{extra} KiB: half undone on a full disk: {text}")
                        os.remove(filler)
                        status, text = undo(tree)
                    expect(status == 0 and tree.snapshot() == before, text)
    expect(refused > 3 and made > 3, f"{refused} refused, {made} made: the sizes are wrong")
    return f"{refused} fixes found no room and changed nothing, {made} did"


def check_rights():
    """An unprivileged user among files of others."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return "skipped: only root may become somebody else"
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    def foreign(path):
        os.chown(path, 0, 0)
        path.chmod(0o666)

    def other_group(path):
        os.chown(path, NOBODY, 0)
        path.chmod(0o664)

    # What is done to app1/m1.py, what is said of it, whether the others are fixed.
    cases = {
        "a read-only file": (lambda path: path.chmod(0o444), "is read-only"),
        "a file its owner may not write": (lambda path: path.chmod(0o464), "is read-only"),
        "a file of another user": (foreign, "belongs to another user"),
        "a read-only folder": (lambda path: path.parent.chmod(0o555), "in a folder that may not be written"),
        "an unreadable file": (lambda path: path.chmod(0o000), "Permission denied"),
        "an unreadable folder": (lambda path: path.parent.chmod(0o000), None),
        "a folder that may not be entered": (lambda path: path.parent.chmod(0o600), None),
    }
    for name, (hinder, words) in cases.items():
        with scratch() as folder:
            tree = Tree(folder, 40, git=False)
            tree.state.mkdir()
            for folder_name, _, names in os.walk(folder):
                os.chown(folder_name, NOBODY, NOBODY)
                for each in names:
                    os.chown(Path(folder_name, each), NOBODY, NOBODY)
            victim = tree.root / "app1" / "m1.py"
            hinder(victim)
            before = tree.snapshot()
            status, text = run(["check", "--fix", "--output-format", "concise"], tree, prefix)
            after = tree.snapshot()
            expect(status in (0, 1), f"{name}: {text}")
            expect(words is None or words in text, f"{name}: {text}")
            expect(after["app1/m1.py"] == before["app1/m1.py"], f"{name}: it was changed")
            expect(b"pkg.home" in after["app2/m2.py"][3], f"{name}: the others were not fixed\n{text}")
            status, text = undo(tree, prefix=prefix)
            expect(status == 0 and tree.snapshot() == before, f"{name}: {text}")

    # What concerns all of it.
    whole = {
        "a journal that may not be kept": (lambda tree: tree.state.chmod(0o555), "Permission denied"),
        "a group that matters and cannot be kept": (lambda tree: other_group(tree.root / "app1/m1.py"), "group"),
    }
    for name, (hinder, words) in whole.items():
        with scratch() as folder:
            tree = Tree(folder, 40, git=False)
            tree.state.mkdir()
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(folder)], check=True)
            hinder(tree)
            before = tree.snapshot()
            status, text = fix(tree, prefix)
            expect(status == 2 and words in text, f"{name}: {status} {text}")
            expect(tree.snapshot() == before, f"{name}: something was changed")

    # Rights that are lost between fixing and undoing, and come back.
    with scratch() as folder:
        tree = Tree(folder, 40, git=False)
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(folder)], check=True)
        before = tree.snapshot()
        expect(fix(tree, prefix)[0] == 0, "fix")
        after = tree.snapshot()
        (tree.root / "app1").chmod(0o555)
        status, text = undo(tree, prefix=prefix)
        expect(status == 2 and "may not be written" in text, text)
        expect(tree.snapshot() == after, "half undone")
        (tree.root / "app1").chmod(0o755)
        status, text = undo(tree, prefix=prefix)
        expect(status == 0 and tree.snapshot() == before, text)
    return f"{len(cases) + len(whole) + 1} cases"


def check_odd():
    """Immutable files and access lists."""
    if os.geteuid() != 0:
        return "skipped: only root may make files immutable"
    told = []
    if shutil.which("chattr"):
        with scratch() as folder:
            tree = Tree(folder, 20, git=True)
            victim = tree.root / "app3" / "m3.py"
            before = tree.snapshot()
            if subprocess.run(["chattr", "+i", str(victim)], capture_output=True, check=False).returncode == 0:
                status, text = run(["check", "--fix"], tree)
                now = tree.snapshot()
                subprocess.run(["chattr", "-i", str(victim)], check=True)
                expect(status == 1 and "read-only" in text, text)
                expect(now["app3/m3.py"] == before["app3/m3.py"], "an immutable file was changed")
                expect(b"pkg.home" in now["app4/m4.py"][3], "the others were not fixed")
                expect(undo(tree)[0] == 0 and tree.snapshot() == before, "undo")
                told.append("an immutable file")
    if shutil.which("setfacl"):
        with scratch() as folder:
            tree = Tree(folder, 20, git=True)
            listed = tree.root / "app3" / "m3.py"
            plain = tree.root / "app4" / "m4.py"
            subprocess.run(["setfacl", "-m", f"u:{NOBODY}:rw", str(listed)], check=True)
            subprocess.run(["setfacl", "-d", "-m", f"u:{NOBODY}:rw", str(plain.parent)], check=True)
            lists = lambda: [subprocess.run(["getfacl", "-pn", path], capture_output=True, check=True).stdout for path in (listed, plain)]
            before, contents = lists(), tree.snapshot()
            expect(fix(tree)[0] == 0 and tree.snapshot() != contents, "fix")
            expect(lists() == before, "access lists were lost or gained by fixing")
            expect(undo(tree)[0] == 0 and tree.snapshot() == contents, "undo")
            expect(lists() == before, "access lists were lost or gained by undoing")
            told.append("access lists")
    return ", ".join(told) or "skipped: neither chattr nor setfacl is there"


PARTS = {"kill": check_kill, "error": check_error, "full": check_full, "rights": check_rights, "odd": check_odd}


def main():
    for part in OPTIONS.part or PARTS:
        print(f"{part}: {PARTS[part]()}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ssot", type=Path, default=ROOT / "target/debug/ssot", help="the binary")
    parser.add_argument("--files", type=int, default=500, help="files to fix while being killed")
    parser.add_argument("--points", type=int, default=300, help="system calls to be killed at")
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="what to try")
    OPTIONS = parser.parse_args()
    OPTIONS.ssot = OPTIONS.ssot.resolve()
    main()
