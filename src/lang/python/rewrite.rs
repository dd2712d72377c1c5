//! Rewrites imports of one Python file: binding changes in, edits out.
//!
//! Everything outside the edits keeps its bytes. A change that cannot be made without risk is refused with a reason,
//! alone or with the rest of its statement. Owns the syntax only: whether a change is wanted, and whether the new
//! path binds the same object, is for the caller to know.

mod addition;
mod alias_list;
mod annotation;
mod arrange;
mod definition;
mod from_import;
mod merge;
mod module_path;
mod module_use;
mod names;
mod plain_import;
mod plan;
mod proof;
mod rename;
mod render;
mod replaced;
mod sort;
mod source;
mod uses;
mod visit;

use ruff_python_ast::{ModModule, PySourceType, Stmt};
use ruff_python_parser::{Parsed, parse_unchecked_source};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::fix::edit::{AddImport, FileChanges, ImportStyle, MoveUse, Rewritten, Uses};
use crate::span::Span;
use from_import::Move;
use merge::Merges;
use module_path::{Home, is_dotted, is_name};
use module_use::{Binding, Form};
use names::{Names, Site};
use plan::{ChangeId, Draft, Plan};
use source::{Source, span, span_of};

/// What every part of a rewrite looks at.
struct Context<'a, 'c> {
    source: Source<'a>,
    names: &'c Names<'a>,
    home: Home<'c>,
    style: ImportStyle,
    /// Statements (by start) that change: nothing may join them.
    busy: FxHashSet<u32>,
}

impl Context<'_, '_> {
    /// Whether each `from` statement takes one name.
    fn is_single_line(&self) -> bool {
        self.style.single_line || self.names.is_single_line()
    }
}

/// Import aliases by their span: the statement's site, and the place in it.
type Aliases<'a> = FxHashMap<Span, (Site<'a>, usize)>;

/// A scope, the old name of a binding in it, and the new one.
type Renamed = (usize, String, String);

/// One try at a file: the edits, what they rename for which moves, and the definitions that go.
type Attempt = (Rewritten, Vec<(Renamed, Vec<ChangeId>)>, Vec<Span>);

/// Turns `changes` into edits of `text`, which comes without a byte-order mark.
///
/// The result parses and keeps every comment, or all changes are refused.
#[must_use]
pub fn rewrite(text: &str, changes: &FileChanges) -> Rewritten {
    // Syntax trees are dropped recursively; each level of nesting takes at least a byte of text.
    let stack = text.len().saturating_mul(512).clamp(1 << 20, 1 << 30);
    stacker::grow(stack, || {
        let mut barred = FxHashSet::default();
        loop {
            let (rewritten, renamed, gone) = rewrite_parsed(text, changes, &barred);
            let halves: Vec<ChangeId> = incomplete(&renamed, &rewritten);
            let checked = if halves.is_empty() {
                let scopes: Vec<Renamed> = renamed.iter().map(|(of, _)| of.clone()).collect();
                proof::verify(text, &rewritten, &scopes, &gone)
            } else {
                barred.extend(halves);
                continue;
            };
            match checked {
                Ok(()) => return rewritten,
                Err(_) if !renamed.is_empty() => {
                    barred.extend(renamed.into_iter().flat_map(|(_, changes)| changes));
                }
                Err(reason) => return Plan::new(places(changes)).refuse_all(reason),
            }
        }
    })
}

/// How the code of a file uses a name.
#[must_use]
pub fn uses(text: &str, name: &str) -> Uses {
    let stack = text.len().saturating_mul(512).clamp(1 << 20, 1 << 30);
    stacker::grow(stack, || uses::of(text, name))
}

/// The moves of bindings that were renamed although one of their imports stays.
fn incomplete(renamed: &[(Renamed, Vec<ChangeId>)], rewritten: &Rewritten) -> Vec<ChangeId> {
    let refused = |change: &ChangeId| {
        let at = rewritten
            .refused
            .binary_search_by_key(change, |one| one.change);
        at.is_ok()
    };
    renamed
        .iter()
        .filter(|(_, changes)| changes.iter().any(refused))
        .flat_map(|(_, changes)| changes.iter().copied())
        .collect()
}

fn parse(text: &str) -> Parsed<ModModule> {
    parse_unchecked_source(text, PySourceType::Python)
}

/// Where each change is reported, in the order of change ids.
fn places(changes: &FileChanges) -> Vec<Span> {
    let moves = changes.moves.iter().map(|one| one.alias);
    let uses = changes.uses.iter().map(|one| one.use_span);
    let additions = changes.additions.iter().map(|one| one.after_statement);
    let replacements = changes.replacements.iter().map(|one| one.name);
    let removals = changes.removals.iter().map(|one| one.name);
    let texts = changes.texts.iter().map(|one| one.literal);
    moves
        .chain(uses)
        .chain(additions)
        .chain(replacements)
        .chain(removals)
        .chain(texts)
        .collect()
}

