//! Finds the rules file, reads it and those it extends, and puts them together.
//!
//! The only part of `config` that touches the file system.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value as Schema;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::layer::{Layer, lower};
use super::model::{Config, Factories, Gate, ImportStyle, Project, PythonVersion};
use super::names::{all_of, closest};
use super::problem::{ConfigError, Place, Problems, RulesFile, Sources};
use super::raw::{self, At};
use super::schema::schema_value;
use super::selectors::Selectors;
use super::shape::{Node, Shape, span};
use super::{conflicts, endorsed, globs, import_style, packs, python_version, since};
use crate::diagnostic::Severity;

const RULES_FILE: &str = "ssot.toml";
const PYPROJECT: &str = "pyproject.toml";
/// How many files may extend each other in a row.
const DEEPEST: usize = 32;

/// Where to look for the rules.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// The folder to start from, usually the working directory.
    pub start: PathBuf,
    /// A rules file given by name, relative to `start`; nothing else is looked for.
    pub file: Option<PathBuf>,
    /// Read no file at all, whatever `file` says.
    pub isolated: bool,
}

/// The rules with the texts they came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The rules.
    pub config: Config,
    /// Every file read, to quote from: the rules file first, then those it extends.
    pub files: Vec<RulesFile>,
}

/// Loads the rules.
///
/// The rules file is the nearest one from `start` upwards: `ssot.toml`, or a `pyproject.toml` that has a table
/// `[tool.ssot]`; in one folder `ssot.toml` comes first. The project's root is the folder it was found in. It is
/// `start` when there is none, and when the file is given by name: then the file is only where the rules are kept.
pub fn load(options: &LoadOptions) -> Result<Loaded, ConfigError> {
    let start = absolute(&options.start);
    if options.isolated {
        return Ok(Loaded {
            config: defaults(start),
            files: Vec::new(),
        });
    }
    if let Some(file) = &options.file {
        let file = start.join(file);
        return Reader::new(&start).finish(Some(&file));
    }
    match find(&start) {
        Some(file) => Reader::new(file.parent().unwrap_or(&start)).finish(Some(&file)),
        None => Reader::new(&start).finish(None),
    }
}

/// The project's root as [`load`] finds it, without reading the rules: what is wrong with them does not matter.
#[must_use]
pub fn root(options: &LoadOptions) -> PathBuf {
    let start = absolute(&options.start);
    if options.isolated || options.file.is_some() {
        return start;
    }
    let file = find(&start);
    file.as_deref()
        .and_then(Path::parent)
        .map_or(start, Path::to_path_buf)
}

/// Reads rules from `text`, as if it were the `ssot.toml` of the project at `root`.
pub fn parse(root: &Path, text: &str) -> Result<Loaded, ConfigError> {
    let mut reader = Reader::new(root);
    let path = reader.root.join(RULES_FILE);
    let layer = reader.text(&path, text.to_owned(), &[]);
    reader.assemble(layer, Some(Arc::from(RULES_FILE)))
}

/// The nearest rules file from `start` upwards.
fn find(start: &Path) -> Option<PathBuf> {
    start.ancestors().find_map(|folder| {
        let own = folder.join(RULES_FILE);
        if own.is_file() {
            return Some(own);
        }
        let pyproject = folder.join(PYPROJECT);
        let text = text_of(&pyproject)?;
        has_rules(&text).then_some(pyproject)
    })
}

/// Whether a `pyproject.toml` has a table `[tool.ssot]`. One that does not parse has it when it seems to.
fn has_rules(text: &str) -> bool {
    if !text.contains("ssot") {
        return false;
    }
    match DeTable::parse(text) {
        Ok(table) => table
            .get_ref()
            .get("tool")
            .is_some_and(|tool| tool.get_ref().get("ssot").is_some()),
        Err(_) => text.contains("[tool.ssot"),
    }
}

fn absolute(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if absolute
        .components()
        .any(|part| part == Component::ParentDir)
    {
        return absolute.canonicalize().unwrap_or(absolute);
    }
    absolute
}

/// Reads files and collects what they say.
struct Reader {
    root: PathBuf,
    schema: Schema,
    sources: Sources,
    problems: Problems,
    selectors: Selectors,
    /// Files and packs that have been read or are being read.
    seen: Vec<PathBuf>,
}

