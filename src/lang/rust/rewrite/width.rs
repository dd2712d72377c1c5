//! Breaks lines of code that a longer path makes too wide, as rustfmt would.
//!
//! Owns the layouts that do not depend on the code around: the value of a `let` goes to a line of its own, and so does
//! each method of a chain, each parameter of a function. What needs more than that stays one line, for rustfmt to break.

use std::collections::BTreeMap;

use proc_macro2::Span as Token;
use syn::visit::{self, Visit};
use syn::{Expr, Local};

use super::Wanted;
use super::cut::{line_start, opens_line};
use super::layout::WIDTH;
use crate::fix::edit::TextEdit;
use crate::span::Span;

/// The widest chain of several methods that stays on one line, in characters.
const CHAIN_WIDTH: usize = 60;
const INDENT: &str = "    ";

/// A line of code that grows.
struct Line<'t> {
    start: usize,
    text: &'t str,
    /// The edits on it, each once.
    edits: BTreeMap<Span, &'t str>,
    changes: Vec<usize>,
}

impl Line<'_> {
    fn indent(&self) -> &str {
        &self.text[..self.text.len() - self.text.trim_start().len()]
    }

    /// The characters that a part of the line has after the edits, as many as `before` before them.
    fn widths(&self, text: &str, part: Span) -> (usize, usize) {
        let before = text[part.range()].chars().count();
        let inside = |span: &Span| part.start <= span.start && span.end <= part.end;
        let own = self.edits.iter().filter(|(span, _)| inside(span));
        let (mut gone, mut come) = (0, 0);
        for (span, content) in own {
            gone += text[span.range()].chars().count();
            come += content.chars().count();
        }
        (before, before + come - gone)
    }

    fn span(&self) -> Span {
        Span::new(self.start as u32, (self.start + self.text.len()) as u32)
    }
}

/// The breaks that `wanted` calls for in a text whose code starts at `start`.
pub(super) fn breaks(text: &str, start: usize, wanted: &[Wanted]) -> Vec<Wanted> {
    let lines = growing(text, wanted);
    if lines.is_empty() {
        return Vec::new();
    }
    let Ok(file) = syn::parse_file(&text[start..]) else {
        return Vec::new();
    };
    let mut breaking = Breaking {
        text,
        start,
        lines: &lines,
        made: Vec::new(),
    };
    breaking.visit_file(&file);
    breaking.made
}

/// The lines that get wider, and wide enough to be broken.
fn growing<'t>(text: &'t str, wanted: &'t [Wanted]) -> BTreeMap<usize, Line<'t>> {
    let mut lines: BTreeMap<usize, Line<'t>> = BTreeMap::new();
    for (change, edit) in wanted {
        let start = line_start(text, edit.span.start);
        let own = text[start..].lines().next().unwrap_or_default();
        if edit.content.contains('\n') || edit.span.end as usize > start + own.len() {
            continue;
        }
        let line = lines.entry(start).or_insert_with(|| Line {
            start,
            text: own,
            edits: BTreeMap::new(),
            changes: Vec::new(),
        });
        line.edits.insert(edit.span, &edit.content);
        line.changes.push(*change);
    }
    lines.retain(|_, line| {
        let (before, after) = line.widths(text, line.span());
        before <= WIDTH && before < after && after > CHAIN_WIDTH
    });
    lines
}

struct Breaking<'l, 't> {
    text: &'t str,
    start: usize,
    lines: &'l BTreeMap<usize, Line<'t>>,
    made: Vec<Wanted>,
}

impl<'l, 't> Breaking<'l, 't> {
    fn at(&self, span: Token) -> Span {
        let range = span.byte_range();
        Span::new(
            (range.start + self.start) as u32,
            (range.end + self.start) as u32,
        )
    }

    /// The growing line that all of `span` stands on.
    fn line(&self, span: Span) -> Option<&'l Line<'t>> {
        let line = self.lines.get(&line_start(self.text, span.start))?;
        (span.end <= line.span().end).then_some(line)
    }

