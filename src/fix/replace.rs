//! Which definitions an import may take the place of, and which may go.
//!
//! Owns the refusals: the canonical one must take what this one takes, and be called as it is. Whether the rules want
//! it is for the checks to say; what the syntax forbids, for the language.

use std::collections::BTreeSet;

use super::moves::Move;
use super::plan::Project;
use super::target::Target;
use super::{differ, outside};
use crate::diagnostic::Site;
use crate::facts::{BindingId, BindingValue, Definition, DefinitionFlags, DefinitionKind, ScopeId};
use crate::index::{Entity, FileId, Index, SymbolId};

/// Callers that a refusal names.
const NAMED_CALLERS: usize = 3;

/// Why a definition must stay.
pub(super) fn refusal(index: &Index, one: &Move, target: &Target) -> Option<String> {
    let Site::Definition(binding) = one.relocation.site else {
        return None;
    };
    let symbol = SymbolId {
        file: one.relocation.file,
        binding,
    };
    let definition = match plain(index, symbol) {
        Ok(definition) => definition,
        Err(reason) => return Some(reason),
    };
    let [Entity::Symbol(canonical)] = target.bound(index).entities[..] else {
        return Some(format!("`{}` is no plain definition", one.relocation.to));
    };
    let conflict = match definition.kind {
        DefinitionKind::Class => missing_members(index, symbol, canonical),
        _ => differ::conflict(
            index,
            &[Entity::Symbol(symbol)],
            &[Entity::Symbol(canonical)],
        ),
    }?;
    Some(match callers(index, symbol).as_slice() {
        [] => conflict,
        callers => format!("{conflict}; called in {}", callers.join(", ")),
    })
}

/// Why a definition that the rules retire must not simply go.
pub(super) fn removal_refusal(
    project: &Project<'_>,
    one: &Move,
    binding: BindingId,
) -> Option<String> {
    let symbol = SymbolId {
        file: one.relocation.file,
        binding,
    };
    if let Err(reason) = plain(project.index, symbol) {
        return Some(reason);
    }
    let path = project.index.symbol_path(symbol).replace(':', ".");
    let spelled = outside::spelled(project, &BTreeSet::from([path]), Some(symbol.file));
    let path = spelled.into_iter().next()?;
    Some(format!("a text names `{path}`"))
}

/// The definition that a symbol is: undecorated, the only one of its name, in no branch of its module.
fn plain(index: &Index, symbol: SymbolId) -> Result<&Definition, String> {
    let facts = index.facts(symbol.file);
    let binding = symbol.binding;
    let own = &facts.bindings[binding.index()];
    let name = facts.name(own.name);
    let is_only = facts
        .member(ScopeId::MODULE, name)
        .is_some_and(|member| facts.binding_set(member.bindings) == [binding]);
    if own.scope != ScopeId::MODULE || own.conditional || !is_only {
        return Err("the definition is not the only one of its name, or stands in a branch".into());
    }
    let BindingValue::Definition(id) = own.value else {
        return Err("it is no plain definition".into());
    };
    let definition = &facts.definitions[id.index()];
    let opaque = [
        DefinitionFlags::OPAQUE_DECORATOR,
        DefinitionFlags::UNKNOWN_DECORATOR,
    ];
    let is_opaque = opaque.iter().any(|flag| definition.flags.contains(*flag));
    if is_opaque || !definition.decorators.is_empty() {
        return Err("its decorators may do more than make it".into());
    }
    Ok(definition)
}

/// Public members of a class that the canonical one lacks.
fn missing_members(index: &Index, class: SymbolId, canonical: SymbolId) -> Option<String> {
    let is_class = index
        .definition(canonical)
        .is_some_and(|(_, definition)| definition.kind == DefinitionKind::Class);
    if !is_class {
        return Some("the canonical one is no class".into());
    }
    let (_, definition) = index.definition(class)?;
    let facts = index.facts(class.file);
    let mut members = facts
        .members
        .iter()
        .filter(|member| member.scope == definition.body)
        .map(|member| facts.name(member.name))
        .filter(|name| !name.starts_with('_') || *name == "__init__");
    let lacks = |name: &&str| index.class_member(canonical, name).is_none();
    members
        .find(lacks)
        .map(|name| format!("the canonical class is not known to have `{name}`"))
}

/// Places that call what would be replaced.
fn callers(index: &Index, symbol: SymbolId) -> Vec<String> {
    let calls = |file: FileId| {
        let facts = index.facts(file);
        let name = index.symbol_name(symbol);
        // A call of it names it, or an import under another name does.
        let known = facts.names.iter().any(|one| one == name);
        facts
            .calls
            .iter()
            .filter(move |_| known)
            .filter(move |call| {
                let found = index.reference(file, &call.callee).entities;
                found.contains(&Entity::Symbol(symbol))
            })
    };
    index
        .file_ids()
        .flat_map(|file| calls(file).map(move |call| (file, call.callee.span.start)))
        .take(NAMED_CALLERS)
        .map(|(file, at)| {
            let entry = index.file(file);
            format!("{}:{}", entry.path, entry.facts.lines.line(at))
        })
        .collect()
}
