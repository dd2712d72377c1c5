//! Whereabouts: where symbols live, who else bears their names, and who reaches them by which path.
//!
//! Not a check; `ssot where` asks. A symbol that no rule governs is looked at as if one named the place of its
//! definition, so that both kinds are judged alike.

use super::governed::{Governed, GovernedSymbol, Hit};
use super::places::{Place, PlaceKind, places_by_name};
use crate::config::{Canonical, RuleMeta, SymbolPath};
use crate::diagnostic::Location;
use crate::facts::{BindingValue, DefinitionId, DefinitionKind, ScopeId};
use crate::index::{Entity, FileId, Index, SymbolId};
use crate::span::{Position, Span};

/// One symbol, with all that leads to it.
#[derive(Debug)]
pub struct Whereabouts {
    /// The path by which it is to be imported.
    pub symbol: SymbolPath,
    /// The rule that says so; none when it is only where the definition stands.
    pub rule: Option<RuleMeta>,
    /// Its definitions; none for code outside the tree.
    pub origin: Vec<SymbolId>,
    /// What else bears the name, in which capacity.
    pub places: Vec<(SymbolId, &'static str)>,
    /// Every site that reaches it, in file order.
    pub uses: Vec<Use>,
}

/// A site that reaches a symbol.
#[derive(Debug)]
pub struct Use {
    /// The file.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
    /// The path it uses.
    pub path: SymbolPath,
    /// Whether that is the path by which the symbol is to be imported.
    pub canonical: bool,
    /// Whether that path gives the very object; an old path that a rule vouches for may not.
    pub same_object: bool,
}

/// What a name leads to.
#[derive(Debug, Default)]
pub struct Found {
    /// The symbols at module level, by path.
    pub symbols: Vec<Whereabouts>,
    /// Methods and nested definitions, in file order.
    pub members: Vec<(FileId, DefinitionId)>,
    /// The module, where the name is one's.
    pub module: Option<String>,
}

/// The symbols that `name` may mean: `Name` anywhere, or what stands under `a.b:Name` or `a.b.Name`.
#[must_use]
pub fn find(index: &Index, rules: &[Canonical], name: &str) -> Found {
    let mut found = Found::default();
    let governed = Governed::new(index, rules);
    let mut wanted = Wanted::default();
    match split(index, name) {
        Split::Module => {
            found.module = Some(name.to_owned());
            return found;
        }
        Split::Path(path) => wanted.path(index, &governed, &path, &mut found),
        Split::Name => wanted.name(index, &governed, name, &mut found),
    }
    wanted.settle();
    let mut all: Vec<Canonical> = rules.to_vec();
    all.extend(wanted.free.iter().map(as_rule));
    let governed = Governed::new(index, &all);
    let hits = governed.hits(index);
    let free = rules.len()..all.len();
    for at in wanted.governed.into_iter().chain(free) {
        let rule = (at < rules.len()).then(|| rules[at].meta.clone());
        let own = hits.iter().filter(|hit| hit.symbol == at);
        let told = told(index, &governed.symbols[at], rule, own);
        // A path that nothing defines and nobody imports was only spelt.
        if told.rule.is_some() || !told.origin.is_empty() || !told.uses.is_empty() {
            found.symbols.push(told);
        }
    }
    found.symbols.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    found
}

/// The names that a search could have meant: those of definitions, and the paths of rules.
#[must_use]
pub fn names<'a>(index: &'a Index, rules: &'a [Canonical]) -> Vec<&'a str> {
    let mut names: Vec<&str> = rules.iter().map(|rule| &*rule.symbol.name).collect();
    for file in index.file_ids() {
        let facts = index.facts(file);
        let definitions = facts.definitions.iter();
        names.extend(
            definitions
                .filter(|definition| definition.kind != DefinitionKind::Lambda)
                .map(|definition| facts.name(definition.name)),
        );
    }
    names.sort_unstable();
    names.dedup();
    names
}

enum Split {
    Module,
    Path(SymbolPath),
    Name,
}

/// Takes a name apart. Of dots, the longest prefix that is a module counts.
fn split(index: &Index, name: &str) -> Split {
    let path = |module: &str, name: &str| {
        Split::Path(SymbolPath {
            module: module.to_owned(),
            name: name.to_owned(),
        })
    };
    if let Some((module, name)) = name.split_once(':') {
        return path(module, name);
    }
    if index.modules.by_name(name).is_some() {
        return Split::Module;
    }
    let dots = name.rmatch_indices('.').map(|(at, _)| at);
    for at in dots {
        if index.modules.by_name(&name[..at]).is_some() {
            return path(&name[..at], &name[at + 1..]);
        }
    }
    match name.rsplit_once('.') {
        Some((module, name)) => path(module, name),
        None => Split::Name,
    }
}

/// What is looked for: symbols of rules, by index, and others, by path.
#[derive(Default)]
struct Wanted {
    governed: Vec<usize>,
    free: Vec<SymbolPath>,
}

impl Wanted {
    fn settle(&mut self) {
        self.governed.sort_unstable();
        self.governed.dedup();
        self.free.sort_unstable();
        self.free.dedup();
    }

