//! Generated modules, in several encodings and layouts: fixed, undone, fixed again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::Repo;

/// Ways to get at the symbol, some of which a fix moves.
const IMPORTS: &[&str] = &[
    "from pkg import get_x",
    "from pkg import get_x as y  # why",
    "from pkg import (\n    get_x,  # one\n    VERSION,\n)",
    "from pkg import VERSION, get_x; print(VERSION)",
    "import pkg\npkg.get_x()",
    "import pkg.home, pkg as p\np.get_x()",
    "from pkg.home import get_x",
    "try:\n    from pkg import get_x\nexcept ImportError:\n    get_x = None",
    "def f():\n    from pkg import get_x\n    return get_x()",
    "from pkg import *\nget_x()",
    "from pkg \\\n    import get_x  # noqa",
    "from pkg import (VERSION  # first\n    , get_x)  # last",
    "class C:\n\tfrom pkg import get_x",
    "if True: from pkg import get_x; y = get_x",
    "import os\nfrom pkg import get_x\nfrom zoo import a, b",
    "from __future__ import annotations",
];
const BETWEEN: &[&str] = &[
    "",
    "# \u{e9}",
    "x = '\u{fc}'",
    "\u{c}",
    "if True: pass",
    "\"\"\"text\n\ttext\"\"\"",
];

#[derive(Clone, Debug)]
struct Module {
    parts: Vec<(&'static str, &'static str)>,
    encoding: &'static str,
    line_end: &'static str,
    ends: bool,
    mode: u32,
}

impl Module {
    fn bytes(&self) -> Vec<u8> {
        let mut lines = vec![match self.encoding {
            "latin-1" => "# -*- coding: latin-1 -*-",
            _ => "# a module",
        }];
        for (import, between) in &self.parts {
            lines.extend([*import, *between]);
        }
        let mut text = lines.join("\n");
        if self.ends {
            text.push('\n');
        }
        let text = text.replace('\n', self.line_end);
        match self.encoding {
            "latin-1" => text.chars().map(|ch| ch as u8).collect(),
            "utf-8-sig" => format!("\u{feff}{text}").into_bytes(),
            _ => text.into_bytes(),
        }
    }
}

fn module() -> impl Strategy<Value = Module> {
    let parts = vec((select(IMPORTS), select(BETWEEN)), 1..5);
    let encoding = select(&["latin-1", "utf-8", "utf-8-sig"]);
    let line_end = select(&["\n", "\r\n"]);
    let mode = select(&[0o644, 0o600, 0o755]);
    (parts, encoding, line_end, any::<bool>(), mode).prop_map(
        |(parts, encoding, line_end, ends, mode)| Module {
            parts,
            encoding,
            line_end,
            ends,
            mode,
        },
    )
}

/// Bytes and permissions of everything, save git's own.
fn all(repo: &Repo) -> BTreeMap<PathBuf, (Vec<u8>, String)> {
    let files = repo.files().into_iter();
    files
        .map(|(path, bytes)| {
            let mode = format!("{:?}", path.metadata().unwrap().permissions());
            (path, (bytes, mode))
        })
        .collect()
}

/// A repository with these modules among others.
fn generated(modules: &[Module]) -> Repo {
    let repo = Repo::new();
    repo.put("pkg/__init__.py", b"from .home import get_x\nVERSION = 1\n");
    for (at, module) in modules.iter().enumerate() {
        let path = format!("generated{at}.py");
        repo.put(&path, &module.bytes());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::Permissions::from_mode(module.mode);
            std::fs::set_permissions(repo.at(&path), mode).unwrap();
        }
    }
    repo
}

fn bytes(all: BTreeMap<PathBuf, (Vec<u8>, String)>) -> Vec<Vec<u8>> {
    all.into_values().map(|(bytes, _)| bytes).collect()
}

