//! The engine that does the work: from the command line's requests to the library's stages.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};

use super::engine::{Engine, FixMode, Request, Setup};
use crate::checks::{self, Check};
use crate::config::{self, Config, LoadOptions};
use crate::diagnostic::{Applicability, Finding, Severity};
use crate::fingerprint::identify;
use crate::fix;
use crate::fix::apply::{NewContents, write_all};
use crate::index::{Index, ModuleRef};
use crate::report::graph::{Answer, CallGraph, ImportGraph};
use crate::report::{Fixes, Report, Unresolved};
use crate::score::Score;
use crate::suppress::{self, FileSuppressions, UNUSED_SUPPRESSION};
use crate::{Graphs, Project, analyze};

/// The real engine.
#[derive(Debug, Default)]
pub struct Pipeline {
    /// The project root, once known: code frames are read from there.
    root: RefCell<PathBuf>,
    /// Rules files by the path that findings give them.
    rules: RefCell<BTreeMap<String, Arc<str>>>,
}

/// Every check's name and page, with those that no file under `checks` owns.
const PAGES: &[(&str, &str)] = &{
    let mut pages = [("", ""); checks::ALL.len() + 1];
    let mut at = 0;
    while at < checks::ALL.len() {
        pages[at] = (checks::ALL[at].name, checks::ALL[at].page);
        at += 1;
    }
    pages[at] = (
        UNUSED_SUPPRESSION,
        include_str!("../../docs/checks/unused-suppression.md"),
    );
    pages
};

impl Engine for Pipeline {
    fn checks(&self) -> &[(&'static str, &'static str)] {
        PAGES
    }

    fn config(&self, setup: &Setup) -> Result<Config> {
        let start = std::env::current_dir().context("cannot tell the working directory")?;
        let options = LoadOptions {
            start,
            file: setup.config.clone(),
            isolated: setup.isolated,
        };
        let loaded = config::load(&options).map_err(|error| {
            // The command line says `error: ` itself.
            let text = error.render(false);
            let text = text.trim_end();
            anyhow!("{}", text.strip_prefix("error: ").unwrap_or(text))
        })?;
        self.root.replace(loaded.config.root.clone());
        let texts = loaded.files.into_iter();
        self.rules.replace(
            texts
                .map(|file| (file.path.to_string(), file.text))
                .collect(),
        );
        Ok(loaded.config)
    }

    fn analyse(&self, request: &Request) -> Result<Report> {
        let config = self.config(&request.setup)?;
        let filter = PathFilter::new(&config.root, &request.paths)?;
        in_pool(&request.setup, || check(config, request, &filter))?
    }

    fn source(&self, path: &str) -> Option<Arc<str>> {
        if let Some(text) = self.rules.borrow().get(path) {
            return Some(Arc::clone(text));
        }
        let language = crate::lang::Language::of_path(path)?;
        let file = self.root.borrow().join(path);
        // Reading a named pipe would wait for ever.
        if !file.is_file() {
            return None;
        }
        let text = crate::source::read(&file, language).ok()?;
        Some(text.text.into())
    }

    fn import_graph(&self, setup: &Setup, external: bool) -> Result<ImportGraph> {
        let config = self.config(setup)?;
        in_pool(setup, || {
            let project = Project::read(config);
            super::views::import_graph(&project.index, external)
        })
    }

    fn call_graph(&self, setup: &Setup, external: bool, adjacency: bool) -> Result<CallGraph> {
        let config = self.config(setup)?;
        in_pool(setup, || {
            let project = Project::read(config);
            let graphs = Graphs::build(&project.index);
            super::views::call_graph(&project.index, &graphs.calls, external, adjacency)
        })
    }

    fn why(&self, setup: &Setup, from: &str, to: &str) -> Result<Answer> {
        let config = self.config(setup)?;
        in_pool(setup, || {
            let project = Project::read(config);
            let graphs = Graphs::build(&project.index);
            super::views::why(&project.index, &graphs, from, to)
        })?
    }
}

/// More threads than any machine has use for are not started: they would only use up its memory.
const MOST_THREADS: usize = 32;

/// Stack of a worker thread, in bytes. The parser checks targets of assignments without a guard, some 100 bytes a
/// level; memory that is not touched costs nothing.
const STACK: usize = 64 * 1024 * 1024;

/// Runs `work` on as many threads as asked for.
fn in_pool<T: Send>(setup: &Setup, work: impl FnOnce() -> T + Send) -> Result<T> {
    let threads = setup.jobs.map_or(0, |jobs| jobs.get().min(MOST_THREADS));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build()
        .context("cannot start the worker threads")?;
    Ok(pool.install(work))
}

