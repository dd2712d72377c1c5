//! Which folders absolute imports resolve from, worked out from what the files import.
//!
//! A folder that holds packages may be a source root (`src`, `lib`, a service of a monorepo) or part of the
//! packages' names (a namespace package). The import statements decide.

use rustc_hash::{FxHashMap, FxHashSet};

use super::File;
use crate::lang::ModuleFile;

/// The roots in order of search: the declared ones, then the candidates that imports speak for.
///
/// An import speaks for a folder when its first segment is a package in it, or a module in it and the importer stands
/// in the folder too: a lone file that bears the name of a library proves nothing. Standard modules never speak, nor
/// does anything for a folder that imports elsewhere spell out.
pub(super) fn choose(
    files: &[File],
    places: &[ModuleFile],
    declared: &[String],
    candidates: &[String],
    spelled: &FxHashSet<&str>,
) -> Vec<String> {
    let mut roots: Vec<String> = declared.to_vec();
    let packages: FxHashSet<&str> = places
        .iter()
        .filter(|place| place.is_package)
        .map(|place| place.stem)
        .collect();
    let undecided: Vec<&String> = candidates
        .iter()
        .filter(|folder| !declared.contains(folder) && !is_inside(folder, &packages))
        .collect();
    if undecided.is_empty() {
        return roots;
    }
    let children = children(places);
    let taken: FxHashSet<&str> = declared
        .iter()
        .filter_map(|root| children.get(root.as_str()))
        .flatten()
        .copied()
        .collect();
    let mut votes: FxHashMap<&str, u32> = undecided
        .iter()
        .map(|folder| (folder.as_str(), 0))
        .collect();
    let mut homes: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for folder in &undecided {
        let names = children.get(folder.as_str()).into_iter().flatten();
        for &name in names.filter(|name| !taken.contains(*name)) {
            homes.entry(name).or_default().push(folder);
        }
    }
    for (file, place) in files.iter().zip(places) {
        for import in file.facts.imports.iter().filter(|import| import.level == 0) {
            let module = file.facts.name(import.module);
            let first = module.split('.').next().unwrap_or(module);
            if file.language.is_standard(first) {
                continue;
            }
            for folder in homes.get(first).map_or(&[][..], Vec::as_slice) {
                let target = super::modules::join(folder, first);
                let inside = file.path.starts_with(&format!("{folder}/")) && place.stem != target;
                if (inside || packages.contains(target.as_str()))
                    && let Some(votes) = votes.get_mut(folder)
                {
                    *votes += 1;
                }
            }
        }
    }
    for folder in undecided {
        let prefix = dotted_below(folder, declared);
        let names = children.get(folder.as_str()).into_iter().flatten();
        let is_spelled = names
            .into_iter()
            .any(|name| spelled.contains(format!("{prefix}.{name}").as_str()));
        if votes.get(folder.as_str()).is_some_and(|&votes| votes > 0) && !is_spelled {
            roots.push(folder.clone());
        }
    }
    roots
}

/// Whether a folder lies in a regular package: what is in there has longer names.
fn is_inside(folder: &str, packages: &FxHashSet<&str>) -> bool {
    let mut at = folder;
    while !at.is_empty() {
        if packages.contains(at) {
            return true;
        }
        at = super::modules::parent(at);
    }
    false
}

/// The modules and folders in each folder.
fn children<'a>(places: &[ModuleFile<'a>]) -> FxHashMap<&'a str, FxHashSet<&'a str>> {
    let mut children: FxHashMap<&str, FxHashSet<&str>> = FxHashMap::default();
    for place in places {
        let mut stem = place.stem;
        while let Some((folder, name)) = stem.rsplit_once('/') {
            if !children.entry(folder).or_default().insert(name) {
                break;
            }
            stem = folder;
        }
        children.entry("").or_default().insert(stem);
    }
    children
}

/// `folder` as a module path seen from the nearest declared root.
fn dotted_below(folder: &str, declared: &[String]) -> String {
    let root = declared
        .iter()
        .filter(|root| root.is_empty() || folder.starts_with(&format!("{root}/")))
        .max_by_key(|root| root.len());
    let below = match root {
        Some(root) if !root.is_empty() => &folder[root.len() + 1..],
        _ => folder,
    };
    below.replace('/', ".")
}

/// Every dotted path that absolute imports spell, with its leading paths.
pub(super) fn spelled_paths(files: &[File]) -> FxHashSet<&str> {
    let mut paths = FxHashSet::default();
    for file in files {
        for import in file.facts.imports.iter().filter(|import| import.level == 0) {
            let mut path = file.facts.name(import.module);
            while paths.insert(path) {
                match path.rsplit_once('.') {
                    Some((leading, _)) => path = leading,
                    None => break,
                }
            }
        }
    }
    paths
}
