//! Decorators: calls go through a wrapper that many functions share, arguments and results past it.
//!
//! One level of context: each call of a decorated function hands its arguments to that function alone, in the places
//! where the wrapper puts them, and gets back what that function returns besides what the wrapper makes itself.

use smallvec::SmallVec;

use super::objects::{Obj, Object};
use super::program::{Code, Var};
use super::solver::{Link, NOWHERE, PassedKind, Role, Site, SiteId, Solver};
use crate::facts::ParameterKind;
use crate::values::{Argument, ArgumentKind, Op, VarId};

/// How values are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Hand {
    /// As they are.
    Over,
    /// To a wrapper.
    ToWrapper,
    /// From a wrapper: only its own.
    FromWrapper,
}

impl Hand {
    pub(super) const fn to(self, var: Var) -> Link {
        match self {
            Self::Over => Link::Copy(var),
            Self::ToWrapper => Link::Pass(var),
            Self::FromWrapper => Link::Own(var),
        }
    }
}

/// Where a wrapper puts its own positional arguments when it calls what it wraps.
#[derive(Clone, Debug)]
pub(super) struct Forwarding {
    /// For each of its positional parameters.
    named: SmallVec<[Option<u32>; 4]>,
    /// Where `*args` starts.
    rest: Option<u32>,
}

impl Forwarding {
    /// Every argument keeps its place.
    pub(super) fn straight() -> Self {
        Self {
            named: SmallVec::new(),
            rest: Some(0),
        }
    }

    /// The place of the argument that the wrapper is given at `position`.
    pub(super) fn place(&self, position: u32) -> Option<u32> {
        match self.named.get(position as usize) {
            Some(&place) => place,
            None => self
                .rest
                .map(|rest| rest + position - self.named.len() as u32),
        }
    }
}

