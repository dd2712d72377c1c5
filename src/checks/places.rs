//! Places: the module-level bindings that bear a name, and in which capacity each does.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::governed::GovernedSymbol;
use crate::facts::{
    BindingValue, DefinitionFlags, DefinitionKind, FileFacts, Reference, ScopeId, Shape, Visibility,
};
use crate::index::{Ancestor, Entity, FileId, Index, ModuleId, SymbolId};

/// In which capacity a definition bears a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PlaceKind {
    Implementation,
    Wrapper,
    ReExport,
    Alias,
    Tombstone,
    Specialisation,
    TestDouble,
}

impl PlaceKind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Implementation => "implementation",
            Self::Wrapper => "wrapper",
            Self::ReExport => "re-export",
            Self::Alias => "alias",
            Self::Tombstone => "tombstone",
            Self::Specialisation => "specialisation",
            Self::TestDouble => "test double",
        }
    }

    /// Whether a definition in this capacity competes with the canonical one.
    pub(super) const fn competes(self) -> bool {
        matches!(self, Self::Implementation | Self::Wrapper)
    }
}

/// A module-level binding that bears a name of interest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) symbol: SymbolId,
    pub(super) kind: PlaceKind,
}

/// The module-level bindings of all files but stubs under the names that `names` gives for each file, by name, in path
/// order.
pub(super) fn places_by_name<'a>(
    index: &'a Index,
    names: impl Fn(&'a FileFacts) -> Vec<&'a str> + Sync,
) -> FxHashMap<&'a str, Vec<SymbolId>> {
    let found: Vec<Vec<(&str, SymbolId)>> = (0..index.files.len() as u32)
        .into_par_iter()
        .map(|at| {
            let file = FileId(at);
            let facts = index.facts(file);
            let inline = facts.modules.iter().filter_map(|module| module.body);
            let scopes: Vec<ScopeId> = [ScopeId::MODULE].into_iter().chain(inline).collect();
            let is_module = index.module_of(file).is_some() && !index.is_guess(file);
            if index.file(file).language.is_stub() || !is_module {
                return Vec::new();
            }
            let mut names = names(facts);
            names.sort_unstable();
            names.dedup();
            names
                .into_iter()
                .flat_map(|name| {
                    let members = scopes.iter().map(move |&scope| facts.member(scope, name));
                    members.flatten().map(move |member| (name, member))
                })
                .flat_map(|(name, member)| {
                    let bindings = facts.binding_set(member.bindings).iter();
                    bindings.map(move |&binding| (name, SymbolId { file, binding }))
                })
                .collect()
        })
        .collect();
    let mut by_name: FxHashMap<&str, Vec<SymbolId>> = FxHashMap::default();
    for (name, symbol) in found.into_iter().flatten() {
        by_name.entry(name).or_default().push(symbol);
    }
    by_name
}

/// The module that a binding belongs to; of those that conditions choose between, the first.
pub(super) fn home_of(index: &Index, symbol: SymbolId) -> Option<ModuleId> {
    let module = index.module_at(symbol.file, index.binding(symbol).scope)?;
    let declared = index.module(module).declared;
    let first = declared.and_then(|declared| declared.variant_of);
    Some(first.unwrap_or(module))
}

/// What each binding of a governed name is to the rule. The canonical definition itself is left out.
pub(super) fn classify_all(
    index: &Index,
    symbol: &GovernedSymbol,
    bindings: &[SymbolId],
    origins: &FxHashSet<Entity>,
) -> Vec<Place> {
    let Some(home) = symbol.home else {
        return Vec::new();
    };
    // A module that imports the name in one branch only stands in for it in the others.
    let imports_it: FxHashSet<Option<ModuleId>> = bindings
        .iter()
        .filter(|binding| matches!(index.binding(**binding).value, BindingValue::Import(_)))
        .map(|binding| home_of(index, *binding))
        .collect();
    let is_python = |file: FileId| index.file(file).language.is_python();
    let speaks_python = index.module(home).file.is_none_or(is_python);
    bindings
        .iter()
        // Code of another language is no second home.
        .filter(|binding| is_python(binding.file) == speaks_python)
        // What only its own module can take is nobody else's source.
        .filter(|binding| index.binding(**binding).visibility != Visibility::Private)
        .filter(|binding| home_of(index, **binding) != Some(home))
        .filter(|binding| !origins.contains(&Entity::Symbol(**binding)))
        .filter_map(|&binding| {
            let kind = classify(index, symbol, binding)?;
            let stands_in = kind.competes() && imports_it.contains(&home_of(index, binding));
            let is_other = kind.competes() && !speaks_python && !is_of_kind(index, binding, symbol);
            (!stands_in && !is_other).then_some(Place {
                symbol: binding,
                kind,
            })
        })
        .collect()
}

