//! Operations on a method's own instance that run a special method of its class without being written as a call.
//!
//! Only special methods that the class itself defines are looked at, so that other code pays nothing.

use ruff_python_ast::{self as ast, Expr, ExprContext};
use ruff_text_size::{Ranged, TextRange};

use super::extract::{Extractor, TempRoot, span};
use crate::facts::{CallMode, Slice};

impl Extractor<'_> {
    fn defines(&self, method: &str) -> bool {
        self.special_methods
            .last()
            .is_some_and(|methods| methods.contains(&method))
    }

    /// Whether the class around defines any special method at all.
    fn is_special(&self) -> bool {
        self.special_methods
            .last()
            .is_some_and(|methods| !methods.is_empty())
    }

    /// `object` is operated on in a way that runs `method`, if the class has it.
    pub(super) fn operator(&mut self, object: &Expr, method: &'static str, at: TextRange) {
        let Expr::Name(object) = object else { return };
        if !self.defines(method) {
            return;
        }
        let root = TempRoot::Name(self.names.intern(object.id.as_str()));
        let start = self.paths.len() as u32;
        self.paths.push(method);
        let path = Slice { start, len: 1 };
        let end = at.end().to_u32();
        self.push_call(root, path, span(at), CallMode::Operator, false, end);
    }

    /// The first that the class has of several methods that an operation looks for.
    fn first_of(&mut self, object: &Expr, methods: &[&'static str], at: TextRange) {
        if let Some(method) = methods.iter().find(|method| self.defines(method)) {
            self.operator(object, method, at);
        }
    }

    pub(super) fn subscript_operator(&mut self, subscript: &ast::ExprSubscript) {
        let method = match subscript.ctx {
            ExprContext::Store => "__setitem__",
            ExprContext::Del => "__delitem__",
            ExprContext::Load | ExprContext::Invalid => "__getitem__",
        };
        self.operator(&subscript.value, method, subscript.range);
    }

    /// Every access to an attribute runs `__getattribute__`, `__setattr__` or `__delattr__`.
    pub(super) fn attribute_operator(&mut self, object: &Expr, ctx: ExprContext, at: TextRange) {
        let method = match ctx {
            ExprContext::Store => "__setattr__",
            ExprContext::Del => "__delattr__",
            ExprContext::Load | ExprContext::Invalid => "__getattribute__",
        };
        self.operator(object, method, at);
    }

    pub(super) fn unary_operator(&mut self, op: &ast::ExprUnaryOp) {
        match op.op {
            ast::UnaryOp::USub => self.operator(&op.operand, "__neg__", op.range),
            ast::UnaryOp::UAdd => self.operator(&op.operand, "__pos__", op.range),
            ast::UnaryOp::Invert => self.operator(&op.operand, "__invert__", op.range),
            ast::UnaryOp::Not => self.truth_operator(&op.operand),
        }
    }

    pub(super) fn truth_operator(&mut self, object: &Expr) {
        self.first_of(object, &["__bool__", "__len__"], object.range());
    }

    pub(super) fn binary_operator(&mut self, op: &ast::ExprBinOp) {
        let method = match op.op {
            ast::Operator::Add => "__add__",
            ast::Operator::Sub => "__sub__",
            ast::Operator::Mult => "__mul__",
            ast::Operator::MatMult => "__matmul__",
            ast::Operator::Div => "__truediv__",
            ast::Operator::Mod => "__mod__",
            ast::Operator::Pow => "__pow__",
            ast::Operator::LShift => "__lshift__",
            ast::Operator::RShift => "__rshift__",
            ast::Operator::BitOr => "__or__",
            ast::Operator::BitXor => "__xor__",
            ast::Operator::BitAnd => "__and__",
            ast::Operator::FloorDiv => "__floordiv__",
        };
        self.operator(&op.left, method, op.range);
    }

    /// One comparison of a chain.
    pub(super) fn comparison(&mut self, left: &Expr, op: ast::CmpOp, right: &Expr) {
        let at = TextRange::new(left.start(), right.end());
        match op {
            ast::CmpOp::Eq => self.operator(left, "__eq__", at),
            // Without `__ne__` Python turns the answer of `__eq__` around.
            ast::CmpOp::NotEq => self.first_of(left, &["__ne__", "__eq__"], at),
            ast::CmpOp::Lt => self.operator(left, "__lt__", at),
            ast::CmpOp::LtE => self.operator(left, "__le__", at),
            ast::CmpOp::Gt => self.operator(left, "__gt__", at),
            ast::CmpOp::GtE => self.operator(left, "__ge__", at),
            ast::CmpOp::In | ast::CmpOp::NotIn => self.operator(right, "__contains__", at),
            ast::CmpOp::Is | ast::CmpOp::IsNot => {}
        }
    }

    /// `{self!r}`, `{self}`.
    pub(super) fn formatted(&mut self, element: &ast::InterpolatedElement) {
        let methods: &[&'static str] = match element.conversion {
            ast::ConversionFlag::Repr => &["__repr__"],
            ast::ConversionFlag::Str => &["__str__"],
            ast::ConversionFlag::Ascii => &[],
            ast::ConversionFlag::None => &["__format__", "__str__"],
        };
        self.first_of(&element.expression, methods, element.expression.range());
    }

    /// `len(self)` and the like.
    pub(super) fn builtin_operator(&mut self, call: &ast::ExprCall) {
        if !self.is_special() {
            return;
        }
        let (Expr::Name(function), [object, rest @ ..]) = (&*call.func, &*call.arguments.args)
        else {
            return;
        };
        let methods: &[&'static str] = match (function.id.as_str(), rest) {
            ("str", []) => &["__str__"],
            ("repr", []) => &["__repr__"],
            ("len", []) => &["__len__"],
            ("iter", []) => &["__iter__"],
            ("next", _) => &["__next__"],
            ("hash", []) => &["__hash__"],
            ("bool", []) => &["__bool__", "__len__"],
            ("abs", []) => &["__abs__"],
            ("int", []) => &["__int__"],
            ("float", []) => &["__float__"],
            ("bytes", []) => &["__bytes__"],
            ("reversed", []) => &["__reversed__"],
            ("dir", []) => &["__dir__"],
            ("format", _) => &["__format__"],
            ("setattr", [_, _]) => &["__setattr__"],
            ("delattr", [_]) => &["__delattr__"],
            ("getattr" | "hasattr", [name, ..]) if self.is_missing_attribute(name) => {
                &["__getattribute__", "__getattr__"]
            }
            ("getattr" | "hasattr", _) => &["__getattribute__"],
            _ => return,
        };
        self.first_of(object, methods, call.range());
    }

    /// Whether `name` is the attribute that `__getattr__` was asked for: it was not found, and will not be.
    fn is_missing_attribute(&self, name: &Expr) -> bool {
        let Expr::Name(name) = name else { return false };
        let Some(context) = self.functions.last() else {
            return false;
        };
        let is_getattr = context
            .definition
            .is_some_and(|id| self.names.get(self.definitions[id.index()].name) == "__getattr__");
        let first = self.parameters[context.arguments.range()].first();
        is_getattr
            && first.is_some_and(|parameter| self.names.get(parameter.name) == name.id.as_str())
    }
}
