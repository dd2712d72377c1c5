//! The import graph: one edge for each imported name.

use crate::facts::{ImportId, ImportTarget, When};
use crate::graph::scc::Csr;
use crate::index::{FileId, Index, ModuleId, ModuleRef};

/// One imported name, from module to module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportEdge {
    /// The module that imports.
    pub importer: ModuleId,
    /// What the statement reaches.
    pub imported: ModuleId,
    /// The file of the statement: the importer's source or its stub.
    pub file: FileId,
    /// The import in that file.
    pub import: ImportId,
    /// When it runs.
    pub when: When,
    /// Whether importing the importer runs it.
    pub runs_on_import: bool,
}

/// All imports between modules of the project.
#[derive(Debug, Default)]
pub struct ImportGraph {
    /// Edges by importer, then in source order.
    pub edges: Vec<ImportEdge>,
}

impl ImportGraph {
    /// Collects the edges.
    #[must_use]
    pub fn build(index: &Index) -> Self {
        let mut edges = Vec::new();
        for file in index.file_ids() {
            if importing_module(index, file).is_none() {
                continue;
            }
            for at in 0..index.facts(file).imports.len() as u32 {
                let import = ImportId(at);
                if let Some(imported) = reached(index, file, import) {
                    let what = &index.facts(file).imports[import.index()];
                    let Some(importer) = index.module_at(file, what.scope) else {
                        continue;
                    };
                    let declared = index.module(importer).declared.is_some();
                    if declared && importer == imported {
                        // Naming a module from inside it imports nothing.
                        continue;
                    }
                    edges.push(ImportEdge {
                        importer,
                        imported,
                        file,
                        import,
                        when: what.when,
                        runs_on_import: what.when == When::Import && !what.as_script && !declared,
                    });
                }
            }
        }
        edges.sort_by_key(|edge| (edge.importer, edge.file, edge.import));
        Self { edges }
    }

    /// The edges of one importer.
    #[must_use]
    pub fn of(&self, importer: ModuleId) -> &[ImportEdge] {
        let start = self.edges.partition_point(|edge| edge.importer < importer);
        let end = self.edges.partition_point(|edge| edge.importer <= importer);
        &self.edges[start..end]
    }

    /// The graph of the edges that `keep` admits, over module ids.
    #[must_use]
    pub fn csr(&self, modules: usize, keep: impl Fn(&ImportEdge) -> bool) -> Csr {
        let edges = self
            .edges
            .iter()
            .filter(|edge| keep(edge))
            .map(|edge| (edge.importer.0, edge.imported.0))
            .collect();
        Csr::new(modules, edges)
    }
}

/// The module whose imports the statements of a file are; none for a stub beside its source, which never runs and
/// whose lines are not those of the module's file.
#[must_use]
pub fn importing_module(index: &Index, file: FileId) -> Option<ModuleId> {
    let module = index.module_of(file)?;
    (index.module(module).file == Some(file)).then_some(module)
}

/// The module that an import statement reaches: `from a import b` is `a.b` where that is a module, else `a`.
#[must_use]
pub fn reached(index: &Index, file: FileId, import: ImportId) -> Option<ModuleId> {
    let ModuleRef::Known(module) = index.imported_module(file, import) else {
        return None;
    };
    let facts = index.facts(file);
    let submodule = match facts.imports[import.index()].target {
        ImportTarget::Name(name) => index.modules.submodule(module, facts.name(name)),
        _ => None,
    };
    let reached = submodule.unwrap_or(module);
    index.module(reached).file.map(|_| reached)
}
