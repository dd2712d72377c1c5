//! `--fix`, `--diff` and `undo` as people run them, with git beside.

#![allow(clippy::unwrap_used)]

#[path = "undo/properties.rs"]
mod properties;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ssot::fix::transaction::Transactions;

const RULES: &[u8] = b"[[canonical]]\nid = 'x'\nsymbol = 'pkg.home:get_x'\n";

/// A repository to be fixed, in files of several kinds.
struct Repo(tempfile::TempDir);

struct Said {
    status: i32,
    out: Vec<u8>,
    err: String,
}

impl Said {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

const SOURCES: &[(&str, &[u8])] = &[
    ("m.py", b"import os\nfrom pkg import get_x\n\nget_x()\n"),
    ("crlf.py", b"from pkg import get_x\r\n\r\nget_x()\r\n"),
    (
        "latin.py",
        b"# coding: latin-1\nx = '\xe9'\nfrom pkg import get_x\ny = '\xe8'\n",
    ),
    ("mark.py", b"\xef\xbb\xbffrom pkg import get_x\n"),
    ("no_end.py", b"from pkg import get_x"),
    ("scripts/odd name.py", b"from pkg import get_x\n"),
    ("scripts/ü.py", b"from pkg import get_x  # \xc3\xbc\n"),
    #[cfg(unix)]
    ("scripts/quo\"te.py", b"from pkg import get_x\n"),
];

impl Repo {
    fn bare() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        repo.put("ssot.toml", RULES);
        repo.put("pkg/__init__.py", b"from .home import get_x\n");
        repo.put("pkg/home.py", b"def get_x(): return 1\n");
        for (path, bytes) in SOURCES {
            repo.put(path, bytes);
        }
        repo
    }

