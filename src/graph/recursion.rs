//! Recursion: which functions can never finish because they keep calling themselves, and which cycles end.
//!
//! A function *finishes* if some path from its entry reaches an exit and every call on that path may come back. The
//! least fixpoint over the call graph decides; what is left and leads back to itself is unconditional recursion.

use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::{CallGraph, FunctionId};
use super::scc::Csr;
use crate::facts::{
    CallId, CallMode, DefinitionFlags, DefinitionId, DefinitionKind, Ending, FlowStep, Shape, Slice,
};
use crate::index::{ClassId, FileId, Index};

/// A call that is part of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CycleCall {
    /// The function that makes the call.
    pub caller: FunctionId,
    /// The call.
    pub call: CallId,
    /// The function it runs.
    pub callee: FunctionId,
}

/// A recursion cycle.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// Its functions in call order; the first is the one that comes first in the project.
    pub functions: Vec<FunctionId>,
    /// Its calls, one for each function, in the same order; a call leads to some function of the cycle.
    pub calls: Vec<CycleCall>,
    /// Whether it can never end.
    pub unconditional: bool,
}

/// All recursion of the project.
#[derive(Debug, Default)]
pub struct Recursion {
    /// The cycles, by first function.
    pub cycles: Vec<Cycle>,
    /// Functions that cannot finish only because they lead into a cycle.
    pub victims: u64,
    /// Number of functions looked at.
    pub functions: u64,
}

/// Numbers all definitions of the project in one sequence.
struct Numbering {
    bases: Vec<u32>,
    total: u32,
}

impl Numbering {
    fn new(index: &Index) -> Self {
        let mut total = 0;
        let bases = index
            .files
            .iter()
            .map(|file| {
                let base = total;
                total += file.facts.definitions.len() as u32;
                base
            })
            .collect();
        Self { bases, total }
    }

    fn of(&self, function: FunctionId) -> u32 {
        self.bases[function.file.index()] + function.definition.0
    }

    fn function(&self, number: u32) -> FunctionId {
        let file = self.bases.partition_point(|&base| base <= number) - 1;
        FunctionId {
            file: FileId(file as u32),
            definition: DefinitionId(number - self.bases[file]),
        }
    }
}

struct Analysis<'a> {
    index: &'a Index,
    calls: &'a CallGraph,
    numbering: Numbering,
    /// By function number: whether it finishes.
    finishes: Vec<bool>,
}

/// Finds all recursion. Guarded cycles are looked for only when `guarded` is set.
#[must_use]
pub fn find(index: &Index, calls: &CallGraph, guarded: bool) -> Recursion {
    let numbering = Numbering::new(index);
    let mut analysis = Analysis {
        index,
        calls,
        finishes: vec![false; numbering.total as usize],
        numbering,
    };
    let undecided = analysis.solve();
    let mut recursion = analysis.unconditional(&undecided);
    recursion.functions = index
        .files
        .iter()
        .flat_map(|file| &file.facts.definitions)
        .filter(|definition| definition.kind != DefinitionKind::Class)
        .count() as u64;
    if guarded {
        let found: Vec<u32> = recursion
            .cycles
            .iter()
            .flat_map(|cycle| &cycle.functions)
            .map(|&function| analysis.numbering.of(function))
            .collect();
        recursion.cycles.extend(analysis.guarded(&found));
    }
    recursion.cycles.sort_by_key(|cycle| cycle.functions[0]);
    recursion
}

