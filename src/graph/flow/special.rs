//! Special methods: their names, and what stands for what.

use crate::values::Operator;

/// The names of methods that the solver looks up by itself.
pub(super) const NAMES: &[&str] = &[
    "__init__",
    "__new__",
    "__call__",
    "__get__",
    "__set__",
    "__delete__",
    "__getattr__",
    "__setattr__",
    "__delattr__",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__class_getitem__",
    "__contains__",
    "__iter__",
    "__next__",
    "__aiter__",
    "__anext__",
    "__enter__",
    "__exit__",
    "__aenter__",
    "__aexit__",
    "__await__",
    "__len__",
    "__bool__",
    "__str__",
    "__repr__",
    "__format__",
    "__hash__",
    "__bytes__",
    "__int__",
    "__float__",
    "__complex__",
    "__index__",
    "__abs__",
    "__round__",
    "__reversed__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__add__",
    "__radd__",
    "__post_init__",
    "__init_subclass__",
    "__copy__",
    "__deepcopy__",
    "__dir__",
    "__instancecheck__",
    "__subclasscheck__",
    "__neg__",
    "__pos__",
    "__invert__",
    "[]",
];

/// The special method of an operator, without underscores, and that of the right operand.
pub(super) const fn methods(operator: Operator) -> (&'static str, &'static str) {
    match operator {
        Operator::Add => ("add", "radd"),
        Operator::Sub => ("sub", "rsub"),
        Operator::Mul => ("mul", "rmul"),
        Operator::MatMul => ("matmul", "rmatmul"),
        Operator::TrueDiv => ("truediv", "rtruediv"),
        Operator::FloorDiv => ("floordiv", "rfloordiv"),
        Operator::Mod => ("mod", "rmod"),
        Operator::Pow => ("pow", "rpow"),
        Operator::LShift => ("lshift", "rlshift"),
        Operator::RShift => ("rshift", "rrshift"),
        Operator::And => ("and", "rand"),
        Operator::Or => ("or", "ror"),
        Operator::Xor => ("xor", "rxor"),
        Operator::Eq => ("eq", "eq"),
        Operator::Ne => ("ne", "ne"),
        Operator::Lt => ("lt", "gt"),
        Operator::Le => ("le", "ge"),
        Operator::Gt => ("gt", "lt"),
        Operator::Ge => ("ge", "le"),
        Operator::Contains => ("contains", ""),
        Operator::Neg => ("neg", ""),
        Operator::Pos => ("pos", ""),
        Operator::Invert => ("invert", ""),
    }
}

/// A conversion or function that runs a special method of its argument: the first of these that the class has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Conversion(pub(super) u8);

impl Conversion {
    pub(super) const FORMAT: Self = Self(2);
    pub(super) const LESS: Self = Self(16);
    pub(super) const ADD: Self = Self(17);
    pub(super) const ADDED: Self = Self(18);

    /// What a function outside the project does with its arguments.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(Self(match path {
            "<builtin>.str" | "<builtin>.print" => 0,
            "<builtin>.repr" | "<builtin>.ascii" => 1,
            "<builtin>.format" => 2,
            "<builtin>.len" => 3,
            "<builtin>.bool" => 4,
            "<builtin>.hash" => 5,
            "<builtin>.bytes" => 6,
            "<builtin>.int" | "math.trunc" => 7,
            "<builtin>.float" => 8,
            "<builtin>.complex" => 9,
            "<builtin>.abs" => 10,
            "<builtin>.round" => 11,
            "<builtin>.reversed" => 12,
            "<builtin>.dir" => 13,
            "copy.copy" => 14,
            "copy.deepcopy" => 15,
            _ => return None,
        }))
    }

    pub(super) const fn methods(self) -> &'static [&'static str] {
        match self.0 {
            0 => &["__str__", "__repr__"],
            1 => &["__repr__"],
            2 => &["__format__", "__str__", "__repr__"],
            3 => &["__len__"],
            4 => &["__bool__", "__len__"],
            5 => &["__hash__"],
            6 => &["__bytes__"],
            7 => &["__int__", "__index__"],
            8 => &["__float__", "__index__"],
            9 => &["__complex__", "__float__"],
            10 => &["__abs__"],
            11 => &["__round__"],
            12 => &["__reversed__"],
            13 => &["__dir__"],
            14 => &["__copy__"],
            15 => &["__deepcopy__"],
            16 => &["__lt__"],
            17 => &["__add__"],
            18 => &["__radd__"],
            _ => &[],
        }
    }
}
