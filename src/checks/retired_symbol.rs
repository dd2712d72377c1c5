//! `retired-symbol`: names that the rules retire and that are still defined, imported or used.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::retired::{advice, use_instead, with_ancestors};
use super::successor::{chain_relocation, relocation};
use super::uses::{Hit, Targets, Use};
use super::versions::{chooses, is_of_the_project};
use super::{Check, Context, Outcome};
use crate::config::{ModulePattern, Retired, RetiredTarget, SymbolKind, SymbolPath};
use crate::diagnostic::{Finding, Relocation, Severity, Site};
use crate::facts::{BindingValue, DefinitionKind, FileFacts, ImportId, ScopeId};
use crate::index::{Entity, FileId, Index, ModuleRef, SymbolId};
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
    /// What each rule retires: in the tree, and, by rules without pattern, `module.name` in the tree or not.
    targets: Targets<'a>,
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
        broken.insert(retirement.targets.rule_of(found.hit));
        outcome
            .findings
            .extend(retirement.report_use(context, found));
    }
    let used: FxHashSet<Hit> = places.iter().map(|found| found.hit).collect();
    let mut definitions: Vec<(SymbolId, usize)> = retirement
        .targets
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
            .filter(|rule| {
                let module = &rule.pattern.text;
                !is_of_the_project(&rule.retired.meta, context.index, module)
            })
            .collect();
        let mut this = Self {
            targets: Targets::default(),
            rules,
        };
        for (at, rule) in this.rules.iter().enumerate() {
            this.targets.names.insert(rule.last());
            if let Some(module) = rule.module() {
                let path = format!("{module}.{}", rule.name);
                this.targets.add_path(&path, at);
            }
            for module in context.index.modules.all() {
                let Some(file) = module.file else { continue };
                if context
                    .index
                    .facts(file)
                    .member(module.scope, rule.first())
                    .is_some()
                    && rule.pattern.matches(&module.name)
                    && context.speaks_of(&rule.retired.meta, file)
                {
                    for symbol in definitions(context.index, (file, module.scope), rule) {
                        this.targets.definitions.entry(symbol).or_insert(at);
                    }
                }
            }
        }
        this
    }

    fn uses_in(&self, context: &Context<'_>, file: FileId) -> Vec<Use> {
        let mut uses = self.targets.uses_in(context, file);
        uses.retain(|found| {
            let rule = self.rules[self.targets.rule_of(found.hit)].retired;
            let facts = context.index.facts(file);
            let import = match found.chain {
                Some(_) => None,
                None => import_at(facts, found.span),
            };
            context.speaks_of(&rule.meta, file) && !chooses(&rule.meta, facts, found.span, import)
        });
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
        let rule = self.rules[self.targets.rule_of(found.hit)].retired;
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
        finding.relocation = match found.chain {
            Some(chain) => chain_relocation(context, rule, found.file, &chain),
            None => import_at(context.index.facts(found.file), found.span)
                .and_then(|id| relocation(context, rule, found.file, id, None)),
        };
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
        let module = match index.module_at(symbol.file, index.binding(symbol).scope) {
            Some(module) => &*index.module(module).name,
            None => index.module_name(symbol.file),
        };
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
        let is_python = index.file(symbol.file).language.is_python();
        if !is_used && is_plain && is_python && own.scope == ScopeId::MODULE {
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

/// The import whose name stands at `span`.
fn import_at(facts: &FileFacts, span: Span) -> Option<ImportId> {
    (0..)
        .map(ImportId)
        .zip(&facts.imports)
        .find(|(_, import)| import.alias == span)
        .map(|(id, _)| id)
}

/// What a rule retires in a module.
fn definitions(index: &Index, (file, scope): (FileId, ScopeId), rule: &Rule<'_>) -> Vec<SymbolId> {
    let member = index.facts(file).member(scope, rule.first());
    let bindings = member.map_or(&[][..], |member| {
        index.facts(file).binding_set(member.bindings)
    });
    let mut found: Vec<SymbolId> = bindings
        .iter()
        .map(|&binding| SymbolId { file, binding })
        .collect();
    let is_member = rule.name.contains('.');
    for segment in rule.name.split('.').skip(1) {
        found = found
            .into_iter()
            .flat_map(|class| index.class_member(class, segment).unwrap_or_default())
            // An inherited one is retired where it is made, or not at all.
            .filter(|member| member.file == file && index.binding(*member).scope != scope)
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
    let Some(module) = index.module_at(symbol.file, index.binding(symbol).scope) else {
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
