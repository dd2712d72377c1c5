//! The scopes of one file: where names are bound, where they are used, and every import statement with its place.
//!
//! Errs on the side of more bindings: whoever asks refuses a rewrite when a name might mean something else.

use rustc_hash::{FxHashMap, FxHashSet};

use super::replaced::Object;
use crate::span::Span;
use ruff_python_ast::Stmt;

/// The module's scope.
pub(super) const MODULE: usize = 0;

/// What opens a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Module,
    Class,
    /// A function, lambda or type parameter list.
    Function,
    Comprehension,
}

/// How a name is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// By `import a.b`, to the root.
    Plain,
    /// By another import.
    Import,
    /// By `global` or `nonlocal` in a scope below.
    Declared,
    /// By `del`.
    Deleted,
    /// By anything else.
    Other,
}

/// A scope.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) kind: Kind,
    pub(super) parent: usize,
    pub(super) bindings: FxHashMap<&'a str, Vec<Bound>>,
    /// Names declared `global`.
    pub(super) globals: FxHashSet<&'a str>,
    /// Names declared `nonlocal`.
    pub(super) nonlocals: FxHashSet<&'a str>,
}

/// A name in an expression.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameUse {
    pub(super) span: Span,
    pub(super) scope: usize,
    pub(super) load: bool,
    /// Whether its very text counts: `f"{name=}"` prints it.
    pub(super) is_spelled: bool,
}

/// A `global` or `nonlocal` name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declaration<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    pub(super) scope: usize,
}

/// What a string is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A statement of its own: a docstring.
    Prose,
    /// A name in `__all__`.
    Export,
    /// Not known: it may be looked up anywhere.
    Opaque,
}

/// A string literal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) value: &'a str,
    /// What stands between the quotes.
    pub(super) span: Span,
    pub(super) role: Role,
}

/// A name in an annotation that is a string.
#[derive(Clone, Debug)]
pub(super) struct Quoted {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) scope: usize,
    /// Whether the text is escaped or in pieces, so that places in it are not known.
    pub(super) is_complex: bool,
}

/// Attributes behind a name.
#[derive(Clone, Debug)]
pub(super) struct Chain<'a> {
    /// The root's name token.
    pub(super) root: Span,
    pub(super) root_name: &'a str,
    /// The attribute names.
    pub(super) path: Vec<&'a str>,
    /// The last attribute's name token.
    pub(super) last: Span,
    pub(super) load: bool,
}

/// An import statement and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    pub(super) statement: &'a Stmt,
    /// Which suite, and which run of imports without other statements between them.
    pub(super) suite: usize,
    pub(super) block: usize,
    /// Place in the suite.
    pub(super) index: usize,
    pub(super) scope: usize,
    /// Whether it is tried, with a handler for the failure of imports.
    pub(super) guarded: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) uses: FxHashMap<&'a str, Vec<NameUse>>,
    /// Chains by their whole span.
    pub(super) chains: FxHashMap<Span, Chain<'a>>,
    /// The span of the longest chain of each root token.
    pub(super) longest: FxHashMap<Span, Span>,
    /// String literals, by value.
    pub(super) strings: Vec<&'a str>,
    /// The same with their places and uses, save those that are annotations.
    pub(super) texts: Vec<Text<'a>>,
    /// Names in annotations that are strings.
    pub(super) quoted: Vec<Quoted>,
    /// `global` and `nonlocal` names, in source order.
    pub(super) declarations: Vec<Declaration<'a>>,
    /// Names of parameters, of any function.
    pub(super) parameters: FxHashSet<&'a str>,
    /// Import statements in source order.
    pub(super) sites: Vec<Site<'a>>,
    pub(super) has_star: bool,
    /// Modules of which calls replace a name, by the string with the name.
    pub(super) objects: FxHashMap<Span, Object<'a>>,
}

impl<'a> Names<'a> {
    /// Whether every `from` statement takes one name, though some could share a statement: `force-single-line`.
    pub(super) fn is_single_line(&self) -> bool {
        let froms = self.sites.iter().filter_map(|site| match site.statement {
            Stmt::ImportFrom(import) => Some((site.suite, import)),
            _ => None,
        });
        let mut seen = FxHashSet::default();
        let mut repeats = false;
        for (suite, import) in froms {
            if import.names.len() != 1 {
                return false;
            }
            let module = import
                .module
                .as_ref()
                .map(ruff_python_ast::Identifier::as_str);
            repeats |= !seen.insert((suite, import.level, module));
        }
        repeats
    }

    /// The bindings of `name` in `scope` itself.
    pub(super) fn bindings(&self, scope: usize, name: &str) -> &[Bound] {
        self.scopes[scope]
            .bindings
            .get(name)
            .map_or(&[], Vec::as_slice)
    }

    /// The scope whose binding `name` means in `scope`; none for builtins, star imports and undefined names.
    pub(super) fn resolve(&self, scope: usize, name: &str) -> Option<usize> {
        let mut at = scope;
        loop {
            let here = &self.scopes[at];
            if here.globals.contains(name) {
                return (!self.bindings(MODULE, name).is_empty()).then_some(MODULE);
            }
            let visible = at == scope || here.kind != Kind::Class;
            if visible && here.bindings.contains_key(name) && !here.nonlocals.contains(name) {
                return Some(at);
            }
            if at == MODULE {
                return None;
            }
            at = here.parent;
        }
    }

    /// Whether `outer` is `inner` or one of the scopes around it.
    pub(super) fn encloses(&self, outer: usize, inner: usize) -> bool {
        let mut at = inner;
        while at != outer && at != MODULE {
            at = self.scopes[at].parent;
        }
        at == outer
    }

    /// Whether a scope is that of a class, or lies in one.
    pub(super) fn in_class(&self, scope: usize) -> bool {
        let mut at = scope;
        while at != MODULE && self.scopes[at].kind != Kind::Class {
            at = self.scopes[at].parent;
        }
        at != MODULE
    }

    /// Uses of the name `name` that mean its binding in `scope`.
    pub(super) fn uses_of(&self, scope: usize, name: &str) -> impl Iterator<Item = NameUse> {
        self.uses
            .get(name)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .copied()
            .filter(move |one| self.resolve(one.scope, name) == Some(scope))
    }

    /// The attributes read behind a root token.
    pub(super) fn longest_path(&self, root: Span) -> Option<&Chain<'a>> {
        self.chains.get(self.longest.get(&root)?)
    }
}
