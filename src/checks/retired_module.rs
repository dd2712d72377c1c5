//! `retired-module`: modules that the rules retire and that are still there, or still used.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::disused::deletion;
use super::retired::{
    advice, externals, ids_of, is_below, prefixes_ending_in, references, use_instead,
    with_ancestors,
};
use super::successor::{relocation, spelled};
use super::versions::{chooses, is_of_the_project};
use super::{Check, Context, Outcome};
use crate::config::{Retired, RetiredTarget};
use crate::diagnostic::{Finding, Severity};
use crate::facts::{ImportId, ImportTarget, NameId, ScopeId, StringTargetKind};
use crate::index::{Entity, FileId, ModuleRef, SymbolId};
use crate::score::{Area, Tally};
use crate::span::Span;

pub(super) const CHECK: Check = Check {
    name: "retired-module",
    page: include_str!("../../docs/checks/retired-module.md"),
    severity: Severity::Error,
    run,
};

/// The rules about modules, by the path that each retires.
struct Rules<'a> {
    all: Vec<(&'a str, &'a Retired)>,
    by_path: FxHashMap<&'a str, usize>,
    /// The last segments of the paths: what an attribute chain that steps through such a module must contain.
    last: FxHashSet<&'a str>,
}

impl<'a> Rules<'a> {
    fn new(context: &Context<'a>) -> Self {
        let all: Vec<(&str, &Retired)> = context
            .config
            .retired
            .iter()
            .filter(|rule| context.severity(&CHECK, Some(&rule.meta)).is_some())
            .filter_map(|rule| match &rule.target {
                RetiredTarget::Module(path) => Some((path.as_str(), rule)),
                RetiredTarget::Symbol { .. } => None,
            })
            .filter(|(path, rule)| !is_of_the_project(&rule.meta, context.index, path))
            .collect();
        Self {
            by_path: (0..).zip(&all).map(|(at, (path, _))| (*path, at)).collect(),
            last: all
                .iter()
                .map(|(path, _)| path.rsplit(['.', ':']).next().unwrap_or(path))
                .collect(),
            all,
        }
    }

    /// The rule that retires a path: the nearest, when it lies below several.
    fn covering(&self, path: &str) -> Option<usize> {
        with_ancestors(path).find_map(|path| self.by_path.get(path).copied())
    }

    /// The rule that retires exactly this path.
    fn exact(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }
}

/// A place that uses a retired module.
struct Use {
    rule: usize,
    file: FileId,
    how: How,
}

/// How a place uses a module.
#[derive(Clone, Copy)]
enum How {
    /// It imports it.
    Import(ImportId),
    /// It reaches it as an attribute of its package.
    Attribute(Span),
    /// It loads it by its name: the literal, and what it spells.
    Text(Span, NameId),
    /// It names it in another string.
    String,
}

fn run(context: &Context<'_>) -> Outcome {
    let rules = Rules::new(context);
    if rules.all.is_empty() {
        return Outcome::default();
    }
    let files: Vec<FileId> = context.index.file_ids().collect();
    let places: Vec<Use> = files
        .into_par_iter()
        .flat_map_iter(|file| uses_in(context, &rules, file))
        .collect();
    let mut outcome = Outcome::default();
    let mut user_files: Vec<FxHashSet<FileId>> = vec![FxHashSet::default(); rules.all.len()];
    let mut broken = vec![false; rules.all.len()];
    for found in &places {
        user_files[found.rule].insert(found.file);
        if let Some(finding) = report_use(context, rules.all[found.rule], found) {
            broken[found.rule] = true;
            outcome.findings.push(finding);
        }
    }
    for (at, &(path, rule)) in rules.all.iter().enumerate() {
        if let Some(finding) = report_module(context, path, rule, user_files[at].len()) {
            broken[at] = true;
            outcome.findings.push(finding);
        }
    }
    let broken = broken.into_iter().filter(|&broken| broken).count();
    outcome.tallies.push((
        Area::Retirement,
        Tally::all_but(broken as u64, rules.all.len() as u64),
    ));
    outcome
}

