//! Tests: what they evaluate, and what names are where they hold or fail.

use ruff_python_ast::{self as ast, BoolOp, Expr, UnaryOp};
use ruff_text_size::Ranged;

use super::Lowerer;
use crate::facts::NameId;
use crate::values::{Op, VarId};

/// Narrower views of names: where a test held, and where it failed.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) truthy: Vec<(NameId, VarId)>,
    pub(super) falsy: Vec<(NameId, VarId)>,
}

impl<'a> Lowerer<'a> {
    pub(super) fn apply(&mut self, narrowings: &[(NameId, VarId)]) {
        for &(name, var) in narrowings {
            self.narrow(name, var);
        }
    }

    /// Evaluates `test` for its truth.
    pub(super) fn condition(&mut self, test: &'a Expr) -> Outcome {
        match test {
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                let Outcome { truthy, falsy } = self.deeper(|this| this.condition(&unary.operand));
                Outcome {
                    truthy: falsy,
                    falsy: truthy,
                }
            }
            Expr::BoolOp(op) => self.deeper(|this| this.bool_condition(op)),
            Expr::Call(call) => {
                let base = self.expr(test);
                if let Some((name, var, classes)) = self.instance_test(call) {
                    let rest = self.rest_of(name, &classes);
                    return Outcome {
                        truthy: vec![(name, var)],
                        falsy: vec![(name, rest)],
                    };
                }
                self.truth(base, test);
                Outcome::default()
            }
            other => {
                let base = self.expr(other);
                self.truth(base, other);
                Outcome::default()
            }
        }
    }

    /// Asks `base`, the value of `expr`, for its truth.
    pub(super) fn truth(&mut self, base: VarId, expr: &Expr) {
        let asks = match expr {
            Expr::Named(named) => !matches!(&*named.value, Expr::Compare(_)),
            Expr::Name(_)
            | Expr::Attribute(_)
            | Expr::Call(_)
            | Expr::Subscript(_)
            | Expr::Await(_)
            | Expr::BinOp(_) => true,
            _ => false,
        };
        if asks && Some(base) != self.nothing {
            let site = expr.start().to_u32();
            self.emit(Op::Truth { base, site });
        }
    }

    fn bool_condition(&mut self, op: &'a ast::ExprBoolOp) -> Outcome {
        let mut all = Outcome::default();
        let mut outcomes = 0;
        let mark = self.env.mark();
        for value in &op.values {
            let outcome = self.condition(value);
            match op.op {
                BoolOp::And => {
                    self.apply(&outcome.truthy);
                    all.truthy.extend(outcome.truthy);
                }
                BoolOp::Or => {
                    self.apply(&outcome.falsy);
                    all.falsy.extend(outcome.falsy);
                    // All operands must say something of one name for their `or` to say it.
                    if let [narrowing] = *outcome.truthy {
                        all.truthy.push(narrowing);
                        outcomes += 1;
                    }
                }
            }
        }
        self.maybe(mark);
        if op.op == BoolOp::Or {
            let name = all.truthy.first().map(|&(name, _)| name);
            let agree = outcomes == op.values.len()
                && all.truthy.iter().all(|&(other, _)| Some(other) == name);
            match name {
                Some(name) if agree => {
                    let to = self.var();
                    for (_, from) in std::mem::take(&mut all.truthy) {
                        self.copy(from, to);
                    }
                    all.truthy.push((name, to));
                }
                _ => all.truthy.clear(),
            }
        }
        all
    }

    /// What `isinstance(name, classes)` says where it holds.
    fn instance_test(&mut self, call: &'a ast::ExprCall) -> Option<(NameId, VarId, Vec<VarId>)> {
        let [Expr::Name(subject), classes] = &*call.arguments.args else {
            return None;
        };
        if !self.is_builtin_call(call, "isinstance") {
            return None;
        }
        let name = self.name_of(subject);
        if self.is_free(name) {
            return None;
        }
        let start = self.out.ops.len();
        let to = self.instance_of(classes)?;
        let classes = self.out.ops[start..].iter().filter_map(|op| match *op {
            Op::Annotated { annotation, .. } => Some(annotation),
            _ => None,
        });
        Some((name, to, classes.collect()))
    }

    /// What `name` is where it is an instance of none of `classes`.
    fn rest_of(&mut self, name: NameId, classes: &[VarId]) -> VarId {
        let mut base = self.read(name);
        for &annotation in classes {
            let to = self.var();
            self.emit(Op::Except {
                base,
                annotation,
                to,
            });
            base = to;
        }
        self.rests.insert(base.into());
        base
    }

    /// A variable that is an instance of one of `classes`; none if that says too little.
    pub(super) fn instance_of(&mut self, classes: &'a Expr) -> Option<VarId> {
        let classes = match classes {
            Expr::Tuple(tuple) => &*tuple.elts,
            other => std::slice::from_ref(other),
        };
        if classes.is_empty() || !classes.iter().all(|class| self.is_class_name(class)) {
            return None;
        }
        let to = self.var();
        for class in classes {
            let annotation = self.expr(class);
            self.emit(Op::Annotated { annotation, to });
        }
        Some(to)
    }

    /// Whether an expression names a class other than a builtin.
    fn is_class_name(&mut self, class: &Expr) -> bool {
        match class {
            Expr::Name(name) => {
                let name = self.name_of(name);
                !self.is_free(name) || !super::super::is_builtin(self.names.get(name))
            }
            Expr::Attribute(attribute) => is_dotted(&attribute.value),
            _ => false,
        }
    }
}

fn is_dotted(mut expr: &Expr) -> bool {
    while let Expr::Attribute(attribute) = expr {
        expr = &attribute.value;
    }
    expr.is_name_expr()
}
