//! Rules that speak against each other, within one file or across the files read.
//!
//! Judges only what the rules say; the code they are about is not looked at.

use rustc_hash::{FxHashMap, FxHashSet};

use super::layer::{Layer, Lowered};
use super::model::{Replacement, Retired, RetiredTarget, SymbolPath};
use super::problem::{Place, Problems};
use super::rules::is_within;

/// Tells of every contradiction among the rules.
pub(super) fn check(layer: &Layer, problems: &mut Problems) {
    let index = Index::new(layer);
    repeated_rules(layer, problems);
    replaced_twice(layer, problems);
    let cyclic = cycles(&index, problems);
    replaced_homes(layer, &index, &cyclic, problems);
    retired_homes(layer, problems);
    retired_replacements(layer, &index, problems);
}

/// Finds ids given twice, and makes the ids that were made up unique.
pub(super) fn settle_ids(layer: &mut Layer, problems: &mut Problems) {
    let mut metas = layer.metas();
    let mut taken: FxHashMap<String, Option<Place>> = FxHashMap::default();
    for (meta, place) in &metas {
        let Some(place) = place else { continue };
        match taken.get(&*meta.id) {
            Some(Some(first)) => {
                problems
                    .add(*place, format!("the id `{}` is taken", meta.id))
                    .related(*first, "here first");
            }
            _ => {
                taken.insert(meta.id.to_string(), Some(*place));
            }
        }
    }
    for (meta, _) in metas.iter_mut().filter(|(_, place)| place.is_none()) {
        let mut id = meta.id.to_string();
        let mut number = 2;
        while taken.contains_key(&id) {
            id = format!("{}-{number}", meta.id);
            number += 1;
        }
        meta.id = id.as_str().into();
        taken.insert(id, None);
    }
}

/// Two rules of one kind about the same thing.
fn repeated_rules(layer: &Layer, problems: &mut Problems) {
    let canonical = layer
        .canonical
        .iter()
        .map(|r| (r.rule.symbol.to_string(), r.subject));
    repeated("canonical", canonical, problems);
    let retired = layer
        .retired
        .iter()
        .map(|r| (retired_key(&r.rule), r.subject));
    repeated("retired", retired, problems);
    let per_request = layer
        .per_request
        .iter()
        .map(|r| (r.rule.symbol.to_string(), r.subject));
    repeated("per-request", per_request, problems);
    let gateways = layer
        .gateways
        .iter()
        .map(|r| (r.rule.symbol.to_string(), r.subject));
    repeated("gateway", gateways, problems);
}

fn repeated(kind: &str, rules: impl Iterator<Item = (String, Place)>, problems: &mut Problems) {
    let mut seen: FxHashMap<String, Place> = FxHashMap::default();
    for (about, place) in rules {
        match seen.get(&about) {
            Some(first) => {
                problems
                    .add(place, format!("two `[[{kind}]]` rules for `{about}`"))
                    .related(*first, "the other one")
                    .help("make them one rule");
            }
            None => {
                seen.insert(about, place);
            }
        }
    }
}

fn retired_key(rule: &Retired) -> String {
    match &rule.target {
        RetiredTarget::Module(module) => module.clone(),
        RetiredTarget::Symbol { module, name, kind } => match kind {
            Some(kind) => format!("{}:{name} ({kind:?})", module.text).to_lowercase(),
            None => format!("{}:{name}", module.text),
        },
    }
}

/// An old path that two rules send to different places.
fn replaced_twice(layer: &Layer, problems: &mut Problems) {
    let mut seen: FxHashMap<SymbolPath, (&SymbolPath, Place)> = FxHashMap::default();
    let replaced = layer.canonical.iter().flat_map(|lowered| {
        let olds = lowered.rule.replaces.iter().cloned();
        olds.zip(lowered.others.iter().copied())
            .map(|(old, place)| (old, &lowered.rule.symbol, place))
    });
    let retired = layer.retired.iter().filter_map(|lowered| {
        let Some(Replacement::Symbol(new)) = &lowered.rule.replacement else {
            return None;
        };
        Some((named_symbol(&lowered.rule)?, new, *lowered.others.first()?))
    });
    for (old, new, place) in replaced.chain(retired) {
        match seen.get(&old) {
            Some((other, first)) if *other != new => {
                problems
                    .add(
                        place,
                        format!("`{old}` is replaced by `{other}` and by `{new}`"),
                    )
                    .related(*first, format!("replaced by `{other}`"));
            }
            _ => {
                seen.insert(old, (new, place));
            }
        }
    }
}

