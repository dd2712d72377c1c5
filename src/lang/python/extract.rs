//! The one visit of a file's syntax tree: statements, scopes and control flow.
//!
//! Owns the order in which things happen. Expressions are visited in `expr`, names are resolved in `finish`.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use ruff_python_ast::{self as ast, ExceptHandler, Expr, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxBuildHasher;

use super::flow::{Catches, FlowBuilder, FunctionFlow, Handler, Node, Operation, Step, TryContext};
use super::scope::{ConstructKind, Place, Scopes, TempScopeKind, TempValue};
use super::{STACK_RED_ZONE, STACK_SEGMENT};
use crate::facts::{
    CallMode, DefinitionFlags, DefinitionId, DefinitionKind, Dynamic, ImportId, ImportTarget,
    NameId, NameTable, ParameterKind, Slice, StringTargetKind, UnresolvedCalls, Usage, When,
};
use crate::span::Span;

pub(super) fn span(range: TextRange) -> Span {
    Span::new(range.start().to_u32(), range.end().to_u32())
}

/// Names while a file is visited: interned by text.
#[derive(Default)]
pub(super) struct Interner {
    ids: HashTable<NameId>,
    pub(super) table: NameTable,
}

impl Interner {
    pub(super) fn intern(&mut self, name: &str) -> NameId {
        let hash = hash_name(name);
        let table = &mut self.table;
        if let Some(&id) = self.ids.find(hash, |&id| table.get(id) == name) {
            return id;
        }
        let id = table.push(name);
        self.ids
            .insert_unique(hash, id, |&id| hash_name(table.get(id)));
        id
    }

    pub(super) fn find(&self, name: &str) -> Option<NameId> {
        self.ids
            .find(hash_name(name), |&id| self.table.get(id) == name)
            .copied()
    }

    fn clear(&mut self) {
        // Emptying a table costs its capacity: what one huge file needed is not carried along.
        if self.ids.capacity() > MANY_NAMES {
            self.ids = HashTable::new();
        }
        self.ids.clear();
        self.table.clear();
    }
}

/// More names than all but a few files have.
const MANY_NAMES: usize = 4096;

fn hash_name(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

/// What visiting a file fills, kept from file to file so that its memory is used again.
#[derive(Default)]
pub(super) struct Scratch {
    names: Interner,
    scopes: Scopes,
    flow: FlowBuilder,
    paths: Vec<NameId>,
    references: Vec<TempReference>,
    calls: Vec<TempCall>,
    imports: Vec<TempImport>,
    definitions: Vec<TempDefinition>,
    parameters: Vec<TempParameter>,
    strings: Vec<TempString>,
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

/// A reference as visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempReference {
    pub(super) root: TempRoot,
    /// A run of `Extractor::paths`.
    pub(super) path: Slice,
    pub(super) span: Span,
    pub(super) place: Place,
    pub(super) usage: Usage,
    /// Kept whatever its root turns out to be: aliases, bases, decorators.
    pub(super) always: bool,
}

/// A call as visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempCall {
    pub(super) callee: TempReference,
    pub(super) mode: CallMode,
    pub(super) same_arguments: bool,
    pub(super) swallowed_by: Option<u32>,
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
    definition: Option<DefinitionId>,
    /// Its parameters without the receiver: a run of `Extractor::parameters`.
    pub(super) arguments: Slice,
    is_generator: bool,
}

/// Everything collected while visiting a file.
pub(super) struct Extractor<'a> {
    pub(super) names: Interner,
    pub(super) scopes: Scopes,
    pub(super) flow: FlowBuilder,
    pub(super) paths: Vec<NameId>,
    pub(super) references: Vec<TempReference>,
    pub(super) calls: Vec<TempCall>,
    pub(super) imports: Vec<TempImport>,
    pub(super) definitions: Vec<TempDefinition>,
    pub(super) parameters: Vec<TempParameter>,
    pub(super) strings: Vec<TempString>,
    pub(super) exports: Option<TempExports>,
    pub(super) dynamic: Option<Dynamic>,
    pub(super) unresolved: UnresolvedCalls,
    /// Statements as (start, end of header, end), collected only where suppressions need them.
    pub(super) statements: Option<Vec<(u32, u32)>>,
    pub(super) flows: Vec<FunctionFlow<'a>>,
    pub(super) functions: Vec<FunctionContext>,
    /// Whether each class around has properties.
    properties: Vec<bool>,
    pub(super) scope: u32,
    pub(super) branch: u32,
    type_checking: u32,
    /// How many blocks around only run when the file is the program itself.
    as_script: u32,
    is_stub: bool,
    /// Whether the file has a star import: free names matter then.
    pub(super) has_star: bool,
    pub(super) depth: u32,
    pub(super) max_depth: u32,
}

impl<'a> Extractor<'a> {
    pub(super) fn new(text: &str, is_stub: bool, scratch: Scratch) -> Self {
        let has_star = memchr::memmem::find(text.as_bytes(), b"import").is_some()
            && memchr::memmem::find_iter(text.as_bytes(), b"*").any(|at| {
                text.as_bytes()[..at]
                    .trim_ascii_end()
                    .trim_suffix_bytes(b"(")
                    .ends_with(b"import")
            });
        Self {
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
            exports: None,
            dynamic: None,
            unresolved: UnresolvedCalls::default(),
            statements: None,
            flows: Vec::new(),
            functions: Vec::new(),
            properties: Vec::new(),
            scope: 0,
            branch: 0,
            type_checking: 0,
            as_script: 0,
            is_stub,
            has_star,
            depth: 0,
            max_depth: 0,
        }
    }

