//! `registry`.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};

use super::Status;
use super::args::{Check, Global, Registry};
use super::check;
use super::console::Console;
use super::engine::Engine;
use super::pipeline::explained;
use crate::config::Config;
use crate::fix::apply::NewContents;
use crate::fix::transaction::{About, Transactions};
use crate::registry;
use crate::report::FORMATS;

/// The check that `registry check` runs.
const DRIFT: &str = "registry-drift";

/// `registry`.
pub(super) fn run(
    args: Registry,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    match args {
        Registry::Check { gate } => {
            let args = Check {
                paths: Vec::new(),
                output_format: &FORMATS[0],
                output_file: None,
                fix: false,
                unsafe_fixes: false,
                exit_non_zero_on_fix: false,
                diff: false,
                select: vec![DRIFT.to_owned()],
                ignore: Vec::new(),
                gate,
                show_files: false,
                show_guarded: false,
                all_calls: false,
                statistics: false,
            };
            document(&engine.config(&check::setup(global))?)?;
            check::check(args, global, engine, console)
        }
        Registry::Write => {
            let (path, changed) = engine.write_registry(&check::setup(global))?;
            console.print(&if changed {
                format!("Wrote {path}; `ssot undo` takes it back.\n")
            } else {
                format!("{path} is up to date.\n")
            })?;
            Ok(Status::Passed)
        }
    }
}

/// The document that the rules name.
fn document(config: &Config) -> Result<&str> {
    let registry = config.project.registry.as_deref();
    registry.context(
        "the rules name no import registry: add `registry = \"docs/IMPORTS.md\"` to `[project]`",
    )
}

/// Writes the generated section; gives the document's path and whether it changed.
pub(super) fn write(config: &Config) -> Result<(String, bool)> {
    let path = document(config)?;
    let transactions = Transactions::open(&config.root).map_err(explained)?;
    transactions.recover(false).map_err(explained)?;
    let full = config.root.join(path);
    let original = std::fs::read(&full)
        .with_context(|| format!("cannot read {path}; an empty file is enough to begin with"))?;
    let Ok(text) = std::str::from_utf8(&original) else {
        bail!("{path} is not UTF-8");
    };
    let own = config.canonical.iter();
    // A pack speaks of other people's symbols; what the document says itself stands there already.
    let own = own.filter(|rule| rule.meta.pack.is_none() && !rule.meta.from_registry);
    let imports: Vec<_> = own
        .map(|rule| {
            let first = rule.symbol.name.split('.').next().unwrap_or("");
            let import = format!("from {} import {first}", rule.symbol.module);
            let reason = rule.meta.reason.as_deref();
            let comment = reason.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
            (comment.map(|it| format!("{}: {it}", rule.meta.id)), import)
        })
        .collect();
    let written = registry::write(text, &imports).map_err(|why| anyhow!("{path}: {why}"))?;
    let change = NewContents {
        path: PathBuf::from(path),
        original: Some(original),
        bytes: Some(written.into_bytes()),
    };
    let about = About {
        findings: 0,
        checks: vec![DRIFT.to_owned()],
        rules: Vec::new(),
    };
    let run = transactions.write(&[change], about).map_err(explained)?;
    Ok((path.to_owned(), run.is_some()))
}
