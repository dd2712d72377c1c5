//! Calls: who is called, and how arguments and results move.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::objects::{Obj, Object};
use super::program::{Class, Code, Text, Var};
use super::solver::{Link, MOST_DERIVED, Passed, PassedKind, Role, Site, SiteId, Solver};
use super::wrappers::{Forwarding, Hand};
use super::{Callee, Reason};
use crate::facts::{ParameterKind, Slice};
use crate::values::{CodeFlags, Constant};

/// To how many functions one call hands `*args` and `**kwargs` on.
pub(super) const MOST_FORWARDED: u16 = 8;
/// Of how many functions the results come back to one call.
pub(super) const MOST_RESULTS: u16 = 48;

/// A parameter as arguments see it.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) name: Text,
    pub(super) kind: ParameterKind,
    pub(super) var: Var,
}

impl Solver<'_> {
    /// Arguments for a site that the solver makes.
    pub(super) fn pass(&mut self, values: &[Var]) -> Slice {
        let start = self.arguments.len() as u32;
        self.arguments.extend(values.iter().map(|&value| Passed {
            kind: PassedKind::Positional(Constant::Unknown),
            value,
        }));
        Slice {
            start,
            len: values.len() as u32,
        }
    }

    pub(super) fn pass_one(&mut self, value: Var) -> Slice {
        self.pass(&[value])
    }

    pub(super) fn passed(&self, site: SiteId) -> SmallVec<[Passed; 8]> {
        let slice = self.sites[site.index()].arguments;
        self.arguments[slice.range()].into()
    }

    /// `obj` is called at a site.
    pub(super) fn invoke(&mut self, site: SiteId, obj: Obj, receiver: Option<Obj>, reason: Reason) {
        if self.sites[site.index()].depth > MOST_DERIVED {
            self.dropped += 1;
            return;
        }
        let (obj, receiver) = (obj.plain(), receiver.map(Obj::plain));
        match self.object(obj) {
            Object::Function(code) => self.call_code(site, code, receiver, reason),
            Object::Bound {
                function,
                receiver,
                reason: found,
            } => self.invoke(site, function, Some(receiver), reason.max(found)),
            Object::Decorated { by, function } => {
                self.call_decorated(site, by, function, receiver, reason);
            }
            Object::Class(class) | Object::ClassOrBelow(class) | Object::ReceiverClass(class) => {
                self.construct(site, obj, class, reason);
            }
            Object::Instance(class) => self.call_instance(site, obj, class, false, reason),
            Object::Annotated(class) | Object::Receiver(class) | Object::Duck(class) => {
                self.call_instance(site, obj, class, true, reason);
            }
            Object::External(external) => self.call_external(site, external),
            Object::ExternalMember(external) => {
                self.make_instance(site, external);
                let at = self.sites[site.index()];
                self.record(
                    at.caller,
                    at.offset,
                    Callee::External(external),
                    at.surest(),
                );
                self.add_object(at.to, Object::ExternalResult);
            }
            Object::ExternalInstance(_) | Object::ExternalResult => {
                let to = self.sites[site.index()].to;
                self.add_object(to, Object::ExternalResult);
            }
            Object::Partial(id) => {
                let partial = self.partials[id.index()];
                let whole = self.derive(site, Role::Bound(id.0), |solver, site| {
                    let start = solver.arguments.len() as u32;
                    for slice in [partial.arguments, site.arguments] {
                        for at in slice.range() {
                            let passed = solver.arguments[at];
                            solver.arguments.push(passed);
                        }
                    }
                    Site {
                        arguments: Slice {
                            start,
                            len: solver.arguments.len() as u32 - start,
                        },
                        is_named: false,
                        ..site
                    }
                });
                self.link(
                    partial.function,
                    Link::Invoke {
                        site: whole,
                        reason: Reason::Flow,
                    },
                );
            }
            Object::Register(function) => {
                for passed in self.passed(site) {
                    self.link(passed.value, Link::Register(function));
                }
                let to = self.sites[site.index()].to;
                self.add(to, obj);
                if let Some(first) = self.passed(site).first() {
                    self.link(first.value, Link::Copy(to));
                }
            }
            Object::Method { of, name } => self.call_builtin_method(site, of, name),
            _ => {}
        }
    }

    pub(super) fn register(&mut self, function: Obj, implementation: Obj) {
        let (Object::Function(code), Object::Function(_)) =
            (self.object(function), self.object(implementation))
        else {
            return;
        };
        let var = if let Some(&var) = self.registered.get(&code) {
            var
        } else {
            let var = self.fresh();
            self.registered.insert(code, var);
            var
        };
        self.add(var, implementation);
    }

    fn call_instance(
        &mut self,
        site: SiteId,
        obj: Obj,
        class: Class,
        or_below: bool,
        reason: Reason,
    ) {
        if let Some(call) = self.names.call {
            let shape = self.shape(class, call, or_below);
            if let Some(own) = shape.own {
                self.call_member(own, site, Some(obj), reason.max(Reason::Flow));
            }
        }
    }

    /// A function of the project is called.
    fn call_code(&mut self, site: SiteId, code: Code, receiver: Option<Obj>, reason: Reason) {
        let at = self.sites[site.index()];
        let reason = if reason == Reason::Direct && !at.is_named {
            Reason::Flow
        } else {
            reason
        };
        let receiver = receiver.filter(|_| !self.is_static(code));
        // It would raise before the function starts. Where it is all that is called, it is what was meant.
        let is_taken = !at.is_written || self.takes(code, site, receiver.is_some());
        if is_taken {
            self.sites[site.index()].is_taken = true;
        } else if reason > Reason::Flow || at.is_taken {
            return;
        } else {
            self.refused.push((site, code));
        }
        self.record(at.caller, at.offset, Callee::Function(code), reason);
        let (to_callee, to_caller) = if at.is_wrapped {
            let (_, body) = self.program.code_body(code);
            if body.flags.contains(CodeFlags::ASYNC) || body.flags.contains(CodeFlags::GENERATOR) {
                self.wrappers.insert(code);
            }
            (Hand::ToWrapper, Hand::Over)
        } else if self.is_by_wrapper(code, reason) {
            (Hand::FromWrapper, Hand::ToWrapper)
        } else {
            (Hand::Over, Hand::Over)
        };
        if self.linked.insert((site, code)) {
            self.link_arguments(
                site,
                code,
                receiver.is_some(),
                &Forwarding::straight(),
                to_callee,
            );
            if let Some(&others) = self.registered.get(&code) {
                self.link(
                    others,
                    Link::Member {
                        site,
                        receiver,
                        reason: Reason::Flow,
                    },
                );
            }
        }
        if let Some(receiver) = receiver {
            let handed = if at.is_wrapped {
                receiver.passed()
            } else {
                receiver
            };
            self.hand_receiver(code, handed);
        }
        self.link_result(
            at.to,
            site,
            code,
            receiver,
            to_caller,
            &Forwarding::straight(),
        );
    }

    /// Leaves out calls that their callees do not take, where others do.
    pub(super) fn drop_refused(&mut self) {
        let refused: FxHashSet<(Code, u32, Callee)> = std::mem::take(&mut self.refused)
            .into_iter()
            .filter(|(site, _)| self.sites[site.index()].is_taken)
            .map(|(site, code)| {
                let at = &self.sites[site.index()];
                (at.caller, at.offset, Callee::Function(code))
            })
            .collect();
        self.calls
            .retain(|call| !refused.contains(&(call.caller, call.offset, call.callee)));
    }

    pub(super) fn is_static(&self, code: Code) -> bool {
        let (_, body) = self.program.code_body(code);
        body.flags.contains(CodeFlags::STATIC)
    }

    /// Whether a site hands `*args` or `**kwargs` on.
    pub(super) fn hands_on(&self, site: SiteId) -> bool {
        let slice = self.sites[site.index()].arguments;
        self.arguments[slice.range()]
            .iter()
            .any(|passed| matches!(passed.kind, PassedKind::Spread | PassedKind::KeywordSpread))
    }

    /// A receiver is handed to code that does not know its own from where it stands.
    pub(super) fn hand_receiver(&mut self, code: Code, receiver: Obj) {
        if self.is_seeded(code)
            && let Some(class) = self.program.class_of_method(code)
        {
            let of = match self.object(receiver) {
                Object::Class(of) | Object::ClassOrBelow(of) | Object::ReceiverClass(of) => {
                    Some(of)
                }
                _ => self.instance_class(receiver).map(|(of, _)| of),
            };
            // A base whose instances may be of this class as well says no more than where the code stands.
            if of.is_some_and(|of| {
                self.classes.is_subclass(of, class) || self.classes.is_subclass(class, of)
            }) {
                return;
            }
        }
        let first = self.targets(code).into_iter().next();
        if let Some(first) = first {
            match first.kind {
                ParameterKind::Positional | ParameterKind::PositionalOnly => {
                    self.add(first.var, receiver);
                }
                ParameterKind::VarPositional => {
                    if let Some(&container) = self.varargs.get(&first.var) {
                        let key = self.intern(Object::Integer(0));
                        let slot = self.filled_slot(container, key);
                        self.add(slot, receiver);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn targets(&self, code: Code) -> SmallVec<[Target; 8]> {
        let (file, body) = self.program.code_body(code);
        let Some(values) = self.program.values(file) else {
            return SmallVec::new();
        };
        values.parameters[body.parameters.range()]
            .iter()
            .map(|parameter| Target {
                name: self.program.text(file, parameter.name),
                kind: parameter.kind,
                var: self.program.var(file, parameter.var),
            })
            .collect()
    }
}

impl Site {
    /// The surest reason that a call here can have.
    pub(super) const fn surest(&self) -> Reason {
        if self.is_named {
            Reason::Direct
        } else {
            Reason::Flow
        }
    }
}
