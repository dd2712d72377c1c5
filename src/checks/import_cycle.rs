//! `import-cycle`: modules that import each other at import time, and modules that import names from themselves.

use super::{Check, Context, Outcome};
use crate::diagnostic::{Finding, Severity};
use crate::facts::{ImportTarget, When};
use crate::graph::imports::ImportEdge;
use crate::graph::scc::Csr;
use crate::index::{Entity, ModuleId, ModuleRef};
use crate::score::{Area, Tally};

pub(super) const CHECK: Check = Check {
    name: "import-cycle",
    page: include_str!("../../docs/checks/import-cycle.md"),
    severity: Severity::Warning,
    run,
};

/// How many edges the search for a shortest cycle may look at in one component.
const BUDGET: usize = 10_000_000;
/// How many modules a message names.
const NAMED: usize = 8;
/// What a star import weighs when imports to cut are compared: any number of names may depend on it.
const STAR: usize = 100;

fn run(context: &Context<'_>) -> Outcome {
    let modules = context.index.modules.all();
    // Where modules are declared nothing runs when they are imported: a cycle is legal there, and looked for only when
    // the rules file names the check.
    let asked = context.config.checks.contains_key(CHECK.name);
    let graph = context.imports.csr(modules.len(), |edge| {
        edge.importer != edge.imported
            && (edge.runs_on_import || asked && is_declared(context, edge))
    });
    let mut outcome = Outcome::default();
    let mut tangled = vec![false; modules.len()];
    for component in graph.cyclic_components() {
        for &module in &component {
            tangled[module as usize] = true;
        }
        let cycle = shortest_cycle(&graph, &component);
        outcome
            .findings
            .extend(report_cycle(context, &cycle, component.len()));
    }
    for edge in &context.imports.edges {
        if let Some(name) = own_name(context, edge) {
            tangled[edge.importer.index()] = true;
            outcome
                .findings
                .extend(report_own_name(context, edge, name));
        }
    }
    let loaded = modules.iter().filter(|module| module.file.is_some());
    let tangled = tangled.into_iter().filter(|&tangled| tangled).count();
    outcome.tallies.push((
        Area::Structure,
        Tally::all_but(tangled as u64, loaded.count() as u64),
    ));
    outcome
}

/// A shortest cycle in a component, its lowest module first. Shortest of those through the first modules by name,
/// where the component is too large to try them all.
fn shortest_cycle(graph: &Csr, component: &[u32]) -> Vec<ModuleId> {
    let local = |node: &u32| component.binary_search(node).ok().map(|at| at as u32);
    let edges: Vec<(u32, u32)> = (0..)
        .zip(component)
        .flat_map(|(from, &node)| {
            let inside = graph.successors(node).iter().filter_map(local);
            inside.map(move |to| (from, to))
        })
        .collect();
    let cost = component.len() + edges.len();
    let graph = Csr::new(component.len(), edges);
    let nodes = component.len() as u32;
    let pair = (0..nodes).find_map(|from| {
        let mut targets = graph.successors(from).iter();
        let back = |to: &&u32| graph.successors(**to).binary_search(&from).is_ok();
        targets.find(back).map(|&to| vec![from, to])
    });
    let cycle = pair.unwrap_or_else(|| {
        let mut best: Vec<u32> = Vec::new();
        for start in (0..nodes).take((BUDGET / cost).max(1)) {
            let found = graph.shortest_path(start, start, |_| true);
            let Some(mut found) = found else { continue };
            found.pop();
            if best.is_empty() || found.len() < best.len() {
                best = found;
            }
        }
        best
    });
    cycle
        .into_iter()
        .map(|at| ModuleId(component[at as usize]))
        .collect()
}

/// The imports that make one hop of a cycle, in source order.
fn hop<'a>(
    context: &Context<'a>,
    from: ModuleId,
    to: ModuleId,
) -> impl Iterator<Item = &'a ImportEdge> {
    let edges = context.imports.of(from).iter();
    edges.filter(move |edge| {
        edge.imported == to && (edge.runs_on_import || is_declared(context, edge))
    })
}

/// Whether an import is part of a cycle that is one of declared modules: children that take names from the modules that
/// declare them do not count.
fn is_declared(context: &Context<'_>, edge: &ImportEdge) -> bool {
    let modules = &context.index.modules;
    let declared = context.index.module(edge.importer).declared;
    declared.is_some()
        && edge.when == When::Import
        && !modules.is_below(edge.importer, edge.imported)
        && !modules.is_below(edge.imported, edge.importer)
}

fn report_cycle(context: &Context<'_>, cycle: &[ModuleId], members: usize) -> Option<Finding> {
    let index = context.index;
    let next = cycle.iter().cycle().skip(1);
    let hops: Vec<(ModuleId, ModuleId)> = cycle.iter().copied().zip(next.copied()).collect();
    let &(first, second) = hops.first()?;
    let edge = hop(context, first, second).next()?;
    let statement =
        |edge: &ImportEdge| index.facts(edge.file).imports[edge.import.index()].statement;
    let names: Vec<&str> = cycle.iter().map(|&id| &*index.module(id).name).collect();
    let message = format!("import cycle: {}", round_trip(&names));
    let mut finding = context.finding(
        &CHECK,
        None,
        context.location(edge.file, statement(edge)),
        message,
    )?;
    finding.evidence = hops
        .iter()
        .zip(&names)
        .filter_map(|(&(from, to), name)| {
            let edge = hop(context, from, to).next()?;
            let message = format!("`{name}` imports `{}` here", index.module(to).name);
            Some(context.evidence(edge.file, statement(edge), message))
        })
        .collect();
    finding.help = Some(cut(context, &hops, members));
    finding.cycle = names.into_iter().map(str::to_owned).collect();
    Some(finding)
}

