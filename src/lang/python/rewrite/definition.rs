//! Puts imports in the place of definitions, and takes out definitions that nothing uses.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ModModule, Stmt};

use super::Context;
use super::alias_list::has_word;
use super::annotation::reads;
use super::names::{Bound, MODULE, Role};
use super::plan::{ChangeId, Draft};
use super::source::{Spot, span, span_of};
use crate::fix::edit::ReplaceDefinition;
use crate::span::Span;

/// The statement that defines a name, where an import may take its place.
pub(super) fn find(
    context: &Context<'_, '_>,
    module: &ModModule,
    at: Span,
    name: &str,
) -> Result<Span, String> {
    let defines = |stmt: &&Stmt| match stmt {
        Stmt::FunctionDef(def) => span(def.name.range) == at,
        Stmt::ClassDef(class) => span(class.name.range) == at,
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
    if context.names.bindings(MODULE, name) != [Bound::Other] {
        return Err(format!("`{name}` is also bound elsewhere in its scope"));
    }
    Ok(span_of(stmt))
}

/// The edits that take the statement at `place` out, and its name out of `__all__`; refused where the module uses it.
pub(super) fn remove(
    context: &Context<'_, '_>,
    module: &ModModule,
    place: Span,
    name: &str,
    change: ChangeId,
) -> Result<Vec<Draft>, String> {
    let (names, source) = (context.names, &context.source);
    let is_outside = |at: Span| !place.contains(at.start);
    let mut quoted = names.quoted.iter().filter(|one| one.name == name);
    let mut used = names.uses_of(MODULE, name);
    let mut spoken = names.texts.iter().filter(|text| match text.role {
        Role::Export => false,
        Role::Prose => text.value.contains(">>>") && has_word(text.value, name),
        Role::Opaque => has_word(text.value, name) && reads(text.value, name),
    });
    if used.any(|one| is_outside(one.span))
        || quoted.any(|one| is_outside(one.span))
        || spoken.any(|text| is_outside(text.span))
    {
        return Err("its own module uses it".into());
    }
    let Spot::Line { at, .. } = source.spot_after(place) else {
        return Err("it shares its line with another statement".into());
    };
    if source.trailing_comment(place).is_some() {
        return Err("a comment stands behind it".into());
    }
    // The blank lines before it stay, to set off what comes next.
    let blank = source.text[at as usize..]
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty());
    let end = at + blank.map(str::len).sum::<usize>() as u32;
    let whole = Span::new(source.line_start(place.start), end);
    let mut drafts = vec![Draft::new(whole, "", &[change])];
    for list in exports(module) {
        drafts.extend(prune(context, list, name, change)?);
    }
    Ok(drafts)
}

/// The lists that `__all__` is set to or grows by.
fn exports(module: &ModModule) -> impl Iterator<Item = &[Expr]> {
    let is_all =
        |target: &Expr| matches!(target, Expr::Name(name) if name.id.as_str() == "__all__");
    module.body.iter().filter_map(move |stmt| {
        let value = match stmt {
            Stmt::Assign(assign) if assign.targets.first().is_some_and(is_all) => &assign.value,
            Stmt::AugAssign(assign) if is_all(&assign.target) => &assign.value,
            _ => return None,
        };
        match &**value {
            Expr::List(list) => Some(list.elts.as_slice()),
            Expr::Tuple(tuple) => Some(tuple.elts.as_slice()),
            _ => None,
        }
    })
}

/// The edits that take `name` out of a list.
fn prune(
    context: &Context<'_, '_>,
    list: &[Expr],
    name: &str,
    change: ChangeId,
) -> Result<Vec<Draft>, String> {
    let is_name =
        |one: &Expr| matches!(one, Expr::StringLiteral(text) if text.value.to_str() == name);
    let mut drafts = Vec::new();
    for (index, one) in list.iter().enumerate().filter(|(_, one)| is_name(one)) {
        let own = span_of(one);
        let before = index.checked_sub(1).map(|index| span_of(&list[index]));
        let place = match (list.get(index + 1), before) {
            (Some(next), _) => Span::new(own.start, span_of(next).start),
            (None, Some(before)) => Span::new(before.end, own.end),
            (None, None) => {
                let behind = context.source.tokens_from(own.end).first();
                let comma = behind.filter(|token| token.kind() == TokenKind::Comma);
                Span::new(own.start, comma.map_or(own.end, |comma| span_of(comma).end))
            }
        };
        if context.source.has_comment(place) {
            return Err("a comment stands beside its name in `__all__`".into());
        }
        drafts.push(Draft::new(place, "", &[change]));
    }
    Ok(drafts)
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