/// The symbol that a rule retires, unless it names a module or a pattern.
fn named_symbol(rule: &Retired) -> Option<SymbolPath> {
    match &rule.target {
        RetiredTarget::Symbol { module, name, .. } if module.is_literal() => Some(SymbolPath {
            module: module.text.clone(),
            name: name.clone(),
        }),
        _ => None,
    }
}

/// A rule that moves something: its number among the canonical rules, then among the retired ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Mover {
    Canonical(usize),
    Retired(usize),
}

/// Something that a rule may move.
#[derive(Clone, Debug)]
enum Thing {
    Module(String),
    Symbol(SymbolPath),
}

/// Which rule moves what.
struct Index<'a> {
    layer: &'a Layer,
    /// Old path to canonical rule.
    replaced: FxHashMap<&'a SymbolPath, usize>,
    /// Canonical path to its rule.
    homes: FxHashMap<&'a SymbolPath, usize>,
    retired_modules: FxHashMap<&'a str, usize>,
    retired_symbols: FxHashMap<(&'a str, &'a str), usize>,
}

impl<'a> Index<'a> {
    fn new(layer: &'a Layer) -> Self {
        let mut index = Self {
            layer,
            replaced: FxHashMap::default(),
            homes: FxHashMap::default(),
            retired_modules: FxHashMap::default(),
            retired_symbols: FxHashMap::default(),
        };
        for (number, lowered) in layer.canonical.iter().enumerate() {
            index.homes.entry(&lowered.rule.symbol).or_insert(number);
            for old in &lowered.rule.replaces {
                index.replaced.entry(old).or_insert(number);
            }
        }
        for (number, lowered) in layer.retired.iter().enumerate() {
            match &lowered.rule.target {
                RetiredTarget::Module(module) => {
                    index.retired_modules.entry(module).or_insert(number);
                }
                RetiredTarget::Symbol { module, name, .. } if module.is_literal() => {
                    let key = (module.text.as_str(), name.as_str());
                    index.retired_symbols.entry(key).or_insert(number);
                }
                RetiredTarget::Symbol { .. } => {}
            }
        }
        index
    }

    /// The rule that moves `thing`, if any.
    fn mover(&self, thing: &Thing) -> Option<Mover> {
        let module = match thing {
            Thing::Module(module) => module,
            Thing::Symbol(symbol) => {
                if let Some(number) = self.replaced.get(symbol) {
                    return Some(Mover::Canonical(*number));
                }
                let key = (symbol.module.as_str(), symbol.name.as_str());
                if let Some(number) = self.retired_symbols.get(&key) {
                    return Some(Mover::Retired(*number));
                }
                &symbol.module
            }
        };
        let ancestors = std::iter::successors(Some(module.as_str()), |path| parent(path));
        ancestors
            .filter_map(|path| self.retired_modules.get(path))
            .map(|number| Mover::Retired(*number))
            .next()
    }

    /// Where `mover` takes `thing`; none when it only retires it.
    fn moved(&self, thing: &Thing, mover: Mover) -> Option<Thing> {
        let number = match mover {
            Mover::Canonical(number) => {
                return Some(Thing::Symbol(
                    self.layer.canonical[number].rule.symbol.clone(),
                ));
            }
            Mover::Retired(number) => number,
        };
        let rule = &self.layer.retired[number].rule;
        match (rule.replacement.as_ref()?, &rule.target) {
            (Replacement::Symbol(symbol), _) => Some(Thing::Symbol(symbol.clone())),
            (Replacement::Module(new), RetiredTarget::Module(old)) => {
                let rebased = |module: &str| {
                    format!(
                        "{new}{}",
                        module.strip_prefix(old.as_str()).unwrap_or_default()
                    )
                };
                Some(match thing {
                    Thing::Module(module) => Thing::Module(rebased(module)),
                    Thing::Symbol(symbol) => Thing::Symbol(SymbolPath {
                        module: rebased(&symbol.module),
                        name: symbol.name.clone(),
                    }),
                })
            }
            (Replacement::Module(_), RetiredTarget::Symbol { .. }) => None,
        }
    }

    /// The rules that are applied to `thing` one after the other, ending with the first that comes up again.
    fn chain(&self, mut thing: Thing) -> Vec<Mover> {
        let mut chain = Vec::new();
        let mut seen = FxHashSet::default();
        while let Some(mover) = self.mover(&thing) {
            chain.push(mover);
            if !seen.insert(mover) {
                break;
            }
            match self.moved(&thing, mover) {
                Some(next) => thing = next,
                None => break,
            }
        }
        chain
    }

    fn subject(&self, mover: Mover) -> (String, Place) {
        match mover {
            Mover::Canonical(number) => {
                let lowered = &self.layer.canonical[number];
                (lowered.rule.symbol.to_string(), lowered.subject)
            }
            Mover::Retired(number) => {
                let lowered = &self.layer.retired[number];
                (retired_key(&lowered.rule), lowered.subject)
            }
        }
    }

