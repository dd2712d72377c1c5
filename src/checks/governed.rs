//! Governed symbols: the `[[canonical]]` rules held against the index.
//!
//! Owns what a rule's symbol is and every site that reaches it. The
//! checks on canonical symbols read this; none of them resolves a rule by itself.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::places::{Place, PlaceKind, classify_all, places_by_name};
use super::retired::references;
use super::trail::{HopKind, trail};
use super::versions::{chooses, is_of_the_project};
use crate::config::Canonical;
use crate::diagnostic::Site;
use crate::facts::{
    BindingValue, CallMode, FileFacts, ImportId, ImportTarget, Reference, Root, ScopeId, Usage,
    Visibility,
};
use crate::index::{Entity, FileId, Index, ModuleId, ModuleRef, SymbolId};
use crate::span::Span;

/// A rule with what it means in this project.
#[derive(Debug)]
pub(super) struct GovernedSymbol<'a> {
    pub(super) rule: &'a Canonical,
    /// The canonical module, when it is in the tree.
    pub(super) home: Option<ModuleId>,
    /// What the canonical path gives; empty when the name is not there or the module not in the tree.
    pub(super) origin: Vec<Entity>,
    /// Everything else in the tree that bears the name, by path and line.
    pub(super) places: Vec<Place>,
    /// The files that the canonical path itself leads through.
    pub(super) chain: FxHashSet<FileId>,
}

/// What meeting an entity means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Origin,
    /// A definition that competes, or refuses to work.
    Other,
    /// What an old path gives that a rule vouches for.
    Replaced,
}

/// Whether what a site reaches is the governed object itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Same,
    /// As far as can be seen: a module may give another at run time, or under other conditions.
    PerhapsSame,
    Other,
}

/// A site that reaches a governed symbol.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    /// Index of the governed symbol.
    pub(super) symbol: usize,
    pub(super) file: FileId,
    pub(super) site: Site,
    pub(super) span: Span,
    /// The name in the file.
    pub(super) local: String,
    /// The module that the site names.
    pub(super) module: String,
    /// That module, when it is in the tree.
    pub(super) through: Option<ModuleId>,
    /// The name it takes there.
    pub(super) name: String,
    /// Whether the site uses the canonical path, or is part of it.
    pub(super) canonical: bool,
    pub(super) object: Object,
    pub(super) vouched: bool,
}

impl Hit {
    /// Whether the site is certain to reach the governed object itself.
    pub(super) fn is_same(&self) -> bool {
        self.object == Object::Same
    }
}

/// All governed symbols.
#[derive(Debug)]
pub(super) struct Governed<'a> {
    pub(super) symbols: Vec<GovernedSymbol<'a>>,
    roles: FxHashMap<Entity, Vec<(usize, Role)>>,
    paths: FxHashMap<(&'a str, &'a str), Vec<(usize, bool)>>,
}

impl<'a> Governed<'a> {
    pub(super) fn new(index: &Index, rules: &'a [Canonical]) -> Self {
        let mut symbols: Vec<GovernedSymbol> = Vec::new();
        for rule in rules {
            let mut paths = rule.replaces.iter().chain([&rule.symbol]);
            if paths.any(|path| is_of_the_project(&rule.meta, index, &path.module)) {
                continue;
            }
            let symbol = resolve(index, rule);
            // One object has one home: what the registry says against that is `registry-drift`'s to tell.
            let settled = rule.meta.from_registry
                && !symbol.origin.is_empty()
                && symbols.iter().any(|other| other.origin == symbol.origin);
            if !settled {
                symbols.push(symbol);
            }
        }
        let names: Vec<&str> = symbols
            .iter()
            .map(|symbol| symbol.rule.symbol.name.as_str())
            .collect();
        let named = places_by_name(index, |_| names.clone());
        let origins: FxHashSet<Entity> = symbols
            .iter()
            .flat_map(|symbol| &symbol.origin)
            .copied()
            .collect();
        for symbol in &mut symbols {
            let places = named
                .get(symbol.rule.symbol.name.as_str())
                .map_or(&[][..], Vec::as_slice);
            symbol.places = classify_all(index, symbol, places, &origins);
        }
        let mut governed = Self {
            roles: FxHashMap::default(),
            paths: FxHashMap::default(),
            symbols,
        };
        governed.index_roles(index);
        governed
    }

