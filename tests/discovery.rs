//! What a tree on disk looks like to the index.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use globset::{Glob, GlobSetBuilder};
use ssot::discover::{DiscoverOptions, Discovery, declared_roots, discover, package_parents};
use ssot::lang::Language;
use tempfile::TempDir;

/// A tree with these files; a path that ends in `/` is an empty folder.
fn tree(files: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        write(dir.path(), file, "");
    }
    dir
}

fn write(root: &Path, path: &str, text: &str) {
    let full = root.join(path);
    if path.ends_with('/') {
        fs::create_dir_all(full).unwrap();
        return;
    }
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(full, text).unwrap();
}

fn found(root: &Path) -> Discovery {
    discover(root, &DiscoverOptions::default())
}

fn paths(discovery: &Discovery) -> Vec<&str> {
    discovery.files.iter().map(|file| &*file.path).collect()
}

fn opaque(discovery: &Discovery) -> Vec<&str> {
    discovery.opaque.iter().map(String::as_str).collect()
}

fn excluding(patterns: &[&str]) -> DiscoverOptions {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).unwrap());
    }
    DiscoverOptions {
        exclude: set.build().unwrap(),
        ..DiscoverOptions::default()
    }
}

#[test]
fn sources_are_listed_in_byte_order() {
    let dir = tree(&[
        "b.py",
        "a/x.pyi",
        "a.py",
        "a/__init__.py",
        "a-b/c.py",
        "B.py",
        "x.txt",
        "s.rs",
    ]);
    write(dir.path(), "b.py", "x = 1\n");
    let discovery = found(dir.path());
    assert_eq!(
        paths(&discovery),
        [
            "B.py",
            "a-b/c.py",
            "a.py",
            "a/__init__.py",
            "a/x.pyi",
            "b.py",
            "s.rs"
        ]
    );
    assert_eq!(discovery.files[4].language, Language::PythonStub);
    assert_eq!(discovery.files[5].len, 6);
    assert!(discovery.problems.is_empty());
    for jobs in [1, 2, 7] {
        let options = DiscoverOptions {
            jobs,
            ..DiscoverOptions::default()
        };
        assert_eq!(discover(dir.path(), &options), discovery);
    }
}

#[test]
fn the_spelling_of_the_root_does_not_matter() {
    let dir = tree(&["p/a.py", "p/q/b.py", "p/_c.so"]);
    let plain = found(&dir.path().join("p"));
    assert_eq!(paths(&plain), ["a.py", "q/b.py"]);
    assert_eq!(found(&dir.path().join("p/")), plain);
    assert_eq!(found(&dir.path().join("p/../p/.")), plain);
}

#[test]
fn a_root_that_cannot_be_walked_is_a_problem() {
    let dir = tree(&["a.py"]);
    for root in ["missing", "a.py"] {
        let discovery = found(&dir.path().join(root));
        assert!(discovery.files.is_empty());
        assert_eq!(discovery.problems.len(), 1);
    }
}

#[test]
fn environments_caches_and_build_output_are_left_out() {
    let dir = tree(&[
        "keep.py",
        ".hidden/a.py",
        ".venv/a.py",
        "venv/a.py",
        "env/a.py",
        "myenv/pyvenv.cfg",
        "myenv/a.py",
        "node_modules/a.py",
        "lib/site-packages/a.py",
        "__pycache__/a.py",
        "build/lib/a.py",
        "dist/a.py",
        "x.egg-info/a.py",
        "p/build/__init__.py",
        "p/dist/__init__.pyi",
        "p/venv/__init__.py",
        "p/builder/a.py",
        "r/Cargo.toml",
        "r/build.rs",
        "r/build/made.rs",
        "r/src/build/mod.rs",
        "r/src/build/plan.rs",
        "r/src/dist.rs",
        "r/src/dist/part.rs",
    ]);
    assert_eq!(
        paths(&found(dir.path())),
        [
            "env/a.py",
            "keep.py",
            "p/build/__init__.py",
            "p/builder/a.py",
            "p/dist/__init__.pyi",
            "p/venv/__init__.py",
            "r/build.rs",
            "r/src/build/mod.rs",
            "r/src/build/plan.rs",
            "r/src/dist.rs",
            "r/src/dist/part.rs"
        ]
    );
}