    /// Gives the memory back, emptied.
    pub(super) fn into_scratch(self) -> Scratch {
        let mut scratch = Scratch {
            names: self.names,
            scopes: self.scopes,
            flow: self.flow,
            paths: self.paths,
            references: self.references,
            calls: self.calls,
            imports: self.imports,
            definitions: self.definitions,
            parameters: self.parameters,
            strings: self.strings,
        };
        scratch.names.clear();
        scratch.scopes.clear();
        scratch.flow.clear();
        scratch.paths.clear();
        scratch.references.clear();
        scratch.calls.clear();
        scratch.imports.clear();
        scratch.definitions.clear();
        scratch.parameters.clear();
        scratch.strings.clear();
        scratch
    }

    pub(super) fn module(&mut self, body: &'a [Stmt]) {
        self.scope = self.scopes.open(TempScopeKind::Module, 0, None, 0);
        self.branch = self.scopes.scopes[0].branch;
        self.flows.push(FunctionFlow::new(&mut self.flow));
        self.functions.push(FunctionContext {
            definition: None,
            arguments: Slice::default(),
            is_generator: false,
        });
        self.body(body);
    }

    pub(super) fn place(&self) -> Place {
        Place {
            scope: self.scope,
            branch: self.branch,
            order: self.scopes.bindings.len() as u32,
        }
    }