    fn index_roles(&mut self, index: &Index) {
        for (at, symbol) in self.symbols.iter().enumerate() {
            let canonical = &symbol.rule.symbol;
            self.paths
                .entry((&canonical.module, &canonical.name))
                .or_default()
                .push((at, true));
            for old in &symbol.rule.replaces {
                self.paths
                    .entry((&old.module, &old.name))
                    .or_default()
                    .push((at, false));
            }
            if symbol.home.is_none() {
                // Code that is not in the tree is known by its path alone.
                continue;
            }
            let mut add = |entity: Entity, role: Role| {
                let roles = self.roles.entry(entity).or_default();
                if !roles.iter().any(|(of, _)| *of == at) {
                    roles.push((at, role));
                }
            };
            for &entity in &symbol.origin {
                add(entity, Role::Origin);
            }
            for old in &symbol.rule.replaces {
                if let Some(module) = index.modules.by_name(&old.module) {
                    for entity in index.member(module, &old.name).entities {
                        if matches!(entity, Entity::Symbol(_)) {
                            add(entity, Role::Replaced);
                        }
                    }
                }
            }
            for place in &symbol.places {
                if place.kind.competes() || place.kind == PlaceKind::Tombstone {
                    add(Entity::Symbol(place.symbol), Role::Other);
                }
            }
        }
    }

    /// Every site of the project that reaches a governed symbol, in file order.
    pub(super) fn hits(&self, index: &Index) -> Vec<Hit> {
        if self.symbols.is_empty() {
            return Vec::new();
        }
        let files: Vec<Vec<Hit>> = (0..index.files.len() as u32)
            .into_par_iter()
            .map(|at| self.hits_in(index, FileId(at)))
            .collect();
        files.into_iter().flatten().collect()
    }

    fn hits_in(&self, index: &Index, file: FileId) -> Vec<Hit> {
        let facts = index.facts(file);
        let mut hits = Vec::new();
        for at in 0..facts.imports.len() as u32 {
            self.import(index, file, ImportId(at), &mut hits);
        }
        let loads = facts.references.iter();
        let calls = facts
            .calls
            .iter()
            .filter(|call| !matches!(call.mode, CallMode::PropertyGet | CallMode::PropertySet))
            .map(|call| &call.callee);
        for reference in loads.chain(calls) {
            if !reference.path.is_empty() {
                self.chain(index, file, reference, &mut hits);
            }
        }
        hits.retain(|hit| {
            let import = match hit.site {
                Site::Import(id) => Some(id),
                _ => None,
            };
            let rule = &self.symbols[hit.symbol].rule.meta;
            hit.canonical || !chooses(rule, facts, hit.span, import)
        });
        hits.sort_by_key(|hit| (hit.span, hit.symbol));
        // A chain that is called is also read.
        hits.dedup_by(|a, b| {
            a.site == b.site && a.symbol == b.symbol && a.span == b.span && a.local == b.local
        });
        hits
    }

    fn import(&self, index: &Index, file: FileId, id: ImportId, hits: &mut Vec<Hit>) {
        let facts = index.facts(file);
        let import = &facts.imports[id.index()];
        let module = index.imported_module(file, id);
        if is_in_scope_anyway(index, file, id, module) {
            return;
        }
        match import.target {
            ImportTarget::Name(name) => {
                let Some(binding) = import.binding else {
                    return;
                };
                let name = facts.name(name);
                let (entities, unknown, _) = index.binding_entities(SymbolId { file, binding });
                let path = module_path(index, facts, import.level, module, import.module);
                let local = facts.name(facts.bindings[binding.index()].name);
                let site = (Site::Import(id), import.alias, local.to_owned());
                let known = matches!(module, ModuleRef::Known(_));
                self.meet(
                    index,
                    file,
                    site,
                    (path, name, known),
                    &entities,
                    unknown.is_some(),
                    hits,
                );
            }
            ImportTarget::Star => self.star(index, file, id, module, hits),
            ImportTarget::Module | ImportTarget::ModuleAs => {}
        }
    }

