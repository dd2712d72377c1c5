//! Fixing what is fragile: not a byte but the import changes, and what cannot be fixed is left as it is.

use super::support::{Said, Tree};

const RULES: &[u8] = b"[[canonical]]\nsymbol = 'pkg.home:get_x'\n";
const INIT: &[u8] = b"from .home import get_x\n";
const HOME: &[u8] = b"def get_x(): return 1\n";

fn tree(files: &[(&str, &[u8])]) -> Tree {
    let tree = Tree::new(files);
    for (path, bytes) in [
        ("ssot.toml", RULES),
        ("pkg/__init__.py", INIT),
        ("pkg/home.py", HOME),
    ] {
        tree.write(path, bytes);
    }
    tree
}

fn fix(tree: &Tree) -> Said {
    tree.run("check --fix --output-format concise")
}

#[test]
fn every_other_byte_stays() {
    for (before, after) in [
        (
            &b"\xef\xbb\xbffrom pkg import get_x\n"[..],
            &b"\xef\xbb\xbffrom pkg.home import get_x\n"[..],
        ),
        (
            b"from pkg import get_x\r\nx = 1\r\n",
            b"from pkg.home import get_x\r\nx = 1\r\n",
        ),
        (
            b"from pkg import get_x\rx = 1\r",
            b"from pkg.home import get_x\rx = 1\r",
        ),
        (b"from pkg import get_x", b"from pkg.home import get_x"),
        (
            b"\x0c\nfrom pkg import get_x  # \xc3\xa9\n\n\n",
            b"\x0c\nfrom pkg.home import get_x  # \xc3\xa9\n\n\n",
        ),
        (
            b"# coding: latin-1\nx = '\xe9'\nfrom pkg import get_x\n",
            b"# coding: latin-1\nx = '\xe9'\nfrom pkg.home import get_x\n",
        ),
        (
            b"# coding: koi8-r\nx = '\xc1'\nfrom pkg import get_x\n",
            b"# coding: koi8-r\nx = '\xc1'\nfrom pkg.home import get_x\n",
        ),
        (
            b"# coding: cp1252\nx = '\x80'\nfrom pkg import get_x\n",
            b"# coding: cp1252\nx = '\x80'\nfrom pkg.home import get_x\n",
        ),
    ] {
        let tree = tree(&[("m.py", before)]);
        fix(&tree);
        let got = tree.read("m.py");
        assert_eq!(
            String::from_utf8_lossy(&got),
            String::from_utf8_lossy(after)
        );
        assert_eq!(got, after);
    }
}

#[test]
fn what_does_not_parse_or_decode_is_left_and_the_others_are_fixed() {
    for broken in [
        &b"from pkg import get_x\nx = (\n"[..],
        b"from pkg import get_x\nx = '\xe9'\n",
        b"from pkg import get_x\nx = 1\0\n",
        b"# coding: nonsense\nfrom pkg import get_x\n",
    ] {
        let tree = tree(&[("broken.py", broken), ("m.py", b"from pkg import get_x\n")]);
        let said = fix(&tree);
        assert_eq!(said.status, Some(1));
        assert_eq!(tree.read("broken.py"), broken);
        assert_eq!(tree.read("m.py"), b"from pkg.home import get_x\n");
        assert!(said.tells("broken.py:"), "{}", said.out);
    }
}

#[test]
fn a_hard_link_is_left_and_named() {
    let tree = tree(&[
        ("m.py", b"from pkg import get_x\n"),
        ("n.py", b"from pkg import get_x\n"),
    ]);
    std::fs::hard_link(tree.path("m.py"), tree.path("twin.txt")).unwrap();
    let said = fix(&tree);
    assert_eq!(tree.read("m.py"), b"from pkg import get_x\n");
    assert!(
        format!("{}{}", said.out, said.err).contains("hard link"),
        "{}{}",
        said.out,
        said.err
    );
}
