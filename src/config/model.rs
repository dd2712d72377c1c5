//! The rules file as data: what every later stage reads. How it is parsed and checked lives beside this file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use globset::GlobSet;
use regex::Regex;

use super::rules::is_within;
use crate::diagnostic::{Location, Severity};

/// Everything the rules file says, with defaults filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder that paths are relative to: the rules file's, or where the search for one began.
    pub root: PathBuf,
    /// The rules file, relative to `root`; none when there is none or `--isolated` is given.
    pub file: Option<Arc<str>>,
    /// `[project]`.
    pub project: Project,
    /// `[gate]`.
    pub gate: Gate,
    /// `[checks]`: what the file says of a check's severity; `None` stands for `off`.
    pub checks: BTreeMap<String, Option<Severity>>,
    /// `[factories]`.
    pub factories: Factories,
    /// `[score]`: weights by area that differ from the defaults.
    pub weights: BTreeMap<String, f64>,
    /// `[[selector]]`.
    pub selectors: Vec<DeclaredSelector>,
    /// `[[canonical]]`, in file order, packs and extended files first.
    pub canonical: Vec<Canonical>,
    /// `[[retired]]`.
    pub retired: Vec<Retired>,
    /// `[[per-request]]`.
    pub per_request: Vec<PerRequest>,
    /// `[[events]]`.
    pub events: Vec<Events>,
    /// `[[gateway]]`.
    pub gateways: Vec<Gateway>,
    /// `[[contract]]`.
    pub contracts: Vec<Contract>,
    /// `[[allow]]`.
    pub allow: Vec<Allow>,
    /// How many rules are not in effect, by the `since` that each waits for.
    pub waiting: BTreeMap<PythonVersion, usize>,
    /// `--all-calls`: whether calls of what no rule governs are held against signatures too.
    pub all_calls: bool,
}

/// `[project]`.
#[derive(Clone, Debug)]
pub struct Project {
    /// Source roots relative to the project root; empty means worked out from the tree.
    pub roots: Vec<String>,
    /// Paths left out, besides what gitignore and the built-in list leave out. Matches paths relative to the root,
    /// with `/`; like every path glob here it covers what lies below a folder it names.
    pub exclude: GlobSet,
    /// Paths that are test code.
    pub tests: GlobSet,
    /// The import registry document.
    pub registry: Option<String>,
    /// Whether the registry's import lines count as `[[canonical]]` rules.
    pub registry_as_rules: bool,
    /// The oldest Python that must run the code; `None` when neither the rules file nor `requires-python` says.
    pub target_version: Option<PythonVersion>,
    /// How the project's sorter lays out its Python imports.
    pub import_style: ImportStyle,
}

/// How imports are laid out in Python files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportStyle {
    /// The longest line, in characters.
    pub width: u32,
    /// Whether each `from` statement takes one name.
    pub single_line: bool,
    /// Whether `X as Y` may stand beside other names; `None` when no sorter is set up.
    pub combine_as: Option<bool>,
}

impl Default for ImportStyle {
    fn default() -> Self {
        Self {
            width: 88,
            single_line: false,
            combine_as: None,
        }
    }
}

/// A Python version, major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PythonVersion {
    /// 3.
    pub major: u8,
    /// 7 to 15.
    pub minor: u8,
}

impl std::fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// `[gate]`.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Fail when the overall score is lower, 0 to 100.
    pub min_score: Option<f64>,
    /// Fail when a finding is at least this grave; `None` is `never`.
    pub fail_on: Option<Severity>,
}

/// `[factories]`.
#[derive(Clone, Debug)]
pub struct Factories {
    /// Names that are factories.
    pub pattern: Regex,
    /// The same for Rust: as given, but by default `new_…` is one there, too.
    pub rust_pattern: Regex,
    /// Names that are none after all.
    pub allow: GlobSet,
}

/// What every rule may carry.
#[derive(Clone, Debug)]
pub struct RuleMeta {
    /// `id`, or one made from the rule's kind and symbol.
    pub id: Arc<str>,
    /// `reason`.
    pub reason: Option<String>,
    /// `priority`, as written.
    pub priority: Option<Arc<str>>,
    /// `severity`; `Some(None)` is `off`.
    pub severity: Option<Option<Severity>>,
    /// `lang`: the only language whose code it speaks about.
    pub lang: Option<Language>,
    /// Where the rule stands: what it is about (`symbol`, `module`, `names`, `type`), in the file it was written in; in the
    /// import registry, the name that it endorses.
    pub location: Location,
    /// The built-in pack it comes from; none for the user's own.
    pub pack: Option<Arc<str>>,
    /// Whether the import registry says it, not a rules file.
    pub from_registry: bool,
}

