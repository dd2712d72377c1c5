//! Modules that their parents declare, from the first file of each unit of compilation down.
//!
//! Owns their names and which file or part of a file each is. A file belongs to the first unit that reaches it; where
//! others declare it as well, they share the module.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{File, FileId};
use crate::facts::{ModuleDeclaration, ScopeId, Visibility};
use crate::lang::Unit;

/// A declared module.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    /// Tells it from all others: the first file of its unit, then the names on the way.
    pub(super) stem: String,
    pub(super) file: FileId,
    pub(super) scope: ScopeId,
    /// Its place among [`Tree::modules`].
    pub(super) parent: Option<usize>,
    pub(super) unit: u32,
    pub(super) visibility: Visibility,
    pub(super) is_test: bool,
    /// The first of the modules that it may stand for, where conditions choose between several.
    pub(super) variant_of: Option<usize>,
}

/// All declared modules.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) modules: Vec<Declared>,
    /// Other stems of modules.
    pub(super) aliases: Vec<(String, usize)>,
    /// Stems of modules that are declared but whose files are not there.
    pub(super) missing: Vec<String>,
    /// The units: those that were given, then one for each file that none of them reaches.
    pub(super) units: Vec<Unit>,
}

/// A module whose declarations are to be followed.
struct Open {
    module: usize,
    /// Where its submodules are looked for.
    children: String,
    is_inline: bool,
}

struct Builder<'a> {
    files: &'a [File],
    by_path: FxHashMap<&'a str, FileId>,
    /// The module that each file is.
    claimed: FxHashMap<FileId, usize>,
    names: FxHashSet<String>,
    /// Names of modules that are not declared.
    foreign: FxHashSet<String>,
    by_stem: FxHashMap<String, usize>,
    tree: Tree,
    open: Vec<Open>,
}

/// Follows the declarations of all units; `taken` are names of modules that are there already.
pub(super) fn build(files: &[File], units: &[Unit], taken: FxHashSet<String>) -> Tree {
    let declaring = (0..).map(FileId).zip(files);
    let by_path: FxHashMap<&str, FileId> = declaring
        .filter(|(_, file)| file.language.declares_modules())
        .map(|(id, file)| (&*file.path, id))
        .collect();
    let mut builder = Builder {
        files,
        by_path,
        claimed: FxHashMap::default(),
        foreign: taken.clone(),
        names: taken,
        by_stem: FxHashMap::default(),
        tree: Tree::default(),
        open: Vec::new(),
    };
    // A unit's first file is never part of another one.
    for unit in units {
        builder.root(unit);
    }
    builder.follow();
    builder.rest(units);
    builder.tree
}

