//! What project files say of their source roots, relative to their own folder. Nothing is executed.

use std::sync::LazyLock;

use regex::Regex;
use toml::{Table, Value};

/// Source roots that a `pyproject.toml` declares to its build backend or test runner.
pub(super) fn pyproject(text: &str) -> Vec<String> {
    let Ok(table) = text.parse::<Table>() else {
        return Vec::new();
    };
    let Some(tool) = table.get("tool") else {
        return Vec::new();
    };
    let mut roots = Vec::new();
    setuptools(tool, &mut roots);
    poetry(tool, &mut roots);
    hatch(tool, &mut roots);
    for path in [
        "pdm.build.package-dir",
        "pdm.package-dir",
        "maturin.python-source",
        "uv.build-backend.module-root",
        "pytest.ini_options.pythonpath",
    ] {
        roots.extend(strings(lookup(tool, path)));
    }
    scikit_build(tool, &mut roots);
    roots
}

fn setuptools(tool: &Value, roots: &mut Vec<String>) {
    roots.extend(strings(lookup(tool, "setuptools.packages.find.where")));
    let dirs = lookup(tool, "setuptools.package-dir").and_then(Value::as_table);
    for (package, dir) in dirs.into_iter().flatten() {
        roots.extend(dir.as_str().and_then(|dir| package_root(package, dir)));
    }
}

fn poetry(tool: &Value, roots: &mut Vec<String>) {
    let packages = lookup(tool, "poetry.packages").and_then(Value::as_array);
    for package in packages.into_iter().flatten() {
        roots.extend(strings(package.get("from")));
    }
}

fn hatch(tool: &Value, roots: &mut Vec<String>) {
    let Some(hatch) = tool.get("hatch").and_then(|hatch| hatch.get("build")) else {
        return;
    };
    roots.extend(strings(hatch.get("dev-mode-dirs")));
    let wheel = lookup(hatch, "targets.wheel");
    for build in [Some(hatch), wheel].into_iter().flatten() {
        let packages = strings(build.get("packages"));
        roots.extend(packages.iter().map(|path| parent(path).to_owned()));
        match build.get("sources") {
            // `{"src/foo" = "bar"}` renames a folder, which no root can express.
            Some(Value::Table(sources)) => {
                let removed = sources.iter().filter(|(_, to)| to.as_str() == Some(""));
                roots.extend(removed.map(|(from, _)| from.clone()));
            }
            sources => roots.extend(strings(sources)),
        }
    }
}

fn scikit_build(tool: &Value, roots: &mut Vec<String>) {
    match lookup(tool, "scikit-build.wheel.packages") {
        Some(Value::Table(packages)) => {
            for (package, dir) in packages {
                let package = package.replace('/', ".");
                roots.extend(dir.as_str().and_then(|dir| package_root(&package, dir)));
            }
        }
        packages => {
            let packages = strings(packages);
            roots.extend(packages.iter().map(|path| parent(path).to_owned()));
        }
    }
}

/// Source roots that a `setup.cfg` declares.
pub(super) fn setup_cfg(text: &str) -> Vec<String> {
    let mut roots = Vec::new();
    let mut section = "";
    let mut key = "";
    for line in text.lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let mut value = content;
        if !line.starts_with([' ', '\t']) {
            if let Some(name) = content.strip_prefix('[') {
                section = name.trim_end_matches(']').trim();
                key = "";
                continue;
            }
            let Some(at) = content.find(['=', ':']) else {
                continue;
            };
            key = content[..at].trim();
            value = content[at + 1..].trim();
        }
        match (section, key) {
            ("options", "package_dir" | "package-dir") => {
                for entry in value.split(',') {
                    let pair = entry.split_once('=');
                    roots.extend(pair.and_then(|(package, dir)| package_root(package, dir)));
                }
            }
            ("options.packages.find", "where") | ("tool:pytest", "pythonpath") => {
                let dirs = value.split(',').map(str::trim);
                roots.extend(dirs.filter(|dir| !dir.is_empty()).map(str::to_owned));
            }
            _ => {}
        }
    }
    roots
}