/// An entry of `extend`, found.
enum Base {
    Pack(&'static str),
    File(PathBuf),
}

impl Reader {
    fn new(root: &Path) -> Self {
        Self {
            root: absolute(root),
            schema: schema_value(),
            sources: Sources::default(),
            problems: Problems::default(),
            selectors: Selectors::default(),
            seen: Vec::new(),
        }
    }

    fn finish(mut self, file: Option<&Path>) -> Result<Loaded, ConfigError> {
        let (layer, shown) = match file {
            Some(file) => (self.file(file), Some(self.shown(file))),
            None => (Layer::default(), None),
        };
        self.assemble(layer, shown)
    }

    /// Reads the rules file itself.
    fn file(&mut self, path: &Path) -> Layer {
        match read(path) {
            Ok(text) => self.text(path, text, &[]),
            Err(reason) => {
                let file = self.add_source(self.shown(path), String::new(), None);
                self.problems
                    .add_file(file, format!("cannot read the rules file: {reason}"));
                Layer::default()
            }
        }
    }

    fn text(&mut self, path: &Path, text: String, above: &[PathBuf]) -> Layer {
        let file = self.add_source(self.shown(path), text, None);
        let in_pyproject = path.file_name().is_some_and(|name| name == PYPROJECT);
        let Some(rules) = self.rules(file, in_pyproject) else {
            return Layer::default();
        };
        let mut chain = above.to_vec();
        chain.push(identity(path));
        self.seen.push(identity(path));
        let mut layer = self.bases(&rules.extend, file, path, &chain);
        layer.extend(self.lower(&rules, file));
        layer
    }

    fn pack(&mut self, name: &str, text: &str) -> Layer {
        let shown = Arc::from(format!("<pack {name}>"));
        let file = self.add_source(shown, text.to_owned(), Some(Arc::from(name)));
        match self.rules(file, false) {
            Some(rules) => self.lower(&rules, file),
            None => Layer::default(),
        }
    }

    fn lower(&mut self, rules: &raw::Rules, file: usize) -> Layer {
        lower(
            rules,
            file,
            &self.sources,
            &mut self.selectors,
            &mut self.problems,
        )
    }

    /// What the files say that `extend` names.
    fn bases(
        &mut self,
        extend: &[At<String>],
        file: usize,
        path: &Path,
        chain: &[PathBuf],
    ) -> Layer {
        let mut layer = Layer::default();
        for entry in extend {
            let place = Place {
                file,
                span: entry.span(),
            };
            let Some(base) = self.base(entry.get(), place, path) else {
                continue;
            };
            let id = match &base {
                Base::Pack(_) => PathBuf::from(format!("<pack {}>", entry.get())),
                Base::File(path) => identity(path),
            };
            if let Some(at) = chain.iter().position(|path| *path == id) {
                self.extends_itself(place, &chain[at..]);
                continue;
            }
            if self.seen.contains(&id) {
                continue;
            }
            self.seen.push(id);
            match base {
                Base::Pack(text) => layer.extend(self.pack(entry.get(), text)),
                Base::File(_) if chain.len() >= DEEPEST => {
                    self.problems.add(
                        place,
                        format!("more than {DEEPEST} files extend each other"),
                    );
                }
                Base::File(base) => match read(&base) {
                    Ok(text) => layer.extend(self.text(&base, text, chain)),
                    Err(reason) => {
                        self.problems
                            .add(place, format!("cannot read `{}`: {reason}", entry.get()));
                    }
                },
            }
        }
        layer
    }

    fn base(&mut self, name: &str, place: Place, from: &Path) -> Option<Base> {
        let is_file = Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "toml");
        if is_file || name.contains(['/', '\\']) {
            let folder = from.parent().unwrap_or(&self.root);
            return Some(Base::File(folder.join(name)));
        }
        if let Some(text) = packs::pack(name) {
            return Some(Base::Pack(text));
        }
        let problem = self
            .problems
            .add(place, format!("there is no rule pack `{name}`"));
        match closest(name, packs::pack_names()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help(format!(
                "the packs are {}; files are named by a path that ends in `.toml`",
                all_of(packs::pack_names())
            )),
        };
        None
    }

