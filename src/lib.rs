//! `ssot` keeps a codebase to a single source of truth: every shared symbol has one definition and one import path.
//!
//! The pipeline, in the order data flows:
//!
//! 1. [`mod@discover`] lists the files, [`source`] reads them as text;
//! 2. [`lang`] turns each text into [`facts`] and drops the syntax tree;
//! 3. [`index`] puts all facts together: modules, names, origins;
//! 4. [`graph`] adds who imports whom, who calls whom, what recurses;
//! 5. [`checks`] hold that against [`config`]'s rules and give findings ([`diagnostic`]);
//! 6. [`suppress`] hides what people asked to hide, [`score`] counts, [`report`] renders;
//! 7. [`fix`] turns findings into edits, verifies them and writes them.
//!
//! [`Project::read`] does the first three steps, [`analyze`] the next two.

pub mod checks;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod discover;
pub mod emissions;
pub mod facts;
pub mod fingerprint;
pub mod fix;
pub mod graph;
pub mod index;
pub mod lang;
pub mod registry;
pub mod report;
pub mod run;
pub mod score;
pub mod signatures;
pub mod source;
pub mod span;
pub mod suggest;
pub mod suppress;
pub mod values;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use checks::{Check, Context};
use config::Config;
use diagnostic::Finding;
use discover::{DiscoverOptions, DiscoverProblem, SourceFile, discover};
use facts::{FileFacts, Pack, ReadOptions, SyntaxError, SyntaxErrorKind};
use graph::calls::CallGraph;
use graph::imports::ImportGraph;
use graph::recursion::{self, Recursion};
use index::{File, Index};
use registry::Registry;
use score::{Area, Tally};
use span::Span;

/// A project, read and indexed.
#[derive(Debug)]
pub struct Project {
    /// The rules.
    pub config: Config,
    /// Everything the sources say.
    pub index: Index,
    /// Files and folders that could not be read.
    pub problems: Vec<DiscoverProblem>,
    /// Where absolute imports resolve from, before imports are consulted.
    pub layout: Layout,
    /// The import registry, when the rules name one.
    pub registry: Option<Registry>,
}

/// What the tree says about where modules are.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Folders that are source roots.
    pub declared_roots: Vec<String>,
    /// Folders that may be.
    pub candidate_roots: Vec<String>,
    /// Modules that exist but are not among the sources.
    pub opaque: BTreeSet<String>,
    /// What is compiled as one, in languages that declare their modules.
    pub units: Vec<lang::Unit>,
}

/// What to read of each file for the rules' sake, besides what `read` asks for.
#[must_use]
pub fn wanted(config: &Config, read: ReadOptions) -> ReadOptions {
    ReadOptions {
        emissions: read.emissions || !config.events.is_empty(),
        signatures: read.signatures || config.all_calls || !config.canonical.is_empty(),
        keeps: read.keeps || !config.per_request.is_empty(),
        versions: read.versions || of_packs(config),
        ..read
    }
}

/// Whether some rule comes from a pack: these leave code alone that is written for several versions.
fn of_packs(config: &Config) -> bool {
    let canonical = config.canonical.iter().map(|rule| &rule.meta);
    let retired = config.retired.iter().map(|rule| &rule.meta);
    canonical.chain(retired).any(|meta| meta.pack.is_some())
}

impl Project {
    /// Finds, reads and indexes the files below the project root. What cannot be read is among the problems.
    #[must_use]
    pub fn read(config: Config) -> Self {
        Self::read_with(config, ReadOptions::default())
    }

    /// Like [`Project::read`], with more of each file.
    #[must_use]
    pub fn read_with(config: Config, read: ReadOptions) -> Self {
        let read = wanted(&config, read);
        let options = DiscoverOptions {
            exclude: config.project.exclude.clone(),
            jobs: rayon::current_num_threads(),
        };
        let discovery = discover(&config.root, &options);
        let units = discover::units(&config.root, &discovery);
        let layout = if config.project.roots.is_empty() {
            Layout {
                declared_roots: discover::declared_roots(&config.root, &discovery),
                candidate_roots: discover::package_parents(&discovery),
                opaque: discovery.opaque,
                units,
            }
        } else {
            let given = config.project.roots.iter();
            Layout {
                declared_roots: given.map(|root| normalize_root(root)).collect(),
                candidate_roots: Vec::new(),
                opaque: discovery.opaque,
                units,
            }
        };
        let batch = discovery.files.len() / (rayon::current_num_threads() * BATCHES_PER_THREAD);
        let files = discovery
            .files
            .par_chunks(batch.clamp(1, LARGEST_BATCH))
            .map_init(Pack::default, |pack, files| {
                read_files(&config, files, read, pack)
            })
            .collect::<Vec<_>>()
            .into_iter()
            .flatten()
            .collect();
        let registry = read_registry(&config);
        Self {
            registry,
            ..Self::index(config, files, discovery.problems, layout)
        }
    }

