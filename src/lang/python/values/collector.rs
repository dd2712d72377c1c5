//! The walk that fills [`super::symbols`]: where names are bound and read.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::{
    self as ast, AtomicNodeIndex, ExceptHandler, Expr, ExprContext, Identifier, Pattern, Stmt,
};

use super::super::syntax::first_segment;
use super::super::{STACK_RED_ZONE, STACK_SEGMENT};
use super::symbols::{Collector, ScopeKind, mark};
use crate::facts::{NameId, Slice};

impl Collector<'_> {
    pub(super) fn module(&mut self, body: &[Stmt]) {
        self.stacks.bound.clear();
        self.stacks.seen.clear();
        self.stacks.seen_count = 0;
        let scope = self.scope(ScopeKind::Module);
        self.enter(scope);
        self.visit_body(body);
        let declared = std::mem::take(&mut self.symbols.declared);
        self.stacks.stores.extend_from_slice(&declared);
        self.symbols.declared = declared;
        self.leave();
    }

    fn intern(&mut self, name: &str, node: &AtomicNodeIndex) -> NameId {
        let id = self.names.intern(name);
        mark(node, id.0);
        id
    }

    fn store(&mut self, name: &str, node: &AtomicNodeIndex) {
        let id = self.intern(name, node);
        self.stacks.stores.push(id);
    }

    fn store_identifier(&mut self, name: &Identifier) {
        self.store(name.id.as_str(), &name.node_index);
    }

    fn opened_loop(&mut self, node: &AtomicNodeIndex, visit: impl FnOnce(&mut Self)) {
        let id = self.symbols.loops.len();
        self.symbols.loops.push(Slice::default());
        mark(node, id as u32);
        let base = self.stacks.open.last().map_or(0, |open| open.stores);
        let start = self.stacks.stores.len();
        visit(self);
        self.symbols.loops[id] = Slice {
            start: (start - base) as u32,
            len: (self.stacks.stores.len() - start) as u32,
        };
    }

    fn signature(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
        for parameter in parameters {
            if let Some(annotation) = parameter.annotation() {
                self.visit_expr(annotation);
            }
        }
    }

    fn bind_parameters(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters {
            self.store_identifier(parameter.name());
        }
    }

    fn bind_type_params(&mut self, params: Option<&ast::TypeParams>) {
        for param in params.into_iter().flat_map(|params| &params.type_params) {
            self.store_identifier(param.name());
        }
    }

    fn function(&mut self, stmt: &ast::StmtFunctionDef) {
        for decorator in &stmt.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        let scope = self.scope(ScopeKind::Function);
        mark(&stmt.node_index, scope);
        self.signature(&stmt.parameters);
        if let Some(returns) = &stmt.returns {
            self.visit_expr(returns);
        }
        self.enter(scope);
        self.bind_type_params(stmt.type_params.as_deref());
        self.bind_parameters(&stmt.parameters);
        self.visit_body(&stmt.body);
        self.leave();
        self.store_identifier(&stmt.name);
    }

    fn class(&mut self, stmt: &ast::StmtClassDef) {
        for decorator in &stmt.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        let scope = self.scope(ScopeKind::Class);
        mark(&stmt.node_index, scope);
        if let Some(arguments) = &stmt.arguments {
            self.visit_arguments(arguments);
        }
        self.enter(scope);
        self.bind_type_params(stmt.type_params.as_deref());
        self.visit_body(&stmt.body);
        self.leave();
        self.store_identifier(&stmt.name);
    }

    fn lambda(&mut self, lambda: &ast::ExprLambda) {
        let scope = self.scope(ScopeKind::Function);
        mark(&lambda.node_index, scope);
        if let Some(parameters) = &lambda.parameters {
            self.signature(parameters);
        }
        self.enter(scope);
        if let Some(parameters) = &lambda.parameters {
            self.bind_parameters(parameters);
        }
        self.visit_expr(&lambda.body);
        self.leave();
    }

    fn comprehension(
        &mut self,
        node: &AtomicNodeIndex,
        generators: &[ast::Comprehension],
        elements: [Option<&Expr>; 2],
    ) {
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let scope = self.scope(ScopeKind::Comprehension);
        mark(node, scope);
        self.enter(scope);
        for (at, generator) in generators.iter().enumerate() {
            if at > 0 {
                self.visit_expr(&generator.iter);
            }
            self.visit_expr(&generator.target);
            for test in &generator.ifs {
                self.visit_expr(test);
            }
        }
        for element in elements.into_iter().flatten() {
            self.visit_expr(element);
        }
        self.leave();
    }

    fn named(&mut self, named: &ast::ExprNamed) {
        self.visit_expr(&named.value);
        let Expr::Name(name) = &*named.target else {
            return self.visit_expr(&named.target);
        };
        let id = self.intern(name.id.as_str(), &name.node_index);
        let open = self.stacks.open.last();
        if open.is_some_and(|open| open.kind == ScopeKind::Comprehension) {
            self.stacks.walruses.push(id);
        } else {
            self.stacks.stores.push(id);
        }
    }

    fn name(&mut self, name: &ast::ExprName) {
        let id = self.intern(name.id.as_str(), &name.node_index);
        match name.ctx {
            ExprContext::Store | ExprContext::Del => self.stacks.stores.push(id),
            ExprContext::Load | ExprContext::Invalid => {
                if self.stacks.open.last().is_some_and(|open| open.keeps_loads) {
                    self.stacks.loads.push(id);
                }
            }
        }
    }

    fn mark_generator(&mut self) {
        let mut open = self.stacks.open.iter_mut().rev();
        if let Some(function) = open.find(|open| open.kind != ScopeKind::Comprehension) {
            function.is_generator = true;
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::FunctionDef(stmt) => self.function(stmt),
            Stmt::ClassDef(stmt) => self.class(stmt),
            Stmt::For(stmt) => {
                self.visit_expr(&stmt.iter);
                self.opened_loop(&stmt.node_index, |this| {
                    this.visit_expr(&stmt.target);
                    this.visit_body(&stmt.body);
                });
                self.visit_body(&stmt.orelse);
            }
            Stmt::While(stmt) => {
                self.opened_loop(&stmt.node_index, |this| {
                    this.visit_expr(&stmt.test);
                    this.visit_body(&stmt.body);
                });
                self.visit_body(&stmt.orelse);
            }
            Stmt::Import(stmt) => {
                for alias in &stmt.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).id.as_str();
                    let name = match alias.asname {
                        Some(_) => name,
                        None => first_segment(name),
                    };
                    self.store(name, &alias.node_index);
                }
            }
            Stmt::ImportFrom(stmt) => {
                for alias in &stmt.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).id.as_str();
                    if name != "*" {
                        self.store(name, &alias.node_index);
                    }
                }
            }
            Stmt::Global(stmt) => {
                let is_module = self.stacks.open.len() == 1;
                for name in &stmt.names {
                    let name = self.names.intern(name.id.as_str());
                    if !is_module {
                        self.stacks.globals.push(name);
                        self.symbols.declared.push(name);
                    }
                }
            }
            Stmt::Nonlocal(stmt) => {
                for name in &stmt.names {
                    let name = self.names.intern(name.id.as_str());
                    self.stacks.nonlocals.push(name);
                }
            }
            Stmt::AugAssign(stmt) => {
                self.visit_expr(&stmt.value);
                self.visit_expr(&stmt.target);
                if let Expr::Name(name) = &*stmt.target {
                    let id = self.intern(name.id.as_str(), &name.node_index);
                    if self.stacks.open.last().is_some_and(|open| open.keeps_loads) {
                        self.stacks.loads.push(id);
                    }
                }
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn expression(&mut self, expr: &Expr) {
        match expr {
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::Named(named) => self.named(named),
            Expr::ListComp(comp) => {
                self.comprehension(&comp.node_index, &comp.generators, [Some(&comp.elt), None]);
            }
            Expr::SetComp(comp) => {
                self.comprehension(&comp.node_index, &comp.generators, [Some(&comp.elt), None]);
            }
            Expr::Generator(comp) => {
                self.comprehension(&comp.node_index, &comp.generators, [Some(&comp.elt), None]);
            }
            Expr::DictComp(comp) => self.comprehension(
                &comp.node_index,
                &comp.generators,
                [comp.key.as_deref(), Some(&comp.value)],
            ),
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                self.mark_generator();
                walk_expr(self, expr);
            }
            _ => walk_expr(self, expr),
        }
    }
}

impl<'a> Visitor<'a> for Collector<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || self.statement(stmt));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => self.name(name),
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => {}
            _ => {
                stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || self.expression(expr));
            }
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(handler) = handler;
        if let Some(type_) = &handler.type_ {
            self.visit_expr(type_);
        }
        if let Some(name) = &handler.name {
            self.store_identifier(name);
        }
        self.visit_body(&handler.body);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.store_identifier(name);
        }
        stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || {
            walk_pattern(self, pattern);
        });
    }
}
