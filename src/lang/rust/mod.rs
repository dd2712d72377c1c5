//! Rust: facts from the tree of `syn`.
//!
//! The only module that names `syn` and `proc_macro2`. Extraction is total: whatever the text, facts come out, with
//! the errors among them, and the tree is dropped.

mod attributes;
mod comments;
mod depth;
mod expressions;
mod extract;
mod finish;
mod flow;
mod functions;
mod items;
mod layout;
mod macros;
mod names;
mod operators;
mod paths;
mod rewrite;
mod statements;
mod uses;

pub use layout::{child_folder, submodule_files};
pub use rewrite::rewrite;

use crate::facts::{Draft, Dynamic, Pack, Scope, ScopeId, ScopeKind, SyntaxError, SyntaxErrorKind};
use crate::span::Span;
use extract::Extractor;

/// Bytes of stack that a level of nesting takes at most while a tree is parsed, visited and dropped.
const BYTES_PER_LEVEL: usize = if cfg!(debug_assertions) {
    32 * 1024
} else {
    8 * 1024
};

/// Stack for what is not nested.
const BASE: usize = 512 * 1024;

/// Nesting beyond which a file is not read. No one writes such a file, and no compiler reads it.
const TOO_DEEP: u32 = 20_000;

/// Reads `text` as Rust and adds its facts to `pack`.
pub fn extract(text: &str, pack: &mut Pack) {
    let draft = pack.draft();
    draft.lines.fill(text);
    let depth = depth::bound(text);
    if depth > TOO_DEEP {
        unread(
            draft,
            Span::at(0),
            "nested too deeply to be read".to_owned(),
        );
    } else {
        let stack = BASE + depth as usize * BYTES_PER_LEVEL;
        stacker::maybe_grow(stack, stack + BASE, || read(text, draft));
        // Each thread keeps the text of all it parsed until told that no span is left.
        proc_macro2::extra::invalidate_current_thread_spans();
    }
    pack.add();
}

fn read(text: &str, draft: &mut Draft) {
    let start = code_start(text);
    match syn::parse_file(&text[start..]) {
        Ok(file) => Extractor::new(start as u32, draft).file(&file),
        Err(error) => {
            let at = error.span().byte_range();
            let span = Span::new((start + at.start) as u32, (start + at.end) as u32);
            unread(draft, span, error.to_string());
        }
    }
    if comments::has_marks(text) {
        draft.suppressions = comments::suppressions(text);
    }
}

/// Where the code starts behind a `#!` line: the parser takes it off, and counts from there.
fn code_start(text: &str) -> usize {
    let is_shebang = text.starts_with("#!") && !text[2..].trim_start().starts_with('[');
    if is_shebang {
        text.find('\n').unwrap_or(text.len())
    } else {
        0
    }
}

/// Facts of a file of which only its error is known.
fn unread(draft: &mut Draft, span: Span, message: String) {
    draft.scopes.push(Scope {
        kind: ScopeKind::Module,
        parent: ScopeId::MODULE,
        definition: None,
    });
    draft.dynamic = Some(Dynamic::Recovered);
    draft.errors.push(SyntaxError {
        span,
        message,
        kind: SyntaxErrorKind::Invalid,
    });
}
