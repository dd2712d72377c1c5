//! `retired-symbol`: names that the rules retire and that are still defined, imported or used.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::retired::{
    advice, externals, ids_of, prefix, prefixes_ending_in, references, use_instead, with_ancestors,
};
use super::successor::relocation;
use super::{Check, Context, Outcome};
use crate::config::{ModulePattern, Retired, RetiredTarget, SymbolKind, SymbolPath};
use crate::diagnostic::{Finding, Relocation, Severity, Site};
use crate::facts::{
    BindingValue, DefinitionKind, ImportId, ImportTarget, Reference, Root, ScopeId,
};
use crate::index::{Entity, FileId, Index, Lookup, ModuleRef, SymbolId};
use crate::score::{Area, Tally};
use crate::span::Span;

pub(super) const CHECK: Check = Check {
    name: "retired-symbol",
    page: include_str!("../../docs/checks/retired-symbol.md"),
    severity: Severity::Error,
    run,
};

/// A rule about a symbol.
struct Rule<'a> {
    retired: &'a Retired,
    pattern: &'a ModulePattern,
    /// As written: `Name`, or `Class.method`.
    name: &'a str,
    kind: Option<SymbolKind>,
}

impl<'a> Rule<'a> {
    /// The name in the module.
    fn first(&self) -> &'a str {
        self.name.split('.').next().unwrap_or(self.name)
    }

    /// The attribute that reaches the symbol.
    fn last(&self) -> &'a str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// The one module that the rule is about, unless it is a pattern.
    fn module(&self) -> Option<&'a str> {
        self.pattern.is_literal().then_some(&*self.pattern.text)
    }
}

/// The rules and what they retire.
struct Retirement<'a> {
    rules: Vec<Rule<'a>>,
    /// What each rule retires in the tree.
    definitions: FxHashMap<SymbolId, usize>,
    /// What rules without pattern retire, `module.name`, in the tree or not.
    paths: FxHashMap<String, usize>,
    /// The rules about each attribute name.
    by_last: FxHashMap<&'a str, Vec<usize>>,
}

/// What a place reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Hit {
    /// A definition of the tree.
    Symbol(SymbolId),
    /// Something that only a rule names.
    Path(usize),
}

/// A place that uses something retired.
struct Use {
    hit: Hit,
    file: FileId,
    span: Span,
}

fn run(context: &Context<'_>) -> Outcome {
    let retirement = Retirement::new(context);
    if retirement.rules.is_empty() {
        return Outcome::default();
    }
    let files: Vec<FileId> = context.index.file_ids().collect();
    let places: Vec<Use> = files
        .into_par_iter()
        .flat_map_iter(|file| retirement.uses_in(context, file))
        .collect();
    let mut outcome = Outcome::default();
    let mut broken = FxHashSet::default();
    for found in &places {
        broken.insert(retirement.rule_of(found.hit));
        outcome
            .findings
            .extend(retirement.report_use(context, found));
    }
    let used: FxHashSet<Hit> = places.iter().map(|found| found.hit).collect();
    let mut definitions: Vec<(SymbolId, usize)> = retirement
        .definitions
        .iter()
        .map(|(&symbol, &rule)| (symbol, rule))
        .collect();
    definitions.sort_unstable();
    for (symbol, rule) in definitions {
        broken.insert(rule);
        let is_used = used.contains(&Hit::Symbol(symbol)) || may_be_used(context.index, symbol);
        outcome
            .findings
            .extend(retirement.report_definition(context, symbol, rule, is_used));
    }
    let governed = retirement.rules.len() as u64;
    outcome.tallies.push((
        Area::Retirement,
        Tally::all_but(broken.len() as u64, governed),
    ));
    outcome
}

