//! The speed floor: discovers, reads and parses a tree and visits every expression, and keeps nothing.
//!
//! Usage: `parse_floor [-j N] ROOT`

#![allow(clippy::print_stdout)]

use std::ops::Add;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use mimalloc::MiMalloc;
use rayon::prelude::*;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::{Expr, Pattern, PySourceType, PythonVersion, Stmt};
use ruff_python_parser::{ParseOptions, parse_unchecked};
use ssot::discover::{DiscoverOptions, SourceFile, discover};
use ssot::lang::Language;
use ssot::source;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const RED_ZONE: usize = 64 * 1024;
const STACK: usize = 1024 * 1024;
/// Nesting that the ordinary stack can drop.
const SHALLOW: usize = 500;
/// Stack that dropping one level of a tree takes at most.
const DROP_FRAME: usize = 4 * 1024;

/// What was seen.
#[derive(Clone, Copy, Default)]
struct Totals {
    files: u64,
    lines: u64,
    bytes: u64,
    expressions: u64,
    invalid: u64,
    unreadable: u64,
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            files: self.files + other.files,
            lines: self.lines + other.lines,
            bytes: self.bytes + other.bytes,
            expressions: self.expressions + other.expressions,
            invalid: self.invalid + other.invalid,
            unreadable: self.unreadable + other.unreadable,
        }
    }
}

/// Counts expressions and the depth of the tree.
#[derive(Default)]
struct Counter {
    expressions: u64,
    depth: usize,
    deepest: usize,
}

impl Counter {
    fn descend(&mut self, walk: impl FnOnce(&mut Self)) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        stacker::maybe_grow(RED_ZONE, STACK, || walk(self));
        self.depth -= 1;
    }
}

impl<'a> Visitor<'a> for Counter {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.descend(|visitor| walk_stmt(visitor, stmt));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.expressions += 1;
        self.descend(|visitor| walk_expr(visitor, expr));
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.descend(|visitor| walk_pattern(visitor, pattern));
    }
}

fn parse(root: &Path, file: &SourceFile) -> Totals {
    let Ok(source) = source::read(&root.join(&*file.path), file.language) else {
        return Totals {
            unreadable: 1,
            ..Totals::default()
        };
    };
    let kind = if file.language == Language::PythonStub {
        PySourceType::Stub
    } else {
        PySourceType::Python
    };
    let options = ParseOptions::from(kind).with_target_version(PythonVersion::PY314);
    let parsed = parse_unchecked(&source.text, options);
    let mut counter = Counter::default();
    if let ruff_python_ast::Mod::Module(module) = parsed.syntax() {
        counter.visit_body(&module.body);
    }
    let invalid = u64::from(!parsed.errors().is_empty());
    if counter.deepest > SHALLOW {
        stacker::grow(STACK + counter.deepest * DROP_FRAME, || drop(parsed));
    }
    Totals {
        files: 1,
        lines: memchr::memchr_iter(b'\n', source.text.as_bytes()).count() as u64,
        bytes: file.len,
        expressions: counter.expressions,
        invalid,
        unreadable: 0,
    }
}

fn arguments() -> Result<(PathBuf, usize)> {
    let mut root = None;
    let mut jobs = 0;
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "-j" {
            let count = arguments.next().unwrap_or_default();
            jobs = count
                .to_string_lossy()
                .parse()
                .context("-j takes a number")?;
        } else if root.replace(PathBuf::from(argument)).is_some() {
            bail!("one folder only");
        }
    }
    Ok((root.context("usage: parse_floor [-j N] ROOT")?, jobs))
}

fn main() -> Result<()> {
    let (root, jobs) = arguments()?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build_global()?;
    let options = DiscoverOptions {
        jobs,
        ..DiscoverOptions::default()
    };
    let discovery = discover(&root, &options);
    let totals = discovery
        .files
        .par_iter()
        .filter(|file| file.language.is_python())
        .map(|file| parse(&root, file))
        .reduce(Totals::default, Add::add);
    println!("files       {}", totals.files);
    println!("lines       {}", totals.lines);
    println!("bytes       {}", totals.bytes);
    println!("expressions {}", totals.expressions);
    println!("invalid     {}", totals.invalid);
    println!("unreadable  {}", totals.unreadable);
    println!("problems    {}", discovery.problems.len());
    Ok(())
}