    fn star(
        &self,
        index: &Index,
        file: FileId,
        id: ImportId,
        module: ModuleRef,
        hits: &mut Vec<Hit>,
    ) {
        let ModuleRef::Known(module) = module else {
            return;
        };
        let facts = index.facts(file);
        let import = &facts.imports[id.index()];
        let mut names: Vec<&str> = self.paths.keys().map(|(_, name)| *name).collect();
        names.sort_unstable();
        names.dedup();
        // Where modules are declared, a name of their own goes first wherever it stands, and what a star brings is not
        // theirs unless they use it.
        let is_declared = index.file(file).language.declares_modules();
        let (scope, offset) = if is_declared {
            let used = free_names(facts);
            names.retain(|name| used.contains(name));
            (facts.module_scope(import.scope), 0)
        } else {
            (ScopeId::MODULE, import.statement.end)
        };
        for name in names {
            if binds_after(facts, scope, name, offset) || is_hidden_by_star(index, file, id, name) {
                continue;
            }
            let Some(lookup) = index.star_member(file, id, module, name) else {
                continue;
            };
            let site = (Site::Star(id), import.alias, name.to_owned());
            let path = Some(&*index.module(module).name);
            self.meet(
                index,
                file,
                site,
                (path, name, true),
                &lookup.entities,
                lookup.unknown.is_some(),
                hits,
            );
        }
    }

    /// Follows `root.a.b` from module to module and notes each governed name on the way.
    fn chain(&self, index: &Index, file: FileId, reference: &Reference, hits: &mut Vec<Hit>) {
        let facts = index.facts(file);
        let Some((import, mut entities)) = imported_root(index, file, reference) else {
            return;
        };
        let Root::Bound(set) = reference.root else {
            return;
        };
        let root = facts.name(facts.bindings[facts.binding_set(set)[0].index()].name);
        let mut text = root.to_owned();
        let mut externals: Vec<String> = Vec::new();
        let separator = index.file(file).language.separator();
        let path = facts.path(reference.path);
        for (at, &name) in path.iter().enumerate() {
            let name = facts.name(name);
            let whole = at + 1 == path.len();
            text.push_str(separator);
            text.push_str(name);
            let span = if whole {
                reference.span
            } else {
                Span::new(
                    reference.span.start,
                    reference.span.start + text.len() as u32,
                )
            };
            let mut next = Vec::new();
            let mut next_externals = Vec::new();
            let before = hits.len();
            for &entity in &entities {
                match entity {
                    Entity::Module(module) => {
                        let lookup = index.member(module, name);
                        let site = (Site::Use(span, import), span, text.clone());
                        let path = Some(&*index.module(module).name);
                        self.meet(
                            index,
                            file,
                            site,
                            (path, name, true),
                            &lookup.entities,
                            lookup.unknown.is_some(),
                            hits,
                        );
                        next.extend(lookup.entities);
                    }
                    Entity::External(id) => externals.push(index.origins.external(id).to_owned()),
                    Entity::Symbol(_) => {}
                }
            }
            for module in std::mem::take(&mut externals) {
                let site = (Site::Use(span, import), span, text.clone());
                self.meet(
                    index,
                    file,
                    site,
                    (Some(&module), name, false),
                    &[],
                    false,
                    hits,
                );
                next_externals.push(format!("{module}{separator}{name}"));
            }
            if hits.len() > before {
                return;
            }
            entities = next;
            externals = next_externals;
            if entities.is_empty() && externals.is_empty() {
                return;
            }
        }
    }

