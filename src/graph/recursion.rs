//! Recursion: which functions can never finish because they keep calling themselves, and which cycles end.
//!
//! A function *finishes* if some path from its entry reaches an exit and every call on that path may come back. The
//! least fixpoint over the call graph decides; what is left and leads back to itself is unconditional recursion. What
//! is costly to ask (`doubt`) is asked only of what the plain fixpoint leaves.

mod doubt;
mod guarded;
mod inherited;

use rustc_hash::{FxHashMap, FxHashSet};

pub use doubt::Doubt;

use super::calls::{CallGraph, FunctionId};
use super::scc::Csr;
use crate::facts::{
    CallId, CallMode, DefinitionFlags, DefinitionId, DefinitionKind, Ending, FlowStep, Shape,
};
use crate::index::{ClassId, FileId, Index};
use doubt::Doubts;

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
    /// The class whose instances it holds for, where it closes only over what that class overrides.
    pub receiver: Option<ClassId>,
    /// Why one of its calls may lead elsewhere. Never set on an unconditional cycle.
    pub doubt: Option<Doubt>,
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
    /// The functions that end only through calls, in order.
    depending: Vec<FunctionId>,
    /// Number of functions.
    functions: u64,
    /// Calls that may lead elsewhere, found when they were asked about.
    doubted: FxHashSet<(FileId, CallId)>,
    /// Calls of something outside the project that never comes back.
    leaving: FxHashSet<(FileId, CallId)>,
    /// Of functions that may not finish: what they may raise before they call again, as
    /// [`DefinitionFlags::operations`].
    raises: FxHashMap<FunctionId, u8>,
}

/// The methods of a class as its own instances see them.
struct View {
    receiver: ClassId,
    /// The functions looked at, and which of them finish; the others are judged for the project as a whole.
    finishes: FxHashMap<FunctionId, bool>,
}

/// What a call runs.
struct Targets<'t> {
    functions: std::borrow::Cow<'t, [FunctionId]>,
    uncertain: bool,
}

