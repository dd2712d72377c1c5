//! Moves what a test replaces through an object: `patch.object(m, "N")` to another module than `m`.
//!
//! The import of `m` stays; the new module is imported beside it and written in full.

use ruff_python_ast::{Expr, ExprCall, ExprContext, Stmt};

use super::Context;
use super::from_import::local;
use super::module_use::{Binding, import_beside};
use super::names::{Bound, Kind, Names};
use super::plain_import::root_is_free;
use super::plan::{ChangeId, Draft, Plan};
use super::source::span_of;
use crate::fix::edit::RenameText;
use crate::span::Span;

/// The module of which a call replaces a name.
#[derive(Clone, Debug)]
pub(super) struct Object<'a> {
    /// The whole expression.
    pub(super) span: Span,
    /// The name it starts with.
    pub(super) root: Span,
    root_name: &'a str,
    /// The attributes behind that name.
    path: Vec<&'a str>,
    scope: usize,
}

/// The string and the module of `patch.object(m, "N")`, `monkeypatch.setattr(m, "N", …)` and the like.
pub(super) fn object(call: &ExprCall, scope: usize) -> Option<(Span, Object<'_>)> {
    let Expr::Attribute(callee) = &*call.func else {
        return None;
    };
    let name = match callee.attr.as_str() {
        "object" => "attribute",
        "setattr" | "delattr" => "name",
        _ => return None,
    };
    let argument = |name, place| call.arguments.find_argument_value(name, place);
    let Some(Expr::StringLiteral(literal)) = argument(name, 1) else {
        return None;
    };
    let whole = argument("target", 0)?;
    let (mut at, mut path) = (whole, Vec::new());
    while let Expr::Attribute(attribute) = at {
        path.push(attribute.attr.as_str());
        at = &attribute.value;
    }
    path.reverse();
    let Expr::Name(root) = at else {
        return None;
    };
    (root.ctx == ExprContext::Load).then(|| {
        let object = Object {
            span: span_of(whole),
            root: span_of(root),
            root_name: root.id.as_str(),
            path,
            scope,
        };
        (span_of(literal), object)
    })
}

/// The edits that replace the name elsewhere.
pub(super) fn move_object<'a>(
    context: &Context<'a, '_>,
    object: &Object<'a>,
    wanted: &RenameText,
    change: ChangeId,
    plan: &mut Plan,
) -> Result<Vec<Draft>, String> {
    let (Some((module, to)), Some((_, from))) =
        (wanted.to.rsplit_once('.'), wanted.from.rsplit_once('.'))
    else {
        return Err("the path names no module".into());
    };
    if context.source.has_comment(object.span) {
        return Err("a comment stands inside the expression".into());
    }
    let binding = binding(context, object)?;
    let root = module.split('.').next().unwrap_or(module);
    root_is_free(context, &binding, root, &[object.root])?;
    let mut drafts = vec![Draft::new(object.span, module, &[change])];
    if from != to {
        let literal = context.source.slice(wanted.literal);
        let mut found = literal.match_indices(from);
        let (Some((at, _)), None) = (found.next(), found.next()) else {
            return Err("the string does not spell the name plainly".into());
        };
        let start = wanted.literal.start + at as u32;
        let place = Span::new(start, start + from.len() as u32);
        drafts.push(Draft::new(place, to, &[change]));
    }
    drafts.extend(import_beside(context, &binding, module, change, plan)?);
    Ok(drafts)
}

/// The one import that the object's name means.
fn binding<'a>(context: &Context<'a, '_>, object: &Object<'a>) -> Result<Binding<'a>, String> {
    let names: &Names<'a> = context.names;
    let name = object.root_name;
    let scope = names.resolve(object.scope, name);
    let scope = scope.filter(|&scope| names.scopes[scope].kind != Kind::Class);
    let Some(scope) = scope else {
        return Err(format!("`{name}` is not an import here"));
    };
    let bindings = names.bindings(scope, name);
    let is_plain = bindings.iter().all(|bound| *bound == Bound::Plain);
    if !is_plain && bindings != [Bound::Import] {
        return Err(format!("`{name}` is also bound elsewhere in its scope"));
    }
    let mut found = names
        .sites
        .iter()
        .filter(|site| site.scope == scope)
        .flat_map(|site| {
            let aliases = match site.statement {
                Stmt::Import(import) => &import.names,
                Stmt::ImportFrom(import) => &import.names,
                _ => return Vec::new(),
            };
            let aliases = aliases.iter().enumerate();
            aliases
                .filter(|(_, alias)| {
                    let bound = local(alias);
                    bound == name || (is_plain && bound.split('.').next() == Some(name))
                })
                .map(|(index, _)| (*site, index))
                .collect()
        })
        .filter_map(|(site, index)| Binding::new(context, site, index));
    let first = found.next();
    let exact = if is_plain {
        let mut all = first.iter().cloned().chain(found);
        all.find(|binding| binding.is_exact(&object.path))
    } else {
        None
    };
    exact
        .or(first)
        .ok_or_else(|| format!("`{name}` is not an import here"))
}
