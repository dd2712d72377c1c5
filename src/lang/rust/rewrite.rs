//! Binding changes turned into edits: names of `use` declarations, and paths in code.
//!
//! Owns which bytes change. What moves and why is decided elsewhere, and that the result means what it should is
//! proven there. Nothing is printed from a tree: all that stays keeps its bytes.

use proc_macro2::Span as TokenSpan;
use syn::visit::{self, Visit};
use syn::{Ident, ItemUse, UseTree};

use super::uses::bare;
use crate::fix::edit::{AddImport, FileChanges, MoveImport, MoveUse, Refused, Rewritten, TextEdit};
use crate::span::Span;

/// One name of a `use`, with what is around it.
struct Leaf {
    alias: Span,
    /// What it is called here.
    local: String,
    /// The elements that go when this one does, the name itself first, each with its place in its group; the last
    /// one is the whole tree.
    around: Vec<Element>,
}

/// An element of a group, or the tree of a declaration.
#[derive(Clone, Copy)]
struct Element {
    span: Span,
    /// The group that it stands in, without its brackets, and how many elements that has.
    group: Option<(Span, usize)>,
}

/// A `use` declaration.
struct Declaration {
    /// From its visibility to its semicolon.
    span: Span,
    /// From its first attribute on.
    start: u32,
    visibility: String,
    leaves: Vec<Leaf>,
}

struct Collector<'t> {
    text: &'t str,
    start: u32,
    found: Vec<Declaration>,
    /// Where macros stand: what is in them is text.
    macros: Vec<Span>,
}

/// Rewrites a file's text.
#[must_use]
pub fn rewrite(text: &str, changes: &FileChanges) -> Rewritten {
    let start = super::code_start(text);
    let depth = super::depth::bound(text);
    let mut rewritten = Rewritten::default();
    let mut collector = Collector {
        text,
        start: start as u32,
        found: Vec::new(),
        macros: Vec::new(),
    };
    let stack = super::BASE + depth as usize * super::BYTES_PER_LEVEL;
    let parsed = depth <= super::TOO_DEEP
        && stacker::maybe_grow(stack, stack + super::BASE, || {
            syn::parse_file(&text[start..]).is_ok_and(|file| {
                collector.visit_file(&file);
                true
            })
        });
    proc_macro2::extra::invalidate_current_thread_spans();
    let mut plan = Plan {
        text,
        changes,
        collector: &collector,
        edits: Vec::new(),
        answers: Vec::new(),
    };
    if parsed {
        plan.make();
    } else {
        let count = changes.moves.len() + changes.uses.len() + changes.additions.len();
        plan.answers = vec![Err("the file does not parse".to_owned()); count];
    }
    let answers = std::mem::take(&mut plan.answers);
    let edits = std::mem::take(&mut plan.edits);
    let others = changes.replacements.iter().map(|one| one.name);
    let others = others.chain(changes.removals.iter().map(|one| one.name));
    let spans = changes.moves.iter().map(|one| one.alias);
    let spans = spans.chain(changes.uses.iter().map(|one| one.use_span));
    let spans = spans.chain(changes.additions.iter().map(|one| one.after_statement));
    settle(edits, answers, spans.chain(others), &mut rewritten);
    rewritten
}

/// An edit with the change that wants it.
type Wanted = (usize, TextEdit);

/// Sorts edits and tells which changes need which of them.
fn settle(
    mut wanted: Vec<Wanted>,
    answers: Vec<Result<(), String>>,
    spans: impl Iterator<Item = Span>,
    rewritten: &mut Rewritten,
) {
    wanted.sort_by_key(|(change, edit)| (edit.span, *change));
    // Edits of one place are one edit: a tree that goes for several of its names, or names that come there.
    let mut numbers: Vec<(usize, usize)> = Vec::new();
    for (change, edit) in wanted {
        match rewritten.edits.last_mut() {
            Some(last) if last.span == edit.span => {
                if last.content != edit.content {
                    last.content.push_str(&edit.content);
                }
            }
            _ => rewritten.edits.push(edit),
        }
        numbers.push((change, rewritten.edits.len() - 1));
    }
    let answers = answers.into_iter().chain(std::iter::repeat_n(
        Err("code of Rust is not taken away".to_owned()),
        usize::MAX,
    ));
    for (change, (at, answer)) in spans.zip(answers).enumerate() {
        match answer {
            Ok(()) => {
                let own = numbers.iter().filter(|(of, _)| *of == change);
                let mut own: Vec<usize> = own.map(|(_, edit)| *edit).collect();
                own.dedup();
                rewritten.by_change.push((at, own));
            }
            Err(reason) => rewritten.refused.push(Refused { change, at, reason }),
        }
    }
}

