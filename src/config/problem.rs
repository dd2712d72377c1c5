//! What is wrong with a rules file: collected while reading, told all at once, rendered with the place underlined.
//!
//! Owns the error type and its rendering, not what counts as a mistake.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use rustc_hash::FxHashSet;

use crate::diagnostic::Location;
use crate::span::{LineIndex, Position, Span};

/// A file that rules were read from, kept so that reports can quote it.
#[derive(Clone, Debug)]
pub struct RulesFile {
    /// The path that [`Location`]s in it carry: relative to the root with `/`, or `<pack NAME>` for a built-in pack.
    pub path: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// The built-in pack's name, none for a file on disk.
    pub pack: Option<Arc<str>>,
}

/// The rules cannot be used. Holds every mistake found, in the order of the files.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.concise())]
pub struct ConfigError {
    /// The mistakes; never empty.
    pub problems: Vec<Problem>,
    files: Vec<RulesFile>,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as in [`RulesFile::path`].
    pub path: Arc<str>,
    /// The bytes to blame in its text; none when the file as a whole is at fault.
    pub span: Option<Span>,
    /// Where `span` starts.
    pub position: Option<Position>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What was meant, or what to do.
    pub help: Option<String>,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
}

/// Another place that has to do with a [`Problem`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The file.
    pub path: Arc<str>,
    /// The bytes in its text.
    pub span: Span,
    /// What it is.
    pub message: String,
}

impl ConfigError {
    /// One line a mistake: `path:line:column: message`.
    #[must_use]
    pub fn concise(&self) -> String {
        let mut out = String::new();
        for (at, problem) in self.problems.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            // Writing to a string cannot fail.
            let _ = match problem.position {
                Some(Position { line, column }) => {
                    write!(out, "{}:{line}:{column}: {}", problem.path, problem.message)
                }
                None => write!(out, "{}: {}", problem.path, problem.message),
            };
        }
        out
    }

    /// Every mistake with its line, the place underlined and a suggestion, with ANSI colours if `color`.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let pictures: Vec<String> = self
            .problems
            .iter()
            .map(|problem| renderer.render(&[self.group(problem)]))
            .collect();
        pictures.join("\n\n")
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let mut group = Group::with_title(Level::ERROR.primary_title(problem.message.as_str()));
        group = match problem.span {
            Some(span) => group.element(self.snippet(problem, span)),
            None => group.element(Origin::path(&*problem.path)),
        };
        for related in &problem.related {
            if related.path == problem.path {
                continue;
            }
            let text = self.text(&related.path);
            group = group.element(
                Snippet::source(text).path(&*related.path).annotation(
                    AnnotationKind::Context
                        .span(within(text, related.span))
                        .label(related.message.as_str()),
                ),
            );
        }
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }

    fn snippet<'a>(
        &'a self,
        problem: &'a Problem,
        span: Span,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let text = self.text(&problem.path);
        let here = problem
            .related
            .iter()
            .filter(|related| related.path == problem.path)
            .map(|related| {
                AnnotationKind::Context
                    .span(within(text, related.span))
                    .label(related.message.as_str())
            });
        Snippet::source(text)
            .path(&*problem.path)
            .annotation(AnnotationKind::Primary.span(within(text, span)))
            .annotations(here)
    }

    fn text(&self, path: &str) -> &str {
        self.files
            .iter()
            .find(|file| &*file.path == path)
            .map_or("", |file| &file.text)
    }
}

/// `span` as a range that is sure to lie inside `text`.
fn within(text: &str, span: Span) -> Range<usize> {
    let end = text.floor_char_boundary(span.end as usize);
    text.floor_char_boundary(span.start as usize).min(end)..end
}

/// A place in one of the files read: the file by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) span: Span,
}

/// The files read so far, by number.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<(RulesFile, LineIndex)>);

impl Sources {
    /// Takes a file in and gives it its number.
    pub(super) fn add(&mut self, file: RulesFile) -> usize {
        let lines = LineIndex::new(&file.text);
        self.0.push((file, lines));
        self.0.len() - 1
    }

    pub(super) fn file(&self, number: usize) -> &RulesFile {
        &self.0[number].0
    }

    pub(super) fn location(&self, place: Place) -> Location {
        let (file, lines) = &self.0[place.file];
        Location {
            path: file.path.clone(),
            start: lines.position(place.span.start),
            end: lines.position(place.span.end),
        }
    }

    pub(super) fn into_files(self) -> Vec<RulesFile> {
        self.0.into_iter().map(|(file, _)| file).collect()
    }
}

/// A mistake while reading still goes on.
#[derive(Debug)]
pub(super) struct Pending {
    file: usize,
    span: Option<Span>,
    message: String,
    help: Option<String>,
    related: Vec<(Place, String)>,
}

impl Pending {
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn related(&mut self, place: Place, message: impl Into<String>) -> &mut Self {
        self.related.push((place, message.into()));
        self
    }
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pending: Vec<Pending>,
    damaged: FxHashSet<Place>,
}

impl Problems {
    pub(super) fn add(&mut self, place: Place, message: impl Into<String>) -> &mut Pending {
        self.push(place.file, Some(place.span), message.into())
    }

    /// A mistake of a whole file.
    pub(super) fn add_file(&mut self, file: usize, message: impl Into<String>) -> &mut Pending {
        self.push(file, None, message.into())
    }

    fn push(&mut self, file: usize, span: Option<Span>, message: String) -> &mut Pending {
        let at = self.pending.len();
        self.pending.push(Pending {
            file,
            span,
            message,
            help: None,
            related: Vec::new(),
        });
        &mut self.pending[at]
    }

    /// Remembers that a table lost keys because they were wrong: it is no use to complain that they are missing.
    pub(super) fn mark_damaged(&mut self, table: Place) {
        self.damaged.insert(table);
    }

    pub(super) fn is_damaged(&self, table: Place) -> bool {
        self.damaged.contains(&table)
    }

    /// The error, if there were mistakes.
    pub(super) fn into_result(mut self, sources: &Sources) -> Result<(), ConfigError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.pending
            .sort_by_key(|pending| (pending.file, pending.span));
        let problems = self
            .pending
            .into_iter()
            .map(|pending| resolve(pending, sources))
            .collect();
        let files = sources.0.iter().map(|(file, _)| file.clone()).collect();
        Err(ConfigError { problems, files })
    }
}

fn resolve(pending: Pending, sources: &Sources) -> Problem {
    let (file, lines) = &sources.0[pending.file];
    Problem {
        path: file.path.clone(),
        span: pending.span,
        position: pending.span.map(|span| lines.position(span.start)),
        message: pending.message,
        help: pending.help,
        related: pending
            .related
            .into_iter()
            .map(|(place, message)| Related {
                path: sources.file(place.file).path.clone(),
                span: place.span,
                message,
            })
            .collect(),
    }
}
