//! Holds a parsed TOML tree against the schema: unknown keys, wrong types, unknown words, missing keys.
//!
//! Everything wrong is told and taken out, so that what is left can be read and judged further. Knows just the parts
//! of JSON Schema that [`super::schema`] uses.

use serde_json::Value as Schema;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::names::{all_of, closest, one_of};
use super::problem::{Place, Problems};
use crate::span::Span;

/// A value of a TOML tree, with its place.
pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// Where the tree comes from.
pub(super) struct Shape<'a> {
    /// The file's number.
    pub(super) file: usize,
    /// The file's text.
    pub(super) text: &'a str,
    /// What stands before every table's name: `tool.ssot` in `pyproject.toml`, else nothing.
    pub(super) prefix: &'a str,
    pub(super) problems: &'a mut Problems,
}

impl Shape<'_> {
    /// The rules' table without what is wrong in it.
    pub(super) fn rules<'i>(&mut self, node: Node<'i>, schema: &Schema) -> Option<Node<'i>> {
        self.node(node, schema, &Context::Table(String::new()))
    }

    fn node<'i>(&mut self, node: Node<'i>, schema: &Schema, at: &Context) -> Option<Node<'i>> {
        if let Some(Schema::Array(alternatives)) = schema.get("anyOf") {
            return self.one_or_many(node, alternatives, at);
        }
        let place = self.place(&node);
        let span = node.span();
        let wanted = schema["type"].as_str().unwrap_or("any");
        let value = match (wanted, node.into_inner()) {
            ("object", DeValue::Table(table)) => self.table(table, place, schema, at)?,
            ("array", DeValue::Array(items)) => self.array(items, &schema["items"], at),
            ("string", DeValue::Datetime(date)) if schema["format"] == "date" => {
                DeValue::String(date.to_string().into())
            }
            ("string", DeValue::String(word)) => {
                self.word(&word, place, schema)?;
                DeValue::String(word)
            }
            ("number", value @ (DeValue::Integer(_) | DeValue::Float(_)))
            | ("boolean", value @ DeValue::Boolean(_))
            | ("any", value) => value,
            (_, value) => {
                let wanted = match schema["format"].as_str() {
                    Some("date") => "date",
                    _ => wanted,
                };
                self.wrong_type(&value, place, wanted, at);
                return None;
            }
        };
        Some(Spanned::new(span, value))
    }

    /// A single value where a list of such may stand becomes a list of one.
    fn one_or_many<'i>(
        &mut self,
        node: Node<'i>,
        alternatives: &[Schema],
        at: &Context,
    ) -> Option<Node<'i>> {
        let many = alternatives
            .iter()
            .find(|alternative| alternative["type"] == "array")?;
        if node.get_ref().is_array() {
            return self.node(node, many, at);
        }
        let span = node.span();
        let one = self.node(node, &many["items"], at)?;
        let items: DeArray<'i> = std::iter::once(one).collect();
        Some(Spanned::new(span, DeValue::Array(items)))
    }

    fn array<'i>(&mut self, items: DeArray<'i>, schema: &Schema, at: &Context) -> DeValue<'i> {
        let at = at.item(schema);
        DeValue::Array(
            items
                .into_iter()
                .filter_map(|item| self.node(item, schema, &at))
                .collect(),
        )
    }

    /// The table with the keys that are right; none when a required key is missing or wrong.
    fn table<'i>(
        &mut self,
        table: DeTable<'i>,
        place: Place,
        schema: &Schema,
        at: &Context,
    ) -> Option<DeValue<'i>> {
        let known = schema["properties"].as_object()?;
        let mut kept = DeTable::new();
        let mut wrong: Vec<String> = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let Some(schema) = known.get(&name) else {
                let keys: Vec<&str> = known.keys().map(String::as_str).collect();
                let meant = self.unknown_key(&key, &keys, at);
                wrong.extend(meant.map(str::to_owned));
                self.problems.mark_damaged(place);
                continue;
            };
            if let Some(value) = self.node(value, schema, &Context::of_key(&name, schema)) {
                kept.insert(key, value);
            } else {
                wrong.push(name);
                self.problems.mark_damaged(place);
            }
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let missing: Vec<&str> = required
            .filter_map(Schema::as_str)
            .filter(|key| !kept.contains_key(*key))
            .collect();
        for key in &missing {
            // A key that is there but wrong, or only misspelt, has been told already.
            if !wrong.iter().any(|name| name == key) {
                self.problems
                    .add(place, format!("{} lacks `{key}`", at.name(self.prefix)))
                    .help(description(&known[*key]));
            }
        }
        missing.is_empty().then_some(DeValue::Table(kept))
    }

    /// Tells of a key that does not exist, and returns the one that was probably meant.
    fn unknown_key<'k>(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        known: &[&'k str],
        at: &Context,
    ) -> Option<&'k str> {
        let place = Place {
            file: self.file,
            span: span(key.span()),
        };
        let name = key.get_ref();
        let (noun, table) = (at.key_noun(), at.name(self.prefix));
        let problem = self
            .problems
            .add(place, format!("unknown {noun} `{name}` in {table}"));
        let meant = closest(name, known.iter().copied());
        match meant {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None if name == "tool" && at.is_root() && self.prefix.is_empty() => {
                problem.help("only in `pyproject.toml` the tables stand below `tool.ssot`")
            }
            None => problem.help(format!("it may hold {}", all_of(known.iter().copied()))),
        };
        meant
    }

    /// Checks a string against the words that may stand there, if those are fixed.
    fn word(&mut self, word: &str, place: Place, schema: &Schema) -> Option<()> {
        let Some(Schema::Array(words)) = schema.get("enum") else {
            return Some(());
        };
        let words: Vec<&str> = words.iter().filter_map(Schema::as_str).collect();
        if words.contains(&word) {
            return Some(());
        }
        let noun = schema["title"].as_str().unwrap_or("value");
        let problem = self.problems.add(place, format!("unknown {noun} `{word}`"));
        match closest(word, words.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help(format!("it may be {}", one_of(words))),
        };
        None
    }

    fn wrong_type(&mut self, value: &DeValue<'_>, place: Place, wanted: &str, at: &Context) {
        let found = value.type_str();
        let message = format!(
            "{} must be {}, not {}",
            at.name(self.prefix),
            article(wanted),
            article(found)
        );
        let written = self.text.get(place.span.range()).unwrap_or_default();
        let problem = self.problems.add(place, message);
        match (wanted, value) {
            ("string", DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) => {
                problem.help(format!("put it in quotes: `\"{written}\"`"));
            }
            ("date", _) => {
                problem.help("write it as year, month and day, such as `2027-06-30`");
            }
            ("array", DeValue::String(_)) => {
                problem.help(format!("put it in brackets: `[{written}]`"));
            }
            ("array", DeValue::Table(_)) if matches!(at, Context::Table(_)) => {
                problem.help(format!(
                    "write the header with two brackets: `[{}]`",
                    at.name(self.prefix).trim_matches('`')
                ));
            }
            ("object", DeValue::Array(items))
                if items.iter().all(|item| item.get_ref().is_table()) =>
            {
                problem.help("write the header with one pair of brackets");
            }
            _ => {}
        }
    }

    fn place(&self, node: &Node<'_>) -> Place {
        Place {
            file: self.file,
            span: span(node.span()),
        }
    }
}

