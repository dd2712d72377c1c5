//! Expressions: the variable that holds the value of each.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::Lowerer;
use crate::values::{Container, Item, ItemKey, LiteralKind, Op, VarId};

impl<'a> Lowerer<'a> {
    pub(super) fn expr(&mut self, expr: &'a Expr) -> VarId {
        match expr {
            Expr::Name(name) => self.name(name),
            Expr::StringLiteral(literal) => self.text_constant(literal.value.to_str()),
            Expr::BytesLiteral(_) => self.literal(LiteralKind::Bytes),
            Expr::NumberLiteral(number) => self.number(&number.value, false),
            Expr::BooleanLiteral(_) => self.literal(LiteralKind::Bool),
            Expr::NoneLiteral(_) | Expr::EllipsisLiteral(_) | Expr::IpyEscapeCommand(_) => {
                self.nothing()
            }
            _ => self.deeper(|this| this.compound(expr)),
        }
    }

    fn name(&mut self, name: &'a ast::ExprName) -> VarId {
        let id = self.name_of(name);
        if name.id.as_str() == "__class__"
            && let Some(class) = self.class
            && self.is_free(id)
        {
            return self.class_vars[class.index()];
        }
        self.read(id)
    }

    fn compound(&mut self, expr: &'a Expr) -> VarId {
        match expr {
            Expr::Call(call) => self.call(call),
            Expr::Attribute(attribute) => self.attribute(attribute),
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::BoolOp(op) => self.bool_value(op),
            Expr::Named(named) => {
                let value = self.expr(&named.value);
                if let Expr::Name(name) = &*named.target {
                    let name = self.name_of(name);
                    self.bind(name, value);
                }
                value
            }
            Expr::BinOp(op) => self.binary(op),
            Expr::UnaryOp(op) => self.unary(op),
            Expr::Lambda(lambda) => self.lambda(expr, lambda),
            Expr::If(expr) => self.conditional(expr),
            Expr::Dict(dict) => self.dict(dict),
            Expr::Set(set) => self.display(Container::Set, &set.elts),
            Expr::List(list) => self.display(Container::List, &list.elts),
            Expr::Tuple(tuple) => self.display(Container::Tuple, &tuple.elts),
            Expr::ListComp(comp) => {
                self.comprehension(expr, Container::List, &comp.generators, None, &comp.elt)
            }
            Expr::SetComp(comp) => {
                self.comprehension(expr, Container::Set, &comp.generators, None, &comp.elt)
            }
            Expr::Generator(comp) => self.comprehension(
                expr,
                Container::Generator,
                &comp.generators,
                None,
                &comp.elt,
            ),
            Expr::DictComp(comp) => self.comprehension(
                expr,
                Container::Dict,
                &comp.generators,
                comp.key.as_deref(),
                &comp.value,
            ),
            Expr::Await(inner) => {
                let base = self.expr(&inner.value);
                let to = self.var();
                let site = inner.range.start().to_u32();
                self.emit(Op::Await { base, to, site });
                to
            }
            Expr::Yield(inner) => {
                if let Some(value) = &inner.value {
                    let from = self.expr(value);
                    let to = self.out.codes[self.code.index()].yields;
                    self.copy(from, to);
                }
                self.var()
            }
            Expr::YieldFrom(inner) => {
                let base = self.expr(&inner.value);
                let to = self.var();
                self.emit(Op::Delegate {
                    base,
                    code: self.code,
                    to,
                    site: inner.range.start().to_u32(),
                });
                to
            }
            Expr::Compare(compare) => self.compare(compare),
            Expr::FString(string) => self.f_string(string),
            Expr::TString(string) => self.t_string(string),
            Expr::Starred(starred) => self.expr(&starred.value),
            Expr::Slice(slice) => {
                for part in [&slice.lower, &slice.upper, &slice.step]
                    .into_iter()
                    .flatten()
                {
                    self.expr(part);
                }
                self.nothing()
            }
            _ => self.nothing(),
        }
    }

    fn attribute(&mut self, attribute: &'a ast::ExprAttribute) -> VarId {
        let base = self.expr(&attribute.value);
        let name = self.names.intern(attribute.attr.id.as_str());
        let to = self.var();
        self.emit(Op::GetAttribute {
            base,
            name,
            to,
            site: attribute.range.start().to_u32(),
        });
        to
    }

