//! The one visit of a file's syntax tree: statements, scopes and control flow.
//!
//! Owns the order in which things happen. Expressions are visited in `expr`, names are resolved in `finish`.

use std::num::NonZeroU32;

use bumpalo::Bump;
use ruff_python_ast::{self as ast, Identifier, Stmt, Suite};
use ruff_text_size::TextRange;

use super::flow::{FlowBuilder, FunctionFlow, Node, Operation, Step};
use super::interner::Interner;
use super::keeping::TempKeep;
use super::scope::{Place, Scopes, TempScopeKind, TempValue};
use super::{STACK_RED_ZONE, STACK_SEGMENT, drop_tree};
use crate::facts::{
    CallMode, DefinitionFlags, DefinitionId, DefinitionKind, Dynamic, ImportTarget, NameId,
    ParameterKind, ReadOptions, Slice, StringTargetKind, UnresolvedCalls, Usage, When,
};
use crate::span::Span;

pub(super) fn span(range: TextRange) -> Span {
    Span::new(range.start().to_u32(), range.end().to_u32())
}

/// What visiting a file fills, kept from file to file so that its memory is used again.
#[derive(Default)]
pub(super) struct Scratch {
    names: Interner,
    scopes: Scopes,
    flow: FlowBuilder,
    paths: Vec<&'static str>,
    references: Vec<TempReference>,
    calls: Vec<TempCall>,
    imports: Vec<TempImport>,
    definitions: Vec<TempDefinition>,
    parameters: Vec<TempParameter>,
    strings: Vec<TempString>,
    keeps: Vec<TempKeep>,
    finishing: super::finish::Memory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TempRoot {
    Name(NameId),
    /// `super()`.
    Super,
    /// `type(name)` or `name.__class__`.
    TypeOf(NameId),
    /// A literal of this builtin type.
    Literal(NameId),
}

/// A reference as visited: few of the many are kept, so that what counts is how little room they take.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempReference {
    root: u32,
    path_start: u32,
    pub(super) span: Span,
    pub(super) place: Place,
    root_kind: RootKind,
    path_len: u8,
    pub(super) usage: Usage,
    /// Kept whatever its root turns out to be: aliases, bases, decorators.
    pub(super) always: bool,
}

/// Which [`TempRoot`] it is.
#[derive(Clone, Copy, Debug)]
enum RootKind {
    Name,
    Super,
    TypeOf,
    Literal,
}

impl TempReference {
    /// A reference that is kept only if its root has a name.
    pub(super) fn new(root: TempRoot, path: Slice, span: Span, place: Place, usage: Usage) -> Self {
        let (root_kind, root) = match root {
            TempRoot::Name(name) => (RootKind::Name, name.0),
            TempRoot::Super => (RootKind::Super, 0),
            TempRoot::TypeOf(name) => (RootKind::TypeOf, name.0),
            TempRoot::Literal(name) => (RootKind::Literal, name.0),
        };
        Self {
            root,
            path_start: path.start,
            span,
            place,
            root_kind,
            // No chain has more than `LONGEST_CHAIN` attributes.
            path_len: path.len as u8,
            usage,
            always: false,
        }
    }

    /// The same, kept whatever its root turns out to be.
    pub(super) fn always(self) -> Self {
        Self {
            always: true,
            ..self
        }
    }

    pub(super) fn root(&self) -> TempRoot {
        let name = NameId(self.root);
        match self.root_kind {
            RootKind::Name => TempRoot::Name(name),
            RootKind::Super => TempRoot::Super,
            RootKind::TypeOf => TempRoot::TypeOf(name),
            RootKind::Literal => TempRoot::Literal(name),
        }
    }

    /// A run of `Extractor::paths`.
    pub(super) fn path(&self) -> Slice {
        Slice {
            start: self.path_start,
            len: u32::from(self.path_len),
        }
    }
}

/// A call as visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempCall {
    pub(super) callee: TempReference,
    pub(super) mode: CallMode,
    pub(super) same_arguments: bool,
    pub(super) swallowed_by: Option<NonZeroU32>,
    pub(super) end: u32,
}

