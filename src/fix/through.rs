//! Who reaches a name through a module: attribute chains, and the strings that tests patch.
//!
//! Owns the walk from module to module; what follows from it is for others to judge.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::facts::{
    ANY_NAME, BindingId, BindingValue, ImportId, ImportTarget, NameId, Reference, Root,
    StringTarget, StringTargetKind, Usage, When,
};
use crate::graph::imports::{ImportEdge, ImportGraph};
use crate::index::{Entity, FileId, Index, ModuleId, ModuleRef, SymbolId};
use crate::span::Span;

/// A module that an attribute is read from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// Of the project.
    Module(ModuleId),
    /// Outside, by its dotted path.
    External(String),
}

/// Every attribute that a reference reads from a module, in order.
pub(super) fn steps<'a>(
    index: &'a Index,
    file: FileId,
    reference: &Reference,
) -> Vec<(Place, &'a str)> {
    let facts = index.facts(file);
    let mut steps = Vec::new();
    let Root::Bound(set) = reference.root else {
        return steps;
    };
    if reference.path.is_empty() {
        return steps;
    }
    let mut places: Vec<Place> = Vec::new();
    for &binding in facts.binding_set(set) {
        let (entities, ..) = index.binding_entities(SymbolId { file, binding });
        places.extend(entities.into_iter().filter_map(|one| place(index, one)));
    }
    for &name in facts.path(reference.path) {
        let name = facts.name(name);
        let mut next = Vec::new();
        for one in places {
            match &one {
                Place::Module(module) => {
                    let found = index.member(*module, name).entities;
                    next.extend(found.into_iter().filter_map(|one| place(index, one)));
                }
                Place::External(path) => next.push(Place::External(format!("{path}.{name}"))),
            }
            steps.push((one, name));
        }
        places = next;
    }
    steps
}

fn place(index: &Index, entity: Entity) -> Option<Place> {
    match entity {
        Entity::Module(module) => Some(Place::Module(module)),
        Entity::External(id) => Some(Place::External(index.origins.external(id).to_owned())),
        Entity::Symbol(_) => None,
    }
}

/// Most hops that are followed from a name to where it is from.
const MOST_HOPS: usize = 32;

/// Whether a module can only have `name` once `source` has it: it imports it from there, perhaps through others, when
/// it is imported itself.
pub(super) fn comes_from(index: &Index, module: ModuleId, name: &str, source: ModuleId) -> bool {
    let mut open = vec![(module, name.to_owned())];
    for _ in 0..MOST_HOPS {
        let Some((module, name)) = open.pop() else {
            return true;
        };
        let found = index.member(module, &name);
        if found.bindings.is_empty() || found.unknown.is_some() {
            return false;
        }
        for symbol in found.bindings {
            if index.module_of(symbol.file) == Some(source) {
                continue;
            }
            let BindingValue::Import(id) = index.binding(symbol).value else {
                return false;
            };
            let facts = index.facts(symbol.file);
            let import = &facts.imports[id.index()];
            match (import.target, index.imported_module(symbol.file, id)) {
                (ImportTarget::Name(name), ModuleRef::Known(from))
                    if import.when == When::Import =>
                {
                    open.push((from, facts.name(name).to_owned()));
                }
                _ => return false,
            }
        }
    }
    false
}

/// All references of a file, calls included.
pub(super) fn references(index: &Index, file: FileId) -> impl Iterator<Item = &Reference> {
    let facts = index.facts(file);
    let callees = facts.calls.iter().map(|call| &call.callee);
    facts.references.iter().chain(callees)
}

/// The references that start at an offset.
pub(super) fn starting_at(
    index: &Index,
    file: FileId,
    offset: u32,
) -> impl Iterator<Item = &Reference> {
    references(index, file).filter(move |reference| reference.span.start == offset)
}

/// A place that replaces a name of a module: a string handed to a patch, or an assignment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patch {
    /// Its file.
    pub(super) file: FileId,
    /// The literal, or the attribute assigned to.
    pub(super) span: Span,
    /// Whether it replaces the name itself, not an attribute of it.
    pub(super) is_whole: bool,
    /// The path, where it is a call that is handed it: as a string, or as an object and the name of an attribute.
    pub(super) text: Option<NameId>,
    pub(super) by: By,
}

/// How a name is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By a call that is handed its path as a string.
    Text,
    /// By a call that is handed an object, which names of the file lead to.
    Object,
    /// The same, where the object may be another one.
    Doubtful,
    /// By an assignment, which may happen while modules are being imported; a test's patch comes later.
    Assignment,
}

/// The names that are replaced from outside.
#[derive(Debug, Default)]
pub(super) struct Patches(FxHashMap<(Place, String), Vec<Patch>>);

