//! `registry-as-rules`: the lines that the import registry endorses, as `[[canonical]]` rules.
//!
//! How the document is read is [`crate::registry`]'s; whether a line is true of the code is for `registry-drift`.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::layer::{Layer, Lowered};
use super::model::{Canonical, RuleMeta, SymbolPath};
use super::problem::{Place, Sources};
use crate::registry::{self, Entry, Status};
use crate::span::Span;

/// Adds a rule for each symbol that the document with the number `file` endorses and that has no rule yet.
pub(super) fn add(layer: &mut Layer, file: usize, sources: &Sources) {
    let text = &sources.file(file).text;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let starts: Vec<usize> = lines
        .iter()
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start)
        })
        .collect();
    let ruled = layer.canonical.iter().map(|rule| rule.rule.symbol.clone());
    let mut seen: FxHashSet<SymbolPath> = ruled.collect();
    for entry in registry::read(text) {
        let (Status::Endorsed, Some(name)) = (entry.status, &entry.name) else {
            continue;
        };
        let symbol = SymbolPath {
            module: entry.module.clone(),
            name: name.clone(),
        };
        if !seen.insert(symbol.clone()) {
            continue;
        }
        let line = entry.line as usize - 1;
        let place = Place {
            file,
            span: span(starts[line], lines[line], &entry),
        };
        layer.canonical.push(rule(symbol, place, sources));
    }
}

fn rule(symbol: SymbolPath, subject: Place, sources: &Sources) -> Lowered<Canonical> {
    let meta = RuleMeta {
        id: Arc::from(format!("registry:{symbol}")),
        reason: None,
        priority: None,
        severity: None,
        lang: None,
        location: sources.location(subject),
        pack: None,
        from_registry: true,
    };
    Lowered {
        rule: Canonical {
            meta,
            symbol,
            replaces: Vec::new(),
            tombstones: Vec::new(),
            requires: Vec::new(),
        },
        subject,
        others: Vec::new(),
        id: None,
        since: None,
    }
}

/// The bytes of an entry's name; its columns count characters.
fn span(start: usize, line: &str, entry: &Entry) -> Span {
    let at = |column: u32| {
        let mut offsets = line.char_indices().map(|(at, _)| at);
        let within = offsets.nth(column as usize - 1).unwrap_or(line.len());
        (start + within) as u32
    };
    Span::new(at(entry.column), at(entry.end_column))
}
