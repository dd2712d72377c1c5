//! Moves names of one `from` statement to other modules.
//!
//! The statement keeps the names that stay or, when all leave, those of the first target; every other target gets a
//! statement of its own right behind, or its names join one that is already there.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Alias, StmtImportFrom};

use super::Context;
use super::alias_list;
use super::merge::{Merges, Newcomer, Reach};
use super::names::Site;
use super::plan::{ChangeId, Draft};
use super::render::{Member, Style, new_from};
use super::source::{Spot, span, span_of};
use crate::span::Span;

/// One name of the statement and where it goes.
#[derive(Clone, Debug)]
pub(super) struct Move {
    /// Its place in the statement.
    pub(super) alias: usize,
    pub(super) to_module: String,
    pub(super) to_name: String,
    /// Whether the local name and its uses take the new name.
    pub(super) is_renamed: bool,
    pub(super) serves: Vec<ChangeId>,
    /// Edits elsewhere that go with the move.
    pub(super) extra: Vec<Draft>,
}

/// A target module and the moves that go there.
struct Group<'m> {
    module: &'m str,
    moves: Vec<&'m Move>,
}

impl Group<'_> {
    fn serves(&self) -> Vec<ChangeId> {
        self.moves
            .iter()
            .flat_map(|one| one.serves.iter().copied())
            .collect()
    }
}

/// The local name an alias of a `from` statement binds.
pub(super) fn local(alias: &Alias) -> &str {
    alias.asname.as_ref().unwrap_or(&alias.name).as_str()
}

/// Carries out `moves`, each for another name of `statement`; or says why not.
pub(super) fn rewrite_from<'a>(
    context: &Context<'a, '_>,
    merges: &mut Merges,
    site: &Site<'a>,
    statement: &'a StmtImportFrom,
    moves: &[Move],
) -> Result<Vec<Draft>, String> {
    let old = statement
        .module
        .as_ref()
        .map_or("", |module| module.as_str());
    if old == "__future__" && statement.level == 0 {
        return Err("a `__future__` import never moves".into());
    }
    if statement
        .names
        .iter()
        .any(|alias| alias.name.as_str() == "*")
    {
        return Err("a star import names nothing that could move".into());
    }
    let old = context.home.absolute(statement.level, old);
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut renamed: Vec<&Move> = Vec::new();
    for one in moves {
        if old.as_deref() == Some(&one.to_module) {
            renamed.push(one);
            continue;
        }
        match groups
            .iter_mut()
            .find(|group| group.module == one.to_module)
        {
            Some(group) => group.moves.push(one),
            None => groups.push(Group {
                module: &one.to_module,
                moves: vec![one],
            }),
        }
    }
    let leaving_count: usize = groups.iter().map(|group| group.moves.len()).sum();
    let all_leave = leaving_count == statement.names.len();
    if all_leave
        && let [group] = groups.as_slice()
        && let Some(drafts) = whole_merge(context, merges, site, statement, group)
    {
        return Ok(drafts);
    }
    let mut drafts: Vec<Draft> = renamed
        .into_iter()
        .filter_map(|one| rename(context, &statement.names[one.alias], one))
        .collect();
    if all_leave && !groups.is_empty() {
        let kept = groups.remove(0);
        drafts.push(module_token(context, statement, &kept)?);
        let in_place = kept
            .moves
            .iter()
            .filter_map(|one| rename(context, &statement.names[one.alias], one));
        drafts.extend(in_place);
    }
    if !groups.is_empty() {
        drafts.extend(split(context, merges, site, statement, &groups)?);
    }
    Ok(drafts)
}

/// Replaces the module in place.
fn module_token(
    context: &Context<'_, '_>,
    statement: &StmtImportFrom,
    group: &Group<'_>,
) -> Result<Draft, String> {
    let source = &context.source;
    let tokens = source.tokens_in(span_of(statement));
    let from = tokens
        .iter()
        .position(|token| token.kind() == TokenKind::From);
    let import = tokens
        .iter()
        .position(|token| token.kind() == TokenKind::Import);
    let (Some(from), Some(import)) = (from, import) else {
        return Err("the statement has an unknown form".into());
    };
    if import <= from + 1 {
        return Err("the statement names no module".into());
    }
    let place = Span::new(
        span_of(&tokens[from + 1]).start,
        span_of(&tokens[import - 1]).end,
    );
    let mut written = context.home.written(group.module, statement.level > 0);
    // `from.a import b` needs a blank that the dot made needless; so does `from .import b`.
    if span_of(&tokens[from]).end == place.start && !written.starts_with('.') {
        written.insert(0, ' ');
    }
    if span_of(&tokens[import]).start == place.end && !written.ends_with('.') {
        written.push(' ');
    }
    Ok(Draft::new(place, written, &group.serves()))
}

