//! Strings that name first-party modules or names that do not exist: what a test replaces, what a program loads.

use super::Context;
use crate::facts::{ANY_NAME, BindingId, BindingValue, FileFacts, StringTargetKind};
use crate::index::{Entity, FileId, Index, ModuleId, ModuleRef, SymbolId, is_implicit};
use crate::lang::is_builtin;
use crate::span::Span;

/// A string that leads nowhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nowhere<'a> {
    pub(super) file: FileId,
    /// The literal, or the name of an attribute that is handed over with a module.
    pub(super) span: Span,
    /// What it spells, up to what is not there.
    pub(super) path: &'a str,
    /// The module that has not the name; none where it is a module that is not there.
    pub(super) module: Option<ModuleId>,
}

/// The strings of a file that lead nowhere, in source order.
pub(super) fn nowhere<'a>(
    context: &Context<'a>,
    file: FileId,
) -> impl Iterator<Item = Nowhere<'a>> + use<'a> {
    let index = context.index;
    let facts: &'a FileFacts = index.facts(file);
    facts.string_targets.iter().filter_map(move |target| {
        let value = facts.name(target.value);
        if target.may_be_new {
            return None;
        }
        let (path, module) = match target.kind {
            StringTargetKind::Attribute if target.is_imported => {
                missing_attribute(index, file, value)?
            }
            StringTargetKind::Assigned | StringTargetKind::Attribute => return None,
            StringTargetKind::ImportModule => (missing_module(index, file, value)?, None),
            StringTargetKind::Patch | StringTargetKind::Monkeypatch => {
                missing_name(index, file, value)?
            }
        };
        Some(Nowhere {
            file,
            span: target.span,
            path,
            module,
        })
    })
}

/// `value`, if it names a first-party module that is not there.
fn missing_module<'a>(index: &Index, file: FileId, value: &'a str) -> Option<&'a str> {
    let is_path = value.split('.').all(|part| !part.is_empty());
    let is_missing = is_path && index.absolute_module(file, value) == ModuleRef::Missing;
    is_missing.then_some(value)
}

/// The leading part of `value` that is not there, with the module that should have it.
fn missing_name<'a>(
    index: &Index,
    file: FileId,
    value: &'a str,
) -> Option<(&'a str, Option<ModuleId>)> {
    let mut end = value.find('.')?;
    let ModuleRef::Known(mut module) = index.absolute_module(file, &value[..end]) else {
        return None;
    };
    loop {
        let rest = &value[end + 1..];
        let name = rest.split('.').next().unwrap_or(rest);
        let next = end + 1 + name.len();
        if let Some(below) = index.modules.submodule(module, name)
            && index.member(module, name).bindings.is_empty()
            && next < value.len()
        {
            (module, end) = (below, next);
            continue;
        }
        if !lacks(index, file, module, name, &value[..next]) {
            return None;
        }
        let holder = index.module(module).file.map(|_| module);
        return Some((&value[..next], holder));
    }
}

/// `value`, names that lead to a module and one behind them, if that module has not the last one.
fn missing_attribute<'a>(
    index: &Index,
    file: FileId,
    value: &'a str,
) -> Option<(&'a str, Option<ModuleId>)> {
    let held = held(index, file, value)?;
    let [module] = held.modules[..] else {
        return None;
    };
    let about = index.module(module);
    let is_told = held.is_sure && held.name != ANY_NAME && about.file.is_some();
    let path = format!("{}.{}", about.name, held.name);
    let is_missing = is_told && lacks(index, file, module, held.name, &path);
    is_missing.then_some((value, Some(module)))
}

/// Whether a module certainly has no `name`; `path` is both of them.
fn lacks(index: &Index, file: FileId, module: ModuleId, name: &str, path: &str) -> bool {
    if name.is_empty() || is_implicit(name) || is_builtin(name) {
        return false;
    }
    let found = index.member(module, name);
    let exists = !found.entities.is_empty()
        || !found.externals.is_empty()
        || !found.bindings.is_empty()
        || found.unknown.is_some();
    if exists || index.absolute_module(file, path) != ModuleRef::Missing {
        return false;
    }
    // A stub alone tells checkers what it wants to; the module itself is not there to be read.
    let own = index.module(module).file;
    !own.is_some_and(|own| index.file(own).language.is_stub())
}

/// The names that calls give to modules: `setattr(m, "N", …)`, and what may be new where it is replaced.
/// [`ANY_NAME`] where the name is worked out.
pub(super) fn given(index: &Index, file: FileId) -> impl Iterator<Item = (ModuleId, &str)> {
    let facts = index.facts(file);
    let calls = facts
        .string_targets
        .iter()
        .filter(|target| match target.kind {
            StringTargetKind::Assigned => true,
            StringTargetKind::Attribute => target.may_be_new,
            _ => false,
        });
    calls
        .filter_map(move |target| held(index, file, facts.name(target.value)))
        .flat_map(|held| {
            let name = held.name;
            held.modules.into_iter().map(move |module| (module, name))
        })
}

/// What the names before the last one of a path lead to.
struct Held<'a> {
    modules: Vec<ModuleId>,
    /// Whether it can be nothing but these.
    is_sure: bool,
    /// The last one.
    name: &'a str,
}

/// Follows a path of a file. Its first name is whatever an import binds by that name, in whatever scope.
fn held<'a>(index: &Index, file: FileId, path: &'a str) -> Option<Held<'a>> {
    let facts = index.facts(file);
    let (holder, name) = path.rsplit_once('.')?;
    let mut names = holder.split('.');
    let root = names.next()?;
    let mut is_sure = true;
    let mut entities: Vec<Entity> = Vec::new();
    for (binding, about) in (0..).map(BindingId).zip(&facts.bindings) {
        if matches!(about.value, BindingValue::Import(_)) && facts.name(about.name) == root {
            let (found, unknown, missing) = index.binding_entities(SymbolId { file, binding });
            is_sure &= unknown.is_none() && !missing;
            entities.extend(found);
        }
    }
    let mut modules = modules_of(&entities, &mut is_sure);
    for name in names {
        entities.clear();
        for &module in &modules {
            let found = index.member(module, name);
            is_sure &= found.unknown.is_none();
            entities.extend(found.entities);
        }
        modules = modules_of(&entities, &mut is_sure);
    }
    Some(Held {
        modules,
        is_sure,
        name,
    })
}

/// The modules among `entities`, each once; `is_only` stays as it is if there is nothing else.
fn modules_of(entities: &[Entity], is_only: &mut bool) -> Vec<ModuleId> {
    let mut modules = Vec::new();
    for entity in entities {
        match entity {
            Entity::Module(module) => modules.push(*module),
            Entity::Symbol(_) | Entity::External(_) => *is_only = false,
        }
    }
    modules.sort_unstable();
    modules.dedup();
    modules
}
