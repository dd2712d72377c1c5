//! Classes: their bases, the order in which members are looked up, and what a member is.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::origins::{Entity, SymbolId};
use super::{FileId, Index};
use crate::facts::{BindingValue, DefinitionFlags, DefinitionId, DefinitionKind, FileFacts};

/// A class of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId {
    /// Its file.
    pub file: FileId,
    /// Its definition.
    pub definition: DefinitionId,
}

/// A step of a method resolution order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ancestor {
    /// A class of the project.
    Class(ClassId),
    /// Something that cannot be seen: what comes after it is uncertain.
    Unknown,
}

pub(super) fn is_class(facts: &FileFacts, id: DefinitionId) -> bool {
    facts.definitions[id.index()].kind == DefinitionKind::Class
}

/// How many classes an order names; what lies further up is taken as unknown.
const MAX_DEPTH: usize = 256;

impl Index {
    /// The class that a symbol defines.
    #[must_use]
    pub fn class(&self, symbol: SymbolId) -> Option<ClassId> {
        let (definition, what) = self.definition(symbol)?;
        (what.kind == DefinitionKind::Class).then_some(ClassId {
            file: symbol.file,
            definition,
        })
    }

    /// The bases of a class as far as they are known, in order.
    fn bases(&self, class: ClassId) -> Vec<Ancestor> {
        let facts = self.facts(class.file);
        let definition = &facts.definitions[class.definition.index()];
        let mut bases: Vec<Ancestor> = facts.references[definition.bases.range()]
            .iter()
            .filter(|base| !self.is_root_class(class.file, base))
            .map(|base| {
                let lookup = self.reference(class.file, base);
                match (&lookup.entities[..], lookup.unknown) {
                    ([Entity::Symbol(symbol)], None) => self
                        .class(*symbol)
                        .map_or(Ancestor::Unknown, Ancestor::Class),
                    _ => Ancestor::Unknown,
                }
            })
            .collect();
        if definition.flags.contains(DefinitionFlags::OPAQUE_BASE) {
            bases.push(Ancestor::Unknown);
        }
        bases
    }

    /// `object` and the markers that add no members.
    fn is_root_class(&self, file: FileId, base: &crate::facts::Reference) -> bool {
        let facts = self.facts(file);
        let last = facts.path(base.path).last();
        let name = match (base.root, last) {
            (crate::facts::Root::Free(name), None) => facts.name(name),
            (_, Some(&last)) => facts.name(last),
            (crate::facts::Root::Bound(set), None) => match facts.binding_set(set) {
                [only] => facts.name(facts.bindings[only.index()].name),
                _ => return false,
            },
            _ => return false,
        };
        let is_ours = || {
            matches!(base.root, crate::facts::Root::Bound(_))
                && self
                    .reference(file, base)
                    .entities
                    .iter()
                    .any(|entity| matches!(entity, Entity::Symbol(_)))
        };
        matches!(name, "object" | "ABC" | "Generic" | "Protocol") && !is_ours()
    }

    /// The method resolution order (C3); an unknown base ends what is certain.
    #[must_use]
    pub fn mro(&self, class: ClassId) -> &[Ancestor] {
        self.hierarchy.orders.get(&class).map_or(&[], |order| order)
    }

    /// The bindings that `name` has as an attribute of a class: the first class in its order that has it. None when
    /// it is not certain which that is, or none has it.
    #[must_use]
    pub fn class_member(&self, symbol: SymbolId, name: &str) -> Option<Vec<SymbolId>> {
        self.member_of_class(self.class(symbol)?, name, false)
    }

    /// As [`Index::class_member`]; with `skip_own` the look-up starts behind the class itself, as `super()` does.
    #[must_use]
    pub fn member_of_class(
        &self,
        class: ClassId,
        name: &str,
        skip_own: bool,
    ) -> Option<Vec<SymbolId>> {
        if !skip_own {
            if let Some(found) = self.own_member(class, name) {
                return Some(found);
            }
            if self.facts(class.file).definitions[class.definition.index()]
                .bases
                .is_empty()
            {
                return None;
            }
        }
        for &ancestor in self.mro(class).iter().skip(1) {
            match ancestor {
                Ancestor::Unknown => return None,
                Ancestor::Class(class) => {
                    if let Some(found) = self.own_member(class, name) {
                        return Some(found);
                    }
                }
            }
        }
        None
    }

    /// What the class body itself binds `name` to.
    fn own_member(&self, class: ClassId, name: &str) -> Option<Vec<SymbolId>> {
        let facts = self.facts(class.file);
        let body = facts.definitions[class.definition.index()].body;
        let member = facts.member(body, name)?;
        let bindings = facts.binding_set(member.bindings);
        let mut found = Vec::with_capacity(bindings.len());
        for &binding in bindings {
            let symbol = SymbolId {
                file: class.file,
                binding,
            };
            match facts.bindings[binding.index()].value {
                // An annotation alone makes no attribute.
                BindingValue::Declared | BindingValue::Deleted => {}
                BindingValue::Import(_) | BindingValue::Alias(_) => {
                    let (entities, ..) = self.binding_entities(symbol);
                    found.extend(entities.iter().filter_map(|entity| match entity {
                        Entity::Symbol(symbol) => Some(*symbol),
                        _ => None,
                    }));
                }
                _ => found.push(symbol),
            }
        }
        (!found.is_empty()).then_some(found)
    }

    /// The classes with more than one base.
    #[must_use]
    pub fn classes_of_several_bases(&self) -> &[ClassId] {
        &self.hierarchy.several_bases
    }

