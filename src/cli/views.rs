//! Graphs as the reports want them: names instead of ids.

use crate::facts::{CallId, ImportId, ImportTarget, Root, When};
use crate::graph::imports::{importing_module, reached};
use crate::index::{Entity, FileId, Index, ModuleRef};
use crate::report::graph::{Import, ImportGraph, Module};

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
        if importing_module(index, file).is_none() {
            continue;
        }
        let facts = index.facts(file);
        for at in 0..facts.imports.len() as u32 {
            let id = ImportId(at);
            let import = &facts.imports[id.index()];
            let Some(importer) = index.module_at(file, import.scope) else {
                continue;
            };
            let declared = index.module(importer).declared.is_some();
            let imported = match reached(index, file, id) {
                Some(module) if declared && module == importer => continue,
                Some(module) => index.module(module).name.to_string(),
                None if external && index.imported_module(file, id) == ModuleRef::External => {
                    let name = facts
                        .name(import.module)
                        .trim_start_matches("::")
                        .to_owned();
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
