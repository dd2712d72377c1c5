//! Kinds of files: links, permissions, changes by others.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ssot::fix::apply::Obstacle;
use ssot::fix::transaction::{About, Probe, Step, TransactionError, Transactions};

use super::support::{Tree, change, creation, deletion};

/// What stands against a change.
fn obstacle(error: &TransactionError) -> String {
    match error {
        TransactionError::Obstacle { obstacle, .. } => obstacle.to_string(),
        other => panic!("{other}"),
    }
}

#[test]
fn all_is_written_and_nothing_else_is_left() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "b"), ("c.py", "c")]);
    let run = tree.write(&[
        change("a.py", "a", "A"),
        creation("new/d.py", "D"),
        deletion("b.py", "b"),
    ]);
    assert_eq!(run.unwrap(), Some(1));
    let paths: Vec<_> = tree.snapshot().into_keys().collect();
    let names: Vec<_> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(names, ["", "a.py", "c.py", "new", "new/d.py"]);
    assert_eq!(tree.text("a.py") + &tree.text("new/d.py"), "AD");
}

#[test]
fn no_change_is_no_run() {
    let tree = Tree::new(&[("a.py", "a")]);
    assert_eq!(tree.write(&[]).unwrap(), None);
    assert_eq!(tree.write(&[change("a.py", "a", "a")]).unwrap(), None);
    assert!(matches!(tree.undo(), Err(TransactionError::NothingToUndo)));
}

#[test]
fn a_file_changed_since_stops_everything() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "other"), ("c.py", "c")]);
    let before = tree.snapshot();
    for changes in [
        [change("a.py", "a", "A"), change("b.py", "b", "B")],
        [change("a.py", "a", "A"), deletion("b.py", "b")],
    ] {
        let error = tree.write(&changes).unwrap_err();
        assert!(matches!(error, TransactionError::Changed(_)), "{error}");
        assert_eq!(tree.snapshot(), before);
    }
    let changes = [change("a.py", "a", "A"), creation("c.py", "C")];
    let error = tree.write(&changes).unwrap_err();
    assert!(obstacle(&error).contains("exists already"));
    assert_eq!(tree.snapshot(), before);
}

/// Lets somebody else do something right before the first step that changes `at`.
fn meddling(at: &'static str, deed: impl Fn() + Send + Sync + 'static) -> Probe {
    let done = AtomicBool::new(false);
    Arc::new(move |step: &Step| {
        let here = step.action == "rename" && step.path.ends_with(at);
        if here && !done.swap(true, Ordering::Relaxed) {
            deed();
        }
        Ok(())
    })
}

#[test]
fn a_file_saved_while_others_are_replaced_keeps_what_was_saved() {
    // `c.py` is the last in turn.
    for at in ["1.committing", "a.py", "b.py"] {
        let tree = Tree::new(&[("a.py", "a"), ("b.py", "b"), ("c.py", "c")]);
        let file = tree.at("c.py");
        let probe = meddling(at, move || fs::write(&file, "mine").unwrap());
        let changes = [
            change("a.py", "a", "A"),
            change("b.py", "b", "B"),
            change("c.py", "c", "C"),
        ];
        let run = tree
            .open()
            .with_probe(probe)
            .write(&changes, About::default());
        let error = run.unwrap_err();
        assert!(matches!(error, TransactionError::Changed(_)), "{error}");
        let texts = ["a.py", "b.py", "c.py"].map(|path| tree.text(path));
        assert_eq!(texts, ["a", "b", "mine"]);
        assert_eq!(tree.snapshot().len(), 4, "something is left over");
    }
}

