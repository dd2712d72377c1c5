//! What else depends on the root that `import a.b` binds: whether it can name another module, and which uses go with
//! it.

use ruff_python_ast::{Alias, Stmt};
use rustc_hash::FxHashMap;

use super::Context;
use super::alias_list::has_word;
use super::module_use::Binding;
use super::names::{Bound, Kind, MODULE, Site};
use super::source::span_of;
use crate::span::Span;

/// Whether a string is `name`, or a string or type comment holds `chain` with an attribute: it may stand for a use.
pub(super) fn is_spelled(context: &Context<'_, '_>, name: &str, chain: &str) -> bool {
    let attribute = |text: &str| {
        text.match_indices(chain).any(|(at, _)| {
            let behind = &text[at + chain.len()..];
            behind.trim_start().starts_with('.') && has_word(&text[at..], chain)
        })
    };
    let strings = &context.names.strings;
    strings.iter().any(|text| *text == name || attribute(text))
        || context
            .source
            .comments()
            .any(|text| text.contains("type:") && attribute(text))
}

/// Whether `import a.b` can become `import <to>`: uses of the root other than `moved` must not need it.
pub(super) fn may_replace_plain(
    context: &Context<'_, '_>,
    binding: &Binding<'_>,
    moved: &[Span],
    to_module: &str,
) -> Result<(), String> {
    let names = context.names;
    let scope = binding.site.scope;
    let root = binding.name;
    let dotted = binding.alias.name.as_str();
    if names.scopes[scope].kind == Kind::Class {
        return Err("the module is imported in a class body, where it is an attribute".into());
    }
    if names
        .bindings(scope, root)
        .iter()
        .any(|bound| *bound != Bound::Plain)
    {
        return Err(format!("`{root}` is also bound elsewhere in its scope"));
    }
    if is_spelled(context, root, dotted) {
        return Err(format!("a string spells `{dotted}`"));
    }
    let mut providers: Vec<&str> = plain_imports(context, &binding.site)
        .filter(|alias| span_of(*alias) != span_of(binding.alias))
        .map(|alias| alias.name.as_str())
        .collect();
    providers.push(to_module);
    for other in names
        .uses_of(scope, root)
        .filter(|one| !moved.contains(&one.span))
    {
        let path = names.longest_path(other.span);
        let mut used = vec![root];
        used.extend(path.map_or(&[][..], |chain| chain.path.as_slice()));
        let needed = common(&used, dotted);
        if !providers
            .iter()
            .any(|provider| common(&used, provider) >= needed)
        {
            return Err(format!("`{dotted}` has other uses"));
        }
    }
    let new_root = to_module.split('.').next().unwrap_or(to_module);
    if new_root == root {
        Ok(())
    } else {
        root_is_free(context, binding, new_root, moved)
    }
}