/// The whole of `check`.
fn check(config: Config, request: &Request, filter: &PathFilter) -> Result<Report> {
    let project = Project::read(config);
    if request.files_only {
        return Ok(describe(&project, filter));
    }
    let graphs = Graphs::build(&project.index);
    let (report, mut findings) = findings(&project, &graphs, request, filter);
    let fixing = fix::Project {
        root: &project.config.root,
        index: &project.index,
        imports: &graphs.imports,
        config: &project.config,
    };
    fix::plan(&fixing, &mut findings);
    if request.fix == FixMode::Report {
        let report = Report {
            findings: identify(findings),
            ..report
        };
        // The process ends soon: taking millions of facts apart first would only make people wait.
        std::mem::forget((project, graphs));
        return Ok(report);
    }
    let wanted = if request.unsafe_fixes {
        Applicability::Unsafe
    } else {
        Applicability::Safe
    };
    let run = fix::fix(&fixing, &findings, wanted);
    let fixes = Fixes {
        fixed: run.applied as u64,
        files: run.contents.len() as u64,
        diff: (request.fix == FixMode::Diff).then_some(run.diff),
    };
    if request.fix == FixMode::Apply {
        write_all(&project.config.root, &run.contents).context("nothing was changed")?;
    }
    // What is left is judged on the tree as the fixes make it.
    let project = after(project, &run.contents);
    let graphs = Graphs::build(&project.index);
    let (report, mut findings) = self::findings(&project, &graphs, request, filter);
    if request.fix == FixMode::Apply {
        let fixing = fix::Project {
            root: &project.config.root,
            index: &project.index,
            imports: &graphs.imports,
            config: &project.config,
        };
        fix::plan(&fixing, &mut findings);
    }
    Ok(Report {
        findings: identify(findings),
        fixes: Some(fixes),
        ..report
    })
}

/// The project with some files changed.
fn after(project: Project, contents: &[NewContents]) -> Project {
    let index = &project.index;
    let changed = contents.iter().filter_map(|new| {
        let path = new.path.to_string_lossy().replace('\\', "/");
        let id = index.file_ids().find(|&id| *index.file(id).path == *path)?;
        let language = index.file(id).language;
        let text = crate::source::decode(new.bytes.clone(), language);
        Some((
            id,
            language.extract(&text.text, project.config.project.target_version),
        ))
    });
    let index = index.with_facts(changed.collect::<Vec<_>>());
    Project { index, ..project }
}

/// A report on the files alone.
fn describe(project: &Project, filter: &PathFilter) -> Report {
    let files = || {
        project
            .index
            .files
            .iter()
            .filter(|file| filter.admits(&file.path))
    };
    Report {
        files: files().map(|file| Arc::clone(&file.path)).collect(),
        lines: files()
            .map(|file| u64::from(file.facts.lines.line_count()))
            .sum(),
        score: Score::new([], &BTreeMap::new()),
        gate: project.config.gate,
        findings: Vec::new(),
        baselined: 0,
        suppressed: 0,
        unresolved: Unresolved::default(),
        victims: 0,
        fixes: None,
    }
}

/// Runs the checks and hides what is to be hidden. The findings are not in the report yet.
fn findings(
    project: &Project,
    graphs: &Graphs,
    request: &Request,
    filter: &PathFilter,
) -> (Report, Vec<Finding>) {
    let selected = selected_checks(&project.config, request);
    let guarded = request.show_guarded || may_hide_guarded(project);
    let analysis = analyze(project, graphs, &selected, guarded);
    let (mut kept, suppressed) = suppress(project, request, &selected, analysis.findings);
    kept.retain(|finding| {
        filter.admits(&finding.location.path)
            && (request.show_guarded || finding.class != Some("guarded"))
    });
    let report = Report {
        suppressed,
        victims: analysis.victims,
        score: Score::new(analysis.tallies, &project.config.weights),
        unresolved: unresolved(&project.index, graphs),
        ..describe(project, filter)
    };
    (report, kept)
}

/// The checks to run: selected, not ignored, not switched off.
fn selected_checks(config: &Config, request: &Request) -> Vec<&'static Check> {
    let runs = |check: &&&'static Check| wants(request, config, check.name);
    checks::ALL.iter().filter(runs).copied().collect()
}

fn wants(request: &Request, config: &Config, name: &str) -> bool {
    let selected =
        request.select.is_empty() || request.select.iter().any(|selected| selected == name);
    let ignored = request.ignore.iter().any(|ignored| ignored == name);
    selected && !ignored && config.checks.get(name) != Some(&None)
}

