//! Results of calls that are put where they outlive the code that asked: module names, attributes of classes,
//! containers, defaults.
//!
//! Notes candidates while visiting; whether the place really is a module's or a class's is settled in `finish.rs`.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::extract::{Extractor, TempReference, TempRoot, span};
use crate::facts::{NameId, Slice, Usage};

/// A result that is put somewhere, as visited.
#[derive(Clone, Copy, Debug)]
pub(super) struct TempKeep {
    pub(super) value: TempKept,
    /// What it is put into: a name or an attribute, or an item of that; none for a default.
    pub(super) place: Option<TempReference>,
    pub(super) item: bool,
}

/// The result that is kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum TempKept {
    Call(u32),
    /// What this name holds there, which may be the result of a call.
    Name(NameId),
}

/// How many `or`, `await` and the like around a call are looked through.
const MOST_WRAPPERS: usize = 8;

impl Extractor<'_> {
    /// Notes that the calls of `value` are put into `targets`; those visited since `first` are they.
    pub(super) fn keep_in(&mut self, targets: &[Expr], value: &Expr, first: usize) {
        if !self.read.keeps || self.calls.len() == first && !value.is_name_expr() {
            return;
        }
        for target in targets {
            match target {
                // What a name is bound to is known from its binding where nothing stands around the call.
                Expr::Name(name) if !value.is_call_expr() && !value.is_name_expr() => {
                    let root = TempRoot::Name(self.names.intern(name.id.as_str()));
                    self.keep(value, first, (root, Slice::default()), target, false);
                }
                Expr::Attribute(_) => self.keep_in_chain(target, value, first, false),
                Expr::Subscript(subscript) => {
                    self.keep_in_chain(&subscript.value, value, first, true);
                }
                _ => {}
            }
        }
    }

    /// Notes that `container.append(value)` and the like put calls into a container.
    pub(super) fn keep_in_container(&mut self, call: &ast::ExprCall, first: usize) {
        if !self.read.keeps {
            return;
        }
        let Expr::Attribute(method) = &*call.func else {
            return;
        };
        let (("append" | "add" | "appendleft", [value]) | ("setdefault" | "insert", [_, value])) =
            (method.attr.id.as_str(), &*call.arguments.args)
        else {
            return;
        };
        if self.calls.len() > first || value.is_name_expr() {
            self.keep_in_chain(&method.value, value, first, true);
        }
    }

    /// Notes that a default holds what its call gives.
    pub(super) fn keep_as_default(&mut self, value: &Expr, first: usize) {
        if !self.read.keeps {
            return;
        }
        self.each_call(value, first, |this, call| {
            this.keeps.push(TempKeep {
                value: TempKept::Call(call),
                place: None,
                item: false,
            });
        });
    }

    fn keep_in_chain(&mut self, target: &Expr, value: &Expr, first: usize, item: bool) {
        // Most assignments of names are these, and of no interest.
        let own = |inner: &Expr| matches!(inner, Expr::Name(name) if name.id.as_str() == "self");
        if matches!(target, Expr::Attribute(attribute) if own(&attribute.value)) {
            return;
        }
        if let Some(chain @ (TempRoot::Name(_) | TempRoot::TypeOf(_), path)) = self.chain(target) {
            // What an instance holds is its own, and longer ways lead to instances.
            if path.len < 2 {
                self.keep(value, first, chain, target, item);
            }
        }
    }

    fn keep(
        &mut self,
        value: &Expr,
        first: usize,
        (root, path): (TempRoot, Slice),
        target: &Expr,
        item: bool,
    ) {
        let at = span(target.range());
        let keep = |this: &mut Self, value: TempKept| {
            let place = this.place();
            let place = Some(TempReference::new(root, path, at, place, Usage::Store));
            this.keeps.push(TempKeep { value, place, item });
        };
        if let Expr::Name(name) = value {
            let name = self.names.intern(name.id.as_str());
            keep(self, TempKept::Name(name));
        } else {
            self.each_call(value, first, |this, call| keep(this, TempKept::Call(call)));
        }
    }

    /// Hands the calls to `note`, among those visited since `first`, that may be the value of an expression.
    fn each_call(&mut self, value: &Expr, first: usize, note: impl Fn(&mut Self, u32)) {
        let mut waiting = vec![value];
        for _ in 0..MOST_WRAPPERS {
            match waiting.pop() {
                Some(Expr::Call(call)) => {
                    let (start, end) = (call.range().start(), call.range().end());
                    let found = self.calls[first..].iter().rposition(|made| {
                        made.end == end.to_u32() && made.callee.span.start == start.to_u32()
                    });
                    if let Some(at) = found {
                        note(self, (first + at) as u32);
                    }
                }
                Some(Expr::Await(inner)) => waiting.push(&inner.value),
                Some(Expr::Named(inner)) => waiting.push(&inner.value),
                Some(Expr::BoolOp(op)) => waiting.extend(op.values.last()),
                Some(Expr::If(choice)) => waiting.extend([&*choice.orelse, &*choice.body]),
                Some(_) => {}
                None => return,
            }
        }
    }
}
