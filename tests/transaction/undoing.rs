//! Taking runs back, and what stands against it.

use std::fs;

use ssot::fix::transaction::{About, Recovered, TransactionError, Undo};

use super::support::{Tree, change, crash_after, creation, deletion};

#[test]
fn runs_are_taken_back_one_after_the_other() {
    let tree = Tree::new(&[("a.py", "1"), ("b.py", "b")]);
    let mut states = vec![tree.snapshot()];
    for (from, to) in [("1", "2"), ("2", "3"), ("3", "4")] {
        tree.write(&[change("a.py", from, to)]).unwrap();
        states.push(tree.snapshot());
    }
    for (run, state) in states.iter().enumerate().rev().skip(1) {
        let undone = tree.undo().unwrap();
        assert_eq!(undone.run, Some(run as u64 + 1));
        assert_eq!(undone.files, [std::path::Path::new("a.py")]);
        assert_eq!(&tree.snapshot(), state);
    }
    assert!(matches!(tree.undo(), Err(TransactionError::NothingToUndo)));
}

#[test]
fn a_run_is_chosen_by_its_number() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "b")]);
    tree.write(&[change("a.py", "a", "A")]).unwrap();
    tree.write(&[change("b.py", "b", "B")]).unwrap();
    let undo = |run| {
        tree.open().undo(Undo {
            run: Some(run),
            force: false,
        })
    };
    assert_eq!(undo(1).unwrap().run, Some(1));
    assert_eq!(tree.text("a.py") + &tree.text("b.py"), "aB");
    assert!(matches!(undo(1), Err(TransactionError::NoSuchRun(1))));
    assert_eq!(undo(2).unwrap().run, Some(2));
}

/// What somebody does to a tree.
type Edit = fn(&Tree);

#[test]
fn later_work_is_not_overwritten_unless_told() {
    let files = [("a.py", "a"), ("b.py", "b"), ("gone.py", "g")];
    let changes = [
        change("a.py", "a", "A"),
        change("b.py", "b", "B"),
        deletion("gone.py", "g"),
        creation("new.py", "n"),
    ];
    let edits: [(&str, Edit); 5] = [
        ("b.py", |tree| tree.put("b.py", b"mine")),
        ("b.py", |tree| fs::remove_file(tree.at("b.py")).unwrap()),
        ("gone.py", |tree| tree.put("gone.py", b"mine")),
        ("new.py", |tree| tree.put("new.py", b"mine")),
        ("b.py", |tree| tree.put("b.py", b"")),
    ];
    for (path, edit) in edits {
        let tree = Tree::new(&files);
        let before = tree.snapshot();
        tree.write(&changes).unwrap();
        edit(&tree);
        let edited = tree.snapshot();
        let error = tree.undo().unwrap_err();
        let words = format!("run 1 cannot be undone: {path} has changed since");
        assert_eq!(error.to_string(), words);
        assert!(error.help().unwrap().contains("--force"));
        assert_eq!(tree.snapshot(), edited);
        tree.force().unwrap();
        assert_eq!(tree.snapshot(), before, "{path}");
    }
}

#[test]
fn what_was_taken_back_by_hand_is_no_hindrance() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "b"), ("c.py", "c")]);
    let before = tree.snapshot();
    let changes = [
        change("a.py", "a", "A"),
        deletion("b.py", "b"),
        creation("d.py", "d"),
        change("c.py", "c", "C"),
    ];
    tree.write(&changes).unwrap();
    tree.put("a.py", b"a");
    tree.put("b.py", b"b");
    fs::remove_file(tree.at("d.py")).unwrap();
    let undone = tree.undo().unwrap();
    assert_eq!(undone.files, [std::path::Path::new("c.py")]);
    assert_eq!(tree.snapshot(), before);
    tree.write(&changes[..1]).unwrap();
    tree.put("a.py", b"a");
    let undone = tree.undo().unwrap();
    assert_eq!((undone.run, undone.files.len()), (Some(1), 0));
    assert!(matches!(tree.undo(), Err(TransactionError::NothingToUndo)));
}

#[test]
fn folders_made_for_new_files_go_again_unless_used() {
    let tree = Tree::new(&[("a.py", "a")]);
    let before = tree.snapshot();
    let new = [creation("new/er/x.py", "x"), creation("new/y.py", "y")];
    tree.write(&new).unwrap();
    tree.undo().unwrap();
    assert_eq!(tree.snapshot(), before);
    tree.write(&new).unwrap();
    tree.put("new/mine.txt", b"mine");
    tree.undo().unwrap();
    assert_eq!(tree.text("new/mine.txt"), "mine");
    assert!(!tree.at("new/er").exists());
}