/// Start, end and content of the edits of a file, each once.
fn edits(report: &[u8], path: &str) -> BTreeSet<(usize, usize, String)> {
    let report: serde_json::Value = serde_json::from_slice(report).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let edits =
        findings.flat_map(|finding| finding["fix"]["edits"].as_array().into_iter().flatten());
    let number = |edit: &serde_json::Value, key: &str| edit[key].as_u64().unwrap() as usize;
    edits
        .filter(|edit| edit["path"] == path)
        .map(|edit| {
            let content = edit["content"].as_str().unwrap().to_owned();
            (number(edit, "start"), number(edit, "end"), content)
        })
        .collect()
}

/// The bytes of a file after `edits`.
fn spliced(old: &[u8], edits: &BTreeSet<(usize, usize, String)>, module: &Module) -> Vec<u8> {
    let mut new = old.to_vec();
    for (start, end, content) in edits.iter().rev() {
        let content: Vec<u8> = match module.encoding {
            "latin-1" => content.chars().map(|ch| ch as u8).collect(),
            _ => content.clone().into_bytes(),
        };
        new.splice(*start..*end, content);
    }
    new
}

/// The syntax errors of all files.
fn errors(repo: &Repo) -> String {
    let line = "check --exit-zero --select syntax-error --output-format concise -q";
    repo.ssot(line).text()
}

/// The files that Python cannot parse, if there is a Python.
fn unparsed(repo: &Repo) -> Option<String> {
    let script = "import ast, glob\n\
                  for path in sorted(glob.glob('generated*.py')):\n\
                  \x20   try: ast.parse(open(path, 'rb').read())\n\
                  \x20   except SyntaxError: print(path)";
    let output = Command::new("python3")
        .args(["-B", "-c", script])
        .current_dir(repo.at(""))
        .output();
    Some(String::from_utf8_lossy(&output.ok()?.stdout).into_owned())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(16)
    })]

    #[test]
    fn whatever_is_fixed_is_undone_and_the_patch_says_the_same(modules in vec(module(), 1..5)) {
        let repo = generated(&modules);
        let before = all(&repo);
        let patch = repo.ssot("check --diff -q").out;
        let fixed = repo.ssot("check --fix");
        prop_assert!(fixed.status < 2, "{}", fixed.err);
        let after = all(&repo);
        prop_assert_ne!(&after, &before);
        prop_assert_eq!(repo.ssot("undo").status, 0);
        prop_assert_eq!(all(&repo), before);
        std::fs::write(repo.0.path().join("x.patch"), patch).unwrap();
        repo.git(&["apply", "../x.patch"]);
        prop_assert_eq!(bytes(all(&repo)), bytes(after));
    }

    #[test]
    fn a_fix_does_what_its_edits_say_and_is_the_same_each_time(modules in vec(module(), 1..5)) {
        let repo = generated(&modules);
        let before = repo.files();
        let report = repo.ssot("check --exit-zero --output-format json").out;
        let patches = ["-j 1", "-j 4", "-j 1"].map(|jobs| repo.ssot(&format!("check --diff -q {jobs}")).out);
        prop_assert_eq!(&patches[0], &patches[1]);
        prop_assert_eq!(&patches[0], &patches[2]);
        let old = errors(&repo);
        let unparsed_before = unparsed(&repo);
        prop_assert!(repo.ssot("check --fix").status < 2);
        let after = repo.files();
        // Every byte outside the edits is what it was.
        for (at, module) in modules.iter().enumerate() {
            let name = format!("generated{at}.py");
            let path = repo.at(&name);
            let spliced = spliced(&before[&path], &edits(&report, &name), module);
            prop_assert_eq!(
                String::from_utf8_lossy(&spliced),
                String::from_utf8_lossy(&after[&path])
            );
            prop_assert_eq!(&spliced, &after[&path]);
        }
        prop_assert_eq!(errors(&repo), old);
        prop_assert_eq!(unparsed(&repo), unparsed_before);
        let again = repo.ssot("check --fix");
        prop_assert!(again.text().contains("Fixed nothing."), "{}", again.text());
        prop_assert_eq!(repo.files(), after);
    }
}
