//! Attributes: what `base.name` finds on each kind of value, and where `base.name = value` puts it.
//!
//! Attributes of instances are kept per class and name; looking one up merges those of the class and of all above it.

use super::Reason;
use super::fields::{Assigned, MOST_OVERRIDES};
use super::objects::{Obj, Object};
use super::program::{Class, Text, Var};
use super::solver::{Link, Role, Site, SiteId, Solver};
use crate::index::{Entity, FileId, ModuleId, SymbolId};
use crate::values::LiteralKind;

impl Solver<'_> {
    /// `obj.name = from`; `is_named` where `obj` stands there by its own name.
    pub(super) fn store(&mut self, obj: Obj, name: Text, from: Var, site: SiteId, is_named: bool) {
        let obj = obj.plain();
        match self.object(obj) {
            Object::Instance(class)
            | Object::Annotated(class)
            | Object::Receiver(class)
            | Object::Duck(class) => {
                let to = self.assignment(class, name, site);
                let field = self.assigned(to, class, name);
                self.link(from, Link::Copy(field));
                self.assign_through_property(obj, class, name, from, site);
            }
            Object::Class(class) | Object::ClassOrBelow(class) | Object::ReceiverClass(class) => {
                // What is given to a function as a class and as an instance is hardly ever the class.
                let is_meant = is_named || self.decorated_classes.contains(&class);
                let to = match self.assignment(class, name, site) {
                    Assigned::Graft if !is_meant => Assigned::Graft,
                    _ => Assigned::Patch,
                };
                let patch = self.assigned(to, class, name);
                self.link(from, Link::Copy(patch));
            }
            Object::Module(module) => {
                let file = self.program.index.module(module).file;
                let text = self.program.texts.get(name);
                if let Some(var) = file.and_then(|file| self.program.global(file, text)) {
                    self.link(from, Link::Copy(var));
                } else {
                    let var = self.loose(obj, name);
                    self.link(from, Link::Copy(var));
                }
            }
            Object::Function(_) => {
                let var = self.loose(obj, name);
                self.link(from, Link::Copy(var));
            }
            _ => {}
        }
    }

    fn loose(&mut self, obj: Obj, name: Text) -> Var {
        if let Some(&known) = self.attributes.loose.get(&(obj, name)) {
            return known;
        }
        let var = self.fresh();
        self.attributes.loose.insert((obj, name), var);
        var
    }

    /// Setters and `__setattr__` run.
    fn assign_through_property(
        &mut self,
        obj: Obj,
        class: Class,
        name: Text,
        from: Var,
        site: SiteId,
    ) {
        let or_below = !matches!(self.object(obj), Object::Instance(_));
        let shape = self.shape(class, name, or_below);
        for var in [shape.own, shape.below].into_iter().flatten() {
            let setter = self.derive(site, Role::Argument(0), |solver, site| Site {
                arguments: solver.pass_one(from),
                to: super::solver::NOWHERE,
                is_call: true,
                is_store: true,
                ..site
            });
            self.link(
                var,
                Link::Member {
                    site: setter,
                    receiver: Some(obj),
                    reason: Reason::Flow,
                },
            );
        }
        if let Some(text) = self.program.texts.find("__setattr__") {
            let any = self.shape(class, text, or_below);
            if let Some(own) = any.own {
                let setter = self.derive(site, Role::Argument(1), |solver, site| {
                    let unknown = solver.fresh();
                    Site {
                        arguments: solver.pass(&[unknown, from]),
                        to: super::solver::NOWHERE,
                        is_call: true,
                        ..site
                    }
                });
                self.call_member(own, setter, Some(obj), Reason::Flow);
            }
        }
    }

    /// Looks `name` up on a value and reads or calls what is found at `site`.
    pub(super) fn access(&mut self, obj: Obj, name: Text, site: SiteId, is_named: bool) {
        let obj = obj.plain();
        match self.object(obj) {
            Object::Decorated { by, .. } => self.access(by, name, site, false),
            Object::Module(module) => self.module_member(obj, module, name, site),
            Object::External(external) => {
                if self.externals.is_too_long(external) {
                    return;
                }
                let text = self.program.texts.get(name);
                let member = self.externals.member(external, name, text);
                let found = self.intern(Object::External(member));
                self.found(site, found, None, Reason::Flow);
            }
            Object::ExternalInstance(external) => {
                let text = self.program.texts.get(name);
                let found = if text == "__class__" {
                    Object::External(external)
                } else {
                    Object::ExternalMember(self.externals.member(external, name, text))
                };
                let found = self.intern(found);
                self.found(site, found, None, Reason::Flow);
            }
            Object::Instance(class) => {
                self.instance_member(obj, class, name, site, false, Reason::Flow);
            }
            Object::Receiver(class) => {
                let reason = if is_named {
                    Reason::Direct
                } else {
                    Reason::Flow
                };
                self.instance_member(obj, class, name, site, true, reason);
            }
            Object::Annotated(class) => {
                self.instance_member(obj, class, name, site, true, Reason::Annotation);
            }
            Object::Duck(class) => {
                self.instance_member(obj, class, name, site, true, Reason::Duck);
            }
            Object::Class(class) => {
                let reason = if is_named {
                    Reason::Direct
                } else {
                    Reason::Flow
                };
                self.class_member(obj, class, name, site, false, reason);
            }
            Object::ClassOrBelow(class) | Object::ReceiverClass(class) => {
                let reason = if is_named {
                    Reason::Direct
                } else {
                    Reason::Flow
                };
                self.class_member(obj, class, name, site, true, reason);
            }
            Object::Super(class) => self.super_member(class, name, site),
            Object::Function(_) => {
                if self.program.texts.get(name) == "register" {
                    let register = self.intern(Object::Register(obj));
                    self.found(site, register, None, Reason::Flow);
                }
                let var = self.loose(obj, name);
                self.link_member(var, site, None, Reason::Flow);
            }
            Object::Container(_)
            | Object::Literal(_)
            | Object::Text(_)
            | Object::Prefix(_)
            | Object::Integer(_)
            | Object::Generator(..) => {
                let of = match self.object(obj) {
                    Object::Text(_) | Object::Prefix(_) => {
                        self.intern(Object::Literal(LiteralKind::Text))
                    }
                    Object::Integer(_) => self.intern(Object::Literal(LiteralKind::Integer)),
                    _ => obj,
                };
                let method = self.intern(Object::Method { of, name });
                self.found(site, method, None, Reason::Flow);
            }
            _ => {}
        }
    }

    pub(super) fn link_member(
        &mut self,
        var: Var,
        site: SiteId,
        receiver: Option<Obj>,
        reason: Reason,
    ) {
        self.link(
            var,
            Link::Member {
                site,
                receiver,
                reason,
            },
        );
    }

    /// Calls what a class body binds, with a receiver.
    pub(super) fn call_member(
        &mut self,
        var: Var,
        site: SiteId,
        receiver: Option<Obj>,
        reason: Reason,
    ) {
        self.link_member(var, site, receiver, reason);
    }

    pub(super) fn instance_member(
        &mut self,
        obj: Obj,
        class: Class,
        name: Text,
        site: SiteId,
        or_below: bool,
        reason: Reason,
    ) {
        if self.program.texts.get(name) == "__class__" {
            if let Some(of) = self.class_of(obj) {
                self.found(site, of, None, reason);
            }
            return;
        }
        let shape = self.shape(class, name, or_below);
        if let Some(own) = self.own_of(shape, obj) {
            self.link_member(own, site, Some(obj), reason);
        }
        if let Some(below) = shape.below {
            self.link_member(below, site, Some(obj), reason.max(Reason::Override));
        }
        if let Some(patches) = shape.patches {
            self.link_member(patches, site, Some(obj), reason.max(Reason::Flow));
        }
        if let Some(fields) = shape.fields {
            self.link_member(fields, site, None, reason.max(Reason::Flow));
        }
        if let Some(grafts) = shape
            .grafts
            .filter(|_| self.may_be_grafted(obj, class, name, site))
        {
            self.link_member(grafts, site, None, reason.max(Reason::Flow));
        }
        if shape.own.is_none() && shape.below.is_none() {
            self.fallback_member(obj, class, name, site, or_below, shape.is_empty(), reason);
        }
    }

    /// `__getattr__`, and bases outside the project.
    #[expect(
        clippy::too_many_arguments,
        reason = "one look-up, described by as many words"
    )]
    fn fallback_member(
        &mut self,
        obj: Obj,
        class: Class,
        name: Text,
        site: SiteId,
        or_below: bool,
        is_unseen: bool,
        reason: Reason,
    ) {
        let getattr = self.program.texts.find("__getattr__");
        let own = getattr.and_then(|text| self.shape(class, text, or_below).own);
        // It is asked only for what is not there.
        let is_there =
            self.has_field(class, name) || self.program.texts.get(name).starts_with("__");
        if let Some(own) = own.filter(|_| !is_there) {
            let getter = self.derive(site, Role::Getter, |solver, site| {
                let text = solver.fresh();
                solver.add_object(text, Object::Text(name));
                let result = solver.fresh();
                Site {
                    arguments: solver.pass_one(text),
                    to: result,
                    is_call: true,
                    is_named: false,
                    ..site
                }
            });
            let result = self.sites[getter.index()].to;
            self.link_member(own, getter, Some(obj), reason);
            self.link_member(result, site, None, Reason::Flow);
        } else if is_unseen {
            self.external_member(class, name, site);
        }
    }

    /// An attribute that bases outside the project may have.
    fn external_member(&mut self, class: Class, name: Text, site: SiteId) {
        if !self.classes.is_open(class) {
            return;
        }
        let bases = self.external_bases(class);
        let site = self.derive(site, Role::Special(0), |_, site| Site {
            name: Some(name),
            ..site
        });
        self.link(bases, Link::ExternalBase { site });
    }

    /// What the bases of a class and of all above it are, where some are not known.
    pub(super) fn external_bases(&mut self, class: Class) -> Var {
        if let Some(&known) = self.attributes.external_bases.get(&class) {
            return known;
        }
        let var = self.fresh();
        self.attributes.external_bases.insert(class, var);
        for above in self.classes.order(class).to_vec() {
            if self.classes.is_open(above) {
                for base in self.bases(above) {
                    self.link(base, Link::Copy(var));
                }
            }
        }
        var
    }

    /// The variables of a class's bases.
    pub(super) fn bases(&self, class: Class) -> Vec<Var> {
        let (file, body) = self.program.class_body(class);
        let Some(values) = self.program.values(file) else {
            return Vec::new();
        };
        values.bases[body.bases.range()]
            .iter()
            .map(|&base| self.program.var(file, base))
            .collect()
    }

    pub(super) fn external_base(&mut self, site: SiteId, base: Obj) {
        let (Object::External(external), Some(name)) =
            (self.object(base), self.sites[site.index()].name)
        else {
            return;
        };
        if self.externals.path(external).starts_with("<builtin>.") {
            return;
        }
        let text = self.program.texts.get(name);
        let member = self.externals.member(external, name, text);
        let found = self.intern(Object::ExternalMember(member));
        self.found(site, found, None, Reason::Flow);
    }

    pub(super) fn class_member(
        &mut self,
        obj: Obj,
        class: Class,
        name: Text,
        site: SiteId,
        or_below: bool,
        reason: Reason,
    ) {
        let shape = self.shape(class, name, or_below);
        if let Some(own) = shape.own {
            self.link_member(own, site, Some(obj), reason);
        }
        if let Some(below) = shape.below {
            self.link_member(below, site, Some(obj), reason.max(Reason::Override));
        }
        if let Some(patches) = shape.patches {
            self.link_member(patches, site, Some(obj), Reason::Flow);
        }
        if shape.own.is_none() && shape.below.is_none() {
            self.external_member(class, name, site);
        } else if self.is_enumeration(class) {
            let instance = self.intern(Object::Instance(class));
            if !self.sites[site.index()].is_call {
                self.found(site, instance, None, Reason::Flow);
            }
        }
    }

    /// Whether a base of the class is `enum.Enum` or the like.
    pub(super) fn is_enumeration(&self, class: Class) -> bool {
        self.classes.order(class).iter().any(|&above| {
            self.bases(above).iter().any(|&base| {
                self.values(base).iter().any(|&obj| match self.object(obj) {
                    Object::External(external) => {
                        self.externals.path(external).starts_with("enum.")
                    }
                    _ => false,
                })
            })
        })
    }

    fn super_member(&mut self, class: Class, name: Text, site: SiteId) {
        let receiver = self.intern(Object::Receiver(class));
        if let Some((_, var)) = self.classes.member(class, name, 1) {
            self.link_member(var, site, Some(receiver), Reason::Direct);
        } else {
            // A sibling that a class below puts in between.
            let mut siblings = Vec::new();
            for &below in self.classes.below(class) {
                let order = self.classes.order(below);
                let Some(at) = order.iter().position(|&above| above == class) else {
                    continue;
                };
                let next = order[at + 1..]
                    .iter()
                    .find_map(|&above| self.classes.own(above, name));
                siblings.extend(next.filter(|var| !siblings.contains(var)));
            }
            let is_empty = siblings.is_empty();
            for var in siblings.into_iter().take(MOST_OVERRIDES) {
                self.link_member(var, site, Some(receiver), Reason::Override);
            }
            if is_empty && self.names.new == Some(name) {
                let new = self.externals.intern("<builtin>.object.__new__");
                let new = self.intern(Object::External(new));
                self.found(site, new, None, Reason::Flow);
            } else if is_empty {
                self.external_member(class, name, site);
            }
        }
    }

    fn module_member(&mut self, obj: Obj, module: ModuleId, name: Text, site: SiteId) {
        let text = self.program.texts.get(name);
        let file = self.program.index.module(module).file;
        let var = file.and_then(|file| self.program.global(file, text));
        if let Some(var) = var {
            self.link_member(var, site, None, Reason::Direct);
            return;
        }
        let found = self.program.index.member(module, text);
        for entity in found.entities {
            match self.entity(entity) {
                Found::Value(obj) => self.found(site, obj, None, Reason::Direct),
                Found::Variable(var) => self.link_member(var, site, None, Reason::Direct),
                Found::Nothing => {}
            }
        }
        let var = self.loose(obj, name);
        self.link_member(var, site, None, Reason::Flow);
    }

    /// What an entity of the index is here.
    pub(super) fn entity(&mut self, entity: Entity) -> Found {
        match entity {
            Entity::Module(module) => Found::Value(self.intern(Object::Module(module))),
            Entity::External(id) => {
                let path = self.program.index.origins.external(id);
                let external = self.externals.intern(path);
                Found::Value(self.intern(Object::External(external)))
            }
            Entity::Symbol(symbol) => match self.symbol(symbol) {
                Some(var) => Found::Variable(var),
                None => Found::Nothing,
            },
        }
    }

    fn symbol(&self, symbol: SymbolId) -> Option<Var> {
        let index = self.program.index;
        let binding = index.binding(symbol);
        let name = index.symbol_name(symbol);
        if binding.scope == crate::facts::ScopeId::MODULE {
            return self.program.global(symbol.file, name);
        }
        let facts = self.program.facts(symbol.file);
        let definition = facts.scopes[binding.scope.index()].definition?;
        let offset = facts.definitions[definition.index()].name_span.start;
        self.member_of_body(symbol.file, offset, name)
    }

    fn member_of_body(&self, file: FileId, offset: u32, name: &str) -> Option<Var> {
        let values = self.program.values(file)?;
        let class = values.classes.iter().find(|class| class.offset == offset)?;
        values.members[class.members.range()]
            .iter()
            .find(|member| values.texts.get(member.name) == name)
            .map(|member| self.program.var(file, member.var))
    }
}

/// What an entity is.
#[derive(Clone, Copy)]
pub(super) enum Found {
    /// A value.
    Value(Obj),
    /// What this variable is.
    Variable(Var),
    /// Nothing that is known.
    Nothing,
}
