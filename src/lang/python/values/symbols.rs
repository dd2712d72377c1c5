//! The scopes of a file and what each binds, found in one walk before anything is lowered.
//!
//! Owns Python's rules on which scope a name belongs to; numbers codes and classes in source order. The walk leaves
//! the id of each scope, loop and name in its node, so that lowering need not look them up.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::{
    self as ast, AtomicNodeIndex, ExceptHandler, Expr, ExprContext, Identifier, NodeIndex, Pattern,
    Stmt,
};
use rustc_hash::FxHashMap;

use super::super::extract::Interner;
use super::super::syntax::first_segment;
use super::super::{STACK_RED_ZONE, STACK_SEGMENT};
use crate::facts::{NameId, Slice};
use crate::values::VarId;

/// A scope as Python sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) kind: ScopeKind,
    pub(super) parent: u32,
    /// The code or class that it is the body of.
    pub(super) body: u32,
    /// Names bound, each time they are: a run of [`Symbols::stores`].
    pub(super) stores: Slice,
    /// Names of functions around that are read here: a run of [`Symbols::frees`].
    pub(super) frees: Slice,
    /// Names declared `global`: a run of [`Symbols::globals`].
    pub(super) globals: Slice,
    pub(super) is_generator: bool,
    /// Whether functions in it read its names.
    pub(super) has_cells: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function,
    Comprehension,
}

impl ScopeKind {
    /// Whether functions inside see its names.
    const fn is_closed_over(self) -> bool {
        matches!(self, Self::Function | Self::Comprehension)
    }
}

/// The variable behind a name that inner functions read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) var: VarId,
    /// Whether inner functions write it too.
    pub(super) is_shared: bool,
}

/// All scopes of a file.
#[derive(Default)]
pub(super) struct Symbols {
    pub(super) scopes: Vec<Scope>,
    pub(super) stores: Vec<NameId>,
    pub(super) frees: Vec<NameId>,
    pub(super) globals: Vec<NameId>,
    /// What each loop binds: a run of its scope's stores, counted from their start.
    pub(super) loops: Vec<Slice>,
    pub(super) cells: FxHashMap<(u32, NameId), Cell>,
    /// Names that functions declare `global`.
    pub(super) declared: Vec<NameId>,
    pub(super) codes: u32,
    pub(super) classes: u32,
}

impl Symbols {
    pub(super) fn clear(&mut self) {
        self.scopes.clear();
        self.stores.clear();
        self.frees.clear();
        self.globals.clear();
        self.loops.clear();
        self.cells.clear();
        self.declared.clear();
        self.codes = 0;
        self.classes = 0;
    }
}

/// Where an open scope's entries start on the stacks.
struct Open {
    scope: u32,
    kind: ScopeKind,
    stores: usize,
    loads: usize,
    inner: usize,
    globals: usize,
    nonlocals: usize,
    walruses: usize,
    /// Whether a function or comprehension is around it.
    is_enclosed: bool,
    /// Whether the names it reads may be those of a function around.
    keeps_loads: bool,
    is_generator: bool,
}

/// The stacks of the walk, kept from file to file.
#[derive(Default)]
pub(super) struct Stacks {
    open: Vec<Open>,
    stores: Vec<NameId>,
    loads: Vec<NameId>,
    /// Names that inner functions read, and whether they write them.
    inner: Vec<(NameId, bool)>,
    globals: Vec<NameId>,
    nonlocals: Vec<NameId>,
    walruses: Vec<NameId>,
    bound: Vec<u32>,
    seen: Vec<u32>,
    seen_count: u32,
}

/// The walk.
pub(super) struct Collector<'a> {
    pub(super) names: &'a mut Interner,
    pub(super) symbols: &'a mut Symbols,
    pub(super) stacks: &'a mut Stacks,
    /// Number of variables given out.
    pub(super) vars: &'a mut u32,
}

/// Notes `value` in a node.
fn mark(node: &AtomicNodeIndex, value: u32) {
    // Ids stay far below the values that an index cannot take: files are below 4 GiB.
    node.set(NodeIndex::from(value.min(u32::MAX / 2)));
}

