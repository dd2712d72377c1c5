//! Suppressions: which findings comments and `[[allow]]` entries hide, and which of those hide nothing.
//!
//! Owns the check `unused-suppression`, since nothing else knows what was used. Finding the comments is the front
//! end's job.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::config::Allow;
use crate::diagnostic::{Finding, Location, Severity};
use crate::facts::Suppression;
use crate::span::LineIndex;
use crate::suggest::did_you_mean;

/// The name of the check that this module owns.
pub const UNUSED_SUPPRESSION: &str = "unused-suppression";

/// The suppression comments of one file.
#[derive(Clone, Copy, Debug)]
pub struct FileSuppressions<'a> {
    /// Path from the project root, as findings give it.
    pub path: &'a Arc<str>,
    /// Line arithmetic of the file.
    pub lines: &'a LineIndex,
    /// The comments.
    pub suppressions: &'a [Suppression],
}

/// What decides about suppressions, besides the findings.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The files that have suppression comments, sorted by path.
    pub files: &'a [FileSuppressions<'a>],
    /// The `[[allow]]` entries.
    pub allow: &'a [Allow],
    /// Today, `YYYY-MM-DD`; decides which entries have expired.
    pub today: &'a str,
    /// The names of all checks there are.
    pub known: &'a BTreeSet<&'a str>,
    /// The checks that ran, whether or not they found something.
    pub ran: &'a BTreeSet<&'a str>,
    /// The severity of `unused-suppression`; `None` when it is off.
    pub severity: Option<Severity>,
}

/// What is left of the findings.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The findings not hidden, then those about suppressions.
    pub kept: Vec<Finding>,
    /// How many are hidden.
    pub suppressed: u64,
}

/// Hides what is to be hidden, and reports what hides nothing.
#[must_use]
pub fn apply(findings: Vec<Finding>, input: &Input<'_>) -> Outcome {
    let mut hiders = Hiders::new(input);
    let mut kept = Vec::with_capacity(findings.len());
    let mut suppressed = 0;
    for finding in findings {
        if hiders.hide(&finding, None) {
            suppressed += 1;
        } else {
            kept.push(finding);
        }
    }
    if let Some(severity) = input.severity {
        for (hider, finding) in hiders.unused(input, severity, false) {
            if hiders.hide(&finding, Some(hider)) {
                suppressed += 1;
            } else {
                kept.push(finding);
            }
        }
        // What was to hide the findings above is judged last, and by nothing but its use.
        let left = hiders.unused(input, severity, true);
        kept.extend(left.into_iter().map(|(_, finding)| finding));
    }
    Outcome { kept, suppressed }
}

/// One thing that hides findings: a comment's or an entry's claim about one check, or about all.
struct Hider<'a> {
    /// The check; `None` stands for all.
    check: Option<&'a str>,
    source: Source<'a>,
    used: bool,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Comment(FileSuppressions<'a>, &'a Suppression),
    Allow { entry: &'a Allow, expired: bool },
}

impl Source<'_> {
    /// Whether both are one comment or one entry.
    fn is(self, other: Source<'_>) -> bool {
        match (self, other) {
            (Self::Comment(_, a), Source::Comment(_, b)) => std::ptr::eq(a, b),
            (Self::Allow { entry: a, .. }, Source::Allow { entry: b, .. }) => std::ptr::eq(a, b),
            _ => false,
        }
    }
}

struct Hiders<'a> {
    all: Vec<Hider<'a>>,
    /// Comment hiders by path.
    by_path: HashMap<&'a str, InFile>,
    /// Indices of `[[allow]]` hiders.
    allow: Vec<usize>,
}

/// Indices of the comment hiders of one file.
#[derive(Default)]
struct InFile {
    /// Those for the whole file.
    whole: Vec<usize>,
    /// Those for some lines, by the first of them.
    by_line: Vec<(u32, usize)>,
    /// The most lines between the first and the last that one covers.
    widest: u32,
}

impl InFile {
    fn add(&mut self, lines: Option<(u32, u32)>, hider: usize) {
        match lines {
            None => self.whole.push(hider),
            Some((first, last)) => {
                self.by_line.push((first, hider));
                self.widest = self.widest.max(last.saturating_sub(first));
            }
        }
    }

    /// The hiders that may be about `line`.
    fn near(&self, line: u32) -> impl Iterator<Item = &usize> {
        let start = line.saturating_sub(self.widest);
        let from = self.by_line.partition_point(|&(first, _)| first < start);
        let here = self.by_line[from..]
            .iter()
            .take_while(move |&&(first, _)| first <= line);
        self.whole.iter().chain(here.map(|(_, hider)| hider))
    }
}

impl<'a> Hiders<'a> {
    fn new(input: &Input<'a>) -> Self {
        let mut hiders = Vec::new();
        let mut by_path: HashMap<&str, InFile> = HashMap::new();
        for file in input.files {
            for suppression in file.suppressions {
                let source = Source::Comment(*file, suppression);
                let here = by_path.entry(file.path).or_default();
                for check in claims(suppression) {
                    here.add(suppression.lines, hiders.len());
                    hiders.push(Hider {
                        check,
                        source,
                        used: false,
                    });
                }
            }
        }
        for here in by_path.values_mut() {
            here.by_line.sort_unstable();
        }
        let first_allow = hiders.len();
        for entry in input.allow {
            let expired = entry
                .until
                .as_deref()
                .is_some_and(|until| until < input.today);
            hiders.push(Hider {
                check: entry.check.as_deref(),
                source: Source::Allow { entry, expired },
                used: false,
            });
        }
        let allow = (first_allow..hiders.len()).collect();
        Self {
            all: hiders,
            by_path,
            allow,
        }
    }

