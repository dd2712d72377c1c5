//! Unified diffs that `git apply` takes.
//!
//! Owns the text form only; lines end at `\n` alone, as git sees them, so `\r` stays part of its line.

use std::borrow::Cow;
use std::fmt::Write as _;

use similar::TextDiff;
use similar::udiff::UnifiedHunkHeader;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// The diff from `old` to `new` of the file at `path` (from the root, with `/`); empty when they are equal.
#[must_use]
pub fn unified_diff(path: &str, old: &str, new: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut out = String::new();
    for group in diff.grouped_ops(CONTEXT) {
        if group.is_empty() {
            continue;
        }
        if out.is_empty() {
            header(&mut out, "---", &format!("a/{path}"));
            header(&mut out, "+++", &format!("b/{path}"));
        }
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", UnifiedHunkHeader::new(&group));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line: &str = change.value();
            let _ = write!(out, "{}{line}", change.tag());
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// One header line; a name with spaces ends in a tab, one with odd characters is quoted, as git does it.
fn header(out: &mut String, mark: &str, name: &str) {
    let name = quoted(name);
    let tab = if name.contains(' ') { "\t" } else { "" };
    let _ = writeln!(out, "{mark} {name}{tab}");
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

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified_diff("a.py", "x\n", "x\n"), "");
    }

    #[test]
    fn a_changed_line_stands_between_its_context() {
        assert_eq!(
            unified_diff("a.py", "1\n2\n3\n", "1\nb\n3\n"),
            "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n 1\n-2\n+b\n 3\n"
        );
    }

    #[test]
    fn a_missing_last_newline_is_said() {
        let diff = unified_diff("a.py", "x", "y\n");
        assert!(
            diff.ends_with("-x\n\\ No newline at end of file\n+y\n"),
            "{diff}"
        );
    }

    #[test]
    fn git_applies_every_kind_of_line() {
        let cases = [
            ("plain.py", "a\nb\nc\n", "a\nB\nc\n"),
            ("crlf.py", "a\r\nb\r\n", "a\r\nB\r\nc\r\n"),
            ("cr.py", "a\rb\rc", "a\rB\rc"),
            ("none.py", "a\nb", "a\nb\nc"),
            ("odd name é.py", "a\n\u{c}b\n", "a\n\u{c}\tb\n"),
            ("tail.py", "a\nb\n", "a\nb"),
        ];
        for (path, old, new) in cases {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(path), old).unwrap();
            let child = Command::new("git")
                .args(["-c", "core.autocrlf=false", "apply", "-"])
                .env("GIT_CEILING_DIRECTORIES", dir.path())
                .current_dir(dir.path())
                .stdin(Stdio::piped())
                .spawn();
            let Ok(mut child) = child else { return };
            let diff = unified_diff(path, old, new);
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), diff.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success(), "{path}:\n{diff}");
            let got = std::fs::read_to_string(dir.path().join(path)).unwrap();
            assert_eq!(got, new, "{path}");
        }
    }
}
