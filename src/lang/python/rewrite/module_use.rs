//! Moves uses that go through an imported module: `m.N` to `N` of another module.
//!
//! Where every use of the binding moves to one module, the import itself is retargeted and the local name stays.
//! Otherwise the import stays, another is added right behind it, and the uses are written in full.

use ruff_python_ast::{Alias, Stmt};

use super::from_import::{Move, local};
use super::names::{Bound, Chain, Kind, MODULE, Site};
use super::plain_import::{is_spelled, may_replace_plain, root_is_free};
use super::plan::{ChangeId, Draft, Plan};
use super::render::new_import;
use super::source::{span, span_of};
use super::{Context, check_private};
use crate::fix::edit::MoveUse;
use crate::span::Span;

/// How an alias binds a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `import a.b`: binds `a`; what follows the root of the dotted name.
    Plain(Vec<String>),
    /// `import a.b as c`.
    As,
    /// `from a import b`.
    From,
}

/// An import alias that binds a module.
#[derive(Clone, Debug)]
pub(super) struct Binding<'a> {
    pub(super) site: Site<'a>,
    /// Its place in the statement.
    pub(super) index: usize,
    pub(super) alias: &'a Alias,
    pub(super) form: Form,
    /// The name bound.
    pub(super) name: &'a str,
    /// The module that the alias names, as far as the file tells.
    module: Option<String>,
}

impl<'a> Binding<'a> {
    pub(super) fn new(context: &Context<'a, '_>, site: Site<'a>, index: usize) -> Option<Self> {
        let (alias, form, module) = match site.statement {
            Stmt::Import(import) => {
                let alias = import.names.get(index)?;
                let dotted = alias.name.as_str();
                let form = if alias.asname.is_some() {
                    Form::As
                } else {
                    Form::Plain(dotted.split('.').skip(1).map(str::to_owned).collect())
                };
                (alias, form, Some(dotted.to_owned()))
            }
            Stmt::ImportFrom(import) => {
                let alias = import.names.get(index)?;
                let from = import.module.as_ref().map_or("", |module| module.as_str());
                let from = context.home.absolute(import.level, from);
                (
                    alias,
                    Form::From,
                    from.map(|from| format!("{from}.{}", alias.name.as_str())),
                )
            }
            _ => return None,
        };
        let local = local(alias);
        let name = match form {
            Form::Plain(_) => local.split('.').next().unwrap_or(local),
            Form::As | Form::From => local,
        };
        Some(Self {
            site,
            index,
            alias,
            form,
            name,
            module,
        })
    }

    /// The module that a chain with these attributes before its last one goes through.
    fn through(&self, before: &[&str]) -> Option<String> {
        let base = match self.form {
            Form::Plain(_) => self.name.to_owned(),
            Form::As | Form::From => self.module.clone()?,
        };
        Some(
            before
                .iter()
                .fold(base, |path, part| format!("{path}.{part}")),
        )
    }

    /// Whether attributes before the last one lead exactly to the module that the alias names.
    pub(super) fn is_exact(&self, before: &[&str]) -> bool {
        match &self.form {
            Form::Plain(rest) => rest.iter().map(String::as_str).eq(before.iter().copied()),
            Form::As | Form::From => before.is_empty(),
        }
    }
}

/// A use with the chain it was found as.
struct Use<'u, 'a> {
    change: ChangeId,
    wanted: &'u MoveUse,
    chain: &'u Chain<'a>,
}

impl<'a> Use<'_, 'a> {
    /// The attributes before the last one.
    fn before(&self) -> &[&'a str] {
        &self.chain.path[..self.chain.path.len() - 1]
    }

    fn name(&self) -> &'a str {
        self.chain.path.last().copied().unwrap_or_default()
    }
}

