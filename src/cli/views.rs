//! Graphs as the reports want them: names instead of ids.

use rustc_hash::FxHashMap;

use crate::facts::{
    CallId, CallMode, DefinitionId, DefinitionKind, ImportId, ImportTarget, Root, ScopeId,
    ScopeKind, When,
};
use crate::graph::calls::{CallGraph as Calls, FunctionId};
use crate::graph::imports::{importing_module, reached};
use crate::index::{Entity, FileId, Index, ModuleRef};
use crate::report::graph::{Call, CallGraph, Function, Import, ImportGraph, Module};

const fn when_word(when: When) -> &'static str {
    match when {
        When::Import => "import",
        When::TypeChecking => "type-checking",
        When::Deferred => "deferred",
    }
}

/// Which modules import which.
pub(super) fn import_graph(index: &Index, external: bool) -> ImportGraph {
    let mut graph = ImportGraph::default();
    for module in index.modules.all() {
        if let Some(file) = module.file {
            let path = Some(index.file(file).path.to_string());
            graph
                .modules
                .insert(module.name.to_string(), Module { path });
        }
    }
    for file in index.file_ids() {
        let Some(importer) = importing_module(index, file) else {
            continue;
        };
        let facts = index.facts(file);
        for at in 0..facts.imports.len() as u32 {
            let id = ImportId(at);
            let import = &facts.imports[id.index()];
            let imported = match reached(index, file, id) {
                Some(module) => index.module(module).name.to_string(),
                None if external && index.imported_module(file, id) == ModuleRef::External => {
                    let name = facts.name(import.module).to_owned();
                    graph
                        .modules
                        .entry(name.clone())
                        .or_insert(Module { path: None });
                    name
                }
                None => continue,
            };
            graph.imports.push(Import {
                importer: index.module(importer).name.to_string(),
                imported,
                name: match import.target {
                    ImportTarget::Name(name) => Some(facts.name(name).to_owned()),
                    ImportTarget::Star => Some("*".to_owned()),
                    ImportTarget::Module | ImportTarget::ModuleAs => None,
                },
                line: facts.lines.line(import.statement.start),
                when: when_word(import.when),
            });
        }
    }
    graph.imports.sort();
    graph
}

/// Which functions call which.
pub(super) fn call_graph(
    index: &Index,
    calls: &Calls,
    external: bool,
    adjacency: bool,
) -> CallGraph {
    let mut graph = CallGraph::default();
    for file in index.file_ids() {
        let facts = index.facts(file);
        for (at, definition) in facts.definitions.iter().enumerate() {
            if definition.kind != DefinitionKind::Class {
                let function = Function {
                    path: index.file(file).path.to_string(),
                    line: facts.lines.line(definition.name_span.start),
                };
                let name = index.definition_path(file, DefinitionId(at as u32));
                graph.functions.insert(name, function);
            }
        }
        for (at, call) in facts.calls.iter().enumerate() {
            if matches!(
                call.mode,
                CallMode::PropertyGet | CallMode::PropertySet | CallMode::Operator
            ) {
                continue;
            }
            let caller = match calls.caller(file, call) {
                Some(id) => index.definition_path(file, id),
                None => format!("{}:<module>", index.module_name(file)),
            };
            let targets = calls.targets(file, CallId(at as u32));
            let functions = calls.functions(file, targets).iter();
            let mut callees: Vec<String> = functions
                .map(|function| index.definition_path(function.file, function.definition))
                .collect();
            if external {
                callees.extend(external_paths(index, file, CallId(at as u32)));
            }
            for callee in callees {
                graph.calls.push(Call {
                    caller: caller.clone(),
                    callee,
                    line: facts.lines.line(call.callee.span.start),
                });
            }
        }
    }
    graph.calls.sort();
    graph.calls.dedup();
    if adjacency {
        add_adjacency(index, calls, &mut graph);
    }
    graph
}