    /// In a git repository that has all of it.
    fn new() -> Self {
        let repo = Self::bare();
        repo.git(&["init", "-q"]);
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-qm", "all"]);
        repo
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join("repo").join(path)
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let file = self.at(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.at(path)).unwrap()).into_owned()
    }

    /// All files, save git's own.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        walkdir::WalkDir::new(self.at(""))
            .into_iter()
            .filter_entry(|entry| entry.file_name() != ".git")
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| (entry.path().into(), std::fs::read(entry.path()).unwrap()))
            .collect()
    }

    fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(["-c", "core.autocrlf=false"])
            .args(args)
            .current_dir(self.at(""))
            .env("GIT_CONFIG_GLOBAL", self.0.path().join("none"))
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {err}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn ssot(&self, line: &str) -> Said {
        self.ssot_in("", line)
    }

    fn ssot_in(&self, folder: &str, line: &str) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
            .args(line.split_whitespace())
            .current_dir(self.at(folder))
            .env("XDG_STATE_HOME", self.0.path().join("state"))
            .env_remove("FORCE_COLOR")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Said {
            status: output.status.code().unwrap(),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn fixing_says_what_it_did_and_undo_takes_it_back() {
    for repo in [Repo::new(), Repo::bare()] {
        let before = repo.files();
        let fixed = repo.ssot("check --fix");
        let count = SOURCES.len();
        let words = format!(
            "Fixed {count} findings at {count} sites in {count} files; `ssot undo` takes it back.\n"
        );
        assert!(fixed.text().starts_with(&words), "{}", fixed.text());
        assert_eq!((fixed.status, &*fixed.err), (0, ""));
        assert_ne!(repo.files(), before);
        let listed = repo.ssot("undo --list").text();
        assert!(
            listed.starts_with("1  2") && listed.lines().count() == 1,
            "{listed}"
        );
        let ends = format!("UTC  {count} findings in {count} files  noncanonical-import (x)\n");
        assert!(listed.ends_with(&ends), "{listed}");
        // From a folder further in, and with rules that are out of order.
        repo.put("ssot.toml", b"[[canonical]\n");
        let undone = repo.ssot_in("pkg", "undo");
        let words = format!("Undid run 1: {count} files are as they were before it.\n");
        assert_eq!((undone.status, undone.text()), (0, words));
        repo.put("ssot.toml", RULES);
        assert_eq!(repo.files(), before);
        assert_eq!(
            repo.ssot("undo --list").text(),
            "There is nothing to undo.\n"
        );
        let nothing = repo.ssot("undo");
        assert_eq!(
            (nothing.status, &*nothing.err),
            (2, "error: there is nothing to undo\n")
        );
    }
}

#[test]
fn git_sees_nothing_of_the_journal() {
    let repo = Repo::new();
    repo.ssot("check --fix");
    repo.ssot("undo");
    assert_eq!(repo.git(&["status", "--porcelain", "--ignored"]), "");
    let repo = Repo::bare();
    repo.ssot("check --fix");
    assert_eq!(
        repo.0.path().join("state/ssot").read_dir().unwrap().count(),
        1
    );
}

#[test]
fn linked_work_trees_have_runs_of_their_own() {
    let repo = Repo::new();
    repo.git(&["worktree", "add", "-q", "../repo/side"]);
    let side = repo.ssot_in("side", "check --fix");
    assert!(
        side.text().starts_with("Fixed"),
        "{}{}",
        side.text(),
        side.err
    );
    assert!(repo.at(".git/worktrees/side/ssot/root/1.done").is_dir());
    assert!(!repo.at(".git/ssot").exists());
    assert_eq!(repo.ssot_in("side", "undo").status, 0);
    let status = repo.git(&["-C", "side", "status", "--porcelain"]);
    assert_eq!(status, "");
}

#[test]
fn later_work_is_named_and_kept() {
    let repo = Repo::new();
    let before = repo.files();
    repo.ssot("check --fix");
    repo.put("m.py", b"# mine\n");
    let mine = repo.files();
    let refused = repo.ssot("undo");
    assert_eq!(refused.status, 2);
    assert_eq!(
        refused.err,
        "error: run 1 cannot be undone: m.py has changed since\n  help: `ssot undo --force` overwrites what was changed\n"
    );
    assert_eq!(repo.files(), mine);
    assert_eq!(repo.ssot("undo --force").status, 0);
    assert_eq!(repo.files(), before);
}

#[test]
fn a_second_run_at_the_same_time_fails_at_once() {
    let repo = Repo::new();
    let before = repo.files();
    let own = Transactions::open(&repo.at("")).unwrap();
    for line in ["check --fix", "undo"] {
        let said = repo.ssot(line);
        assert_eq!((said.status, said.text()), (2, String::new()), "{line}");
        let words = "error: another ssot is writing to this project (process ";
        assert!(said.err.starts_with(words), "{}", said.err);
    }
    // Who only looks is not kept waiting, and keeps nobody.
    for line in ["check", "check --diff", "undo --list"] {
        assert_ne!(repo.ssot(line).status, 2, "{line}");
    }
    assert_eq!(repo.files(), before);
    drop(own);
    assert_eq!(repo.ssot("check --fix").status, 0);
}

#[test]
fn the_diff_is_a_patch_that_does_what_fixing_does() {
    let repo = Repo::new();
    let before = repo.files();
    let diff = repo.ssot("check --diff");
    assert_eq!(diff.status, 1);
    assert!(diff.err.starts_with("Would fix"), "{}", diff.err);
    assert_eq!(repo.files(), before);
    repo.ssot("check --fix");
    let fixed = repo.files();
    assert_eq!(repo.ssot("check --diff").status, 0);
    repo.ssot("undo");
    std::fs::write(repo.0.path().join("x.patch"), &diff.out).unwrap();
    repo.git(&["apply", "--check", "../x.patch"]);
    repo.git(&["apply", "../x.patch"]);
    assert_eq!(repo.files(), fixed);
    repo.git(&["apply", "-R", "../x.patch"]);
    assert_eq!(repo.files(), before);
}

/// A repository with these files only, in git.
fn of(files: &[(&str, &str)]) -> Repo {
    let repo = Repo(tempfile::tempdir().unwrap());
    for (path, text) in files {
        repo.put(path, text.as_bytes());
    }
    repo.git(&["init", "-q"]);
    repo
}

#[test]
fn what_fixes_lead_to_is_fixed_in_the_same_run_and_undone_with_it() {
    let repo = of(&[
        (
            "ssot.toml",
            "[[retired]]\nsymbol = 'old:get_x'\nuse = 'home:get_x'\n",
        ),
        ("home.py", "def get_x(): return 1\n"),
        (
            "old.py",
            "def get_x(): return 1\n\n\ndef other(): return 2\n",
        ),
        ("m.py", "from old import get_x, other\n"),
    ]);
    let before = repo.files();
    let diff = repo.ssot("check --diff --unsafe-fixes");
    assert!(
        diff.err
            .starts_with("Would fix 2 findings at 2 sites in 2 files.\n"),
        "{}",
        diff.err
    );
    assert_eq!(repo.files(), before);
    let fixed = repo.ssot("check --fix --unsafe-fixes");
    assert!(
        fixed
            .text()
            .starts_with("Fixed 2 findings at 2 sites in 2 files; "),
        "{}",
        fixed.text()
    );
    // Only once nothing imports the definition any more can it go.
    assert_eq!(
        repo.text("m.py"),
        "from home import get_x\nfrom old import other\n"
    );
    assert_eq!(repo.text("old.py"), "def other(): return 2\n");
    let after = repo.files();
    let again = repo.ssot("check --fix --unsafe-fixes");
    assert!(
        again.text().starts_with("Fixed nothing.\n"),
        "{}",
        again.text()
    );
    assert_eq!(repo.files(), after);
    assert_eq!(repo.ssot("undo --list").text().lines().count(), 1);
    assert_eq!(repo.ssot("undo").status, 0);
    assert_eq!(repo.files(), before);
    std::fs::write(repo.0.path().join("x.patch"), &diff.out).unwrap();
    repo.git(&["apply", "../x.patch"]);
    assert_eq!(repo.files(), after);
}

#[test]
fn a_retired_module_goes_with_its_last_import_and_comes_back() {
    let repo = of(&[
        (
            "ssot.toml",
            "[[retired]]\nmodule = 'pkg.legacy'\nuse = 'pkg.modern'\n",
        ),
        ("pkg/__init__.py", ""),
        ("pkg/modern.py", "def f(): return 1\n"),
        ("pkg/legacy/__init__.py", "from .deep import f\n"),
        ("pkg/legacy/deep.py", "from pkg.modern import f\n"),
        ("m.py", "from pkg.legacy import f\n"),
    ]);
    let before = repo.files();
    let diff = repo.ssot("check --diff");
    let fixed = repo.ssot("check --fix");
    assert!(
        fixed
            .text()
            .starts_with("Fixed 2 findings at 2 sites in 3 files; "),
        "{}",
        fixed.text()
    );
    assert_eq!(fixed.status, 0);
    assert_eq!(repo.text("m.py"), "from pkg.modern import f\n");
    assert!(!repo.at("pkg/legacy/__init__.py").exists());
    assert!(!repo.at("pkg/legacy/deep.py").exists());
    let after = repo.files();
    assert!(
        repo.ssot("check --fix")
            .text()
            .starts_with("Fixed nothing.")
    );
    assert_eq!(repo.files(), after);
    assert_eq!(repo.ssot("undo").status, 0);
    assert_eq!(repo.files(), before);
    std::fs::write(repo.0.path().join("x.patch"), &diff.out).unwrap();
    repo.git(&["apply", "../x.patch"]);
    assert_eq!(repo.files(), after);
}

#[test]
fn a_patch_of_a_project_inside_a_repository_applies_there() {
    let repo = Repo::new();
    repo.put("inner/ssot.toml", RULES);
    repo.put("inner/pkg/__init__.py", b"from .home import get_x\n");
    repo.put("inner/pkg/home.py", b"def get_x(): return 1\n");
    repo.put("inner/m.py", b"from pkg import get_x\n");
    let diff = repo.ssot_in("inner", "check --diff -q");
    std::fs::write(repo.0.path().join("x.patch"), &diff.out).unwrap();
    let applied = Command::new("git")
        .args(["apply", "../../x.patch"])
        .current_dir(repo.at("inner"))
        .status();
    assert!(applied.unwrap().success());
    assert_eq!(repo.text("inner/m.py"), "from pkg.home import get_x\n");
    // Its journal is not that of the project around it.
    repo.put("inner/m.py", b"from pkg import get_x\n");
    repo.ssot_in("inner", "check --fix");
    assert_eq!(
        repo.ssot("undo --list").text(),
        "There is nothing to undo.\n"
    );
    assert_eq!(repo.ssot_in("inner", "undo").status, 0);
}

#[test]
fn the_status_is_that_of_what_is_left() {
    let repo = Repo::new();
    assert_eq!(repo.ssot("check").status, 1);
    assert_eq!(repo.ssot("check --fix --exit-non-zero-on-fix").status, 1);
    assert_eq!(repo.ssot("check --fix --exit-non-zero-on-fix").status, 0);
    repo.put("broken.py", b"from pkg import get_x\nx = (\n");
    repo.put("m.py", b"from pkg import get_x\n");
    assert_eq!(repo.ssot("check --fix").status, 1);
    assert_eq!(repo.ssot("check --fix --exit-zero").status, 0);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_refused_with_its_reason_and_the_rest_is_fixed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let repo = Repo::new();
    let old = b"from pkg import get_x\n";
    for path in ["locked.py", "also_locked.py", "twin.py"] {
        repo.put(path, old);
    }
    for path in ["locked.py", "also_locked.py"] {
        let mode = std::fs::Permissions::from_mode(0o444);
        std::fs::set_permissions(repo.at(path), mode).unwrap();
    }
    std::fs::hard_link(repo.at("twin.py"), repo.at("twin.txt")).unwrap();
    let outside = repo.0.path().join("outside.py");
    std::fs::write(&outside, old).unwrap();
    symlink(&outside, repo.at("link.py")).unwrap();
    let said = repo.ssot("check --fix --output-format concise");
    assert_eq!(said.status, 1);
    let summary = "Refused 4 fixes:\n   2  the file is read-only: also_locked.py:1, locked.py:1\n   1  the file has more \
                   than one hard link, which a rewrite would part: twin.py:1\n   1  the file lies outside the project: link.py:1\n";
    assert!(said.text().contains(summary), "{}", said.text());
    for path in [
        "locked.py",
        "also_locked.py",
        "twin.py",
        "twin.txt",
        "link.py",
    ] {
        assert_eq!(repo.text(path).as_bytes(), old, "{path}");
    }
    assert!(repo.text("m.py").contains("pkg.home"));
    let json = repo.ssot("check --fix --output-format json").text();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["fixes"]["refused"]["the file is read-only"], 2);
    assert_eq!(json["fixes"]["findings"], 0);
}

