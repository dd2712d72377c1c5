//! The import registry: a Markdown document that lists, in blocks of code, how symbols are to be imported.
//!
//! Owns how such a document is read, and the section of it that is generated. Blocks are read line by line, since many
//! hold more than code. What the lines say of the code is for `registry-drift` to judge.

use std::fmt::Write as _;
use std::sync::Arc;

/// The document, read.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Its path from the project root, with `/`.
    pub path: Arc<str>,
    /// Its import lines, a name each, in order; or why it cannot be read.
    pub entries: Result<Vec<Entry>, String>,
}

/// One name of an import line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line of the name, from 1.
    pub line: u32,
    /// The column of the name, in characters from 1.
    pub column: u32,
    /// The column behind it.
    pub end_column: u32,
    /// The module.
    pub module: String,
    /// The name taken from it; none where the module itself is imported, or all its names.
    pub name: Option<String>,
    /// What the document says of it.
    pub status: Status,
}

/// What a registry says of an import line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is the way, or nothing else is said.
    Endorsed,
    /// It works, and something else is to be used.
    Deprecated,
    /// It does not work.
    Broken,
}

const BROKEN: &[&str] = &[
    "broken",
    "does not work",
    "doesn't work",
    "does not exist",
    "no longer works",
    "no longer exists",
    "\u{274c}",
];
const ENDORSED: &[&str] = &["verified", "\u{2705}", "use this", "use these"];
const DEPRECATED: &[&str] = &["deprecated", "legacy", "do not use", "don't use"];

impl Status {
    /// What a heading, or a comment in front of lines, says of those that follow.
    fn ahead(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        // Such a heading is about what to use, whatever it is to be used instead of.
        if text.starts_with("use instead") || text.starts_with("instead") {
            return Some(Self::Endorsed);
        }
        Self::said(&text)
    }

    /// What a comment behind a line says of it.
    fn behind(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let instead = text.contains("instead").then_some(Self::Deprecated);
        Self::said(&text).or(instead)
    }

    fn said(text: &str) -> Option<Self> {
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(BROKEN) {
            Some(Self::Broken)
        } else if has(DEPRECATED) {
            Some(Self::Deprecated)
        } else {
            has(ENDORSED).then_some(Self::Endorsed)
        }
    }
}

/// The import lines of a document.
#[must_use]
pub fn read(text: &str) -> Vec<Entry> {
    let mut reader = Reader::default();
    for (number, line) in (1..).zip(text.lines()) {
        reader.line(number, line);
    }
    reader.entries
}

/// Where a reader is in the document.
#[derive(Default)]
struct Reader {
    entries: Vec<Entry>,
    /// What the headings above say, with their depths, outermost first.
    sections: Vec<(usize, Option<Status>)>,
    /// The fence that ends the block, inside one.
    fence: Option<String>,
    /// What the comment in front says.
    comment: Option<Status>,
    /// The module of an import whose names go on over several lines.
    open: Option<String>,
}

impl Reader {
    fn line(&mut self, number: u32, line: &str) {
        let trimmed = line.trim();
        let fence: String = trimmed
            .chars()
            .take_while(|at| matches!(at, '`' | '~'))
            .collect();
        match &self.fence {
            None if fence.len() >= 3 => {
                self.fence = Some(fence);
                self.comment = None;
            }
            None => self.heading(trimmed),
            Some(open) if fence.len() >= open.len() && fence == trimmed => {
                self.fence = None;
                self.open = None;
            }
            Some(_) => self.code(number, line),
        }
    }

    fn heading(&mut self, line: &str) {
        let depth = line.chars().take_while(|at| *at == '#').count();
        if depth > 0 && line[depth..].starts_with(' ') {
            self.sections.retain(|(other, _)| *other < depth);
            let said = Status::ahead(line[depth..].trim());
            self.sections.push((depth, said));
        }
    }

    fn section(&self) -> Option<Status> {
        self.sections.iter().rev().find_map(|(_, said)| *said)
    }