    pub(super) fn bind(&mut self, name: &'a str, at: TextRange, value: TempValue) -> u32 {
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

    fn advance(&mut self) -> Option<Node> {
        let (now, flow) = self.now();
        now.advance(flow, Step::Join)
    }

    fn is_module_level(&self) -> bool {
        self.functions.len() == 1
    }

    fn body(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    /// Visits `body` as one arm of `construct`; gives the point where it ends.
    fn arm(&mut self, construct: u32, visit: impl FnOnce(&mut Self)) -> Option<Node> {
        let around = self.branch;
        self.branch = self.scopes.open_arm(construct, around);
        let jumps = self.now().0.jumps;
        visit(self);
        let ends = !self.now().0.is_reachable() && self.now().0.jumps == jumps;
        self.scopes.close_arm(self.branch, ends);
        self.branch = around;
        self.fork()
    }

    fn statement(&mut self, stmt: &'a Stmt) {
        self.depth += 1;
        self.max_depth = self.max_depth.max(self.depth);
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || self.statement_here(stmt));
        self.depth -= 1;
    }

    fn statement_here(&mut self, stmt: &'a Stmt) {
        if let Some(statements) = &mut self.statements {
            let end = header_end(stmt).unwrap_or(stmt.end().to_u32());
            statements.push((stmt.start().to_u32(), end));
        }
        match stmt {
            Stmt::Expr(stmt) => self.expr(&stmt.value),
            Stmt::Assign(stmt) => self.assign(&stmt.targets, &stmt.value),
            Stmt::AnnAssign(stmt) => self.annotated_assign(stmt),
            Stmt::AugAssign(stmt) => self.augmented_assign(stmt),
            Stmt::Return(stmt) => {
                if let Some(value) = &stmt.value {
                    self.expr(value);
                }
                let (now, flow) = self.now();
                now.leave(flow, stmt.start().to_u32());
            }
            Stmt::If(stmt) => self.if_statement(stmt),
            Stmt::For(stmt) => self.for_statement(stmt),
            Stmt::While(stmt) => self.while_statement(stmt),
            Stmt::With(stmt) => self.with_statement(stmt),
            Stmt::Try(stmt) => self.try_statement(stmt),
            Stmt::Match(stmt) => self.match_statement(stmt),
            Stmt::Raise(stmt) => {
                let raised = stmt.exc.as_deref().and_then(exception_name);
                if let Some(exc) = &stmt.exc {
                    self.expr(exc);
                }
                if let Some(cause) = &stmt.cause {
                    self.expr(cause);
                }
                let (now, flow) = self.now();
                now.raise(flow, raised, stmt.start().to_u32());
            }
            Stmt::Assert(stmt) => self.assert_statement(stmt),
            Stmt::Import(stmt) => self.import(stmt),
            Stmt::ImportFrom(stmt) => self.import_from(stmt),
            Stmt::FunctionDef(stmt) => self.function(stmt),
            Stmt::ClassDef(stmt) => self.class(stmt),
            Stmt::Delete(stmt) => {
                for target in &stmt.targets {
                    self.delete(target);
                }
            }
            Stmt::Global(stmt) => {
                for name in &stmt.names {
                    let name = self.names.intern(name.id.as_str());
                    self.scopes.redirect(self.scope, name, 0);
                }
            }
            Stmt::Nonlocal(stmt) => {
                for name in &stmt.names {
                    let name = self.names.intern(name.id.as_str());
                    let target = self.nonlocal_target(name);
                    self.scopes.redirect(self.scope, name, target);
                }
            }
            Stmt::TypeAlias(stmt) => {
                self.with_type_params(stmt.type_params.as_deref(), |this| this.expr(&stmt.value));
                if let Expr::Name(name) = &*stmt.name {
                    self.bind(name.id.as_str(), name.range, TempValue::Value);
                }
            }
            Stmt::Break(_) => {
                let (now, flow) = self.now();
                now.break_loop(flow);
            }
            Stmt::Continue(_) => {
                let (now, flow) = self.now();
                now.continue_loop(flow);
            }
            Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn nonlocal_target(&self, name: NameId) -> u32 {
        let mut scope = self.scopes.scopes[self.scope as usize].parent;
        let mut nearest = None;
        loop {
            let here = self.scopes.scopes[scope as usize];
            if here.kind == TempScopeKind::Module {
                return nearest.unwrap_or(scope);
            }
            if here.kind == TempScopeKind::Function {
                nearest = nearest.or(Some(scope));
                let binds = |binding: &super::scope::TempBinding| {
                    binding.scope == scope && binding.name == name
                };
                if self.scopes.bindings.iter().any(binds) {
                    return scope;
                }
            }
            scope = here.parent;
        }
    }

    fn if_statement(&mut self, stmt: &'a ast::StmtIf) {
        let has_else = stmt
            .elif_else_clauses
            .last()
            .is_some_and(|clause| clause.test.is_none());
        let construct = self.scopes.open_construct(ConstructKind::Choice, has_else);
        let mut ends = Vec::new();
        let clauses = std::iter::once((Some(&*stmt.test), &stmt.body)).chain(
            stmt.elif_else_clauses
                .iter()
                .map(|clause| (clause.test.as_ref(), &clause.body)),
        );
        // Whether an earlier `not TYPE_CHECKING` leaves what follows to type checkers.
        let mut rest_type_checking = false;
        for (test, body) in clauses {
            let mut type_checking = rest_type_checking;
            let mut skip = None;
            if let Some(test) = test {
                self.condition(test);
                match type_checking_test(test) {
                    Some(true) => type_checking = true,
                    Some(false) => rest_type_checking = true,
                    None => {}
                }
                let constant = if type_checking {
                    Some(false)
                } else {
                    constant_truth(test)
                };
                skip = self.fork();
                match constant {
                    Some(true) => skip = None,
                    Some(false) => self.goto(None),
                    None => {}
                }
            } else if type_checking {
                self.goto(None);
            }
            let as_script = test.is_some_and(is_script_test);
            self.type_checking += u32::from(type_checking);
            self.as_script += u32::from(as_script);
            let end = self.arm(construct, |this| this.body(body));
            self.as_script -= u32::from(as_script);
            self.type_checking -= u32::from(type_checking);
            ends.push(end);
            self.goto(skip);
        }
        if !has_else {
            ends.push(self.fork());
        }
        self.scopes.close_construct(construct);
        self.join(&ends);
    }

    fn condition(&mut self, test: &'a Expr) {
        self.expr(test);
    }

    fn for_statement(&mut self, stmt: &'a ast::StmtFor) {
        self.expr_as(&stmt.iter, CallMode::Driven);
        self.may_raise(Operation::Code);
        let construct = self.scopes.open_construct(ConstructKind::Loop, false);
        let head = self.advance();
        let after = self.flow.node(Step::Join);
        self.now().0.open_loop(head.unwrap_or(after), after);
        let end = self.arm(construct, |this| {
            this.target(&stmt.target, None);
            this.body(&stmt.body);
        });
        self.scopes.close_construct(construct);
        self.end_loop(end, head, head, after, &stmt.orelse);
    }

    fn while_statement(&mut self, stmt: &'a ast::StmtWhile) {
        let head = self.advance();
        self.condition(&stmt.test);
        let construct = self.scopes.open_construct(ConstructKind::Loop, false);
        let after = self.flow.node(Step::Join);
        let constant = constant_truth(&stmt.test);
        let done = if constant == Some(true) {
            None
        } else {
            self.fork()
        };
        if constant == Some(false) {
            self.goto(None);
        }
        self.now().0.open_loop(head.unwrap_or(after), after);
        let end = self.arm(construct, |this| this.body(&stmt.body));
        self.scopes.close_construct(construct);
        self.end_loop(end, head, done, after, &stmt.orelse);
    }

    /// Closes a loop: `end` goes back to `head`, `done` is where it stops by itself, `after` what follows.
    fn end_loop(
        &mut self,
        end: Option<Node>,
        head: Option<Node>,
        done: Option<Node>,
        after: Node,
        orelse: &'a [Stmt],
    ) {
        if let (Some(end), Some(head)) = (end, head) {
            self.flow.link(end, head);
        }
        let broken = self.now().0.close_loop();
        self.goto(done);
        if !orelse.is_empty() {
            let construct = self.scopes.open_construct(ConstructKind::Choice, false);
            self.arm(construct, |this| this.body(orelse));
            self.scopes.close_construct(construct);
        }
        let done = self.fork();
        let after = broken.then_some(after);
        self.join(&[done, after]);
    }

    fn with_statement(&mut self, stmt: &'a ast::StmtWith) {
        let mut suppressing = None;
        for item in &stmt.items {
            self.expr(&item.context_expr);
            self.may_raise(Operation::Code);
            if let Some(vars) = &item.optional_vars {
                self.target(vars, None);
            }
            suppressing = suppressing.or_else(|| suppressed(&item.context_expr));
        }
        let Some(catches) = suppressing else {
            self.body(&stmt.body);
            return;
        };
        let entry = self.flow.node(Step::Join);
        let handler = Handler {
            catches,
            entry,
            offset: stmt.start().to_u32(),
            raises: false,
        };
        self.now().0.open_try(TryContext {
            handlers: vec![handler],
            finally: None,
            leaves: None,
        });
        let construct = self.scopes.open_construct(ConstructKind::Try, false);
        let end = self.arm(construct, |this| this.body(&stmt.body));
        self.scopes.close_construct(construct);
        self.now().0.close_try();
        self.join(&[end, Some(entry)]);
    }

    fn try_statement(&mut self, stmt: &'a ast::StmtTry) {
        let handlers: Vec<Handler<'a>> = stmt
            .handlers
            .iter()
            .map(|ExceptHandler::ExceptHandler(handler)| Handler {
                catches: catches(handler.type_.as_deref()),
                entry: self.flow.node(Step::Join),
                offset: handler.start().to_u32(),
                raises: matches!(handler.body.last(), Some(Stmt::Raise(_))),
            })
            .collect();
        let entries: Vec<Node> = handlers.iter().map(|handler| handler.entry).collect();
        let finally = (!stmt.finalbody.is_empty()).then(|| self.flow.node(Step::Join));
        self.now().0.open_try(TryContext {
            handlers,
            finally,
            leaves: None,
        });
        let construct = self.scopes.open_construct(ConstructKind::Try, true);
        let mut ends = Vec::new();
        ends.push(self.arm(construct, |this| {
            this.body(&stmt.body);
            this.now().0.take_handlers();
            if !stmt.orelse.is_empty() {
                let inner = this.scopes.open_construct(ConstructKind::Choice, true);
                this.arm(inner, |this| this.body(&stmt.orelse));
                this.scopes.close_construct(inner);
            }
        }));
        for (ExceptHandler::ExceptHandler(handler), entry) in stmt.handlers.iter().zip(entries) {
            self.goto(Some(entry));
            ends.push(self.arm(construct, |this| this.handler(handler)));
        }
        self.scopes.close_construct(construct);
        let normal = ends.iter().any(Option::is_some);
        if let Some(finally) = finally {
            for end in ends.iter().flatten() {
                self.flow.link(*end, finally);
            }
            let leaves = self.now().0.close_try().and_then(|context| context.leaves);
            self.goto(Some(finally));
            self.body(&stmt.finalbody);
            let (now, flow) = self.now();
            now.resume_leaving(flow, leaves);
            if !normal {
                self.goto(None);
            }
        } else {
            self.now().0.close_try();
            self.join(&ends);
        }
    }

    fn handler(&mut self, handler: &'a ast::ExceptHandlerExceptHandler) {
        if let Some(type_) = &handler.type_ {
            self.expr(type_);
        }
        if let Some(name) = &handler.name {
            self.bind(name.id.as_str(), name.range, TempValue::Value);
        }
        self.body(&handler.body);
        if let Some(name) = &handler.name {
            self.bind(name.id.as_str(), name.range, TempValue::Deleted);
        }
    }

    fn match_statement(&mut self, stmt: &'a ast::StmtMatch) {
        self.expr(&stmt.subject);
        let construct = self.scopes.open_construct(ConstructKind::Choice, false);
        let mut ends = Vec::new();
        let mut exhaustive = false;
        for case in &stmt.cases {
            let base = self.fork();
            let mut failed = base;
            let end = self.arm(construct, |this| {
                this.pattern(&case.pattern);
                if let Some(guard) = &case.guard {
                    this.expr(guard);
                    failed = this.fork();
                }
                this.body(&case.body);
            });
            ends.push(end);
            if case.guard.is_none() && is_irrefutable(&case.pattern) {
                exhaustive = true;
                self.scopes.make_exhaustive(construct);
                self.goto(None);
            } else {
                self.join(&[base, failed.filter(|_| failed != base)]);
            }
        }
        if !exhaustive {
            ends.push(self.fork());
        }
        self.scopes.close_construct(construct);
        self.join(&ends);
    }

    fn pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchValue(pattern) => self.expr(&pattern.value),
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(pattern) => pattern
                .patterns
                .iter()
                .for_each(|inner| self.pattern(inner)),
            Pattern::MatchMapping(pattern) => {
                pattern.keys.iter().for_each(|key| self.expr(key));
                pattern
                    .patterns
                    .iter()
                    .for_each(|inner| self.pattern(inner));
                if let Some(rest) = &pattern.rest {
                    self.bind(rest.id.as_str(), rest.range, TempValue::Value);
                }
            }
            Pattern::MatchClass(pattern) => {
                self.expr(&pattern.cls);
                pattern
                    .arguments
                    .patterns
                    .iter()
                    .for_each(|inner| self.pattern(inner));
                for keyword in &pattern.arguments.keywords {
                    self.pattern(&keyword.pattern);
                }
            }
            Pattern::MatchStar(pattern) => {
                if let Some(name) = &pattern.name {
                    self.bind(name.id.as_str(), name.range, TempValue::Value);
                }
            }
            Pattern::MatchAs(pattern) => {
                if let Some(inner) = &pattern.pattern {
                    self.pattern(inner);
                }
                if let Some(name) = &pattern.name {
                    self.bind(name.id.as_str(), name.range, TempValue::Value);
                }
            }
            Pattern::MatchOr(pattern) => pattern
                .patterns
                .iter()
                .for_each(|inner| self.pattern(inner)),
        }
    }

    fn assert_statement(&mut self, stmt: &'a ast::StmtAssert) {
        self.expr(&stmt.test);
        let constant = constant_truth(&stmt.test);
        if constant == Some(true) {
            return;
        }
        let passed = self.fork();
        if let Some(msg) = &stmt.msg {
            self.expr(msg);
        }
        let (now, flow) = self.now();
        now.raise(flow, Some("AssertionError"), stmt.start().to_u32());
        self.goto(if constant == Some(false) {
            None
        } else {
            passed
        });
    }

    fn import(&mut self, stmt: &'a ast::StmtImport) {
        for alias in &stmt.names {
            let module = alias.name.id.as_str();
            let target = if alias.asname.is_some() {
                ImportTarget::ModuleAs
            } else {
                ImportTarget::Module
            };
            let (local, at) = match &alias.asname {
                Some(asname) => (asname.id.as_str(), asname.range),
                None => (first_segment(module), alias.name.range),
            };
            self.push_import(
                span(stmt.range),
                span(alias.range),
                module,
                0,
                target,
                Some((local, at)),
            );
        }
        self.may_raise(Operation::Code);
    }

    fn import_from(&mut self, stmt: &'a ast::StmtImportFrom) {
        let module = stmt.module.as_ref().map_or("", |module| module.id.as_str());
        for alias in &stmt.names {
            let name = alias.name.id.as_str();
            if name == "*" {
                self.push_import(
                    span(stmt.range),
                    span(alias.range),
                    module,
                    stmt.level,
                    ImportTarget::Star,
                    None,
                );
                continue;
            }
            let target = ImportTarget::Name(self.names.intern(name));
            let local = alias.asname.as_ref().unwrap_or(&alias.name);
            self.push_import(
                span(stmt.range),
                span(alias.range),
                module,
                stmt.level,
                target,
                Some((local.id.as_str(), local.range)),
            );
        }
        self.may_raise(Operation::Code);
    }

    fn push_import(
        &mut self,
        statement: Span,
        alias: Span,
        module: &'a str,
        level: u32,
        target: ImportTarget,
        local: Option<(&'a str, TextRange)>,
    ) {
        let id = ImportId(self.imports.len() as u32);
        let binding = local.map(|(name, at)| self.bind(name, at, TempValue::Import(id)));
        let when = if self.is_stub || self.type_checking > 0 {
            When::TypeChecking
        } else if self.is_module_level() {
            When::Import
        } else {
            When::Deferred
        };
        let guarded = self.flows.last().is_some_and(FunctionFlow::guards_import);
        self.imports.push(TempImport {
            statement,
            alias,
            module: self.names.intern(module),
            level,
            target,
            binding,
            scope: self.scope,
            when,
            as_script: self.as_script > 0,
            guarded,
        });
    }

    fn delete(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => {
                self.bind(name.id.as_str(), name.range, TempValue::Deleted);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|inner| self.delete(inner)),
            Expr::List(list) => list.elts.iter().for_each(|inner| self.delete(inner)),
            other => self.expr(other),
        }
    }

    pub(super) fn with_type_params(
        &mut self,
        params: Option<&'a ast::TypeParams>,
        visit: impl FnOnce(&mut Self),
    ) {
        let Some(params) = params else {
            return visit(self);
        };
        let around = self.scope;
        self.scope = self
            .scopes
            .open(TempScopeKind::Inner, around, None, self.branch);
        for param in &params.type_params {
            let (name, bound, default) = match param {
                ast::TypeParam::TypeVar(param) => (
                    &param.name,
                    param.bound.as_deref(),
                    param.default.as_deref(),
                ),
                ast::TypeParam::TypeVarTuple(param) => {
                    (&param.name, None, param.default.as_deref())
                }
                ast::TypeParam::ParamSpec(param) => (&param.name, None, param.default.as_deref()),
            };
            self.bind(name.id.as_str(), name.range, TempValue::Value);
            for expr in [bound, default].into_iter().flatten() {
                self.expr(expr);
            }
        }
        visit(self);
        self.scope = around;
    }

    fn decorators(
        &mut self,
        decorators: &'a [ast::Decorator],
        flags: &mut DefinitionFlags,
    ) -> Slice {
        for decorator in decorators {
            self.expr(&decorator.expression);
        }
        let start = self.references.len() as u32;
        for decorator in decorators {
            let callee = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            match self.chain(callee) {
                Some((root, path)) => self.keep_reference(root, path, callee.range()),
                None => flags.insert(DefinitionFlags::OPAQUE_DECORATOR),
            }
        }
        Slice {
            start,
            len: self.references.len() as u32 - start,
        }
    }

    fn keep_reference(&mut self, root: TempRoot, path: Slice, at: TextRange) {
        let place = self.place();
        self.references.push(TempReference {
            root,
            path,
            span: span(at),
            place,
            usage: Usage::Load,
            always: true,
        });
    }

    fn function(&mut self, stmt: &'a ast::StmtFunctionDef) {
        let mut flags = DefinitionFlags::default();
        let decorators = self.decorators(&stmt.decorator_list, &mut flags);
        if stmt.is_async {
            flags.insert(DefinitionFlags::ASYNC);
        }
        if self.scopes.is_conditional(self.scope, self.branch) {
            flags.insert(DefinitionFlags::CONDITIONAL);
        }
        let name = self.names.intern(stmt.name.id.as_str());
        let id = DefinitionId(self.definitions.len() as u32);
        let parent = self.scope;
        self.definitions.push(TempDefinition {
            kind: DefinitionKind::Function,
            name,
            parent,
            body: parent,
            span: span(stmt.range),
            name_span: span(stmt.name.range),
            decorators,
            bases: Slice::default(),
            parameters: Slice::default(),
            flags,
            shape: TempShape::Ordinary,
            entry: None,
            may_hand_on: false,
        });
        if stmt.name.id.as_str() == "__getattr__" && self.scope == 0 {
            self.dynamic.get_or_insert(Dynamic::ModuleGetattr);
        }
        self.with_type_params(stmt.type_params.as_deref(), |this| {
            this.signature(&stmt.parameters);
            if let Some(returns) = &stmt.returns {
                this.annotation(returns);
            }
            this.function_body(id, Some(&stmt.parameters), |this| {
                let first_call = this.calls.len();
                this.body(&stmt.body);
                this.forwarding(&stmt.body, first_call)
            });
        });
        self.bind(
            stmt.name.id.as_str(),
            stmt.name.range,
            TempValue::Definition(id),
        );
    }

    /// Defaults and annotations, which are evaluated where the function is defined.
    pub(super) fn signature(&mut self, parameters: &'a ast::Parameters) {
        for parameter in parameters.iter() {
            if let Some(default) = parameter.default() {
                self.expr(default);
            }
        }
        for parameter in parameters.iter() {
            if let Some(annotation) = parameter.annotation() {
                self.annotation(annotation);
            }
        }
    }

    /// Visits a function's body in a scope and flow of its own.
    pub(super) fn function_body(
        &mut self,
        id: DefinitionId,
        parameters: Option<&'a ast::Parameters>,
        visit: impl FnOnce(&mut Self) -> TempShape,
    ) {
        let around = (self.scope, self.branch);
        let receiver = self.receiver(id);
        self.scope = self
            .scopes
            .open(TempScopeKind::Function, self.scope, Some(id), 0);
        self.branch = self.scopes.scopes[self.scope as usize].branch;
        let own = self.bind_parameters(parameters, receiver);
        let skipped = u32::from(receiver.is_some()).min(own.len);
        self.functions.push(FunctionContext {
            definition: Some(id),
            arguments: Slice {
                start: own.start + skipped,
                len: own.len - skipped,
            },
            is_generator: false,
        });
        let now = FunctionFlow::new(&mut self.flow);
        self.flows.push(now);
        let shape = visit(self);
        let end = self.definitions[id.index()].span.end;
        let (now, flow) = self.now();
        now.leave(flow, end.saturating_sub(1));
        let body = self.scope;
        let context = self.functions.pop();
        let definition = &mut self.definitions[id.index()];
        if let Some(now) = self.flows.pop() {
            definition.entry = Some(now.entry);
            definition.shape = if now.raises && !now.returns {
                TempShape::Raises
            } else {
                shape
            };
        }
        definition.body = body;
        definition.parameters = own;
        if context.is_some_and(|context| context.is_generator) {
            definition.flags.insert(DefinitionFlags::GENERATOR);
        }
        (self.scope, self.branch) = around;
    }

    /// What the first parameter of a function defined here would be.
    fn receiver(&self, id: DefinitionId) -> Option<TempValue> {
        let definition = &self.definitions[id.index()];
        if definition.kind == DefinitionKind::Lambda {
            return None;
        }
        let mut scope = self.scopes.scopes[definition.parent as usize];
        if scope.kind == TempScopeKind::Inner {
            scope = self.scopes.scopes[scope.parent as usize];
        }
        let class = scope
            .definition
            .filter(|_| scope.kind == TempScopeKind::Class)?;
        let mut is_class = matches!(
            self.names.table.get(definition.name),
            "__new__" | "__init_subclass__" | "__class_getitem__"
        );
        for reference in &self.references[definition.decorators.range()] {
            match self.builtin_decorator(reference) {
                Some("staticmethod") => return None,
                Some("classmethod") => is_class = true,
                _ => {}
            }
        }
        Some(if is_class {
            TempValue::Class(class)
        } else {
            TempValue::Instance(class)
        })
    }

    /// The plain name of a decorator such as `staticmethod` or `abc.abstractclassmethod`.
    fn builtin_decorator(&self, reference: &TempReference) -> Option<&str> {
        match (reference.root, reference.path.is_empty()) {
            (TempRoot::Name(name), true) => Some(self.names.table.get(name)),
            _ => None,
        }
    }

    fn bind_parameters(
        &mut self,
        parameters: Option<&'a ast::Parameters>,
        receiver: Option<TempValue>,
    ) -> Slice {
        let start = self.parameters.len() as u32;
        let Some(parameters) = parameters else {
            return Slice { start, len: 0 };
        };
        let mut receiver = receiver;
        let mut add = |this: &mut Self, name: &'a ast::Identifier, kind, has_default| {
            let value = match kind {
                ParameterKind::PositionalOnly | ParameterKind::Positional => {
                    receiver.take().unwrap_or(TempValue::Value)
                }
                _ => TempValue::Value,
            };
            this.bind(name.id.as_str(), name.range, value);
            let name = this.names.intern(name.id.as_str());
            this.parameters.push(TempParameter {
                name,
                kind,
                has_default,
            });
        };
        for parameter in &parameters.posonlyargs {
            let has_default = parameter.default.is_some();
            add(
                self,
                &parameter.parameter.name,
                ParameterKind::PositionalOnly,
                has_default,
            );
        }
        for parameter in &parameters.args {
            let has_default = parameter.default.is_some();
            add(
                self,
                &parameter.parameter.name,
                ParameterKind::Positional,
                has_default,
            );
        }
        if let Some(vararg) = &parameters.vararg {
            add(self, &vararg.name, ParameterKind::VarPositional, false);
        }
        for parameter in &parameters.kwonlyargs {
            let has_default = parameter.default.is_some();
            add(
                self,
                &parameter.parameter.name,
                ParameterKind::KeywordOnly,
                has_default,
            );
        }
        if let Some(kwarg) = &parameters.kwarg {
            add(self, &kwarg.name, ParameterKind::VarKeyword, false);
        }
        Slice {
            start,
            len: self.parameters.len() as u32 - start,
        }
    }