#[test]
fn a_root_within_an_environment_is_walked() {
    let dir = tree(&["venv/lib/site-packages/p/a.py", "venv/pyvenv.cfg"]);
    write(dir.path(), "venv/.gitignore", "*\n");
    let root = dir.path().join("venv/lib/site-packages");
    assert_eq!(paths(&found(&root)), ["p/a.py"]);
}

#[test]
fn ignore_files_count_without_a_repository() {
    let dir = tree(&["a.py", "gen/b.py", "p/c_pb2.py", "p/d.py"]);
    write(dir.path(), ".gitignore", "gen/\n*_pb2.py\n");
    write(dir.path(), "p/.gitignore", "d.py\n");
    assert_eq!(paths(&found(dir.path())), ["a.py"]);
}

#[test]
fn ignore_files_above_count_up_to_the_repository() {
    let dir = tree(&[
        "repo/.git/HEAD",
        "repo/sub/a.py",
        "repo/sub/gen.py",
        "repo/sub/b.py",
        "repo/off/c.py",
    ]);
    write(dir.path(), ".gitignore", "b.py\n");
    write(dir.path(), "repo/.gitignore", "gen.py\noff/\n");
    assert_eq!(
        paths(&found(&dir.path().join("repo/sub"))),
        ["a.py", "b.py"]
    );
    assert_eq!(
        paths(&found(&dir.path().join("repo"))),
        ["sub/a.py", "sub/b.py"]
    );
    // Naming an ignored folder is asking for it.
    assert_eq!(paths(&found(&dir.path().join("repo/off"))), ["c.py"]);
}

#[test]
fn patterns_exclude_files_and_whole_folders() {
    let dir = tree(&[
        "a.py",
        "backups/a.py",
        "p/backups/a.py",
        "p/q/x.py",
        "p/q/y.py",
        "r/s.py",
    ]);
    let discovery = discover(dir.path(), &excluding(&["backups/**", "p/q/x.py", "r"]));
    assert_eq!(paths(&discovery), ["a.py", "p/backups/a.py", "p/q/y.py"]);
    assert_eq!(opaque(&discovery), ["backups", "p/q/x", "r"]);
}

#[cfg(unix)]
#[test]
fn links_to_files_are_files_and_links_to_folders_are_not_followed() {
    use std::os::unix::fs::symlink;
    let dir = tree(&["p/a.py", "elsewhere.txt"]);
    write(dir.path(), "elsewhere.txt", "x = 1");
    let at = |path: &str| dir.path().join(path);
    symlink(at("p"), at("p/loop")).unwrap();
    symlink(at("elsewhere.txt"), at("p/linked.py")).unwrap();
    symlink(at("gone"), at("p/broken.py")).unwrap();
    symlink(at("p"), at("folder.py")).unwrap();
    let discovery = found(dir.path());
    assert_eq!(paths(&discovery), ["p/a.py", "p/linked.py"]);
    assert_eq!(discovery.files[1].len, 5);
    assert_eq!(discovery.problems.len(), 1);
    assert_eq!(discovery.problems[0].path, "p/broken.py");
    assert!(discovery.opaque.contains("p/loop"));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_problems() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = tree(&["a.py"]);
    let name = |bytes: &'static [u8]| dir.path().join(OsStr::from_bytes(bytes));
    fs::write(name(b"\xff.py"), "").unwrap();
    fs::write(name(b"\xff.txt"), "").unwrap();
    fs::create_dir(name(b"d\xff")).unwrap();
    fs::write(name(b"d\xff/b.py"), "").unwrap();
    let discovery = found(dir.path());
    assert_eq!(paths(&discovery), ["a.py"]);
    let problems: Vec<_> = discovery
        .problems
        .iter()
        .map(|problem| &*problem.path)
        .collect();
    assert_eq!(problems, ["d\u{fffd}/b.py", "\u{fffd}.py"]);
}

