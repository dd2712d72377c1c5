//! Shortest paths for `ssot why`: over imports from module to module, over calls from function to function.

use super::calls::{CallGraph, FunctionId};
use super::imports::{ImportEdge, ImportGraph};
use super::scc::Csr;
use crate::facts::{CallId, DefinitionId};
use crate::index::{FileId, Index, ModuleId};

/// A shortest chain of imports from one module to another, one edge a hop.
#[must_use]
pub fn import_path(
    index: &Index,
    graph: &ImportGraph,
    from: ModuleId,
    to: ModuleId,
) -> Option<Vec<ImportEdge>> {
    let csr = graph.csr(index.modules.all().len(), |_| true);
    let path = csr.shortest_path(from.0, to.0, |_| true)?;
    path.windows(2)
        .map(|hop| {
            graph
                .of(ModuleId(hop[0]))
                .iter()
                .find(|edge| edge.imported.0 == hop[1])
                .copied()
        })
        .collect()
}

/// One hop of a call chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallHop {
    /// The function that calls.
    pub caller: FunctionId,
    /// The call.
    pub call: CallId,
    /// The function called.
    pub callee: FunctionId,
}

/// A shortest chain of calls from one function to another.
#[must_use]
pub fn call_path(
    index: &Index,
    calls: &CallGraph,
    from: FunctionId,
    to: FunctionId,
) -> Option<Vec<CallHop>> {
    let mut bases = Vec::with_capacity(index.files.len());
    let mut total = 0;
    for file in &index.files {
        bases.push(total);
        total += file.facts.definitions.len() as u32;
    }
    let number = |function: FunctionId| bases[function.file.index()] + function.definition.0;
    let function = |number: u32| {
        let file = bases.partition_point(|&base| base <= number) - 1;
        FunctionId {
            file: FileId(file as u32),
            definition: DefinitionId(number - bases[file]),
        }
    };
    let mut edges = Vec::new();
    for file in index.file_ids() {
        for (at, call) in index.facts(file).calls.iter().enumerate() {
            let Some(caller) = calls.caller(file, call) else {
                continue;
            };
            let caller = FunctionId {
                file,
                definition: caller,
            };
            for &callee in calls.functions(file, calls.targets(file, CallId(at as u32))) {
                edges.push((number(caller), number(callee)));
            }
        }
    }
    let path = Csr::new(total as usize, edges).shortest_path(number(from), number(to), |_| true)?;
    path.windows(2)
        .map(|hop| first_call(index, calls, function(hop[0]), function(hop[1])))
        .collect()
}

fn first_call(
    index: &Index,
    calls: &CallGraph,
    caller: FunctionId,
    callee: FunctionId,
) -> Option<CallHop> {
    (0..index.facts(caller.file).calls.len() as u32)
        .map(CallId)
        .find(|&call| {
            calls.caller(caller.file, &index.facts(caller.file).calls[call.index()])
                == Some(caller.definition)
                && calls
                    .functions(caller.file, calls.targets(caller.file, call))
                    .contains(&callee)
        })
        .map(|call| CallHop {
            caller,
            call,
            callee,
        })
}
