//! The end of a visit: facts put into the order that readers rely on.

use super::extract::Extractor;
use crate::facts::{
    BindingId, BindingValue, CallId, FlowStep, ImportId, MOST_BINDINGS, Member, NameId, ScopeId,
    Shape, Slice, hash_name,
};

impl Extractor<'_> {
    pub(super) fn finish(mut self) {
        self.sort_imports();
        self.sort_calls();
        self.emit_members();
    }

    /// Imports come in source order; `use` was read before the code around it.
    fn sort_imports(&mut self) {
        let order = order_by(&self.draft.imports, |import| import.alias.start);
        if let Some((order, places)) = order {
            let sorted = order.iter().map(|&at| self.draft.imports[at as usize]);
            let sorted: Vec<_> = sorted.collect();
            self.draft.imports.copy_from_slice(&sorted);
            for binding in self.draft.bindings.iter_mut() {
                if let BindingValue::Import(id) = &mut binding.value {
                    *id = ImportId(places[id.index()]);
                }
            }
        }
    }

    /// Calls come in source order; those in arguments were met before the call that takes them.
    fn sort_calls(&mut self) {
        let order = order_by(&self.draft.calls, |call| call.callee.span.start);
        if let Some((order, places)) = order {
            let sorted = order.iter().map(|&at| self.draft.calls[at as usize]);
            let sorted: Vec<_> = sorted.collect();
            self.draft.calls.copy_from_slice(&sorted);
            for node in self.draft.flow_nodes.iter_mut() {
                if let FlowStep::Call(id) = &mut node.step {
                    *id = CallId(places[id.index()]);
                }
            }
            for definition in self.draft.definitions.iter_mut() {
                if let Shape::Forwards(id) = &mut definition.shape {
                    *id = CallId(places[id.index()]);
                }
            }
        }
    }

    fn emit_members(&mut self) {
        let mut members: Vec<(ScopeId, u32, NameId, BindingId)> = self
            .members
            .iter()
            .map(|&(scope, name, binding)| (scope, hash_name(self.names.get(name)), name, binding))
            .collect();
        members.sort_unstable();
        for group in members.chunk_by(|a, b| (a.0, a.2) == (b.0, b.2)) {
            let (scope, hash, name, _) = group[0];
            let start = self.draft.binding_sets.len() as u32;
            let bindings = group.iter().take(MOST_BINDINGS).map(|member| member.3);
            self.draft.binding_sets.extend(bindings);
            let maybe_unbound = group
                .iter()
                .all(|member| self.draft.bindings[member.3.index()].conditional);
            self.draft.members.push(Member {
                scope,
                name,
                hash,
                bindings: Slice {
                    start,
                    len: self.draft.binding_sets.len() as u32 - start,
                },
                maybe_unbound,
            });
        }
    }
}

/// The order of `all` by `key`, and the new place of each; none when they are in order.
fn order_by<T>(all: &[T], key: impl Fn(&T) -> u32) -> Option<(Vec<u32>, Vec<u32>)> {
    if all.is_sorted_by_key(&key) {
        return None;
    }
    let mut order: Vec<u32> = (0..all.len() as u32).collect();
    order.sort_by_key(|&at| key(&all[at as usize]));
    let mut places = vec![0; all.len()];
    for (new, &old) in order.iter().enumerate() {
        places[old as usize] = new as u32;
    }
    Some((order, places))
}
