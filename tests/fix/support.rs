//! Small repositories, a stand-in for the checks, and ways to look at what a fix does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ssot::config::{Config, SymbolPath};
use ssot::diagnostic::{Applicability, Finding, Location, Relocation, Severity, Site};
use ssot::facts::{ImportId, ImportTarget, Root};
use ssot::fix::pending::Pending;
use ssot::fix::transaction::{About, Transactions};
use ssot::fix::{FixRun, Project, fix, plan};
use ssot::graph::imports::ImportGraph;
use ssot::index::{Entity, File, FileId, Index, ModuleRef};
use ssot::lang::Language;
use ssot::source;
use ssot::span::Span;

/// A repository in a folder of its own.
pub(crate) struct Repo {
    pub(crate) dir: tempfile::TempDir,
}

/// A repository that has been read.
pub(crate) struct Read {
    pub(crate) root: PathBuf,
    pub(crate) index: Index,
    pub(crate) imports: ImportGraph,
    pub(crate) config: Config,
    pub(crate) pending: Pending,
}

/// What a fix did.
pub(crate) struct Fixed {
    pub(crate) findings: Vec<Finding>,
    pub(crate) run: FixRun,
}

impl Repo {
    /// Files by path; missing `__init__.py` files are not added.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let repo = Self { dir };
        for (path, text) in files {
            repo.write(path, text.as_bytes());
        }
        repo
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.dir.path().join(path)).unwrap()
    }

    pub(crate) fn read(&self) -> Read {
        let root = self.dir.path().to_path_buf();
        let mut paths = Vec::new();
        walk(&root, &root, &mut paths);
        paths.sort();
        let files = paths
            .into_iter()
            .map(|path| {
                let language = Language::of_path(&path).unwrap();
                let source = source::read(&root.join(&path), language).unwrap();
                File {
                    is_test: path.contains("test"),
                    path: Arc::from(path),
                    language,
                    facts: language.extract(&source.text, None).into(),
                }
            })
            .collect();
        let index = Index::build(files, &[String::new()], &[], BTreeSet::new());
        let imports = ImportGraph::build(&index);
        let config = ssot::config::parse(&root, "").unwrap().config;
        Read {
            root,
            index,
            imports,
            config,
            pending: Pending::default(),
        }
    }

    /// Plans and fixes what a check for `canonical` finds; writes nothing.
    pub(crate) fn fix(&self, rules: &Rules<'_>, wanted: Applicability) -> Fixed {
        let read = self.read();
        let mut findings = rules.findings(&read.index);
        plan(&read.project(), &mut findings);
        let run = fix(&read.project(), &findings, wanted);
        Fixed { findings, run }
    }

    /// Plans and fixes what all checks find under a rules file; writes nothing.
    pub(crate) fn check(&self, rules: &str, wanted: Applicability) -> Fixed {
        let config = ssot::config::parse(self.dir.path(), rules).unwrap().config;
        let project = ssot::Project::read(config);
        let graphs = ssot::Graphs::build(&project.index);
        let checks = ssot::checks::ALL.to_vec();
        let mut findings = ssot::analyze(&project, &graphs, &checks, false).findings;
        let fixing = Project {
            root: &project.config.root,
            index: &project.index,
            imports: &graphs.imports,
            config: &project.config,
            pending: &Pending::default(),
        };
        plan(&fixing, &mut findings);
        let run = fix(&fixing, &findings, wanted);
        Fixed { findings, run }
    }

    /// The same, written.
    pub(crate) fn apply_check(&self, rules: &str, wanted: Applicability) -> Fixed {
        let fixed = self.check(rules, wanted);
        for new in &fixed.run.contents {
            let text = fixed.text(new.path.to_str().unwrap()).unwrap();
            self.write(new.path.to_str().unwrap(), text.as_bytes());
        }
        fixed
    }

    /// The fixes of a check for `canonical`, written.
    pub(crate) fn apply(&self, rules: &Rules<'_>, wanted: Applicability) -> Fixed {
        let fixed = self.fix(rules, wanted);
        let journals = tempfile::tempdir().unwrap();
        Transactions::open_in(self.dir.path(), journals.path())
            .and_then(|it| it.write(&fixed.run.contents, About::default()))
            .unwrap();
        fixed
    }
}

fn walk(root: &Path, folder: &Path, out: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, out);
        } else if path
            .extension()
            .is_some_and(|ext| ext == "py" || ext == "pyi")
        {
            let below = path.strip_prefix(root).unwrap();
            out.push(below.to_str().unwrap().replace('\\', "/"));
        }
    }
}

impl Read {
    pub(crate) fn project(&self) -> Project<'_> {
        Project {
            root: &self.root,
            index: &self.index,
            imports: &self.imports,
            config: &self.config,
            pending: &self.pending,
        }
    }
}

/// One canonical symbol and the old paths that are vouched for.
pub(crate) struct Rules<'r> {
    pub(crate) canonical: &'r str,
    pub(crate) replaces: &'r [&'r str],
}

pub(crate) fn canonical(canonical: &str) -> Rules<'_> {
    Rules {
        canonical,
        replaces: &[],
    }
}

fn symbol(path: &str) -> SymbolPath {
    let (module, name) = path.split_once(':').unwrap();
    SymbolPath {
        module: module.to_owned(),
        name: name.to_owned(),
    }
}

