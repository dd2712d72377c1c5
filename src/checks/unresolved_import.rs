//! `unresolved-import`: first-party imports of modules and names that do not exist.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::spelled::{Nowhere, given, nowhere};
use super::{Check, Context, Outcome};
use crate::diagnostic::{Evidence, Finding, Severity};
use crate::facts::{
    ANY_NAME, BindingValue, ImportId, ImportTarget, NameId, Reference, Slice, Usage, When,
};
use crate::index::{
    Entity, FileId, Index, Lookup, ModuleId, ModuleRef, SymbolId, UnknownImport, is_implicit,
};
use crate::score::{Area, Tally};
use crate::suggest::closest;

pub(super) const CHECK: Check = Check {
    name: "unresolved-import",
    page: include_str!("../../docs/checks/unresolved-import.md"),
    severity: Severity::Error,
    run,
};

/// An import that leads nowhere.
#[derive(Clone, Copy, Debug)]
struct Miss {
    file: FileId,
    import: ImportId,
    what: Missing,
}

/// What is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// The module.
    Module,
    /// The name in the module.
    Name(ModuleId, NameId),
    /// A package above the topmost one.
    Above,
}

fn run(context: &Context<'_>) -> Outcome {
    let index = context.index;
    let files: Vec<FileId> = index.file_ids().collect();
    let (counts, misses): (Vec<u64>, Vec<Vec<Miss>>) = files
        .into_par_iter()
        .map(|file| misses_of(index, file))
        .unzip();
    let mut misses: Vec<Miss> = misses.into_iter().flatten().collect();
    if misses
        .iter()
        .any(|miss| matches!(miss.what, Missing::Name(..)))
    {
        let assigned = assigned_from_outside(index);
        misses.retain(|miss| match miss.what {
            Missing::Name(module, name) => {
                !is_among(&assigned, module, index.facts(miss.file).name(name))
            }
            _ => true,
        });
    }
    let broken = misses
        .iter()
        .filter(|miss| !index.facts(miss.file).imports[miss.import.index()].guarded);
    let tally = Tally::all_but(broken.count() as u64, counts.iter().sum());
    let mut findings: Vec<Finding> = once_per_module(index, &misses)
        .filter_map(|miss| report(context, miss))
        .collect();
    findings.extend(strings(context));
    Outcome {
        findings,
        tallies: vec![(Area::Integrity, tally)],
    }
}

/// Strings that name what is not there. They may be meant for a module that is made when it is asked for, or stand
/// under a handler: warnings.
fn strings(context: &Context<'_>) -> Vec<Finding> {
    let index = context.index;
    let files: Vec<FileId> = index.file_ids().collect();
    let mut nowhere: Vec<Nowhere<'_>> = files
        .into_par_iter()
        .flat_map_iter(|file| nowhere(context, file))
        .collect();
    if nowhere.is_empty() {
        return Vec::new();
    }
    let assigned = assigned_from_outside(index);
    nowhere.retain(|one| {
        let name = one.path.rsplit('.').next().unwrap_or(one.path);
        !one.module
            .is_some_and(|module| is_among(&assigned, module, name))
    });
    nowhere
        .into_iter()
        .filter_map(|one| {
            let location = context.location(one.file, one.span);
            let name = one.path.rsplit('.').next().unwrap_or(one.path);
            let told = match one.module {
                Some(module) => name_told(context, module, name),
                None => path_told(context, one.file, one.path.to_owned()),
            };
            let mut finding = context.finding(&CHECK, None, location, told.message)?;
            finding.severity = finding.severity.min(Severity::Warning);
            finding.symbol = told.symbol;
            finding.evidence = told.evidence;
            finding.help = told.meant.map(|name| format!("did you mean `{name}`?"));
            Some(finding)
        })
        .collect()
}

/// The number of first-party imports of a file, and those that lead nowhere.
fn misses_of(index: &Index, file: FileId) -> (u64, Vec<Miss>) {
    let mut count = 0;
    let mut misses = Vec::new();
    if index.is_guess(file) {
        return (count, misses);
    }
    for at in 0..index.facts(file).imports.len() as u32 {
        let import = ImportId(at);
        let module = index.imported_module(file, import);
        let what = match module {
            ModuleRef::Known(module) => missing_name(index, file, import, module),
            ModuleRef::Missing => (!names_init(index, file, import)).then_some(Missing::Module),
            ModuleRef::Unknown(UnknownImport::BeyondTop) => {
                is_above_top(index, file).then_some(Missing::Above)
            }
            ModuleRef::External | ModuleRef::Unknown(_) => None,
        };
        count += u64::from(what.is_some() || matches!(module, ModuleRef::Known(_)));
        misses.extend(what.map(|what| Miss { file, import, what }));
    }
    (count, misses)
}

/// Whether an import spells out the `__init__` of a package: it loads that file once more.
fn names_init(index: &Index, file: FileId, import: ImportId) -> bool {
    let facts = index.facts(file);
    let written = facts.name(facts.imports[import.index()].module);
    written
        .strip_suffix("__init__")
        .and_then(|package| {
            let package = package.strip_suffix('.').unwrap_or(package);
            match package {
                "" => index.module_of(file),
                package => index.modules.by_name(package),
            }
        })
        .is_some_and(|id| index.module(id).file.is_some())
}