    /// What each rule moves, as far as it is named without a pattern.
    fn starts(&self) -> Vec<Thing> {
        let canonical = self.layer.canonical.iter().flat_map(|r| &r.rule.replaces);
        let mut starts: Vec<Thing> = canonical.cloned().map(Thing::Symbol).collect();
        for lowered in &self.layer.retired {
            match &lowered.rule.target {
                RetiredTarget::Module(module) => starts.push(Thing::Module(module.clone())),
                RetiredTarget::Symbol { .. } => {
                    starts.extend(named_symbol(&lowered.rule).map(Thing::Symbol));
                }
            }
        }
        starts
    }
}

/// The module or package around a module path.
fn parent(module: &str) -> Option<&str> {
    let (above, _) = if module.contains("::") {
        module.rsplit_once("::")?
    } else {
        module.rsplit_once('.')?
    };
    Some(above)
}

/// Tells of rules that send a path round in a circle, and returns them.
fn cycles(index: &Index<'_>, problems: &mut Problems) -> FxHashSet<Mover> {
    let mut cyclic = FxHashSet::default();
    for start in index.starts() {
        let chain = index.chain(start);
        let Some((last, before)) = chain.split_last() else {
            continue;
        };
        let Some(first) = before.iter().position(|mover| mover == last) else {
            continue;
        };
        let cycle = &before[first..];
        if cycle.iter().any(|mover| cyclic.contains(mover)) {
            continue;
        }
        cyclic.extend(cycle.iter().copied());
        let names: Vec<String> = cycle
            .iter()
            .map(|mover| format!("`{}`", index.subject(*mover).0))
            .collect();
        let (_, place) = index.subject(cycle[0]);
        let problem = problems.add(
            place,
            format!("these rules replace in a circle: {}", names.join(", ")),
        );
        for mover in &cycle[1..] {
            problem.related(index.subject(*mover).1, "part of the circle");
        }
    }
    cyclic
}

/// A canonical path that another rule takes for an old one.
fn replaced_homes(
    layer: &Layer,
    index: &Index<'_>,
    cyclic: &FxHashSet<Mover>,
    problems: &mut Problems,
) {
    for (number, lowered) in layer.canonical.iter().enumerate() {
        if cyclic.contains(&Mover::Canonical(number)) {
            continue;
        }
        for (old, place) in lowered.rule.replaces.iter().zip(&lowered.others) {
            let Some(home) = index.homes.get(old) else {
                continue;
            };
            problems
                .add(
                    *place,
                    format!("`{old}` is replaced here, but canonical by another rule"),
                )
                .related(layer.canonical[*home].subject, "canonical here");
        }
    }
}

/// A canonical path that is retired, itself or with its module.
fn retired_homes(layer: &Layer, problems: &mut Problems) {
    for home in &layer.canonical {
        let symbol = &home.rule.symbol;
        for lowered in &layer.retired {
            let (message, help) = match &lowered.rule.target {
                RetiredTarget::Module(module) if is_within(&symbol.module, module) => (
                    format!("the canonical `{symbol}` lives in the retired module `{module}`"),
                    None,
                ),
                RetiredTarget::Symbol { module, name, .. }
                    if *name == symbol.name && module.matches(&symbol.module) =>
                {
                    let help = (!module.is_literal()).then_some(
                        "other definitions of a canonical symbol are found by `duplicate-definition` without this rule",
                    );
                    (format!("the canonical `{symbol}` is retired"), help)
                }
                _ => continue,
            };
            let problem = problems.add(lowered.subject, message);
            problem.related(home.subject, "canonical here");
            if let Some(help) = help {
                problem.help(help);
            }
        }
    }
}

/// A `use` that leads to something retired for good.
fn retired_replacements(layer: &Layer, index: &Index<'_>, problems: &mut Problems) {
    for lowered in &layer.retired {
        let (Some(replacement), Some(place)) = (&lowered.rule.replacement, lowered.others.first())
        else {
            continue;
        };
        let thing = match replacement {
            Replacement::Module(module) => Thing::Module(module.clone()),
            Replacement::Symbol(symbol) => Thing::Symbol(symbol.clone()),
        };
        let Some(Mover::Retired(end)) = index.mover(&thing) else {
            continue;
        };
        let end: &Lowered<Retired> = &layer.retired[end];
        if end.rule.replacement.is_none() {
            let what = retired_key(&end.rule);
            problems
                .add(
                    *place,
                    format!("`use` leads to `{what}`, which is retired, too"),
                )
                .related(end.subject, "retired here");
        }
    }
}
