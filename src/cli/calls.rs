//! The call graph by value flow under the names that people and benchmarks use.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::graph::flow::{Callee, Code, External, FlowGraph, Reason};
use crate::index::{FileId, Index};
use crate::report::graph::{Call, CallGraph, Function, Omitted};
use crate::values::{CodeFlags, Owner};

/// Who calls whom, through values as well as names. `external` adds what is outside the project.
pub(super) fn call_graph(
    index: &Index,
    flow: &FlowGraph<'_>,
    external: bool,
    adjacency: bool,
) -> CallGraph {
    let names = Names::new(index, flow, adjacency);
    let ranked = Ranked::new(flow, &names, external);
    let mut graph = CallGraph {
        omitted: Omitted {
            values: flow.omissions.values,
            calls: flow.omissions.calls,
        },
        calls: calls(index, flow, &ranked),
        functions: functions(index, flow, &names, &ranked),
        ..CallGraph::default()
    };
    if adjacency {
        let declares = |code: &Code| index.file(flow.code(*code).0).language.declares_modules();
        for code in flow.codes().filter(|code| !declares(code)) {
            graph
                .adjacency
                .entry(Arc::clone(&names.dotted[code.index()]))
                .or_default();
        }
        for call in &flow.calls {
            let callee = match call.callee {
                Callee::Function(code) => Arc::clone(&names.dotted[code.index()]),
                Callee::External(path) => flow.external(path).into(),
            };
            graph
                .adjacency
                .entry(Arc::clone(&names.dotted[call.caller.index()]))
                .or_default()
                .insert(callee);
        }
    }
    graph
}

/// The functions by name; of several that share one, the last.
fn functions(
    index: &Index,
    flow: &FlowGraph<'_>,
    names: &Names,
    ranked: &Ranked,
) -> BTreeMap<Arc<str>, Function> {
    // In the order of the names the map need not look for their places.
    let codes = ranked.order.iter().map(|&at| Code(at));
    codes
        .filter(|code| code.index() < names.paths.len() && !names.is_module(*code))
        .filter_map(|code| {
            let (file, body) = flow.code(code);
            let of = index.file(file);
            let function = Function {
                path: Arc::clone(&of.path),
                line: index.facts(file).lines.line(body.offset),
            };
            let name = Arc::clone(&names.paths[code.index()]);
            (!of.language.declares_modules()).then_some((name, function))
        })
        .collect()
}

/// The calls, sorted: by the ranks of the names, so that these are compared only once.
fn calls(index: &Index, flow: &FlowGraph<'_>, ranked: &Ranked) -> Vec<Call> {
    let mut rows: Vec<(u32, u32, u32, Reason)> = Vec::with_capacity(flow.calls.len());
    for call in &flow.calls {
        let callee = match call.callee {
            Callee::Function(code) => code.index(),
            Callee::External(path) => match ranked.externals.get(&path) {
                Some(&at) => at,
                None => continue,
            },
        };
        let (file, _) = flow.code(call.caller);
        let line = index.facts(file).lines.line(call.offset);
        let rank = |at: usize| ranked.ranks[at];
        rows.push((rank(call.caller.index()), rank(callee), line, call.reason));
    }
    rows.sort_unstable_by_key(|&(caller, callee, line, reason)| {
        (caller, callee, line, reason.as_str())
    });
    rows.dedup();
    rows.into_iter()
        .map(|(caller, callee, line, reason)| Call {
            caller: Arc::clone(&ranked.shared[caller as usize]),
            callee: Arc::clone(&ranked.shared[callee as usize]),
            line,
            reason: reason.as_str(),
        })
        .collect()
}

/// All names in their order.
struct Ranked {
    /// Pieces of code, and what stands for names outside behind them, by name.
    order: Vec<u32>,
    /// The rank of each; different pieces of code may share a name.
    ranks: Vec<u32>,
    /// The name of each rank.
    shared: Vec<Arc<str>>,
    /// Names outside the project that are called, where they are wanted.
    externals: FxHashMap<External, usize>,
}