struct Plan<'p> {
    text: &'p str,
    changes: &'p FileChanges,
    collector: &'p Collector<'p>,
    edits: Vec<Wanted>,
    answers: Vec<Result<(), String>>,
}

impl Plan<'_> {
    fn make(&mut self) {
        let changes = self.changes;
        for (at, one) in changes.moves.iter().enumerate() {
            let answer = self.import(at, one);
            self.answers.push(answer);
        }
        let before = changes.moves.len();
        for (at, one) in changes.uses.iter().enumerate() {
            let answer = self.used(before + at, one);
            self.answers.push(answer);
        }
        let before = before + changes.uses.len();
        for (at, one) in changes.additions.iter().enumerate() {
            let answer = self.added(before + at, one);
            self.answers.push(answer);
        }
    }

    /// A module as code of this file names it.
    fn module(&self, module: &str) -> String {
        let own = self.changes.module.trim_start_matches("::");
        let own = own.split("::").next().unwrap_or(own);
        match module.split_once("::") {
            Some((first, rest)) if first == own => ["crate", rest].join("::"),
            None if module == own => "crate".to_owned(),
            _ => module.to_owned(),
        }
    }

    fn edit(&mut self, change: usize, span: Span, content: String) {
        self.edits.push((change, TextEdit { span, content }));
    }

    fn import(&mut self, change: usize, one: &MoveImport) -> Result<(), String> {
        let path = format!("{}::{}", self.module(&one.to_module), raw(&one.to_name));
        if self.collector.is_in_macro(one.alias) {
            return Err("it stands in a macro, whose text may mean anything".to_owned());
        }
        if one.statement == one.alias {
            self.edit(change, one.alias, path);
            return Ok(());
        }
        let declaration = self
            .collector
            .found
            .iter()
            .find(|found| found.span == one.statement);
        let declaration = declaration.ok_or("the statement is not where it was")?;
        let leaf = declaration
            .leaves
            .iter()
            .find(|leaf| leaf.alias == one.alias);
        let leaf = leaf.ok_or("it leads through a type")?;
        let local = match leaf.local.as_str() {
            "_" => " as _".to_owned(),
            local if local == one.to_name => String::new(),
            local => format!(" as {}", raw(local)),
        };
        let moved = format!("{path}{local}");
        let gone: Vec<&Leaf> = declaration
            .leaves
            .iter()
            .filter(|leaf| {
                let mut moves = self.changes.moves.iter();
                moves.any(|one| one.alias == leaf.alias && one.statement == declaration.span)
            })
            .collect();
        let whole = *leaf.around.last().ok_or("the tree is empty")?;
        if declaration.leaves.len() == 1 {
            if holds_comment(&self.text[whole.span.range()]) {
                return Err("a comment stands in the path".to_owned());
            }
            self.edit(change, whole.span, moved);
            return Ok(());
        }
        if gone.len() == declaration.leaves.len() {
            // All names move: the first one's declaration takes the place, the others come behind it.
            let is_first = gone.first().is_some_and(|first| first.alias == leaf.alias);
            if holds_comment(&self.text[whole.span.range()]) {
                return Err("a comment stands among the names".to_owned());
            }
            if is_first {
                self.edit(change, whole.span, moved);
            } else {
                // The name in the old tree goes with the first one's edit.
                self.insert(change, declaration, &moved);
            }
            return Ok(());
        }
        self.take_out(change, leaf, &gone)?;
        self.insert(change, declaration, &moved);
        Ok(())
    }

    /// Takes a name out of its group, with the groups that it leaves empty.
    fn take_out(&mut self, change: usize, leaf: &Leaf, gone: &[&Leaf]) -> Result<(), String> {
        let is_gone = |span: Span| {
            let all = self.collector.found.iter().flat_map(|found| &found.leaves);
            let inside = all.filter(|leaf| span.contains(leaf.alias.start));
            inside
                .into_iter()
                .all(|leaf| gone.iter().any(|one| one.alias == leaf.alias))
        };
        let element = leaf
            .around
            .iter()
            .rev()
            .find(|element| element.group.is_some() && is_gone(element.span));
        let element = *element.ok_or("it is no part of a group")?;
        let (group, _) = element.group.ok_or("it is no part of a group")?;
        let span = with_comma(self.text, element.span, group)?;
        self.edit(change, span, String::new());
        Ok(())
    }

    /// Adds a declaration beside one, with its attributes and visibility.
    fn insert(&mut self, change: usize, beside: &Declaration, path: &str) {
        let line = self.text[..beside.start as usize]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let indent = &self.text[line..beside.start as usize];
        let indent = if indent.trim().is_empty() { indent } else { "" };
        let attributes = &self.text[beside.start as usize..beside.span.start as usize];
        let statement = format!("{attributes}{}use {path};", beside.visibility);
        let end = if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let at = Span::at(beside.span.end);
        self.edit(change, at, format!("{end}{indent}{statement}"));
    }

    fn used(&mut self, change: usize, one: &MoveUse) -> Result<(), String> {
        if self.collector.is_in_macro(one.use_span) {
            return Err("it stands in a macro, whose text may mean anything".to_owned());
        }
        let written = &self.text[one.use_span.range()];
        if written.contains(['<', '/', '\n']) {
            return Err("the path holds more than names".to_owned());
        }
        let path = format!("{}::{}", self.module(&one.to_module), raw(&one.to_name));
        self.edit(change, one.use_span, path);
        Ok(())
    }

    fn added(&mut self, change: usize, one: &AddImport) -> Result<(), String> {
        let mut found = self.collector.found.iter();
        let declaration = found.find(|found| found.span == one.after_statement);
        let declaration = declaration.ok_or("the statement is not where it was")?;
        let path = format!("{}::{}", self.module(&one.to_module), raw(&one.to_name));
        let local = if one.local == one.to_name {
            String::new()
        } else {
            format!(" as {}", raw(&one.local))
        };
        self.insert(change, declaration, &format!("{path}{local}"));
        Ok(())
    }
}