#[test]
fn a_file_that_appears_in_the_last_moment_is_not_overwritten() {
    let tree = Tree::new(&[("a.py", "a")]);
    let file = tree.at("new.py");
    let probe = meddling("new.py", move || fs::write(&file, "mine").unwrap());
    let changes = [change("a.py", "a", "A"), creation("new.py", "n")];
    let run = tree
        .open()
        .with_probe(probe)
        .write(&changes, About::default());
    assert!(run.is_err());
    assert_eq!(tree.text("a.py") + &tree.text("new.py"), "amine");
    assert_eq!(tree.snapshot().len(), 3, "something is left over");
}

#[test]
fn one_file_by_two_names_is_written_once_or_not_at_all() {
    let tree = Tree::new(&[("a.py", "a")]);
    let differ = [change("a.py", "a", "A"), change("./a.py", "a", "B")];
    let error = tree.write(&differ).unwrap_err();
    assert!(matches!(error, TransactionError::Twice(_)), "{error}");
    let agree = [change("a.py", "a", "A"), change("./a.py", "a", "A")];
    tree.write(&agree).unwrap();
    assert_eq!(tree.text("a.py"), "A");
}

#[test]
fn only_one_writes_at_a_time() {
    let tree = Tree::new(&[("a.py", "a")]);
    let first = tree.open();
    let second = Transactions::open_in(&tree.root(), &tree.journals());
    let error = second.unwrap_err();
    let own = format!("(process {})", std::process::id());
    assert!(matches!(error, TransactionError::Busy(_)), "{error}");
    assert!(error.to_string().contains(&own), "{error}");
    drop(first);
    // The lock's file stays, and keeps nobody out.
    tree.write(&[change("a.py", "a", "A")]).unwrap();
}

