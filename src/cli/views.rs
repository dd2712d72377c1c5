//! Graphs as the reports want them: names instead of ids.

use anyhow::{Result, bail};

use crate::Graphs;
use crate::facts::{DefinitionId, DefinitionKind, ImportId, ImportTarget, When};
use crate::graph::calls::FunctionId;
use crate::graph::imports::{importing_module, reached};
use crate::graph::paths::{call_path, import_path};
use crate::index::{Index, ModuleRef};
use crate::report::graph::{Answer, Hop, Import, ImportGraph, Module};
use crate::suggest::did_you_mean;

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

/// A shortest path between two modules, or between two functions.
pub(super) fn why(index: &Index, graphs: &Graphs, from: &str, to: &str) -> Result<Answer> {
    if from.contains(':') != to.contains(':') {
        bail!("name two modules (`a.b`) or two functions (`a.b:f`)");
    }
    let hops = if from.contains(':') {
        let (start, end) = (find_function(index, from)?, find_function(index, to)?);
        call_path(index, &graphs.calls, start, end).map(|hops| {
            hops.iter()
                .map(|hop| {
                    let file = hop.caller.file;
                    let call = &index.facts(file).calls[hop.call.index()];
                    Hop {
                        from: index.definition_path(hop.caller.file, hop.caller.definition),
                        verb: "calls",
                        to: index.definition_path(hop.callee.file, hop.callee.definition),
                        path: index.file(file).path.to_string(),
                        line: index.facts(file).lines.line(call.callee.span.start),
                    }
                })
                .collect()
        })
    } else {
        let module = |name: &str| {
            if let Some(id) = index.modules.by_name(name) {
                return Ok(id);
            }
            let names = index.modules.all().iter().map(|module| &*module.name);
            bail!("there is no module `{name}`{}", did_you_mean(name, names))
        };
        import_path(index, &graphs.imports, module(from)?, module(to)?).map(|edges| {
            edges
                .iter()
                .map(|edge| {
                    let import = &index.facts(edge.file).imports[edge.import.index()];
                    Hop {
                        from: index.module(edge.importer).name.to_string(),
                        verb: "imports",
                        to: index.module(edge.imported).name.to_string(),
                        path: index.file(edge.file).path.to_string(),
                        line: index.facts(edge.file).lines.line(import.statement.start),
                    }
                })
                .collect()
        })
    };
    Ok(match hops {
        Some(hops) => Answer::Path(hops),
        None => Answer::None(format!("No path leads from `{from}` to `{to}`.")),
    })
}

fn find_function(index: &Index, path: &str) -> Result<FunctionId> {
    let module = path.split(':').next().unwrap_or("");
    let mut names = Vec::new();
    for file in index
        .file_ids()
        .filter(|&file| index.module_name(file) == module)
    {
        for (at, definition) in index.facts(file).definitions.iter().enumerate() {
            if definition.kind == DefinitionKind::Class {
                continue;
            }
            let definition = DefinitionId(at as u32);
            let name = index.definition_path(file, definition);
            if name == path {
                return Ok(FunctionId { file, definition });
            }
            names.push(name);
        }
    }
    bail!(
        "there is no function `{path}`{}",
        did_you_mean(path, names.iter().map(String::as_str))
    )
}
