//! Operations: what each does with the values that one of its variables has gained.

use super::attributes::Found;
use super::containers::Watch;
use super::objects::{Obj, Object};
use super::program::{Class, Text, Var};
use super::solver::{Link, NO_SITE, NOWHERE, Passed, PassedKind, Role, Site, SiteId, Solver};
use super::{Reason, special};
use crate::facts::{ImportTarget, Slice};
use crate::index::{FileId, ModuleRef};
use crate::values::{ArgumentKind, CodeFlags, Container, LiteralKind, Op, Operator, VarId};

impl Solver<'_> {
    /// Everything that is known without solving.
    pub(super) fn seed(&mut self) {
        self.seed_parameters();
        for file in self.program.file_ids() {
            let Some(values) = self.program.values(file) else {
                continue;
            };
            for (at, op) in values.ops.iter().enumerate() {
                self.seed_op(file, at as u32, op);
            }
        }
    }

    fn seed_op(&mut self, file: FileId, at: u32, op: &Op) {
        let var = |var: VarId, solver: &Self| solver.program.var(file, var);
        let (object, to) = match *op {
            Op::Function { code, to } => {
                let code = self.program.code(file, code);
                let (_, body) = self.program.code_body(code);
                if body.flags.contains(CodeFlags::DECLARED_ONLY) {
                    self.declared_only.insert(var(to, self));
                }
                (Object::Function(code), to)
            }
            Op::Decorate { target, .. } => {
                let target = var(target, self);
                for obj in self.values(target).to_vec() {
                    if let Object::Function(code) = self.object(obj) {
                        self.targets_of_decorators.insert(code);
                    }
                }
                return;
            }
            Op::Class { class, to } => {
                let class = self.program.class(file, class);
                self.init_subclass(file, at, class);
                (Object::Class(class), to)
            }
            Op::Text { text, to } => (Object::Text(self.program.text(file, text)), to),
            Op::Prefix { text, to } => (Object::Prefix(self.program.text(file, text)), to),
            Op::Integer { value, to } => (Object::Integer(value), to),
            Op::Literal { kind, to } => (Object::Literal(kind), to),
            Op::Super { class, to } => (Object::Super(self.program.class(file, class)), to),
            Op::Display { kind, to, .. } => (Object::Container(self.display(file, at, kind)), to),
            Op::Descriptor {
                kind,
                function,
                base,
                to,
            } => {
                let descriptor = super::objects::Descriptor {
                    kind,
                    function: var(function, self),
                    base: base.map(|base| var(base, self)),
                };
                if self.declared_only.contains(&descriptor.function) {
                    self.declared_only.insert(var(to, self));
                }
                (self.new_descriptor(descriptor), to)
            }
            Op::Import { alias, to } => {
                let to = var(to, self);
                self.import(file, alias, to);
                return;
            }
            Op::Free { name, to } => {
                let to = var(to, self);
                self.free(file, name, to);
                return;
            }
            _ => return,
        };
        let to = var(to, self);
        self.add_object(to, object);
    }

    pub(super) fn new_descriptor(&mut self, descriptor: super::objects::Descriptor) -> Object {
        self.descriptors.push(descriptor);
        Object::Descriptor(super::objects::DescriptorId(
            self.descriptors.len() as u32 - 1,
        ))
    }

    fn import(&mut self, file: FileId, alias: u32, to: Var) {
        let Some(id) = self.program.import(file, alias) else {
            return;
        };
        let index = self.program.index;
        let facts = self.program.facts(file);
        let import = &facts.imports[id.index()];
        if let Some(binding) = import.binding {
            let symbol = crate::index::SymbolId { file, binding };
            let (entities, ..) = index.binding_entities(symbol);
            for entity in entities {
                let found = self.entity(entity);
                self.take(found, to);
            }
            return;
        }
        let module = facts.name(import.module);
        match (index.modules.imported(file, id), import.target) {
            (ModuleRef::Known(id), ImportTarget::ModuleAs) => {
                self.add_object(to, Object::Module(id));
            }
            (ModuleRef::Known(_), ImportTarget::Module) => {
                let top = module.split('.').next().unwrap_or(module);
                if let Some(id) = index.modules.by_name(top) {
                    self.add_object(to, Object::Module(id));
                }
            }
            (ModuleRef::Known(id), ImportTarget::Name(name)) => {
                for entity in index.member(id, facts.name(name)).entities {
                    let found = self.entity(entity);
                    self.take(found, to);
                }
            }
            (ModuleRef::External, target) => {
                let path = match target {
                    ImportTarget::Module => module.split('.').next().unwrap_or(module).to_owned(),
                    ImportTarget::ModuleAs => module.to_owned(),
                    ImportTarget::Name(name) => format!("{module}.{}", facts.name(name)),
                    ImportTarget::Star => return,
                };
                let external = self.externals.intern(&path);
                self.add_object(to, Object::External(external));
            }
            _ => {}
        }
    }

    fn take(&mut self, found: Found, to: Var) {
        match found {
            Found::Value(obj) => self.add(to, obj),
            Found::Variable(var) => self.link(var, Link::Copy(to)),
            Found::Nothing => {}
        }
    }

    fn free(&mut self, file: FileId, name: crate::facts::NameId, to: Var) {
        let index = self.program.index;
        let text = self.program.text(file, name);
        let name = self.program.texts.get(text);
        if !index.origins.stars(file).is_empty() {
            let lookup = index.free_name(file, name);
            if !lookup.entities.is_empty() {
                for entity in lookup.entities {
                    let found = self.entity(entity);
                    self.take(found, to);
                }
                return;
            }
        }
        if (self.is_builtin)(name) {
            let external = self.externals.intern(&format!("<builtin>.{name}"));
            self.add_object(to, Object::External(external));
        }
    }

    /// Making a class runs `__init_subclass__` of the class above.
    fn init_subclass(&mut self, file: FileId, op: u32, class: Class) {
        let Some(name) = self.program.texts.find("__init_subclass__") else {
            return;
        };
        if let Some((_, var)) = self.classes.member(class, name, 1) {
            let (_, body) = self.program.class_body(class);
            let site = self.site(file, op, Role::Special(1), body.offset, &[], NOWHERE);
            let receiver = self.intern(Object::Class(class));
            self.link(
                var,
                Link::Forced {
                    site,
                    receiver,
                    reason: Reason::Flow,
                },
            );
        }
    }

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
            depth: 0,
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

    fn call_site(
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
                ArgumentKind::Positional => PassedKind::Positional,
                ArgumentKind::Spread => PassedKind::Spread,
                ArgumentKind::Keyword(name) => PassedKind::Keyword(self.program.text(file, name)),
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

    fn read_site(&mut self, file: FileId, op: u32, offset: u32, to: Var) -> SiteId {
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
                name,
                from: value,
                site,
                ..
            } => {
                let name = self.program.text(file, name);
                let site = self.site(file, at, Role::Own, site, &[], NOWHERE);
                for &obj in gained {
                    self.store(obj, name, var(value), site);
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
                        solver.store(base, name, value, site);
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
                self.pairs(base, key, from, gained, |solver, base, key| {
                    if let Object::Container(container) = solver.object(base) {
                        solver.put_under(container, key, value);
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
    fn pairs(
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

    fn decorate(&mut self, site: SiteId, obj: Obj, target: Var, to: Var) {
        match self.object(obj) {
            // What made the decorator was put on this function somewhere: it gives back what it is given.
            Object::Function(_) | Object::Decorated { .. }
                if !self.sites[site.index()].is_named && self.is_other_target(obj, target) => {}
            Object::External(external) => {
                let at = self.sites[site.index()];
                self.record(
                    at.caller,
                    at.offset,
                    super::Callee::External(external),
                    at.surest(),
                );
                let path = self.externals.path(external);
                if path.ends_with("property") {
                    let descriptor = self.new_descriptor(super::objects::Descriptor {
                        kind: crate::values::DescriptorKind::Getter,
                        function: target,
                        base: None,
                    });
                    self.add_object(to, descriptor);
                } else {
                    self.link(target, Link::Copy(to));
                }
            }
            Object::ExternalResult | Object::ExternalInstance(_) => {
                self.link(target, Link::Copy(to));
            }
            _ => {
                let result = self.derive(site, Role::Result, |solver, site| Site {
                    to: solver.fresh(),
                    ..site
                });
                let made = self.sites[result.index()].to;
                self.link(made, Link::DecoratedBy { target, to });
                self.invoke(result, obj, None, Reason::Direct);
            }
        }
    }

    /// Whether a decorator gave back a function that it was put on elsewhere: it gives back what it is given.
    pub(super) fn is_other_target(&self, function: Obj, target: Var) -> bool {
        let innermost = self.innermost(function);
        let Object::Function(code) = self.object(innermost) else {
            return false;
        };
        self.targets_of_decorators.contains(&code)
            && !self
                .values(target)
                .iter()
                .any(|&own| self.innermost(own) == innermost)
    }

    fn innermost(&self, mut function: Obj) -> Obj {
        while let Object::Decorated {
            function: inner, ..
        } = self.object(function)
        {
            function = inner;
        }
        function
    }

    /// What a decorator made of a function.
    pub(super) fn decorated(&mut self, by: Obj, function: Obj, to: Var) {
        let (by, function) = (by.plain(), function.plain());
        let is_function = matches!(
            self.object(function),
            Object::Function(_) | Object::Decorated { .. }
        );
        if by == function || !is_function {
            self.add(to, by);
        } else {
            if let Object::Function(code) = self.object(function) {
                self.wrapped.insert(code);
            }
            self.add_object(to, Object::Decorated { by, function });
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

    pub(super) fn call_special(&mut self, site: SiteId, obj: Obj, shape: super::attributes::Shape) {
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

    fn get_from_instance(
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

    /// What an instance of a class that derives from a builtin container holds.
    fn items_of_instance(&mut self, obj: Obj) -> Option<Var> {
        let (class, _) = self.instance_class(obj)?;
        let open = self
            .classes
            .order(class)
            .iter()
            .find(|&&above| self.classes.is_open(above))
            .copied()?;
        let name = self.program.texts.find("[]")?;
        Some(self.field(open, name))
    }

    fn set_on_instance(
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

    fn get_slice(
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

    fn replaced(&mut self, file: FileId, op: u32, obj: Obj, key: Var, value: Var, to: Var) {
        let Object::Container(source) = self.object(obj) else {
            self.add(to, obj);
            return;
        };
        let &[key] = self.values(key) else {
            self.add(to, obj);
            return;
        };
        let kind = self.container_kind(source);
        let op = self.program.op_id(file, op);
        let container = self.container_for(op, Role::Own, kind);
        self.replace(container, source, key);
        self.put_under(container, key, value);
        self.add_object(to, Object::Container(container));
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
    fn iterator_site(&mut self, site: SiteId) -> SiteId {
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

    fn element(&mut self, obj: Obj, index: i32, to: Var) {
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

    fn rest(&mut self, file: FileId, op: u32, obj: Obj, front: u32, back: u32, to: Var) {
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

    fn enter(&mut self, file: FileId, op: u32, offset: u32, obj: Obj, is_async: bool, to: Var) {
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

    #[expect(clippy::too_many_arguments, reason = "an operation, described in full")]
    fn operate(
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
    fn operate_on_builtin(
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
                self.link(right, Link::TakeOver { into: container });
                self.add(to, obj);
                true
            }
            (Object::Container(container), Operator::Add | Operator::Or | Operator::Mul) => {
                let kind = self.container_kind(container);
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