impl Patches {
    pub(super) fn collect(index: &Index) -> Self {
        let mut all: FxHashMap<(Place, String), Vec<Patch>> = FxHashMap::default();
        for file in index.file_ids() {
            let facts = index.facts(file);
            for target in &facts.string_targets {
                let dotted = facts.name(target.value);
                let of_object = is_of_object(target);
                let (found, is_sure) = match target.kind {
                    StringTargetKind::ImportModule => continue,
                    _ if of_object => replaced(index, file, dotted),
                    _ => (Vec::from_iter(resolve(index, file, dotted)), true),
                };
                let by = match target.kind {
                    StringTargetKind::Assigned => By::Assignment,
                    _ if !of_object => By::Text,
                    _ if is_sure => By::Object,
                    _ => By::Doubtful,
                };
                for (place, name, is_whole) in found {
                    all.entry((place, name)).or_default().push(Patch {
                        file,
                        span: target.span,
                        is_whole,
                        text: (by != By::Assignment).then_some(target.value),
                        by,
                    });
                }
            }
            for reference in references(index, file)
                .filter(|one| matches!(one.usage, Usage::Store | Usage::Delete))
            {
                let steps = steps(index, file, reference);
                let is_whole = steps.len() >= reference.path.len as usize;
                if let Some((place, name)) = steps.into_iter().next_back() {
                    all.entry((place, name.to_owned()))
                        .or_default()
                        .push(Patch {
                            file,
                            span: reference.span,
                            is_whole,
                            text: None,
                            by: By::Assignment,
                        });
                }
            }
        }
        Self(all)
    }

    /// Whether a string replaces anything at all.
    pub(super) fn any_string(&self) -> bool {
        self.0.values().flatten().any(|patch| patch.text.is_some())
    }

    /// All places that replace a name, or an attribute of it.
    pub(super) fn of(&self, name: &(Place, String)) -> &[Patch] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether any name of a module may be replaced.
    pub(super) fn any_of(&self, place: &Place) -> bool {
        self.0.contains_key(&(place.clone(), ANY_NAME.to_owned()))
    }

    /// All of them, by what they replace.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&(Place, String), &[Patch])> {
        self.0.iter().map(|(name, all)| (name, all.as_slice()))
    }

    /// The first place that replaces a name, or with `deep` an attribute of it, before a reader that is `late`: one
    /// that reads when functions run, not when modules are imported.
    pub(super) fn find(&self, place: &Place, name: &str, deep: bool, late: bool) -> Option<&Patch> {
        let mut all = [name, ANY_NAME]
            .into_iter()
            .filter_map(|name| self.0.get(&(place.clone(), name.to_owned())))
            .flatten();
        all.find(|patch| (patch.is_whole || deep) && (patch.by == By::Assignment || late))
    }
}

/// Whether a string names an attribute of an object beside it.
pub(super) fn is_of_object(target: &StringTarget) -> bool {
    matches!(
        target.kind,
        StringTargetKind::Attribute | StringTargetKind::Assigned
    )
}

/// What the modules and names are that a path of a file leads to: its root is anything of that name, wherever it
/// stands. Tells whether there is but one answer.
pub(super) fn replaced(
    index: &Index,
    file: FileId,
    dotted: &str,
) -> (Vec<(Place, String, bool)>, bool) {
    let facts = index.facts(file);
    let Some((root, rest)) = dotted.split_once('.') else {
        return (Vec::new(), false);
    };
    let mut paths = Vec::new();
    let mut is_sure = true;
    let bindings = (0..).map(BindingId).zip(&facts.bindings);
    for (binding, _) in bindings.filter(|(_, binding)| facts.name(binding.name) == root) {
        let (entities, unknown, _) = index.binding_entities(SymbolId { file, binding });
        is_sure &= unknown.is_none();
        for one in entities {
            match one {
                Entity::Module(module) => {
                    paths.push(format!("{}.{rest}", index.module(module).name));
                }
                Entity::External(id) => {
                    paths.push(format!("{}.{rest}", index.origins.external(id)));
                }
                Entity::Symbol(_) => is_sure = false,
            }
        }
    }
    paths.sort_unstable();
    paths.dedup();
    let found: Vec<_> = paths
        .iter()
        .filter_map(|path| resolve(index, file, path))
        .collect();
    let is_sure = is_sure && paths.len() == 1 && found.len() == 1;
    (found, is_sure)
}

