//! Where the time of `ssot graph calls` goes: prints seconds for each stage, on one thread.
//!
//! `cargo run --release --example call_phases -- FOLDER`

#![allow(clippy::print_stdout)]

use std::time::Instant;

use ssot::Project;
use ssot::config::{LoadOptions, load};
use ssot::facts::ReadOptions;
use ssot::graph::flow::FlowGraph;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let root = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    if let Ok(pool) = pool {
        pool.install(|| run(&root));
    }
}

/// Runs one stage and prints how long it took.
fn stage<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{name:<16} {:6.2} s", start.elapsed().as_secs_f64());
    result
}

fn run(root: &str) {
    for values in [false, true] {
        let options = LoadOptions {
            start: root.into(),
            file: None,
            isolated: true,
        };
        let Ok(loaded) = load(&options) else { return };
        let config = loaded.config;
        let name = if values { "facts, values" } else { "facts" };
        let read = ReadOptions {
            values,
            ..ReadOptions::default()
        };
        let project = stage(name, || Project::read_with(config, read));
        if values {
            let graph = stage("value flow", || {
                FlowGraph::build(&project.index, ssot::lang::is_builtin)
            });
            println!(
                "{} calls; left out: {} values, {} calls",
                graph.calls.len(),
                graph.omissions.values,
                graph.omissions.calls
            );
        }
        std::mem::forget(project);
    }
}