/// Plans the uses of one alias; a retargeted `from` import is handed back, to be moved with its statement.
pub(super) fn move_uses<'a>(
    context: &Context<'a, '_>,
    binding: &Binding<'a>,
    wanted: &[(ChangeId, &MoveUse)],
    plan: &mut Plan,
) -> Option<Move> {
    let mut uses: Vec<Use<'_, 'a>> = Vec::new();
    let mut sound = true;
    for &(change, one) in wanted {
        match find(context, binding, one) {
            Ok(chain) => uses.push(Use {
                change,
                wanted: one,
                chain,
            }),
            Err(reason) => {
                sound = false;
                plan.refuse(&[change], &reason);
            }
        }
    }
    // A name of the same module only: nothing to import.
    let (renamed, moved): (Vec<_>, Vec<_>) = uses
        .into_iter()
        .partition(|one| binding.through(one.before()).as_deref() == Some(&one.wanted.to_module));
    plan.add(renamed.iter().filter_map(rename));
    let to_module = &moved.first()?.wanted.to_module;
    let one_target = moved.iter().all(|one| one.wanted.to_module == *to_module);
    if sound
        && one_target
        && renamed.is_empty()
        && may_retarget(context, binding, &moved, to_module)
    {
        return retarget(binding, &moved, to_module, plan);
    }
    for one in &moved {
        match beside(context, binding, one, plan) {
            Ok(drafts) => plan.add(drafts),
            Err(reason) => plan.refuse(&[one.change], &reason),
        }
    }
    None
}

/// The chain behind a use, if the use is one that can be moved at all.
fn find<'u, 'a>(
    context: &'u Context<'a, '_>,
    binding: &Binding<'a>,
    wanted: &MoveUse,
) -> Result<&'u Chain<'a>, String> {
    let names = context.names;
    let scope = binding.site.scope;
    let name = binding.name;
    if names.scopes[scope].kind == Kind::Class {
        return Err("the module is imported in a class body, where it is an attribute".into());
    }
    let plain = matches!(binding.form, Form::Plain(_));
    let bindings = names.bindings(scope, name);
    let only = if plain {
        // `del` takes away the one root that all plain imports of a package share.
        let shares = |bound: &Bound| matches!(bound, Bound::Plain | Bound::Deleted);
        bindings.iter().all(shares)
    } else {
        bindings == [Bound::Import]
    };
    if !only {
        return Err(format!("`{name}` is also bound elsewhere in its scope"));
    }
    let chain = names
        .chains
        .get(&wanted.use_span)
        .filter(|chain| chain.root_name == name)
        .ok_or("there is no use of the import at this place")?;
    let root = names
        .uses_of(scope, name)
        .find(|one| one.span == chain.root);
    let Some(root) = root else {
        return Err(format!("`{name}` means another binding here"));
    };
    if root.is_spelled {
        return Err("its very text is printed".into());
    }
    for name in wanted.to_module.split('.').chain([&*wanted.to_name]) {
        check_private(context, root.scope, name)?;
    }
    if context.source.has_comment(wanted.use_span) {
        return Err("a comment stands inside the expression".into());
    }
    let (last, before) = chain.path.split_last().ok_or("the use names nothing")?;
    for other in names.uses_of(scope, name) {
        check_other_use(context, other.span, before, last)?;
    }
    Ok(chain)
}

/// Refuses when code replaces the attribute in the module: reads elsewhere would miss it.
fn check_other_use(
    context: &Context<'_, '_>,
    root: Span,
    before: &[&str],
    last: &str,
) -> Result<(), String> {
    let names = context.names;
    let other = names.longest_path(root);
    let path = other.map_or(&[][..], |chain| chain.path.as_slice());
    if other.is_some_and(|chain| !chain.load)
        && path
            .split_last()
            .is_some_and(|(name, module)| *name == last && module == before)
    {
        return Err(format!(
            "`{last}` is assigned or deleted through the module"
        ));
    }
    if path == before && names.strings.contains(&last) {
        return Err(format!(
            "the module is handed on and the string \"{last}\" may name its attribute"
        ));
    }
    Ok(())
}

/// The edit for a use whose module stays.
fn rename(one: &Use<'_, '_>) -> Option<Draft> {
    (one.name() != one.wanted.to_name)
        .then(|| Draft::new(one.chain.last, one.wanted.to_name.clone(), &[one.change]))
}

