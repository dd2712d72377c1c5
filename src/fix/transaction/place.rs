//! Where journals are kept.
//!
//! Owns the choice of the folder. In a git work tree that is the repository's own folder, so that journals move and
//! vanish with it and git never sees them; anywhere else the user's folder for state.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::hash::hash;

/// The folder for the journals of the project at `root` (canonical). It need not exist yet.
///
/// Nothing when there is no git repository and no home for state.
pub(super) fn locate(root: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    for folder in root.ancestors() {
        if let Some(git) = git_folder(folder) {
            let below = root.strip_prefix(folder).unwrap_or(root);
            return Some(git.join("ssot").join(key(below)));
        }
    }
    Some(state_folder(variable)?.join("ssot").join(key(root)))
}

/// The folder that git keeps for the work tree at `folder`, if it is one. Of a linked work tree or a submodule,
/// `.git` is a file that says where.
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    let named = text.strip_prefix("gitdir:")?.trim();
    let real = folder.join(named);
    real.is_dir().then_some(real)
}

/// A short name for a project.
fn key(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        return "root".to_owned();
    }
    let mut name = hash(path.as_os_str().as_encoded_bytes());
    name.truncate(16);
    name
}

/// `$XDG_STATE_HOME`, by default `~/.local/state`; on Windows `%LOCALAPPDATA%`. Relative paths don't count.
fn state_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    folder("XDG_STATE_HOME").or_else(|| {
        if cfg!(windows) {
            folder("LOCALAPPDATA")
        } else {
            Some(folder("HOME")?.join(".local").join("state"))
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = dir.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        dir
    }

    fn none(_: &str) -> Option<OsString> {
        None
    }

    #[test]
    fn a_repository_keeps_the_journals_of_all_projects_in_it() {
        let dir = tree(&[(".git/HEAD", ""), ("a/x.py", ""), ("b/x.py", "")]);
        let git = dir.path().join(".git/ssot");
        let top = locate(dir.path(), none).unwrap();
        assert_eq!(top, git.join("root"));
        let a = locate(&dir.path().join("a"), none).unwrap();
        let b = locate(&dir.path().join("b"), none).unwrap();
        assert!(a.starts_with(&git) && b.starts_with(&git) && a != b && a != top);
    }

    #[test]
    fn linked_work_trees_keep_their_own() {
        let dir = tree(&[
            ("main/.git/worktrees/side/HEAD", ""),
            ("side/.git", "gitdir: ../main/.git/worktrees/side\n"),
        ]);
        let got = locate(&dir.path().join("side"), none).unwrap();
        let git = dir.path().join("main/.git/worktrees/side");
        assert!(got.canonicalize().is_err(), "nothing is made");
        let got = got.ancestors().nth(2).unwrap().canonicalize().unwrap();
        assert_eq!(got, git.canonicalize().unwrap());
    }

    #[test]
    fn without_a_repository_the_user_keeps_them() {
        let dir = tree(&[("a/x.py", "")]);
        let at = |pairs: &[(&str, &str)], path: &str| {
            let find = |name: &str| {
                let pair = pairs.iter().find(|(key, _)| *key == name)?;
                Some(OsString::from(pair.1))
            };
            locate(&dir.path().join(path), find)
        };
        let xdg = at(&[("XDG_STATE_HOME", "/state"), ("HOME", "/h")], "a").unwrap();
        assert!(xdg.starts_with("/state/ssot"), "{xdg:?}");
        let home = at(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")], "a").unwrap();
        assert!(
            cfg!(windows) || home.starts_with("/h/.local/state/ssot"),
            "{home:?}"
        );
        assert_ne!(at(&[("HOME", "/h")], "b").unwrap(), home);
        assert_eq!(at(&[], "a"), None);
    }
}
