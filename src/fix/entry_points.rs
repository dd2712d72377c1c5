//! Entry points: `module:object` in configuration files, for a module that another takes the place of.
//!
//! Owns finding and rewriting them; nothing else in such a file is touched.

use std::ops::Range;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::apply::{NewContents, replaceable};
use super::outside::{self, CONFIGURATION};
use super::plan::Project;
use crate::index::Index;

/// The files that name objects of `module`, with its successor in its place; or the first place where that cannot be
/// done, `path:line`. Other mentions stay.
pub(super) fn moved(
    project: &Project<'_>,
    module: &str,
    successor: &str,
) -> Result<Vec<NewContents>, String> {
    let index = project.index;
    // A pattern of a module's name always compiles; a name too long for it has no entry points.
    let escaped = regex::escape(module);
    let pattern = format!(r"\b{escaped}((?:\.\w+)*)\s*:\s*(\w+)");
    let Ok(pattern) = Regex::new(&pattern) else {
        return Ok(Vec::new());
    };
    let folders = outside::folders(index);
    let names = CONFIGURATION.iter().filter(|name| **name != "setup.py");
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| names.clone().map(|name| folder.join(name)))
        .collect();
    paths.sort_unstable();
    let mut contents = Vec::new();
    for path in paths {
        let Ok(bytes) = project.pending.read(project.root, &path) else {
            continue;
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        let rules = rules_in(text);
        let mut new = String::with_capacity(text.len());
        let mut copied = 0;
        for found in pattern.captures_iter(text) {
            let (Some(whole), Some(below), Some(object)) =
                (found.get(0), found.get(1), found.get(2))
            else {
                continue;
            };
            if rules.iter().any(|range| range.contains(&whole.start())) {
                continue;
            }
            let home = format!("{successor}{}", below.as_str());
            if !has(index, &home, object.as_str()) {
                let line = text[..whole.start()].split('\n').count();
                let shown = path.to_string_lossy().replace('\\', "/");
                return Err(format!(
                    "{shown}:{line} names `{}`, which `{home}` is not known to have",
                    object.as_str()
                ));
            }
            new.push_str(&text[copied..whole.start()]);
            new.push_str(successor);
            copied = whole.start() + module.len();
        }
        if copied == 0 {
            continue;
        }
        new.push_str(&text[copied..]);
        allowed(project.root, &path)?;
        contents.push(NewContents {
            path,
            original: Some(bytes.to_vec()),
            bytes: Some(new.into_bytes()),
        });
    }
    Ok(contents)
}

fn allowed(root: &Path, path: &Path) -> Result<(), String> {
    let full = root.canonicalize();
    let found = replaceable(full.as_deref().unwrap_or(root), path);
    found
        .map(|_| ())
        .map_err(|obstacle| format!("{} {obstacle}", path.display()))
}

/// Whether a module of the project has a name.
fn has(index: &Index, module: &str, name: &str) -> bool {
    index.modules.by_name(module).is_some_and(|module| {
        let found = index.member(module, name);
        !found.entities.is_empty() || !found.externals.is_empty()
    })
}

/// The parts of a `pyproject.toml` that hold our own rules.
fn rules_in(text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let header = line.trim_start();
        if header.starts_with('[') {
            if let Some(start) = open.take() {
                ranges.push(start..at);
            }
            let name = header.trim_start_matches('[').trim_start();
            let rest = name.strip_prefix("tool.ssot");
            if rest.is_some_and(|rest| rest.starts_with(['.', ']', ' '])) {
                open = Some(at);
            }
        }
        at += line.len();
    }
    ranges.extend(open.map(|start| start..at));
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_end_where_the_next_table_begins() {
        let text = "[a]\nx = 1\n[[tool.ssot.retired]]\nmodule = 'm'\n[tool.ssots]\ny = 2\n[tool.ssot]\nz = 3\n";
        let found: Vec<&str> = rules_in(text)
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(
            found,
            [
                "[[tool.ssot.retired]]\nmodule = 'm'\n",
                "[tool.ssot]\nz = 3\n"
            ]
        );
    }
}
