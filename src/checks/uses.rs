//! Where code uses the things that rules name: imports, attribute chains, star imports.
//!
//! Owns how a place leads to such a thing; what is wrong with that is for the checks to say.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Context;
use super::retired::{externals, ids_of, prefix, prefixes_ending_in, references, with_ancestors};
use crate::config::SymbolPath;
use crate::facts::{BindingValue, ImportId, ImportTarget, Reference, Root};
use crate::index::{Entity, FileId, Index, Lookup, ModuleRef, SymbolId};
use crate::span::Span;

/// The things that rules name; each rule has a number.
#[derive(Debug, Default)]
pub(super) struct Targets<'a> {
    /// Those that the tree defines.
    pub(super) definitions: FxHashMap<SymbolId, usize>,
    /// Those known by their path, in the tree or not, with dots alone.
    paths: FxHashMap<String, usize>,
    /// The last segments of all paths.
    pub(super) names: FxHashSet<&'a str>,
    /// Whether a path may be a module's: what lies below it belongs to it then.
    with_modules: bool,
}

/// What a place reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Hit {
    /// A definition of the tree.
    Symbol(SymbolId),
    /// Something that only a rule, by its number, names.
    Path(usize),
}

/// A place that uses one.
pub(super) struct Use {
    pub(super) hit: Hit,
    pub(super) file: FileId,
    pub(super) span: Span,
    /// The attribute chain that reaches it, where one does: perhaps the start of a longer one.
    pub(super) chain: Option<Reference>,
}