static PACKAGE_DIR: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\bpackage_dir\s*=\s*\{([^{}]*)\}"));
static PAIR: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"["']([^"']*)["']\s*:\s*["']([^"']*)["']"#));
static FIND_IN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"\bfind_(?:namespace_)?packages\s*\(\s*(?:["']([^"']+)["']|[^()]*?\bwhere\s*=\s*["']([^"']+)["'])"#,
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// Source roots that a `setup.py` spells out as literals.
pub(super) fn setup_py(text: &str) -> Vec<String> {
    let mut roots = Vec::new();
    for dirs in PACKAGE_DIR.captures_iter(text) {
        for pair in PAIR.captures_iter(&dirs[1]) {
            roots.extend(package_root(&pair[1], &pair[2]));
        }
    }
    for found in FIND_IN.captures_iter(text) {
        let folder = found.get(1).or_else(|| found.get(2));
        roots.extend(folder.map(|folder| folder.as_str().to_owned()));
    }
    roots
}

/// The root from which `package` is found in `dir`, if the folder bears the package's name.
fn package_root(package: &str, dir: &str) -> Option<String> {
    let dir = dir.trim().trim_end_matches('/');
    let path = package.trim().replace('.', "/");
    let root = dir.strip_suffix(&*path)?;
    if path.is_empty() || root.is_empty() {
        Some(root.to_owned())
    } else {
        root.strip_suffix('/').map(str::to_owned)
    }
}

/// The folder part of a path.
fn parent(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The value at a dotted path of tables.
fn lookup<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// A string, or the strings of an array.
fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_dir_is_a_root_only_under_its_own_name() {
        assert_eq!(package_root("", "src").as_deref(), Some("src"));
        assert_eq!(package_root("a.b", "lib/a/b/").as_deref(), Some("lib"));
        assert_eq!(package_root("a", "a").as_deref(), Some(""));
        assert_eq!(package_root("a", "lib/other"), None);
        assert_eq!(package_root("a", "lib/beta"), None);
    }

    #[test]
    fn build_backends_declare_roots() {
        let roots = |text| {
            let mut roots = pyproject(text);
            roots.sort();
            roots
        };
        assert_eq!(
            roots(
                "[tool.setuptools]\npackage-dir = {'' = 'a', pkg = 'b/pkg', x = 'y'}\n[tool.setuptools.packages.find]\nwhere = ['c']"
            ),
            ["a", "b", "c"]
        );
        assert_eq!(
            roots("[tool.poetry]\npackages = [{include = 'p', from = 'lib'}, {include = 'q'}]"),
            ["lib"]
        );
        assert_eq!(
            roots(
                "[tool.hatch.build]\ndev-mode-dirs = ['.', 'd']\n[tool.hatch.build.targets.wheel]\npackages = ['src/foo']\nsources = {'python' = '', 'old' = 'new'}"
            ),
            [".", "d", "python", "src"]
        );
        assert_eq!(roots("[tool.pdm.build]\npackage-dir = 'p'"), ["p"]);
        assert_eq!(
            roots("[tool.maturin]\npython-source = 'python'"),
            ["python"]
        );
        assert_eq!(roots("[tool.uv.build-backend]\nmodule-root = ''"), [""]);
        assert_eq!(
            roots("[tool.pytest.ini_options]\npythonpath = ['src', 'tests']"),
            ["src", "tests"]
        );
    }

    #[test]
    fn foreign_files_declare_nothing_rather_than_fail() {
        assert!(pyproject("[tool.setuptools\nnot toml").is_empty());
        assert!(pyproject("tool = 3").is_empty());
        assert!(pyproject("[tool]\nsetuptools = ['x']\npoetry.packages = {a = 1}").is_empty());
        assert!(setup_cfg("[options\npackage_dir\n====").is_empty());
        assert!(setup_py("setup(package_dir=compute())").is_empty());
    }

    #[test]
    fn setup_cfg_continues_values_over_lines() {
        let text = "[metadata]\nwhere = no\n[options]\npackage_dir =\n    = src\n    a.b=lib/a/b\n# c\n[options.packages.find]\nwhere = one,\n  two\n";
        assert_eq!(setup_cfg(text), ["src", "lib", "one", "two"]);
        assert_eq!(setup_cfg("[options]\npackage_dir = =src\n"), ["src"]);
    }

    #[test]
    fn setup_py_literals_are_read() {
        let text = "setup(\n  package_dir={\n   '': 'src', \"a\": \"lib/a\"},\n packages=find_packages(exclude=['x'], where='one') + find_namespace_packages(\"two\"))";
        assert_eq!(setup_py(text), ["src", "lib", "one", "two"]);
        assert!(setup_py("find_packages()\nopen(where='x')").is_empty());
    }
}
