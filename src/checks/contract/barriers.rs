//! What a contract keeps apart: which modules must not reach which, and by what way they might.

use crate::checks::retired::is_below as is_within;
use crate::config::{Contract, ContractKind, Layers, ModulePattern, Tier};
use crate::index::{Index, ModuleId};

/// Modules on two sides that a contract keeps apart.
pub(super) struct Barrier {
    /// The side of each module.
    pub(super) sides: Vec<Side>,
    /// What lies on the other side outside the project.
    pub(super) external: Vec<ModulePattern>,
    /// Whether chains through modules on neither side count.
    pub(super) indirect: bool,
    law: Law,
}

/// Where a module stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// On neither side: chains may lead through it.
    Open,
    /// It must not reach the other side.
    From,
    /// It must not be reached.
    To,
    /// On neither side, and chains through it are judged by another barrier of the contract.
    Closed,
}

/// What the barrier stands for, for the message.
enum Law {
    /// The layer that must not be reached, and the names of those that must not reach it.
    Layer(Vec<String>, Vec<String>),
    Forbidden,
    Independent(String, Vec<String>),
    Protected(String),
}

impl Barrier {
    /// Why `importer` must not reach `imported`.
    pub(super) fn law(&self, importer: &str, imported: &str) -> String {
        match &self.law {
            Law::Layer(upper, lower) => {
                let upper = nearest(upper, imported);
                let lower = nearest(lower, importer);
                format!("layer `{lower}` must not import layer `{upper}`")
            }
            Law::Forbidden => "the contract forbids it".to_owned(),
            Law::Independent(other, all) => {
                let own = nearest(all, importer);
                format!("`{own}` and `{other}` are to be independent")
            }
            Law::Protected(importers) => format!("only {importers} may import it"),
        }
    }
}

/// The one of some modules that `module` is or lies below.
fn nearest<'a>(all: &'a [String], module: &'a str) -> &'a str {
    all.iter()
        .find(|one| is_within(module, one))
        .map_or(module, String::as_str)
}

/// The barriers that a contract puts up.
pub(super) fn barriers(index: &Index, contract: &Contract) -> Vec<Barrier> {
    match &contract.kind {
        ContractKind::Layers(layers) => match &layers.containers[..] {
            [] => between_layers(index, &layers.layers, ""),
            containers => containers
                .iter()
                .flat_map(|container| between_layers(index, &layers.layers, container))
                .collect(),
        },
        ContractKind::Forbidden {
            modules,
            forbidden,
            indirect,
        } => vec![Barrier {
            sides: sides(index, |name| {
                if any(forbidden, name) {
                    Side::To
                } else if any(modules, name) {
                    Side::From
                } else {
                    Side::Open
                }
            }),
            external: forbidden.clone(),
            indirect: *indirect,
            law: Law::Forbidden,
        }],
        ContractKind::Independence(modules) => independent(index, modules),
        ContractKind::Protected { modules, importers } => {
            let names: Vec<String> = importers
                .iter()
                .map(|pattern| format!("`{}`", pattern.text))
                .collect();
            vec![Barrier {
                sides: sides(index, |name| {
                    if any(modules, name) {
                        Side::To
                    } else if any(importers, name) {
                        Side::Open
                    } else {
                        Side::From
                    }
                }),
                external: Vec::new(),
                indirect: false,
                law: Law::Protected(names.join(" and ")),
            }]
        }
    }
}

fn any(patterns: &[ModulePattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.covers(name))
}

fn sides(index: &Index, side: impl Fn(&str) -> Side) -> Vec<Side> {
    let modules = index.modules.all().iter();
    modules.map(|module| side(&module.name)).collect()
}