    /// Breaks a line at `span`, and indents what follows.
    fn edit(&mut self, line: &Line<'_>, span: Span, indent: &str) {
        self.edit_behind(line, span, "", &format!("{indent}{INDENT}"));
    }

    fn edit_behind(&mut self, line: &Line<'_>, span: Span, before: &str, indent: &str) {
        let behind = &self.text[line.span().end as usize..];
        let end = if behind.starts_with('\r') {
            "\r\n"
        } else {
            "\n"
        };
        for change in &line.changes {
            let content = format!("{before}{end}{indent}");
            self.made.push((*change, TextEdit { span, content }));
        }
    }

    /// Puts the value of a statement from `keyword` to `semicolon` that fills a line on a line of its own, if it fits
    /// there.
    fn value(
        &mut self,
        keyword: Token,
        equals: Token,
        value: &Expr,
        semicolon: Token,
    ) -> Option<()> {
        let keyword = self.at(keyword);
        let (equals, end) = (self.at(equals).end, self.at(semicolon).end);
        let line = self.line(Span::new(keyword.start, end))?;
        let behind = self.text.get(equals as usize..end as usize)?;
        let written = Span::new(end - behind.trim_start().len() as u32, end);
        let before = &line.text[..keyword.start as usize - line.start];
        let indent = line.indent();
        let is_first = before == indent || before.trim_start().starts_with("pub");
        let (_, whole) = line.widths(self.text, line.span());
        let (_, own) = line.widths(self.text, written);
        let room = WIDTH.checked_sub(indent.chars().count() + INDENT.len())?;
        let is_whole = is_first && end == line.span().end;
        if !is_whole || whole <= WIDTH || own > room || self.is_wide_chain(line, value) {
            return None;
        }
        self.edit(line, Span::new(equals, written.start), indent);
        Some(())
    }

    /// Puts the parameters of a function that fills a line on lines of their own, if they fit there.
    fn parameters(&mut self, signature: &syn::Signature) -> Option<()> {
        let paren = signature.paren_token.span;
        let (open, close) = (self.at(paren.open()), self.at(paren.close()));
        let line = self.line(Span::new(open.start, close.end))?;
        let text = &self.text[close.end as usize..line.span().end as usize];
        let is_whole = text.ends_with(" {") || text.ends_with(';');
        let (_, whole) = line.widths(self.text, line.span());
        let (_, tail) = line.widths(self.text, Span::new(close.start, line.span().end));
        let indent = line.indent();
        let columns = indent.chars().count();
        let is_plain = signature.variadic.is_none() && !signature.inputs.trailing_punct();
        if !is_whole || !is_plain || signature.inputs.is_empty() || whole <= WIDTH {
            return None;
        }
        let commas: Vec<Span> = signature
            .inputs
            .pairs()
            .filter_map(|pair| Some(self.at(pair.punct()?.span)))
            .collect();
        let starts = std::iter::once(open.end).chain(commas.iter().map(|comma| comma.end));
        let ends = commas.iter().map(|comma| comma.end).chain([close.start]);
        let mut widths = starts
            .zip(ends)
            .map(|(start, end)| line.widths(self.text, Span::new(start, end)).1);
        if columns + tail > WIDTH || widths.any(|width| columns + INDENT.len() + width > WIDTH) {
            return None;
        }
        self.edit(line, Span::at(open.end), indent);
        for comma in commas {
            let behind = &self.text[comma.end as usize..];
            let space = behind.len() - behind.trim_start().len();
            let space = Span::new(comma.end, comma.end + space as u32);
            self.edit(line, space, indent);
        }
        self.edit_behind(line, Span::at(close.start), ",", indent);
        Some(())
    }

    fn is_wide_chain(&self, line: &Line<'_>, value: &Expr) -> bool {
        self.chain(value).is_some_and(|chain| {
            chain.dots.len() > 1 && line.widths(self.text, chain.span).1 > CHAIN_WIDTH
        })
    }