fn rewrite_parsed(text: &str, changes: &FileChanges, barred: &FxHashSet<ChangeId>) -> Attempt {
    let plan = Plan::new(places(changes));
    let parsed = parse(text);
    if !parsed.has_valid_syntax() {
        return (
            plan.refuse_all("the file does not parse"),
            Vec::new(),
            Vec::new(),
        );
    }
    let names = visit::read(text, &parsed.syntax().body);
    let mut context = Context {
        source: Source::new(text, parsed.tokens()),
        names: &names,
        home: Home {
            module: &changes.module,
            is_package: changes.is_package,
        },
        style: changes.style,
        busy: FxHashSet::default(),
    };
    let mut job = Job {
        plan,
        aliases: aliases(&names),
        from_moves: FxHashMap::default(),
        renamed: FxHashSet::default(),
        replaced: Vec::new(),
    };
    job.replacements(&context, changes, parsed.syntax());
    job.removals(&context, changes, parsed.syntax());
    job.texts(&context, changes);
    let gone = changes.moves.iter().enumerate();
    let gone = gone.filter(|(_, one)| job.goes(one.alias));
    let barred: FxHashSet<ChangeId> = gone
        .map(|(change, _)| change)
        .chain(barred.iter().copied())
        .collect();
    let renames = rename::renames(&context, &job.aliases, changes, &barred);
    for rename in &renames {
        job.renamed.extend(&rename.changes);
        job.plan.add(rename.drafts.iter().cloned());
    }
    job.moves(&context, changes);
    job.uses(&context, changes);
    context.busy.extend(job.from_moves.keys());
    let mut merges = Merges::default();
    job.rewrite_froms(&context, &mut merges);
    job.additions(&context, changes, &mut merges);
    let mut rewritten = sort::keep_sorted(&context, job.plan.finish());
    rewritten.renamed = job.renamed.into_iter().collect();
    rewritten.renamed.sort_unstable();
    let renamed = renames.into_iter().map(|rename| {
        let of = (rename.scope, rename.old.to_owned(), rename.new);
        (of, rename.changes)
    });
    (rewritten, renamed.collect(), job.replaced)
}

/// Every import alias by its span: its site and its place in the statement.
fn aliases<'a>(names: &Names<'a>) -> Aliases<'a> {
    let mut all = FxHashMap::default();
    for site in &names.sites {
        let aliases = match site.statement {
            Stmt::Import(import) => &import.names,
            Stmt::ImportFrom(import) => &import.names,
            _ => continue,
        };
        for (index, alias) in aliases.iter().enumerate() {
            all.insert(span_of(alias), (*site, index));
        }
    }
    all
}

/// The work on one file.
struct Job<'a> {
    plan: Plan,
    aliases: Aliases<'a>,
    /// Names that leave `from` statements, by the statement's start.
    from_moves: FxHashMap<u32, (Site<'a>, Vec<Move>)>,
    /// Moves whose local name becomes the new one.
    renamed: FxHashSet<ChangeId>,
    /// Definitions that go, with all that stands in them.
    replaced: Vec<Span>,
}

impl<'a> Job<'a> {
    fn replacements(
        &mut self,
        context: &Context<'a, '_>,
        changes: &FileChanges,
        module: &ModModule,
    ) {
        let first = changes.moves.len() + changes.uses.len() + changes.additions.len();
        for (index, wanted) in changes.replacements.iter().enumerate() {
            let change = first + index;
            let checked = check_target(context, &wanted.to_module, &wanted.to_name, true)
                .and_then(|()| definition::find(context, module, wanted.name, &wanted.local));
            match checked {
                Ok(place) => {
                    self.replaced.push(place);
                    let draft = definition::replace(context, place, wanted, change);
                    self.plan.add([draft]);
                }
                Err(reason) => self.plan.refuse(&[change], &reason),
            }
        }
    }

    fn removals(&mut self, context: &Context<'a, '_>, changes: &FileChanges, module: &ModModule) {
        let before = places(changes).len() - changes.removals.len() - changes.texts.len();
        for (index, wanted) in changes.removals.iter().enumerate() {
            let change = before + index;
            let (at, name) = (wanted.name, &wanted.local);
            let removed = definition::find(context, module, at, name).and_then(|place| {
                let drafts = definition::remove(context, module, place, name, change)?;
                Ok((place, drafts))
            });
            match removed {
                Ok((place, drafts)) => {
                    self.replaced.push(place);
                    self.plan.add(drafts);
                }
                Err(reason) => self.plan.refuse(&[change], &reason),
            }
        }
    }

