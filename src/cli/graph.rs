//! `graph` and `why`.

use anyhow::{Result, bail};

use super::Status;
use super::args::{CallFormat, Global, Graph, ImportFormat, Why};
use super::check::setup;
use super::console::Console;
use super::engine::{CallQuery, Engine};
use super::slice::Slice;

/// `graph`.
pub(super) fn graph(
    args: &Graph,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    let setup = setup(global);
    let text = match args {
        Graph::Imports { format, external } => {
            let graph = engine.import_graph(&setup, *external)?;
            match format {
                ImportFormat::Json => graph.json(),
                ImportFormat::Dot => graph.dot(),
                ImportFormat::Mermaid => graph.mermaid(),
            }
        }
        Graph::Calls {
            format,
            external,
            from,
            to,
            depth,
            min_confidence,
        } => {
            if depth.is_some() && from.is_none() && to.is_none() {
                bail!("`--depth` counts calls from `--from` or to `--to`: name one");
            }
            let query = CallQuery {
                external: *external,
                adjacency: *format == CallFormat::Adjacency,
                weakest: min_confidence.reason(),
                slice: Slice {
                    from: from.clone(),
                    to: to.clone(),
                    depth: *depth,
                },
            };
            let graph = engine.call_graph(&setup, &query)?;
            match format {
                CallFormat::Json => graph.json(),
                CallFormat::Dot => graph.dot(),
                CallFormat::Mermaid => graph.mermaid(),
                CallFormat::Adjacency => graph.adjacency(),
            }
        }
    };
    console.print(&text)?;
    Ok(Status::Passed)
}

/// `why`. That there is no path is an answer, not a failure.
pub(super) fn why(
    args: &Why,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    let answer = engine.why(&setup(global), &args.from, &args.to)?;
    console.print(&answer.text())?;
    Ok(Status::Passed)
}
