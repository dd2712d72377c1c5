//! Whatever the files and whatever the changes: undoing gives back every byte and permission.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use ssot::fix::apply::NewContents;

use super::support::Tree;

const LINES: &[&[u8]] = &[
    b"from pkg import name",
    b"x = '\xe9'",
    b"y = '\xc3\xa9'  # \xe2\x82\xac",
    b"# coding: latin-1",
    b"",
];
const ENDS: &[&[u8]] = &[b"\n", b"\r\n", b"\r", b""];

/// Bytes of a module: Python in several encodings and with several line ends, and anything at all.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let line = select(LINES);
    let end = select(ENDS);
    let module = (any::<bool>(), vec((line, end), 0..6)).prop_map(|(mark, lines)| {
        let mut bytes = if mark {
            b"\xef\xbb\xbf".to_vec()
        } else {
            vec![]
        };
        for (line, end) in lines {
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(end);
        }
        bytes
    });
    prop_oneof![4 => module, 1 => vec(any::<u8>(), 0..40)]
}

fn path() -> impl Strategy<Value = String> {
    let folder = prop_oneof![Just(""), Just("pkg/"), Just("pkg/sub/"), Just("ö ü/")];
    (folder, "[a-e]").prop_map(|(folder, name)| format!("{folder}{name}.py"))
}

/// What a file is and what it becomes, with its permissions.
type Fate = (Option<Vec<u8>>, Option<Vec<u8>>, u32);

fn fate() -> impl Strategy<Value = Fate> {
    let mode = prop_oneof![Just(0o644), Just(0o600), Just(0o755), Just(0o664)];
    let content = || proptest::option::weighted(0.8, bytes());
    (content(), content(), mode)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn undoing_gives_back_every_byte(fates in btree_map(path(), fate(), 1..8)) {
        let tree = Tree::new(&[("kept.txt", "kept")]);
        let mut changes = Vec::new();
        let mut expected = BTreeMap::new();
        for (path, (original, bytes, mode)) in fates {
            if let Some(original) = &original {
                tree.put(&path, original);
                #[cfg(unix)]
                super::support::chmod(&tree.at(&path), mode);
                let _ = mode;
            }
            if original.is_some() || bytes.is_some() {
                expected.insert(path.clone(), bytes.clone());
                changes.push(NewContents { path: path.into(), original, bytes });
            }
        }
        let before = tree.snapshot();
        let run = tree.write(&changes).unwrap();
        for (path, bytes) in expected {
            prop_assert_eq!(std::fs::read(tree.at(&path)).ok(), bytes);
        }
        if run.is_some() {
            tree.undo().unwrap();
        }
        prop_assert_eq!(tree.snapshot(), before);
    }
}
