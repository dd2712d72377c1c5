//! Decorators: what is made of the functions and classes that they stand on.

use super::Reason;
use super::objects::{Obj, Object};
use super::program::Var;
use super::solver::{Link, Role, Site, SiteId, Solver};

impl Solver<'_> {
    pub(super) fn decorate(&mut self, site: SiteId, obj: Obj, target: Var, to: Var) {
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

    pub(super) fn innermost(&self, mut function: Obj) -> Obj {
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
}