    fn extends_itself(&mut self, place: Place, cycle: &[PathBuf]) {
        let names: Vec<String> = cycle
            .iter()
            .chain(cycle.first())
            .map(|path| format!("`{}`", self.shown(path)))
            .collect();
        self.problems
            .add(place, "the file extends itself")
            .help(names.join(" extends "));
    }

    /// The rules in a file, without what is wrong in them; none when nothing can be read from it.
    fn rules(&mut self, file: usize, in_pyproject: bool) -> Option<raw::Rules> {
        let text = self.sources.file(file).text.clone();
        let document = match DeTable::parse(&text) {
            Ok(document) => document,
            Err(error) => {
                self.syntax_error(file, &error);
                return None;
            }
        };
        let whole = toml::Spanned::new(document.span(), DeValue::Table(document.into_inner()));
        let (table, prefix) = if in_pyproject {
            (tool_table(whole), "tool.ssot")
        } else {
            (Some(whole), "")
        };
        let Some(table) = table else {
            self.problems
                .add_file(file, "there is no table `[tool.ssot]` in it");
            return None;
        };
        let mut shape = Shape {
            file,
            text: &text,
            prefix,
            problems: &mut self.problems,
        };
        let table = shape.rules(table, &self.schema)?;
        match raw::Rules::deserialize(ValueDeserializer::from(table)) {
            Ok(rules) => Some(rules),
            Err(error) => {
                self.syntax_error(file, &error);
                None
            }
        }
    }

    fn syntax_error(&mut self, file: usize, error: &toml::de::Error) {
        let message = error.message().trim().replace('\n', ", ");
        match error.span() {
            Some(range) => {
                let place = Place {
                    file,
                    span: span(range),
                };
                self.problems.add(place, message);
            }
            None => {
                self.problems.add_file(file, message);
            }
        }
    }

    fn add_source(&mut self, path: Arc<str>, text: String, pack: Option<Arc<str>>) -> usize {
        self.sources.add(RulesFile {
            path,
            text: Arc::from(text),
            pack,
        })
    }

    /// `path` relative to the root, with `/`.
    fn shown(&self, path: &Path) -> Arc<str> {
        let path = normal(path);
        let root: Vec<Component<'_>> = self.root.components().collect();
        let parts: Vec<Component<'_>> = path.components().collect();
        let common = root.iter().zip(&parts).take_while(|(a, b)| a == b).count();
        // Nothing shared but the file system's root: the way there says less than the path itself.
        if common <= 1 && path.is_absolute() {
            return Arc::from(path.to_string_lossy().replace('\\', "/"));
        }
        let up = root[common..].iter().map(|_| "..".to_owned());
        let down = parts[common..]
            .iter()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        let relative: Vec<String> = up.chain(down).collect();
        Arc::from(relative.join("/"))
    }

    /// Checks what needs all files, fills in the defaults.
    fn assemble(mut self, mut layer: Layer, file: Option<Arc<str>>) -> Result<Loaded, ConfigError> {
        self.registry(&mut layer);
        conflicts::check(&layer, &mut self.problems);
        conflicts::settle_ids(&mut layer, &mut self.problems);
        self.check_project(&layer);
        self.problems.into_result(&self.sources)?;
        let required = || required_python(&self.root);
        let target_version = layer.target_version.or_else(required);
        let waiting = since::set_aside(&mut layer, target_version);
        let import_style = import_style::of(&self.root, text_of);
        let mut config = fill(layer, self.root);
        config.waiting = waiting;
        config.file = file;
        config.selectors = self.selectors.into_declared();
        config.project.import_style = import_style;
        config.project.target_version = target_version;
        Ok(Loaded {
            config,
            files: self.sources.into_files(),
        })
    }

    /// Adds what the import registry endorses, if that is to count as rules.
    fn registry(&mut self, layer: &mut Layer) {
        let (Some((true, switch)), Some(path)) = (layer.registry_as_rules, layer.registry.clone())
        else {
            return;
        };
        match document(&self.root.join(&path)) {
            Ok(text) => {
                let file = self.add_source(Arc::from(path), text, None);
                endorsed::add(layer, file, &self.sources);
            }
            Err(reason) => {
                self.problems
                    .add(switch, format!("cannot read `{path}`: {reason}"));
            }
        }
    }

