//! Inherited methods as a subclass sees them: a cycle may close only over what the subclass overrides.

use rustc_hash::{FxHashMap, FxHashSet};

use super::doubt::Doubts;
use super::{Analysis, Cycle, CycleCall, View};
use crate::facts::{CallId, DefinitionFlags, DefinitionId, DefinitionKind, Ending, FlowStep, Root};
use crate::graph::calls::FunctionId;
use crate::index::{Ancestor, ClassId, FileId, Index};

/// What the methods of all classes call on their own instances. Names are numbers: classes compare many.
#[derive(Default)]
struct SelfCalls<'a> {
    names: FxHashMap<&'a str, u32>,
    /// By class: its methods that end only through calls, each with what it calls.
    of: FxHashMap<ClassId, Vec<(u32, Vec<SelfCall>)>>,
}

/// A name called on a method's own instance.
#[derive(Clone, Copy)]
struct SelfCall {
    name: u32,
    /// Through `super()`: no override is reached by it.
    is_super: bool,
}

impl<'a> SelfCalls<'a> {
    fn number(&mut self, name: &'a str) -> u32 {
        let next = self.names.len() as u32;
        *self.names.entry(name).or_insert(next)
    }
}

/// A set of names, made empty at no cost.
struct Names {
    /// By number, the round in which it was last inserted.
    round: Vec<u32>,
    now: u32,
}

impl Names {
    fn new(count: usize) -> Self {
        Self {
            round: vec![0; count],
            now: 0,
        }
    }

    fn clear(&mut self) {
        self.now += 1;
    }

    fn insert(&mut self, name: u32) -> bool {
        std::mem::replace(&mut self.round[name as usize], self.now) != self.now
    }

    fn contains(&self, name: u32) -> bool {
        self.round[name as usize] == self.now
    }
}

impl<'a> Analysis<'a> {
    /// The unconditional cycles that close for instances of some class only, because it overrides a method that an
    /// inherited one calls.
    pub(super) fn inherited(&mut self, known: &[Cycle], doubts: &mut Doubts<'_>) -> Vec<Cycle> {
        let calls = self.self_calls();
        let mut classes: Vec<ClassId> = calls.of.keys().copied().collect();
        classes.extend_from_slice(self.index.classes_of_several_bases());
        classes.sort_unstable();
        classes.dedup();
        let mut told: FxHashSet<Vec<FunctionId>> =
            known.iter().map(|cycle| sorted(&cycle.functions)).collect();
        let mut cycles = Vec::new();
        let mut seen = Names::new(calls.names.len());
        for class in classes {
            if !may_close(self.index, &calls, class, &mut seen) {
                continue;
            }
            for cycle in self.cycles_of(class, doubts) {
                if told.insert(sorted(&cycle.functions)) {
                    cycles.push(cycle);
                }
            }
        }
        cycles
    }

    fn self_calls(&self) -> SelfCalls<'a> {
        let mut calls = SelfCalls::default();
        for &FunctionId { file, definition } in &self.depending {
            let facts = self.index.facts(file);
            let definition = &facts.definitions[definition.index()];
            let (Ending::Depends(run), Some(class)) = (
                definition.ending,
                facts.scopes[definition.parent.index()].definition,
            ) else {
                continue;
            };
            if facts.definitions[class.index()].kind != DefinitionKind::Class {
                continue;
            }
            let steps = facts.flow.nodes[run.range()].iter();
            let names = steps.filter_map(|node| match node.step {
                FlowStep::Call(call) => self_call(self.index, &mut calls, file, call),
                _ => None,
            });
            let names: Vec<SelfCall> = names.collect();
            if !names.is_empty() {
                let class = ClassId {
                    file,
                    definition: class,
                };
                let Some(class) = self.index.whole_class(class) else {
                    continue;
                };
                let own = (calls.number(facts.name(definition.name)), names);
                calls.of.entry(class).or_default().push(own);
            }
        }
        calls
    }

    /// The cycles that instances of a class run into.
    fn cycles_of(&mut self, class: ClassId, doubts: &mut Doubts<'_>) -> Vec<Cycle> {
        let mut view = View {
            receiver: class,
            finishes: FxHashMap::default(),
        };
        // What was found out for the project as a whole, or for another class, need not hold here.
        self.doubted.clear();
        self.raises.clear();
        let mut undecided = self.methods_of(class);
        view.finishes = undecided.iter().map(|&method| (method, false)).collect();
        loop {
            let before = undecided.len();
            undecided.retain(|&method| {
                let finishes = self.can_finish(Some(&view), method);
                view.finishes.insert(method, finishes);
                !finishes
            });
            if undecided.len() == before {
                break;
            }
        }
        // What the exceptions of callees change is asked only of what is left; so is whether the calls are certain.
        loop {
            let components = self.components(Some(&view), &undecided);
            if components.is_empty() || is_abstract(self.index, class) {
                return Vec::new();
            }
            self.note_leaving(&undecided);
            self.note_raises(Some(&view), &undecided);
            for edge in components.iter().flat_map(|component| &component.edges) {
                if doubts.of(edge, Some(class), false).is_some() {
                    self.doubted.insert((edge.caller.file, edge.call));
                }
            }
            let before = undecided.len();
            undecided.retain(|&method| {
                let finishes = self.can_finish(Some(&view), method);
                view.finishes.insert(method, finishes);
                !finishes
            });
            if undecided.len() == before {
                // Otherwise it is the circle of the class that the methods come from, and told there.
                let overriding = |edge: &CycleCall| {
                    let file = edge.caller.file;
                    let plain = self.calls.targets(file, edge.call);
                    !self.calls.functions(file, plain).contains(&edge.callee)
                };
                return components
                    .into_iter()
                    .filter(|component| component.edges.iter().any(overriding))
                    .map(|component| {
                        let mut cycle = self.cycle(&component.functions, component.edges, true);
                        cycle.receiver = Some(class);
                        cycle
                    })
                    .collect();
            }
        }
    }

    /// The methods that a class has or inherits and that end only through calls.
    fn methods_of(&self, class: ClassId) -> Vec<FunctionId> {
        let mut methods = Vec::new();
        for ancestor in self.index.mro(class) {
            // What is behind an unknown base is not certain to be reached.
            let Ancestor::Class(class) = ancestor else {
                break;
            };
            for class in [class].into_iter().chain(self.index.parts(*class)) {
                let facts = self.index.facts(class.file);
                let body = facts.definitions[class.definition.index()].body;
                for (at, definition) in facts.definitions.iter().enumerate() {
                    if definition.parent == body && matches!(definition.ending, Ending::Depends(_))
                    {
                        methods.push(FunctionId {
                            file: class.file,
                            definition: DefinitionId(at as u32),
                        });
                    }
                }
            }
        }
        methods.sort_unstable();
        methods
    }
}

