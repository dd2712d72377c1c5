//! The `use` declarations of a file, as far as a rewrite must know them.
//!
//! Owns where everything stands; what becomes of it is decided elsewhere.

use proc_macro2::Span as TokenSpan;
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ItemUse, UseTree};

use super::layout::{Order, Tree};
use crate::lang::rust::uses::bare;
use crate::span::Span;

/// One name of a `use`, with what is around it.
pub(super) struct Leaf {
    pub(super) alias: Span,
    /// What it is called here; `*` for a glob.
    pub(super) local: String,
    /// What is before its name, segment by segment.
    pub(super) path: Vec<String>,
    /// Whether it is the last segment of its path itself: `a::{self}`.
    pub(super) is_self: bool,
    /// The elements of groups that it is in, the innermost first.
    pub(super) around: Vec<Element>,
}

/// An element of a group.
#[derive(Clone, Copy)]
pub(super) struct Element {
    pub(super) span: Span,
    /// The group, by its place in its declaration.
    pub(super) group: usize,
}

/// A group of names.
pub(super) struct Group {
    /// What is before its brackets, segment by segment.
    pub(super) path: Vec<String>,
    /// What is between its brackets.
    pub(super) inner: Span,
    /// Its elements, in order.
    pub(super) elements: Vec<Span>,
}

/// A `use` declaration.
pub(super) struct Declaration {
    /// From its visibility to its semicolon.
    pub(super) span: Span,
    /// From its first attribute on.
    pub(super) start: u32,
    /// What stands before its `use`.
    pub(super) visibility: String,
    /// Its tree, without `use` and semicolon.
    pub(super) tree: Span,
    pub(super) leaves: Vec<Leaf>,
    pub(super) groups: Vec<Group>,
    /// The block or module that it stands in.
    pub(super) suite: usize,
    /// The modules of the file around it.
    pub(super) within: Vec<String>,
    /// Whether a comment stands in it.
    pub(super) holds_comment: bool,
    /// How rustfmt orders its tree in [`Order::Case`] and [`Order::Version`]; none where that is not known.
    pub(super) trees: Option<[Tree; 2]>,
}

/// The declarations of a text.
pub(super) struct Declarations<'t> {
    text: &'t str,
    start: u32,
    pub(super) found: Vec<Declaration>,
    /// Where macros stand: what is in them is text.
    macros: Vec<Span>,
    suite: usize,
    suites: usize,
    within: Vec<String>,
}

impl<'t> Declarations<'t> {
    /// Reads a text from `start` on; none where it does not parse.
    pub(super) fn of(text: &'t str, start: usize) -> Option<Self> {
        let file = syn::parse_file(&text[start..]).ok()?;
        let mut all = Self {
            text,
            start: start as u32,
            found: Vec::new(),
            macros: Vec::new(),
            suite: 0,
            suites: 0,
            within: Vec::new(),
        };
        all.visit_file(&file);
        Some(all)
    }

    pub(super) fn is_in_macro(&self, span: Span) -> bool {
        self.macros.iter().any(|found| found.contains(span.start))
    }

    fn span(&self, from: TokenSpan, to: TokenSpan) -> Span {
        Span::new(
            from.byte_range().start as u32 + self.start,
            to.byte_range().end as u32 + self.start,
        )
    }

    fn suite(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = self.suite;
        self.suites += 1;
        self.suite = self.suites;
        visit(self);
        self.suite = outer;
    }
}

/// The first and last token of a tree.
fn ends(tree: &UseTree) -> (TokenSpan, TokenSpan) {
    match tree {
        UseTree::Path(path) => (path.ident.span(), ends(&path.tree).1),
        UseTree::Name(name) => (name.ident.span(), name.ident.span()),
        UseTree::Rename(rename) => (rename.ident.span(), rename.rename.span()),
        UseTree::Glob(glob) => (glob.star_token.span, glob.star_token.span),
        UseTree::Group(group) => (
            group.brace_token.span.open(),
            group.brace_token.span.close(),
        ),
    }
}

