//! Statements with branches: what each name is after them.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;

use super::super::syntax::{constant_truth, is_irrefutable, suppressed};
use super::Lowerer;
use super::environment::Version;
use super::joins::Branch;
use super::symbols::noted;
use crate::facts::NameId;
use crate::values::{Op, VarId};

/// Copies that `break` and `continue` may cost in a file; those past it are left out.
pub(super) const MOST_JUMP_COPIES: usize = 1 << 20;
/// Names that handlers may look back at in a file; those past it see only what stood before their `try`.
pub(super) const MOST_LOOKED_BACK: usize = 1 << 22;
/// Tests of one `if` that may bind names; those past it bind them for all branches.
const MOST_GROUPS: usize = 64;
/// Loops in one another beyond which names are not followed round the inner ones.
const MOST_LOOPS: usize = 40;

/// A loop around.
pub(super) struct Loop {
    /// What it binds, with the joins at its head.
    heads: Vec<(NameId, Version)>,
    /// What names are where it is left by `break`, if not what they are at its head.
    broken: Vec<(NameId, Version)>,
    breaks: usize,
    /// Where what happens in it begins.
    mark: usize,
}

impl<'a> Lowerer<'a> {
    pub(super) fn if_statement(&mut self, stmt: &'a ast::StmtIf) {
        // Where a test binds a name, all that follows is one branch of its own; the marks say where each starts.
        let mut groups: Vec<(usize, Vec<Branch>)> = vec![(self.env.mark(), Vec::new())];
        let clauses = std::iter::once((Some(&*stmt.test), &stmt.body)).chain(
            stmt.elif_else_clauses
                .iter()
                .map(|clause| (clause.test.as_ref(), &clause.body)),
        );
        let entered_live = self.is_live;
        let mut rest_live = entered_live;
        let mut has_else = false;
        let guarded = self.guarded;
        let guard = self.guard_of(&stmt.test);
        let mut ends_live = true;
        for (at, (test, body)) in clauses.enumerate() {
            let mut constant = None;
            let mut outcome = super::narrowing::Outcome::default();
            match test {
                Some(test) => {
                    constant = constant_truth(test);
                    outcome = self.condition(test);
                    self.open_group(&mut groups);
                }
                None => has_else = true,
            }
            self.is_live = rest_live && constant != Some(false);
            let mark = self.env.mark();
            self.apply(&outcome.truthy);
            self.guarded = guard.map_or(guarded, |holds| Some(holds == (at == 0)));
            self.body(body);
            if at == 0 {
                ends_live = self.is_live;
            }
            let branch = self.branch(mark);
            if let Some((_, branches)) = groups.last_mut() {
                branches.push(branch);
            }
            rest_live &= constant != Some(true);
            self.is_live = rest_live;
            self.apply(&outcome.falsy);
            self.open_group(&mut groups);
        }
        if !has_else && let Some((_, branches)) = groups.last_mut() {
            branches.push(Branch {
                changes: Vec::new(),
                is_live: rest_live,
            });
        }
        // What follows a branch that never ends is the other case.
        self.guarded = match guard {
            Some(holds) if !ends_live => Some(!holds),
            _ => guarded,
        };
        while let Some((_, branches)) = groups.pop() {
            self.join(&branches);
            if let Some((mark, around)) = groups.last_mut() {
                let mark = *mark;
                let branch = Branch {
                    changes: self.env.cut(mark),
                    is_live: self.is_live,
                };
                around.push(branch);
            }
        }
    }

    fn open_group(&mut self, groups: &mut Vec<(usize, Vec<Branch>)>) {
        let mark = self.env.mark();
        let count = groups.len();
        match groups.last_mut() {
            Some((start, branches)) if branches.is_empty() => *start = mark,
            Some((start, _)) if *start == mark || count >= MOST_GROUPS => {}
            _ => groups.push((mark, Vec::new())),
        }
    }

    /// The names that the loop `node` binds.
    fn bound_in_loop(&self, node: &ast::AtomicNodeIndex) -> Vec<NameId> {
        let run = noted(node).and_then(|id| self.symbols.loops.get(id as usize));
        let (Some(run), true) = (run, self.loops.len() < MOST_LOOPS) else {
            return Vec::new();
        };
        let stores = &self.symbols.stores[self.symbols.scopes[self.scope as usize].stores.range()];
        stores.get(run.range()).map_or(Vec::new(), <[_]>::to_vec)
    }