/// An import as visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempImport {
    pub(super) statement: Span,
    pub(super) alias: Span,
    pub(super) module: NameId,
    pub(super) level: u32,
    pub(super) target: ImportTarget,
    pub(super) binding: Option<u32>,
    pub(super) scope: u32,
    pub(super) when: When,
    pub(super) as_script: bool,
    pub(super) guarded: bool,
}

/// What a body amounts to, as visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TempShape {
    Ordinary,
    Raises,
    Forwards(u32),
    Empty,
}

/// A definition as visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempDefinition {
    pub(super) kind: DefinitionKind,
    pub(super) name: NameId,
    pub(super) parent: u32,
    pub(super) body: u32,
    pub(super) span: Span,
    pub(super) name_span: Span,
    /// Runs of `Extractor::references`.
    pub(super) decorators: Slice,
    pub(super) bases: Slice,
    /// A run of `Extractor::parameters`.
    pub(super) parameters: Slice,
    pub(super) flags: DefinitionFlags,
    pub(super) shape: TempShape,
    pub(super) entry: Option<Node>,
    /// Whether calls that hand on the parameters unchanged were seen.
    pub(super) may_hand_on: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct TempParameter {
    pub(super) name: NameId,
    pub(super) kind: ParameterKind,
    pub(super) has_default: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct TempString {
    pub(super) kind: StringTargetKind,
    pub(super) value: NameId,
    pub(super) span: Span,
    pub(super) scope: u32,
    pub(super) may_be_new: bool,
}

/// `__all__` as visited.
#[derive(Default)]
pub(super) struct TempExports {
    pub(super) names: Vec<(NameId, Span)>,
    pub(super) open: bool,
    /// Indices of references.
    pub(super) extends: Vec<u32>,
}

/// The function being visited, besides its flow.
pub(super) struct FunctionContext {
    pub(super) definition: Option<DefinitionId>,
    /// Its parameters without the receiver: a run of `Extractor::parameters`.
    pub(super) arguments: Slice,
    pub(super) is_generator: bool,
}

/// The text being read, with what names are that it does not hold as they are. It outlives the tree, which is given back
/// as it is visited.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    text: &'a str,
    is_ascii: bool,
    others: &'a Bump,
}

impl<'a> Written<'a> {
    pub(super) fn new(text: &'a str, is_ascii: bool, others: &'a Bump) -> Self {
        Self {
            text,
            is_ascii,
            others,
        }
    }

    /// A name: Python normalizes those that are not ASCII.
    pub(super) fn name(&self, identifier: &Identifier) -> &'a str {
        let name = identifier.id.as_str();
        match self.text.get(identifier.range.to_std_range()) {
            Some(here) if here.len() == name.len() && (self.is_ascii || here == name) => here,
            _ => self.copy(name),
        }
    }

    pub(super) fn copy(&self, text: &str) -> &'a str {
        self.others.alloc_str(text)
    }
}

