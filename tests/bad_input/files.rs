//! Files that are broken, or no files at all.

use super::support::{CYCLE, Tree};

#[test]
fn a_broken_file_is_reported_and_the_rest_analysed() {
    for broken in [
        "x = (1,\n",
        "x = [1\n",
        "x = 'abc\n",
        "x = \"\"\"abc\n",
        "x = f\"{a\n",
        "x = f\"{a!}\"\n",
        "  x = 1\n",
        "if x:\npass\n",
        "if x:\n        y\n    z\n",
        "x = 1)\n",
        "def g(:\n    pass\n",
        "class\n",
        "from m import\n",
        "import\n",
        "x = 1 +\n",
        "x = \\",
        "@\n",
        "x = \u{1f600}\n",
        "?\n",
        "$",
        "match x:\n  case [:\n    pass\n",
        "lambda\n",
        "async\n",
        "try:\n  pass\n",
        "f(a=1, 2)\n",
        "1 = x\n",
    ] {
        let tree = Tree::new(&[
            ("broken.py", broken.as_bytes()),
            ("good.py", CYCLE.as_bytes()),
        ]);
        let said = tree.check();
        assert_eq!(said.status, Some(1), "{broken:?}");
        assert!(
            said.out.contains("error[syntax-error]"),
            "{broken:?}: {}",
            said.out
        );
        assert!(
            said.tells("good.py:2:12: error[self-recursion]"),
            "{broken:?}: {}",
            said.out
        );
    }
}

#[test]
fn what_stands_around_the_error_is_analysed_too() {
    for broken in ["x = (1,\n", "x = 'abc\n", "x = 1)\n", "def g(:\n  pass\n"] {
        let text = format!("{broken}{CYCLE}");
        let said = Tree::new(&[("m.py", text.as_bytes())]).check();
        assert!(
            said.out.contains("[self-recursion]"),
            "{broken:?}: {}",
            said.out
        );
    }
}

#[test]
fn files_without_code_have_no_findings() {
    for text in [
        "",
        "\n",
        "# only this",
        "# ssot\n\n\n",
        "\u{feff}",
        "   ",
        "\x0c",
        "\"\"\"doc\"\"\"",
    ] {
        let said = Tree::new(&[("m.py", text.as_bytes())]).check();
        assert_eq!((said.status, said.out.as_str()), (Some(0), ""), "{text:?}");
    }
}

#[test]
fn declared_encodings_are_read() {
    for (cookie, byte) in [("latin-1", 0xe9), ("cp1252", 0x80), ("koi8-r", 0xc1)] {
        let mut text = format!("# coding: {cookie}\nx = '").into_bytes();
        text.push(byte);
        text.extend(b"'\n");
        text.extend(CYCLE.as_bytes());
        let said = Tree::new(&[("m.py", &text)]).check();
        assert_eq!(said.out.lines().count(), 1, "{cookie}: {}", said.out);
        assert!(
            said.tells("m.py:4:12: error[self-recursion]"),
            "{}",
            said.out
        );
    }
}

#[test]
fn bytes_that_python_refuses_are_said_and_the_file_is_read_on() {
    for (head, place) in [
        (&b"x = 1\0\n"[..], "m.py:1:6: error[syntax-error]"),
        (b"x = '\xe9'\n", "m.py:1:6: error[syntax-error]"),
        (b"# coding: nonsense\n", "m.py:1:11: error[syntax-error]"),
        (b"# coding: utf-16\n", "m.py:1:11: error[syntax-error]"),
        (
            b"\xef\xbb\xbf# coding: latin-1\n",
            "m.py:1:11: error[syntax-error]",
        ),
    ] {
        let mut text = head.to_vec();
        text.extend(CYCLE.as_bytes());
        let said = Tree::new(&[("m.py", &text)]).check();
        assert!(said.tells(place), "{}", said.out);
        assert!(
            said.tells("m.py:3:12: error[self-recursion]"),
            "{}",
            said.out
        );
    }
    let wide: Vec<u8> = CYCLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let said = Tree::new(&[("m.py", &[&b"\xff\xfe"[..], &wide].concat())]).check();
    assert!(said.tells("m.py:1:1: error[syntax-error]"), "{}", said.out);
}

