//! Assignments: what each target gets.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::Lowerer;
use crate::values::{Container, Item, ItemKey, Op, VarId};

/// A value that is assigned: one variable, or the parts of a display that targets take one by one.
enum Value<'a> {
    Whole(VarId),
    Parts {
        kind: Container,
        elts: &'a [Expr],
        parts: Vec<Value<'a>>,
        /// The display itself, once something asks for it.
        whole: Option<VarId>,
    },
}

impl<'a> Lowerer<'a> {
    pub(super) fn assign(&mut self, targets: &'a [Expr], value: &'a Expr) {
        let site = value.start().to_u32();
        let takes_parts = targets
            .iter()
            .any(|target| matches!(target, Expr::Tuple(_) | Expr::List(_)));
        if !takes_parts {
            let var = self.expr(value);
            for target in targets {
                self.target(target, var, site);
            }
            return;
        }
        let mut value = self.parts(value);
        for target in targets {
            self.assign_parts(target, &mut value, site);
        }
    }

    fn parts(&mut self, value: &'a Expr) -> Value<'a> {
        let (kind, elts) = match value {
            Expr::Tuple(tuple) => (Container::Tuple, &*tuple.elts),
            Expr::List(list) => (Container::List, &*list.elts),
            other => return Value::Whole(self.expr(other)),
        };
        if elts.iter().any(Expr::is_starred_expr) {
            return Value::Whole(self.expr(value));
        }
        let parts = self.deeper(|this| elts.iter().map(|elt| this.parts(elt)).collect());
        Value::Parts {
            kind,
            elts,
            parts,
            whole: None,
        }
    }

    fn whole(&mut self, value: &mut Value<'a>) -> VarId {
        match value {
            Value::Whole(var) => *var,
            Value::Parts {
                kind, parts, whole, ..
            } => {
                if let Some(var) = *whole {
                    return var;
                }
                let kind = *kind;
                let var = self.gather(kind, parts);
                *whole = Some(var);
                var
            }
        }
    }

    /// A container of `parts`.
    fn gather(&mut self, kind: Container, parts: &mut [Value<'a>]) -> VarId {
        let start = self.item_stack.len();
        for (at, part) in parts.iter_mut().enumerate() {
            let value = self.deeper(|this| this.whole(part));
            self.item_stack.push(Item {
                key: ItemKey::Index(at as u32),
                value,
            });
        }
        let items = self.take_items(start);
        let to = self.var();
        self.emit(Op::Display { kind, items, to });
        self.known.display(to, kind, items);
        to
    }

    fn assign_parts(&mut self, target: &'a Expr, value: &mut Value<'a>, site: u32) {
        let (Some(targets), Value::Parts { elts, parts, .. }) = (elements(target), &mut *value)
        else {
            let var = self.whole(value);
            return self.target(target, var, site);
        };
        let starred = targets.iter().position(Expr::is_starred_expr);
        let fits = match starred {
            Some(_) => parts.len() + 1 >= targets.len(),
            None => parts.len() == targets.len(),
        };
        if !fits {
            let var = self.whole(value);
            return self.target(target, var, site);
        }
        let elts = *elts;
        let front = starred.unwrap_or(targets.len());
        let back = targets.len().saturating_sub(front + 1);
        let middle = parts.len() - back;
        self.deeper(|this| {
            for (at, target) in targets[..front].iter().enumerate() {
                this.assign_parts(target, &mut parts[at], elts[at].start().to_u32());
            }
            if let Some(Expr::Starred(rest)) = starred.map(|at| &targets[at]) {
                let list = this.gather(Container::List, &mut parts[front..middle]);
                this.target(&rest.value, list, site);
                for (at, target) in targets[front + 1..].iter().enumerate() {
                    let part = middle + at;
                    this.assign_parts(target, &mut parts[part], elts[part].start().to_u32());
                }
            }
        });
    }

    /// Binds whatever `target` names to `var`, which was made at `site`.
    pub(super) fn target(&mut self, target: &'a Expr, var: VarId, site: u32) {
        match target {
            Expr::Name(name) => {
                let name = self.name_of(name);
                self.bind(name, var);
            }
            Expr::Attribute(attribute) => {
                let base = self.expr(&attribute.value);
                self.set_attribute(attribute, base, var);
            }
            Expr::Subscript(subscript) => {
                let base = self.expr(&subscript.value);
                let key = self.key(&subscript.slice);
                self.emit(Op::SetItem {
                    base,
                    key,
                    from: var,
                    site: subscript.range.start().to_u32(),
                });
                self.stored(subscript, key, var);
            }
            Expr::Starred(starred) => self.deeper(|this| this.target(&starred.value, var, site)),
            Expr::Tuple(_) | Expr::List(_) => {
                if let Some(targets) = elements(target) {
                    self.deeper(|this| this.unpack(targets, var, site));
                }
            }
            other => {
                self.expr(other);
            }
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], base: VarId, site: u32) {
        let to = self.var();
        self.emit(Op::Iterate {
            base,
            is_async: false,
            to,
            site,
        });
        let star = targets.iter().position(Expr::is_starred_expr);
        for (at, target) in targets.iter().enumerate() {
            let to = self.element(base, at, star, targets.len());
            self.target(target, to, site);
        }
    }

    /// What the part at `at` of `count` gets when `base` is taken apart; the one at `star` takes all that is left.
    pub(super) fn element(
        &mut self,
        base: VarId,
        at: usize,
        star: Option<usize>,
        count: usize,
    ) -> VarId {
        let to = self.var();
        let (front, back) = (at as u32, (count - at) as u32);
        let op = match star {
            Some(star) if star == at => Op::Rest {
                base,
                front,
                back: back - 1,
                to,
            },
            Some(star) if star < at => Op::Element {
                base,
                index: -back.cast_signed(),
                to,
            },
            _ => Op::Element {
                base,
                index: front.cast_signed(),
                to,
            },
        };
        self.emit(op);
        to
    }

    pub(super) fn set_attribute(
        &mut self,
        attribute: &'a ast::ExprAttribute,
        base: VarId,
        from: VarId,
    ) {
        let name = self.names.intern(attribute.attr.id.as_str());
        self.emit(Op::SetAttribute {
            base,
            name,
            from,
            site: attribute.range.start().to_u32(),
        });
    }
}

fn elements(target: &Expr) -> Option<&[Expr]> {
    match target {
        Expr::Tuple(tuple) => Some(&tuple.elts),
        Expr::List(list) => Some(&list.elts),
        _ => None,
    }
}
