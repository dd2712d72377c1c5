//! The engine that does the work: from the command line's requests to the library's stages.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};

use super::dates::today;
use super::engine::{CallQuery, Engine, FixMode, Request, Setup};
use super::fixing::{Done, Passes, after};
use super::slice::Slice;
use super::undo::recovered;
use super::why::find_function;
use crate::checks::{self, Check};
use crate::config::{self, Config, LoadOptions};
use crate::diagnostic::{Applicability, Finding, Severity};
use crate::facts::ReadOptions;
use crate::fingerprint::identify;
use crate::fix;
use crate::fix::diff::patch;
use crate::fix::links::without_links;
use crate::fix::transaction::{self, Listed, TransactionError, Transactions, Undo, Undone};
use crate::graph::flow::FlowGraph;
use crate::index::{Index, ModuleRef};
use crate::lang::Language;
use crate::report::graph::{Answer, CallGraph, ImportGraph};
use crate::report::{Located, Report, Unresolved};
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
        let loaded = config::load(&options(setup)?).map_err(|error| {
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
        let mut config = self.config(&request.setup)?;
        config.all_calls = request.all_calls;
        let filter = PathFilter::new(&config.root, &request.paths)?;
        in_pool(&request.setup, || check(config, request, &filter))?
    }

    fn runs(&self, setup: &Setup) -> Result<Vec<Listed>> {
        transaction::list(&root(setup)?).map_err(explained)
    }

    fn undo(&self, setup: &Setup, request: Undo) -> Result<Undone> {
        let transactions = Transactions::open(&root(setup)?).map_err(explained)?;
        transactions.undo(request).map_err(explained)
    }

    fn source(&self, path: &str) -> Option<Arc<str>> {
        if let Some(text) = self.rules.borrow().get(path) {
            return Some(Arc::clone(text));
        }
        let language = Language::of_path(path)?;
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

    fn call_graph(&self, setup: &Setup, query: &CallQuery) -> Result<CallGraph> {
        let config = self.config(setup)?;
        in_pool(setup, || {
            let read = ReadOptions {
                values: true,
                ..ReadOptions::default()
            };
            let project = Project::read_with(config, read);
            let index = &project.index;
            // Names that are wrong are told before any work is done for them, and right ones made the function's own.
            let own = |name: &Option<String>| match name {
                Some(name) => {
                    let function = find_function(index, name)?;
                    Ok(Some(
                        index.definition_path(function.file, function.definition),
                    ))
                }
                None => Ok::<_, anyhow::Error>(None),
            };
            let slice = Slice {
                from: own(&query.slice.from)?,
                to: own(&query.slice.to)?,
                depth: query.slice.depth,
            };
            let mut flow = FlowGraph::build(index, crate::lang::is_builtin);
            flow.calls.retain(|call| call.reason <= query.weakest);
            let mut graph = super::calls::call_graph(index, &flow, query.external, query.adjacency);
            super::named_calls::add(index, &mut graph, query.external, query.adjacency);
            slice.cut(&mut graph);
            // Giving back millions of small things costs more than it is good for: the process ends soon.
            std::mem::forget(flow);
            std::mem::forget(project);
            Ok(graph)
        })?
    }

    fn propose(&self, setup: &Setup) -> Result<String> {
        let config = super::init::without_rules(self.config(setup)?);
        in_pool(setup, || super::init::propose(&Project::read(config)))
    }

    fn write_registry(&self, setup: &Setup) -> Result<(String, bool)> {
        let config = self.config(setup)?;
        super::registry::write(&config)
    }

    fn locate(&self, setup: &Setup, name: &str) -> Result<Located> {
        let config = self.config(setup)?;
        in_pool(setup, || {
            super::whereabouts::locate(&Project::read(config), name)
        })
    }

    fn why(&self, setup: &Setup, from: &str, to: &str) -> Result<Answer> {
        let config = self.config(setup)?;
        in_pool(setup, || {
            let project = Project::read(config);
            let graphs = Graphs::build(&project.index);
            super::why::why(&project.index, &graphs, from, to)
        })?
    }
}

fn options(setup: &Setup) -> Result<LoadOptions> {
    Ok(LoadOptions {
        start: std::env::current_dir().context("cannot tell the working directory")?,
        file: setup.config.clone(),
        isolated: setup.isolated,
    })
}

/// The project's root. To undo, the rules need not be in order.
fn root(setup: &Setup) -> Result<PathBuf> {
    Ok(config::root(&options(setup)?))
}

/// A failed transaction with advice on the line below.
pub(super) fn explained(error: TransactionError) -> anyhow::Error {
    match error.help() {
        Some(help) => anyhow!("{error}\n  help: {help}"),
        None => error.into(),
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
    // The lock comes before the first look at the files: what is analysed is what will be written.
    let mut notes = Vec::new();
    let transactions = if request.fix == FixMode::Apply {
        let transactions = Transactions::open(&config.root).map_err(explained)?;
        let taken_back = transactions.recover(false).map_err(explained)?;
        notes.extend(taken_back.iter().map(recovered));
        Some(transactions)
    } else {
        if transaction::interrupted(&config.root) {
            notes.push(
                "A fix was interrupted; `ssot undo` takes back what it did to the files."
                    .to_owned(),
            );
        }
        None
    };
    let mut project = Project::read(config);
    if request.files_only {
        return Ok(describe(&project, filter));
    }
    let wanted = if request.unsafe_fixes {
        Applicability::Unsafe
    } else {
        Applicability::Safe
    };
    let mut passes = Passes::default();
    let (report, mut findings) = loop {
        let graphs = Graphs::build(&project.index);
        let (report, mut findings) = findings(&project, &graphs, request, filter);
        let fixing = fix::Project {
            root: &project.config.root,
            index: &project.index,
            imports: &graphs.imports,
            config: &project.config,
            pending: passes.pending(),
        };
        fix::plan(&fixing, &mut findings);
        if request.fix == FixMode::Report {
            let report = Report {
                findings: identify(findings),
                notes,
                ..report
            };
            // The process ends soon: taking millions of facts apart first would only make people wait.
            std::mem::forget((project, graphs));
            return Ok(report);
        }
        let run = fix::fix(&fixing, &findings, wanted);
        if !passes.goes_on(&run) {
            passes.end(&run, &mut findings);
            break (report, findings);
        }
        project = after(project, &run.contents);
        passes.take_in(run, &findings);
    };
    let Done {
        contents,
        mut fixes,
        about,
    } = passes.done();
    if request.fix == FixMode::Diff {
        let contents = without_links(&project.config.root, contents.clone());
        fixes.diff = Some(patch(&contents));
        // Their edits are of files that are not there.
        for finding in &mut findings {
            finding.fix = None;
        }
    }
    if let Some(transactions) = &transactions {
        fixes.run = transactions
            .write(&contents, about)
            .map_err(explained)
            .context("the fixes were not made")?;
    }
    Ok(Report {
        findings: identify(findings),
        fixes: Some(fixes),
        notes,
        ..report
    })
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
        notes: Vec::new(),
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
        call(
            "external",
            outside as u64 + u64::from(facts.unresolved_calls.builtin),
        );
    }
    unresolved
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
