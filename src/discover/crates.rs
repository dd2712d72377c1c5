//! Crates that `Cargo.toml` files describe: their first files, and by which names they know each other.
//!
//! A manifest that cannot be read describes nothing. What a manifest leaves out is where Cargo looks for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rustc_hash::FxHashSet;
use toml::{Table, Value};

use super::{Discovery, base_name, child, parent};
use crate::lang::rust::join;
use crate::lang::{Language, Unit};

/// The name of the files read here.
pub(super) const MANIFEST: &str = "Cargo.toml";

/// A package of the tree.
struct Package {
    folder: String,
    name: String,
    manifest: Table,
    edition: u16,
    /// The library's name and first file.
    library: Option<(String, String)>,
}

/// A crate that a package has besides its library.
struct Target {
    kind: &'static str,
    name: String,
    root: String,
}

/// The crates of the tree: libraries first, since others lean on them, each kind in path order.
#[must_use]
pub fn units(root: &Path, discovery: &Discovery) -> Vec<Unit> {
    let rust = discovery
        .files
        .iter()
        .filter(|file| file.language == Language::Rust);
    let files: FxHashSet<&str> = rust.map(|file| &*file.path).collect();
    if files.is_empty() {
        return Vec::new();
    }
    let manifests: BTreeMap<String, Table> = discovery
        .project_files
        .iter()
        .filter(|path| base_name(path) == MANIFEST)
        .filter_map(|path| {
            let text = fs::read(root.join(&**path)).ok()?;
            let table = String::from_utf8_lossy(&text).parse::<Table>().ok()?;
            Some((parent(path).to_owned(), table))
        })
        .collect();
    let packages: Vec<Package> = manifests
        .iter()
        .filter_map(|(folder, manifest)| package(folder, manifest, &manifests, &files))
        .collect();
    let mut units = Vec::new();
    for package in &packages {
        if let Some((name, root)) = &package.library {
            units.push(Unit {
                name: name.clone(),
                root: root.clone(),
                folder: package.folder.clone(),
                edition: package.edition,
                others: others(package, &packages, &manifests),
                is_test: false,
                is_guess: false,
            });
        }
    }
    for package in &packages {
        let others = others(package, &packages, &manifests);
        for target in targets(package, &files) {
            let mut others = others.clone();
            if let Some((name, root)) = &package.library {
                others.push((name.clone(), Some(root.clone())));
            }
            units.push(Unit {
                name: identifier(&target.name),
                root: target.root,
                folder: package.folder.clone(),
                edition: package.edition,
                others,
                is_test: matches!(target.kind, "test" | "bench"),
                is_guess: false,
            });
        }
    }
    units
}

fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

fn package(
    folder: &str,
    manifest: &Table,
    manifests: &BTreeMap<String, Table>,
    files: &FxHashSet<&str>,
) -> Option<Package> {
    let own = manifest.get("package")?.as_table()?;
    let name = own.get("name")?.as_str()?.to_owned();
    let written = match own.get("edition") {
        Some(Value::String(edition)) => Some(edition.clone()),
        Some(Value::Table(_)) => workspace(folder, manifests).and_then(|(_, workspace)| {
            let package = workspace.get("package")?;
            Some(package.get("edition")?.as_str()?.to_owned())
        }),
        _ => None,
    };
    let edition = written.and_then(|edition| edition.parse().ok());
    let library = manifest.get("lib").and_then(Value::as_table);
    let path = library.and_then(|library| library.get("path")?.as_str());
    let root = join(folder, path.unwrap_or("src/lib.rs"));
    let library_name = library.and_then(|library| library.get("name")?.as_str());
    let library_name = identifier(library_name.unwrap_or(&name));
    Some(Package {
        folder: folder.to_owned(),
        manifest: manifest.clone(),
        edition: edition.unwrap_or(2015),
        library: files
            .contains(root.as_str())
            .then_some((library_name, root)),
        name,
    })
}

/// The nearest manifest with a workspace at or above a folder.
fn workspace<'m>(
    folder: &str,
    manifests: &'m BTreeMap<String, Table>,
) -> Option<(String, &'m Table)> {
    let mut at = folder;
    loop {
        let workspace = manifests.get(at).and_then(|table| table.get("workspace"));
        if let Some(workspace) = workspace.and_then(Value::as_table) {
            return Some((at.to_owned(), workspace));
        }
        if at.is_empty() {
            return None;
        }
        at = parent(at);
    }
}

