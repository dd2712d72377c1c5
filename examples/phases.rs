//! Where the time goes: runs the stages of `ssot check` on a folder, one thread, and prints seconds for each
//! and, where `/proc` tells, the memory held after it.
//!
//! `cargo run --release --example phases -- FOLDER`

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use ssot::config::{LoadOptions, load};
use ssot::discover::{DiscoverOptions, declared_roots, discover, package_parents, units};
use ssot::graph::calls::CallGraph;
use ssot::graph::imports::ImportGraph;
use ssot::index::{File, Index};
use ssot::{Graphs, Project, analyze, checks, source};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let root = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    if let Ok(pool) = pool {
        pool.install(|| run(Path::new(&root)));
    }
}

/// Runs one stage and prints how long it took.
fn stage<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let seconds = start.elapsed().as_secs_f64();
    match resident() {
        Some(pages) => println!("{name:<12} {seconds:6.2} s {pages:>8} pages"),
        None => println!("{name:<12} {seconds:6.2} s"),
    }
    result
}

/// Pages of memory that the process has in use.
fn resident() -> Option<u64> {
    let counts = std::fs::read_to_string("/proc/self/statm").ok()?;
    counts.split(' ').nth(1)?.parse().ok()
}

/// Prints how many facts there are and what they weigh.
fn sizes(files: &[File]) {
    macro_rules! weigh {
        ($($field:ident).+) => {
            let count: usize = files.iter().map(|file| file.facts.$($field).+.len()).sum();
            let bytes = files.iter().map(|file| size_of_val(&file.facts.$($field).+[..])).sum::<usize>();
            println!("  {:<20} {count:>9} {:>7} kB", stringify!($($field).+), bytes / 1000);
        };
    }
    weigh!(scopes);
    weigh!(imports);
    weigh!(definitions);
    weigh!(bindings);
    weigh!(members);
    weigh!(binding_sets);
    weigh!(paths);
    weigh!(references);
    weigh!(calls);
    weigh!(parameters);
    weigh!(flow.nodes);
    weigh!(flow.edges);
    weigh!(assigned_attributes);
    let names: usize = files
        .iter()
        .map(|file| {
            file.facts
                .names
                .iter()
                .map(|name| name.len() + 4)
                .sum::<usize>()
        })
        .sum();
    let lines: usize = files
        .iter()
        .map(|file| file.facts.lines.line_count() as usize * 4)
        .sum();
    println!(
        "  names {} kB, lines {} kB, files {} kB",
        names / 1000,
        lines / 1000,
        size_of_val(files) / 1000
    );
}

fn run(root: &Path) {
    let options = LoadOptions {
        start: root.to_owned(),
        isolated: true,
        ..LoadOptions::default()
    };
    let Ok(loaded) = load(&options) else { return };
    let config = loaded.config;
    let found = stage("discover", || discover(root, &DiscoverOptions::default()));
    let texts = stage("read", || {
        let files = found.files.iter();
        let texts = files.map(|file| (file, source::read(&root.join(&*file.path), file.language)));
        texts.collect::<Vec<_>>()
    });
    let files: Vec<File> = stage("facts", || {
        texts
            .into_iter()
            .filter_map(|(file, text)| {
                Some(File {
                    path: file.path.clone(),
                    language: file.language,
                    is_test: false,
                    facts: file.language.extract(&text.ok()?.text, None).into(),
                })
            })
            .collect()
    });
    sizes(&files);
    let (roots, parents) = stage("roots", || {
        (declared_roots(root, &found), package_parents(&found))
    });
    let index = stage("index", || {
        let units = units(root, &found);
        Index::build(files, &roots, &parents, found.opaque.clone(), &units)
    });
    let imports = stage("imports", || ImportGraph::build(&index));
    let calls = stage("calls", || CallGraph::build(&index));
    let project = Project {
        config,
        index,
        problems: Vec::new(),
        layout: ssot::Layout::default(),
        registry: None,
    };
    let graphs = Graphs { imports, calls };
    let analysis = stage("analyze", || analyze(&project, &graphs, checks::ALL, false));
    println!("{} findings", analysis.findings.len());
}
