//! Subscripts: `base[key]`, read, written and sliced.

use super::Reason;
use super::objects::{Obj, Object};
use super::program::Var;
use super::solver::{Link, NOWHERE, Role, Solver};
use crate::index::FileId;
use crate::values::LiteralKind;

impl Solver<'_> {
    pub(super) fn get_from_instance(
        &mut self,
        file: FileId,
        op: u32,
        offset: u32,
        obj: Obj,
        key: Var,
        to: Var,
    ) {
        match self.object(obj) {
            Object::Class(_) | Object::ClassOrBelow(_) | Object::External(_) => {
                self.add(to, obj);
                if let Object::Class(class) = self.object(obj)
                    && let Some(name) = self.program.texts.find("__class_getitem__")
                    && let Some((_, var)) = self.classes.member(class, name, 0)
                {
                    let site = self.site(file, op, Role::Item, offset, &[key], NOWHERE);
                    self.link(
                        var,
                        Link::Forced {
                            site,
                            receiver: obj,
                            reason: Reason::Flow,
                        },
                    );
                }
            }
            Object::Text(_) | Object::Prefix(_) | Object::Literal(LiteralKind::Text) => {
                self.add_object(to, Object::Literal(LiteralKind::Text));
            }
            _ => {
                if !self.special(file, op, offset, Role::Item, obj, "__getitem__", &[key], to)
                    && let Some(items) = self.items_of_instance(obj)
                {
                    self.link(items, Link::Copy(to));
                }
            }
        }
    }

    pub(super) fn set_on_instance(
        &mut self,
        file: FileId,
        op: u32,
        offset: u32,
        obj: Obj,
        key: Var,
        value: Var,
    ) {
        if !self.special(
            file,
            op,
            offset,
            Role::Item,
            obj,
            "__setitem__",
            &[key, value],
            NOWHERE,
        ) && let Some(items) = self.items_of_instance(obj)
        {
            self.link(value, Link::Copy(items));
        }
    }

    pub(super) fn get_slice(
        &mut self,
        file: FileId,
        op: u32,
        offset: u32,
        obj: Obj,
        (from, until): (Option<i32>, Option<i32>),
        to: Var,
    ) {
        match self.object(obj) {
            Object::Container(source) => {
                let kind = self.container_kind(source);
                let op = self.program.op_id(file, op);
                let container = self.container_for(op, Role::Own, kind);
                self.slice(container, obj, from, until);
                self.add_object(to, Object::Container(container));
            }
            Object::Text(_) | Object::Prefix(_) | Object::Literal(_) => {
                self.add_object(to, Object::Literal(LiteralKind::Text));
            }
            _ => {
                self.special(
                    file,
                    op,
                    offset,
                    Role::Item,
                    obj,
                    "__getitem__",
                    &[NOWHERE],
                    to,
                );
            }
        }
    }

    pub(super) fn replaced(
        &mut self,
        file: FileId,
        op: u32,
        obj: Obj,
        key: Var,
        value: Var,
        to: Var,
    ) {
        let Object::Container(source) = self.object(obj) else {
            self.add(to, obj);
            return;
        };
        let &[key] = self.values(key) else {
            self.add(to, obj);
            return;
        };
        let kind = self.container_kind(source);
        let by = self.program.code_of_op(file, op);
        let op = self.program.op_id(file, op);
        let container = self.container_for(op, Role::Own, kind);
        self.replace(container, source, key);
        self.assign_item(container, key, value, by);
        self.add_object(to, Object::Container(container));
    }
}