/// A walk through the tree of a declaration.
struct Walk<'d, 't> {
    declarations: &'d Declarations<'t>,
    path: Vec<&'d Ident>,
    around: Vec<Element>,
    leaves: Vec<Leaf>,
    groups: Vec<Group>,
}

impl<'d> Walk<'d, '_> {
    fn tree(&mut self, tree: &'d UseTree) {
        match tree {
            UseTree::Path(path) => {
                self.path.push(&path.ident);
                self.tree(&path.tree);
                self.path.pop();
            }
            UseTree::Name(name) => {
                let is_self = name.ident == "self";
                let local = if is_self {
                    self.path.last().copied()
                } else {
                    Some(&name.ident)
                };
                self.leaf(tree, local.map(bare).unwrap_or_default(), is_self);
            }
            UseTree::Rename(rename) => {
                self.leaf(tree, bare(&rename.rename), rename.ident == "self");
            }
            UseTree::Glob(_) => self.leaf(tree, "*".to_owned(), false),
            UseTree::Group(group) => {
                let (open, close) = ends(tree);
                let inner = Span::new(
                    self.declarations.span(open, open).end,
                    self.declarations.span(close, close).start,
                );
                let at = self.groups.len();
                let spans = group.items.iter().map(|tree| {
                    let (start, end) = ends(tree);
                    self.declarations.span(start, end)
                });
                let elements: Vec<Span> = spans.collect();
                self.groups.push(Group {
                    path: self.names(),
                    inner,
                    elements: elements.clone(),
                });
                for (tree, span) in group.items.iter().zip(elements) {
                    self.around.push(Element { span, group: at });
                    self.tree(tree);
                    self.around.pop();
                }
            }
        }
    }

    fn leaf(&mut self, tree: &UseTree, local: String, is_self: bool) {
        let (start, end) = ends(tree);
        self.leaves.push(Leaf {
            alias: self.declarations.span(start, end),
            local,
            path: self.names(),
            is_self,
            around: self.around.iter().rev().copied().collect(),
        });
    }

    fn names(&self) -> Vec<String> {
        self.path.iter().map(|ident| bare(ident)).collect()
    }
}

/// Whether rustfmt sorts a declaration with such an attribute among others.
fn is_fixed(attribute: &Attribute) -> bool {
    let path = attribute.path();
    let mut names = path.segments.iter().map(|segment| &segment.ident);
    let tool = names.next().is_some_and(|first| first == "rustfmt");
    tool || path.is_ident("macro_use") || path.is_ident("rustfmt_skip")
}

impl<'ast> Visit<'ast> for Declarations<'_> {
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
        let (from, to) = ends(&item.tree);
        let from = item.leading_colon.map_or(from, |colon| colon.spans[0]);
        let tree = self.span(from, to);
        let is_sortable = !item.attrs.iter().any(is_fixed);
        let trees = || {
            let read = |order| Tree::of(&item.tree, item.leading_colon.is_some(), order);
            Some([read(Order::Case)?, read(Order::Version)?])
        };
        let mut walk = Walk {
            declarations: self,
            path: Vec::new(),
            around: Vec::new(),
            leaves: Vec::new(),
            groups: Vec::new(),
        };
        walk.tree(&item.tree);
        let (leaves, groups) = (walk.leaves, walk.groups);
        self.found.push(Declaration {
            span,
            start,
            visibility: self.text[span.start as usize..own as usize].to_owned(),
            tree,
            leaves,
            groups,
            suite: self.suite,
            within: self.within.clone(),
            holds_comment: super::holds_comment(&self.text[span.range()]),
            trees: is_sortable.then(trees).flatten(),
        });
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.within.push(bare(&item.ident));
        self.suite(|all| visit::visit_item_mod(all, item));
        self.within.pop();
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.suite(|all| visit::visit_block(all, block));
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

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}
