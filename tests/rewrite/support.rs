//! Reads cases, and finds imports in a text.

use std::collections::BTreeMap;

use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{PySourceType, Stmt};
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::{Ranged, TextRange};
use ssot::fix::edit::{AddImport, FileChanges, ImportStyle, MoveImport, MoveUse};
use ssot::span::Span;

/// One case of a case file.
#[derive(Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    module: String,
    style: String,
    ops: Vec<String>,
    marks: Vec<Span>,
    pub(crate) before: String,
    pub(crate) after: Option<String>,
    /// What every refusal says; none means that nothing is refused.
    pub(crate) refused: Option<String>,
}

/// The cases of a file.
pub(crate) fn read_cases(text: &str) -> Vec<Case> {
    text.split("=== ")
        .filter(|part| !part.trim().is_empty())
        .map(read_case)
        .collect()
}

fn read_case(text: &str) -> Case {
    let mut case = Case::default();
    let mut sections = text.split("--- ");
    for (index, line) in sections.next().unwrap().lines().enumerate() {
        match line.split_once(": ") {
            Some(("ops", ops)) => case.ops = ops.split(" | ").map(str::to_owned).collect(),
            Some(("module", module)) => module.clone_into(&mut case.module),
            Some(("style", style)) => style.clone_into(&mut case.style),
            _ if index == 0 => line.clone_into(&mut case.name),
            _ => panic!("odd line {line:?}"),
        }
    }
    for section in sections {
        let (head, body) = section.split_once('\n').unwrap_or((section, ""));
        match head.split_once(": ") {
            Some(("refused", reason)) => case.refused = Some(reason.to_owned()),
            _ if head == "before" => (case.before, case.marks) = unmark(&unescape(body)),
            _ if head == "after" => case.after = Some(unescape(body)),
            _ => panic!("odd section {head:?}"),
        }
    }
    assert_eq!(case.ops.len(), case.marks.len(), "marks of {:?}", case.name);
    case
}

fn unescape(text: &str) -> String {
    let text = text.replace('␍', "\r").replace('␌', "\u{c}");
    text.strip_suffix("␄\n").map_or(text.clone(), str::to_owned)
}

/// Takes the marks out of a text; they come in the order of their openings.
fn unmark(text: &str) -> (String, Vec<Span>) {
    let (mut out, mut marks, mut open) = (String::new(), Vec::new(), Vec::new());
    for ch in text.chars() {
        match ch {
            '⟨' => {
                open.push(marks.len());
                marks.push(Span::at(out.len() as u32));
            }
            '⟩' => {
                let index: usize = open.pop().unwrap();
                marks[index].end = out.len() as u32;
            }
            ch => out.push(ch),
        }
    }
    (out, marks)
}

impl Case {
    /// How the project lays out imports: `width N`, `single` or `apart`.
    fn style(&self) -> ImportStyle {
        let mut style = ImportStyle::default();
        match self.style.split_once(' ') {
            Some(("width", width)) => style.width = width.parse().unwrap(),
            _ if self.style == "single" => style.single_line = true,
            _ if self.style == "apart" => style.combine_as = Some(false),
            _ => assert!(self.style.is_empty(), "odd style {:?}", self.style),
        }
        style
    }

    /// The request that the marks stand for.
    pub(crate) fn changes(&self) -> FileChanges {
        let known = aliases(&self.before);
        let alias_at = |mark: Span| {
            let covering = known
                .iter()
                .find(|alias| alias.span.start <= mark.start && mark.end <= alias.span.end);
            covering.map_or(mark, |alias| alias.span)
        };
        let mut changes = FileChanges {
            module: self.module.trim_end_matches('/').to_owned(),
            is_package: self.module.ends_with('/'),
            style: self.style(),
            ..FileChanges::default()
        };
        let mut binder = Span::default();
        for (op, &mark) in self.ops.iter().zip(&self.marks) {
            let (kind, target) = op.trim().split_once(' ').unwrap_or((op.trim(), ""));
            let (target, local) = target
                .split_once(" as ")
                .map_or((target, None), |(t, l)| (t, Some(l)));
            let (to_module, to_name) = target.split_once(':').unwrap_or_default();
            let (to_module, to_name) = (to_module.to_owned(), to_name.to_owned());
            match kind {
                "A" => binder = alias_at(mark),
                "M" | "R" => changes.moves.push(MoveImport {
                    alias: alias_at(mark),
                    statement: mark,
                    to_module,
                    to_name,
                    may_rename: kind == "R",
                }),
                "U" => changes.uses.push(MoveUse {
                    use_span: mark,
                    import_alias: binder,
                    to_module,
                    to_name,
                }),
                "S" => changes.additions.push(AddImport {
                    after_statement: mark,
                    to_module,
                    local: local.unwrap_or(&to_name).to_owned(),
                    to_name,
                }),
                _ => panic!("odd op {op:?}"),
            }
        }
        changes
    }
}

