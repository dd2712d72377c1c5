//! The cost of lowering: reads a tree on one thread and counts how values move. `--facts` does all but that; compare
//! the CPU time of both with each other and with `parse_floor -j 1`.
//!
//! Usage: `values [--facts] ROOT`

#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mimalloc::MiMalloc;
use ssot::discover::{DiscoverOptions, discover};
use ssot::source;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<()> {
    let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let facts_only = arguments.first().is_some_and(|first| first == "--facts");
    let root: PathBuf = arguments
        .pop()
        .context("usage: values [--facts] ROOT")?
        .into();
    let discovery = discover(&root, &DiscoverOptions::default());
    let mut counts = [0_usize; 8];
    let mut bytes = 0;
    for file in &discovery.files {
        let Ok(text) = source::read(&root.join(Path::new(&*file.path)), file.language) else {
            continue;
        };
        if facts_only {
            drop(file.language.extract(&text.text, None));
            continue;
        }
        let facts = file.language.extract_with_values(&text.text, None);
        let Some(values) = &facts.values else {
            continue;
        };
        let sizes = [
            facts.lines.line_count() as usize,
            values.codes.len(),
            values.classes.len(),
            values.vars as usize,
            values.ops.len(),
            values.arguments.len(),
            values.items.len(),
            values.members.len(),
        ];
        for (count, size) in counts.iter_mut().zip(sizes) {
            *count += size;
        }
        bytes += size_of_val(&*values.ops)
            + size_of_val(&*values.arguments)
            + size_of_val(&*values.items)
            + size_of_val(&*values.members)
            + size_of_val(&*values.codes);
    }
    let names = [
        "lines",
        "codes",
        "classes",
        "vars",
        "ops",
        "arguments",
        "items",
        "members",
    ];
    for (name, count) in names.iter().zip(counts) {
        println!("{name:10} {count}");
    }
    println!("bytes      {bytes}");
    Ok(())
}
