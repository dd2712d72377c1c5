//! Operations: what each does with the values that one of its variables has gained.

use super::Reason;
use super::objects::{Obj, Object};
use super::program::{Class, Text, Var};
use super::solver::{Link, NO_SITE, NOWHERE, Passed, PassedKind, Role, Site, SiteId, Solver};
use crate::facts::Slice;
use crate::index::FileId;
use crate::values::{ArgumentKind, Op, VarId};

impl Solver<'_> {
    /// The site of an operation that calls something with these arguments.
    pub(super) fn site(
        &mut self,
        file: FileId,
        op: u32,
        role: Role,
        offset: u32,
        arguments: &[Var],
        to: Var,
    ) -> SiteId {
        let op_id = self.program.op_id(file, op);
        if let Some(known) = self.known_site(op_id, role) {
            return known;
        }
        let site = Site {
            caller: self.program.code_of_op(file, op),
            offset,
            to,
            name: None,
            arguments: self.pass(arguments),
            is_call: true,
            is_store: false,
            is_named: false,
            is_written: false,
            is_wrapped: false,
            is_taken: false,
            depth: 0,
            callees: 0,
        };
        let id = SiteId(self.sites.len() as u32);
        self.sites.push(site);
        if role == Role::Own {
            self.own_sites[op_id.index()] = id;
        } else {
            self.site_of_op.insert((op_id, role), id);
        }
        id
    }

    fn known_site(&self, op: super::program::OpId, role: Role) -> Option<SiteId> {
        if role == Role::Own {
            Some(self.own_sites[op.index()]).filter(|&site| site != NO_SITE)
        } else {
            self.site_of_op.get(&(op, role)).copied()
        }
    }

    pub(super) fn call_site(
        &mut self,
        file: FileId,
        op: u32,
        offset: u32,
        arguments: Slice,
        to: Var,
        is_named: bool,
    ) -> SiteId {
        let op_id = self.program.op_id(file, op);
        if let Some(known) = self.known_site(op_id, Role::Own) {
            return known;
        }
        let id = self.site(file, op, Role::Own, offset, &[], to);
        let start = self.arguments.len() as u32;
        for argument in self.program.arguments(file, arguments) {
            let kind = match argument.kind {
                ArgumentKind::Positional(constant) => PassedKind::Positional(constant),
                ArgumentKind::Spread => PassedKind::Spread,
                ArgumentKind::Keyword(name, constant) => {
                    PassedKind::Keyword(self.program.text(file, name), constant)
                }
                ArgumentKind::KeywordSpread => PassedKind::KeywordSpread,
            };
            let value = self.program.var(file, argument.value);
            self.arguments.push(Passed { kind, value });
        }
        let site = &mut self.sites[id.index()];
        site.arguments = Slice {
            start,
            len: arguments.len,
        };
        site.is_named = is_named;
        site.is_written = true;
        id
    }

    pub(super) fn read_site(&mut self, file: FileId, op: u32, offset: u32, to: Var) -> SiteId {
        let id = self.site(file, op, Role::Own, offset, &[], to);
        self.sites[id.index()].is_call = false;
        id
    }

    /// Runs an operation for what `from` has gained.
    pub(super) fn step(&mut self, file: FileId, at: u32, from: Var, gained: &[Obj]) {
        let Some(values) = self.program.values(file) else {
            return;
        };
        let base_of = self.program.var(file, VarId(0)).0;
        let var = |var: VarId| Var(base_of + var.0);
        match values.ops[at as usize] {
            Op::Copy { to, .. } => {
                for &obj in gained {
                    self.add(var(to), obj);
                }
            }
            Op::GetAttribute {
                base,
                name,
                to,
                site,
            } => {
                let name = self.program.text(file, name);
                let is_named = self.program.is_named(file, base);
                let site = self.read_site(file, at, site, var(to));
                for &obj in gained {
                    self.access(obj, name, site, is_named);
                }
            }
            Op::CallMethod {
                base,
                name,
                arguments,
                to,
                site,
            } => {
                let name = self.program.text(file, name);
                let is_named = self.program.is_named(file, base);
                let site = self.call_site(file, at, site, arguments, var(to), true);
                for &obj in gained {
                    self.access(obj, name, site, is_named);
                }
            }
            Op::Call {
                callee,
                arguments,
                to,
                site,
            } => {
                let is_named = self.program.is_named(file, callee);
                let site = self.call_site(file, at, site, arguments, var(to), is_named);
                for &obj in gained {
                    self.invoke(site, obj, None, Reason::Direct);
                }
            }
            Op::Decorate {
                decorator,
                target,
                to,
                site,
            } => {
                let is_named = self.program.is_named(file, decorator);
                let target = var(target);
                let site = self.site(file, at, Role::Own, site, &[target], var(to));
                self.sites[site.index()].is_named = is_named;
                for &obj in gained {
                    self.decorate(site, obj, target, var(to));
                }
            }
            Op::SetAttribute {
                base,
                name,
                from: value,
                site,
            } => {
                let name = self.program.text(file, name);
                let is_named = self.program.is_named(file, base);
                let site = self.site(file, at, Role::Own, site, &[], NOWHERE);
                for &obj in gained {
                    self.store(obj, name, var(value), site, is_named);
                }
            }
            Op::DeleteAttribute { name, site, .. } => {
                let name = self.program.text(file, name);
                let site = self.site(file, at, Role::Own, site, &[], NOWHERE);
                for &obj in gained {
                    self.delete_attribute(obj, name, site);
                }
            }
            Op::GetNamed {
                base,
                key,
                to,
                site,
            } => {
                let (base, key) = (var(base), var(key));
                let site = self.read_site(file, at, site, var(to));
                self.pairs(base, key, from, gained, |solver, base, key| {
                    solver.get_named(base, key, site);
                });
            }
            Op::SetNamed {
                base,
                key,
                from: value,
                site,
            } => {
                let (base, key, value) = (var(base), var(key), var(value));
                let site = self.site(file, at, Role::Own, site, &[], NOWHERE);
                self.pairs(base, key, from, gained, |solver, base, key| {
                    if let Object::Text(name) = solver.object(key) {
                        solver.store(base, name, value, site, false);
                    }
                });
            }
            Op::GetItem {
                base,
                key,
                to,
                site,
            } => {
                let (base, key, to) = (var(base), var(key), var(to));
                if from == base {
                    for &obj in gained {
                        self.get_from_instance(file, at, site, obj, key, to);
                    }
                }
                self.pairs(base, key, from, gained, |solver, base, key| {
                    if let Object::Container(container) = solver.object(base) {
                        solver.item(container, key, to);
                    }
                });
            }
            Op::SetItem {
                base,
                key,
                from: value,
                site,
            } => {
                let (base, key, value) = (var(base), var(key), var(value));
                if from == base {
                    for &obj in gained {
                        self.set_on_instance(file, at, site, obj, key, value);
                    }
                }
                let by = self.program.code_of_op(file, at);
                self.pairs(base, key, from, gained, |solver, base, key| {
                    if let Object::Container(container) = solver.object(base) {
                        solver.assign_item(container, key, value, by);
                    }
                });
            }
            Op::DeleteItem { key, site, .. } => {
                let key = var(key);
                for &obj in gained {
                    self.special(
                        file,
                        at,
                        site,
                        Role::Item,
                        obj,
                        "__delitem__",
                        &[key],
                        NOWHERE,
                    );
                }
            }
            Op::GetSlice {
                from: start,
                until,
                to,
                site,
                ..
            } => {
                for &obj in gained {
                    self.get_slice(file, at, site, obj, (start, until), var(to));
                }
            }
            Op::Replaced { key, value, to, .. } => {
                for &obj in gained {
                    self.replaced(file, at, obj, var(key), var(value), var(to));
                }
            }
            Op::Iterate {
                is_async, to, site, ..
            } => {
                let name = if is_async { "__aiter__" } else { "__iter__" };
                let site = self.site(file, at, Role::Own, site, &[], var(to));
                self.sites[site.index()].name = self.program.texts.find(name);
                for &obj in gained {
                    self.iterate_one(site, obj);
                }
            }
            Op::Element { index, to, .. } => {
                for &obj in gained {
                    self.element(obj, index, var(to));
                }
            }
            Op::Rest {
                front, back, to, ..
            } => {
                for &obj in gained {
                    self.rest(file, at, obj, front, back, var(to));
                }
            }
            Op::Enter {
                is_async, to, site, ..
            } => {
                for &obj in gained {
                    self.enter(file, at, site, obj, is_async, var(to));
                }
            }
            Op::Except { annotation, to, .. } => {
                for &obj in gained {
                    if !self.is_instance_of(obj, var(annotation)) {
                        self.add(var(to), obj);
                    }
                }
            }
            Op::Await { to, site, .. } => {
                for &obj in gained {
                    self.await_one(var(to), obj);
                    self.special(file, at, site, Role::Own, obj, "__await__", &[], NOWHERE);
                }
            }
            Op::Delegate { code, to, site, .. } => {
                let yields = var(values.codes[code.index()].yields);
                let site = self.site(file, at, Role::Own, site, &[], yields);
                self.sites[site.index()].name = self.program.texts.find("__iter__");
                for &obj in gained {
                    self.iterate_one(site, obj);
                    if let Object::Generator(code, receiver) = self.object(obj) {
                        let (file, body) = self.program.code_body(code);
                        let result = self.program.var(file, body.result);
                        self.link_returned(result, code, receiver, var(to));
                    }
                }
            }
            Op::Operate {
                operator,
                left,
                right,
                is_in_place,
                to,
                site,
            } => {
                let operands = (var(left), var(right));
                self.operate(
                    file,
                    at,
                    site,
                    operator,
                    operands,
                    is_in_place,
                    var(to),
                    from,
                    gained,
                );
            }
            Op::Truth { site, .. } => {
                for &obj in gained {
                    let _ = self.special(file, at, site, Role::Own, obj, "__bool__", &[], NOWHERE)
                        || self.special(file, at, site, Role::Item, obj, "__len__", &[], NOWHERE);
                }
            }
            Op::Format { site, .. } => {
                for &obj in gained {
                    let _ =
                        self.special(file, at, site, Role::Own, obj, "__format__", &[], NOWHERE)
                            || self.special(
                                file,
                                at,
                                site,
                                Role::Item,
                                obj,
                                "__str__",
                                &[],
                                NOWHERE,
                            )
                            || self.special(
                                file,
                                at,
                                site,
                                Role::Next,
                                obj,
                                "__repr__",
                                &[],
                                NOWHERE,
                            );
                }
            }
            Op::Raise { site, .. } => {
                let site = self.site(file, at, Role::Own, site, &[], NOWHERE);
                for &obj in gained {
                    if matches!(self.object(obj), Object::Class(_)) {
                        self.invoke(site, obj, None, Reason::Direct);
                    }
                }
            }
            Op::Annotated { to, .. } => {
                for &obj in gained {
                    self.annotate(var(to), obj);
                }
            }
            Op::AnnotatedType { to, .. } => {
                for &obj in gained {
                    if let Object::Class(class) = self.object(obj) {
                        self.add_object(var(to), Object::ClassOrBelow(class));
                    }
                }
            }
            Op::Function { .. }
            | Op::Class { .. }
            | Op::Text { .. }
            | Op::Prefix { .. }
            | Op::Integer { .. }
            | Op::Literal { .. }
            | Op::Display { .. }
            | Op::Import { .. }
            | Op::Free { .. }
            | Op::Descriptor { .. }
            | Op::Super { .. } => {}
        }
    }

    /// Whether a value is an instance of a class of the project that a variable is known to be.
    fn is_instance_of(&self, obj: Obj, class: Var) -> bool {
        let Some((own, _)) = self.instance_class(obj) else {
            return false;
        };
        self.values(class)
            .iter()
            .any(|&class| match self.object(class) {
                Object::Class(above) => self.classes.is_subclass(own, above),
                _ => false,
            })
    }

    /// Every new pair of what `base` and `key` are, one of which has gained.
    pub(super) fn pairs(
        &mut self,
        base: Var,
        key: Var,
        from: Var,
        gained: &[Obj],
        mut act: impl FnMut(&mut Self, Obj, Obj),
    ) {
        if from == base {
            let keys = self.values(key).to_vec();
            for &base in gained {
                for &key in &keys {
                    act(self, base, key);
                }
            }
        }
        if from == key {
            let bases = self.values(base).to_vec();
            for &key in gained {
                for &base in &bases {
                    act(self, base, key);
                }
            }
        }
    }

    fn delete_attribute(&mut self, obj: Obj, name: Text, site: SiteId) {
        if let Some((class, or_below)) = self.instance_class(obj)
            && let Some(own) = self.shape(class, name, or_below).own
        {
            let site = self.derive(site, Role::Special(2), |_, site| Site {
                is_store: true,
                ..site
            });
            self.call_member(own, site, Some(obj), Reason::Flow);
        }
    }

    /// `getattr(base, key)`.
    fn get_named(&mut self, base: Obj, key: Obj, site: SiteId) {
        let base = base.plain();
        match self.object(key) {
            Object::Text(name) => self.access(base, name, site, false),
            Object::Prefix(prefix) => {
                let Some((class, or_below)) = self.instance_class(base) else {
                    return;
                };
                let prefix = self.program.texts.get(prefix);
                if prefix.len() < 2 {
                    return;
                }
                let found = self
                    .classes
                    .with_prefix(&self.program, prefix, |classes, of| {
                        classes.is_subclass(class, of)
                            || (or_below && classes.is_subclass(of, class))
                    });
                for (name, var) in found {
                    self.narrow_by_suffix(var, &self.program.texts.get(name)[prefix.len()..]);
                    self.link(
                        var,
                        Link::Member {
                            site,
                            receiver: Some(base),
                            reason: Reason::NamePrefix,
                        },
                    );
                }
            }
            _ => {}
        }
    }

    /// `visit_Name` is looked up for instances of `Name`: its first argument is one.
    fn narrow_by_suffix(&mut self, method: Var, suffix: &str) {
        let classes: Box<[Class]> = self.classes.named(&self.program, suffix).into();
        if classes.is_empty() {
            return;
        }
        for obj in self.values(method).to_vec() {
            let innermost = self.innermost(obj);
            if let Object::Function(code) = self.object(innermost)
                && let Some(visited) = self.targets(code).get(1)
            {
                self.narrow_to(visited.var, classes.clone());
            }
        }
    }

    /// Calls a special method of an instance. False when its class has none.
    #[expect(clippy::too_many_arguments, reason = "a call, described in full")]
    pub(super) fn special(
        &mut self,
        file: FileId,
        op: u32,
        offset: u32,
        role: Role,
        obj: Obj,
        name: &str,
        arguments: &[Var],
        to: Var,
    ) -> bool {
        let obj = obj.plain();
        let Some((class, or_below)) = self.instance_class(obj) else {
            return false;
        };
        let Some(name) = self.program.texts.find(name) else {
            return false;
        };
        let shape = self.shape(class, name, or_below);
        if shape.own.is_none() && shape.below.is_none() {
            return false;
        }
        let site = self.site(file, op, role, offset, arguments, to);
        self.call_special(site, obj, shape);
        true
    }

    pub(super) fn call_special(&mut self, site: SiteId, obj: Obj, shape: super::fields::Shape) {
        let reason = match self.object(obj) {
            Object::Annotated(_) => Reason::Annotation,
            Object::Duck(_) => Reason::Duck,
            _ => Reason::Flow,
        };
        if let Some(own) = self.own_of(shape, obj) {
            self.call_member(own, site, Some(obj), reason);
        }
        if let Some(below) = shape.below {
            self.call_member(below, site, Some(obj), reason.max(Reason::Override));
        }
    }
}
