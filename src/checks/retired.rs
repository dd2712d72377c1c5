//! What `retired-module` and `retired-symbol` share: how code refers to things by dotted paths, and what a rule
//! advises.

use rustc_hash::FxHashSet;

use crate::config::{Replacement, Retired};
use crate::facts::{FileFacts, NameId, Reference, Root, Slice};
use crate::index::{Entity, Index, Lookup};

/// The module of names that are there without an import.
pub(super) const BUILTINS: &str = "builtins";

/// Whether `path` is `ancestor` or lies below it, in either notation for modules.
pub(super) fn is_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with("::"))
}

/// The path itself, then everything it lies below, the nearest first.
pub(super) fn with_ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| {
        let (dot, colons) = (path.rfind('.'), path.rfind("::"));
        dot.max(colons).map(|at| &path[..at])
    })
}

/// The ids that names of `wanted` have in a file.
pub(super) fn ids_of<'a>(
    facts: &FileFacts,
    wanted: impl Fn(&str) -> bool + 'a,
) -> FxHashSet<NameId> {
    (0..)
        .map(NameId)
        .zip(facts.names.iter())
        .filter(|(_, name)| wanted(name))
        .map(|(id, _)| id)
        .collect()
}

/// Every reference of a file, those of calls among them.
pub(super) fn references(facts: &FileFacts) -> impl Iterator<Item = &Reference> {
    let callees = facts.calls.iter().map(|call| &call.callee);
    facts.references.iter().chain(callees)
}

/// The leading parts of a reference that end in one of `names`, shortest first; bare names are none.
pub(super) fn prefixes_ending_in<'a>(
    facts: &'a FileFacts,
    reference: &'a Reference,
    names: &'a FxHashSet<NameId>,
) -> impl Iterator<Item = (Reference, NameId)> + 'a {
    let path = facts.path(reference.path);
    let bound = matches!(reference.root, Root::Bound(_) | Root::Free(_));
    (1..)
        .zip(path)
        .filter(move |(_, name)| bound && names.contains(name))
        .map(|(len, &name)| (prefix(reference, len), name))
}

/// The first `len` attributes of a reference.
pub(super) fn prefix(reference: &Reference, len: u32) -> Reference {
    Reference {
        path: Slice {
            start: reference.path.start,
            len,
        },
        ..*reference
    }
}

/// The paths outside the project that a look-up found.
pub(super) fn externals<'a>(
    index: &'a Index,
    lookup: &'a Lookup,
) -> impl Iterator<Item = &'a str> + 'a {
    let entities = lookup.entities.iter().filter_map(|&entity| match entity {
        Entity::External(id) => Some(index.origins.external(id)),
        _ => None,
    });
    lookup.externals.iter().map(String::as_str).chain(entities)
}

/// `: use X`, where the rule says what to use.
pub(super) fn use_instead(rule: &Retired) -> String {
    match &rule.replacement {
        Some(Replacement::Module(module)) => format!(": use `{module}`"),
        Some(Replacement::Symbol(symbol)) => format!(": use `{symbol}`"),
        None => String::new(),
    }
}

/// What to do about a use of `name`, and why.
pub(super) fn advice(rule: &Retired, name: Option<&str>) -> Option<String> {
    let import = match (&rule.replacement, name) {
        (Some(Replacement::Symbol(symbol)), _) => {
            let first = symbol.name.split('.').next().unwrap_or(&symbol.name);
            Some(if symbol.module == BUILTINS {
                format!("`{}`, which needs no import", symbol.name)
            } else {
                format!("`from {} import {first}`", symbol.module)
            })
        }
        (Some(Replacement::Module(module)), Some(name)) => {
            Some(format!("`from {module} import {name}`"))
        }
        (Some(Replacement::Module(module)), None) => Some(format!("`import {module}`")),
        (None, _) => None,
    };
    match (import, &rule.meta.reason) {
        (Some(import), Some(reason)) => Some(format!("{import}; {reason}")),
        (import, reason) => import.or_else(|| reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_is_a_matter_of_whole_segments() {
        assert!(is_below("a.b", "a.b"));
        assert!(is_below("a.b.c", "a.b"));
        assert!(is_below("a::b::c", "a::b"));
        assert!(!is_below("a.bc", "a.b"));
        assert!(!is_below("a", "a.b"));
    }

    #[test]
    fn ancestors_come_nearest_first() {
        let all: Vec<&str> = with_ancestors("a.b.c").collect();
        assert_eq!(all, ["a.b.c", "a.b", "a"]);
        let all: Vec<&str> = with_ancestors("a::b").collect();
        assert_eq!(all, ["a::b", "a"]);
    }
}
