//! Operators: special methods of either side, and what builtin types do.

use super::objects::{Obj, Object};
use super::program::Var;
use super::solver::{Link, NOWHERE, Role, Solver};
use super::special;
use crate::index::FileId;
use crate::values::{Container, LiteralKind, Operator};

impl Solver<'_> {
    #[expect(clippy::too_many_arguments, reason = "an operation, described in full")]
    pub(super) fn operate(
        &mut self,
        file: FileId,
        op: u32,
        offset: u32,
        operator: Operator,
        (left, right): (Var, Var),
        is_in_place: bool,
        to: Var,
        from: Var,
        gained: &[Obj],
    ) {
        let (method, reflected) = special::methods(operator);
        let is_test = matches!(
            operator,
            Operator::Eq
                | Operator::Ne
                | Operator::Lt
                | Operator::Le
                | Operator::Gt
                | Operator::Ge
                | Operator::Contains
        );
        let to = if is_test { NOWHERE } else { to };
        if from == left {
            for &obj in gained {
                if self.operate_on_builtin(file, op, operator, obj, right, is_in_place, to) {
                    continue;
                }
                let arguments: &[Var] = if reflected.is_empty() && operator != Operator::Contains {
                    &[]
                } else {
                    &[right]
                };
                let in_place = is_in_place
                    && self.special(
                        file,
                        op,
                        offset,
                        Role::Item,
                        obj,
                        &format!("__i{method}__"),
                        arguments,
                        to,
                    );
                if in_place {
                    continue;
                }
                let name = format!("__{method}__");
                let is_found = self.special(file, op, offset, Role::Own, obj, &name, arguments, to);
                if !is_found && operator == Operator::Contains && self.instance_class(obj).is_some()
                {
                    let site = self.site(file, op, Role::Iterator, offset, &[], NOWHERE);
                    self.sites[site.index()].name = self.program.texts.find("__iter__");
                    self.iterate_one(site, obj);
                } else if !is_found && operator == Operator::Ne {
                    self.special(file, op, offset, Role::Next, obj, "__eq__", arguments, to);
                }
            }
        }
        if from == right && !reflected.is_empty() && !is_test {
            for &obj in gained {
                let name = format!("__{reflected}__");
                self.special(file, op, offset, Role::Reflected, obj, &name, &[left], to);
            }
        }
    }

    /// Operators on containers and texts. True when that is all there is to do.
    #[expect(clippy::too_many_arguments, reason = "an operation, described in full")]
    pub(super) fn operate_on_builtin(
        &mut self,
        file: FileId,
        op: u32,
        operator: Operator,
        obj: Obj,
        right: Var,
        is_in_place: bool,
        to: Var,
    ) -> bool {
        match (self.object(obj), operator) {
            (Object::Container(container), Operator::Add | Operator::Or) if is_in_place => {
                if !joins(self.container_kind(container), operator) {
                    return true;
                }
                self.link(right, Link::TakeOver { into: container });
                self.add(to, obj);
                true
            }
            (Object::Container(container), Operator::Add | Operator::Or | Operator::Mul) => {
                let kind = self.container_kind(container);
                if !joins(kind, operator) {
                    return true;
                }
                let op = self.program.op_id(file, op);
                let sum = self.container_for(op, Role::Own, kind);
                self.take_over(sum, obj);
                self.link(right, Link::TakeOver { into: sum });
                self.add_object(to, Object::Container(sum));
                true
            }
            (
                Object::Text(_) | Object::Prefix(_) | Object::Literal(LiteralKind::Text),
                Operator::Add | Operator::Mod | Operator::Mul,
            ) => {
                self.add_object(to, Object::Literal(LiteralKind::Text));
                true
            }
            (Object::Container(_) | Object::Literal(_) | Object::Integer(_), _) => true,
            _ => false,
        }
    }
}

/// Whether an operator puts what two containers hold into one.
const fn joins(kind: Container, operator: Operator) -> bool {
    match operator {
        Operator::Or => matches!(kind, Container::Set | Container::Dict),
        _ => matches!(kind, Container::List | Container::Tuple),
    }
}