    /// As [`Index::member_of_class`], from what stands behind `behind` in the order of `class`: what `super()` in a
    /// method of `behind` finds on an instance of `class`.
    #[must_use]
    pub fn member_behind(
        &self,
        class: ClassId,
        behind: ClassId,
        name: &str,
    ) -> Option<Vec<SymbolId>> {
        let order = self.mro(class);
        let at = order
            .iter()
            .position(|ancestor| *ancestor == Ancestor::Class(behind))?;
        for &ancestor in &order[at + 1..] {
            let Ancestor::Class(class) = ancestor else {
                return None;
            };
            if let Some(found) = self.own_member(class, name) {
                return Some(found);
            }
        }
        None
    }

    /// Whether instances of the class, or of one above it, get an attribute `name` assigned somewhere: it hides what
    /// the class body says.
    #[must_use]
    pub fn is_assigned(&self, class: ClassId, name: &str) -> bool {
        self.mro(class).iter().any(|ancestor| match ancestor {
            Ancestor::Unknown => false,
            Ancestor::Class(class) => {
                let facts = self.facts(class.file);
                let first = facts
                    .assigned_attributes
                    .partition_point(|(of, _)| *of < class.definition);
                facts.assigned_attributes[first..]
                    .iter()
                    .take_while(|(of, _)| *of == class.definition)
                    .any(|(_, attribute)| facts.name(*attribute) == name)
            }
        })
    }
}

/// The method resolution orders of all classes that have bases.
#[derive(Debug, Default)]
pub struct Hierarchy {
    orders: FxHashMap<ClassId, Box<[Ancestor]>>,
    several_bases: Vec<ClassId>,
}

impl Hierarchy {
    /// Linearizes every class, its bases first.
    pub(super) fn build(index: &Index) -> Self {
        let classes: Vec<(ClassId, Vec<Ancestor>)> = (0..index.files.len() as u32)
            .into_par_iter()
            .flat_map_iter(|at| {
                let file = FileId(at);
                let definitions = index.facts(file).definitions.iter().enumerate();
                definitions
                    .filter(|(_, definition)| definition.kind == DefinitionKind::Class)
                    .map(move |(at, _)| {
                        let class = ClassId {
                            file,
                            definition: DefinitionId(at as u32),
                        };
                        (class, index.bases(class))
                    })
            })
            .collect();
        let all: Vec<ClassId> = classes.iter().map(|(class, _)| *class).collect();
        let written = |class: &ClassId| {
            index.facts(class.file).definitions[class.definition.index()]
                .bases
                .len
        };
        let several = all.iter().filter(|class| written(class) > 1);
        let several_bases = several.copied().collect();
        let mut builder = Linearizer {
            bases: classes.into_iter().collect(),
            orders: FxHashMap::default(),
        };
        for class in all {
            builder.linearize(class);
        }
        Self {
            orders: builder.orders,
            several_bases,
        }
    }
}

struct Linearizer {
    bases: FxHashMap<ClassId, Vec<Ancestor>>,
    orders: FxHashMap<ClassId, Box<[Ancestor]>>,
}

impl Linearizer {
    /// Linearizes a class and, before it, every class above it.
    fn linearize(&mut self, class: ClassId) {
        let mut path = vec![class];
        while let Some(&class) = path.last() {
            if self.orders.contains_key(&class) {
                path.pop();
                continue;
            }
            let bases = self.bases.get(&class).cloned().unwrap_or_default();
            let missing = bases.iter().find_map(|base| match base {
                Ancestor::Class(base)
                    if !self.orders.contains_key(base) && !path.contains(base) =>
                {
                    Some(*base)
                }
                _ => None,
            });
            if let Some(base) = missing.filter(|_| path.len() <= MAX_DEPTH) {
                path.push(base);
                continue;
            }
            let order = self.order(class, &bases);
            self.orders.insert(class, order);
            path.pop();
        }
    }

    fn order(&self, class: ClassId, bases: &[Ancestor]) -> Box<[Ancestor]> {
        let mut order = vec![Ancestor::Class(class)];
        if bases.is_empty() {
            return order.into();
        }
        let mut sequences: Vec<Vec<Ancestor>> = bases
            .iter()
            .map(|base| match base {
                // A class above itself, or one too far up, has no order yet.
                Ancestor::Class(base) => self
                    .orders
                    .get(base)
                    .map_or_else(|| vec![Ancestor::Unknown], |order| order.to_vec()),
                Ancestor::Unknown => vec![Ancestor::Unknown],
            })
            .collect();
        sequences.push(bases.to_vec());
        merge(&mut order, sequences);
        if order.len() > MAX_DEPTH {
            order.truncate(MAX_DEPTH);
            order.push(Ancestor::Unknown);
        }
        order.into()
    }
}

/// Merges linearizations as C3 does (Barrett et al., "A Monotonic Superclass Linearization for Dylan", 1996). An
/// inconsistent hierarchy ends in `Unknown`.
fn merge(order: &mut Vec<Ancestor>, mut sequences: Vec<Vec<Ancestor>>) {
    loop {
        sequences.retain(|sequence| !sequence.is_empty());
        if sequences.is_empty() {
            return;
        }
        let head = sequences.iter().map(|sequence| sequence[0]).find(|head| {
            *head == Ancestor::Unknown
                || !sequences
                    .iter()
                    .any(|sequence| sequence[1..].contains(head))
        });
        let Some(head) = head else {
            order.push(Ancestor::Unknown);
            return;
        };
        order.push(head);
        for sequence in &mut sequences {
            if sequence[0] == head {
                sequence.remove(0);
            }
        }
    }
}