impl Solver<'_> {
    /// A decorated function is called at a site.
    pub(super) fn call_decorated(
        &mut self,
        site: SiteId,
        by: Obj,
        function: Obj,
        receiver: Option<Obj>,
        reason: super::Reason,
    ) {
        let wrapper = self.derive(site, Role::Wrapper, |solver, site| Site {
            to: if site.to == NOWHERE {
                NOWHERE
            } else {
                solver.fresh()
            },
            is_wrapped: true,
            ..site
        });
        let (made, to) = (self.sites[wrapper.index()].to, self.sites[site.index()].to);
        self.link(made, Link::Own(to));
        self.invoke(wrapper, by, receiver, reason);
        let forwarding = self.forwarding_of(by);
        self.flow_through(site, &forwarding, function, receiver);
    }

    /// Arguments and results of a decorated function move as if it were called here.
    fn flow_through(
        &mut self,
        site: SiteId,
        forwarding: &Forwarding,
        function: Obj,
        receiver: Option<Obj>,
    ) {
        match self.object(function) {
            Object::Decorated { by, function } => {
                let inner = self.forwarding_of(by);
                let both = Forwarding {
                    named: forwarding
                        .named
                        .iter()
                        .map(|place| inner.place((*place)?))
                        .collect(),
                    rest: forwarding.rest.and_then(|rest| inner.place(rest)),
                };
                self.flow_through(site, &both, function, receiver);
            }
            Object::Function(code) => {
                let receiver = receiver.filter(|_| !self.is_static(code));
                let keeps = receiver.is_some() && forwarding.place(0) == Some(0);
                if self.linked.insert((site, code)) {
                    self.link_arguments(site, code, receiver.is_some(), forwarding, Hand::Over);
                }
                if let Some(receiver) = receiver.filter(|_| keeps) {
                    self.hand_receiver(code, receiver);
                }
                let to = self.sites[site.index()].to;
                let receiver = receiver.filter(|_| keeps);
                self.link_result(to, site, code, receiver, Hand::Over, forwarding);
            }
            _ => {}
        }
    }

    fn forwarding_of(&mut self, by: Obj) -> Forwarding {
        let (code, skipped) = match self.object(by) {
            Object::Function(code) => (code, 0),
            Object::Instance(class) => {
                let call = self
                    .names
                    .call
                    .and_then(|call| self.classes.member(class, call, 0));
                let values = call.map_or(&[][..], |(_, var)| self.values(var));
                match values {
                    &[obj] => match self.object(obj) {
                        Object::Function(code) => (code, 1),
                        _ => return Forwarding::straight(),
                    },
                    _ => return Forwarding::straight(),
                }
            }
            _ => return Forwarding::straight(),
        };
        if let Some(known) = self.forwarding.get(&code) {
            return known.clone();
        }
        let found = self
            .find_forwarding(code, skipped)
            .unwrap_or_else(Forwarding::straight);
        self.forwarding.insert(code, found.clone());
        found
    }

    /// Looks for the call that hands a wrapper's arguments on.
    fn find_forwarding(&self, code: Code, skipped: usize) -> Option<Forwarding> {
        let (file, body) = self.program.code_body(code);
        let values = self.program.values(file)?;
        let parameters = &values.parameters[body.parameters.range()];
        let named: SmallVec<[VarId; 4]> = parameters
            .iter()
            .filter(|parameter| {
                matches!(
                    parameter.kind,
                    ParameterKind::Positional | ParameterKind::PositionalOnly
                )
            })
            .skip(skipped)
            .map(|parameter| parameter.var)
            .collect();
        let rest = parameters
            .iter()
            .find(|parameter| parameter.kind == ParameterKind::VarPositional)
            .map(|parameter| parameter.var);
        let spread_at = |arguments: &[Argument]| {
            arguments.iter().position(|argument| {
                argument.kind == ArgumentKind::Spread && Some(argument.value) == rest
            })
        };
        let calls = values.ops[body.ops.range()]
            .iter()
            .filter_map(|op| match *op {
                Op::Call { arguments, .. } => Some(&values.arguments[arguments.range()]),
                _ => None,
            });
        let own = |arguments: &&[Argument]| {
            let handed = arguments
                .iter()
                .filter(|argument| named.contains(&argument.value));
            2 * usize::from(spread_at(arguments).is_some()) * (named.len() + 1) + handed.count()
        };
        let call = calls.max_by_key(own).filter(|call| own(call) > 0)?;
        let positional: SmallVec<[VarId; 4]> = call
            .iter()
            .take_while(|argument| matches!(argument.kind, ArgumentKind::Positional(_)))
            .map(|argument| argument.value)
            .collect();
        Some(Forwarding {
            named: named
                .iter()
                .map(|var| {
                    positional
                        .iter()
                        .position(|other| other == var)
                        .map(|at| at as u32)
                })
                .collect(),
            rest: spread_at(call).map(|at| at as u32),
        })
    }

    /// Calls that were set aside because past them arguments are moved: where no wrapper turned out to be, they hand
    /// them on themselves.
    pub(super) fn settle_set_aside(&mut self) {
        for (site, code) in std::mem::take(&mut self.set_aside) {
            if self.wrapped.contains(&code) {
                continue;
            }
            let mut position = 0;
            for passed in self.passed(site) {
                match passed.kind {
                    PassedKind::Positional(_) => position += 1,
                    PassedKind::Spread => self.link(
                        passed.value,
                        Link::Spread {
                            callee: code,
                            position,
                            hand: Hand::Over,
                        },
                    ),
                    PassedKind::KeywordSpread => self.link(
                        passed.value,
                        Link::KeywordSpread {
                            callee: code,
                            hand: Hand::Over,
                        },
                    ),
                    PassedKind::Keyword(..) => {}
                }
            }
        }
    }

    /// Whether a call of a decorated function is one by its wrapper, not by its name.
    pub(super) fn is_by_wrapper(&self, code: Code, reason: super::Reason) -> bool {
        reason != super::Reason::Direct && self.targets_of_decorators.contains(&code)
    }
}