    /// Notes the site if what it reaches is governed.
    #[allow(clippy::too_many_arguments)] // One site, taken apart; a struct would be built for this call alone.
    fn meet(
        &self,
        index: &Index,
        file: FileId,
        (site, span, local): (Site, Span, String),
        (module, name, known): (Option<&str>, &str, bool),
        entities: &[Entity],
        unknown: bool,
        hits: &mut Vec<Hit>,
    ) {
        // A module may share its name with the function that is meant.
        let functions: Vec<Entity>;
        let shared = index.file(file).language.declares_modules() && entities.len() > 1;
        let entities = if shared {
            let all = entities.iter().copied();
            functions = all
                .filter(|entity| !matches!(entity, Entity::Module(_)))
                .collect();
            &functions[..]
        } else {
            entities
        };
        let mut met: Vec<(usize, Role)> = entities
            .iter()
            .filter_map(|entity| self.roles.get(entity))
            .flatten()
            .copied()
            .collect();
        let mut canonical_path = None;
        let mut vouched_path = None;
        if let Some(module) = module {
            for &(at, is_canonical) in self
                .paths
                .get(&(module, name))
                .map_or(&[][..], Vec::as_slice)
            {
                if is_canonical {
                    canonical_path = Some(at);
                } else {
                    vouched_path = Some(at);
                }
                if !met.iter().any(|(of, _)| *of == at) {
                    met.push((
                        at,
                        if is_canonical {
                            Role::Origin
                        } else {
                            Role::Replaced
                        },
                    ));
                }
            }
        }
        if let Some(at) = canonical_path {
            met.retain(|(of, _)| *of == at);
        } else if let Some(at) = vouched_path {
            met.retain(|(of, _)| *of == at);
        }
        // A competitor of one rule may be the canonical symbol of another.
        if met.iter().any(|(_, role)| *role == Role::Origin) {
            met.retain(|(_, role)| *role == Role::Origin);
        }
        met.sort_by_key(|(at, _)| *at);
        met.dedup_by_key(|(at, _)| *at);
        for (at, role) in met {
            let symbol = &self.symbols[at];
            let via = module.filter(|_| known && role == Role::Origin);
            if is_own_definition(index, symbol, file)
                || via.is_some_and(|module| is_partial(index, module, name))
            {
                continue;
            }
            let is_it = |entity: &Entity| symbol.origin.contains(entity);
            let object = match role {
                Role::Origin if !entities.iter().any(is_it) => Object::Other,
                // Conditions may choose between it and another.
                Role::Origin if unknown || !entities.iter().all(is_it) => Object::PerhapsSame,
                Role::Origin => Object::Same,
                _ => Object::Other,
            };
            hits.push(Hit {
                symbol: at,
                file,
                site,
                span,
                local: local.clone(),
                module: module.unwrap_or("").to_owned(),
                through: module
                    .filter(|_| known)
                    .and_then(|module| index.modules.by_name(module)),
                name: name.to_owned(),
                canonical: canonical_path == Some(at)
                    || symbol.chain.contains(&file)
                    || is_inside(index, symbol, file, module),
                object,
                vouched: vouched_path == Some(at) || role == Role::Replaced,
            });
        }
    }
}

/// Whether a later star import of the file brings the name too: the last one counts.
fn is_hidden_by_star(index: &Index, file: FileId, star: ImportId, name: &str) -> bool {
    let stars = index.origins.stars(file);
    let later = stars
        .iter()
        .filter(|&&id| id > star && stars.contains(&star));
    later
        .into_iter()
        .any(|&id| match index.imported_module(file, id) {
            ModuleRef::Known(module) => index
                .star_member(file, id, module, name)
                .is_some_and(|found| !found.entities.is_empty()),
            _ => false,
        })
}

/// The names that a file uses and does not bind.
fn free_names(facts: &FileFacts) -> FxHashSet<&str> {
    let free = references(facts).filter_map(|one| match one.root {
        Root::Free(name) => Some(facts.name(name)),
        _ => None,
    });
    free.collect()
}

/// Whether the module binds `name` for certain by itself, behind `offset`: what a star brought before is gone then.
fn binds_after(facts: &FileFacts, scope: ScopeId, name: &str, offset: u32) -> bool {
    facts.member(scope, name).is_some_and(|member| {
        let bindings = facts.binding_set(member.bindings).iter();
        let mut starts = bindings.map(|binding| facts.bindings[binding.index()].span.start);
        !member.maybe_unbound && starts.all(|start| start >= offset)
    })
}

