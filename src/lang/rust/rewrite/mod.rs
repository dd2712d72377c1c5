//! Binding changes turned into edits: names of `use` declarations, and paths in code.
//!
//! Owns which bytes change. What moves and why is decided elsewhere, and that the result means what it should is
//! proven there. All that stays keeps its bytes; only what rustfmt would lay out just as it is, is laid out anew.

mod cut;
mod declarations;
mod layout;
mod place;
mod sorted;
mod width;

use syn::Ident;

use crate::fix::edit::{AddImport, FileChanges, MoveImport, MoveUse, Refused, Rewritten, TextEdit};
use crate::span::Span;
use declarations::{Declaration, Declarations};
use place::{Placing, Request};

/// Rewrites a file's text.
#[must_use]
pub fn rewrite(text: &str, changes: &FileChanges) -> Rewritten {
    let depth = super::depth::bound(text);
    let stack = super::BASE + depth as usize * super::BYTES_PER_LEVEL;
    let rewritten = if depth <= super::TOO_DEEP {
        stacker::maybe_grow(stack, stack + super::BASE, || made(text, changes))
    } else {
        None
    };
    proc_macro2::extra::invalidate_current_thread_spans();
    rewritten.unwrap_or_else(|| {
        let reason = "the file does not parse";
        let all = spans(changes).enumerate();
        Rewritten {
            refused: all
                .map(|(change, at)| Refused {
                    change,
                    at,
                    reason: reason.to_owned(),
                })
                .collect(),
            ..Rewritten::default()
        }
    })
}

/// The edits; none where the text does not parse.
fn made(text: &str, changes: &FileChanges) -> Option<Rewritten> {
    let declarations = Declarations::of(text, super::code_start(text))?;
    let mut plan = Plan {
        text,
        changes,
        declarations: &declarations,
        edits: Vec::new(),
        answers: Vec::new(),
        requests: Vec::new(),
    };
    plan.make();
    let breaks = width::breaks(text, super::code_start(text), &plan.edits);
    plan.edits.extend(breaks);
    let mut rewritten = settle(plan.edits, plan.answers, spans(changes));
    sorted::keep_sorted(text, &declarations, changes.edition, &mut rewritten);
    Some(rewritten)
}

/// Where the changes of a file stand, in their order.
fn spans(changes: &FileChanges) -> impl Iterator<Item = Span> {
    let moves = changes.moves.iter().map(|one| one.alias);
    let uses = changes.uses.iter().map(|one| one.use_span);
    let additions = changes.additions.iter().map(|one| one.after_statement);
    let replacements = changes.replacements.iter().map(|one| one.name);
    let removals = changes.removals.iter().map(|one| one.name);
    let others = additions.chain(replacements).chain(removals);
    moves.chain(uses).chain(others)
}

/// An edit with the change that wants it.
type Wanted = (usize, TextEdit);

/// Sorts edits and tells which changes need which of them.
fn settle(
    mut wanted: Vec<Wanted>,
    answers: Vec<Result<(), String>>,
    spans: impl Iterator<Item = Span>,
) -> Rewritten {
    let mut rewritten = Rewritten::default();
    wanted.sort_by_key(|(change, edit)| (edit.span, *change));
    // Edits of one place are one edit: a tree that goes for several of its names, or names that come there.
    let mut numbers: Vec<(usize, usize)> = Vec::new();
    for one in wanted.chunk_by(|(_, one), (_, next)| one.span == next.span) {
        let mut contents: Vec<&str> = Vec::new();
        for (change, edit) in one {
            if !contents.contains(&edit.content.as_str()) {
                contents.push(&edit.content);
            }
            numbers.push((*change, rewritten.edits.len()));
        }
        if let Some((_, edit)) = one.first() {
            rewritten.edits.push(TextEdit {
                span: edit.span,
                content: contents.concat(),
            });
        }
    }
    let answers = answers.into_iter().chain(std::iter::repeat_n(
        Err("code of Rust is not taken away".to_owned()),
        usize::MAX,
    ));
    for (change, (at, answer)) in spans.zip(answers).enumerate() {
        match answer {
            Ok(()) => {
                let own = numbers.iter().filter(|(of, _)| *of == change);
                let mut own: Vec<usize> = own.map(|(_, edit)| *edit).collect();
                own.dedup();
                rewritten.by_change.push((at, own));
            }
            Err(reason) => rewritten.refused.push(Refused { change, at, reason }),
        }
    }
    rewritten
}