fn uses_in(context: &Context<'_>, rules: &Rules<'_>, file: FileId) -> Vec<Use> {
    let index = context.index;
    let facts = index.facts(file);
    let speaks = |rule: usize, scope: ScopeId| {
        let (path, rule) = rules.all[rule];
        let own = index.module_at(file, scope);
        let own = own.map(|id| &*index.module(id).name);
        context.speaks_of(&rule.meta, file) && !own.is_some_and(|own| is_below(own, path))
    };
    let mut uses = Vec::new();
    let mut imported = FxHashSet::default();
    for import in (0..facts.imports.len() as u32).map(ImportId) {
        if let Some(rule) = imported_rule(context, rules, file, import)
            .filter(|&rule| speaks(rule, facts.imports[import.index()].scope))
        {
            imported.insert(rule);
            let alias = facts.imports[import.index()].alias;
            if !chooses(&rules.all[rule].1.meta, facts, alias, Some(import)) {
                let how = How::Import(import);
                uses.push(Use { rule, file, how });
            }
        }
    }
    let steps = ids_of(facts, |name| rules.last.contains(name));
    if !steps.is_empty() {
        // A chain may be kept both for itself and for the call that it leads to.
        let mut seen = FxHashSet::default();
        // Where modules are declared, code goes through them, and ends at what shares their name.
        let ends_beyond = index.file(file).language.declares_modules();
        for reference in references(facts) {
            let rule = prefixes_ending_in(facts, reference, &steps)
                .filter(|(prefix, _)| !ends_beyond || prefix.path.len < reference.path.len)
                .find_map(|(prefix, _)| {
                    let lookup = index.reference(file, &prefix);
                    lookup
                        .entities
                        .iter()
                        .find_map(|&entity| match entity {
                            Entity::Module(id) => rules.covering(&index.module(id).name),
                            _ => None,
                        })
                        .or_else(|| externals(index, &lookup).find_map(|path| rules.exact(path)))
                })
                .filter(|&rule| {
                    speaks(rule, reference.scope)
                        && !imported.contains(&rule)
                        && !chooses(&rules.all[rule].1.meta, facts, reference.span, None)
                        && seen.insert((reference.span.start, rule))
                });
            let how = How::Attribute(reference.span);
            uses.extend(rule.map(|rule| Use { rule, file, how }));
        }
    }
    let strings = facts.string_targets.iter();
    let strings = strings.filter(|target| {
        let is_of_object = matches!(
            target.kind,
            StringTargetKind::Attribute | StringTargetKind::Assigned
        );
        !is_of_object
    });
    uses.extend(strings.filter_map(|target| {
        let rule = rules.covering(facts.name(target.value))?;
        let how = match target.kind {
            StringTargetKind::ImportModule => How::Text(target.span, target.value),
            _ => How::String,
        };
        let chooses = chooses(&rules.all[rule].1.meta, facts, target.span, None);
        (speaks(rule, target.scope) && !chooses).then_some(Use { rule, file, how })
    }));
    uses
}

/// The rule that retires what an import reaches.
fn imported_rule(
    context: &Context<'_>,
    rules: &Rules<'_>,
    file: FileId,
    id: ImportId,
) -> Option<usize> {
    let index = context.index;
    let facts = index.facts(file);
    let import = &facts.imports[id.index()];
    let name = match import.target {
        ImportTarget::Name(name) => Some(facts.name(name)),
        _ => None,
    };
    let ModuleRef::Known(module) = index.imported_module(file, id) else {
        let path = context.import_path(file, id)?;
        let separator = index.file(file).language.separator();
        let whole = name.map(|name| format!("{path}{separator}{name}"));
        return rules.covering(whole.as_deref().unwrap_or(&path));
    };
    let module = &index.module(module).name;
    if let Some(rule) = rules.covering(module) {
        return Some(rule);
    }
    let (name, binding) = (name?, import.binding?);
    let (entities, unknown, _) = index.binding_entities(SymbolId { file, binding });
    if entities.is_empty() && unknown.is_none() {
        let separator = index.file(file).language.separator();
        return rules.covering(&format!("{module}{separator}{name}"));
    }
    entities.iter().find_map(|&entity| match entity {
        Entity::Module(id) => rules.covering(&index.module(id).name),
        // A name of a retired library, handed on by a module of the project, is for that module to replace.
        Entity::External(id) => rules.exact(index.origins.external(id)),
        Entity::Symbol(_) => None,
    })
}