impl Analysis<'_> {
    fn definition(&self, function: FunctionId) -> &crate::facts::Definition {
        &self.index.facts(function.file).definitions[function.definition.index()]
    }

    /// Whether a call in `mode` runs the body of `function` at once: generators run when driven, coroutines when
    /// awaited.
    fn runs_now(&self, function: FunctionId, mode: CallMode) -> bool {
        let flags = self.definition(function).flags;
        if flags.contains(DefinitionFlags::GENERATOR) {
            mode == CallMode::Driven
        } else if flags.contains(DefinitionFlags::ASYNC) {
            mode == CallMode::Awaited
        } else {
            true
        }
    }

    /// The least fixpoint. Gives the functions that do not finish although some exit is there to be reached, or
    /// that loop.
    fn solve(&mut self) -> Vec<FunctionId> {
        let mut waiting: FxHashMap<u32, Vec<FunctionId>> = FxHashMap::default();
        let mut depending: Vec<FunctionId> = Vec::new();
        for file in self.index.file_ids() {
            for (at, definition) in self.index.facts(file).definitions.iter().enumerate() {
                let function = FunctionId {
                    file,
                    definition: DefinitionId(at as u32),
                };
                match definition.ending {
                    Ending::Always(_) => {
                        let number = self.numbering.of(function);
                        self.finishes[number as usize] = true;
                    }
                    Ending::Depends(_) => depending.push(function),
                    Ending::Never => {}
                }
            }
        }
        let mut work = depending.clone();
        for &function in &depending {
            for (_, targets) in self.flow_calls(function) {
                for target in targets {
                    waiting
                        .entry(self.numbering.of(target))
                        .or_default()
                        .push(function);
                }
            }
        }
        while let Some(function) = work.pop() {
            let number = self.numbering.of(function);
            if self.finishes[number as usize] || !self.can_finish(function) {
                continue;
            }
            self.finishes[number as usize] = true;
            if let Some(callers) = waiting.get(&number) {
                work.extend(callers.iter().copied());
            }
        }
        depending.retain(|&function| !self.finishes[self.numbering.of(function) as usize]);
        depending
    }

    /// The calls in a function's flow with the functions each runs.
    fn flow_calls(&self, function: FunctionId) -> Vec<(CallId, Vec<FunctionId>)> {
        let facts = self.index.facts(function.file);
        let Ending::Depends(run) = self.definition(function).ending else {
            return Vec::new();
        };
        facts.flow.nodes[run.range()]
            .iter()
            .filter_map(|node| match node.step {
                FlowStep::Call(call) => {
                    let targets = self.calls.targets(function.file, call);
                    Some((call, self.calls.functions(function.file, targets).to_vec()))
                }
                _ => None,
            })
            .collect()
    }

    /// Whether a path leads from the entry to an exit, given what is known to finish so far.
    fn can_finish(&self, function: FunctionId) -> bool {
        self.walk(function, |_| {})
    }

    /// Walks the flow of a function from its entry. Tells whether an exit is reached; `blocked` gets every call
    /// that control reaches but that does not come back.
    fn walk(&self, function: FunctionId, mut blocked: impl FnMut(CallId)) -> bool {
        let facts = self.index.facts(function.file);
        let Ending::Depends(run) = self.definition(function).ending else {
            return false;
        };
        let nodes = &facts.flow.nodes[run.range()];
        let mut seen = vec![false; nodes.len()];
        let mut stack = vec![0];
        let mut exits = false;
        while let Some(at) = stack.pop() {
            if std::mem::replace(&mut seen[at as usize], true) {
                continue;
            }
            let node = &nodes[at as usize];
            match node.step {
                FlowStep::Exit(_) => exits = true,
                FlowStep::Call(call) => match self.returns(function.file, call) {
                    Returning::No => {
                        blocked(call);
                        continue;
                    }
                    // Nothing behind the call runs, but the caller is left: by what the callee raised.
                    Returning::ByRaising => exits = true,
                    Returning::Yes => {}
                },
                FlowStep::Join => {}
            }
            stack.extend_from_slice(&facts.flow.edges[slice_range(node.next)]);
        }
        exits
    }

    fn returns(&self, file: FileId, call: CallId) -> Returning {
        let targets = self.calls.targets(file, call);
        if targets.uncertain {
            return Returning::Yes;
        }
        let mode = self.index.facts(file).calls[call.index()].mode;
        let mut returning = Returning::No;
        for &target in self.calls.functions(file, targets) {
            if !self.runs_now(target, mode) {
                return Returning::Yes;
            }
            if self.finishes[self.numbering.of(target) as usize] {
                if self.definition(target).shape != Shape::Raises {
                    return Returning::Yes;
                }
                returning = Returning::ByRaising;
            }
        }
        returning
    }

    /// The cycles among functions that cannot finish, over the calls where control stops.
    fn unconditional(&self, undecided: &[FunctionId]) -> Recursion {
        let mut edges: Vec<(u32, CycleCall)> = Vec::new();
        let position: FxHashMap<FunctionId, u32> = undecided
            .iter()
            .enumerate()
            .map(|(at, &function)| (function, at as u32))
            .collect();
        for &caller in undecided {
            self.walk(caller, |call| {
                let targets = self.calls.targets(caller.file, call);
                for &callee in self.calls.functions(caller.file, targets) {
                    if position.contains_key(&callee) {
                        edges.push((
                            position[&caller],
                            CycleCall {
                                caller,
                                call,
                                callee,
                            },
                        ));
                    }
                }
            });
        }
        let graph = Csr::new(
            undecided.len(),
            edges
                .iter()
                .map(|(from, edge)| (*from, position[&edge.callee]))
                .collect(),
        );
        let components = graph.cyclic_components();
        let in_cycles: usize = components.iter().map(Vec::len).sum();
        let cycles: Vec<Cycle> = components
            .iter()
            .map(|component| {
                let members: Vec<FunctionId> =
                    component.iter().map(|&at| undecided[at as usize]).collect();
                // The edges stand in the order of their callers.
                let own = component.iter().flat_map(|&at| {
                    let first = edges.partition_point(|(from, _)| *from < at);
                    edges[first..]
                        .iter()
                        .take_while(move |(from, _)| *from == at)
                });
                self.cycle(&members, own.map(|(_, edge)| *edge), true)
            })
            .filter(|cycle| !self.is_overridden(cycle))
            .collect();
        Recursion {
            victims: (undecided.len() - in_cycles) as u64,
            cycles,
            functions: 0,
        }
    }

    /// Puts the functions of a component in call order and picks one call for each.
    fn cycle(
        &self,
        members: &[FunctionId],
        edges: impl Iterator<Item = CycleCall>,
        unconditional: bool,
    ) -> Cycle {
        let mut calls: FxHashMap<FunctionId, Vec<CycleCall>> = FxHashMap::default();
        let inside: FxHashSet<FunctionId> = members.iter().copied().collect();
        for edge in edges {
            if inside.contains(&edge.caller) && inside.contains(&edge.callee) {
                calls.entry(edge.caller).or_default().push(edge);
            }
        }
        for edges in calls.values_mut() {
            edges.sort_by_key(|edge| {
                let at = self.index.facts(edge.caller.file).calls[edge.call.index()]
                    .callee
                    .span
                    .start;
                (at, edge.callee)
            });
        }
        let mut first: Vec<FunctionId> = members.to_vec();
        first.sort_unstable();
        let mut functions = Vec::new();
        let mut seen = FxHashSet::default();
        let mut queue = vec![first[0]];
        while let Some(at) = queue.pop() {
            if !seen.insert(at) {
                continue;
            }
            functions.push(at);
            let next = calls.get(&at).map_or(&[][..], Vec::as_slice);
            queue.extend(next.iter().rev().map(|edge| edge.callee));
        }
        let calls = functions
            .iter()
            .filter_map(|function| calls.get(function)?.first().copied())
            .collect();
        Cycle {
            functions,
            calls,
            unconditional,
        }
    }

    /// Whether a class of the project overrides a method that the cycle reaches through an instance: then the cycle
    /// may not close, and nothing is proven. A method that calls itself is one whoever overrides it.
    fn is_overridden(&self, cycle: &Cycle) -> bool {
        if cycle.functions.len() == 1 {
            return false;
        }
        cycle.calls.iter().any(|edge| {
            let call = &self.index.facts(edge.caller.file).calls[edge.call.index()];
            let crate::facts::Root::Instance(class) = call.callee.root else {
                return false;
            };
            let class = ClassId {
                file: edge.caller.file,
                definition: class,
            };
            let facts = self.index.facts(edge.callee.file);
            self.index
                .is_overridden_below(class, facts.name(self.definition(edge.callee).name))
        })
    }

    /// The cycles over all certain calls, without the functions in `found`.
    fn guarded(&self, found: &[u32]) -> Vec<Cycle> {
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
                    let opaque = self
                        .definition(callee)
                        .flags
                        .contains(DefinitionFlags::UNKNOWN_DECORATOR);
                    if !opaque && self.runs_now(callee, call.mode) {
                        edges.push(CycleCall {
                            caller,
                            call: id,
                            callee,
                        });
                    }
                }
            }
        }
        let found: FxHashSet<u32> = found.iter().copied().collect();
        let numbers = edges
            .iter()
            .map(|edge| {
                (
                    self.numbering.of(edge.caller),
                    self.numbering.of(edge.callee),
                )
            })
            .filter(|(from, to)| !found.contains(from) && !found.contains(to))
            .collect();
        let graph = Csr::new(self.numbering.total as usize, numbers);
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
        components
            .iter()
            .zip(by_component)
            .map(|(component, edges)| {
                let members: Vec<FunctionId> = component
                    .iter()
                    .map(|&number| self.numbering.function(number))
                    .collect();
                self.cycle(&members, edges.into_iter(), false)
            })
            .collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Returning {
    Yes,
    No,
    ByRaising,
}

fn slice_range(slice: Slice) -> std::ops::Range<usize> {
    slice.range()
}
