//! The call graph by value flow under the names that people and benchmarks use.

use rustc_hash::FxHashMap;

use crate::facts::DefinitionId;
use crate::graph::flow::{Callee, Code, FlowGraph};
use crate::index::{FileId, Index};
use crate::report::graph::{Call, CallGraph, Function};
use crate::values::{CodeFlags, CodeId, Owner};

/// Who calls whom, through values as well as names. `external` adds what is outside the project.
pub(super) fn call_graph(
    index: &Index,
    flow: &FlowGraph<'_>,
    external: bool,
    adjacency: bool,
) -> CallGraph {
    let mut graph = CallGraph::default();
    let names = Names::new(index, flow);
    for code in flow.codes() {
        let (file, body) = flow.code(code);
        if index.file(file).language.declares_modules()
            || body.owner == Owner::Code(CodeId::MODULE) && names.is_module(code)
        {
            continue;
        }
        let function = Function {
            path: index.file(file).path.to_string(),
            line: index.facts(file).lines.line(body.offset),
        };
        graph
            .functions
            .insert(names.paths[code.index()].clone(), function);
    }
    for call in &flow.calls {
        let (file, _) = flow.code(call.caller);
        let callee = match call.callee {
            Callee::Function(code) => names.paths[code.index()].clone(),
            Callee::External(path) if external => flow.external(path).to_owned(),
            Callee::External(_) => continue,
        };
        graph.calls.push(Call {
            caller: names.paths[call.caller.index()].clone(),
            callee,
            line: index.facts(file).lines.line(call.offset),
            reason: call.reason.as_str(),
        });
    }
    graph.calls.sort();
    graph.calls.dedup();
    if adjacency {
        let declares = |code: &Code| index.file(flow.code(*code).0).language.declares_modules();
        for code in flow.codes().filter(|code| !declares(code)) {
            graph
                .adjacency
                .entry(names.dotted[code.index()].clone())
                .or_default();
        }
        for call in &flow.calls {
            let callee = match call.callee {
                Callee::Function(code) => names.dotted[code.index()].clone(),
                Callee::External(path) => flow.external(path).to_owned(),
            };
            graph
                .adjacency
                .entry(names.dotted[call.caller.index()].clone())
                .or_default()
                .insert(callee);
        }
    }
    graph
}

/// The names of all pieces of code.
struct Names {
    /// `a.b:f.<locals>.g`; `a.b:<module>` for a module.
    paths: Vec<String>,
    /// `a.b.f.g`, lambdas numbered within their scope.
    dotted: Vec<String>,
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
                names.paths.push(format!("{module}:<module>"));
                names.dotted.push(module.to_owned());
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
            names.paths.push(path);
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
            names.dotted.push(format!("{scope}.{own}"));
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
    dotted: &[String],
) -> String {
    match owner {
        Owner::Code(code) => dotted[(first + code.0) as usize].clone(),
        Owner::Class(class) => {
            let body = &values.classes[class.index()];
            let outer = owner_name(values, body.owner, first, dotted);
            format!("{outer}.{}", values.texts.get(body.name))
        }
    }
}
