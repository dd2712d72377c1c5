//! What calls give back, and what becomes of it on the way.

use std::hash::BuildHasher;
use std::rc::Rc;

use rustc_hash::FxBuildHasher;

use super::calls::{MOST_FORWARDED, MOST_RESULTS};
use super::objects::{Obj, Object};
use super::program::{Class, Code, Text, Var};
use super::solver::{Link, NOWHERE, PassedKind, SiteId, Solver};
use super::wrappers::{Forwarding, Hand};
use crate::values::{CodeFlags, Constant, Guard, GuardTest, Op, Owner};

impl Solver<'_> {
    pub(super) fn link_result(
        &mut self,
        to: Var,
        site: SiteId,
        code: Code,
        receiver: Option<Obj>,
        hand: Hand,
        forwarding: &Forwarding,
    ) {
        if to == NOWHERE
            || !self
                .returned
                .insert(FxBuildHasher.hash_one((site, code, receiver)))
        {
            return;
        }
        let callees = self.sites[site.index()].callees;
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
            let results = match body.guard {
                None => [Some(body.result), None, None],
                Some(guard) => {
                    let outcome = self.outcome(site, code, guard, receiver.is_some());
                    let holds = Some(guard.holds).filter(|_| outcome != Some(false));
                    let fails = Some(guard.fails).filter(|_| outcome != Some(true));
                    [Some(guard.other), holds, fails]
                }
            };
            for result in results.into_iter().flatten() {
                let result = self.program.var(file, result);
                self.link_returned(result, code, kept, to);
            }
        }
    }

    /// What a function is given and gives back goes from the call to the call.
    pub(super) fn link_passed(
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
                    PassedKind::Positional(_) => {
                        if forwarding.place(position) == Some(at) && !is_open {
                            found = Some(passed.value);
                        }
                        position += 1;
                    }
                    PassedKind::Keyword(name, _) if name == target.name => {
                        found = Some(passed.value);
                    }
                    PassedKind::Keyword(..) => {}
                    PassedKind::Spread | PassedKind::KeywordSpread => is_open = true,
                }
            }
            // By its default, or by what `*args` holds.
            self.link(found.unwrap_or(target.var), Link::Copy(to));
        }
    }

    /// What a method's receiver is where it is handed to a method of a class above.
    pub(super) fn own_receiver(&mut self, code: Code, receiver: Obj) -> Obj {
        let (_, body) = self.program.code_body(code);
        let own = if body.flags.contains(CodeFlags::CLASS_METHOD) {
            self.class_of(receiver)
        } else {
            self.instance_of(receiver)
        };
        own.unwrap_or(receiver)
    }

    /// Whether a guard holds in a call, if that is known.
    fn outcome(&self, site: SiteId, code: Code, guard: Guard, has_receiver: bool) -> Option<bool> {
        let (file, _) = self.program.code_body(code);
        let mut all = !guard.is_partial;
        for &test in self.program.guard_tests(file, guard.tests) {
            match self.test(site, code, test, has_receiver) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all = false,
            }
        }
        all.then_some(true)
    }

    fn test(&self, site: SiteId, code: Code, test: GuardTest, has_receiver: bool) -> Option<bool> {
        let targets = self.targets(code);
        let target = targets.get(test.parameter as usize)?;
        let mut position = u32::from(has_receiver);
        let mut is_placed = true;
        let mut is_named = true;
        for passed in self.passed(site) {
            let given = match passed.kind {
                PassedKind::Positional(constant) => {
                    position += 1;
                    (position - 1 == test.parameter && is_placed).then_some(constant)
                }
                PassedKind::Keyword(name, constant) => (name == target.name).then_some(constant),
                PassedKind::Spread => {
                    is_placed = false;
                    None
                }
                PassedKind::KeywordSpread => {
                    is_named = false;
                    None
                }
            };
            if let Some(given) = given {
                // Any variable may be `None`, unless something decorated is handed to its decorator.
                let is_something =
                    self.decorated.contains(&passed.value) && !self.sites[site.index()].is_written;
                return test.of(if is_something {
                    Constant::Truthy
                } else {
                    given
                });
            }
        }
        test.absent.filter(|_| is_placed && is_named)
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

    /// Whether a method of `class` gave an instance that it makes for other receivers: `self.Part()`, where the class of
    /// the receiver binds `Part` to another class.
    pub(super) fn is_part_of_another(&mut self, made: Obj, class: Class, receiver: Obj) -> bool {
        let (Object::Instance(made), Object::Instance(own)) =
            (self.object(made), self.object(receiver))
        else {
            return false;
        };
        if self.classes.below(class).is_empty() || !self.classes.is_subclass(own, class) {
            return false;
        }
        let names = self.parts_of(class);
        let made = Object::Class(made);
        let is_there = |var: &Var| {
            let values = self.values(*var);
            values.iter().any(|&obj| self.object(obj) == made)
        };
        names.iter().any(|&name| {
            let chosen = self.classes.member(own, name, 0).map(|(_, var)| var);
            let first = self.classes.member(class, name, 0).map(|(_, var)| var);
            chosen.is_some_and(|var| !self.values(var).is_empty() && !is_there(&var))
                && (first.iter().any(is_there)
                    || self.classes.members_below(class, name).iter().any(is_there))
        })
    }

    /// What the methods of a class call by names that classes below bind to something that is no function.
    fn parts_of(&mut self, class: Class) -> Rc<[Text]> {
        if let Some(known) = self.parts.get(&class) {
            return Rc::clone(known);
        }
        let (file, _) = self.program.class_body(class);
        let mut names = Vec::new();
        if let Some(values) = self.program.values(file) {
            let methods = values.codes.iter().filter(|code| match code.owner {
                Owner::Class(own) => self.program.class(file, own) == class,
                Owner::Code(_) => false,
            });
            for op in methods.flat_map(|code| &values.ops[code.ops.range()]) {
                if let Op::CallMethod { name, .. } = *op {
                    let name = self.program.text(file, name);
                    let is_part = |&var: &Var| {
                        let values = self.values(var);
                        !self.program.is_fixed(var)
                            || values
                                .iter()
                                .any(|&obj| matches!(self.object(obj), Object::Class(_)))
                    };
                    if !names.contains(&name)
                        && !self.attributes.is_stored(name)
                        && self.classes.members_below(class, name).iter().any(is_part)
                    {
                        names.push(name);
                    }
                }
            }
        }
        let names: Rc<[Text]> = names.into();
        self.parts.insert(class, Rc::clone(&names));
        names
    }
}