    fn path(
        &mut self,
        index: &Index,
        governed: &Governed<'_>,
        path: &SymbolPath,
        found: &mut Found,
    ) {
        let named = |rule: &Canonical| rule.symbol == *path || rule.replaces.contains(path);
        self.rules(governed, |symbol| named(symbol.rule));
        if !self.governed.is_empty() {
            return;
        }
        let Some(module) = index.modules.by_name(&path.module) else {
            self.free.push(path.clone());
            return;
        };
        let mut parts = path.name.split('.');
        let mut entities = index.member(module, parts.next().unwrap_or("")).entities;
        let mut is_member = false;
        for part in parts {
            is_member = true;
            let members = entities.iter().filter_map(|entity| match entity {
                Entity::Symbol(symbol) => index.class_member(*symbol, part),
                _ => None,
            });
            entities = members.flatten().map(Entity::Symbol).collect();
        }
        for entity in entities {
            match entity {
                Entity::Symbol(symbol) if is_member => {
                    let definition = index.definition(symbol).map(|(id, _)| (symbol.file, id));
                    found.members.extend(definition);
                }
                _ => self.entity(index, governed, entity, found),
            }
        }
    }

    fn name(&mut self, index: &Index, governed: &Governed<'_>, name: &str, found: &mut Found) {
        let named = |rule: &Canonical| {
            rule.symbol.name == name || rule.replaces.iter().any(|old| old.name == name)
        };
        self.rules(governed, |symbol| named(symbol.rule));
        let places = places_by_name(index, |_| vec![name]);
        let mut external = Vec::new();
        let places = places.get(name).map_or(&[][..], Vec::as_slice);
        let is_import =
            |symbol: SymbolId| matches!(index.binding(symbol).value, BindingValue::Import(_));
        for &symbol in places {
            let imported = is_import(symbol);
            let mut others = places.iter().filter(|other| other.file == symbol.file);
            // Where one branch imports the name, the others stand in for it.
            if !imported && others.any(|other| is_import(*other)) {
                continue;
            }
            for entity in index.binding_entities(symbol).0 {
                match entity {
                    Entity::External(_) => external.push(entity),
                    Entity::Symbol(to)
                        if imported && to.file != symbol.file && places.contains(&to) => {}
                    // An import under another name leads to what is not called so.
                    Entity::Symbol(to) if imported && index.symbol_name(to) != name => {}
                    _ => self.entity(index, governed, entity, found),
                }
            }
        }
        if self.governed.is_empty() && self.free.is_empty() {
            for entity in external {
                self.entity(index, governed, entity, found);
            }
        }
        for file in index.file_ids() {
            let facts = index.facts(file);
            for (at, definition) in facts.definitions.iter().enumerate() {
                if definition.parent != ScopeId::MODULE && facts.name(definition.name) == name {
                    found.members.push((file, DefinitionId(at as u32)));
                }
            }
        }
    }

    fn rules(&mut self, governed: &Governed<'_>, wants: impl Fn(&GovernedSymbol<'_>) -> bool) {
        let symbols = governed.symbols.iter().enumerate();
        let wanted = symbols.filter(|(_, symbol)| wants(symbol));
        self.governed.extend(wanted.map(|(at, _)| at));
    }

    /// Wants what an entity is: the symbol of a rule where one speaks of it, or itself.
    fn entity(
        &mut self,
        index: &Index,
        governed: &Governed<'_>,
        entity: Entity,
        found: &mut Found,
    ) {
        let before = self.governed.len();
        match entity {
            Entity::Module(module) => found.module = Some(index.module(module).name.to_string()),
            Entity::External(id) => {
                if let Some((module, name)) = index.origins.external(id).rsplit_once('.') {
                    let (module, name) = (module.to_owned(), name.to_owned());
                    self.free.push(SymbolPath { module, name });
                }
            }
            Entity::Symbol(symbol) => {
                self.rules(governed, |of| {
                    of.origin.contains(&entity)
                        || of.places.iter().any(|place| place.symbol == symbol)
                });
                if self.governed.len() == before {
                    self.free.push(SymbolPath {
                        module: index.module_name(symbol.file).to_owned(),
                        name: index.symbol_name(symbol).to_owned(),
                    });
                }
            }
        }
    }
}

/// The rule that the place of a definition would be.
fn as_rule(symbol: &SymbolPath) -> Canonical {
    let start = Position { line: 1, column: 1 };
    Canonical {
        meta: RuleMeta {
            id: "".into(),
            reason: None,
            priority: None,
            severity: None,
            lang: None,
            location: Location {
                path: "".into(),
                start,
                end: start,
            },
            pack: None,
            from_registry: false,
        },
        symbol: symbol.clone(),
        replaces: Vec::new(),
        tombstones: Vec::new(),
        requires: Vec::new(),
    }
}

fn told<'a>(
    index: &Index,
    symbol: &GovernedSymbol<'_>,
    rule: Option<RuleMeta>,
    hits: impl Iterator<Item = &'a Hit>,
) -> Whereabouts {
    let origin = symbol.origin.iter().filter_map(|entity| match entity {
        Entity::Symbol(symbol) => Some(*symbol),
        _ => None,
    });
    let hits: Vec<&Hit> = hits.collect();
    // Who only imports a name for itself is among the uses; who is imported from gives it out.
    let gives_out = |place: &&Place| {
        let module = index.module_of(place.symbol.file);
        place.kind != PlaceKind::ReExport
            || hits
                .iter()
                .any(|hit| hit.through.is_some() && hit.through == module)
    };
    let places = symbol.places.iter().filter(gives_out);
    let uses = hits.iter().map(|hit| Use {
        file: hit.file,
        span: hit.span,
        path: SymbolPath {
            module: hit.module.clone(),
            name: hit.name.clone(),
        },
        canonical: hit.canonical,
        same_object: hit.is_same(),
    });
    Whereabouts {
        symbol: symbol.rule.symbol.clone(),
        rule,
        origin: origin.collect(),
        places: places
            .map(|place| (place.symbol, place.kind.word()))
            .collect(),
        uses: uses.collect(),
    }
}
