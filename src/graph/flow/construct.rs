//! Classes that are called: `__new__`, `__init__`, metaclasses, and constructors made from fields.

use super::fields::Assigned;
use super::objects::{Obj, Object};
use super::program::{Class, Text, Var};
use super::solver::{Link, NOWHERE, PassedKind, Role, Site, SiteId, Solver};
use super::{Callee, Reason};
use crate::facts::Slice;

impl Solver<'_> {
    /// `object.__new__(cls)`, and that of any other base outside the project.
    pub(super) fn make_instance(&mut self, site: SiteId, external: super::External) {
        if self.externals.path(external).ends_with(".__new__")
            && let Some(class) = self.passed(site).first()
        {
            let to = self.sites[site.index()].to;
            self.link(class.value, Link::InstanceOf(to));
        }
    }

    /// A class is called.
    pub(super) fn construct(&mut self, site: SiteId, obj: Obj, class: Class, reason: Reason) {
        let to = self.sites[site.index()].to;
        let (instance, or_below) = match self.object(obj) {
            Object::Class(_) => (Object::Instance(class), false),
            Object::ClassOrBelow(_) => (Object::Annotated(class), true),
            _ => (Object::Receiver(class), true),
        };
        let instance = self.intern(instance);
        self.metaclass(site, obj, class);
        let new = self
            .names
            .new
            .map(|new| self.shape(class, new, or_below))
            .unwrap_or_default();
        if new.own.is_none() {
            self.add(to, instance);
            self.call_makers(site, Role::New, new, obj, NOWHERE, reason);
            self.initialize(site, obj, class, instance, reason);
            return;
        }
        let made = match self.derived.get(&(site, Role::New)) {
            Some(&known) => self.sites[known.index()].to,
            None => self.fresh(),
        };
        self.call_makers(site, Role::New, new, obj, made, reason);
        self.link(
            made,
            Link::Made {
                site,
                class: obj,
                reason,
            },
        );
        self.unmade.push((made, instance));
    }

    /// Calls `__new__` or `__init__`.
    pub(super) fn call_makers(
        &mut self,
        site: SiteId,
        role: Role,
        shape: super::fields::Shape,
        receiver: Obj,
        to: Var,
        reason: Reason,
    ) {
        if shape.own.is_none() && shape.below.is_none() {
            return;
        }
        let maker = self.derive(site, role, |_, site| Site { to, ..site });
        for (var, reason) in [(shape.own, reason), (shape.below, Reason::Override)] {
            if let Some(var) = var {
                self.link(
                    var,
                    Link::Forced {
                        site: maker,
                        receiver,
                        reason: reason.max(self.sites[site.index()].surest()),
                    },
                );
            }
        }
    }

    /// What `__new__` gave: an instance is initialized.
    pub(super) fn made(&mut self, site: SiteId, class: Obj, made: Obj, reason: Reason) {
        let to = self.sites[site.index()].to;
        self.add(to, made);
        let (Object::Class(of) | Object::ClassOrBelow(of) | Object::ReceiverClass(of)) =
            self.object(class)
        else {
            return;
        };
        if let Some((own, _)) = self.instance_class(made)
            && self.classes.is_subclass(own, of)
        {
            self.initialize(site, class, of, made.plain(), reason);
        }
    }

    pub(super) fn initialize(
        &mut self,
        site: SiteId,
        obj: Obj,
        class: Class,
        instance: Obj,
        reason: Reason,
    ) {
        let or_below = !matches!(self.object(obj), Object::Class(_));
        let init = self
            .names
            .init
            .map(|init| self.shape(class, init, or_below))
            .unwrap_or_default();
        self.call_makers(site, Role::Init, init, instance, NOWHERE, reason);
        if init.own.is_none()
            && !self.construct_from_fields(site, class, instance)
            && self.classes.is_open(class)
        {
            let bases = self.external_bases(class);
            self.link(bases, Link::ExternalInit { site });
        }
    }

    pub(super) fn metaclass(&mut self, site: SiteId, obj: Obj, class: Class) {
        for above in self.classes.order(class).to_vec() {
            let (file, body) = self.program.class_body(above);
            if let Some(metaclass) = body.metaclass {
                let var = self.program.var(file, metaclass);
                self.link(var, Link::Metaclass { site, class: obj });
                return;
            }
        }
    }

    /// A metaclass may have a `__call__` of its own.
    pub(super) fn metaclass_call(&mut self, site: SiteId, metaclass: Obj, class: Obj) {
        let (Object::Class(metaclass), Some(call)) = (self.object(metaclass), self.names.call)
        else {
            return;
        };
        if let Some((_, var)) = self.classes.member(metaclass, call, 0) {
            self.link(
                var,
                Link::Forced {
                    site,
                    receiver: class,
                    reason: Reason::Flow,
                },
            );
        }
    }

    /// The constructor that a decorator or base makes from annotated fields. False when there is none.
    pub(super) fn construct_from_fields(
        &mut self,
        site: SiteId,
        class: Class,
        instance: Obj,
    ) -> bool {
        let mut is_generated = false;
        let mut fields: Vec<(Class, Text)> = Vec::new();
        for above in self.classes.order(class).to_vec().into_iter().rev() {
            let (file, body) = self.program.class_body(above);
            is_generated |= body.has_generated_init;
            let Some(values) = self.program.values(file) else {
                continue;
            };
            for member in &values.members[body.fields.range()] {
                let name = self.program.text(file, member.name);
                if !fields.iter().any(|(_, known)| *known == name) {
                    fields.push((above, name));
                }
            }
        }
        if !is_generated {
            return false;
        }
        if self.derived.insert((site, Role::PostInit), site).is_none() {
            let mut position = 0;
            for passed in self.passed(site) {
                let field = match passed.kind {
                    PassedKind::Positional(_) => {
                        position += 1;
                        fields.get(position - 1).copied()
                    }
                    PassedKind::Keyword(name, _) => {
                        fields.iter().find(|(_, known)| *known == name).copied()
                    }
                    _ => None,
                };
                if let Some((above, name)) = field {
                    let var = self.assigned(Assigned::Field, above, name);
                    self.link(passed.value, Link::Copy(var));
                }
            }
        }
        let post = self.program.texts.find("__post_init__");
        let member = post.and_then(|name| self.classes.member(class, name, 0));
        if let Some((_, var)) = member {
            let after = self.derive(site, Role::Init, |_, site| Site {
                to: NOWHERE,
                arguments: Slice::default(),
                is_named: false,
                is_written: false,
                ..site
            });
            self.call_member(var, after, Some(instance), Reason::Flow);
        }
        true
    }

    pub(super) fn external_init(&mut self, site: SiteId, base: Obj) {
        let Object::External(external) = self.object(base) else {
            return;
        };
        if self.externals.path(external).starts_with("<builtin>.") {
            return;
        }
        let path = format!("{}.__init__", self.externals.path(external));
        let external = self.externals.intern(&path);
        let at = self.sites[site.index()];
        self.record(
            at.caller,
            at.offset,
            Callee::External(external),
            Reason::Flow,
        );
    }
}
