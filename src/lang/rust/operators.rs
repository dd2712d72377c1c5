//! Operators that run a method of a trait, where that method is the one they stand in: `self == other` in
//! `PartialEq::eq`.
//!
//! Owns what is certain. Everything is held against the signature that it stands in, so that the types are those of the
//! very implementation; what other files ask of that signature is here, too.

use syn::visit;
use syn::{BinOp, Expr, UnOp};

use super::expressions::ident_of;
use super::extract::{Extractor, Receiver, Resolved};
use crate::facts::{CallMode, Root, Slice};
use crate::span::Span;

impl Extractor<'_> {
    /// Whether the function at work is `method` of `of_trait` in an implementation.
    pub(super) fn implements(&self, of_trait: &str, method: &str) -> bool {
        let is_method = self
            .functions
            .last()
            .is_some_and(|function| function.name == method && function.at.is_some());
        let class = self.classes.last().filter(|class| !class.is_trait);
        is_method
            && class
                .and_then(|class| class.of_trait.as_ref())
                .is_some_and(|found| found.name == of_trait)
    }

    /// Whether an implementation is without a method of its own by this name.
    fn leaves_out(&self, method: &str) -> bool {
        let class = self.classes.last();
        class.is_some_and(|class| !class.methods.iter().any(|own| own == method))
    }

    /// A call of the function at work by itself.
    pub(super) fn own_call(&mut self, span: Span) {
        let Some(binding) = self.functions.last().map(|function| function.binding) else {
            return;
        };
        let callee = Resolved {
            root: Root::Bound(self.set(&[binding])),
            path: Slice::default(),
        };
        self.keep(callee, span, CallMode::Operator, false);
    }

    /// Whether an expression is the receiver itself, as the method got it.
    pub(super) fn is_receiver(&self, expr: &Expr) -> bool {
        ident_of(expr).is_some_and(|ident| ident == "self")
            && self.functions.last().is_some_and(|function| {
                matches!(function.receiver, Receiver::Value | Receiver::Reference)
            })
    }

    /// Whether an expression is the parameter at `at`, as the function got it.
    pub(super) fn is_parameter(&mut self, expr: &Expr, at: usize) -> bool {
        let Some(ident) = ident_of(expr) else {
            return false;
        };
        let name = self.intern(ident);
        let Some(function) = self.functions.last() else {
            return false;
        };
        let known = self.locals[function.first_local..]
            .iter()
            .filter(|local| local.name == name);
        function.parameters.get(at) == Some(&Some(name)) && known.count() == 1
    }

    fn span_at(&self, expr: &Expr) -> Span {
        match ident_of(expr) {
            Some(ident) => self.span(ident.span()),
            None => Span::default(),
        }
    }

    /// Whether two sides are the receiver and the parameter, both as they came or both behind a `*`.
    fn are_operands(&mut self, left: &Expr, right: &Expr) -> bool {
        match (behind(left), behind(right)) {
            (Some(left), Some(right)) => self.is_receiver(left) && self.is_parameter(right, 0),
            (None, None) => self.is_receiver(left) && self.is_parameter(right, 0),
            _ => false,
        }
    }

    pub(super) fn compared(&mut self, binary: &syn::ExprBinary) {
        let runs_itself = match binary.op {
            BinOp::Eq(_) => self.implements("PartialEq", "eq"),
            BinOp::Ne(_) => {
                self.implements("PartialEq", "ne")
                    || self.implements("PartialEq", "eq") && self.leaves_out("ne")
            }
            BinOp::Lt(_) => self.orders("lt"),
            BinOp::Le(_) => self.orders("le"),
            BinOp::Gt(_) => self.orders("gt"),
            BinOp::Ge(_) => self.orders("ge"),
            _ => return self.computed(binary),
        };
        if runs_itself && self.are_operands(&binary.left, &binary.right) {
            let span = self.span_at(behind(&binary.left).unwrap_or(&binary.left));
            self.own_call(span);
        }
    }

    fn orders(&self, method: &str) -> bool {
        self.implements("PartialOrd", method)
            || self.implements("PartialOrd", "partial_cmp") && self.leaves_out(method)
    }

    fn computed(&mut self, binary: &syn::ExprBinary) {
        let (of_trait, method, assigns) = match binary.op {
            BinOp::Add(_) => ("Add", "add", false),
            BinOp::Sub(_) => ("Sub", "sub", false),
            BinOp::Mul(_) => ("Mul", "mul", false),
            BinOp::Div(_) => ("Div", "div", false),
            BinOp::Rem(_) => ("Rem", "rem", false),
            BinOp::BitAnd(_) => ("BitAnd", "bitand", false),
            BinOp::BitOr(_) => ("BitOr", "bitor", false),
            BinOp::BitXor(_) => ("BitXor", "bitxor", false),
            BinOp::Shl(_) => ("Shl", "shl", false),
            BinOp::Shr(_) => ("Shr", "shr", false),
            BinOp::AddAssign(_) => ("AddAssign", "add_assign", true),
            BinOp::SubAssign(_) => ("SubAssign", "sub_assign", true),
            BinOp::MulAssign(_) => ("MulAssign", "mul_assign", true),
            BinOp::DivAssign(_) => ("DivAssign", "div_assign", true),
            _ => return,
        };
        if !self.implements(of_trait, method) {
            return;
        }
        let left = if assigns {
            behind(&binary.left)
        } else {
            Some(&*binary.left)
        };
        if let Some(left) = left
            && self.is_receiver(left)
            && self.is_parameter(&binary.right, 0)
        {
            let span = self.span_at(left);
            self.own_call(span);
        }
    }

    pub(super) fn unary(&mut self, unary: &syn::ExprUnary) {
        let runs_itself = match &unary.op {
            UnOp::Neg(_) => self.implements("Neg", "neg") && self.is_receiver(&unary.expr),
            UnOp::Not(_) => self.implements("Not", "not") && self.is_receiver(&unary.expr),
            // `**self`: what is behind the reference, then what that gives.
            UnOp::Deref(_) => {
                (self.implements("Deref", "deref") || self.implements("DerefMut", "deref_mut"))
                    && behind(&unary.expr).is_some_and(|inner| self.is_receiver(inner))
            }
            _ => false,
        };
        if runs_itself {
            let inner = behind(&unary.expr).unwrap_or(&unary.expr);
            let span = self.span_at(inner);
            self.own_call(span);
        }
    }

    pub(super) fn indexed(&mut self, access: &syn::ExprIndex) {
        visit::visit_expr_index(self, access);
        let place = behind(&access.expr).unwrap_or(&access.expr);
        if (self.implements("Index", "index") || self.implements("IndexMut", "index_mut"))
            && self.is_receiver(place)
            && self.is_parameter(&access.index, 0)
        {
            let span = self.span_at(place);
            self.own_call(span);
        }
    }
}

/// What stands behind a `*`.
pub(super) fn behind(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => Some(&unary.expr),
        Expr::Paren(inner) => behind(&inner.expr),
        _ => None,
    }
}