/// The uses of the module that a plain import names, all of which can take another: for each the root token and the
/// whole chain up to the module. Uses that a longer import or an earlier one serves are not among them.
pub(super) fn whole_uses(
    context: &Context<'_, '_>,
    binding: &Binding<'_>,
    rest: &[String],
) -> Result<Vec<(Span, Span)>, String> {
    let names = context.names;
    let scope = binding.site.scope;
    let dotted = binding.alias.name.as_str();
    let own = span_of(binding.alias);
    let others: Vec<&Alias> = plain_imports(context, &binding.site)
        .filter(|alias| span_of(*alias) != own)
        .collect();
    if others
        .iter()
        .any(|alias| alias.name.as_str() == dotted && span_of(*alias).start < own.start)
    {
        return Ok(Vec::new());
    }
    let roots: FxHashMap<Span, bool> = names
        .uses_of(scope, binding.name)
        .map(|one| (one.span, one.is_spelled))
        .collect();
    let mut uses = Vec::new();
    if rest.is_empty() {
        for one in names.uses_of(scope, binding.name) {
            let longest = names.longest_path(one.span);
            let is_stored = longest.is_some_and(|chain| !chain.load && chain.path.len() == 1);
            if is_stored || !one.load {
                return Err(format!(
                    "`{dotted}`, or a name of it, is assigned or deleted"
                ));
            }
            if one.is_spelled {
                return Err(printed(dotted));
            }
            uses.push((one.span, one.span));
        }
        return Ok(uses);
    }
    for (&whole, chain) in &names.chains {
        let is_exact = chain
            .path
            .iter()
            .copied()
            .eq(rest.iter().map(String::as_str));
        let Some(is_spelled) = roots.get(&chain.root).filter(|_| is_exact) else {
            continue;
        };
        let longest = names.longest_path(chain.root);
        let mut used = vec![binding.name];
        used.extend(longest.map_or(&[][..], |chain| chain.path.as_slice()));
        let is_served = others.iter().any(|alias| {
            let other = alias.name.as_str();
            other.len() > dotted.len() && common(&used, other) == other.split('.').count()
        });
        if is_served {
            continue;
        }
        let is_stored =
            longest.is_some_and(|longest| !longest.load && longest.path.len() <= rest.len() + 1);
        if is_stored || !chain.load {
            return Err(format!(
                "`{dotted}`, or a name of it, is assigned or deleted"
            ));
        }
        if context.source.has_comment(whole) {
            return Err("a comment stands inside the expression".into());
        }
        if *is_spelled {
            return Err(printed(dotted));
        }
        uses.push((chain.root, whole));
    }
    uses.sort_unstable();
    Ok(uses)
}

fn printed(dotted: &str) -> String {
    format!("`{dotted}` is printed as it is spelled")
}

/// Aliases of `import a.b` statements in the suite of `site`.
fn plain_imports<'n, 'a>(
    context: &'n Context<'a, '_>,
    site: &'n Site<'a>,
) -> impl Iterator<Item = &'a Alias> + use<'n, 'a> {
    context
        .names
        .sites
        .iter()
        .filter(|other| other.suite == site.suite)
        .filter_map(|other| match other.statement {
            Stmt::Import(import) => Some(&import.names),
            _ => None,
        })
        .flatten()
        .filter(|alias| alias.asname.is_none())
}

/// Leading segments that a chain and a dotted name share.
fn common(used: &[&str], dotted: &str) -> usize {
    used.iter()
        .zip(dotted.split('.'))
        .take_while(|(have, want)| *have == want)
        .count()
}

/// Whether a plain import in the binding's scope may bind `root` for the uses at `moved`.
pub(super) fn root_is_free(
    context: &Context<'_, '_>,
    binding: &Binding<'_>,
    root: &str,
    moved: &[Span],
) -> Result<(), String> {
    let names = context.names;
    let scope = binding.site.scope;
    let taken = || format!("`{root}` would mean something else here");
    let here = names.bindings(scope, root);
    let same_root = root == binding.name;
    let fits = |bound: &Bound| *bound == Bound::Plain || (same_root && *bound == Bound::Deleted);
    if !here.iter().all(fits) {
        return Err(taken());
    }
    let sees_binding = |at: usize| {
        let meant = names.resolve(at, root);
        meant.is_none_or(|meant| names.encloses(meant, scope))
    };
    let moved_uses = names
        .uses_of(scope, binding.name)
        .filter(|one| moved.contains(&one.span));
    if moved_uses.into_iter().any(|one| !sees_binding(one.scope)) {
        return Err(taken());
    }
    if !here.is_empty() {
        return Ok(());
    }
    if names.has_star || (context.home.is_package && scope == MODULE) {
        return Err(format!(
            "importing the module would bind `{root}`, which may hide another name"
        ));
    }
    let captures = names
        .uses
        .get(root)
        .into_iter()
        .flatten()
        .any(|one| names.encloses(scope, one.scope) && sees_binding(one.scope));
    if captures { Err(taken()) } else { Ok(()) }
}
