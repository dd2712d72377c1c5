//! Results of calls that are put where they stay.

use super::{Finisher, Resolved, UNUSED};
use crate::facts::{CallId, DefinitionKind, Keep, Keeper, NameId};
use crate::lang::python::extract::{TempReference, TempRoot};
use crate::lang::python::keeping::TempKept;
use crate::lang::python::scope::{TempScopeKind, TempValue};

impl Finisher<'_, '_> {
    pub(super) fn emit_keeps(&mut self, call_ids: &[u32]) {
        for keep in &self.from.keeps {
            let kept = match (&keep.place, keep.value) {
                (None, TempKept::Call(call)) => {
                    let span = self.from.calls[call as usize].callee.span;
                    Some((call, Keeper::Default, span))
                }
                (Some(place), TempKept::Call(call)) => {
                    let keeper = self.keeper(place);
                    keeper.map(|keeper| (call, keeper, place.span))
                }
                (Some(place), TempKept::Name(name)) => self.keeper(place).and_then(|keeper| {
                    let call = self.result_in(place, name)?;
                    Some((call, keeper, place.span))
                }),
                (None, TempKept::Name(_)) => None,
            };
            let Some((call, keeper, span)) = kept else {
                continue;
            };
            let id = call_ids[call as usize];
            if id != UNUSED {
                self.facts.keeps.push(Keep {
                    call: CallId(id),
                    keeper,
                    item: keep.item,
                    span,
                });
            }
        }
    }

    /// The call whose result a name is certain to hold where a place is written.
    fn result_in(&mut self, place: &TempReference, name: NameId) -> Option<u32> {
        let mut found = std::mem::take(&mut self.found);
        let bound = self.from.scopes.look_up(place.place, name, &mut found);
        let only = match found[..] {
            [only] if bound => Some(only),
            _ => None,
        };
        self.found = found;
        match self.from.scopes.bindings[only? as usize].value {
            TempValue::Result(call) => Some(call),
            _ => None,
        }
    }

    /// Whether a place begins with a receiver that is called as classes are: in a plain method, one of a metaclass.
    fn is_named_for_a_class(&self, place: &TempReference) -> bool {
        let TempRoot::Name(name) = place.root() else {
            return false;
        };
        matches!(self.interner.get(name), "cls" | "klass")
    }

    /// The module name or class attribute that a place is for certain.
    fn keeper(&mut self, place: &TempReference) -> Option<Keeper> {
        if let Some(at) = place.path().range().next() {
            let class = match self.resolve(place) {
                Resolved::Class(class) => class,
                // The instances of a metaclass are classes.
                Resolved::Instance(class) if self.is_named_for_a_class(place) => class,
                Resolved::Bound(set) => match self.sets[set.range()] {
                    [only] => match self.from.scopes.bindings[only as usize].value {
                        TempValue::Definition(id) => id,
                        _ => return None,
                    },
                    _ => return None,
                },
                _ => return None,
            };
            let is_class = self.from.definitions[class.index()].kind == DefinitionKind::Class;
            let name = self.attribute(self.from.paths[at]);
            return is_class.then_some(Keeper::Class(class, name));
        }
        let TempRoot::Name(name) = place.root() else {
            return None;
        };
        if self.from.scopes.is_plain_local(place.place.scope, name) {
            return None;
        }
        let mut found = std::mem::take(&mut self.found);
        let bound = self.from.scopes.look_up(place.place, name, &mut found);
        let mut scopes = found.iter().map(|&at| {
            let binding = &self.from.scopes.bindings[at as usize];
            (binding.scope, binding.value)
        });
        let first = scopes.next();
        let same = bound && scopes.all(|(scope, _)| Some(scope) == first.map(|first| first.0));
        self.found = found;
        let (scope, value) = first.filter(|_| same)?;
        let scope = self.from.scopes.scopes[scope as usize];
        // What is imported belongs to another module.
        match (scope.kind, value) {
            (_, TempValue::Import(_)) => None,
            (TempScopeKind::Module, _) => Some(Keeper::Module(self.name(name))),
            (TempScopeKind::Class, _) => {
                let name = self.name(name);
                scope.definition.map(|class| Keeper::Class(class, name))
            }
            _ => None,
        }
    }
}
