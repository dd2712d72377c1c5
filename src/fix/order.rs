//! In which order the modules of a package are loaded, as far as that is certain.
//!
//! Whoever imports a module runs the packages around it first, the outermost before all others. So the imports of
//! that one package, followed in the order of its lines, tell which modules are complete whenever another one begins.
//! Only an import that must run counts as having loaded something; any that may run counts as having begun it: one
//! under a condition, in a function, or of another top-level package.

use rustc_hash::FxHashSet;

use super::loading::Loading;
use super::moves::Move;
use super::through;
use crate::diagnostic::Site;
use crate::facts::{ImportTarget, ScopeId, When};
use crate::graph::imports::{ImportEdge, ImportGraph};
use crate::index::{Index, ModuleId, ModuleRef};

/// Never, or not for certain.
const NEVER: u32 = u32::MAX;

/// When modules begin and end to run, while their top-level package is imported.
#[derive(Debug)]
pub(super) struct Order {
    /// The earliest that a module may begin.
    begun: Vec<u32>,
    /// The latest that a module is complete.
    done: Vec<u32>,
}

impl Order {
    pub(super) fn new(index: &Index, imports: &ImportGraph, loading: &Loading) -> Self {
        let count = index.modules.all().len();
        let mut order = Self {
            begun: vec![NEVER; count],
            done: vec![NEVER; count],
        };
        let tops = index.modules.ids().filter(|&module| {
            index.module(module).is_package && loading.around(module).next().is_none()
        });
        for top in tops {
            let mut run = Run {
                index,
                imports,
                loading,
                order: &mut order,
                top,
                clock: 0,
                maybe: FxHashSet::default(),
            };
            run.load(top);
        }
        order
    }

    /// Whether `target` is complete before `site` begins, in any process.
    pub(super) fn is_complete(&self, target: ModuleId, site: ModuleId, loading: &Loading) -> bool {
        let top = |module: ModuleId| loading.around(module).last();
        let done = self.done[target.index()];
        done != NEVER
            && top(site).is_some_and(|top_site| top(target) == Some(top_site) || target == top_site)
            && done < self.begun[site.index()]
    }
}

/// One import of a top-level package, followed.
struct Run<'a> {
    index: &'a Index,
    imports: &'a ImportGraph,
    loading: &'a Loading,
    order: &'a mut Order,
    top: ModuleId,
    clock: u32,
    /// Modules that may have begun.
    maybe: FxHashSet<ModuleId>,
}

/// What loading a module does next, the last one first.
enum Step {
    Load(ModuleId),
    /// It may be loaded, now or at any time later.
    May(ModuleId),
    Done(ModuleId),
}

impl Run<'_> {
    fn load(&mut self, top: ModuleId) {
        let mut begun = FxHashSet::default();
        let mut steps = vec![Step::Load(top)];
        while let Some(step) = steps.pop() {
            self.clock += 1;
            match step {
                Step::Load(module) if begun.insert(module) => {
                    let at = &mut self.order.begun[module.index()];
                    *at = self.clock.min(*at);
                    steps.push(Step::Done(module));
                    self.push_imports(module, &mut steps);
                }
                Step::Load(_) => {}
                Step::May(module) => self.may_load(module, &begun),
                Step::Done(module) => self.order.done[module.index()] = self.clock,
            }
        }
    }

    /// The imports of a module, those that functions make before all others: who knows when they are called.
    fn push_imports(&self, module: ModuleId, steps: &mut Vec<Step>) {
        let mut imports = Vec::new();
        for edge in self.imports.of(module) {
            match edge.when {
                When::Import => self.push_edge(edge, &mut imports),
                When::Deferred => imports.insert(0, Step::May(edge.imported)),
                When::TypeChecking => {}
            }
        }
        steps.extend(imports.into_iter().rev());
    }

    fn push_edge(&self, edge: &ImportEdge, steps: &mut Vec<Step>) {
        let mut around: Vec<ModuleId> = self.loading.around(edge.imported).collect();
        around.reverse();
        for module in around.into_iter().chain([edge.imported]) {
            let is_own = module == self.top || self.loading.around(module).last() == Some(self.top);
            let is_certain = is_own && (module != edge.imported || self.must_run(edge));
            steps.push(if is_certain && self.is_unconditional(edge) {
                Step::Load(module)
            } else {
                Step::May(module)
            });
        }
    }

    /// Whether a statement stands at the left edge of its file, under no condition.
    fn is_unconditional(&self, edge: &ImportEdge) -> bool {
        let facts = self.index.facts(edge.file);
        let import = &facts.imports[edge.import.index()];
        edge.runs_on_import
            && !import.guarded
            && import.scope == ScopeId::MODULE
            && facts.lines.position(import.statement.start).column == 1
    }

    /// Whether a statement loads what it reaches: `from a import b` does not load `a.b` where `a` has another `b`.
    fn must_run(&self, edge: &ImportEdge) -> bool {
        let facts = self.index.facts(edge.file);
        match facts.imports[edge.import.index()].target {
            ImportTarget::Name(name) => match self.index.imported_module(edge.file, edge.import) {
                ModuleRef::Known(from) if from != edge.imported => {
                    let found = self.index.member(from, facts.name(name));
                    found.bindings.is_empty() && found.unknown.is_none()
                }
                _ => true,
            },
            _ => true,
        }
    }

    /// Notes that a module may begin now, with all that it may import.
    fn may_load(&mut self, module: ModuleId, begun: &FxHashSet<ModuleId>) {
        let mut open = vec![module];
        while let Some(module) = open.pop() {
            if begun.contains(&module) || !self.maybe.insert(module) {
                continue;
            }
            let is_own = self.loading.around(module).last() == Some(self.top);
            if is_own {
                let at = &mut self.order.begun[module.index()];
                *at = self.clock.min(*at);
            }
            open.extend(self.loading.around(module));
            let edges = self.imports.of(module).iter();
            open.extend(
                edges
                    .filter(|edge| edge.when != When::TypeChecking)
                    .map(|edge| edge.imported),
            );
        }
    }
}

/// Whether the target has run, as far as the name, whenever the site as it stands gets the name at all: the path names
/// a package around the target, which runs first either way, and has the name from the target.
pub(super) fn is_loaded_by_then(index: &Index, one: &Move, target: ModuleId) -> bool {
    let (Some(id), true) = (one.import_id(), one.relocation.same_object) else {
        return false;
    };
    let facts = index.facts(one.relocation.file);
    let name = match (one.relocation.site, facts.imports[id.index()].target) {
        (Site::Import(_), ImportTarget::Name(name)) => facts.name(name),
        // The new import stands right behind the star.
        (Site::Star(_), ImportTarget::Star) => &one.relocation.local,
        _ => return false,
    };
    let ModuleRef::Known(facade) = index.imported_module(one.relocation.file, id) else {
        return false;
    };
    index.modules.is_below(target, facade) && through::comes_from(index, facade, name, target)
}
