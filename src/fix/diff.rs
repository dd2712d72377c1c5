//! Unified diffs that `git apply` takes.
//!
//! Owns the text form only. Lines are bytes, so that every encoding goes through as it is; they end at `\n` alone, as
//! git sees them, so `\r` stays part of its line.

use std::borrow::Cow;
use std::fmt::Write as _;

use similar::udiff::UnifiedHunkHeader;
use similar::{Algorithm, ChangeTag, capture_diff_slices, group_diff_ops};

use super::apply::NewContents;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// All changes as one patch.
#[must_use]
pub fn patch(changes: &[NewContents]) -> Vec<u8> {
    let mut out = Vec::new();
    for change in changes {
        let path = change.path.to_string_lossy();
        let path = if cfg!(windows) {
            path.replace('\\', "/").into()
        } else {
            path
        };
        out.extend(unified_diff(
            &path,
            change.original.as_deref(),
            change.bytes.as_deref(),
        ));
    }
    out
}

/// The diff from `old` to `new` of the file at `path` (from the root, with `/`); empty when they are equal. A file
/// that is created has no old contents, one that is deleted no new ones.
#[must_use]
pub fn unified_diff(path: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    let bare = |side: Option<&[u8]>| side.is_none_or(<[u8]>::is_empty);
    if bare(old) && bare(new) {
        // There are no lines: only git's own header can say what becomes of an empty file.
        let what = match (old, new) {
            (None, Some(_)) => "new",
            (Some(_), None) => "deleted",
            _ => return out,
        };
        let (a, b) = (format!("a/{path}"), format!("b/{path}"));
        let names = format!("{} {}", quoted(&a), quoted(&b));
        return format!("diff --git {names}\n{what} file mode 100644\n").into_bytes();
    }
    let (old_lines, new_lines) = (lines(old), lines(new));
    let ops = capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines);
    for group in group_diff_ops(ops, CONTEXT) {
        if group.is_empty() {
            continue;
        }
        if out.is_empty() {
            header(&mut out, "---", old.map(|_| format!("a/{path}")));
            header(&mut out, "+++", new.map(|_| format!("b/{path}")));
        }
        out.extend(format!("{}\n", UnifiedHunkHeader::new(&group)).bytes());
        for change in group
            .iter()
            .flat_map(|op| op.iter_changes(&old_lines, &new_lines))
        {
            let line: &[u8] = change.value();
            out.push(match change.tag() {
                ChangeTag::Equal => b' ',
                ChangeTag::Delete => b'-',
                ChangeTag::Insert => b'+',
            });
            out.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// Lines with their ends.
fn lines(bytes: Option<&[u8]>) -> Vec<&[u8]> {
    let bytes = bytes.unwrap_or_default();
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}

/// One header line; a name with spaces ends in a tab, one with odd characters is quoted, as git does it. A file that
/// is not there goes by the name git gives it.
fn header(out: &mut Vec<u8>, mark: &str, name: Option<String>) {
    let name = name.unwrap_or_else(|| "/dev/null".to_owned());
    let name = quoted(&name);
    let tab = if name.contains(' ') { "\t" } else { "" };
    out.extend(format!("{mark} {name}{tab}\n").bytes());
}

/// `name` in git's quoted form where it needs one.
fn quoted(name: &str) -> Cow<'_, str> {
    let odd = |ch: char| ch.is_ascii_control() || ch == '"' || ch == '\\';
    if !name.contains(odd) {
        return Cow::Borrowed(name);
    }
    let mut out = String::from("\"");
    for ch in name.chars() {
        match ch {
            '"' | '\\' => out.extend(['\\', ch]),
            ch if ch.is_ascii_control() => {
                let _ = write!(out, "\\{:03o}", u32::from(ch));
            }
            ch => out.push(ch),
        }
    }
    out.push('"');
    Cow::Owned(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn text(path: &str, old: &str, new: &str) -> String {
        let diff = unified_diff(path, Some(old.as_bytes()), Some(new.as_bytes()));
        String::from_utf8(diff).unwrap()
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(text("a.py", "x\n", "x\n"), "");
        assert_eq!(text("a.py", "", ""), "");
    }

    #[test]
    fn a_changed_line_stands_between_its_context() {
        assert_eq!(
            text("a.py", "1\n2\n3\n", "1\nb\n3\n"),
            "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n 1\n-2\n+b\n 3\n"
        );
    }

    #[test]
    fn a_missing_last_newline_is_said() {
        let diff = text("a.py", "x", "y\n");
        assert!(
            diff.ends_with("-x\n\\ No newline at end of file\n+y\n"),
            "{diff}"
        );
    }

    /// Contents before and after; nothing where there is no file.
    type Case<'a> = (&'a str, Option<&'a [u8]>, Option<&'a [u8]>);

    const CASES: &[Case<'_>] = &[
        ("plain.py", Some(b"a\nb\nc\n"), Some(b"a\nB\nc\n")),
        ("crlf.py", Some(b"a\r\nb\r\n"), Some(b"a\r\nB\r\nc\r\n")),
        ("cr.py", Some(b"a\rb\rc"), Some(b"a\rB\rc")),
        ("none.py", Some(b"a\nb"), Some(b"a\nb\nc")),
        ("tail.py", Some(b"a\nb\n"), Some(b"a\nb")),
        ("head.py", Some(b"a\nb"), Some(b"a\nb\n")),
        (
            "odd name \u{e9}.py",
            Some(b"a\n\x0cb\n"),
            Some(b"a\n\x0c\tb\n"),
        ),
        ("latin.py", Some(b"# \xe9\na\n"), Some(b"# \xe9\nb\n")),
        (
            "mark.py",
            Some(b"\xef\xbb\xbfa\n"),
            Some(b"\xef\xbb\xbfb\n"),
        ),
        ("quote\"d.py", Some(b"a\n"), Some(b"b\n")),
        ("back\\slash.py", Some(b"a\n"), Some(b"b\n")),
        ("tab\tin name.py", Some(b"a\n"), Some(b"b\n")),
        ("new\nline.py", Some(b"a\n"), Some(b"b\n")),
        (" space.py", Some(b"a\n"), Some(b"b\n")),
        ("trailing.py ", Some(b"a\n"), Some(b"b\n")),
        ("dir/deep/new.py", None, Some(b"a\nb")),
        ("new\"quote.py", None, Some(b"a\n")),
        ("gone.py", Some(b"a\nb\n"), None),
        ("gone name.py", Some(b"a\n\xe9"), None),
        ("emptied.py", Some(b"a\n"), Some(b"")),
        ("filled.py", Some(b""), Some(b"a\n")),
        ("dir/empty_new.py", None, Some(b"")),
        ("empty gone.py", Some(b""), None),
    ];

    fn apply(dir: &std::path::Path, diff: &[u8]) -> Option<bool> {
        let child = Command::new("git")
            .args(["-c", "core.autocrlf=false", "apply", "-"])
            .env("GIT_CEILING_DIRECTORIES", dir)
            .current_dir(dir)
            .stdin(Stdio::piped())
            .spawn();
        let mut child = child.ok()?;
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), diff).unwrap();
        Some(child.wait().unwrap().success())
    }

    fn change(&(path, old, new): &Case<'_>) -> NewContents {
        NewContents {
            path: path.into(),
            original: old.map(<[u8]>::to_vec),
            bytes: new.map(<[u8]>::to_vec),
        }
    }

    fn holds(dir: &std::path::Path, change: &NewContents) {
        let got = std::fs::read(dir.join(&change.path)).ok();
        assert_eq!(got, change.bytes, "{}", change.path.display());
    }

    fn put(dir: &std::path::Path, change: &NewContents) {
        if let Some(old) = &change.original {
            std::fs::write(dir.join(&change.path), old).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn git_applies_every_kind_of_change() {
        for case in CASES {
            let dir = tempfile::tempdir().unwrap();
            let change = change(case);
            put(dir.path(), &change);
            let diff = patch(std::slice::from_ref(&change));
            let Some(applied) = apply(dir.path(), &diff) else {
                return;
            };
            assert!(applied, "{}:\n{}", case.0, String::from_utf8_lossy(&diff));
            holds(dir.path(), &change);
        }
    }

    #[cfg(unix)]
    #[test]
    fn git_applies_all_changes_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let changes: Vec<NewContents> = CASES.iter().map(change).collect();
        for change in &changes {
            put(dir.path(), change);
        }
        let Some(applied) = apply(dir.path(), &patch(&changes)) else {
            return;
        };
        assert!(applied);
        for change in &changes {
            holds(dir.path(), change);
        }
    }
}
