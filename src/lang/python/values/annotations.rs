//! Annotations as evidence of what a variable is. They call nothing.

use ruff_python_ast::{self as ast, Expr};
use ruff_python_parser::parse_expression;

use super::classes::last_segment;
use super::{Lowerer, Origin};
use crate::values::{CodeFlags, CodeId, Container, Item, ItemKey, LiteralKind, Op, VarId};

impl Lowerer<'_> {
    /// Adds to `to` what `annotation` says; tells whether that is anything.
    pub(super) fn annotation(&mut self, annotation: &Expr, to: VarId) -> bool {
        match annotation {
            Expr::Name(_) | Expr::Attribute(_) => self.annotated_name(annotation, to),
            Expr::Subscript(subscript) => self.deeper(|this| this.generic(subscript, to)),
            Expr::BinOp(op) if op.op == ast::Operator::BitOr => self.deeper(|this| {
                let left = this.annotation(&op.left, to);
                this.annotation(&op.right, to) || left
            }),
            Expr::StringLiteral(literal) => self.quoted_annotation(literal, to),
            _ => false,
        }
    }

    fn quoted_annotation(&mut self, literal: &ast::ExprStringLiteral, to: VarId) -> bool {
        let text = literal.value.to_str();
        if self.quoted > 1 || text.len() > 4096 {
            return false;
        }
        let Ok(parsed) = parse_expression(text.trim()) else {
            return false;
        };
        self.quoted += 1;
        let says = self.annotation(&parsed.syntax().body, to);
        self.quoted -= 1;
        says
    }

    fn annotated_name(&mut self, annotation: &Expr, to: VarId) -> bool {
        let Some(last) = last_segment(annotation) else {
            return false;
        };
        let is_free = match annotation {
            Expr::Name(name) => {
                let name = self.name_of(name);
                self.is_free(name)
            }
            _ => false,
        };
        if is_free && let Some(kind) = scalar(last) {
            let from = self.literal(kind);
            self.copy(from, to);
            return true;
        }
        if is_free && matches!(last, "object" | "None") {
            return false;
        }
        match last {
            "Any" | "Callable" | "Literal" | "Optional" | "Union" | "NoReturn" | "Never"
            | "LiteralString" | "AnyStr" | "Hashable" | "Sized" => return false,
            "Self" => {
                let class = self.class_scope().or(self.class);
                let Some(class) = class else { return false };
                let annotation = self.class_vars[class.index()];
                self.emit(Op::Annotated { annotation, to });
                return true;
            }
            _ => {}
        }
        if let Some(kind) = self.container(annotation, last) {
            let items = crate::facts::Slice {
                start: self.out.items.len() as u32,
                len: 0,
            };
            self.emit(Op::Display { kind, items, to });
            return true;
        }
        let Some(annotation) = self.annotation_value(annotation) else {
            return false;
        };
        self.emit(Op::Annotated { annotation, to });
        true
    }

    /// The variable of a dotted name.
    pub(super) fn annotation_value(&mut self, expr: &Expr) -> Option<VarId> {
        match expr {
            Expr::Name(name) => {
                let name = self.name_of(name);
                Some(self.read(name))
            }
            Expr::Attribute(attribute) => {
                let base = self.deeper(|this| this.annotation_value(&attribute.value))?;
                let name = self.names.intern(attribute.attr.id.as_str());
                let to = self.var();
                self.emit(Op::GetAttribute {
                    base,
                    name,
                    to,
                    site: attribute.range.start().to_u32(),
                });
                Some(to)
            }
            _ => None,
        }
    }

    /// The container that a generic name stands for.
    fn container(&mut self, expr: &Expr, last: &str) -> Option<Container> {
        let kind = match last {
            "list" | "List" | "Sequence" | "MutableSequence" | "Iterable" | "Collection"
            | "deque" | "Deque" | "Reversible" => Container::List,
            "set" | "Set" | "FrozenSet" | "frozenset" | "AbstractSet" | "MutableSet" => {
                Container::Set
            }
            "Iterator" | "Generator" | "AsyncIterator" | "AsyncGenerator" | "AsyncIterable" => {
                Container::Generator
            }
            "tuple" | "Tuple" => Container::Tuple,
            "dict" | "Dict" | "Mapping" | "MutableMapping" | "defaultdict" | "DefaultDict"
            | "OrderedDict" => Container::Dict,
            _ => return None,
        };
        // A class of the file may bear such a name.
        let is_own = match expr {
            Expr::Name(name) => {
                let name = self.name_of(name);
                !self.is_free(name) && {
                    let var = self.read(name);
                    matches!(self.origins.get(&var), Some(Origin::Class(_)))
                }
            }
            _ => false,
        };
        (!is_own).then_some(kind)
    }

    fn generic(&mut self, subscript: &ast::ExprSubscript, to: VarId) -> bool {
        let Some(last) = last_segment(&subscript.value) else {
            return false;
        };
        let arguments = match &*subscript.slice {
            Expr::Tuple(tuple) => &*tuple.elts,
            other => std::slice::from_ref(other),
        };
        match last {
            "Optional" | "Union" => {
                let mut says = false;
                for argument in arguments {
                    says |= self.annotation(argument, to);
                }
                return says;
            }
            "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "ReadOnly"
            | "InitVar" | "Mapped" => {
                return arguments
                    .first()
                    .is_some_and(|first| self.annotation(first, to));
            }
            "Type" | "type" => {
                return arguments
                    .first()
                    .is_some_and(|first| self.class_annotation(first, to));
            }
            "Literal" | "Callable" | "TypeGuard" | "TypeIs" | "Unpack" | "Concatenate" => {
                return false;
            }
            "Awaitable" | "Coroutine" => return false,
            _ => {}
        }
        let Some(kind) = self.container(&subscript.value, last) else {
            return self.annotated_name(&subscript.value, to);
        };
        let start = self.item_stack.len();
        match (kind, arguments) {
            (Container::Dict, [key, value]) => {
                let key_var = self.var();
                self.annotation(key, key_var);
                let value_var = self.var();
                self.annotation(value, value_var);
                self.item_stack.push(Item {
                    key: ItemKey::Any,
                    value: value_var,
                });
            }
            (Container::Tuple, [element, Expr::EllipsisLiteral(_)]) => {
                self.any_item(element);
            }
            (Container::Tuple, elements) => {
                for (at, element) in elements.iter().enumerate() {
                    let value = self.var();
                    self.annotation(element, value);
                    self.item_stack.push(Item {
                        key: ItemKey::Index(at as u32),
                        value,
                    });
                }
            }
            (_, [element, ..]) => self.any_item(element),
            _ => {}
        }
        let items = self.take_items(start);
        self.emit(Op::Display { kind, items, to });
        true
    }

    fn any_item(&mut self, element: &Expr) {
        let value = self.var();
        if self.annotation(element, value) {
            self.item_stack.push(Item {
                key: ItemKey::Any,
                value,
            });
        }
    }

    /// `type[X]`: the class itself.
    fn class_annotation(&mut self, annotation: &Expr, to: VarId) -> bool {
        match annotation {
            Expr::BinOp(op) if op.op == ast::Operator::BitOr => self.deeper(|this| {
                let left = this.class_annotation(&op.left, to);
                this.class_annotation(&op.right, to) || left
            }),
            Expr::Subscript(subscript)
                if matches!(last_segment(&subscript.value), Some("Union" | "Optional")) =>
            {
                let arguments = match &*subscript.slice {
                    Expr::Tuple(tuple) => &*tuple.elts,
                    other => std::slice::from_ref(other),
                };
                let mut says = false;
                for argument in arguments {
                    says |= self.deeper(|this| this.class_annotation(argument, to));
                }
                says
            }
            Expr::StringLiteral(literal) if self.quoted < 2 => {
                let text = literal.value.to_str();
                let Ok(parsed) = parse_expression(text.trim()) else {
                    return false;
                };
                self.quoted += 1;
                let says = self.class_annotation(&parsed.syntax().body, to);
                self.quoted -= 1;
                says
            }
            Expr::Name(_) | Expr::Attribute(_) => {
                if last_segment(annotation) == Some("Any") {
                    return false;
                }
                let is_self = last_segment(annotation) == Some("Self");
                let class = self.class_scope().or(self.class).filter(|_| is_self);
                let annotation = match class {
                    Some(class) => Some(self.class_vars[class.index()]),
                    None => self.annotation_value(annotation),
                };
                let Some(annotation) = annotation else {
                    return false;
                };
                self.emit(Op::AnnotatedType { annotation, to });
                true
            }
            _ => false,
        }
    }

    /// What a return annotation says of a function's results.
    pub(super) fn return_annotation(&mut self, annotation: &Expr, code: CodeId) {
        let here = self.out.codes[code.index()];
        if !here.flags.contains(CodeFlags::GENERATOR) {
            self.annotation(annotation, here.result);
            self.declare(annotation, here.result);
            return;
        }
        if let Expr::Subscript(subscript) = annotation
            && let Some(
                "Iterator" | "Generator" | "Iterable" | "AsyncIterator" | "AsyncGenerator"
                | "AsyncIterable",
            ) = last_segment(&subscript.value)
        {
            let arguments = match &*subscript.slice {
                Expr::Tuple(tuple) => &*tuple.elts,
                other => std::slice::from_ref(other),
            };
            if let Some(first) = arguments.first() {
                self.annotation(first, here.yields);
            }
            if let [_, _, result] = arguments {
                self.annotation(result, here.result);
            }
        }
    }
}

/// The literal that stands for instances of a builtin type.
pub(super) fn scalar(name: &str) -> Option<LiteralKind> {
    Some(match name {
        "str" => LiteralKind::Text,
        "int" => LiteralKind::Integer,
        "bool" => LiteralKind::Bool,
        "float" => LiteralKind::Float,
        "complex" => LiteralKind::Complex,
        "bytes" => LiteralKind::Bytes,
        _ => return None,
    })
}
