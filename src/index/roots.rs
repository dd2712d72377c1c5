//! Which folders absolute imports resolve from, worked out from what the files import.
//!
//! A folder that holds packages may be a source root (`src`, `lib`, a service of a monorepo) or part of the
//! packages' names (a namespace package). The import statements decide.

use rustc_hash::{FxHashMap, FxHashSet};

use super::File;
use crate::lang::ModuleFile;

/// The roots in order of search: the declared ones, then the candidates that imports speak for.
pub(super) fn choose(
    files: &[File],
    places: &[ModuleFile],
    declared: &[String],
    candidates: &[String],
) -> Vec<String> {
    let mut roots: Vec<String> = declared.to_vec();
    let undecided: Vec<&String> = candidates
        .iter()
        .filter(|folder| !declared.contains(folder))
        .collect();
    if undecided.is_empty() {
        return roots;
    }
    let imports = count_imports(files);
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
    let taken: FxHashSet<&str> = declared
        .iter()
        .filter_map(|root| children.get(root.as_str()))
        .flatten()
        .copied()
        .collect();
    for folder in undecided {
        let Some(names) = children.get(folder.as_str()) else {
            continue;
        };
        let prefix = dotted_below(folder, declared);
        let mut short = 0;
        let mut long = 0;
        for name in names.iter().filter(|name| !taken.contains(*name)) {
            short += imports.first.get(name).copied().unwrap_or(0);
            long += imports
                .two
                .get(format!("{prefix}.{name}").as_str())
                .copied()
                .unwrap_or(0);
        }
        if short > long {
            roots.push(folder.clone());
        }
    }
    roots
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

/// How often absolute imports name each first segment, and each longer leading path.
struct ImportCounts<'a> {
    first: FxHashMap<&'a str, u32>,
    two: FxHashMap<&'a str, u32>,
}

fn count_imports(files: &[File]) -> ImportCounts<'_> {
    let mut counts = ImportCounts {
        first: FxHashMap::default(),
        two: FxHashMap::default(),
    };
    for file in files {
        for import in file.facts.imports.iter().filter(|import| import.level == 0) {
            let module = file.facts.name(import.module);
            let mut end = 0;
            while let Some(dot) = module[end..].find('.') {
                let leading = &module[..end + dot];
                *counts.two.entry(leading).or_default() += 1;
                if end == 0 {
                    *counts.first.entry(leading).or_default() += 1;
                }
                end += dot + 1;
            }
            if end == 0 {
                *counts.first.entry(module).or_default() += 1;
            }
            *counts.two.entry(module).or_default() += 1;
        }
    }
    counts
}
