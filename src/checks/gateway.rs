//! `gateway`: things that only certain modules may use, used elsewhere.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::governed::imported_root;
use super::retired::{externals, is_below, references};
use super::trail::trail_evidence;
use super::uses::{Hit, Targets, Use, origin};
use super::{Check, Context, Outcome};
use crate::config::{Gateway, ModulePattern};
use crate::diagnostic::{Evidence, Finding, Severity};
use crate::facts::{BindingValue, ImportId, ImportTarget, Root, ScopeId, When};
use crate::index::{Entity, FileId, Index, Lookup, ModuleRef, SymbolId};
use crate::score::{Area, Tally};

pub(super) const CHECK: Check = Check {
    name: "gateway",
    page: include_str!("../../docs/checks/gateway.md"),
    severity: Severity::Error,
    run,
};

/// The rules and what they guard.
struct Guard<'a> {
    rules: Vec<&'a Gateway>,
    targets: Targets<'a>,
}

fn run(context: &Context<'_>) -> Outcome {
    let guard = Guard::new(context);
    let mut outcome = Outcome::default();
    if guard.rules.is_empty() {
        return outcome;
    }
    let files: Vec<FileId> = context.index.file_ids().collect();
    let places: Vec<Use> = files
        .into_par_iter()
        .flat_map_iter(|file| guard.trespasses(context, file))
        .collect();
    let mut broken = FxHashSet::default();
    for place in &places {
        broken.insert(guard.targets.rule_of(place.hit));
        outcome.findings.extend(guard.report(context, place));
    }
    let tally = Tally::all_but(broken.len() as u64, guard.rules.len() as u64);
    outcome.tallies.push((Area::Isolation, tally));
    outcome
}

impl<'a> Guard<'a> {
    fn new(context: &Context<'a>) -> Self {
        let index = context.index;
        let mut rules = Vec::new();
        let mut targets = Targets::with_modules();
        for rule in &context.config.gateways {
            if context.severity(&CHECK, Some(&rule.meta)).is_none() {
                continue;
            }
            let number = rules.len();
            rules.push(rule);
            let origin = origin(index, &rule.symbol);
            targets.names.extend(rule.symbol.name.rsplit('.').next());
            for path in externals(index, &origin) {
                targets.add_path(path, number);
            }
            for entity in &origin.entities {
                match *entity {
                    Entity::Symbol(symbol) => {
                        targets.definitions.insert(symbol, number);
                    }
                    Entity::Module(module) => {
                        targets.add_path(&index.module(module).name, number);
                    }
                    Entity::External(_) => {}
                }
            }
            if origin.entities.is_empty() && origin.externals.is_empty() {
                let path = format!("{}.{}", rule.symbol.module, rule.symbol.name);
                targets.add_path(&path, number);
            }
        }
        let mut this = Self { rules, targets };
        this.targets.names.extend(this.other_names(index));
        this
    }

    /// The names that modules give to what is guarded: an alias reaches it as well.
    fn other_names(&self, index: &'a Index) -> Vec<&'a str> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        let files: Vec<FileId> = index.file_ids().collect();
        files
            .into_par_iter()
            .flat_map_iter(|file| {
                let facts = index.facts(file);
                let handed_on = facts
                    .members_of(ScopeId::MODULE)
                    .filter(move |member| {
                        facts.binding_set(member.bindings).iter().any(|&binding| {
                            let value = facts.bindings[binding.index()].value;
                            matches!(value, BindingValue::Import(_) | BindingValue::Alias(_)) && {
                                let (entities, _, _) =
                                    index.binding_entities(SymbolId { file, binding });
                                let lookup = Lookup {
                                    entities,
                                    ..Lookup::default()
                                };
                                self.targets.among(index, &lookup).is_some()
                            }
                        })
                    })
                    .map(move |member| facts.name(member.name));
                handed_on.collect::<Vec<_>>()
            })
            .collect()
    }

    /// The uses in a file that may have none.
    fn trespasses(&self, context: &Context<'_>, file: FileId) -> Vec<Use> {
        let index = context.index;
        let module = index.module_name(file);
        let mut uses = self.targets.uses_in(context, file);
        uses.retain(|place| {
            let rule = self.rules[self.targets.rule_of(place.hit)];
            context.speaks_of(&rule.meta, file)
                && !rule.only_in.iter().any(|pattern| pattern.matches(module))
                && !self.is_home(index, place)
                && !never_runs(index, place)
                && !hands_on(index, rule, place)
        });
        // Whoever imports a guarded module was told so there.
        let imports: FxHashSet<_> = uses.iter().map(|place| place.span).collect();
        let facts = index.facts(file);
        let told: FxHashSet<_> = references(facts)
            .filter_map(|reference| {
                let (import, _) = imported_root(index, file, reference)?;
                let alias = facts.imports[import.index()].alias;
                // A path that is written out is the import itself.
                let told = imports.contains(&alias) && alias != reference.span;
                told.then_some(reference.span)
            })
            .collect();
        uses.retain(|place| !told.contains(&place.span));
        uses.sort_by_key(|place| (place.span, self.targets.rule_of(place.hit)));
        uses.dedup_by_key(|place| (place.span, self.targets.rule_of(place.hit)));
        uses
    }