impl<'a> Retirement<'a> {
    fn new(context: &Context<'a>) -> Self {
        let rules: Vec<Rule> = context
            .config
            .retired
            .iter()
            .filter(|rule| context.severity(&CHECK, Some(&rule.meta)).is_some())
            .filter_map(|rule| match &rule.target {
                RetiredTarget::Symbol { module, name, kind } => Some(Rule {
                    retired: rule,
                    pattern: module,
                    name,
                    kind: *kind,
                }),
                RetiredTarget::Module(_) => None,
            })
            .collect();
        let mut this = Self {
            definitions: FxHashMap::default(),
            paths: FxHashMap::default(),
            by_last: FxHashMap::default(),
            rules,
        };
        for (at, rule) in this.rules.iter().enumerate() {
            this.by_last.entry(rule.last()).or_default().push(at);
            if let Some(module) = rule.module() {
                this.paths.insert(format!("{module}.{}", rule.name), at);
            }
            for module in context.index.modules.all() {
                let Some(file) = module.file else { continue };
                if context.index.binds(file, rule.first())
                    && rule.pattern.matches(&module.name)
                    && context.speaks_of(&rule.retired.meta, file)
                {
                    for symbol in definitions(context.index, file, rule) {
                        this.definitions.entry(symbol).or_insert(at);
                    }
                }
            }
        }
        this
    }

    fn rule_of(&self, hit: Hit) -> usize {
        match hit {
            Hit::Symbol(symbol) => self.definitions[&symbol],
            Hit::Path(rule) => rule,
        }
    }

    fn uses_in(&self, context: &Context<'_>, file: FileId) -> Vec<Use> {
        let index = context.index;
        let facts = index.facts(file);
        let mut uses: Vec<Use> = Vec::new();
        for id in (0..facts.imports.len() as u32).map(ImportId) {
            let span = facts.imports[id.index()].alias;
            let hit = self.imported(context, file, id);
            uses.extend(hit.map(|hit| Use { hit, file, span }));
        }
        let names = ids_of(facts, |name| self.by_last.contains_key(name));
        if !names.is_empty() {
            let mut seen = FxHashSet::default();
            for reference in references(facts) {
                let hit = prefixes_ending_in(facts, reference, &names)
                    .find_map(|(prefix, _)| self.attribute(index, file, &prefix));
                if let Some(hit) = hit
                    && seen.insert((reference.span.start, hit))
                {
                    let span = reference.span;
                    uses.push(Use { hit, file, span });
                }
            }
            uses.extend(self.through_stars(context, file));
        }
        uses.retain(|found| {
            let rule = self.rules[self.rule_of(found.hit)].retired;
            context.speaks_of(&rule.meta, file)
        });
        uses
    }

    /// The retired thing that an imported name is.
    fn imported(&self, context: &Context<'_>, file: FileId, id: ImportId) -> Option<Hit> {
        let index = context.index;
        let facts = index.facts(file);
        let import = &facts.imports[id.index()];
        let (ImportTarget::Name(name), Some(binding)) = (import.target, import.binding) else {
            return None;
        };
        let own = SymbolId { file, binding };
        if self.definitions.contains_key(&own) {
            return None;
        }
        let name = facts.name(name);
        let (entities, unknown, _) = index.binding_entities(own);
        let lookup = Lookup {
            entities,
            ..Lookup::default()
        };
        if let Some(hit) = self.among(index, &lookup) {
            return Some(hit);
        }
        if !self.by_last.contains_key(name) {
            return None;
        }
        match index.imported_module(file, id) {
            ModuleRef::Known(module) => {
                let through = index.member(module, name).bindings;
                let hit = self.on_the_way(index, through);
                let is_gone = lookup.entities.is_empty() && unknown.is_none();
                hit.or_else(|| {
                    self.by_path(&index.module(module).name, name)
                        .filter(|_| is_gone)
                })
            }
            _ => self.by_path(&context.import_path(file, id)?, name),
        }
    }

    /// What a look-up found that is retired.
    fn among(&self, index: &Index, lookup: &Lookup) -> Option<Hit> {
        let symbol = lookup.entities.iter().find_map(|&entity| match entity {
            Entity::Symbol(symbol) if self.definitions.contains_key(&symbol) => {
                Some(Hit::Symbol(symbol))
            }
            _ => None,
        });
        symbol.or_else(|| externals(index, lookup).find_map(|path| self.path(path)))
    }

    fn path(&self, path: &str) -> Option<Hit> {
        self.paths.get(path).copied().map(Hit::Path)
    }

    fn by_path(&self, module: &str, name: &str) -> Option<Hit> {
        self.path(&format!("{module}.{name}"))
    }