#[test]
fn a_deleted_file_comes_back_with_its_folder() {
    let tree = Tree::new(&[("pkg/sub/a.py", "a")]);
    let before = tree.snapshot();
    tree.write(&[deletion("pkg/sub/a.py", "a")]).unwrap();
    fs::remove_dir_all(tree.at("pkg")).unwrap();
    tree.undo().unwrap();
    assert_eq!(tree.snapshot(), before);
}

/// A run that ended while it replaced files: `a.py` is replaced, `b.py` is not.
fn interrupted(tree: &Tree) {
    let changes = [change("a.py", "a", "A"), change("b.py", "b", "B")];
    for steps in 0..1000 {
        let opened = tree.open().with_probe(crash_after(steps));
        let _ = opened.write(&changes, About::default());
        drop(opened);
        if tree.text("a.py") == "A" {
            assert_eq!(tree.text("b.py"), "b");
            return;
        }
        tree.open().recover(false).unwrap();
    }
    panic!("nothing was ever replaced");
}

#[test]
fn undoing_after_a_crash_takes_back_that_run_and_no_other() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "b"), ("c.py", "c")]);
    tree.write(&[change("c.py", "c", "C")]).unwrap();
    let before = tree.snapshot();
    interrupted(&tree);
    let undone = tree.undo().unwrap();
    let recovered = Recovered {
        run: 2,
        undoes: None,
        files: vec!["a.py".into()],
    };
    assert_eq!(undone.recovered, [recovered]);
    assert_eq!(undone.run, None);
    assert_eq!(tree.snapshot(), before);
    assert_eq!(tree.undo().unwrap().run, Some(1));
}

#[test]
fn the_next_run_takes_back_what_a_crash_left() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "b")]);
    interrupted(&tree);
    tree.write(&[change("a.py", "a", "other")]).unwrap();
    assert_eq!(tree.text("a.py") + &tree.text("b.py"), "otherb");
}

#[test]
fn what_was_edited_after_a_crash_is_not_overwritten_unless_told() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "b")]);
    let before = tree.snapshot();
    interrupted(&tree);
    tree.put("a.py", b"mine");
    let edited = tree.snapshot();
    for error in [
        tree.undo().unwrap_err(),
        tree.write(&[change("b.py", "b", "B")]).unwrap_err(),
    ] {
        assert!(error.to_string().contains("a.py has changed"), "{error}");
        assert_eq!(tree.snapshot(), edited);
    }
    tree.force().unwrap();
    assert_eq!(tree.snapshot(), before);
}

#[test]
fn what_was_edited_after_a_crash_but_never_replaced_stays() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "b")]);
    interrupted(&tree);
    tree.put("b.py", b"mine");
    tree.undo().unwrap();
    assert_eq!(tree.text("a.py") + &tree.text("b.py"), "amine");
    assert_eq!(tree.snapshot().len(), 3);
}

#[test]
fn staged_files_that_somebody_swept_away_are_not_missed() {
    let tree = Tree::new(&[("a.py", "a"), ("b.py", "b")]);
    let before = tree.snapshot();
    interrupted(&tree);
    for entry in fs::read_dir(tree.root()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(".ssot-")
        {
            fs::remove_file(path).unwrap();
        }
    }
    tree.undo().unwrap();
    assert_eq!(tree.snapshot(), before);
}

#[test]
fn a_damaged_journal_is_named_and_nothing_is_touched() {
    for (file, damage) in [
        ("manifest.json", &b"{"[..]),
        ("manifest.json", b"{\"version\": 1}"),
        ("originals", b"x"),
        ("originals", b""),
    ] {
        let tree = Tree::new(&[("a.py", "a")]);
        tree.write(&[change("a.py", "a", "A")]).unwrap();
        fs::write(tree.journals().join("1.done").join(file), damage).unwrap();
        let after = tree.snapshot();
        let error = tree.force().unwrap_err();
        assert!(matches!(error, TransactionError::Damaged { .. }), "{error}");
        assert_eq!(tree.snapshot(), after);
        // The way forward is open.
        assert_eq!(tree.write(&[change("a.py", "A", "B")]).unwrap(), Some(2));
    }
}

#[test]
fn old_runs_are_forgotten() {
    let tree = Tree::new(&[("a.py", "0")]);
    for run in 0..25 {
        let (from, to) = (run.to_string(), (run + 1).to_string());
        tree.write(&[change("a.py", &from, &to)]).unwrap();
    }
    let runs = fs::read_dir(tree.journals()).unwrap().count();
    // With the lock.
    assert_eq!(runs, 11);
    for _ in 0..10 {
        tree.undo().unwrap();
    }
    assert!(matches!(tree.undo(), Err(TransactionError::NothingToUndo)));
    assert_eq!(tree.text("a.py"), "15");
}
