//! The call graph of languages whose calls are resolved by name and type alone, without following values.

use std::sync::Arc;

use crate::facts::{CallId, DefinitionId, DefinitionKind};
use crate::graph::calls::CallGraph as Resolved;
use crate::graph::flow::Reason;
use crate::index::{FileId, Index};
use crate::report::graph::{Call, CallGraph, Function};

/// Adds the functions and calls of such files to a graph. `external` adds what is outside the project.
pub(super) fn add(index: &Index, graph: &mut CallGraph, external: bool, adjacency: bool) {
    let files: Vec<FileId> = index
        .file_ids()
        .filter(|&file| index.file(file).language.declares_modules())
        .collect();
    if files.is_empty() {
        return;
    }
    let resolved = Resolved::build(index);
    for file in files {
        functions_of(index, file, graph, adjacency);
        for (caller, callee, line) in calls_of(index, &resolved, file, external) {
            let (caller, callee): (Arc<str>, Arc<str>) = (caller.into(), callee.into());
            if adjacency {
                let callees = graph.adjacency.entry(Arc::clone(&caller)).or_default();
                callees.insert(Arc::clone(&callee));
            }
            graph.calls.push(Call {
                caller,
                callee,
                line,
                reason: Reason::Direct.as_str(),
            });
        }
    }
    graph.calls.sort();
    graph.calls.dedup();
}

fn functions_of(index: &Index, file: FileId, graph: &mut CallGraph, adjacency: bool) {
    let facts = index.facts(file);
    for (at, definition) in facts.definitions.iter().enumerate() {
        if definition.kind == DefinitionKind::Class {
            continue;
        }
        let name: Arc<str> = index.definition_path(file, DefinitionId(at as u32)).into();
        if adjacency {
            graph.adjacency.entry(Arc::clone(&name)).or_default();
        }
        let function = Function {
            path: Arc::clone(&index.file(file).path),
            line: facts.lines.line(definition.name_span.start),
        };
        // Where conditions choose between several of a name, the first one stands for all.
        graph.functions.entry(name).or_insert(function);
    }
}

/// Callers, callees and lines.
fn calls_of<'i>(
    index: &'i Index,
    resolved: &'i Resolved,
    file: FileId,
    external: bool,
) -> impl Iterator<Item = (String, String, u32)> + 'i {
    let facts = index.facts(file);
    let calls = (0..).map(CallId).zip(&facts.calls);
    calls.flat_map(move |(id, call)| {
        let Some(caller) = resolved.caller(file, call) else {
            return Vec::new();
        };
        let caller = index.definition_path(file, caller);
        let line = facts.lines.line(call.callee.span.start);
        let functions = resolved.functions(file, resolved.targets(file, id)).iter();
        let mut callees: Vec<String> = functions
            .map(|function| index.definition_path(function.file, function.definition))
            .collect();
        if external {
            callees.extend(super::views::external_paths(index, file, id));
        }
        let hops = callees.into_iter();
        hops.map(|callee| (caller.clone(), callee, line)).collect()
    })
}
