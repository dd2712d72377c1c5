//! The command line: reads arguments, asks the pipeline, prints, and says how the process is to end.
//!
//! Owns flags, help texts, streams and exit statuses; decides nothing about code.

mod args;
mod calls;
mod check;
mod console;
mod dates;
mod engine;
mod explain;
mod fixing;
mod graph;
mod init;
mod named_calls;
mod pipeline;
mod registry;
mod rules;
mod slice;
mod undo;
mod views;
mod whereabouts;
mod why;

use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use colored::Color;

use crate::report::Style;
use args::{Cli, ColorChoice, Command, Global};

pub use console::{Console, Environment};
pub use engine::{CallQuery, Engine, FixMode, Request, Setup};
pub use pipeline::Pipeline;
pub use slice::Slice;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The gate passed, or there was none: 0.
    Passed,
    /// The gate failed: 1.
    Failed,
    /// The tool could not do its work: 2.
    Broken,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Passed => 0,
            Status::Failed => 1,
            Status::Broken => 2,
        })
    }
}

/// Runs the command that `args` (the program's name first) ask for.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Status {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, console),
    };
    let style = console.env.err(cli.global.color);
    match dispatch(cli.command, &cli.global, engine, console) {
        Ok(status) => status,
        Err(error) => {
            console.tell(&describe(&error, style));
            Status::Broken
        }
    }
}

/// Runs on this process's arguments and streams.
#[must_use]
pub fn main() -> ExitCode {
    // Not locked: progress comes from other threads.
    let mut console = Console {
        out: &mut std::io::stdout(),
        err: &mut std::io::stderr(),
        env: Environment::of_process(),
    };
    run(std::env::args_os(), &Pipeline::default(), &mut console).into()
}

fn dispatch(
    command: Command,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    let out = console.env.out(global.color);
    let text = match command {
        Command::Check(args) => return check::check(args, global, engine, console),
        Command::Fix(args) => return check::fix(args, global, engine, console),
        Command::Undo(args) => return undo::undo(&args, global, engine, console),
        Command::Score(args) => return check::score(args, global, engine, console),
        Command::Graph(args) => return graph::graph(&args, global, engine, console),
        Command::Plan(args) => return check::plan(args, global, engine, console),
        Command::Registry(args) => return registry::run(args, global, engine, console),
        Command::Init(args) => return init::run(&args, global, engine, console),
        Command::Where(args) => return whereabouts::run(&args, global, engine, console),
        Command::Why(args) => return graph::why(&args, global, engine, console),
        Command::Explain(args) => explain::page(&args.name, engine.checks(), out)?,
        Command::Rules => rules::list(&engine.config(&check::setup(global))?, out),
        Command::Completions(args) => completions(args.shell),
    };
    console.print(&text)?;
    Ok(Status::Passed)
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ssot", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Prints help, the version, or what is wrong with the arguments. `--color` is not known by then.
fn usage(error: &clap::Error, console: &mut Console<'_>) -> Status {
    let rendered = |style: Style| {
        let text = error.render();
        if style.color {
            text.ansi().to_string()
        } else {
            text.to_string()
        }
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = rendered(console.env.out(ColorChoice::Auto));
            match console.print(&text) {
                Ok(()) => Status::Passed,
                Err(_) => Status::Broken,
            }
        }
        _ => {
            let text = rendered(console.env.err(ColorChoice::Auto));
            console.tell(&text);
            Status::Broken
        }
    }
}

/// `error: ` and the chain of causes, a line each.
fn describe(error: &anyhow::Error, style: Style) -> String {
    let word = style.strong(Color::BrightRed, "error");
    let mut text = format!("{word}: {error}\n");
    for cause in error.chain().skip(1) {
        let _ = writeln!(text, "  caused by: {cause}");
    }
    text
}
