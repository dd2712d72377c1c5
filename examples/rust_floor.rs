//! The speed floor for Rust: discovers, reads and parses a tree, and keeps nothing; then the facts of the same files.
//!
//! Usage: `rust_floor ROOT [parse|facts]`. Both run on one thread, three times; compare the two times. With a second word
//! only one of them runs, once, so that the whole process can be measured, and compared with `ssot check -j 1`.

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
    let only = std::env::args().nth(2);
    match only.as_deref() {
        Some("parse") => println!("{} items", parse(&texts)),
        Some(_) => println!("{} definitions", read(&texts)),
        None => {
            for _ in 0..3 {
                compare(&texts);
            }
        }
    }
    Ok(())
}

fn compare(texts: &[String]) {
    let start = Instant::now();
    let items = parse(texts);
    let parsed = start.elapsed();
    let start = Instant::now();
    let definitions = read(texts);
    let read = start.elapsed();
    println!(
        "parse {parsed:.2?} ({items} items), facts {read:.2?} ({definitions} definitions): {:.2}",
        read.as_secs_f64() / parsed.as_secs_f64()
    );
}

fn parse(texts: &[String]) -> usize {
    let mut items = 0;
    for text in texts {
        items += syn::parse_file(text).map_or(0, |file| file.items.len());
        proc_macro2::extra::invalidate_current_thread_spans();
    }
    items
}

fn read(texts: &[String]) -> usize {
    let facts = texts
        .iter()
        .map(|text| Language::Rust.extract(text, None).definitions.len());
    facts.sum()
}
