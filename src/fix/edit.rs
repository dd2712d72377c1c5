//! The request for a rewrite of one file and its answer, the same for every language.
//!
//! Owns the plain data and the splicing of edits into a text; a language's front end turns one into the other.
//! All spans are byte offsets into the decoded text without its byte-order mark.

pub use crate::config::ImportStyle;
use crate::span::Span;

/// One imported name that must come from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveImport {
    /// The part of the statement that stands for the name, as in [`crate::facts::Import::alias`].
    pub alias: Span,
    /// The whole statement.
    pub statement: Span,
    /// The absolute dotted module that the name must come from.
    pub to_module: String,
    /// Its name there.
    pub to_name: String,
    /// Whether nothing outside the file reads the local name: its uses may take the new one.
    pub may_rename: bool,
}

/// One use through a module, `root.attr.N`, that must go through another module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveUse {
    /// The whole chain up to and with `N`.
    pub use_span: Span,
    /// The alias of the import that binds the chain's root.
    pub import_alias: Span,
    /// The absolute dotted module that `N` must come from.
    pub to_module: String,
    /// Its name there.
    pub to_name: String,
}

/// A name that a star import brings in and that must be imported explicitly behind it; the star stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddImport {
    /// The star import's whole statement.
    pub after_statement: Span,
    /// The absolute dotted module that the name must come from.
    pub to_module: String,
    /// Its name there.
    pub to_name: String,
    /// Its name in the file.
    pub local: String,
}

/// A function or class of a module that an import must take the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceDefinition {
    /// The definition's name token.
    pub name: Span,
    /// The absolute dotted module that the name must come from.
    pub to_module: String,
    /// Its name there.
    pub to_name: String,
    /// Its name in the file.
    pub local: String,
}

/// A function or class of a module that must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveDefinition {
    /// The definition's name token.
    pub name: Span,
    /// The name.
    pub local: String,
}

/// A dotted path in a string that becomes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameText {
    /// The literal, quotes included.
    pub literal: Span,
    /// The path that it spells.
    pub from: String,
    /// The path that it must spell.
    pub to: String,
}

/// How the code of a file uses a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Whether a function, when called, reads the module's binding of it.
    pub late: bool,
    /// Whether it is used other than to read an attribute of it.
    pub bare: bool,
}

/// All that changes in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileChanges {
    /// Imported names that move.
    pub moves: Vec<MoveImport>,
    /// Uses through modules that move.
    pub uses: Vec<MoveUse>,
    /// Imports added behind star imports.
    pub additions: Vec<AddImport>,
    /// Definitions that imports take the place of.
    pub replacements: Vec<ReplaceDefinition>,
    /// Definitions that go.
    pub removals: Vec<RemoveDefinition>,
    /// Strings that spell other paths.
    pub texts: Vec<RenameText>,
    /// The file's own dotted module name, so that relative imports can stay relative; empty when it has none.
    pub module: String,
    /// Whether the file is a package's own (`__init__.py`).
    pub is_package: bool,
    /// The edition that the file is written in, where its language has editions; else zero.
    pub edition: u16,
    /// How the project lays out its imports.
    pub style: ImportStyle,
}

/// One replacement in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards.
    pub content: String,
}

/// A change that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the request: moves first, then uses, additions, replacements, removals
    /// and texts.
    pub change: usize,
    /// The alias, use or star statement of the change.
    pub at: Span,
    /// Why, in words for the finding.
    pub reason: String,
}

/// The edits of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Sorted by place, disjoint.
    pub edits: Vec<TextEdit>,
    /// Changes that were not made.
    pub refused: Vec<Refused>,
    /// For each change that was made, its alias, use or star statement and the indices of the edits it needs,
    /// ascending. Changes of one statement may share edits; a change that the file already has needs none.
    pub by_change: Vec<(Span, Vec<usize>)>,
    /// The moves (by their place in the request, ascending) whose local name and uses take the new name.
    pub renamed: Vec<usize>,
}

/// Splices `edits`, sorted and disjoint, into `text`.
#[must_use]
pub fn apply_edits(text: &str, edits: &[TextEdit]) -> String {
    let added: usize = edits.iter().map(|edit| edit.content.len()).sum();
    let mut out = String::with_capacity(text.len() + added);
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        out.push_str(&text[at..range.start]);
        out.push_str(&edit.content);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}
