//! Strings that name first-party modules or names that do not exist: what a test replaces, what a program loads.

use super::Context;
use crate::facts::{FileFacts, StringTargetKind};
use crate::index::{FileId, Index, ModuleId, ModuleRef, is_implicit};
use crate::lang::is_builtin;
use crate::span::Span;

/// A string that leads nowhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nowhere<'a> {
    pub(super) file: FileId,
    /// The literal.
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
            StringTargetKind::Attribute | StringTargetKind::Assigned => return None,
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
        if name.is_empty() || is_implicit(name) || is_builtin(name) {
            return None;
        }
        let found = index.member(module, name);
        let exists = !found.entities.is_empty()
            || !found.externals.is_empty()
            || !found.bindings.is_empty()
            || found.unknown.is_some();
        let whole = index.absolute_module(file, &value[..next]);
        if exists || whole != ModuleRef::Missing {
            return None;
        }
        let file = index.module(module).file;
        // A stub alone tells checkers what it wants to; the module itself is not there to be read.
        if file.is_some_and(|file| index.file(file).language.is_stub()) {
            return None;
        }
        let holder = file.map(|_| module);
        return Some((&value[..next], holder));
    }
}