/// A name as it must be written where it is a keyword.
fn raw(name: &str) -> String {
    let is_plain = syn::parse_str::<Ident>(name).is_ok();
    let is_special = matches!(name, "self" | "super" | "crate" | "Self" | "_");
    if is_plain || is_special {
        name.to_owned()
    } else {
        format!("r#{name}")
    }
}

fn holds_comment(text: &str) -> bool {
    text.contains("//") || text.contains("/*")
}

/// An element of a group with the comma that goes with it, and the space behind.
fn with_comma(text: &str, element: Span, group: Span) -> Result<Span, String> {
    let behind = &text[element.end as usize..group.end as usize];
    let spaces = behind.len() - behind.trim_start().len();
    if behind[spaces..].starts_with(',') {
        let after = &behind[spaces + 1..];
        let line = after.find('\n').unwrap_or(after.len());
        if holds_comment(&after[..line]) {
            return Err("a comment behind it would lose what it is about".to_owned());
        }
        let mut end = element.end as usize + spaces + 1;
        let mut start = element.start as usize;
        let before = &text[group.start as usize..start];
        let opens_line = before
            .rsplit_once('\n')
            .is_some_and(|(_, own)| own.trim().is_empty());
        if opens_line && after[..line].trim().is_empty() && line < after.len() {
            // Its own line goes with it.
            end += line + 1;
            start = group.start as usize + before.rfind('\n').map_or(0, |at| at + 1);
        } else {
            end += after.len() - after.trim_start_matches(' ').len();
        }
        return Ok(Span::new(start as u32, end as u32));
    }
    let before = &text[group.start as usize..element.start as usize];
    let kept = before.trim_end();
    if holds_comment(behind) || kept.lines().last().is_some_and(|line| line.contains("//")) {
        return Err("a comment beside it would lose what it is about".to_owned());
    }
    let kept = kept.strip_suffix(',').unwrap_or(kept);
    Ok(Span::new(group.start + kept.len() as u32, element.end))
}

