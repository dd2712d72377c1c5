//! Folders that absolute imports may resolve from: those that project files declare, and those that the layout
//! suggests.
//!
//! Project files belong to others (a vendored project, a test fixture): one that cannot be read declares nothing.

mod declared;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Discovery, base_name, child, is_init, parent};

/// Source roots that the tree declares, sorted and root-relative: `""` for the root itself, every folder with a
/// project file that is no package, what that file declares, and its `src` folder.
///
/// Folders without indexed Python files below them are left out.
#[must_use]
pub fn declared_roots(root: &Path, discovery: &Discovery) -> Vec<String> {
    let packages = discovery.package_folders();
    let mut roots = BTreeSet::from([String::new()]);
    let python = || {
        let files = discovery.project_files.iter();
        files.filter(|path| base_name(path) != super::crates::MANIFEST)
    };
    for path in python() {
        let folder = parent(path);
        // Some build systems want a setup file in every package.
        if !packages.contains(folder) {
            roots.insert(folder.to_owned());
        }
        let text = fs::read(root.join(&**path)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let declared = match base_name(path) {
            "pyproject.toml" => declared::pyproject(&text),
            "setup.cfg" => declared::setup_cfg(&text),
            _ => declared::setup_py(&text),
        };
        roots.extend(declared.iter().filter_map(|path| join(folder, path)));
    }
    let owners = python().map(|path| parent(path));
    for folder in owners.chain([""]) {
        let src = child(folder, "src");
        if !packages.contains(&*src) {
            roots.insert(src);
        }
    }
    let inhabited = discovery.python_folders();
    roots
        .into_iter()
        .filter(|root| root.is_empty() || inhabited.contains(&**root))
        .collect()
}

/// Folders without `__init__` file that directly hold a module or a regular package: where the search upwards
/// from a module may end. Sorted and root-relative; imports tell later which of them are roots.
#[must_use]
pub fn package_parents(discovery: &Discovery) -> Vec<String> {
    let packages = discovery.package_folders();
    let parents: BTreeSet<&str> = discovery
        .python_paths()
        .map(|path| {
            if is_init(path) && !parent(path).is_empty() {
                parent(parent(path))
            } else {
                parent(path)
            }
        })
        .filter(|folder| !packages.contains(folder))
        .collect();
    parents.into_iter().map(str::to_owned).collect()
}

/// `path`, as a file in `folder` means it, relative to the root; nothing when it leads out of the root or is a
/// pattern.
fn join(folder: &str, path: &str) -> Option<String> {
    let path = path.trim().replace('\\', "/");
    if path.starts_with('/') || path.contains(['*', '?', '[', '{', '$', ':']) {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_within_the_root() {
        assert_eq!(join("a/b", "./src/").as_deref(), Some("a/b/src"));
        assert_eq!(join("a/b", "../lib").as_deref(), Some("a/lib"));
        assert_eq!(join("", ".").as_deref(), Some(""));
        assert_eq!(join("", "win\\src").as_deref(), Some("win/src"));
        assert_eq!(join("a", "../../x"), None);
        assert_eq!(join("a", "/usr/lib"), None);
        assert_eq!(join("a", "src/*"), None);
    }
}
