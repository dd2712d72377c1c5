//! `ssot where`: where a symbol lives, who else bears its name, who imports it.
//!
//! Plain data and how it is shown. Finding it is the checks' job.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use super::Style;
use super::json::to_json;

/// The answer about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// The symbols of that name, by path.
    Found(Vec<Symbol>),
    /// There is none; the text says so and may say what was meant.
    Unknown(String),
}

/// One symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Symbol {
    /// Its path, `a.b:Name`.
    pub symbol: String,
    /// The statement that imports it.
    pub import: String,
    /// The id of the rule that says so; none when nothing but its definition does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// That rule's priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// That rule's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it is made; several where branches make it; none outside the tree.
    pub origin: Vec<Place>,
    /// What else bears the name, by path and line.
    pub definitions: Vec<Place>,
    /// Every import and use that reaches it, by path and line.
    pub importers: Vec<Importer>,
    /// Whether it calls itself, where that is worth a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursion: Option<String>,
}

/// A definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its file, from the project root with `/`.
    pub path: String,
    /// Its line.
    pub line: u32,
    /// What it is.
    pub kind: String,
}

/// A site that reaches the symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Importer {
    /// Its file, from the project root with `/`.
    pub path: String,
    /// Its line.
    pub line: u32,
    /// The path it uses, `a.b:Name`.
    pub through: String,
    /// Whether that is the path to use.
    pub canonical: bool,
    /// Whether it gives the very object.
    pub same_object: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    symbols: &'a [Symbol],
}

/// The symbols as JSON.
#[must_use]
pub fn whereabouts_json(symbols: &[Symbol]) -> String {
    to_json(&Document {
        schema_version: 1,
        symbols,
    })
}

/// The symbols in words, with a blank line between them.
#[must_use]
pub fn whereabouts_text(symbols: &[Symbol], style: Style) -> String {
    let blocks: Vec<String> = symbols.iter().map(|symbol| block(symbol, style)).collect();
    blocks.join("\n")
}

fn block(symbol: &Symbol, style: Style) -> String {
    let mut text = style.bold(&symbol.symbol);
    text.push('\n');
    let _ = writeln!(text, "  import with  {}", symbol.import);
    let rule = match (&symbol.rule, &symbol.priority, &symbol.reason) {
        (None, ..) => "none; the path is that of the definition".to_owned(),
        (Some(rule), priority, reason) => {
            let priority = priority.as_ref().map(|it| format!(" ({it})"));
            let reason = reason.as_ref().map(|it| format!(": {it}"));
            format!(
                "{rule}{}{}",
                priority.unwrap_or_default(),
                reason.unwrap_or_default()
            )
        }
    };
    let _ = writeln!(text, "  rule         {rule}");
    if symbol.origin.is_empty() {
        text.push_str("  defined      outside the project\n");
    }
    for place in &symbol.origin {
        let Place { path, line, kind } = place;
        let _ = writeln!(text, "  defined      {path}:{line}: {kind}");
    }
    if let Some(recursion) = &symbol.recursion {
        let _ = writeln!(text, "  recursion    {recursion}");
    }
    if !symbol.definitions.is_empty() {
        text.push_str("  the name elsewhere:\n");
    }
    for place in &symbol.definitions {
        let Place { path, line, kind } = place;
        let _ = writeln!(text, "    {path}:{line}: {kind}");
    }
    importers(&mut text, symbol);
    text
}

fn importers(text: &mut String, symbol: &Symbol) {
    let all = &symbol.importers;
    let files: BTreeSet<&str> = all.iter().map(|it| &*it.path).collect();
    let others = all.iter().filter(|it| !it.canonical).count();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    match (all.len(), others) {
        (0, _) => text.push_str("  nobody imports it\n"),
        (count, others) => {
            let _ = writeln!(
                text,
                "  imported at {count} place{} in {} file{}{}:",
                plural(count),
                files.len(),
                plural(files.len()),
                match others {
                    0 => String::new(),
                    others => format!(", {others} of them by another path"),
                },
            );
        }
    }
    for importer in all {
        let Importer { path, line, .. } = importer;
        let _ = write!(text, "    {path}:{line}");
        if !importer.canonical {
            let _ = write!(text, ": by {}", importer.through);
            if !importer.same_object {
                text.push_str(", which may be another object");
            }
        }
        text.push('\n');
    }
}
