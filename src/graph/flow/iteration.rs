//! Iterating, unpacking, entering and awaiting.

use super::containers::Watch;
use super::fields::Assigned;
use super::objects::{Obj, Object};
use super::program::{Class, Var};
use super::solver::{Link, NOWHERE, Role, Site, SiteId, Solver};
use crate::index::FileId;
use crate::values::{Container, LiteralKind};

impl Solver<'_> {
    /// What an instance of a class that derives from a builtin container holds.
    pub(super) fn items_of_instance(&mut self, obj: Obj) -> Option<Var> {
        let (class, _) = self.instance_class(obj)?;
        let open = self
            .classes
            .order(class)
            .iter()
            .find(|&&above| self.classes.is_open(above) && self.holds_items(above))
            .copied()?;
        let name = self.program.texts.find("[]")?;
        Some(self.assigned(Assigned::Field, open, name))
    }

    /// Whether a base outside the project is a container.
    fn holds_items(&self, class: Class) -> bool {
        self.bases(class).iter().any(|&base| {
            self.values(base).iter().any(|&obj| match self.object(obj) {
                Object::External(external) => is_container(self.externals.path(external)),
                _ => false,
            })
        })
    }

    /// Iterates over a value at a site; the site's name tells how.
    pub(super) fn iterate_one(&mut self, site: SiteId, obj: Obj) {
        let obj = obj.plain();
        let to = self.sites[site.index()].to;
        match self.object(obj) {
            Object::Container(container) => self.site_elements(site, container),
            Object::Generator(code, receiver) => {
                let (file, body) = self.program.code_body(code);
                let yields = self.program.var(file, body.yields);
                self.link_returned(yields, code, receiver, to);
            }
            Object::Text(_) | Object::Prefix(_) | Object::Literal(LiteralKind::Text) => {
                self.add_object(to, Object::Literal(LiteralKind::Text));
            }
            Object::Class(class) if self.is_enumeration(class) => {
                self.add_object(to, Object::Instance(class));
            }
            Object::Class(_) => {}
            _ => {
                let Some((class, or_below)) = self.instance_class(obj) else {
                    return;
                };
                let name = self.sites[site.index()].name;
                let shape = name.map(|name| self.shape(class, name, or_below));
                if let Some(shape) =
                    shape.filter(|shape| shape.own.is_some() || shape.below.is_some())
                {
                    let iterator = self.iterator_site(site);
                    self.call_special(iterator, obj, shape);
                } else if let Some(name) = self.program.texts.find("__getitem__") {
                    let shape = self.shape(class, name, or_below);
                    let item = self.derive(site, Role::Item, |solver, site| Site {
                        arguments: solver.pass_one(NOWHERE),
                        name: None,
                        ..site
                    });
                    self.call_special(item, obj, shape);
                    if let Some(items) = self.items_of_instance(obj) {
                        self.link(items, Link::Copy(to));
                    }
                }
            }
        }
    }

    /// The site that calls `__iter__` for an iteration; what comes of it is asked for its elements.
    pub(super) fn iterator_site(&mut self, site: SiteId) -> SiteId {
        let key = (site, Role::Iterator);
        if let Some(&known) = self.derived.get(&key) {
            return known;
        }
        let iterator = self.derive(site, Role::Iterator, |solver, site| Site {
            to: solver.fresh(),
            name: None,
            ..site
        });
        let result = self.sites[iterator.index()].to;
        self.link(result, Link::Next { site });
        iterator
    }

    /// The elements that an iterator gives.
    pub(super) fn next_of(&mut self, site: SiteId, obj: Obj) {
        let obj = obj.plain();
        let Some((class, or_below)) = self.instance_class(obj) else {
            self.iterate_one(site, obj);
            return;
        };
        let at = self.sites[site.index()];
        let is_async = at
            .name
            .is_some_and(|name| self.program.texts.get(name) == "__aiter__");
        let name = if is_async { "__anext__" } else { "__next__" };
        let Some(name) = self.program.texts.find(name) else {
            return;
        };
        let shape = self.shape(class, name, or_below);
        let next = self.derive(site, Role::Next, |solver, site| Site {
            to: if is_async { solver.fresh() } else { site.to },
            name: None,
            ..site
        });
        if is_async && self.derived.insert((next, Role::Result), site).is_none() {
            let result = self.sites[next.index()].to;
            self.link(result, Link::Await(at.to));
        }
        self.call_special(next, obj, shape);
    }

    pub(super) fn element(&mut self, obj: Obj, index: i32, to: Var) {
        match self.object(obj) {
            Object::Container(container) => {
                if self.container_kind(container) == Container::Dict {
                    let keys = self.keys(container);
                    self.link(keys, Link::Copy(to));
                } else {
                    let key = self.intern(Object::Integer(index));
                    self.item(container, key, to);
                }
            }
            Object::Generator(code, receiver) => {
                let (file, body) = self.program.code_body(code);
                let yields = self.program.var(file, body.yields);
                self.link_returned(yields, code, receiver, to);
            }
            _ => {}
        }
    }

    pub(super) fn rest(&mut self, file: FileId, op: u32, obj: Obj, front: u32, back: u32, to: Var) {
        let Object::Container(source) = self.object(obj) else {
            return;
        };
        let op = self.program.op_id(file, op);
        let container = self.container_for(op, Role::Own, Container::List);
        let until = self
            .container_length(source)
            .map_or(i32::MAX, |length| length.saturating_sub(back) as i32);
        self.watch_container(
            source,
            Watch::Into {
                container,
                from: front as i32,
                until,
                offset: front as i32,
            },
        );
        self.add_object(to, Object::Container(container));
    }

    pub(super) fn enter(
        &mut self,
        file: FileId,
        op: u32,
        offset: u32,
        obj: Obj,
        is_async: bool,
        to: Var,
    ) {
        match self.object(obj) {
            Object::Generator(code, receiver) => {
                let (file, body) = self.program.code_body(code);
                let yields = self.program.var(file, body.yields);
                self.link_returned(yields, code, receiver, to);
            }
            Object::ExternalInstance(_) => self.add(to, obj),
            _ => {
                let (enter, exit) = if is_async {
                    ("__aenter__", "__aexit__")
                } else {
                    ("__enter__", "__exit__")
                };
                let op_id = self.program.op_id(file, op);
                let entered = if is_async && !self.site_of_op.contains_key(&(op_id, Role::Enter)) {
                    let entered = self.fresh();
                    self.link(entered, Link::Await(to));
                    entered
                } else {
                    to
                };
                self.special(file, op, offset, Role::Enter, obj, enter, &[], entered);
                let nothing = [NOWHERE, NOWHERE, NOWHERE];
                self.special(file, op, offset, Role::Exit, obj, exit, &nothing, NOWHERE);
            }
        }
    }

    /// What awaiting a value gives.
    pub(super) fn await_one(&mut self, to: Var, obj: Obj) {
        match self.object(obj) {
            Object::Coroutine(code, receiver) => {
                let (file, body) = self.program.code_body(code);
                let result = self.program.var(file, body.result);
                self.link_returned(result, code, receiver, to);
            }
            Object::Generator(..) | Object::Function(_) => {}
            _ => self.add(to, obj),
        }
    }
}

/// Whether instances of a class outside the project hold other values.
fn is_container(path: &str) -> bool {
    path.starts_with("collections.")
        || path.starts_with("typing.")
        || matches!(
            path.strip_prefix("<builtin>."),
            Some("dict" | "frozenset" | "list" | "set" | "tuple")
        )
}
