//! Imports names explicitly behind a star import.

use ruff_python_ast::{Stmt, StmtImportFrom};

use super::Context;
use super::from_import::local;
use super::merge::{Merges, Newcomer, Reach, imports_from};
use super::names::{Bound, Site};
use super::plan::{ChangeId, Draft, Plan};
use super::render::{Member, Style, new_from};
use super::source::span_of;
use crate::fix::edit::AddImport;

/// Plans `wanted`, all from one module and behind one star import.
pub(super) fn add<'a>(
    context: &Context<'a, '_>,
    merges: &mut Merges,
    site: &Site<'a>,
    star: &'a StmtImportFrom,
    wanted: &[(ChangeId, &AddImport)],
    plan: &mut Plan,
) {
    let mut missing: Vec<(ChangeId, &AddImport)> = Vec::new();
    for &(change, one) in wanted {
        if already_there(context, site, one) {
            continue;
        }
        match check(context, site, one) {
            Ok(()) => missing.push((change, one)),
            Err(reason) => plan.refuse(&[change], &reason),
        }
    }
    if missing.is_empty() {
        return;
    }
    match drafts(context, merges, site, star, &missing) {
        Ok(drafts) => plan.add(drafts),
        Err(reason) => {
            let changes: Vec<ChangeId> = missing.iter().map(|(change, _)| *change).collect();
            plan.refuse(&changes, &reason);
        }
    }
}

fn check(context: &Context<'_, '_>, site: &Site<'_>, wanted: &AddImport) -> Result<(), String> {
    let name = wanted.local.as_str();
    let bindings = context.names.bindings(site.scope, name);
    if bindings.contains(&Bound::Other) {
        return Err(format!("`{name}` is bound elsewhere in this scope"));
    }
    if !bindings.is_empty() {
        return Err(format!("`{name}` is imported elsewhere in this scope"));
    }
    if site.guarded {
        return Err("the star import is tried with a handler for its failure".into());
    }
    Ok(())
}

fn drafts<'a>(
    context: &Context<'a, '_>,
    merges: &mut Merges,
    site: &Site<'a>,
    star: &'a StmtImportFrom,
    wanted: &[(ChangeId, &AddImport)],
) -> Result<Vec<Draft>, String> {
    let module = wanted.first().map_or("", |(_, one)| one.to_module.as_str());
    let text = |one: &AddImport| {
        if one.local == one.to_name {
            one.to_name.clone()
        } else {
            format!("{} as {}", one.to_name, one.local)
        }
    };
    let newcomers: Vec<Newcomer<'_>> = wanted
        .iter()
        .map(|(change, one)| Newcomer {
            name: &one.to_name,
            local: &one.local,
            text: text(one),
            serves: std::slice::from_ref(change),
        })
        .collect();
    // The star would override what an earlier statement binds.
    if let Some(drafts) = merges.join(context, site, module, &newcomers, Reach::Next) {
        return Ok(drafts);
    }
    let members: Vec<Member<'_>> = wanted
        .iter()
        .map(|(_, one)| Member {
            text: text(one),
            ..Member::default()
        })
        .collect();
    let style = Style::of(&context.source, star);
    let spot = context.source.spot_after(span_of(star));
    let module = context.home.written(module, star.level > 0);
    let (place, line) = new_from(&spot, &style, &module, &members)?;
    let changes: Vec<ChangeId> = wanted.iter().map(|(change, _)| *change).collect();
    Ok(vec![Draft::new(place, line, &changes)])
}

/// Whether an import behind the star in the same suite binds the very name already.
fn already_there(context: &Context<'_, '_>, site: &Site<'_>, wanted: &AddImport) -> bool {
    let binds = |import: &StmtImportFrom| {
        imports_from(context, import, &wanted.to_module)
            && import
                .names
                .iter()
                .any(|alias| alias.name.as_str() == wanted.to_name && local(alias) == wanted.local)
    };
    let sites = &context.names.sites;
    sites
        .iter()
        .filter(|other| other.suite == site.suite && other.index > site.index)
        .any(|other| matches!(other.statement, Stmt::ImportFrom(import) if binds(import)))
}
