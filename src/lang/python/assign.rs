//! Assignments: what each name gets, and what `__all__` holds.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::expr::{is_namespace, partial_of};
use super::extract::{Extractor, TempExports, TempRoot, span};
use super::flow::Operation;
use super::scope::TempValue;
use crate::facts::{CallMode, Dynamic, Usage};

/// How many `:=` and partials around a value are looked through.
const MOST_WRAPPERS: usize = 64;

impl Extractor<'_> {
    pub(super) fn assign(&mut self, targets: &[Expr], value: &Expr) {
        let value = match (targets, value) {
            // A lambda bound to a name is a function of that name.
            ([Expr::Name(name)], Expr::Lambda(lambda)) => {
                let id = self.lambda(lambda);
                self.bind(name.id.as_str(), name.range, TempValue::Definition(id));
                return;
            }
            (_, value) => value,
        };
        // To unpack is to iterate.
        let mode = if targets
            .iter()
            .any(|target| matches!(target, Expr::Tuple(_) | Expr::List(_)))
        {
            CallMode::Driven
        } else {
            CallMode::Plain
        };
        let first = self.calls.len();
        self.expr_as(value, mode);
        if is_namespace(value) {
            self.dynamic.get_or_insert(Dynamic::Globals);
        }
        for target in targets {
            self.bind_value(target, Some(value), false);
        }
        self.keep_in(targets, value, first);
    }

    pub(super) fn annotated_assign(&mut self, stmt: &ast::StmtAnnAssign) {
        self.annotation(&stmt.annotation);
        match &stmt.value {
            Some(value) => self.assign(std::slice::from_ref(&*stmt.target), value),
            None => {
                if let (Expr::Name(name), true) = (&*stmt.target, stmt.simple) {
                    self.bind(name.id.as_str(), name.range, TempValue::Declared);
                } else {
                    self.target(&stmt.target, None);
                }
            }
        }
    }

    pub(super) fn augmented_assign(&mut self, stmt: &ast::StmtAugAssign) {
        self.expr(&stmt.value);
        self.may_raise(Operation::Arithmetic);
        match &*stmt.target {
            Expr::Name(name) if name.id.as_str() == "__all__" && self.scope == 0 => {
                self.add_exports(&stmt.value);
                self.bind("__all__", name.range, TempValue::Value);
            }
            target => self.target(target, None),
        }
    }

    /// Binds whatever `target` names; `value` is what it gets, where that is one expression.
    pub(super) fn target(&mut self, target: &Expr, value: Option<&Expr>) {
        self.bind_value(target, value, false);
    }

    pub(super) fn bind_value(&mut self, target: &Expr, value: Option<&Expr>, walrus: bool) {
        match target {
            Expr::Name(name) => {
                let bound = value.map_or(TempValue::Value, |value| self.bound_value(value));
                if self.scope == 0 {
                    self.module_store(name, value);
                }
                let around = self.scope;
                if walrus {
                    // Inside a comprehension `:=` binds in the scope around it.
                    self.scope = self.scopes.scopes[self.scope as usize].kept;
                }
                self.bind(name.id.as_str(), name.range, bound);
                self.scope = around;
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let values = match value {
                    Some(
                        Expr::Tuple(ast::ExprTuple { elts: values, .. })
                        | Expr::List(ast::ExprList { elts: values, .. }),
                    ) if values.len() == elts.len()
                        && !elts.iter().chain(values).any(Expr::is_starred_expr) =>
                    {
                        Some(values)
                    }
                    _ => None,
                };
                if values.is_none() {
                    self.may_raise(Operation::Code);
                }
                self.deeper(|this| {
                    for (at, elt) in elts.iter().enumerate() {
                        this.bind_value(elt, values.map(|values| &values[at]), walrus);
                    }
                });
            }
            Expr::Starred(starred) => {
                self.deeper(|this| this.bind_value(&starred.value, None, walrus));
            }
            other => self.expr(other),
        }
    }

    fn bound_value(&mut self, mut value: &Expr) -> TempValue {
        // Who nests more of them in one another gets a value; each asks for all those inside.
        let mut usage = Usage::Load;
        for _ in 0..MOST_WRAPPERS {
            value = match value {
                Expr::Named(named) => &named.value,
                other => match partial_of(other) {
                    Some(inner) => {
                        usage = Usage::Held;
                        inner
                    }
                    None => break,
                },
            };
        }
        match value {
            Expr::Name(_) | Expr::Attribute(_) => match self.chain(value) {
                Some((
                    root @ (TempRoot::Name(_) | TempRoot::Super | TempRoot::TypeOf(_)),
                    path,
                )) => {
                    let at = self.reference(root, path, span(value.range()), usage);
                    self.references[at as usize].always = true;
                    TempValue::Alias(at)
                }
                _ => TempValue::Value,
            },
            Expr::Call(call) => {
                let end = call.range().end().to_u32();
                let start = call.range().start().to_u32();
                let found = self
                    .calls
                    .iter()
                    .rposition(|made| made.end == end && made.callee.span.start == start);
                found.map_or(TempValue::Value, |at| TempValue::Result(at as u32))
            }
            _ => TempValue::Value,
        }
    }

    /// Module-level names with a meaning of their own.
    fn module_store(&mut self, name: &ast::ExprName, value: Option<&Expr>) {
        match name.id.as_str() {
            "__all__" => {
                self.exports = Some(TempExports::default());
                match value {
                    Some(value) => self.add_exports(value),
                    None => self.open_exports(),
                }
            }
            "__getattr__" => {
                self.dynamic.get_or_insert(Dynamic::ModuleGetattr);
            }
            "__path__" => {
                self.dynamic.get_or_insert(Dynamic::Path);
            }
            _ => {}
        }
    }

    fn open_exports(&mut self) {
        self.exports.get_or_insert_default().open = true;
    }

    pub(super) fn extend_exports(&mut self, call: &ast::ExprCall) {
        let name = match &*call.func {
            Expr::Attribute(attribute) => attribute.attr.id.as_str(),
            _ => "",
        };
        match (name, &*call.arguments.args) {
            ("extend", [list]) => self.add_exports(list),
            ("append", [Expr::StringLiteral(literal)]) => self.add_export(literal),
            ("remove", [Expr::StringLiteral(literal)]) => {
                let name = self.names.find(literal.value.to_str());
                if let Some(exports) = &mut self.exports {
                    exports
                        .names
                        .retain(|(exported, _)| Some(*exported) != name);
                }
            }
            _ => self.open_exports(),
        }
    }

    fn add_export(&mut self, literal: &ast::ExprStringLiteral) {
        match literal.as_single_part_string() {
            Some(part) => {
                let name = self.names.intern(&part.value);
                let at = span(literal.range);
                self.exports.get_or_insert_default().names.push((name, at));
            }
            None => self.open_exports(),
        }
    }

    fn add_exports(&mut self, value: &Expr) {
        match value {
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                self.exports.get_or_insert_default();
                for elt in elts {
                    match elt {
                        Expr::StringLiteral(literal) => self.add_export(literal),
                        Expr::Starred(starred) => self.add_exports(&starred.value),
                        _ => self.open_exports(),
                    }
                }
            }
            Expr::BinOp(op) if op.op == ast::Operator::Add => {
                self.add_exports(&op.left);
                self.add_exports(&op.right);
            }
            Expr::Call(call)
                if matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "list" | "tuple" | "sorted"))
                    && call.arguments.args.len() == 1 =>
            {
                self.add_exports(&call.arguments.args[0]);
            }
            Expr::Attribute(attribute) if attribute.attr.id.as_str() == "__all__" => {
                match self.chain(&attribute.value) {
                    Some((root, path)) => {
                        let at = self.reference(root, path, span(attribute.range), Usage::Load);
                        self.references[at as usize].always = true;
                        self.exports.get_or_insert_default().extends.push(at);
                    }
                    None => self.open_exports(),
                }
            }
            _ => self.open_exports(),
        }
    }
}
