//! The speed floor for Rust: discovers, reads and parses a tree, and keeps nothing; then the facts of the same files.
//!
//! Usage: `rust_floor ROOT`. Both run on one thread; compare the two times.

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use mimalloc::MiMalloc;
use ssot::discover::{DiscoverOptions, discover};
use ssot::lang::Language;
use ssot::source;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<()> {
    let root = std::env::args().nth(1).context("name a folder")?;
    let root = Path::new(&root);
    let found = discover(root, &DiscoverOptions::default());
    let rust = found
        .files
        .iter()
        .filter(|file| file.language == Language::Rust);
    let texts: Vec<String> = rust
        .filter_map(|file| source::read(&root.join(&*file.path), file.language).ok())
        .map(|source| source.text)
        .collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    println!("{} files, {bytes} bytes", texts.len());
    for _ in 0..3 {
        let start = Instant::now();
        let mut items = 0;
        for text in &texts {
            items += syn::parse_file(text).map_or(0, |file| file.items.len());
            proc_macro2::extra::invalidate_current_thread_spans();
        }
        let parsed = start.elapsed();
        let start = Instant::now();
        let mut definitions = 0;
        for text in &texts {
            definitions += Language::Rust.extract(text, None).definitions.len();
        }
        let read = start.elapsed();
        println!(
            "parse {parsed:.2?} ({items} items), facts {read:.2?} ({definitions} definitions): {:.2}",
            read.as_secs_f64() / parsed.as_secs_f64()
        );
    }
    Ok(())
}