    /// Whether a place stands where the guarded thing is made.
    fn is_home(&self, index: &Index, place: &Use) -> bool {
        match place.hit {
            Hit::Symbol(symbol) => symbol.file == place.file,
            Hit::Path(rule) => {
                let symbol = &self.rules[rule].symbol;
                let path = format!("{}.{}", symbol.module, symbol.name).replace("::", ".");
                is_below(&index.module_name(place.file).replace("::", "."), &path)
            }
        }
    }

    fn report(&self, context: &Context<'_>, place: &Use) -> Option<Finding> {
        let index = context.index;
        let rule = self.rules[self.targets.rule_of(place.hit)];
        let module = index.module_name(place.file);
        let message = format!(
            "`{}` may be used only in {}, but `{module}` uses it",
            rule.symbol,
            listed(&rule.only_in)
        );
        let location = context.location(place.file, place.span);
        let mut finding = context.finding(&CHECK, Some(&rule.meta), location, message)?;
        finding.symbol = Some(rule.symbol.to_string());
        finding.evidence = way(context, place);
        if let Hit::Symbol(symbol) = place.hit
            && finding.evidence.is_empty()
        {
            let span = context.symbol_span(symbol);
            let made = context.evidence(symbol.file, span, "made here");
            finding.evidence.push(made);
        }
        finding.evidence.push(Evidence {
            location: rule.meta.location.clone(),
            message: "the rule".to_owned(),
        });
        finding.help = Some(match &rule.meta.reason {
            Some(reason) => reason.clone(),
            None => format!("go through {}", listed(&rule.only_in)),
        });
        Some(finding)
    }
}

/// The import that a place is.
fn import_at(index: &Index, place: &Use) -> Option<ImportId> {
    let imports = &index.facts(place.file).imports;
    let found = imports.iter().position(|import| import.alias == place.span);
    found.map(|at| ImportId(at as u32))
}

/// Whether a place is an import for type checkers alone.
fn never_runs(index: &Index, place: &Use) -> bool {
    import_at(index, place)
        .is_some_and(|id| index.facts(place.file).imports[id.index()].when == When::TypeChecking)
}

/// Whether a place is how a package above the symbol's module hands it on, without a use of its own.
fn hands_on(index: &Index, rule: &Gateway, place: &Use) -> bool {
    let home = match place.hit {
        Hit::Symbol(symbol) => index.module_name(symbol.file),
        Hit::Path(_) => &rule.symbol.module,
    };
    let module = index.module_name(place.file);
    let Some(id) = import_at(index, place).filter(|_| is_below(home, module)) else {
        return false;
    };
    let facts = index.facts(place.file);
    let import = facts.imports[id.index()];
    let Some(binding) = import.binding else {
        return import.target == ImportTarget::Star;
    };
    let is_used = references(facts).any(|reference| match reference.root {
        Root::Bound(set) => facts.binding_set(set).contains(&binding),
        _ => false,
    });
    import.scope == ScopeId::MODULE && !is_used
}

/// How the name at a place leads to what is guarded.
fn way(context: &Context<'_>, place: &Use) -> Vec<Evidence> {
    let index = context.index;
    let facts = index.facts(place.file);
    if let Some(id) = import_at(index, place) {
        let target = facts.imports[id.index()].target;
        return match (index.imported_module(place.file, id), target) {
            (ModuleRef::Known(module), ImportTarget::Name(name)) => {
                trail_evidence(context, module, facts.name(name))
            }
            _ => Vec::new(),
        };
    }
    let root = references(facts)
        .filter(|reference| reference.span == place.span)
        .find_map(|reference| imported_root(index, place.file, reference));
    let Some((id, _)) = root else {
        return Vec::new();
    };
    let import = &facts.imports[id.index()];
    let local = import.binding.map_or("", |binding| {
        facts.name(facts.bindings[binding.index()].name)
    });
    let message = format!("`{local}` is imported here");
    vec![context.evidence(place.file, import.alias, message)]
}

/// The modules as a list.
fn listed(patterns: &[ModulePattern]) -> String {
    let names: Vec<String> = patterns
        .iter()
        .map(|pattern| format!("`{}`", pattern.text))
        .collect();
    names.join(", ")
}
