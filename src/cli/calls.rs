//! The call graph by value flow under the names that people and benchmarks use.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::facts::DefinitionId;
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
    let names = Names::new(index, flow);
    let mut graph = CallGraph {
        omitted: Omitted {
            values: flow.omissions.values,
            calls: flow.omissions.calls,
        },
        calls: calls(index, flow, &names, external),
        ..CallGraph::default()
    };
    let mut path: Option<(FileId, Arc<str>)> = None;
    for code in flow.codes() {
        let (file, body) = flow.code(code);
        if index.file(file).language.declares_modules() || names.is_module(code) {
            continue;
        }
        let path = match &path {
            Some((of, path)) if *of == file => Arc::clone(path),
            _ => {
                let own: Arc<str> = index.file(file).path.to_string().into();
                path = Some((file, Arc::clone(&own)));
                own
            }
        };
        let function = Function {
            path,
            line: index.facts(file).lines.line(body.offset),
        };
        graph
            .functions
            .insert(Arc::clone(&names.paths[code.index()]), function);
    }
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

/// The calls, sorted: by the ranks of the names, so that these are compared only once.
fn calls(index: &Index, flow: &FlowGraph<'_>, names: &Names, external: bool) -> Vec<Call> {
    let mut externals: FxHashMap<External, usize> = FxHashMap::default();
    let mut all: Vec<Arc<str>> = names.paths.clone();
    let mut rows: Vec<(u32, u32, u32, Reason)> = Vec::with_capacity(flow.calls.len());
    for call in &flow.calls {
        let callee = match call.callee {
            Callee::Function(code) => code.index(),
            Callee::External(path) if external => *externals.entry(path).or_insert_with(|| {
                all.push(flow.external(path).into());
                all.len() - 1
            }),
            Callee::External(_) => continue,
        };
        let (file, _) = flow.code(call.caller);
        let line = index.facts(file).lines.line(call.offset);
        rows.push((call.caller.index() as u32, callee as u32, line, call.reason));
    }
    let mut order: Vec<u32> = (0..all.len() as u32).collect();
    order.sort_unstable_by(|&one, &other| all[one as usize].cmp(&all[other as usize]));
    // Different pieces of code may share a name.
    let mut ranks = vec![0u32; all.len()];
    let mut shared: Vec<&Arc<str>> = Vec::new();
    for &at in &order {
        let name = &all[at as usize];
        if shared.last().is_none_or(|last| *last != name) {
            shared.push(name);
        }
        ranks[at as usize] = shared.len() as u32 - 1;
    }
    for (caller, callee, ..) in &mut rows {
        *caller = ranks[*caller as usize];
        *callee = ranks[*callee as usize];
    }
    rows.sort_unstable_by_key(|&(caller, callee, line, reason)| {
        (caller, callee, line, reason.as_str())
    });
    rows.dedup();
    rows.into_iter()
        .map(|(caller, callee, line, reason)| Call {
            caller: Arc::clone(shared[caller as usize]),
            callee: Arc::clone(shared[callee as usize]),
            line,
            reason: reason.as_str(),
        })
        .collect()
}

/// The names of all pieces of code.
struct Names {
    /// `a.b:f.<locals>.g`; `a.b:<module>` for a module.
    paths: Vec<Arc<str>>,
    /// `a.b.f.g`, lambdas numbered within their scope.
    dotted: Vec<Arc<str>>,
    modules: Vec<bool>,
}

impl Names {
    fn new(index: &Index, flow: &FlowGraph<'_>) -> Self {
        let mut names = Self {
            paths: Vec::new(),
            dotted: Vec::new(),
            modules: Vec::new(),
        };
        let mut definitions: Option<(FileId, FxHashMap<u32, DefinitionId>)> = None;
        let mut first = 0;
        let mut lambdas: FxHashMap<String, u32> = FxHashMap::default();
        for code in flow.codes() {
            let (file, body) = flow.code(code);
            if definitions.as_ref().is_none_or(|(of, _)| *of != file) {
                first = code.0;
                let facts = index.facts(file);
                let by_offset = facts.definitions.iter().enumerate();
                let by_offset = by_offset
                    .map(|(at, what)| (what.name_span.start, DefinitionId(at as u32)))
                    .collect();
                definitions = Some((file, by_offset));
            }
            let is_module = code.0 == first;
            names.modules.push(is_module);
            if is_module {
                let module = index.module_name(file);
                names.paths.push(format!("{module}:<module>").into());
                names.dotted.push(module.into());
                continue;
            }
            let known = definitions
                .as_ref()
                .and_then(|(_, by_offset)| by_offset.get(&body.offset));
            let values = index.facts(file).values.as_deref();
            let own = values.map_or("", |values| values.texts.get(body.name));
            let path = match known {
                Some(&definition) => index.definition_path(file, definition),
                None => format!("{}:{own}", index.module_name(file)),
            };
            names.paths.push(path.into());
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