struct Plan<'p> {
    text: &'p str,
    changes: &'p FileChanges,
    declarations: &'p Declarations<'p>,
    edits: Vec<Wanted>,
    answers: Vec<Result<(), String>>,
    /// Names of `use` that go elsewhere.
    requests: Vec<Request>,
}

impl Plan<'_> {
    fn make(&mut self) {
        let changes = self.changes;
        for one in &changes.moves {
            let answer = self.import(one);
            self.answers.push(answer);
        }
        for one in &changes.uses {
            let answer = self.used(one);
            self.answers.push(answer);
        }
        for one in &changes.additions {
            let answer = self.added(one);
            self.answers.push(answer);
        }
        let own = self.module(&changes.module);
        let own = (own, changes.edition);
        let mut placing = Placing::of(self.text, own, self.declarations, &self.requests);
        placing.make();
        self.edits.append(&mut placing.edits);
        for (change, reason) in placing.refused {
            self.answers[change] = Err(reason);
        }
    }

    /// A module as code of this file names it.
    fn module(&self, module: &str) -> String {
        let own = self.changes.module.trim_start_matches("::");
        let own = own.split("::").next().unwrap_or(own);
        match module.split_once("::") {
            Some((first, rest)) if first == own => ["crate", rest].join("::"),
            None if module == own => "crate".to_owned(),
            _ => module.to_owned(),
        }
    }

    /// The change that is being planned.
    fn current(&self) -> usize {
        self.answers.len()
    }

    fn edit(&mut self, span: Span, content: String) {
        let change = self.current();
        self.edits.push((change, TextEdit { span, content }));
    }

    fn declaration(&self, statement: Span) -> Result<(usize, &Declaration), String> {
        let mut all = self.declarations.found.iter().enumerate();
        let found = all.find(|(_, found)| found.span == statement);
        found.ok_or_else(|| "the statement is not where it was".to_owned())
    }

    fn import(&mut self, one: &MoveImport) -> Result<(), String> {
        let module = self.module(&one.to_module);
        if self.declarations.is_in_macro(one.alias) {
            return Err("it stands in a macro, whose text may mean anything".to_owned());
        }
        if one.statement == one.alias {
            self.edit(one.alias, format!("{module}::{}", raw(&one.to_name)));
            return Ok(());
        }
        let (at, declaration) = self.declaration(one.statement)?;
        let mut leaves = declaration.leaves.iter();
        let leaf = leaves.position(|leaf| leaf.alias == one.alias);
        let leaf = leaf.ok_or("it leads through a type")?;
        let name = renamed(&one.to_name, &declaration.leaves[leaf].local);
        self.requests.push(Request {
            change: self.current(),
            declaration: at,
            leaf: Some(leaf),
            module,
            name,
        });
        Ok(())
    }

    fn used(&mut self, one: &MoveUse) -> Result<(), String> {
        if self.declarations.is_in_macro(one.use_span) {
            return Err("it stands in a macro, whose text may mean anything".to_owned());
        }
        let written = &self.text[one.use_span.range()];
        if written.contains(['<', '/', '\n']) {
            return Err("the path holds more than names".to_owned());
        }
        let path = format!("{}::{}", self.module(&one.to_module), raw(&one.to_name));
        self.edit(one.use_span, path);
        Ok(())
    }

    fn added(&mut self, one: &AddImport) -> Result<(), String> {
        let (at, _) = self.declaration(one.after_statement)?;
        self.requests.push(Request {
            change: self.current(),
            declaration: at,
            leaf: None,
            module: self.module(&one.to_module),
            name: renamed(&one.to_name, &one.local),
        });
        Ok(())
    }
}

/// A name as `use` must spell it to be called `local`.
fn renamed(name: &str, local: &str) -> String {
    match local {
        "_" => format!("{} as _", raw(name)),
        _ if local == name => raw(name),
        _ => format!("{} as {}", raw(name), raw(local)),
    }
}

/// A name as it must be written where it is a keyword.
fn raw(name: &str) -> String {
    let is_plain = syn::parse_str::<Ident>(name).is_ok();
    let is_special = matches!(name, "self" | "super" | "crate" | "Self" | "_");
    if is_plain || is_special {
        name.to_owned()
    } else {
        format!("r#{name}")
    }
}

fn holds_comment(text: &str) -> bool {
    text.contains("//") || text.contains("/*")
}
