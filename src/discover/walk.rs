//! The walk over the tree: ignore files, exclusions, and the sorting of what is found.

use std::fs::{self, Metadata};
use std::io;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use globset::GlobSet;
use ignore::gitignore::GitignoreBuilder;
use ignore::{DirEntry, Match, WalkBuilder, WalkState};

use crate::lang::Language;

use super::{DiscoverOptions, DiscoverProblem, Discovery, SourceFile, base_name, exclude};

/// Something met on the walk.
enum Seen {
    Source(SourceFile),
    Project(Arc<str>),
    Problem(DiscoverProblem),
}

/// Lists the files of `root`; `opaque` stays empty.
pub(super) fn walk(root: &Path, options: &DiscoverOptions) -> Discovery {
    let mut discovery = Discovery::default();
    if let Err(message) = readable_folder(root) {
        discovery.problems.push(DiscoverProblem {
            path: String::new(),
            message,
        });
        return discovery;
    }
    let (sender, receiver) = channel();
    // The walk blocks this thread until it is done; the channel is unbounded.
    builder(root, options).build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            visit(root, entry, &sender);
            WalkState::Continue
        })
    });
    drop(sender);
    for seen in receiver {
        match seen {
            Seen::Source(file) => {
                if base_name(&file.path) == "setup.py" {
                    discovery.project_files.push(Arc::clone(&file.path));
                }
                discovery.files.push(file);
            }
            Seen::Project(path) => discovery.project_files.push(path),
            Seen::Problem(problem) => discovery.problems.push(problem),
        }
    }
    discovery.files.sort_unstable();
    discovery.project_files.sort_unstable();
    discovery.problems.sort_unstable();
    discovery
}

/// Why `root` cannot be walked, if it cannot.
fn readable_folder(root: &Path) -> Result<(), String> {
    let metadata = fs::metadata(root).map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        Ok(())
    } else {
        Err("not a folder".to_owned())
    }
}

fn builder(root: &Path, options: &DiscoverOptions) -> WalkBuilder {
    let (require_git, parents) = match ignore_scope(root) {
        IgnoreScope::Tree => (false, false),
        IgnoreScope::Repository => (true, false),
        IgnoreScope::Enclosing => (true, true),
    };
    let mut builder = WalkBuilder::new(root);
    builder
        .threads(options.jobs)
        .follow_links(false)
        .require_git(require_git)
        .parents(parents)
        // What a person ignores on their own machine must not change what a gate says.
        .git_global(false);
    let exclude = options.exclude.clone();
    let base = root.to_path_buf();
    builder.filter_entry(move |entry| keep(&base, &exclude, entry));
    builder
}

/// Where the ignore files that matter lie.
#[derive(Debug, PartialEq, Eq)]
enum IgnoreScope {
    /// In the tree only: it belongs to no repository, or to one that ignores all of it. Whoever names an ignored
    /// folder means it.
    Tree,
    /// In the tree, which is a repository.
    Repository,
    /// Also in the folders above, up to that of the repository.
    Enclosing,
}

fn ignore_scope(root: &Path) -> IgnoreScope {
    let Ok(root) = root.canonicalize() else {
        return IgnoreScope::Tree;
    };
    let Some(depth) = root
        .ancestors()
        .position(|folder| folder.join(".git").exists())
    else {
        return IgnoreScope::Tree;
    };
    if depth == 0 {
        return IgnoreScope::Repository;
    }
    let above = root.ancestors().skip(1).take(depth);
    if is_ignored(&root, above) {
        IgnoreScope::Tree
    } else {
        IgnoreScope::Enclosing
    }
}

/// Whether the ignore file of one of `folders`, nearest first, ignores `path` or a folder around it.
fn is_ignored<'a>(path: &Path, folders: impl Iterator<Item = &'a Path>) -> bool {
    for folder in folders {
        let mut builder = GitignoreBuilder::new(folder);
        // Lines that git cannot read either are skipped, as git does.
        let _ = builder.add(folder.join(".gitignore"));
        let Ok(rules) = builder.build() else { continue };
        match rules.matched_path_or_any_parents(path, true) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
    }
    false
}