    /// Puts the methods of a chain that fills a line on lines of their own.
    fn methods(&mut self, chain: &Chain) -> Option<()> {
        let line = self.line(chain.span)?;
        let behind = &self.text[chain.span.end as usize..line.span().end as usize];
        if !opens_line(self.text, chain.span.start) || !matches!(behind, "" | ";" | ",") {
            return None;
        }
        let first = chain.dots.last()?.start;
        let head = Span::new(line.start as u32, first);
        let (_, head) = line.widths(self.text, head);
        let (_, whole) = line.widths(self.text, line.span());
        let (before, own) = line.widths(self.text, chain.span);
        let is_wide =
            whole > WIDTH || (chain.dots.len() > 1 && before <= CHAIN_WIDTH && own > CHAIN_WIDTH);
        let indent = line.indent();
        if !is_wide || head > WIDTH || self.fits_above(line, head - indent.chars().count()) {
            return None;
        }
        for dot in &chain.dots {
            self.edit(line, Span::at(dot.start), indent);
        }
        Some(())
    }

    /// Whether `width` characters fit behind the `=` that ends the line above.
    fn fits_above(&self, line: &Line<'_>, width: usize) -> bool {
        let above = self.text[..line.start].trim_end();
        let above = above.rsplit('\n').next().unwrap_or_default();
        above.ends_with('=') && above.chars().count() + 1 + width <= WIDTH
    }

    fn chain(&self, expr: &Expr) -> Option<Chain> {
        let Expr::MethodCall(last) = expr else {
            return None;
        };
        let mut dots = Vec::new();
        let mut rest = expr;
        let root = loop {
            rest = match rest {
                Expr::MethodCall(call) => {
                    dots.push(self.at(call.dot_token.span));
                    &call.receiver
                }
                Expr::Field(field) => {
                    dots.push(self.at(field.dot_token.span));
                    &field.base
                }
                Expr::Await(awaits) => {
                    dots.push(self.at(awaits.dot_token.span));
                    &awaits.base
                }
                Expr::Try(tries) => &tries.expr,
                Expr::Call(call) => match &*call.func {
                    Expr::Path(path) => break path,
                    _ => return None,
                },
                Expr::Path(path) => break path,
                _ => return None,
            };
        };
        let first = root.path.segments.first()?.ident.span();
        let first = root
            .path
            .leading_colon
            .map_or(first, |colon| colon.spans[0]);
        let end = self.at(last.paren_token.span.close()).end;
        let is_plain = last.args.is_empty() && root.qself.is_none();
        is_plain.then(|| Chain {
            span: Span::new(self.at(first).start, end),
            dots,
        })
    }
}

/// Methods called on what a path gives, the last one without arguments.
struct Chain {
    span: Span,
    /// The dots before them, the last one first.
    dots: Vec<Span>,
}

impl<'ast> Visit<'ast> for Breaking<'_, '_> {
    fn visit_local(&mut self, local: &'ast Local) {
        let init = local.init.as_ref().filter(|init| init.diverge.is_none());
        let broken = init.and_then(|init| {
            let (equals, end) = (init.eq_token.span, local.semi_token.span);
            self.value(local.let_token.span, equals, &init.expr, end)
        });
        if broken.is_none() {
            visit::visit_local(self, local);
        }
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        let (equals, end) = (item.eq_token.span, item.semi_token.span);
        let broken = self.value(item.static_token.span, equals, &item.expr, end);
        if broken.is_none() {
            visit::visit_item_static(self, item);
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let (equals, end) = (item.eq_token.span, item.semi_token.span);
        let broken = self.value(item.const_token.span, equals, &item.expr, end);
        if broken.is_none() {
            visit::visit_item_const(self, item);
        }
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.parameters(signature);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        let chain = self.chain(expr);
        if chain.and_then(|chain| self.methods(&chain)).is_none() {
            visit::visit_expr(self, expr);
        }
    }

    fn visit_macro(&mut self, _: &'ast syn::Macro) {}
}
