//! The imports that get across a barrier, each with a shortest way.

use std::collections::VecDeque;

use super::barriers::{Barrier, Side};
use crate::checks::Context;
use crate::config::Contract;
use crate::facts::{ImportId, ImportTarget, When};
use crate::graph::imports::importing_module;
use crate::index::{FileId, ModuleId, ModuleRef};
use crate::span::Span;

/// The imports that a contract counts.
pub(super) struct Imports {
    /// Between modules of the project: by importer, then in source order.
    edges: Vec<Edge>,
    /// The edges into each module.
    into: Vec<Vec<u32>>,
    /// Of something outside the project, with its path.
    external: Vec<(Edge, String)>,
}

#[derive(Clone, Copy)]
struct Edge {
    importer: ModuleId,
    /// Nonsense for external imports.
    imported: ModuleId,
    file: FileId,
    import: ImportId,
}

/// One import on a way.
pub(super) struct Step {
    pub(super) importer: ModuleId,
    pub(super) imported: String,
    pub(super) file: FileId,
    import: ImportId,
}

impl Step {
    /// The statement, or in it the name that is imported.
    pub(super) fn span(&self, context: &Context<'_>) -> Span {
        context.index.facts(self.file).imports[self.import.index()].alias
    }
}

/// A way across a barrier.
pub(super) struct Crossing {
    pub(super) steps: Vec<Step>,
}

/// How a module gets to the other side.
#[derive(Clone, Copy)]
enum Way {
    None,
    /// By this edge.
    Edge(u32),
    /// By this external import.
    External(u32),
}

impl Imports {
    pub(super) fn new(context: &Context<'_>, contract: &Contract) -> Self {
        let index = context.index;
        let counts = |importer: ModuleId, imported: &str, when: When| {
            let importer = &index.module(importer).name;
            let ignored = contract.ignored.iter().any(|ignored| {
                ignored.importer.matches(importer) && ignored.imported.matches(imported)
            });
            !ignored && (contract.type_checking || when != When::TypeChecking)
        };
        let mut edges: Vec<Edge> = Vec::new();
        for edge in &context.imports.edges {
            // `from a import b, c` is one import.
            let statement =
                |import: ImportId| index.facts(edge.file).imports[import.index()].statement;
            let same = edges.last().is_some_and(|last| {
                (last.file, last.imported) == (edge.file, edge.imported)
                    && statement(last.import) == statement(edge.import)
            });
            if !same
                && edge.importer != edge.imported
                && context.speaks_of(&contract.meta, edge.file)
                && counts(edge.importer, &index.module(edge.imported).name, edge.when)
            {
                edges.push(Edge {
                    importer: edge.importer,
                    imported: edge.imported,
                    file: edge.file,
                    import: edge.import,
                });
            }
        }
        let mut into = vec![Vec::new(); index.modules.all().len()];
        for (at, edge) in (0..).zip(&edges) {
            into[edge.imported.index()].push(at);
        }
        let mut external = Vec::new();
        for file in index.file_ids() {
            let Some(importer) = importing_module(index, file) else {
                continue;
            };
            if !context.speaks_of(&contract.meta, file) {
                continue;
            }
            let facts = index.facts(file);
            for import in (0..facts.imports.len() as u32).map(ImportId) {
                if index.imported_module(file, import) != ModuleRef::External {
                    continue;
                }
                let what = &facts.imports[import.index()];
                let module = facts.name(what.module).trim_start_matches("::");
                let between = index.file(file).language.separator();
                let path = match what.target {
                    ImportTarget::Name(name) => format!("{module}{between}{}", facts.name(name)),
                    _ => module.to_owned(),
                };
                if counts(importer, &path, what.when) {
                    let edge = Edge {
                        importer,
                        imported: importer,
                        file,
                        import,
                    };
                    external.push((edge, path));
                }
            }
        }
        Self {
            edges,
            into,
            external,
        }
    }

    /// Every import of a module on the near side that leads to the far side: at once, or through open modules.
    pub(super) fn crossings(&self, context: &Context<'_>, barrier: &Barrier) -> Vec<Crossing> {
        let ways = self.ways(barrier);
        let mut crossings = Vec::new();
        for (at, edge) in (0..).zip(&self.edges) {
            if barrier.sides[edge.importer.index()] != Side::From {
                continue;
            }
            let leads = match barrier.sides[edge.imported.index()] {
                Side::To => true,
                Side::Open => !matches!(ways[edge.imported.index()], Way::None),
                Side::From | Side::Closed => false,
            };
            if leads {
                crossings.push(self.crossing(context, barrier, &ways, Way::Edge(at)));
            }
        }
        for (at, (edge, path)) in (0..).zip(&self.external) {
            if barrier.sides[edge.importer.index()] == Side::From && is_external_to(barrier, path) {
                crossings.push(self.crossing(context, barrier, &ways, Way::External(at)));
            }
        }
        crossings
    }

    /// For each open module, the first import of a shortest way to the far side.
    fn ways(&self, barrier: &Barrier) -> Vec<Way> {
        let mut ways = vec![Way::None; barrier.sides.len()];
        if !barrier.indirect {
            return ways;
        }
        let mut queue = VecDeque::new();
        let reach = |module: ModuleId, way: Way, ways: &mut Vec<Way>, queue: &mut VecDeque<_>| {
            let at = module.index();
            if barrier.sides[at] == Side::Open && matches!(ways[at], Way::None) {
                ways[at] = way;
                queue.push_back(module);
            }
        };
        for (at, edge) in (0..).zip(&self.edges) {
            if barrier.sides[edge.imported.index()] == Side::To {
                reach(edge.importer, Way::Edge(at), &mut ways, &mut queue);
            }
        }
        for (at, (edge, path)) in (0..).zip(&self.external) {
            if is_external_to(barrier, path) {
                reach(edge.importer, Way::External(at), &mut ways, &mut queue);
            }
        }
        while let Some(module) = queue.pop_front() {
            for &at in &self.into[module.index()] {
                let importer = self.edges[at as usize].importer;
                reach(importer, Way::Edge(at), &mut ways, &mut queue);
            }
        }
        ways
    }

    fn crossing(
        &self,
        context: &Context<'_>,
        barrier: &Barrier,
        ways: &[Way],
        first: Way,
    ) -> Crossing {
        let mut steps = Vec::new();
        let mut way = first;
        loop {
            match way {
                Way::None => break,
                Way::External(at) => {
                    let (edge, path) = &self.external[at as usize];
                    steps.push(step(edge, path.clone()));
                    break;
                }
                Way::Edge(at) => {
                    let edge = &self.edges[at as usize];
                    let imported = context.index.module(edge.imported);
                    steps.push(step(edge, imported.name.to_string()));
                    if barrier.sides[edge.imported.index()] == Side::To {
                        break;
                    }
                    way = ways[edge.imported.index()];
                }
            }
        }
        Crossing { steps }
    }
}

fn step(edge: &Edge, imported: String) -> Step {
    Step {
        importer: edge.importer,
        imported,
        file: edge.file,
        import: edge.import,
    }
}

fn is_external_to(barrier: &Barrier, path: &str) -> bool {
    barrier.external.iter().any(|pattern| pattern.covers(path))
}
