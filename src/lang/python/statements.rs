//! Statements, in the order they run: branches, loops, handlers, imports.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::extract::{Extractor, TempImport, span};
use super::flow::{Catches, FunctionFlow, Handler, Node, Operation, Step, TryContext};
use super::scope::{ConstructKind, TempBinding, TempScopeKind, TempValue};
use super::syntax::{
    catches, constant_truth, exception_name, first_segment, header_end, is_irrefutable,
    is_script_test, may_suppress, suppressed, type_checking_test,
};
use crate::facts::{CallMode, ImportId, ImportTarget, NameId, When};
use crate::span::Span;

impl<'a> Extractor<'a> {
    pub(super) fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    /// Visits `body` as one arm of `construct`; gives the point where it ends.
    fn arm(&mut self, construct: u32, visit: impl FnOnce(&mut Self)) -> Option<Node> {
        let around = self.branch;
        self.branch = self.scopes.open_arm(construct, around);
        let jumps = self.now().0.jumps;
        // Code for type checkers alone is dead from its start; that does not make it end.
        let entered = self.now().0.is_reachable();
        visit(self);
        let ends = entered && !self.now().0.is_reachable() && self.now().0.jumps == jumps;
        self.scopes.close_arm(self.branch, ends);
        self.branch = around;
        self.fork()
    }

    fn statement(&mut self, stmt: &Stmt) {
        self.deeper(|this| this.statement_here(stmt));
    }

    fn statement_here(&mut self, stmt: &Stmt) {
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
                now.leave(flow, span(stmt.range));
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
                now.raise(flow, raised, span(stmt.range));
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
                let binds = |binding: &TempBinding| binding.scope == scope && binding.name == name;
                if self.scopes.bindings.iter().any(binds) {
                    return scope;
                }
            }
            scope = here.parent;
        }
    }

    fn if_statement(&mut self, stmt: &ast::StmtIf) {
        self.note_choice(&stmt.test, stmt.range());
        let has_else = stmt
            .elif_else_clauses
            .last()
            .is_some_and(|clause| clause.test.is_none());
        let construct = self.scopes.open_construct(ConstructKind::Choice, has_else);
        let first = self.ends.len();
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
            self.ends.push(end);
            self.goto(skip);
        }
        if !has_else {
            self.note_end();
        }
        self.scopes.close_construct(construct);
        self.join_noted(first);
    }

    fn condition(&mut self, test: &Expr) {
        self.expr(test);
        self.truth_operator(test);
        self.may_raise(Operation::Truth);
    }

    fn for_statement(&mut self, stmt: &ast::StmtFor) {
        self.expr_as(&stmt.iter, CallMode::Driven);
        let iterate = if stmt.is_async {
            "__aiter__"
        } else {
            "__iter__"
        };
        self.operator(&stmt.iter, iterate, stmt.iter.range());
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

    fn while_statement(&mut self, stmt: &ast::StmtWhile) {
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
        orelse: &[Stmt],
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

    fn with_statement(&mut self, stmt: &ast::StmtWith) {
        let mut suppressing = None;
        let mut may_swallow = false;
        for item in &stmt.items {
            self.expr(&item.context_expr);
            let enter = if stmt.is_async {
                "__aenter__"
            } else {
                "__enter__"
            };
            self.operator(&item.context_expr, enter, item.context_expr.range());
            self.may_raise(Operation::Code);
            if let Some(vars) = &item.optional_vars {
                self.target(vars, None);
            }
            if suppressing.is_none() {
                let catches = suppressed(&item.context_expr);
                suppressing = catches.map(|catches| self.outliving(&catches));
            }
            may_swallow |= may_suppress(&item.context_expr);
        }
        let Some(catches) = suppressing else {
            if may_swallow {
                let statement = span(stmt.range);
                let raises = true;
                let exit = self.flow.node(Step::Exit { statement, raises });
                self.now().0.open_try(TryContext {
                    handlers: Vec::new(),
                    finally: None,
                    leaves: None,
                    swallowed: Some(exit),
                });
                self.body(&stmt.body);
                self.now().0.close_try();
            } else {
                self.body(&stmt.body);
            }
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
            swallowed: None,
        });
        let construct = self.scopes.open_construct(ConstructKind::Try, false);
        let end = self.arm(construct, |this| this.body(&stmt.body));
        self.scopes.close_construct(construct);
        self.now().0.close_try();
        self.join(&[end, Some(entry)]);
    }

    /// What is caught, in names that outlive the tree.
    fn outliving(&self, catches: &Catches<'_>) -> Catches<'a> {
        let names = catches.names.iter();
        Catches {
            anything: catches.anything,
            names: names.map(|name| self.written.copy(name)).collect(),
        }
    }

    fn try_statement(&mut self, stmt: &ast::StmtTry) {
        self.note_fallback(stmt);
        let handlers: Vec<Handler<'a>> = stmt
            .handlers
            .iter()
            .map(|ExceptHandler::ExceptHandler(handler)| Handler {
                catches: self.outliving(&catches(handler.type_.as_deref())),
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
            swallowed: None,
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

    fn handler(&mut self, handler: &ast::ExceptHandlerExceptHandler) {
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

    fn match_statement(&mut self, stmt: &ast::StmtMatch) {
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

    fn pattern(&mut self, pattern: &Pattern) {
        self.deeper(|this| this.pattern_here(pattern));
    }

    fn pattern_here(&mut self, pattern: &Pattern) {
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

    fn assert_statement(&mut self, stmt: &ast::StmtAssert) {
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
        now.raise(flow, Some("AssertionError"), span(stmt.range));
        self.goto(if constant == Some(false) {
            None
        } else {
            passed
        });
    }

    fn import(&mut self, stmt: &ast::StmtImport) {
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

    fn import_from(&mut self, stmt: &ast::StmtImportFrom) {
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
        module: &str,
        level: u32,
        target: ImportTarget,
        local: Option<(&str, TextRange)>,
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

    fn delete(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                self.bind(name.id.as_str(), name.range, TempValue::Deleted);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|inner| self.delete(inner)),
            Expr::List(list) => list.elts.iter().for_each(|inner| self.delete(inner)),
            other => self.expr(other),
        }
    }
}