impl Rules<'_> {
    /// Every site that reaches the symbol, or another one of its name, by another path.
    pub(crate) fn findings(&self, index: &Index) -> Vec<Finding> {
        let to = symbol(self.canonical);
        let home = index.modules.by_name(&to.module);
        let wanted = home.map_or_else(Vec::new, |home| index.member(home, &to.name).entities);
        let mut found = Vec::new();
        let mut push =
            |file: FileId, site, local: &str, from: (&str, &str), entities: &[Entity]| {
                let path = format!("{}:{}", from.0, from.1);
                let vouched = self.replaces.contains(&path.as_str());
                let same_object = !entities.is_empty() && entities == wanted;
                if path == self.canonical || !(vouched || same_object || from.1 == to.name) {
                    return;
                }
                let mut finding = Finding::new(
                    "noncanonical-import",
                    Severity::Error,
                    Location {
                        path: Arc::clone(&index.file(file).path),
                        start: index.facts(file).lines.position(0),
                        end: index.facts(file).lines.position(0),
                    },
                    path,
                );
                finding.relocation = Some(Relocation {
                    file,
                    site,
                    to: to.clone(),
                    local: local.to_owned(),
                    same_object,
                    vouched,
                });
                found.push(finding);
            };
        for file in index.file_ids() {
            let facts = index.facts(file);
            for (at, import) in facts.imports.iter().enumerate() {
                let id = ImportId(at as u32);
                let module = index.imported_module(file, id);
                let from = match module {
                    ModuleRef::Known(module) => &index.module(module).name,
                    _ => facts.name(import.module),
                };
                match import.target {
                    ImportTarget::Name(name) => {
                        let symbol = ssot::index::SymbolId {
                            file,
                            binding: import.binding.unwrap(),
                        };
                        let (entities, ..) = index.binding_entities(symbol);
                        let local = index.symbol_name(symbol);
                        let from = (from, facts.name(name));
                        push(file, Site::Import(id), local, from, &entities);
                    }
                    ImportTarget::Star => {
                        let entities = index.free_name(file, &to.name).entities;
                        if !entities.is_empty() {
                            push(file, Site::Star(id), &to.name, (from, &to.name), &entities);
                        }
                    }
                    ImportTarget::Module | ImportTarget::ModuleAs => {}
                }
            }
            let callees = facts.calls.iter().map(|call| &call.callee);
            for reference in facts.references.iter().chain(callees) {
                let (Root::Bound(set), [.., last]) = (reference.root, facts.path(reference.path))
                else {
                    continue;
                };
                let &[binding] = facts.binding_set(set) else {
                    continue;
                };
                let ssot::facts::BindingValue::Import(import) =
                    facts.bindings[binding.index()].value
                else {
                    continue;
                };
                let (&root, ..) = index
                    .binding_entities(ssot::index::SymbolId { file, binding })
                    .0
                    .first()
                    .map_or((&Entity::Module(ssot::index::ModuleId(0)),), |one| (one,));
                let Entity::Module(mut module) = root else {
                    continue;
                };
                let path = facts.path(reference.path);
                let mut is_module = true;
                for &name in &path[..path.len() - 1] {
                    match index.modules.submodule(module, facts.name(name)) {
                        Some(next) => module = next,
                        None => is_module = false,
                    }
                }
                if is_module {
                    let name = facts.name(*last);
                    let entities = index.member(module, name).entities;
                    let from = (&*index.module(module).name, name);
                    push(
                        file,
                        Site::Use(reference.span, import),
                        name,
                        from,
                        &entities,
                    );
                }
            }
        }
        found
    }
}

impl Fixed {
    /// The new text of a file, if it changes.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let contents = self
            .run
            .contents
            .iter()
            .find(|one| one.path == Path::new(path))?;
        Some(String::from_utf8(contents.bytes.clone()?).unwrap())
    }

    /// The findings of a file.
    pub(crate) fn of(&self, path: &str) -> Vec<&Finding> {
        let here = self
            .findings
            .iter()
            .filter(|one| &*one.location.path == path);
        here.collect()
    }

    /// Why the only finding of a file has no fix.
    pub(crate) fn refusal(&self, path: &str) -> &str {
        let [finding] = self.of(path)[..] else {
            panic!("findings of {path}: {:?}", self.of(path));
        };
        assert!(finding.fix.is_none(), "{finding:?}");
        assert!(self.text(path).is_none());
        finding.refusal.as_deref().unwrap()
    }
}

/// The findings' edits spliced into the bytes of each file.
pub(crate) fn spliced(repo: &Repo, findings: &[Finding]) -> BTreeMap<String, Vec<u8>> {
    let mut edits = BTreeSet::new();
    for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        edits.extend(fix.edits.iter().cloned());
    }
    let mut out: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for edit in edits.iter().rev() {
        let bytes = out
            .entry(edit.path.to_string())
            .or_insert_with(|| fs::read(repo.dir.path().join(&*edit.path)).unwrap());
        let range = edit.start as usize..edit.end as usize;
        bytes.splice(range, edit.content.bytes());
    }
    out
}

/// A span of a text.
pub(crate) fn span_of(text: &str, part: &str) -> Span {
    let start = text.find(part).unwrap() as u32;
    Span::new(start, start + part.len() as u32)
}
