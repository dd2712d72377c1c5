//! What is found as an attribute: descriptors act, functions are bound.

use super::Reason;
use super::objects::{Obj, Object};
use super::program::Var;
use super::solver::{Link, Role, Site, SiteId, Solver};
use crate::values::DescriptorKind;

impl Solver<'_> {
    /// A value was found as an attribute, through a receiver or on its own: descriptors act, functions are bound.
    pub(super) fn found(&mut self, site: SiteId, obj: Obj, receiver: Option<Obj>, reason: Reason) {
        let is_store = self.sites[site.index()].is_store;
        match (self.object(obj), receiver) {
            (Object::Function(_) | Object::Partial(_) | Object::Decorated { .. }, _)
                if is_store => {}
            (Object::Descriptor(id), Some(receiver)) => self.describe(site, id, receiver, reason),
            (Object::Descriptor(id), None) => {
                let descriptor = self.descriptors[id.index()];
                if matches!(
                    descriptor.kind,
                    DescriptorKind::Static | DescriptorKind::Class
                ) {
                    self.link_member(descriptor.function, site, None, reason);
                } else {
                    self.settle(site, obj, None, reason);
                }
            }
            (Object::Decorated { by, .. }, Some(receiver))
                if matches!(self.object(by), Object::Function(_))
                    && self.instance_class(receiver).is_some() =>
            {
                self.settle(site, obj, Some(receiver), reason);
            }
            (Object::Function(_) | Object::Partial(_), Some(receiver))
                if self.instance_class(receiver).is_some() =>
            {
                self.settle(site, obj, Some(receiver), reason);
            }
            (Object::Instance(class) | Object::Annotated(class), Some(receiver))
                if self.instance_class(receiver).is_some() =>
            {
                let get = self
                    .names
                    .get
                    .and_then(|get| self.shape(class, get, false).own);
                match get {
                    Some(get) => self.describe_by_class(site, obj, get, receiver, reason),
                    None if is_store => {}
                    None => self.settle(site, obj, None, reason),
                }
            }
            _ if is_store => {}
            _ => self.settle(site, obj, None, reason),
        }
    }

    /// A value at a site, its binding decided: it is called or it is what was read.
    pub(super) fn settle(&mut self, site: SiteId, obj: Obj, receiver: Option<Obj>, reason: Reason) {
        let at = self.sites[site.index()];
        if at.is_call {
            self.invoke(site, obj, receiver, reason);
            return;
        }
        let value = match receiver {
            Some(receiver) => self.intern(Object::Bound {
                function: obj.plain(),
                receiver,
                reason: reason.max(Reason::Flow),
            }),
            None => obj,
        };
        self.add(at.to, value);
    }

    /// A built-in descriptor acts.
    pub(super) fn describe(
        &mut self,
        site: SiteId,
        id: super::objects::DescriptorId,
        receiver: Obj,
        reason: Reason,
    ) {
        let descriptor = self.descriptors[id.index()];
        let on_instance = self.instance_class(receiver).is_some();
        let is_store = self.sites[site.index()].is_store;
        match descriptor.kind {
            DescriptorKind::Static => self.link_member(descriptor.function, site, None, reason),
            DescriptorKind::Class => {
                let class = self.class_of(receiver).unwrap_or(receiver);
                self.link(
                    descriptor.function,
                    Link::Forced {
                        site,
                        receiver: class,
                        reason,
                    },
                );
            }
            DescriptorKind::Getter | DescriptorKind::Setter | DescriptorKind::Deleter
                if !on_instance =>
            {
                let obj = self.intern(Object::Descriptor(id));
                self.settle(site, obj, None, reason);
            }
            DescriptorKind::Getter if !is_store => {
                let result = self.through_getter(site);
                self.link(
                    descriptor.function,
                    Link::Forced {
                        site: result,
                        receiver,
                        reason,
                    },
                );
            }
            DescriptorKind::Setter if is_store => self.link(
                descriptor.function,
                Link::Forced {
                    site,
                    receiver,
                    reason,
                },
            ),
            _ => {}
        }
        if let Some(base) = descriptor.base {
            self.link_member(base, site, Some(receiver), reason);
        }
    }

    /// The site at which a getter is called whose result is read or called at `site`.
    pub(super) fn through_getter(&mut self, site: SiteId) -> SiteId {
        let getter = self.derive(site, Role::Getter, |solver, site| Site {
            arguments: crate::facts::Slice::default(),
            to: if site.is_call {
                solver.fresh()
            } else {
                site.to
            },
            is_call: true,
            name: site.name,
            ..site
        });
        if self.sites[site.index()].is_call
            && self.derived.insert((getter, Role::Result), site).is_none()
        {
            let result = self.sites[getter.index()].to;
            self.link(
                result,
                Link::Invoke {
                    site,
                    reason: Reason::Flow,
                },
            );
        }
        getter
    }

    /// An instance with `__get__` in a class body.
    pub(super) fn describe_by_class(
        &mut self,
        site: SiteId,
        descriptor: Obj,
        get: Var,
        receiver: Obj,
        reason: Reason,
    ) {
        if self.sites[site.index()].is_store {
            let set = self.program.texts.find("__set__");
            let class = self.instance_class(descriptor).map(|(class, _)| class);
            if let (Some(set), Some(class)) = (set, class)
                && let Some(set) = self.shape(class, set, false).own
            {
                self.link_member(set, site, Some(descriptor), reason);
            }
            return;
        }
        let getter = self.through_getter(site);
        let instance = self.derive(getter, Role::Argument(0), |solver, site| {
            let instance = solver.fresh();
            Site {
                arguments: solver.pass_one(instance),
                ..site
            }
        });
        let start = self.sites[instance.index()].arguments.start as usize;
        let var = self.arguments[start].value;
        self.add(var, receiver);
        self.link_member(get, instance, Some(descriptor), reason);
    }
}
