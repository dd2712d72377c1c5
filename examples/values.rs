//! The cost of lowering: reads a tree on one thread, with and without how values move, and counts what comes out.
//!
//! Usage: `values ROOT`

#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mimalloc::MiMalloc;
use ssot::discover::{DiscoverOptions, discover};
use ssot::source;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<()> {
    let root: PathBuf = std::env::args_os()
        .nth(1)
        .context("usage: values ROOT")?
        .into();
    let discovery = discover(&root, &DiscoverOptions::default());
    let (mut facts_time, mut values_time) = (Duration::ZERO, Duration::ZERO);
    let mut counts = [0_usize; 8];
    let mut bytes = 0;
    let mut bad_imports = 0;
    for file in &discovery.files {
        let Ok(text) = source::read(&root.join(Path::new(&*file.path)), file.language) else {
            continue;
        };
        let start = Instant::now();
        drop(file.language.extract(&text.text, None));
        let middle = Instant::now();
        let facts = file.language.extract_with_values(&text.text, None);
        values_time += middle.elapsed();
        facts_time += middle - start;
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
        for op in &values.ops {
            if let ssot::values::Op::Import { alias, .. } = *op
                && !facts
                    .imports
                    .iter()
                    .any(|import| import.alias.start == alias)
            {
                bad_imports += 1;
            }
        }
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
    println!("op size    {}", size_of::<ssot::values::Op>());
    println!("alien      {bad_imports}");
    println!("facts      {facts_time:?}");
    println!("and values {values_time:?}");
    Ok(())
}
