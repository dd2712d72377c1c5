//! Operators, comparisons, and the values that tests choose between.

use ruff_python_ast::{self as ast, CmpOp, Expr, UnaryOp};

use super::Lowerer;
use super::joins::Branch;
use crate::values::{LiteralKind, Op, Operator, VarId};

pub(super) const fn operator(op: ast::Operator) -> Operator {
    match op {
        ast::Operator::Add => Operator::Add,
        ast::Operator::Sub => Operator::Sub,
        ast::Operator::Mult => Operator::Mul,
        ast::Operator::MatMult => Operator::MatMul,
        ast::Operator::Div => Operator::TrueDiv,
        ast::Operator::Mod => Operator::Mod,
        ast::Operator::Pow => Operator::Pow,
        ast::Operator::LShift => Operator::LShift,
        ast::Operator::RShift => Operator::RShift,
        ast::Operator::BitOr => Operator::Or,
        ast::Operator::BitXor => Operator::Xor,
        ast::Operator::BitAnd => Operator::And,
        ast::Operator::FloorDiv => Operator::FloorDiv,
    }
}

/// The operator of a comparison; none for `is`.
const fn comparison(op: CmpOp) -> Option<Operator> {
    match op {
        CmpOp::Eq => Some(Operator::Eq),
        CmpOp::NotEq => Some(Operator::Ne),
        CmpOp::Lt => Some(Operator::Lt),
        CmpOp::LtE => Some(Operator::Le),
        CmpOp::Gt => Some(Operator::Gt),
        CmpOp::GtE => Some(Operator::Ge),
        CmpOp::In | CmpOp::NotIn => Some(Operator::Contains),
        CmpOp::Is | CmpOp::IsNot => None,
    }
}

pub(super) fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::UnaryOp(unary) => is_plain_literal(&unary.operand),
        other => is_plain_literal(other),
    }
}

fn is_plain_literal(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::FString(_)
    )
}

impl<'a> Lowerer<'a> {
    pub(super) fn binary(&mut self, op: &'a ast::ExprBinOp) -> VarId {
        if let Some(var) = self.constant_sum(op) {
            return var;
        }
        let left = self.expr(&op.left);
        let right = self.expr(&op.right);
        if is_literal(&op.left) && is_literal(&op.right) {
            return self.literal_result(&op.left, &op.right);
        }
        let to = self.var();
        let site = op.range.start().to_u32();
        self.text_prefix(op, to);
        self.emit(Op::Operate {
            operator: operator(op.op),
            left,
            right,
            is_in_place: false,
            to,
            site,
        });
        to
    }

    fn literal_result(&mut self, left: &Expr, right: &Expr) -> VarId {
        let is_text = |expr: &Expr| matches!(expr, Expr::StringLiteral(_) | Expr::FString(_));
        let kind = match (left, right) {
            (left, right) if is_text(left) || is_text(right) => LiteralKind::Text,
            (Expr::BytesLiteral(_), _) | (_, Expr::BytesLiteral(_)) => LiteralKind::Bytes,
            _ => LiteralKind::Integer,
        };
        self.literal(kind)
    }

    pub(super) fn unary(&mut self, op: &'a ast::ExprUnaryOp) -> VarId {
        let operator = match op.op {
            UnaryOp::Not => {
                self.condition(&op.operand);
                return self.literal(LiteralKind::Bool);
            }
            UnaryOp::Invert => Operator::Invert,
            UnaryOp::UAdd => Operator::Pos,
            UnaryOp::USub => Operator::Neg,
        };
        if let (UnaryOp::USub, Expr::NumberLiteral(number)) = (op.op, &*op.operand) {
            return self.number(&number.value, true);
        }
        let left = self.expr(&op.operand);
        if is_literal(&op.operand) {
            return left;
        }
        let to = self.var();
        self.emit(Op::Operate {
            operator,
            left,
            right: left,
            is_in_place: false,
            to,
            site: op.range.start().to_u32(),
        });
        to
    }

    pub(super) fn compare(&mut self, compare: &'a ast::ExprCompare) -> VarId {
        let site = compare.range.start().to_u32();
        let mut left = self.expr(&compare.left);
        let mut left_expr = &*compare.left;
        let mut result = None;
        for (op, right_expr) in compare.ops.iter().zip(&compare.comparators) {
            let right = self.expr(right_expr);
            if let Some(operator) = comparison(*op)
                && !(is_literal(left_expr) && is_literal(right_expr))
            {
                let to = self.var();
                let is_containment = operator == Operator::Contains;
                let (first, second) = if is_containment {
                    (right, left)
                } else {
                    (left, right)
                };
                self.emit(Op::Operate {
                    operator,
                    left: first,
                    right: second,
                    is_in_place: false,
                    to,
                    site,
                });
                if !is_containment {
                    result = Some(to);
                }
            }
            left = right;
            left_expr = right_expr;
        }
        match result {
            Some(to) => to,
            None => self.literal(LiteralKind::Bool),
        }
    }

    /// `a and b`, `a or b` as a value: any of them.
    pub(super) fn bool_value(&mut self, op: &'a ast::ExprBoolOp) -> VarId {
        let mark = self.env.mark();
        let to = self.var();
        for (at, value) in op.values.iter().enumerate() {
            if at + 1 == op.values.len() {
                let from = self.expr(value);
                self.copy(from, to);
                break;
            }
            let (from, outcome) = self.tested(value);
            if let Some(from) = from {
                self.copy(from, to);
            }
            match op.op {
                ast::BoolOp::And => self.apply(&outcome.truthy),
                ast::BoolOp::Or => self.apply(&outcome.falsy),
            }
        }
        self.maybe(mark);
        to
    }

    /// Evaluates an operand both for its truth and its value.
    fn tested(&mut self, value: &'a Expr) -> (Option<VarId>, super::narrowing::Outcome) {
        match value {
            // What decides by its truth alone is no value of interest.
            Expr::UnaryOp(_) | Expr::Compare(_) => (None, self.condition(value)),
            Expr::Call(call) if self.is_builtin_call(call, "isinstance") => {
                (None, self.condition(value))
            }
            _ => {
                let from = self.expr(value);
                self.truth(from, value);
                (Some(from), super::narrowing::Outcome::default())
            }
        }
    }

    pub(super) fn conditional(&mut self, expr: &'a ast::ExprIf) -> VarId {
        let outcome = self.condition(&expr.test);
        let to = self.var();
        let is_live = self.is_live;
        let mark = self.env.mark();
        self.apply(&outcome.truthy);
        let from = self.expr(&expr.body);
        self.copy(from, to);
        let changes = self.env.cut(mark);
        self.apply(&outcome.falsy);
        let from = self.expr(&expr.orelse);
        self.copy(from, to);
        let other = self.env.cut(mark);
        if !changes.is_empty() || !other.is_empty() {
            self.join(&[changes, other].map(|changes| Branch {
                changes,
                is_live: true,
            }));
            self.is_live = is_live;
        }
        to
    }
}