/// Whether a binding is the same kind of thing as the canonical one. In Rust a type, a function and a macro may share a
/// name, and an alias defines no type.
fn is_of_kind(index: &Index, binding: SymbolId, symbol: &GovernedSymbol) -> bool {
    let kind = |symbol| index.definition(symbol).map(|(_, found)| found.kind);
    let own = kind(binding);
    symbol.origin.iter().any(|origin| match origin {
        Entity::Symbol(origin) => kind(*origin) == own,
        _ => false,
    })
}

fn classify(index: &Index, symbol: &GovernedSymbol, binding: SymbolId) -> Option<PlaceKind> {
    let facts = index.facts(binding.file);
    let is_test = index.is_test(binding);
    let own = facts.bindings[binding.binding.index()];
    let kind = match own.value {
        BindingValue::Import(_) | BindingValue::Alias(_) => {
            let (entities, ..) = index.binding_entities(binding);
            let same = entities.iter().any(|entity| symbol.origin.contains(entity));
            match (own.value, same) {
                (BindingValue::Import(_), true) => PlaceKind::ReExport,
                (_, true) => PlaceKind::Alias,
                // An import of something else defines nothing here.
                (BindingValue::Import(_), false) => return None,
                (_, false) => PlaceKind::Implementation,
            }
        }
        BindingValue::Definition(id) => {
            let definition = &facts.definitions[id.index()];
            if definition.flags.contains(DefinitionFlags::OVERLOAD) {
                return None;
            }
            match (definition.kind, definition.shape) {
                (_, Shape::Raises) => PlaceKind::Tombstone,
                (DefinitionKind::Class, _) => class_kind(index, symbol, binding),
                (_, Shape::Forwards(call)) => {
                    let callee = &facts.calls[call.index()].callee;
                    let lookup = index.reference(binding.file, callee);
                    if lookup
                        .entities
                        .iter()
                        .any(|entity| symbol.origin.contains(entity))
                    {
                        PlaceKind::Wrapper
                    } else {
                        PlaceKind::Implementation
                    }
                }
                _ => PlaceKind::Implementation,
            }
        }
        BindingValue::Result(call) => {
            let callee = &facts.calls[call.index()].callee;
            if is_mock(index, binding.file, callee) {
                PlaceKind::TestDouble
            } else {
                PlaceKind::Implementation
            }
        }
        BindingValue::Value => PlaceKind::Implementation,
        BindingValue::Declared | BindingValue::Deleted => return None,
    };
    Some(if is_test && kind.competes() {
        PlaceKind::TestDouble
    } else {
        kind
    })
}

fn class_kind(index: &Index, symbol: &GovernedSymbol, binding: SymbolId) -> PlaceKind {
    let Some(class) = index.class(binding) else {
        return PlaceKind::Implementation;
    };
    let facts = index.facts(class.file);
    let definition = &facts.definitions[class.definition.index()];
    let specialises = index
        .mro(class)
        .iter()
        .skip(1)
        .any(|ancestor| match ancestor {
            Ancestor::Class(above) => index
                .symbol_of_definition(above.file, above.definition)
                .is_some_and(|above| symbol.origin.contains(&Entity::Symbol(above))),
            Ancestor::Unknown => false,
        });
    if specialises {
        return PlaceKind::Specialisation;
    }
    let bases = &facts.references[definition.bases.range()];
    if bases.iter().any(|base| is_mock(index, class.file, base)) {
        return PlaceKind::TestDouble;
    }
    // A class that cannot even be made is a tombstone.
    let refuses = ["__init__", "__new__"].iter().any(|name| {
        index
            .member_of_class(class, name, false)
            .is_some_and(|members| {
                !members.is_empty()
                    && members.iter().all(|member| {
                        index
                            .definition(*member)
                            .is_some_and(|(_, definition)| definition.shape == Shape::Raises)
                    })
            })
    });
    if refuses {
        PlaceKind::Tombstone
    } else {
        PlaceKind::Implementation
    }
}

/// Whether a reference names one of the mock classes of `unittest.mock`.
fn is_mock(index: &Index, file: FileId, reference: &Reference) -> bool {
    let lookup = index.reference(file, reference);
    let is = |path: &str| {
        let last = path.rsplit('.').next().unwrap_or("");
        path.split('.').any(|segment| segment == "mock")
            && matches!(
                last,
                "Mock" | "MagicMock" | "AsyncMock" | "NonCallableMock" | "create_autospec"
            )
    };
    lookup.externals.iter().any(|path| is(path))
        || lookup
            .entities
            .iter()
            .any(|entity| matches!(entity, Entity::External(id) if is(index.origins.external(*id))))
}