    /// Whether a body does nothing but hand on its call, and to which call.
    fn forwarding(&self, body: &'a [Stmt], first_call: usize) -> TempShape {
        let Some((last, rest)) = body.split_last() else {
            return TempShape::Empty;
        };
        if body.iter().all(is_filler) {
            return TempShape::Empty;
        }
        let forwards = |stmt: &Stmt| {
            is_filler(stmt)
                || stmt.is_import_stmt()
                || stmt.is_import_from_stmt()
                || is_warning(stmt)
        };
        let value = match last {
            Stmt::Return(stmt) => stmt.value.as_deref(),
            Stmt::Expr(stmt) => Some(&*stmt.value),
            _ => None,
        };
        let call = match value {
            Some(Expr::Await(inner)) => &*inner.value,
            Some(Expr::YieldFrom(inner)) => &*inner.value,
            Some(other) => other,
            None => return TempShape::Ordinary,
        };
        let Expr::Call(call) = call else {
            return TempShape::Ordinary;
        };
        if !rest.iter().all(forwards) || !call.arguments.args.iter().all(is_plain_argument) {
            return TempShape::Ordinary;
        }
        if !call
            .arguments
            .keywords
            .iter()
            .all(|keyword| is_plain_argument(&keyword.value))
        {
            return TempShape::Ordinary;
        }
        let end = call.range().end().to_u32();
        let last_call = self
            .calls
            .len()
            .checked_sub(1)
            .filter(|&at| at >= first_call);
        match last_call {
            Some(at) if self.calls[at].end == end => TempShape::Forwards(at as u32),
            _ => TempShape::Ordinary,
        }
    }

