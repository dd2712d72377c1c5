//! Texts that name modules: sources in any state, and files that start or register modules.
//!
//! Owns where to look and what counts as a mention; every file is read once, whatever the number of modules.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rayon::prelude::*;
use regex::bytes::Regex;

use super::outside::{self, CONFIGURATION};
use super::plan::Project;
use crate::index::FileId;

/// Files at the project's root that may start a module by its name: by extension, or by name where they have none.
const EXTENSIONS: [&str; 7] = ["cfg", "ini", "json", "sh", "yaml", "yml", "bat"];
const LARGEST_TEXT: u64 = 1 << 20;

/// What names one module.
struct Patterns {
    code: Regex,
    configuration: Regex,
}

impl Patterns {
    /// None for a name too long to be looked for.
    fn of(module: &str) -> Option<Self> {
        let escaped = regex::escape(module);
        let file = regex::escape(&format!("{}.py", module.replace('.', "/")));
        let last = regex::escape(module.rsplit('.').next().unwrap_or(module));
        // A bare word may be anything, unless it stands in quotes.
        let dotted = if module.contains('.') {
            format!(r"\b{escaped}\b")
        } else {
            format!(r#"["']{escaped}["'.:]"#)
        };
        let code = format!(r#"{dotted}|\b{file}\b|["']\.+{last}["'.]"#);
        let configuration = format!(r"\b{escaped}\b|\b{file}\b");
        Some(Self {
            code: Regex::new(&code).ok()?,
            configuration: Regex::new(&configuration).ok()?,
        })
    }
}

/// For each module the first place, `path:line`, outside its own files whose text names it.
pub(super) fn mentions(
    project: &Project<'_>,
    modules: &[(&str, Vec<FileId>)],
) -> Vec<Option<String>> {
    if modules.is_empty() {
        return Vec::new();
    }
    let index = project.index;
    let patterns: Vec<Option<Patterns>> = modules
        .iter()
        .map(|(module, _)| Patterns::of(module))
        .collect();
    let sources = index
        .file_ids()
        .map(|file| (PathBuf::from(&*index.file(file).path), Some(file)));
    let others = configurations(project).into_iter().map(|path| (path, None));
    let mut texts: Vec<(PathBuf, Option<FileId>)> = sources.chain(others).collect();
    texts.sort_unstable();
    let found: Vec<Vec<(usize, String)>> = texts
        .into_par_iter()
        .map(|(path, source)| {
            let Ok(bytes) = project.pending.read(project.root, &path) else {
                return Vec::new();
            };
            let bytes = match path.file_name() {
                Some(name) if name == "pyproject.toml" => without_rules(&bytes),
                _ => bytes.into_owned(),
            };
            let place = |at: usize| {
                let line = bytes[..at].split(|byte| *byte == b'\n').count();
                format!("{}:{line}", path.to_string_lossy().replace('\\', "/"))
            };
            let wanted = modules.iter().zip(&patterns).enumerate();
            wanted
                .filter(|(_, ((_, own), _))| source.is_none_or(|file| !own.contains(&file)))
                .filter_map(|(at, (_, patterns))| {
                    let patterns = patterns.as_ref()?;
                    let pattern = match source {
                        Some(_) => &patterns.code,
                        None => &patterns.configuration,
                    };
                    Some((at, place(pattern.find(&bytes)?.start())))
                })
                .collect()
        })
        .collect();
    let mut first: Vec<Option<String>> = patterns
        .iter()
        .map(|patterns| match patterns {
            Some(_) => None,
            None => Some("some text".to_owned()),
        })
        .collect();
    for (at, place) in found.into_iter().flatten() {
        first[at].get_or_insert(place);
    }
    first
}

/// Files that start or register modules by their names.
fn configurations(project: &Project<'_>) -> BTreeSet<PathBuf> {
    let mut all: BTreeSet<PathBuf> = outside::folders(project.index)
        .iter()
        .flat_map(|folder| CONFIGURATION.iter().map(|name| folder.join(name)))
        .collect();
    all.extend(project.config.project.registry.iter().map(PathBuf::from));
    let entries = std::fs::read_dir(project.root);
    for entry in entries.into_iter().flatten().flatten() {
        let name = PathBuf::from(entry.file_name());
        let is_wanted = match name.extension() {
            Some(extension) => EXTENSIONS.iter().any(|wanted| extension == *wanted),
            None => !name.to_string_lossy().starts_with('.'),
        };
        let is_small = |found: std::fs::Metadata| found.is_file() && found.len() <= LARGEST_TEXT;
        if is_wanted && entry.metadata().is_ok_and(is_small) {
            all.insert(name);
        }
    }
    all
}

/// A `pyproject.toml` without the rules, which name what they retire; line numbers are not kept where there are any.
fn without_rules(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let Ok(mut table) = text.parse::<toml::Table>() else {
        return bytes.to_vec();
    };
    let tools = table.get_mut("tool").and_then(toml::Value::as_table_mut);
    if tools.and_then(|tools| tools.remove("ssot")).is_none() {
        return bytes.to_vec();
    }
    table.to_string().into_bytes()
}