/// An imported name.
pub(crate) struct Alias {
    pub(crate) span: Span,
    pub(crate) statement: Span,
    /// Empty for `import a`.
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) local: String,
}

fn span(range: TextRange) -> Span {
    Span::new(range.start().to_u32(), range.end().to_u32())
}

/// All imported names in source order.
pub(crate) fn aliases(text: &str) -> Vec<Alias> {
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    let mut found = Found::default();
    found.visit_body(&parsed.syntax().body);
    found.aliases
}

/// All import statements in source order.
pub(crate) fn import_spans(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = aliases(text)
        .into_iter()
        .map(|alias| alias.statement)
        .collect();
    spans.dedup();
    spans
}

/// All comments.
pub(crate) fn comments(text: &str) -> Vec<String> {
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    let tokens = parsed.tokens().iter();
    tokens
        .filter(|token| token.kind().is_comment())
        .map(|token| text[span(token.range()).range()].to_owned())
        .collect()
}

/// Whether `text` is valid Python.
pub(crate) fn parses(text: &str) -> bool {
    parse_unchecked_source(text, PySourceType::Python).has_valid_syntax()
}

#[derive(Default)]
struct Found {
    aliases: Vec<Alias>,
}

impl<'a> Visitor<'a> for Found {
    // Expressions hold no imports and may be deep.
    fn visit_expr(&mut self, _: &'a ruff_python_ast::Expr) {}

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let (names, module) = match stmt {
            Stmt::Import(import) => (&import.names, String::new()),
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                (
                    &import.names,
                    format!("{}{module}", ".".repeat(import.level as usize)),
                )
            }
            _ => return walk_stmt(self, stmt),
        };
        for alias in names {
            self.aliases.push(Alias {
                span: span(alias.range()),
                statement: span(stmt.range()),
                module: module.clone(),
                name: alias.name.to_string(),
                local: alias.asname.as_ref().unwrap_or(&alias.name).to_string(),
            });
        }
    }
}

/// Where each changed path really leads: old dotted path to new one.
pub(crate) fn moved(text: &str, changes: &FileChanges) -> BTreeMap<String, String> {
    let known = aliases(text);
    let at = |span: Span| known.iter().find(|alias| alias.span == span);
    let path = |module: &str, name: &str| {
        let absolute = absolute(changes, module);
        if absolute.is_empty() {
            name.to_owned()
        } else {
            format!("{absolute}.{name}")
        }
    };
    let mut moved = BTreeMap::new();
    for one in &changes.moves {
        if let Some(alias) = at(one.alias) {
            let to = path(&one.to_module, &one.to_name);
            moved.insert(path(&alias.module, &alias.name), to);
        }
    }
    for one in &changes.uses {
        let Some(alias) = at(one.import_alias) else {
            continue;
        };
        let chain: String = text[one.use_span.range()].split_whitespace().collect();
        let is_plain = alias.module.is_empty() && alias.local == alias.name;
        let from = match chain.split_once('.') {
            Some((_, rest)) if !is_plain => path(&path(&alias.module, &alias.name), rest),
            _ => chain,
        };
        moved.insert(from, path(&one.to_module, &one.to_name));
    }
    for one in &changes.additions {
        let star = known
            .iter()
            .find(|alias| alias.statement == one.after_statement);
        if let Some(star) = star {
            let to = path(&one.to_module, &one.to_name);
            moved.insert(path(&star.module, &one.local), to);
        }
    }
    moved
}

/// A module as written, from the root.
fn absolute(changes: &FileChanges, module: &str) -> String {
    let name = module.trim_start_matches('.');
    let level = module.len() - name.len();
    if level == 0 {
        return name.to_owned();
    }
    let mut parts: Vec<&str> = changes.module.split('.').collect();
    parts.truncate(parts.len() + usize::from(changes.is_package) - level.min(parts.len()));
    parts.extend(name.split('.').filter(|part| !part.is_empty()));
    parts.join(".")
}