/// Whether an entry is listed or entered.
fn keep(root: &Path, exclude: &GlobSet, entry: &DirEntry) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
    if is_dir {
        let name = entry.file_name().to_string_lossy();
        if exclude::is_excluded(entry.path(), &name) {
            return false;
        }
    }
    if exclude.is_empty() {
        return true;
    }
    let path = relative_lossy(root, entry.path());
    // `backups/**` matches all that is in the folder, so nothing is left to find there.
    !(exclude.is_match(&path) || is_dir && exclude.is_match(format!("{path}/")))
}

fn visit(root: &Path, entry: Result<DirEntry, ignore::Error>, seen: &Sender<Seen>) {
    let found = match entry {
        Ok(entry) => examine(root, &entry),
        Err(error) => Some(Seen::Problem(walk_problem(root, &error))),
    };
    if let Some(found) = found {
        // The receiver outlives the walk.
        let _ = seen.send(found);
    }
}

/// What a directory entry is to the index, if anything.
fn examine(root: &Path, entry: &DirEntry) -> Option<Seen> {
    if entry.depth() == 0 || entry.file_type()?.is_dir() {
        return None;
    }
    let name = entry.file_name().to_string_lossy();
    let language = Language::of_path(&name);
    let is_project = matches!(&*name, "pyproject.toml" | "setup.cfg" | "Cargo.toml");
    if language.is_none() && !is_project {
        return None;
    }
    let problem = |message: &str| {
        Some(Seen::Problem(DiscoverProblem {
            path: relative_lossy(root, entry.path()),
            message: message.to_owned(),
        }))
    };
    let metadata = match file_metadata(entry) {
        Ok(metadata) if metadata.is_dir() => return None,
        Ok(metadata) if !metadata.is_file() => return problem("not a regular file"),
        Ok(metadata) => metadata,
        Err(error) => return problem(&error.to_string()),
    };
    let Some(path) = relative(root, entry.path()) else {
        return problem("the path is not valid UTF-8");
    };
    Some(match language {
        Some(language) => Seen::Source(SourceFile {
            path: path.into(),
            language,
            len: metadata.len(),
        }),
        None => Seen::Project(path.into()),
    })
}

/// The metadata of a file, or of the file behind a symbolic link.
fn file_metadata(entry: &DirEntry) -> io::Result<Metadata> {
    if entry.path_is_symlink() {
        fs::metadata(entry.path())
    } else {
        entry.metadata().map_err(|error| {
            let text = error.to_string();
            error
                .into_io_error()
                .unwrap_or_else(|| io::Error::other(text))
        })
    }
}

/// `path` relative to `root`, or nothing where it is no UTF-8.
fn relative(root: &Path, path: &Path) -> Option<String> {
    let path = path.strip_prefix(root).unwrap_or(path).to_str()?;
    Some(slashes(path))
}

fn relative_lossy(root: &Path, path: &Path) -> String {
    slashes(&path.strip_prefix(root).unwrap_or(path).to_string_lossy())
}

fn slashes(path: &str) -> String {
    if MAIN_SEPARATOR == '/' {
        path.to_owned()
    } else {
        path.replace(MAIN_SEPARATOR, "/")
    }
}

fn walk_problem(root: &Path, error: &ignore::Error) -> DiscoverProblem {
    let path = error_path(error).map_or_else(String::new, |path| relative_lossy(root, &path));
    let message = error
        .io_error()
        .map_or_else(|| error.to_string(), ToString::to_string);
    DiscoverProblem { path, message }
}

/// The path an error of the walk is about.
fn error_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            error_path(err)
        }
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        ignore::Error::Partial(errors) => errors.iter().find_map(error_path),
        _ => None,
    }
}
