//! How arguments reach parameters, and which calls a function would refuse.

use super::calls::{MOST_FORWARDED, Target};
use super::containers::Watch;
use super::objects::{Obj, Object};
use super::program::{Code, Text, Var};
use super::solver::{Link, PassedKind, SiteId, Solver};
use super::wrappers::{Forwarding, Hand};
use crate::facts::ParameterKind;

impl Solver<'_> {
    /// Whether a call as it is written can be bound to a function's parameters; what hands on `*args` or `**kwargs`
    /// can be to any.
    pub(super) fn takes(&self, code: Code, site: SiteId, has_receiver: bool) -> bool {
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
                .filter(|passed| matches!(passed.kind, PassedKind::Positional(_)))
                .count() as u32;
        let mut places = 0;
        let mut takes_any_position = false;
        let mut takes_any_name = false;
        let mut named = 0;
        for parameter in &values.parameters[body.parameters.range()] {
            let name = self.program.text(file, parameter.name);
            let is_named = passed
                .iter()
                .any(|passed| matches!(passed.kind, PassedKind::Keyword(own, _) if own == name));
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
            if (is_named && is_placed) || (parameter.default.is_none() && !is_named && !is_placed) {
                return false;
            }
        }
        let names = passed
            .iter()
            .filter(|passed| matches!(passed.kind, PassedKind::Keyword(..)))
            .count() as u32;
        (takes_any_position || by_position <= places) && (takes_any_name || names == named)
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
            let callees = &mut self.sites[site.index()].callees;
            *callees = callees.saturating_add(1);
            *callees > MOST_FORWARDED
        };
        let mut position = u32::from(has_receiver);
        let is_seeded = self.is_seeded(code);
        let mut sets_aside = false;
        for passed in self.passed(site) {
            match passed.kind {
                PassedKind::Positional(_) => {
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
                PassedKind::Keyword(name, _) => {
                    self.link_keyword(&targets, name, passed.value, hand);
                }
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
        if let Some(target) = named(targets, name) {
            self.link(value, hand.to(target.var));
        } else if let Some(rest) = targets
            .iter()
            .find(|target| target.kind == ParameterKind::VarKeyword)
        {
            let key = self.intern(Object::Text(name));
            self.put_argument(rest.var, key, value, hand);
        }
    }

    pub(super) fn put_argument(&mut self, rest: Var, key: Obj, value: Var, hand: Hand) {
        if let Some(&container) = self.varargs.get(&rest) {
            let slot = self.filled_slot(container, key);
            self.link(value, hand.to(slot));
        }
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

/// The parameter that takes an argument of that name.
pub(super) fn named(targets: &[Target], name: Text) -> Option<&Target> {
    targets.iter().find(|target| {
        target.name == name
            && matches!(
                target.kind,
                ParameterKind::Positional | ParameterKind::KeywordOnly
            )
    })
}
