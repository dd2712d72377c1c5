//! Calls: who is called, and how arguments and results move.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::containers::Watch;
use super::objects::{Obj, Object};
use super::program::{Class, Code, Text, Var};
use super::solver::{Link, MOST_DERIVED, NOWHERE, Passed, PassedKind, Role, Site, SiteId, Solver};
use super::wrappers::{Forwarding, Hand};
use super::{Callee, Reason};
use crate::facts::{ParameterKind, Slice};
use crate::values::{CodeFlags, Owner};

/// To how many functions one call hands `*args` and `**kwargs` on.
const MOST_FORWARDED: u32 = 8;
/// Of how many functions the results come back to one call.
const MOST_RESULTS: u32 = 48;

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
            kind: PassedKind::Positional,
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

    /// `object.__new__(cls)`, and that of any other base outside the project.
    pub(super) fn make_instance(&mut self, site: SiteId, external: super::External) {
        if self.externals.path(external).ends_with(".__new__")
            && let Some(class) = self.passed(site).first()
        {
            let to = self.sites[site.index()].to;
            self.link(class.value, Link::InstanceOf(to));
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
            self.taken.insert(site);
        } else if reason > Reason::Flow || self.taken.contains(&site) {
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
            .filter(|(site, _)| self.taken.contains(site))
            .map(|(site, code)| {
                let at = &self.sites[site.index()];
                (at.caller, at.offset, Callee::Function(code))
            })
            .collect();
        self.calls
            .retain(|call| !refused.contains(&(call.caller, call.offset, call.callee)));
    }

    /// Whether a call as it is written can be bound to a function's parameters; what hands on `*args` or `**kwargs`
    /// can be to any.
    fn takes(&self, code: Code, site: SiteId, has_receiver: bool) -> bool {
        if self.linked.contains(&(site, code)) || self.hands_on(site) {
            return true;
        }
        let (file, body) = self.program.code_body(code);
        let Some(values) = self.program.values(file) else {
            return true;
        };
        let slice = self.sites[site.index()].arguments;
        let passed = &self.arguments[slice.range()];
        let by_position = u32::from(has_receiver)
            + passed
                .iter()
                .filter(|passed| passed.kind == PassedKind::Positional)
                .count() as u32;
        let mut places = 0;
        let mut takes_any_position = false;
        let mut takes_any_name = false;
        let mut named = 0;
        for parameter in &values.parameters[body.parameters.range()] {
            let name = self.program.text(file, parameter.name);
            let is_named = passed
                .iter()
                .any(|passed| passed.kind == PassedKind::Keyword(name));
            let is_placed = match parameter.kind {
                ParameterKind::PositionalOnly | ParameterKind::Positional => {
                    places += 1;
                    places <= by_position
                }
                ParameterKind::VarPositional => {
                    takes_any_position = true;
                    continue;
                }
                ParameterKind::VarKeyword => {
                    takes_any_name = true;
                    continue;
                }
                ParameterKind::KeywordOnly => false,
            };
            let is_named = is_named && parameter.kind != ParameterKind::PositionalOnly;
            named += u32::from(is_named);
            if (is_named && is_placed) || (parameter.is_required && !is_named && !is_placed) {
                return false;
            }
        }
        let names = passed
            .iter()
            .filter(|passed| matches!(passed.kind, PassedKind::Keyword(_)))
            .count() as u32;
        (takes_any_position || by_position <= places) && (takes_any_name || names == named)
    }

    pub(super) fn is_static(&self, code: Code) -> bool {
        let (_, body) = self.program.code_body(code);
        body.flags.contains(CodeFlags::STATIC)
    }

    /// Whether a site hands `*args` or `**kwargs` on.
    fn hands_on(&self, site: SiteId) -> bool {
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
                        let slot = self.slot(container, key);
                        self.add(slot, receiver);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn link_result(
        &mut self,
        to: Var,
        site: SiteId,
        code: Code,
        receiver: Option<Obj>,
        hand: Hand,
        forwarding: &Forwarding,
    ) {
        if to == NOWHERE || !self.returned.insert((site, code, receiver)) {
            return;
        }
        let callees = self.callees.get(&site).copied().unwrap_or_default();
        if callees > MOST_RESULTS || (callees > MOST_FORWARDED && self.hands_on(site)) {
            self.dropped += 1;
            return;
        }
        let (file, body) = self.program.code_body(code);
        let to = if hand == Hand::Over {
            to
        } else {
            let handed = self.fresh();
            self.link(handed, hand.to(to));
            handed
        };
        self.link_passed(to, site, code, receiver, forwarding);
        let is_method = matches!(body.owner, Owner::Class(_));
        let kept = receiver.filter(|_| is_method);
        if body.flags.contains(CodeFlags::GENERATOR) {
            self.add_object(to, Object::Generator(code, kept));
        } else if body.flags.contains(CodeFlags::ASYNC) {
            self.add_object(to, Object::Coroutine(code, kept));
        } else {
            match body.guard {
                Some(guard) => {
                    let passes = self.passes(site, code, guard.parameter, receiver.is_some());
                    let by_case = match passes {
                        Some(true) => [Some(guard.present), None],
                        Some(false) => [Some(guard.absent), None],
                        None => [Some(guard.present), Some(guard.absent)],
                    };
                    for var in by_case.into_iter().flatten().chain([guard.other]) {
                        let result = self.program.var(file, var);
                        self.link_returned(result, code, kept, to);
                    }
                }
                None => {
                    let result = self.program.var(file, body.result);
                    self.link_returned(result, code, kept, to);
                }
            }
        }
    }

    /// What a function is given and gives back goes from the call to the call.
    fn link_passed(
        &mut self,
        to: Var,
        site: SiteId,
        code: Code,
        receiver: Option<Obj>,
        forwarding: &Forwarding,
    ) {
        let (_, body) = self.program.code_body(code);
        let mut left = body.returned;
        if left == 0 {
            return;
        }
        let targets = self.targets(code);
        let passed = self.passed(site);
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            let target = targets[at as usize];
            if at == 0
                && let Some(receiver) = receiver
            {
                let own = if self.is_seeded(code) {
                    self.own_receiver(code, receiver)
                } else {
                    receiver
                };
                self.add(to, own);
                continue;
            }
            let mut position = u32::from(receiver.is_some());
            let mut is_open = false;
            let mut found = None;
            for passed in &passed {
                match passed.kind {
                    PassedKind::Positional => {
                        if forwarding.place(position) == Some(at) && !is_open {
                            found = Some(passed.value);
                        }
                        position += 1;
                    }
                    PassedKind::Keyword(name) if name == target.name => {
                        found = Some(passed.value);
                    }
                    PassedKind::Keyword(_) => {}
                    PassedKind::Spread | PassedKind::KeywordSpread => is_open = true,
                }
            }
            // By its default, or by what `*args` holds.
            self.link(found.unwrap_or(target.var), Link::Copy(to));
        }
    }

    /// What a method's receiver is where it is handed to a method of a class above.
    fn own_receiver(&mut self, code: Code, receiver: Obj) -> Obj {
        let (_, body) = self.program.code_body(code);
        let own = if body.flags.contains(CodeFlags::CLASS_METHOD) {
            self.class_of(receiver)
        } else {
            self.instance_of(receiver)
        };
        own.unwrap_or(receiver)
    }

    /// Whether a call passes an argument for a parameter: surely one that is something, surely none, or not known.
    fn passes(&self, site: SiteId, code: Code, parameter: u32, has_receiver: bool) -> Option<bool> {
        let targets = self.targets(code);
        let target = targets.get(parameter as usize)?;
        let mut position = u32::from(has_receiver);
        let mut is_placed = true;
        let mut is_named = true;
        for passed in self.passed(site) {
            let is_it = match passed.kind {
                PassedKind::Positional => {
                    position += 1;
                    position - 1 == parameter && is_placed
                }
                PassedKind::Keyword(name) => name == target.name,
                PassedKind::Spread => {
                    is_placed = false;
                    false
                }
                PassedKind::KeywordSpread => {
                    is_named = false;
                    false
                }
            };
            if is_it {
                // It may be `None`, unless something decorated is handed to its decorator.
                let is_something = self.values(passed.value).iter().any(|&obj| {
                    matches!(
                        self.object(obj),
                        Object::Function(_) | Object::Decorated { .. }
                    )
                });
                return (is_something && !self.sites[site.index()].is_written).then_some(true);
            }
        }
        (is_placed && is_named).then_some(false)
    }

    /// What a method gives back goes to `to`, its own receiver turned into the caller's.
    pub(super) fn link_returned(&mut self, from: Var, code: Code, receiver: Option<Obj>, to: Var) {
        // What a suspended wrapper hands on comes from the function that it wraps there.
        let to = if self.wrappers.contains(&code) {
            let own = self.fresh();
            self.link(own, Link::Own(to));
            own
        } else {
            to
        };
        let link = match (receiver, self.program.class_of_method(code)) {
            (Some(receiver), Some(class)) => Link::Return {
                to,
                class,
                receiver,
            },
            _ => Link::Copy(to),
        };
        self.link(from, link);
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

    pub(super) fn link_arguments(
        &mut self,
        site: SiteId,
        code: Code,
        has_receiver: bool,
        forwarding: &Forwarding,
        hand: Hand,
    ) {
        let targets = self.targets(code);
        let is_forwarder = {
            let callees = self.callees.entry(site).or_default();
            *callees = callees.saturating_add(1);
            *callees > MOST_FORWARDED
        };
        let mut position = u32::from(has_receiver);
        let is_seeded = self.is_seeded(code);
        let mut sets_aside = false;
        for passed in self.passed(site) {
            match passed.kind {
                PassedKind::Positional => {
                    if let Some(place) = forwarding.place(position)
                        && (place > 0 || !is_seeded)
                    {
                        self.link_position(&targets, place, passed.value, hand);
                    }
                    position += 1;
                }
                PassedKind::Spread | PassedKind::KeywordSpread if hand == Hand::FromWrapper => {
                    sets_aside = true;
                }
                // One place that hands anything to anything would mix up all arguments of the project.
                PassedKind::Spread | PassedKind::KeywordSpread if is_forwarder => {
                    self.dropped += 1;
                }
                PassedKind::Spread => self.link(
                    passed.value,
                    Link::Spread {
                        callee: code,
                        position: forwarding.place(position).unwrap_or(position),
                        hand,
                    },
                ),
                PassedKind::Keyword(name) => self.link_keyword(&targets, name, passed.value, hand),
                PassedKind::KeywordSpread => {
                    self.link(passed.value, Link::KeywordSpread { callee: code, hand });
                }
            }
        }
        if sets_aside {
            self.set_aside.push((site, code));
        }
    }

    /// An argument by position.
    pub(super) fn link_position(
        &mut self,
        targets: &[Target],
        position: u32,
        value: Var,
        hand: Hand,
    ) {
        let by_position = targets
            .iter()
            .filter(|target| {
                matches!(
                    target.kind,
                    ParameterKind::Positional | ParameterKind::PositionalOnly
                )
            })
            .count() as u32;
        if position < by_position {
            self.link(value, hand.to(targets[position as usize].var));
        } else if let Some(rest) = targets
            .iter()
            .find(|target| target.kind == ParameterKind::VarPositional)
        {
            let index = self.intern(Object::Integer((position - by_position) as i32));
            self.put_argument(rest.var, index, value, hand);
        }
    }

    /// An argument whose position is not known.
    pub(super) fn link_somewhere(&mut self, targets: &[Target], from: u32, value: Var, hand: Hand) {
        for (at, target) in targets.iter().enumerate() {
            match target.kind {
                ParameterKind::Positional | ParameterKind::PositionalOnly if at as u32 >= from => {
                    self.link(value, hand.to(target.var));
                }
                ParameterKind::VarPositional => {
                    if let Some(&container) = self.varargs.get(&target.var) {
                        let anywhere = self.anywhere(container);
                        self.link(value, hand.to(anywhere));
                    }
                }
                _ => {}
            }
        }
    }

    /// An argument by name.
    pub(super) fn link_keyword(&mut self, targets: &[Target], name: Text, value: Var, hand: Hand) {
        let named = targets.iter().find(|target| {
            target.name == name
                && matches!(
                    target.kind,
                    ParameterKind::Positional | ParameterKind::KeywordOnly
                )
        });
        if let Some(target) = named {
            self.link(value, hand.to(target.var));
        } else if let Some(rest) = targets
            .iter()
            .find(|target| target.kind == ParameterKind::VarKeyword)
        {
            let key = self.intern(Object::Text(name));
            self.put_argument(rest.var, key, value, hand);
        }
    }

    fn put_argument(&mut self, rest: Var, key: Obj, value: Var, hand: Hand) {
        if let Some(&container) = self.varargs.get(&rest) {
            let slot = self.slot(container, key);
            self.link(value, hand.to(slot));
        }
    }

    /// A class is called.
    fn construct(&mut self, site: SiteId, obj: Obj, class: Class, reason: Reason) {
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
    fn call_makers(
        &mut self,
        site: SiteId,
        role: Role,
        shape: super::attributes::Shape,
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

    fn initialize(&mut self, site: SiteId, obj: Obj, class: Class, instance: Obj, reason: Reason) {
        let or_below = !matches!(self.object(obj), Object::Class(_));
        let init = self
            .names
            .init
            .map(|init| self.shape(class, init, or_below))
            .unwrap_or_default();
        self.call_makers(site, Role::Init, init, instance, NOWHERE, reason);
        if init.own.is_none() && !self.construct_from_fields(site, class, instance) {
            if self.classes.is_open(class) {
                let bases = self.external_bases(class);
                self.link(bases, Link::ExternalInit { site });
            }
        }
    }

    fn metaclass(&mut self, site: SiteId, obj: Obj, class: Class) {
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
    fn construct_from_fields(&mut self, site: SiteId, class: Class, instance: Obj) -> bool {
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
                    PassedKind::Positional => {
                        position += 1;
                        fields.get(position - 1).copied()
                    }
                    PassedKind::Keyword(name) => {
                        fields.iter().find(|(_, known)| *known == name).copied()
                    }
                    _ => None,
                };
                if let Some((above, name)) = field {
                    let var = self.field(above, name);
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

    /// Containers that `*args` hands on.
    pub(super) fn spread(&mut self, callee: Code, position: u32, hand: Hand, obj: Obj) {
        if let Object::Container(container) = self.object(obj) {
            let watch = Watch::Spread {
                callee,
                position,
                hand,
            };
            self.watch_container(container, watch);
        }
    }

    /// Dictionaries that `**kwargs` hands on.
    pub(super) fn keyword_spread(&mut self, callee: Code, hand: Hand, obj: Obj) {
        if let Object::Container(container) = self.object(obj) {
            self.watch_container(container, Watch::KeywordSpread { callee, hand });
        }
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