/// All misses, but of those that are about a whole module only the first in each statement.
fn once_per_module<'a>(index: &'a Index, misses: &'a [Miss]) -> impl Iterator<Item = Miss> + 'a {
    let import = |miss: &Miss| &index.facts(miss.file).imports[miss.import.index()];
    let mut last: Option<Miss> = None;
    misses.iter().copied().filter(move |miss| {
        let repeated = !matches!(miss.what, Missing::Name(..))
            && last.is_some_and(|last| {
                let (one, other) = (import(&last), import(miss));
                last.file == miss.file
                    && one.statement == other.statement
                    && one.module == other.module
            });
        last = Some(*miss);
        !repeated
    })
}

/// Whether a relative import that leads above everything known surely fails: the file is in a regular package, and
/// nothing says that a package lies around that one.
fn is_above_top(index: &Index, file: FileId) -> bool {
    let Some(module) = index.module_of(file).map(|id| index.module(id)) else {
        return false;
    };
    let Some((top, _)) = module.name.split_once('.') else {
        return false;
    };
    let Some(top) = index.modules.by_name(top).map(|id| index.module(id)) else {
        return false;
    };
    let folder = top.stem.rsplit_once('/').map_or("", |(folder, _)| folder);
    let around = match folder {
        "" => index.modules.by_stem("__init__"),
        folder => index.modules.by_stem(folder),
    };
    top.file.is_some() && around.is_none_or(|id| index.module(id).file.is_none())
}

fn missing_name(
    index: &Index,
    file: FileId,
    import: ImportId,
    module: ModuleId,
) -> Option<Missing> {
    let facts = index.facts(file);
    let what = &facts.imports[import.index()];
    let ImportTarget::Name(id) = what.target else {
        return None;
    };
    let name = facts.name(id);
    // The parser's repair of `from m import` has an empty name.
    if name.is_empty() || name == "__init__" || is_implicit(name) {
        return None;
    }
    let for_checkers = what.when == When::TypeChecking || index.file(file).language.is_stub();
    if for_checkers
        && let Some(stub) = index.module(module).stub
        && (index.binds(stub, name)
            || !index.origins.stars(stub).is_empty()
            || index.facts(stub).dynamic.is_some())
    {
        return None;
    }
    if is_compiled(index, module) && !for_checkers {
        return None;
    }
    // Nearly all names were found when what they bind was worked out.
    if what
        .binding
        .is_some_and(|binding| index.leads_somewhere(SymbolId { file, binding }))
    {
        return None;
    }
    let lookup = index.member(module, name);
    let exists = !lookup.entities.is_empty()
        || !lookup.externals.is_empty()
        || lookup.unknown.is_some()
        || is_reported_at_its_source(index, &lookup);
    (!exists).then_some(Missing::Name(module, id))
}

/// How many re-exports are followed to one that leads nowhere. A ring of imports would else be walked from each.
const MOST_HOPS: usize = 64;

/// Whether all that is there of a module is a stub: it tells checkers what it wants to; the module itself is not there to
/// be read.
fn is_compiled(index: &Index, module: ModuleId) -> bool {
    let file = index.module(module).file;
    file.is_some_and(|file| index.file(file).language.is_stub())
}

/// Whether the name is there, but by an import that leads nowhere itself, or out of a compiled module.
fn is_reported_at_its_source(index: &Index, lookup: &Lookup) -> bool {
    let mut seen: Vec<SymbolId> = Vec::new();
    let mut next = lookup.bindings.first().copied();
    while let Some(symbol) = next {
        let BindingValue::Import(id) = index.binding(symbol).value else {
            return false;
        };
        if seen.contains(&symbol) || seen.len() == MOST_HOPS {
            return false;
        }
        seen.push(symbol);
        let facts = index.facts(symbol.file);
        let target = facts.imports[id.index()].target;
        match (index.imported_module(symbol.file, id), target) {
            (ModuleRef::Missing, _) => return true,
            (ModuleRef::Known(module), ImportTarget::Name(name)) => {
                if is_compiled(index, module) {
                    return true;
                }
                next = index
                    .member(module, facts.name(name))
                    .bindings
                    .first()
                    .copied();
            }
            _ => return false,
        }
    }
    !seen.is_empty()
}

/// Whether a module is given a name, or one that is worked out.
fn is_among(assigned: &FxHashSet<(ModuleId, &str)>, module: ModuleId, name: &str) -> bool {
    assigned.contains(&(module, name)) || assigned.contains(&(module, ANY_NAME))
}

/// The names that other code gives to modules: `settings.DEBUG = True`, `setattr(settings, "DEBUG", True)`.
fn assigned_from_outside(index: &Index) -> FxHashSet<(ModuleId, &str)> {
    let files: Vec<FileId> = index.file_ids().collect();
    files
        .into_par_iter()
        .flat_map_iter(|file| {
            let stores =
                index.facts(file).references.iter().filter(|reference| {
                    reference.usage == Usage::Store && !reference.path.is_empty()
                });
            let stores = stores.flat_map(move |reference| assigned_by(index, file, reference));
            stores.chain(given(index, file))
        })
        .collect()
}