    /// The first retired binding among `bindings` and those that their imports lead to: a retired alias or
    /// re-export stands for something that is not retired.
    fn on_the_way(&self, index: &Index, mut bindings: Vec<SymbolId>) -> Option<Hit> {
        let mut seen = FxHashSet::default();
        while let Some(symbol) = bindings.pop() {
            if self.definitions.contains_key(&symbol) {
                return Some(Hit::Symbol(symbol));
            }
            if !seen.insert(symbol) {
                continue;
            }
            let BindingValue::Import(id) = index.binding(symbol).value else {
                continue;
            };
            let facts = index.facts(symbol.file);
            if let (ModuleRef::Known(module), ImportTarget::Name(name)) = (
                index.imported_module(symbol.file, id),
                facts.imports[id.index()].target,
            ) {
                bindings.extend(index.member(module, facts.name(name)).bindings);
            }
        }
        None
    }

    /// The retired thing that an attribute chain ends at.
    fn attribute(&self, index: &Index, file: FileId, reference: &Reference) -> Option<Hit> {
        let lookup = index.reference(file, reference);
        if let Some(hit) = self.among(index, &lookup) {
            return Some(hit);
        }
        let facts = index.facts(file);
        let name = facts.name(*facts.path(reference.path).last()?);
        let of = index.reference(file, &prefix(reference, reference.path.len - 1));
        of.entities.iter().find_map(|&entity| {
            let Entity::Module(module) = entity else {
                return None;
            };
            let member = index.member(module, name);
            let is_gone = member.bindings.is_empty() && lookup.entities.is_empty();
            let gone = self
                .by_path(&index.module(module).name, name)
                .filter(|_| is_gone);
            gone.or_else(|| self.on_the_way(index, member.bindings))
        })
    }

    /// Star imports that bring a retired name which the file uses.
    fn through_stars(&self, context: &Context<'_>, file: FileId) -> Vec<Use> {
        let index = context.index;
        let facts = index.facts(file);
        let stars = index.origins.stars(file);
        let mut uses: Vec<Use> = Vec::new();
        if stars.is_empty() {
            return uses;
        }
        let free: FxHashSet<&str> = references(facts)
            .filter_map(|reference| match reference.root {
                Root::Free(name) => Some(facts.name(name)),
                _ => None,
            })
            .filter(|name| self.by_last.contains_key(name))
            .collect();
        for name in free {
            // The last star that has the name wins.
            let found = stars.iter().rev().find_map(|&id| {
                let hit = match index.imported_module(file, id) {
                    ModuleRef::Known(from) => {
                        if index.star_exports(from, name) != Some(true) {
                            return None;
                        }
                        let lookup = index.member(from, name);
                        self.among(index, &lookup)
                            .or_else(|| self.on_the_way(index, lookup.bindings))?
                    }
                    _ => self.by_path(&context.import_path(file, id)?, name)?,
                };
                Some((id, hit))
            });
            if let Some((id, hit)) = found {
                let span = facts.imports[id.index()].alias;
                uses.push(Use { hit, file, span });
            }
        }
        uses.sort_by_key(|found| (found.span, self.rule_of(found.hit)));
        uses
    }

    /// The path that people know a retired thing by.
    fn name_of(&self, index: &Index, hit: Hit) -> String {
        match hit {
            Hit::Symbol(symbol) => index.symbol_path(symbol),
            Hit::Path(rule) => {
                let rule = &self.rules[rule];
                format!("{}:{}", rule.pattern.text, rule.name)
            }
        }
    }

    fn report_use(&self, context: &Context<'_>, found: &Use) -> Option<Finding> {
        let rule = self.rules[self.rule_of(found.hit)].retired;
        let path = self.name_of(context.index, found.hit);
        let message = format!("`{path}` is retired{}", use_instead(rule));
        let location = context.location(found.file, found.span);
        let mut finding = context.finding(&CHECK, Some(&rule.meta), location, message)?;
        if let Hit::Symbol(symbol) = found.hit {
            let span = context.symbol_span(symbol);
            finding
                .evidence
                .push(context.evidence(symbol.file, span, "made here"));
        }
        finding.symbol = Some(path);
        finding.help = advice(rule, None);
        let imports = &context.index.facts(found.file).imports;
        finding.relocation = (0..)
            .map(ImportId)
            .zip(imports)
            .find(|(_, import)| import.alias == found.span)
            .and_then(|(id, _)| relocation(context, rule, found.file, id, None));
        Some(finding)
    }