/// The paths outside the project that a call may reach.
pub(super) fn external_paths(index: &Index, file: FileId, call: CallId) -> Vec<String> {
    let callee = &index.facts(file).calls[call.index()].callee;
    if !matches!(callee.root, Root::Bound(_)) {
        return Vec::new();
    }
    let lookup = index.reference(file, callee);
    let mut paths = lookup.externals;
    paths.extend(lookup.entities.iter().filter_map(|entity| match entity {
        Entity::External(id) => Some(index.origins.external(*id).to_owned()),
        _ => None,
    }));
    paths
}

/// Dotted names of functions as call-graph benchmarks write them.
struct DottedNames<'a> {
    index: &'a Index,
    /// Numbers of lambdas within their scopes.
    lambdas: FxHashMap<FunctionId, u32>,
}

impl<'a> DottedNames<'a> {
    fn new(index: &'a Index) -> Self {
        let mut lambdas = FxHashMap::default();
        for file in index.file_ids() {
            let mut counts: FxHashMap<ScopeId, u32> = FxHashMap::default();
            let mut in_order: Vec<(u32, DefinitionId)> = Vec::new();
            for (at, definition) in index.facts(file).definitions.iter().enumerate() {
                if definition.kind == DefinitionKind::Lambda {
                    in_order.push((definition.span.start, DefinitionId(at as u32)));
                }
            }
            in_order.sort_unstable();
            for (_, definition) in in_order {
                let scope = index.facts(file).definitions[definition.index()].parent;
                let count = counts.entry(scope).or_default();
                *count += 1;
                lambdas.insert(FunctionId { file, definition }, *count);
            }
        }
        Self { index, lambdas }
    }

    fn function(&self, function: FunctionId) -> String {
        let facts = self.index.facts(function.file);
        let definition = &facts.definitions[function.definition.index()];
        let own = match self.lambdas.get(&function) {
            Some(number) => format!("<lambda{number}>"),
            None => facts.name(definition.name).to_owned(),
        };
        format!("{}.{own}", self.scope(function.file, definition.parent))
    }

    fn scope(&self, file: FileId, scope: ScopeId) -> String {
        let here = self.index.facts(file).scopes[scope.index()];
        match (here.kind, here.definition) {
            (ScopeKind::Module, _) | (_, None) => self.index.module_name(file).to_owned(),
            (_, Some(definition)) => self.function(FunctionId { file, definition }),
        }
    }
}

fn add_adjacency(index: &Index, calls: &Calls, graph: &mut CallGraph) {
    let names = DottedNames::new(index);
    for file in index.file_ids() {
        let facts = index.facts(file);
        graph
            .adjacency
            .entry(index.module_name(file).to_owned())
            .or_default();
        for (at, definition) in facts.definitions.iter().enumerate() {
            if definition.kind != DefinitionKind::Class {
                let function = FunctionId {
                    file,
                    definition: DefinitionId(at as u32),
                };
                graph.adjacency.entry(names.function(function)).or_default();
            }
        }
        for (at, call) in facts.calls.iter().enumerate() {
            let id = CallId(at as u32);
            let caller = match calls.caller(file, call) {
                Some(definition) => names.function(FunctionId { file, definition }),
                None => index.module_name(file).to_owned(),
            };
            let targets = calls.targets(file, id);
            let functions = calls.functions(file, targets).iter();
            let mut callees: Vec<String> = functions
                .map(|&function| names.function(function))
                .collect();
            callees.extend(external_paths(index, file, id));
            let path: String = facts
                .path(call.callee.path)
                .iter()
                .flat_map(|&name| [".", facts.name(name)])
                .collect();
            match call.callee.root {
                Root::Free(name)
                    if callees.is_empty() && crate::lang::is_builtin(facts.name(name)) =>
                {
                    callees.push(format!("<builtin>.{}{path}", facts.name(name)));
                }
                Root::Literal(name) => callees.push(format!(
                    "<**{}**>{path}",
                    crate::lang::literal_type(facts.name(name))
                )),
                _ => {}
            }
            graph.adjacency.entry(caller).or_default().extend(callees);
        }
    }
}
