//! `check`, `fix`, `score` and `plan`.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::Status;
use super::args::{Check, GateArgs, Global, Plan, PlanFormat, ScoreArgs, ScoreFormat};
use super::console::{Console, Environment};
use super::engine::{Engine, FixMode, Request, Setup};
use crate::report::{
    Options, Report, file_list, plan_json, plan_markdown, render, score_json, score_text, summary,
};
use crate::suggest::did_you_mean;

/// `check`.
pub(super) fn check(
    args: Check,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    known(&args.select, engine)?;
    known(&args.ignore, engine)?;
    if args.statistics && !args.output_format.text {
        bail!(
            "--statistics is text: it does not go with --output-format {}",
            args.output_format.name
        );
    }
    if args.unsafe_fixes && !args.fix && !args.diff {
        bail!("--unsafe-fixes needs --fix or --diff");
    }
    let request = Request {
        setup: setup(global),
        paths: args.paths,
        select: args.select,
        ignore: args.ignore,
        all_calls: args.all_calls,
        show_guarded: args.show_guarded,
        fix: match (args.diff, args.fix) {
            (true, _) => FixMode::Diff,
            (false, true) => FixMode::Apply,
            (false, false) => FixMode::Report,
        },
        unsafe_fixes: args.unsafe_fixes,
        files_only: args.show_files,
    };
    let report = analyse(&request, &args.gate, engine, console)?;
    if args.show_files {
        deliver(
            file_list(&report).as_bytes(),
            args.output_file.as_deref(),
            console,
        )?;
        return Ok(Status::Passed);
    }
    let style = if args.output_file.is_some() {
        Environment::file(global.color)
    } else {
        console.env.out(global.color)
    };
    let options = Options {
        sources: &|path| engine.source(path),
        style,
        summary: !global.quiet,
        verbose: global.verbose,
        statistics: args.statistics,
    };
    let text = match report.fixes.as_ref().and_then(|fixes| fixes.diff.as_ref()) {
        // A diff goes to a program such as `git apply`: the summary stays out of it.
        Some(diff) => {
            if !global.quiet {
                let style = console.env.err(global.color);
                console.tell(&summary(&report, &Options { style, ..options }));
            }
            diff.clone()
        }
        None => render(args.output_format, &report, &options).into_bytes(),
    };
    deliver(&text, args.output_file.as_deref(), console)?;
    Ok(status(&report, &args.gate, args.exit_non_zero_on_fix))
}

/// `fix`.
pub(super) fn fix(
    mut args: Check,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    args.fix = true;
    if args.show_files {
        bail!("--show-files does not go with fix");
    }
    check(args, global, engine, console)
}

/// `score`.
pub(super) fn score(
    args: ScoreArgs,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    let request = Request {
        setup: setup(global),
        paths: args.paths,
        ..Request::default()
    };
    let report = analyse(&request, &args.gate, engine, console)?;
    let text = match args.format {
        ScoreFormat::Text => score_text(&report, console.env.out(global.color)),
        ScoreFormat::Json => score_json(&report),
    };
    console.print(&text)?;
    Ok(status(&report, &args.gate, false))
}

/// `plan`. That there is work is an answer, not a failure.
pub(super) fn plan(
    args: Plan,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    let request = Request {
        setup: setup(global),
        paths: args.paths,
        ..Request::default()
    };
    let gate = GateArgs {
        min_score: None,
        fail_on: None,
        exit_zero: true,
    };
    let report = analyse(&request, &gate, engine, console)?;
    let text = match args.output_format {
        PlanFormat::Markdown => plan_markdown(&report),
        PlanFormat::Json => plan_json(&report),
    };
    console.print(&text)?;
    Ok(Status::Passed)
}

/// Where rules come from, and how hard to work.
pub(super) fn setup(global: &Global) -> Setup {
    Setup {
        config: global.config.clone(),
        isolated: global.isolated,
        jobs: global.jobs,
    }
}

/// The report, with the gate that the command line asks for.
fn analyse(
    request: &Request,
    gate: &GateArgs,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Report> {
    let mut report = engine.analyse(request)?;
    for note in &report.notes {
        console.tell(&format!("{note}\n"));
    }
    if report.files.is_empty() {
        bail!("nothing to check: no source file was found");
    }
    if let Some(min_score) = gate.min_score {
        report.gate.min_score = Some(min_score);
    }
    if let Some(fail_on) = gate.fail_on {
        report.gate.fail_on = fail_on.severity();
    }
    Ok(report)
}

/// As ruff has it: a diff fails when there is anything in it, whatever else there is; fixing fails by what is left,
/// and on request by having fixed anything.
fn status(report: &Report, gate: &GateArgs, on_fix: bool) -> Status {
    let diff = report.fixes.as_ref().and_then(|it| it.diff.as_ref());
    let has_fixed = report.fixes.as_ref().is_some_and(|it| it.fixed > 0);
    let passed = match diff {
        Some(diff) => diff.is_empty(),
        None => report.verdict().passed() && !(on_fix && has_fixed),
    };
    if gate.exit_zero || passed {
        Status::Passed
    } else {
        Status::Failed
    }
}

/// An error for the first name that is no check's.
fn known(names: &[String], engine: &dyn Engine) -> Result<()> {
    let checks = || engine.checks().iter().map(|&(name, _)| name);
    for name in names {
        if !checks().any(|check| check == name) {
            bail!("there is no check `{name}`{}", did_you_mean(name, checks()));
        }
    }
    Ok(())
}

fn deliver(text: &[u8], file: Option<&Path>, console: &mut Console<'_>) -> Result<()> {
    match file {
        Some(file) => {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
        }
        None => Ok(console.print_bytes(text)?),
    }
}
