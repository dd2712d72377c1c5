//! Puts imports in the place of definitions.

use ruff_python_ast::{ModModule, Stmt};

use super::Context;
use super::names::{Bound, MODULE};
use super::plan::{ChangeId, Draft};
use super::source::{span, span_of};
use crate::fix::edit::ReplaceDefinition;
use crate::span::Span;

/// The statement that defines a name, where an import may take its place.
pub(super) fn find(
    context: &Context<'_, '_>,
    module: &ModModule,
    wanted: &ReplaceDefinition,
) -> Result<Span, String> {
    let defines = |stmt: &&Stmt| match stmt {
        Stmt::FunctionDef(def) => span(def.name.range) == wanted.name,
        Stmt::ClassDef(class) => span(class.name.range) == wanted.name,
        _ => false,
    };
    let found = module.body.iter().find(defines);
    let stmt = found.ok_or("there is no definition of the module itself at this place")?;
    let decorated = match stmt {
        Stmt::FunctionDef(def) => !def.decorator_list.is_empty(),
        Stmt::ClassDef(class) => !class.decorator_list.is_empty(),
        _ => true,
    };
    if decorated {
        return Err("its decorators may do more than make it".into());
    }
    if context.names.bindings(MODULE, &wanted.local) != [Bound::Other] {
        return Err(format!(
            "`{}` is also bound elsewhere in its scope",
            wanted.local
        ));
    }
    Ok(span_of(stmt))
}

/// The import that takes the place of the statement at `place`.
pub(super) fn replace(
    context: &Context<'_, '_>,
    place: Span,
    wanted: &ReplaceDefinition,
    change: ChangeId,
) -> Draft {
    let sites = context.names.sites.iter();
    let mut levels = sites.filter_map(|site| match site.statement {
        Stmt::ImportFrom(import) => Some(import.level),
        _ => None,
    });
    let was_relative = levels.clone().next().is_some() && levels.all(|level| level > 0);
    let module = context.home.written(&wanted.to_module, was_relative);
    let name = if wanted.to_name == wanted.local {
        wanted.to_name.clone()
    } else {
        format!("{} as {}", wanted.to_name, wanted.local)
    };
    Draft::new(place, format!("from {module} import {name}"), &[change])
}