impl Ranked {
    fn new(flow: &FlowGraph<'_>, names: &Names, external: bool) -> Self {
        let mut externals: FxHashMap<External, usize> = FxHashMap::default();
        let mut all: Vec<Arc<str>> = names.paths.clone();
        for call in flow.calls.iter().filter(|_| external) {
            if let Callee::External(path) = call.callee {
                externals.entry(path).or_insert_with(|| {
                    all.push(flow.external(path).into());
                    all.len() - 1
                });
            }
        }
        let mut order: Vec<u32> = (0..all.len() as u32).collect();
        order.sort_unstable_by(|&one, &other| {
            let names = all[one as usize].cmp(&all[other as usize]);
            names.then(one.cmp(&other))
        });
        let mut ranks = vec![0u32; all.len()];
        let mut shared: Vec<Arc<str>> = Vec::new();
        for &at in &order {
            let name = &all[at as usize];
            if shared.last().is_none_or(|last| last != name) {
                shared.push(Arc::clone(name));
            }
            ranks[at as usize] = shared.len() as u32 - 1;
        }
        Self {
            order,
            ranks,
            shared,
            externals,
        }
    }
}

/// The names of all pieces of code.
struct Names {
    /// `a.b:f.<locals>.g`; `a.b:<module>` for a module.
    paths: Vec<Arc<str>>,
    /// `a.b.f.g`, lambdas numbered within their scope; made only when asked for.
    dotted: Vec<Arc<str>>,
    modules: Vec<bool>,
}

impl Names {
    fn new(index: &Index, flow: &FlowGraph<'_>, dotted: bool) -> Self {
        let mut names = Self {
            paths: Vec::new(),
            dotted: Vec::new(),
            modules: Vec::new(),
        };
        let mut first: Option<(FileId, u32)> = None;
        let mut lambdas: FxHashMap<String, u32> = FxHashMap::default();
        for code in flow.codes() {
            let (file, body) = flow.code(code);
            let first = match first {
                Some((of, first)) if of == file => first,
                _ => {
                    first = Some((file, code.0));
                    code.0
                }
            };
            let is_module = code.0 == first;
            names.modules.push(is_module);
            if is_module {
                let module = index.module_name(file);
                names.paths.push(format!("{module}:<module>").into());
                if dotted {
                    names.dotted.push(module.into());
                }
                continue;
            }
            let values = index.facts(file).values.as_deref();
            let own = values.map_or("", |values| values.texts.get(body.name));
            let path = match flow.definition(code) {
                Some(definition) => index.definition_path(file, definition),
                None => format!("{}:{own}", index.module_name(file)),
            };
            names.paths.push(path.into());
            if !dotted {
                continue;
            }
            let scope = values.map_or(String::new(), |values| {
                owner_name(values, body.owner, first, &names.dotted)
            });
            let own = if body.flags.contains(CodeFlags::LAMBDA) {
                let number = lambdas.entry(scope.clone()).or_default();
                *number += 1;
                format!("<lambda{number}>")
            } else {
                own.to_owned()
            };
            names.dotted.push(format!("{scope}.{own}").into());
        }
        names
    }

    fn is_module(&self, code: Code) -> bool {
        self.modules[code.index()]
    }
}

/// The dotted name of what a piece of code stands in.
fn owner_name(
    values: &crate::values::Values,
    owner: Owner,
    first: u32,
    dotted: &[Arc<str>],
) -> String {
    match owner {
        Owner::Code(code) => dotted[(first + code.0) as usize].to_string(),
        Owner::Class(class) => {
            let body = &values.classes[class.index()];
            let outer = owner_name(values, body.owner, first, dotted);
            format!("{outer}.{}", values.texts.get(body.name))
        }
    }
}
