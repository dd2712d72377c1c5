//! Globs over paths and names.
//!
//! Path globs are relative to the project's root and read as in `.gitignore`: a pattern without a slash (one at its end
//! aside) matches at any depth, one with a slash from the root, and either covers all that lies below what it matches.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::problem::{Place, Problems};
use super::raw::At;

/// Compiles globs over paths; bad ones are told and left out.
pub(super) fn paths(patterns: &[At<String>], file: usize, problems: &mut Problems) -> GlobSet {
    let each = patterns
        .iter()
        .map(|pattern| (pattern, path_globs(pattern.get())));
    compile(each, file, problems)
}

/// Compiles globs over plain names.
pub(super) fn names(patterns: &[At<String>], file: usize, problems: &mut Problems) -> GlobSet {
    let each = patterns.iter().map(|pattern| {
        (
            pattern,
            Glob::new(pattern.get())
                .map(|glob| vec![glob])
                .map_err(|error| reason(&error)),
        )
    });
    compile(each, file, problems)
}

/// Compiles built-in path globs.
pub(super) fn builtin(patterns: &[&str]) -> GlobSet {
    let globs = patterns
        .iter()
        .filter_map(|pattern| path_globs(pattern).ok());
    build(globs.flatten())
}

fn compile<'a>(
    patterns: impl Iterator<Item = (&'a At<String>, Result<Vec<Glob>, String>)>,
    file: usize,
    problems: &mut Problems,
) -> GlobSet {
    let mut all = Vec::new();
    for (pattern, globs) in patterns {
        match globs {
            Ok(globs) => all.extend(globs),
            Err(reason) => {
                let place = Place {
                    file,
                    span: pattern.span(),
                };
                problems.add(place, format!("bad glob `{}`: {reason}", pattern.get()));
            }
        }
    }
    build(all)
}

fn build(globs: impl IntoIterator<Item = Glob>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(glob);
    }
    // Each glob has been compiled on its own; only a set too large to build is left to fail.
    set.build().unwrap_or_else(|_| GlobSet::empty())
}

/// The globs that one pattern of the rules file stands for.
fn path_globs(pattern: &str) -> Result<Vec<Glob>, String> {
    let trimmed = pattern.strip_prefix("./").unwrap_or(pattern);
    let trimmed = trimmed.trim_end_matches('/');
    if trimmed.is_empty() {
        return Err("it is empty".to_owned());
    }
    if trimmed.starts_with('!') {
        return Err("a pattern cannot be negated".to_owned());
    }
    if trimmed.split('/').any(|part| part == "..") {
        return Err("it leaves the project's root".to_owned());
    }
    let anchored = match trimmed.strip_prefix('/') {
        Some(below_root) => below_root.to_owned(),
        None if trimmed.contains('/') || trimmed == "**" => trimmed.to_owned(),
        None => format!("**/{trimmed}"),
    };
    let mut globs = vec![path_glob(&anchored)?];
    if !anchored.ends_with("**") {
        globs.push(path_glob(&format!("{anchored}/**"))?);
    }
    Ok(globs)
}

fn path_glob(pattern: &str) -> Result<Glob, String> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| reason(&error))
}

fn reason(error: &globset::Error) -> String {
    error.kind().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_as_in_gitignore() {
        let matches = |pattern: &str, path: &str| builtin(&[pattern]).is_match(path);
        for pattern in [
            "backups",
            "backups/",
            "./backups/**",
            "/backups",
            "backups/**",
        ] {
            assert!(matches(pattern, "backups/x/y.py"), "{pattern}");
            assert!(!matches(pattern, "backups2/y.py"), "{pattern}");
        }
        assert!(matches("backups", "a/backups/y.py"));
        assert!(!matches("/backups", "a/backups/y.py"));
        assert!(!matches("backups/**", "a/backups/y.py"));
        assert!(matches("*_pb2.py", "a/b/x_pb2.py"));
        assert!(matches("a/*.py", "a/x.py"));
        assert!(!matches("a/*.py", "a/b/x.py"));
        assert!(matches("**/test_*.py", "test_x.py"));
        assert!(matches("**/test_*.py", "a/test_x.py"));
        assert!(matches("**/tests/**", "tests/a/b.py"));
        assert!(!matches("**/test_*.py", "a/x_test_y.py"));
    }

    #[test]
    fn what_can_never_match_is_refused() {
        for pattern in ["", "/", "!a", "../a", "a/[b", "a/{b"] {
            assert!(path_globs(pattern).is_err(), "{pattern}");
        }
    }
}
