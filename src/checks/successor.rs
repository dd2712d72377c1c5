//! What takes the place of something retired: the move that a use of it needs.
//!
//! A module for a module is a promise of the rule that every name is there. A symbol to be used instead is advice: the
//! two are one only where that is proven.

use super::Context;
use super::governed::imported_root;
use super::retired::BUILTINS;
use crate::config::{Replacement, Retired, SymbolPath};
use crate::diagnostic::{Relocation, Site};
use crate::facts::{ImportId, ImportTarget, NameId, Reference, Root};
use crate::index::{FileId, Index, Lookup, ModuleRef, SymbolId};
use crate::span::Span;

/// The move for an import of something retired; `retired` is the module that the rule retires, if it is one.
pub(super) fn relocation(
    context: &Context<'_>,
    rule: &Retired,
    file: FileId,
    import: ImportId,
    retired: Option<&str>,
) -> Option<Relocation> {
    if let Some(known) = governed(context, file, import) {
        return Some(known);
    }
    let index = context.index;
    let facts = index.facts(file);
    let statement = &facts.imports[import.index()];
    let local = facts.name(facts.bindings[statement.binding?.index()].name);
    let from = match index.imported_module(file, import) {
        ModuleRef::Known(module) => index.module(module).name.to_string(),
        _ => context.import_path(file, import)?,
    };
    let name = match statement.target {
        ImportTarget::Name(name) => Some(facts.name(name)),
        ImportTarget::Module | ImportTarget::ModuleAs => None,
        ImportTarget::Star => return None,
    };
    let (to, vouched) = match (&rule.replacement.as_ref()?, retired, name) {
        (Replacement::Module(module), Some(retired), name) => {
            (below(module, retired, &from, name)?, true)
        }
        (Replacement::Symbol(symbol), None, Some(_)) => (symbol.clone(), false),
        (Replacement::Symbol(symbol), Some(retired), Some(name))
            if from == retired && name == symbol.name =>
        {
            (symbol.clone(), false)
        }
        _ => return None,
    };
    if to.name.contains('.') || to.module == BUILTINS {
        return None;
    }
    Some(Relocation {
        file,
        site: Site::Import(import),
        local: local.to_owned(),
        same_object: is_same(index, file, import, &to),
        vouched,
        to,
    })
}

/// The move for an attribute chain `root.a.b` that ends at a retired symbol.
pub(super) fn chain_relocation(
    context: &Context<'_>,
    rule: &Retired,
    file: FileId,
    chain: &Reference,
) -> Option<Relocation> {
    let Replacement::Symbol(to) = rule.replacement.as_ref()? else {
        return None;
    };
    if to.name.contains('.') || to.module == BUILTINS {
        return None;
    }
    let index = context.index;
    let (import, _) = imported_root(index, file, chain)?;
    let Root::Bound(set) = chain.root else {
        return None;
    };
    let facts = index.facts(file);
    let root = facts.bindings[facts.binding_set(set).first()?.index()].name;
    let names = [root]
        .into_iter()
        .chain(facts.path(chain.path).iter().copied());
    let names: Vec<&str> = names.map(|name| facts.name(name)).collect();
    let local = names.join(index.file(file).language.separator());
    let start = chain.span.start;
    let span = Span::new(start, start + local.len() as u32);
    Some(Relocation {
        file,
        site: Site::Use(span, import),
        local,
        same_object: false,
        vouched: false,
        to: to.clone(),
    })
}

/// The move for a string that a retired module is loaded by; none where the rule names no module for it.
pub(super) fn spelled(
    context: &Context<'_>,
    rule: &Retired,
    file: FileId,
    (literal, value): (Span, NameId),
    retired: &str,
) -> Option<Relocation> {
    let Replacement::Module(module) = rule.replacement.as_ref()? else {
        return None;
    };
    let value = context.index.facts(file).name(value);
    Some(Relocation {
        file,
        site: Site::Text(literal),
        to: below(module, retired, value, None)?,
        local: value.to_owned(),
        same_object: false,
        vouched: true,
    })
}

/// What a canonical rule wants of the same import.
fn governed(context: &Context<'_>, file: FileId, import: ImportId) -> Option<Relocation> {
    let first = context.hits.partition_point(|hit| hit.file < file);
    let hit = context.hits[first..]
        .iter()
        .take_while(|hit| hit.file == file)
        .find(|hit| hit.site == Site::Import(import) && !hit.canonical)?;
    Some(Relocation {
        file,
        site: hit.site,
        to: context.governed.symbols[hit.symbol].rule.symbol.clone(),
        local: hit.local.clone(),
        same_object: hit.is_same(),
        vouched: hit.vouched,
    })
}

/// Where in `module` that is which `from`, and `name` in it, are in `retired`.
fn below(module: &str, retired: &str, from: &str, name: Option<&str>) -> Option<SymbolPath> {
    let whole = match name {
        Some(name) => format!("{from}.{name}"),
        None => from.to_owned(),
    };
    let rest = whole.strip_prefix(retired)?;
    let path = format!("{module}{rest}");
    let (module, name) = path.rsplit_once('.').unwrap_or(("", &path));
    Some(SymbolPath {
        module: module.to_owned(),
        name: name.to_owned(),
    })
}

/// Whether an import gives just what `to` is.
fn is_same(index: &Index, file: FileId, import: ImportId, to: &SymbolPath) -> bool {
    let Some(binding) = index.facts(file).imports[import.index()].binding else {
        return false;
    };
    let (now, unknown, _) = index.binding_entities(SymbolId { file, binding });
    let Some(module) = index.modules.by_name(&to.module) else {
        return false;
    };
    let Lookup {
        entities,
        unknown: open,
        ..
    } = index.member(module, &to.name);
    !now.is_empty() && now == entities && unknown.is_none() && open.is_none()
}
