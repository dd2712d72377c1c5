//! Cycles that some path ends.

use rustc_hash::{FxHashMap, FxHashSet};

use super::doubt::Doubts;
use super::{Analysis, Cycle, CycleCall};
use crate::facts::CallId;
use crate::graph::calls::FunctionId;
use crate::graph::scc::Csr;

impl Analysis<'_> {
    /// The cycles over all calls, without the functions in `found`.
    pub(super) fn guarded(
        &self,
        found: &FxHashSet<FunctionId>,
        doubts: &mut Doubts<'_>,
    ) -> Vec<Cycle> {
        let edges = self.running_calls(found);
        let numbers = edges.iter().map(|edge| {
            let (from, to) = (edge.caller, edge.callee);
            (self.numbering.of(from), self.numbering.of(to))
        });
        let graph = Csr::new(self.numbering.total as usize, numbers.collect());
        let components = graph.cyclic_components();
        let mut component_of: FxHashMap<FunctionId, usize> = FxHashMap::default();
        for (at, component) in components.iter().enumerate() {
            for &number in component {
                component_of.insert(self.numbering.function(number), at);
            }
        }
        let mut by_component: Vec<Vec<CycleCall>> = vec![Vec::new(); components.len()];
        for edge in edges {
            if let (Some(&from), Some(&to)) = (
                component_of.get(&edge.caller),
                component_of.get(&edge.callee),
            ) && from == to
            {
                by_component[from].push(edge);
            }
        }
        let cycles = components.iter().zip(by_component);
        cycles
            .map(|(component, edges)| {
                let members: Vec<FunctionId> = component
                    .iter()
                    .map(|&number| self.numbering.function(number))
                    .collect();
                let single = members.len() == 1;
                let certain: Vec<CycleCall> = edges
                    .iter()
                    .copied()
                    .filter(|edge| !single || self.doubt(edge, single, doubts).is_none())
                    .collect();
                // One call that is certain makes a function's own cycle certain.
                let chosen = if certain.is_empty() { edges } else { certain };
                let mut cycle = self.cycle(&members, chosen, false);
                let mut of_calls = cycle.calls.iter();
                cycle.doubt = of_calls.find_map(|edge| self.doubt(edge, single, doubts));
                cycle
            })
            .collect()
    }

    fn doubt(
        &self,
        edge: &CycleCall,
        single: bool,
        doubts: &mut Doubts<'_>,
    ) -> Option<super::Doubt> {
        let targets = self.calls.targets(edge.caller.file, edge.call);
        let several = targets.uncertain.then_some(super::Doubt::Several);
        doubts.of(edge, None, single).or(several)
    }

    /// All calls that run what they call at once, apart from those of the functions in `found`.
    fn running_calls(&self, found: &FxHashSet<FunctionId>) -> Vec<CycleCall> {
        let mut edges: Vec<CycleCall> = Vec::new();
        for file in self.index.file_ids() {
            for (at, call) in self.index.facts(file).calls.iter().enumerate() {
                let id = CallId(at as u32);
                let Some(caller) = self.calls.caller(file, call) else {
                    continue;
                };
                let caller = FunctionId {
                    file,
                    definition: caller,
                };
                let targets = self.calls.targets(file, id);
                for &callee in self.calls.functions(file, targets) {
                    let apart = found.contains(&caller) || found.contains(&callee);
                    if !apart && self.runs_now(callee, call.mode) {
                        edges.push(CycleCall {
                            caller,
                            call: id,
                            callee,
                        });
                    }
                }
            }
        }
        edges
    }
}
