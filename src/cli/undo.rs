//! `undo`, and the words for what was taken back.

use std::fmt::Write as _;

use anyhow::Result;

use super::Status;
use super::args::{Global, UndoArgs};
use super::check::setup;
use super::console::Console;
use super::dates::timestamp;
use super::engine::Engine;
use crate::fix::transaction::{Listed, Recovered, Undo, Undone};

/// `undo`.
pub(super) fn undo(
    args: &UndoArgs,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    let setup = setup(global);
    let text = if args.list {
        table(&engine.runs(&setup)?)
    } else {
        let request = Undo {
            run: args.run,
            force: args.force,
        };
        told(&engine.undo(&setup, request)?, global.verbose)
    };
    if !global.quiet || args.list {
        console.print(&text)?;
    }
    Ok(Status::Passed)
}

/// A line a run.
fn table(runs: &[Listed]) -> String {
    if runs.is_empty() {
        return "There is nothing to undo.\n".to_owned();
    }
    let digits = runs.iter().map(|run| run.run.to_string().len()).max();
    let digits = digits.unwrap_or(1);
    let mut text = String::new();
    for run in runs {
        let files = counted(run.files.len(), "file");
        let findings = counted(run.about.findings as usize, "finding");
        let _ = write!(
            text,
            "{:>digits$}  {}  {findings} in {files}",
            run.run,
            timestamp(run.time)
        );
        if !run.about.checks.is_empty() {
            let _ = write!(text, "  {}", run.about.checks.join(", "));
        }
        if !run.about.rules.is_empty() {
            let _ = write!(text, " ({})", run.about.rules.join(", "));
        }
        text.push_str(if run.interrupted {
            "  interrupted\n"
        } else {
            "\n"
        });
    }
    text
}

/// What undoing did.
fn told(undone: &Undone, verbose: bool) -> String {
    let mut text = String::new();
    for one in &undone.recovered {
        text.push_str(&recovered(one));
        text.push('\n');
        if verbose {
            list_files(&mut text, &one.files);
        }
    }
    match (undone.run, undone.files.len()) {
        (None, _) => {}
        (Some(run), 0) => {
            let _ = writeln!(
                text,
                "Run {run} was undone already: its files are as they were before it."
            );
        }
        (Some(run), files) => {
            let verb = if files == 1 {
                "is as it was"
            } else {
                "are as they were"
            };
            let files = counted(files, "file");
            let _ = writeln!(text, "Undid run {run}: {files} {verb} before it.");
        }
    }
    if verbose {
        list_files(&mut text, &undone.files);
    }
    text
}

fn list_files(text: &mut String, files: &[std::path::PathBuf]) {
    for file in files {
        let _ = writeln!(text, "  {}", file.display());
    }
}

/// What became of a run that was interrupted, as a sentence.
pub(super) fn recovered(one: &Recovered) -> String {
    let run = one.run;
    let files = counted(one.files.len(), "file");
    match (one.undoes, one.files.len()) {
        (None, 0) => format!(
            "Run {run} was interrupted before it changed anything; what it left behind is removed."
        ),
        (None, _) => format!("Run {run} was interrupted and is taken back: {files} restored."),
        (Some(run), 0) => {
            format!("The undoing of run {run} was interrupted before it changed anything.")
        }
        (Some(run), _) => format!(
            "The undoing of run {run} was interrupted: {files} put back to what the run made of them."
        ),
    }
}

fn counted(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}