    /// Indexes files that were read already; the registry is not among them.
    #[must_use]
    pub fn index(
        config: Config,
        files: Vec<File>,
        problems: Vec<DiscoverProblem>,
        layout: Layout,
    ) -> Self {
        let index = Index::build(
            files,
            &layout.declared_roots,
            &layout.candidate_roots,
            layout.opaque.clone(),
            &layout.units,
        );
        Self {
            config,
            index,
            problems,
            layout,
            registry: None,
        }
    }
}

/// Reads the import registry, if the rules name one.
fn read_registry(config: &Config) -> Option<Registry> {
    let path = config.project.registry.as_ref()?;
    let entries = source::read_document(&config.root.join(path));
    Some(Registry {
        path: path.as_str().into(),
        entries: entries
            .map(|text| registry::read(&text))
            .map_err(|error| format!("cannot be read: {error}")),
    })
}

fn normalize_root(root: &str) -> String {
    let root = root.trim_start_matches("./").trim_end_matches('/');
    if root == "." {
        String::new()
    } else {
        root.to_owned()
    }
}

/// Files whose facts are packed together. More save little; fewer leave work for all threads to the end.
const LARGEST_BATCH: usize = 64;
const BATCHES_PER_THREAD: usize = 16;

/// Reads files into facts. A file that cannot be read has an error for its only fact.
fn read_files(
    config: &Config,
    files: &[SourceFile],
    options: ReadOptions,
    pack: &mut Pack,
) -> Vec<File> {
    let problems: Vec<_> = files
        .iter()
        .map(|file| read_file(config, file, options, pack))
        .collect();
    let read = files.iter().zip(pack.take()).zip(problems);
    read.map(|((file, mut facts), problem)| {
        if let Some(problem) = problem {
            // What the parser says of a text that was no text helps nobody.
            facts.errors = vec![problem];
        }
        File {
            path: file.path.clone(),
            language: file.language,
            is_test: config.project.tests.is_match(&*file.path),
            facts: Arc::new(facts),
        }
    })
    .collect()
}

/// Adds the facts of one file to `pack`; gives what is wrong with its text.
fn read_file(
    config: &Config,
    file: &SourceFile,
    options: ReadOptions,
    pack: &mut Pack,
) -> Option<SyntaxError> {
    match source::read(&config.root.join(Path::new(&*file.path)), file.language) {
        Ok(text) => {
            file.language
                .extract_into(&text.text, config.project.target_version, options, pack);
            let problem = text.problem?;
            Some(undecodable(problem.offset, problem.message))
        }
        Err(error) => {
            pack.add_complete(FileFacts::unread());
            Some(undecodable(0, format!("cannot be read: {error}")))
        }
    }
}

fn undecodable(offset: u32, message: String) -> SyntaxError {
    SyntaxError {
        span: Span::at(offset),
        message,
        kind: SyntaxErrorKind::Undecodable,
    }
}

/// What an analysis found, before anything is hidden.
#[derive(Debug)]
pub struct Analysis {
    /// The findings of all checks that ran.
    pub findings: Vec<Finding>,
    /// What the checks looked at, for the score.
    pub tallies: Vec<(Area, Tally)>,
    /// Functions that only lead into an endless cycle.
    pub victims: u64,
}

/// The graphs over a project's index.
#[derive(Debug)]
pub struct Graphs {
    /// Who imports whom.
    pub imports: ImportGraph,
    /// Who calls whom.
    pub calls: CallGraph,
}

impl Graphs {
    /// Builds both graphs.
    #[must_use]
    pub fn build(index: &Index) -> Self {
        let (imports, calls) =
            rayon::join(|| ImportGraph::build(index), || CallGraph::build(index));
        Self { imports, calls }
    }
}

/// Runs `checks` on a project. Guarded recursion is looked for only when asked: it takes the whole call graph.
#[must_use]
pub fn analyze(
    project: &Project,
    graphs: &Graphs,
    checks: &[&'static Check],
    guarded: bool,
) -> Analysis {
    let recursion: Recursion = recursion::find(&project.index, &graphs.calls, guarded);
    let context = Context::new(project, &graphs.imports, &graphs.calls, &recursion);
    let outcomes: Vec<_> = checks
        .par_iter()
        .map(|check| (check.run)(&context))
        .collect();
    let mut analysis = Analysis {
        findings: Vec::new(),
        tallies: Vec::new(),
        victims: recursion.victims,
    };
    for outcome in outcomes {
        analysis.findings.extend(outcome.findings);
        analysis.tallies.extend(outcome.tallies);
    }
    analysis
}
