//! Stopped or refused at every step: afterwards the tree is exactly what it was before, or what it was to become.
//!
//! A process that is killed is one whose every further step fails. What a real kill does, `scripts/fault_check.py`
//! tries.

use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use ssot::fix::apply::NewContents;
use ssot::fix::transaction::{About, Probe, Step, TransactionError};

use super::support::{
    Snapshot, Tree, change, counter, crash_after, creation, deletion, failing_after,
};

/// A tree with one change of each kind.
fn small() -> (Tree, Vec<NewContents>) {
    let tree = Tree::new(&[
        ("a.py", "a\n"),
        ("pkg/b.py", "b\n"),
        ("pkg/gone.py", "gone\n"),
        ("other.py", "o\n"),
    ]);
    let changes = vec![
        change("a.py", "a\n", "A\n"),
        change("pkg/b.py", "b\n", ""),
        deletion("pkg/gone.py", "gone\n"),
        creation("pkg/new.py", "new\n"),
        creation("deep/er/new.py", "new\n"),
    ];
    (tree, changes)
}

/// A tree of 500 changes, nearly all of them rewrites.
fn large() -> (Tree, Vec<NewContents>) {
    let tree = Tree::new(&[]);
    let mut changes = Vec::new();
    for at in 0..500 {
        let path = format!("pkg{}/module{at}.py", at % 20);
        let original = format!("from pkg import name{at}\n").repeat(at % 7 + 1);
        let bytes = original.replace("pkg", "pkg.home");
        if at % 25 == 3 {
            changes.push(creation(&format!("new{}/{path}", at % 3), &bytes));
            continue;
        }
        tree.put(&path, original.as_bytes());
        changes.push(if at % 25 == 4 {
            deletion(&path, &original)
        } else {
            change(&path, &original, &bytes)
        });
    }
    (tree, changes)
}

/// The tree before and after, and in how many steps. It is before again.
fn before_and_after(tree: &Tree, changes: &[NewContents]) -> (Snapshot, Snapshot, usize) {
    let before = tree.snapshot();
    let (probe, steps) = counter();
    let run = tree
        .open()
        .with_probe(probe)
        .write(changes, About::default());
    assert!(run.unwrap().is_some());
    let after = tree.snapshot();
    assert_ne!(before, after);
    tree.undo().unwrap();
    assert_eq!(tree.snapshot(), before);
    (before, after, steps.load(Ordering::Relaxed))
}

/// Kills a fix after `steps` steps, then lets one of the ways back speak. The tree is before again.
fn kill(tree: &Tree, changes: &[NewContents], steps: usize, by_undo: bool) -> Snapshot {
    let opened = tree.open().with_probe(crash_after(steps));
    let _ = opened.write(changes, About::default());
    drop(opened);
    if by_undo {
        // A run that had come to no journal yet leaves nothing to undo.
        match tree.undo() {
            Ok(_) | Err(TransactionError::NothingToUndo) => {}
            Err(error) => panic!("after {steps} steps: {error}"),
        }
    } else {
        tree.open().recover(false).unwrap();
    }
    tree.snapshot()
}

#[test]
fn a_small_fix_may_be_killed_at_every_step() {
    let (tree, changes) = small();
    let (before, after, steps) = before_and_after(&tree, &changes);
    for at in 0..=steps {
        assert_eq!(kill(&tree, &changes, at, true), before, "after {at} steps");
        let rerun = kill(&tree, &changes, at, false);
        assert!(rerun == before || rerun == after, "after {at} steps");
        if rerun == after {
            tree.undo().unwrap();
        }
    }
}

#[test]
fn a_fix_of_500_files_may_be_killed_at_hundreds_of_steps() {
    let (tree, changes) = large();
    let (before, after, steps) = before_and_after(&tree, &changes);
    assert!(steps > 2500, "{steps}");
    // All over, and each step around the ends.
    let points: Vec<usize> = (0..=steps)
        .filter(|at| at % 20 == 0 || *at < 30 || at + 40 > steps)
        .collect();
    assert!(points.len() >= 200, "{}", points.len());
    let mut made = 0;
    for (turn, at) in points.into_iter().enumerate() {
        let got = kill(&tree, &changes, at, turn % 2 == 0);
        assert!(got == before || got == after, "after {at} steps");
        if got == after {
            made += 1;
            assert_eq!(tree.undo().unwrap().files.len(), 500);
        }
        assert_eq!(tree.snapshot(), before, "after {at} steps");
    }
    assert!(made > 0);
}

#[test]
fn taking_back_may_be_killed_at_every_step_too() {
    let (tree, changes) = small();
    let (before, after, steps) = before_and_after(&tree, &changes);
    for first in 0..=steps {
        for second in 0.. {
            let opened = tree.open().with_probe(crash_after(first));
            let _ = opened.write(&changes, About::default());
            drop(opened);
            let interrupted = tree.open().with_probe(crash_after(second)).recover(false);
            tree.open().recover(false).unwrap();
            let got = tree.snapshot();
            assert!(got == before || got == after, "{first}, then {second}");
            if got == after {
                tree.undo().unwrap();
            }
            if interrupted.is_ok() {
                break;
            }
        }
    }
}

