//! Python: facts from the ruff parser's syntax tree.
//!
//! The only module that names the ruff crates. Extraction is total: whatever the text, facts come out, with the
//! errors among them, and the tree is dropped.

mod assign;
mod comments;
mod decorators;
mod definitions;
mod emissions;
mod ending;
mod expr;
mod extract;
mod fallbacks;
mod finish;
mod flow;
mod interner;
mod keeping;
mod operators;
pub mod rewrite;
mod scope;
mod signatures;
mod statements;
mod stdlib;
mod syntax;
mod values;
mod variants;

pub use stdlib::{is_builtin, is_standard_module, literal_type};

use std::cell::Cell;

use bumpalo::Bump;
use ruff_python_ast::PythonVersion;
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::Ranged;

use crate::config::PythonVersion as TargetVersion;
use crate::facts::{Dynamic, Pack, ReadOptions, SyntaxError, SyntaxErrorKind};
use crate::lang::suppressions;
use extract::{Extractor, Scratch, Written, span};

/// Stack left before a visit continues on a fresh segment, and the size of that segment, in bytes.
const STACK_RED_ZONE: usize = 128 * 1024;
const STACK_SEGMENT: usize = 2 * 1024 * 1024;

/// Nesting beyond which a tree is dropped on a stack of its own, and the bytes a level takes there at most.
const DEEP: u32 = 200;
const DROP_BYTES_PER_LEVEL: usize = 2048;

thread_local! {
    /// The working memory of this thread's visits: a fresh one for each file costs a tenth of the run.
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// How to read a file.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The version whose syntax is allowed, in files that run; none means the latest.
    pub target: Option<TargetVersion>,
    /// Whether the file is a stub (`.pyi`).
    pub is_stub: bool,
    /// What to tell besides.
    pub read: ReadOptions,
}

/// Reads `text` as Python and adds its facts to `pack`.
pub fn extract(text: &str, options: Options, pack: &mut Pack) {
    // Checkers read stubs, and no interpreter does.
    let target = options.target.filter(|_| !options.is_stub);
    let version = target.map_or(PythonVersion::latest_preview(), |target| PythonVersion {
        major: target.major,
        minor: target.minor,
    });
    let parsed = parse_unchecked(
        text,
        ParseOptions::from(Mode::Module).with_target_version(version),
    );
    let scratch = SCRATCH.take();
    let draft = pack.draft();
    draft.lines.fill(text);
    draft.errors = errors(&parsed);
    // `Mode::Module` always gives a module; anything else would be an empty one.
    let Some(parsed) = parsed.try_into_module() else {
        return pack.add();
    };
    let others = Bump::new();
    let written = Written::new(text, draft.lines.is_ascii(), &others);
    let mut extractor = Extractor::new(written, options.is_stub, options.read, scratch);
    let marked = suppressions::has_marks(text);
    if marked {
        extractor.statements = Some(Vec::new());
    }
    let ReadOptions {
        values,
        emissions,
        signatures,
        ..
    } = options.read;
    let tree = if marked || values || emissions || signatures {
        extractor.module(&parsed.syntax().body);
        Some(parsed)
    } else {
        extractor.consume_module(parsed.into_syntax().body);
        None
    };
    extractor.scopes.seal(extractor.names.len());
    if let (Some(tree), true) = (&tree, marked) {
        let statements = extractor.statements.take().unwrap_or_default();
        draft.suppressions = comments::suppressions(text, tree.tokens(), statements);
    }
    if draft
        .errors
        .iter()
        .any(|error| error.kind == SyntaxErrorKind::Invalid)
    {
        // Names may be bound in lines that the parser gave up on.
        extractor.dynamic.get_or_insert(Dynamic::Recovered);
    }
    let mut names = std::mem::take(&mut extractor.names);
    let memory = std::mem::take(&mut extractor.finishing);
    let finisher = finish::Finisher::new(&extractor, &mut names, draft, memory);
    extractor.finishing = finisher.finish();
    extractor.names = names;
    if let Some(tree) = &tree {
        let body = &tree.syntax().body;
        draft.values = values.then(|| Box::new(values::lower(body)));
        draft.emissions = emissions.then(|| Box::new(emissions::collect(body)));
        draft.signatures = signatures.then(|| Box::new(signatures::collect(body)));
    }
    pack.add();
    let depth = extractor.max_depth;
    SCRATCH.set(extractor.into_scratch());
    drop_tree(tree, depth);
}

/// Drops a tree of that depth, or a part of one.
fn drop_tree<T>(tree: T, depth: u32) {
    if depth < DEEP {
        drop(tree);
    } else {
        let bytes = depth as usize * DROP_BYTES_PER_LEVEL + STACK_SEGMENT;
        stacker::grow(bytes, || drop(tree));
    }
}

fn errors<T>(parsed: &Parsed<T>) -> Vec<SyntaxError> {
    let invalid = parsed.errors().iter().map(|error| SyntaxError {
        span: span(error.location),
        message: error.error.to_string(),
        kind: SyntaxErrorKind::Invalid,
    });
    let unsupported = parsed
        .unsupported_syntax_errors()
        .iter()
        .map(|error| SyntaxError {
            span: span(error.range()),
            message: error.to_string(),
            kind: SyntaxErrorKind::Unsupported,
        });
    invalid.chain(unsupported).collect()
}