/// Whether the import can name `to_module` instead, because nothing else depends on what it binds.
fn may_retarget(
    context: &Context<'_, '_>,
    binding: &Binding<'_>,
    moved: &[Use<'_, '_>],
    to_module: &str,
) -> bool {
    let published = context.home.is_package && binding.site.scope == MODULE;
    if published || moved.iter().any(|one| !binding.is_exact(one.before())) {
        return false;
    }
    let roots: Vec<Span> = moved.iter().map(|one| one.chain.root).collect();
    match &binding.form {
        Form::Plain(_) => may_replace_plain(context, binding, &roots, to_module).is_ok(),
        Form::As => {
            all_move(context, binding, &roots) && !is_spelled(context, binding.name, binding.name)
        }
        Form::From => {
            let parent = to_module.rsplit_once('.').map(|(parent, _)| parent);
            parent.is_some_and(|parent| parent != context.home.module)
                && all_move(context, binding, &roots)
                && !is_spelled(context, binding.name, binding.name)
        }
    }
}

fn all_move(context: &Context<'_, '_>, binding: &Binding<'_>, roots: &[Span]) -> bool {
    context
        .names
        .uses_of(binding.site.scope, binding.name)
        .all(|one| one.load && roots.contains(&one.span))
}

/// Names `to_module` in the import itself.
fn retarget(
    binding: &Binding<'_>,
    moved: &[Use<'_, '_>],
    to_module: &str,
    plan: &mut Plan,
) -> Option<Move> {
    let serves: Vec<ChangeId> = moved.iter().map(|one| one.change).collect();
    let dotted = Draft::new(span(binding.alias.name.range), to_module, &serves);
    match binding.form {
        Form::Plain(_) => {
            let uses = moved.iter().map(|one| in_full(one));
            plan.add(std::iter::once(dotted).chain(uses));
            None
        }
        Form::As => {
            plan.add(std::iter::once(dotted).chain(moved.iter().filter_map(rename)));
            None
        }
        Form::From => {
            let (parent, name) = to_module.rsplit_once('.')?;
            Some(Move {
                alias: binding.index,
                to_module: parent.to_owned(),
                to_name: name.to_owned(),
                is_renamed: false,
                serves,
                extra: moved.iter().filter_map(rename).collect(),
            })
        }
    }
}

/// The use with its new module in full.
fn in_full(one: &Use<'_, '_>) -> Draft {
    let wanted = one.wanted;
    let content = format!("{}.{}", wanted.to_module, wanted.to_name);
    Draft::new(wanted.use_span, content, &[one.change])
}

/// Keeps the import, adds one of the new module beside it, and writes the use in full.
fn beside(
    context: &Context<'_, '_>,
    binding: &Binding<'_>,
    one: &Use<'_, '_>,
    plan: &mut Plan,
) -> Result<Vec<Draft>, String> {
    let module = &one.wanted.to_module;
    let root = module.split('.').next().unwrap_or(module);
    root_is_free(context, binding, root, &[one.chain.root])?;
    let mut drafts = vec![in_full(one)];
    drafts.extend(import_beside(context, binding, module, one.change, plan)?);
    Ok(drafts)
}

/// The edit that imports `module` beside an import, unless there is one already.
pub(super) fn import_beside(
    context: &Context<'_, '_>,
    binding: &Binding<'_>,
    module: &str,
    change: ChangeId,
    plan: &mut Plan,
) -> Result<Option<Draft>, String> {
    if imported_in_time(context, &binding.site, module) {
        return Ok(None);
    }
    if binding.site.guarded {
        return Err("the import is tried with a handler for its failure".into());
    }
    let site = &binding.site;
    // An import added before, in the same run of imports, serves this use as well.
    if plan.share_import((site.suite, site.block), module, change) {
        return Ok(None);
    }
    let spot = context.source.spot_after(span_of(site.statement));
    let (place, line) = new_import(&spot, module);
    plan.add_import((site.suite, site.block), module, place, &line);
    Ok(Some(Draft::new(place, line, &[change])))
}

/// Whether the suite of `site` imports `module` plainly before anything but imports can run behind it.
fn imported_in_time(context: &Context<'_, '_>, site: &Site<'_>, module: &str) -> bool {
    context
        .names
        .sites
        .iter()
        .filter(|other| other.suite == site.suite)
        .filter(|other| other.index <= site.index || other.block == site.block)
        .filter_map(|other| match other.statement {
            Stmt::Import(import) => Some(&import.names),
            _ => None,
        })
        .flatten()
        .any(|alias| alias.asname.is_none() && alias.name.as_str() == module)
}
