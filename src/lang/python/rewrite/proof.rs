//! What must hold of any rewrite of one file.

use rustc_hash::FxHashMap;

use super::source::Source;
use super::{Renamed, parse, rename, visit};
use crate::fix::edit::{Rewritten, apply_edits};
use crate::span::Span;

/// Guards against mistakes of the rewriter: the result must parse, keep every comment, and mean the same by each name.
pub(super) fn verify(
    text: &str,
    rewritten: &Rewritten,
    renamed: &[Renamed],
    gone: &[Span],
) -> Result<(), &'static str> {
    if rewritten.edits.is_empty() {
        return Ok(());
    }
    let new_text = apply_edits(text, &rewritten.edits);
    let new = parse(&new_text);
    if !new.has_valid_syntax() {
        return Err("the rewritten file would not parse");
    }
    let old = parse(text);
    if !renamed.is_empty() {
        let before = visit::read(text, &old.syntax().body);
        let after = visit::read(&new_text, &new.syntax().body);
        if !rename::keeps_meanings(&before, &after, renamed) {
            return Err("a name would mean something else");
        }
    }
    let is_gone = |at: Span| gone.iter().any(|place| place.contains(at.start));
    let old: Vec<&str> = Source::new(text, old.tokens())
        .comment_spans()
        .filter(|at| !is_gone(*at))
        .map(|at| &text[at.range()])
        .collect();
    let new: Vec<&str> = Source::new(&new_text, new.tokens()).comments().collect();
    if comments_are_kept(&old, &new) {
        Ok(())
    } else {
        Err("the rewritten file would lose a comment")
    }
}

/// Whether every comment of `old` is in `new`, alone or as part of another.
fn comments_are_kept(old: &[&str], new: &[&str]) -> bool {
    let mut left: FxHashMap<&str, usize> = FxHashMap::default();
    for comment in new {
        *left.entry(comment).or_default() += 1;
    }
    let missing: Vec<&str> = old
        .iter()
        .copied()
        .filter(|comment| match left.get_mut(comment) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .collect();
    let count = |all: &[&str], comment: &str| -> usize {
        all.iter().map(|one| one.matches(comment).count()).sum()
    };
    missing
        .into_iter()
        .all(|comment| count(new, comment) >= count(old, comment))
}
