//! Methods of values of builtin types.

use super::builtins::moves_values;
use super::objects::{Obj, Object};
use super::program::Text;
use super::solver::{Link, NOWHERE, PassedKind, Role, Site, SiteId, Solver};
use super::special::Conversion;
use super::{Callee, Reason};
use crate::values::{Container, LiteralKind};

impl Solver<'_> {
    /// A method of a value of a builtin type is called.
    pub(super) fn call_builtin_method(&mut self, site: SiteId, of: Obj, name: Text) {
        let type_name = match self.object(of) {
            Object::Container(container) => match self.container_kind(container) {
                Container::List => "PyList",
                Container::Tuple => "PyTuple",
                Container::Set => "PySet",
                Container::Dict => "PyDict",
                Container::Generator => "PyGenerator",
            },
            Object::Text(_) | Object::Prefix(_) | Object::Literal(LiteralKind::Text) => "PyStr",
            Object::Literal(LiteralKind::Bytes) => "PyBytes",
            Object::Integer(_) | Object::Literal(LiteralKind::Integer) => "PyInt",
            Object::Literal(LiteralKind::Float) => "PyFloat",
            Object::Literal(LiteralKind::Complex) => "PyComplex",
            Object::Literal(LiteralKind::Bool) => "PyBool",
            Object::Generator(..) => "PyGenerator",
            _ => return,
        };
        let method = self.program.texts.get(name);
        // What only moves values is flow, not a call.
        if !moves_values(method) {
            let path = format!("<**{type_name}**>.{method}");
            let external = self.externals.intern(&path);
            let at = self.sites[site.index()];
            self.record(
                at.caller,
                at.offset,
                Callee::External(external),
                Reason::Flow,
            );
        }
        match self.object(of) {
            Object::Container(container) => self.call_container_method(site, container, method),
            Object::Generator(..)
                if matches!(method, "send" | "__next__" | "asend" | "__anext__") =>
            {
                self.iterate_one(site, of);
            }
            Object::Text(_) | Object::Prefix(_) | Object::Literal(LiteralKind::Text) => {
                match method {
                    "format" | "format_map" => {
                        for passed in self.passed(site) {
                            self.convert(site, passed.value, Conversion::FORMAT);
                        }
                    }
                    "join" => {
                        if let Some(first) = self.argument(site, 0, "") {
                            self.elements_of(site, 0, first);
                        }
                    }
                    _ => {}
                }
                self.text_method_result(site, method);
            }
            _ => {}
        }
    }

    pub(super) fn text_method_result(&mut self, site: SiteId, method: &str) {
        let to = self.sites[site.index()].to;
        match method {
            "encode" => self.add_object(to, Object::Literal(LiteralKind::Bytes)),
            "find" | "index" | "rfind" | "count" => {
                self.add_object(to, Object::Literal(LiteralKind::Integer));
            }
            "split" | "rsplit" | "splitlines" | "partition" | "rpartition" => {
                let container = self.result_container(site, Container::List);
                let var = self.fresh();
                self.add_object(var, Object::Literal(LiteralKind::Text));
                self.put_anywhere(container, var);
                self.add_object(to, Object::Container(container));
            }
            _ if method.starts_with("is") || method.ends_with("with") => {
                self.add_object(to, Object::Literal(LiteralKind::Bool));
            }
            _ => self.add_object(to, Object::Literal(LiteralKind::Text)),
        }
    }

    pub(super) fn call_container_method(
        &mut self,
        site: SiteId,
        container: super::objects::ContainerId,
        method: &str,
    ) {
        let to = self.sites[site.index()].to;
        let is_keyed = self.container_kind(container) == Container::Dict;
        match method {
            "append" | "add" | "appendleft" => {
                if let Some(value) = self.argument(site, 0, "") {
                    self.put_anywhere(container, value);
                }
            }
            "insert" => {
                if let Some(value) = self.argument(site, 1, "") {
                    self.put_anywhere(container, value);
                }
            }
            "extend" | "extendleft" | "update" | "union" => {
                for passed in self.passed(site) {
                    match passed.kind {
                        PassedKind::Keyword(name, _) => {
                            let key = self.intern(Object::Text(name));
                            self.put_under(container, key, passed.value);
                        }
                        _ => self.link(passed.value, Link::TakeOver { into: container }),
                    }
                }
                if method == "union" {
                    self.add_object(to, Object::Container(container));
                }
            }
            "get" | "pop" | "setdefault" if is_keyed => {
                if let Some(default) = self.argument(site, 1, "") {
                    self.link(default, Link::Copy(to));
                    if method == "setdefault"
                        && let Some(key) = self.argument(site, 0, "")
                    {
                        match self.values(key) {
                            &[key] => self.put_under(container, key, default),
                            _ => self.put_anywhere(container, default),
                        }
                    }
                }
                let key = self.argument(site, 0, "");
                if let Some(&[key]) = key.map(|key| self.values(key)) {
                    self.item(container, key, to);
                } else {
                    let elements = self.elements(container);
                    self.link(elements, Link::Copy(to));
                }
            }
            "pop" | "popleft" | "__next__" => {
                let elements = self.elements(container);
                self.link(elements, Link::Copy(to));
            }
            "values" | "keys" => {
                let from = if method == "keys" {
                    self.keys(container)
                } else {
                    self.elements(container)
                };
                let view = self.result_container(site, Container::Set);
                self.put_anywhere(view, from);
                self.add_object(to, Object::Container(view));
            }
            "items" | "popitem" => {
                let row = self.result_container(site, Container::Tuple);
                for (at, from) in [self.keys(container), self.elements(container)]
                    .into_iter()
                    .enumerate()
                {
                    let key = self.intern(Object::Integer(at as i32));
                    self.put_under(row, key, from);
                }
                if method == "popitem" {
                    self.add_object(to, Object::Container(row));
                    return;
                }
                let view = self.derive(site, Role::Item, |solver, site| Site {
                    to: solver.fresh(),
                    ..site
                });
                let rows = self.result_container(view, Container::Set);
                let var = self.sites[view.index()].to;
                self.add_object(var, Object::Container(row));
                self.put_anywhere(rows, var);
                self.add_object(to, Object::Container(rows));
            }
            "copy" => {
                let kind = self.container_kind(container);
                let copy = self.result_container(site, kind);
                let obj = self.intern(Object::Container(container));
                self.take_over(copy, obj);
                self.add_object(to, Object::Container(copy));
            }
            "sort" => {
                let elements = self.elements(container);
                if let Some(key) = self.argument(site, usize::MAX, "key") {
                    let called = self.derive(site, Role::Result, |solver, site| Site {
                        arguments: solver.pass_one(elements),
                        to: NOWHERE,
                        ..site
                    });
                    self.link(
                        key,
                        Link::Invoke {
                            site: called,
                            reason: Reason::Flow,
                        },
                    );
                }
                self.convert(site, elements, Conversion::LESS);
            }
            _ => {}
        }
    }
}
