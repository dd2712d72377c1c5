//! Renames uses along with an imported name, where every use is certain; elsewhere the old name stays by `as`.
//!
//! Owns the proof that a name may change: one meaning in its scope, nothing captured or hidden, no text that may look
//! the name up. Whether others read the name from outside is for the caller to know.

use ruff_python_ast::Stmt;
use rustc_hash::FxHashSet;

use super::alias_list::has_word;
use super::annotation::reads;
use super::from_import::local;
use super::names::{Bound, Kind, MODULE, Names, Role, Site};
use super::plan::{ChangeId, Draft};
use super::{Aliases, Context};
use crate::fix::edit::FileChanges;
use crate::lang::python::is_builtin;
use crate::span::Span;

/// Names whose presence means that names may be looked up by their text.
const DYNAMIC: [&str; 7] = [
    "globals", "locals", "vars", "exec", "eval", "dir", "__dict__",
];

/// A binding that gets a new name.
#[derive(Clone, Debug)]
pub(super) struct Rename<'a> {
    pub(super) scope: usize,
    pub(super) old: &'a str,
    pub(super) new: String,
    /// The moves of the imports that bind it.
    pub(super) changes: Vec<ChangeId>,
    /// The edits of its uses.
    pub(super) drafts: Vec<Draft>,
}

/// Imports that bind one name in one scope and could all take the new one.
struct Group<'a> {
    scope: usize,
    old: &'a str,
    to_module: &'a str,
    new: &'a str,
    changes: Vec<ChangeId>,
}

/// The renames that `changes` admit and that are certain, without those of the `barred` moves.
pub(super) fn renames<'a>(
    context: &Context<'a, '_>,
    aliases: &Aliases<'a>,
    changes: &'a FileChanges,
    barred: &FxHashSet<ChangeId>,
) -> Vec<Rename<'a>> {
    if changes.moves.iter().all(|one| !one.may_rename) {
        return Vec::new();
    }
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (change, wanted) in changes.moves.iter().enumerate() {
        let Some(&(site, index)) = aliases.get(&wanted.alias) else {
            continue;
        };
        let Stmt::ImportFrom(import) = site.statement else {
            continue;
        };
        let Some(alias) = import.names.get(index) else {
            continue;
        };
        let old = local(alias);
        let is_open = wanted.may_rename && !barred.contains(&change);
        if !is_open || alias.asname.is_some() || old == wanted.to_name || old == "*" {
            continue;
        }
        let same = |group: &&mut Group<'_>| {
            (group.scope, group.old, group.new, group.to_module)
                == (
                    site.scope,
                    old,
                    wanted.to_name.as_str(),
                    wanted.to_module.as_str(),
                )
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.changes.push(change),
            None => groups.push(Group {
                scope: site.scope,
                old,
                to_module: &wanted.to_module,
                new: &wanted.to_name,
                changes: vec![change],
            }),
        }
    }
    let olds: FxHashSet<&str> = groups.iter().map(|group| group.old).collect();
    let meets = |one: &Group<'_>, other: &Group<'_>| {
        let names = context.names;
        one.new == other.new
            && (names.encloses(one.scope, other.scope) || names.encloses(other.scope, one.scope))
    };
    let alone: Vec<bool> = groups
        .iter()
        .map(|group| groups.iter().filter(|other| meets(group, other)).count() == 1)
        .collect();
    groups
        .into_iter()
        .zip(alone)
        .filter(|(group, alone)| *alone && !olds.contains(group.new))
        .map(|(group, _)| group)
        .filter_map(|group| {
            let drafts = certain(context, &group)?;
            Some(Rename {
                scope: group.scope,
                old: group.old,
                new: group.new.to_owned(),
                changes: group.changes,
                drafts,
            })
        })
        .collect()
}

/// The edits of all uses, if every one of them is certain.
fn certain(context: &Context<'_, '_>, group: &Group<'_>) -> Option<Vec<Draft>> {
    let names = context.names;
    let found = is_sound(context, group) && is_spoken_nowhere(context, group.old);
    if !found {
        return None;
    }
    let mut spans: Vec<Span> = Vec::new();
    for one in names.uses_of(group.scope, group.old) {
        if one.is_spelled || !may_be_called(context, group, one.scope) {
            return None;
        }
        spans.push(one.span);
    }
    for one in names.quoted.iter().filter(|one| one.name == group.old) {
        if names.resolve(one.scope, group.old) != Some(group.scope) {
            continue;
        }
        if one.is_complex || !may_be_called(context, group, one.scope) {
            return None;
        }
        spans.push(one.span);
    }
    if group.scope == MODULE {
        // Nothing here needs the name: it is there for others.
        if spans.is_empty() {
            return None;
        }
        let exported = names.texts.iter();
        let exported = exported.filter(|text| text.role == Role::Export && text.value == group.old);
        for text in exported {
            if context.source.slice(text.span) != text.value {
                return None;
            }
            spans.push(text.span);
        }
    }
    let declared = names.declarations.iter().filter(|one| {
        one.name == group.old && names.resolve(one.scope, group.old) == Some(group.scope)
    });
    spans.extend(declared.map(|one| one.span));
    spans.sort_unstable();
    spans.dedup();
    Some(
        spans
            .into_iter()
            .map(|span| Draft::new(span, group.new, &group.changes))
            .collect(),
    )
}

