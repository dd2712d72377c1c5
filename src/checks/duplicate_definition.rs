//! `duplicate-definition`: governed symbols with competitors, and factories implemented more than once.

use rustc_hash::FxHashMap;

use super::governed::{Governed, GovernedSymbol};
use super::places::{Place, PlaceKind, home_of, places_by_name};
use super::{Check, Context, Outcome};
use crate::diagnostic::{Evidence, Finding, Relocation, Severity, Site};
use crate::facts::{BindingValue, DefinitionFlags, DefinitionKind, ScopeKind, Shape, Visibility};
use crate::index::{Entity, Index, ModuleId, SymbolId};
use crate::score::{Area, Tally};

pub(super) const CHECK: Check = Check {
    name: "duplicate-definition",
    page: include_str!("../../docs/checks/duplicate-definition.md"),
    severity: Severity::Error,
    run,
};

fn run(context: &Context<'_>) -> Outcome {
    let governed = &context.governed;
    let mut outcome = Outcome::default();
    let mut known = 0;
    let mut broken = 0;
    for symbol in &governed.symbols {
        if symbol.origin.is_empty() {
            continue;
        }
        known += 1;
        let competing = competing(symbol);
        if let Some(first) = competing.first() {
            broken += 1;
            outcome
                .findings
                .extend(competitors(context, symbol, first, competing.len()));
        }
    }
    let (factories, duplicated) = factories(context, governed, &mut outcome.findings);
    outcome.tallies.push((
        Area::Definitions,
        Tally::all_but(broken + duplicated, known + factories),
    ));
    outcome
}

fn competing<'a>(symbol: &'a GovernedSymbol<'_>) -> Vec<&'a Place> {
    let places = symbol.places.iter();
    places.filter(|place| place.kind.competes()).collect()
}

/// The finding about a symbol with `count` competitors; none when the check is off for its rule.
fn competitors(
    context: &Context<'_>,
    symbol: &GovernedSymbol<'_>,
    first: &Place,
    count: usize,
) -> Option<Finding> {
    let rule = symbol.rule;
    let location = context.location(first.symbol.file, context.symbol_span(first.symbol));
    let message = format!(
        "`{}` is defined again in `{}`{}; its home is `{}`",
        rule.symbol.name,
        module_name(context, first),
        match count {
            1 => String::new(),
            2 => " and in one other place".to_owned(),
            more => format!(" and in {} other places", more - 1),
        },
        rule.symbol.module,
    );
    let mut finding = context.finding(&CHECK, Some(&rule.meta), location, message)?;
    finding.symbol = Some(rule.symbol.to_string());
    finding.evidence = origin_evidence(context, symbol);
    for place in &symbol.places {
        finding
            .evidence
            .push(place_evidence(context, symbol, place));
    }
    finding.replacements = replacements(context, symbol);
    finding.help = Some(match &rule.meta.reason {
        Some(reason) => format!("keep `{}` and import it elsewhere ({reason})", rule.symbol),
        None => format!("keep `{}` and import it elsewhere", rule.symbol),
    });
    Some(finding)
}

/// The module that a place is in.
fn module_name<'a>(context: &Context<'a>, place: &Place) -> &'a str {
    let index = context.index;
    match home_of(index, place.symbol) {
        Some(module) => &index.module(module).name,
        None => index.module_name(place.symbol.file),
    }
}

/// Competitors that the rule itself calls old paths of the symbol: imports could take their place.
fn replacements(context: &Context<'_>, symbol: &GovernedSymbol<'_>) -> Vec<Relocation> {
    let index = context.index;
    let rule = symbol.rule;
    let is_replaced = |place: &&&Place| {
        let module = module_name(context, place);
        let name = index.symbol_name(place.symbol);
        rule.replaces
            .iter()
            .any(|old| old.module == module && old.name == name)
    };
    let places = competing(symbol);
    let places = places.iter().filter(is_replaced);
    places
        .map(|place| Relocation {
            file: place.symbol.file,
            site: Site::Definition(place.symbol.binding),
            to: rule.symbol.clone(),
            local: index.symbol_name(place.symbol).to_owned(),
            same_object: false,
            vouched: true,
        })
        .collect()
}

fn origin_evidence(context: &Context<'_>, symbol: &GovernedSymbol<'_>) -> Vec<Evidence> {
    symbol
        .origin
        .iter()
        .filter_map(|entity| match entity {
            Entity::Symbol(origin) => {
                let span = context.symbol_span(*origin);
                Some(context.evidence(origin.file, span, "the canonical definition"))
            }
            _ => None,
        })
        .collect()
}

fn place_evidence(context: &Context<'_>, symbol: &GovernedSymbol<'_>, place: &Place) -> Evidence {
    let module = module_name(context, place);
    let listed = symbol
        .rule
        .tombstones
        .iter()
        .any(|tombstone| tombstone.matches(module));
    let message = if listed && place.kind.competes() {
        format!(
            "{}, though the rule allows only a tombstone here",
            place.kind.word()
        )
    } else {
        place.kind.word().to_owned()
    };
    context.evidence(
        place.symbol.file,
        context.symbol_span(place.symbol),
        message,
    )
}