    fn class(&mut self, stmt: &'a ast::StmtClassDef) {
        let mut flags = DefinitionFlags::default();
        let decorators = self.decorators(&stmt.decorator_list, &mut flags);
        if self.scopes.is_conditional(self.scope, self.branch) {
            flags.insert(DefinitionFlags::CONDITIONAL);
        }
        let name = self.names.intern(stmt.name.id.as_str());
        let id = DefinitionId(self.definitions.len() as u32);
        let parent = self.scope;
        self.definitions.push(TempDefinition {
            kind: DefinitionKind::Class,
            name,
            parent,
            body: parent,
            span: span(stmt.range),
            name_span: span(stmt.name.range),
            decorators,
            bases: Slice::default(),
            parameters: Slice::default(),
            flags,
            shape: if stmt.body.iter().all(is_filler) {
                TempShape::Empty
            } else {
                TempShape::Ordinary
            },
            entry: None,
            may_hand_on: false,
        });
        self.with_type_params(stmt.type_params.as_deref(), |this| {
            this.bases(id, stmt.arguments.as_deref());
            let around = this.scope;
            this.scope = this
                .scopes
                .open(TempScopeKind::Class, around, Some(id), this.branch);
            this.definitions[id.index()].body = this.scope;
            this.properties.push(has_properties(&stmt.body));
            this.body(&stmt.body);
            this.properties.pop();
            this.scope = around;
        });
        self.bind(
            stmt.name.id.as_str(),
            stmt.name.range,
            TempValue::Definition(id),
        );
    }