    fn open_loop(&mut self, node: &ast::AtomicNodeIndex) {
        let names = self.bound_in_loop(node);
        let heads = self.open_joins(&names);
        self.loops.push(Loop {
            heads,
            broken: Vec::new(),
            breaks: 0,
            mark: self.env.mark(),
        });
    }

    /// Closes the innermost loop, whose body has been lowered since `mark`; `exits` tells whether it can end by itself.
    fn close_loop(&mut self, mark: usize, exits: bool, orelse: &'a [Stmt]) {
        if self.is_live {
            self.continue_loop();
        }
        self.env.cut(mark);
        let Some(closed) = self.loops.pop() else {
            return;
        };
        self.is_live = exits;
        self.body(orelse);
        if closed.breaks == 0 {
            return;
        }
        let exit = self.branch(closed.mark);
        let mut broken = closed.broken;
        broken.sort_by_key(|&(name, _)| name);
        let mut changes: Vec<(NameId, Version)> = Vec::new();
        for versions in broken.chunk_by(|(name, _), (other, _)| name == other) {
            let (name, first) = versions[0];
            if versions.len() == closed.breaks
                && versions.iter().all(|&(_, version)| version == first)
            {
                changes.push((name, first));
                continue;
            }
            let join = self.new_join();
            if versions.len() < closed.breaks {
                // Some left it as it was at the head.
                let head = self.env.slot(name).version;
                self.add_to_join(join, head);
            }
            for &(_, version) in versions {
                self.add_to_join(join, version);
            }
            changes.push((name, join));
        }
        let broken = Branch {
            changes,
            is_live: true,
        };
        self.join(&[exit, broken]);
    }

    pub(super) fn continue_loop(&mut self) {
        if let Some(last) = self.loops.last_mut()
            && self.is_live
        {
            let heads = std::mem::take(&mut last.heads);
            if self.jump_budget >= heads.len() {
                self.jump_budget -= heads.len();
                self.feed_joins(&heads);
            }
            if let Some(last) = self.loops.last_mut() {
                last.heads = heads;
            }
        }
        self.is_live = false;
    }

    pub(super) fn break_loop(&mut self) {
        if let Some(last) = self.loops.last_mut()
            && self.is_live
            && self.jump_budget >= last.heads.len()
        {
            self.jump_budget -= last.heads.len();
            last.breaks += 1;
            for &(name, head) in &last.heads {
                let now = self.env.slot(name).version;
                if now != head {
                    last.broken.push((name, now));
                }
            }
        }
        self.is_live = false;
    }

    pub(super) fn for_statement(&mut self, stmt: &'a ast::StmtFor) {
        let base = self.expr(&stmt.iter);
        let site = stmt.iter.start().to_u32();
        let to = self.var();
        self.emit(Op::Iterate {
            base,
            is_async: stmt.is_async,
            to,
            site,
        });
        let entered_live = self.is_live;
        self.open_loop(&stmt.node_index);
        let mark = self.env.mark();
        self.target(&stmt.target, to, site);
        self.body(&stmt.body);
        self.close_loop(mark, entered_live, &stmt.orelse);
    }

    pub(super) fn while_statement(&mut self, stmt: &'a ast::StmtWhile) {
        let entered_live = self.is_live;
        self.open_loop(&stmt.node_index);
        let outcome = self.condition(&stmt.test);
        let constant = constant_truth(&stmt.test);
        let mark = self.env.mark();
        self.apply(&outcome.truthy);
        self.is_live = entered_live && constant != Some(false);
        self.body(&stmt.body);
        self.close_loop(mark, entered_live && constant != Some(true), &stmt.orelse);
    }

    pub(super) fn with_statement(&mut self, stmt: &'a ast::StmtWith) {
        let mut may_suppress = false;
        for item in &stmt.items {
            let base = self.expr(&item.context_expr);
            let site = item.context_expr.start().to_u32();
            let to = self.var();
            self.emit(Op::Enter {
                base,
                is_async: stmt.is_async,
                to,
                site,
            });
            if let Some(vars) = &item.optional_vars {
                self.target(vars, to, site);
            }
            may_suppress |= suppressed(&item.context_expr).is_some();
        }
        let mark = self.env.mark();
        let entered_live = self.is_live;
        self.body(&stmt.body);
        if may_suppress {
            let ends = self.branch(mark);
            self.join(&[
                ends,
                Branch {
                    changes: Vec::new(),
                    is_live: entered_live,
                },
            ]);
        }
    }