#[test]
fn modules_beside_the_index_are_opaque() {
    let dir = tree(&[
        "p/__init__.py",
        "p/_fast.cpython-311-x86_64-linux-gnu.so",
        "p/_win.pyd",
        "p/_cy.pyx",
        "p/_version.py",
        "p/gen/deep/x_pb2.py",
        "p/proto/x.proto",
        "p/proto/x_pb2.py",
        "p/data/x.json",
        "p/README.md",
        "p/not-a-module.so",
        "docs/conf.txt",
        "node_modules/x.py",
    ]);
    write(
        dir.path(),
        ".gitignore",
        "_version.py\ngen/\n*_pb2.py\n*.so\n",
    );
    assert_eq!(
        opaque(&found(dir.path())),
        [
            "p/_cy",
            "p/_fast",
            "p/_version",
            "p/_win",
            "p/gen",
            "p/proto"
        ]
    );
}

#[test]
fn what_is_indexed_is_not_opaque() {
    let dir = tree(&[
        "p/__init__.py",
        "p/a.py",
        "p/a.so",
        "p/b.pyi",
        "p/b.so",
        "p/c/__init__.py",
        "p/c.py",
        "p/c.so",
        "p/d.py",
        "p/d/x.py",
        "p/e.py",
        "p/e/__init__.py",
    ]);
    write(dir.path(), ".gitignore", "p/d/\np/e/\np/c.py\n");
    // Python would load the package `e` in place of the module, and the module `d` in place of the folder.
    assert_eq!(opaque(&found(dir.path())), ["p/e"]);
}

#[test]
fn a_folder_too_large_to_look_through_may_hold_anything() {
    let dir = tree(&["a.py"]);
    for at in 0..2_100 {
        write(dir.path(), &format!("data/{at}.txt"), "");
    }
    assert_eq!(opaque(&found(dir.path())), ["data"]);
}

#[test]
fn project_files_declare_roots() {
    let dir = tree(&[
        "top.py",
        "one/src/one/__init__.py",
        "two/lib/two/__init__.py",
        "three/py/three.py",
        "four/x/four.py",
        "five/five/__init__.py",
        "six/src/__init__.py",
        "seven/src/readme.txt",
        "pkg/__init__.py",
        "pkg/setup.py",
        "loose/src/a.py",
        "eight/code/ext/e.py",
    ]);
    let root = dir.path();
    write(root, "one/pyproject.toml", "[project]\nname = 'one'\n");
    write(
        root,
        "two/pyproject.toml",
        "[tool.setuptools.packages.find]\nwhere = ['lib', 'gone', '../../out']\n",
    );
    write(
        root,
        "three/setup.cfg",
        "[options]\npackage_dir =\n    = py\n",
    );
    write(root, "four/setup.py", "setup(package_dir={'': 'x'})\n");
    write(root, "five/pyproject.toml", "this is = not [ toml");
    write(root, "six/pyproject.toml", "");
    write(root, "seven/pyproject.toml", "");
    write(
        root,
        "eight/pyproject.toml",
        "[tool.hatch.build.targets.wheel]\npackages = ['code/ext']\n",
    );
    let discovery = found(root);
    assert_eq!(discovery.project_files.len(), 9);
    assert_eq!(
        declared_roots(root, &discovery),
        [
            "",
            "eight",
            "eight/code",
            "five",
            "four",
            "four/x",
            "one",
            "one/src",
            "six",
            "three",
            "three/py",
            "two",
            "two/lib"
        ]
    );
}

#[test]
fn a_bare_tree_has_its_root_and_its_src() {
    let dir = tree(&["src/a.py", "other/b.py"]);
    assert_eq!(declared_roots(dir.path(), &found(dir.path())), ["", "src"]);
    let empty = tree(&["x.txt"]);
    assert_eq!(declared_roots(empty.path(), &found(empty.path())), [""]);
}

#[test]
fn package_parents_hold_modules_or_packages() {
    let dir = tree(&[
        "a/__init__.py",
        "a/b/__init__.py",
        "a/b/c.py",
        "lib/d/__init__.pyi",
        "ns/inner/e.py",
        "ns/readme.txt",
        "a/data/f.py",
    ]);
    assert_eq!(
        package_parents(&found(dir.path())),
        ["", "a/data", "lib", "ns/inner"]
    );
    let within = tree(&["__init__.py", "x.py"]);
    assert!(package_parents(&found(within.path())).is_empty());
}