    /// The variable of what stands in the brackets of a subscript.
    pub(super) fn key(&mut self, slice: &'a Expr) -> VarId {
        self.expr(slice)
    }

    fn subscript(&mut self, subscript: &'a ast::ExprSubscript) -> VarId {
        let base = self.expr(&subscript.value);
        let site = subscript.range.start().to_u32();
        if let Expr::Slice(slice) = &*subscript.slice {
            self.expr(&subscript.slice);
            let to = self.var();
            let is_step = slice
                .step
                .as_deref()
                .is_some_and(|step| constant(step) != Some(1));
            let (mut from, mut until) = (Some(0), Some(i32::MAX));
            if let Some(lower) = &slice.lower {
                from = constant(lower);
            }
            if let Some(upper) = &slice.upper {
                until = constant(upper);
            }
            if is_step {
                from = None;
            }
            self.emit(Op::GetSlice {
                base,
                from,
                until,
                to,
                site,
            });
            return to;
        }
        let key = self.key(&subscript.slice);
        let to = self.var();
        self.emit(Op::GetItem {
            base,
            key,
            to,
            site,
        });
        to
    }

    /// A list, tuple or set of `elts`.
    fn display(&mut self, kind: Container, elts: &'a [Expr]) -> VarId {
        let start = self.item_stack.len();
        let mut index = Some(0);
        for elt in elts {
            let item = if let Expr::Starred(starred) = elt {
                // What stands behind it may be anywhere.
                index = None;
                Item {
                    key: ItemKey::Spread,
                    value: self.expr(&starred.value),
                }
            } else {
                let value = self.expr(elt);
                let key = match index {
                    Some(at) if kind != Container::Set => ItemKey::Index(at),
                    _ => ItemKey::Any,
                };
                index = index.map(|at| at + 1);
                Item { key, value }
            };
            self.item_stack.push(item);
        }
        self.finish_display(kind, start)
    }

    fn finish_display(&mut self, kind: Container, start: usize) -> VarId {
        let items = self.take_items(start);
        let to = self.var();
        self.emit(Op::Display { kind, items, to });
        self.known.display(to, kind, items);
        to
    }

    fn dict(&mut self, dict: &'a ast::ExprDict) -> VarId {
        let start = self.item_stack.len();
        for item in &dict.items {
            let key = match &item.key {
                Some(key) => ItemKey::Key(self.expr(key)),
                None => ItemKey::Spread,
            };
            let value = self.expr(&item.value);
            self.item_stack.push(Item { key, value });
        }
        self.finish_display(Container::Dict, start)
    }

    fn comprehension(
        &mut self,
        expr: &'a Expr,
        kind: Container,
        generators: &'a [ast::Comprehension],
        key: Option<&'a Expr>,
        element: &'a Expr,
    ) -> VarId {
        let first = generators.first().map(|first| self.expr(&first.iter));
        let mark = self.env.mark();
        let entered = super::symbols::noted_expr(expr).map(|scope| self.enter(scope));
        for (at, generator) in generators.iter().enumerate() {
            let base = match first {
                Some(first) if at == 0 => first,
                _ => self.expr(&generator.iter),
            };
            let site = generator.iter.start().to_u32();
            let to = self.var();
            self.emit(Op::Iterate {
                base,
                is_async: generator.is_async,
                to,
                site,
            });
            self.target(&generator.target, to, site);
            for test in &generator.ifs {
                let outcome = self.condition(test);
                self.apply(&outcome.truthy);
            }
        }
        let key = key.map(|key| self.expr(key));
        let value = self.expr(element);
        if let Some(entered) = entered {
            self.leave(&entered);
        }
        self.maybe(mark);
        let key = match key {
            Some(key) => ItemKey::Key(key),
            None => ItemKey::Any,
        };
        let start = self.item_stack.len();
        self.item_stack.push(Item { key, value });
        let items = self.take_items(start);
        let to = self.var();
        self.emit(Op::Display { kind, items, to });
        to
    }
}

/// The value of an integer literal.
fn constant(expr: &Expr) -> Option<i32> {
    let (number, is_negative) = match expr {
        Expr::NumberLiteral(number) => (number, false),
        Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::USub => {
            (unary.operand.as_number_literal_expr()?, true)
        }
        _ => return None,
    };
    let ast::Number::Int(value) = &number.value else {
        return None;
    };
    let value = value.as_i32()?;
    if is_negative {
        value.checked_neg()
    } else {
        Some(value)
    }
}