    fn bases(&mut self, id: DefinitionId, arguments: Option<&'a ast::Arguments>) {
        let Some(arguments) = arguments else { return };
        for argument in arguments
            .args
            .iter()
            .chain(arguments.keywords.iter().map(|keyword| &keyword.value))
        {
            self.expr(argument);
        }
        let mut flags = DefinitionFlags::default();
        let start = self.references.len() as u32;
        for base in &arguments.args {
            // A generic base, `Base[T]`, is its unsubscripted self at run time.
            let base = match base {
                Expr::Subscript(subscript) => &*subscript.value,
                other => other,
            };
            match self.chain(base) {
                Some((root, path)) => {
                    let last = path.range().next_back().map(|at| self.paths[at]);
                    let name = match (last, root) {
                        (Some(last), _) | (None, TempRoot::Name(last)) => {
                            Some(self.names.table.get(last))
                        }
                        _ => None,
                    };
                    if name == Some("Protocol") {
                        flags.insert(DefinitionFlags::PROTOCOL);
                    }
                    self.keep_reference(root, path, base.range());
                }
                None => flags.insert(DefinitionFlags::OPAQUE_BASE),
            }
        }
        for keyword in &arguments.keywords {
            match &keyword.arg {
                Some(arg) if arg.id.as_str() == "metaclass" => {
                    let is_abc = matches!(&keyword.value, Expr::Name(name) if name.id.as_str() == "ABCMeta")
                        || matches!(&keyword.value, Expr::Attribute(attribute) if attribute.attr.id.as_str() == "ABCMeta");
                    if !is_abc {
                        flags.insert(DefinitionFlags::METACLASS);
                    }
                }
                Some(_) => {}
                None => flags.insert(DefinitionFlags::OPAQUE_BASE),
            }
        }
        let definition = &mut self.definitions[id.index()];
        definition.flags.insert(flags);
        definition.bases = Slice {
            start,
            len: self.references.len() as u32 - start,
        };
    }

