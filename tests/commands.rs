//! `where`, `plan`, `registry` and `init`, as the program answers on small repositories.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What a command prints on standard output and standard error, and its exit status.
fn ssot(folder: &Path, args: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_ssot"))
        .args(args)
        .current_dir(folder)
        .env_remove("FORCE_COLOR")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap(),
    )
}

fn incident() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/incident")
}

fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn symbols(folder: &Path, name: &str) -> Vec<serde_json::Value> {
    let (out, err, status) = ssot(folder, &["where", name, "--output-format", "json"]);
    assert_eq!((err.as_str(), status), ("", 0), "{out}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["schema_version"], 1);
    document["symbols"].as_array().unwrap().clone()
}

fn paths(of: &[serde_json::Value]) -> Vec<&str> {
    of.iter().map(|it| it["symbol"].as_str().unwrap()).collect()
}

#[test]
fn the_plan_of_the_incident_has_its_phases() {
    let (out, _, status) = ssot(&incident(), &["plan"]);
    assert_eq!(status, 0);
    insta::assert_snapshot!("plan", out);
}

#[test]
fn a_plan_for_programs_counts_what_it_lists() {
    let (out, _, _) = ssot(&incident(), &["plan", "--output-format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
    let mut sums = [0; 3];
    for phase in plan["phases"].as_array().unwrap() {
        for step in phase["steps"].as_array().unwrap() {
            let items = step["items"].as_array().unwrap();
            assert_eq!(step["findings"], items.len());
            sums[0] += items.len();
            sums[1] += items.iter().filter(|item| item["fix"] == "safe").count();
            sums[2] += items.iter().filter(|item| item["fix"] == "unsafe").count();
        }
    }
    assert_eq!(plan["findings"], sums[0]);
    assert_eq!(
        (&plan["safe"], &plan["unsafe"]),
        (&sums[1].into(), &sums[2].into())
    );
    let (check, _, _) = ssot(&incident(), &["check", "--output-format", "json"]);
    let check: serde_json::Value = serde_json::from_str(&check).unwrap();
    assert_eq!(check["findings"].as_array().unwrap().len(), sums[0]);
}

#[test]
fn a_phase_settles_definitions_then_imports_and_removes_last() {
    let (out, _, _) = ssot(&incident(), &["plan", "--output-format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
    let order = ["definitions", "imports", "removal", "books"];
    let stages_of = |phase: &serde_json::Value| -> Vec<usize> {
        let steps = phase["steps"].as_array().unwrap().iter();
        let place = |step: &serde_json::Value| order.iter().position(|one| step["stage"] == *one);
        steps.map(|step| place(step).unwrap()).collect()
    };
    let phases = plan["phases"].as_array().unwrap();
    let priorities: Vec<_> = phases
        .iter()
        .map(|phase| phase["priority"].as_str())
        .collect();
    assert_eq!(priorities, [Some("P0"), Some("P1"), Some("P2"), None]);
    for phase in phases {
        assert!(stages_of(phase).is_sorted(), "{phase}");
    }
    // What the incident's own plan wanted: the recursion, the other factories and the fallback at once, then imports and
    // shims, and last what is to be seen when it works.
    let checks = |phase: usize| -> Vec<&str> {
        let steps = phases[phase]["steps"].as_array().unwrap().iter();
        steps.map(|step| step["check"].as_str().unwrap()).collect()
    };
    for check in [
        "self-recursion",
        "duplicate-definition",
        "stub-implementation",
    ] {
        assert!(checks(0).contains(&check), "{check}: {:?}", checks(0));
    }
    for check in ["retired-module", "retired-symbol", "noncanonical-import"] {
        assert!(checks(1).contains(&check), "{check}: {:?}", checks(1));
    }
    assert_eq!(checks(2), ["missing-event", "shared-instance"]);
}

#[test]
fn a_retired_module_waits_for_those_who_need_it() {
    let dir = tree(&[
        (
            "ssot.toml",
            "[[retired]]\nid = \"old\"\nmodule = \"app.old\"\npriority = \"P0\"\n\
             [[canonical]]\nid = \"thing\"\nsymbol = \"app.new:Thing\"\npriority = \"P2\"\n",
        ),
        ("app/__init__.py", ""),
        ("app/new.py", "class Thing: ...\n"),
        ("app/old.py", "from app.new import Thing\n"),
        ("app/pass_on.py", "from app.old import *\n"),
        ("app/use.py", "from app.pass_on import Thing\n"),
    ]);
    let (out, _, _) = ssot(dir.path(), &["plan"]);
    let at = |words: &str| {
        out.find(words)
            .unwrap_or_else(|| panic!("no {words} in\n{out}"))
    };
    assert!(at("Phase 1: P0") < at("`app/pass_on.py:1`: `app.old` is retired"));
    assert!(at("Phase 2: P2") < at("`app/use.py:1`"));
    assert!(at("`app/use.py:1`") < at("`app/old.py:1`"), "{out}");
    assert!(
        out.contains("not before what still passes through it"),
        "{out}"
    );
}

#[test]
fn where_there_is_nothing_to_do_the_plan_says_so() {
    let dir = tree(&[("a.py", "x = 1\n")]);
    let (out, _, status) = ssot(dir.path(), &["plan"]);
    assert_eq!(status, 0);
    assert!(out.contains("Nothing to do."), "{out}");
}

#[test]
fn every_spelling_of_a_governed_name_leads_to_its_home() {
    let home = "netra_backend.app.websocket_core.websocket_manager:WebSocketManager";
    for name in [
        "WebSocketManager",
        "UnifiedWebSocketManager",
        home,
        "netra_backend.app.websocket_core.websocket_manager.WebSocketManager",
        "netra_backend.app.websocket_core:WebSocketManager",
        "netra_backend.app.websocket_core.manager.WebSocketManager",
    ] {
        let found = symbols(&incident(), name);
        assert_eq!(paths(&found), [home], "{name}");
        assert_eq!(found[0]["rule"], "ws-manager");
        assert_eq!(
            found[0]["import"],
            "from netra_backend.app.websocket_core.websocket_manager import WebSocketManager"
        );
    }
}

#[test]
fn a_name_without_a_rule_is_found_wherever_it_is() {
    let found = symbols(&incident(), "create_websocket_manager");
    assert_eq!(
        paths(&found),
        [
            "netra_backend.app.websocket_core.migration_adapter:create_websocket_manager",
            "netra_backend.app.websocket_core.websocket_manager_factory:create_websocket_manager"
        ]
    );
    assert_eq!(
        found[0]["importers"][0]["path"],
        "scripts/business_health_check.py"
    );
    let dir = tree(&[
        ("a.py", "class A:\n    def run(self): ...\nVALUE = A()\n"),
        (
            "b.py",
            "import a\nfrom a import VALUE as there\nprint(a.VALUE, there)\n",
        ),
        ("c.py", "from json import JSONDecoder\n"),
    ]);
    let value = symbols(dir.path(), "VALUE");
    assert_eq!(paths(&value), ["a:VALUE"]);
    assert_eq!(value[0]["importers"].as_array().unwrap().len(), 2);
    for name in ["run", "a:A.run", "a.A.run"] {
        assert_eq!(paths(&symbols(dir.path(), name)), ["a:A.run"], "{name}");
    }
    let outside = symbols(dir.path(), "JSONDecoder");
    assert_eq!(paths(&outside), ["json:JSONDecoder"]);
    assert_eq!(outside[0]["origin"].as_array().unwrap().len(), 0);
}

#[test]
fn what_stands_in_for_an_import_is_no_symbol_of_its_own() {
    let dir = tree(&[
        ("a.py", "def get(): ...\n"),
        (
            "b.py",
            "try:\n    from a import get\nexcept ImportError:\n    get = None\n",
        ),
    ]);
    assert_eq!(paths(&symbols(dir.path(), "get")), ["a:get"]);
}

#[test]
fn a_function_says_whether_it_calls_itself() {
    let dir = tree(&[
        ("one.py", "def loops():\n    return loops()\n"),
        (
            "two.py",
            "def ends(n):\n    return ends(n - 1) if n else 0\n",
        ),
        (
            "three.py",
            "from two import ends as plain\ndef wraps(plain):\n    return plain()\n",
        ),
        (
            "four.py",
            "import two\ndef ends(n):\n    return two.ends(n)\n",
        ),
    ]);
    let said = |name: &str| {
        let (out, _, _) = ssot(dir.path(), &["where", name]);
        out
    };
    assert!(
        said("loops").contains("never ends (one.py:2)"),
        "{}",
        said("loops")
    );
    assert!(
        said("two:ends").contains("need not (two.py:2)"),
        "{}",
        said("two:ends")
    );
    let other = said("four:ends");
    assert!(
        other.contains("recursion    none: the `ends` that it calls at four.py:3 is `two:ends`"),
        "{other}"
    );
    assert!(!said("wraps").contains("recursion"), "{}", said("wraps"));
}

#[test]
fn a_name_that_is_nowhere_is_an_answer_with_what_was_meant() {
    for (name, words) in [
        (
            "WebSocketManagr",
            "there is no symbol `WebSocketManagr`; did you mean `WebSocketManager`?",
        ),
        ("netra_backend.app:Nothing", "there is no symbol"),
        ("no.such.module.Thing", "there is no symbol"),
        ("netra_backend.app", "`netra_backend.app` is a module"),
        ("", "there is no symbol"),
        (":", "there is no symbol"),
    ] {
        let (out, err, status) = ssot(&incident(), &["where", name]);
        assert_eq!((out.as_str(), status), ("", 1), "{name}: {err}");
        assert!(err.starts_with(words), "{name}: {err}");
    }
}

#[test]
fn the_registry_is_written_once_and_only_between_its_markers() {
    let rule = "[project]\nregistry = \"R.md\"\n\
        [[canonical]]\nid = \"thing\"\nsymbol = \"app:Thing\"\nreason = \"one\\nthing\"\n";
    let dir = tree(&[
        ("ssot.toml", rule),
        ("app.py", "class Thing: ...\n"),
        ("R.md", "# Mine\n"),
        (".git/HEAD", "ref: refs/heads/main\n"),
    ]);
    let text = || fs::read_to_string(dir.path().join("R.md")).unwrap();
    let (out, _, status) = ssot(dir.path(), &["registry", "check"]);
    assert_eq!(status, 1);
    assert!(out.contains("does not name `app:Thing`"), "{out}");
    let (out, err, status) = ssot(dir.path(), &["registry", "write"]);
    assert_eq!(status, 0, "{err}");
    assert!(out.starts_with("Wrote R.md"), "{out}");
    let written = text();
    assert!(written.starts_with("# Mine\n\n<!--"), "{written}");
    assert!(
        written.contains("# thing: one thing\nfrom app import Thing\n"),
        "{written}"
    );
    assert_eq!(ssot(dir.path(), &["registry", "check"]).2, 0);
    assert_eq!(
        ssot(dir.path(), &["registry", "write"]).0,
        "R.md is up to date.\n"
    );
    assert_eq!(text(), written);
    assert_eq!(ssot(dir.path(), &["undo"]).2, 0);
    assert_eq!(text(), "# Mine\n");
}

#[test]
fn without_a_registry_there_is_none_to_check() {
    let dir = tree(&[("ssot.toml", "[project]\n"), ("app.py", "")]);
    for command in ["check", "write"] {
        let (_, err, status) = ssot(dir.path(), &["registry", command]);
        assert_eq!(status, 2);
        assert!(err.contains("name no import registry"), "{err}");
    }
}

/// The incident without its rules.
fn bare_incident() -> TempDir {
    let dir = TempDir::new().unwrap();
    for entry in walkdir::WalkDir::new(incident()) {
        let entry = entry.unwrap();
        let below = entry.path().strip_prefix(incident()).unwrap();
        if entry.file_type().is_dir() {
            fs::create_dir_all(dir.path().join(below)).unwrap();
        } else if below.extension().is_some_and(|kind| kind == "py") {
            fs::copy(entry.path(), dir.path().join(below)).unwrap();
        }
    }
    dir
}

#[test]
fn the_proposed_rules_are_understood_at_once() {
    let dir = bare_incident();
    let (proposal, err, status) = ssot(dir.path(), &["init"]);
    assert_eq!((err.as_str(), status), ("", 0));
    insta::assert_snapshot!("init", proposal);
    assert!(!dir.path().join("ssot.toml").exists());
    let (_, err, status) = ssot(dir.path(), &["init", "--write"]);
    assert_eq!(status, 0, "{err}");
    assert_eq!(
        fs::read_to_string(dir.path().join("ssot.toml")).unwrap(),
        proposal
    );
    let (out, err, status) = ssot(dir.path(), &["check", "--output-format", "concise"]);
    assert_eq!(status, 1, "{err}");
    assert!(
        out.contains("noncanonical-import") && !out.contains("unused-rule"),
        "{out}"
    );
    let (_, err, status) = ssot(dir.path(), &["init", "--write"]);
    assert_eq!(status, 2);
    assert!(err.contains("there are rules already"), "{err}");
    assert_eq!(ssot(dir.path(), &["init"]).0, proposal);
}

#[test]
fn what_is_proposed_has_its_evidence() {
    let dir = tree(&[
        ("app/__init__.py", "from app._impl import Thing, Single\n"),
        (
            "app/_impl.py",
            "class Thing: ...\nclass Single: ...\nclass Own: ...\n",
        ),
        ("app/shim.py", "from app._impl import Own\n"),
        (
            "app/old.py",
            "import warnings\nwarnings.warn('gone soon', DeprecationWarning)\ndef f():\n    warnings.warn('x')\n",
        ),
        (
            "app/fine.py",
            "import warnings\ndef f():\n    warnings.warn('x')\n",
        ),
        ("d.py", "import app.old, app.fine\n"),
        (
            "a.py",
            "from app import Thing, Single\nfrom app.shim import Own\n",
        ),
        ("b.py", "from app import Thing\n"),
        ("c.py", "from app._impl import Thing\n"),
    ]);
    let (out, _, _) = ssot(dir.path(), &["init"]);
    assert!(
        out.contains("# imported 3 times: 2 by app:Thing, 1 by app._impl:Thing; defined at app/_impl.py:1\n[[canonical]]\nsymbol = \"app:Thing\"\n"),
        "{out}"
    );
    assert!(
        !out.contains("Single") && !out.contains("symbol = \"app._impl:Own\""),
        "{out}"
    );
    assert!(
        out.contains("# module = \"app.shim\"\n# use = \"app._impl\"\n"),
        "{out}"
    );
    assert!(
        out.contains("# app/old.py: warns when it is imported; 1 module uses it\n"),
        "{out}"
    );
    assert!(!out.contains("app.fine"), "{out}");
    assert!(out.contains("import-cycle = \"error\""), "{out}");
    assert!(!out.contains("[[per-request]]"), "{out}");
    let empty = tree(&[("a.py", "x = 1\n")]);
    assert_eq!(ssot(empty.path(), &["init", "--write"]).2, 0);
    assert_eq!(ssot(empty.path(), &["check"]).2, 0);
}

#[test]
fn classes_made_for_one_user_are_proposed_and_shims_that_nobody_uses() {
    let dir = tree(&[
        ("app/__init__.py", ""),
        (
            "app/core.py",
            "class Base:\n    def __init__(self, request, mode=1): ...\nclass Inbox(Base): ...\nclass Job:\n    def __init__(self, name, user=None): ...\nclass DeniedError(Exception):\n    def __init__(self, user): ...\nclass Unused:\n    def __init__(self, user): ...\n",
        ),
        (
            "app/old.py",
            "import warnings\nfrom app.core import Job\nwarnings.warn('gone soon', DeprecationWarning)\n",
        ),
        ("app/kept.py", "from app.core import Job\n"),
        ("a.py", "from app.core import Inbox, Job, DeniedError\n"),
        ("b.py", "from app.core import Inbox\n"),
    ]);
    let (out, err, _) = ssot(dir.path(), &["init"]);
    assert!(
        out.contains("# app/core.py:3: made with `request`; imported by 2 files\n# [[per-request]]\n# symbol = \"app.core:Inbox\"\n"),
        "{out}{err}"
    );
    assert_eq!(out.matches("# [[per-request]]").count(), 1, "{out}");
    assert!(
        out.contains("# app/old.py: warns when it is imported; no module uses it\n"),
        "{out}"
    );
    assert!(!out.contains("app.kept"), "{out}");
}

#[test]
fn what_is_proposed_is_always_understood() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = |of: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders
    };
    let mut asked = 0;
    for check in folders(&fixtures) {
        for case in folders(&check) {
            let (proposal, err, status) = ssot(&case, &["init", "--isolated"]);
            assert_eq!(status, 0, "{}: {err}", case.display());
            let read = ssot::config::parse(&case, &proposal);
            assert!(read.is_ok(), "{}: {}", case.display(), read.unwrap_err());
            asked += 1;
        }
    }
    assert!(asked > 100);
}

#[test]
fn the_generated_section_leaves_out_what_the_document_itself_rules() {
    let dir = tree(&[
        (
            "ssot.toml",
            "[project]\nregistry = 'R.md'\nregistry-as-rules = true\n[[canonical]]\nsymbol = 'a:Own'\n",
        ),
        ("a.py", "class Own: ...\nclass Other: ...\n"),
        ("R.md", "```python\nfrom a import Other\n```\n"),
    ]);
    assert_eq!(ssot(dir.path(), &["registry", "write"]).2, 0);
    let text = fs::read_to_string(dir.path().join("R.md")).unwrap();
    assert_eq!(text.matches("from a import Other").count(), 1, "{text}");
    assert_eq!(text.matches("from a import Own").count(), 1, "{text}");
    let (out, _, _) = ssot(dir.path(), &["registry", "write"]);
    assert!(out.contains("up to date"), "{out}");
    assert_eq!(ssot(dir.path(), &["check"]).2, 0);
    let (rules, _, _) = ssot(dir.path(), &["rules"]);
    assert!(
        rules.contains("registry:a:Other") && rules.contains("R.md:2"),
        "{rules}"
    );
}

#[test]
fn selectors_are_listed_with_the_rules() {
    let dir = tree(&[(
        "ssot.toml",
        "[[selector]]\nname = 'low'\nmodules = ['a', 'b.**']\nexcept = ['b.c']\n",
    )]);
    let (rules, _, _) = ssot(dir.path(), &["rules"]);
    assert_eq!(rules, "selector low  ssot.toml:2\n    a, b.** but b.c\n");
}