/// Whether something could hide a guarded cycle: then it has to be known whether there is one.
fn may_hide_guarded(project: &Project) -> bool {
    let allows = project.config.allow.iter();
    let mut checks = allows.map(|allow| allow.check.as_deref());
    checks.any(|check| check.is_none_or(|check| check.ends_with("-recursion")))
        || project.index.files.iter().any(|file| {
            file.facts.suppressions.iter().any(|suppression| {
                suppression.checks.is_empty()
                    || suppression
                        .checks
                        .iter()
                        .any(|check| check.ends_with("-recursion"))
            })
        })
}

fn suppress(
    project: &Project,
    request: &Request,
    selected: &[&'static Check],
    findings: Vec<Finding>,
) -> (Vec<Finding>, u64) {
    let files: Vec<FileSuppressions> = project
        .index
        .files
        .iter()
        .filter(|file| !file.facts.suppressions.is_empty())
        .map(|file| FileSuppressions {
            path: &file.path,
            lines: &file.facts.lines,
            suppressions: &file.facts.suppressions,
        })
        .collect();
    let known: BTreeSet<&str> = config::CHECKS.iter().map(|(name, _)| *name).collect();
    let own = wants(request, &project.config, UNUSED_SUPPRESSION);
    let mut ran: BTreeSet<&str> = selected.iter().map(|check| check.name).collect();
    if own {
        ran.insert(UNUSED_SUPPRESSION);
    }
    let severity = match project.config.checks.get(UNUSED_SUPPRESSION) {
        Some(severity) => *severity,
        None => Some(Severity::Warning),
    };
    let outcome = suppress::apply(
        findings,
        &suppress::Input {
            files: &files,
            allow: &project.config.allow,
            today: &today(),
            known: &known,
            ran: &ran,
            severity: severity.filter(|_| own),
        },
    );
    (outcome.kept, outcome.suppressed)
}

/// What could not be resolved, by reason.
fn unresolved(index: &Index, graphs: &Graphs) -> Unresolved {
    let mut unresolved = Unresolved::default();
    let mut import = |reason: &str| *unresolved.imports.entry(reason.to_owned()).or_default() += 1;
    for file in index.file_ids() {
        for at in 0..index.facts(file).imports.len() as u32 {
            match index.imported_module(file, crate::facts::ImportId(at)) {
                ModuleRef::Known(_) => {}
                ModuleRef::External => import("third-party"),
                ModuleRef::Missing => import("missing"),
                ModuleRef::Unknown(why) => import(why.as_str()),
            }
        }
    }
    let mut call = |reason: &str, count: u64| {
        if count > 0 {
            *unresolved.calls.entry(reason.to_owned()).or_default() += count;
        }
    };
    for file in index.file_ids() {
        let facts = index.facts(file);
        call("dynamic", u64::from(facts.unresolved_calls.local_value));
        call("expression", u64::from(facts.unresolved_calls.expression));
        let outside = (0..facts.calls.len() as u32)
            .filter(|&at| {
                graphs
                    .calls
                    .targets(file, crate::facts::CallId(at))
                    .uncertain
            })
            .count();
        call("external", outside as u64);
    }
    unresolved
}

/// Today's date in UTC, `YYYY-MM-DD`.
fn today() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The Gregorian date of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `civil_from_days`, for days after the epoch).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// The paths of the command line, seen from the project root.
struct PathFilter {
    prefixes: Vec<String>,
}

impl PathFilter {
    fn new(root: &Path, paths: &[PathBuf]) -> Result<Self> {
        let mut prefixes = Vec::new();
        let root_full = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        for path in paths {
            let full = path
                .canonicalize()
                .with_context(|| format!("cannot check {}", path.display()))?;
            let Ok(below) = full.strip_prefix(&root_full) else {
                bail!(
                    "{} is not below the project root {}",
                    path.display(),
                    root.display()
                );
            };
            let segments: Vec<String> = below
                .components()
                .filter_map(|component| match component {
                    Component::Normal(segment) => Some(segment.to_string_lossy().into_owned()),
                    _ => None,
                })
                .collect();
            prefixes.push(segments.join("/"));
        }
        Ok(Self { prefixes })
    }

    fn admits(&self, path: &str) -> bool {
        self.prefixes.is_empty()
            || self.prefixes.iter().any(|prefix| {
                prefix.is_empty()
                    || path == prefix
                    || (path.starts_with(prefix.as_str()) && path[prefix.len()..].starts_with('/'))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_gregorian() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_780), (2026, 11, 23));
    }
}