/// What [`Collector`] noted in a node.
pub(super) fn noted(node: &AtomicNodeIndex) -> Option<u32> {
    node.load().as_u32()
}

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

    /// Makes a scope inside the one that is open.
    fn scope(&mut self, kind: ScopeKind) -> u32 {
        let body = match kind {
            ScopeKind::Module | ScopeKind::Function => {
                self.symbols.codes += 1;
                self.symbols.codes - 1
            }
            ScopeKind::Class => {
                self.symbols.classes += 1;
                self.symbols.classes - 1
            }
            ScopeKind::Comprehension => 0,
        };
        let id = self.symbols.scopes.len() as u32;
        self.symbols.scopes.push(Scope {
            kind,
            parent: self.stacks.open.last().map_or(0, |open| open.scope),
            body,
            stores: Slice::default(),
            frees: Slice::default(),
            globals: Slice::default(),
            is_generator: false,
            has_cells: false,
        });
        id
    }

    fn enter(&mut self, scope: u32) {
        let kind = self.symbols.scopes[scope as usize].kind;
        let stacks = &mut *self.stacks;
        let around = stacks.open.last();
        let is_enclosed =
            around.is_some_and(|around| around.is_enclosed || around.kind.is_closed_over());
        let keeps_loads = match kind {
            ScopeKind::Module => false,
            ScopeKind::Function => is_enclosed,
            ScopeKind::Class | ScopeKind::Comprehension => {
                around.is_some_and(|around| around.keeps_loads)
            }
        };
        stacks.open.push(Open {
            scope,
            kind,
            stores: stacks.stores.len(),
            loads: stacks.loads.len(),
            inner: stacks.inner.len(),
            globals: stacks.globals.len(),
            nonlocals: stacks.nonlocals.len(),
            walruses: stacks.walruses.len(),
            is_enclosed,
            keeps_loads,
            is_generator: false,
        });
    }

    fn leave(&mut self) {
        let Some(open) = self.stacks.open.pop() else {
            return;
        };
        self.resolve(&open);
        let stacks = &mut *self.stacks;
        let symbols = &mut *self.symbols;
        let move_run = |from: &mut Vec<NameId>, start: usize, to: &mut Vec<NameId>| {
            let run = Slice {
                start: to.len() as u32,
                len: (from.len() - start) as u32,
            };
            to.extend(from.drain(start..));
            run
        };
        let stores = move_run(&mut stacks.stores, open.stores, &mut symbols.stores);
        let globals = move_run(&mut stacks.globals, open.globals, &mut symbols.globals);
        stacks.nonlocals.truncate(open.nonlocals);
        let scope = &mut symbols.scopes[open.scope as usize];
        scope.stores = stores;
        scope.globals = globals;
        scope.is_generator = open.is_generator;
        // `:=` in a comprehension binds around it.
        let is_comprehension = |open: &Open| open.kind == ScopeKind::Comprehension;
        if !stacks.open.last().is_some_and(is_comprehension) {
            stacks.stores.extend(stacks.walruses.drain(open.walruses..));
        }
    }

    /// Finds out which names of the scope inner functions read, and which it has from around itself.
    fn resolve(&mut self, open: &Open) {
        let stacks = &mut *self.stacks;
        let is_quiet = stacks.loads.len() == open.loads
            && stacks.inner.len() == open.inner
            && stacks.nonlocals.len() == open.nonlocals;
        if is_quiet || !open.kind.is_closed_over() {
            if !open.is_enclosed {
                stacks.inner.truncate(open.inner);
            }
            return;
        }
        let count = self.names.table.len();
        stacks.bound.resize(count, 0);
        stacks.seen.resize(count, 0);
        let bound_here = open.scope + 1;
        for name in &stacks.stores[open.stores..] {
            stacks.bound[name.index()] = bound_here;
        }
        for name in &stacks.nonlocals[open.nonlocals..] {
            stacks.bound[name.index()] = 0;
        }
        // Names declared `global` count as seen: they go no further.
        stacks.seen_count += 1;
        let seen_here = stacks.seen_count;
        for name in &stacks.globals[open.globals..] {
            stacks.bound[name.index()] = 0;
            stacks.seen[name.index()] = seen_here;
        }
        let mut kept = open.inner;
        for at in open.inner..stacks.inner.len() {
            let (name, writes) = stacks.inner[at];
            if stacks.bound[name.index()] == bound_here {
                self.symbols.scopes[open.scope as usize].has_cells = true;
                let cell = self.symbols.cells.entry((open.scope, name));
                let cell = cell.or_insert_with(|| {
                    *self.vars += 1;
                    Cell {
                        var: VarId(*self.vars - 1),
                        is_shared: false,
                    }
                });
                cell.is_shared |= writes;
            } else if stacks.seen[name.index()] != seen_here || writes {
                stacks.seen[name.index()] = seen_here;
                stacks.inner[kept] = (name, writes);
                kept += 1;
            }
        }
        stacks.inner.truncate(kept);
        let is_free = |name: &NameId| stacks.bound[name.index()] != bound_here;
        if open.kind == ScopeKind::Comprehension {
            let mut kept = open.loads;
            for at in open.loads..stacks.loads.len() {
                let name = stacks.loads[at];
                if is_free(&name) {
                    stacks.loads[kept] = name;
                    kept += 1;
                }
            }
            stacks.loads.truncate(kept);
            if !open.is_enclosed {
                stacks.inner.truncate(open.inner);
            }
            return;
        }
        for name in stacks.nonlocals.drain(open.nonlocals..) {
            stacks.seen[name.index()] = seen_here;
            stacks.inner.push((name, true));
        }
        for at in open.loads..stacks.loads.len() {
            let name = stacks.loads[at];
            if stacks.bound[name.index()] != bound_here && stacks.seen[name.index()] != seen_here {
                stacks.seen[name.index()] = seen_here;
                stacks.inner.push((name, false));
            }
        }
        stacks.loads.truncate(open.loads);
        if !open.is_enclosed {
            stacks.inner.truncate(open.inner);
            return;
        }
        let start = self.symbols.frees.len() as u32;
        let frees = stacks.inner[open.inner..].iter().map(|&(name, _)| name);
        self.symbols.frees.extend(frees);
        self.symbols.scopes[open.scope as usize].frees = Slice {
            start,
            len: self.symbols.frees.len() as u32 - start,
        };
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

/// The scope that [`Collector`] noted in a lambda or comprehension.
pub(super) fn noted_expr(expr: &Expr) -> Option<u32> {
    noted(match expr {
        Expr::Lambda(expr) => &expr.node_index,
        Expr::ListComp(expr) => &expr.node_index,
        Expr::SetComp(expr) => &expr.node_index,
        Expr::DictComp(expr) => &expr.node_index,
        Expr::Generator(expr) => &expr.node_index,
        _ => return None,
    })
}