/// Imports another name in place, under the same local name; nothing when the name is the same.
fn rename(context: &Context<'_, '_>, alias: &Alias, one: &Move) -> Option<Draft> {
    if alias.name.as_str() == one.to_name {
        return None;
    }
    let whole = span_of(alias);
    if one.is_renamed {
        return Some(Draft::new(whole, one.to_name.clone(), &one.serves));
    }
    let simple = !context.source.has_comment(whole);
    let (place, written) = match &alias.asname {
        Some(local)
            if local.as_str() == one.to_name && alias.name.as_str() != local.as_str() && simple =>
        {
            (whole, one.to_name.clone())
        }
        Some(_) => (span(alias.name.range), one.to_name.clone()),
        None => (whole, format!("{} as {}", one.to_name, alias.name.as_str())),
    };
    Some(Draft::new(place, written, &one.serves))
}

/// The alias as a new statement writes it.
fn alias_text(alias: &Alias, one: &Move) -> String {
    let to_name = one.to_name.as_str();
    if one.is_renamed {
        return to_name.to_owned();
    }
    let local = local(alias);
    let explicit = alias
        .asname
        .as_ref()
        .is_some_and(|asname| asname.as_str() == alias.name.as_str());
    if local == to_name && !explicit {
        to_name.to_owned()
    } else {
        format!("{to_name} as {local}")
    }
}

/// Takes the names of `groups` out of the statement and imports them right behind it.
fn split<'a>(
    context: &Context<'a, '_>,
    merges: &mut Merges,
    site: &Site<'a>,
    statement: &'a StmtImportFrom,
    groups: &[Group<'_>],
) -> Result<Vec<Draft>, String> {
    if site.guarded {
        return Err(
            "the statement is tried with a handler for its failure: split, it could fail half-way"
                .into(),
        );
    }
    if has_twice(statement) {
        return Err("the statement binds one name twice".into());
    }
    let mut leaving = vec![false; statement.names.len()];
    let mut serves: Vec<&[ChangeId]> = vec![&[]; statement.names.len()];
    for one in groups.iter().flat_map(|group| &group.moves) {
        leaving[one.alias] = true;
        serves[one.alias] = &one.serves;
    }
    let removal = alias_list::remove(&context.source, statement, &leaving)?;
    let mut drafts: Vec<Draft> = removal
        .deleted
        .into_iter()
        .map(|(place, names)| {
            let serves: Vec<ChangeId> = names
                .iter()
                .flat_map(|&name| serves[name].iter().copied())
                .collect();
            Draft::new(place, "", &serves)
        })
        .collect();
    let style = Style::of(&context.source, statement);
    let spot = context.source.spot_after(span_of(statement));
    for group in groups {
        let members: Vec<Member<'a>> = group
            .moves
            .iter()
            .map(|one| Member {
                text: alias_text(&statement.names[one.alias], one),
                ..removal.carried[one.alias].clone()
            })
            .collect();
        let commented = members.iter().any(Member::has_comment);
        let joined = (!commented)
            .then(|| join(context, merges, site, statement, group))
            .flatten();
        if let Some(joined) = joined {
            drafts.extend(joined);
            continue;
        }
        let module = context.home.written(group.module, statement.level > 0);
        let (place, written) = new_from(&spot, &style, &module, &members)?;
        drafts.push(Draft::new(place, written, &group.serves()));
    }
    Ok(drafts)
}

/// Whether two aliases of the statement bind the same name: the later one wins, so their order counts.
fn has_twice(statement: &StmtImportFrom) -> bool {
    let mut locals: Vec<&str> = statement.names.iter().map(local).collect();
    locals.sort_unstable();
    locals.windows(2).any(|pair| pair[0] == pair[1])
}

/// Adds the names of `group` to an import that is already there.
fn join<'a>(
    context: &Context<'a, '_>,
    merges: &mut Merges,
    site: &Site<'a>,
    statement: &'a StmtImportFrom,
    group: &Group<'_>,
) -> Option<Vec<Draft>> {
    let newcomers: Vec<Newcomer<'_>> = group
        .moves
        .iter()
        .map(|one| {
            let alias = &statement.names[one.alias];
            Newcomer {
                name: &one.to_name,
                local: if one.is_renamed {
                    &one.to_name
                } else {
                    local(alias)
                },
                text: alias_text(alias, one),
                serves: &one.serves,
            }
        })
        .collect();
    merges.join(context, site, group.module, &newcomers, Reach::Block)
}

/// Joins all names to an import that is already there and drops the statement with its line; only where neither a
/// comment nor a layout could suffer.
fn whole_merge<'a>(
    context: &Context<'a, '_>,
    merges: &mut Merges,
    site: &Site<'a>,
    statement: &'a StmtImportFrom,
    group: &Group<'_>,
) -> Option<Vec<Draft>> {
    let source = &context.source;
    let whole = span_of(statement);
    let Spot::Line {
        at,
        unfinished: false,
        ..
    } = source.spot_after(whole)
    else {
        return None;
    };
    let start = source.line_start(whole.start);
    let line = source.slice(Span::new(start, at));
    let plain = !site.guarded
        && !has_twice(statement)
        && !line.contains('\u{c}')
        && !source.has_comment(whole)
        && source.trailing_comment(whole).is_none()
        && !source.comment_above(start);
    if !plain {
        return None;
    }
    let mut drafts = join(context, merges, site, statement, group)?;
    drafts.push(Draft::new(Span::new(start, at), "", &group.serves()));
    Some(drafts)
}