/// Which part of the file is looked at, to name it in messages.
enum Context {
    /// A table, by its dotted name; the root has none.
    Table(String),
    /// A table in an array of tables.
    Item(String),
    /// Anything that is no table, by its key.
    Value(String),
}

impl Context {
    /// What stands under `key`.
    fn of_key(key: &str, schema: &Schema) -> Self {
        let is_table = schema["type"] == "object" || schema["items"]["type"] == "object";
        if is_table {
            Self::Table(key.to_owned())
        } else {
            Self::Value(key.to_owned())
        }
    }

    fn item(&self, schema: &Schema) -> Self {
        match self {
            Self::Table(name) if schema["type"] == "object" => Self::Item(name.clone()),
            Self::Table(name) | Self::Item(name) | Self::Value(name) => {
                Self::Value(format!("every item of `{name}`"))
            }
        }
    }

    fn name(&self, prefix: &str) -> String {
        let full = |name: &str| match (prefix, name) {
            ("", name) => name.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, name) => format!("{prefix}.{name}"),
        };
        match self {
            Self::Table(name) if full(name).is_empty() => "the rules file".to_owned(),
            Self::Table(name) => format!("`[{}]`", full(name)),
            Self::Item(name) => format!("`[[{}]]`", full(name)),
            Self::Value(name) if name.contains('`') => name.clone(),
            Self::Value(name) => format!("`{name}`"),
        }
    }

    fn is_root(&self) -> bool {
        matches!(self, Self::Table(name) if name.is_empty())
    }

    fn key_noun(&self) -> &'static str {
        match self {
            Self::Table(name) if name == "checks" => "check",
            Self::Table(name) if name == "score" => "area",
            Self::Table(name) if name.is_empty() => "table",
            _ => "key",
        }
    }
}

/// What a key is for, in the words of the schema.
fn description(property: &Schema) -> &str {
    let text = property["description"].as_str().unwrap_or_default();
    text.strip_suffix('.').unwrap_or(text)
}

fn article(kind: &str) -> String {
    match kind {
        "object" => "a table".to_owned(),
        "datetime" => "a date".to_owned(),
        "array" => "an array".to_owned(),
        "integer" => "an integer".to_owned(),
        _ => format!("a {kind}"),
    }
}

pub(super) fn span(range: std::ops::Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}