#[test]
fn lines_are_counted_as_python_counts_them() {
    for (text, place) in [
        ("x = 1\r\n\r\ndef f():\r\n    f()\r\n", "4:5"),
        ("x = 1\r\rdef f():\r    f()\r", "4:5"),
        ("x = 1\n\x0c\ndef f():\n    f()\n", "4:5"),
        ("x = '\u{2028}\u{85}\x0b'\ndef f():\n    f()\n", "3:5"),
        ("\u{feff}def f():\n    f()\n", "2:5"),
        ("\u{feff}def f(): f()\n", "1:10"),
        ("é = 1; ü = '\u{1f600}'\ndef f(): 'é', f()\n", "2:15"),
    ] {
        let said = Tree::new(&[("m.py", text.as_bytes())]).check();
        assert!(
            said.tells(&format!("m.py:{place}: error[self-recursion]")),
            "{text:?}: {}",
            said.out
        );
    }
}

#[test]
fn a_very_long_line_is_shown_in_part() {
    let text = format!("x = '{}'; from m import zz\n", "a".repeat(1 << 20));
    let said = Tree::new(&[("m.py", text.as_bytes())]).run("check --isolated");
    assert_eq!(said.status, Some(1));
    assert!(said.out.len() < 10_000, "{} bytes", said.out.len());
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_and_never_waited_for() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let tree = Tree::new(&[
        ("good.py", CYCLE.as_bytes()),
        ("folder.py/inner.py", CYCLE.as_bytes()),
        ("with space.py", CYCLE.as_bytes()),
        ("new\nline.py", CYCLE.as_bytes()),
    ]);
    symlink("..", tree.path("folder.py/up")).unwrap();
    symlink("nowhere", tree.path("broken.py")).unwrap();
    symlink("itself.py", tree.path("itself.py")).unwrap();
    symlink("good.py", tree.path("link.py")).unwrap();
    let pipes = ["pipe.py", "pyproject.toml", "folder.py/setup.cfg"];
    for pipe in pipes {
        let made = std::process::Command::new("mkfifo")
            .arg(tree.path(pipe))
            .status();
        assert!(made.unwrap().success());
    }
    std::fs::write(tree.root().join(OsStr::from_bytes(b"bad\xff.py")), CYCLE).unwrap();
    for format in ["full", "concise", "json", "github"] {
        let said = tree.run(&format!("check --output-format {format}"));
        assert_eq!(said.status, Some(1), "{format}");
    }
    let said = tree.check();
    for start in [
        "broken.py:1:1: error[syntax-error] cannot be read",
        "itself.py:1:1: error[syntax-error] cannot be read",
        "pipe.py:1:1: error[syntax-error] cannot be read: not a regular file",
        "bad\u{fffd}.py:1:1: error[syntax-error]",
        "good.py:2:12: error[self-recursion]",
        "link.py:2:12: error[self-recursion]",
        "folder.py/inner.py:2:12: error[self-recursion]",
        "with space.py:2:12: error[self-recursion]",
    ] {
        assert!(said.tells(start), "{start}: {}", said.out);
    }
    assert_eq!(said.out.lines().count(), 11, "{}", said.out);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let tree = Tree::new(&[
        ("good.py", CYCLE.as_bytes()),
        ("secret.py", CYCLE.as_bytes()),
        ("closed/m.py", CYCLE.as_bytes()),
    ]);
    for path in ["secret.py", "closed"] {
        set_permissions(tree.path(path), Permissions::from_mode(0o0)).unwrap();
    }
    // Permissions do not bind root.
    let bound = std::fs::read(tree.path("secret.py")).is_err();
    let said = tree.check();
    set_permissions(tree.path("closed"), Permissions::from_mode(0o755)).unwrap();
    assert!(said.tells("good.py:2:12"), "{}", said.out);
    if bound {
        assert!(
            said.tells("secret.py:1:1: error[syntax-error] cannot be read"),
            "{}",
            said.out
        );
        assert!(
            said.tells("closed:1:1: error[syntax-error] cannot be read"),
            "{}",
            said.out
        );
    }
}

#[test]
fn nothing_to_check_is_no_success() {
    for files in [&[][..], &[("readme.md", &b"x"[..])]] {
        let said = Tree::new(files).run("check");
        assert_eq!(said.status, Some(2));
        assert!(said.err.contains("nothing to check"), "{}", said.err);
    }
}
