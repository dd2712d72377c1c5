//! Statements without branches.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::symbols::noted;
use super::{Lowerer, Origin};
use crate::facts::NameId;
use crate::values::{Op, VarId};

impl<'a> Lowerer<'a> {
    pub(super) fn body(&mut self, body: &'a [Stmt]) {
        let guarded = self.guarded;
        for stmt in body {
            self.deeper(|this| this.statement(stmt));
        }
        self.guarded = guarded;
    }

    fn statement(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Expr(stmt) => self.expression_statement(&stmt.value),
            Stmt::Assign(stmt) => self.assign(&stmt.targets, &stmt.value),
            Stmt::AnnAssign(stmt) => self.annotated_assign(stmt),
            Stmt::AugAssign(stmt) => self.augmented_assign(stmt),
            Stmt::Return(stmt) => {
                if let Some(value) = &stmt.value {
                    let from = self.expr(value);
                    match self.join_at(value, from) {
                        Some(join) => self.returned_join(join, from),
                        None => self.returned(from),
                    }
                }
                self.is_live = false;
            }
            Stmt::If(stmt) => self.if_statement(stmt),
            Stmt::For(stmt) => self.for_statement(stmt),
            Stmt::While(stmt) => self.while_statement(stmt),
            Stmt::With(stmt) => self.with_statement(stmt),
            Stmt::Try(stmt) => self.try_statement(stmt),
            Stmt::Match(stmt) => self.match_statement(stmt),
            Stmt::Raise(stmt) => {
                if let Some(exc) = &stmt.exc {
                    let base = self.expr(exc);
                    let site = exc.start().to_u32();
                    self.emit(Op::Raise { base, site });
                }
                if let Some(cause) = &stmt.cause {
                    self.expr(cause);
                }
                self.is_live = false;
            }
            Stmt::Assert(stmt) => self.assert_statement(stmt),
            Stmt::Import(stmt) => {
                for alias in &stmt.names {
                    self.import(alias);
                }
            }
            Stmt::ImportFrom(stmt) => {
                for alias in &stmt.names {
                    self.import(alias);
                }
            }
            Stmt::FunctionDef(stmt) => self.function(stmt),
            Stmt::ClassDef(stmt) => self.class_statement(stmt),
            Stmt::Delete(stmt) => {
                for target in &stmt.targets {
                    self.delete(target);
                }
            }
            Stmt::TypeAlias(stmt) => self.type_alias(stmt),
            Stmt::Break(_) => self.break_loop(),
            Stmt::Continue(_) => self.continue_loop(),
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn expression_statement(&mut self, value: &'a Expr) {
        match value {
            // Docstrings and other constants have no effect.
            Expr::StringLiteral(_) | Expr::EllipsisLiteral(_) => {}
            value => {
                self.expr(value);
                self.updated(value);
            }
        }
    }

    fn import(&mut self, alias: &'a ast::Alias) {
        // A star binds nothing that this file knows.
        let Some(name) = noted(&alias.node_index) else {
            return;
        };
        let to = self.var();
        self.emit(Op::Import {
            alias: alias.range.start().to_u32(),
            to,
        });
        self.origins.insert(to, Origin::Import);
        self.bind(NameId(name), to);
    }

    /// A type alias is the class that it names.
    fn type_alias(&mut self, stmt: &'a ast::StmtTypeAlias) {
        let var = match &*stmt.value {
            value @ (Expr::Name(_) | Expr::Attribute(_)) => self.expr(value),
            _ => self.nothing(),
        };
        if let Expr::Name(name) = &*stmt.name {
            let name = self.name_of(name);
            self.bind(name, var);
        }
    }

    fn delete(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => {
                let name = self.name_of(name);
                self.unbind(name);
            }
            Expr::Attribute(attribute) => {
                let base = self.expr(&attribute.value);
                let name = self.names.intern(attribute.attr.id.as_str());
                let site = attribute.range.start().to_u32();
                self.emit(Op::DeleteAttribute { base, name, site });
            }
            Expr::Subscript(subscript) => {
                let base = self.expr(&subscript.value);
                let key = self.key(&subscript.slice);
                let site = subscript.range.start().to_u32();
                self.emit(Op::DeleteItem { base, key, site });
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for inner in elts {
                    self.deeper(|this| this.delete(inner));
                }
            }
            other => {
                self.expr(other);
            }
        }
    }

    pub(super) fn name_of(&mut self, name: &ast::ExprName) -> NameId {
        match noted(&name.node_index) {
            Some(id) if self.quoted == 0 => NameId(id),
            _ => self.names.intern(name.id.as_str()),
        }
    }

    fn annotated_assign(&mut self, stmt: &'a ast::StmtAnnAssign) {
        let value = stmt.value.as_deref().map(|value| self.expr(value));
        let to = self.var();
        if let Some(value) = value {
            self.copy(value, to);
            if let Some(&origin) = self.origins.get(&value) {
                self.origins.insert(to, origin);
            }
            self.known.alias(value, to);
        }
        self.annotation(&stmt.annotation, to);
        self.annotated_field(stmt, to);
        match (&*stmt.target, value) {
            (Expr::Name(_), None) if self.class_scope().is_some() => {}
            (Expr::Name(name), _) => {
                let name = self.name_of(name);
                self.bind(name, to);
            }
            (target, Some(_)) => self.target(target, to, stmt.range.start().to_u32()),
            (Expr::Attribute(attribute), None) => {
                // It says what the attribute will be.
                let base = self.expr(&attribute.value);
                self.set_attribute(attribute, base, to);
            }
            (_, None) => {}
        }
    }

    fn augmented_assign(&mut self, stmt: &'a ast::StmtAugAssign) {
        let site = stmt.target.start().to_u32();
        let operator = super::operators::operator(stmt.op);
        let to = self.var();
        let operate = |this: &mut Self, left: VarId, right: VarId| {
            this.emit(Op::Operate {
                operator,
                left,
                right,
                is_in_place: true,
                to,
                site,
            });
        };
        match &*stmt.target {
            Expr::Name(name) => {
                let name = self.name_of(name);
                let left = self.read(name);
                let right = self.expr(&stmt.value);
                operate(self, left, right);
                self.bind(name, to);
            }
            Expr::Attribute(attribute) => {
                let base = self.expr(&attribute.value);
                let name = self.names.intern(attribute.attr.id.as_str());
                let left = self.var();
                self.emit(Op::GetAttribute {
                    base,
                    name,
                    to: left,
                    site,
                });
                let right = self.expr(&stmt.value);
                operate(self, left, right);
                self.set_attribute(attribute, base, to);
            }
            Expr::Subscript(subscript) => {
                let base = self.expr(&subscript.value);
                let key = self.key(&subscript.slice);
                let left = self.var();
                self.emit(Op::GetItem {
                    base,
                    key,
                    to: left,
                    site,
                });
                let right = self.expr(&stmt.value);
                operate(self, left, right);
                self.emit(Op::SetItem {
                    base,
                    key,
                    from: to,
                    site,
                });
            }
            other => {
                self.expr(other);
                self.expr(&stmt.value);
            }
        }
    }
}