/// Leaves a run behind as a crash does: the journal says that files change, and one has.
fn interrupt(repo: &Repo) {
    repo.ssot("check --fix");
    let journals = repo.at(".git/ssot/root");
    std::fs::rename(journals.join("1.done"), journals.join("1.committing")).unwrap();
    repo.put("m.py", SOURCES[0].1);
}

#[test]
fn an_interrupted_run_is_noticed_and_taken_back() {
    let repo = Repo::new();
    let before = repo.files();
    interrupt(&repo);
    let checked = repo.ssot("check -q");
    let words = "A fix was interrupted; `ssot undo` takes back what it did to the files.\n";
    assert_eq!(checked.err, words);
    assert!(repo.ssot("undo --list").text().ends_with("  interrupted\n"));
    let undone = repo.ssot("undo");
    let others = SOURCES.len() - 1;
    let words = format!("Run 1 was interrupted and is taken back: {others} files restored.\n");
    assert_eq!((undone.status, undone.text()), (0, words));
    assert_eq!(repo.files(), before);

    repo.ssot("check --fix");
    let fixed = repo.files();
    repo.ssot("undo");
    interrupt(&repo);
    let again = repo.ssot("check --fix");
    assert_eq!(again.status, 0);
    assert!(
        again
            .err
            .starts_with("Run 1 was interrupted and is taken back"),
        "{}",
        again.err
    );
    assert!(again.text().starts_with("Fixed "), "{}", again.text());
    assert_eq!(repo.files(), fixed);
    assert_eq!(repo.ssot("undo").status, 0);
    assert_eq!(repo.files(), before);
}

#[test]
fn help_says_what_undo_does() {
    let repo = Repo::bare();
    let help = repo.ssot("undo --help").text();
    for words in ["--list", "--force", ".git/ssot", "XDG_STATE_HOME", "[RUN]"] {
        assert!(help.contains(words), "{help}");
    }
    assert!(Path::new(&repo.at("m.py")).is_file());
}