    /// Whether the class whose method is being visited has properties.
    pub(super) fn in_class_with_properties(&self) -> bool {
        self.properties.last().copied().unwrap_or(false)
    }

    pub(super) fn mark_generator(&mut self) {
        if let Some(context) = self.functions.last_mut() {
            context.is_generator |= context.definition.is_some();
        }
    }

    pub(super) fn mark_handing_on(&mut self) {
        if let Some(id) = self.functions.last().and_then(|context| context.definition) {
            self.definitions[id.index()].may_hand_on = true;
        }
    }
}

trait TrimSuffix {
    fn trim_suffix_bytes(&self, suffix: &[u8]) -> &[u8];
}

impl TrimSuffix for [u8] {
    fn trim_suffix_bytes(&self, suffix: &[u8]) -> &[u8] {
        self.strip_suffix(suffix)
            .map_or(self, <[u8]>::trim_ascii_end)
    }
}

pub(super) fn first_segment(module: &str) -> &str {
    module.split_once('.').map_or(module, |(first, _)| first)
}

/// The end of a compound statement's header; none for a simple statement.
fn header_end(stmt: &Stmt) -> Option<u32> {
    let body = match stmt {
        Stmt::FunctionDef(stmt) => &stmt.body,
        Stmt::ClassDef(stmt) => &stmt.body,
        Stmt::If(stmt) => &stmt.body,
        Stmt::For(stmt) => &stmt.body,
        Stmt::While(stmt) => &stmt.body,
        Stmt::With(stmt) => &stmt.body,
        Stmt::Try(stmt) => &stmt.body,
        Stmt::Match(stmt) => return Some(stmt.subject.end().to_u32()),
        _ => return None,
    };
    body.first()
        .map(|first| first.start().to_u32().saturating_sub(1))
}