    pub(super) fn try_statement(&mut self, stmt: &'a ast::StmtTry) {
        let entered_live = self.is_live;
        let mark = self.env.mark();
        let written = self.env.writes.len();
        self.env.tries += 1;
        self.body(&stmt.body);
        let written_in_body = self.env.writes.len();
        self.body(&stmt.orelse);
        let mut ends = vec![self.branch(mark)];
        if !stmt.handlers.is_empty() {
            let joins = self.joins_of_writes(written, written_in_body);
            self.env.apply(&joins);
            let handled = self.env.mark();
            let mut handlers = Vec::with_capacity(stmt.handlers.len());
            for ExceptHandler::ExceptHandler(handler) in &stmt.handlers {
                self.is_live = entered_live;
                self.handler(handler);
                handlers.push(self.branch(handled));
            }
            self.join(&handlers);
            ends.push(self.branch(mark));
        }
        let finally = if stmt.finalbody.is_empty() {
            Vec::new()
        } else {
            self.joins_of_writes(written, self.env.writes.len())
        };
        self.join(&ends);
        self.env.tries -= 1;
        if self.env.tries == 0 {
            self.env.writes.clear();
        }
        if stmt.finalbody.is_empty() {
            return;
        }
        let ends_live = self.is_live;
        let mut before = Vec::with_capacity(finally.len());
        for &(name, join) in &finally {
            let normal = self.env.slot(name).version;
            self.add_to_join(join, normal);
            before.push(normal);
            self.env.set(name, join);
        }
        self.is_live = entered_live;
        self.body(&stmt.finalbody);
        // What ran through without an exception goes on with what it had.
        for (&(name, join), before) in finally.iter().zip(before) {
            if self.env.slot(name).version == join {
                self.env.set(name, before);
            }
        }
        self.is_live &= ends_live;
    }

    fn handler(&mut self, handler: &'a ast::ExceptHandlerExceptHandler) {
        let caught: Vec<VarId> = match handler.type_.as_deref() {
            None => Vec::new(),
            Some(Expr::Tuple(tuple)) => tuple.elts.iter().map(|elt| self.expr(elt)).collect(),
            Some(other) => vec![self.expr(other)],
        };
        let name = handler.name.as_ref().map(|name| self.intern(name));
        if let Some(name) = name {
            let to = self.var();
            for annotation in caught {
                self.emit(Op::Annotated { annotation, to });
            }
            self.bind(name, to);
        }
        self.body(&handler.body);
        if let Some(name) = name {
            self.unbind(name);
        }
    }

    pub(super) fn match_statement(&mut self, stmt: &'a ast::StmtMatch) {
        let subject = self.expr(&stmt.subject);
        let name = match &*stmt.subject {
            Expr::Name(name) => Some(self.name_of(name)),
            _ => None,
        };
        let entered_live = self.is_live;
        let mark = self.env.mark();
        let mut branches = Vec::with_capacity(stmt.cases.len() + 1);
        let mut exhaustive = false;
        for case in &stmt.cases {
            self.is_live = entered_live;
            self.pattern(&case.pattern, subject, name);
            if let Some(guard) = &case.guard {
                let outcome = self.condition(guard);
                self.apply(&outcome.truthy);
            }
            self.body(&case.body);
            branches.push(self.branch(mark));
            exhaustive |= case.guard.is_none() && is_irrefutable(&case.pattern);
        }
        if !exhaustive {
            branches.push(Branch {
                changes: Vec::new(),
                is_live: entered_live,
            });
        }
        self.join(&branches);
    }

    pub(super) fn assert_statement(&mut self, stmt: &'a ast::StmtAssert) {
        let outcome = self.condition(&stmt.test);
        if let Some(msg) = &stmt.msg {
            let mark = self.env.mark();
            self.expr(msg);
            self.maybe(mark);
        }
        self.apply(&outcome.truthy);
        if constant_truth(&stmt.test) == Some(false) {
            self.is_live = false;
        }
    }
}