/// The names that a file replaces through what an import binds, with the place of each.
pub(super) fn replaced_through(
    index: &Index,
    file: FileId,
    import: ImportId,
) -> Vec<(Place, String, u32)> {
    let facts = index.facts(file);
    let Some(binding) = facts.imports[import.index()].binding else {
        return Vec::new();
    };
    let local = facts.name(facts.bindings[binding.index()].name);
    facts
        .string_targets
        .iter()
        .filter(|target| is_of_object(target))
        .map(|target| (target, facts.name(target.value)))
        .filter(|(_, path)| path.split('.').next() == Some(local))
        .flat_map(|(target, path)| {
            let found = replaced(index, file, path).0.into_iter();
            found.map(|(place, name, _)| (place, name, target.span.start))
        })
        .collect()
}

/// The module and name that a dotted string leads to, and whether it ends there.
fn resolve(index: &Index, file: FileId, dotted: &str) -> Option<(Place, String, bool)> {
    let mut end = dotted.rfind('.')?;
    loop {
        match index.absolute_module(file, &dotted[..end]) {
            ModuleRef::Known(mut module) => {
                let mut rest = &dotted[end + 1..];
                while let Some((name, behind)) = rest.split_once('.') {
                    let found = index.member(module, name).entities;
                    let next = found.iter().find_map(|one| match one {
                        Entity::Module(next) => Some(*next),
                        _ => None,
                    });
                    let Some(next) = next else {
                        return Some((Place::Module(module), name.to_owned(), false));
                    };
                    module = next;
                    rest = behind;
                }
                return Some((Place::Module(module), rest.to_owned(), true));
            }
            ModuleRef::External => {
                let end = dotted.rfind('.')?;
                let place = Place::External(dotted[..end].to_owned());
                return Some((place, dotted[end + 1..].to_owned(), true));
            }
            ModuleRef::Missing | ModuleRef::Unknown(_) => end = dotted[..end].rfind('.')?,
        }
    }
}

/// Modules that have import-time imports, themselves or below them, among the edges that `keep` admits.
pub(super) fn served(
    index: &Index,
    imports: &ImportGraph,
    keep: impl Fn(&ImportEdge) -> bool,
) -> FxHashSet<ModuleId> {
    let mut served = FxHashSet::default();
    let edges = imports
        .edges
        .iter()
        .filter(|edge| edge.when == When::Import);
    for edge in edges.filter(|edge| keep(edge)) {
        serve(index, edge.imported, &mut served);
    }
    served
}

/// Adds a module and the packages around it.
pub(super) fn serve(index: &Index, module: ModuleId, served: &mut FxHashSet<ModuleId>) {
    let mut at = Some(module);
    while let Some(module) = at {
        if !served.insert(module) {
            return;
        }
        at = index
            .module(module)
            .name
            .rsplit_once('.')
            .and_then(|(parent, _)| index.modules.by_name(parent));
    }
}

/// For each of the `lost` modules, which nothing imports any more, a place that reads it as an attribute of its
/// package without importing it. `skip` admits places that will not.
pub(super) fn dependents(
    index: &Index,
    imports: &ImportGraph,
    lost: &FxHashSet<ModuleId>,
    skip: impl Fn(FileId, u32) -> bool,
) -> FxHashMap<ModuleId, (FileId, Span)> {
    let mut found = FxHashMap::default();
    if lost.is_empty() {
        return found;
    }
    let own_name = |module: ModuleId| {
        let name = &*index.module(module).name;
        name.rsplit_once('.').map_or(name, |(_, last)| last)
    };
    let names: FxHashSet<&str> = lost.iter().map(|&module| own_name(module)).collect();
    for file in index.file_ids() {
        if !index
            .facts(file)
            .names
            .iter()
            .any(|name| names.contains(name))
        {
            continue;
        }
        let own = index.module_of(file);
        let imports_itself = |module: ModuleId| {
            own.is_some_and(|own| {
                imports
                    .of(own)
                    .iter()
                    .any(|edge| edge.file == file && index.modules.is_below(edge.imported, module))
            })
        };
        for reference in references(index, file) {
            for (place, name) in steps(index, file, reference) {
                let Place::Module(package) = place else {
                    continue;
                };
                if !names.contains(name) {
                    continue;
                }
                let Some(module) = index.modules.submodule(package, name) else {
                    continue;
                };
                if lost.contains(&module)
                    && index.member(package, name).bindings.is_empty()
                    && !skip(file, reference.span.start)
                    && !imports_itself(module)
                {
                    found.entry(module).or_insert((file, reference.span));
                }
            }
        }
    }
    found
}

/// The modules that an import loads by name: what it reaches, and what it takes names from.
pub(super) fn loads(index: &Index, file: FileId, import: ImportId) -> Vec<ModuleId> {
    let mut modules = Vec::new();
    if let ModuleRef::Known(module) = index.imported_module(file, import) {
        modules.push(module);
        if let ImportTarget::Name(name) = index.facts(file).imports[import.index()].target {
            let name = index.facts(file).name(name);
            modules.extend(index.modules.submodule(module, name));
        }
    }
    modules
}