/// The modules that patterns stand for, without those below others: what matches is kept apart as a whole.
fn expanded(index: &Index, patterns: &[ModulePattern]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for pattern in patterns {
        if pattern.is_literal() {
            names.push(pattern.text.clone());
            continue;
        }
        let modules = index.modules.all().iter();
        let matching = modules.filter(|module| pattern.matches(&module.name));
        names.extend(matching.map(|module| module.name.to_string()));
    }
    names.sort_unstable();
    names.dedup();
    let inner = |name: &String| {
        let above = names.iter().filter(|other| *other != name);
        above.into_iter().any(|other| is_within(name, other))
    };
    names.iter().filter(|name| !inner(name)).cloned().collect()
}

/// One barrier for each module that no other of them may reach.
fn independent(index: &Index, patterns: &[ModulePattern]) -> Vec<Barrier> {
    let modules = &expanded(index, patterns);
    let to = |target: &String| Barrier {
        sides: sides(index, |name| {
            match modules.iter().find(|module| is_within(name, module)) {
                // A selector may leave out a part of what it selects.
                Some(_) if !any(patterns, name) => Side::Open,
                Some(module) if module == target => Side::To,
                Some(_) => Side::From,
                None => Side::Open,
            }
        }),
        external: Vec::new(),
        indirect: true,
        law: Law::Independent(target.clone(), modules.clone()),
    };
    modules.iter().map(to).collect()
}

/// One barrier for each layer that those after it, and its independent siblings, must not reach. A chain through another
/// layer breaks the barrier of that one, or none.
fn between_layers(index: &Index, tiers: &[Tier], container: &str) -> Vec<Barrier> {
    let full = |module: &str| match container {
        "" => module.to_owned(),
        _ => format!("{container}.{module}"),
    };
    let names: Vec<Vec<String>> = tiers
        .iter()
        .map(|tier| {
            let members = tier.members.iter();
            members.map(|member| full(&member.module)).collect()
        })
        .collect();
    let mut barriers = Vec::new();
    for (at, tier) in tiers.iter().enumerate() {
        let lower: Vec<String> = names[at + 1..].concat();
        for (own, target) in names[at].iter().enumerate() {
            let mut from = lower.clone();
            if tier.independent {
                let siblings = names[at].iter().enumerate();
                let siblings = siblings.filter(|(other, _)| *other != own);
                from.extend(siblings.map(|(_, name)| name.clone()));
            }
            let within = |all: &[String], name: &str| all.iter().any(|one| is_within(name, one));
            let all: Vec<String> = names.concat();
            barriers.push(Barrier {
                sides: sides(index, |name| {
                    if is_within(name, target) {
                        Side::To
                    } else if within(&from, name) {
                        Side::From
                    } else if within(&all, name) {
                        Side::Closed
                    } else {
                        Side::Open
                    }
                }),
                external: Vec::new(),
                indirect: true,
                law: Law::Layer(vec![target.clone()], from),
            });
        }
    }
    barriers
}

/// The full names of the layers that must be there.
pub(super) fn layer_names(layers: &Layers) -> Vec<String> {
    let members = || layers.layers.iter().flat_map(|tier| &tier.members);
    let needed = || members().filter(|member| !member.optional);
    if layers.containers.is_empty() {
        return needed().map(|member| member.module.clone()).collect();
    }
    let below = |container: &String| {
        let container = container.clone();
        needed().map(move |member| format!("{container}.{}", member.module))
    };
    layers.containers.iter().flat_map(below).collect()
}

/// What lies directly in a container and in none of its layers, with the container.
pub(super) fn left_out<'a>(index: &'a Index, layers: &'a Layers) -> Vec<(ModuleId, &'a str)> {
    if !layers.exhaustive {
        return Vec::new();
    }
    let mut found = Vec::new();
    for container in &layers.containers {
        let Some(package) = index.modules.by_name(container) else {
            continue;
        };
        for (module, name) in index.modules.submodules(package) {
            let mut members = layers.layers.iter().flat_map(|tier| &tier.members);
            let is_layer = members.any(|member| is_within(&member.module, name));
            if !is_layer && !layers.exempt.iter().any(|exempt| exempt == name) {
                found.push((module, container.as_str()));
            }
        }
    }
    found
}
