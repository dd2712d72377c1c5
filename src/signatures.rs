//! What calls hand over and what functions ask for beyond their parameter lists: facts for those who hold calls
//! against signatures.
//!
//! Owns the data alone; it is collected only where it is asked for.

use crate::span::Span;

/// Everything about calls and signatures of one file.
#[derive(Clone, Debug, Default)]
pub struct Signatures {
    /// The calls, by callee.
    pub calls: Vec<CallArguments>,
    /// What calls of `functools.partial` are made of: names bound to such a call are called with more than is written.
    pub partials: Vec<Span>,
    /// Names (of variables, or the last of a chain of attributes) that calls hand over, sorted: what is behind them may be
    /// changed there. Calls of builtins that only look do not count.
    pub handed: Vec<Box<str>>,
    /// What functions ask for, by where their names stand.
    pub functions: Vec<FunctionDemands>,
    /// What `except` clauses put in the place of what their `try` makes.
    pub fallbacks: Vec<Fallback>,
    /// What classes whose constructor is made from their fields have, by where their names stand.
    pub classes: Vec<ClassFields>,
}

/// The arguments of a call.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
pub struct CallArguments {
    /// From the start of the call to the end of what is called, as in [`crate::facts::Call`].
    pub callee: Span,
    /// The whole call.
    pub span: Span,
    /// Number of positional arguments without a star.
    pub positional: u32,
    /// Whether there are starred ones: any number of arguments more.
    pub starred: bool,
    /// The keywords.
    pub keywords: Vec<Box<str>>,
    /// Whether a mapping is unpacked: any keywords more.
    pub unpacked: bool,
    /// Whether nothing is done with the value.
    pub discarded: bool,
    /// Whether the call is expected to fail: in a test for exceptions, or where a `TypeError` of it is handled.
    pub may_fail: bool,
}

/// What a function asks for beyond its parameter list.
#[derive(Clone, Debug)]
pub struct FunctionDemands {
    /// Offset of its name.
    pub name: u32,
    /// Parameters that it refuses to have left out: it raises at its start if they have their default.
    pub needed: Vec<Needed>,
    /// What it returns.
    pub returns: Returns,
    /// Whether its body does no more than log, pass or return a constant.
    pub is_hollow: bool,
}

/// A parameter whose default is refused.
#[derive(Clone, Debug)]
pub struct Needed {
    /// Its name.
    pub name: Box<str>,
    /// The statement that raises.
    pub raise: Span,
}

/// What the `return` statements of a function give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Nothing, literals, and the results of the calls with these callees.
    Known(Vec<Span>),
    /// Anything.
    Unknown,
}

/// The fields of a class body.
#[derive(Clone, Debug)]
pub struct ClassFields {
    /// Offset of the class's name.
    pub name: u32,
    /// The annotated names, in order.
    pub fields: Vec<Field>,
    /// Arguments of its decorators: `kw_only=True`.
    pub options: Vec<(Box<str>, bool)>,
    /// Whether something stands in for what cannot be read: options or fields that are no constants.
    pub uncertain: bool,
}

/// An annotated name of a class body.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Box<str>,
    /// Whether it has a default.
    pub has_default: bool,
    /// Whether the constructor takes it.
    pub in_constructor: bool,
    /// Whether it is taken by keyword only.
    pub keyword_only: bool,
}

/// A `try` with something else to be used when it fails.
#[derive(Clone, Debug)]
pub struct Fallback {
    /// Callees of the calls whose results the `try` returns or binds where `instead` goes to.
    pub tried: Vec<Span>,
    /// Names that the `try` imports, where they stand.
    pub imported: Vec<Span>,
    /// Callees of the calls whose results the handlers return or bind.
    pub instead: Vec<Span>,
    /// Offsets of the names of classes that the handlers define.
    pub defined: Vec<u32>,
}

impl Signatures {
    /// The arguments of the call with this callee.
    #[must_use]
    pub fn arguments(&self, callee: Span) -> Option<&CallArguments> {
        let at = self.calls.binary_search_by_key(&callee, |call| call.callee);
        at.ok().map(|at| &self.calls[at])
    }

    /// What the function whose name stands at an offset asks for.
    #[must_use]
    pub fn demands(&self, name: u32) -> Option<&FunctionDemands> {
        let at = self
            .functions
            .binary_search_by_key(&name, |function| function.name);
        at.ok().map(|at| &self.functions[at])
    }

    /// The fields of the class whose name stands at an offset.
    #[must_use]
    pub fn fields(&self, name: u32) -> Option<&ClassFields> {
        let at = self.classes.binary_search_by_key(&name, |class| class.name);
        at.ok().map(|at| &self.classes[at])
    }
}