/// Everything collected while visiting a file.
pub(super) struct Extractor<'a> {
    pub(super) written: Written<'a>,
    pub(super) names: Interner,
    pub(super) scopes: Scopes,
    pub(super) flow: FlowBuilder,
    /// Attribute names, as text: most chains start at a value that has no name, and are dropped.
    pub(super) paths: Vec<&'a str>,
    pub(super) references: Vec<TempReference>,
    pub(super) calls: Vec<TempCall>,
    pub(super) imports: Vec<TempImport>,
    pub(super) definitions: Vec<TempDefinition>,
    pub(super) parameters: Vec<TempParameter>,
    pub(super) strings: Vec<TempString>,
    pub(super) keeps: Vec<TempKeep>,
    /// Code for several versions, see `variants`.
    pub(super) variants: Vec<Span>,
    pub(super) fallbacks: Vec<Span>,
    /// The memory of what comes after the visit.
    pub(super) finishing: super::finish::Memory,
    pub(super) exports: Option<TempExports>,
    pub(super) dynamic: Option<Dynamic>,
    /// Attributes set other than by an assignment to them; `*` stands for any.
    pub(super) attributes_set: Vec<TempReference>,
    pub(super) unresolved: UnresolvedCalls,
    /// Statements as (start, end of header, end), collected only where suppressions need them.
    pub(super) statements: Option<Vec<(u32, u32)>>,
    pub(super) flows: Vec<FunctionFlow<'a>>,
    pub(super) functions: Vec<FunctionContext>,
    /// Where ways through the expressions around end: one stack for all, since most are tiny.
    pub(super) ends: Vec<Option<Node>>,
    /// Whether each class around has properties.
    pub(super) properties: Vec<bool>,
    /// The special methods (`__len__`) that the body of each class around defines.
    pub(super) special_methods: Vec<Vec<&'a str>>,
    /// What those of each class around call their receiver.
    pub(super) receivers: Vec<Option<&'a str>>,
    pub(super) scope: u32,
    pub(super) branch: u32,
    pub(super) type_checking: u32,
    /// How many blocks around only run when the file is the program itself.
    pub(super) as_script: u32,
    pub(super) is_stub: bool,
    /// What to tell besides what every run needs.
    pub(super) read: ReadOptions,
    /// Whether the file has a star import: free names matter then.
    pub(super) has_star: bool,
    pub(super) depth: u32,
    /// The deepest level so far; where the tree is given back, of the present statement of the module.
    pub(super) max_depth: u32,
}

impl<'a> Extractor<'a> {
    pub(super) fn new(
        written: Written<'a>,
        is_stub: bool,
        read: ReadOptions,
        scratch: Scratch,
    ) -> Self {
        Self {
            written,
            names: scratch.names,
            scopes: scratch.scopes,
            flow: scratch.flow,
            paths: scratch.paths,
            references: scratch.references,
            calls: scratch.calls,
            imports: scratch.imports,
            definitions: scratch.definitions,
            parameters: scratch.parameters,
            strings: scratch.strings,
            keeps: scratch.keeps,
            variants: Vec::new(),
            fallbacks: Vec::new(),
            finishing: scratch.finishing,
            exports: None,
            dynamic: None,
            attributes_set: Vec::new(),
            unresolved: UnresolvedCalls::default(),
            statements: None,
            flows: Vec::new(),
            functions: Vec::new(),
            ends: Vec::new(),
            properties: Vec::new(),
            special_methods: Vec::new(),
            receivers: Vec::new(),
            scope: 0,
            branch: 0,
            type_checking: 0,
            as_script: 0,
            is_stub,
            read,
            has_star: false,
            depth: 0,
            max_depth: 0,
        }
    }