#[test]
fn undoing_may_be_killed_at_every_step() {
    let (tree, changes) = small();
    let (before, after, _) = before_and_after(&tree, &changes);
    for at in 0.. {
        tree.write(&changes).unwrap();
        let undone = tree
            .open()
            .with_probe(crash_after(at))
            .undo(ssot::fix::transaction::Undo::default());
        tree.open().recover(false).unwrap();
        let got = tree.snapshot();
        assert!(got == before || got == after, "after {at} steps");
        if got == after {
            assert_eq!(tree.undo().unwrap().files.len(), 5);
        }
        assert_eq!(tree.snapshot(), before, "after {at} steps");
        assert!(matches!(tree.undo(), Err(TransactionError::NothingToUndo)));
        if undone.is_ok() {
            return;
        }
    }
}

#[test]
fn one_refused_step_leaves_all_or_nothing_at_once() {
    let (tree, changes) = small();
    let (before, after, steps) = before_and_after(&tree, &changes);
    for at in 0..steps {
        let once = std::sync::atomic::AtomicUsize::new(0);
        let probe: Probe = Arc::new(move |_: &Step| {
            if once.fetch_add(1, Ordering::Relaxed) == at {
                Err(ErrorKind::PermissionDenied.into())
            } else {
                Ok(())
            }
        });
        let run = tree
            .open()
            .with_probe(probe)
            .write(&changes, About::default());
        let got = tree.snapshot();
        if run.is_ok() {
            assert_eq!(got, after, "step {at}");
            tree.undo().unwrap();
        } else {
            assert_eq!(got, before, "step {at}");
        }
    }
}

#[test]
fn a_disk_that_fills_up_at_any_step_changes_nothing() {
    let (tree, changes) = small();
    let (before, after, steps) = before_and_after(&tree, &changes);
    for at in 0..steps {
        // Names can still be changed and taken away, nothing can be added.
        let full = failing_after(at, ErrorKind::StorageFull, |step| {
            ["create", "write", "make folder"].contains(&step.action)
        });
        let run = tree
            .open()
            .with_probe(full)
            .write(&changes, About::default());
        let got = tree.snapshot();
        match run {
            Ok(_) => {
                assert_eq!(got, after, "step {at}");
                tree.undo().unwrap();
            }
            Err(error) => {
                assert_eq!(got, before, "step {at}");
                assert!(error.to_string().contains("no storage space"), "{error}");
            }
        }
    }
}

#[test]
fn a_folder_that_is_locked_in_the_middle_is_taken_back_once_it_is_open() {
    let (tree, changes) = small();
    let (before, after, steps) = before_and_after(&tree, &changes);
    let mut torn = 0;
    for at in 0..steps {
        let folder = tree.root().canonicalize().unwrap().join("pkg");
        let locked = failing_after(at, ErrorKind::PermissionDenied, move |step| {
            step.path.parent() == Some(&folder)
        });
        let run = tree
            .open()
            .with_probe(locked)
            .write(&changes, About::default());
        if let Err(error @ TransactionError::Torn { .. }) = &run {
            assert!(error.help().unwrap().contains("ssot undo"));
            torn += 1;
        } else {
            let got = tree.snapshot();
            assert_eq!(
                got,
                if run.is_ok() {
                    after.clone()
                } else {
                    before.clone()
                }
            );
        }
        tree.undo().ok();
        assert_eq!(tree.snapshot(), before, "step {at}");
    }
    assert!(torn > 0);
}

#[test]
fn nothing_is_replaced_before_all_is_on_disk() {
    let (tree, changes) = small();
    let trace: Arc<Mutex<Vec<Step>>> = Arc::default();
    let noted = Arc::clone(&trace);
    let probe: Probe = Arc::new(move |step: &Step| {
        noted.lock().unwrap().push(step.clone());
        Ok(())
    });
    let opened = tree.open().with_probe(probe);
    opened.write(&changes, About::default()).unwrap();
    let trace = trace.lock().unwrap();
    let place = |action: &str, end: &str| {
        trace
            .iter()
            .position(|step| step.action == action && step.path.to_str().unwrap().ends_with(end))
            .unwrap_or_else(|| panic!("no {action} of {end}"))
    };
    let committing = place("rename", ".committing");
    let done = place("rename", ".done");
    let manifest = place("sync", "manifest.json");
    let journals = tree.journals();
    let mut synced = 0;
    for (at, step) in trace.iter().enumerate() {
        let in_tree = !step.path.starts_with(&journals);
        match step.action {
            "create" | "make folder" if in_tree => assert!(manifest < at, "{step:?}"),
            "sync" if in_tree => {
                synced += 1;
                assert!(at < committing, "{step:?}");
            }
            "rename" | "remove" | "sync folder" if in_tree => {
                assert!(committing < at && at < done, "{step:?}");
            }
            _ => {}
        }
    }
    assert_eq!(synced, 4);
    assert_eq!(trace[committing + 1].action, "sync folder");
    assert!(journals.starts_with(trace[committing + 1].path.parent().unwrap()));
    assert!(place("sync", "originals") < committing);
}