impl Targets<'_> {
    /// The number of the rule behind a hit.
    pub(super) fn rule_of(&self, hit: Hit) -> usize {
        match hit {
            Hit::Symbol(symbol) => self.definitions[&symbol],
            Hit::Path(rule) => rule,
        }
    }

    /// Every place of a file that uses one: imports, attribute chains, star imports that bring what is used.
    pub(super) fn uses_in(&self, context: &Context<'_>, file: FileId) -> Vec<Use> {
        let index = context.index;
        let facts = index.facts(file);
        let mut uses: Vec<Use> = Vec::new();
        for id in (0..facts.imports.len() as u32).map(ImportId) {
            let span = facts.imports[id.index()].alias;
            let hit = self.imported(context, file, id);
            let chain = None;
            uses.extend(hit.map(|hit| Use {
                hit,
                file,
                span,
                chain,
            }));
        }
        let names = ids_of(facts, |name| self.names.contains(name));
        if !names.is_empty() {
            let mut seen = FxHashSet::default();
            for reference in references(facts) {
                let hit = prefixes_ending_in(facts, reference, &names)
                    .find_map(|(prefix, _)| Some((self.attribute(index, file, &prefix)?, prefix)));
                if let Some((hit, chain)) = hit
                    && seen.insert((reference.span.start, hit))
                {
                    let span = reference.span;
                    let chain = Some(chain);
                    uses.push(Use {
                        hit,
                        file,
                        span,
                        chain,
                    });
                }
            }
            uses.extend(self.through_stars(context, file));
        }
        uses
    }

    /// The thing that an imported name is.
    fn imported(&self, context: &Context<'_>, file: FileId, id: ImportId) -> Option<Hit> {
        let index = context.index;
        let facts = index.facts(file);
        let import = &facts.imports[id.index()];
        if self.with_modules
            && let Some(hit) = self.path(&context.import_path(file, id)?)
        {
            return Some(hit);
        }
        let (ImportTarget::Name(name), Some(binding)) = (import.target, import.binding) else {
            return None;
        };
        let own = SymbolId { file, binding };
        if self.definitions.contains_key(&own) {
            return None;
        }
        let name = facts.name(name);
        let (entities, unknown, _) = index.binding_entities(own);
        let lookup = Lookup {
            entities,
            ..Lookup::default()
        };
        if let Some(hit) = self.among(index, &lookup) {
            return Some(hit);
        }
        if !self.names.contains(name) {
            return None;
        }
        match index.imported_module(file, id) {
            ModuleRef::Known(module) => {
                let through = index.member(module, name).bindings;
                let hit = self.on_the_way(index, through);
                let is_gone = lookup.entities.is_empty() && unknown.is_none();
                hit.or_else(|| {
                    self.by_path(&index.module(module).name, name)
                        .filter(|_| is_gone)
                })
            }
            _ => self.by_path(&context.import_path(file, id)?, name),
        }
    }

    /// What a look-up found that is one.
    pub(super) fn among(&self, index: &Index, lookup: &Lookup) -> Option<Hit> {
        let symbol = lookup.entities.iter().find_map(|&entity| match entity {
            Entity::Symbol(symbol) if self.definitions.contains_key(&symbol) => {
                Some(Hit::Symbol(symbol))
            }
            Entity::Module(module) if self.with_modules => self.path(&index.module(module).name),
            _ => None,
        });
        symbol.or_else(|| externals(index, lookup).find_map(|path| self.path(path)))
    }

    /// Things that may be modules.
    pub(super) fn with_modules() -> Self {
        Self {
            with_modules: true,
            ..Self::default()
        }
    }

    /// Has a rule speak of a path, however its language separates names.
    pub(super) fn add_path(&mut self, path: &str, rule: usize) {
        self.paths.insert(path.replace("::", "."), rule);
    }

    fn path(&self, path: &str) -> Option<Hit> {
        let path = path.replace("::", ".");
        let found = if self.with_modules {
            with_ancestors(&path).find_map(|path| self.paths.get(path))
        } else {
            self.paths.get(&path)
        };
        found.copied().map(Hit::Path)
    }

    fn by_path(&self, module: &str, name: &str) -> Option<Hit> {
        self.path(&format!("{module}.{name}"))
    }

    /// The first of `bindings`, and of those that their imports lead to, that is one: an alias or re-export that
    /// a rule speaks of may stand for something that none speaks of.
    fn on_the_way(&self, index: &Index, mut bindings: Vec<SymbolId>) -> Option<Hit> {
        let mut seen = FxHashSet::default();
        while let Some(symbol) = bindings.pop() {
            if self.definitions.contains_key(&symbol) {
                return Some(Hit::Symbol(symbol));
            }
            if !seen.insert(symbol) {
                continue;
            }
            let BindingValue::Import(id) = index.binding(symbol).value else {
                continue;
            };
            let facts = index.facts(symbol.file);
            if let (ModuleRef::Known(module), ImportTarget::Name(name)) = (
                index.imported_module(symbol.file, id),
                facts.imports[id.index()].target,
            ) {
                bindings.extend(index.member(module, facts.name(name)).bindings);
            }
        }
        None
    }

    /// The thing that an attribute chain ends at.
    fn attribute(&self, index: &Index, file: FileId, reference: &Reference) -> Option<Hit> {
        let lookup = index.reference(file, reference);
        if let Some(hit) = self.among(index, &lookup) {
            return Some(hit);
        }
        let facts = index.facts(file);
        let name = facts.name(*facts.path(reference.path).last()?);
        let of = index.reference(file, &prefix(reference, reference.path.len - 1));
        of.entities.iter().find_map(|&entity| {
            let Entity::Module(module) = entity else {
                return None;
            };
            let member = index.member(module, name);
            let is_gone = member.bindings.is_empty() && lookup.entities.is_empty();
            let gone = self
                .by_path(&index.module(module).name, name)
                .filter(|_| is_gone);
            gone.or_else(|| self.on_the_way(index, member.bindings))
        })
    }

    /// Star imports that bring a name of one which the file uses.
    fn through_stars(&self, context: &Context<'_>, file: FileId) -> Vec<Use> {
        let index = context.index;
        let facts = index.facts(file);
        let stars = index.origins.stars(file);
        let mut uses: Vec<Use> = Vec::new();
        if stars.is_empty() {
            return uses;
        }
        let free: FxHashSet<&str> = references(facts)
            .filter_map(|reference| match reference.root {
                Root::Free(name) => Some(facts.name(name)),
                _ => None,
            })
            .filter(|name| self.names.contains(name))
            .collect();
        for name in free {
            // The last star that has the name wins.
            let found = stars.iter().rev().find_map(|&id| {
                let hit = match index.imported_module(file, id) {
                    ModuleRef::Known(from) => {
                        let lookup = index.star_member(file, id, from, name)?;
                        self.among(index, &lookup)
                            .or_else(|| self.on_the_way(index, lookup.bindings))?
                    }
                    _ => self.by_path(&context.import_path(file, id)?, name)?,
                };
                Some((id, hit))
            });
            if let Some((id, hit)) = found {
                let span = facts.imports[id.index()].alias;
                let chain = None;
                uses.push(Use {
                    hit,
                    file,
                    span,
                    chain,
                });
            }
        }
        uses.sort_by_key(|found| (found.span, self.rule_of(found.hit)));
        uses
    }
}

/// What a symbol's path leads to; nothing when the tree does not have it.
pub(super) fn origin(index: &Index, path: &SymbolPath) -> Lookup {
    let Some(home) = index.modules.by_name(&path.module) else {
        return Lookup::default();
    };
    let mut names = path.name.split('.');
    let mut lookup = index.member(home, names.next().unwrap_or(""));
    for name in names {
        let members = lookup.entities.iter().filter_map(|&entity| match entity {
            Entity::Symbol(class) => index.class_member(class, name),
            _ => None,
        });
        lookup = Lookup {
            entities: members.flatten().map(Entity::Symbol).collect(),
            ..Lookup::default()
        };
    }
    lookup
}