#[test]
fn nothing_is_written_outside_the_project() {
    let tree = Tree::new(&[("a.py", "a")]);
    let beside = tree.root().with_file_name("beside.py");
    fs::write(&beside, "b").unwrap();
    for change in [
        change("../beside.py", "b", "B"),
        creation("../new.py", "n"),
        creation("../new/new.py", "n"),
    ] {
        let error = tree.write(&[change]).unwrap_err();
        assert!(obstacle(&error).contains("outside"), "{error}");
    }
    assert_eq!(fs::read(&beside).unwrap(), b"b");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;
    use crate::support::chmod;

    #[test]
    fn permissions_stay() {
        for mode in [0o600, 0o640, 0o664, 0o755, 0o4755, 0o2755, 0o1644, 0o200] {
            let tree = Tree::new(&[("a.py", "a")]);
            chmod(&tree.at("a.py"), mode);
            let before = tree.snapshot();
            // Without the right to read there is nothing to compare: only a privileged user comes this far.
            if fs::read(tree.at("a.py")).is_err() {
                continue;
            }
            tree.write(&[change("a.py", "a", "A")]).unwrap();
            let now = fs::metadata(tree.at("a.py")).unwrap().mode() & 0o7777;
            assert_eq!(now, mode, "{now:o} is not {mode:o}");
            tree.undo().unwrap();
            assert_eq!(tree.snapshot(), before);
            tree.write(&[deletion("a.py", "a")]).unwrap();
            tree.undo().unwrap();
            assert_eq!(tree.snapshot(), before);
        }
    }

    #[test]
    fn permissions_given_since_stay_too() {
        let tree = Tree::new(&[("a.py", "a")]);
        tree.write(&[change("a.py", "a", "A")]).unwrap();
        chmod(&tree.at("a.py"), 0o755);
        tree.undo().unwrap();
        assert_eq!(tree.text("a.py"), "a");
        assert_eq!(fs::metadata(tree.at("a.py")).unwrap().mode() & 0o777, 0o755);
    }

    #[test]
    fn a_new_file_is_as_the_user_makes_files() {
        let tree = Tree::new(&[("a.py", "a")]);
        tree.write(&[creation("b.py", "b")]).unwrap();
        let mode = |path| fs::metadata(tree.at(path)).unwrap().mode();
        assert_eq!(mode("b.py"), mode("a.py"));
    }

    #[test]
    fn read_only_files_and_hard_links_are_refused() {
        let tree = Tree::new(&[("a.py", "a"), ("locked.py", "l"), ("two.py", "t")]);
        chmod(&tree.at("locked.py"), 0o444);
        fs::hard_link(tree.at("two.py"), tree.at("twin.py")).unwrap();
        let before = tree.snapshot();
        for (path, text, words) in [
            ("locked.py", "l", "is read-only"),
            ("two.py", "t", "has more than one hard link"),
        ] {
            for second in [change(path, text, "new"), deletion(path, text)] {
                let error = tree.write(&[change("a.py", "a", "A"), second]).unwrap_err();
                assert!(obstacle(&error).starts_with(words), "{error}");
                assert_eq!(tree.snapshot(), before);
            }
        }
    }

    #[test]
    fn a_link_stays_one_and_its_target_changes() {
        let tree = Tree::new(&[("real/a.py", "a")]);
        symlink("real/a.py", tree.at("link.py")).unwrap();
        symlink("real", tree.at("folder")).unwrap();
        let before = tree.snapshot();
        tree.write(&[
            change("link.py", "a", "A"),
            change("real/a.py", "a", "A"),
            change("folder/a.py", "a", "A"),
            creation("folder/new.py", "n"),
        ])
        .unwrap();
        assert!(tree.at("link.py").symlink_metadata().unwrap().is_symlink());
        assert_eq!(tree.text("real/a.py") + &tree.text("real/new.py"), "An");
        tree.undo().unwrap();
        assert_eq!(tree.snapshot(), before);
    }

    #[test]
    fn links_out_of_the_project_are_refused() {
        let tree = Tree::new(&[("a.py", "a")]);
        let beside = tree.root().with_file_name("beside");
        fs::create_dir(&beside).unwrap();
        fs::write(beside.join("o.py"), "o").unwrap();
        symlink(beside.join("o.py"), tree.at("out.py")).unwrap();
        symlink(&beside, tree.at("out")).unwrap();
        symlink("nowhere", tree.at("dangling.py")).unwrap();
        for (change, words) in [
            (change("out.py", "o", "O"), "outside"),
            (change("out/o.py", "o", "O"), "outside"),
            (creation("out/new.py", "n"), "outside"),
            (creation("dangling.py", "n"), "exists already"),
            (change("dangling.py", "", "n"), "cannot be found"),
            (change("out", "", "n"), "outside"),
        ] {
            let error = tree.write(&[change]).unwrap_err();
            assert!(obstacle(&error).contains(words), "{error}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let tree = Tree::new(&[("folder.py/x", "")]);
        let error = tree.write(&[change("folder.py", "", "n")]).unwrap_err();
        assert!(matches!(
            error,
            TransactionError::Obstacle {
                obstacle: Obstacle::NotAFile,
                ..
            }
        ));
    }

    #[test]
    fn journals_are_for_nobody_else_to_read() {
        let tree = Tree::new(&[("a.py", "a")]);
        tree.write(&[change("a.py", "a", "A")]).unwrap();
        let mode = fs::metadata(tree.journals()).unwrap().mode();
        assert_eq!(mode & 0o077, 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn extended_attributes_stay() {
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        let tree = Tree::new(&[("a.py", "a")]);
        let value = |path| {
            let mut buffer = [0; 16];
            let len = getxattr(tree.at(path), "user.origin", &mut buffer).unwrap();
            buffer[..len].to_vec()
        };
        let set = setxattr(tree.at("a.py"), "user.origin", b"here", XattrFlags::empty());
        if set.is_err() {
            return;
        }
        tree.write(&[change("a.py", "a", "A")]).unwrap();
        assert_eq!(value("a.py"), b"here");
        tree.undo().unwrap();
        assert_eq!(value("a.py"), b"here");
        tree.write(&[deletion("a.py", "a")]).unwrap();
        tree.undo().unwrap();
        assert_eq!(value("a.py"), b"here");
    }
}
