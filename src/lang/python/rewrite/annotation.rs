//! Annotations that are strings: which literals of an annotation are code, and the names in them.
//!
//! Only what checkers agree on is read as code; `Literal["x"]` and the strings behind `Annotated` are values.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprName, ExprStringLiteral};
use ruff_python_parser::parse_expression;
use ruff_python_parser::typing::parse_type_annotation;

use super::names::Quoted;
use super::source::span_of;

/// Generic types whose arguments are types. Anything else may take values.
const GENERICS: [&str; 34] = [
    "AsyncGenerator",
    "AsyncIterable",
    "AsyncIterator",
    "Awaitable",
    "Callable",
    "ClassVar",
    "Collection",
    "Container",
    "Coroutine",
    "DefaultDict",
    "Deque",
    "Dict",
    "Final",
    "FrozenSet",
    "Generator",
    "Iterable",
    "Iterator",
    "List",
    "Mapping",
    "MutableMapping",
    "MutableSequence",
    "Optional",
    "Sequence",
    "Set",
    "Tuple",
    "Type",
    "Union",
    "defaultdict",
    "deque",
    "dict",
    "frozenset",
    "list",
    "set",
    "tuple",
];

/// The string literals of an annotation that are code.
pub(super) fn strings(annotation: &Expr) -> Vec<&ExprStringLiteral> {
    let mut found = Vec::new();
    let mut open = vec![annotation];
    while let Some(expr) = open.pop() {
        match expr {
            Expr::StringLiteral(literal) => found.push(literal),
            Expr::BinOp(operation) => open.extend([&*operation.left, &*operation.right]),
            Expr::Tuple(tuple) => open.extend(&tuple.elts),
            Expr::List(list) => open.extend(&list.elts),
            Expr::Subscript(subscript) if takes_types(&subscript.value) => {
                open.push(&subscript.slice);
            }
            _ => {}
        }
    }
    found
}

fn takes_types(generic: &Expr) -> bool {
    let name = match generic {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    name == "type" || GENERICS.contains(&name)
}

/// The names that a string annotation reads in `scope`; `None` when not all of them are known.
pub(super) fn names(
    source: &str,
    literal: &ExprStringLiteral,
    scope: usize,
) -> Option<Vec<Quoted>> {
    let parsed = parse_type_annotation(literal, source).ok()?;
    let mut reader = Reader::default();
    reader.visit_expr(parsed.expression());
    if reader.has_string {
        return None;
    }
    let is_complex = !parsed.kind().is_simple();
    let quoted = |name: &ExprName| Quoted {
        name: name.id.to_string(),
        span: span_of(name),
        scope,
        is_complex,
    };
    Some(reader.names.into_iter().map(quoted).collect())
}

/// Whether `text` could be a type, or a dotted path, that starts with `name`.
pub(super) fn reads(text: &str, name: &str) -> bool {
    let Ok(parsed) = parse_expression(text.trim()) else {
        return false;
    };
    let mut is_read = false;
    let mut open = vec![parsed.expr()];
    while let Some(expr) = open.pop() {
        match expr {
            Expr::Name(one) => is_read |= one.id.as_str() == name,
            Expr::Attribute(attribute) => open.push(&attribute.value),
            Expr::Subscript(subscript) => open.extend([&*subscript.value, &*subscript.slice]),
            Expr::Tuple(tuple) => open.extend(&tuple.elts),
            Expr::List(list) => open.extend(&list.elts),
            Expr::BinOp(operation) => open.extend([&*operation.left, &*operation.right]),
            Expr::NoneLiteral(_) | Expr::EllipsisLiteral(_) | Expr::StringLiteral(_) => {}
            _ => return false,
        }
    }
    is_read
}

#[derive(Default)]
struct Reader<'a> {
    names: Vec<&'a ExprName>,
    has_string: bool,
}

impl<'a> Visitor<'a> for Reader<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => self.names.push(name),
            Expr::StringLiteral(_) => self.has_string = true,
            _ => {}
        }
        stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || walk_expr(self, expr));
    }
}