/// The last segment of the exception that a `raise` names.
fn exception_name(exc: &Expr) -> Option<&str> {
    let callee = match exc {
        Expr::Call(call) => &*call.func,
        other => other,
    };
    match callee {
        Expr::Name(name) if name.id.as_str().starts_with(char::is_uppercase) => {
            Some(name.id.as_str())
        }
        Expr::Attribute(attribute) => Some(attribute.attr.id.as_str()),
        _ => None,
    }
}

fn catches(type_: Option<&Expr>) -> Catches<'_> {
    let mut catches = Catches::default();
    match type_ {
        None => catches.anything = true,
        Some(Expr::Tuple(tuple)) => tuple
            .elts
            .iter()
            .for_each(|elt| add_caught(&mut catches, elt)),
        Some(other) => add_caught(&mut catches, other),
    }
    catches
}

fn add_caught<'a>(catches: &mut Catches<'a>, expr: &'a Expr) {
    match expr {
        Expr::Name(name) => catches.names.push(name.id.as_str()),
        Expr::Attribute(attribute) => catches.names.push(attribute.attr.id.as_str()),
        _ => catches.anything = true,
    }
}

/// What `contextlib.suppress(...)` catches.
fn suppressed(context: &Expr) -> Option<Catches<'_>> {
    let Expr::Call(call) = context else {
        return None;
    };
    let name = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.id.as_str(),
        _ => return None,
    };
    if name != "suppress" {
        return None;
    }
    let mut catches = Catches::default();
    call.arguments
        .args
        .iter()
        .for_each(|arg| add_caught(&mut catches, arg));
    Some(catches)
}

/// `Some(true)` for `TYPE_CHECKING`, `Some(false)` for `not TYPE_CHECKING`.
fn type_checking_test(test: &Expr) -> Option<bool> {
    match test {
        Expr::Name(name) => (name.id.as_str() == "TYPE_CHECKING").then_some(true),
        Expr::Attribute(attribute) => {
            (attribute.attr.id.as_str() == "TYPE_CHECKING").then_some(true)
        }
        Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
            type_checking_test(&unary.operand).map(|is| !is)
        }
        Expr::BoolOp(op) if op.op == ast::BoolOp::And => {
            let mut tests = op.values.iter().map(type_checking_test);
            tests.any(|test| test == Some(true)).then_some(true)
        }
        _ => None,
    }
}

/// Whether a test is `__name__ == "__main__"`.
fn is_script_test(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else {
        return false;
    };
    let is_name = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main = |expr: &Expr| match expr {
        Expr::StringLiteral(literal) => literal.value.to_str() == "__main__",
        _ => false,
    };
    let [ast::CmpOp::Eq] = *compare.ops else {
        return false;
    };
    let [right] = &*compare.comparators else {
        return false;
    };
    (is_name(&compare.left) && is_main(right)) || (is_main(&compare.left) && is_name(right))
}

/// The truth of a test that cannot be anything else.
pub(super) fn constant_truth(test: &Expr) -> Option<bool> {
    match test {
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::NumberLiteral(literal) => match &literal.value {
            ast::Number::Int(int) => Some(*int != ast::Int::ZERO),
            _ => None,
        },
        Expr::StringLiteral(literal) => Some(!literal.value.is_empty()),
        Expr::NoneLiteral(_) => Some(false),
        Expr::EllipsisLiteral(_) => Some(true),
        Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
            constant_truth(&unary.operand).map(|is| !is)
        }
        Expr::Name(name) if name.id.as_str() == "__debug__" => Some(true),
        _ => None,
    }
}

fn is_irrefutable(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::MatchAs(pattern) => pattern.pattern.as_deref().is_none_or(is_irrefutable),
        Pattern::MatchOr(pattern) => pattern.patterns.iter().any(is_irrefutable),
        _ => false,
    }
}

/// A docstring, `pass` or `...`.
fn is_filler(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Pass(_) => true,
        Stmt::Expr(stmt) => matches!(
            &*stmt.value,
            Expr::StringLiteral(_) | Expr::EllipsisLiteral(_)
        ),
        _ => false,
    }
}

/// `warnings.warn(...)`: a wrapper may announce that it is one.
fn is_warning(stmt: &Stmt) -> bool {
    let Stmt::Expr(stmt) = stmt else { return false };
    let Expr::Call(call) = &*stmt.value else {
        return false;
    };
    match &*call.func {
        Expr::Name(name) => name.id.as_str() == "warn",
        Expr::Attribute(attribute) => matches!(attribute.attr.id.as_str(), "warn" | "warning"),
        _ => false,
    }
}

fn is_plain_argument(expr: &Expr) -> bool {
    match expr {
        Expr::Starred(starred) => is_plain_argument(&starred.value),
        Expr::Attribute(attribute) => is_plain_argument(&attribute.value),
        Expr::Name(_)
        | Expr::StringLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_) => true,
        _ => false,
    }
}

fn has_properties(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::FunctionDef(stmt) => {
            stmt.decorator_list
                .iter()
                .any(|decorator| match &decorator.expression {
                    Expr::Name(name) => matches!(name.id.as_str(), "property" | "cached_property"),
                    Expr::Attribute(attribute) => {
                        matches!(attribute.attr.id.as_str(), "cached_property" | "setter")
                    }
                    _ => false,
                })
        }
        _ => false,
    })
}
