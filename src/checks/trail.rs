//! Trails: the way from a name in a module to where it is defined, hop by hop.

use super::context::Context;
use crate::diagnostic::Evidence;
use crate::facts::{BindingValue, ImportId, ImportTarget};
use crate::index::{FileId, Index, ModuleId, ModuleRef};
use crate::span::Span;

/// One hop on the way from a module's name to its origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    pub(super) file: FileId,
    pub(super) span: Span,
    pub(super) kind: HopKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HopKind {
    ReExport,
    Star,
    Alias,
    Definition,
}

/// Longest way that is told hop by hop.
const MAX_HOPS: usize = 32;

/// The way from `name` in `module` to where it is defined.
pub(super) fn trail(index: &Index, module: ModuleId, name: &str) -> Vec<Hop> {
    let mut hops: Vec<Hop> = Vec::new();
    let mut seen: Vec<ModuleId> = Vec::new();
    let mut at = Some((module, name.to_owned()));
    while let Some((module, name)) = at.take() {
        let Some(file) = index.module(module).file else {
            break;
        };
        if hops.len() >= MAX_HOPS || seen.contains(&module) {
            break;
        }
        seen.push(module);
        let facts = index.facts(file);
        let lookup = index.member(module, &name);
        let own = lookup.bindings.iter().find(|symbol| symbol.file == file);
        if let Some(symbol) = own {
            let binding = index.binding(*symbol);
            let (kind, next) = match binding.value {
                BindingValue::Import(id) => (HopKind::ReExport, import_step(index, file, id)),
                BindingValue::Alias(_) => (HopKind::Alias, None),
                _ => (HopKind::Definition, None),
            };
            hops.push(Hop {
                file,
                span: binding.span,
                kind,
            });
            at = next;
            continue;
        }
        for &id in index
            .origins
            .stars_in(file, index.module(module).scope)
            .iter()
            .rev()
        {
            if let ModuleRef::Known(from) = index.imported_module(file, id)
                && let Some(found) = index.star_member(file, id, from, &name)
                && !found.entities.is_empty()
            {
                hops.push(Hop {
                    file,
                    span: facts.imports[id.index()].alias,
                    kind: HopKind::Star,
                });
                at = Some((from, name));
                break;
            }
        }
    }
    hops
}

fn import_step(index: &Index, file: FileId, id: ImportId) -> Option<(ModuleId, String)> {
    let facts = index.facts(file);
    match (
        index.imported_module(file, id),
        facts.imports[id.index()].target,
    ) {
        (ModuleRef::Known(module), ImportTarget::Name(name)) => {
            Some((module, facts.name(name).to_owned()))
        }
        _ => None,
    }
}

/// The way from a module's name to its origin, as evidence.
pub(super) fn trail_evidence(context: &Context<'_>, module: ModuleId, name: &str) -> Vec<Evidence> {
    trail(context.index, module, name)
        .into_iter()
        .map(|hop| {
            let message = match hop.kind {
                HopKind::ReExport => "re-exported here",
                HopKind::Star => "passed on by this star import",
                HopKind::Alias => "another name for it is made here",
                HopKind::Definition => "defined here",
            };
            context.evidence(hop.file, hop.span, message)
        })
        .collect()
}