    fn code(&mut self, number: u32, line: &str) {
        let (code, behind) = match line.find('#') {
            Some(at) => (&line[..at], Some(line[at + 1..].trim())),
            None => (line, None),
        };
        if code.trim().is_empty() {
            match behind {
                Some(text) if self.open.is_none() => self.comment = Status::ahead(text),
                None => self.comment = None,
                Some(_) => {}
            }
            return;
        }
        let said = behind.and_then(Status::behind).or(self.comment);
        let status = said.or_else(|| self.section()).unwrap_or(Status::Endorsed);
        let mut place = Placer {
            number,
            line,
            status,
        };
        if let Some(module) = self.open.clone() {
            if code.contains(')') {
                self.open = None;
            }
            let names = code.split(')').next().unwrap_or("");
            place.names(&module, names, &mut self.entries);
            return;
        }
        let statement = code.trim().trim_start_matches(">>> ").trim();
        if let Some((module, names)) = from_import(statement) {
            if names.starts_with('(') && !names.contains(')') {
                self.open = Some(module.to_owned());
            }
            let names = names.trim_matches(['(', ')']);
            place.names(module, names, &mut self.entries);
        } else if let Some(modules) = statement.strip_prefix("import ") {
            for module in modules.split(',').filter_map(|it| first_word(it)) {
                place.entry(module, None, module, &mut self.entries);
            }
        }
    }
}

fn from_import(statement: &str) -> Option<(&str, &str)> {
    let rest = statement.strip_prefix("from ")?;
    let (module, names) = rest.split_once(" import")?;
    let module = module.trim();
    is_path(module).then_some((module, names.trim()))
}

fn first_word(text: &str) -> Option<&str> {
    let mut words = text.split_whitespace();
    let first = words.next().filter(|word| is_path(word))?;
    // `import a as b` goes on; other words make it prose.
    matches!(words.next(), None | Some("as")).then_some(first)
}

/// Whether `text` is a path of names with dots between them.
fn is_path(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut chars = part.chars();
        chars
            .next()
            .is_some_and(|at| at.is_alphabetic() || at == '_')
            && chars.all(|at| at.is_alphanumeric() || at == '_')
    })
}

/// Makes entries of one line.
struct Placer<'a> {
    number: u32,
    line: &'a str,
    status: Status,
}

impl Placer<'_> {
    fn names(&mut self, module: &str, names: &str, entries: &mut Vec<Entry>) {
        for name in names.split(',') {
            match name.split_whitespace().next() {
                Some("*") => self.entry(module, None, module, entries),
                Some(name) if is_path(name) && !name.contains('.') => {
                    self.entry(module, Some(name), name, entries);
                }
                _ => {}
            }
        }
    }

    fn entry(&mut self, module: &str, name: Option<&str>, shown: &str, entries: &mut Vec<Entry>) {
        // The name stands behind the module, which may hold it too.
        let from = match name {
            Some(_) => self
                .line
                .find(" import")
                .map_or(0, |at| at + " import".len()),
            None => 0,
        };
        let start = self.line[from..].find(shown).map_or(0, |at| from + at);
        let column = self.line[..start].chars().count() as u32 + 1;
        entries.push(Entry {
            line: self.number,
            column,
            end_column: column + shown.chars().count() as u32,
            module: module.to_owned(),
            name: name.map(str::to_owned),
            status: self.status,
        });
    }
}

const BEGIN: &str = "<!-- ssot: begin of what `ssot registry write` keeps -->";
const END: &str = "<!-- ssot: end -->";