    fn report_definition(
        &self,
        context: &Context<'_>,
        symbol: SymbolId,
        rule: usize,
        is_used: bool,
    ) -> Option<Finding> {
        let index = context.index;
        let Rule { retired, name, .. } = &self.rules[rule];
        let module = index.module_name(symbol.file);
        let what = if let BindingValue::Import(_) = index.binding(symbol).value {
            format!("`{name}` is retired and still in `{module}`")
        } else {
            let kind = match kind_of(index, symbol) {
                Some(SymbolKind::Class) => "class ",
                Some(SymbolKind::Function) => "function ",
                _ => "",
            };
            format!("{kind}`{name}` is retired and still defined in `{module}`")
        };
        let message = if is_used {
            what
        } else {
            format!("{what}, though no other module uses it any more: it can be deleted")
        };
        let location = context.location(symbol.file, context.symbol_span(symbol));
        let mut finding = context.finding(&CHECK, Some(&retired.meta), location, message)?;
        finding.symbol = Some(index.symbol_path(symbol));
        finding.removal = true;
        finding.help = advice(retired, None);
        let own = index.binding(symbol);
        let is_plain = matches!(own.value, BindingValue::Definition(_));
        if !is_used && is_plain && own.scope == ScopeId::MODULE {
            let local = index.symbol_name(symbol).to_owned();
            finding.replacements.push(Relocation {
                file: symbol.file,
                site: Site::Removal(symbol.binding),
                to: SymbolPath {
                    module: module.to_owned(),
                    name: local.clone(),
                },
                local,
                same_object: false,
                vouched: true,
            });
        }
        Some(finding)
    }
}

/// What a rule retires in a module.
fn definitions(index: &Index, file: FileId, rule: &Rule<'_>) -> Vec<SymbolId> {
    let mut found: Vec<SymbolId> = index.module_bindings(file, rule.first()).collect();
    let is_member = rule.name.contains('.');
    for segment in rule.name.split('.').skip(1) {
        found = found
            .into_iter()
            .flat_map(|class| index.class_member(class, segment).unwrap_or_default())
            // An inherited one is retired where it is made, or not at all.
            .filter(|member| member.file == file && index.binding(*member).scope != ScopeId::MODULE)
            .collect();
    }
    found.retain(|&symbol| match index.binding(symbol).value {
        BindingValue::Deleted => false,
        // Only a rule that names the module means a name that is merely handed on there.
        BindingValue::Import(_) if is_member || rule.module().is_none() => false,
        _ => rule
            .kind
            .is_none_or(|kind| kind_of(index, symbol) == Some(kind)),
    });
    found
}

/// What a symbol is, seen through aliases and imports; none when that cannot be told.
fn kind_of(index: &Index, symbol: SymbolId) -> Option<SymbolKind> {
    let (entities, _, _) = index.binding_entities(symbol);
    let mut kinds = entities.iter().map(|&entity| match entity {
        Entity::Symbol(symbol) => Some(match index.definition(symbol) {
            Some((_, definition)) if definition.kind == DefinitionKind::Class => SymbolKind::Class,
            Some(_) => SymbolKind::Function,
            None => SymbolKind::Value,
        }),
        Entity::Module(_) | Entity::External(_) => None,
    });
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

/// Whether a symbol may be in use in ways that are not found one by one: by a star import, or named in a string.
fn may_be_used(index: &Index, symbol: SymbolId) -> bool {
    let Some(module) = index.module_of(symbol.file) else {
        return false;
    };
    let name = index.symbol_name(symbol);
    let path = index.symbol_path(symbol).replace(':', ".");
    index.file_ids().any(|file| {
        let stars = index.origins.stars(file).iter();
        let by_star = stars.filter(|&&id| {
            index.imported_module(file, id) == ModuleRef::Known(module)
                && index.star_exports(module, name) != Some(false)
        });
        let facts = index.facts(file);
        let mut strings = facts.string_targets.iter();
        by_star.count() > 0
            || strings
                .any(|target| with_ancestors(facts.name(target.value)).any(|target| target == path))
    })
}
