//! Annotations that leave nothing open: what they do not name, the variable is not.

use ruff_python_ast::{self as ast, Expr};
use ruff_python_parser::parse_expression;

use super::Lowerer;
use super::annotations::scalar;
use super::classes::last_segment;
use crate::facts::Slice;
use crate::values::{Declared, VarId};

impl Lowerer<'_> {
    /// Notes what `annotation` says of `var`, if that is all there is to say.
    pub(super) fn declare(&mut self, annotation: &Expr, var: VarId) {
        let mut classes = Vec::new();
        if !self.closed(annotation, &mut classes) {
            return;
        }
        let start = self.out.bases.len() as u32;
        let classes = Slice {
            start,
            len: {
                self.out.bases.extend_from_slice(&classes);
                classes.len() as u32
            },
        };
        self.out.declared.push(Declared { var, classes });
    }

    /// Whether an annotation names only builtin types and what may be classes, which it adds to `classes`.
    fn closed(&mut self, annotation: &Expr, classes: &mut Vec<VarId>) -> bool {
        match annotation {
            Expr::NoneLiteral(_) => true,
            Expr::BinOp(op) if op.op == ast::Operator::BitOr => self
                .deeper(|this| this.closed(&op.left, classes) && this.closed(&op.right, classes)),
            Expr::StringLiteral(literal) => {
                let text = literal.value.to_str();
                if self.quoted > 1 || text.len() > 4096 {
                    return false;
                }
                let Ok(parsed) = parse_expression(text.trim()) else {
                    return false;
                };
                self.quoted += 1;
                let closed = self.closed(&parsed.syntax().body, classes);
                self.quoted -= 1;
                closed
            }
            Expr::Subscript(subscript) => {
                let arguments = match &*subscript.slice {
                    Expr::Tuple(tuple) => &*tuple.elts,
                    other => std::slice::from_ref(other),
                };
                match last_segment(&subscript.value) {
                    Some("Optional" | "Union") => self.deeper(|this| {
                        arguments
                            .iter()
                            .all(|argument| this.closed(argument, classes))
                    }),
                    Some("list" | "List" | "dict" | "Dict" | "tuple" | "Tuple" | "set" | "Set") => {
                        true
                    }
                    _ => false,
                }
            }
            Expr::Name(name) => {
                let text = name.id.as_str();
                let id = self.name_of(name);
                if self.is_free(id) {
                    return scalar(text).is_some()
                        || matches!(text, "list" | "dict" | "tuple" | "set" | "frozenset");
                }
                self.add_class(annotation, classes)
            }
            Expr::Attribute(_) => self.add_class(annotation, classes),
            _ => false,
        }
    }

    fn add_class(&mut self, annotation: &Expr, classes: &mut Vec<VarId>) -> bool {
        let known = self.annotation_value(annotation);
        classes.extend(known);
        known.is_some()
    }
}
