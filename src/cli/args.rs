//! The command line as data. Each doc comment below is the help text of its flag.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::diagnostic::Severity;
use crate::graph::flow::Reason;
use crate::report::{FORMATS, Format};

/// Keeps a codebase to a single source of truth: one definition and one import path for every shared symbol.
#[derive(Debug, Parser)]
#[command(
    name = "ssot",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,

    #[command(flatten)]
    pub(super) global: Global,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Read this rules file instead of searching upwards for one
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "isolated")]
    pub(super) config: Option<PathBuf>,

    /// Read no rules file
    #[arg(long, global = true)]
    pub(super) isolated: bool,

    /// Number of threads; all cores unless given
    #[arg(short, long, value_name = "N", global = true)]
    pub(super) jobs: Option<NonZeroUsize>,

    /// Leave out the summary
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Also say what could not be resolved
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,

    // Help texts are shown as they stand, so that backquotes would be noise.
    #[allow(clippy::doc_markdown)]
    /// Colours; auto heeds the terminal, NO_COLOR and FORCE_COLOR
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the code against the rules
    Check(Check),
    /// Check and apply safe fixes: the same as check --fix
    Fix(Check),
    /// Take back what fixing did
    #[command(long_about = UNDO)]
    Undo(UndoArgs),
    /// Show the score of each area
    Score(ScoreArgs),
    /// Print the findings as a work list, by priority and in a safe order
    Plan(Plan),
    /// Propose a rules file from the code
    Init(Init),
    /// Hold the import registry against code and rules, or write its generated section
    #[command(subcommand)]
    Registry(Registry),
    /// Show where a symbol lives, how to import it and who does
    Where(Where),
    /// Print the import graph or the call graph
    #[command(subcommand)]
    Graph(Graph),
    /// Show a shortest import or call path from A to B
    Why(Why),
    /// Explain a check, or show the rules of a built-in pack
    Explain(Explain),
    /// List the rules in effect
    Rules,
    /// Print a completion script for a shell
    Completions(Completions),
}

#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools)] // Flags are bools.
pub(super) struct Check {
    /// Report only on these files and folders; the whole project is still read
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<PathBuf>,

    /// How findings are printed
    #[arg(long, value_name = "FORMAT", default_value = FORMATS[0].name, value_parser = format_parser())]
    pub(super) output_format: &'static Format,

    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output_file: Option<PathBuf>,

    /// Apply safe fixes
    #[arg(long)]
    pub(super) fix: bool,

    /// Let --fix and --diff include fixes that may change behaviour
    #[arg(long)]
    pub(super) unsafe_fixes: bool,

    /// Exit with 1 if anything was fixed, even if the gate passes
    #[arg(long)]
    pub(super) exit_non_zero_on_fix: bool,

    /// Print what fixing would change as a unified diff and write nothing; exit with 1 if there is anything
    #[arg(long, conflicts_with_all = ["show_files", "statistics"])]
    pub(super) diff: bool,

    /// Run only these checks
    #[arg(long, value_name = "CHECKS", value_delimiter = ',')]
    pub(super) select: Vec<String>,

    /// Leave out these checks
    #[arg(long, value_name = "CHECKS", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,

    #[command(flatten)]
    pub(super) gate: GateArgs,

    /// List the files that are checked and stop
    #[arg(long, conflicts_with_all = ["fix", "statistics"])]
    pub(super) show_files: bool,

    /// Hold every call that can be followed against its signature, not only calls of what rules govern
    #[arg(long)]
    pub(super) all_calls: bool,

    /// Also show recursion that a base case ends
    #[arg(long)]
    pub(super) show_guarded: bool,

    /// Show how often each check found something instead of the findings
    #[arg(long)]
    pub(super) statistics: bool,
}

/// The long help of `undo`.
const UNDO: &str = "\
Take back what fixing did.

Brings every file that the last run of --fix changed, created or deleted to the bytes and permissions that it had \
before, all of them or none. If one of them has changed since, nothing is touched and the file is named. Undoing \
again takes back the run before.

If a run was interrupted, by a crash or a power cut, it is that run which is taken back.

The former contents are kept in .git/ssot, or in the user's folder for state (XDG_STATE_HOME) where there is no git \
repository: those of the last 10 runs, and of fewer when they are large.";

#[derive(Args, Debug)]
pub(super) struct UndoArgs {
    /// The run to undo, as --list numbers it; the last one unless given
    #[arg(value_name = "RUN", conflicts_with = "list")]
    pub(super) run: Option<u64>,

    /// Only list the runs that can be undone
    #[arg(long)]
    pub(super) list: bool,

    /// Overwrite files that changed since
    #[arg(short, long, conflicts_with = "list")]
    pub(super) force: bool,
}