/// The name of a call through `self`, `cls` or `super()`.
fn self_call<'a>(
    index: &'a Index,
    calls: &mut SelfCalls<'a>,
    file: FileId,
    call: CallId,
) -> Option<SelfCall> {
    let facts = index.facts(file);
    let callee = &facts.calls[call.index()].callee;
    let is_super = match callee.root {
        Root::Instance(_) | Root::Class(_) => false,
        Root::Super(_) => true,
        _ => return None,
    };
    match facts.path(callee.path) {
        [name] => Some(SelfCall {
            name: calls.number(facts.name(*name)),
            is_super,
        }),
        _ => None,
    }
}

/// Whether a method that a class inherits calls, on its own instance, one that the class or an earlier base defines, and
/// that, going by names alone, may call it back.
fn may_close(index: &Index, calls: &SelfCalls<'_>, class: ClassId, seen: &mut Names) -> bool {
    let mut overriding: Vec<(u32, u32)> = Vec::new();
    // What is behind an unknown base is not certain to be reached.
    let order = index
        .mro(class)
        .iter()
        .map_while(|ancestor| match ancestor {
            Ancestor::Class(class) => Some(class),
            Ancestor::Unknown => None,
        });
    let methods: Vec<_> = order.filter_map(|class| calls.of.get(class)).collect();
    seen.clear();
    for own in &methods {
        for (method, called) in *own {
            let others = called.iter().filter(|call| !call.is_super);
            let others = others.filter(|call| seen.contains(call.name));
            overriding.extend(others.map(|call| (*method, call.name)));
        }
        for (name, _) in *own {
            seen.insert(*name);
        }
    }
    overriding.iter().any(|&(method, called)| {
        seen.clear();
        let mut stack = vec![called];
        while let Some(at) = stack.pop() {
            if at == method {
                return true;
            }
            if seen.insert(at) {
                let own = methods.iter().flat_map(|own| own.iter());
                let own = own.filter(|(name, _)| *name == at);
                stack.extend(own.flat_map(|(_, called)| called.iter().map(|call| call.name)));
            }
        }
        false
    })
}

/// Whether a class leaves a method abstract: it has no instances.
fn is_abstract(index: &Index, class: ClassId) -> bool {
    let order = index.mro(class);
    order.iter().any(|ancestor| {
        let Ancestor::Class(above) = ancestor else {
            return false;
        };
        let facts = index.facts(above.file);
        let body = facts.definitions[above.definition.index()].body;
        facts.definitions.iter().any(|definition| {
            definition.parent == body
                && definition.flags.contains(DefinitionFlags::ABSTRACT)
                && index
                    .member_of_class(class, facts.name(definition.name), false)
                    .is_none_or(|members| {
                        members.iter().any(|&member| {
                            index.definition(member).is_some_and(|(_, definition)| {
                                definition.flags.contains(DefinitionFlags::ABSTRACT)
                            })
                        })
                    })
        })
    })
}

fn sorted(functions: &[FunctionId]) -> Vec<FunctionId> {
    let mut sorted = functions.to_vec();
    sorted.sort_unstable();
    sorted
}