    /// Spells other paths in strings.
    fn texts(&mut self, context: &Context<'a, '_>, changes: &FileChanges) {
        let before = places(changes).len() - changes.texts.len();
        for (index, wanted) in changes.texts.iter().enumerate() {
            let change = before + index;
            if self.goes(wanted.literal) {
                continue;
            }
            if let Some(object) = context.names.objects.get(&wanted.literal) {
                match replaced::move_object(context, object, wanted, change, &mut self.plan) {
                    Ok(drafts) => self.plan.add(drafts),
                    Err(reason) => self.plan.refuse(&[change], &reason),
                }
                continue;
            }
            let literal = context.source.slice(wanted.literal);
            let mut found = literal.match_indices(&wanted.from);
            if let (Some((at, _)), None) = (found.next(), found.next()) {
                let start = wanted.literal.start + at as u32;
                let place = Span::new(start, start + wanted.from.len() as u32);
                self.plan
                    .add([Draft::new(place, wanted.to.clone(), &[change])]);
            } else {
                self.plan
                    .refuse(&[change], "the string does not spell the path plainly");
            }
        }
    }

    /// Whether what stands there goes with its definition, so that nothing is left to change.
    fn goes(&self, place: Span) -> bool {
        self.replaced.iter().any(|gone| gone.contains(place.start))
    }

    /// Sorts moved names by statement; modules imported by `import` are renamed at once.
    fn moves(&mut self, context: &Context<'a, '_>, changes: &FileChanges) {
        let mut seen = FxHashSet::default();
        for (change, wanted) in changes.moves.iter().enumerate() {
            let Some(&(site, index)) = self.aliases.get(&wanted.alias) else {
                self.plan
                    .refuse(&[change], "there is no import at this place");
                continue;
            };
            if self.goes(wanted.alias) {
                continue;
            }
            if !seen.insert(wanted.alias) {
                self.plan.refuse(&[change], "two changes move this name");
                continue;
            }
            let is_from = matches!(site.statement, Stmt::ImportFrom(_));
            let checked = check_target(context, &wanted.to_module, &wanted.to_name, is_from)
                .and_then(|()| check_private(context, site.scope, &wanted.to_name));
            if let Err(reason) = checked {
                self.plan.refuse(&[change], &reason);
                continue;
            }
            if is_from {
                self.push_from(
                    site,
                    Move {
                        alias: index,
                        to_module: wanted.to_module.clone(),
                        to_name: wanted.to_name.clone(),
                        is_renamed: self.renamed.contains(&change),
                        serves: vec![change],
                        extra: Vec::new(),
                    },
                );
                continue;
            }
            let module = match wanted.to_module.as_str() {
                "" => wanted.to_name.clone(),
                parent => format!("{parent}.{}", wanted.to_name),
            };
            match rename_module(context, site, index, &module, change) {
                Ok(drafts) => self.plan.add(drafts),
                Err(reason) => self.plan.refuse(&[change], &reason),
            }
        }
    }

    fn push_from(&mut self, site: Site<'a>, one: Move) {
        let start = span_of(site.statement).start;
        let entry = self
            .from_moves
            .entry(start)
            .or_insert_with(|| (site, Vec::new()));
        entry.1.push(one);
    }

    /// Plans uses through modules, import alias by import alias in source order.
    fn uses(&mut self, context: &Context<'a, '_>, changes: &FileChanges) {
        let first = changes.moves.len();
        let mut by_alias: FxHashMap<Span, Vec<(ChangeId, &MoveUse)>> = FxHashMap::default();
        for (index, wanted) in changes.uses.iter().enumerate() {
            let change = first + index;
            if self.goes(wanted.use_span) {
                continue;
            }
            match check_target(context, &wanted.to_module, &wanted.to_name, true) {
                Ok(()) => by_alias
                    .entry(wanted.import_alias)
                    .or_default()
                    .push((change, wanted)),
                Err(reason) => self.plan.refuse(&[change], &reason),
            }
        }
        let mut by_alias: Vec<_> = by_alias.into_iter().collect();
        by_alias.sort_by_key(|(alias, _)| *alias);
        for (alias, wanted) in by_alias {
            let serves: Vec<ChangeId> = wanted.iter().map(|(change, _)| *change).collect();
            if changes.moves.iter().any(|one| one.alias == alias) {
                self.plan
                    .refuse(&serves, "the import of the module moves as a whole");
                continue;
            }
            let found = self.aliases.get(&alias).copied();
            let binding = found.and_then(|(site, index)| Binding::new(context, site, index));
            let Some(binding) = binding else {
                self.plan.refuse(
                    &serves,
                    "there is no import at the place that binds the module",
                );
                continue;
            };
            let site = binding.site;
            if let Some(one) = module_use::move_uses(context, &binding, &wanted, &mut self.plan) {
                self.push_from(site, one);
            }
        }
    }