/// Reports factories implemented in several modules. Gives the number of factory names and of those reported.
fn factories(
    context: &Context<'_>,
    governed: &Governed<'_>,
    findings: &mut Vec<Finding>,
) -> (u64, u64) {
    let rules = &context.config.factories;
    let is_factory = |name: &str, is_rust: bool| {
        let mut symbols = governed.symbols.iter();
        let pattern = if is_rust {
            &rules.rust_pattern
        } else {
            &rules.pattern
        };
        pattern.is_match(name)
            && !rules.allow.is_match(name)
            && !symbols.any(|symbol| symbol.rule.symbol.name == name)
    };
    let places = places_by_name(context.index, |facts| {
        let functions = facts.definitions.iter().filter(|definition| {
            definition.kind == DefinitionKind::Function
                && facts.scopes[definition.parent.index()].kind == ScopeKind::Module
        });
        let names = functions.map(|definition| facts.name(definition.name));
        names
            .filter(|name| is_factory(name, false) || is_factory(name, true))
            .collect()
    });
    let mut names: Vec<(&str, Vec<(SymbolId, PlaceKind)>)> = places
        .iter()
        .map(|(name, symbols)| {
            let mut places = factory_places(context, symbols);
            places.retain(|(symbol, _)| {
                let declares = context.index.file(symbol.file).language.declares_modules();
                is_factory(name, declares)
            });
            (*name, places)
        })
        .filter(|(_, places)| {
            places
                .iter()
                .any(|(_, kind)| *kind == PlaceKind::Implementation)
        })
        .collect();
    names.sort();
    let mut duplicated = 0;
    for (name, places) in &names {
        // One in each language are not two of the same.
        let Some(modules) = [true, false]
            .into_iter()
            .map(|python| implementing_modules(context, places, python))
            .find(|modules| *modules >= 2)
        else {
            continue;
        };
        duplicated += 1;
        findings.extend(factory_finding(context, name, places, modules));
    }
    (names.len() as u64, duplicated)
}

/// The number of modules of one kind of languages that implement a factory.
fn implementing_modules(
    context: &Context<'_>,
    places: &[(SymbolId, PlaceKind)],
    python: bool,
) -> usize {
    let index = context.index;
    let mut modules: Vec<Option<ModuleId>> = places
        .iter()
        .filter(|(_, kind)| *kind == PlaceKind::Implementation)
        .filter(|(symbol, _)| index.file(symbol.file).language.is_python() == python)
        .map(|(symbol, _)| home_of(index, *symbol))
        .collect();
    modules.sort_unstable();
    modules.dedup();
    modules.len()
}

/// Whether only the module itself can take a name: such a helper is nobody else's source of anything.
fn is_unshared(index: &Index, symbol: SymbolId) -> bool {
    index.binding(symbol).visibility == Visibility::Private
}

fn factory_finding(
    context: &Context<'_>,
    name: &str,
    places: &[(SymbolId, PlaceKind)],
    modules: usize,
) -> Option<Finding> {
    let (first, _) = places
        .iter()
        .find(|(_, kind)| *kind == PlaceKind::Implementation)?;
    let location = context.location(first.file, context.symbol_span(*first));
    let message = format!("factory `{name}` is implemented in {modules} modules");
    let mut finding = context.finding(&CHECK, None, location, message)?;
    // Without a rule nobody has said that there must be one: that is for people to decide.
    finding.severity = finding.severity.min(Severity::Warning);
    finding.symbol = Some(context.index.symbol_path(*first));
    finding.evidence = places
        .iter()
        .map(|(symbol, kind)| {
            context.evidence(symbol.file, context.symbol_span(*symbol), kind.word())
        })
        .collect();
    finding.help = Some(
        "keep one and import it elsewhere, or say in `[[canonical]]` which one counts".to_owned(),
    );
    Some(finding)
}

/// The functions of a factory's name in code that is no test, each with its kind.
fn factory_places(context: &Context<'_>, symbols: &[SymbolId]) -> Vec<(SymbolId, PlaceKind)> {
    let index = context.index;
    let mut kinds: FxHashMap<SymbolId, PlaceKind> = FxHashMap::default();
    for &symbol in symbols {
        let facts = index.facts(symbol.file);
        if index.is_test(symbol) || is_unshared(index, symbol) {
            continue;
        }
        let BindingValue::Definition(id) = facts.bindings[symbol.binding.index()].value else {
            continue;
        };
        let definition = &facts.definitions[id.index()];
        if definition.kind != DefinitionKind::Function
            || definition.flags.contains(DefinitionFlags::OVERLOAD)
        {
            continue;
        }
        let kind = match definition.shape {
            Shape::Raises => PlaceKind::Tombstone,
            Shape::Forwards(call) => {
                let lookup = index.reference(symbol.file, &facts.calls[call.index()].callee);
                let same_name = lookup.entities.iter().any(|entity| {
                    matches!(entity, Entity::Symbol(other) if other != &symbol && symbols.contains(other))
                });
                if same_name {
                    PlaceKind::Wrapper
                } else {
                    PlaceKind::Implementation
                }
            }
            _ => PlaceKind::Implementation,
        };
        kinds.insert(symbol, kind);
    }
    // A module that imports the name in one branch and defines it in another has a fallback, not a second home.
    let has_import = |module: Option<ModuleId>| {
        symbols.iter().any(|&symbol| {
            home_of(index, symbol) == module
                && matches!(index.binding(symbol).value, BindingValue::Import(_))
        })
    };
    symbols
        .iter()
        .filter(|symbol| !has_import(home_of(index, **symbol)))
        .filter_map(|symbol| kinds.get(symbol).map(|kind| (*symbol, *kind)))
        .collect()
}
