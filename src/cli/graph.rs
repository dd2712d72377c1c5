//! `graph` and `why`.

use anyhow::Result;

use super::Status;
use super::args::{CallFormat, Global, Graph, ImportFormat, Why};
use super::check::setup;
use super::console::Console;
use super::engine::Engine;

/// `graph`.
pub(super) fn graph(
    args: &Graph,
    global: &Global,
    engine: &dyn Engine,
    console: &mut Console<'_>,
) -> Result<Status> {
    let setup = setup(global);
    let text = match *args {
        Graph::Imports { format, external } => {
            let graph = engine.import_graph(&setup, external)?;
            match format {
                ImportFormat::Json => graph.json(),
                ImportFormat::Dot => graph.dot(),
                ImportFormat::Mermaid => graph.mermaid(),
            }
        }
        Graph::Calls { format, external } => {
            let adjacency = format == CallFormat::Adjacency;
            let graph = engine.call_graph(&setup, external, adjacency)?;
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
