//! Entries of containers that a later store certainly replaces.
//!
//! Only for a local name, in straight-line code, and only where the entry may hold something: all else is a plain
//! store.

use ruff_python_ast::{self as ast, Expr};
use rustc_hash::FxHashMap;

use super::Lowerer;
use crate::facts::{NameId, Slice};
use crate::values::{Container, ItemKey, Op, VarId};

/// Replacements of one name's entries in one body; later stores add to them only.
const MOST_REPLACED: u32 = 8;
/// Entries beyond which a display is not looked through.
const MOST_ITEMS: u32 = 64;

/// What the containers of the code being lowered are known to hold.
#[derive(Default)]
pub(super) struct Known {
    displays: FxHashMap<VarId, Display>,
    /// What was stored since: by container and key.
    stored: FxHashMap<(VarId, VarId), VarId>,
    replaced: FxHashMap<NameId, u32>,
}

#[derive(Clone, Copy)]
struct Display {
    /// The container that stores are noted under.
    first: VarId,
    kind: Container,
    items: Slice,
}

impl Known {
    pub(super) fn clear(&mut self) {
        self.displays.clear();
        self.stored.clear();
        self.replaced.clear();
    }

    pub(super) fn display(&mut self, var: VarId, kind: Container, items: Slice) {
        if matches!(kind, Container::List | Container::Dict) {
            self.displays.insert(
                var,
                Display {
                    first: var,
                    kind,
                    items,
                },
            );
        }
    }

    /// Notes that `to` is what `from` is.
    pub(super) fn alias(&mut self, from: VarId, to: VarId) {
        if let Some(&display) = self.displays.get(&from) {
            self.displays.insert(to, display);
        }
    }
}

impl<'a> Lowerer<'a> {
    /// What the container `base` holds under `key`.
    fn entry(&self, base: VarId, key: VarId) -> Option<VarId> {
        let display = self.known.displays.get(&base)?;
        if let Some(&value) = self.known.stored.get(&(display.first, key)) {
            return Some(value);
        }
        if display.items.len > MOST_ITEMS {
            return None;
        }
        let index = self.integer_of(key);
        let items = self.out.items[display.items.range()].iter().rev();
        for item in items {
            match (display.kind, item.key) {
                (Container::Dict, ItemKey::Key(found)) if found == key => return Some(item.value),
                (Container::List, ItemKey::Index(at)) if i32::try_from(at).ok() == index => {
                    return Some(item.value);
                }
                _ => {}
            }
        }
        None
    }

    fn integer_of(&self, key: VarId) -> Option<i32> {
        self.integer_values.get(&key).copied()
    }

    /// Notes `target = value` once the plain store of it has been made.
    pub(super) fn stored(&mut self, target: &'a ast::ExprSubscript, key: VarId, value: VarId) {
        if !is_constant(&target.slice) {
            return;
        }
        // The keys from the name inwards.
        let mut keys = vec![key];
        let mut at = &*target.value;
        while let Expr::Subscript(inner) = at {
            if !is_constant(&inner.slice) || keys.len() == 8 {
                return;
            }
            keys.push(self.expr(&inner.slice));
            at = &inner.value;
        }
        let Expr::Name(name) = at else { return };
        let name = self.name_of(name);
        keys.reverse();
        self.replace(name, &keys, value);
    }

    fn replace(&mut self, name: NameId, keys: &[VarId], value: VarId) {
        if !self.loops.is_empty() || !self.is_local(name) {
            return;
        }
        let mut bases = vec![self.read(name)];
        for key in &keys[..keys.len() - 1] {
            let Some(inner) = self.entry(bases[bases.len() - 1], *key) else {
                return;
            };
            bases.push(inner);
        }
        let (Some(&inner), Some(&last)) = (bases.last(), keys.last()) else {
            return;
        };
        let Some(&display) = self.known.displays.get(&inner) else {
            return;
        };
        let before = self.entry(inner, last);
        if before.is_none() {
            self.known.stored.insert((display.first, last), value);
            return;
        }
        let count = self.known.replaced.entry(name).or_insert(0);
        if *count == MOST_REPLACED {
            return;
        }
        *count += 1;
        let mut value = value;
        for (&base, &key) in bases.iter().zip(keys).rev() {
            let to = self.var();
            self.emit(Op::Replaced {
                base,
                key,
                value,
                to,
            });
            self.known.alias(base, to);
            if let Some(display) = self.known.displays.get(&base) {
                self.known.stored.insert((display.first, key), value);
            }
            value = to;
        }
        self.bind(name, value);
    }

    /// `name.update({…})` as a statement replaces what stands under its keys.
    pub(super) fn updated(&mut self, statement: &'a Expr) {
        let Expr::Call(call) = statement else { return };
        let Expr::Attribute(callee) = &*call.func else {
            return;
        };
        let (Expr::Name(name), "update", [Expr::Dict(dict)]) = (
            &*callee.value,
            callee.attr.id.as_str(),
            &*call.arguments.args,
        ) else {
            return;
        };
        let name = self.name_of(name);
        let Some(Op::CallMethod { arguments, .. }) = self.out.ops.last().copied() else {
            return;
        };
        let Some(argument) = self.out.arguments.get(arguments.start as usize).copied() else {
            return;
        };
        let Some(&given) = self.known.displays.get(&argument.value) else {
            return;
        };
        for (at, item) in given.items.range().zip(&dict.items) {
            let entry = self.out.items[at];
            if let (ItemKey::Key(key), true) =
                (entry.key, item.key.as_ref().is_some_and(is_constant))
            {
                self.replace(name, &[key], entry.value);
            }
        }
    }
}

fn is_constant(key: &Expr) -> bool {
    match key {
        Expr::StringLiteral(literal) => literal.value.len() <= 64,
        Expr::NumberLiteral(number) => matches!(number.value, ast::Number::Int(_)),
        _ => false,
    }
}