    /// Rewrites `from` statements in source order, each as a whole or not at all.
    fn rewrite_froms(&mut self, context: &Context<'a, '_>, merges: &mut Merges) {
        let mut statements: Vec<_> = self.from_moves.drain().collect();
        statements.sort_by_key(|(start, _)| *start);
        for (_, (site, mut moves)) in statements {
            let Stmt::ImportFrom(statement) = site.statement else {
                continue;
            };
            moves.sort_by_key(|one| one.alias);
            match from_import::rewrite_from(context, merges, &site, statement, &moves) {
                Ok(drafts) => {
                    self.plan.add(drafts);
                    self.plan.add(moves.into_iter().flat_map(|one| one.extra));
                }
                Err(reason) => {
                    let serves: Vec<ChangeId> = moves
                        .iter()
                        .flat_map(|one| one.serves.iter().copied())
                        .collect();
                    self.plan.refuse(&serves, &reason);
                }
            }
        }
    }

    /// Adds explicit imports, those of one module behind one star in one statement.
    fn additions(&mut self, context: &Context<'a, '_>, changes: &FileChanges, merges: &mut Merges) {
        let first = changes.moves.len() + changes.uses.len();
        let mut groups: Vec<Vec<(ChangeId, &AddImport)>> = Vec::new();
        for (index, wanted) in changes.additions.iter().enumerate() {
            let change = first + index;
            let checked = check_target(context, &wanted.to_module, &wanted.to_name, true);
            if let Err(reason) = checked {
                self.plan.refuse(&[change], &reason);
                continue;
            }
            let same = |group: &&mut Vec<(ChangeId, &AddImport)>| {
                group.first().is_some_and(|(_, one)| {
                    one.after_statement == wanted.after_statement
                        && one.to_module == wanted.to_module
                })
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push((change, wanted)),
                None => groups.push(vec![(change, wanted)]),
            }
        }
        for group in groups {
            let Some((_, first)) = group.first() else {
                continue;
            };
            let site = context
                .names
                .sites
                .iter()
                .find(|site| span_of(site.statement) == first.after_statement);
            if let Some((site, Stmt::ImportFrom(star))) = site.map(|site| (site, site.statement)) {
                addition::add(context, merges, site, star, &group, &mut self.plan);
            } else {
                let serves: Vec<ChangeId> = group.iter().map(|(change, _)| *change).collect();
                self.plan
                    .refuse(&serves, "there is no star import at this place");
            }
        }
    }
}

/// Refuses targets that cannot be written, and the file itself.
fn check_target(
    context: &Context<'_, '_>,
    module: &str,
    name: &str,
    is_from: bool,
) -> Result<(), String> {
    if module.is_empty() && is_from {
        return Err(format!(
            "`{name}` is a top-level module, which a `from` import cannot name"
        ));
    }
    if !(module.is_empty() || is_dotted(module)) || !is_name(name) {
        return Err(format!(
            "`{module}:{name}` cannot be written in an import statement"
        ));
    }
    if module == "__future__" {
        return Err("a `__future__` import is no target".into());
    }
    if is_from && module == context.home.module {
        return Err("the module would import from itself".into());
    }
    Ok(())
}

/// Refuses names that a class around the place would change: `__name` is `_Class__name` in it, in imports too.
fn check_private(context: &Context<'_, '_>, scope: usize, name: &str) -> Result<(), String> {
    let is_private = name.starts_with("__") && !name.ends_with("__");
    if is_private && context.names.in_class(scope) {
        return Err(format!("`{name}` is another name in a class"));
    }
    Ok(())
}

/// Names another module in an `import` statement.
fn rename_module<'a>(
    context: &Context<'a, '_>,
    site: Site<'a>,
    index: usize,
    module: &str,
    change: ChangeId,
) -> Result<Vec<Draft>, String> {
    let binding = Binding::new(context, site, index).ok_or("there is no import at this place")?;
    if module == context.home.module {
        return Err("the module would import itself".into());
    }
    if binding.alias.name.as_str() == module {
        return Ok(Vec::new());
    }
    let mut drafts = Vec::new();
    if let Form::Plain(rest) = &binding.form {
        let uses = plain_import::whole_uses(context, &binding, rest)?;
        let roots: Vec<Span> = uses.iter().map(|(root, _)| *root).collect();
        plain_import::may_replace_plain(context, &binding, &roots, module)?;
        let uses = uses.into_iter();
        drafts.extend(uses.map(|(_, whole)| Draft::new(whole, module, &[change])));
    }
    let name = span(binding.alias.name.range);
    drafts.push(Draft::new(name, module, &[change]));
    Ok(drafts)
}
