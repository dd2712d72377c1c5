//! What runs when a module is imported: its import-time imports, and the packages around what they name.
//!
//! Owns the graph and its questions. `import a.b.c` runs `a` and `a.b` first; those around the importer itself have
//! begun to run by then, so that naming something beside it asks nothing of them.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::facts::When;
use crate::graph::imports::ImportGraph;
use crate::graph::scc::Csr;
use crate::index::{Index, ModuleId};

/// The import-time graph.
#[derive(Debug)]
pub(super) struct Loading {
    /// What statements name.
    explicit: Csr,
    /// The same with the packages around it.
    full: Csr,
    /// For each module the packages around it that have code, innermost first.
    around: Vec<Vec<u32>>,
    is_package: Vec<bool>,
    /// The import cycle a module is in, by number.
    cycle: Vec<Option<u32>>,
    /// What loading a module runs, seen from a package.
    needs: FxHashMap<(u32, Option<u32>), Vec<bool>>,
}

impl Loading {
    pub(super) fn new(index: &Index, imports: &ImportGraph) -> Self {
        let count = index.modules.all().len();
        let around: Vec<Vec<u32>> = index
            .modules
            .ids()
            .map(|module| packages_around(index, module))
            .collect();
        let explicit = imports.csr(count, |edge| edge.when == When::Import);
        let mut edges = Vec::new();
        for from in 0..count as u32 {
            for &to in explicit.successors(from) {
                edges.push((from, to));
                let implied = around[to as usize].iter().filter(|&&package| {
                    package != from && !around[from as usize].contains(&package)
                });
                edges.extend(implied.map(|&package| (from, package)));
            }
        }
        let full = Csr::new(count, edges);
        let mut cycle = vec![None; count];
        for (number, component) in full.cyclic_components().iter().enumerate() {
            for &module in component {
                cycle[module as usize] = Some(number as u32);
            }
        }
        Self {
            explicit,
            full,
            around,
            is_package: index
                .modules
                .all()
                .iter()
                .map(|module| module.is_package)
                .collect(),
            cycle,
            needs: FxHashMap::default(),
        }
    }

    /// The packages around a module that have code.
    pub(super) fn around(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        self.around[module.index()].iter().copied().map(ModuleId)
    }

    /// Whether two modules are in one cycle.
    pub(super) fn share_cycle(&self, a: ModuleId, b: ModuleId) -> bool {
        a == b
            || (self.cycle[a.index()].is_some() && self.cycle[a.index()] == self.cycle[b.index()])
    }

    /// The modules of each cycle.
    pub(super) fn cycles(&self) -> Vec<Vec<u32>> {
        self.full.cyclic_components()
    }

    /// Whether loading `target` runs `site`, in a process that has begun to run what is around `site`. Answers
    /// with the chain of modules.
    pub(super) fn chain(&mut self, target: ModuleId, site: ModuleId) -> Option<Vec<ModuleId>> {
        let own = self.own(site);
        let key = (target.0, own.first().copied());
        if !self.needs.contains_key(&key) {
            let (seen, _) = self.load(target.0, &own, None);
            self.needs.insert(key, seen);
        }
        if !self.needs[&key][site.index()] {
            return None;
        }
        let (_, before) = self.load(target.0, &own, Some(site.0));
        let mut chain = vec![site];
        let mut at = site.0;
        while let Some(&from) = before.get(&at) {
            chain.push(ModuleId(from));
            at = from;
        }
        chain.reverse();
        Some(chain)
    }

    /// A chain of imports from `target`, or a package around it that `site` would load with it, to `site`: an
    /// import of `target` in `site` would close a cycle.
    pub(super) fn closing(&self, target: ModuleId, site: ModuleId) -> Option<Vec<ModuleId>> {
        let own = self.own(site);
        let loaded = std::iter::once(target.0).chain(
            self.around[target.index()]
                .iter()
                .copied()
                .filter(|package| !own.contains(package)),
        );
        loaded
            .filter(|&start| !self.share_cycle(ModuleId(start), site))
            .find_map(|start| self.full.shortest_path(start, site.0, |_| true))
            .map(|path| path.into_iter().map(ModuleId).collect())
    }

    /// The package a module is, or is in, and those around it.
    fn own(&self, site: ModuleId) -> Vec<u32> {
        let around = &self.around[site.index()];
        let mut own = Vec::with_capacity(around.len() + 1);
        if self.is_package[site.index()] {
            own.push(site.0);
        }
        own.extend_from_slice(around);
        own
    }

    /// Everything that loading `target` runs where `own` has begun to run; up to `wanted`, with the way there.
    fn load(
        &self,
        target: u32,
        own: &[u32],
        wanted: Option<u32>,
    ) -> (Vec<bool>, FxHashMap<u32, u32>) {
        let mut seen = vec![false; self.around.len()];
        let mut before = FxHashMap::default();
        let mut queue = VecDeque::new();
        seen[target as usize] = true;
        queue.push_back(target);
        let implied = |to: u32| {
            self.around[to as usize]
                .iter()
                .copied()
                .filter(|package| !own.contains(package))
        };
        for package in implied(target) {
            seen[package as usize] = true;
            before.insert(package, target);
            queue.push_back(package);
        }
        while let Some(at) = queue.pop_front() {
            if wanted == Some(at) {
                break;
            }
            for &named in self.explicit.successors(at) {
                for to in std::iter::once(named).chain(implied(named)) {
                    if !std::mem::replace(&mut seen[to as usize], true) {
                        before.insert(to, at);
                        queue.push_back(to);
                    }
                }
            }
        }
        (seen, before)
    }
}

fn packages_around(index: &Index, module: ModuleId) -> Vec<u32> {
    let mut name = &*index.module(module).name;
    let mut packages = Vec::new();
    while let Some((parent, _)) = name.rsplit_once('.') {
        if let Some(package) = index.modules.by_name(parent)
            && index.module(package).file.is_some()
        {
            packages.push(package.0);
        }
        name = parent;
    }
    packages
}