/// The names of other crates in the code of a package.
fn others(
    package: &Package,
    packages: &[Package],
    manifests: &BTreeMap<String, Table>,
) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut tables: Vec<&Table> = vec![&package.manifest];
    let targets = package.manifest.get("target").and_then(Value::as_table);
    tables.extend(
        targets
            .into_iter()
            .flat_map(|targets| targets.iter().filter_map(|(_, target)| target.as_table())),
    );
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let list = table.get(kind).and_then(Value::as_table);
            for (name, written) in list.into_iter().flatten() {
                found.push(dependency(package, packages, manifests, name, written));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// A dependency by its name in code, and the first file of its library where that is of the tree.
fn dependency(
    package: &Package,
    packages: &[Package],
    manifests: &BTreeMap<String, Table>,
    name: &str,
    written: &Value,
) -> (String, Option<String>) {
    let is_inherited = written
        .get("workspace")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let shared = is_inherited
        .then(|| workspace(&package.folder, manifests))
        .flatten()
        .and_then(|(folder, workspace)| {
            let written = workspace.get("dependencies")?.get(name)?;
            Some((folder, written.clone()))
        });
    let (folder, written) = shared.unwrap_or_else(|| (package.folder.clone(), written.clone()));
    let real = written.get("package").and_then(Value::as_str);
    let target = written.get("path").and_then(Value::as_str).map(|path| {
        let folder = join(&folder, path);
        packages.iter().find(|package| package.folder == folder)
    });
    let target = target
        .flatten()
        .or_else(|| patched(package, manifests, real.unwrap_or(name), packages));
    let library = target.and_then(|target| target.library.as_ref());
    // Without a name of its own, a dependency goes by that of its library.
    let local = match (real, library) {
        (None, Some((library, _))) => library.clone(),
        _ => identifier(name),
    };
    (local, library.map(|(_, root)| root.clone()))
}

/// The package of the tree that a workspace puts in the place of a published one.
fn patched<'p>(
    package: &Package,
    manifests: &BTreeMap<String, Table>,
    name: &str,
    packages: &'p [Package],
) -> Option<&'p Package> {
    let mut at = package.folder.as_str();
    loop {
        let patches = manifests
            .get(at)
            .and_then(|table| table.get("patch")?.as_table());
        let path = patches.and_then(|patches| {
            let mut sources = patches.iter();
            sources.find_map(|(_, source)| source.get(name)?.get("path")?.as_str())
        });
        if let Some(path) = path {
            let folder = join(at, path);
            return packages
                .iter()
                .find(|package| package.folder == folder && package.name == name);
        }
        if at.is_empty() {
            return None;
        }
        at = parent(at);
    }
}

fn targets(package: &Package, files: &FxHashSet<&str>) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::new();
    let own = package.manifest.get("package").and_then(Value::as_table);
    let kinds: [(&str, &str, &str); 4] = [
        ("bin", "src/bin", "autobins"),
        ("test", "tests", "autotests"),
        ("example", "examples", "autoexamples"),
        ("bench", "benches", "autobenches"),
    ];
    for (kind, folder, auto) in kinds {
        let place = join(&package.folder, folder);
        let listed = package.manifest.get(kind).and_then(Value::as_array);
        for target in listed.into_iter().flatten() {
            let Some(name) = target.get("name").and_then(Value::as_str) else {
                continue;
            };
            let roots = match target.get("path").and_then(Value::as_str) {
                Some(path) => vec![join(&package.folder, path)],
                None => vec![
                    child(&place, &format!("{name}.rs")),
                    child(&place, &format!("{name}/main.rs")),
                    join(&package.folder, "src/main.rs"),
                ],
            };
            let root = roots.into_iter().find(|root| files.contains(root.as_str()));
            found.extend(root.map(|root| Target {
                kind,
                name: name.to_owned(),
                root,
            }));
        }
        let is_auto = own.and_then(|own| own.get(auto)?.as_bool()).unwrap_or(true);
        if !is_auto {
            continue;
        }
        if kind == "bin" {
            let root = join(&package.folder, "src/main.rs");
            found.extend(files.contains(root.as_str()).then(|| Target {
                kind,
                name: package.name.clone(),
                root,
            }));
        }
        let mut roots: Vec<(&str, &str)> = files
            .iter()
            .filter_map(|path| {
                let below = path.strip_prefix(place.as_str())?.strip_prefix('/')?;
                let name = below
                    .strip_suffix("/main.rs")
                    .or_else(|| below.strip_suffix(".rs"))?;
                (!name.contains('/')).then_some((*path, name))
            })
            .collect();
        roots.sort_unstable();
        found.extend(roots.into_iter().map(|(root, name)| Target {
            kind,
            name: name.to_owned(),
            root: root.to_owned(),
        }));
    }
    let script = match own.and_then(|own| own.get("build")) {
        Some(Value::String(path)) => Some(path.as_str()),
        Some(Value::Boolean(false)) => None,
        _ => Some("build.rs"),
    };
    if let Some(script) = script.map(|path| join(&package.folder, path))
        && files.contains(script.as_str())
    {
        found.push(Target {
            kind: "build",
            name: "build_script_build".to_owned(),
            root: script,
        });
    }
    let mut seen: FxHashSet<String> = package
        .library
        .iter()
        .map(|(_, root)| root.clone())
        .collect();
    found.retain(|target| seen.insert(target.root.clone()));
    found
}