/// Whether an import in a declared module is no path of its own: it takes over what the module around has in scope, or
/// takes a module that shares its name with a function.
fn is_in_scope_anyway(index: &Index, file: FileId, id: ImportId, module: ModuleRef) -> bool {
    let facts = index.facts(file);
    let import = &facts.imports[id.index()];
    let here = index.module_at(file, import.scope);
    let (Some(here), ModuleRef::Known(through)) = (here, module) else {
        return false;
    };
    let Some(declared) = index.module(here).declared else {
        return false;
    };
    let name = match import.target {
        ImportTarget::Star => return declared.parent == Some(through),
        ImportTarget::Name(name) => facts.name(name),
        ImportTarget::Module | ImportTarget::ModuleAs => return false,
    };
    let found = index.member(through, name);
    let is_module = |entity: &Entity| matches!(entity, Entity::Module(_));
    let private = |symbol: &SymbolId| index.binding(*symbol).visibility == Visibility::Private;
    found.entities.iter().any(is_module)
        || index.modules.is_below(here, through)
            && !found.bindings.is_empty()
            && found.bindings.iter().all(private)
}

/// Whether both a file and the module that it names are parts of a declared home: how those share a name is their own
/// business.
fn is_inside(index: &Index, symbol: &GovernedSymbol, file: FileId, through: Option<&str>) -> bool {
    let through = through.and_then(|through| index.modules.by_name(through));
    let (Some(home), Some(here), Some(through)) = (symbol.home, index.module_of(file), through)
    else {
        return false;
    };
    let declared = index.module(home).declared;
    // The first module of a unit has everything below it.
    declared.is_some_and(|declared| declared.parent.is_some())
        && index.modules.is_below(here, home)
        && index.modules.is_below(through, home)
}

/// Whether a file is the canonical module itself, importing what it gives out.
fn is_own_definition(index: &Index, symbol: &GovernedSymbol, file: FileId) -> bool {
    symbol.chain.contains(&file) && index.module_of(file) != symbol.home
}

/// Whether a module's name is a `partial` of something: made of it, but another object.
fn is_partial(index: &Index, module: &str, name: &str) -> bool {
    let Some(module) = index.modules.by_name(module) else {
        return false;
    };
    trail(index, module, name).last().is_some_and(|hop| {
        let facts = index.facts(hop.file);
        let made = |binding: &crate::facts::Binding| {
            binding.span == hop.span
                && matches!(binding.value, BindingValue::Alias(id)
                    if facts.references[id.index()].usage == Usage::Held)
        };
        hop.kind == HopKind::Alias && facts.bindings.iter().any(made)
    })
}

/// The module path that an import statement names, absolute.
fn module_path<'a>(
    index: &'a Index,
    facts: &'a FileFacts,
    level: u32,
    module: ModuleRef,
    text: crate::facts::NameId,
) -> Option<&'a str> {
    match module {
        ModuleRef::Known(id) => Some(&index.module(id).name),
        _ if level == 0 => Some(facts.name(text).trim_start_matches("::")),
        _ => None,
    }
}

/// The import behind the root of a chain, and what it may be.
pub(super) fn imported_root(
    index: &Index,
    file: FileId,
    reference: &Reference,
) -> Option<(ImportId, Vec<Entity>)> {
    let facts = index.facts(file);
    let Root::Bound(set) = reference.root else {
        return None;
    };
    let mut import = None;
    let mut entities = Vec::new();
    for &binding in facts.binding_set(set) {
        if let BindingValue::Import(id) = facts.bindings[binding.index()].value {
            import = import.or(Some(id));
            for entity in index.binding_entities(SymbolId { file, binding }).0 {
                if !matches!(entity, Entity::Symbol(_)) && !entities.contains(&entity) {
                    entities.push(entity);
                }
            }
        }
    }
    Some((import?, entities))
}

fn resolve<'a>(index: &Index, rule: &'a Canonical) -> GovernedSymbol<'a> {
    let home = index.modules.by_name(&rule.symbol.module);
    let mut origin = Vec::new();
    let mut chain = FxHashSet::default();
    if let Some(home) = home {
        let first = rule.symbol.name.split('.').next().unwrap_or("");
        let lookup = index.member(home, first);
        origin = lookup
            .entities
            .into_iter()
            .filter(|entity| !matches!(entity, Entity::Module(_)))
            // What it holds is not the symbol; nobody else can be told to have it.
            .filter(|_| !is_partial(index, &rule.symbol.module, first))
            .collect();
        chain = trail(index, home, first)
            .into_iter()
            .map(|hop| hop.file)
            .collect();
    }
    GovernedSymbol {
        rule,
        home,
        origin,
        places: Vec::new(),
        chain,
    }
}