/// Whether the old name has one meaning in its scope and the new one is free there.
fn is_sound(context: &Context<'_, '_>, group: &Group<'_>) -> bool {
    let names = context.names;
    let (scope, old, new) = (group.scope, group.old, group.new);
    let here = names.bindings(scope, old);
    let imports = here.iter().filter(|bound| **bound == Bound::Import).count();
    let only = here
        .iter()
        .all(|bound| matches!(bound, Bound::Import | Bound::Declared | Bound::Deleted));
    let in_class = names.scopes.iter().enumerate().any(|(at, one)| {
        one.kind == Kind::Class
            && names.encloses(scope, at)
            && (one.bindings.contains_key(old) || one.bindings.contains_key(new))
    });
    let dynamic = DYNAMIC.iter().any(|name| names.uses.contains_key(name))
        || names
            .chains
            .values()
            .any(|chain| chain.path.contains(&"__dict__"));
    let public = scope == MODULE
        && (context.home.is_package || names.has_star || names.parameters.contains(old));
    only && imports == group.changes.len()
        && names.scopes[scope].kind != Kind::Class
        && !in_class
        && !dynamic
        && !public
        && !old.starts_with("__")
        && !new.starts_with("__")
        && !is_builtin(new)
        && is_free(context, group)
}

/// Whether the new name may be bound in the scope: nothing there means something else by it.
fn is_free(context: &Context<'_, '_>, group: &Group<'_>) -> bool {
    let names = context.names;
    let (scope, new) = (group.scope, group.new);
    if names.declarations.iter().any(|one| one.name == new) {
        return false;
    }
    if !names.bindings(scope, new).is_empty() {
        // What deletes the one would delete the other.
        let is_deleted = names.bindings(scope, group.old).contains(&Bound::Deleted);
        return !is_deleted && is_imported(context, group);
    }
    let captured = |at: usize| {
        names.encloses(scope, at)
            && names
                .resolve(at, new)
                .is_none_or(|meant| names.encloses(meant, scope))
    };
    let uses = names.uses.get(new).map_or(&[][..], Vec::as_slice);
    let quoted = names.quoted.iter().filter(|one| one.name == new);
    !uses.iter().any(|one| captured(one.scope))
        && !quoted.into_iter().any(|one| captured(one.scope))
}

/// Whether all that binds the new name in the scope imports just what it is to mean.
fn is_imported(context: &Context<'_, '_>, group: &Group<'_>) -> bool {
    let names = context.names;
    let imports = |site: &Site<'_>| {
        let Stmt::ImportFrom(import) = site.statement else {
            return 0;
        };
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        if context.home.absolute(import.level, module).as_deref() != Some(group.to_module) {
            return 0;
        }
        let same = import
            .names
            .iter()
            .filter(|alias| alias.name.as_str() == group.new && local(alias) == group.new);
        same.count()
    };
    let sites = names.sites.iter().filter(|site| site.scope == group.scope);
    sites.map(imports).sum::<usize>() == names.bindings(group.scope, group.new).len()
}

/// Whether the new name, said in scope `at`, would mean the binding.
fn may_be_called(context: &Context<'_, '_>, group: &Group<'_>, at: usize) -> bool {
    let names = context.names;
    names
        .resolve(at, group.new)
        .is_none_or(|meant| names.encloses(meant, group.scope))
}

/// Whether no string or comment may be read as the name by some other code.
fn is_spoken_nowhere(context: &Context<'_, '_>, name: &str) -> bool {
    let spoken = context.names.texts.iter().any(|text| match text.role {
        Role::Export => false,
        Role::Prose => text.value.contains(">>>") && has_word(text.value, name),
        Role::Opaque => has_word(text.value, name) && reads(text.value, name),
    });
    let commented = || {
        context
            .source
            .comments()
            .any(|comment| comment.contains("type:") && has_word(comment, name))
    };
    !spoken && !commented()
}

/// Whether the names of `new` mean in its scopes what those of `old` meant, but for `renames`.
///
/// Sees only the two texts: where they have the same uses in the same order, each must mean the same binding.
pub(super) fn keeps_meanings(
    old: &Names<'_>,
    new: &Names<'_>,
    renames: &[(usize, String, String)],
) -> bool {
    if renames.is_empty() {
        return true;
    }
    let (before, after) = (uses(old), uses(new));
    let scopes = old.scopes.len() == new.scopes.len();
    scopes
        && before.len() == after.len()
        && before.iter().zip(&after).all(|(was, is)| {
            let (meant, means) = (old.resolve(was.2, was.1), new.resolve(is.2, is.1));
            let renamed = renames
                .iter()
                .find(|(scope, from, _)| meant == Some(*scope) && from == was.1);
            let expected = renamed.map_or(was.1, |(_, _, to)| to.as_str());
            // A use through a module may name another module than before.
            let is_other = renamed.is_none() && was.1 != is.1;
            is_other || (is.1 == expected && was.2 == is.2 && meant == means)
        })
}

/// All uses of names, those in string annotations among them, in source order.
fn uses<'n>(names: &'n Names<'_>) -> Vec<(Span, &'n str, usize)> {
    let plain = names.uses.iter().flat_map(|(name, uses)| {
        let all = uses.iter();
        all.map(|one| (one.span, *name, one.scope))
    });
    let quoted = names.quoted.iter();
    let quoted = quoted.map(|one| (one.span, one.name.as_str(), one.scope));
    let mut all: Vec<_> = plain.chain(quoted).collect();
    all.sort_unstable();
    all
}
