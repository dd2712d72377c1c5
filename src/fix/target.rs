//! Where a move leads: the module that the new path names, and what it binds.

use crate::diagnostic::Site;
use crate::facts::{Import, ImportTarget};
use crate::fix::moves::Move;
use crate::index::{Entity, Index, ModuleId, ModuleRef};

/// Where a move leads.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The module named; in `import a.b`, `a.b` itself.
    pub(super) module: ModuleRef,
    /// Its dotted name.
    pub(super) path: String,
    /// The name taken from it; none in `import a.b`.
    pub(super) name: Option<String>,
    /// The module that is loaded in the end: the one named, or a submodule of it.
    pub(super) loaded: Option<ModuleId>,
    /// Whether importing it runs code.
    runs: bool,
}

/// What a path binds.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound {
    /// Everything it may be, as far as it lies in the project.
    pub(super) entities: Vec<Entity>,
    /// The path of something outside the project.
    pub(super) external: Option<String>,
    /// Whether it may be something else.
    pub(super) is_open: bool,
}

impl Bound {
    /// Whether it is known not to exist.
    pub(super) fn is_missing(&self) -> bool {
        self.entities.is_empty() && self.external.is_none() && !self.is_open
    }
}

impl Target {
    pub(super) fn of(index: &Index, one: &Move) -> Self {
        let (file, to) = (one.relocation.file, &one.relocation.to);
        let takes_module = |import: &Import| {
            matches!(import.target, ImportTarget::Module | ImportTarget::ModuleAs)
        };
        let is_whole = matches!(one.relocation.site, Site::Import(_))
            && one.import(index).is_some_and(takes_module);
        let (path, name) = match (is_whole, to.module.as_str()) {
            (true, "") => (to.name.clone(), None),
            (true, parent) => {
                let separator = index.file(file).language.separator();
                (format!("{parent}{separator}{}", to.name), None)
            }
            (false, module) => (module.to_owned(), Some(to.name.clone())),
        };
        let module = index.absolute_module(file, &path);
        // Nothing runs when a declared module is imported.
        let runs = !index.file(file).language.declares_modules();
        let loaded = match module {
            _ if !runs => None,
            ModuleRef::Known(id) => name
                .as_deref()
                .filter(|name| index.member(id, name).bindings.is_empty())
                .and_then(|name| index.modules.submodule(id, name))
                .or(Some(id)),
            _ => None,
        };
        Self {
            module,
            path,
            name,
            loaded: loaded.filter(|id| index.module(*id).file.is_some()),
            runs,
        }
    }

    /// What the path binds.
    pub(super) fn bound(&self, index: &Index) -> Bound {
        let mut bound = Bound::default();
        match (self.module, &self.name) {
            (ModuleRef::Known(id), None) => bound.entities.push(Entity::Module(id)),
            (ModuleRef::Known(id), Some(name)) => {
                let found = index.member(id, name);
                bound.is_open = found.unknown.is_some() || !found.externals.is_empty();
                bound.is_open |= found.entities.is_empty() && index.module(id).file.is_none();
                bound.entities = found.entities;
            }
            (ModuleRef::External, name) => {
                bound.external = Some(match name {
                    Some(name) if self.path.contains("::") || !self.runs => {
                        format!("{}::{name}", self.path)
                    }
                    Some(name) => format!("{}.{name}", self.path),
                    None => self.path.clone(),
                });
            }
            (ModuleRef::Unknown(_), _) => bound.is_open = true,
            (ModuleRef::Missing, _) => {}
        }
        bound
    }
}