/// The document with its generated section made anew from `imports` (a comment and a statement each); all else keeps
/// its bytes. Without markers the section goes to the end.
///
/// # Errors
///
/// When one marker is there and the other is not, or they are in the wrong order.
pub fn write(text: &str, imports: &[(Option<String>, String)]) -> Result<String, String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut section = format!("{BEGIN}{newline}{newline}```python{newline}");
    for (comment, import) in imports {
        if let Some(comment) = comment {
            let _ = write!(section, "# {comment}{newline}");
        }
        let _ = write!(section, "{import}{newline}");
    }
    let _ = write!(section, "```{newline}{newline}{END}");
    match (text.find(BEGIN), text.find(END)) {
        (Some(begin), Some(end)) if begin < end => Ok(format!(
            "{}{section}{}",
            &text[..begin],
            &text[end + END.len()..]
        )),
        (None, None) => {
            let gap = match text {
                "" => "",
                _ if text.ends_with('\n') => newline,
                _ => &newline.repeat(2),
            };
            Ok(format!("{text}{gap}{section}{newline}"))
        }
        _ => Err(format!(
            "one of the markers `{BEGIN}` and `{END}` is missing, or they are in the wrong order"
        )),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(u32, String, Status)> {
        let told = |entry: Entry| {
            let name = entry
                .name
                .map_or_else(String::new, |name| format!(":{name}"));
            (entry.line, entry.module + &name, entry.status)
        };
        read(text).into_iter().map(told).collect()
    }

    fn one(text: &str) -> Status {
        let all = said(&format!("```python\n{text}\n```\n"));
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].2
    }

    #[test]
    fn only_blocks_are_read() {
        let text = "from a import b\n```\nfrom a import c\n```\n    from a import d\n~~~py\nimport e.f\n~~~\n";
        let all = said(text);
        assert_eq!(
            all,
            [
                (3, "a:c".to_owned(), Status::Endorsed),
                (7, "e.f".to_owned(), Status::Endorsed)
            ]
        );
    }

    #[test]
    fn names_have_their_own_places() {
        let text = "```python\nfrom pick import (\n    pick,  # broken\n    other as it,\n)\nfrom z import A, B as C\nfrom all import *\n```\n";
        let all = read(text);
        let places: Vec<_> = all
            .iter()
            .map(|it| (it.line, it.column, it.end_column, it.status))
            .collect();
        assert_eq!(
            places,
            [
                (3, 5, 9, Status::Broken),
                (4, 5, 10, Status::Endorsed),
                (6, 15, 16, Status::Endorsed),
                (6, 18, 19, Status::Endorsed),
                (7, 6, 9, Status::Endorsed),
            ]
        );
    }

    #[test]
    fn what_is_no_import_is_passed_over() {
        let text = "```\nfrom here on import everything you need.\nimport the following names\n$ pip install x\nfrom . import y\nfrom a import\n```\n";
        assert!(said(text).is_empty(), "{:?}", said(text));
    }

    #[test]
    fn sections_and_comments_say_what_holds() {
        let text = "# R\n```py\nfrom a import x\n```\n## Deprecated imports\n```py\nfrom a import y\n# verified\nfrom a import z\n\nfrom a import w\n```\n### Use instead of them\n```py\nfrom a import v\n```\n## More\n```py\nfrom a import u\n```\n";
        let statuses: Vec<Status> = said(text).into_iter().map(|it| it.2).collect();
        assert_eq!(
            statuses,
            [
                Status::Endorsed,
                Status::Deprecated,
                Status::Endorsed,
                Status::Deprecated,
                Status::Endorsed,
                Status::Endorsed
            ]
        );
        assert_eq!(one("from a import b  # broken since May"), Status::Broken);
        assert_eq!(
            one("from a import b  # use c.b instead"),
            Status::Deprecated
        );
        assert_eq!(
            one("from a import b  # \u{2705} verified"),
            Status::Endorsed
        );
        assert_eq!(one("from a import b  # the pool"), Status::Endorsed);
    }

    #[test]
    fn writing_touches_only_its_own() {
        let imports = [(Some("why".to_owned()), "from a import b".to_owned())];
        let text = "# R\r\n\r\nMine.\r\n";
        let first = write(text, &imports).unwrap();
        assert!(first.starts_with(text) && !first.replace("\r\n", "").contains('\n'));
        assert_eq!(write(&first, &imports).unwrap(), first);
        let more = first.clone() + "After\r\n";
        let second = write(&more, &[]).unwrap();
        assert!(second.starts_with(text) && second.ends_with("After\r\n"));
        assert!(!second.contains("from a import b"));
        assert_eq!(said(&first).len(), 1);
        assert!(write(&first.replace(END, ""), &[]).is_err());
    }
}