fn report_use(
    context: &Context<'_>,
    (path, rule): (&str, &Retired),
    found: &Use,
) -> Option<Finding> {
    let (span, name) = match found.how {
        How::Import(id) => {
            let import = &context.index.facts(found.file).imports[id.index()];
            (import.alias, name_taken(context, found.file, id, path))
        }
        How::Attribute(span) | How::Text(span, _) => (span, None),
        How::String => return None,
    };
    let message = format!("`{path}` is retired{}", use_instead(rule));
    let location = context.location(found.file, span);
    let mut finding = context.finding(&CHECK, Some(&rule.meta), location, message)?;
    finding.symbol = Some(path.to_owned());
    finding.help = advice(rule, name);
    if let How::Import(id) = found.how {
        finding.relocation = relocation(context, rule, found.file, id, Some(path));
    }
    if let How::Text(span, value) = found.how {
        finding.relocation = spelled(context, rule, found.file, (span, value), path);
    }
    if let Some(file) = module_file(context, path) {
        let message = format!("`{path}` is this file");
        finding
            .evidence
            .push(context.evidence(file, Span::at(0), message));
    }
    Some(finding)
}

/// The name that an import takes out of the module `path`; none when it takes the module, or one below it.
fn name_taken<'a>(
    context: &Context<'a>,
    file: FileId,
    id: ImportId,
    path: &str,
) -> Option<&'a str> {
    let facts = context.index.facts(file);
    let ImportTarget::Name(name) = facts.imports[id.index()].target else {
        return None;
    };
    let is_from = match context.index.imported_module(file, id) {
        ModuleRef::Known(module) => *context.index.module(module).name == *path,
        _ => context.import_path(file, id)? == path,
    };
    is_from.then(|| facts.name(name))
}

/// The file that a retired path still has: the module's own, or for a bare folder the first one in it.
fn module_file(context: &Context<'_>, path: &str) -> Option<FileId> {
    let modules = &context.index.modules;
    let id = modules.by_name(path)?;
    modules.get(id).file.or_else(|| {
        modules.all()[id.index()..]
            .iter()
            .take_while(|module| module.name.starts_with(path))
            .filter(|module| is_below(&module.name, path))
            .find_map(|module| module.file)
    })
}

fn report_module(
    context: &Context<'_>,
    path: &str,
    rule: &Retired,
    users: usize,
) -> Option<Finding> {
    let file = module_file(context, path)?;
    if !context.speaks_of(&rule.meta, file) {
        return None;
    }
    // Numbers stay out of messages: a finding must not turn into another one with every importer that goes.
    let message = if users == 0 {
        format!("`{path}` is retired and nothing uses it any more: it can be deleted")
    } else {
        format!("`{path}` is retired and still here")
    };
    let mut finding = context.finding(&CHECK, Some(&rule.meta), context.start_of(file), message)?;
    finding.removal = true;
    finding.symbol = Some(path.to_owned());
    if users == 0 {
        finding.relocation = Some(deletion(context, path, rule, file));
    }
    let users = match users {
        0 => None,
        1 => Some("1 module still uses it".to_owned()),
        users => Some(format!("{users} modules still use it")),
    };
    finding.help = match (users, &rule.meta.reason) {
        (Some(users), Some(reason)) => Some(format!("{users}; {reason}")),
        (users, reason) => users.or_else(|| reason.clone()),
    };
    Some(finding)
}