/// The modules of a cycle back to the first, those in the middle of a long one counted.
fn round_trip(names: &[&str]) -> String {
    let shown = if names.len() > NAMED {
        NAMED - 1
    } else {
        names.len()
    };
    let mut stops: Vec<String> = names[..shown]
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    if shown < names.len() {
        stops.push(format!("{} more", names.len() - shown));
    }
    stops.push(stops[0].clone());
    stops.join(" → ")
}

/// Advice: the hop that the fewest names depend on.
fn cut(context: &Context<'_>, hops: &[(ModuleId, ModuleId)], members: usize) -> String {
    let index = context.index;
    let weight = |&(from, to): &(ModuleId, ModuleId)| -> usize {
        hop(context, from, to)
            .map(|edge| {
                let target = index.facts(edge.file).imports[edge.import.index()].target;
                if target == ImportTarget::Star {
                    STAR
                } else {
                    1
                }
            })
            .sum()
    };
    let all = if members > hops.len() {
        format!("{members} modules import each other in all; ")
    } else {
        String::new()
    };
    let Some(&(from, to)) = hops.iter().min_by_key(|hop| weight(hop)) else {
        return all;
    };
    let (from, to) = (&index.module(from).name, &index.module(to).name);
    format!(
        "{all}cheapest to cut is the import of `{to}` in `{from}`: move what both need into a third module, or import \
         it where it is used"
    )
}

/// The name that a module imports from itself; none for any other import, and for a name that it does not have.
fn own_name<'a>(context: &Context<'a>, edge: &ImportEdge) -> Option<&'a str> {
    if edge.importer != edge.imported || edge.when == When::TypeChecking {
        return None;
    }
    let index = context.index;
    if index.imported_module(edge.file, edge.import) != ModuleRef::Known(edge.importer) {
        return None;
    }
    let facts = index.facts(edge.file);
    let import = &facts.imports[edge.import.index()];
    // A file that runs as the program is another module than the one it imports by its name.
    if import.as_script {
        return None;
    }
    match import.target {
        ImportTarget::Star => Some("*"),
        ImportTarget::Name(name) => {
            let name = facts.name(name);
            let lookup = index.member(edge.importer, name);
            (!lookup.entities.is_empty()).then_some(name)
        }
        ImportTarget::Module | ImportTarget::ModuleAs => None,
    }
}

fn report_own_name(context: &Context<'_>, edge: &ImportEdge, name: &str) -> Option<Finding> {
    let module = &context.index.module(edge.importer).name;
    let sees = match edge.when {
        When::Deferred => "it gets whatever the name stands for when the function runs",
        _ => "it only sees what is bound above this line",
    };
    let message = format!("`{module}` imports `{name}` from itself: {sees}");
    let alias = context.index.facts(edge.file).imports[edge.import.index()].alias;
    let mut finding = context.finding(&CHECK, None, context.location(edge.file, alias), message)?;
    finding.symbol = Some(format!("{module}:{name}"));
    finding.cycle = vec![module.to_string()];
    for entity in context.index.member(edge.importer, name).entities {
        if let Entity::Symbol(symbol) = entity {
            let span = context.symbol_span(symbol);
            let message = format!("`{name}` is this");
            finding
                .evidence
                .push(context.evidence(symbol.file, span, message));
        }
    }
    finding.help = Some(match name {
        "*" => "drop the import: the module has its names already".to_owned(),
        _ => format!("drop the import and use `{name}` itself"),
    });
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycle(edges: &[(u32, u32)]) -> Vec<u32> {
        let nodes = edges.iter().map(|edge| edge.0.max(edge.1) + 1).max();
        let graph = Csr::new(nodes.unwrap_or(0) as usize, edges.to_vec());
        let components = graph.cyclic_components();
        shortest_cycle(&graph, &components[0])
            .into_iter()
            .map(|module| module.0)
            .collect()
    }

    #[test]
    fn the_shortest_cycle_wins_wherever_it_lies() {
        // 0 → 1 → 2 → 3 → 4 → 0 with a short way 2 → 3 → 4 → 2.
        let edges = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (4, 2)];
        assert_eq!(cycle(&edges), [2, 3, 4]);
        assert_eq!(cycle(&[(0, 1), (1, 2), (2, 0), (2, 1)]), [1, 2]);
        assert_eq!(cycle(&[(1, 5), (5, 1)]), [1, 5]);
    }

    #[test]
    fn a_large_component_is_searched_within_bounds() {
        let nodes = 20_000;
        let edges: Vec<_> = (0..nodes).map(|at| (at, (at + 1) % nodes)).collect();
        assert_eq!(cycle(&edges).len(), nodes as usize);
    }

    #[test]
    fn long_cycles_are_shortened_in_messages() {
        assert_eq!(round_trip(&["a", "b"]), "`a` → `b` → `a`");
        let names: Vec<String> = (0..20).map(|at| format!("m{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(round_trip(&names).ends_with("`m6` → 13 more → `m0`"));
    }
}