    fn check_project(&mut self, layer: &Layer) {
        for (root, place) in layer.roots.iter().flatten() {
            if !self.root.join(root).is_dir() {
                self.problems
                    .add(*place, format!("there is no folder `{root}`"));
            }
        }
        if let (Some((true, place)), None) = (layer.registry_as_rules, &layer.registry) {
            self.problems
                .add(place, "`registry-as-rules` needs `registry`");
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

/// The text of a document, as far as it is text.
fn document(path: &Path) -> Result<String, String> {
    if path.exists() && !path.is_file() {
        return Err("it is no file".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    }
}

/// The text of a file that need not be there; nobody asked for it, so it must not be a pipe that makes us wait.
fn text_of(path: &Path) -> Option<String> {
    path.is_file().then(|| fs::read_to_string(path).ok())?
}

/// `[tool.ssot]` of a whole `pyproject.toml`.
fn tool_table(document: Node<'_>) -> Option<Node<'_>> {
    ["tool", "ssot"]
        .into_iter()
        .try_fold(document, |node, key| match node.into_inner() {
            DeValue::Table(mut table) => table.remove(key),
            _ => None,
        })
}

/// What makes two paths the same file.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| normal(path))
}

/// `path` without `.` and `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            _ => normal.push(part),
        }
    }
    normal
}

/// The oldest Python that the project's own `pyproject.toml` admits. A file that cannot be read says nothing.
fn required_python(root: &Path) -> Option<PythonVersion> {
    let text = text_of(&root.join(PYPROJECT))?;
    let words = |value: &DeValue<'_>| value.as_str().map(str::to_owned);
    let specifier =
        import_style::lookup(&text, &["project", "requires-python"], words).or_else(|| {
            import_style::lookup(&text, &["tool", "poetry", "dependencies", "python"], words)
        })?;
    python_version::lower_bound(&specifier)
}

fn defaults(root: PathBuf) -> Config {
    fill(Layer::default(), root)
}

/// The configuration that `layer` stands for, with the defaults where it is silent.
fn fill(layer: Layer, root: PathBuf) -> Config {
    let tests = [
        "**/tests/**",
        "**/test_*.py",
        "**/*_test.py",
        "**/conftest.py",
    ];
    Config {
        root,
        file: None,
        project: Project {
            roots: layer
                .roots
                .into_iter()
                .flatten()
                .map(|(root, _)| root)
                .collect(),
            exclude: layer.exclude.unwrap_or_else(globset::GlobSet::empty),
            tests: layer.tests.unwrap_or_else(|| globs::builtin(&tests)),
            registry: layer.registry,
            registry_as_rules: layer.registry_as_rules.is_some_and(|(switch, _)| switch),
            target_version: layer.target_version,
            import_style: ImportStyle::default(),
        },
        gate: Gate {
            min_score: layer.min_score,
            fail_on: layer.fail_on.unwrap_or(Some(Severity::Error)),
        },
        checks: layer.checks,
        factories: Factories {
            rust_pattern: layer.pattern.clone().unwrap_or_else(default_rust_factories),
            pattern: layer.pattern.unwrap_or_else(default_factories),
            allow: layer
                .factories_allow
                .unwrap_or_else(globset::GlobSet::empty),
        },
        weights: layer.weights,
        selectors: Vec::new(),
        canonical: layer.canonical.into_iter().map(|l| l.rule).collect(),
        retired: layer.retired.into_iter().map(|l| l.rule).collect(),
        per_request: layer.per_request.into_iter().map(|l| l.rule).collect(),
        events: layer.events.into_iter().map(|l| l.rule).collect(),
        gateways: layer.gateways.into_iter().map(|l| l.rule).collect(),
        contracts: layer.contracts.into_iter().map(|l| l.rule).collect(),
        allow: layer.allow,
        waiting: std::collections::BTreeMap::new(),
        all_calls: false,
    }
}

/// The same in Rust, where they are often called `new_…`, too.
fn default_rust_factories() -> Regex {
    #[allow(clippy::unwrap_used, reason = "a constant pattern, covered by a test")]
    Regex::new(r"^(new|get|create|make|build)_\w+$").unwrap()
}

/// Names that are factories unless the rules file says otherwise.
fn default_factories() -> Regex {
    #[allow(clippy::unwrap_used, reason = "a constant pattern, covered by a test")]
    Regex::new(r"^(get|create|make|build)_\w+$").unwrap()
}