    /// Whether something hides `finding`; all that does counts as used. The comment or entry that the finding is
    /// `about` does not.
    fn hide(&mut self, finding: &Finding, about: Option<usize>) -> bool {
        let comments = self.by_path.get(&*finding.location.path);
        let about = about.map(|at| self.all[at].source);
        let mut hidden = false;
        let line = finding.location.start.line;
        let comments = comments.into_iter().flat_map(|here| here.near(line));
        for &at in comments.chain(&self.allow) {
            let hider = &self.all[at];
            if about.is_none_or(|about| !about.is(hider.source)) && hider.hides(finding) {
                self.all[at].used = true;
                hidden = true;
            }
        }
        hidden
    }

    /// Findings about what hides nothing: claims about `unused-suppression` itself, or the others.
    fn unused(
        &self,
        input: &Input<'_>,
        severity: Severity,
        about_itself: bool,
    ) -> Vec<(usize, Finding)> {
        self.all
            .iter()
            .enumerate()
            .filter(|(_, hider)| (hider.check == Some(UNUSED_SUPPRESSION)) == about_itself)
            .filter_map(|(at, hider)| {
                let (message, help) = hider.complaint(input)?;
                let mut finding =
                    Finding::new(UNUSED_SUPPRESSION, severity, hider.location(), message);
                finding.help = Some(help);
                Some((at, finding))
            })
            .collect()
    }
}

/// The checks a comment names, each once; `None` alone when it names none and so means all.
fn claims(suppression: &Suppression) -> Vec<Option<&str>> {
    if suppression.checks.is_empty() {
        return vec![None];
    }
    let mut seen = BTreeSet::new();
    suppression
        .checks
        .iter()
        .map(String::as_str)
        .filter(|check| seen.insert(*check))
        .map(Some)
        .collect()
}

impl Hider<'_> {
    fn hides(&self, finding: &Finding) -> bool {
        let names_it = match self.check {
            Some(check) => check == finding.check,
            // A comment that hides everything would else hide that it hides nothing.
            None => finding.check != UNUSED_SUPPRESSION,
        };
        names_it
            && match self.source {
                Source::Comment(file, suppression) => {
                    **file.path == *finding.location.path
                        && suppression.lines.is_none_or(|(first, last)| {
                            (first..=last).contains(&finding.location.start.line)
                        })
                }
                Source::Allow { entry, expired } => {
                    !expired
                        && (entry.paths.is_empty() || entry.paths.is_match(&*finding.location.path))
                        && entry
                            .symbol
                            .as_ref()
                            .is_none_or(|symbol| finding.symbol.as_ref() == Some(symbol))
                }
            }
    }

    fn location(&self) -> Location {
        match self.source {
            Source::Comment(file, suppression) => Location {
                path: Arc::clone(file.path),
                start: file.lines.position(suppression.span.start),
                end: file.lines.position(suppression.span.end),
            },
            Source::Allow { entry, .. } => entry.location.clone(),
        }
    }

    /// What is wrong with it, and what to do; `None` when nothing is, or when that cannot be told.
    fn complaint(&self, input: &Input<'_>) -> Option<(String, String)> {
        if let Source::Allow {
            entry,
            expired: true,
        } = self.source
        {
            let until = entry.until.as_deref().unwrap_or_default();
            let message = format!("this exception expired after {until}: {}", entry.reason);
            let help = "fix what it hid and remove it, or give it a later date".to_owned();
            return Some((message, help));
        }
        if let Some(check) = self.check
            && !input.known.contains(check)
        {
            let meant = did_you_mean(check, input.known.iter().copied());
            let message = format!("there is no check `{check}` to suppress{meant}");
            return Some((message, "`ssot explain` knows every check".to_owned()));
        }
        (!self.used && self.was_checked(input)).then(|| self.hides_nothing())
    }

    /// Whether everything it could hide was checked.
    fn was_checked(&self, input: &Input<'_>) -> bool {
        match self.check {
            Some(check) => input.ran.contains(check) || check == UNUSED_SUPPRESSION,
            None => input
                .known
                .iter()
                .all(|check| input.ran.contains(check) || *check == UNUSED_SUPPRESSION),
        }
    }

    fn hides_nothing(&self) -> (String, String) {
        let what = self.check.map_or_else(
            || "this suppression of every check".to_owned(),
            |check| format!("this suppression of `{check}`"),
        );
        match self.source {
            Source::Comment(_, suppression) => {
                let place = if suppression.lines.is_some() {
                    "here"
                } else {
                    "in this file"
                };
                let help = if suppression.checks.len() > 1 {
                    "remove the check from the comment"
                } else {
                    "remove the comment"
                };
                (
                    format!("{what} hides nothing: there is no such finding {place}"),
                    help.to_owned(),
                )
            }
            Source::Allow { entry, .. } => (
                format!("this exception hides nothing: {}", entry.reason),
                "remove the entry".to_owned(),
            ),
        }
    }
}

#[cfg(test)]
#[path = "suppress_tests.rs"]
mod tests;