/// A language that rules can be limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Python.
    Python,
    /// Rust.
    Rust,
}

/// A symbol's path: `module:Name` or `module:Class.method`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolPath {
    /// The module, `a.b.c`.
    pub module: String,
    /// The name in the module, perhaps dotted.
    pub name: String,
}

impl std::fmt::Display for SymbolPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.module.contains("::") {
            write!(f, "{}::{}", self.module, self.name.replace('.', "::"))
        } else {
            write!(f, "{}:{}", self.module, self.name)
        }
    }
}

/// `[[canonical]]`: one symbol, one home.
#[derive(Clone, Debug)]
pub struct Canonical {
    /// Id, reason, priority, severity, place.
    pub meta: RuleMeta,
    /// The canonical path.
    pub symbol: SymbolPath,
    /// Old paths that the user vouches for.
    pub replaces: Vec<SymbolPath>,
    /// Modules that may define the name as long as all it does is raise.
    pub tombstones: Vec<ModulePattern>,
    /// Keywords a call must give.
    pub requires: Vec<String>,
}

/// `[[retired]]`: something that must go.
#[derive(Clone, Debug)]
pub struct Retired {
    /// Id, reason, priority, severity, place.
    pub meta: RuleMeta,
    /// What is retired.
    pub target: RetiredTarget,
    /// What to use instead.
    pub replacement: Option<Replacement>,
}

/// What a `[[retired]]` rule retires.
#[derive(Clone, Debug)]
pub enum RetiredTarget {
    /// A module and everything below it.
    Module(String),
    /// A symbol; its module may be a pattern.
    Symbol {
        /// Which modules.
        module: ModulePattern,
        /// The name.
        name: String,
        /// Only definitions of this kind.
        kind: Option<SymbolKind>,
    },
}

/// `use = …` of a `[[retired]]` rule.
#[derive(Clone, Debug)]
pub enum Replacement {
    /// Every name moves to this module.
    Module(String),
    /// This symbol.
    Symbol(SymbolPath),
}

/// `kind = …` of a `[[retired]]` rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A class.
    Class,
    /// A function.
    Function,
    /// Anything else.
    Value,
}

/// A glob over module paths: `*` within a segment, `**` over any number of segments, none included: `a.**` covers
/// `a` itself. Without a wildcard it is that one module, not what lies below it. `@name` is a selector.
#[derive(Clone, Debug)]
pub struct ModulePattern {
    /// As written.
    pub text: String,
    /// What it stands for.
    pub matcher: ModuleMatcher,
}

/// What a [`ModulePattern`] stands for.
#[derive(Clone, Debug)]
pub enum ModuleMatcher {
    /// Matches module paths with their separator replaced by `/`.
    Glob(globset::GlobMatcher),
    /// What a `[[selector]]` selects.
    Selector(Arc<Selector>),
}

impl ModulePattern {
    /// Whether `module` (`a.b.c` or `a::b::c`) matches.
    #[must_use]
    pub fn matches(&self, module: &str) -> bool {
        match &self.matcher {
            ModuleMatcher::Glob(glob) => glob.is_match(module.replace("::", "/").replace('.', "/")),
            ModuleMatcher::Selector(selector) => {
                selector.selects(|pattern| pattern.matches(module))
            }
        }
    }

    /// Whether `module` or one above it matches.
    #[must_use]
    pub fn covers(&self, module: &str) -> bool {
        if self.is_literal() {
            return is_within(module, &self.text);
        }
        if let ModuleMatcher::Selector(selector) = &self.matcher {
            return selector.covers(module);
        }
        let paths = std::iter::successors(Some(module), |path| {
            let cut = path.rsplit_once("::").or_else(|| path.rsplit_once('.'));
            cut.map(|(above, _)| above)
        });
        paths.into_iter().any(|path| self.matches(path))
    }

    /// Whether it stands for a selector.
    #[must_use]
    pub fn is_selector(&self) -> bool {
        matches!(self.matcher, ModuleMatcher::Selector(_))
    }

    /// Whether the pattern is one plain module path.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        !self.text.contains(['*', '?', '[', '{', '@'])
    }
}