#[derive(Args, Debug)]
pub(super) struct GateArgs {
    /// Fail when the overall score is lower, 0 to 100
    #[arg(long, value_name = "SCORE", value_parser = parse_score)]
    pub(super) min_score: Option<f64>,

    /// Fail when there is a finding at least this grave
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,

    /// Exit with 0 even if the gate fails
    #[arg(long)]
    pub(super) exit_zero: bool,
}

#[derive(Args, Debug)]
pub(super) struct ScoreArgs {
    /// Score only these files and folders
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<PathBuf>,

    /// How the score is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ScoreFormat,

    #[command(flatten)]
    pub(super) gate: GateArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Graph {
    /// Which modules import which
    Imports {
        /// How the graph is printed
        #[arg(long, value_name = "FORMAT", default_value = "json")]
        format: ImportFormat,

        /// Include modules from outside the project
        #[arg(long)]
        external: bool,
    },
    /// Which functions call which
    Calls {
        /// How the graph is printed
        #[arg(long, value_name = "FORMAT", default_value = "json")]
        format: CallFormat,

        /// Include functions from outside the project
        #[arg(long)]
        external: bool,

        /// Only what this function reaches: a.b.c:f
        #[arg(long, value_name = "SYMBOL")]
        from: Option<String>,

        /// Only what reaches this function; with --from, the paths between the two
        #[arg(long, value_name = "SYMBOL")]
        to: Option<String>,

        /// Only over so many calls
        #[arg(long, value_name = "N")]
        depth: Option<u32>,

        /// Only calls for which there is a reason as good as this one
        #[arg(long, value_name = "REASON", default_value = "duck")]
        min_confidence: Confidence,
    },
}

#[derive(Args, Debug)]
pub(super) struct Why {
    /// Where the path starts: a module, a.b.c, or a function, a.b.c:f
    #[arg(value_name = "A")]
    pub(super) from: String,

    /// Where it leads
    #[arg(value_name = "B")]
    pub(super) to: String,
}

#[derive(Args, Debug)]
pub(super) struct Plan {
    /// Plan only for these files and folders
    #[arg(value_name = "PATHS")]
    pub(super) paths: Vec<PathBuf>,

    /// How the plan is printed
    #[arg(long, value_name = "FORMAT", default_value = "markdown")]
    pub(super) output_format: PlanFormat,
}

#[derive(Args, Debug)]
pub(super) struct Init {
    /// Create ssot.toml, unless there are rules already
    #[arg(long)]
    pub(super) write: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Registry {
    /// The same as check --select registry-drift
    Check {
        #[command(flatten)]
        gate: GateArgs,
    },
    /// Write the imports of all governed symbols between markers in the document; all else stays
    Write,
}

#[derive(Args, Debug)]
pub(super) struct Where {
    /// The symbol: Name, a.b:Name or a.b.Name
    #[arg(value_name = "NAME")]
    pub(super) name: String,

    /// How the answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    pub(super) output_format: WhereFormat,
}

#[derive(Args, Debug)]
pub(super) struct Explain {
    /// The name of a check or pack
    #[arg(value_name = "NAME")]
    pub(super) name: String,
}

#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Never,
}

impl FailOn {
    pub(super) const fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Never => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ScoreFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    /// With boxes to tick
    Markdown,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum WhereFormat {
    /// In words
    Full,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportFormat {
    /// Modules and imports, for programs
    Json,
    /// For Graphviz
    Dot,
    /// For Mermaid
    Mermaid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CallFormat {
    /// Functions and calls, for programs
    Json,
    /// For Graphviz
    Dot,
    /// For Mermaid
    Mermaid,
    /// Who calls whom, as call-graph benchmarks write it
    Adjacency,
}

/// Why a call is said to be one, the best reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Confidence {
    /// The callee's name leads there
    Direct,
    /// A value that gets there is called
    Flow,
    /// An annotation says what the receiver is
    Annotation,
    /// A subclass overrides the method
    Override,
    /// The method's name begins so
    NamePrefix,
    /// Only the attributes used tell what the receiver is
    Duck,
}

impl Confidence {
    /// The reason as the graph has it.
    pub(super) const fn reason(self) -> Reason {
        match self {
            Self::Direct => Reason::Direct,
            Self::Flow => Reason::Flow,
            Self::Annotation => Reason::Annotation,
            Self::Override => Reason::Override,
            Self::NamePrefix => Reason::NamePrefix,
            Self::Duck => Reason::Duck,
        }
    }
}

fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    let names = FORMATS
        .iter()
        .map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(names).try_map(|name| {
        FORMATS
            .iter()
            .find(|format| format.name == name)
            .ok_or("no such format")
    })
}

fn parse_score(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(score) if (0.0..=100.0).contains(&score) => Ok(score),
        _ => Err("a score is a number from 0 to 100".to_owned()),
    }
}