    /// Visits one level of nesting further in, on a fresh stack segment where this one runs short.
    pub(super) fn deeper(&mut self, visit: impl FnOnce(&mut Self)) {
        self.depth += 1;
        self.max_depth = self.max_depth.max(self.depth);
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || visit(self));
        self.depth -= 1;
    }

    /// Gives the memory back, emptied.
    pub(super) fn into_scratch(self) -> Scratch {
        let mut scratch = Scratch {
            names: self.names,
            scopes: self.scopes,
            flow: self.flow,
            paths: emptied(self.paths),
            references: self.references,
            calls: self.calls,
            imports: self.imports,
            definitions: self.definitions,
            parameters: self.parameters,
            strings: self.strings,
            keeps: self.keeps,
            finishing: self.finishing,
        };
        scratch.names.clear();
        scratch.scopes.clear();
        scratch.flow.clear();
        scratch.references.clear();
        scratch.calls.clear();
        scratch.imports.clear();
        scratch.definitions.clear();
        scratch.parameters.clear();
        scratch.strings.clear();
        scratch.keeps.clear();
        scratch
    }

    /// Visits a module whose tree is needed afterwards.
    pub(super) fn module(&mut self, body: &[Stmt]) {
        self.open_module(body);
        self.body(body);
    }

    /// Visits a module and gives back each statement at once, while it is in the processor's cache.
    pub(super) fn consume_module(&mut self, body: Suite) {
        self.open_module(&body);
        for stmt in body {
            // One deep statement does not make the others so.
            self.max_depth = 0;
            self.body(std::slice::from_ref(&stmt));
            drop_tree(stmt, self.max_depth);
        }
    }

    fn open_module(&mut self, body: &[Stmt]) {
        self.has_star = has_star(body);
        self.scope = self.scopes.open(TempScopeKind::Module, 0, None, 0);
        self.branch = self.scopes.scopes[0].branch;
        self.flows.push(FunctionFlow::new(&mut self.flow));
        self.functions.push(FunctionContext {
            definition: None,
            arguments: Slice::default(),
            is_generator: false,
        });
    }

    pub(super) fn place(&self) -> Place {
        Place {
            scope: self.scope,
            branch: self.branch,
            order: self.scopes.bindings.len() as u32,
        }
    }

    pub(super) fn bind(&mut self, name: &str, at: TextRange, value: TempValue) -> u32 {
        let name = self.names.intern(name);
        self.scopes
            .bind(self.scope, name, span(at), self.branch, value)
    }

    /// The function being visited and the arena its flow lives in.
    pub(super) fn now(&mut self) -> (&mut FunctionFlow<'a>, &mut FlowBuilder) {
        let at = self.flows.len() - 1;
        (&mut self.flows[at], &mut self.flow)
    }

    pub(super) fn may_raise(&mut self, operation: Operation) {
        let (now, flow) = self.now();
        now.may_raise(flow, operation);
    }

    pub(super) fn fork(&self) -> Option<Node> {
        self.flows.last().and_then(FunctionFlow::fork)
    }

    pub(super) fn goto(&mut self, at: Option<Node>) {
        self.now().0.goto(at);
    }

    pub(super) fn join(&mut self, ends: &[Option<Node>]) {
        let (now, flow) = self.now();
        now.join(flow, ends);
    }

    /// Notes where one of several ways of a construct ends.
    pub(super) fn note_end(&mut self) {
        let end = self.fork();
        self.ends.push(end);
    }

    /// Goes on from wherever any of the ways noted since there were `first` got to.
    pub(super) fn join_noted(&mut self, first: usize) {
        if let Some(now) = self.flows.last_mut() {
            now.join(&mut self.flow, &self.ends[first..]);
        }
        self.ends.truncate(first);
    }

    pub(super) fn advance(&mut self) -> Option<Node> {
        let (now, flow) = self.now();
        now.advance(flow, Step::Join)
    }

    pub(super) fn is_module_level(&self) -> bool {
        self.functions.len() == 1
    }
}

/// An empty vector in the memory of `names`: collecting what is of the same size stays in place.
fn emptied(mut names: Vec<&str>) -> Vec<&'static str> {
    names.clear();
    names.into_iter().map(|_| "").collect()
}

/// Whether there is a star import at module level, the only place where Python allows one.
fn has_star(body: &[Stmt]) -> bool {
    let mut blocks = vec![body];
    while let Some(block) = blocks.pop() {
        for statement in block {
            match statement {
                Stmt::ImportFrom(import)
                    if import.names.iter().any(|alias| &*alias.name == "*") =>
                {
                    return true;
                }
                Stmt::If(statement) => {
                    blocks.push(&statement.body);
                    let clauses = statement.elif_else_clauses.iter();
                    blocks.extend(clauses.map(|clause| &clause.body[..]));
                }
                Stmt::Try(statement) => {
                    blocks.extend([
                        &statement.body[..],
                        &statement.orelse[..],
                        &statement.finalbody[..],
                    ]);
                    blocks.extend(statement.handlers.iter().map(|handler| {
                        let ast::ExceptHandler::ExceptHandler(handler) = handler;
                        &handler.body[..]
                    }));
                }
                Stmt::For(statement) => blocks.extend([&statement.body[..], &statement.orelse[..]]),
                Stmt::While(statement) => {
                    blocks.extend([&statement.body[..], &statement.orelse[..]]);
                }
                Stmt::With(statement) => blocks.push(&statement.body),
                Stmt::Match(statement) => {
                    blocks.extend(statement.cases.iter().map(|case| &case.body[..]));
                }
                _ => {}
            }
        }
    }
    false
}
