//! Text: constants, and how much is known of what is put together.

use ruff_python_ast::{self as ast, Expr, InterpolatedStringElement};
use ruff_text_size::Ranged;

use super::Lowerer;
use super::operators::is_literal;
use crate::facts::NameId;
use crate::values::{LiteralKind, Op, VarId};

/// Bytes beyond which a text is hardly a name or key.
const LONGEST_NAME: usize = 64;

impl<'a> Lowerer<'a> {
    /// The variable of a string constant.
    pub(super) fn text_constant(&mut self, text: &str) -> VarId {
        if text.len() > LONGEST_NAME {
            return self.literal(LiteralKind::Text);
        }
        let text = self.names.intern(text);
        self.text_named(text)
    }

    fn text_named(&mut self, text: NameId) -> VarId {
        if text.index() >= self.text_vars.len() {
            self.text_vars.resize(text.index() + 1, None);
        }
        if let Some(var) = self.text_vars[text.index()] {
            return var;
        }
        let to = self.var();
        self.text_vars[text.index()] = Some(to);
        self.emit(Op::Text { text, to });
        to
    }

    pub(super) fn number(&mut self, number: &ast::Number, negative: bool) -> VarId {
        let kind = match number {
            ast::Number::Int(int) => {
                let value = int.as_i32();
                let value = value.and_then(|value| {
                    if negative {
                        value.checked_neg()
                    } else {
                        Some(value)
                    }
                });
                if let Some(value) = value {
                    return self.integer(value);
                }
                LiteralKind::Integer
            }
            ast::Number::Float(_) => LiteralKind::Float,
            ast::Number::Complex { .. } => LiteralKind::Complex,
        };
        self.literal(kind)
    }

    /// `"const" + "const"`.
    pub(super) fn constant_sum(&mut self, op: &ast::ExprBinOp) -> Option<VarId> {
        let (ast::Operator::Add, Expr::StringLiteral(left), Expr::StringLiteral(right)) =
            (op.op, &*op.left, &*op.right)
        else {
            return None;
        };
        let text = format!("{}{}", left.value.to_str(), right.value.to_str());
        Some(self.text_constant(&text))
    }

    fn prefix(&mut self, text: &str, to: VarId) {
        if !text.is_empty() && text.len() <= LONGEST_NAME {
            let text = self.names.intern(text);
            self.emit(Op::Prefix { text, to });
        }
    }

    /// What is known of how a sum or `%` of texts begins.
    pub(super) fn text_prefix(&mut self, op: &'a ast::ExprBinOp, to: VarId) {
        let Expr::StringLiteral(left) = &*op.left else {
            return;
        };
        let left = left.value.to_str();
        match op.op {
            ast::Operator::Add => self.prefix(left, to),
            ast::Operator::Mod => {
                let constant = left.split('%').next().unwrap_or_default();
                self.prefix(constant, to);
            }
            _ => {}
        }
    }

    /// What `"…".format(…)` begins with.
    pub(super) fn format_prefix(&mut self, call: &'a ast::ExprCall, to: VarId) {
        let Expr::Attribute(callee) = &*call.func else {
            return;
        };
        let Expr::StringLiteral(literal) = &*callee.value else {
            return;
        };
        if callee.attr.id.as_str() == "format" {
            let constant = literal.value.to_str().split('{').next().unwrap_or_default();
            self.prefix(constant, to);
        }
    }

    pub(super) fn f_string(&mut self, string: &'a ast::ExprFString) -> VarId {
        // The literal text up to the first interpolation.
        let mut start = String::new();
        let mut is_open = true;
        let mut add = |text: &str, is_open: bool| {
            if is_open && start.len() <= LONGEST_NAME {
                start.push_str(text);
            }
        };
        for part in &string.value {
            match part {
                ast::FStringPart::Literal(literal) => add(&literal.value, is_open),
                ast::FStringPart::FString(string) => {
                    for element in &string.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => {
                                add(&literal.value, is_open);
                            }
                            InterpolatedStringElement::Interpolation(element) => {
                                is_open = false;
                                self.interpolation(element);
                            }
                        }
                    }
                }
            }
        }
        if is_open {
            return self.text_constant(&start);
        }
        if start.is_empty() || start.len() > LONGEST_NAME {
            return self.literal(LiteralKind::Text);
        }
        let to = self.var();
        self.prefix(&start, to);
        to
    }

    pub(super) fn t_string(&mut self, string: &'a ast::ExprTString) -> VarId {
        for part in &string.value {
            for element in part.elements.interpolations() {
                self.expr(&element.expression);
            }
        }
        self.nothing()
    }

    fn interpolation(&mut self, element: &'a ast::InterpolatedElement) {
        self.formatted(&element.expression);
        if let Some(spec) = &element.format_spec {
            for inner in spec.elements.interpolations() {
                self.deeper(|this| this.interpolation(inner));
            }
        }
    }

    /// Evaluates `expr`, which is turned into text.
    fn formatted(&mut self, expr: &'a Expr) {
        let base = self.expr(expr);
        self.format_of(expr, base);
    }

    /// Notes that `base`, the value of `expr`, is turned into text.
    pub(super) fn format_of(&mut self, expr: &Expr, base: VarId) {
        if !is_literal(expr) && Some(base) != self.nothing {
            let site = expr.start().to_u32();
            self.emit(Op::Format { base, site });
        }
    }
}