/// `[[selector]]`: a named set of modules.
#[derive(Clone, Debug)]
pub struct Selector {
    /// Its name, without the `@` that rules write before it.
    pub name: String,
    /// The modules it selects,
    pub modules: Vec<ModulePattern>,
    /// but not these.
    pub except: Vec<ModulePattern>,
    /// Where its name stands.
    pub location: Location,
    /// The built-in pack it comes from; none for the user's own.
    pub pack: Option<Arc<str>>,
}

impl Selector {
    /// Whether it selects `module`, by itself or with one above it.
    #[must_use]
    pub fn covers(&self, module: &str) -> bool {
        self.selects(|pattern| pattern.covers(module))
    }

    /// Whether it selects something that its patterns match as `matches` says.
    fn selects(&self, matches: impl Fn(&ModulePattern) -> bool) -> bool {
        self.modules.iter().any(&matches) && !self.except.iter().any(&matches)
    }
}

/// A selector, and whether any rule speaks of it.
#[derive(Clone, Debug)]
pub struct DeclaredSelector {
    /// The selector.
    pub selector: Arc<Selector>,
    /// Whether a rule or another selector names it.
    pub used: bool,
}

/// `[[per-request]]`.
#[derive(Clone, Debug)]
pub struct PerRequest {
    /// Id, reason, priority, severity, place.
    pub meta: RuleMeta,
    /// What must not be shared.
    pub symbol: SymbolPath,
}

/// `[[events]]`.
#[derive(Clone, Debug)]
pub struct Events {
    /// Id, reason, priority, severity, place.
    pub meta: RuleMeta,
    /// The events.
    pub names: Vec<String>,
    /// Where they must be emitted.
    pub modules: Vec<ModulePattern>,
}

/// `[[gateway]]`.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Id, reason, priority, severity, place.
    pub meta: RuleMeta,
    /// What is guarded.
    pub symbol: SymbolPath,
    /// The only users.
    pub only_in: Vec<ModulePattern>,
}

/// `[[contract]]`.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Id, reason, priority, severity, place.
    pub meta: RuleMeta,
    /// Which kind, with its lists of modules.
    pub kind: ContractKind,
    /// Imports that it does not count.
    pub ignored: Vec<IgnoredImport>,
    /// Whether imports for type checkers only count too.
    pub type_checking: bool,
}

/// The kinds of contracts. A pattern speaks of every module that it matches and of all that lies below.
#[derive(Clone, Debug)]
pub enum ContractKind {
    /// Each layer may import only those after it.
    Layers(Layers),
    /// `modules` must not import `forbidden`.
    Forbidden {
        /// The importers.
        modules: Vec<ModulePattern>,
        /// What they must not import; perhaps outside the project.
        forbidden: Vec<ModulePattern>,
        /// Whether chains through other modules count too.
        indirect: bool,
    },
    /// None of them imports another.
    Independence(Vec<ModulePattern>),
    /// `modules` may be imported only by `importers`, and by each other.
    Protected {
        /// What is protected.
        modules: Vec<ModulePattern>,
        /// Who may import it.
        importers: Vec<ModulePattern>,
    },
}

/// The layers of a contract.
#[derive(Clone, Debug)]
pub struct Layers {
    /// The layers, highest first.
    pub layers: Vec<Tier>,
    /// The packages that each have these layers; none when the layers are named in full.
    pub containers: Vec<String>,
    /// Whether everything directly in a container must be in a layer.
    pub exhaustive: bool,
    /// What need not be, by its name in the container.
    pub exempt: Vec<String>,
}

/// One layer: a module, or several side by side.
#[derive(Clone, Debug)]
pub struct Tier {
    /// The modules.
    pub members: Vec<TierMember>,
    /// Whether they must not import each other: `a | b`, not `a : b`.
    pub independent: bool,
}

/// A module of a layer.
#[derive(Clone, Debug)]
pub struct TierMember {
    /// Its path, below the container where there are containers.
    pub module: String,
    /// Whether it may be missing: `(a)`.
    pub optional: bool,
}

/// `importer -> imported` of a contract's `ignore-imports`.
#[derive(Clone, Debug)]
pub struct IgnoredImport {
    /// The modules that import.
    pub importer: ModulePattern,
    /// What they import.
    pub imported: ModulePattern,
}

/// `[[allow]]`: a dated exception.
#[derive(Clone, Debug)]
pub struct Allow {
    /// Where the exception stands.
    pub location: Location,
    /// The check; `None` means every check.
    pub check: Option<String>,
    /// Files it covers; empty means all.
    pub paths: GlobSet,
    /// Only findings about this symbol.
    pub symbol: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day it holds, `YYYY-MM-DD`.
    pub until: Option<String>,
}