/// Functions that call each other and do not finish, with all calls between them.
struct Component {
    functions: Vec<FunctionId>,
    edges: Vec<CycleCall>,
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
        depending: Vec::new(),
        functions: 0,
        doubted: FxHashSet::default(),
        leaving: FxHashSet::default(),
        raises: FxHashMap::default(),
    };
    let mut undecided = analysis.solve();
    let mut doubts = Doubts::new(index);
    let components = analysis.doubt_all(&mut undecided, &mut doubts);
    let in_cycles: usize = components.iter().map(|found| found.functions.len()).sum();
    let mut cycles: Vec<Cycle> = components
        .into_iter()
        .map(|found| analysis.cycle(&found.functions, found.edges, true))
        .collect();
    let inherited = analysis.inherited(&cycles, &mut doubts);
    cycles.extend(inherited);
    if guarded {
        let found: FxHashSet<FunctionId> = cycles
            .iter()
            .filter(|cycle| cycle.receiver.is_none())
            .flat_map(|cycle| cycle.functions.iter().copied())
            .collect();
        cycles.extend(analysis.guarded(&found, &mut doubts));
    }
    cycles.sort_by_key(|cycle| (cycle.functions[0], cycle.receiver));
    Recursion {
        cycles,
        victims: (undecided.len() - in_cycles) as u64,
        functions: analysis.functions,
    }
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
        for file in self.index.file_ids() {
            for (at, definition) in self.index.facts(file).definitions.iter().enumerate() {
                let function = FunctionId {
                    file,
                    definition: DefinitionId(at as u32),
                };
                self.functions += u64::from(definition.kind != DefinitionKind::Class);
                match definition.ending {
                    Ending::Always(_) => {
                        let number = self.numbering.of(function);
                        self.finishes[number as usize] = true;
                    }
                    Ending::Depends(_) => self.depending.push(function),
                    Ending::Never => {}
                }
            }
        }
        // Nearly all finish without waiting for one another: who waits for whom is noted for the rest only.
        let mut left = Vec::new();
        for at in 0..self.depending.len() {
            let function = self.depending[at];
            if self.can_finish(None, function) {
                self.finishes[self.numbering.of(function) as usize] = true;
            } else {
                left.push(function);
            }
        }
        let mut depending = left;
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
            if self.finishes[number as usize] || !self.can_finish(None, function) {
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

    /// Asks of every cycle whether its calls are certain, until all that is left is. Gives the cycles; `undecided` keeps
    /// the functions that do not finish.
    fn doubt_all(
        &mut self,
        undecided: &mut Vec<FunctionId>,
        doubts: &mut Doubts<'_>,
    ) -> Vec<Component> {
        loop {
            let components = self.components(None, undecided);
            let before = undecided.len();
            if components.is_empty() {
                return components;
            }
            self.note_leaving(undecided);
            for component in &components {
                for edge in &component.edges {
                    let single = component.functions.len() == 1;
                    if doubts.of(edge, None, single).is_some() {
                        self.doubted.insert((edge.caller.file, edge.call));
                    }
                }
            }
            self.settle(undecided);
            if undecided.len() == before {
                return components;
            }
        }
    }

    /// Finds the calls that leave the program.
    fn note_leaving(&mut self, functions: &[FunctionId]) {
        for &function in functions {
            for (call, targets) in self.flow_calls(function) {
                if targets.is_empty() && doubt::never_returns(self.index, function.file, call) {
                    self.leaving.insert((function.file, call));
                }
            }
        }
    }

    /// The fixpoint once more, over the functions that it left.
    fn settle(&mut self, undecided: &mut Vec<FunctionId>) {
        loop {
            self.note_raises(None, undecided);
            let before = undecided.len();
            undecided.retain(|&function| {
                let finishes = self.can_finish(None, function);
                self.finishes[self.numbering.of(function) as usize] |= finishes;
                !finishes
            });
            if undecided.len() == before {
                return;
            }
        }
    }

    /// Works out what functions that do not finish may raise, without saying so, before they call again.
    fn note_raises(&mut self, view: Option<&View>, functions: &[FunctionId]) {
        const CODE: u8 = 1 << 3;
        let mut into: Vec<(FunctionId, Vec<FunctionId>)> = Vec::new();
        for &function in functions {
            let mut raises = self.definition(function).flags.operations();
            let mut callees = Vec::new();
            self.walk(
                view,
                function,
                |call| {
                    let targets = self.targets(view, function.file, call);
                    callees.extend_from_slice(&targets.functions);
                },
                |_| raises |= CODE,
            );
            self.raises.insert(function, raises);
            into.push((function, callees));
        }
        loop {
            let mut changed = false;
            for (function, callees) in &into {
                let own = self.raises.get(function).copied().unwrap_or(0);
                let below = callees.iter().filter_map(|callee| self.raises.get(callee));
                let all = below.fold(own, |all, raises| all | raises);
                if all != own {
                    self.raises.insert(*function, all);
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// What a call runs; with a view, what it runs on an instance of the view's class.
    fn targets(&self, view: Option<&View>, file: FileId, call: CallId) -> Targets<'_> {
        if let Some(view) = view
            && let Some((functions, uncertain)) =
                super::calls::on_receiver(self.index, file, call, view.receiver)
        {
            return Targets {
                functions: functions.into(),
                uncertain,
            };
        }
        let targets = self.calls.targets(file, call);
        Targets {
            functions: self.calls.functions(file, targets).into(),
            uncertain: targets.uncertain,
        }
    }

    fn finishes(&self, view: Option<&View>, function: FunctionId) -> bool {
        let seen = view.and_then(|view| view.finishes.get(&function));
        seen.copied()
            .unwrap_or_else(|| self.finishes[self.numbering.of(function) as usize])
    }

    /// Whether a path leads from the entry to an exit, given what is known to finish so far.
    fn can_finish(&self, view: Option<&View>, function: FunctionId) -> bool {
        let mut exits = false;
        self.walk_until(view, function, |step| {
            exits |= step == Walked::Exit;
            exits
        });
        exits
    }

    /// Walks the flow of a function from its entry: `blocked` gets every call that control reaches but that does not
    /// come back, `passed` those that may.
    fn walk(
        &self,
        view: Option<&View>,
        function: FunctionId,
        mut blocked: impl FnMut(CallId),
        mut passed: impl FnMut(CallId),
    ) {
        self.walk_until(view, function, |step| {
            match step {
                Walked::Blocked(call) => blocked(call),
                Walked::Passed(call) => passed(call),
                Walked::Exit => {}
            }
            false
        });
    }

    /// Walks the flow of a function from its entry until `stop` says so.
    fn walk_until(
        &self,
        view: Option<&View>,
        function: FunctionId,
        mut stop: impl FnMut(Walked) -> bool,
    ) {
        let facts = self.index.facts(function.file);
        let Ending::Depends(run) = self.definition(function).ending else {
            return;
        };
        let nodes = &facts.flow.nodes[run.range()];
        let mut seen = vec![false; nodes.len()];
        let mut stack = vec![0];
        while let Some(at) = stack.pop() {
            if std::mem::replace(&mut seen[at as usize], true) {
                continue;
            }
            let node = &nodes[at as usize];
            let next = &facts.flow.edges[node.next.range()];
            match node.step {
                FlowStep::Exit(_) => {
                    if stop(Walked::Exit) {
                        return;
                    }
                }
                FlowStep::Call(call) => match self.returns(view, function.file, call) {
                    Returning::No => {
                        if stop(Walked::Blocked(call)) {
                            return;
                        }
                        let raised = self.raised_by(view, function.file, call);
                        stack.extend(next.iter().filter(|&&at| {
                            matches!(nodes[at as usize].step,
                                FlowStep::Raised(awaited) if awaited & raised != 0)
                        }));
                        continue;
                    }
                    // Nothing behind the call runs, but the caller is left: by what the callee raised.
                    Returning::ByRaising => {
                        if stop(Walked::Passed(call)) || stop(Walked::Exit) {
                            return;
                        }
                    }
                    Returning::Yes => {
                        if stop(Walked::Passed(call)) {
                            return;
                        }
                    }
                },
                FlowStep::Join | FlowStep::Raised(_) => {}
            }
            stack.extend_from_slice(next);
        }
    }

    /// What the targets of a call that does not come back may raise on the way.
    fn raised_by(&self, view: Option<&View>, file: FileId, call: CallId) -> u8 {
        if self.raises.is_empty() {
            return 0;
        }
        let targets = self.targets(view, file, call);
        let raises = targets
            .functions
            .iter()
            .filter_map(|target| self.raises.get(target));
        raises.fold(0, |all, raises| all | raises)
    }

    fn returns(&self, view: Option<&View>, file: FileId, call: CallId) -> Returning {
        if self.leaving.contains(&(file, call)) {
            return Returning::ByRaising;
        }
        let targets = self.targets(view, file, call);
        if targets.uncertain || self.doubted.contains(&(file, call)) {
            return Returning::Yes;
        }
        let mode = self.index.facts(file).calls[call.index()].mode;
        let mut returning = Returning::No;
        for &target in &*targets.functions {
            if !self.runs_now(target, mode) {
                return Returning::Yes;
            }
            if self.finishes(view, target) {
                if self.definition(target).shape != Shape::Raises {
                    return Returning::Yes;
                }
                returning = Returning::ByRaising;
            }
        }
        returning
    }

    /// The cycles among functions that cannot finish, over the calls where control stops.
    fn components(&self, view: Option<&View>, undecided: &[FunctionId]) -> Vec<Component> {
        let mut edges: Vec<(u32, CycleCall)> = Vec::new();
        let position: FxHashMap<FunctionId, u32> = undecided
            .iter()
            .enumerate()
            .map(|(at, &function)| (function, at as u32))
            .collect();
        for &caller in undecided {
            self.walk(
                view,
                caller,
                |call| {
                    for &callee in &*self.targets(view, caller.file, call).functions {
                        if position.contains_key(&callee) {
                            let edge = CycleCall {
                                caller,
                                call,
                                callee,
                            };
                            edges.push((position[&caller], edge));
                        }
                    }
                },
                |_| {},
            );
        }
        let pairs = edges
            .iter()
            .map(|(from, edge)| (*from, position[&edge.callee]));
        let graph = Csr::new(undecided.len(), pairs.collect());
        let components = graph.cyclic_components().into_iter().map(|component| {
            let functions: Vec<FunctionId> =
                component.iter().map(|&at| undecided[at as usize]).collect();
            // The edges stand in the order of their callers.
            let own = component.iter().flat_map(|&at| {
                let first = edges.partition_point(|(from, _)| *from < at);
                edges[first..]
                    .iter()
                    .take_while(move |(from, _)| *from == at)
            });
            let inside = |edge: &CycleCall| functions.contains(&edge.callee);
            Component {
                edges: own.map(|(_, edge)| *edge).filter(inside).collect(),
                functions,
            }
        });
        components.collect()
    }

    /// Puts the functions of a component in call order and picks one call for each.
    fn cycle(&self, members: &[FunctionId], edges: Vec<CycleCall>, unconditional: bool) -> Cycle {
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
            receiver: None,
            doubt: None,
        }
    }
}

/// What a walk through a function comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walked {
    /// An exit.
    Exit,
    /// A call that does not come back.
    Blocked(CallId),
    /// A call that may.
    Passed(CallId),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Returning {
    Yes,
    No,
    ByRaising,
}