impl Builder<'_> {
    fn root(&mut self, unit: &Unit) {
        let Some(&file) = self.by_path.get(unit.root.as_str()) else {
            return;
        };
        if self.claimed.contains_key(&file) {
            return;
        }
        let at = self.tree.units.len() as u32;
        self.tree.units.push(unit.clone());
        // A package of Python and its crate often share their name; what is below it differs by the separator.
        let is_shared = self.foreign.contains(&unit.name);
        let name = if is_shared {
            self.free_name(&format!("::{}", unit.name))
        } else {
            self.free_name(&unit.name)
        };
        let module = self.add(Declared {
            name,
            stem: unit.root.clone(),
            file,
            scope: ScopeId::MODULE,
            parent: None,
            unit: at,
            visibility: Visibility::Public,
            is_test: unit.is_test || self.files[file.index()].is_test,
            variant_of: None,
        });
        self.claimed.insert(file, module);
        let language = self.files[file.index()].language;
        self.open.push(Open {
            module,
            children: language.child_folder(&unit.root, true),
            is_inline: false,
        });
    }

    fn free_name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut count = 1;
        while !self.names.insert(name.clone()) {
            count += 1;
            name = format!("{wanted}#{count}");
        }
        name
    }

    fn add(&mut self, module: Declared) -> usize {
        let at = self.tree.modules.len();
        self.by_stem.entry(module.stem.clone()).or_insert(at);
        self.tree.modules.push(module);
        at
    }

    fn follow(&mut self) {
        self.open.reverse();
        while let Some(open) = self.open.pop() {
            let before = self.open.len();
            let module = &self.tree.modules[open.module];
            let (file, scope) = (module.file, module.scope);
            let files = self.files;
            for declaration in &files[file.index()].facts.modules {
                if declaration.scope == scope {
                    self.declared(&open, declaration);
                }
            }
            self.open[before..].reverse();
        }
    }

    fn declared(&mut self, open: &Open, declaration: &ModuleDeclaration) {
        let parent = &self.tree.modules[open.module];
        let file = &self.files[parent.file.index()];
        let name = file.facts.name(declaration.name);
        let stem = format!("{}/{name}", parent.stem);
        let path = declaration.path.as_deref();
        let (id, scope, children) = if let Some(body) = declaration.body {
            let folder = path.unwrap_or(name);
            let children = format!("{}/{folder}", open.children);
            (
                parent.file,
                body,
                children.trim_start_matches('/').to_owned(),
            )
        } else {
            let candidates = file.language.declared_files(
                &file.path,
                &open.children,
                open.is_inline,
                name,
                path,
            );
            let mut found = candidates.into_iter();
            let found =
                found.find_map(|(path, owns)| Some((*self.by_path.get(&*path)?, path, owns)));
            let Some((id, path, owns)) = found else {
                self.tree.missing.push(stem);
                return;
            };
            if let Some(&known) = self.claimed.get(&id) {
                self.by_stem.entry(stem.clone()).or_insert(known);
                self.tree.aliases.push((stem, known));
                return;
            }
            (id, ScopeId::MODULE, file.language.child_folder(&path, owns))
        };
        let wanted = format!("{}::{name}", parent.name.trim_start_matches("::"));
        let (unit, is_test) = (parent.unit, parent.is_test || declaration.test_only);
        let variant_of = self.by_stem.get(&stem).copied();
        let stem = match variant_of {
            Some(_) => format!("{stem}#{}", self.tree.modules.len()),
            None => stem,
        };
        let name = self.free_name(&wanted);
        let module = self.add(Declared {
            name,
            stem,
            file: id,
            scope,
            parent: Some(open.module),
            unit,
            visibility: declaration.visibility,
            is_test: is_test || self.files[id.index()].is_test,
            variant_of,
        });
        if declaration.body.is_none() {
            self.claimed.insert(id, module);
        }
        self.open.push(Open {
            module,
            children,
            is_inline: declaration.body.is_some(),
        });
    }

    /// Files that no unit reaches stand alone; those that look like first files go first.
    fn rest(&mut self, units: &[Unit]) {
        let mut paths: Vec<&str> = self.by_path.keys().copied().collect();
        paths.sort_unstable_by_key(|path| {
            let name = path.rsplit_once('/').map_or(*path, |(_, name)| name);
            let rank = match name {
                "lib.rs" => 0,
                "main.rs" => 1,
                "mod.rs" => 2,
                _ => 3,
            };
            (rank, *path)
        });
        for path in paths {
            if self.claimed.contains_key(&self.by_path[path]) {
                continue;
            }
            // It most likely is compiled as the package around it is: a case of a test, a template.
            let around = units
                .iter()
                .filter(|unit| {
                    unit.folder.is_empty() || path.starts_with(&format!("{}/", unit.folder))
                })
                .max_by_key(|unit| unit.folder.len());
            let stem = path.strip_suffix(".rs").unwrap_or(path);
            let mut unit = Unit {
                name: stem.replace('/', "::").replace('-', "_"),
                root: path.to_owned(),
                folder: String::new(),
                edition: 2021,
                is_guess: true,
                ..Unit::default()
            };
            if let Some(around) = around {
                unit.edition = around.edition;
                unit.others.clone_from(&around.others);
                unit.folder.clone_from(&around.folder);
                let own = units.iter().find(|one| one.folder == around.folder);
                unit.others
                    .extend(own.map(|own| (own.name.clone(), Some(own.root.clone()))));
            }
            self.root(&unit);
            self.follow();
        }
    }
}