fn assigned_by<'a>(
    index: &'a Index,
    file: FileId,
    reference: &Reference,
) -> impl Iterator<Item = (ModuleId, &'a str)> + use<'a> {
    let facts = index.facts(file);
    let name = facts.path(reference.path).last().map(|&id| facts.name(id));
    let of = Reference {
        path: Slice {
            start: reference.path.start,
            len: reference.path.len - 1,
        },
        ..*reference
    };
    let entities = index.reference(file, &of).entities.into_iter();
    entities.filter_map(move |entity| match entity {
        Entity::Module(module) => Some((module, name?)),
        _ => None,
    })
}

fn report(context: &Context<'_>, miss: Miss) -> Option<Finding> {
    let facts = context.index.facts(miss.file);
    let import = &facts.imports[miss.import.index()];
    let told = match miss.what {
        Missing::Module => module_told(context, miss),
        Missing::Name(module, name) => name_told(context, module, facts.name(name)),
        Missing::Above => Told {
            message: format!(
                "`{}{}` leads above the topmost package",
                ".".repeat(import.level as usize),
                facts.name(import.module)
            ),
            ..Told::default()
        },
    };
    let location = context.location(miss.file, import.alias);
    let mut finding = context.finding(&CHECK, None, location, told.message)?;
    if import.guarded {
        finding.severity = finding.severity.min(Severity::Info);
    }
    finding.symbol = told.symbol;
    finding.evidence = told.evidence;
    finding.help = told.meant.map(|name| format!("did you mean `{name}`?"));
    Some(finding)
}

/// What there is to say of a miss.
#[derive(Default)]
struct Told {
    message: String,
    symbol: Option<String>,
    evidence: Vec<Evidence>,
    /// A name that is there and looks alike.
    meant: Option<String>,
}

fn module_told(context: &Context<'_>, miss: Miss) -> Told {
    let index = context.index;
    let facts = index.facts(miss.file);
    let written = facts.name(facts.imports[miss.import.index()].module);
    let path = context
        .import_path(miss.file, miss.import)
        .unwrap_or_else(|| written.to_owned());
    path_told(context, miss.file, path)
}

/// What there is to say of a module that is not there.
fn path_told(context: &Context<'_>, file: FileId, path: String) -> Told {
    let index = context.index;
    let mut told = Told {
        message: format!("there is no module `{path}`"),
        ..Told::default()
    };
    let separator = index.file(file).language.separator();
    let nearest = path.rmatch_indices(separator).find_map(|(at, _)| {
        let parent = index.modules.by_name(&path[..at])?;
        let below = &path[at + separator.len()..];
        Some((parent, below.split(separator).next().unwrap_or("")))
    });
    if let Some((parent, name)) = nearest {
        let module = index.module(parent);
        let message = if module.is_package {
            format!("`{}` has no module `{name}`", module.name)
        } else {
            format!("`{}` is this file, no package", module.name)
        };
        told.evidence.extend(
            module
                .file
                .map(|file| file_evidence(context, file, message)),
        );
        let names = index.modules.submodules(parent).map(|(_, name)| name);
        told.meant = closest(name, names).map(|name| format!("{}{separator}{name}", module.name));
    }
    told.symbol = Some(path);
    told
}

fn name_told(context: &Context<'_>, module: ModuleId, name: &str) -> Told {
    let index = context.index;
    let id = module;
    let module = index.module(module);
    let mut told = Told {
        message: format!("`{}` has no name `{name}`", module.name),
        symbol: Some(format!("{}:{name}", module.name)),
        ..Told::default()
    };
    if let Some(file) = module.file {
        let message = format!("`{}` is this file", module.name);
        told.evidence.push(file_evidence(context, file, message));
        for symbol in index.module_bindings(file, name) {
            if index.binding(symbol).value == BindingValue::Deleted {
                let span = context.symbol_span(symbol);
                let message = format!("`{name}` is deleted here");
                told.evidence.push(context.evidence(file, span, message));
            }
        }
        let facts = index.facts(file);
        let names = facts
            .members
            .iter()
            .filter(|member| member.scope == module.scope)
            .map(|member| facts.name(member.name))
            .chain(index.modules.submodules(id).map(|(_, name)| name))
            .filter(|&candidate| candidate != name);
        told.meant = closest(name, names).map(str::to_owned);
    }
    for &dead in &module.shadowed {
        if let Some(symbol) = index.module_bindings(dead, name).next() {
            let message = format!("`{name}` is here, in a file that Python never loads");
            let span = context.symbol_span(symbol);
            told.evidence.push(context.evidence(dead, span, message));
        }
    }
    told
}

fn file_evidence(context: &Context<'_>, file: FileId, message: String) -> Evidence {
    Evidence {
        location: context.start_of(file),
        message,
    }
}