impl Collector<'_> {
    fn span(&self, from: TokenSpan, to: TokenSpan) -> Span {
        Span::new(
            from.byte_range().start as u32 + self.start,
            to.byte_range().end as u32 + self.start,
        )
    }

    fn is_in_macro(&self, span: Span) -> bool {
        self.macros.iter().any(|found| found.contains(span.start))
    }

    /// The first and last token of a tree.
    fn ends(tree: &UseTree) -> (TokenSpan, TokenSpan) {
        match tree {
            UseTree::Path(path) => (path.ident.span(), Self::ends(&path.tree).1),
            UseTree::Name(name) => (name.ident.span(), name.ident.span()),
            UseTree::Rename(rename) => (rename.ident.span(), rename.rename.span()),
            UseTree::Glob(glob) => (glob.star_token.span, glob.star_token.span),
            UseTree::Group(group) => (
                group.brace_token.span.open(),
                group.brace_token.span.close(),
            ),
        }
    }

    fn leaves(
        &self,
        tree: &UseTree,
        last: Option<&Ident>,
        around: &mut Vec<Element>,
        found: &mut Vec<Leaf>,
    ) {
        let mut leaf = |alias: Span, local: String| {
            let around = around.iter().rev().copied().collect();
            found.push(Leaf {
                alias,
                local,
                around,
            });
        };
        let (start, end) = Self::ends(tree);
        match tree {
            UseTree::Path(path) => self.leaves(&path.tree, Some(&path.ident), around, found),
            UseTree::Name(name) => {
                let local = if name.ident == "self" {
                    last
                } else {
                    Some(&name.ident)
                };
                leaf(self.span(start, end), local.map(bare).unwrap_or_default());
            }
            UseTree::Rename(rename) => leaf(self.span(start, end), bare(&rename.rename)),
            UseTree::Glob(_) => leaf(self.span(start, end), "*".to_owned()),
            UseTree::Group(group) => {
                let open = self.span(start, start).end;
                let close = self.span(end, end).start;
                for tree in &group.items {
                    let (start, end) = Self::ends(tree);
                    around.push(Element {
                        span: self.span(start, end),
                        group: Some((Span::new(open, close), group.items.len())),
                    });
                    self.leaves(tree, last, around, found);
                    around.pop();
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let first = match &item.vis {
            syn::Visibility::Public(public) => public.span,
            syn::Visibility::Restricted(restricted) => restricted.pub_token.span,
            syn::Visibility::Inherited => item.use_token.span,
        };
        let span = self.span(first, item.semi_token.span);
        let own = self.span(item.use_token.span, item.use_token.span).start;
        let start = item.attrs.first().map_or(span.start, |first| {
            self.span(first.pound_token.span, first.pound_token.span)
                .start
        });
        let (from, to) = Self::ends(&item.tree);
        let from = item.leading_colon.map_or(from, |colon| colon.spans[0]);
        let whole = Element {
            span: self.span(from, to),
            group: None,
        };
        let mut leaves = Vec::new();
        self.leaves(&item.tree, None, &mut vec![whole], &mut leaves);
        self.found.push(Declaration {
            span,
            start,
            visibility: self.text[span.start as usize..own as usize].to_owned(),
            leaves,
        });
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let span = match &mac.delimiter {
            syn::MacroDelimiter::Paren(paren) => paren.span,
            syn::MacroDelimiter::Brace(brace) => brace.span,
            syn::MacroDelimiter::Bracket(bracket) => bracket.span,
        };
        let span = self.span(span.open(), span.close());
        self.macros.push(span);
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        visit::visit_item_macro(self, item);
    }
}
